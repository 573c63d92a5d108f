//! From the bytes of a file to its entries: camt.053 (ISO 20022) and CSV. Pure; memory holds the entries and one element.

pub mod camt;
pub mod csv_amount;
pub mod csv_file;
pub mod element;
mod statement_entry;

pub use statement_entry::{Direction, Identity, Section, StatementEntry, StatementFile, check_period};

use crate::platform::limits;
use crate::types::fault::Faults;

/// The most faults of a file that are told.
const FAULTS: usize = 100;

/// Whether there are enough faults to stop reading.
fn is_hopeless(count: usize) -> bool {
    count >= FAULTS
}

/// Adds a fault where a file has more entries than one call takes.
fn too_many(faults: &mut Faults, pointer: &str) {
    faults.add(pointer, "too_many_items", format!("at most {} entries in a file; send it in parts", limits::BULK_ROWS));
}
