//! Cancelling an order: whole, by line and by quantity. Its stock goes back, its amounts due shrink.

use super::order_events::standing;
use super::prepaid;
use super::stock_change::reserved_difference;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::event::NewEvent;
use crate::inventory::shelves;
use crate::orders::body::{CancelRequest, OrderBody};
use crate::orders::change;
use crate::orders::order::{CancelCode, Cancellation, CancelledLine, Order};
use crate::orders::status::{OrderAction, OrderStatus};
use crate::platform::http::Precondition;
use crate::types::decimal::{Amount, Quantity};
use crate::types::fault::Faults;
use crate::types::id::{OrderId, OrderLineId};
use crate::types::text::check_optional_prose;
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use serde_json::{Value, json};

/// Cancels what is open of the named lines, or of all, whatever `dry_run` says. What has shipped cannot be cancelled: 422 with the quantity that can.
pub fn cancel(
    connection: &mut PgConnection,
    context: &Context,
    id: OrderId,
    request: &CancelRequest,
    precondition: &Precondition,
) -> Result<OrderBody, Error> {
    check(request)?;
    let mut change = change::lock(connection, context.organization_id, id, precondition)?;
    let lines = wanted(&change.after, request)?;
    for (line_id, quantity) in &lines {
        cancel_line(&mut change.after, *line_id, *quantity, request.reason.code)?;
    }
    change.after.detail.cancellations.push(Cancellation {
        at: context.now,
        by: context.actor.clone(),
        code: request.reason.code,
        detail: request.reason.detail.clone(),
        lines: lines.iter().map(|(id, quantity)| CancelledLine { order_line_id: *id, quantity: Quantity(*quantity) }).collect(),
    });
    let (change, mut given) = prepaid::give_back(connection, context, change, prepaid::CANCELLED)?;
    let mut changes = [change];
    change::save(connection, context, &mut changes, context.now)?;
    let freed = reserved_difference(&changes);
    let [change] = changes;
    let order = &change.after;
    let cancelled: Vec<Value> =
        lines.iter().map(|(id, quantity)| json!({ "order_line_id": id, "quantity": quantity.to_string() })).collect();
    let data = json!({
        "id": order.id, "number": order.number, "status": order.status, "reason": request.reason.code, "detail": request.reason.detail,
        "lines": cancelled, "uninvoiced_total": Amount(order.uninvoiced_total), "currency": order.currency,
    });
    let mut facts = vec![NewEvent::of_order("order.cancelled", id, data)];
    if order.status == OrderStatus::Completed && change.before.status != OrderStatus::Completed {
        facts.push(NewEvent::of_order("order.completed", id, standing(&change.before, order)));
    }
    facts.extend(given.told());
    shelves::change_reserved_and_tell(connection, context, &freed, facts)?;
    given.write(connection, context)?;
    Ok(OrderBody::from(order))
}

fn check(request: &CancelRequest) -> Result<(), Error> {
    let mut faults = Faults::new();
    check_optional_prose(&mut faults, "/reason/detail", request.reason.detail.as_deref(), 500);
    if let Some(lines) = &request.lines {
        faults.require(!lines.is_empty(), "/lines", "required", "name at least one line, or leave lines out to cancel all");
        for (i, line) in lines.iter().enumerate() {
            let again = lines[..i].iter().any(|other| other.order_line_id == line.order_line_id);
            faults.require(!again, format!("/lines/{i}/order_line_id"), "duplicate_line", "name each line once");
            if let Some(quantity) = line.quantity {
                faults.require(quantity.0 > Decimal::ZERO, format!("/lines/{i}/quantity"), "out_of_range", "must be above 0");
            }
        }
    }
    Ok(faults.into_result()?)
}

/// Which quantity of which line.
fn wanted(order: &Order, request: &CancelRequest) -> Result<Vec<(OrderLineId, Decimal)>, Error> {
    let Some(named) = &request.lines else {
        let open: Vec<_> = order.lines.iter().map(|line| (line.id, line.quantities.open())).filter(|(_, open)| !open.is_zero()).collect();
        if open.is_empty() {
            // The status table says why: nothing is open any more.
            order.status.next(OrderAction::Cancel)?;
            return Err(Error::conflict("nothing_to_cancel", "nothing of the order is open"));
        }
        return Ok(open);
    };
    order.status.next(OrderAction::CancelLines)?;
    let mut faults = Faults::new();
    let mut lines = vec![];
    for (i, wanted) in named.iter().enumerate() {
        let Some(line) = order.line(wanted.order_line_id) else {
            faults.add(format!("/lines/{i}/order_line_id"), "unknown_line", "the order has no such line");
            continue;
        };
        let open = line.quantities.open();
        let quantity = wanted.quantity.map_or(open, |quantity| quantity.0);
        if quantity > open || quantity.is_zero() {
            faults.add(format!("/lines/{i}/quantity"), "exceeds_open_quantity", format!("{} can be cancelled", open.normalize()));
        } else if quantity.normalize().scale() > line.detail.quantity_scale {
            faults.add(
                format!("/lines/{i}/quantity"),
                "too_many_decimals",
                format!("this product takes {} decimal places", line.detail.quantity_scale),
            );
        }
        lines.push((wanted.order_line_id, quantity));
    }
    faults.into_result()?;
    Ok(lines)
}

/// Cancels a quantity of one line and takes its allocated part from the fulfillment orders: unpicked before picked, the newest first.
pub fn cancel_line(order: &mut Order, id: OrderLineId, quantity: Decimal, code: CancelCode) -> Result<(), Error> {
    let line = order.line_mut(id).ok_or(Error::not_found("order line"))?;
    let (line_number, stocked) = (line.line_number, line.is_stocked());
    let withdrawn =
        line.quantities.cancel(quantity).map_err(|refused| Error::invalid("/lines", "exceeds_open_quantity", refused.to_string()))?;
    if code == CancelCode::OutOfStock {
        line.detail.cancelled_out_of_stock += quantity;
    }
    if stocked {
        withdraw_allocations(order, line_number, withdrawn.allocated);
    }
    Ok(())
}

/// Takes a line's open allocations back, `quantity` in all.
pub fn withdraw_allocations(order: &mut Order, line_number: i16, quantity: Decimal) {
    let mut left = quantity;
    for only_unpicked in [true, false] {
        for fulfillment_order in order.fulfillment_orders.iter_mut().rev() {
            for allocation in fulfillment_order.lines.iter_mut().filter(|allocation| allocation.line_number == line_number) {
                let free = if only_unpicked { allocation.quantity - allocation.picked } else { allocation.open() };
                let taken = left.min(free);
                allocation.quantity -= taken;
                allocation.picked = allocation.picked.min(allocation.quantity);
                allocation.packed = allocation.packed.min(allocation.picked);
                left -= taken;
            }
        }
    }
}
