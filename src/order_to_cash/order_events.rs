//! What has happened to orders as a whole, told from before and after.

use crate::events::event::NewEvent;
use crate::orders::change::OrderChange;
use crate::orders::hold::Hold;
use crate::orders::order::Order;
use crate::orders::status::OrderStatus;
use crate::orders::summary::summary;
use serde_json::{Value, json};

/// The events of what changed in the standing of orders, in the order in which it happens: `order.released` for each hold that
/// was released, `order.held` for each that was raised, `order.confirmed` when an order is confirmed for the first time,
/// `order.completed` and `order.cancelled`. Call it after [`crate::orders::change::save`]; a use case that has a richer event
/// of its own for one of them leaves it out of these by its type.
pub fn order_events(changes: &[OrderChange]) -> Vec<NewEvent> {
    changes.iter().flat_map(events_of).collect()
}

fn events_of(change: &OrderChange) -> Vec<NewEvent> {
    let (before, after) = (&change.before, &change.after);
    let was_open = |hold: &Hold| before.open_holds().any(|open| open.id == hold.id);
    let released = after.holds.iter().filter(|hold| hold.released_at.is_some() && was_open(hold));
    let raised = after.open_holds().filter(|hold| !before.holds.iter().any(|known| known.id == hold.id));
    let mut events: Vec<NewEvent> = released.map(|hold| NewEvent::of_order("order.released", after.id, of_hold(change, hold))).collect();
    events.extend(raised.map(|hold| NewEvent::of_order("order.held", after.id, of_hold(change, hold))));
    if before.milestones.confirmed_at.is_none() && after.milestones.confirmed_at.is_some() {
        events.push(NewEvent::of_order("order.confirmed", after.id, standing(before, after)));
    }
    let ended = match after.status {
        OrderStatus::Completed => Some("order.completed"),
        OrderStatus::Cancelled => Some("order.cancelled"),
        OrderStatus::Draft | OrderStatus::OnHold | OrderStatus::Confirmed => None,
    };
    if let Some(event_type) = ended.filter(|_| before.status != after.status) {
        events.push(NewEvent::of_order(event_type, after.id, standing(before, after)));
    }
    events
}

/// What events tell of an order whose standing has changed.
pub(super) fn standing(before: &Order, after: &Order) -> Value {
    let mut data = summary(after);
    data["previous_status"] = json!(before.status);
    data["fulfillment_status"] = json!(after.fulfillment_status);
    data["invoice_status"] = json!(after.invoice_status);
    data["payment_status"] = json!(after.payment_status);
    data
}

fn of_hold(change: &OrderChange, hold: &Hold) -> Value {
    let mut data = standing(&change.before, &change.after);
    data["hold"] = json!({
        "id": hold.id,
        "code": hold.code,
        "order_line_id": hold.order_line_id,
        "blocks": hold.code.blocks(),
        "detail": hold.detail,
        "data": hold.data,
        "release_reason": hold.release_reason,
    });
    data
}
