//! Capture: the only way in for orders. One request is a slice of one, an import a slice of many.
//!
//! Gather → decide → write, once each. The fast path writes everything in one statement that proves claims, credit and stock;
//! what it refuses, and what needs more than one statement, is decided again under locks in the slow path, in order of arrival,
//! so that one order's shortage never fails another.

use crate::auth::actor::Context;
use crate::customers::balance::{self, Credit};
use crate::customers::guests::{self, NewGuest};
use crate::error::Error;
use crate::events;
use crate::inventory::reservations::{self, Consumed, Consumption};
use crate::inventory::{self, shelves};
use crate::order_to_cash::coupon_claims::{self, CouponClaims};
use crate::order_to_cash::credit_hold::hold_over_credit;
use crate::order_to_cash::order_payments::{OrderPayment, payments_of_new_order};
use crate::order_to_cash::pay;
use crate::orders;
use crate::orders::allocation::Shelf;
use crate::orders::backorders;
use crate::orders::body::OrderBody;
use crate::orders::captured::{self, Captured, Claim, HeldClaim};
use crate::orders::content::content_hash;
use crate::orders::master_data::{self, Asked, MasterDataCache};
use crate::orders::order::{OnShortage, Order};
use crate::orders::outlook::Outlook;
use crate::orders::peg::Peg;
use crate::orders::pegs;
use crate::orders::promise;
use crate::orders::reference::Reference;
use crate::orders::status::OrderStatus;
use crate::orders::summary::Summary;
use crate::orders::verify::{self, Request, Verified};
use crate::payments::payment::Payment;
use crate::payments::service as payments;
use crate::platform::http::Answer;
use crate::platform::idempotency::{self, StoredHeaders};
use crate::platform::stored_answer;
use crate::types::id::{CouponId, CustomerId, OrderId};
use diesel::Connection;
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use serde_json::json;
use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// One order to capture.
#[derive(Clone, Debug)]
pub struct PlaceRequest {
    pub request: Request,
    /// At least one: without a key or external id, the order's own id.
    pub claims: Vec<Claim>,
    /// The id of the customer, should the buyer turn out to be new.
    pub guest_id: CustomerId,
    /// One receipt number for each payment that comes with the order.
    pub payment_numbers: Vec<String>,
    /// Where the request came from. A batch has requests from many places.
    pub origin: Option<String>,
}

impl PlaceRequest {
    /// Makes the claims of a request: kind `k` for its idempotency key, `x` for its external id, else `o`.
    pub fn new(request: Request, key: Option<&idempotency::IdempotencyKey>, hash: &[u8]) -> Self {
        let mut claims = vec![];
        if let Some(key) = key {
            claims.push(Claim { kind: "k", key: key.key.clone(), hash: key.hash.clone(), hash_of_bytes: vec![] });
        }
        if let Some(external_id) = &request.body.external_id {
            let channel = request.body.channel.as_deref().unwrap_or("direct");
            claims.push(Claim { kind: "x", key: format!("{channel}/{external_id}"), hash: hash.to_vec(), hash_of_bytes: vec![] });
        }
        if claims.is_empty() {
            claims.push(Claim { kind: "o", key: request.order_id.to_string(), hash: vec![], hash_of_bytes: vec![] });
        }
        Self { request, claims, guest_id: CustomerId::generate(), payment_numbers: vec![], origin: None }
    }

    /// As [`new`](Self::new), for a body that somebody has written: the same external id again is compared by what is asked for.
    /// `hash` is that of the bytes.
    pub fn of_content(request: Request, key: Option<&idempotency::IdempotencyKey>, hash: &[u8]) -> Result<Self, Error> {
        let mut placed = Self::new(request, key, &[]);
        if let Some(claim) = placed.claims.iter_mut().find(|claim| claim.kind == "x") {
            (claim.hash, claim.hash_of_bytes) = (content_hash(&placed.request.body)?, hash.to_vec());
        }
        Ok(placed)
    }

    /// An order that wins only some of its claims sends its whole batch down the slow path, so these are looked up beforehand. One
    /// claim is won or lost in the capture statement itself.
    fn asked(&self) -> Asked<'_> {
        let several = if self.claims.len() > 1 { self.claims.as_slice() } else { &[] };
        Asked { body: &self.request.body, claims: several.iter().map(|claim| (claim.kind, claim.key.as_str())).collect() }
    }

    fn own_claims(&self, context: &Context) -> Vec<(Uuid, OrderId, &Claim)> {
        self.claims.iter().map(|claim| (context.organization_id.0, self.request.order_id, claim)).collect()
    }
}

type Outcome = Result<Answer, Error>;

/// Bytes of an order of a few lines, so that the buffer need not grow.
const ANSWER_SIZE: usize = 6 * 1024;

