//! Asks each shop for the orders that it has changed since the last time, and puts those in the inbox that its hooks have not brought.
//! Whether a shop is told anything (`write_back`) does not matter: it is asked wherever its API may be called.

use super::asking::{self, Asking};
use super::{ShopApi, shop_api};
use crate::channels::platforms::RECONCILIATION;
use crate::channels::platforms::api_client::ApiError;
use crate::channels::{self, Channel, service};
use crate::error::Error;
use crate::inbox::{NewMessage, Proof, service as inbox};
use crate::platform::db::Db;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use serde_json::Value;

/// How often a shop is asked.
const EVERY: TimeDelta = TimeDelta::minutes(10);
/// Hooks that are a moment late are waited for.
const GRACE: TimeDelta = TimeDelta::minutes(2);
/// Longer than one call and what is done with its answer.
const LEASE: TimeDelta = TimeDelta::minutes(5);

/// Asks every shop that is due.
pub fn work(db: &Db, now: &impl Fn() -> DateTime<Utc>) -> Result<(), Error> {
    db.write_blocking(|connection| Ok(asking::ensure_asked(connection, now())?))?;
    while let Some(asking) = db.write_blocking(|connection| Ok(asking::lease_asking(connection, now(), LEASE)?))? {
        if db.is_stopping() {
            return Ok(());
        }
        ask(db, &asking, now)?;
    }
    Ok(())
}

fn ask(db: &Db, asking: &Asking, now: &impl Fn() -> DateTime<Utc>) -> Result<(), Error> {
    let (organization_id, channel_id) = (asking.organization_id, asking.channel_id);
    let (channel, credentials) = db.read_blocking(|connection| {
        let channel = channels::of_id(connection, organization_id, channel_id)?.ok_or(Error::not_found("channel"))?;
        Ok((channel, service::credentials(connection, organization_id, channel_id)?))
    })?;
    let api = shop_api(&channel, &credentials, now());
    let asked = match &api {
        Ok(Some(api)) => Asked { db, asking, channel: &channel, api: api.as_ref(), now }.ask()?,
        Ok(None) => Ok(Through { at: asking.asked_through, more: false }),
        Err(error) => Err(error.clone()),
    };
    let (through, again) = match asked {
        Ok(through) => (through.at, if through.more { now() } else { now() + EVERY }),
        Err(error) => {
            log::warn!(channel:% = channel.id; "a shop was not asked for its orders: {error}");
            (asking.asked_through, error.at().unwrap_or(now() + EVERY))
        }
    };
    db.write_blocking(|connection| Ok(asking::asked(connection, asking, through, again)?))
}

/// How far a shop has been asked.
struct Through {
    at: DateTime<Utc>,
    /// It has more to say now.
    more: bool,
}

/// One shop that is being asked.
struct Asked<'a, Now> {
    db: &'a Db,
    asking: &'a Asking,
    channel: &'a Channel,
    api: &'a dyn ShopApi,
    now: &'a Now,
}

impl<Now: Fn() -> DateTime<Utc>> Asked<'_, Now> {
    fn ask(&self) -> Result<Result<Through, ApiError>, Error> {
        let since = self.asking.asked_through;
        let late = (self.now)() - GRACE;
        let changed = match self.api.changed_since(since) {
            Ok(changed) => changed,
            Err(error) => return Ok(Err(error)),
        };
        let through = self.take(&changed.orders, late)?.unwrap_or(since).max(since);
        // Shops count in seconds. A full answer that does not get past the second in which it begins would be given for ever.
        let second = since.duration_trunc(TimeDelta::seconds(1)).unwrap_or(since);
        let next = second + TimeDelta::seconds(1);
        let reached = changed.orders.iter().filter_map(|order| self.api.changed_at(order)).max();
        if changed.more && next <= late && reached.is_some_and(|at| at < next) {
            return Ok(self.ask_within(second, late)?.map(|()| Through { at: next, more: true }));
        }
        Ok(Ok(Through { at: through, more: changed.more && through > since }))
    }

    /// All orders of one second, however many they are.
    fn ask_within(&self, second: DateTime<Utc>, late: DateTime<Utc>) -> Result<Result<(), ApiError>, Error> {
        let mut from = None;
        loop {
            let page = match self.api.changed_within(second, from.as_deref()) {
                Ok(page) => page,
                Err(error) => return Ok(Err(error)),
            };
            self.take(&page.orders, late)?;
            if page.next.is_none() {
                return Ok(Ok(()));
            }
            if self.db.is_stopping() {
                return Ok(Err(ApiError::Later { detail: "stopping; it is asked again".to_owned(), at: Some((self.now)()) }));
            }
            from = page.next;
            self.db.write_blocking(|connection| Ok(asking::still_asking(connection, self.asking, (self.now)() + LEASE)?))?;
        }
    }

    /// Puts what is not known in the inbox; the last instant of change that was met, of those for whose hooks nobody waits any more.
    fn take(&self, orders: &[Value], late: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, Error> {
        let ripe: Vec<(&Value, DateTime<Utc>)> =
            orders.iter().filter_map(|order| Some((order, self.api.changed_at(order).filter(|at| *at <= late)?))).collect();
        self.db.write_blocking(|connection| {
            for (order, at) in &ripe {
                let external_id = order.get("id").map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned));
                let Some(external_id) = external_id else { continue };
                if asking::is_told(connection, self.asking, &external_id, *at)? {
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
                inbox::take(connection, self.asking.organization_id, self.channel, &message, (self.now)())?;
            }
            Ok(())
        })?;
        Ok(ripe.iter().map(|(_, at)| *at).max())
    }
}
