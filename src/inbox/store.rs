use super::message::{InboundMessageStatus, Message, NewMessage, Proof, Reason};
use crate::auth::actor::Context;
use crate::channels::turns::{self, Turn};
use crate::channels::{self, ChannelKind};
use crate::platform::keyset::{Slice, asked_for};
use crate::platform::sql::{from_json, sql, sql_uncached, to_json};
use crate::types::id::{ChannelId, InboundMessageId, OrderId, OrganizationId};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Bool, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use serde_json::Value;
use std::collections::HashMap;

/// Stores a message; `None` where it is there already, whatever has become of it.
pub fn insert(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    channel_id: ChannelId,
    message: &NewMessage,
    key: &[u8],
    now: DateTime<Utc>,
) -> QueryResult<Option<InboundMessageId>> {
    #[derive(QueryableByName)]
    struct Inserted {
        #[diesel(sql_type = SqlUuid)]
        id: InboundMessageId,
    }
    let row: Option<Inserted> =
        sql("INSERT INTO inbound_message (organization_id, id, channel_id, topic, external_id, delivery_key, headers, \
         content_type, body, proof, remote_address, status, next_attempt_at, received_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'received', $12, $12, $12) \
         ON CONFLICT ON CONSTRAINT inbound_message_once DO NOTHING RETURNING id")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(InboundMessageId::generate())
        .bind::<SqlUuid, _>(channel_id)
        .bind::<Text, _>(&message.topic)
        .bind::<Nullable<Text>, _>(message.external_id.as_deref())
        .bind::<Binary, _>(key)
        .bind::<Jsonb, _>(to_json(&message.headers)?)
        .bind::<Text, _>(&message.content_type)
        .bind::<Binary, _>(&message.body)
        .bind::<Text, _>(message.proof)
        .bind::<Nullable<Text>, _>(message.remote_address.as_deref())
        .bind::<Timestamptz, _>(now)
        .get_result(connection)
        .optional()?;
    Ok(row.map(|row| row.id))
}

/// Whether something else has been told of the same thing since that message, which is over.
pub fn is_overtaken(connection: &mut PgConnection, organization_id: OrganizationId, id: InboundMessageId) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct Overtaken {
        #[diesel(sql_type = Bool)]
        overtaken: bool,
    }
    let row: Overtaken =
        sql("SELECT EXISTS (SELECT 1 FROM inbound_message k JOIN inbound_message m ON m.organization_id = k.organization_id \
         AND m.channel_id = k.channel_id AND m.external_id = k.external_id AND m.id > k.id AND m.topic <> k.topic \
         WHERE k.organization_id = $1 AND k.id = $2 AND k.status <> 'received') AS overtaken")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(id)
        .get_result(connection)?;
    Ok(row.overtaken)
}

/// The message of this content that is there already.
pub fn of_content(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    channel_id: ChannelId,
    key: &[u8],
) -> QueryResult<Option<InboundMessageId>> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = SqlUuid)]
        id: InboundMessageId,
    }
    let row: Option<Found> = sql("SELECT id FROM inbound_message WHERE organization_id = $1 AND channel_id = $2 AND delivery_key = $3")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(channel_id)
        .bind::<Binary, _>(key)
        .get_result(connection)
        .optional()?;
    Ok(row.map(|row| row.id))
}

#[derive(QueryableByName)]
struct DueRow {
    #[diesel(sql_type = SqlUuid)]
    organization_id: OrganizationId,
    #[diesel(sql_type = SqlUuid)]
    id: InboundMessageId,
    #[diesel(sql_type = Text)]
    topic: String,
    #[diesel(sql_type = Nullable<Text>)]
    external_id: Option<String>,
    #[diesel(sql_type = Jsonb)]
    headers: Value,
    #[diesel(sql_type = Text)]
    content_type: String,
    #[diesel(sql_type = Binary)]
    body: Vec<u8>,
    #[diesel(sql_type = Bool)]
    edited: bool,
    #[diesel(sql_type = Text)]
    proof: Proof,
    #[diesel(sql_type = Integer)]
    attempts: i32,
    #[diesel(sql_type = Timestamptz)]
    received_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    next_attempt_at: DateTime<Utc>,
}

