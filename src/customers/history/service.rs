use super::body::{HistoryEntry, HistoryKind};
use super::store;
use crate::error::Error;
use crate::types::id::{CustomerId, OrganizationId};
use crate::types::page::{Page, encode_cursor};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use uuid::Uuid;

/// `before` is time and id of the last entry of the page before; `filters` is what its cursor was bound to.
pub fn list(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    customer_id: CustomerId,
    kinds: &[HistoryKind],
    before: Option<(DateTime<Utc>, Uuid)>,
    filters: &str,
    limit: usize,
) -> Result<Page<HistoryEntry>, Error> {
    let rows = store::page(connection, organization_id, customer_id, kinds, before, limit as i64 + 1)?;
    if rows.is_empty() {
        // Nothing happened, or there is no such customer.
        crate::customers::service::get(connection, organization_id, customer_id)?;
    }
    Ok(Page::cut(rows, limit, |row| encode_cursor(filters, &[row.occurred_at.to_rfc3339(), row.id.to_string()])))
}
