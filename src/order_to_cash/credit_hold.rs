//! The credit limit as an order meets it.

use crate::auth::actor::Context;
use crate::customers::balance;
use crate::orders::hold::{Hold, HoldCode};
use crate::orders::order::Order;
use crate::orders::status::OrderStatus;
use crate::types::currency::Currency;
use crate::types::id::CustomerId;
use rust_decimal::Decimal;
use serde_json::json;
use std::collections::HashMap;

/// Takes the order from the customer's credit, or holds it: it keeps its stock and does not count until it is released.
pub fn hold_over_credit(order: &mut Order, credit: &mut HashMap<CustomerId, balance::Credit>, context: &Context) {
    let Some(credit) = credit.get_mut(&order.bill_to_customer_id) else { return };
    if order.detail.historical || order.status == OrderStatus::Draft {
        return;
    }
    let open = order.uninvoiced_total;
    if credit.currency == order.currency && credit.available >= open {
        if order.open_holds().next().is_none() {
            credit.available -= open;
        }
        return;
    }
    let hold = over_credit(open, order.currency, credit.available, credit.currency, context);
    order.holds.push(hold);
}

/// The hold of an order whose `open` amount the `available` credit does not cover, each in its own currency, in minor units exactly.
/// `order_total` is in `order_currency`, `available` in `currency`: that of the limit.
pub fn over_credit(open: Decimal, order_currency: Currency, available: Decimal, limit_currency: Currency, context: &Context) -> Hold {
    let (open, available) = (order_currency.round(open), limit_currency.round(available));
    let detail = if order_currency == limit_currency {
        format!("{open} {order_currency} would exceed the credit limit: {} is left", available.max(limit_currency.zero()))
    } else {
        format!("{open} {order_currency} cannot be held against a credit limit in {limit_currency}")
    };
    let data = json!({
        "order_total": open.to_string(), "order_currency": order_currency, "available": available.to_string(), "currency": limit_currency,
    });
    Hold::raise(HoldCode::CreditLimit, None, detail, data, &context.actor, context.now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::id::OrganizationId;
    use chrono::DateTime;

    #[test]
    fn money_of_a_hold_has_the_places_of_its_currency_and_names_it() {
        let context = Context::job(OrganizationId::generate(), "test", DateTime::UNIX_EPOCH);
        let currency = |code: &str| serde_json::from_value::<Currency>(json!(code)).unwrap();
        let amount = |text: &str| text.parse::<Decimal>().unwrap();
        let data = |open, order, available, limit| {
            let hold = over_credit(amount(open), currency(order), amount(available), currency(limit), &context);
            (hold.data, hold.detail.unwrap())
        };
        let (same, detail) = data("188700.0000", "IDR", "100000.0000", "IDR");
        let expected = json!({"order_total": "188700.00", "order_currency": "IDR", "available": "100000.00", "currency": "IDR"});
        assert_eq!((same, detail.as_str()), (expected, "188700.00 IDR would exceed the credit limit: 100000.00 is left"));
        let (other, detail) = data("88000.00", "JPY", "10.0000", "USD");
        let expected = json!({"order_total": "88000", "order_currency": "JPY", "available": "10.00", "currency": "USD"});
        assert_eq!((other, detail.as_str()), (expected, "88000 JPY cannot be held against a credit limit in USD"));
        let (over, _) = data("1.5", "KWD", "-2.5000", "KWD");
        assert_eq!((&over["order_total"], &over["available"]), (&json!("1.500"), &json!("-2.500")), "a limit that is exceeded already");
    }
}
