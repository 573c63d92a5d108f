use super::allocation::Allocation;
use super::inbound::Told;
use super::operations::{self, operation::Operation};
use super::payment::{Payment, PaymentMethod, PaymentStatus};
use super::settlement::{AdjustmentKind, Settlement};
use crate::auth::actor::Context;
use crate::platform::keyset::{Slice, asked_for};
use crate::platform::sql::{from_json, sql, sql_uncached, to_json};
use crate::types::currency::Currency;
use crate::types::id::{CustomerId, InvoiceId, OrderId, OrganizationId, PaymentAllocationId, PaymentId, RefundId};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Date, Jsonb, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;
use serde_json::Value;
use std::collections::HashMap;

const COLUMNS: &str = "p.id, p.number, p.customer_id, p.order_id, p.invoice_id, p.currency, p.method, p.status, p.amount, p.amount_captured, \
    p.amount_refunded, p.amount_applied, p.received_on, p.expires_at, p.reference, p.external_ids, p.metadata, p.version, p.created_at, p.updated_at, \
    p.provider, p.provider_reference, p.capture_on_shipment";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: PaymentId,
    #[diesel(sql_type = Text)]
    number: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    customer_id: Option<CustomerId>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    order_id: Option<OrderId>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    invoice_id: Option<InvoiceId>,
    #[diesel(sql_type = Text)]
    currency: Currency,
    #[diesel(sql_type = Text)]
    method: PaymentMethod,
    #[diesel(sql_type = Text)]
    status: PaymentStatus,
    #[diesel(sql_type = Numeric)]
    amount: Decimal,
    #[diesel(sql_type = Numeric)]
    amount_captured: Decimal,
    #[diesel(sql_type = Numeric)]
    amount_refunded: Decimal,
    #[diesel(sql_type = Numeric)]
    amount_applied: Decimal,
    #[diesel(sql_type = Date)]
    received_on: NaiveDate,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    expires_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Text>)]
    reference: Option<String>,
    #[diesel(sql_type = Jsonb)]
    external_ids: Value,
    #[diesel(sql_type = Jsonb)]
    metadata: Value,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Text>)]
    provider: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    provider_reference: Option<String>,
    #[diesel(sql_type = Bool)]
    capture_on_shipment: bool,
}

#[derive(QueryableByName)]
struct AllocationRow {
    #[diesel(sql_type = SqlUuid)]
    payment_id: PaymentId,
    #[diesel(sql_type = SqlUuid)]
    id: PaymentAllocationId,
    #[diesel(sql_type = SqlUuid)]
    order_id: OrderId,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    invoice_id: Option<InvoiceId>,
    #[diesel(sql_type = Numeric)]
    amount: Decimal,
    #[diesel(sql_type = Jsonb)]
    adjustments: Value,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    refund_id: Option<RefundId>,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
}

fn payment_of(row: Row) -> QueryResult<Payment> {
    let money = |amount: Decimal| row.currency.round(amount);
    Ok(Payment {
        id: row.id,
        number: row.number,
        customer_id: row.customer_id,
        order_id: row.order_id,
        invoice_id: row.invoice_id,
        currency: row.currency,
        method: row.method,
        status: row.status,
        amount: money(row.amount),
        captured: money(row.amount_captured),
        refunded: money(row.amount_refunded),
        applied: money(row.amount_applied),
        received_on: row.received_on,
        expires_at: row.expires_at,
        reference: row.reference,
        external_ids: from_json(row.external_ids)?,
        metadata: from_json(row.metadata)?,
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
        allocations: vec![],
        provider: row.provider,
        provider_reference: row.provider_reference,
        capture_on_shipment: row.capture_on_shipment,
        operations: vec![],
    })
}

