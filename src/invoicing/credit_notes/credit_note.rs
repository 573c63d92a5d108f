//! The credit note as a whole, and what of it is written once.

use crate::invoicing::invoices::invoice::{BillTo, DocumentTaxGroup, InvoicedOrder};
use crate::types::address::Address;
use crate::types::base_fraction::BaseFraction;
use crate::types::currency::Currency;
use crate::types::decimal::Amount;
use crate::types::id::{CreditNoteId, CreditNoteLineId, CustomerId, InvoiceId, InvoiceLineId, OrderId, OrderLineId};
use crate::types::text_enum::text_enum;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What a credit note says of the world: the parties of its invoice, and its own tax.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CreditNoteDocument {
    pub invoice_number: String,
    pub invoice_issued_on: NaiveDate,
    pub seller: Value,
    pub bill_to: BillTo,
    pub ship_to: Option<Address>,
    pub orders: Vec<InvoicedOrder>,
    pub buyer_reference: Option<String>,
    pub prices_include_tax: bool,
    pub tax_breakdown: Vec<DocumentTaxGroup>,
    /// Whether the shipping is taken back by this one.
    pub credits_shipping: bool,
    pub base_currency: Currency,
    pub tax_total_base_currency: Option<Amount>,
}

text_enum! {
    /// What a line of a credit note is.
    pub enum CreditNoteLineKind {
        /// Units of an invoice line that are taken back.
        Goods = "goods",
        /// What is kept back of the goods' worth: quantity −1, its amounts below 0.
        RestockingFee = "restocking_fee",
    }
}

/// What of a line is neither filtered nor summed by SQL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditNoteLineDetail {
    pub invoice_line_id: InvoiceLineId,
    pub tax_scheme_category: String,
    pub base_fraction: BaseFraction,
    #[serde(default = "goods")]
    pub kind: CreditNoteLineKind,
}

fn goods() -> CreditNoteLineKind {
    CreditNoteLineKind::Goods
}

/// Units of one invoice line, or what is kept back of their worth. Amounts without tax but the last; positive where they are taken
/// back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditNoteLine {
    pub id: CreditNoteLineId,
    pub line_number: i16,
    pub invoice_line_number: i16,
    /// None of a prepayment and its deduction.
    pub order_line_id: Option<OrderLineId>,
    pub sku: String,
    pub name: String,
    pub unit: String,
    pub quantity: Decimal,
    pub unit_price: Decimal,
    pub price_quantity: Decimal,
    pub discount_amount: Decimal,
    pub net_amount: Decimal,
    pub order_discount_amount: Decimal,
    pub tax_category: String,
    pub tax_rate: Decimal,
    pub tax_amount: Decimal,
    pub detail: CreditNoteLineDetail,
}

/// An issued credit note.
#[derive(Clone, Debug, PartialEq)]
pub struct CreditNote {
    pub id: CreditNoteId,
    pub number: String,
    pub series: String,
    pub series_number: i64,
    pub invoice_id: InvoiceId,
    pub order_id: OrderId,
    pub customer_id: CustomerId,
    pub currency: Currency,
    /// That of its invoice, since it takes back what that has said.
    pub exchange_rate: Option<Decimal>,
    pub reason: String,
    pub buyer_document_number: Option<String>,
    pub subtotal: Decimal,
    pub discount_total: Decimal,
    pub shipping_net: Decimal,
    pub shipping_tax: Decimal,
    pub tax_total: Decimal,
    pub total: Decimal,
    pub issued_on: NaiveDate,
    pub document: CreditNoteDocument,
    /// The invoice that was issued in the place of what this one takes back.
    pub replaced_by_invoice_id: Option<InvoiceId>,
    pub external_ids: BTreeMap<String, String>,
    pub metadata: Map<String, Value>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub lines: Vec<CreditNoteLine>,
}
