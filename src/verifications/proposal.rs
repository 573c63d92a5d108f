//! From what was read to the order that could be made of it. Pure.

use super::reading::Reading;
use crate::catalog::products::named::Named;
use crate::error::Error;
use crate::inbox::Reason;
use crate::orders::body::NewOrder;
use crate::platform::http::from_value;
use crate::types::absent::null_is_default;
use crate::types::address::Address;
use crate::types::currency::Currency;
use crate::types::decimal::{Quantity, UnitPrice};
use crate::types::id::CustomerId;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

/// The order that is made when a verification is accepted. Prices are ours unless a line says one.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"customer_id": "01938f5e-7c1a-7000-8000-2f1b3c4d5e6f", "purchase_order_number": "PO-4711", "currency": null, "requested_on": null,
    "shipping_address": null, "delivery_instructions": null, "note": null,
    "lines": [{"sku": "KOPI-250", "quantity": "3", "unit": null, "unit_price": null, "requested_on": null, "customer_sku": null}]}))]
pub struct ProposedOrder {
    #[serde(default)]
    pub customer_id: Option<CustomerId>,
    #[serde(default)]
    pub purchase_order_number: Option<String>,
    /// ISO 4217; the customer's, else the organization's.
    #[serde(default)]
    pub currency: Option<Currency>,
    #[serde(default)]
    pub requested_on: Option<NaiveDate>,
    #[serde(default)]
    pub shipping_address: Option<Address>,
    #[serde(default)]
    pub delivery_instructions: Option<String>,
    #[serde(default)]
    pub note: Option<String>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub lines: Vec<ProposedLine>,
}

/// A line of it. `sku` and `quantity` are empty where they could not be read; an order needs both.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposedLine {
    #[serde(default, deserialize_with = "null_is_default")]
    #[schema(example = "KOPI-250")]
    pub sku: String,
    #[serde(default)]
    #[schema(example = "3")]
    pub quantity: Option<Quantity>,
    #[serde(default)]
    pub unit: Option<String>,
    /// An own price (scope `orders:price`).
    #[serde(default)]
    pub unit_price: Option<UnitPrice>,
    #[serde(default)]
    pub requested_on: Option<NaiveDate>,
    #[serde(default)]
    pub customer_sku: Option<String>,
}

impl ProposedOrder {
    /// What the reading comes to, with products by our names where we know them.
    pub fn of(reading: &Reading, customer_id: Option<CustomerId>, named: &Named) -> Self {
        let lines = reading.lines.iter().map(|line| {
            let (sku, gtin) = (line.sku.as_ref().map(|field| field.value.as_str()), line.gtin.as_ref().map(|field| field.value.as_str()));
            let ours = named.sku(sku, gtin);
            ProposedLine {
                sku: ours.or(sku).unwrap_or_default().to_owned(),
                quantity: line.quantity.as_ref().and_then(|field| field.value.parse().ok()).map(Quantity),
                unit: line.unit.as_ref().map(|field| unit(&field.value)),
                unit_price: None,
                requested_on: line.requested_on.as_ref().and_then(|field| field.value.parse().ok()),
                customer_sku: line.customer_sku.as_ref().map(|field| field.value.clone()),
            }
        });
        Self {
            customer_id,
            purchase_order_number: reading.purchase_order_number.as_ref().map(|field| field.value.clone()),
            currency: reading.currency.as_ref().and_then(|field| Currency::from_code(&field.value)),
            requested_on: reading.requested_on.as_ref().and_then(|field| field.value.parse().ok()),
            note: reading.note.as_ref().map(|field| field.value.clone()),
            lines: lines.collect(),
            ..Self::default()
        }
    }

    /// As `POST /v1/orders` takes it, through this channel. What is short is backordered: whoever has written waits for no answer.
    pub fn order(&self, channel: &str, external_id: Option<&str>, message_id: Option<&str>, draft: bool) -> Result<NewOrder, Error> {
        let mut external_ids = serde_json::Map::new();
        if let Some(id) = message_id {
            external_ids.insert("message".to_owned(), json!(id));
        }
        let lines: Vec<_> = self
            .lines
            .iter()
            .map(|line| {
                json!({
                    "sku": line.sku, "quantity": line.quantity.unwrap_or(Quantity(rust_decimal::Decimal::ZERO)), "unit": line.unit,
                    "unit_price": line.unit_price, "requested_on": line.requested_on, "customer_sku": line.customer_sku,
                })
            })
            .collect();
        from_value(&json!({
            "channel": channel, "external_id": external_id, "customer_id": self.customer_id, "currency": self.currency,
            "purchase_order_number": self.purchase_order_number, "requested_on": self.requested_on, "shipping_address": self.shipping_address,
            "delivery_instructions": self.delivery_instructions, "note": self.note, "lines": lines, "on_shortage": "backorder",
            "draft": draft, "external_ids": external_ids,
        }))
    }
}

