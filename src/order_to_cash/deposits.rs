//! Money that was paid on an order before its invoice, or on an invoice that another one replaces.

use crate::auth::actor::Context;
use crate::error::Error;
use crate::payments::payment::Payment;
use crate::payments::release;
use crate::payments::service::{self as payments, PaymentChange};
use crate::types::id::{InvoiceId, OrderId};
use diesel::pg::PgConnection;
use rust_decimal::Decimal;

/// Takes `amount` off the order's deposits, or off one of its invoices (`from`), the oldest payment first, and puts it on another
/// invoice. The payments are locked and changed in memory; save them once the invoice's row is there.
pub fn move_to_invoice(
    connection: &mut PgConnection,
    context: &Context,
    order_id: OrderId,
    from: Option<InvoiceId>,
    invoice_id: InvoiceId,
    amount: Decimal,
) -> Result<Vec<PaymentChange>, Error> {
    let mut left = amount;
    if left.is_zero() {
        return Ok(vec![]);
    }
    let mut changes = payments::lock_with_money_on(connection, context.organization_id, order_id, from)?;
    for change in &mut changes {
        left -= change.after.move_to_invoice(order_id, from, invoice_id, left, context.now);
    }
    if left.is_zero() { Ok(changes) } else { Err(Error::internal("payments are less than the order says")) }
}

/// Takes `amount` off an invoice, or off the order's deposits, the newest payment first, and writes the payments: the money is
/// unapplied again.
pub fn release(
    connection: &mut PgConnection,
    context: &Context,
    order_id: OrderId,
    invoice_id: Option<InvoiceId>,
    amount: Decimal,
) -> Result<Vec<PaymentChange>, Error> {
    if amount.is_zero() {
        return Ok(vec![]);
    }
    let mut changes = payments::lock_with_money_on(connection, context.organization_id, order_id, invoice_id)?;
    let mut paid: Vec<&mut Payment> = changes.iter_mut().map(|change| &mut change.after).collect();
    if !release::release(&mut paid, order_id, invoice_id, amount, context.now).is_zero() {
        return Err(Error::internal("payments are less than the order says"));
    }
    changes.retain(PaymentChange::is_changed);
    payments::save(connection, context, &mut changes)?;
    Ok(changes)
}
