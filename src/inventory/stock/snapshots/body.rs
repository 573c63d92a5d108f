use crate::inventory::stock::change::{Freed, check_line_count};
use crate::inventory::stock::product::{self, Products};
use crate::types::decimal::Quantity;
use crate::types::fault::Faults;
use crate::types::id::StockChangeId;
use crate::types::text::check_text;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use utoipa::ToSchema;

/// What an outside stock system counted at one moment. SKUs that are not named stay as they are.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"location": "bandung-store", "as_of": "2026-11-24T10:00:00Z", "version": 42, "lines": [{"sku": "KOPI-250", "quantity": "36"}]}))]
pub struct PutSnapshot {
    pub location: String,
    /// The moment for which the figures hold. What has moved since is added to them.
    pub as_of: DateTime<Utc>,
    /// Grows with each snapshot of its source; one that is not newer than the last taken is late and ignored.
    pub version: i64,
    pub lines: Vec<SnapshotLine>,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SnapshotLine {
    #[schema(example = "KOPI-250")]
    pub sku: String,
    /// On hand at `as_of`, in the product's base unit.
    #[schema(example = "36")]
    pub quantity: Quantity,
}

impl PutSnapshot {
    /// Adds what can be judged without knowing the products.
    pub fn check(&self, faults: &mut Faults, now: DateTime<Utc>) {
        check_text(faults, "/location", &self.location, 64);
        faults.require(self.as_of <= now, "/as_of", "out_of_range", "must not lie in the future");
        faults.require(self.version >= 0, "/version", "out_of_range", "must not be below 0");
        check_line_count(faults, self.lines.len());
        let mut seen = HashSet::new();
        for (i, line) in self.lines.iter().enumerate() {
            if !seen.insert(&line.sku) {
                faults.add(format!("/lines/{i}/sku"), "duplicate_line", "this SKU is on another line already");
            }
        }
    }

    /// Adds what is wrong with the lines, given the products that they name.
    pub fn check_lines(&self, faults: &mut Faults, products: &Products) {
        for (i, line) in self.lines.iter().enumerate() {
            let product = product::stocked(products, faults, &format!("/lines/{i}/sku"), &line.sku);
            let pointer = format!("/lines/{i}/quantity");
            if line.quantity.0 < Decimal::ZERO {
                faults.add(pointer.clone(), "out_of_range", "must not be below 0");
            }
            product::check_size(faults, &pointer, line.quantity.0, product);
        }
    }
}

/// What became of a snapshot's line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SnapshotOutcome {
    Applied,
    /// Not newer than the last snapshot of this level: ignored.
    Late,
    /// More has gone out since `as_of` than the snapshot had counted: taken as nothing on hand.
    BelowZero,
}

/// A snapshot that has been taken in.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Snapshot {
    pub id: StockChangeId,
    #[schema(example = "bandung-store")]
    pub location: String,
    pub as_of: DateTime<Utc>,
    pub version: i64,
    pub applied_count: usize,
    pub late_count: usize,
    pub lines: Vec<SnapshotResult>,
    /// What orders and reservations lost by it.
    pub freed: Vec<Freed>,
    pub recorded_at: DateTime<Utc>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SnapshotResult {
    #[schema(example = "KOPI-250")]
    pub sku: String,
    pub outcome: SnapshotOutcome,
    /// By how much `on_hand` has changed.
    pub change: Quantity,
    /// On hand now: the snapshot and what has moved since.
    pub on_hand: Quantity,
}
