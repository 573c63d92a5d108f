//! An inbound message as plain values, and what may become of it.

use crate::channels::Channel;
use crate::channels::platforms::api_client::UNAVAILABLE;
use crate::types::id::{InboundMessageId, OrderId, OrganizationId};
use crate::types::text_enum::text_enum;
use aws_lc_rs::digest;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

text_enum! {
    /// Where a message stands.
    pub enum InboundMessageStatus {
        /// Stored; not worked in yet, or waiting for something (see `reason`).
        Received = "received",
        Processed = "processed",
        /// It cannot be worked in as it is (see `reason`).
        Rejected = "rejected",
        /// A person has said that nothing shall become of it.
        Discarded = "discarded",
    }
}

text_enum! {
    /// How a message has proved that it may speak here.
    pub enum Proof {
        /// Signed with the channel's secret, or sent with it.
        Signature = "signature",
        /// It knew the address, and its platform signs nothing.
        Address = "address",
        /// Handed in by a caller of this API.
        Token = "token",
        /// Fetched from the channel's mailbox.
        Mailbox = "mailbox",
        /// Asked of the channel's platform, since its hooks had not told it.
        Fetched = "fetched",
    }
}

/// Why a message waits or is rejected, and where in it the cause lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"code": "unknown_sku", "detail": "there is no product KOPI-999", "pointer": "/line_items/0/sku"}))]
pub struct Reason {
    pub code: String,
    pub detail: String,
    /// JSON pointer (RFC 6901), XPath or MIME part within the message; empty for all of it.
    pub pointer: String,
}

impl Reason {
    /// Control characters, which may come from the message itself and which the database does not take, are left out.
    pub fn new(code: impl Into<String>, detail: impl Into<String>, pointer: impl Into<String>) -> Self {
        let plain = |mut text: String| {
            text.retain(|c| !c.is_control());
            text
        };
        Self { code: code.into(), detail: plain(detail.into()), pointer: plain(pointer.into()) }
    }
}

/// What has become of a message after one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Worked in, or known to ask for nothing; the reason then says why.
    Processed { order_ids: Vec<OrderId>, reason: Option<Reason> },
    /// It may pass later: at that time, or when the usual wait is over.
    Later { reason: Reason, at: Option<DateTime<Utc>> },
    /// It cannot pass as it is.
    Rejected { order_ids: Vec<OrderId>, reason: Reason },
}

impl Outcome {
    pub fn processed(order_ids: Vec<OrderId>) -> Self {
        Self::Processed { order_ids, reason: None }
    }

    /// Nothing is to be done, for this reason.
    pub fn ignored(code: &str, detail: impl Into<String>) -> Self {
        Self::Processed { order_ids: vec![], reason: Some(Reason::new(code, detail, "")) }
    }

    pub fn later(code: &str, detail: impl Into<String>, pointer: impl Into<String>) -> Self {
        Self::Later { reason: Reason::new(code, detail, pointer), at: None }
    }

    pub fn rejected(code: &str, detail: impl Into<String>, pointer: impl Into<String>) -> Self {
        Self::Rejected { order_ids: vec![], reason: Reason::new(code, detail, pointer) }
    }

    /// It waits because its platform does not answer, so that other messages of the channel would wait as well.
    pub fn tells_that_platform_is_away(&self) -> bool {
        matches!(self, Self::Later { reason, .. } if reason.code == UNAVAILABLE)
    }

    /// Until when it waits, where somebody has said so.
    pub fn later_at(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Later { at, .. } => *at,
            Self::Processed { .. } | Self::Rejected { .. } => None,
        }
    }
}

/// A message to store.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// What its platform calls this kind of message; empty where it has none.
    pub topic: String,
    /// The platform's id of the thing that it is about.
    pub external_id: Option<String>,
    pub headers: Vec<(String, String)>,
    pub content_type: String,
    pub body: Vec<u8>,
    pub proof: Proof,
    pub remote_address: Option<String>,
}

