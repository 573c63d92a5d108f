//! What a payment is and how it may change.

use super::account::Placement;
use super::allocation::{Allocation, newest, standing};
use super::settlement::Settlement;
use crate::types::currency::Currency;
use crate::types::id::{CustomerId, InvoiceId, OrderId, PaymentId, RefundId};
use crate::types::text_enum::text_enum;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

text_enum! {
    pub enum PaymentMethod {
        BankTransfer = "bank_transfer",
        Card = "card",
        Cash = "cash",
        EWallet = "e_wallet",
        Other = "other",
    }
}

text_enum! {
    pub enum PaymentStatus {
        /// Announced; nothing has arrived.
        Pending = "pending",
        /// Reserved on the payer's side, to be captured or voided.
        Authorized = "authorized",
        Captured = "captured",
        Voided = "voided",
        Failed = "failed",
        Reversed = "reversed",
        PartiallyRefunded = "partially_refunded",
        Refunded = "refunded",
    }
}

text_enum! {
    /// What can be done to a payment.
    pub enum PaymentAction {
        /// The money arrives.
        Capture = "capture",
        /// It will not be captured; the payer is free again.
        Void = "void",
        /// The payer's side refused.
        Fail = "fail",
        /// Unapplied money is put on orders and invoices.
        Allocate = "allocate",
        /// Some of it goes back; the rest stays.
        RefundPart = "refund_part",
        /// All that is left goes back.
        Refund = "refund",
        /// The payer's bank takes all of it back.
        Reverse = "reverse",
    }
}

/// The payment's status does not allow the action.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a payment that is {status} does not allow {action}")]
pub struct Refused {
    pub status: PaymentStatus,
    pub action: PaymentAction,
    /// What the status does allow.
    pub allowed: Vec<PaymentAction>,
}

impl From<Refused> for crate::error::Error {
    fn from(refused: Refused) -> Self {
        let mut allowed: Vec<&str> = refused.allowed.iter().filter_map(|action| action.request()).collect();
        allowed.dedup();
        Self::invalid_transition(refused.status.as_str(), refused.action.request().unwrap_or(refused.action.as_str()), &allowed)
    }
}

impl PaymentAction {
    /// The sub-path that asks for it; none for what only the payer's bank does.
    pub fn request(self) -> Option<&'static str> {
        match self {
            Self::Capture => Some("capture"),
            Self::Void => Some("void"),
            Self::Fail => Some("fail"),
            Self::Allocate => Some("allocations"),
            Self::RefundPart | Self::Refund => Some("refund"),
            Self::Reverse => None,
        }
    }
}

impl PaymentStatus {
    /// The status after the action.
    pub fn next(self, action: PaymentAction) -> Result<Self, Refused> {
        self.after(action).ok_or_else(|| Refused { status: self, action, allowed: self.allowed() })
    }

    /// The actions that `next` does not refuse.
    pub fn allowed(self) -> Vec<PaymentAction> {
        PaymentAction::ALL.iter().copied().filter(|action| self.after(*action).is_some()).collect()
    }

    fn after(self, action: PaymentAction) -> Option<Self> {
        use PaymentAction as A;
        match self {
            Self::Pending | Self::Authorized => match action {
                A::Capture => Some(Self::Captured),
                A::Void => Some(Self::Voided),
                A::Fail => Some(Self::Failed),
                A::Allocate | A::RefundPart | A::Refund | A::Reverse => None,
            },
            Self::Captured => match action {
                A::Allocate => Some(Self::Captured),
                A::RefundPart => Some(Self::PartiallyRefunded),
                A::Refund => Some(Self::Refunded),
                A::Reverse => Some(Self::Reversed),
                A::Capture | A::Void | A::Fail => None,
            },
            Self::PartiallyRefunded => match action {
                A::Allocate | A::RefundPart => Some(Self::PartiallyRefunded),
                A::Refund => Some(Self::Refunded),
                A::Reverse => Some(Self::Reversed),
                A::Capture | A::Void | A::Fail => None,
            },
            Self::Voided | Self::Failed | Self::Reversed | Self::Refunded => match action {
                A::Capture | A::Void | A::Fail | A::Allocate | A::RefundPart | A::Refund | A::Reverse => None,
            },
        }
    }
}

