//! Logins that last: a chain of refresh tokens, each good for one use.

pub mod refresh;
pub mod service;
mod store;
