//! The payment services that an organization has accounts with.

pub mod api;
pub mod body;
pub mod service;
mod store;
