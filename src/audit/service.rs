use super::body::{AuditEntry, Filter};
use super::store;
use crate::error::Error;
use crate::types::id::OrganizationId;
use crate::types::page::{Page, encode_cursor};
use diesel::pg::PgConnection;

/// How many events one page looks through for what it is asked for. Beyond that the next page looks on: events have no index for
/// these filters, since capture would pay for each.
const WINDOW: i64 = 20_000;

/// One page, the newest first; `before` is where the page before ended.
pub fn list(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &Filter,
    filters: &str,
    before: Option<i64>,
    limit: usize,
) -> Result<Page<AuditEntry>, Error> {
    let before = before.unwrap_or(i64::MAX);
    let of_order = filter.subject_id.is_some() && filter.subject_type.as_deref() == Some("order");
    let end = if of_order { None } else { store::window_end(connection, organization_id, before, WINDOW)? };
    let rows = store::page(connection, organization_id, filter, end.unwrap_or(0), before, limit as i64 + 1)?;
    let page = Page::cut(rows, limit, |row| encode_cursor(filters, &[row.id.to_string()]));
    let next_cursor = page.next_cursor.or_else(|| end.map(|end| encode_cursor(filters, &[end.to_string()])));
    Ok(Page { data: page.data, next_cursor })
}
