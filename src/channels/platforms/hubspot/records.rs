//! HubSpot's objects as its API answers them, and the deal that they make up. Pure.

use crate::channels::body::ChannelSettings;
use crate::channels::platforms::api_client::loose::Loose;
use crate::channels::platforms::crm::{Deal, DealDiscount, DealLine};
use crate::channels::platforms::parts::{Postal, contact, email, full_name, line, lines};
use crate::customers::body::CustomerKind;
use crate::customers::matching::Party;
use crate::types::address::Address;
use crate::types::currency::Currency;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::json;
use std::collections::HashMap;

/// The stage that every pipeline has from the start.
const WON: &str = "closedwon";

pub const DEAL_PROPERTIES: &str =
    "dealname,dealstage,pipeline,amount,deal_currency_code,closedate,description,hubspot_owner_id,hs_merged_object_ids";
pub const LINE_PROPERTIES: &[&str] = &[
    "hs_sku",
    "name",
    "quantity",
    "price",
    "amount",
    "discount",
    "hs_discount_percentage",
    "hs_total_discount",
    "tax",
    "hs_tax_amount",
    "hs_tax_rate_group_id",
    "hs_position_on_quote",
];
pub const COMPANY_PROPERTIES: &str = "name,phone,address,address2,city,state,zip,country,hs_country_code";
pub const CONTACT_PROPERTIES: &str = "firstname,lastname,email,phone,mobilephone,address,city,state,zip,country,hs_country_region_code";

/// An object of any kind.
#[derive(Clone, Debug, Deserialize)]
pub struct Record {
    pub id: Loose,
    #[serde(default)]
    properties: HashMap<String, Loose>,
    #[serde(rename = "updatedAt", default)]
    updated_at: Loose,
    #[serde(default)]
    pub archived: bool,
    #[serde(default)]
    associations: HashMap<String, Associated>,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Associated {
    #[serde(default)]
    results: Vec<Reference>,
    #[serde(default)]
    paging: Option<serde::de::IgnoredAny>,
}

#[derive(Clone, Debug, Deserialize)]
struct Reference {
    id: Loose,
    #[serde(rename = "type", default)]
    kind: Loose,
}

/// The objects of one kind that belong to another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Associations {
    /// Each once; the one that is marked as the first, if any, comes first.
    pub ids: Vec<String>,
    /// There are more than were told.
    pub more: bool,
}

impl Record {
    fn get(&self, name: &str) -> Option<&str> {
        self.properties.get(name).and_then(Loose::text)
    }

    fn number(&self, name: &str) -> Option<Decimal> {
        self.properties.get(name).and_then(Loose::decimal)
    }

    fn updated_at(&self) -> Option<DateTime<Utc>> {
        self.updated_at.text().and_then(instant)
    }

    pub fn owner(&self) -> Option<&str> {
        self.get("hubspot_owner_id").filter(|id| id.len() <= 20 && id.bytes().all(|byte| byte.is_ascii_digit()))
    }

