//! The money that a settled return has set free goes back to where it came from.

use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::event::NewEvent;
use crate::order_to_cash::accounts::LockedAccount;
use crate::order_to_cash::refund::{refund_event, refund_row, require_open_books};
use crate::payments::payment::{Payment, PaymentAction};
use crate::payments::refunds;
use crate::payments::refunds::body::RefundBody;
use crate::payments::service as payments;
use crate::types::id::{OrderId, PaymentId, RefundId};
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// Sends back what each payment has been set free of. The payments are locked already, and the account is saved by the caller.
/// `numbers` are for as many refunds as the order has payments.
pub fn refund(
    connection: &mut PgConnection,
    context: &Context,
    account: &mut LockedAccount,
    freed: &BTreeMap<PaymentId, Decimal>,
    reason: &str,
    numbers: &[String],
) -> Result<(Vec<RefundBody>, Vec<NewEvent>), Error> {
    let ids: Vec<PaymentId> = freed.iter().filter(|(_, amount)| **amount > Decimal::ZERO).map(|(id, _)| *id).collect();
    if ids.is_empty() {
        return Ok((vec![], vec![]));
    }
    require_open_books(connection, context)?;
    let order_id = account.account.order_id;
    let mut numbers = numbers.iter();
    let mut changes = payments::lock_all(connection, context.organization_id, &ids)?;
    let (mut made, mut told) = (vec![], vec![]);
    changes.retain(|change| !settles_elsewhere_without_money(&change.after, order_id, freed));
    for change in &mut changes {
        let payment = &mut change.after;
        let amount = freed.get(&payment.id).copied().unwrap_or_default();
        let action = if amount == payment.refundable() { PaymentAction::Refund } else { PaymentAction::RefundPart };
        payment.status = payment.next(action)?;
        let id = RefundId::generate();
        for due_again in payment.refund_set_free(order_id, amount, id, context.now) {
            account.account.refund(&due_again);
        }
        account.account.refunded += amount;
        let number = numbers.next().ok_or_else(|| Error::unavailable("the order got another payment meanwhile".to_owned()))?;
        made.push(refund_row(id, number.clone(), payment, Some(order_id), amount, reason, context));
    }
    for refund in &made {
        refunds::service::insert(connection, context, refund)?;
    }
    payments::save(connection, context, &mut changes)?;
    for (change, refund) in changes.iter().zip(&made) {
        told.push(refund_event("payment.refunded", &change.after, refund));
    }
    Ok((made, told))
}

/// Whether all of a payment's money would go while its adjustments settle documents of other orders, which are not locked: it stays
/// unapplied, and is refunded by hand.
fn settles_elsewhere_without_money(payment: &Payment, order_id: OrderId, freed: &BTreeMap<PaymentId, Decimal>) -> bool {
    let last = freed.get(&payment.id) == Some(&payment.refundable());
    last && payment.undone_without_money().iter().any(|placement| placement.order_id != order_id)
}
