//! Who calls and what they may do.

pub mod actor;
pub mod api_clients;
pub mod authenticator;
pub mod call;
pub mod keys;
pub mod me;
pub mod permission;
pub mod rate_limit;
pub mod secret;
pub mod token;

pub use api_clients::service::refresh_disabled;
