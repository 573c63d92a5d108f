use super::body::RefundBody;
use super::store;
use crate::error::Error;
use crate::platform::keyset::Slice;
use crate::types::id::{OrganizationId, RefundId};
use crate::types::page::{Page, encode_cursor};
use diesel::pg::PgConnection;

pub use super::store::{Filter, insert, of_payments, progress};

pub fn get(connection: &mut PgConnection, organization_id: OrganizationId, id: RefundId) -> Result<RefundBody, Error> {
    store::find(connection, organization_id, id)?.ok_or(Error::not_found("refund"))
}

pub fn list(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &Filter,
    slice: &Slice<RefundId>,
) -> Result<Page<RefundBody>, Error> {
    let rows = store::page(connection, organization_id, filter, slice)?;
    let key = |refund: &RefundBody| [slice.sort.key(refund.created_at, None), refund.id.to_string()];
    Ok(Page::cut(rows, slice.limit, |refund| encode_cursor(&slice.filters, &key(refund))))
}
