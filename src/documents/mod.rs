//! Documents as people and their systems read them: invoices, credit notes, receipts, packing lists and statements as PDF, invoices
//! and credit notes as UBL. What is issued keeps its bytes for ever.
#![deny(clippy::float_arithmetic)]

pub mod api;
/// Templates and data to PDF.
pub mod engine;
/// What documents say.
pub mod facts;
mod gather;
/// Which documents there are, and in which forms.
pub mod kind;
mod labels;
pub mod language;
mod legible;
#[cfg(test)]
mod looks;
/// Answers to orders in UBL.
pub mod ordering;
pub mod paper;
/// The threads that make PDFs.
pub mod renderer;
#[cfg(test)]
mod samples;
/// Documents on request.
pub mod service;
/// What templates show.
pub mod sheet;
/// Statements of account.
pub mod statement;
mod store;
#[cfg(test)]
mod tests;
/// Electronic invoices.
pub mod ubl;
mod words;
