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

    /// Takes up to `most` out of it because less is owed: adjustments first, the last before the others, so that money does not
    /// go back for what was settled without it.
    pub fn give_back(&mut self, most: Decimal) -> Self {
        self.adjustments.reverse();
        let adjustments = take(&mut self.adjustments, most);
        self.adjustments.reverse();
        let mut back = Self { money: Decimal::ZERO, adjustments };
        back.money = self.money.min(most - back.adjusted()).max(Decimal::ZERO);
        self.money -= back.money;
        back
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
            gives.give_back(5.into()),
            Settlement {
                money: 0.into(),
                adjustments: vec![adjustment(AdjustmentKind::BankFee, 3), adjustment(AdjustmentKind::WithholdingTax, 2)]
            }
        );
        assert_eq!((gives.money, gives.adjusted()), (90.into(), 5.into()));
    }

    proptest! {
        #[test]
        fn nothing_is_lost_by_taking_some_out(money in 0i64..1000, amounts in prop::collection::vec(1i64..500, 0..5), most in 0i64..3000, back: bool) {
            let adjustments = amounts.iter().zip(AdjustmentKind::ALL.iter().cycle());
            let whole = Settlement { money: money.into(), adjustments: adjustments.map(|(amount, kind)| adjustment(*kind, *amount)).collect() };
            let mut rest = whole.clone();
            let part = if back { rest.give_back(most.into()) } else { rest.split_off(most.into()) };
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
