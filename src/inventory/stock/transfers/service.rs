use super::body::PostTransfer;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::inventory::locations::service::check_known;
use crate::inventory::stock::change::StockChange;
use crate::inventory::stock::level::{MovementKind, ShelfKey};
use crate::inventory::stock::locked::{Cause, LockedStock};
use crate::inventory::stock::products;
use crate::inventory::stock::short::{Short, insufficient_stock};
use crate::types::fault::Faults;
use crate::types::id::StockChangeId;
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// Moves stock that nobody waits for: at most what is available, so that neither a promise nor the safety stock nor goods in
/// quarantine move. The value moves with the goods.
pub fn transfer(connection: &mut PgConnection, context: &Context, id: StockChangeId, body: &PostTransfer) -> Result<StockChange, Error> {
    let mut faults = Faults::new();
    body.check(&mut faults);
    let skus: Vec<&str> = body.lines.iter().map(|line| line.sku.as_str()).collect();
    let products = products(connection, context.organization_id, &skus)?;
    body.check_lines(&mut faults, &products);
    check_known(connection, context.organization_id, &mut faults, &[("/from", &body.from), ("/to", &body.to)])?;
    faults.into_result()?;

    let mut wanted: BTreeMap<&str, Decimal> = BTreeMap::new();
    for line in &body.lines {
        *wanted.entry(&line.sku).or_default() += line.quantity.0;
    }
    let ends = |sku: &&str| [ShelfKey::new(*sku, &body.from), ShelfKey::new(*sku, &body.to)];
    let mut stock = LockedStock::lock(connection, context, wanted.keys().flat_map(ends))?;
    let mut short = vec![];
    for (sku, quantity) in &wanted {
        let available = stock.level(&ShelfKey::new(*sku, &body.from))?.available();
        if available < *quantity {
            short.push(Short::at(*sku, &body.from, *quantity, available));
        }
    }
    if !short.is_empty() {
        return Err(insufficient_stock(&short));
    }
    let cause = Cause { reason: body.reason.clone(), reference: body.reference.clone(), subject_id: id.0, occurred_at: context.now };
    for line in &body.lines {
        let [from, to] = ends(&line.sku.as_str());
        let cost = stock.level(&from)?.unit_cost;
        stock.move_stock(&from, MovementKind::TransferOut, -line.quantity.0, cost, &cause)?;
        let target = stock.level_mut(&to)?;
        target.unit_cost = target.average_with(line.quantity.0, cost);
        stock.move_stock(&to, MovementKind::TransferIn, line.quantity.0, cost, &cause)?;
    }
    let written = stock.write(connection, context)?;
    let change = StockChange::new(context, id, &cause, &written, vec![]);
    crate::events::append(connection, context, &[change.event("inventory.transferred", &body.from)])?;
    Ok(change)
}
