use super::body::{MovementFilter, StockMovement};
use super::service;
use crate::app::App;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::openapi::ServiceConfig;
use crate::platform::filters::{any_of, ids, many, parsed};
use crate::platform::http::Answer;
use crate::types::page::{Page, page_after, page_limit};
use actix_web::get;
use actix_web::web::Data;
use chrono::{DateTime, Utc};

pub fn configure(config: &mut ServiceConfig) {
    config.service(list_stock_movements);
}

/// Which movements to list; many values by comma.
#[derive(serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MovementQuery {
    #[param(example = "KOPI-250")]
    sku: Option<String>,
    #[param(example = "jakarta-1")]
    location: Option<String>,
    /// `receipt adjustment count transfer_in transfer_out shipment return snapshot scrap`
    #[param(example = "receipt,shipment")]
    kind: Option<String>,
    /// The receipt, adjustment, transfer, snapshot, shipment or return that caused it.
    subject_id: Option<String>,
    /// Happened at or after this instant.
    from: Option<DateTime<Utc>>,
    /// Happened before this instant.
    to: Option<DateTime<Utc>>,
    /// Rows a page, 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
}

/// List stock movements
#[utoipa::path(tag = "inventory", operation_id = "list_stock_movements", security(("oauth2" = ["inventory:read"])), params(MovementQuery), responses(
    (status = 200, description = "One page of the ledger, the newest first", body = Page<StockMovement>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/inventory/movements")]
pub async fn list_stock_movements(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::INVENTORY_READ)?;
    let query: MovementQuery = call.query()?;
    let filter = MovementFilter {
        skus: any_of(many(query.sku.as_deref())),
        locations: any_of(many(query.location.as_deref())),
        kinds: any_of(parsed("kind", query.kind.as_deref())?),
        subject_ids: any_of(ids("subject_id", query.subject_id.as_deref())?),
        from: query.from,
        to: query.to,
    };
    let filters = format!("movements {filter:?}");
    let limit = page_limit(query.limit)?;
    let before = page_after(query.cursor.as_deref(), &filters, 1)?.and_then(|key| key[0].parse().ok());
    let page = app.db.read(move |connection| service::list(connection, context.organization_id, &filter, before, limit, &filters)).await?;
    Answer::ok(&page)
}
