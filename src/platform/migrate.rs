//! Brings a database to this program's schema.

use crate::error::Error;
use diesel::pg::PgConnection;
use diesel::{Connection, RunQueryDsl};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// Runs what has not run yet, one migration a transaction. Processes that start together queue behind an advisory lock (the two-key
/// form, which the event feed's fence does not look at). Returns how many ran.
pub fn migrate(database_url: &str) -> Result<usize, Error> {
    let mut connection = PgConnection::establish(database_url).map_err(|error| Error::unavailable(format!("cannot connect: {error}")))?;
    diesel::sql_query("SELECT pg_advisory_lock(1349415790, 1)").execute(&mut connection)?;
    let result =
        connection.run_pending_migrations(MIGRATIONS).map(|ran| ran.len()).map_err(|error| Error::internal(format!("migration: {error}")));
    diesel::sql_query("SELECT pg_advisory_unlock(1349415790, 1)").execute(&mut connection)?;
    let ran = result?;
    if ran > 0 {
        analyze(&mut connection)?;
    }
    Ok(ran)
}

/// Has Postgres look at what the tables hold, which a new or freshly loaded database wants: without statistics all indexes that
/// start with organization_id look alike, and plans made then stay bad for long.
pub fn analyze(connection: &mut PgConnection) -> Result<(), Error> {
    diesel::sql_query("ANALYZE").execute(connection)?;
    Ok(())
}
