//! Asking for more stock than there is.

use crate::error::Error;
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

/// What was asked for and what there is, in the product's base unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Short {
    pub sku: String,
    /// Where it was asked for; `None` is everywhere.
    pub location: Option<String>,
    pub requested: Decimal,
    /// `None` where the caller may not know how much there is.
    pub available: Option<Decimal>,
}

impl Short {
    /// At one location. Less than nothing (after a count) is told as nothing.
    pub fn at(sku: impl Into<String>, location: impl Into<String>, requested: Decimal, available: Decimal) -> Self {
        let available = Some(available.max(Decimal::ZERO));
        Self { sku: sku.into(), location: Some(location.into()), requested, available }
    }

    fn json(&self) -> Value {
        let mut line = Map::new();
        line.insert("sku".to_owned(), json!(self.sku));
        if let Some(location) = &self.location {
            line.insert("location".to_owned(), json!(location));
        }
        line.insert("requested".to_owned(), json!(self.requested.normalize().to_string()));
        line.insert("available".to_owned(), json!(self.available.map(|available| available.normalize().to_string())));
        Value::Object(line)
    }
}

/// 409 `insufficient_stock`, naming each short line in `lines`.
pub fn insufficient_stock(short: &[Short]) -> Error {
    let named: Vec<&str> = short.iter().take(5).map(|line| line.sku.as_str()).collect();
    let more = if short.len() > named.len() { " and others" } else { "" };
    let detail = format!("there is not enough of {}{more}; see lines", named.join(", "));
    let lines: Vec<Value> = short.iter().map(Short::json).collect();
    Error::conflict_with("insufficient_stock", detail, json!({ "lines": lines }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_problem_names_each_short_line() {
        let problem = insufficient_stock(&[Short::at("KOPI-250", "jakarta-1", 5.into(), (-1).into())]).problem("x");
        assert_eq!(problem["code"], "insufficient_stock");
        assert_eq!(problem["lines"], json!([{"sku": "KOPI-250", "location": "jakarta-1", "requested": "5", "available": "0"}]));
    }
}
