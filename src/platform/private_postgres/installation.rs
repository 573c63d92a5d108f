//! Finds the programs of a PostgreSQL server that is already installed.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{StartError, output_of};

/// The places where packages put the programs, a `*` standing for any text in one folder name. Versions of one place: newest first.
const PLACES: [&str; 9] = [
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
    "/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
    "/usr/local/pgsql/bin",
    "/usr/local/bin",
    "/usr/bin",
];

/// A directory with `postgres` and `initdb` of one major version.
#[derive(Debug)]
pub(super) struct Installation {
    bin: PathBuf,
}

impl Installation {
    /// The programs for this cluster: of the version that made it, or the first that are found if it does not exist yet. `PG_BIN`
    /// alone is looked at where it is set.
    pub(super) fn find(cluster: &Path) -> Result<Installation, StartError> {
        let candidates = match env::var_os("PG_BIN") {
            Some(named) => vec![PathBuf::from(named)],
            None => pg_config().into_iter().chain(PLACES.iter().flat_map(|place| expand(place))).collect(),
        };
        let found: Vec<_> = candidates
            .iter()
            .filter(|bin| bin.join("postgres").is_file() && bin.join("initdb").is_file())
            .cloned()
            .map(|bin| Installation { bin })
            .collect();
        let Some(made_by) = made_by(cluster) else {
            return found.into_iter().next().ok_or_else(|| not_installed(&candidates));
        };
        if found.is_empty() {
            return Err(not_installed(&candidates));
        }
        let versions: Vec<_> = found.iter().filter_map(Installation::major_version).map(|version| version.to_string()).collect();
        let fitting = found.into_iter().find(|installation| installation.major_version() == Some(made_by));
        fitting.ok_or_else(|| StartError::WrongVersion { data: cluster.to_owned(), made_by, found: versions.join(", ") })
    }

    /// The full path of one of its programs.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    /// `postgres (PostgreSQL) 15.18 (Debian …)` → 15.
    fn major_version(&self) -> Option<u32> {
        let text = output_of(Command::new(self.program("postgres")).arg("--version"))?;
        text.split_whitespace().find_map(|word| word.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok())
    }
}

/// The major version in the cluster's `PG_VERSION`.
fn made_by(cluster: &Path) -> Option<u32> {
    fs::read_to_string(cluster.join("PG_VERSION")).ok()?.trim().parse().ok()
}

/// On Debian `pg_config` comes with libpq and may name a directory that has no server.
fn pg_config() -> Option<PathBuf> {
    output_of(Command::new("pg_config").arg("--bindir")).map(PathBuf::from)
}

/// The existing directories of a place, highest version first.
fn expand(place: &str) -> Vec<PathBuf> {
    let Some((before, after)) = place.split_once('*') else {
        return vec![PathBuf::from(place)];
    };
    let (parent, prefix) = before.rsplit_once('/').unwrap_or(("", before));
    let mut names: Vec<_> = fs::read_dir(parent)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with(prefix))
        .collect();
    names.sort_by_key(|name| {
        let digits: String = name.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
        std::cmp::Reverse(digits.parse::<u32>().unwrap_or(0))
    });
    names.into_iter().map(|name| PathBuf::from(format!("{parent}/{name}{after}"))).collect()
}

fn not_installed(candidates: &[PathBuf]) -> StartError {
    let looked_in: Vec<_> = match env::var_os("PG_BIN") {
        Some(_) => candidates.iter().map(|bin| format!("PG_BIN={}", bin.display())).collect(),
        None => ["`pg_config --bindir`"].into_iter().chain(PLACES).map(str::to_owned).collect(),
    };
    StartError::NotInstalled { looked_in: looked_in.join(", "), install: install_command() }
}

fn install_command() -> &'static str {
    if cfg!(target_os = "macos") {
        "brew install postgresql"
    } else if Path::new("/usr/bin/apt-get").exists() {
        // scripts/install-packages does the same with `create_main_cluster = false`, so that no second server starts.
        "apt-get install postgresql"
    } else if Path::new("/usr/bin/dnf").exists() {
        "dnf install postgresql-server"
    } else {
        "your package manager (package postgresql or postgresql-server)"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_numbers() {
        let root = env::temp_dir().join(format!("pesanan-installation-{}", std::process::id()));
        for version in ["9", "15", "16"] {
            fs::create_dir_all(root.join(version)).unwrap();
        }
        let found = expand(&format!("{}/*/bin", root.display()));
        fs::remove_dir_all(&root).unwrap();
        assert_eq!(found, ["16", "15", "9"].map(|version| root.join(version).join("bin")));
    }
}
