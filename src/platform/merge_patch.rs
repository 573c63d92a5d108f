//! JSON Merge Patch (RFC 7396): a `PATCH` is the `GET` body with the patch laid over it, put back.

use crate::error::Error;
use crate::platform::http::parse_json;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::marker::PhantomData;
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{RefOr, schema::AdditionalProperties};
use utoipa::{PartialSchema, ToSchema};

/// What changes of a thing whose `PUT` body is `T`. `T` must take the thing's own `GET` body.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct MergePatch<T> {
    fields: Map<String, Value>,
    #[serde(skip)]
    whole: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> MergePatch<T> {
    /// The whole thing after the patch. Faults point into the patch, since its fields are those of the whole.
    pub fn apply(&self, current: &impl Serialize) -> Result<T, Error> {
        let mut whole = serde_json::to_value(current).map_err(Error::internal)?;
        let Some(target) = whole.as_object_mut() else { return Err(Error::internal("a patched thing is not an object")) };
        for (name, change) in &self.fields {
            // A null at the top stays: it reads as absent, and an unknown name is still noticed.
            let merged = match (change, target.get(name)) {
                (Value::Object(change), Some(Value::Object(before))) => Value::Object(merge(before.clone(), change)),
                (Value::Object(change), _) => Value::Object(merge(Map::new(), change)),
                (value, _) => value.clone(),
            };
            target.insert(name.clone(), merged);
        }
        parse_json(&serde_json::to_vec(&whole).map_err(Error::internal)?)
    }

    /// The new value of one field as it was sent.
    pub fn text(&self, field: &str) -> Option<&str> {
        self.fields.get(field).and_then(Value::as_str)
    }
}

/// `target` with `change` laid over it: null removes, objects merge, all else replaces.
pub fn merge(mut target: Map<String, Value>, change: &Map<String, Value>) -> Map<String, Value> {
    for (name, value) in change {
        match value {
            Value::Null => {
                target.remove(name);
            }
            Value::Object(inner) => {
                let before = match target.remove(name) {
                    Some(Value::Object(before)) => before,
                    _ => Map::new(),
                };
                target.insert(name.clone(), Value::Object(merge(before, inner)));
            }
            other => {
                target.insert(name.clone(), other.clone());
            }
        }
    }
    target
}

/// As [`merge`], of external ids: null removes one of them.
pub fn merge_ids(target: &mut BTreeMap<String, String>, change: &BTreeMap<String, Option<String>>) {
    for (system, id) in change {
        match id {
            Some(id) => target.insert(system.clone(), id.clone()),
            None => target.remove(system),
        };
    }
}

impl<T: ToSchema> PartialSchema for MergePatch<T> {
    fn schema() -> RefOr<Schema> {
        let mut schema = T::schema();
        if let RefOr::T(Schema::Object(object)) = &mut schema {
            object.required.clear();
            object.examples.clear();
            object.description = Some("What to change: absent fields stay, null removes, objects are merged (RFC 7396).".to_owned());
            object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
        }
        schema
    }
}

impl<T: ToSchema> ToSchema for MergePatch<T> {
    fn name() -> Cow<'static, str> {
        let whole = T::name();
        Cow::Owned(format!("Patch{}", whole.strip_prefix("Put").unwrap_or(&whole)))
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        T::schemas(schemas);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[derive(Deserialize, Debug, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Whole {
        name: String,
        note: Option<String>,
        #[serde(default)]
        free: Map<String, Value>,
    }

    fn patched(patch: Value) -> Result<Whole, Error> {
        let patch: MergePatch<Whole> = serde_json::from_value(patch).unwrap();
        patch.apply(&json!({"name": "a", "note": "b", "free": {"x": {"y": 1, "z": 2}, "w": 3}}))
    }

    #[test]
    fn absent_stays_null_removes_and_objects_merge() {
        let whole = patched(json!({"note": null, "free": {"x": {"y": null, "n": {"k": null}}, "w": [null]}})).unwrap();
        assert_eq!(whole.name, "a");
        assert_eq!(whole.note, None);
        assert_eq!(Value::Object(whole.free), json!({"x": {"z": 2, "n": {}}, "w": [null]}));
    }

    #[test]
    fn an_unknown_field_is_a_fault_even_as_null() {
        for patch in [json!({"colour": "red"}), json!({"colour": null})] {
            let error = patched(patch).unwrap_err();
            assert!(
                matches!(&error, Error::Invalid(faults) if faults[0].pointer == "/colour" && faults[0].code == "unknown_field"),
                "{error:?}"
            );
        }
    }
}
