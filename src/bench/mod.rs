//! `pesanan bench`: how many orders a second this machine captures, beside what Postgres reaches when `pgbench` gives it the same
//! rows. Server, generator and Postgres are processes of their own on one machine; everything is durable; windows of ours and of
//! pgbench take turns in one run, so that a noisy machine is as noisy for both.

mod cluster;
mod cpu;
pub mod history;
mod http;
mod load;
mod meters;
mod order_request;
mod pgbench;
mod report;
mod run;
mod scenarios;
mod server;
mod store;
mod work;

pub use load::INTERRUPTED;
pub use report::Line;
pub use run::run;

use std::path::PathBuf;

/// What is measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Scenario {
    /// Capture of orders over any of the SKUs, and with one in five sent twice
    Orders,
    /// All lines of all orders on one SKU
    HotSku,
    /// One order in three refused for stock, and all of them
    SoldOut,
    /// One order by its id, and lists of 50 near the top and deep down
    Reads,
    /// A day of a shop: orders, reads, reservations, cancellations, shipments, payments
    Mixed,
}

/// Whether the server captures orders through its queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum QueueChoice {
    On,
    Off,
    /// Two servers on one database, by turns
    Both,
}

/// A run of the load programme.
#[derive(Clone, Debug)]
pub struct Options {
    pub scenario: Scenario,
    /// Clients at once, each with one request under way: one measurement for each number.
    pub clients: Vec<usize>,
    /// Length of a window.
    pub seconds: u64,
    pub windows: usize,
    /// Order lines that lie in the database before.
    pub rows: u64,
    /// Load that history anew.
    pub afresh: bool,
    pub queue: QueueChoice,
    pub skus: u32,
    pub customers: u32,
    /// JSON lines on standard output instead of a table.
    pub json: bool,
    /// Folder of the private Postgres and of logs.
    pub data_dir: PathBuf,
    /// A server of one's own instead of the private one, whose user may make databases.
    pub database_url: Option<String>,
}
