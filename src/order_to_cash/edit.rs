//! Editing an order: lines, quantities, prices and header become others, and stock, credit, holds, work and money follow in the
//! same transaction.

use super::cancel::withdraw_allocations;
use super::coupon_claims;
use super::credit_hold::over_credit;
use super::order_events::order_events;
use super::prepaid;
use super::reallocate::fair_shelf;
use super::stock_change::reserved_difference;
use crate::auth::actor::Context;
use crate::catalog::product_kind::ProductKind;
use crate::customers::balance;
use crate::error::Error;
use crate::events::event::NewEvent;
use crate::inventory::shelves;
use crate::orders::allocation::{Plan, Shelf};
use crate::orders::body::OrderBody;
use crate::orders::change::{self, OrderChange};
use crate::orders::dates::check_edit;
use crate::orders::edit::body::EditOrder;
use crate::orders::edit::{Applied, apply, told};
use crate::orders::hold::{Blocks, Hold, HoldCode};
use crate::orders::master_data;
use crate::orders::order::{OnShortage, Order, OrderLine};
use crate::orders::pegs;
use crate::orders::promise;
use crate::orders::reference::Reference;
use crate::orders::shortage::release_if_satisfied;
use crate::orders::status::OrderStatus;
use crate::orders::verify_again::settle_objections;
use crate::platform::http::Precondition;
use crate::types::id::{CustomerId, OrderId, OrderLineId};
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use serde_json::json;
use std::collections::HashMap;

const GONE: &str = "no longer so after the order was edited";

/// Edits the order, whatever `dry_run` says. 409 where something that is under way or on an invoice would change, or, with
/// `on_shortage` refuse, where what is added is short.
pub fn edit(
    connection: &mut PgConnection,
    context: &Context,
    id: OrderId,
    request: &EditOrder,
    precondition: &Precondition,
) -> Result<OrderBody, Error> {
    work_in(connection, context, id, request, precondition, PricedBy::Person)
}

/// As [`edit`], as the order's channel asks for it: the prices that it changes are judged like those of a new order.
pub fn edit_for_channel(connection: &mut PgConnection, context: &Context, id: OrderId, request: &EditOrder) -> Result<OrderBody, Error> {
    work_in(connection, context, id, request, &Precondition::Any, PricedBy::Channel)
}

/// Who says what it costs. A person who may price has judged it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PricedBy {
    Person,
    Channel,
}

fn work_in(
    connection: &mut PgConnection,
    context: &Context,
    id: OrderId,
    request: &EditOrder,
    precondition: &Precondition,
    priced_by: PricedBy,
) -> Result<OrderBody, Error> {
    request.check()?;
    let mut change = change::lock(connection, context.organization_id, id, precondition)?;
    let added: Vec<&str> = request.lines.iter().filter_map(|line| line.sku.as_deref()).collect();
    let number = request.purchase_order_number.as_deref().or(change.after.purchase_order_number.as_deref());
    let mut reference = master_data::gather_for(connection, context, &change.after, &added, number)?;
    check_edit(request, &change.after, reference.company.local_date(context.now)).into_result()?;
    reference.coupons = master_data::coupons_for(connection, context, &change.after, request.coupon_codes.as_deref())?;
    let applied = apply(&mut change.after, request, &reference)?;
    if change.after == change.before {
        return Ok(OrderBody::from(&change.after));
    }
    for (line_number, quantity) in &applied.withdrawn {
        withdraw_allocations(&mut change.after, *line_number, *quantity);
    }
    change.after.count_progress();
    let (mut change, mut given) = prepaid::give_back(connection, context, change, prepaid::EDITED)?;
    change.after.settle(context.now);
    object(&mut change, &reference, &applied, priced_by, context);
    coupon_claims::change(connection, context, &change.after, &applied.coupons)?;
    if change.after.status != OrderStatus::Draft {
        // Balances come before stock in the lock order, and `save` moves them again under the same lock.
        let credit = balance::lock(connection, context.organization_id, &[change.after.bill_to_customer_id])?;
        settle_credit(&mut change, &credit, context);
        promise_anew(connection, context, &mut change, &applied, request)?;
        charges_fall_due(&mut change.after)?;
    }
    let mut changes = [change];
    change::save(connection, context, &mut changes, context.now)?;
    let reserved = reserved_difference(&changes);
    let mut facts = vec![NewEvent::of_order("order.edited", id, told(&changes[0].before, &changes[0].after, &applied.coupons.dropped))];
    facts.extend(order_events(&changes));
    facts.extend(given.told());
    shelves::change_reserved_and_tell(connection, context, &reserved, facts)?;
    given.write(connection, context)?;
    let [change] = changes;
    Ok(OrderBody::from(&change.after))
}

