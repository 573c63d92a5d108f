//! Where open items stand in the books.

use super::super::open_items::{Balance, Item};
use super::super::role::LedgerRole;
use crate::platform::sql::sql;
use crate::types::id::{InvoiceId, OrganizationId, PaymentId};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Nullable, Numeric, Text, Uuid as SqlUuid};
use rust_decimal::Decimal;

/// Where open items stand.
pub fn balances(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    items: &[Item],
) -> QueryResult<Vec<((LedgerRole, Item), Balance)>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        role: LedgerRole,
        #[diesel(sql_type = Nullable<SqlUuid>)]
        invoice_id: Option<InvoiceId>,
        #[diesel(sql_type = Nullable<SqlUuid>)]
        payment_id: Option<PaymentId>,
        #[diesel(sql_type = Numeric)]
        amount: Decimal,
        #[diesel(sql_type = Nullable<Numeric>)]
        base: Option<Decimal>,
    }
    let (mut invoices, mut payments) = (Vec::new(), Vec::new());
    for item in items {
        match item {
            Item::Invoice(id) => invoices.push(*id),
            Item::Payment(id) => payments.push(*id),
        }
    }
    let rows: Vec<Row> = sql("SELECT role, invoice_id, NULL::uuid AS payment_id, sum(amount) AS amount, \
         CASE WHEN count(*) = count(base_amount) THEN sum(base_amount) END AS base \
         FROM journal_line WHERE organization_id = $1 AND invoice_id = ANY($2) GROUP BY role, invoice_id \
         UNION ALL SELECT role, NULL, payment_id, sum(amount), CASE WHEN count(*) = count(base_amount) THEN sum(base_amount) END \
         FROM journal_line WHERE organization_id = $1 AND payment_id = ANY($3) GROUP BY role, payment_id")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<SqlUuid>, _>(invoices)
    .bind::<Array<SqlUuid>, _>(payments)
    .load(connection)?;
    let balance = |row: Row| {
        let item = row.invoice_id.map(Item::Invoice).or(row.payment_id.map(Item::Payment))?;
        Some(((row.role, item), Balance { amount: row.amount, base: row.base }))
    };
    Ok(rows.into_iter().filter_map(balance).collect())
}
