use super::UblProfile;
use crate::documents::facts::{Seller, TradeDocument};
use crate::error::Error;
use crate::invoicing::invoices::invoice::BillTo;
use crate::types::electronic_address::ElectronicAddress;
use en16931::invoice::{Contact, Party, PostalAddress};
use en16931::{Identifier, invoice::Code};
use serde_json::{Value, json};

/// 409 with every field that is missing, by its JSON pointer, so that they can be set at once.
pub fn check(document: &TradeDocument, profile: UblProfile) -> Result<(), Error> {
    let seller = &document.seller;
    let taxed = document.tax_breakdown.iter().any(|group| group.tax_scheme_category != "O");
    let needs_address = |address: Option<&crate::types::address::Address>| address.is_none();
    let mut missing: Vec<(&str, &str)> = vec![];
    if needs_address(seller.address.as_ref()) {
        missing.push(("/address", "BG-5, the seller's postal address"));
    }
    if taxed && seller.tax_id.is_none() {
        missing.push(("/tax_id", "BT-31 or BT-32, the seller's tax number"));
    }
    if !taxed && seller.tax_id.is_none() && seller.registration_number.is_none() {
        missing.push(("/registration_number", "BT-30, the seller's legal registration"));
    }
    if profile == UblProfile::Peppol && !reaches_peppol(seller.electronic_address.as_ref()) {
        missing.push(("/electronic_address", "BT-34, the seller's electronic address of a scheme that Peppol knows"));
    }
    if !missing.is_empty() {
        let detail = "the organization lacks what this document must say of the seller; set it with PUT /v1/organization";
        return Err(incomplete("seller_incomplete", detail, &missing));
    }
    let buyer = &document.buyer;
    let mut missing: Vec<(&str, &str)> = vec![];
    if needs_address(buyer.address.as_ref()) {
        missing.push(("/billing_address", "BG-8, the buyer's postal address"));
    }
    if profile == UblProfile::Peppol && !reaches_peppol(electronic(buyer).as_ref()) {
        missing.push(("/electronic_address", "BT-49, the buyer's electronic address of a scheme that Peppol knows"));
    }
    let needs_tax_id = document.tax_breakdown.iter().any(|group| matches!(group.tax_scheme_category.as_str(), "AE" | "K"));
    if needs_tax_id && buyer.tax_id.is_none() {
        missing.push(("/tax_id", "BT-48, the buyer's tax number"));
    }
    if missing.is_empty() {
        return Ok(());
    }
    let detail = "the customer lacks what this document must say of the buyer; set it with PATCH /v1/customers/{id}";
    Err(incomplete("buyer_incomplete", detail, &missing))
}

/// E-mail (`EM`) is a scheme of EN 16931, but not of Peppol.
fn reaches_peppol(address: Option<&ElectronicAddress>) -> bool {
    address.is_some_and(|address| address.scheme != "EM")
}

fn incomplete(code: &'static str, detail: &str, missing: &[(&str, &str)]) -> Error {
    let missing: Vec<Value> = missing.iter().map(|(pointer, what)| json!({ "pointer": pointer, "detail": what })).collect();
    Error::conflict_with(code, detail, json!({ "missing": missing }))
}

/// Where the buyer is reached: by his electronic address, else by e-mail (`EM`).
fn electronic(buyer: &BillTo) -> Option<ElectronicAddress> {
    let own = buyer.electronic_address.as_ref().and_then(|value| serde_json::from_value(value.clone()).ok());
    own.or_else(|| buyer.email.clone().map(by_mail))
}

fn by_mail(value: String) -> ElectronicAddress {
    ElectronicAddress { scheme: "EM".to_owned(), value }
}

fn identifier(address: ElectronicAddress) -> Identifier {
    Identifier::schemed(address.value, address.scheme)
}

pub fn address(address: &crate::types::address::Address) -> PostalAddress {
    let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    PostalAddress {
        line1: given(&address.line1),
        line2: address.line2.as_deref().and_then(given),
        line3: None,
        city: given(&address.city),
        post_code: address.postal_code.as_deref().and_then(given),
        subdivision: address.region.as_deref().and_then(given),
        country: Some(Code::new(address.country.code())),
    }
}

/// Whether the number says its country, as BT-31 and BT-48 must (BR-CO-09; Greece writes EL).
fn has_country_prefix(number: &str) -> bool {
    let prefix: String = number.chars().take(2).collect();
    prefix == "EL"
        || prefix == "XI"
        || (prefix.chars().all(|letter| letter.is_ascii_uppercase()) && rust_iso3166::from_alpha2(&prefix).is_some())
}

pub fn seller(seller: &Seller) -> Party {
    let contact = seller.contact.clone().unwrap_or_default();
    let tax_id = seller.tax_id.clone().map(|number| number.replace(' ', ""));
    let (vat, other): (Option<String>, Option<String>) = match tax_id {
        Some(number) if has_country_prefix(&number) => (Some(number), None),
        // Numbers of other taxes than VAT, such as the NPWP, are BT-32.
        other => (None, other),
    };
    // One of BT-29, BT-30 and BT-31 must tell who the seller is (BR-CO-26).
    let nameless = vat.is_none() && seller.registration_number.is_none();
    let identifiers = other.clone().filter(|_| nameless).map(Identifier::new);
    Party {
        name: Some(seller.legal_name.clone()),
        identifiers: identifiers.into_iter().collect(),
        legal_registration: seller.registration_number.clone().map(Identifier::new),
        vat_identifier: vat,
        tax_registration: other,
        electronic_address: seller.electronic_address.clone().or(seller.email.clone().map(by_mail)).map(identifier),
        address: seller.address.as_ref().map(address).unwrap_or_default(),
        contact: Contact { name: contact.name, phone: contact.phone, email: contact.email.or(seller.email.clone()) },
        ..Party::default()
    }
}

pub fn buyer(buyer: &BillTo) -> Party {
    let tax_id = buyer.tax_id.clone().map(|number| number.replace(' ', ""));
    let (vat, other): (Option<String>, Option<String>) = match tax_id {
        Some(number) if has_country_prefix(&number) => (Some(number), None),
        other => (None, other),
    };
    let person = buyer.address.as_ref().and_then(|address| address.name.clone());
    Party {
        name: Some(buyer.name.clone()),
        identifiers: buyer.code.clone().map(Identifier::new).into_iter().collect(),
        legal_registration: other.map(Identifier::new),
        vat_identifier: vat,
        electronic_address: electronic(buyer).map(identifier),
        address: buyer.address.as_ref().map(address).unwrap_or_default(),
        contact: Contact { name: person, phone: None, email: buyer.email.clone() },
        ..Party::default()
    }
}
