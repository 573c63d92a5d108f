use crate::types::currency::Currency;
use crate::types::decimal::Amount;
use crate::types::fault::{Fault, Faults};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use utoipa::ToSchema;

/// Up to which amount money that is short is taken for a bank's fee.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutTolerance {
    pub currency: Currency,
    /// `0` takes no difference for a fee.
    pub amount: Amount,
    // A `PUT` takes the rows of its own `GET` back; these are ignored.
    #[serde(default, rename = "version")]
    #[schema(ignore)]
    _version: Option<IgnoredAny>,
    #[serde(default, rename = "created_at")]
    #[schema(ignore)]
    _created_at: Option<IgnoredAny>,
    #[serde(default, rename = "updated_at")]
    #[schema(ignore)]
    _updated_at: Option<IgnoredAny>,
}

/// Faults of all rows at once; a currency may be named only once.
pub fn check(rows: &[PutTolerance]) -> Result<(), Vec<Fault>> {
    let mut faults = Faults::new();
    let mut seen = HashSet::new();
    for (i, row) in rows.iter().enumerate().take(1_000) {
        faults.require(row.amount.0 >= Decimal::ZERO, format!("/{i}/amount"), "out_of_range", "must be 0 or above");
        let exact = row.currency.is_exact(row.amount.0);
        faults.require(exact, format!("/{i}/amount"), "too_many_decimals", "more decimal places than the currency has");
        faults.require(seen.insert(row.currency), format!("/{i}"), "duplicate_key", "an earlier row names the same currency");
    }
    faults.require(rows.len() <= 1_000, "", "too_many_items", "at most 1000 rows a call");
    faults.into_result()
}

/// A tolerance of matching.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MatchingTolerance {
    pub currency: Currency,
    pub amount: Amount,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}
