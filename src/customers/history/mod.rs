//! What has happened with a customer, in one time line.

pub mod api;
pub mod body;
pub mod service;
mod store;
