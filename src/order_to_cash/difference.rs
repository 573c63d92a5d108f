//! What `dry_run` answers: what a command would change, and nothing is written.

use crate::orders::body::OrderBody;
use crate::types::currency::Currency;
use crate::types::decimal::{Amount, Quantity};
use crate::types::text_enum::text_enum;
use serde::Serialize;
use uuid::Uuid;

/// What a command would change.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct DryRun {
    pub before: OrderBody,
    pub after: OrderBody,
    pub difference: Difference,
}

/// What changes of money, stock and documents; amounts and quantities are after less before.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Difference {
    pub money: MoneyDifference,
    pub stock: Vec<StockDifference>,
    pub documents: Vec<DocumentDifference>,
}

/// The order's amounts. Deposits above what is left to invoice leave it, so that less is paid and no more is due.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct MoneyDifference {
    pub currency: Currency,
    pub uninvoiced_total: Amount,
    pub amount_paid: Amount,
    pub amount_due: Amount,
}

/// The stock of a product at a location.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct StockDifference {
    pub sku: String,
    pub location: String,
    /// In base units.
    pub reserved: Quantity,
}

text_enum! {
    /// What a document is.
    pub enum DocumentKind {
        FulfillmentOrder = "fulfillment_order",
        Payment = "payment",
    }
}

/// Another document that changes with the order.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct DocumentDifference {
    pub r#type: DocumentKind,
    pub id: Uuid,
    #[schema(example = "SO-000001-F1")]
    pub number: String,
    #[schema(example = "open")]
    pub status_before: String,
    #[schema(example = "cancelled")]
    pub status_after: String,
    /// Money of a payment that is on no document any more; null for other documents.
    pub unapplied_amount: Option<Amount>,
}
