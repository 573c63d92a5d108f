//! Access tokens for API clients: OAuth 2.0 client credentials (RFC 6749 §4.4).

pub mod api;
pub mod body;
mod credentials;
pub mod service;
mod store;
