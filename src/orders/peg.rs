//! Pegs: which part of which incoming supply an order line that waits is promised from. Quantities are in base units.
//!
//! Lines are served in fair order: higher priority first, then the older order. Pegs foretell that: the plan gives the earliest
//! supply to the first line, so that a promise is what the arrival of the supply will keep.

use crate::inventory::incoming::pool::SupplyPool;
use crate::types::id::{IncomingSupplyId, OrderId};
use crate::types::text_enum::text_enum;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use std::cmp::Reverse;

text_enum! {
    /// Why lines are promised anew.
    pub enum PromiseCause {
        /// Supply was ordered.
        SupplyAdded = "supply_added",
        /// Supply is expected later than before.
        SupplyDelayed = "supply_delayed",
        /// Supply is expected earlier than before.
        SupplyAdvanced = "supply_advanced",
        SupplyIncreased = "supply_increased",
        SupplyReduced = "supply_reduced",
        SupplyCancelled = "supply_cancelled",
        /// Supply has arrived, all of it or a part.
        SupplyReceived = "supply_received",
        /// The day of a supply has passed without its coming.
        SupplyOverdue = "supply_overdue",
        /// Stock that nobody had announced serves the line.
        StockReceived = "stock_received",
        /// A line before it was served, cancelled or changed.
        DemandFreed = "demand_freed",
        /// An order that goes before it in fair order has come to wait.
        Overtaken = "overtaken",
        /// The line has come to wait for supply.
        Backordered = "backordered",
        /// The order was on hold.
        HoldReleased = "hold_released",
    }
}

/// A part of a supply that is promised to a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peg {
    pub order_id: OrderId,
    pub line_number: i16,
    pub incoming_id: IncomingSupplyId,
    pub location: String,
    /// The supply's day when the line was promised by it.
    pub expected_on: NaiveDate,
    /// Above 0.
    pub quantity: Decimal,
}

/// A line's place in fair order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FairPlace(Reverse<i32>, DateTime<Utc>, OrderId, i16);

impl FairPlace {
    pub fn new(priority: i32, ordered_at: DateTime<Utc>, order_id: OrderId, line_number: i16) -> Self {
        Self(Reverse(priority), ordered_at, order_id, line_number)
    }
}

/// A line that waits for supply.
#[derive(Clone, Debug)]
pub struct WaitingLine {
    pub order_id: OrderId,
    pub line_number: i16,
    pub place: FairPlace,
    pub sku: String,
    pub backordered: Decimal,
    /// The smallest quantity that may be promised of it.
    pub step: Decimal,
    pub promised_on: Option<NaiveDate>,
}

/// Pegs all lines to what is free, in fair order.
pub fn plan(waiting: &mut [WaitingLine], pool: &mut SupplyPool) -> Vec<Peg> {
    waiting.sort_by_key(|line| line.place);
    waiting.iter().flat_map(|line| pegs_of(line.order_id, line.line_number, &line.sku, line.backordered, line.step, pool)).collect()
}

/// Pegs one line to what is free.
pub fn pegs_of(order_id: OrderId, line_number: i16, sku: &str, quantity: Decimal, step: Decimal, pool: &mut SupplyPool) -> Vec<Peg> {
    let parts = pool.peg(sku, quantity, step).into_iter();
    parts
        .map(|part| Peg {
            order_id,
            line_number,
            incoming_id: part.incoming_id,
            location: part.location,
            expected_on: part.expected_on,
            quantity: part.quantity,
        })
        .collect()
}

/// Lets go of pegs of one line beyond `allowed`, the latest supply first.
pub fn trim(pegs: &mut Vec<Peg>, allowed: Decimal) {
    pegs.sort_by_key(|peg| (peg.expected_on, peg.incoming_id));
    keep_first(pegs, allowed);
}

/// Which of a supply's pegs give way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GiveWay {
    /// The first in fair order: what has arrived is theirs.
    First,
    /// The last in fair order: there is less for those behind.
    Last,
}

/// Lets `excess` of a supply's pegs go; each comes with its line's place in fair order.
pub fn give_way(pegs: &mut Vec<(FairPlace, Peg)>, excess: Decimal, who: GiveWay) {
    pegs.sort_by_key(|(place, _)| *place);
    if who == GiveWay::First {
        pegs.reverse();
    }
    let kept = pegs.iter().map(|(_, peg)| peg.quantity).sum::<Decimal>() - excess;
    let mut left = kept;
    for (_, peg) in pegs.iter_mut() {
        peg.quantity = peg.quantity.min(left).max(Decimal::ZERO);
        left -= peg.quantity;
    }
    pegs.retain(|(_, peg)| !peg.quantity.is_zero());
}

fn keep_first(pegs: &mut Vec<Peg>, allowed: Decimal) {
    let mut left = allowed;
    for peg in pegs.iter_mut() {
        peg.quantity = peg.quantity.min(left).max(Decimal::ZERO);
        left -= peg.quantity;
    }
    pegs.retain(|peg| !peg.quantity.is_zero());
}

#[cfg(test)]
mod tests;
