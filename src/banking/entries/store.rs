use super::super::files::{Direction, StatementEntry};
use super::entry::{BankEntry, BankEntryStatus};
use crate::auth::actor::Context;
use crate::platform::keyset::asked_for;
use crate::platform::sql::{from_json, sql, sql_uncached, to_json};
use crate::types::currency::Currency;
use crate::types::id::{BankEntryId, BankStatementId, CustomerId, OrganizationId, PaymentId, RefundId};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Bool, Date, Jsonb, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;
use serde_json::Value;

const COLUMNS: &str = "e.id, e.statement_id, e.pointer, e.account, e.statement_reference, e.booked_on, e.value_on, e.amount, e.currency, \
     e.direction, e.reversal, e.remittance_text, e.structured_reference, e.end_to_end_id, e.counterparty_name, e.counterparty_account, \
     e.bank_reference, e.status, e.certain, e.suggestions, e.payment_id, e.refund_id, e.booked, e.decision, e.version, e.created_at, e.updated_at, \
     e.possible_duplicate_of";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: BankEntryId,
    #[diesel(sql_type = SqlUuid)]
    statement_id: BankStatementId,
    #[diesel(sql_type = Text)]
    pointer: String,
    #[diesel(sql_type = Text)]
    account: String,
    #[diesel(sql_type = Nullable<Text>)]
    statement_reference: Option<String>,
    #[diesel(sql_type = Date)]
    booked_on: NaiveDate,
    #[diesel(sql_type = Nullable<Date>)]
    value_on: Option<NaiveDate>,
    #[diesel(sql_type = Numeric)]
    amount: Decimal,
    #[diesel(sql_type = Text)]
    currency: Currency,
    #[diesel(sql_type = Text)]
    direction: Direction,
    #[diesel(sql_type = Bool)]
    reversal: bool,
    #[diesel(sql_type = Text)]
    remittance_text: String,
    #[diesel(sql_type = Nullable<Text>)]
    structured_reference: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    end_to_end_id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    counterparty_name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    counterparty_account: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    bank_reference: Option<String>,
    #[diesel(sql_type = Text)]
    status: BankEntryStatus,
    #[diesel(sql_type = Bool)]
    certain: bool,
    #[diesel(sql_type = Jsonb)]
    suggestions: Value,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    payment_id: Option<PaymentId>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    refund_id: Option<RefundId>,
    #[diesel(sql_type = Bool)]
    booked: bool,
    #[diesel(sql_type = Nullable<Jsonb>)]
    decision: Option<Value>,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    possible_duplicate_of: Option<BankEntryId>,
}

fn entry_of(row: Row) -> QueryResult<BankEntry> {
    Ok(BankEntry {
        id: row.id,
        statement_id: row.statement_id,
        pointer: row.pointer,
        account: row.account,
        statement_reference: row.statement_reference,
        booked_on: row.booked_on,
        value_on: row.value_on,
        amount: row.currency.round(row.amount),
        currency: row.currency,
        direction: row.direction,
        reversal: row.reversal,
        remittance_text: row.remittance_text,
        structured_reference: row.structured_reference,
        end_to_end_id: row.end_to_end_id,
        counterparty_name: row.counterparty_name,
        counterparty_account: row.counterparty_account,
        bank_reference: row.bank_reference,
        status: row.status,
        certain: row.certain,
        suggestions: from_json(row.suggestions)?,
        payment_id: row.payment_id,
        refund_id: row.refund_id,
        booked: row.booked,
        decision: row.decision.map(from_json).transpose()?,
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
        possible_duplicate_of: row.possible_duplicate_of,
    })
}

fn entries_of(rows: Vec<Row>) -> QueryResult<Vec<BankEntry>> {
    rows.into_iter().map(entry_of).collect()
}

