//! What happens by itself. Each job finds its work by state, does it in short transactions and may run in several processes at once.

use crate::audit;
use crate::auth::actor::Context;
use crate::auth::authenticator::Authenticator;
use crate::auth::login::service as login;
use crate::auth::refresh_disabled;
use crate::auth::sessions::service as sessions;
use crate::channels::{shops, standing};
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
use crate::platform::clock::Clock;
use crate::platform::db::Db;
use crate::platform::panics::caught;
use crate::platform::{idempotency, metrics};
use actix_web::web::Data;
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The threads that run the jobs: imports have one of their own, as they may take hours and the others must not wait.
pub struct Jobs {
    db: Db,
    stop: Sender<()>,
    /// Tells nothing; it ends with the thread.
    running: Receiver<()>,
    thread: JoinHandle<()>,
    stop_imports: Arc<AtomicBool>,
    imports: JoinHandle<()>,
    /// Calls payment providers: a slow one must not hold the others up.
    payments: JoinHandle<()>,
    /// Works messages in, which may ask platforms back.
    inbox: JoinHandle<()>,
    /// Tells and asks shops and CRM systems: a slow one must not hold the inbox up.
    shops: JoinHandle<()>,
}

/// How often each job looks for work.
const FAST: Duration = Duration::from_millis(500);
const DISABLED_CALLERS: Duration = Duration::from_secs(10);
const UPKEEP: Duration = Duration::from_secs(5);
const SHOPS: Duration = Duration::from_secs(2);
const HOLDS: Duration = Duration::from_secs(60);
const REMINDERS: Duration = Duration::from_secs(60);
const PURGE: Duration = Duration::from_secs(60);
const ABANDONED_IMPORTS: Duration = Duration::from_secs(600);
/// How long a stop waits for the job that is running. It is a short transaction; one that hangs is the database's to roll back.
const LAST_JOB: Duration = Duration::from_secs(5);

impl Jobs {
    pub fn start(db: Db, clock: Clock, authenticator: Data<Authenticator>, desk: Desk, stripe: StripeApi) -> Result<Self, Error> {
        let stop_imports = Arc::new(AtomicBool::new(false));
        let (stop, stopped) = channel();
        let (ends_with_thread, running) = channel();
        let numbers = desk.numbers.clone();
        let payments = start_payments(db.clone(), clock.clone(), desk.clone(), stripe, stop_imports.clone(), ends_with_thread.clone())?;
        let inbox = start_inbox(db.clone(), clock.clone(), desk.clone(), stop_imports.clone(), ends_with_thread.clone())?;
        let shops = start_shops(db.clone(), clock.clone(), stop_imports.clone(), ends_with_thread.clone())?;
        let imports = start_imports(db.clone(), clock.clone(), desk, stop_imports.clone(), ends_with_thread.clone())?;
        let own = db.clone();
        let work = move || {
            let _ends_with_thread: Sender<()> = ends_with_thread;
            let db = own;
            let mut refreshed = Timer::every(DISABLED_CALLERS);
            let mut upkeep = Timer::every(UPKEEP);
            let mut holds = Timer::every(HOLDS);
            let mut reminders = Timer::every(REMINDERS);
            let mut purge = Timer::every(PURGE);
            loop {
                match stopped.recv_timeout(FAST) {
                    Err(RecvTimeoutError::Timeout) => {}
                    Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
                }
                run(&db, "expire_reservations", |db| expire_reservations(db, clock.now()));
                run(&db, "serve_backorders", |db| fill_backorders(db, clock.now()));
                run(&db, "keep_promises", |db| keep_promises(db, clock.now()));
                run(&db, "post_journal", |db| journal::job::post(db, clock.now()));
                run(&db, "book_bank_entries", |db| bank_entries::book_certain(db, &numbers, || clock.now()));
                run(&db, "expire_authorizations", |db| expire_authorizations(db, clock.now()));
                run(&db, "write_refusals", |db| audit::write_refusals(db, &authenticator));
                if refreshed.is_due() {
                    run(&db, "refresh_disabled", |db| refresh_disabled(db, &authenticator));
                }
                if upkeep.is_due() {
                    run(&db, "upkeep", |_| {
                        metrics::upkeep();
                        authenticator.upkeep();
                        Ok(())
                    });
                }
                if holds.is_due() {
                    run(&db, "expire_holds", |db| expire_holds(db, clock.now()));
                }
                if reminders.is_due() {
                    run(&db, "remind", |db| remind(db, clock.now()));
                }
                if purge.is_due() {
                    run(&db, "purge_claims", |db| purge_claims(db, clock.now()));
                    run(&db, "purge_sessions", |db| sessions::purge(db, clock.now()));
                    run(&db, "purge_login_attempts", |db| login::purge(db, clock.now()));
                }
            }
        };
        let thread = std::thread::Builder::new().name("jobs".to_owned()).spawn(work).map_err(Error::internal)?;
        Ok(Self { db, stop, running, thread, stop_imports, imports, payments, inbox, shops })
    }

