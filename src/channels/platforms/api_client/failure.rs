//! What a failed call means for whoever waits for its answer.

use super::Reply;
use crate::inbox::{Outcome, Reason};
use chrono::{DateTime, TimeDelta, Utc};

/// How long a platform may put us off at once.
const LONGEST: TimeDelta = TimeDelta::hours(6);

/// The code of an error that says: the platform is away or busy, whatever it is asked.
pub const UNAVAILABLE: &str = "platform_unavailable";

/// Why a call of a platform's API has no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// The channel lacks what calls need.
    #[error("{detail}")]
    Setup { detail: String },
    /// 401 or 403: a person has to look at the credentials.
    #[error("{detail}")]
    Refused { detail: String },
    /// 404 or 410: the thing is not there.
    #[error("{detail}")]
    Gone { detail: String },
    /// The platform is away or busy; `at` where it has said until when.
    #[error("{detail}")]
    Later { detail: String, at: Option<DateTime<Utc>> },
    /// The platform does not take the call as it is.
    #[error("{detail}")]
    Unfit { status: u16, detail: String },
    /// An answer that is not what the platform's documents promise.
    #[error("{detail}")]
    Garbage { detail: String },
}

impl ApiError {
    /// A setting or credential that is not there.
    pub fn unset(name: &str) -> Self {
        Self::Setup { detail: format!("the channel has no {name}") }
    }

    pub fn code(&self) -> &'static str {
        match self {
            Self::Setup { .. } => "channel_incomplete",
            Self::Refused { .. } => "platform_refused",
            Self::Gone { .. } => "not_at_platform",
            Self::Later { .. } => UNAVAILABLE,
            Self::Unfit { .. } => "platform_call_failed",
            Self::Garbage { .. } => "platform_answer_unreadable",
        }
    }

    /// Whether the same call may have a result later without anybody doing anything.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Later { .. } | Self::Garbage { .. })
    }

    /// When to call again, where the platform has said so.
    pub fn at(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Later { at, .. } => *at,
            Self::Setup { .. } | Self::Refused { .. } | Self::Gone { .. } | Self::Unfit { .. } | Self::Garbage { .. } => None,
        }
    }

    /// What becomes of a message that waits for the answer. Only what the platform does not know, or does not take, is settled; new
    /// credentials or a new address let the others pass.
    pub fn outcome(&self) -> Outcome {
        let reason = Reason::new(self.code(), self.to_string(), "");
        match self {
            Self::Gone { .. } | Self::Unfit { .. } => Outcome::Rejected { order_ids: vec![], reason },
            Self::Setup { .. } | Self::Refused { .. } | Self::Later { .. } | Self::Garbage { .. } => {
                Outcome::Later { reason, at: self.at() }
            }
        }
    }
}

pub(super) fn garbage(error: serde_json::Error) -> ApiError {
    ApiError::Garbage { detail: format!("the platform's answer is not what its documents say: {error}") }
}

/// `wait` is a `Retry-After`: seconds or a date (RFC 9110 §10.2.3).
pub(super) fn later(detail: String, wait: Option<&str>, now: DateTime<Utc>) -> ApiError {
    ApiError::Later { detail, at: wait.and_then(|wait| until(wait, now)) }
}

fn until(wait: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let wait = wait.trim();
    let at = match wait.parse::<u32>() {
        Ok(seconds) => now + TimeDelta::seconds(seconds.into()),
        Err(_) => DateTime::parse_from_rfc2822(wait).ok()?.with_timezone(&Utc),
    };
    Some(at.clamp(now, now + LONGEST))
}

/// What the platform has answered, short and in one line.
pub(super) fn refusal(shown: &str, reply: &Reply) -> String {
    let said: String = String::from_utf8_lossy(&reply.body).chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect();
    format!("{shown}: {} {}", reply.status, said.trim()).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platform_may_say_until_when_within_reason() {
        let now = DateTime::from_timestamp(1_445_412_480, 0).unwrap(); // Wed, 21 Oct 2015 07:28:00 GMT
        let seconds = |wait: &str| until(wait, now).map(|at| (at - now).num_seconds());
        assert_eq!(seconds("120"), Some(120));
        assert_eq!(seconds(" 0 "), Some(0));
        assert_eq!(seconds("Wed, 21 Oct 2015 07:29:00 GMT"), Some(60));
        assert_eq!(seconds("Wed, 21 Oct 2015 07:00:00 GMT"), Some(0));
        assert_eq!(seconds("4294967295"), Some(21_600));
        for odd in ["", "soon", "-5", "1.5", "99999999999999"] {
            assert_eq!(seconds(odd), None, "{odd}");
        }
    }
}
