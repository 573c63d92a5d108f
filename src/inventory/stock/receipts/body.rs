use crate::inventory::stock::change::check_line_count;
use crate::inventory::stock::product::{self, Products};
use crate::types::decimal::{Quantity, UnitPrice};
use crate::types::fault::Faults;
use crate::types::id::IncomingSupplyId;
use crate::types::text::{check_optional_text, check_text};
use rust_decimal::Decimal;
use serde::Deserialize;
use utoipa::ToSchema;

/// Goods that have come in.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"location": "jakarta-1", "reference": "DO-2026-0815", "lines": [{"sku": "KOPI-250", "quantity": "100", "unit_cost": "38500"}]}))]
pub struct PostReceipt {
    pub location: String,
    /// The delivery note or purchase order.
    #[serde(default)]
    pub reference: Option<String>,
    pub lines: Vec<ReceiptLine>,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiptLine {
    #[schema(example = "KOPI-250")]
    pub sku: String,
    /// In the product's base unit.
    #[schema(example = "100")]
    pub quantity: Quantity,
    /// In the organization's base currency, per base unit; moves the average cost. Absent: the average stays, and stock without
    /// one takes the product's standard cost.
    #[serde(default)]
    pub unit_cost: Option<UnitPrice>,
    /// The incoming supply that this is; it is closed when all of it has come.
    #[serde(default)]
    pub incoming_id: Option<IncomingSupplyId>,
}

impl PostReceipt {
    /// Adds what can be judged without knowing the products.
    pub fn check(&self, faults: &mut Faults) {
        check_text(faults, "/location", &self.location, 64);
        check_optional_text(faults, "/reference", self.reference.as_deref(), 200);
        check_line_count(faults, self.lines.len());
    }

    /// Adds what is wrong with the lines, given the products that they name.
    pub fn check_lines(&self, faults: &mut Faults, products: &Products) {
        for (i, line) in self.lines.iter().enumerate() {
            let product = product::stocked(products, faults, &format!("/lines/{i}/sku"), &line.sku);
            product::check_quantity(faults, &format!("/lines/{i}/quantity"), line.quantity.0, product);
            if let Some(UnitPrice(cost)) = line.unit_cost {
                let fine = cost >= Decimal::ZERO && cost < Decimal::from(1_000_000_000_000i64);
                faults.require(fine, format!("/lines/{i}/unit_cost"), "out_of_range", "0 to 999999999999");
            }
        }
    }
}
