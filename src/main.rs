//! Reads the command line, starts the logger, calls one function.

use clap::Parser;
use pesanan::cli::{Cli, run};
use pesanan::error::Error;
use pesanan::platform::logging;
use std::process::ExitCode;

/// The hot road makes and drops many small texts; glibc's allocator takes twice the time for them (docs/performance.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    logging::start();
    match run(cli) {
        Ok(code) => code,
        Err(error) => {
            // On the command line a cause is meant for who reads it, and says what to do.
            match error {
                Error::Internal(cause) => eprintln!("pesanan: {cause}"),
                error => eprintln!("pesanan: {error}"),
            }
            ExitCode::FAILURE
        }
    }
}
