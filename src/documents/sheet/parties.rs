use super::tax::tax_id_name;
use crate::documents::facts::Seller;
use crate::documents::language::Language;
use crate::invoicing::invoices::invoice::BillTo;
use crate::types::address::Address;
use crate::types::country::Country;
use serde_json::{Value, json};

/// A country as envelopes name it, in English as the Universal Postal Union asks.
pub fn country_name(country: &Country) -> String {
    let usual = match country.code() {
        "GB" => "United Kingdom",
        "US" => "United States",
        "KR" => "South Korea",
        "KP" => "North Korea",
        "CD" => "DR Congo",
        _ => "",
    };
    let formal = rust_iso3166::from_alpha2(country.code()).map_or(country.code(), |known| known.name);
    // ISO 3166 writes "Netherlands (Kingdom of the)".
    let short = formal.split(" (").next().unwrap_or(formal);
    if usual.is_empty() { short.to_owned() } else { usual.to_owned() }
}

/// An address, line by line, without the names that stand above it.
pub fn address_lines(address: &Address) -> Vec<String> {
    let given = |text: &Option<String>| text.clone().unwrap_or_default();
    let region = given(&address.region);
    // Where the postcode stands before the city, and where behind it with the region.
    let behind = matches!(address.country.code(), "US" | "CA" | "AU" | "ID" | "GB" | "IN" | "SG" | "NZ" | "JP" | "MX" | "PH" | "MY");
    let city = if behind {
        let place = [address.city.as_str(), region.as_str()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
        format!("{place} {}", given(&address.postal_code))
    } else {
        format!("{} {}", given(&address.postal_code), address.city)
    };
    [address.line1.clone(), given(&address.line2), city.trim().to_owned(), country_name(&address.country)]
        .into_iter()
        .filter(|line| !line.trim().is_empty())
        .collect()
}

/// The names of an address: the company, then the person.
fn names(address: &Address) -> Vec<String> {
    [&address.company, &address.name].into_iter().flatten().filter(|name| !name.trim().is_empty()).cloned().collect()
}

/// Who pays.
pub fn buyer(buyer: &BillTo, label: &str, language: Language) -> Value {
    let mut lines = vec![];
    if let Some(address) = &buyer.address {
        lines.extend(names(address).into_iter().filter(|name| *name != buyer.name));
        lines.extend(address_lines(address));
    }
    let country = buyer.address.as_ref().map_or("", |address| address.country.code());
    let mut facts = vec![];
    if let Some(tax_id) = &buyer.tax_id {
        facts.push([tax_id_name(country, language).to_owned(), tax_id.clone()]);
    }
    json!({ "label": label, "name": buyer.name, "lines": lines, "facts": facts })
}

/// A place that goods come from or go to; `name` where the address has none.
pub fn place(address: Option<&Address>, label: &str, name: &str) -> Value {
    let mut names = address.map(names).unwrap_or_default();
    if names.is_empty() {
        names.push(name.to_owned());
    }
    let first = names.remove(0);
    let lines: Vec<String> = names.into_iter().chain(address.map(address_lines).unwrap_or_default()).collect();
    let phone = address.and_then(|address| address.phone.clone()).map(|phone| [String::new(), phone]);
    json!({ "label": label, "name": first, "lines": lines, "facts": phone.into_iter().collect::<Vec<_>>() })
}

/// The seller under his mark.
pub fn seller(seller: &Seller, language: Language) -> Value {
    let mut lines = seller.address.as_ref().map(address_lines).unwrap_or_default();
    if seller.address.is_none() {
        lines.push(country_name(&seller.country));
    }
    if let Some(tax_id) = &seller.tax_id {
        lines.push(format!("{} {tax_id}", tax_id_name(seller.country.code(), language)));
    }
    let contact = seller.contact.as_ref();
    let reach =
        [contact.and_then(|contact| contact.phone.clone()), seller.email.clone().or(contact.and_then(|contact| contact.email.clone()))];
    let reach: Vec<String> = reach.into_iter().flatten().collect();
    if !reach.is_empty() {
        lines.push(reach.join("  ·  "));
    }
    json!({ "name": seller.legal_name, "lines": lines })
}

/// The small print at the foot of each page.
pub fn footer(seller: &Seller, language: Language) -> Vec<String> {
    let mut parts = vec![seller.legal_name.clone()];
    parts.extend(seller.tax_id.as_ref().map(|id| format!("{} {id}", tax_id_name(seller.country.code(), language))));
    parts.extend(seller.registration_number.as_ref().map(|number| format!("{} {number}", language.labels().registration_number)));
    parts
}
