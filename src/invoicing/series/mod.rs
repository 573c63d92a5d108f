//! Number series of invoices and credit notes: no gap, no duplicate, dates never run backwards.

pub mod api;
pub mod body;
/// Missing and doubled numbers.
pub mod gaps;
pub mod number;
pub mod service;
mod store;

pub use service::{Taken, take};
