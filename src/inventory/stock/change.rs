//! How a change of stock is answered.

use super::locked::{Cause, WrittenLevel};
use crate::auth::actor::Context;
use crate::events::event::NewEvent;
use crate::platform::limits::BULK_ROWS;
use crate::types::decimal::{Quantity, UnitPrice};
use crate::types::fault::Faults;
use crate::types::id::{OrderId, OrderLineId, ReservationId, StockChangeId};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

/// A receipt, adjustment, transfer or quarantine that has taken place. Its movements are
/// `GET /v1/inventory/movements?subject_id={id}`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StockChange {
    pub id: StockChangeId,
    pub reason: Option<String>,
    #[schema(example = "DO-2026-0815")]
    pub reference: Option<String>,
    /// The levels that it touched, as they are now.
    pub lines: Vec<ChangedLevel>,
    /// What orders and reservations lost by it.
    pub freed: Vec<Freed>,
    pub recorded_at: DateTime<Utc>,
}

/// A stock level after a change. Quantities are in the product's base unit.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ChangedLevel {
    #[schema(example = "KOPI-250")]
    pub sku: String,
    #[schema(example = "jakarta-1")]
    pub location: String,
    /// By how much `on_hand` has changed.
    pub change: Quantity,
    pub on_hand: Quantity,
    pub reserved: Quantity,
    pub quarantined: Quantity,
    pub available: Quantity,
    pub unit_cost: Option<UnitPrice>,
    pub version: i64,
}

impl From<&WrittenLevel> for ChangedLevel {
    fn from(written: &WrittenLevel) -> Self {
        let level = &written.level;
        Self {
            sku: level.sku.clone(),
            location: level.location.clone(),
            change: Quantity(written.change),
            on_hand: Quantity(level.on_hand),
            reserved: Quantity(level.reserved),
            quarantined: Quantity(level.quarantined),
            available: Quantity(level.available()),
            unit_cost: level.unit_cost.map(UnitPrice),
            version: level.version,
        }
    }
}

/// Where a promise went that stock could not keep.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FreedInto {
    /// The line waits for supply.
    Backordered,
    /// The line waits on hold for stock, or for somebody to decide.
    Unallocated,
    /// The reservation is gone.
    Released,
}

/// A promise that was taken back because stock is not there.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Freed {
    #[schema(example = "KOPI-250")]
    pub sku: String,
    #[schema(example = "jakarta-1")]
    pub location: String,
    /// In the product's base unit.
    pub quantity: Quantity,
    pub became: FreedInto,
    pub order_id: Option<OrderId>,
    #[schema(example = "SO-000123")]
    pub order_number: Option<String>,
    pub order_line_id: Option<OrderLineId>,
    pub reservation_id: Option<ReservationId>,
}

impl StockChange {
    pub fn new(context: &Context, id: StockChangeId, cause: &Cause, written: &[WrittenLevel], freed: Vec<Freed>) -> Self {
        Self {
            id,
            reason: cause.reason.clone(),
            reference: cause.reference.clone(),
            lines: written.iter().map(ChangedLevel::from).collect(),
            freed,
            recorded_at: context.now,
        }
    }

    /// The event of the whole change; its movements are read by its id.
    pub fn event(&self, event_type: &'static str, location: &str) -> NewEvent {
        let data = json!({
            "location": location,
            "reason": self.reason,
            "reference": self.reference,
            "levels_changed": self.lines.iter().filter(|line| !line.change.0.is_zero()).count(),
        });
        NewEvent::of(event_type, "stock_change", self.id.0, data)
    }

    /// Where its movements are.
    pub fn movements_path(&self) -> String {
        format!("/v1/inventory/movements?subject_id={}", self.id)
    }
}

/// Adds a fault unless there are 1 to 100,000 lines.
pub fn check_line_count(faults: &mut Faults, count: usize) {
    faults.require(count > 0, "/lines", "required", "name at least one line");
    faults.require(count <= BULK_ROWS, "/lines", "too_many_items", "at most 100000 lines a call");
}
