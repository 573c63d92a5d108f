use super::body::{RedeliverStatus, RedeliverWebhooks, WebhookDelivery, WebhookDeliveryWithAttempts, WebhookRedelivery};
use super::store::{self, NewDelivery};
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::follow::{Followed, after as events_after, first_since};
use crate::events::position::Position;
use crate::events::{self, event::NewEvent};
use crate::types::id::{OrganizationId, WebhookDeliveryId, WebhookEndpointId};
use crate::types::page::{Page, encode_cursor};
use crate::webhooks::endpoints::service as endpoints;
use crate::webhooks::endpoints::store as endpoint_store;
use crate::webhooks::purge::KEPT_FOR;
use crate::webhooks::schedule::DeliveryStatus;
use chrono::TimeDelta;
use diesel::pg::PgConnection;
use serde_json::json;

pub use super::store::Filter;

const WHAT: &str = "webhook delivery";
/// Events that one call of a redelivery looks through.
const WINDOW: i64 = 5_000;
/// An event is dated when its request came in, and numbered when it was written: by how much the two orders may differ.
const SKEW: TimeDelta = TimeDelta::minutes(15);

pub fn get(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    id: WebhookDeliveryId,
) -> Result<WebhookDeliveryWithAttempts, Error> {
    let delivery = store::find(connection, organization_id, id)?.ok_or(Error::not_found(WHAT))?;
    let attempts = store::attempts(connection, organization_id, id)?;
    Ok(WebhookDeliveryWithAttempts { delivery, attempts })
}

/// One page, the newest first.
pub fn list(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &Filter,
    filters: &str,
    before: Option<WebhookDeliveryId>,
    limit: usize,
) -> Result<Page<WebhookDelivery>, Error> {
    let rows = store::page(connection, organization_id, filter, before, limit as i64 + 1)?;
    Ok(Page::cut(rows, limit, |row| encode_cursor(filters, &[row.id.to_string()])))
}

/// Sends once more what was sent, could not be, or waits for its time: at once, and with all its tries.
pub fn redeliver(connection: &mut PgConnection, context: &Context, id: WebhookDeliveryId) -> Result<WebhookDelivery, Error> {
    let current = store::lock(connection, context.organization_id, id)?.ok_or(Error::not_found(WHAT))?;
    endpoints::check_active(&endpoints::get(connection, context.organization_id, current.endpoint_id)?)?;
    match current.status {
        DeliveryStatus::Sending => return Err(Error::invalid_transition(current.status.as_str(), "redeliver", &[])),
        DeliveryStatus::Pending | DeliveryStatus::Delivered | DeliveryStatus::Failed | DeliveryStatus::Skipped => {}
    }
    let delivery = store::queue_again(connection, context, id)?;
    let data = json!({ "deliveries": 1, "event_id": delivery.event_id, "event_type": delivery.event_type, "from": null, "to": null });
    tell(connection, context, delivery.endpoint_id, data)?;
    Ok(delivery)
}

/// Sends once more what happened in a time, and what of it had no delivery. It goes by the feed, so that an endpoint that was off
/// gets what it missed.
pub fn redeliver_many(
    connection: &mut PgConnection,
    context: &Context,
    id: WebhookEndpointId,
    asked: &RedeliverWebhooks,
) -> Result<WebhookRedelivery, Error> {
    asked.check()?;
    let organization_id = context.organization_id;
    endpoints::check_active(&endpoints::get(connection, organization_id, id)?)?;
    if asked.from < context.now - KEPT_FOR {
        let detail = "at most 30 days back: what is older is no longer known; GET /v1/events has it";
        return Err(Error::invalid("/from", "out_of_range", detail));
    }
    // What is later becomes deliveries by itself.
    let end = endpoint_store::read_through(connection, organization_id)?.unwrap_or_default();
    let after = match &asked.cursor {
        Some(text) => Position::decode(text).map(|position| position.0).filter(|after| *after <= end),
        None => Some(first_since(connection, organization_id, asked.from - SKEW, end)?),
    };
    let after = after.ok_or_else(|| Error::invalid("/cursor", "invalid_cursor", "take the cursor from next_cursor"))?;
    let (found, through) = events_after(connection, organization_id, after, end, WINDOW)?;
    let over = through >= end || asked.to.is_some_and(|to| found.last().is_some_and(|last| last.occurred_at >= to + SKEW));
    let Some(follower) = endpoint_store::followers(connection, organization_id)?.into_iter().find(|one| one.id == id) else {
        return Err(Error::not_found("webhook endpoint"));
    };
    let wanted = |event: &&Followed| {
        asked.from <= event.occurred_at
            && asked.to.is_none_or(|to| event.occurred_at < to)
            && asked.event_types.as_ref().is_none_or(|types| types.contains(&event.event_type))
            && follower.subscription.takes(&event.event_type)
    };
    let new: Vec<NewDelivery<'_>> = found.iter().filter(wanted).map(|event| NewDelivery { endpoint_id: id, event }).collect();
    let statuses = asked.statuses();
    let missing = statuses.contains(&RedeliverStatus::Missing);
    let again: Vec<&str> = statuses.iter().filter(|status| **status != RedeliverStatus::Missing).map(|status| status.as_str()).collect();
    let queued = store::queue_many(connection, context, &new, &again, missing)?;
    if queued > 0 {
        let data = json!({ "deliveries": queued, "event_id": null, "event_type": null, "from": asked.from, "to": asked.to });
        tell(connection, context, id, data)?;
    }
    Ok(WebhookRedelivery { queued, next_cursor: (!over).then(|| Position(through).encode()) })
}

fn tell(connection: &mut PgConnection, context: &Context, endpoint_id: WebhookEndpointId, data: serde_json::Value) -> Result<(), Error> {
    let event = NewEvent::of("webhook_endpoint.redelivery_requested", "webhook_endpoint", endpoint_id.0, data);
    Ok(events::append(connection, context, &[event])?)
}
