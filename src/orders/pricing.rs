//! The arithmetic of an order, one rule everywhere (api.md §6). All rounding is half away from zero to the currency's
//! minor unit, and happens once per figure:
//!
//! - a line: `gross = quantity × unit_price ÷ price_quantity`, unrounded; the discounts on it; `net = gross − discounts`;
//! - the order's own discounts, shared over the lines by net with largest remainder;
//! - tax per group of equal rules on the sum of nets (EN 16931 BR-CO-17), shared over lines and shipping the same way;
//! - `total = subtotal − discount_total + shipping_net + tax_total`.
//!
//! Where **prices include tax**, discounts and shipping include it too, and what the buyer pays is what the prices say:
//! the total is the sum of the inclusive amounts, always. Order discounts are shared by the inclusive line amounts, a
//! group's tax is `round(Σ inclusive × r ÷ (1 + r))`, and nets are what is left. Amounts that are shown (gross, discounts,
//! net) are without tax, so that `gross − discount = net` holds for every line of every order.
//!
//! **As given**: the tax that a shop states for a line or the shipping is kept exactly; only the rest is computed.

use super::discount::{Discount, discount_on};
use super::tax::{TaxGroup, TaxRule, Taxed, tax_of_members};
use crate::types::currency::Currency;
use crate::types::decimal::Amount;
use crate::types::fault::{Fault, Faults};
use crate::types::text_enum::text_enum;
use rust_decimal::Decimal;

text_enum! {
    /// Who computes the tax.
    pub enum Pricing {
        /// We do.
        Computed = "computed",
        /// The shop that took the money did; its figures are kept.
        AsGiven = "as_given",
    }
}

/// Everything that decides an order's amounts.
#[derive(Clone, Debug)]
pub struct PricingInput {
    pub currency: Currency,
    pub mode: Pricing,
    pub prices_include_tax: bool,
    pub lines: Vec<LineInput>,
    /// On the whole order; a percent is of the sum of the lines after their own discounts.
    pub discounts: Vec<Discount>,
    pub shipping: Option<ShippingInput>,
}

/// One line, before pricing.
#[derive(Clone, Debug)]
pub struct LineInput {
    /// Above 0, in the line's unit.
    pub quantity: Decimal,
    pub unit_price: Decimal,
    /// The price is for so many units; above 0.
    pub price_quantity: Decimal,
    pub discounts: Vec<Discount>,
    pub tax: TaxRule,
    /// Looked at only where pricing is as given.
    pub given_tax_amount: Option<Decimal>,
}

/// The shipping, before pricing.
#[derive(Clone, Debug)]
pub struct ShippingInput {
    pub amount: Decimal,
    pub tax: TaxRule,
    /// Looked at only where pricing is as given.
    pub given_tax_amount: Option<Decimal>,
}

/// All amounts of an order, each exact in its currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Priced {
    pub lines: Vec<PricedLine>,
    /// Σ net amounts of the lines.
    pub subtotal: Decimal,
    /// The order's own discounts; those of lines are inside their nets.
    pub discount_total: Decimal,
    pub shipping_net: Decimal,
    pub shipping_tax: Decimal,
    /// The place of the shipping's group in `tax_breakdown`.
    pub shipping_tax_group: Option<usize>,
    pub tax_total: Decimal,
    pub tax_breakdown: Vec<TaxGroup>,
    pub total: Decimal,
}

/// The amounts of one line, all without tax but the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PricedLine {
    pub gross_amount: Decimal,
    pub discount_amount: Decimal,
    pub net_amount: Decimal,
    /// This line's share of the order's discounts; not inside `net_amount`.
    pub order_discount_amount: Decimal,
    pub tax_amount: Decimal,
    /// The place of the line's group in `tax_breakdown`.
    pub tax_group: usize,
}

/// Amounts have at most 14 digits before the point; columns and JSON agree on it.
const LIMIT: Decimal = Decimal::from_parts(276_447_232, 23_283, 0, false, 0);

/// Prices an order, or says of all its lines at once what cannot be priced. Pointers are those of `POST /v1/orders`.
pub fn price(input: &PricingInput) -> Result<Priced, Vec<Fault>> {
    let mut faults = Faults::new();
    let lines: Vec<Line> = input.lines.iter().enumerate().map(|(i, line)| price_line(input, i, line, &mut faults)).collect();
    if let Some(shipping) = &input.shipping {
        check_shipping(input, shipping, &mut faults);
    }
    let amounts: Vec<Decimal> = lines.iter().map(|line| line.gross - line.discount).collect();
    let sum: Decimal = amounts.iter().sum();
    faults.require(sum < LIMIT, "/lines", "out_of_range", "together the lines have more than 14 digits before the point");
    // Of faulty lines the sum is not known, and no discount is to be called too large.
    let sum = if faults.is_empty() { sum } else { LIMIT };
    let order_discount = discount_on(sum, &input.discounts, input.currency, "/discounts", &mut faults);
    faults.into_result()?;

    let order_discounts = input.currency.split(order_discount, &amounts);
    let (rules, members) = tax_members(input, &amounts, &order_discounts);
    check_given_taxes(input, &members)?;
    let taxes = tax_of_members(input.currency, rules.len(), &members, |group, amount| {
        let tax = if input.prices_include_tax {
            rules[group].tax_contained_in(input.currency, amount)
        } else {
            rules[group].tax_on(input.currency, amount)
        };
        Some(tax).filter(|tax| *tax < LIMIT)
    })
    .ok_or_else(total_too_large)?;
    let priced_lines = if input.prices_include_tax {
        lines_without_tax(input, &lines, &order_discounts, &members, &taxes)
    } else {
        lines_with_tax_added(&lines, order_discounts, &members, &taxes)
    };
    let priced = sum_up(input, &rules, priced_lines, &members, &taxes);
    if priced.total < LIMIT { Ok(priced) } else { Err(total_too_large()) }
}

