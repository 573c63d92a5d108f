use crate::inventory::stock::level::StockLevel;
use crate::types::absent::null_is_default;
use crate::types::decimal::Quantity;
use chrono::{DateTime, Utc};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What to keep back and when to order more.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"safety_stock": "5", "reorder_point": "20"}))]
pub struct PutPolicy {
    /// Never promised to orders. In the product's base unit.
    #[serde(default, deserialize_with = "null_is_default")]
    pub safety_stock: Quantity,
    /// `inventory.low_stock` is told when available stock falls below this.
    #[serde(default)]
    pub reorder_point: Option<Quantity>,
    // A `PUT` takes its own `GET` body back; these are ignored.
    #[serde(default, rename = "sku")]
    #[schema(ignore)]
    _sku: Option<IgnoredAny>,
    #[serde(default, rename = "location")]
    #[schema(ignore)]
    _location: Option<IgnoredAny>,
    #[serde(default, rename = "version")]
    #[schema(ignore)]
    _version: Option<IgnoredAny>,
    #[serde(default, rename = "updated_at")]
    #[schema(ignore)]
    _updated_at: Option<IgnoredAny>,
}

/// What is kept back of a product at a location, and when to order more.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StockPolicy {
    #[schema(example = "KOPI-250")]
    pub sku: String,
    #[schema(example = "jakarta-1")]
    pub location: String,
    #[schema(example = "5")]
    pub safety_stock: Quantity,
    pub reorder_point: Option<Quantity>,
    /// Of the policy: receipts and orders leave it.
    pub version: i64,
    pub updated_at: DateTime<Utc>,
}

impl From<&StockLevel> for StockPolicy {
    fn from(level: &StockLevel) -> Self {
        Self {
            sku: level.sku.clone(),
            location: level.location.clone(),
            safety_stock: Quantity(level.safety_stock),
            reorder_point: level.reorder_point.map(Quantity),
            version: level.policy_version,
            updated_at: level.policy_updated_at,
        }
    }
}
