//! Everything of a kind as one file, under one snapshot of the database and in bounded memory: what a list shows page by page.

pub mod api;
/// What a list is narrowed to.
mod query;
/// The rows of each kind, by keyset.
mod rows;
/// Rows in the form that is wanted.
mod writer;
