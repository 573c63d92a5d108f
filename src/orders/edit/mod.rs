//! Changing an order that exists. Pure: stock, credit and money come after, in `order_to_cash::edit`.
//!
//! The rules:
//! - A line keeps the price and tax that were agreed, unless the edit gives a price, asks to `reprice`, or moves the delivery to a
//!   place that is taxed otherwise. New lines get the list price and tax of the order's day.
//! - What is picked, packed, shipped or invoiced of a line stays: 409 `line_in_progress` says how much.
//! - What is on an invoice keeps its price: 409 `line_invoiced`, `shipping_invoiced`, `invoiced_amounts`.
//! - Coupons are judged again by the goods of the edited order: what no longer holds is dropped. Once a part is invoiced they stay.
//! - A removed line stays with quantity 0, so that its number is never another line's and its original quantity can be told.

mod apply;
pub mod body;
mod coupons;
mod header;
mod price;
mod reprice;
mod told;

pub use apply::{Applied, apply};
pub use told::told;
