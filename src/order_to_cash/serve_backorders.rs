//! When supply arrives, lines that wait get it in fair order: higher priority first, then the older order. Backordered lines wait, and
//! those of orders that are held for want of stock; such an order goes on by itself once nothing of it is short.

use super::credit_hold::hold_over_credit;
use super::order_events::order_events;
use super::promise_events::{Cause, promise_changed};
use super::reallocate::locked_shelf;
use super::stock_change::reserved_difference;
use crate::auth::actor::Context;
use crate::customers::balance;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::inventory::shelves;
use crate::orders::allocation::{Demand, Shelf};
use crate::orders::backorders;
use crate::orders::change::{self, OrderChange};
use crate::orders::hold::HoldCode;
use crate::orders::order::{Order, OrderLine};
use crate::orders::peg::PromiseCause;
use crate::orders::pegs::{self, Review};
use crate::orders::promise;
use crate::orders::shortage::{release_if_satisfied, waits_for_stock};
use crate::orders::status::OrderStatus;
use crate::orders::summary::summary;
use crate::types::id::{CustomerId, OrderId};
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use serde_json::json;

/// Orders that are looked at in one transaction.
const BATCH: i64 = 100;

/// Serves up to a batch of orders that wait for something which is on a shelf now. Returns how many it changed: call it again until it
/// is 0. Safe in several processes at once: the order locks serialise, and each looks again under them.
pub fn serve_backorders(connection: &mut PgConnection, context: &Context) -> Result<usize, Error> {
    let waiting: Vec<OrderId> = backorders::waiting(connection, context.organization_id, BATCH)?;
    if waiting.is_empty() {
        return Ok(0);
    }
    let mut changes = change::lock_all(connection, context.organization_id, &waiting)?;
    changes.retain(|change| matches!(change.after.status, OrderStatus::Confirmed | OrderStatus::OnHold));
    // An order that is confirmed counts against its customer's limit; balances come before stock in the lock order.
    let held = changes.iter().filter(|change| change.after.status == OrderStatus::OnHold);
    let customers: Vec<CustomerId> = held.map(|change| change.after.bill_to_customer_id).collect();
    let mut credit = balance::lock(connection, context.organization_id, &customers)?;
    let mut shelf = locked_shelf(connection, context, &changes.iter().map(|change| &change.after).collect::<Vec<_>>())?;
    let place = |id: OrderId| waiting.iter().position(|other| *other == id);
    changes.sort_by_key(|change| place(change.after.id));
    for change in &mut changes {
        fill(&mut change.after, &mut shelf, context)?;
        let order = &mut change.after;
        release_if_satisfied(order, context.now);
        let goes_on = order.status == OrderStatus::OnHold && order.open_holds().next().is_none();
        if goes_on && !order.holds.iter().any(|hold| hold.code == HoldCode::CreditLimit) {
            hold_over_credit(order, &mut credit, context);
        }
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
    let mut facts: Vec<NewEvent> = vec![];
    for change in &changes {
        if got_something(change) {
            let mut data = summary(&change.after);
            data["cause"] = json!("supply");
            facts.push(NewEvent::of_order("order.allocated", change.after.id, data));
        }
        facts.extend(promise_changed(change, cause_of(change, &causes)));
    }
    facts.extend(order_events(&changes));
    events::append(connection, context, &facts)?;
    Ok(changes.len())
}

fn got_something(change: &OrderChange) -> bool {
    change.after.lines.iter().zip(&change.before.lines).any(|(now, then)| now.quantities.allocated != then.quantities.allocated)
}

/// The supply that has come and is not reviewed yet, if it is a product that the order waited for.
fn cause_of(change: &OrderChange, received: &[Review]) -> Cause {
    let waits = |order: &Order, sku: &str| order.lines.iter().any(|line| line.sku == sku && !wanted(order, line).is_zero());
    match received.iter().find(|review| waits(&change.before, &review.sku)) {
        Some(review) => Cause { code: PromiseCause::SupplyReceived, incoming_id: review.incoming_id },
        None => PromiseCause::StockReceived.into(),
    }
}

/// What a line waits for.
fn wanted(order: &Order, line: &OrderLine) -> Decimal {
    let unallocated = if waits_for_stock(order) { line.quantities.unallocated } else { Decimal::ZERO };
    if line.is_stocked() { line.quantities.backordered + unallocated } else { Decimal::ZERO }
}

fn fill(order: &mut Order, shelf: &mut Shelf, context: &Context) -> Result<(), Error> {
    let waiting = order.lines.iter().enumerate().map(|(i, line)| (i, line, wanted(order, line))).filter(|(_, _, wanted)| !wanted.is_zero());
    let demands: Vec<Demand> = waiting
        .map(|(i, line, quantity)| Demand {
            line: i,
            sku: line.sku.clone(),
            quantity,
            unit_factor: line.unit_factor,
            quantity_scale: line.detail.quantity_scale,
        })
        .collect();
    let mut plan = shelf.plan(&demands);
    shelf.take(&plan).map_err(Error::internal)?;
    for allocation in &mut plan.allocations {
        allocation.reason = crate::orders::allocation::AllocationReason::Backorder;
        let quantities = &mut order.lines[allocation.line].quantities;
        let backordered = allocation.quantity.min(quantities.backordered);
        quantities.end_backorder(backordered).map_err(Error::internal)?;
    }
    promise::allocate(order, &plan, shelf, context).map_err(Error::internal)
}
