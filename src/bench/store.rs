//! The only SQL of the load programme, beside the scripts in `benches/pgbench`.

use super::order_request::Extent;
use crate::platform::sql::sql;
use crate::types::id::{OrderId, OrganizationId};
use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Bool, Double, Integer, Jsonb, Text, Timestamptz, Uuid as SqlUuid};
use serde_json::Value;

const MASTER_DATA: &str = include_str!("master_data.sql");
const PGBENCH_SETUP: &str = include_str!("../../benches/pgbench/setup.sql");
const SAMPLE: &str = include_str!("sample.sql");
/// One record of the log that is written to have log files to recycle.
const LOG_RECORD: i64 = 1 << 20;

/// All that the data of a base database is made by: with other texts it is another database.
pub const TEXTS: [&str; 2] = [MASTER_DATA, PGBENCH_SETUP];

#[derive(QueryableByName)]
struct Truth {
    #[diesel(sql_type = Bool)]
    value: bool,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    value: String,
}

#[derive(QueryableByName)]
struct Sample {
    #[diesel(sql_type = Jsonb)]
    sample: Value,
}

/// Where a page of the order list starts.
#[derive(QueryableByName)]
pub struct Place {
    #[diesel(sql_type = SqlUuid)]
    pub id: OrderId,
    #[diesel(sql_type = Timestamptz)]
    pub updated_at: DateTime<Utc>,
}

fn number(connection: &mut PgConnection, text: &str) -> QueryResult<i64> {
    sql(text.to_owned()).get_result::<Number>(connection).map(|row| row.value)
}

pub fn database_exists(connection: &mut PgConnection, name: &str) -> QueryResult<bool> {
    let row: Truth =
        sql("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1) AS value").bind::<Text, _>(name).get_result(connection)?;
    Ok(row.value)
}

/// The databases whose names start so.
pub fn databases(connection: &mut PgConnection, prefix: &str) -> QueryResult<Vec<String>> {
    let rows: Vec<Name> =
        sql("SELECT datname AS value FROM pg_database WHERE starts_with(datname, $1)").bind::<Text, _>(prefix).load(connection)?;
    Ok(rows.into_iter().map(|row| row.value).collect())
}

/// The names are ours, letters and digits.
pub fn create_database(connection: &mut PgConnection, name: &str, template: &str) -> QueryResult<()> {
    connection.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}"))
}

pub fn drop_database(connection: &mut PgConnection, name: &str) -> QueryResult<()> {
    connection.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
}

pub fn rename_database(connection: &mut PgConnection, name: &str, new: &str) -> QueryResult<()> {
    connection.batch_execute(&format!("ALTER DATABASE {name} RENAME TO {new}"))
}

/// Products, prices, taxes, stock and customers, and what the pgbench scripts need. One transaction.
pub fn load_master_data(connection: &mut PgConnection, organization_id: OrganizationId, extent: Extent) -> QueryResult<()> {
    let text = MASTER_DATA
        .replace("$organization", &format!("'{organization_id}'::uuid"))
        .replace("$skus", &extent.skus.to_string())
        .replace("$scarce", &extent.scarce.to_string())
        .replace("$customers", &extent.customers.to_string());
    connection.transaction(|connection| {
        connection.batch_execute(&text)?;
        connection.batch_execute(PGBENCH_SETUP)
    })
}

/// Tells whether calls are counted. The extension is made if the server has loaded its library.
pub fn prepare_statistics(connection: &mut PgConnection) -> QueryResult<bool> {
    let loaded: Truth =
        sql("SELECT current_setting('shared_preload_libraries') LIKE '%pg_stat_statements%' AS value").get_result(connection)?;
    if loaded.value {
        connection.batch_execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")?;
    }
    Ok(loaded.value)
}

/// Keeps this connection's own statements out of the counts.
pub fn count_nothing(connection: &mut PgConnection) -> QueryResult<()> {
    connection.batch_execute("SET pg_stat_statements.track = 'none'")
}

