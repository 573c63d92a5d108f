//! Customers, their addresses, terms and credit.

pub mod balance;
pub mod guests;
