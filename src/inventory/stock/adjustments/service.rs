use super::body::PostAdjustment;
use crate::error::Error;
use crate::inventory::stock::level::{MovementKind, ShelfKey};
use crate::inventory::stock::locked::{Cause, LockedStock};
use crate::inventory::stock::short::{Short, insufficient_stock};
use rust_decimal::Decimal;

/// Writes the differences into locked levels; what is then reserved beyond the shelf is the caller's to take back. 409
/// `insufficient_stock` where a difference takes away more than lies there.
pub fn apply(stock: &mut LockedStock, body: &PostAdjustment, cause: &Cause) -> Result<(), Error> {
    let mut short = vec![];
    for line in &body.lines {
        let key = ShelfKey::new(&line.sku, &body.location);
        let on_hand = stock.level(&key)?.on_hand;
        let (kind, difference) = match (line.delta, line.counted) {
            (Some(delta), _) => (MovementKind::Adjustment, delta.0),
            (None, Some(counted)) => (MovementKind::Count, counted.0 - on_hand),
            (None, None) => continue,
        };
        if on_hand + difference < Decimal::ZERO {
            short.push(Short::at(&line.sku, &body.location, -difference, on_hand));
        } else {
            stock.move_stock(&key, kind, difference, None, cause)?;
        }
    }
    if short.is_empty() { Ok(()) } else { Err(insufficient_stock(&short)) }
}
