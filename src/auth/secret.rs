//! Secrets of API clients: 32 random bytes, shown once, kept as their SHA-256. That much entropy needs no slow hash.

use crate::error::Error;
use aws_lc_rs::{constant_time, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};

/// What a secret starts with, so that people and secret scanners recognise a leaked one.
const PREFIX: &str = "psk_";

/// A fresh secret in clear. It has no `Debug`, so that no log line shows it.
pub struct Secret(String);

impl Secret {
    /// `psk_` and 32 random bytes in base64url.
    pub fn generate() -> Result<Self, Error> {
        let mut bytes = [0u8; 32];
        aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Error::internal("no randomness"))?;
        Ok(Self(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))))
    }

    pub fn hash(&self) -> Vec<u8> {
        hash(&self.0)
    }

    /// The clear text, for the one answer that shows it.
    pub fn reveal(self) -> String {
        self.0
    }
}

/// The secrets that open for one client: the current one and, for a while after a rotation, the one before.
pub struct StoredSecrets {
    pub hash: Vec<u8>,
    pub previous_hash: Option<Vec<u8>>,
    pub previous_valid_until: Option<DateTime<Utc>>,
}

impl StoredSecrets {
    /// Whether `secret` opens at `now`. Takes the same time for a near miss as for a wild guess.
    pub fn accept(&self, secret: &str, now: DateTime<Utc>) -> bool {
        let given = hash(secret);
        let equal = |stored: &[u8]| constant_time::verify_slices_are_equal(stored, &given).is_ok();
        let previous = match (&self.previous_hash, self.previous_valid_until) {
            (Some(stored), Some(until)) => equal(stored) && now < until,
            _ => false,
        };
        equal(&self.hash) || previous
    }
}

fn hash(secret: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, secret.as_bytes()).as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    #[test]
    fn secrets_are_long_random_and_recognisable() {
        let (a, b) = (Secret::generate().unwrap(), Secret::generate().unwrap());
        assert_ne!(a.hash(), b.hash());
        let text = a.reveal();
        assert!(text.starts_with("psk_") && text.len() == 4 + 43, "{text}");
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')));
    }

    #[test]
    fn the_previous_secret_opens_until_its_time_is_over() {
        let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let (new, old) = (Secret::generate().unwrap(), Secret::generate().unwrap());
        let stored =
            StoredSecrets { hash: new.hash(), previous_hash: Some(old.hash()), previous_valid_until: Some(now + TimeDelta::seconds(60)) };
        let (new, old) = (new.reveal(), old.reveal());
        assert!(stored.accept(&new, now) && stored.accept(&old, now));
        assert!(!stored.accept(&old, now + TimeDelta::seconds(60)));
        assert!(stored.accept(&new, now + TimeDelta::days(900)));
        assert!(!stored.accept("psk_guess", now) && !stored.accept("", now));
    }

    #[test]
    fn without_a_rotation_only_the_one_secret_opens() {
        let secret = Secret::generate().unwrap();
        let stored = StoredSecrets { hash: secret.hash(), previous_hash: None, previous_valid_until: None };
        assert!(stored.accept(&secret.reveal(), DateTime::UNIX_EPOCH));
    }
}
