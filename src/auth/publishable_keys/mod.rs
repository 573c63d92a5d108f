//! Keys for the pages of a storefront. Everybody can read them, so they open `/v1/checkout/*` alone, from the origins that they are
//! bound to, and hold only so much stock.

pub mod api;
pub mod body;
mod registry;
pub mod service;
mod store;

pub use registry::{Holder, Registry};
