//! The running balance of an account.

use super::body::StatementEntry;
use crate::types::currency::Currency;
use crate::types::decimal::Amount;
use rust_decimal::Decimal;

/// Sums of a list of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sums {
    pub debit: Decimal,
    pub credit: Decimal,
    pub closing: Decimal,
}

/// Writes the balance after each entry, in their order.
pub fn run(currency: Currency, opening: Decimal, entries: &mut [StatementEntry]) -> Sums {
    let mut sums = Sums { debit: currency.zero(), credit: currency.zero(), closing: currency.round(opening) };
    for entry in entries {
        sums.debit += entry.debit.0;
        sums.credit += entry.credit.0;
        sums.closing += entry.debit.0 - entry.credit.0;
        entry.balance = Amount(sums.closing);
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::super::body::StatementEntryKind;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_owed_at_the_end_is_the_opening_and_all_that_moved(opening in -1_000_000i64..1_000_000, moves in prop::collection::vec((0i64..1_000_000, 0i64..1_000_000), 0..30)) {
            let currency = Currency::from_code("EUR").unwrap();
            let amount = |cents: i64| Amount(Decimal::new(cents, 2));
            let mut entries: Vec<StatementEntry> = moves.iter().map(|(debit, credit)| StatementEntry {
                on: chrono::NaiveDate::default(), kind: StatementEntryKind::Invoice, id: uuid::Uuid::nil(), number: String::new(),
                reference: None, due_on: None, debit: amount(*debit), credit: amount(*credit), balance: amount(0),
            }).collect();
            let sums = run(currency, Decimal::new(opening, 2), &mut entries);
            prop_assert_eq!(sums.closing, Decimal::new(opening, 2) + sums.debit - sums.credit);
            prop_assert_eq!(sums.closing, entries.last().map_or(Decimal::new(opening, 2), |entry| entry.balance.0));
        }
    }
}
