use super::*;
use proptest::prelude::*;

fn shelf(locations: &[(i32, &str)], stock: &[(&str, &str, i64)]) -> Shelf {
    let mut shelf = Shelf::new(locations.iter().map(|&(priority, code)| (priority, code)));
    for &(sku, location, quantity) in stock {
        shelf.set(sku, location, quantity.into());
    }
    shelf
}

fn demand(line: usize, sku: &str, quantity: i64) -> Demand {
    Demand { line, sku: sku.into(), quantity: quantity.into(), unit_factor: Decimal::ONE, quantity_scale: 0 }
}

fn boxes(line: usize, sku: &str, quantity: i64, factor: i64) -> Demand {
    Demand { unit_factor: factor.into(), ..demand(line, sku, quantity) }
}

fn shown(plan: &Plan) -> Vec<String> {
    let allocations = plan.allocations.iter().map(|a| format!("{} {} {} {}", a.line, a.location, a.quantity, a.reason));
    allocations.chain(plan.short.iter().map(|short| format!("{} short {}", short.line, short.quantity))).collect()
}

#[test]
fn one_location_that_has_all_is_preferred_to_a_better_ranked_one_that_has_half() {
    let shelf = shelf(&[(1, "NEAR"), (2, "FAR")], &[("A", "NEAR", 5), ("A", "FAR", 5), ("B", "FAR", 1)]);
    assert_eq!(shown(&shelf.plan(&[demand(0, "A", 5), demand(1, "B", 1)])), ["0 FAR 5 whole_order", "1 FAR 1 whole_order"]);
    assert_eq!(shown(&shelf.plan(&[demand(0, "A", 5)])), ["0 NEAR 5 whole_order"]);
}

#[test]
fn equal_priorities_are_ranked_by_code() {
    let shelf = shelf(&[(1, "B"), (1, "A")], &[("X", "A", 1), ("X", "B", 1)]);
    assert_eq!(shown(&shelf.plan(&[demand(0, "X", 1)])), ["0 A 1 whole_order"]);
}

#[test]
fn the_fewest_locations_ship_and_lines_stay_whole_where_they_can() {
    let stock = [("A", "L1", 4), ("B", "L2", 4), ("A", "L3", 10), ("B", "L4", 10), ("C", "L4", 1)];
    let shelf = shelf(&[(1, "L1"), (2, "L2"), (3, "L3"), (4, "L4")], &stock);
    let plan = shelf.plan(&[demand(0, "A", 10), demand(1, "B", 3), demand(2, "C", 1)]);
    assert_eq!(shown(&plan), ["0 L3 10 fewest_locations", "1 L4 3 fewest_locations", "2 L4 1 fewest_locations"]);
    let plan = shelf.plan(&[demand(0, "A", 12), demand(7, "B", 3)]);
    assert_eq!(shown(&plan), ["0 L1 4 split", "0 L3 8 split", "7 L2 3 fewest_locations"]);
}

#[test]
fn what_is_short_is_said_and_what_there_is_comes_from_the_fewest_locations() {
    let shelf = shelf(&[(1, "L1"), (2, "L2"), (3, "L3")], &[("A", "L1", 2), ("A", "L2", 2), ("B", "L2", 1), ("C", "L3", 0)]);
    let plan = shelf.plan(&[demand(0, "A", 9), demand(1, "B", 2), demand(2, "C", 1), demand(3, "unknown", 1)]);
    let expected = ["0 L1 2 split", "0 L2 2 split", "1 L2 1 available_part", "0 short 5", "1 short 1", "2 short 1", "3 short 1"];
    assert_eq!(shown(&plan), expected);
    assert!(!plan.is_complete());
}

#[test]
fn lines_of_one_sku_share_the_shelf_and_boxes_are_not_broken_for_pieces() {
    let shelf = shelf(&[(1, "L1"), (2, "L2")], &[("A", "L1", 12), ("A", "L2", 3)]);
    let plan = shelf.plan(&[demand(0, "A", 3), boxes(1, "A", 1, 12)]);
    assert_eq!(shown(&plan), ["0 L2 3 fewest_locations", "1 L1 1 fewest_locations"]);
    let plan = shelf.plan(&[demand(0, "A", 10), demand(1, "A", 10)]);
    assert_eq!(shown(&plan), ["0 L1 10 fewest_locations", "1 L1 2 split", "1 L2 3 split", "1 short 5"]);
}

