use crate::channels::turns::Turn;
use crate::platform::sql::sql;
use crate::types::id::{ChannelId, OrderId, OrganizationId, ShipmentId};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;
use uuid::Uuid;

/// Channels whose shops are told.
const SHOPS: &str = "c.active AND c.kind IN ('shopify', 'woocommerce', 'bigcommerce') AND (c.settings->>'write_back')::boolean";

/// A channel with its cursor.
#[derive(Clone, Debug, QueryableByName)]
pub struct Shop {
    #[diesel(sql_type = SqlUuid)]
    pub organization_id: OrganizationId,
    #[diesel(sql_type = SqlUuid)]
    pub channel_id: ChannelId,
    #[diesel(sql_type = Text)]
    pub code: String,
}

/// Gives shops that are new a cursor: they are told nothing of what was before.
pub fn ensure_follows(connection: &mut PgConnection) -> QueryResult<()> {
    sql(format!(
        "INSERT INTO shop_follow (organization_id, channel_id, read_through) \
         SELECT c.organization_id, c.id, (SELECT last_value FROM event_id) FROM channel c WHERE {SHOPS} \
         AND NOT EXISTS (SELECT 1 FROM shop_follow f WHERE f.organization_id = c.organization_id AND f.channel_id = c.id) \
         ON CONFLICT ON CONSTRAINT shop_follow_pkey DO NOTHING"
    ))
    .execute(connection)?;
    Ok(())
}

pub fn shops(connection: &mut PgConnection) -> QueryResult<Vec<Shop>> {
    sql(format!(
        "SELECT f.organization_id, f.channel_id, c.code FROM shop_follow f \
         JOIN channel c ON c.organization_id = f.organization_id AND c.id = f.channel_id WHERE {SHOPS} ORDER BY 1, 2"
    ))
    .load(connection)
}

/// How far the feed has been read, with the cursor locked; `None` where another process has it.
pub fn lock_cursor(connection: &mut PgConnection, shop: &Shop) -> QueryResult<Option<i64>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        read_through: i64,
    }
    let row: Option<Row> =
        sql("SELECT read_through FROM shop_follow WHERE organization_id = $1 AND channel_id = $2 FOR NO KEY UPDATE SKIP LOCKED")
            .bind::<SqlUuid, _>(shop.organization_id)
            .bind::<SqlUuid, _>(shop.channel_id)
            .get_result(connection)
            .optional()?;
    Ok(row.map(|row| row.read_through))
}

pub fn move_cursor(connection: &mut PgConnection, shop: &Shop, through: i64) -> QueryResult<()> {
    sql("UPDATE shop_follow SET read_through = $3 WHERE organization_id = $1 AND channel_id = $2")
        .bind::<SqlUuid, _>(shop.organization_id)
        .bind::<SqlUuid, _>(shop.channel_id)
        .bind::<BigInt, _>(through)
        .execute(connection)?;
    Ok(())
}

/// A task for each of these shipments that is of an order of the shop, and that the shop has not told itself.
pub fn insert_tasks(connection: &mut PgConnection, shop: &Shop, shipments: &[Uuid], now: DateTime<Utc>) -> QueryResult<()> {
    sql("INSERT INTO shop_task (organization_id, channel_id, shipment_id, order_id, status, next_attempt_at, created_at, updated_at) \
         SELECT s.organization_id, $2, s.id, s.order_id, 'waiting', $5, $5, $5 FROM shipment s \
         JOIN sales_order o ON o.organization_id = s.organization_id AND o.id = s.order_id \
         JOIN channel_order c ON c.organization_id = o.organization_id AND c.channel_id = $2 AND c.order_id = o.id \
         WHERE s.organization_id = $1 AND s.id = ANY($4) AND o.channel = $3 AND NOT coalesce(s.external_ids ? $3, false) \
         ON CONFLICT ON CONSTRAINT shop_task_pkey DO NOTHING")
    .bind::<SqlUuid, _>(shop.organization_id)
    .bind::<SqlUuid, _>(shop.channel_id)
    .bind::<Text, _>(&shop.code)
    .bind::<Array<SqlUuid>, _>(shipments)
    .bind::<Timestamptz, _>(now)
    .execute(connection)?;
    Ok(())
}

