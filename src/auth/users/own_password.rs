//! A user's own password.

use super::body::ChangePassword;
use super::service::{self, HashedPassword};
use crate::app::App;
use crate::auth::actor::ActorKind;
use crate::auth::authenticator::Authenticator;
use crate::auth::call::Call;
use crate::auth::login::service::{admit, attempt_keys, forgive};
use crate::auth::password::check_password;
use crate::error::Error;
use crate::openapi::ServiceConfig;
use crate::platform::http::{Answer, Precondition};
use crate::types::fault::Faults;
use crate::types::id::UserId;
use actix_web::post;
use actix_web::web::Data;

pub fn configure(config: &mut ServiceConfig) {
    config.service(change_own_password);
}

/// Change the own password
///
/// Ends all other logins of the user. After a one-time password the next refresh brings a token with all scopes of the role.
#[utoipa::path(tag = "access", operation_id = "change_own_password", security(("oauth2" = [])), request_body = ChangePassword, responses(
    (status = 204, description = "Changed"),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 409, response = crate::openapi::Conflict),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/me/password")]
pub async fn change_own_password(call: Call, app: Data<App>, authenticator: Data<Authenticator>) -> Result<Answer, Error> {
    let context = call.context()?;
    call.no_query()?;
    let body: ChangePassword = call.json()?;
    if call.actor.kind != ActorKind::User {
        return Err(Error::conflict("users_only", "an API client has no password; rotate its secret"));
    }
    let (id, session_id, organization_id) = (UserId(call.actor.id), call.actor.session_id, context.organization_id);
    let user = app.db.read(move |connection| service::get(connection, organization_id, id)).await?;
    let mut faults = Faults::new();
    check_password(&mut faults, "/new_password", &body.new_password, &[&user.email, &user.name]);
    faults.require(body.new_password != body.current_password, "/new_password", "unchanged", "must be another one than until now");
    faults.into_result()?;
    // Whoever has got hold of a token must not find out the password with it.
    let (keys, now) = (attempt_keys(&user.email, call.address()), context.now);
    let tried = keys.clone();
    app.db.write(move |connection| Ok(admit(connection, &tried, now)?)).await??;
    let stored = app.db.read(move |connection| Ok(service::password_hash(connection, organization_id, id)?)).await?;
    if !app.passwords.is_right(body.current_password, stored).await? {
        return Err(Error::invalid("/current_password", "wrong_password", "this is not the password until now"));
    }
    let hashed = HashedPassword { hash: app.passwords.hash(body.new_password).await?, one_time: false };
    let ended = app
        .db
        .write(move |connection| {
            forgive(connection, &keys)?;
            Ok(service::set_password(connection, &context, id, &hashed, session_id, &Precondition::Any)?.ended)
        })
        .await?;
    authenticator.end_sessions(ended);
    Ok(Answer::no_content())
}
