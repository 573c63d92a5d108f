//! What is sold, for how much, and how it is taxed.

pub mod coupons;
mod dates;
pub mod prices;
pub mod product_kind;
pub mod products;
pub mod tax_rates;

pub use prices::body::DEFAULT_LIST;
pub use prices::choice::price_for;
pub use tax_rates::choice::{ApplicableTax, TaxRateMissing, region_is_missing, tax_rate_for};
