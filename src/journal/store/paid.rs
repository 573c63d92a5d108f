//! What is not booked of payments: captures, where their money was put, refunds.

use super::super::facts::{Applied, Capture, Paid, Refunded};
use super::super::plan::PaymentFacts;
use super::gather::{Batch, RateOf};
use crate::error::Error;
use crate::organization::Settings;
use crate::payments::payment::PaymentMethod;
use crate::payments::settlement::Settlement;
use crate::platform::sql::{from_json, sql};
use crate::types::currency::Currency;
use crate::types::id::{CustomerId, InvoiceId, OrderId, OrganizationId, PaymentAllocationId, PaymentId, RefundId};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Date, Jsonb, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;
use serde_json::Value;
use std::collections::HashMap;

#[derive(QueryableByName)]
struct PaymentRow {
    #[diesel(sql_type = SqlUuid)]
    id: PaymentId,
    #[diesel(sql_type = Text)]
    number: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    order_id: Option<OrderId>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    customer_id: Option<CustomerId>,
    #[diesel(sql_type = Text)]
    currency: Currency,
    #[diesel(sql_type = Text)]
    method: PaymentMethod,
    #[diesel(sql_type = Numeric)]
    amount_captured: Decimal,
    #[diesel(sql_type = Date)]
    received_on: NaiveDate,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Numeric)]
    booked: Decimal,
    #[diesel(sql_type = BigInt)]
    captures: i64,
    #[diesel(sql_type = Nullable<Numeric>)]
    exchange_rate: Option<Decimal>,
    #[diesel(sql_type = Bool)]
    is_rated: bool,
}

/// Payments that events are about, whose refunds they are about, or whose deposits have moved to an invoice that they are about.
pub fn payments(
    connection: &mut PgConnection,
    settings: &Settings,
    batch: &Batch,
    now: DateTime<Utc>,
    rate: &mut RateOf<'_>,
) -> Result<Vec<PaymentFacts>, Error> {
    if batch.payments.is_empty() && batch.refunds.is_empty() && batch.invoices.is_empty() && batch.credit_notes.is_empty() {
        return Ok(vec![]);
    }
    let rows: Vec<PaymentRow> = sql("WITH touched AS (SELECT unnest($2) AS id \
         UNION SELECT r.payment_id FROM refund r WHERE r.organization_id = $1 AND r.id = ANY($3) \
         UNION SELECT a.payment_id FROM payment_allocation a WHERE a.organization_id = $1 AND a.invoice_id = ANY($4) \
         UNION SELECT a.payment_id FROM credit_note n JOIN payment_allocation a ON a.organization_id = $1 AND a.invoice_id = n.invoice_id \
           WHERE n.organization_id = $1 AND n.id = ANY($5)) \
         SELECT p.id, p.number, p.order_id, p.customer_id, p.currency, p.method, p.amount_captured, p.received_on, p.created_at, \
         coalesce(b.amount, 0) AS booked, coalesce(b.captures, 0) AS captures, e.exchange_rate, e.sequence IS NOT NULL AS is_rated \
         FROM touched t JOIN payment p ON p.organization_id = $1 AND p.id = t.id \
         LEFT JOIN LATERAL (SELECT sum(s.amount) AS amount, count(*) AS captures, min(s.sequence) AS sequence FROM journal_source s \
           WHERE s.organization_id = $1 AND s.kind = 'capture' AND s.source_id = p.id) b ON true \
         LEFT JOIN journal_entry e ON e.organization_id = $1 AND e.sequence = b.sequence ORDER BY p.id")
    .bind::<SqlUuid, _>(settings.id)
    .bind::<Array<SqlUuid>, _>(&batch.payments)
    .bind::<Array<SqlUuid>, _>(&batch.refunds)
    .bind::<Array<SqlUuid>, _>(&batch.invoices)
    .bind::<Array<SqlUuid>, _>(&batch.credit_notes)
    .load(connection)?;
    let ids: Vec<PaymentId> = rows.iter().map(|row| row.id).collect();
    let mut applied = applied(connection, settings.id, &ids)?;
    let mut refunds = refunds(connection, settings, &ids, now, rate)?;
    let mut facts = Vec::with_capacity(rows.len());
    for row in rows {
        let exchange_rate = match row.is_rated {
            true => row.exchange_rate.map(|rate| rate.normalize()),
            false => rate(connection, row.currency, row.received_on)?,
        };
        let new = row.amount_captured - row.booked;
        let at = batch.captured_at.get(&row.id.0).copied().unwrap_or(row.created_at);
        facts.push(PaymentFacts {
            payment: Paid {
                id: row.id,
                number: row.number,
                order_id: row.order_id,
                customer_id: row.customer_id,
                currency: row.currency,
                method: row.method,
                exchange_rate,
            },
            capture: (!new.is_zero()).then_some(Capture { amount: new, received_on: row.received_on, at }),
            booked_captures: row.captures,
            applied: applied.remove(&row.id).unwrap_or_default(),
            refunds: refunds.remove(&row.id).unwrap_or_default(),
        });
    }
    Ok(facts)
}

