//! Another location takes over what is open of a fulfillment order, if it has all of it. Picking starts anew there. Where a part
//! has left already, the rest becomes a fulfillment order of its own, so that each says truly what left from where.

use super::fulfillment_change::{self, found, found_mut, open_stock};
use super::order_events::order_events;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events;
use crate::events::event::NewEvent;
use crate::fulfillment::fulfillment_order::{Allocation, FulfillmentOrder, FulfillmentOrderAction};
use crate::fulfillment::fulfillment_orders::body::{FulfillmentOrderBody, MoveFulfillmentOrder};
use crate::inventory::ShelfQuantity;
use crate::inventory::locations;
use crate::inventory::locations::body::LocationKind;
use crate::inventory::stock::departures::move_promises;
use crate::orders::change;
use crate::orders::order::Order;
use crate::platform::http::Precondition;
use crate::types::id::{FulfillmentOrderId, OrganizationId};
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use serde_json::json;

/// Why an allocation is where it is, once somebody moved it.
const REASON: &str = "moved";

/// Moves what is open of a fulfillment order. Answers the fulfillment order that has it now. 409 `insufficient_stock` where the
/// new location has not all of it.
pub fn move_fulfillment_order(
    connection: &mut PgConnection,
    context: &Context,
    id: FulfillmentOrderId,
    body: &MoveFulfillmentOrder,
    precondition: &Precondition,
) -> Result<FulfillmentOrderBody, Error> {
    body.check()?;
    let mut change = fulfillment_change::lock(connection, context, id, FulfillmentOrderAction::Move, precondition)?;
    check_location(connection, context.organization_id, &body.location)?;
    let before = found(&change.after, id)?.clone();
    if before.location == body.location {
        return Err(Error::conflict("same_location", "the fulfillment order is at this location already"));
    }
    let from = open_stock(&before);
    let to: Vec<ShelfQuantity> = from.iter().map(|stock| ShelfQuantity::new(&stock.sku, &body.location, stock.quantity)).collect();
    let moved_id = if before.lines.iter().any(|line| line.shipped > Decimal::ZERO) {
        split(&mut change.after, id, &body.location, context)?
    } else {
        relocate(found_mut(&mut change.after, id)?, &body.location);
        id
    };
    change.after.count_progress();
    change::save(connection, context, std::slice::from_mut(&mut change), context.now)?;
    move_promises(connection, context, &from, &to)?;
    let moved = FulfillmentOrderBody::of(&change.after, found(&change.after, moved_id)?);
    let data = json!({
        "number": moved.number,
        "order_number": moved.order_number,
        "from_fulfillment_order_id": id,
        "from_location": before.location,
        "location": moved.location,
        "status": moved.status,
        "lines": moved.lines.iter().map(|line| json!({ "order_line_id": line.order_line_id, "sku": line.sku, "quantity": line.quantity })).collect::<Vec<_>>(),
    });
    let mut told = vec![NewEvent::of_part("fulfillment_order.moved", moved.order_id, "fulfillment_order", moved_id.0, data)];
    told.extend(order_events(std::slice::from_ref(&change)));
    events::append(connection, context, &told)?;
    Ok(moved)
}

fn check_location(connection: &mut PgConnection, organization_id: OrganizationId, code: &str) -> Result<(), Error> {
    match locations::service::get(connection, organization_id, code) {
        Ok(location) if location.kind == LocationKind::Supplier => {
            Err(Error::conflict("location_of_a_supplier", "a supplier's location promises no stock"))
        }
        Ok(location) if location.active => Ok(()),
        Ok(_) => Err(Error::conflict("location_inactive", "the location is not active; it promises no stock")),
        Err(Error::NotFound { .. }) => Err(Error::invalid("/location", "unknown_location", "there is no such location")),
        Err(error) => Err(error),
    }
}

fn relocate(fulfillment_order: &mut FulfillmentOrder, location: &str) {
    fulfillment_order.location = location.to_owned();
    fulfillment_order.packages.clear();
    for line in &mut fulfillment_order.lines {
        line.picked = Decimal::ZERO;
        line.packed = Decimal::ZERO;
        line.reason = Some(REASON.to_owned());
    }
}

fn split(order: &mut Order, id: FulfillmentOrderId, location: &str, context: &Context) -> Result<FulfillmentOrderId, Error> {
    let held = order.open_holds().next().is_some();
    let number = order.next_fulfillment_order_number();
    let old = found_mut(order, id)?;
    let mut new = FulfillmentOrder::open(number, location.to_owned(), held, context.now);
    new.ship_by_on = old.ship_by_on;
    old.packages.clear();
    for line in old.lines.iter_mut().filter(|line| !line.open().is_zero()) {
        let open = line.open();
        new.lines.push(Allocation {
            quantity: open,
            picked: Decimal::ZERO,
            packed: Decimal::ZERO,
            shipped: Decimal::ZERO,
            reason: Some(REASON.to_owned()),
            ..line.clone()
        });
        line.withdraw(open).map_err(Error::internal)?;
    }
    let new_id = new.id;
    order.fulfillment_orders.push(new);
    Ok(new_id)
}
