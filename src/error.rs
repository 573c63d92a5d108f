//! The closed list of ways in which a request can fail, and its form on the wire: RFC 9457 problem details.
//!
//! The variant decides status, code and title in one match. Public text stands apart from the cause, which is only logged.

use crate::platform::logging;
use crate::types::fault::{Fault, Faults};
use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT_ENCODING, ALLOW, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use serde_json::{Map, Value, json};

/// Everything that a handler can answer instead of success. Only `Unavailable` and `TooManyRequests` invite a plain retry;
/// `Stale` and `Conflict` want a fresh read first; the others want another request.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// 400: the syntax of path, query, header or JSON.
    #[error("{code}: {detail}")]
    BadRequest { code: &'static str, detail: String },
    /// 401: no token, or one that is not valid here.
    #[error("unauthenticated: {detail}")]
    Unauthenticated { detail: String },
    /// The request shows nothing to know the caller by; told without an error code (RFC 6750 §3.1).
    #[error("no credentials")]
    NoCredentials,
    /// 401: a login that does not open; why is not told.
    #[error("login refused")]
    LoginRefused,
    /// 429: too many tries to log in; the right password does not open either until then.
    #[error("login blocked for {retry_after_seconds} s")]
    LoginBlocked { retry_after_seconds: u64 },
    /// 403: a valid caller without the permission.
    #[error("insufficient scope: {scope}")]
    InsufficientScope { scope: String },
    /// 403: a caller with the scope, but not in the position to do this.
    #[error("{code}: {detail}")]
    Forbidden { code: &'static str, detail: String },
    /// 404: not there, or another organization's.
    #[error("{what} not found")]
    NotFound { what: &'static str },
    /// 405 with the methods that the path knows.
    #[error("method not allowed")]
    MethodNotAllowed { allow: String },
    /// 406 with the types that this is served as.
    #[error("not acceptable")]
    NotAcceptable { served_as: String },
    #[error("request timeout")]
    RequestTimeout,
    /// 409: right in itself, but not in the state that is stored. `extra` members help to act on it.
    #[error("{code}: {detail}")]
    Conflict { code: &'static str, detail: String, extra: Map<String, Value> },
    /// 410: it was good once, and never will be again.
    #[error("{code}: {detail}")]
    Gone { code: &'static str, detail: String },
    /// 412: `If-Match` named another version.
    #[error("stale: current version is {current}")]
    Stale { current: i64 },
    #[error("payload too large")]
    PayloadTooLarge { limit: usize },
    /// 431: method, path, query and headers together.
    #[error("request head too large")]
    HeadTooLarge { limit: usize },
    #[error("unsupported media type")]
    UnsupportedMediaType { expected: String },
    /// 415: the body is compressed.
    #[error("unsupported content encoding")]
    UnsupportedContentEncoding,
    /// 422: parsed, but against schema or rule.
    #[error("invalid: {0:?}")]
    Invalid(Vec<Fault>),
    #[error("too many requests")]
    TooManyRequests { retry_after_seconds: u64, per_minute: u32 },
    /// 429: an organization has as many event streams as it may.
    #[error("too many event streams")]
    TooManyStreams { most: usize },
    #[error("unavailable: {cause}")]
    Unavailable { cause: String },
    /// The database refused or failed in a way that is nobody's input.
    #[error(transparent)]
    Database(DieselError),
    #[error("internal: {0}")]
    Internal(String),
}

impl Error {
    pub fn bad_request(code: &'static str, detail: impl Into<String>) -> Self {
        Self::BadRequest { code, detail: detail.into() }
    }

    pub fn not_found(what: &'static str) -> Self {
        Self::NotFound { what }
    }

    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::Conflict { code, detail: detail.into(), extra: Map::new() }
    }

    /// 409 with members of its own beside the standard ones; `extra` must be a JSON object.
    pub fn conflict_with(code: &'static str, detail: impl Into<String>, extra: Value) -> Self {
        let extra = match extra {
            Value::Object(map) => map,
            _ => Map::new(),
        };
        Self::Conflict { code, detail: detail.into(), extra }
    }

    /// 409 `invalid_transition`: the action is not allowed in this status. `status` itself is taken: in a problem it is that of
    /// HTTP (RFC 9457 §3.1.2).
    pub fn invalid_transition(status: &str, action: &str, allowed: &[&str]) -> Self {
        let detail = format!("'{action}' is not possible in status '{status}'");
        Self::conflict_with("invalid_transition", detail, json!({ "current_status": status, "action": action, "allowed": allowed }))
    }

    /// 422 with a single fault.
    pub fn invalid(pointer: impl Into<String>, code: &str, detail: impl Into<String>) -> Self {
        Self::Invalid(Faults::one(pointer, code, detail))
    }

    pub fn unavailable(cause: String) -> Self {
        Self::Unavailable { cause }
    }

    pub fn internal(cause: impl std::fmt::Display) -> Self {
        Self::Internal(cause.to_string())
    }

    /// Deadlock or serialization failure: the same work may simply be run again. Postgres tells a deadlock (40P01) only by its
    /// message through diesel.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Database(DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, _)) => true,
            Self::Database(DieselError::DatabaseError(_, info)) => info.message().contains("deadlock detected"),
            _ => false,
        }
    }

    pub fn is_broken_connection(&self) -> bool {
        match self {
            Self::Database(DieselError::DatabaseError(DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand, _)) => {
                true
            }
            Self::Database(DieselError::DatabaseError(_, info)) => {
                info.message().contains("server closed the connection") || info.message().contains("terminating connection")
            }
            Self::Database(DieselError::BrokenTransactionManager) => true,
            _ => false,
        }
    }

    /// Whether a wait for a row lock ended by time (SQLSTATE 55P03).
    pub fn is_lock_timeout(&self) -> bool {
        matches!(self, Self::Database(DieselError::DatabaseError(_, info)) if info.message().contains("lock timeout"))
    }

    /// Whether a use case has said no, and so has written nothing.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::Invalid(_)
                | Self::Conflict { .. }
                | Self::NotFound { .. }
                | Self::Stale { .. }
                | Self::InsufficientScope { .. }
                | Self::Forbidden { .. }
        )
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest { .. } => StatusCode::BAD_REQUEST,
            Self::Unauthenticated { .. } | Self::NoCredentials | Self::LoginRefused => StatusCode::UNAUTHORIZED,
            Self::InsufficientScope { .. } | Self::Forbidden { .. } => StatusCode::FORBIDDEN,
            Self::NotFound { .. } => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable { .. } => StatusCode::NOT_ACCEPTABLE,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::Conflict { .. } => StatusCode::CONFLICT,
            Self::Gone { .. } => StatusCode::GONE,
            Self::Stale { .. } => StatusCode::PRECONDITION_FAILED,
            Self::PayloadTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::HeadTooLarge { .. } => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::UnsupportedMediaType { .. } | Self::UnsupportedContentEncoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooManyRequests { .. } | Self::TooManyStreams { .. } | Self::LoginBlocked { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Database(_) if self.is_lock_timeout() || self.is_transient() || self.is_broken_connection() => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Database(_) | Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Code, title and detail for the caller.
    fn public(&self) -> (String, &'static str, String) {
        let (code, title, detail): (&str, &'static str, String) = match self {
            Self::BadRequest { code, detail } => (code, "The request is malformed", detail.clone()),
            Self::Unauthenticated { detail } => ("unauthenticated", "A valid access token is needed", detail.clone()),
            Self::NoCredentials => ("unauthenticated", "A valid access token is needed", "send 'Authorization: Bearer <token>'".to_owned()),
            Self::LoginRefused => {
                let detail = "e-mail address and password do not open here; who belongs to several organizations names one";
                ("login_refused", "The login was refused", detail.into())
            }
            Self::InsufficientScope { scope } => {
                ("insufficient_scope", "The token does not permit this", format!("this needs the scope '{scope}'"))
            }
            Self::Forbidden { code, detail } => (code, "Not permitted", detail.clone()),
            Self::NotFound { what } => ("not_found", "Not found", format!("no such {what}")),
            Self::MethodNotAllowed { allow } => {
                ("method_not_allowed", "The path does not know this method", format!("this path takes {allow}"))
            }
            Self::NotAcceptable { served_as } => {
                ("not_acceptable", "No acceptable representation", format!("this is served as {served_as}"))
            }
            Self::RequestTimeout => ("request_timeout", "The request took too long to arrive", "send the body faster or in parts".into()),
            Self::Conflict { code, detail, .. } => (code, "The stored state does not allow this", detail.clone()),
            Self::Gone { code, detail } => (code, "It is good no more", detail.clone()),
            Self::Stale { current } => {
                ("stale_version", "The thing has changed since it was read", format!("the current version is {current}; read it again"))
            }
            Self::PayloadTooLarge { limit } => {
                ("payload_too_large", "The body is too large", format!("a body of at most {limit} bytes is taken here"))
            }
            Self::HeadTooLarge { limit } => {
                let detail = format!("method, path, query and headers take at most {limit} bytes; send fewer cookies or shorter filters");
                ("request_head_too_large", "The request's head is too large", detail)
            }
            Self::UnsupportedMediaType { expected } => {
                ("unsupported_media_type", "The body's type is not understood", format!("send the body as {expected}"))
            }
            Self::UnsupportedContentEncoding => (
                "unsupported_content_encoding",
                "The body's encoding is not understood",
                "send the body as it is, without Content-Encoding".into(),
            ),
            Self::Invalid(faults) => {
                let same = faults.iter().all(|fault| fault.code == faults[0].code);
                let code = if same && !faults.is_empty() { faults[0].code.clone() } else { "validation_failed".to_owned() };
                let detail = match faults.as_slice() {
                    [only] if only.pointer.is_empty() => only.detail.clone(),
                    [only] => format!("{}: {}", only.pointer, only.detail),
                    many => format!("{} faults; see errors", many.len()),
                };
                return (code, "The body is against the rules", detail);
            }
            Self::LoginBlocked { .. } => ("login_blocked", "Too many tries to log in", "wait as long as Retry-After says".into()),
            Self::TooManyRequests { .. } => ("rate_limited", "Too many requests", "wait as long as Retry-After says".into()),
            Self::TooManyStreams { most } => (
                "too_many_streams",
                "Too many event streams",
                format!("an organization has {most} at once; end one, or read pages of GET /v1/events"),
            ),
            Self::Unavailable { .. } => unavailable_text(),
            Self::Database(_) if self.status() == StatusCode::SERVICE_UNAVAILABLE => unavailable_text(),
            Self::Database(_) | Self::Internal(_) => {
                ("internal_error", "Something went wrong on our side", "it has been logged with this request id".into())
            }
        };
        (code.to_owned(), title, detail)
    }

    /// The problem document of this error.
    pub fn problem(&self, request_id: &str) -> Value {
        let (code, title, detail) = self.public();
        let mut problem = json!({
            "type": format!("urn:pesanan:problem:{code}"),
            "title": title,
            "status": self.status().as_u16(),
            "detail": detail,
            "instance": format!("urn:uuid:{request_id}"),
            "code": code,
            "errors": match self { Self::Invalid(faults) => json!(faults), _ => json!([]) },
        });
        if let (Self::Conflict { extra, .. }, Some(object)) = (self, problem.as_object_mut()) {
            for (name, value) in extra {
                object.entry(name).or_insert_with(|| value.clone());
            }
        }
        problem
    }
}

fn unavailable_text() -> (&'static str, &'static str, String) {
    let detail = "come again after Retry-After; whether a write took effect is known only by repeating it with the same Idempotency-Key";
    ("unavailable", "Not able to answer right now", detail.into())
}

impl From<DieselError> for Error {
    /// Constraints that a caller can run into have names that we chose; the rest is our fault.
    fn from(error: DieselError) -> Self {
        if let DieselError::DatabaseError(_, info) = &error {
            // Postgres knows no day before 4713 BC.
            if matches!(info.message(), message if message.starts_with("timestamp out of range") || message.starts_with("date out of range"))
            {
                return Self::invalid("", "out_of_range", "a date or time lies beyond the years 1 to 9999");
            }
            let known = match info.constraint_name() {
                Some("customer_code") => Some(("customer_code_taken", "another customer has this code")),
                Some("coupon_code") => Some(("coupon_code_taken", "another coupon has this code")),
                Some("organization_code") => Some(("organization_code_taken", "another organization has this code")),
                Some("sales_order_number") => Some(("order_number_taken", "another order has this number")),
                Some("invoice_number" | "invoice_series_number") => Some(("invoice_number_taken", "another invoice has this number")),
                Some("credit_note_number" | "credit_note_series_number") => {
                    Some(("credit_note_number_taken", "another credit note has this number"))
                }
                Some("app_user_email") => Some(("user_email_taken", "another user has this e-mail address")),
                Some("channel_pkey") => Some(("channel_code_taken", "another channel has this code")),
                _ => None,
            };
            if let Some((code, detail)) = known {
                return Self::conflict(code, detail);
            }
        }
        Self::Database(error)
    }
}

impl From<Vec<Fault>> for Error {
    fn from(faults: Vec<Fault>) -> Self {
        Self::Invalid(faults)
    }
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    fn error_response(&self) -> HttpResponse {
        let status = self.status();
        if status.is_server_error() {
            log::error!("{self}");
        }
        let request_id = logging::current().map(|context| context.request_id).unwrap_or_default();
        let mut response = HttpResponse::build(status);
        match self {
            Self::Unauthenticated { detail } => {
                let value =
                    format!("Bearer realm=\"pesanan\", error=\"invalid_token\", error_description=\"{}\"", detail.replace('"', "'"));
                response.insert_header((WWW_AUTHENTICATE, value));
            }
            Self::NoCredentials | Self::LoginRefused => {
                response.insert_header((WWW_AUTHENTICATE, "Bearer realm=\"pesanan\""));
            }
            Self::InsufficientScope { scope } => {
                response.insert_header((
                    WWW_AUTHENTICATE,
                    format!("Bearer realm=\"pesanan\", error=\"insufficient_scope\", scope=\"{scope}\""),
                ));
            }
            Self::MethodNotAllowed { allow } => {
                if let Ok(value) = HeaderValue::from_str(allow) {
                    response.insert_header((ALLOW, value));
                }
            }
            // RFC 9110 §12.5.3.
            Self::UnsupportedContentEncoding => {
                response.insert_header((ACCEPT_ENCODING, "identity"));
            }
            Self::LoginBlocked { retry_after_seconds } => {
                response.insert_header((RETRY_AFTER, retry_after_seconds.to_string()));
            }
            Self::TooManyRequests { retry_after_seconds, per_minute } => {
                response.insert_header((RETRY_AFTER, retry_after_seconds.to_string()));
                response.insert_header(("RateLimit-Policy", format!("\"caller\";q={per_minute};w=60")));
                response.insert_header(("RateLimit", format!("\"caller\";r=0;t={retry_after_seconds}")));
            }
            Self::TooManyStreams { .. } => {
                response.insert_header((RETRY_AFTER, "10"));
            }
            _ if status == StatusCode::SERVICE_UNAVAILABLE => {
                response.insert_header((RETRY_AFTER, "1"));
            }
            _ => {}
        }
        response.content_type("application/problem+json").body(self.problem(&request_id).to_string())
    }
}
