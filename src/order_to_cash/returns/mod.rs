//! Goods come back: asked for, received and inspected, settled by credit, refund or replacement.
//!
//! All of it happens under the order's lock, so that what is announced, received and credited is never more than what left.

pub mod carrier;
pub mod complete;
pub mod receive;
mod refund;
pub mod replace;
pub mod request;

use crate::error::Error;
use crate::orders::order::{Order, OrderLine};
use crate::returns::sales_return::{ReturnLine, ReturnReason};
use crate::types::decimal::Quantity;
use crate::types::fault::Faults;
use crate::types::id::{OrderLineId, ReturnLineId};
use rust_decimal::Decimal;
use serde_json::{Value, json};

/// A line of a return, still without anything received.
fn return_line(line: &OrderLine, quantity: Decimal, reason: Option<ReturnReason>) -> ReturnLine {
    ReturnLine {
        id: ReturnLineId::generate(),
        line_number: line.line_number,
        order_line_id: line.id,
        sku: line.sku.clone(),
        name: line.name.clone(),
        unit: line.unit.clone(),
        unit_factor: line.unit_factor,
        quantity,
        reason,
        resellable: Decimal::ZERO,
        damaged: Decimal::ZERO,
        scrap: Decimal::ZERO,
        uninvoiced: Decimal::ZERO,
        credited: Decimal::ZERO,
    }
}

/// The order's line of a request's line `place`; adds what is wrong with it.
fn named_line<'a>(order: &'a Order, faults: &mut Faults, place: usize, id: OrderLineId, quantity: Decimal) -> Option<&'a OrderLine> {
    let Some(line) = order.line(id) else {
        faults.add(format!("/lines/{place}/order_line_id"), "unknown_line", "the order has no such line");
        return None;
    };
    if !line.is_stocked() {
        let detail = "only goods come back; give the money for a service back by a credit note";
        faults.add(format!("/lines/{place}/order_line_id"), "not_returnable", detail);
        return None;
    }
    let scale = line.detail.quantity_scale;
    if quantity.normalize().scale() > scale {
        faults.add(format!("/lines/{place}/quantity"), "too_many_decimals", format!("this product takes {scale} decimal places"));
        return None;
    }
    Some(line)
}

/// What of a line can come back beside `announced` units.
fn returnable(line: &OrderLine, announced: Decimal) -> Decimal {
    (line.quantities.shipped - line.quantities.returned - announced).max(Decimal::ZERO)
}

fn exceeding(line: &OrderLine, returnable: Decimal) -> Value {
    json!({ "order_line_id": line.id, "sku": line.sku, "returnable_quantity": Quantity(returnable.normalize()) })
}

/// 409 `exceeds_returnable` naming the lines that ask for too much, if there are any.
fn require_returnable(exceeding: &[Value], detail: &str) -> Result<(), Error> {
    if exceeding.is_empty() {
        return Ok(());
    }
    Err(Error::conflict_with("exceeds_returnable", detail, json!({ "lines": exceeding })))
}
