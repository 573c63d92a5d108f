//! Reading the feed: in the order of the sequence, nothing skipped, nothing twice, however late a writer commits.
//!
//! A writer locks the sequence's `last_value` (shared, until it ends) before it draws its first id, so all its ids are above
//! its lock. A reader looks, in this order, at S, the last id drawn; L, the least such lock; then at the events. An id up to S
//! was drawn before the reader looked for locks. If its writer still ran then, its lock was there and the id is above L. So
//! what is not above S nor above L is of a writer that had ended, and whatever it committed is seen by the statement after.
//! An id equal to L was drawn by another writer, whose own lock is below it: it needs no `<`.

use super::body::{Event, EventFeed, StoredEvent};
use super::position::{Position, event_id, sequence_of};
use super::{readable, store};
use crate::auth::permission::Permissions;
use crate::error::Error;
use crate::types::id::{OrderId, OrganizationId};
use crate::types::page::{Page, encode_cursor};
use diesel::pg::PgConnection;
use std::collections::HashMap;
use uuid::Uuid;

/// How many events of an organization one read looks through for the types it wants; more than that waits for the next read.
const WINDOW: i64 = 5_000;

/// Who reads what.
#[derive(Clone, Debug)]
pub struct Reader {
    pub organization_id: OrganizationId,
    /// `None` = all types.
    pub types: Option<Vec<String>>,
    /// What the reader may see; the rest is left out.
    pub permissions: Permissions,
}

/// The events after a position. Call it outside of a transaction.
pub fn read(connection: &mut PgConnection, reader: &Reader, after: Position, limit: usize) -> Result<EventFeed, Error> {
    let drawn = store::last_drawn(connection)?;
    let fence = store::least_fence(connection)?;
    if after.0 > drawn {
        return Err(ahead());
    }
    let settled = fence.map_or(drawn, |fence| fence.min(drawn)).max(after.0);
    let (looked_at, last) = store::window(connection, reader.organization_id, after.0, settled, WINDOW)?;
    let cut = looked_at == WINDOW;
    let through = if cut { last } else { settled };
    let subjects = readable::readable_subjects(reader.permissions);
    let mut rows = store::feed(connection, reader, &subjects, after.0, through, limit as i64 + 1)?;
    let full = rows.len() > limit;
    rows.truncate(limit);
    let next = if full { rows.last().map_or(through, |row| row.sequence) } else { through };
    let data = rows.into_iter().map(Event::try_from).collect::<Result<_, _>>()?;
    Ok(EventFeed { data, next_cursor: Position(next).encode(), has_more: full || cut })
}

/// Where a reader begins who wants what happens from now on, or who goes on behind a position; 400 for one of another database.
pub fn start(connection: &mut PgConnection, asked: Option<Position>) -> Result<Position, Error> {
    match asked {
        None => Ok(Position(super::follow::settled(connection)?)),
        Some(position) if position.0 > store::last_drawn(connection)? => Err(ahead()),
        Some(position) => Ok(position),
    }
}

fn ahead() -> Error {
    Error::bad_request("invalid_cursor", "this position is ahead of the feed: it is another database's")
}

/// The last number that any event may have by now, committed or not: whoever begins here is told nothing of what was before.
pub fn last_position(connection: &mut PgConnection) -> Result<i64, Error> {
    Ok(store::last_drawn(connection)?)
}

/// The number of the last event that this transaction has appended.
pub fn last_own(connection: &mut PgConnection) -> Result<i64, Error> {
    Ok(store::last_own(connection)?)
}

/// Events by their numbers, whoever may read them.
pub fn by_numbers(connection: &mut PgConnection, keys: &[(OrganizationId, i64)]) -> Result<HashMap<(OrganizationId, i64), Event>, Error> {
    let rows = store::by_numbers(connection, keys)?;
    let event = |(organization_id, stored): (OrganizationId, StoredEvent)| {
        let key = (organization_id, stored.sequence);
        Event::try_from(stored).map(|event| (key, event))
    };
    rows.into_iter().map(event).collect()
}

/// One event by its public id; 403 where its type needs a scope that the reader has not.
pub fn get(connection: &mut PgConnection, reader: &Reader, id: Uuid) -> Result<Event, Error> {
    let stored = store::find(connection, reader.organization_id, sequence_of(id))?;
    let stored = stored.filter(|stored| event_id(stored.sequence, stored.occurred_at) == id).ok_or(Error::not_found("event"))?;
    match readable::scope_of(&stored.event_type) {
        Some(scope) if reader.permissions.contains(scope) => Event::try_from(stored),
        Some(scope) => Err(Error::InsufficientScope { scope: scope.scope().to_owned() }),
        None => Err(Error::not_found("event")),
    }
}

/// The time line of an order: its own events and those of its shipments, invoices, payments and returns, oldest first. It shows
/// what is committed, without waiting for writers as the feed does.
pub fn of_order(
    connection: &mut PgConnection,
    reader: &Reader,
    order_id: OrderId,
    after: Option<i64>,
    limit: usize,
) -> Result<Page<Event>, Error> {
    if !store::order_exists(connection, reader.organization_id, order_id)? {
        return Err(Error::not_found("order"));
    }
    let subjects = readable::readable_subjects(reader.permissions);
    let rows = store::of_order(connection, reader.organization_id, order_id, &subjects, after.unwrap_or(0), limit as i64 + 1)?;
    let page = Page::cut(rows, limit, |row| encode_cursor(&order_filters(order_id), &[row.sequence.to_string()]));
    let data = page.data.into_iter().map(Event::try_from).collect::<Result<_, _>>()?;
    Ok(Page { data, next_cursor: page.next_cursor })
}

/// What the cursor of an order's time line is bound to.
pub fn order_filters(order_id: OrderId) -> String {
    format!("events/{order_id}")
}
