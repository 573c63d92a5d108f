//! Capture: the only way in for orders. One request is a slice of one, an import a slice of many.
//!
//! Gather → decide → write, once each. The fast path writes everything in one statement that proves claims, credit and stock;
//! what it refuses, and what needs more than one statement, is decided again under locks in the slow path, in order of arrival,
//! so that one order's shortage never fails another.

mod decision;
mod prepared;
mod replays;
mod under_locks;

pub(super) use decision::{decide, shelf_of, take_payments, unseen_supply};

use crate::auth::actor::Context;
use crate::error::Error;
use crate::order_to_cash::coupon_claims;
use crate::orders::captured::{self, Claim};
use crate::orders::content::content_hash;
use crate::orders::master_data::{self, Asked, MasterDataCache};
use crate::orders::order::Order;
use crate::orders::reference::Reference;
use crate::orders::verify::{self, Request};
use crate::platform::http::Answer;
use crate::platform::idempotency;
use crate::types::id::{CustomerId, OrderId};
use decision::is_short;
use diesel::pg::PgConnection;
use prepared::{Prepared, created, prepare, write};
use replays::settle_replays;
use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};
use under_locks::{decide_slowly, decide_under_locks};
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