/// Holds what speaks against the order as it is now, as far as the edit has to do with it, and releases what no longer does.
fn object(change: &mut OrderChange, reference: &Reference, applied: &Applied, priced_by: PricedBy, context: &Context) {
    let (before, order) = (&change.before, &mut change.after);
    if order.detail.historical {
        return;
    }
    let covered = order.amount_paid + order.amount_authorized >= order.current_total();
    let is_draft = order.status == OrderStatus::Draft;
    let (costs_more, has_other_number) =
        (order.uninvoiced_total > before.uninvoiced_total, order.purchase_order_number != before.purchase_order_number);
    let by_channel = priced_by == PricedBy::Channel;
    let discounted = changed_lines(before, order, |line| &line.detail.discounts);
    let repriced = changed_lines(before, order, |line| (line.unit_price, line.price_quantity));
    let concerns = |hold: &Hold| match hold.code {
        HoldCode::PaymentRequired => !covered,
        HoldCode::CustomerBlocked => costs_more,
        HoldCode::SuspectedDuplicate => has_other_number,
        HoldCode::ProductInactive => hold.order_line_id.is_some_and(|id| applied.grown.contains(&id)),
        HoldCode::PriceMismatch => hold
            .order_line_id
            .is_some_and(|id| applied.grown.contains(&id) || by_channel && (repriced.contains(&id) || discounted.contains(&id))),
        HoldCode::UnknownProduct
        | HoldCode::UnitMismatch
        | HoldCode::CurrencyMismatch
        | HoldCode::CreditLimit
        | HoldCode::AddressIncomplete
        | HoldCode::FraudReview
        | HoldCode::ApprovalRequired
        | HoldCode::InsufficientStock
        | HoldCode::PlaceOfSupply
        | HoldCode::Manual
        | HoldCode::Rule => true,
    };
    // A price that a person has let pass is not the one that the channel has now.
    let is_another =
        |hold: &Hold| by_channel && hold.code == HoldCode::PriceMismatch && hold.order_line_id.is_some_and(|id| repriced.contains(&id));
    settle_objections(order, reference, context, GONE, |hold| is_draft || concerns(hold), is_another);
    if covered {
        release(order, HoldCode::PaymentRequired, context);
    }
}

/// The lines that were there before and are another in this.
fn changed_lines<'a, T: PartialEq>(before: &'a Order, order: &'a Order, of: impl Fn(&'a OrderLine) -> T) -> Vec<OrderLineId> {
    let same = |line: &&'a OrderLine| before.lines.iter().find(|known| known.id == line.id).is_none_or(|known| of(known) == of(line));
    order.lines.iter().filter(|line| !same(line)).map(|line| line.id).collect()
}

fn release(order: &mut Order, code: HoldCode, context: &Context) {
    for hold in order.holds.iter_mut().filter(|hold| hold.code == code && hold.released_at.is_none()) {
        hold.release("system", GONE, context.now);
    }
}

fn is_held(order: &Order, code: HoldCode) -> bool {
    order.open_holds().any(|hold| hold.code == code)
}

/// An order that costs more than before must fit the limit, or is held; one that waits for credit and fits now goes on. What a
/// person let pass above the limit may shrink freely.
fn settle_credit(change: &mut OrderChange, credit: &HashMap<CustomerId, balance::Credit>, context: &Context) {
    let Some(credit) = credit.get(&change.after.bill_to_customer_id) else { return };
    if change.after.detail.historical {
        return;
    }
    let (open, open_before) = (change.after.uninvoiced_total, change.before.uninvoiced_total);
    let available = credit.available + change.before.open_amount();
    let fits = credit.currency == change.after.currency && available >= open;
    if fits {
        release(&mut change.after, HoldCode::CreditLimit, context);
    } else if open > open_before && !is_held(&change.after, HoldCode::CreditLimit) {
        let hold = over_credit(open, change.after.currency, available, credit.currency, context);
        change.after.holds.push(hold);
    }
}

