//! What happens by itself. Each job finds its work by state, does it in short transactions and may run in several processes at once.

use crate::audit;
use crate::auth::actor::Context;
use crate::auth::authenticator::Authenticator;
use crate::auth::login::service as login;
use crate::auth::refresh_disabled;
use crate::auth::sessions::service as sessions;
use crate::channels::platforms::email::imap;
use crate::channels::{ChannelKind, shops, standing};
use crate::error::Error;
use crate::imports::job as imports;
use crate::inbox;
use crate::inventory;
use crate::invoicing::invoices;
use crate::journal;
use crate::order_to_cash::capture_queue::Desk;
use crate::order_to_cash::serve_backorders::serve_backorders;
use crate::order_to_cash::{bank_entries, capture_shipped, expire_holds, keep_promises, pay, provider_outbox};
use crate::orders::{self, backorders, pegs};
use crate::payments;
use crate::payments::provider::stripe::StripeApi;
use crate::platform::clock::{Clock, Now};
use crate::platform::db::Db;
use crate::platform::one_by_one::one_by_one;
use crate::platform::panics::caught;
use crate::platform::{idempotency, metrics};
use actix_web::web::Data;
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The threads that run the jobs. What may take long, or waits for somebody outside, has a thread of its own: the others must not wait
/// for it.
pub struct Jobs {
    db: Db,
    stopping: Arc<AtomicBool>,
    /// Tells nothing; it ends with the threads.
    running: Receiver<()>,
    threads: Vec<JoinHandle<()>>,
}

/// What the threads share.
#[derive(Clone)]
struct Shared {
    db: Db,
    clock: Clock,
    stopping: Arc<AtomicBool>,
    /// Lets go of the channel as the thread ends.
    _running: Sender<()>,
}

impl Shared {
    /// A thread that does its work again and again, with a rest in between, until the jobs stop.
    fn thread(&self, name: &'static str, rest: Duration, mut work: impl FnMut(&Self) + Send + 'static) -> Result<JoinHandle<()>, Error> {
        let own = self.clone();
        let again_and_again = move || {
            while !own.is_stopping() {
                work(&own);
                std::thread::park_timeout(rest);
            }
        };
        std::thread::Builder::new().name(name.to_owned()).spawn(again_and_again).map_err(Error::internal)
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }
}

/// How often each job looks for work.
const FAST: Duration = Duration::from_millis(500);
const DISABLED_CALLERS: Duration = Duration::from_secs(10);
const SHOPS: Duration = Duration::from_secs(2);
const UPKEEP: Duration = Duration::from_secs(5);
const HOLDS: Duration = Duration::from_secs(60);
const REMINDERS: Duration = Duration::from_secs(60);
const MAILBOXES: Duration = Duration::from_secs(5);
const SILENT: Duration = Duration::from_secs(60);
const PURGE: Duration = Duration::from_secs(60);
const ABANDONED_IMPORTS: Duration = Duration::from_secs(600);
/// How many at once wait for answers of platforms, of those whose messages are worked in and of those who are told something: so many
/// may be slow before others wait for them.
const INBOX_CALLERS: usize = 4;
const TELLERS: usize = 4;
/// Connections of all jobs. Whoever waits for somebody outside holds none.
pub const CONNECTIONS: u32 = 6;
/// How long a stop waits for the job that is running. It is a short transaction; one that hangs is the database's to roll back.
const LAST_JOB: Duration = Duration::from_secs(5);

impl Jobs {
    pub fn start(db: Db, clock: Clock, authenticator: Data<Authenticator>, desk: Desk, stripe: StripeApi) -> Result<Self, Error> {
        let stopping = Arc::new(AtomicBool::new(false));
        let (sender, running) = channel();
        let shared = Shared { db: db.clone(), clock, stopping: stopping.clone(), _running: sender };
        let mut threads = vec![
            start_own(&shared, authenticator, desk.clone())?,
            start_imports(&shared, desk.clone())?,
            start_payments(&shared, desk.clone(), stripe)?,
        ];
        threads.extend(start_inbox(&shared, &desk)?);
        threads.extend(start_shops(&shared)?);
        for _ in 0..imap::LOOKS {
            threads.push(start_mailboxes(&shared)?);
        }
        Ok(Self { db, stopping, running, threads })
    }

