use super::body::{Product, ProductUnit, PutProduct};
use crate::auth::actor::Context;
use crate::catalog::product_kind::ProductKind;
use crate::platform::sql::{from_json, sql, to_json};
use crate::types::decimal::{Quantity, UnitPrice};
use crate::types::id::{OrganizationId, ProductId};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Jsonb, Nullable, Numeric, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

const COLUMNS: &str = "p.sku, p.id, p.name, p.description, p.kind, p.unit, p.units, p.quantity_scale, p.tax_category, p.gtin, p.weight_grams, \
     p.standard_cost, p.active, p.external_ids, p.metadata, p.version, p.created_at, p.updated_at";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    sku: String,
    #[diesel(sql_type = SqlUuid)]
    id: ProductId,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Nullable<Text>)]
    description: Option<String>,
    #[diesel(sql_type = Text)]
    kind: ProductKind,
    #[diesel(sql_type = Text)]
    unit: String,
    #[diesel(sql_type = Jsonb)]
    units: Value,
    #[diesel(sql_type = SmallInt)]
    quantity_scale: i16,
    #[diesel(sql_type = Text)]
    tax_category: String,
    #[diesel(sql_type = Nullable<Text>)]
    gtin: Option<String>,
    #[diesel(sql_type = Nullable<Numeric>)]
    weight_grams: Option<Decimal>,
    #[diesel(sql_type = Nullable<Numeric>)]
    standard_cost: Option<Decimal>,
    #[diesel(sql_type = Bool)]
    active: bool,
    #[diesel(sql_type = Jsonb)]
    external_ids: Value,
    #[diesel(sql_type = Jsonb)]
    metadata: Value,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DateTime<Utc>,
}

impl TryFrom<Row> for Product {
    type Error = diesel::result::Error;

