//! What Postgres does when `pgbench` asks it directly: the same rows, without a server in between.

use super::load::go_on;
use crate::error::Error;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// The scripts, which this program carries with it.
const SCRIPTS: [(Script, &str); 3] = [
    (Script::Capture, include_str!("../../benches/pgbench/capture_one.sql")),
    (Script::SelectOrder, include_str!("../../benches/pgbench/select_order.sql")),
    (Script::SelectOrders, include_str!("../../benches/pgbench/select_orders.sql")),
];
/// What our own connections are set to as well.
const SESSION: &str = "-c plan_cache_mode=force_generic_plan -c jit=off";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Script {
    /// `n` orders in one statement.
    Capture,
    SelectOrder,
    SelectOrders,
}

impl Script {
    fn file(self) -> &'static str {
        match self {
            Self::Capture => "capture_one.sql",
            Self::SelectOrder => "select_order.sql",
            Self::SelectOrders => "select_orders.sql",
        }
    }
}

/// The program, its scripts on disk, and the values of their variables.
pub struct Pgbench {
    program: PathBuf,
    folder: PathBuf,
    database_url: String,
    variables: Vec<(String, String)>,
}

impl Pgbench {
    /// `None` where pgbench is not installed. Writes the scripts into `folder`.
    pub fn find(folder: &Path, database_url: &str) -> Result<Option<Self>, Error> {
        let Some(program) = programs().into_iter().find(|program| runs(program)) else { return Ok(None) };
        std::fs::create_dir_all(folder).map_err(Error::internal)?;
        for (script, text) in SCRIPTS {
            std::fs::write(folder.join(script.file()), text).map_err(Error::internal)?;
        }
        Ok(Some(Self { program, folder: folder.to_owned(), database_url: database_url.to_owned(), variables: vec![] }))
    }

    pub fn set(&mut self, name: &str, value: impl ToString) {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_string()));
    }

    /// Sets a variable for each member of an object of texts.
    pub fn set_all(&mut self, values: &Value) {
        for (name, value) in values.as_object().into_iter().flatten() {
            self.set(name, value.as_str().unwrap_or_default());
        }
    }

    /// Transactions a second of `clients` clients.
    ///
    /// # Errors
    /// Where a transaction fails: its rows would not be those of ours.
    pub fn run(&self, script: Script, clients: usize, seconds: u64, own: &[(&str, String)]) -> Result<f64, Error> {
        let mut command = Command::new(&self.program);
        command.args(["--no-vacuum", "--protocol=prepared", "--file"]).arg(self.folder.join(script.file()));
        command.args(["--client", &clients.to_string(), "--jobs", &clients.min(2).to_string(), "--time", &seconds.to_string()]);
        let known = self.variables.iter().map(|(name, value)| (name.as_str(), value));
        for (name, value) in known.chain(own.iter().map(|(name, value)| (*name, value))) {
            command.arg("--define").arg(format!("{name}={value}"));
        }
        command.arg(&self.database_url).env("PGOPTIONS", SESSION).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| Error::internal(format!("{}: {error}", self.program.display())))?;
        // What it prints is far less than a pipe holds.
        while child.try_wait().map_err(Error::internal)?.is_none() {
            if let Err(stop) = go_on() {
                child.kill().and_then(|()| child.wait()).map_err(Error::internal)?;
                return Err(stop);
            }
            sleep(Duration::from_millis(10));
        }
        let output = child.wait_with_output().map_err(Error::internal)?;
        go_on()?;
        let (printed, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        match read_rate(&printed) {
            Some(rate) if output.status.success() => Ok(rate),
            Some(_) | None => Err(Error::internal(format!("pgbench {} failed ({}): {said}", script.file(), output.status))),
        }
    }
}

fn programs() -> Vec<PathBuf> {
    let own = std::env::var_os("PG_BIN").map(|folder| PathBuf::from(folder).join("pgbench"));
    let output = Command::new("pg_config").arg("--bindir").output().ok();
    let configured = output.and_then(|output| Some(PathBuf::from(String::from_utf8(output.stdout).ok()?.trim()).join("pgbench")));
    own.into_iter().chain(configured).chain([PathBuf::from("pgbench")]).collect()
}

fn runs(program: &Path) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// `tps = 2753.123 (without initial connection time)`
fn read_rate(printed: &str) -> Option<f64> {
    printed.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_read() {
        assert_eq!(read_rate("latency average = 0.7 ms\ntps = 1361.250000 (without initial connection time)\n"), Some(1361.25));
        assert_eq!(read_rate("pgbench: error"), None);
    }
}
