//! The uses of coupons: which order holds which.

use super::body::{Coupon, CouponRedemption, ReleaseReason};
use super::store;
use crate::platform::sql::{from_json, sql};
use crate::types::currency::Currency;
use crate::types::decimal::Amount;
use crate::types::id::{CouponId, CustomerId, OrderId, OrganizationId};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Jsonb, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;
use serde_json::Value;

/// One order's use of a coupon, to be written.
#[derive(Clone, Debug)]
pub struct Redemption {
    pub order_id: OrderId,
    pub coupon_id: CouponId,
    pub customer_id: CustomerId,
    pub code: String,
    pub currency: Currency,
    pub amount: Decimal,
    /// [`Coupon::terms`].
    pub terms: String,
}

/// Inserts uses and counts them at their coupons; one that the order gave back before is taken anew.
pub fn redeem(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    redemptions: &[Redemption],
    at: DateTime<Utc>,
) -> QueryResult<()> {
    fn column<'a, T>(redemptions: &'a [Redemption], of: impl Fn(&'a Redemption) -> T) -> Vec<T> {
        redemptions.iter().map(of).collect()
    }
    sql("WITH taken AS (INSERT INTO coupon_redemption (organization_id, order_id, coupon_id, customer_id, code, currency, amount, redeemed_at, terms) \
         SELECT $1, t.order_id, t.coupon_id, t.customer_id, t.code, t.currency, t.amount, $2, t.terms \
         FROM unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::numeric[], $9::text[]) \
         AS t(order_id, coupon_id, customer_id, code, currency, amount, terms) \
         ON CONFLICT (organization_id, order_id, coupon_id) DO UPDATE SET released_at = NULL, release_code = NULL, release_detail = NULL, \
         redeemed_at = excluded.redeemed_at, amount = excluded.amount, terms = excluded.terms WHERE coupon_redemption.released_at IS NOT NULL \
         RETURNING coupon_id) \
         UPDATE coupon c SET times_used = c.times_used + n.uses FROM (SELECT coupon_id, count(*) AS uses FROM taken GROUP BY 1) n \
         WHERE c.organization_id = $1 AND c.id = n.coupon_id")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Timestamptz, _>(at)
    .bind::<Array<SqlUuid>, _>(column(redemptions, |redemption| redemption.order_id))
    .bind::<Array<SqlUuid>, _>(column(redemptions, |redemption| redemption.coupon_id))
    .bind::<Array<SqlUuid>, _>(column(redemptions, |redemption| redemption.customer_id))
    .bind::<Array<Text>, _>(column(redemptions, |redemption| redemption.code.as_str()))
    .bind::<Array<Text>, _>(column(redemptions, |redemption| redemption.currency))
    .bind::<Array<Numeric>, _>(column(redemptions, |redemption| redemption.amount))
    .bind::<Array<Text>, _>(column(redemptions, |redemption| redemption.terms.as_str()))
    .execute(connection)?;
    Ok(())
}

/// Locks the coupons that these orders hold, sorted.
pub fn lock_used_by(connection: &mut PgConnection, organization_id: OrganizationId, orders: &[OrderId]) -> QueryResult<()> {
    sql("SELECT 1 FROM coupon WHERE organization_id = $1 AND id IN (SELECT coupon_id FROM coupon_redemption \
         WHERE organization_id = $1 AND order_id = ANY($2) AND released_at IS NULL) ORDER BY id FOR NO KEY UPDATE")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<SqlUuid>, _>(orders)
    .execute(connection)?;
    Ok(())
}

/// A use that ends.
#[derive(Clone, Debug)]
pub struct Release {
    pub order_id: OrderId,
    /// All coupons of the order where absent.
    pub coupon_id: Option<CouponId>,
    pub reason: ReleaseReason,
}

