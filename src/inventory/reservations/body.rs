use crate::inventory::stock::product::{self, Products};
use crate::platform::limits::ORDER_LINES;
use crate::types::absent::null_or;
use crate::types::decimal::Quantity;
use crate::types::fault::Faults;
use crate::types::id::{OrderId, ReservationId};
use crate::types::text_enum::text_enum;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

text_enum! {
    /// A reservation is live by its status, whatever its `expires_at`: expiry is an action that gives the stock back.
    pub enum ReservationStatus {
        Live = "live",
        /// An order took it over.
        Consumed = "consumed",
        Released = "released",
        Expired = "expired",
    }
}

/// A line of a cart.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CartLine {
    #[schema(example = "KOPI-250")]
    pub sku: String,
    #[schema(example = "2")]
    pub quantity: Quantity,
    /// A UN/ECE Recommendation 20 code or alias; the product's base unit by default.
    #[serde(default)]
    #[schema(example = "C62")]
    pub unit: Option<String>,
}

/// A cart to be asked about.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"lines": [{"sku": "KOPI-250", "quantity": "2"}, {"sku": "TEH-100", "quantity": "1"}]}))]
pub struct PostCartAvailability {
    pub lines: Vec<CartLine>,
}

/// A cart to be held.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"lines": [{"sku": "KOPI-250", "quantity": "2"}], "expires_in_seconds": 600}))]
pub struct PostReservation {
    pub lines: Vec<CartLine>,
    /// 1 to 3600, for a storefront's own key 1 to 900; 900 by default.
    #[serde(default = "default_expiry", deserialize_with = "expiry")]
    pub expires_in_seconds: u32,
}

fn default_expiry() -> u32 {
    900
}

fn expiry<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    null_or(deserializer, default_expiry)
}

/// How many lines a cart may have, and how many seconds it may be held.
pub fn check_cart(faults: &mut Faults, lines: &[CartLine]) {
    faults.require(!lines.is_empty(), "/lines", "required", "name at least one line");
    faults.require(lines.len() <= ORDER_LINES, "/lines", "too_many_items", "at most 1000 lines");
}

/// The quantity of a line in base units; what is wrong with it becomes a fault.
pub fn base_quantity(faults: &mut Faults, products: &Products, place: usize, line: &CartLine) -> Option<Decimal> {
    let product = products.get(&line.sku)?;
    let Some(factor) = product.factor(line.unit.as_deref()) else {
        faults.add(format!("/lines/{place}/unit"), "unknown_unit", "this product is not sold in this unit");
        return None;
    };
    product::check_quantity(faults, &format!("/lines/{place}/quantity"), line.quantity.0, Some(product));
    Some(line.quantity.0 * factor)
}

/// The wanted base quantity by SKU of a cart that wants stock; 422 for what is unknown, has no stock, or is not sold.
pub fn wanted(faults: &mut Faults, products: &Products, lines: &[CartLine]) -> BTreeMap<String, Decimal> {
    let mut wanted: BTreeMap<String, Decimal> = BTreeMap::new();
    for (i, line) in lines.iter().enumerate() {
        let pointer = format!("/lines/{i}/sku");
        let Some(product) = product::stocked(products, faults, &pointer, &line.sku) else { continue };
        faults.require(product.active, pointer, "product_inactive", "this product is not sold any more");
        if let Some(quantity) = base_quantity(faults, products, i, line) {
            *wanted.entry(line.sku.clone()).or_default() += quantity;
        }
    }
    wanted
}

/// Whether a cart can be had, line by line.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CartAvailability {
    /// Whether all lines can be had now, together.
    pub available: bool,
    pub lines: Vec<CartLineAvailability>,
}

/// Yes or no, never how much there is. Lines are answered in their order: two of the same product want it twice.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CartLineAvailability {
    #[schema(example = "KOPI-250")]
    pub sku: String,
    #[schema(example = "2")]
    pub quantity: Quantity,
    pub unit: Option<String>,
    pub available: bool,
    /// The first day on which it can be had; null where no supply is known.
    pub available_on: Option<NaiveDate>,
}

/// Stock that a checkout holds for a while. Quantities are in the product's base unit.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Reservation {
    pub id: ReservationId,
    pub status: ReservationStatus,
    pub expires_at: DateTime<Utc>,
    /// The order that took it over.
    pub order_id: Option<OrderId>,
    pub lines: Vec<ReservationLine>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What a list of reservations is narrowed to; empty lists narrow nothing.
#[derive(Clone, Debug, Default)]
pub struct ReservationFilter {
    pub statuses: Vec<String>,
    /// Those that hold any of these products.
    pub skus: Vec<String>,
    pub order_ids: Vec<OrderId>,
    pub updated_from: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ReservationLine {
    #[schema(example = "KOPI-250")]
    pub sku: String,
    #[schema(example = "2")]
    pub quantity: Quantity,
    /// Where it is held. Empty for a storefront: what each location can give would tell how much lies there.
    pub allocations: Vec<ReservedAt>,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ReservedAt {
    #[schema(example = "jakarta-1")]
    pub location: String,
    #[schema(example = "2")]
    pub quantity: Quantity,
}

/// A new reservation with its secret, which is shown this once.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NewReservation {
    /// Send it as `X-Release-Secret` to give the stock back.
    pub release_secret: String,
    #[serde(flatten)]
    pub reservation: Reservation,
}
