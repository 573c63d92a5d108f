//! Pricing an order of which a part is on invoices already. All of it is priced from scratch by the one arithmetic of
//! [`pricing`](crate::orders::pricing); what is on invoices keeps the amounts that it has there, and the rest of the order gets
//! what is left. So the total is that of the same order placed afresh, and all invoices add up to it.

use crate::error::Error;
use crate::orders::discount::discount_on;
use crate::orders::pricing::{Priced, PricedLine, Pricing, PricingInput, price};
use crate::orders::valuation::InvoicedPart;
use crate::types::decimal::Amount;
use crate::types::fault::Faults;
use rust_decimal::Decimal;

/// What the order's invoices say so far.
#[derive(Clone, Debug, Default)]
pub struct Invoiced {
    /// One entry a line of the input; none where nothing of it is invoiced.
    pub lines: Vec<Option<InvoicedPart>>,
    /// The shipping's tax, which is on the first invoice.
    pub shipping_tax: Decimal,
    /// Whether the edit gives the order other discounts.
    pub discounts_change: bool,
}

/// Prices the edited order. 422 where the same order would be refused afresh; 409 `invoiced_amounts` where what is on invoices
/// leaves less than nothing for the rest.
pub fn reprice(input: &PricingInput, invoiced: &Invoiced) -> Result<Priced, Error> {
    let mut priced = price(input)?;
    if invoiced.lines.iter().all(Option::is_none) {
        return Ok(priced);
    }
    if input.prices_include_tax {
        let detail = "a part of the order is invoiced, and its prices include tax: its amounts cannot be shared anew; place another order";
        return Err(Error::conflict("invoiced_amounts", detail));
    }
    let mut lines = Line::all(input, invoiced, &priced.lines);
    share_order_discount(input, invoiced, &mut lines)?;
    share_tax(input, invoiced, &mut priced, &mut lines);
    sum_up(&mut priced, lines, input);
    Ok(priced)
}

/// A line with what of it is on invoices; zeros where nothing is.
struct Line {
    priced: PricedLine,
    invoiced: InvoicedPart,
    /// Whether something of it is still to be invoiced.
    has_rest: bool,
}

impl Line {
    fn all(input: &PricingInput, invoiced: &Invoiced, priced: &[PricedLine]) -> Vec<Self> {
        let zero = Amount(input.currency.zero());
        let nothing = InvoicedPart {
            quantity: Default::default(),
            discount_amount: zero,
            net_amount: zero,
            order_discount_amount: zero,
            tax_amount: zero,
        };
        let line = |((asked, priced), part): ((_, &PricedLine), &Option<InvoicedPart>)| {
            let asked: &crate::orders::pricing::LineInput = asked;
            let invoiced = part.unwrap_or(nothing);
            let has_rest = invoiced.quantity.0 < asked.quantity;
            let mut priced = priced.clone();
            if !has_rest {
                priced.net_amount = invoiced.net_amount.0;
                priced.discount_amount = invoiced.discount_amount.0;
                priced.gross_amount = priced.net_amount + priced.discount_amount;
            }
            Self { priced, invoiced, has_rest }
        };
        input.lines.iter().zip(priced).zip(&invoiced.lines).map(line).collect()
    }

    fn rest_net(&self) -> Decimal {
        self.priced.net_amount - self.invoiced.net_amount.0
    }

    /// What the rest is taxed on.
    fn rest_after_discounts(&self) -> Decimal {
        self.rest_net() - (self.priced.order_discount_amount - self.invoiced.order_discount_amount.0)
    }
}

