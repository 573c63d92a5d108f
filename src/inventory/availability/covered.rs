//! From stock, dated supply and what is owed already to the day on which a quantity can be had: by the same pool of supply that orders
//! are promised from.

use crate::inventory::incoming::pool::{OpenSupply, SupplyOfProduct, SupplyPool};
use crate::orders::allocation::keep;
use crate::types::id::IncomingSupplyId;
use chrono::NaiveDate;
use rust_decimal::Decimal;

/// What there is and what comes of one product, in its base unit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Supply {
    /// Per active location, by the order in which they ship.
    pub locations: Vec<(String, Decimal)>,
    /// Open supply to active locations, in any order.
    pub incoming: Vec<OpenSupply>,
    /// What of it is promised to lines that wait.
    pub pegged: Decimal,
    /// Owed to lines that wait for supply, which come first: the smallest quantity that may be promised of them, and how much.
    pub waiting: Vec<(Decimal, Decimal)>,
}

/// One figure of a product, in its base unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    pub quantity: Decimal,
    /// Of supply, what is promised to lines that wait.
    pub pegged: Decimal,
    /// Of what lines wait for, the smallest quantity that may be promised of them.
    pub step: Decimal,
}

impl Supply {
    /// Takes one figure in: of a location that ships, of supply that is expected there, or with neither what is owed.
    pub fn add(&mut self, location: Option<String>, expected: Option<(IncomingSupplyId, NaiveDate)>, figure: Figure) {
        let Figure { quantity, pegged, step } = figure;
        match (location, expected) {
            (Some(location), Some((id, expected_on))) => {
                self.pegged += pegged;
                self.incoming.push(OpenSupply { id, location, expected_on, free: quantity });
            }
            (Some(location), None) => self.locations.push((location, quantity)),
            (None, _) => self.waiting.push((step, quantity)),
        }
    }

    /// All that may be promised now: what lies there, without what lines that wait are given in a moment. A location below zero owes
    /// nothing to the others.
    pub fn available(&self) -> Decimal {
        let mut shelves: Vec<Decimal> = self.locations.iter().map(|(_, available)| (*available).max(Decimal::ZERO)).collect();
        for (step, quantity) in self.waiting.iter().filter(|(step, _)| *step > Decimal::ZERO) {
            keep(shelves.iter_mut(), *step, *quantity);
        }
        shelves.into_iter().sum()
    }

    fn on_shelves(&self) -> Decimal {
        self.locations.iter().map(|(_, available)| (*available).max(Decimal::ZERO)).sum()
    }

    /// What lines wait for.
    pub fn backordered(&self) -> Decimal {
        self.waiting.iter().map(|(_, quantity)| *quantity).sum()
    }

    /// Open supply, promised or not.
    pub fn incoming_quantity(&self) -> Decimal {
        self.pegged + self.incoming.iter().map(|supply| supply.free).sum::<Decimal>()
    }

    /// The first day, from `today` on, on which `quantity` can be had. Supply whose day has passed without coming promises
    /// nothing until somebody gives it a new one; what is pegged to a line is that line's.
    pub fn covered_on(&self, quantity: Decimal, today: NaiveDate) -> Option<NaiveDate> {
        let available = self.available();
        if available >= quantity {
            return Some(today);
        }
        let owed = (self.backordered() - self.pegged).max(Decimal::ZERO);
        let (left, still_owed) = (available, (owed - (self.on_shelves() - available)).max(Decimal::ZERO));
        let product = SupplyOfProduct { sku: String::new(), owed: still_owed, supplies: self.incoming.clone() };
        SupplyPool::new([product], today).covered_on("", quantity - left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 12, day).unwrap()
    }

    fn incoming(supplies: &[(u32, i64)]) -> Vec<OpenSupply> {
        let supply = |&(on, free): &(u32, i64)| OpenSupply {
            id: IncomingSupplyId::generate(),
            location: "a".into(),
            expected_on: day(on),
            free: free.into(),
        };
        supplies.iter().map(supply).collect()
    }

    #[test]
    fn stock_comes_first_then_supply_by_its_day() {
        let supply = Supply {
            locations: vec![("a".into(), 3.into()), ("b".into(), (-2).into())],
            incoming: incoming(&[(20, 10), (10, 4), (1, 100)]),
            ..Supply::default()
        };
        assert_eq!(supply.available(), 3.into());
        assert_eq!(supply.covered_on(3.into(), day(5)), Some(day(5)));
        assert_eq!(supply.covered_on(7.into(), day(5)), Some(day(10)));
        assert_eq!(supply.covered_on(8.into(), day(5)), Some(day(20)));
        assert_eq!(supply.covered_on(18.into(), day(5)), None, "what is overdue promises nothing");
        assert_eq!(supply.covered_on(18.into(), day(1)), Some(day(1)), "what is due today does");
    }

    #[test]
    fn who_waits_already_comes_first() {
        let supply = Supply { incoming: incoming(&[(10, 4), (20, 4)]), waiting: vec![(1.into(), 3.into())], ..Supply::default() };
        assert_eq!(supply.covered_on(1.into(), day(1)), Some(day(10)));
        assert_eq!(supply.covered_on(2.into(), day(1)), Some(day(20)));
    }

    /// 5 of 9 that wait are pegged: what is free counts, less the 4 that are not.
    #[test]
    fn what_is_pegged_is_neither_free_nor_owed_again() {
        let supply =
            Supply { incoming: incoming(&[(10, 6), (20, 4)]), waiting: vec![(1.into(), 9.into())], pegged: 5.into(), ..Supply::default() };
        assert_eq!(supply.incoming_quantity(), 15.into());
        assert_eq!(supply.covered_on(2.into(), day(1)), Some(day(10)));
        assert_eq!(supply.covered_on(3.into(), day(1)), Some(day(20)));
        assert_eq!(supply.covered_on(7.into(), day(1)), None);
    }
}
