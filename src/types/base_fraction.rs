//! The part of a net amount on which a tax rate is charged.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::num::NonZeroU32;

/// A fraction above 0 and at most 1, written `11/12`. Indonesia taxes 11/12 of most prices at 12 % (PMK 131/2024); elsewhere it is `1/1`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, utoipa::ToSchema)]
#[schema(value_type = String, example = "11/12", pattern = r"^[1-9]\d{0,8}/[1-9]\d{0,8}$")]
pub struct BaseFraction(Parts);

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Parts {
    numerator: NonZeroU32,
    denominator: NonZeroU32,
}

impl BaseFraction {
    /// The whole amount, `1/1`.
    pub const WHOLE: Self = Self(Parts { numerator: NonZeroU32::MIN, denominator: NonZeroU32::MIN });

    /// `None` unless 0 < numerator ≤ denominator < 1,000,000,000.
    pub fn new(numerator: u32, denominator: u32) -> Option<Self> {
        if numerator > denominator || denominator >= 1_000_000_000 {
            return None;
        }
        Some(Self(Parts { numerator: NonZeroU32::new(numerator)?, denominator: NonZeroU32::new(denominator)? }))
    }

    pub fn numerator(self) -> u32 {
        self.0.numerator.get()
    }

    pub fn denominator(self) -> u32 {
        self.0.denominator.get()
    }
}

impl Default for BaseFraction {
    fn default() -> Self {
        Self::WHOLE
    }
}

impl std::fmt::Display for BaseFraction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.0.numerator, self.0.denominator)
    }
}

impl std::str::FromStr for BaseFraction {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |digits: &str| digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse::<u32>().ok()).flatten();
        text.split_once('/')
            .and_then(|(numerator, denominator)| Self::new(number(numerator)?, number(denominator)?))
            .ok_or("write a fraction above 0 and at most 1, such as 11/12")
    }
}

impl Serialize for BaseFraction {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for BaseFraction {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(|detail| serde::de::Error::custom(format_args!("invalid_fraction|{detail}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_proper_fractions_are_read() {
        assert_eq!("11/12".parse::<BaseFraction>().map(|f| f.to_string()), Ok("11/12".to_owned()));
        assert_eq!("1/1".parse(), Ok(BaseFraction::WHOLE));
        for bad in ["", "1", "0/1", "1/0", "12/11", "+1/2", "1/2/3", "-1/2", "a/b", " 1/2", "/", "1/4000000000"] {
            assert!(bad.parse::<BaseFraction>().is_err(), "{bad}");
        }
    }
}
