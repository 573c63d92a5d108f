//! What a shop had an order as when it was last worked in, by field: what has changed there since is written here, and nothing else, so
//! that what people have corrected here stays. Pure.

use crate::orders::body::{NewOrder, NewOrderLine};
use crate::orders::discount::Discount;
use crate::orders::order::OrderLine;
use aws_lc_rs::digest;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

/// Everything of a shop's order that ours follows. Names, addresses and notes stand as digests: that they changed is all that is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShopState {
    pub currency: Option<String>,
    pub prices_include_tax: bool,
    pub buyer: String,
    /// By [`keys`].
    pub lines: BTreeMap<String, LineState>,
    pub discounts: Vec<String>,
    pub shipping: String,
    pub shipping_address: String,
    pub billing_address: String,
    pub contact: String,
    pub note: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineState {
    pub quantity: String,
    pub unit_price: Option<String>,
    pub discounts: Vec<String>,
    pub tax_amount: Option<String>,
}

impl ShopState {
    pub fn of(order: &NewOrder) -> Self {
        let keys = keys_of_shop(&order.lines);
        let buyer = order.customer_id.map(|id| id.to_string()).or_else(|| order.customer.as_ref().map(|guest| guest.name.clone()));
        // Rates and names only say what taxes are called.
        let shipping = order.shipping.as_ref().map(|shipping| {
            let tax = shipping.tax_amount.map_or(Decimal::ZERO, |tax| tax.0);
            (&shipping.method, plain(shipping.amount.0), plain(tax))
        });
        Self {
            currency: order.currency.map(|currency| currency.to_string()),
            prices_include_tax: order.prices_include_tax,
            buyer: digest_of(&buyer),
            lines: keys.into_iter().zip(order.lines.iter().map(LineState::of)).collect(),
            discounts: order.discounts.iter().map(digest_of_discount).collect(),
            shipping: digest_of(&shipping),
            shipping_address: digest_of(&order.shipping_address),
            billing_address: digest_of(&order.billing_address),
            contact: digest_of(&order.contact),
            note: digest_of(&order.note),
        }
    }

    pub fn costs_the_same(&self, other: &Self) -> bool {
        (&self.lines, &self.discounts, &self.shipping) == (&other.lines, &other.discounts, &other.shipping)
    }
}

impl LineState {
    fn of(line: &NewOrderLine) -> Self {
        Self {
            quantity: plain(line.quantity.0),
            unit_price: line.unit_price.map(|price| plain(price.0)),
            discounts: line.discounts.iter().map(digest_of_discount).collect(),
            tax_amount: line.tax_amount.map(|tax| plain(tax.0)),
        }
    }

    /// Whatever its share of the taxes has become.
    pub fn wants_the_same(&self, other: &Self) -> bool {
        (&self.quantity, &self.unit_price, &self.discounts) == (&other.quantity, &other.unit_price, &other.discounts)
    }
}

fn plain(number: Decimal) -> String {
    number.normalize().to_string()
}

/// Fields that are absent count as fields that are not there.
fn digest_of(part: &impl Serialize) -> String {
    let mut value = serde_json::to_value(part).unwrap_or_default();
    if let Value::Object(fields) = &mut value {
        fields.retain(|_, field| !field.is_null());
    }
    let hash = digest::digest(&digest::SHA256, value.to_string().as_bytes());
    hash.as_ref().iter().take(16).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn digest_of_discount(discount: &Discount) -> String {
    let number = |number: Option<Decimal>| number.map(plain);
    let (amount, percent) = (number(discount.amount.map(|amount| amount.0)), number(discount.percent.map(|percent| percent.0)));
    digest_of(&(&discount.code, amount, percent, &discount.reason))
}

/// What tells the lines of an order from each other: the shop's id of each, else its place, with its SKU.
fn keys<'a>(lines: impl Iterator<Item = (Option<&'a String>, usize, &'a str)>) -> Vec<String> {
    let mut met: HashMap<String, usize> = HashMap::new();
    let key = |(id, place, sku): (Option<&String>, usize, &str)| {
        let key = id.map_or_else(|| format!("#{place} {sku}"), |id| format!("{id} {sku}"));
        let times = met.entry(key.clone()).and_modify(|times| *times += 1).or_insert(1);
        if *times == 1 { key } else { format!("{key} {times}") }
    };
    lines.map(key).collect()
}

pub fn keys_of_shop(lines: &[NewOrderLine]) -> Vec<String> {
    keys(lines.iter().enumerate().map(|(i, line)| (line.external_line_id.as_ref(), i + 1, line.sku.as_str())))
}

pub fn keys_of_ours(lines: &[&OrderLine]) -> Vec<String> {
    let number = |line: &OrderLine| usize::try_from(line.line_number).unwrap_or(0);
    keys(lines.iter().map(|line| (line.detail.external_line_id.as_ref(), number(line), line.sku.as_str())))
}