/// The order's discounts on all of it; what invoices have of them stays there, and the rest is shared over what is not invoiced.
fn share_order_discount(input: &PricingInput, invoiced: &Invoiced, lines: &mut [Line]) -> Result<(), Error> {
    let less_than_nothing =
        lines.iter().any(|line| line.rest_net() < Decimal::ZERO || line.priced.discount_amount < line.invoiced.discount_amount.0);
    if less_than_nothing {
        return Err(invoiced_amounts("a line's invoices are worth more than the line would be"));
    }
    let sum: Decimal = lines.iter().map(|line| line.priced.net_amount).sum();
    let mut faults = Faults::new();
    let discount = discount_on(sum, &input.discounts, input.currency, "/discounts", &mut faults);
    faults.into_result()?;
    let granted: Decimal = lines.iter().map(|line| line.invoiced.order_discount_amount.0).sum();
    let rests: Vec<Decimal> = lines.iter().map(Line::rest_net).collect();
    let room: Decimal = rests.iter().sum();
    let mut left = discount - granted;
    if left < Decimal::ZERO || left > room {
        if invoiced.discounts_change {
            return Err(invoiced_amounts("the order's discounts do not fit what is not invoiced"));
        }
        // The same discounts as before miss by what was rounded, or what they were given on is gone.
        left = left.clamp(Decimal::ZERO, room);
    }
    let shares = input.currency.split(left, &rests);
    for (line, share) in lines.iter_mut().zip(shares) {
        line.priced.order_discount_amount = line.invoiced.order_discount_amount.0 + share;
    }
    Ok(())
}

fn invoiced_amounts(why: &str) -> Error {
    Error::conflict("invoiced_amounts", format!("{why}; take the difference back by a credit note"))
}

/// The tax of each group on all of it; invoices keep theirs, and the rest is shared over what is not invoiced.
fn share_tax(input: &PricingInput, invoiced: &Invoiced, priced: &mut Priced, lines: &mut [Line]) {
    let currency = input.currency;
    if priced.shipping_tax_group.is_some() {
        priced.shipping_tax = invoiced.shipping_tax;
    }
    for (place, group) in priced.tax_breakdown.iter_mut().enumerate() {
        let ships = priced.shipping_tax_group == Some(place);
        let (shipping_net, shipping_tax) =
            if ships { (priced.shipping_net, priced.shipping_tax) } else { (currency.zero(), currency.zero()) };
        let here = |line: &&mut Line| line.priced.tax_group == place;
        let mut members: Vec<&mut Line> = lines.iter_mut().filter(here).collect();
        let net = members.iter().fold(shipping_net, |sum, line| sum + line.priced.net_amount - line.priced.order_discount_amount);
        let taxed = members.iter().fold(shipping_tax, |sum, line| sum + line.invoiced.tax_amount.0);
        let scratch = match input.mode {
            Pricing::Computed => group.tax_on(currency, net),
            Pricing::AsGiven => members.iter().fold(shipping_tax, |sum, line| sum + line.priced.tax_amount),
        };
        let weights: Vec<Decimal> = members
            .iter()
            .map(|line| match input.mode {
                _ if !line.has_rest => Decimal::ZERO,
                Pricing::Computed => line.rest_after_discounts(),
                Pricing::AsGiven => (line.priced.tax_amount - line.invoiced.tax_amount.0).max(Decimal::ZERO),
            })
            .collect();
        let tax = if weights.iter().all(Decimal::is_zero) { taxed } else { scratch.max(taxed) };
        for (line, share) in members.iter_mut().zip(currency.split(tax - taxed, &weights)) {
            line.priced.tax_amount = line.invoiced.tax_amount.0 + share;
        }
        group.net_amount = Amount(net);
        group.taxable_amount = Amount(group.taxable_part(currency, net));
        group.tax_amount = Amount(tax);
    }
}

fn sum_up(priced: &mut Priced, lines: Vec<Line>, input: &PricingInput) {
    priced.lines = lines.into_iter().map(|line| line.priced).collect();
    let sum = |of: fn(&PricedLine) -> Decimal| priced.lines.iter().fold(input.currency.zero(), |sum, line| sum + of(line));
    (priced.subtotal, priced.discount_total) = (sum(|line| line.net_amount), sum(|line| line.order_discount_amount));
    priced.tax_total = priced.tax_breakdown.iter().fold(input.currency.zero(), |sum, group| sum + group.tax_amount.0);
    priced.total = priced.subtotal - priced.discount_total + priced.shipping_net + priced.tax_total;
}

#[cfg(test)]
mod tests;
