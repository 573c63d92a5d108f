//! Sends what is due: lease (one short transaction), send (none), finish (one transaction). Several are on their way at once; one
//! that takes long holds up only what must come after it.
//!
//! Whoever dies in between leaves a lease that runs out, and the event is sent again with the same `webhook-id`, by which a receiver
//! knows what it has: each is sent once at least.

use super::deliveries::body::SkipReason;
use super::deliveries::work::{self, Due, Finished};
use super::endpoints::body::DisabledReason;
use super::endpoints::{service as endpoints, store as endpoint_store};
use super::schedule::{DeliveryStatus, FAILING_FOR, Verdict, judge};
use super::send::{Message, Outcome, Sender, TOTAL};
use super::subscription::TEST;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::body::Event;
use crate::events::feed;
use crate::platform::db::Db;
use crate::types::id::{OrganizationId, WebhookEndpointId};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use serde::Serialize;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender as Channel, channel};
use std::time::Duration;
use tokio::runtime::Handle;

/// Well over the time that a call may take, so that no two calls of one delivery run at once.
const LEASE: TimeDelta = TimeDelta::seconds(60);
const _: () = assert!(TOTAL.as_secs() < 60);
/// On their way at once, in all and of one endpoint: one that is slow leaves places for the others.
const AT_ONCE: usize = 64;
const OF_ENDPOINT: i64 = 8;

/// A delivery that this process has; `None` where its owner may no longer read it.
#[derive(Clone, Debug)]
pub struct Leased {
    pub due: Due,
    pub message: Option<Message>,
}

/// The event as the feed shows it, and `timestamp`, which Standard Webhooks recommends beside `type` and `data`.
#[derive(Serialize)]
pub struct Body<'a> {
    #[serde(flatten)]
    event: &'a Event,
    timestamp: DateTime<Utc>,
}

impl<'a> From<&'a Event> for Body<'a> {
    fn from(event: &'a Event) -> Self {
        Self { event, timestamp: event.occurred_at }
    }
}

/// Takes what is due, up to `most`. Its step of its own, so that dying after it can be tried.
pub fn lease(db: &Db, now: DateTime<Utc>, most: usize) -> Result<Vec<Leased>, Error> {
    db.write_blocking(|connection| lease_in(connection, now, most))
}

fn lease_in(connection: &mut PgConnection, now: DateTime<Utc>, most: usize) -> Result<Vec<Leased>, Error> {
    let due = work::claim(connection, now, now + LEASE, OF_ENDPOINT, most as i64)?;
    if due.is_empty() {
        return Ok(vec![]);
    }
    let keys: Vec<(OrganizationId, i64)> = due.iter().map(|due| (due.organization_id, due.event_sequence)).collect();
    let events = feed::by_numbers(connection, &keys)?;
    let leased = |due: Due| {
        let subscription = endpoint_store::subscription(vec![], &due.scope, due.role.as_deref());
        let event =
            events.get(&(due.organization_id, due.event_sequence)).ok_or_else(|| Error::internal("a delivery without its event"))?;
        let message = if due.event_type == TEST || subscription.may_read(&due.event_type) {
            let body = serde_json::to_vec(&Body::from(event)).map_err(Error::internal)?;
            let secrets = [Some(due.secret.clone()), due.previous_secret.clone()].into_iter().flatten().collect();
            Some(Message { url: due.url.clone(), id: event.id.to_string(), body, secrets })
        } else {
            None
        };
        Ok(Leased { due, message })
    };
    due.into_iter().map(leased).collect()
}

/// Sends one; no transaction is open. `None` for what may not be sent.
pub async fn send(sender: &Sender, leased: &Leased, now: DateTime<Utc>) -> Option<Outcome> {
    match &leased.message {
        Some(message) => Some(sender.send(message, now).await),
        None => None,
    }
}

/// Writes down what came of them, and what follows for their endpoints. How many arrived.
pub fn finish(db: &Db, sent: Vec<(Leased, Option<Outcome>)>, now: DateTime<Utc>) -> Result<usize, Error> {
    let mut finished: Vec<(Finished, bool)> = sent.into_iter().map(|(leased, outcome)| decide(leased, outcome, now)).collect();
    finished.sort_by_key(|(one, _)| (one.due.organization_id, one.due.id));
    let mut arrived = 0;
    for group in finished.chunk_by(|(one, _), (other, _)| one.due.organization_id == other.due.organization_id) {
        let Some((first, _)) = group.first() else { continue };
        let context = Context::job(first.due.organization_id, "send_webhooks", now);
        arrived += db.write_blocking(|connection| finish_in(connection, &context, group))?;
    }
    Ok(arrived)
}

