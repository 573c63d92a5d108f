//! The Postgres under load and the databases in it.
//!
//! A base database holds the master data. Each run gets a fresh copy of it, so that every run starts from empty order tables. A
//! database with history is loaded once and used again: what runs add to millions of rows does not change them.

use super::history;
use super::load::go_on;
use super::order_request::Extent;
use super::store;
use crate::error::Error;
use crate::organization::{self, NewOrganization};
use crate::platform::migrate::{MIGRATIONS, migrate};
use crate::platform::private_postgres::{Options, PrivatePostgres, StartError};
use crate::types::id::OrganizationId;
use diesel::Connection;
use diesel::migration::MigrationSource;
use diesel::pg::{Pg, PgConnection};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::time::Instant;

const ORGANIZATION: &str = "bench";
const BASE: &str = "pesanan_bench_base_";
const RUN: &str = "pesanan_bench";
/// Three lines each.
pub const LINES_OF_ORDER: u64 = 3;

/// What a private durable server has by itself (`fsync` and `synchronous_commit` on, a gigabyte-sized log), and more.
const SETTINGS: &[&str] = &["shared_buffers=1GB", "min_wal_size=4GB", "max_wal_size=10GB"];
const SETTINGS_WITH_STATISTICS: &[&str] =
    &["shared_buffers=1GB", "min_wal_size=4GB", "max_wal_size=10GB", "shared_preload_libraries=pg_stat_statements"];

/// A server that databases can be made in.
pub struct Cluster {
    private: Option<PrivatePostgres>,
    /// The URL around the name of the database.
    around: (String, String),
}

/// A database that is ready to be worked on.
pub struct Database {
    pub name: String,
    pub url: String,
    pub organization_id: OrganizationId,
}

impl Cluster {
    /// A private server in this folder, or the given one, whose user must be allowed to make databases.
    pub fn open(data_dir: &Path, url: Option<&str>) -> Result<Self, Error> {
        if let Some(url) = url {
            return Ok(Self { private: None, around: around_database(url)? });
        }
        let options = |settings| Options { settings, ..Options::default() };
        let private = match PrivatePostgres::start(data_dir, options(SETTINGS_WITH_STATISTICS)) {
            // The contributed modules may not be installed; what they count is then left out.
            Err(StartError::Ended { tail, .. }) if tail.contains("pg_stat_statements") => {
                PrivatePostgres::start(data_dir, options(SETTINGS))
            }
            started => started,
        };
        let private = private.map_err(Error::internal)?;
        let around = around_database(&private.url("postgres"))?;
        Ok(Self { private: Some(private), around })
    }

    pub fn url(&self, database: &str) -> String {
        format!("{}{database}{}", self.around.0, self.around.1)
    }

    pub fn connect(&self, database: &str) -> Result<PgConnection, Error> {
        PgConnection::establish(&self.url(database)).map_err(|error| Error::internal(format!("cannot connect to {database}: {error}")))
    }

    /// A connection to the server's own database, for making others.
    fn administrate(&self) -> Result<PgConnection, Error> {
        self.connect("postgres")
    }

    /// The database for one run: a fresh one, or one with `rows` order lines of history. `afresh` throws history away. History is
    /// made after the pattern of captured orders, which `capture_some` puts into the database.
    pub fn database(
        &self,
        extent: Extent,
        rows: u64,
        afresh: bool,
        capture_some: impl FnOnce(&Database) -> Result<(), Error>,
    ) -> Result<Database, Error> {
        let base = self.base(extent)?;
        let mut connection = self.administrate()?;
        let name = if rows == 0 { RUN.to_owned() } else { format!("{RUN}_rows_{rows}_{}_{}", extent.skus, extent.customers) };
        if rows == 0 || afresh {
            store::drop_database(&mut connection, &name)?;
        }
        if !store::database_exists(&mut connection, &name)? {
            self.make(&name, &base, |connection, unfinished| {
                if rows == 0 {
                    return Ok(());
                }
                let database = self.find(unfinished)?;
                capture_some(&database)?;
                load_history(connection, database.organization_id, rows)
            })?;
        }
        self.find(&name)
    }

