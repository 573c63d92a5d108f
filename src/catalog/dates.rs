//! Periods of prices and tax rates. "Always valid" is the year 1 in the tables, because the day is part of the key.

use crate::types::fault::Faults;
use chrono::{Datelike, NaiveDate};

/// The day that stands for "always": 0001-01-01.
pub fn always() -> NaiveDate {
    NaiveDate::from_ymd_opt(1, 1, 1).unwrap_or_default()
}

/// The day as shown: null for "always".
pub fn shown(valid_from_on: NaiveDate) -> Option<NaiveDate> {
    (valid_from_on != always()).then_some(valid_from_on)
}

/// Adds a fault where a day is beyond the calendar of documents or the period ends before it begins.
pub fn check_period(faults: &mut Faults, pointer: &str, from: Option<NaiveDate>, to: Option<NaiveDate>) {
    for (field, day) in [("valid_from_on", from), ("valid_to_on", to)] {
        let fine = day.is_none_or(|day| (1..=9999).contains(&day.year()));
        faults.require(fine, format!("{pointer}/{field}"), "out_of_range", "a year from 0001 to 9999");
    }
    let ordered = to.is_none_or(|to| to >= from.unwrap_or(always()));
    faults.require(ordered, format!("{pointer}/valid_to_on"), "out_of_range", "must not be before valid_from_on");
}

/// Whether a period (both days included) holds a day.
pub fn holds(from: Option<NaiveDate>, to: Option<NaiveDate>, on: NaiveDate) -> bool {
    from.is_none_or(|from| from <= on) && to.is_none_or(|to| on <= to)
}
