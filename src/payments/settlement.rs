//! What settles debt: money, and amounts that settle it without money.

use crate::types::currency::Currency;
use crate::types::decimal::Amount;
use crate::types::text_enum::text_enum;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

text_enum! {
    /// Why a part of a debt is settled though no money came for it.
    pub enum AdjustmentKind {
        /// The payer kept it for the tax authority.
        WithholdingTax = "withholding_tax",
        /// A bank on the way kept it.
        BankFee = "bank_fee",
        /// Granted for paying early.
        EarlyPaymentDiscount = "early_payment_discount",
        /// Given up.
        WriteOff = "write_off",
    }
}

/// An amount that settles a document without money, beside the money of the same allocation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Adjustment {
    pub kind: AdjustmentKind,
    pub amount: Amount,
    /// Such as the number of the withholding certificate.
    #[serde(default)]
    #[schema(example = "BP-2026-0012")]
    pub reference: Option<String>,
}

/// Money and adjustments together. In the rows that take something back, all amounts are negative.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settlement {
    pub money: Decimal,
    pub adjustments: Vec<Adjustment>,
}

impl Settlement {
    pub fn money(money: Decimal) -> Self {
        Self { money, adjustments: vec![] }
    }

    /// With the places of the currency, as its amounts are shown.
    pub fn rounded(&self, currency: Currency) -> Self {
        let round = |adjustment: &Adjustment| Adjustment { amount: Amount(currency.round(adjustment.amount.0)), ..adjustment.clone() };
        Self { money: currency.round(self.money), adjustments: self.adjustments.iter().map(round).collect() }
    }

    /// What is settled without money.
    pub fn adjusted(&self) -> Decimal {
        self.adjustments.iter().map(|adjustment| adjustment.amount.0).sum()
    }

    /// What is settled without money for one reason.
    pub fn of_kind(&self, kind: AdjustmentKind) -> Decimal {
        self.adjustments.iter().filter(|adjustment| adjustment.kind == kind).map(|adjustment| adjustment.amount.0).sum()
    }

    /// How much debt it settles.
    pub fn total(&self) -> Decimal {
        self.money + self.adjusted()
    }

    pub fn is_nothing(&self) -> bool {
        self.money.is_zero() && self.adjustments.is_empty()
    }

    /// Takes up to `most` out of it to settle something: money first, then the adjustments in their order.
    pub fn split_off(&mut self, most: Decimal) -> Self {
        let money = self.money.min(most).max(Decimal::ZERO);
        self.money -= money;
        let adjustments = take(&mut self.adjustments, most - money);
        Self { money, adjustments }
    }

    /// Takes up to `most` out of it because less is owed. A discount for paying early goes in proportion, so that what stays keeps
    /// its own; what was given up or lost on the way goes before money, so that no money goes back for it; what was paid to the tax
    /// authority was paid, and goes after money. Where all is taken, nothing is left.
    pub fn give_back(&mut self, most: Decimal, currency: Currency) -> Self {
        const DISCOUNT: &[AdjustmentKind] = &[AdjustmentKind::EarlyPaymentDiscount];
        const LOST: &[AdjustmentKind] = &[AdjustmentKind::WriteOff, AdjustmentKind::BankFee];
        let (total, discount) = (self.total(), self.of_kind(AdjustmentKind::EarlyPaymentDiscount));
        let most = most.min(total).max(Decimal::ZERO);
        let mut back = Self::default();
        if !discount.is_zero() {
            let share = currency.round(discount * most / total);
            back.add(&self.take(DISCOUNT, share.min(most)));
        }
        back.add(&self.take(LOST, most - back.total()));
        let money = self.money.min(most - back.total()).max(Decimal::ZERO);
        self.money -= money;
        back.money += money;
        // What rounding has left of a discount that goes whole.
        back.add(&self.take(DISCOUNT, most - back.total()));
        back.add(&self.take(&[AdjustmentKind::WithholdingTax], most - back.total()));
        back
    }

    /// Takes up to `most` off its adjustments of these kinds, the last before the others.
    fn take(&mut self, kinds: &[AdjustmentKind], most: Decimal) -> Self {
        let (mut of_kinds, others): (Vec<Adjustment>, Vec<Adjustment>) =
            self.adjustments.drain(..).partition(|adjustment| kinds.contains(&adjustment.kind));
        of_kinds.reverse();
        let adjustments = take(&mut of_kinds, most);
        of_kinds.reverse();
        self.adjustments = others.into_iter().chain(of_kinds).collect();
        Self { money: Decimal::ZERO, adjustments }
    }

