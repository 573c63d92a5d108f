use crate::auth::permission::Permission;
use crate::tabular::column::{self, Column};
use crate::types::id::{ImportId, OrderId};
use crate::types::text_enum::text_enum;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

text_enum! {
    /// What the rows of an import are.
    pub enum ImportKind {
        /// Each row is a body of `POST /v1/orders`.
        Orders = "orders",
        /// Each row is a product of `PUT /v1/products`.
        Products = "products",
        /// Each row is a customer of `PUT /v1/customers/by_code/{code}` with its code.
        Customers = "customers",
        /// Each row is a price of `PUT /v1/prices`.
        Prices = "prices",
        /// Each row is what lies of one product at one location.
        Stock = "stock",
    }
}

impl ImportKind {
    /// What sending such rows takes.
    pub fn write_permission(self) -> Permission {
        match self {
            Self::Orders => Permission::ORDERS_WRITE,
            Self::Products | Self::Prices => Permission::CATALOG_WRITE,
            Self::Customers => Permission::CUSTOMERS_WRITE,
            Self::Stock => Permission::INVENTORY_WRITE,
        }
    }

    /// What reading such an import takes.
    pub fn read_permission(self) -> Permission {
        match self {
            Self::Orders => Permission::ORDERS_READ,
            Self::Products | Self::Prices => Permission::CATALOG_READ,
            Self::Customers => Permission::CUSTOMERS_READ,
            Self::Stock => Permission::INVENTORY_READ,
        }
    }

    /// Whether rows of a CSV file lie over what is there, so that what the file has no column for stays.
    pub fn lies_over(self) -> bool {
        match self {
            Self::Products | Self::Customers => true,
            Self::Orders | Self::Prices | Self::Stock => false,
        }
    }

    /// The columns that a CSV file may have.
    pub fn columns(self) -> &'static [Column] {
        match self {
            Self::Orders => column::NEW_ORDERS,
            Self::Products => column::PRODUCTS,
            Self::Customers => column::CUSTOMERS,
            Self::Prices => column::PRICES,
            Self::Stock => column::STOCK,
        }
    }
}

text_enum! {
    /// How rows are taken.
    pub enum ImportMode {
        /// As if each had been sent now by itself.
        Live = "live",
        /// As what was: orders keep their numbers, dates and states, raise no holds and send no notices. Other kinds are taken as live.
        Historical = "historical",
    }
}

text_enum! {
    /// How the rows were written.
    pub enum ImportFormat {
        Ndjson = "ndjson",
        Csv = "csv",
    }
}

text_enum! {
    /// What a row did to its subject; of a dry run, what it would do.
    pub enum ImportAction {
        Created = "created",
        Updated = "updated",
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
        /// It was given up (see `failure`): rows that are `pending` were not taken and will not be.
        Failed = "failed",
    }
}

text_enum! {
    /// Why an import was given up before its end.
    pub enum ImportFailure {
        /// Its sender was disabled.
        SenderDisabled = "sender_disabled",
        /// Its sender may write such rows no more.
        NotPermitted = "not_permitted",
    }
}

text_enum! {
    /// What became of a row.
    pub enum ImportRowStatus {
        Pending = "pending",
        /// It made or changed something; see `action`.
        Imported = "imported",
        /// What it says was there before, or something newer.
        Unchanged = "unchanged",
        /// See `problem`; nothing of it was kept.
        Rejected = "rejected",
    }
}

/// An import and its progress: `done_count` of `row_count` rows have their outcome.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Import {
    pub id: ImportId,
    pub kind: ImportKind,
    pub mode: ImportMode,
    pub format: ImportFormat,
    /// Outcomes are told and nothing is written.
    pub dry_run: bool,
    pub status: ImportStatus,
    /// Of one that `failed`; null for others.
    pub failure: Option<ImportFailure>,
    #[schema(example = 1000)]
    pub row_count: i64,
    /// `imported_count + unchanged_count + rejected_count`
    #[schema(example = 1000)]
    pub done_count: i64,
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
    /// When it was completed or given up.
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
    /// What was done to its subject; null where nothing was.
    pub action: Option<ImportAction>,
    /// Of the order, product or customer; prices and stock have none, nor has what a dry run would make or change.
    pub id: Option<Uuid>,
    /// The order's number, the SKU, the customer's code.
    #[schema(example = "SO-000123")]
    pub key: Option<String>,
    /// `id` of an order.
    pub order_id: Option<OrderId>,
    /// `key` of an order.
    #[schema(example = "SO-000123")]
    pub order_number: Option<String>,
    /// What the ordinary call would have answered: problem details (RFC 9457) with `code`, `detail`, `errors` and the members of
    /// the case. Of a CSV file each of `errors` names the `column` too.
    #[schema(value_type = Option<Object>)]
    pub problem: Option<Value>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tabular::column::Place;

    #[test]
    fn each_kind_takes_columns() {
        for kind in ImportKind::ALL {
            assert!(kind.columns().iter().any(|column| column.place != Place::Shown), "{kind}");
        }
    }
}
