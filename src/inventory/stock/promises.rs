//! What orders and shipments do with stock. Each call locks its levels as one sorted set, last of all rows of its transaction
//! (claim → reservation → order → fulfillment order → … → stock level).

use super::level::{MovementKind, ShelfKey, ShelfQuantity, StockLevel};
use super::locked::{Cause, LockedStock};
use super::short::{Short, insufficient_stock};
use super::store;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::types::id::{OrganizationId, ShipmentId};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// Locks every location of these SKUs and reads them as they are once locked. Sorted by SKU and location.
pub fn lock_levels(connection: &mut PgConnection, organization_id: OrganizationId, skus: &[&str]) -> QueryResult<Vec<StockLevel>> {
    store::levels::lock_skus(connection, organization_id, skus)
}

/// As `lock_levels`, for these levels only; those that do not exist are missing.
pub fn lock_levels_at(connection: &mut PgConnection, organization_id: OrganizationId, keys: &[ShelfKey]) -> QueryResult<Vec<StockLevel>> {
    Ok(LockedStock::lock_existing(connection, organization_id, keys.iter().cloned())?.levels().cloned().collect())
}

/// Promises stock: `reserved` grows where all of it is available. Where any level is short nothing is promised, and the short
/// ones are returned with what is available.
pub fn reserve(connection: &mut PgConnection, context: &Context, quantities: &[ShelfQuantity]) -> Result<Vec<Short>, Error> {
    let wanted = sum(quantities);
    let mut stock = LockedStock::lock_existing(connection, context.organization_id, wanted.keys().cloned())?;
    let mut short = vec![];
    for (key, quantity) in &wanted {
        let available = stock.level(key).map(StockLevel::available).unwrap_or_default();
        if available < *quantity {
            short.push(Short::at(&key.sku, &key.location, *quantity, available));
        }
    }
    if !short.is_empty() {
        return Ok(short);
    }
    for (key, quantity) in &wanted {
        stock.level_mut(key)?.reserved += quantity;
    }
    stock.write(connection, context)?;
    Ok(vec![])
}

/// Gives promised stock back: `reserved` shrinks. More than is reserved is an internal error.
pub fn release_stock(connection: &mut PgConnection, context: &Context, quantities: &[ShelfQuantity]) -> Result<(), Error> {
    let freed = sum(quantities);
    let mut stock = LockedStock::lock_existing(connection, context.organization_id, freed.keys().cloned())?;
    for (key, quantity) in &freed {
        stock.level_mut(key)?.reserved -= quantity;
    }
    stock.write(connection, context)?;
    Ok(())
}

/// Takes promised stock off the shelf: `reserved` and `on_hand` shrink, the ledger notes a shipment at `shipped_at`. Returns the
/// unit cost of each level, for the shipment's lines. 409 `insufficient_stock` where less is reserved than ships.
pub fn ship_stock(
    connection: &mut PgConnection,
    context: &Context,
    shipment_id: ShipmentId,
    shipped_at: DateTime<Utc>,
    quantities: &[ShelfQuantity],
) -> Result<BTreeMap<ShelfKey, Option<Decimal>>, Error> {
    let shipped = sum(quantities);
    let mut stock = LockedStock::lock_existing(connection, context.organization_id, shipped.keys().cloned())?;
    let cause = Cause { reason: None, reference: None, subject_id: shipment_id.0, occurred_at: shipped_at };
    let mut short = vec![];
    let mut costs = BTreeMap::new();
    for (key, quantity) in &shipped {
        let level = stock.level_mut(key)?;
        if level.reserved < *quantity {
            short.push(Short::at(&key.sku, &key.location, *quantity, level.reserved));
            continue;
        }
        level.reserved -= quantity;
        costs.insert(key.clone(), level.unit_cost);
        stock.move_stock(key, MovementKind::Shipment, -quantity, None, &cause)?;
    }
    if !short.is_empty() {
        return Err(insufficient_stock(&short));
    }
    stock.write(connection, context)?;
    Ok(costs)
}

fn sum(quantities: &[ShelfQuantity]) -> BTreeMap<ShelfKey, Decimal> {
    let mut sums = BTreeMap::new();
    for quantity in quantities {
        *sums.entry(quantity.key()).or_default() += quantity.quantity;
    }
    sums
}
