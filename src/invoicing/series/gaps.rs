//! Whether the numbers of a series are what they must be: none missing, none twice.

use super::HISTORY;
use super::body::SeriesKind;
use crate::platform::sql::sql;
use crate::types::id::OrganizationId;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, Text, Uuid as SqlUuid};
use serde::Serialize;
use utoipa::ToSchema;

/// More gaps or duplicates than these are not listed one by one.
const MOST: i64 = 1_000;

/// Numbers that nothing bears, from the first to the last of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct NumberGap {
    /// Of a series that starts anew each year.
    pub year: Option<i32>,
    #[schema(example = 42)]
    pub first_missing: i64,
    #[schema(example = 44)]
    pub last_missing: i64,
}

/// A number that more than one document bears.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DuplicateNumber {
    pub year: Option<i32>,
    #[schema(example = 42)]
    pub number: i64,
    #[schema(example = 2)]
    pub documents: i64,
}

/// The numbers of a series, from the first that was taken to the one before the next.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SeriesGaps {
    #[schema(example = "INV")]
    pub series: String,
    pub kind: SeriesKind,
    /// Documents that bear a number of it.
    #[schema(example = 120)]
    pub documents: i64,
    /// Of the current year where the series starts anew each year; null before the first document.
    pub first_number: Option<i64>,
    pub last_number: Option<i64>,
    pub next_number: i64,
    /// Whether there is neither a gap nor a duplicate.
    pub complete: bool,
    /// The first 1,000.
    #[schema(max_items = 1000)]
    pub gaps: Vec<NumberGap>,
    /// The first 1,000.
    #[schema(max_items = 1000)]
    pub duplicates: Vec<DuplicateNumber>,
}

#[derive(QueryableByName)]
struct Head {
    #[diesel(sql_type = BigInt)]
    documents: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    first: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    last: Option<i64>,
}

#[derive(QueryableByName)]
struct Run {
    #[diesel(sql_type = Nullable<Integer>)]
    year: Option<i32>,
    #[diesel(sql_type = BigInt)]
    first: i64,
    #[diesel(sql_type = BigInt)]
    last: i64,
}

/// Documents of the series with their numbers; `year` where it starts anew each year, `is_current` in the year of its last one. The
/// series of imported history bears years and never starts anew.
fn documents(kind: SeriesKind) -> String {
    let table = match kind {
        SeriesKind::Invoice => "invoice",
        SeriesKind::CreditNote => "credit_note",
    };
    format!(
        "WITH document AS (SELECT CASE WHEN s.anew THEN extract(year FROM d.issued_on)::int END AS year, d.series_number AS number, \
           NOT s.anew OR extract(year FROM d.issued_on)::int = s.year AS is_current, s.next_number \
         FROM (SELECT *, year_reset AND code <> '{HISTORY}' AS anew FROM invoice_series) s \
         JOIN {table} d ON d.organization_id = s.organization_id AND d.series = s.code \
         WHERE s.organization_id = $1 AND s.code = $2)"
    )
}

/// The report of one series; to be run in one snapshot.
pub fn report(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    (code, kind, next_number): (&str, SeriesKind, i64),
) -> QueryResult<SeriesGaps> {
    let documents = documents(kind);
    let head: Head = sql(format!(
        "{documents} SELECT count(*) AS documents, min(number) FILTER (WHERE is_current) AS first, \
         max(number) FILTER (WHERE is_current) AS last FROM document"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Text, _>(code)
    .get_result(connection)?;
    // What follows the last document up to the next number is missing, too.
    let gaps: Vec<Run> = sql(format!(
        "{documents}, numbers AS (SELECT year, number FROM document UNION \
           SELECT year, next_number FROM document WHERE is_current), \
         step AS (SELECT year, number, lag(number) OVER (PARTITION BY year ORDER BY number) AS before FROM numbers) \
         SELECT year, before + 1 AS first, number - 1 AS last FROM step WHERE number > before + 1 ORDER BY year, number LIMIT $3"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Text, _>(code)
    .bind::<BigInt, _>(MOST)
    .load(connection)?;
    let duplicates: Vec<Run> = sql(format!(
        "{documents} SELECT year, number AS first, count(*) AS last FROM document GROUP BY year, number HAVING count(*) > 1 \
         ORDER BY year, number LIMIT $3"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Text, _>(code)
    .bind::<BigInt, _>(MOST)
    .load(connection)?;
    Ok(SeriesGaps {
        series: code.to_owned(),
        kind,
        documents: head.documents,
        first_number: head.first,
        last_number: head.last,
        next_number,
        complete: gaps.is_empty() && duplicates.is_empty(),
        gaps: gaps.into_iter().map(|run| NumberGap { year: run.year, first_missing: run.first, last_missing: run.last }).collect(),
        duplicates: duplicates.into_iter().map(|run| DuplicateNumber { year: run.year, number: run.first, documents: run.last }).collect(),
    })
}
