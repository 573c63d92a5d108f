use super::credit_note::{CreditNote, CreditNoteLine, CreditNoteLineKind};
use crate::invoicing::invoices::invoice::{BillTo, DocumentTaxGroup, InvoicedOrder};
use crate::types::absent::null_is_default;
use crate::types::address::Address;
use crate::types::base_fraction::BaseFraction;
use crate::types::currency::Currency;
use crate::types::decimal::{Amount, ExchangeRate, Quantity, Rate, UnitPrice};
use crate::types::fault::{Fault, Faults};
use crate::types::id::{CreditNoteId, CreditNoteLineId, CustomerId, InvoiceId, InvoiceLineId, OrderId, OrderLineId};
use crate::types::text::{check_code, check_external_ids, check_metadata, check_optional_text, check_prose};
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashSet};
use utoipa::ToSchema;

/// A credit note to issue. Without lines, `shipping` and `amount` it takes back all that is left of the invoice.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"invoice_id": "01938f5e-7c1a-7000-8000-2f1b3c4d5e6f", "reason": "One bag arrived torn"}))]
pub struct NewCreditNote {
    pub invoice_id: InvoiceId,
    pub reason: String,
    #[serde(default)]
    #[schema(max_items = 1000)]
    pub lines: Option<Vec<NewCreditNoteLine>>,
    /// Takes the shipping back too.
    #[serde(default)]
    pub shipping: Option<bool>,
    /// So much of a prepayment invoice, with tax, shared over its tax rates as the prepayment is: at most what no later invoice has
    /// deducted and no credit note has taken back.
    #[serde(default)]
    pub amount: Option<Amount>,
    /// Today where absent; never in the future, in closed books, before the invoice or before the last credit note of the series.
    #[serde(default)]
    pub issued_on: Option<NaiveDate>,
    /// Code of the number series.
    #[serde(default)]
    #[schema(default = "CN")]
    pub series: Option<String>,
    /// Number of the buyer's own document, such as his debit note.
    #[serde(default)]
    pub buyer_document_number: Option<String>,
    #[serde(default)]
    pub external_ids: Option<BTreeMap<String, String>>,
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<Map<String, Value>>,
    /// Answers what would change, and issues nothing.
    #[serde(default, deserialize_with = "null_is_default")]
    pub dry_run: bool,
}

/// Units of one line, by the order's line or the invoice's.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCreditNoteLine {
    /// Taken from the invoice's lines of this order line, the first before the others.
    #[serde(default)]
    pub order_line_id: Option<OrderLineId>,
    #[serde(default)]
    pub invoice_line_id: Option<InvoiceLineId>,
    #[schema(example = "1")]
    pub quantity: Quantity,
}

impl NewCreditNote {
    pub fn lines(&self) -> &[NewCreditNoteLine] {
        self.lines.as_deref().unwrap_or_default()
    }

    /// All of an invoice, today.
    pub fn of_whole(invoice_id: InvoiceId, reason: &str) -> Self {
        Self {
            invoice_id,
            reason: reason.to_owned(),
            lines: None,
            shipping: None,
            amount: None,
            issued_on: None,
            series: None,
            buyer_document_number: None,
            external_ids: None,
            metadata: None,
            dry_run: false,
        }
    }

    /// Whether nothing is named: all that is left.
    pub fn is_whole(&self) -> bool {
        self.lines().is_empty() && self.shipping != Some(true) && self.amount.is_none()
    }

    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        check_prose(&mut faults, "/reason", &self.reason, 500);
        check_optional_text(&mut faults, "/buyer_document_number", self.buyer_document_number.as_deref(), 200);
        // A filter that came out empty must not credit everything.
        let some = self.lines.as_ref().is_none_or(|lines| !lines.is_empty()) || self.shipping == Some(true);
        faults.require(some, "/lines", "required", "name at least one line, or leave lines out to credit all that is left");
        let lines = self.lines();
        faults.require(lines.len() <= crate::platform::limits::ORDER_LINES, "/lines", "too_many_items", "at most 1000 lines in a call");
        if let Some(amount) = self.amount {
            faults.require(amount.0 > Decimal::ZERO, "/amount", "out_of_range", "must be above 0");
            let alone = lines.is_empty() && self.shipping != Some(true);
            faults.require(alone, "/amount", "exactly_one_of", "give amount, or lines and shipping");
        }
        let mut seen = HashSet::new();
        for (i, line) in lines.iter().enumerate() {
            faults.require(line.quantity.0 > Decimal::ZERO, format!("/lines/{i}/quantity"), "out_of_range", "must be above 0");
            let one = line.order_line_id.is_some() != line.invoice_line_id.is_some();
            faults.require(one, format!("/lines/{i}"), "exactly_one_of", "give order_line_id or invoice_line_id");
            let key = (line.order_line_id, line.invoice_line_id);
            faults.require(seen.insert(key), format!("/lines/{i}"), "duplicate_key", "each line once");
        }
        if let Some(series) = &self.series {
            check_code(&mut faults, "/series", series);
        }
        if let Some(ids) = &self.external_ids {
            check_external_ids(&mut faults, "/external_ids", ids);
        }
        if let Some(metadata) = &self.metadata {
            check_metadata(&mut faults, "/metadata", metadata);
        }
        faults.into_result()
    }
}

