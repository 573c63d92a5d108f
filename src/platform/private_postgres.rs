//! A private Postgres from the binaries that are already installed: nothing to set up, nothing to download.
//!
//! Behind `pesanan demo` and every `--data-dir`. One directory is one cluster. Whoever starts first makes and starts it, whoever
//! comes later attaches, and the last one to leave stops it; a process that was killed leaves a server that the next one attaches to.
//!
//! What lies in the directory (or, see [`place`], in the directory that its file `where` names): `postgres/` the cluster,
//! `password` of its superuser (0600), `port`, `postgres.log` and, of the start before, `postgres.log.1`.

mod installation;
mod place;
mod postmaster;
mod server_user;

use std::fs::File;
use std::io;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::thread::sleep;
use std::time::{Duration, Instant};

use diesel::dsl::sql;
use diesel::sql_types::{Bool, Text};
use diesel::{Connection, PgConnection, RunQueryDsl};

use installation::Installation;
use place::Place;
use postmaster::Postmaster;

/// The superuser of a private cluster, which owns everything in it.
const USER: &str = "pesanan";
/// Marks the servers that we started, in their command line: only those are ever stopped by us.
const CLUSTER_NAME: &str = "cluster_name=pesanan";
/// Recovery after a crash replays at most `max_wal_size` of log.
const READY_WITHIN: Duration = Duration::from_secs(300);
/// A fast shutdown ends every session and writes one checkpoint.
const STOPPED_WITHIN: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(10);
/// A port that we chose may be taken by somebody else before Postgres binds it.
const PORT_ATTEMPTS: usize = 3;
/// Any constant of our own: serialises `CREATE DATABASE` of the same name by two processes.
const CREATE_DATABASE_LOCK: i64 = 0x7065_7361_6e61_6e00;

/// How a private cluster is run.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// `false` switches off everything that makes a commit survive a crash of the machine: for test clusters only. A cluster keeps
    /// the kind that it was made with.
    pub durable: bool,
    /// `None` takes a free port and keeps it in the directory, so that the URL stays the same from one start to the next. A server
    /// that already runs on the directory keeps its own port.
    pub port: Option<u16>,
    /// `true` leaves the server running when the last user has gone: for test clusters, whose users are short-lived processes.
    pub keep_running: bool,
    /// `name=value` of further settings, which win over ours; those of a server that already runs stay as they are.
    pub settings: &'static [&'static str],
}

impl Default for Options {
    fn default() -> Self {
        Options { durable: true, port: None, keep_running: false, settings: &[] }
    }
}

/// Why there is no private Postgres. Each text says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No directory with `postgres` and `initdb` was found.
    #[error(
        "no PostgreSQL server is installed (looked in {looked_in}). Install one with `{install}`, name the directory of its programs in \
         PG_BIN, or use a server of your own with --database-url"
    )]
    NotInstalled { looked_in: String, install: &'static str },
    /// The cluster was made by another major version, and its programs are not installed.
    #[error("{} was made by PostgreSQL {made_by}, but only {found} is installed: install PostgreSQL {made_by} or name its programs in PG_BIN", data.display())]
    WrongVersion { data: PathBuf, made_by: u32, found: String },
    /// Postgres refuses to run as root, and there is nobody else to run it.
    #[error(
        "PostgreSQL does not run as root, and there is neither a user `postgres` nor a user `nobody` to run it as: run pesanan as an ordinary user"
    )]
    NoServerUser,
    /// Somebody else listens on the port that was asked for.
    #[error("port {0} on 127.0.0.1 is in use: choose another one for the private PostgreSQL")]
    PortInUse(u16),
    /// A test cluster was asked for in the place of a durable one, or the other way round.
    #[error("{} holds a cluster that is {}: use another directory", home.display(), if *disposable { "made for tests, which a crash may destroy" } else { "durable, not one for tests" })]
    OtherDurability { home: PathBuf, disposable: bool },
    /// `initdb` failed.
    #[error("initdb failed ({status}): {output}")]
    Initdb { status: ExitStatus, output: String },
    /// The server ended before it was ready.
    #[error("PostgreSQL ended ({status}) before it was ready; the end of {}:\n{tail}", log.display())]
    Ended { status: String, log: PathBuf, tail: String },
    /// The server neither became ready nor ended.
    #[error("PostgreSQL (process {pid}) was not ready within {} seconds: see {}", READY_WITHIN.as_secs(), log.display())]
    NotReady { pid: u32, log: PathBuf },
    /// A file or program could not be used.
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    /// The server runs but does not let us in: usually a `password` file that is not its own.
    #[error("the private PostgreSQL on port {port} refused the connection: {source}")]
    Connect { port: u16, source: diesel::ConnectionError },
    /// A database could not be made.
    #[error("database {name} could not be created: {source}")]
    CreateDatabase { name: String, source: diesel::result::Error },
}

