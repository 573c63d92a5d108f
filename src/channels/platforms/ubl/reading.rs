//! A UBL order as a reading, each field with its XPath.

use super::order::{Line, UblOrder};
use crate::channels::platforms::parts::lines;
use crate::verifications::reading::{Confidence, ReadField, ReadLine, Reading};

/// The reading; `before` stands before each XPath.
pub fn of(order: &UblOrder, before: &str) -> Reading {
    let field = |value: &str, xpath: &str| ReadField::new(value, Confidence::CERTAIN, format!("{before}{xpath}"));
    let lines = order.lines.iter().map(|line| {
        let at = |value: &str, path: &str| field(value, &format!("{}{path}", line.xpath));
        ReadLine {
            sku: line.sellers_id.as_deref().map(|id| at(id, "/cac:Item/cac:SellersItemIdentification/cbc:ID")),
            gtin: line.standard_id.as_ref().map(|id| at(&id.value, "/cac:Item/cac:StandardItemIdentification/cbc:ID")),
            customer_sku: line.buyers_id.as_deref().map(|id| at(id, "/cac:Item/cac:BuyersItemIdentification/cbc:ID")),
            name: line.name.as_deref().map(|name| at(name, "/cac:Item/cbc:Name")),
            quantity: Some(at(&line.quantity.to_string(), "/cbc:Quantity")),
            unit: line.unit.as_deref().map(|unit| at(unit, "/cbc:Quantity/@unitCode")),
            unit_price: line.price.map(|price| at(&(price / line.price_quantity).normalize().to_string(), "/cac:Price/cbc:PriceAmount")),
            requested_on: line.requested_on.map(|date| at(&date.to_string(), "/cac:Delivery/cac:RequestedDeliveryPeriod")),
        }
    });
    Reading {
        purchase_order_number: Some(field(&order.id, "/Order/cbc:ID")),
        currency: order.currency.map(|currency| field(currency.code(), "/Order/cbc:DocumentCurrencyCode")),
        requested_on: order.requested_on.map(|date| field(&date.to_string(), "/Order/cac:Delivery/cac:RequestedDeliveryPeriod")),
        lines: lines.collect(),
        note: note(order, before),
        remarks: vec![],
    }
}

/// What the document says in words, and at which line.
fn note(order: &UblOrder, before: &str) -> Option<ReadField> {
    let name = |line: &Line| line.sellers_id.as_ref().or(line.name.as_ref()).unwrap_or(&line.id).clone();
    let of_lines = order.lines.iter().filter_map(|line| line.note.as_ref().map(|note| format!("{}: {note}", name(line))));
    let all: Vec<String> = order.note.iter().cloned().chain(of_lines).collect();
    lines(Some(&all.join("\n")), 5_000).map(|text| ReadField::new(text, Confidence::CERTAIN, format!("{before}/Order/cbc:Note")))
}
