use super::body::{CycleTimeRow, FillRateRow, Report, SalesRow, SummaryReport};
use super::row::to_csv;
use super::selection::{CycleQuery, FillQuery, SalesQuery, SummaryQuery};
use super::service;
use crate::app::App;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::openapi::ServiceConfig;
use crate::platform::http::Answer;
use actix_web::get;
use actix_web::web::Data;

pub fn configure(config: &mut ServiceConfig) {
    config.service(get_summary).service(get_summary_csv).service(get_sales).service(get_sales_csv);
    config.service(get_order_cycle_time).service(get_order_cycle_time_csv).service(get_fill_rate).service(get_fill_rate_csv);
}

async fn summary(call: &Call, app: &App) -> Result<SummaryReport, Error> {
    let context = call.require(Permission::REPORTS_READ)?;
    let selection = call.query::<SummaryQuery>()?.check()?;
    app.reports.snapshot(move |connection| service::summary(connection, &context, &selection)).await
}

async fn sales(call: &Call, app: &App) -> Result<Report<SalesRow>, Error> {
    let context = call.require(Permission::REPORTS_READ)?;
    let selection = call.query::<SalesQuery>()?.check()?;
    app.reports.snapshot(move |connection| service::sales(connection, &context, &selection)).await
}

async fn order_cycle_time(call: &Call, app: &App) -> Result<Report<CycleTimeRow>, Error> {
    let context = call.require(Permission::REPORTS_READ)?;
    let query: CycleQuery = call.query()?;
    let (selection, basis) = (query.check()?, query.basis.unwrap_or_default());
    app.reports.snapshot(move |connection| service::order_cycle_time(connection, &context, &selection, basis)).await
}

async fn fill_rate(call: &Call, app: &App) -> Result<Report<FillRateRow>, Error> {
    let context = call.require(Permission::REPORTS_READ)?;
    let query: FillQuery = call.query()?;
    let (selection, basis) = (query.check()?, query.basis.unwrap_or_default());
    app.reports.snapshot(move |connection| service::fill_rate(connection, &context, &selection, basis)).await
}

/// Get the summary
///
/// Orders, money and standing of the orders of a period. The definition comes with the answer.
#[utoipa::path(tag = "reports", operation_id = "get_summary_report", security(("oauth2" = ["reports:read"])), params(SummaryQuery), responses(
    (status = 200, description = "The figures, read in one snapshot", body = SummaryReport),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/reports/summary")]
pub async fn get_summary(call: Call, app: Data<App>) -> Result<Answer, Error> {
    Answer::ok(&summary(&call, &app).await?)
}

/// Get the summary as CSV
#[utoipa::path(tag = "reports", operation_id = "get_summary_report_csv", security(("oauth2" = ["reports:read"])), params(SummaryQuery), responses(
    (status = 200, description = "The rows (RFC 4180)", body = String, content_type = "text/csv"),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/reports/summary.csv")]
pub async fn get_summary_csv(call: Call, app: Data<App>) -> Result<Answer, Error> {
    Ok(Answer::csv(to_csv(&summary(&call, &app).await?.report.data)?))
}

/// Get sales
///
/// By date of ordering, and what was invoiced by date of issue. The definition comes with the answer.
#[utoipa::path(tag = "reports", operation_id = "get_sales_report", security(("oauth2" = ["reports:read"])), params(SalesQuery), responses(
    (status = 200, description = "The figures, read in one snapshot", body = Report<SalesRow>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/reports/sales")]
pub async fn get_sales(call: Call, app: Data<App>) -> Result<Answer, Error> {
    Answer::ok(&sales(&call, &app).await?)
}

/// Get sales as CSV
#[utoipa::path(tag = "reports", operation_id = "get_sales_report_csv", security(("oauth2" = ["reports:read"])), params(SalesQuery), responses(
    (status = 200, description = "The rows (RFC 4180)", body = String, content_type = "text/csv"),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/reports/sales.csv")]
pub async fn get_sales_csv(call: Call, app: Data<App>) -> Result<Answer, Error> {
    Ok(Answer::csv(to_csv(&sales(&call, &app).await?.data)?))
}

/// Get the order cycle time
///
/// How long orders take from ordering to delivery (or shipping), in all and by stage. The definition comes with the answer.
#[utoipa::path(tag = "reports", operation_id = "get_order_cycle_time_report", security(("oauth2" = ["reports:read"])), params(CycleQuery), responses(
    (status = 200, description = "The figures, read in one snapshot", body = Report<CycleTimeRow>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/reports/order_cycle_time")]
pub async fn get_order_cycle_time(call: Call, app: Data<App>) -> Result<Answer, Error> {
    Answer::ok(&order_cycle_time(&call, &app).await?)
}

/// Get the order cycle time as CSV
#[utoipa::path(tag = "reports", operation_id = "get_order_cycle_time_report_csv", security(("oauth2" = ["reports:read"])), params(CycleQuery), responses(
    (status = 200, description = "The rows (RFC 4180)", body = String, content_type = "text/csv"),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/reports/order_cycle_time.csv")]
pub async fn get_order_cycle_time_csv(call: Call, app: Data<App>) -> Result<Answer, Error> {
    Ok(Answer::csv(to_csv(&order_cycle_time(&call, &app).await?.data)?))
}

/// Get the fill rate
///
/// How much of what was due was filled in time, by units, lines and orders. The definition comes with the answer.
#[utoipa::path(tag = "reports", operation_id = "get_fill_rate_report", security(("oauth2" = ["reports:read"])), params(FillQuery), responses(
    (status = 200, description = "The figures, read in one snapshot", body = Report<FillRateRow>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/reports/fill_rate")]
pub async fn get_fill_rate(call: Call, app: Data<App>) -> Result<Answer, Error> {
    Answer::ok(&fill_rate(&call, &app).await?)
}

/// Get the fill rate as CSV
#[utoipa::path(tag = "reports", operation_id = "get_fill_rate_report_csv", security(("oauth2" = ["reports:read"])), params(FillQuery), responses(
    (status = 200, description = "The rows (RFC 4180)", body = String, content_type = "text/csv"),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/reports/fill_rate.csv")]
pub async fn get_fill_rate_csv(call: Call, app: Data<App>) -> Result<Answer, Error> {
    Ok(Answer::csv(to_csv(&fill_rate(&call, &app).await?.data)?))
}
