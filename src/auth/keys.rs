//! Signing keys of access tokens. The first key signs; every key verifies, so that a key is rotated by putting the new one
//! first and taking the old one away when its last token has expired.

use crate::error::Error;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One key as it is configured.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyConfig {
    pub kid: String,
    pub algorithm: KeyAlgorithm,
    /// HS256: base64 of at least 32 random bytes. EdDSA: base64 of the PKCS#8 private key (a PEM's body works as it is).
    pub secret: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyAlgorithm {
    HS256,
    #[allow(clippy::enum_variant_names)]
    EdDSA,
}

/// Claims of an access token (RFC 9068 `at+jwt`).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TokenClaims {
    pub iss: String,
    pub aud: String,
    pub sub: Uuid,
    pub org: Uuid,
    pub role: String,
    pub scope: String,
    pub exp: i64,
    pub iat: i64,
    pub jti: Uuid,
    /// The login that it follows from (OpenID Connect `sid`); tokens of API clients have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<Uuid>,
}

struct Key {
    kid: String,
    algorithm: Algorithm,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

/// The keys in force.
pub struct Keys {
    keys: Vec<Key>,
    issuer: String,
}

pub const AUDIENCE: &str = "pesanan";

impl Keys {
    /// Reads the configured keys; there must be at least one, each `kid` once, no weak secret.
    pub fn new(configured: &[KeyConfig], issuer: &str) -> Result<Self, Error> {
        // Only the first call of a process installs it; the others find it in place.
        let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
        let mut keys: Vec<Key> = Vec::new();
        for config in configured {
            if config.kid.is_empty() || keys.iter().any(|key| key.kid == config.kid) {
                return Err(Error::internal(format!("each signing key needs a kid of its own; '{}' is not", config.kid)));
            }
            keys.push(read_key(config)?);
        }
        if keys.is_empty() {
            return Err(Error::internal("no signing key is configured"));
        }
        Ok(Self { keys, issuer: issuer.to_owned() })
    }

    /// A fresh random HS256 key, for `demo` and tests.
    pub fn generate(kid: &str) -> Result<KeyConfig, Error> {
        let mut secret = [0u8; 32];
        aws_lc_rs::rand::fill(&mut secret).map_err(|_| Error::internal("no randomness"))?;
        Ok(KeyConfig { kid: kid.to_owned(), algorithm: KeyAlgorithm::HS256, secret: STANDARD.encode(secret) })
    }

    /// A fresh Ed25519 key.
    pub fn generate_ed25519(kid: &str) -> Result<KeyConfig, Error> {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| Error::internal("no randomness"))?;
        Ok(KeyConfig { kid: kid.to_owned(), algorithm: KeyAlgorithm::EdDSA, secret: STANDARD.encode(document.as_ref()) })
    }

    /// Signs with the first key. `iss` and `aud` are set here.
    pub fn sign(&self, mut claims: TokenClaims) -> Result<String, Error> {
        let key = self.keys.first().ok_or_else(|| Error::internal("no signing key"))?;
        claims.iss.clone_from(&self.issuer);
        claims.aud = AUDIENCE.to_owned();
        let mut header = Header::new(key.algorithm);
        header.kid = Some(key.kid.clone());
        header.typ = Some("at+jwt".to_owned());
        jsonwebtoken::encode(&header, &claims, &key.encoding).map_err(Error::internal)
    }

