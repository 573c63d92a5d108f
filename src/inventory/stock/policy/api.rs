use super::body::{PutPolicy, StockPolicy};
use super::service;
use crate::app::App;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::inventory::stock::level::ShelfKey;
use crate::openapi::ServiceConfig;
use crate::platform::http::Answer;
use actix_web::web::Data;
use actix_web::{get, put};

pub fn configure(config: &mut ServiceConfig) {
    config.service(get_stock_policy).service(put_stock_policy);
}

fn key_of(call: &Call) -> Result<ShelfKey, Error> {
    Ok(ShelfKey::new(call.path_code("sku", "product")?, call.path_code("location", "location")?))
}

/// Get safety stock and reorder point
#[utoipa::path(tag = "inventory", operation_id = "get_stock_policy", security(("oauth2" = ["inventory:read"])), params(
    ("sku" = String, Path, description = "The product", example = "KOPI-250"),
    ("location" = String, Path, description = "Code of the location", example = "jakarta-1"),
), responses(
    (status = 200, description = "The policy", body = StockPolicy, headers(("ETag" = String, description = "The policy's version"))),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/inventory/{sku}/{location}/policy")]
pub async fn get_stock_policy(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::INVENTORY_READ)?;
    call.no_query()?;
    let key = key_of(&call)?;
    let policy = app.db.read(move |connection| service::get(connection, context.organization_id, &key)).await?;
    Ok(Answer::ok(&policy)?.with_version(policy.version))
}

/// Set safety stock and reorder point
#[utoipa::path(tag = "inventory", operation_id = "put_stock_policy", security(("oauth2" = ["inventory:write"])), request_body = Option<PutPolicy>, params(
    ("sku" = String, Path, description = "The product", example = "KOPI-250"),
    ("location" = String, Path, description = "Code of the location", example = "jakarta-1"),
), responses(
    (status = 200, description = "Replaced", body = StockPolicy),
    (status = 201, description = "Created", body = StockPolicy),
    (status = 404, response = crate::openapi::NotFound),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[put("/v1/inventory/{sku}/{location}/policy")]
pub async fn put_stock_policy(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::INVENTORY_WRITE)?;
    call.no_query()?;
    let key = key_of(&call)?;
    let body: PutPolicy = call.json_or_empty()?;
    let (precondition, create_only) = (call.precondition()?, call.create_only());
    let href = format!("/v1/inventory/{}/{}/policy", key.sku, key.location);
    let (policy, created) =
        app.db.write(move |connection| service::put(connection, &context, &key, &body, &precondition, create_only)).await?;
    let answer = if created { Answer::created(href, &policy)? } else { Answer::ok(&policy)? };
    Ok(answer.with_version(policy.version))
}
