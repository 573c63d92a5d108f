//! Reserved money is taken as its goods leave: what is shipped and not paid for, from the order's authorizations, the oldest first. It
//! finds its work by state, so that nothing is missed after a standstill and shipping never waits for a provider.

use super::accounts;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::orders::order::Order;
use crate::payments::operations::operation::{Operation, OperationKind};
use crate::payments::payment::{Payment, PaymentStatus};
use crate::payments::service as payments;
use crate::platform::http::Precondition;
use crate::types::id::OrderId;
use diesel::pg::PgConnection;
use rust_decimal::Decimal;

/// Asks the providers of an order's authorizations for what has shipped and is not paid. The capture that pays the last shipment ends
/// the authorization; an earlier one keeps the rest, where the provider lets it.
pub fn capture_shipped(connection: &mut PgConnection, context: &Context, order_id: OrderId) -> Result<(), Error> {
    let account = accounts::lock(connection, context.organization_id, order_id, &Precondition::Any)?;
    let order = &account.change.after;
    let ids = payments::of_order(connection, context.organization_id, order_id)?;
    let mut changes = payments::lock_all(connection, context.organization_id, &ids)?;
    let under_way = changes.iter().flat_map(|change| &change.after.operations).filter(|operation| asks_for_money(operation));
    let under_way: Decimal = under_way.map(|operation| operation.amount).sum();
    let mut due = uncaptured(order, under_way);
    for change in &mut changes {
        let payment = &mut change.after;
        if !takes_part(payment) || payment.operations.iter().any(Operation::blocks) {
            continue;
        }
        payment.order_seen = order.version;
        let amount = due.min(payment.authorized());
        if amount > Decimal::ZERO {
            due -= amount;
            let last = is_shipped_whole(order) || amount == payment.authorized();
            payment.operations.push(Operation { last, ..Operation::new(OperationKind::Capture, amount, context.now) });
        }
    }
    let asked = changes.iter().filter(|change| change.asks_more());
    let facts: Vec<NewEvent> = asked.map(|change| payments::event("payment.operation_requested", &change.after)).collect();
    payments::save(connection, context, &mut changes)?;
    events::append(connection, context, &facts)?;
    Ok(())
}

/// The value of what has left, without what is paid or being captured already.
fn uncaptured(order: &Order, under_way: Decimal) -> Decimal {
    let shipped = order.value_of(|line| line.quantities.shipped).total;
    (shipped - order.amount_paid - under_way).max(order.currency.zero())
}

fn is_shipped_whole(order: &Order) -> bool {
    order.lines.iter().all(|line| line.quantities.shipped >= line.quantities.wanted())
}

fn takes_part(payment: &Payment) -> bool {
    payment.status == PaymentStatus::Authorized && payment.capture_on_shipment
}

fn asks_for_money(operation: &Operation) -> bool {
    operation.is_pending() && matches!(operation.kind, OperationKind::Capture | OperationKind::Charge)
}
