//! `Stripe-Signature: t=UNIX,v1=HEX[,v1=HEX…]`: HMAC-SHA256 under the whole secret of `t`, a point and the raw body
//! (docs.stripe.com/webhooks/signatures). Any `v1` may match, under any of the endpoint's secrets while one is being replaced.

use aws_lc_rs::hmac;
use chrono::{DateTime, TimeDelta, Utc};

/// How far the time of signing may be from now: older ones may be replays.
const TOLERANCE: TimeDelta = TimeDelta::seconds(300);

/// Why a message is not taken for Stripe's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untrusted {
    #[error("the signature header is missing or malformed")]
    Malformed,
    #[error("the signature is too old or from the future")]
    OutOfTime,
    #[error("no signature matches")]
    NoMatch,
}

/// Proves that somebody who knows one of the secrets signed exactly this body, about now. Compared in constant time.
pub fn verify(header: &str, body: &[u8], secrets: &[String], now: DateTime<Utc>) -> Result<(), Untrusted> {
    let (mut time, mut signatures) = (None, Vec::new());
    for part in header.split(',') {
        match part.trim().split_once('=') {
            Some(("t", text)) => time = Some(text),
            Some(("v1", hex)) => signatures.extend(bytes_of(hex)),
            // Other schemes are not for us.
            Some(_) => {}
            None => return Err(Untrusted::Malformed),
        }
    }
    let time = time.ok_or(Untrusted::Malformed)?;
    let signed_at = time.parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0)).ok_or(Untrusted::Malformed)?;
    let signed = [time.as_bytes(), b".", body].concat();
    let matches = secrets.iter().any(|secret| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        signatures.iter().any(|signature| hmac::verify(&key, &signed, signature).is_ok())
    });
    if !matches {
        Err(Untrusted::NoMatch)
    } else if (now - signed_at).abs() > TOLERANCE {
        Err(Untrusted::OutOfTime)
    } else {
        Ok(())
    }
}

fn bytes_of(hex: &str) -> Option<Vec<u8>> {
    let digits = hex.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

/// The header for a body, as Stripe writes it.
pub fn sign(body: &[u8], secret: &str, at: DateTime<Utc>) -> String {
    let time = at.timestamp().to_string();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, &[time.as_bytes(), b".", body].concat());
    let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={time},v1={hex}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000, 0).unwrap()
    }

    #[test]
    fn any_of_several_signatures_and_secrets_may_match() {
        let (old, new) = ("whsec_old".to_owned(), "whsec_new".to_owned());
        let body = br#"{"id":"evt_1"}"#;
        let header = sign(body, &new, now());
        assert_eq!(verify(&header, body, std::slice::from_ref(&new), now()), Ok(()));
        assert_eq!(verify(&header, body, &[old.clone(), new.clone()], now()), Ok(()));
        assert_eq!(verify(&header, body, std::slice::from_ref(&old), now()), Err(Untrusted::NoMatch));
        let more = format!("{header},v1={},v0=ffff", "00".repeat(32));
        let first = format!("t={},v1={},{}", now().timestamp(), "ab".repeat(32), header.split_once(',').unwrap().1);
        assert_eq!(
            (verify(&more, body, std::slice::from_ref(&new), now()), verify(&first, body, std::slice::from_ref(&new), now())),
            (Ok(()), Ok(()))
        );
        assert_eq!(verify(&header, b"{}", &[new], now()), Err(Untrusted::NoMatch));
        assert_eq!(verify(&header, body, &[], now()), Err(Untrusted::NoMatch));
    }

    #[test]
    fn a_signature_holds_for_five_minutes() {
        let (secret, body) = ("whsec_x".to_owned(), b"{}");
        let header = sign(body, &secret, now());
        let after = |seconds| verify(&header, body, std::slice::from_ref(&secret), now() + TimeDelta::seconds(seconds));
        assert_eq!((after(300), after(-300)), (Ok(()), Ok(())));
        assert_eq!((after(301), after(-301)), (Err(Untrusted::OutOfTime), Err(Untrusted::OutOfTime)));
    }

    #[test]
    fn what_is_no_signature_header_is_refused() {
        let secret = ["whsec_x".to_owned()];
        for header in ["", "t", "v1=00", "t=,v1=00", "t=noon,v1=00", "t=99999999999999999999,v1=00"] {
            assert_eq!(verify(header, b"{}", &secret, now()), Err(Untrusted::Malformed), "{header}");
        }
        for header in ["t=1700000000", "t=1700000000,v1=", "t=1700000000,v1=0", "t=1700000000,v1=zz", "t=1700000000,v0=00"] {
            assert_eq!(verify(header, b"{}", &secret, now()), Err(Untrusted::NoMatch), "{header}");
        }
    }
}
