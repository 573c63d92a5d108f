//! Many things sent at once: stored row by row before they are acknowledged, then worked off by a leased job, each row with an
//! outcome of its own.

pub mod api;
pub mod body;
/// Working off what was sent.
pub mod job;
mod lines;
pub mod service;
mod store;
/// Taking in what is sent.
mod upload;
