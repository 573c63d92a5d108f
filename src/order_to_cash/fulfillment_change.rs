//! A fulfillment order that is about to change, under the lock of its order.

use crate::auth::actor::Context;
use crate::error::Error;
use crate::fulfillment::fulfillment_order::{Allocation, FulfillmentOrder, FulfillmentOrderAction};
use crate::fulfillment::fulfillment_orders::service::order_of;
use crate::orders::change::{self, OrderChange};
use crate::orders::order::{Order, OrderLine};
use crate::platform::http::Precondition;
use crate::types::id::{FulfillmentOrderId, OrderLineId};
use diesel::pg::PgConnection;
use rust_decimal::Decimal;

/// Locks the order of a fulfillment order: 404 where there is none, 412 where it is not the version that the caller has seen,
/// 409 where its status does not allow `action`.
pub fn lock(
    connection: &mut PgConnection,
    context: &Context,
    id: FulfillmentOrderId,
    action: FulfillmentOrderAction,
    precondition: &Precondition,
) -> Result<OrderChange, Error> {
    let order_id = order_of(connection, context.organization_id, id)?;
    let change = change::lock(connection, context.organization_id, order_id, &Precondition::Any)?;
    require(&change.after, id, action, precondition)?;
    Ok(change)
}

/// 404, 412 or 409 as `lock`, of an order that is locked.
pub fn require(order: &Order, id: FulfillmentOrderId, action: FulfillmentOrderAction, precondition: &Precondition) -> Result<(), Error> {
    let fulfillment_order = found(order, id)?;
    precondition.check(fulfillment_order.version)?;
    fulfillment_order.status.next(action)?;
    Ok(())
}

/// The order's fulfillment order.
pub fn found(order: &Order, id: FulfillmentOrderId) -> Result<&FulfillmentOrder, Error> {
    order.fulfillment_order(id).ok_or(Error::not_found("fulfillment order"))
}

/// The order's fulfillment order, to be changed.
pub fn found_mut(order: &mut Order, id: FulfillmentOrderId) -> Result<&mut FulfillmentOrder, Error> {
    order.fulfillment_order_mut(id).ok_or(Error::not_found("fulfillment order"))
}

/// The order line that a request names, with its share; 422 where the fulfillment order has no such line or counts it less
/// finely than `quantity`. `field` is where the quantity stands in the line's object.
pub fn named_line<'a>(
    order: &'a Order,
    fulfillment_order: &'a FulfillmentOrder,
    place: usize,
    id: OrderLineId,
    field: &str,
    quantity: Decimal,
) -> Result<(&'a OrderLine, &'a Allocation), Error> {
    let share = order.line(id).and_then(|line| Some((line, fulfillment_order.line(line.line_number)?)));
    let Some((line, allocation)) = share else {
        let detail = "the fulfillment order has no such line; take order_line_id from its lines";
        return Err(Error::invalid(format!("/lines/{place}/order_line_id"), "unknown_line", detail));
    };
    let scale = line.detail.quantity_scale;
    if quantity.normalize().scale() > scale {
        let detail = format!("this line is counted to {scale} decimal places");
        return Err(Error::invalid(format!("/lines/{place}/{field}"), "too_many_decimals", detail));
    }
    Ok((line, allocation))
}
