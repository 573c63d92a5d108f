use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A token request (RFC 6749 §4.4.2, §6), as a form or as JSON. Parameters that are not known are ignored (§3.2).
#[derive(Default, Deserialize, ToSchema)]
#[schema(example = json!({"grant_type": "client_credentials", "client_id": "01938f5e-7c1a-7000-8000-2f1b3c4d5e6f", "client_secret": "psk_…"}))]
pub struct TokenRequest {
    /// `client_credentials`, or `refresh_token` for a user's login
    #[schema(required = true, nullable = false)]
    pub grant_type: Option<String>,
    /// Scopes by space, a subset of what the client's role has; all of them where absent.
    pub scope: Option<String>,
    /// Here or in `Authorization: Basic`.
    pub client_id: Option<String>,
    pub client_secret: Option<String>,
    /// Of a user's login; it comes without a client.
    pub refresh_token: Option<String>,
}

/// A token answer (RFC 6749 §5.1).
#[derive(Serialize, ToSchema)]
pub struct TokenAnswer {
    /// Send it as `Authorization: Bearer <token>`.
    pub access_token: String,
    #[schema(example = "Bearer")]
    pub token_type: &'static str,
    /// Seconds from now.
    #[schema(example = 3600)]
    pub expires_in: i64,
    /// What was granted.
    #[schema(example = "orders:read orders:write")]
    pub scope: String,
    /// The next one, where this was an exchange of the one before; null for API clients, which ask with their secret.
    pub refresh_token: Option<String>,
}

/// Why there is no token. Its wire form is RFC 6749 §5.2, not problem+json.
#[derive(Debug)]
pub enum Refusal {
    /// Malformed, a parameter missing or given twice.
    InvalidRequest(&'static str),
    TooLarge,
    NeitherFormNorJson,
    Compressed,
    /// Unknown, disabled, or the wrong secret: which of them is not told.
    InvalidClient(&'static str),
    /// A refresh token that opens no more; which of the reasons is not told.
    InvalidGrant,
    UnsupportedGrantType(&'static str),
    InvalidScope(&'static str),
    /// The database is away; the same request may simply be sent again.
    Unavailable,
    Internal,
}

/// An error answer (RFC 6749 §5.2).
#[derive(Serialize, ToSchema)]
pub struct TokenError {
    /// `invalid_request`, `invalid_client`, `invalid_grant`, `unsupported_grant_type`, `invalid_scope`, `temporarily_unavailable` or
    /// `server_error`
    #[schema(example = "invalid_client")]
    pub error: &'static str,
    #[schema(example = "client id and secret do not open here")]
    pub error_description: &'static str,
}

impl Refusal {
    fn parts(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::InvalidRequest(why) => (StatusCode::BAD_REQUEST, "invalid_request", why),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "invalid_request", "the body is too large for a token request"),
            Self::NeitherFormNorJson => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "invalid_request",
                "send the body as application/x-www-form-urlencoded or application/json",
            ),
            Self::Compressed => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "invalid_request", "send the body as it is, without Content-Encoding"),
            Self::InvalidClient(why) => (StatusCode::UNAUTHORIZED, "invalid_client", why),
            Self::InvalidGrant => {
                (StatusCode::BAD_REQUEST, "invalid_grant", "this refresh token does not open here any more; log in again")
            }
            Self::UnsupportedGrantType(why) => (StatusCode::BAD_REQUEST, "unsupported_grant_type", why),
            Self::InvalidScope(why) => (StatusCode::BAD_REQUEST, "invalid_scope", why),
            Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", "come again after Retry-After"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "server_error", "it has been logged with this request id"),
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (_, error, description) = self.parts();
        write!(f, "{error}: {description}")
    }
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        self.parts().0
    }

    fn error_response(&self) -> HttpResponse {
        let (status, error, error_description) = self.parts();
        let mut response = HttpResponse::build(status);
        response.insert_header((CACHE_CONTROL, "no-store")).insert_header((PRAGMA, "no-cache"));
        if status == StatusCode::UNAUTHORIZED {
            // RFC 6749 wants it where Basic was tried, RFC 9110 §15.5.2 on every 401.
            response.insert_header((WWW_AUTHENTICATE, "Basic realm=\"pesanan\""));
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.insert_header((RETRY_AFTER, "1"));
        }
        response.json(TokenError { error, error_description })
    }
}
