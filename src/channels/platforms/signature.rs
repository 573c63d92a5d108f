//! How platforms sign: HMAC-SHA256 over what they say, compared in constant time.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// HMAC-SHA256 of `text` under `key`.
pub fn hmac_sha256(key: &[u8], text: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text).as_ref().to_vec()
}

/// Whether `given` is the base64 of the HMAC of `text` under one of the secrets.
pub fn is_base64_hmac(given: &str, text: &[u8], secrets: &[String]) -> bool {
    let Ok(given) = STANDARD.decode(given.trim()) else { return false };
    secrets.iter().any(|secret| hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), text, &given).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_4231_case_2() {
        // RFC 4231 §4.3: key "Jefe".
        let mac = hmac_sha256(b"Jefe", b"what do ya want for nothing?");
        let hex: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        let given = STANDARD.encode(&mac);
        let secrets = ["other".to_owned(), "Jefe".to_owned()];
        assert!(is_base64_hmac(&given, b"what do ya want for nothing?", &secrets));
        assert!(!is_base64_hmac(&given, b"what do ya want for something?", &secrets));
        assert!(!is_base64_hmac(&given, b"what do ya want for nothing?", &secrets[..1]));
        assert!(!is_base64_hmac("", b"", &[]) && !is_base64_hmac("***", b"", &secrets));
    }
}