/// How long the orders of a failed batch may take, one after the other, before the rest is told to come again.
const ALONE: Duration = Duration::from_secs(3);

/// How often a batch is tried again after a lost race or a deadlock.
const TRIES: u32 = 6;

/// Captures a batch of one caller's orders, each with an outcome of its own. `connection` must not be in a transaction. Sending the
/// same requests again is safe: their claims tell what has become of them.
pub fn place(
    connection: &mut PgConnection,
    cache: &MasterDataCache,
    context: &Context,
    requests: &[&PlaceRequest],
) -> Result<Vec<Outcome>, Error> {
    let mut outcomes: Vec<Option<Outcome>> = requests.iter().map(|_| None).collect();
    for attempt in 0..TRIES {
        let open: Vec<usize> = (0..requests.len()).filter(|i| outcomes[*i].is_none()).collect();
        if open.is_empty() {
            break;
        }
        match try_once(connection, cache, context, requests, &open, &mut outcomes) {
            Ok(()) => {}
            Err(error) if lost_a_race(&error) && attempt + 1 < TRIES => {
                std::thread::sleep(Duration::from_millis(u64::from(Uuid::new_v4().as_bytes()[0] % 16)));
            }
            Err(error) if error.is_broken_connection() => return Err(error),
            // A poison order must not fail its neighbours.
            Err(error) => match open.as_slice() {
                [only] => {
                    let claims: Vec<(&str, &str)> = requests[*only].claims.iter().map(|claim| (claim.kind, claim.key.as_str())).collect();
                    outcomes[*only] = Some(Err(idempotency::lock_wait(connection, context.organization_id.0, &claims, error)));
                }
                several => {
                    let since = Instant::now();
                    for &i in several {
                        // What its neighbours had written before one of them failed is written.
                        if outcomes[i].is_some() {
                            continue;
                        }
                        outcomes[i] = match since.elapsed() < ALONE {
                            true => place(connection, cache, context, std::slice::from_ref(&requests[i]))?.pop(),
                            false => Some(Err(Error::unavailable("its neighbours have waited too long for locks".to_owned()))),
                        };
                    }
                }
            },
        }
        let all: Vec<usize> = (0..requests.len()).collect();
        settle_replays(connection, context, requests, &all, &mut outcomes)?;
    }
    let in_flight = || Err(Error::conflict("idempotency_in_flight", "the same key or external id is being worked on; try again"));
    Ok(outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(in_flight)).collect())
}

/// Captures one order in the caller's transaction, by the slow path: what refuses it refuses all of that. It has no key, and its
/// external id, where it has one, was free when the caller looked; 409 `idempotency_in_flight` where somebody was faster.
pub fn place_within(
    connection: &mut PgConnection,
    cache: &MasterDataCache,
    context: &Context,
    request: &PlaceRequest,
) -> Result<Answer, Error> {
    let reference = master_data::gather(connection, cache, context, &[request.asked()])?.reference;
    let verified = verify::verify(&request.request, &reference, context, request.guest_id)?;
    let decided = decide_under_locks(connection, cache, context, &[request], &[(0, verified)], &reference);
    match decided {
        Ok(mut outcomes) => {
            let taken = || Err(Error::conflict("idempotency_in_flight", "the same external id is being worked on; try again"));
            outcomes.pop().map_or_else(taken, |(_, outcome)| outcome)
        }
        // Safety stock above what lies there, or a limit that was set meanwhile: a moment later it is decided otherwise.
        Err(error) if lost_a_race(&error) && !error.is_transient() => Err(Error::unavailable(error.to_string())),
        Err(error) => Err(error),
    }
}