/// The payments of rows, in their order; one more statement for all their allocations, and one for what was asked of providers
/// where there is one.
fn with_allocations(connection: &mut PgConnection, organization_id: OrganizationId, rows: Vec<Row>) -> QueryResult<Vec<Payment>> {
    if rows.is_empty() {
        return Ok(vec![]);
    }
    let allocations: Vec<AllocationRow> =
        sql("SELECT payment_id, id, order_id, invoice_id, amount, adjustments, refund_id, created_at FROM payment_allocation \
             WHERE organization_id = $1 AND payment_id = ANY($2) ORDER BY created_at, id")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<SqlUuid>, _>(rows.iter().map(|row| row.id).collect::<Vec<_>>())
        .load(connection)?;
    let mut payments: Vec<Payment> = rows.into_iter().map(payment_of).collect::<QueryResult<_>>()?;
    let place: HashMap<PaymentId, usize> = payments.iter().enumerate().map(|(i, payment)| (payment.id, i)).collect();
    for row in allocations {
        if let Some(&i) = place.get(&row.payment_id) {
            let money = payments[i].currency.round(row.amount);
            payments[i].allocations.push(Allocation {
                id: row.id,
                order_id: row.order_id,
                invoice_id: row.invoice_id,
                settles: Settlement { money, adjustments: from_json(row.adjustments)? },
                refund_id: row.refund_id,
                created_at: row.created_at,
            });
        }
    }
    let provided: Vec<PaymentId> = payments.iter().filter(|payment| payment.provider.is_some()).map(|payment| payment.id).collect();
    if !provided.is_empty() {
        for (id, operation) in operations::load(connection, organization_id, &provided)? {
            if let Some(&i) = place.get(&id) {
                payments[i].operations.push(operation);
            }
        }
    }
    Ok(payments)
}

