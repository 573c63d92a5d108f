//! Amounts as banks write them in CSV files. What stands between groups of three digits in one country stands before the fraction in the
//! next: an amount is only read where it can be read in one way, since one that is a hundred times too large is booked as easily as a
//! right one.

use crate::types::currency::Currency;
use crate::types::text_enum::text_enum;
use rust_decimal::Decimal;

text_enum! {
    /// What stands between whole and fraction.
    pub enum DecimalSeparator {
        Point = ".",
        Comma = ",",
    }
}

impl DecimalSeparator {
    const fn char(self) -> char {
        match self {
            Self::Point => '.',
            Self::Comma => ',',
        }
    }

    /// What then may stand between groups of three digits.
    const fn other(self) -> Self {
        match self {
            Self::Point => Self::Comma,
            Self::Comma => Self::Point,
        }
    }
}

/// An amount with what may make it another one.
struct Found {
    amount: Decimal,
    /// One group of three digits, before which the other separator stands, and no fraction: `1,234`.
    is_one_group: bool,
}

/// `1.234,56`, `1,234.56`, `1 234.56`, `1'234.56`, with a sign before or behind; groups have exactly three digits. `told` is what the file
/// is said to have before fractions, a point where nothing was said. What is wrong with it otherwise.
pub fn amount_of(text: &str, told: Option<DecimalSeparator>, currency: Currency) -> Result<Decimal, String> {
    let separator = told.unwrap_or(DecimalSeparator::Point);
    let other = separator.other();
    let fits = |separator| find(text, separator).filter(|found| currency.is_exact(found.amount));
    match fits(separator) {
        // Of money with three places it may be the fraction: 13,380 dinars, or 13 and 380 fils.
        Some(found) if told.is_none() && found.is_one_group && currency.minor_units() == 3 => Err(format!(
            "'{text}' is {} or a thousandth of it: send decimal_separator={separator} or decimal_separator={other}, as the file has it before fractions",
            found.amount
        )),
        Some(found) => Ok(found.amount),
        None if fits(other).is_some() => Err(format!(
            "'{text}' is no amount in {currency} with '{separator}' before the fraction; send decimal_separator={other} where the file has '{other}' there"
        )),
        None => Err(format!(
            "'{text}' is no amount in {currency}: digits, in groups of three if in any, and '{separator}' (decimal_separator) before the fraction"
        )),
    }
}

fn find(text: &str, separator: DecimalSeparator) -> Option<Found> {
    let (text, is_debit) = match text.trim().strip_suffix('-') {
        Some(rest) => (rest.trim_end(), true),
        None => (text.trim(), false),
    };
    let (text, is_negative) = match text.strip_prefix(['+', '-']) {
        Some(_) if is_debit => return None,
        Some(rest) => (rest.trim_start(), text.starts_with('-')),
        None => (text, is_debit),
    };
    let (whole, fraction) = text.split_once(separator.char()).unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (grouped, groups) = ungrouped(whole, separator.other().char())?;
    if !digits(&grouped) || !digits(fraction) || grouped.is_empty() && fraction.is_empty() || grouped.len() + fraction.len() > 20 {
        return None;
    }
    // A zero on either side, where there is nothing: `,50` and `5.`
    let number = if fraction.is_empty() { grouped } else { format!("0{grouped}.{fraction}") };
    let amount: Decimal = number.parse().ok()?;
    let is_one_group = groups == 1 && whole.contains(separator.other().char()) && fraction.is_empty();
    let fits = amount < Decimal::from(100_000_000_000_000_i64);
    fits.then_some(Found { amount: if is_negative { -amount } else { amount }, is_one_group })
}

