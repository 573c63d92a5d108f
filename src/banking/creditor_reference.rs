//! The RF creditor reference of ISO 11649: `RF`, two check digits by ISO 7064 MOD 97-10, and up to 21 letters and digits. Ours of a
//! document is its number without all else.

/// Letters and digits of a text, upper case; what is no ASCII stays as it is. So `inv-0001` and `INV 0001` are the same.
pub fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_ascii() || c.is_ascii_alphanumeric()).map(|c| c.to_ascii_uppercase()).collect()
}

/// The reference of a document number, for a payer's bank form; `None` where the number is too long for one.
///
/// ```
/// use pesanan::banking::creditor_reference::{creditor_reference, reference_part};
/// assert_eq!(creditor_reference("INV-000001").as_deref(), Some("RF69INV000001"));
/// assert_eq!(reference_part("RF69 INV0 0000 1").as_deref(), Some("INV000001"));
/// ```
pub fn creditor_reference(number: &str) -> Option<String> {
    let part = plain(number);
    if part.is_empty() || part.len() > 21 || !part.is_ascii() {
        return None;
    }
    let check = 98 - remainder(&format!("{part}RF00"))?;
    Some(format!("RF{check:02}{part}"))
}

/// What a valid reference refers to; `None` for what is none. Spaces do not count.
pub fn reference_part(text: &str) -> Option<String> {
    let reference = plain(text);
    let fine = reference.is_ascii() && (5..=25).contains(&reference.len()) && reference.starts_with("RF");
    if !fine || !reference.as_bytes()[2..4].iter().all(u8::is_ascii_digit) {
        return None;
    }
    let (head, part) = reference.split_at(4);
    (remainder(&format!("{part}{head}"))? == 1).then(|| part.to_owned())
}

/// Of the number that letters (A = 10 … Z = 35) and digits make, divided by 97.
fn remainder(text: &str) -> Option<u32> {
    text.chars().try_fold(0, |left, c| {
        let digit = c.to_digit(36)?;
        Some((left * if digit < 10 { 10 } else { 100 } + digit) % 97)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_example_of_the_standard_is_valid_and_a_slip_is_not() {
        assert_eq!(reference_part("RF18 5390 0754 7034").as_deref(), Some("539007547034"));
        for bad in
            ["RF18 5390 0754 7043", "RF19539007547034", "RF18", "5390 0754 7034", "RFXX539007547034", "RF18 5390 0754 7034 0000 0000 0000"]
        {
            assert_eq!(reference_part(bad), None, "{bad}");
        }
        assert_eq!(creditor_reference("539007547034").as_deref(), Some("RF18539007547034"));
        // I = 18, N = 23, V = 31, R = 27, F = 15: 182331 000001 2715 00 leaves 29 by 97, and 98 − 29 = 69.
        assert_eq!(creditor_reference("INV-000001").as_deref(), Some("RF69INV000001"));
        assert_eq!(creditor_reference("-"), None);
        assert_eq!(creditor_reference(&"9".repeat(22)), None);
    }

    proptest! {
        #[test]
        fn a_reference_leads_back_to_its_number(number in "[A-Za-z0-9/-]{0,10}[A-Za-z0-9]{1,8}") {
            let reference = creditor_reference(&number).unwrap();
            prop_assert_eq!(reference_part(&reference), Some(plain(&number)));
            let spaced: String = reference.chars().enumerate().flat_map(|(i, c)| (i > 0 && i % 4 == 0).then_some(' ').into_iter().chain([c])).collect();
            prop_assert_eq!(reference_part(&spaced), Some(plain(&number)));
        }
    }
}
