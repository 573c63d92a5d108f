use crate::auth::permission::Role;
use crate::types::fault::{Fault, Faults};
use crate::types::id::ApiClientId;
use crate::types::text::check_text;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// For how long a rotation may leave the previous secret open: long enough to roll out a new one by hand.
pub const MAX_PREVIOUS_SECONDS: i64 = 7 * 24 * 3600;

/// An API client to create.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Web shop", "role": "integration"}))]
pub struct NewApiClient {
    pub name: String,
    /// What its tokens may do at most; fixed, since tokens carry it.
    pub role: Role,
}

impl NewApiClient {
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        check_text(&mut faults, "/name", &self.name, 200);
        faults.into_result()
    }
}

/// What changes of an API client. Absent fields stay as they are.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Web shop, production"}))]
pub struct PatchApiClient {
    #[serde(default)]
    pub name: Option<String>,
}

impl PatchApiClient {
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        if let Some(name) = &self.name {
            check_text(&mut faults, "/name", name, 200);
        }
        faults.into_result()
    }
}

/// How a secret is rotated.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"previous_valid_for_seconds": 3600}))]
pub struct RotateApiClient {
    /// For how long the secret until now still opens: 0 (the default) to 604800, seven days.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 604800)]
    pub previous_valid_for_seconds: Option<i64>,
}

impl RotateApiClient {
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        let seconds = self.previous_valid_for_seconds.unwrap_or(0);
        let fits = (0..=MAX_PREVIOUS_SECONDS).contains(&seconds);
        faults.require(fits, "/previous_valid_for_seconds", "out_of_range", "0 to 604800 seconds (seven days)");
        faults.into_result()
    }
}

/// No field at all; an empty body will do.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
pub struct DisableApiClient {}

/// An API client. Its secret is not among what can be read.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ApiClient {
    /// Also its `client_id`.
    pub id: ApiClientId,
    #[schema(example = "Web shop")]
    pub name: String,
    pub role: Role,
    /// A disabled client gets no token, and those that it has are refused within 30 s.
    pub active: bool,
    /// Until when the secret before the last rotation opens as well.
    pub previous_secret_valid_until: Option<DateTime<Utc>>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// An API client with its secret, which is shown this once.
#[derive(Serialize, ToSchema)]
pub struct IssuedApiClient {
    pub client_id: ApiClientId,
    #[schema(example = "psk_3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    pub client_secret: String,
    #[serde(flatten)]
    pub client: ApiClient,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_previous_secret_lives_seven_days_at_most() {
        let fits = |seconds: Option<i64>| RotateApiClient { previous_valid_for_seconds: seconds }.check().is_ok();
        assert!(fits(None) && fits(Some(0)) && fits(Some(604_800)));
        assert!(!fits(Some(-1)) && !fits(Some(604_801)));
    }

    #[test]
    fn unknown_roles_and_empty_names_are_refused() {
        assert!(serde_json::from_str::<NewApiClient>(r#"{"name":"a","role":"root"}"#).is_err());
        assert!(NewApiClient { name: " ".into(), role: Role::Sales }.check().is_err());
    }
}
