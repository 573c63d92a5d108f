use crate::types::id::{ImportId, OrderId};
use crate::types::text_enum::text_enum;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

text_enum! {
    /// What the rows of an import are.
    pub enum ImportKind {
        /// Each row is a body of `POST /v1/orders`.
        Orders = "orders",
    }
}

text_enum! {
    /// How rows are taken.
    pub enum ImportMode {
        /// As if each had been sent now by itself.
        Live = "live",
    }
}

text_enum! {
    /// How far an import is.
    pub enum ImportStatus {
        /// All rows are stored and wait for their turn.
        Queued = "queued",
        Running = "running",
        /// Every row has its outcome.
        Completed = "completed",
    }
}

text_enum! {
    /// What became of a row.
    pub enum ImportRowStatus {
        Pending = "pending",
        /// It made an order.
        Imported = "imported",
        /// An order with its `external_id` and the same content was there before.
        Unchanged = "unchanged",
        /// See `problem`; nothing of it was kept.
        Rejected = "rejected",
    }
}

/// An import and its progress: `imported_count + unchanged_count + rejected_count` of `row_count` rows have their outcome.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Import {
    pub id: ImportId,
    pub kind: ImportKind,
    pub mode: ImportMode,
    pub status: ImportStatus,
    #[schema(example = 1000)]
    pub row_count: i64,
    #[schema(example = 996)]
    pub imported_count: i64,
    #[schema(example = 3)]
    pub unchanged_count: i64,
    #[schema(example = 1)]
    pub rejected_count: i64,
    #[schema(example = "api_client:01938f5e-7c1a-7000-8000-2f1b3c4d5e6f")]
    pub created_by: String,
    /// When the first row was worked on.
    pub started_at: Option<DateTime<Utc>>,
    pub completed_at: Option<DateTime<Utc>>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// The outcome of one row.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ImportRow {
    /// The line of the file, from 1. Empty lines count but have no row.
    #[schema(example = 17)]
    pub row_number: i64,
    pub status: ImportRowStatus,
    pub order_id: Option<OrderId>,
    #[schema(example = "SO-000123")]
    pub order_number: Option<String>,
    /// What `POST /v1/orders` would have answered: problem details (RFC 9457) with `code`, `detail`, `errors` and the members of
    /// the case.
    #[schema(value_type = Option<Object>)]
    pub problem: Option<Value>,
}
