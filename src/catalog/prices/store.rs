use super::body::{Price, PriceKey, PutPrice};
use crate::auth::actor::Context;
use crate::catalog::dates::shown;
use crate::platform::sql::sql;
use crate::types::currency::Currency;
use crate::types::decimal::{Quantity, UnitPrice};
use crate::types::id::{OrganizationId, ProductId};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;

const COLUMNS: &str = "p.price_list, p.sku, p.currency, p.unit_price, p.price_quantity, p.min_quantity, p.valid_from_on, p.valid_to_on, p.version, p.updated_at";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    price_list: String,
    #[diesel(sql_type = Text)]
    sku: String,
    #[diesel(sql_type = Text)]
    currency: Currency,
    #[diesel(sql_type = Numeric)]
    unit_price: Decimal,
    #[diesel(sql_type = Numeric)]
    price_quantity: Decimal,
    #[diesel(sql_type = Numeric)]
    min_quantity: Decimal,
    #[diesel(sql_type = Date)]
    valid_from_on: NaiveDate,
    #[diesel(sql_type = Nullable<Date>)]
    valid_to_on: Option<NaiveDate>,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DateTime<Utc>,
}

impl From<Row> for Price {
    fn from(row: Row) -> Self {
        Self {
            price_list: row.price_list,
            sku: row.sku,
            currency: row.currency,
            unit_price: UnitPrice(row.unit_price.normalize()),
            price_quantity: Quantity(row.price_quantity.normalize()),
            min_quantity: Quantity(row.min_quantity.normalize()),
            valid_from_on: shown(row.valid_from_on),
            valid_to_on: row.valid_to_on,
            version: row.version,
            updated_at: row.updated_at,
        }
    }
}

fn prices(rows: Vec<Row>) -> Vec<Price> {
    rows.into_iter().map(Price::from).collect()
}

/// What a list of prices is narrowed to; `None` = all.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub skus: Option<Vec<String>>,
    pub price_lists: Option<Vec<String>>,
    pub currencies: Option<Vec<String>>,
    pub updated_from: Option<DateTime<Utc>>,
}

pub fn page(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &Filter,
    after: Option<&PriceKey>,
    limit: i64,
) -> QueryResult<Vec<Price>> {
    let start = match after {
        Some(_) => "(p.sku, p.price_list, p.currency, p.min_quantity, p.valid_from_on) > ($7, $8, $9, $10, $11)",
        None => "true",
    };
    let mut query = sql(format!(
        "SELECT {COLUMNS} FROM price p WHERE p.organization_id = $1 AND ($2::text[] IS NULL OR p.sku = ANY($2)) \
         AND ($3::text[] IS NULL OR p.price_list = ANY($3)) AND ($4::text[] IS NULL OR p.currency = ANY($4)) \
         AND ($5::timestamptz IS NULL OR p.updated_at >= $5) AND {start} \
         ORDER BY p.sku, p.price_list, p.currency, p.min_quantity, p.valid_from_on LIMIT $6"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Nullable<Array<Text>>, _>(filter.skus.clone())
    .bind::<Nullable<Array<Text>>, _>(filter.price_lists.clone())
    .bind::<Nullable<Array<Text>>, _>(filter.currencies.clone())
    .bind::<Nullable<Timestamptz>, _>(filter.updated_from)
    .bind::<BigInt, _>(limit);
    if let Some(key) = after {
        query = query
            .bind::<Text, _>(&key.sku)
            .bind::<Text, _>(&key.price_list)
            .bind::<Text, _>(key.currency)
            .bind::<Numeric, _>(key.min_quantity)
            .bind::<Date, _>(key.valid_from_on);
    }
    Ok(prices(query.load(connection)?))
}

/// Those among `skus` that are no product.
pub fn unknown_skus(connection: &mut PgConnection, organization_id: OrganizationId, skus: &[&str]) -> QueryResult<Vec<String>> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Text)]
        sku: String,
    }
    let found: Vec<Found> = sql("SELECT r.sku FROM unnest($2::text[]) AS r(sku) \
         WHERE NOT EXISTS (SELECT FROM product p WHERE p.organization_id = $1 AND p.sku = r.sku)")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<Text>, _>(skus)
    .load(connection)?;
    Ok(found.into_iter().map(|row| row.sku).collect())
}

/// The natural keys as parallel arrays.
struct Keys<'a> {
    lists: Vec<&'a str>,
    skus: Vec<&'a str>,
    currencies: Vec<&'a str>,
    min_quantities: Vec<Decimal>,
    valid_from: Vec<NaiveDate>,
}

impl<'a> Keys<'a> {
    fn of(keys: &'a [PriceKey]) -> Self {
        Self {
            lists: keys.iter().map(|key| key.price_list.as_str()).collect(),
            skus: keys.iter().map(|key| key.sku.as_str()).collect(),
            currencies: keys.iter().map(|key| key.currency).collect(),
            min_quantities: keys.iter().map(|key| key.min_quantity).collect(),
            valid_from: keys.iter().map(|key| key.valid_from_on).collect(),
        }
    }
}

/// A price that has been written, and the product that it is of.
#[derive(QueryableByName)]
struct WrittenRow {
    #[diesel(embed)]
    price: Row,
    #[diesel(sql_type = SqlUuid)]
    product_id: ProductId,
}

