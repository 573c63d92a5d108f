//! What an order's change means for the shelves: the difference of its open allocations.

use crate::orders::change::OrderChange;
use crate::orders::order::Order;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// Reserved base quantities (above 0: more, below: less) that go from `before` to `after`, per SKU and location.
pub fn reserved_difference(changes: &[OrderChange]) -> Vec<(String, String, Decimal)> {
    let mut sums: BTreeMap<(String, String), Decimal> = BTreeMap::new();
    let mut add = |order: &Order, sign: Decimal| {
        for fulfillment_order in &order.fulfillment_orders {
            for line in &fulfillment_order.lines {
                *sums.entry((line.sku.clone(), fulfillment_order.location.clone())).or_default() += sign * line.open_base();
            }
        }
    };
    for change in changes {
        add(&change.before, Decimal::NEGATIVE_ONE);
        add(&change.after, Decimal::ONE);
    }
    sums.into_iter().filter(|(_, quantity)| !quantity.is_zero()).map(|((sku, location), quantity)| (sku, location, quantity)).collect()
}
