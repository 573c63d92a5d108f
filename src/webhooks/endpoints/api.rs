use super::body::{
    IssuedWebhookEndpoint, NewWebhookEndpoint, Owner, PatchWebhookEndpoint, RotateWebhookSecret, TestWebhookEndpoint, WebhookEndpoint,
};
use super::service;
use crate::app::App;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::platform::http::Answer;
use crate::platform::idempotency;
use crate::types::id::WebhookEndpointId;
use crate::types::page::{ChangedQuery, Page, page_id};
use crate::webhooks::deliveries::body::{RedeliverWebhooks, WebhookDelivery, WebhookRedelivery};
use crate::webhooks::deliveries::service::redeliver_many;
use actix_web::web::Data;
use actix_web::{delete, get, patch, post};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(list_webhook_endpoints)
        .service(create_webhook_endpoint)
        .service(get_webhook_endpoint)
        .service(patch_webhook_endpoint)
        .service(delete_webhook_endpoint)
        .service(rotate_webhook_secret)
        .service(test_webhook_endpoint)
        .service(redeliver_webhooks);
}

/// List webhook endpoints
#[utoipa::path(tag = "webhooks", operation_id = "list_webhook_endpoints", security(("oauth2" = ["webhooks:read"])), params(ChangedQuery), responses(
    (status = 200, description = "One page of webhook endpoints, oldest first", body = Page<WebhookEndpoint>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/webhook_endpoints")]
pub async fn list_webhook_endpoints(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::WEBHOOKS_READ)?;
    let changed = call.query::<ChangedQuery>()?.read(service::LIST)?;
    let after = page_id(changed.after.clone().map(|id| vec![id]))?.map(WebhookEndpointId);
    let page = app.db.read(move |connection| service::list(connection, context.organization_id, &changed, after)).await?;
    Answer::ok(&page)
}

/// Create a webhook endpoint
///
/// Events that happen from now on are sent there, each with a signature by the secret, which is shown this once. Only events that
/// you may read are sent, as long as you may. A repeated request with the same Idempotency-Key creates nothing and is told 409
/// `secret_already_shown`.
#[utoipa::path(tag = "webhooks", operation_id = "create_webhook_endpoint", security(("oauth2" = ["webhooks:write"])), request_body = NewWebhookEndpoint, responses(
    (status = 201, description = "Created; the secret is shown this once", body = IssuedWebhookEndpoint, headers(("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 409, response = crate::openapi::Conflict),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/webhook_endpoints")]
pub async fn create_webhook_endpoint(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::WEBHOOKS_WRITE)?;
    call.no_query()?;
    let body: NewWebhookEndpoint = call.json()?;
    let key = call.idempotency_key()?;
    let owner = Owner::from(&call.actor);
    body.check(&owner)?;
    app.config.webhook_targets.check("/url", &body.url).await?;
    let id = WebhookEndpointId::generate();
    app.db
        .write(move |connection| {
            idempotency::once_secret(connection, key.as_ref(), |connection| {
                let issued = service::create(connection, &context, &owner, id, &body)?;
                Ok(Answer::created(format!("/v1/webhook_endpoints/{id}"), &issued)?.with_version(issued.endpoint.version))
            })
        })
        .await
}

/// Get a webhook endpoint
#[utoipa::path(tag = "webhooks", operation_id = "get_webhook_endpoint", security(("oauth2" = ["webhooks:read"])), params(("id" = WebhookEndpointId, Path, description = "Id of the endpoint")), responses(
    (status = 200, description = "The webhook endpoint", body = WebhookEndpoint, headers(("ETag" = String, description = "The version"))),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/webhook_endpoints/{id}")]
pub async fn get_webhook_endpoint(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::WEBHOOKS_READ)?;
    call.no_query()?;
    let id: WebhookEndpointId = call.path("id")?;
    let endpoint = app.db.read(move |connection| service::get(connection, context.organization_id, id)).await?;
    Ok(Answer::ok(&endpoint)?.with_version(endpoint.version))
}

/// Change a webhook endpoint
///
/// Whoever changes it is its owner from then on: what is sent is what that one may read. `active: true` begins with what happens
/// from then on; what was missed is sent by `POST …/redeliver`.
#[utoipa::path(tag = "webhooks", operation_id = "patch_webhook_endpoint", security(("oauth2" = ["webhooks:write"])), params(("id" = WebhookEndpointId, Path, description = "Id of the endpoint")),
    request_body = PatchWebhookEndpoint, responses(
    (status = 200, description = "Changed", body = WebhookEndpoint),
    (status = 404, response = crate::openapi::NotFound),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[patch("/v1/webhook_endpoints/{id}")]
pub async fn patch_webhook_endpoint(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::WEBHOOKS_WRITE)?;
    call.no_query()?;
    let id: WebhookEndpointId = call.path("id")?;
    let body: PatchWebhookEndpoint = call.json()?;
    let precondition = call.precondition()?;
    let owner = Owner::from(&call.actor);
    body.check(&owner)?;
    if let Some(url) = &body.url {
        app.config.webhook_targets.check("/url", url).await?;
    }
    let endpoint = app.db.write(move |connection| service::patch(connection, &context, &owner, id, &body, &precondition)).await?;
    Ok(Answer::ok(&endpoint)?.with_version(endpoint.version))
}

