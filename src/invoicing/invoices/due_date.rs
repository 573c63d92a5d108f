use crate::organization::payment_terms::body::PaymentTerm;
use chrono::{Datelike, Days, Months, NaiveDate};

/// The day by which an invoice is to be paid: the same day where the money comes in advance or with the goods, else the net
/// days after the invoice's date, or after the end of its month. A day beyond the calendar's end is the calendar's last.
pub fn due_date(terms: &PaymentTerm, issued_on: NaiveDate) -> NaiveDate {
    if terms.prepayment || terms.cash_on_delivery {
        return issued_on;
    }
    days_after(issued_on, terms.end_of_month, terms.net_days)
}

/// The last day on which an early payment earns its discount. Its days count from where the net days count from.
pub fn discount_until(issued_on: NaiveDate, end_of_month: bool, discount_days: i32) -> NaiveDate {
    days_after(issued_on, end_of_month, discount_days)
}

fn days_after(issued_on: NaiveDate, from_end_of_month: bool, days: i32) -> NaiveDate {
    let from = if from_end_of_month { end_of_month(issued_on) } else { issued_on };
    from.checked_add_days(Days::new(days.unsigned_abs().into())).unwrap_or(NaiveDate::MAX)
}

fn end_of_month(day: NaiveDate) -> NaiveDate {
    let next_first = day.with_day(1).and_then(|first| first.checked_add_months(Months::new(1)));
    next_first.and_then(|first| first.pred_opt()).unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, Utc};

    fn due(net_days: i32, end_of_month: bool, issued_on: &str) -> String {
        let terms = terms(net_days, end_of_month, false, false);
        due_date(&terms, issued_on.parse().unwrap()).to_string()
    }

    fn terms(net_days: i32, end_of_month: bool, prepayment: bool, cash_on_delivery: bool) -> PaymentTerm {
        PaymentTerm {
            code: "t".into(),
            name: "t".into(),
            net_days,
            end_of_month,
            prepayment,
            cash_on_delivery,
            discount_percent: None,
            discount_days: None,
            external_ids: Default::default(),
            metadata: Default::default(),
            version: 1,
            created_at: DateTime::<Utc>::MIN_UTC,
            updated_at: DateTime::<Utc>::MIN_UTC,
        }
    }

    #[test]
    fn net_days_count_from_the_invoice_or_from_the_end_of_its_month() {
        assert_eq!(due(0, false, "2026-03-10"), "2026-03-10");
        assert_eq!(due(30, false, "2026-01-31"), "2026-03-02");
        assert_eq!(due(28, false, "2026-01-31"), "2026-02-28");
        assert_eq!(due(29, false, "2028-01-31"), "2028-02-29", "a leap year");
        assert_eq!(due(365, false, "2028-02-29"), "2029-02-28");
        assert_eq!(due(366, false, "2027-02-28"), "2028-02-29");
        assert_eq!(due(1, false, "2026-12-31"), "2027-01-01");
        assert_eq!(due(30, true, "2026-01-01"), "2026-03-02", "the month of the invoice has 31 days");
        assert_eq!(due(30, true, "2026-02-01"), "2026-03-30");
        assert_eq!(due(0, true, "2100-02-01"), "2100-02-28", "a century is no leap year");
        assert_eq!(due(0, true, "2000-02-29"), "2000-02-29", "a fourth one is");
        assert_eq!(due(3650, true, "2026-04-30"), "2036-04-27");
        assert_eq!(due(30, false, "2028-01-31"), "2028-03-01");
        assert_eq!(due(0, true, "2028-02-01"), "2028-02-29");
        assert_eq!(due(15, true, "2026-12-31"), "2027-01-15");
        assert_eq!(due(10, true, "2026-04-30"), "2026-05-10");
    }

    #[test]
    fn discount_days_count_from_where_the_net_days_count_from() {
        let until = |issued_on: &str, end_of_month, days| discount_until(issued_on.parse().unwrap(), end_of_month, days).to_string();
        assert_eq!(until("2026-01-31", false, 10), "2026-02-10");
        assert_eq!(until("2026-01-05", true, 10), "2026-02-10", "2/10 EOM");
        assert_eq!(until("2028-02-20", false, 10), "2028-03-01");
        assert_eq!(until("2026-03-10", false, 0), "2026-03-10");
    }

    #[test]
    fn what_is_paid_in_advance_or_with_the_goods_is_due_at_once() {
        let issued_on: NaiveDate = "2026-03-10".parse().unwrap();
        assert_eq!(due_date(&terms(30, true, true, false), issued_on), issued_on);
        assert_eq!(due_date(&terms(30, true, false, true), issued_on), issued_on);
    }
}
