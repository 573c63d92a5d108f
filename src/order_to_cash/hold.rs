//! Holding an order by hand, and releasing holds.

use super::promise_events::promise_moved_by_hold;
use super::reallocate::fair_shelf;
use super::stock_change::reserved_difference;
use crate::auth::actor::Context;
use crate::customers::balance;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::inventory::shelves;
use crate::orders::allocation::Shelf;
use crate::orders::body::{HoldRequest, OrderBody};
use crate::orders::change;
use crate::orders::hold::{Hold, HoldCode};
use crate::orders::order::Order;
use crate::orders::peg::Peg;
use crate::orders::pegs;
use crate::orders::promise;
use crate::orders::status::{OrderAction, OrderStatus};
use crate::orders::summary::summary;
use crate::platform::http::Precondition;
use crate::types::fault::Faults;
use crate::types::id::{HoldId, OrderId};
use crate::types::text::check_prose;
use diesel::pg::PgConnection;
use serde_json::json;

fn check_reason(reason: &str) -> Result<(), Error> {
    let mut faults = Faults::new();
    check_prose(&mut faults, "/reason", reason, 500);
    Ok(faults.into_result()?)
}

/// Raises a `manual` hold: nothing of the order is picked, packed or shipped until it is released.
pub fn hold(
    connection: &mut PgConnection,
    context: &Context,
    id: OrderId,
    request: &HoldRequest,
    precondition: &Precondition,
) -> Result<OrderBody, Error> {
    check_reason(&request.reason)?;
    let mut change = change::lock(connection, context.organization_id, id, precondition)?;
    let order = &mut change.after;
    order.status = order.status.next(OrderAction::Hold)?;
    order.holds.push(Hold::raise(HoldCode::Manual, None, request.reason.as_str(), json!({}), &context.actor, context.now));
    let mut changes = [change];
    change::save(connection, context, &mut changes, context.now)?;
    let [change] = changes;
    events::append(connection, context, &[NewEvent::of_order("order.held", id, summary(&change.after))])?;
    Ok(OrderBody::from(&change.after))
}

/// Releases one hold; 403 where the caller's role may not, or none of the scopes of its token fits the hold. With the last hold the order is confirmed, and what of it is not
/// promised is promised now; what is still short is backordered, since a person has decided to go on.
pub fn release(
    connection: &mut PgConnection,
    context: &Context,
    (id, hold_id): (OrderId, HoldId),
    request: &HoldRequest,
    precondition: &Precondition,
) -> Result<OrderBody, Error> {
    check_reason(&request.reason)?;
    let mut change = change::lock(connection, context.organization_id, id, precondition)?;
    let order = &mut change.after;
    if matches!(order.status, OrderStatus::Completed | OrderStatus::Cancelled) {
        order.status.next(OrderAction::Release)?;
    }
    let hold = order.holds.iter_mut().find(|hold| hold.id == hold_id).ok_or(Error::not_found("hold"))?;
    let roles = hold.code.releasable_by();
    if !roles.contains(&context.role) {
        let names: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
        let detail = format!("a hold of code '{}' is released by: {}", hold.code, names.join(", "));
        return Err(Error::Forbidden { code: "hold_not_releasable", detail });
    }
    context.require_any(&hold.code.released_with())?;
    if hold.released_at.is_some() {
        return Err(Error::conflict("hold_released", "this hold has been released already"));
    }
    hold.release(&context.actor, &request.reason, context.now);
    let code = hold.code;
    let mut changes = [change];
    go_on(connection, context, &mut changes, ReleasedBy::Person)?;
    let [change] = changes;
    let mut data = summary(&change.after);
    data["released"] = json!(code);
    let mut facts = vec![NewEvent::of_order("order.released", id, data)];
    if change.before.status != change.after.status && change.after.open_holds().next().is_none() {
        facts.push(NewEvent::of_order("order.confirmed", id, summary(&change.after)));
    }
    facts.extend(promise_moved_by_hold(&change));
    events::append(connection, context, &facts)?;
    Ok(OrderBody::from(&change.after))
}

/// Who let the order go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReleasedBy {
    /// Somebody who has seen the shortage: what is short is backordered.
    Person,
    /// Money that came in: a shortage is treated as the order asked, and held rather than refused.
    Payment,
}

/// Saves an order of which a hold has just been released. Without another open hold it must still fit the customer's limit (unless
/// somebody has let it pass already), and is promised what it lacks. A draft stays a draft.
pub fn go_on(
    connection: &mut PgConnection,
    context: &Context,
    changes: &mut [change::OrderChange; 1],
    released_by: ReleasedBy,
) -> Result<(), Error> {
    let order = &mut changes[0].after;
    if order.status == OrderStatus::OnHold && order.open_holds().next().is_none() {
        // Balances come before stock in the lock order, and `save` moves them again under the same lock.
        let mut credit = balance::lock(connection, context.organization_id, &[order.bill_to_customer_id])?;
        let allowed = order.holds.iter().any(|hold| hold.code == HoldCode::CreditLimit);
        if !allowed {
            super::credit_hold::hold_over_credit(order, &mut credit, context);
        }
        if order.open_holds().next().is_none() {
            changes[0].pegs = promise_rest(connection, context, order, released_by)?;
            let order = &mut changes[0].after;
            promise::perform_charges_without_goods(order)?;
        }
    }
    change::save(connection, context, changes, context.now)?;
    shelves::change_reserved(connection, context, &reserved_difference(changes))?;
    Ok(())
}

/// Promises what is not promised, and dates by when work on the rest begins now. Returns the pegs that are to be written.
fn promise_rest(connection: &mut PgConnection, context: &Context, order: &mut Order, released_by: ReleasedBy) -> Result<Vec<Peg>, Error> {
    let demands = promise::demands(order);
    if demands.is_empty() {
        let mut shelf = Shelf::default().with_outlook(pegs::outlook(connection, context, &[order])?);
        promise::date(order, &mut shelf, context);
        return Ok(shelf.fresh_pegs(order.id));
    }
    let mut shelf = fair_shelf(connection, context, order, &[order], &[])?;
    let plan = shelf.plan(&demands);
    shelf.take(&plan).map_err(Error::internal)?;
    promise::allocate(order, &plan, &shelf, context).map_err(Error::internal)?;
    match released_by {
        ReleasedBy::Payment => promise::settle_shortage(order, &plan, context)?,
        ReleasedBy::Person => promise::backorder(order, &plan)?,
    }
    promise::date(order, &mut shelf, context);
    Ok(shelf.fresh_pegs(order.id))
}
