use super::when;
use crate::auth::actor::Context;
use crate::inventory::stock::level::{ShelfKey, StockLevel};
use crate::inventory::stock::levels::body::{InventoryFilter, InventoryLevel};
use crate::platform::sql::{Sql, sql};
use crate::types::decimal::{Quantity, UnitPrice};
use crate::types::id::OrganizationId;
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;

const COLUMNS: &str = "s.sku, s.location, s.on_hand, s.reserved, s.safety_stock, s.quarantined, s.reorder_point, s.unit_cost, \
    s.snapshot_as_of, s.snapshot_version, s.version, s.updated_at, s.policy_version, s.policy_updated_at";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    sku: String,
    #[diesel(sql_type = Text)]
    location: String,
    #[diesel(sql_type = Numeric)]
    on_hand: Decimal,
    #[diesel(sql_type = Numeric)]
    reserved: Decimal,
    #[diesel(sql_type = Numeric)]
    safety_stock: Decimal,
    #[diesel(sql_type = Numeric)]
    quarantined: Decimal,
    #[diesel(sql_type = Nullable<Numeric>)]
    reorder_point: Option<Decimal>,
    #[diesel(sql_type = Nullable<Numeric>)]
    unit_cost: Option<Decimal>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    snapshot_as_of: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<BigInt>)]
    snapshot_version: Option<i64>,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DateTime<Utc>,
    #[diesel(sql_type = BigInt)]
    policy_version: i64,
    #[diesel(sql_type = Timestamptz)]
    policy_updated_at: DateTime<Utc>,
}

impl From<Row> for StockLevel {
    fn from(row: Row) -> Self {
        Self {
            sku: row.sku,
            location: row.location,
            on_hand: row.on_hand,
            reserved: row.reserved,
            safety_stock: row.safety_stock,
            quarantined: row.quarantined,
            reorder_point: row.reorder_point,
            unit_cost: row.unit_cost,
            snapshot_as_of: row.snapshot_as_of,
            snapshot_version: row.snapshot_version,
            version: row.version,
            updated_at: row.updated_at,
            policy_version: row.policy_version,
            policy_updated_at: row.policy_updated_at,
        }
    }
}

fn columns_of<'a>(keys: impl Iterator<Item = &'a ShelfKey>) -> (Vec<&'a str>, Vec<&'a str>) {
    keys.map(|key| (key.sku.as_str(), key.location.as_str())).unzip()
}

/// Makes the rows that are missing. `keys` must be sorted and without repetition, as for every lock of stock rows: two that
/// make the same rows wait for each other in one direction only.
pub fn ensure(connection: &mut PgConnection, context: &Context, keys: &[ShelfKey]) -> QueryResult<()> {
    let (skus, locations) = columns_of(keys.iter());
    sql("INSERT INTO stock_level (organization_id, sku, location, updated_at, policy_updated_at) \
         SELECT $1, k.sku, k.location, $4, $4 FROM unnest($2, $3) WITH ORDINALITY AS k(sku, location, at) \
         ORDER BY k.at ON CONFLICT DO NOTHING")
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<Array<Text>, _>(skus)
    .bind::<Array<Text>, _>(locations)
    .bind::<Timestamptz, _>(context.now)
    .execute(connection)?;
    Ok(())
}

