//! The SQL of stock: levels, movements, and what stock reads of products.

pub mod levels;
pub mod movements;
pub mod products;

/// A clause of a list only where its filter is given: with all clauses always there, no index could serve any of them.
fn when(given: bool, clause: &'static str) -> &'static str {
    if given { clause } else { "" }
}
