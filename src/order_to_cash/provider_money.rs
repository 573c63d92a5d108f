//! What a payment's provider has done, booked. The provider moves money, this says where it is; what has been booked already changes
//! nothing, so that the answer of a call and a message about it may come in any order and number.

use super::document_date::booking_date;
use super::payment_targets::{Aim, Targets};
use super::reverse::{Reversal, take_back};
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::organization;
use crate::payments::body::Target;
use crate::payments::operations::operation::{Operation, OperationKind, OperationStatus};
use crate::payments::payment::{Payment, PaymentAction, PaymentStatus};
use crate::payments::provider::decide::{Step, decide};
use crate::payments::provider::{Failure, Intent, ProviderDispute, ProviderRefund, RefundState};
use crate::payments::refunds;
use crate::payments::refunds::body::{RefundBody, RefundKind, RefundStatus};
use crate::payments::service::{self as payments, PaymentChange};
use crate::payments::settlement::Settlement;
use crate::platform::http::Precondition;
use crate::types::decimal::Amount;
use crate::types::id::{PaymentId, PaymentOperationId, RefundId};
use chrono::TimeDelta;
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use serde_json::json;

/// How long a payer may take to approve a payment that was asked for here.
const APPROVAL_TIME: TimeDelta = TimeDelta::hours(24);

/// What a call had as result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Intent(Intent),
    Refund(ProviderRefund),
    /// All that the provider knows.
    Known(Intent, Vec<ProviderRefund>),
}

impl Answer {
    /// What it tells of refunds that were not asked for here.
    pub fn foreign_refunds(&self) -> impl Iterator<Item = &ProviderRefund> {
        let known: &[ProviderRefund] = if let Self::Known(_, refunds) = self { refunds } else { &[] };
        known.iter().filter(|refund| asked_by(refund).is_none())
    }
}

/// The operation that a refund says it is for.
fn asked_by(refund: &ProviderRefund) -> Option<PaymentOperationId> {
    refund.operation_id.as_deref().and_then(|id| id.parse().ok())
}

/// A locked payment with its orders, while the provider's word is worked in.
struct Booking<'a> {
    context: &'a Context,
    targets: Targets,
    change: PaymentChange,
    facts: Vec<NewEvent>,
}

/// Books the result of an operation; nothing happens where it has been booked already. `numbers` are receipt numbers for refunds that
/// somebody has made at the provider.
pub fn record(
    connection: &mut PgConnection,
    context: &Context,
    (payment_id, operation_id): (PaymentId, PaymentOperationId),
    answer: &Answer,
    numbers: &[String],
) -> Result<(), Error> {
    let mut booking = Booking::lock(connection, context, payment_id)?;
    if booking.pending(operation_id).is_none() {
        return Ok(());
    }
    match answer {
        Answer::Intent(intent) => booking.absorb(connection, intent)?,
        Answer::Refund(refund) => booking.absorb_refund(connection, operation_id, refund)?,
        Answer::Known(intent, refunds) => booking.absorb_all(connection, intent, refunds, numbers)?,
    }
    // The call was made, whatever the payer's side is still busy with.
    booking.settle(operation_id, OperationStatus::Succeeded, None);
    booking.save(connection)
}

/// Books that an operation was refused: what it wanted does not come. Where the refusal may come from a state that we do not know,
/// the provider is asked for it.
pub fn refuse(
    connection: &mut PgConnection,
    context: &Context,
    (payment_id, operation_id): (PaymentId, PaymentOperationId),
    failure: &Failure,
) -> Result<(), Error> {
    let mut booking = Booking::lock(connection, context, payment_id)?;
    let Some(operation) = booking.pending(operation_id).cloned() else { return Ok(()) };
    booking.settle(operation_id, OperationStatus::Failed, Some(failure.clone()));
    booking.tell_of_operation("payment.operation_failed", &operation, failure);
    match operation.kind {
        OperationKind::Authorize | OperationKind::Charge => booking.give_up(PaymentAction::Fail)?,
        OperationKind::Capture | OperationKind::Cancel => {
            let ask = Operation::new(OperationKind::Retrieve, operation.amount, context.now);
            booking.change.after.operations.push(ask);
            if !operation.last {
                // Where no part can be captured, it may have to be all of it.
                payments::look_again(connection, context.organization_id, payment_id)?;
            }
        }
        OperationKind::Refund => {
            if let Some(refund_id) = operation.refund_id {
                booking.fail_refund(connection, refund_id)?;
            }
        }
        OperationKind::Retrieve => {}
    }
    booking.save(connection)
}

