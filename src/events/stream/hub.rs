//! Who listens, and who wakes them: one poller a process looks how far the feed is settled, and wakes the streams of organizations
//! that have news. Each stream then reads on by itself, as a reader of the feed does.

use crate::error::Error;
use crate::events::follow::{settled, with_events_after};
use crate::platform::db::Db;
use crate::types::id::OrganizationId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// How often it looks.
const EVERY: Duration = Duration::from_millis(250);

/// The streams of a process.
#[derive(Clone, Default)]
pub struct Hub(Arc<Mutex<Listeners>>);

#[derive(Default)]
struct Listeners {
    organizations: HashMap<OrganizationId, Listening>,
    polling: bool,
}

struct Listening {
    streams: usize,
    /// The number up to which they have been told of news.
    news: watch::Sender<i64>,
}

/// A place among the streams of an organization; given back when it is dropped.
pub struct Seat {
    hub: Hub,
    organization_id: OrganizationId,
    pub news: watch::Receiver<i64>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut listeners = self.hub.listeners();
        if let Some(listening) = listeners.organizations.get_mut(&self.organization_id) {
            listening.streams -= 1;
            if listening.streams == 0 {
                listeners.organizations.remove(&self.organization_id);
            }
        }
    }
}

impl Hub {
    fn listeners(&self) -> MutexGuard<'_, Listeners> {
        // What is counted is whole whatever panicked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a stream that has read up to `after`; 429 above `most` of an organization.
    pub fn sit(&self, organization_id: OrganizationId, after: i64, most: usize) -> Result<Seat, Error> {
        let mut listeners = self.listeners();
        let new = || Listening { streams: 0, news: watch::Sender::new(after) };
        let listening = listeners.organizations.entry(organization_id).or_insert_with(new);
        if listening.streams >= most {
            return Err(Error::TooManyStreams { most });
        }
        listening.streams += 1;
        let news = listening.news.subscribe();
        Ok(Seat { hub: self.clone(), organization_id, news })
    }

    /// Starts the poller if there is none. It ends when nobody listens any more.
    pub fn poll(&self, db: &Db) {
        let mut listeners = self.listeners();
        if !listeners.polling {
            listeners.polling = true;
            actix_web::rt::spawn(Poller { hub: self.clone(), ended: false }.run(db.clone()));
        }
    }

    /// How far each organization that listens has been told; `None`, and no longer polling, where there is none.
    fn followed(&self) -> Option<Vec<(OrganizationId, i64)>> {
        let mut listeners = self.listeners();
        if listeners.organizations.is_empty() {
            listeners.polling = false;
            return None;
        }
        Some(listeners.organizations.iter().map(|(id, listening)| (*id, *listening.news.borrow())).collect())
    }

    fn wake(&self, organizations: &[OrganizationId], settled: i64) {
        let listeners = self.listeners();
        for listening in organizations.iter().filter_map(|id| listeners.organizations.get(id)) {
            listening.news.send_replace(settled);
        }
    }
}

struct Poller {
    hub: Hub,
    /// Since nobody listens any more: then another may be running already.
    ended: bool,
}

impl Drop for Poller {
    /// Where it was ended by something else, the next stream starts another.
    fn drop(&mut self) {
        if !self.ended {
            self.hub.listeners().polling = false;
        }
    }
}

impl Poller {
    async fn run(mut self, db: Db) {
        while let Some(followed) = self.hub.followed() {
            let looked = db.read(move |connection| {
                let settled = settled(connection)?;
                Ok((with_events_after(connection, &followed, settled)?, settled))
            });
            match looked.await {
                Ok((organizations, settled)) => self.hub.wake(&organizations, settled),
                Err(error) => log::warn!("no look at the feed for its streams: {error}"),
            }
            tokio::time::sleep(EVERY).await;
        }
        self.ended = true;
    }
}
