use super::HISTORY;
use super::body::{InvoiceSeries, PutInvoiceSeries, SeriesKind};
use super::number::tail;
use crate::auth::actor::Context;
use crate::platform::sql::sql;
use crate::types::id::OrganizationId;
use crate::types::page::Changed;
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Date, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};

const COLUMNS: &str = "code, kind, prefix, year_reset, next_number, last_issued_on, version, created_at, updated_at";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    code: String,
    #[diesel(sql_type = Text)]
    kind: SeriesKind,
    #[diesel(sql_type = Text)]
    prefix: String,
    #[diesel(sql_type = Bool)]
    year_reset: bool,
    #[diesel(sql_type = BigInt)]
    next_number: i64,
    #[diesel(sql_type = Nullable<Date>)]
    last_issued_on: Option<NaiveDate>,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DateTime<Utc>,
}

impl From<Row> for InvoiceSeries {
    fn from(row: Row) -> Self {
        Self {
            code: row.code,
            kind: row.kind,
            prefix: row.prefix,
            year_reset: row.year_reset,
            next_number: row.next_number,
            last_issued_on: row.last_issued_on,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

pub fn find(connection: &mut PgConnection, organization_id: OrganizationId, code: &str) -> QueryResult<Option<InvoiceSeries>> {
    one(connection, organization_id, code, "")
}

/// As `find`, locked against a concurrent change and against documents being numbered.
pub fn lock(connection: &mut PgConnection, organization_id: OrganizationId, code: &str) -> QueryResult<Option<InvoiceSeries>> {
    one(connection, organization_id, code, " FOR NO KEY UPDATE")
}

fn one(connection: &mut PgConnection, organization_id: OrganizationId, code: &str, locking: &str) -> QueryResult<Option<InvoiceSeries>> {
    let row: Option<Row> = sql(format!("SELECT {COLUMNS} FROM invoice_series WHERE organization_id = $1 AND code = $2{locking}"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Text, _>(code)
        .get_result(connection)
        .optional()?;
    Ok(row.map(InvoiceSeries::from))
}

/// Lets one caller at a time change the series of an organization, so that no two of them take numbers of one shape. Numbers are
/// given by the rows of the series, not under this lock.
pub fn lock_all(connection: &mut PgConnection, organization_id: OrganizationId) -> QueryResult<()> {
    sql("SELECT pg_advisory_xact_lock(hashtextextended('invoice_series', 0) # hashtextextended($1::text, 0))")
        .bind::<SqlUuid, _>(organization_id)
        .execute(connection)?;
    Ok(())
}

/// Codes and patterns of the other series of that kind.
pub fn others(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    code: &str,
    kind: SeriesKind,
) -> QueryResult<Vec<InvoiceSeries>> {
    let rows: Vec<Row> =
        sql(format!("SELECT {COLUMNS} FROM invoice_series WHERE organization_id = $1 AND code <> $2 AND kind = $3 ORDER BY code"))
            .bind::<SqlUuid, _>(organization_id)
            .bind::<Text, _>(code)
            .bind::<Text, _>(kind)
            .load(connection)?;
    Ok(rows.into_iter().map(InvoiceSeries::from).collect())
}

/// A document of another series that bears a number of this shape: prefixes change, issued numbers do not.
pub fn document_like(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    code: &str,
    series: &PutInvoiceSeries,
) -> QueryResult<Option<String>> {
    #[derive(QueryableByName)]
    struct Number {
        #[diesel(sql_type = Text)]
        number: String,
    }
    let (prefix, yearly) = series.pattern();
    let table = match series.kind {
        SeriesKind::Invoice => "invoice",
        SeriesKind::CreditNote => "credit_note",
    };
    let row: Option<Number> = sql(format!(
        "SELECT number FROM {table} WHERE organization_id = $1 AND series <> $2 AND starts_with(number, $3) \
         AND substr(number, length($3) + 1) ~ $4 LIMIT 1"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Text, _>(code)
    .bind::<Text, _>(prefix)
    .bind::<Text, _>(tail(yearly))
    .get_result(connection)
    .optional()?;
    Ok(row.map(|row| row.number))
}

pub fn page(connection: &mut PgConnection, organization_id: OrganizationId, asked: &Changed) -> QueryResult<Vec<InvoiceSeries>> {
    let rows: Vec<Row> = sql(format!(
        "SELECT {COLUMNS} FROM invoice_series WHERE organization_id = $1 AND ($2::text IS NULL OR code > $2) \
         AND ($4::timestamptz IS NULL OR updated_at >= $4) ORDER BY code LIMIT $3"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Nullable<Text>, _>(asked.after.as_deref())
    .bind::<BigInt, _>(asked.limit as i64 + 1)
    .bind::<Nullable<Timestamptz>, _>(asked.updated_from)
    .load(connection)?;
    Ok(rows.into_iter().map(InvoiceSeries::from).collect())
}

/// Inserts or replaces; the caller holds the row's lock where there is one.
pub fn upsert(connection: &mut PgConnection, context: &Context, code: &str, series: &PutInvoiceSeries) -> QueryResult<InvoiceSeries> {
    let row: Row = sql(format!(
        "INSERT INTO invoice_series AS s (organization_id, code, kind, prefix, year_reset, next_number, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, coalesce($6::int8, 1), $7, $7) ON CONFLICT (organization_id, code) DO UPDATE SET prefix = $4, \
         year_reset = $5, next_number = greatest(coalesce($6::int8, s.next_number), CASE WHEN s.last_issued_on IS NULL THEN 1 ELSE s.next_number END), \
         updated_at = $7, version = s.version + 1 RETURNING {COLUMNS}"
    ))
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<Text, _>(code)
    .bind::<Text, _>(series.kind)
    .bind::<Text, _>(&series.prefix)
    .bind::<Bool, _>(series.year_reset.unwrap_or(false))
    .bind::<Nullable<BigInt>, _>(series.next_number)
    .bind::<Timestamptz, _>(context.now)
    .get_result(connection)?;
    Ok(InvoiceSeries::from(row))
}

/// The first of the numbers taken, and how they are written.
#[derive(QueryableByName)]
pub struct TakenRow {
    #[diesel(sql_type = Text)]
    pub prefix: String,
    #[diesel(sql_type = Bool)]
    pub year_reset: bool,
    #[diesel(sql_type = BigInt)]
    pub first: i64,
}

/// Takes `count` numbers under the row's lock; nothing where there is no such series of this kind or a later date was issued. In the
/// series of imported history dates come in the order of the files, and nothing starts anew.
pub fn take(
    connection: &mut PgConnection,
    context: &Context,
    code: &str,
    kind: SeriesKind,
    count: i64,
    issued_on: NaiveDate,
) -> QueryResult<Option<TakenRow>> {
    sql("UPDATE invoice_series SET next_number = CASE WHEN year_reset AND year < $5 AND code <> $8 THEN 1 ELSE next_number END + $4, \
         year = greatest(year, $5), last_issued_on = greatest(last_issued_on, $6), version = version + 1, updated_at = $7 \
         WHERE organization_id = $1 AND code = $2 AND kind = $3 AND (code = $8 OR last_issued_on IS NULL OR last_issued_on <= $6) \
         RETURNING prefix, year_reset, next_number - $4 AS first")
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<Text, _>(code)
    .bind::<Text, _>(kind)
    .bind::<BigInt, _>(count)
    .bind::<Integer, _>(issued_on.year())
    .bind::<Date, _>(issued_on)
    .bind::<Timestamptz, _>(context.now)
    .bind::<Text, _>(HISTORY)
    .get_result(connection)
    .optional()
}
