use super::body::{Coupon, CouponFilter, PutCoupon};
use super::judge::Standing;
use crate::platform::sql::{from_json, sql, to_json};
use crate::types::currency::Currency;
use crate::types::decimal::{Amount, Percent};
use crate::types::id::{CouponId, CustomerId, OrderId, OrganizationId};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Date, Jsonb, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;
use serde_json::Value;

const COLUMNS: &str = "id, code, name, percent, amount, currency, minimum_subtotal, valid_from_on, valid_to_on, customer_ids, skus, channels, \
    first_order_only, usage_limit, usage_limit_per_customer, combinable, active, times_used, metadata, version, created_at, updated_at, \
    external_ids";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: CouponId,
    #[diesel(sql_type = Text)]
    code: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Nullable<Numeric>)]
    percent: Option<Decimal>,
    #[diesel(sql_type = Nullable<Numeric>)]
    amount: Option<Decimal>,
    #[diesel(sql_type = Nullable<Text>)]
    currency: Option<Currency>,
    #[diesel(sql_type = Nullable<Numeric>)]
    minimum_subtotal: Option<Decimal>,
    #[diesel(sql_type = Nullable<Date>)]
    valid_from_on: Option<NaiveDate>,
    #[diesel(sql_type = Nullable<Date>)]
    valid_to_on: Option<NaiveDate>,
    #[diesel(sql_type = Array<SqlUuid>)]
    customer_ids: Vec<CustomerId>,
    #[diesel(sql_type = Array<Text>)]
    skus: Vec<String>,
    #[diesel(sql_type = Array<Text>)]
    channels: Vec<String>,
    #[diesel(sql_type = Bool)]
    first_order_only: bool,
    #[diesel(sql_type = Nullable<BigInt>)]
    usage_limit: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    usage_limit_per_customer: Option<i64>,
    #[diesel(sql_type = Bool)]
    combinable: bool,
    #[diesel(sql_type = Bool)]
    active: bool,
    #[diesel(sql_type = BigInt)]
    times_used: i64,
    #[diesel(sql_type = Jsonb)]
    metadata: Value,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DateTime<Utc>,
    #[diesel(sql_type = Jsonb)]
    external_ids: Value,
}

impl TryFrom<Row> for Coupon {
    type Error = diesel::result::Error;

