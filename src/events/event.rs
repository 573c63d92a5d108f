//! What has happened, as a plain value.

use crate::types::id::OrderId;
use serde_json::Value;
use uuid::Uuid;

/// A fact that is about to be committed.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// `order.confirmed`, `shipment.shipped` …: the catalogue is in docs/events.md.
    pub event_type: &'static str,
    /// The order in whose time line it belongs.
    pub order_id: Option<OrderId>,
    pub subject_type: &'static str,
    pub subject_id: Uuid,
    /// An object; what a reader needs without asking back.
    pub data: Value,
}

impl NewEvent {
    /// An event about an order itself.
    pub fn of_order(event_type: &'static str, order_id: OrderId, data: Value) -> Self {
        Self { event_type, order_id: Some(order_id), subject_type: "order", subject_id: order_id.0, data }
    }

    /// An event about a thing that belongs to an order (shipment, invoice, payment …).
    pub fn of_part(event_type: &'static str, order_id: OrderId, subject_type: &'static str, subject_id: Uuid, data: Value) -> Self {
        Self { event_type, order_id: Some(order_id), subject_type, subject_id, data }
    }

    /// An event about something without an order.
    pub fn of(event_type: &'static str, subject_type: &'static str, subject_id: Uuid, data: Value) -> Self {
        Self { event_type, order_id: None, subject_type, subject_id, data }
    }
}
