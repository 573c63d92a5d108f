//! Less is owed on a document than was paid: what comes off it, payment by payment.

use super::payment::Payment;
use super::settlement::AdjustmentKind;
use crate::types::id::{InvoiceId, OrderId};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

/// Takes up to `amount` of what payments settle of an invoice, or of an order without one, off it: the newest of `payments` (oldest
/// first) before the others. What was kept for the tax authority goes only where nothing else is left on any of them. How much is
/// left over.
pub fn release(
    payments: &mut [&mut Payment],
    order_id: OrderId,
    invoice_id: Option<InvoiceId>,
    amount: Decimal,
    at: DateTime<Utc>,
) -> Decimal {
    let mut left = amount;
    for with_tax in [false, true] {
        for payment in payments.iter_mut().rev() {
            let here = payment.on(order_id, invoice_id);
            let withheld = if with_tax { Decimal::ZERO } else { here.of_kind(AdjustmentKind::WithholdingTax) };
            left -= payment.release(order_id, invoice_id, left.min(here.total() - withheld), at);
        }
    }
    left
}
