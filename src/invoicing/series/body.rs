use super::number::Pattern;
use crate::types::fault::{Fault, Faults};
use crate::types::text_enum::text_enum;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

text_enum! {
    /// What a series numbers.
    pub enum SeriesKind {
        Invoice = "invoice",
        CreditNote = "credit_note",
    }
}

/// A number series to set.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "invoice", "prefix": "EXP-", "year_reset": true}))]
pub struct PutInvoiceSeries {
    /// Fixed once the series exists.
    pub kind: SeriesKind,
    /// What numbers begin with: 1 to 20 of letters, digits, `-`, `/`, `.`, `_`.
    pub prefix: String,
    /// Starts at 1 again each year; the year then stands in the number.
    #[serde(default)]
    pub year_reset: Option<bool>,
    /// The next number. Absent: 1 in a new series, unchanged in another. Once the series is in use it only goes up.
    #[serde(default)]
    #[schema(minimum = 1)]
    pub next_number: Option<i64>,
    // A `PUT` takes its own `GET` body back; these are ignored.
    #[serde(default, rename = "code")]
    #[schema(ignore)]
    _code: Option<serde::de::IgnoredAny>,
    #[serde(default, rename = "last_issued_on")]
    #[schema(ignore)]
    _last_issued_on: Option<serde::de::IgnoredAny>,
    #[serde(default, rename = "version")]
    #[schema(ignore)]
    _version: Option<serde::de::IgnoredAny>,
    #[serde(default, rename = "created_at")]
    #[schema(ignore)]
    _created_at: Option<serde::de::IgnoredAny>,
    #[serde(default, rename = "updated_at")]
    #[schema(ignore)]
    _updated_at: Option<serde::de::IgnoredAny>,
}

impl PutInvoiceSeries {
    /// How it writes its numbers.
    pub fn pattern(&self) -> Pattern<'_> {
        (&self.prefix, self.year_reset.unwrap_or(false))
    }

    /// Whether it asks for what there is. The kind is fixed.
    pub fn is_already(&self, current: &InvoiceSeries) -> bool {
        self.pattern() == current.pattern() && self.next_number.is_none_or(|next| next == current.next_number)
    }

    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        let fine = (1..=20).contains(&self.prefix.len())
            && self.prefix.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'/' | b'.' | b'_'));
        faults.require(fine, "/prefix", "invalid_prefix", "1 to 20 of letters, digits, '-', '/', '.', '_'");
        if let Some(next) = self.next_number {
            faults.require((1..=999_999_999_999).contains(&next), "/next_number", "out_of_range", "1 to 999999999999");
        }
        faults.into_result()
    }
}

/// A number series.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InvoiceSeries {
    #[schema(example = "INV")]
    pub code: String,
    pub kind: SeriesKind,
    #[schema(example = "INV-")]
    pub prefix: String,
    pub year_reset: bool,
    #[schema(example = 1)]
    pub next_number: i64,
    /// The date of the last document; none is issued with an earlier one.
    pub last_issued_on: Option<NaiveDate>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl InvoiceSeries {
    /// How it writes its numbers.
    pub fn pattern(&self) -> Pattern<'_> {
        (&self.prefix, self.year_reset)
    }
}
