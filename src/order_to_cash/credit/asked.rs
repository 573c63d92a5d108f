//! What is asked to be taken back of an invoice, and what can be.

use crate::auth::actor::Context;
use crate::error::Error;
use crate::invoicing::credit_notes;
use crate::invoicing::credit_notes::body::NewCreditNote;
use crate::invoicing::credit_notes::portion::{CreditPortion, Extent, has_shipping};
use crate::invoicing::credit_notes::sums::{Sum, shares};
use crate::invoicing::invoices;
use crate::invoicing::invoices::invoice::{Invoice, InvoiceKind, InvoiceLine};
use crate::invoicing::invoices::prepayment::OpenPrepayment;
use crate::orders::order::Order;
use crate::types::decimal::Amount;
use crate::types::fault::Faults;
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use serde_json::json;

/// An invoice with what credit notes have left of it.
pub struct Creditable {
    pub invoice: Invoice,
    /// What is taken back already.
    pub before: Extent,
    /// Of each line that is a sum of money, what no credit note has taken back; nothing of goods.
    pub left: Vec<Sum>,
    /// Of a prepayment, what no later invoice has deducted either.
    pub undeducted: Vec<Sum>,
}

/// What is to be taken back.
pub struct Asked {
    /// All that is taken back of goods and shipping then.
    pub after: Extent,
    /// Of each line that is a sum of money.
    pub sums: Vec<Sum>,
}

impl Creditable {
    pub fn of(connection: &mut PgConnection, context: &Context, invoice: Invoice) -> Result<Self, Error> {
        let organization_id = context.organization_id;
        let shipping = credit_notes::service::shipping_is_credited(connection, organization_id, invoice.id)?;
        let before = Extent::of(&invoice, |line| line.credited_quantity, shipping);
        let mut left = vec![Sum::default(); invoice.lines.len()];
        let mut undeducted = left.clone();
        if invoice.lines.iter().any(InvoiceLine::is_sum) {
            let credited = credit_notes::service::credited_sums(connection, organization_id, invoice.id)?;
            for (left, line) in left.iter_mut().zip(&invoice.lines).filter(|(_, line)| line.is_sum()) {
                let credited = credited.get(&line.line_number).copied().unwrap_or_default();
                *left = Sum { net: line.net_amount.abs(), tax: line.tax_amount.abs() }.without(credited);
            }
        }
        if invoice.kind == InvoiceKind::Prepayment {
            let known = invoices::service::prepayments(connection, organization_id, invoice.order_id, invoice.currency)?;
            for open in known.iter().filter(|open| open.invoice_id == invoice.id) {
                if let Some(place) = place_of(&invoice, open) {
                    undeducted[place] = Sum { net: open.group.net_amount.0, tax: open.group.tax_amount.0 };
                }
            }
        }
        Ok(Self { invoice, before, left, undeducted })
    }

    /// What the request names. 422 where it names what is not there, 409 where that is more than is left.
    pub fn asked(&self, order: &Order, body: &NewCreditNote) -> Result<Asked, Error> {
        let mut sums = vec![Sum::default(); self.left.len()];
        if let Some(amount) = body.amount {
            return Ok(Asked { after: self.before.clone(), sums: self.by_amount(amount.0)? });
        }
        if body.is_whole() {
            return Ok(Asked { after: Extent::whole(&self.invoice), sums: self.left.clone() });
        }
        let mut after = self.before.clone();
        let mut faults = Faults::new();
        let mut exceeding = Vec::new();
        for (i, asked) in body.lines().iter().enumerate() {
            let named = |line: &InvoiceLine| {
                asked.invoice_line_id == Some(line.id) || (line.order_line_id.is_some() && asked.order_line_id == line.order_line_id)
            };
            let lines = self.invoice.lines.iter().enumerate();
            let places: Vec<usize> = lines.filter(|(_, line)| named(line)).map(|(place, _)| place).collect();
            let Some(first) = places.first().map(|place| &self.invoice.lines[*place]) else {
                faults.add(format!("/lines/{i}"), "unknown_line", "the invoice has no such line");
                continue;
            };
            let scale = first.order_line_id.and_then(|id| order.line(id)).map(|line| line.detail.quantity_scale);
            if let Some(scale) = scale.filter(|scale| asked.quantity.0.normalize().scale() > *scale) {
                faults.add(format!("/lines/{i}/quantity"), "too_many_decimals", format!("this product takes {scale} decimal places"));
                continue;
            }
            let mut left = asked.quantity.0;
            for place in places {
                let line = &self.invoice.lines[place];
                let taken = if line.is_sum() {
                    let (taken, sum) = self.part_of_sum(place, left);
                    sums[place] = sum;
                    taken
                } else {
                    left.min(line.quantity - after.quantities[place])
                };
                after.quantities[place] += if line.is_sum() { Decimal::ZERO } else { taken };
                left -= taken;
            }
            if left > Decimal::ZERO {
                let possible = (asked.quantity.0 - left).normalize().to_string();
                exceeding.push(json!({ "line": i, "creditable_quantity": possible }));
            }
        }
        faults.into_result()?;
        if !exceeding.is_empty() {
            let detail = "more than is on the invoice and not on a credit note yet";
            return Err(Error::conflict_with("exceeds_invoiced", detail, json!({ "lines": exceeding })));
        }
        if body.shipping == Some(true) {
            if !has_shipping(&self.invoice) || self.before.shipping {
                return Err(Error::conflict("nothing_to_credit", "there is no shipping on the invoice that is not on a credit note yet"));
            }
            after.shipping = true;
        }
        Ok(Asked { after, sums })
    }

