use crate::bench::{self, INTERRUPTED, Options, QueueChoice, Scenario};
use crate::error::Error;
use clap::{Args, value_parser};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::Ordering;

/// Measure this machine: orders a second beside what pgbench reaches, everything durable. docs/performance.md says how to read it.
#[derive(Args)]
pub struct Bench {
    scenario: Scenario,
    /// Clients at once, by comma: one measurement for each number
    #[arg(long, value_delimiter = ',', default_value = "64")]
    clients: Vec<u16>,
    /// Length of one window
    #[arg(long, default_value_t = 3, value_parser = value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Windows of each kind; they take turns, and medians are shown
    #[arg(long, default_value_t = 5, value_parser = value_parser!(u16).range(1..=100))]
    windows: u16,
    /// Order lines of history to load before; kept for the next run with as many
    #[arg(long, default_value_t = 0)]
    rows: u64,
    /// Load that history anew
    #[arg(long)]
    afresh: bool,
    /// Whether the server captures orders through its queue; `both` compares
    #[arg(long, default_value = "on")]
    queue: QueueChoice,
    #[arg(long, default_value_t = 10_000, value_parser = value_parser!(u32).range(1..=999_999))]
    skus: u32,
    #[arg(long, default_value_t = 20_000, value_parser = value_parser!(u32).range(1..=999_999))]
    customers: u32,
    /// One JSON object a scenario on standard output, everything else on standard error
    #[arg(long)]
    json: bool,
    /// Folder of the private Postgres that is measured
    #[arg(long, default_value = ".pesanan-bench")]
    data_dir: PathBuf,
    /// A server of your own instead; its user must be allowed to make databases
    #[arg(long, env = "PESANAN_BENCH_DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
}

impl Bench {
    pub fn run(self) -> Result<ExitCode, Error> {
        if self.clients.contains(&0) {
            return Err(Error::internal("--clients: at least one client"));
        }
        let options = Options {
            scenario: self.scenario,
            clients: self.clients.into_iter().map(usize::from).collect(),
            seconds: self.seconds,
            windows: self.windows.into(),
            rows: self.rows,
            afresh: self.afresh,
            queue: self.queue,
            skus: self.skus,
            customers: self.customers,
            json: self.json,
            data_dir: self.data_dir,
            database_url: self.database_url,
        };
        stop_in_order()?;
        Ok(if bench::run(&options)? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// The first Ctrl-C lets the run end its processes in order; the second ends it at once.
fn stop_in_order() -> Result<(), Error> {
    use tokio::signal::unix::{SignalKind, signal};
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::internal)?;
    let (mut interrupt, mut terminate) = {
        let _inside = runtime.enter();
        (signal(SignalKind::interrupt()).map_err(Error::internal)?, signal(SignalKind::terminate()).map_err(Error::internal)?)
    };
    std::thread::spawn(move || {
        runtime.block_on(async {
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                if INTERRUPTED.swap(true, Ordering::Relaxed) {
                    std::process::exit(130);
                }
                eprintln!("stopping");
            }
        });
    });
    Ok(())
}