/// Books that nobody knows what became of an operation: its key is too old to be sent again.
pub fn leave_unresolved(
    connection: &mut PgConnection,
    context: &Context,
    (payment_id, operation_id): (PaymentId, PaymentOperationId),
) -> Result<(), Error> {
    let mut booking = Booking::lock(connection, context, payment_id)?;
    let Some(operation) = booking.pending(operation_id).cloned() else { return Ok(()) };
    let failure =
        Failure { code: "no_answer".into(), detail: "the provider gave no answer for a day; look there what became of it".into() };
    booking.settle(operation_id, OperationStatus::Unresolved, Some(failure.clone()));
    booking.tell_of_operation("payment.operation_unresolved", &operation, &failure);
    booking.save(connection)
}

/// Brings a payment to what the provider knows of it now. `numbers` are receipt numbers for refunds that somebody has made there.
pub fn reconcile(
    connection: &mut PgConnection,
    context: &Context,
    payment_id: PaymentId,
    answer: &Answer,
    numbers: &[String],
) -> Result<(), Error> {
    let mut booking = Booking::lock(connection, context, payment_id)?;
    if let Answer::Known(intent, refunds) = answer {
        booking.absorb_all(connection, intent, refunds, numbers)?;
    }
    booking.save(connection)
}

/// Books what a lost dispute has taken, once.
pub fn lose_dispute(
    connection: &mut PgConnection,
    context: &Context,
    payment_id: PaymentId,
    dispute: &ProviderDispute,
    number: &str,
) -> Result<(), Error> {
    let settings = organization::settings(connection, context.organization_id)?;
    let mut booking = Booking::lock(connection, context, payment_id)?;
    let known = refunds::service::of_payments(connection, context.organization_id, &[payment_id])?;
    if known.iter().any(|row| row.provider_reference.as_deref() == Some(&dispute.reference)) {
        return Ok(());
    }
    let payment = &booking.change.after;
    if dispute.currency != payment.currency || dispute.amount > payment.refundable() || dispute.amount <= Decimal::ZERO {
        booking.tell_mismatch("a dispute was lost over more than is booked as captured and not sent back");
        return booking.save(connection);
    }
    // Refused in closed books; it is asked again until a day is open.
    let booked_on = booking_date(&settings, None, context, "/received_on")?;
    let reason = format!("dispute lost: {}", dispute.reason);
    let reversal = Reversal {
        amount: dispute.amount,
        reason: &reason,
        booked_on,
        number: number.to_owned(),
        provider_reference: Some(dispute.reference.clone()),
    };
    let (_, fact) = take_back(connection, context, &mut booking.change.after, &mut booking.targets, reversal)?;
    booking.facts.push(fact);
    booking.save(connection)
}

impl<'a> Booking<'a> {
    fn lock(connection: &mut PgConnection, context: &'a Context, id: PaymentId) -> Result<Self, Error> {
        let (targets, change) = Targets::lock_of(connection, context, id, &Precondition::Any)?;
        Ok(Self { context, targets, change, facts: vec![] })
    }

    fn pending(&self, id: PaymentOperationId) -> Option<&Operation> {
        self.change.after.operations.iter().find(|operation| operation.id == id && operation.is_pending())
    }

    /// Only of what is pending, or was given up for unknown: a result stays.
    fn settle(&mut self, id: PaymentOperationId, status: OperationStatus, failure: Option<Failure>) {
        let open = |operation: &&mut Operation| matches!(operation.status, OperationStatus::Pending | OperationStatus::Unresolved);
        if let Some(operation) = self.change.after.operations.iter_mut().find(|operation| operation.id == id).filter(open) {
            operation.settle(status, failure, self.context.now);
        }
    }

    fn tell(&mut self, event_type: &'static str) {
        self.facts.push(payments::event(event_type, &self.change.after));
    }

