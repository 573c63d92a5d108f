use super::body::PostReceipt;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::inventory::incoming::body::IncomingSupply;
use crate::inventory::incoming::receiving;
use crate::inventory::locations::service::check_known;
use crate::inventory::stock::change::StockChange;
use crate::inventory::stock::level::{MovementKind, ShelfKey};
use crate::inventory::stock::locked::{Cause, LockedStock};
use crate::inventory::stock::products;
use crate::types::fault::Faults;
use crate::types::id::StockChangeId;
use diesel::pg::PgConnection;

/// Takes goods in: more on hand, a new average cost, less incoming supply. `give_way` brings what is pegged to the supplies that have
/// come within what is still to come of them, under their locks.
pub fn receive(
    connection: &mut PgConnection,
    context: &Context,
    id: StockChangeId,
    body: &PostReceipt,
    give_way: impl FnOnce(&mut PgConnection, &mut [IncomingSupply]) -> Result<(), Error>,
) -> Result<StockChange, Error> {
    let mut faults = Faults::new();
    body.check(&mut faults);
    let skus: Vec<&str> = body.lines.iter().map(|line| line.sku.as_str()).collect();
    let products = products(connection, context.organization_id, &skus)?;
    body.check_lines(&mut faults, &products);
    check_known(connection, context.organization_id, &mut faults, &[("/location", &body.location)])?;
    faults.into_result()?;

    let mut arrived = receiving::lock(connection, context, &body.location, &body.lines)?;
    give_way(connection, &mut arrived)?;
    let keys = body.lines.iter().map(|line| ShelfKey::new(&line.sku, &body.location));
    let mut stock = LockedStock::lock(connection, context, keys)?;
    let cause = Cause { reason: None, reference: body.reference.clone(), subject_id: id.0, occurred_at: context.now };
    for line in &body.lines {
        let key = ShelfKey::new(&line.sku, &body.location);
        let level = stock.level_mut(&key)?;
        let standard = products.get(&line.sku).and_then(|product| product.standard_cost).filter(|_| level.unit_cost.is_none());
        let cost = line.unit_cost.map(|cost| cost.0).or(standard);
        level.unit_cost = level.average_with(line.quantity.0, cost);
        stock.move_stock(&key, MovementKind::Receipt, line.quantity.0, cost, &cause)?;
    }
    receiving::write(connection, context, &arrived)?;
    let written = stock.write(connection, context)?;
    let change = StockChange::new(context, id, &cause, &written, vec![]);
    crate::events::append(connection, context, &[change.event("inventory.received", &body.location)])?;
    Ok(change)
}
