//! Many things sent at once: stored row by row before they are acknowledged, then worked off by a leased job, each row with an
//! outcome of its own.

pub mod api;
pub mod body;
mod csv_rows;
mod history;
/// Working off what was sent.
pub mod job;
mod lines;
mod master_rows;
mod order_rows;
mod outcome;
mod past_rows;
mod result;
pub mod service;
mod store;
/// Taking in what is sent.
mod upload;
