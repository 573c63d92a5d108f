use super::body::{JournalEntry, JournalFeed};
use super::store;
use crate::error::Error;
use crate::events::position::Position;
use crate::types::id::{JournalEntryId, OrderId, OrganizationId};
use diesel::pg::PgConnection;

/// The entries after a position, oldest first. Sequences are committed in their order, so that none can come before what was read.
pub fn read(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    order_id: Option<OrderId>,
    after: Position,
    limit: usize,
) -> Result<JournalFeed, Error> {
    let page = store::entries(connection, organization_id, order_id, after.0, limit)?;
    Ok(JournalFeed { data: page.entries, next_cursor: Position(page.next).encode(), has_more: page.has_more })
}

pub fn get(connection: &mut PgConnection, organization_id: OrganizationId, id: JournalEntryId) -> Result<JournalEntry, Error> {
    store::find(connection, organization_id, id)?.ok_or(Error::not_found("journal entry"))
}
