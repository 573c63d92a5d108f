//! An Opportunity or Order with its lines in our terms. Pure.

use super::ids::whole;
use super::record::Record;
use crate::channels::body::ChannelSettings;
use crate::channels::platforms::crm::{Deal, DealDiscount, DealLine};
use crate::channels::platforms::parts::{Postal, contact, email, line, lines};
use crate::customers::body::CustomerKind;
use crate::customers::matching::Party;
use crate::types::address::{Address, Contact};
use crate::types::currency::Currency;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde_json::json;

/// What makes an order here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Opportunity,
    Order,
}

impl Kind {
    pub fn of(object: &str) -> Option<Self> {
        match object {
            "Opportunity" => Some(Self::Opportunity),
            "Order" => Some(Self::Order),
            _ => None,
        }
    }

    pub fn object(self) -> &'static str {
        match self {
            Self::Opportunity => "Opportunity",
            Self::Order => "Order",
        }
    }

    /// The relationship that its lines hang on.
    pub fn lines(self) -> &'static str {
        match self {
            Self::Opportunity => "OpportunityLineItems",
            Self::Order => "OrderItems",
        }
    }

    /// Whether the record says how far it is: an outbound message has only the fields that were chosen for it.
    pub fn tells_state(self, record: &Record) -> bool {
        let fields = match self {
            Self::Opportunity => ["StageName", "IsWon"],
            Self::Order => ["Status", "StatusCode"],
        };
        fields.iter().any(|field| record.get(field).is_some())
    }

    /// Whether it is to be delivered. Salesforce's own states where the channel names none.
    pub fn is_won(self, record: &Record, settings: &ChannelSettings) -> bool {
        let stages = &settings.won_stages;
        let named = |field: &str| record.get(field).is_some_and(|state| stages.iter().any(|stage| stage == state));
        let gone = record.is_true("IsDeleted");
        !gone
            && match self {
                Self::Opportunity if stages.is_empty() => record.is_true("IsWon") || record.get("StageName") == Some("Closed Won"),
                Self::Opportunity => named("StageName"),
                Self::Order => {
                    matches!(record.get("StatusCode"), Some("A" | "Activated"))
                        || record.get("Status") == Some("Activated")
                        || named("Status")
                }
            }
    }
}

/// A record with all that belongs to it.
#[derive(Clone, Debug)]
pub struct Whole {
    pub kind: Kind,
    pub record: Record,
    pub lines: Vec<Record>,
    pub account: Option<Record>,
    pub contact: Option<Record>,
}

