//! Fulfillment orders and shipments.

pub mod fulfillment_order;
