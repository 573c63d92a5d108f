use super::body::{Import, ImportAction, ImportFailure, ImportFormat, ImportKind, ImportMode, ImportRow, ImportRowStatus, ImportStatus};
use super::csv_rows::ColumnNames;
use super::lines::Line;
use super::upload::Sending;
use crate::auth::actor::Context;
use crate::platform::sql::sql;
use crate::types::id::{ImportId, OrderId, OrganizationId};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

const COLUMNS: &str = "id, kind, mode, format, dry_run, status, row_count, imported_count, unchanged_count, rejected_count, actor, started_at, \
    failure, completed_at, version, created_at, updated_at";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: ImportId,
    #[diesel(sql_type = Text)]
    kind: ImportKind,
    #[diesel(sql_type = Text)]
    mode: ImportMode,
    #[diesel(sql_type = Text)]
    format: ImportFormat,
    #[diesel(sql_type = Bool)]
    dry_run: bool,
    #[diesel(sql_type = Text)]
    status: ImportStatus,
    #[diesel(sql_type = BigInt)]
    row_count: i64,
    #[diesel(sql_type = BigInt)]
    imported_count: i64,
    #[diesel(sql_type = BigInt)]
    unchanged_count: i64,
    #[diesel(sql_type = BigInt)]
    rejected_count: i64,
    #[diesel(sql_type = Text)]
    actor: String,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    started_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Text>)]
    failure: Option<ImportFailure>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    completed_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DateTime<Utc>,
}

