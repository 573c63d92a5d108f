use super::body::ReleaseReason;
use super::body::{Coupon, CouponFilter, CouponRedemption, PatchCoupon, PutCoupon, canonical};
use super::judge::Standing;
pub use super::redemption_store::{Redemption, Release};
use super::{redemption_store, store};
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::platform::http::Precondition;
use crate::types::fault::Faults;
use crate::types::id::{CouponId, CustomerId, OrderId, OrganizationId};
use crate::types::page::{Page, encode_cursor};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use serde_json::json;
use std::collections::HashMap;

const WHAT: &str = "coupon";

/// 409 `coupon_code_taken` where there is one of this code.
pub fn create(connection: &mut PgConnection, context: &Context, id: CouponId, body: &PutCoupon) -> Result<Coupon, Error> {
    check(connection, context.organization_id, body)?;
    let coupon = Coupon::new(id, body, context.now);
    store::insert(connection, context.organization_id, &coupon)?;
    append_event(connection, context, "coupon.created", &coupon)?;
    Ok(coupon)
}

pub fn get(connection: &mut PgConnection, organization_id: OrganizationId, id: CouponId) -> Result<Coupon, Error> {
    store::find(connection, organization_id, id)?.ok_or(Error::not_found(WHAT))
}

/// One page, oldest first; `filters` is what the cursor is bound to.
pub fn list(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &CouponFilter,
    after: Option<CouponId>,
    limit: usize,
    filters: &str,
) -> Result<Page<Coupon>, Error> {
    let rows = store::page(connection, organization_id, filter, after, limit as i64 + 1)?;
    Ok(Page::cut(rows, limit, |row| encode_cursor(filters, &[row.id.to_string()])))
}

/// The orders that use a coupon, or did, in the order in which they came.
pub fn redemptions(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    id: CouponId,
    after: Option<OrderId>,
    limit: usize,
    filters: &str,
) -> Result<Page<CouponRedemption>, Error> {
    get(connection, organization_id, id)?;
    let rows = redemption_store::page(connection, organization_id, id, after, limit as i64 + 1)?;
    Ok(Page::cut(rows, limit, |row| encode_cursor(filters, &[row.order_id.to_string()])))
}

/// Changes what the patch names; one that changes nothing leaves the version. Orders that hold the coupon keep what it gave them.
pub fn patch(
    connection: &mut PgConnection,
    context: &Context,
    id: CouponId,
    patch: &PatchCoupon,
    precondition: &Precondition,
) -> Result<Coupon, Error> {
    let current = lock_one(connection, context, id)?;
    precondition.check(current.version)?;
    let body = patch.apply(&current)?;
    check(connection, context.organization_id, &body)?;
    if canonical(&body.code) != current.code {
        return Err(Error::invalid("/code", "immutable", "orders name the coupon by its code; make another coupon"));
    }
    let wanted = current.replaced(&body);
    if wanted == current {
        return Ok(current);
    }
    keep_within_uses(connection, context, &wanted)?;
    write(connection, context, wanted, "coupon.updated")
}

/// Nobody can use it any more; orders that hold it keep it.
pub fn deactivate(connection: &mut PgConnection, context: &Context, id: CouponId, precondition: &Precondition) -> Result<Coupon, Error> {
    let current = lock_one(connection, context, id)?;
    precondition.check(current.version)?;
    if !current.active {
        return Ok(current);
    }
    write(connection, context, Coupon { active: false, ..current }, "coupon.deactivated")
}

fn lock_one(connection: &mut PgConnection, context: &Context, id: CouponId) -> Result<Coupon, Error> {
    store::lock(connection, context.organization_id, &[id])?.pop().ok_or(Error::not_found(WHAT))
}

fn write(connection: &mut PgConnection, context: &Context, wanted: Coupon, event_type: &'static str) -> Result<Coupon, Error> {
    let coupon = Coupon { version: wanted.version + 1, updated_at: context.now, ..wanted };
    store::update(connection, context.organization_id, &coupon)?;
    append_event(connection, context, event_type, &coupon)?;
    Ok(coupon)
}

