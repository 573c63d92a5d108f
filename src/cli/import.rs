use super::Database;
use crate::error::Error;
use crate::northwind;
use crate::platform::db::{Db, DbOptions};
use clap::{Args, Subcommand};
use std::path::{Path, PathBuf};
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
        if !command.path.is_dir() {
            return Err(Error::internal(format!("there is no folder {}", command.path.display())));
        }
        let open = command.database.open()?;
        let result = import_northwind(&open.url, &command.path);
        open.close();
        result
    }
}

/// Prints what came of it; exit code 1 where rows were left out.
fn import_northwind(database_url: &str, folder: &Path) -> Result<ExitCode, Error> {
    let db = Db::open(&DbOptions::for_one_command(database_url))?;
    let report = northwind::import(&db, folder, chrono::Utc::now())?;
    println!("organization {}: {report}", northwind::CODE);
    Ok(if report.rejected.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
