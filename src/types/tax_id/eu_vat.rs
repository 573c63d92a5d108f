//! VAT numbers of the European Union and of Northern Ireland (`XI`), which counts as a member state for goods. Forms: European
//! Commission, VIES, "What is the format of a VAT number?". Check digits: the rules of the member states, where they are public and
//! hold for every number; for the others the form decides alone.

use super::npwp::luhn;
use super::{TaxIdCheck, TaxIdScheme};

pub struct EuVat;

/// What a member state's number is made of: `9` a digit, `A` a letter, `*` either, anything else itself.
struct State {
    /// The prefix of its numbers; Greece writes `EL`.
    prefix: &'static str,
    /// ISO 3166-1 alpha-2.
    country: &'static str,
    forms: &'static [&'static str],
    check: Option<fn(&str) -> bool>,
}

const fn state(prefix: &'static str, forms: &'static [&'static str], check: Option<fn(&str) -> bool>) -> State {
    State { prefix, country: prefix, forms, check }
}

const STATES: &[State] = &[
    state("AT", &["U99999999"], Some(austria)),
    state("BE", &["0999999999", "1999999999"], Some(belgium)),
    state("BG", &["999999999", "9999999999"], None),
    state("CY", &["99999999A"], None),
    state("CZ", &["99999999", "999999999", "9999999999"], None),
    state("DE", &["999999999"], Some(mod_11_10)),
    state("DK", &["99999999"], Some(|number| weighted(number, &[2, 7, 6, 5, 4, 3, 2, 1], 11))),
    state("EE", &["999999999"], Some(|number| weighted(number, &[3, 7, 1, 3, 7, 1, 3, 7, 1], 10))),
    State { prefix: "EL", country: "GR", forms: &["999999999"], check: Some(greece) },
    state("ES", &["*9999999*"], None),
    state("FI", &["99999999"], Some(|number| weighted(number, &[7, 9, 10, 5, 8, 4, 2, 1], 11))),
    state("FR", &["**999999999"], Some(france)),
    state("HR", &["99999999999"], Some(mod_11_10)),
    state("HU", &["99999999"], Some(|number| weighted(number, &[9, 7, 3, 1, 9, 7, 3, 1], 10))),
    state("IE", &["9999999A", "9999999AA", "9*99999A"], Some(ireland)),
    state("IT", &["99999999999"], Some(luhn)),
    state("LT", &["999999999", "999999999999"], None),
    state("LU", &["99999999"], Some(luxembourg)),
    state("LV", &["99999999999"], None),
    state("MT", &["99999999"], Some(|number| weighted(number, &[3, 4, 6, 7, 8, 9, 10, 1], 37))),
    state("NL", &["999999999B99"], Some(netherlands)),
    state("PL", &["9999999999"], Some(poland)),
    state("PT", &["999999999"], Some(portugal)),
    state("RO", &["99", "999", "9999", "99999", "999999", "9999999", "99999999", "999999999", "9999999999"], None),
    state("SE", &["999999999999"], Some(|number| luhn(&number[..10]))),
    state("SI", &["99999999"], Some(slovenia)),
    state("SK", &["9999999999"], Some(|number| remainder(number, 11) == 0)),
    state("XI", &["999999999", "999999999999"], None),
];

fn state_of(number: &str) -> Option<&'static State> {
    STATES.iter().find(|state| number.starts_with(state.prefix))
}

/// The country (ISO 3166-1 alpha-2; `XI` for Northern Ireland) whose VAT number this is. `None` where form or check digits are wrong.
pub fn member_state_of(text: &str) -> Option<&'static str> {
    let number = super::normalized(text);
    let state = state_of(&number)?;
    (EuVat.check(&number) == TaxIdCheck::Valid).then_some(state.country)
}

/// Whether a country (ISO 3166-1 alpha-2) belongs to the European Union.
pub fn is_member_state(country: &str) -> bool {
    country != "XI" && STATES.iter().any(|state| state.country == country)
}

impl TaxIdScheme for EuVat {
    fn form(&self) -> &'static str {
        "a VAT number has its state's prefix and form, such as DE136695976 or NL004495445B01"
    }

    /// The prefix alone tells: numbers without one may be those of a local tax office.
    fn claims(&self, number: &str, _country: Option<&str>) -> bool {
        state_of(number).is_some() && number.bytes().any(|b| b.is_ascii_digit())
    }

    fn check(&self, number: &str) -> TaxIdCheck {
        let Some(state) = state_of(number) else { return TaxIdCheck::Malformed };
        let rest = &number[state.prefix.len()..];
        if !state.forms.iter().any(|form| has_form(rest, form)) {
            return TaxIdCheck::Malformed;
        }
        if state.check.is_none_or(|check| check(rest)) { TaxIdCheck::Valid } else { TaxIdCheck::CheckDigitWrong }
    }
}

fn has_form(text: &str, form: &str) -> bool {
    let fits = |(c, wanted): (u8, u8)| match wanted {
        b'9' => c.is_ascii_digit(),
        b'A' => c.is_ascii_uppercase(),
        b'*' => c.is_ascii_digit() || c.is_ascii_uppercase(),
        literal => c == literal,
    };
    text.len() == form.len() && text.bytes().zip(form.bytes()).all(fits)
}

fn digit(byte: u8) -> u64 {
    u64::from(byte.wrapping_sub(b'0'))
}

fn sum(text: &str, weights: &[u64]) -> u64 {
    text.bytes().zip(weights).map(|(b, weight)| digit(b) * weight).sum()
}

/// Whether the weighted sum of all digits is a multiple of `modulus`.
fn weighted(text: &str, weights: &[u64], modulus: u64) -> bool {
    sum(text, weights).is_multiple_of(modulus)
}