/// What our discounts become: without those that the shop has no more, with those that it has now and had not before. Where nobody knows
/// what it had, they become the shop's, and those of ours stay that are for a refund. `None` where they stay as they are.
pub fn discounts_after(
    ours: &[Discount],
    theirs: &[Discount],
    before: Option<&[String]>,
    for_refund: impl Fn(&Discount) -> bool,
) -> Option<Vec<Discount>> {
    let after = match before {
        None => theirs.iter().chain(ours.iter().filter(|discount| for_refund(discount))).cloned().collect(),
        Some(before) => {
            let mut gone = before.to_vec();
            let mut take = |digest: &String| gone.iter().position(|known| known == digest).map(|i| gone.swap_remove(i)).is_some();
            let added: Vec<&Discount> = theirs.iter().filter(|discount| !take(&digest_of_discount(discount))).collect();
            let mut kept = ours.to_vec();
            for digest in &gone {
                if let Some(i) = kept.iter().position(|discount| digest_of_discount(discount) == *digest) {
                    kept.remove(i);
                }
            }
            kept.into_iter().chain(added.into_iter().cloned()).collect::<Vec<_>>()
        }
    };
    (!same_discounts(&after, ours)).then_some(after)
}

/// Whether they are the same, in whatever order.
pub fn same_discounts(a: &[Discount], b: &[Discount]) -> bool {
    let mut left: Vec<&Discount> = b.iter().collect();
    a.len() == b.len() && a.iter().all(|discount| left.iter().position(|known| *known == discount).map(|i| left.swap_remove(i)).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::decimal::Amount;
    use proptest::prelude::*;

    fn off(code: &str, amount: i64) -> Discount {
        Discount { code: Some(code.to_owned()), amount: Some(Amount(Decimal::from(amount))), ..Discount::default() }
    }

    fn digests(discounts: &[Discount]) -> Vec<String> {
        discounts.iter().map(digest_of_discount).collect()
    }

    #[test]
    fn only_what_the_shop_changed_of_the_discounts_is_written() {
        let (coupon, other, agreed, refund) = (off("refund-anna", 20), off("MARCH", 5), off("agreed", 7), off("refund-77", 3));
        let of = |code: &str, discount: &Discount| discount.code.as_deref() == Some(code);
        let none = |_: &Discount| false;
        let one = std::slice::from_ref(&coupon);
        // Nothing changed there: what was added or taken off here stays so.
        assert_eq!(discounts_after(&[coupon.clone(), agreed.clone()], one, Some(&digests(one)), none), None);
        assert_eq!(discounts_after(&[], one, Some(&digests(one)), none), None);
        // One more there, and one less.
        let both = [coupon.clone(), other.clone()];
        let ours = [coupon.clone(), agreed.clone()];
        assert_eq!(discounts_after(&ours, &both, Some(&digests(one)), none), Some(vec![coupon.clone(), agreed.clone(), other.clone()]));
        assert_eq!(discounts_after(&ours, &[], Some(&digests(one)), none), Some(vec![agreed.clone()]));
        // Nobody knows what it had: theirs count, and what stands for a refund stays.
        let ours = [coupon.clone(), refund.clone(), agreed];
        let after = discounts_after(&ours, one, None, |discount| of("refund-77", discount));
        assert_eq!(after, Some(vec![coupon, refund]));
    }

    #[test]
    fn an_amount_is_the_same_however_many_decimal_places_it_has() {
        let long = Discount { amount: Some(Amount("20.00".parse().unwrap())), ..off("A", 0) };
        assert_eq!(digest_of_discount(&long), digest_of_discount(&off("A", 20)));
    }

    #[test]
    fn lines_with_one_id_are_told_apart() {
        let id = "1".to_owned();
        let lines = [(Some(&id), 1, "A"), (Some(&id), 2, "A"), (Some(&id), 3, "B"), (None, 4, "A")];
        assert_eq!(keys(lines.into_iter()), ["1 A", "1 A 2", "1 B", "#4 A"]);
    }

    proptest! {
        /// A shop that changes nothing changes nothing here, whatever ours are; where ours are the shop's, they follow it.
        #[test]
        fn discounts_follow_the_shop(ours in proptest::collection::vec(0i64..4, 0..5), before in proptest::collection::vec(0i64..4, 0..5), now in proptest::collection::vec(0i64..4, 0..5)) {
            let of = |amounts: &[i64]| amounts.iter().map(|amount| off("A", *amount)).collect::<Vec<_>>();
            let (ours, before, now) = (of(&ours), of(&before), of(&now));
            prop_assert_eq!(discounts_after(&ours, &before, Some(&digests(&before)), |_| false), None);
            let followed = discounts_after(&before, &now, Some(&digests(&before)), |_| false).unwrap_or_else(|| before.clone());
            let sorted = |discounts: &[Discount]| { let mut all = digests(discounts); all.sort(); all };
            prop_assert_eq!(sorted(&followed), sorted(&now));
        }
    }
}
