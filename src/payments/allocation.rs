use super::account::Placement;
use super::settlement::Settlement;
use crate::types::id::{InvoiceId, OrderId, PaymentAllocationId, RefundId};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

/// One row of the append-only list of where a payment's money is, with the adjustments beside it. What is taken back is a
/// negative row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allocation {
    pub id: PaymentAllocationId,
    pub order_id: OrderId,
    pub invoice_id: Option<InvoiceId>,
    pub settles: Settlement,
    /// The refund that took it back.
    pub refund_id: Option<RefundId>,
    pub created_at: DateTime<Utc>,
}

impl Allocation {
    pub fn put(placement: &Placement, at: DateTime<Utc>) -> Self {
        Self {
            id: PaymentAllocationId::generate(),
            order_id: placement.order_id,
            invoice_id: placement.invoice_id,
            settles: placement.settles.clone(),
            refund_id: None,
            created_at: at,
        }
    }

    pub fn taken_back(placement: &Placement, refund_id: Option<RefundId>, at: DateTime<Utc>) -> Self {
        Self { settles: placement.settles.negated(), refund_id, ..Self::put(placement, at) }
    }
}

/// Where the money is now: rows added up by document, without those that came to nothing; by their last addition, oldest first.
pub fn standing(rows: &[Allocation]) -> Vec<Placement> {
    let mut sums: Vec<Placement> = Vec::new();
    for row in rows {
        let found = sums.iter().position(|sum| (sum.order_id, sum.invoice_id) == (row.order_id, row.invoice_id));
        let mut sum = match found {
            // An addition makes it the newest.
            Some(i) if row.settles.total() > Decimal::ZERO => sums.remove(i),
            Some(i) => {
                sums[i].settles.add(&row.settles);
                continue;
            }
            None => Placement { order_id: row.order_id, invoice_id: row.invoice_id, settles: Settlement::default() },
        };
        sum.settles.add(&row.settles);
        sums.push(sum);
    }
    sums.retain(|sum| sum.settles.total() > Decimal::ZERO);
    sums
}

/// Takes up to `money` from placements, the last first. Adjustments go with the last of the money that they came with, and where
/// no money is left anywhere, all of them go.
pub fn newest(placements: &[Placement], money: Decimal) -> Vec<Placement> {
    let mut left = money;
    let mut taken: Vec<Placement> = placements.iter().rev().cloned().collect();
    for placement in &mut taken {
        let all = placement.settles.money;
        placement.settles.money = all.min(left);
        left -= placement.settles.money;
        if placement.settles.money.is_zero() || placement.settles.money < all {
            placement.settles.adjustments.clear();
        }
    }
    let sum = |placements: &[Placement]| placements.iter().map(|placement| placement.settles.money).sum::<Decimal>();
    if sum(&taken) == sum(placements) {
        return placements.iter().rev().cloned().collect();
    }
    taken.retain(|placement| !placement.settles.is_nothing());
    taken
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payments::settlement::{Adjustment, AdjustmentKind};
    use crate::types::decimal::Amount;

    #[test]
    fn rows_add_up_by_document_and_the_last_addition_is_the_newest() {
        let (order_id, at) = (OrderId::generate(), DateTime::<Utc>::MIN_UTC);
        let invoices = [InvoiceId::generate(), InvoiceId::generate()];
        let place = |invoice: usize, amount: i64| Placement {
            order_id,
            invoice_id: Some(invoices[invoice]),
            settles: Settlement::money(amount.into()),
        };
        let deposit = Placement { order_id, invoice_id: None, settles: Settlement::money(5.into()) };
        let rows = [
            Allocation::put(&deposit, at),
            Allocation::put(&place(0, 10), at),
            Allocation::taken_back(&deposit, None, at),
            Allocation::put(&place(1, 7), at),
            Allocation::put(&place(0, 1), at),
        ];
        let standing = standing(&rows);
        assert_eq!(standing, [place(1, 7), place(0, 11)]);
        assert_eq!(newest(&standing, 12.into()), [place(0, 11), place(1, 1)]);
        assert_eq!(newest(&standing, 100.into()), [place(0, 11), place(1, 7)]);
    }

    #[test]
    fn an_adjustment_goes_with_the_last_of_its_money() {
        let order_id = OrderId::generate();
        let adjustment = Adjustment { kind: AdjustmentKind::BankFee, amount: Amount(2.into()), reference: None };
        let place = |money: i64, adjusted: bool| Placement {
            order_id,
            invoice_id: None,
            settles: Settlement { money: money.into(), adjustments: if adjusted { vec![adjustment.clone()] } else { vec![] } },
        };
        let standing = [place(0, true), place(10, true), place(8, true)];
        assert_eq!(newest(&standing, 7.into()), [place(7, false)]);
        assert_eq!(newest(&standing, 9.into()), [place(8, true), place(1, false)]);
        assert_eq!(newest(&standing, 18.into()), [place(8, true), place(10, true), place(0, true)], "without money none of them stays");
        assert_eq!(newest(&standing[1..2], 0.into()), []);
    }
}
