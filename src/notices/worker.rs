//! The thread that writes to customers. One of its own, since a mail server may take its time.

use super::collect::collect;
use super::send::send_due;
use super::smtp::Mailer;
use super::store::Outgoing;
use crate::app::App;
use crate::auth::actor::Context;
use crate::documents::kind::IssuedKind;
use crate::documents::service::{Wanted, issued};
use crate::error::Error;
use crate::jobs;
use crate::platform::db::Db;
use actix_web::web::Data;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::runtime::Runtime;

/// How often it looks for news. A mail need not be there at once.
const EVERY: Duration = Duration::from_secs(2);
/// How long a stop waits for a mail that is on its way; its lease lets another process send it.
const LAST_MAIL: Duration = Duration::from_secs(5);

/// The running thread.
pub struct Worker {
    stop: Arc<AtomicBool>,
    /// Tells nothing; it ends with the thread.
    running: Receiver<()>,
    thread: JoinHandle<()>,
}

impl Worker {
    /// `db` is a pool of its own.
    pub fn start(app: Data<App>, db: Db, mailer: Mailer) -> Result<Self, Error> {
        let stop = Arc::new(AtomicBool::new(false));
        let (ends_with_thread, running) = channel();
        let asked = stop.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::internal)?;
        let work = move || {
            let _ends_with_thread: Sender<()> = ends_with_thread;
            let stopped = || asked.load(Ordering::Relaxed);
            while !stopped() {
                jobs::run(&db, "collect_notices", |db| collect(db, app.clock.now(), stopped));
                let attach = |notice: &Outgoing| invoice_pdf(&app, &runtime, notice);
                jobs::run(&db, "send_notices", |db| send_due(db, &mailer, &attach, || app.clock.now(), stopped));
                std::thread::park_timeout(EVERY);
            }
        };
        let thread = std::thread::Builder::new().name("notices".to_owned()).spawn(work).map_err(Error::internal)?;
        Ok(Self { stop, running, thread })
    }

    /// Begins no further mail, and waits a while for the one that is on its way.
    pub fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.thread().unpark();
        if self.running.recv_timeout(LAST_MAIL) == Err(RecvTimeoutError::Timeout) {
            log::error!("a mail did not end in {} s; it will be sent again", LAST_MAIL.as_secs());
        } else if self.thread.join().is_err() {
            log::error!("the notices ended in a panic");
        }
    }
}

/// The invoice that a notice is about, in the notice's language: the very bytes that the API serves.
fn invoice_pdf(app: &App, runtime: &Runtime, notice: &Outgoing) -> Result<Option<(String, Vec<u8>)>, Error> {
    let Some(id) = notice.invoice_id else { return Ok(None) };
    let context = Context::job(notice.organization_id, "send_notices", app.clock.now());
    let wanted = Wanted::Pdf { language: notice.language.parse().ok(), paper: None };
    let file = runtime.block_on(issued(app, context, IssuedKind::Invoice, id.0, wanted))?;
    Ok(Some((file.name, file.bytes)))
}
