use super::body::{MovementFilter, StockMovement};
use crate::error::Error;
use crate::inventory::stock::store;
use crate::types::id::OrganizationId;
use crate::types::page::{Page, encode_cursor};
use diesel::pg::PgConnection;

/// One page, the newest first. `before` is the id of the last row of the page before; `filters` is what the cursor is bound to.
pub fn list(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &MovementFilter,
    before: Option<i64>,
    limit: usize,
    filters: &str,
) -> Result<Page<StockMovement>, Error> {
    let rows = store::movements::page(connection, organization_id, filter, before, limit as i64 + 1)?;
    Ok(Page::cut(rows, limit, |row| encode_cursor(filters, &[row.id.to_string()])))
}
