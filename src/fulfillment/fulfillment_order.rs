//! A fulfillment order: what one location has to pick, pack and ship of one order. Its lines *are* the allocations.

use crate::types::id::FulfillmentOrderId;
use crate::types::text_enum::text_enum;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;

text_enum! {
    pub enum FulfillmentOrderStatus {
        Open = "open",
        OnHold = "on_hold",
        Picking = "picking",
        Packed = "packed",
        Shipped = "shipped",
        Cancelled = "cancelled",
    }
}

/// One order line's share at one location, in the order line's unit. `picked ≥ packed ≥ shipped`, all counted from the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allocation {
    pub line_number: i16,
    pub sku: String,
    /// Shipped units included.
    pub quantity: Decimal,
    /// Base units in one unit.
    pub unit_factor: Decimal,
    pub picked: Decimal,
    pub packed: Decimal,
    pub shipped: Decimal,
    /// Why this location.
    pub reason: Option<String>,
}

impl Allocation {
    /// Not yet shipped.
    pub fn open(&self) -> Decimal {
        self.quantity - self.shipped
    }

    /// Not yet shipped, in base units: what the shelf has reserved for it.
    pub fn open_base(&self) -> Decimal {
        self.open() * self.unit_factor
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FulfillmentOrder {
    pub id: FulfillmentOrderId,
    pub number: String,
    pub location: String,
    pub status: FulfillmentOrderStatus,
    pub ship_by_on: Option<NaiveDate>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub lines: Vec<Allocation>,
}

impl FulfillmentOrder {
    /// A new one without lines.
    pub fn open(number: String, location: String, held: bool, at: DateTime<Utc>) -> Self {
        Self {
            id: FulfillmentOrderId::generate(),
            number,
            location,
            status: if held { FulfillmentOrderStatus::OnHold } else { FulfillmentOrderStatus::Open },
            ship_by_on: None,
            version: 1,
            created_at: at,
            updated_at: at,
            lines: vec![],
        }
    }

    /// Whether something is still to be shipped.
    pub fn is_live(&self) -> bool {
        match self.status {
            FulfillmentOrderStatus::Open
            | FulfillmentOrderStatus::OnHold
            | FulfillmentOrderStatus::Picking
            | FulfillmentOrderStatus::Packed => true,
            FulfillmentOrderStatus::Shipped | FulfillmentOrderStatus::Cancelled => false,
        }
    }

    /// Derives the status from its lines: nothing open is shipped or cancelled; everything packed, picked; a hold waits.
    pub fn settle(&mut self, held: bool) {
        let zero = Decimal::ZERO;
        self.lines.retain(|line| line.quantity > zero);
        let open = || self.lines.iter().filter(|line| line.open() > zero);
        self.status = if open().next().is_none() {
            if self.lines.iter().any(|line| line.shipped > zero) {
                FulfillmentOrderStatus::Shipped
            } else {
                FulfillmentOrderStatus::Cancelled
            }
        } else if held {
            FulfillmentOrderStatus::OnHold
        } else if open().all(|line| line.packed == line.quantity) {
            FulfillmentOrderStatus::Packed
        } else if open().any(|line| line.picked > line.shipped) {
            FulfillmentOrderStatus::Picking
        } else {
            FulfillmentOrderStatus::Open
        };
    }
}
