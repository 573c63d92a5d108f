//! Coupons: a discount that a buyer names by its code, as often as its limits allow.

pub mod api;
pub mod body;
pub mod judge;
mod redemption_store;
pub mod service;
mod store;
