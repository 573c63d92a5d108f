//! A location gives a fulfillment order up. What has left stays shipped. The stock of the rest is free again, and its units are
//! backordered where the order asked for that, else unallocated: a new choice of locations is somebody's decision, since the
//! reason why this one gave up may hold for others too.

use super::fulfillment_change::{self, found, found_mut};
use super::lost_allocation::{LostAllocation, lose_allocation};
use super::order_events::order_events;
use super::take_back::{allocation_lost, hold_given_up};
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events;
use crate::events::event::NewEvent;
use crate::fulfillment::fulfillment_order::FulfillmentOrderAction;
use crate::fulfillment::fulfillment_orders::body::{CancelFulfillmentOrder, FulfillmentOrderBody};
use crate::inventory::{ShelfQuantity, release_stock};
use crate::orders::change;
use crate::platform::http::Precondition;
use crate::types::decimal::Quantity;
use crate::types::id::FulfillmentOrderId;
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use serde_json::json;

/// Cancels what is open of a fulfillment order.
pub fn cancel_fulfillment_order(
    connection: &mut PgConnection,
    context: &Context,
    id: FulfillmentOrderId,
    body: &CancelFulfillmentOrder,
    precondition: &Precondition,
) -> Result<FulfillmentOrderBody, Error> {
    body.check()?;
    let mut change = fulfillment_change::lock(connection, context, id, FulfillmentOrderAction::Cancel, precondition)?;
    let fulfillment_order = found_mut(&mut change.after, id)?;
    fulfillment_order.packages.clear();
    let location = fulfillment_order.location.clone();
    let open: Vec<(i16, Decimal)> = fulfillment_order.lines.iter().map(|line| (line.line_number, line.open())).collect();
    let mut lost: Vec<LostAllocation> = vec![];
    for (line_number, quantity) in open.into_iter().filter(|(_, quantity)| !quantity.is_zero()) {
        lost.push(lose_allocation(&mut change.after, id, line_number, quantity)?);
    }
    hold_given_up(context, &change.before, &mut change.after, &location);
    change::save(connection, context, std::slice::from_mut(&mut change), context.now)?;
    let freed: Vec<ShelfQuantity> = lost.iter().map(LostAllocation::stock).collect();
    release_stock(connection, context, &freed)?;
    let cancelled = FulfillmentOrderBody::of(&change.after, found(&change.after, id)?);
    let lines: Vec<_> = lost
        .iter()
        .map(|lost| json!({ "order_line_id": lost.order_line_id, "sku": lost.sku, "quantity": Quantity(lost.quantity) }))
        .collect();
    let data = json!({
        "number": cancelled.number,
        "order_number": cancelled.order_number,
        "location": cancelled.location,
        "status": cancelled.status,
        "reason": body.reason,
        "lines": lines,
    });
    let mut told = vec![
        NewEvent::of_part("fulfillment_order.cancelled", cancelled.order_id, "fulfillment_order", id.0, data),
        allocation_lost(&change),
    ];
    told.extend(order_events(std::slice::from_ref(&change)));
    events::append(connection, context, &told)?;
    Ok(cancelled)
}
