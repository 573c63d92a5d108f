//! A part of an invoice. As with invoices of an order the values are cumulative: one credit note is what lies between all that
//! was taken back before and after it, so that credit notes of everything are the invoice to the minor unit.
//!
//! The shipping is one more line of quantity 1, since it is taken back or not, and independently of the goods. Sums of money
//! (prepayments and their deductions) are taken back by amounts, beside the goods ([`CreditPortion::add_sum`]): what goods are worth
//! does not depend on what was paid for them in advance.

use crate::invoicing::invoices::invoice::{Invoice, InvoiceLine};
use crate::orders::tax::TaxGroup;
use crate::orders::valuation::{ValuedDocument, ValuedLine, difference, value};
use crate::types::currency::Currency;
use crate::types::decimal::Amount;
use rust_decimal::Decimal;

/// How much of an invoice's goods is taken back: units of each line, in their order (0 of a sum of money), and whether the shipping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extent {
    pub quantities: Vec<Decimal>,
    pub shipping: bool,
}

impl Extent {
    /// All of them.
    pub fn whole(invoice: &Invoice) -> Self {
        Self::of(invoice, |line| line.quantity, has_shipping(invoice))
    }

    /// So much of each line of goods.
    pub fn of(invoice: &Invoice, quantity: impl Fn(&InvoiceLine) -> Decimal, shipping: bool) -> Self {
        let quantity = |line: &InvoiceLine| if line.is_sum() { Decimal::ZERO } else { quantity(line) };
        Self { quantities: invoice.lines.iter().map(quantity).collect(), shipping }
    }
}

/// What a credit note takes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditPortion {
    /// One for each line of the invoice; quantity 0 where nothing of it is taken back.
    pub lines: Vec<CreditLine>,
    pub subtotal: Decimal,
    pub discount_total: Decimal,
    pub shipping_net: Decimal,
    pub shipping_tax: Decimal,
    pub tax_total: Decimal,
    pub total: Decimal,
    pub tax_breakdown: Vec<TaxGroup>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditLine {
    pub quantity: Decimal,
    pub discount_amount: Decimal,
    pub net_amount: Decimal,
    pub order_discount_amount: Decimal,
    pub tax_amount: Decimal,
}

impl CreditPortion {
    /// Adds net and tax of a line that is a sum of money; below 0 of a deduction.
    pub fn add_sum(&mut self, invoice: &Invoice, place: usize, net: Decimal, tax: Decimal) {
        // Zero has the places of the currency, too.
        let (net, tax) = (invoice.currency.round(net), invoice.currency.round(tax));
        let of_invoice = invoice.document.tax_breakdown[invoice.lines[place].detail.tax_group].group();
        let known = self.tax_breakdown.iter().position(|group| group.is_like(&of_invoice));
        let zero = Amount(invoice.currency.zero());
        let group = known.unwrap_or_else(|| {
            self.tax_breakdown.push(TaxGroup { net_amount: zero, taxable_amount: zero, tax_amount: zero, ..of_invoice });
            self.tax_breakdown.len() - 1
        });
        let group = &mut self.tax_breakdown[group];
        group.net_amount.0 += net;
        group.tax_amount.0 += tax;
        group.taxable_amount = Amount(group.taxable_part(invoice.currency, group.net_amount.0));
        let line = &mut self.lines[place];
        line.quantity = Decimal::ONE;
        line.net_amount += net;
        line.tax_amount += tax;
        self.subtotal += net;
        self.tax_total += tax;
        self.total += net + tax;
    }

    /// Whether nothing is taken back.
    pub fn is_nothing(&self) -> bool {
        let ships = !(self.shipping_net.is_zero() && self.shipping_tax.is_zero());
        !ships && self.lines.iter().all(|line| line.quantity.is_zero())
    }
}

/// Whether there is shipping on the invoice that could be taken back.
pub fn has_shipping(invoice: &Invoice) -> bool {
    invoice.document.shipping_tax_group.is_some()
}

/// What lies between two extents, of which `after` is nowhere less than `before`.
pub fn portion(invoice: &Invoice, before: &Extent, after: &Extent) -> CreditPortion {
    let document = valued(invoice);
    let quantities = |extent: &Extent| {
        let shipping = if extent.shipping { Decimal::ONE } else { Decimal::ZERO };
        extent.quantities.iter().copied().chain([shipping]).collect::<Vec<_>>()
    };
    let part = difference(&value(&document, &quantities(after)), &value(&document, &quantities(before)));
    let mut lines: Vec<CreditLine> = part
        .lines
        .iter()
        .map(|line| CreditLine {
            quantity: line.quantity,
            discount_amount: line.discount_amount,
            net_amount: line.net_amount,
            order_discount_amount: line.order_discount_amount,
            tax_amount: line.tax_amount,
        })
        .collect();
    let zero = invoice.currency.zero();
    let shipping = if has_shipping(invoice) { lines.pop() } else { None };
    let (shipping_net, shipping_tax) = shipping.map_or((zero, zero), |line| (line.net_amount, line.tax_amount));
    CreditPortion {
        lines,
        subtotal: part.subtotal - shipping_net,
        discount_total: part.discount_total,
        shipping_net,
        shipping_tax,
        tax_total: part.tax_total,
        total: part.total,
        tax_breakdown: part.tax_breakdown(),
    }
}

/// The invoice's goods and shipping, without sums of money: as it was before it deducted any.
fn valued(invoice: &Invoice) -> ValuedDocument {
    let currency = invoice.currency;
    let amount = |line: &InvoiceLine, amount: Decimal| if line.is_sum() { currency.zero() } else { amount };
    let mut lines: Vec<ValuedLine> = invoice
        .lines
        .iter()
        .map(|line| ValuedLine {
            quantity: if line.is_sum() { Decimal::ZERO } else { line.quantity },
            discount_amount: amount(line, line.discount_amount),
            net_amount: amount(line, line.net_amount),
            order_discount_amount: amount(line, line.order_discount_amount),
            tax_amount: amount(line, line.tax_amount),
            tax_group: line.detail.tax_group,
            invoiced: None,
        })
        .collect();
    if let Some(tax_group) = invoice.document.shipping_tax_group {
        lines.push(shipping_line(currency, invoice.shipping_net, invoice.shipping_tax, tax_group));
    }
    let mut tax_breakdown: Vec<TaxGroup> = invoice.document.tax_breakdown.iter().map(|group| group.group()).collect();
    for sum in invoice.lines.iter().filter(|line| line.is_sum()) {
        let group = &mut tax_breakdown[sum.detail.tax_group];
        group.net_amount.0 -= sum.net_amount;
        group.tax_amount.0 -= sum.tax_amount;
        group.taxable_amount = Amount(group.taxable_part(currency, group.net_amount.0));
    }
    ValuedDocument { currency, pricing: invoice.document.pricing, lines, shipping: None, tax_breakdown }
}

fn shipping_line(currency: Currency, net: Decimal, tax: Decimal, tax_group: usize) -> ValuedLine {
    ValuedLine {
        quantity: Decimal::ONE,
        discount_amount: currency.zero(),
        net_amount: net,
        order_discount_amount: currency.zero(),
        tax_amount: tax,
        tax_group,
        invoiced: None,
    }
}

#[cfg(test)]
pub(super) mod tests;
