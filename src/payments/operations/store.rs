use super::operation::{Operation, OperationKind, OperationStatus};
use crate::auth::actor::Context;
use crate::payments::provider::Failure;
use crate::platform::sql::{from_json, sql, to_json};
use crate::types::currency::Currency;
use crate::types::id::{OrganizationId, PaymentId, PaymentOperationId, RefundId};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Jsonb, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;
use serde_json::Value;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    payment_id: PaymentId,
    #[diesel(sql_type = SqlUuid)]
    id: PaymentOperationId,
    #[diesel(sql_type = Text)]
    kind: OperationKind,
    #[diesel(sql_type = Numeric)]
    amount: Decimal,
    #[diesel(sql_type = Bool)]
    last: bool,
    #[diesel(sql_type = Nullable<Text>)]
    payment_method: Option<String>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    refund_id: Option<RefundId>,
    #[diesel(sql_type = Text)]
    status: OperationStatus,
    #[diesel(sql_type = Nullable<Jsonb>)]
    failure: Option<Value>,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DateTime<Utc>,
}

/// The operations of payments, oldest first, each with its payment.
pub fn load(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    payments: &[PaymentId],
) -> QueryResult<Vec<(PaymentId, Operation)>> {
    let rows: Vec<Row> =
        sql("SELECT payment_id, id, kind, amount, last, payment_method, refund_id, status, failure, created_at, updated_at \
             FROM payment_operation WHERE organization_id = $1 AND payment_id = ANY($2) ORDER BY created_at, id")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<SqlUuid>, _>(payments)
        .load(connection)?;
    let operation = |row: Row| {
        let failure: Option<Failure> = row.failure.map(from_json).transpose()?;
        Ok((
            row.payment_id,
            Operation {
                id: row.id,
                kind: row.kind,
                amount: row.amount.normalize(),
                last: row.last,
                payment_method: row.payment_method,
                refund_id: row.refund_id,
                status: row.status,
                failure,
                created_at: row.created_at,
                updated_at: row.updated_at,
            },
        ))
    };
    rows.into_iter().map(operation).collect()
}

pub fn insert(connection: &mut PgConnection, context: &Context, operations: &[(PaymentId, &Operation)]) -> QueryResult<()> {
    for (payment_id, operation) in operations {
        sql("INSERT INTO payment_operation (organization_id, payment_id, id, kind, amount, last, payment_method, refund_id, status, \
             next_attempt_at, failure, actor, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $10, $10)")
        .bind::<SqlUuid, _>(context.organization_id)
        .bind::<SqlUuid, _>(*payment_id)
        .bind::<SqlUuid, _>(operation.id)
        .bind::<Text, _>(operation.kind)
        .bind::<Numeric, _>(operation.amount)
        .bind::<Bool, _>(operation.last)
        .bind::<Nullable<Text>, _>(operation.payment_method.as_deref())
        .bind::<Nullable<SqlUuid>, _>(operation.refund_id)
        .bind::<Text, _>(operation.status)
        .bind::<Timestamptz, _>(operation.created_at)
        .bind::<Nullable<Jsonb>, _>(operation.failure.as_ref().map(to_json).transpose()?)
        .bind::<Text, _>(&context.actor)
        .execute(connection)?;
    }
    Ok(())
}

/// Writes results. The caller holds the payments' locks.
pub fn update(connection: &mut PgConnection, context: &Context, operations: &[(PaymentId, &Operation)]) -> QueryResult<()> {
    for (payment_id, operation) in operations {
        sql("UPDATE payment_operation SET status = $4, failure = $5, updated_at = $6, leased_until = NULL \
             WHERE organization_id = $1 AND payment_id = $2 AND id = $3")
        .bind::<SqlUuid, _>(context.organization_id)
        .bind::<SqlUuid, _>(*payment_id)
        .bind::<SqlUuid, _>(operation.id)
        .bind::<Text, _>(operation.status)
        .bind::<Nullable<Jsonb>, _>(operation.failure.as_ref().map(to_json).transpose()?)
        .bind::<Timestamptz, _>(operation.updated_at)
        .execute(connection)?;
    }
    Ok(())
}

