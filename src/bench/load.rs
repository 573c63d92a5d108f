//! Many clients at once for a while, each with one request under way, all on one thread.

use super::http::{Answer, Connection};
use super::work::Work;
use crate::error::Error;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use tokio::task::LocalSet;

/// Set by Ctrl-C: everybody comes to an end.
pub static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Fails once somebody has asked us to stop.
pub fn go_on() -> Result<(), Error> {
    if INTERRUPTED.load(Ordering::Relaxed) {
        return Err(Error::internal("interrupted"));
    }
    Ok(())
}

/// What came of the requests of a window.
#[derive(Default)]
pub struct Tally {
    /// How long each answered request took.
    pub micros: Vec<u32>,
    /// Those answered before the window's end.
    pub in_time: u64,
    pub accepted: u64,
    /// 409 where that is expected.
    pub refused: u64,
    /// 503: come again.
    pub unavailable: u64,
    pub replayed: u64,
    /// Replays that were not the same bytes, or were not said to be replays.
    pub different: u64,
    /// Answers that were not expected, and requests without a whole answer.
    pub errors: u64,
    pub first_error: Option<String>,
}

impl Tally {
    pub fn note_replay(&mut self, same: bool) {
        self.replayed += 1;
        if !same {
            self.different += 1;
        }
    }

    fn note_error(&mut self, what: impl FnOnce() -> String) {
        self.errors += 1;
        self.first_error.get_or_insert_with(what);
    }

    /// Takes the figures of another client of the same window.
    fn add(&mut self, other: Tally) {
        self.micros.extend(other.micros);
        self.in_time += other.in_time;
        self.accepted += other.accepted;
        self.refused += other.refused;
        self.unavailable += other.unavailable;
        self.replayed += other.replayed;
        self.different += other.different;
        self.errors += other.errors;
        self.first_error = self.first_error.take().or(other.first_error);
    }

    /// Milliseconds that `share` of the answered requests stayed within; `micros` must be sorted.
    pub fn quantile_ms(&self, share: f64) -> f64 {
        let place = (self.micros.len().saturating_sub(1) as f64 * share) as usize;
        self.micros.get(place).map_or(0.0, |micros| f64::from(*micros) / 1000.0)
    }
}

/// One client: its connection and what it has seen in this window.
pub struct Client {
    connection: Connection,
    pub tally: Tally,
    end: Instant,
    last_status: u16,
}

impl Client {
    fn new(address: SocketAddr) -> Self {
        Self { connection: Connection::new(address), tally: Tally::default(), end: Instant::now(), last_status: 0 }
    }

    /// Sends, measures, counts. `None` where there is nothing for the caller to judge: no answer, or 503.
    pub async fn exchange(&mut self, request: &[u8]) -> Option<Answer> {
        let started = Instant::now();
        match self.connection.exchange(request).await {
            Ok(answer) => {
                let now = Instant::now();
                self.last_status = answer.status;
                if answer.status == 503 {
                    self.tally.unavailable += 1;
                    return None;
                }
                self.tally.micros.push(u32::try_from((now - started).as_micros()).unwrap_or(u32::MAX));
                self.tally.in_time += u64::from(now <= self.end);
                Some(answer)
            }
            Err(error) => {
                self.tally.note_error(|| format!("no answer: {error}"));
                None
            }
        }
    }

    /// The body of the last answer.
    pub fn body(&self) -> &[u8] {
        self.connection.body()
    }

    /// Counts the last answer as an error.
    pub fn note_unexpected(&mut self) {
        let (status, body) = (self.last_status, self.connection.body());
        self.tally.note_error(|| format!("{status} {}", String::from_utf8_lossy(body.get(..600).unwrap_or(body))));
    }
}

/// Clients that go on where they left off in the window before.
pub struct Crowd {
    clients: Vec<(Client, Work)>,
}

/// One thread for all clients.
pub fn runtime() -> Result<Runtime, Error> {
    Builder::new_current_thread().enable_all().build().map_err(Error::internal)
}

impl Crowd {
    pub fn new(clients: usize, address: SocketAddr, work: impl Fn(usize) -> Work) -> Self {
        Self { clients: (0..clients).map(|number| (Client::new(address), work(number))).collect() }
    }

    /// Opens fresh connections.
    pub fn connect(&mut self, runtime: &Runtime) -> Result<(), Error> {
        runtime.block_on(async {
            for (client, _) in &mut self.clients {
                client.connection.open().await.map_err(|error| Error::internal(format!("cannot connect to the server: {error}")))?;
            }
            Ok(())
        })
    }

    /// Works for `length`; requests under way at the end are waited for. The clients must be connected.
    pub fn work(&mut self, runtime: &Runtime, length: Duration) -> Result<Tally, Error> {
        let end = Instant::now() + length;
        let local = LocalSet::new();
        let tasks: Vec<_> = self.clients.drain(..).map(|(client, work)| local.spawn_local(work_until(client, work, end))).collect();
        let (mut sum, mut clients) = (Tally::default(), Vec::with_capacity(tasks.len()));
        runtime.block_on(local.run_until(async {
            for task in tasks {
                clients.push(task.await.map_err(Error::internal)?);
            }
            Ok::<_, Error>(())
        }))?;
        for (client, _) in &mut clients {
            sum.add(std::mem::take(&mut client.tally));
        }
        self.clients = clients;
        sum.micros.sort_unstable();
        go_on()?;
        Ok(sum)
    }
}

async fn work_until(mut client: Client, mut work: Work, end: Instant) -> (Client, Work) {
    client.end = end;
    while Instant::now() < end && !INTERRUPTED.load(Ordering::Relaxed) {
        let errors = client.tally.errors + client.tally.unavailable;
        work.step(&mut client).await;
        if client.tally.errors + client.tally.unavailable > errors {
            // A server that is gone or overloaded is not asked again at once.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    (client, work)
}
