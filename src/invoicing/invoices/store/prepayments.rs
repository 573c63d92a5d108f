use crate::invoicing::invoices::invoice::InvoiceLineDetail;
use crate::invoicing::invoices::prepayment::OpenPrepayment;
use crate::orders::tax::TaxGroup;
use crate::platform::sql::{from_json, sql};
use crate::types::currency::Currency;
use crate::types::decimal::{Amount, Rate};
use crate::types::id::{InvoiceId, OrderId, OrganizationId};
use chrono::NaiveDate;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Date, Jsonb, Numeric, Text, Uuid as SqlUuid};
use rust_decimal::Decimal;
use serde_json::Value;

/// What an order's prepayment invoices have left to be deducted, the oldest first, also where that is nothing: what they asked for,
/// without what was deducted, and without what credit notes have taken back of either. The caller holds the order's lock.
pub fn prepayments(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    order_id: OrderId,
    currency: Currency,
) -> QueryResult<Vec<OpenPrepayment>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        invoice_id: InvoiceId,
        #[diesel(sql_type = Text)]
        number: String,
        #[diesel(sql_type = Date)]
        issued_on: NaiveDate,
        #[diesel(sql_type = Text)]
        tax_category: String,
        #[diesel(sql_type = Numeric)]
        tax_rate: Decimal,
        #[diesel(sql_type = Jsonb)]
        detail: Value,
        #[diesel(sql_type = Numeric)]
        net: Decimal,
        #[diesel(sql_type = Numeric)]
        tax: Decimal,
        #[diesel(sql_type = Bool)]
        deducted: bool,
    }
    let rows: Vec<Row> = sql("WITH part AS ( \
           SELECT l.prepayment_invoice_id, l.invoice_id, l.tax_category, l.tax_rate, l.detail, \
             l.net_amount - coalesce(c.net, 0) AS net, l.tax_amount - coalesce(c.tax, 0) AS tax \
           FROM invoice_line l \
           LEFT JOIN (SELECT n.invoice_id, k.invoice_line_number, sum(k.net_amount) AS net, sum(k.tax_amount) AS tax FROM credit_note n \
             JOIN credit_note_line k ON k.organization_id = n.organization_id AND k.credit_note_id = n.id \
             WHERE n.organization_id = $1 AND n.order_id = $2 GROUP BY 1, 2) c \
           ON c.invoice_id = l.invoice_id AND c.invoice_line_number = l.line_number \
           WHERE l.organization_id = $1 AND l.order_id = $2 AND l.prepayment_invoice_id IS NOT NULL) \
         SELECT i.id AS invoice_id, i.number, i.issued_on, p.tax_category, p.tax_rate, (array_agg(p.detail))[1] AS detail, sum(p.net) AS net, \
           sum(p.tax) AS tax, coalesce(sum(p.net) FILTER (WHERE p.invoice_id <> i.id), 0) <> 0 AS deducted \
         FROM part p JOIN invoice i ON i.organization_id = $1 AND i.id = p.prepayment_invoice_id \
         GROUP BY i.id, i.number, i.issued_on, i.created_at, p.tax_category, p.tax_rate, p.detail ->> 'tax_scheme_category', p.detail -> 'base_fraction' \
         ORDER BY i.created_at, i.id, p.tax_category, p.tax_rate")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<SqlUuid, _>(order_id)
    .load(connection)?;
    let open = |row: Row| {
        let detail: InvoiceLineDetail = from_json(row.detail)?;
        let net = currency.round(row.net);
        let mut group = TaxGroup {
            tax_category: row.tax_category,
            tax_scheme_category: detail.tax_scheme_category,
            rate: Rate(row.tax_rate.normalize()),
            base_fraction: detail.base_fraction,
            net_amount: Amount(net),
            taxable_amount: Amount(net),
            tax_amount: Amount(currency.round(row.tax)),
            exemption_code: None,
            exemption_reason: None,
            tax_name: None,
        };
        group.taxable_amount = Amount(group.taxable_part(currency, net));
        Ok(OpenPrepayment { invoice_id: row.invoice_id, number: row.number, issued_on: row.issued_on, group, deducted: row.deducted })
    };
    rows.into_iter().map(open).collect()
}
