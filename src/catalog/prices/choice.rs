//! Which of a product's prices a line gets.

use super::body::{DEFAULT_LIST, Price};
use crate::catalog::dates::holds;
use crate::types::currency::Currency;
use chrono::NaiveDate;
use rust_decimal::Decimal;

/// The price of one product: from the customer's list, else from `default`. In a list, of the prices that hold on the day and
/// from no more than `quantity` base units, the one with the latest `valid_from_on` wins, then the highest `min_quantity`.
pub fn price_for<'a>(prices: &'a [Price], price_list: &str, currency: Currency, quantity: Decimal, on: NaiveDate) -> Option<&'a Price> {
    let best = |list: &str| {
        prices
            .iter()
            .filter(|price| price.price_list == list && price.currency == currency)
            .filter(|price| price.min_quantity.0 <= quantity && holds(price.valid_from_on, price.valid_to_on, on))
            .max_by_key(|price| (price.valid_from_on, price.min_quantity))
    };
    best(price_list).or_else(|| best(DEFAULT_LIST))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::decimal::{Quantity, UnitPrice};
    use proptest::prelude::*;

    fn rupiah() -> Currency {
        Currency::from_code("IDR").unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn price(list: &str, amount: i64, min: i64, from: Option<&str>, to: Option<&str>) -> Price {
        Price {
            price_list: list.into(),
            sku: "KOPI-250".into(),
            currency: rupiah(),
            unit_price: UnitPrice(Decimal::from(amount)),
            price_quantity: Quantity(Decimal::ONE),
            min_quantity: Quantity(Decimal::from(min)),
            valid_from_on: from.map(day),
            valid_to_on: to.map(day),
            version: 1,
            updated_at: Default::default(),
        }
    }

    fn amount(prices: &[Price], list: &str, quantity: i64, on: &str) -> Option<Decimal> {
        price_for(prices, list, rupiah(), Decimal::from(quantity), day(on)).map(|price| price.unit_price.0)
    }

    #[test]
    fn the_latest_start_wins_then_the_highest_quantity() {
        let prices = [
            price("default", 100, 0, None, None),
            price("default", 90, 10, None, None),
            price("default", 110, 0, Some("2026-06-01"), None),
            price("default", 70, 0, Some("2026-07-01"), Some("2026-07-31")),
        ];
        assert_eq!(amount(&prices, "default", 1, "2026-05-31"), Some(100.into()));
        assert_eq!(amount(&prices, "default", 10, "2026-05-31"), Some(90.into()));
        assert_eq!(amount(&prices, "default", 10, "2026-06-01"), Some(110.into()), "a later price list ends the older breaks");
        assert_eq!(amount(&prices, "default", 10, "2026-07-31"), Some(70.into()), "the last day counts");
        assert_eq!(amount(&prices, "default", 10, "2026-08-01"), Some(110.into()));
    }

    #[test]
    fn a_list_without_a_fitting_price_falls_back_to_default() {
        let prices = [price("default", 100, 0, None, None), price("wholesale", 80, 12, None, None)];
        assert_eq!(amount(&prices, "wholesale", 12, "2026-01-01"), Some(80.into()));
        assert_eq!(amount(&prices, "wholesale", 11, "2026-01-01"), Some(100.into()));
        assert_eq!(amount(&prices, "nobody", 1, "2026-01-01"), Some(100.into()));
        assert_eq!(amount(&prices[1..], "nobody", 100, "2026-01-01"), None);
        let euro = Currency::from_code("EUR").unwrap();
        assert_eq!(price_for(&prices, "default", euro, Decimal::ONE, day("2026-01-01")), None);
    }

    proptest! {
        #[test]
        fn what_is_chosen_holds_and_nothing_better_was_there(
            rows in prop::collection::vec((0i64..5, 0i64..20, prop::option::of(1u32..28), prop::option::of(1u32..28)), 0..12),
            quantity in 0i64..20, at in 1u32..28,
        ) {
            let date = |d: u32| format!("2026-03-{d:02}");
            let prices: Vec<Price> = rows.iter().map(|(list, min, from, to)| {
                let list = if *list == 0 { "wholesale" } else { "default" };
                price(list, 1, *min, from.map(date).as_deref(), to.map(date).as_deref())
            }).collect();
            let on = day(&date(at));
            let fits = |p: &Price| p.min_quantity.0 <= Decimal::from(quantity) && holds(p.valid_from_on, p.valid_to_on, on);
            match price_for(&prices, "wholesale", rupiah(), Decimal::from(quantity), on) {
                None => prop_assert!(!prices.iter().any(fits)),
                Some(chosen) => {
                    prop_assert!(fits(chosen));
                    for other in prices.iter().filter(|p| fits(p)) {
                        let rank = |p: &Price| (p.price_list == "wholesale", p.valid_from_on, p.min_quantity);
                        prop_assert!(rank(other) <= rank(chosen));
                    }
                }
            }
        }
    }
}
