//! The one crossing from async to sync: permit, connection, transaction, retry. Nothing else names them.

use crate::error::Error;
use crate::platform::logging;
use crate::platform::panics::caught;
use diesel::Connection;
use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::pg::PgConnection;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Pool, PooledConnection};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// A pool of connections with its queue of waiting work.
#[derive(Clone)]
pub struct Db {
    pool: Pool<ConnectionManager<PgConnection>>,
    permits: Arc<Semaphore>,
    wait: Duration,
    stopping: Stopping,
}

/// Since when the process is about to stop. Pools that are opened with clones of one share it.
#[derive(Clone, Debug, Default)]
pub struct Stopping(Arc<OnceLock<Instant>>);

/// How a pool is set up; every figure has its reason where it is configured.
#[derive(Clone, Debug)]
pub struct DbOptions {
    pub url: String,
    pub connections: u32,
    /// How long a request waits for its turn before it is told to come again (503).
    pub wait: Duration,
    /// Bounds one statement of this pool.
    pub statement_timeout: Duration,
    /// Bounds one wait for a row of another transaction.
    pub lock_timeout: Duration,
    /// Reports need plans made for their values; the hot roads want one generic plan and no planning.
    pub generic_plans: bool,
    /// Shared by the pools that stop together.
    pub stopping: Stopping,
}

impl DbOptions {
    /// For a command that works by itself, in statements that may take minutes.
    pub fn for_one_command(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            connections: 2,
            wait: Duration::from_secs(10),
            statement_timeout: Duration::from_secs(300),
            lock_timeout: Duration::from_secs(10),
            generic_plans: true,
            stopping: Stopping::default(),
        }
    }
}

#[derive(Debug)]
struct Session {
    settings: String,
}

impl CustomizeConnection<PgConnection, diesel::r2d2::Error> for Session {
    fn on_acquire(&self, connection: &mut PgConnection) -> Result<(), diesel::r2d2::Error> {
        connection.batch_execute(&self.settings).map_err(diesel::r2d2::Error::QueryError)
    }
}

impl Db {
    /// Opens a pool; connections are made as they are needed.
    pub fn open(options: &DbOptions) -> Result<Self, Error> {
        let plans = if options.generic_plans { "SET plan_cache_mode = force_generic_plan; " } else { "" };
        let settings = format!(
            "SET timezone = 'UTC'; SET jit = off; {plans}SET lock_timeout = '{}ms'; SET statement_timeout = '{}ms'; \
             SET idle_in_transaction_session_timeout = '60s'",
            options.lock_timeout.as_millis(),
            options.statement_timeout.as_millis()
        );
        let pool = Pool::builder()
            .max_size(options.connections)
            .min_idle(Some(1))
            .test_on_check_out(false)
            .connection_timeout(options.wait)
            .connection_customizer(Box::new(Session { settings }))
            .build_unchecked(ConnectionManager::new(&options.url));
        let permits = Arc::new(Semaphore::new(options.connections as usize));
        Ok(Self { pool, permits, wait: options.wait, stopping: options.stopping.clone() })
    }

    /// From now on work on this pool, and on those that stop together with it, gives up soon where no connection can be made: the
    /// process is about to stop, and a database that is away must not keep it. Work that has its connection goes on.
    pub fn stop_waiting(&self) {
        self.stopping.0.get_or_init(Instant::now);
    }

    /// Whether [`Db::stop_waiting`] has been called.
    pub fn is_stopping(&self) -> bool {
        self.stopping.0.get().is_some()
    }

    /// Runs `work` in one READ COMMITTED transaction on a worker thread. It is run again from the start after a deadlock or a
    /// serialization failure, so ids and times must be made outside of it.
    pub async fn write<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Fn(&mut PgConnection) -> Result<T, Error> + Send + 'static,
    {
        self.on_thread(move |db| db.write_blocking(work)).await
    }

    /// Runs `work` without a transaction: for reads that are one statement, or whose statements need no common snapshot.
    pub async fn read<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Fn(&mut PgConnection) -> Result<T, Error> + Send + 'static,
    {
        self.on_thread(move |db| db.read_blocking(work)).await
    }