/// A payment with the rows that say where its money is. `applied ≤ captured − refunded`.
#[derive(Clone, Debug, PartialEq)]
pub struct Payment {
    pub id: PaymentId,
    pub number: String,
    pub customer_id: Option<CustomerId>,
    /// What it was announced for, where that is one order.
    pub order_id: Option<OrderId>,
    /// What it was announced for, where that is one invoice.
    pub invoice_id: Option<InvoiceId>,
    pub currency: Currency,
    pub method: PaymentMethod,
    pub status: PaymentStatus,
    /// Announced, authorized or captured in all.
    pub amount: Decimal,
    pub captured: Decimal,
    pub refunded: Decimal,
    /// Money on orders and invoices; Σ of `allocations`, without their adjustments.
    pub applied: Decimal,
    pub received_on: NaiveDate,
    pub reference: Option<String>,
    pub external_ids: BTreeMap<String, String>,
    pub metadata: Map<String, Value>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Oldest first.
    pub allocations: Vec<Allocation>,
}

impl Payment {
    /// Money that is here and on no document.
    pub fn unapplied(&self) -> Decimal {
        self.captured - self.refunded - self.applied
    }

    /// What can still go back.
    pub fn refundable(&self) -> Decimal {
        self.captured - self.refunded
    }

    /// Where its money is now, oldest first.
    pub fn standing(&self) -> Vec<Placement> {
        standing(&self.allocations)
    }

    /// All orders that it has ever touched, in the order of their ids.
    pub fn orders(&self) -> Vec<OrderId> {
        let mut orders: Vec<OrderId> = self.order_id.into_iter().chain(self.allocations.iter().map(|row| row.order_id)).collect();
        orders.sort();
        orders.dedup();
        orders
    }

    /// Puts unapplied money on documents.
    pub fn put(&mut self, placements: &[Placement], at: DateTime<Utc>) {
        for placement in placements {
            self.applied += placement.settles.money;
            self.allocations.push(Allocation::put(placement, at));
        }
    }

    /// Takes something off a document; its money is unapplied again.
    fn take_back(&mut self, placement: &Placement, at: DateTime<Utc>) {
        self.applied -= placement.settles.money;
        self.allocations.push(Allocation::taken_back(placement, None, at));
    }

    /// What it settles of a document now: of an invoice, or of an order without one.
    fn on(&self, order_id: OrderId, invoice_id: Option<InvoiceId>) -> Settlement {
        let here = |placement: &Placement| (placement.order_id, placement.invoice_id) == (order_id, invoice_id);
        self.standing().into_iter().find(here).map(|placement| placement.settles).unwrap_or_default()
    }

    /// Moves up to `amount` of its deposit on an order to one of the order's invoices, with the adjustments in it; how much.
    pub fn move_deposit(&mut self, order_id: OrderId, invoice_id: InvoiceId, amount: Decimal, at: DateTime<Utc>) -> Decimal {
        let settles = self.on(order_id, None).split_off(amount);
        let moved = settles.total();
        if !settles.is_nothing() {
            let deposit = Placement { order_id, invoice_id: None, settles };
            self.take_back(&deposit, at);
            self.put(&[Placement { invoice_id: Some(invoice_id), ..deposit }], at);
        }
        moved
    }

    /// Takes up to `amount` of what it settles of a document off it, adjustments before money; how much.
    pub fn release(&mut self, order_id: OrderId, invoice_id: Option<InvoiceId>, amount: Decimal, at: DateTime<Utc>) -> Decimal {
        let settles = self.on(order_id, invoice_id).give_back(amount);
        let released = settles.total();
        if !settles.is_nothing() {
            self.take_back(&Placement { order_id, invoice_id, settles }, at);
        }
        released
    }

