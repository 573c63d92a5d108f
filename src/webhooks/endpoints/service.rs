use super::body::{DisabledReason, IssuedWebhookEndpoint, NewWebhookEndpoint, Owner, PatchWebhookEndpoint, WebhookEndpoint};
use super::store::{self, Change};
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::{self, event::NewEvent, feed};
use crate::platform::http::Precondition;
use crate::types::id::{OrganizationId, WebhookEndpointId};
use crate::types::page::{Changed, Page, encode_cursor};
use crate::webhooks::deliveries::body::WebhookDelivery;
use crate::webhooks::deliveries::store as deliveries;
use crate::webhooks::signature::{PREVIOUS_SIGNS_FOR, new_secret};
use crate::webhooks::subscription::TEST;
use diesel::pg::PgConnection;
use serde_json::json;

const WHAT: &str = "webhook endpoint";
/// Each event is looked at for each of them.
const MOST: i64 = 50;
/// What a cursor of the list is bound to.
pub const LIST: &str = "webhook_endpoints";

/// Creates an endpoint with a fresh secret. It gets what happens from now on.
pub fn create(
    connection: &mut PgConnection,
    context: &Context,
    owner: &Owner,
    id: WebhookEndpointId,
    new: &NewWebhookEndpoint,
) -> Result<IssuedWebhookEndpoint, Error> {
    new.check(owner)?;
    let secret = new_secret()?;
    let since = feed::last_position(connection)?;
    store::begin_following(connection, context.organization_id, since)?;
    if store::count(connection, context.organization_id)? >= MOST {
        return Err(Error::conflict("too_many_endpoints", format!("an organization has {MOST} webhook endpoints at most; delete one")));
    }
    let active = new.active.unwrap_or(true);
    let endpoint = store::insert(connection, context, owner, id, &new.url, &new.event_types, active, &secret, since)?;
    tell(connection, context, "webhook_endpoint.created", &endpoint)?;
    Ok(IssuedWebhookEndpoint { secret, endpoint })
}

pub fn get(connection: &mut PgConnection, organization_id: OrganizationId, id: WebhookEndpointId) -> Result<WebhookEndpoint, Error> {
    store::find(connection, organization_id, id)?.ok_or(Error::not_found(WHAT))
}

/// One page, oldest first.
pub fn list(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    changed: &Changed,
    after: Option<WebhookEndpointId>,
) -> Result<Page<WebhookEndpoint>, Error> {
    let rows = store::page(connection, organization_id, changed.updated_from, after, changed.limit as i64 + 1)?;
    Ok(Page::cut(rows, changed.limit, |row| encode_cursor(&changed.fingerprint, &[row.id.to_string()])))
}

/// Changes what is sent where. Whoever does is the endpoint's owner from then on, so that nobody sends himself what only another
/// may read.
pub fn patch(
    connection: &mut PgConnection,
    context: &Context,
    owner: &Owner,
    id: WebhookEndpointId,
    patch: &PatchWebhookEndpoint,
    precondition: &Precondition,
) -> Result<WebhookEndpoint, Error> {
    patch.check(owner)?;
    let current = lock(connection, context, id, precondition)?;
    let all = vec![];
    let change = Change {
        url: patch.url.as_ref().unwrap_or(&current.url),
        event_types: patch.event_types.as_ref().map_or(&current.event_types, |types| types.as_ref().unwrap_or(&all)),
        active: patch.active.unwrap_or(current.active),
    };
    if (change.url, change.event_types, change.active) == (&current.url, &current.event_types, current.active) {
        return Ok(current);
    }
    let begins = change.active && !current.active;
    let since = if begins {
        let since = feed::last_position(connection)?;
        store::begin_following(connection, context.organization_id, since)?;
        Some(since)
    } else {
        None
    };
    let endpoint = store::update(connection, context, owner, id, &change, since)?;
    let event_type = if current.active && !endpoint.active { "webhook_endpoint.disabled" } else { "webhook_endpoint.updated" };
    tell(connection, context, event_type, &endpoint)?;
    Ok(endpoint)
}

/// Gives an endpoint a fresh secret. For a day both sign, so that a receiver changes over without a gap.
pub fn rotate_secret(
    connection: &mut PgConnection,
    context: &Context,
    id: WebhookEndpointId,
    precondition: &Precondition,
) -> Result<IssuedWebhookEndpoint, Error> {
    lock(connection, context, id, precondition)?;
    let secret = new_secret()?;
    let endpoint = store::replace_secret(connection, context, id, &secret, context.now + PREVIOUS_SIGNS_FOR)?;
    tell(connection, context, "webhook_endpoint.secret_rotated", &endpoint)?;
    Ok(IssuedWebhookEndpoint { secret, endpoint })
}

/// Forgets an endpoint: nothing more is sent, and its deliveries go with it.
pub fn delete(connection: &mut PgConnection, context: &Context, id: WebhookEndpointId, precondition: &Precondition) -> Result<(), Error> {
    lock(connection, context, id, precondition)?;
    let endpoint = store::mark_deleted(connection, context, id)?;
    tell(connection, context, "webhook_endpoint.deleted", &endpoint)
}

/// Sends an event that says nothing but that it is one.
pub fn test(connection: &mut PgConnection, context: &Context, id: WebhookEndpointId) -> Result<WebhookDelivery, Error> {
    let endpoint = get(connection, context.organization_id, id)?;
    check_active(&endpoint)?;
    let data = json!({ "message": "This is a test. Your endpoint works.", "url": endpoint.url });
    events::append(connection, context, &[NewEvent::of(TEST, "webhook_endpoint", id.0, data)])?;
    let sequence = feed::last_own(connection)?;
    Ok(deliveries::insert_one(connection, context, id, sequence, TEST)?)
}

/// 409 `endpoint_inactive` where nothing would be sent.
pub fn check_active(endpoint: &WebhookEndpoint) -> Result<(), Error> {
    if endpoint.active {
        return Ok(());
    }
    let reason = endpoint.disabled_reason.map_or("by_request", DisabledReason::as_str);
    let detail = "nothing is sent to an endpoint that is disabled; enable it first with PATCH {\"active\": true}";
    Err(Error::conflict_with("endpoint_inactive", detail, json!({ "disabled_reason": reason })))
}

/// Disables endpoints by what came of their deliveries, or of their owners, and tells of each.
pub fn disable(connection: &mut PgConnection, context: &Context, ids: &[WebhookEndpointId], reason: DisabledReason) -> Result<(), Error> {
    for endpoint in store::disable(connection, context, ids, reason)? {
        log::warn!(endpoint:% = endpoint.id, reason = reason.as_str(); "a webhook endpoint is disabled");
        tell(connection, context, "webhook_endpoint.disabled", &endpoint)?;
    }
    Ok(())
}

fn lock(
    connection: &mut PgConnection,
    context: &Context,
    id: WebhookEndpointId,
    precondition: &Precondition,
) -> Result<WebhookEndpoint, Error> {
    let current = store::lock(connection, context.organization_id, id)?.ok_or(Error::not_found(WHAT))?;
    precondition.check(current.version)?;
    Ok(current)
}

fn tell(connection: &mut PgConnection, context: &Context, event_type: &'static str, endpoint: &WebhookEndpoint) -> Result<(), Error> {
    let data = json!({
        "url": endpoint.url, "event_types": endpoint.event_types, "active": endpoint.active,
        "disabled_reason": endpoint.disabled_reason, "failing_since": endpoint.failing_since, "version": endpoint.version,
    });
    Ok(events::append(connection, context, &[NewEvent::of(event_type, "webhook_endpoint", endpoint.id.0, data)])?)
}
