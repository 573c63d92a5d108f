//! A customer's account: what he was billed, what he paid, and what he owes.

mod balance;
pub mod body;
pub mod service;
mod store;