    /// Sends money back, at most what is refundable: unapplied money first, then what was put on a document last. The placements
    /// that it was taken from. Unapplied money that belonged to one order is put on it and taken off again, so that the rows
    /// say of every order how much of its money went back. An adjustment is never paid out: it is undone with the last of the
    /// money that it came with.
    pub fn refund(&mut self, amount: Decimal, refund_id: RefundId, at: DateTime<Utc>) -> Refunded {
        let unapplied = amount.min(self.unapplied());
        let from_documents = newest(&self.standing(), amount - unapplied);
        let released = match (self.orders().as_slice(), self.order_id) {
            (_, Some(order_id)) | (&[order_id], None) => Some(order_id),
            _ => None,
        };
        let released = released.filter(|_| unapplied > Decimal::ZERO).map(|order_id| Placement {
            order_id,
            invoice_id: None,
            settles: Settlement::money(unapplied),
        });
        if let Some(released) = &released {
            self.allocations.push(Allocation::put(released, at));
            self.allocations.push(Allocation::taken_back(released, Some(refund_id), at));
        }
        for placement in &from_documents {
            self.applied -= placement.settles.money;
            self.allocations.push(Allocation::taken_back(placement, Some(refund_id), at));
        }
        self.refunded += amount;
        Refunded { released, from_documents }
    }

    /// Sends back unapplied money that an order has set free. It is put on the order and taken off again, so that the rows say
    /// whose money went back. With the last of its money go the adjustments that still settle something: the documents that become
    /// due again by that.
    pub fn refund_set_free(&mut self, order_id: OrderId, amount: Decimal, refund_id: RefundId, at: DateTime<Utc>) -> Vec<Placement> {
        let released = Placement { order_id, invoice_id: None, settles: Settlement::money(amount) };
        self.allocations.push(Allocation::put(&released, at));
        self.allocations.push(Allocation::taken_back(&released, Some(refund_id), at));
        self.refunded += amount;
        if !self.refundable().is_zero() {
            return vec![];
        }
        let adjusted = self.standing();
        self.allocations.extend(adjusted.iter().map(|placement| Allocation::taken_back(placement, Some(refund_id), at)));
        adjusted
    }
}

/// Where refunded money came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refunded {
    /// Unapplied money, and the order that it belonged to.
    pub released: Option<Placement>,
    /// Documents that become due again.
    pub from_documents: Vec<Placement>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One letter per action in the order of `PaymentAction::ALL`: the first of the next status (`p` partially refunded, `x`
    /// reversed), `-` refused.
    const TABLE: [(PaymentStatus, &str); 8] = [
        (PaymentStatus::Pending, "cvf----"),
        (PaymentStatus::Authorized, "cvf----"),
        (PaymentStatus::Captured, "---cprx"),
        (PaymentStatus::Voided, "-------"),
        (PaymentStatus::Failed, "-------"),
        (PaymentStatus::Reversed, "-------"),
        (PaymentStatus::PartiallyRefunded, "---pprx"),
        (PaymentStatus::Refunded, "-------"),
    ];

    #[test]
    fn every_status_allows_exactly_its_actions() {
        assert_eq!(TABLE.map(|(status, _)| status), PaymentStatus::ALL);
        for (status, row) in TABLE {
            for (action, letter) in PaymentAction::ALL.iter().zip(row.chars()) {
                let expected = match letter {
                    'c' => Some(PaymentStatus::Captured),
                    'v' => Some(PaymentStatus::Voided),
                    'f' => Some(PaymentStatus::Failed),
                    'p' => Some(PaymentStatus::PartiallyRefunded),
                    'r' => Some(PaymentStatus::Refunded),
                    'x' => Some(PaymentStatus::Reversed),
                    _ => None,
                };
                assert_eq!(status.next(*action).ok(), expected, "{status} {action}");
            }
        }
    }
}
