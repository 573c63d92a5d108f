use super::body::{DisableUser, EnableUser, IssuedUser, NewUser, PatchUser, SetPassword, User};
use super::service::{self, Filter, HashedPassword};
use crate::app::App;
use crate::auth::authenticator::Authenticator;
use crate::auth::call::Call;
use crate::auth::password::{check_password, one_time_password};
use crate::auth::permission::{Permission, Role};
use crate::error::Error;
use crate::openapi::ServiceConfig;
use crate::platform::filters::take_external_ids;
use crate::platform::http::{Answer, parse_query};
use crate::platform::idempotency;
use crate::types::fault::Faults;
use crate::types::id::UserId;
use crate::types::page::{Page, page_after, page_id, page_limit};
use actix_web::web::Data;
use actix_web::{get, patch, post};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::IntoParams;

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(list_users)
        .service(create_user)
        .service(get_user)
        .service(patch_user)
        .service(disable_user)
        .service(enable_user)
        .service(set_user_password);
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UserQuery {
    /// Whatever its case.
    pub email: Option<String>,
    /// admin, sales, warehouse, finance or viewer.
    pub role: Option<Role>,
    /// Those who may log in, or those who may not.
    pub active: Option<bool>,
    /// Changed at or after this instant.
    pub updated_from: Option<DateTime<Utc>>,
    /// Rows a page, 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    pub cursor: Option<String>,
}

