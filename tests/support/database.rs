//! A database of its own for each test, cloned from a migrated template.
//!
//! The server is the one that `PESANAN_TEST_DATABASE_URL` names (as a user that may create databases), else a private one without
//! durability in `target/test-postgres`. That one keeps running when the tests end, since under nextest every test is a process of
//! its own; `scripts/stop-test-postgres` ends it, and `make test` calls that.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that has no database can only stop")]

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use diesel::sql_types::{Nullable, Text};
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};
use diesel_migrations::{FileBasedMigrations, MigrationHarness};
use pesanan::platform::private_postgres::{Options, PrivatePostgres};

const TEMPLATE_PREFIX: &str = "pesanan_template_";
const TEST_PREFIX: &str = "pesanan_test_";
/// Templates of older migrations: enough for a few branches at once.
const TEMPLATES_KEPT: i64 = 8;
/// Databases of failed tests are there to be looked at, but not for ever.
const FAILED_KEPT_FOR: Duration = Duration::from_secs(24 * 60 * 60);
/// A process of another machine looks dead from here: leave a database alone until its test must have connected.
const SWEPT_AFTER: Duration = Duration::from_secs(60);
/// Any constant of our own: one process at a time builds the template.
const TEMPLATE_LOCK: i64 = 0x7065_7361_6e61_6e01;

/// A migrated, empty database that is this test's alone. Dropped with this value, unless the test is failing: then it stays for a
/// day, and its URL is printed.
#[derive(Debug)]
pub struct TestDatabase {
    /// For `psql` and `PgConnection::establish`.
    pub url: String,
    pub name: String,
}

impl TestDatabase {
    /// Clones the template; the first call makes server and template where they are missing.
    pub fn create() -> TestDatabase {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let server = Server::get();
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let name = format!("{TEST_PREFIX}{}_{}_{number}", std::process::id(), seconds_now());
        execute(&mut server.connect("postgres"), &format!("CREATE DATABASE {name} TEMPLATE {}", server.template));
        TestDatabase { url: server.url(&name), name }
    }

    /// A new connection to it.
    pub fn connect(&self) -> PgConnection {
        PgConnection::establish(&self.url).unwrap_or_else(|error| panic!("connecting to {}: {error}", self.name))
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let mut conn = Server::get().connect("postgres");
        if thread::panicking() {
            let mark = format!("COMMENT ON DATABASE {} IS 'test failed at {}'", self.name, seconds_now());
            let kept = sql_query(mark).execute(&mut conn);
            eprintln!("the database of this failed test is kept for a day ({kept:?}): {}", self.url);
        } else {
            // With the connections that the application's pool still holds.
            execute(&mut conn, &format!("DROP DATABASE {} WITH (FORCE)", self.name));
        }
    }
}

/// The server that this process uses, with the template made and leftovers swept.
struct Server {
    url_start: String,
    url_end: String,
    template: String,
    /// Counts this process as a user of the private server.
    _private: Option<PrivatePostgres>,
}

impl Server {
    fn get() -> &'static Server {
        static SERVER: OnceLock<Server> = OnceLock::new();
        SERVER.get_or_init(|| {
            let (url, private) = match std::env::var("PESANAN_TEST_DATABASE_URL") {
                Ok(url) => (url, None),
                Err(_) => {
                    let options = Options { durable: false, keep_running: true, ..Options::default() };
                    let server = PrivatePostgres::start(&private_directory(), options).unwrap_or_else(|error| panic!("{error}"));
                    (server.url("postgres"), Some(server))
                }
            };
            let (url_start, url_end) = around_database(&url);
            let server = Server { url_start, url_end, template: format!("{TEMPLATE_PREFIX}{:016x}", migrations_hash()), _private: private };
            server.make_template();
            server.sweep();
            server
        })
    }

    fn url(&self, database: &str) -> String {
        format!("{}{database}{}", self.url_start, self.url_end)
    }

    fn connect(&self, database: &str) -> PgConnection {
        PgConnection::establish(&self.url(database))
            .unwrap_or_else(|error| panic!("connecting to the test server, database {database}: {error}"))
    }

    /// The template gets its name only when it is complete, so that one that was interrupted is never cloned.
    fn make_template(&self) {
        let mut conn = self.connect("postgres");
        let template = &self.template;
        if exists(&mut conn, template) {
            return;
        }
        execute(&mut conn, &format!("SELECT pg_advisory_lock({TEMPLATE_LOCK})"));
        if !exists(&mut conn, template) {
            let unfinished = format!("{template}_unfinished");
            execute(&mut conn, &format!("DROP DATABASE IF EXISTS {unfinished} WITH (FORCE)"));
            execute(&mut conn, &format!("CREATE DATABASE {unfinished}"));
            self.migrate(&unfinished);
            execute(&mut conn, &format!("ALTER DATABASE {unfinished} RENAME TO {template}"));
        }
        let oldest = format!(
            "SELECT datname AS name FROM pg_database WHERE datname LIKE '{TEMPLATE_PREFIX}%' ORDER BY oid DESC OFFSET {TEMPLATES_KEPT}"
        );
        for old in names(&mut conn, &oldest) {
            drop_if_unused(&mut conn, &old.name);
        }
        execute(&mut conn, &format!("SELECT pg_advisory_unlock({TEMPLATE_LOCK})"));
    }

    fn migrate(&self, database: &str) {
        let mut conn = self.connect(database);
        let migrations = FileBasedMigrations::from_path(migrations_directory()).unwrap();
        conn.run_pending_migrations(migrations).unwrap_or_else(|error| panic!("migrating the template: {error}"));
        execute(&mut conn, "ANALYZE");
    }

    /// Drops the databases of processes that have ended, but those of failed tests only after a day.
    fn sweep(&self) {
        let mut conn = self.connect("postgres");
        let query = format!(
            "SELECT datname AS name, shobj_description(oid, 'pg_database') AS comment FROM pg_database WHERE datname LIKE '{TEST_PREFIX}%'"
        );
        for left in names(&mut conn, &query) {
            let mut parts = left.name[TEST_PREFIX.len()..].split('_');
            let (Some(pid), Some(created_at)) = (parts.next(), parts.next().and_then(|text| text.parse::<u64>().ok())) else { continue };
            let keep_for = if left.comment.is_some() { FAILED_KEPT_FOR } else { SWEPT_AFTER };
            if !is_alive(pid) && seconds_now() > created_at + keep_for.as_secs() {
                drop_if_unused(&mut conn, &left.name);
            }
        }
    }
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Nullable<Text>)]
    comment: Option<String>,
}