/// Of the digits as a number; they are at most 13.
fn remainder(digits: &str, modulus: u64) -> u64 {
    digits.bytes().fold(0, |rest, b| (rest * 10 + digit(b)) % modulus)
}

/// ISO/IEC 7064, MOD 11,10.
fn mod_11_10(digits: &str) -> bool {
    let step = |product: u64, b: u8| {
        let sum = (product + digit(b)) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    };
    let (body, last) = digits.split_at(digits.len() - 1);
    (body.bytes().fold(10, step) + remainder(last, 10)) % 10 == 1
}

/// `U`, then a sum like Luhn's plus four.
fn austria(number: &str) -> bool {
    let doubled = |(i, b): (usize, u8)| {
        let value = digit(b) * if i % 2 == 1 { 2 } else { 1 };
        value / 10 + value % 10
    };
    let sum: u64 = number[1..8].bytes().enumerate().map(doubled).sum();
    (10 - (sum + 4) % 10) % 10 == remainder(&number[8..], 10)
}

fn belgium(number: &str) -> bool {
    97 - remainder(&number[..8], 97) == remainder(&number[8..], 100)
}

fn greece(number: &str) -> bool {
    sum(number, &[256, 128, 64, 32, 16, 8, 4, 2]) % 11 % 10 == remainder(&number[8..], 10)
}

/// Keys of two digits are checked; those with letters are of another series.
fn france(number: &str) -> bool {
    let (key, company) = number.split_at(2);
    if key.bytes().any(|b| !b.is_ascii_digit()) {
        return true;
    }
    (12 + 3 * remainder(company, 97)) % 97 == remainder(key, 100)
}

/// The old form, with a letter or sign in the second place, is not checked.
fn ireland(number: &str) -> bool {
    if !number[..7].bytes().all(|b| b.is_ascii_digit()) {
        return true;
    }
    let letter = |b: u8| if b == b'W' { 0 } else { u64::from(b.saturating_sub(b'A')) + 1 };
    let suffix = number.as_bytes().get(8).copied().map_or(0, letter);
    let check = (sum(number, &[8, 7, 6, 5, 4, 3, 2]) + 9 * suffix) % 23;
    number.as_bytes().get(7).copied().map(letter) == Some(check)
}

fn luxembourg(number: &str) -> bool {
    remainder(&number[..6], 89) == remainder(&number[6..], 100)
}

/// Companies by the rule of eleven; sole traders since 2020 by ISO/IEC 7064, MOD 97-10 of the whole with its prefix (`NL` = 23 21, `B` = 11).
fn netherlands(number: &str) -> bool {
    let by_eleven = sum(number, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11 == remainder(&number[8..9], 10);
    let by_97 = remainder(&format!("2321{}11{}", &number[..9], &number[10..]), 97) == 1;
    by_eleven || by_97
}

fn poland(number: &str) -> bool {
    sum(number, &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11 == remainder(&number[9..], 10)
}

fn portugal(number: &str) -> bool {
    (11 - sum(number, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 11 % 10 == remainder(&number[8..], 10)
}

fn slovenia(number: &str) -> bool {
    match 11 - sum(number, &[8, 7, 6, 5, 4, 3, 2]) % 11 {
        11 => false,
        check => check % 10 == remainder(&number[7..], 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One number of each state whose check digit we know, as national guides print them.
    const GOOD: [&str; 20] = [
        "ATU13585627",
        "BE0428759497",
        "DE136695976",
        "DK13585628",
        "EE100931558",
        "EL094259216",
        "FI20774740",
        "FR40303265045",
        "HR33392005961",
        "HU12892312",
        "IE6433435F",
        "IT00743110157",
        "LU15027442",
        "MT11679112",
        "NL004495445B01",
        "PL8567346215",
        "PT501964843",
        "SE123456789701",
        "SI50223054",
        "SK2022749619",
    ];

    #[test]
    fn right_numbers_pass_and_name_their_state() {
        for number in GOOD {
            assert_eq!(EuVat.check(number), TaxIdCheck::Valid, "{number}");
            let country = if number.starts_with("EL") { "GR" } else { &number[..2] };
            assert_eq!(member_state_of(number), Some(country));
        }
        for number in ["IE6433435OA", "NL002455799B11", "XI123456789", "ESA28015865", "CY10259033P"] {
            assert_eq!(EuVat.check(number), TaxIdCheck::Valid, "{number}");
        }
    }

    #[test]
    fn one_wrong_digit_is_found() {
        for number in GOOD {
            // The check digit itself, or what it checks.
            let place = if number.starts_with("NL") || number.starts_with("SE") { number.len() - 4 } else { 5 };
            let mut bytes = number.as_bytes().to_vec();
            bytes[place] = if bytes[place] == b'9' { b'0' } else { bytes[place] + 1 };
            let wrong = String::from_utf8(bytes).unwrap();
            assert_eq!(EuVat.check(&wrong), TaxIdCheck::CheckDigitWrong, "{number} {wrong}");
            assert_eq!(member_state_of(&wrong), None);
        }
    }

    #[test]
    fn another_form_is_no_number_of_the_state() {
        for number in
            ["ATU1358562", "AT13585627", "BE2428759497", "DE13669597A", "NL004495445C01", "IE6433435", "SE12345678970", "FR403032650"]
        {
            assert_eq!(EuVat.check(number), TaxIdCheck::Malformed, "{number}");
        }
        assert!(!EuVat.claims("DEUTSCHLAND", None) && !EuVat.claims("CHE123456788", None));
    }
}
