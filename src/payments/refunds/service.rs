use super::body::RefundBody;
use super::store;
use crate::error::Error;
use crate::types::id::{OrganizationId, RefundId};
use crate::types::page::{Page, encode_cursor};
use diesel::pg::PgConnection;

pub use super::store::{Filter, insert, of_payments};

pub fn get(connection: &mut PgConnection, organization_id: OrganizationId, id: RefundId) -> Result<RefundBody, Error> {
    store::find(connection, organization_id, id)?.ok_or(Error::not_found("refund"))
}

/// `filters` names the filters of the list, so that a cursor is only good for them.
pub fn list(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &Filter,
    filters: &str,
    after: Option<RefundId>,
    limit: usize,
) -> Result<Page<RefundBody>, Error> {
    let rows = store::page(connection, organization_id, filter, after, limit as i64 + 1)?;
    Ok(Page::cut(rows, limit, |row| encode_cursor(filters, &[row.id.to_string()])))
}
