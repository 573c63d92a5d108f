//! Goods are taken off the shelf, or found missing. What a picker does not find (`short_reason`) is treated as not there: it is
//! written off the shelf as an adjustment `short_pick`, and the line loses its allocation by [`lose_allocation`];
//! without backorders the order is held (`insufficient_stock`) until stock comes or somebody decides.

use super::fulfillment_change::{self, found, found_mut, named_line};
use super::lost_allocation::{LostAllocation, lose_allocation};
use super::order_events::order_events;
use super::refusals::{require_released, require_unblocked, too_much};
use super::take_back::{allocation_lost, hold_if_asked};
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events;
use crate::events::event::NewEvent;
use crate::fulfillment::fulfillment_order::{FulfillmentOrder, FulfillmentOrderAction};
use crate::fulfillment::fulfillment_orders::body::{FulfillmentOrderBody, Pick};
use crate::inventory::stock::departures::{Departure, write_off_promised};
use crate::inventory::stock::locked::Cause;
use crate::orders::change;
use crate::orders::delivery;
use crate::orders::hold::Blocks;
use crate::orders::order::Order;
use crate::platform::http::Precondition;
use crate::types::decimal::Quantity;
use crate::types::id::{FulfillmentOrderId, OrderLineId};
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use serde_json::{Value, json};

/// So much of a line is picked in all.
struct Picked {
    line_number: i16,
    order_line_id: OrderLineId,
    sku: String,
    picked: Decimal,
    missing: Decimal,
    short_reason: Option<String>,
}

/// Picks a fulfillment order, all of it or as the body says.
pub fn pick(
    connection: &mut PgConnection,
    context: &Context,
    id: FulfillmentOrderId,
    body: &Pick,
    precondition: &Precondition,
) -> Result<FulfillmentOrderBody, Error> {
    body.check()?;
    let mut change = fulfillment_change::lock(connection, context, id, FulfillmentOrderAction::Pick, precondition)?;
    require_unblocked(&change.after, Blocks::Fulfillment)?;
    let picked = read(&change.after, found(&change.after, id)?, body)?;
    require_released(&change.after, &picked.iter().map(|picked| picked.line_number).collect::<Vec<_>>())?;
    let lost = apply(&mut change.after, id, &picked)?;
    hold_if_asked(context, &change.before, &mut change.after);
    if change.after == change.before {
        return Ok(FulfillmentOrderBody::of(&change.after, found(&change.after, id)?));
    }
    change::save(connection, context, std::slice::from_mut(&mut change), context.now)?;
    let fulfillment_order = found(&change.after, id)?;
    if !lost.is_empty() {
        let cause = Cause {
            reason: Some("short_pick".to_owned()),
            reference: Some(fulfillment_order.number.clone()),
            subject_id: id.0,
            occurred_at: context.now,
        };
        write_off_promised(connection, context, &Departure { quantities: lost.iter().map(LostAllocation::stock).collect(), cause })?;
    }
    let mut told = vec![picked_event(&change.after, fulfillment_order, &picked)];
    if !lost.is_empty() {
        told.push(allocation_lost(&change));
    }
    told.extend(order_events(std::slice::from_ref(&change)));
    events::append(connection, context, &told)?;
    Ok(FulfillmentOrderBody::of(&change.after, fulfillment_order))
}

fn read(order: &Order, fulfillment_order: &FulfillmentOrder, body: &Pick) -> Result<Vec<Picked>, Error> {
    let Some(lines) = body.lines() else {
        let all_wait = delivery::holds_back(order, fulfillment_order);
        let open = fulfillment_order.lines.iter().filter(|allocation| allocation.picked < allocation.quantity);
        let all = open.filter_map(|allocation| {
            let line = order.lines.iter().find(|line| line.line_number == allocation.line_number)?;
            // Of what the delivery rule keeps back nothing is picked, unless all of it is: then the caller is told.
            if !all_wait && delivery::waits(order, line) {
                return None;
            }
            Some(Picked {
                line_number: line.line_number,
                order_line_id: line.id,
                sku: line.sku.clone(),
                picked: allocation.quantity,
                missing: Decimal::ZERO,
                short_reason: None,
            })
        });
        return Ok(all.collect());
    };
    let read = |(place, named): (usize, &crate::fulfillment::fulfillment_orders::body::PickLine)| {
        let picked = named.picked_quantity.0;
        let (line, allocation) = named_line(order, fulfillment_order, place, named.order_line_id, "picked_quantity", picked)?;
        if picked < allocation.packed {
            let detail = format!("what is packed stays picked: at least {}", allocation.packed);
            return Err(Error::invalid(format!("/lines/{place}/picked_quantity"), "below_packed_quantity", detail));
        }
        Ok(Picked {
            line_number: line.line_number,
            order_line_id: line.id,
            sku: line.sku.clone(),
            picked,
            missing: if named.short_reason.is_some() { allocation.quantity - picked } else { Decimal::ZERO },
            short_reason: named.short_reason.clone(),
        })
    };
    lines.iter().enumerate().map(read).collect()
}

fn apply(order: &mut Order, id: FulfillmentOrderId, picked: &[Picked]) -> Result<Vec<LostAllocation>, Error> {
    let mut lost = vec![];
    for (place, picked) in picked.iter().enumerate() {
        let line = found_mut(order, id)?.line_mut(picked.line_number).ok_or(Error::not_found("fulfillment order line"))?;
        line.pick_to(picked.picked).map_err(|refused| too_much(format!("/lines/{place}/picked_quantity"), &refused))?;
        if picked.missing > Decimal::ZERO {
            lost.push(lose_allocation(order, id, picked.line_number, picked.missing)?);
        }
    }
    order.count_progress();
    Ok(lost)
}

fn picked_event(order: &Order, fulfillment_order: &FulfillmentOrder, picked: &[Picked]) -> NewEvent {
    let lines: Vec<Value> = picked
        .iter()
        .map(|line| {
            json!({
                "order_line_id": line.order_line_id,
                "sku": line.sku,
                "picked_quantity": Quantity(line.picked),
                "short_quantity": Quantity(line.missing),
                "short_reason": line.short_reason,
            })
        })
        .collect();
    let data = json!({
        "number": fulfillment_order.number,
        "order_number": order.number,
        "location": fulfillment_order.location,
        "status": fulfillment_order.status,
        "lines": lines,
    });
    NewEvent::of_part("fulfillment_order.picked", order.id, "fulfillment_order", fulfillment_order.id.0, data)
}
