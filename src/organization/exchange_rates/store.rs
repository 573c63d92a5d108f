use super::body::{DatedExchangeRate, PutExchangeRate};
use super::service::{Filters, Key};
use crate::auth::actor::Context;
use crate::platform::sql::sql;
use crate::types::currency::Currency;
use crate::types::decimal::ExchangeRate as Rate;
use crate::types::id::OrganizationId;
use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;

const COLUMNS: &str = "from_currency, to_currency, rate, valid_from_on, version, updated_at";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    from_currency: Currency,
    #[diesel(sql_type = Text)]
    to_currency: Currency,
    #[diesel(sql_type = Numeric)]
    rate: Decimal,
    #[diesel(sql_type = Date)]
    valid_from_on: NaiveDate,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DateTime<Utc>,
}

impl From<Row> for DatedExchangeRate {
    fn from(row: Row) -> Self {
        Self {
            from_currency: row.from_currency,
            to_currency: row.to_currency,
            rate: Rate(row.rate),
            valid_from_on: row.valid_from_on,
            version: row.version,
            updated_at: row.updated_at,
        }
    }
}

/// Inserts or replaces all rows in one statement and answers those that it changed; they must differ in their key. A row that would
/// not change keeps its version. Sorted, so that two calls at once wait for each other instead of deadlocking.
pub fn upsert(connection: &mut PgConnection, context: &Context, rates: &[PutExchangeRate]) -> QueryResult<Vec<DatedExchangeRate>> {
    let from: Vec<&str> = rates.iter().map(|rate| rate.from_currency.code()).collect();
    let to: Vec<&str> = rates.iter().map(|rate| rate.to_currency.code()).collect();
    let days: Vec<NaiveDate> = rates.iter().map(|rate| rate.valid_from_on).collect();
    let values: Vec<Decimal> = rates.iter().map(|rate| rate.rate.0).collect();
    let rows: Vec<Row> = sql(format!(
        "INSERT INTO exchange_rate AS t (organization_id, from_currency, to_currency, valid_from_on, rate, updated_at) \
         SELECT $1, given.from_currency, given.to_currency, given.valid_from_on, given.rate, $6 \
         FROM unnest($2, $3, $4, $5) AS given (from_currency, to_currency, valid_from_on, rate) ORDER BY 2, 3, 4 \
         ON CONFLICT (organization_id, from_currency, to_currency, valid_from_on) DO UPDATE SET rate = excluded.rate, \
         updated_at = excluded.updated_at, version = t.version + 1 WHERE t.rate <> excluded.rate RETURNING {COLUMNS}"
    ))
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<Array<Text>, _>(from)
    .bind::<Array<Text>, _>(to)
    .bind::<Array<Date>, _>(days)
    .bind::<Array<Numeric>, _>(values)
    .bind::<Timestamptz, _>(context.now)
    .load(connection)?;
    Ok(rows.into_iter().map(DatedExchangeRate::from).collect())
}

/// The rates with these keys, sorted by them.
pub fn by_key(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    rates: &[PutExchangeRate],
) -> QueryResult<Vec<DatedExchangeRate>> {
    let rows: Vec<Row> = sql(format!(
        "SELECT {COLUMNS} FROM unnest($2, $3, $4) AS k (from_currency, to_currency, valid_from_on) \
         JOIN exchange_rate t USING (from_currency, to_currency, valid_from_on) WHERE t.organization_id = $1 ORDER BY 1, 2, 4"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<Text>, _>(rates.iter().map(|rate| rate.from_currency.code()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(rates.iter().map(|rate| rate.to_currency.code()).collect::<Vec<_>>())
    .bind::<Array<Date>, _>(rates.iter().map(|rate| rate.valid_from_on).collect::<Vec<_>>())
    .load(connection)?;
    Ok(rows.into_iter().map(DatedExchangeRate::from).collect())
}

pub fn page(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filters: &Filters,
    after: Option<&Key>,
    limit: i64,
) -> QueryResult<Vec<DatedExchangeRate>> {
    let rows: Vec<Row> = sql(format!(
        "SELECT {COLUMNS} FROM exchange_rate WHERE organization_id = $1 AND ($2::text IS NULL OR from_currency = $2) \
         AND ($3::text IS NULL OR to_currency = $3) AND ($4::timestamptz IS NULL OR updated_at >= $4) \
         AND ($5::text IS NULL OR (from_currency, to_currency, valid_from_on) > ($5, $6, $7)) \
         ORDER BY from_currency, to_currency, valid_from_on LIMIT $8"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Nullable<Text>, _>(filters.from_currency)
    .bind::<Nullable<Text>, _>(filters.to_currency)
    .bind::<Nullable<Timestamptz>, _>(filters.updated_from)
    .bind::<Nullable<Text>, _>(after.map(|key| key.from_currency.as_str()))
    .bind::<Nullable<Text>, _>(after.map(|key| key.to_currency.as_str()))
    .bind::<Nullable<Date>, _>(after.map(|key| key.valid_from_on))
    .bind::<BigInt, _>(limit)
    .load(connection)?;
    Ok(rows.into_iter().map(DatedExchangeRate::from).collect())
}

/// The latest rate that began on or before the day, in this direction only.
pub fn latest(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    from: Currency,
    to: Currency,
    on_date: NaiveDate,
) -> QueryResult<Option<Decimal>> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Numeric)]
        rate: Decimal,
    }
    let row: Option<Found> = sql("SELECT rate FROM exchange_rate WHERE organization_id = $1 AND from_currency = $2 AND to_currency = $3 \
         AND valid_from_on <= $4 ORDER BY valid_from_on DESC LIMIT 1")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Text, _>(from)
    .bind::<Text, _>(to)
    .bind::<Date, _>(on_date)
    .get_result(connection)
    .optional()?;
    Ok(row.map(|row| row.rate))
}
