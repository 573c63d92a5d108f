use super::body::{ApiClient, DisableApiClient, IssuedApiClient, NewApiClient, PatchApiClient, RotateApiClient};
use super::service;
use crate::app::App;
use crate::auth::authenticator::Authenticator;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::openapi::ServiceConfig;
use crate::platform::http::Answer;
use crate::platform::idempotency;
use crate::types::id::ApiClientId;
use crate::types::page::{Page, page_after, page_id, page_limit};
use actix_web::web::Data;
use actix_web::{get, patch, post};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::IntoParams;

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(list_api_clients)
        .service(create_api_client)
        .service(get_api_client)
        .service(patch_api_client)
        .service(disable_api_client)
        .service(rotate_api_client);
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ApiClientQuery {
    /// Changed at or after this instant.
    pub updated_from: Option<DateTime<Utc>>,
    /// Rows a page, 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    pub cursor: Option<String>,
}

/// List API clients
#[utoipa::path(tag = "access", operation_id = "list_api_clients", security(("oauth2" = ["admin"])), params(ApiClientQuery), responses(
    (status = 200, description = "One page of API clients, oldest first", body = Page<ApiClient>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/api_clients")]
pub async fn list_api_clients(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ADMIN)?;
    let query: ApiClientQuery = call.query()?;
    let limit = page_limit(query.limit)?;
    let after = page_id(page_after(query.cursor.as_deref(), &service::list_filters(query.updated_from), 1)?)?;
    let page = app
        .db
        .read(move |connection| service::list(connection, context.organization_id, query.updated_from, after.map(ApiClientId), limit))
        .await?;
    Answer::ok(&page)
}

/// Create an API client
///
/// The answer shows the secret, once. A repeated request with the same Idempotency-Key creates nothing and is told
/// 409 `secret_already_shown`.
#[utoipa::path(tag = "access", operation_id = "create_api_client", security(("oauth2" = ["admin"])), request_body = NewApiClient, responses(
    (status = 201, description = "Created; the secret is shown this once", body = IssuedApiClient, headers(("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 409, response = crate::openapi::Conflict),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/api_clients")]
pub async fn create_api_client(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ADMIN)?;
    call.no_query()?;
    let body: NewApiClient = call.json()?;
    let key = call.idempotency_key()?;
    app.db
        .write(move |connection| {
            idempotency::once_secret(connection, key.as_ref(), |connection| {
                let issued = service::create(connection, &context, &body)?;
                Ok(Answer::created(format!("/v1/api_clients/{}", issued.client_id), &issued)?.with_version(issued.client.version))
            })
        })
        .await
}

/// Get an API client
#[utoipa::path(tag = "access", operation_id = "get_api_client", security(("oauth2" = ["admin"])), params(("id" = ApiClientId, Path, description = "Id of the client")), responses(
    (status = 200, description = "The API client", body = ApiClient, headers(("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/api_clients/{id}")]
pub async fn get_api_client(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ADMIN)?;
    call.no_query()?;
    let id: ApiClientId = call.path("id")?;
    let client = app.db.read(move |connection| service::get(connection, context.organization_id, id)).await?;
    Ok(Answer::ok(&client)?.with_version(client.version))
}

/// Rename an API client
#[utoipa::path(tag = "access", operation_id = "patch_api_client", security(("oauth2" = ["admin"])), params(("id" = ApiClientId, Path, description = "Id of the client")),
    request_body = PatchApiClient, responses(
    (status = 200, description = "Changed", body = ApiClient),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[patch("/v1/api_clients/{id}")]
pub async fn patch_api_client(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ADMIN)?;
    call.no_query()?;
    let id: ApiClientId = call.path("id")?;
    let body: PatchApiClient = call.json()?;
    let precondition = call.precondition()?;
    let client = app.db.write(move |connection| service::patch(connection, &context, id, &body, &precondition)).await?;
    Ok(Answer::ok(&client)?.with_version(client.version))
}

/// Disable an API client
///
/// It gets no further token, and the tokens that it has are refused: at once by the process that answers, within 30 s by all.
#[utoipa::path(tag = "access", operation_id = "disable_api_client", security(("oauth2" = ["admin"])), params(("id" = ApiClientId, Path, description = "Id of the client")),
    request_body = Option<DisableApiClient>, responses(
    (status = 200, description = "Disabled", body = ApiClient),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/api_clients/{id}/disable")]
pub async fn disable_api_client(call: Call, app: Data<App>, authenticator: Data<Authenticator>) -> Result<Answer, Error> {
    let context = call.require(Permission::ADMIN)?;
    call.no_query()?;
    let id: ApiClientId = call.path("id")?;
    let DisableApiClient {} = call.json_or_empty()?;
    let (key, precondition) = (call.idempotency_key()?, call.precondition()?);
    let answer = app
        .db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let client = service::disable(connection, &context, id, &precondition)?;
                Ok(Answer::ok(&client)?.with_version(client.version))
            })
        })
        .await?;
    authenticator.disable(id.0);
    Ok(answer)
}

/// Rotate an API client's secret
///
/// The answer shows the new secret, once. The one until now still opens for `previous_valid_for_seconds`. Tokens that were
/// given out live on until they expire; to shut a client out, disable it.
#[utoipa::path(tag = "access", operation_id = "rotate_api_client", security(("oauth2" = ["admin"])), params(("id" = ApiClientId, Path, description = "Id of the client")),
    request_body = Option<RotateApiClient>, responses(
    (status = 200, description = "Rotated; the secret is shown this once", body = IssuedApiClient),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/api_clients/{id}/rotate")]
pub async fn rotate_api_client(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ADMIN)?;
    call.no_query()?;
    let id: ApiClientId = call.path("id")?;
    let body: RotateApiClient = call.json_or_empty()?;
    let (key, precondition) = (call.idempotency_key()?, call.precondition()?);
    app.db
        .write(move |connection| {
            idempotency::once_secret(connection, key.as_ref(), |connection| {
                let issued = service::rotate(connection, &context, id, &body, &precondition)?;
                Ok(Answer::ok(&issued)?.with_version(issued.client.version))
            })
        })
        .await
}
