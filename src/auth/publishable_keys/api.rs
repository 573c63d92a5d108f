use super::body::{DisablePublishableKey, NewPublishableKey, PatchPublishableKey, PublishableKey};
use super::registry::Holder;
use super::service;
use crate::app::App;
use crate::auth::authenticator::Authenticator;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::openapi::ServiceConfig;
use crate::platform::http::Answer;
use crate::platform::idempotency;
use crate::types::id::PublishableKeyId;
use crate::types::page::{ChangedQuery, Page, page_after, page_id, page_limit};
use actix_web::web::Data;
use actix_web::{get, patch, post};

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(list_publishable_keys)
        .service(create_publishable_key)
        .service(get_publishable_key)
        .service(patch_publishable_key)
        .service(disable_publishable_key);
}

/// List publishable keys
#[utoipa::path(tag = "access", operation_id = "list_publishable_keys", security(("oauth2" = ["admin"])), params(ChangedQuery), responses(
    (status = 200, description = "One page of keys, oldest first", body = Page<PublishableKey>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/publishable_keys")]
pub async fn list_publishable_keys(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ADMIN)?;
    let query: ChangedQuery = call.query()?;
    let limit = page_limit(query.limit)?;
    let after = page_id(page_after(query.cursor.as_deref(), &service::list_filters(query.updated_from), 1)?)?.map(PublishableKeyId);
    let page = app.db.read(move |connection| service::list(connection, context.organization_id, query.updated_from, after, limit)).await?;
    Answer::ok(&page)
}

/// Create a publishable key
///
/// For the pages of a storefront: it stands in their source, so it is no secret. It opens `/v1/checkout/*` alone, from its origins
/// alone, reserves for 900 seconds at most and no more at once than its limits, and is told yes or no, never how much there is.
#[utoipa::path(tag = "access", operation_id = "create_publishable_key", security(("oauth2" = ["admin"])), request_body = NewPublishableKey, responses(
    (status = 201, description = "Created", body = PublishableKey, headers(("Location" = String, description = "Where it is"), ("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/publishable_keys")]
pub async fn create_publishable_key(call: Call, app: Data<App>, authenticator: Data<Authenticator>) -> Result<Answer, Error> {
    let context = call.require(Permission::ADMIN)?;
    call.no_query()?;
    let body: NewPublishableKey = call.json()?;
    let (key, id, text) = (call.idempotency_key()?, PublishableKeyId::generate(), service::generate()?);
    let organization_id = context.organization_id;
    let answer = app
        .db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let key = service::create(connection, &context, id, &text, &body)?;
                Ok(Answer::created(format!("/v1/publishable_keys/{id}"), &key)?.with_version(key.version))
            })
        })
        .await?;
    if !answer.replayed {
        // Known to browsers' first questions at once, in this process.
        let key = app.db.read(move |connection| service::get(connection, organization_id, id)).await?;
        authenticator.publishable_keys.put(Holder { organization_id, key });
    }
    Ok(answer)
}

/// Get a publishable key
#[utoipa::path(tag = "access", operation_id = "get_publishable_key", security(("oauth2" = ["admin"])), params(("id" = PublishableKeyId, Path, description = "Id of the key")), responses(
    (status = 200, description = "The key", body = PublishableKey, headers(("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/publishable_keys/{id}")]
pub async fn get_publishable_key(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ADMIN)?;
    call.no_query()?;
    let id: PublishableKeyId = call.path("id")?;
    let key = app.db.read(move |connection| service::get(connection, context.organization_id, id)).await?;
    Ok(Answer::ok(&key)?.with_version(key.version))
}

/// Change a publishable key
#[utoipa::path(tag = "access", operation_id = "patch_publishable_key", security(("oauth2" = ["admin"])), params(("id" = PublishableKeyId, Path, description = "Id of the key")),
    request_body = PatchPublishableKey, responses(
    (status = 200, description = "Changed; other processes know it within 30 s", body = PublishableKey),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[patch("/v1/publishable_keys/{id}")]
pub async fn patch_publishable_key(call: Call, app: Data<App>, authenticator: Data<Authenticator>) -> Result<Answer, Error> {
    let context = call.require(Permission::ADMIN)?;
    call.no_query()?;
    let id: PublishableKeyId = call.path("id")?;
    let body: PatchPublishableKey = call.json()?;
    let (precondition, organization_id) = (call.precondition()?, context.organization_id);
    let key = app.db.write(move |connection| service::patch(connection, &context, id, &body, &precondition)).await?;
    if key.active {
        authenticator.publishable_keys.put(Holder { organization_id, key: key.clone() });
    }
    Ok(Answer::ok(&key)?.with_version(key.version))
}

/// Disable a publishable key
///
/// It opens nothing any more: at once in the process that answers, within 30 s in all. What it has reserved is kept until it expires.
#[utoipa::path(tag = "access", operation_id = "disable_publishable_key", security(("oauth2" = ["admin"])), params(("id" = PublishableKeyId, Path, description = "Id of the key")),
    request_body = Option<DisablePublishableKey>, responses(
    (status = 200, description = "Disabled", body = PublishableKey),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/publishable_keys/{id}/disable")]
pub async fn disable_publishable_key(call: Call, app: Data<App>, authenticator: Data<Authenticator>) -> Result<Answer, Error> {
    let context = call.require(Permission::ADMIN)?;
    call.no_query()?;
    let id: PublishableKeyId = call.path("id")?;
    let DisablePublishableKey {} = call.json_or_empty()?;
    let (key, precondition, organization_id) = (call.idempotency_key()?, call.precondition()?, context.organization_id);
    let answer = app
        .db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let key = service::disable(connection, &context, id, &precondition)?;
                Ok(Answer::ok(&key)?.with_version(key.version))
            })
        })
        .await?;
    let disabled = app.db.read(move |connection| service::get(connection, organization_id, id)).await?;
    authenticator.publishable_keys.forget(&disabled.key);
    Ok(answer)
}
