//! A file that is made while it is sent: a thread writes, the connection reads, and no more than a few parts wait between them.

use crate::error::Error;
use crate::platform::logging;
use crate::platform::panics::caught;
use actix_web::body::BoxBody;
use actix_web::http::{StatusCode, header};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, Responder};
use futures_util::{StreamExt, stream};
use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Parts that wait for the connection.
const WAITING: usize = 4;
/// What a part holds, about.
const PART_BYTES: usize = 64 * 1024;
/// How long a reader may take for a part: whoever reads slower holds a snapshot of the database for nothing.
const STALLED: Duration = Duration::from_secs(45);

/// How many files are made at once.
#[derive(Clone)]
pub struct FileDesk(Arc<Semaphore>);

impl FileDesk {
    pub fn new(files: usize) -> Self {
        Self(Arc::new(Semaphore::new(files)))
    }

    /// Begins to make a file. What is wrong before its first part is the answer; afterwards the connection breaks off, so that nobody
    /// takes a part for the whole. 503 where too many are being made.
    pub async fn make<F>(&self, media_type: &'static str, name: String, write: F) -> Result<FileStream, Error>
    where
        F: FnOnce(&mut Outlet) -> Result<(), Error> + Send + 'static,
    {
        let busy = |_| Error::unavailable("as many files are being made as may be at once".to_owned());
        let permit = self.0.clone().try_acquire_owned().map_err(busy)?;
        let (sender, mut parts) = channel(WAITING);
        let context = logging::current();
        let work = move || {
            let _permit = permit;
            let mut outlet = Outlet { sender, part: Vec::with_capacity(PART_BYTES) };
            let done = logging::on_worker(context, || caught(|| write(&mut outlet))).and_then(|()| outlet.flush_part());
            if let Err(error) = done {
                log::warn!("a file was broken off: {error}");
                let _ = outlet.sender.blocking_send(Err(error));
            }
        };
        std::thread::Builder::new().name("file".to_owned()).spawn(work).map_err(Error::internal)?;
        let first = parts.recv().await.transpose()?;
        Ok(FileStream { media_type, name, first, parts })
    }
}

/// Where a file is written to.
pub struct Outlet {
    sender: Sender<Result<Bytes, Error>>,
    part: Vec<u8>,
}

impl Outlet {
    /// An error where nobody reads any more.
    pub fn send(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.part.extend_from_slice(bytes);
        if self.part.len() >= PART_BYTES { self.flush_part() } else { Ok(()) }
    }

    fn flush_part(&mut self) -> Result<(), Error> {
        if self.part.is_empty() {
            return Ok(());
        }
        let mut part = Ok(Bytes::from(std::mem::replace(&mut self.part, Vec::with_capacity(PART_BYTES))));
        let since = Instant::now();
        loop {
            part = match self.sender.try_send(part) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Closed(_)) => return Err(Error::internal("the reader has gone")),
                Err(TrySendError::Full(_)) if since.elapsed() > STALLED => return Err(Error::internal("the reader takes nothing")),
                Err(TrySendError::Full(part)) => part,
            };
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Write for Outlet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.send(bytes).map(|()| bytes.len()).map_err(io::Error::other)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A file on its way.
pub struct FileStream {
    media_type: &'static str,
    /// ASCII letters, digits, `-`, `_` and `.` only.
    name: String,
    first: Option<Bytes>,
    parts: Receiver<Result<Bytes, Error>>,
}

impl Responder for FileStream {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse<BoxBody> {
        let rest = stream::unfold(self.parts, |mut parts| async move { parts.recv().await.map(|part| (part, parts)) });
        let whole = stream::iter(self.first.map(Ok)).chain(rest);
        HttpResponse::build(StatusCode::OK)
            .insert_header((header::VARY, "Accept-Encoding"))
            // It holds people's names and amounts: for the caller alone.
            .insert_header((header::CACHE_CONTROL, "private, no-store"))
            .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", self.name)))
            .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .content_type(self.media_type)
            .streaming(whole)
    }
}