    fn base(&self, extent: Extent) -> Result<String, Error> {
        let name = format!("{BASE}{:012x}", fingerprint(extent)? & 0xffff_ffff_ffff);
        let mut connection = self.administrate()?;
        if store::database_exists(&mut connection, &name)? {
            return Ok(name);
        }
        for older in store::databases(&mut connection, BASE)? {
            store::drop_database(&mut connection, &older)?;
        }
        let started = Instant::now();
        self.make(&name, "template1", |connection, _| {
            let new = NewOrganization {
                code: ORGANIZATION.to_owned(),
                name: "PT Uji Beban".to_owned(),
                currency: "IDR".to_owned(),
                country: "ID".to_owned(),
                time_zone: "Asia/Jakarta".to_owned(),
            };
            let organization_id = organization::create(connection, &new, chrono::Utc::now())?;
            store::load_master_data(connection, organization_id, extent)?;
            store::vacuum(connection)?;
            Ok(())
        })?;
        let Extent { skus, customers, .. } = extent;
        eprintln!("loaded {skus} SKUs at 3 locations and {customers} customers in {:.1} s", started.elapsed().as_secs_f32());
        Ok(name)
    }

    /// Makes a database under another name first, so that one that was broken off is never used.
    fn make(&self, name: &str, template: &str, fill: impl FnOnce(&mut PgConnection, &str) -> Result<(), Error>) -> Result<(), Error> {
        go_on()?;
        let mut connection = self.administrate()?;
        let unfinished = format!("unfinished_{name}");
        store::drop_database(&mut connection, &unfinished)?;
        store::create_database(&mut connection, &unfinished, template)?;
        migrate(&self.url(&unfinished))?;
        let mut inside = self.connect(&unfinished)?;
        fill(&mut inside, &unfinished)?;
        drop(inside);
        store::rename_database(&mut connection, &unfinished, name)?;
        Ok(())
    }

    fn find(&self, name: &str) -> Result<Database, Error> {
        let mut connection = self.connect(name)?;
        let missing = || Error::internal(format!("{name} is no database of ours; drop it"));
        let organization_id = organization::find_by_code(&mut connection, ORGANIZATION)?.ok_or_else(missing)?;
        Ok(Database { name: name.to_owned(), url: self.url(name), organization_id })
    }

    /// Ends a private server, unless somebody else uses it.
    pub fn close(self) {
        if let Some(private) = self.private {
            private.stop();
        }
    }
}

fn load_history(connection: &mut PgConnection, organization_id: OrganizationId, rows: u64) -> Result<(), Error> {
    let started = Instant::now();
    eprintln!("loading {rows} order lines of history …");
    history::load(connection, organization_id, rows / LINES_OF_ORDER)?;
    eprintln!("loaded {rows} order lines of history in {:.0} s", started.elapsed().as_secs_f32());
    Ok(())
}

/// Changes with the schema and with the data.
fn fingerprint(extent: Extent) -> Result<u64, Error> {
    let mut hasher = DefaultHasher::new();
    let migrations = MigrationSource::<Pg>::migrations(&MIGRATIONS).map_err(Error::internal)?;
    let mut names: Vec<String> = migrations.iter().map(|migration| migration.name().to_string()).collect();
    names.sort();
    (names, store::TEXTS, extent.skus, extent.scarce, extent.customers).hash(&mut hasher);
    Ok(hasher.finish())
}

/// Splits a URL around the name of its database.
fn around_database(url: &str) -> Result<(String, String), Error> {
    let wrong = || Error::internal("a database URL looks like postgres://user:password@host:port/database");
    let authority = url.find("://").ok_or_else(wrong)? + 3;
    let start = authority + url[authority..].find('/').ok_or_else(wrong)? + 1;
    let end = url[start..].find('?').map_or(url.len(), |place| start + place);
    Ok((url[..start].to_owned(), url[end..].to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_split_around_its_database() {
        let around = around_database("postgres://u:p@h:1/name?sslmode=disable").unwrap();
        assert_eq!((around.0.as_str(), around.1.as_str()), ("postgres://u:p@h:1/", "?sslmode=disable"));
        assert_eq!(around_database("postgres://u@h/name").unwrap().1, "");
        assert!(around_database("somewhere").is_err());
    }
}
