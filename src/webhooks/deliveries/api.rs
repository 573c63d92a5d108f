use super::body::{RedeliverWebhook, WebhookDelivery, WebhookDeliveryWithAttempts};
use super::service::{self, Filter};
use crate::app::App;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::platform::filters::{any_of, event_types, known, parsed};
use crate::platform::http::Answer;
use crate::platform::idempotency;
use crate::types::id::WebhookDeliveryId;
use crate::types::page::{Page, page_after, page_id, page_limit};
use crate::webhooks::schedule::DeliveryStatus;
use actix_web::web::Data;
use actix_web::{get, post};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn configure(config: &mut ServiceConfig) {
    config.service(list_webhook_deliveries).service(get_webhook_delivery).service(redeliver_webhook);
}

/// Query parameters of the list of deliveries. Many values by comma.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WebhookDeliveryQuery {
    /// pending, sending, delivered, failed, skipped
    status: Option<String>,
    /// To these endpoints.
    endpoint_id: Option<String>,
    /// Of events of these types.
    event_type: Option<String>,
    /// Of events of these orders.
    order_id: Option<String>,
    /// Of events that happened at or after this instant.
    from: Option<DateTime<Utc>>,
    /// Of events that happened before it.
    to: Option<DateTime<Utc>>,
    /// Deliveries that were made, tried or ended at or after this instant.
    updated_from: Option<DateTime<Utc>>,
    /// Rows a page, 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
}

/// List webhook deliveries
///
/// What was sent in the last 30 days, and what waits.
#[utoipa::path(tag = "webhooks", operation_id = "list_webhook_deliveries", security(("oauth2" = ["webhooks:read"])), params(WebhookDeliveryQuery), responses(
    (status = 200, description = "One page of deliveries, newest first", body = Page<WebhookDelivery>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/webhook_deliveries")]
pub async fn list_webhook_deliveries(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::WEBHOOKS_READ)?;
    let query: WebhookDeliveryQuery = call.query()?;
    let filter = Filter {
        status: any_of(known::<DeliveryStatus>("status", query.status.as_deref())?),
        endpoint_id: any_of(parsed("endpoint_id", query.endpoint_id.as_deref())?),
        event_type: any_of(event_types("event_type", query.event_type.as_deref())?),
        order_id: any_of(parsed("order_id", query.order_id.as_deref())?),
        from: query.from,
        to: query.to,
        updated_from: query.updated_from,
    };
    let (limit, filters) = (page_limit(query.limit)?, format!("webhook_deliveries {filter:?}"));
    let before = page_id(page_after(query.cursor.as_deref(), &filters, 1)?)?.map(WebhookDeliveryId);
    let page = app.db.read(move |connection| service::list(connection, context.organization_id, &filter, &filters, before, limit)).await?;
    Answer::ok(&page)
}

/// Get a webhook delivery with its attempts
#[utoipa::path(tag = "webhooks", operation_id = "get_webhook_delivery", security(("oauth2" = ["webhooks:read"])), params(("id" = WebhookDeliveryId, Path, description = "Id of the delivery")), responses(
    (status = 200, description = "The delivery, and what came of each attempt", body = WebhookDeliveryWithAttempts),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/webhook_deliveries/{id}")]
pub async fn get_webhook_delivery(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::WEBHOOKS_READ)?;
    call.no_query()?;
    let id: WebhookDeliveryId = call.path("id")?;
    let delivery = app.db.snapshot(move |connection| service::get(connection, context.organization_id, id)).await?;
    Answer::ok(&delivery)
}

/// Send a webhook delivery again
///
/// One that was sent, has failed or was skipped, with all its tries; one that waits for its next try is sent at once.
#[utoipa::path(tag = "webhooks", operation_id = "redeliver_webhook", security(("oauth2" = ["webhooks:write"])), params(("id" = WebhookDeliveryId, Path, description = "Id of the delivery")),
    request_body = Option<RedeliverWebhook>, responses(
    (status = 200, description = "Waits to be sent", body = WebhookDelivery),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/webhook_deliveries/{id}/redeliver")]
pub async fn redeliver_webhook(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::WEBHOOKS_WRITE)?;
    call.no_query()?;
    let id: WebhookDeliveryId = call.path("id")?;
    let RedeliverWebhook {} = call.json_or_empty()?;
    let key = call.idempotency_key()?;
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| Answer::ok(&service::redeliver(connection, &context, id)?))
        })
        .await
}
