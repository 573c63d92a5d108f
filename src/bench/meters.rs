//! What is read before and after a window: processor time, statements, log.

use super::cpu;
use super::store;
use crate::error::Error;
use diesel::pg::PgConnection;
use std::time::Duration;

/// Reads on a connection of its own.
pub struct Meters {
    connection: PgConnection,
    postmaster: Option<u32>,
    counts_calls: bool,
}

/// A reading, or the difference of two. `None` where this machine or server does not tell.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    pub server: Option<Duration>,
    pub postgres: Option<Duration>,
    pub generator: Option<Duration>,
    pub statements: Option<i64>,
    /// bytes
    pub log: i64,
}

impl Meters {
    pub fn new(mut connection: PgConnection) -> Result<Self, Error> {
        let counts_calls = store::prepare_statistics(&mut connection)?;
        if counts_calls {
            store::count_nothing(&mut connection)?;
        }
        let session = store::session_pid(&mut connection)?;
        let postmaster = u32::try_from(session).ok().and_then(cpu::postmaster_of);
        Ok(Self { connection, postmaster, counts_calls })
    }

    pub fn read(&mut self, server: u32) -> Result<Reading, Error> {
        Ok(Reading {
            server: cpu::of_process(server),
            postgres: self.postmaster.and_then(cpu::of_postmaster),
            generator: cpu::of_process(std::process::id()),
            statements: if self.counts_calls { Some(store::calls(&mut self.connection)?) } else { None },
            log: store::log_position(&mut self.connection)?,
        })
    }

    /// For what is asked between windows; not counted.
    pub fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

impl Reading {
    /// What was used since `before`.
    pub fn since(self, before: Self) -> Self {
        let time = |after: Option<Duration>, before: Option<Duration>| Some(after?.saturating_sub(before?));
        Self {
            server: time(self.server, before.server),
            postgres: time(self.postgres, before.postgres),
            generator: time(self.generator, before.generator),
            statements: self.statements.zip(before.statements).map(|(after, before)| after - before),
            log: self.log - before.log,
        }
    }
}
