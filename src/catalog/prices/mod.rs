//! Price lists: what a product costs whom, from how many and from when.

pub mod api;
pub mod body;
pub mod choice;
pub mod service;
mod store;