/// A shipment that a shop is to be told of.
#[derive(Clone, Debug, QueryableByName)]
pub struct Task {
    #[diesel(sql_type = SqlUuid)]
    pub organization_id: OrganizationId,
    #[diesel(sql_type = SqlUuid)]
    pub channel_id: ChannelId,
    #[diesel(sql_type = SqlUuid)]
    pub shipment_id: ShipmentId,
    #[diesel(sql_type = SqlUuid)]
    pub order_id: OrderId,
    #[diesel(sql_type = Integer)]
    pub attempts: i32,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
}

/// Takes tasks that are due, the oldest first, for so long.
pub fn lease_tasks(connection: &mut PgConnection, turn: &Turn, now: DateTime<Utc>, lease: TimeDelta, limit: i64) -> QueryResult<Vec<Task>> {
    sql("WITH due AS (SELECT organization_id, channel_id, shipment_id FROM shop_task \
         WHERE organization_id = $4 AND channel_id = $5 AND status = 'waiting' AND next_attempt_at <= $1 \
         AND (leased_until IS NULL OR leased_until <= $1) ORDER BY next_attempt_at LIMIT $3 FOR UPDATE SKIP LOCKED) \
         UPDATE shop_task t SET leased_until = $2, attempts = t.attempts + 1 FROM due \
         WHERE t.organization_id = due.organization_id AND t.channel_id = due.channel_id AND t.shipment_id = due.shipment_id \
         RETURNING t.organization_id, t.channel_id, t.shipment_id, t.order_id, t.attempts, t.created_at")
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(now + lease)
    .bind::<BigInt, _>(limit)
    .bind::<SqlUuid, _>(turn.organization_id)
    .bind::<SqlUuid, _>(turn.channel_id)
    .load(connection)
}

/// Gives tasks of one channel back that were leased and not tried; those that are another's by now stay so.
pub fn give_back(connection: &mut PgConnection, tasks: &[Task]) -> QueryResult<()> {
    let Some(first) = tasks.first() else { return Ok(()) };
    let (ids, attempts): (Vec<_>, Vec<_>) = tasks.iter().map(|task| (task.shipment_id, task.attempts)).unzip();
    sql("UPDATE shop_task t SET leased_until = NULL, attempts = t.attempts - 1 FROM unnest($3, $4) AS given (id, attempts) \
         WHERE t.organization_id = $1 AND t.channel_id = $2 AND t.shipment_id = given.id AND t.status = 'waiting' AND t.attempts = given.attempts")
    .bind::<SqlUuid, _>(first.organization_id)
    .bind::<SqlUuid, _>(first.channel_id)
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Array<Integer>, _>(attempts)
    .execute(connection)?;
    Ok(())
}

/// The shop knows it, by this name; its own hook of it then changes nothing.
pub fn done(connection: &mut PgConnection, task: &Task, reference: Option<&str>, now: DateTime<Utc>) -> QueryResult<()> {
    sql("UPDATE shop_task SET status = 'done', reference = $4, error = NULL, leased_until = NULL, updated_at = $5 \
         WHERE organization_id = $1 AND channel_id = $2 AND shipment_id = $3")
    .bind::<SqlUuid, _>(task.organization_id)
    .bind::<SqlUuid, _>(task.channel_id)
    .bind::<SqlUuid, _>(task.shipment_id)
    .bind::<Nullable<Text>, _>(reference)
    .bind::<Timestamptz, _>(now)
    .execute(connection)?;
    let Some(reference) = reference else { return Ok(()) };
    // From now on the task says what the shipment is there.
    sql("INSERT INTO channel_order_fact (organization_id, channel_id, external_id, kind, reference, at) \
         SELECT organization_id, channel_id, external_id, 'fulfillment', $4, $5 FROM channel_order \
         WHERE organization_id = $1 AND channel_id = $2 AND order_id = $3 \
         ON CONFLICT ON CONSTRAINT channel_order_fact_pkey DO UPDATE SET left_here = NULL")
    .bind::<SqlUuid, _>(task.organization_id)
    .bind::<SqlUuid, _>(task.channel_id)
    .bind::<SqlUuid, _>(task.order_id)
    .bind::<Text, _>(reference)
    .bind::<Timestamptz, _>(now)
    .execute(connection)?;
    Ok(())
}

