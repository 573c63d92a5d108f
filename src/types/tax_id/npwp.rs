//! Indonesian taxpayer numbers (Nomor Pokok Wajib Pajak): 15 digits, or 16 since 2024 (PMK 112/PMK.03/2022): the old number behind a
//! zero, or a citizen's NIK.

use super::{TaxIdCheck, TaxIdScheme};

pub struct Npwp;

impl TaxIdScheme for Npwp {
    fn form(&self) -> &'static str {
        "an NPWP has 15 or 16 digits, such as 01.300.066.6-091.000"
    }

    fn claims(&self, _number: &str, country: Option<&str>) -> bool {
        country == Some("ID")
    }

    fn check(&self, number: &str) -> TaxIdCheck {
        if !number.bytes().all(|b| b.is_ascii_digit()) {
            return TaxIdCheck::Malformed;
        }
        let fine = match number.len() {
            15 => luhn(&number[..9]),
            16 if number.starts_with('0') => luhn(&number[..10]),
            // A NIK has no check digit.
            16 => true,
            _ => return TaxIdCheck::Malformed,
        };
        if fine { TaxIdCheck::Valid } else { TaxIdCheck::CheckDigitWrong }
    }
}

/// ISO/IEC 7812-1 annex B: from the right every second digit is doubled, and the digits of all that add up to a multiple of ten.
pub(super) fn luhn(digits: &str) -> bool {
    let digit = |(i, b): (usize, u8)| {
        let value = u32::from(b - b'0') * if i % 2 == 1 { 2 } else { 1 };
        value / 10 + value % 10
    };
    digits.bytes().rev().enumerate().map(digit).sum::<u32>().is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ninth_digit_checks_the_eight_before_it() {
        for (number, expected) in [
            ("013000666091000", TaxIdCheck::Valid),
            ("0013000666091000", TaxIdCheck::Valid),
            ("013000667091000", TaxIdCheck::CheckDigitWrong),
            ("3171011708450001", TaxIdCheck::Valid),
            ("01300066609100", TaxIdCheck::Malformed),
            ("01300066609100A", TaxIdCheck::Malformed),
        ] {
            assert_eq!(Npwp.check(number), expected, "{number}");
        }
    }
}
