//! An sObject as Salesforce's REST API and `JSON.serialize` of Apex write it: fields, parents as objects, children as
//! `{"records": [...]}`.

use crate::channels::platforms::api_client::loose::Loose;
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::collections::HashMap;

#[derive(Clone, Debug, Default)]
pub struct Record {
    fields: HashMap<String, Loose>,
    parents: HashMap<String, Record>,
    children: HashMap<String, Vec<Record>>,
}

/// A line's product's parents are four deep; what is deeper is no record of an order.
const DEPTH: usize = 6;

impl<'de> Deserialize<'de> for Record {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Fields::deserialize(deserializer)?;
        read(fields, 0).map_err(serde::de::Error::custom)
    }
}

type Fields = HashMap<String, Box<RawValue>>;

fn read(fields: Fields, depth: usize) -> Result<Record, serde_json::Error> {
    if depth > DEPTH {
        return Err(serde::de::Error::custom("nested too deeply"));
    }
    let mut record = Record::default();
    for (name, value) in fields {
        match value.get().as_bytes().first() {
            Some(b'[') => drop(record.children.insert(name, read_all(value.get(), depth)?)),
            Some(b'{') => {
                let inner: Fields = serde_json::from_str(value.get())?;
                match inner.get("records") {
                    Some(list) if list.get().starts_with('[') => drop(record.children.insert(name, read_all(list.get(), depth)?)),
                    _ => drop(record.parents.insert(name, read(inner, depth + 1)?)),
                }
            }
            _ => drop(record.fields.insert(name, serde_json::from_str(value.get())?)),
        }
    }
    Ok(record)
}

fn read_all(list: &str, depth: usize) -> Result<Vec<Record>, serde_json::Error> {
    serde_json::from_str::<Vec<Fields>>(list)?.into_iter().map(|fields| read(fields, depth + 1)).collect()
}

/// A list of records; there may be more of them.
#[derive(Clone, Debug, Deserialize)]
pub struct Children {
    pub records: Vec<Record>,
    #[serde(rename = "nextRecordsUrl", default)]
    pub next: Loose,
}

impl Record {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(Loose::text)
    }

    pub fn number(&self, name: &str) -> Option<Decimal> {
        self.fields.get(name).and_then(Loose::decimal)
    }

    pub fn is_true(&self, name: &str) -> bool {
        self.fields.get(name).is_some_and(Loose::is_true)
    }

    pub fn parent(&self, name: &str) -> Option<&Record> {
        self.parents.get(name)
    }

    /// `None` where they were not asked for.
    pub fn children(&self, name: &str) -> Option<&[Record]> {
        // A query writes null where there are none.
        self.children.get(name).map(Vec::as_slice).or_else(|| self.fields.get(name).map(|_| [].as_slice()))
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.fields.insert(name.to_owned(), Loose(value.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_parents_and_children_are_told_apart() {
        let text = r#"{"attributes": {"type": "Order"}, "Id": "801", "TotalAmount": 120000.10, "Account": {"Name": "Toko", "Owner": null},
            "OrderItems": {"totalSize": 1, "done": true, "records": [{"Quantity": 2.0}]}, "Other": [{"A": 1}], "Contacts": null}"#;
        let record: Record = serde_json::from_str(text).unwrap();
        assert_eq!(record.number("TotalAmount").map(|number| number.to_string()).as_deref(), Some("120000.1"));
        assert_eq!(record.parent("attributes").and_then(|parent| parent.get("type")), Some("Order"));
        assert_eq!(record.parent("Account").and_then(|parent| parent.get("Name")), Some("Toko"));
        assert_eq!(record.children("OrderItems").map(<[Record]>::len), Some(1));
        assert_eq!((record.children("Other").map(<[Record]>::len), record.children("Contacts").map(<[Record]>::len)), (Some(1), Some(0)));
        assert!(record.children("Missing").is_none() && record.get("Contacts").is_none());
        let deep = format!("{}1{}", "{\"records\":[".repeat(60), "]}".repeat(60));
        for odd in [deep.as_str(), "[]", "3", "{\"a\": [1]}", "{\"a\": {\"b\": [[]]}}"] {
            assert!(serde_json::from_str::<Record>(odd).is_err(), "{odd}");
        }
    }
}
