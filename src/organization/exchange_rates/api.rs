use super::body::{DatedExchangeRate, PutExchangeRate};
use super::service::{self, Filters, Key};
use crate::app::App;
use crate::auth::call::{BulkCall, Call};
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::openapi::ServiceConfig;
use crate::platform::http::Answer;
use crate::types::currency::Currency;
use crate::types::page::{Page, page_after, page_limit};
use actix_web::web::Data;
use actix_web::{get, put};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::IntoParams;

pub fn configure(config: &mut ServiceConfig) {
    config.service(list_exchange_rates).service(put_exchange_rates);
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExchangeRateQuery {
    #[param(value_type = Option<String>, example = "USD")]
    pub from_currency: Option<Currency>,
    #[param(value_type = Option<String>, example = "IDR")]
    pub to_currency: Option<Currency>,
    /// Changed at or after this instant.
    pub updated_from: Option<DateTime<Utc>>,
    /// Rows a page, 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    pub cursor: Option<String>,
}

/// List exchange rates
#[utoipa::path(tag = "organization", operation_id = "list_exchange_rates", security(("oauth2" = ["orders:read"])), params(ExchangeRateQuery), responses(
    (status = 200, description = "One page of exchange rates, by currencies and day", body = Page<DatedExchangeRate>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/exchange_rates")]
pub async fn list_exchange_rates(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ORDERS_READ)?;
    let query: ExchangeRateQuery = call.query()?;
    let filters = Filters { from_currency: query.from_currency, to_currency: query.to_currency, updated_from: query.updated_from };
    let limit = page_limit(query.limit)?;
    let after = page_after(query.cursor.as_deref(), &filters.fingerprint(), 3)?.map(key_of).transpose()?;
    let page = app.db.read(move |connection| service::list(connection, context.organization_id, &filters, after.as_ref(), limit)).await?;
    Answer::ok(&page)
}

fn key_of(parts: Vec<String>) -> Result<Key, Error> {
    let bad = || Error::bad_request("invalid_cursor", "take the cursor from next_cursor");
    let [from_currency, to_currency, day] = <[String; 3]>::try_from(parts).map_err(|_| bad())?;
    Ok(Key { from_currency, to_currency, valid_from_on: day.parse().map_err(|_| bad())? })
}

/// Create or replace exchange rates
///
/// A row is told by `from_currency`, `to_currency` and `valid_from_on`; rows that are not named stay as they are. For the way
/// back between two currencies the inverse is used where no rate of its own is given.
#[utoipa::path(tag = "organization", operation_id = "put_exchange_rates", security(("oauth2" = ["invoices:write"])),
    request_body(content = Vec<PutExchangeRate>, example = json!([
        {"from_currency": "USD", "to_currency": "IDR", "rate": "16250.5", "valid_from_on": "2026-11-01"},
        {"from_currency": "SGD", "to_currency": "IDR", "rate": "12480", "valid_from_on": "2026-11-01"}
    ])), responses(
    (status = 200, description = "The rows, by currencies and day", body = Vec<DatedExchangeRate>),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 422, response = crate::openapi::Invalid),
))]
#[put("/v1/exchange_rates")]
pub async fn put_exchange_rates(call: BulkCall, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::INVOICES_WRITE)?;
    call.no_query()?;
    let body: Vec<PutExchangeRate> = call.json()?;
    let rows = app.db.write(move |connection| service::put(connection, &context, &body)).await?;
    Answer::ok(&rows)
}
