//! Numbers and dates as people write them.

use crate::verifications::reading::Confidence;
use chrono::NaiveDate;
use rust_decimal::Decimal;

/// A number, how sure, and what stands behind it (a unit, a currency).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Number {
    pub value: Decimal,
    pub confidence: Confidence,
    pub rest: String,
}

const SURE: Confidence = Confidence::of(98);
/// `1.000` is a thousand in Jakarta and Berlin, and one in London.
const AMBIGUOUS: Confidence = Confidence::of(40);

/// A number with separators of any country. Signs of currencies before it are left out.
pub fn number(text: &str) -> Option<Number> {
    let text: String = text.chars().take(64).map(|c| if matches!(c, '\u{a0}' | '\u{202f}' | '\u{2009}') { ' ' } else { c }).collect();
    let text = text.trim();
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let before = text[..start].trim();
    let negative = before.ends_with('-') || before.ends_with('\u{2212}');
    let sign = before.trim_end_matches(['-', '\u{2212}', '+']).trim();
    if !sign.is_empty() && !is_currency(sign) {
        return None;
    }
    let digits = text[start..].char_indices().take_while(|(_, c)| c.is_ascii_digit() || matches!(c, '.' | ',' | '\'' | ' ' | '\u{2019}'));
    let end = start + digits.last().map_or(0, |(at, c)| at + c.len_utf8());
    let (mut written, mut rest) = (text[start..end].trim_end_matches([' ', '.', ',']), text[end..].trim().to_owned());
    // A space divides thousands, not two numbers.
    if let Some(space) = written.find(' ') {
        let groups: Vec<&str> = written.split(' ').collect();
        let thousands = groups[1..].iter().enumerate().all(|(i, group)| {
            let whole = group.split(['.', ',']).next().unwrap_or_default();
            whole.len() == 3 && (i + 2 == groups.len() || group.len() == 3)
        });
        if !thousands {
            rest = format!("{}{rest}", &written[space..]).trim().to_owned();
            written = &written[..space];
        }
    }
    let plain: String = written.chars().filter(|c| c.is_ascii_digit() || matches!(c, '.' | ',')).collect();
    let (value, confidence) = separated(&plain)?;
    Some(Number { value: if negative { -value } else { value }, confidence, rest })
}

/// Signs and codes of money, as they stand before an amount. Other letters before a number make it a code.
fn is_currency(text: &str) -> bool {
    let text = text.trim_end_matches('.').to_lowercase();
    let known = [
        "rp", "idr", "$", "us$", "usd", "s$", "sgd", "a$", "aud", "€", "eur", "euro", "£", "gbp", "¥", "jpy", "cny", "rm", "myr", "chf",
        "fr", "kr", "nok", "sek", "dkk", "thb", "inr",
    ];
    known.contains(&text.as_str())
}

/// Tells the separator of decimals from that of thousands.
fn separated(text: &str) -> Option<(Decimal, Confidence)> {
    let parse = |text: &str| text.parse::<Decimal>().ok().map(|value| value.normalize());
    let (points, commas) = (text.matches('.').count(), text.matches(',').count());
    let without = |c: char| text.replace(c, "");
    match (points, commas) {
        (0, 0) => Some((parse(text)?, SURE)),
        (1.., 1..) => {
            let decimal = if text.rfind('.') > text.rfind(',') { '.' } else { ',' };
            let thousands = if decimal == '.' { ',' } else { '.' };
            if text.matches(decimal).count() > 1 {
                return None;
            }
            Some((parse(&without(thousands).replace(decimal, "."))?, SURE))
        }
        (2.., 0) => Some((parse(&without('.'))?, SURE)),
        (0, 2..) => Some((parse(&without(','))?, SURE)),
        _ => {
            let separator = if points == 1 { '.' } else { ',' };
            let (whole, fraction) = text.split_once(separator)?;
            let could_be_thousands = fraction.len() == 3 && (1..=3).contains(&whole.len()) && whole != "0";
            let value = parse(&format!("{whole}.{fraction}"))?;
            Some((value, if could_be_thousands { AMBIGUOUS } else { SURE }))
        }
    }
}

