//! The time, so that tests can set it.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Whoever knows what time it is. A job that makes many transactions asks anew for each: polls for what has changed rely on it that
/// nothing is dated long before it is written.
pub trait Now {
    fn now(&self) -> DateTime<Utc>;
}

impl Now for Clock {
    fn now(&self) -> DateTime<Utc> {
        Clock::now(self)
    }
}

impl<N: Now> Now for &N {
    fn now(&self) -> DateTime<Utc> {
        (*self).now()
    }
}

/// A clock that stands.
impl Now for DateTime<Utc> {
    fn now(&self) -> DateTime<Utc> {
        *self
    }
}

/// Tells the time in UTC with microseconds, which is what Postgres keeps.
#[derive(Clone, Debug)]
pub enum Clock {
    System,
    /// Microseconds since the epoch, moved by hand.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    pub fn fixed(at: DateTime<Utc>) -> Self {
        Self::Fixed(Arc::new(AtomicI64::new(at.timestamp_micros())))
    }

    pub fn now(&self) -> DateTime<Utc> {
        match self {
            Self::System => {
                let now = Utc::now();
                now.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(now)
            }
            Self::Fixed(micros) => DateTime::from_timestamp_micros(micros.load(Ordering::Relaxed)).unwrap_or_default(),
        }
    }

    /// Moves a fixed clock; a system clock does not move by hand.
    pub fn advance(&self, by: TimeDelta) {
        if let (Self::Fixed(micros), Some(by)) = (self, by.num_microseconds()) {
            micros.fetch_add(by, Ordering::Relaxed);
        }
    }
}
