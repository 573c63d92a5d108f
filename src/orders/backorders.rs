//! Orders that wait for supply.

use super::allocation::Waiting;
use super::order::Order;
use super::store;
use crate::error::Error;
use crate::types::id::{OrderId, OrganizationId};
use diesel::pg::PgConnection;

/// Orders with a line that waits for stock whose SKU is available somewhere, and such as are held for want of stock and want none any
/// more, in fair order: higher priority, then older.
pub fn waiting(connection: &mut PgConnection, organization_id: OrganizationId, limit: i64) -> Result<Vec<OrderId>, Error> {
    Ok(store::backorders::waiting(connection, organization_id, limit)?)
}

/// What lines of these products wait for, larger units first. Under the locks of their stock nobody gives them any meanwhile.
pub fn waiting_for(connection: &mut PgConnection, organization_id: OrganizationId, skus: &[&str]) -> Result<Vec<Waiting>, Error> {
    Ok(store::backorders::waiting_for(connection, organization_id, skus, None)?)
}

/// As [`waiting_for`], of orders that come before this one in fair order.
pub fn waiting_before(connection: &mut PgConnection, order: &Order, skus: &[&str]) -> Result<Vec<Waiting>, Error> {
    Ok(store::backorders::waiting_for(connection, order.organization_id, skus, Some(order))?)
}

/// Organizations that have a line that waits for stock.
pub fn organizations_waiting(connection: &mut PgConnection) -> Result<Vec<OrganizationId>, Error> {
    Ok(store::backorders::organizations_waiting(connection)?)
}
