use super::body::{InventoryFilter, InventoryLevel};
use super::service;
use crate::app::App;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::inventory::stock::level::ShelfKey;
use crate::openapi::ServiceConfig;
use crate::platform::filters::{any_of, many};
use crate::platform::http::Answer;
use crate::types::page::{Page, page_after, page_limit};
use actix_web::get;
use actix_web::web::Data;
use chrono::{DateTime, Utc};

pub fn configure(config: &mut ServiceConfig) {
    config.service(list_inventory);
}

/// Which levels to list; many values by comma.
#[derive(serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct InventoryQuery {
    #[param(example = "KOPI-250,TEH-100")]
    sku: Option<String>,
    #[param(example = "jakarta-1")]
    location: Option<String>,
    /// Only levels whose available stock is below their reorder point.
    below_reorder_point: Option<bool>,
    /// Changed at or after this instant.
    updated_from: Option<DateTime<Utc>>,
    /// Rows a page, 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
}

/// List stock levels
#[utoipa::path(tag = "inventory", operation_id = "list_inventory", security(("oauth2" = ["inventory:read"])), params(InventoryQuery), responses(
    (status = 200, description = "One page of stock levels, by SKU and location", body = Page<InventoryLevel>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/inventory")]
pub async fn list_inventory(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::INVENTORY_READ)?;
    let query: InventoryQuery = call.query()?;
    let filter = InventoryFilter {
        skus: any_of(many(query.sku.as_deref())),
        locations: any_of(many(query.location.as_deref())),
        below_reorder_point: query.below_reorder_point.unwrap_or(false),
        updated_from: query.updated_from,
    };
    let filters = format!("inventory {filter:?}");
    let limit = page_limit(query.limit)?;
    let after = page_after(query.cursor.as_deref(), &filters, 2)?.map(|key| ShelfKey::new(&key[0], &key[1]));
    let page =
        app.db.read(move |connection| service::list(connection, context.organization_id, &filter, after.as_ref(), limit, &filters)).await?;
    Answer::ok(&page)
}