#[derive(QueryableByName)]
struct AppliedRow {
    #[diesel(sql_type = SqlUuid)]
    payment_id: PaymentId,
    #[diesel(sql_type = SqlUuid)]
    id: PaymentAllocationId,
    #[diesel(sql_type = SqlUuid)]
    order_id: OrderId,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    invoice_id: Option<InvoiceId>,
    #[diesel(sql_type = Nullable<Numeric>)]
    invoice_rate: Option<Decimal>,
    #[diesel(sql_type = Numeric)]
    amount: Decimal,
    #[diesel(sql_type = Jsonb)]
    adjustments: Value,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
}

fn applied(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    payments: &[PaymentId],
) -> QueryResult<HashMap<PaymentId, Vec<Applied>>> {
    if payments.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<AppliedRow> = sql("SELECT a.payment_id, a.id, a.order_id, a.invoice_id, i.exchange_rate AS invoice_rate, a.amount, \
         a.adjustments, a.created_at FROM payment_allocation a \
         LEFT JOIN invoice i ON i.organization_id = $1 AND i.id = a.invoice_id \
         WHERE a.organization_id = $1 AND a.payment_id = ANY($2) AND NOT EXISTS (SELECT 1 FROM journal_source b \
           WHERE b.organization_id = $1 AND b.kind = 'allocation' AND b.source_id = a.id) ORDER BY a.created_at, a.id")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<SqlUuid>, _>(payments)
    .load(connection)?;
    let mut by_payment: HashMap<PaymentId, Vec<Applied>> = HashMap::new();
    for row in rows {
        by_payment.entry(row.payment_id).or_default().push(Applied {
            id: row.id,
            order_id: row.order_id,
            invoice_id: row.invoice_id,
            invoice_rate: row.invoice_rate.map(|rate| rate.normalize()),
            settles: Settlement { money: row.amount, adjustments: from_json(row.adjustments)? },
            at: row.created_at,
        });
    }
    Ok(by_payment)
}

#[derive(QueryableByName)]
struct RefundRow {
    #[diesel(sql_type = SqlUuid)]
    payment_id: PaymentId,
    #[diesel(sql_type = SqlUuid)]
    id: RefundId,
    #[diesel(sql_type = Text)]
    number: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    order_id: Option<OrderId>,
    #[diesel(sql_type = Text)]
    currency: Currency,
    #[diesel(sql_type = Numeric)]
    amount: Decimal,
    #[diesel(sql_type = Nullable<Date>)]
    booked_on: Option<NaiveDate>,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Bool)]
    has_failed: bool,
}

/// Refunds count from when they are asked for; one that fails after that is booked back.
fn refunds(
    connection: &mut PgConnection,
    settings: &Settings,
    payments: &[PaymentId],
    now: DateTime<Utc>,
    rate: &mut RateOf<'_>,
) -> Result<HashMap<PaymentId, Vec<Refunded>>, Error> {
    if payments.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<RefundRow> = sql("SELECT r.payment_id, r.id, r.number, r.order_id, r.currency, r.amount, r.booked_on, r.created_at, \
         r.status = 'failed' AS has_failed FROM refund r CROSS JOIN LATERAL (SELECT count(*) AS times FROM journal_source b \
           WHERE b.organization_id = $1 AND b.kind = 'refund' AND b.source_id = r.id) b \
         WHERE r.organization_id = $1 AND r.payment_id = ANY($2) AND b.times = CASE WHEN r.status = 'failed' THEN 1 ELSE 0 END \
         ORDER BY r.created_at, r.id")
    .bind::<SqlUuid, _>(settings.id)
    .bind::<Array<SqlUuid>, _>(payments)
    .load(connection)?;
    let mut by_payment: HashMap<PaymentId, Vec<Refunded>> = HashMap::new();
    for row in rows {
        let made_on = row.booked_on.unwrap_or_else(|| settings.local_date(row.created_at));
        by_payment.entry(row.payment_id).or_default().push(Refunded {
            id: row.id,
            number: row.number,
            order_id: row.order_id,
            amount: if row.has_failed { -row.amount } else { row.amount },
            has_failed: row.has_failed,
            exchange_rate: rate(connection, row.currency, made_on)?,
            posted_on: if row.has_failed { settings.local_date(now) } else { made_on },
            at: if row.has_failed { now } else { row.created_at },
        });
    }
    Ok(by_payment)
}