    /// Begins no further job, waits a while for those that are running, then ends the threads.
    pub fn stop(self) {
        self.db.stop_waiting();
        self.stopping.store(true, Ordering::Relaxed);
        for thread in &self.threads {
            thread.thread().unpark();
        }
        if self.running.recv_timeout(LAST_JOB) == Err(RecvTimeoutError::Timeout) {
            log::error!("a job did not end in {} s; the database will roll it back", LAST_JOB.as_secs());
        } else if self.threads.into_iter().any(|thread| thread.join().is_err()) {
            log::error!("the jobs ended in a panic");
        }
    }
}

/// The short ones, one after the other.
fn start_own(shared: &Shared, authenticator: Data<Authenticator>, desk: Desk) -> Result<JoinHandle<()>, Error> {
    let mut refreshed = Timer::every(DISABLED_CALLERS);
    let mut upkeep = Timer::every(UPKEEP);
    let mut holds = Timer::every(HOLDS);
    let mut reminders = Timer::every(REMINDERS);
    let mut purge = Timer::every(PURGE);
    shared.thread("jobs", FAST, move |shared| {
        let db = &shared.db;
        run(db, "expire_reservations", |db| expire_reservations(db, &shared.clock));
        run(db, "serve_backorders", |db| fill_backorders(db, &shared.clock));
        run(db, "keep_promises", |db| keep_promises(db, &shared.clock));
        run(db, "post_journal", |db| journal::job::post(db, shared.now()));
        run(db, "book_bank_entries", |db| bank_entries::book_certain(db, &desk.numbers, || shared.now()));
        run(db, "expire_authorizations", |db| expire_authorizations(db, &shared.clock));
        run(db, "write_refusals", |db| audit::write_refusals(db, &authenticator));
        if refreshed.is_due() {
            run(db, "refresh_disabled", |db| refresh_disabled(db, &authenticator));
        }
        if upkeep.is_due() {
            run(db, "make_event_chunks", audit::chunks::make);
            run(db, "upkeep", |_| {
                metrics::upkeep();
                authenticator.upkeep();
                Ok(())
            });
        }
        if holds.is_due() {
            run(db, "expire_holds", |db| expire_holds(db, &shared.clock));
        }
        if reminders.is_due() {
            run(db, "remind", |db| remind(db, &shared.clock));
        }
        if purge.is_due() {
            run(db, "purge_claims", |db| purge_claims(db, shared.now()));
            run(db, "purge_sessions", |db| sessions::purge(db, shared.now()));
            run(db, "purge_login_attempts", |db| login::purge(db, shared.now()));
            run(db, "empty_inbound_messages", |db| inbox::service::empty(db, shared.now()));
        }
    })
}

/// Works on imports as they come, which may take hours; a batch that is under way when it is to stop ends first.
fn start_imports(shared: &Shared, desk: Desk) -> Result<JoinHandle<()>, Error> {
    let mut upkeep = Timer::every(ABANDONED_IMPORTS);
    shared.thread("imports", FAST, move |shared| {
        run(&shared.db, "work_on_imports", |db| imports::work(db, &desk, || shared.now(), || shared.is_stopping()));
        if upkeep.is_due() {
            run(&shared.db, "clear_abandoned_imports", imports::clear_abandoned);
        }
    })
}

/// Works messages of platforms in as they come. Those whose platforms are asked back have threads of their own: the others never wait
/// for anybody outside.
fn start_inbox(shared: &Shared, desk: &Desk) -> Result<Vec<JoinHandle<()>>, Error> {
    let (own, asking) = inbox::work::kinds();
    let start = |name: &'static str, kinds: Vec<ChannelKind>| {
        let desk = desk.clone();
        shared.thread(name, FAST, move |shared| {
            run(&shared.db, "work_on_inbox", |db| inbox::work::work_among(db, &desk, &kinds, || shared.now()));
        })
    };
    let mut threads = vec![start("inbox", own)?];
    for _ in 0..INBOX_CALLERS {
        threads.push(start("inbox-asking", asking.clone())?);
    }
    Ok(threads)
}

/// Tells shops and CRM systems where their orders stand and what is in stock, and asks shops for what their hooks have not told.
fn start_shops(shared: &Shared) -> Result<Vec<JoinHandle<()>>, Error> {
    let follower = shared.thread("shops", SHOPS, |shared| {
        run(&shared.db, "follow_for_shops", |db| shops::follow::collect(db, shared.now()));
        run(&shared.db, "follow_for_crm", |db| standing::follow::collect(db, shared.now()));
    })?;
    let mut threads = vec![follower];
    for _ in 0..TELLERS {
        threads.push(shared.thread("shops-telling", SHOPS, |shared| {
            let now = || shared.now();
            run(&shared.db, "tell_shops", |db| shops::tell::work(db, &now));
            run(&shared.db, "tell_shops_stock", |db| shops::stock::work(db, &now));
            run(&shared.db, "ask_shops", |db| shops::reconcile::work(db, &now));
            run(&shared.db, "tell_crm", |db| standing::tell::work(db, &now));
        })?);
    }
    Ok(threads)
}

