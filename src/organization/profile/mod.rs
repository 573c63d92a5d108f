//! What an organization says of itself: on its documents, and how it works.

pub mod api;
pub mod bank_account;
pub mod body;
pub mod logo;
pub mod service;
mod store;