/// A limit below what is used already would be no limit; to stop a coupon, deactivate it.
fn keep_within_uses(connection: &mut PgConnection, context: &Context, wanted: &Coupon) -> Result<(), Error> {
    let below = |field: &str, used: i64| {
        let detail = format!("{used} orders hold the coupon; deactivate it to let nobody else use it");
        Error::conflict_with("below_times_used", detail, json!({ "pointer": field, "times_used": used }))
    };
    if wanted.usage_limit.is_some_and(|limit| limit < wanted.times_used) {
        return Err(below("/usage_limit", wanted.times_used));
    }
    if let Some(limit) = wanted.usage_limit_per_customer {
        let most = store::most_uses_of_one_customer(connection, context.organization_id, wanted.id)?;
        if limit < most {
            return Err(below("/usage_limit_per_customer", most));
        }
    }
    Ok(())
}

/// Refuses a body with all its faults, those of its references included.
fn check(connection: &mut PgConnection, organization_id: OrganizationId, body: &PutCoupon) -> Result<(), Error> {
    let mut faults = Faults::new();
    body.check(&mut faults);
    faults.into_result()?;
    let mut faults = Faults::new();
    let known = store::references(connection, organization_id, body)?;
    for (i, id) in body.customer_ids.iter().enumerate() {
        faults.require(known.customers.contains(id), format!("/customer_ids/{i}"), "unknown_customer", "no customer with this id");
    }
    for (i, sku) in body.skus.iter().enumerate() {
        faults.require(known.skus.contains(sku), format!("/skus/{i}"), "unknown_sku", "no product with this SKU");
    }
    for (i, code) in body.channels.iter().enumerate() {
        faults.require(known.channels.contains(code), format!("/channels/{i}"), "unknown_channel", "no channel with this code");
    }
    Ok(faults.into_result()?)
}

fn append_event(connection: &mut PgConnection, context: &Context, event_type: &'static str, coupon: &Coupon) -> Result<(), Error> {
    Ok(events::append(connection, context, &[NewEvent::of(event_type, WHAT, coupon.id.0, json!(coupon))])?)
}

/// What is known of coupons and of those who want to use them.
#[derive(Clone, Debug, Default)]
pub struct KnownCoupons {
    pub coupons: Vec<Coupon>,
    /// Those that the order which is edited holds, as it took them; they are among `coupons`.
    pub held: Vec<CouponId>,
    pub standings: HashMap<(CouponId, CustomerId), Standing>,
}

impl KnownCoupons {
    pub fn by_code(&self, code: &str) -> Option<&Coupon> {
        let code = canonical(code);
        self.coupons.iter().find(|coupon| coupon.code == code)
    }

    pub fn is_held(&self, coupon: CouponId) -> bool {
        self.held.contains(&coupon)
    }

    pub fn standing(&self, coupon: CouponId, customer: Option<CustomerId>) -> Standing {
        customer.and_then(|customer| self.standings.get(&(coupon, customer))).copied().unwrap_or_default()
    }
}

/// Looks coupons up by code, each with the customer who wants it, without a lock. Two statements, whatever their number.
pub fn look(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    wanted: &[(&str, Option<CustomerId>)],
) -> Result<KnownCoupons, Error> {
    let codes: Vec<String> = wanted.iter().map(|(code, _)| canonical(code)).collect();
    let coupons = store::by_codes(connection, organization_id, &codes)?;
    let known = KnownCoupons { coupons, ..KnownCoupons::default() };
    let pairs: Vec<(CouponId, CustomerId)> = wanted
        .iter()
        .filter_map(|(code, customer)| Some((known.by_code(code).filter(|coupon| coupon.asks_for_the_customer())?.id, (*customer)?)))
        .collect();
    let standings = standings(connection, organization_id, &pairs, None)?;
    Ok(KnownCoupons { standings, ..known })
}

