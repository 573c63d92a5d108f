//! The application as its callers see it: over HTTP, with a database of its own for each test.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on can only stop")]

mod access;
mod audit;
mod bad_input;
mod batches;
mod bench;
mod bulk;
mod capture_queue;
mod channels;
mod concurrency;
mod crash;
mod demo;
mod edit_concurrency;
mod edits;
mod examples;
mod feed;
mod fulfillment;
mod fulfillment_parts;
mod heads;
mod history;
mod imports;
mod inventory;
mod invoicing;
mod master_events;
mod migrations;
mod mixed_load;
mod northwind;
mod notices;
mod openapi;
mod orders;
mod organization;
mod random_commands;
mod reads;
mod reservations;
mod returns;
mod returns_at_once;
mod road;
mod shop;
mod shown;
mod statements;
#[path = "../support/mod.rs"]
mod support;
mod users;
mod vanished;
