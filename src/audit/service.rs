use super::body::{AuditEntry, Filter};
use super::chunks::{self, Range};
use super::store;
use crate::error::Error;
use crate::types::id::OrganizationId;
use crate::types::page::{Page, encode_cursor};
use diesel::pg::PgConnection;

/// How many of the youngest events, which are in no chunk yet, one page looks through. Beyond that the next page looks on: events have no
/// index for these filters, since capture would pay for each.
const WINDOW: i64 = 20_000;

/// How many chunks a page looks into, step by step until it is full; beyond the last the next page looks on.
const STEPS: [i64; 4] = [1, 4, 16, 48];

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
    let look = |connection: &mut PgConnection, ranges: &[Range], from: i64| {
        store::page(connection, organization_id, filter, ranges, from, before, limit as i64 + 1)
    };
    let of_order = filter.subject_id.is_some() && filter.subject_type.as_deref() == Some("order");
    if of_order {
        // An order's own index finds its events at once.
        let rows = look(connection, &[Range { first_id: 0, last_id: i64::MAX }], 0)?;
        return Ok(Page::cut(rows, limit, |row| encode_cursor(filters, &[row.id.to_string()])));
    }
    let chunked = chunks::last(connection, organization_id)?;
    let mut ranges = vec![];
    if before > chunked + 1 {
        let end = store::window_end(connection, organization_id, before, WINDOW)?.filter(|end| *end > chunked);
        ranges.push(Range { first_id: end.unwrap_or(chunked + 1), last_id: i64::MAX });
        if let Some(end) = end {
            return Ok(cut(look(connection, &ranges, end)?, limit, filters, Some(end)));
        }
    }
    let young = ranges.len();
    for (place, step) in STEPS.into_iter().enumerate() {
        ranges.truncate(young);
        let fitting = chunks::fitting(connection, organization_id, filter, before, step)?;
        let all = (fitting.len() as i64) < step;
        // Beneath the last of them is nothing to look for, if there are no more.
        let from = if all { 0 } else { fitting.last().map_or(0, |range| range.first_id) };
        ranges.extend(fitting);
        let rows = look(connection, &ranges, from)?;
        if all || rows.len() > limit || place + 1 == STEPS.len() {
            return Ok(cut(rows, limit, filters, Some(from).filter(|from| *from > 0)));
        }
    }
    Err(Error::internal("a search without steps"))
}

/// The page, and where the next one begins: behind its last row, or where this one has looked through to.
fn cut(rows: Vec<AuditEntry>, limit: usize, filters: &str, looked_to: Option<i64>) -> Page<AuditEntry> {
    let page = Page::cut(rows, limit, |row| encode_cursor(filters, &[row.id.to_string()]));
    let next_cursor = page.next_cursor.or_else(|| looked_to.map(|end| encode_cursor(filters, &[end.to_string()])));
    Page { data: page.data, next_cursor }
}
