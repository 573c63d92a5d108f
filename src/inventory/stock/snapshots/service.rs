use super::body::{PutSnapshot, SnapshotOutcome, SnapshotResult};
use crate::error::Error;
use crate::inventory::stock::level::{MovementKind, ShelfKey};
use crate::inventory::stock::locked::{Cause, LockedStock};
use crate::inventory::stock::store;
use crate::types::decimal::Quantity;
use crate::types::id::OrganizationId;
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use std::collections::HashMap;

/// Writes the figures into locked levels: on hand now is what was counted at `as_of` plus all that has moved since. What is
/// then reserved beyond the shelf is the caller's to take back.
pub fn apply(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    stock: &mut LockedStock,
    body: &PutSnapshot,
    cause: &Cause,
) -> Result<Vec<SnapshotResult>, Error> {
    let keys: Vec<ShelfKey> = stock.levels().map(|level| level.key()).collect();
    let moved: HashMap<ShelfKey, Decimal> =
        store::movements::moved_since(connection, organization_id, &keys, body.as_of)?.into_iter().collect();
    decide(stock, body, &moved, cause)
}

fn decide(
    stock: &mut LockedStock,
    body: &PutSnapshot,
    moved: &HashMap<ShelfKey, Decimal>,
    cause: &Cause,
) -> Result<Vec<SnapshotResult>, Error> {
    let mut results = Vec::with_capacity(body.lines.len());
    for line in &body.lines {
        let key = ShelfKey::new(&line.sku, &body.location);
        let level = stock.level_mut(&key)?;
        let before = level.on_hand;
        if level.is_late(body.as_of, body.version) {
            results.push(SnapshotResult {
                sku: line.sku.clone(),
                outcome: SnapshotOutcome::Late,
                change: Quantity(Decimal::ZERO),
                on_hand: Quantity(before),
            });
            continue;
        }
        let now = line.quantity.0 + moved.get(&key).copied().unwrap_or_default();
        let outcome = if now < Decimal::ZERO { SnapshotOutcome::BelowZero } else { SnapshotOutcome::Applied };
        let now = now.max(Decimal::ZERO);
        level.snapshot_as_of = Some(body.as_of);
        level.snapshot_version = Some(body.version);
        stock.move_stock(&key, MovementKind::Snapshot, now - before, None, cause)?;
        results.push(SnapshotResult { sku: line.sku.clone(), outcome, change: Quantity(now - before), on_hand: Quantity(now) });
    }
    Ok(results)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::stock::level::StockLevel;
    use chrono::DateTime;

    fn level(on_hand: i64) -> StockLevel {
        StockLevel {
            sku: "A".into(),
            location: "l".into(),
            on_hand: on_hand.into(),
            reserved: 0.into(),
            safety_stock: 0.into(),
            quarantined: 0.into(),
            reorder_point: None,
            unit_cost: None,
            snapshot_as_of: DateTime::from_timestamp(1000, 0),
            snapshot_version: Some(5),
            version: 1,
            updated_at: DateTime::default(),
            policy_version: 1,
            policy_updated_at: DateTime::default(),
        }
    }

    fn run(version: i64, counted: &str, moved: i64) -> (SnapshotOutcome, Decimal, Decimal) {
        let body = serde_json::json!({"location": "l", "as_of": "1970-01-01T01:00:00Z", "version": version, "lines": [{"sku": "A", "quantity": counted}]});
        let body: PutSnapshot = serde_json::from_value(body).unwrap();
        let cause = Cause { reason: None, reference: None, subject_id: uuid::Uuid::nil(), occurred_at: body.as_of };
        let mut stock = LockedStock::of(vec![level(10)]);
        let moved = [(ShelfKey::new("A", "l"), Decimal::from(moved))].into();
        let result = decide(&mut stock, &body, &moved, &cause).unwrap().remove(0);
        assert_eq!(stock.level(&ShelfKey::new("A", "l")).unwrap().on_hand, result.on_hand.0);
        (result.outcome, result.change.0, result.on_hand.0)
    }

    #[test]
    fn what_has_moved_since_is_added_to_what_was_counted() {
        assert_eq!(run(6, "12", -3), (SnapshotOutcome::Applied, (-1).into(), 9.into()));
        assert_eq!(run(6, "2", -3), (SnapshotOutcome::BelowZero, (-10).into(), 0.into()));
        assert_eq!(run(5, "12", -3), (SnapshotOutcome::Late, 0.into(), 10.into()));
    }
}
