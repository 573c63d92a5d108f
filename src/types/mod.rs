//! Pure values: no connection, no web framework, no clock.
#![deny(clippy::float_arithmetic)]

pub mod absent;
pub mod address;
pub mod base_fraction;
pub mod bulk;
pub mod country;
pub mod currency;
pub mod decimal;
pub mod electronic_address;
pub mod fault;
pub mod free_data;
pub mod gs1;
pub mod id;
pub mod language;
pub mod page;
pub mod reach;
pub mod subdivision;
pub mod tax_id;
pub mod text;
pub mod text_enum;
pub mod unit;
