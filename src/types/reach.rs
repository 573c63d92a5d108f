//! How far from today a date may lie that somebody writes: further is a slip of the year.

use super::fault::Faults;
use chrono::{Months, NaiveDate};

const TEN_YEARS: Months = Months::new(120);

/// The first day that is not too long ago.
pub fn first_day(today: NaiveDate) -> NaiveDate {
    today.checked_sub_months(TEN_YEARS).unwrap_or(NaiveDate::MIN)
}

/// Adds the fault `too_far_ahead` where the date lies more than ten years after today.
pub fn require_not_far_ahead(faults: &mut Faults, pointer: &str, date: Option<NaiveDate>, today: NaiveDate) {
    let last = last_day(today);
    if date.is_some_and(|date| date > last) {
        faults.add(pointer, "too_far_ahead", format!("give {last} or an earlier date"));
    }
}

fn last_day(today: NaiveDate) -> NaiveDate {
    today.checked_add_months(TEN_YEARS).unwrap_or(NaiveDate::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_years_each_way() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert_eq!((first_day(day("2026-11-30")), last_day(day("2026-11-30"))), (day("2016-11-30"), day("2036-11-30")));
        assert_eq!((first_day(day("2028-02-29")), last_day(day("2028-02-29"))), (day("2018-02-28"), day("2038-02-28")));
    }
}
