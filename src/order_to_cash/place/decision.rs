//! What becomes of one order: what is promised to it, and what money comes with it.

use super::PlaceRequest;
use crate::auth::actor::Context;
use crate::customers::balance::Credit;
use crate::error::Error;
use crate::order_to_cash::credit_hold::hold_over_credit;
use crate::order_to_cash::order_payments::{OrderPayment, payments_of_new_order};
use crate::orders::allocation::Shelf;
use crate::orders::order::Order;
use crate::orders::outlook::Outlook;
use crate::orders::peg::Peg;
use crate::orders::promise;
use crate::orders::reference::Reference;
use crate::payments::payment::Payment;
use crate::types::id::CustomerId;
use std::collections::HashMap;

/// What becomes of a verified order: promised from the shelf and from supply that is to come, held where it exceeds its customer's
/// limit. An error where it is refused; nothing is taken then. Returns the pegs that go with it.
pub(in crate::order_to_cash) fn decide(
    order: &mut Order,
    shelf: &mut Shelf,
    credit: &mut HashMap<CustomerId, Credit>,
    context: &Context,
) -> Result<Vec<Peg>, Error> {
    promise::promise(order, shelf, context)?;
    hold_over_credit(order, credit, context);
    promise::perform_charges_without_goods(order)?;
    Ok(shelf.fresh_pegs(order.id))
}

/// Whether it waits for a product whose supply has not been looked at, since there seemed to be enough of it: in units that no
/// location has whole, or where nothing ships from. Under locks it is looked at.
pub(in crate::order_to_cash) fn unseen_supply(order: &Order, shelf: &Shelf) -> bool {
    let mut waiting = order.lines.iter().filter(|line| !line.quantities.backordered.is_zero());
    waiting.any(|line| shelf.outlook.as_ref().is_some_and(|outlook| !outlook.supply.knows(&line.sku)))
}

/// Whether something of it is not promised that should be.
pub(super) fn is_short(order: &Order) -> bool {
    order.lines.iter().any(|line| line.is_stocked() && !(line.quantities.unallocated + line.quantities.backordered).is_zero())
}

pub(in crate::order_to_cash) fn shelf_of(reference: &Reference, context: &Context) -> Shelf {
    let mut shelf = Shelf::new(reference.company.locations.iter().map(|location| (location.priority, location.code.as_str())));
    for stock in &reference.stock {
        shelf.set(&stock.sku, &stock.location, stock.available);
    }
    shelf.keep_for(&reference.waiting);
    shelf.with_outlook(Outlook::new(reference.company.clone(), reference.supply_pool(context.now), vec![]))
}

/// The money that comes with the order: put on it up to its total.
pub(in crate::order_to_cash) fn take_payments(
    order: &mut Order,
    placed: &PlaceRequest,
    reference: &Reference,
    context: &Context,
) -> Result<Vec<Payment>, Error> {
    let given = &placed.request.body.payments;
    if given.is_empty() {
        return Ok(vec![]);
    }
    let numbered: Vec<OrderPayment> =
        placed.payment_numbers.iter().zip(given).map(|(number, payment)| OrderPayment { number: number.clone(), payment }).collect();
    if numbered.len() != given.len() {
        return Err(Error::internal("each payment of an order needs a receipt number"));
    }
    let at = if order.detail.historical { order.ordered_at } else { context.now };
    let received_on = at.with_timezone(&reference.company.organization.time_zone).date_naive();
    Ok(payments_of_new_order(order, &numbered, received_on, at)?)
}
