//! The discount for paying early, as the invoice's own terms grant it: `2 % within 10 days` of what is settled by the payment,
//! on the day on which the money came. Nothing is granted beyond that; who gives more up writes it off. What was deducted before
//! counts: money that goes back may leave its discount behind, and what is paid in its place earns only what is missing of the
//! percentage of all that was settled in time.

use crate::invoicing::invoices::due_date::discount_until;
use crate::invoicing::invoices::invoice::InvoiceTerms;
use crate::payments::standing::Standing;
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
    pub earlier: Earlier,
}

/// What stands on the invoice already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Earlier {
    /// By money that came in time, adjustments included.
    pub settled: Decimal,
    /// What was deducted for paying early.
    pub discount: Decimal,
}

impl Offer {
    /// None where the terms have no discount.
    pub fn of(terms: &InvoiceTerms, issued_on: NaiveDate) -> Option<Self> {
        let (percent, days) = (terms.discount_percent?.0, terms.discount_days?);
        Some(Self { percent, until_on: discount_until(issued_on, terms.end_of_month, days), earlier: Earlier::default() })
    }

    /// The same beside what stands on the invoice.
    pub fn beside<'a>(self, standing: impl IntoIterator<Item = &'a Standing>) -> Self {
        let mut earlier = Earlier::default();
        for row in standing {
            earlier.discount += row.discount;
            if row.received_on <= self.until_on {
                earlier.settled += row.settled;
            }
        }
        Self { earlier, ..self }
    }

    /// The discount on an amount that is settled in time, rounded half away from zero; at most what is left of that on all that was
    /// settled in time.
    pub fn on(&self, settled: Decimal, currency: Currency) -> Decimal {
        let share = |amount: Decimal| currency.round(amount * self.percent / Decimal::ONE_HUNDRED);
        let left = share(self.earlier.settled + settled) - self.earlier.discount;
        share(settled).min(left).max(currency.zero())
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

    #[test]
    fn what_was_deducted_before_counts() {
        let euro = Currency::from_code("EUR").unwrap();
        let offer = Offer::of(&terms("2", 10, false), day("2026-01-31")).unwrap();
        let standing = |received_on: &str, settled: &str, discount: &str| Standing {
            order_id: crate::types::id::OrderId::generate(),
            invoice_id: None,
            received_on: day(received_on),
            money: settled.parse::<Decimal>().unwrap() - discount.parse::<Decimal>().unwrap(),
            settled: settled.parse().unwrap(),
            kept: Decimal::ZERO,
            discount: discount.parse().unwrap(),
        };
        type Row<'a> = (&'a str, &'a str, &'a str);
        // Of an invoice of 118.88: what stands on it (received, settled, discount), what is settled now, most.
        let table: [(&[Row], &str, &str); 7] = [
            (&[], "118.88", "2.38"),
            (&[("2026-02-01", "59.44", "1.19")], "59.44", "1.19"),
            (&[("2026-02-01", "60.63", "2.38")], "58.25", "0.00"),
            (&[("2026-02-01", "1.20", "1.19")], "59.44", "0.02"),
            (&[("2026-02-01", "59.44", "0.00")], "59.44", "1.19"),
            (&[("2026-02-11", "59.44", "0.00")], "59.44", "1.19"),
            (&[("2026-02-11", "50.00", "0.00"), ("2026-02-10", "10.00", "0.20"), ("2026-02-01", "1.00", "1.00")], "57.88", "0.18"),
        ];
        for (rows, settled, most) in table {
            let rows: Vec<Standing> =
                rows.iter().map(|(received_on, settled, discount)| standing(received_on, settled, discount)).collect();
            let granted = offer.beside(&rows).granted(settled.parse().unwrap(), day("2026-02-10"), euro);
            assert_eq!(granted.to_string(), most, "{settled} beside {rows:?}");
        }
    }

    proptest! {
        #[test]
        fn however_often_money_goes_and_comes_the_discount_is_one_of_what_was_settled(total in 1i64..10_000_000, percent in 1i64..10_000, steps in prop::collection::vec((0i64..=100, 0i64..=100), 1..12)) {
            let euro = Currency::from_code("EUR").unwrap();
            let total = Decimal::new(total, 2);
            let mut offer = Offer { percent: Decimal::new(percent, 2), until_on: NaiveDate::MAX, earlier: Earlier::default() };
            let part = |of: Decimal, share: i64| euro.round(of * Decimal::new(share, 2));
            for (paid, back) in steps {
                let settled = part(total - offer.earlier.settled, paid);
                let discount = offer.on(settled, euro);
                prop_assert!(discount <= settled && discount >= Decimal::ZERO);
                offer.earlier = Earlier { settled: offer.earlier.settled + settled, discount: offer.earlier.discount + discount };
                // Money goes back and leaves the discount.
                offer.earlier.settled -= part(offer.earlier.settled - offer.earlier.discount, back);
                prop_assert!(offer.earlier.discount <= euro.round(total * offer.percent / Decimal::ONE_HUNDRED));
            }
        }

        #[test]
        fn paying_in_parts_earns_at_most_half_a_minor_unit_a_part_more(parts in prop::collection::vec(1i64..1_000_000, 1..10), percent in 1i64..10_000) {
            let euro = Currency::from_code("EUR").unwrap();
            let offer = Offer { percent: Decimal::new(percent, 2), until_on: NaiveDate::MAX, earlier: Earlier::default() };
            let whole: Decimal = parts.iter().map(|part| Decimal::new(*part, 2)).sum();
            let in_parts: Decimal = parts.iter().map(|part| offer.on(Decimal::new(*part, 2), euro)).sum();
            let tolerance = Decimal::new(5, 3) * Decimal::from(parts.len() as i64 + 1);
            prop_assert!((in_parts - offer.on(whole, euro)).abs() <= tolerance);
            prop_assert!(offer.on(whole, euro) <= whole);
        }
    }
}
