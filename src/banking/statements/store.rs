use super::super::files::StatementFile;
use super::body::{BankStatement, BankStatementStatus, StatementFormat};
use crate::auth::actor::Context;
use crate::platform::sql::{from_json, sql, to_json};
use crate::types::fault::Fault;
use crate::types::id::{BankStatementId, OrganizationId};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Date, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use serde_json::Value;

const COLUMNS: &str = "s.id, s.status, s.format, encode(s.content_hash, 'hex') AS content_hash, s.sections, s.entry_count, s.duplicate_count, \
     s.skipped_count, n.matched, n.suggested, n.unmatched, n.ignored, s.faults, s.actor, s.version, s.created_at, s.updated_at";

/// Counts of the statement `s` by status.
const COUNTS: &str = "CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE e.status = 'matched') AS matched, \
     count(*) FILTER (WHERE e.status = 'suggested') AS suggested, count(*) FILTER (WHERE e.status = 'unmatched') AS unmatched, \
     count(*) FILTER (WHERE e.status = 'ignored') AS ignored FROM bank_entry e \
     WHERE e.organization_id = s.organization_id AND e.statement_id = s.id) n";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: BankStatementId,
    #[diesel(sql_type = Text)]
    status: BankStatementStatus,
    #[diesel(sql_type = Text)]
    format: StatementFormat,
    #[diesel(sql_type = Text)]
    content_hash: String,
    #[diesel(sql_type = Jsonb)]
    sections: Value,
    #[diesel(sql_type = BigInt)]
    entry_count: i64,
    #[diesel(sql_type = BigInt)]
    duplicate_count: i64,
    #[diesel(sql_type = BigInt)]
    skipped_count: i64,
    #[diesel(sql_type = BigInt)]
    matched: i64,
    #[diesel(sql_type = BigInt)]
    suggested: i64,
    #[diesel(sql_type = BigInt)]
    unmatched: i64,
    #[diesel(sql_type = BigInt)]
    ignored: i64,
    #[diesel(sql_type = Jsonb)]
    faults: Value,
    #[diesel(sql_type = Text)]
    actor: String,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DateTime<Utc>,
}

