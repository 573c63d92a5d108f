//! People's numbers: unique within an organization, rising, with gaps. Taken from blocks so that a hot road asks the database
//! once for many; a block grows with demand, so that a small company's numbers stay close together.

use crate::error::Error;
use crate::platform::sql::sql;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Uuid as SqlUuid};
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use uuid::Uuid;

#[derive(Default)]
pub struct Numbers {
    blocks: Mutex<HashMap<(Uuid, &'static str), Block>>,
}

struct Block {
    next: i64,
    end: i64,
    size: i64,
    taken_at: Instant,
}

/// A block that lasts shorter than this was too small.
const BUSY: Duration = Duration::from_secs(2);
const LARGEST: i64 = 1_000;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    first: i64,
}

impl Numbers {
    /// The next number of a series. `connection` must not be in a transaction that may roll back: the block is this process's
    /// from now on.
    pub fn next(&self, connection: &mut PgConnection, organization_id: Uuid, series: &'static str) -> Result<i64, Error> {
        let mut blocks = self.blocks.lock().map_err(|_| Error::internal("numbers are poisoned"))?;
        let block = blocks.entry((organization_id, series)).or_insert(Block { next: 0, end: 0, size: 0, taken_at: Instant::now() });
        if block.next == block.end {
            let busy = block.size > 0 && block.taken_at.elapsed() < BUSY;
            let size = if busy { (block.size * 8).clamp(8, LARGEST) } else { 1 };
            let row: Row = sql("INSERT INTO number_block AS b (organization_id, series, next) VALUES ($1, $2, 1 + $3) \
                 ON CONFLICT (organization_id, series) DO UPDATE SET next = b.next + $3 RETURNING next - $3 AS first")
            .bind::<SqlUuid, _>(organization_id)
            .bind::<Text, _>(series)
            .bind::<BigInt, _>(size)
            .get_result(connection)?;
            *block = Block { next: row.first, end: row.first + size, size, taken_at: Instant::now() };
        }
        block.next += 1;
        Ok(block.next - 1)
    }
}
