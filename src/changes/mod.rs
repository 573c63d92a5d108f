//! What has changed since somebody last asked, without a gap: for those who keep a copy.
//!
//! A list by `updated_at` misses what commits late: a change is dated when its request came in, and a poll that has gone past that
//! moment does not come back. So a poll remembers two things of the moment at which it began: the number of the oldest transaction that
//! was under way (`pg_snapshot_xmin`), and a time before everything that such a transaction, or a later one, can have dated. The next
//! poll takes the rows from that time on which were written by this or a younger transaction: whatever was committed by then has been
//! told, whatever was not has such a number. While it goes through its pages a row that changes again is met again, now or by the
//! next poll, since it has an even younger number. So nothing is missed; what was under way may be told twice.

pub mod api;
mod body;
mod meet;
mod position;
mod service;
mod store;

pub use service::gone;
