//! Products by their SKU.

pub mod api;
pub mod body;
pub mod named;
pub mod service;
mod store;
