//! The loop that all outboxes of channels are worked off by.

use crate::error::Error;
use crate::platform::db::Db;

/// Leases and attempts until nothing is due; how many were tried. A task whose attempt fails on our side keeps its lease and is tried
/// again when that is over: it must not hold up those behind it.
pub fn work_off<T>(
    db: &Db,
    what: &'static str,
    lease: impl Fn() -> Result<Vec<T>, Error>,
    attempt: impl Fn(&T) -> Result<(), Error>,
) -> Result<usize, Error> {
    let mut all = 0;
    loop {
        let due = lease()?;
        if due.is_empty() {
            return Ok(all);
        }
        for task in due {
            if db.is_stopping() {
                return Ok(all);
            }
            if let Err(error) = attempt(&task) {
                log::error!(job = what; "a task of an outbox was not worked off: {error}");
            }
            all += 1;
        }
    }
}
