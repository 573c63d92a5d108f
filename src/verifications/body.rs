use super::proposal::ProposedOrder;
use super::reading::Reading;
use crate::inbox::Reason;
use crate::types::absent::null_is_default;
use crate::types::id::{CustomerId, InboundMessageId, OrderId, OrderVerificationId};
use crate::types::text_enum::text_enum;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

text_enum! {
    /// Where a verification stands.
    pub enum VerificationStatus {
        /// A person must look at it.
        Open = "open",
        /// A person has let it become an order.
        Accepted = "accepted",
        /// A person has said that it shall be none.
        Rejected = "rejected",
        /// All was certain: it became an order by itself.
        Automatic = "automatic",
    }
}

/// An order that was read of a message.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OrderVerification {
    pub id: OrderVerificationId,
    /// Code of the channel that it came through.
    #[schema(example = "orders-mail")]
    pub channel: String,
    pub status: VerificationStatus,
    /// What it was read of: `GET /v1/order_verifications/{id}/original` shows it word for word.
    pub inbound_message_id: InboundMessageId,
    /// The sender's id of the message.
    pub external_id: String,
    /// Why a person has to look, each with its place in the message.
    pub reasons: Vec<Reason>,
    #[schema(example = "pembelian@sumberrejeki.example")]
    pub sender: Option<String>,
    pub sender_name: Option<String>,
    #[schema(example = "Purchase order 4711")]
    pub subject: String,
    /// Whom it seems to be from.
    pub customer_id: Option<CustomerId>,
    /// Every field that was read, with its confidence and place.
    pub reading: Reading,
    /// The order that accepting it makes.
    pub proposal: ProposedOrder,
    /// The order that it has become; of an open one its draft, null where none could be made.
    pub order_id: Option<OrderId>,
    /// Why it was rejected.
    pub detail: Option<String>,
    pub decided_at: Option<DateTime<Utc>>,
    pub decided_by: Option<String>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What the order shall be, where it is not the proposal.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"order": {"customer_id": "01938f5e-7c1a-7000-8000-2f1b3c4d5e6f", "lines": [{"sku": "KOPI-250", "quantity": "3"}]}}))]
pub struct AcceptVerification {
    /// The whole order as it shall be; absent: as proposed.
    #[serde(default)]
    pub order: Option<ProposedOrder>,
}

/// Why there shall be no order.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"detail": "ordered by telephone already", "reply": true}))]
pub struct RejectVerification {
    pub detail: String,
    /// Whether the sender is told, with `detail` (see docs/channels/email.md).
    #[serde(default, deserialize_with = "null_is_default")]
    pub reply: bool,
}
