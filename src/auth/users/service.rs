use super::body::{NewUser, PatchUser, User};
use super::store::{self, NewRow};
pub use super::store::{Account, Filter, hold_active, password_hash};
use crate::auth::actor::{Context, user_name};
use crate::auth::permission::Permission;
use crate::auth::sessions::service::{EndReason, end_all};
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::platform::http::Precondition;
use crate::types::fault::Faults;
use crate::types::free_data;
use crate::types::id::{OrganizationId, UserId};
use crate::types::page::{Page, encode_cursor};
use diesel::pg::PgConnection;
use serde_json::json;
use uuid::Uuid;

const WHAT: &str = "user";

/// A password as it is stored.
#[derive(Clone)]
pub struct HashedPassword {
    pub hash: String,
    /// Made here for one login, after which its owner sets an own one.
    pub one_time: bool,
}

/// A user after a change, and the sessions that the change has ended.
pub struct Changed {
    pub user: User,
    pub ended: Vec<Uuid>,
}

/// Creates a user.
pub fn create(connection: &mut PgConnection, context: &Context, new: &NewUser, password: &HashedPassword) -> Result<User, Error> {
    new.check()?;
    let row = NewRow {
        id: UserId::generate(),
        email: &new.email,
        name: &new.name,
        role: new.role,
        password_hash: &password.hash,
        password_change_required: password.one_time,
        external_ids: &new.external_ids,
        metadata: &new.metadata,
    };
    let user = store::insert(connection, context, &row)?;
    tell(connection, context, "user.created", &user)?;
    Ok(user)
}

pub fn get(connection: &mut PgConnection, organization_id: OrganizationId, id: UserId) -> Result<User, Error> {
    store::find(connection, organization_id, id)?.ok_or(Error::not_found(WHAT))
}

/// One page, oldest first; `after` is the id of the last row of the page before.
pub fn list(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &Filter,
    after: Option<UserId>,
    limit: usize,
) -> Result<Page<User>, Error> {
    let rows = store::page(connection, organization_id, filter, after, limit as i64 + 1)?;
    let filters = list_filters(filter);
    Ok(Page::cut(rows, limit, |row| encode_cursor(&filters, &[row.id.to_string()])))
}

/// What a cursor of this list is bound to.
pub fn list_filters(filter: &Filter) -> String {
    format!("users {filter:?}")
}

pub fn patch(
    connection: &mut PgConnection,
    context: &Context,
    id: UserId,
    patch: &PatchUser,
    precondition: &Precondition,
) -> Result<Changed, Error> {
    patch.check()?;
    let admins = if patch.role.is_some() { store::lock_admins(connection, context.organization_id)? } else { vec![] };
    let current = lock(connection, context, id, precondition)?;
    let mut wanted = current.clone();
    wanted.email.clone_from(patch.email.as_ref().unwrap_or(&current.email));
    wanted.name.clone_from(patch.name.as_ref().unwrap_or(&current.name));
    wanted.role = patch.role.unwrap_or(current.role);
    let mut faults = Faults::new();
    free_data::patch((&mut wanted.external_ids, &mut wanted.metadata), (&patch.external_ids, &patch.metadata), &mut faults);
    faults.into_result()?;
    if wanted == current {
        return Ok(Changed { user: current, ended: vec![] });
    }
    let mut ended = vec![];
    if wanted.role != current.role {
        not_oneself(context, id, "change the role of")?;
        still_admin(&admins, context)?;
        ended = end_all(connection, context.organization_id, id, None, EndReason::RoleChanged, context.now)?;
    }
    let user = store::update(connection, context, &wanted)?;
    tell(connection, context, "user.updated", &user)?;
    Ok(Changed { user, ended })
}

/// Shuts a user out. Disabling twice is no fault and changes nothing.
pub fn disable(connection: &mut PgConnection, context: &Context, id: UserId, precondition: &Precondition) -> Result<Changed, Error> {
    let admins = store::lock_admins(connection, context.organization_id)?;
    let current = lock(connection, context, id, precondition)?;
    if !current.active {
        return Ok(Changed { user: current, ended: vec![] });
    }
    not_oneself(context, id, "disable")?;
    still_admin(&admins, context)?;
    let user = store::set_active(connection, context, id, false)?;
    let ended = end_all(connection, context.organization_id, id, None, EndReason::UserDisabled, context.now)?;
    tell(connection, context, "user.disabled", &user)?;
    Ok(Changed { user, ended })
}

/// Lets a user in again, who then logs in anew.
pub fn enable(connection: &mut PgConnection, context: &Context, id: UserId, precondition: &Precondition) -> Result<User, Error> {
    let current = lock(connection, context, id, precondition)?;
    if current.active {
        return Ok(current);
    }
    let user = store::set_active(connection, context, id, true)?;
    tell(connection, context, "user.enabled", &user)?;
    Ok(user)
}

/// Replaces a password and ends the logins that were made with the one until now, but `but`: that of its owner, who is changing it.
pub fn set_password(
    connection: &mut PgConnection,
    context: &Context,
    id: UserId,
    password: &HashedPassword,
    but: Option<Uuid>,
    precondition: &Precondition,
) -> Result<Changed, Error> {
    let current = lock(connection, context, id, precondition)?;
    if !current.active {
        return Err(Error::invalid_transition("disabled", "password", &["enable"]));
    }
    let user = store::set_password(connection, context, id, &password.hash, password.one_time)?;
    let ended = end_all(connection, context.organization_id, id, but, EndReason::PasswordChanged, context.now)?;
    tell(connection, context, "user.password_changed", &user)?;
    Ok(Changed { user, ended })
}

/// An administrator who shuts himself out may leave nobody who could let him in again.
fn not_oneself(context: &Context, id: UserId, what: &str) -> Result<(), Error> {
    if context.actor == user_name(id.0) {
        return Err(Error::conflict("own_account", format!("nobody can {what} the own account; ask another administrator")));
    }
    Ok(())
}

/// Two who shut each other out at one moment must not both succeed: the second one is no administrator any more.
fn still_admin(admins: &[UserId], context: &Context) -> Result<(), Error> {
    let is_user = context.actor.starts_with("user:");
    if is_user && !admins.iter().any(|admin| context.actor == user_name(admin.0)) {
        return Err(Error::InsufficientScope { scope: Permission::ADMIN.scope().to_owned() });
    }
    Ok(())
}

fn lock(connection: &mut PgConnection, context: &Context, id: UserId, precondition: &Precondition) -> Result<User, Error> {
    let current = store::lock(connection, context.organization_id, id)?.ok_or(Error::not_found(WHAT))?;
    precondition.check(current.version)?;
    Ok(current)
}

fn tell(connection: &mut PgConnection, context: &Context, event_type: &'static str, user: &User) -> Result<(), Error> {
    let data = json!({ "email": user.email, "name": user.name, "role": user.role, "active": user.active, "version": user.version });
    Ok(events::append(connection, context, &[NewEvent::of(event_type, "user", user.id.0, data)])?)
}
