use super::properties::Standing;
use crate::channels::turns::Turn;
use crate::platform::sql::{from_json, sql};
use crate::types::currency::Currency;
use crate::types::id::{ChannelId, OrderId, OrganizationId};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Bool, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;
use serde_json::{Value, json};

/// A CRM that is told where its orders stand.
#[derive(Clone, Debug, QueryableByName)]
pub struct Follow {
    #[diesel(sql_type = SqlUuid)]
    pub organization_id: OrganizationId,
    #[diesel(sql_type = SqlUuid)]
    pub channel_id: ChannelId,
}

const WANTED: &str = "c.active AND c.kind IN ('hubspot', 'salesforce') AND c.settings @> '{\"write_back\": true}'";

/// Begins to follow for those who are to be told and are not yet.
pub fn ensure_follows(connection: &mut PgConnection, read_through: i64) -> QueryResult<usize> {
    sql(format!(
        "INSERT INTO crm_follow (organization_id, channel_id, read_through) SELECT c.organization_id, c.id, $1 FROM channel c WHERE {WANTED} \
         AND NOT EXISTS (SELECT 1 FROM crm_follow f WHERE f.organization_id = c.organization_id AND f.channel_id = c.id) \
         ORDER BY c.organization_id, c.id ON CONFLICT DO NOTHING"
    ))
    .bind::<BigInt, _>(read_through)
    .execute(connection)
}

pub fn follows(connection: &mut PgConnection) -> QueryResult<Vec<Follow>> {
    sql(format!(
        "SELECT f.organization_id, f.channel_id FROM crm_follow f JOIN channel c ON c.organization_id = f.organization_id AND c.id = f.channel_id \
         WHERE {WANTED} ORDER BY f.organization_id, f.channel_id"
    ))
    .load(connection)
}

/// The last event read, under the row's lock; `None` while somebody else has it.
pub fn lock_cursor(connection: &mut PgConnection, follow: &Follow) -> QueryResult<Option<i64>> {
    #[derive(QueryableByName)]
    struct Cursor {
        #[diesel(sql_type = BigInt)]
        read_through: i64,
    }
    let row: Option<Cursor> =
        sql("SELECT read_through FROM crm_follow WHERE organization_id = $1 AND channel_id = $2 FOR NO KEY UPDATE SKIP LOCKED")
            .bind::<SqlUuid, _>(follow.organization_id)
            .bind::<SqlUuid, _>(follow.channel_id)
            .get_result(connection)
            .optional()?;
    Ok(row.map(|row| row.read_through))
}

pub fn move_cursor(connection: &mut PgConnection, follow: &Follow, through: i64) -> QueryResult<usize> {
    sql("UPDATE crm_follow SET read_through = $3 WHERE organization_id = $1 AND channel_id = $2")
        .bind::<SqlUuid, _>(follow.organization_id)
        .bind::<SqlUuid, _>(follow.channel_id)
        .bind::<BigInt, _>(through)
        .execute(connection)
}

/// Notes that something has happened to those of the orders that came through the channel. One that waits for its next try goes on
/// waiting; what was told or given up is due at once.
pub fn note(connection: &mut PgConnection, follow: &Follow, orders: &[OrderId], now: DateTime<Utc>) -> QueryResult<usize> {
    sql("INSERT INTO crm_standing AS s (organization_id, channel_id, order_id, status, next_attempt_at, created_at, updated_at) \
         SELECT o.organization_id, c.id, o.id, 'waiting', $4, $4, $4 FROM sales_order o JOIN channel c ON c.organization_id = o.organization_id \
         AND c.code = o.channel WHERE o.organization_id = $1 AND o.id = ANY($3) AND c.id = $2 AND o.external_id IS NOT NULL ORDER BY o.id \
         ON CONFLICT ON CONSTRAINT crm_standing_pkey DO UPDATE SET generation = s.generation + 1, \
         attempts = CASE s.status WHEN 'waiting' THEN s.attempts ELSE 0 END, \
         next_attempt_at = CASE s.status WHEN 'waiting' THEN s.next_attempt_at ELSE $4 END, \
         created_at = CASE s.status WHEN 'waiting' THEN s.created_at ELSE $4 END, status = 'waiting', updated_at = $4")
    .bind::<SqlUuid, _>(follow.organization_id)
    .bind::<SqlUuid, _>(follow.channel_id)
    .bind::<Array<SqlUuid>, _>(orders)
    .bind::<Timestamptz, _>(now)
    .execute(connection)
}

/// An order that a CRM is to be told of.
#[derive(Clone, Debug, QueryableByName)]
pub struct Task {
    #[diesel(sql_type = SqlUuid)]
    pub organization_id: OrganizationId,
    #[diesel(sql_type = SqlUuid)]
    pub channel_id: ChannelId,
    #[diesel(sql_type = SqlUuid)]
    pub order_id: OrderId,
    #[diesel(sql_type = BigInt)]
    pub generation: i64,
    /// This one included.
    #[diesel(sql_type = Integer)]
    pub attempts: i32,
    #[diesel(sql_type = Nullable<Binary>)]
    pub told: Option<Vec<u8>>,
    #[diesel(sql_type = Timestamptz)]
    pub waiting_since: DateTime<Utc>,
}

