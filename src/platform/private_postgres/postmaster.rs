//! The server process of a cluster, as its `postmaster.pid` tells.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use super::{CLUSTER_NAME, output_of};

/// What `postmaster.pid` says. Its lines: process id, data directory, start time, port, socket directory, listen address, shared
/// memory key, status (`starting`, `ready`, `stopping`); the later ones are added while the server starts.
#[derive(Debug)]
pub(super) struct Postmaster {
    pub(super) pid: u32,
    pub(super) port: u16,
    pub(super) ready: bool,
    started_by_us: bool,
}

impl Postmaster {
    /// What the pid file says, whether or not it is stale.
    pub(super) fn read(cluster: &Path) -> Option<Postmaster> {
        let text = fs::read_to_string(cluster.join("postmaster.pid")).ok()?;
        let lines: Vec<_> = text.lines().map(str::trim).collect();
        let pid = lines.first()?.parse().ok()?;
        let port = lines.get(3).and_then(|line| line.parse().ok()).unwrap_or(0);
        let started_by_us = command_line(pid).is_some_and(|line| line.contains(CLUSTER_NAME));
        Some(Postmaster { pid, port, ready: lines.get(7) == Some(&"ready"), started_by_us })
    }

    /// The live server of this very cluster.
    pub(super) fn running_on(cluster: &Path) -> Option<Postmaster> {
        Postmaster::read(cluster).filter(|server| runs_on(server.pid, cluster))
    }

    /// Whether a `PrivatePostgres` of this or another process started it.
    pub(super) fn is_started_by_us(&self) -> bool {
        self.started_by_us
    }

    /// Whether the process is still there; one that ended and whose parent has not noticed yet is not.
    pub(super) fn is_alive(&self) -> bool {
        command_line(self.pid).is_some()
    }

    /// Asks for a fast shutdown: sessions are ended, everything is written, the next start needs no recovery.
    pub(super) fn interrupt(&self) -> io::Result<()> {
        // The shell's own `kill`: small systems have no program of that name.
        Command::new("/bin/sh").args(["-c", "kill -s INT \"$0\""]).arg(self.pid.to_string()).status().map(drop)
    }
}

/// Removes a pid file whose number now belongs to some other program (a reboot or a new container starts counting afresh): Postgres
/// would take it for a living server and refuse to start. A number that nobody has is left to Postgres, which first makes sure that
/// no orphaned session still uses the cluster.
pub(super) fn clear_recycled_pid_file(cluster: &Path) -> io::Result<()> {
    let Some(stale) = Postmaster::read(cluster) else { return Ok(()) };
    let Some(line) = command_line(stale.pid) else { return Ok(()) };
    let is_other_program = !line.contains("postgres") && !line.contains("postmaster");
    let is_other_cluster = fs::read_link(format!("/proc/{}/cwd", stale.pid)).is_ok_and(|directory| directory != cluster);
    if is_other_program || is_other_cluster {
        fs::remove_file(cluster.join("postmaster.pid"))?;
    }
    Ok(())
}

/// A server names its cluster in its command line, and works in it.
fn runs_on(pid: u32, cluster: &Path) -> bool {
    let Some(line) = command_line(pid) else { return false };
    format!("{line} ").contains(&format!("{} ", cluster.display()))
        || fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|directory| directory == cluster)
}

/// The command line of a live process, its words parted by blanks.
fn command_line(pid: u32) -> Option<String> {
    let line = if Path::new("/proc/self").exists() {
        let words = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        String::from_utf8_lossy(&words).replace('\0', " ")
    } else {
        output_of(Command::new("ps").args(["-ww", "-o", "command=", "-p", &pid.to_string()]))?
    };
    Some(line.trim().to_owned()).filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_ended_has_no_command_line() {
        let mut ended = Command::new("true").spawn().unwrap();
        ended.wait().unwrap();
        assert_eq!(command_line(ended.id()), None);
        assert!(command_line(std::process::id()).is_some());
    }
}
