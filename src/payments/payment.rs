//! What a payment is and how it may change.

use super::account::Placement;
use super::allocation::{Allocation, newest, standing};
use super::operations::operation::Operation;
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
            Self::Authorize | Self::Expire | Self::Reverse => None,
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
                A::Authorize | A::Expire | A::Allocate | A::RefundPart | A::Refund | A::Reverse => None,
            },
            Self::Captured => match action {
                A::Allocate => Some(Self::Captured),
                A::RefundPart => Some(Self::PartiallyRefunded),
                A::Refund => Some(Self::Refunded),
                A::Reverse => Some(Self::Reversed),
                A::Authorize | A::Capture | A::Void | A::Expire | A::Fail => None,
            },
            Self::PartiallyRefunded => match action {
                A::Allocate | A::RefundPart => Some(Self::PartiallyRefunded),
                A::Refund => Some(Self::Refunded),
                A::Reverse => Some(Self::Reversed),
                A::Authorize | A::Capture | A::Void | A::Expire | A::Fail => None,
            },
            Self::Voided | Self::Expired | Self::Failed | Self::Reversed | Self::Refunded => match action {
                A::Authorize | A::Capture | A::Void | A::Expire | A::Fail | A::Allocate | A::RefundPart | A::Refund | A::Reverse => None,
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
    /// The order's version when it was last looked at for what has shipped.
    pub order_seen: i64,
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
            A::Allocate | A::RefundPart | A::Refund => Ok(PaymentStatus::Authorized),
            A::Void | A::Expire | A::Fail => Ok(PaymentStatus::of_captured(self.captured, self.refunded)),
            A::Authorize | A::Capture | A::Reverse => self.status.next(action),
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
pub(super) mod tests {
    use super::*;

    /// One letter per action in the order of `PaymentAction::ALL`: the first of the next status (`p` partially refunded, `x`
    /// reversed, `e` expired), `-` refused.
    const TABLE: [(PaymentStatus, &str); 9] = [
        (PaymentStatus::Pending, "acv-f----"),
        (PaymentStatus::Authorized, "-cvef----"),
        (PaymentStatus::Captured, "-----cprx"),
        (PaymentStatus::Voided, "---------"),
        (PaymentStatus::Expired, "---------"),
        (PaymentStatus::Failed, "---------"),
        (PaymentStatus::Reversed, "---------"),
        (PaymentStatus::PartiallyRefunded, "-----pprx"),
        (PaymentStatus::Refunded, "---------"),
    ];

    #[test]
    fn every_status_allows_exactly_its_actions() {
        assert_eq!(TABLE.map(|(status, _)| status), PaymentStatus::ALL);
        for (status, row) in TABLE {
            for (action, letter) in PaymentAction::ALL.iter().zip(row.chars()) {
                let expected = match letter {
                    'a' => Some(PaymentStatus::Authorized),
                    'c' => Some(PaymentStatus::Captured),
                    'v' => Some(PaymentStatus::Voided),
                    'e' => Some(PaymentStatus::Expired),
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

    pub fn authorized(amount: i64) -> Payment {
        let currency = Currency::from_code("EUR").unwrap();
        let at = DateTime::<Utc>::MIN_UTC;
        Payment {
            id: PaymentId::generate(),
            number: "RCP-1".into(),
            customer_id: None,
            order_id: None,
            invoice_id: None,
            currency,
            method: PaymentMethod::Card,
            status: PaymentStatus::Authorized,
            amount: amount.into(),
            captured: 0.into(),
            refunded: 0.into(),
            applied: 0.into(),
            received_on: at.date_naive(),
            expires_at: None,
            reference: None,
            external_ids: Default::default(),
            metadata: Default::default(),
            version: 1,
            created_at: at,
            updated_at: at,
            allocations: vec![],
            provider: None,
            provider_reference: None,
            capture_on_shipment: false,
            order_seen: 0,
            operations: vec![],
        }
    }

    #[test]
    fn a_refund_that_did_not_arrive_leaves_the_money_unapplied() {
        let mut payment = authorized(100);
        let (at, order_id) = (payment.created_at, OrderId::generate());
        payment.capture(100.into(), LastCapture::Yes, payment.received_on).unwrap();
        payment.put(&[Placement { order_id, invoice_id: None, settles: Settlement::money(80.into()) }], at);
        let refund_id = RefundId::generate();
        payment.status = payment.next(PaymentAction::RefundPart).unwrap();
        payment.refund(50.into(), refund_id, at);
        assert_eq!((payment.unapplied(), payment.applied, payment.refundable()), (0.into(), 50.into(), 50.into()));
        let back = payment.undo_refund(refund_id, 50.into(), at);
        assert_eq!(back.iter().map(|(_, money)| *money).sum::<Decimal>(), 50.into());
        assert_eq!((payment.unapplied(), payment.applied, payment.status), (50.into(), 50.into(), PaymentStatus::Captured));
        let of_refund: Decimal = payment.allocations.iter().filter(|row| row.refund_id.is_some()).map(|row| row.settles.money).sum();
        assert_eq!(of_refund, 0.into());
        assert_eq!(payment.allocations.iter().map(|row| row.settles.money).sum::<Decimal>(), payment.applied);
    }

    #[test]
    fn an_authorization_is_captured_in_parts_until_the_last() {
        let mut payment = authorized(100);
        let on = payment.received_on;
        assert!(payment.next(PaymentAction::RefundPart).is_err(), "nothing is captured yet");
        payment.capture(30.into(), LastCapture::No, on).unwrap();
        assert_eq!((payment.status, payment.authorized(), payment.unapplied()), (PaymentStatus::Authorized, 70.into(), 30.into()));
        payment.status = payment.next(PaymentAction::RefundPart).unwrap();
        payment.refund(10.into(), RefundId::generate(), payment.created_at);
        let mut voided = payment.clone();
        voided.status = voided.next(PaymentAction::Void).unwrap();
        assert_eq!((voided.status, voided.authorized()), (PaymentStatus::PartiallyRefunded, 0.into()), "what was captured stays");
        payment.capture(20.into(), LastCapture::Yes, on).unwrap();
        assert_eq!((payment.status, payment.captured, payment.authorized()), (PaymentStatus::PartiallyRefunded, 50.into(), 0.into()));
        assert!(payment.next(PaymentAction::Capture).is_err());
        let mut whole = authorized(100);
        whole.capture(100.into(), LastCapture::No, on).unwrap();
        assert_eq!(whole.status, PaymentStatus::Captured, "nothing is left to capture");
    }

    #[test]
    fn an_order_refund_takes_the_newest_captures_first() {
        let parts = |amount: i64| distribute(amount.into(), &[50.into(), 0.into(), 30.into(), 20.into()]);
        assert_eq!(parts(10), [0, 0, 0, 10].map(Decimal::from));
        assert_eq!(parts(60), [10, 0, 30, 20].map(Decimal::from));
        assert_eq!(parts(100), [50, 0, 30, 20].map(Decimal::from));
        assert_eq!(parts(101).iter().sum::<Decimal>(), 100.into(), "the rest is nobody's");
    }

    proptest::proptest! {
        #[test]
        fn a_distribution_takes_all_it_can_and_from_nobody_too_much(amount in 0i64..1_000, most in proptest::collection::vec(0i64..300, 0..8)) {
            let most: Vec<Decimal> = most.into_iter().map(Decimal::from).collect();
            let parts = distribute(amount.into(), &most);
            let whole: Decimal = most.iter().sum();
            proptest::prop_assert_eq!(parts.iter().sum::<Decimal>(), whole.min(amount.into()));
            for place in 0..parts.len() {
                proptest::prop_assert!(parts[place] >= Decimal::ZERO && parts[place] <= most[place]);
                // An older one gives only where the newer ones have given all.
                proptest::prop_assert!(parts[place].is_zero() || (place + 1..parts.len()).all(|newer| parts[newer] == most[newer]));
            }
        }
    }
}
