//! Writes entries, and how far the feed has been booked.

use super::super::entry::{Draft, Line};
use super::super::open_items::Item;
use super::super::plan::Booked;
use crate::platform::sql::sql;
use crate::types::currency::Currency;
use crate::types::id::OrganizationId;
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Nullable, Numeric, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

/// Where organizations stand; those that are new begin at the beginning.
pub fn ensure_cursors(connection: &mut PgConnection) -> QueryResult<usize> {
    sql("INSERT INTO journal_cursor (organization_id) SELECT o.id FROM organization o \
         WHERE NOT EXISTS (SELECT 1 FROM journal_cursor c WHERE c.organization_id = o.id) ORDER BY o.id ON CONFLICT DO NOTHING")
    .execute(connection)
}

#[derive(QueryableByName)]
struct CursorRow {
    #[diesel(sql_type = SqlUuid)]
    organization_id: OrganizationId,
    #[diesel(sql_type = BigInt)]
    event_id: i64,
    #[diesel(sql_type = BigInt)]
    last_sequence: i64,
}

pub fn cursors(connection: &mut PgConnection) -> QueryResult<Vec<(OrganizationId, i64)>> {
    let rows: Vec<CursorRow> =
        sql("SELECT organization_id, event_id, last_sequence FROM journal_cursor ORDER BY organization_id").load(connection)?;
    Ok(rows.into_iter().map(|row| (row.organization_id, row.event_id)).collect())
}

/// The last event booked and the last sequence given, under the row's lock; `None` while somebody else has it.
pub fn lock_cursor(connection: &mut PgConnection, organization_id: OrganizationId) -> QueryResult<Option<(i64, i64)>> {
    let row: Option<CursorRow> = sql("SELECT organization_id, event_id, last_sequence FROM journal_cursor WHERE organization_id = $1 \
         FOR NO KEY UPDATE SKIP LOCKED")
    .bind::<SqlUuid, _>(organization_id)
    .get_result(connection)
    .optional()?;
    Ok(row.map(|row| (row.event_id, row.last_sequence)))
}

pub fn move_cursor(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    event_id: i64,
    last_sequence: i64,
) -> QueryResult<usize> {
    sql("UPDATE journal_cursor SET event_id = $2, last_sequence = $3 WHERE organization_id = $1")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<BigInt, _>(event_id)
        .bind::<BigInt, _>(last_sequence)
        .execute(connection)
}

/// An entry: its place in the sequence, its id, and its lines with their accounts.
pub type Entry = (i64, Uuid, Draft, Vec<(Line, String)>);

/// An entry with the facts that it books.
#[derive(Clone, Debug)]
pub struct Numbered {
    /// `None` where the facts move no account: only that they are booked is noted.
    pub entry: Option<Entry>,
    pub facts: Vec<Booked>,
}

