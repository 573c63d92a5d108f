//! Telling that dates which orders were promised have changed.

use crate::events::event::NewEvent;
use crate::orders::change::OrderChange;
use crate::orders::order::OrderLine;
use crate::orders::peg::PromiseCause;
use crate::types::id::IncomingSupplyId;
use serde_json::{Value, json};

/// Why dates have changed, and by which supply, where it was one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cause {
    pub code: PromiseCause,
    pub incoming_id: Option<IncomingSupplyId>,
}

impl From<PromiseCause> for Cause {
    fn from(code: PromiseCause) -> Self {
        Self { code, incoming_id: None }
    }
}

/// `order.promise_changed` with old date, new date and cause of each line whose promise has changed: to another day, to none, or, for
/// one that had none, to its first.
pub fn promise_changed(change: &OrderChange, cause: Cause) -> Option<NewEvent> {
    let before = |line: &OrderLine| change.before.lines.iter().find(|before| before.id == line.id).and_then(|before| before.promised_on);
    let lines: Vec<Value> = change
        .after
        .lines
        .iter()
        .filter(|line| before(line) != line.promised_on)
        .map(|line| {
            json!({
                "order_line_id": line.id, "line_number": line.line_number, "sku": line.sku,
                "previous_promised_on": before(line), "promised_on": line.promised_on, "first_promised_on": line.first_promised_on,
            })
        })
        .collect();
    if lines.is_empty() {
        return None;
    }
    let after = &change.after;
    let data = json!({
        "id": after.id, "number": after.number, "customer_id": after.customer_id, "version": after.version,
        "previous_promised_on": change.before.promised_on(), "promised_on": after.promised_on(), "first_promised_on": after.first_promised_on(),
        "cause": { "code": cause.code, "incoming_id": cause.incoming_id },
        "lines": lines,
    });
    Some(NewEvent::of_order("order.promise_changed", after.id, data))
}

/// As [`promise_changed`], where going on after a hold has moved dates that were promised before it.
pub fn promise_moved_by_hold(change: &OrderChange) -> Option<NewEvent> {
    change.before.promised_on()?;
    promise_changed(change, PromiseCause::HoldReleased.into())
}
