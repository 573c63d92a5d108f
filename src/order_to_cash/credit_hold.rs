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
