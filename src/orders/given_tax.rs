//! Tax that a shop has charged where our own rules would charge none, or at another rate: a document that shows it must not say that
//! nothing is due. Such a line or shipping is taxed as the shop has taxed it, in category `S` (EN 16931 BR-S-01 to BR-S-10), at the
//! shop's rate and under its name. Amounts are never changed by this, only what they are called.
//!
//! The rate is the first of these at which the given tax is what the net amount bears: our own, what the shop says its rates add up to,
//! one that another line has by this, and the shortest that makes the tax of the net, in hundredths of a percent and less.
//!
//! EN 16931 wants rate × base within 1.00 of the tax of a group (BR-CO-17, BR-S-09), and nothing beside what is not subject to tax
//! (BR-O-11 to BR-O-14): what the shop has left untaxed beside what it has taxed is exempt (`E`) instead.

use super::discount::discount_on;
use super::pricing::{Pricing, PricingInput, line_amounts};
use super::tax::TaxRule;
use super::tax_treatment::REASONS;
use crate::types::base_fraction::BaseFraction;
use crate::types::decimal::Rate;
use crate::types::fault::Faults;
use crate::types::text::check_optional_text;
use rust_decimal::{Decimal, RoundingStrategy};

/// What a shop says of the tax of a line or the shipping, beside its amount.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// The sum of its rates, a fraction; none where it does not say them.
    pub rate: Option<Decimal>,
    pub name: Option<String>,
    /// The organization's own category of what is sold.
    pub category: String,
    /// How it was taxed so far by this, kept where it still fits.
    pub kept: Option<TaxRule>,
}

/// Rate and name of a shop's tax say something of its amount alone. `at` is where they stand, such as `/lines/0`.
pub fn check(faults: &mut Faults, at: &str, has_amount: bool, rate: Option<Rate>, name: Option<&str>) {
    let with = "give it with tax_amount";
    faults.require(has_amount || rate.is_none(), format!("{at}/tax_rate"), "only_with_tax_amount", with);
    faults.require(has_amount || name.is_none(), format!("{at}/tax_name"), "only_with_tax_amount", with);
    let fits = rate.is_none_or(|rate| rate.0 >= Decimal::ZERO && rate.0 < HIGHEST);
    faults.require(fits, format!("{at}/tax_rate"), "out_of_range", "a fraction from 0 to below 10, such as 0.0825");
    check_optional_text(faults, &format!("{at}/tax_name"), name, NAME_LENGTH);
}

/// Beyond this no rate is one.
const HIGHEST: Decimal = Decimal::TEN;
/// A rate is stored with so many places; 2 of them are whole percents.
const PLACES: std::ops::RangeInclusive<u32> = 2..=6;
/// The category that shipping is of.
pub const STANDARD: &str = "standard";
/// Names on a document, one after the other.
const NAME_LENGTH: usize = 100;

/// Something that bears a tax of the shop's.
struct Taxed {
    /// Place among the lines; none for the shipping.
    line: Option<usize>,
    net: Decimal,
    tax: Decimal,
}

