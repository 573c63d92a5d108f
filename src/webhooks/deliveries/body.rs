use crate::types::fault::{Fault, Faults};
use crate::types::id::{OrderId, WebhookDeliveryId, WebhookEndpointId};
use crate::types::text_enum::text_enum;
use crate::webhooks::schedule::DeliveryStatus;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

text_enum! {
    /// Why a delivery was not sent.
    #[schema(as = WebhookSkipReason)]
    pub enum SkipReason {
        /// Its endpoint was disabled while it waited.
        EndpointDisabled = "endpoint_disabled",
        /// The endpoint's owner may no longer read events of this type.
        NotPermitted = "not_permitted",
    }
}

/// One event for one endpoint.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookDelivery {
    pub id: WebhookDeliveryId,
    pub endpoint_id: WebhookEndpointId,
    /// Also the `webhook-id` of each attempt.
    pub event_id: Uuid,
    #[schema(example = "order.captured")]
    pub event_type: String,
    pub order_id: Option<OrderId>,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    pub status: DeliveryStatus,
    /// Null unless skipped.
    pub skip_reason: Option<SkipReason>,
    /// How often it was sent, those before a redelivery included.
    pub attempt_count: i32,
    /// Null unless it waits. It may wait longer, for an earlier event of its order.
    pub next_attempt_at: Option<DateTime<Utc>>,
    pub last_attempt_at: Option<DateTime<Utc>>,
    /// HTTP status of the last attempt; null where there was no answer.
    #[schema(example = 200)]
    pub response_status: Option<i32>,
    /// Why the last attempt had no answer.
    #[schema(example = "no connection in time")]
    pub error: Option<String>,
    pub delivered_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// One time that it was sent.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookAttempt {
    /// From 1; one whose process did not live to see the answer is missing.
    pub number: i32,
    pub attempted_at: DateTime<Utc>,
    pub duration_ms: i32,
    #[schema(example = 500)]
    pub response_status: Option<i32>,
    /// The first 1,000 characters of the answer.
    #[schema(example = "Internal Server Error")]
    pub response_excerpt: String,
    pub error: Option<String>,
}

/// A delivery with all its attempts.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookDeliveryWithAttempts {
    #[serde(flatten)]
    pub delivery: WebhookDelivery,
    /// Oldest first, the last 50.
    pub attempts: Vec<WebhookAttempt>,
}

/// No field at all; an empty body will do.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
pub struct RedeliverWebhook {}

text_enum! {
    /// Which events are sent again.
    #[schema(as = WebhookRedeliverStatus)]
    pub enum RedeliverStatus {
        Delivered = "delivered",
        Failed = "failed",
        Skipped = "skipped",
        /// There was no delivery, since the endpoint was not active or did not want its type then.
        Missing = "missing",
    }
}

/// Which of an endpoint's events are sent again.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"from": "2026-03-01T00:00:00Z", "to": "2026-03-02T00:00:00Z"}))]
pub struct RedeliverWebhooks {
    /// What happened at or after this instant.
    pub from: DateTime<Utc>,
    /// What happened before it; all until now by default.
    #[serde(default)]
    pub to: Option<DateTime<Utc>>,
    /// What has become of them; `failed`, `skipped` and `missing` by default.
    #[serde(default)]
    pub status: Option<Vec<RedeliverStatus>>,
    /// Only these types, of those that the endpoint wants.
    #[serde(default)]
    pub event_types: Option<Vec<String>>,
    /// `next_cursor` of the answer before, with the same filters.
    #[serde(default)]
    pub cursor: Option<String>,
}

impl RedeliverWebhooks {
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        faults.require(self.to.is_none_or(|to| self.from < to), "/to", "out_of_range", "must be after `from`");
        faults.require(self.status.as_ref().is_none_or(|status| !status.is_empty()), "/status", "required", "leave it out, or name one");
        for (i, name) in self.event_types.iter().flatten().enumerate() {
            let known = crate::events::catalogue::find(name).is_some();
            faults.require(known, format!("/event_types/{i}"), "unknown_event_type", "GET /v1/event_types lists the types that there are");
        }
        faults.into_result()
    }

    pub fn statuses(&self) -> Vec<RedeliverStatus> {
        let usual = [RedeliverStatus::Failed, RedeliverStatus::Skipped, RedeliverStatus::Missing];
        self.status.clone().unwrap_or_else(|| usual.to_vec())
    }
}

/// What of a redelivery is under way.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookRedelivery {
    /// Deliveries that wait to be sent now because of this call.
    #[schema(example = 42)]
    pub queued: i64,
    /// Null when all events of the time have been looked at; else ask again with it as `cursor`.
    #[schema(example = json!(null))]
    pub next_cursor: Option<String>,
}
