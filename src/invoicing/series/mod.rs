//! Number series of invoices and credit notes: no gap, no duplicate, dates never run backwards, except in the series of imported
//! history.

pub mod api;
pub mod body;
/// Missing and doubled numbers.
pub mod gaps;
pub mod number;
pub mod service;
mod store;

/// Documents of the past are numbered apart, in the order in which they are imported.
pub const HISTORY: &str = "HIST";

pub use service::{Taken, take};
