use super::body::{DiscardInboundMessage, InboundContent, InboundMessage, RetryInboundMessage};
use super::message::InboundMessageStatus;
use super::service::{self, Filter};
use crate::app::App;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::openapi::ServiceConfig;
use crate::platform::filters::{known, many, parsed};
use crate::platform::http::Answer;
use crate::platform::idempotency;
use crate::platform::keyset::{After, Slice, Sort};
use crate::types::id::InboundMessageId;
use crate::types::page::{Page, page_limit};
use actix_web::web::Data;
use actix_web::{get, post};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::IntoParams;

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(list_inbound_messages)
        .service(get_inbound_message)
        .service(get_inbound_message_content)
        .service(retry_inbound_message)
        .service(discard_inbound_message);
}

/// Query parameters of the list of messages. Many values by comma.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct InboundMessageQuery {
    /// received, processed, rejected, discarded
    #[param(example = "rejected")]
    status: Option<String>,
    /// Codes of channels.
    channel: Option<String>,
    #[param(example = "orders/create")]
    topic: Option<String>,
    /// The platform's id of what it is about.
    external_id: Option<String>,
    /// The order that it made or changed.
    order_id: Option<String>,
    /// Changed at or after.
    updated_from: Option<DateTime<Utc>>,
    /// `-created_at` (default), `created_at`, `updated_at`, `-updated_at`
    sort: Option<String>,
    /// Rows a page, 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
}

impl InboundMessageQuery {
    fn filter(&self) -> Result<Filter, Error> {
        Ok(Filter {
            status: known::<InboundMessageStatus>("status", self.status.as_deref())?,
            channel: many(self.channel.as_deref()),
            topic: many(self.topic.as_deref()),
            external_id: many(self.external_id.as_deref()),
            order_id: parsed("order_id", self.order_id.as_deref())?,
            updated_from: self.updated_from,
        })
    }

    fn slice(&self) -> Result<Slice<InboundMessageId>, Error> {
        let filters = format!("inbound_messages {:?}", Self { limit: None, cursor: None, ..self.clone() });
        let sort = Sort::read(self.sort.as_deref(), Sort::CHANGING)?;
        Ok(Slice { sort, after: After::read(self.cursor.as_deref(), &filters, sort)?, limit: page_limit(self.limit)?, filters })
    }
}

/// List inbound messages
///
/// What the platforms of the channels have told, newest first. `status=rejected` is a person's work list; one that waits for
/// something, such as a product that is not there yet, is `received` with its `reason`.
#[utoipa::path(tag = "channels", operation_id = "list_inbound_messages", security(("oauth2" = ["channels:read"])), params(InboundMessageQuery), responses(
    (status = 200, description = "One page of messages", body = Page<InboundMessage>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/inbound_messages")]
pub async fn list_inbound_messages(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::CHANNELS_READ)?;
    let query: InboundMessageQuery = call.query()?;
    let (filter, slice) = (query.filter()?, query.slice()?);
    let page = app.db.read(move |connection| service::list(connection, context.organization_id, &filter, &slice)).await?;
    Answer::ok(&page)
}

/// Get an inbound message
#[utoipa::path(tag = "channels", operation_id = "get_inbound_message", security(("oauth2" = ["channels:read"])), params(("id" = InboundMessageId, Path, description = "Id of the message")), responses(
    (status = 200, description = "The message", body = InboundMessage, headers(("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/inbound_messages/{id}")]
pub async fn get_inbound_message(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::CHANNELS_READ)?;
    call.no_query()?;
    let id: InboundMessageId = call.path("id")?;
    let message = app.db.read(move |connection| service::get(connection, context.organization_id, id)).await?;
    Ok(Answer::ok(&message)?.with_version(message.version))
}

/// Get the content of an inbound message
///
/// Headers and body as they came, and the body that a person has put in its place. It may hold what customers have written.
#[utoipa::path(tag = "channels", operation_id = "get_inbound_message_content", security(("oauth2" = ["channels:read"])), params(("id" = InboundMessageId, Path, description = "Id of the message")), responses(
    (status = 200, description = "What came, word for word", body = InboundContent),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/inbound_messages/{id}/content")]
pub async fn get_inbound_message_content(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::CHANNELS_READ)?;
    call.no_query()?;
    let id: InboundMessageId = call.path("id")?;
    let content = app.db.read(move |connection| service::content(connection, context.organization_id, id)).await?;
    Answer::ok(&content)
}

/// Try an inbound message again
///
/// For one that waits or was rejected. With `text` or `base64` a corrected body is worked in instead; what came stays as it came.
#[utoipa::path(tag = "channels", operation_id = "retry_inbound_message", security(("oauth2" = ["channels:write"])), params(("id" = InboundMessageId, Path, description = "Id of the message")),
    request_body = Option<RetryInboundMessage>, responses(
    (status = 200, description = "It is tried in a moment", body = InboundMessage, headers(("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/inbound_messages/{id}/retry")]
pub async fn retry_inbound_message(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::CHANNELS_WRITE)?;
    call.no_query()?;
    let id: InboundMessageId = call.path("id")?;
    let body: RetryInboundMessage = call.json_or_empty()?;
    let (key, precondition) = (call.idempotency_key()?, call.precondition()?);
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let message = service::retry(connection, &context, id, &body, &precondition)?;
                Ok(Answer::ok(&message)?.with_version(message.version))
            })
        })
        .await
}

/// Discard an inbound message
///
/// Nothing becomes of it. It stays where it is, with the reason.
#[utoipa::path(tag = "channels", operation_id = "discard_inbound_message", security(("oauth2" = ["channels:write"])), params(("id" = InboundMessageId, Path, description = "Id of the message")),
    request_body = DiscardInboundMessage, responses(
    (status = 200, description = "Discarded", body = InboundMessage, headers(("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/inbound_messages/{id}/discard")]
pub async fn discard_inbound_message(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::CHANNELS_WRITE)?;
    call.no_query()?;
    let id: InboundMessageId = call.path("id")?;
    let body: DiscardInboundMessage = call.json()?;
    let (key, precondition) = (call.idempotency_key()?, call.precondition()?);
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let message = service::discard(connection, &context, id, &body, &precondition)?;
                Ok(Answer::ok(&message)?.with_version(message.version))
            })
        })
        .await
}
