//! What a seller keeps back of a credit for taking goods in again.
//!
//! Only what is given back lessens the taxable amount (Directive 2006/112/EC art. 90: the taxable amount shall be reduced by
//! what the price is reduced by), so what is kept back stays taxed as the goods that it is kept back of. The fee is in the
//! document's own terms: without tax, or with it where prices include tax. It is shared over the tax groups of the goods by their
//! amounts, and each group's share is a line of the credit note.

use super::portion::CreditPortion;
use crate::invoicing::invoices::invoice::Invoice;
use crate::orders::tax::TaxGroup;
use crate::types::currency::Currency;
use crate::types::decimal::Amount;
use rust_decimal::Decimal;

/// A fee's share of one tax group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeePart {
    /// The line of the invoice that stands for the group: the first of those that are taken back.
    pub invoice_line: usize,
    pub net_amount: Decimal,
    pub tax_amount: Decimal,
}

/// The most that can be kept back: what the goods are worth that are taken back.
pub fn largest_fee(invoice: &Invoice, portion: &CreditPortion) -> Decimal {
    shares_of_goods(invoice, portion).iter().fold(invoice.currency.zero(), |sum, goods| sum + goods.amount)
}

/// Takes a fee of at most [`largest_fee`] off what the credit note gives back, tax groups and totals alike.
pub fn keep_back(invoice: &Invoice, portion: &mut CreditPortion, fee: Decimal) -> Vec<FeePart> {
    let currency = invoice.currency;
    let goods = shares_of_goods(invoice, portion);
    let shares = currency.split(fee, &goods.iter().map(|goods| goods.amount).collect::<Vec<_>>());
    let mut parts = Vec::new();
    for (goods, share) in goods.into_iter().zip(shares).filter(|(_, share)| !share.is_zero()) {
        let group = &mut portion.tax_breakdown[goods.group];
        let (net_amount, tax_amount) =
            if invoice.document.prices_include_tax { out_of_gross(currency, group, share) } else { on_net(currency, group, share) };
        group.net_amount = Amount(group.net_amount.0 - net_amount);
        group.taxable_amount = Amount(group.taxable_part(currency, group.net_amount.0));
        group.tax_amount = Amount(group.tax_amount.0 - tax_amount);
        portion.subtotal -= net_amount;
        portion.tax_total -= tax_amount;
        portion.total -= net_amount + tax_amount;
        parts.push(FeePart { invoice_line: goods.invoice_line, net_amount, tax_amount });
    }
    parts
}

struct Goods {
    /// Place in the credit note's tax breakdown.
    group: usize,
    invoice_line: usize,
    /// In the document's own terms.
    amount: Decimal,
}

fn shares_of_goods(invoice: &Invoice, portion: &CreditPortion) -> Vec<Goods> {
    let mut goods: Vec<Goods> = Vec::new();
    for (place, (line, part)) in invoice.lines.iter().zip(&portion.lines).enumerate().filter(|(_, (_, part))| !part.quantity.is_zero()) {
        let of_invoice = invoice.document.tax_breakdown.get(line.detail.tax_group).map(|group| group.group());
        let Some(group) = of_invoice.and_then(|of| portion.tax_breakdown.iter().position(|group| group.is_like(&of))) else { continue };
        let tax = if invoice.document.prices_include_tax { part.tax_amount } else { Decimal::ZERO };
        let amount = part.net_amount - part.order_discount_amount + tax;
        match goods.iter_mut().find(|goods| goods.group == group) {
            Some(known) => known.amount += amount,
            None => goods.push(Goods { group, invoice_line: place, amount }),
        }
    }
    goods
}

/// A group whose tax follows from its rate keeps that property (EN 16931 BR-CO-17); any other keeps its proportion.
fn on_net(currency: Currency, group: &TaxGroup, net: Decimal) -> (Decimal, Decimal) {
    let (whole, tax) = (group.net_amount.0, group.tax_amount.0);
    let of_fee = if group.tax_on(currency, whole) == tax {
        tax - group.tax_on(currency, whole - net)
    } else if whole.is_zero() {
        currency.zero()
    } else {
        currency.round(tax * net / whole)
    };
    (net, of_fee)
}

fn out_of_gross(currency: Currency, group: &TaxGroup, gross: Decimal) -> (Decimal, Decimal) {
    let whole = group.net_amount.0 + group.tax_amount.0;
    let tax = if whole.is_zero() { currency.zero() } else { currency.round(group.tax_amount.0 * gross / whole) };
    (gross - tax, tax)
}

#[cfg(test)]
mod tests;
