use crate::inventory::stock::change::check_line_count;
use crate::inventory::stock::product::{self, Products};
use crate::types::decimal::Quantity;
use crate::types::fault::Faults;
use crate::types::text::{check_optional_text, check_prose, check_text};
use rust_decimal::Decimal;
use serde::Deserialize;
use std::collections::HashSet;
use utoipa::ToSchema;

/// Differences that somebody found on the shelf.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"location": "jakarta-1", "reason": "cycle count", "lines": [{"sku": "KERAMIK-02", "counted": "118"}, {"sku": "TEH-100", "delta": "-2"}]}))]
pub struct PostAdjustment {
    pub location: String,
    pub reason: String,
    #[serde(default)]
    pub reference: Option<String>,
    pub lines: Vec<AdjustmentLine>,
}

/// Exactly one of `delta` and `counted`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdjustmentLine {
    #[schema(example = "KOPI-250")]
    pub sku: String,
    /// The signed difference, in the product's base unit.
    #[serde(default)]
    pub delta: Option<Quantity>,
    /// What lies there, in the product's base unit.
    #[serde(default)]
    pub counted: Option<Quantity>,
}

impl PostAdjustment {
    /// Adds what can be judged without knowing the products.
    pub fn check(&self, faults: &mut Faults) {
        check_text(faults, "/location", &self.location, 64);
        check_prose(faults, "/reason", &self.reason, 200);
        check_optional_text(faults, "/reference", self.reference.as_deref(), 200);
        check_line_count(faults, self.lines.len());
        let mut seen = HashSet::new();
        for (i, line) in self.lines.iter().enumerate() {
            let here = format!("/lines/{i}");
            faults.require(seen.insert(&line.sku), format!("{here}/sku"), "duplicate_line", "this SKU is on another line already");
            match (line.delta, line.counted) {
                (Some(Quantity(delta)), None) => {
                    faults.require(!delta.is_zero(), format!("{here}/delta"), "out_of_range", "a difference of 0 is none");
                }
                (None, Some(Quantity(counted))) => {
                    faults.require(counted >= Decimal::ZERO, format!("{here}/counted"), "out_of_range", "must not be below 0");
                }
                (Some(_), Some(_)) | (None, None) => faults.add(here, "exactly_one_of", "give either delta or counted"),
            }
        }
    }

    /// Adds what is wrong with the lines, given the products that they name.
    pub fn check_lines(&self, faults: &mut Faults, products: &Products) {
        for (i, line) in self.lines.iter().enumerate() {
            let product = product::stocked(products, faults, &format!("/lines/{i}/sku"), &line.sku);
            for (field, quantity) in [("delta", line.delta), ("counted", line.counted)] {
                product::check_size(faults, &format!("/lines/{i}/{field}"), quantity.unwrap_or_default().0, product);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_either_a_difference_or_a_count() {
        let body: PostAdjustment = serde_json::from_value(serde_json::json!({"location": "jakarta-1", "reason": "count", "lines": [
            {"sku": "A", "delta": "1"}, {"sku": "B", "counted": "0"}, {"sku": "C"}, {"sku": "D", "delta": "1", "counted": "1"},
            {"sku": "A", "delta": "0"}, {"sku": "E", "counted": "-1"}]}))
        .unwrap();
        let mut faults = Faults::new();
        body.check(&mut faults);
        let found: Vec<(String, String)> = faults.into_result().unwrap_err().into_iter().map(|fault| (fault.pointer, fault.code)).collect();
        let expected = [
            ("/lines/2", "exactly_one_of"),
            ("/lines/3", "exactly_one_of"),
            ("/lines/4/sku", "duplicate_line"),
            ("/lines/4/delta", "out_of_range"),
            ("/lines/5/counted", "out_of_range"),
        ];
        assert_eq!(found, expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
    }
}