pub fn find(connection: &mut PgConnection, organization_id: OrganizationId, id: PaymentId) -> QueryResult<Option<Payment>> {
    let rows: Vec<Row> = sql(format!("SELECT {COLUMNS} FROM payment p WHERE p.organization_id = $1 AND p.id = $2"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(id)
        .load(connection)?;
    Ok(with_allocations(connection, organization_id, rows)?.pop())
}

/// Payments with their rows locked in the order of their ids. Unknown ids are left out.
pub fn lock(connection: &mut PgConnection, organization_id: OrganizationId, ids: &[PaymentId]) -> QueryResult<Vec<Payment>> {
    let rows: Vec<Row> =
        sql(format!("SELECT {COLUMNS} FROM payment p WHERE p.organization_id = $1 AND p.id = ANY($2) ORDER BY p.id FOR NO KEY UPDATE"))
            .bind::<SqlUuid, _>(organization_id)
            .bind::<Array<SqlUuid>, _>(ids)
            .load(connection)?;
    with_allocations(connection, organization_id, rows)
}

/// The payments whose money is on an invoice, or on an order and none of its invoices. The caller holds the order's lock, under
/// which alone that can change.
pub fn with_money_on(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    order_id: OrderId,
    invoice_id: Option<InvoiceId>,
) -> QueryResult<Vec<PaymentId>> {
    #[derive(QueryableByName)]
    struct Id {
        #[diesel(sql_type = SqlUuid)]
        payment_id: PaymentId,
    }
    let rows: Vec<Id> = sql("SELECT payment_id FROM payment_allocation WHERE organization_id = $1 AND order_id = $2 \
         AND invoice_id IS NOT DISTINCT FROM $3 GROUP BY payment_id HAVING sum(amount + adjusted) > 0")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<SqlUuid, _>(order_id)
    .bind::<Nullable<SqlUuid>, _>(invoice_id)
    .load(connection)?;
    Ok(rows.into_iter().map(|row| row.payment_id).collect())
}

/// The payment that a provider's message is about.
pub fn of_provider(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    provider: &str,
    told: &Told,
) -> QueryResult<Option<PaymentId>> {
    #[derive(QueryableByName)]
    struct Id {
        #[diesel(sql_type = SqlUuid)]
        id: PaymentId,
    }
    let rows: Vec<Id> = sql("SELECT id FROM payment WHERE organization_id = $1 AND provider = $2 \
         AND (provider_reference = $3 OR (id = $4 AND provider_reference IS NULL)) ORDER BY provider_reference LIMIT 1")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Text, _>(provider)
    .bind::<Text, _>(&told.reference)
    .bind::<Nullable<SqlUuid>, _>(told.payment_id)
    .load(connection)?;
    Ok(rows.into_iter().next().map(|row| row.id))
}

/// The payments that an order has, with or without money on it, oldest first. The caller holds the order's lock.
pub fn of_order(connection: &mut PgConnection, organization_id: OrganizationId, order_id: OrderId) -> QueryResult<Vec<PaymentId>> {
    #[derive(QueryableByName)]
    struct Id {
        #[diesel(sql_type = SqlUuid)]
        id: PaymentId,
    }
    let rows: Vec<Id> = sql("SELECT id FROM payment WHERE organization_id = $1 AND order_id = $2 UNION \
         SELECT payment_id FROM payment_allocation WHERE organization_id = $1 AND order_id = $2 ORDER BY 1")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<SqlUuid, _>(order_id)
    .load(connection)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// What settles an invoice beside money, and the payment it came with.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct DocumentAdjustment {
    #[diesel(sql_type = SqlUuid)]
    pub invoice_id: InvoiceId,
    #[diesel(sql_type = SqlUuid)]
    pub payment_id: PaymentId,
    #[diesel(sql_type = Text)]
    pub kind: AdjustmentKind,
    #[diesel(sql_type = Numeric)]
    pub amount: Decimal,
    #[diesel(sql_type = Nullable<Text>)]
    pub reference: Option<String>,
}

/// The adjustments that stand on invoices, in the order in which their payments were booked.
pub fn adjustments_of(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    invoices: &[InvoiceId],
) -> QueryResult<Vec<DocumentAdjustment>> {
    if invoices.is_empty() {
        return Ok(vec![]);
    }
    sql("SELECT a.invoice_id, a.payment_id, j.kind, sum(j.amount) AS amount, j.reference \
         FROM payment_allocation a CROSS JOIN LATERAL jsonb_to_recordset(a.adjustments) AS j(kind text, amount numeric, reference text) \
         WHERE a.organization_id = $1 AND a.invoice_id = ANY($2) AND a.adjusted <> 0 \
         GROUP BY a.invoice_id, a.payment_id, j.kind, j.reference HAVING sum(j.amount) <> 0 ORDER BY a.payment_id, min(a.created_at), j.kind")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<SqlUuid>, _>(invoices)
    .load(connection)
}

/// What a list of payments is narrowed to; empty lists narrow nothing.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Announced for the order, or with money on it at any time.
    pub order_id: Vec<OrderId>,
    pub invoice_id: Vec<InvoiceId>,
    pub customer_id: Vec<CustomerId>,
    pub status: Vec<String>,
    pub number: Vec<String>,
    pub reference: Option<String>,
    pub updated_from: Option<DateTime<Utc>>,
}

/// One row more than the page has, to tell whether another follows.
pub fn page(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &Filter,
    slice: &Slice<PaymentId>,
) -> QueryResult<Vec<Payment>> {
    let after = slice.after.as_ref().map(|_| format!(" AND {}", slice.sort.after("p", "$9", "$10"))).unwrap_or_default();
    let conditions = asked_for(&[
        (
            !filter.order_id.is_empty(),
            " AND p.id IN (SELECT q.id FROM payment q WHERE q.organization_id = $1 AND q.order_id = ANY($2) UNION ALL \
             SELECT a.payment_id FROM payment_allocation a WHERE a.organization_id = $1 AND a.order_id = ANY($2))",
        ),
        (
            !filter.invoice_id.is_empty(),
            " AND p.id IN (SELECT a.payment_id FROM payment_allocation a WHERE a.organization_id = $1 AND a.invoice_id = ANY($3))",
        ),
        (!filter.customer_id.is_empty(), " AND p.customer_id = ANY($4)"),
        (!filter.status.is_empty(), " AND p.status = ANY($5)"),
        (!filter.number.is_empty(), " AND p.number = ANY($6)"),
        (filter.reference.is_some(), " AND p.reference = $7"),
        (filter.updated_from.is_some(), " AND p.updated_at >= $8"),
        (true, &after),
    ]);
    let order = slice.sort.order_by("p");
    let rows: Vec<Row> =
        sql_uncached(format!("SELECT {COLUMNS} FROM payment p WHERE p.organization_id = $1{conditions} ORDER BY {order} LIMIT $11"))
            .bind::<SqlUuid, _>(organization_id)
            .bind::<Array<SqlUuid>, _>(&filter.order_id)
            .bind::<Array<SqlUuid>, _>(&filter.invoice_id)
            .bind::<Array<SqlUuid>, _>(&filter.customer_id)
            .bind::<Array<Text>, _>(&filter.status)
            .bind::<Array<Text>, _>(&filter.number)
            .bind::<Nullable<Text>, _>(filter.reference.as_deref())
            .bind::<Nullable<Timestamptz>, _>(filter.updated_from)
            .bind::<Nullable<Text>, _>(slice.after.as_ref().map(|after| after.key.as_str()))
            .bind::<Nullable<SqlUuid>, _>(slice.after.as_ref().map(|after| after.id))
            .bind::<BigInt, _>(slice.limit as i64 + 1)
            .load(connection)?;
    with_allocations(connection, organization_id, rows)
}

/// Whether there is such a customer.
pub fn customer_exists(connection: &mut PgConnection, organization_id: OrganizationId, id: CustomerId) -> QueryResult<bool> {
    let found = sql("SELECT 1 FROM customer WHERE organization_id = $1 AND id = $2")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(id)
        .execute(connection)?;
    Ok(found > 0)
}

/// Writes a new payment with its allocations.
pub fn insert(connection: &mut PgConnection, context: &Context, payment: &Payment) -> QueryResult<()> {
    sql("INSERT INTO payment (organization_id, id, number, customer_id, order_id, invoice_id, currency, method, status, amount, amount_captured, \
         amount_refunded, amount_applied, received_on, reference, external_ids, metadata, actor, version, created_at, updated_at, expires_at, \
         provider, provider_reference, capture_on_shipment, captured_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $20, $21, $22, $23, $24, \
         CASE WHEN $11::numeric > 0 THEN $20::timestamptz END)")
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<SqlUuid, _>(payment.id)
    .bind::<Text, _>(&payment.number)
    .bind::<Nullable<SqlUuid>, _>(payment.customer_id)
    .bind::<Nullable<SqlUuid>, _>(payment.order_id)
    .bind::<Nullable<SqlUuid>, _>(payment.invoice_id)
    .bind::<Text, _>(payment.currency)
    .bind::<Text, _>(payment.method)
    .bind::<Text, _>(payment.status)
    .bind::<Numeric, _>(payment.amount)
    .bind::<Numeric, _>(payment.captured)
    .bind::<Numeric, _>(payment.refunded)
    .bind::<Numeric, _>(payment.applied)
    .bind::<Date, _>(payment.received_on)
    .bind::<Nullable<Text>, _>(payment.reference.as_deref())
    .bind::<Jsonb, _>(to_json(&payment.external_ids)?)
    .bind::<Jsonb, _>(to_json(&payment.metadata)?)
    .bind::<Text, _>(&context.actor)
    .bind::<BigInt, _>(payment.version)
    .bind::<Timestamptz, _>(payment.created_at)
    .bind::<Nullable<Timestamptz>, _>(payment.expires_at)
    .bind::<Nullable<Text>, _>(payment.provider.as_deref())
    .bind::<Nullable<Text>, _>(payment.provider_reference.as_deref())
    .bind::<Bool, _>(payment.capture_on_shipment)
    .execute(connection)?;
    let asked: Vec<(PaymentId, &Operation)> = payment.operations.iter().map(|operation| (payment.id, operation)).collect();
    operations::insert(connection, context, &asked)?;
    let rows: Vec<(PaymentId, &Allocation)> = payment.allocations.iter().map(|row| (payment.id, row)).collect();
    insert_allocations(connection, context.organization_id, &rows)
}

/// Writes what changed of payments, without their allocations. The caller holds their locks and has set the versions.
pub fn update(connection: &mut PgConnection, context: &Context, payments: &[&Payment]) -> QueryResult<()> {
    fn all<'a, T>(payments: &[&'a Payment], f: impl Fn(&'a Payment) -> T) -> Vec<T> {
        payments.iter().map(|payment| f(payment)).collect()
    }
    let external_ids: Vec<Value> = payments.iter().map(|payment| to_json(&payment.external_ids)).collect::<QueryResult<_>>()?;
    let metadata: Vec<Value> = payments.iter().map(|payment| to_json(&payment.metadata)).collect::<QueryResult<_>>()?;
    sql("UPDATE payment p SET customer_id = t.customer_id, status = t.status, amount = t.amount, amount_captured = t.captured, \
         amount_refunded = t.refunded, amount_applied = t.applied, received_on = t.received_on, reference = t.reference, \
         external_ids = t.external_ids, metadata = t.metadata, version = t.version, updated_at = t.updated_at, expires_at = t.expires_at, \
         provider_reference = t.provider_reference, \
         captured_at = CASE WHEN t.captured > p.amount_captured THEN t.updated_at ELSE p.captured_at END \
         FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::numeric[], $6::numeric[], $7::numeric[], $8::numeric[], $9::date[], $10::text[], \
         $11::jsonb[], $12::jsonb[], $13::int8[], $14::timestamptz[], $15::timestamptz[], $16::text[]) \
         AS t(id, customer_id, status, amount, captured, refunded, applied, received_on, reference, external_ids, metadata, version, \
         updated_at, expires_at, provider_reference) \
         WHERE p.organization_id = $1 AND p.id = t.id")
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<Array<SqlUuid>, _>(all(payments, |p| p.id))
    .bind::<Array<Nullable<SqlUuid>>, _>(all(payments, |p| p.customer_id))
    .bind::<Array<Text>, _>(all(payments, |p| p.status))
    .bind::<Array<Numeric>, _>(all(payments, |p| p.amount))
    .bind::<Array<Numeric>, _>(all(payments, |p| p.captured))
    .bind::<Array<Numeric>, _>(all(payments, |p| p.refunded))
    .bind::<Array<Numeric>, _>(all(payments, |p| p.applied))
    .bind::<Array<Date>, _>(all(payments, |p| p.received_on))
    .bind::<Array<Nullable<Text>>, _>(all(payments, |p| p.reference.as_deref()))
    .bind::<Array<Jsonb>, _>(external_ids)
    .bind::<Array<Jsonb>, _>(metadata)
    .bind::<Array<BigInt>, _>(all(payments, |p| p.version))
    .bind::<Array<Timestamptz>, _>(all(payments, |p| p.updated_at))
    .bind::<Array<Nullable<Timestamptz>>, _>(all(payments, |p| p.expires_at))
    .bind::<Array<Nullable<Text>>, _>(all(payments, |p| p.provider_reference.as_deref()))
    .execute(connection)?;
    Ok(())
}

