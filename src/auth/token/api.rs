use super::body::{Refusal, TokenAnswer, TokenError, TokenRequest};
use super::credentials::parse;
use super::service;
use crate::app::App;
use crate::auth::authenticator::Authenticator;
use crate::auth::call::{origin_of, read_body};
use crate::auth::sessions::service::{self as sessions, Refreshed};
use crate::error::Error;
use crate::openapi::ServiceConfig;
use crate::platform::logging;
use actix_web::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, PRAGMA};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse, ResponseError, post};

/// A few short parameters; no honest request comes near.
const LIMIT_BYTES: usize = 16 * 1024;

pub fn configure(config: &mut ServiceConfig) {
    config.service(create_token);
}

/// Get an access token
///
/// OAuth 2.0 client credentials (RFC 6749 §4.4), or a user's refresh token (§6), which is good for one use: the answer has the next.
/// The client authenticates by `Authorization: Basic` or by `client_id` and
/// `client_secret` in the body. Answers and errors have the form of RFC 6749 and are never cached.
#[utoipa::path(tag = "access", operation_id = "create_token", security(()),
    request_body(content(
        (TokenRequest = "application/x-www-form-urlencoded"),
        (TokenRequest = "application/json"),
    )),
    responses(
        (status = 200, description = "The token", body = TokenAnswer, headers(("Cache-Control" = String, description = "`no-store`"))),
        (status = 400, description = "`invalid_request`, `invalid_grant`, `unsupported_grant_type` or `invalid_scope`", body = TokenError),
        (status = 401, description = "`invalid_client`", body = TokenError, headers(("WWW-Authenticate" = String, description = "`Basic`"))),
        (status = 413, description = "`invalid_request`: more than 16 KiB", body = TokenError),
        (status = 415, description = "`invalid_request`: neither form nor JSON, or compressed", body = TokenError),
        (status = 503, description = "`temporarily_unavailable`", body = TokenError, headers(("Retry-After" = u32, description = "Seconds"))),
    ))]
#[post("/v1/auth/token")]
pub async fn create_token(
    request: HttpRequest,
    payload: Payload,
    app: Data<App>,
    authenticator: Data<Authenticator>,
) -> Result<HttpResponse, Refusal> {
    let now = authenticator.now();
    let header = |name| request.headers().get(name).map(|value| value.to_str().unwrap_or_default());
    let body = read_body(&request, payload.into_inner(), LIMIT_BYTES).await.map_err(|error| match error {
        Error::PayloadTooLarge { .. } => Refusal::TooLarge,
        Error::UnsupportedContentEncoding => Refusal::Compressed,
        _ => Refusal::InvalidRequest("the body ended early or came too slowly"),
    })?;
    let asked = parse(header(CONTENT_TYPE).unwrap_or_default(), &body)?;
    if asked.grant_type.as_deref() == Some("refresh_token") {
        return refresh(&request, &asked, &app, &authenticator).await;
    }
    let credentials = service::read(header(AUTHORIZATION), &asked)?;
    let client = app.db.read(move |connection| service::authenticate(connection, &credentials, now)).await.map_err(refusal_of)?;
    let client = client.ok_or(Refusal::InvalidClient("client id and secret do not open here"))?;
    logging::set_organization(client.organization_id.0);
    let granted = service::granted(client.role, asked.scope.as_deref())?;
    let seconds = app.config.token_seconds;
    let access_token = authenticator.sign(service::claims(&client, granted, now, seconds)).map_err(refusal_of)?;
    let answer = TokenAnswer { access_token, token_type: "Bearer", expires_in: seconds, scope: granted.scope(), refresh_token: None };
    Ok(uncached(&answer))
}

/// The next tokens of a user's login. A user's program keeps no secret of its own, so no client is asked for.
async fn refresh(request: &HttpRequest, asked: &TokenRequest, app: &App, authenticator: &Authenticator) -> Result<HttpResponse, Refusal> {
    let token = asked.refresh_token.clone().ok_or(Refusal::InvalidRequest("refresh_token is required"))?;
    if asked.scope.is_some() {
        return Err(Refusal::InvalidScope("a login has the scopes of its user's role; leave scope out"));
    }
    let (now, origin) = (authenticator.now(), origin_of(request));
    let refreshed = app.db.write(move |connection| sessions::refresh(connection, &token, &origin, now)).await.map_err(refusal_of)?;
    let opened = match refreshed {
        Refreshed::Opened(opened) => opened,
        Refreshed::Refused => return Err(Refusal::InvalidGrant),
        Refreshed::Ended(session_id) => {
            authenticator.end_sessions([session_id]);
            return Err(Refusal::InvalidGrant);
        }
    };
    logging::set_organization(opened.organization_id.0);
    let seconds = app.config.user_token_seconds;
    let access_token = authenticator.sign(opened.claims(now, seconds)).map_err(refusal_of)?;
    let scope = opened.permissions().scope();
    let refresh_token = Some(opened.refresh_token.reveal());
    Ok(uncached(&TokenAnswer { access_token, token_type: "Bearer", expires_in: seconds, scope, refresh_token }))
}

fn uncached(answer: &TokenAnswer) -> HttpResponse {
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).insert_header((PRAGMA, "no-cache")).json(answer)
}

fn refusal_of(error: Error) -> Refusal {
    log::error!("{error}");
    if error.status_code() == actix_web::http::StatusCode::SERVICE_UNAVAILABLE { Refusal::Unavailable } else { Refusal::Internal }
}
