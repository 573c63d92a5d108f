//! Whose promise is taken back when stock is missing.

use crate::inventory::reservations::LiveReservation;
use crate::inventory::{ShelfKey, ShelfQuantity};
use crate::types::id::{FulfillmentOrderId, OrderId};
use chrono::{DateTime, Utc};
use rust_decimal::{Decimal, RoundingStrategy};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// An allocation that is not wholly shipped. Quantities in the order line's unit; `picked ≥ packed ≥ shipped`.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenAllocation {
    pub order_id: OrderId,
    pub line_number: i16,
    pub fulfillment_order_id: FulfillmentOrderId,
    pub key: ShelfKey,
    pub quantity: Decimal,
    pub unit_factor: Decimal,
    pub picked: Decimal,
    pub packed: Decimal,
    pub shipped: Decimal,
    /// Of the order: higher gives way later.
    pub priority: i32,
    pub ordered_at: DateTime<Utc>,
    /// Decimal places in which the product is counted.
    pub quantity_scale: u32,
}

/// So much of an allocation is taken back, in the order line's unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    pub order_id: OrderId,
    pub line_number: i16,
    pub fulfillment_order_id: FulfillmentOrderId,
    pub quantity: Decimal,
}

/// Takes allocations back until nothing is missing any more: what is not picked yet before what is picked, that before what is
/// packed; within each the lowest priority first, then the newest order. Units are taken whole, so a box may free more than is
/// missing. The second value is what is missing all the same.
pub fn from_allocations(missing: &[ShelfQuantity], allocations: &[OpenAllocation]) -> (Vec<Part>, BTreeMap<ShelfKey, Decimal>) {
    let mut open: BTreeMap<ShelfKey, Decimal> = missing.iter().map(|missing| (missing.key(), missing.quantity)).collect();
    let mut order: Vec<usize> = (0..allocations.len()).collect();
    order.sort_by_key(|&i| {
        let a = &allocations[i];
        (a.priority, Reverse(a.ordered_at), Reverse(a.order_id), Reverse(a.line_number))
    });
    let mut taken = vec![Decimal::ZERO; allocations.len()];
    let stages: [fn(&OpenAllocation) -> Decimal; 3] = [|a| a.quantity - a.picked, |a| a.picked - a.packed, |a| a.packed - a.shipped];
    for stage in stages {
        for &i in &order {
            let allocation = &allocations[i];
            let Some(left) = open.get_mut(&allocation.key).filter(|left| **left > Decimal::ZERO) else { continue };
            let needed = (*left / allocation.unit_factor)
                .round_dp_with_strategy(allocation.quantity_scale, RoundingStrategy::AwayFromZero)
                .min(stage(allocation));
            taken[i] += needed;
            *left -= needed * allocation.unit_factor;
        }
    }
    open.retain(|_, left| *left > Decimal::ZERO);
    let part = |i: usize| Part {
        order_id: allocations[i].order_id,
        line_number: allocations[i].line_number,
        fulfillment_order_id: allocations[i].fulfillment_order_id,
        quantity: taken[i],
    };
    (order.into_iter().filter(|i| taken[*i] > Decimal::ZERO).map(part).collect(), open)
}

