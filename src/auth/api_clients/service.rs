use super::body::{ApiClient, IssuedApiClient, NewApiClient, PatchApiClient, RotateApiClient};
use super::store;
use crate::auth::actor::Context;
use crate::auth::authenticator::Authenticator;
use crate::auth::secret::Secret;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::platform::db::Db;
use crate::platform::http::Precondition;
use crate::types::id::{ApiClientId, OrganizationId};
use crate::types::page::{Page, encode_cursor};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use serde_json::json;

const WHAT: &str = "API client";

/// Creates a client with a fresh secret, which the answer alone holds in clear.
pub fn create(connection: &mut PgConnection, context: &Context, new: &NewApiClient) -> Result<IssuedApiClient, Error> {
    new.check()?;
    let secret = Secret::generate()?;
    let client = store::insert(connection, context, ApiClientId::generate(), new, &secret.hash())?;
    append_event(connection, context, "api_client.created", &client)?;
    Ok(issued(client, secret))
}

pub fn get(connection: &mut PgConnection, organization_id: OrganizationId, id: ApiClientId) -> Result<ApiClient, Error> {
    store::find(connection, organization_id, id)?.ok_or(Error::not_found(WHAT))
}

/// One page, oldest first; `after` is the id of the last row of the page before.
pub fn list(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    updated_from: Option<DateTime<Utc>>,
    after: Option<ApiClientId>,
    limit: usize,
) -> Result<Page<ApiClient>, Error> {
    let rows = store::page(connection, organization_id, updated_from, after, limit as i64 + 1)?;
    let filters = list_filters(updated_from);
    Ok(Page::cut(rows, limit, |row| encode_cursor(&filters, &[row.id.to_string()])))
}

/// What a cursor of this list is bound to.
pub fn list_filters(updated_from: Option<DateTime<Utc>>) -> String {
    format!("api_clients {updated_from:?}")
}

pub fn patch(
    connection: &mut PgConnection,
    context: &Context,
    id: ApiClientId,
    patch: &PatchApiClient,
    precondition: &Precondition,
) -> Result<ApiClient, Error> {
    patch.check()?;
    let current = lock(connection, context, id, precondition)?;
    match &patch.name {
        Some(name) if *name != current.name => {
            let client = store::rename(connection, context, id, name)?;
            append_event(connection, context, "api_client.updated", &client)?;
            Ok(client)
        }
        Some(_) | None => Ok(current),
    }
}

/// Shuts a client out. Disabling twice is no fault and changes nothing.
pub fn disable(connection: &mut PgConnection, context: &Context, id: ApiClientId, precondition: &Precondition) -> Result<ApiClient, Error> {
    let current = lock(connection, context, id, precondition)?;
    if !current.active {
        return Ok(current);
    }
    let client = store::disable(connection, context, id)?;
    append_event(connection, context, "api_client.disabled", &client)?;
    Ok(client)
}

/// Gives a client a fresh secret. The one until now opens for as long as `rotation` says; an older one no more.
pub fn rotate(
    connection: &mut PgConnection,
    context: &Context,
    id: ApiClientId,
    rotation: &RotateApiClient,
    precondition: &Precondition,
) -> Result<IssuedApiClient, Error> {
    rotation.check()?;
    let current = lock(connection, context, id, precondition)?;
    if !current.active {
        return Err(Error::invalid_transition("disabled", "rotate", &[]));
    }
    let secret = Secret::generate()?;
    let seconds = rotation.previous_valid_for_seconds.unwrap_or(0);
    let previous_until = (seconds > 0).then(|| context.now + TimeDelta::seconds(seconds));
    let client = store::replace_secret(connection, context, id, &secret.hash(), previous_until)?;
    append_event(connection, context, "api_client.secret_rotated", &client)?;
    Ok(issued(client, secret))
}

/// A job of every few seconds: tells the authenticator who has been disabled, by whichever process. Runs on a thread that may
/// block.
pub fn refresh_disabled(db: &Db, authenticator: &Authenticator) -> Result<(), Error> {
    let ids = db.read_blocking(|connection| Ok(store::disabled_ids(connection)?))?;
    authenticator.disable_all(ids);
    Ok(())
}

fn lock(connection: &mut PgConnection, context: &Context, id: ApiClientId, precondition: &Precondition) -> Result<ApiClient, Error> {
    let current = store::lock(connection, context.organization_id, id)?.ok_or(Error::not_found(WHAT))?;
    precondition.check(current.version)?;
    Ok(current)
}

fn append_event(connection: &mut PgConnection, context: &Context, event_type: &'static str, client: &ApiClient) -> Result<(), Error> {
    let data = json!({ "name": client.name, "role": client.role, "active": client.active, "version": client.version });
    Ok(events::append(connection, context, &[NewEvent::of(event_type, "api_client", client.id.0, data)])?)
}

fn issued(client: ApiClient, secret: Secret) -> IssuedApiClient {
    IssuedApiClient { client_id: client.id, client_secret: secret.reveal(), client }
}
