use super::message::{InboundMessageStatus, Proof, Reason};
use super::store::{Content, Listed};
use crate::channels::ChannelKind;
use crate::platform::sql::from_json;
use crate::types::id::{InboundMessageId, OrderId};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use diesel::QueryResult;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Something that a channel's platform has told.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InboundMessage {
    pub id: InboundMessageId,
    /// Code of the channel.
    #[schema(example = "shop-id")]
    pub channel: String,
    pub kind: ChannelKind,
    /// What its platform calls this kind of message; empty where it has none.
    #[schema(example = "orders/create")]
    pub topic: String,
    /// The platform's id of the thing that it is about.
    pub external_id: Option<String>,
    pub content_type: String,
    /// Of the body that is worked in.
    pub bytes: i64,
    /// Whether a person has corrected the body.
    pub edited: bool,
    pub proof: Proof,
    pub remote_address: Option<String>,
    pub status: InboundMessageStatus,
    pub attempts: i32,
    /// Of one that is `received`; null for others.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// Why it waits, was rejected or discarded, or asked for nothing.
    pub reason: Option<Reason>,
    /// The orders that it made or changed.
    pub order_ids: Vec<OrderId>,
    pub received_at: DateTime<Utc>,
    pub processed_at: Option<DateTime<Utc>>,
    /// When its headers and body were emptied, since the time was over for which they are kept; null for one that has them.
    pub content_emptied_at: Option<DateTime<Utc>>,
    pub version: i64,
    pub updated_at: DateTime<Utc>,
}

impl InboundMessage {
    pub fn of(row: Listed) -> QueryResult<Self> {
        Ok(Self {
            id: row.id,
            channel: row.channel,
            kind: row.kind,
            topic: row.topic,
            external_id: row.external_id,
            content_type: row.content_type,
            bytes: row.bytes,
            edited: row.edited,
            proof: row.proof,
            remote_address: row.remote_address,
            status: row.status,
            attempts: row.attempts,
            next_attempt_at: row.next_attempt_at,
            reason: row.reason.map(from_json).transpose()?,
            order_ids: row.order_ids,
            received_at: row.received_at,
            processed_at: row.processed_at,
            content_emptied_at: row.emptied_at,
            version: row.version,
            updated_at: row.updated_at,
        })
    }
}

/// What came, word for word.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InboundContent {
    /// As they came; secrets among them are left out.
    pub headers: Vec<Header>,
    #[schema(example = "application/json")]
    pub content_type: String,
    /// The body where it is text in UTF-8, else null.
    pub text: Option<String>,
    /// The body in base64 (RFC 4648), whatever it is.
    pub base64: String,
    /// The body that a person has put in its place, in base64; null where nobody has.
    pub edited_base64: Option<String>,
    /// When all of it was emptied, since the time was over for which it is kept; null where it is here.
    pub emptied_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Header {
    #[schema(example = "x-shopify-topic")]
    pub name: String,
    #[schema(example = "orders/create")]
    pub value: String,
}

impl InboundContent {
    pub fn of(content: Content) -> QueryResult<Self> {
        let headers: Vec<(String, String)> = from_json(content.headers)?;
        Ok(Self {
            headers: headers.into_iter().map(|(name, value)| Header { name, value }).collect(),
            content_type: content.content_type,
            text: String::from_utf8(content.body.clone()).ok(),
            base64: STANDARD.encode(&content.body),
            edited_base64: content.edited_body.map(|body| STANDARD.encode(body)),
            emptied_at: content.emptied_at,
        })
    }
}

/// How to try a message again.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
pub struct RetryInboundMessage {
    /// A corrected body to work in instead, as text.
    #[serde(default)]
    pub text: Option<String>,
    /// The same in base64 (RFC 4648), for what is no text.
    #[serde(default)]
    pub base64: Option<String>,
}

/// Why a message is put aside.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"detail": "a test of the shop"}))]
pub struct DiscardInboundMessage {
    pub detail: String,
}
