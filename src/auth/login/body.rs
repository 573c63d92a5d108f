use crate::auth::users::body::User;
use crate::types::fault::{Fault, Faults};
use crate::types::text::check_code;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Longer ones are nobody's, and would only cost time.
const MAX_BYTES: usize = 1_024;

/// A login.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"organization": "demo", "email": "siti@nusantara.example", "password": "kereta api pagi"}))]
pub struct Login {
    /// Code of the organization; needed by who has this e-mail address in several.
    #[serde(default)]
    pub organization: Option<String>,
    pub email: String,
    pub password: String,
}

impl Login {
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        if let Some(code) = &self.organization {
            check_code(&mut faults, "/organization", code);
        }
        for (pointer, text) in [("/email", &self.email), ("/password", &self.password)] {
            faults.require(!text.is_empty(), pointer, "required", "must not be empty");
            faults.require(text.len() <= MAX_BYTES, pointer, "too_long", "at most 1024 bytes");
        }
        faults.into_result()
    }
}

/// Tokens of a user.
#[derive(Serialize, ToSchema)]
pub struct LoginAnswer {
    /// Send it as `Authorization: Bearer <token>`.
    pub access_token: String,
    #[schema(example = "Bearer")]
    pub token_type: &'static str,
    /// Seconds that the access token lives.
    #[schema(example = 900)]
    pub expires_in: i64,
    #[schema(example = "orders:read orders:write")]
    pub scope: String,
    /// Gets the next access token at `POST /v1/auth/token`, and with it the next refresh token. Each is good for one use.
    #[schema(example = "prt_3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    pub refresh_token: String,
    /// Seconds until a new login is needed, however often it is refreshed.
    #[schema(example = 2592000)]
    pub refresh_expires_in: i64,
    pub user: User,
}

/// Which login to end: that of the bearer token, or that of a refresh token.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"refresh_token": "prt_3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}))]
pub struct Logout {
    /// Where the access token has expired already.
    #[serde(default)]
    pub refresh_token: Option<String>,
}
