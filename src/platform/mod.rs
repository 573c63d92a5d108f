//! IO tools that know no business word.

pub mod canonical;
pub mod client_address;
pub mod clock;
pub mod db;
pub mod file_answer;
pub mod file_stream;
pub mod filters;
pub mod group_commit;
pub mod http;
pub mod idempotency;
pub mod keyset;
pub mod limits;
pub mod logging;
pub mod merge_patch;
pub mod metrics;
pub mod migrate;
pub mod numbers;
pub mod objects;
pub mod one_by_one;
pub mod panics;
pub mod pg_binary;
pub mod private_postgres;
pub mod reach;
pub mod sql;
pub mod stored_answer;
pub mod undone;
