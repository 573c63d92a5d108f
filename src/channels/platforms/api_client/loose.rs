//! Values as platforms write them: numbers as JSON numbers or as strings, ids of either kind, texts that may be null. Digits are read
//! from the text itself, so that none passes through a binary float.

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// A string, number, boolean or null, as text. Null and what is left out are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Loose(pub String);

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let text = raw.get();
        match text.as_bytes().first() {
            Some(b'"') => serde_json::from_str(text).map(Self).map_err(serde::de::Error::custom),
            Some(b'{' | b'[') => Err(serde::de::Error::custom("a text or number is expected")),
            _ if text == "null" => Ok(Self::default()),
            _ => Ok(Self(text.to_owned())),
        }
    }
}

impl Loose {
    /// The text without white space around it, where there is any.
    pub fn text(&self) -> Option<&str> {
        Some(self.0.trim()).filter(|text| !text.is_empty())
    }

    pub fn owned(&self) -> Option<String> {
        self.text().map(str::to_owned)
    }

    /// The number: digits with an optional sign, point and exponent, as JSON writes them. `None` where it is none, or has more digits
    /// than a decimal holds.
    pub fn decimal(&self) -> Option<Decimal> {
        self.text().and_then(decimal)
    }

    pub fn is_true(&self) -> bool {
        matches!(self.text(), Some("true" | "1"))
    }
}

/// More digits than any amount or quantity has, on either side of the point.
const DIGITS: usize = 28;

/// A number as JSON writes it, exactly.
pub fn decimal(text: &str) -> Option<Decimal> {
    if text.len() > 64 {
        return None;
    }
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let unsigned = mantissa.strip_prefix(['-', '+']).unwrap_or(mantissa);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() && fraction.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    let all = format!("{whole}{fraction}");
    let significant = all.trim_start_matches('0');
    // Where the point stands, counted from the end of the digits: zeros behind it say nothing.
    let trimmed = significant.trim_end_matches('0');
    let cut = i32::try_from(significant.len() - trimmed.len()).ok()?;
    let scale = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?.checked_sub(cut)?;
    if trimmed.is_empty() {
        return Some(Decimal::ZERO);
    }
    if trimmed.len() > DIGITS || !(-28..=28).contains(&scale) {
        return None;
    }
    let number: i128 = trimmed.parse().ok()?;
    let number = if mantissa.starts_with('-') { -number } else { number };
    match u32::try_from(scale) {
        Ok(scale) => Decimal::try_from_i128_with_scale(number, scale).ok(),
        Err(_) => {
            let factor = 10i128.checked_pow(scale.unsigned_abs())?;
            Decimal::try_from_i128_with_scale(number.checked_mul(factor)?, 0).ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Deserialize)]
    struct Thing {
        #[serde(default)]
        value: Loose,
    }

    fn read(json: &str) -> Option<String> {
        serde_json::from_str::<Thing>(json).ok().map(|thing| thing.value.0)
    }

    #[test]
    fn any_plain_value_is_text() {
        let table = [
            (r#"{"value": "a\u00e9"}"#, Some("aé")),
            (r#"{"value": 820982911946154508}"#, Some("820982911946154508")),
            (r#"{"value": 120000.10}"#, Some("120000.10")),
            (r#"{"value": true}"#, Some("true")),
            (r#"{"value": null}"#, Some("")),
            (r#"{}"#, Some("")),
            (r#"{"value": {}}"#, None),
            (r#"{"value": [1]}"#, None),
        ];
        for (json, text) in table {
            assert_eq!(read(json).as_deref(), text, "{json}");
        }
    }

    #[test]
    fn numbers_keep_their_digits() {
        let table = [
            ("0.1", "0.1"),
            ("120000.0", "120000"),
            ("-7.50", "-7.5"),
            ("1.25e2", "125"),
            ("5E-3", "0.005"),
            ("0", "0"),
            ("0.000", "0"),
            ("+3", "3"),
            (".5", "0.5"),
            ("1e3", "1000"),
            ("79228162514264337593543950335", ""),
        ];
        for (text, number) in table {
            let read = decimal(text).map(|read| read.normalize().to_string()).unwrap_or_default();
            assert_eq!(read, number, "{text}");
        }
        for none in ["", ".", "-", "1,5", "1.2.3", "NaN", "Infinity", "0x10", "1e", "1e99", "1 2", "٣", &"9".repeat(65), "1e-99"] {
            assert_eq!(decimal(none), None, "{none}");
        }
    }

    fn round_trip(number: i64, scale: u32) {
        let known = Decimal::new(number, scale);
        assert_eq!(decimal(&known.to_string()), Some(known.normalize()));
    }

    proptest! {
        #[test]
        fn what_a_decimal_writes_is_read_again(number: i64, scale in 0u32..18) {
            round_trip(number, scale);
        }

        #[test]
        fn any_text_is_a_number_or_none(text in "[-+0-9.eE]{0,12}|\\PC{0,12}") {
            let _ = decimal(&text);
        }
    }

    #[test]
    #[ignore = "a million inputs"]
    fn a_million_texts_are_numbers_or_none() {
        let config = ProptestConfig { cases: 1_000_000, ..ProptestConfig::default() };
        proptest!(config, |(text in "[-+0-9.eE]{0,12}|\\PC{0,12}", number: i64, scale in 0u32..18)| {
            let _ = decimal(&text);
            round_trip(number, scale);
        });
    }
}