fn finish_in(connection: &mut PgConnection, context: &Context, group: &[(Finished, bool)]) -> Result<usize, Error> {
    let rows: Vec<&Finished> = group.iter().map(|(one, _)| one).collect();
    let done = work::finish(connection, context.organization_id, &rows, context.now)?;
    let mine: Vec<&(Finished, bool)> = group.iter().filter(|(one, _)| done.contains(&one.due.id)).collect();
    let endpoints_of = |wanted: &dyn Fn(&Finished, bool) -> bool| {
        let mut ids: Vec<WebhookEndpointId> =
            mine.iter().filter(|(one, gone)| wanted(one, *gone)).map(|(one, _)| one.due.endpoint_id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    };
    let worked = endpoints_of(&|one, _| one.status == DeliveryStatus::Delivered);
    let failed = endpoints_of(&|one, _| matches!(one.status, DeliveryStatus::Pending | DeliveryStatus::Failed));
    let gone = endpoints_of(&|_, gone| gone);
    if !worked.is_empty() || !failed.is_empty() {
        let failing = endpoint_store::note_outcomes(connection, context, &worked, &failed, FAILING_FOR)?;
        if !gone.is_empty() {
            endpoints::disable(connection, context, &gone, DisabledReason::Gone)?;
        }
        if !failing.is_empty() {
            endpoints::disable(connection, context, &failing, DisabledReason::Failing)?;
        }
    }
    Ok(rows.iter().filter(|one| one.status == DeliveryStatus::Delivered && done.contains(&one.due.id)).count())
}

/// What is written down, and whether the receiver wants no more.
fn decide(leased: Leased, outcome: Option<Outcome>, now: DateTime<Utc>) -> (Finished, bool) {
    let due = leased.due;
    let Some(outcome) = outcome else {
        let finished = Finished {
            due,
            status: DeliveryStatus::Skipped,
            next_attempt_at: now,
            skip_reason: Some(SkipReason::NotPermitted),
            response_status: None,
            duration_ms: 0,
            excerpt: String::new(),
            error: None,
        };
        return (finished, false);
    };
    let verdict = judge(&outcome, due.tries, now, uuid::Uuid::new_v4().as_bytes()[0]);
    let (status, next_attempt_at) = match verdict {
        Verdict::Delivered => (DeliveryStatus::Delivered, now),
        Verdict::Retry(at) => (DeliveryStatus::Pending, at),
        Verdict::Failed | Verdict::Gone => (DeliveryStatus::Failed, now),
    };
    let finished = Finished {
        due,
        status,
        next_attempt_at,
        skip_reason: None,
        response_status: outcome.status.map(i32::from),
        duration_ms: i32::try_from(outcome.duration.as_millis()).unwrap_or(i32::MAX),
        excerpt: outcome.excerpt,
        error: outcome.error,
    };
    (finished, verdict == Verdict::Gone)
}

/// How the loop goes on when nothing is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idle {
    /// It ends when nothing is on its way either.
    End,
    /// It looks again after this time, until it is told to stop.
    Wait(Duration),
}

type Sent = (Leased, Option<Outcome>);

/// Sends what is due, again and again; `each_turn` is run before each look. What is on its way when it is told to stop is waited
/// for. Answers how many arrived.
pub fn run(
    db: &Db,
    sender: &Sender,
    runtime: &Handle,
    idle: Idle,
    now: impl Fn() -> DateTime<Utc>,
    stop: impl Fn() -> bool,
    mut each_turn: impl FnMut(),
) -> Result<usize, Error> {
    let (results, sent): (Channel<Sent>, Receiver<Sent>) = channel();
    let (mut on_their_way, mut arrived) = (0, 0);
    loop {
        let stopped = stop();
        if stopped && on_their_way == 0 {
            return Ok(arrived);
        }
        let mut begun = 0;
        if !stopped {
            each_turn();
            let leased = if on_their_way < AT_ONCE { lease(db, now(), AT_ONCE - on_their_way)? } else { vec![] };
            begun = leased.len();
            on_their_way += begun;
            for one in leased {
                let (sender, results, at) = (sender.clone(), results.clone(), now());
                runtime.spawn(async move {
                    let outcome = send(&sender, &one, at).await;
                    // Nobody listens any more where the process is stopping; the lease runs out.
                    let _ = results.send((one, outcome));
                });
            }
        }
        let wait = match idle {
            _ if begun > 0 => Duration::from_millis(5),
            Idle::End if on_their_way == 0 => return Ok(arrived),
            Idle::End => Duration::from_millis(50),
            Idle::Wait(_) if on_their_way > 0 => Duration::from_millis(100),
            Idle::Wait(poll) => poll,
        };
        match sent.recv_timeout(wait) {
            Ok(first) => {
                let mut batch = vec![first];
                batch.extend(sent.try_iter());
                on_their_way -= batch.len();
                arrived += finish(db, batch, now())?;
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
        }
    }
}
