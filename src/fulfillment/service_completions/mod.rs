//! Services that are done.

pub mod api;
pub mod body;
