use crate::inventory::stock::change::check_line_count;
use crate::inventory::stock::product::{self, Products};
use crate::types::decimal::Quantity;
use crate::types::fault::Faults;
use crate::types::text::{check_optional_text, check_prose, check_text};
use serde::Deserialize;
use utoipa::ToSchema;

/// Goods that must not be promised, may be promised again, or are thrown away.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"location": "jakarta-1", "reason": "wet cartons", "lines": [{"sku": "TEH-100", "quantity": "3", "action": "quarantine"}]}))]
pub struct PostQuarantine {
    pub location: String,
    pub reason: String,
    #[serde(default)]
    pub reference: Option<String>,
    pub lines: Vec<QuarantineLine>,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuarantineLine {
    #[schema(example = "TEH-100")]
    pub sku: String,
    /// In the product's base unit.
    #[schema(example = "3")]
    pub quantity: Quantity,
    pub action: QuarantineAction,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum QuarantineAction {
    /// Good stock becomes quarantined.
    Quarantine,
    /// Quarantined stock is good again.
    Release,
    /// Quarantined stock is gone.
    Scrap,
}

impl PostQuarantine {
    /// Adds what can be judged without knowing the products.
    pub fn check(&self, faults: &mut Faults) {
        check_text(faults, "/location", &self.location, 64);
        check_prose(faults, "/reason", &self.reason, 200);
        check_optional_text(faults, "/reference", self.reference.as_deref(), 200);
        check_line_count(faults, self.lines.len());
    }

    /// Adds what is wrong with the lines, given the products that they name.
    pub fn check_lines(&self, faults: &mut Faults, products: &Products) {
        for (i, line) in self.lines.iter().enumerate() {
            let product = product::stocked(products, faults, &format!("/lines/{i}/sku"), &line.sku);
            product::check_quantity(faults, &format!("/lines/{i}/quantity"), line.quantity.0, product);
        }
    }
}