/// Takes messages of a channel that are due, in the order in which they came, for so long; another worker leaves them alone until then.
pub fn lease(connection: &mut PgConnection, turn: &Turn, now: DateTime<Utc>, lease: TimeDelta, limit: i64) -> QueryResult<Vec<Message>> {
    let mut rows: Vec<DueRow> = sql("WITH due AS (SELECT organization_id, id FROM inbound_message \
         WHERE organization_id = $4 AND channel_id = $5 AND status = 'received' AND next_attempt_at <= $1 AND (leased_until IS NULL OR leased_until <= $1) ORDER BY next_attempt_at, id LIMIT $3 \
         FOR UPDATE SKIP LOCKED) \
         UPDATE inbound_message m SET leased_until = $2, attempts = m.attempts + 1 FROM due \
         WHERE m.organization_id = due.organization_id AND m.id = due.id \
         RETURNING m.organization_id, m.id, m.topic, m.external_id, m.headers, m.content_type, \
         coalesce(m.edited_body, m.body) AS body, m.edited_body IS NOT NULL AS edited, m.proof, m.attempts, m.received_at, m.next_attempt_at")
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(now + lease)
    .bind::<BigInt, _>(limit)
    .bind::<SqlUuid, _>(turn.organization_id)
    .bind::<SqlUuid, _>(turn.channel_id)
    .load(connection)?;
    in_order(&mut rows);
    if rows.is_empty() {
        return Ok(vec![]);
    }
    let channel = channels::of_id(connection, turn.organization_id, turn.channel_id)?.ok_or(diesel::NotFound)?;
    let mut messages = vec![];
    for row in rows {
        messages.push(Message {
            organization_id: row.organization_id,
            id: row.id,
            channel: channel.clone(),
            topic: row.topic,
            external_id: row.external_id,
            headers: from_json(row.headers)?,
            content_type: row.content_type,
            body: row.body,
            edited: row.edited,
            proof: row.proof,
            attempts: row.attempts,
            received_at: row.received_at,
        });
    }
    Ok(messages)
}

/// What waits least long comes first, and what is about the same thing in the order in which it came.
fn in_order(rows: &mut [DueRow]) {
    let mut first: HashMap<String, DateTime<Utc>> = HashMap::new();
    for row in rows.iter() {
        if let Some(external_id) = &row.external_id {
            let at = first.entry(external_id.clone()).or_insert(row.next_attempt_at);
            *at = row.next_attempt_at.min(*at);
        }
    }
    let due = |row: &DueRow| row.external_id.as_ref().and_then(|id| first.get(id)).copied().unwrap_or(row.next_attempt_at);
    rows.sort_by_key(|row| (due(row), row.received_at, row.id));
}

/// Keeps a message and its channel's turn at `work` until then; false where the message is no longer this attempt's.
pub fn hold(connection: &mut PgConnection, message: &Message, work: &str, until: DateTime<Utc>) -> QueryResult<bool> {
    let held = sql("WITH held AS (UPDATE inbound_message SET leased_until = $4 \
         WHERE organization_id = $1 AND id = $2 AND status = 'received' AND attempts = $3 RETURNING organization_id, channel_id) \
         UPDATE channel_turn t SET leased_until = $4 FROM held \
         WHERE t.organization_id = held.organization_id AND t.channel_id = held.channel_id AND t.work = $5")
    .bind::<SqlUuid, _>(message.organization_id)
    .bind::<SqlUuid, _>(message.id)
    .bind::<Integer, _>(message.attempts)
    .bind::<Timestamptz, _>(until)
    .bind::<Text, _>(work)
    .execute(connection)?;
    Ok(held == 1)
}

/// Gives leased messages back that were not looked at; those that are another's by now stay so.
pub fn give_back(connection: &mut PgConnection, messages: &[Message]) -> QueryResult<()> {
    let (ids, attempts): (Vec<_>, Vec<_>) = messages.iter().map(|message| (message.id, message.attempts)).unzip();
    let Some(first) = messages.first() else { return Ok(()) };
    sql("UPDATE inbound_message m SET leased_until = NULL, attempts = m.attempts - 1 FROM unnest($2, $3) AS given (id, attempts) \
         WHERE m.organization_id = $1 AND m.id = given.id AND m.status = 'received' AND m.attempts = given.attempts")
    .bind::<SqlUuid, _>(first.organization_id)
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Array<Integer>, _>(attempts)
    .execute(connection)?;
    Ok(())
}

/// What an attempt came to, as it is written down.
pub struct Settled<'a> {
    pub status: InboundMessageStatus,
    pub order_ids: &'a [OrderId],
    pub reason: Option<&'a Reason>,
    /// Of one that waits.
    pub next_attempt_at: Option<DateTime<Utc>>,
}

