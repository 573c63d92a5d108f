pub mod api;
pub mod body;
pub mod service;
pub(super) mod store;
