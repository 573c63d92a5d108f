//! What comes signed by the Standard Webhooks specification: `webhook-id`, `webhook-timestamp` and `webhook-signature`, a list of
//! `v1,` and base64(HMAC-SHA256(key, id.timestamp.body)). BigCommerce signs so, with the client secret's bytes as key.

use crate::channels::platform::{Knock, NotTheirs};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};

/// How far the time of signing may be from now.
const TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// Proves that somebody who knows one of the keys signed exactly this, about now. Compared in constant time.
pub fn verify(knock: &Knock, keys: &[Vec<u8>], now: DateTime<Utc>) -> Result<(), NotTheirs> {
    let (id, time) = (knock.header("webhook-id"), knock.header("webhook-timestamp"));
    let signed_at = time.parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0)).ok_or(NotTheirs)?;
    if id.is_empty() || (now - signed_at).abs() > TOLERANCE {
        return Err(NotTheirs);
    }
    let signed = [id.as_bytes(), b".", time.as_bytes(), b".", knock.body].concat();
    let given = knock.header("webhook-signature").split(' ').filter_map(|part| STANDARD.decode(part.strip_prefix("v1,")?).ok());
    let given: Vec<Vec<u8>> = given.collect();
    let matches = keys.iter().any(|key| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key);
        given.iter().any(|signature| hmac::verify(&key, &signed, signature).is_ok())
    });
    if matches { Ok(()) } else { Err(NotTheirs) }
}

/// The key of a secret by the specification: what stands behind `whsec_` in base64. Any other secret is its own key.
pub fn key_of(secret: &str) -> Vec<u8> {
    let encoded = secret.strip_prefix("whsec_").and_then(|encoded| STANDARD.decode(encoded).ok());
    encoded.unwrap_or_else(|| secret.as_bytes().to_vec())
}

/// The signature of a body, as a sender writes it.
pub fn sign(key: &[u8], id: &str, at: DateTime<Utc>, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    let time = at.timestamp().to_string();
    let tag = hmac::sign(&key, &[id.as_bytes(), b".", time.as_bytes(), b".", body].concat());
    format!("v1,{}", STANDARD.encode(tag.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn verified(headers: &[(&str, &str)], body: &[u8], keys: &[&str], now: i64) -> bool {
        let headers: Vec<(String, String)> = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let knock = Knock { method: "POST", uris: vec![], headers: &headers, body };
        verify(&knock, &keys.iter().map(|key| key_of(key)).collect::<Vec<_>>(), at(now)).is_ok()
    }

    /// The example of the specification's own library for Rust (standardwebhooks 1.0.1, `test_sign`).
    #[test]
    fn a_signature_is_that_of_the_specification_s_library() {
        let body = br#"{"email":"test@example.com","username":"test_user"}"#;
        let key = key_of("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD");
        let signature = sign(&key, "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", at(1_649_367_553), body);
        assert_eq!(signature, "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=");
    }

    #[test]
    fn any_key_and_any_signature_may_match_for_five_minutes() {
        let (now, body) = (1_772_445_600, b"{\"scope\":\"store/order/created\"}");
        let good = sign(b"client-secret", "msg_1", at(now), body);
        let list = format!("v1a,xx v1,AAAA {good}");
        let with = |signature: &str, keys: &[&str], at: i64| {
            let headers = [("webhook-id", "msg_1"), ("webhook-timestamp", "1772445600"), ("webhook-signature", signature)];
            verified(&headers, body, keys, at)
        };
        assert!(with(&good, &["client-secret"], now) && with(&list, &["other", "client-secret"], now));
        assert!(with(&good, &["client-secret"], now + 300) && !with(&good, &["client-secret"], now + 301));
        assert!(!with(&good, &["client-secret"], now - 301));
        assert!(!with(&good, &["other"], now) && !with(&good, &[], now) && !with("", &["client-secret"], now));
        assert!(!with(good.trim_start_matches("v1,"), &["client-secret"], now));
        let signed = |name: &'static str| [("webhook-id", name), ("webhook-timestamp", "1772445600"), ("webhook-signature", good.as_str())];
        assert!(!verified(&signed("msg_2"), body, &["client-secret"], now));
        assert!(!verified(&signed("msg_1"), b"{}", &["client-secret"], now));
        assert!(!verified(&[("webhook-id", "msg_1"), ("webhook-timestamp", "noon")], body, &["client-secret"], now));
    }
}