/// An operation whose time has come, with all that its call needs.
#[derive(Clone, Debug, QueryableByName)]
pub struct Due {
    #[diesel(sql_type = SqlUuid)]
    pub organization_id: OrganizationId,
    #[diesel(sql_type = SqlUuid)]
    pub payment_id: PaymentId,
    #[diesel(sql_type = SqlUuid)]
    pub id: PaymentOperationId,
    #[diesel(sql_type = Text)]
    pub kind: OperationKind,
    #[diesel(sql_type = Numeric)]
    pub amount: Decimal,
    #[diesel(sql_type = Bool)]
    pub last: bool,
    #[diesel(sql_type = Nullable<Text>)]
    pub payment_method: Option<String>,
    #[diesel(sql_type = Integer)]
    pub attempts: i32,
    #[diesel(sql_type = Text)]
    pub actor: String,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
    #[diesel(sql_type = Text)]
    pub number: String,
    #[diesel(sql_type = Text)]
    pub currency: Currency,
    #[diesel(sql_type = Nullable<Text>)]
    pub provider_reference: Option<String>,
    #[diesel(sql_type = Text)]
    pub provider: String,
    #[diesel(sql_type = Text)]
    pub api_key: String,
}

/// Takes operations that wait for nobody else until the lease is over; who dies with one loses it then.
pub fn lease(connection: &mut PgConnection, now: DateTime<Utc>, lease: TimeDelta, limit: i64) -> QueryResult<Vec<Due>> {
    sql("WITH due AS (SELECT organization_id, payment_id, id FROM payment_operation \
         WHERE status = 'pending' AND next_attempt_at <= $1 AND (leased_until IS NULL OR leased_until <= $1) \
         ORDER BY next_attempt_at, id LIMIT $3 FOR UPDATE SKIP LOCKED) \
         UPDATE payment_operation o SET leased_until = $2, attempts = o.attempts + 1 FROM due, payment p, payment_provider v \
         WHERE o.organization_id = due.organization_id AND o.payment_id = due.payment_id AND o.id = due.id \
         AND p.organization_id = o.organization_id AND p.id = o.payment_id AND v.organization_id = p.organization_id AND v.code = p.provider \
         RETURNING o.organization_id, o.payment_id, o.id, o.kind, o.amount, o.last, o.payment_method, o.attempts, o.actor, o.created_at, \
         p.number, p.currency, p.provider_reference, p.provider, v.api_key")
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(now + lease)
    .bind::<BigInt, _>(limit)
    .load(connection)
}

/// Leaves an operation for later.
pub fn put_off(connection: &mut PgConnection, due: &Due, until: DateTime<Utc>, failure: &Failure) -> QueryResult<()> {
    sql("UPDATE payment_operation SET leased_until = NULL, next_attempt_at = $4, failure = $5 \
         WHERE organization_id = $1 AND payment_id = $2 AND id = $3 AND status = 'pending'")
    .bind::<SqlUuid, _>(due.organization_id)
    .bind::<SqlUuid, _>(due.payment_id)
    .bind::<SqlUuid, _>(due.id)
    .bind::<Timestamptz, _>(until)
    .bind::<Jsonb, _>(to_json(failure)?)
    .execute(connection)?;
    Ok(())
}

/// The same of an operation that was not asked for, since the provider did not know who asks: it does not count as tried, so that its
/// key does not grow old by that.
pub fn put_off_unasked(connection: &mut PgConnection, due: &Due, until: DateTime<Utc>, failure: &Failure) -> QueryResult<()> {
    put_off(connection, due, until, failure)?;
    sql("UPDATE payment_operation SET attempts = greatest(attempts - 1, 0) WHERE organization_id = $1 AND payment_id = $2 AND id = $3")
        .bind::<SqlUuid, _>(due.organization_id)
        .bind::<SqlUuid, _>(due.payment_id)
        .bind::<SqlUuid, _>(due.id)
        .execute(connection)?;
    Ok(())
}

/// What waits for a provider is tried at once: somebody has changed how it is asked.
pub fn hurry(connection: &mut PgConnection, organization_id: OrganizationId, provider: &str, now: DateTime<Utc>) -> QueryResult<()> {
    sql("UPDATE payment_operation o SET next_attempt_at = $3 FROM payment p WHERE o.organization_id = $1 AND o.status = 'pending' \
         AND o.next_attempt_at > $3 AND p.organization_id = o.organization_id AND p.id = o.payment_id AND p.provider = $2")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Text, _>(provider)
    .bind::<Timestamptz, _>(now)
    .execute(connection)?;
    sql("UPDATE payment_provider_event SET next_attempt_at = $3 \
         WHERE organization_id = $1 AND provider = $2 AND status = 'received' AND next_attempt_at > $3")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Text, _>(provider)
    .bind::<Timestamptz, _>(now)
    .execute(connection)?;
    Ok(())
}
