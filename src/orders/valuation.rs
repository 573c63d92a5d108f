//! The value of a part of an order. It is cumulative: `value` says what everything invoiced so far is worth, and one
//! invoice is the `difference` of two such values. So partial invoices add up to the order to the minor unit, whatever
//! their number and sizes, and no remainder has to be chased.
//!
//! - Line money at `q` of `quantity` units is `round(amount × q ÷ quantity)`; at the full quantity it is the order's own.
//! - Tax of a group whose figure follows from its rate (computed orders): `round(cumulative net × base fraction × rate)`.
//! - Tax of any other group (as given, or prices that include it): `round(Σ line tax × q ÷ quantity + shipping tax)`. That
//!   is the group's tax in proportion to net, except that a line which the shop did not tax carries none of it.
//! - Shipping is in it as soon as any quantity is, or where the caller says so: goods that came back leave the shipping due.
//! - Where a line was invoiced before the order was edited, what is on invoices keeps its amounts: up to that quantity they are
//!   shared as then, and the rest of the line is what is left of its amounts. So invoices from before and after an edit add up to
//!   the order as it is now.
//!
//! Every figure grows with the quantities, so a difference of growing quantities is not negative. The one exception is an
//! invoice that is worth less than a minor unit after an order discount (net and discount round apart).

use super::pricing::{Priced, Pricing, PricingInput};
use super::tax::TaxGroup;
use crate::types::currency::Currency;
use crate::types::decimal::{Amount, Quantity};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// An order's amounts, as priced or as stored.
#[derive(Clone, Debug)]
pub struct ValuedDocument {
    pub currency: Currency,
    pub pricing: Pricing,
    pub lines: Vec<ValuedLine>,
    pub shipping: Option<ValuedShipping>,
    pub tax_breakdown: Vec<TaxGroup>,
}

/// One line's amounts at its full quantity.
#[derive(Clone, Debug)]
pub struct ValuedLine {
    pub quantity: Decimal,
    pub discount_amount: Decimal,
    pub net_amount: Decimal,
    pub order_discount_amount: Decimal,
    pub tax_amount: Decimal,
    /// The place of its group in `tax_breakdown`.
    pub tax_group: usize,
    /// What was on invoices when the order was last edited.
    pub invoiced: Option<InvoicedPart>,
}

/// What of a line is on invoices, with the amounts that it has there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoicedPart {
    /// Above 0, in the line's unit.
    pub quantity: Quantity,
    pub discount_amount: Amount,
    pub net_amount: Amount,
    pub order_discount_amount: Amount,
    pub tax_amount: Amount,
}

#[derive(Clone, Debug)]
pub struct ValuedShipping {
    pub net: Decimal,
    pub tax: Decimal,
    /// The place of its group in `tax_breakdown`.
    pub tax_group: usize,
}

impl ValuedDocument {
    /// An order that has just been priced.
    pub fn of(input: &PricingInput, priced: &Priced) -> Self {
        let lines = input.lines.iter().zip(&priced.lines).map(|(line, priced)| ValuedLine {
            quantity: line.quantity,
            discount_amount: priced.discount_amount,
            net_amount: priced.net_amount,
            order_discount_amount: priced.order_discount_amount,
            tax_amount: priced.tax_amount,
            tax_group: priced.tax_group,
            invoiced: None,
        });
        let shipping = |tax_group| ValuedShipping { net: priced.shipping_net, tax: priced.shipping_tax, tax_group };
        Self {
            currency: input.currency,
            pricing: input.mode,
            lines: lines.collect(),
            shipping: priced.shipping_tax_group.map(shipping),
            tax_breakdown: priced.tax_breakdown.clone(),
        }
    }
}

/// A part of an order: everything up to some quantities, or what one invoice adds to that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Portion {
    pub lines: Vec<PortionLine>,
    pub subtotal: Decimal,
    pub discount_total: Decimal,
    pub shipping_net: Decimal,
    pub shipping_tax: Decimal,
    pub tax_total: Decimal,
    pub total: Decimal,
    currency: Currency,
    shipping_group: Option<usize>,
    /// All groups of the document, with zeros where nothing of them is in this part.
    groups: Vec<TaxGroup>,
}

/// One line of a portion; all zero where nothing of it is in this part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortionLine {
    pub quantity: Decimal,
    pub gross_amount: Decimal,
    pub discount_amount: Decimal,
    pub net_amount: Decimal,
    pub order_discount_amount: Decimal,
    /// Its share of the portion's group tax, by largest remainder.
    pub tax_amount: Decimal,
    pub tax_group: usize,
    /// What its group's tax is shared by.
    tax_weight: Decimal,
}

