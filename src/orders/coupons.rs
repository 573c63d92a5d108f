//! From the coupon codes of an order to the discounts that they give. Pure; whether a use is left is asked again under the coupons' locks.
//!
//! Coupons come after all other discounts: first those for certain products, on their lines, then those for the whole order, in the
//! order of their codes. A percent is of the same gross as the other discounts of its place (api.md §6). No coupon takes off more than
//! is left, so that nothing falls below zero.

use super::discount::{Discount, discount_on};
use super::pricing::{self, PricingInput};
use crate::catalog::coupons::body::{Coupon, ReleaseReason};
use crate::catalog::coupons::judge::{self, Buying, Refusal, Standing};
use crate::error::Error;
use crate::types::currency::Currency;
use crate::types::decimal::{Amount, Percent};
use crate::types::fault::Faults;
use crate::types::id::CouponId;
use rust_decimal::Decimal;
use serde_json::json;

/// A coupon that an order uses, as it was when the order was priced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CouponUse {
    pub coupon_id: CouponId,
    pub code: String,
    /// The coupon's version that was judged.
    pub version: i64,
    /// What it takes off, in the terms of the order's prices.
    pub amount: Decimal,
    /// What the order agrees to ([`Coupon::terms`]).
    pub terms: String,
    /// Its place among the codes.
    pub place: usize,
    /// Whether the order held it before.
    pub is_held: bool,
}

/// What an edit makes of an order's coupons.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CouponsChange {
    /// All that the order holds now.
    pub uses: Vec<CouponUse>,
    pub dropped: Vec<DroppedCoupon>,
}

/// A coupon that an edited order does not hold any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DroppedCoupon {
    pub coupon_id: CouponId,
    pub code: String,
    pub reason: ReleaseReason,
}

/// A code that was given, with what is known of its coupon.
pub struct Named<'a> {
    pub code: &'a str,
    pub coupon: Option<&'a Coupon>,
    pub standing: Standing,
    /// The order holds it already: its goods alone may speak against it.
    pub is_held: bool,
}

/// Judges the coupons, all faults at once, and adds their discounts to what is to be priced. 409 `coupon_exhausted` where only the uses
/// speak against one. `skus` are those of the lines; `buying` says who buys, its subtotal is set here.
pub fn apply(input: &mut PricingInput, skus: &[&str], buying: &Buying<'_>, named: &[Named<'_>]) -> Result<Vec<CouponUse>, Error> {
    // What is wrong with lines and discounts is told by pricing, all at once.
    let Ok(amounts) = pricing::line_amounts(input) else { return Ok(vec![]) };
    let buying = Buying { subtotal: amounts.iter().sum(), ..*buying };
    let coupons = judged(&buying, named)?;
    let mut uses = take_off(input, skus, &coupons, amounts)?;
    for of in &mut uses {
        of.is_held = named.iter().any(|one| one.is_held && one.coupon.is_some_and(|coupon| coupon.id == of.coupon_id));
    }
    Ok(uses)
}

/// Judges the coupons that an edited order holds by its goods as they are now, and adds what is left of them to what is to be priced.
/// Those that no longer hold are dropped.
pub fn apply_held(input: &mut PricingInput, skus: &[&str], buying: &Buying<'_>, held: &[&Coupon]) -> Result<CouponsChange, Error> {
    let Ok(amounts) = pricing::line_amounts(input) else { return Ok(CouponsChange::default()) };
    let buying = Buying { subtotal: amounts.iter().sum(), ..*buying };
    let (mut coupons, mut dropped) = (vec![], vec![]);
    for coupon in held.iter().copied() {
        match judge::lost(coupon, &buying) {
            None => coupons.push(coupon),
            Some((code, detail)) => {
                dropped.push(DroppedCoupon { coupon_id: coupon.id, code: coupon.code.clone(), reason: ReleaseReason::new(code, detail) })
            }
        }
    }
    let mut uses = take_off(input, skus, &coupons, amounts)?;
    uses.iter_mut().for_each(|of| of.is_held = true);
    Ok(CouponsChange { uses, dropped })
}

/// What these coupons take off lines that come to `lines` without them.
fn take_off(input: &mut PricingInput, skus: &[&str], coupons: &[&Coupon], mut lines: Vec<Decimal>) -> Result<Vec<CouponUse>, Error> {
    let (by_line, by_order): (Vec<&Coupon>, Vec<&Coupon>) = coupons.iter().copied().partition(|coupon| !coupon.skus.is_empty());
    let mut uses = Vec::with_capacity(coupons.len());
    for coupon in by_line {
        take_off_lines(input, skus, coupon, &lines);
        let after = pricing::line_amounts(input)?;
        uses.push(used(coupon, lines.iter().sum::<Decimal>() - after.iter().sum::<Decimal>()));
        lines = after;
    }
    let gross: Decimal = lines.iter().sum();
    let mut left = left_of(gross, input);
    for coupon in by_order {
        let discount = granted(coupon, gross, left, input.discounts.is_empty(), input.currency);
        input.discounts.push(discount);
        let after = left_of(gross, input);
        uses.push(used(coupon, left - after));
        left = after;
    }
    // In the order of their codes, however they were applied.
    for of in &mut uses {
        of.place = coupons.iter().position(|coupon| coupon.id == of.coupon_id).unwrap_or_default();
    }
    uses.sort_by_key(|of| of.place);
    Ok(uses)
}

