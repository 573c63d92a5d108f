//! Decimal numbers as JSON carries them: strings, so that no reader passes them through a binary float.

use rust_decimal::Decimal;
use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

struct DecimalString {
    places: u32,
}

impl Visitor<'_> for DecimalString {
    type Value = Decimal;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a decimal string such as \"12.50\"")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Decimal, E> {
        let malformed = || E::custom("invalid_decimal|write digits with an optional point, such as \"12.50\"");
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(fraction) {
            return Err(malformed());
        }
        if whole.trim_start_matches('0').len() > 14 {
            return Err(E::custom("out_of_range|the number has more than 14 digits before the point"));
        }
        if fraction.trim_end_matches('0').len() > self.places as usize {
            return Err(E::custom(format!("too_many_decimals|at most {} decimal places", self.places)));
        }
        // What is cut are zeros, of which there may be more than a Decimal holds.
        let kept = text.find('.').map_or(text, |point| &text[..text.len().min(point + 1 + self.places as usize)]);
        kept.parse().map_err(|_| malformed())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Decimal, E> {
        Err(E::custom(NOT_A_STRING))
    }
    fn visit_u64<E: Error>(self, _: u64) -> Result<Decimal, E> {
        Err(E::custom(NOT_A_STRING))
    }
    fn visit_f64<E: Error>(self, _: f64) -> Result<Decimal, E> {
        Err(E::custom(NOT_A_STRING))
    }
    fn visit_bool<E: Error>(self, value: bool) -> Result<Decimal, E> {
        Err(E::invalid_type(Unexpected::Bool(value), &self))
    }
}

const NOT_A_STRING: &str = "decimal_string_required|send the number as a string, such as \"12.50\", so that no digit is lost";

/// Zero without the sign that it has kept where it came from: nothing owed is not `-0.00`.
pub fn plain_zero(value: Decimal) -> Decimal {
    if value.is_zero() { value.abs() } else { value }
}

macro_rules! decimal_string {
    ($($(#[$doc:meta])* $name:ident, $places:literal, $example:literal, $render:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, utoipa::ToSchema)]
        #[schema(value_type = String, example = $example, pattern = r"^-?\d{1,14}(\.\d+)?$")]
        pub struct $name(pub Decimal);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let render: fn(Decimal) -> Decimal = $render;
                std::fmt::Display::fmt(&plain_zero(render(self.0)), f)
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(DecimalString { places: $places }).map(Self)
            }
        }
        impl From<Decimal> for $name {
            fn from(value: Decimal) -> Self {
                Self(value)
            }
        }
    )*};
}

decimal_string! {
    /// Money in the document's currency; serialized with the scale it has, so round it by `Currency::round` first.
    Amount, 4, "125000.00", |value| value;
    /// A price or cost of one unit, up to 6 places.
    UnitPrice, 6, "12.50", |value| { let mut v = value.normalize(); if v.scale() < 2 { v.rescale(2) } v };
    /// A quantity in the line's unit, up to 3 places.
    Quantity, 3, "3", |value| value.normalize();
    /// In hundred: `"15"` is 15 %.
    Percent, 4, "15", |value| value.normalize();
    /// A fraction: `"0.12"` is 12 %.
    Rate, 6, "0.12", |value| value.normalize();
    /// How many base units one unit holds.
    Factor, 6, "12", |value| value.normalize();
    /// Units of one currency for one of another.
    ExchangeRate, 10, "16250.5", |value| value.normalize();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(text: &str) -> Result<Decimal, String> {
        serde_json::from_str(&format!("\"{text}\"")).map(|Amount(value)| value).map_err(|error| error.to_string())
    }

    #[test]
    fn numbers_are_refused_and_strings_taken_exactly() {
        let error = serde_json::from_str::<Quantity>("1.5").unwrap_err().to_string();
        assert!(error.starts_with("decimal_string_required|"), "{error}");
        assert_eq!(serde_json::from_str::<Quantity>("\"1.500\"").unwrap(), Quantity(Decimal::new(15, 1)));
        assert!(serde_json::from_str::<Quantity>("\"1.0005\"").is_err());
        for bad in ["", "1e3", "+1", " 1", "1,5", "--1", "-", "NaN", ".5", "5.", "1.2.3", "٣"] {
            assert!(amount(bad).unwrap_err().starts_with("invalid_decimal|"), "{bad}");
        }
        for large in ["999999999999999", "-100000000000000", &"9".repeat(1000)] {
            assert!(amount(large).unwrap_err().starts_with("out_of_range|"), "{large}");
        }
        assert!(amount("1.00005").unwrap_err().starts_with("too_many_decimals|"));
        assert_eq!(amount("-99999999999999.9999").unwrap(), Decimal::new(-999_999_999_999_999_999, 4));
        assert_eq!(amount("125000.00").unwrap().scale(), 2);
        let zeros = "0".repeat(1000);
        assert_eq!(amount(&format!("{zeros}1.5{zeros}")).unwrap(), Decimal::new(15, 1));
    }

    #[test]
    fn nothing_has_no_sign() {
        let nothing = -Decimal::new(0, 2);
        assert_eq!(nothing.to_string(), "-0.00", "a change of sign keeps it");
        assert_eq!((Amount(nothing).to_string(), serde_json::to_string(&Amount(nothing)).unwrap()), ("0.00".into(), "\"0.00\"".into()));
        assert_eq!(UnitPrice(nothing).to_string(), "0.00");
        assert_eq!([Quantity(nothing).to_string(), Percent(nothing).to_string(), Rate(nothing).to_string()], ["0", "0", "0"]);
        assert_eq!([Factor(nothing).to_string(), ExchangeRate(nothing).to_string()], ["0", "0"]);
        assert_eq!(Amount(Decimal::new(-1, 2)).to_string(), "-0.01");
        assert_eq!(amount("-0.00").unwrap().to_string(), "0.00");
    }

    #[test]
    fn quantities_lose_trailing_zeros_and_amounts_keep_them() {
        assert_eq!(serde_json::to_string(&Quantity(Decimal::new(5000, 3))).unwrap(), "\"5\"");
        assert_eq!(serde_json::to_string(&Amount(Decimal::new(12500, 2))).unwrap(), "\"125.00\"");
        assert_eq!(serde_json::to_string(&UnitPrice(Decimal::new(18_600_000, 6))).unwrap(), "\"18.60\"");
    }
}
