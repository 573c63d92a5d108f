//! GS1 numbers, told from slips of the pen by their check digit (GS1 General Specifications §7.9).

use super::fault::Faults;

/// A GTIN of 8, 12, 13 or 14 digits with a right check digit.
pub fn is_gtin(text: &str) -> bool {
    matches!(text.len(), 8 | 12 | 13 | 14) && has_check_digit(text)
}

/// A GLN: 13 digits with a right check digit.
pub fn is_gln(text: &str) -> bool {
    text.len() == 13 && has_check_digit(text)
}

pub fn check_gtin(faults: &mut Faults, pointer: &str, gtin: Option<&str>) {
    let fine = gtin.is_none_or(is_gtin);
    faults.require(fine, pointer, "invalid_gtin", "8, 12, 13 or 14 digits, the last of them the GS1 check digit");
}

pub fn check_gln(faults: &mut Faults, pointer: &str, gln: Option<&str>) {
    faults.require(gln.is_none_or(is_gln), pointer, "invalid_gln", "13 digits, the last of them the GS1 check digit");
}

/// From the right, digits weigh 1, 3, 1, 3 …; the weighted sum is a multiple of ten.
fn has_check_digit(text: &str) -> bool {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    let sum: u32 = text.bytes().rev().enumerate().map(|(i, b)| u32::from(b - b'0') * if i % 2 == 0 { 1 } else { 3 }).sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_numbers_are_read() {
        for good in ["4006381333931", "96385074", "036000291452", "10614141000415", "8991234500003"] {
            assert!(is_gtin(good), "{good}");
        }
        for bad in ["", "4006381333930", "400638133393", "40063813339a1", "４００６３８１３３３９３１", "1234567"] {
            assert!(!is_gtin(bad), "{bad}");
        }
        assert!(is_gln("4006381333931") && !is_gln("96385074"));
    }

    proptest! {
        #[test]
        fn one_wrong_digit_is_always_noticed(stem in "[0-9]{12}", place in 0usize..13, by in 1u8..10) {
            let whole = (0..10).map(|last| format!("{stem}{last}")).find(|text| is_gtin(text)).unwrap();
            let mut digits = whole.into_bytes();
            digits[place] = b'0' + (digits[place] - b'0' + by) % 10;
            prop_assert!(!is_gtin(&String::from_utf8(digits).unwrap()));
        }
    }
}
