//! Parts of what platforms tell, brought into our bounds: what is too long is cut and what cannot be is left out, since nobody at the
//! platform's end can be asked about it. Amounts and quantities are never changed here.

use crate::types::address::{Address, Contact};
use crate::types::country::Country;
use crate::types::fault::Faults;
use crate::types::text::{check_email, turns_direction};
use std::collections::HashMap;
use std::sync::OnceLock;

/// One line of text of at most `max` characters; none where nothing is left.
pub fn line(text: Option<&str>, max: usize) -> Option<String> {
    let upright: String = text?.chars().filter(|c| !turns_direction(*c)).collect();
    let words: Vec<&str> = upright.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    let cut: String = words.join(" ").chars().take(max).collect();
    Some(cut.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Text of several lines.
pub fn lines(text: Option<&str>, max: usize) -> Option<String> {
    let kept: String = text?.chars().filter(|c| (!c.is_control() || matches!(c, '\t' | '\n')) && !turns_direction(*c)).take(max).collect();
    Some(kept.trim().to_owned()).filter(|text| !text.is_empty())
}

/// An e-mail address that could be one.
pub fn email(text: Option<&str>) -> Option<String> {
    let text = text?.trim();
    let mut faults = Faults::new();
    check_email(&mut faults, "", text);
    faults.into_result().is_ok().then(|| text.to_owned())
}

/// A country by its code of two or three letters, or by its English name.
pub fn country(text: Option<&str>) -> Option<Country> {
    static NAMES: OnceLock<HashMap<String, &'static str>> = OnceLock::new();
    let names = NAMES.get_or_init(|| {
        let mut names = HashMap::new();
        for known in rust_iso3166::ALL {
            names.insert(folded(known.alpha2), known.alpha2);
            names.insert(folded(known.alpha3), known.alpha2);
            names.insert(folded(known.name), known.alpha2);
            // `Netherlands (Kingdom of the)` is written without what is in brackets.
            if let Some((short, _)) = known.name.split_once('(') {
                names.entry(folded(short)).or_insert(known.alpha2);
            }
        }
        // What people and platforms write where ISO has a longer name.
        for (name, code) in [
            ("uk", "GB"),
            ("greatbritain", "GB"),
            ("england", "GB"),
            ("unitedkingdom", "GB"),
            ("usa", "US"),
            ("unitedstates", "US"),
            ("southkorea", "KR"),
            ("korea", "KR"),
            ("northkorea", "KP"),
            ("russia", "RU"),
            ("vietnam", "VN"),
            ("taiwan", "TW"),
            ("czechrepublic", "CZ"),
            ("turkey", "TR"),
            ("laos", "LA"),
            ("brunei", "BN"),
            ("bolivia", "BO"),
            ("venezuela", "VE"),
            ("tanzania", "TZ"),
            ("iran", "IR"),
            ("syria", "SY"),
            ("moldova", "MD"),
            ("ivorycoast", "CI"),
            ("hongkong", "HK"),
            ("macau", "MO"),
            ("palestine", "PS"),
            ("thenetherlands", "NL"),
            ("holland", "NL"),
        ] {
            names.insert(name.to_owned(), code);
        }
        names
    });
    names.get(&folded(text?)).and_then(|code| Country::from_code(code))
}

fn folded(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).take(100).collect()
}

/// An address as platforms write it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Postal<'a> {
    pub name: Option<&'a str>,
    pub company: Option<&'a str>,
    /// May have several lines.
    pub street: Option<&'a str>,
    pub street2: Option<&'a str>,
    pub city: Option<&'a str>,
    pub region: Option<&'a str>,
    pub postal_code: Option<&'a str>,
    /// The first that is a country counts.
    pub country: [Option<&'a str>; 2],
    pub phone: Option<&'a str>,
}

impl Postal<'_> {
    /// None without a country: the order then waits for an address on hold.
    pub fn address(self) -> Option<Address> {
        let country = self.country.into_iter().find_map(country)?;
        let mut streets = self.street.unwrap_or_default().lines().filter_map(|text| line(Some(text), 200));
        let first = streets.next().unwrap_or_default();
        let rest = streets.chain(line(self.street2, 200)).collect::<Vec<_>>().join(", ");
        Some(Address {
            name: line(self.name, 200),
            company: line(self.company, 200),
            line1: first,
            line2: line(Some(&rest), 200),
            city: line(self.city, 200).unwrap_or_default(),
            region: line(self.region, 200),
            postal_code: line(self.postal_code, 200),
            country,
            phone: line(self.phone, 200),
        })
    }
}