impl NewMessage {
    /// What makes two messages the same one. Delivery ids are no part of it unless they are signed (`delivery_id`): most platforms sign
    /// only the body, so whoever has seen one message could use up the ids of messages to come. The topic is: under a wrong one the same
    /// body is another message.
    pub fn delivery_key(&self, delivery_id: Option<&str>) -> Vec<u8> {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(self.topic.as_bytes());
        context.update(b"\n");
        context.update(&self.body);
        let key = context.finish().as_ref().to_vec();
        let Some(delivery_id) = delivery_id else { return key };
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(&key);
        context.update(delivery_id.as_bytes());
        context.finish().as_ref().to_vec()
    }

    /// The key of the same message where it is told once more after something else was: a deletion says nothing of when, so that the
    /// second one, after a restoration, has the body of the first. Other messages tell a state with its time and need no second time.
    pub fn key_after(&self, known: InboundMessageId) -> Option<Vec<u8>> {
        self.topic.ends_with(".deleted").then(|| {
            let mut context = digest::Context::new(&digest::SHA256);
            context.update(&self.delivery_key(None));
            context.update(known.0.as_bytes());
            context.finish().as_ref().to_vec()
        })
    }
}

/// A message to be worked in, with the channel that it came through.
#[derive(Clone, Debug)]
pub struct Message {
    pub organization_id: OrganizationId,
    pub id: InboundMessageId,
    pub channel: Channel,
    pub topic: String,
    pub external_id: Option<String>,
    pub headers: Vec<(String, String)>,
    pub content_type: String,
    /// As it came, or as a person has corrected it.
    pub body: Vec<u8>,
    /// The corrected body is a person's: what only its platform may say is not believed any more.
    pub edited: bool,
    pub proof: Proof,
    /// This one included.
    pub attempts: i32,
    pub received_at: DateTime<Utc>,
}

impl Message {
    /// The first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// How long a message waits for what may pass before a person has to look at it.
pub const PATIENCE: TimeDelta = TimeDelta::days(7);

/// For how many days after its end what came is kept word for word, where an organization says nothing else.
pub const RETENTION_DAYS: i32 = 400;

/// Until the next attempt after so many: from 15 s, doubling, to 15 minutes, so that a catalog that has caught up is noticed soon.
pub fn back_off(attempts: i32) -> TimeDelta {
    let doubled = 15i64.saturating_mul(1 << attempts.clamp(1, 10).saturating_sub(1));
    TimeDelta::seconds(doubled.min(900))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(topic: &str, body: &str) -> NewMessage {
        NewMessage {
            topic: topic.to_owned(),
            external_id: None,
            headers: vec![],
            content_type: String::new(),
            body: body.as_bytes().to_vec(),
            proof: Proof::Signature,
            remote_address: None,
        }
    }

    #[test]
    fn the_same_body_under_another_topic_is_another_message() {
        let key = message("orders/create", "{}").delivery_key(None);
        assert_eq!(key, NewMessage { headers: vec![("x-id".into(), "2".into())], ..message("orders/create", "{}") }.delivery_key(None));
        assert_ne!(key, message("orders/cancelled", "{}").delivery_key(None));
        assert_ne!(key, message("orders/create", "{} ").delivery_key(None));
        let delivered = |id: &str| message("orders/create", "{}").delivery_key(Some(id));
        assert!(delivered("1") != key && delivered("1") != delivered("2") && delivered("1") == delivered("1"));
    }

    #[test]
    fn a_reason_holds_nothing_that_cannot_be_written_down() {
        let reason = Reason::new("shop_mismatch", "the store \0\u{1b}[1m is another", "/pro\nducer");
        assert_eq!((reason.detail.as_str(), reason.pointer.as_str()), ("the store [1m is another", "/producer"));
    }

    #[test]
    fn waits_grow_to_a_quarter_of_an_hour() {
        let waits: Vec<i64> = [0, 1, 2, 3, 7, 8, 100, i32::MAX].map(|attempts| back_off(attempts).num_seconds()).to_vec();
        assert_eq!(waits, [15, 15, 30, 60, 900, 900, 900, 900]);
    }
}
