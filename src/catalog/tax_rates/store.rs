use super::body::{PutTaxRate, TaxRate, TaxRateKey, TaxScheme};
use crate::auth::actor::Context;
use crate::catalog::dates::shown;
use crate::platform::sql::sql;
use crate::types::base_fraction::BaseFraction;
use crate::types::country::Country;
use crate::types::decimal::Rate;
use crate::types::id::OrganizationId;
use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Integer, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;

const COLUMNS: &str = "t.country, t.region, t.tax_category, t.tax_scheme_category, t.name, t.rate, t.base_numerator, t.base_denominator, \
     t.valid_from_on, t.valid_to_on, t.version, t.updated_at";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    country: String,
    #[diesel(sql_type = Text)]
    region: String,
    #[diesel(sql_type = Text)]
    tax_category: String,
    #[diesel(sql_type = Text)]
    tax_scheme_category: TaxScheme,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Numeric)]
    rate: Decimal,
    #[diesel(sql_type = Integer)]
    base_numerator: i32,
    #[diesel(sql_type = Integer)]
    base_denominator: i32,
    #[diesel(sql_type = Date)]
    valid_from_on: NaiveDate,
    #[diesel(sql_type = Nullable<Date>)]
    valid_to_on: Option<NaiveDate>,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DateTime<Utc>,
}

impl TryFrom<Row> for TaxRate {
    type Error = diesel::result::Error;

    fn try_from(row: Row) -> QueryResult<Self> {
        let malformed = |what: String| diesel::result::Error::DeserializationError(what.into());
        let fraction = || BaseFraction::new(row.base_numerator.try_into().ok()?, row.base_denominator.try_into().ok()?);
        Ok(Self {
            country: Country::from_code(&row.country).ok_or_else(|| malformed(format!("not a country: {}", row.country)))?,
            region: (!row.region.is_empty()).then_some(row.region),
            tax_category: row.tax_category,
            tax_scheme_category: row.tax_scheme_category,
            name: row.name,
            rate: Rate(row.rate.normalize()),
            base_fraction: fraction()
                .ok_or_else(|| malformed(format!("not a base fraction: {}/{}", row.base_numerator, row.base_denominator)))?,
            valid_from_on: shown(row.valid_from_on),
            valid_to_on: row.valid_to_on,
            version: row.version,
            updated_at: row.updated_at,
        })
    }
}

fn tax_rates(rows: Vec<Row>) -> QueryResult<Vec<TaxRate>> {
    rows.into_iter().map(TaxRate::try_from).collect()
}

/// What a list of tax rates is narrowed to; `None` = all.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub countries: Option<Vec<String>>,
    pub tax_categories: Option<Vec<String>>,
    pub updated_from: Option<DateTime<Utc>>,
}

