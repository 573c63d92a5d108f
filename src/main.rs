//! Reads the command line, starts the logger, calls one function.

use clap::Parser;
use pesanan::cli::{Cli, run};
use pesanan::platform::logging;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    logging::start();
    match run(cli) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("pesanan: {error}");
            ExitCode::FAILURE
        }
    }
}
