use crate::platform::merge_patch::MergePatch;
use crate::types::absent::null_is_default;
use crate::types::decimal::Percent;
use crate::types::fault::{Fault, Faults};
use crate::types::text::{check_external_ids, check_metadata, check_text};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Payment terms to set. Absent fields take their defaults.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "30 days net, 2 % within 10 days", "net_days": 30, "discount_percent": "2", "discount_days": 10, "external_ids": {"erp": "ZB30"}}))]
pub struct PutPaymentTerm {
    pub name: String,
    /// Days from the invoice's date to its due date.
    #[serde(default, deserialize_with = "null_is_default")]
    pub net_days: i32,
    /// Counts the days from the end of the invoice's month.
    #[serde(default, deserialize_with = "null_is_default")]
    pub end_of_month: bool,
    /// The order waits for its money before it is fulfilled.
    #[serde(default, deserialize_with = "null_is_default")]
    pub prepayment: bool,
    /// The carrier collects the money.
    #[serde(default, deserialize_with = "null_is_default")]
    pub cash_on_delivery: bool,
    /// Discount in percent for payment within `discount_days`.
    #[serde(default)]
    pub discount_percent: Option<Percent>,
    #[serde(default)]
    pub discount_days: Option<i32>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub external_ids: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub metadata: Map<String, Value>,
    // A `PUT` takes its own `GET` body back; these three are ignored.
    #[serde(default, rename = "code")]
    #[schema(ignore)]
    _code: Option<serde::de::IgnoredAny>,
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

impl PutPaymentTerm {
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        check_text(&mut faults, "/name", &self.name, 200);
        faults.require((0..=3650).contains(&self.net_days), "/net_days", "out_of_range", "0 to 3650 days");
        if let Some(Percent(percent)) = self.discount_percent {
            faults.require(
                percent > Decimal::ZERO && percent < Decimal::ONE_HUNDRED,
                "/discount_percent",
                "out_of_range",
                "above 0 and below 100",
            );
            faults.require(self.discount_days.is_some(), "/discount_days", "required", "say within how many days the discount holds");
        }
        if let Some(days) = self.discount_days {
            faults.require((0..=3650).contains(&days), "/discount_days", "out_of_range", "0 to 3650 days");
            faults.require(self.discount_percent.is_some(), "/discount_percent", "required", "say how much discount");
        }
        check_external_ids(&mut faults, "/external_ids", &self.external_ids);
        check_metadata(&mut faults, "/metadata", &self.metadata);
        faults.into_result()
    }

    /// Whether it asks for what there is.
    pub fn is_already(&self, current: &PaymentTerm) -> bool {
        self.name == current.name
            && self.net_days == current.net_days
            && self.end_of_month == current.end_of_month
            && self.prepayment == current.prepayment
            && self.cash_on_delivery == current.cash_on_delivery
            && self.discount_percent.map(|percent| percent.0) == current.discount_percent.map(|percent| percent.0)
            && self.discount_days == current.discount_days
            && self.external_ids == current.external_ids
            && self.metadata == current.metadata
    }
}

/// What of payment terms to change; their `GET` body, laid over and put back.
pub type PatchPaymentTerm = MergePatch<PutPaymentTerm>;

/// Payment terms.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PaymentTerm {
    #[schema(example = "net_30")]
    pub code: String,
    #[schema(example = "30 days net")]
    pub name: String,
    #[schema(example = 30)]
    pub net_days: i32,
    pub end_of_month: bool,
    pub prepayment: bool,
    pub cash_on_delivery: bool,
    pub discount_percent: Option<Percent>,
    pub discount_days: Option<i32>,
    pub external_ids: BTreeMap<String, String>,
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}