/// Looks into the mailboxes of channels, whose servers may be slow: one of several threads that do.
fn start_mailboxes(shared: &Shared) -> Result<JoinHandle<()>, Error> {
    shared.thread("mailboxes", MAILBOXES, |shared| {
        run(&shared.db, "look_into_mailboxes", |db| imap::look(db, || shared.now()));
    })
}

/// Asks payment providers for what is stored to be asked, and works in what they tell.
fn start_payments(shared: &Shared, desk: Desk, stripe: StripeApi) -> Result<JoinHandle<()>, Error> {
    let mut silent = Timer::every(SILENT);
    shared.thread("payments", FAST, move |shared| {
        run(&shared.db, "capture_shipped", |db| capture_shipped(db, &shared.clock));
        if silent.is_due() {
            run(&shared.db, "ask_providers", |db| ask_providers(db, &shared.clock));
        }
        run(&shared.db, "work_on_payments", |db| provider_outbox::work(db, &stripe, &desk.numbers, || shared.now()));
    })
}

/// Runs a job unless the process is stopping, and reports what failed or panicked; the thread goes on with the next one.
pub fn run<T>(db: &Db, job: &'static str, work: impl FnOnce(&Db) -> Result<T, Error>) {
    if db.is_stopping() {
        return;
    }
    if let Err(error) = caught(|| work(db)) {
        metrics::failed_job(job);
        log::error!(job = job; "job failed: {error}");
    }
}

struct Timer {
    every: Duration,
    last: Instant,
}

impl Timer {
    fn every(every: Duration) -> Self {
        Self { every, last: Instant::now() }
    }

    fn is_due(&mut self) -> bool {
        let due = self.last.elapsed() >= self.every;
        if due {
            self.last = Instant::now();
        }
        due
    }
}

/// Gives the stock of expired checkout reservations back, also of those that expired while no process ran.
pub fn expire_reservations(db: &Db, now: impl Now) -> Result<usize, Error> {
    const BATCH: usize = 200;
    let mut all = 0;
    loop {
        let at = now.now();
        let expired = db.write_blocking(|connection| inventory::reservations::expire_due(connection, at, BATCH))?;
        all += expired;
        if expired < BATCH {
            return Ok(all);
        }
    }
}

/// Again and again until there is nothing more to do; how much it was.
fn until_nothing(mut work: impl FnMut() -> Result<usize, Error>) -> Result<usize, Error> {
    let mut all = 0;
    loop {
        let done = work()?;
        all += done;
        if done == 0 {
            return Ok(all);
        }
    }
}

/// Serves backorders of every organization until nothing more can be served.
pub fn fill_backorders(db: &Db, now: impl Now) -> Result<usize, Error> {
    one_by_one(db.read_blocking(backorders::organizations_waiting)?, |organization_id| {
        until_nothing(|| {
            let context = Context::job(organization_id, "serve_backorders", now.now());
            db.write_blocking(|connection| serve_backorders(connection, &context))
        })
    })
}

/// Promises lines that wait for supply anew, of every organization, until nothing is to be reviewed. What can be served is served
/// first, so that nobody is told of a day that is past as soon as it is told.
pub fn keep_promises(db: &Db, now: impl Now) -> Result<usize, Error> {
    let at = now.now();
    one_by_one(db.read_blocking(|connection| pegs::organizations_to_review(connection, at))?, |organization_id| {
        let mut all = 0;
        let context = || Context::system(organization_id, now.now());
        let serve = |context: Context| db.write_blocking(|connection| serve_backorders(connection, &context));
        let keep = |context: Context| db.write_blocking(|connection| keep_promises::keep_promises(connection, &context));
        while serve(context())? > 0 {}
        let overdue = context();
        db.write_blocking(|connection| keep_promises::review_overdue(connection, &overdue))?;
        while keep(context())? {
            all += 1;
            if db.is_stopping() {
                break;
            }
        }
        Ok(all)
    })
}

