use super::body::{InventoryFilter, InventoryLevel};
use crate::error::Error;
use crate::inventory::stock::level::ShelfKey;
use crate::inventory::stock::store;
use crate::types::id::OrganizationId;
use crate::types::page::{Page, encode_cursor};
use diesel::pg::PgConnection;

/// One page by SKU and location of levels that were written by that transaction or a younger one, or whose incoming supply was.
pub fn written_since(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    oldest: i64,
    after: Option<&ShelfKey>,
    limit: usize,
) -> Result<Page<InventoryLevel>, Error> {
    let rows = store::levels::written_since(connection, organization_id, oldest, after, limit as i64 + 1)?;
    Ok(Page::cut(rows, limit, |row| encode_cursor("", &[row.sku.clone(), row.location.clone()])))
}

/// One page by SKU and location; `filters` is what the cursor is bound to.
pub fn list(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &InventoryFilter,
    after: Option<&ShelfKey>,
    limit: usize,
    filters: &str,
) -> Result<Page<InventoryLevel>, Error> {
    let rows = store::levels::page(connection, organization_id, filter, after, limit as i64 + 1)?;
    Ok(Page::cut(rows, limit, |row| encode_cursor(filters, &[row.sku.clone(), row.location.clone()])))
}