impl Portion {
    /// The groups that something in this part belongs to.
    pub fn tax_breakdown(&self) -> Vec<TaxGroup> {
        let present = |place: usize| {
            self.lines.iter().any(|line| line.tax_group == place && !line.quantity.is_zero())
                || (self.shipping_group == Some(place) && !(self.shipping_net.is_zero() && self.shipping_tax.is_zero()))
        };
        self.groups.iter().enumerate().filter(|(place, _)| present(*place)).map(|(_, group)| group.clone()).collect()
    }

    fn is_empty(&self) -> bool {
        self.lines.iter().all(|line| line.quantity.is_zero()) && self.shipping_net.is_zero() && self.shipping_tax.is_zero()
    }

    /// Shares each group's tax, without what the shipping has of it, over the group's lines that are in this part.
    fn share_tax(&mut self) {
        for (place, group) in self.groups.iter().enumerate() {
            let of_shipping = if self.shipping_group == Some(place) { self.shipping_tax } else { self.currency.zero() };
            let here = |line: &PortionLine| line.tax_group == place && !line.quantity.is_zero();
            let weights: Vec<Decimal> = self.lines.iter().filter(|line| here(line)).map(|line| line.tax_weight).collect();
            let shares = self.currency.split(group.tax_amount.0 - of_shipping, &weights);
            for (line, share) in self.lines.iter_mut().filter(|line| here(line)).zip(shares) {
                line.tax_amount = share;
            }
        }
    }

    fn sum_up(&mut self) {
        let sum = |amounts: &mut dyn Iterator<Item = Decimal>| amounts.fold(self.currency.zero(), |sum, amount| sum + amount);
        self.subtotal = sum(&mut self.lines.iter().map(|line| line.net_amount));
        self.discount_total = sum(&mut self.lines.iter().map(|line| line.order_discount_amount));
        self.tax_total = sum(&mut self.groups.iter().map(|group| group.tax_amount.0));
        self.total = self.subtotal - self.discount_total + self.shipping_net + self.tax_total;
    }
}

/// What the given quantities of the document's lines are worth together. A missing quantity is 0; one outside the line's is
/// brought inside it. At full quantities every figure is the document's own.
pub fn value(document: &ValuedDocument, quantities: &[Decimal]) -> Portion {
    value_with(document, quantities, |any_quantity| any_quantity)
}

/// As [`value`], where `ships` says whether the shipping is in it, knowing whether any quantity is.
pub fn value_with(document: &ValuedDocument, quantities: &[Decimal], ships: impl Fn(bool) -> bool) -> Portion {
    let currency = document.currency;
    let quantity_of =
        |i: usize, line: &ValuedLine| quantities.get(i).copied().unwrap_or_default().clamp(Decimal::ZERO, line.quantity.max(Decimal::ZERO));
    let by_rate: Vec<bool> = (0..document.tax_breakdown.len()).map(|place| follows_from_its_rate(document, place)).collect();
    let lines: Vec<PortionLine> = document
        .lines
        .iter()
        .enumerate()
        .map(|(i, line)| line_value(currency, line, quantity_of(i, line), by_rate[line.tax_group]))
        .collect();
    let shipping = document.shipping.as_ref().filter(|_| ships(lines.iter().any(|line| !line.quantity.is_zero())));
    let mut portion = Portion {
        subtotal: currency.zero(),
        discount_total: currency.zero(),
        shipping_net: currency.round(shipping.map_or(Decimal::ZERO, |shipping| shipping.net)),
        shipping_tax: currency.round(shipping.map_or(Decimal::ZERO, |shipping| shipping.tax)),
        tax_total: currency.zero(),
        total: currency.zero(),
        currency,
        shipping_group: document.shipping.as_ref().map(|shipping| shipping.tax_group),
        groups: Vec::new(),
        lines,
    };
    portion.groups = (0..document.tax_breakdown.len()).map(|place| group_value(document, &portion, place, by_rate[place])).collect();
    if portion.lines.iter().zip(&document.lines).all(|(part, line)| part.quantity == line.quantity) {
        for (part, line) in portion.lines.iter_mut().zip(&document.lines) {
            part.tax_amount = line.tax_amount;
        }
    } else {
        portion.share_tax();
    }
    portion.sum_up();
    portion
}

