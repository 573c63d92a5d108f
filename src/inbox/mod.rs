//! What the outside tells us: stored before it is acknowledged, worked in by a job, never lost.

pub mod api;
pub mod body;
pub mod message;
pub mod receive;
pub mod service;
mod store;
pub mod work;

pub use message::{Message, NewMessage, Outcome, Proof, Reason};
