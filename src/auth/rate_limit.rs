//! Requests per caller and minute, if configured: GCRA in memory, per process.

use crate::error::Error;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};
use std::net::IpAddr;
use std::num::NonZeroU32;
use uuid::Uuid;

/// A limit for each caller, or for each address that a caller is used from, with a burst of a whole minute's worth.
pub struct RateLimit {
    limiter: DefaultKeyedRateLimiter<(Uuid, Option<IpAddr>)>,
    per_minute: u32,
    clock: DefaultClock,
}

impl RateLimit {
    /// `None` or 0 is no limit.
    pub fn new(per_minute: Option<u32>) -> Option<Self> {
        let quota = NonZeroU32::new(per_minute?)?;
        Some(Self {
            limiter: DefaultKeyedRateLimiter::keyed(Quota::per_minute(quota)),
            per_minute: quota.get(),
            clock: DefaultClock::default(),
        })
    }

    /// 429 with the seconds to wait where the caller has used up the limit.
    pub fn check(&self, caller: Uuid, address: Option<IpAddr>) -> Result<(), Error> {
        self.limiter.check_key(&(caller, address)).map_err(|refused| {
            let wait = refused.wait_time_from(self.clock.now());
            Error::TooManyRequests { retry_after_seconds: wait.as_secs() + 1, per_minute: self.per_minute }
        })
    }

    /// Forgets callers that have been quiet.
    pub fn forget_quiet_callers(&self) {
        self.limiter.retain_recent();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_caller_has_a_limit_of_its_own() {
        let limit = RateLimit::new(Some(2)).unwrap();
        let (a, b) = (Uuid::new_v4(), Uuid::new_v4());
        assert!(limit.check(a, None).is_ok() && limit.check(a, None).is_ok() && limit.check(b, None).is_ok());
        assert!(limit.check(a, "10.0.0.1".parse().ok()).is_ok());
        assert!(
            matches!(limit.check(a, None), Err(Error::TooManyRequests { retry_after_seconds, .. }) if (1..=31).contains(&retry_after_seconds))
        );
        assert!(RateLimit::new(None).is_none() && RateLimit::new(Some(0)).is_none());
    }
}
