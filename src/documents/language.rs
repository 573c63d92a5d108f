//! The reader's language: how numbers, dates and amounts in words are written.

use super::words;
use crate::types::currency::{Currency, rounded};
pub use crate::types::language::Language;
use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;

const MONTHS: [[&str; 12]; 2] = [
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"],
    ["Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus", "September", "Oktober", "November", "Desember"],
];

impl Language {
    /// `1,234,567.50` or `1.234.567,50`, with exactly that many places; a true minus sign (U+2212), never a hyphen.
    pub fn number(self, value: Decimal, places: u32) -> String {
        let (group, point) = match self {
            Self::English => (',', '.'),
            Self::Indonesian => ('.', ','),
        };
        let text = rounded(value.abs(), places).to_string();
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let mut written = String::with_capacity(text.len() + whole.len() / 3 + 3);
        if value.is_sign_negative() && !value.is_zero() {
            written.push('\u{2212}');
        }
        for (i, digit) in whole.chars().enumerate() {
            if i > 0 && (whole.len() - i) % 3 == 0 {
                written.push(group);
            }
            written.push(digit);
        }
        if !fraction.is_empty() {
            written.push(point);
            written.push_str(fraction);
        }
        written
    }

    /// As many places as the value needs, and at least `least`.
    pub fn plain(self, value: Decimal, least: u32) -> String {
        let value = value.normalize();
        self.number(value, value.scale().max(least))
    }

    /// A rate in hundred: `12%`, `5,5%`.
    pub fn percent(self, rate: Decimal) -> String {
        format!("{}%", self.plain(rate * Decimal::ONE_HUNDRED, 0))
    }

    /// `2 March 2026` or `2 Maret 2026`.
    pub fn date(self, on: NaiveDate) -> String {
        let names = match self {
            Self::English => &MONTHS[0],
            Self::Indonesian => &MONTHS[1],
        };
        let month = usize::try_from(on.month0()).ok().and_then(|month| names.get(month)).copied().unwrap_or_default();
        format!("{} {month} {}", on.day(), on.year())
    }

    /// The amount as it is spelled out on receipts.
    pub fn in_words(self, amount: Decimal, currency: Currency) -> String {
        words::amount(self, amount, currency)
    }

    /// A unit of UN/ECE Recommendation 20 as people write it; the code itself where we know no better.
    pub fn unit(self, code: &str) -> &str {
        let (english, indonesian) = match code {
            "C62" | "EA" | "H87" => ("pcs", "pcs"),
            "KGM" => ("kg", "kg"),
            "GRM" => ("g", "g"),
            "TNE" => ("t", "t"),
            "LBR" => ("lb", "lb"),
            "LTR" => ("l", "l"),
            "MLT" => ("ml", "ml"),
            "MTR" => ("m", "m"),
            "CMT" => ("cm", "cm"),
            "MTK" => ("m²", "m²"),
            "MTQ" => ("m³", "m³"),
            "HUR" => ("h", "jam"),
            "DAY" => ("days", "hari"),
            "XBX" => ("box", "dus"),
            "XCT" => ("carton", "karton"),
            "XPX" => ("pallet", "palet"),
            "XPK" => ("pack", "pak"),
            "DZN" => ("dozen", "lusin"),
            "SET" => ("set", "set"),
            "PR" => ("pair", "pasang"),
            other => (other, other),
        };
        match self {
            Self::English => english,
            Self::Indonesian => indonesian,
        }
    }
}

/// How the money of one document is written: every amount with the same places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Money {
    pub language: Language,
    pub currency: Currency,
    places: u32,
}

impl Money {
    /// With the places of the currency; rupiah without any where no amount has sen, as invoices in Indonesia are written.
    pub fn new(language: Language, currency: Currency, mut amounts: impl Iterator<Item = Decimal>) -> Self {
        let whole = currency.code() == "IDR" && amounts.all(|amount| amount.fract().is_zero());
        Self { language, currency, places: if whole { 0 } else { currency.minor_units() } }
    }

    /// The bare amount, for columns.
    pub fn amount(&self, value: Decimal) -> String {
        self.language.number(value, self.places)
    }

    /// A price, which may have more places than amounts.
    pub fn price(&self, value: Decimal) -> String {
        self.language.plain(value, self.places)
    }

    /// The amount with its currency: `EUR 1,250.00`, `Rp 1.250.000`.
    pub fn with_currency(&self, value: Decimal) -> String {
        format!("{}\u{a0}{}", self.symbol(), self.amount(value))
    }

    /// `Rp` for rupiah in Indonesian, else the ISO 4217 code.
    pub fn symbol(&self) -> &'static str {
        if self.language == Language::Indonesian && self.currency.code() == "IDR" { "Rp" } else { self.currency.code() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Language::{English, Indonesian};

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn numbers_are_written_as_their_readers_write_them() {
        let both = |value: &str, places: u32| (English.number(decimal(value), places), Indonesian.number(decimal(value), places));
        assert_eq!(both("1234567", 2), ("1,234,567.00".into(), "1.234.567,00".into()));
        assert_eq!(both("-0.5", 2), ("\u{2212}0.50".into(), "\u{2212}0,50".into()));
        assert_eq!(both("999", 0), ("999".into(), "999".into()));
        assert_eq!(both("1000", 3), ("1,000.000".into(), "1.000,000".into()));
        assert_eq!(both("-0", 2), ("0.00".into(), "0,00".into()));
        assert_eq!((English.percent(decimal("0.055")), Indonesian.percent(decimal("0.12"))), ("5.5%".into(), "12%".into()));
        assert_eq!(Indonesian.plain(decimal("1.2345"), 2), "1,2345");
        assert_eq!(English.plain(decimal("1.5"), 2), "1.50");
    }

    #[test]
    fn dates_name_their_month() {
        let on = "2026-03-02".parse().unwrap();
        assert_eq!((English.date(on), Indonesian.date(on)), ("2 March 2026".into(), "2 Maret 2026".into()));
    }

    #[test]
    fn rupiah_lose_their_sen_only_where_nobody_has_any() {
        let rupiah = Currency::from_code("IDR").unwrap();
        let money = |amounts: &[&str]| Money::new(Indonesian, rupiah, amounts.iter().map(|amount| decimal(amount)));
        assert_eq!(money(&["1250000.00", "5.00"]).with_currency(decimal("1250000.00")), "Rp\u{a0}1.250.000");
        assert_eq!(money(&["1250000.00", "5.50"]).amount(decimal("1250000.00")), "1.250.000,00");
        let euro = Money::new(English, Currency::from_code("EUR").unwrap(), [decimal("5.00")].into_iter());
        assert_eq!(euro.with_currency(decimal("1250.00")), "EUR\u{a0}1,250.00");
        let yen = Money::new(English, Currency::from_code("JPY").unwrap(), std::iter::empty());
        assert_eq!(yen.amount(decimal("12345")), "12,345");
        let dinar = Money::new(English, Currency::from_code("KWD").unwrap(), std::iter::empty());
        assert_eq!(dinar.amount(decimal("12.345")), "12.345");
    }
}
