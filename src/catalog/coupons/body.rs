use crate::catalog::dates::check_period;
use crate::platform::merge_patch::MergePatch;
use crate::types::absent::null_is_default;
use crate::types::currency::Currency;
use crate::types::decimal::{Amount, Percent};
use crate::types::fault::Faults;
use crate::types::id::{CouponId, CustomerId, OrderId};
use crate::types::text::{check_code, check_external_ids, check_metadata, check_text};
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A coupon to set. Exactly one of `percent` and `amount`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "code": "LEBARAN10", "name": "Lebaran: 10 % off", "percent": "10", "minimum_subtotal": "100000.00", "currency": "IDR", "usage_limit": 500,
    "usage_limit_per_customer": 1, "external_ids": {"shop": "1183"}
}))]
pub struct PutCoupon {
    /// What buyers type, in any case; kept in upper case and never changed.
    #[schema(example = "LEBARAN10", pattern = "^[A-Za-z0-9._~-]{1,64}$")]
    pub code: String,
    /// The reason that stands beside the discount.
    #[schema(example = "Lebaran: 10 % off")]
    pub name: String,
    /// Above 0 and at most 100, in hundred.
    #[serde(default)]
    pub percent: Option<Percent>,
    /// In `currency`; never more than what it is taken off.
    #[serde(default)]
    pub amount: Option<Amount>,
    /// Of `amount` and `minimum_subtotal`; only orders in it can use the coupon.
    #[serde(default)]
    pub currency: Option<Currency>,
    /// What the lines must come to after their own discounts, in the terms of the order's prices.
    #[serde(default)]
    pub minimum_subtotal: Option<Amount>,
    /// First day, in the organization's time zone.
    #[serde(default)]
    pub valid_from_on: Option<NaiveDate>,
    /// Last day.
    #[serde(default)]
    pub valid_to_on: Option<NaiveDate>,
    /// Who may use it; everybody where empty.
    #[serde(default, deserialize_with = "null_is_default")]
    #[schema(max_items = 1000)]
    pub customer_ids: Vec<CustomerId>,
    /// What it is taken off; the whole order where empty.
    #[serde(default, deserialize_with = "null_is_default")]
    #[schema(max_items = 1000)]
    pub skus: Vec<String>,
    /// Codes of the channels that it holds in; all where empty.
    #[serde(default, deserialize_with = "null_is_default")]
    #[schema(max_items = 100)]
    pub channels: Vec<String>,
    /// Only where the customer has no other order that is not cancelled.
    #[serde(default, deserialize_with = "null_is_default")]
    pub first_order_only: bool,
    /// How many orders may hold it; no limit where absent.
    #[serde(default)]
    #[schema(minimum = 1)]
    pub usage_limit: Option<i64>,
    /// The same for one customer.
    #[serde(default)]
    #[schema(minimum = 1)]
    pub usage_limit_per_customer: Option<i64>,
    /// Whether another coupon may stand beside it.
    #[serde(default, deserialize_with = "null_is_default")]
    pub combinable: bool,
    /// True where absent.
    #[serde(default)]
    pub active: Option<bool>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub external_ids: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub metadata: Map<String, Value>,
    // A patch is laid over the `GET` body; these five are ignored.
    #[serde(default, rename = "id")]
    #[schema(ignore)]
    _id: Option<serde::de::IgnoredAny>,
    #[serde(default, rename = "times_used")]
    #[schema(ignore)]
    _times_used: Option<serde::de::IgnoredAny>,
    #[serde(default, rename = "version")]
    #[schema(ignore)]
    _version: Option<serde::de::IgnoredAny>,
    #[serde(default, rename = "created_at")]
    #[schema(ignore)]
    _created_at: Option<serde::de::IgnoredAny>,
    #[serde(default, rename = "updated_at")]
    #[schema(ignore)]
    _updated_at: Option<serde::de::IgnoredAny>,
}

/// What changes of a coupon; its code cannot.
pub type PatchCoupon = MergePatch<PutCoupon>;

const MOST_CUSTOMERS: usize = 1000;
const MOST_SKUS: usize = 1000;
const MOST_CHANNELS: usize = 100;

impl PutCoupon {
    /// What can be said without knowing what is stored.
    pub fn check(&self, faults: &mut Faults) {
        check_code(faults, "/code", &self.code);
        check_text(faults, "/name", &self.name, 200);
        self.check_value(faults);
        check_period(faults, "", self.valid_from_on, self.valid_to_on);
        let mut few = |pointer: &str, count: usize, most: usize| {
            faults.require(count <= most, pointer, "too_many_items", &format!("at most {most}"));
        };
        few("/customer_ids", self.customer_ids.len(), MOST_CUSTOMERS);
        few("/skus", self.skus.len(), MOST_SKUS);
        few("/channels", self.channels.len(), MOST_CHANNELS);
        for (pointer, limit) in [("/usage_limit", self.usage_limit), ("/usage_limit_per_customer", self.usage_limit_per_customer)] {
            let fine = limit.is_none_or(|limit| (1..=1_000_000_000).contains(&limit));
            faults.require(fine, pointer, "out_of_range", "1 to 1,000,000,000; leave it out for no limit");
        }
        check_external_ids(faults, "/external_ids", &self.external_ids);
        check_metadata(faults, "/metadata", &self.metadata);
    }