    fn try_from(row: Row) -> QueryResult<Self> {
        Ok(Self {
            sku: row.sku,
            id: row.id,
            name: row.name,
            description: row.description,
            kind: row.kind,
            unit: row.unit,
            units: from_json(row.units)?,
            quantity_scale: row.quantity_scale,
            tax_category: row.tax_category,
            gtin: row.gtin,
            weight_grams: row.weight_grams.map(Quantity),
            standard_cost: row.standard_cost.map(UnitPrice),
            active: row.active,
            external_ids: from_json(row.external_ids)?,
            metadata: from_json(row.metadata)?,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

fn products(rows: Vec<Row>) -> QueryResult<Vec<Product>> {
    rows.into_iter().map(Product::try_from).collect()
}

/// The products among `skus` in their order; unknown ones are left out.
pub fn by_sku(connection: &mut PgConnection, organization_id: OrganizationId, skus: &[&str]) -> QueryResult<Vec<Product>> {
    let rows = sql(format!(
        "SELECT {COLUMNS} FROM unnest($2::text[]) WITH ORDINALITY AS k(sku, place) \
         JOIN product p ON p.organization_id = $1 AND p.sku = k.sku ORDER BY k.place"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<Text>, _>(skus)
    .load(connection)?;
    products(rows)
}

/// As `by_sku` for one, locked against a concurrent change.
pub fn lock(connection: &mut PgConnection, organization_id: OrganizationId, sku: &str) -> QueryResult<Option<Product>> {
    let row: Option<Row> = sql(format!("SELECT {COLUMNS} FROM product p WHERE p.organization_id = $1 AND p.sku = $2 FOR NO KEY UPDATE"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Text, _>(sku)
        .get_result(connection)
        .optional()?;
    row.map(Product::try_from).transpose()
}

/// What a list of products is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub text: Option<String>,
    pub active: Option<bool>,
    pub kinds: Option<Vec<ProductKind>>,
    pub external_ids: BTreeMap<String, String>,
    pub updated_from: Option<DateTime<Utc>>,
}

/// Where a page starts, and by what it is sorted.
#[derive(Clone, Debug)]
pub enum Start {
    BySku {
        after: Option<String>,
    },
    ByUpdated {
        after: Option<(DateTime<Utc>, ProductId)>,
    },
    /// The last change first.
    ByLastUpdated {
        after: Option<(DateTime<Utc>, ProductId)>,
    },
}

pub fn page(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &Filter,
    start: &Start,
    limit: i64,
) -> QueryResult<Vec<Product>> {
    const FILTERS: &str = "p.organization_id = $1 AND ($2::bool IS NULL OR p.active = $2) AND ($3::text[] IS NULL OR p.kind = ANY($3)) \
         AND p.updated_at >= coalesce($4::timestamptz, '-infinity') AND ($5::text IS NULL OR strpos(lower(p.sku), lower($5)) > 0 \
         OR strpos(lower(p.name), lower($5)) > 0 OR p.gtin = $5 OR p.units @> jsonb_build_array(jsonb_build_object('gtin', $5)))";
    let rest = match start {
        Start::BySku { .. } => "p.sku > coalesce($7::text, '') ORDER BY p.sku",
        Start::ByUpdated { .. } => {
            "(p.updated_at, p.id) > (coalesce($7::timestamptz, '-infinity'), coalesce($8::uuid, '00000000-0000-0000-0000-000000000000')) \
             ORDER BY p.updated_at, p.id"
        }
        Start::ByLastUpdated { .. } => {
            "(p.updated_at, p.id) < (coalesce($7::timestamptz, 'infinity'), coalesce($8::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')) \
             ORDER BY p.updated_at DESC, p.id DESC"
        }
    };
    // It stands in the text only where it is asked for, so that its index is used under a generic plan.
    let ids = match (filter.external_ids.is_empty(), start) {
        (true, _) => "",
        (false, Start::BySku { .. }) => "p.external_ids @> $8 AND ",
        (false, Start::ByUpdated { .. } | Start::ByLastUpdated { .. }) => "p.external_ids @> $9 AND ",
    };
    let external_ids = to_json(&filter.external_ids)?;
    let kinds = filter.kinds.as_ref().map(|kinds| kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>());
    let query = sql(format!("SELECT {COLUMNS} FROM product p WHERE {FILTERS} AND {ids}{rest} LIMIT $6"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Nullable<Bool>, _>(filter.active)
        .bind::<Nullable<Array<Text>>, _>(kinds)
        .bind::<Nullable<Timestamptz>, _>(filter.updated_from)
        .bind::<Nullable<Text>, _>(filter.text.as_deref())
        .bind::<BigInt, _>(limit);
    let rows = match start {
        Start::BySku { after } => query.bind::<Nullable<Text>, _>(after.as_deref()).bind::<Jsonb, _>(external_ids).load(connection)?,
        Start::ByUpdated { after } | Start::ByLastUpdated { after } => query
            .bind::<Nullable<Timestamptz>, _>(after.map(|after| after.0))
            .bind::<Nullable<SqlUuid>, _>(after.map(|after| after.1))
            .bind::<Jsonb, _>(external_ids)
            .load(connection)?,
    };
    products(rows)
}

/// A product to write; `id` is what it gets where the SKU is new.
#[derive(Clone, Copy)]
pub struct NewProduct<'a> {
    pub sku: &'a str,
    pub id: ProductId,
    pub body: &'a PutProduct,
}

/// One row of the upsert, as `jsonb_to_recordset` reads it.
#[derive(Serialize)]
struct Record<'a> {
    sku: &'a str,
    id: ProductId,
    name: &'a str,
    description: Option<&'a str>,
    kind: ProductKind,
    unit: &'a str,
    units: &'a [ProductUnit],
    quantity_scale: i16,
    tax_category: &'a str,
    gtin: Option<&'a str>,
    weight_grams: Option<Quantity>,
    standard_cost: Option<UnitPrice>,
    active: bool,
    external_ids: &'a BTreeMap<String, String>,
    metadata: &'a Map<String, Value>,
    source_version: Option<i64>,
}

fn records(products: &[NewProduct<'_>]) -> QueryResult<String> {
    let records: Vec<Record<'_>> = products
        .iter()
        .map(|NewProduct { sku, id, body: product }| Record {
            sku,
            id: *id,
            name: &product.name,
            description: product.description.as_deref(),
            kind: product.kind.unwrap_or(ProductKind::Stocked),
            unit: &product.unit,
            units: &product.units,
            quantity_scale: product.quantity_scale,
            tax_category: &product.tax_category,
            gtin: product.gtin.as_deref(),
            weight_grams: product.weight_grams,
            standard_cost: product.standard_cost,
            active: product.active.unwrap_or(true),
            external_ids: &product.external_ids,
            metadata: &product.metadata,
            source_version: product.source_version,
        })
        .collect();
    serde_json::to_string(&records).map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))
}

/// A product that has been written.
#[derive(QueryableByName)]
pub struct Written {
    #[diesel(sql_type = SqlUuid)]
    pub id: ProductId,
    #[diesel(sql_type = Text)]
    pub sku: String,
    #[diesel(sql_type = BigInt)]
    pub version: i64,
}

/// Creates or replaces products by SKU in one statement and answers those that it changed. A row that would not change keeps its
/// version; one that is late is left alone.
pub fn upsert(connection: &mut PgConnection, context: &Context, products: &[NewProduct<'_>]) -> QueryResult<Vec<Written>> {
    // Sorted by key, so that two calls over the same products wait for each other instead of deadlocking.
    sql("INSERT INTO product AS p (organization_id, sku, id, name, description, kind, unit, units, quantity_scale, tax_category, gtin, \
         weight_grams, standard_cost, active, external_ids, metadata, source_version, created_at, updated_at) \
         SELECT $1, r.*, $2, $2 FROM jsonb_to_recordset($3::text::jsonb) AS r(sku text, id uuid, name text, description text, kind text, \
         unit text, units jsonb, quantity_scale smallint, tax_category text, gtin text, weight_grams numeric, standard_cost numeric, \
         active boolean, external_ids jsonb, metadata jsonb, source_version bigint) ORDER BY r.sku COLLATE \"C\" \
         ON CONFLICT (organization_id, sku) DO UPDATE SET name = excluded.name, description = excluded.description, kind = excluded.kind, \
         unit = excluded.unit, units = excluded.units, quantity_scale = excluded.quantity_scale, tax_category = excluded.tax_category, \
         gtin = excluded.gtin, weight_grams = excluded.weight_grams, standard_cost = excluded.standard_cost, active = excluded.active, \
         external_ids = excluded.external_ids, metadata = excluded.metadata, updated_at = excluded.updated_at, version = p.version + 1, \
         source_version = coalesce(excluded.source_version, p.source_version) \
         WHERE (excluded.source_version > p.source_version) IS NOT FALSE AND (p.name, p.description, p.kind, p.unit, p.units, p.quantity_scale, p.tax_category, p.gtin, p.weight_grams, p.standard_cost, \
         p.active, p.external_ids, p.metadata) IS DISTINCT FROM (excluded.name, excluded.description, excluded.kind, excluded.unit, \
         excluded.units, excluded.quantity_scale, excluded.tax_category, excluded.gtin, excluded.weight_grams, excluded.standard_cost, \
         excluded.active, excluded.external_ids, excluded.metadata) RETURNING p.id, p.sku, p.version")
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<Timestamptz, _>(context.now)
    .bind::<Text, _>(records(products)?)
    .load(connection)
}

/// A product that a call left as it was.
#[derive(QueryableByName)]
pub struct Left {
    #[diesel(sql_type = SqlUuid)]
    pub id: ProductId,
    #[diesel(sql_type = Text)]
    pub sku: String,
    /// What the call had of it was not newer than what was taken before.
    #[diesel(sql_type = Bool)]
    pub late: bool,
}

/// Of products that [`upsert`] has not changed, which were late; the others have their newer source version written down.
pub fn left(connection: &mut PgConnection, organization_id: OrganizationId, products: &[NewProduct<'_>]) -> QueryResult<Vec<Left>> {
    sql("WITH r AS MATERIALIZED (SELECT * FROM unnest($2::text[], $3::int8[]) AS r(sku, source_version)), \
         newer AS (UPDATE product p SET source_version = r.source_version FROM r WHERE p.organization_id = $1 AND p.sku = r.sku \
         AND r.source_version IS NOT NULL AND (r.source_version > p.source_version) IS NOT FALSE) \
         SELECT p.id, p.sku, (r.source_version <= p.source_version) IS TRUE AS late FROM r \
         JOIN product p ON p.organization_id = $1 AND p.sku = r.sku")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<Text>, _>(products.iter().map(|product| product.sku).collect::<Vec<_>>())
    .bind::<Array<Nullable<BigInt>>, _>(products.iter().map(|product| product.body.source_version).collect::<Vec<_>>())
    .load(connection)
}

/// The SKUs among these whose unit or kind would change although stock or orders count in them; at most 100 are told.
pub fn in_use_with_other_measure(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    products: &[NewProduct<'_>],
) -> QueryResult<Vec<String>> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Text)]
        sku: String,
    }
    let kinds: Vec<&str> = products.iter().map(|product| product.body.kind.unwrap_or(ProductKind::Stocked).as_str()).collect();
    let found: Vec<Found> = sql("SELECT p.sku FROM unnest($2::text[], $3::text[], $4::text[], $5::int8[]) AS r(sku, unit, kind, source_version) \
         JOIN product p ON p.organization_id = $1 AND p.sku = r.sku AND (p.unit <> r.unit OR p.kind <> r.kind) \
         WHERE (r.source_version > p.source_version) IS NOT FALSE AND (EXISTS (SELECT FROM order_line l WHERE l.organization_id = $1 AND l.sku = p.sku) \
         OR EXISTS (SELECT FROM stock_level s WHERE s.organization_id = $1 AND s.sku = p.sku) \
         OR EXISTS (SELECT FROM incoming_supply i WHERE i.organization_id = $1 AND i.sku = p.sku AND i.status = 'open')) \
         ORDER BY p.sku LIMIT 100")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<Text>, _>(products.iter().map(|product| product.sku).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(products.iter().map(|product| product.body.unit.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(kinds)
    .bind::<Array<Nullable<BigInt>>, _>(products.iter().map(|product| product.body.source_version).collect::<Vec<_>>())
    .load(connection)?;
    Ok(found.into_iter().map(|row| row.sku).collect())
}