/// What lies between two values of one document: one invoice.
pub fn difference(after: &Portion, before: &Portion) -> Portion {
    if before.is_empty() {
        return after.clone();
    }
    let mut invoice = after.clone();
    for (line, before) in invoice.lines.iter_mut().zip(&before.lines) {
        line.quantity -= before.quantity;
        line.gross_amount -= before.gross_amount;
        line.discount_amount -= before.discount_amount;
        line.net_amount -= before.net_amount;
        line.order_discount_amount -= before.order_discount_amount;
        line.tax_weight -= before.tax_weight;
        line.tax_amount = invoice.currency.zero();
    }
    for (group, before) in invoice.groups.iter_mut().zip(&before.groups) {
        group.net_amount.0 -= before.net_amount.0;
        group.taxable_amount.0 -= before.taxable_amount.0;
        group.tax_amount.0 -= before.tax_amount.0;
    }
    invoice.shipping_net -= before.shipping_net;
    invoice.shipping_tax -= before.shipping_tax;
    invoice.share_tax();
    invoice.sum_up();
    invoice
}

fn follows_from_its_rate(document: &ValuedDocument, place: usize) -> bool {
    let group = &document.tax_breakdown[place];
    match document.pricing {
        Pricing::Computed => {
            group.tax_on(document.currency, group.net_amount.0) == group.tax_amount.0 && invoiced_by_its_rate(document, place)
        }
        Pricing::AsGiven => false,
    }
}

/// Whether what was on invoices before an edit has the tax that the group's rate gives on it; true where nothing was.
fn invoiced_by_its_rate(document: &ValuedDocument, place: usize) -> bool {
    let here = || document.lines.iter().filter(|line| line.tax_group == place).filter_map(|line| line.invoiced);
    if here().next().is_none() {
        return true;
    }
    let shipping = document.shipping.as_ref().filter(|shipping| shipping.tax_group == place);
    let zero = document.currency.zero();
    let (shipping_net, shipping_tax) = shipping.map_or((zero, zero), |shipping| (shipping.net, shipping.tax));
    let net = here().fold(shipping_net, |sum, part| sum + part.net_amount.0 - part.order_discount_amount.0);
    let tax = here().fold(shipping_tax, |sum, part| sum + part.tax_amount.0);
    document.tax_breakdown[place].tax_on(document.currency, net) == tax
}

fn line_value(currency: Currency, line: &ValuedLine, quantity: Decimal, by_rate: bool) -> PortionLine {
    let part = |amount: Decimal, invoiced: fn(&InvoicedPart) -> Amount| match &line.invoiced {
        _ if quantity == line.quantity => amount,
        Some(part) if quantity <= part.quantity.0 => invoiced(part).0 * quantity / part.quantity.0,
        Some(part) => invoiced(part).0 + (amount - invoiced(part).0) * (quantity - part.quantity.0) / (line.quantity - part.quantity.0),
        None => amount * quantity / line.quantity,
    };
    let net_amount = currency.round(part(line.net_amount, |part| part.net_amount));
    let discount_amount = currency.round(part(line.discount_amount, |part| part.discount_amount));
    let order_discount_amount = currency.round(part(line.order_discount_amount, |part| part.order_discount_amount));
    PortionLine {
        quantity,
        gross_amount: net_amount + discount_amount,
        discount_amount,
        net_amount,
        order_discount_amount,
        tax_amount: currency.zero(),
        tax_group: line.tax_group,
        tax_weight: if by_rate { net_amount - order_discount_amount } else { part(line.tax_amount, |part| part.tax_amount) },
    }
}

