//! Goods leave: stock goes off the shelf, never before and never twice, and charges of the order fall due with them.

use super::document_date::{require_not_before_order, require_open};
use super::fulfillment_change::{found, found_mut, named_line, require};
use super::order_events::order_events;
use super::refusals::{delivery_rule, require_unblocked, too_much};
use crate::auth::actor::Context;
use crate::catalog::product_kind::ProductKind;
use crate::error::Error;
use crate::events::event::NewEvent;
use crate::fulfillment::dating::stored;
use crate::fulfillment::fulfillment_order::{FulfillmentOrder, FulfillmentOrderAction};
use crate::fulfillment::fulfillment_orders::body::Ship;
use crate::fulfillment::fulfillment_orders::service::orders_of;
use crate::fulfillment::shipments;
use crate::fulfillment::shipments::carrier::tracking_url;
use crate::fulfillment::shipments::shipment::{Shipment, ShipmentLine, ShipmentStatus};
use crate::inventory::stock::departures::{Departure, ship_departures};
use crate::inventory::stock::locked::Cause;
use crate::inventory::{ShelfKey, ShelfQuantity};
use crate::orders::change::{self, OrderChange};
use crate::orders::delivery;
use crate::orders::hold::Blocks;
use crate::orders::order::{DeliveryRule, Order, OrderLine};
use crate::orders::status::OrderAction;
use crate::organization;
use crate::platform::http::Precondition;
use crate::types::decimal::Quantity;
use crate::types::id::{FulfillmentOrderId, OrderId, OrderLineId, ShipmentId};
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

/// One fulfillment order that ships, all of it or a part. The body has been checked.
#[derive(Clone, Debug)]
pub struct ShipRequest {
    pub fulfillment_order_id: FulfillmentOrderId,
    pub body: Ship,
    pub precondition: Precondition,
}

/// So much of a line leaves.
struct Leaving {
    line_number: i16,
    order_line_id: OrderLineId,
    quantity: Decimal,
}

/// Ships all of the requests or none: one transaction, one set of locks, a number of statements that does not grow with them.
/// The shipments come in the order of the requests.
pub fn ship_all(connection: &mut PgConnection, context: &Context, requests: &[ShipRequest]) -> Result<Vec<Shipment>, Error> {
    let ids: Vec<FulfillmentOrderId> = requests.iter().map(|request| request.fulfillment_order_id).collect();
    let order_of: HashMap<FulfillmentOrderId, OrderId> = orders_of(connection, context.organization_id, &ids)?.into_iter().collect();
    let mut order_ids: Vec<OrderId> = order_of.values().copied().collect();
    order_ids.sort_unstable();
    order_ids.dedup();
    let mut changes = change::lock_all(connection, context.organization_id, &order_ids)?;

    let dated = requests.iter().any(|request| request.body.shipped_at.is_some());
    let settings = if dated { Some(organization::settings(connection, context.organization_id)?) } else { None };
    let (mut shipped, mut departures) = (vec![], vec![]);
    for request in requests {
        let order_id = order_of.get(&request.fulfillment_order_id);
        let change = changes.iter_mut().find(|change| Some(&change.after.id) == order_id);
        let order = &mut change.ok_or(Error::not_found("fulfillment order"))?.after;
        if let (Some(at), Some(settings)) = (request.body.shipped_at, &settings) {
            require_not_before_order(settings, order.ordered_at, at, "/shipped_at")?;
            require_open(settings, settings.local_date(at))?;
        }
        let (shipment, departure) = ship_one(order, request, context)?;
        // Each order's milestones are of the time when it shipped, which `save` leaves as they are.
        order.settle(shipment.shipped_at);
        shipped.push(shipment);
        departures.push(departure);
    }

    change::save(connection, context, &mut changes, context.now)?;
    let (stock, costs) = ship_departures(connection, context, &departures)?;
    shipped.iter_mut().for_each(|shipment| value(shipment, &costs));
    let rows = shipments::service::insert(context.organization_id, &shipped)?;
    stock.write_with(connection, context, rows, told(&changes, &shipped))?;
    Ok(shipped)
}

/// Changes the order in memory and says what leaves the shelves.
fn ship_one(order: &mut Order, request: &ShipRequest, context: &Context) -> Result<(Shipment, Departure), Error> {
    let (id, body) = (request.fulfillment_order_id, &request.body);
    require(order, id, FulfillmentOrderAction::Ship, &request.precondition)?;
    require_unblocked(order, Blocks::Shipping)?;
    order.status.next(OrderAction::Ship)?;
    let leaving = leaving(order, found(order, id)?, body)?;
    check_delivery_rule(order, found(order, id)?, &leaving)?;

    let fulfillment_order = found_mut(order, id)?;
    let location = fulfillment_order.location.clone();
    let packed = std::mem::take(&mut fulfillment_order.packages);
    let packages = match &body.packages {
        Some(packages) if !packages.is_empty() => packages.clone(),
        Some(_) | None => packed,
    };
    let (mut lines, mut quantities) = (vec![], vec![]);
    for (place, leaving) in leaving.iter().enumerate() {
        let exceeded = |refused| too_much(format!("/lines/{place}/quantity"), &refused);
        let allocation = found_mut(order, id)?.line_mut(leaving.line_number).ok_or(Error::not_found("fulfillment order line"))?;
        allocation.ship(leaving.quantity).map_err(exceeded)?;
        let base_quantity = leaving.quantity * allocation.unit_factor;
        let line = order.line_mut(leaving.order_line_id).ok_or(Error::not_found("order line"))?;
        line.quantities.ship(leaving.quantity).map_err(exceeded)?;
        quantities.push(ShelfQuantity::new(&line.sku, &location, base_quantity));
        lines.push(ShipmentLine {
            order_line_id: line.id,
            line_number: line.line_number,
            sku: line.sku.clone(),
            name: line.name.clone(),
            unit: line.unit.clone(),
            quantity: Quantity(leaving.quantity),
            unit_cost: None,
        });
    }
    order.count_progress();
    charges_fall_due(order)?;

    let shipped_at = stored(body.shipped_at.unwrap_or(context.now));
    let shipment = Shipment {
        id: ShipmentId::generate(),
        number: order.next_shipment_number(),
        order_id: order.id,
        fulfillment_order_id: id,
        location,
        carrier: body.carrier.clone(),
        tracking_number: body.tracking_number.clone(),
        tracking_url: tracking_url(&body.carrier, body.tracking_number.as_deref()),
        status: ShipmentStatus::InTransit,
        delivery_source: None,
        lines,
        packages,
        shipped_at,
        delivered_at: None,
        received_by: None,
        events: vec![],
        external_ids: body.external_ids.clone().unwrap_or_default(),
        metadata: body.metadata.clone().unwrap_or_default(),
        version: 1,
        created_at: context.now,
        updated_at: context.now,
    };
    let cause = Cause { reason: None, reference: Some(shipment.number.clone()), subject_id: shipment.id.0, occurred_at: shipped_at };
    Ok((shipment, Departure { quantities, cause }))
}

