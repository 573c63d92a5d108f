pub mod api;
pub mod body;
pub mod entry;
pub mod service;
mod store;