/// What an edit of a locked order has to know: the coupons that the order holds, by what was agreed, and those that `codes` name
/// beside them, as they are now, with what the customer has done with them on other orders.
pub fn look_for_order(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    (order_id, customer_id): (OrderId, CustomerId),
    codes: &[String],
) -> Result<KnownCoupons, Error> {
    let mut coupons = redemption_store::held_by(connection, organization_id, order_id)?;
    let held: Vec<CouponId> = coupons.iter().map(|coupon| coupon.id).collect();
    let is_new = |code: &String| coupons.iter().all(|coupon| &coupon.code != code);
    let codes: Vec<String> = codes.iter().map(|code| canonical(code)).filter(is_new).collect();
    if !codes.is_empty() {
        coupons.extend(store::by_codes(connection, organization_id, &codes)?);
    }
    let asking = coupons.iter().filter(|coupon| !held.contains(&coupon.id) && coupon.asks_for_the_customer());
    let pairs: Vec<(CouponId, CustomerId)> = asking.map(|coupon| (coupon.id, customer_id)).collect();
    let standings = standings(connection, organization_id, &pairs, Some(order_id))?;
    Ok(KnownCoupons { coupons, held, standings })
}

/// The coupons with these ids, locked sorted, and then what their customers have done with them, apart from the order `except`: behind
/// the locks nothing of it moves.
pub fn lock(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    wanted: &[(CouponId, CustomerId)],
    except: Option<OrderId>,
) -> Result<KnownCoupons, Error> {
    let ids: Vec<CouponId> = wanted.iter().map(|(coupon, _)| *coupon).collect();
    let coupons = store::lock(connection, organization_id, &ids)?;
    let asks = |id: CouponId| coupons.iter().any(|coupon| coupon.id == id && coupon.asks_for_the_customer());
    let pairs: Vec<(CouponId, CustomerId)> = wanted.iter().copied().filter(|(coupon, _)| asks(*coupon)).collect();
    let standings = standings(connection, organization_id, &pairs, except)?;
    Ok(KnownCoupons { coupons, standings, ..KnownCoupons::default() })
}

fn standings(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    pairs: &[(CouponId, CustomerId)],
    except: Option<OrderId>,
) -> Result<HashMap<(CouponId, CustomerId), Standing>, Error> {
    if pairs.is_empty() {
        return Ok(HashMap::new());
    }
    Ok(store::standings(connection, organization_id, pairs, except)?.into_iter().collect())
}

/// Writes the uses of new orders and counts them, under the coupons' locks.
pub fn redeem(connection: &mut PgConnection, context: &Context, redemptions: &[Redemption]) -> Result<(), Error> {
    if !redemptions.is_empty() {
        redemption_store::redeem(connection, context.organization_id, redemptions, context.now)?;
    }
    Ok(())
}

/// Gives back the uses of orders that are cancelled as a whole. The orders are locked; coupons come behind them.
pub fn release(connection: &mut PgConnection, organization_id: OrganizationId, orders: &[OrderId], at: DateTime<Utc>) -> Result<(), Error> {
    if !orders.is_empty() {
        redemption_store::lock_used_by(connection, organization_id, orders)?;
        let reason = || ReleaseReason::new("order_cancelled", "the whole order was cancelled");
        let ended: Vec<Release> = orders.iter().map(|id| Release { order_id: *id, coupon_id: None, reason: reason() }).collect();
        redemption_store::release(connection, organization_id, &ended, at)?;
    }
    Ok(())
}

/// Gives back single uses, under the locks of order and coupons.
pub fn give_back(connection: &mut PgConnection, context: &Context, ended: &[Release]) -> Result<(), Error> {
    if !ended.is_empty() {
        redemption_store::release(connection, context.organization_id, ended, context.now)?;
    }
    Ok(())
}

/// Notes what the coupons of a locked order take off now.
pub fn revalue(connection: &mut PgConnection, context: &Context, id: OrderId, amounts: &[(CouponId, Decimal)]) -> Result<(), Error> {
    if !amounts.is_empty() {
        redemption_store::revalue(connection, context.organization_id, id, amounts)?;
    }
    Ok(())
}

/// All uses of coupons that an order has had, by code.
pub fn uses_of(connection: &mut PgConnection, organization_id: OrganizationId, order_id: OrderId) -> Result<Vec<CouponRedemption>, Error> {
    Ok(redemption_store::of_order(connection, organization_id, order_id)?)
}
