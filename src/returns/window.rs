//! Until when goods may come back.

use chrono::{Days, NaiveDate};

/// The last day on which a return may be asked for: so many days after the goods arrived, or left where nothing is known of
/// their arrival. Days are the organization's; the day of arrival is not counted.
pub fn ends_on(arrived_on: NaiveDate, window_days: i32) -> NaiveDate {
    let days = u64::try_from(window_days).unwrap_or(0);
    arrived_on.checked_add_days(Days::new(days)).unwrap_or(NaiveDate::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_of_arrival_is_not_counted() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let table = [
            ("2026-03-02", 30, "2026-04-01"),
            ("2026-03-02", 0, "2026-03-02"),
            ("2026-03-02", -1, "2026-03-02"),
            ("2028-02-15", 14, "2028-02-29"),
            ("2026-12-31", 1, "2027-01-01"),
        ];
        for (arrived, days, ends) in table {
            assert_eq!(ends_on(day(arrived), days), day(ends), "{arrived} + {days}");
        }
        assert_eq!(ends_on(NaiveDate::MAX, 30), NaiveDate::MAX);
    }
}
