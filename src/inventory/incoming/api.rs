use super::body::{IncomingFilter, IncomingSupply, PatchIncoming, PostIncoming};
use super::service;
use crate::app::App;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::openapi::ServiceConfig;
use crate::order_to_cash::incoming_supply;
use crate::platform::filters::{any_of, many, parsed};
use crate::platform::http::Answer;
use crate::platform::idempotency;
use crate::types::id::IncomingSupplyId;
use crate::types::page::{Page, page_after, page_limit};
use actix_web::web::Data;
use actix_web::{get, patch, post};
use chrono::{DateTime, Utc};

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(list_incoming_supply)
        .service(get_incoming_supply)
        .service(create_incoming_supply)
        .service(patch_incoming_supply)
        .service(cancel_incoming_supply);
}

/// Which incoming supply to list; many values by comma.
#[derive(serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct IncomingQuery {
    /// `open received cancelled`
    #[param(example = "open")]
    status: Option<String>,
    #[param(example = "KOPI-250")]
    sku: Option<String>,
    #[param(example = "jakarta-1")]
    location: Option<String>,
    /// Changed at or after this instant.
    updated_from: Option<DateTime<Utc>>,
    /// Rows a page, 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
}

/// List incoming supply
#[utoipa::path(tag = "inventory", operation_id = "list_incoming_supply", security(("oauth2" = ["inventory:read"])), params(IncomingQuery), responses(
    (status = 200, description = "One page of incoming supply, the oldest first", body = Page<IncomingSupply>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/inventory/incoming")]
pub async fn list_incoming_supply(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::INVENTORY_READ)?;
    let query: IncomingQuery = call.query()?;
    let filter = IncomingFilter {
        statuses: any_of(parsed("status", query.status.as_deref())?),
        skus: any_of(many(query.sku.as_deref())),
        locations: any_of(many(query.location.as_deref())),
        updated_from: query.updated_from,
    };
    let filters = format!("incoming {filter:?}");
    let limit = page_limit(query.limit)?;
    let after = page_after(query.cursor.as_deref(), &filters, 1)?.and_then(|key| key[0].parse().ok());
    let page = app.db.read(move |connection| service::list(connection, context.organization_id, &filter, after, limit, &filters)).await?;
    Answer::ok(&page)
}

/// Get incoming supply
#[utoipa::path(tag = "inventory", operation_id = "get_incoming_supply", security(("oauth2" = ["inventory:read"])), params(("id" = IncomingSupplyId, Path, description = "The incoming supply")), responses(
    (status = 200, description = "The incoming supply", body = IncomingSupply, headers(("ETag" = String, description = "The version"))),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/inventory/incoming/{id}")]
pub async fn get_incoming_supply(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::INVENTORY_READ)?;
    call.no_query()?;
    let id: IncomingSupplyId = call.path("id")?;
    let supply = app.db.read(move |connection| service::get(connection, context.organization_id, id)).await?;
    Ok(Answer::ok(&supply)?.with_version(supply.version))
}

/// Note incoming supply
#[utoipa::path(tag = "inventory", operation_id = "create_incoming_supply", security(("oauth2" = ["inventory:write"])), request_body = PostIncoming, responses(
    (status = 201, description = "Noted", body = IncomingSupply, headers(("ETag" = String, description = "The version"))),
    (status = 409, response = crate::openapi::Conflict),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/inventory/incoming")]
pub async fn create_incoming_supply(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::INVENTORY_WRITE)?;
    call.no_query()?;
    let body: PostIncoming = call.json()?;
    let (key, id) = (call.idempotency_key()?, IncomingSupplyId::generate());
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let supply = incoming_supply::create(connection, &context, id, &body)?;
                Ok(Answer::created(format!("/v1/inventory/incoming/{id}"), &supply)?.with_version(supply.version))
            })
        })
        .await
}

/// Change incoming supply
#[utoipa::path(tag = "inventory", operation_id = "patch_incoming_supply", security(("oauth2" = ["inventory:write"])), request_body = PatchIncoming, params(("id" = IncomingSupplyId, Path, description = "The incoming supply")), responses(
    (status = 200, description = "The changed supply", body = IncomingSupply),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[patch("/v1/inventory/incoming/{id}")]
pub async fn patch_incoming_supply(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::INVENTORY_WRITE)?;
    call.no_query()?;
    let id: IncomingSupplyId = call.path("id")?;
    let body: PatchIncoming = call.json()?;
    let precondition = call.precondition()?;
    let supply = app.db.write(move |connection| incoming_supply::patch(connection, &context, id, &body, &precondition)).await?;
    Ok(Answer::ok(&supply)?.with_version(supply.version))
}

/// Cancel incoming supply
#[utoipa::path(tag = "inventory", operation_id = "cancel_incoming_supply", security(("oauth2" = ["inventory:write"])), params(("id" = IncomingSupplyId, Path, description = "The incoming supply")), responses(
    (status = 200, description = "Cancelled", body = IncomingSupply),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
))]
#[post("/v1/inventory/incoming/{id}/cancel")]
pub async fn cancel_incoming_supply(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::INVENTORY_WRITE)?;
    call.no_query()?;
    let id: IncomingSupplyId = call.path("id")?;
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Nothing {}
    call.json_or_empty::<Nothing>()?;
    let (key, precondition) = (call.idempotency_key()?, call.precondition()?);
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let supply = incoming_supply::cancel(connection, &context, id, &precondition)?;
                Ok(Answer::ok(&supply)?.with_version(supply.version))
            })
        })
        .await
}
