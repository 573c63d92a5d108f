//! When an order got where. Each milestone is when the **last** open unit got there, so it is taken back when a unit falls
//! behind again.

use super::order::OrderLine;
use super::status::OrderStatus;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// The times of one order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Milestones {
    pub ordered_at: Option<DateTime<Utc>>,
    pub captured_at: Option<DateTime<Utc>>,
    pub verified_at: Option<DateTime<Utc>>,
    pub confirmed_at: Option<DateTime<Utc>>,
    pub allocated_at: Option<DateTime<Utc>>,
    pub picked_at: Option<DateTime<Utc>>,
    pub packed_at: Option<DateTime<Utc>>,
    pub first_shipped_at: Option<DateTime<Utc>>,
    pub shipped_at: Option<DateTime<Utc>>,
    pub delivered_at: Option<DateTime<Utc>>,
    pub invoiced_at: Option<DateTime<Utc>>,
    pub paid_at: Option<DateTime<Utc>>,
    pub completed_at: Option<DateTime<Utc>>,
    pub cancelled_at: Option<DateTime<Utc>>,
}

/// Whether the customer has paid what the order costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Money {
    Outstanding,
    Received,
}

impl Milestones {
    pub fn captured(ordered_at: DateTime<Utc>, captured_at: DateTime<Utc>) -> Self {
        Self { ordered_at: Some(ordered_at), captured_at: Some(captured_at), ..Self::default() }
    }

    /// Sets what has been reached at `at` and takes back what no longer holds. `status` is the one that holds and lines have led to.
    pub fn advance(&mut self, status: OrderStatus, lines: &[OrderLine], money: Money, at: DateTime<Utc>) {
        let live = || lines.iter().filter(|line| !line.quantities.wanted().is_zero());
        let stocked = || live().filter(|line| line.is_stocked());
        let any = live().next().is_some();
        let any_stocked = stocked().next().is_some();
        let verified = match status {
            OrderStatus::Confirmed | OrderStatus::Completed => true,
            OrderStatus::Draft | OrderStatus::OnHold | OrderStatus::Cancelled => false,
        };
        if verified {
            self.verified_at.get_or_insert(at);
            self.confirmed_at.get_or_insert(at);
        }
        let allocated = any_stocked && stocked().all(|line| (line.quantities.unallocated + line.quantities.backordered).is_zero());
        reach(&mut self.allocated_at, allocated, at);
        let picked = allocated && stocked().all(|line| line.quantities.picked == line.quantities.allocated);
        reach(&mut self.picked_at, picked, at);
        let packed = picked && stocked().all(|line| line.quantities.packed == line.quantities.allocated);
        reach(&mut self.packed_at, packed, at);
        if lines.iter().any(|line| line.quantities.shipped > Decimal::ZERO) {
            self.first_shipped_at.get_or_insert(at);
        }
        let shipped = any && live().all(|line| line.quantities.open().is_zero());
        reach(&mut self.shipped_at, shipped, at);
        let delivered = shipped && live().all(|line| line.quantities.delivered == line.quantities.shipped);
        reach(&mut self.delivered_at, delivered, at);
        let some_invoiced = live().any(|line| line.quantities.invoiced > Decimal::ZERO);
        let invoiced = some_invoiced && live().all(|line| line.quantities.invoiced >= line.quantities.billable());
        reach(&mut self.invoiced_at, invoiced, at);
        reach(&mut self.paid_at, money == Money::Received, at);
        reach(&mut self.completed_at, status == OrderStatus::Completed, at);
        reach(&mut self.cancelled_at, status == OrderStatus::Cancelled, at);
    }
}

fn reach(milestone: &mut Option<DateTime<Utc>>, reached: bool, at: DateTime<Utc>) {
    match (reached, &milestone) {
        (true, None) => *milestone = Some(at),
        (false, Some(_)) => *milestone = None,
        (true, Some(_)) | (false, None) => {}
    }
}
