//! Which order lines an incoming supply is promised to: who is hit if it slips.

use super::store;
use crate::app::App;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::inventory::incoming;
use crate::platform::http::Answer;
use crate::types::decimal::Quantity;
use crate::types::id::{IncomingSupplyId, OrderId, OrderLineId};
use crate::types::page::{Page, encode_cursor, page_after, page_limit};
use actix_web::get;
use actix_web::web::Data;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A line that is promised a part of an incoming supply.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PeggedLine {
    pub order_id: OrderId,
    #[schema(example = "SO-000123")]
    pub order_number: String,
    pub order_line_id: OrderLineId,
    #[schema(example = 1)]
    pub line_number: i16,
    /// In the product's base unit.
    #[schema(example = "12")]
    pub quantity: Quantity,
    /// When all of the line arrives.
    pub promised_on: Option<NaiveDate>,
    pub first_promised_on: Option<NaiveDate>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PegQuery {
    /// Rows a page, 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List the lines that incoming supply is promised to
#[utoipa::path(tag = "inventory", operation_id = "list_pegs", security(("oauth2" = ["orders:read"])), params(("id" = IncomingSupplyId, Path, description = "The incoming supply"), PegQuery), responses(
    (status = 200, description = "One page of lines, the oldest order first", body = Page<PeggedLine>),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/inventory/incoming/{id}/pegs")]
pub async fn list_pegs(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ORDERS_READ)?;
    let query: PegQuery = call.query()?;
    let id: IncomingSupplyId = call.path("id")?;
    let filters = format!("pegs {id}");
    let limit = page_limit(query.limit)?;
    let key = page_after(query.cursor.as_deref(), &filters, 2)?;
    let after: Option<(OrderId, i16)> = key.and_then(|key| Some((key[0].parse().ok()?, key[1].parse().ok()?)));
    let page = app
        .db
        .read(move |connection| {
            incoming::service::get(connection, context.organization_id, id)?;
            let rows = store::pegs::page(connection, context.organization_id, id, after, limit as i64 + 1)?;
            Ok(Page::cut(rows, limit, |row| encode_cursor(&filters, &[row.order_id.to_string(), row.line_number.to_string()])))
        })
        .await?;
    Answer::ok(&page)
}
