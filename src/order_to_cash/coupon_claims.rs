//! The uses of coupons that a batch of new orders wants, decided under the coupons' locks: the last use goes to one order. Coupons come
//! behind reservations and before balances in the lock order; only batches with coupons pay for it.

use crate::auth::actor::Context;
use crate::catalog::coupons::judge::{self, Refusal, Standing};
use crate::catalog::coupons::service::{self as coupons, KnownCoupons, Redemption, Release};
use crate::error::Error;
use crate::orders::coupons::{CouponUse, CouponsChange, DroppedCoupon, is_exhausted};
use crate::orders::order::Order;
use crate::types::id::{CouponId, CustomerId, OrderId};
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use std::collections::HashSet;

/// Why a batch is decided anew: what an order was priced by is no longer the coupon.
const CHANGED: &str = "a coupon has changed since the order was priced";

/// What the locked coupons still allow.
#[derive(Default)]
pub struct CouponClaims {
    known: KnownCoupons,
    /// Customers who got an order of this batch.
    ordered: HashSet<CustomerId>,
    taken: Vec<Redemption>,
}

impl CouponClaims {
    /// Locks what the orders want, each with who buys. What the order `except` has done does not count: it is the one that is edited.
    pub fn lock(
        connection: &mut PgConnection,
        context: &Context,
        wanted: &[(CouponId, CustomerId)],
        except: Option<OrderId>,
    ) -> Result<Self, Error> {
        if wanted.is_empty() {
            return Ok(Self::default());
        }
        Ok(Self { known: coupons::lock(connection, context.organization_id, wanted, except)?, ..Self::default() })
    }

    /// Refuses an order that wants a use that is not there any more.
    pub fn check(&self, order: &Order, uses: &[CouponUse]) -> Result<(), Error> {
        for of in uses {
            let coupon = self.known.coupons.iter().find(|coupon| coupon.id == of.coupon_id);
            let coupon = coupon.filter(|coupon| coupon.version == of.version).ok_or_else(|| Error::unavailable(CHANGED.to_owned()))?;
            let mine = self.taken.iter().filter(|taken| taken.coupon_id == of.coupon_id);
            let times_used = mine.clone().count() as i64;
            let uses = mine.filter(|taken| taken.customer_id == order.customer_id).count() as i64;
            let before = self.known.standing(of.coupon_id, Some(order.customer_id));
            let standing =
                Standing { uses: before.uses + uses, ordered_before: before.ordered_before || self.ordered.contains(&order.customer_id) };
            let pointer = format!("/coupon_codes/{}", of.place);
            match judge::exhausted(coupon, coupon.times_used + times_used, standing) {
                None => {}
                Some(Refusal::Rule { code, detail }) => return Err(Error::invalid(pointer, code, detail)),
                Some(Refusal::Exhausted { detail }) => return Err(is_exhausted(&coupon.code, &pointer, detail)),
            }
        }
        Ok(())
    }

    /// Takes what an order wants, that is to be written.
    pub fn take(&mut self, order: &Order, uses: &[CouponUse]) {
        self.ordered.insert(order.customer_id);
        self.taken.extend(uses.iter().map(|of| Redemption {
            order_id: order.id,
            coupon_id: of.coupon_id,
            customer_id: order.customer_id,
            code: of.code.clone(),
            currency: order.currency,
            amount: of.amount,
            terms: of.terms.clone(),
        }));
    }

    /// Writes what was taken.
    pub fn write(&self, connection: &mut PgConnection, context: &Context) -> Result<(), Error> {
        coupons::redeem(connection, context, &self.taken)
    }
}

/// Writes what an edit has made of a locked order's coupons: uses that it takes or gives back, and what those that stay take off now.
pub fn change(connection: &mut PgConnection, context: &Context, order: &Order, changed: &CouponsChange) -> Result<(), Error> {
    let (kept, added): (Vec<CouponUse>, Vec<CouponUse>) = changed.uses.iter().cloned().partition(|of| of.is_held);
    let ids = added.iter().map(|of| of.coupon_id).chain(changed.dropped.iter().map(|dropped| dropped.coupon_id));
    let wanted: Vec<(CouponId, CustomerId)> = ids.map(|id| (id, order.customer_id)).collect();
    let mut claims = CouponClaims::lock(connection, context, &wanted, Some(order.id))?;
    claims.check(order, &added)?;
    claims.take(order, &added);
    claims.write(connection, context)?;
    let end = |dropped: &DroppedCoupon| Release { order_id: order.id, coupon_id: Some(dropped.coupon_id), reason: dropped.reason.clone() };
    coupons::give_back(connection, context, &changed.dropped.iter().map(end).collect::<Vec<_>>())?;
    let amounts: Vec<(CouponId, Decimal)> = kept.iter().map(|of| (of.coupon_id, of.amount)).collect();
    coupons::revalue(connection, context, order.id, &amounts)
}

/// Whether a batch failed because a coupon had changed: gather and decide anew.
pub fn has_changed(error: &Error) -> bool {
    matches!(error, Error::Unavailable { cause } if cause == CHANGED)
}
