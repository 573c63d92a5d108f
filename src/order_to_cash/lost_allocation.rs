//! Stock that was promised to an order and is not: what becomes of the line.

use super::fulfillment_change::{found, found_mut};
use super::refusals::too_much;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::event::NewEvent;
use crate::inventory::ShelfQuantity;
use crate::orders::hold::{Hold, HoldCode};
use crate::orders::order::{OnShortage, Order, OrderLine};
use crate::orders::status::OrderStatus;
use crate::types::decimal::Quantity;
use crate::types::id::{FulfillmentOrderId, OrderLineId};
use crate::types::text_enum::text_enum;
use rust_decimal::Decimal;
use serde_json::json;

text_enum! {
    /// Why a promise is not kept.
    pub enum Loss {
        /// The picker did not find it: somebody has to decide.
        ShortPick = "short_pick",
        /// The location gave the work up, the stock is still there.
        FulfillmentOrderCancelled = "fulfillment_order_cancelled",
    }
}

/// A promise that a location does not keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostAllocation {
    pub order_line_id: OrderLineId,
    pub sku: String,
    pub location: String,
    /// In the order line's unit.
    pub quantity: Decimal,
    pub base_quantity: Decimal,
    /// The line waits for supply; else it is unallocated.
    pub backordered: bool,
}

impl LostAllocation {
    /// What the shelf had reserved for it.
    pub fn stock(&self) -> ShelfQuantity {
        ShelfQuantity::new(&self.sku, &self.location, self.base_quantity)
    }
}

/// Takes open units of one line away from a fulfillment order. With `on_shortage` backorder they wait for supply; else they are
/// unallocated again, and what is missing (not what was only given up) holds the order until somebody decides.
pub fn lose_allocation(
    order: &mut Order,
    id: FulfillmentOrderId,
    line_number: i16,
    quantity: Decimal,
    loss: Loss,
    context: &Context,
) -> Result<LostAllocation, Error> {
    let place = order.lines.iter().position(|line| line.line_number == line_number).ok_or(Error::not_found("order line"))?;
    let order_line_id = order.lines[place].id;
    let fulfillment_order = found_mut(order, id)?;
    let location = fulfillment_order.location.clone();
    let allocation = fulfillment_order.line_mut(line_number).ok_or(Error::not_found("fulfillment order line"))?;
    allocation.withdraw(quantity).map_err(|refused| too_much(order_line_id, &refused))?;
    let base_quantity = quantity * allocation.unit_factor;
    order.count_progress();
    let backordered = order.document.on_shortage == OnShortage::Backorder;
    let line = &mut order.lines[place];
    let moved = if backordered { line.quantities.lose_allocation(quantity) } else { line.quantities.deallocate(quantity) };
    moved.map_err(|refused| too_much(order_line_id, &refused))?;
    // The promised date rested on this stock.
    line.promised_on = None;
    let lost = LostAllocation { order_line_id, sku: line.sku.clone(), location, quantity, base_quantity, backordered };
    if loss == Loss::ShortPick && !backordered {
        raise_hold(order, place, &lost, context);
    }
    Ok(lost)
}

fn raise_hold(order: &mut Order, place: usize, lost: &LostAllocation, context: &Context) {
    let line: &OrderLine = &order.lines[place];
    let is_same = |hold: &Hold| hold.code == HoldCode::InsufficientStock && hold.order_line_id == Some(line.id);
    if order.status == OrderStatus::Draft || order.open_holds().any(is_same) {
        return;
    }
    let data = json!({ "lines": [{ "sku": lost.sku, "short": Quantity(lost.quantity), "location": lost.location }] });
    let hold = Hold::raise(HoldCode::InsufficientStock, Some(line.id), "not all of it was on the shelf", data, &context.actor, context.now);
    order.holds.push(hold);
}

/// The one `order.allocation_lost` of all that an order lost at once.
pub fn lost_event(order: &Order, id: FulfillmentOrderId, lost: &[LostAllocation], loss: Loss) -> Result<NewEvent, Error> {
    let lines: Vec<_> = lost
        .iter()
        .map(|lost| {
            json!({
                "order_line_id": lost.order_line_id,
                "sku": lost.sku,
                "location": lost.location,
                "quantity": Quantity(lost.quantity),
                "became": if lost.backordered { "backordered" } else { "unallocated" },
            })
        })
        .collect();
    let data = json!({
        "number": order.number,
        "status": order.status,
        "reason": loss,
        "fulfillment_order_id": id,
        "fulfillment_order_number": found(order, id)?.number,
        "lines": lines,
    });
    Ok(NewEvent::of_order("order.allocation_lost", order.id, data))
}