/// Creates or replaces prices by their keys in one statement and answers those that it changed. A row that would not change keeps
/// its version.
pub fn upsert(
    connection: &mut PgConnection,
    context: &Context,
    keys: &[PriceKey],
    rows: &[PutPrice],
) -> QueryResult<Vec<(ProductId, Price)>> {
    let names = Keys::of(keys);
    // Sorted by key, so that two calls over the same prices wait for each other instead of deadlocking.
    let written: Vec<WrittenRow> = sql(format!(
        "WITH p AS (INSERT INTO price AS p (organization_id, price_list, sku, currency, min_quantity, valid_from_on, valid_to_on, unit_price, \
         price_quantity, source_version, updated_at) \
         SELECT $1, r.*, $2 FROM unnest($3::text[], $4::text[], $5::text[], $6::numeric[], $7::date[], $8::date[], $9::numeric[], $10::numeric[], \
         $11::int8[]) \
         AS r(price_list, sku, currency, min_quantity, valid_from_on, valid_to_on, unit_price, price_quantity, source_version) ORDER BY 3, 2, 4, 5, 6 \
         ON CONFLICT (organization_id, sku, price_list, currency, min_quantity, valid_from_on) DO UPDATE SET \
         valid_to_on = excluded.valid_to_on, unit_price = excluded.unit_price, price_quantity = excluded.price_quantity, \
         updated_at = excluded.updated_at, version = p.version + 1, source_version = coalesce(excluded.source_version, p.source_version) \
         WHERE (excluded.source_version > p.source_version) IS NOT FALSE \
         AND (p.valid_to_on, p.unit_price, p.price_quantity) IS DISTINCT FROM (excluded.valid_to_on, excluded.unit_price, excluded.price_quantity) \
         RETURNING p.*) \
         SELECT {COLUMNS}, product.id AS product_id FROM p JOIN product ON product.organization_id = p.organization_id AND product.sku = p.sku"
    ))
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<Timestamptz, _>(context.now)
    .bind::<Array<Text>, _>(names.lists)
    .bind::<Array<Text>, _>(names.skus)
    .bind::<Array<Text>, _>(names.currencies)
    .bind::<Array<Numeric>, _>(names.min_quantities)
    .bind::<Array<Date>, _>(names.valid_from)
    .bind::<Array<Nullable<Date>>, _>(rows.iter().map(|row| row.valid_to_on).collect::<Vec<_>>())
    .bind::<Array<Numeric>, _>(rows.iter().map(|row| row.unit_price.0).collect::<Vec<_>>())
    .bind::<Array<Numeric>, _>(rows.iter().map(|row| row.price_quantity().0).collect::<Vec<_>>())
    .bind::<Array<Nullable<BigInt>>, _>(rows.iter().map(|row| row.source_version).collect::<Vec<_>>())
    .load(connection)?;
    Ok(written.into_iter().map(|row| (row.product_id, Price::from(row.price))).collect())
}

/// Of prices that [`upsert`] has not changed, the places of those that were late; the others have their newer source version written
/// down.
pub fn late(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    keys: &[PriceKey],
    source_versions: &[i64],
) -> QueryResult<Vec<usize>> {
    #[derive(QueryableByName)]
    struct Place {
        #[diesel(sql_type = BigInt)]
        place: i64,
    }
    let names = Keys::of(keys);
    let late: Vec<Place> = sql("WITH r AS MATERIALIZED (SELECT * FROM unnest($2::text[], $3::text[], $4::text[], $5::numeric[], $6::date[], $7::int8[]) \
         WITH ORDINALITY AS r(price_list, sku, currency, min_quantity, valid_from_on, source_version, place)), \
         newer AS (UPDATE price p SET source_version = r.source_version FROM r WHERE p.organization_id = $1 AND p.sku = r.sku \
         AND p.price_list = r.price_list AND p.currency = r.currency AND p.min_quantity = r.min_quantity AND p.valid_from_on = r.valid_from_on \
         AND (r.source_version > p.source_version) IS NOT FALSE) \
         SELECT r.place - 1 AS place FROM r JOIN price p ON p.organization_id = $1 AND p.sku = r.sku AND p.price_list = r.price_list \
         AND p.currency = r.currency AND p.min_quantity = r.min_quantity AND p.valid_from_on = r.valid_from_on \
         WHERE r.source_version <= p.source_version")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<Text>, _>(names.lists)
    .bind::<Array<Text>, _>(names.skus)
    .bind::<Array<Text>, _>(names.currencies)
    .bind::<Array<Numeric>, _>(names.min_quantities)
    .bind::<Array<Date>, _>(names.valid_from)
    .bind::<Array<BigInt>, _>(source_versions)
    .load(connection)?;
    Ok(late.into_iter().filter_map(|row| usize::try_from(row.place).ok()).collect())
}

/// The prices with these keys, in their order.
pub fn by_key(connection: &mut PgConnection, organization_id: OrganizationId, keys: &[PriceKey]) -> QueryResult<Vec<Price>> {
    let names = Keys::of(keys);
    let rows = sql(format!(
        "SELECT {COLUMNS} FROM unnest($2::text[], $3::text[], $4::text[], $5::numeric[], $6::date[]) WITH ORDINALITY \
         AS k(price_list, sku, currency, min_quantity, valid_from_on, place) JOIN price p ON p.organization_id = $1 AND p.sku = k.sku \
         AND p.price_list = k.price_list AND p.currency = k.currency AND p.min_quantity = k.min_quantity AND p.valid_from_on = k.valid_from_on \
         ORDER BY k.place"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<Text>, _>(names.lists)
    .bind::<Array<Text>, _>(names.skus)
    .bind::<Array<Text>, _>(names.currencies)
    .bind::<Array<Numeric>, _>(names.min_quantities)
    .bind::<Array<Date>, _>(names.valid_from)
    .load(connection)?;
    Ok(prices(rows))
}
