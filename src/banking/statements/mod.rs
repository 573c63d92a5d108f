mod again;
pub mod api;
pub mod body;
mod halves;
pub mod service;
mod store;
