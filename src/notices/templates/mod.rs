//! An organization's own words of its notices, by kind and language.

pub mod api;
pub mod body;
pub mod service;
pub(super) mod store;
pub mod text;
