//! What a payment is and how it may change.

use super::account::Placement;
use super::allocation::{Allocation, newest, standing};
use super::operations::operation::Operation;
use super::settlement::{AdjustmentKind, Settlement};
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
        /// An authorization that was not captured in time.
        Expired = "expired",
        Failed = "failed",
        Reversed = "reversed",
        PartiallyRefunded = "partially_refunded",
        Refunded = "refunded",
    }
}

text_enum! {
    /// What can be done to a payment.
    pub enum PaymentAction {
        /// The payer's side reserves the money.
        Authorize = "authorize",
        /// The money arrives.
        Capture = "capture",
        /// It will not be captured; the payer is free again.
        Void = "void",
        /// The time in which it can be captured is over.
        Expire = "expire",
        /// The payer's side refused.
        Fail = "fail",
        /// Unapplied money is put on orders and invoices.
        Allocate = "allocate",
        /// Money comes off orders and invoices, and stays.
        Release = "release",
        /// Some of it goes back; the rest stays.
        RefundPart = "refund_part",
        /// All that is left goes back.
        Refund = "refund",
        /// The payer's bank takes all that is left of it back.
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
            Self::Release => Some("allocations/release"),
            Self::RefundPart | Self::Refund => Some("refund"),
            Self::Reverse => Some("reverse"),
            Self::Authorize | Self::Expire => None,
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
                A::Authorize if self == Self::Pending => Some(Self::Authorized),
                A::Capture => Some(Self::Captured),
                A::Void => Some(Self::Voided),
                A::Expire if self == Self::Authorized => Some(Self::Expired),
                A::Fail => Some(Self::Failed),
                A::Authorize | A::Expire | A::Allocate | A::Release | A::RefundPart | A::Refund | A::Reverse => None,
            },
            Self::Captured => match action {
                A::Allocate | A::Release => Some(Self::Captured),
                A::RefundPart => Some(Self::PartiallyRefunded),
                A::Refund => Some(Self::Refunded),
                A::Reverse => Some(Self::Reversed),
                A::Authorize | A::Capture | A::Void | A::Expire | A::Fail => None,
            },
            Self::PartiallyRefunded => match action {
                A::Allocate | A::Release | A::RefundPart => Some(Self::PartiallyRefunded),
                A::Refund => Some(Self::Refunded),
                A::Reverse => Some(Self::Reversed),
                A::Authorize | A::Capture | A::Void | A::Expire | A::Fail => None,
            },
            Self::Voided | Self::Expired | Self::Failed | Self::Reversed | Self::Refunded => match action {
                A::Authorize
                | A::Capture
                | A::Void
                | A::Expire
                | A::Fail
                | A::Allocate
                | A::Release
                | A::RefundPart
                | A::Refund
                | A::Reverse => None,
            },
        }
    }

    /// The status of money that has been captured, of which so much went back.
    pub fn of_captured(captured: Decimal, refunded: Decimal) -> Self {
        if refunded.is_zero() {
            Self::Captured
        } else if refunded < captured {
            Self::PartiallyRefunded
        } else {
            Self::Refunded
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
    /// Until when an authorization can be captured.
    pub expires_at: Option<DateTime<Utc>>,
    pub reference: Option<String>,
    pub external_ids: BTreeMap<String, String>,
    pub metadata: Map<String, Value>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Oldest first.
    pub allocations: Vec<Allocation>,
    /// Whoever moves the money; none where people book it.
    pub provider: Option<String>,
    /// The provider's name of it.
    pub provider_reference: Option<String>,
    /// Whether what ships of its order is captured by itself.
    pub capture_on_shipment: bool,
    /// What was asked of the provider, oldest first.
    pub operations: Vec<Operation>,
}

impl Payment {
    /// The status after the action; 409 through [`Refused`] where it is not allowed. An authorization of which a part is captured
    /// already stays one until the rest is captured or given up, and its captured money can be put on documents and go back.
    pub fn next(&self, action: PaymentAction) -> Result<PaymentStatus, Refused> {
        use PaymentAction as A;
        if self.status != PaymentStatus::Authorized || self.captured.is_zero() {
            return self.status.next(action);
        }
        match action {
            A::Allocate | A::Release | A::RefundPart | A::Refund | A::Reverse => Ok(PaymentStatus::Authorized),
            A::Void | A::Expire | A::Fail => Ok(PaymentStatus::of_captured(self.captured, self.refunded)),
            A::Authorize | A::Capture => self.status.next(action),
        }
    }

    /// What is reserved on the payer's side and not captured.
    pub fn authorized(&self) -> Decimal {
        if self.status == PaymentStatus::Authorized { self.amount - self.captured } else { self.currency.zero() }
    }

    /// Money arrives. The last capture ends the authorization: what is left of it is given up.
    pub fn capture(&mut self, amount: Decimal, last: LastCapture, received_on: NaiveDate) -> Result<(), Refused> {
        let next = self.next(PaymentAction::Capture)?;
        self.captured += amount;
        // More may arrive than was announced; it is not refused.
        self.amount = self.amount.max(self.captured);
        self.received_on = received_on;
        let open = self.status == PaymentStatus::Authorized && last == LastCapture::No && self.captured < self.amount;
        self.status = if open { PaymentStatus::Authorized } else { next };
        if !open && !self.refunded.is_zero() {
            self.status = PaymentStatus::of_captured(self.captured, self.refunded);
        }
        Ok(())
    }

    /// What of it can still go back on account of one order: all where it belongs to no other, else what is on the order.
    pub fn refundable_for(&self, order_id: OrderId) -> Decimal {
        match self.orders().as_slice() {
            [only] if *only == order_id => self.refundable(),
            _ => self.standing().iter().filter(|placement| placement.order_id == order_id).map(|placement| placement.settles.money).sum(),
        }
    }

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

    /// Where its money was at that moment, oldest first.
    pub fn standing_at(&self, at: DateTime<Utc>) -> Vec<Placement> {
        let until: Vec<Allocation> = self.allocations.iter().filter(|row| row.created_at <= at).cloned().collect();
        standing(&until)
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
    pub fn on(&self, order_id: OrderId, invoice_id: Option<InvoiceId>) -> Settlement {
        let here = |placement: &Placement| (placement.order_id, placement.invoice_id) == (order_id, invoice_id);
        self.standing().into_iter().find(here).map(|placement| placement.settles).unwrap_or_default()
    }

    /// Moves up to `amount` of what it settles of one of an order's invoices, or of its deposit on the order (`from` none), to another
    /// invoice of the order, with the adjustments in it; how much.
    pub fn move_to_invoice(
        &mut self,
        order_id: OrderId,
        from: Option<InvoiceId>,
        invoice_id: InvoiceId,
        amount: Decimal,
        at: DateTime<Utc>,
    ) -> Decimal {
        let settles = self.on(order_id, from).split_off(amount);
        let moved = settles.total();
        if !settles.is_nothing() {
            let placement = Placement { order_id, invoice_id: from, settles };
            self.take_back(&placement, at);
            self.put(&[Placement { invoice_id: Some(invoice_id), ..placement }], at);
        }
        moved
    }

    /// Takes up to `amount` of what it settles of a document off it, as [`Settlement::give_back`] does; how much.
    pub fn release(&mut self, order_id: OrderId, invoice_id: Option<InvoiceId>, amount: Decimal, at: DateTime<Utc>) -> Decimal {
        let settles = self.on(order_id, invoice_id).give_back(amount, self.currency);
        let released = settles.total();
        if !settles.is_nothing() {
            self.take_back(&Placement { order_id, invoice_id, settles }, at);
        }
        released
    }

    /// What it has on an invoice, or on an order and all its invoices; oldest first.
    pub fn standing_on(&self, order_id: OrderId, invoice_id: Option<InvoiceId>) -> Vec<Placement> {
        let mut here = self.standing();
        here.retain(|placement| placement.order_id == order_id && (invoice_id.is_none() || placement.invoice_id == invoice_id));
        here
    }

    /// Takes money off documents, the last first; it is unapplied again. `from` are some of [`Payment::standing`]. Adjustments go with
    /// the last of the money that they came with. The placements that it was taken from.
    pub fn take_off(&mut self, from: &[Placement], money: Decimal, at: DateTime<Utc>) -> Vec<Placement> {
        let taken = newest(from, money);
        taken.iter().for_each(|placement| self.take_back(placement, at));
        taken
    }

    /// Sends money back, at most what is refundable: unapplied money first, then what was put on a document last. The placements
    /// that it was taken from. Unapplied money that belonged to one order is put on it and taken off again, so that the rows
    /// say of every order how much of its money went back. An adjustment is never paid out: it is undone with the last of the
    /// money that it came with.
    pub fn refund(&mut self, amount: Decimal, refund_id: RefundId, at: DateTime<Utc>) -> Refunded {
        let unapplied = amount.min(self.unapplied());
        let from_documents = match (amount == unapplied, amount == self.refundable()) {
            // None of it comes off a document, and some stays: no document has lost what its adjustments came with.
            (true, false) => vec![],
            (true, true) => self.undone_without_money(),
            (false, _) => newest(&self.standing(), amount - unapplied),
        };
        self.send_back(amount, unapplied, from_documents, refund_id, at)
    }

    /// As [`Payment::refund`], but only money of one order: at most [`Payment::refundable_for`] it.
    pub fn refund_for(&mut self, order_id: OrderId, amount: Decimal, refund_id: RefundId, at: DateTime<Utc>) -> Refunded {
        if self.orders() == [order_id] {
            return self.refund(amount, refund_id, at);
        }
        let mut here = self.standing();
        here.retain(|placement| placement.order_id == order_id);
        self.send_back(amount, self.currency.zero(), newest(&here, amount), refund_id, at)
    }

    /// Money of it that went back off documents of an order and left them due again: by invoice, `None` for deposits. Money on no
    /// document that went back is not in it.
    pub fn reopened(&self, order_id: OrderId) -> Vec<(Option<InvoiceId>, Decimal)> {
        let mut sums: BTreeMap<(RefundId, Option<InvoiceId>), Decimal> = BTreeMap::new();
        for (place, row) in self.allocations.iter().enumerate().filter(|(_, row)| row.order_id == order_id) {
            let Some(refund_id) = row.refund_id else { continue };
            let sum = sums.entry((refund_id, row.invoice_id)).or_default();
            *sum -= row.settles.money;
            // Money on no document is put on its order in the moment in which it leaves.
            let put = place.checked_sub(1).map(|before| &self.allocations[before]).filter(|put| {
                (put.order_id, put.invoice_id, put.refund_id, put.created_at) == (order_id, None, None, row.created_at)
                    && row.invoice_id.is_none()
                    && put.settles.money == -row.settles.money
            });
            *sum -= put.map_or(Decimal::ZERO, |put| put.settles.money.max(Decimal::ZERO));
        }
        sums.into_iter().filter(|(_, sum)| *sum > Decimal::ZERO).map(|((_, invoice_id), sum)| (invoice_id, sum)).collect()
    }

    /// Takes a refund back that did not arrive: the money is unapplied again. How much of it was each order's.
    pub fn undo_refund(&mut self, refund_id: RefundId, amount: Decimal, at: DateTime<Utc>) -> Vec<(OrderId, Decimal)> {
        let taken: Vec<Allocation> = self.allocations.iter().filter(|row| row.refund_id == Some(refund_id)).cloned().collect();
        let mut orders = Vec::new();
        for row in taken {
            let back = Placement { order_id: row.order_id, invoice_id: row.invoice_id, settles: row.settles.negated() };
            orders.push((row.order_id, back.settles.money));
            // On the document and off it again: the first row says that the refund took nothing, the second that the money is free.
            self.allocations.push(Allocation { refund_id: Some(refund_id), ..Allocation::put(&back, at) });
            self.allocations.push(Allocation::taken_back(&back, None, at));
        }
        self.refunded -= amount;
        if self.status != PaymentStatus::Authorized {
            self.status = PaymentStatus::of_captured(self.captured, self.refunded);
        }
        orders
    }

    /// The adjustments that go where none of its money is left: all but what the payer has paid to the tax authority, which settles
    /// what it settled.
    pub fn undone_without_money(&self) -> Vec<Placement> {
        let undone = |placement: Placement| Placement {
            settles: placement.settles.only(|kind| kind != AdjustmentKind::WithholdingTax),
            ..placement
        };
        self.standing().into_iter().map(undone).filter(|placement| !placement.settles.is_nothing()).collect()
    }

    fn send_back(
        &mut self,
        amount: Decimal,
        unapplied: Decimal,
        from_documents: Vec<Placement>,
        refund_id: RefundId,
        at: DateTime<Utc>,
    ) -> Refunded {
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
    /// whose money went back. With the last of its money go the adjustments that still settle something, but what was paid to the tax
    /// authority: the documents that become due again by that.
    pub fn refund_set_free(&mut self, order_id: OrderId, amount: Decimal, refund_id: RefundId, at: DateTime<Utc>) -> Vec<Placement> {
        let released = Placement { order_id, invoice_id: None, settles: Settlement::money(amount) };
        self.allocations.push(Allocation::put(&released, at));
        self.allocations.push(Allocation::taken_back(&released, Some(refund_id), at));
        self.refunded += amount;
        if !self.refundable().is_zero() {
            return vec![];
        }
        let adjusted = self.undone_without_money();
        self.allocations.extend(adjusted.iter().map(|placement| Allocation::taken_back(placement, Some(refund_id), at)));
        adjusted
    }
}

/// Whether a capture ends the authorization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastCapture {
    Yes,
    /// The rest stays reserved for a later one.
    No,
}

/// How much of an amount each payment gives back: the newest first, each as far as it can. `refundable` is oldest first; what
/// none of them has is left over, so compare the sum.
pub fn distribute(amount: Decimal, refundable: &[Decimal]) -> Vec<Decimal> {
    let mut left = amount;
    let mut parts: Vec<Decimal> = refundable
        .iter()
        .rev()
        .map(|most| {
            let part = left.min(*most).max(Decimal::ZERO);
            left -= part;
            part
        })
        .collect();
    parts.reverse();
    parts
}

impl Refunded {
    /// The order whose money went back, where it is one.
    pub fn order_id(&self) -> Option<OrderId> {
        let mut orders: Vec<OrderId> = self.released.iter().chain(&self.from_documents).map(|placement| placement.order_id).collect();
        orders.sort();
        orders.dedup();
        if let [only] = orders.as_slice() { Some(*only) } else { None }
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
pub(super) mod tests;