#[test]
fn only_whole_multiples_of_the_ordered_unit_are_promised() {
    let shelf = shelf(&[(1, "L1")], &[("A", "L1", 29)]);
    assert_eq!(shown(&shelf.plan(&[boxes(0, "A", 3, 12)])), ["0 L1 2 available_part", "0 short 1"]);
    let mut halves = boxes(0, "A", 3, 12);
    halves.quantity_scale = 1;
    assert_eq!(shown(&shelf.plan(&[halves.clone()])), ["0 L1 2.4 available_part", "0 short 0.6"]);
    halves.unit_factor = Decimal::ZERO;
    assert_eq!(shown(&shelf.plan(&[halves])), ["0 short 3"]);
}

#[test]
fn a_plan_takes_nothing_until_it_is_taken_and_a_stale_one_takes_nothing_at_all() {
    let mut shelf = shelf(&[(1, "L1")], &[("A", "L1", 5), ("B", "L1", 5), ("C", "L1", -3)]);
    let first = shelf.plan(&[demand(0, "A", 3), demand(1, "B", 3)]);
    let second = shelf.plan(&[demand(0, "B", 1), demand(1, "A", 3)]);
    assert_eq!(shelf.take(&first), Ok(()));
    assert_eq!(shelf.take(&second), Err(StalePlan));
    let left = ["A", "B", "C"].map(|sku| shelf.available(sku, "L1"));
    assert_eq!(left, [2.into(), 2.into(), Decimal::ZERO]);
}

#[test]
fn many_locations_are_searched_greedily_and_needless_ones_are_dropped() {
    let codes: Vec<String> = (0..12).map(|i| format!("L{i:02}")).collect();
    let mut shelf = Shelf::new(codes.iter().map(|code| (1, code.as_str())));
    for code in &codes {
        shelf.set("A", code, Decimal::ONE);
        shelf.set("B", code, Decimal::ONE);
    }
    shelf.set("A", "L05", 6.into());
    shelf.set("B", "L09", 6.into());
    let plan = shelf.plan(&[demand(0, "A", 7), demand(1, "B", 7)]);
    assert_eq!(shown(&plan), ["0 L05 6 split", "0 L09 1 split", "1 L05 1 split", "1 L09 6 split"]);
}

#[test]
fn nothing_demanded_is_nothing_planned() {
    let shelf = shelf(&[], &[]);
    assert_eq!(shelf.plan(&[]), Plan::default());
    assert_eq!(shown(&shelf.plan(&[demand(0, "A", 1)])), ["0 short 1"]);
}

const SKUS: [&str; 3] = ["A", "B", "C"];
const CODES: [&str; 6] = ["L0", "L1", "L2", "L3", "L4", "L5"];

prop_compose! {
    /// Units that divide each other: tenths of a piece, pieces, dozens.
    fn any_demand()(sku in prop::sample::select(SKUS.to_vec()), quantity in 1i64..30, kind in 0u8..3) -> Demand {
        match kind {
            0 => Demand { line: 0, sku: sku.into(), quantity: Decimal::new(quantity, 1), unit_factor: Decimal::ONE, quantity_scale: 1 },
            1 => demand(0, sku, quantity),
            _ => boxes(0, sku, quantity / 10 + 1, 12),
        }
    }
}

prop_compose! {
    fn any_case()(locations in 1usize..=6)(
        stock in prop::collection::vec(0i64..40, 3 * locations), empty in prop::collection::vec(any::<bool>(), 3 * locations),
        demands in prop::collection::vec(any_demand(), 1..6), locations in Just(locations),
    ) -> (Shelf, Vec<Demand>) {
        let mut shelf = Shelf::new(CODES[..locations].iter().map(|code| (1, *code)));
        for (i, (stock, empty)) in stock.into_iter().zip(empty).enumerate() {
            shelf.set(SKUS[i / locations], CODES[i % locations], if empty { Decimal::ZERO } else { stock.into() });
        }
        let demands = demands.into_iter().enumerate().map(|(line, demand)| Demand { line, ..demand }).collect();
        (shelf, demands)
    }
}

