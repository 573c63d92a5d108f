use super::status::IncomingStatus;
use crate::types::absent::present;
use crate::types::decimal::Quantity;
use crate::types::fault::Faults;
use crate::types::id::IncomingSupplyId;
use crate::types::reach::require_not_far_ahead;
use crate::types::text::{check_optional_text, check_text};
use chrono::{DateTime, Days, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Supply that has been ordered.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"sku": "KOPI-250", "location": "jakarta-1", "quantity": "500", "expected_on": "2035-01-15", "reference": "PO-2026-0042"}))]
pub struct PostIncoming {
    pub sku: String,
    pub location: String,
    /// In the product's base unit.
    pub quantity: Quantity,
    /// The day on which it is there, in the organization's time zone; handling begins then. A day that has passed is overdue: such
    /// supply promises nothing until it has come or gets a new day. At most a year ago and ten years ahead.
    pub expected_on: NaiveDate,
    /// The purchase order.
    #[serde(default)]
    pub reference: Option<String>,
}

impl PostIncoming {
    /// Adds what can be judged without knowing the product.
    pub fn check(&self, faults: &mut Faults) {
        check_text(faults, "/location", &self.location, 64);
        check_optional_text(faults, "/reference", self.reference.as_deref(), 200);
    }
}

/// How long a purchase order may be overdue: one that nobody has closed in a year, or a slip of the year, is no supply.
const LONGEST_OVERDUE: Days = Days::new(366);

/// Adds a fault where supply is said to have been expected too long ago, or to come too far ahead.
pub fn check_expected(faults: &mut Faults, expected_on: NaiveDate, today: NaiveDate) {
    let fine = expected_on.checked_add_days(LONGEST_OVERDUE).is_none_or(|last| last >= today);
    faults.require(fine, "/expected_on", "too_long_ago", "more than a year ago: say when it is expected now, or do not send it");
    require_not_far_ahead(faults, "/expected_on", Some(expected_on), today);
}

/// What of incoming supply to change: absent fields stay; `reference: null` takes it away.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"expected_on": "2035-01-22"}))]
pub struct PatchIncoming {
    #[serde(default)]
    pub expected_on: Option<NaiveDate>,
    /// The whole quantity, what has come of it included.
    #[serde(default)]
    pub quantity: Option<Quantity>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub reference: Option<Option<String>>,
}

/// Supply that is on its way, or was.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct IncomingSupply {
    pub id: IncomingSupplyId,
    #[schema(example = "KOPI-250")]
    pub sku: String,
    #[schema(example = "jakarta-1")]
    pub location: String,
    #[schema(example = "500")]
    pub quantity: Quantity,
    /// What has come of it; more than `quantity` where the supplier sent too much.
    #[schema(example = "0")]
    pub received_quantity: Quantity,
    /// What of the rest is promised to order lines that wait for it.
    #[schema(example = "0")]
    pub pegged_quantity: Quantity,
    pub expected_on: NaiveDate,
    #[schema(example = "PO-2026-0042")]
    pub reference: Option<String>,
    pub status: IncomingStatus,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl IncomingSupply {
    /// What is still to come.
    pub fn open_quantity(&self) -> Decimal {
        match self.status {
            IncomingStatus::Open => (self.quantity.0 - self.received_quantity.0).max(Decimal::ZERO),
            IncomingStatus::Received | IncomingStatus::Cancelled => Decimal::ZERO,
        }
    }
}

/// Which incoming supply to list; `None` is any.
#[derive(Clone, Debug, Default)]
pub struct IncomingFilter {
    pub statuses: Option<Vec<IncomingStatus>>,
    pub skus: Option<Vec<String>>,
    pub locations: Option<Vec<String>>,
    pub updated_from: Option<DateTime<Utc>>,
}