    /// Begins no further job, waits a while for the one that is running, then ends the thread.
    pub fn stop(self) {
        self.db.stop_waiting();
        let _ = self.stop.send(());
        self.stop_imports.store(true, Ordering::Relaxed);
        self.imports.thread().unpark();
        self.payments.thread().unpark();
        self.inbox.thread().unpark();
        self.shops.thread().unpark();
        // Each of the threads lets go of the channel as it ends.
        if self.running.recv_timeout(LAST_JOB) == Err(RecvTimeoutError::Timeout) {
            log::error!("a job did not end in {} s; the database will roll it back", LAST_JOB.as_secs());
        } else if [self.thread, self.imports, self.payments, self.inbox, self.shops].into_iter().any(|thread| thread.join().is_err()) {
            log::error!("the jobs ended in a panic");
        }
    }
}

/// Works on imports as they come; a batch that is under way when it is to stop ends first.
fn start_imports(db: Db, clock: Clock, desk: Desk, stop: Arc<AtomicBool>, ends_with_thread: Sender<()>) -> Result<JoinHandle<()>, Error> {
    let work = move || {
        let _ends_with_thread = ends_with_thread;
        let stopped = || stop.load(Ordering::Relaxed);
        let mut upkeep = Timer::every(ABANDONED_IMPORTS);
        while !stopped() {
            run(&db, "work_on_imports", |db| imports::work(db, &desk, || clock.now(), stopped));
            if upkeep.is_due() {
                run(&db, "clear_abandoned_imports", imports::clear_abandoned);
            }
            std::thread::park_timeout(FAST);
        }
    };
    std::thread::Builder::new().name("imports".to_owned()).spawn(work).map_err(Error::internal)
}

/// Works messages of platforms in as they come.
fn start_inbox(db: Db, clock: Clock, desk: Desk, stop: Arc<AtomicBool>, ends_with_thread: Sender<()>) -> Result<JoinHandle<()>, Error> {
    let work = move || {
        let _ends_with_thread = ends_with_thread;
        while !stop.load(Ordering::Relaxed) {
            run(&db, "work_on_inbox", |db| inbox::work::work(db, &desk, || clock.now()));
            std::thread::park_timeout(FAST);
        }
    };
    std::thread::Builder::new().name("inbox".to_owned()).spawn(work).map_err(Error::internal)
}

/// Tells shops what has shipped and what is in stock, and asks them for what their hooks have not told; tells CRM systems where their
/// orders stand.
fn start_shops(db: Db, clock: Clock, stop: Arc<AtomicBool>, ends_with_thread: Sender<()>) -> Result<JoinHandle<()>, Error> {
    let work = move || {
        let _ends_with_thread = ends_with_thread;
        while !stop.load(Ordering::Relaxed) {
            run(&db, "follow_for_shops", |db| shops::follow::collect(db, clock.now()));
            run(&db, "tell_shops", |db| shops::tell::work(db, &|| clock.now()));
            run(&db, "tell_shops_stock", |db| shops::stock::work(db, &|| clock.now()));
            run(&db, "ask_shops", |db| shops::reconcile::work(db, &|| clock.now()));
            run(&db, "tell_crm", |db| standing::work(db, || clock.now()));
            std::thread::park_timeout(SHOPS);
        }
    };
    std::thread::Builder::new().name("shops".to_owned()).spawn(work).map_err(Error::internal)
}

