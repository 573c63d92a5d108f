//! What a document says, without language, paper or design: what was so when it was issued. It is written down at the first request for
//! it and never changed, so that every later rendering, in whatever language, says the same.

use crate::fulfillment::package::Package;
use crate::invoicing::credit_notes::credit_note::CreditNote;
use crate::invoicing::invoices::invoice::{
    BillTo, DocumentTaxGroup, FAKTUR_PAJAK, Invoice, InvoiceKind, InvoiceTerms, InvoicedOrder, PaymentMeans,
};
use crate::organization::profile::bank_account::BankAccount;
use crate::organization::profile::body::Profile;
use crate::payments::payment::PaymentMethod;
use crate::payments::settlement::Adjustment;
use crate::types::address::{Address, Contact};
use crate::types::base_fraction::BaseFraction;
use crate::types::country::Country;
use crate::types::currency::Currency;
use crate::types::decimal::{Amount, ExchangeRate, Quantity, Rate, UnitPrice};
use crate::types::electronic_address::ElectronicAddress;
use crate::types::language::Language;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The seller, as he was on the day of issue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Seller {
    pub legal_name: String,
    #[serde(default)]
    pub tax_id: Option<String>,
    #[serde(default)]
    pub registration_number: Option<String>,
    #[serde(default)]
    pub address: Option<Address>,
    #[serde(default)]
    pub email: Option<String>,
    #[serde(default)]
    pub contact: Option<Contact>,
    #[serde(default)]
    pub electronic_address: Option<ElectronicAddress>,
    pub country: Country,
    #[serde(default)]
    pub bank_accounts: Vec<BankAccount>,
}

impl Seller {
    /// What this one lacks, as the organization has it today. What it says stays.
    pub fn completed(mut self, today: &Profile) -> Self {
        self.tax_id = self.tax_id.or_else(|| today.tax_id.clone());
        self.registration_number = self.registration_number.or_else(|| today.registration_number.clone());
        self.address = self.address.or_else(|| today.address.clone());
        self.email = self.email.or_else(|| today.email.clone());
        self.contact = self.contact.or_else(|| today.contact.clone());
        self.electronic_address = self.electronic_address.or_else(|| today.electronic_address.clone());
        self
    }
}

/// Whether money is asked for or given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TradeKind {
    Invoice,
    /// Asks for money in advance.
    Prepayment,
    CreditNote,
}

impl TradeKind {
    /// Whether money is asked for.
    pub fn asks(self) -> bool {
        match self {
            Self::Invoice | Self::Prepayment => true,
            Self::CreditNote => false,
        }
    }
}

/// The document that a credit note takes back, or that an invoice is issued in the place of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Corrected {
    pub number: String,
    pub issued_on: NaiveDate,
    pub reason: String,
    /// The number of the buyer's own return note or debit note.
    pub buyer_document_number: Option<String>,
}

/// One line. Amounts without tax.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TradeLine {
    pub sku: String,
    pub customer_sku: Option<String>,
    pub name: String,
    pub unit: String,
    pub quantity: Quantity,
    /// As on the order: with tax where `prices_include_tax`.
    pub unit_price: UnitPrice,
    pub price_quantity: Quantity,
    pub discount_amount: Amount,
    pub net_amount: Amount,
    /// Its share of the document's own discounts, not inside `net_amount`.
    pub order_discount_amount: Amount,
    pub tax_category: String,
    pub tax_scheme_category: String,
    pub tax_rate: Rate,
    pub base_fraction: BaseFraction,
}

/// An invoice or a credit note.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TradeDocument {
    pub kind: TradeKind,
    pub number: String,
    pub issued_on: NaiveDate,
    pub supply_on: Option<NaiveDate>,
    pub due_on: Option<NaiveDate>,
    pub corrects: Option<Corrected>,
    pub seller: Seller,
    /// SHA-256 of the stored logo.
    pub logo: Option<String>,
    pub buyer: BillTo,
    pub ship_to: Option<Address>,
    pub orders: Vec<InvoicedOrder>,
    pub buyer_reference: Option<String>,
    pub payment_terms: Option<InvoiceTerms>,
    pub payment_means: Vec<PaymentMeans>,
    pub currency: Currency,
    pub exchange_rate: Option<ExchangeRate>,
    pub base_currency: Currency,
    pub tax_total_base_currency: Option<Amount>,
    pub prices_include_tax: bool,
    pub lines: Vec<TradeLine>,
    pub subtotal: Amount,
    pub discount_total: Amount,
    pub shipping_net: Amount,
    pub tax_breakdown: Vec<DocumentTaxGroup>,
    /// Place in `tax_breakdown` of the group that shipping is taxed in.
    pub shipping_tax_group: Option<usize>,
    pub tax_total: Amount,
    pub rounding_amount: Amount,
    pub total: Amount,
    /// Settled on the day of issue, by what was paid in advance.
    pub paid: Amount,
    /// The tax authority's number of it, where one was known at the first request.
    pub fiscal_number: Option<String>,
}

