//! How much of a product lies at a location, and what of it may be promised. Quantities are in the product's base unit.

use crate::types::currency::rounded;
use crate::types::text_enum::text_enum;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

/// One product at one location. Its order, SKU before location, is the order in which rows are locked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShelfKey {
    pub sku: String,
    pub location: String,
}

impl ShelfKey {
    pub fn new(sku: impl Into<String>, location: impl Into<String>) -> Self {
        Self { sku: sku.into(), location: location.into() }
    }
}

/// So much of one product at one location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShelfQuantity {
    pub sku: String,
    pub location: String,
    /// In the product's base unit.
    pub quantity: Decimal,
}

impl ShelfQuantity {
    pub fn new(sku: impl Into<String>, location: impl Into<String>, quantity: Decimal) -> Self {
        Self { sku: sku.into(), location: location.into(), quantity }
    }

    pub fn key(&self) -> ShelfKey {
        ShelfKey::new(&self.sku, &self.location)
    }
}

/// What is known of one product at one location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockLevel {
    pub sku: String,
    pub location: String,
    pub on_hand: Decimal,
    /// Open allocations and live reservations.
    pub reserved: Decimal,
    pub safety_stock: Decimal,
    pub quarantined: Decimal,
    pub reorder_point: Option<Decimal>,
    /// Moving average in the organization's base currency, per base unit.
    pub unit_cost: Option<Decimal>,
    pub snapshot_as_of: Option<DateTime<Utc>>,
    pub snapshot_version: Option<i64>,
    pub version: i64,
    pub updated_at: DateTime<Utc>,
    /// Of safety stock and reorder point, which stay while stock comes and goes.
    pub policy_version: i64,
    pub policy_updated_at: DateTime<Utc>,
}

impl StockLevel {
    pub fn key(&self) -> ShelfKey {
        ShelfKey::new(&self.sku, &self.location)
    }

    /// What may still be promised. Below zero only after a count.
    pub fn available(&self) -> Decimal {
        self.on_hand - self.reserved - self.safety_stock - self.quarantined
    }

    pub fn is_below_reorder_point(&self) -> bool {
        self.reorder_point.is_some_and(|point| self.available() < point)
    }

    /// How much must be taken back from orders and carts so that `reserved` is covered by goods that may leave: goods in quarantine
    /// serve no promise. Where a count finds less than the quarantine says, all of it is taken for bad until somebody releases it.
    pub fn missing(&self) -> Decimal {
        (self.reserved - (self.on_hand - self.quarantined).max(Decimal::ZERO)).max(Decimal::ZERO)
    }

    /// Whether a snapshot of this moment and version is not newer than the last one that was taken.
    pub fn is_late(&self, as_of: DateTime<Utc>, version: i64) -> bool {
        self.snapshot_as_of.is_some_and(|last| as_of < last) || self.snapshot_version.is_some_and(|last| version <= last)
    }

    /// The moving average after `quantity` more at `unit_cost`, to 6 places. Stock without a cost takes the cost of what comes.
    pub fn average_with(&self, quantity: Decimal, unit_cost: Option<Decimal>) -> Option<Decimal> {
        let there = self.on_hand.max(Decimal::ZERO);
        match (self.unit_cost, unit_cost) {
            (current, None) => current,
            (None, Some(cost)) => Some(rounded(cost, 6)),
            (Some(_), Some(cost)) if there.is_zero() => Some(rounded(cost, 6)),
            (Some(current), Some(cost)) => {
                // Weights first: the product of a large stock and a large cost would leave the range of a decimal.
                let share = quantity / (there + quantity);
                Some(rounded(current + (cost - current) * share, 6))
            }
        }
    }
}

text_enum! {
    /// Why stock changed.
    pub enum MovementKind {
        Receipt = "receipt",
        /// A difference that somebody found.
        Adjustment = "adjustment",
        /// The difference to what somebody counted.
        Count = "count",
        TransferIn = "transfer_in",
        TransferOut = "transfer_out",
        Shipment = "shipment",
        Return = "return",
        /// The difference to an outside system's figure.
        Snapshot = "snapshot",
        Scrap = "scrap",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn level(on_hand: i64, reserved: i64) -> StockLevel {
        StockLevel {
            sku: "KOPI-250".into(),
            location: "jakarta-1".into(),
            on_hand: on_hand.into(),
            reserved: reserved.into(),
            safety_stock: 2.into(),
            quarantined: 1.into(),
            reorder_point: Some(5.into()),
            unit_cost: None,
            snapshot_as_of: None,
            snapshot_version: None,
            version: 1,
            updated_at: DateTime::default(),
            policy_version: 1,
            policy_updated_at: DateTime::default(),
        }
    }

    #[test]
    fn available_leaves_out_what_is_reserved_kept_back_or_quarantined() {
        assert_eq!(level(10, 3).available(), 4.into());
        assert!(level(10, 3).is_below_reorder_point());
        assert!(!level(11, 3).is_below_reorder_point());
    }

    #[test]
    fn only_what_is_reserved_beyond_the_good_ones_is_missing() {
        assert_eq!(level(10, 3).missing(), 0.into());
        assert_eq!(level(4, 3).missing(), 0.into());
        assert_eq!(level(3, 3).missing(), 1.into(), "one of the three is in quarantine");
        assert_eq!(level(0, 3).missing(), 3.into(), "never more than was promised");
    }

    #[test]
    fn a_snapshot_is_late_by_time_or_by_version() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let mut level = level(1, 0);
        assert!(!level.is_late(at(0), 0));
        level.snapshot_as_of = Some(at(100));
        level.snapshot_version = Some(7);
        assert!(level.is_late(at(99), 8), "older moment");
        assert!(level.is_late(at(101), 7), "version taken before");
        assert!(!level.is_late(at(100), 8), "a correction of the same moment");
    }

    #[test]
    fn the_average_cost_moves_by_weight() {
        let mut shelf = level(30, 0);
        assert_eq!(shelf.average_with(10.into(), Some(5.into())), Some(5.into()), "no cost yet");
        shelf.unit_cost = Some(10.into());
        assert_eq!(shelf.average_with(10.into(), Some(14.into())), Some(11.into()));
        assert_eq!(shelf.average_with(10.into(), None), Some(10.into()), "unknown cost changes nothing");
        shelf.on_hand = 0.into();
        assert_eq!(shelf.average_with(10.into(), Some(14.into())), Some(14.into()), "an empty shelf forgets");
    }

    proptest! {
        #[test]
        fn the_average_lies_between_old_and_new(on_hand in 0i64..1_000_000_000, quantity in 1i64..1_000_000_000, old in 0i64..99_999_999_999_999, new in 0i64..99_999_999_999_999) {
            let mut shelf = level(on_hand, 0);
            shelf.unit_cost = Some(old.into());
            let average = shelf.average_with(quantity.into(), Some(new.into())).unwrap();
            prop_assert!(average >= Decimal::from(old.min(new)) && average <= Decimal::from(old.max(new)));
        }
    }
}
