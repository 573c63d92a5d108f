//! How far back a caller may date what has happened.

use crate::types::fault::Faults;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};

/// What the caller may say of the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dating {
    /// What was done lately and is told now: 30 days, the longest that a warehouse reports late.
    Recent,
    /// Any past (scope `import`).
    Historical,
}

/// Clocks of callers run ahead by this much at most.
const AHEAD: TimeDelta = TimeDelta::minutes(5);

impl Dating {
    /// For a caller with or without the scope `import`.
    pub fn of(actor: &crate::auth::actor::Actor) -> Self {
        if actor.may(crate::auth::permission::Permission::IMPORT) { Self::Historical } else { Self::Recent }
    }

    /// Adds a fault where `at` is in the future or too long ago.
    pub fn check(self, faults: &mut Faults, pointer: &str, at: Option<DateTime<Utc>>, now: DateTime<Utc>) {
        let Some(at) = at else { return };
        faults.require(at <= now + AHEAD, pointer, "in_the_future", "has not happened yet");
        let fine = self == Self::Historical || at >= now - TimeDelta::days(30);
        faults.require(fine, pointer, "too_long_ago", "more than 30 days ago needs the scope import");
    }
}

/// The instant with microseconds, which is what Postgres keeps.
pub fn stored(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_import_tells_of_long_ago_and_nobody_of_the_future() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let fault = |dating: Dating, ago: TimeDelta| {
            let mut faults = Faults::new();
            dating.check(&mut faults, "/shipped_at", Some(now - ago), now);
            faults.into_result().err().map(|faults| faults[0].code.clone())
        };
        assert_eq!(fault(Dating::Recent, TimeDelta::days(30)), None);
        assert_eq!(fault(Dating::Recent, TimeDelta::days(31)).as_deref(), Some("too_long_ago"));
        assert_eq!(fault(Dating::Historical, TimeDelta::days(3000)), None);
        assert_eq!(fault(Dating::Historical, TimeDelta::days(-1)).as_deref(), Some("in_the_future"));
    }
}