/// Promises what the edit wants more of, from what is on the shelves and what the order itself gives back. An order that waits for
/// stock, or goes on after other holds, is promised what else it lacks.
fn promise_anew(
    connection: &mut PgConnection,
    context: &Context,
    change: &mut OrderChange,
    applied: &Applied,
    request: &EditOrder,
) -> Result<(), Error> {
    let order = &change.after;
    let held_before = change.before.open_holds().next().is_some();
    let goes_on = held_before && order.open_holds().all(|hold| hold.code == HoldCode::InsufficientStock);
    let blocked = order.open_holds().any(|hold| hold.code.blocks().contains(&Blocks::Allocation));
    let given_back = reserved_difference(std::slice::from_ref(change));
    let wants = !blocked && promise::demands(order).iter().any(|demand| goes_on || more_of(change, demand.line) > Decimal::ZERO);
    if given_back.is_empty() && !wants {
        // Days that are wanted, the delivery rule or a hold may have changed.
        let mut shelf = Shelf::default().with_outlook(pegs::outlook(connection, context, &[order])?);
        date(change, &mut shelf, context);
        release_if_satisfied(&mut change.after, context.now);
        return Ok(());
    }
    // All locks of levels that this transaction takes, as one sorted set.
    let mut shelf = fair_shelf(connection, context, order, &[order, &change.before], &given_back)?;
    if wants {
        promise_more(change, &mut shelf, applied, request, context)?;
        if goes_on {
            let demands = promise::demands(&change.after);
            let plan = shelf.plan(&demands);
            shelf.take(&plan).map_err(Error::internal)?;
            promise::allocate(&mut change.after, &plan, &shelf, context).map_err(Error::internal)?;
            if change.after.document.on_shortage == OnShortage::Backorder {
                promise::backorder(&mut change.after, &plan)?;
            }
        }
    }
    date(change, &mut shelf, context);
    release_if_satisfied(&mut change.after, context.now);
    Ok(())
}

fn date(change: &mut OrderChange, shelf: &mut Shelf, context: &Context) {
    promise::date(&mut change.after, shelf, context);
    change.pegs = shelf.fresh_pegs(change.after.id);
}

/// By how much more of a line is unallocated than before.
fn more_of(change: &OrderChange, place: usize) -> Decimal {
    let before = change.before.lines.get(place).map_or(Decimal::ZERO, |line| line.quantities.unallocated);
    change.after.lines[place].quantities.unallocated - before
}

fn promise_more(
    change: &mut OrderChange,
    shelf: &mut Shelf,
    applied: &Applied,
    request: &EditOrder,
    context: &Context,
) -> Result<(), Error> {
    let mut demands = promise::demands(&change.after);
    for demand in &mut demands {
        demand.quantity = more_of(change, demand.line);
    }
    demands.retain(|demand| demand.quantity > Decimal::ZERO);
    let plan = shelf.plan(&demands);
    if !plan.is_complete() && change.after.document.on_shortage == OnShortage::Refuse {
        return Err(insufficient_stock(change, &plan, request));
    }
    shelf.take(&plan).map_err(Error::internal)?;
    promise::allocate(&mut change.after, &plan, shelf, context).map_err(Error::internal)?;
    if !(plan.is_complete() || is_held(&change.after, HoldCode::InsufficientStock)) {
        promise::settle_shortage(&mut change.after, &plan, context)?;
    } else if change.after.document.on_shortage == OnShortage::Backorder {
        promise::backorder(&mut change.after, &plan)?;
    }
    let known = |id: OrderLineId| change.before.lines.iter().any(|line| line.id == id);
    for line in change.after.lines.iter_mut().filter(|line| applied.grown.contains(&line.id) && !known(line.id)) {
        line.initially_allocated = line.quantities.allocated;
    }
    Ok(())
}

/// 409 naming each line that is short, with the quantity that it could have.
fn insufficient_stock(change: &OrderChange, plan: &Plan, request: &EditOrder) -> Error {
    let mut new_lines = request.lines.iter().enumerate().filter(|(_, line)| line.sku.is_some()).map(|(i, _)| i);
    let first_new = change.before.lines.len();
    let places: Vec<Option<usize>> = (0..change.after.lines.len())
        .map(|place| match place < first_new {
            true => request.lines.iter().position(|asked| asked.order_line_id == Some(change.after.lines[place].id)),
            false => new_lines.next(),
        })
        .collect();
    let lines: Vec<_> = plan
        .short
        .iter()
        .map(|short| {
            let line = &change.after.lines[short.line];
            json!({
                "pointer": places[short.line].map_or_else(|| "/lines".to_owned(), |i| format!("/lines/{i}/quantity")),
                "sku": line.sku,
                "requested": line.quantities.quantity.to_string(),
                "available": (line.quantities.quantity - short.quantity).normalize().to_string(),
            })
        })
        .collect();
    Error::conflict_with("insufficient_stock", "not all of what the edit adds is in stock; see lines", json!({ "lines": lines }))
}

/// Charges of an order whose goods have all left, or that has none, are owed at once. A held order waits.
fn charges_fall_due(order: &mut Order) -> Result<(), Error> {
    let goods_are_open = order.lines.iter().any(|line| line.is_stocked() && !line.quantities.open().is_zero());
    if goods_are_open || order.open_holds().next().is_some() {
        return Ok(());
    }
    for line in order.lines.iter_mut().filter(|line| line.kind == ProductKind::Charge) {
        let open = line.quantities.unallocated;
        line.quantities.perform(open).map_err(Error::internal)?;
    }
    Ok(())
}
