//! A shipment's way, and its arrival. A carrier's `returned` opens a return: what comes back is booked by it.

use super::order_events::order_events;
use super::returns::carrier::brought_back;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events;
use crate::events::event::NewEvent;
use crate::fulfillment::dating::stored;
use crate::fulfillment::shipments::body::{Deliver, NewTrackingEvent};
use crate::fulfillment::shipments::service as shipments;
use crate::fulfillment::shipments::shipment::{Shipment, ShipmentStatus, Tracked, TrackingEvent};
use crate::orders::change::{self, OrderChange};
use crate::platform::http::Precondition;
use crate::types::id::{ShipmentId, TrackingEventId};
use diesel::pg::PgConnection;
use serde_json::json;

/// Takes a carrier's event in. The order of events is never a reason to refuse one, and the same one twice changes nothing.
/// `return_number` is for the return that a `returned` opens.
pub fn track(
    connection: &mut PgConnection,
    context: &Context,
    id: ShipmentId,
    body: &NewTrackingEvent,
    precondition: &Precondition,
    return_number: Option<String>,
) -> Result<Shipment, Error> {
    body.check(context.now)?;
    // Only a delivery changes the order, and a return is opened under its lock: that comes before the shipment's.
    let change = match body.status {
        ShipmentStatus::Delivered | ShipmentStatus::Returned => {
            let order_id = shipments::order_of(connection, context.organization_id, id)?;
            Some(change::lock(connection, context.organization_id, order_id, &Precondition::Any)?)
        }
        ShipmentStatus::InTransit | ShipmentStatus::OutForDelivery | ShipmentStatus::Exception => None,
    };
    let mut shipment = shipments::lock(connection, context.organization_id, id, precondition)?;
    let event = TrackingEvent {
        id: TrackingEventId::generate(),
        status: body.status,
        occurred_at: stored(body.occurred_at),
        detail: body.detail.clone(),
        city: body.city.clone(),
        received_by: body.received_by.clone(),
        recorded_at: context.now,
    };
    let tracked = shipment.track(event.clone());
    if tracked == Tracked::Known {
        return Ok(shipment);
    }
    shipments::save_tracked(connection, context, &mut shipment, &event)?;
    let data = json!({
        "number": shipment.number,
        "carrier": shipment.carrier,
        "tracking_number": shipment.tracking_number,
        "status": shipment.status,
        "event": event,
    });
    let mut told = vec![NewEvent::of_part("shipment.tracking", shipment.order_id, "shipment", id.0, data)];
    if let Some(mut change) = change {
        if tracked == Tracked::Delivered {
            arrive(connection, context, &mut change, &shipment)?;
            told.push(delivered_event(&change, &shipment));
            told.extend(order_events(std::slice::from_ref(&change)));
        }
        if let (ShipmentStatus::Returned, Some(number)) = (shipment.status, return_number) {
            told.extend(brought_back(connection, context, &change.after, &shipment, number)?);
        }
    }
    events::append(connection, context, &told)?;
    Ok(shipment)
}

/// Somebody says that the customer has a shipment. 409 `invalid_transition` where it has arrived or come back.
pub fn deliver(
    connection: &mut PgConnection,
    context: &Context,
    id: ShipmentId,
    body: &Deliver,
    precondition: &Precondition,
) -> Result<Shipment, Error> {
    let order_id = shipments::order_of(connection, context.organization_id, id)?;
    let mut change = change::lock(connection, context.organization_id, order_id, &Precondition::Any)?;
    let mut shipment = shipments::lock(connection, context.organization_id, id, precondition)?;
    let delivered_at = stored(body.delivered_at.unwrap_or(context.now));
    shipment
        .deliver(delivered_at, body.received_by.clone())
        .map_err(|status| Error::invalid_transition(status.as_str(), "deliver", &[]))?;
    if delivered_at < shipment.shipped_at {
        return Err(Error::invalid("/delivered_at", "before_shipment", "must not be before it was shipped"));
    }
    shipments::save(connection, context, &mut shipment)?;
    arrive(connection, context, &mut change, &shipment)?;
    let mut told = vec![delivered_event(&change, &shipment)];
    told.extend(order_events(std::slice::from_ref(&change)));
    events::append(connection, context, &told)?;
    Ok(shipment)
}

/// The shipment's units are the customer's.
fn arrive(connection: &mut PgConnection, context: &Context, change: &mut OrderChange, shipment: &Shipment) -> Result<(), Error> {
    for shipped in &shipment.lines {
        let line = change.after.line_mut(shipped.order_line_id).ok_or(Error::not_found("order line"))?;
        line.quantities.deliver(shipped.quantity.0).map_err(Error::internal)?;
    }
    change::save(connection, context, std::slice::from_mut(change), shipment.delivered_at.unwrap_or(context.now))
}

fn delivered_event(change: &OrderChange, shipment: &Shipment) -> NewEvent {
    let data = json!({
        "number": shipment.number,
        "order_number": change.after.number,
        "order_external_id": change.after.external_id,
        "fulfillment_status": change.after.fulfillment_status,
        "carrier": shipment.carrier,
        "tracking_number": shipment.tracking_number,
        "shipped_at": shipment.shipped_at,
        "delivered_at": shipment.delivered_at,
        "delivery_source": shipment.delivery_source,
        "received_by": shipment.received_by,
    });
    NewEvent::of_part("shipment.delivered", shipment.order_id, "shipment", shipment.id.0, data)
}
