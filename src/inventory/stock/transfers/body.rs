use crate::inventory::stock::change::check_line_count;
use crate::inventory::stock::product::{self, Products};
use crate::types::decimal::Quantity;
use crate::types::fault::Faults;
use crate::types::text::{check_optional_prose, check_optional_text, check_text};
use serde::Deserialize;
use utoipa::ToSchema;

/// Goods that move from one location to another, at once.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"from": "jakarta-1", "to": "surabaya-1", "reference": "TR-17", "lines": [{"sku": "KOPI-250", "quantity": "10"}]}))]
pub struct PostTransfer {
    pub from: String,
    pub to: String,
    #[serde(default)]
    pub reason: Option<String>,
    #[serde(default)]
    pub reference: Option<String>,
    pub lines: Vec<TransferLine>,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferLine {
    #[schema(example = "KOPI-250")]
    pub sku: String,
    /// In the product's base unit; at most what is available at `from`.
    #[schema(example = "10")]
    pub quantity: Quantity,
}

impl PostTransfer {
    /// Adds what can be judged without knowing the products.
    pub fn check(&self, faults: &mut Faults) {
        check_text(faults, "/from", &self.from, 64);
        check_text(faults, "/to", &self.to, 64);
        faults.require(self.from != self.to, "/to", "same_location", "must be another location than from");
        check_optional_prose(faults, "/reason", self.reason.as_deref(), 200);
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