/// Gives lines and shipping that bear a tax of the shop's the rule by which they do. `told` is one a line; what it is none for keeps
/// its rule.
pub fn take(input: &mut PricingInput, told: &[Option<Told>], of_shipping: Option<&Told>) {
    if input.mode != Pricing::AsGiven {
        return;
    }
    let Some(nets) = nets(input) else { return };
    let mut taxed: Vec<Taxed> = vec![];
    for (i, net) in nets.iter().enumerate() {
        let tax = input.lines[i].given_tax_amount.filter(|tax| *tax > Decimal::ZERO);
        if let (Some(tax), Some(Some(_))) = (tax, told.get(i)) {
            taxed.push(Taxed { line: Some(i), net: *net, tax });
        }
    }
    if let (Some(shipping), Some(_)) = (&input.shipping, of_shipping)
        && let Some(tax) = shipping.given_tax_amount.filter(|tax| *tax > Decimal::ZERO)
    {
        let net = if input.prices_include_tax { shipping.amount - tax } else { shipping.amount };
        taxed.push(Taxed { line: None, net, tax });
    }
    let told_of = |of: &Taxed| match of.line {
        Some(i) => told.get(i).and_then(Option::as_ref),
        None => of_shipping,
    };
    // The largest amounts tell a rate best.
    taxed.sort_by_key(|line| std::cmp::Reverse(line.net));
    let mut rates: Vec<Decimal> = joint_rate(input, &taxed).into_iter().collect();
    for of in &taxed {
        let Some(told) = told_of(of) else { continue };
        let ours = match (of.line, &input.shipping) {
            (Some(i), _) => input.lines[i].tax.clone(),
            (None, Some(shipping)) => shipping.tax.clone(),
            (None, None) => continue,
        };
        let rule = match rule_of(input, of, told, &ours, &mut rates) {
            Some(rule) if rule != ours => rule,
            _ => continue,
        };
        set(input, of.line, rule);
    }
    let named =
        input.lines.iter().map(|line| &line.tax).chain(input.shipping.iter().map(|shipping| &shipping.tax)).any(|rule| rule.name.is_some());
    if named {
        exempt_the_rest(input, told, of_shipping.is_some());
        share_names(input);
    }
}

/// What is left of each line for its tax to be on; none where the order cannot be priced, which pricing says then.
fn nets(input: &PricingInput) -> Option<Vec<Decimal>> {
    let amounts = line_amounts(input).ok()?;
    let most = Decimal::from(100_000_000_000_000_i64);
    let sum: Decimal = amounts.iter().sum();
    let mut faults = Faults::new();
    let off = discount_on(sum, &input.discounts, input.currency, "/discounts", &mut faults);
    if !faults.is_empty() || sum >= most || input.lines.iter().any(|line| line.given_tax_amount.is_some_and(|tax| tax >= most)) {
        return None;
    }
    if input.shipping.as_ref().is_some_and(|shipping| shipping.amount >= most) {
        return None;
    }
    let shares = input.currency.split(off, &amounts);
    let net = |((amount, off), line): ((&Decimal, Decimal), &super::pricing::LineInput)| {
        let inside = line.given_tax_amount.filter(|_| input.prices_include_tax).unwrap_or_default();
        amount - off - inside
    };
    Some(amounts.iter().zip(shares).zip(&input.lines).map(net).collect())
}

fn set(input: &mut PricingInput, line: Option<usize>, rule: TaxRule) {
    match (line, &mut input.shipping) {
        (Some(i), _) => input.lines[i].tax = rule,
        (None, Some(shipping)) => shipping.tax = rule,
        (None, None) => {}
    }
}

/// How far the tax of a rate may be from the given one, for both to be the same: shops round by the unit and to what they show.
fn slack(input: &PricingInput, net: Decimal) -> Decimal {
    let least = Decimal::new(2, input.currency.minor_units());
    (net * Decimal::new(1, 5)).clamp(least, Decimal::new(5, 1).max(least))
}

fn bears(input: &PricingInput, of: &Taxed, rate: Decimal) -> bool {
    of.net > Decimal::ZERO && (of.net * rate - of.tax).abs() <= slack(input, of.net)
}

/// On the whole of a price.
fn effective(rule: &TaxRule) -> Decimal {
    rule.rate * Decimal::from(rule.base_fraction.numerator()) / Decimal::from(rule.base_fraction.denominator())
}

fn rule_of(input: &PricingInput, of: &Taxed, told: &Told, ours: &TaxRule, rates: &mut Vec<Decimal>) -> Option<TaxRule> {
    let same = |rate: Decimal| told.rate.is_none_or(|told| (told - rate).abs() <= Decimal::new(1, 4));
    for known in told.kept.iter().chain([ours]) {
        let rate = effective(known);
        if known.tax_scheme_category == "S" && rate > Decimal::ZERO && same(rate) && bears(input, of, rate) {
            return Some(known.clone());
        }
    }
    let stated =
        told.rate.map(|rate| rate.round_dp(*PLACES.end())).filter(|rate| is_rate(*rate) && (of.net.is_zero() || bears(input, of, *rate)));
    let known = || rates.iter().copied().find(|rate| bears(input, of, *rate));
    let rate = stated.or_else(known).or_else(|| plausible(input, of.net, of.tax))?;
    if !rates.contains(&rate) {
        rates.push(rate);
    }
    let reasoned = REASONS.contains(&ours.tax_category.as_str());
    Some(TaxRule {
        tax_category: if reasoned { told.category.clone() } else { ours.tax_category.clone() },
        tax_scheme_category: "S".to_owned(),
        rate: rate.normalize(),
        base_fraction: BaseFraction::WHOLE,
        exemption_code: None,
        exemption_reason: None,
        name: Some(told.name.clone().unwrap_or_else(|| "Tax".to_owned())),
    })
}

