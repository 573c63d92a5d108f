//! A held order keeps its stock only for so long: then others may have it. Releasing the hold promises anew. One that is held for want
//! of stock alone waits for it like a backorder and keeps what it has.

use super::stock_change::reserved_difference;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::inventory::shelves;
use crate::orders::change;
use crate::orders::order::Order;
use crate::orders::overdue_holds;
use crate::orders::shortage;
use crate::orders::status::OrderStatus;
use crate::orders::summary::summary;
use chrono::TimeDelta;
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use serde_json::json;

/// How long a held order keeps its stock.
pub const HOLD_DAYS: i64 = 7;
const BATCH: i64 = 50;

/// Takes the stock of orders that have been on hold too long back to the shelves; what is picked stays theirs. Returns how many
/// orders it changed: call it again until it is 0.
pub fn expire_holds(connection: &mut PgConnection, context: &Context) -> Result<usize, Error> {
    let before = context.now - TimeDelta::days(HOLD_DAYS);
    let overdue = overdue_holds(connection, context.organization_id, before, BATCH)?;
    if overdue.is_empty() {
        return Ok(0);
    }
    let mut changes = change::lock_all(connection, context.organization_id, &overdue)?;
    changes.retain(|change| change.after.status == OrderStatus::OnHold);
    for change in &mut changes {
        unallocate(&mut change.after, context)?;
    }
    changes.retain(|change| change.after != change.before);
    change::save(connection, context, &mut changes, context.now)?;
    shelves::change_reserved(connection, context, &reserved_difference(&changes))?;
    let facts: Vec<NewEvent> = changes
        .iter()
        .map(|change| {
            let mut data = summary(&change.after);
            data["cause"] = json!("hold_expired");
            NewEvent::of_order("order.allocation_lost", change.after.id, data)
        })
        .collect();
    events::append(connection, context, &facts)?;
    Ok(changes.len())
}

fn unallocate(order: &mut Order, context: &Context) -> Result<(), Error> {
    let lost = unallocate_lines(order)?;
    if lost && shortage::waits_for_stock(order) {
        // It would get all of it back at once.
        shortage::release(order, "the order has waited too long for something else: its stock went back", context.now);
    }
    Ok(())
}

/// Whether there was anything.
fn unallocate_lines(order: &mut Order) -> Result<bool, Error> {
    let mut any = false;
    for i in 0..order.lines.len() {
        let line = &mut order.lines[i];
        let free = line.quantities.allocated - line.quantities.picked;
        if line.is_stocked() && free > Decimal::ZERO {
            line.quantities.deallocate(free).map_err(Error::internal)?;
            let line_number = line.line_number;
            super::cancel::withdraw_allocations(order, line_number, free);
            any = true;
        }
    }
    Ok(any)
}
