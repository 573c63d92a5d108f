//! How a number is written.

use chrono::{Datelike, NaiveDate};

/// `INV-000001`, or `INV-2026-000001` in a series that starts anew each year. At least six digits, more where they are needed.
pub fn render(prefix: &str, year_reset: bool, issued_on: NaiveDate, series_number: i64) -> String {
    if year_reset { format!("{prefix}{}-{series_number:06}", issued_on.year()) } else { format!("{prefix}{series_number:06}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_six_digits_or_more_and_the_year_where_they_start_anew() {
        let day = NaiveDate::from_ymd_opt(2026, 3, 1).unwrap();
        assert_eq!(render("INV-", false, day, 1), "INV-000001");
        assert_eq!(render("INV-", true, day, 1), "INV-2026-000001");
        assert_eq!(render("R", false, day, 12_345_678), "R12345678");
    }
}
