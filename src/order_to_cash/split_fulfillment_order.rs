//! A part of a fulfillment order becomes one of its own at the same location: it is picked and shipped apart from the rest.

use super::fulfillment_change::{self, found};
use super::fulfillment_part::{Free, all, carve_out, named};
use super::order_events::order_events;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events;
use crate::events::event::NewEvent;
use crate::fulfillment::fulfillment_order::FulfillmentOrderAction;
use crate::fulfillment::fulfillment_orders::body::{FulfillmentOrderBody, SplitFulfillmentOrder};
use crate::orders::change;
use crate::platform::http::Precondition;
use crate::types::id::FulfillmentOrderId;
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use serde_json::{Value, json};

/// Splits units that nobody has picked off a fulfillment order. Answers the new one. 409 `nothing_left` where the old one would be
/// left with nothing.
pub fn split_fulfillment_order(
    connection: &mut PgConnection,
    context: &Context,
    id: FulfillmentOrderId,
    body: &SplitFulfillmentOrder,
    precondition: &Precondition,
) -> Result<FulfillmentOrderBody, Error> {
    body.check()?;
    let mut change = fulfillment_change::lock(connection, context, id, FulfillmentOrderAction::Split, precondition)?;
    let parts = named(&change.after, id, &body.lines, Free::Unpicked)?;
    let old = found(&change.after, id)?;
    let (open, taken): (Decimal, Decimal) =
        (all(old, Free::Open).iter().map(|part| part.quantity).sum(), parts.iter().map(|part| part.quantity).sum());
    if open == taken {
        return Err(Error::conflict("nothing_left", "that is all of the fulfillment order; a split leaves something of it"));
    }
    let location = old.location.clone();
    let new_id = carve_out(&mut change.after, id, &parts, &location, None, context)?;
    change.after.count_progress();
    change::save(connection, context, std::slice::from_mut(&mut change), context.now)?;
    let (old, new) = (found(&change.after, id)?, FulfillmentOrderBody::of(&change.after, found(&change.after, new_id)?));
    let lines: Vec<Value> =
        new.lines.iter().map(|line| json!({ "order_line_id": line.order_line_id, "sku": line.sku, "quantity": line.quantity })).collect();
    let data = json!({
        "number": old.number, "order_number": new.order_number, "location": old.location, "status": old.status,
        "new_fulfillment_order_id": new.id, "new_number": new.number, "lines": lines,
    });
    let mut told = vec![NewEvent::of_part("fulfillment_order.split", new.order_id, "fulfillment_order", id.0, data)];
    told.extend(order_events(std::slice::from_ref(&change)));
    events::append(connection, context, &told)?;
    Ok(new)
}