    fn check_value(&self, faults: &mut Faults) {
        match (self.percent, self.amount) {
            (Some(Percent(percent)), None) => {
                let fine = percent > Decimal::ZERO && percent <= Decimal::ONE_HUNDRED;
                faults.require(fine, "/percent", "out_of_range", "above 0 and at most 100");
            }
            (None, Some(_)) => {}
            (Some(_), Some(_)) | (None, None) => faults.add("/percent", "exactly_one_of", "give either percent or amount"),
        }
        for (pointer, amount) in [("/amount", self.amount), ("/minimum_subtotal", self.minimum_subtotal)] {
            let Some(Amount(amount)) = amount else { continue };
            faults.require(amount > Decimal::ZERO, pointer, "out_of_range", "must be above 0");
            match self.currency {
                None => faults.add("/currency", "required", "an amount needs its currency"),
                Some(currency) => {
                    let detail = format!("{currency} has {} decimal places", currency.minor_units());
                    faults.require(currency.is_exact(amount), pointer, "too_many_decimals", &detail);
                }
            }
        }
    }
}

/// A coupon.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Coupon {
    pub id: CouponId,
    #[schema(example = "LEBARAN10")]
    pub code: String,
    #[schema(example = "Lebaran: 10 % off")]
    pub name: String,
    pub percent: Option<Percent>,
    pub amount: Option<Amount>,
    pub currency: Option<Currency>,
    pub minimum_subtotal: Option<Amount>,
    pub valid_from_on: Option<NaiveDate>,
    pub valid_to_on: Option<NaiveDate>,
    pub customer_ids: Vec<CustomerId>,
    pub skus: Vec<String>,
    pub channels: Vec<String>,
    pub first_order_only: bool,
    pub usage_limit: Option<i64>,
    pub usage_limit_per_customer: Option<i64>,
    pub combinable: bool,
    pub active: bool,
    /// How many orders hold it; a whole order that is cancelled gives its use back. Moves without `version`.
    #[schema(example = 0)]
    pub times_used: i64,
    pub external_ids: BTreeMap<String, String>,
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Coupon {
    /// The coupon that a body asks for, as new.
    pub fn new(id: CouponId, body: &PutCoupon, now: DateTime<Utc>) -> Self {
        let sorted = |texts: &[String]| {
            let mut texts = texts.to_vec();
            texts.sort();
            texts.dedup();
            texts
        };
        let mut customer_ids = body.customer_ids.clone();
        customer_ids.sort();
        customer_ids.dedup();
        let exact = |Amount(amount)| Amount(body.currency.map_or(amount, |currency| currency.round(amount)));
        Self {
            id,
            code: canonical(&body.code),
            name: body.name.clone(),
            percent: body.percent.map(|Percent(percent)| Percent(percent.normalize())),
            amount: body.amount.map(exact),
            currency: body.currency,
            minimum_subtotal: body.minimum_subtotal.map(exact),
            valid_from_on: body.valid_from_on,
            valid_to_on: body.valid_to_on,
            customer_ids,
            skus: sorted(&body.skus),
            channels: sorted(&body.channels),
            first_order_only: body.first_order_only,
            usage_limit: body.usage_limit,
            usage_limit_per_customer: body.usage_limit_per_customer,
            combinable: body.combinable,
            active: body.active.unwrap_or(true),
            times_used: 0,
            external_ids: body.external_ids.clone(),
            metadata: body.metadata.clone(),
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// The same coupon as a body asks for it.
    pub fn replaced(&self, body: &PutCoupon) -> Self {
        Self {
            times_used: self.times_used,
            version: self.version,
            updated_at: self.updated_at,
            ..Self::new(self.id, body, self.created_at)
        }
    }

    /// What an order that takes it agrees to: what it gives, and for what goods. Who may use it, and how often, is settled then.
    pub fn terms(&self) -> String {
        let terms = json!({
            "code": self.code, "name": self.name, "percent": self.percent, "amount": self.amount, "currency": self.currency,
            "minimum_subtotal": self.minimum_subtotal, "skus": self.skus, "combinable": self.combinable,
        });
        terms.to_string()
    }

    /// The coupon as an order took it.
    pub fn on_terms(id: CouponId, terms: &PutCoupon) -> Self {
        Self::new(id, terms, DateTime::default())
    }

    /// Whether it needs to know who buys.
    pub fn asks_for_the_customer(&self) -> bool {
        self.first_order_only || self.usage_limit_per_customer.is_some()
    }
}

/// A code as it is stored: buyers write it in any case.
pub fn canonical(code: &str) -> String {
    code.to_ascii_uppercase()
}

/// One order's use of a coupon.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CouponRedemption {
    pub order_id: OrderId,
    pub customer_id: CustomerId,
    #[schema(example = "LEBARAN10")]
    pub code: String,
    pub currency: Currency,
    /// What it takes off, or did at last, in the terms of the order's prices.
    pub amount: Amount,
    pub redeemed_at: DateTime<Utc>,
    /// When the use was given back.
    pub released_at: Option<DateTime<Utc>>,
    pub release_reason: Option<ReleaseReason>,
}

/// Why an order gave a coupon back: `order_cancelled`, `removed`, or what an edit left to be said against it
/// (`coupon_not_applicable`, `coupon_minimum_not_reached`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReleaseReason {
    #[schema(example = "coupon_minimum_not_reached")]
    pub code: String,
    pub detail: String,
}

