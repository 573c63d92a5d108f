//! Sums of money on an invoice: a prepayment, or its deduction. They have no units, so credit notes take them back by amounts.

use crate::types::currency::Currency;
use rust_decimal::Decimal;

/// Net and tax of a sum, neither below 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    pub net: Decimal,
    pub tax: Decimal,
}

impl Sum {
    pub fn gross(self) -> Decimal {
        self.net + self.tax
    }

    pub fn is_nothing(self) -> bool {
        self.net.is_zero() && self.tax.is_zero()
    }

    /// What is left of it without another, nowhere below 0.
    pub fn without(self, other: Self) -> Self {
        let left = |whole: Decimal, part: Decimal| (whole - part).max(Decimal::new(0, whole.scale()));
        Self { net: left(self.net, other.net), tax: left(self.tax, other.tax) }
    }
}

/// An amount with tax, shared over sums by what each of them is, to the minor unit: in each as much of it is tax as of the sum. More than
/// all of them together is all of them.
pub fn shares(sums: &[Sum], amount: Decimal, currency: Currency) -> Vec<Sum> {
    let all: Decimal = sums.iter().map(|sum| sum.gross()).sum();
    if amount >= all {
        return sums.to_vec();
    }
    let weights: Vec<Decimal> = sums.iter().map(|sum| sum.gross()).collect();
    let share = |(sum, share): (&Sum, Decimal)| {
        if share.is_zero() {
            return Sum { net: share, tax: share };
        }
        let tax = currency.round(sum.tax * share / sum.gross()).min(sum.tax).max(share - sum.net);
        Sum { net: share - tax, tax }
    };
    sums.iter().zip(currency.split(amount, &weights)).map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn euro() -> Currency {
        Currency::from_code("EUR").unwrap()
    }

    fn sum(net: i64, tax: i64) -> Sum {
        Sum { net: Decimal::new(net, 2), tax: Decimal::new(tax, 2) }
    }

    #[test]
    fn worked_examples() {
        // 300.00 + 57.00 and 150.00 + 10.50: 517.50. A third of it is 172.50: 119.00 (100.00 + 19.00) and 53.50 (50.00 + 3.50).
        let sums = [sum(30_000, 5_700), sum(15_000, 1_050)];
        assert_eq!(shares(&sums, Decimal::new(17_250, 2), euro()), [sum(10_000, 1_900), sum(5_000, 350)]);
        // 0.01 goes to the larger; all of it, and more, is all of it.
        assert_eq!(shares(&sums, Decimal::new(1, 2), euro()), [sum(1, 0), sum(0, 0)]);
        assert_eq!(shares(&sums, Decimal::new(51_750, 2), euro()), sums);
        assert_eq!(shares(&sums, Decimal::new(60_000, 2), euro()), sums);
        // 340,000.00 + 37,400.00, of which 283,050.00 is given back: 255,000.00 + 28,050.00.
        assert_eq!(shares(&[sum(34_000_000, 3_740_000)], Decimal::new(28_305_000, 2), euro()), [sum(25_500_000, 2_805_000)]);
    }

    proptest! {
        #[test]
        fn shares_are_the_amount_and_within_their_sums(
            sums in prop::collection::vec((0i64..1_000_000, 0i64..300_000), 1..5), part in 0i64..=1_000,
        ) {
            let sums: Vec<Sum> = sums.into_iter().map(|(net, tax)| sum(net, tax)).collect();
            let all: Decimal = sums.iter().map(|sum| sum.gross()).sum();
            let amount = euro().round(all * Decimal::new(part, 3));
            let shares = shares(&sums, amount, euro());
            prop_assert_eq!(shares.iter().map(|share| share.gross()).sum::<Decimal>(), amount);
            for (share, sum) in shares.iter().zip(&sums) {
                prop_assert!(share.net >= Decimal::ZERO && share.net <= sum.net, "{share:?} of {sum:?}");
                prop_assert!(share.tax >= Decimal::ZERO && share.tax <= sum.tax, "{share:?} of {sum:?}");
            }
        }
    }
}
