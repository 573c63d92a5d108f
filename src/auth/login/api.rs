use super::body::{Login, LoginAnswer, Logout};
use super::service;
use crate::app::App;
use crate::auth::authenticator::Authenticator;
use crate::auth::call::{client_of, origin_of, read_body};
use crate::auth::sessions::service::{log_out, log_out_by_token};
use crate::error::Error;
use crate::openapi::ServiceConfig;
use crate::platform::http::{Answer, parse_json, parse_query};
use crate::platform::logging;
use crate::types::id::UserId;
use actix_web::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, PRAGMA};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse, Responder, post};
use serde::de::DeserializeOwned;

/// A few short fields; no honest request comes near.
const LIMIT_BYTES: usize = 16 * 1024;

pub fn configure(config: &mut ServiceConfig) {
    config.service(log_in).service(log_out_user);
}

/// Log in
///
/// Five wrong passwords from one address make the next try wait for half a minute, and each further one twice as long, up to a quarter
/// of an hour; many addresses at one account, or many accounts from one address, are slowed down too.
#[utoipa::path(tag = "access", operation_id = "log_in", security(()), request_body = Login, responses(
    (status = 200, description = "Logged in", body = LoginAnswer, headers(("Cache-Control" = String, description = "`no-store`"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 401, response = crate::openapi::LoginRefused),
    (status = 408, response = crate::openapi::RequestTimeout),
    (status = 413, response = crate::openapi::PayloadTooLarge),
    (status = 415, response = crate::openapi::UnsupportedMediaType),
    (status = 422, response = crate::openapi::Invalid),
    (status = 429, response = crate::openapi::LoginBlocked),
    (status = 503, response = crate::openapi::Unavailable),
))]
#[post("/v1/auth/login")]
pub async fn log_in(
    request: HttpRequest,
    payload: Payload,
    app: Data<App>,
    authenticator: Data<Authenticator>,
) -> Result<HttpResponse, Error> {
    let login: Login =
        read(&request, payload).await?.ok_or_else(|| Error::UnsupportedMediaType { expected: "application/json".to_owned() })?;
    login.check()?;
    let now = authenticator.now();
    let (keys, origin) = (service::attempt_keys(&login.email, client_of(&request)), origin_of(&request));
    let account = {
        let (login, keys, origin) = (login.clone(), keys.clone(), origin.clone());
        app.db.write(move |connection| service::begin(connection, &login, &keys, &origin, now)).await??
    };
    let stored = account.as_ref().map(|account| account.password_hash.clone());
    let right = app.passwords.is_right(login.password, stored).await?;
    if let Some(account) = &account {
        logging::set_organization(account.organization_id.0);
    }
    let opened = app.db.write(move |connection| service::finish(connection, account.as_ref(), right, &keys, &origin, now)).await?;
    let Some((opened, user)) = opened else { return Err(Error::LoginRefused) };
    let seconds = app.config.user_token_seconds;
    let answer = LoginAnswer {
        access_token: authenticator.sign(opened.claims(now, seconds))?,
        token_type: "Bearer",
        expires_in: seconds,
        scope: opened.permissions().scope(),
        refresh_expires_in: (opened.expires_at - now).num_seconds(),
        refresh_token: opened.refresh_token.reveal(),
        user,
    };
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).insert_header((PRAGMA, "no-cache")).json(answer))
}

/// Log out
///
/// Ends the login of the bearer token, or that of a refresh token: its access tokens are refused at once by the process that answers,
/// within 30 s by all. A refresh token that is not known ends nothing and is no fault.
#[utoipa::path(tag = "access", operation_id = "log_out", security(()), request_body = Option<Logout>, responses(
    (status = 204, description = "Logged out"),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 401, response = crate::openapi::Unauthenticated),
    (status = 408, response = crate::openapi::RequestTimeout),
    (status = 413, response = crate::openapi::PayloadTooLarge),
    (status = 415, response = crate::openapi::UnsupportedMediaType),
    (status = 422, response = crate::openapi::Invalid),
    (status = 503, response = crate::openapi::Unavailable),
))]
#[post("/v1/auth/logout")]
pub async fn log_out_user(
    request: HttpRequest,
    payload: Payload,
    app: Data<App>,
    authenticator: Data<Authenticator>,
) -> Result<HttpResponse, Error> {
    let body: Logout = read(&request, payload).await?.unwrap_or_default();
    let (now, origin) = (authenticator.now(), origin_of(&request));
    let ended = match body.refresh_token {
        Some(token) => app.db.write(move |connection| log_out_by_token(connection, &token, &origin, now)).await?,
        None => {
            if !request.headers().contains_key(AUTHORIZATION) {
                return Err(Error::Unauthenticated { detail: "send the access token or a refresh token of the login to end".to_owned() });
            }
            let actor = authenticator.authenticate(request.headers())?;
            let session_id = actor.session_id;
            if let Some(id) = session_id {
                let write = move |connection: &mut diesel::pg::PgConnection| {
                    log_out(connection, actor.organization_id, UserId(actor.id), id, &origin, now)
                };
                app.db.write(write).await?;
            }
            session_id
        }
    };
    authenticator.end_sessions(ended);
    Ok(Answer::no_content().respond_to(&request))
}

/// The JSON body of a request without a caller; `None` where there is none.
async fn read<T: DeserializeOwned>(request: &HttpRequest, payload: Payload) -> Result<Option<T>, Error> {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Nothing {}
    let Nothing {} = parse_query(request.query_string())?;
    let body = read_body(request, payload.into_inner(), LIMIT_BYTES).await.map_err(|error| match error {
        Error::Internal(_) => Error::bad_request("malformed_body", "the body ended early or is not encoded as its headers say"),
        error => error,
    })?;
    if body.is_empty() {
        return Ok(None);
    }
    let given = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !given.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        return Err(Error::UnsupportedMediaType { expected: "application/json".to_owned() });
    }
    parse_json(&body).map(Some)
}