/// Writes entries, their lines and what they book: three statements. A fact that is booked already fails the transaction.
pub fn append(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    base_currency: Currency,
    numbered: &[Numbered],
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let entries: Vec<&Entry> = numbered.iter().filter_map(|one| one.entry.as_ref()).collect();
    if !entries.is_empty() {
        insert_entries(connection, organization_id, base_currency, &entries, now)?;
        insert_lines(connection, organization_id, &entries)?;
    }
    let facts: Vec<(&Booked, Option<i64>)> =
        numbered.iter().flat_map(|one| one.facts.iter().map(|fact| (fact, one.entry.as_ref().map(|(sequence, ..)| *sequence)))).collect();
    sql("INSERT INTO journal_source (organization_id, kind, source_id, part, amount, sequence) \
         SELECT $1, f.kind, f.source_id, f.part, f.amount, f.sequence \
         FROM unnest($2, $3, $4, $5, $6) AS f(kind, source_id, part, amount, sequence)")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<Text>, _>(facts.iter().map(|(fact, _)| fact.kind.as_str()).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(facts.iter().map(|(fact, _)| fact.id).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(facts.iter().map(|(fact, _)| fact.part).collect::<Vec<_>>())
    .bind::<Array<Numeric>, _>(facts.iter().map(|(fact, _)| fact.amount).collect::<Vec<_>>())
    .bind::<Array<Nullable<BigInt>>, _>(facts.iter().map(|(_, sequence)| *sequence).collect::<Vec<_>>())
    .execute(connection)?;
    Ok(())
}

fn insert_entries(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    base_currency: Currency,
    entries: &[&Entry],
    now: DateTime<Utc>,
) -> QueryResult<usize> {
    fn all<'a, T>(entries: &[&'a Entry], f: impl Fn(&'a Draft) -> T) -> Vec<T> {
        entries.iter().map(|(_, _, draft, _)| f(draft)).collect()
    }
    sql("INSERT INTO journal_entry (organization_id, sequence, id, kind, posted_on, source_type, source_id, source_number, order_id, \
         customer_id, currency, base_currency, exchange_rate, recorded_at) \
         SELECT $1, e.sequence, e.id, e.kind, e.posted_on, e.source_type, e.source_id, e.source_number, e.order_id, e.customer_id, \
         e.currency, $13, e.exchange_rate, $14 \
         FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) AS e(sequence, id, kind, posted_on, source_type, source_id, \
         source_number, order_id, customer_id, currency, exchange_rate)")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<BigInt>, _>(entries.iter().map(|(sequence, ..)| *sequence).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(entries.iter().map(|(_, id, ..)| *id).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(all(entries, |draft| draft.kind))
    .bind::<Array<Date>, _>(all(entries, |draft| draft.posted_on))
    .bind::<Array<Text>, _>(all(entries, |draft| draft.source.source_type))
    .bind::<Array<SqlUuid>, _>(all(entries, |draft| draft.source.id))
    .bind::<Array<Nullable<Text>>, _>(all(entries, |draft| draft.source.number.as_deref()))
    .bind::<Array<Nullable<SqlUuid>>, _>(all(entries, |draft| draft.order_id))
    .bind::<Array<Nullable<SqlUuid>>, _>(all(entries, |draft| draft.customer_id))
    .bind::<Array<Text>, _>(all(entries, |draft| draft.currency))
    .bind::<Array<Nullable<Numeric>>, _>(all(entries, |draft| draft.exchange_rate))
    .bind::<Text, _>(base_currency)
    .bind::<Timestamptz, _>(now)
    .execute(connection)
}

fn insert_lines(connection: &mut PgConnection, organization_id: OrganizationId, entries: &[&Entry]) -> QueryResult<usize> {
    let lines: Vec<(i64, i16, &Line, &str)> = entries
        .iter()
        .flat_map(|(sequence, _, _, lines)| (1..).zip(lines).map(|(number, (line, account))| (*sequence, number, line, account.as_str())))
        .collect();
    let invoice = |line: &Line| match line.posting.item {
        Some(Item::Invoice(id)) => Some(id),
        Some(Item::Payment(_)) | None => None,
    };
    let payment = |line: &Line| match line.posting.item {
        Some(Item::Payment(id)) => Some(id),
        Some(Item::Invoice(_)) | None => None,
    };
    sql("INSERT INTO journal_line (organization_id, sequence, line_number, role, account, amount, base_amount, tax_category, tax_rate, \
         invoice_id, payment_id) SELECT $1, l.sequence, l.line_number, l.role, l.account, l.amount, l.base_amount, l.tax_category, \
         l.tax_rate, l.invoice_id, l.payment_id \
         FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11) AS l(sequence, line_number, role, account, amount, base_amount, tax_category, \
         tax_rate, invoice_id, payment_id)")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<BigInt>, _>(lines.iter().map(|(sequence, ..)| *sequence).collect::<Vec<_>>())
    .bind::<Array<SmallInt>, _>(lines.iter().map(|(_, number, ..)| *number).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(lines.iter().map(|(_, _, line, _)| line.posting.role).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(lines.iter().map(|(.., account)| *account).collect::<Vec<_>>())
    .bind::<Array<Numeric>, _>(lines.iter().map(|(_, _, line, _)| line.posting.amount).collect::<Vec<_>>())
    .bind::<Array<Nullable<Numeric>>, _>(lines.iter().map(|(_, _, line, _)| line.base_amount).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(lines.iter().map(|(_, _, line, _)| line.posting.tax_category.as_deref()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Numeric>>, _>(lines.iter().map(|(_, _, line, _)| line.posting.tax_rate).collect::<Vec<_>>())
    .bind::<Array<Nullable<SqlUuid>>, _>(lines.iter().map(|(_, _, line, _)| invoice(line)).collect::<Vec<_>>())
    .bind::<Array<Nullable<SqlUuid>>, _>(lines.iter().map(|(_, _, line, _)| payment(line)).collect::<Vec<_>>())
    .execute(connection)
}
