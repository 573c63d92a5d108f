//! The SQL of the journal.

mod billed;
mod gather;
mod goods;
mod items;
mod page;
mod paid;
mod write;

pub use gather::{Batch, gather};
pub use items::balances;
pub use page::{entries, find};
pub use write::{Numbered, append, cursors, ensure_cursors, lock_cursor, move_cursor};
