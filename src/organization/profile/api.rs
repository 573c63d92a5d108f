use super::body::{Organization, PatchOrganization, PutOrganization};
use super::service;
use crate::app::App;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::openapi::ServiceConfig;
use crate::platform::http::Answer;
use actix_web::web::Data;
use actix_web::{get, patch, put};

pub fn configure(config: &mut ServiceConfig) {
    config.service(get_organization).service(put_organization).service(patch_organization);
}

/// Get the organization
#[utoipa::path(tag = "organization", operation_id = "get_organization", security(("oauth2" = ["orders:read"])), responses(
    (status = 200, description = "The caller's organization", body = Organization, headers(("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/organization")]
pub async fn get_organization(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ORDERS_READ)?;
    call.no_query()?;
    let organization = app.db.read(move |connection| service::get(connection, context.organization_id)).await?;
    Ok(Answer::ok(&organization)?.with_version(organization.version))
}

/// Replace the organization's profile
#[utoipa::path(tag = "organization", operation_id = "put_organization", security(("oauth2" = ["admin"])), request_body = PutOrganization, responses(
    (status = 200, description = "Replaced", body = Organization),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[put("/v1/organization")]
pub async fn put_organization(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ADMIN)?;
    call.no_query()?;
    let body: PutOrganization = call.json()?;
    let (precondition, create_only) = (call.precondition()?, call.create_only());
    let organization = app.db.write(move |connection| service::put(connection, &context, &body, &precondition, create_only)).await?;
    Ok(Answer::ok(&organization)?.with_version(organization.version))
}

/// Change the organization's profile
#[utoipa::path(tag = "organization", operation_id = "patch_organization", security(("oauth2" = ["admin"])), request_body(content = PatchOrganization, example = json!({"external_ids": {"erp": "1000"}})), responses(
    (status = 200, description = "Changed", body = Organization),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[patch("/v1/organization")]
pub async fn patch_organization(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ADMIN)?;
    call.no_query()?;
    let body: PatchOrganization = call.json()?;
    let precondition = call.precondition()?;
    let organization = app.db.write(move |connection| service::patch(connection, &context, &body, &precondition)).await?;
    Ok(Answer::ok(&organization)?.with_version(organization.version))
}
