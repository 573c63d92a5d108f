//! States, provinces and other subdivisions of countries, ISO 3166-2.

use rust_iso3166::iso3166_2::SUBDIVISION_COUNTRY_MAP;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The code of a subdivision without its country: of `California`, `ca` and `US-CA` in the country `US` it is `CA`. Case, accents and
/// punctuation do not count. `None` where the country has no such subdivision, or several of that name.
pub fn code_of(country: &str, text: &str) -> Option<&'static str> {
    let all = SUBDIVISION_COUNTRY_MAP.get(country)?;
    let text = text.trim();
    let own = |code: &'static str| code.split_once('-').map(|(_, own)| own);
    let by_code = all.iter().find(|subdivision| {
        subdivision.code.eq_ignore_ascii_case(text) || own(subdivision.code).is_some_and(|own| own.eq_ignore_ascii_case(text))
    });
    if let Some(found) = by_code {
        return own(found.code);
    }
    let wanted = plain(text);
    let mut named = all.iter().filter(|subdivision| plain(subdivision.name) == wanted);
    match (named.next(), named.next()) {
        (Some(only), None) if !wanted.is_empty() => own(only.code),
        _ => None,
    }
}

/// Letters and digits without accents, lower case.
fn plain(text: &str) -> String {
    text.nfd().filter(|c| !is_combining_mark(*c) && c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_codes_are_the_same_place() {
        for text in ["CA", "ca", "US-CA", "California", " california ", "CALIFORNIA"] {
            assert_eq!(code_of("US", text), Some("CA"), "{text}");
        }
        assert_eq!(code_of("US", "District of Columbia"), Some("DC"));
        assert_eq!(code_of("US", "New-York"), Some("NY"));
        assert_eq!((code_of("CA", "Québec"), code_of("CA", "Quebec"), code_of("CA", "QC")), (Some("QC"), Some("QC"), Some("QC")));
        assert_eq!(code_of("CA", "newfoundland and labrador"), Some("NL"));
        assert_eq!((code_of("AU", "New South Wales"), code_of("AU", "nsw")), (Some("NSW"), Some("NSW")));
        assert_eq!(code_of("US", "Kalifornien"), None);
        assert_eq!((code_of("US", ""), code_of("US", "-"), code_of("XX", "CA")), (None, None, None));
        assert_eq!(code_of("CA", "California"), None, "of another country");
    }
}
