//! Fulfillment orders of one order at one location become one, so that they are picked and shipped together.

use super::fulfillment_change::{self, found, found_mut};
use super::fulfillment_part::{Free, all};
use super::order_events::order_events;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events;
use crate::events::event::NewEvent;
use crate::fulfillment::fulfillment_order::{Allocation, FulfillmentOrder, FulfillmentOrderAction};
use crate::fulfillment::fulfillment_orders::body::{FulfillmentOrderBody, MergeFulfillmentOrders};
use crate::orders::change;
use crate::orders::order::Order;
use crate::platform::http::Precondition;
use crate::types::id::FulfillmentOrderId;
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use serde_json::{Value, json};

/// Takes what is open of other fulfillment orders into this one. The others are cancelled, or shipped where a part of them has left.
/// 409 `not_mergeable` where one is of another order or location, or somebody has begun to pick it.
pub fn merge_fulfillment_orders(
    connection: &mut PgConnection,
    context: &Context,
    id: FulfillmentOrderId,
    body: &MergeFulfillmentOrders,
    precondition: &Precondition,
) -> Result<FulfillmentOrderBody, Error> {
    body.check(id)?;
    let mut change = fulfillment_change::lock(connection, context, id, FulfillmentOrderAction::Merge, precondition)?;
    for (place, other) in body.fulfillment_order_ids.iter().enumerate() {
        require_like(&change.after, id, *other, place)?;
    }
    for other in &body.fulfillment_order_ids {
        take_in(&mut change.after, id, *other)?;
    }
    change.after.count_progress();
    change::save(connection, context, std::slice::from_mut(&mut change), context.now)?;
    let merged = FulfillmentOrderBody::of(&change.after, found(&change.after, id)?);
    let from: Vec<Value> = body
        .fulfillment_order_ids
        .iter()
        .filter_map(|other| change.after.fulfillment_order(*other))
        .map(|other| json!({ "id": other.id, "number": other.number, "status": other.status }))
        .collect();
    let data = json!({
        "number": merged.number, "order_number": merged.order_number, "location": merged.location, "status": merged.status, "from": from,
        "lines": merged.lines.iter().map(|line| json!({ "order_line_id": line.order_line_id, "sku": line.sku, "quantity": line.quantity })).collect::<Vec<_>>(),
    });
    let mut told = vec![NewEvent::of_part("fulfillment_order.merged", merged.order_id, "fulfillment_order", id.0, data)];
    told.extend(order_events(std::slice::from_ref(&change)));
    events::append(connection, context, &told)?;
    Ok(merged)
}

fn require_like(order: &Order, id: FulfillmentOrderId, other: FulfillmentOrderId, place: usize) -> Result<(), Error> {
    let Some(other) = order.fulfillment_order(other) else {
        let detail = "the order has no such fulfillment order";
        return Err(Error::invalid(format!("/fulfillment_order_ids/{place}"), "unknown_fulfillment_order", detail));
    };
    let into = found(order, id)?;
    other.status.next(FulfillmentOrderAction::Merge)?;
    let why = if other.location != into.location {
        Some("they are at different locations; move one first")
    } else if is_begun(other) || is_begun(into) {
        Some("somebody has begun to pick; put back what is picked, or ship it first")
    } else {
        None
    };
    match why {
        Some(why) => Err(Error::conflict_with("not_mergeable", why, json!({ "fulfillment_order_id": other.id, "number": other.number }))),
        None => Ok(()),
    }
}

/// Whether something is off the shelf that has not left.
fn is_begun(fulfillment_order: &FulfillmentOrder) -> bool {
    fulfillment_order.lines.iter().any(|line| line.picked > line.shipped)
}

fn take_in(order: &mut Order, id: FulfillmentOrderId, other: FulfillmentOrderId) -> Result<(), Error> {
    let parts = all(found(order, other)?, Free::Open);
    for part in parts {
        let from = found_mut(order, other)?.line_mut(part.line_number).ok_or(Error::not_found("fulfillment order line"))?;
        let template = from.clone();
        from.withdraw(part.quantity).map_err(Error::internal)?;
        let into = found_mut(order, id)?;
        match into.line_mut(part.line_number) {
            Some(line) => line.quantity += part.quantity,
            None => into.lines.push(Allocation {
                quantity: part.quantity,
                picked: Decimal::ZERO,
                packed: Decimal::ZERO,
                shipped: Decimal::ZERO,
                ..template
            }),
        }
    }
    found_mut(order, id)?.lines.sort_by_key(|line| line.line_number);
    Ok(())
}