/// Asks payment providers for what is stored to be asked, and works in what they tell.
fn start_payments(
    db: Db,
    clock: Clock,
    desk: Desk,
    stripe: StripeApi,
    stop: Arc<AtomicBool>,
    ends_with_thread: Sender<()>,
) -> Result<JoinHandle<()>, Error> {
    let work = move || {
        let _ends_with_thread = ends_with_thread;
        while !stop.load(Ordering::Relaxed) {
            run(&db, "capture_shipped", |db| capture_shipped(db, clock.now()));
            run(&db, "work_on_payments", |db| provider_outbox::work(db, &stripe, &desk.numbers, || clock.now()));
            std::thread::park_timeout(FAST);
        }
    };
    std::thread::Builder::new().name("payments".to_owned()).spawn(work).map_err(Error::internal)
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
pub fn expire_reservations(db: &Db, now: DateTime<Utc>) -> Result<usize, Error> {
    const BATCH: usize = 200;
    let mut all = 0;
    loop {
        let expired = db.write_blocking(|connection| inventory::reservations::expire_due(connection, now, BATCH))?;
        all += expired;
        if expired < BATCH {
            return Ok(all);
        }
    }
}

/// Serves backorders of every organization until nothing more can be served.
pub fn fill_backorders(db: &Db, now: DateTime<Utc>) -> Result<usize, Error> {
    let mut all = 0;
    for organization_id in db.read_blocking(backorders::organizations_waiting)? {
        let context = Context::job(organization_id, "serve_backorders", now);
        loop {
            let served = db.write_blocking(|connection| serve_backorders(connection, &context))?;
            all += served;
            if served == 0 {
                break;
            }
        }
    }
    Ok(all)
}

/// Promises lines that wait for supply anew, of every organization, until nothing is to be reviewed. What can be served is served
/// first, so that nobody is told of a day that is past as soon as it is told.
pub fn keep_promises(db: &Db, now: DateTime<Utc>) -> Result<usize, Error> {
    let mut all = 0;
    for organization_id in db.read_blocking(|connection| pegs::organizations_to_review(connection, now))? {
        let context = Context::system(organization_id, now);
        while db.write_blocking(|connection| serve_backorders(connection, &context))? > 0 {}
        db.write_blocking(|connection| keep_promises::review_overdue(connection, &context))?;
        while db.write_blocking(|connection| keep_promises::keep_promises(connection, &context))? {
            all += 1;
            if db.is_stopping() {
                return Ok(all);
            }
        }
    }
    Ok(all)
}

/// Takes the stock back from orders that have been on hold too long.
pub fn expire_holds(db: &Db, now: DateTime<Utc>) -> Result<usize, Error> {
    let mut all = 0;
    let before = now - TimeDelta::days(expire_holds::HOLD_DAYS);
    for organization_id in db.read_blocking(|connection| orders::organizations_with_overdue_holds(connection, before))? {
        let context = Context::job(organization_id, "expire_holds", now);
        loop {
            let changed = db.write_blocking(|connection| expire_holds::expire_holds(connection, &context))?;
            all += changed;
            if changed == 0 {
                break;
            }
        }
    }
    Ok(all)
}

/// Tells of invoices that have become overdue and of reminders that have fallen due, also of those of a standstill.
pub fn remind(db: &Db, now: DateTime<Utc>) -> Result<usize, Error> {
    let mut all = 0;
    // Somewhere it is tomorrow already.
    let latest = now.date_naive() + TimeDelta::days(1);
    for organization_id in db.read_blocking(|connection| Ok(invoices::service::organizations_with_overdue(connection, latest)?))? {
        let context = Context::system(organization_id, now);
        loop {
            let told = db.write_blocking(|connection| invoices::reminders::remind(connection, &context))?;
            all += told;
            if told == 0 || db.is_stopping() {
                break;
            }
        }
    }
    Ok(all)
}

/// Asks for reserved money of orders that have shipped something.
pub fn capture_shipped(db: &Db, now: DateTime<Utc>) -> Result<usize, Error> {
    const BATCH: i64 = 200;
    let orders = db.read_blocking(|connection| Ok(payments::service::orders_to_capture(connection, BATCH)?))?;
    for (organization_id, order_id) in &orders {
        let context = Context::system(*organization_id, now);
        db.write_blocking(|connection| capture_shipped::capture_shipped(connection, &context, *order_id))?;
    }
    Ok(orders.len())
}

/// Gives up authorizations that can no longer be captured.
pub fn expire_authorizations(db: &Db, now: DateTime<Utc>) -> Result<usize, Error> {
    const BATCH: i64 = 200;
    let due = db.read_blocking(|connection| Ok(payments::service::expired(connection, now, BATCH)?))?;
    for (organization_id, id) in &due {
        let context = Context::system(*organization_id, now);
        db.write_blocking(|connection| pay::expire(connection, &context, *id))?;
    }
    Ok(due.len())
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
