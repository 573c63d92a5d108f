//! Invoices, credit notes and their gapless numbers.
#![deny(clippy::float_arithmetic)]

/// Corrections of invoices.
pub mod credit_notes;
/// What invoices and credit notes have in common.
pub mod documents;
/// What customers are asked to pay.
pub mod invoices;
/// Lines that are not a catalog's.
pub mod own_lines;
/// Gapless numbers, one series after the other.
pub mod series;