/// The code of a unit as buyers write it: those for single things are one.
fn unit(text: &str) -> String {
    match text.trim_end_matches('.').to_lowercase().as_str() {
        "nar" | "ea" | "pce" | "st" | "stk" | "stück" | "stuck" | "stueck" | "stuks" | "stuk" | "pièce" | "pièces" | "pc(s)" | "bh" => {
            "C62".to_owned()
        }
        _ => text.to_owned(),
    }
}

/// Where a fault of the order, which points into [`ProposedOrder::order`], stands in what was read.
pub fn place_of(pointer: &str, reading: &Reading) -> String {
    let mut parts = pointer.trim_start_matches('/').split('/');
    if parts.next() != Some("lines") {
        return pointer.to_owned();
    }
    let (line, member) = (parts.next().and_then(|i| i.parse::<usize>().ok()), parts.next().unwrap_or_default());
    let Some(line) = line.and_then(|i| reading.lines.get(i)) else { return pointer.to_owned() };
    let product = line.sku.as_ref().or(line.gtin.as_ref()).or(line.name.as_ref());
    let field = match member {
        "quantity" => line.quantity.as_ref().or(product),
        "unit" => line.unit.as_ref().or(product),
        "unit_price" => line.unit_price.as_ref().or(product),
        _ => product,
    };
    field.map_or_else(|| pointer.to_owned(), |field| field.place.clone())
}

/// What speaks against an order, as reasons that name their place in what was read.
pub fn reasons_of(error: &Error, reading: &Reading) -> Vec<Reason> {
    match error {
        Error::Invalid(faults) => faults
            .iter()
            .take(100)
            .map(|fault| {
                let code = if fault.code == "unknown_sku" { "unknown_product" } else { fault.code.as_str() };
                let value = value_at(&fault.pointer, reading);
                let detail = value.map_or_else(|| fault.detail.clone(), |value| format!("{value}: {}", fault.detail));
                Reason::new(code, detail, place_of(&fault.pointer, reading))
            })
            .collect(),
        other => vec![Reason::new("refused", other.to_string(), "")],
    }
}

fn value_at(pointer: &str, reading: &Reading) -> Option<String> {
    let line = pointer.strip_prefix("/lines/")?.split('/').next()?.parse::<usize>().ok()?;
    let line = reading.lines.get(line)?;
    line.sku.as_ref().or(line.gtin.as_ref()).or(line.name.as_ref()).map(|field| field.value.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::fault::Fault;
    use crate::verifications::reading::{Confidence, ReadField, ReadLine};

    fn reading() -> Reading {
        let field = |value: &str, place: &str| Some(ReadField::new(value, Confidence::CERTAIN, place));
        let line = ReadLine { sku: field("KOPI-250", "a"), quantity: field("3", "b"), unit: field("Stk.", "c"), ..ReadLine::default() };
        Reading { purchase_order_number: field("4711", "d"), lines: vec![line], ..Reading::default() }
    }

    #[test]
    fn a_reading_becomes_an_order() {
        let proposed = ProposedOrder::of(&reading(), Some(CustomerId::generate()), &Named::default());
        let order = proposed.order("mail", Some("m1"), Some("m1"), false).unwrap();
        assert!(order.check().is_ok());
        assert_eq!((order.lines[0].sku.as_str(), order.lines[0].unit.as_deref()), ("KOPI-250", Some("C62")));
        assert_eq!((order.purchase_order_number.as_deref(), order.external_id.as_deref()), (Some("4711"), Some("m1")));
    }

    #[test]
    fn faults_are_told_where_they_stand_in_the_mail() {
        assert_eq!(place_of("/lines/0/sku", &reading()), "a");
        assert_eq!(place_of("/lines/0/quantity", &reading()), "b");
        assert_eq!(place_of("/lines/7/sku", &reading()), "/lines/7/sku");
        assert_eq!(place_of("/currency", &reading()), "/currency");
        let fault = Fault { pointer: "/lines/0/sku".into(), code: "unknown_sku".into(), detail: "no product with this SKU".into() };
        let reasons = reasons_of(&Error::Invalid(vec![fault]), &reading());
        assert_eq!(reasons, [Reason::new("unknown_product", "KOPI-250: no product with this SKU", "a")]);
    }
}