/// What each line comes to after its own discounts, in the prices' own terms, rounded.
pub fn line_amounts(input: &PricingInput) -> Result<Vec<Decimal>, Vec<Fault>> {
    let mut faults = Faults::new();
    let lines: Vec<Line> = input.lines.iter().enumerate().map(|(i, line)| price_line(input, i, line, &mut faults)).collect();
    faults.into_result()?;
    Ok(lines.iter().map(|line| line.gross - line.discount).collect())
}

fn total_too_large() -> Vec<Fault> {
    Faults::one("/lines", "out_of_range", "the total has more than 14 digits before the point")
}

/// A line in the prices' own terms: with tax where prices include it. Rounded.
struct Line {
    gross: Decimal,
    discount: Decimal,
}

fn price_line(input: &PricingInput, i: usize, line: &LineInput, faults: &mut Faults) -> Line {
    let pointer = |field: &str| format!("/lines/{i}{field}");
    let nothing = Line { gross: input.currency.zero(), discount: input.currency.zero() };
    if line.quantity <= Decimal::ZERO {
        faults.add(pointer("/quantity"), "out_of_range", "must be above 0");
    }
    if line.unit_price < Decimal::ZERO {
        faults.add(pointer("/unit_price"), "out_of_range", "must not be negative");
    }
    check_rule(&line.tax, || pointer(""), faults);
    if input.mode == Pricing::AsGiven {
        check_money(input.currency, line.given_tax_amount, || pointer("/tax_amount"), faults);
    }
    if line.quantity <= Decimal::ZERO || line.unit_price < Decimal::ZERO || line.price_quantity <= Decimal::ZERO {
        faults.require(
            line.price_quantity > Decimal::ZERO,
            pointer(""),
            "price_quantity_invalid",
            "the price must be for a quantity above 0",
        );
        return nothing;
    }
    let gross = line.quantity.checked_mul(line.unit_price).and_then(|product| product.checked_div(line.price_quantity));
    let Some(gross) = gross.filter(|gross| *gross < LIMIT) else {
        faults.add(pointer("/unit_price"), "out_of_range", "the line's amount has more than 14 digits before the point");
        return nothing;
    };
    let discount = if line.discounts.is_empty() {
        input.currency.zero()
    } else {
        discount_on(gross, &line.discounts, input.currency, &pointer("/discounts"), faults)
    };
    Line { gross: input.currency.round(gross), discount }
}

fn check_shipping(input: &PricingInput, shipping: &ShippingInput, faults: &mut Faults) {
    check_money(input.currency, Some(shipping.amount), || "/shipping/amount".into(), faults);
    check_rule(&shipping.tax, || "/shipping".into(), faults);
    if input.mode == Pricing::AsGiven {
        check_money(input.currency, shipping.given_tax_amount, || "/shipping/tax_amount".into(), faults);
    }
}

fn check_rule(rule: &TaxRule, pointer: impl Fn() -> String, faults: &mut Faults) {
    if rule.rate < Decimal::ZERO || rule.rate >= Decimal::TEN {
        faults.add(pointer(), "tax_rate_invalid", "a tax rate is a fraction from 0 to below 10");
    }
}

fn check_money(currency: Currency, amount: Option<Decimal>, pointer: impl Fn() -> String, faults: &mut Faults) {
    let Some(amount) = amount else { return };
    if amount < Decimal::ZERO || amount >= LIMIT {
        faults.add(pointer(), "out_of_range", "must not be negative, nor have more than 14 digits before the point");
    } else if !currency.is_exact(amount) {
        faults.add(pointer(), "too_many_decimals", "more decimal places than the currency has");
    }
}

/// The distinct tax rules in order of appearance, and who is taxed under them: the lines, then the shipping.
fn tax_members<'a>(input: &'a PricingInput, amounts: &[Decimal], order_discounts: &[Decimal]) -> (Vec<&'a TaxRule>, Vec<Taxed>) {
    let mut rules: Vec<&TaxRule> = Vec::new();
    let mut group_of = |rule: &'a TaxRule| {
        rules.iter().position(|known| *known == rule).unwrap_or_else(|| {
            rules.push(rule);
            rules.len() - 1
        })
    };
    let given = |tax: Option<Decimal>| match input.mode {
        Pricing::Computed => None,
        Pricing::AsGiven => tax.map(|tax| input.currency.round(tax)),
    };
    let mut members: Vec<Taxed> = Vec::with_capacity(input.lines.len() + 1);
    for ((line, amount), discount) in input.lines.iter().zip(amounts).zip(order_discounts) {
        members.push(Taxed { group: group_of(&line.tax), amount: amount - discount, given: given(line.given_tax_amount) });
    }
    if let Some(shipping) = &input.shipping {
        let amount = input.currency.round(shipping.amount);
        members.push(Taxed { group: group_of(&shipping.tax), amount, given: given(shipping.given_tax_amount) });
    }
    (rules, members)
}

