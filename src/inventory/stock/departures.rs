//! What fulfillment does with stock that is promised: it leaves, it turns out to be missing, or another location takes the
//! promise over. Each call locks its levels as one sorted set, last of all rows of its transaction.

use super::level::{MovementKind, ShelfKey, ShelfQuantity, StockLevel};
use super::locked::{Cause, LockedStock};
use super::short::{Short, insufficient_stock};
use crate::auth::actor::Context;
use crate::error::Error;
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// Promised stock that goes, and what for.
#[derive(Clone, Debug)]
pub struct Departure {
    pub quantities: Vec<ShelfQuantity>,
    pub cause: Cause,
}

/// Takes promised stock off the shelves: `reserved` and `on_hand` shrink, the ledger notes a shipment for each departure. Any
/// number of departures lock their levels as one set. Returns the stock, to be written, and the unit cost of each level.
pub fn ship_departures(
    connection: &mut PgConnection,
    context: &Context,
    departures: &[Departure],
) -> Result<(LockedStock, BTreeMap<ShelfKey, Option<Decimal>>), Error> {
    let stock = take(connection, context, departures, MovementKind::Shipment)?;
    let costs = stock.levels().map(|level| (level.key(), level.unit_cost)).collect();
    Ok((stock, costs))
}

/// Promised stock that is not there: `reserved` and `on_hand` shrink, the ledger notes an adjustment.
pub fn write_off_promised(connection: &mut PgConnection, context: &Context, missing: &Departure) -> Result<(), Error> {
    let stock = take(connection, context, std::slice::from_ref(missing), MovementKind::Adjustment)?;
    stock.write(connection, context)?;
    Ok(())
}

fn take(connection: &mut PgConnection, context: &Context, departures: &[Departure], kind: MovementKind) -> Result<LockedStock, Error> {
    let keys = departures.iter().flat_map(|departure| &departure.quantities).map(ShelfQuantity::key);
    let mut stock = LockedStock::lock_existing(connection, context.organization_id, keys)?;
    for departure in departures {
        for (key, quantity) in sums(&departure.quantities) {
            stock.level_mut(&key)?.reserved -= quantity;
            stock.move_stock(&key, kind, -quantity, None, &departure.cause)?;
        }
    }
    if let Some(level) = stock.levels().find(|level| level.reserved < Decimal::ZERO) {
        return Err(Error::internal(format!("more of {} leaves {} than was promised", level.sku, level.location)));
    }
    Ok(stock)
}

/// Another location takes promises over: `reserved` shrinks here and grows there where all of it is available; else 409
/// `insufficient_stock` naming what is short, and nothing is changed.
pub fn move_promises(connection: &mut PgConnection, context: &Context, from: &[ShelfQuantity], to: &[ShelfQuantity]) -> Result<(), Error> {
    let (freed, wanted) = (sums(from), sums(to));
    let keys = freed.keys().chain(wanted.keys()).cloned();
    let mut stock = LockedStock::lock_existing(connection, context.organization_id, keys)?;
    let available = |key: &ShelfKey| stock.level(key).map(StockLevel::available).unwrap_or_default();
    let short: Vec<Short> = wanted
        .iter()
        .filter(|(key, quantity)| available(key) < **quantity)
        .map(|(key, quantity)| Short::at(&key.sku, &key.location, *quantity, available(key)))
        .collect();
    if !short.is_empty() {
        return Err(insufficient_stock(&short));
    }
    for (key, quantity) in &freed {
        stock.level_mut(key)?.reserved -= quantity;
    }
    for (key, quantity) in &wanted {
        stock.level_mut(key)?.reserved += quantity;
    }
    stock.write(connection, context)?;
    Ok(())
}

fn sums(quantities: &[ShelfQuantity]) -> BTreeMap<ShelfKey, Decimal> {
    let mut sums = BTreeMap::new();
    for quantity in quantities {
        *sums.entry(quantity.key()).or_default() += quantity.quantity;
    }
    sums
}
