use super::Database;
use crate::check;
use crate::error::Error;
use diesel::Connection;
use diesel::pg::PgConnection;
use std::process::ExitCode;

/// Prints every violation with its row; exit code 1 if there is one.
pub fn run(database: &Database) -> Result<ExitCode, Error> {
    let open = database.open()?;
    let mut connection = PgConnection::establish(&open.url).map_err(|error| Error::unavailable(error.to_string()))?;
    let violations = check::run(&mut connection)?;
    drop(connection);
    open.close();
    for violation in &violations {
        println!("{violation}");
    }
    if violations.is_empty() {
        println!("all {} invariants hold", check::INVARIANTS.len());
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("{} violations", violations.len());
    Ok(ExitCode::FAILURE)
}
