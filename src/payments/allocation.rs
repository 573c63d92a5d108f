use super::account::Placement;
use crate::types::id::{InvoiceId, OrderId, PaymentAllocationId, RefundId};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

/// One row of the append-only list of where a payment's money is. What is taken back is a negative row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allocation {
    pub id: PaymentAllocationId,
    pub order_id: OrderId,
    pub invoice_id: Option<InvoiceId>,
    pub amount: Decimal,
    /// The refund that took it back.
    pub refund_id: Option<RefundId>,
    pub created_at: DateTime<Utc>,
}

impl Allocation {
    pub fn put(placement: Placement, at: DateTime<Utc>) -> Self {
        Self {
            id: PaymentAllocationId::generate(),
            order_id: placement.order_id,
            invoice_id: placement.invoice_id,
            amount: placement.amount,
            refund_id: None,
            created_at: at,
        }
    }

    pub fn taken_back(placement: Placement, refund_id: Option<RefundId>, at: DateTime<Utc>) -> Self {
        Self { amount: -placement.amount, refund_id, ..Self::put(placement, at) }
    }
}

/// Where the money is now: rows added up by document, without those that came to nothing; by their last addition, oldest first.
pub fn standing(rows: &[Allocation]) -> Vec<Placement> {
    let mut sums: Vec<Placement> = Vec::new();
    for row in rows {
        let found = sums.iter().position(|sum| (sum.order_id, sum.invoice_id) == (row.order_id, row.invoice_id));
        let mut sum = match found {
            // An addition makes it the newest.
            Some(i) if row.amount > Decimal::ZERO => sums.remove(i),
            Some(i) => {
                sums[i].amount += row.amount;
                continue;
            }
            None => Placement { order_id: row.order_id, invoice_id: row.invoice_id, amount: Decimal::ZERO },
        };
        sum.amount += row.amount;
        sums.push(sum);
    }
    sums.retain(|sum| sum.amount > Decimal::ZERO);
    sums
}

/// Takes up to `amount` from placements, the last first. What is not there is left over.
pub fn newest(placements: &[Placement], amount: Decimal) -> Vec<Placement> {
    let mut left = amount;
    let take = |placement: &Placement| {
        let taken = left.min(placement.amount);
        left -= taken;
        Placement { amount: taken, ..*placement }
    };
    placements.iter().rev().map(take).filter(|taken| taken.amount > Decimal::ZERO).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_add_up_by_document_and_the_last_addition_is_the_newest() {
        let (order_id, at) = (OrderId::generate(), DateTime::<Utc>::MIN_UTC);
        let invoices = [InvoiceId::generate(), InvoiceId::generate()];
        let place = |invoice: usize, amount: i64| Placement { order_id, invoice_id: Some(invoices[invoice]), amount: amount.into() };
        let deposit = Placement { order_id, invoice_id: None, amount: 5.into() };
        let rows = [
            Allocation::put(deposit, at),
            Allocation::put(place(0, 10), at),
            Allocation::taken_back(deposit, None, at),
            Allocation::put(place(1, 7), at),
            Allocation::put(place(0, 1), at),
        ];
        let standing = standing(&rows);
        assert_eq!(standing, [place(1, 7), place(0, 11)]);
        assert_eq!(newest(&standing, 12.into()), [place(0, 11), place(1, 1)]);
        assert_eq!(newest(&standing, 100.into()), [place(0, 11), place(1, 7)]);
    }
}
