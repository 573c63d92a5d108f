//! People's numbers: unique within an organization, rising, with gaps. Taken from blocks so that a hot road asks the database
//! once for many; a block grows with demand, so that a small company's numbers stay close together.

use crate::error::Error;
use crate::platform::sql::sql;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Uuid as SqlUuid};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// An organization's series.
type SeriesKey = (Uuid, &'static str);

#[derive(Default)]
pub struct Numbers {
    series: Mutex<HashMap<SeriesKey, Arc<Mutex<Block>>>>,
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
        let own = self.block(organization_id, series);
        // Only the orders of this series wait while the database is asked; a block is never half changed, so a panic spoils nothing.
        let mut block = own.lock().unwrap_or_else(PoisonError::into_inner);
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

    /// Takes back a number that a refused call has not used, so that the next one has it. Where another was taken since, it stays a
    /// gap.
    pub fn put_back(&self, organization_id: Uuid, series: &'static str, number: i64) {
        let own = self.block(organization_id, series);
        let mut block = own.lock().unwrap_or_else(PoisonError::into_inner);
        if block.next == number + 1 {
            block.next = number;
        }
    }

    fn block(&self, organization_id: Uuid, series: &'static str) -> Arc<Mutex<Block>> {
        let mut all = self.series.lock().unwrap_or_else(PoisonError::into_inner);
        let empty = || Arc::new(Mutex::new(Block { next: 0, end: 0, size: 0, taken_at: Instant::now() }));
        all.entry((organization_id, series)).or_insert_with(empty).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    #[test]
    fn only_the_last_number_is_put_back() {
        let (numbers, one) = (Numbers::default(), Uuid::new_v4());
        let own = numbers.block(one, "refund");
        *own.lock().unwrap() = Block { next: 8, end: 8, size: 1, taken_at: Instant::now() };
        numbers.put_back(one, "refund", 6);
        assert_eq!(own.lock().unwrap().next, 8, "the seventh is taken");
        numbers.put_back(one, "refund", 7);
        assert_eq!(own.lock().unwrap().next, 7);
        numbers.put_back(one, "refund", 7);
        assert_eq!(own.lock().unwrap().next, 7);
    }

    #[test]
    fn a_series_waits_for_no_other_and_outlives_a_panic() {
        let numbers = Numbers::default();
        let (one, other) = (Uuid::new_v4(), Uuid::new_v4());
        let order = numbers.block(one, "order");
        let held = order.lock().unwrap();
        assert!(numbers.block(one, "payment").try_lock().is_ok());
        assert!(numbers.block(other, "order").try_lock().is_ok());
        assert!(numbers.block(one, "order").try_lock().is_err(), "one lock a series");
        drop(held);

        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let _held = order.lock().unwrap();
            panic!("poison");
        }));
        assert!(panicked.is_err() && order.is_poisoned());
        order.lock().unwrap_or_else(PoisonError::into_inner).end = 1;
    }
}
