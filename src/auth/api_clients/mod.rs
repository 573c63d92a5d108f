//! The programs that may call: their names, roles and secrets.

pub mod api;
pub mod body;
pub mod service;
mod store;
