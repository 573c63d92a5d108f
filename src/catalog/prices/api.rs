use super::body::{Price, PutPrice};
use super::service::{self, Filter};
use crate::app::App;
use crate::auth::call::{BulkCall, Call};
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::platform::filters::{any_of, many};
use crate::platform::http::Answer;
use crate::platform::limits;
use crate::types::bulk::{BulkOutcomes, BulkQuery};
use crate::types::page::{Page, page_limit};
use actix_web::web::Data;
use actix_web::{get, put};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn configure(config: &mut ServiceConfig) {
    config.service(list_prices).service(put_prices);
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PriceQuery {
    /// Many by comma.
    #[param(example = "KOPI-250")]
    sku: Option<String>,
    /// Many by comma.
    #[param(example = "default")]
    price_list: Option<String>,
    /// Many by comma.
    #[param(example = "IDR")]
    currency: Option<String>,
    /// Changed at or after.
    updated_from: Option<DateTime<Utc>>,
    /// Rows a page, 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
}

impl PriceQuery {
    /// What a cursor is bound to.
    fn name(&self) -> String {
        format!("prices {:?} {:?} {:?} {:?}", self.sku, self.price_list, self.currency, self.updated_from)
    }

    fn filter(&self) -> Filter {
        Filter {
            skus: any_of(many(self.sku.as_deref())),
            price_lists: any_of(many(self.price_list.as_deref())),
            currencies: any_of(many(self.currency.as_deref())),
            updated_from: self.updated_from,
        }
    }
}

/// List prices
#[utoipa::path(tag = "catalog", operation_id = "list_prices", security(("oauth2" = ["catalog:read"])), params(PriceQuery), responses(
    (status = 200, description = "One page of prices, by SKU", body = Page<Price>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/prices")]
pub async fn list_prices(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::CATALOG_READ)?;
    let query: PriceQuery = call.query()?;
    let (name, limit) = (query.name(), page_limit(query.limit)?);
    let (filter, start) = (query.filter(), service::start(query.cursor.as_deref(), &name)?);
    let page =
        app.db.read(move |connection| service::list(connection, context.organization_id, &filter, start.as_ref(), &name, limit)).await?;
    Answer::ok(&page)
}

/// The prices in the order of the request, or with `answer=outcomes` what became of each. Only for the document: each is written
/// as it is.
#[derive(serde::Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub enum PutPrices {
    Rows(Vec<Price>),
    Outcomes(BulkOutcomes),
}

/// Create or replace prices
///
/// For systems that keep prices elsewhere: `source_version` orders what they send, so that what comes late changes nothing, and
/// `answer=outcomes` answers counts and one word a row instead of the prices.
#[utoipa::path(tag = "catalog", operation_id = "put_prices", security(("oauth2" = ["catalog:write"])), params(BulkQuery), request_body(
    content = Vec<PutPrice>, description = "1 to 100,000 prices; those that are not named stay", example = json!([
        {"sku": "KOPI-250", "currency": "IDR", "unit_price": "85000.00"},
        {"price_list": "wholesale", "sku": "KOPI-250", "currency": "IDR", "unit_price": "72000.00", "min_quantity": "12", "valid_from_on": "2026-01-01"}
    ])), responses(
    (status = 200, description = "The prices, in the order of the request; with `answer=outcomes` what became of each", body = PutPrices),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 422, response = crate::openapi::Invalid),
))]
#[put("/v1/prices")]
pub async fn put_prices(call: BulkCall, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::CATALOG_WRITE)?;
    let query: BulkQuery = call.query()?;
    let body: Vec<PutPrice> = call.json()?;
    limits::check_bulk(body.len())?;
    if query.wants_outcomes() {
        let outcomes = app.db.write(move |connection| service::put_all(connection, &context, &body)).await?;
        return Answer::ok(&BulkOutcomes::of(outcomes));
    }
    let rows = app.db.write(move |connection| service::put_many(connection, &context, &body)).await?;
    Answer::ok(&rows)
}
