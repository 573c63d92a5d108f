//! Who the server runs as: ourselves, or, since Postgres refuses to run as root, a user with no rights.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{StartError, output_of};

/// Ids to change to, or `None` where we are an ordinary user already.
#[derive(Debug, Clone, Copy)]
pub(super) struct ServerUser(Option<(u32, u32)>);

impl ServerUser {
    /// The owner of a cluster that exists, else `postgres`, else `nobody`; ourselves unless we are root.
    pub(super) fn of(cluster: &Path) -> Result<ServerUser, StartError> {
        if output_of(Command::new("id").arg("-u")).as_deref() != Some("0") {
            return Ok(ServerUser(None));
        }
        let owner = fs::metadata(cluster).ok().map(|data| (data.uid(), data.gid())).filter(|(uid, _)| *uid != 0);
        owner.or_else(|| ids_of("postgres")).or_else(|| ids_of("nobody")).map(|ids| ServerUser(Some(ids))).ok_or(StartError::NoServerUser)
    }

    /// A program run as this user. Its working directory is one that every user may enter.
    pub(super) fn command(self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir("/").stdin(Stdio::null()).env("LC_ALL", "C");
        if let Some((uid, gid)) = self.0 {
            // The standard library drops root's supplementary groups as well.
            command.uid(uid).gid(gid);
        }
        command
    }

    /// Gives a file to this user.
    pub(super) fn give(self, path: &Path) -> io::Result<()> {
        self.0.map_or(Ok(()), |(uid, gid)| chown(path, Some(uid), Some(gid)))
    }

    /// Whether this user may pass through the directory. Asked of the system rather than read from mode bits, which know nothing of
    /// access lists and mounts.
    pub(super) fn may_enter(self, directory: &Path) -> bool {
        let Some(_) = self.0 else { return true };
        let mut command = self.command(Path::new("/bin/sh"));
        command.args(["-c", "cd -- \"$0\""]).arg(directory).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }
}

/// `initdb` looks its user up, so a number without an entry would not do.
fn ids_of(name: &str) -> Option<(u32, u32)> {
    let users = fs::read_to_string("/etc/passwd").ok()?;
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(name)).then_some(())?;
        let uid = fields.nth(1)?.parse().ok()?;
        Some((uid, fields.next()?.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_user_zero() {
        assert_eq!(ids_of("root"), Some((0, 0)));
        assert_eq!(ids_of("no such user"), None);
    }
}