fn statement_of(row: Row) -> QueryResult<BankStatement> {
    Ok(BankStatement {
        id: row.id,
        status: row.status,
        format: row.format,
        content_hash: row.content_hash,
        sections: from_json(row.sections)?,
        entry_count: row.entry_count,
        duplicate_count: row.duplicate_count,
        skipped_count: row.skipped_count,
        matched_count: row.matched,
        suggested_count: row.suggested,
        unmatched_count: row.unmatched,
        ignored_count: row.ignored,
        faults: from_json(row.faults)?,
        created_by: row.actor,
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

/// Stores a file, unless the same bytes are there; the id under which they are.
pub fn receive(
    connection: &mut PgConnection,
    context: &Context,
    id: BankStatementId,
    format: StatementFormat,
    hash: &[u8],
    raw: &[u8],
) -> QueryResult<BankStatementId> {
    #[derive(QueryableByName)]
    struct Id {
        #[diesel(sql_type = SqlUuid)]
        id: BankStatementId,
    }
    sql("INSERT INTO bank_statement (organization_id, id, format, status, content_hash, raw, actor, created_at, updated_at) \
         VALUES ($1, $2, $3, 'received', $4, $5, $6, $7, $7) ON CONFLICT (organization_id, content_hash) DO NOTHING")
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<SqlUuid, _>(id)
    .bind::<Text, _>(format)
    .bind::<Binary, _>(hash)
    .bind::<Binary, _>(raw)
    .bind::<Text, _>(&context.actor)
    .bind::<Timestamptz, _>(context.now)
    .execute(connection)?;
    let row: Id = sql("SELECT id FROM bank_statement WHERE organization_id = $1 AND content_hash = $2")
        .bind::<SqlUuid, _>(context.organization_id)
        .bind::<Binary, _>(hash)
        .get_result(connection)?;
    Ok(row.id)
}

/// How far a statement is, and by which mapping it was read.
#[derive(QueryableByName)]
pub struct Held {
    #[diesel(sql_type = Text)]
    pub status: BankStatementStatus,
    /// `None` where it was taken in before this was noted, too.
    #[diesel(sql_type = Nullable<Text>)]
    pub mapping: Option<String>,
}

/// A statement under its row lock.
pub fn lock(connection: &mut PgConnection, organization_id: OrganizationId, id: BankStatementId) -> QueryResult<Option<Held>> {
    sql("SELECT status, mapping FROM bank_statement WHERE organization_id = $1 AND id = $2 FOR NO KEY UPDATE")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(id)
        .get_result(connection)
        .optional()
}

/// Notes what was made of it.
pub fn imported(
    connection: &mut PgConnection,
    context: &Context,
    id: BankStatementId,
    file: &StatementFile,
    (format, mapping): (StatementFormat, &str),
    inserted: usize,
) -> QueryResult<usize> {
    sql("UPDATE bank_statement SET status = 'imported', sections = $3, entry_count = $4, duplicate_count = $5, skipped_count = $6, \
         faults = '[]', version = version + 1, updated_at = $7, first_on = $8, last_on = $9, \
         format = $10, mapping = $11 WHERE organization_id = $1 AND id = $2")
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<SqlUuid, _>(id)
    .bind::<Jsonb, _>(to_json(&file.sections)?)
    .bind::<BigInt, _>(inserted as i64)
    .bind::<BigInt, _>((file.entries.len() - inserted) as i64)
    .bind::<BigInt, _>(file.skipped as i64)
    .bind::<Timestamptz, _>(context.now)
    .bind::<Nullable<Date>, _>(file.period().map(|(first, _)| first))
    .bind::<Nullable<Date>, _>(file.period().map(|(_, last)| last))
    .bind::<Text, _>(format)
    .bind::<Text, _>(mapping)
    .execute(connection)
}

/// Notes why nothing was made of it.
pub fn rejected(connection: &mut PgConnection, context: &Context, id: BankStatementId, faults: &[Fault]) -> QueryResult<usize> {
    sql("UPDATE bank_statement SET status = 'rejected', faults = $3, version = version + 1, updated_at = $4 \
         WHERE organization_id = $1 AND id = $2 AND status <> 'imported'")
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<SqlUuid, _>(id)
    .bind::<Jsonb, _>(to_json(&faults)?)
    .bind::<Timestamptz, _>(context.now)
    .execute(connection)
}

pub fn find(connection: &mut PgConnection, organization_id: OrganizationId, id: BankStatementId) -> QueryResult<Option<BankStatement>> {
    let row: Option<Row> = sql(format!("SELECT {COLUMNS} FROM bank_statement s {COUNTS} WHERE s.organization_id = $1 AND s.id = $2"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(id)
        .get_result(connection)
        .optional()?;
    row.map(statement_of).transpose()
}

/// The newest first; `before` is the id of the last row of the page before.
pub fn page(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    status: &[String],
    updated_from: Option<DateTime<Utc>>,
    before: Option<BankStatementId>,
    limit: i64,
) -> QueryResult<Vec<BankStatement>> {
    let of_status = if status.is_empty() { "" } else { " AND s.status = ANY($2)" };
    let after = if before.is_some() { " AND s.id < $3" } else { "" };
    let since = if updated_from.is_some() { " AND s.updated_at >= $5" } else { "" };
    let rows: Vec<Row> = sql(format!(
        "SELECT {COLUMNS} FROM bank_statement s {COUNTS} WHERE s.organization_id = $1{of_status}{after}{since} ORDER BY s.id DESC LIMIT $4"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<Text>, _>(status)
    .bind::<Nullable<SqlUuid>, _>(before)
    .bind::<BigInt, _>(limit)
    .bind::<Nullable<Timestamptz>, _>(updated_from)
    .load(connection)?;
    rows.into_iter().map(statement_of).collect()
}