    fn tell_of_operation(&mut self, event_type: &'static str, operation: &Operation, failure: &Failure) {
        let mut fact = payments::event(event_type, &self.change.after);
        fact.data["operation"] = json!({ "id": operation.id, "kind": operation.kind, "amount": Amount(operation.amount) });
        fact.data["failure"] = json!(failure);
        self.facts.push(fact);
    }

    /// All that the provider knows: of the money, and of each refund.
    fn absorb_all(
        &mut self,
        connection: &mut PgConnection,
        intent: &Intent,
        known: &[ProviderRefund],
        numbers: &[String],
    ) -> Result<(), Error> {
        self.absorb(connection, intent)?;
        let mut numbers = numbers.iter();
        for refund in known {
            match asked_by(refund).filter(|id| self.change.after.operations.iter().any(|operation| operation.id == *id)) {
                Some(id) => {
                    self.absorb_refund(connection, id, refund)?;
                    self.settle(id, OperationStatus::Succeeded, None);
                }
                None => self.foreign_refund(connection, refund, &mut numbers)?,
            }
        }
        Ok(())
    }

    /// Takes the steps to what the provider says, and settles the operations that wanted them.
    fn absorb(&mut self, connection: &mut PgConnection, intent: &Intent) -> Result<(), Error> {
        let payment = &mut self.change.after;
        if payment.provider_reference.is_none() {
            payment.provider_reference = Some(intent.reference.clone());
        }
        let steps = decide(payment, intent);
        let captures = steps.iter().any(|step| matches!(step, Step::Capture { .. }));
        for step in steps {
            self.take(connection, step)?;
        }
        let status = self.change.after.status;
        let open = matches!(status, PaymentStatus::Pending | PaymentStatus::Authorized);
        let now = self.context.now;
        for operation in self.change.after.operations.iter_mut().filter(|operation| operation.blocks()) {
            match operation.kind {
                OperationKind::Authorize | OperationKind::Charge if status == PaymentStatus::Failed => {
                    operation.settle(OperationStatus::Failed, intent.failure.clone(), now);
                }
                OperationKind::Authorize | OperationKind::Charge if status != PaymentStatus::Pending => {
                    operation.settle(OperationStatus::Succeeded, None, now);
                }
                OperationKind::Capture if captures => operation.settle(OperationStatus::Succeeded, None, now),
                OperationKind::Cancel if !open => operation.settle(OperationStatus::Succeeded, None, now),
                _ => {}
            }
        }
        self.time_out(intent);
        Ok(())
    }

    /// A payment that we have asked for and that the payer has not approved in a day is given up at the provider: nobody stands before
    /// that page any more. One that a checkout has made is the checkout's.
    fn time_out(&mut self, intent: &Intent) {
        let (payment, now) = (&self.change.after, self.context.now);
        let is_ours = payment.operations.iter().any(|own| matches!(own.kind, OperationKind::Authorize | OperationKind::Charge));
        let waits = payment.status == PaymentStatus::Pending && intent.waits_for_payer;
        let under_way = payment.operations.iter().any(Operation::blocks) || was_cancelled_lately(payment, self.context);
        if !(is_ours && waits && payment.created_at + APPROVAL_TIME <= now) || under_way {
            return;
        }
        let cancel = Operation::new(OperationKind::Cancel, payment.amount, now);
        self.change.after.operations.push(cancel);
        self.tell("payment.approval_timed_out");
    }

