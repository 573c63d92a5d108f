//! Money that the shop has taken or reserved: booked here under the shop's reference, one move a transaction, until both agree.

use super::{Road, ShopPayment, Walked, outcome_of};
use crate::error::Error;
use crate::order_to_cash::pay;
use crate::payments::body::{CapturePayment, NewPayment, NewPaymentStatus};
use crate::payments::payment::{Payment, PaymentStatus};
use crate::payments::service as payments;
use crate::platform::http::Precondition;
use crate::types::decimal::Amount;
use crate::types::id::{OrderId, PaymentId};
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use std::ops::ControlFlow;

/// Moves of one payment in one go; more would mean that they do not come to an end.
const MOVES: usize = 10;

/// The next thing to book.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Move {
    Receive { status: NewPaymentStatus, amount: Decimal },
    Capture { payment_id: PaymentId, amount: Decimal, last: bool },
    Void { payment_id: PaymentId },
}

impl Road<'_> {
    pub(super) fn pay(&self, all: &[ShopPayment]) -> Result<Walked, Error> {
        for payment in all {
            for _ in 0..MOVES {
                let number = self
                    .bench
                    .db
                    .read_blocking(|connection| payments::next_number(connection, &self.bench.desk.numbers, self.key.organization_id));
                let number = number?;
                match self.on_order(|connection, _, order_id| self.move_money(connection, order_id, payment, &number)) {
                    Ok(Some(true)) => {}
                    Ok(_) => break,
                    Err(error) => return Ok(ControlFlow::Break(outcome_of(error, |_| String::new())?)),
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Books the next thing, if any is left.
    fn move_money(&self, connection: &mut PgConnection, order_id: OrderId, want: &ShopPayment, number: &str) -> Result<bool, Error> {
        let mut ours = vec![];
        for id in payments::of_order(connection, self.key.organization_id, order_id)? {
            let payment = payments::find(connection, self.key.organization_id, id)?;
            if payment.reference.as_ref() == Some(&want.reference) {
                ours.push(payment);
            }
        }
        let Some(next) = next_move(want, &ours) else { return Ok(false) };
        let (context, any) = (&self.context, &Precondition::Any);
        match next {
            Move::Receive { status, amount } => {
                let currency = self.find(connection, order_id)?.currency;
                let body = NewPayment {
                    customer_id: None,
                    amount: Amount(amount),
                    currency,
                    method: want.method,
                    status: Some(status),
                    received_on: None,
                    expires_at: None,
                    provider: None,
                    provider_payment_method: None,
                    provider_reference: None,
                    capture_on_shipment: None,
                    reference: Some(want.reference.clone()),
                    invoice_id: None,
                    order_id: Some(order_id),
                    allocations: None,
                    external_ids: None,
                    metadata: None,
                };
                pay::receive(connection, context, &body, number.to_owned())?;
            }
            Move::Capture { payment_id, amount, last } => {
                let body = CapturePayment { amount: Some(Amount(amount)), last: Some(last), received_on: None };
                pay::capture(connection, context, payment_id, &body, any)?;
            }
            Move::Void { payment_id } => drop(pay::void(connection, context, payment_id, any)?),
        }
        Ok(true)
    }
}

/// What brings our payments of one reference nearer to what the shop says. Money that was captured is never taken back by this: that
/// is what refunds are for.
fn next_move(want: &ShopPayment, ours: &[Payment]) -> Option<Move> {
    let captured: Decimal = ours.iter().map(|payment| payment.captured).sum();
    let authorized: Decimal = ours.iter().map(Payment::authorized).sum();
    let open = ours.iter().find(|payment| payment.authorized() > Decimal::ZERO);
    let missing = want.captured - captured;
    if missing > Decimal::ZERO {
        return Some(match open {
            Some(payment) => {
                let amount = missing.min(payment.authorized());
                Move::Capture { payment_id: payment.id, amount, last: want.authorized.is_zero() || amount == payment.authorized() }
            }
            None => Move::Receive { status: NewPaymentStatus::Captured, amount: missing },
        });
    }
    if want.authorized.is_zero() {
        let unused = open.filter(|payment| payment.status == PaymentStatus::Authorized && payment.captured.is_zero());
        return unused.map(|payment| Move::Void { payment_id: payment.id });
    }
    // Reserved once: an authorization that was voided or ran out here is not made again by an old figure.
    let none_yet = ours.iter().all(|payment| payment.status == PaymentStatus::Captured && payment.amount == payment.captured);
    (authorized.is_zero() && none_yet).then_some(Move::Receive { status: NewPaymentStatus::Authorized, amount: want.authorized })
}