impl StartError {
    fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> StartError {
        let path = path.into();
        move |source| StartError::Io { path, source }
    }
}

/// A running private server, ours until this value is dropped.
///
/// `std::process::exit` runs no destructors: end with a return from `main`, or call [`PrivatePostgres::stop`] first.
#[derive(Debug)]
pub struct PrivatePostgres {
    place: Place,
    port: u16,
    password: String,
    keep_running: bool,
    /// The server, where this process is its parent and has to take its exit status.
    child: Option<Child>,
    /// A shared lock: as long as anybody holds it the server is in use. `None` once given up.
    user: Option<File>,
}

impl PrivatePostgres {
    /// Starts the cluster of this directory, making both if there are none yet, or attaches to its running server. Returns when the
    /// server answers. Safe to be called by several processes and threads at once.
    ///
    /// # Errors
    /// See [`StartError`]; nothing is left running then.
    pub fn start(data_dir: &Path, options: Options) -> Result<PrivatePostgres, StartError> {
        let place = Place::prepare(data_dir)?;
        let _starting = place.lock()?;
        place.check_durability(options.durable)?;
        let (running, child) = match attach(&place)? {
            Some(running) => (running, None),
            None => {
                let (running, child) = start_server(&place, options)?;
                (running, Some(child))
            }
        };
        let password = place.read("password")?;
        place.write("port", &running.port.to_string())?;
        Ok(PrivatePostgres {
            user: Some(place.join_users()?),
            port: running.port,
            password,
            keep_running: options.keep_running,
            child,
            place,
        })
    }

    /// The URL of a database of this cluster, as its superuser.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{USER}:{}@127.0.0.1:{}/{database}", self.password, self.port)
    }

    /// The URL of a database of this cluster, which is made if there is none of this name.
    ///
    /// # Errors
    /// [`StartError::Connect`], [`StartError::CreateDatabase`].
    pub fn create_database(&self, name: &str) -> Result<String, StartError> {
        let mut conn = PgConnection::establish(&self.url("postgres")).map_err(|source| StartError::Connect { port: self.port, source })?;
        create_database_if_missing(&mut conn, name).map_err(|source| StartError::CreateDatabase { name: name.to_owned(), source })?;
        Ok(self.url(name))
    }

    /// Throws a database away, whoever is connected to it, and makes it anew, empty.
    ///
    /// # Errors
    /// [`StartError::Connect`], [`StartError::CreateDatabase`].
    pub fn recreate_database(&self, name: &str) -> Result<String, StartError> {
        let mut conn = PgConnection::establish(&self.url("postgres")).map_err(|source| StartError::Connect { port: self.port, source })?;
        let dropped = diesel::sql_query(format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)")).execute(&mut conn);
        dropped.map_err(|source| StartError::CreateDatabase { name: name.to_owned(), source })?;
        self.create_database(name)
    }

    /// The TCP port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where the cluster, its password and its log lie: the directory of [`PrivatePostgres::start`], or what its file `where` names.
    pub fn home(&self) -> &Path {
        self.place.home()
    }

    /// Leaves the cluster: its last user stops the server and waits for its end, everyone else lets it run. The same as dropping.
    pub fn stop(self) {
        drop(self);
    }

    fn leave(&mut self) -> Result<(), StartError> {
        let _stopping = self.place.lock()?;
        if let Some(user) = self.user.take() {
            // Closing would not do: a child that another thread is just starting holds a copy of the file until its `exec`.
            user.unlock().map_err(StartError::io(self.place.home().join("users")))?;
        }
        if self.keep_running || self.place.in_use()? {
            return Ok(());
        }
        let Some(server) = Postmaster::running_on(self.place.cluster()).filter(Postmaster::is_started_by_us) else {
            return Ok(());
        };
        server.interrupt().map_err(StartError::io("kill"))?;
        let asked_at = Instant::now();
        while server.is_alive() {
            if asked_at.elapsed() > STOPPED_WITHIN {
                log::warn!("the private PostgreSQL (process {}) is still stopping: see {}", server.pid, self.place.log().display());
                break;
            }
            if let Some(child) = &mut self.child {
                child.try_wait().map_err(StartError::io("postgres"))?;
            }
            sleep(POLL);
        }
        Ok(())
    }
}

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        if let Err(error) = self.leave() {
            log::warn!("the private PostgreSQL in {} could not be stopped: {error}", self.place.home().display());
        }
    }
}

