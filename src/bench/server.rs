//! The server under load: `pesanan serve` of this very program, as a process of its own, so that its time can be told from ours.

use crate::auth::keys::{KeyConfig, Keys};
use crate::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A drain takes at most the server's own shutdown time-out.
const STOPPED_WITHIN: Duration = Duration::from_secs(45);

/// Whether orders go through the capture queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Queue {
    On,
    Off,
}

/// A running server, stopped when this value is dropped.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    /// From its start to its first readiness for requests.
    pub ready_within: Duration,
    _stdout: BufReader<ChildStdout>,
}

impl Server {
    /// Starts a server on a free port, with fresh signing keys.
    ///
    /// # Errors
    /// Where it ends before it is ready; what it said lies in `log`.
    pub fn start(database_url: &str, queue: Queue, log: &Path) -> Result<Self, Error> {
        let keys: [KeyConfig; 1] = [Keys::generate("bench")?];
        let program = std::env::current_exe().map_err(Error::internal)?;
        let log_file = File::create(log).map_err(|error| Error::internal(format!("{}: {error}", log.display())))?;
        let mut command = Command::new(program);
        command.arg("serve").env("PESANAN_DATABASE_URL", database_url).env("PESANAN_LISTEN", "127.0.0.1:0");
        command.env("PESANAN_JWT_KEYS", serde_json::to_string(&keys).map_err(Error::internal)?);
        command.env("PESANAN_CAPTURE_QUEUE", if queue == Queue::On { "on" } else { "off" });
        // In a group of its own, so that Ctrl-C reaches us first and we stop it in order.
        command.env_remove("PESANAN_RATE_LIMIT").process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log_file);
        let started = Instant::now();
        let mut child = command.spawn().map_err(Error::internal)?;
        let (address, stdout) = match child.stdout.take().map(read_address) {
            Some((Some(address), stdout)) => (address, stdout),
            Some((None, _)) | None => {
                let ended = child.kill().and_then(|()| child.wait());
                return Err(Error::internal(format!("the server did not start ({ended:?}): see {}", log.display())));
            }
        };
        Ok(Self { child, address, ready_within: started.elapsed(), _stdout: stdout })
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Lets it drain, then waits for its end.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The shell's own `kill`: small systems have no program of that name.
        let asked = Command::new("/bin/sh").args(["-c", "kill -s TERM \"$0\""]).arg(self.pid().to_string()).status();
        let asked_at = Instant::now();
        while asked.is_ok() && asked_at.elapsed() < STOPPED_WITHIN {
            match self.child.try_wait() {
                Ok(None) => sleep(Duration::from_millis(10)),
                Ok(Some(_)) | Err(_) => return,
            }
        }
        if let Err(error) = self.child.kill().and_then(|()| self.child.wait()) {
            log::warn!("the server (process {}) could not be ended: {error}", self.pid());
        }
    }
}

/// Reads up to the line `ready http://address`.
fn read_address(stdout: ChildStdout) -> (Option<SocketAddr>, BufReader<ChildStdout>) {
    let mut stdout = BufReader::new(stdout);
    let mut line = String::new();
    while stdout.read_line(&mut line).is_ok_and(|read| read > 0) {
        if let Some(address) = line.trim().strip_prefix("ready http://") {
            return (address.parse().ok(), stdout);
        }
        line.clear();
    }
    (None, stdout)
}
