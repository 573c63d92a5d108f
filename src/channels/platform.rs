//! What a platform is to us: how it proves who it is, what counts as success for it, and how its messages are worked in.

use super::body::Channel;
use crate::error::Error;
use crate::inbox::{self, Message, Outcome, Proof};
use crate::order_to_cash::capture_queue::Desk;
use crate::platform::db::Db;
use crate::types::id::OrganizationId;
use chrono::{DateTime, Utc};

/// A channel with what is known to nobody outside.
#[derive(Clone, Debug)]
pub struct Listening {
    pub organization_id: OrganizationId,
    pub channel: Channel,
    /// That are valid now: one, or two while one is being replaced.
    pub secrets: Vec<String>,
}

/// What stands at a channel's door, before anybody believes it.
pub struct Knock<'a> {
    pub method: &'a str,
    /// As its sender may have seen it: behind a proxy nobody knows for sure, so there may be several.
    pub uris: Vec<String>,
    /// In the order in which they came, names in lower case.
    pub headers: &'a [(String, String)],
    pub body: &'a [u8],
}

impl Knock<'_> {
    /// The first header of this name (lower case); empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    }
}

/// What a knock turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admitted {
    /// A message to store.
    Message { topic: String, external_id: Option<String>, proof: Proof },
    /// The platform only asks whether somebody is here.
    Ping,
}

/// It does not prove that it may speak here; told as 401 like an unknown address, and nothing is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotTheirs;

/// What a platform counts as success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledgement {
    pub content_type: &'static str,
    pub body: String,
}

impl Acknowledgement {
    /// For platforms that look at the status alone.
    pub fn json() -> Self {
        Self { content_type: "application/json", body: r#"{"received":true}"#.to_owned() }
    }
}

/// What working a message in needs. No transaction is open; each step has its own, and everything may be run again.
pub struct Workbench<'a> {
    pub db: &'a Db,
    pub desk: &'a Desk,
    /// What is made of a message, or of the part of it that is being worked in, is dated so.
    pub now: DateTime<Utc>,
}

impl Workbench<'_> {
    /// For what follows an answer of the platform, which may have taken its time: dated now, with the message for as long again. An
    /// error where it has become another worker's meanwhile.
    pub fn anew(&self, message: &Message) -> Result<Self, Error> {
        let now = self.desk.clock.now();
        if !inbox::work::hold(self.db, message, now)? {
            return Err(Error::internal("the message is another worker's by now"));
        }
        Ok(Self { now, ..*self })
    }
}

/// A platform. One file or folder each in `channels/platforms`.
pub trait Platform: Sync {
    /// Bytes of a message, at most.
    fn limit(&self) -> usize {
        crate::platform::limits::BODY_BYTES
    }

    /// Whether it may speak here, and what it says it is about. Reads no more than that.
    fn admit(&self, knock: &Knock, listening: &Listening, now: DateTime<Utc>) -> Result<Admitted, NotTheirs>;

    /// Whether it may have to be asked back while a message is worked in.
    fn calls_out(&self) -> bool {
        false
    }

    /// What the platform wants to hear once the message is stored.
    fn acknowledge(&self, _knock: &Knock) -> Acknowledgement {
        Acknowledgement::json()
    }

    /// Works a message in. An error is ours: it is tried again.
    fn work_in(&self, bench: &Workbench, message: &Message) -> Result<Outcome, Error>;

    /// What tells a message from another one with the same body. `None`: nothing does, and the body alone counts; for most platforms
    /// it must, since they sign nothing else. Where an id is signed and the body does not say of when it is, the same body may be news.
    fn delivery_id(&self, _knock: &Knock, _listening: &Listening) -> Option<String> {
        None
    }
}