pub fn page(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &Filter,
    after: Option<&TaxRateKey>,
    limit: i64,
) -> QueryResult<Vec<TaxRate>> {
    let start = match after {
        Some(_) => "(t.country, t.region, t.tax_category, t.valid_from_on) > ($6, $7, $8, $9)",
        None => "true",
    };
    let mut query = sql(format!(
        "SELECT {COLUMNS} FROM tax_rate t WHERE t.organization_id = $1 AND ($2::text[] IS NULL OR t.country = ANY($2)) \
         AND ($3::text[] IS NULL OR t.tax_category = ANY($3)) AND ($4::timestamptz IS NULL OR t.updated_at >= $4) AND {start} \
         ORDER BY t.country, t.region, t.tax_category, t.valid_from_on LIMIT $5"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Nullable<Array<Text>>, _>(filter.countries.clone())
    .bind::<Nullable<Array<Text>>, _>(filter.tax_categories.clone())
    .bind::<Nullable<Timestamptz>, _>(filter.updated_from)
    .bind::<BigInt, _>(limit);
    if let Some(key) = after {
        query = query
            .bind::<Text, _>(&key.country)
            .bind::<Text, _>(&key.region)
            .bind::<Text, _>(&key.tax_category)
            .bind::<Date, _>(key.valid_from_on);
    }
    tax_rates(query.load(connection)?)
}

/// The natural keys as parallel arrays.
struct Keys<'a> {
    countries: Vec<&'a str>,
    regions: Vec<&'a str>,
    categories: Vec<&'a str>,
    valid_from: Vec<NaiveDate>,
}

impl<'a> Keys<'a> {
    fn of(keys: &'a [TaxRateKey]) -> Self {
        Self {
            countries: keys.iter().map(|key| key.country.as_str()).collect(),
            regions: keys.iter().map(|key| key.region.as_str()).collect(),
            categories: keys.iter().map(|key| key.tax_category.as_str()).collect(),
            valid_from: keys.iter().map(|key| key.valid_from_on).collect(),
        }
    }
}

/// Creates or replaces rates by their keys in one statement and answers those that it changed. A row that would not change keeps
/// its version.
pub fn upsert(connection: &mut PgConnection, context: &Context, keys: &[TaxRateKey], rows: &[PutTaxRate]) -> QueryResult<Vec<TaxRate>> {
    let names = Keys::of(keys);
    let part = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    // Sorted by key, so that two calls over the same rates wait for each other instead of deadlocking.
    let written = sql(format!(
        "INSERT INTO tax_rate AS t (organization_id, country, region, tax_category, valid_from_on, valid_to_on, tax_scheme_category, name, rate, \
         base_numerator, base_denominator, updated_at) \
         SELECT $1, r.*, $2 FROM unnest($3::text[], $4::text[], $5::text[], $6::date[], $7::date[], $8::text[], $9::text[], $10::numeric[], \
         $11::int[], $12::int[]) AS r(country, region, tax_category, valid_from_on, valid_to_on, tax_scheme_category, name, rate, \
         base_numerator, base_denominator) ORDER BY 2, 3, 4, 5 \
         ON CONFLICT (organization_id, country, region, tax_category, valid_from_on) DO UPDATE SET valid_to_on = excluded.valid_to_on, \
         tax_scheme_category = excluded.tax_scheme_category, name = excluded.name, rate = excluded.rate, \
         base_numerator = excluded.base_numerator, base_denominator = excluded.base_denominator, updated_at = excluded.updated_at, \
         version = t.version + 1 \
         WHERE (t.valid_to_on, t.tax_scheme_category, t.name, t.rate, t.base_numerator, t.base_denominator) IS DISTINCT FROM \
         (excluded.valid_to_on, excluded.tax_scheme_category, excluded.name, excluded.rate, excluded.base_numerator, excluded.base_denominator) \
         RETURNING {COLUMNS}"
    ))
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<Timestamptz, _>(context.now)
    .bind::<Array<Text>, _>(names.countries)
    .bind::<Array<Text>, _>(names.regions)
    .bind::<Array<Text>, _>(names.categories)
    .bind::<Array<Date>, _>(names.valid_from)
    .bind::<Array<Nullable<Date>>, _>(rows.iter().map(|row| row.valid_to_on).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(rows.iter().map(|row| row.tax_scheme_category.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>())
    .bind::<Array<Numeric>, _>(rows.iter().map(|row| row.rate.0).collect::<Vec<_>>())
    .bind::<Array<Integer>, _>(rows.iter().map(|row| part(row.base_fraction().numerator())).collect::<Vec<_>>())
    .bind::<Array<Integer>, _>(rows.iter().map(|row| part(row.base_fraction().denominator())).collect::<Vec<_>>())
    .load(connection)?;
    tax_rates(written)
}

/// The rates with these keys, in their order.
pub fn by_key(connection: &mut PgConnection, organization_id: OrganizationId, keys: &[TaxRateKey]) -> QueryResult<Vec<TaxRate>> {
    let names = Keys::of(keys);
    let rows = sql(format!(
        "SELECT {COLUMNS} FROM unnest($2::text[], $3::text[], $4::text[], $5::date[]) WITH ORDINALITY \
         AS k(country, region, tax_category, valid_from_on, place) JOIN tax_rate t ON t.organization_id = $1 AND t.country = k.country \
         AND t.region = k.region AND t.tax_category = k.tax_category AND t.valid_from_on = k.valid_from_on ORDER BY k.place"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<Text>, _>(names.countries)
    .bind::<Array<Text>, _>(names.regions)
    .bind::<Array<Text>, _>(names.categories)
    .bind::<Array<Date>, _>(names.valid_from)
    .load(connection)?;
    tax_rates(rows)
}
