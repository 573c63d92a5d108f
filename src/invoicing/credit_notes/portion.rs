//! A part of an invoice. As with invoices of an order the values are cumulative: one credit note is what lies between all that
//! was taken back before and after it, so that credit notes of everything are the invoice to the minor unit.
//!
//! The shipping is one more line of quantity 1, since it is taken back or not, and independently of the goods.

use crate::invoicing::invoices::invoice::Invoice;
use crate::orders::tax::TaxGroup;
use crate::orders::valuation::{ValuedDocument, ValuedLine, difference, value};
use crate::types::currency::Currency;
use rust_decimal::Decimal;

/// How much of an invoice is taken back: units of each line, in their order, and whether the shipping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extent {
    pub quantities: Vec<Decimal>,
    pub shipping: bool,
}

impl Extent {
    /// All of it.
    pub fn whole(invoice: &Invoice) -> Self {
        Self { quantities: invoice.lines.iter().map(|line| line.quantity).collect(), shipping: has_shipping(invoice) }
    }
}

impl Extent {
    /// Adds what the invoice deducts of prepayments.
    pub fn take_deductions(&mut self, invoice: &Invoice) {
        for (quantity, line) in self.quantities.iter_mut().zip(&invoice.lines) {
            if line.order_line_id.is_none() && line.net_amount.is_sign_negative() {
                *quantity = line.quantity;
            }
        }
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
    share_tax_beside_deductions(invoice, &document, (before, after), &mut lines);
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

/// Where a deduction of a prepayment is taken back together with goods, it has the tax that it was deducted with, and the rest of their
/// group's tax is the others', by what each of them carries on the invoice: a tax that is shared by size alone would give the deduction
/// tax of the wrong sign.
fn share_tax_beside_deductions(
    invoice: &Invoice,
    document: &ValuedDocument,
    (before, after): (&Extent, &Extent),
    lines: &mut [CreditLine],
) {
    let is_deduction = |place: usize| document.lines[place].net_amount < Decimal::ZERO;
    let cumulative = |place: usize, extent: &Extent| {
        let line = &document.lines[place];
        invoice.currency.round(line.tax_amount * extent.quantities[place] / line.quantity)
    };
    for group in 0..document.tax_breakdown.len() {
        let here: Vec<usize> =
            (0..lines.len()).filter(|place| document.lines[*place].tax_group == group && !lines[*place].quantity.is_zero()).collect();
        let (deductions, others): (Vec<usize>, Vec<usize>) = here.iter().partition(|place| is_deduction(**place));
        if deductions.is_empty() || others.is_empty() {
            continue;
        }
        let mut rest: Decimal = here.iter().map(|place| lines[*place].tax_amount).sum();
        for place in deductions {
            lines[place].tax_amount = cumulative(place, after) - cumulative(place, before);
            rest -= lines[place].tax_amount;
        }
        let carried = |place: &usize| document.lines[*place].tax_amount * lines[*place].quantity / document.lines[*place].quantity;
        let weights: Vec<Decimal> = others.iter().map(carried).collect();
        for (place, share) in others.into_iter().zip(invoice.currency.split(rest, &weights)) {
            lines[place].tax_amount = share;
        }
    }
}

fn valued(invoice: &Invoice) -> ValuedDocument {
    let mut lines: Vec<ValuedLine> = invoice
        .lines
        .iter()
        .map(|line| ValuedLine {
            quantity: line.quantity,
            discount_amount: line.discount_amount,
            net_amount: line.net_amount,
            order_discount_amount: line.order_discount_amount,
            tax_amount: line.tax_amount,
            tax_group: line.detail.tax_group,
            invoiced: None,
        })
        .collect();
    if let Some(tax_group) = invoice.document.shipping_tax_group {
        lines.push(shipping_line(invoice.currency, invoice.shipping_net, invoice.shipping_tax, tax_group));
    }
    ValuedDocument {
        currency: invoice.currency,
        pricing: invoice.document.pricing,
        lines,
        shipping: None,
        tax_breakdown: invoice.document.tax_breakdown.iter().map(|group| group.group()).collect(),
    }
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