/// The server that already runs on this place, once it is ready; `None` when there is none, or when it was just stopping.
fn attach(place: &Place) -> Result<Option<Postmaster>, StartError> {
    let began_at = Instant::now();
    while let Some(server) = Postmaster::running_on(place.cluster()) {
        if server.ready {
            return Ok(Some(server));
        }
        if began_at.elapsed() > READY_WITHIN {
            return Err(StartError::NotReady { pid: server.pid, log: place.log() });
        }
        sleep(POLL);
    }
    Ok(None)
}

/// Makes the cluster if there is none and starts its server. A test cluster that cannot be started (a crash may well have torn its
/// files) is made anew.
fn start_server(place: &Place, options: Options) -> Result<(Postmaster, Child), StartError> {
    let installation = Installation::find(place.cluster())?;
    place.make_cluster(&installation, options.durable)?;
    match launch_on_a_port(place, &installation, options) {
        Err(StartError::Ended { tail, .. }) if !options.durable => {
            log::warn!("the test cluster in {} did not start and is made anew: {tail}", place.home().display());
            place.remove_cluster()?;
            place.make_cluster(&installation, options.durable)?;
            launch_on_a_port(place, &installation, options)
        }
        outcome => outcome,
    }
}

fn launch_on_a_port(place: &Place, installation: &Installation, options: Options) -> Result<(Postmaster, Child), StartError> {
    let mut attempt = 1;
    loop {
        let port = match options.port {
            Some(port) if is_free(port) => port,
            Some(port) => return Err(StartError::PortInUse(port)),
            None => kept_or_free_port(place)?,
        };
        match launch(place, installation, port, options) {
            Err(StartError::Ended { tail, .. }) if tail.contains("could not bind") && options.port.is_none() && attempt < PORT_ATTEMPTS => {
                attempt += 1;
            }
            outcome => return outcome,
        }
    }
}

/// Starts the server and waits until it is ready.
fn launch(place: &Place, installation: &Installation, port: u16, options: Options) -> Result<(Postmaster, Child), StartError> {
    postmaster::clear_recycled_pid_file(place.cluster()).map_err(StartError::io(place.cluster()))?;
    let program = installation.program("postgres");
    let mut command = place.server_user().command(&program);
    command.arg("-D").arg(place.cluster());
    for setting in settings(port, options) {
        command.arg("-c").arg(setting);
    }
    let log = place.open_log()?;
    let errors = log.try_clone().map_err(StartError::io(place.log()))?;
    // A group of its own, so that Ctrl-C reaches us alone and the server outlives the drain. Nothing of ours is inherited: a server
    // that outlives us must not hold a pipe that somebody waits on.
    let mut child = command.process_group(0).stdout(log).stderr(errors).spawn().map_err(StartError::io(program))?;
    let outcome = wait_until_ready(place, &mut child);
    if outcome.is_err() {
        end(&mut child);
    }
    outcome.map(|server| (server, child))
}

fn wait_until_ready(place: &Place, child: &mut Child) -> Result<Postmaster, StartError> {
    let began_at = Instant::now();
    loop {
        if let Some(status) = child.try_wait().map_err(StartError::io("postgres"))? {
            return Err(StartError::Ended { status: status.to_string(), log: place.log(), tail: place.log_tail() });
        }
        // A stale pid file of an earlier server lies there until ours has replaced it.
        if let Some(server) = Postmaster::read(place.cluster()).filter(|server| server.pid == child.id() && server.ready) {
            return Ok(server);
        }
        if began_at.elapsed() > READY_WITHIN {
            return Err(StartError::NotReady { pid: child.id(), log: place.log() });
        }
        sleep(POLL);
    }
}

/// Ends a server that did not become ready; it may have ended by itself.
fn end(child: &mut Child) {
    let ended = child.kill().and_then(|()| child.wait());
    if let Err(error) = ended {
        log::warn!("the private PostgreSQL (process {}) could not be ended: {error}", child.id());
    }
}