/// Whom to talk to; none where nothing is known of him.
pub fn contact(name: Option<&str>, mail: Option<&str>, phone: Option<&str>) -> Option<Contact> {
    let contact = Contact { name: line(name, 200), email: email(mail), phone: line(phone, 50) };
    (contact != Contact::default()).then_some(contact)
}

/// First and last name as one.
pub fn full_name(first: Option<&str>, last: Option<&str>) -> Option<String> {
    line(Some(&format!("{} {}", first.unwrap_or_default(), last.unwrap_or_default())), 200)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::text::check_optional_prose;
    use proptest::prelude::*;

    #[test]
    fn countries_are_known_by_code_and_name() {
        let table = [
            ("ID", "ID"),
            ("idn", "ID"),
            ("Indonesia", "ID"),
            (" indonesia ", "ID"),
            ("United States", "US"),
            ("USA", "US"),
            ("U.S.A.", "US"),
            ("United Kingdom", "GB"),
            ("Netherlands", "NL"),
            ("The Netherlands", "NL"),
            ("Viet Nam", "VN"),
            ("Vietnam", "VN"),
            ("South Korea", "KR"),
            ("Germany", "DE"),
            ("Singapore", "SG"),
            ("Côte d'Ivoire", "CI"),
            ("Atlantis", ""),
            ("", ""),
            ("X", ""),
        ];
        for (text, code) in table {
            assert_eq!(country(Some(text)).map(|found| found.code().to_owned()).unwrap_or_default(), code, "{text}");
        }
    }

    #[test]
    fn an_address_of_several_lines_has_two() {
        let postal = Postal {
            street: Some("Jl. Braga No. 12\r\nLantai 3\nGedung B"),
            city: Some("Bandung"),
            country: [Some("Nowhere"), Some("Indonesia")],
            ..Postal::default()
        };
        let address = postal.address().unwrap();
        assert_eq!((address.line1.as_str(), address.line2.as_deref()), ("Jl. Braga No. 12", Some("Lantai 3, Gedung B")));
        assert_eq!((address.city.as_str(), address.country.code()), ("Bandung", "ID"));
        assert!(Postal { country: [None, None], ..postal }.address().is_none());
        assert_eq!(email(Some(" siti@example.com ")).as_deref(), Some("siti@example.com"));
        assert_eq!((email(Some("nobody")), contact(Some(" "), Some("x"), None)), (None, None));
    }

    proptest! {
        #[test]
        fn what_is_made_is_within_bounds(text in "\\PC{0,300}|[\\x00-\\x20a-z@.\u{2028}-\u{202e}\u{2066}-\u{2069}]{0,60}") {
            let some = Some(text.as_str());
            let postal = Postal {
                name: some, company: some, street: some, street2: some, city: some, region: some, postal_code: some,
                country: [some, Some("ID")], phone: some,
            };
            let mut faults = Faults::new();
            postal.address().unwrap().check(&mut faults, "");
            if let Some(contact) = contact(some, some, some) {
                contact.check(&mut faults, "");
            }
            check_optional_prose(&mut faults, "", lines(some, 300).as_deref(), 300);
            prop_assert!(faults.into_result().is_ok());
        }
    }
}
