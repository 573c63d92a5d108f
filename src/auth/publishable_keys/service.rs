use super::body::{NewPublishableKey, PatchPublishableKey, PublishableKey};
use super::registry::Holder;
use super::store;
use crate::auth::actor::{Actor, ActorKind, Context};
use crate::auth::authenticator::Authenticator;
use crate::auth::permission::{Permission, Permissions, Role};
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::platform::db::Db;
use crate::platform::http::Precondition;
use crate::types::id::{OrganizationId, PublishableKeyId};
use crate::types::page::{Page, encode_cursor};
use actix_web::http::header::{self, HeaderMap};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use serde_json::json;
use std::net::IpAddr;
use std::sync::Arc;

const WHAT: &str = "publishable key";
/// What a key starts with, so that people see that it is meant to be seen.
const PREFIX: &str = "pk_";
const OPENS: &str = "/v1/checkout/";

/// Creates a key; 422 `unknown_channel`.
pub fn create(
    connection: &mut PgConnection,
    context: &Context,
    id: PublishableKeyId,
    key: &str,
    new: &NewPublishableKey,
) -> Result<PublishableKey, Error> {
    new.check()?;
    let unknown = || Error::invalid("/channel", "unknown_channel", "no channel has this code");
    let key = store::insert(connection, context, id, key, new)?.ok_or_else(unknown)?;
    append_event(connection, context, "publishable_key.created", &key)?;
    Ok(key)
}

/// `pk_` and 24 random bytes in base64url.
pub fn generate() -> Result<String, Error> {
    let mut bytes = [0u8; 24];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Error::internal("no randomness"))?;
    Ok(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
}

pub fn get(connection: &mut PgConnection, organization_id: OrganizationId, id: PublishableKeyId) -> Result<PublishableKey, Error> {
    store::find(connection, organization_id, id)?.ok_or(Error::not_found(WHAT))
}

/// One page, oldest first; `after` is the id of the last row of the page before.
pub fn list(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    updated_from: Option<DateTime<Utc>>,
    after: Option<PublishableKeyId>,
    limit: usize,
) -> Result<Page<PublishableKey>, Error> {
    let rows = store::page(connection, organization_id, updated_from, after, limit as i64 + 1)?;
    let filters = list_filters(updated_from);
    Ok(Page::cut(rows, limit, |row| encode_cursor(&filters, &[row.id.to_string()])))
}

/// What a cursor of this list is bound to.
pub fn list_filters(updated_from: Option<DateTime<Utc>>) -> String {
    format!("publishable_keys {updated_from:?}")
}

pub fn patch(
    connection: &mut PgConnection,
    context: &Context,
    id: PublishableKeyId,
    patch: &PatchPublishableKey,
    precondition: &Precondition,
) -> Result<PublishableKey, Error> {
    patch.check()?;
    let current = lock(connection, context, id, precondition)?;
    let mut wanted = current.clone();
    if let Some(name) = &patch.name {
        wanted.name.clone_from(name);
    }
    if let Some(origins) = &patch.origins {
        wanted.origins.clone_from(origins);
    }
    wanted.reservation_limit = patch.reservation_limit.unwrap_or(wanted.reservation_limit);
    wanted.reservation_limit_per_address = patch.reservation_limit_per_address.unwrap_or(wanted.reservation_limit_per_address);
    if wanted == current {
        return Ok(current);
    }
    let key = store::update(connection, context, &wanted)?;
    append_event(connection, context, "publishable_key.updated", &key)?;
    Ok(key)
}

/// Disables a key; one that is disabled stays so.
pub fn disable(
    connection: &mut PgConnection,
    context: &Context,
    id: PublishableKeyId,
    precondition: &Precondition,
) -> Result<PublishableKey, Error> {
    let current = lock(connection, context, id, precondition)?;
    if !current.active {
        return Ok(current);
    }
    let key = store::update(connection, context, &PublishableKey { active: false, ..current })?;
    append_event(connection, context, "publishable_key.disabled", &key)?;
    Ok(key)
}

fn lock(
    connection: &mut PgConnection,
    context: &Context,
    id: PublishableKeyId,
    precondition: &Precondition,
) -> Result<PublishableKey, Error> {
    let key = store::lock(connection, context.organization_id, id)?.ok_or(Error::not_found(WHAT))?;
    precondition.check(key.version)?;
    Ok(key)
}

fn append_event(connection: &mut PgConnection, context: &Context, event_type: &'static str, key: &PublishableKey) -> Result<(), Error> {
    let data = json!({ "name": key.name, "channel": key.channel, "origins": key.origins, "active": key.active });
    let event = NewEvent::of(event_type, "publishable_key", key.id.0, data);
    Ok(events::append(connection, context, &[event])?)
}

/// Part of the job that tells the authenticator what has changed.
pub fn refresh(db: &Db, authenticator: &Authenticator) -> Result<(), Error> {
    let holders = db.read_blocking(|connection| Ok(store::active(connection)?))?;
    authenticator.publishable_keys.replace(holders);
    Ok(())
}

/// The publishable key among the headers, if that is what the caller shows.
pub fn shown(headers: &HeaderMap) -> Option<&str> {
    let (scheme, key) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let key = key.trim();
    (scheme.eq_ignore_ascii_case("bearer") && key.starts_with(PREFIX) && key.len() <= 100).then_some(key)
}

/// The storefront behind a key: 401 for a key that is none, 403 where it does not open this path or is used from another origin,
/// 429 past the rate limit of the key and address, or of unknown keys of an address.
pub async fn authenticate(
    db: &Db,
    authenticator: &Authenticator,
    (path, headers, address): (&str, &HeaderMap, Option<IpAddr>),
    key: &str,
) -> Result<(Actor, Arc<Holder>), Error> {
    let holder = match authenticator.publishable_keys.find(key) {
        Some(holder) => holder,
        None => {
            authenticator.check_key_lookups(address)?;
            let asked = key.to_owned();
            let found = db.read(move |connection| Ok(store::by_key(connection, &asked)?)).await?;
            let unknown = || Error::Unauthenticated { detail: "this publishable key is unknown or disabled".to_owned() };
            authenticator.publishable_keys.put(found.ok_or_else(unknown)?)
        }
    };
    if !path.starts_with(OPENS) {
        let detail = format!("a publishable key opens {OPENS} alone; get a token for the rest");
        return Err(Error::Forbidden { code: "publishable_key", detail });
    }
    let origin = headers.get(header::ORIGIN).map(|origin| origin.as_bytes()).unwrap_or_default();
    if !holder.key.origins.iter().any(|allowed| allowed.as_bytes() == origin) {
        let detail = "the request's Origin is none of those that the key is bound to".to_owned();
        return Err(Error::Forbidden { code: "origin_not_allowed", detail });
    }
    authenticator.check_checkout_rate(holder.key.id.0, address)?;
    let actor = Actor {
        organization_id: holder.organization_id,
        kind: ActorKind::PublishableKey,
        id: holder.key.id.0,
        role: Role::Storefront,
        permissions: Permissions::of(&[Permission::CHECKOUT]),
        session_id: None,
    };
    Ok((actor, holder))
}
