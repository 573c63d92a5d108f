//! Orders that a program has read of a document: those that were certain, and those that a person must look at.

pub mod api;
pub mod body;
/// From what was read to the order that could be made of it.
pub mod proposal;
/// What was read, with its confidence and place.
pub mod reading;
pub mod service;
pub mod store;
