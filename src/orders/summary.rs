//! What events tell of an order.

use super::hold::HoldCode;
use super::order::{Order, OrderLine};
use super::status::OrderStatus;
use crate::types::currency::Currency;
use crate::types::decimal::{Amount, Quantity};
use crate::types::id::{CustomerId, OrderId, OrderLineId};
use serde::Serialize;
use serde_json::Value;

/// The `data` of an order's events.
pub fn summary(order: &Order) -> Value {
    serde_json::to_value(Summary::of(order)).unwrap_or_default()
}

/// The same, to be written as text at once.
#[derive(Serialize)]
pub struct Summary<'a> {
    id: OrderId,
    number: &'a str,
    status: OrderStatus,
    channel: &'a str,
    external_id: Option<&'a str>,
    customer_id: CustomerId,
    currency: Currency,
    total: Amount,
    holds: Vec<HoldCode>,
    lines: Vec<SummaryLine<'a>>,
    version: i64,
}

#[derive(Serialize)]
struct SummaryLine<'a> {
    id: OrderLineId,
    sku: &'a str,
    quantity: Quantity,
    allocated_quantity: Quantity,
    backordered_quantity: Quantity,
}

impl<'a> Summary<'a> {
    pub fn of(order: &'a Order) -> Self {
        let line = |line: &'a OrderLine| SummaryLine {
            id: line.id,
            sku: &line.sku,
            quantity: Quantity(line.quantities.quantity),
            allocated_quantity: Quantity(line.quantities.allocated),
            backordered_quantity: Quantity(line.quantities.backordered),
        };
        Self {
            id: order.id,
            number: &order.number,
            status: order.status,
            channel: &order.channel,
            external_id: order.external_id.as_deref(),
            customer_id: order.customer_id,
            currency: order.currency,
            total: Amount(order.total),
            holds: order.open_holds().map(|hold| hold.code).collect(),
            lines: order.lines.iter().map(line).collect(),
            version: order.version,
        }
    }
}