fn instant(text: &str) -> Option<DateTime<Utc>> {
    let rfc = DateTime::parse_from_rfc3339(text).ok();
    // The REST API writes `+0000`.
    rfc.or_else(|| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z").ok()).map(|at| at.with_timezone(&Utc))
}

impl Whole {
    /// The deal, by the record's own id.
    pub fn deal(&self, id: &str, settings: &ChannelSettings, now: DateTime<Utc>) -> Deal {
        let record = &self.record;
        let modified = |record: &Record| record.get("LastModifiedDate").and_then(instant);
        let version_at = self.lines.iter().chain([record]).filter_map(modified).max().unwrap_or(now);
        let currency = record.get("CurrencyIsoCode").and_then(Currency::from_code);
        let mut metadata = serde_json::Map::new();
        for (ours, theirs) in [("salesforce_name", "Name"), ("salesforce_order_number", "OrderNumber")] {
            if let Some(text) = line(record.get(theirs), 200) {
                metadata.insert(ours.to_owned(), json!(text));
            }
        }
        let (amount, closed) = match self.kind {
            Kind::Opportunity => ("Amount", "CloseDate"),
            Kind::Order => ("TotalAmount", "ActivatedDate"),
        };
        let mut sorted: Vec<&Record> = self.lines.iter().collect();
        let place = |line: &Record| {
            let number = line.number("SortOrder").or_else(|| line.number("OrderItemNumber"));
            (number, line.get("Id").unwrap_or_default().to_owned())
        };
        sorted.sort_by_key(|line| place(line));
        Deal {
            external_id: id.to_owned(),
            version_at,
            won: self.kind.is_won(record, settings),
            currency,
            amount: record.number(amount),
            lines: sorted.into_iter().enumerate().map(|(i, line)| self.line(i, line)).collect(),
            buyer: self.buyer(settings, currency),
            contact: self.contact(),
            shipping_address: address(record, "Shipping", self.account_name()),
            billing_address: address(record, "Billing", self.account_name()),
            sales_rep: line(record.parent("Owner").and_then(|owner| owner.get("Name")), 100),
            closed_at: record.get(closed).and_then(instant),
            requested_on: record.get("RequestedDeliveryDate").and_then(|text| text.parse::<NaiveDate>().ok()),
            purchase_order_number: line(record.get("PoNumber"), 100),
            note: lines(record.get("Description"), 5000),
            metadata,
        }
    }

    fn line(&self, i: usize, line: &Record) -> DealLine {
        let product = line.parent("Product2");
        let of_product = |field: &str| product.and_then(|product| product.get(field));
        let sku = of_product("StockKeepingUnit").or_else(|| of_product("ProductCode")).or_else(|| line.get("ProductCode"));
        let quantity = line.number("Quantity").unwrap_or(Decimal::ONE);
        let discount = line.number("Discount").filter(|percent| !percent.is_zero());
        DealLine {
            external_id: line
                .get("Id")
                .map_or_else(|| (i + 1).to_string(), |id| whole(id).unwrap_or_else(|| id.chars().take(100).collect())),
            sku: sku.map(str::to_owned),
            quantity,
            unit_price: line.number("UnitPrice").unwrap_or_default(),
            discount: discount.map_or(DealDiscount::None, DealDiscount::Percent),
            tax_amount: line.number("TotalTaxAmount"),
            net_amount: line.number("TotalPrice"),
            pointer: format!("/{}/records/{i}", self.kind.lines()),
            sku_field: "ProductCode",
        }
    }

    fn account_name(&self) -> Option<&str> {
        self.account.as_ref().and_then(|account| account.get("Name"))
    }

    fn contact(&self) -> Option<Contact> {
        let person = self.contact.as_ref()?;
        contact(person.get("Name"), person.get("Email"), person.get("Phone").or(person.get("MobilePhone")))
    }

    fn buyer(&self, settings: &ChannelSettings, currency: Option<Currency>) -> Option<Party> {
        let person = self.contact.as_ref();
        let mail = person.and_then(|person| email(person.get("Email")));
        let Some(account) = &self.account else {
            let person = person?;
            let name = line(person.get("Name"), 200).or_else(|| mail.clone())?;
            return Some(Party {
                system: "salesforce",
                external_id: person.get("Id").and_then(whole),
                kind: CustomerKind::Person,
                tax_id: None,
                email: mail,
                phone: line(person.get("Phone"), 50),
                currency,
                billing_address: address(person, "Mailing", None),
                shipping_address: None,
                contact: None,
                name,
            });
        };
        let is_person = account.is_true("IsPersonAccount");
        Some(Party {
            system: "salesforce",
            external_id: account.get("Id").or_else(|| self.record.get("AccountId")).and_then(whole),
            kind: if is_person { CustomerKind::Person } else { CustomerKind::Company },
            name: line(account.get("Name"), 200)?,
            tax_id: settings.tax_id_field.as_deref().and_then(|field| line(account.get(field), 50)),
            email: email(account.get("PersonEmail")).or(mail),
            phone: line(account.get("Phone"), 50),
            currency,
            billing_address: address(account, "Billing", account.get("Name")),
            shipping_address: address(account, "Shipping", account.get("Name")),
            contact: self.contact(),
        })
    }
}

/// The compound address of this prefix.
fn address(record: &Record, prefix: &str, company: Option<&str>) -> Option<Address> {
    let get = |part: &str| record.get(&format!("{prefix}{part}"));
    // A country alone is no address to send anything to.
    get("Street").or_else(|| get("City"))?;
    Postal {
        company,
        street: get("Street"),
        city: get("City"),
        region: get("StateCode").or_else(|| get("State")),
        postal_code: get("PostalCode"),
        country: [get("CountryCode"), get("Country")],
        ..Postal::default()
    }
    .address()
}

#[cfg(test)]
mod tests;
