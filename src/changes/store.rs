use crate::platform::sql::sql;
use crate::types::id::OrganizationId;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text, Uuid as SqlUuid};

/// The transactions that are under way.
#[derive(QueryableByName)]
pub struct UnderWay {
    /// The oldest of them that may have written.
    #[diesel(sql_type = BigInt)]
    pub oldest: i64,
    /// For how long the longest has lasted.
    #[diesel(sql_type = BigInt)]
    pub seconds: i64,
}

pub fn under_way(connection: &mut PgConnection) -> QueryResult<UnderWay> {
    sql("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS oldest, \
         coalesce(ceil(extract(epoch FROM clock_timestamp() - min(xact_start))), 0)::bigint AS seconds \
         FROM pg_stat_activity WHERE datname = current_database() AND (backend_type = 'client backend') IS NOT FALSE")
    .get_result(connection)
}

/// Which of these rows of a table were written since a moment. `table` has one column `key` that names its rows, from constants.
pub fn written_since(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    table: &'static str,
    keys: &[String],
    oldest: i64,
) -> QueryResult<Vec<String>> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Text)]
        key: String,
    }
    let found: Vec<Found> = sql(format!(
        "WITH s AS MATERIALIZED (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next) \
         SELECT t.key FROM s, ({table}) t WHERE written_since(t.written_by, $3, s.next)"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<Text>, _>(keys)
    .bind::<BigInt, _>(oldest)
    .load(connection)?;
    Ok(found.into_iter().map(|row| row.key).collect())
}

/// Which database this is, as far as its transaction numbers go: they are counted by a cluster, and anew where it was restored to an
/// earlier moment, which begins another timeline.
pub fn database(connection: &mut PgConnection) -> QueryResult<String> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        name: String,
    }
    let row: Row = sql("SELECT concat_ws('.', s.system_identifier, c.timeline_id, d.oid) AS name \
         FROM pg_control_system() s, pg_control_checkpoint() c, pg_database d WHERE d.datname = current_database()")
    .get_result(connection)?;
    Ok(row.name)
}

/// `$1` is the organization, `$2` the keys.
pub const ORDERS: &str =
    "SELECT id::text AS key, xmin AS written_by FROM sales_order WHERE organization_id = $1 AND id = ANY($2::text[]::uuid[])";
pub const CUSTOMERS: &str =
    "SELECT id::text AS key, xmin AS written_by FROM customer WHERE organization_id = $1 AND id = ANY($2::text[]::uuid[])";
pub const INVOICES: &str =
    "SELECT id::text AS key, xmin AS written_by FROM invoice WHERE organization_id = $1 AND id = ANY($2::text[]::uuid[])";
pub const PAYMENTS: &str =
    "SELECT id::text AS key, xmin AS written_by FROM payment WHERE organization_id = $1 AND id = ANY($2::text[]::uuid[])";
pub const CREDIT_NOTES: &str =
    "SELECT id::text AS key, xmin AS written_by FROM credit_note WHERE organization_id = $1 AND id = ANY($2::text[]::uuid[])";
pub const SHIPMENTS: &str =
    "SELECT id::text AS key, xmin AS written_by FROM shipment WHERE organization_id = $1 AND id = ANY($2::text[]::uuid[])";
pub const RETURNS: &str =
    "SELECT id::text AS key, xmin AS written_by FROM sales_return WHERE organization_id = $1 AND id = ANY($2::text[]::uuid[])";
pub const PRODUCTS: &str = "SELECT sku AS key, xmin AS written_by FROM product WHERE organization_id = $1 AND sku = ANY($2)";
/// The prices of a product have one key: all are told where one was written.
pub const PRICES: &str = "SELECT sku AS key, xmin AS written_by FROM price WHERE organization_id = $1 AND sku = ANY($2)";
