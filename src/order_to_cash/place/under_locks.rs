//! The slow path: what the fast one refused, or what needs more than one statement.

use super::decision::{decide, take_payments};
use super::prepared::{created, prepare, write};
use super::{Outcome, PlaceRequest, lost_a_race, wants_own_transaction};
use crate::auth::actor::Context;
use crate::customers::balance;
use crate::customers::guests::{self, NewGuest};
use crate::error::Error;
use crate::events;
use crate::inventory::reservations::{self, Consumed, Consumption};
use crate::inventory::{self, shelves};
use crate::order_to_cash::coupon_claims::{self, CouponClaims};
use crate::order_to_cash::pay;
use crate::orders::allocation::Shelf;
use crate::orders::backorders;
use crate::orders::captured::{self, Claim};
use crate::orders::master_data::MasterDataCache;
use crate::orders::order::{OnShortage, Order};
use crate::orders::outlook::Outlook;
use crate::orders::pegs;
use crate::orders::reference::Reference;
use crate::orders::status::OrderStatus;
use crate::orders::verify::Verified;
use crate::payments::service as payments;
use crate::types::id::{CouponId, CustomerId, OrderId};
use diesel::Connection;
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use std::collections::HashMap;
use uuid::Uuid;

/// Decides under locks, in order of arrival. What an order with a reservation or payments has done must be undone as a whole where it
/// is refused: a transaction of its own, before that of the orders behind it.
pub(super) fn decide_slowly(
    connection: &mut PgConnection,
    cache: &MasterDataCache,
    context: &Context,
    requests: &[&PlaceRequest],
    verified: Vec<(usize, Verified)>,
    reference: &Reference,
    outcomes: &mut [Option<Outcome>],
) -> Result<(), Error> {
    for run in verified.chunk_by(|(a, _), (b, _)| !wants_own_transaction(requests[*a]) && !wants_own_transaction(requests[*b])) {
        let alone = matches!(run, [(i, _)] if wants_own_transaction(requests[*i]));
        let done = connection.transaction(|connection| {
            let mut done = decide_under_locks(connection, cache, context, requests, run, reference)?;
            match done.pop() {
                Some((_, Err(error))) if alone => Err(error),
                last => {
                    done.extend(last);
                    Ok(done)
                }
            }
        });
        match (done, run) {
            (Ok(done), _) => done.into_iter().for_each(|(i, outcome)| outcomes[i] = Some(outcome)),
            (Err(error), [(i, _)]) if alone && !lost_a_race(&error) && !error.is_broken_connection() => outcomes[*i] = Some(Err(error)),
            (Err(error), _) => return Err(error),
        }
    }
    Ok(())
}

