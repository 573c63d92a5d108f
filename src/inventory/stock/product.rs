//! What stock must know of a product, and the checks of quantities against it.

use crate::platform::limits::MAX_QUANTITY;
use crate::types::fault::Faults;
use crate::types::id::ProductId;
use rust_decimal::Decimal;
use std::collections::HashMap;

/// A product as stock sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct StockedProduct {
    pub id: ProductId,
    pub sku: String,
    /// Services and charges have no stock.
    pub stocked: bool,
    pub active: bool,
    /// Base unit (UN/ECE Rec 20).
    pub unit: String,
    /// Other units with the number of base units in one.
    pub units: Vec<(String, Decimal)>,
    pub quantity_scale: u32,
    pub standard_cost: Option<Decimal>,
}

impl StockedProduct {
    /// How many base units one `unit` holds; `None` where the product is not counted in it.
    pub fn factor(&self, unit: Option<&str>) -> Option<Decimal> {
        let Some(unit) = unit else { return Some(Decimal::ONE) };
        let code = crate::types::unit::unit_code(unit)?;
        if code == self.unit {
            return Some(Decimal::ONE);
        }
        self.units.iter().find(|(other, _)| *other == code).map(|(_, factor)| *factor)
    }
}

/// The products of a request, by SKU.
pub type Products = HashMap<String, StockedProduct>;

/// The product `sku` if it has stock; else 422 `unknown_sku` or `not_stocked` at `pointer`.
pub fn stocked<'a>(products: &'a Products, faults: &mut Faults, pointer: &str, sku: &str) -> Option<&'a StockedProduct> {
    match products.get(sku) {
        None => {
            faults.add(pointer, "unknown_sku", "there is no product with this SKU");
            None
        }
        Some(product) if !product.stocked => {
            faults.add(pointer, "not_stocked", "services and charges have no stock");
            None
        }
        Some(product) => Some(product),
    }
}

/// Adds a fault unless `quantity` is above zero, within bounds and no finer than the product is counted.
pub fn check_quantity(faults: &mut Faults, pointer: &str, quantity: Decimal, product: Option<&StockedProduct>) {
    faults.require(quantity > Decimal::ZERO, pointer, "out_of_range", "must be above 0");
    check_size(faults, pointer, quantity, product);
}

/// As `check_quantity` where zero and, for a difference, less than zero is a figure too.
pub fn check_size(faults: &mut Faults, pointer: &str, quantity: Decimal, product: Option<&StockedProduct>) {
    faults.require(quantity.abs() <= Decimal::from(MAX_QUANTITY), pointer, "out_of_range", "at most 1000000000");
    if let Some(product) = product
        && quantity.normalize().scale() > product.quantity_scale
    {
        faults.add(pointer, "too_many_decimals", format!("this product is counted to {} decimal places", product.quantity_scale));
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub fn product(sku: &str, stocked: bool) -> StockedProduct {
        StockedProduct {
            id: ProductId::generate(),
            sku: sku.to_owned(),
            stocked,
            active: true,
            unit: "C62".into(),
            units: vec![("XBX".into(), 12.into())],
            quantity_scale: 0,
            standard_cost: None,
        }
    }

    #[test]
    fn units_are_known_by_code_and_alias_and_never_read_as_pieces() {
        let coffee = product("KOPI-250", true);
        assert_eq!(coffee.factor(None), Some(1.into()));
        assert_eq!(coffee.factor(Some("each")), Some(1.into()));
        assert_eq!(coffee.factor(Some("box")), Some(12.into()));
        assert_eq!(coffee.factor(Some("KGM")), None);
        assert_eq!(coffee.factor(Some("nonsense")), None);
    }

    #[test]
    fn what_has_no_stock_or_is_counted_too_finely_is_refused() {
        let products: Products = [product("KOPI-250", true), product("GIFT-WRAP", false)].map(|p| (p.sku.clone(), p)).into();
        let mut faults = Faults::new();
        assert!(stocked(&products, &mut faults, "/lines/0/sku", "KOPI-250").is_some());
        stocked(&products, &mut faults, "/lines/1/sku", "GIFT-WRAP");
        stocked(&products, &mut faults, "/lines/2/sku", "NOTHING");
        check_quantity(&mut faults, "/lines/3/quantity", Decimal::new(15, 1), products.get("KOPI-250"));
        check_quantity(&mut faults, "/lines/4/quantity", Decimal::ZERO, None);
        let codes: Vec<String> = faults.into_result().unwrap_err().into_iter().map(|fault| fault.code).collect();
        assert_eq!(codes, ["not_stocked", "unknown_sku", "too_many_decimals", "out_of_range"]);
    }
}