/// Ends uses and takes them off their coupons, whose rows this transaction has locked.
pub fn release(connection: &mut PgConnection, organization_id: OrganizationId, ended: &[Release], at: DateTime<Utc>) -> QueryResult<()> {
    sql("WITH gone AS (UPDATE coupon_redemption r SET released_at = $2, release_code = t.code, release_detail = t.detail \
         FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[]) AS t(order_id, coupon_id, code, detail) \
         WHERE r.organization_id = $1 AND r.order_id = t.order_id AND r.coupon_id = coalesce(t.coupon_id, r.coupon_id) \
         AND r.released_at IS NULL RETURNING r.coupon_id) \
         UPDATE coupon c SET times_used = c.times_used - n.uses FROM (SELECT coupon_id, count(*) AS uses FROM gone GROUP BY 1) n \
         WHERE c.organization_id = $1 AND c.id = n.coupon_id")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Timestamptz, _>(at)
    .bind::<Array<SqlUuid>, _>(ended.iter().map(|release| release.order_id).collect::<Vec<_>>())
    .bind::<Array<Nullable<SqlUuid>>, _>(ended.iter().map(|release| release.coupon_id).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(ended.iter().map(|release| release.reason.code.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(ended.iter().map(|release| release.reason.detail.as_str()).collect::<Vec<_>>())
    .execute(connection)?;
    Ok(())
}

/// Notes what the coupons of an order take off now.
pub fn revalue(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    order_id: OrderId,
    amounts: &[(CouponId, Decimal)],
) -> QueryResult<()> {
    sql("UPDATE coupon_redemption r SET amount = t.amount FROM unnest($3::uuid[], $4::numeric[]) AS t(coupon_id, amount) \
         WHERE r.organization_id = $1 AND r.order_id = $2 AND r.coupon_id = t.coupon_id AND r.amount <> t.amount")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<SqlUuid, _>(order_id)
    .bind::<Array<SqlUuid>, _>(amounts.iter().map(|of| of.0).collect::<Vec<_>>())
    .bind::<Array<Numeric>, _>(amounts.iter().map(|of| of.1).collect::<Vec<_>>())
    .execute(connection)?;
    Ok(())
}

#[derive(QueryableByName)]
struct HeldRow {
    #[diesel(sql_type = SqlUuid)]
    coupon_id: CouponId,
    #[diesel(sql_type = Nullable<Jsonb>)]
    terms: Option<Value>,
}

/// The coupons that an order holds, by the terms on which it took them; of those taken before terms were kept, as they are now.
pub fn held_by(connection: &mut PgConnection, organization_id: OrganizationId, order_id: OrderId) -> QueryResult<Vec<Coupon>> {
    let rows: Vec<HeldRow> = sql(
        "SELECT coupon_id, terms::jsonb AS terms FROM coupon_redemption WHERE organization_id = $1 AND order_id = $2 AND released_at IS NULL ORDER BY coupon_id",
    )
    .bind::<SqlUuid, _>(organization_id)
    .bind::<SqlUuid, _>(order_id)
    .load(connection)?;
    let mut coupons = vec![];
    for row in rows {
        match row.terms {
            Some(terms) => coupons.push(Coupon::on_terms(row.coupon_id, &from_json(terms)?)),
            None => coupons.extend(store::find(connection, organization_id, row.coupon_id)?),
        }
    }
    Ok(coupons)
}

#[derive(QueryableByName)]
struct RedemptionRow {
    #[diesel(sql_type = SqlUuid)]
    order_id: OrderId,
    #[diesel(sql_type = SqlUuid)]
    customer_id: CustomerId,
    #[diesel(sql_type = Text)]
    code: String,
    #[diesel(sql_type = Text)]
    currency: Currency,
    #[diesel(sql_type = Numeric)]
    amount: Decimal,
    #[diesel(sql_type = Timestamptz)]
    redeemed_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    released_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Text>)]
    release_code: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    release_detail: Option<String>,
}

const COLUMNS: &str = "order_id, customer_id, code, currency, amount, redeemed_at, released_at, release_code, release_detail";

impl From<RedemptionRow> for CouponRedemption {
    fn from(row: RedemptionRow) -> Self {
        Self {
            order_id: row.order_id,
            customer_id: row.customer_id,
            code: row.code,
            currency: row.currency,
            amount: Amount(row.currency.round(row.amount)),
            redeemed_at: row.redeemed_at,
            released_at: row.released_at,
            release_reason: row.release_code.zip(row.release_detail).map(|(code, detail)| ReleaseReason { code, detail }),
        }
    }
}

/// One page of a coupon's uses, by order.
pub fn page(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    id: CouponId,
    after: Option<OrderId>,
    limit: i64,
) -> QueryResult<Vec<CouponRedemption>> {
    let rows: Vec<RedemptionRow> = sql(format!(
        "SELECT {COLUMNS} FROM coupon_redemption \
         WHERE organization_id = $1 AND coupon_id = $2 AND ($3::uuid IS NULL OR order_id > $3) ORDER BY order_id LIMIT $4"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<SqlUuid, _>(id)
    .bind::<Nullable<SqlUuid>, _>(after)
    .bind::<BigInt, _>(limit)
    .load(connection)?;
    Ok(rows.into_iter().map(CouponRedemption::from).collect())
}

/// All uses of coupons that an order has had, by code.
pub fn of_order(connection: &mut PgConnection, organization_id: OrganizationId, order_id: OrderId) -> QueryResult<Vec<CouponRedemption>> {
    let rows: Vec<RedemptionRow> =
        sql(format!("SELECT {COLUMNS} FROM coupon_redemption WHERE organization_id = $1 AND order_id = $2 ORDER BY code"))
            .bind::<SqlUuid, _>(organization_id)
            .bind::<SqlUuid, _>(order_id)
            .load(connection)?;
    Ok(rows.into_iter().map(CouponRedemption::from).collect())
}