fn leaving(order: &Order, fulfillment_order: &FulfillmentOrder, body: &Ship) -> Result<Vec<Leaving>, Error> {
    let Some(lines) = body.lines() else {
        let open = fulfillment_order.lines.iter().filter(|allocation| !allocation.open().is_zero());
        let all = open.filter_map(|allocation| {
            let line = order.lines.iter().find(|line| line.line_number == allocation.line_number)?;
            Some(Leaving { line_number: line.line_number, order_line_id: line.id, quantity: allocation.open() })
        });
        return Ok(all.collect());
    };
    let read = |(place, named): (usize, &crate::fulfillment::fulfillment_orders::body::ShipLine)| {
        let quantity = named.quantity.0;
        let (line, _) = named_line(order, fulfillment_order, place, named.order_line_id, "quantity", quantity)?;
        Ok(Leaving { line_number: line.line_number, order_line_id: line.id, quantity })
    };
    lines.iter().enumerate().map(read).collect()
}

/// 409 `delivery_rule` where the order waits to be complete. `complete_order`: nothing of the order may still want stock, and all
/// that this location has of it leaves together. `complete_line`: the same of each line that leaves. Locations ship apart: what
/// another one has is promised, and that is as complete as an order from two places can be.
fn check_delivery_rule(order: &Order, fulfillment_order: &FulfillmentOrder, leaving: &[Leaving]) -> Result<(), Error> {
    let rule = order.document.delivery_rule;
    let leaves = |line_number: i16| leaving.iter().find(|leaving| leaving.line_number == line_number).map(|leaving| leaving.quantity);
    let missing = order.lines.iter().filter(|line| line.is_stocked()).filter_map(|line| {
        let concerned = match rule {
            DeliveryRule::Partial => false,
            DeliveryRule::CompleteLine => leaves(line.line_number).is_some(),
            DeliveryRule::CompleteOrder => true,
        };
        let open = fulfillment_order.line(line.line_number).map_or(Decimal::ZERO, |allocation| allocation.open());
        let stays = (open - leaves(line.line_number).unwrap_or_default()).max(Decimal::ZERO);
        let missing = delivery::unpromised(line) + stays;
        (concerned && missing > Decimal::ZERO).then_some((line, missing))
    });
    let missing: Vec<(&OrderLine, Decimal)> = missing.collect();
    if missing.is_empty() { Ok(()) } else { Err(delivery_rule(order, &missing)) }
}

/// Charges (insurance, handling) are owed once goods leave; of an order without goods they are owed when it is confirmed.
fn charges_fall_due(order: &mut Order) -> Result<(), Error> {
    for line in order.lines.iter_mut().filter(|line| line.kind == ProductKind::Charge) {
        let open = line.quantities.unallocated;
        line.quantities.perform(open).map_err(Error::internal)?;
    }
    Ok(())
}

fn value(shipment: &mut Shipment, costs: &BTreeMap<ShelfKey, Option<Decimal>>) {
    for line in &mut shipment.lines {
        line.unit_cost = costs.get(&ShelfKey::new(&line.sku, &shipment.location)).copied().flatten();
    }
}

fn told(changes: &[OrderChange], shipped: &[Shipment]) -> Vec<NewEvent> {
    let of = |shipment: &Shipment| {
        let order = changes.iter().map(|change| &change.after).find(|order| order.id == shipment.order_id);
        let lines: Vec<Value> = shipment
            .lines
            .iter()
            .map(|line| json!({ "order_line_id": line.order_line_id, "sku": line.sku, "unit": line.unit, "quantity": line.quantity }))
            .collect();
        let data = json!({
            "number": shipment.number,
            "order_number": order.map(|order| &order.number),
            "order_external_id": order.and_then(|order| order.external_id.as_ref()),
            "fulfillment_status": order.map(|order| order.fulfillment_status),
            "fulfillment_order_id": shipment.fulfillment_order_id,
            "location": shipment.location,
            "carrier": shipment.carrier,
            "tracking_number": shipment.tracking_number,
            "tracking_url": shipment.tracking_url,
            "shipped_at": shipment.shipped_at,
            "lines": lines,
        });
        NewEvent::of_part("shipment.shipped", shipment.order_id, "shipment", shipment.id.0, data)
    };
    let mut told: Vec<NewEvent> = shipped.iter().map(of).collect();
    told.extend(order_events(changes));
    told
}