    fn take(&mut self, connection: &mut PgConnection, step: Step) -> Result<(), Error> {
        match step {
            Step::Authorize { amount, expires_at } => {
                let payment = &mut self.change.after;
                payment.status = payment.next(PaymentAction::Authorize)?;
                (payment.amount, payment.expires_at) = (amount, expires_at.or(payment.expires_at));
                self.targets.authorized(payment.order_id, amount);
                self.tell("payment.authorized");
            }
            Step::Capture { amount, last } => {
                let settings = organization::settings(connection, self.context.organization_id)?;
                // Refused in closed books; it is asked again until a day is open.
                let received_on = booking_date(&settings, None, self.context, "/received_on")?;
                let payment = &mut self.change.after;
                let authorized = payment.authorized();
                payment.capture(amount, last, received_on)?;
                let given_up = authorized - amount - payment.authorized();
                self.targets.authorized(payment.order_id, payment.authorized() - authorized);
                let target = payment.invoice_id.map(Target::Invoice).or(payment.order_id.map(Target::Order));
                let aims: Vec<Aim> = target.into_iter().map(Aim::up_to_the_debt).collect();
                self.targets.apply(&aims, payment, self.context.now)?;
                self.tell("payment.captured");
                if given_up > Decimal::ZERO {
                    self.tell_if_uncovered();
                }
            }
            Step::Void if self.change.after.expires_at.is_some_and(|expires_at| expires_at <= self.context.now) => {
                self.give_up(PaymentAction::Expire)?;
            }
            Step::Void => self.give_up(PaymentAction::Void)?,
            Step::Expire => self.give_up(PaymentAction::Expire)?,
            Step::Fail => self.give_up(PaymentAction::Fail)?,
            Step::Mismatch(detail) => self.tell_mismatch(detail),
        }
        Ok(())
    }

    /// Where the rest of an authorization is gone and its order still owes something that nothing else covers, somebody must get new
    /// money.
    fn tell_if_uncovered(&mut self) {
        let payment = &self.change.after;
        let account =
            self.targets.accounts.iter().map(|account| &account.account).find(|account| Some(account.order_id) == payment.order_id);
        let uncovered = account.map_or(Decimal::ZERO, |account| account.debt() - account.authorized);
        if payment.capture_on_shipment && uncovered > Decimal::ZERO {
            let mut fact = payments::event("payment.reauthorization_needed", payment);
            fact.data["uncovered_amount"] = json!(Amount(uncovered));
            self.facts.push(fact);
        }
    }

    fn tell_mismatch(&mut self, detail: &str) {
        let mut fact = payments::event("payment.mismatch", &self.change.after);
        fact.data["detail"] = json!(detail);
        self.facts.push(fact);
    }

    fn give_up(&mut self, action: PaymentAction) -> Result<(), Error> {
        let payment = &mut self.change.after;
        let authorized = payment.authorized();
        payment.status = payment.next(action)?;
        self.targets.authorized(payment.order_id, -authorized);
        self.targets.accounts.iter_mut().for_each(|account| account.require_payment(self.context));
        self.tell(match action {
            PaymentAction::Expire => "payment.expired",
            PaymentAction::Fail => "payment.failed",
            _ => "payment.voided",
        });
        if action == PaymentAction::Expire {
            self.tell_if_uncovered();
        }
        Ok(())
    }

    /// What the provider says of a refund that we asked for.
    fn absorb_refund(&mut self, connection: &mut PgConnection, id: PaymentOperationId, refund: &ProviderRefund) -> Result<(), Error> {
        let operation = self.change.after.operations.iter().find(|operation| operation.id == id);
        let Some(refund_id) = operation.and_then(|operation| operation.refund_id) else { return Ok(()) };
        match refund.state {
            RefundState::Open => self.refund_is(connection, refund_id, RefundStatus::Pending, Some(&refund.reference))?,
            RefundState::Done => self.refund_is(connection, refund_id, RefundStatus::Succeeded, Some(&refund.reference))?,
            RefundState::Failed => {
                self.refund_is(connection, refund_id, RefundStatus::Pending, Some(&refund.reference))?;
                self.fail_refund(connection, refund_id)?;
            }
        };
        Ok(())
    }

    fn refund_is(
        &mut self,
        connection: &mut PgConnection,
        id: RefundId,
        status: RefundStatus,
        reference: Option<&str>,
    ) -> Result<(), Error> {
        let refund = refunds::service::get(connection, self.context.organization_id, id)?;
        refunds::service::progress(connection, self.context, id, status, reference)?;
        if refund.status == RefundStatus::Pending && status == RefundStatus::Succeeded {
            self.facts.push(super::refund::refund_event("payment.refund_succeeded", &self.change.after, &RefundBody { status, ..refund }));
        }
        Ok(())
    }

