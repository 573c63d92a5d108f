//! Every bound on what one request may bring or take, with its reason.

use crate::error::Error;

/// Body of an ordinary call: an order of 1,000 lines with metadata fits several times.
pub const BODY_BYTES: usize = 1024 * 1024;
/// Body of a bulk call: 100,000 stock lines.
pub const BULK_BODY_BYTES: usize = 32 * 1024 * 1024;
/// Body of an import, which is worked off as it comes in: a million orders of 2 kB.
pub const IMPORT_BODY_BYTES: usize = 2 * 1024 * 1024 * 1024;
/// Rows of one import; each may be as long as the body of an ordinary call.
pub const IMPORT_ROWS: i64 = 1_000_000;
/// Lines of one order; more is a batch that wants an import.
pub const ORDER_LINES: usize = 1_000;
/// Coupons of one order: each is a row to lock, and nobody pays with more.
pub const ORDER_COUPONS: usize = 10;
/// Rows of one bulk call.
pub const BULK_ROWS: usize = 100_000;
/// Nesting of a JSON body; serde_json stops at 128, no body of ours is deeper than ten.
pub const PAGE_DEFAULT: usize = 50;
pub const PAGE_MAX: usize = 200;
/// Quantity of one line, in its unit.
pub const MAX_QUANTITY: i64 = 1_000_000_000;

/// 422 `too_many_items` above what one bulk call takes.
pub fn check_bulk(rows: usize) -> Result<(), Error> {
    if rows <= BULK_ROWS {
        return Ok(());
    }
    Err(Error::invalid("", "too_many_items", format!("at most {BULK_ROWS} rows in a call, this has {rows}; send them in parts")))
}
