//! What stands on documents of the payments that came on a day: by this the limits of adjustments are judged.

use crate::platform::sql::sql;
use crate::types::id::{InvoiceId, OrderId, OrganizationId};
use chrono::NaiveDate;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Date, Nullable, Numeric, Uuid as SqlUuid};
use rust_decimal::Decimal;

/// Sums over the allocations of payments that were received on one day, on one invoice or (none) on an order without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, QueryableByName)]
pub struct Standing {
    #[diesel(sql_type = SqlUuid)]
    pub order_id: OrderId,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub invoice_id: Option<InvoiceId>,
    #[diesel(sql_type = Date)]
    pub received_on: NaiveDate,
    #[diesel(sql_type = Numeric)]
    pub money: Decimal,
    /// Money and all adjustments.
    #[diesel(sql_type = Numeric)]
    pub settled: Decimal,
    /// Withholding tax and bank fees.
    #[diesel(sql_type = Numeric)]
    pub kept: Decimal,
    /// Deducted for paying early.
    #[diesel(sql_type = Numeric)]
    pub discount: Decimal,
}

fn query(of: &str) -> String {
    format!(
        "SELECT a.order_id, a.invoice_id, p.received_on, sum(a.amount) AS money, sum(a.amount + a.adjusted) AS settled, \
         sum(j.kept) AS kept, sum(j.discount) AS discount \
         FROM payment_allocation a JOIN payment p ON p.organization_id = a.organization_id AND p.id = a.payment_id \
         CROSS JOIN LATERAL (SELECT coalesce(sum(x.amount) FILTER (WHERE x.kind IN ('withholding_tax', 'bank_fee')), 0) AS kept, \
         coalesce(sum(x.amount) FILTER (WHERE x.kind = 'early_payment_discount'), 0) AS discount \
         FROM jsonb_to_recordset(a.adjustments) AS x(kind text, amount numeric)) j \
         WHERE a.organization_id = $1 AND {of} = ANY($2) GROUP BY a.order_id, a.invoice_id, p.received_on \
         ORDER BY a.order_id, a.invoice_id, p.received_on"
    )
}

/// On orders and their invoices. The caller holds the orders' locks, under which alone that can change.
pub fn standing_on_orders(connection: &mut PgConnection, organization_id: OrganizationId, ids: &[OrderId]) -> QueryResult<Vec<Standing>> {
    if ids.is_empty() {
        return Ok(vec![]);
    }
    sql(query("a.order_id")).bind::<SqlUuid, _>(organization_id).bind::<Array<SqlUuid>, _>(ids).load(connection)
}

/// On invoices.
pub fn standing_on_invoices(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    ids: &[InvoiceId],
) -> QueryResult<Vec<Standing>> {
    if ids.is_empty() {
        return Ok(vec![]);
    }
    sql(query("a.invoice_id")).bind::<SqlUuid, _>(organization_id).bind::<Array<SqlUuid>, _>(ids).load(connection)
}
