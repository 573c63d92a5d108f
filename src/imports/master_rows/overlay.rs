//! Rows of a CSV file lie over what is there: what the file has no column for stays as it is, and an empty cell clears. Rows of NDJSON
//! are whole.

use crate::error::Error;
use crate::platform::http::parse_json;
use crate::platform::merge_patch::merge;
use crate::types::bulk::BulkOutcome;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The row, and of the thing that is there what the row has no column for. Cells of an object (`shipping_address.city`) lie over its
/// members; an object that no cell is left of is absent.
pub fn laid_over<T: DeserializeOwned>(row: &Map<String, Value>, current: Option<&impl Serialize>) -> Result<T, Error> {
    let current = current.map(serde_json::to_value).transpose().map_err(Error::internal)?;
    let mut whole = match current {
        Some(Value::Object(current)) => current,
        Some(_) | None => Map::new(),
    };
    for (name, value) in row {
        let laid = match value {
            Value::Object(cells) => {
                let before = whole.get(name).and_then(Value::as_object).cloned().unwrap_or_default();
                let merged = merge(before, cells);
                if merged.is_empty() && !cells.is_empty() { Value::Null } else { Value::Object(merged) }
            }
            // A null at the top stays: it reads as absent, and an unknown name is still noticed.
            other => other.clone(),
        };
        whole.insert(name.clone(), laid);
    }
    parse_json(&serde_json::to_vec(&Value::Object(whole)).map_err(Error::internal)?)
}

/// Whether somebody else has changed a thing between our look at it and our write, by its version before and after: what he wrote in
/// columns that the file does not have would be lost.
pub fn was_overtaken(before: Option<i64>, after: Option<i64>, outcome: BulkOutcome) -> bool {
    match outcome {
        BulkOutcome::Created => before.is_some(),
        BulkOutcome::Updated => before.map(|version| version + 1) != after,
        BulkOutcome::Unchanged | BulkOutcome::Late => false,
    }
}

/// The batch is tried again.
pub fn overtaken() -> Error {
    Error::unavailable("a thing of the file was changed by somebody else at the same time".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn laid(row: Value, current: Option<Value>) -> Value {
        laid_over(row.as_object().unwrap(), current.as_ref()).unwrap()
    }

    #[test]
    fn what_has_no_column_stays_and_what_is_empty_goes() {
        let there = json!({"code": "C-1", "credit_limit": "5.00", "email": "a@b.example", "shipping_address": {"line1": "Jl. A", "city": "Bandung"}});
        let row = json!({"code": "C-1", "email": null, "shipping_address": {"line1": null, "city": "Bogor"}});
        let expected = json!({"code": "C-1", "credit_limit": "5.00", "email": null, "shipping_address": {"city": "Bogor"}});
        assert_eq!(laid(row, Some(there.clone())), expected);
        let empty = json!({"code": "C-1", "shipping_address": {"line1": null, "city": null}});
        assert_eq!(laid(empty.clone(), Some(there))["shipping_address"], Value::Null);
        assert_eq!(laid(empty, None), json!({"code": "C-1", "shipping_address": null}));
    }

    #[test]
    fn a_version_between_look_and_write_is_seen() {
        use BulkOutcome::{Created, Unchanged, Updated};
        for (before, after, outcome, overtaken) in [
            (Some(3), Some(4), Updated, false),
            (Some(3), Some(5), Updated, true),
            (None, Some(2), Updated, true),
            (None, Some(1), Created, false),
            (Some(3), Some(3), Unchanged, false),
        ] {
            assert_eq!(was_overtaken(before, after, outcome), overtaken, "{before:?} {after:?}");
        }
    }
}
