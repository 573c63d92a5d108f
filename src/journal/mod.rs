//! The finance export: balanced journal entries that follow from documents, each fact once.
#![deny(clippy::float_arithmetic)]

/// The chart of accounts: which account each role posts to.
pub mod accounts;
pub mod api;
pub mod body;
mod derive;
pub mod entry;
mod facts;
/// Follows the feed and posts what has happened.
pub mod job;
pub mod open_items;
mod plan;
pub mod role;
mod service;
mod store;