    /// Runs `work` in one REPEATABLE READ READ ONLY transaction: several statements that must agree with each other.
    pub async fn snapshot<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Fn(&mut PgConnection) -> Result<T, Error> + Send + 'static,
    {
        self.on_thread(move |db| db.snapshot_blocking(work)).await
    }

    /// `write` for code that already runs on a thread of its own (jobs, the command line).
    pub fn write_blocking<T>(&self, work: impl Fn(&mut PgConnection) -> Result<T, Error>) -> Result<T, Error> {
        const TRIES: u32 = 4;
        let (mut attempt, mut dead) = (1, 0);
        loop {
            let started = AtomicBool::new(false);
            let mut connection = self.connection()?;
            let result = connection.transaction(|connection| {
                started.store(true, Ordering::Relaxed);
                work(connection)
            });
            match result {
                Err(error) if error.is_broken_connection() => {
                    discard(&mut connection);
                    dead += 1;
                    // A connection that died in the pool is noticed at BEGIN, before anything was done; all of them may have.
                    if started.load(Ordering::Relaxed) || dead > self.pool.max_size() {
                        return Err(error);
                    }
                }
                Err(error) if attempt < TRIES && error.is_transient() => {
                    drop(connection);
                    let jitter = u64::from(uuid::Uuid::new_v4().as_bytes()[0]) % 20;
                    std::thread::sleep(Duration::from_millis(u64::from(attempt) * 5 + jitter));
                    attempt += 1;
                }
                result => return result,
            }
        }
    }

    pub fn read_blocking<T>(&self, work: impl Fn(&mut PgConnection) -> Result<T, Error>) -> Result<T, Error> {
        let mut dead = 0;
        loop {
            let mut connection = self.connection()?;
            match work(&mut connection) {
                Err(error) if error.is_broken_connection() => {
                    discard(&mut connection);
                    dead += 1;
                    // All connections of the pool may have died with a server that has been started again.
                    if dead > self.pool.max_size() {
                        return Err(error);
                    }
                }
                result => return result,
            }
        }
    }

    pub fn snapshot_blocking<T>(&self, work: impl Fn(&mut PgConnection) -> Result<T, Error>) -> Result<T, Error> {
        self.read_blocking(|connection| connection.build_transaction().repeatable_read().read_only().run(|connection| work(connection)))
    }

    fn connection(&self) -> Result<PooledConnection<ConnectionManager<PgConnection>>, Error> {
        /// How soon a wait that has begun notices that the process is stopping; longer than it takes to connect to a database that
        /// is there.
        const STEP: Duration = Duration::from_millis(250);
        /// How long after that a wait may go on.
        const WAIT_WHEN_STOPPING: Duration = Duration::from_secs(1);
        let started = Instant::now();
        loop {
            match self.pool.get_timeout(STEP.min(self.wait)) {
                Ok(connection) => return Ok(connection),
                Err(error) => {
                    let no_time = self.stopping.0.get().is_some_and(|since| since.elapsed() >= WAIT_WHEN_STOPPING);
                    if no_time || started.elapsed() >= self.wait {
                        return Err(Error::unavailable(error.to_string()));
                    }
                }
            }
        }
    }

    async fn on_thread<T: Send + 'static>(&self, work: impl FnOnce(&Db) -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
        let permit = match tokio::time::timeout(self.wait, self.permits.clone().acquire_owned()).await {
            Ok(Ok(permit)) => permit,
            Ok(Err(_)) | Err(_) => return Err(Error::unavailable("no connection became free in time".into())),
        };
        let (db, context) = (self.clone(), logging::current());
        let result = actix_web::web::block(move || {
            let _permit = permit;
            // Told as what it is: a caller would try a stopping server again.
            logging::on_worker(context, || caught(|| work(&db)))
        })
        .await;
        result.map_err(|_| Error::unavailable("the server is stopping".into()))?
    }
}

/// Keeps a connection that has lost its server from going back to the pool. The pool asks diesel whether it is broken, and diesel
/// only its transaction manager.
fn discard(connection: &mut PgConnection) {
    AnsiTransactionManager::transaction_manager_status_mut(connection).set_in_error();
}
