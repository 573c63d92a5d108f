//! Following the feed inside the process, with the promise of [`super::feed`]: nothing skipped, nothing twice.

use super::store;
use crate::error::Error;
use crate::types::id::{OrderId, OrganizationId};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use uuid::Uuid;

pub use super::store::with_events_after;

/// An event without its data.
#[derive(Clone, Debug)]
pub struct Followed {
    pub sequence: i64,
    pub event_type: String,
    pub order_id: Option<OrderId>,
    pub subject_type: String,
    pub subject_id: Uuid,
    pub occurred_at: DateTime<Utc>,
}

/// The last number up to which the feed is complete: no event up to it can come any more.
pub fn settled(connection: &mut PgConnection) -> Result<i64, Error> {
    let drawn = store::last_drawn(connection)?;
    let fence = store::least_fence(connection)?;
    Ok(fence.map_or(drawn, |fence| fence.min(drawn)))
}

/// The events about these subjects (the part of a type before its point) after a number and up to a settled one, looking through
/// at most `window` events; and the number up to which it has looked.
pub fn follow(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    subjects: &[&str],
    after: i64,
    settled: i64,
    window: i64,
) -> Result<(Vec<Followed>, i64), Error> {
    let (looked_at, last) = store::window(connection, organization_id, after, settled, window)?;
    let through = if looked_at == window { last } else { settled.max(after) };
    let found = if looked_at == 0 { vec![] } else { store::about(connection, organization_id, subjects, after, through)? };
    Ok((found, through))
}

/// All events after a number and up to a settled one, at most `window`; and the number up to which it has looked.
pub fn after(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    after: i64,
    settled: i64,
    window: i64,
) -> Result<(Vec<Followed>, i64), Error> {
    let found = store::between(connection, organization_id, after, settled, window)?;
    let full = found.len() as i64 == window;
    let through = found.last().filter(|_| full).map_or(settled.max(after), |last| last.sequence);
    Ok((found, through))
}

/// A number that no event has that happened at `since` or later, but for those whose dates run against their numbers. Found by
/// halving, since there is no index on dates; `end` is a settled number.
pub fn first_since(connection: &mut PgConnection, organization_id: OrganizationId, since: DateTime<Utc>, end: i64) -> Result<i64, Error> {
    let (mut before, mut behind) = (0, end);
    while before < behind {
        let middle = before + (behind - before) / 2;
        match store::next(connection, organization_id, middle)? {
            Some((sequence, occurred_at)) if occurred_at < since => before = sequence.min(end),
            Some(_) | None => behind = middle,
        }
    }
    Ok(before)
}