    /// The claims of a valid token at `now` (seconds since the epoch). The algorithm is the key's, never the token's.
    pub fn verify(&self, token: &str, now: i64) -> Result<TokenClaims, Error> {
        let refuse = |detail: &str| Error::Unauthenticated { detail: detail.to_owned() };
        let header = jsonwebtoken::decode_header(token).map_err(|_| refuse("this is not a token of ours"))?;
        let key = header.kid.as_deref().and_then(|kid| self.keys.iter().find(|key| key.kid == kid));
        let key = key.ok_or_else(|| refuse("the token's key is unknown or retired; get a new token"))?;
        if header.alg != key.algorithm || header.typ.as_deref() != Some("at+jwt") {
            return Err(refuse("the token's type or algorithm is not accepted"));
        }
        let mut validation = Validation::new(key.algorithm);
        validation.set_audience(&[AUDIENCE]);
        validation.set_issuer(&[&self.issuer]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.validate_exp = false; // against our own clock below, so that tests can move it
        let claims = jsonwebtoken::decode::<TokenClaims>(token, &key.decoding, &validation)
            .map_err(|_| refuse("the token's signature or claims are not valid"))?
            .claims;
        if claims.exp <= now {
            return Err(refuse("the token has expired; get a new one"));
        }
        Ok(claims)
    }
}

fn read_key(config: &KeyConfig) -> Result<Key, Error> {
    let bad = |why: &str| Error::internal(format!("signing key '{}': {why}", config.kid));
    let base64: String = config.secret.lines().filter(|line| !line.starts_with("-----")).collect();
    let bytes = STANDARD.decode(base64.trim()).map_err(|_| bad("the secret is not base64"))?;
    let (algorithm, encoding, decoding) = match config.algorithm {
        KeyAlgorithm::HS256 if bytes.len() < 32 => return Err(bad("an HS256 secret has at least 32 bytes")),
        KeyAlgorithm::HS256 => (Algorithm::HS256, EncodingKey::from_secret(&bytes), DecodingKey::from_secret(&bytes)),
        KeyAlgorithm::EdDSA => {
            let pair = Ed25519KeyPair::from_pkcs8(&bytes)
                .or_else(|_| Ed25519KeyPair::from_pkcs8_maybe_unchecked(&bytes))
                .map_err(|_| bad("this is not an Ed25519 key in PKCS#8"))?;
            (Algorithm::EdDSA, EncodingKey::from_ed_der(&bytes), DecodingKey::from_ed_der(pair.public_key().as_ref()))
        }
    };
    Ok(Key { kid: config.kid.clone(), algorithm, encoding, decoding })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(exp: i64) -> TokenClaims {
        let id = Uuid::now_v7();
        TokenClaims {
            iss: String::new(),
            aud: String::new(),
            sub: id,
            org: id,
            role: "admin".into(),
            scope: "orders:read".into(),
            exp,
            iat: 0,
            jti: id,
            sid: None,
        }
    }

    #[test]
    fn both_algorithms_sign_and_a_rotated_key_still_verifies() {
        let old = Keys::generate("old").unwrap();
        let new = Keys::generate_ed25519("new").unwrap();
        let before = Keys::new(std::slice::from_ref(&old), "me").unwrap();
        let after = Keys::new(&[new.clone(), old], "me").unwrap();
        let alone = Keys::new(&[new], "me").unwrap();
        let token = before.sign(claims(100)).unwrap();
        assert!(after.verify(&token, 50).is_ok());
        assert!(alone.verify(&token, 50).is_err());
        let token = after.sign(claims(100)).unwrap();
        assert!(alone.verify(&token, 50).is_ok());
        assert!(alone.verify(&token, 100).is_err(), "expired");
    }

    #[test]
    fn foreign_issuers_weak_secrets_and_doubled_kids_are_refused() {
        let key = Keys::generate("a").unwrap();
        let token = Keys::new(std::slice::from_ref(&key), "someone").unwrap().sign(claims(100)).unwrap();
        assert!(Keys::new(std::slice::from_ref(&key), "me").unwrap().verify(&token, 50).is_err());
        assert!(Keys::new(&[key.clone(), key], "me").is_err());
        assert!(
            Keys::new(&[KeyConfig { kid: "w".into(), algorithm: KeyAlgorithm::HS256, secret: STANDARD.encode("short") }], "me").is_err()
        );
        assert!(Keys::new(&[], "me").is_err());
    }
}