/// Writes the outcome of an attempt; false where the message is no longer this attempt's.
pub fn settle(connection: &mut PgConnection, message: &Message, settled: &Settled, now: DateTime<Utc>) -> QueryResult<bool> {
    let changed = sql("UPDATE inbound_message SET status = $4, reason = $5, next_attempt_at = $6, leased_until = NULL, \
         order_ids = ARRAY(SELECT DISTINCT unnest(order_ids || $7)), \
         processed_at = CASE WHEN $4 = 'received' THEN NULL ELSE $8 END, \
         version = version + CASE WHEN status = $4 AND reason IS NOT DISTINCT FROM $5 THEN 0 ELSE 1 END, updated_at = $8 \
         WHERE organization_id = $1 AND id = $2 AND status = 'received' AND attempts = $3")
    .bind::<SqlUuid, _>(message.organization_id)
    .bind::<SqlUuid, _>(message.id)
    .bind::<Integer, _>(message.attempts)
    .bind::<Text, _>(settled.status)
    .bind::<Nullable<Jsonb>, _>(settled.reason.map(to_json).transpose()?)
    .bind::<Nullable<Timestamptz>, _>(settled.next_attempt_at)
    .bind::<Array<SqlUuid>, _>(settled.order_ids)
    .bind::<Timestamptz, _>(now)
    .execute(connection)?;
    Ok(changed == 1)
}

/// A message as it is shown, without its content.
#[derive(Clone, Debug, QueryableByName)]
pub struct Listed {
    #[diesel(sql_type = SqlUuid)]
    pub id: InboundMessageId,
    #[diesel(sql_type = SqlUuid)]
    pub channel_id: ChannelId,
    #[diesel(sql_type = Text)]
    pub channel: String,
    #[diesel(sql_type = Text)]
    pub kind: ChannelKind,
    #[diesel(sql_type = Text)]
    pub topic: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub external_id: Option<String>,
    #[diesel(sql_type = Text)]
    pub content_type: String,
    #[diesel(sql_type = BigInt)]
    pub bytes: i64,
    #[diesel(sql_type = Bool)]
    pub edited: bool,
    #[diesel(sql_type = Text)]
    pub proof: Proof,
    #[diesel(sql_type = Nullable<Text>)]
    pub remote_address: Option<String>,
    #[diesel(sql_type = Text)]
    pub status: InboundMessageStatus,
    #[diesel(sql_type = Integer)]
    pub attempts: i32,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub next_attempt_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    pub reason: Option<Value>,
    #[diesel(sql_type = Array<SqlUuid>)]
    pub order_ids: Vec<OrderId>,
    #[diesel(sql_type = Timestamptz)]
    pub received_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub processed_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub emptied_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = BigInt)]
    pub version: i64,
    #[diesel(sql_type = Timestamptz)]
    pub updated_at: DateTime<Utc>,
}

const LISTED: &str = "m.id, m.channel_id, c.code AS channel, c.kind, m.topic, m.external_id, m.content_type, \
     octet_length(coalesce(m.edited_body, m.body))::bigint AS bytes, m.edited_body IS NOT NULL AS edited, m.proof, m.remote_address, m.status, \
     m.attempts, m.next_attempt_at, m.reason, m.order_ids, m.received_at, m.processed_at, m.emptied_at, m.version, m.updated_at \
     FROM inbound_message m JOIN channel c ON c.organization_id = m.organization_id AND c.id = m.channel_id";