/// The slow path: claims, guests, reservations, balances, stock, all locked in that order; then each order in order of arrival.
/// Orders that lost a claim are left without outcome for [`settle_replays`].
pub(super) fn decide_under_locks(
    connection: &mut PgConnection,
    cache: &MasterDataCache,
    context: &Context,
    requests: &[&PlaceRequest],
    batch: &[(usize, Verified)],
    reference: &Reference,
) -> Result<Vec<(usize, Outcome)>, Error> {
    let claims: Vec<(Uuid, OrderId, &Claim)> = batch.iter().flat_map(|(i, _)| requests[*i].own_claims(context)).collect();
    let mut got: HashMap<OrderId, usize> = HashMap::new();
    for id in captured::insert_claims(connection, &claims, context.now)? {
        *got.entry(id).or_default() += 1;
    }
    let (won, part): (Vec<_>, Vec<_>) = batch
        .iter()
        .filter(|(_, verified)| got.contains_key(&verified.order.id))
        .partition(|(i, verified)| got.get(&verified.order.id) == Some(&requests[*i].claims.len()));
    let guests: Vec<&NewGuest> = won.iter().filter_map(|(_, verified)| verified.guest.as_ref()).collect();
    let guests = guests::claim(connection, context, &guests)?;

    let reservations = consume_reservations(connection, context, requests, &won)?;
    let buyer = |order: &Order| guests.id(order.customer_id).unwrap_or(order.customer_id);
    let wanted = |verified: &Verified| {
        let buyer = buyer(&verified.order);
        verified.coupons.iter().map(move |coupon| (coupon.coupon_id, buyer)).collect::<Vec<_>>()
    };
    let wanted: Vec<(CouponId, CustomerId)> = won.iter().flat_map(|(_, verified)| wanted(verified)).collect();
    let mut coupons = CouponClaims::lock(connection, context, &wanted, None)?;
    let payers: Vec<CustomerId> =
        won.iter().map(|(_, v)| guests.payer(v.order.bill_to_customer_id).unwrap_or(v.order.bill_to_customer_id)).collect();
    let mut credit = balance::lock(connection, context.organization_id, &payers)?;
    // Incoming supply comes before stock in the lock order.
    let may_wait =
        won.iter().filter(|(_, v)| v.order.document.on_shortage == OnShortage::Backorder && v.order.status != OrderStatus::Draft);
    let may_wait: Vec<&str> =
        may_wait.flat_map(|(_, v)| &v.order.lines).filter(|line| line.is_stocked()).map(|line| line.sku.as_str()).collect();
    let supply = pegs::lock_supply(connection, context.organization_id, &may_wait, reference.company.local_date(context.now))?;
    let ordered = won.iter().flat_map(|(_, v)| v.order.lines.iter()).filter(|line| line.is_stocked()).map(|line| line.sku.as_str());
    let skus: Vec<&str> = ordered.chain(reservations.iter().flat_map(|r| r.lines.iter()).map(|line| line.sku.as_str())).collect();
    let mut shelf = Shelf::new(reference.company.locations.iter().map(|location| (location.priority, location.code.as_str())));
    let levels = shelves::lock(connection, context.organization_id, &skus)?;
    for level in &levels {
        shelf.set(&level.sku, &level.location, level.available);
    }
    shelf.keep_for(&backorders::waiting_for(connection, context.organization_id, &skus)?);
    // What was kept for a cart is nobody else's, except what the level lacks.
    for level in &levels {
        let kept = reservations.iter().flat_map(|reservation| &reservation.lines);
        let kept: Decimal = kept.filter(|line| line.sku == level.sku && line.location == level.location).map(|line| line.quantity).sum();
        shelf.add(&level.sku, &level.location, (kept + level.available.min(Decimal::ZERO)).max(Decimal::ZERO));
    }
    let mut shelf = shelf.with_outlook(Outlook::new(reference.company.clone(), supply, vec![]));
    let given_back: Vec<_> = reservations.iter().flat_map(|reservation| reservation.lines.iter().cloned()).collect();
    if !given_back.is_empty() {
        // Under the locks nobody can take it before the orders that it was kept for.
        inventory::release_stock(connection, context, &given_back)?;
    }
    let (mut outcomes, mut prepared, mut refused) = (vec![], vec![], vec![]);
    for (i, verified) in &won {
        let mut order = verified.order.clone();
        if let Some(id) = guests.id(order.customer_id) {
            order.customer_id = id;
            order.document.customer.id = id;
        }
        if let Some(id) = guests.payer(order.bill_to_customer_id) {
            order.bill_to_customer_id = id;
            order.document.bill_to.id = id;
        }
        let decided = match coupons.check(&order, &verified.coupons) {
            Err(error) if coupon_claims::has_changed(&error) => return Err(error),
            checked => checked.and_then(|()| decide(&mut order, &mut shelf, &mut credit, context)),
        };
        match decided {
            Ok(pegs) => {
                coupons.take(&order, &verified.coupons);
                let payments = take_payments(&mut order, requests[*i], reference, context)?;
                let mut one = prepare(*i, order, pegs, context)?;
                one.payments = payments;
                prepared.push(one);
            }
            Err(error) => {
                refused.push(*i);
                outcomes.push((*i, Err(error)));
            }
        }
    }
    cache.note_credit(context.organization_id, credit.into_iter());
    let gone: Vec<(Uuid, OrderId, &Claim)> =
        part.iter().map(|(i, _)| *i).chain(refused).flat_map(|i| requests[i].own_claims(context)).collect();
    if !gone.is_empty() {
        captured::delete_claims(connection, &gone)?;
    }
    guests::insert(connection, context, &guests, &prepared.iter().map(|prepared| prepared.order.bill_to_customer_id).collect())?;
    if !prepared.is_empty() {
        write(connection, context, requests, &prepared.iter().collect::<Vec<_>>(), true)?;
    }
    coupons.write(connection, context)?;
    let mut facts: Vec<_> = reservations.into_iter().map(|reservation| reservation.event).collect();
    for order in prepared.iter().filter(|prepared| !prepared.payments.is_empty()) {
        captured::set_paid(connection, &order.order)?;
        for payment in &order.payments {
            payments::insert(connection, context, payment)?;
            facts.push(pay::booked(payment));
        }
    }
    events::append(connection, context, &facts)?;
    outcomes.extend(prepared.into_iter().map(|p| (p.place, Ok(created(&p.order, p.answer)))));
    Ok(outcomes)
}

/// Takes over the reservations that the orders name; an expired one only gives its stock back.
fn consume_reservations(
    connection: &mut PgConnection,
    context: &Context,
    requests: &[&PlaceRequest],
    won: &[&(usize, Verified)],
) -> Result<Vec<Consumed>, Error> {
    let consumptions: Vec<Consumption> = won
        .iter()
        .filter_map(|(i, verified)| {
            let reservation_id = requests[*i].request.body.reservation_id?;
            Some(Consumption { reservation_id, order_id: verified.order.id })
        })
        .collect();
    if consumptions.is_empty() {
        return Ok(vec![]);
    }
    let consumed = reservations::consume_each(connection, context.organization_id, &consumptions, context.now)?;
    let unknown = |error| match error {
        Error::NotFound { .. } => Error::invalid("/reservation_id", "unknown_reservation", "no reservation with this id"),
        error => error,
    };
    consumed.into_iter().map(|one| one.map_err(unknown)).collect()
}
