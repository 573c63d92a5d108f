//! The queue before capture: orders that arrive while a batch is being written become the next batch. Two statements and one commit
//! then serve as many orders as wait.

use super::place::{PlaceRequest, place};
use crate::auth::actor::Context;
use crate::error::Error;
use crate::orders::master_data::MasterDataCache;
use crate::orders::service as orders;
use crate::payments::service as payments;
use crate::platform::clock::Clock;
use crate::platform::db::Db;
use crate::platform::group_commit::{Failed, GroupCommit, Options};
use crate::platform::http::Answer;
use crate::platform::numbers::Numbers;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// An order on its way in, with who sends it. Its number is taken when it is written.
pub struct Arrival {
    pub context: Context,
    pub request: PlaceRequest,
}

/// What writing orders needs besides a connection.
#[derive(Clone)]
pub struct Desk {
    pub numbers: Arc<Numbers>,
    pub master_data: Arc<MasterDataCache>,
    /// For work that makes many transactions, each of which is dated when it begins.
    pub clock: Clock,
}

pub type CaptureQueue = GroupCommit<Arrival, Answer>;

type Outcome = Result<Answer, Error>;

/// How long a batch is tried again while the database is away, before its callers are told that the outcome is unknown.
const PATIENCE: Duration = Duration::from_secs(8);

/// Starts the writers; `db` has one connection for each.
pub fn start(db: Db, desk: Desk, options: Options) -> Result<CaptureQueue, Error> {
    GroupCommit::start("capture", options, move || {
        let (db, desk) = (db.clone(), desk.clone());
        move |batch: &mut [Arrival]| write(&db, &desk, batch)
    })
}

/// How long an order waits for another request with its claim, or for a row that somebody keeps locked.
const TURN: Duration = Duration::from_secs(10);
/// How long it steps aside in between, so that no writer waits with it.
const ASIDE: Duration = Duration::from_millis(100);
/// How long a writer waits for a lock while others wait for the writer.
pub const LOCK_WAIT: Duration = Duration::from_millis(500);

/// Captures one order through the queue.
pub async fn capture(queue: &CaptureQueue, mut arrival: Arrival) -> Outcome {
    let since = Instant::now();
    loop {
        match queue.submit(arrival).await {
            Ok(answer) => return Ok(answer),
            Err(Failed { error, job: Some(job) }) if may_pass(&error) && since.elapsed() < TURN => {
                tokio::time::sleep(ASIDE).await;
                arrival = job;
            }
            Err(Failed { error, .. }) => return Err(error),
        }
    }
}

fn may_pass(error: &Error) -> bool {
    error.is_lock_timeout()
        || matches!(error, Error::Unavailable { .. })
        || matches!(error, Error::Conflict { code: "idempotency_in_flight", .. })
}

/// Writes one order without the queue, on a connection of `db`.
pub async fn write_alone(db: &Db, desk: Desk, arrival: Arrival) -> Outcome {
    db.read(move |connection| {
        let (context, mut request) = (&arrival.context, arrival.request.clone());
        request.request.number = orders::next_number(connection, &desk.numbers, context.organization_id)?;
        for _ in 0..request.request.body.payments.len() {
            request.payment_numbers.push(payments::next_number(connection, &desk.numbers, context.organization_id)?);
        }
        let outcome = place(connection, &desk.master_data, context, &[&request])?.pop();
        outcome.unwrap_or_else(|| Err(Error::internal("an order without outcome")))
    })
    .await
}

/// As [`write_alone`], for code that runs on a thread of its own (jobs).
pub fn write_here(db: &Db, desk: &Desk, arrival: Arrival) -> Outcome {
    let mut batch = [arrival];
    let outcome = write_of_one_caller(db, desk, &mut batch, &[0]).pop();
    outcome.map_or_else(|| Err(Error::internal("an order without outcome")), |(_, outcome)| outcome)
}

/// Writes a batch: caller by caller, each caller's orders as they arrived.
fn write(db: &Db, desk: &Desk, batch: &mut [Arrival]) -> Vec<Outcome> {
    let mut outcomes: Vec<Option<Outcome>> = batch.iter().map(|_| None).collect();
    for i in 0..batch.len() {
        if outcomes[i].is_some() {
            continue;
        }
        let places: Vec<usize> = (i..batch.len()).filter(|j| outcomes[*j].is_none() && same_caller(&batch[i], &batch[*j])).collect();
        for (j, outcome) in write_of_one_caller(db, desk, batch, &places) {
            outcomes[j] = Some(outcome);
        }
    }
    outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(|| Err(Error::internal("an order without outcome")))).collect()
}

fn same_caller(a: &Arrival, b: &Arrival) -> bool {
    a.context.organization_id == b.context.organization_id && a.context.actor == b.context.actor
}

fn write_of_one_caller(db: &Db, desk: &Desk, batch: &mut [Arrival], places: &[usize]) -> Vec<(usize, Outcome)> {
    let now = places.iter().map(|i| batch[*i].context.now).max();
    let Some((now, first)) = now.zip(places.first()) else { return vec![] };
    // Where the orders came from stands with each; what else happens in a batch is nobody's alone.
    let origin = batch[*first].context.origin.clone().filter(|_| places.len() == 1);
    let context = Context { now, origin, ..batch[*first].context.clone() };
    let done = patiently(db, || {
        for &i in places {
            desk.number(db, &mut batch[i])?;
        }
        let requests: Vec<&PlaceRequest> = places.iter().map(|i| &batch[*i].request).collect();
        db.read_blocking(|connection| place(connection, &desk.master_data, &context, &requests))
    });
    match (done, places) {
        (Ok(outcomes), _) => places.iter().copied().zip(outcomes).collect(),
        (Err(error), [only]) => vec![(*only, Err(error))],
        // Nobody gave up while others might still be told something better.
        (Err(error), several) if is_away(&error) => several.iter().map(|i| (*i, Err(Error::unavailable(error.to_string())))).collect(),
        (Err(_), several) => several.iter().flat_map(|i| write_of_one_caller(db, desk, batch, &[*i])).collect(),
    }
}

/// Tries again while the database is away and the process is not about to stop. That is safe: the claims of a batch tell what has become of it.
fn patiently<T>(db: &Db, mut work: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
    let since = Instant::now();
    loop {
        match work() {
            Err(error) if is_away(&error) && since.elapsed() < PATIENCE && !db.is_stopping() => {
                log::warn!("capture: the database is away, trying again: {error}");
                std::thread::sleep(Duration::from_millis(100));
            }
            done => return done,
        }
    }
}

fn is_away(error: &Error) -> bool {
    error.is_broken_connection() || matches!(error, Error::Unavailable { .. })
}

impl Desk {
    /// Gives an order and the receipts of its payments their numbers, once.
    fn number(&self, db: &Db, arrival: &mut Arrival) -> Result<(), Error> {
        let organization_id = arrival.context.organization_id;
        let (order, payments_without) = (&mut arrival.request.request, arrival.request.payment_numbers.len());
        if order.number.is_empty() {
            order.number = db.read_blocking(|connection| orders::next_number(connection, &self.numbers, organization_id))?;
        }
        for _ in payments_without..order.body.payments.len() {
            let number = db.read_blocking(|connection| payments::next_number(connection, &self.numbers, organization_id))?;
            arrival.request.payment_numbers.push(number);
        }
        Ok(())
    }
}
