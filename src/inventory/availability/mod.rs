//! What can be had now, and when the rest.

pub mod api;
pub mod body;
pub mod covered;
pub mod service;
mod store;
