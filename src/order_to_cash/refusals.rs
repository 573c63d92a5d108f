//! How refusals of the parts of an order are told to callers.

use crate::error::Error;
use crate::fulfillment::fulfillment_order;
use crate::orders::body::HoldBody;
use crate::orders::hold::{Blocks, Hold};
use crate::orders::order::Order;
use crate::orders::quantities::NotThatMuch;
use crate::orders::status;
use crate::types::decimal::Quantity;
use crate::types::id::OrderLineId;
use serde_json::json;

/// 409 `invalid_transition` of an order.
pub fn order_refused(refused: &status::Refused) -> Error {
    let allowed: Vec<&str> = refused.allowed.iter().map(|action| action.as_str()).collect();
    Error::invalid_transition(refused.status.as_str(), refused.action.as_str(), &allowed)
}

/// 409 `invalid_transition` of a fulfillment order.
pub fn fulfillment_order_refused(refused: &fulfillment_order::Refused) -> Error {
    let allowed: Vec<&str> = refused.allowed.iter().map(|action| action.as_str()).collect();
    Error::invalid_transition(refused.status.as_str(), refused.action.as_str(), &allowed)
}

/// 409 `quantity_exceeded`: a line has not that much of it.
pub fn too_much(order_line_id: OrderLineId, refused: &NotThatMuch) -> Error {
    let extra = json!({ "order_line_id": order_line_id, "requested": Quantity(refused.asked), "possible": Quantity(refused.possible) });
    Error::conflict_with("quantity_exceeded", refused.to_string(), extra)
}

/// 409 `order_on_hold` with the open holds that block `what`, if there is any.
pub fn require_unblocked(order: &Order, what: Blocks) -> Result<(), Error> {
    let holds: Vec<&Hold> = order.open_holds().filter(|hold| hold.code.blocks().contains(&what)).collect();
    if holds.is_empty() {
        return Ok(());
    }
    let codes: Vec<&str> = holds.iter().map(|hold| hold.code.as_str()).collect();
    let detail = format!("order {} is on hold ({}); release its holds first", order.number, codes.join(", "));
    let holds: Vec<HoldBody> = holds.into_iter().map(HoldBody::from).collect();
    Err(Error::conflict_with("order_on_hold", detail, json!({ "order_id": order.id, "holds": holds })))
}
