use super::body::{Channel, ChannelCredentials, IssuedChannelSecret, NewChannel, PatchChannel, RotateChannelAddress, RotateChannelSecret};
use super::platform::Listening;
use super::store;
use super::turns;
use crate::auth::actor::Context;
use crate::catalog::products::named::named;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::platform::http::Precondition;
use crate::types::id::{ChannelId, OrganizationId};
use crate::types::page::{Page, encode_cursor};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::QueryResult;
use diesel::pg::PgConnection;
use serde_json::json;
use std::collections::BTreeMap;
use uuid::Uuid;

const WHAT: &str = "channel";

/// Which channels a list shows.
#[derive(Clone, Debug, Default)]
pub struct Filters {
    pub code: Option<String>,
    pub external_ids: BTreeMap<String, String>,
    pub updated_from: Option<DateTime<Utc>>,
}

impl Filters {
    /// What a cursor of this list is bound to.
    pub fn fingerprint(&self) -> String {
        format!("channels {self:?}")
    }
}

/// The channel that orders name by `code`, active or not.
pub fn find(connection: &mut PgConnection, organization_id: OrganizationId, code: &str) -> Result<Option<Channel>, Error> {
    Ok(store::find_by_code(connection, organization_id, code)?)
}

/// The channel of this id, for those who work in its name.
pub fn of_id(connection: &mut PgConnection, organization_id: OrganizationId, id: ChannelId) -> QueryResult<Option<Channel>> {
    store::find(connection, organization_id, id)
}

/// The channel that listens at an address, with its secrets.
pub fn listening(connection: &mut PgConnection, inbound_id: Uuid, now: DateTime<Utc>) -> Result<Option<Listening>, Error> {
    Ok(store::listening(connection, inbound_id, now)?)
}

/// What the platform's own API is called with.
pub fn credentials(connection: &mut PgConnection, organization_id: OrganizationId, id: ChannelId) -> Result<ChannelCredentials, Error> {
    Ok(store::credentials(connection, organization_id, id)?)
}

/// Puts another secret in place.
pub fn rotate_secret(
    connection: &mut PgConnection,
    context: &Context,
    id: ChannelId,
    body: &RotateChannelSecret,
    precondition: &Precondition,
) -> Result<IssuedChannelSecret, Error> {
    let seconds = body.check()?;
    let current = store::lock(connection, context.organization_id, id)?.ok_or(Error::not_found(WHAT))?;
    precondition.check(current.version)?;
    let made = if body.secret.is_none() { Some(new_secret()?) } else { None };
    let secret = body.secret.as_ref().or(made.as_ref()).map(String::as_str).unwrap_or_default();
    let channel = store::set_secret(connection, context, id, secret, context.now + TimeDelta::seconds(seconds))?;
    append_event(connection, context, "channel.secret_rotated", &channel)?;
    Ok(IssuedChannelSecret { secret: made, channel })
}

/// `whsec_` and 32 random bytes in base64, the form of Standard Webhooks.
fn new_secret() -> Result<String, Error> {
    let mut bytes = [0u8; 32];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Error::internal("no randomness"))?;
    Ok(format!("whsec_{}", STANDARD.encode(bytes)))
}

/// Puts another address in place.
pub fn rotate_address(
    connection: &mut PgConnection,
    context: &Context,
    id: ChannelId,
    body: &RotateChannelAddress,
    precondition: &Precondition,
) -> Result<Channel, Error> {
    let seconds = body.check()?;
    let current = store::lock(connection, context.organization_id, id)?.ok_or(Error::not_found(WHAT))?;
    precondition.check(current.version)?;
    let channel = store::set_address(connection, context, id, context.now + TimeDelta::seconds(seconds))?;
    append_event(connection, context, "channel.address_rotated", &channel)?;
    Ok(channel)
}

/// 409 `channel_code_taken` where there is one of this code.
pub fn create(connection: &mut PgConnection, context: &Context, new: &NewChannel) -> Result<Channel, Error> {
    new.check()?;
    check_fee_sku(connection, context.organization_id, new.settings.as_ref().and_then(|settings| settings.fee_sku.as_deref()))?;
    let channel = store::insert(connection, context, ChannelId::generate(), new)?;
    append_event(connection, context, "channel.created", &channel)?;
    Ok(channel)
}

/// 422 `unknown_sku` where there is no such product: orders with fees would wait for it.
fn check_fee_sku(connection: &mut PgConnection, organization_id: OrganizationId, sku: Option<&str>) -> Result<(), Error> {
    let Some(sku) = sku else { return Ok(()) };
    let known = named(connection, organization_id, &[sku], &[])?;
    match known.sku(Some(sku), None) {
        Some(known) if known == sku => Ok(()),
        _ => Err(Error::invalid("/settings/fee_sku", "unknown_sku", "no product with this SKU; make one of kind charge first")),
    }
}

pub fn get(connection: &mut PgConnection, organization_id: OrganizationId, id: ChannelId) -> Result<Channel, Error> {
    store::find(connection, organization_id, id)?.ok_or(Error::not_found(WHAT))
}

/// One page, oldest first; `after` is the id of the last row of the page before.
pub fn list(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filters: &Filters,
    after: Option<ChannelId>,
    limit: usize,
) -> Result<Page<Channel>, Error> {
    let rows = store::page(connection, organization_id, filters, after, limit as i64 + 1)?;
    let fingerprint = filters.fingerprint();
    Ok(Page::cut(rows, limit, |row| encode_cursor(&fingerprint, &[row.id.to_string()])))
}

/// Changes what the patch names; one that changes nothing leaves the version.
pub fn patch(
    connection: &mut PgConnection,
    context: &Context,
    id: ChannelId,
    patch: &PatchChannel,
    precondition: &Precondition,
) -> Result<Channel, Error> {
    let current = store::lock(connection, context.organization_id, id)?.ok_or(Error::not_found(WHAT))?;
    precondition.check(current.version)?;
    let wanted = current.patched(patch)?;
    if wanted.settings.fee_sku != current.settings.fee_sku {
        check_fee_sku(connection, context.organization_id, wanted.settings.fee_sku.as_deref())?;
    }
    if wanted == current && patch.credentials.is_none() {
        return Ok(current);
    }
    // Whoever may say where they are sent to must know them.
    if wanted.settings.called_at() != current.settings.called_at() && !current.credentials.is_empty() && patch.credentials.is_none() {
        let detail = "another address would be sent the credentials of this one; give credentials again in the same request";
        return Err(Error::invalid("/credentials", "credentials_required", detail));
    }
    let mut channel = if wanted == current { current } else { store::update(connection, context, &wanted)? };
    if let Some(credentials) = &patch.credentials {
        channel = store::set_credentials(connection, context, id, credentials)?;
    }
    turns::wait_no_more(connection, context.organization_id, id)?;
    append_event(connection, context, "channel.updated", &channel)?;
    Ok(channel)
}

/// Settings stay out of it: those of a connector may hold what only its own side should know.
fn append_event(connection: &mut PgConnection, context: &Context, event_type: &'static str, channel: &Channel) -> Result<(), Error> {
    let data = json!({
        "code": channel.code, "kind": channel.kind, "name": channel.name, "active": channel.active, "version": channel.version,
    });
    Ok(events::append(connection, context, &[NewEvent::of(event_type, "channel", channel.id.0, data)])?)
}
