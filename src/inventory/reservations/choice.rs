//! From which locations a cart is reserved: by the same rule as an order.

use crate::inventory::locations::body::RankedLocation;
use crate::inventory::stock::level::{ShelfQuantity, StockLevel};
use crate::inventory::stock::short::Short;
use crate::orders::allocation::{Demand, Shelf, Waiting};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// Takes each wanted SKU (in base units) from the shelves, or names all SKUs of which there is too little. Levels at locations
/// that are not ranked (inactive ones) count for nothing; what orders wait for is theirs.
pub fn choose(
    wanted: &BTreeMap<String, Decimal>,
    levels: impl IntoIterator<Item = StockLevel>,
    waiting: &[Waiting],
    ranked: &[RankedLocation],
) -> Result<Vec<ShelfQuantity>, Vec<Short>> {
    let mut shelf = Shelf::new(ranked.iter().map(|location| (location.priority, location.code.as_str())));
    for level in levels {
        shelf.set(&level.sku, &level.location, level.available());
    }
    shelf.keep_for(waiting);
    let demand = |(line, (sku, quantity)): (usize, (&String, &Decimal))| Demand {
        line,
        sku: sku.clone(),
        quantity: *quantity,
        unit_factor: Decimal::ONE,
        quantity_scale: 3,
    };
    let demands: Vec<Demand> = wanted.iter().enumerate().map(demand).collect();
    let plan = shelf.plan(&demands);
    if plan.is_complete() {
        let taken = plan.allocations.iter();
        return Ok(taken.map(|part| ShelfQuantity::new(&demands[part.line].sku, &*part.location, part.base_quantity)).collect());
    }
    let short = plan.short.iter().map(|short| {
        let demand = &demands[short.line];
        Short { sku: demand.sku.clone(), location: None, requested: demand.quantity, available: Some(demand.quantity - short.quantity) }
    });
    Err(short.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    fn level(sku: &str, location: &str, on_hand: i64) -> StockLevel {
        StockLevel {
            sku: sku.into(),
            location: location.into(),
            on_hand: on_hand.into(),
            reserved: 0.into(),
            safety_stock: 0.into(),
            quarantined: 0.into(),
            reorder_point: None,
            unit_cost: None,
            snapshot_as_of: None,
            snapshot_version: None,
            version: 1,
            updated_at: DateTime::default(),
            policy_version: 1,
            policy_updated_at: DateTime::default(),
        }
    }

    fn ranked() -> Vec<RankedLocation> {
        [("jakarta-1", 10), ("surabaya-1", 20)].map(|(code, priority)| RankedLocation { code: code.into(), priority }).into()
    }

    #[test]
    fn one_location_serves_the_whole_cart_if_it_can() {
        let levels = [level("A", "jakarta-1", 5), level("B", "jakarta-1", 1), level("A", "surabaya-1", 5), level("B", "surabaya-1", 5)];
        let wanted = BTreeMap::from([("A".to_owned(), 2.into()), ("B".to_owned(), 2.into())]);
        let taken = choose(&wanted, levels, &[], &ranked()).unwrap();
        assert_eq!(taken, [ShelfQuantity::new("A", "surabaya-1", 2.into()), ShelfQuantity::new("B", "surabaya-1", 2.into())]);
    }

    #[test]
    fn what_is_short_is_named_with_what_there_is_and_closed_locations_have_nothing() {
        let levels = [level("A", "jakarta-1", 1), level("A", "surabaya-1", 2), level("A", "closed", 9)];
        let wanted = BTreeMap::from([("A".to_owned(), 4.into()), ("B".to_owned(), 1.into())]);
        let short = choose(&wanted, levels, &[], &ranked()).unwrap_err();
        let short: Vec<_> = short.iter().map(|short| (short.sku.as_str(), short.requested, short.available.unwrap())).collect();
        assert_eq!(short, [("A", 4.into(), 3.into()), ("B", 1.into(), 0.into())]);
    }
}
