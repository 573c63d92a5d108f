//! Money goes back.

use super::accounts;
use super::document_date::require_open;
use super::payment_targets::Targets;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::organization;
use crate::payments::body::check_amount;
use crate::payments::operations::operation::{Operation, OperationKind};
use crate::payments::payment::{Payment, PaymentAction, Refunded, distribute};
use crate::payments::refunds;
use crate::payments::refunds::body::{NewRefund, OrderRefunds, RefundBody, RefundKind, RefundStatus};
use crate::payments::service as payments;
use crate::platform::http::Precondition;
use crate::types::decimal::Amount;
use crate::types::fault::Faults;
use crate::types::id::{OrderId, PaymentId, RefundId};
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use serde_json::json;

/// Books a refund in the current transaction: unapplied money first, then what was put on a document last; that document is
/// due again. 409 `exceeds_captured` above what was captured and not refunded, `books_closed` where today is closed.
pub fn refund(
    connection: &mut PgConnection,
    context: &Context,
    id: PaymentId,
    body: &NewRefund,
    number: String,
    precondition: &Precondition,
) -> Result<RefundBody, Error> {
    body.check()?;
    require_open_books(connection, context)?;
    let (mut targets, mut change) = Targets::lock_of(connection, context, id, precondition)?;
    let payment = &mut change.after;
    let amount = exact_amount(body, payment)?;
    let refundable = payment.refundable();
    if payment.captured > Decimal::ZERO && amount > refundable {
        return Err(exceeds_captured(refundable, payment));
    }
    let refund_id = RefundId::generate();
    let refunded = send_back(payment, amount, None, refund_id, context)?;
    targets.take_refunded(&refunded)?;
    let refund = refund_row(refund_id, number, payment, refunded.order_id(), amount, &body.reason, context);
    refunds::service::insert(connection, context, &refund)?;
    payments::save(connection, context, std::slice::from_mut(&mut change))?;
    let facts = targets.save(connection, context, context.now, vec![refund_event("payment.refunded", &change.after, &refund)])?;
    events::append(connection, context, &facts)?;
    Ok(refund)
}

/// Sends money of an order back, the newest payment first, each as far as it goes. Money that a payment has on other orders is not
/// touched. `numbers` are receipt numbers, one for each payment that the order may have.
pub fn refund_order(
    connection: &mut PgConnection,
    context: &Context,
    order_id: OrderId,
    body: &NewRefund,
    numbers: &[String],
    precondition: &Precondition,
) -> Result<OrderRefunds, Error> {
    body.check()?;
    require_open_books(connection, context)?;
    let account = accounts::lock(connection, context.organization_id, order_id, precondition)?;
    let currency = account.account.currency;
    let mut faults = Faults::new();
    check_amount(&mut faults, "/amount", body.amount.0, currency);
    faults.into_result()?;
    let amount = currency.round(body.amount.0);
    let ids = payments::of_order(connection, context.organization_id, order_id)?;
    let mut changes = payments::lock_all(connection, context.organization_id, &ids)?;
    let can_refund = |payment: &Payment| payment.next(PaymentAction::RefundPart).is_ok();
    changes.retain(|change| can_refund(&change.after));
    let refundable: Vec<Decimal> = changes.iter().map(|change| change.after.refundable_for(order_id)).collect();
    let parts = distribute(amount, &refundable);
    if parts.iter().sum::<Decimal>() < amount {
        let most = currency.round(refundable.iter().sum());
        let detail = format!("{most} {currency} of the order was captured and not refunded");
        return Err(Error::conflict_with("exceeds_captured", detail, json!({ "refundable_amount": Amount(most) })));
    }
    let mut targets = Targets { accounts: vec![account] };
    let mut numbers = numbers.iter();
    let mut made = Vec::new();
    for (change, part) in changes.iter_mut().zip(&parts).rev().filter(|(_, part)| !part.is_zero()) {
        let number = numbers.next().ok_or_else(|| Error::unavailable("the order got another payment meanwhile".to_owned()))?;
        let refund_id = RefundId::generate();
        let refunded = send_back(&mut change.after, *part, Some(order_id), refund_id, context)?;
        targets.take_refunded(&refunded)?;
        let refund = refund_row(refund_id, number.clone(), &mut change.after, refunded.order_id(), *part, &body.reason, context);
        refunds::service::insert(connection, context, &refund)?;
        made.push(refund);
    }
    payments::save(connection, context, &mut changes)?;
    let of = |refund: &RefundBody| changes.iter().find(|change| change.after.id == refund.payment_id);
    let mut facts: Vec<NewEvent> =
        made.iter().filter_map(|refund| Some(refund_event("payment.refunded", &of(refund)?.after, refund))).collect();
    facts.extend(accounts::save(connection, context, targets.accounts, context.now)?);
    events::append(connection, context, &facts)?;
    Ok(OrderRefunds { order_id, amount: Amount(amount), currency, refunds: made })
}

/// 409 `books_closed` where today is closed.
pub(super) fn require_open_books(connection: &mut PgConnection, context: &Context) -> Result<(), Error> {
    let settings = organization::settings(connection, context.organization_id)?;
    require_open(&settings, settings.local_date(context.now))
}

fn exact_amount(body: &NewRefund, payment: &Payment) -> Result<Decimal, Error> {
    let mut faults = Faults::new();
    check_amount(&mut faults, "/amount", body.amount.0, payment.currency);
    faults.into_result()?;
    Ok(payment.currency.round(body.amount.0))
}

pub(super) fn exceeds_captured(refundable: Decimal, payment: &Payment) -> Error {
    let detail = format!("{refundable} {} was captured and not refunded", payment.currency);
    Error::conflict_with("exceeds_captured", detail, json!({ "refundable_amount": Amount(refundable) }))
}

/// Moves the payment in memory; only its money on `order_id` where one is given.
fn send_back(
    payment: &mut Payment,
    amount: Decimal,
    order_id: Option<OrderId>,
    refund_id: RefundId,
    context: &Context,
) -> Result<Refunded, Error> {
    let action = if amount == payment.refundable() { PaymentAction::Refund } else { PaymentAction::RefundPart };
    payment.status = payment.next(action)?;
    Ok(match order_id {
        Some(order_id) => payment.refund_for(order_id, amount, refund_id, context.now),
        None => payment.refund(amount, refund_id, context.now),
    })
}

/// The refund's row. A provider is asked to send the money back, and the refund is pending until it has.
pub(super) fn refund_row(
    id: RefundId,
    number: String,
    payment: &mut Payment,
    order_id: Option<OrderId>,
    amount: Decimal,
    reason: &str,
    context: &Context,
) -> RefundBody {
    let provided = payment.provider.is_some();
    if provided {
        let operation = Operation::new(OperationKind::Refund, amount, context.now);
        payment.operations.push(Operation { refund_id: Some(id), ..operation });
    }
    RefundBody {
        id,
        kind: RefundKind::Refund,
        number,
        payment_id: payment.id,
        order_id,
        amount: Amount(amount),
        currency: payment.currency,
        reason: reason.to_owned(),
        status: if provided { RefundStatus::Pending } else { RefundStatus::Succeeded },
        booked_on: None,
        provider_reference: None,
        created_at: context.now,
        updated_at: context.now,
    }
}

/// An event about a refund of a payment.
pub(super) fn refund_event(event_type: &'static str, payment: &Payment, refund: &RefundBody) -> NewEvent {
    let mut fact = payments::event(event_type, payment);
    fact.data["refund"] =
        json!({ "id": refund.id, "number": refund.number, "amount": refund.amount, "reason": refund.reason, "status": refund.status });
    fact
}
