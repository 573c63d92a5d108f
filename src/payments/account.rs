//! The money of one order: invoices, what is not invoiced yet, and what was paid on either. Every use case that moves money
//! changes an account in memory; sums hold by construction.

use super::settlement::Settlement;
use crate::invoicing::invoices::balance::InvoiceBalance;
use crate::types::currency::Currency;
use crate::types::id::{CustomerId, InvoiceId, OrderId};
use rust_decimal::Decimal;

/// Money with its adjustments put on an invoice, or on an order without one (a deposit).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    pub order_id: OrderId,
    pub invoice_id: Option<InvoiceId>,
    pub settles: Settlement,
}

/// What is owed and paid for one order. `paid` = Σ paid of its invoices + deposits, each with its adjustments: what they settle
/// is not owed any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub order_id: OrderId,
    /// Who pays.
    pub customer_id: CustomerId,
    pub currency: Currency,
    /// Value of what is neither cancelled nor invoiced.
    pub uninvoiced: Decimal,
    pub invoiced: Decimal,
    pub credited: Decimal,
    pub paid: Decimal,
    /// Money that went back.
    pub refunded: Decimal,
    pub authorized: Decimal,
    /// Oldest first.
    pub invoices: Vec<InvoiceBalance>,
}

impl Account {
    /// Money on the order that is on none of its invoices.
    pub fn deposits(&self) -> Decimal {
        self.paid - self.invoices.iter().map(|invoice| invoice.paid).sum::<Decimal>()
    }

    /// What is neither invoiced nor paid in advance.
    pub fn uninvoiced_debt(&self) -> Decimal {
        (self.uninvoiced - self.deposits()).max(self.currency.zero())
    }

    /// What is due on all invoices together.
    pub fn invoiced_debt(&self) -> Decimal {
        self.invoices.iter().map(InvoiceBalance::due).fold(self.currency.zero(), |sum, due| sum + due)
    }

    /// All that can still be paid for the order.
    pub fn debt(&self) -> Decimal {
        self.invoiced_debt() + self.uninvoiced_debt()
    }

    pub fn invoice(&self, id: InvoiceId) -> Option<&InvoiceBalance> {
        self.invoices.iter().find(|invoice| invoice.id == id)
    }

    fn invoice_mut(&mut self, id: InvoiceId) -> Option<&mut InvoiceBalance> {
        self.invoices.iter_mut().find(|invoice| invoice.id == id)
    }

    /// Puts of `left` on one invoice what it owes.
    pub fn pay_invoice(&mut self, id: InvoiceId, left: &mut Settlement) -> Option<Placement> {
        let order_id = self.order_id;
        let invoice = self.invoice_mut(id)?;
        let settles = left.split_off(invoice.due());
        if settles.is_nothing() {
            return None;
        }
        invoice.paid += settles.total();
        self.paid += settles.total();
        Some(Placement { order_id, invoice_id: Some(id), settles })
    }

    /// Puts of `left` on the order what it owes: on its open invoices first, the oldest before the others, then on what is not
    /// invoiced yet.
    pub fn pay(&mut self, left: &mut Settlement) -> Vec<Placement> {
        let ids: Vec<InvoiceId> = self.invoices.iter().map(|invoice| invoice.id).collect();
        let mut placements: Vec<Placement> = ids.into_iter().filter_map(|id| self.pay_invoice(id, left)).collect();
        placements.extend(self.pay_in_advance(left));
        placements
    }

    /// Puts of `left` on the order what is neither invoiced nor paid.
    pub fn pay_in_advance(&mut self, left: &mut Settlement) -> Option<Placement> {
        let settles = left.split_off(self.uninvoiced_debt());
        if settles.is_nothing() {
            return None;
        }
        self.paid += settles.total();
        Some(Placement { order_id: self.order_id, invoice_id: None, settles })
    }

    /// Takes money that leaves the company off where it was put, and the adjustments that go with it: the document becomes due
    /// again.
    pub fn refund(&mut self, placement: &Placement) {
        self.release(placement);
        self.refunded += placement.settles.money;
    }

    /// Takes money that stays in the company off where it was put, and the adjustments that go with it: the document becomes due
    /// again.
    pub fn release(&mut self, placement: &Placement) {
        if let Some(invoice) = placement.invoice_id.and_then(|id| self.invoice_mut(id)) {
            invoice.paid -= placement.settles.total();
        }
        self.paid -= placement.settles.total();
    }

    /// Adds a new invoice, for what was not invoiced before. Deposits move to it, up to its total; the amount that did.
    pub fn issue(&mut self, mut invoice: InvoiceBalance) -> Decimal {
        let moved = self.deposits().min(invoice.due()).max(self.currency.zero());
        self.invoiced += invoice.total;
        self.uninvoiced = (self.uninvoiced - invoice.total).max(self.currency.zero());
        invoice.paid += moved;
        self.invoices.push(invoice);
        moved
    }

    /// Issues an invoice in the place of all that is left of another one, which a credit note takes back: what was paid on that moves to
    /// it, and the order owes what it owed. The amount that moved.
    pub fn replace(&mut self, id: InvoiceId, mut successor: InvoiceBalance) -> Decimal {
        let zero = self.currency.zero();
        let Some(replaced) = self.invoice_mut(id) else { return zero };
        replaced.credited += successor.total;
        let moved = if replaced.due() < zero { replaced.due().abs() } else { zero };
        replaced.paid -= moved;
        successor.paid += moved;
        self.invoices.push(successor);
        moved
    }

    /// Takes `amount` of an invoice's total back by a credit note. What was paid above the rest is taken off the invoice; the
    /// amount that was.
    pub fn credit(&mut self, id: InvoiceId, amount: Decimal) -> Decimal {
        let zero = self.currency.zero();
        let Some(invoice) = self.invoice_mut(id) else { return zero };
        invoice.credited += amount;
        let excess = (-invoice.due()).max(zero);
        invoice.paid -= excess;
        self.credited += amount;
        self.paid -= excess;
        excess
    }

    /// Deposits above what is left to invoice: an order was cancelled or reduced. The amount that was taken off.
    pub fn release_deposits(&mut self) -> Decimal {
        let excess = (self.deposits() - self.uninvoiced).max(self.currency.zero());
        self.paid -= excess;
        excess
    }

    /// Whether all that the order costs is paid or authorized.
    pub fn is_covered(&self) -> bool {
        self.paid + self.authorized >= self.uninvoiced + self.invoiced - self.credited
    }
}

#[cfg(test)]
mod tests;