/// By totals alone: how much of each demand these locations could ship, larger steps first. Exact where steps divide each other.
fn reach(shelf: &Shelf, demands: &[Demand], locations: &[&str]) -> Vec<Decimal> {
    let mut served = vec![Decimal::ZERO; demands.len()];
    for sku in SKUS {
        let mut order: Vec<usize> = (0..demands.len()).filter(|&i| demands[i].sku == sku).collect();
        let step = |i: usize| demands[i].unit_factor * Decimal::new(1, demands[i].quantity_scale);
        order.sort_by_key(|&i| std::cmp::Reverse(step(i)));
        let mut taken = Decimal::ZERO;
        for i in order {
            let whole_steps: Decimal = locations.iter().map(|code| (shelf.available(sku, code) / step(i)).floor()).sum();
            let quantity = ((whole_steps * step(i) - taken) / demands[i].unit_factor).min(demands[i].quantity).max(Decimal::ZERO);
            served[i] = quantity;
            taken += quantity * demands[i].unit_factor;
        }
    }
    served
}

proptest! {
    #[test]
    fn plans_promise_what_there_is_once_in_whole_units_from_the_fewest_locations((shelf, demands) in any_case()) {
        let plan = shelf.plan(&demands);
        let mut after = shelf.clone();
        prop_assert_eq!(after.take(&plan), Ok(()));
        for sku in SKUS {
            for code in CODES {
                let promised: Decimal = plan.allocations.iter()
                    .filter(|a| &*a.location == code && demands[a.line].sku == sku).map(|a| a.base_quantity).sum();
                prop_assert!(promised <= shelf.available(sku, code));
                prop_assert_eq!(after.available(sku, code), shelf.available(sku, code) - promised);
            }
        }
        let mut served = vec![Decimal::ZERO; demands.len()];
        for allocation in &plan.allocations {
            let demand = &demands[allocation.line];
            prop_assert!(allocation.quantity > Decimal::ZERO);
            prop_assert!(allocation.quantity.normalize().scale() <= demand.quantity_scale);
            prop_assert_eq!(allocation.base_quantity, allocation.quantity * demand.unit_factor);
            served[allocation.line] += allocation.quantity;
        }
        let mut whole = served.clone();
        plan.short.iter().for_each(|short| whole[short.line] += short.quantity);
        prop_assert_eq!(whole, demands.iter().map(|demand| demand.quantity).collect::<Vec<_>>());

        prop_assert_eq!(&served, &reach(&shelf, &demands, &CODES));
        let mut used: Vec<&str> = plan.allocations.iter().map(|allocation| &*allocation.location).collect();
        used.sort_unstable();
        used.dedup();
        let fewest = (0u32..64)
            .filter(|set| {
                let set: Vec<&str> = CODES.iter().enumerate().filter(|(i, _)| set >> i & 1 == 1).map(|(_, code)| *code).collect();
                reach(&shelf, &demands, &set) == served
            })
            .map(u32::count_ones)
            .min();
        prop_assert_eq!(Some(used.len() as u32), fewest);
        if plan.is_complete() && used.len() == 1 {
            prop_assert!(plan.allocations.iter().all(|allocation| allocation.reason == AllocationReason::WholeOrder));
        }
    }

    #[test]
    fn a_batch_never_promises_a_unit_twice((shelf, demands) in any_case()) {
        let mut left = shelf.clone();
        let mut promised = Decimal::ZERO;
        for demand in &demands {
            let plan = left.plan(std::slice::from_ref(demand));
            prop_assert_eq!(left.take(&plan), Ok(()));
            promised += plan.allocations.iter().map(|allocation| allocation.base_quantity).sum::<Decimal>();
        }
        let total = |shelf: &Shelf| SKUS.iter().flat_map(|sku| CODES.map(|code| shelf.available(sku, code))).sum::<Decimal>();
        prop_assert_eq!(total(&left) + promised, total(&shelf));
    }

    #[test]
    fn the_greedy_search_serves_as_much_as_the_exact_one(stock in prop::collection::vec(0i64..6, 24), asked in prop::collection::vec(1i64..30, 2)) {
        let codes: Vec<String> = (0..12).map(|i| format!("L{i:02}")).collect();
        let mut shelf = Shelf::new(codes.iter().map(|code| (1, code.as_str())));
        for (i, quantity) in stock.iter().enumerate() {
            shelf.set(SKUS[i / 12], &codes[i % 12], (*quantity).into());
        }
        let demands = [demand(0, "A", asked[0]), demand(1, "B", asked[1])];
        let plan = shelf.plan(&demands);
        for (line, sku_stock) in stock.chunks(12).enumerate() {
            let served: Decimal = plan.allocations.iter().filter(|a| a.line == line).map(|a| a.quantity).sum();
            prop_assert_eq!(served, Decimal::from(asked[line].min(sku_stock.iter().sum())));
        }
    }
}
