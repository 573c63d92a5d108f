//! Where an order stands, in the words of a CRM's properties. Pure.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Where an order stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    pub external_id: String,
    pub number: String,
    pub status: String,
    pub fulfillment_status: String,
    pub invoice_status: String,
    pub payment_status: String,
    pub currency: String,
    /// In the currency's minor units, as text.
    pub total: String,
    pub amount_paid: String,
    pub shipments: Vec<Shipped>,
    pub invoices: Vec<Invoiced>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shipped {
    pub carrier: String,
    pub tracking_number: Option<String>,
    pub tracking_url: Option<String>,
    pub status: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoiced {
    pub number: String,
    pub total: String,
    pub status: String,
    pub due_on: NaiveDate,
}

/// A property that a CRM is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Property {
    OrderNumber,
    OrderStatus,
    FulfillmentStatus,
    InvoiceStatus,
    PaymentStatus,
    OrderTotal,
    AmountPaid,
    Shipments,
    TrackingUrl,
    Invoices,
}

impl Property {
    pub const ALL: [Self; 10] = [
        Self::OrderNumber,
        Self::OrderStatus,
        Self::FulfillmentStatus,
        Self::InvoiceStatus,
        Self::PaymentStatus,
        Self::OrderTotal,
        Self::AmountPaid,
        Self::Shipments,
        Self::TrackingUrl,
        Self::Invoices,
    ];

    /// Its internal name in HubSpot: a deal property of type single-line or multi-line text.
    pub fn hubspot(self) -> &'static str {
        match self {
            Self::OrderNumber => "pesanan_order_number",
            Self::OrderStatus => "pesanan_order_status",
            Self::FulfillmentStatus => "pesanan_fulfillment_status",
            Self::InvoiceStatus => "pesanan_invoice_status",
            Self::PaymentStatus => "pesanan_payment_status",
            Self::OrderTotal => "pesanan_order_total",
            Self::AmountPaid => "pesanan_amount_paid",
            Self::Shipments => "pesanan_shipments",
            Self::TrackingUrl => "pesanan_tracking_url",
            Self::Invoices => "pesanan_invoices",
        }
    }

    /// Its API name in Salesforce: a custom field of the Opportunity or Order.
    pub fn salesforce(self) -> &'static str {
        match self {
            Self::OrderNumber => "Pesanan_Order_Number__c",
            Self::OrderStatus => "Pesanan_Order_Status__c",
            Self::FulfillmentStatus => "Pesanan_Fulfillment_Status__c",
            Self::InvoiceStatus => "Pesanan_Invoice_Status__c",
            Self::PaymentStatus => "Pesanan_Payment_Status__c",
            Self::OrderTotal => "Pesanan_Order_Total__c",
            Self::AmountPaid => "Pesanan_Amount_Paid__c",
            Self::Shipments => "Pesanan_Shipments__c",
            Self::TrackingUrl => "Pesanan_Tracking_Url__c",
            Self::Invoices => "Pesanan_Invoices__c",
        }
    }
}

/// Lines of a text property, at most: what both systems take in a long text many times over.
const LINES: usize = 100;

fn lines(all: impl Iterator<Item = String>) -> String {
    all.take(LINES).collect::<Vec<_>>().join("\n")
}

impl Standing {
    /// What the CRM is told, always all of it: what is not there any more is emptied.
    pub fn properties(&self) -> Vec<(Property, String)> {
        let shipment = |one: &Shipped| {
            let parts = [Some(one.carrier.as_str()), one.tracking_number.as_deref()];
            let name: Vec<&str> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
            format!("{}: {}", name.join(" "), one.status.replace('_', " "))
        };
        let invoice = |one: &Invoiced| {
            format!("{}: {} {}, due {}, {}", one.number, one.total, self.currency, one.due_on, one.status.replace('_', " "))
        };
        let value = |property: Property| match property {
            Property::OrderNumber => self.number.clone(),
            Property::OrderStatus => self.status.clone(),
            Property::FulfillmentStatus => self.fulfillment_status.clone(),
            Property::InvoiceStatus => self.invoice_status.clone(),
            Property::PaymentStatus => self.payment_status.clone(),
            Property::OrderTotal => self.total.clone(),
            Property::AmountPaid => self.amount_paid.clone(),
            Property::Shipments => lines(self.shipments.iter().map(shipment)),
            Property::TrackingUrl => self.shipments.iter().rev().find_map(|one| one.tracking_url.clone()).unwrap_or_default(),
            Property::Invoices => lines(self.invoices.iter().map(invoice)),
        };
        Property::ALL.into_iter().map(|property| (property, value(property))).collect()
    }
}

/// Properties by the names that a CRM has for them.
pub fn named(properties: &[(Property, String)], name: fn(Property) -> &'static str) -> Map<String, Value> {
    properties.iter().map(|(property, value)| (name(*property).to_owned(), Value::String(value.clone()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deal_is_told_where_its_order_stands() {
        let shipped = |number: &str, url: Option<&str>| Shipped {
            carrier: "JNE".into(),
            tracking_number: Some(number.into()),
            tracking_url: url.map(str::to_owned),
            status: "in_transit".into(),
        };
        let standing = Standing {
            external_id: "7".into(),
            number: "SO-000123".into(),
            status: "confirmed".into(),
            fulfillment_status: "partially_fulfilled".into(),
            invoice_status: "partially_invoiced".into(),
            payment_status: "unpaid".into(),
            currency: "IDR".into(),
            total: "125000.00".into(),
            amount_paid: "0.00".into(),
            shipments: vec![shipped("A1", Some("https://t.example/A1")), shipped("A2", None)],
            invoices: vec![Invoiced {
                number: "INV-000001".into(),
                total: "50000.00".into(),
                status: "partially_paid".into(),
                due_on: "2026-04-01".parse().unwrap(),
            }],
        };
        let told = named(&standing.properties(), Property::hubspot);
        assert_eq!(told["pesanan_order_number"], "SO-000123");
        assert_eq!(told["pesanan_shipments"], "JNE A1: in transit\nJNE A2: in transit");
        assert_eq!(told["pesanan_tracking_url"], "https://t.example/A1");
        assert_eq!(told["pesanan_invoices"], "INV-000001: 50000.00 IDR, due 2026-04-01, partially paid");
        assert_eq!(told.len(), Property::ALL.len());
        let names: Vec<String> = Property::ALL.into_iter().map(|one| one.salesforce().to_lowercase()).collect();
        let expected: Vec<String> = Property::ALL.into_iter().map(|one| format!("{}__c", one.hubspot())).collect();
        assert_eq!(names, expected);
    }
}
