//! Money that comes with a new order.

use super::accounts::{self, account_of};
use crate::orders::body::NewOrderPayment;
use crate::orders::order::Order;
use crate::payments::account::Account;
use crate::payments::body::check_amount;
use crate::payments::payment::{Payment, PaymentStatus};
use crate::payments::settlement::Settlement;
use crate::types::fault::{Fault, Faults};
use crate::types::id::PaymentId;
use chrono::{DateTime, NaiveDate, Utc};

/// Money that came with a new order, with its receipt number.
#[derive(Clone, Debug)]
pub struct OrderPayment<'a> {
    pub number: String,
    pub payment: &'a NewOrderPayment,
}

/// The payments of a new order, and what they make of it: captured money is put on it up to its total, authorized money
/// counts, and a hold that waited for it is released. Nothing is written; see [`payments::insert`]. Pointers are those of
/// `POST /v1/orders`.
pub fn payments_of_new_order(
    order: &mut Order,
    given: &[OrderPayment],
    received_on: NaiveDate,
    at: DateTime<Utc>,
) -> Result<Vec<Payment>, Vec<Fault>> {
    let mut account = Account { uninvoiced: order.wanted_total() - order.amount_invoiced, ..account_of(order, vec![]) };
    let mut faults = Faults::new();
    let mut payments = Vec::new();
    for (i, OrderPayment { number, payment: new }) in given.iter().enumerate() {
        check_amount(&mut faults, &format!("/payments/{i}/amount"), new.amount.0, order.currency);
        let mut payment = Payment {
            id: PaymentId::generate(),
            number: number.clone(),
            customer_id: Some(order.bill_to_customer_id),
            order_id: Some(order.id),
            invoice_id: None,
            currency: order.currency,
            method: new.method,
            status: new.status.unwrap_or(PaymentStatus::Captured),
            amount: order.currency.round(new.amount.0),
            captured: order.currency.zero(),
            refunded: order.currency.zero(),
            applied: order.currency.zero(),
            received_on,
            expires_at: None,
            reference: new.reference.clone(),
            external_ids: Default::default(),
            metadata: Default::default(),
            version: 1,
            created_at: at,
            updated_at: at,
            allocations: vec![],
            provider: None,
            provider_reference: None,
            capture_on_shipment: false,
            operations: vec![],
        };
        match payment.status {
            PaymentStatus::Captured => {
                payment.captured = payment.amount;
                let placements = account.pay(&mut Settlement::money(payment.amount));
                payment.put(&placements, at);
            }
            PaymentStatus::Authorized => account.authorized += payment.amount,
            PaymentStatus::Pending => {}
            PaymentStatus::Voided
            | PaymentStatus::Expired
            | PaymentStatus::Failed
            | PaymentStatus::Reversed
            | PaymentStatus::PartiallyRefunded
            | PaymentStatus::Refunded => {
                faults.add(format!("/payments/{i}/status"), "unknown_value", "an order comes with captured, authorized or pending money");
            }
        }
        payments.push(payment);
    }
    faults.into_result()?;
    (order.amount_paid, order.amount_authorized) = (account.paid, account.authorized);
    accounts::release_payment_hold(order, account.is_covered(), at);
    Ok(payments)
}