    /// What of it is settled without money for one of these reasons, without the rest.
    pub fn only(&self, keep: impl Fn(AdjustmentKind) -> bool) -> Self {
        let adjustments = self.adjustments.iter().filter(|adjustment| keep(adjustment.kind)).cloned().collect();
        Self { money: Decimal::ZERO, adjustments }
    }

    /// Adds another one; adjustments of one kind and reference are one.
    pub fn add(&mut self, other: &Self) {
        self.money += other.money;
        for adjustment in &other.adjustments {
            let same = |own: &&mut Adjustment| own.kind == adjustment.kind && own.reference == adjustment.reference;
            match self.adjustments.iter_mut().find(same) {
                Some(own) => own.amount.0 += adjustment.amount.0,
                None => self.adjustments.push(adjustment.clone()),
            }
        }
        self.adjustments.retain(|adjustment| !adjustment.amount.0.is_zero());
    }

    /// The same with all signs turned.
    pub fn negated(&self) -> Self {
        let turned = |adjustment: &Adjustment| Adjustment { amount: Amount(-adjustment.amount.0), ..adjustment.clone() };
        Self { money: -self.money, adjustments: self.adjustments.iter().map(turned).collect() }
    }
}

/// Takes up to `most` off the first adjustments, dropping those of which nothing is left.
fn take(adjustments: &mut Vec<Adjustment>, most: Decimal) -> Vec<Adjustment> {
    let mut left = most;
    let mut taken = vec![];
    for adjustment in adjustments.iter_mut() {
        let amount = adjustment.amount.0.min(left);
        if amount <= Decimal::ZERO {
            break;
        }
        left -= amount;
        adjustment.amount.0 -= amount;
        taken.push(Adjustment { amount: Amount(amount), ..adjustment.clone() });
    }
    adjustments.retain(|adjustment| !adjustment.amount.0.is_zero());
    taken
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn adjustment(kind: AdjustmentKind, amount: i64) -> Adjustment {
        Adjustment { kind, amount: Amount(amount.into()), reference: None }
    }

    fn yen() -> Currency {
        Currency::from_code("JPY").unwrap()
    }

    fn settlement() -> Settlement {
        let adjustments = vec![adjustment(AdjustmentKind::WithholdingTax, 7), adjustment(AdjustmentKind::BankFee, 3)];
        Settlement { money: 90.into(), adjustments }
    }

    #[test]
    fn money_settles_before_adjustments_and_goes_back_after_them() {
        let (mut settles, mut gives) = (settlement(), settlement());
        assert_eq!(
            settles.split_off(95.into()),
            Settlement { money: 90.into(), adjustments: vec![adjustment(AdjustmentKind::WithholdingTax, 5)] }
        );
        assert_eq!(
            gives.give_back(5.into(), yen()),
            Settlement { money: 2.into(), adjustments: vec![adjustment(AdjustmentKind::BankFee, 3)] }
        );
        assert_eq!((gives.money, gives.adjusted()), (88.into(), 7.into()));
        let last = gives.give_back(90.into(), yen());
        assert_eq!(last, Settlement { money: 88.into(), adjustments: vec![adjustment(AdjustmentKind::WithholdingTax, 2)] });
    }

    #[test]
    fn worked_examples_of_what_goes_back() {
        use AdjustmentKind::{BankFee, EarlyPaymentDiscount, WithholdingTax, WriteOff};
        let euro = Currency::from_code("EUR").unwrap();
        let amount = |text: &str| text.parse::<Decimal>().unwrap();
        type Told<'a> = (&'a str, &'a [(AdjustmentKind, &'a str)]);
        // What stands, how much goes back, what that is.
        let table: [(Told<'_>, &str, Told<'_>); 9] = [
            // An invoice of 118.88 paid with 2 % less: one of ten, half of it, all.
            (("116.50", &[(EarlyPaymentDiscount, "2.38")]), "11.89", ("11.65", &[(EarlyPaymentDiscount, "0.24")])),
            (("116.50", &[(EarlyPaymentDiscount, "2.38")]), "59.44", ("58.25", &[(EarlyPaymentDiscount, "1.19")])),
            (("116.50", &[(EarlyPaymentDiscount, "2.38")]), "118.88", ("116.50", &[(EarlyPaymentDiscount, "2.38")])),
            // Less than half a cent of discount in a cent.
            (("116.50", &[(EarlyPaymentDiscount, "2.38")]), "0.01", ("0.01", &[])),
            (("0.00", &[(EarlyPaymentDiscount, "0.02")]), "0.01", ("0", &[(EarlyPaymentDiscount, "0.01")])),
            // 103,896.00 of an order of 1,383,318.63 is cancelled: the buyer has paid the tax to the authority.
            (("1370972.96", &[(WithholdingTax, "12345.67")]), "103896.00", ("103896.00", &[])),
            (("1370972.96", &[(WithholdingTax, "12345.67")]), "1371000.00", ("1370972.96", &[(WithholdingTax, "27.04")])),
            // Fees and what was given up before money; the discount of 10.00 of 100.00 is 0.20.
            (
                ("90.00", &[(BankFee, "5.00"), (EarlyPaymentDiscount, "2.00"), (WriteOff, "3.00")]),
                "10.00",
                ("1.80", &[(EarlyPaymentDiscount, "0.20"), (WriteOff, "3.00"), (BankFee, "5.00")]),
            ),
            (("90.00", &[(BankFee, "10.00")]), "4.00", ("0", &[(BankFee, "4.00")])),
        ];
        for ((money, adjustments), most, (back, taken)) in table {
            let of = |(kind, text): &(AdjustmentKind, &str)| Adjustment { kind: *kind, amount: Amount(amount(text)), reference: None };
            let mut standing = Settlement { money: amount(money), adjustments: adjustments.iter().map(of).collect() };
            let expected = Settlement { money: amount(back), adjustments: taken.iter().map(of).collect() };
            assert_eq!(standing.give_back(amount(most), euro), expected, "{most} of {money} and {adjustments:?}");
        }
    }

    proptest! {
        #[test]
        fn what_stays_keeps_its_discount_and_its_tax(money in 1i64..100_000, discount in 0i64..10_000, tax in 0i64..10_000, fee in 0i64..1_000, parts in prop::collection::vec(1i64..50_000, 1..8)) {
            let of = [(AdjustmentKind::EarlyPaymentDiscount, discount), (AdjustmentKind::WithholdingTax, tax), (AdjustmentKind::BankFee, fee)];
            let adjustments = of.iter().filter(|(_, amount)| *amount > 0).map(|(kind, amount)| adjustment(*kind, *amount)).collect();
            let whole = Settlement { money: money.into(), adjustments };
            let mut rest = whole.clone();
            let mut taken = 0;
            for part in parts {
                let back = rest.give_back(part.into(), yen());
                taken += 1;
                // The tax only after all money.
                prop_assert!(back.of_kind(AdjustmentKind::WithholdingTax).is_zero() || rest.money.is_zero());
                // The fee before any.
                prop_assert!(back.money.is_zero() || rest.of_kind(AdjustmentKind::BankFee).is_zero());
                // While there is money, the discount is that of what stays; each part may round half a unit.
                let share = whole.of_kind(AdjustmentKind::EarlyPaymentDiscount) * rest.total() / whole.total();
                let apart = (rest.of_kind(AdjustmentKind::EarlyPaymentDiscount) - share).abs();
                prop_assert!(rest.money.is_zero() || apart <= Decimal::new(5, 1) * Decimal::from(taken) + Decimal::new(1, 6));
            }
            rest.give_back(rest.total(), yen());
            prop_assert!(rest.is_nothing());
        }

        #[test]
        fn nothing_is_lost_by_taking_some_out(money in 0i64..1000, amounts in prop::collection::vec(1i64..500, 0..5), most in 0i64..3000, back: bool) {
            let adjustments = amounts.iter().zip(AdjustmentKind::ALL.iter().cycle());
            let whole = Settlement { money: money.into(), adjustments: adjustments.map(|(amount, kind)| adjustment(*kind, *amount)).collect() };
            let mut rest = whole.clone();
            let part = if back { rest.give_back(most.into(), yen()) } else { rest.split_off(most.into()) };
            prop_assert_eq!(part.total(), whole.total().min(most.into()));
            prop_assert_eq!(part.total() + rest.total(), whole.total());
            prop_assert!(part.money >= Decimal::ZERO && rest.money >= Decimal::ZERO);
            prop_assert!(part.adjustments.iter().chain(&rest.adjustments).all(|adjustment| adjustment.amount.0 > Decimal::ZERO));
            let mut again = rest.clone();
            again.add(&part);
            prop_assert_eq!((again.money, again.adjusted()), (whole.money, whole.adjusted()));
            again.add(&part.negated());
            again.add(&rest.negated());
            prop_assert!(again.is_nothing());
        }
    }
}
