//! The people who log in: their roles and passwords.

pub mod api;
pub mod body;
pub mod own_password;
pub mod service;
mod store;

pub use store::find_account;
