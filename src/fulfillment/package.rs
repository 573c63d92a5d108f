//! Parcels.

use crate::types::decimal::Quantity;
use crate::types::fault::Faults;
use crate::types::text::check_optional_text;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// More than this in one shipment is a freight list.
const MOST_PACKAGES: usize = 200;
/// A 40-foot container is 12 m long.
const LONGEST_MM: u32 = 15_000;
/// And carries less than 30 t.
const HEAVIEST_GRAMS: i64 = 30_000_000;

/// One parcel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Package {
    #[serde(default)]
    #[schema(example = "1250")]
    pub weight_grams: Option<Quantity>,
    #[serde(default)]
    #[schema(example = 300, minimum = 1, maximum = 15000)]
    pub length_mm: Option<u32>,
    #[serde(default)]
    #[schema(example = 200, minimum = 1, maximum = 15000)]
    pub width_mm: Option<u32>,
    #[serde(default)]
    #[schema(example = 150, minimum = 1, maximum = 15000)]
    pub height_mm: Option<u32>,
    /// Where each parcel has a number of its own.
    #[serde(default)]
    pub tracking_number: Option<String>,
}

/// Adds what cannot be of a parcel.
pub fn check_packages(faults: &mut Faults, packages: &[Package]) {
    faults.require(packages.len() <= MOST_PACKAGES, "/packages", "too_many_items", "at most 200 packages");
    for (i, package) in packages.iter().enumerate().take(MOST_PACKAGES) {
        for (field, size) in [("length_mm", package.length_mm), ("width_mm", package.width_mm), ("height_mm", package.height_mm)] {
            let fine = size.is_none_or(|size| (1..=LONGEST_MM).contains(&size));
            faults.require(fine, format!("/packages/{i}/{field}"), "out_of_range", "1 to 15000 mm");
        }
        let weighs = package.weight_grams.is_none_or(|Quantity(grams)| grams > Decimal::ZERO && grams <= Decimal::from(HEAVIEST_GRAMS));
        faults.require(weighs, format!("/packages/{i}/weight_grams"), "out_of_range", "above 0, at most 30000000 g");
        check_optional_text(faults, &format!("/packages/{i}/tracking_number"), package.tracking_number.as_deref(), 100);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parcel_has_a_size_that_can_be_carried() {
        let read = |json: &str| serde_json::from_str::<Package>(json).unwrap();
        let mut faults = Faults::new();
        check_packages(&mut faults, &[read("{}"), read(r#"{"weight_grams": "1250.5", "length_mm": 300}"#)]);
        assert!(faults.is_empty());
        check_packages(&mut faults, &[read(r#"{"weight_grams": "0", "height_mm": 0, "tracking_number": ""}"#)]);
        let pointers: Vec<String> = faults.into_result().unwrap_err().into_iter().map(|fault| fault.pointer).collect();
        assert_eq!(pointers, ["/packages/0/height_mm", "/packages/0/weight_grams", "/packages/0/tracking_number"]);
    }
}
