use super::body::{CustomerHistory, HistoryKind};
use super::store;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::types::id::CustomerId;
use crate::types::page::{Page, encode_cursor};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use uuid::Uuid;

/// `before` is time and id of the last entry of the page before; `filters` is what its cursor was bound to. The first page takes two
/// statements, the others one.
pub fn list(
    connection: &mut PgConnection,
    context: &Context,
    customer_id: CustomerId,
    kinds: &[HistoryKind],
    before: Option<(DateTime<Utc>, Uuid)>,
    filters: &str,
    limit: usize,
) -> Result<CustomerHistory, Error> {
    let summary = match before {
        None => Some(
            store::summary(connection, context.organization_id, customer_id, kinds, context.now)?.ok_or(Error::not_found("customer"))?,
        ),
        Some(_) => None,
    };
    let rows = store::page(connection, context.organization_id, customer_id, kinds, before, limit as i64 + 1)?;
    let page = Page::cut(rows, limit, |row| encode_cursor(filters, &[row.occurred_at.to_rfc3339(), row.id.to_string()]));
    Ok(CustomerHistory { summary, data: page.data, next_cursor: page.next_cursor })
}
