use super::body::{StatementEntry, StatementEntryKind};
use crate::platform::sql::sql;
use crate::types::currency::Currency;
use crate::types::decimal::Amount;
use crate::types::id::{CustomerId, OrganizationId};
use chrono::NaiveDate;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Nullable, Numeric, Text, Uuid as SqlUuid};
use rust_decimal::Decimal;
use uuid::Uuid;

/// Whose account, in which currency, where his days begin.
pub struct Account<'a> {
    pub organization_id: OrganizationId,
    pub customer_id: CustomerId,
    pub currency: Currency,
    pub time_zone: &'a str,
}

/// Everything that moved the account. A payment that was reversed has never come.
const ENTRIES: &str = "WITH entry AS (
  SELECT issued_on AS on_day, 'invoice' AS kind, 1 AS place, created_at AS at, id AS row_id, id, number, NULL::text AS reference, due_on, total AS debit, 0::numeric AS credit
  FROM invoice WHERE organization_id = $1 AND customer_id = $2 AND currency = $3
  UNION ALL
  SELECT c.issued_on, 'credit_note', 2, c.created_at, c.id, c.id, c.number, i.number, NULL, 0, c.total
  FROM credit_note c JOIN invoice i ON i.organization_id = c.organization_id AND i.id = c.invoice_id
  WHERE c.organization_id = $1 AND c.customer_id = $2 AND c.currency = $3
  UNION ALL
  SELECT received_on, 'payment', 3, created_at, id, id, number, reference, NULL, 0, amount_captured
  FROM payment WHERE organization_id = $1 AND customer_id = $2 AND currency = $3 AND amount_captured > 0 AND status <> 'reversed'
  UNION ALL
  SELECT (a.created_at AT TIME ZONE $4)::date, 'adjustment', 4, a.created_at, a.id, a.payment_id, p.number, coalesce(i.number, o.number), NULL,
    greatest(-a.adjusted, 0), greatest(a.adjusted, 0)
  FROM payment p
  JOIN payment_allocation a ON a.organization_id = p.organization_id AND a.payment_id = p.id AND a.adjusted <> 0
  JOIN sales_order o ON o.organization_id = a.organization_id AND o.id = a.order_id
  LEFT JOIN invoice i ON i.organization_id = a.organization_id AND i.id = a.invoice_id
  WHERE p.organization_id = $1 AND p.customer_id = $2 AND p.currency = $3
  UNION ALL
  SELECT (r.created_at AT TIME ZONE $4)::date, 'refund', 5, r.created_at, r.id, r.id, r.number, p.number, NULL, r.amount, 0
  FROM payment p JOIN refund r ON r.organization_id = p.organization_id AND r.payment_id = p.id AND r.status = 'succeeded'
  WHERE p.organization_id = $1 AND p.customer_id = $2 AND p.currency = $3 AND p.status <> 'reversed'
)";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Date)]
    on_day: NaiveDate,
    #[diesel(sql_type = Text)]
    kind: StatementEntryKind,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    number: String,
    #[diesel(sql_type = Nullable<Text>)]
    reference: Option<String>,
    #[diesel(sql_type = Nullable<Date>)]
    due_on: Option<NaiveDate>,
    #[diesel(sql_type = Numeric)]
    debit: Decimal,
    #[diesel(sql_type = Numeric)]
    credit: Decimal,
}

#[derive(QueryableByName)]
struct Sum {
    #[diesel(sql_type = Numeric)]
    sum: Decimal,
}

/// What was owed when `from` began.
pub fn opening(connection: &mut PgConnection, account: &Account<'_>, from: NaiveDate) -> QueryResult<Decimal> {
    let row: Sum = sql(format!("{ENTRIES} SELECT coalesce(sum(debit - credit), 0) AS sum FROM entry WHERE on_day < $5"))
        .bind::<SqlUuid, _>(account.organization_id)
        .bind::<SqlUuid, _>(account.customer_id)
        .bind::<Text, _>(account.currency)
        .bind::<Text, _>(account.time_zone)
        .bind::<Date, _>(from)
        .get_result(connection)?;
    Ok(row.sum)
}

/// The entries of a period, at most `limit`, in the order of their days; within a day what is billed comes before what is paid, and what
/// happened first before what undid it. Balances are zero.
pub fn entries(
    connection: &mut PgConnection,
    account: &Account<'_>,
    (from, to): (NaiveDate, NaiveDate),
    limit: i64,
) -> QueryResult<Vec<StatementEntry>> {
    let rows: Vec<Row> = sql(format!(
        "{ENTRIES} SELECT on_day, kind, id, number, reference, due_on, debit, credit FROM entry \
         WHERE on_day BETWEEN $5 AND $6 ORDER BY on_day, place, at, row_id LIMIT $7"
    ))
    .bind::<SqlUuid, _>(account.organization_id)
    .bind::<SqlUuid, _>(account.customer_id)
    .bind::<Text, _>(account.currency)
    .bind::<Text, _>(account.time_zone)
    .bind::<Date, _>(from)
    .bind::<Date, _>(to)
    .bind::<BigInt, _>(limit)
    .load(connection)?;
    let money = |amount: Decimal| Amount(account.currency.round(amount));
    let entry = |row: Row| StatementEntry {
        on: row.on_day,
        kind: row.kind,
        id: row.id,
        number: row.number,
        reference: row.reference,
        due_on: row.due_on,
        debit: money(row.debit),
        credit: money(row.credit),
        balance: Amount(account.currency.zero()),
    };
    Ok(rows.into_iter().map(entry).collect())
}

/// What is due before `today`.
pub fn overdue(connection: &mut PgConnection, account: &Account<'_>, today: NaiveDate) -> QueryResult<Decimal> {
    let row: Sum = sql("SELECT coalesce(sum(total - amount_credited - amount_paid), 0) AS sum FROM invoice \
         WHERE organization_id = $1 AND customer_id = $2 AND currency = $3 AND status IN ('issued', 'partially_paid') AND due_on < $4")
    .bind::<SqlUuid, _>(account.organization_id)
    .bind::<SqlUuid, _>(account.customer_id)
    .bind::<Text, _>(account.currency)
    .bind::<Date, _>(today)
    .get_result(connection)?;
    Ok(row.sum)
}
