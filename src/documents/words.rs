//! Amounts spelled out, as receipts and Indonesian invoices (*terbilang*) do, so that no digit can be added by hand.

use super::language::Language;
use crate::types::currency::Currency;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

const ENGLISH: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 10] = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
const INDONESIAN: [&str; 12] =
    ["nol", "satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan", "sepuluh", "sebelas"];

/// The absolute amount in words with its currency; the fraction as hundredths (thousandths …), for rupiah as sen.
pub(super) fn amount(language: Language, amount: Decimal, currency: Currency) -> String {
    let amount = currency.round(amount.abs());
    let whole = amount.trunc().to_u64().unwrap_or(u64::MAX);
    let unit = 10u64.pow(currency.minor_units());
    let fraction = (amount.fract() * Decimal::from(unit)).to_u64().unwrap_or(0);
    let name = if currency.code() == "IDR" { "rupiah" } else { currency.code() };
    let number = |value: u64| match language {
        Language::English => english(value),
        Language::Indonesian => indonesian(value),
    };
    let rest = match (fraction, language) {
        (0, _) => String::new(),
        (sen, Language::Indonesian) if name == "rupiah" => format!(" {} sen", indonesian(sen)),
        (part, Language::English) => format!(" and {part}/{unit}"),
        (part, Language::Indonesian) => format!(" dan {part}/{unit}"),
    };
    capitalised(&format!("{} {name}{rest}", number(whole)))
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn at<const N: usize>(names: &[&'static str; N], value: u64) -> &'static str {
    usize::try_from(value).ok().and_then(|i| names.get(i)).copied().unwrap_or_default()
}

fn english(value: u64) -> String {
    match value {
        0..=19 => at(&ENGLISH, value).to_owned(),
        20..=99 => match value % 10 {
            0 => at(&TENS, value / 10).to_owned(),
            ones => format!("{}-{}", at(&TENS, value / 10), at(&ENGLISH, ones)),
        },
        100..=999 => join(format!("{} hundred", english(value / 100)), value % 100, english),
        1_000..=999_999 => join(format!("{} thousand", english(value / 1_000)), value % 1_000, english),
        1_000_000..=999_999_999 => join(format!("{} million", english(value / 1_000_000)), value % 1_000_000, english),
        1_000_000_000..=999_999_999_999 => join(format!("{} billion", english(value / 1_000_000_000)), value % 1_000_000_000, english),
        _ => join(format!("{} trillion", english(value / 1_000_000_000_000)), value % 1_000_000_000_000, english),
    }
}

fn indonesian(value: u64) -> String {
    match value {
        0..=11 => at(&INDONESIAN, value).to_owned(),
        12..=19 => format!("{} belas", indonesian(value - 10)),
        20..=99 => join(format!("{} puluh", indonesian(value / 10)), value % 10, indonesian),
        100..=199 => join("seratus".to_owned(), value - 100, indonesian),
        200..=999 => join(format!("{} ratus", indonesian(value / 100)), value % 100, indonesian),
        1_000..=1_999 => join("seribu".to_owned(), value - 1_000, indonesian),
        2_000..=999_999 => join(format!("{} ribu", indonesian(value / 1_000)), value % 1_000, indonesian),
        1_000_000..=999_999_999 => join(format!("{} juta", indonesian(value / 1_000_000)), value % 1_000_000, indonesian),
        1_000_000_000..=999_999_999_999 => join(format!("{} miliar", indonesian(value / 1_000_000_000)), value % 1_000_000_000, indonesian),
        _ => join(format!("{} triliun", indonesian(value / 1_000_000_000_000)), value % 1_000_000_000_000, indonesian),
    }
}

fn join(head: String, rest: u64, spell: fn(u64) -> String) -> String {
    if rest == 0 { head } else { format!("{head} {}", spell(rest)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_spelled_out() {
        let spell = |language: Language, amount: &str, code: &str| {
            super::amount(language, amount.parse().unwrap(), Currency::from_code(code).unwrap())
        };
        let (en, id) = (Language::English, Language::Indonesian);
        assert_eq!(spell(id, "1250000.00", "IDR"), "Satu juta dua ratus lima puluh ribu rupiah");
        assert_eq!(spell(id, "1111.50", "IDR"), "Seribu seratus sebelas rupiah lima puluh sen");
        assert_eq!(spell(id, "219000000000.00", "IDR"), "Dua ratus sembilan belas miliar rupiah");
        assert_eq!(spell(id, "100.05", "EUR"), "Seratus EUR dan 5/100");
        assert_eq!(spell(en, "1234567.89", "EUR"), "One million two hundred thirty-four thousand five hundred sixty-seven EUR and 89/100");
        assert_eq!(spell(en, "0.00", "USD"), "Zero USD");
        assert_eq!(spell(en, "21.125", "KWD"), "Twenty-one KWD and 125/1000");
        assert_eq!(spell(en, "40", "JPY"), "Forty JPY");
    }
}