/// An order that has been decided and rendered.
struct Prepared {
    place: usize,
    order: Order,
    answer: Vec<u8>,
    compressed: Vec<u8>,
    headers: String,
    events: Vec<(&'static str, String)>,
    payments: Vec<Payment>,
    pegs: Vec<Peg>,
}

fn try_once(
    connection: &mut PgConnection,
    cache: &MasterDataCache,
    context: &Context,
    requests: &[&PlaceRequest],
    open: &[usize],
    outcomes: &mut [Option<Outcome>],
) -> Result<(), Error> {
    let asked: Vec<Asked> = open.iter().map(|i| requests[*i].asked()).collect();
    let mut gathered = master_data::gather(connection, cache, context, &asked)?;
    let held: Vec<usize> = open.iter().zip(&gathered.held).filter(|(_, held)| **held).map(|(i, _)| *i).collect();
    settle_replays(connection, context, requests, &held, outcomes)?;
    let reference = &mut gathered.reference;
    let mut shelf = shelf_of(reference, context);
    let (mut fast, mut slow) = (vec![], vec![]);
    // What orders of the slow path will want; nobody behind them is refused for it before they are decided.
    let mut wanted: HashSet<String> = HashSet::new();
    for &i in open.iter().filter(|i| !held.contains(i)) {
        let placed = requests[i];
        let verified = match verify::verify(&placed.request, reference, context, placed.guest_id) {
            Ok(verified) => verified,
            Err(error) => {
                outcomes[i] = Some(Err(error));
                continue;
            }
        };
        let must_be_slow = verified.guest.is_some()
            || !verified.coupons.is_empty()
            || wants_own_transaction(placed)
            || exceeds_credit(&verified.order, reference);
        let mut order = verified.order;
        // Whoever seems to exceed a limit is decided below; the others have none to exceed.
        let decided = decide(&mut order, &mut shelf, &mut HashMap::new(), context);
        let unseen = unseen_supply(&order, &shelf);
        let after_others = !wanted.is_empty() && order.lines.iter().any(|line| wanted.contains(&line.sku));
        if must_be_slow || unseen || after_others && (decided.is_err() || is_short(&order)) {
            reference.note(&order);
            wanted.extend(order.lines.into_iter().map(|line| line.sku));
            slow.push(i);
            continue;
        }
        match decided {
            Ok(pegs) => {
                reference.note(&order);
                fast.push(prepare(i, order, pegs, context)?);
            }
            // The stock was read a moment ago without a lock: hopeless, and nothing needs to be locked to say so.
            Err(error) => outcomes[i] = Some(Err(error)),
        }
    }
    if !fast.is_empty() {
        let prepared: Vec<&Prepared> = fast.iter().collect();
        match write(connection, context, requests, &prepared, false) {
            Ok(won) => {
                for prepared in fast.into_iter().filter(|prepared| won.contains(&prepared.order.id)) {
                    outcomes[prepared.place] = Some(Ok(created(&prepared.order, prepared.answer)));
                }
            }
            Err(error) if captured::refusal(&error).is_some() => {
                slow.extend(fast.into_iter().map(|prepared| prepared.place));
                slow.sort_unstable();
            }
            Err(error) => return Err(error.into()),
        }
    }
    reference.forget_notes();
    let mut verified = Vec::with_capacity(slow.len());
    for i in slow {
        let one = verify::verify(&requests[i].request, reference, context, requests[i].guest_id)?;
        reference.note(&one.order);
        verified.push((i, one));
    }
    decide_slowly(connection, cache, context, requests, verified, reference, outcomes)
}

/// Decides under locks, in order of arrival. What an order with a reservation or payments has done must be undone as a whole where it
/// is refused: a transaction of its own, before that of the orders behind it.
fn decide_slowly(
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

/// What becomes of a verified order: promised from the shelf and from supply that is to come, held where it exceeds its customer's
/// limit. An error where it is refused; nothing is taken then. Returns the pegs that go with it.
pub(super) fn decide(
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
pub(super) fn unseen_supply(order: &Order, shelf: &Shelf) -> bool {
    let mut waiting = order.lines.iter().filter(|line| !line.quantities.backordered.is_zero());
    waiting.any(|line| shelf.outlook.as_ref().is_some_and(|outlook| !outlook.supply.knows(&line.sku)))
}

/// Whether something of it is not promised that should be.
fn is_short(order: &Order) -> bool {
    order.lines.iter().any(|line| line.is_stocked() && !(line.quantities.unallocated + line.quantities.backordered).is_zero())
}

/// A deadlock, or a capture statement that found less than the locks had shown (a limit that was set meanwhile, safety stock
/// above what a reservation held): gather and decide anew.
fn lost_a_race(error: &Error) -> bool {
    error.is_transient()
        || coupon_claims::has_changed(error)
        || matches!(error, Error::Database(error) if captured::refusal(error).is_some())
}

fn wants_own_transaction(request: &PlaceRequest) -> bool {
    request.request.body.reservation_id.is_some() || !request.request.body.payments.is_empty()
}

/// Whether the bill-to customer's limit seems too small; the slow path decides.
fn exceeds_credit(order: &Order, reference: &Reference) -> bool {
    let credit = reference.credit(order.bill_to_customer_id);
    credit.is_some_and(|credit| credit.currency != order.currency || credit.available < order.total)
}

pub(super) fn shelf_of(reference: &Reference, context: &Context) -> Shelf {
    let mut shelf = Shelf::new(reference.company.locations.iter().map(|location| (location.priority, location.code.as_str())));
    for stock in &reference.stock {
        shelf.set(&stock.sku, &stock.location, stock.available);
    }
    shelf.keep_for(&reference.waiting);
    shelf.with_outlook(Outlook::new(reference.company.clone(), reference.supply_pool(context.now), vec![]))
}

fn prepare(place: usize, mut order: Order, pegs: Vec<Peg>, context: &Context) -> Result<Prepared, Error> {
    let at = if order.detail.historical { order.ordered_at } else { context.now };
    order.settle(at);
    let mut answer = Vec::with_capacity(ANSWER_SIZE);
    serde_json::to_writer(&mut answer, &OrderBody::from(&order)).map_err(Error::internal)?;
    let compressed = stored_answer::compress(&answer);
    let headers = StoredHeaders { location: Some(location(order.id)), version: Some(order.version) };
    let headers = serde_json::to_string(&headers).map_err(Error::internal)?;
    let data = serde_json::to_string(&Summary::of(&order)).map_err(Error::internal)?;
    let mut events = vec![("order.captured", data.clone())];
    match order.status {
        OrderStatus::Draft => {}
        OrderStatus::OnHold => events.push(("order.held", data)),
        OrderStatus::Confirmed | OrderStatus::Completed | OrderStatus::Cancelled => events.push(("order.confirmed", data)),
    }
    Ok(Prepared { place, order, answer, compressed, headers, events, payments: vec![], pegs })
}

fn location(id: OrderId) -> String {
    format!("/v1/orders/{id}")
}

fn created(order: &Order, body: Vec<u8>) -> Answer {
    Answer {
        status: 201,
        body,
        location: Some(location(order.id)),
        version: Some(order.version),
        replayed: false,
        content_type: "application/json",
    }
}

fn write(
    connection: &mut PgConnection,
    context: &Context,
    requests: &[&PlaceRequest],
    prepared: &[&Prepared],
    holding_claims: bool,
) -> Result<HashSet<OrderId>, diesel::result::Error> {
    let batch: Vec<Captured> = prepared
        .iter()
        .map(|p| Captured {
            order: &p.order,
            claims: &requests[p.place].claims,
            answer: &p.compressed,
            headers: &p.headers,
            events: &p.events,
            pegs: &p.pegs,
            actor: &context.actor,
            origin: requests[p.place].origin.as_deref(),
            at: context.now,
        })
        .collect();
    captured::capture(connection, &batch, holding_claims)
}

/// The slow path: claims, guests, reservations, balances, stock, all locked in that order; then each order in order of arrival.
/// Orders that lost a claim are left without outcome for [`settle_replays`].
fn decide_under_locks(
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
                prepared.push(Prepared { payments, ..prepare(*i, order, pegs, context)? });
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

/// The money that comes with the order: put on it up to its total.
pub(super) fn take_payments(
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

/// Answers every order without outcome whose claim is held: by itself (an earlier try whose answer was lost), or by an earlier
/// order (a replay). A refusal counts for nothing there: the earlier order may be what left it without stock. One set query.
fn settle_replays(
    connection: &mut PgConnection,
    context: &Context,
    requests: &[&PlaceRequest],
    among: &[usize],
    outcomes: &mut [Option<Outcome>],
) -> Result<(), Error> {
    let unanswered = |i: &usize| match &outcomes[*i] {
        None => true,
        Some(Err(_)) => true,
        Some(Ok(_)) => false,
    };
    let open: Vec<usize> = among.iter().copied().filter(unanswered).collect();
    let claims: Vec<(Uuid, OrderId, &Claim)> = open.iter().flat_map(|i| requests[*i].own_claims(context)).collect();
    if claims.is_empty() {
        return Ok(());
    }
    let held: HashMap<(String, String), HeldClaim> =
        captured::held_claims(connection, &claims)?.into_iter().map(|claim| ((claim.kind.clone(), claim.key.clone()), claim)).collect();
    if held.is_empty() {
        return Ok(());
    }
    for i in open {
        let placed = requests[i];
        for claim in &placed.claims {
            if let Some(held) = held.get(&(claim.kind.to_owned(), claim.key.clone())) {
                outcomes[i] = Some(replay(connection, context, placed, claim, held));
                break;
            }
        }
    }
    Ok(())
}

fn replay(connection: &mut PgConnection, context: &Context, placed: &PlaceRequest, claim: &Claim, held: &HeldClaim) -> Outcome {
    let ours = held.subject_id == placed.request.order_id;
    if claim.kind == "k" {
        let answer = idempotency::replay(&held.hash, &claim.hash, held.status, held.answer.clone(), held.headers.clone())?;
        return Ok(Answer { replayed: !ours, ..answer });
    }
    if !ours && !claim.is_of(&held.hash) {
        let extra = json!({ "order_id": held.subject_id });
        return Err(Error::conflict_with("external_id_conflict", "the channel has sent another order with this external_id", extra));
    }
    let order = orders::find(connection, context.organization_id, held.subject_id)?;
    let order = order.ok_or_else(|| Error::internal("a claim without its order"))?;
    let answer = if ours { Answer::created(location(order.id), &OrderBody::from(&order))? } else { Answer::ok(&OrderBody::from(&order))? };
    Ok(Answer { replayed: !ours, ..answer.with_version(order.version) })
}