fn is_rate(rate: Decimal) -> bool {
    rate > Decimal::ZERO && rate < HIGHEST
}

/// The shortest rate of all that is taxed together, where it makes the tax of each: shops that round each line are not taken for so many
/// rates.
fn joint_rate(input: &PricingInput, taxed: &[Taxed]) -> Option<Decimal> {
    let (net, tax) = taxed.iter().fold((Decimal::ZERO, Decimal::ZERO), |(net, tax), of| (net + of.net, tax + of.tax));
    shortened(net, tax)?.find(|rate| taxed.iter().all(|of| makes(input, of.net, *rate, of.tax)))
}

/// The rate with the fewest places by which that tax falls on that net.
fn plausible(input: &PricingInput, net: Decimal, tax: Decimal) -> Option<Decimal> {
    let found = shortened(net, tax)?.find(|rate| makes(input, net, *rate, tax));
    found.or_else(|| shortened(net, tax)?.last()).filter(|rate| is_rate(*rate))
}

/// What that tax is of that net, in ever more places.
fn shortened(net: Decimal, tax: Decimal) -> Option<impl Iterator<Item = Decimal>> {
    let exact = if net > Decimal::ZERO { tax.checked_div(net) } else { None };
    let exact = exact.filter(|rate| is_rate(*rate))?;
    Some(PLACES.map(move |places| exact.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero)))
}

/// Whether the rate on the net, rounded, is that tax; of large amounts to what shops show of them.
fn makes(input: &PricingInput, net: Decimal, rate: Decimal, tax: Decimal) -> bool {
    let half = Decimal::new(5, input.currency.minor_units() + 1);
    (net * rate - tax).abs() <= (net * Decimal::new(1, 5)).clamp(half, Decimal::new(5, 1).max(half))
}

fn exempt_the_rest(input: &mut PricingInput, told: &[Option<Told>], shipping: bool) {
    let exempt = |rule: &mut TaxRule| {
        if rule.tax_scheme_category == "O" {
            rule.tax_scheme_category = "E".to_owned();
            rule.exemption_code = None;
            rule.exemption_reason.get_or_insert_with(|| "Not subject to tax".to_owned());
        }
    };
    input.lines.iter_mut().zip(told).filter(|(_, told)| told.is_some()).for_each(|(line, _)| exempt(&mut line.tax));
    input.shipping.iter_mut().filter(|_| shipping).for_each(|shipping| exempt(&mut shipping.tax));
}

/// What is taxed at one rate is one group of the document, under all its names.
fn share_names(input: &mut PricingInput) {
    let PricingInput { lines, shipping, .. } = input;
    let mut rules: Vec<&mut TaxRule> =
        lines.iter_mut().map(|line| &mut line.tax).chain(shipping.iter_mut().map(|shipping| &mut shipping.tax)).collect();
    for i in 0..rules.len() {
        let Some(mut name) = rules[i].name.clone() else { continue };
        for other in rules.iter().filter(|other| other.is_like(&*rules[i])) {
            if let Some(more) = other.name.as_ref().filter(|more| !name.contains(more.as_str())) {
                name = format!("{name}, {more}").chars().take(NAME_LENGTH).collect();
            }
        }
        let like = rules[i].clone();
        rules.iter_mut().filter(|other| other.is_like(&like)).for_each(|other| other.name = Some(name.clone()));
    }
}

#[cfg(test)]
mod tests;
