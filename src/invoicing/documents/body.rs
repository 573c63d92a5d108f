use crate::platform::merge_patch::MergePatch;
use crate::types::absent::null_is_default;
use crate::types::fault::{Fault, Faults};
use crate::types::text::{check_external_ids, check_metadata};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What may change on an issued document.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutDocumentData {
    #[serde(default, deserialize_with = "null_is_default")]
    pub external_ids: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "null_is_default")]
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
}

/// Changes of it (RFC 7396).
pub type PatchDocumentData = MergePatch<PutDocumentData>;

impl PutDocumentData {
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        check_external_ids(&mut faults, "/external_ids", &self.external_ids);
        check_metadata(&mut faults, "/metadata", &self.metadata);
        faults.into_result()
    }
}
