//! Log in with e-mail address and password, and out again.

pub mod api;
pub mod body;
pub mod service;
mod store;
mod throttle;
