//! A service is done: its units are shipped and delivered at once, so that they may be invoiced.

use super::order_events::order_events;
use super::refusals::{require_unblocked, too_much};
use crate::auth::actor::Context;
use crate::catalog::product_kind::ProductKind;
use crate::error::Error;
use crate::events;
use crate::events::event::NewEvent;
use crate::fulfillment::service_completions::body::CompleteService;
use crate::orders::change;
use crate::orders::hold::Blocks;
use crate::orders::order::Order;
use crate::orders::status::OrderAction;
use crate::platform::http::Precondition;
use crate::types::decimal::Quantity;
use crate::types::id::{OrderId, OrderLineId};
use diesel::pg::PgConnection;
use serde_json::json;

/// Completes what is open of a service line, or a part. 409 `not_a_service` for goods, and for charges while goods
/// are still to ship; 422 `exceeds_open_quantity`
/// where less is open.
pub fn complete_service(
    connection: &mut PgConnection,
    context: &Context,
    order_id: OrderId,
    line_id: OrderLineId,
    body: &CompleteService,
    precondition: &Precondition,
) -> Result<Order, Error> {
    body.check()?;
    let mut change = change::lock(connection, context.organization_id, order_id, precondition)?;
    let line = change.after.line(line_id).ok_or(Error::not_found("order line"))?;
    let goods_open = change.after.lines.iter().any(|other| other.is_stocked() && !other.quantities.open().is_zero());
    let by_hand = match line.kind {
        ProductKind::Service => true,
        // With goods still to ship it falls due by itself.
        ProductKind::Charge => !goods_open,
        ProductKind::Stocked => false,
    };
    if !by_hand {
        return Err(Error::conflict("not_a_service", "goods are completed by shipping them, charges fall due with the first shipment"));
    }
    change.after.status.next(OrderAction::CompleteLine)?;
    require_unblocked(&change.after, Blocks::Fulfillment)?;
    let quantity = body.quantity.map_or(line.quantities.unallocated, |quantity| quantity.0);
    if quantity.is_zero() {
        return Err(Error::conflict("nothing_to_complete", "all of the line is completed or cancelled"));
    }
    if quantity.normalize().scale() > line.detail.quantity_scale {
        let detail = format!("this line is counted to {} decimal places", line.detail.quantity_scale);
        return Err(Error::invalid("/quantity", "too_many_decimals", detail));
    }
    if let Some(line) = change.after.line_mut(line_id) {
        line.quantities.perform(quantity).map_err(|refused| too_much("/quantity", &refused))?;
    }
    change::save(connection, context, std::slice::from_mut(&mut change), context.now)?;
    let order = &change.after;
    let data = json!({
        "number": order.number,
        "order_line_id": line_id,
        "sku": order.line(line_id).map(|line| &line.sku),
        "quantity": Quantity(quantity),
        "fulfillment_status": order.fulfillment_status,
    });
    let mut told = vec![NewEvent::of_order("order.line_completed", order_id, data)];
    told.extend(order_events(std::slice::from_ref(&change)));
    events::append(connection, context, &told)?;
    Ok(change.after)
}
