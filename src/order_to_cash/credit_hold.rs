//! The credit limit as an order meets it.

use crate::auth::actor::Context;
use crate::customers::balance;
use crate::orders::hold::{Hold, HoldCode};
use crate::orders::order::Order;
use crate::orders::status::OrderStatus;
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
    let detail = if credit.currency == order.currency {
        format!("{} {} would exceed the credit limit: {} is left", open, order.currency, credit.available.max(Decimal::ZERO))
    } else {
        format!("the credit limit is in {}", credit.currency)
    };
    let data = json!({ "order_total": open.to_string(), "available": credit.available.to_string(), "currency": credit.currency });
    order.holds.push(Hold::raise(HoldCode::CreditLimit, None, detail, data, &context.actor, context.now));
}
