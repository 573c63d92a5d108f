//! How refusals of the parts of an order are told to callers.

use crate::error::Error;
use crate::orders::body::HoldBody;
use crate::orders::hold::{Blocks, Hold};
use crate::orders::order::Order;
use crate::orders::quantities::NotThatMuch;
use serde_json::json;

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
