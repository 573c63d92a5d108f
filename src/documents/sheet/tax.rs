use crate::documents::language::Language;
use crate::invoicing::invoices::invoice::DocumentTaxGroup;
use crate::types::base_fraction::BaseFraction;

/// Member states of the European Union (ISO 3166-1; Greece is EL in VAT numbers), and Northern Ireland as XI.
const EU: [&str; 27] = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL",
    "PT", "RO", "SE", "SI", "SK",
];

pub fn is_eu(country: &str) -> bool {
    EU.contains(&country)
}

/// What the tax on sales is called in the seller's country.
pub fn tax_name(country: &str) -> &'static str {
    match country {
        "ID" => "PPN",
        "AU" | "NZ" | "SG" | "IN" | "CA" | "MY" => "GST",
        "US" => "Sales tax",
        "JP" => "Consumption tax",
        _ => "VAT",
    }
}

/// What a tax number is called there.
pub fn tax_id_name(country: &str, language: Language) -> &'static str {
    match country {
        "ID" => "NPWP",
        "AU" => "ABN",
        "IN" => "GSTIN",
        "GB" | "NO" | "CH" => "VAT ID",
        eu if is_eu(eu) => "VAT ID",
        _ => language.labels().tax_id,
    }
}

/// What a group is called in the breakdown: the rate where tax is charged, else why it is not (UNCL5305).
pub fn group_name(group: &DocumentTaxGroup, seller_country: &str, language: Language) -> String {
    let (words, tax) = (language.labels(), tax_name(seller_country));
    match group.tax_scheme_category.as_str() {
        "Z" => format!("{tax} 0% ({})", words.zero_rated),
        "E" => format!("{} {tax}", words.exempt),
        "AE" => words.reverse_charge.to_owned(),
        "K" => words.intra_community.to_owned(),
        "G" => words.export.to_owned(),
        "O" => format!("{} {tax}", words.not_subject),
        _ => format!("{} {}", group.tax_name.as_deref().unwrap_or(tax), language.percent(group.rate.0)),
    }
}

/// The words that must stand on the document where no tax is charged (art. 226 (11) and (11a) of Directive 2006/112/EC): what the
/// customer's exemption says, else the law's own words for sellers in the Union.
pub fn exemption_text(group: &DocumentTaxGroup, seller_country: &str) -> Option<String> {
    let given = [group.exemption_reason.as_deref(), group.exemption_code.as_deref()];
    let given = given.into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let law = match group.tax_scheme_category.as_str() {
        "AE" => Some("Reverse charge: VAT to be accounted for by the recipient, Article 196 of Directive 2006/112/EC"),
        "K" => Some("Exempt intra-Community supply, Article 138 of Directive 2006/112/EC"),
        "G" => Some("Export, exempt under Article 146 of Directive 2006/112/EC"),
        _ => None,
    };
    match (given.is_empty(), law.filter(|_| is_eu(seller_country))) {
        (false, _) => Some(given),
        (true, Some(law)) => Some(law.to_owned()),
        (true, None) if group.tax_scheme_category == "AE" => Some("Reverse charge".to_owned()),
        (true, None) => None,
    }
}

/// Whether tax is charged on a part of the price only, as Indonesia does by the *DPP nilai lain*.
pub fn has_other_base(group: &DocumentTaxGroup) -> bool {
    group.base_fraction != BaseFraction::WHOLE
}
