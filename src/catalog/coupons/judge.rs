//! Whether an order may use a coupon. Pure: what is known of buyer and uses is told.

use super::body::Coupon;
use crate::catalog::dates::holds;
use crate::types::currency::Currency;
use crate::types::id::CustomerId;
use chrono::NaiveDate;
use rust_decimal::Decimal;

/// The order that wants to use a coupon.
#[derive(Clone, Copy, Debug)]
pub struct Buying<'a> {
    /// `None` for a buyer who is nobody yet.
    pub customer_id: Option<CustomerId>,
    /// By id or code, not by an e-mail address alone.
    pub named: bool,
    /// Whether the buyer can be told from others: a guest without an e-mail address is a new customer each time.
    pub recognizable: bool,
    pub channel: &'a str,
    pub currency: Currency,
    pub skus: &'a [&'a str],
    /// The lines after their own discounts, in the terms of the order's prices.
    pub subtotal: Decimal,
    /// The order's date, in the organization's time zone.
    pub on: NaiveDate,
}

/// What a customer has done with a coupon so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Orders that hold it.
    pub uses: i64,
    /// Whether there is an order that is not cancelled.
    pub ordered_before: bool,
}

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 422 with this code.
    Rule { code: &'static str, detail: String },
    /// 409 `coupon_exhausted`: it was right, and others were faster.
    Exhausted { detail: &'static str },
}

fn rule(code: &'static str, detail: impl Into<String>) -> Refusal {
    Refusal::Rule { code, detail: detail.into() }
}

/// What speaks against it, apart from its uses: the first that does.
pub fn refusal(coupon: &Coupon, buying: &Buying<'_>) -> Option<Refusal> {
    let no = |detail: &str| Some(rule("coupon_not_applicable", detail));
    if !coupon.active {
        return Some(rule("coupon_inactive", "this coupon has been switched off"));
    }
    if let Some(from) = coupon.valid_from_on.filter(|_| !holds(coupon.valid_from_on, None, buying.on)) {
        return Some(rule("coupon_not_yet_valid", format!("it holds from {from} on")));
    }
    if let Some(to) = coupon.valid_to_on.filter(|_| !holds(None, coupon.valid_to_on, buying.on)) {
        return Some(rule("coupon_expired", format!("it held until {to}")));
    }
    if !coupon.customer_ids.is_empty() && !buying.customer_id.is_some_and(|id| buying.named && coupon.customer_ids.contains(&id)) {
        return no("it is for other customers");
    }
    if !coupon.channels.is_empty() && !coupon.channels.iter().any(|channel| channel == buying.channel) {
        return no("it does not hold in this channel");
    }
    if coupon.currency.is_some_and(|currency| currency != buying.currency) {
        return no("it is in another currency than the order");
    }
    if let Some((code, detail)) = lost(coupon, buying) {
        return Some(rule(code, detail));
    }
    if coupon.asks_for_the_customer() && !buying.recognizable {
        return no("it is counted by customer: say who buys by customer_id, customer_code or an e-mail address");
    }
    None
}

/// What an order's goods say against a coupon that it holds: code and words. Day, buyer and channel of an order stay what they were
/// when it took the coupon, and a coupon that was switched off since stays with those who hold it.
pub fn lost(coupon: &Coupon, buying: &Buying<'_>) -> Option<(&'static str, String)> {
    if !coupon.skus.is_empty() && !buying.skus.iter().any(|sku| coupon.skus.iter().any(|own| own == sku)) {
        return Some(("coupon_not_applicable", "it is for products that are not on this order".to_owned()));
    }
    let minimum = coupon.minimum_subtotal.filter(|minimum| buying.subtotal < minimum.0)?;
    Some(("coupon_minimum_not_reached", format!("the lines must come to {} at least, after their own discounts", minimum.0)))
}

/// What its uses say against one more.
pub fn exhausted(coupon: &Coupon, times_used: i64, standing: Standing) -> Option<Refusal> {
    if coupon.first_order_only && standing.ordered_before {
        return Some(rule("coupon_not_applicable", "it is for a customer's first order"));
    }
    if coupon.usage_limit.is_some_and(|limit| times_used >= limit) {
        return Some(Refusal::Exhausted { detail: "this coupon has been used as often as it may be" });
    }
    if coupon.usage_limit_per_customer.is_some_and(|limit| standing.uses >= limit) {
        return Some(Refusal::Exhausted { detail: "the customer has used this coupon as often as one customer may" });
    }
    None
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::types::id::CouponId;
    use serde_json::{Value, json};

    pub(crate) fn coupon(extra: Value) -> Coupon {
        let mut body = json!({"code": "ten", "name": "Ten off", "percent": "10"});
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        Coupon::new(CouponId::generate(), &serde_json::from_value(body).unwrap(), Default::default())
    }

    fn buying(id: CustomerId) -> Buying<'static> {
        Buying {
            customer_id: Some(id),
            named: true,
            recognizable: true,
            channel: "web",
            currency: Currency::from_code("EUR").unwrap(),
            skus: &["KOPI", "TEH"],
            subtotal: Decimal::ONE_HUNDRED,
            on: "2026-03-15".parse().unwrap(),
        }
    }

    fn code(refusal: Option<Refusal>) -> &'static str {
        match refusal {
            None => "",
            Some(Refusal::Rule { code, .. }) => code,
            Some(Refusal::Exhausted { .. }) => "coupon_exhausted",
        }
    }

    #[test]
    fn each_restriction_is_told_by_its_own_code() {
        let id = CustomerId::generate();
        let buying = buying(id);
        for (extra, expected) in [
            (json!({}), ""),
            (json!({"active": false}), "coupon_inactive"),
            (json!({"valid_from_on": "2026-03-15", "valid_to_on": "2026-03-15"}), ""),
            (json!({"valid_from_on": "2026-03-16"}), "coupon_not_yet_valid"),
            (json!({"valid_to_on": "2026-03-14"}), "coupon_expired"),
            (json!({"customer_ids": [id]}), ""),
            (json!({"customer_ids": [CustomerId::generate()]}), "coupon_not_applicable"),
            (json!({"channels": ["web", "direct"]}), ""),
            (json!({"channels": ["direct"]}), "coupon_not_applicable"),
            (json!({"skus": ["GULA", "TEH"]}), ""),
            (json!({"skus": ["GULA"]}), "coupon_not_applicable"),
            (json!({"minimum_subtotal": "100.00", "currency": "EUR"}), ""),
            (json!({"minimum_subtotal": "100.01", "currency": "EUR"}), "coupon_minimum_not_reached"),
            (json!({"minimum_subtotal": "1", "currency": "USD"}), "coupon_not_applicable"),
        ] {
            assert_eq!(code(refusal(&coupon(extra.clone()), &buying)), expected, "{extra}");
        }
    }

    #[test]
    fn a_buyer_who_is_known_by_his_address_alone_has_no_coupons_of_his_own() {
        let id = CustomerId::generate();
        let by_address = Buying { named: false, ..buying(id) };
        assert_eq!(code(refusal(&coupon(json!({"customer_ids": [id]})), &by_address)), "coupon_not_applicable");
        assert_eq!(code(refusal(&coupon(json!({"usage_limit_per_customer": 1})), &by_address)), "");
        let nobody = Buying { customer_id: None, recognizable: false, ..by_address };
        for extra in [json!({"usage_limit_per_customer": 1}), json!({"first_order_only": true})] {
            assert_eq!(code(refusal(&coupon(extra), &nobody)), "coupon_not_applicable");
        }
        assert_eq!(code(refusal(&coupon(json!({"usage_limit": 1})), &nobody)), "");
    }

    #[test]
    fn a_coupon_that_an_order_holds_is_lost_by_its_goods_alone() {
        let buying = Buying { customer_id: None, named: false, recognizable: false, ..buying(CustomerId::generate()) };
        let lost = |extra| lost(&coupon(extra), &buying).map(|(code, _)| code);
        assert_eq!(lost(json!({"active": false, "valid_to_on": "2026-03-14", "channels": ["fax"], "first_order_only": true})), None);
        assert_eq!(lost(json!({"skus": ["GULA"]})), Some("coupon_not_applicable"));
        assert_eq!(lost(json!({"minimum_subtotal": "100.00", "currency": "EUR"})), None);
        assert_eq!(lost(json!({"minimum_subtotal": "100.01", "currency": "EUR"})), Some("coupon_minimum_not_reached"));
    }

    #[test]
    fn limits_count_the_orders_that_hold_it() {
        let limited = coupon(json!({"usage_limit": 3, "usage_limit_per_customer": 2}));
        let of = |times_used, uses| code(exhausted(&limited, times_used, Standing { uses, ordered_before: true }));
        assert_eq!((of(2, 1), of(3, 0), of(2, 2)), ("", "coupon_exhausted", "coupon_exhausted"));
        let first = coupon(json!({"first_order_only": true}));
        let first = |ordered_before| code(exhausted(&first, 1000, Standing { uses: 0, ordered_before }));
        assert_eq!((first(false), first(true)), ("", "coupon_not_applicable"));
    }
}
