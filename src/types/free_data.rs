//! Free data of a thing: what other systems call it, and whatever its owner keeps with it.

use super::fault::Faults;
use super::text::{check_external_ids, check_metadata};
use crate::platform::merge_patch::{merge, merge_ids};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// External ids in a merge patch: null takes all of them away, null of one system takes that one away.
pub type PatchIds = Option<Option<BTreeMap<String, Option<String>>>>;

/// Metadata in a merge patch: null takes all of it away.
pub type PatchMetadata = Option<Option<Map<String, Value>>>;

/// Lays a patch over free data, and adds a fault where the whole is then beyond its bounds.
pub fn patch(
    (external_ids, metadata): (&mut BTreeMap<String, String>, &mut Map<String, Value>),
    (ids, change): (&PatchIds, &PatchMetadata),
    faults: &mut Faults,
) {
    match ids {
        Some(Some(ids)) => merge_ids(external_ids, ids),
        Some(None) => external_ids.clear(),
        None => {}
    }
    match change {
        Some(Some(change)) => *metadata = merge(std::mem::take(metadata), change),
        Some(None) => metadata.clear(),
        None => {}
    }
    check_external_ids(faults, "/external_ids", external_ids);
    check_metadata(faults, "/metadata", metadata);
}
