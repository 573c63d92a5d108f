use crate::catalog::product_kind::ProductKind;
use crate::platform::limits::MAX_QUANTITY;
use crate::platform::merge_patch::MergePatch;
use crate::types::absent::null_is_default;
use crate::types::decimal::{Factor, Quantity, UnitPrice};
use crate::types::fault::Faults;
use crate::types::gs1::check_gtin;
use crate::types::id::ProductId;
use crate::types::text::{check_code, check_external_ids, check_metadata, check_optional_prose, check_text};
use crate::types::unit::unit_code;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashSet};
use utoipa::ToSchema;

/// Another unit in which a product is sold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductUnit {
    /// UN/ECE Rec 20 code or an alias such as `box`.
    #[schema(example = "XBX")]
    pub unit: String,
    /// Base units in one of it.
    pub factor: Factor,
    /// GTIN of this package.
    #[serde(default)]
    #[schema(example = "18991234500017")]
    pub gtin: Option<String>,
}

/// A product to set. Absent fields take their defaults.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "sku": "KOPI-250", "name": "Kopi Arabika Gayo 250 g", "kind": "stocked", "unit": "C62", "units": [{"unit": "XBX", "factor": "12"}],
    "quantity_scale": 0, "tax_category": "standard", "weight_grams": "270", "standard_cost": "48000", "active": true
}))]
pub struct PutProduct {
    /// Names the product in an array; with a SKU in the path it may be left out or must be the same.
    #[serde(default)]
    #[schema(example = "KOPI-250", pattern = "^[A-Za-z0-9._~-]{1,64}$")]
    pub sku: Option<String>,
    pub name: String,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub kind: Option<ProductKind>,
    /// The base unit, in which stock is kept and prices are meant: UN/ECE Rec 20 code or an alias such as `each`.
    #[schema(example = "C62")]
    pub unit: String,
    #[serde(default, deserialize_with = "null_is_default")]
    pub units: Vec<ProductUnit>,
    /// Decimal places that a quantity may have, 0 to 3.
    #[serde(default, deserialize_with = "null_is_default")]
    #[schema(minimum = 0, maximum = 3)]
    pub quantity_scale: i16,
    /// Which of the organization's tax rates apply.
    #[schema(example = "standard")]
    pub tax_category: String,
    /// GTIN of the base unit: 8, 12, 13 or 14 digits.
    #[serde(default)]
    pub gtin: Option<String>,
    /// Weight of one base unit.
    #[serde(default)]
    pub weight_grams: Option<Quantity>,
    /// What one base unit costs, in the organization's base currency.
    #[serde(default)]
    pub standard_cost: Option<UnitPrice>,
    /// Whether it may be ordered; true by default.
    #[serde(default)]
    pub active: Option<bool>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub external_ids: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub metadata: Map<String, Value>,
    /// Grows with each change in the system that this comes from; what is not newer than the last one taken is late and ignored.
    #[serde(default)]
    #[schema(minimum = 0)]
    pub source_version: Option<i64>,
    // A `PUT` takes its own `GET` body back; these four are ignored.
    #[serde(default, rename = "id")]
    #[schema(ignore)]
    _id: Option<serde::de::IgnoredAny>,
    #[serde(default, rename = "version")]
    #[schema(ignore)]
    _version: Option<serde::de::IgnoredAny>,
    #[serde(default, rename = "created_at")]
    #[schema(ignore)]
    _created_at: Option<serde::de::IgnoredAny>,
    #[serde(default, rename = "updated_at")]
    #[schema(ignore)]
    _updated_at: Option<serde::de::IgnoredAny>,
}

/// What changes of a product.
pub type PatchProduct = MergePatch<PutProduct>;

impl PutProduct {
    /// Empty where the path names the SKU.
    pub fn sku(&self) -> &str {
        self.sku.as_deref().unwrap_or_default()
    }

    /// Adds what is wrong, then writes units as their Rec 20 codes. `pointer` is where the product stands in the body.
    pub fn check(&mut self, faults: &mut Faults, pointer: &str) {
        check_text(faults, &format!("{pointer}/name"), &self.name, 255);
        check_optional_prose(faults, &format!("{pointer}/description"), self.description.as_deref(), 10_000);
        check_code(faults, &format!("{pointer}/tax_category"), &self.tax_category);
        check_gtin(faults, &format!("{pointer}/gtin"), self.gtin.as_deref());
        let scale = (0..=3).contains(&self.quantity_scale);
        faults.require(scale, format!("{pointer}/quantity_scale"), "out_of_range", "0 to 3 decimal places");
        if let Some(Quantity(weight)) = self.weight_grams {
            faults.require(weight >= Decimal::ZERO, format!("{pointer}/weight_grams"), "out_of_range", "must not be below 0");
        }
        if let Some(UnitPrice(cost)) = self.standard_cost {
            let fine = cost >= Decimal::ZERO && cost < Decimal::from(1_000_000_000_000i64);
            faults.require(fine, format!("{pointer}/standard_cost"), "out_of_range", "0 or more, at most 12 digits before the point");
        }
        check_external_ids(faults, &format!("{pointer}/external_ids"), &self.external_ids);
        check_metadata(faults, &format!("{pointer}/metadata"), &self.metadata);
        let version = self.source_version.is_none_or(|version| version >= 0);
        faults.require(version, format!("{pointer}/source_version"), "out_of_range", "must not be below 0");
        self.check_units(faults, pointer);
    }

