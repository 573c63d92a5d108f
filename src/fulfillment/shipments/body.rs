use super::shipment::ShipmentStatus;
use crate::fulfillment::dating::Dating;
use crate::types::absent::present;
use crate::types::fault::{Fault, Faults};
use crate::types::free_data;
use crate::types::text::{check_optional_prose, check_optional_text, check_text};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What a carrier saw. Events may come in any order and more than once.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"status": "delivered", "occurred_at": "2026-11-24T09:30:00Z", "city": "Bandung", "received_by": "Siti Rahma"}))]
pub struct NewTrackingEvent {
    pub status: ShipmentStatus,
    /// When it took place, not when it is told. A delivery that is told of before the shipment counts as of the moment it was shipped.
    pub occurred_at: DateTime<Utc>,
    #[serde(default)]
    pub detail: Option<String>,
    #[serde(default)]
    #[schema(example = "Bandung")]
    pub city: Option<String>,
    #[serde(default)]
    #[schema(example = "Siti Rahma")]
    pub received_by: Option<String>,
}

impl NewTrackingEvent {
    pub fn check(&self, now: DateTime<Utc>) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        // Carriers write local times as if they were UTC; a day covers every zone.
        faults.require(self.occurred_at <= now + TimeDelta::days(1), "/occurred_at", "in_the_future", "has not happened yet");
        check_optional_prose(&mut faults, "/detail", self.detail.as_deref(), 500);
        check_optional_text(&mut faults, "/city", self.city.as_deref(), 200);
        check_optional_text(&mut faults, "/received_by", self.received_by.as_deref(), 200);
        faults.into_result()
    }
}

/// Somebody says that the customer has it.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"received_by": "Siti Rahma"}))]
pub struct Deliver {
    /// Now, if absent. At most 30 days ago without the scope `import`.
    #[serde(default)]
    pub delivered_at: Option<DateTime<Utc>>,
    #[serde(default)]
    #[schema(example = "Siti Rahma")]
    pub received_by: Option<String>,
}

impl Deliver {
    pub fn check(&self, now: DateTime<Utc>, dating: Dating) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        dating.check(&mut faults, "/delivered_at", self.delivered_at, now);
        check_optional_text(&mut faults, "/received_by", self.received_by.as_deref(), 200);
        faults.into_result()
    }
}

/// What of a shipment to change (RFC 7396): absent fields stay, `null` takes away.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"tracking_number": "JNE0123456789", "external_ids": {"carrier_portal": "77120"}}))]
pub struct PatchShipment {
    #[serde(default)]
    #[schema(example = "jne")]
    pub carrier: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub tracking_number: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    pub external_ids: Option<Option<BTreeMap<String, Option<String>>>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<Option<Map<String, Value>>>,
}

impl PatchShipment {
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        if let Some(carrier) = &self.carrier {
            check_text(&mut faults, "/carrier", carrier, 64);
        }
        let number = self.tracking_number.as_ref().and_then(Option::as_deref);
        check_optional_text(&mut faults, "/tracking_number", number, 100);
        faults.into_result()
    }

    /// Lays the patch over free data; the whole must be within its bounds.
    pub fn apply_free_data(
        &self,
        external_ids: &mut BTreeMap<String, String>,
        metadata: &mut Map<String, Value>,
    ) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        free_data::patch((external_ids, metadata), (&self.external_ids, &self.metadata), &mut faults);
        faults.into_result()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn patch(value: Value) -> PatchShipment {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_patch_tells_null_from_absent() {
        assert_eq!(patch(json!({})).tracking_number, None);
        assert_eq!(patch(json!({"tracking_number": null})).tracking_number, Some(None));
    }

    #[test]
    fn free_data_is_merged_and_null_removes() {
        let mut ids = BTreeMap::from([("a".to_owned(), "1".to_owned()), ("b".to_owned(), "2".to_owned())]);
        let mut metadata = json!({"x": {"y": 1, "z": 2}, "w": 3}).as_object().unwrap().clone();
        let change = patch(json!({"external_ids": {"a": null, "c": "3"}, "metadata": {"x": {"y": null}, "w": {"v": 1}}}));
        change.apply_free_data(&mut ids, &mut metadata).unwrap();
        assert_eq!(ids.into_iter().collect::<Vec<_>>(), [("b".into(), "2".into()), ("c".into(), "3".into())]);
        assert_eq!(Value::Object(metadata.clone()), json!({"x": {"z": 2}, "w": {"v": 1}}));
        let mut ids = BTreeMap::from([("b".to_owned(), "2".to_owned())]);
        patch(json!({"external_ids": null, "metadata": null})).apply_free_data(&mut ids, &mut metadata).unwrap();
        assert!(ids.is_empty() && metadata.is_empty());
    }
}
