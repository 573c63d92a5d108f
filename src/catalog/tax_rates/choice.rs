//! Which tax rate a line gets.

use super::body::{TaxRate, TaxScheme};
use crate::catalog::dates::holds;
use crate::types::base_fraction::BaseFraction;
use chrono::NaiveDate;
use rust_decimal::Decimal;

/// The tax that a line or the shipping bears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplicableTax {
    /// The category asked for.
    pub tax_category: String,
    pub tax_scheme_category: TaxScheme,
    /// A fraction: 0.12 is 12 %.
    pub rate: Decimal,
    pub base_fraction: BaseFraction,
    /// What the rate is called; `None` where there is no rate.
    pub name: Option<String>,
}

/// The country taxes sales, but says nothing of this category on this day: 422 `tax_rate_missing`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no tax rate for category '{tax_category}' in {country} on {on}")]
pub struct TaxRateMissing {
    pub country: String,
    pub tax_category: String,
    pub on: NaiveDate,
}

/// The tax of a category at the ship-to country and region on the order's date. A rate of the region beats one of the whole
/// country, then the latest `valid_from_on` wins. A country without any rate is outside the scope of tax.
pub fn tax_rate_for(
    rates: &[TaxRate],
    country: &str,
    region: Option<&str>,
    tax_category: &str,
    on: NaiveDate,
) -> Result<ApplicableTax, TaxRateMissing> {
    let of_country = || rates.iter().filter(|rate| rate.country.code() == country);
    if of_country().next().is_none() {
        return Ok(ApplicableTax {
            tax_category: tax_category.to_owned(),
            tax_scheme_category: TaxScheme::OutsideScope,
            rate: Decimal::ZERO,
            base_fraction: BaseFraction::WHOLE,
            name: None,
        });
    }
    let region = region.map(str::trim);
    let in_region = |rate: &TaxRate| match (&rate.region, region) {
        (None, _) => true,
        (Some(of_rate), Some(region)) => of_rate.trim().eq_ignore_ascii_case(region),
        (Some(_), None) => false,
    };
    let best = of_country()
        .filter(|rate| rate.tax_category == tax_category && in_region(rate) && holds(rate.valid_from_on, rate.valid_to_on, on))
        .max_by_key(|rate| (rate.region.is_some(), rate.valid_from_on));
    match best {
        Some(rate) => Ok(ApplicableTax {
            tax_category: tax_category.to_owned(),
            tax_scheme_category: rate.tax_scheme_category,
            rate: rate.rate.0,
            base_fraction: rate.base_fraction,
            name: Some(rate.name.clone()),
        }),
        None => Err(TaxRateMissing { country: country.to_owned(), tax_category: tax_category.to_owned(), on }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::country::Country;
    use crate::types::decimal::Rate;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn rate(country: &str, region: Option<&str>, category: &str, percent: i64, from: Option<&str>, to: Option<&str>) -> TaxRate {
        TaxRate {
            country: Country::from_code(country).unwrap(),
            region: region.map(str::to_owned),
            tax_category: category.into(),
            tax_scheme_category: TaxScheme::Standard,
            name: "VAT".into(),
            rate: Rate(Decimal::new(percent, 2)),
            base_fraction: BaseFraction::WHOLE,
            valid_from_on: from.map(day),
            valid_to_on: to.map(day),
            version: 1,
            updated_at: Default::default(),
        }
    }

    fn percent(rates: &[TaxRate], country: &str, region: Option<&str>, category: &str, on: &str) -> Option<i64> {
        let tax = tax_rate_for(rates, country, region, category, day(on)).ok()?;
        Some((tax.rate * Decimal::ONE_HUNDRED).try_into().unwrap())
    }

    #[test]
    fn a_region_beats_its_country_and_a_later_day_an_earlier_one() {
        let rates = [
            rate("CA", None, "standard", 5, None, None),
            rate("CA", None, "standard", 6, Some("2026-01-01"), None),
            rate("CA", Some("ON"), "standard", 13, None, Some("2026-06-30")),
        ];
        assert_eq!(percent(&rates, "CA", Some("on "), "standard", "2026-06-30"), Some(13));
        assert_eq!(percent(&rates, "CA", Some("ON"), "standard", "2026-07-01"), Some(6));
        assert_eq!(percent(&rates, "CA", Some("BC"), "standard", "2025-12-31"), Some(5));
        assert_eq!(percent(&rates, "CA", None, "standard", "2026-01-01"), Some(6));
    }

    #[test]
    fn a_country_without_rates_is_outside_the_scope_of_tax() {
        let tax = tax_rate_for(&[rate("ID", None, "standard", 12, None, None)], "SG", None, "standard", day("2026-01-01")).unwrap();
        assert_eq!((tax.tax_scheme_category, tax.rate, tax.base_fraction), (TaxScheme::OutsideScope, Decimal::ZERO, BaseFraction::WHOLE));
        assert_eq!(tax.tax_category, "standard");
    }

    #[test]
    fn a_country_with_rates_but_none_that_fits_is_missing() {
        let rates = [rate("ID", None, "standard", 12, Some("2025-01-01"), None), rate("ID", Some("JB"), "luxury", 20, None, None)];
        assert_eq!(percent(&rates, "ID", None, "reduced", "2026-01-01"), None);
        assert_eq!(percent(&rates, "ID", None, "standard", "2024-12-31"), None);
        assert_eq!(percent(&rates, "ID", Some("JK"), "luxury", "2026-01-01"), None);
        assert_eq!(percent(&rates, "ID", Some("JB"), "luxury", "2026-01-01"), Some(20));
        let missing = tax_rate_for(&rates, "ID", None, "reduced", day("2026-01-01")).unwrap_err();
        assert_eq!(missing.to_string(), "no tax rate for category 'reduced' in ID on 2026-01-01");
    }

    proptest! {
        #[test]
        fn the_order_of_rows_does_not_matter(
            rows in prop::collection::vec((prop::option::of(0usize..2), 0usize..2, 0i64..30, prop::option::of(1u32..28)), 1..10),
            at in 1u32..28,
        ) {
            let mut seen = std::collections::HashSet::new();
            let date = |d: u32| format!("2026-03-{d:02}");
            let mut rates: Vec<TaxRate> = rows.iter()
                .filter(|(region, category, _, from)| seen.insert((*region, *category, *from)))
                .map(|(region, category, percent, from)| {
                    rate("CA", region.map(|r| ["ON", "BC"][r]), ["standard", "reduced"][*category], *percent, from.map(date).as_deref(), None)
                }).collect();
            let forward = tax_rate_for(&rates, "CA", Some("ON"), "standard", day(&date(at)));
            rates.reverse();
            prop_assert_eq!(forward, tax_rate_for(&rates, "CA", Some("ON"), "standard", day(&date(at))));
        }
    }
}