/// Stores those that are not there yet and answers their ids. Sorted by what tells them apart, so that two files with the same
/// entries wait for each other instead of deadlocking.
pub fn insert(
    connection: &mut PgConnection,
    context: &Context,
    statement_id: BankStatementId,
    entries: &[(BankEntryId, &StatementEntry)],
) -> QueryResult<Vec<BankEntryId>> {
    #[derive(QueryableByName)]
    struct Inserted {
        #[diesel(sql_type = SqlUuid)]
        id: BankEntryId,
    }
    fn all<'a, T>(entries: &[(BankEntryId, &'a StatementEntry)], f: impl Fn(&'a StatementEntry) -> T) -> Vec<T> {
        entries.iter().map(|(_, entry)| f(entry)).collect()
    }
    let rows: Vec<Inserted> = sql("INSERT INTO bank_entry (organization_id, statement_id, status, created_at, updated_at, id, pointer, key, \
         account, statement_reference, booked_on, value_on, amount, currency, direction, reversal, remittance_text, structured_reference, \
         end_to_end_id, counterparty_name, counterparty_account, bank_reference) \
         SELECT $1, $2, 'unmatched', $3, $3, e.* FROM unnest($4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20) \
         AS e(id, pointer, key, account, statement_reference, booked_on, value_on, amount, currency, direction, reversal, remittance_text, \
         structured_reference, end_to_end_id, counterparty_name, counterparty_account, bank_reference) ORDER BY e.key \
         ON CONFLICT (organization_id, key) DO NOTHING RETURNING id")
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<SqlUuid, _>(statement_id)
    .bind::<Timestamptz, _>(context.now)
    .bind::<Array<SqlUuid>, _>(entries.iter().map(|(id, _)| *id).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(all(entries, |entry| entry.pointer.as_str()))
    .bind::<Array<Binary>, _>(all(entries, |entry| entry.key.as_slice()))
    .bind::<Array<Text>, _>(all(entries, |entry| entry.account.as_str()))
    .bind::<Array<Nullable<Text>>, _>(all(entries, |entry| entry.statement_reference.as_deref()))
    .bind::<Array<Date>, _>(all(entries, |entry| entry.booked_on))
    .bind::<Array<Nullable<Date>>, _>(all(entries, |entry| entry.value_on))
    .bind::<Array<Numeric>, _>(all(entries, |entry| entry.amount))
    .bind::<Array<Text>, _>(all(entries, |entry| entry.currency))
    .bind::<Array<Text>, _>(all(entries, |entry| entry.direction))
    .bind::<Array<Bool>, _>(all(entries, |entry| entry.reversal))
    .bind::<Array<Text>, _>(all(entries, |entry| entry.remittance_text.as_str()))
    .bind::<Array<Nullable<Text>>, _>(all(entries, |entry| entry.structured_reference.as_deref()))
    .bind::<Array<Nullable<Text>>, _>(all(entries, |entry| entry.end_to_end_id.as_deref()))
    .bind::<Array<Nullable<Text>>, _>(all(entries, |entry| entry.counterparty_name.as_deref()))
    .bind::<Array<Nullable<Text>>, _>(all(entries, |entry| entry.counterparty_account.as_deref()))
    .bind::<Array<Nullable<Text>>, _>(all(entries, |entry| entry.bank_reference.as_deref()))
    .load(connection)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// An entry that is stored, and the days of the file that brought it.
#[derive(QueryableByName, Clone, Debug)]
pub struct KnownEntry {
    #[diesel(sql_type = SqlUuid)]
    pub id: BankEntryId,
    #[diesel(sql_type = Binary)]
    pub key: Vec<u8>,
    #[diesel(sql_type = Date)]
    pub booked_on: NaiveDate,
    #[diesel(sql_type = SqlUuid)]
    pub statement_id: BankStatementId,
    #[diesel(sql_type = Nullable<Date>)]
    pub first_on: Option<NaiveDate>,
    #[diesel(sql_type = Nullable<Date>)]
    pub last_on: Option<NaiveDate>,
}

/// Those of these keys that are stored, in the order of their ids.
pub fn known(connection: &mut PgConnection, organization_id: OrganizationId, keys: &[&[u8]]) -> QueryResult<Vec<KnownEntry>> {
    sql("SELECT e.id, e.key, e.booked_on, e.statement_id, s.first_on, s.last_on FROM bank_entry e \
         JOIN bank_statement s ON s.organization_id = e.organization_id AND s.id = e.statement_id \
         WHERE e.organization_id = $1 AND e.key = ANY($2) ORDER BY e.id")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<Binary>, _>(keys.to_vec())
    .load(connection)
}

/// An entry that a person has ignored because it is another one once more: no booking of its own.
const IGNORED_REPEAT: &str = "status = 'ignored' AND possible_duplicate_of IS NOT NULL";

/// Those under these keys that are another entry once more, by a person's word, locked in the order of their ids; with their keys.
pub fn lock_ignored_repeats(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    keys: &[&[u8]],
) -> QueryResult<Vec<(BankEntryId, Vec<u8>)>> {
    #[derive(QueryableByName)]
    struct Ignored {
        #[diesel(sql_type = SqlUuid)]
        id: BankEntryId,
        #[diesel(sql_type = Binary)]
        key: Vec<u8>,
    }
    let rows: Vec<Ignored> = sql(format!(
        "SELECT id, key FROM bank_entry WHERE organization_id = $1 AND key = ANY($2) AND {IGNORED_REPEAT} ORDER BY id FOR UPDATE"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<Binary>, _>(keys.to_vec())
    .load(connection)?;
    Ok(rows.into_iter().map(|row| (row.id, row.key)).collect())
}

/// Gives entries other keys.
pub fn move_keys(connection: &mut PgConnection, organization_id: OrganizationId, moved: &[(BankEntryId, Vec<u8>)]) -> QueryResult<()> {
    sql("UPDATE bank_entry e SET key = t.key FROM unnest($2::uuid[], $3::bytea[]) AS t(id, key) WHERE e.organization_id = $1 AND e.id = t.id")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<SqlUuid>, _>(moved.iter().map(|(id, _)| *id).collect::<Vec<_>>())
        .bind::<Array<Binary>, _>(moved.iter().map(|(_, key)| key.as_slice()).collect::<Vec<_>>())
        .execute(connection)?;
    Ok(())
}

/// The keys of an account's entries of a day that other statements have brought and nothing but their text tells apart; without those
/// that are another one once more.
pub fn keys_of_day(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    account: &str,
    day: NaiveDate,
    except: BankStatementId,
) -> QueryResult<Vec<Vec<u8>>> {
    #[derive(QueryableByName)]
    struct Key {
        #[diesel(sql_type = Binary)]
        key: Vec<u8>,
    }
    let rows: Vec<Key> = sql(format!(
        "SELECT key FROM bank_entry WHERE organization_id = $1 AND account = $2 AND booked_on = $3 \
         AND statement_id <> $4 AND bank_reference IS NULL AND NOT ({IGNORED_REPEAT})"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Text, _>(account)
    .bind::<Date, _>(day)
    .bind::<SqlUuid, _>(except)
    .load(connection)?;
    Ok(rows.into_iter().map(|row| row.key).collect())
}

/// Notes which entry another may be once more.
pub fn doubt(connection: &mut PgConnection, organization_id: OrganizationId, doubts: &[(BankEntryId, BankEntryId)]) -> QueryResult<()> {
    if doubts.is_empty() {
        return Ok(());
    }
    sql("UPDATE bank_entry e SET possible_duplicate_of = t.of FROM unnest($2::uuid[], $3::uuid[]) AS t(id, of) \
         WHERE e.organization_id = $1 AND e.id = t.id")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<SqlUuid>, _>(doubts.iter().map(|doubt| doubt.0).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(doubts.iter().map(|doubt| doubt.1).collect::<Vec<_>>())
    .execute(connection)?;
    Ok(())
}

/// An entry of a statement that is held.
#[derive(QueryableByName)]
pub struct HeldEntry {
    #[diesel(sql_type = SqlUuid)]
    pub id: BankEntryId,
    #[diesel(sql_type = Binary)]
    pub key: Vec<u8>,
    #[diesel(sql_type = Text)]
    pub status: BankEntryStatus,
}

/// What a statement has brought, locked in the order of its ids.
pub fn lock_of_statement(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    statement_id: BankStatementId,
) -> QueryResult<Vec<HeldEntry>> {
    sql("SELECT id, key, status FROM bank_entry WHERE organization_id = $1 AND statement_id = $2 ORDER BY id FOR UPDATE")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(statement_id)
        .load(connection)
}

/// Deletes what a statement has brought; the caller holds the locks.
pub fn delete_of_statement(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    statement_id: BankStatementId,
) -> QueryResult<usize> {
    sql("DELETE FROM bank_entry WHERE organization_id = $1 AND statement_id = $2")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(statement_id)
        .execute(connection)
}

/// Takes the note off entries that may be one of these once more, where that one is no more.
pub fn end_doubts(connection: &mut PgConnection, context: &Context, ids: &[BankEntryId]) -> QueryResult<()> {
    sql("UPDATE bank_entry e SET possible_duplicate_of = NULL, version = e.version + 1, updated_at = $3 \
         FROM unnest($2) AS t(id) WHERE e.organization_id = $1 AND e.possible_duplicate_of = t.id \
         AND NOT EXISTS (SELECT 1 FROM bank_entry n WHERE n.organization_id = $1 AND n.id = t.id)")
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Timestamptz, _>(context.now)
    .execute(connection)?;
    Ok(())
}

pub fn of_ids(connection: &mut PgConnection, organization_id: OrganizationId, ids: &[BankEntryId]) -> QueryResult<Vec<BankEntry>> {
    let rows: Vec<Row> = sql(format!("SELECT {COLUMNS} FROM bank_entry e WHERE e.organization_id = $1 AND e.id = ANY($2) ORDER BY e.id"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<SqlUuid>, _>(ids)
        .load(connection)?;
    entries_of(rows)
}

pub fn lock(connection: &mut PgConnection, organization_id: OrganizationId, id: BankEntryId) -> QueryResult<Option<BankEntry>> {
    let rows: Vec<Row> = sql(format!("SELECT {COLUMNS} FROM bank_entry e WHERE e.organization_id = $1 AND e.id = $2 FOR NO KEY UPDATE"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(id)
        .load(connection)?;
    Ok(entries_of(rows)?.pop())
}

/// The certain entries of one day that nobody else is booking, locked in the order of their ids.
pub fn lock_certain(connection: &mut PgConnection, organization_id: OrganizationId, limit: i64) -> QueryResult<Vec<BankEntry>> {
    let rows: Vec<Row> = sql(format!(
        "SELECT {COLUMNS} FROM bank_entry e WHERE e.organization_id = $1 AND e.certain AND e.booked_on = \
         (SELECT min(f.booked_on) FROM bank_entry f WHERE f.organization_id = $1 AND f.certain) \
         ORDER BY e.id LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<BigInt, _>(limit)
    .load(connection)?;
    entries_of(rows)
}

/// How many certain entries wait to be booked, up to `most`.
pub fn count_certain(connection: &mut PgConnection, organization_id: OrganizationId, most: usize) -> QueryResult<i64> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        entries: i64,
    }
    let row: Count =
        sql("SELECT count(*) AS entries FROM (SELECT 1 FROM bank_entry WHERE organization_id = $1 AND certain LIMIT $2) certain")
            .bind::<SqlUuid, _>(organization_id)
            .bind::<BigInt, _>(most as i64)
            .get_result(connection)?;
    Ok(row.entries)
}

/// A refund that no entry stands for.
#[derive(Clone, Debug, QueryableByName)]
pub struct FreeRefund {
    #[diesel(sql_type = SqlUuid)]
    pub id: RefundId,
    #[diesel(sql_type = Numeric)]
    pub amount: Decimal,
    #[diesel(sql_type = Text)]
    pub currency: Currency,
}

/// Of refunds, those that no entry stands for; their payments are locked, so that it stays so.
pub fn lock_free_refunds(connection: &mut PgConnection, organization_id: OrganizationId, ids: &[RefundId]) -> QueryResult<Vec<FreeRefund>> {
    sql("SELECT 1 FROM payment p WHERE p.organization_id = $1 AND p.id IN \
         (SELECT r.payment_id FROM refund r WHERE r.organization_id = $1 AND r.id = ANY($2)) ORDER BY p.id FOR NO KEY UPDATE")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<SqlUuid>, _>(ids)
    .execute(connection)?;
    sql("SELECT r.id, r.amount, r.currency FROM refund r WHERE r.organization_id = $1 AND r.id = ANY($2) AND r.status = 'succeeded' \
         AND NOT EXISTS (SELECT 1 FROM bank_entry e WHERE e.organization_id = $1 AND e.refund_id = r.id) ORDER BY r.id")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<SqlUuid>, _>(ids)
    .load(connection)
}

/// Organizations with certain entries that are not booked.
pub fn organizations_waiting(connection: &mut PgConnection) -> QueryResult<Vec<OrganizationId>> {
    #[derive(QueryableByName)]
    struct Waiting {
        #[diesel(sql_type = SqlUuid)]
        organization_id: OrganizationId,
    }
    let rows: Vec<Waiting> = sql("SELECT DISTINCT organization_id FROM bank_entry WHERE certain").load(connection)?;
    Ok(rows.into_iter().map(|row| row.organization_id).collect())
}

/// Writes status, suggestions and decision of entries. The caller holds their locks, or has just made them.
pub fn update(connection: &mut PgConnection, organization_id: OrganizationId, entries: &[BankEntry]) -> QueryResult<()> {
    fn all<'a, T>(entries: &'a [BankEntry], f: impl Fn(&'a BankEntry) -> T) -> Vec<T> {
        entries.iter().map(f).collect()
    }
    let suggestions: Vec<Value> = entries.iter().map(|entry| to_json(&entry.suggestions)).collect::<QueryResult<_>>()?;
    let decisions: Vec<Option<Value>> =
        entries.iter().map(|entry| entry.decision.as_ref().map(to_json).transpose()).collect::<QueryResult<_>>()?;
    sql("UPDATE bank_entry e SET status = t.status, certain = t.certain, suggestions = t.suggestions, payment_id = t.payment_id, \
         refund_id = t.refund_id, booked = t.booked, decision = t.decision, version = t.version, updated_at = t.updated_at \
         FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11) AS t(id, status, certain, suggestions, payment_id, refund_id, booked, decision, \
         version, updated_at) WHERE e.organization_id = $1 AND e.id = t.id")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<SqlUuid>, _>(all(entries, |entry| entry.id))
    .bind::<Array<Text>, _>(all(entries, |entry| entry.status))
    .bind::<Array<Bool>, _>(all(entries, |entry| entry.certain))
    .bind::<Array<Jsonb>, _>(suggestions)
    .bind::<Array<Nullable<SqlUuid>>, _>(all(entries, |entry| entry.payment_id))
    .bind::<Array<Nullable<SqlUuid>>, _>(all(entries, |entry| entry.refund_id))
    .bind::<Array<Bool>, _>(all(entries, |entry| entry.booked))
    .bind::<Array<Nullable<Jsonb>>, _>(decisions)
    .bind::<Array<BigInt>, _>(all(entries, |entry| entry.version))
    .bind::<Array<Timestamptz>, _>(all(entries, |entry| entry.updated_at))
    .execute(connection)?;
    Ok(())
}

/// Notes from which accounts customers pay.
pub fn learn(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    known: &[(&str, CustomerId)],
    now: DateTime<Utc>,
) -> QueryResult<usize> {
    let (accounts, customers): (Vec<&str>, Vec<CustomerId>) = known.iter().copied().unzip();
    sql("INSERT INTO bank_counterparty (organization_id, account, customer_id, created_at) \
         SELECT DISTINCT $1::uuid, k.account, k.customer_id, $4::timestamptz FROM unnest($2, $3) AS k(account, customer_id) ORDER BY 2, 3 \
         ON CONFLICT DO NOTHING")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<Text>, _>(accounts)
    .bind::<Array<SqlUuid>, _>(customers)
    .bind::<Timestamptz, _>(now)
    .execute(connection)
}

/// Which entries to list; empty lists narrow nothing.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub statement_id: Option<BankStatementId>,
    pub status: Vec<String>,
    pub direction: Vec<String>,
    pub account: Vec<String>,
    pub payment_id: Vec<PaymentId>,
    pub updated_from: Option<DateTime<Utc>>,
}

/// One row more than the page has, in the order in which they came.
pub fn page(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &Filter,
    after: Option<BankEntryId>,
    limit: i64,
) -> QueryResult<Vec<BankEntry>> {
    let conditions = asked_for(&[
        (filter.statement_id.is_some(), " AND e.statement_id = $2"),
        (!filter.status.is_empty(), " AND e.status = ANY($3)"),
        (!filter.direction.is_empty(), " AND e.direction = ANY($4)"),
        (!filter.account.is_empty(), " AND e.account = ANY($5)"),
        (!filter.payment_id.is_empty(), " AND e.payment_id = ANY($6)"),
        (after.is_some(), " AND e.id > $7"),
        (filter.updated_from.is_some(), " AND e.updated_at >= $9"),
    ]);
    let rows: Vec<Row> =
        sql_uncached(format!("SELECT {COLUMNS} FROM bank_entry e WHERE e.organization_id = $1{conditions} ORDER BY e.id LIMIT $8"))
            .bind::<SqlUuid, _>(organization_id)
            .bind::<Nullable<SqlUuid>, _>(filter.statement_id)
            .bind::<Array<Text>, _>(&filter.status)
            .bind::<Array<Text>, _>(&filter.direction)
            .bind::<Array<Text>, _>(&filter.account)
            .bind::<Array<SqlUuid>, _>(&filter.payment_id)
            .bind::<Nullable<SqlUuid>, _>(after)
            .bind::<BigInt, _>(limit)
            .bind::<Nullable<Timestamptz>, _>(filter.updated_from)
            .load(connection)?;
    entries_of(rows)
}
