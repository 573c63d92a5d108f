//! A part of a fulfillment order that becomes a fulfillment order of its own.

use super::fulfillment_change::{found, found_mut, named_line};
use super::refusals::too_much;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::fulfillment::fulfillment_order::{Allocation, FulfillmentOrder};
use crate::fulfillment::fulfillment_orders::body::FulfillmentOrderPart;
use crate::inventory::ShelfQuantity;
use crate::orders::order::Order;
use crate::orders::quantities::NotThatMuch;
use crate::types::id::FulfillmentOrderId;
use rust_decimal::Decimal;

/// So much of a line, in the order line's unit.
#[derive(Clone, Debug)]
pub struct Part {
    pub line_number: i16,
    pub quantity: Decimal,
}

/// Which units of a line may become work of their own.
#[derive(Clone, Copy, Debug)]
pub enum Free {
    /// All that has not left: what is picked goes back.
    Open,
    /// What nobody has picked.
    Unpicked,
}

impl Free {
    fn of(self, allocation: &Allocation) -> Decimal {
        match self {
            Self::Open => allocation.open(),
            Self::Unpicked => allocation.quantity - allocation.picked,
        }
    }
}

/// All that is free of the fulfillment order.
pub fn all(fulfillment_order: &FulfillmentOrder, free: Free) -> Vec<Part> {
    let parts = fulfillment_order.lines.iter().map(|line| Part { line_number: line.line_number, quantity: free.of(line) });
    parts.filter(|part| !part.quantity.is_zero()).collect()
}

/// The parts that a request names; 422 where the fulfillment order has no such line, or not so much of it is free.
pub fn named(order: &Order, id: FulfillmentOrderId, lines: &[FulfillmentOrderPart], free: Free) -> Result<Vec<Part>, Error> {
    let fulfillment_order = found(order, id)?;
    let read = |(place, named): (usize, &FulfillmentOrderPart)| {
        let asked = named.quantity.map(|quantity| quantity.0);
        let (line, allocation) = named_line(order, fulfillment_order, place, named.order_line_id, "quantity", asked.unwrap_or_default())?;
        let possible = free.of(allocation);
        let quantity = asked.unwrap_or(possible);
        if quantity > possible || quantity.is_zero() {
            let refused = NotThatMuch { verb: "take over", asked: quantity, possible };
            return Err(too_much(format!("/lines/{place}/quantity"), &refused));
        }
        Ok(Part { line_number: line.line_number, quantity })
    };
    lines.iter().enumerate().map(read).collect()
}

/// What the shelf has reserved for the parts.
pub fn stock(fulfillment_order: &FulfillmentOrder, parts: &[Part]) -> Vec<ShelfQuantity> {
    let of = |part: &Part| {
        let line = fulfillment_order.line(part.line_number)?;
        Some(ShelfQuantity::new(&line.sku, &fulfillment_order.location, part.quantity * line.unit_factor))
    };
    parts.iter().filter_map(of).collect()
}

/// Takes the parts off the fulfillment order into a new one at `location`, with nothing picked.
pub fn carve_out(
    order: &mut Order,
    id: FulfillmentOrderId,
    parts: &[Part],
    location: &str,
    reason: Option<&str>,
    context: &Context,
) -> Result<FulfillmentOrderId, Error> {
    let held = order.open_holds().next().is_some();
    let number = order.next_fulfillment_order_number();
    let old = found_mut(order, id)?;
    let mut new = FulfillmentOrder::open(number, location.to_owned(), held, context.now);
    new.ship_by_on = old.ship_by_on;
    for part in parts {
        let line = old.line_mut(part.line_number).ok_or(Error::not_found("fulfillment order line"))?;
        new.lines.push(Allocation {
            quantity: part.quantity,
            picked: Decimal::ZERO,
            packed: Decimal::ZERO,
            shipped: Decimal::ZERO,
            reason: reason.map(str::to_owned).or_else(|| line.reason.clone()),
            ..line.clone()
        });
        line.withdraw(part.quantity).map_err(Error::internal)?;
    }
    if old.lines.iter().all(|line| line.packed == line.shipped) {
        old.packages.clear();
    }
    let new_id = new.id;
    order.fulfillment_orders.push(new);
    Ok(new_id)
}