/// What a private server is run with. They are given on the command line, not written into the cluster, so that an older directory
/// gets the settings of the program that starts it.
fn settings(port: u16, options: Options) -> Vec<String> {
    let mut settings = vec![
        CLUSTER_NAME.to_owned(),
        format!("port={port}"),
        "listen_addresses=127.0.0.1".to_owned(),
        // A socket path of more than 107 bytes stops Postgres, and a deep checkout easily has one.
        "unix_socket_directories=".to_owned(),
        "max_connections=200".to_owned(),
        "idle_in_transaction_session_timeout=60s".to_owned(),
        "jit=off".to_owned(),
        "log_checkpoints=off".to_owned(),
        // Refused statements are answers to the caller, who logs them; the server's log is about the server.
        "log_min_messages=log".to_owned(),
    ];
    let by_kind: &[&str] = if options.durable {
        // With the default sizes a busy server checkpoints every few seconds and makes every log file anew: p99 55 → 16 ms.
        &["shared_buffers=512MB", "max_wal_size=8GB", "min_wal_size=2GB"]
    } else {
        &["shared_buffers=128MB", "max_wal_size=512MB", "min_wal_size=80MB", "fsync=off", "synchronous_commit=off", "full_page_writes=off"]
    };
    settings.extend(by_kind.iter().chain(options.settings).map(|setting| (*setting).to_owned()));
    settings
}

fn is_free(port: u16) -> bool {
    TcpListener::bind(("127.0.0.1", port)).is_ok()
}

fn kept_or_free_port(place: &Place) -> Result<u16, StartError> {
    let kept = place.read("port").ok().and_then(|text| text.parse().ok());
    match kept.filter(|port| is_free(*port)) {
        Some(port) => Ok(port),
        None => {
            let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(StartError::io("127.0.0.1"))?;
            Ok(listener.local_addr().map_err(StartError::io("127.0.0.1"))?.port())
        }
    }
}

fn create_database_if_missing(conn: &mut PgConnection, name: &str) -> diesel::QueryResult<()> {
    // Held until the connection closes; CREATE DATABASE has no IF NOT EXISTS.
    diesel::sql_query(format!("SELECT pg_advisory_lock({CREATE_DATABASE_LOCK})")).execute(conn)?;
    let exists: bool =
        diesel::select(sql::<Bool>("EXISTS (SELECT FROM pg_database WHERE datname = ").bind::<Text, _>(name).sql(")")).get_result(conn)?;
    if !exists {
        diesel::sql_query(format!("CREATE DATABASE \"{}\"", name.replace('"', "\"\""))).execute(conn)?;
    }
    Ok(())
}