    /// A refund did not arrive: its money is here again, and goes back to what the order owes. Once only.
    fn fail_refund(&mut self, connection: &mut PgConnection, id: RefundId) -> Result<(), Error> {
        let refund = refunds::service::get(connection, self.context.organization_id, id)?;
        if refund.status == RefundStatus::Failed {
            return Ok(());
        }
        refunds::service::progress(connection, self.context, id, RefundStatus::Failed, None)?;
        let payment = &mut self.change.after;
        for (order_id, money) in payment.undo_refund(id, refund.amount.0, self.context.now) {
            let account = self.targets.account_mut(order_id)?;
            account.refunded -= money;
            let placements = account.pay(&mut Settlement::money(money.min(payment.unapplied())));
            payment.put(&placements, self.context.now);
        }
        let refund = RefundBody { status: RefundStatus::Failed, ..refund };
        self.facts.push(super::refund::refund_event("payment.refund_failed", &self.change.after, &refund));
        Ok(())
    }

    /// A refund that somebody has made at the provider's own pages.
    fn foreign_refund<'n>(
        &mut self,
        connection: &mut PgConnection,
        refund: &ProviderRefund,
        numbers: &mut impl Iterator<Item = &'n String>,
    ) -> Result<(), Error> {
        let organization_id = self.context.organization_id;
        let known = refunds::service::of_payments(connection, organization_id, &[self.change.after.id])?;
        if let Some(row) = known.iter().find(|row| row.provider_reference.as_deref() == Some(&refund.reference)) {
            return match refund.state {
                RefundState::Open => Ok(()),
                RefundState::Done => self.refund_is(connection, row.id, RefundStatus::Succeeded, None),
                RefundState::Failed => self.fail_refund(connection, row.id),
            };
        }
        if refund.state == RefundState::Failed {
            return Ok(());
        }
        let payment = &mut self.change.after;
        if refund.amount > payment.refundable() || refund.amount <= Decimal::ZERO {
            self.tell_mismatch("the provider has sent more back than is booked as captured");
            return Ok(());
        }
        let number = numbers.next().ok_or_else(|| Error::unavailable("the provider was asked before this refund was known".to_owned()))?;
        let action = if refund.amount == payment.refundable() { PaymentAction::Refund } else { PaymentAction::RefundPart };
        payment.status = payment.next(action)?;
        let id = RefundId::generate();
        let refunded = payment.refund(refund.amount, id, self.context.now);
        self.targets.take_refunded(&refunded)?;
        let row = RefundBody {
            id,
            kind: RefundKind::Refund,
            number: number.clone(),
            payment_id: payment.id,
            order_id: refunded.order_id(),
            amount: Amount(refund.amount),
            currency: payment.currency,
            reason: "refunded at the provider".to_owned(),
            status: if refund.state == RefundState::Done { RefundStatus::Succeeded } else { RefundStatus::Pending },
            booked_on: None,
            provider_reference: Some(refund.reference.clone()),
            created_at: self.context.now,
            updated_at: self.context.now,
        };
        refunds::service::insert(connection, self.context, &row)?;
        self.facts.push(super::refund::refund_event("payment.refunded", &self.change.after, &row));
        Ok(())
    }

    fn save(self, connection: &mut PgConnection) -> Result<(), Error> {
        let mut change = self.change;
        payments::save(connection, self.context, std::slice::from_mut(&mut change))?;
        let facts = self.targets.save(connection, self.context, self.context.now, self.facts)?;
        events::append(connection, self.context, &facts)?;
        Ok(())
    }
}

/// Adds what is to be asked of the provider; 409 `operation_pending` while another is under way.
pub fn ask(payment: &mut Payment, operation: Operation) -> Result<(), Error> {
    if let Some(pending) = payment.operations.iter().find(|operation| operation.blocks()) {
        let detail = format!("'{}' is under way at the provider; try again when it is done", pending.kind);
        return Err(Error::conflict_with("operation_pending", detail, json!({ "operation_id": pending.id, "kind": pending.kind })));
    }
    payment.operations.push(operation);
    Ok(())
}

/// Whether it has been tried to give this authorization up a short while ago.
pub fn was_cancelled_lately(payment: &Payment, context: &Context) -> bool {
    let lately =
        |operation: &Operation| operation.kind == OperationKind::Cancel && operation.updated_at + TimeDelta::hours(1) > context.now;
    payment.operations.iter().any(lately)
}
