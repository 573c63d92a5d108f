//! The application as its callers see it: over HTTP, with a database of its own for each test.

mod access;
mod channels;
mod organization;
#[path = "../support/mod.rs"]
mod support;