    fn try_from(row: Row) -> QueryResult<Self> {
        let money = |amount: Decimal| Amount(row.currency.map_or(amount, |currency| currency.round(amount)));
        Ok(Self {
            id: row.id,
            code: row.code,
            name: row.name,
            percent: row.percent.map(|percent| Percent(percent.normalize())),
            amount: row.amount.map(money),
            currency: row.currency,
            minimum_subtotal: row.minimum_subtotal.map(money),
            valid_from_on: row.valid_from_on,
            valid_to_on: row.valid_to_on,
            customer_ids: row.customer_ids,
            skus: row.skus,
            channels: row.channels,
            first_order_only: row.first_order_only,
            usage_limit: row.usage_limit,
            usage_limit_per_customer: row.usage_limit_per_customer,
            combinable: row.combinable,
            active: row.active,
            times_used: row.times_used,
            external_ids: from_json(row.external_ids)?,
            metadata: from_json(row.metadata)?,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

fn coupons(rows: Vec<Row>) -> QueryResult<Vec<Coupon>> {
    rows.into_iter().map(Coupon::try_from).collect()
}

pub fn insert(connection: &mut PgConnection, organization_id: OrganizationId, coupon: &Coupon) -> QueryResult<()> {
    let text = format!(
        "INSERT INTO coupon (organization_id, {COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, \
         $19, $20, $21, $22, $23, $24)"
    );
    write(connection, text, organization_id, coupon)
}

/// Writes a coupon whose row this transaction has locked.
pub fn update(connection: &mut PgConnection, organization_id: OrganizationId, coupon: &Coupon) -> QueryResult<()> {
    let text = format!(
        "UPDATE coupon SET ({COLUMNS}) = ROW($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24) \
         WHERE organization_id = $1 AND id = $2"
    );
    write(connection, text, organization_id, coupon)
}

fn write(connection: &mut PgConnection, text: String, organization_id: OrganizationId, coupon: &Coupon) -> QueryResult<()> {
    sql(text)
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(coupon.id)
        .bind::<Text, _>(&coupon.code)
        .bind::<Text, _>(&coupon.name)
        .bind::<Nullable<Numeric>, _>(coupon.percent.map(|percent| percent.0))
        .bind::<Nullable<Numeric>, _>(coupon.amount.map(|amount| amount.0))
        .bind::<Nullable<Text>, _>(coupon.currency)
        .bind::<Nullable<Numeric>, _>(coupon.minimum_subtotal.map(|amount| amount.0))
        .bind::<Nullable<Date>, _>(coupon.valid_from_on)
        .bind::<Nullable<Date>, _>(coupon.valid_to_on)
        .bind::<Array<SqlUuid>, _>(&coupon.customer_ids)
        .bind::<Array<Text>, _>(&coupon.skus)
        .bind::<Array<Text>, _>(&coupon.channels)
        .bind::<Bool, _>(coupon.first_order_only)
        .bind::<Nullable<BigInt>, _>(coupon.usage_limit)
        .bind::<Nullable<BigInt>, _>(coupon.usage_limit_per_customer)
        .bind::<Bool, _>(coupon.combinable)
        .bind::<Bool, _>(coupon.active)
        .bind::<BigInt, _>(coupon.times_used)
        .bind::<Jsonb, _>(Value::Object(coupon.metadata.clone()))
        .bind::<BigInt, _>(coupon.version)
        .bind::<Timestamptz, _>(coupon.created_at)
        .bind::<Timestamptz, _>(coupon.updated_at)
        .bind::<Jsonb, _>(to_json(&coupon.external_ids)?)
        .execute(connection)?;
    Ok(())
}

pub fn find(connection: &mut PgConnection, organization_id: OrganizationId, id: CouponId) -> QueryResult<Option<Coupon>> {
    let row: Option<Row> = sql(format!("SELECT {COLUMNS} FROM coupon WHERE organization_id = $1 AND id = $2"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(id)
        .get_result(connection)
        .optional()?;
    row.map(Coupon::try_from).transpose()
}

pub fn by_codes(connection: &mut PgConnection, organization_id: OrganizationId, codes: &[String]) -> QueryResult<Vec<Coupon>> {
    let rows = sql(format!("SELECT {COLUMNS} FROM coupon WHERE organization_id = $1 AND code = ANY($2)"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<Text>, _>(codes)
        .load(connection)?;
    coupons(rows)
}

/// Locks these, sorted by id; those that are not there are missing.
pub fn lock(connection: &mut PgConnection, organization_id: OrganizationId, ids: &[CouponId]) -> QueryResult<Vec<Coupon>> {
    let rows = sql(format!("SELECT {COLUMNS} FROM coupon WHERE organization_id = $1 AND id = ANY($2) ORDER BY id FOR NO KEY UPDATE"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<SqlUuid>, _>(ids)
        .load(connection)?;
    coupons(rows)
}

/// One page by id, which is the order of creation.
pub fn page(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &CouponFilter,
    after: Option<CouponId>,
    limit: i64,
) -> QueryResult<Vec<Coupon>> {
    // It stands in the text only where it is asked for, so that its index is used under a generic plan.
    let ids = if filter.external_ids.is_empty() { "" } else { " AND external_ids @> $7" };
    let rows = sql(format!(
        "SELECT {COLUMNS} FROM coupon WHERE organization_id = $1 AND ($2::text[] IS NULL OR code = ANY($2)) AND ($3::bool IS NULL OR active = $3) \
         AND ($4::timestamptz IS NULL OR updated_at >= $4) AND ($5::uuid IS NULL OR id > $5){ids} ORDER BY id LIMIT $6"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Nullable<Array<Text>>, _>(filter.codes.clone())
    .bind::<Nullable<Bool>, _>(filter.active)
    .bind::<Nullable<Timestamptz>, _>(filter.updated_from)
    .bind::<Nullable<SqlUuid>, _>(after)
    .bind::<BigInt, _>(limit)
    .bind::<Jsonb, _>(to_json(&filter.external_ids)?)
    .load(connection)?;
    coupons(rows)
}

/// Those of a coupon's references that there are.
#[derive(QueryableByName)]
pub struct References {
    #[diesel(sql_type = Array<SqlUuid>)]
    pub customers: Vec<CustomerId>,
    #[diesel(sql_type = Array<Text>)]
    pub skus: Vec<String>,
    #[diesel(sql_type = Array<Text>)]
    pub channels: Vec<String>,
}

pub fn references(connection: &mut PgConnection, organization_id: OrganizationId, body: &PutCoupon) -> QueryResult<References> {
    sql("SELECT ARRAY(SELECT id FROM customer WHERE organization_id = $1 AND id = ANY($2)) AS customers, \
         ARRAY(SELECT sku FROM product WHERE organization_id = $1 AND sku = ANY($3)) AS skus, \
         ARRAY(SELECT code FROM channel WHERE organization_id = $1 AND code = ANY($4)) AS channels")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<SqlUuid>, _>(&body.customer_ids)
    .bind::<Array<Text>, _>(&body.skus)
    .bind::<Array<Text>, _>(&body.channels)
    .get_result(connection)
}

#[derive(QueryableByName)]
struct StandingRow {
    #[diesel(sql_type = SqlUuid)]
    coupon_id: CouponId,
    #[diesel(sql_type = SqlUuid)]
    customer_id: CustomerId,
    #[diesel(sql_type = BigInt)]
    uses: i64,
    #[diesel(sql_type = Bool)]
    ordered_before: bool,
}

/// What customers have done with coupons, apart from the order `except`.
pub fn standings(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    pairs: &[(CouponId, CustomerId)],
    except: Option<OrderId>,
) -> QueryResult<Vec<((CouponId, CustomerId), Standing)>> {
    let rows: Vec<StandingRow> =
        sql("SELECT n.coupon_id, n.customer_id, (SELECT count(*) FROM coupon_redemption r WHERE r.organization_id = $1 \
         AND r.coupon_id = n.coupon_id AND r.customer_id = n.customer_id AND r.released_at IS NULL) AS uses, \
         EXISTS (SELECT 1 FROM sales_order o WHERE o.organization_id = $1 AND o.customer_id = n.customer_id AND o.status <> 'cancelled' \
         AND ($4::uuid IS NULL OR o.id <> $4)) AS ordered_before FROM unnest($2::uuid[], $3::uuid[]) AS n(coupon_id, customer_id)")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<SqlUuid>, _>(pairs.iter().map(|pair| pair.0).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(pairs.iter().map(|pair| pair.1).collect::<Vec<_>>())
        .bind::<Nullable<SqlUuid>, _>(except)
        .load(connection)?;
    let standing = |row: &StandingRow| Standing { uses: row.uses, ordered_before: row.ordered_before };
    Ok(rows.iter().map(|row| ((row.coupon_id, row.customer_id), standing(row))).collect())
}

#[derive(QueryableByName)]
struct MostRow {
    #[diesel(sql_type = BigInt)]
    most: i64,
}

pub fn most_uses_of_one_customer(connection: &mut PgConnection, organization_id: OrganizationId, id: CouponId) -> QueryResult<i64> {
    let row: MostRow = sql("SELECT coalesce(max(uses), 0) AS most FROM (SELECT count(*) AS uses FROM coupon_redemption \
         WHERE organization_id = $1 AND coupon_id = $2 AND released_at IS NULL GROUP BY customer_id) u")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<SqlUuid, _>(id)
    .get_result(connection)?;
    Ok(row.most)
}