/// It was not told; false where another attempt has got on with it.
pub fn failed(
    connection: &mut PgConnection,
    task: &Task,
    error: &str,
    gives_up: bool,
    again: DateTime<Utc>,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let changed = sql("UPDATE shop_task SET status = CASE WHEN $5 THEN 'failed' ELSE 'waiting' END, error = $6, next_attempt_at = $7, \
         leased_until = NULL, updated_at = $8 \
         WHERE organization_id = $1 AND channel_id = $2 AND shipment_id = $3 AND status = 'waiting' AND attempts = $4")
    .bind::<SqlUuid, _>(task.organization_id)
    .bind::<SqlUuid, _>(task.channel_id)
    .bind::<SqlUuid, _>(task.shipment_id)
    .bind::<Integer, _>(task.attempts)
    .bind::<Bool, _>(gives_up)
    .bind::<Text, _>(error)
    .bind::<Timestamptz, _>(again)
    .bind::<Timestamptz, _>(now)
    .execute(connection)?;
    Ok(changed > 0)
}

/// What can be sold of a SKU, where the shop was told something else.
#[derive(Clone, Debug, QueryableByName)]
pub struct Level {
    #[diesel(sql_type = Text)]
    pub sku: String,
    #[diesel(sql_type = Numeric)]
    pub available: Decimal,
    #[diesel(sql_type = Integer)]
    pub attempts: i32,
}

/// Takes levels that differ from what the shop was told, for so long. Counted over all active locations, never below zero.
pub fn lease_stock(
    connection: &mut PgConnection,
    shop: &Shop,
    now: DateTime<Utc>,
    lease: TimeDelta,
    limit: i64,
) -> QueryResult<Vec<Level>> {
    sql("WITH level AS ( \
           SELECT l.sku, sum(greatest(l.on_hand - l.reserved - l.safety_stock - l.quarantined, 0)) AS available FROM stock_level l \
           JOIN location p ON p.organization_id = l.organization_id AND p.code = l.location AND p.active \
           WHERE l.organization_id = $1 GROUP BY l.sku \
         ), due AS ( \
           SELECT level.sku, level.available FROM level \
           LEFT JOIN shop_stock s ON s.organization_id = $1 AND s.channel_id = $2 AND s.sku = level.sku \
           WHERE s.sku IS NULL OR (s.told IS DISTINCT FROM level.available AND s.next_attempt_at <= $3) ORDER BY level.sku LIMIT $5 \
         ), leased AS ( \
           INSERT INTO shop_stock (organization_id, channel_id, sku, attempts, next_attempt_at) SELECT $1, $2, sku, 1, $4 FROM due \
           ON CONFLICT ON CONSTRAINT shop_stock_pkey DO UPDATE SET attempts = shop_stock.attempts + 1, next_attempt_at = $4 \
           WHERE shop_stock.next_attempt_at <= $3 RETURNING sku, attempts \
         ) SELECT due.sku, due.available, leased.attempts FROM leased JOIN due USING (sku) ORDER BY due.sku")
    .bind::<SqlUuid, _>(shop.organization_id)
    .bind::<SqlUuid, _>(shop.channel_id)
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(now + lease)
    .bind::<BigInt, _>(limit)
    .load(connection)
}

/// What came of telling one level.
pub fn stock_told(connection: &mut PgConnection, shop: &Shop, level: &Level, error: Option<&str>, again: DateTime<Utc>) -> QueryResult<()> {
    sql("UPDATE shop_stock SET told = CASE WHEN $5 IS NULL THEN $4 ELSE told END, attempts = CASE WHEN $5 IS NULL THEN 0 ELSE attempts END, \
         error = $5, next_attempt_at = $6 WHERE organization_id = $1 AND channel_id = $2 AND sku = $3")
    .bind::<SqlUuid, _>(shop.organization_id)
    .bind::<SqlUuid, _>(shop.channel_id)
    .bind::<Text, _>(&level.sku)
    .bind::<Numeric, _>(level.available)
    .bind::<Nullable<Text>, _>(error)
    .bind::<Timestamptz, _>(again)
    .execute(connection)?;
    Ok(())
}
