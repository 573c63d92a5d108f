//! Who a company or person of another system is here: by external id, then by tax number, then by e-mail address. Only the first two
//! prove anything; an e-mail address alone gives the history of whoever has it, never terms, credit or prices.

pub mod rule;
mod settle;
mod store;

pub use rule::{Candidate, Match, Party};
pub use settle::{Settled, settle};
