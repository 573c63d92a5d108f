//! Tax numbers: their form, and their check digits where the rule is public. Nothing is asked of any authority, so a number that
//! passes is well made, not proven to be registered.

mod eu_vat;
mod npwp;

pub use eu_vat::{EuVat, is_member_state, member_state_of};
pub use npwp::Npwp;

use super::fault::Faults;
use super::text_enum::text_enum;

text_enum! {
    /// What can be said of a tax number by looking at it.
    pub enum TaxIdCheck {
        /// Form and check digits are right, or its country has no public rule for check digits.
        Valid = "valid",
        /// The form is right, but a digit is not: taken, and not relied on for anything.
        CheckDigitWrong = "check_digit_wrong",
        /// Not a number of its country.
        Malformed = "malformed",
        /// No scheme here knows the country.
        NotChecked = "not_checked",
    }
}

/// The tax numbers of one authority.
pub trait TaxIdScheme: Sync {
    /// What a number of this scheme looks like, for people.
    fn form(&self) -> &'static str;

    /// Whether a number belongs to this scheme: by what it begins with, or by the country that its owner is in.
    fn claims(&self, number: &str, country: Option<&str>) -> bool;

    /// Judges a number that has no separators and is in upper case.
    fn check(&self, number: &str) -> TaxIdCheck;
}

/// Every scheme that is known here; the first that claims a number judges it.
const SCHEMES: [&dyn TaxIdScheme; 2] = [&Npwp, &EuVat];

/// Without the spaces, dots, dashes and slashes that people write, in upper case.
pub fn normalized(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '.' | '-' | '/')).collect::<String>().to_uppercase()
}

/// Judges a tax number of somebody in `country` (ISO 3166-1 alpha-2) as far as that is known.
pub fn check(text: &str, country: Option<&str>) -> TaxIdCheck {
    let number = normalized(text);
    scheme_of(&number, country).map_or(TaxIdCheck::NotChecked, |scheme| scheme.check(&number))
}

fn scheme_of(number: &str, country: Option<&str>) -> Option<&'static dyn TaxIdScheme> {
    SCHEMES.into_iter().find(|scheme| scheme.claims(number, country))
}

/// Adds a fault where a tax number has not the form of its country. Wrong check digits are no fault: they are told in the answer, and
/// such a number earns nobody an exemption.
pub fn check_form(faults: &mut Faults, pointer: &str, text: Option<&str>, country: Option<&str>) {
    let Some(number) = text.map(normalized).filter(|number| !number.is_empty()) else { return };
    let Some(scheme) = scheme_of(&number, country) else { return };
    faults.require(scheme.check(&number) != TaxIdCheck::Malformed, pointer, "invalid_tax_id", scheme.form());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_judged_by_its_prefix_or_by_the_country_of_its_owner() {
        for (text, country, expected) in [
            ("DE 136.695.976", None, TaxIdCheck::Valid),
            ("DE136695976", Some("FR"), TaxIdCheck::Valid),
            ("DE136695978", Some("DE"), TaxIdCheck::CheckDigitWrong),
            ("DE1366959", Some("DE"), TaxIdCheck::Malformed),
            // A German tax number without its prefix is none for VAT: it may be the one of the local tax office.
            ("12/345/67890", Some("DE"), TaxIdCheck::NotChecked),
            ("01.300.066.6-091.000", Some("ID"), TaxIdCheck::Valid),
            ("01.234.567.8-901.000", Some("ID"), TaxIdCheck::CheckDigitWrong),
            ("01.234", Some("ID"), TaxIdCheck::Malformed),
            ("01.234", None, TaxIdCheck::NotChecked),
            ("12-3456789", Some("US"), TaxIdCheck::NotChecked),
        ] {
            assert_eq!(check(text, country), expected, "{text} {country:?}");
        }
    }

    #[test]
    fn only_a_malformed_number_of_a_known_country_is_a_fault() {
        let fault = |text: Option<&str>, country: Option<&str>| {
            let mut faults = Faults::new();
            check_form(&mut faults, "/tax_id", text, country);
            faults.into_result().err().map(|faults| faults[0].code.clone())
        };
        assert_eq!(fault(Some("01.234"), Some("ID")).as_deref(), Some("invalid_tax_id"));
        assert_eq!(fault(Some("IT123"), None).as_deref(), Some("invalid_tax_id"));
        for (text, country) in
            [(None, Some("ID")), (Some("01.234"), None), (Some("01.234.567.8-901.000"), Some("ID")), (Some("A-1"), Some("SG"))]
        {
            assert_eq!(fault(text, country), None, "{text:?}");
        }
    }
}