    /// Ids of deals that were merged into this one, which it was known by before.
    pub fn merged(&self) -> Vec<String> {
        self.get("hs_merged_object_ids")
            .unwrap_or_default()
            .split(';')
            .map(str::trim)
            .filter(|id| !id.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// `line_items`, `companies` or `contacts`; HubSpot writes the first with a space too.
    pub fn associations(&self, kind: &str) -> Associations {
        let found = self.associations.get(kind).or_else(|| self.associations.get(&kind.replace('_', " ")));
        let Some(found) = found else { return Associations::default() };
        // `deal_to_company` is the primary one, `deal_to_company_unlabeled` any.
        let is_first = |reference: &&Reference| {
            let kind = reference.kind.text().unwrap_or_default();
            kind.starts_with("deal_to_") && !kind.ends_with("_unlabeled")
        };
        let mut ids: Vec<String> = vec![];
        for reference in found.results.iter().filter(is_first).chain(&found.results) {
            if let Some(id) = reference.id.owned().filter(|id| !ids.contains(id)) {
                ids.push(id);
            }
        }
        Associations { ids, more: found.paging.is_some() }
    }
}

fn instant(text: &str) -> Option<DateTime<Utc>> {
    let written = DateTime::parse_from_rfc3339(text).ok().map(|at| at.with_timezone(&Utc));
    // Older accounts have milliseconds.
    written.or_else(|| text.parse().ok().and_then(DateTime::from_timestamp_millis))
}

/// Who sells.
#[derive(Clone, Debug, Deserialize)]
pub struct Owner {
    #[serde(rename = "firstName", default)]
    first_name: Loose,
    #[serde(rename = "lastName", default)]
    last_name: Loose,
    #[serde(default)]
    email: Loose,
}

/// All that HubSpot knows of a deal.
#[derive(Clone, Debug)]
pub struct Fetched {
    pub deal: Record,
    pub lines: Vec<Record>,
    pub company: Option<Record>,
    pub contact: Option<Record>,
    pub owner: Option<Owner>,
}

impl Fetched {
    /// The deal in our terms; `external_id` is the one that our order, if there is one, knows it by.
    pub fn deal(&self, external_id: String, settings: &ChannelSettings, now: DateTime<Utc>) -> Deal {
        let deal = &self.deal;
        let currency = deal.get("deal_currency_code").and_then(|code| Currency::from_code(&code.to_ascii_uppercase()));
        let version_at = self.lines.iter().chain([deal]).filter_map(Record::updated_at).max().unwrap_or(now);
        let mut lines: Vec<&Record> = self.lines.iter().collect();
        lines.sort_by_key(|line| (line.number("hs_position_on_quote"), line.id.decimal()));
        let name = deal.get("dealname");
        let mut metadata = serde_json::Map::new();
        if let Some(name) = line(name, 200) {
            metadata.insert("hubspot_deal_name".to_owned(), json!(name));
        }
        Deal {
            external_id,
            version_at,
            won: is_won(deal, settings),
            currency,
            amount: deal.number("amount"),
            lines: lines.into_iter().map(deal_line).collect(),
            buyer: self.buyer(settings, currency),
            contact: self.contact.as_ref().and_then(of_contact),
            shipping_address: None,
            billing_address: None,
            sales_rep: self.owner.as_ref().and_then(|owner| {
                let name = full_name(owner.first_name.text(), owner.last_name.text());
                line(name.as_deref().or(owner.email.text()), 100)
            }),
            closed_at: deal.get("closedate").and_then(instant),
            requested_on: None,
            purchase_order_number: None,
            note: self::lines(deal.get("description"), 5000),
            metadata,
        }
    }

    fn buyer(&self, settings: &ChannelSettings, currency: Option<Currency>) -> Option<Party> {
        let person = self.contact.as_ref();
        if let Some(company) = &self.company {
            let name = line(company.get("name"), 200)?;
            return Some(Party {
                system: "hubspot",
                external_id: company.id.owned(),
                kind: CustomerKind::Company,
                tax_id: settings.tax_id_field.as_deref().and_then(|field| line(company.get(field), 50)),
                // Companies have no address of their own in HubSpot; that of whom one talks to tells nothing of credit.
                email: person.and_then(|person| email(person.get("email"))),
                phone: line(company.get("phone"), 50),
                currency,
                billing_address: of_company(company, &name),
                shipping_address: None,
                contact: person.and_then(of_contact),
                name,
            });
        }
        let person = person?;
        let mail = email(person.get("email"));
        let name = full_name(person.get("firstname"), person.get("lastname")).or_else(|| mail.clone())?;
        Some(Party {
            // Ids of contacts and of companies are counted apart.
            system: "hubspot_contact",
            external_id: person.id.owned(),
            kind: CustomerKind::Person,
            tax_id: None,
            email: mail,
            phone: line(person.get("phone").or(person.get("mobilephone")), 50),
            currency,
            billing_address: Postal {
                name: Some(&name),
                street: person.get("address"),
                city: person.get("city"),
                region: person.get("state"),
                postal_code: person.get("zip"),
                country: [person.get("hs_country_region_code"), person.get("country")],
                ..Postal::default()
            }
            .address(),
            shipping_address: None,
            contact: None,
            name,
        })
    }
}

fn is_won(deal: &Record, settings: &ChannelSettings) -> bool {
    let stage = deal.get("dealstage").unwrap_or_default();
    let in_pipeline =
        settings.pipelines.is_empty() || deal.get("pipeline").is_some_and(|pipeline| settings.pipelines.iter().any(|one| one == pipeline));
    let won = if settings.won_stages.is_empty() { stage == WON } else { settings.won_stages.iter().any(|one| one == stage) };
    !deal.archived && in_pipeline && won
}

fn of_company(company: &Record, name: &str) -> Option<Address> {
    Postal {
        company: Some(name),
        street: company.get("address"),
        street2: company.get("address2"),
        city: company.get("city"),
        region: company.get("state"),
        postal_code: company.get("zip"),
        country: [company.get("hs_country_code"), company.get("country")],
        ..Postal::default()
    }
    .address()
}

fn of_contact(person: &Record) -> Option<crate::types::address::Contact> {
    let name = full_name(person.get("firstname"), person.get("lastname"));
    contact(name.as_deref(), person.get("email"), person.get("phone").or(person.get("mobilephone")))
}

fn deal_line(record: &Record) -> DealLine {
    let quantity = record.number("quantity").unwrap_or(Decimal::ONE);
    let discount = match (record.number("hs_discount_percentage"), record.number("hs_total_discount"), record.number("discount")) {
        (Some(percent), ..) if !percent.is_zero() => DealDiscount::Percent(percent),
        (_, Some(whole), _) if !whole.is_zero() => DealDiscount::Amount(whole),
        // Of one unit.
        (_, _, Some(unit)) if !unit.is_zero() => DealDiscount::Amount(unit.checked_mul(quantity).unwrap_or_default()),
        _ => DealDiscount::None,
    };
    // A zero without a rate says that HubSpot computes no taxes, not that there are none.
    let stated = |tax: &Decimal| !tax.is_zero() || record.get("hs_tax_rate_group_id").is_some();
    DealLine {
        external_id: record.id.0.clone(),
        sku: record.get("hs_sku").map(str::to_owned),
        quantity,
        unit_price: record.number("price").unwrap_or_default(),
        discount,
        tax_amount: record.number("hs_tax_amount").or_else(|| record.number("tax")).filter(stated),
        net_amount: record.number("amount"),
        pointer: format!("/line_items/{}", record.id.0),
        sku_field: "hs_sku",
    }
}

#[cfg(test)]
mod tests;
