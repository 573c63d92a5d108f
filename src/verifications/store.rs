//! The only SQL of verifications.

use super::body::{OrderVerification, VerificationStatus};
use super::proposal::ProposedOrder;
use super::reading::Reading;
use crate::auth::actor::Context;
use crate::inbox::Reason;
use crate::platform::keyset::{Slice, asked_for};
use crate::platform::sql::{from_json, sql, sql_uncached, to_json};
use crate::types::id::{ChannelId, CustomerId, InboundMessageId, OrderId, OrderVerificationId, OrganizationId};
use crate::types::text_enum::text_enum;
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use serde_json::Value;

text_enum! {
    /// What is to be made of a reading by itself.
    pub enum Intent {
        Order = "order",
        Draft = "draft",
        Nothing = "nothing",
    }
}

/// A reading to store.
pub struct NewVerification {
    pub id: OrderVerificationId,
    pub channel_id: ChannelId,
    pub inbound_message_id: InboundMessageId,
    pub external_id: String,
    pub status: VerificationStatus,
    pub reasons: Vec<Reason>,
    pub sender: Option<String>,
    pub sender_name: Option<String>,
    pub subject: String,
    pub message_id: Option<String>,
    pub references: Vec<String>,
    pub answerable: bool,
    pub customer_id: Option<CustomerId>,
    pub reading: Reading,
    pub proposal: ProposedOrder,
    pub intended_order_id: OrderId,
    pub intent: Intent,
}

/// What the jobs know of a verification besides what is shown.
#[derive(Clone, Debug)]
pub struct Stored {
    pub shown: OrderVerification,
    pub channel_id: ChannelId,
    pub intended_order_id: OrderId,
    pub intent: Intent,
    pub message_id: Option<String>,
    pub references: Vec<String>,
    pub answerable: bool,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: OrderVerificationId,
    #[diesel(sql_type = SqlUuid)]
    channel_id: ChannelId,
    #[diesel(sql_type = Text)]
    channel: String,
    #[diesel(sql_type = SqlUuid)]
    inbound_message_id: InboundMessageId,
    #[diesel(sql_type = Text)]
    external_id: String,
    #[diesel(sql_type = Text)]
    status: VerificationStatus,
    #[diesel(sql_type = Jsonb)]
    reasons: Value,
    #[diesel(sql_type = Nullable<Text>)]
    sender: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    sender_name: Option<String>,
    #[diesel(sql_type = Text)]
    subject: String,
    #[diesel(sql_type = Nullable<Text>)]
    message_id: Option<String>,
    #[diesel(sql_type = Array<Text>)]
    message_references: Vec<String>,
    #[diesel(sql_type = Bool)]
    answerable: bool,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    customer_id: Option<CustomerId>,
    #[diesel(sql_type = Jsonb)]
    reading: Value,
    #[diesel(sql_type = Jsonb)]
    proposal: Value,
    #[diesel(sql_type = SqlUuid)]
    intended_order_id: OrderId,
    #[diesel(sql_type = Text)]
    intent: Intent,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    order_id: Option<OrderId>,
    #[diesel(sql_type = Nullable<Text>)]
    detail: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    decided_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Text>)]
    decided_by: Option<String>,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DateTime<Utc>,
}

impl Row {
    fn stored(self) -> QueryResult<Stored> {
        Ok(Stored {
            channel_id: self.channel_id,
            intended_order_id: self.intended_order_id,
            intent: self.intent,
            message_id: self.message_id,
            references: self.message_references,
            answerable: self.answerable,
            shown: OrderVerification {
                id: self.id,
                channel: self.channel,
                status: self.status,
                inbound_message_id: self.inbound_message_id,
                external_id: self.external_id,
                reasons: from_json(self.reasons)?,
                sender: self.sender,
                sender_name: self.sender_name,
                subject: self.subject,
                customer_id: self.customer_id,
                reading: from_json(self.reading)?,
                proposal: from_json(self.proposal)?,
                order_id: self.order_id,
                detail: self.detail,
                decided_at: self.decided_at,
                decided_by: self.decided_by,
                version: self.version,
                created_at: self.created_at,
                updated_at: self.updated_at,
            },
        })
    }
}

const SELECT: &str = "SELECT v.id, v.channel_id, c.code AS channel, v.inbound_message_id, v.external_id, v.status, v.reasons, v.sender, \
     v.sender_name, v.subject, v.message_id, v.message_references, v.answerable, v.customer_id, v.reading, v.proposal, v.intended_order_id, \
     v.intent, v.order_id, v.detail, v.decided_at, v.decided_by, v.version, v.created_at, v.updated_at \
     FROM order_verification v JOIN channel c ON c.organization_id = v.organization_id AND c.id = v.channel_id";

/// Stores a reading unless this external id has one.
pub fn insert(connection: &mut PgConnection, context: &Context, new: &NewVerification) -> QueryResult<bool> {
    let inserted = sql("INSERT INTO order_verification (organization_id, id, channel_id, inbound_message_id, external_id, status, reasons, sender, \
         sender_name, subject, message_id, message_references, answerable, customer_id, reading, proposal, intended_order_id, intent, created_at, \
         updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $19) \
         ON CONFLICT ON CONSTRAINT order_verification_once DO NOTHING")
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<SqlUuid, _>(new.id)
    .bind::<SqlUuid, _>(new.channel_id)
    .bind::<SqlUuid, _>(new.inbound_message_id)
    .bind::<Text, _>(&new.external_id)
    .bind::<Text, _>(new.status)
    .bind::<Jsonb, _>(to_json(&new.reasons)?)
    .bind::<Nullable<Text>, _>(new.sender.as_deref())
    .bind::<Nullable<Text>, _>(new.sender_name.as_deref())
    .bind::<Text, _>(&new.subject)
    .bind::<Nullable<Text>, _>(new.message_id.as_deref())
    .bind::<Array<Text>, _>(&new.references)
    .bind::<Bool, _>(new.answerable)
    .bind::<Nullable<SqlUuid>, _>(new.customer_id)
    .bind::<Jsonb, _>(to_json(&new.reading)?)
    .bind::<Jsonb, _>(to_json(&new.proposal)?)
    .bind::<SqlUuid, _>(new.intended_order_id)
    .bind::<Text, _>(new.intent)
    .bind::<Timestamptz, _>(context.now)
    .execute(connection)?;
    Ok(inserted == 1)
}