impl ReleaseReason {
    pub fn new(code: &str, detail: impl Into<String>) -> Self {
        Self { code: code.to_owned(), detail: detail.into() }
    }
}

/// Which coupons a list shows; `None` is any.
#[derive(Clone, Debug, Default)]
pub struct CouponFilter {
    pub codes: Option<Vec<String>>,
    pub active: Option<bool>,
    pub external_ids: BTreeMap<String, String>,
    pub updated_from: Option<DateTime<Utc>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults_of(body: Value) -> Vec<(String, String)> {
        let coupon: PutCoupon = serde_json::from_value(body).unwrap();
        let mut faults = Faults::new();
        coupon.check(&mut faults);
        faults.into_result().err().unwrap_or_default().into_iter().map(|fault| (fault.pointer, fault.code)).collect()
    }

    #[test]
    fn the_terms_that_an_order_took_are_read_back() {
        let body = json!({"code": "tea", "name": "Tea", "amount": "5.00", "currency": "EUR", "minimum_subtotal": "20.00", "skus": ["TEH"],
            "combinable": true, "usage_limit": 3, "first_order_only": true});
        let coupon = Coupon::new(CouponId::generate(), &serde_json::from_value(body).unwrap(), Utc::now());
        let agreed = Coupon::on_terms(coupon.id, &serde_json::from_str(&coupon.terms()).unwrap());
        let of = |coupon: &Coupon| (coupon.code.clone(), coupon.amount, coupon.minimum_subtotal, coupon.skus.clone(), coupon.combinable);
        assert_eq!(of(&agreed), of(&coupon));
        assert_eq!((agreed.usage_limit, agreed.first_order_only), (None, false));
    }

    #[test]
    fn a_coupon_is_a_percent_or_an_amount_with_its_currency() {
        assert_eq!(faults_of(json!({"code": "A", "name": "a", "percent": "100"})), []);
        assert_eq!(faults_of(json!({"code": "A", "name": "a", "amount": "5.00", "currency": "EUR"})), []);
        let expect = |body: Value, expected: &[(&str, &str)]| {
            let expected: Vec<_> = expected.iter().map(|(pointer, code)| ((*pointer).to_owned(), (*code).to_owned())).collect();
            assert_eq!(faults_of(body), expected);
        };
        expect(json!({"code": "A", "name": "a"}), &[("/percent", "exactly_one_of")]);
        expect(json!({"code": "A", "name": "a", "percent": "1", "amount": "1", "currency": "EUR"}), &[("/percent", "exactly_one_of")]);
        expect(json!({"code": "A", "name": "a", "percent": "0"}), &[("/percent", "out_of_range")]);
        expect(json!({"code": "A", "name": "a", "percent": "100.1"}), &[("/percent", "out_of_range")]);
        expect(json!({"code": "A", "name": "a", "amount": "5"}), &[("/currency", "required")]);
        expect(json!({"code": "A", "name": "a", "amount": "0", "currency": "EUR"}), &[("/amount", "out_of_range")]);
        expect(json!({"code": "A", "name": "a", "amount": "0.5", "currency": "JPY"}), &[("/amount", "too_many_decimals")]);
        expect(
            json!({"code": "a b", "name": "", "percent": "1", "valid_from_on": "2026-02-01", "valid_to_on": "2026-01-01", "usage_limit": 0}),
            &[("/code", "invalid_code"), ("/name", "required"), ("/valid_to_on", "out_of_range"), ("/usage_limit", "out_of_range")],
        );
    }
}
