//! What payment providers tell by themselves: proved to be theirs, stored before it is acknowledged, once each, and worked off later.

mod store;
mod told;

use crate::app::App;
use crate::auth::call::read_body;
use crate::error::Error;
use crate::inbox::receive::Received;
use crate::openapi::ServiceConfig;
use crate::payments::provider::stripe::signature::verify;
use crate::payments::providers;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse, post};
use uuid::Uuid;

pub use store::{DueEvent, finish, lease, put_off};
pub use told::{Dispute, Told};

/// The provider's messages are some kilobytes.
const LIMIT_BYTES: usize = 256 * 1024;

pub fn configure(config: &mut ServiceConfig) {
    config.service(receive);
}

/// An unknown address and a bad signature are answered alike.
fn stranger() -> Error {
    Error::Unauthenticated { detail: "there is no such address, or the signature does not prove who sent this".to_owned() }
}

/// Receive what a payment provider tells
///
/// Called by the provider at the `inbound_path` of its account, in its own form and proved by its signature instead of a token. The answer
/// comes once the event is stored; what it is about is then asked for at the provider. The same event again changes nothing. An unknown
/// address and a bad signature are both 401. There is no rate limit.
#[utoipa::path(tag = "payments", operation_id = "receive_provider_event", security(("stripe_proof" = [])),
    params(("inbound_id" = Uuid, Path, description = "The last part of the account's `inbound_path`")),
    request_body(description = "An event of Stripe: up to 256 KiB", content(
        (Value = "application/json", example = json!({"id": "evt_1PqY2eKZ", "type": "payment_intent.succeeded",
            "data": {"object": {"object": "payment_intent", "id": "pi_3PqY2eKZ"}}})),
    )),
    responses(
        (status = 200, description = "Stored", body = Received),
        (status = 400, response = crate::openapi::BadRequest),
        (status = 401, response = crate::openapi::Unauthenticated),
        (status = 408, response = crate::openapi::RequestTimeout),
        (status = 413, response = crate::openapi::PayloadTooLarge),
        (status = 415, response = crate::openapi::UnsupportedMediaType),
        (status = 431, response = crate::openapi::HeadTooLarge),
        (status = 500, response = crate::openapi::InternalError),
        (status = 503, response = crate::openapi::Unavailable),
    ))]
#[post("/v1/inbound/payments/{inbound_id}")]
pub async fn receive(request: HttpRequest, payload: Payload, app: Data<App>) -> Result<HttpResponse, Error> {
    let body = read_body(&request, payload.into_inner(), LIMIT_BYTES).await?;
    let inbound_id: Uuid = request.match_info().get("inbound_id").and_then(|id| id.parse().ok()).ok_or_else(stranger)?;
    let signature = request.headers().get("stripe-signature").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let now = app.clock.now();
    app.db
        .write(move |connection| {
            let (organization_id, provider) = providers::service::listening(connection, inbound_id)?.ok_or_else(stranger)?;
            verify(&signature, &body, &provider.webhook_secrets, now).map_err(|_| stranger())?;
            let (id, event_type) =
                told::head(&body).ok_or_else(|| Error::bad_request("malformed_json", "this is no event of the provider"))?;
            let text = String::from_utf8_lossy(&body);
            store::insert(connection, (organization_id, &provider.code), (&id, &event_type), &text, now)?;
            Ok(())
        })
        .await?;
    Ok(HttpResponse::Ok().json(Received { received: true }))
}
