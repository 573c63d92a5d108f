//! What the CRM systems have in common: a deal as its CRM has it, who its buyer is here, and the order that follows from it.

pub mod deal;
mod settle;
mod sum;

pub use deal::{Deal, DealDiscount, DealLine};
pub use settle::{known_order, withdraw, work_in_deal};
pub use sum::{Sum, other_first};
