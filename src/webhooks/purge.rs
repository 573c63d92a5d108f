use super::deliveries::store;
use crate::error::Error;
use crate::platform::db::Db;
use chrono::{DateTime, TimeDelta, Utc};

/// For how long a delivery that is over can be looked at and sent again.
pub const KEPT_FOR: TimeDelta = TimeDelta::days(30);

/// Forgets deliveries that have been over for a month, and those of deleted endpoints.
pub fn purge(db: &Db, now: DateTime<Utc>) -> Result<usize, Error> {
    const BATCH: i64 = 2_000;
    let mut all = 0;
    loop {
        let purged = db.write_blocking(|connection| Ok(store::purge(connection, now - KEPT_FOR, BATCH)?))?;
        all += purged;
        if (purged as i64) < BATCH || db.is_stopping() {
            return Ok(all);
        }
    }
}