/// Appends rows. What they name must be there: an invoice goes before them.
pub fn insert_allocations(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    rows: &[(PaymentId, &Allocation)],
) -> QueryResult<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let adjustments: Vec<Value> = rows.iter().map(|row| to_json(&row.1.settles.adjustments)).collect::<QueryResult<_>>()?;
    sql(
        "INSERT INTO payment_allocation (organization_id, payment_id, id, invoice_id, order_id, amount, adjusted, adjustments, refund_id, \
         created_at) SELECT $1, t.* FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::numeric[], $7::numeric[], $8::jsonb[], \
         $9::uuid[], $10::timestamptz[]) \
         AS t(payment_id, id, invoice_id, order_id, amount, adjusted, adjustments, refund_id, created_at)",
    )
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<SqlUuid>, _>(rows.iter().map(|row| row.0).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(rows.iter().map(|row| row.1.id).collect::<Vec<_>>())
    .bind::<Array<Nullable<SqlUuid>>, _>(rows.iter().map(|row| row.1.invoice_id).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(rows.iter().map(|row| row.1.order_id).collect::<Vec<_>>())
    .bind::<Array<Numeric>, _>(rows.iter().map(|row| row.1.settles.money).collect::<Vec<_>>())
    .bind::<Array<Numeric>, _>(rows.iter().map(|row| row.1.settles.adjusted()).collect::<Vec<_>>())
    .bind::<Array<Jsonb>, _>(adjustments)
    .bind::<Array<Nullable<SqlUuid>>, _>(rows.iter().map(|row| row.1.refund_id).collect::<Vec<_>>())
    .bind::<Array<Timestamptz>, _>(rows.iter().map(|row| row.1.created_at).collect::<Vec<_>>())
    .execute(connection)?;
    Ok(())
}