/// A whole number without what stands between its groups of three digits, and how many of these follow the first digits; `None` where
/// other groups do.
fn ungrouped(whole: &str, grouping: char) -> Option<(String, usize)> {
    const SPACES: [char; 5] = [' ', '\'', '\u{2019}', '\u{a0}', '\u{202f}'];
    let Some(mark) = whole.chars().find(|c| *c == grouping || SPACES.contains(c)) else { return Some((whole.to_owned(), 0)) };
    let mut groups = whole.split(mark);
    let mut number = groups.next().filter(|first| (1..=3).contains(&first.len()) && !first.starts_with('0'))?.to_owned();
    let mut count = 0;
    for group in groups {
        if group.len() != 3 {
            return None;
        }
        number.push_str(group);
        count += 1;
    }
    Some((number, count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str, told: &str, code: &str) -> Result<String, String> {
        let told = (!told.is_empty()).then(|| told.parse().unwrap());
        amount_of(text, told, Currency::from_code(code).unwrap()).map(|amount| amount.to_string())
    }

    #[test]
    fn amounts_come_in_the_forms_of_banks() {
        for (text, told, expected) in [
            ("1.234,56", ",", "1234.56"),
            ("1.234.567,8", ",", "1234567.8"),
            ("1,234.56", "", "1234.56"),
            ("12,345,678", ".", "12345678"),
            ("1,234", "", "1234"),
            ("1 234.56", "", "1234.56"),
            ("1'234.56", "", "1234.56"),
            ("1\u{202f}234,56", ",", "1234.56"),
            ("1234567.89", "", "1234567.89"),
            ("+5", "", "5"),
            ("- 5.00", "", "-5.00"),
            ("5.00-", "", "-5.00"),
            ("-5", ",", "-5"),
            (",50", ",", "0.50"),
            ("5.", "", "5"),
            ("0.00", "", "0.00"),
        ] {
            assert_eq!(read(text, told, "EUR").as_deref(), Ok(expected), "{text}");
        }
        assert_eq!(read("1.234", ",", "JPY").as_deref(), Ok("1234"));
    }

    #[test]
    fn what_can_be_read_in_two_ways_or_none_is_not_read() {
        for (text, told, code) in [
            ("1e5", "", "EUR"),
            ("", "", "EUR"),
            ("-", "", "EUR"),
            (".", "", "EUR"),
            ("--5", "", "EUR"),
            ("-5-", "", "EUR"),
            ("1 234'567.00", "", "EUR"),
            ("1.33.333,00", ",", "EUR"),
            ("1234.567,00", ",", "EUR"),
            ("0,123", "", "EUR"),
            ("1,23,456.00", "", "EUR"),
            ("1.2.3", "", "EUR"),
            ("1.005", ".", "EUR"),
            ("999999999999999999999", "", "EUR"),
            ("999999999999999", "", "EUR"),
            ("٣", "", "EUR"),
        ] {
            let detail = read(text, told, code).unwrap_err();
            assert!(detail.contains(&format!("'{text}' is no amount in {code}")), "{detail}");
        }
        for (text, told, code, send) in [
            ("13,38", "", "EUR", "send decimal_separator=,"),
            ("13,38", ".", "EUR", "send decimal_separator=,"),
            ("1.234,56", "", "EUR", "send decimal_separator=,"),
            ("1.234", "", "EUR", "send decimal_separator=,"),
            ("1.33", ",", "EUR", "send decimal_separator=."),
            ("1,234.56", ",", "EUR", "send decimal_separator=."),
        ] {
            let detail = read(text, told, code).unwrap_err();
            assert!(detail.contains(send), "{text}: {detail}");
        }
    }

    /// Dinars have three places.
    #[test]
    fn a_group_that_may_be_the_fraction_takes_the_separator() {
        let detail = read("13,380", "", "KWD").unwrap_err();
        assert!(detail.contains("send decimal_separator=. or decimal_separator=,"), "{detail}");
        assert_eq!(read("13,380", ".", "KWD").as_deref(), Ok("13380"));
        assert_eq!(read("13,380", ",", "KWD").as_deref(), Ok("13.380"));
        assert_eq!(read("13,380.000", "", "KWD").as_deref(), Ok("13380.000"));
        assert_eq!(read("1,313,380", "", "KWD").as_deref(), Ok("1313380"));
        assert_eq!(read("13 380", "", "KWD").as_deref(), Ok("13380"));
    }

    fn written(cents: i64, places: u32, separator: DecimalSeparator, is_grouped: bool) -> String {
        let digits = format!("{:0>width$}", cents, width = places as usize + 1);
        let (whole, fraction) = digits.split_at(digits.len() - places as usize);
        let mut text = String::new();
        for (i, digit) in whole.chars().enumerate() {
            if is_grouped && i > 0 && (whole.len() - i) % 3 == 0 {
                text.push(separator.other().char());
            }
            text.push(digit);
        }
        if places > 0 {
            text.push(separator.char());
            text.push_str(fraction);
        }
        text
    }

    proptest! {
        /// With its fraction an amount is read as it was written, or by the other separator not at all.
        #[test]
        fn an_amount_with_its_fraction_is_never_another_one(cents in 0i64..10_000_000_000_000, comma: bool, is_grouped: bool, told in 0usize..3, code in 0usize..2) {
            let currency = Currency::from_code(["EUR", "KWD"][code]).unwrap();
            let separator = if comma { DecimalSeparator::Comma } else { DecimalSeparator::Point };
            let text = written(cents, currency.minor_units(), separator, is_grouped);
            let told = [None, Some(separator), Some(separator.other())][told];
            let exact = Decimal::new(cents, currency.minor_units());
            match amount_of(&text, told, currency) {
                Ok(read) => prop_assert!(read == exact || currency.minor_units() == 3 && told == Some(separator.other()), "{text}: {read}"),
                Err(detail) => prop_assert!(told.unwrap_or(DecimalSeparator::Point) != separator, "{detail}"),
            }
        }
    }
}
