//! Tax per group of a document (EN 16931 BR-CO-17): the rate on the group's net, rounded once.

use crate::types::base_fraction::BaseFraction;
use crate::types::currency::Currency;
use crate::types::decimal::{Amount, Rate};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// How a line or the shipping is taxed. Lines with equal rules form one tax group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaxRule {
    /// The organization's own name of the category: `standard`, `reduced` …
    pub tax_category: String,
    /// UNCL5305: `S`, `Z`, `E`, `AE`, `K`, `G`, `O`.
    pub tax_scheme_category: String,
    /// A fraction: 0.12 is 12 %.
    pub rate: Decimal,
    pub base_fraction: BaseFraction,
    /// Why nothing is taxed (EN 16931 BT-121, BT-120); for categories that need a reason.
    pub exemption_code: Option<String>,
    pub exemption_reason: Option<String>,
    /// What the shop that has charged it calls it; none of a tax by our own rates.
    pub name: Option<String>,
}

impl TaxRule {
    /// Nothing is taxed, and nobody says why.
    pub fn outside_scope(tax_category: &str) -> Self {
        Self {
            tax_category: tax_category.to_owned(),
            tax_scheme_category: "O".to_owned(),
            rate: Decimal::ZERO,
            base_fraction: BaseFraction::WHOLE,
            exemption_code: None,
            exemption_reason: None,
            name: None,
        }
    }

    /// Whether both make one group of a document, whatever the tax is called.
    pub fn is_like(&self, other: &Self) -> bool {
        self.tax_category == other.tax_category
            && self.tax_scheme_category == other.tax_scheme_category
            && self.rate == other.rate
            && self.base_fraction == other.base_fraction
    }

    /// The tax to add to a net amount, rounded.
    pub fn tax_on(&self, currency: Currency, net: Decimal) -> Decimal {
        tax_on(currency, net, self.rate, self.base_fraction)
    }

    /// The tax inside an amount that includes it: `round(amount × r ÷ (1 + r))`, r = rate × base fraction.
    /// Where some net with its own rounded tax adds up to the amount, this is that tax; no other rounding has that property.
    pub fn tax_contained_in(&self, currency: Currency, amount: Decimal) -> Decimal {
        let weighted_rate = self.rate * Decimal::from(self.base_fraction.numerator());
        currency.round(amount * weighted_rate / (Decimal::from(self.base_fraction.denominator()) + weighted_rate))
    }

    /// An amount that includes tax, without it; not rounded.
    pub fn without_tax(&self, amount: Decimal) -> Decimal {
        let denominator = Decimal::from(self.base_fraction.denominator());
        amount * denominator / (denominator + self.rate * Decimal::from(self.base_fraction.numerator()))
    }
}

/// One row of a document's tax breakdown, as documents store and show it. Shipping counts in its group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TaxGroup {
    #[schema(example = "standard")]
    pub tax_category: String,
    /// UNCL5305.
    #[schema(example = "S")]
    pub tax_scheme_category: String,
    pub rate: Rate,
    pub base_fraction: BaseFraction,
    /// Lines after all discounts, and shipping.
    pub net_amount: Amount,
    /// `net_amount × base_fraction`, rounded to be shown; the tax is not computed from the rounded figure.
    pub taxable_amount: Amount,
    pub tax_amount: Amount,
    /// VATEX code, or the authority's own, where nothing is taxed for a reason (EN 16931 BT-121).
    #[serde(default)]
    #[schema(example = "VATEX-EU-IC")]
    pub exemption_code: Option<String>,
    /// The reason in words (EN 16931 BT-120).
    #[serde(default)]
    pub exemption_reason: Option<String>,
    /// What the shop that has charged the tax calls it; null where it is by the organization's own rates.
    #[serde(default)]
    #[schema(example = "CA State Tax, County")]
    pub tax_name: Option<String>,
}

impl TaxGroup {
    /// A group of this rule with nothing in it.
    pub fn empty(rule: &TaxRule, currency: Currency) -> Self {
        Self {
            tax_category: rule.tax_category.clone(),
            tax_scheme_category: rule.tax_scheme_category.clone(),
            rate: Rate(rule.rate),
            base_fraction: rule.base_fraction,
            net_amount: Amount(currency.zero()),
            taxable_amount: Amount(currency.zero()),
            tax_amount: Amount(currency.zero()),
            exemption_code: rule.exemption_code.clone(),
            exemption_reason: rule.exemption_reason.clone(),
            tax_name: rule.name.clone(),
        }
    }

