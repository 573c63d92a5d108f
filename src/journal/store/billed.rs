//! Invoices and credit notes that are not booked.

use super::super::facts::{Billed, Sales, Tax};
use crate::platform::sql::{from_json, sql};
use crate::types::currency::Currency;
use crate::types::id::{CustomerId, InvoiceId, OrderId, OrganizationId};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Date, Jsonb, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;
use serde_json::Value;
use uuid::Uuid;

#[derive(QueryableByName)]
struct BilledRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    number: String,
    #[diesel(sql_type = SqlUuid)]
    invoice_id: InvoiceId,
    #[diesel(sql_type = SqlUuid)]
    order_id: OrderId,
    #[diesel(sql_type = SqlUuid)]
    customer_id: CustomerId,
    #[diesel(sql_type = Text)]
    currency: Currency,
    #[diesel(sql_type = Nullable<Numeric>)]
    exchange_rate: Option<Decimal>,
    #[diesel(sql_type = Numeric)]
    shipping_net: Decimal,
    #[diesel(sql_type = Numeric)]
    rounding_amount: Decimal,
    #[diesel(sql_type = Numeric)]
    total: Decimal,
    #[diesel(sql_type = Date)]
    issued_on: NaiveDate,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Jsonb)]
    sales: Value,
    #[diesel(sql_type = Jsonb)]
    taxes: Value,
}

#[derive(serde::Deserialize)]
struct SalesRow {
    tax_category: String,
    net_amount: Decimal,
    discount_amount: Decimal,
    is_prepayment: bool,
}

#[derive(serde::Deserialize)]
struct TaxRow {
    tax_category: String,
    rate: Decimal,
    tax_amount: Decimal,
}

impl BilledRow {
    fn into_fact(self) -> QueryResult<Billed> {
        let sales: Vec<SalesRow> = from_json(self.sales)?;
        let taxes: Vec<TaxRow> = from_json(self.taxes)?;
        let sales = sales.into_iter().map(|row| Sales {
            tax_category: row.tax_category,
            net_amount: row.net_amount,
            discount_amount: row.discount_amount,
            is_prepayment: row.is_prepayment,
        });
        let taxes = taxes.into_iter().map(|row| Tax { tax_category: row.tax_category, rate: row.rate, amount: row.tax_amount });
        Ok(Billed {
            id: self.id,
            number: self.number,
            invoice_id: self.invoice_id,
            order_id: self.order_id,
            customer_id: self.customer_id,
            currency: self.currency,
            exchange_rate: self.exchange_rate.map(|rate| rate.normalize()),
            shipping_net: self.shipping_net,
            rounding_amount: self.rounding_amount,
            total: self.total,
            issued_on: self.issued_on,
            created_at: self.created_at,
            sales: sales.collect(),
            taxes: taxes.collect(),
        })
    }
}

/// Sums of lines by tax category as JSON with decimal strings, from the lines `l` of a document.
const SALES: &str = "(SELECT coalesce(jsonb_agg(jsonb_build_object('tax_category', s.tax_category, 'net_amount', s.net_amount::text, \
     'discount_amount', s.discount_amount::text, 'is_prepayment', s.is_prepayment) ORDER BY s.tax_category, s.is_prepayment), '[]') \
     FROM (SELECT l.tax_category, l.order_line_id IS NULL AS is_prepayment, \
     sum(l.net_amount) AS net_amount, sum(l.order_discount_amount) AS discount_amount FROM";

pub fn invoices(connection: &mut PgConnection, organization_id: OrganizationId, ids: &[Uuid]) -> QueryResult<Vec<Billed>> {
    if ids.is_empty() {
        return Ok(vec![]);
    }
    let rows: Vec<BilledRow> = sql(format!(
        "SELECT i.id, i.number, i.id AS invoice_id, i.order_id, i.customer_id, i.currency, i.exchange_rate, i.shipping_net, \
         i.rounding_amount, i.total, i.issued_on, i.created_at, \
         {SALES} invoice_line l WHERE l.organization_id = i.organization_id AND l.invoice_id = i.id GROUP BY 1, 2) s) AS sales, \
         i.document::jsonb -> 'tax_breakdown' AS taxes FROM invoice i WHERE i.organization_id = $1 AND i.id = ANY($2) \
         AND NOT EXISTS (SELECT 1 FROM journal_source b WHERE b.organization_id = $1 AND b.kind = 'invoice' AND b.source_id = i.id) \
         ORDER BY i.id"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<SqlUuid>, _>(ids)
    .load(connection)?;
    rows.into_iter().map(BilledRow::into_fact).collect()
}

pub fn credit_notes(connection: &mut PgConnection, organization_id: OrganizationId, ids: &[Uuid]) -> QueryResult<Vec<Billed>> {
    if ids.is_empty() {
        return Ok(vec![]);
    }
    let rows: Vec<BilledRow> = sql(format!(
        "SELECT n.id, n.number, n.invoice_id, n.order_id, n.customer_id, n.currency, n.exchange_rate, n.shipping_net, \
         0::numeric AS rounding_amount, n.total, n.issued_on, n.created_at, \
         {SALES} credit_note_line l WHERE l.organization_id = n.organization_id AND l.credit_note_id = n.id GROUP BY 1, 2) s) AS sales, \
         n.document::jsonb -> 'tax_breakdown' AS taxes FROM credit_note n WHERE n.organization_id = $1 AND n.id = ANY($2) \
         AND NOT EXISTS (SELECT 1 FROM journal_source b WHERE b.organization_id = $1 AND b.kind = 'credit_note' AND b.source_id = n.id) \
         ORDER BY n.id"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<SqlUuid>, _>(ids)
    .load(connection)?;
    rows.into_iter().map(BilledRow::into_fact).collect()
}
