//! How tries to log in are slowed down. Pure.

use aws_lc_rs::digest;
use chrono::{DateTime, TimeDelta, Utc};

/// What tries are counted by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Counted {
    /// One account from one address: somebody guesses, or has forgotten.
    Pair,
    /// One account from anywhere: many machines guess at it together.
    Account,
    /// Any account from one address: one machine goes through a list. A whole office may be behind it.
    Address,
}

impl Counted {
    /// Failures without a wait.
    fn free(self) -> i32 {
        match self {
            Self::Pair => 5,
            Self::Account => 20,
            Self::Address => 50,
        }
    }
}

/// A key to count by, hashed: nobody reads from the table who exists or who has tried.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct AttemptKey {
    pub hash: Vec<u8>,
    counted: u8,
}

impl AttemptKey {
    fn new(counted: Counted, text: &str) -> Self {
        let hash = digest::digest(&digest::SHA256, format!("{counted:?}\0{text}").as_bytes()).as_ref().to_vec();
        Self { hash, counted: counted as u8 }
    }

    pub fn counted(&self) -> Counted {
        [Counted::Pair, Counted::Account, Counted::Address][usize::from(self.counted)]
    }
}

/// The keys of a try, sorted as their rows are locked. The account is the e-mail address alone, known or not: a counter that told an
/// organization's accounts from others would tell who has one.
pub fn attempt_keys(email: &str, address: Option<std::net::IpAddr>) -> Vec<AttemptKey> {
    let email = email.trim().to_lowercase();
    let address = address.map_or_else(|| "unknown".to_owned(), crate::platform::client_address::counted_as);
    let mut keys = vec![
        AttemptKey::new(Counted::Pair, &format!("{email}\0{address}")),
        AttemptKey::new(Counted::Account, &email),
        AttemptKey::new(Counted::Address, &address),
    ];
    keys.sort();
    keys
}

/// How a key stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Count {
    pub failures: i32,
    pub last_at: DateTime<Utc>,
    pub blocked_until: Option<DateTime<Utc>>,
}

/// Failures are forgotten after this long without another try.
const FORGOTTEN_AFTER: TimeDelta = TimeDelta::hours(1);
const FIRST_WAIT_SECONDS: i64 = 30;
const LONGEST_WAIT_SECONDS: i64 = 15 * 60;

/// What a try at `now` makes of the count, or until when it is refused. It counts as a failure at once, so that many at the same
/// moment are many; a login that opens takes it back.
pub fn tried(count: &Count, counted: Counted, now: DateTime<Utc>) -> Result<Count, DateTime<Utc>> {
    if let Some(until) = count.blocked_until
        && now < until
    {
        return Err(until);
    }
    let quiet = now - count.last_at >= FORGOTTEN_AFTER;
    let failures = if quiet { 1 } else { count.failures.saturating_add(1) };
    let over = failures - counted.free();
    let blocked_until = (over >= 0).then(|| {
        let doubled = FIRST_WAIT_SECONDS << u32::try_from(over).unwrap_or(0).min(10);
        now + TimeDelta::seconds(doubled.min(LONGEST_WAIT_SECONDS))
    });
    Ok(Count { failures, last_at: now, blocked_until })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn after_five_failures_each_further_one_waits_twice_as_long() {
        let (mut count, mut now, mut waits) = (Count::default(), at(0), vec![]);
        for _ in 0..12 {
            count = tried(&count, Counted::Pair, now).unwrap();
            if let Some(until) = count.blocked_until {
                assert_eq!(tried(&count, Counted::Pair, until - TimeDelta::milliseconds(1)), Err(until));
                waits.push((until - now).num_seconds());
                now = until;
            }
        }
        assert_eq!(waits, [30, 60, 120, 240, 480, 900, 900, 900]);
        assert_eq!(tried(&count, Counted::Pair, now + FORGOTTEN_AFTER).unwrap().failures, 1);
    }

    #[test]
    fn a_day_of_guessing_at_one_account_is_some_hundreds_of_tries() {
        for counted in [Counted::Pair, Counted::Account] {
            let (mut count, mut now, mut tries) = (Count::default(), at(0), 0);
            while now < at(86_400) {
                match tried(&count, counted, now) {
                    Ok(next) => (count, tries) = (next, tries + 1),
                    Err(until) => now = until,
                }
            }
            assert!(tries < 150, "{counted:?}: {tries}");
        }
    }

    #[test]
    fn keys_tell_neither_case_nor_who_exists() {
        let address = "203.0.113.7".parse().ok();
        assert_eq!(attempt_keys("Siti@Example.com ", address), attempt_keys("siti@example.com", address));
        let other = attempt_keys("siti@example.com", "203.0.113.8".parse().ok());
        let common = attempt_keys("siti@example.com", address).into_iter().filter(|key| other.contains(key)).count();
        assert_eq!(common, 1, "the account alone");
    }
}
