//! The door of a channel: `POST /v1/inbound/{inbound_id}`, in the platform's own form and proved by its own means.

use super::message::NewMessage;
use super::service;
use crate::app::App;
use crate::auth::call::{client_of, read_body};
use crate::channels::platform::{Admitted, Knock};
use crate::channels::{self, platforms::platform};
use crate::error::Error;
use crate::openapi::ServiceConfig;
use actix_web::http::header::HOST;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse, post};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

pub fn configure(config: &mut ServiceConfig) {
    config.service(receive);
}

/// A message that is stored.
#[derive(Serialize, ToSchema)]
pub struct Received {
    /// True; what becomes of the message is told elsewhere.
    #[schema(example = true)]
    pub received: bool,
}

/// An unknown address and a bad signature are answered alike.
fn stranger() -> Error {
    Error::Unauthenticated { detail: "there is no such address, or nothing proves who sent this".to_owned() }
}

/// Whether a header holds a secret itself, not a signature that one was made with: whoever may read the message later must not get it.
fn proves_by_itself(name: &str) -> bool {
    let words = ["authorization", "cookie", "secret", "token", "password", "api-key", "apikey"];
    words.iter().any(|word| name.contains(word))
}

/// Receive what a platform tells
///
/// Called by the platform of a channel at the channel's `inbound_url`, in the platform's own form and proved by its own means instead of a
/// token: orders, refunds, deals, mails, and the pings that platforms try an address with. The answer, in the form that the platform counts
/// as success, comes once the message is stored; it is worked in later, and `GET /v1/inbound_messages` says what has become of it. The
/// same message again changes nothing. An unknown address and a bad proof are both 401, and nothing is stored then. There is no rate limit.
#[utoipa::path(tag = "channels", operation_id = "receive_inbound_message", security(("channel_proof" = [])),
    params(("inbound_id" = Uuid, Path, description = "The last part of the channel's `inbound_url`")),
    request_body(description = "What the platform sends: up to 1 MiB, 5 MiB for `ubl`, a mail of up to 25 MiB for `email`", content(
        (Value = "application/json", example = json!({"id": 820982911946154508u64, "name": "#9999", "email": "siti@example.com", "currency": "IDR",
            "line_items": [{"id": 466157049, "sku": "KOPI-250", "quantity": 1, "price": "68000.00"}], "total_price": "68000.00"})),
        (String = "text/xml", example = "<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\">…</soapenv:Envelope>"),
        (String = "application/xml", example = "<Order xmlns=\"urn:oasis:names:specification:ubl:schema:xsd:Order-2\">…</Order>"),
        (String = "message/rfc822", example = "From: ada@example.com\r\nSubject: Order 4711\r\n\r\n…"),
    )),
    responses(
        (status = 200, description = "Stored; Salesforce's outbound messages are acknowledged in XML", content(
            (Received = "application/json"),
            (String = "text/xml"),
        )),
        (status = 401, response = crate::openapi::Unauthenticated),
        (status = 408, response = crate::openapi::RequestTimeout),
        (status = 413, response = crate::openapi::PayloadTooLarge),
        (status = 415, response = crate::openapi::UnsupportedMediaType),
        (status = 431, response = crate::openapi::HeadTooLarge),
        (status = 500, response = crate::openapi::InternalError),
        (status = 503, response = crate::openapi::Unavailable),
    ))]
#[post("/v1/inbound/{inbound_id}")]
pub async fn receive(request: HttpRequest, payload: Payload, app: Data<App>) -> Result<HttpResponse, Error> {
    let inbound_id: Uuid = request.match_info().get("inbound_id").and_then(|id| id.parse().ok()).ok_or_else(stranger)?;
    let now = app.clock.now();
    let listening = app.db.read(move |connection| channels::listening(connection, inbound_id, now)).await?.ok_or_else(stranger)?;
    let platform = platform(listening.channel.kind).ok_or_else(stranger)?;
    let body = read_body(&request, payload.into_inner(), platform.limit()).await?;
    let headers: Vec<(String, String)> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let knock = Knock { method: request.method().as_str(), uris: uris(&request, &app), headers: &headers, body: &body };
    let admitted = platform.admit(&knock, &listening, now).map_err(|_| stranger())?;
    let acknowledgement = platform.acknowledge(&knock);
    let delivery_id = platform.delivery_id(&knock, &listening);
    if let Admitted::Message { topic, external_id, proof } = admitted {
        let remote_address = client_of(&request).map(|address| address.to_string());
        let content_type = knock.header("content-type").to_owned();
        // Proxies repeat the address, which is to be known by few.
        let address = inbound_id.to_string();
        let headers = headers.into_iter().filter(|(name, value)| !proves_by_itself(name) && !value.contains(&address)).collect();
        let message = NewMessage { topic, external_id, headers, content_type, body, proof, remote_address };
        let store = move |connection: &mut _| {
            service::take_delivery(connection, listening.organization_id, &listening.channel, &message, delivery_id.as_deref(), now)
        };
        app.db.write(store).await?;
    }
    Ok(HttpResponse::Ok().content_type(acknowledgement.content_type).body(acknowledgement.body))
}

/// The address as its sender may have written it: the configured one, else what the request says of itself, by either scheme.
fn uris(request: &HttpRequest, app: &App) -> Vec<String> {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    if let Some(base) = &app.config.public_url {
        return vec![format!("{}{path}", base.trim_end_matches('/'))];
    }
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    vec![format!("https://{host}{path}"), format!("http://{host}{path}")]
}
