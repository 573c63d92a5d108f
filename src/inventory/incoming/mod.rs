//! Supply that is on its way.

pub mod api;
pub mod body;
/// What of it can still be promised.
pub mod pool;
pub mod receiving;
pub mod service;
pub mod status;
mod store;
