//! Discounts: percent of the gross or fixed amounts, summed, then rounded once.

use crate::types::currency::Currency;
use crate::types::decimal::{Amount, Percent};
use crate::types::fault::Faults;
use crate::types::text::{check_optional_prose, check_optional_text};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// A discount as a request gives it and an order shows it. Exactly one of `amount` and `percent`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Discount {
    #[serde(default)]
    #[schema(example = "RAMADAN10")]
    pub code: Option<String>,
    /// In the order's currency.
    #[serde(default)]
    pub amount: Option<Amount>,
    /// In hundred: `"10"` is 10 % of the gross.
    #[serde(default)]
    pub percent: Option<Percent>,
    #[serde(default)]
    #[schema(example = "Loyal customer")]
    pub reason: Option<String>,
}

/// The sum of the discounts on a gross amount, rounded once. Adds a fault for every discount that is none, and one at
/// `pointer` where together they exceed the gross as it is shown (rounded).
pub(super) fn discount_on(gross: Decimal, discounts: &[Discount], currency: Currency, pointer: &str, faults: &mut Faults) -> Decimal {
    if discounts.is_empty() {
        return currency.zero();
    }
    let shown_gross = currency.round(gross);
    let mut sum = Decimal::ZERO;
    for (i, discount) in discounts.iter().enumerate() {
        match one_discount(gross, discount, currency) {
            Ok(value) => sum += value.min(shown_gross + Decimal::ONE),
            Err(Wrong { field, code, detail }) => faults.add(format!("{pointer}/{i}{field}"), code, detail),
        }
        check_optional_text(faults, &format!("{pointer}/{i}/code"), discount.code.as_deref(), 64);
        check_optional_prose(faults, &format!("{pointer}/{i}/reason"), discount.reason.as_deref(), 500);
    }
    let sum = currency.round(sum);
    faults.require(sum <= shown_gross, pointer, "discount_above_gross", "the discounts are more than the amount they are given on");
    sum
}

struct Wrong {
    field: &'static str,
    code: &'static str,
    detail: &'static str,
}

fn one_discount(gross: Decimal, discount: &Discount, currency: Currency) -> Result<Decimal, Wrong> {
    match (discount.amount, discount.percent) {
        (Some(Amount(amount)), None) if amount.is_sign_negative() && !amount.is_zero() => {
            Err(Wrong { field: "/amount", code: "out_of_range", detail: "must not be negative" })
        }
        (Some(Amount(amount)), None) if !currency.is_exact(amount) => {
            Err(Wrong { field: "/amount", code: "too_many_decimals", detail: "more decimal places than the currency has" })
        }
        (Some(Amount(amount)), None) => Ok(amount),
        (None, Some(Percent(percent))) if (Decimal::ZERO..=Decimal::ONE_HUNDRED).contains(&percent) => {
            Ok(gross * percent / Decimal::ONE_HUNDRED)
        }
        (None, Some(_)) => Err(Wrong { field: "/percent", code: "out_of_range", detail: "must be from 0 to 100" }),
        (Some(_), Some(_)) | (None, None) => Err(Wrong { field: "", code: "exactly_one_of", detail: "give either amount or percent" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(text: &str) -> Discount {
        Discount { amount: Some(Amount(text.parse().unwrap())), ..Discount::default() }
    }

    fn percent(text: &str) -> Discount {
        Discount { percent: Some(Percent(text.parse().unwrap())), ..Discount::default() }
    }

    fn on(gross: &str, discounts: &[Discount]) -> Result<String, Vec<(String, String)>> {
        let mut faults = Faults::new();
        let euro = Currency::from_code("EUR").unwrap();
        let value = discount_on(gross.parse().unwrap(), discounts, euro, "/discounts", &mut faults);
        match faults.into_result() {
            Ok(()) => Ok(value.to_string()),
            Err(faults) => Err(faults.into_iter().map(|fault| (fault.pointer, fault.code)).collect()),
        }
    }

    #[test]
    fn percents_are_each_of_the_gross_and_rounded_once() {
        assert_eq!(on("100", &[percent("10"), percent("10")]), Ok("20.00".into()));
        assert_eq!(on("0.10", &[percent("2"), percent("3")]), Ok("0.01".into()));
        assert_eq!(on("33.335", &[percent("15"), amount("1.10")]), Ok("6.10".into()));
        assert_eq!(on("9.995", &[percent("100")]), Ok("10.00".into()));
    }

    #[test]
    fn what_is_no_discount_is_named_in_its_place() {
        let fault = |pointer: &str, code: &str| Err(vec![(pointer.to_owned(), code.to_owned())]);
        assert_eq!(on("10", &[amount("10.01")]), fault("/discounts", "discount_above_gross"));
        assert_eq!(on("10", &[percent("50"), amount("5.01")]), fault("/discounts", "discount_above_gross"));
        assert_eq!(on("10", &[amount("1"), Discount::default()]), fault("/discounts/1", "exactly_one_of"));
        assert_eq!(on("10", &[percent("100.5")]), fault("/discounts/0/percent", "out_of_range"));
        assert_eq!(on("10", &[amount("-1")]), fault("/discounts/0/amount", "out_of_range"));
        assert_eq!(on("10", &[amount("0.001")]), fault("/discounts/0/amount", "too_many_decimals"));
    }
}
