//! Where a private cluster lies on disk, and the locks that its users share.
//!
//! That is the directory we are given, unless we are root and the server's user may not pass through one of its parents (a home
//! directory with mode 0700): then it is `/var/lib/pesanan/<hash of the directory>`, and the file `where` in the directory names it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::installation::Installation;
use super::server_user::ServerUser;
use super::{StartError, USER};

/// For clusters of root that cannot lie where they were asked for.
const FALLBACK: &str = "/var/lib/pesanan";
const LOG_TAIL_LINES: usize = 12;
/// More of a log than its last lines need.
const LOG_TAIL_BYTES: usize = 8 * 1024;

#[derive(Debug)]
pub(super) struct Place {
    home: PathBuf,
    cluster: PathBuf,
    server_user: ServerUser,
}

impl Place {
    /// Makes the directory, if need be, and finds out where its cluster lies.
    pub(super) fn prepare(data_dir: &Path) -> Result<Place, StartError> {
        fs::create_dir_all(data_dir).map_err(StartError::io(data_dir))?;
        let data_dir = fs::canonicalize(data_dir).map_err(StartError::io(data_dir))?;
        let ignore = data_dir.join(".gitignore");
        if !ignore.exists() {
            fs::write(&ignore, "*\n").map_err(StartError::io(ignore))?;
        }
        let cluster = data_dir.join("postgres");
        let server_user = ServerUser::of(&cluster)?;
        if server_user.may_enter(&data_dir) {
            return Ok(Place { home: data_dir, cluster, server_user });
        }
        let home = Path::new(FALLBACK).join(format!("{:016x}", fnv1a(data_dir.as_os_str().as_encoded_bytes())));
        fs::create_dir_all(&home).map_err(StartError::io(&home))?;
        for directory in [Path::new(FALLBACK), &home] {
            fs::set_permissions(directory, fs::Permissions::from_mode(0o755)).map_err(StartError::io(directory))?;
        }
        let pointer = data_dir.join("where");
        fs::write(&pointer, format!("{}\n", home.display())).map_err(StartError::io(pointer))?;
        let cluster = home.join("postgres");
        Ok(Place { server_user: ServerUser::of(&cluster)?, home, cluster })
    }

    pub(super) fn home(&self) -> &Path {
        &self.home
    }

    pub(super) fn cluster(&self) -> &Path {
        &self.cluster
    }

    pub(super) fn server_user(&self) -> ServerUser {
        self.server_user
    }

    pub(super) fn log(&self) -> PathBuf {
        self.home.join("postgres.log")
    }

    /// Waits until nobody else is starting or stopping this cluster, and keeps everybody else from it until dropped.
    pub(super) fn lock(&self) -> Result<File, StartError> {
        let lock = self.open_lock("lock")?;
        lock.lock().map_err(StartError::io(self.home.join("lock")))?;
        Ok(lock)
    }

    /// Counts as a user of the cluster until the file is dropped.
    pub(super) fn join_users(&self) -> Result<File, StartError> {
        let users = self.open_lock("users")?;
        users.lock_shared().map_err(StartError::io(self.home.join("users")))?;
        Ok(users)
    }