    /// A sum of money has quantity 1, and a fraction of that is this fraction of its amounts: how much of `quantity` is left, and its
    /// amounts.
    fn part_of_sum(&self, place: usize, quantity: Decimal) -> (Decimal, Sum) {
        let (line, left, currency) = (&self.invoice.lines[place], self.left[place], self.invoice.currency);
        let part = |amount: Decimal| currency.round(amount.abs() * quantity);
        let wanted = Sum { net: part(line.net_amount), tax: part(line.tax_amount) };
        if wanted.without(left).is_nothing() {
            return (quantity, wanted);
        }
        let whole = (line.net_amount + line.tax_amount).abs();
        let possible = if whole.is_zero() { Decimal::ZERO } else { (left.gross() / whole).trunc_with_scale(3) };
        (possible.min(quantity), left)
    }

    /// An amount of a prepayment, with its tax, shared over its tax groups by what is left of each.
    fn by_amount(&self, amount: Decimal) -> Result<Vec<Sum>, Error> {
        let currency = self.invoice.currency;
        if self.invoice.kind != InvoiceKind::Prepayment {
            let detail = "goods are taken back by lines; only a prepayment invoice is by amount";
            return Err(Error::invalid("/amount", "only_of_prepayment", detail));
        }
        if !currency.is_exact(amount) {
            return Err(Error::invalid("/amount", "too_many_decimals", "more decimal places than the currency has"));
        }
        if amount > self.most() {
            return Err(self.exceeds());
        }
        Ok(shares(&self.undeducted, currency.round(amount), currency))
    }

    /// Deductions of `amount` that come back with goods: those of the goods' own tax groups before others, of a group no more than its
    /// goods are worth as long as that suffices. `asked` are named anyway.
    pub fn deductions(&self, portion: &CreditPortion, asked: &[Sum], amount: Decimal) -> Vec<Sum> {
        let (invoice, currency) = (&self.invoice, self.invoice.currency);
        let free: Vec<Sum> = self.left.iter().zip(asked).map(|(left, asked)| left.without(*asked)).collect();
        let mut goods = portion.tax_breakdown.clone();
        let mut near = vec![Sum::default(); free.len()];
        for (place, (line, free)) in invoice.lines.iter().zip(&free).enumerate().filter(|(_, (line, _))| line.is_sum()) {
            let group = invoice.document.tax_breakdown[line.detail.tax_group].group();
            let Some(goods) = goods.iter_mut().find(|goods| goods.is_like(&group)) else { continue };
            let within = |free: Decimal, goods: Decimal| free.min(goods.max(Decimal::ZERO));
            near[place] = Sum { net: within(free.net, goods.net_amount.0), tax: within(free.tax, goods.tax_amount.0) };
            goods.net_amount.0 -= near[place].net;
            goods.tax_amount.0 -= near[place].tax;
        }
        let mut taken = shares(&near, amount, currency);
        let rest = amount - taken.iter().map(|sum| sum.gross()).sum::<Decimal>();
        if rest > Decimal::ZERO {
            let others: Vec<Sum> = free.iter().zip(&taken).map(|(free, taken)| free.without(*taken)).collect();
            for (taken, more) in taken.iter_mut().zip(shares(&others, rest, currency)) {
                *taken = Sum { net: taken.net + more.net, tax: taken.tax + more.tax };
            }
        }
        taken
    }

    /// What of a prepayment is neither deducted nor taken back.
    fn most(&self) -> Decimal {
        self.undeducted.iter().fold(self.invoice.currency.zero(), |all, sum| all + sum.gross())
    }

    fn exceeds(&self) -> Error {
        let (most, currency) = (self.most(), self.invoice.currency);
        let more = json!({ "creditable_amount": Amount(most) });
        if self.left == self.undeducted {
            let detail = format!("{most} {currency} of the invoice is on no credit note yet");
            return Error::conflict_with("exceeds_invoiced", detail, more);
        }
        let detail = format!(
            "later invoices have deducted this prepayment: {most} {currency} of it is left, to be credited by amount; what was deducted comes \
             back with credit notes of those invoices"
        );
        Error::conflict_with("prepayment_deducted", detail, more)
    }

    /// 409 `prepayment_deducted` where more of a prepayment is taken back than later invoices have left of it.
    pub fn require_undeducted(&self, portion: &CreditPortion) -> Result<(), Error> {
        let fits = |(line, most): (&crate::invoicing::credit_notes::portion::CreditLine, &Sum)| {
            line.net_amount <= most.net && line.tax_amount <= most.tax
        };
        if self.invoice.kind == InvoiceKind::Prepayment && !portion.lines.iter().zip(&self.undeducted).all(fits) {
            return Err(self.exceeds());
        }
        Ok(())
    }
}

/// The line of a prepayment invoice that an entry of the open prepayments is about.
pub fn place_of(invoice: &Invoice, open: &OpenPrepayment) -> Option<usize> {
    let is_it = |line: &InvoiceLine| {
        let group = invoice.document.tax_breakdown.get(line.detail.tax_group);
        line.is_sum() && group.is_some_and(|group| group.group().is_like(&open.group))
    };
    invoice.lines.iter().position(is_it)
}
