use super::body::{MatchingTolerance, PutTolerance};
use super::service;
use crate::app::App;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::platform::http::Answer;
use crate::types::page::{ChangedQuery, Page};
use actix_web::web::Data;
use actix_web::{get, put};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn configure(config: &mut ServiceConfig) {
    config.service(list_tolerances).service(put_tolerances);
}

/// List tolerances of bank matching
#[utoipa::path(tag = "payments", operation_id = "list_bank_matching_tolerances", security(("oauth2" = ["payments:read"])), params(ChangedQuery), responses(
    (status = 200, description = "One page of tolerances, by currency", body = Page<MatchingTolerance>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/bank_matching_tolerances")]
pub async fn list_tolerances(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::PAYMENTS_READ)?;
    let changed = call.query::<ChangedQuery>()?.read(service::LIST)?;
    let page = app.db.read(move |connection| service::list(connection, context.organization_id, &changed)).await?;
    Answer::ok(&page)
}

/// Set tolerances of bank matching
///
/// Money that is short of what is due by no more than this is put on it all the same, the rest as `bank_fee`. A row is told by its
/// currency; rows that are not named stay as they are. Without one, no difference is taken for a fee.
#[utoipa::path(tag = "payments", operation_id = "put_bank_matching_tolerances", security(("oauth2" = ["payments:write"])),
    request_body(content = Vec<PutTolerance>, example = json!([{"currency": "USD", "amount": "25.00"}])), responses(
    (status = 200, description = "All of them", body = Vec<MatchingTolerance>),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 422, response = crate::openapi::Invalid),
))]
#[put("/v1/bank_matching_tolerances")]
pub async fn put_tolerances(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::PAYMENTS_WRITE)?;
    call.no_query()?;
    let body: Vec<PutTolerance> = call.json()?;
    let rows = app.db.write(move |connection| service::put(connection, &context, &body)).await?;
    Answer::ok(&rows)
}
