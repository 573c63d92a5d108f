//! `null` is absent (api.md §1): a field with a default takes it for both.

use serde::{Deserialize, Deserializer};

/// For fields whose default is not that of their type, called by a function of the field's own.
pub fn null_or<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D, default: fn() -> T) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(|value| value.unwrap_or_else(default))
}

/// For flags that are set unless said otherwise.
pub fn null_is_true<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    null_or(deserializer, || true)
}

/// Tells null (`Some(None)`) from absent (`None`, by the field's default): in a merge patch null removes (RFC 7396).
pub fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// For `#[serde(default, deserialize_with = "null_is_default")]`.
pub fn null_is_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}
