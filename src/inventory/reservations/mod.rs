//! A checkout's hold on stock: asked for, reserved for a while, then turned into an order or given back.

pub mod api;
pub mod body;
pub mod choice;
mod service;
mod store;

pub use service::{Consumed, Consumption, consume_each, expire_due, kept, live_at, lock, take_away};
pub use store::LiveReservation;
