//! Credit notes: what is taken back of an invoice.

pub mod api;
pub mod body;
pub mod credit_note;
/// How much is taken back, so that all credit notes of an invoice add up to it.
pub mod portion;
pub mod restocking;
pub mod service;
mod store;
/// Taking back what has no units.
pub mod sums;
