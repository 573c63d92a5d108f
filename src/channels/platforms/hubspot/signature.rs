//! `X-HubSpot-Signature-v3`: base64(HMAC-SHA256(client secret, method + URI + body + timestamp)), with the timestamp of
//! `X-HubSpot-Request-Timestamp` in milliseconds (developers.hubspot.com, "Validating requests"). The earlier versions sign without a
//! time, so whoever has seen one message could send it for ever: they are not taken.

use crate::channels::platform::{Knock, NotTheirs};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};

/// HubSpot's own rule: what is older than this is refused.
const TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// Proves that somebody who knows one of the secrets sent exactly this here, about now. Compared in constant time.
pub fn verify(knock: &Knock, secrets: &[String], now: DateTime<Utc>) -> Result<(), NotTheirs> {
    let time = knock.header("x-hubspot-request-timestamp");
    let sent_at = time.parse().ok().and_then(DateTime::from_timestamp_millis).ok_or(NotTheirs)?;
    let too_old = now.signed_duration_since(sent_at).abs() > TOLERANCE;
    let signature = STANDARD.decode(knock.header("x-hubspot-signature-v3")).map_err(|_| NotTheirs)?;
    let matches = secrets.iter().any(|secret| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        knock.uris.iter().any(|uri| hmac::verify(&key, &signed(knock.method, uri, knock.body, time), &signature).is_ok())
    });
    if matches && !too_old { Ok(()) } else { Err(NotTheirs) }
}

fn signed(method: &str, uri: &str, body: &[u8], time: &str) -> Vec<u8> {
    [method.as_bytes(), uri.as_bytes(), body, time.as_bytes()].concat()
}

/// The signature of a request, as HubSpot writes it.
pub fn sign(secret: &str, method: &str, uri: &str, body: &[u8], at: DateTime<Utc>) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let time = at.timestamp_millis().to_string();
    STANDARD.encode(hmac::sign(&key, &signed(method, uri, body, &time)).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy";
    const URI: &str = "https://www.example.com/webhook_uri";
    const BODY: &[u8] = b"{'example_field':'example_value'}";
    /// Of HubSpot's own tests (hubspot-api-python, tests of utils/signature.py).
    const TIME: i64 = 1_693_657_560_000;
    const SIGNATURE: &str = "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y=";

    fn verified(signature: &str, time: &str, uris: &[&str], secrets: &[&str], now: i64) -> bool {
        let headers =
            [("x-hubspot-signature-v3".to_owned(), signature.to_owned()), ("x-hubspot-request-timestamp".to_owned(), time.to_owned())];
        let knock = Knock { method: "POST", uris: uris.iter().map(|uri| (*uri).to_owned()).collect(), headers: &headers, body: BODY };
        let secrets: Vec<String> = secrets.iter().map(|secret| (*secret).to_owned()).collect();
        verify(&knock, &secrets, DateTime::from_timestamp_millis(now).unwrap()).is_ok()
    }

    #[test]
    fn hubspot_s_own_example_is_let_in() {
        let time = TIME.to_string();
        assert!(verified(SIGNATURE, &time, &[URI], &[SECRET], TIME));
        assert!(verified(SIGNATURE, &time, &["http://www.example.com/webhook_uri", URI], &["other", SECRET], TIME + 300_000));
        assert_eq!(sign(SECRET, "POST", URI, BODY, DateTime::from_timestamp_millis(TIME).unwrap()), SIGNATURE);
    }

    #[test]
    fn another_time_place_or_secret_is_not() {
        let time = TIME.to_string();
        assert!(!verified(SIGNATURE, &time, &[URI], &[SECRET], TIME + 300_001));
        assert!(!verified(SIGNATURE, &time, &[URI], &[SECRET], TIME - 300_001));
        assert!(!verified(SIGNATURE, &(TIME + 1).to_string(), &[URI], &[SECRET], TIME));
        assert!(!verified(SIGNATURE, &time, &["https://www.example.com/other"], &[SECRET], TIME));
        assert!(!verified(SIGNATURE, &time, &[URI], &["other"], TIME));
        assert!(!verified(SIGNATURE, &time, &[], &[SECRET], TIME) && !verified(SIGNATURE, &time, &[URI], &[], TIME));
        for odd in ["", "noon", "-1", "99999999999999999999"] {
            assert!(!verified(SIGNATURE, odd, &[URI], &[SECRET], TIME), "{odd}");
        }
        assert!(!verified("", &time, &[URI], &[SECRET], TIME) && !verified("??", &time, &[URI], &[SECRET], TIME));
    }
}