/// A date: ISO 8601, or day first with points, slashes or hyphens. Where day and month could be either, it is not sure.
pub fn date(text: &str) -> Option<(NaiveDate, Confidence)> {
    let text = text.trim().split(['T', ' ']).next()?;
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Some((date, SURE));
    }
    let separator = text.chars().find(|c| matches!(c, '.' | '/' | '-'))?;
    let parts: Vec<u32> = text.split(separator).map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let [first, second, year] = parts[..] else { return None };
    if (1900..2200).contains(&first) {
        return NaiveDate::from_ymd_opt(i32::try_from(first).ok()?, second, year).map(|date| (date, SURE));
    }
    let year = i32::try_from(year).ok().map(|year| if year < 100 { 2000 + year } else { year })?;
    if separator != '.' && second > 12 {
        // Only the American order is left.
        return NaiveDate::from_ymd_opt(year, first, second).map(|date| (date, Confidence::of(90)));
    }
    let date = NaiveDate::from_ymd_opt(year, second, first)?;
    let sure = separator == '.' || first > 12 || first == second;
    Some((date, if sure { Confidence::of(95) } else { AMBIGUOUS }))
}

/// What a spreadsheet counts as a day, where nothing says that a number is one: between 1982 and 2119.
pub fn serial(text: &str) -> Option<(NaiveDate, Confidence)> {
    let number: i64 = text.trim().parse().ok().filter(|number| (30_000..=80_000).contains(number))?;
    day(number, false).map(|date| (date, Confidence::of(60)))
}

/// The day of a spreadsheet's number (ECMA-376 part 1, §18.17.4.1): of 1900 with its leap day that never was, or of 1904.
pub fn day(number: i64, since_1904: bool) -> Option<NaiveDate> {
    let epoch = if since_1904 { NaiveDate::from_ymd_opt(1904, 1, 1) } else { NaiveDate::from_ymd_opt(1899, 12, 30) };
    epoch?.checked_add_signed(chrono::TimeDelta::try_days(number)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_people_write_them() {
        for (text, value, sure, rest) in [
            ("12", "12", true, ""),
            ("1,234.50", "1234.5", true, ""),
            ("1.234,50", "1234.5", true, ""),
            ("Rp 1.250.000", "1250000", true, ""),
            ("Rp. 55.000,00", "55000", true, ""),
            ("€ 9,80", "9.8", true, ""),
            ("9.80 EUR", "9.8", true, "EUR"),
            ("1'000.00", "1000", true, ""),
            ("1 234,5", "1234.5", true, ""),
            ("3 pcs", "3", true, "pcs"),
            ("2,5 kg", "2.5", true, "kg"),
            ("1.000", "1", false, ""),
            ("1,000", "1", false, ""),
            ("0.125", "0.125", true, ""),
            ("-4", "-4", true, ""),
            ("5 x 250 g", "5", true, "x 250 g"),
            ("10 20", "10", true, "20"),
        ] {
            let number = number(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(number.value, value.parse::<Decimal>().unwrap(), "{text}");
            assert_eq!((number.confidence == SURE, number.rest.as_str()), (sure, rest), "{text}");
        }
        for text in ["", "abc", "about 5", "KOPI-250", "1.2.3,4,5", "."] {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn dates_as_people_write_them() {
        let read = |text: &str| date(text).map(|(date, confidence)| (date.to_string(), confidence >= Confidence::ENOUGH));
        let sure = |text: &str| Some((text.to_owned(), true));
        assert_eq!(read("2026-12-05"), sure("2026-12-05"));
        assert_eq!(read("2026-12-05T00:00:00"), sure("2026-12-05"));
        assert_eq!(read("05.12.2026"), sure("2026-12-05"));
        assert_eq!(read("25/12/26"), sure("2026-12-25"));
        assert_eq!(read("12/25/2026"), sure("2026-12-25"));
        assert_eq!(read("05/12/2026"), Some(("2026-12-05".to_owned(), false)));
        assert_eq!(read("2026/12/05"), sure("2026-12-05"));
        for text in ["soon", "KW 51", "ASAP", "2026-13-45", "46370", "2026/13/45"] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(read("31.02.2026"), None);
        let of_serial = |text: &str| serial(text).map(|(date, confidence)| (date.to_string(), confidence >= Confidence::ENOUGH));
        assert_eq!(of_serial("46370"), Some(("2026-12-14".to_owned(), false)));
        assert_eq!((of_serial("29999"), of_serial("80001"), of_serial("4637.5"), of_serial("x")), (None, None, None, None));
        assert_eq!(day(44908, true).map(|date| date.to_string()), Some("2026-12-14".to_owned()));
    }
}