/// Which reservations (in the order given) must go so that nothing is `missing` any more. A reservation goes as a whole: half of a
/// cart is not what its buyer was promised.
pub fn from_reservations(
    mut missing: BTreeMap<ShelfKey, Decimal>,
    reservations: Vec<LiveReservation>,
) -> (Vec<LiveReservation>, BTreeMap<ShelfKey, Decimal>) {
    let mut taken = vec![];
    for reservation in reservations {
        if !reservation.lines.iter().any(|line| missing.contains_key(&line.key())) {
            continue;
        }
        for line in &reservation.lines {
            if let Some(left) = missing.get_mut(&line.key()) {
                *left -= line.quantity;
            }
        }
        missing.retain(|_, left| *left > Decimal::ZERO);
        taken.push(reservation);
    }
    (taken, missing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn allocation(number: i16, priority: i32, ordered_at: i64, quantity: i64, picked: i64, packed: i64) -> OpenAllocation {
        OpenAllocation {
            order_id: OrderId::generate(),
            line_number: number,
            fulfillment_order_id: FulfillmentOrderId::generate(),
            key: ShelfKey::new("A", "l"),
            quantity: quantity.into(),
            unit_factor: 1.into(),
            picked: picked.into(),
            packed: packed.into(),
            shipped: 0.into(),
            priority,
            ordered_at: DateTime::from_timestamp(ordered_at, 0).unwrap(),
            quantity_scale: 0,
        }
    }

    fn run(missing: i64, allocations: &[OpenAllocation]) -> Vec<(i16, i64)> {
        let (parts, left) = from_allocations(&[ShelfQuantity::new("A", "l", missing.into())], allocations);
        assert!(left.is_empty(), "{left:?}");
        parts.iter().map(|part| (part.line_number, part.quantity.try_into().unwrap())).collect()
    }

    #[test]
    fn the_least_important_then_the_newest_gives_way_first() {
        let old = allocation(1, 0, 100, 5, 0, 0);
        let new = allocation(2, 0, 200, 5, 0, 0);
        let important = allocation(3, 9, 300, 5, 0, 0);
        let all = [important, old, new];
        assert_eq!(run(3, &all), [(2, 3)]);
        assert_eq!(run(7, &all), [(2, 5), (1, 2)]);
        assert_eq!(run(11, &all), [(2, 5), (1, 5), (3, 1)]);
    }

    #[test]
    fn what_is_not_picked_yet_goes_before_what_is() {
        let picked = allocation(1, 0, 200, 5, 4, 2);
        let open = allocation(2, 5, 100, 5, 0, 0);
        assert_eq!(run(4, &[picked.clone(), open.clone()]), [(1, 1), (2, 3)]);
        assert_eq!(run(8, &[picked.clone(), open.clone()]), [(1, 3), (2, 5)]);
        assert_eq!(run(10, &[picked, open]), [(1, 5), (2, 5)]);
    }

    #[test]
    fn a_box_is_not_broken_for_a_promise() {
        let mut boxes = allocation(1, 0, 0, 3, 0, 0);
        boxes.unit_factor = 12.into();
        assert_eq!(run(13, &[boxes]), [(1, 2)]);
    }

    #[test]
    fn reservations_go_whole_and_only_as_many_as_needed() {
        let carts: Vec<_> = (0..3)
            .map(|_| LiveReservation {
                id: crate::types::id::ReservationId::generate(),
                lines: vec![ShelfQuantity::new("A", "l", 2.into()), ShelfQuantity::new("B", "l", 1.into())],
            })
            .collect();
        let missing = BTreeMap::from([(ShelfKey::new("A", "l"), Decimal::from(3))]);
        let (taken, left) = from_reservations(missing, carts.clone());
        assert_eq!((taken, left.len()), (carts[..2].to_vec(), 0));
    }

    proptest! {
        #[test]
        fn exactly_what_is_missing_is_freed_as_far_as_there_is_any(
            missing in 1i64..60, shapes in prop::collection::vec((0i32..3, 0i64..5, 1i64..9, 0i64..9, 0i64..9), 0..12),
        ) {
            let allocations: Vec<OpenAllocation> = shapes
                .iter()
                .enumerate()
                .map(|(i, &(priority, at, quantity, picked, packed))| {
                    let picked = picked.min(quantity);
                    allocation(i16::try_from(i).unwrap(), priority, at, quantity, picked, packed.min(picked))
                })
                .collect();
            let all: Decimal = allocations.iter().map(|a| a.quantity).sum();
            let (parts, left) = from_allocations(&[ShelfQuantity::new("A", "l", missing.into())], &allocations);
            let freed: Decimal = parts.iter().map(|part| part.quantity).sum();
            prop_assert_eq!(freed, all.min(missing.into()));
            prop_assert_eq!(left.values().sum::<Decimal>() + freed, Decimal::from(missing));
            for part in parts {
                prop_assert!(part.quantity <= allocations[usize::try_from(part.line_number).unwrap()].quantity);
            }
        }
    }
}
