//! What is asked of a payment's provider. An operation is stored in the transaction that wants it, called by a job under its own id
//! as idempotency key, and recorded in the transaction that books its result: a process that dies between two of these steps moves
//! nothing twice and forgets nothing.

pub mod operation;
mod store;

pub use store::{Due, hurry, insert, lease, load, put_off, put_off_unasked, update};
