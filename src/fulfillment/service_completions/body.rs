use crate::types::decimal::Quantity;
use crate::types::fault::{Fault, Faults};
use rust_decimal::Decimal;
use serde::Deserialize;
use utoipa::ToSchema;

/// How much of a service is done.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"quantity": "1"}))]
pub struct CompleteService {
    /// In the line's unit; all that is open, if absent.
    #[serde(default)]
    #[schema(example = "1")]
    pub quantity: Option<Quantity>,
}

impl CompleteService {
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        faults.require(self.quantity.is_none_or(|quantity| quantity.0 > Decimal::ZERO), "/quantity", "out_of_range", "must be above 0");
        faults.into_result()
    }
}
