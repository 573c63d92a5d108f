//! The payer's bank takes money back: a chargeback, a returned debit, a transfer that was called back. Nobody is asked for it; it is
//! gone, and the documents that it had paid are due again.

use super::document_date::booking_date;
use super::payment_targets::Targets;
use super::refund::exceeds_captured;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::organization;
use crate::payments::body::check_amount;
use crate::payments::corrections::ReversePayment;
use crate::payments::payment::{Payment, PaymentAction};
use crate::payments::refunds;
use crate::payments::refunds::body::{RefundBody, RefundKind, RefundStatus};
use crate::payments::service as payments;
use crate::platform::http::Precondition;
use crate::types::decimal::Amount;
use crate::types::fault::Faults;
use crate::types::id::{PaymentId, RefundId};
use chrono::NaiveDate;
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use serde_json::json;

/// What was taken back, by whom it was told, and when the bank did it.
pub(super) struct Reversal<'a> {
    pub amount: Decimal,
    pub reason: &'a str,
    pub booked_on: NaiveDate,
    /// Of refunds: reversals are numbered with them.
    pub number: String,
    /// The provider's name of it.
    pub provider_reference: Option<String>,
}

/// Books a reversal in the current transaction: unapplied money first, then what was put on a document last. 409 `exceeds_captured`
/// above what was captured and did not go back, `books_closed` where its day is closed; 422 `before_payment` where that is a day on
/// which the money had not come yet.
pub fn reverse(
    connection: &mut PgConnection,
    context: &Context,
    id: PaymentId,
    body: &ReversePayment,
    number: String,
    precondition: &Precondition,
) -> Result<RefundBody, Error> {
    body.check()?;
    let settings = organization::settings(connection, context.organization_id)?;
    let booked_on = booking_date(&settings, body.received_on, context, "/received_on")?;
    let (mut targets, mut change) = Targets::lock_of(connection, context, id, precondition)?;
    let payment = &mut change.after;
    payment.next(PaymentAction::Reverse)?;
    if booked_on < payment.received_on {
        let detail = format!("the money came on {}; give that day or a later one", payment.received_on);
        return Err(Error::invalid("/received_on", "before_payment", detail));
    }
    let amount = body.amount.map_or(payment.refundable(), |amount| amount.0);
    let mut faults = Faults::new();
    check_amount(&mut faults, "/amount", amount, payment.currency);
    faults.into_result()?;
    let reversal = Reversal { amount: payment.currency.round(amount), reason: &body.reason, booked_on, number, provider_reference: None };
    let (row, fact) = take_back(connection, context, payment, &mut targets, reversal)?;
    payments::save(connection, context, std::slice::from_mut(&mut change))?;
    let facts = targets.save(connection, context, context.now, vec![fact])?;
    events::append(connection, context, &facts)?;
    Ok(row)
}

/// Moves a locked payment and its orders in memory, and inserts the row; the caller saves both. The row and its event.
pub(super) fn take_back(
    connection: &mut PgConnection,
    context: &Context,
    payment: &mut Payment,
    targets: &mut Targets,
    reversal: Reversal<'_>,
) -> Result<(RefundBody, NewEvent), Error> {
    let refundable = payment.refundable();
    if reversal.amount > refundable {
        return Err(exceeds_captured(refundable, payment));
    }
    let action = if reversal.amount == refundable { PaymentAction::Reverse } else { PaymentAction::RefundPart };
    payment.status = payment.next(action)?;
    let id = RefundId::generate();
    let refunded = payment.refund(reversal.amount, id, context.now);
    targets.take_refunded(&refunded)?;
    targets.accounts.iter_mut().for_each(|account| account.require_payment(context));
    let row = RefundBody {
        id,
        kind: RefundKind::Reversal,
        number: reversal.number,
        payment_id: payment.id,
        order_id: refunded.order_id(),
        amount: Amount(reversal.amount),
        currency: payment.currency,
        reason: reversal.reason.to_owned(),
        status: RefundStatus::Succeeded,
        booked_on: Some(reversal.booked_on),
        provider_reference: reversal.provider_reference,
        created_at: context.now,
        updated_at: context.now,
    };
    refunds::service::insert(connection, context, &row)?;
    let mut fact = payments::event("payment.reversed", payment);
    fact.data["reversal"] = json!({ "id": row.id, "number": row.number, "amount": row.amount, "reason": row.reason,
        "booked_on": row.booked_on, "provider_reference": row.provider_reference });
    Ok((row, fact))
}
