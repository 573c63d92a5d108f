use crate::types::decimal::Quantity;
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

/// When a quantity of a product can be had. Quantities are in its base unit.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Availability {
    #[schema(example = "KOPI-250")]
    pub sku: String,
    #[schema(example = "10")]
    pub quantity: Quantity,
    /// Whether all of it can be promised now.
    pub available_now: bool,
    /// Today, or the first day on which stock and incoming supply cover it after all who wait already; null where none does.
    pub available_on: Option<NaiveDate>,
    /// What can be promised now, over all active locations.
    #[schema(example = "120")]
    pub available: Quantity,
    /// Open incoming supply, whatever its day.
    pub incoming: Quantity,
    /// What of it is promised to order lines that wait already.
    pub pegged: Quantity,
    /// Owed to order lines that wait for supply, pegged or not.
    pub backordered: Quantity,
    /// By the order in which locations ship.
    pub locations: Vec<LocationAvailability>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LocationAvailability {
    #[schema(example = "jakarta-1")]
    pub location: String,
    #[schema(example = "100")]
    pub available: Quantity,
}
