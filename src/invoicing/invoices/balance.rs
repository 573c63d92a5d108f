//! What of an invoice is still due, and the status that follows from it.

use crate::types::currency::Currency;
use crate::types::id::{CustomerId, InvoiceId, OrderId};
use crate::types::text_enum::text_enum;
use chrono::NaiveDate;
use rust_decimal::Decimal;

text_enum! {
    /// How far an invoice is settled.
    pub enum InvoiceStatus {
        Issued = "issued",
        PartiallyPaid = "partially_paid",
        /// Nothing is due.
        Paid = "paid",
        /// Credit notes have taken all of it back.
        Credited = "credited",
    }
}

impl InvoiceStatus {
    /// The only way to a status: from exact money.
    pub fn of(total: Decimal, credited: Decimal, paid: Decimal) -> Self {
        if credited > Decimal::ZERO && credited >= total {
            Self::Credited
        } else if total - credited - paid <= Decimal::ZERO {
            Self::Paid
        } else if paid > Decimal::ZERO {
            Self::PartiallyPaid
        } else {
            Self::Issued
        }
    }

    /// Whether money is still due.
    pub fn is_open(self) -> bool {
        match self {
            Self::Issued | Self::PartiallyPaid => true,
            Self::Paid | Self::Credited => false,
        }
    }
}

/// The money of one invoice. `credited + paid ≤ total` always: a credit note gives back what was paid too much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvoiceBalance {
    pub id: InvoiceId,
    pub number: String,
    pub order_id: OrderId,
    /// Who pays.
    pub customer_id: CustomerId,
    pub currency: Currency,
    pub total: Decimal,
    pub credited: Decimal,
    pub paid: Decimal,
    pub issued_on: NaiveDate,
    pub due_on: NaiveDate,
}

impl InvoiceBalance {
    pub fn due(&self) -> Decimal {
        self.total - self.credited - self.paid
    }

    pub fn status(&self) -> InvoiceStatus {
        InvoiceStatus::of(self.total, self.credited, self.paid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_follows_from_exact_money() {
        let status = |total: i64, credited: i64, paid: i64| InvoiceStatus::of(total.into(), credited.into(), paid.into()).as_str();
        assert_eq!(status(100, 0, 0), "issued");
        assert_eq!(status(100, 0, 99), "partially_paid");
        assert_eq!(status(100, 0, 100), "paid");
        assert_eq!(status(100, 40, 0), "issued");
        assert_eq!(status(100, 40, 60), "paid");
        assert_eq!(status(100, 100, 0), "credited");
        assert_eq!(status(0, 0, 0), "paid");
    }
}
