use super::body::{Channel, NewChannel, PatchChannel};
use super::store;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::platform::http::Precondition;
use crate::types::id::{ChannelId, OrganizationId};
use crate::types::page::{Page, encode_cursor};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use serde_json::json;

const WHAT: &str = "channel";

/// Which channels a list shows.
#[derive(Clone, Debug, Default)]
pub struct Filters {
    pub code: Option<String>,
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

/// 409 `channel_code_taken` where there is one of this code.
pub fn create(connection: &mut PgConnection, context: &Context, new: &NewChannel) -> Result<Channel, Error> {
    new.check()?;
    let channel = store::insert(connection, context, ChannelId::generate(), new)?;
    append_event(connection, context, "channel.created", &channel)?;
    Ok(channel)
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
    if wanted == current {
        return Ok(current);
    }
    let channel = store::update(connection, context, &wanted)?;
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