/// Delete a webhook endpoint
///
/// Nothing more is sent, and the log of its deliveries goes with it.
#[utoipa::path(tag = "webhooks", operation_id = "delete_webhook_endpoint", security(("oauth2" = ["webhooks:write"])), params(("id" = WebhookEndpointId, Path, description = "Id of the endpoint")), responses(
    (status = 204, description = "Deleted"),
    (status = 404, response = crate::openapi::NotFound),
    (status = 412, response = crate::openapi::Stale),
))]
#[delete("/v1/webhook_endpoints/{id}")]
pub async fn delete_webhook_endpoint(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::WEBHOOKS_WRITE)?;
    call.no_query()?;
    let id: WebhookEndpointId = call.path("id")?;
    let precondition = call.precondition()?;
    app.db.write(move |connection| service::delete(connection, &context, id, &precondition)).await?;
    Ok(Answer::no_content())
}

/// Rotate a webhook endpoint's secret
///
/// The answer shows the new secret, once. For 24 hours each message carries a signature by the new one and by the one until now; the
/// one before that signs no more.
#[utoipa::path(tag = "webhooks", operation_id = "rotate_webhook_secret", security(("oauth2" = ["webhooks:write"])), params(("id" = WebhookEndpointId, Path, description = "Id of the endpoint")),
    request_body = Option<RotateWebhookSecret>, responses(
    (status = 200, description = "Rotated; the secret is shown this once", body = IssuedWebhookEndpoint),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/webhook_endpoints/{id}/rotate_secret")]
pub async fn rotate_webhook_secret(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::WEBHOOKS_WRITE)?;
    call.no_query()?;
    let id: WebhookEndpointId = call.path("id")?;
    let RotateWebhookSecret {} = call.json_or_empty()?;
    let (key, precondition) = (call.idempotency_key()?, call.precondition()?);
    app.db
        .write(move |connection| {
            idempotency::once_secret(connection, key.as_ref(), |connection| {
                let issued = service::rotate_secret(connection, &context, id, &precondition)?;
                Ok(Answer::ok(&issued)?.with_version(issued.endpoint.version))
            })
        })
        .await
}

/// Send a test event to a webhook endpoint
///
/// An event `webhook_endpoint.test`, whatever types the endpoint wants. `GET /v1/webhook_deliveries/{id}` tells what came of it.
#[utoipa::path(tag = "webhooks", operation_id = "test_webhook_endpoint", security(("oauth2" = ["webhooks:write"])), params(("id" = WebhookEndpointId, Path, description = "Id of the endpoint")),
    request_body = Option<TestWebhookEndpoint>, responses(
    (status = 200, description = "Waits to be sent", body = WebhookDelivery),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/webhook_endpoints/{id}/test")]
pub async fn test_webhook_endpoint(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::WEBHOOKS_WRITE)?;
    call.no_query()?;
    let id: WebhookEndpointId = call.path("id")?;
    let TestWebhookEndpoint {} = call.json_or_empty()?;
    let key = call.idempotency_key()?;
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| Answer::ok(&service::test(connection, &context, id)?))
        })
        .await
}

/// Send a webhook endpoint's events of a time again
///
/// Those that failed, were skipped, or had no delivery since the endpoint was off, unless `status` says otherwise. One call looks
/// through 5,000 events: go on with `next_cursor` until it is null. At most 30 days back.
#[utoipa::path(tag = "webhooks", operation_id = "redeliver_webhooks", security(("oauth2" = ["webhooks:write"])), params(("id" = WebhookEndpointId, Path, description = "Id of the endpoint")),
    request_body = RedeliverWebhooks, responses(
    (status = 200, description = "So many wait to be sent", body = WebhookRedelivery),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/webhook_endpoints/{id}/redeliver")]
pub async fn redeliver_webhooks(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::WEBHOOKS_WRITE)?;
    call.no_query()?;
    let id: WebhookEndpointId = call.path("id")?;
    let body: RedeliverWebhooks = call.json()?;
    let key = call.idempotency_key()?;
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| Answer::ok(&redeliver_many(connection, &context, id, &body)?))
        })
        .await
}