impl TradeDocument {
    /// `paid` is what was settled when it was issued; later payments are not on it.
    pub fn of_invoice(invoice: &Invoice, paid: Decimal, logo: Option<String>) -> Result<Self, serde_json::Error> {
        let document = &invoice.document;
        let kind = match invoice.kind {
            InvoiceKind::Standard => TradeKind::Invoice,
            InvoiceKind::Prepayment => TradeKind::Prepayment,
        };
        let line = |line: &crate::invoicing::invoices::invoice::InvoiceLine| TradeLine {
            sku: line.sku.clone(),
            customer_sku: line.detail.customer_sku.clone(),
            name: line.name.clone(),
            unit: line.unit.clone(),
            quantity: Quantity(line.quantity),
            unit_price: UnitPrice(line.unit_price),
            price_quantity: Quantity(line.price_quantity),
            discount_amount: Amount(line.discount_amount),
            net_amount: Amount(line.net_amount),
            order_discount_amount: Amount(line.order_discount_amount),
            tax_category: line.tax_category.clone(),
            tax_scheme_category: line.detail.tax_scheme_category.clone(),
            tax_rate: Rate(line.tax_rate),
            base_fraction: line.detail.base_fraction,
        };
        Ok(Self {
            kind,
            number: invoice.number.clone(),
            issued_on: invoice.issued_on,
            // Nothing is supplied yet where money is asked for in advance.
            supply_on: (kind == TradeKind::Invoice).then_some(invoice.supply_on),
            due_on: Some(invoice.due_on),
            corrects: document.replaces.as_ref().map(|replaced| Corrected {
                number: replaced.number.clone(),
                issued_on: replaced.issued_on,
                reason: replaced.reason.clone(),
                buyer_document_number: None,
            }),
            seller: seller(&document.seller)?,
            logo,
            buyer: document.bill_to.clone(),
            ship_to: document.ship_to.clone(),
            orders: document.orders.clone(),
            buyer_reference: document.buyer_reference.clone(),
            payment_terms: Some(document.payment_terms.clone()),
            payment_means: document.payment_means.clone(),
            currency: invoice.currency,
            exchange_rate: invoice.exchange_rate.map(ExchangeRate),
            base_currency: document.base_currency,
            tax_total_base_currency: document.tax_total_base_currency,
            prices_include_tax: document.prices_include_tax,
            lines: invoice.lines.iter().map(line).collect(),
            subtotal: Amount(invoice.subtotal),
            discount_total: Amount(invoice.discount_total),
            shipping_net: Amount(invoice.shipping_net),
            tax_breakdown: document.tax_breakdown.clone(),
            shipping_tax_group: document.shipping_tax_group,
            tax_total: Amount(invoice.tax_total),
            rounding_amount: Amount(invoice.rounding_amount),
            total: Amount(invoice.total),
            paid: Amount(invoice.currency.round(paid)),
            fiscal_number: invoice.external_ids.get(FAKTUR_PAJAK).cloned(),
        })
    }

    /// `supply_on` is that of the invoice.
    pub fn of_credit_note(note: &CreditNote, supply_on: NaiveDate, logo: Option<String>) -> Result<Self, serde_json::Error> {
        let document = &note.document;
        let line = |line: &crate::invoicing::credit_notes::credit_note::CreditNoteLine| TradeLine {
            sku: line.sku.clone(),
            customer_sku: None,
            name: line.name.clone(),
            unit: line.unit.clone(),
            quantity: Quantity(line.quantity),
            unit_price: UnitPrice(line.unit_price),
            price_quantity: Quantity(line.price_quantity),
            discount_amount: Amount(line.discount_amount),
            net_amount: Amount(line.net_amount),
            order_discount_amount: Amount(line.order_discount_amount),
            tax_category: line.tax_category.clone(),
            tax_scheme_category: line.detail.tax_scheme_category.clone(),
            tax_rate: Rate(line.tax_rate),
            base_fraction: line.detail.base_fraction,
        };
        let lines: Vec<TradeLine> = note.lines.iter().map(line).collect();
        let shipping_tax_group = shipping_group(&document.tax_breakdown, &lines, note.shipping_net);
        Ok(Self {
            kind: TradeKind::CreditNote,
            number: note.number.clone(),
            issued_on: note.issued_on,
            supply_on: Some(supply_on),
            due_on: None,
            corrects: Some(Corrected {
                number: document.invoice_number.clone(),
                issued_on: document.invoice_issued_on,
                reason: note.reason.clone(),
                buyer_document_number: note.buyer_document_number.clone(),
            }),
            seller: seller(&document.seller)?,
            logo,
            buyer: document.bill_to.clone(),
            ship_to: document.ship_to.clone(),
            orders: document.orders.clone(),
            buyer_reference: document.buyer_reference.clone(),
            payment_terms: None,
            payment_means: vec![],
            currency: note.currency,
            exchange_rate: note.exchange_rate.map(ExchangeRate),
            base_currency: document.base_currency,
            tax_total_base_currency: document.tax_total_base_currency,
            prices_include_tax: document.prices_include_tax,
            lines,
            subtotal: Amount(note.subtotal),
            discount_total: Amount(note.discount_total),
            shipping_net: Amount(note.shipping_net),
            tax_breakdown: document.tax_breakdown.clone(),
            shipping_tax_group,
            tax_total: Amount(note.tax_total),
            rounding_amount: Amount(note.currency.zero()),
            total: Amount(note.total),
            paid: Amount(note.currency.zero()),
            fiscal_number: note.external_ids.get(FAKTUR_PAJAK).cloned(),
        })
    }