fn names(conn: &mut PgConnection, query: &str) -> Vec<Found> {
    sql_query(query).load(conn).unwrap_or_else(|error| panic!("{query}: {error}"))
}

fn exists(conn: &mut PgConnection, database: &str) -> bool {
    !names(conn, &format!("SELECT datname AS name, NULL AS comment FROM pg_database WHERE datname = '{database}'")).is_empty()
}

fn execute(conn: &mut PgConnection, statement: &str) {
    sql_query(statement).execute(conn).unwrap_or_else(|error| panic!("{statement}: {error}"));
}

/// Somebody else may be using or dropping it at the same time: then it is his.
fn drop_if_unused(conn: &mut PgConnection, database: &str) {
    let _used_or_gone = sql_query(format!("DROP DATABASE IF EXISTS {database}")).execute(conn);
}

/// `target/test-postgres`, wherever this build has its target directory.
fn private_directory() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("test-postgres")
}

fn migrations_directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations")
}

/// Of the names and texts of all migrations. They are read from the source tree, not embedded: an embedded list is as old as the
/// last compilation of its file.
fn migrations_hash() -> u64 {
    let mut directories: Vec<_> = fs::read_dir(migrations_directory()).unwrap().map(|entry| entry.unwrap().path()).collect();
    directories.sort();
    let mut hasher = DefaultHasher::new();
    for directory in directories.iter().filter(|path| path.is_dir()) {
        directory.file_name().hash(&mut hasher);
        fs::read(directory.join("up.sql")).unwrap().hash(&mut hasher);
        fs::read(directory.join("metadata.toml")).ok().hash(&mut hasher);
    }
    hasher.finish()
}

/// What stands before and after the database's name in a URL: `postgres://user:password@host:port/` and `?parameters`.
fn around_database(url: &str) -> (String, String) {
    let (address, parameters) = url.find('?').map_or((url, ""), |start| url.split_at(start));
    let authority_at = address.find("://").map_or(0, |scheme_end| scheme_end + 3);
    let path_at = address[authority_at..].find('/').map_or(address.len(), |slash| authority_at + slash);
    (format!("{}/", &address[..path_at]), parameters.to_owned())
}

fn is_alive(pid: &str) -> bool {
    if Path::new("/proc/self").exists() {
        return Path::new("/proc").join(pid).exists();
    }
    Command::new("/bin/sh").args(["-c", "kill -0 \"$0\" 2>/dev/null", pid]).status().is_ok_and(|status| status.success())
}

fn seconds_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_test_has_its_own_empty_database() {
        let (one, other) = (TestDatabase::create(), TestDatabase::create());
        execute(&mut one.connect(), "CREATE TABLE only_here ()");
        execute(&mut one.connect(), "SELECT FROM organization");
        assert!(sql_query("SELECT FROM only_here").execute(&mut other.connect()).is_err());
        // A connection that is still open does not keep it from being dropped.
        let open = one.connect();
        let name = one.name.clone();
        drop(one);
        assert!(!exists(&mut Server::get().connect("postgres"), &name));
        drop(open);
    }

    #[test]
    fn the_database_of_a_failed_test_is_kept() {
        let failed = thread::spawn(|| {
            let database = TestDatabase::create();
            let name = database.name.clone();
            std::panic::panic_any(name);
        });
        let name = *failed.join().unwrap_err().downcast::<String>().unwrap();
        let server = Server::get();
        server.sweep();
        let mut conn = server.connect("postgres");
        assert!(exists(&mut conn, &name));
        execute(&mut conn, &format!("DROP DATABASE {name}"));
    }

    #[test]
    fn databases_of_ended_processes_are_swept() {
        let server = Server::get();
        let mut conn = server.connect("postgres");
        let mut ended = Command::new("true").spawn().unwrap();
        ended.wait().unwrap();
        let old = format!("{TEST_PREFIX}{}_{}_0", ended.id(), seconds_now() - 3600);
        let failed = format!("{TEST_PREFIX}{}_{}_1", ended.id(), seconds_now() - 3600);
        execute(&mut conn, &format!("CREATE DATABASE {old}"));
        execute(&mut conn, &format!("CREATE DATABASE {failed}"));
        execute(&mut conn, &format!("COMMENT ON DATABASE {failed} IS 'test failed'"));
        server.sweep();
        assert!(!exists(&mut conn, &old));
        assert!(exists(&mut conn, &failed));
        execute(&mut conn, &format!("DROP DATABASE {failed}"));
    }

    #[test]
    fn the_database_name_is_replaced_in_any_url() {
        let of = |url| around_database(url);
        assert_eq!(of("postgres://u:p@h:1/db?sslmode=disable"), ("postgres://u:p@h:1/".to_owned(), "?sslmode=disable".to_owned()));
        assert_eq!(of("postgresql://h"), ("postgresql://h/".to_owned(), String::new()));
    }
}
