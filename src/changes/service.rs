use super::body::Changes;
use super::position::{Moment, Position};
use super::store;
use crate::error::Error;
use crate::types::id::OrganizationId;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use std::collections::HashSet;

/// How long after it is dated a change's transaction may begin: a slow body, a wait for a connection, three tries after a deadlock,
/// clocks that differ.
const MARGIN: TimeDelta = TimeDelta::minutes(5);

/// Rows that a poll has met, each with its key, and the key parts behind which more are.
pub struct Met<T> {
    pub rows: Vec<(String, T)>,
    pub next: Option<Vec<String>>,
}

/// What is polled.
#[derive(Clone, Copy)]
pub struct Kind {
    pub name: &'static str,
    /// Of [`store`]; none where the rows are met by what wrote them.
    pub table: Option<&'static str>,
    /// Parts of a row's key.
    pub parts: usize,
}

/// Goes on from a position; 410 where it is of another database. `meet` reads rows changed since a moment, after the key of the last met. Call it outside of a
/// transaction: what it looks at first must be older than what it reads then.
pub fn poll<T>(
    connection: &mut PgConnection,
    (organization_id, now): (OrganizationId, DateTime<Utc>),
    kind: Kind,
    position: Position,
    meet: impl FnOnce(&mut PgConnection, Moment, Option<Vec<String>>) -> Result<Met<T>, Error>,
) -> Result<Changes<T>, Error> {
    let database = store::database(connection)?;
    if position.database.as_ref().is_some_and(|of| *of != database) {
        return Err(gone());
    }
    let Position { since, under_way, .. } = position;
    let (began, after) = match under_way {
        Some((began, after)) => (began, Some(after)),
        None => (begin(connection, now)?, None),
    };
    let Met { mut rows, next } = meet(connection, since, after)?;
    if let Some(table) = kind.table.filter(|_| since != Moment::beginning()) {
        let mut keys: Vec<String> = rows.iter().map(|(key, _)| key.clone()).collect();
        keys.dedup();
        let new = store::written_since(connection, organization_id, table, &keys, since.oldest)?;
        let new: HashSet<String> = new.into_iter().collect();
        rows.retain(|(key, _)| new.contains(key));
    }
    let has_more = next.is_some();
    let position = match next {
        Some(after) => Position { database: Some(database), since, under_way: Some((began, after)) },
        None => Position { database: Some(database), since: began, under_way: None },
    };
    Ok(Changes { data: rows.into_iter().map(|(_, row)| row).collect(), next_cursor: position.encode(kind.name), has_more })
}

/// The transactions of another database say nothing of this one's.
pub fn gone() -> Error {
    let detail =
        "this cursor is of the database as it was before a restoration or a move; begin anew without it, and take everything again";
    Error::Gone { code: "cursor_gone", detail: detail.to_owned() }
}

fn begin(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<Moment, Error> {
    let under_way = store::under_way(connection)?;
    Ok(Moment { oldest: under_way.oldest, from: now - TimeDelta::seconds(under_way.seconds) - MARGIN })
}
