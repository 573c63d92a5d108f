//! Amounts as Stripe counts them: whole numbers of a currency's smallest unit, which is not always that of ISO 4217
//! (docs.stripe.com/currencies, "Zero-decimal currencies", "Three-decimal currencies", "Special cases").

use crate::types::currency::Currency;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// Charged in whole units.
const ZERO_DECIMAL: [&str; 15] = ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"];
/// Charged in thousandths, of which the last digit must be 0.
const THREE_DECIMAL: [&str; 5] = ["BHD", "JOD", "KWD", "OMR", "TND"];
/// Written with two decimals for history's sake, of which both must be 0.
const WHOLE_IN_HUNDREDTHS: [&str; 2] = ["ISK", "UGX"];

/// Decimal places of the whole number, and what it must be a multiple of.
fn places(currency: Currency) -> (u32, i64) {
    let code = currency.code();
    if ZERO_DECIMAL.contains(&code) {
        (0, 1)
    } else if THREE_DECIMAL.contains(&code) {
        (3, 10)
    } else if WHOLE_IN_HUNDREDTHS.contains(&code) {
        (2, 100)
    } else {
        (2, 1)
    }
}

/// The amount in Stripe's unit; none where Stripe cannot move exactly this much.
pub fn to_minor(amount: Decimal, currency: Currency) -> Option<i64> {
    let (places, multiple) = places(currency);
    let scaled = amount.checked_mul(Decimal::from(10i64.pow(places)))?.normalize();
    let whole = if scaled.scale() == 0 { scaled.to_i64()? } else { return None };
    (whole % multiple == 0).then_some(whole)
}

/// The amount of a number of Stripe's units.
pub fn from_minor(minor: i64, currency: Currency) -> Decimal {
    currency.round(Decimal::new(minor, places(currency).0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn minor(amount: &str, code: &str) -> Option<i64> {
        to_minor(amount.parse().unwrap(), Currency::from_code(code).unwrap())
    }

    #[test]
    fn worked_examples() {
        assert_eq!(minor("10.99", "EUR"), Some(1099));
        assert_eq!(minor("111000.00", "IDR"), Some(11_100_000), "rupiah have two decimals there");
        assert_eq!(minor("500", "JPY"), Some(500));
        assert_eq!(minor("500.5", "JPY"), None);
        assert_eq!(minor("5.00", "MGA"), Some(5), "two decimals in ISO 4217, none at Stripe");
        assert_eq!(minor("5.50", "MGA"), None);
        assert_eq!(minor("1.230", "KWD"), Some(1230));
        assert_eq!(minor("1.234", "KWD"), None, "the last digit must be 0");
        assert_eq!(minor("5", "ISK"), Some(500));
        assert_eq!(minor("5", "UGX"), Some(500));
        assert_eq!(minor("0.01", "USD"), Some(1));
        assert_eq!(minor("999999999999999999", "USD"), None);
    }

    proptest! {
        #[test]
        fn what_can_be_moved_comes_back_as_it_was(whole in 1i64..1_000_000_000, code in prop::sample::select(vec!["JPY", "EUR", "KWD", "IDR", "ISK", "MGA"])) {
            let currency = Currency::from_code(code).unwrap();
            let amount = Decimal::new(whole, currency.minor_units());
            if let Some(minor) = to_minor(amount, currency) {
                prop_assert_eq!(from_minor(minor, currency), amount);
            }
        }
    }
}