pub fn find(connection: &mut PgConnection, organization_id: OrganizationId, id: OrderVerificationId) -> QueryResult<Option<Stored>> {
    one(connection, organization_id, id, "")
}

/// As `find`, locked against another decision.
pub fn lock(connection: &mut PgConnection, organization_id: OrganizationId, id: OrderVerificationId) -> QueryResult<Option<Stored>> {
    one(connection, organization_id, id, " FOR NO KEY UPDATE OF v")
}

fn one(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    id: OrderVerificationId,
    lock: &'static str,
) -> QueryResult<Option<Stored>> {
    let row: Option<Row> = sql(format!("{SELECT} WHERE v.organization_id = $1 AND v.id = $2{lock}"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(id)
        .get_result(connection)
        .optional()?;
    row.map(Row::stored).transpose()
}

/// The reading of the order that was sent under this id.
pub fn of_external_id(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    channel_id: ChannelId,
    external_id: &str,
) -> QueryResult<Option<Stored>> {
    let row: Option<Row> = sql(format!("{SELECT} WHERE v.organization_id = $1 AND v.channel_id = $2 AND v.external_id = $3"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(channel_id)
        .bind::<Text, _>(external_id)
        .get_result(connection)
        .optional()?;
    row.map(Row::stored).transpose()
}

/// What becomes of a verification.
pub struct Decision<'a> {
    pub status: VerificationStatus,
    pub reasons: &'a [Reason],
    pub order_id: Option<OrderId>,
    pub detail: Option<&'a str>,
    /// A person's decision, not a job's.
    pub by_person: bool,
}

/// Writes it. The caller holds the lock.
pub fn decide(connection: &mut PgConnection, context: &Context, id: OrderVerificationId, decision: &Decision<'_>) -> QueryResult<()> {
    sql("UPDATE order_verification SET status = $3, reasons = $4, order_id = $5, detail = $6, intent = 'nothing', \
         decided_at = CASE WHEN $7 THEN $8 END, decided_by = CASE WHEN $7 THEN $9 END, version = version + 1, updated_at = $8 \
         WHERE organization_id = $1 AND id = $2")
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<SqlUuid, _>(id)
    .bind::<Text, _>(decision.status)
    .bind::<Jsonb, _>(to_json(&decision.reasons)?)
    .bind::<Nullable<SqlUuid>, _>(decision.order_id)
    .bind::<Nullable<Text>, _>(decision.detail)
    .bind::<Bool, _>(decision.by_person)
    .bind::<Timestamptz, _>(context.now)
    .bind::<Text, _>(&context.actor)
    .execute(connection)?;
    Ok(())
}

/// Which verifications to list; empty lists narrow nothing.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub status: Vec<String>,
    pub channel: Vec<String>,
    pub customer_id: Vec<CustomerId>,
    pub order_id: Vec<OrderId>,
    pub inbound_message_id: Vec<InboundMessageId>,
    pub updated_from: Option<DateTime<Utc>>,
}

pub fn page(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &Filter,
    slice: &Slice<OrderVerificationId>,
) -> QueryResult<Vec<OrderVerification>> {
    let after = format!(" AND {}", slice.sort.after("v", "$8", "$9"));
    let conditions = asked_for(&[
        (!filter.status.is_empty(), " AND v.status = ANY($2)"),
        (!filter.channel.is_empty(), " AND c.code = ANY($3)"),
        (!filter.customer_id.is_empty(), " AND v.customer_id = ANY($4)"),
        (!filter.order_id.is_empty(), " AND v.order_id = ANY($5)"),
        (!filter.inbound_message_id.is_empty(), " AND v.inbound_message_id = ANY($6)"),
        (filter.updated_from.is_some(), " AND v.updated_at >= $7"),
        (slice.after.is_some(), &after),
    ]);
    let order_by = slice.sort.order_by("v");
    let rows: Vec<Row> = sql_uncached(format!("{SELECT} WHERE v.organization_id = $1{conditions} ORDER BY {order_by} LIMIT $10"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<Text>, _>(&filter.status)
        .bind::<Array<Text>, _>(&filter.channel)
        .bind::<Array<SqlUuid>, _>(&filter.customer_id)
        .bind::<Array<SqlUuid>, _>(&filter.order_id)
        .bind::<Array<SqlUuid>, _>(&filter.inbound_message_id)
        .bind::<Nullable<Timestamptz>, _>(filter.updated_from)
        .bind::<Text, _>(slice.after.as_ref().map(|after| after.key.as_str()).unwrap_or_default())
        .bind::<Nullable<SqlUuid>, _>(slice.after.as_ref().map(|after| after.id))
        .bind::<BigInt, _>(slice.limit as i64 + 1)
        .load(connection)?;
    rows.into_iter().map(|row| Ok(row.stored()?.shown)).collect()
}
