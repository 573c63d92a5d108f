//! When supply arrives, backordered lines get it in fair order: higher priority first, then the older order.

use super::promise_events::{Cause, promise_changed};
use super::reallocate::locked_shelf;
use super::stock_change::reserved_difference;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::inventory::shelves;
use crate::orders::allocation::{Demand, Shelf};
use crate::orders::backorders;
use crate::orders::change::{self, OrderChange};
use crate::orders::order::Order;
use crate::orders::peg::PromiseCause;
use crate::orders::pegs::{self, Review};
use crate::orders::promise;
use crate::orders::status::OrderStatus;
use crate::orders::summary::summary;
use crate::types::id::OrderId;
use diesel::pg::PgConnection;
use serde_json::json;

/// Orders that are looked at in one transaction.
const BATCH: i64 = 100;

/// Serves up to a batch of orders that wait for something which is on a shelf now. Returns how many got something: call it again
/// until it is 0. Safe in several processes at once: the order locks serialise, and each looks again under them.
pub fn serve_backorders(connection: &mut PgConnection, context: &Context) -> Result<usize, Error> {
    let waiting: Vec<OrderId> = backorders::waiting(connection, context.organization_id, BATCH)?;
    if waiting.is_empty() {
        return Ok(0);
    }
    let mut changes = change::lock_all(connection, context.organization_id, &waiting)?;
    changes.retain(|change| matches!(change.after.status, OrderStatus::Confirmed | OrderStatus::OnHold));
    let mut shelf = locked_shelf(connection, context, &changes.iter().map(|change| &change.after).collect::<Vec<_>>())?;
    let place = |id: OrderId| waiting.iter().position(|other| *other == id);
    changes.sort_by_key(|change| place(change.after.id));
    for change in &mut changes {
        fill(&mut change.after, &mut shelf, context)?;
        if change.after != change.before {
            promise::date(&mut change.after, &mut shelf, context);
            change.pegs = shelf.fresh_pegs(change.after.id);
        }
    }
    changes.retain(|change| change.after != change.before);
    changes.sort_by_key(|change| change.after.id);
    change::save(connection, context, &mut changes, context.now)?;
    shelves::change_reserved(connection, context, &reserved_difference(&changes))?;
    let causes = pegs::received(connection, context.organization_id)?;
    let facts: Vec<NewEvent> = changes
        .iter()
        .flat_map(|change| {
            let mut data = summary(&change.after);
            data["cause"] = json!("supply");
            let allocated = NewEvent::of_order("order.allocated", change.after.id, data);
            std::iter::once(allocated).chain(promise_changed(change, cause_of(change, &causes)))
        })
        .collect();
    events::append(connection, context, &facts)?;
    Ok(changes.len())
}

/// The supply that has come and is not reviewed yet, if it is a product that the order waited for.
fn cause_of(change: &OrderChange, received: &[Review]) -> Cause {
    let waited = |sku: &str| change.before.lines.iter().any(|line| line.sku == sku && !line.quantities.backordered.is_zero());
    match received.iter().find(|review| waited(&review.sku)) {
        Some(review) => Cause { code: PromiseCause::SupplyReceived, incoming_id: review.incoming_id },
        None => PromiseCause::StockReceived.into(),
    }
}

fn fill(order: &mut Order, shelf: &mut Shelf, context: &Context) -> Result<(), Error> {
    let waiting = order.lines.iter().enumerate().filter(|(_, line)| line.is_stocked() && !line.quantities.backordered.is_zero());
    let demands: Vec<Demand> = waiting
        .map(|(i, line)| Demand {
            line: i,
            sku: line.sku.clone(),
            quantity: line.quantities.backordered,
            unit_factor: line.unit_factor,
            quantity_scale: line.detail.quantity_scale,
        })
        .collect();
    let mut plan = shelf.plan(&demands);
    shelf.take(&plan).map_err(Error::internal)?;
    for allocation in &mut plan.allocations {
        allocation.reason = crate::orders::allocation::AllocationReason::Backorder;
        order.lines[allocation.line].quantities.end_backorder(allocation.quantity).map_err(Error::internal)?;
    }
    promise::allocate(order, &plan, shelf, context).map_err(Error::internal)
}
