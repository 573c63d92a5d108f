//! Money goes back.

use super::pay::Targets;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events;
use crate::payments::body::check_amount;
use crate::payments::payment::PaymentAction;
use crate::payments::refunds;
use crate::payments::refunds::body::{NewRefund, RefundBody, RefundStatus};
use crate::payments::service as payments;
use crate::platform::http::Precondition;
use crate::types::decimal::Amount;
use crate::types::fault::Faults;
use crate::types::id::{OrderId, PaymentId, RefundId};
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use serde_json::json;

/// Books a refund in the current transaction: unapplied money first, then what was put on a document last; that document is
/// due again. 409 `exceeds_captured` above what was captured and not refunded.
pub fn refund(
    connection: &mut PgConnection,
    context: &Context,
    id: PaymentId,
    body: &NewRefund,
    number: String,
    precondition: &Precondition,
) -> Result<RefundBody, Error> {
    body.check()?;
    let (mut targets, mut change) = Targets::lock_of(connection, context, id, precondition)?;
    let payment = &mut change.after;
    let mut faults = Faults::new();
    check_amount(&mut faults, "/amount", body.amount.0, payment.currency);
    faults.into_result()?;
    let (amount, refundable) = (payment.currency.round(body.amount.0), payment.refundable());
    if payment.captured > Decimal::ZERO && amount > refundable {
        let detail = format!("{refundable} {} was captured and not refunded", payment.currency);
        return Err(Error::conflict_with("exceeds_captured", detail, json!({ "refundable_amount": refundable.to_string() })));
    }
    let action = if amount == refundable { PaymentAction::Refund } else { PaymentAction::RefundPart };
    payment.status = payment.status.next(action)?;
    let refund_id = RefundId::generate();
    let refunded = payment.refund(amount, refund_id, context.now);
    for placement in &refunded.from_documents {
        targets.account_mut(placement.order_id)?.refund(placement);
    }
    if let Some(released) = &refunded.released {
        targets.account_mut(released.order_id)?.refunded += released.settles.money;
    }
    let mut orders: Vec<OrderId> = refunded.released.iter().chain(&refunded.from_documents).map(|placement| placement.order_id).collect();
    orders.sort();
    orders.dedup();
    let refund = RefundBody {
        id: refund_id,
        number,
        payment_id: id,
        order_id: if let [only] = orders.as_slice() { Some(*only) } else { None },
        amount: Amount(amount),
        currency: payment.currency,
        reason: body.reason.clone(),
        status: RefundStatus::Succeeded,
        created_at: context.now,
    };
    refunds::service::insert(connection, context, &refund)?;
    payments::save(connection, context, std::slice::from_mut(&mut change))?;
    let mut fact = payments::event("payment.refunded", &change.after);
    fact.data["refund"] = json!({ "id": refund.id, "number": refund.number, "amount": refund.amount, "reason": refund.reason });
    let facts = targets.save(connection, context, context.now, fact)?;
    events::append(connection, context, &facts)?;
    Ok(refund)
}
