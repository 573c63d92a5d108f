//! Messages that a caller of the API hands in, such as an `.eml` file; and how the mailbox of a channel is doing.

use super::imap::{self, MailboxState};
use super::{LIMIT, TOPIC, message_id};
use crate::app::App;
use crate::auth::call::{BulkCall, Call};
use crate::auth::permission::Permission;
use crate::channels::{self, ChannelKind};
use crate::error::Error;
use crate::inbox::body::InboundMessage;
use crate::inbox::{NewMessage, Proof, service};
use crate::openapi::ServiceConfig;
use crate::platform::http::Answer;
use crate::platform::idempotency;
use crate::types::id::ChannelId;
use actix_web::web::Data;
use actix_web::{get, post};

pub fn configure(config: &mut ServiceConfig) {
    config.service(hand_in_message).service(get_mailbox);
}

/// Hand in a message
///
/// A mail as it came (`.eml`, RFC 5322), up to 25 MiB, to a channel of kind `email`; whoever hands it in answers for its sender. It is
/// stored, and worked in a moment later: `GET /v1/inbound_messages/{id}` tells what became of it. The same mail again is the same message.
#[utoipa::path(tag = "channels", operation_id = "hand_in_message", security(("oauth2" = ["channels:write"])), params(("id" = ChannelId, Path, description = "Id of the channel")),
    request_body(content((String = "message/rfc822", example = json!("From: pembelian@sumberrejeki.example\r\nTo: orders@nusantara-niaga.example\r\nSubject: PO 4711\r\nMessage-ID: <4711@sumberrejeki.example>\r\nContent-Type: text/html\r\n\r\n<table><tr><th>SKU</th><th>Qty</th></tr><tr><td>KOPI-250</td><td>3</td></tr></table>\r\n")))),
    responses(
    (status = 200, description = "The same message was there before", body = InboundMessage, headers(("ETag" = String, description = "The version"))),
    (status = 201, description = "Stored", body = InboundMessage, headers(("Location" = String, description = "Where it is"), ("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/channels/{id}/messages")]
pub async fn hand_in_message(call: BulkCall, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::CHANNELS_WRITE)?;
    call.no_query()?;
    let id: ChannelId = call.path("id")?;
    let (_, raw) = call.raw(&["message/rfc822"])?;
    if raw.is_empty() {
        return Err(Error::invalid("", "required", "send the mail as the body"));
    }
    if raw.len() > LIMIT {
        return Err(Error::PayloadTooLarge { limit: LIMIT });
    }
    let key = call.idempotency_key()?;
    let message = NewMessage {
        topic: TOPIC.to_owned(),
        external_id: message_id(raw),
        headers: vec![],
        content_type: "message/rfc822".to_owned(),
        body: raw.to_vec(),
        proof: Proof::Token,
        remote_address: call.address().map(|address| address.to_string()),
    };
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let channel = channels::of_id(connection, context.organization_id, id)?.ok_or(Error::not_found("channel"))?;
                if channel.kind != ChannelKind::Email {
                    return Err(Error::conflict("wrong_channel_kind", "messages are handed in to channels of kind email"));
                }
                let (id, is_new) = service::take(connection, context.organization_id, &channel, &message, context.now)?;
                let stored: InboundMessage = service::get(connection, context.organization_id, id)?;
                let answer = if is_new { Answer::created(format!("/v1/inbound_messages/{id}"), &stored)? } else { Answer::ok(&stored)? };
                Ok(answer.with_version(stored.version))
            })
        })
        .await
}

/// Get the mailbox of a channel
///
/// When it was last looked into, and what its server said if that failed.
#[utoipa::path(tag = "channels", operation_id = "get_channel_mailbox", security(("oauth2" = ["channels:read"])), params(("id" = ChannelId, Path, description = "Id of the channel")), responses(
    (status = 200, description = "The mailbox", body = MailboxState),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/channels/{id}/mailbox")]
pub async fn get_mailbox(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::CHANNELS_READ)?;
    call.no_query()?;
    let id: ChannelId = call.path("id")?;
    let state = app
        .db
        .read(move |connection| {
            let channel = channels::of_id(connection, context.organization_id, id)?.ok_or(Error::not_found("channel"))?;
            imap::state(connection, context.organization_id, &channel)?.ok_or(Error::not_found("mailbox"))
        })
        .await?;
    Answer::ok(&state)
}
