use super::body::{SkipReason, WebhookAttempt, WebhookDelivery};
use crate::auth::actor::Context;
use crate::events::follow::Followed;
use crate::events::position::event_id;
use crate::platform::keyset::asked_for;
use crate::platform::sql::sql;
use crate::types::id::{OrderId, OrganizationId, WebhookDeliveryId, WebhookEndpointId};
use crate::webhooks::schedule::DeliveryStatus;
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};

const COLUMNS: &str = "id, endpoint_id, event_sequence, event_type, order_id, occurred_at, status, skip_reason, attempts, next_attempt_at, \
    last_attempt_at, response_status, error, delivered_at, created_at, updated_at";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: WebhookDeliveryId,
    #[diesel(sql_type = SqlUuid)]
    endpoint_id: WebhookEndpointId,
    #[diesel(sql_type = BigInt)]
    event_sequence: i64,
    #[diesel(sql_type = Text)]
    event_type: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    order_id: Option<OrderId>,
    #[diesel(sql_type = Timestamptz)]
    occurred_at: DateTime<Utc>,
    #[diesel(sql_type = Text)]
    status: DeliveryStatus,
    #[diesel(sql_type = Nullable<Text>)]
    skip_reason: Option<SkipReason>,
    #[diesel(sql_type = Integer)]
    attempts: i32,
    #[diesel(sql_type = Timestamptz)]
    next_attempt_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    last_attempt_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Integer>)]
    response_status: Option<i32>,
    #[diesel(sql_type = Nullable<Text>)]
    error: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    delivered_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DateTime<Utc>,
}

impl From<Row> for WebhookDelivery {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            endpoint_id: row.endpoint_id,
            event_id: event_id(row.event_sequence, row.occurred_at),
            event_type: row.event_type,
            order_id: row.order_id,
            occurred_at: row.occurred_at,
            status: row.status,
            skip_reason: row.skip_reason,
            attempt_count: row.attempts,
            next_attempt_at: Some(row.next_attempt_at).filter(|_| row.status == DeliveryStatus::Pending),
            last_attempt_at: row.last_attempt_at,
            response_status: row.response_status,
            error: row.error,
            delivered_at: row.delivered_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// What a list is narrowed to; `None` is anything.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub status: Option<Vec<String>>,
    pub endpoint_id: Option<Vec<WebhookEndpointId>>,
    pub event_type: Option<Vec<String>>,
    pub order_id: Option<Vec<OrderId>>,
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
    pub updated_from: Option<DateTime<Utc>>,
}

/// One page, the newest first.
pub fn page(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &Filter,
    before: Option<WebhookDeliveryId>,
    limit: i64,
) -> QueryResult<Vec<WebhookDelivery>> {
    // By its text the planner knows the index of those that failed.
    let only_failed = filter.status.as_deref() == Some(&["failed".to_owned()]);
    let conditions = asked_for(&[
        (before.is_some(), " AND id < $2"),
        (only_failed, " AND status = 'failed'"),
        (filter.status.is_some(), " AND status = ANY($3)"),
        (filter.endpoint_id.is_some(), " AND endpoint_id = ANY($4)"),
        (filter.event_type.is_some(), " AND event_type = ANY($5)"),
        (filter.order_id.is_some(), " AND order_id = ANY($6)"),
        (filter.from.is_some(), " AND occurred_at >= $7"),
        (filter.to.is_some(), " AND occurred_at < $8"),
        (filter.updated_from.is_some(), " AND updated_at >= $10"),
    ]);
    let rows: Vec<Row> =
        sql(format!("SELECT {COLUMNS} FROM webhook_delivery WHERE organization_id = $1{conditions} ORDER BY id DESC LIMIT $9"))
            .bind::<SqlUuid, _>(organization_id)
            .bind::<Nullable<SqlUuid>, _>(before)
            .bind::<Nullable<Array<Text>>, _>(filter.status.clone())
            .bind::<Nullable<Array<SqlUuid>>, _>(filter.endpoint_id.clone())
            .bind::<Nullable<Array<Text>>, _>(filter.event_type.clone())
            .bind::<Nullable<Array<SqlUuid>>, _>(filter.order_id.clone())
            .bind::<Nullable<Timestamptz>, _>(filter.from)
            .bind::<Nullable<Timestamptz>, _>(filter.to)
            .bind::<BigInt, _>(limit)
            .bind::<Nullable<Timestamptz>, _>(filter.updated_from)
            .load(connection)?;
    Ok(rows.into_iter().map(WebhookDelivery::from).collect())
}

pub fn find(connection: &mut PgConnection, organization_id: OrganizationId, id: WebhookDeliveryId) -> QueryResult<Option<WebhookDelivery>> {
    one(connection, organization_id, id, "")
}

