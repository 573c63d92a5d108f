//! What becomes of an order's coupons where an edit changes what it costs. They are taken off, judged by the goods as they are now and by
//! what was agreed when the order took them, and put on again: a fixed amount over the lines that are left, never more than is left. What
//! no longer holds is dropped and says why. Codes that the edit names itself are judged as those of a new order are, and refused.

use super::body::EditOrder;
use super::price::Change;
use crate::catalog::coupons::body::{Coupon, ReleaseReason, canonical};
use crate::catalog::coupons::judge::Buying;
use crate::error::Error;
use crate::orders::check::CODE_OF_COUPON;
use crate::orders::coupons::{CouponsChange, DroppedCoupon, Named, apply, apply_held, is_of_coupon, without_coupons};
use crate::orders::discount::Discount;
use crate::orders::order::Order;
use crate::orders::pricing::PricingInput;
use crate::orders::reference::Reference;
use crate::types::fault::Faults;
use chrono::NaiveDate;
use rust_decimal::Decimal;

/// Whether the edit asks for other coupons than the order holds.
pub fn are_asked(before: &Order, edit: &EditOrder) -> bool {
    let held = &before.document.coupon_codes;
    edit.coupon_codes.as_ref().is_some_and(|codes| !codes.iter().map(|code| canonical(code)).eq(held.iter().cloned()))
}

/// Whether there is anything to judge. An order of which a part is invoiced keeps its coupons as they are: an invoice has used them.
pub fn are_judged(before: &Order, edit: &EditOrder, is_invoiced: bool) -> Result<bool, Error> {
    if is_invoiced && are_asked(before, edit) {
        let detail = "a part of the order is on an invoice, with what its coupons gave; take the difference back by a credit note";
        return Err(Error::conflict("invoiced_amounts", detail));
    }
    Ok(!is_invoiced && (!before.document.coupon_codes.is_empty() || are_asked(before, edit)))
}

/// Takes the discounts of the coupons that the order held off order and lines.
pub fn take_off(order: &mut Order, before: &Order) {
    let codes = &before.document.coupon_codes;
    without_coupons(&mut order.document.discounts, &before.document.discounts, codes);
    for (line, known) in order.lines.iter_mut().zip(&before.lines) {
        without_coupons(&mut line.detail.discounts, &known.detail.discounts, codes);
    }
}

/// Adds a fault for each discount that would bear the code of a coupon which the edited order holds, and is not the coupon's own: nobody
/// could tell the two apart when the coupon is judged again.
pub fn check_discounts(before: &Order, edit: &EditOrder, changes: &[Change<'_>], faults: &mut Faults) {
    let held = &before.document.coupon_codes;
    let codes = edit.coupon_codes.as_ref().map_or_else(|| held.clone(), |codes| codes.iter().map(|code| canonical(code)).collect());
    let mut stay: Vec<&Discount> = vec![];
    let mut check = |given: &'_ Option<Vec<Discount>>, there: &'_ [Discount], pointer: &str| {
        for (i, discount) in given.iter().flatten().enumerate() {
            let repeated = is_of_coupon(discount, held) && there.contains(discount);
            let fine = repeated || !is_of_coupon(discount, &codes);
            faults.require(fine, format!("{pointer}/discounts/{i}/code"), "code_of_coupon", CODE_OF_COUPON);
        }
        given.is_none()
    };
    if check(&edit.discounts, &before.document.discounts, "") {
        stay.extend(&before.document.discounts);
    }
    for (place, change) in changes.iter().enumerate() {
        let there = before.lines.get(place).map_or(&[][..], |line| &line.detail.discounts);
        let kept = change.asked.is_none_or(|(i, asked)| check(&asked.discounts, there, &format!("/lines/{i}")) && !asked.remove);
        if kept {
            stay.extend(there);
        }
    }
    for (i, code) in codes.iter().enumerate().filter(|(_, code)| edit.coupon_codes.is_some() && !held.contains(code)) {
        let taken = stay.iter().any(|discount| discount.code.as_ref() == Some(code));
        faults.require(!taken, format!("/coupon_codes/{i}"), "code_of_discount", "a discount of the order has this code: replace that one");
    }
}

/// Puts what holds of them into what is to be priced; `places` are those of the lines in the order.
pub fn judge(
    order: &Order,
    edit: &EditOrder,
    reference: &Reference,
    input: &mut PricingInput,
    places: &[usize],
    on: NaiveDate,
) -> Result<CouponsChange, Error> {
    let known = &reference.coupons;
    let skus: Vec<&str> = places.iter().map(|place| order.lines[*place].sku.as_str()).collect();
    let buyer = reference.customer(order.customer_id);
    let buying = Buying {
        customer_id: Some(order.customer_id),
        named: reference.account_of(order.customer_id, order.bill_to_customer_id).is_some_and(|customer| !customer.guest),
        recognizable: order.document.email.is_some() || buyer.is_some_and(|customer| !customer.guest),
        channel: &order.channel,
        currency: order.currency,
        skus: &skus,
        subtotal: Decimal::ZERO,
        on,
    };
    let coupon_of = |code: &str| known.by_code(code);
    let held = |code: &String| coupon_of(code).filter(|coupon| known.is_held(coupon.id));
    let Some(codes) = &edit.coupon_codes else {
        let held: Vec<&Coupon> = order.document.coupon_codes.iter().filter_map(held).collect();
        return apply_held(input, &skus, &buying, &held);
    };
    let named = |code| {
        let coupon = coupon_of(code);
        let standing = coupon.map_or_else(Default::default, |coupon| known.standing(coupon.id, Some(order.customer_id)));
        Named { code, coupon, standing, is_held: coupon.is_some_and(|coupon| known.is_held(coupon.id)) }
    };
    let named: Vec<Named> = codes.iter().map(|code| named(code)).collect();
    let uses = apply(input, &skus, &buying, &named)?;
    let removed = order.document.coupon_codes.iter().filter_map(held).filter(|coupon| uses.iter().all(|of| of.coupon_id != coupon.id));
    let dropped = removed.map(|coupon| DroppedCoupon {
        coupon_id: coupon.id,
        code: coupon.code.clone(),
        reason: ReleaseReason::new("removed", "an edit took it off"),
    });
    Ok(CouponsChange { dropped: dropped.collect(), uses })
}
