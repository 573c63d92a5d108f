use super::body::{MatchingTolerance, PutTolerance};
use crate::auth::actor::Context;
use crate::platform::sql::sql;
use crate::types::currency::Currency;
use crate::types::decimal::Amount;
use crate::types::id::OrganizationId;
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;

const COLUMNS: &str = "currency, amount, version, created_at, updated_at";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    currency: Currency,
    #[diesel(sql_type = Numeric)]
    amount: Decimal,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DateTime<Utc>,
}

impl From<Row> for MatchingTolerance {
    fn from(row: Row) -> Self {
        Self {
            currency: row.currency,
            amount: Amount(row.currency.round(row.amount)),
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// Inserts or replaces all rows and answers those that it changed.
pub fn upsert(connection: &mut PgConnection, context: &Context, rows: &[PutTolerance]) -> QueryResult<Vec<MatchingTolerance>> {
    let changed: Vec<Row> = sql(format!(
        "INSERT INTO bank_matching_tolerance AS t (organization_id, currency, amount, created_at, updated_at) \
         SELECT $1, given.currency, given.amount, $4, $4 FROM unnest($2, $3) AS given (currency, amount) ORDER BY 2 \
         ON CONFLICT (organization_id, currency) DO UPDATE SET amount = excluded.amount, updated_at = excluded.updated_at, \
         version = t.version + 1 WHERE t.amount <> excluded.amount RETURNING {COLUMNS}"
    ))
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<Array<Text>, _>(rows.iter().map(|row| row.currency).collect::<Vec<_>>())
    .bind::<Array<Numeric>, _>(rows.iter().map(|row| row.amount.0).collect::<Vec<_>>())
    .bind::<Timestamptz, _>(context.now)
    .load(connection)?;
    Ok(changed.into_iter().map(MatchingTolerance::from).collect())
}

/// By currency, after the one of the last row of the page before.
pub fn page(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    updated_from: Option<DateTime<Utc>>,
    after: Option<&str>,
    limit: i64,
) -> QueryResult<Vec<MatchingTolerance>> {
    let rows: Vec<Row> = sql(format!(
        "SELECT {COLUMNS} FROM bank_matching_tolerance WHERE organization_id = $1 AND currency > $2 \
         AND ($4::timestamptz IS NULL OR updated_at >= $4) ORDER BY currency LIMIT $3"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Text, _>(after.unwrap_or_default())
    .bind::<BigInt, _>(limit)
    .bind::<Nullable<Timestamptz>, _>(updated_from)
    .load(connection)?;
    Ok(rows.into_iter().map(MatchingTolerance::from).collect())
}
