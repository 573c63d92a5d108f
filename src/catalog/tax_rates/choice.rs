//! Which tax rate a line gets.

use super::body::{TaxRate, TaxScheme};
use crate::catalog::dates::holds;
use crate::types::base_fraction::BaseFraction;
use crate::types::subdivision::code_of;
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
/// country, then the latest `valid_from_on` wins. A country without any rate is outside the scope of tax. Rates and addresses may name
/// a region by its name or by its ISO 3166-2 code, or by any word that both have.
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
    let region = region.map(Region::of);
    let in_region = |rate: &TaxRate| match (&rate.region, &region) {
        (None, _) => true,
        (Some(of_rate), Some(region)) => region.is(country, of_rate),
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

/// A region as an address names it.
struct Region<'a> {
    text: &'a str,
    code: std::cell::OnceCell<Option<&'static str>>,
}

impl<'a> Region<'a> {
    fn of(text: &'a str) -> Self {
        Self { text: text.trim(), code: std::cell::OnceCell::new() }
    }

    /// Its ISO 3166-2 code, looked for once and only where a rate asks.
    fn code(&self, country: &str) -> Option<&'static str> {
        *self.code.get_or_init(|| code_of(country, self.text))
    }

    fn is(&self, country: &str, of_rate: &str) -> bool {
        let of_rate = of_rate.trim();
        of_rate.eq_ignore_ascii_case(self.text)
            || self.code(country).is_some_and(|code| of_rate.eq_ignore_ascii_case(code) || code_of(country, of_rate) == Some(code))
    }
}

/// Whether the tax in a country depends on the region on that day, and this one is none that is known: no subdivision of the country,
/// and no region of a rate. Then its tax is not known either.
pub fn region_is_missing(rates: &[TaxRate], country: &str, region: Option<&str>, on: NaiveDate) -> bool {
    let regional = || {
        let valid = rates.iter().filter(|rate| rate.country.code() == country && holds(rate.valid_from_on, rate.valid_to_on, on));
        valid.filter_map(|rate| rate.region.as_deref())
    };
    if regional().next().is_none() {
        return false;
    }
    let Some(region) = region.map(Region::of) else { return true };
    region.code(country).is_none() && !regional().any(|of_rate| region.is(country, of_rate))
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