    fn check_units(&mut self, faults: &mut Faults, pointer: &str) {
        const UNKNOWN: &str = "use a UN/ECE Recommendation 20 code such as C62 or KGM";
        match unit_code(&self.unit) {
            Some(code) => self.unit = code,
            None => faults.add(format!("{pointer}/unit"), "unknown_unit", UNKNOWN),
        }
        faults.require(self.units.len() <= 50, format!("{pointer}/units"), "too_many_items", "at most 50 units");
        let mut seen = HashSet::from([self.unit.clone()]);
        for (i, unit) in self.units.iter_mut().enumerate() {
            let here = format!("{pointer}/units/{i}");
            match unit_code(&unit.unit) {
                Some(code) => unit.unit = code,
                None => faults.add(format!("{here}/unit"), "unknown_unit", UNKNOWN),
            }
            faults.require(
                seen.insert(unit.unit.clone()),
                format!("{here}/unit"),
                "duplicate_unit",
                "each unit once, and the base unit only as unit",
            );
            let fine = unit.factor.0 > Decimal::ZERO && unit.factor.0 <= Decimal::from(MAX_QUANTITY);
            faults.require(fine, format!("{here}/factor"), "out_of_range", "above 0 and at most 1,000,000,000 base units");
            check_gtin(faults, &format!("{here}/gtin"), unit.gtin.as_deref());
        }
    }
}

/// A product.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Product {
    #[schema(example = "KOPI-250")]
    pub sku: String,
    pub id: ProductId,
    #[schema(example = "Kopi Arabika Gayo 250 g")]
    pub name: String,
    pub description: Option<String>,
    pub kind: ProductKind,
    #[schema(example = "C62")]
    pub unit: String,
    pub units: Vec<ProductUnit>,
    #[schema(example = 0)]
    pub quantity_scale: i16,
    #[schema(example = "standard")]
    pub tax_category: String,
    pub gtin: Option<String>,
    pub weight_grams: Option<Quantity>,
    pub standard_cost: Option<UnitPrice>,
    pub active: bool,
    pub external_ids: BTreeMap<String, String>,
    pub metadata: Map<String, Value>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Product {}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn faults_of(body: Value) -> Vec<(String, String)> {
        let mut product: PutProduct = serde_json::from_value(body).unwrap();
        let mut faults = Faults::new();
        product.check(&mut faults, "/3");
        faults.into_result().err().unwrap_or_default().into_iter().map(|fault| (fault.pointer, fault.code)).collect()
    }

    fn pair(pointer: &str, code: &str) -> (String, String) {
        (pointer.to_owned(), code.to_owned())
    }

    #[test]
    fn units_are_written_as_codes() {
        let mut product: PutProduct = serde_json::from_value(
            json!({"name": "Kopi", "unit": "each", "tax_category": "standard", "units": [{"unit": "dus", "factor": "12"}]}),
        )
        .unwrap();
        let mut faults = Faults::new();
        product.check(&mut faults, "");
        assert!(faults.is_empty(), "{faults:?}");
        assert_eq!((product.unit.as_str(), product.units[0].unit.as_str()), ("C62", "XBX"));
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let faults = faults_of(json!({
            "name": " ", "unit": "??", "tax_category": "a b", "gtin": "4006381333930", "quantity_scale": 4, "weight_grams": "-1",
            "standard_cost": "1000000000000", "units": [{"unit": "KGM", "factor": "0"}, {"unit": "kg", "factor": "1", "gtin": "1"}]
        }));
        assert_eq!(
            faults,
            [
                pair("/3/name", "required"),
                pair("/3/tax_category", "invalid_code"),
                pair("/3/gtin", "invalid_gtin"),
                pair("/3/quantity_scale", "out_of_range"),
                pair("/3/weight_grams", "out_of_range"),
                pair("/3/standard_cost", "out_of_range"),
                pair("/3/unit", "unknown_unit"),
                pair("/3/units/0/factor", "out_of_range"),
                pair("/3/units/1/unit", "duplicate_unit"),
                pair("/3/units/1/gtin", "invalid_gtin"),
            ]
        );
    }

    #[test]
    fn the_base_unit_is_not_among_the_other_units() {
        let faults = faults_of(json!({"name": "a", "unit": "C62", "tax_category": "standard", "units": [{"unit": "pcs", "factor": "1"}]}));
        assert_eq!(faults, [pair("/3/units/0/unit", "duplicate_unit")]);
    }
}
