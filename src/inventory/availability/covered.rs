//! From stock, dated supply and what is owed already to the day on which a quantity can be had.

use chrono::NaiveDate;
use rust_decimal::Decimal;

/// What there is and what comes of one product, in its base unit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Supply {
    /// Per active location, by the order in which they ship.
    pub locations: Vec<(String, Decimal)>,
    /// Dated open supply, in any order.
    pub incoming: Vec<(NaiveDate, Decimal)>,
    /// Owed to lines that wait for supply: they come first.
    pub backordered: Decimal,
}

impl Supply {
    /// All that may be promised now. A location below zero owes nothing to the others.
    pub fn available(&self) -> Decimal {
        self.locations.iter().map(|(_, available)| (*available).max(Decimal::ZERO)).sum()
    }

    /// The first day, from `today` on, on which `quantity` can be had. Supply whose day has passed without coming promises
    /// nothing until somebody gives it a new one.
    pub fn covered_on(&self, quantity: Decimal, today: NaiveDate) -> Option<NaiveDate> {
        let mut there = self.available();
        if there >= quantity {
            return Some(today);
        }
        there -= self.backordered;
        let mut dated: Vec<&(NaiveDate, Decimal)> = self.incoming.iter().filter(|(day, _)| *day >= today).collect();
        dated.sort();
        for (day, coming) in dated {
            there += coming;
            if there >= quantity {
                return Some(*day);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 12, day).unwrap()
    }

    #[test]
    fn stock_comes_first_then_supply_by_its_day() {
        let supply = Supply {
            locations: vec![("a".into(), 3.into()), ("b".into(), (-2).into())],
            incoming: vec![(day(20), 10.into()), (day(10), 4.into()), (day(1), 100.into())],
            backordered: 0.into(),
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
        let supply = Supply { incoming: vec![(day(10), 4.into()), (day(20), 4.into())], backordered: 3.into(), ..Supply::default() };
        assert_eq!(supply.covered_on(1.into(), day(1)), Some(day(10)));
        assert_eq!(supply.covered_on(2.into(), day(1)), Some(day(20)));
    }
}
