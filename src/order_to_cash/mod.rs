//! Use cases that span features in one transaction, one file each. The only room that crosses features.

pub mod accounts;
pub mod cancel;
pub mod confirm;
pub mod credit;
pub mod deposits;
pub mod document_date;
pub mod hold;
pub mod invoice;
pub mod pay;
pub mod place;
pub mod reallocate;
pub mod refund;
pub mod serve_backorders;
pub mod stock_change;
