//! The application as its callers see it: over HTTP, with a database of its own for each test.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on can only stop")]

mod access;
mod channels;
mod fulfillment;
mod inventory;
mod northwind;
mod orders;
mod organization;
#[path = "../support/mod.rs"]
mod support;
