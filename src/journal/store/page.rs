//! Reads entries.

use super::super::body::{JournalEntry, JournalLine, JournalSource};
use super::super::entry::{JournalEntryKind, JournalSourceType};
use super::super::role::LedgerRole;
use crate::events::position::Position;
use crate::platform::sql::{from_json, sql};
use crate::types::currency::Currency;
use crate::types::decimal::{Amount, ExchangeRate, Rate};
use crate::types::id::{CustomerId, InvoiceId, JournalEntryId, OrderId, OrganizationId, PaymentId};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Jsonb, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;
use serde_json::Value;
use uuid::Uuid;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    sequence: i64,
    #[diesel(sql_type = SqlUuid)]
    id: JournalEntryId,
    #[diesel(sql_type = Text)]
    kind: JournalEntryKind,
    #[diesel(sql_type = Date)]
    posted_on: NaiveDate,
    #[diesel(sql_type = Text)]
    source_type: JournalSourceType,
    #[diesel(sql_type = SqlUuid)]
    source_id: Uuid,
    #[diesel(sql_type = Nullable<Text>)]
    source_number: Option<String>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    order_id: Option<OrderId>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    customer_id: Option<CustomerId>,
    #[diesel(sql_type = Text)]
    currency: Currency,
    #[diesel(sql_type = Text)]
    base_currency: Currency,
    #[diesel(sql_type = Nullable<Numeric>)]
    exchange_rate: Option<Decimal>,
    #[diesel(sql_type = Timestamptz)]
    recorded_at: DateTime<Utc>,
    #[diesel(sql_type = Jsonb)]
    lines: Value,
}

/// Amounts as text, so that no digit passes through a float.
#[derive(serde::Deserialize)]
struct LineRow {
    role: LedgerRole,
    account: String,
    amount: Decimal,
    base_amount: Option<Decimal>,
    tax_category: Option<String>,
    tax_rate: Option<Decimal>,
    invoice_id: Option<InvoiceId>,
    payment_id: Option<PaymentId>,
}

const COLUMNS: &str = "e.sequence, e.id, e.kind, e.posted_on, e.source_type, e.source_id, e.source_number, e.order_id, e.customer_id, \
     e.currency, e.base_currency, e.exchange_rate, e.recorded_at, (SELECT coalesce(jsonb_agg(jsonb_build_object('role', l.role, \
     'account', l.account, 'amount', l.amount::text, 'base_amount', l.base_amount::text, 'tax_category', l.tax_category, \
     'tax_rate', l.tax_rate::text, 'invoice_id', l.invoice_id, 'payment_id', l.payment_id) ORDER BY l.line_number), '[]') \
     FROM journal_line l WHERE l.organization_id = e.organization_id AND l.sequence = e.sequence) AS lines";

fn entry_of(row: Row) -> QueryResult<JournalEntry> {
    let lines: Vec<LineRow> = from_json(row.lines)?;
    let (currency, base_currency) = (row.currency, row.base_currency);
    let side = |amount: Decimal, currency: Currency| Amount(currency.round(amount.max(Decimal::ZERO)));
    let line = |line: LineRow| JournalLine {
        account: line.account,
        role: line.role,
        debit: side(line.amount, currency),
        credit: side(-line.amount, currency),
        base_debit: line.base_amount.map(|amount| side(amount, base_currency)),
        base_credit: line.base_amount.map(|amount| side(-amount, base_currency)),
        tax_category: line.tax_category,
        tax_rate: line.tax_rate.map(Rate),
        invoice_id: line.invoice_id,
        payment_id: line.payment_id,
    };
    Ok(JournalEntry {
        id: row.id,
        position: Position(row.sequence).encode(),
        kind: row.kind,
        posted_on: row.posted_on,
        source: JournalSource { r#type: row.source_type, id: row.source_id, number: row.source_number },
        order_id: row.order_id,
        customer_id: row.customer_id,
        currency,
        base_currency,
        exchange_rate: row.exchange_rate.map(ExchangeRate),
        lines: lines.into_iter().map(line).collect(),
        recorded_at: row.recorded_at,
    })
}

/// A stretch of the journal.
pub struct Page {
    pub entries: Vec<JournalEntry>,
    /// The sequence behind which the next stretch begins.
    pub next: i64,
    pub has_more: bool,
}

/// Up to `limit` entries after a sequence, those of one order where that is asked for.
pub fn entries(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    order_id: Option<OrderId>,
    after: i64,
    limit: usize,
) -> QueryResult<Page> {
    let of_order = if order_id.is_some() { " AND e.order_id = $3" } else { "" };
    let mut rows: Vec<Row> = sql(format!(
        "SELECT {COLUMNS} FROM journal_entry e WHERE e.organization_id = $1 AND e.sequence > $2{of_order} ORDER BY e.sequence LIMIT $4"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<BigInt, _>(after)
    .bind::<Nullable<SqlUuid>, _>(order_id)
    .bind::<BigInt, _>(limit as i64 + 1)
    .load(connection)?;
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().map_or(after, |row| row.sequence);
    Ok(Page { entries: rows.into_iter().map(entry_of).collect::<QueryResult<_>>()?, next, has_more })
}

pub fn find(connection: &mut PgConnection, organization_id: OrganizationId, id: JournalEntryId) -> QueryResult<Option<JournalEntry>> {
    let row: Option<Row> = sql(format!("SELECT {COLUMNS} FROM journal_entry e WHERE e.organization_id = $1 AND e.id = $2"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(id)
        .get_result(connection)
        .optional()?;
    row.map(entry_of).transpose()
}
