//! What open items are worth in base currency while they are open.

use super::role::LedgerRole;
use crate::types::currency::Currency;
use crate::types::id::{InvoiceId, PaymentId};
use rust_decimal::Decimal;
use std::collections::HashMap;

/// What a receivable or deposit line belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Item {
    /// What is due on it.
    Invoice(InvoiceId),
    /// Its money that is on no invoice.
    Payment(PaymentId),
}

/// An open item's balance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// In the item's currency; debit above 0.
    pub amount: Decimal,
    /// What that stands at in the books; `None` where some of it was posted without an exchange rate.
    pub base: Option<Decimal>,
}

/// All open items that entries of a batch touch.
#[derive(Clone, Debug, Default)]
pub struct OpenItems {
    balances: HashMap<(LedgerRole, Item), Balance>,
}

impl OpenItems {
    pub fn new(balances: impl IntoIterator<Item = ((LedgerRole, Item), Balance)>) -> Self {
        Self { balances: balances.into_iter().collect() }
    }

    /// Moves an item by `amount` and answers by how much it moves in base currency. What makes it larger comes in at `rate`;
    /// what makes it smaller takes its share of what the item stands at, so that a settled item stands at nothing.
    pub fn shift(&mut self, role: LedgerRole, item: Item, amount: Decimal, rate: Decimal, base_currency: Currency) -> Decimal {
        let fresh = Balance { amount: Decimal::ZERO, base: Some(Decimal::ZERO) };
        let balance = self.balances.entry((role, item)).or_insert(fresh);
        let at_rate = |amount: Decimal| base_currency.round(amount * rate);
        let shrinks = !balance.amount.is_zero() && balance.amount.is_sign_negative() != amount.is_sign_negative();
        let moved = match balance.base {
            Some(base) if shrinks && amount.abs() < balance.amount.abs() => {
                let exact = base.checked_mul(amount).map(|product| product / balance.amount);
                base_currency.round(exact.unwrap_or_else(|| base * (amount / balance.amount)))
            }
            // All of it goes, and what is more than that comes in on the other side.
            Some(base) if shrinks => at_rate(amount + balance.amount) - base,
            Some(_) | None => at_rate(amount),
        };
        balance.amount += amount;
        balance.base = balance.base.map(|base| base + moved);
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn idr() -> Currency {
        Currency::from_code("IDR").unwrap()
    }

    #[test]
    fn what_goes_takes_what_it_stands_at() {
        let mut items = OpenItems::default();
        let item = Item::Invoice(InvoiceId::generate());
        let mut shift = |amount: i64, rate: i64| items.shift(LedgerRole::Receivable, item, amount.into(), rate.into(), idr()).to_string();
        assert_eq!(shift(100, 16_000), "1600000.00");
        assert_eq!(shift(-40, 17_000), "-640000.00", "at 16,000, whatever the rate of the payment");
        assert_eq!(shift(-70, 17_000), "-1130000.00", "the last 60 at 16,000, and 10 too much at 17,000");
        assert_eq!(shift(10, 15_000), "170000.00");
    }

    proptest! {
        #[test]
        fn a_settled_item_stands_at_nothing(total in 1i64..1_000_000, cuts in prop::collection::vec(1i64..1_000_000, 0..6), rate in 1i64..30_000_000) {
            let mut items = OpenItems::default();
            let item = Item::Invoice(InvoiceId::generate());
            let rate = Decimal::new(rate, 3);
            let mut base = items.shift(LedgerRole::Receivable, item, Decimal::new(total, 2), rate, idr());
            let mut left = total;
            for cut in cuts {
                let part = cut.min(left - 1).max(0);
                left -= part;
                if part > 0 {
                    base += items.shift(LedgerRole::Receivable, item, Decimal::new(-part, 2), rate * Decimal::TWO, idr());
                }
            }
            base += items.shift(LedgerRole::Receivable, item, Decimal::new(-left, 2), Decimal::ONE, idr());
            prop_assert_eq!(base, Decimal::ZERO);
        }
    }
}
