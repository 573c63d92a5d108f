use crate::types::currency::Currency;
use crate::types::decimal::Amount;
use crate::types::id::OrderId;
use crate::types::text_enum::text_enum;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

text_enum! {
    /// What an entry of the time line is.
    pub enum HistoryKind {
        Order = "order",
        Invoice = "invoice",
        CreditNote = "credit_note",
        Payment = "payment",
        Return = "return",
    }
}

/// One entry of a customer's time line; more about it by its id.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HistoryEntry {
    pub r#type: HistoryKind,
    pub id: Uuid,
    #[schema(example = "SO-000123")]
    pub number: String,
    #[schema(example = "confirmed")]
    pub status: String,
    pub currency: Currency,
    /// Total of a document, amount of a payment, what is credited for a return.
    pub amount: Amount,
    /// The order itself or the one it belongs to.
    pub order_id: Option<OrderId>,
    /// When it was ordered, issued, received or, of a return, asked for.
    pub occurred_at: DateTime<Utc>,
}
