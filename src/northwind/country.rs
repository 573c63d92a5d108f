//! Country names as the sample writes them.

/// The ISO 3166-1 alpha-2 code of an English country name.
pub fn code_of(name: &str) -> Option<&'static str> {
    let name = match name {
        "UK" => return Some("GB"),
        "USA" => return Some("US"),
        "Venezuela" => return Some("VE"),
        name => name,
    };
    rust_iso3166::ALL.iter().find(|country| country.name == name).map(|country| country.alpha2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_country_of_the_sample_has_its_code() {
        let codes = [
            ("Argentina", "AR"),
            ("Austria", "AT"),
            ("Belgium", "BE"),
            ("Brazil", "BR"),
            ("Canada", "CA"),
            ("Denmark", "DK"),
            ("Finland", "FI"),
            ("France", "FR"),
            ("Germany", "DE"),
            ("Ireland", "IE"),
            ("Italy", "IT"),
            ("Mexico", "MX"),
            ("Norway", "NO"),
            ("Poland", "PL"),
            ("Portugal", "PT"),
            ("Spain", "ES"),
            ("Sweden", "SE"),
            ("Switzerland", "CH"),
            ("UK", "GB"),
            ("USA", "US"),
            ("Venezuela", "VE"),
        ];
        for (name, code) in codes {
            assert_eq!(code_of(name), Some(code), "{name}");
        }
        assert_eq!(code_of("Atlantis"), None);
    }
}