    /// What was to be paid when it was issued.
    pub fn due(&self) -> Decimal {
        self.total.0 - self.paid.0
    }

    /// Every amount that is printed.
    pub fn amounts(&self) -> impl Iterator<Item = Decimal> {
        let lines = self.lines.iter().flat_map(|line| [line.discount_amount.0, line.net_amount.0]);
        let groups = self.tax_breakdown.iter().flat_map(|group| [group.taxable_amount.0, group.tax_amount.0]);
        let totals = [self.subtotal.0, self.discount_total.0, self.shipping_net.0, self.tax_total.0, self.total.0, self.paid.0];
        lines.chain(groups).chain(totals).chain([self.rounding_amount.0])
    }
}

impl TradeLine {
    /// Price of one unit without tax and before discounts, as art. 226 (8) of Directive 2006/112/EC asks for it, for `price_quantity`
    /// units. Where the order's price holds the tax, it is what the line's amounts come to.
    pub fn net_price(&self, prices_include_tax: bool, places: u32) -> Decimal {
        if !prices_include_tax || self.quantity.0.is_zero() {
            return self.unit_price.0;
        }
        let exact = (self.net_amount.0 + self.discount_amount.0) * self.price_quantity.0 / self.quantity.0;
        crate::types::currency::rounded(exact, places)
    }

    /// Whether it is taxed in that group.
    pub fn is_in(&self, group: &DocumentTaxGroup) -> bool {
        self.tax_scheme_category == group.tax_scheme_category
            && self.tax_rate.0 == group.rate.0
            && self.base_fraction == group.base_fraction
    }
}

fn seller(value: &Value) -> Result<Seller, serde_json::Error> {
    serde_json::from_value(value.clone())
}

/// The group whose net amount is its lines' and the shipping's; where two have the same rate for the same reason, the first of them.
fn shipping_group(groups: &[DocumentTaxGroup], lines: &[TradeLine], shipping_net: Decimal) -> Option<usize> {
    if shipping_net.is_zero() {
        return None;
    }
    let like = |a: &DocumentTaxGroup, b: &DocumentTaxGroup| {
        a.tax_scheme_category == b.tax_scheme_category && a.rate == b.rate && a.base_fraction == b.base_fraction
    };
    groups.iter().position(|group| {
        let whole: Decimal = groups.iter().filter(|other| like(group, other)).map(|other| other.net_amount.0).sum();
        let own = lines.iter().filter(|line| line.is_in(group));
        let net: Decimal = own.map(|line| line.net_amount.0 - line.order_discount_amount.0).sum();
        whole - net == shipping_net
    })
}

/// What money was for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReceiptLine {
    /// The invoice's number, or the order's where it was paid in advance.
    pub number: String,
    pub is_invoice: bool,
    pub issued_on: Option<NaiveDate>,
    pub amount: Amount,
    pub adjustments: Vec<Adjustment>,
}

/// Money that has come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    pub number: String,
    pub received_on: NaiveDate,
    pub method: PaymentMethod,
    pub reference: Option<String>,
    pub currency: Currency,
    pub amount: Amount,
    pub seller: Seller,
    pub logo: Option<String>,
    pub payer: Option<BillTo>,
    /// Σ of their amounts, `unapplied` and `refunded` are `amount`.
    pub lines: Vec<ReceiptLine>,
    pub unapplied: Amount,
    pub refunded: Amount,
}

/// What goes into, or is in, a shipment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PackingLine {
    pub sku: String,
    pub name: String,
    pub unit: String,
    pub ordered: Quantity,
    pub quantity: Quantity,
}

/// A packing list of a shipment, or of a fulfillment order before it has left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PackingList {
    pub number: String,
    /// The day on which it left; of a fulfillment order, by which it shall.
    pub on: Option<NaiveDate>,
    pub has_left: bool,
    pub order_number: String,
    pub ordered_on: NaiveDate,
    pub purchase_order_number: Option<String>,
    /// The customer's own.
    pub language: Option<Language>,
    pub seller: Seller,
    pub ship_from: String,
    pub ship_from_address: Option<Address>,
    pub customer: String,
    pub ship_to: Option<Address>,
    pub carrier: Option<String>,
    pub tracking_number: Option<String>,
    pub delivery_instructions: Option<String>,
    pub lines: Vec<PackingLine>,
    pub packages: Vec<Package>,
}
