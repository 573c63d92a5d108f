use crate::types::absent::null_is_default;
use crate::types::address::Address;
use crate::types::fault::{Fault, Faults};
use crate::types::text::{check_code, check_external_ids, check_metadata, check_optional_text, check_prose};
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What to issue an invoice anew with. It names the customer as he is today: correct his name, tax number or billing address before.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "The tax number was another company's", "buyer_reference": "KST-4711"}))]
pub struct Rebill {
    /// Why; it stands on both documents.
    pub reason: String,
    /// On the new invoice alone; that of the order, else of the customer, where absent.
    #[serde(default)]
    pub billing_address: Option<Address>,
    /// On the new invoice alone; that of the order where absent.
    #[serde(default)]
    pub buyer_reference: Option<String>,
    /// On the new invoice alone; that of the order where absent.
    #[serde(default)]
    pub purchase_order_number: Option<String>,
    /// Of both documents. Today where absent; never in the future, in closed books, before the invoice or before the last document of
    /// their series.
    #[serde(default)]
    pub issued_on: Option<NaiveDate>,
    /// Code of the number series; that of the invoice where absent.
    #[serde(default)]
    pub series: Option<String>,
    /// Code of the number series of the credit note.
    #[serde(default)]
    #[schema(default = "CN")]
    pub credit_note_series: Option<String>,
    /// Of the new invoice.
    #[serde(default)]
    pub external_ids: Option<BTreeMap<String, String>>,
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<Map<String, Value>>,
    /// Answers what would change, and issues nothing.
    #[serde(default, deserialize_with = "null_is_default")]
    pub dry_run: bool,
}

impl Rebill {
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        check_prose(&mut faults, "/reason", &self.reason, 500);
        if let Some(address) = &self.billing_address {
            address.check(&mut faults, "/billing_address");
        }
        check_optional_text(&mut faults, "/buyer_reference", self.buyer_reference.as_deref(), 100);
        check_optional_text(&mut faults, "/purchase_order_number", self.purchase_order_number.as_deref(), 100);
        for (pointer, series) in [("/series", &self.series), ("/credit_note_series", &self.credit_note_series)] {
            if let Some(series) = series {
                check_code(&mut faults, pointer, series);
            }
        }
        if let Some(ids) = &self.external_ids {
            check_external_ids(&mut faults, "/external_ids", ids);
        }
        if let Some(metadata) = &self.metadata {
            check_metadata(&mut faults, "/metadata", metadata);
        }
        faults.into_result()
    }
}
