//! What payment providers tell by themselves: proved to be theirs, stored before it is acknowledged, once each, and worked off later.

mod store;
mod told;

use crate::app::App;
use crate::auth::call::read_body;
use crate::error::Error;
use crate::payments::provider::stripe::signature::verify;
use crate::payments::providers;
use actix_web::web::{self, Data, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;
use uuid::Uuid;

pub use store::{DueEvent, finish, lease, put_off};
pub use told::{Dispute, Told};

/// The provider's messages are some kilobytes.
const LIMIT_BYTES: usize = 256 * 1024;

/// `POST /v1/inbound/payments/{inbound_id}`: the provider's own form, proved by its signature instead of a token.
pub fn configure(config: &mut ServiceConfig) {
    config.route("/v1/inbound/payments/{inbound_id}", web::post().to(receive));
}

/// An unknown address and a bad signature are answered alike.
fn stranger() -> Error {
    Error::Unauthenticated { detail: "there is no such address, or the signature does not prove who sent this".to_owned() }
}

async fn receive(request: HttpRequest, payload: Payload, app: Data<App>) -> Result<HttpResponse, Error> {
    let body = read_body(payload.into_inner(), LIMIT_BYTES).await?;
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
    Ok(HttpResponse::Ok().json(json!({ "received": true })))
}
