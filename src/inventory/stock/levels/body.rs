use crate::types::decimal::{Quantity, UnitPrice};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// One product at one location. Quantities are in the product's base unit.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InventoryLevel {
    #[schema(example = "KOPI-250")]
    pub sku: String,
    #[schema(example = "jakarta-1")]
    pub location: String,
    #[schema(example = "120")]
    pub on_hand: Quantity,
    /// Promised to orders and checkouts.
    #[schema(example = "20")]
    pub reserved: Quantity,
    pub safety_stock: Quantity,
    pub quarantined: Quantity,
    /// `on_hand − reserved − safety_stock − quarantined`; below zero only after a count. Of a location that is inactive or a supplier's it
    /// is what a transfer may take, and is promised to nobody: what orders can get is `GET /v1/inventory/availability`.
    #[schema(example = "100")]
    pub available: Quantity,
    /// Open incoming supply.
    pub incoming: Quantity,
    pub reorder_point: Option<Quantity>,
    /// Moving average in the organization's base currency, per base unit.
    pub unit_cost: Option<UnitPrice>,
    pub version: i64,
    pub updated_at: DateTime<Utc>,
}

/// Which levels to list; `None` is any.
#[derive(Clone, Debug, Default)]
pub struct InventoryFilter {
    pub skus: Option<Vec<String>>,
    pub locations: Option<Vec<String>>,
    pub below_reorder_point: bool,
    pub updated_from: Option<DateTime<Utc>>,
}