/// A group's figures in a cumulative part whose lines and shipping are known. The shipping's own tax is always whole, so
/// that it is the order's on the first invoice and nothing later.
fn group_value(document: &ValuedDocument, portion: &Portion, place: usize, by_rate: bool) -> TaxGroup {
    let currency = document.currency;
    let here = || portion.lines.iter().filter(|line| line.tax_group == place && !line.quantity.is_zero());
    let ships = portion.shipping_group == Some(place);
    let shipping_net = if ships { portion.shipping_net } else { currency.zero() };
    let shipping_tax = if ships { portion.shipping_tax } else { currency.zero() };
    let net = here().fold(shipping_net, |sum, line| sum + line.net_amount - line.order_discount_amount);
    let group = &document.tax_breakdown[place];
    let tax = if here().next().is_none() {
        shipping_tax
    } else if by_rate {
        group.tax_on(currency, net).max(shipping_tax)
    } else {
        currency.round(here().map(|line| line.tax_weight).sum::<Decimal>() + shipping_tax)
    };
    TaxGroup {
        net_amount: Amount(net),
        taxable_amount: Amount(group.taxable_part(currency, net)),
        tax_amount: Amount(tax),
        ..group.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::pricing::price;
    use crate::orders::pricing::tests::{any_order, dec, line, order, percent_off, rule};
    use proptest::prelude::*;

    fn document(input: &PricingInput) -> (Priced, ValuedDocument) {
        let priced = price(input).unwrap();
        let document = ValuedDocument::of(input, &priced);
        (priced, document)
    }

    #[test]
    fn three_thirds_are_a_whole() {
        let (priced, document) = document(&order("EUR", vec![line("3", "33.335", "0.19")]));
        let values: Vec<Portion> = (0..=3).map(|q: i64| value(&document, &[q.into()])).collect();
        let invoices: Vec<Portion> = values.windows(2).map(|pair| difference(&pair[1], &pair[0])).collect();
        let shown: Vec<String> = invoices.iter().map(|i| format!("{} {} {}", i.subtotal, i.tax_total, i.total)).collect();
        assert_eq!(shown, ["33.34 6.33 39.67", "33.33 6.34 39.67", "33.34 6.33 39.67"]);
        assert_eq!(invoices.iter().map(|i| i.total).sum::<Decimal>(), priced.total);
    }

    #[test]
    fn shipping_is_on_the_first_invoice_with_the_orders_own_tax() {
        let mut input = order("EUR", vec![line("2", "10", "0.19"), line("1", "5", "0.07")]);
        input.shipping = Some(crate::orders::pricing::ShippingInput { amount: dec("4.90"), tax: rule("0.19"), given_tax_amount: None });
        let (priced, document) = document(&input);
        let first = value(&document, &[dec("0"), dec("1")]);
        assert_eq!((first.shipping_net, first.shipping_tax, first.subtotal), (dec("4.90"), dec("0.93"), dec("5")));
        assert_eq!(first.tax_breakdown().len(), 2);
        let rest = difference(&value(&document, &[dec("2"), dec("1")]), &first);
        assert_eq!((rest.shipping_net, rest.shipping_tax), (dec("0"), dec("0")));
        assert_eq!(rest.tax_breakdown().iter().map(|group| group.rate.0).collect::<Vec<_>>(), [dec("0.19")]);
        assert_eq!(first.total + rest.total, priced.total);
    }

    #[test]
    fn a_line_that_the_shop_did_not_tax_is_invoiced_without_tax() {
        let mut input = order("EUR", vec![line("2", "10", "0.19"), line("2", "10", "0.19")]);
        input.mode = Pricing::AsGiven;
        input.lines[0].given_tax_amount = Some(dec("0"));
        input.lines[1].given_tax_amount = Some(dec("3.79"));
        let (_, document) = document(&input);
        let untaxed = value(&document, &[dec("2")]);
        assert_eq!(untaxed.tax_total, dec("0"));
        let taxed = difference(&value(&document, &[dec("2"), dec("2")]), &untaxed);
        assert_eq!((taxed.lines[0].tax_amount, taxed.lines[1].tax_amount), (dec("0"), dec("3.79")));
    }

    #[test]
    fn tax_without_net_is_not_lost() {
        let mut input = order("EUR", vec![line("2", "10", "0.19")]);
        (input.mode, input.discounts) = (Pricing::AsGiven, vec![percent_off("100")]);
        input.lines[0].given_tax_amount = Some(dec("0.03"));
        let (_, document) = document(&input);
        let half = value(&document, &[dec("1")]);
        let rest = difference(&value(&document, &[dec("2")]), &half);
        assert_eq!((half.total, rest.total), (dec("0.02"), dec("0.01")));
    }

    /// Growing quantities, as fractions of each line in 1/8, the last one full.
    fn steps(lines: usize) -> impl Strategy<Value = Vec<Vec<i64>>> {
        prop::collection::vec(prop::collection::vec(0i64..4, lines), 0..6).prop_map(move |increments| {
            let mut sum = vec![0i64; lines];
            let mut steps: Vec<Vec<i64>> = Vec::new();
            for increment in increments {
                sum.iter_mut().zip(increment).for_each(|(sum, more)| *sum = (*sum + more).min(8));
                steps.push(sum.clone());
            }
            steps.push(vec![8; lines]);
            steps
        })
    }

    fn any_sequence() -> impl Strategy<Value = (PricingInput, Vec<Vec<i64>>)> {
        any_order().prop_flat_map(|input| {
            let lines = input.lines.len();
            (Just(input), steps(lines))
        })
    }

    proptest! {
        #[test]
        fn any_sequence_of_partial_invoices_is_the_order_to_the_minor_unit((input, steps) in any_sequence()) {
            let Ok(priced) = price(&input) else { return Ok(()) };
            let document = ValuedDocument::of(&input, &priced);
            let mut before = value(&document, &[]);
            prop_assert!(before.total.is_zero() && before.tax_breakdown().is_empty());
            let mut sum = before.clone();
            for step in steps {
                let quantities: Vec<Decimal> = input.lines.iter().zip(step)
                    .map(|(line, eighths)| if eighths == 8 { line.quantity } else { (line.quantity * Decimal::new(eighths * 125, 3)).round_dp(3) })
                    .collect();
                let after = value(&document, &quantities);
                let invoice = difference(&after, &before);
                check(&invoice, input.currency)?;
                check(&after, input.currency)?;
                add(&mut sum, &invoice);
                before = after;
            }
            prop_assert_eq!((before.subtotal, before.discount_total, before.total), (priced.subtotal, priced.discount_total, priced.total));
            prop_assert_eq!((sum.subtotal, sum.discount_total, sum.total), (priced.subtotal, priced.discount_total, priced.total));
            prop_assert_eq!((sum.shipping_net, sum.shipping_tax, sum.tax_total), (priced.shipping_net, priced.shipping_tax, priced.tax_total));
            prop_assert_eq!(&sum.groups, &priced.tax_breakdown);
            for ((total, whole), line) in sum.lines.iter().zip(&before.lines).zip(&priced.lines) {
                prop_assert_eq!((total.net_amount, total.discount_amount), (line.net_amount, line.discount_amount));
                prop_assert_eq!((total.gross_amount, total.order_discount_amount), (line.gross_amount, line.order_discount_amount));
                prop_assert_eq!(whole.tax_amount, line.tax_amount);
            }
        }
    }

    fn check(portion: &Portion, currency: Currency) -> Result<(), TestCaseError> {
        let lines: Decimal = portion.lines.iter().map(|line| line.tax_amount).sum();
        prop_assert_eq!(lines + portion.shipping_tax, portion.tax_total);
        let shown: Decimal = portion.tax_breakdown().iter().map(|group| group.tax_amount.0).sum();
        prop_assert_eq!(shown, portion.tax_total);
        let nets: Decimal = portion.tax_breakdown().iter().map(|group| group.net_amount.0).sum();
        prop_assert_eq!(nets + portion.tax_total, portion.total);
        prop_assert_eq!(portion.total.scale(), currency.minor_units());
        let after_discounts = |line: &PortionLine| line.net_amount - line.order_discount_amount;
        for (place, group) in portion.groups.iter().enumerate() {
            if portion.lines.iter().filter(|line| line.tax_group == place).all(|line| after_discounts(line) >= Decimal::ZERO) {
                prop_assert!(group.tax_amount.0 >= Decimal::ZERO, "{:?}", group);
            }
        }
        for line in &portion.lines {
            prop_assert!(
                line.net_amount >= Decimal::ZERO && line.discount_amount >= Decimal::ZERO && line.order_discount_amount >= Decimal::ZERO
            );
            prop_assert!(!line.quantity.is_zero() || (line.net_amount.is_zero() && line.tax_amount.is_zero()));
        }
        Ok(())
    }

    fn add(sum: &mut Portion, more: &Portion) {
        for (line, more) in sum.lines.iter_mut().zip(&more.lines) {
            line.gross_amount += more.gross_amount;
            line.discount_amount += more.discount_amount;
            line.net_amount += more.net_amount;
            line.order_discount_amount += more.order_discount_amount;
        }
        for (group, more) in sum.groups.iter_mut().zip(&more.groups) {
            group.net_amount.0 += more.net_amount.0;
            group.taxable_amount.0 += more.taxable_amount.0;
            group.tax_amount.0 += more.tax_amount.0;
        }
        sum.subtotal += more.subtotal;
        sum.discount_total += more.discount_total;
        sum.shipping_net += more.shipping_net;
        sum.shipping_tax += more.shipping_tax;
        sum.tax_total += more.tax_total;
        sum.total += more.total;
    }
}
