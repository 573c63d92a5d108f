//! What of incoming supply can still be promised, and to whom it goes: first by date, in whole units of the line that asks.

use crate::types::id::IncomingSupplyId;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Deserialize;
use std::collections::HashMap;

/// Open supply at a location that ships. Quantities are in base units.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct OpenSupply {
    pub id: IncomingSupplyId,
    pub location: String,
    pub expected_on: NaiveDate,
    /// Neither received nor promised to anybody.
    pub free: Decimal,
}

/// The supply of one product with what is owed to lines that wait and are not pegged: they come first.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SupplyOfProduct {
    pub sku: String,
    /// In base units.
    pub owed: Decimal,
    pub supplies: Vec<OpenSupply>,
}

/// A part of one supply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SupplyPart {
    pub incoming_id: IncomingSupplyId,
    pub location: String,
    pub expected_on: NaiveDate,
    /// In base units; above 0.
    pub quantity: Decimal,
}

/// Free supply by product and date. Taking from it changes nothing but itself: the next order of the same batch sees what is left.
#[derive(Clone, Debug, Default)]
pub struct SupplyPool {
    /// Each by date, then id.
    by_sku: HashMap<String, Vec<OpenSupply>>,
}

/// The least quantity that the database keeps.
const LEAST: Decimal = Decimal::from_parts(1, 0, 0, false, 3);

impl SupplyPool {
    /// Supply whose day has passed without coming promises nothing until somebody gives it a new one.
    pub fn new(products: impl IntoIterator<Item = SupplyOfProduct>, today: NaiveDate) -> Self {
        let mut pool = Self::default();
        for product in products {
            let mut supplies = product.supplies;
            supplies.retain(|supply| supply.expected_on >= today && supply.free > Decimal::ZERO);
            supplies.sort_by_key(|supply| (supply.expected_on, supply.id));
            pool.by_sku.insert(product.sku.clone(), supplies);
            // They are not named here: whatever is earliest is theirs.
            pool.take(&product.sku, product.owed, LEAST, false);
        }
        pool
    }

    /// Whether the product's supply has been looked at, be there some or not.
    pub fn knows(&self, sku: &str) -> bool {
        self.by_sku.contains_key(sku)
    }

    /// Takes up to `quantity`, the earliest first, in whole multiples of `step` at each location: a box of 12 is not made of 7 pieces
    /// here and 5 there, but of those that lie at one place by then.
    pub fn peg(&mut self, sku: &str, quantity: Decimal, step: Decimal) -> Vec<SupplyPart> {
        self.take(sku, quantity, step, true)
    }

    fn take(&mut self, sku: &str, quantity: Decimal, step: Decimal, at_one_place: bool) -> Vec<SupplyPart> {
        let Some(supplies) = self.by_sku.get_mut(sku).filter(|_| step > Decimal::ZERO) else { return vec![] };
        let mut open = quantity;
        let mut parts: Vec<SupplyPart> = vec![];
        for last in 0..supplies.len() {
            if open < step.min(LEAST) {
                break;
            }
            let location = supplies[last].location.clone();
            let here = |supply: &OpenSupply| !at_one_place || supply.location == location;
            let there: Decimal = supplies[..=last].iter().filter(|supply| here(supply)).map(|supply| supply.free).sum();
            let mut taken = ((there.min(open) / step).floor() * step).min(open);
            for supply in supplies[..=last].iter_mut().filter(|supply| here(supply)) {
                let part = taken.min(supply.free);
                if part <= Decimal::ZERO {
                    continue;
                }
                (taken, open, supply.free) = (taken - part, open - part, supply.free - part);
                match parts.iter_mut().find(|own| own.incoming_id == supply.id) {
                    Some(own) => own.quantity += part,
                    None => parts.push(SupplyPart {
                        incoming_id: supply.id,
                        location: supply.location.clone(),
                        expected_on: supply.expected_on,
                        quantity: part,
                    }),
                }
            }
        }
        parts
    }