    /// Whether anybody is a user now. Holds still only under [`Place::lock`].
    pub(super) fn in_use(&self) -> Result<bool, StartError> {
        match self.open_lock("users")?.try_lock() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(source)) => Err(StartError::Io { path: self.home.join("users"), source }),
        }
    }

    fn open_lock(&self, name: &str) -> Result<File, StartError> {
        let path = self.home.join(name);
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(StartError::io(path))
    }

    /// A durable cluster is never run without durability, and nobody relies on a test cluster by mistake.
    pub(super) fn check_durability(&self, durable: bool) -> Result<(), StartError> {
        let disposable = self.disposable().exists();
        if self.cluster.exists() && disposable == durable {
            return Err(StartError::OtherDurability { home: self.home.clone(), disposable });
        }
        Ok(())
    }

    /// The mark of a test cluster.
    fn disposable(&self) -> PathBuf {
        self.home.join("disposable")
    }

    /// Makes the cluster, if there is none. It gets its name only when it is complete, so that one that was interrupted is never
    /// taken for whole.
    pub(super) fn make_cluster(&self, installation: &Installation, durable: bool) -> Result<(), StartError> {
        if self.cluster.exists() {
            return Ok(());
        }
        let disposable = self.disposable();
        if durable {
            // Left behind where a test cluster was deleted by hand.
            remove_if_there(&disposable)?;
        } else {
            fs::write(&disposable, "This cluster is run without durability.\n").map_err(StartError::io(disposable))?;
        }
        let unfinished = self.home.join("postgres.unfinished");
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished).map_err(StartError::io(&unfinished))?;
        }
        fs::DirBuilder::new().mode(0o700).create(&unfinished).map_err(StartError::io(&unfinished))?;
        self.server_user.give(&unfinished).map_err(StartError::io(&unfinished))?;
        let password_file = self.password_file()?;
        let program = installation.program("initdb");
        let mut initdb = self.server_user.command(&program);
        initdb.arg("-D").arg(&unfinished).arg("--pwfile").arg(&password_file);
        initdb.args(["--username", USER, "--auth", "scram-sha-256", "--encoding", "UTF8"]);
        // Text is compared by bytes (fast, and the same on every machine), but upper and lower case are known for all letters.
        initdb.args(["--locale", "C", "--lc-ctype", if cfg!(target_os = "macos") { "en_US.UTF-8" } else { "C.UTF-8" }]);
        if !durable {
            initdb.arg("--no-sync");
        }
        let output = initdb.output().map_err(StartError::io(program))?;
        if !output.status.success() {
            return Err(StartError::Initdb { status: output.status, output: String::from_utf8_lossy(&output.stderr).trim().to_owned() });
        }
        fs::rename(&unfinished, &self.cluster).map_err(StartError::io(&self.cluster))
    }

    /// Deletes a test cluster.
    pub(super) fn remove_cluster(&self) -> Result<(), StartError> {
        fs::remove_dir_all(&self.cluster).map_err(StartError::io(&self.cluster))
    }

    /// The file with the superuser's password, readable by the server's user alone (and by root), made if there is none.
    fn password_file(&self) -> Result<PathBuf, StartError> {
        let path = self.home.join("password");
        let mut random = [0_u8; 24];
        let source = Path::new("/dev/urandom");
        File::open(source).and_then(|mut file| file.read_exact(&mut random)).map_err(StartError::io(source))?;
        let password: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        remove_if_there(&path)?;
        let written = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .and_then(|mut file| file.write_all(password.as_bytes()));
        written.and_then(|()| self.server_user.give(&path)).map_err(StartError::io(&path))?;
        Ok(path)
    }

    pub(super) fn read(&self, name: &str) -> Result<String, StartError> {
        let path = self.home.join(name);
        fs::read_to_string(&path).map(|text| text.trim().to_owned()).map_err(StartError::io(path))
    }

    /// Writes a file, unless it says so already.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<(), StartError> {
        if self.read(name).is_ok_and(|existing| existing == text) {
            return Ok(());
        }
        let path = self.home.join(name);
        fs::write(&path, format!("{text}\n")).map_err(StartError::io(path))
    }

    /// A fresh log; that of the start before stays as `postgres.log.1`.
    pub(super) fn open_log(&self) -> Result<File, StartError> {
        let path = self.log();
        if path.exists() {
            fs::rename(&path, self.home.join("postgres.log.1")).map_err(StartError::io(&path))?;
        }
        OpenOptions::new().append(true).create(true).mode(0o600).open(&path).map_err(StartError::io(path))
    }

    /// The last lines of the log.
    pub(super) fn log_tail(&self) -> String {
        let bytes = fs::read(self.log()).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(LOG_TAIL_BYTES)..]).into_owned();
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(LOG_TAIL_LINES)..].join("\n")
    }
}

fn remove_if_there(path: &Path) -> Result<(), StartError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(StartError::Io { path: path.to_owned(), source: error }),
        _ => Ok(()),
    }
}

/// FNV-1a: a name for a path that stays the same for ever, which the standard library's hasher does not promise.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
    }
}
