use crate::types::fault::{Fault, Faults};
use crate::types::id::PublishableKeyId;
use crate::types::text::{check_code, check_text};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use utoipa::ToSchema;

/// Live reservations of all visitors, where nothing else is said.
pub const RESERVATION_LIMIT: i32 = 1_000;
/// The same of one address: a household, or an office behind one.
pub const RESERVATION_LIMIT_PER_ADDRESS: i32 = 10;
const MOST_RESERVATIONS: i32 = 100_000;
const MOST_ORIGINS: usize = 20;

/// A publishable key to create.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Web shop", "channel": "direct", "origins": ["https://shop.example.com"]}))]
pub struct NewPublishableKey {
    pub name: String,
    /// Code of the channel that the storefront is; `direct` where absent.
    #[serde(default)]
    #[schema(example = "direct")]
    pub channel: Option<String>,
    /// From which pages it may be used: scheme, host and port as browsers send them in `Origin`; 1 to 20.
    #[schema(example = json!(["https://shop.example.com"]))]
    pub origins: Vec<String>,
    /// Live reservations of all visitors; 1,000 where absent.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 100000)]
    pub reservation_limit: Option<i32>,
    /// Live reservations from one address; 10 where absent.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 100000)]
    pub reservation_limit_per_address: Option<i32>,
}

impl NewPublishableKey {
    pub fn channel(&self) -> &str {
        self.channel.as_deref().unwrap_or("direct")
    }

    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        check_text(&mut faults, "/name", &self.name, 200);
        check_code(&mut faults, "/channel", self.channel());
        check_origins(&mut faults, &self.origins);
        check_limit(&mut faults, "/reservation_limit", self.reservation_limit);
        check_limit(&mut faults, "/reservation_limit_per_address", self.reservation_limit_per_address);
        faults.into_result()
    }
}

fn check_origins(faults: &mut Faults, origins: &[String]) {
    faults.require(!origins.is_empty(), "/origins", "required", "name at least one origin");
    faults.require(origins.len() <= MOST_ORIGINS, "/origins", "too_many_items", "at most 20 origins");
    let mut seen = HashSet::new();
    for (i, origin) in origins.iter().enumerate() {
        let here = format!("/origins/{i}");
        faults.require(
            is_origin(origin),
            here.clone(),
            "invalid_origin",
            "write scheme, host and port only, such as https://shop.example.com",
        );
        faults.require(seen.insert(origin), here, "duplicate_origin", "each origin once");
    }
}

fn check_limit(faults: &mut Faults, pointer: &str, limit: Option<i32>) {
    let fits = limit.is_none_or(|limit| (1..=MOST_RESERVATIONS).contains(&limit));
    faults.require(fits, pointer, "out_of_range", "1 to 100000");
}

/// As browsers serialize an origin (RFC 6454 §6.2): lower case, without path.
fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let fine = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b':' | b'[' | b']');
    text.len() <= 255 && host.is_some_and(|host| !host.is_empty() && host.bytes().all(fine))
}

/// What changes of a publishable key. Absent fields stay as they are.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"origins": ["https://shop.example.com", "https://www.shop.example.com"]}))]
pub struct PatchPublishableKey {
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    #[schema(example = json!(["https://shop.example.com"]))]
    pub origins: Option<Vec<String>>,
    #[serde(default)]
    #[schema(minimum = 1, maximum = 100000)]
    pub reservation_limit: Option<i32>,
    #[serde(default)]
    #[schema(minimum = 1, maximum = 100000)]
    pub reservation_limit_per_address: Option<i32>,
}

impl PatchPublishableKey {
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        if let Some(name) = &self.name {
            check_text(&mut faults, "/name", name, 200);
        }
        if let Some(origins) = &self.origins {
            check_origins(&mut faults, origins);
        }
        check_limit(&mut faults, "/reservation_limit", self.reservation_limit);
        check_limit(&mut faults, "/reservation_limit_per_address", self.reservation_limit_per_address);
        faults.into_result()
    }
}

/// No field at all; an empty body will do.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
pub struct DisablePublishableKey {}

/// A publishable key. It is no secret, so it can be read again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PublishableKey {
    pub id: PublishableKeyId,
    /// Send it as `Authorization: Bearer pk_…`.
    #[schema(example = "pk_3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    pub key: String,
    #[schema(example = "Web shop")]
    pub name: String,
    #[schema(example = "direct")]
    pub channel: String,
    #[schema(example = json!(["https://shop.example.com"]))]
    pub origins: Vec<String>,
    #[schema(example = 1000)]
    pub reservation_limit: i32,
    #[schema(example = 10)]
    pub reservation_limit_per_address: i32,
    /// A disabled key is refused within 30 s.
    pub active: bool,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_browsers_send() {
        for fine in ["https://shop.example.com", "http://localhost:3000", "http://[::1]:8080"] {
            assert!(is_origin(fine), "{fine}");
        }
        for wrong in ["shop.example.com", "https://", "https://Shop.example.com", "https://a.b/", "https://a.b/c", "*", "null", "ftp://a.b"]
        {
            assert!(!is_origin(wrong), "{wrong}");
        }
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let body = r#"{"name": "", "origins": ["x", "x"], "reservation_limit": 0, "reservation_limit_per_address": 100001}"#;
        let faults = serde_json::from_str::<NewPublishableKey>(body).unwrap().check().unwrap_err();
        let told: Vec<(&str, &str)> = faults.iter().map(|fault| (fault.pointer.as_str(), fault.code.as_str())).collect();
        let expected = [
            ("/name", "required"),
            ("/origins/0", "invalid_origin"),
            ("/origins/1", "invalid_origin"),
            ("/origins/1", "duplicate_origin"),
            ("/reservation_limit", "out_of_range"),
            ("/reservation_limit_per_address", "out_of_range"),
        ];
        assert_eq!(told, expected);
    }
}
