//! Units of measure: UN/ECE Recommendation 20 codes, with the aliases that people write.

/// The Rec 20 code for what a person or a system wrote, `None` where it is neither a code's form nor a known alias.
/// Whether a product is sold in that unit is the product's business.
pub fn unit_code(text: &str) -> Option<String> {
    let alias = match text.to_ascii_lowercase().as_str() {
        "each" | "ea" | "pc" | "pcs" | "pce" | "piece" | "pieces" | "unit" | "units" | "buah" => "C62",
        "kg" | "kilogram" | "kilograms" => "KGM",
        "g" | "gram" | "grams" => "GRM",
        "t" | "tonne" | "tonnes" => "TNE",
        "lb" | "lbs" | "pound" | "pounds" => "LBR",
        "l" | "litre" | "litres" | "liter" | "liters" => "LTR",
        "ml" | "millilitre" | "milliliter" => "MLT",
        "m" | "metre" | "metres" | "meter" | "meters" => "MTR",
        "cm" | "centimetre" | "centimeter" => "CMT",
        "m2" | "square_metre" | "square_meter" => "MTK",
        "m3" | "cubic_metre" | "cubic_meter" => "MTQ",
        "h" | "hour" | "hours" | "jam" => "HUR",
        "day" | "days" | "hari" => "DAY",
        "box" | "boxes" | "kotak" | "dus" => "XBX",
        "carton" | "cartons" | "karton" => "XCT",
        "pallet" | "pallets" => "XPX",
        "pack" | "packs" | "package" => "XPK",
        "dozen" | "lusin" => "DZN",
        "set" | "sets" => "SET",
        "pair" | "pairs" => "PR",
        _ => "",
    };
    if !alias.is_empty() {
        return Some(alias.to_owned());
    }
    let code = (2..=3).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    code.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_and_codes_are_read_and_the_rest_is_refused() {
        assert_eq!(unit_code("each").as_deref(), Some("C62"));
        assert_eq!(unit_code("KGM").as_deref(), Some("KGM"));
        assert_eq!(unit_code("Box").as_deref(), Some("XBX"));
        assert_eq!(unit_code("parsecs"), None);
        assert_eq!(unit_code(""), None);
    }
}