/// Takes what is due for so long; another worker leaves it alone until then.
pub fn lease(connection: &mut PgConnection, turn: &Turn, now: DateTime<Utc>, lease: TimeDelta, limit: i64) -> QueryResult<Vec<Task>> {
    sql("WITH due AS (SELECT organization_id, channel_id, order_id FROM crm_standing \
         WHERE organization_id = $4 AND channel_id = $5 AND status = 'waiting' AND next_attempt_at <= $1 \
         AND (leased_until IS NULL OR leased_until <= $1) ORDER BY next_attempt_at, order_id LIMIT $3 FOR UPDATE SKIP LOCKED) \
         UPDATE crm_standing s SET leased_until = $2, attempts = s.attempts + 1 FROM due WHERE s.organization_id = due.organization_id \
         AND s.channel_id = due.channel_id AND s.order_id = due.order_id \
         RETURNING s.organization_id, s.channel_id, s.order_id, s.generation, s.attempts, s.told, s.created_at AS waiting_since")
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
    let (ids, attempts): (Vec<_>, Vec<_>) = tasks.iter().map(|task| (task.order_id, task.attempts)).unzip();
    sql("UPDATE crm_standing t SET leased_until = NULL, attempts = t.attempts - 1 FROM unnest($3, $4) AS given (id, attempts) \
         WHERE t.organization_id = $1 AND t.channel_id = $2 AND t.order_id = given.id AND t.status = 'waiting' AND t.attempts = given.attempts")
    .bind::<SqlUuid, _>(first.organization_id)
    .bind::<SqlUuid, _>(first.channel_id)
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Array<Integer>, _>(attempts)
    .execute(connection)?;
    Ok(())
}

/// Notes what was told. What has happened since keeps the order due.
pub fn told(connection: &mut PgConnection, task: &Task, digest: &[u8], now: DateTime<Utc>) -> QueryResult<()> {
    sql("UPDATE crm_standing SET told = $5, leased_until = NULL, attempts = 0, error = NULL, next_attempt_at = $6, updated_at = $6, \
         status = CASE generation WHEN $4 THEN 'told' ELSE 'waiting' END \
         WHERE organization_id = $1 AND channel_id = $2 AND order_id = $3 AND status = 'waiting'")
    .bind::<SqlUuid, _>(task.organization_id)
    .bind::<SqlUuid, _>(task.channel_id)
    .bind::<SqlUuid, _>(task.order_id)
    .bind::<BigInt, _>(task.generation)
    .bind::<Binary, _>(digest)
    .bind::<Timestamptz, _>(now)
    .execute(connection)?;
    Ok(())
}

/// Notes why it was not told; whether the task was still this attempt's.
pub fn failed(
    connection: &mut PgConnection,
    task: &Task,
    error: &str,
    gives_up: bool,
    again: DateTime<Utc>,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let changed = sql("UPDATE crm_standing SET leased_until = NULL, error = $5, next_attempt_at = $6, updated_at = $7, \
         status = CASE WHEN $8 AND generation = $9 THEN 'failed' ELSE 'waiting' END \
         WHERE organization_id = $1 AND channel_id = $2 AND order_id = $3 AND status = 'waiting' AND attempts = $4")
    .bind::<SqlUuid, _>(task.organization_id)
    .bind::<SqlUuid, _>(task.channel_id)
    .bind::<SqlUuid, _>(task.order_id)
    .bind::<Integer, _>(task.attempts)
    .bind::<Text, _>(error)
    .bind::<Timestamptz, _>(again)
    .bind::<Timestamptz, _>(now)
    .bind::<Bool, _>(gives_up)
    .bind::<BigInt, _>(task.generation)
    .execute(connection)?;
    Ok(changed == 1)
}

/// Where an order stands now.
pub fn standing(connection: &mut PgConnection, organization_id: OrganizationId, order_id: OrderId) -> QueryResult<Option<Standing>> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Jsonb)]
        standing: Value,
    }
    let found: Option<Found> = sql("SELECT jsonb_build_object('external_id', coalesce(o.external_id, ''), 'number', o.number, 'status', o.status, \
         'fulfillment_status', o.fulfillment_status, 'invoice_status', o.invoice_status, 'payment_status', o.payment_status, \
         'currency', o.currency, 'total', o.total::text, 'amount_paid', o.amount_paid::text, \
         'shipments', (SELECT coalesce(jsonb_agg(jsonb_build_object('carrier', s.carrier, 'tracking_number', s.tracking_number, \
         'tracking_url', s.tracking_url, 'status', s.status) ORDER BY s.id), '[]') FROM shipment s \
         WHERE s.organization_id = o.organization_id AND s.order_id = o.id), \
         'invoices', (SELECT coalesce(jsonb_agg(jsonb_build_object('number', i.number, 'total', i.total::text, 'status', i.status, \
         'due_on', i.due_on) ORDER BY i.id), '[]') FROM invoice i WHERE i.organization_id = o.organization_id AND i.order_id = o.id)) AS standing \
         FROM sales_order o WHERE o.organization_id = $1 AND o.id = $2")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<SqlUuid, _>(order_id)
    .get_result(connection)
    .optional()?;
    let Some(mut standing) = found.map(|found| found.standing) else { return Ok(None) };
    let currency = standing["currency"].as_str().and_then(Currency::from_code);
    let rounded = |amount: &Value| {
        let amount: Option<Decimal> = amount.as_str().and_then(|text| text.parse().ok());
        json!(currency.zip(amount).map(|(currency, amount)| currency.round(amount).to_string()).unwrap_or_default())
    };
    for field in ["total", "amount_paid"] {
        standing[field] = rounded(&standing[field]);
    }
    for invoice in standing["invoices"].as_array_mut().into_iter().flatten() {
        invoice["total"] = rounded(&invoice["total"]);
    }
    from_json(standing).map(Some)
}