/// As `find`, locked against a concurrent change.
pub fn lock(connection: &mut PgConnection, organization_id: OrganizationId, id: WebhookDeliveryId) -> QueryResult<Option<WebhookDelivery>> {
    one(connection, organization_id, id, " FOR NO KEY UPDATE")
}

fn one(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    id: WebhookDeliveryId,
    lock: &'static str,
) -> QueryResult<Option<WebhookDelivery>> {
    let row: Option<Row> = sql(format!("SELECT {COLUMNS} FROM webhook_delivery WHERE organization_id = $1 AND id = $2{lock}"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(id)
        .get_result(connection)
        .optional()?;
    Ok(row.map(WebhookDelivery::from))
}

/// The last fifty attempts, oldest first.
pub fn attempts(connection: &mut PgConnection, organization_id: OrganizationId, id: WebhookDeliveryId) -> QueryResult<Vec<WebhookAttempt>> {
    #[derive(QueryableByName)]
    struct Attempt {
        #[diesel(sql_type = Integer)]
        number: i32,
        #[diesel(sql_type = Timestamptz)]
        attempted_at: DateTime<Utc>,
        #[diesel(sql_type = Integer)]
        duration_ms: i32,
        #[diesel(sql_type = Nullable<Integer>)]
        response_status: Option<i32>,
        #[diesel(sql_type = Text)]
        response_excerpt: String,
        #[diesel(sql_type = Nullable<Text>)]
        error: Option<String>,
    }
    let rows: Vec<Attempt> =
        sql("SELECT number, attempted_at, duration_ms, response_status, response_excerpt, error FROM webhook_attempt \
         WHERE organization_id = $1 AND delivery_id = $2 ORDER BY number DESC LIMIT 50")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(id)
        .load(connection)?;
    let attempt = |row: Attempt| WebhookAttempt {
        number: row.number,
        attempted_at: row.attempted_at,
        duration_ms: row.duration_ms,
        response_status: row.response_status,
        response_excerpt: row.response_excerpt,
        error: row.error,
    };
    Ok(rows.into_iter().rev().map(attempt).collect())
}

/// An event that an endpoint gets.
#[derive(Clone, Copy)]
pub struct NewDelivery<'a> {
    pub endpoint_id: WebhookEndpointId,
    pub event: &'a Followed,
}

/// A later event of an order waits as long as the earlier one: it is not due before.
const NEXT: &str = "greatest($7, (SELECT max(b.next_attempt_at) FROM webhook_delivery b WHERE b.organization_id = $1 \
    AND b.endpoint_id = e.endpoint_id AND b.order_id = e.order_id AND b.event_sequence < e.sequence AND b.status IN ('pending', 'sending')))";

/// Stores what is to be sent, in the order of the events; what is there already stays as it is.
pub fn insert(connection: &mut PgConnection, context: &Context, new: &[NewDelivery<'_>]) -> QueryResult<usize> {
    queue(connection, context, new, " ON CONFLICT ON CONSTRAINT webhook_delivery_once DO NOTHING".to_owned(), &[])
}

/// The same, and what is there in one of these statuses waits again; `missing` tells whether what is not there is stored at all.
pub fn queue_many(
    connection: &mut PgConnection,
    context: &Context,
    new: &[NewDelivery<'_>],
    again: &[&str],
    missing: bool,
) -> QueryResult<i64> {
    let update = " ON CONFLICT ON CONSTRAINT webhook_delivery_once DO UPDATE SET status = 'pending', skip_reason = NULL, tries = 0, \
        next_attempt_at = $7, updated_at = $7 WHERE d.status = ANY($8)";
    let only_known = " AND EXISTS (SELECT 1 FROM webhook_delivery k WHERE k.organization_id = $1 AND k.endpoint_id = e.endpoint_id \
        AND k.event_sequence = e.sequence)";
    let text = if missing { update.to_owned() } else { format!("{only_known}{update}") };
    Ok(queue(connection, context, new, text, again)? as i64)
}

fn queue(connection: &mut PgConnection, context: &Context, new: &[NewDelivery<'_>], rest: String, again: &[&str]) -> QueryResult<usize> {
    if new.is_empty() {
        return Ok(0);
    }
    let ids: Vec<WebhookDeliveryId> = new.iter().map(|_| WebhookDeliveryId::generate()).collect();
    // The statement ends where the condition of its SELECT does, so that `rest` may add to it.
    sql(format!(
        "INSERT INTO webhook_delivery AS d (organization_id, id, endpoint_id, event_sequence, event_type, order_id, occurred_at, status, \
         next_attempt_at, created_at, updated_at) SELECT $1, e.id, e.endpoint_id, e.sequence, e.event_type, e.order_id, e.occurred_at, 'pending', \
         {NEXT}, $7, $7 FROM unnest($2, $3, $4, $5, $6, $9) AS e(id, endpoint_id, sequence, event_type, order_id, occurred_at) \
         WHERE $8::text[] IS NOT NULL{rest}"
    ))
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Array<SqlUuid>, _>(new.iter().map(|one| one.endpoint_id).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(new.iter().map(|one| one.event.sequence).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(new.iter().map(|one| one.event.event_type.as_str()).collect::<Vec<_>>())
    .bind::<Array<Nullable<SqlUuid>>, _>(new.iter().map(|one| one.event.order_id).collect::<Vec<_>>())
    .bind::<Timestamptz, _>(context.now)
    .bind::<Array<Text>, _>(again)
    .bind::<Array<Timestamptz>, _>(new.iter().map(|one| one.event.occurred_at).collect::<Vec<_>>())
    .execute(connection)
}

/// The one delivery of an event that is about its endpoint.
pub fn insert_one(
    connection: &mut PgConnection,
    context: &Context,
    endpoint_id: WebhookEndpointId,
    sequence: i64,
    event_type: &str,
) -> QueryResult<WebhookDelivery> {
    let row: Row = sql(format!(
        "INSERT INTO webhook_delivery (organization_id, id, endpoint_id, event_sequence, event_type, occurred_at, status, next_attempt_at, \
         created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, 'pending', $6, $6, $6) RETURNING {COLUMNS}"
    ))
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<SqlUuid, _>(WebhookDeliveryId::generate())
    .bind::<SqlUuid, _>(endpoint_id)
    .bind::<BigInt, _>(sequence)
    .bind::<Text, _>(event_type)
    .bind::<Timestamptz, _>(context.now)
    .get_result(connection)?;
    Ok(row.into())
}

pub fn queue_again(connection: &mut PgConnection, context: &Context, id: WebhookDeliveryId) -> QueryResult<WebhookDelivery> {
    let row: Row = sql(format!(
        "UPDATE webhook_delivery SET status = 'pending', skip_reason = NULL, tries = 0, next_attempt_at = $3, updated_at = $3 \
         WHERE organization_id = $1 AND id = $2 RETURNING {COLUMNS}"
    ))
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<SqlUuid, _>(id)
    .bind::<Timestamptz, _>(context.now)
    .get_result(connection)?;
    Ok(row.into())
}

/// Deliveries that wait for an endpoint that is disabled will not be sent; at most `limit` a call.
pub fn skip_of_disabled(connection: &mut PgConnection, now: DateTime<Utc>, limit: i64) -> QueryResult<usize> {
    sql("WITH waiting AS (SELECT d.organization_id AS organization, d.id AS delivery FROM webhook_endpoint w CROSS JOIN LATERAL ( \
           SELECT d.organization_id, d.id FROM webhook_delivery d WHERE d.organization_id = w.organization_id AND d.endpoint_id = w.id \
           AND d.status IN ('pending', 'sending') AND (d.leased_until IS NULL OR d.leased_until <= $1) LIMIT $2 FOR UPDATE OF d SKIP LOCKED) d \
           WHERE NOT w.active LIMIT $2) \
         UPDATE webhook_delivery SET status = 'skipped', skip_reason = 'endpoint_disabled', leased_until = NULL, updated_at = $1 \
         FROM waiting WHERE organization_id = organization AND id = delivery")
    .bind::<Timestamptz, _>(now)
    .bind::<BigInt, _>(limit)
    .execute(connection)
}

/// Forgets what was over before `before`, and whatever was of deleted endpoints; at most `limit` a call.
pub fn purge(connection: &mut PgConnection, before: DateTime<Utc>, limit: i64) -> QueryResult<usize> {
    let old = sql("DELETE FROM webhook_delivery WHERE ctid = ANY (ARRAY(SELECT ctid FROM webhook_delivery \
         WHERE status IN ('delivered', 'failed', 'skipped') AND updated_at < $1 ORDER BY updated_at LIMIT $2 FOR UPDATE SKIP LOCKED))")
    .bind::<Timestamptz, _>(before)
    .bind::<BigInt, _>(limit)
    .execute(connection)?;
    let deleted = sql("DELETE FROM webhook_delivery WHERE ctid = ANY (ARRAY(SELECT d.ctid FROM webhook_endpoint w \
         JOIN webhook_delivery d ON d.organization_id = w.organization_id AND d.endpoint_id = w.id \
         WHERE w.deleted_at IS NOT NULL AND d.status <> 'sending' LIMIT $1 FOR UPDATE OF d SKIP LOCKED))")
    .bind::<BigInt, _>(limit)
    .execute(connection)?;
    sql("DELETE FROM webhook_endpoint w WHERE w.deleted_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM webhook_delivery d \
         WHERE d.organization_id = w.organization_id AND d.endpoint_id = w.id)")
    .execute(connection)?;
    Ok(old.max(deleted))
}
