//! Postgres' binary form of values, read where it lies: for roads where a copy of each field costs more than the field.
//!
//! The forms are those of the `…_send` functions of PostgreSQL (`record_send`, `array_send`, `numeric_send`, …): all integers are
//! big-endian, a record is the number of its fields and for each its type, length (-1 is null) and bytes.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use rust_decimal::Decimal;
use std::str;

/// What is read from the database is not of the form that the statement asked for.
#[derive(Debug, thiserror::Error)]
#[error("not the binary form of {0}")]
pub struct Malformed(pub &'static str);

/// Bytes that are taken from the front.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn int(&mut self) -> Option<i32> {
        self.take(4)?.try_into().ok().map(i32::from_be_bytes)
    }

    /// A value behind its length; inner `None` is null.
    fn value(&mut self) -> Option<Option<&'a [u8]>> {
        match usize::try_from(self.int()?) {
            Ok(length) => self.take(length).map(Some),
            Err(_) => Some(None),
        }
    }
}

/// The fields of a record, one after the other.
pub struct Fields<'a> {
    rest: Bytes<'a>,
}

impl<'a> Fields<'a> {
    pub fn of(record: &'a [u8]) -> Result<Self, Malformed> {
        let mut rest = Bytes(record);
        rest.int().ok_or(Malformed("a record"))?;
        Ok(Self { rest })
    }

    /// The next field; null is `None`.
    pub fn optional(&mut self) -> Result<Option<&'a [u8]>, Malformed> {
        let mut next = || {
            self.rest.int()?;
            self.rest.value()
        };
        next().ok_or(Malformed("a record"))
    }

    /// The next field, which is not null.
    pub fn required(&mut self) -> Result<&'a [u8], Malformed> {
        self.optional()?.ok_or(Malformed("a field that is never null"))
    }
}

/// The elements of an array of one dimension without nulls.
pub fn elements(array: &[u8]) -> Result<impl ExactSizeIterator<Item = &[u8]>, Malformed> {
    let read = || {
        let mut rest = Bytes(array);
        let dimensions = rest.int()?;
        rest.take(8)?;
        let count = if dimensions == 0 { 0 } else { rest.int()? };
        if dimensions != 0 {
            rest.int()?;
        }
        (0..count).map(|_| rest.value().flatten()).collect::<Option<Vec<&[u8]>>>()
    };
    read().map(Vec::into_iter).ok_or(Malformed("an array"))
}

pub fn text(bytes: &[u8]) -> Result<&str, Malformed> {
    str::from_utf8(bytes).map_err(|_| Malformed("a text"))
}

/// The text of a `jsonb`.
pub fn jsonb(bytes: &[u8]) -> Result<&str, Malformed> {
    match bytes {
        [1, json @ ..] => text(json),
        _ => Err(Malformed("jsonb")),
    }
}

pub fn smallint(bytes: &[u8]) -> Result<i16, Malformed> {
    bytes.try_into().map(i16::from_be_bytes).map_err(|_| Malformed("a smallint"))
}

pub fn bigint(bytes: &[u8]) -> Result<i64, Malformed> {
    bytes.try_into().map(i64::from_be_bytes).map_err(|_| Malformed("a bigint"))
}

pub fn uuid(bytes: &[u8]) -> Result<uuid::Uuid, Malformed> {
    uuid::Uuid::from_slice(bytes).map_err(|_| Malformed("a uuid"))
}

/// Days and microseconds count from here.
const EPOCH: NaiveDate = match NaiveDate::from_ymd_opt(2000, 1, 1) {
    Some(date) => date,
    None => NaiveDate::MIN,
};

pub fn date(bytes: &[u8]) -> Result<NaiveDate, Malformed> {
    let read = || {
        let days = i32::from_be_bytes(bytes.try_into().ok()?);
        let distance = Days::new(u64::from(days.unsigned_abs()));
        if days < 0 { EPOCH.checked_sub_days(distance) } else { EPOCH.checked_add_days(distance) }
    };
    read().ok_or(Malformed("a date"))
}

