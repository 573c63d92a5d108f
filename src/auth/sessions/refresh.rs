//! Refresh tokens and when one is taken (RFC 9700 §4.14: rotation, and reuse ends the whole chain). Pure.

use crate::error::Error;
use aws_lc_rs::{digest, hmac};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};

/// What a token starts with, so that people and secret scanners recognise a leaked one.
const PREFIX: &str = "prt_";

/// Life of a login however busy it is.
pub const ABSOLUTE: TimeDelta = TimeDelta::days(30);
/// Life of a login that is not used.
pub const IDLE: TimeDelta = TimeDelta::days(7);
/// How long the same request may be sent again: its answer may have been lost, or two tabs have asked at once.
pub const GRACE: TimeDelta = TimeDelta::seconds(10);

/// A refresh token in clear. It has no `Debug`, so that no log line shows it.
pub struct RefreshToken(String);

impl RefreshToken {
    /// `prt_` and 32 random bytes in base64url.
    pub fn generate() -> Result<Self, Error> {
        Ok(Self::of(&random()?))
    }

    /// What a caller sent.
    pub fn given(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The one that follows. Only who has this one and the session's seed can make it, so the same request sent twice gets the same
    /// answer although it is stored nowhere in clear.
    pub fn next(&self, seed: &[u8]) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, seed);
        Self::of(hmac::sign(&key, self.0.as_bytes()).as_ref())
    }

    pub fn hash(&self) -> Vec<u8> {
        digest::digest(&digest::SHA256, self.0.as_bytes()).as_ref().to_vec()
    }

    /// The clear text, for the one answer that shows it.
    pub fn reveal(self) -> String {
        self.0
    }

    fn of(bytes: &[u8]) -> Self {
        Self(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
    }
}

/// A session's seed.
pub fn random() -> Result<[u8; 32], Error> {
    let mut bytes = [0u8; 32];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Error::internal("no randomness"))?;
    Ok(bytes)
}

/// How a session and one of its tokens stand.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    pub session_used_at: DateTime<Utc>,
    pub session_expires_at: DateTime<Utc>,
    pub session_ended: bool,
    pub token_used_at: Option<DateTime<Utc>>,
    /// Whether the token that follows it has been used.
    pub next_used: bool,
}

/// What becomes of a token that is presented.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// First use: the next one is issued.
    Rotate,
    /// The same request again: the same answer again.
    Repeat,
    /// Used long ago, or its successor is in use: somebody else has it.
    Reused,
    /// The session is over.
    Over,
}

pub fn judge(standing: &Standing, now: DateTime<Utc>) -> Verdict {
    if standing.session_ended || now >= standing.session_expires_at {
        return Verdict::Over;
    }
    match standing.token_used_at {
        Some(at) if !standing.next_used && now < at + GRACE => Verdict::Repeat,
        Some(_) => Verdict::Reused,
        None if now >= standing.session_used_at + IDLE => Verdict::Over,
        None => Verdict::Rotate,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_leads_to_one_successor_and_only_with_the_seed() {
        let token = RefreshToken::generate().unwrap();
        let (seed, other) = (random().unwrap(), random().unwrap());
        assert_eq!(token.next(&seed).hash(), token.next(&seed).hash());
        assert_ne!(token.next(&seed).hash(), token.next(&other).hash());
        assert_ne!(token.next(&seed).hash(), token.hash());
        let text = token.reveal();
        assert!(text.starts_with("prt_") && text.len() == 4 + 43, "{text}");
    }

    #[test]
    fn each_standing_has_its_verdict() {
        let at = |seconds: i64| DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap();
        let fresh = Standing {
            session_used_at: at(0),
            session_expires_at: at(0) + ABSOLUTE,
            session_ended: false,
            token_used_at: None,
            next_used: false,
        };
        let used = Standing { token_used_at: Some(at(0)), ..fresh };
        for (standing, now, verdict) in [
            (fresh, at(1), Verdict::Rotate),
            (fresh, at(0) + IDLE - TimeDelta::seconds(1), Verdict::Rotate),
            (fresh, at(0) + IDLE, Verdict::Over),
            (Standing { session_used_at: at(0) + ABSOLUTE - IDLE, ..fresh }, at(0) + ABSOLUTE, Verdict::Over),
            (Standing { session_ended: true, ..fresh }, at(1), Verdict::Over),
            (used, at(0), Verdict::Repeat),
            (used, at(9), Verdict::Repeat),
            (used, at(10), Verdict::Reused),
            (Standing { next_used: true, ..used }, at(1), Verdict::Reused),
            (Standing { session_ended: true, ..used }, at(1), Verdict::Over),
        ] {
            assert_eq!(judge(&standing, now), verdict, "{standing:?} {now}");
        }
    }
}
