//! What capture needs of the orders' rows: claims, and the one statement that writes.

use super::store;

pub use store::captured::{Captured, Claim, HeldClaim, capture, delete_claims, held_claims, insert_claims, refusal, set_paid};
