use crate::customers::credit::Balance;
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
        Refund = "refund",
        Return = "return",
        /// What a channel has told about one of the customer's orders.
        InboundMessage = "inbound_message",
        /// A mail to the customer.
        Notice = "notice",
    }
}

/// A customer's time line, and on its first page what a sales person wants to know before.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CustomerHistory {
    /// Null on the pages after the first.
    pub summary: Option<HistorySummary>,
    pub data: Vec<HistoryEntry>,
    #[schema(example = "eyJrIjpbIjAxOTMiXX0")]
    pub next_cursor: Option<String>,
}

/// Where a customer stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct HistorySummary {
    /// Null without the scope to read orders.
    pub last_order: Option<LastOrder>,
    /// How much of the credit limit is used; null without a limit.
    pub credit: Option<Balance>,
    /// Money is never added up across currencies.
    pub totals: Vec<HistoryTotals>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct LastOrder {
    pub id: OrderId,
    #[schema(example = "SO-000123")]
    pub number: String,
    pub ordered_at: DateTime<Utc>,
}

/// What a customer has bought and owes in one currency. Each figure is null without the scope to read what it is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct HistoryTotals {
    pub currency: Currency,
    /// Placed and not cancelled.
    #[schema(example = 12)]
    pub orders: Option<i64>,
    /// Held or confirmed, not completed.
    #[schema(example = 2)]
    pub open_orders: Option<i64>,
    /// What of the open orders is not invoiced yet.
    pub open_orders_amount: Option<Amount>,
    /// Invoiced less credited, of all orders, with tax.
    pub lifetime_value: Option<Amount>,
    /// Invoiced to this customer and neither credited nor paid.
    pub unpaid: Option<Amount>,
    /// What of it is past its due date today.
    pub overdue: Option<Amount>,
    #[schema(example = 1)]
    pub overdue_invoices: Option<i64>,
}

/// One entry of a customer's time line; more about it by its id.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HistoryEntry {
    pub r#type: HistoryKind,
    pub id: Uuid,
    /// Messages have none.
    #[schema(example = "SO-000123")]
    pub number: Option<String>,
    /// The subject of a notice, the channel and topic of an inbound message.
    #[schema(example = "Your order SO-000123")]
    pub title: Option<String>,
    #[schema(example = "confirmed")]
    pub status: String,
    /// Null of messages.
    pub currency: Option<Currency>,
    /// Total of a document, amount of a payment, what is credited for a return; null of messages.
    pub amount: Option<Amount>,
    /// The order itself or the one it belongs to.
    pub order_id: Option<OrderId>,
    /// When it was ordered, issued, received or, of a return or message, asked for or come.
    pub occurred_at: DateTime<Utc>,
}
