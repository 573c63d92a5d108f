//! One turn of a channel's outbox.

use super::platforms::api_client::ApiError;
use super::turns::End;
use crate::error::Error;
use crate::platform::db::Db;
use std::time::{Duration, Instant};

/// No task is begun in a turn that has lasted so long: other channels wait.
const TURN: Duration = Duration::from_secs(10);

/// Attempts what was leased until the platform turns out to be away, and gives the rest back; how many were tried. A task whose attempt
/// fails on our side keeps its lease and is tried again when that is over: it must not hold up those behind it.
pub fn work_off<T>(
    db: &Db,
    what: &'static str,
    due: &[T],
    attempt: impl Fn(&T) -> Result<Option<ApiError>, Error>,
    give_back: impl Fn(&[T]) -> Result<(), Error>,
) -> Result<(usize, End), Error> {
    let started = Instant::now();
    let (mut done, mut end) = (0, End::Done);
    for task in due {
        if db.is_stopping() || end != End::Done || (done > 0 && started.elapsed() > TURN) {
            break;
        }
        done += 1;
        match attempt(task) {
            Ok(Some(error @ ApiError::Later { .. })) => end = End::Away(error.at()),
            Ok(_) => {}
            Err(error) => log::error!(job = what; "a task of an outbox was not worked off: {error}"),
        }
    }
    if done < due.len() {
        give_back(&due[done..])?;
    }
    Ok((done, end))
}
