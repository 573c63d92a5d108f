use super::body::FulfillmentOrderBody;
use super::store;
use crate::error::Error;
use crate::fulfillment::fulfillment_order::FulfillmentOrderStatus;
use crate::types::id::{CustomerId, FulfillmentOrderId, OrderId, OrganizationId};
use crate::types::page::{Page, encode_cursor};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::result::QueryResult;

/// Which fulfillment orders to list.
#[derive(Clone, Debug, Default)]
pub struct FulfillmentOrderFilter {
    pub order_ids: Option<Vec<OrderId>>,
    pub customer_ids: Option<Vec<CustomerId>>,
    pub locations: Option<Vec<String>>,
    pub statuses: Option<Vec<FulfillmentOrderStatus>>,
    pub numbers: Option<Vec<String>>,
    pub updated_from: Option<DateTime<Utc>>,
}

pub fn get(connection: &mut PgConnection, organization_id: OrganizationId, id: FulfillmentOrderId) -> Result<FulfillmentOrderBody, Error> {
    store::find(connection, organization_id, id)?.ok_or(Error::not_found("fulfillment order"))
}

/// The oldest first: a queue of work. `after` is the id of the last row of the page before; `bound_to` is what the cursor is
/// bound to.
pub fn list(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &FulfillmentOrderFilter,
    after: Option<FulfillmentOrderId>,
    limit: usize,
    bound_to: &str,
) -> Result<Page<FulfillmentOrderBody>, Error> {
    let rows = store::page(connection, organization_id, filter, after, limit as i64 + 1)?;
    Ok(Page::cut(rows, limit, |row| encode_cursor(bound_to, &[row.id.to_string()])))
}

/// The order that a fulfillment order belongs to; 404 where there is none.
pub fn order_of(connection: &mut PgConnection, organization_id: OrganizationId, id: FulfillmentOrderId) -> Result<OrderId, Error> {
    let found = orders_of(connection, organization_id, &[id])?;
    found.first().map(|(_, order_id)| *order_id).ok_or(Error::not_found("fulfillment order"))
}

/// The orders that fulfillment orders belong to, which never changes. Unknown ids are left out.
pub fn orders_of(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    ids: &[FulfillmentOrderId],
) -> QueryResult<Vec<(FulfillmentOrderId, OrderId)>> {
    store::orders_of(connection, organization_id, ids)
}