impl From<Row> for Import {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            mode: row.mode,
            format: row.format,
            dry_run: row.dry_run,
            status: row.status,
            failure: row.failure,
            row_count: row.row_count,
            done_count: row.imported_count + row.unchanged_count + row.rejected_count,
            imported_count: row.imported_count,
            unchanged_count: row.unchanged_count,
            rejected_count: row.rejected_count,
            created_by: row.actor,
            started_at: row.started_at,
            completed_at: row.completed_at,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// What a caller may do with rows, as it was when it sent them.
#[derive(Clone, Copy, Debug)]
pub struct Rights {
    pub may_price: bool,
    pub may_book_payments: bool,
}

/// An import to begin.
pub struct NewImport {
    id: ImportId,
    kind: ImportKind,
    mode: ImportMode,
    format: ImportFormat,
    dry_run: bool,
    rights: Rights,
}

impl NewImport {
    pub fn of(id: ImportId, sending: &Sending, format: ImportFormat) -> Self {
        Self { id, kind: sending.kind, mode: sending.mode, format, dry_run: sending.dry_run, rights: sending.rights }
    }
}

/// An import that is being sent. Nobody sees it before [`queue`].
pub fn begin(connection: &mut PgConnection, context: &Context, new: &NewImport, seconds: i64) -> QueryResult<()> {
    sql("INSERT INTO import (organization_id, id, kind, mode, format, dry_run, status, actor, role, scope, may_price, may_book_payments, \
         leased_until, created_at, updated_at) \
         VALUES ($1, $2, $9, $10, $11, $12, 'receiving', $3, $4, $13, $5, $6, now() + $7 * interval '1 second', $8, $8)")
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<SqlUuid, _>(new.id)
    .bind::<Text, _>(&context.actor)
    .bind::<Text, _>(context.role.as_str())
    .bind::<Bool, _>(new.rights.may_price)
    .bind::<Bool, _>(new.rights.may_book_payments)
    .bind::<BigInt, _>(seconds)
    .bind::<Timestamptz, _>(context.now)
    .bind::<Text, _>(new.kind)
    .bind::<Text, _>(new.mode)
    .bind::<Text, _>(new.format)
    .bind::<Bool, _>(new.dry_run)
    .bind::<Text, _>(context.permissions.scope())
    .execute(connection)?;
    Ok(())
}

/// Stores rows of an import that is being sent, each with the id of what it may make. False where the import has been
/// given up meanwhile.
pub fn insert_rows(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    id: ImportId,
    rows: &[(Line, Uuid)],
    seconds: i64,
) -> QueryResult<bool> {
    let written = sql("WITH i AS (UPDATE import SET leased_until = now() + $6 * interval '1 second' \
         WHERE organization_id = $1 AND id = $2 AND status = 'receiving' RETURNING id) \
         INSERT INTO import_row (organization_id, import_id, row_number, raw, subject_id, fault) \
         SELECT $1, i.id, t.row_number, t.raw, t.subject_id, t.fault \
         FROM i, unnest($3::int8[], $4::bytea[], $5::uuid[], $7::text[]) AS t(row_number, raw, subject_id, fault)")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<SqlUuid, _>(id)
    .bind::<Array<BigInt>, _>(rows.iter().map(|(line, _)| line.number).collect::<Vec<_>>())
    .bind::<Array<Binary>, _>(rows.iter().map(|(line, _)| line.bytes.as_slice()).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(rows.iter().map(|(_, id)| *id).collect::<Vec<_>>())
    .bind::<BigInt, _>(seconds)
    .bind::<Array<Nullable<Text>>, _>(rows.iter().map(|(line, _)| line.fault.as_deref()).collect::<Vec<_>>())
    .execute(connection)?;
    Ok(written == rows.len())
}

/// All rows are there: from now on it is everybody's to see and the job's to work on.
pub fn queue(
    connection: &mut PgConnection,
    context: &Context,
    id: ImportId,
    row_count: i64,
    columns: Option<&ColumnNames>,
) -> QueryResult<Option<Import>> {
    let columns = columns.map(|columns| serde_json::json!(columns).to_string());
    let row: Option<Row> = sql(format!(
        "UPDATE import SET status = 'queued', row_count = $3, leased_until = NULL, updated_at = $4, columns = $5 \
         WHERE organization_id = $1 AND id = $2 AND status = 'receiving' RETURNING {COLUMNS}"
    ))
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<SqlUuid, _>(id)
    .bind::<BigInt, _>(row_count)
    .bind::<Timestamptz, _>(context.now)
    .bind::<Nullable<Text>, _>(columns)
    .get_result(connection)
    .optional()?;
    Ok(row.map(Import::from))
}

/// Imports whose sender has been silent for too long.
pub fn abandoned(connection: &mut PgConnection, limit: i64) -> QueryResult<Vec<(OrganizationId, ImportId)>> {
    #[derive(QueryableByName)]
    struct Key {
        #[diesel(sql_type = SqlUuid)]
        organization_id: OrganizationId,
        #[diesel(sql_type = SqlUuid)]
        id: ImportId,
    }
    let rows: Vec<Key> = sql("SELECT organization_id, id FROM import WHERE status = 'receiving' AND leased_until < now() LIMIT $1")
        .bind::<BigInt, _>(limit)
        .load(connection)?;
    Ok(rows.into_iter().map(|row| (row.organization_id, row.id)).collect())
}

/// Says of stored rows what is wrong with them, where nothing is said yet.
pub fn set_fault(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    id: ImportId,
    rows: &[i64],
    fault: &str,
) -> QueryResult<()> {
    sql("UPDATE import_row SET fault = coalesce(fault, $4) WHERE organization_id = $1 AND import_id = $2 AND row_number = ANY($3)")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(id)
        .bind::<Array<BigInt>, _>(rows)
        .bind::<Text, _>(fault)
        .execute(connection)?;
    Ok(())
}

/// Forgets up to `limit` rows of an import that was never acknowledged, and then itself. Returns whether it is gone.
pub fn discard(connection: &mut PgConnection, organization_id: OrganizationId, id: ImportId, limit: i64) -> QueryResult<bool> {
    let rows = sql(
        "DELETE FROM import_row WHERE (organization_id, import_id, row_number) IN (SELECT r.organization_id, r.import_id, r.row_number \
         FROM import_row r JOIN import i ON i.organization_id = r.organization_id AND i.id = r.import_id \
         WHERE i.organization_id = $1 AND i.id = $2 AND i.status = 'receiving' LIMIT $3)",
    )
    .bind::<SqlUuid, _>(organization_id)
    .bind::<SqlUuid, _>(id)
    .bind::<BigInt, _>(limit)
    .execute(connection)?;
    if rows > 0 {
        return Ok(false);
    }
    sql("DELETE FROM import WHERE organization_id = $1 AND id = $2 AND status = 'receiving'")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(id)
        .execute(connection)?;
    Ok(true)
}

/// An import that this worker may work on for a while.
#[derive(Clone, Debug, QueryableByName)]
pub struct Lease {
    #[diesel(sql_type = SqlUuid)]
    pub organization_id: OrganizationId,
    #[diesel(sql_type = SqlUuid)]
    pub id: ImportId,
    #[diesel(sql_type = Text)]
    pub kind: ImportKind,
    #[diesel(sql_type = Text)]
    pub mode: ImportMode,
    #[diesel(sql_type = Bool)]
    pub dry_run: bool,
    /// Of a CSV file: its columns by their paths, as JSON.
    #[diesel(sql_type = Nullable<Text>)]
    pub columns: Option<String>,
    #[diesel(sql_type = Text)]
    pub actor: String,
    /// Of the token that it was sent with; null for one that was sent before scopes were kept.
    #[diesel(sql_type = Nullable<Text>)]
    pub scope: Option<String>,
    #[diesel(sql_type = Bool)]
    pub may_price: bool,
    #[diesel(sql_type = Bool)]
    pub may_book_payments: bool,
}

/// Takes the oldest import that waits or whose worker has been silent for too long, passing over those that somebody is just
/// taking.
pub fn lease(connection: &mut PgConnection, now: DateTime<Utc>, seconds: i64) -> QueryResult<Option<Lease>> {
    sql(
        "UPDATE import i SET status = 'running', started_at = coalesce(i.started_at, $1), leased_until = now() + $2 * interval '1 second', \
         updated_at = $1, version = i.version + CASE WHEN i.status = 'queued' THEN 1 ELSE 0 END \
         FROM (SELECT organization_id, id FROM import WHERE status IN ('queued', 'running') \
         AND (leased_until IS NULL OR leased_until < now()) ORDER BY created_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED) t \
         WHERE i.organization_id = t.organization_id AND i.id = t.id \
         RETURNING i.organization_id, i.id, i.kind, i.mode, i.dry_run, i.columns, i.actor, i.scope, i.may_price, i.may_book_payments",
    )
    .bind::<Timestamptz, _>(now)
    .bind::<BigInt, _>(seconds)
    .get_result(connection)
    .optional()
}

/// The role that the sender has now; `None` for one that has been disabled.
pub fn role_of_sender(connection: &mut PgConnection, lease: &Lease) -> QueryResult<Option<String>> {
    #[derive(QueryableByName)]
    struct Sender {
        #[diesel(sql_type = Nullable<Text>)]
        role: Option<String>,
    }
    let sender: Sender = sql("SELECT CASE split_part(i.actor, ':', 1) \
         WHEN 'user' THEN (SELECT u.role FROM app_user u WHERE u.organization_id = i.organization_id AND u.id = split_part(i.actor, ':', 2)::uuid AND u.active) \
         WHEN 'api_client' THEN (SELECT c.role FROM api_client c WHERE c.organization_id = i.organization_id AND c.id = split_part(i.actor, ':', 2)::uuid AND c.active) \
         ELSE i.role END AS role FROM import i WHERE i.organization_id = $1 AND i.id = $2")
    .bind::<SqlUuid, _>(lease.organization_id)
    .bind::<SqlUuid, _>(lease.id)
    .get_result(connection)?;
    Ok(sender.role)
}

/// Gives an import up; `None` where it has ended already.
pub fn fail(connection: &mut PgConnection, lease: &Lease, failure: ImportFailure, now: DateTime<Utc>) -> QueryResult<Option<Import>> {
    let row: Option<Row> = sql(format!(
        "UPDATE import SET status = 'failed', failure = $3, completed_at = $4, updated_at = $4, leased_until = NULL, version = version + 1 \
         WHERE organization_id = $1 AND id = $2 AND status = 'running' RETURNING {COLUMNS}"
    ))
    .bind::<SqlUuid, _>(lease.organization_id)
    .bind::<SqlUuid, _>(lease.id)
    .bind::<Text, _>(failure)
    .bind::<Timestamptz, _>(now)
    .get_result(connection)
    .optional()?;
    Ok(row.map(Import::from))
}

/// Lets others have it, in so many seconds.
pub fn release(connection: &mut PgConnection, lease: &Lease, seconds: i64) -> QueryResult<()> {
    sql("UPDATE import SET leased_until = now() + $3 * interval '1 second' WHERE organization_id = $1 AND id = $2 AND status = 'running'")
        .bind::<SqlUuid, _>(lease.organization_id)
        .bind::<SqlUuid, _>(lease.id)
        .bind::<BigInt, _>(seconds)
        .execute(connection)?;
    Ok(())
}

/// A row without outcome.
#[derive(Clone, Debug, QueryableByName)]
pub struct PendingRow {
    #[diesel(sql_type = BigInt)]
    pub row_number: i64,
    /// Of what it may make, given before the first try.
    #[diesel(sql_type = SqlUuid)]
    pub subject_id: Uuid,
    #[diesel(sql_type = Binary)]
    pub raw: Vec<u8>,
    /// `code|detail` of what was wrong with it as it was read.
    #[diesel(sql_type = Nullable<Text>)]
    pub fault: Option<String>,
}

/// The next rows without outcome after `after`, in the order of the file.
pub fn pending(connection: &mut PgConnection, lease: &Lease, after: i64, limit: i64) -> QueryResult<Vec<PendingRow>> {
    sql("SELECT row_number, subject_id, raw, fault FROM import_row WHERE organization_id = $1 AND import_id = $2 AND status = 'pending' \
         AND row_number > $3 ORDER BY row_number LIMIT $4")
    .bind::<SqlUuid, _>(lease.organization_id)
    .bind::<SqlUuid, _>(lease.id)
    .bind::<BigInt, _>(after)
    .bind::<BigInt, _>(limit)
    .load(connection)
}

/// What became of a row.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub row_number: i64,
    pub status: ImportRowStatus,
    pub action: Option<ImportAction>,
    pub subject_id: Uuid,
    pub subject_key: Option<String>,
    /// JSON
    pub problem: Option<String>,
}

/// Locks an import against other workers on it, before what its rows touch.
pub fn lock(connection: &mut PgConnection, lease: &Lease) -> QueryResult<()> {
    sql("SELECT 1 FROM import WHERE organization_id = $1 AND id = $2 FOR NO KEY UPDATE")
        .bind::<SqlUuid, _>(lease.organization_id)
        .bind::<SqlUuid, _>(lease.id)
        .execute(connection)
        .map(|_| ())
}

/// Writes outcomes and adds them to the import's counts; a row that has its outcome already keeps it and is not counted again.
/// The worker's lease goes on for so many seconds.
pub fn settle(connection: &mut PgConnection, lease: &Lease, outcomes: &[Outcome], now: DateTime<Utc>, seconds: i64) -> QueryResult<Import> {
    // The import before its rows, so that two workers on one import (a lease that ran out) wait for each other in one direction.
    lock(connection, lease)?;
    let row: Row = sql(format!(
        "WITH done AS (UPDATE import_row r SET status = t.status, subject_id = t.subject_id, subject_key = t.subject_key, problem = t.problem, action = t.action, \
         raw = CASE WHEN t.status = 'rejected' THEN r.raw END \
         FROM unnest($3::int8[], $4::text[], $5::uuid[], $6::text[], $7::text[], $10::text[]) \
         AS t(row_number, status, subject_id, subject_key, problem, action) \
         WHERE r.organization_id = $1 AND r.import_id = $2 AND r.row_number = t.row_number AND r.status = 'pending' RETURNING r.status), \
         n AS (SELECT count(*) AS done, count(*) FILTER (WHERE status = 'imported') AS imported, \
         count(*) FILTER (WHERE status = 'unchanged') AS unchanged, count(*) FILTER (WHERE status = 'rejected') AS rejected FROM done), \
         u AS (SELECT n.*, i.status <> 'failed' AND i.imported_count + i.unchanged_count + i.rejected_count + n.done = i.row_count AS complete FROM n, import i \
         WHERE i.organization_id = $1 AND i.id = $2) \
         UPDATE import i SET imported_count = i.imported_count + u.imported, unchanged_count = i.unchanged_count + u.unchanged, \
         rejected_count = i.rejected_count + u.rejected, version = i.version + 1, updated_at = $8, \
         status = CASE WHEN u.complete THEN 'completed' ELSE i.status END, completed_at = CASE WHEN u.complete THEN coalesce(i.completed_at, $8) ELSE i.completed_at END, \
         leased_until = CASE WHEN NOT u.complete AND i.status <> 'failed' THEN now() + $9 * interval '1 second' END \
         FROM u WHERE i.organization_id = $1 AND i.id = $2 RETURNING {}",
        COLUMNS.split(", ").map(|column| format!("i.{}", column.trim())).collect::<Vec<_>>().join(", ")
    ))
    .bind::<SqlUuid, _>(lease.organization_id)
    .bind::<SqlUuid, _>(lease.id)
    .bind::<Array<BigInt>, _>(outcomes.iter().map(|outcome| outcome.row_number).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(outcomes.iter().map(|outcome| outcome.status).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(outcomes.iter().map(|outcome| outcome.subject_id).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(outcomes.iter().map(|outcome| outcome.subject_key.as_deref()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(outcomes.iter().map(|outcome| outcome.problem.as_deref()).collect::<Vec<_>>())
    .bind::<Timestamptz, _>(now)
    .bind::<BigInt, _>(seconds)
    .bind::<Array<Nullable<Text>>, _>(outcomes.iter().map(|outcome| outcome.action.map(ImportAction::as_str)).collect::<Vec<_>>())
    .get_result(connection)?;
    Ok(row.into())
}

pub fn find(connection: &mut PgConnection, organization_id: OrganizationId, id: ImportId) -> QueryResult<Option<Import>> {
    let row: Option<Row> = sql(format!("SELECT {COLUMNS} FROM import WHERE organization_id = $1 AND id = $2 AND status <> 'receiving'"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(id)
        .get_result(connection)
        .optional()?;
    Ok(row.map(Import::from))
}

/// Which imports to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub statuses: Option<Vec<ImportStatus>>,
    pub kinds: Vec<ImportKind>,
    pub updated_from: Option<DateTime<Utc>>,
}

/// One page, the newest first; `before` is the id of the last row of the page before.
pub fn page(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &Filter,
    before: Option<ImportId>,
    limit: i64,
) -> QueryResult<Vec<Import>> {
    let filters = [
        when(filter.statuses.is_some(), " AND status = ANY($2)"),
        when(filter.updated_from.is_some(), " AND updated_at >= $3"),
        when(before.is_some(), " AND id < $4"),
    ]
    .concat();
    let rows: Vec<Row> = sql(format!(
        "SELECT {COLUMNS} FROM import WHERE organization_id = $1 AND status <> 'receiving' AND kind = ANY($6){filters} ORDER BY id DESC LIMIT $5"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Nullable<Array<Text>>, _>(filter.statuses.clone())
    .bind::<Nullable<Timestamptz>, _>(filter.updated_from)
    .bind::<Nullable<SqlUuid>, _>(before)
    .bind::<BigInt, _>(limit)
    .bind::<Array<Text>, _>(&filter.kinds)
    .load(connection)?;
    Ok(rows.into_iter().map(Import::from).collect())
}

#[derive(QueryableByName)]
struct RowRow {
    #[diesel(sql_type = BigInt)]
    row_number: i64,
    #[diesel(sql_type = Text)]
    status: ImportRowStatus,
    #[diesel(sql_type = Nullable<Text>)]
    action: Option<String>,
    #[diesel(sql_type = SqlUuid)]
    subject_id: Uuid,
    #[diesel(sql_type = Nullable<Text>)]
    subject_key: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    problem: Option<String>,
}

/// One page of an import's rows in the order of the file; `after` is the number of the last row of the page before.
pub fn rows(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    import: &Import,
    status: Option<ImportRowStatus>,
    after: i64,
    limit: i64,
) -> QueryResult<Vec<ImportRow>> {
    // A literal, so that the partial index of what people look for serves it.
    let filter = match status {
        None => "",
        Some(ImportRowStatus::Pending) => " AND status = 'pending'",
        Some(ImportRowStatus::Imported) => " AND status = 'imported'",
        Some(ImportRowStatus::Unchanged) => " AND status = 'unchanged'",
        Some(ImportRowStatus::Rejected) => " AND status = 'rejected'",
    };
    let rows: Vec<RowRow> = sql(format!(
        "SELECT row_number, status, action, subject_id, subject_key, problem FROM import_row \
         WHERE organization_id = $1 AND import_id = $2 AND row_number > $3{filter} ORDER BY row_number LIMIT $4"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<SqlUuid, _>(import.id)
    .bind::<BigInt, _>(after)
    .bind::<BigInt, _>(limit)
    .load(connection)?;
    Ok(rows.into_iter().map(|row| shown(import, row)).collect())
}

fn shown(import: &Import, row: RowRow) -> ImportRow {
    let is_there = match row.status {
        // What a dry run would have made is not there, nor what rows behind would then have found.
        ImportRowStatus::Imported => !import.dry_run,
        ImportRowStatus::Unchanged => !import.dry_run || import.kind == ImportKind::Orders,
        ImportRowStatus::Pending | ImportRowStatus::Rejected => false,
    };
    let has_id = match import.kind {
        ImportKind::Orders | ImportKind::Products | ImportKind::Customers => is_there,
        ImportKind::Prices | ImportKind::Stock => false,
    };
    let id = has_id.then_some(row.subject_id);
    let is_order = import.kind == ImportKind::Orders;
    ImportRow {
        row_number: row.row_number,
        status: row.status,
        action: row.action.and_then(|action| action.parse().ok()),
        id,
        order_id: id.filter(|_| is_order).map(OrderId),
        order_number: row.subject_key.clone().filter(|_| is_order),
        key: row.subject_key,
        problem: row.problem.and_then(|text| serde_json::from_str(&text).ok()),
    }
}

/// A clause of a list only where its filter is given.
fn when(given: bool, clause: &'static str) -> &'static str {
    if given { clause } else { "" }
}
