//! The thread that sends events. One of its own, since receivers may take their time.

use super::courier::{self, Idle};
use super::fan_out::{fan_out, settle_disabled};
use super::purge::purge;
use super::send::{Sender, TOTAL};
use super::target::Targets;
use crate::error::Error;
use crate::jobs;
use crate::platform::clock::Clock;
use crate::platform::db::Db;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender as Channel, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often it looks for news.
const EVERY: Duration = Duration::from_millis(500);
const PURGE: Duration = Duration::from_secs(60);
/// How long a stop waits for what is on its way; the leases let another process send it.
const LAST_SENT: Duration = Duration::from_secs(5);

/// The running thread.
pub struct Worker {
    stop: Arc<AtomicBool>,
    /// Tells nothing; it ends with the thread.
    running: Receiver<()>,
    thread: JoinHandle<()>,
}

impl Worker {
    /// `db` is a pool of its own.
    pub fn start(db: Db, clock: Clock, targets: &Targets) -> Result<Self, Error> {
        let stop = Arc::new(AtomicBool::new(false));
        let (ends_with_thread, running) = channel();
        let asked = stop.clone();
        let sender = Sender::new(targets, TOTAL)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).thread_name("webhooks-io").enable_all().build();
        let runtime = runtime.map_err(Error::internal)?;
        let work = move || {
            let _ends_with_thread: Channel<()> = ends_with_thread;
            let stopped = || asked.load(Ordering::Relaxed) || db.is_stopping();
            let mut purged = Instant::now();
            let mut looked: Option<Instant> = None;
            let mut each_turn = || {
                if looked.is_some_and(|at| at.elapsed() < EVERY) {
                    return;
                }
                looked = Some(Instant::now());
                jobs::run(&db, "fan_out_webhooks", |db| fan_out(db, clock.now(), stopped));
                jobs::run(&db, "settle_webhooks", |db| settle_disabled(db, clock.now()));
                if purged.elapsed() >= PURGE {
                    purged = Instant::now();
                    jobs::run(&db, "purge_webhooks", |db| purge(db, clock.now()));
                }
            };
            while !stopped() {
                jobs::run(&db, "send_webhooks", |db| {
                    courier::run(db, &sender, runtime.handle(), Idle::Wait(EVERY), || clock.now(), stopped, &mut each_turn)
                });
                // Only a failure or a stop ends it.
                std::thread::sleep(EVERY);
            }
            runtime.shutdown_background();
        };
        let thread = std::thread::Builder::new().name("webhooks".to_owned()).spawn(work).map_err(Error::internal)?;
        Ok(Self { stop, running, thread })
    }

    /// Begins nothing more, and waits a while for what is on its way.
    pub fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        if self.running.recv_timeout(LAST_SENT) == Err(RecvTimeoutError::Timeout) {
            log::error!("a webhook did not end in {} s; it will be sent again", LAST_SENT.as_secs());
        } else if self.thread.join().is_err() {
            log::error!("the webhooks ended in a panic");
        }
    }
}
