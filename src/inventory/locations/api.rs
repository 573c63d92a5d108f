use super::body::{Location, PatchLocation, PutLocation};
use super::service;
use crate::app::App;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::openapi::ServiceConfig;
use crate::platform::filters::take_external_ids;
use crate::platform::http::{Answer, parse_query};
use crate::types::page::{ChangedQuery, Page};
use actix_web::web::Data;
use actix_web::{get, patch, put};

pub fn configure(config: &mut ServiceConfig) {
    config.service(list_locations).service(get_location).service(put_location).service(patch_location);
}

/// List locations
#[utoipa::path(tag = "inventory", operation_id = "list_locations", security(("oauth2" = ["inventory:read"])), params(
    ChangedQuery,
    ("external_ids.erp" = Option<String>, Query, description = "The id in another system, named after the point: any of those in `external_ids`"),
), responses(
    (status = 200, description = "One page of locations, by code", body = Page<Location>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/locations")]
pub async fn list_locations(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::INVENTORY_READ)?;
    let (external_ids, rest) = take_external_ids(call.query_string())?;
    let query: ChangedQuery = parse_query(&rest)?;
    let asked = query.read(&format!("locations {external_ids:?}"))?;
    let page = app.db.read(move |connection| service::list(connection, context.organization_id, &asked, &external_ids)).await?;
    Answer::ok(&page)
}

/// Get a location
#[utoipa::path(tag = "inventory", operation_id = "get_location", security(("oauth2" = ["inventory:read"])), params(("code" = String, Path, description = "Code of the location", example = "jakarta-1")), responses(
    (status = 200, description = "The location", body = Location, headers(("ETag" = String, description = "The version"))),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/locations/{code}")]
pub async fn get_location(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::INVENTORY_READ)?;
    call.no_query()?;
    let code = call.path_code("code", "location")?;
    let location = app.db.read(move |connection| service::get(connection, context.organization_id, &code)).await?;
    Ok(Answer::ok(&location)?.with_version(location.version))
}

/// Create or replace a location
#[utoipa::path(tag = "inventory", operation_id = "put_location", security(("oauth2" = ["inventory:write"])), request_body = PutLocation, params(("code" = String, Path, description = "Code of the location", example = "jakarta-1")), responses(
    (status = 200, description = "Replaced", body = Location),
    (status = 201, description = "Created", body = Location),
    (status = 404, response = crate::openapi::NotFound),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[put("/v1/locations/{code}")]
pub async fn put_location(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::INVENTORY_WRITE)?;
    call.no_query()?;
    let code = call.path_code("code", "location")?;
    let body: PutLocation = call.json()?;
    let (precondition, create_only) = (call.precondition()?, call.create_only());
    let href = format!("/v1/locations/{code}");
    let (location, created) =
        app.db.write(move |connection| service::put(connection, &context, &code, &body, &precondition, create_only)).await?;
    let answer = if created { Answer::created(href, &location)? } else { Answer::ok(&location)? };
    Ok(answer.with_version(location.version))
}

/// Change a location
#[utoipa::path(tag = "inventory", operation_id = "patch_location", security(("oauth2" = ["inventory:write"])), request_body(content = PatchLocation, example = json!({"priority": 15, "external_ids": {"erp": "W-01"}})), params(("code" = String, Path, description = "Code of the location", example = "jakarta-1")), responses(
    (status = 200, description = "The changed location", body = Location),
    (status = 404, response = crate::openapi::NotFound),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[patch("/v1/locations/{code}")]
pub async fn patch_location(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::INVENTORY_WRITE)?;
    call.no_query()?;
    let code = call.path_code("code", "location")?;
    let body: PatchLocation = call.json()?;
    let precondition = call.precondition()?;
    let location = app.db.write(move |connection| service::patch(connection, &context, &code, &body, &precondition)).await?;
    Ok(Answer::ok(&location)?.with_version(location.version))
}
