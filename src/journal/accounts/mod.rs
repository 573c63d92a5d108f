//! The chart of accounts.

pub mod api;
pub mod body;
mod service;
mod store;

pub use service::{Chart, chart};
