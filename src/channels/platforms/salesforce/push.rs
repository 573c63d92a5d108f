//! What an Apex class or a flow of the customer's own organization sends: an Order or Opportunity as `JSON.serialize` writes it.

use super::deal::Kind;
use super::ids::whole;
use super::record::Record;
use crate::channels::platforms::reading::without_mark;
use crate::inbox::Reason;
use serde_json::value::RawValue;

/// Of one message.
const MOST: usize = 100;

/// One record of a message.
#[derive(Clone, Debug)]
pub struct Pushed {
    pub kind: Kind,
    /// 18 characters.
    pub id: String,
    pub record: Record,
    pub pointer: String,
}

/// Reads a message: one record, or a list of them.
pub fn read(body: &[u8]) -> Result<Vec<Pushed>, Reason> {
    let malformed = |error: serde_json::Error| Reason::new("malformed_json", error.to_string(), "");
    let raw: Box<RawValue> = serde_json::from_slice(without_mark(body)).map_err(malformed)?;
    let (records, listed): (Vec<Record>, bool) = if raw.get().starts_with('[') {
        (serde_json::from_str(raw.get()).map_err(malformed)?, true)
    } else {
        (vec![serde_json::from_str(raw.get()).map_err(malformed)?], false)
    };
    if records.len() > MOST {
        return Err(Reason::new("too_many_items", format!("send at most {MOST} records at once"), ""));
    }
    let pushed = |(i, record): (usize, Record)| {
        let pointer = if listed { format!("/{i}") } else { String::new() };
        let object = record.parent("attributes").and_then(|attributes| attributes.get("type"));
        let kind = object.and_then(Kind::of).ok_or_else(|| {
            let detail = "send an Order or an Opportunity, as JSON.serialize writes it";
            Reason::new("unsupported_object", detail, format!("{pointer}/attributes/type"))
        })?;
        let id = record
            .get("Id")
            .and_then(whole)
            .ok_or_else(|| Reason::new("no_id", "the record has no Salesforce id", format!("{pointer}/Id")))?;
        Ok(Pushed { kind, id, record, pointer })
    };
    records.into_iter().enumerate().map(pushed).collect()
}
