//! Who calls and what they may do.

pub mod actor;
pub mod authenticator;
pub mod call;
pub mod keys;
pub mod permission;
