use crate::auth::actor::ActorBody;
use crate::inventory::stock::level::MovementKind;
use crate::types::decimal::{Quantity, UnitPrice};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// One entry of the ledger. On hand is the sum of its movements; none is ever changed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StockMovement {
    pub id: i64,
    #[schema(example = "KOPI-250")]
    pub sku: String,
    #[schema(example = "jakarta-1")]
    pub location: String,
    pub kind: MovementKind,
    /// The signed change of `on_hand`, in the product's base unit.
    #[schema(example = "-2")]
    pub quantity: Quantity,
    /// In the organization's base currency, per base unit.
    pub unit_cost: Option<UnitPrice>,
    pub reason: Option<String>,
    pub reference: Option<String>,
    /// The receipt, adjustment, transfer, snapshot, shipment or return that caused it.
    pub subject_id: Option<Uuid>,
    /// Who moved it.
    pub actor: ActorBody,
    /// When it happened on the shelf; a snapshot's difference belongs to the snapshot's `as_of`.
    pub occurred_at: DateTime<Utc>,
    /// When it was written down.
    pub recorded_at: DateTime<Utc>,
}

/// Which movements to list; `None` is any.
#[derive(Clone, Debug, Default)]
pub struct MovementFilter {
    pub skus: Option<Vec<String>>,
    pub locations: Option<Vec<String>>,
    pub kinds: Option<Vec<MovementKind>>,
    pub subject_ids: Option<Vec<Uuid>>,
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
}
