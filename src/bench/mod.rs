//! What the benchmark programme needs.

pub mod history;