fn used(coupon: &Coupon, amount: Decimal) -> CouponUse {
    let (code, terms) = (coupon.code.clone(), coupon.terms());
    CouponUse { coupon_id: coupon.id, code, version: coupon.version, amount, terms, place: 0, is_held: false }
}

fn judged<'a>(buying: &Buying<'_>, named: &[Named<'a>]) -> Result<Vec<&'a Coupon>, Error> {
    let (mut faults, mut exhausted, mut coupons) = (Faults::new(), None, vec![]);
    for (i, one) in named.iter().enumerate() {
        let pointer = format!("/coupon_codes/{i}");
        let Some(coupon) = one.coupon else {
            faults.add(pointer, "unknown_coupon", "no coupon with this code");
            continue;
        };
        if named.len() > 1 && !coupon.combinable {
            faults.add(pointer, "coupon_not_combinable", "this coupon cannot be used together with others");
            continue;
        }
        let refusal = if one.is_held {
            judge::lost(coupon, buying).map(|(code, detail)| Refusal::Rule { code, detail })
        } else {
            judge::refusal(coupon, buying).or_else(|| judge::exhausted(coupon, coupon.times_used, one.standing))
        };
        match refusal {
            None => coupons.push(coupon),
            Some(Refusal::Rule { code, detail }) => faults.add(pointer, code, detail),
            Some(Refusal::Exhausted { detail }) => {
                exhausted.get_or_insert_with(|| is_exhausted(&coupon.code, &pointer, detail));
            }
        }
    }
    faults.into_result()?;
    exhausted.map_or(Ok(coupons), Err)
}

/// 409: somebody else had the last use, or the customer himself.
pub fn is_exhausted(code: &str, pointer: &str, detail: &str) -> Error {
    Error::conflict_with("coupon_exhausted", detail, json!({ "coupon_code": code, "pointer": pointer }))
}

/// Whether a discount bears one of these coupons' codes.
pub fn is_of_coupon(discount: &Discount, coupon_codes: &[String]) -> bool {
    discount.code.as_ref().is_some_and(|code| coupon_codes.contains(code))
}

/// What the buyer or the seller gave beside coupons. A coupon gives one discount at a place, after all others, and that one was there
/// `before`.
pub fn without_coupons(discounts: &mut Vec<Discount>, before: &[Discount], coupon_codes: &[String]) {
    for code in coupon_codes {
        let of_coupon = |discount: &Discount| discount.code.as_ref() == Some(code) && before.contains(discount);
        if let Some(place) = discounts.iter().rposition(of_coupon) {
            discounts.remove(place);
        }
    }
}

/// Other discounts in place of those that are there: what the coupons gave stays, and is not given twice where the request repeats it.
pub fn with_coupons(given: &[Discount], before: &[Discount], coupon_codes: &[String]) -> Vec<Discount> {
    let repeated = |discount: &&Discount| is_of_coupon(discount, coupon_codes) && before.contains(discount);
    let of_coupons = before.iter().filter(|discount| is_of_coupon(discount, coupon_codes));
    given.iter().filter(|discount| !repeated(discount)).chain(of_coupons).cloned().collect()
}

/// What the order's discounts leave of its lines; of what is no discount pricing tells.
fn left_of(gross: Decimal, input: &PricingInput) -> Decimal {
    gross - discount_on(gross, &input.discounts, input.currency, "/discounts", &mut Faults::new()).min(gross)
}

/// The discount that a coupon gives on a gross amount of which `left` is not taken off yet. A percent stays one where all of it fits, so
/// that it follows the quantities of an edit.
fn granted(coupon: &Coupon, gross: Decimal, left: Decimal, alone: bool, currency: Currency) -> Discount {
    let asked = match (coupon.percent, coupon.amount) {
        (Some(Percent(percent)), _) => currency.round(gross * percent / Decimal::ONE_HUNDRED),
        (None, amount) => amount.map_or(Decimal::ZERO, |amount| amount.0),
    };
    match coupon.percent.filter(|_| alone || asked < left) {
        Some(percent) => Discount { percent: Some(percent), ..named(coupon) },
        None => Discount { amount: Some(Amount(currency.round(asked.min(left)))), ..named(coupon) },
    }
}

fn named(coupon: &Coupon) -> Discount {
    Discount { code: Some(coupon.code.clone()), reason: Some(coupon.name.clone()), ..Discount::default() }
}

/// Takes a coupon off the lines that it is for: a percent of each, or an amount shared over them by what is left of each.
fn take_off_lines(input: &mut PricingInput, skus: &[&str], coupon: &Coupon, left: &[Decimal]) {
    let meant: Vec<usize> = (0..input.lines.len()).filter(|i| coupon.skus.iter().any(|sku| sku == skus[*i])).collect();
    let shares = coupon.amount.map(|amount| {
        let weights: Vec<Decimal> = meant.iter().map(|i| left[*i]).collect();
        input.currency.split(input.currency.round(amount.0.min(weights.iter().sum())), &weights)
    });
    let currency = input.currency;
    for (place, &i) in meant.iter().enumerate() {
        let line = &mut input.lines[i];
        let discount = match &shares {
            Some(shares) => Discount { amount: Some(Amount(shares[place])), ..named(coupon) },
            None => granted(coupon, line.quantity * line.unit_price / line.price_quantity, left[i], line.discounts.is_empty(), currency),
        };
        if discount.amount.is_none_or(|amount| !amount.0.is_zero()) {
            line.discounts.push(discount);
        }
    }
}

#[cfg(test)]
mod tests;
