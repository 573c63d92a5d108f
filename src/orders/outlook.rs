//! What promises of dates rest on: calendars, the way to the customer, and supply that is still to come.

use super::order::Order;
use super::peg::{self, Peg};
use super::reference::Company;
use crate::fulfillment::fulfillment_order::FulfillmentOrder;
use crate::inventory::incoming::pool::SupplyPool;
use crate::types::id::OrderId;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use std::sync::Arc;

/// What the orders of one use case are dated by.
#[derive(Clone, Debug)]
pub struct Outlook {
    pub company: Arc<Company>,
    pub supply: SupplyPool,
    /// Of the orders that are decided about, those that are stored.
    pub pegs: Vec<Peg>,
    /// Pegs that have been made since and wait to be written.
    fresh: Vec<Peg>,
}

impl Outlook {
    pub fn new(company: Arc<Company>, supply: SupplyPool, pegs: Vec<Peg>) -> Self {
        Self { company, supply, pegs, fresh: vec![] }
    }

    /// An order's pegs, as they are once everything is written.
    pub fn pegs_of(&self, order_id: OrderId) -> impl Iterator<Item = &Peg> {
        self.pegs.iter().chain(&self.fresh).filter(move |peg| peg.order_id == order_id)
    }

    /// Lets go of what a line does not need any more.
    pub fn trim(&mut self, order_id: OrderId, line_number: i16, allowed: Decimal) {
        let own = |peg: &Peg| peg.order_id == order_id && peg.line_number == line_number;
        if !self.pegs.iter().any(own) {
            return;
        }
        let (mut mine, others): (Vec<Peg>, Vec<Peg>) = std::mem::take(&mut self.pegs).into_iter().partition(own);
        peg::trim(&mut mine, allowed);
        self.pegs = others;
        self.pegs.extend(mine);
    }

    /// Notes pegs that are to be written.
    pub fn add(&mut self, pegs: Vec<Peg>) {
        self.fresh.extend(pegs);
    }

    /// The pegs of an order that wait to be written; from now on they count as stored.
    pub fn take_fresh(&mut self, order_id: OrderId) -> Vec<Peg> {
        let (own, others) = std::mem::take(&mut self.fresh).into_iter().partition(|peg| peg.order_id == order_id);
        self.fresh = others;
        let own: Vec<Peg> = own;
        self.pegs.extend(own.iter().cloned());
        own
    }

    /// The day on which an order's units leave the location that has them.
    fn ships_on(&self, order: &Order, fulfillment_order: &FulfillmentOrder) -> Option<NaiveDate> {
        Some(self.company.calendar(&fulfillment_order.location)?.ships_on(ready_at(order, fulfillment_order)))
    }

    /// Whether goods that are promised from there now leave on the same day as those of this fulfillment order.
    pub fn leave_together(&self, order: &Order, fulfillment_order: &FulfillmentOrder, now: DateTime<Utc>) -> bool {
        let Some(calendar) = self.company.calendar(&fulfillment_order.location) else { return true };
        calendar.ships_on(now) == calendar.ships_on(ready_at(order, fulfillment_order))
    }
}

/// Work on a fulfillment order begins when its goods are promised, or when the order goes on.
fn ready_at(order: &Order, fulfillment_order: &FulfillmentOrder) -> DateTime<Utc> {
    let released = order.holds.iter().filter_map(|hold| hold.released_at).max();
    released.map_or(fulfillment_order.created_at, |released| released.max(fulfillment_order.created_at))
}

/// When each line's goods leave, in the order of the lines. `None` where something of a line has no supply; for a line that is done,
/// or is no goods, too.
pub fn departures(order: &Order, outlook: &Outlook, now: DateTime<Utc>) -> Vec<Option<NaiveDate>> {
    order
        .lines
        .iter()
        .map(|line| {
            let quantities = &line.quantities;
            if !line.is_stocked() || quantities.open().is_zero() || !quantities.unallocated.is_zero() {
                return None;
            }
            let pegs: Vec<&Peg> = outlook.pegs_of(order.id).filter(|peg| peg.line_number == line.line_number).collect();
            if pegs.iter().map(|peg| peg.quantity).sum::<Decimal>() < quantities.backordered * line.unit_factor {
                return None;
            }
            let live = order.fulfillment_orders.iter().filter(|f| f.is_live());
            let allocated = live.filter(|f| f.line(line.line_number).is_some_and(|own| !own.open().is_zero()));
            let mut last = None;
            for fulfillment_order in allocated {
                last = last.max(Some(outlook.ships_on(order, fulfillment_order)?));
            }
            for peg in pegs {
                last = last.max(Some(outlook.company.calendar(&peg.location)?.ships_after(peg.expected_on, now)));
            }
            last
        })
        .collect()
}

/// The day by which each fulfillment order is to leave: when the first of its lines may.
pub fn departures_of_fulfillment_orders(
    order: &Order,
    outlook: &Outlook,
    lines: &[Option<NaiveDate>],
    together: bool,
) -> Vec<Option<NaiveDate>> {
    let transit = outlook.company.transit();
    order
        .fulfillment_orders
        .iter()
        .map(|fulfillment_order| {
            let own = outlook.ships_on(order, fulfillment_order)?;
            let open = fulfillment_order.lines.iter().filter(|line| !line.open().is_zero());
            let days = open.filter_map(|allocation| {
                let place = order.lines.iter().position(|line| line.line_number == allocation.line_number)?;
                // Where a line leaves only whole, its part here waits for the others.
                let leaves = if together { lines[place]? } else { own };
                let wanted = order.lines[place].requested_on.map(|on| transit.leaves_for(on));
                Some(wanted.map_or(leaves, |wanted| wanted.max(leaves)))
            });
            days.min()
        })
        .collect()
}
