//! Goods that customers send back.

pub mod api;
pub mod body;
pub mod sales_return;
pub mod service;
pub mod status;
mod store;
pub mod window;
