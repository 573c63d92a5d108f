//! The SQL of the journal.

mod gather;
mod page;
mod write;

pub use gather::{Batch, balances, gather};
pub use page::{entries, find};
pub use write::{Numbered, append, cursors, ensure_cursors, lock_cursor, move_cursor};
