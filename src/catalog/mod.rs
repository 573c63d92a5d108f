//! Products, prices and tax rates.

pub mod product_kind;