/// Inside a price there cannot be more tax than the price.
fn check_given_taxes(input: &PricingInput, members: &[Taxed]) -> Result<(), Vec<Fault>> {
    let mut faults = Faults::new();
    if input.prices_include_tax {
        for (i, member) in members.iter().enumerate() {
            if member.given.is_some_and(|tax| tax > member.amount) {
                let place = if i < input.lines.len() { format!("/lines/{i}") } else { "/shipping".into() };
                faults.add(format!("{place}/tax_amount"), "tax_above_amount", "the price includes tax, but is less than this tax");
            }
        }
    }
    faults.into_result()
}

fn lines_with_tax_added(lines: &[Line], order_discounts: Vec<Decimal>, members: &[Taxed], taxes: &[Decimal]) -> Vec<PricedLine> {
    let of_line = |(((line, order_discount), member), tax): (((&Line, Decimal), &Taxed), &Decimal)| PricedLine {
        gross_amount: line.gross,
        discount_amount: line.discount,
        net_amount: line.gross - line.discount,
        order_discount_amount: order_discount,
        tax_amount: *tax,
        tax_group: member.group,
    };
    lines.iter().zip(order_discounts).zip(members).zip(taxes).map(of_line).collect()
}

/// Takes the tax out of inclusive lines. What is left after tax and all discounts is fixed by the total; the discounts
/// without tax are added to it again, so that no figure can become negative. A line whose given tax is zero was not taxed,
/// whatever its rule says.
fn lines_without_tax(
    input: &PricingInput,
    lines: &[Line],
    order_discounts: &[Decimal],
    members: &[Taxed],
    taxes: &[Decimal],
) -> Vec<PricedLine> {
    let currency = input.currency;
    let without_tax = |i: usize, amount: Decimal| match members[i].given {
        Some(tax) if tax.is_zero() => amount,
        _ => input.lines[i].tax.without_tax(amount),
    };
    let ideal: Vec<Decimal> = order_discounts.iter().enumerate().map(|(i, &discount)| without_tax(i, discount)).collect();
    let shares = currency.split(currency.round(ideal.iter().sum()), &ideal);
    let of_line = |(i, order_discount_amount): (usize, Decimal)| {
        let net_amount = members[i].amount - taxes[i] + order_discount_amount;
        let discount_amount = currency.round(without_tax(i, lines[i].discount));
        PricedLine {
            gross_amount: net_amount + discount_amount,
            discount_amount,
            net_amount,
            order_discount_amount,
            tax_amount: taxes[i],
            tax_group: members[i].group,
        }
    };
    shares.into_iter().enumerate().map(of_line).collect()
}

fn sum_up(input: &PricingInput, rules: &[&TaxRule], lines: Vec<PricedLine>, members: &[Taxed], taxes: &[Decimal]) -> Priced {
    let currency = input.currency;
    let sum = |amounts: &mut dyn Iterator<Item = Decimal>| amounts.fold(currency.zero(), |sum, amount| sum + amount);
    let shipping = members.get(lines.len()).zip(taxes.get(lines.len()));
    let shipping_tax = shipping.map_or(currency.zero(), |(_, tax)| *tax);
    let shipping_net =
        shipping.map_or(currency.zero(), |(member, tax)| if input.prices_include_tax { member.amount - tax } else { member.amount });
    let shipping_tax_group = shipping.map(|(member, _)| member.group);

    let mut groups: Vec<TaxGroup> = rules.iter().map(|rule| TaxGroup::empty(rule, currency)).collect();
    for line in &lines {
        let group = &mut groups[line.tax_group];
        group.net_amount.0 += line.net_amount - line.order_discount_amount;
        group.tax_amount.0 += line.tax_amount;
    }
    if let Some(group) = shipping_tax_group {
        groups[group].net_amount.0 += shipping_net;
        groups[group].tax_amount.0 += shipping_tax;
    }
    for group in &mut groups {
        group.taxable_amount = Amount(group.taxable_part(currency, group.net_amount.0));
    }

    let subtotal = sum(&mut lines.iter().map(|line| line.net_amount));
    let discount_total = sum(&mut lines.iter().map(|line| line.order_discount_amount));
    let tax_total = sum(&mut taxes.iter().copied());
    let total = subtotal - discount_total + shipping_net + tax_total;
    Priced { lines, subtotal, discount_total, shipping_net, shipping_tax, shipping_tax_group, tax_total, tax_breakdown: groups, total }
}

#[cfg(test)]
pub(crate) mod tests;
#[cfg(test)]
mod worked_examples;
