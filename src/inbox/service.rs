use super::body::{DiscardInboundMessage, InboundContent, InboundMessage, RetryInboundMessage};
use super::message::{InboundMessageStatus, NewMessage, RETENTION_DAYS, Reason};
use super::store;
use crate::auth::actor::Context;
use crate::auth::permission::Permission;
use crate::channels::Channel;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::platform::db::Db;
use crate::platform::http::Precondition;
use crate::platform::keyset::Slice;
use crate::platform::limits;
use crate::types::fault::Faults;
use crate::types::id::{InboundMessageId, OrganizationId};
use crate::types::page::{Page, encode_cursor};
use crate::types::text::check_prose;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use serde_json::json;

pub use super::store::Filter;

const WHAT: &str = "inbound message";

/// Stores a message that has proved that it may speak here, once; its id, and whether it is new.
pub fn take(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    channel: &Channel,
    message: &NewMessage,
    now: DateTime<Utc>,
) -> Result<(InboundMessageId, bool), Error> {
    take_delivery(connection, organization_id, channel, message, None, now)
}

/// As [`take`], of a platform whose signed delivery ids tell messages of the same body apart.
pub fn take_delivery(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    channel: &Channel,
    message: &NewMessage,
    delivery_id: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(InboundMessageId, bool), Error> {
    let mut key = message.delivery_key(delivery_id);
    loop {
        if let Some(id) = store::insert(connection, organization_id, channel.id, message, &key, now)? {
            let context = Context::job(organization_id, "inbox", now);
            let data = json!({ "channel": channel.code, "topic": message.topic, "external_id": message.external_id });
            tell(connection, &context, "inbound_message.received", id, data)?;
            return Ok((id, true));
        }
        let known = store::of_content(connection, organization_id, channel.id, &key)?;
        let known = known.ok_or_else(|| Error::internal("a message is neither new nor known"))?;
        match message.key_after(known) {
            Some(after) if store::is_overtaken(connection, organization_id, known)? => key = after,
            _ => return Ok((known, false)),
        }
    }
}

pub fn get(connection: &mut PgConnection, organization_id: OrganizationId, id: InboundMessageId) -> Result<InboundMessage, Error> {
    let found = store::find(connection, organization_id, id)?.ok_or(Error::not_found(WHAT))?;
    Ok(InboundMessage::of(found)?)
}

pub fn content(connection: &mut PgConnection, organization_id: OrganizationId, id: InboundMessageId) -> Result<InboundContent, Error> {
    let found = store::content(connection, organization_id, id)?.ok_or(Error::not_found(WHAT))?;
    Ok(InboundContent::of(found)?)
}

pub fn list(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &Filter,
    slice: &Slice<InboundMessageId>,
) -> Result<Page<InboundMessage>, Error> {
    let rows = store::page(connection, organization_id, filter, slice)?;
    let rows = rows.into_iter().map(InboundMessage::of).collect::<Result<Vec<_>, _>>()?;
    Ok(Page::cut(rows, slice.limit, |row| encode_cursor(&slice.filters, &[slice.sort.key(row.updated_at, None), row.id.to_string()])))
}

/// Tries a message again now: one that waits or was rejected, as it came or with a corrected body.
pub fn retry(
    connection: &mut PgConnection,
    context: &Context,
    id: InboundMessageId,
    body: &RetryInboundMessage,
    precondition: &Precondition,
) -> Result<InboundMessage, Error> {
    let edited = edited_body(body)?;
    let current = store::lock(connection, context.organization_id, id)?.ok_or(Error::not_found(WHAT))?;
    if edited.is_some() && current.kind.tells_money() {
        // What the shop says of payments is believed: whoever speaks in its place books them.
        context.require(Permission::PAYMENTS_WRITE)?;
    }
    precondition.check(current.version)?;
    if !matches!(current.status, InboundMessageStatus::Received | InboundMessageStatus::Rejected) {
        return Err(Error::invalid_transition(current.status.as_str(), "retry", &[]));
    }
    if current.emptied_at.is_some() && edited.is_none() {
        let detail = "its content was emptied, since the time is over for which it is kept; give a body to work in instead";
        return Err(Error::conflict("content_emptied", detail));
    }
    store::retry(connection, context, (id, current.channel_id), edited.as_deref())?;
    tell(connection, context, "inbound_message.retry_requested", id, json!({ "edited": edited.is_some() }))?;
    get(connection, context.organization_id, id)
}

fn edited_body(body: &RetryInboundMessage) -> Result<Option<Vec<u8>>, Error> {
    let edited = match (&body.text, &body.base64) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => return Err(Error::invalid("", "exactly_one_of", "give text or base64, not both")),
        (Some(text), None) => text.clone().into_bytes(),
        (None, Some(text)) => {
            STANDARD.decode(text).map_err(|_| Error::invalid("/base64", "invalid_base64", "write the body in base64 (RFC 4648)"))?
        }
    };
    if edited.is_empty() || edited.len() > limits::BODY_BYTES {
        return Err(Error::invalid("", "out_of_range", format!("a corrected body has 1 to {} bytes", limits::BODY_BYTES)));
    }
    Ok(Some(edited))
}

/// Puts a message aside: nothing will become of it.
pub fn discard(
    connection: &mut PgConnection,
    context: &Context,
    id: InboundMessageId,
    body: &DiscardInboundMessage,
    precondition: &Precondition,
) -> Result<InboundMessage, Error> {
    let mut faults = Faults::new();
    check_prose(&mut faults, "/detail", &body.detail, 500);
    faults.into_result()?;
    let current = store::lock(connection, context.organization_id, id)?.ok_or(Error::not_found(WHAT))?;
    precondition.check(current.version)?;
    if !matches!(current.status, InboundMessageStatus::Received | InboundMessageStatus::Rejected) {
        return Err(Error::invalid_transition(current.status.as_str(), "discard", &[]));
    }
    store::discard(connection, context, id, &Reason::new("discarded", &body.detail, ""))?;
    tell(connection, context, "inbound_message.discarded", id, json!({ "detail": body.detail }))?;
    get(connection, context.organization_id, id)
}

/// Empties what has been kept for long enough, of every organization; how many messages. It comes to an end soon, since other jobs wait
/// for it: what is left is the next call's.
pub fn empty(db: &Db, now: DateTime<Utc>) -> Result<usize, Error> {
    const STEPS: usize = 20;
    // Of long mails one step takes a while.
    const BATCH: i64 = 50;
    let mut all = 0;
    for _ in 0..STEPS {
        let emptied = db.write_blocking(|connection| Ok(store::empty(connection, now, RETENTION_DAYS, BATCH)?))?;
        all += emptied;
        if emptied == 0 || db.is_stopping() {
            break;
        }
    }
    Ok(all)
}

fn tell(
    connection: &mut PgConnection,
    context: &Context,
    event_type: &'static str,
    id: InboundMessageId,
    data: serde_json::Value,
) -> Result<(), Error> {
    Ok(events::append(connection, context, &[NewEvent::of(event_type, "inbound_message", id.0, data)])?)
}
