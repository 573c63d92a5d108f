use super::body::{InvoiceSeries, PutInvoiceSeries};
use super::gaps::SeriesGaps;
use super::service;
use crate::app::App;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::openapi::ServiceConfig;
use crate::platform::http::Answer;
use crate::types::page::{ChangedQuery, Page};
use actix_web::web::Data;
use actix_web::{get, put};

pub fn configure(config: &mut ServiceConfig) {
    config.service(list_invoice_series).service(get_invoice_series).service(put_invoice_series).service(get_invoice_series_gaps);
}

/// List number series
#[utoipa::path(tag = "invoices", operation_id = "list_invoice_series", security(("oauth2" = ["invoices:read"])), params(ChangedQuery), responses(
    (status = 200, description = "One page of number series, by code", body = Page<InvoiceSeries>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/invoice_series")]
pub async fn list_invoice_series(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::INVOICES_READ)?;
    let query: ChangedQuery = call.query()?;
    let asked = query.read("invoice_series")?;
    let page = app.db.read(move |connection| service::list(connection, context.organization_id, &asked)).await?;
    Answer::ok(&page)
}

/// Get a number series
#[utoipa::path(tag = "invoices", operation_id = "get_invoice_series", security(("oauth2" = ["invoices:read"])), params(("code" = String, Path, description = "Code of the series", example = "INV")), responses(
    (status = 200, description = "The series", body = InvoiceSeries, headers(("ETag" = String, description = "The version"))),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/invoice_series/{code}")]
pub async fn get_invoice_series(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::INVOICES_READ)?;
    call.no_query()?;
    let code = call.path_code("code", "invoice series")?;
    let series = app.db.read(move |connection| service::get(connection, context.organization_id, &code)).await?;
    Ok(Answer::ok(&series)?.with_version(series.version))
}

/// Get a series' missing and doubled numbers
///
/// The proof that the numbers of a series are without gaps: every number between the first and the next is borne by exactly one
/// document.
#[utoipa::path(tag = "invoices", operation_id = "get_invoice_series_gaps", security(("oauth2" = ["invoices:read"])), params(("code" = String, Path, description = "Code of the series", example = "INV")), responses(
    (status = 200, description = "Gaps and duplicates, read in one snapshot", body = SeriesGaps),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/invoice_series/{code}/gaps")]
pub async fn get_invoice_series_gaps(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::INVOICES_READ)?;
    call.no_query()?;
    let code = call.path_code("code", "invoice series")?;
    let gaps = app.reports.snapshot(move |connection| service::gaps(connection, context.organization_id, &code)).await?;
    Answer::ok(&gaps)
}

/// Create or replace a number series
#[utoipa::path(tag = "invoices", operation_id = "put_invoice_series", security(("oauth2" = ["invoices:write"])), request_body = PutInvoiceSeries, params(("code" = String, Path, description = "Code of the series", example = "EXPORT")), responses(
    (status = 200, description = "Replaced", body = InvoiceSeries),
    (status = 201, description = "Created", body = InvoiceSeries),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[put("/v1/invoice_series/{code}")]
pub async fn put_invoice_series(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::INVOICES_WRITE)?;
    call.no_query()?;
    let code = call.path_code("code", "invoice series")?;
    let body: PutInvoiceSeries = call.json()?;
    let (precondition, create_only) = (call.precondition()?, call.create_only());
    let location = format!("/v1/invoice_series/{code}");
    let (series, created) =
        app.db.write(move |connection| service::put(connection, &context, &code, &body, &precondition, create_only)).await?;
    let answer = if created { Answer::created(location, &series)? } else { Answer::ok(&series)? };
    Ok(answer.with_version(series.version))
}
