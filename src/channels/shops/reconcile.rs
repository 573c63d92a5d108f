//! Asks each shop for the orders that it has changed since the last time, and puts those in the inbox that its hooks have not brought.

use super::store::{self, Asking};
use super::{Changed, shop_api};
use crate::channels::platforms::RECONCILIATION;
use crate::channels::platforms::api_client::ApiError;
use crate::channels::{self, service};
use crate::error::Error;
use crate::inbox::{NewMessage, Proof, service as inbox};
use crate::platform::db::Db;
use chrono::{DateTime, TimeDelta, Utc};

/// How often a shop is asked.
const EVERY: TimeDelta = TimeDelta::minutes(10);
/// Hooks that are a moment late are waited for.
const GRACE: TimeDelta = TimeDelta::minutes(2);
const LEASE: TimeDelta = TimeDelta::minutes(5);

/// Asks every shop that is due.
pub fn work(db: &Db, now: &impl Fn() -> DateTime<Utc>) -> Result<(), Error> {
    while let Some(asking) = db.write_blocking(|connection| Ok(store::lease_asking(connection, now(), LEASE)?))? {
        if db.is_stopping() {
            return Ok(());
        }
        ask(db, &asking, now())?;
    }
    Ok(())
}

fn ask(db: &Db, asking: &Asking, now: DateTime<Utc>) -> Result<(), Error> {
    let (organization_id, channel_id) = (asking.organization_id, asking.channel_id);
    let (channel, credentials) = db.read_blocking(|connection| {
        let channel = channels::of_id(connection, organization_id, channel_id)?.ok_or(Error::not_found("channel"))?;
        Ok((channel, service::credentials(connection, organization_id, channel_id)?))
    })?;
    let asked = shop_api(&channel, &credentials, now).and_then(|api| {
        let Some(api) = api else { return Ok((Changed::default(), vec![])) };
        let changed = api.changed_since(asking.asked_through)?;
        let at: Vec<Option<DateTime<Utc>>> = changed.orders.iter().map(|order| api.changed_at(order)).collect();
        Ok((changed, at))
    });
    let (changed, instants) = match asked {
        Ok(asked) => asked,
        Err(error) => {
            log::warn!(channel:% = channel.id; "a shop was not asked for its orders: {error}");
            let again = match &error {
                ApiError::Later { at: Some(at), .. } => *at,
                _ => now + EVERY,
            };
            return db.write_blocking(|connection| Ok(store::asked(connection, asking, asking.asked_through, again)?));
        }
    };
    let late = now - GRACE;
    let ripe = changed.orders.iter().zip(&instants).filter(|(_, at)| at.is_some_and(|at| at <= late));
    let through = instants.iter().flatten().filter(|at| **at <= late).max().copied();
    db.write_blocking(|connection| {
        for (order, at) in ripe.clone() {
            let external_id = order.get("id").map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned));
            let Some((external_id, at)) = external_id.zip(*at) else { continue };
            if store::is_told(connection, asking, &external_id, at)? {
                continue;
            }
            let message = NewMessage {
                topic: RECONCILIATION.to_owned(),
                external_id: Some(external_id),
                headers: vec![],
                content_type: "application/json".to_owned(),
                body: order.to_string().into_bytes(),
                proof: Proof::Fetched,
                remote_address: None,
            };
            inbox::take(connection, organization_id, &channel, &message, now)?;
        }
        // A full page that ends where it began would be asked for for ever.
        let stuck = changed.more && through.is_none_or(|through| through <= asking.asked_through);
        let through = through.unwrap_or(asking.asked_through) + if stuck { TimeDelta::seconds(1) } else { TimeDelta::zero() };
        let again = if changed.more { now } else { now + EVERY };
        Ok(store::asked(connection, asking, through.max(asking.asked_through), again)?)
    })
}