/// Statements of this database's users so far.
pub fn calls(connection: &mut PgConnection) -> QueryResult<i64> {
    number(
        connection,
        "SELECT coalesce(sum(calls), 0)::bigint AS value FROM pg_stat_statements(false) \
         WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())",
    )
}

/// Bytes of log written so far.
pub fn log_position(connection: &mut PgConnection) -> QueryResult<i64> {
    number(connection, "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint AS value")
}

/// The process that serves this connection.
pub fn session_pid(connection: &mut PgConnection) -> QueryResult<i64> {
    number(connection, "SELECT pg_backend_pid()::bigint AS value")
}

/// Bytes in log files that lie ready to be written over.
pub fn ready_log(connection: &mut PgConnection) -> QueryResult<i64> {
    number(
        connection,
        "SELECT coalesce(sum(size), 0)::bigint AS value FROM pg_ls_waldir() \
         WHERE name ~ '^[0-9A-F]{24}$' AND name > pg_walfile_name(pg_current_wal_lsn())",
    )
}

/// Writes log that means nothing; the next checkpoint keeps its files for what comes.
pub fn write_log(connection: &mut PgConnection, bytes: i64) -> QueryResult<()> {
    sql("SELECT count(pg_logical_emit_message(false, 'bench', repeat('x', $1::int))) FROM generate_series(1, $2)")
        .bind::<Integer, _>(i32::try_from(LOG_RECORD).unwrap_or(i32::MAX))
        .bind::<BigInt, _>(bytes / LOG_RECORD + 1)
        .execute(connection)?;
    Ok(())
}

pub fn checkpoint(connection: &mut PgConnection) -> QueryResult<()> {
    connection.batch_execute("CHECKPOINT")
}

pub fn vacuum(connection: &mut PgConnection) -> QueryResult<()> {
    sql_query("VACUUM (ANALYZE)").execute(connection)?;
    Ok(())
}

/// The newest order that the server has captured, as texts by the names of pgbench's variables.
pub fn sample_order(connection: &mut PgConnection, organization_id: OrganizationId) -> QueryResult<Option<Value>> {
    let row: Option<Sample> = sql(SAMPLE).bind::<SqlUuid, _>(organization_id).get_result(connection).optional()?;
    Ok(row.map(|row| row.sample))
}

/// Draws about `wanted` orders for the reading scripts of pgbench; tells how many.
pub fn draw_orders(connection: &mut PgConnection, organization_id: OrganizationId, wanted: f64) -> QueryResult<i64> {
    connection.batch_execute("TRUNCATE bench.order_id")?;
    let orders = number(connection, "SELECT count(*) AS value FROM sales_order")?;
    let drawn = sql("INSERT INTO bench.order_id (n, id) SELECT row_number() OVER (ORDER BY random()), id FROM sales_order WHERE organization_id = $1 AND random() < $2")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Double, _>(wanted / (orders.max(1) as f64))
        .execute(connection)?;
    connection.batch_execute("ANALYZE bench.order_id")?;
    Ok(i64::try_from(drawn).unwrap_or(i64::MAX))
}

/// The ids that [`draw_orders`] has drawn, up to so many.
pub fn drawn_orders(connection: &mut PgConnection, limit: i64) -> QueryResult<Vec<OrderId>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        id: OrderId,
    }
    let rows: Vec<Row> = sql("SELECT id FROM bench.order_id ORDER BY n LIMIT $1").bind::<BigInt, _>(limit).load(connection)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// `limit` orders, the newest first, after the newest `skipped`.
pub fn places(connection: &mut PgConnection, organization_id: OrganizationId, skipped: i64, limit: i64) -> QueryResult<Vec<Place>> {
    sql("SELECT id, updated_at FROM sales_order WHERE organization_id = $1 ORDER BY id DESC OFFSET $2 LIMIT $3")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<BigInt, _>(skipped)
        .bind::<BigInt, _>(limit)
        .load(connection)
}

/// Orders in the database.
pub fn orders(connection: &mut PgConnection) -> QueryResult<i64> {
    number(connection, "SELECT count(*) AS value FROM sales_order")
}
