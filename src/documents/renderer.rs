//! The few threads that make PDFs, and the queue before them.

use super::engine::{Engine, Job};
use crate::error::Error;
use crate::platform::{logging, metrics};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{Semaphore, oneshot};

/// Layout goes deep in nested tables; a thread of a request has not that much stack.
const STACK_BYTES: usize = 16 * 1024 * 1024;

/// Threads of their own, so that a long document takes no thread from requests. What the layout does in parallel stays on them, too.
pub struct Renderer {
    engine: Arc<Engine>,
    threads: rayon::ThreadPool,
    places: Arc<Semaphore>,
}

impl Renderer {
    /// `waiting` documents may wait for a thread; beyond them callers are told to come again.
    pub fn start(threads: usize, waiting: usize, font_folder: Option<PathBuf>) -> Result<Self, Error> {
        let threads = threads.max(1);
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .stack_size(STACK_BYTES)
            .thread_name(|i| format!("document-{i}"))
            .build()
            .map_err(Error::internal)?;
        Ok(Self { engine: Arc::new(Engine::new(font_folder)), threads: pool, places: Arc::new(Semaphore::new(threads + waiting)) })
    }

    /// 503 where as many wait as may; 500 where the template does not fit the data.
    pub async fn render(&self, job: Job) -> Result<Vec<u8>, Error> {
        let place = self.places.clone().try_acquire_owned().map_err(|_| Error::unavailable("too many documents are being made".into()))?;
        let (engine, context, (done, made)) = (self.engine.clone(), logging::current(), oneshot::channel());
        self.threads.spawn(move || {
            let _place = place;
            let started = Instant::now();
            let result = logging::on_worker(context, || catch_unwind(AssertUnwindSafe(|| engine.render(&job))));
            metrics::document(job.template, started.elapsed());
            let result = result.unwrap_or_else(|_| Err(Error::internal("the document's layout panicked")));
            // The caller may have gone away; the next one finds nothing stored and asks again.
            let _gone = done.send(result);
        });
        made.await.map_err(|_| Error::unavailable("the server is stopping".into()))?
    }
}