/// List users
#[utoipa::path(tag = "access", operation_id = "list_users", security(("oauth2" = ["admin"])), params(
    UserQuery,
    ("external_ids.erp" = Option<String>, Query, description = "The id in another system, named after the point: any of those in `external_ids`"),
), responses(
    (status = 200, description = "One page of users, oldest first", body = Page<User>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/users")]
pub async fn list_users(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ADMIN)?;
    let (external_ids, rest) = take_external_ids(call.query_string())?;
    let query: UserQuery = parse_query(&rest)?;
    let limit = page_limit(query.limit)?;
    let filter = Filter { email: query.email, role: query.role, active: query.active, external_ids, updated_from: query.updated_from };
    let after = page_id(page_after(query.cursor.as_deref(), &service::list_filters(&filter), 1)?)?;
    let page = app.db.read(move |connection| service::list(connection, context.organization_id, &filter, after.map(UserId), limit)).await?;
    Answer::ok(&page)
}

/// Create a user
///
/// Without a password the answer shows a one-time password, once; a repeated request with the same Idempotency-Key is then told
/// 409 `secret_already_shown`. A one-time password opens nothing but `POST /v1/me/password`.
#[utoipa::path(tag = "access", operation_id = "create_user", security(("oauth2" = ["admin"])), request_body = NewUser, responses(
    (status = 201, description = "Created; a one-time password is shown this once", body = IssuedUser, headers(("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 409, response = crate::openapi::Conflict),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/users")]
pub async fn create_user(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ADMIN)?;
    call.no_query()?;
    let body: NewUser = call.json()?;
    body.check()?;
    let key = call.idempotency_key()?;
    let (one_time, hashed) = new_password(&app, body.password.clone()).await?;
    let shows_secret = one_time.is_some();
    app.db
        .write(move |connection| {
            let create = |connection: &mut diesel::pg::PgConnection| {
                let user = service::create(connection, &context, &body, &hashed)?;
                let (location, version) = (format!("/v1/users/{}", user.id), user.version);
                Ok(Answer::created(location, &IssuedUser { one_time_password: one_time.clone(), user })?.with_version(version))
            };
            match shows_secret {
                true => idempotency::once_secret(connection, key.as_ref(), create),
                false => idempotency::once(connection, key.as_ref(), create),
            }
        })
        .await
}

/// Get a user
#[utoipa::path(tag = "access", operation_id = "get_user", security(("oauth2" = ["admin"])), params(("id" = UserId, Path, description = "Id of the user")), responses(
    (status = 200, description = "The user", body = User, headers(("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/users/{id}")]
pub async fn get_user(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ADMIN)?;
    call.no_query()?;
    let id: UserId = call.path("id")?;
    let user = app.db.read(move |connection| service::get(connection, context.organization_id, id)).await?;
    Ok(Answer::ok(&user)?.with_version(user.version))
}

/// Change a user's name, e-mail address, role or free data
///
/// A new role ends the user's logins, whose tokens carry the old one. Nobody changes the own role.
#[utoipa::path(tag = "access", operation_id = "patch_user", security(("oauth2" = ["admin"])), params(("id" = UserId, Path, description = "Id of the user")),
    request_body = PatchUser, responses(
    (status = 200, description = "Changed", body = User),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[patch("/v1/users/{id}")]
pub async fn patch_user(call: Call, app: Data<App>, authenticator: Data<Authenticator>) -> Result<Answer, Error> {
    let context = call.require(Permission::ADMIN)?;
    call.no_query()?;
    let id: UserId = call.path("id")?;
    let body: PatchUser = call.json()?;
    let precondition = call.precondition()?;
    let changed = app.db.write(move |connection| service::patch(connection, &context, id, &body, &precondition)).await?;
    authenticator.end_sessions(changed.ended);
    Ok(Answer::ok(&changed.user)?.with_version(changed.user.version))
}

/// Disable a user
///
/// The user's logins end: tokens are refused at once by the process that answers, within 30 s by all. Nobody disables the own account.
#[utoipa::path(tag = "access", operation_id = "disable_user", security(("oauth2" = ["admin"])), params(("id" = UserId, Path, description = "Id of the user")),
    request_body = Option<DisableUser>, responses(
    (status = 200, description = "Disabled", body = User),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/users/{id}/disable")]
pub async fn disable_user(call: Call, app: Data<App>, authenticator: Data<Authenticator>) -> Result<Answer, Error> {
    let context = call.require(Permission::ADMIN)?;
    call.no_query()?;
    let id: UserId = call.path("id")?;
    let DisableUser {} = call.json_or_empty()?;
    let (key, precondition) = (call.idempotency_key()?, call.precondition()?);
    let (answer, ended) = app
        .db
        .write(move |connection| {
            let mut ended = vec![];
            let answer = idempotency::once(connection, key.as_ref(), |connection| {
                let changed = service::disable(connection, &context, id, &precondition)?;
                ended = changed.ended;
                Ok(Answer::ok(&changed.user)?.with_version(changed.user.version))
            })?;
            Ok((answer, ended))
        })
        .await?;
    authenticator.end_sessions(ended);
    Ok(answer)
}

/// Let a disabled user in again
#[utoipa::path(tag = "access", operation_id = "enable_user", security(("oauth2" = ["admin"])), params(("id" = UserId, Path, description = "Id of the user")),
    request_body = Option<EnableUser>, responses(
    (status = 200, description = "Enabled", body = User),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/users/{id}/enable")]
pub async fn enable_user(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ADMIN)?;
    call.no_query()?;
    let id: UserId = call.path("id")?;
    let EnableUser {} = call.json_or_empty()?;
    let (key, precondition) = (call.idempotency_key()?, call.precondition()?);
    app.db
        .write(move |connection| {
            idempotency::once(connection, key.as_ref(), |connection| {
                let user = service::enable(connection, &context, id, &precondition)?;
                Ok(Answer::ok(&user)?.with_version(user.version))
            })
        })
        .await
}

/// Set a user's password
///
/// For one who has forgotten it; it ends the user's logins. Without a password the answer shows a one-time password, once, which
/// opens nothing but `POST /v1/me/password`.
#[utoipa::path(tag = "access", operation_id = "set_user_password", security(("oauth2" = ["admin"])), params(("id" = UserId, Path, description = "Id of the user")),
    request_body = Option<SetPassword>, responses(
    (status = 200, description = "Set; a one-time password is shown this once", body = IssuedUser),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::Conflict),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/users/{id}/password")]
pub async fn set_user_password(call: Call, app: Data<App>, authenticator: Data<Authenticator>) -> Result<Answer, Error> {
    let context = call.require(Permission::ADMIN)?;
    call.no_query()?;
    let id: UserId = call.path("id")?;
    let body: SetPassword = call.json_or_empty()?;
    let (key, precondition) = (call.idempotency_key()?, call.precondition()?);
    let organization_id = context.organization_id;
    let user = app.db.read(move |connection| service::get(connection, organization_id, id)).await?;
    if let Some(password) = &body.password {
        let mut faults = Faults::new();
        check_password(&mut faults, "/password", password, &[&user.email, &user.name]);
        faults.into_result()?;
    }
    precondition.check(user.version)?;
    let (one_time, hashed) = new_password(&app, body.password).await?;
    let shows_secret = one_time.is_some();
    let (answer, ended) = app
        .db
        .write(move |connection| {
            let mut ended = vec![];
            let set = |connection: &mut diesel::pg::PgConnection| {
                let changed = service::set_password(connection, &context, id, &hashed, None, &precondition)?;
                ended = changed.ended;
                let version = changed.user.version;
                Ok(Answer::ok(&IssuedUser { one_time_password: one_time.clone(), user: changed.user })?.with_version(version))
            };
            let answer = match shows_secret {
                true => idempotency::once_secret(connection, key.as_ref(), set),
                false => idempotency::once(connection, key.as_ref(), set),
            }?;
            Ok((answer, ended))
        })
        .await?;
    authenticator.end_sessions(ended);
    Ok(answer)
}

/// A one-time password to show, unless one is given, and the hash of either.
async fn new_password(app: &App, given: Option<String>) -> Result<(Option<String>, HashedPassword), Error> {
    let (shown, password) = match given {
        Some(password) => (None, password),
        None => {
            let password = one_time_password()?;
            (Some(password.clone()), password)
        }
    };
    let one_time = shown.is_some();
    Ok((shown, HashedPassword { hash: app.passwords.hash(password).await?, one_time }))
}
