//! Another location takes over what is open of a fulfillment order, or a part of that, if it has all of it. Picking starts anew
//! there. Where a part has left or stays, the rest becomes a fulfillment order of its own, so that each says truly what left from
//! where.

use super::fulfillment_change::{self, found, found_mut};
use super::fulfillment_part::{Free, all, carve_out, named, stock};
use super::order_events::order_events;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events;
use crate::events::event::NewEvent;
use crate::fulfillment::fulfillment_order::{FulfillmentOrder, FulfillmentOrderAction};
use crate::fulfillment::fulfillment_orders::body::{FulfillmentOrderBody, MoveFulfillmentOrder};
use crate::inventory::ShelfQuantity;
use crate::inventory::locations;
use crate::inventory::locations::body::LocationKind;
use crate::inventory::stock::departures::move_promises;
use crate::orders::{change, master_data, origin};
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
    let whole = all(&before, Free::Open);
    let parts = match body.lines() {
        Some(lines) => named(&change.after, id, lines, Free::Open)?,
        None => whole.clone(),
    };
    let from = stock(&before, &parts);
    let to: Vec<ShelfQuantity> = from.iter().map(|stock| ShelfQuantity::new(&stock.sku, &body.location, stock.quantity)).collect();
    let moves_all = parts.iter().map(|part| part.quantity).sum::<Decimal>() == whole.iter().map(|part| part.quantity).sum();
    let moved_id = if !moves_all || before.lines.iter().any(|line| line.shipped > Decimal::ZERO) {
        carve_out(&mut change.after, id, &parts, &body.location, Some(REASON), context)?
    } else {
        relocate(found_mut(&mut change.after, id)?, &body.location);
        id
    };
    change.after.count_progress();
    origin::settle(&mut change.after, &master_data::company_of(connection, context.organization_id)?, context);
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
