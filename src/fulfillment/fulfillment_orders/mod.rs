//! Fulfillment orders: reading them. What changes them changes their order too and is in `order_to_cash`.

pub mod api;
pub mod body;
pub mod service;
mod store;
