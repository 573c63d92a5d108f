pub mod api;
pub mod body;
pub mod service;
pub(super) mod store;
/// What the courier does with them.
pub(super) mod work;
