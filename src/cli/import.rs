use super::Database;
use crate::error::Error;
use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Args)]
pub struct Import {
    #[command(subcommand)]
    set: Set,
}

#[derive(Subcommand)]
enum Set {
    /// The Northwind sample: customers, products, stock and 830 orders with their history
    Northwind(Northwind),
}

#[derive(Args)]
struct Northwind {
    /// Folder with the CSV files
    path: PathBuf,
    #[command(flatten)]
    database: Database,
}

impl Import {
    pub fn run(self) -> Result<ExitCode, Error> {
        let Set::Northwind(command) = self.set;
        let open = command.database.open()?;
        let result = crate::northwind::import(&open.url, &command.path);
        open.close();
        result.map(|()| ExitCode::SUCCESS)
    }
}
