use super::body::{PostQuarantine, QuarantineAction};
use crate::error::Error;
use crate::inventory::stock::level::{MovementKind, ShelfKey, ShelfQuantity};
use crate::inventory::stock::locked::{Cause, LockedStock};
use crate::inventory::stock::short::{Short, insufficient_stock};
use rust_decimal::Decimal;

/// Writes the lines into locked levels and tells what is then promised beyond what is good. Goods are found bad whether or not
/// somebody waits for them, so as with a count the promise gives way. 409 `insufficient_stock` where a line names more than
/// lies there, good or quarantined.
pub fn apply(stock: &mut LockedStock, body: &PostQuarantine, cause: &Cause) -> Result<Vec<ShelfQuantity>, Error> {
    let mut short = vec![];
    for line in &body.lines {
        let key = ShelfKey::new(&line.sku, &body.location);
        let quantity = line.quantity.0;
        let level = stock.level_mut(&key)?;
        let there = match line.action {
            QuarantineAction::Quarantine => (level.on_hand - level.quarantined).max(Decimal::ZERO),
            QuarantineAction::Release => level.quarantined,
            // After a count there may be less on the shelf than the quarantine says.
            QuarantineAction::Scrap => level.quarantined.min(level.on_hand),
        };
        if quantity > there {
            short.push(Short::at(&line.sku, &body.location, quantity, there));
            continue;
        }
        match line.action {
            QuarantineAction::Quarantine => level.quarantined += quantity,
            QuarantineAction::Release => level.quarantined -= quantity,
            QuarantineAction::Scrap => {
                level.quarantined -= quantity;
                stock.move_stock(&key, MovementKind::Scrap, -quantity, None, cause)?;
            }
        }
    }
    if !short.is_empty() {
        return Err(insufficient_stock(&short));
    }
    Ok(stock.missing())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::stock::level::StockLevel;
    use chrono::DateTime;

    fn shelf(on_hand: i64, reserved: i64, quarantined: i64) -> LockedStock {
        LockedStock::of(vec![StockLevel {
            sku: "A".into(),
            location: "l".into(),
            on_hand: on_hand.into(),
            reserved: reserved.into(),
            safety_stock: 0.into(),
            quarantined: quarantined.into(),
            reorder_point: None,
            unit_cost: None,
            snapshot_as_of: None,
            snapshot_version: None,
            version: 1,
            updated_at: DateTime::default(),
            policy_version: 1,
            policy_updated_at: DateTime::default(),
        }])
    }

    fn run(stock: &mut LockedStock, action: &str, quantity: &str) -> Result<Vec<ShelfQuantity>, Error> {
        let body = serde_json::json!({"location": "l", "reason": "r", "lines": [{"sku": "A", "quantity": quantity, "action": action}]});
        let cause = Cause { reason: None, reference: None, subject_id: uuid::Uuid::nil(), occurred_at: DateTime::default() };
        apply(stock, &serde_json::from_value(body).unwrap(), &cause)
    }

    #[test]
    fn bad_goods_are_taken_from_promises_only_as_far_as_needed() {
        assert_eq!(run(&mut shelf(10, 6, 1), "quarantine", "3").unwrap(), []);
        assert_eq!(run(&mut shelf(10, 6, 1), "quarantine", "5").unwrap(), [ShelfQuantity::new("A", "l", 2.into())]);
        assert!(matches!(run(&mut shelf(10, 6, 1), "quarantine", "10"), Err(Error::Conflict { code: "insufficient_stock", .. })));
    }

    #[test]
    fn only_what_is_in_quarantine_leaves_it() {
        assert!(run(&mut shelf(10, 0, 2), "release", "3").is_err());
        let mut stock = shelf(10, 0, 2);
        run(&mut stock, "scrap", "2").unwrap();
        let level = stock.level(&ShelfKey::new("A", "l")).unwrap();
        assert_eq!((level.on_hand, level.quarantined), (8.into(), 0.into()));
    }
}