    /// The first day on which `quantity` of free supply is there; `None` where it never is.
    pub fn covered_on(&self, sku: &str, quantity: Decimal) -> Option<NaiveDate> {
        let mut there = Decimal::ZERO;
        self.by_sku.get(sku)?.iter().find_map(|supply| {
            there += supply.free;
            (there >= quantity).then_some(supply.expected_on)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 12, day).unwrap()
    }

    fn supply(id: u128, location: &str, on: u32, free: i64) -> OpenSupply {
        OpenSupply { id: IncomingSupplyId(Uuid::from_u128(id)), location: location.into(), expected_on: day(on), free: free.into() }
    }

    fn pool(owed: i64, supplies: Vec<OpenSupply>) -> SupplyPool {
        SupplyPool::new([SupplyOfProduct { sku: "A".into(), owed: owed.into(), supplies }], day(5))
    }

    fn told(parts: &[SupplyPart]) -> Vec<(u128, String)> {
        parts.iter().map(|part| (part.incoming_id.0.as_u128(), part.quantity.normalize().to_string())).collect()
    }

    fn parts(expected: &[(u128, &str)]) -> Vec<(u128, String)> {
        expected.iter().map(|(id, quantity)| (*id, (*quantity).to_owned())).collect()
    }

    /// Counted by hand: 10 on the 8th, 5 on the 12th, 20 on the 20th.
    #[test]
    fn the_earliest_supply_goes_first_and_each_unit_once() {
        let mut pool = pool(0, vec![supply(3, "j", 20, 20), supply(1, "j", 8, 10), supply(2, "s", 12, 5)]);
        assert_eq!(told(&pool.peg("A", 4.into(), 1.into())), parts(&[(1, "4")]));
        assert_eq!(told(&pool.peg("A", 8.into(), 1.into())), parts(&[(1, "6"), (2, "2")]));
        assert_eq!(told(&pool.peg("A", 30.into(), 1.into())), parts(&[(2, "3"), (3, "20")]), "7 of it have no supply");
        assert_eq!(told(&pool.peg("A", 1.into(), 1.into())), parts(&[]));
        assert_eq!(told(&pool.peg("B", 1.into(), 1.into())), parts(&[]));
    }

    #[test]
    fn boxes_are_made_of_what_lies_at_one_place() {
        // 10 and 5 in Jakarta make a box of 12 on the 12th; 7 in Surabaya make none.
        let supplies = vec![supply(1, "j", 8, 10), supply(2, "s", 9, 7), supply(3, "j", 12, 5)];
        assert_eq!(told(&pool(0, supplies.clone()).peg("A", 24.into(), 12.into())), parts(&[(1, "10"), (3, "2")]));
        assert_eq!(told(&pool(0, supplies).peg("A", "1.5".parse().unwrap(), "0.5".parse().unwrap())), parts(&[(1, "1.5")]));
    }

    #[test]
    fn who_waits_already_comes_first_and_what_is_overdue_promises_nothing() {
        let mut owed = pool(12, vec![supply(1, "j", 8, 10), supply(2, "s", 12, 5), supply(3, "j", 4, 100)]);
        assert_eq!(owed.covered_on("A", 3.into()), Some(day(12)));
        assert_eq!(owed.covered_on("A", 4.into()), None);
        assert_eq!(told(&owed.peg("A", 9.into(), 1.into())), parts(&[(2, "3")]));
        assert!(owed.knows("A") && !owed.knows("B"));
    }

    proptest! {
        /// Whoever asks in whatever units: no supply gives more than it has, nobody gets more than he asks for, each gets whole units
        /// at each place, and who asks first is never promised a later day than he would be behind others.
        #[test]
        fn no_unit_is_promised_twice(
            stock in prop::collection::vec((0usize..3, 5u32..28, 0i64..40), 0..8),
            asked in prop::collection::vec((1i64..30, prop::sample::select(vec![1i64, 2, 5, 12])), 1..12),
            owed in 0i64..30,
        ) {
            let supplies: Vec<OpenSupply> =
                stock.iter().enumerate().map(|(i, &(place, on, free))| supply(i as u128, ["j", "s", "b"][place], on, free)).collect();
            let all: Decimal = supplies.iter().map(|supply| supply.free).sum();
            let mut pool = pool(owed, supplies.clone());
            let mut taken: HashMap<IncomingSupplyId, Decimal> = HashMap::new();
            for (units, step) in asked {
                let (quantity, step) = (Decimal::from(units * step), Decimal::from(step));
                let got = pool.peg("A", quantity, step);
                prop_assert!(got.iter().map(|part| part.quantity).sum::<Decimal>() <= quantity);
                for place in ["j", "s", "b"] {
                    let here: Decimal = got.iter().filter(|part| part.location == place).map(|part| part.quantity).sum();
                    prop_assert!((here % step).is_zero());
                }
                for part in got {
                    *taken.entry(part.incoming_id).or_default() += part.quantity;
                }
            }
            for supply in &supplies {
                prop_assert!(taken.get(&supply.id).copied().unwrap_or_default() <= supply.free);
            }
            prop_assert!(taken.values().sum::<Decimal>() <= (all - Decimal::from(owed)).max(Decimal::ZERO));
        }
    }
}
