//! What was picked is packed. Packing what nobody has begun to pick implies picking all of it that the
//! order's delivery rule lets go. The packages wait with the
//! fulfillment order and leave with its next shipment.

use super::fulfillment_change::{self, found, found_mut};
use super::order_events::order_events;
use super::refusals::{require_released, require_unblocked};
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events;
use crate::events::event::NewEvent;
use crate::fulfillment::fulfillment_order::FulfillmentOrderAction;
use crate::fulfillment::fulfillment_orders::body::{FulfillmentOrderBody, Pack};
use crate::orders::change;
use crate::orders::delivery;
use crate::orders::hold::Blocks;
use crate::platform::http::Precondition;
use crate::types::id::FulfillmentOrderId;
use diesel::pg::PgConnection;
use serde_json::json;

/// Packs a fulfillment order. 409 `nothing_to_pack` where all that is picked is packed already.
pub fn pack(
    connection: &mut PgConnection,
    context: &Context,
    id: FulfillmentOrderId,
    body: &Pack,
    precondition: &Precondition,
) -> Result<FulfillmentOrderBody, Error> {
    body.check()?;
    let mut change = fulfillment_change::lock(connection, context, id, FulfillmentOrderAction::Pack, precondition)?;
    require_unblocked(&change.after, Blocks::Fulfillment)?;
    let fulfillment_order = found(&change.after, id)?;
    if delivery::holds_back(&change.after, fulfillment_order) {
        require_released(&change.after, &fulfillment_order.lines.iter().map(|line| line.line_number).collect::<Vec<_>>())?;
    }
    let waiting = change.after.lines.iter().filter(|line| delivery::waits(&change.after, line));
    let waiting: Vec<i16> = waiting.map(|line| line.line_number).collect();
    found_mut(&mut change.after, id)?.pack(|line| !waiting.contains(&line.line_number));
    if change.after == change.before {
        return Err(Error::conflict("nothing_to_pack", "all that is picked is packed already; pick the rest first"));
    }
    found_mut(&mut change.after, id)?.packages.extend_from_slice(body.packages());
    change.after.count_progress();
    change::save(connection, context, std::slice::from_mut(&mut change), context.now)?;
    let packed = FulfillmentOrderBody::of(&change.after, found(&change.after, id)?);
    let lines: Vec<_> = packed
        .lines
        .iter()
        .map(|line| json!({ "order_line_id": line.order_line_id, "sku": line.sku, "packed_quantity": line.packed_quantity }))
        .collect();
    let data = json!({
        "number": packed.number,
        "order_number": packed.order_number,
        "location": packed.location,
        "status": packed.status,
        "packages": packed.packages,
        "lines": lines,
    });
    let mut told = vec![NewEvent::of_part("fulfillment_order.packed", packed.order_id, "fulfillment_order", id.0, data)];
    told.extend(order_events(std::slice::from_ref(&change)));
    events::append(connection, context, &told)?;
    Ok(packed)
}