pub fn find(connection: &mut PgConnection, organization_id: OrganizationId, id: InboundMessageId) -> QueryResult<Option<Listed>> {
    sql(format!("SELECT {LISTED} WHERE m.organization_id = $1 AND m.id = $2"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(id)
        .get_result(connection)
        .optional()
}

/// As `find`, locked against whoever works on it.
pub fn lock(connection: &mut PgConnection, organization_id: OrganizationId, id: InboundMessageId) -> QueryResult<Option<Listed>> {
    sql(format!("SELECT {LISTED} WHERE m.organization_id = $1 AND m.id = $2 FOR NO KEY UPDATE OF m"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(id)
        .get_result(connection)
        .optional()
}

/// What came, and what a person has made of it.
#[derive(Clone, Debug, QueryableByName)]
pub struct Content {
    #[diesel(sql_type = Jsonb)]
    pub headers: Value,
    #[diesel(sql_type = Text)]
    pub content_type: String,
    #[diesel(sql_type = Binary)]
    pub body: Vec<u8>,
    #[diesel(sql_type = Nullable<Binary>)]
    pub edited_body: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub emptied_at: Option<DateTime<Utc>>,
}

pub fn content(connection: &mut PgConnection, organization_id: OrganizationId, id: InboundMessageId) -> QueryResult<Option<Content>> {
    sql("SELECT headers, content_type, body, edited_body, emptied_at FROM inbound_message WHERE organization_id = $1 AND id = $2")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(id)
        .get_result(connection)
        .optional()
}

/// Which messages to list; empty lists narrow nothing.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub status: Vec<String>,
    pub channel: Vec<String>,
    pub topic: Vec<String>,
    pub external_id: Vec<String>,
    pub order_id: Vec<OrderId>,
    pub updated_from: Option<DateTime<Utc>>,
}

pub fn page(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &Filter,
    slice: &Slice<InboundMessageId>,
) -> QueryResult<Vec<Listed>> {
    let after = slice.sort.after("m", "$8", "$9");
    let after = format!(" AND {after}");
    let conditions = asked_for(&[
        (!filter.status.is_empty(), " AND m.status = ANY($2)"),
        (!filter.channel.is_empty(), " AND c.code = ANY($3)"),
        (!filter.topic.is_empty(), " AND m.topic = ANY($4)"),
        (!filter.external_id.is_empty(), " AND m.external_id = ANY($5)"),
        (!filter.order_id.is_empty(), " AND m.order_ids && $6"),
        (filter.updated_from.is_some(), " AND m.updated_at >= $7"),
        (slice.after.is_some(), &after),
    ]);
    let order_by = slice.sort.order_by("m");
    sql_uncached(format!("SELECT {LISTED} WHERE m.organization_id = $1{conditions} ORDER BY {order_by} LIMIT $10"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<Text>, _>(&filter.status)
        .bind::<Array<Text>, _>(&filter.channel)
        .bind::<Array<Text>, _>(&filter.topic)
        .bind::<Array<Text>, _>(&filter.external_id)
        .bind::<Array<SqlUuid>, _>(&filter.order_id)
        .bind::<Nullable<Timestamptz>, _>(filter.updated_from)
        .bind::<Text, _>(slice.after.as_ref().map(|after| after.key.as_str()).unwrap_or_default())
        .bind::<Nullable<SqlUuid>, _>(slice.after.as_ref().map(|after| after.id))
        .bind::<BigInt, _>(slice.limit as i64 + 1)
        .load(connection)
}

/// Makes a message due now, with another body where one is given, and its channel with it. The caller holds its lock.
pub fn retry(
    connection: &mut PgConnection,
    context: &Context,
    (id, channel_id): (InboundMessageId, ChannelId),
    body: Option<&[u8]>,
) -> QueryResult<()> {
    // Attempts go on, so that one that is under way cannot settle this one.
    sql("UPDATE inbound_message SET status = 'received', reason = NULL, next_attempt_at = $3, leased_until = NULL, processed_at = NULL, \
         attempts = attempts + 1, edited_body = coalesce($4, edited_body), emptied_at = NULL, version = version + 1, updated_at = $3 \
         WHERE organization_id = $1 AND id = $2")
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<SqlUuid, _>(id)
    .bind::<Timestamptz, _>(context.now)
    .bind::<Nullable<Binary>, _>(body)
    .execute(connection)?;
    turns::wait_no_more(connection, context.organization_id, channel_id)
}

/// Puts a message aside for ever. The caller holds its lock.
pub fn discard(connection: &mut PgConnection, context: &Context, id: InboundMessageId, reason: &Reason) -> QueryResult<()> {
    sql("UPDATE inbound_message SET status = 'discarded', reason = $4, next_attempt_at = NULL, leased_until = NULL, processed_at = $3, \
         version = version + 1, updated_at = $3 WHERE organization_id = $1 AND id = $2")
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<SqlUuid, _>(id)
    .bind::<Timestamptz, _>(context.now)
    .bind::<Jsonb, _>(to_json(reason)?)
    .execute(connection)?;
    Ok(())
}

/// Empties headers and bodies of messages that have ended longer ago than their organization keeps them, the oldest of each first, at
/// most so many; how many. What a person still has to decide of an order that was read of it stays.
pub fn empty(connection: &mut PgConnection, now: DateTime<Utc>, usual_days: i32, limit: i64) -> QueryResult<usize> {
    sql("WITH due AS (SELECT m.organization_id, m.id FROM organization o CROSS JOIN LATERAL ( \
           SELECT i.organization_id, i.id FROM inbound_message i WHERE i.organization_id = o.id AND i.emptied_at IS NULL \
           AND i.processed_at < $1 - make_interval(days => coalesce((o.profile ->> 'inbound_retention_days')::int, $2)) \
           AND NOT EXISTS (SELECT FROM order_verification v WHERE v.organization_id = i.organization_id AND v.inbound_message_id = i.id \
             AND v.status = 'open') ORDER BY i.processed_at LIMIT $3) m LIMIT $3) \
         UPDATE inbound_message m SET body = '', headers = '[]', edited_body = NULL, emptied_at = $1 FROM due \
         WHERE m.organization_id = due.organization_id AND m.id = due.id AND m.status <> 'received'")
    .bind::<Timestamptz, _>(now)
    .bind::<Integer, _>(usual_days)
    .bind::<BigInt, _>(limit)
    .execute(connection)
}
