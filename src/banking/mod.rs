//! Bank statements: what the bank says has come and gone, and which documents it is for.
#![deny(clippy::float_arithmetic)]

/// Payment references of ISO 11649.
pub mod creditor_reference;
/// Entries of statements, and what a person decides about them.
pub mod entries;
/// From bytes to entries.
pub mod files;
/// Which documents an entry is for.
pub mod matching;
/// Files as they came, and how they were taken in.
pub mod statements;
/// Small differences that are taken for bank fees.
pub mod tolerances;
