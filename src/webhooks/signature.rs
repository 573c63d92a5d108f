//! The signature of Standard Webhooks (standardwebhooks.com, "Signature scheme"): HMAC-SHA256 of `id.timestamp.body`, in base64 after
//! `v1,`, one for each secret that is valid.

use crate::error::Error;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};

/// What a secret starts with, so that people and secret scanners recognise a leaked one.
const PREFIX: &str = "whsec_";
/// For how long the secret before a rotation signs as well.
pub const PREVIOUS_SIGNS_FOR: TimeDelta = TimeDelta::hours(24);

/// `whsec_` and 32 random bytes in base64.
pub fn new_secret() -> Result<String, Error> {
    let mut bytes = [0u8; 32];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Error::internal("no randomness"))?;
    Ok(format!("{PREFIX}{}", STANDARD.encode(bytes)))
}

/// The header `webhook-signature`: a signature by each secret, separated by spaces.
pub fn sign<'a>(id: &str, at: DateTime<Utc>, body: &[u8], secrets: impl IntoIterator<Item = &'a str>) -> Result<String, Error> {
    let mut signed = format!("{id}.{}.", at.timestamp()).into_bytes();
    signed.extend_from_slice(body);
    let mut signatures = vec![];
    for secret in secrets {
        let key = secret.strip_prefix(PREFIX).and_then(|key| STANDARD.decode(key).ok());
        let key = key.ok_or_else(|| Error::internal("a webhook secret is not base64"))?;
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), &signed);
        signatures.push(format!("v1,{}", STANDARD.encode(tag.as_ref())));
    }
    Ok(signatures.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's reference libraries.
    #[test]
    fn the_published_example_has_its_published_signature() {
        let at = DateTime::from_timestamp(1_614_265_330, 0).unwrap();
        let signed = sign("msg_p5jXN8AQM9LWM0D4loKWxJek", at, br#"{"test": 2432232314}"#, ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]);
        assert_eq!(signed.unwrap(), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn each_secret_signs() {
        let (one, other) = (new_secret().unwrap(), new_secret().unwrap());
        let signed = |secrets: &[&str]| sign("a", DateTime::UNIX_EPOCH, b"{}", secrets.iter().copied()).unwrap();
        assert_eq!(signed(&[&one, &other]), format!("{} {}", signed(&[&one]), signed(&[&other])));
        assert_ne!(signed(&[&one]), signed(&[&other]));
        assert!(sign("a", DateTime::UNIX_EPOCH, b"{}", ["secret"]).is_err());
    }
}