    /// Whether both are of the same rule, whatever their amounts.
    pub fn is_like(&self, other: &Self) -> bool {
        self.tax_category == other.tax_category
            && self.tax_scheme_category == other.tax_scheme_category
            && self.rate == other.rate
            && self.base_fraction == other.base_fraction
    }

    /// The tax that the group's rate gives on a net amount, rounded.
    pub fn tax_on(&self, currency: Currency, net: Decimal) -> Decimal {
        tax_on(currency, net, self.rate.0, self.base_fraction)
    }

    /// The part of a net amount that is taxed, rounded to be shown.
    pub fn taxable_part(&self, currency: Currency, net: Decimal) -> Decimal {
        currency.round(net * Decimal::from(self.base_fraction.numerator()) / Decimal::from(self.base_fraction.denominator()))
    }
}

fn tax_on(currency: Currency, net: Decimal, rate: Decimal, base_fraction: BaseFraction) -> Decimal {
    currency.round(net * rate * Decimal::from(base_fraction.numerator()) / Decimal::from(base_fraction.denominator()))
}

/// Something taxed in a group: a line or the shipping.
pub(super) struct Taxed {
    pub group: usize,
    /// After all discounts; with its tax where prices include tax, else without.
    pub amount: Decimal,
    /// What the shop says the tax is; kept exactly.
    pub given: Option<Decimal>,
}

/// The tax of each member. A group's tax is the sum of what is given, plus one rounded `tax_of(group, Σ amounts)` of the
/// members without a given tax, shared over them by amount with largest remainder. `None` where `tax_of` gives none.
pub(super) fn tax_of_members(
    currency: Currency,
    group_count: usize,
    members: &[Taxed],
    tax_of: impl Fn(usize, Decimal) -> Option<Decimal>,
) -> Option<Vec<Decimal>> {
    let mut taxes: Vec<Decimal> = members.iter().map(|member| member.given.unwrap_or(currency.zero())).collect();
    for group in 0..group_count {
        let open = |member: &Taxed| member.group == group && member.given.is_none();
        let amounts: Vec<Decimal> = members.iter().filter(|&m| open(m)).map(|m| m.amount).collect();
        let tax = tax_of(group, amounts.iter().sum())?;
        let shares = currency.split(tax, &amounts);
        let places = members.iter().enumerate().filter(|(_, m)| open(m)).map(|(i, _)| i);
        for (place, share) in places.zip(shares) {
            taxes[place] = share;
        }
    }
    Some(taxes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rule(rate: Decimal, numerator: u32, denominator: u32) -> TaxRule {
        TaxRule {
            tax_category: "standard".into(),
            tax_scheme_category: "S".into(),
            rate,
            base_fraction: BaseFraction::new(numerator, denominator).unwrap(),
            exemption_code: None,
            exemption_reason: None,
            name: None,
        }
    }

    #[test]
    fn eleven_twelfths_at_twelve_percent_is_eleven_percent() {
        let rupiah = Currency::from_code("IDR").unwrap();
        let rule = rule(Decimal::new(12, 2), 11, 12);
        assert_eq!(rule.tax_on(rupiah, Decimal::from(100_000)).to_string(), "11000.00");
        assert_eq!(rule.tax_contained_in(rupiah, Decimal::from(111_000)).to_string(), "11000.00");
        assert_eq!(TaxGroup::empty(&rule, rupiah).taxable_part(rupiah, Decimal::from(100_000)).to_string(), "91666.67");
    }

    proptest! {
        #[test]
        fn the_tax_contained_is_found_wherever_net_and_rounded_tax_add_up(
            net in 0i64..10_000_000, rate in 0i64..300, numerator in 1u32..=12, code in prop::sample::select(vec!["JPY", "EUR", "KWD"]),
        ) {
            let currency = Currency::from_code(code).unwrap();
            let rule = rule(Decimal::new(rate, 3), numerator, 12);
            let net = Decimal::new(net, currency.minor_units());
            let tax = rule.tax_on(currency, net);
            prop_assert_eq!(rule.tax_contained_in(currency, net + tax), tax);
        }
    }
}
