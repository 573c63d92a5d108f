//! Stock as orders see it: every location of a SKU, locked in one sorted set.

use crate::platform::sql::sql;
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

const CHANGE_RESERVED: &str = "WITH d AS MATERIALIZED (SELECT t.sku COLLATE \"C\" AS sku, t.location COLLATE \"C\" AS location, sum(t.quantity) AS quantity \
    FROM unnest($2::text[], $3::text[], $4::numeric[]) AS t(sku, location, quantity) GROUP BY 1, 2), \
    l AS MATERIALIZED (SELECT s.sku, s.location, d.quantity FROM d JOIN stock_level s ON s.organization_id = $1 AND s.sku = d.sku \
    AND s.location = d.location ORDER BY s.sku, s.location FOR NO KEY UPDATE OF s) \
    UPDATE stock_level s SET reserved = s.reserved + l.quantity, version = s.version + 1 FROM l \
    WHERE s.organization_id = $1 AND s.sku = l.sku AND s.location = l.location";

/// Reserves (above 0) or gives back (below 0) base quantities. The caller knows that they are there: for reserving it holds the
/// rows' locks and has seen them.
pub fn change_reserved(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    changes: &[(String, String, Decimal)],
) -> QueryResult<()> {
    if changes.is_empty() {
        return Ok(());
    }
    sql(CHANGE_RESERVED)
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<Text>, _>(changes.iter().map(|change| change.0.as_str()).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(changes.iter().map(|change| change.1.as_str()).collect::<Vec<_>>())
        .bind::<Array<Numeric>, _>(changes.iter().map(|change| change.2).collect::<Vec<_>>())
        .execute(connection)?;
    Ok(())
}

/// A location that orders may be shipped from.
#[derive(QueryableByName, Clone, Debug)]
pub struct RankedLocation {
    #[diesel(sql_type = Text)]
    pub code: String,
    #[diesel(sql_type = diesel::sql_types::Integer)]
    pub priority: i32,
}

/// Active locations that are not a supplier's.
pub fn ranked_locations(connection: &mut PgConnection, organization_id: OrganizationId) -> QueryResult<Vec<RankedLocation>> {
    sql("SELECT code, priority FROM location WHERE organization_id = $1 AND active AND kind <> 'supplier' ORDER BY priority, code")
        .bind::<SqlUuid, _>(organization_id)
        .load(connection)
}
