pub mod api;
pub mod body;
pub mod service;
mod store;
