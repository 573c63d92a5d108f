//! From the feed to deliveries: each event is looked at once, and its deliveries are stored in the transaction that moves on.

use super::deliveries::store::{self as deliveries, NewDelivery};
use super::endpoints::body::DisabledReason;
use super::endpoints::service;
use super::endpoints::store;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::follow::{after, settled, with_events_after};
use crate::platform::db::Db;
use crate::platform::one_by_one::one_by_one;
use crate::types::id::{OrganizationId, WebhookEndpointId};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;

/// How many events one transaction looks at.
const WINDOW: i64 = 500;

/// Makes deliveries of all that has happened, in every organization that has an endpoint. How many.
pub fn fan_out(db: &Db, now: DateTime<Utc>, stop: impl Fn() -> bool) -> Result<usize, Error> {
    let waiting = db.read_blocking(|connection| {
        let settled = settled(connection)?;
        let followed = store::cursors(connection)?;
        if followed.is_empty() { Ok(vec![]) } else { Ok(with_events_after(connection, &followed, settled)?) }
    })?;
    one_by_one(waiting, |organization_id| {
        let context = Context::job(organization_id, "send_webhooks", now);
        let mut all = 0;
        while !stop() {
            let (made, more) = db.write_blocking(|connection| fan_out_batch(connection, &context))?;
            all += made;
            if !more {
                break;
            }
        }
        Ok(all)
    })
}

/// The next events of an organization. The cursor's row lock makes one process at a time; where another has it there is nothing to
/// do. The endpoints are read after it is known how far the feed is settled: whatever is settled happened before that look, so an
/// endpoint that was there when it happened is seen.
fn fan_out_batch(connection: &mut PgConnection, context: &Context) -> Result<(usize, bool), Error> {
    let organization_id = context.organization_id;
    let Some(read_through) = store::lock_cursor(connection, organization_id)? else { return Ok((0, false)) };
    let settled = settled(connection)?;
    let (events, through) = after(connection, organization_id, read_through, settled, WINDOW)?;
    if through <= read_through {
        return Ok((0, false));
    }
    let followers = store::followers(connection, organization_id)?;
    let wanted = events.iter().flat_map(|event| {
        let takes = |follower: &&store::Follower| event.sequence > follower.since && follower.subscription.takes(&event.event_type);
        followers.iter().filter(takes).map(move |follower| NewDelivery { endpoint_id: follower.id, event })
    });
    let new: Vec<NewDelivery<'_>> = wanted.collect();
    let made = deliveries::insert(connection, context, &new)?;
    store::move_cursor(connection, organization_id, through)?;
    Ok((made, through < settled))
}

/// Endpoints whose owners have been disabled send nothing more; what waits for a disabled endpoint is skipped.
pub fn settle_disabled(db: &Db, now: DateTime<Utc>) -> Result<usize, Error> {
    const BATCH: i64 = 1_000;
    for (organization_id, ids) in by_organization(db.read_blocking(|connection| Ok(store::without_owner(connection)?))?) {
        let context = Context::job(organization_id, "send_webhooks", now);
        db.write_blocking(|connection| service::disable(connection, &context, &ids, DisabledReason::OwnerDisabled))?;
    }
    let mut all = 0;
    loop {
        let skipped = db.write_blocking(|connection| Ok(deliveries::skip_of_disabled(connection, now, BATCH)?))?;
        all += skipped;
        if (skipped as i64) < BATCH || db.is_stopping() {
            return Ok(all);
        }
    }
}

/// Neighbours of one organization together.
fn by_organization(rows: Vec<(OrganizationId, WebhookEndpointId)>) -> Vec<(OrganizationId, Vec<WebhookEndpointId>)> {
    let mut groups: Vec<(OrganizationId, Vec<WebhookEndpointId>)> = vec![];
    for (organization_id, id) in rows {
        match groups.last_mut() {
            Some((known, ids)) if *known == organization_id => ids.push(id),
            Some(_) | None => groups.push((organization_id, vec![id])),
        }
    }
    groups
}
