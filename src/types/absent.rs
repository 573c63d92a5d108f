//! `null` is absent (api.md §1): a field with a default takes it for both.

use serde::{Deserialize, Deserializer};

/// For `#[serde(default, deserialize_with = "null_is_default")]`.
pub fn null_is_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}
