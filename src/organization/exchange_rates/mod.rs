//! What a unit of one currency is worth in another.

pub mod api;
pub mod body;
pub mod service;
mod store;
