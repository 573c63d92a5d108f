//! Supply that is on its way.

pub mod api;
pub mod body;
pub mod receiving;
pub mod service;
pub mod status;
mod store;
