//! The only SQL of orders.

pub mod backorders;
pub mod captured;
mod edited;
pub mod holds;
pub mod list;
mod load;
pub mod pegs;
pub mod placed;
pub mod purchase_orders;
pub mod reference;
mod save;
pub mod shown;

pub use load::{find, find_shown, load, lock, version};
pub use save::save;
pub use shown::ShownOrder;
