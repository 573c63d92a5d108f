//! Customers: who they are, where they are, on which terms they buy and how much credit they have.

pub mod address_book;
pub mod api;
pub mod balance;
pub mod body;
pub mod credit;
pub mod guests;
pub mod history;
pub mod many;
pub mod matching;
pub mod senders;
pub mod service;
mod store;

pub use service::{CustomerRef, for_order};