/// Runs a program to its end and returns what it printed, if it succeeded.
fn output_of(command: &mut Command) -> Option<String> {
    let output = command.output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;
    use std::thread;

    use super::*;

    const FOR_TESTS: Options = Options { durable: false, port: None, keep_running: false, settings: &[] };

    /// A directory of its own for each test, deleted when the test succeeds.
    struct Directory(PathBuf);

    impl Directory {
        fn new(test: &str) -> Directory {
            let path = std::env::temp_dir().join(format!("pesanan-private-postgres-{test}-{}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Directory(path)
        }

        fn cluster(&self) -> PathBuf {
            Place::prepare(&self.0).unwrap().cluster().to_owned()
        }

        fn is_running(&self) -> bool {
            Postmaster::running_on(&self.cluster()).is_some()
        }
    }

    impl Drop for Directory {
        fn drop(&mut self) {
            if !thread::panicking() {
                let home = Place::prepare(&self.0).unwrap().home().to_owned();
                fs::remove_dir_all(&home).unwrap();
                let _already_gone = fs::remove_dir_all(&self.0);
            }
        }
    }

    fn setting(server: &PrivatePostgres, name: &str) -> String {
        let mut conn = PgConnection::establish(&server.url("postgres")).unwrap();
        diesel::select(sql::<Text>("current_setting(").bind::<Text, _>(name).sql(")")).get_result(&mut conn).unwrap()
    }

    #[test]
    fn the_last_user_stops_the_server() {
        let directory = Directory::new("last");
        let first = PrivatePostgres::start(&directory.0, FOR_TESTS).unwrap();
        let second = PrivatePostgres::start(&directory.0, FOR_TESTS).unwrap();
        assert_eq!(first.url("x"), second.url("x"));
        first.stop();
        assert_eq!(setting(&second, "listen_addresses"), "127.0.0.1");
        assert_eq!(setting(&second, "fsync"), "off");
        second.stop();
        assert!(!directory.is_running());
    }

    #[test]
    fn two_that_start_at_once_share_one_server_and_one_database() {
        let directory = Directory::new("race");
        let start = || {
            let server = PrivatePostgres::start(&directory.0, FOR_TESTS).unwrap();
            let url = server.create_database("an \"odd\" name").unwrap();
            (server, url)
        };
        let ((one, one_url), (other, other_url)) = thread::scope(|scope| {
            let (one, other) = (scope.spawn(start), scope.spawn(start));
            (one.join().unwrap(), other.join().unwrap())
        });
        assert_eq!(one_url, other_url);
        drop((one, other));
        assert!(!directory.is_running());
    }

    #[test]
    fn a_restart_keeps_data_password_and_port() {
        let directory = Directory::new("restart");
        let server = PrivatePostgres::start(&directory.0, FOR_TESTS).unwrap();
        let url = server.create_database("kept").unwrap();
        server.stop();
        let server = PrivatePostgres::start(&directory.0, FOR_TESTS).unwrap();
        assert_eq!(server.url("kept"), url);
        PgConnection::establish(&url).unwrap();
        let mode = fs::metadata(server.home().join("password")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_to_string(directory.0.join(".gitignore")).unwrap(), "*\n");
    }

    #[test]
    fn stale_pid_files_are_dealt_with() {
        let directory = Directory::new("stale");
        PrivatePostgres::start(&directory.0, FOR_TESTS).unwrap().stop();
        let mut ended = Command::new("true").spawn().unwrap();
        ended.wait().unwrap();
        // The second number belongs to a living process that is no Postgres, the third to a Postgres on another directory.
        let other_directory = Directory::new("stale-other");
        let other = PrivatePostgres::start(&other_directory.0, FOR_TESTS).unwrap();
        let other_pid = Postmaster::read(&other_directory.cluster()).unwrap().pid;
        for pid in [ended.id(), std::process::id(), other_pid] {
            let stale = format!("{pid}\n{}\n1764000000\n5432\n\n127.0.0.1\n 1 1\nready   \n", directory.cluster().display());
            fs::write(directory.cluster().join("postmaster.pid"), stale).unwrap();
            let server = PrivatePostgres::start(&directory.0, FOR_TESTS).unwrap();
            assert_ne!(server.port(), other.port());
            server.create_database("works").unwrap();
        }
        assert!(other_directory.is_running());
    }

    #[test]
    fn a_killed_server_is_started_again_and_one_left_behind_is_taken_over() {
        let directory = Directory::new("killed");
        let left_behind = PrivatePostgres::start(&directory.0, Options { keep_running: true, ..FOR_TESTS }).unwrap();
        let pid = Postmaster::read(&directory.cluster()).unwrap().pid;
        drop(left_behind);
        assert!(directory.is_running());
        let taken_over = PrivatePostgres::start(&directory.0, FOR_TESTS).unwrap();
        assert_eq!(Postmaster::read(&directory.cluster()).unwrap().pid, pid);
        assert!(Command::new("/bin/sh").args(["-c", &format!("kill -s KILL {pid}")]).status().unwrap().success());
        while directory.is_running() {
            sleep(POLL);
        }
        let again = PrivatePostgres::start(&directory.0, FOR_TESTS).unwrap();
        again.create_database("works").unwrap();
        drop((taken_over, again));
        assert!(!directory.is_running());
    }

    #[test]
    fn a_cluster_keeps_its_durability() {
        let directory = Directory::new("durability");
        let server = PrivatePostgres::start(&directory.0, Options::default()).unwrap();
        assert_eq!(setting(&server, "fsync"), "on");
        assert_eq!(setting(&server, "max_wal_size"), "8GB");
        let refused = PrivatePostgres::start(&directory.0, FOR_TESTS).unwrap_err();
        assert!(matches!(refused, StartError::OtherDurability { disposable: false, .. }), "{refused}");
    }

    #[test]
    fn a_port_in_use_is_named() {
        let directory = Directory::new("port");
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let refused = PrivatePostgres::start(&directory.0, Options { port: Some(port), ..FOR_TESTS }).unwrap_err();
        assert!(matches!(refused, StartError::PortInUse(named) if named == port), "{refused}");
    }

    #[test]
    fn below_a_closed_directory_the_cluster_still_runs() {
        let closed = Directory::new("closed");
        fs::set_permissions(&closed.0, Permissions::from_mode(0o700)).unwrap();
        let data_dir = closed.0.join(".pesanan");
        let server = PrivatePostgres::start(&data_dir, FOR_TESTS).unwrap();
        let home = server.home().to_owned();
        server.create_database("works").unwrap();
        server.stop();
        if let Ok(named) = fs::read_to_string(data_dir.join("where")) {
            assert_eq!(Path::new(named.trim()), home);
            fs::remove_dir_all(&home).unwrap();
        }
        fs::set_permissions(&closed.0, Permissions::from_mode(0o755)).unwrap();
    }
}
