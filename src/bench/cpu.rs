//! Processor time of processes, as `/proc` tells (Linux alone).

use std::fs;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

/// What a process has used, and its parent.
struct Stat {
    parent: u32,
    own: u64,
    /// Of its children that have ended.
    ended: u64,
}

/// Time of one process. `None` where the system does not tell.
pub fn of_process(pid: u32) -> Option<Duration> {
    read(pid).map(|stat| time(stat.own + stat.ended))
}

/// Time of a Postgres server: the postmaster, its living children, and those that have ended, which are counted as its own.
pub fn of_postmaster(pid: u32) -> Option<Duration> {
    let postmaster = read(pid)?;
    let numbers = fs::read_dir("/proc").ok()?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let children: u64 = numbers.filter_map(read).filter(|stat| stat.parent == pid).map(|stat| stat.own + stat.ended).sum();
    Some(time(postmaster.own + postmaster.ended + children))
}

/// The parent of a process, if that is a Postgres server: of a session of a server on this machine, its postmaster.
pub fn postmaster_of(session: u32) -> Option<u32> {
    let name = fs::read_to_string(format!("/proc/{session}/comm")).ok()?;
    name.contains("postgres").then(|| read(session)).flatten().map(|stat| stat.parent)
}

/// Resident memory of a process now and at most, in bytes.
pub fn memory_of(pid: u32) -> Option<(u64, u64)> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let kilobytes = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse::<u64>().ok());
    Some((kilobytes("VmRSS:")? * 1024, kilobytes("VmHWM:")? * 1024))
}

fn read(pid: u32) -> Option<Stat> {
    parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// proc(5): after the name, which is in parentheses and may hold anything, come state, parent and, from the 12th on, user and
/// system time of the process and of its ended children.
fn parse(text: &str) -> Option<Stat> {
    let fields: Vec<&str> = text.rsplit_once(") ")?.1.split(' ').collect();
    let ticks = |place: usize| fields.get(place)?.parse::<u64>().ok();
    Some(Stat { parent: fields.get(1)?.parse().ok()?, own: ticks(11)? + ticks(12)?, ended: ticks(13)? + ticks(14)? })
}

fn time(ticks: u64) -> Duration {
    static A_SECOND: OnceLock<u64> = OnceLock::new();
    let a_second = *A_SECOND.get_or_init(|| {
        let output = Command::new("getconf").arg("CLK_TCK").output().ok();
        output.and_then(|output| String::from_utf8(output.stdout).ok()?.trim().parse().ok()).unwrap_or(100)
    });
    Duration::from_micros(ticks * 1_000_000 / a_second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_anything() {
        let stat = parse("42 (a) b) S 7 42 42 0 -1 4194560 1 2 3 4 11 12 13 14 20 0 1 0 5 6").unwrap();
        assert_eq!((stat.parent, stat.own, stat.ended), (7, 23, 27));
    }
}
