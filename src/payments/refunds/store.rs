use super::body::{RefundBody, RefundKind, RefundStatus};
use crate::auth::actor::Context;
use crate::platform::keyset::{Slice, asked_for};
use crate::platform::sql::{sql, sql_uncached};
use crate::types::currency::Currency;
use crate::types::decimal::Amount;
use crate::types::id::{CustomerId, OrderId, OrganizationId, PaymentId, RefundId};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;

const COLUMNS: &str = "r.id, r.kind, r.number, r.payment_id, r.order_id, r.amount, r.currency, r.reason, r.status, r.booked_on, r.provider_reference, r.created_at, \
     r.updated_at";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: RefundId,
    #[diesel(sql_type = Text)]
    kind: RefundKind,
    #[diesel(sql_type = Text)]
    number: String,
    #[diesel(sql_type = SqlUuid)]
    payment_id: PaymentId,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    order_id: Option<OrderId>,
    #[diesel(sql_type = Numeric)]
    amount: Decimal,
    #[diesel(sql_type = Text)]
    currency: Currency,
    #[diesel(sql_type = Text)]
    reason: String,
    #[diesel(sql_type = Text)]
    status: RefundStatus,
    #[diesel(sql_type = Nullable<Date>)]
    booked_on: Option<NaiveDate>,
    #[diesel(sql_type = Nullable<Text>)]
    provider_reference: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DateTime<Utc>,
}

impl From<Row> for RefundBody {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            number: row.number,
            payment_id: row.payment_id,
            order_id: row.order_id,
            amount: Amount(row.currency.round(row.amount)),
            currency: row.currency,
            reason: row.reason,
            status: row.status,
            booked_on: row.booked_on,
            provider_reference: row.provider_reference,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

pub fn find(connection: &mut PgConnection, organization_id: OrganizationId, id: RefundId) -> QueryResult<Option<RefundBody>> {
    let row: Option<Row> = sql(format!("SELECT {COLUMNS} FROM refund r WHERE r.organization_id = $1 AND r.id = $2"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(id)
        .get_result(connection)
        .optional()?;
    Ok(row.map(RefundBody::from))
}

/// All refunds of these payments, oldest first.
pub fn of_payments(connection: &mut PgConnection, organization_id: OrganizationId, ids: &[PaymentId]) -> QueryResult<Vec<RefundBody>> {
    let rows: Vec<Row> =
        sql(format!("SELECT {COLUMNS} FROM refund r WHERE r.organization_id = $1 AND r.payment_id = ANY($2) ORDER BY r.created_at, r.id"))
            .bind::<SqlUuid, _>(organization_id)
            .bind::<Array<SqlUuid>, _>(ids)
            .load(connection)?;
    Ok(rows.into_iter().map(RefundBody::from).collect())
}

/// What a list of refunds is narrowed to; empty lists narrow nothing.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub payment_id: Vec<PaymentId>,
    pub order_id: Vec<OrderId>,
    pub customer_id: Vec<CustomerId>,
    pub status: Vec<String>,
    pub number: Vec<String>,
    pub updated_from: Option<DateTime<Utc>>,
}

/// One row more than the page has, to tell whether another follows.
pub fn page(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &Filter,
    slice: &Slice<RefundId>,
) -> QueryResult<Vec<RefundBody>> {
    let after = slice.after.as_ref().map(|_| format!(" AND {}", slice.sort.after("r", "$7", "$8"))).unwrap_or_default();
    let conditions = asked_for(&[
        (!filter.payment_id.is_empty(), " AND r.payment_id = ANY($2)"),
        (!filter.order_id.is_empty(), " AND r.order_id = ANY($3)"),
        (!filter.status.is_empty(), " AND r.status = ANY($4)"),
        (!filter.number.is_empty(), " AND r.number = ANY($5)"),
        (filter.updated_from.is_some(), " AND r.updated_at >= $6"),
        (
            !filter.customer_id.is_empty(),
            " AND r.payment_id IN (SELECT id FROM payment WHERE organization_id = $1 AND customer_id = ANY($10))",
        ),
        (true, &after),
    ]);
    let order = slice.sort.order_by("r");
    let rows: Vec<Row> =
        sql_uncached(format!("SELECT {COLUMNS} FROM refund r WHERE r.organization_id = $1{conditions} ORDER BY {order} LIMIT $9"))
            .bind::<SqlUuid, _>(organization_id)
            .bind::<Array<SqlUuid>, _>(&filter.payment_id)
            .bind::<Array<SqlUuid>, _>(&filter.order_id)
            .bind::<Array<Text>, _>(&filter.status)
            .bind::<Array<Text>, _>(&filter.number)
            .bind::<Nullable<Timestamptz>, _>(filter.updated_from)
            .bind::<Nullable<Text>, _>(slice.after.as_ref().map(|after| after.key.as_str()))
            .bind::<Nullable<SqlUuid>, _>(slice.after.as_ref().map(|after| after.id))
            .bind::<BigInt, _>(slice.limit as i64 + 1)
            .bind::<Array<SqlUuid>, _>(&filter.customer_id)
            .load(connection)?;
    Ok(rows.into_iter().map(RefundBody::from).collect())
}

pub fn insert(connection: &mut PgConnection, context: &Context, refund: &RefundBody) -> QueryResult<()> {
    sql("INSERT INTO refund (organization_id, id, number, payment_id, order_id, amount, currency, reason, status, actor, created_at, updated_at, \
         provider_reference, kind, booked_on) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12, $13, $14)")
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<SqlUuid, _>(refund.id)
    .bind::<Text, _>(&refund.number)
    .bind::<SqlUuid, _>(refund.payment_id)
    .bind::<Nullable<SqlUuid>, _>(refund.order_id)
    .bind::<Numeric, _>(refund.amount.0)
    .bind::<Text, _>(refund.currency)
    .bind::<Text, _>(&refund.reason)
    .bind::<Text, _>(refund.status)
    .bind::<Text, _>(&context.actor)
    .bind::<Timestamptz, _>(refund.created_at)
    .bind::<Nullable<Text>, _>(refund.provider_reference.as_deref())
    .bind::<Text, _>(refund.kind)
    .bind::<Nullable<Date>, _>(refund.booked_on)
    .execute(connection)?;
    Ok(())
}

/// How far a provider is with a refund: from pending to succeeded or failed, and from succeeded to failed. An answer that comes late
/// turns nothing back. The caller holds the payment's lock.
pub fn progress(
    connection: &mut PgConnection,
    context: &Context,
    id: RefundId,
    status: RefundStatus,
    reference: Option<&str>,
) -> QueryResult<()> {
    sql("UPDATE refund SET status = $3, provider_reference = coalesce($4, provider_reference), updated_at = $5 \
         WHERE organization_id = $1 AND id = $2 \
         AND (status = 'pending' OR status = $3 OR (status = 'succeeded' AND $3 = 'failed')) \
         AND (status <> $3 OR provider_reference IS DISTINCT FROM coalesce($4, provider_reference))")
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<SqlUuid, _>(id)
    .bind::<Text, _>(status)
    .bind::<Nullable<Text>, _>(reference)
    .bind::<Timestamptz, _>(context.now)
    .execute(connection)?;
    Ok(())
}
