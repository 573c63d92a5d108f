//! A location does not keep what was promised from it: what becomes of the line.

use super::fulfillment_change::found_mut;
use crate::error::Error;
use crate::inventory::ShelfQuantity;
use crate::orders::order::{OnShortage, Order};
use crate::types::id::{FulfillmentOrderId, OrderLineId};
use rust_decimal::Decimal;

/// A promise that a location does not keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostAllocation {
    pub order_line_id: OrderLineId,
    pub sku: String,
    pub location: String,
    /// In the order line's unit.
    pub quantity: Decimal,
    pub base_quantity: Decimal,
}

impl LostAllocation {
    /// What the shelf had reserved for it.
    pub fn stock(&self) -> ShelfQuantity {
        ShelfQuantity::new(&self.sku, &self.location, self.base_quantity)
    }
}

/// Takes open units of one line away from a fulfillment order; the caller knows that there are so many. With `on_shortage`
/// backorder they wait for supply, else they are unallocated again, and the promised date, which rested on this stock, goes
/// with it; of one that waits a review follows, which promises it anew.
pub fn lose_allocation(order: &mut Order, id: FulfillmentOrderId, line_number: i16, quantity: Decimal) -> Result<LostAllocation, Error> {
    let place = order.lines.iter().position(|line| line.line_number == line_number).ok_or(Error::not_found("order line"))?;
    let fulfillment_order = found_mut(order, id)?;
    let location = fulfillment_order.location.clone();
    let allocation = fulfillment_order.line_mut(line_number).ok_or(Error::not_found("fulfillment order line"))?;
    allocation.withdraw(quantity).map_err(Error::internal)?;
    let base_quantity = quantity * allocation.unit_factor;
    order.count_progress();
    let on_shortage = order.document.on_shortage;
    let line = &mut order.lines[place];
    let moved = match on_shortage {
        OnShortage::Backorder => line.quantities.lose_allocation(quantity),
        OnShortage::Refuse | OnShortage::Hold => line.quantities.deallocate(quantity),
    };
    moved.map_err(Error::internal)?;
    if on_shortage != OnShortage::Backorder {
        line.promised_on = None;
    }
    Ok(LostAllocation { order_line_id: line.id, sku: line.sku.clone(), location, quantity, base_quantity })
}