/// A credit note. Amounts are positive, although they are taken back.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CreditNoteBody {
    pub id: CreditNoteId,
    #[schema(example = "CN-000001")]
    pub number: String,
    #[schema(example = "CN")]
    pub series: String,
    pub invoice_id: InvoiceId,
    #[schema(example = "INV-000001")]
    pub invoice_number: String,
    pub invoice_issued_on: NaiveDate,
    pub order_id: OrderId,
    pub customer_id: CustomerId,
    #[schema(value_type = Object)]
    pub seller: Value,
    pub bill_to: BillTo,
    pub ship_to: Option<Address>,
    pub orders: Vec<InvoicedOrder>,
    pub buyer_reference: Option<String>,
    pub buyer_document_number: Option<String>,
    pub reason: String,
    /// The invoice that was issued in the place of what this one takes back.
    pub replaced_by_invoice_id: Option<InvoiceId>,
    pub currency: Currency,
    /// That of the invoice.
    pub exchange_rate: Option<ExchangeRate>,
    pub base_currency: Currency,
    pub prices_include_tax: bool,
    pub lines: Vec<CreditNoteLineBody>,
    pub subtotal: Amount,
    pub discount_total: Amount,
    pub shipping_net: Amount,
    pub shipping_tax: Amount,
    pub tax_breakdown: Vec<DocumentTaxGroup>,
    pub tax_total: Amount,
    pub tax_total_base_currency: Option<Amount>,
    pub total: Amount,
    /// `total` at `exchange_rate`, rounded once.
    pub total_base_currency: Option<Amount>,
    pub issued_on: NaiveDate,
    pub external_ids: BTreeMap<String, String>,
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CreditNoteLineBody {
    pub id: CreditNoteLineId,
    pub line_number: i16,
    pub kind: CreditNoteLineKind,
    /// Of a restocking fee: the first of the lines that it is kept back of. Null of a prepayment.
    pub order_line_id: Option<OrderLineId>,
    pub invoice_line_id: InvoiceLineId,
    #[schema(example = "KOPI-250")]
    pub sku: String,
    pub name: String,
    #[schema(example = "C62")]
    pub unit: String,
    pub quantity: Quantity,
    pub unit_price: UnitPrice,
    pub price_quantity: Quantity,
    pub gross_amount: Amount,
    pub discount_amount: Amount,
    pub net_amount: Amount,
    pub order_discount_amount: Amount,
    pub tax_category: String,
    pub tax_scheme_category: String,
    pub tax_rate: Rate,
    pub base_fraction: BaseFraction,
    pub tax_amount: Amount,
}

impl From<&CreditNoteLine> for CreditNoteLineBody {
    fn from(line: &CreditNoteLine) -> Self {
        Self {
            id: line.id,
            line_number: line.line_number,
            kind: line.detail.kind,
            order_line_id: line.order_line_id,
            invoice_line_id: line.detail.invoice_line_id,
            sku: line.sku.clone(),
            name: line.name.clone(),
            unit: line.unit.clone(),
            quantity: Quantity(line.quantity),
            unit_price: UnitPrice(line.unit_price),
            price_quantity: Quantity(line.price_quantity),
            gross_amount: Amount(line.net_amount + line.discount_amount),
            discount_amount: Amount(line.discount_amount),
            net_amount: Amount(line.net_amount),
            order_discount_amount: Amount(line.order_discount_amount),
            tax_category: line.tax_category.clone(),
            tax_scheme_category: line.detail.tax_scheme_category.clone(),
            tax_rate: Rate(line.tax_rate),
            base_fraction: line.detail.base_fraction,
            tax_amount: Amount(line.tax_amount),
        }
    }
}

impl From<&CreditNote> for CreditNoteBody {
    fn from(note: &CreditNote) -> Self {
        let document = &note.document;
        Self {
            id: note.id,
            number: note.number.clone(),
            series: note.series.clone(),
            invoice_id: note.invoice_id,
            invoice_number: document.invoice_number.clone(),
            invoice_issued_on: document.invoice_issued_on,
            order_id: note.order_id,
            customer_id: note.customer_id,
            seller: document.seller.clone(),
            bill_to: document.bill_to.clone(),
            ship_to: document.ship_to.clone(),
            orders: document.orders.clone(),
            buyer_reference: document.buyer_reference.clone(),
            buyer_document_number: note.buyer_document_number.clone(),
            reason: note.reason.clone(),
            replaced_by_invoice_id: note.replaced_by_invoice_id,
            currency: note.currency,
            exchange_rate: note.exchange_rate.map(ExchangeRate),
            base_currency: document.base_currency,
            prices_include_tax: document.prices_include_tax,
            lines: note.lines.iter().map(CreditNoteLineBody::from).collect(),
            subtotal: Amount(note.subtotal),
            discount_total: Amount(note.discount_total),
            shipping_net: Amount(note.shipping_net),
            shipping_tax: Amount(note.shipping_tax),
            tax_breakdown: document.tax_breakdown.clone(),
            tax_total: Amount(note.tax_total),
            tax_total_base_currency: document.tax_total_base_currency,
            total: Amount(note.total),
            total_base_currency: note.exchange_rate.map(|rate| Amount(document.base_currency.round(note.total * rate))),
            issued_on: note.issued_on,
            external_ids: note.external_ids.clone(),
            metadata: note.metadata.clone(),
            version: note.version,
            created_at: note.created_at,
            updated_at: note.updated_at,
        }
    }
}
