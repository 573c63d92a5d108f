//! The command line. Each command takes `--data-dir` (a private Postgres there, started if need be) or a database URL.

mod admin;
mod bench;
mod check;
mod demo;
mod import;
mod place;
mod serve;
mod smtp;

use crate::error::Error;
use crate::openapi;
use crate::platform::migrate::migrate;
use crate::platform::private_postgres::{Options, PrivatePostgres};
use clap::{Args, Parser, Subcommand};
use place::Place;
use std::path::PathBuf;
use std::process::ExitCode;

/// Sales order management: order to cash as one binary on Postgres.
#[derive(Parser)]
#[command(name = "pesanan", version, about)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve a demo company on 127.0.0.1, with a private Postgres of its own
    Demo(demo::Demo),
    /// Serve the API
    Serve(Box<serve::Serve>),
    /// Bring the database to this program's schema
    Migrate(Database),
    /// Prove the invariants of a live database; exit code 1 on a violation
    Check(Database),
    /// Measure this machine beside pgbench
    Bench(bench::Bench),
    /// Print the OpenAPI document
    Openapi,
    /// Import a data set with its history
    Import(import::Import),
    /// Organizations
    #[command(subcommand)]
    Organization(admin::OrganizationCommand),
    /// API clients
    #[command(subcommand)]
    ApiClient(admin::ApiClientCommand),
    /// People who log in
    #[command(subcommand)]
    User(admin::UserCommand),
}

/// Which database a command works on; [`Place`] says what goes before what.
#[derive(Args, Clone)]
pub struct Database {
    /// postgres://user:password@host:port/database; without it and --data-dir, PESANAN_DATABASE_URL says it
    #[arg(long, conflicts_with = "data_dir")]
    database_url: Option<String>,
    /// Folder of a private Postgres; it is made and started if need be
    #[arg(long)]
    data_dir: Option<PathBuf>,
}

/// A database that can be connected to. A private Postgres stays up as long as this lives.
pub struct OpenDatabase {
    pub url: String,
    postgres: Option<PrivatePostgres>,
}

impl Database {
    /// Starts the private Postgres, if one is meant, and migrates.
    pub fn open(&self) -> Result<OpenDatabase, Error> {
        let place = Place::choose(self.database_url.clone(), self.data_dir.clone(), place::environment());
        let unsaid = || Error::internal(format!("say which database: --database-url (or {}), or --data-dir", place::VARIABLE));
        let database = OpenDatabase::at(&place.ok_or_else(unsaid)?)?;
        migrate(&database.url)?;
        Ok(database)
    }
}

/// The database in a private Postgres.
const PRIVATE_DATABASE: &str = "pesanan";

/// A private Postgres in that folder, with its database.
fn open_private(directory: &std::path::Path) -> Result<OpenDatabase, Error> {
    let postgres = PrivatePostgres::start(directory, Options::default()).map_err(Error::internal)?;
    let url = postgres.create_database(PRIVATE_DATABASE).map_err(Error::internal)?;
    Ok(OpenDatabase { url, postgres: Some(postgres) })
}

impl OpenDatabase {
    /// The private Postgres is started if need be.
    fn at(place: &Place) -> Result<Self, Error> {
        match place {
            Place::Url(url) | Place::Environment(url) => Ok(Self { url: url.clone(), postgres: None }),
            Place::Folder(folder) => open_private(folder),
        }
    }

    pub fn close(self) {
        if let Some(postgres) = self.postgres {
            postgres.stop();
        }
    }
}

/// Runs the command.
pub fn run(cli: Cli) -> Result<ExitCode, Error> {
    match cli.command {
        Command::Demo(command) => command.run(),
        Command::Serve(command) => command.run(),
        Command::Migrate(database) => {
            database.open()?.close();
            Ok(ExitCode::SUCCESS)
        }
        Command::Check(database) => check::run(&database),
        Command::Bench(command) => command.run(),
        Command::Openapi => {
            print!("{}", openapi::json(&openapi::document()));
            Ok(ExitCode::SUCCESS)
        }
        Command::Import(command) => command.run(),
        Command::Organization(command) => command.run(),
        Command::ApiClient(command) => command.run(),
        Command::User(command) => command.run(),
    }
}