pub fn timestamptz(bytes: &[u8]) -> Result<DateTime<Utc>, Malformed> {
    let read = |micros: i64| EPOCH.and_time(chrono::NaiveTime::MIN).and_utc().checked_add_signed(TimeDelta::microseconds(micros));
    bigint(bytes).ok().and_then(read).ok_or(Malformed("a timestamptz"))
}

/// A `numeric` of up to 16 digits before the point and 8 behind it: wide enough for every column of ours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Number {
    /// In units of 10⁻⁸.
    units: i128,
}

/// How a number is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Places {
    /// Exactly so many (at most 8), rounded half away from zero.
    Exactly(u32),
    /// Without zeros at the end, but for the first so many places (at most 8).
    AtLeast(u32),
}

const UNIT: u64 = 100_000_000;

impl Number {
    pub const ONE: Self = Self { units: UNIT as i128 };

    pub fn of(bytes: &[u8]) -> Result<Self, Malformed> {
        Self::read(bytes).ok_or(Malformed("a numeric of this width"))
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (header, digits) = bytes.split_at_checked(8)?;
        let short = |at: usize| Some(i16::from_be_bytes(header.get(at..at + 2)?.try_into().ok()?));
        let negative = match short(4)? {
            0 => false,
            0x4000 => true,
            _ => return None,
        };
        let (mut weight, mut whole, mut fraction) = (short(2)?, 0_u64, 0_u64);
        if weight > 3 {
            return None;
        }
        for digit in digits.chunks_exact(2) {
            let digit = u64::from(u16::from_be_bytes(digit.try_into().ok()?));
            match weight {
                0.. => whole += digit * 10_000_u64.pow(u32::from(weight.unsigned_abs())),
                -1 => fraction += digit * 10_000,
                -2 => fraction += digit,
                _ => return None,
            }
            weight -= 1;
        }
        let units = i128::from(whole) * i128::from(UNIT) + i128::from(fraction);
        Some(Self { units: if negative { -units } else { units } })
    }

    pub fn is_zero(self) -> bool {
        self.units == 0
    }

    /// The nearest with so many places (at most 8), half away from zero.
    pub fn rounded(self, places: u32) -> Self {
        let step = i128::from(10_u32.pow(8 - places.min(8)));
        let half = if self.units < 0 { -step / 2 } else { step / 2 };
        Self { units: (self.units + half) / step * step }
    }

    pub fn decimal(self) -> Decimal {
        Decimal::from_i128_with_scale(self.units, 8).normalize()
    }

    /// Appends the number as a JSON string.
    pub fn write(self, places: Places, out: &mut Vec<u8>) {
        let number = match places {
            Places::Exactly(places) if !self.units.unsigned_abs().is_multiple_of(u128::from(10_u32.pow(8 - places.min(8)))) => {
                self.rounded(places)
            }
            Places::Exactly(_) | Places::AtLeast(_) => self,
        };
        let magnitude = number.units.unsigned_abs();
        let (whole, fraction) = match u64::try_from(magnitude) {
            Ok(magnitude) => (u128::from(magnitude / UNIT), magnitude % UNIT),
            Err(_) => (magnitude / u128::from(UNIT), u64::try_from(magnitude % u128::from(UNIT)).unwrap_or_default()),
        };
        // The widest: 16 digits and more of a sum, a point, 8 digits.
        let mut text = [b'0'; 48];
        let mut places_shown = 8;
        let (mut at, mut left, least) = match places {
            Places::Exactly(places) => (text.len(), fraction, places.min(8)),
            Places::AtLeast(places) => (text.len(), fraction, places.min(8)),
        };
        while places_shown > least && (left.is_multiple_of(10) || matches!(places, Places::Exactly(_))) {
            left /= 10;
            places_shown -= 1;
        }
        let mut put = |byte: u8| {
            at -= 1;
            text[at] = byte;
        };
        put(b'"');
        for _ in 0..places_shown {
            put(digit(left % 10));
            left /= 10;
        }
        if places_shown > 0 {
            put(b'.');
        }
        match u64::try_from(whole) {
            Ok(mut whole) => loop {
                put(digit(whole % 10));
                whole /= 10;
                if whole == 0 {
                    break;
                }
            },
            Err(_) => {
                for byte in whole.to_string().bytes().rev() {
                    put(byte);
                }
            }
        }
        if number.units < 0 {
            put(b'-');
        }
        put(b'"');
        out.extend_from_slice(&text[at..]);
    }
}

