//! Many payments at once.

use super::allocation::Allocation;
use super::payment::Payment;
use super::store::insert_allocations;
use crate::auth::actor::Context;
use crate::platform::sql::{sql, to_json};
use crate::types::id::PaymentId;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Jsonb, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use serde_json::Value;

/// Writes new payments with their allocations: two statements.
pub fn insert_all(connection: &mut PgConnection, context: &Context, payments: &[Payment]) -> QueryResult<()> {
    fn all<'a, T>(payments: &'a [Payment], f: impl Fn(&'a Payment) -> T) -> Vec<T> {
        payments.iter().map(f).collect()
    }
    if payments.is_empty() {
        return Ok(());
    }
    let external_ids: Vec<Value> = payments.iter().map(|payment| to_json(&payment.external_ids)).collect::<QueryResult<_>>()?;
    let metadata: Vec<Value> = payments.iter().map(|payment| to_json(&payment.metadata)).collect::<QueryResult<_>>()?;
    sql("INSERT INTO payment (organization_id, actor, id, number, customer_id, order_id, invoice_id, currency, method, status, amount, \
         amount_captured, amount_refunded, amount_applied, received_on, reference, external_ids, metadata, version, created_at, updated_at, captured_at) \
         SELECT $1, $2, p.id, p.number, p.customer_id, p.order_id, p.invoice_id, p.currency, p.method, p.status, p.amount, p.captured, p.refunded, \
         p.applied, p.received_on, p.reference, p.external_ids, p.metadata, p.version, p.created_at, p.created_at, \
         CASE WHEN p.captured > 0 THEN p.created_at END \
         FROM unnest($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20) \
         AS p(id, number, customer_id, order_id, invoice_id, currency, method, status, amount, captured, refunded, applied, received_on, reference, \
         external_ids, metadata, version, created_at)")
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<Text, _>(&context.actor)
    .bind::<Array<SqlUuid>, _>(all(payments, |p| p.id))
    .bind::<Array<Text>, _>(all(payments, |p| p.number.as_str()))
    .bind::<Array<Nullable<SqlUuid>>, _>(all(payments, |p| p.customer_id))
    .bind::<Array<Nullable<SqlUuid>>, _>(all(payments, |p| p.order_id))
    .bind::<Array<Nullable<SqlUuid>>, _>(all(payments, |p| p.invoice_id))
    .bind::<Array<Text>, _>(all(payments, |p| p.currency))
    .bind::<Array<Text>, _>(all(payments, |p| p.method))
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
    .bind::<Array<Timestamptz>, _>(all(payments, |p| p.created_at))
    .execute(connection)?;
    let rows: Vec<(PaymentId, &Allocation)> =
        payments.iter().flat_map(|payment| payment.allocations.iter().map(|row| (payment.id, row))).collect();
    insert_allocations(connection, context.organization_id, &rows)
}
