//! How a number is written.

use chrono::{Datelike, NaiveDate};

/// `INV-000001`, or `INV-2026-000001` in a series that starts anew each year. At least six digits, more where they are needed.
pub fn render(prefix: &str, year_reset: bool, issued_on: NaiveDate, series_number: i64) -> String {
    if year_reset { format!("{prefix}{}-{series_number:06}", issued_on.year()) } else { format!("{prefix}{series_number:06}") }
}

/// How a series writes its numbers: prefix, and whether they start anew each year.
pub type Pattern<'a> = (&'a str, bool);

/// Whether two series could write one number, in whatever year and however far they have come.
pub fn may_meet(a: Pattern, b: Pattern) -> bool {
    let (short, long) = if a.0.len() <= b.0.len() { (a, b) } else { (b, a) };
    let Some(rest) = long.0.strip_prefix(short.0) else { return false };
    // What of the longer prefix would be digits of the shorter one's number. A number of more than six digits begins with no zero.
    let digits = match (short.1, long.1) {
        (yearly, long_yearly) if yearly == long_yearly && rest.is_empty() => return true,
        (false, false) => rest,
        (true, false) => match rest.split_at_checked(4) {
            Some((year, rest)) if is_digits(year) => match rest.strip_prefix('-') {
                Some(rest) => rest,
                None => return false,
            },
            Some(_) | None => return false,
        },
        (false, true) | (true, true) => return false,
    };
    is_digits(digits) && !digits.starts_with('0')
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// What follows the prefix in the numbers of a series, as a regular expression of Postgres.
pub fn tail(year_reset: bool) -> &'static str {
    if year_reset { "^[0-9]{4}-([0-9]{6}|[1-9][0-9]{6,})$" } else { "^([0-9]{6}|[1-9][0-9]{6,})$" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn series_that_could_write_one_number_meet() {
        for (a, b, meet) in [
            (("INV-", true), ("INV-2026-", false), true),
            (("INV-", true), ("INV-2026-", true), false),
            (("INV-", true), ("INV-2026-1", false), true),
            (("INV-", true), ("INV-2026-0", false), false),
            (("INV-", true), ("INV-20", false), false),
            (("INV-", false), ("INV-", false), true),
            (("INV-", false), ("INV-", true), false),
            (("INV", false), ("INV1", false), true),
            (("INV", false), ("INV0", false), false),
            (("INV-", false), ("INV-B-", false), false),
            (("A", false), ("B", false), false),
        ] {
            assert_eq!((may_meet(a, b), may_meet(b, a)), (meet, meet), "{a:?} {b:?}");
        }
    }

    proptest! {
        /// A number of one series is read as one of the other's by its pattern: then, and only then, may they meet.
        #[test]
        fn numbers_of_series_that_do_not_meet_differ(
            a in "[A0-2-]{1,2}", more in "(2026-)?[0-2]{0,2}", yearly in any::<(bool, bool)>(), n in prop_oneof![1i64..100, 999_990i64..30_000_000],
        ) {
            let b = format!("{a}{more}");
            let day = NaiveDate::from_ymd_opt(2026, 3, 1).unwrap();
            let reads = |prefix: &str, yearly: bool, number: &str| {
                let rest = number.strip_prefix(prefix);
                let digits = if yearly { rest.and_then(|rest| rest.split_once('-').filter(|(year, _)| year.len() == 4).map(|(_, rest)| rest)) } else { rest };
                digits.is_some_and(|digits| is_digits(digits) && (digits.len() == 6 || digits.len() > 6 && !digits.starts_with('0')))
            };
            prop_assert!(reads(&b, yearly.1, &render(&b, yearly.1, day, n)));
            let met = reads(&a, yearly.0, &render(&b, yearly.1, day, n)) || reads(&b, yearly.1, &render(&a, yearly.0, day, n));
            prop_assert!(!met || may_meet((&a, yearly.0), (&b, yearly.1)));
        }
    }

    #[test]
    fn numbers_have_six_digits_or_more_and_the_year_where_they_start_anew() {
        let day = NaiveDate::from_ymd_opt(2026, 3, 1).unwrap();
        assert_eq!(render("INV-", false, day, 1), "INV-000001");
        assert_eq!(render("INV-", true, day, 1), "INV-2026-000001");
        assert_eq!(render("R", false, day, 12_345_678), "R12345678");
    }
}
