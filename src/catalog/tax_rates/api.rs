use super::body::{PutTaxRate, TaxRate};
use super::service::{self, Filter};
use crate::app::App;
use crate::auth::call::{BulkCall, Call};
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::openapi::ServiceConfig;
use crate::platform::filters::{any_of, many};
use crate::platform::http::Answer;
use crate::platform::limits;
use crate::types::page::{Page, page_limit};
use actix_web::web::Data;
use actix_web::{get, put};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::IntoParams;

pub fn configure(config: &mut ServiceConfig) {
    config.service(list_tax_rates).service(put_tax_rates);
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TaxRateQuery {
    /// Many by comma.
    #[param(example = "ID")]
    country: Option<String>,
    /// Many by comma.
    #[param(example = "standard")]
    tax_category: Option<String>,
    /// Changed at or after.
    updated_from: Option<DateTime<Utc>>,
    /// Rows a page, 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
}

impl TaxRateQuery {
    /// What a cursor is bound to.
    fn name(&self) -> String {
        format!("tax_rates {:?} {:?} {:?}", self.country, self.tax_category, self.updated_from)
    }

    fn filter(&self) -> Filter {
        Filter {
            countries: any_of(many(self.country.as_deref())),
            tax_categories: any_of(many(self.tax_category.as_deref())),
            updated_from: self.updated_from,
        }
    }
}

/// List tax rates
#[utoipa::path(tag = "catalog", operation_id = "list_tax_rates", security(("oauth2" = ["catalog:read"])), params(TaxRateQuery), responses(
    (status = 200, description = "One page of tax rates, by country and region", body = Page<TaxRate>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/tax_rates")]
pub async fn list_tax_rates(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::CATALOG_READ)?;
    let query: TaxRateQuery = call.query()?;
    let (name, limit) = (query.name(), page_limit(query.limit)?);
    let (filter, start) = (query.filter(), service::start(query.cursor.as_deref(), &name)?);
    let page =
        app.db.read(move |connection| service::list(connection, context.organization_id, &filter, start.as_ref(), &name, limit)).await?;
    Answer::ok(&page)
}

/// Create or replace tax rates
#[utoipa::path(tag = "catalog", operation_id = "put_tax_rates", security(("oauth2" = ["catalog:write"])), request_body(
    content = Vec<PutTaxRate>, description = "1 to 100,000 tax rates; those that are not named stay", example = json!([
        {"country": "ID", "tax_category": "standard", "tax_scheme_category": "S", "name": "PPN", "rate": "0.12", "base_fraction": "11/12"},
        {"country": "ID", "tax_category": "exempt", "tax_scheme_category": "E", "name": "Bebas PPN", "rate": "0"}
    ])), responses(
    (status = 200, description = "The tax rates, in the order of the request", body = Vec<TaxRate>),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 422, response = crate::openapi::Invalid),
))]
#[put("/v1/tax_rates")]
pub async fn put_tax_rates(call: BulkCall, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::CATALOG_WRITE)?;
    call.no_query()?;
    let body: Vec<PutTaxRate> = call.json()?;
    limits::check_bulk(body.len())?;
    let rows = app.db.write(move |connection| service::put_many(connection, &context, &body)).await?;
    Answer::ok(&rows)
}
