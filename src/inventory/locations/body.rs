use crate::organization::profile::body::{TimeOfDay, WorkingDay};
use crate::platform::merge_patch::MergePatch;
use crate::types::absent::{null_is_default, null_is_true, null_or};
use crate::types::address::Address;
use crate::types::fault::{Fault, Faults};
use crate::types::text::{check_external_ids, check_metadata, check_text};
use crate::types::text_enum::text_enum;
use chrono::{DateTime, Utc};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use utoipa::ToSchema;

text_enum! {
    /// What a location is. Orders and carts are promised from warehouses and stores. Goods at a supplier's are counted and can be
    /// transferred to where they are sold from; nothing is promised, moved or shipped from there, and supply that is expected there
    /// promises nothing.
    pub enum LocationKind {
        Warehouse = "warehouse",
        Store = "store",
        /// Goods of ours that lie with somebody else: seen, and promised to nobody.
        Supplier = "supplier",
    }
}

/// A location to set. Absent fields take their defaults.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Warehouse Jakarta 1", "kind": "warehouse", "priority": 10, "handling_days": 1, "cutoff_time": "14:00", "working_days": ["mon", "tue", "wed", "thu", "fri", "sat"], "external_ids": {"erp": "W-01"}, "address": {"line1": "Jl. Pluit Raya No. 8", "city": "Jakarta", "postal_code": "14440", "country": "ID"}}))]
pub struct PutLocation {
    pub name: String,
    pub kind: LocationKind,
    #[serde(default)]
    pub address: Option<Address>,
    /// Among locations that can ship an order equally well, the lower number ships first. 100 by default.
    #[serde(default = "default_priority", deserialize_with = "priority")]
    #[schema(minimum = 0, maximum = 1000000)]
    pub priority: i32,
    /// An inactive location keeps its stock but promises none of it.
    #[serde(default = "yes", deserialize_with = "null_is_true")]
    pub active: bool,
    /// Working days from an order to its hand-over to the carrier here; the organization's where absent.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 365, example = 1)]
    pub handling_days: Option<i32>,
    /// Orders after this local time count for the next day here; the organization's where absent.
    #[serde(default)]
    pub cutoff_time: Option<TimeOfDay>,
    /// The days on which goods leave here; the organization's where absent.
    #[serde(default)]
    #[schema(min_items = 1)]
    pub working_days: Option<Vec<WorkingDay>>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub external_ids: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub metadata: Map<String, Value>,
    // A `PUT` takes its own `GET` body back; these are ignored.
    #[serde(default, rename = "id")]
    #[schema(ignore)]
    _id: Option<IgnoredAny>,
    #[serde(default, rename = "code")]
    #[schema(ignore)]
    _code: Option<IgnoredAny>,
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

fn default_priority() -> i32 {
    100
}

fn priority<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i32, D::Error> {
    null_or(deserializer, default_priority)
}

fn yes() -> bool {
    true
}

impl PutLocation {
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        check(&mut faults, &self.name, self.address.as_ref(), self.priority);
        check_calendar(&mut faults, self.handling_days, self.working_days.as_deref());
        check_external_ids(&mut faults, "/external_ids", &self.external_ids);
        check_metadata(&mut faults, "/metadata", &self.metadata);
        faults.into_result()
    }
}

/// What of a location to change; its `GET` body, laid over and put back.
pub type PatchLocation = MergePatch<PutLocation>;

fn check(faults: &mut Faults, name: &str, address: Option<&Address>, priority: i32) {
    check_text(faults, "/name", name, 200);
    if let Some(address) = address {
        address.check(faults, "/address");
    }
    faults.require((0..=1_000_000).contains(&priority), "/priority", "out_of_range", "0 to 1000000");
}

fn check_calendar(faults: &mut Faults, handling_days: Option<i32>, working_days: Option<&[WorkingDay]>) {
    if let Some(days) = handling_days {
        faults.require((0..=365).contains(&days), "/handling_days", "out_of_range", "0 to 365");
    }
    let no_day = working_days.is_some_and(<[WorkingDay]>::is_empty);
    faults.require(!no_day, "/working_days", "required", "name at least one day; leave the field out for the organization's");
}

/// A place where stock lies.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Location {
    pub id: crate::types::id::LocationId,
    #[schema(example = "jakarta-1")]
    pub code: String,
    #[schema(example = "Warehouse Jakarta 1")]
    pub name: String,
    pub kind: LocationKind,
    pub address: Option<Address>,
    #[schema(example = 10)]
    pub priority: i32,
    pub active: bool,
    /// Working days from an order to its hand-over to the carrier here; null: the organization's.
    pub handling_days: Option<i32>,
    /// Null: the organization's.
    pub cutoff_time: Option<TimeOfDay>,
    /// Null: the organization's.
    pub working_days: Option<Vec<WorkingDay>>,
    pub external_ids: BTreeMap<String, String>,
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A location that ships, in the order in which locations are asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RankedLocation {
    pub code: String,
    pub priority: i32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_is_absent() {
        let body: PutLocation =
            serde_json::from_str(r#"{"name": "A", "kind": "store", "priority": null, "active": null, "address": null}"#).unwrap();
        assert_eq!((body.priority, body.active, body.address), (100, true, None));
    }

    #[test]
    fn a_put_takes_its_own_answer_back() {
        let at = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let location = Location {
            id: crate::types::id::LocationId::generate(),
            code: "jakarta-1".into(),
            name: "Warehouse".into(),
            kind: LocationKind::Warehouse,
            address: None,
            priority: 10,
            active: true,
            handling_days: Some(2),
            cutoff_time: None,
            working_days: Some(vec![WorkingDay::Mon]),
            external_ids: BTreeMap::from([("erp".into(), "W-01".into())]),
            metadata: Map::new(),
            version: 3,
            created_at: at,
            updated_at: at,
        };
        let body: PutLocation = serde_json::from_value(serde_json::to_value(&location).unwrap()).unwrap();
        assert!(body.check().is_ok() && body.priority == 10 && body.active && body.handling_days == Some(2));
        assert_eq!(body.external_ids, location.external_ids);
    }
}