/// Locks the rows of `keys` (without repetition) as one sorted set, and reads them as they are once locked.
pub fn lock(connection: &mut PgConnection, organization_id: OrganizationId, keys: &[ShelfKey]) -> QueryResult<Vec<StockLevel>> {
    let (skus, locations) = columns_of(keys.iter());
    let rows: Vec<Row> = sql(format!(
        "SELECT {COLUMNS} FROM unnest($2, $3) AS k(sku, location) JOIN stock_level s \
         ON s.organization_id = $1 AND s.sku = k.sku AND s.location = k.location ORDER BY s.sku, s.location FOR NO KEY UPDATE OF s"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<Text>, _>(skus)
    .bind::<Array<Text>, _>(locations)
    .load(connection)?;
    Ok(rows.into_iter().map(StockLevel::from).collect())
}

/// As `lock`, for every location of these SKUs, with the priority of each that may serve orders (active, no supplier).
pub fn lock_skus(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    skus: &[&str],
) -> QueryResult<Vec<(StockLevel, Option<i32>)>> {
    #[derive(QueryableByName)]
    struct Ranked {
        #[diesel(embed)]
        level: Row,
        #[diesel(sql_type = Nullable<Integer>)]
        priority: Option<i32>,
    }
    let rows: Vec<Ranked> = sql(format!(
        "SELECT {COLUMNS}, CASE WHEN l.active AND l.kind <> 'supplier' THEN l.priority END AS priority FROM stock_level s \
         JOIN location l ON l.organization_id = s.organization_id AND l.code = s.location \
         WHERE s.organization_id = $1 AND s.sku = ANY($2) ORDER BY s.sku, s.location FOR NO KEY UPDATE OF s"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<Text>, _>(skus)
    .load(connection)?;
    Ok(rows.into_iter().map(|row| (StockLevel::from(row.level), row.priority)).collect())
}

/// Reads every location of these SKUs without a lock.
pub fn of_skus(connection: &mut PgConnection, organization_id: OrganizationId, skus: &[&str]) -> QueryResult<Vec<StockLevel>> {
    let rows: Vec<Row> =
        sql(format!("SELECT {COLUMNS} FROM stock_level s WHERE s.organization_id = $1 AND s.sku = ANY($2) ORDER BY s.sku, s.location"))
            .bind::<SqlUuid, _>(organization_id)
            .bind::<Array<Text>, _>(skus)
            .load(connection)?;
    Ok(rows.into_iter().map(StockLevel::from).collect())
}

pub fn find(connection: &mut PgConnection, organization_id: OrganizationId, key: &ShelfKey) -> QueryResult<Option<StockLevel>> {
    let row: Option<Row> = sql(format!("SELECT {COLUMNS} FROM stock_level s WHERE organization_id = $1 AND sku = $2 AND location = $3"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Text, _>(&key.sku)
        .bind::<Text, _>(&key.location)
        .get_result(connection)
        .optional()?;
    Ok(row.map(StockLevel::from))
}

/// Writes levels whose rows this transaction has locked.
pub fn write<'a>(context: &Context, levels: &[&'a StockLevel]) -> Sql<'a> {
    fn column<'a, T>(levels: &[&'a StockLevel], of: impl Fn(&'a StockLevel) -> T) -> Vec<T> {
        levels.iter().map(|level| of(level)).collect()
    }
    sql("UPDATE stock_level AS s SET on_hand = c.on_hand, reserved = c.reserved, safety_stock = c.safety_stock, \
         quarantined = c.quarantined, reorder_point = c.reorder_point, unit_cost = c.unit_cost, snapshot_as_of = c.snapshot_as_of, \
         snapshot_version = c.snapshot_version, version = c.version, updated_at = $2, policy_version = c.policy_version, \
         policy_updated_at = c.policy_updated_at FROM unnest($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) AS c(sku, location, on_hand, reserved, safety_stock, quarantined, \
         reorder_point, unit_cost, snapshot_as_of, snapshot_version, version, policy_version, policy_updated_at) \
         WHERE s.organization_id = $1 AND s.sku = c.sku AND s.location = c.location")
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<Timestamptz, _>(context.now)
    .bind::<Array<Text>, _>(column(levels, |level| level.sku.as_str()))
    .bind::<Array<Text>, _>(column(levels, |level| level.location.as_str()))
    .bind::<Array<Numeric>, _>(column(levels, |level| level.on_hand))
    .bind::<Array<Numeric>, _>(column(levels, |level| level.reserved))
    .bind::<Array<Numeric>, _>(column(levels, |level| level.safety_stock))
    .bind::<Array<Numeric>, _>(column(levels, |level| level.quarantined))
    .bind::<Array<Nullable<Numeric>>, _>(column(levels, |level| level.reorder_point))
    .bind::<Array<Nullable<Numeric>>, _>(column(levels, |level| level.unit_cost))
    .bind::<Array<Nullable<Timestamptz>>, _>(column(levels, |level| level.snapshot_as_of))
    .bind::<Array<Nullable<BigInt>>, _>(column(levels, |level| level.snapshot_version))
    .bind::<Array<BigInt>, _>(column(levels, |level| level.version))
    .bind::<Array<BigInt>, _>(column(levels, |level| level.policy_version))
    .bind::<Array<Timestamptz>, _>(column(levels, |level| level.policy_updated_at))
}

#[derive(QueryableByName)]
struct ListRow {
    #[diesel(embed)]
    level: Row,
    #[diesel(sql_type = Numeric)]
    incoming: Decimal,
}

/// One page by SKU and location, with the open incoming supply of each.
pub fn page(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &InventoryFilter,
    after: Option<&ShelfKey>,
    limit: i64,
) -> QueryResult<Vec<InventoryLevel>> {
    let filters = [
        when(filter.skus.is_some(), " AND s.sku = ANY($2)"),
        when(filter.locations.is_some(), " AND s.location = ANY($3)"),
        when(filter.below_reorder_point, " AND s.on_hand - s.reserved - s.safety_stock - s.quarantined < s.reorder_point"),
        when(filter.updated_from.is_some(), " AND s.updated_at >= $4"),
        when(after.is_some(), " AND (s.sku, s.location) > ($5, $6)"),
    ]
    .concat();
    let rows: Vec<ListRow> = sql(format!(
        "SELECT {COLUMNS}, i.incoming FROM stock_level s CROSS JOIN LATERAL (SELECT \
         coalesce(sum(greatest(i.quantity - i.received_quantity, 0)), 0) AS incoming FROM incoming_supply i \
         WHERE i.organization_id = s.organization_id AND i.sku = s.sku AND i.location = s.location AND i.status = 'open') i \
         WHERE s.organization_id = $1{filters} ORDER BY s.sku, s.location LIMIT $7"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Nullable<Array<Text>>, _>(filter.skus.clone())
    .bind::<Nullable<Array<Text>>, _>(filter.locations.clone())
    .bind::<Nullable<Timestamptz>, _>(filter.updated_from)
    .bind::<Nullable<Text>, _>(after.map(|key| key.sku.as_str()))
    .bind::<Nullable<Text>, _>(after.map(|key| key.location.as_str()))
    .bind::<BigInt, _>(limit)
    .load(connection)?;
    Ok(rows.into_iter().map(|row| listed(&StockLevel::from(row.level), row.incoming)).collect())
}

/// As [`page`], of levels that were written by that transaction or a younger one, or whose incoming supply was.
pub fn written_since(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    oldest: i64,
    after: Option<&ShelfKey>,
    limit: i64,
) -> QueryResult<Vec<InventoryLevel>> {
    let after_clause = when(after.is_some(), " AND (s.sku, s.location) > ($3, $4)");
    let rows: Vec<ListRow> = sql(format!(
        "WITH n AS MATERIALIZED (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next), supplied AS MATERIALIZED ( \
           SELECT i.sku, i.location FROM n, incoming_supply i WHERE i.organization_id = $1 AND written_since(i.xmin, $2, n.next)) \
         SELECT {COLUMNS}, i.incoming FROM n, stock_level s CROSS JOIN LATERAL (SELECT \
         coalesce(sum(greatest(i.quantity - i.received_quantity, 0)), 0) AS incoming FROM incoming_supply i \
         WHERE i.organization_id = s.organization_id AND i.sku = s.sku AND i.location = s.location AND i.status = 'open') i \
         WHERE s.organization_id = $1 AND ($2 = 0 OR written_since(s.xmin, $2, n.next) \
         OR (s.sku, s.location) IN (SELECT sku, location FROM supplied)){after_clause} ORDER BY s.sku, s.location LIMIT $5"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<BigInt, _>(oldest)
    .bind::<Nullable<Text>, _>(after.map(|key| key.sku.as_str()))
    .bind::<Nullable<Text>, _>(after.map(|key| key.location.as_str()))
    .bind::<BigInt, _>(limit)
    .load(connection)?;
    Ok(rows.into_iter().map(|row| listed(&StockLevel::from(row.level), row.incoming)).collect())
}

fn listed(level: &StockLevel, incoming: Decimal) -> InventoryLevel {
    InventoryLevel {
        sku: level.sku.clone(),
        location: level.location.clone(),
        on_hand: Quantity(level.on_hand),
        reserved: Quantity(level.reserved),
        safety_stock: Quantity(level.safety_stock),
        quarantined: Quantity(level.quarantined),
        available: Quantity(level.available()),
        incoming: Quantity(incoming),
        reorder_point: level.reorder_point.map(Quantity),
        unit_cost: level.unit_cost.map(UnitPrice),
        version: level.version,
        updated_at: level.updated_at,
    }
}
