//! The discount for paying early, as the invoice's own terms grant it: `2 % within 10 days` of what is settled by the payment,
//! on the day on which the money came. Nothing is granted beyond that; who gives more up writes it off.

use crate::invoicing::invoices::due_date::discount_until;
use crate::invoicing::invoices::invoice::InvoiceTerms;
use crate::types::currency::Currency;
use chrono::NaiveDate;
use rust_decimal::Decimal;

/// What the terms of one invoice offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// In hundred.
    pub percent: Decimal,
    /// The last day on which money earns it.
    pub until_on: NaiveDate,
}

impl Offer {
    /// None where the terms have no discount.
    pub fn of(terms: &InvoiceTerms, issued_on: NaiveDate) -> Option<Self> {
        let (percent, days) = (terms.discount_percent?.0, terms.discount_days?);
        Some(Self { percent, until_on: discount_until(issued_on, terms.end_of_month, days) })
    }

    /// The discount on an amount that is settled in time, rounded half away from zero.
    pub fn on(&self, settled: Decimal, currency: Currency) -> Decimal {
        currency.round(settled * self.percent / Decimal::ONE_HUNDRED)
    }

    /// The most that may be deducted where money and adjustments settle `settled` in all and the money came on `received_on`.
    pub fn granted(&self, settled: Decimal, received_on: NaiveDate, currency: Currency) -> Decimal {
        if received_on > self.until_on { currency.zero() } else { self.on(settled, currency) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::decimal::Percent;
    use proptest::prelude::*;

    fn terms(percent: &str, days: i32, end_of_month: bool) -> InvoiceTerms {
        InvoiceTerms {
            code: "t".into(),
            name: "t".into(),
            net_days: 30,
            end_of_month,
            prepayment: false,
            cash_on_delivery: false,
            discount_percent: Some(Percent(percent.parse().unwrap())),
            discount_days: Some(days),
        }
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn worked_examples() {
        let euro = Currency::from_code("EUR").unwrap();
        // percent, days, end of month, issued, received, settled, most
        let table = [
            ("2", 10, false, "2026-01-31", "2026-02-10", "1000.00", "20.00"),
            ("2", 10, false, "2026-01-31", "2026-02-11", "1000.00", "0.00"),
            ("2", 10, false, "2026-01-31", "2026-01-31", "500.00", "10.00"),
            ("3", 14, false, "2028-02-20", "2028-03-05", "1234.55", "37.04"),
            ("2.5", 10, true, "2026-01-05", "2026-02-10", "99.80", "2.50"),
            ("2", 0, false, "2026-01-31", "2026-01-31", "0.24", "0.00"),
            ("2", 0, false, "2026-01-31", "2026-01-31", "0.25", "0.01"),
        ];
        for (percent, days, end_of_month, issued_on, received_on, settled, most) in table {
            let offer = Offer::of(&terms(percent, days, end_of_month), day(issued_on)).unwrap();
            assert_eq!(offer.granted(settled.parse().unwrap(), day(received_on), euro).to_string(), most, "{percent} on {settled}");
        }
        assert_eq!(Offer::of(&InvoiceTerms { discount_percent: None, ..terms("2", 10, false) }, day("2026-01-31")), None);
    }

    proptest! {
        #[test]
        fn paying_in_parts_earns_at_most_half_a_minor_unit_a_part_more(parts in prop::collection::vec(1i64..1_000_000, 1..10), percent in 1i64..10_000) {
            let euro = Currency::from_code("EUR").unwrap();
            let offer = Offer { percent: Decimal::new(percent, 2), until_on: NaiveDate::MAX };
            let whole: Decimal = parts.iter().map(|part| Decimal::new(*part, 2)).sum();
            let in_parts: Decimal = parts.iter().map(|part| offer.on(Decimal::new(*part, 2), euro)).sum();
            let tolerance = Decimal::new(5, 3) * Decimal::from(parts.len() as i64 + 1);
            prop_assert!((in_parts - offer.on(whole, euro)).abs() <= tolerance);
            prop_assert!(offer.on(whole, euro) <= whole);
        }
    }
}
