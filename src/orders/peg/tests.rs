use super::*;
use crate::inventory::incoming::pool::{OpenSupply, SupplyOfProduct};
use proptest::prelude::*;
use std::collections::HashMap;
use uuid::Uuid;

fn day(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 12, day).unwrap()
}

fn id(id: u128) -> OrderId {
    OrderId(Uuid::from_u128(id))
}

fn supply(number: u128, on: u32, free: i64) -> OpenSupply {
    OpenSupply { id: IncomingSupplyId(Uuid::from_u128(number)), location: "j".into(), expected_on: day(on), free: free.into() }
}

fn pool(supplies: Vec<OpenSupply>) -> SupplyPool {
    SupplyPool::new([SupplyOfProduct { sku: "A".into(), owed: Decimal::ZERO, supplies }], day(1))
}

fn waiting(order: u128, priority: i32, age: i64, quantity: i64) -> WaitingLine {
    WaitingLine {
        order_id: id(order),
        line_number: 1,
        place: FairPlace::new(priority, DateTime::from_timestamp(1_000_000 - age, 0).unwrap(), id(order), 1),
        sku: "A".into(),
        backordered: quantity.into(),
        step: Decimal::ONE,
        promised_on: None,
    }
}

fn told(pegs: &[Peg]) -> Vec<(u128, u128, i64)> {
    pegs.iter().map(|peg| (peg.order_id.0.as_u128(), peg.incoming_id.0.as_u128(), i64::try_from(peg.quantity).unwrap())).collect()
}

/// By hand: orders 1 (older), 2 (younger), 3 (youngest, but of higher priority) want 4, 5 and 3.
#[test]
fn the_earliest_supply_goes_to_priority_then_to_age() {
    let mut lines = [waiting(2, 0, 10, 5), waiting(1, 0, 20, 4), waiting(3, 1, 0, 3)];
    let pegs = plan(&mut lines, &mut pool(vec![supply(1, 8, 6), supply(2, 20, 10)]));
    assert_eq!(told(&pegs), [(3, 1, 3), (1, 1, 3), (1, 2, 1), (2, 2, 5)]);
}

/// The first supply slips behind the second: the older order takes the second one over.
#[test]
fn a_slip_hits_the_younger_order() {
    let mut lines = [waiting(1, 0, 20, 5), waiting(2, 0, 10, 5)];
    assert_eq!(told(&plan(&mut lines, &mut pool(vec![supply(1, 8, 5), supply(2, 12, 5)]))), [(1, 1, 5), (2, 2, 5)]);
    assert_eq!(told(&plan(&mut lines, &mut pool(vec![supply(1, 24, 5), supply(2, 12, 5)]))), [(1, 2, 5), (2, 1, 5)]);
}

#[test]
fn a_line_lets_go_of_its_latest_supply_and_a_supply_of_its_last_line() {
    let mut lines = [waiting(1, 0, 20, 9), waiting(2, 0, 10, 2)];
    let pegs = plan(&mut lines, &mut pool(vec![supply(1, 8, 5), supply(2, 12, 6)]));
    let mut own: Vec<Peg> = pegs.iter().filter(|peg| peg.order_id == id(1)).cloned().collect();
    trim(&mut own, 6.into());
    assert_eq!(told(&own), [(1, 1, 5), (1, 2, 1)]);
    let place = |peg: &Peg| lines.iter().find(|line| line.order_id == peg.order_id).unwrap().place;
    let of_second = || pegs.iter().filter(|peg| peg.incoming_id.0.as_u128() == 2).map(|peg| (place(peg), peg.clone())).collect();
    let left = |who, excess: i64| {
        let mut pegs: Vec<(FairPlace, Peg)> = of_second();
        give_way(&mut pegs, excess.into(), who);
        let mut left = told(&pegs.into_iter().map(|(_, peg)| peg).collect::<Vec<_>>());
        left.sort_unstable();
        left
    };
    assert_eq!(left(GiveWay::Last, 3), [(1, 2, 3)]);
    assert_eq!(left(GiveWay::First, 3), [(1, 2, 1), (2, 2, 2)]);
    assert_eq!(left(GiveWay::First, 6), []);
}

proptest! {
    /// Whatever comes and whoever waits: no supply is promised beyond what it has, no line beyond what it lacks, and nobody is
    /// promised a later day because somebody behind him is there.
    #[test]
    fn a_plan_promises_each_unit_once_and_is_fair(
        supplies in prop::collection::vec((1u32..28, 1i64..20), 0..6),
        wants in prop::collection::vec((0i32..2, 0i64..50, 1i64..15), 1..10),
    ) {
        let supplies: Vec<OpenSupply> = supplies.iter().enumerate().map(|(i, &(on, free))| supply(i as u128, on, free)).collect();
        let mut lines: Vec<WaitingLine> =
            wants.iter().enumerate().map(|(i, &(priority, age, quantity))| waiting(i as u128, priority, age, quantity)).collect();
        let pegs = plan(&mut lines, &mut pool(supplies.clone()));
        let mut by_supply: HashMap<IncomingSupplyId, Decimal> = HashMap::new();
        for peg in &pegs {
            prop_assert!(peg.quantity > Decimal::ZERO);
            *by_supply.entry(peg.incoming_id).or_default() += peg.quantity;
        }
        for supply in &supplies {
            prop_assert!(by_supply.get(&supply.id).copied().unwrap_or_default() <= supply.free);
        }
        let promised = |pegs: &[Peg], line: &WaitingLine| {
            let own: Vec<&Peg> = pegs.iter().filter(|peg| peg.order_id == line.order_id).collect();
            let quantity: Decimal = own.iter().map(|peg| peg.quantity).sum();
            assert!(quantity <= line.backordered);
            (quantity == line.backordered).then(|| own.iter().map(|peg| peg.expected_on).max()).flatten()
        };
        for place in 0..lines.len() {
            // `plan` has sorted them: alone with those before it a line is promised the same.
            let mut before = lines[..=place].to_vec();
            let alone = plan(&mut before, &mut pool(supplies.clone()));
            prop_assert_eq!(promised(&alone, &lines[place]), promised(&pegs, &lines[place]));
        }
    }

    #[test]
    fn giving_way_takes_exactly_the_excess(quantities in prop::collection::vec(1i64..10, 0..8), excess in 0i64..40, first in any::<bool>()) {
        let mut pegs: Vec<(FairPlace, Peg)> = quantities
            .iter()
            .enumerate()
            .map(|(i, &quantity)| {
                let line = waiting(i as u128, 0, i as i64, quantity);
                let peg = Peg { order_id: line.order_id, line_number: 1, incoming_id: IncomingSupplyId(Uuid::nil()), location: "j".into(),
                    expected_on: day(8), quantity: quantity.into() };
                (line.place, peg)
            })
            .collect();
        let all: i64 = quantities.iter().sum();
        give_way(&mut pegs, excess.into(), if first { GiveWay::First } else { GiveWay::Last });
        let left: Decimal = pegs.iter().map(|(_, peg)| peg.quantity).sum();
        prop_assert_eq!(left, Decimal::from((all - excess).max(0)));
    }
}
