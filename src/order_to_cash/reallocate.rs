//! Promising stock to orders that exist already: confirming a draft, releasing a hold.

use crate::auth::actor::Context;
use crate::error::Error;
use crate::inventory::{locations_ranked, shelves};
use crate::orders::allocation::Shelf;
use crate::orders::backorders;
use crate::orders::order::Order;
use crate::orders::pegs;
use diesel::pg::PgConnection;
use rust_decimal::Decimal;

/// As [`locked_shelf`] for one order, without what orders before it in fair order wait for.
pub fn fair_shelf(
    connection: &mut PgConnection,
    context: &Context,
    order: &Order,
    orders: &[&Order],
    reserved: &[(String, String, Decimal)],
) -> Result<Shelf, Error> {
    let mut shelf = locked_shelf_with(connection, context, orders, reserved)?;
    let skus: Vec<&str> = order.lines.iter().filter(|line| line.is_stocked()).map(|line| line.sku.as_str()).collect();
    shelf.keep_for(&backorders::waiting_before(connection, order, &skus)?);
    Ok(shelf)
}

/// Locks incoming supply and every location's stock of what the orders want, and shows them as a shelf. The last locks of a
/// transaction.
pub fn locked_shelf(connection: &mut PgConnection, context: &Context, orders: &[&Order]) -> Result<Shelf, Error> {
    locked_shelf_with(connection, context, orders, &[])
}

/// As [`locked_shelf`], where the orders are about to change by so much what is reserved (SKU, location, base quantity): what they
/// give back lies on the shelf.
fn locked_shelf_with(
    connection: &mut PgConnection,
    context: &Context,
    orders: &[&Order],
    reserved: &[(String, String, Decimal)],
) -> Result<Shelf, Error> {
    let outlook = pegs::outlook(connection, context, orders)?;
    let locations = locations_ranked(connection, context.organization_id)?;
    let mut skus: Vec<&str> =
        orders.iter().flat_map(|order| &order.lines).filter(|line| line.is_stocked()).map(|line| line.sku.as_str()).collect();
    skus.sort_unstable();
    skus.dedup();
    let mut shelf = Shelf::new(locations.iter().map(|location| (location.priority, location.code.as_str()))).with_outlook(outlook);
    for level in shelves::lock(connection, context.organization_id, &skus)? {
        let more = reserved.iter().filter(|(sku, location, _)| (sku, location) == (&level.sku, &level.location)).map(|(_, _, more)| *more);
        shelf.set(&level.sku, &level.location, level.available - more.sum::<Decimal>());
    }
    Ok(shelf)
}