/// Takes the stock back from orders that have been on hold too long.
pub fn expire_holds(db: &Db, now: impl Now) -> Result<usize, Error> {
    let before = now.now() - TimeDelta::days(expire_holds::HOLD_DAYS);
    one_by_one(db.read_blocking(|connection| orders::organizations_with_overdue_holds(connection, before))?, |organization_id| {
        until_nothing(|| {
            let context = Context::job(organization_id, "expire_holds", now.now());
            db.write_blocking(|connection| expire_holds::expire_holds(connection, &context))
        })
    })
}

/// Tells of invoices that have become overdue and of reminders that have fallen due, also of those of a standstill.
pub fn remind(db: &Db, now: impl Now) -> Result<usize, Error> {
    // Somewhere it is tomorrow already.
    let latest = now.now().date_naive() + TimeDelta::days(1);
    let overdue = db.read_blocking(|connection| Ok(invoices::service::organizations_with_overdue(connection, latest)?))?;
    one_by_one(overdue, |organization_id| {
        until_nothing(|| {
            if db.is_stopping() {
                return Ok(0);
            }
            let context = Context::system(organization_id, now.now());
            db.write_blocking(|connection| invoices::reminders::remind(connection, &context))
        })
    })
}

/// Asks for reserved money of orders that have shipped something, and gives up what orders do not need any more.
pub fn capture_shipped(db: &Db, now: impl Now) -> Result<usize, Error> {
    const BATCH: i64 = 200;
    let ending = now.now() + capture_shipped::ENDS_SOON;
    let orders = db.read_blocking(|connection| Ok(payments::service::orders_to_capture(connection, ending, BATCH)?))?;
    one_by_one(orders, |(organization_id, order_id)| {
        let context = Context::job(organization_id, "capture_shipped", now.now());
        db.write_blocking(|connection| capture_shipped::capture_shipped(connection, &context, order_id))?;
        Ok(1)
    })
}

/// Asks providers once a day for payments that are open there, and for refunds that are under way: a message may never have come.
pub fn ask_providers(db: &Db, now: impl Now) -> Result<usize, Error> {
    const BATCH: i64 = 100;
    let before = now.now() - TimeDelta::days(1);
    let silent = db.read_blocking(|connection| Ok(payments::service::silent(connection, before, BATCH)?))?;
    one_by_one(silent, |(organization_id, id)| {
        let context = Context::job(organization_id, "ask_providers", now.now());
        db.write_blocking(|connection| payments::service::ask_provider(connection, &context, id))?;
        Ok(1)
    })
}

/// Gives up authorizations that can no longer be captured.
pub fn expire_authorizations(db: &Db, now: impl Now) -> Result<usize, Error> {
    const BATCH: i64 = 200;
    let at = now.now();
    let due = db.read_blocking(|connection| Ok(payments::service::expired(connection, at, BATCH)?))?;
    one_by_one(due, |(organization_id, id)| {
        let context = Context::job(organization_id, "expire_authorizations", now.now());
        if let Some(order_id) = db.read_blocking(|connection| pay::captured_late(connection, &context, id))? {
            db.write_blocking(|connection| capture_shipped::capture_shipped(connection, &context, order_id))?;
        }
        db.write_blocking(|connection| pay::expire(connection, &context, id))?;
        Ok(1)
    })
}

/// Stored answers are kept for three days, well over the promised 24 hours. External ids stay claimed for ever.
pub fn purge_claims(db: &Db, now: DateTime<Utc>) -> Result<usize, Error> {
    const BATCH: usize = 5_000;
    let mut all = 0;
    loop {
        let purged = db.write_blocking(|connection| idempotency::purge(connection, now - TimeDelta::days(3), BATCH))?;
        all += purged;
        if purged < BATCH || db.is_stopping() {
            return Ok(all);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::db::DbOptions;

    #[test]
    fn a_job_that_fails_or_panics_is_counted_and_ends_nothing_else() {
        metrics::start();
        let db = Db::open(&DbOptions::for_one_command("postgres://nobody@127.0.0.1:1/nothing")).unwrap();
        let mut done = 0;
        run(&db, "poison", |_| -> Result<(), Error> { panic!("poison") });
        run(&db, "poison", |_| -> Result<(), Error> { Err(Error::internal("poison")) });
        run(&db, "sound", |_| {
            done += 1;
            Ok(())
        });
        assert_eq!(done, 1);
        let figures = metrics::render();
        assert!(figures.contains("job_failures_total{job=\"poison\"} 2"), "{figures}");
        assert!(!figures.contains("job=\"sound\""), "{figures}");
    }
}
