//! Stock as orders see it: every location of a SKU, locked in one sorted set.

use super::stock::level::ShelfKey;
use super::stock::locked::LockedStock;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::platform::sql::{Together, sql};
use crate::types::id::OrganizationId;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Numeric, Text, Uuid as SqlUuid};
use rust_decimal::Decimal;

/// What is available of a SKU at a location, in base units; below zero after a count.
#[derive(QueryableByName, Clone, Debug)]
pub struct ShelfLevel {
    #[diesel(sql_type = Text)]
    pub sku: String,
    #[diesel(sql_type = Text)]
    pub location: String,
    #[diesel(sql_type = Numeric)]
    pub available: Decimal,
}

/// Locks every location's row of the SKUs (organization, SKU, location). READ COMMITTED re-reads a row that it waited for, so
/// the numbers are those that were locked.
pub fn lock(connection: &mut PgConnection, organization_id: OrganizationId, skus: &[&str]) -> QueryResult<Vec<ShelfLevel>> {
    sql("SELECT sku, location, on_hand - reserved - safety_stock - quarantined AS available FROM stock_level \
         WHERE organization_id = $1 AND sku = ANY($2) ORDER BY sku, location FOR NO KEY UPDATE")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<Text>, _>(skus)
    .load(connection)
}

/// Reserves (above 0) or gives back (below 0) base quantities of levels that exist, and tells of those that run low by it. The
/// caller knows that they are there: for reserving it holds the rows' locks and has seen them.
pub fn change_reserved(connection: &mut PgConnection, context: &Context, changes: &[(String, String, Decimal)]) -> Result<(), Error> {
    change_reserved_and_tell(connection, context, changes, vec![])
}

/// As `change_reserved`, and appends the events of the use case, which has nothing to lock after stock.
pub fn change_reserved_and_tell(
    connection: &mut PgConnection,
    context: &Context,
    changes: &[(String, String, Decimal)],
    told: Vec<NewEvent>,
) -> Result<(), Error> {
    if changes.is_empty() {
        return Ok(events::append(connection, context, &told)?);
    }
    let keys = changes.iter().map(|(sku, location, _)| ShelfKey::new(sku, location));
    let mut stock = LockedStock::lock_existing(connection, context.organization_id, keys)?;
    for (sku, location, quantity) in changes {
        stock.level_mut(&ShelfKey::new(sku, location))?.reserved += quantity;
    }
    stock.write_with(connection, context, Together::new(), told)?;
    Ok(())
}
