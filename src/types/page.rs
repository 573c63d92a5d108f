//! Keyset pages: an opaque cursor that is bound to its filters.

use crate::error::Error;
use crate::platform::limits;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// One page of a list. `next_cursor` is null on the last page.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Page<T> {
    pub data: Vec<T>,
    #[schema(example = "eyJrIjpbIjAxOTMiXX0")]
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Cuts the one row that was fetched beyond `limit` and makes the cursor of the last one kept.
    pub fn cut(mut rows: Vec<T>, limit: usize, cursor_of: impl Fn(&T) -> String) -> Self {
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = if more { rows.last().map(cursor_of) } else { None };
        Self { data: rows, next_cursor }
    }

    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page { data: self.data.into_iter().map(f).collect(), next_cursor: self.next_cursor }
    }
}

/// The parameters of a list that has no filters of its own. Lists with filters repeat these two fields.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Rows a page, 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    pub cursor: Option<String>,
}

impl PageQuery {
    pub fn limit(&self) -> Result<usize, Error> {
        page_limit(self.limit)
    }

    /// The sort key after which the page starts.
    pub fn after(&self, filters: &str, parts: usize) -> Result<Option<Vec<String>>, Error> {
        page_after(self.cursor.as_deref(), filters, parts)
    }
}

/// A page of a short list, of what has changed since a time if that is asked for.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ChangedQuery {
    /// Rows a page, 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    pub cursor: Option<String>,
    /// Only what has changed since then, that moment included.
    pub updated_from: Option<DateTime<Utc>>,
}

/// What a [`ChangedQuery`] asks for.
pub struct Changed {
    pub limit: usize,
    /// The code after which the page starts.
    pub after: Option<String>,
    pub updated_from: Option<DateTime<Utc>>,
    /// Ties cursors to this list and its filter.
    pub fingerprint: String,
}

impl ChangedQuery {
    /// What a cursor of the list `name` is bound to.
    pub fn fingerprint(&self, name: &str) -> String {
        format!("{name} {:?}", self.updated_from)
    }

    /// Reads the query of the list `name`, which is sorted by code.
    pub fn read(&self, name: &str) -> Result<Changed, Error> {
        let fingerprint = self.fingerprint(name);
        let after = page_after(self.cursor.as_deref(), &fingerprint, 1)?.and_then(|mut key| key.pop());
        Ok(Changed { limit: page_limit(self.limit)?, after, updated_from: self.updated_from, fingerprint })
    }
}

/// 50 where absent; 400 outside of 1–200.
pub fn page_limit(limit: Option<u32>) -> Result<usize, Error> {
    match limit.map_or(limits::PAGE_DEFAULT, |limit| limit as usize) {
        limit if (1..=limits::PAGE_MAX).contains(&limit) => Ok(limit),
        _ => Err(Error::bad_request("invalid_parameter", format!("limit is 1 to {}", limits::PAGE_MAX))),
    }
}

/// 400 `invalid_cursor` for one that is not ours or belongs to other filters.
pub fn page_after(cursor: Option<&str>, filters: &str, parts: usize) -> Result<Option<Vec<String>>, Error> {
    let Some(cursor) = cursor else { return Ok(None) };
    let key = decode_cursor(filters, cursor, parts);
    key.map(Some)
        .ok_or_else(|| Error::bad_request("invalid_cursor", "take the cursor from next_cursor and keep the filters of the first page"))
}

/// The id in a key of one part.
pub fn page_id(key: Option<Vec<String>>) -> Result<Option<uuid::Uuid>, Error> {
    let Some(text) = key.and_then(|mut key| key.pop()) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| Error::bad_request("invalid_cursor", "take the cursor from next_cursor"))
}

/// Encodes the sort key of the last row together with a fingerprint of the filters it belongs to.
pub fn encode_cursor(filters: &str, key: &[String]) -> String {
    let json = serde_json::json!({ "f": fingerprint(filters), "k": key });
    URL_SAFE_NO_PAD.encode(json.to_string())
}

/// The sort key, or `None` where the cursor is not one of ours or belongs to other filters.
pub fn decode_cursor(filters: &str, cursor: &str, parts: usize) -> Option<Vec<String>> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let json: serde_json::Value = serde_json::from_slice(&bytes).ok()?;
    if json.get("f")?.as_u64()? != fingerprint(filters) {
        return None;
    }
    let key: Vec<String> = json.get("k")?.as_array()?.iter().map(|v| v.as_str().map(str::to_owned)).collect::<Option<_>>()?;
    (key.len() == parts).then_some(key)
}

/// FNV-1a, 32 bit: tells filters apart by mistake, not by malice; the organization is never taken from a cursor.
fn fingerprint(text: &str) -> u64 {
    u64::from(text.bytes().fold(0x811c_9dc5_u32, |hash, b| (hash ^ u32::from(b)).wrapping_mul(0x0100_0193)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_bound_to_its_filters() {
        let cursor = encode_cursor("status=confirmed", &["a".into(), "b".into()]);
        assert_eq!(decode_cursor("status=confirmed", &cursor, 2), Some(vec!["a".into(), "b".into()]));
        assert_eq!(decode_cursor("status=draft", &cursor, 2), None);
        assert_eq!(decode_cursor("status=confirmed", &cursor, 1), None);
        assert_eq!(decode_cursor("", "garbage!", 1), None);
    }
}
