//! Use cases that span features in one transaction, one file each. The only room that crosses features.

pub mod cancel;
pub mod confirm;
pub mod hold;
pub mod place;
pub mod reallocate;
pub mod serve_backorders;
pub mod stock_change;
