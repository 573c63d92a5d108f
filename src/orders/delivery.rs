//! How much must be ready before anything of an order is worked on or leaves.
//!
//! `partial`: whatever is there. `complete_line`: a line when all that is open of it has its stock. `complete_order`: anything when
//! everything open of the order has its stock. What is cancelled is not missing any more.

use super::order::{DeliveryRule, Order, OrderLine};
use crate::fulfillment::fulfillment_order::FulfillmentOrder;
use rust_decimal::Decimal;

/// What of a line has no stock yet, in its unit.
pub fn unpromised(line: &OrderLine) -> Decimal {
    if line.is_stocked() { line.quantities.unallocated + line.quantities.backordered } else { Decimal::ZERO }
}

/// Whether a line must wait by the order's rule.
pub fn waits(order: &Order, line: &OrderLine) -> bool {
    match order.document.delivery_rule {
        DeliveryRule::Partial => false,
        DeliveryRule::CompleteLine => unpromised(line) > Decimal::ZERO,
        DeliveryRule::CompleteOrder => order.lines.iter().any(|line| unpromised(line) > Decimal::ZERO),
    }
}

/// Whether nothing of a fulfillment order may be worked on: it is released when something may.
pub fn holds_back(order: &Order, fulfillment_order: &FulfillmentOrder) -> bool {
    if order.document.delivery_rule == DeliveryRule::Partial {
        return false;
    }
    let open = fulfillment_order.lines.iter().filter(|allocation| !allocation.open().is_zero());
    let mut lines = open.filter_map(|allocation| order.lines.iter().find(|line| line.line_number == allocation.line_number));
    lines.all(|line| waits(order, line))
}

/// The lines that keep these (by number) from leaving, with what each lacks.
pub fn missing<'a>(order: &'a Order, of: &[i16]) -> Vec<(&'a OrderLine, Decimal)> {
    let concerned = |line: &OrderLine| match order.document.delivery_rule {
        DeliveryRule::Partial => false,
        DeliveryRule::CompleteLine => of.contains(&line.line_number),
        DeliveryRule::CompleteOrder => true,
    };
    let lines = order.lines.iter().filter(|line| concerned(line));
    lines.map(|line| (line, unpromised(line))).filter(|(_, missing)| *missing > Decimal::ZERO).collect()
}