fn digit(digit: u64) -> u8 {
    b'0' + u8::try_from(digit).unwrap_or_default()
}

impl std::ops::Add for Number {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { units: self.units + other.units }
    }
}

impl std::ops::Sub for Number {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self { units: self.units - other.units }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::currency::rounded;
    use crate::types::decimal::{Amount, Quantity, UnitPrice};
    use proptest::prelude::*;

    /// `numeric_send` of units of 10⁻⁸.
    fn sent(units: i128) -> Vec<u8> {
        let mut digits = vec![];
        let mut left = units.unsigned_abs();
        while left > 0 {
            digits.insert(0, u16::try_from(left % 10_000).unwrap());
            left /= 10_000;
        }
        let weight = i16::try_from(digits.len()).unwrap() - 3;
        while digits.last() == Some(&0) {
            digits.pop();
        }
        let sign: u16 = if units < 0 { 0x4000 } else { 0 };
        let header = [u16::try_from(digits.len()).unwrap(), weight as u16, sign, 8];
        header.into_iter().chain(digits).flat_map(u16::to_be_bytes).collect()
    }

    fn written(number: Number, places: Places) -> String {
        let mut out = vec![];
        number.write(places, &mut out);
        String::from_utf8(out).unwrap()
    }

    proptest! {
        #[test]
        fn numbers_are_written_as_the_types_of_the_api_write_them(units in -10_000_000_000_000_000_000_000i128..10_000_000_000_000_000_000_000, zeros in 0u32..22, places in 0u32..5) {
            let units = units / 10_i128.pow(zeros);
            let number = Number::of(&sent(units)).unwrap();
            let decimal = Decimal::from_i128_with_scale(units, 8);
            prop_assert_eq!(number.decimal(), decimal);
            prop_assert_eq!(written(number, Places::AtLeast(0)), serde_json::to_string(&Quantity(decimal)).unwrap());
            prop_assert_eq!(written(number, Places::AtLeast(2)), serde_json::to_string(&UnitPrice(decimal)).unwrap());
            let exact = rounded(decimal, places);
            if !exact.is_zero() || units >= 0 {
                prop_assert_eq!(written(number, Places::Exactly(places)), serde_json::to_string(&Amount(exact)).unwrap());
            }
        }
    }

    #[test]
    fn what_is_no_number_of_ours_is_refused() {
        assert!(Number::of(&[0, 0, 0, 0, 0xC0, 0, 0, 0]).is_err(), "NaN");
        assert!(Number::of(&[0, 1, 0, 4, 0, 0, 0, 0, 0, 1]).is_err(), "too large");
        assert!(Number::of(&[0, 1, 0xFF, 0xFD, 0, 0, 0, 8, 0, 1]).is_err(), "too small");
        assert!(Number::of(&[0]).is_err() && elements(&[0]).is_err() && Fields::of(&[]).is_err());
    }

    #[test]
    fn days_and_instants_count_from_2000() {
        assert_eq!(date(&(-1_i32).to_be_bytes()).unwrap().to_string(), "1999-12-31");
        assert_eq!(timestamptz(&1_500_000_i64.to_be_bytes()).unwrap().to_rfc3339(), "2000-01-01T00:00:01.500+00:00");
    }
}
