//! Orders that wait for supply.

use super::store;
use crate::error::Error;
use crate::types::id::{OrderId, OrganizationId};
use diesel::pg::PgConnection;

/// Orders with a backordered line whose SKU is available somewhere, in fair order: higher priority, then older.
pub fn waiting(connection: &mut PgConnection, organization_id: OrganizationId, limit: i64) -> Result<Vec<OrderId>, Error> {
    Ok(store::backorders::waiting(connection, organization_id, limit)?)
}

/// Organizations that have a backordered line.
pub fn organizations_waiting(connection: &mut PgConnection) -> Result<Vec<OrganizationId>, Error> {
    Ok(store::backorders::organizations_waiting(connection)?)
}
