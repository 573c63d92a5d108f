//! Orders that are held for want of stock: which of them wait for it like a backorder, and when the hold is satisfied.

use super::hold::{Blocks, Hold, HoldCode};
use super::order::Order;
use super::status::OrderStatus;
use chrono::{DateTime, Utc};

/// In the data of a hold: the location that has given the work up. What was to leave from there is nobody's by itself.
pub const GAVE_UP_BY: &str = "gave_up_by";

/// Whether what is unallocated of the order is allocated as soon as stock comes: it is held for want of stock, and nothing wants a
/// decision before stock can be chosen. As the view `waiting_line` says it.
pub fn waits_for_stock(order: &Order) -> bool {
    let wants_decision = |hold: &Hold| hold.data.get(GAVE_UP_BY).is_some() || hold.code.blocks().contains(&Blocks::Allocation);
    order.status == OrderStatus::OnHold
        && order.open_holds().any(|hold| hold.code == HoldCode::InsufficientStock)
        && !order.open_holds().any(wants_decision)
}

/// Releases the holds for want of stock of an order that wants none any more.
pub fn release_if_satisfied(order: &mut Order, at: DateTime<Utc>) {
    if order.lines.iter().any(|line| line.is_stocked() && !line.quantities.unallocated.is_zero()) {
        return;
    }
    release(order, "nothing is short any more", at);
}

/// Releases the holds for want of stock.
pub fn release(order: &mut Order, reason: &str, at: DateTime<Utc>) {
    let of_stock = |hold: &&mut Hold| hold.code == HoldCode::InsufficientStock && hold.released_at.is_none();
    order.holds.iter_mut().filter(of_stock).for_each(|hold| hold.release("system", reason, at));
}
