use super::body::{PatchPaymentTerm, PaymentTerm, PutPaymentTerm};
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
    config.service(list_payment_terms).service(get_payment_term).service(put_payment_term).service(patch_payment_term);
}

/// List payment terms
#[utoipa::path(tag = "organization", operation_id = "list_payment_terms", security(("oauth2" = ["orders:read"])), params(
    ChangedQuery,
    ("external_ids.erp" = Option<String>, Query, description = "The id in another system, named after the point: any of those in `external_ids`"),
), responses(
    (status = 200, description = "One page of payment terms, by code", body = Page<PaymentTerm>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/payment_terms")]
pub async fn list_payment_terms(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ORDERS_READ)?;
    let (external_ids, rest) = take_external_ids(call.query_string())?;
    let query: ChangedQuery = parse_query(&rest)?;
    let asked = query.read(&format!("payment_terms {external_ids:?}"))?;
    let page = app.db.read(move |connection| service::list(connection, context.organization_id, &asked, &external_ids)).await?;
    Answer::ok(&page)
}

/// Get payment terms
#[utoipa::path(tag = "organization", operation_id = "get_payment_term", security(("oauth2" = ["orders:read"])), params(("code" = String, Path, description = "Code of the terms", example = "net_30")), responses(
    (status = 200, description = "The payment terms", body = PaymentTerm, headers(("ETag" = String, description = "The version"))),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/payment_terms/{code}")]
pub async fn get_payment_term(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ORDERS_READ)?;
    call.no_query()?;
    let code = call.path_code("code", "payment term")?;
    let term = app.db.read(move |connection| service::get(connection, context.organization_id, &code)).await?;
    Ok(Answer::ok(&term)?.with_version(term.version))
}

/// Create or replace payment terms
#[utoipa::path(tag = "organization", operation_id = "put_payment_term", security(("oauth2" = ["admin"])), request_body = PutPaymentTerm, params(("code" = String, Path, description = "Code of the terms", example = "net_30")), responses(
    (status = 200, description = "Replaced", body = PaymentTerm),
    (status = 201, description = "Created", body = PaymentTerm),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[put("/v1/payment_terms/{code}")]
pub async fn put_payment_term(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ADMIN)?;
    call.no_query()?;
    let code = call.path_code("code", "payment term")?;
    let body: PutPaymentTerm = call.json()?;
    let (precondition, create_only) = (call.precondition()?, call.create_only());
    let location = format!("/v1/payment_terms/{code}");
    let (term, created) =
        app.db.write(move |connection| service::put(connection, &context, &code, &body, &precondition, create_only)).await?;
    let answer = if created { Answer::created(location, &term)? } else { Answer::ok(&term)? };
    Ok(answer.with_version(term.version))
}

/// Change payment terms
#[utoipa::path(tag = "organization", operation_id = "patch_payment_term", security(("oauth2" = ["admin"])), request_body(content = PatchPaymentTerm, example = json!({"external_ids": {"erp": "ZB30"}})), params(("code" = String, Path, description = "Code of the terms", example = "net_30")), responses(
    (status = 200, description = "The changed payment terms", body = PaymentTerm),
    (status = 404, response = crate::openapi::NotFound),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[patch("/v1/payment_terms/{code}")]
pub async fn patch_payment_term(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ADMIN)?;
    call.no_query()?;
    let code = call.path_code("code", "payment term")?;
    let body: PatchPaymentTerm = call.json()?;
    let precondition = call.precondition()?;
    let term = app.db.write(move |connection| service::patch(connection, &context, &code, &body, &precondition)).await?;
    Ok(Answer::ok(&term)?.with_version(term.version))
}
