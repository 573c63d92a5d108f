//! How refusals of the parts of an order are told to callers.

use crate::error::Error;
use crate::orders::body::HoldBody;
use crate::orders::delivery;
use crate::orders::hold::{Blocks, Hold};
use crate::orders::order::{Order, OrderLine};
use crate::orders::quantities::NotThatMuch;
use crate::types::decimal::Quantity;
use rust_decimal::Decimal;
use serde_json::{Value, json};

/// 422 `exceeds_open_quantity` at the request's field.
pub fn too_much(pointer: impl Into<String>, refused: &NotThatMuch) -> Error {
    Error::invalid(pointer, "exceeds_open_quantity", refused.to_string())
}

/// 409 `order_on_hold` with the open holds that block `what`, if there is any.
pub fn require_unblocked(order: &Order, what: Blocks) -> Result<(), Error> {
    let holds: Vec<&Hold> = order.open_holds().filter(|hold| hold.code.blocks().contains(&what)).collect();
    if holds.is_empty() {
        return Ok(());
    }
    let codes: Vec<&str> = holds.iter().map(|hold| hold.code.as_str()).collect();
    let detail = format!("order {} is on hold ({}); release its holds first", order.number, codes.join(", "));
    let holds: Vec<HoldBody> = holds.into_iter().cloned().map(HoldBody::from).collect();
    Err(Error::conflict_with("order_on_hold", detail, json!({ "order_id": order.id, "holds": holds })))
}

/// 409 `delivery_rule` where one of these lines (by number) must wait by the order's delivery rule.
pub fn require_released(order: &Order, lines: &[i16]) -> Result<(), Error> {
    let missing = delivery::missing(order, lines);
    if missing.is_empty() { Ok(()) } else { Err(delivery_rule(order, &missing)) }
}

/// 409 `delivery_rule` with the lines that are not complete and what each lacks.
pub fn delivery_rule(order: &Order, missing: &[(&OrderLine, Decimal)]) -> Error {
    let rule = order.document.delivery_rule;
    let line =
        |(line, missing): &(&OrderLine, Decimal)| json!({ "order_line_id": line.id, "sku": line.sku, "missing": Quantity(*missing) });
    let lines: Vec<Value> = missing.iter().map(line).collect();
    let detail = format!("the order's delivery rule is {rule}; see lines for what is missing");
    Error::conflict_with("delivery_rule", detail, json!({ "delivery_rule": rule, "lines": lines }))
}
