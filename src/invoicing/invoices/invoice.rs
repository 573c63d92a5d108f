//! The invoice as a whole, and what of it is written once.

use super::balance::{InvoiceBalance, InvoiceStatus};
use crate::orders::pricing::Pricing;
use crate::orders::tax::TaxGroup;
use crate::types::address::Address;
use crate::types::base_fraction::BaseFraction;
use crate::types::currency::Currency;
use crate::types::decimal::{Amount, Percent, Rate};
use crate::types::id::{CustomerId, InvoiceId, InvoiceLineId, OrderId, OrderLineId, ShipmentId};
use crate::types::language::Language;
use crate::types::text_enum::text_enum;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Who pays, as he was on the day of issue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BillTo {
    pub id: CustomerId,
    #[schema(example = "C-TOKO-SUMBER")]
    pub code: Option<String>,
    #[schema(example = "Toko Sumber Rejeki")]
    pub name: String,
    pub tax_id: Option<String>,
    pub email: Option<String>,
    /// `{scheme, value}` where the customer takes documents electronically.
    #[schema(value_type = Option<Object>)]
    pub electronic_address: Option<Value>,
    pub address: Option<Address>,
    /// What he reads, where that is not what is read in his country.
    #[serde(default)]
    pub language: Option<Language>,
}

/// An order on an invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InvoicedOrder {
    pub id: OrderId,
    #[schema(example = "SO-000123")]
    pub number: String,
    pub purchase_order_number: Option<String>,
}

/// The payment terms on the day of issue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InvoiceTerms {
    #[schema(example = "net_30")]
    pub code: String,
    pub name: String,
    pub net_days: i32,
    pub end_of_month: bool,
    pub prepayment: bool,
    pub cash_on_delivery: bool,
    pub discount_percent: Option<Percent>,
    pub discount_days: Option<i32>,
}

/// How the invoice can be paid (UNCL4461).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PaymentMeans {
    /// `30` = credit transfer.
    #[schema(example = "30")]
    pub code: String,
    /// The account to pay to.
    #[schema(value_type = Object)]
    pub account: Value,
}

/// One row of the tax breakdown; with the reason where no tax is charged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DocumentTaxGroup {
    #[schema(example = "standard")]
    pub tax_category: String,
    /// UNCL5305.
    #[schema(example = "S")]
    pub tax_scheme_category: String,
    pub rate: Rate,
    pub base_fraction: BaseFraction,
    pub net_amount: Amount,
    pub taxable_amount: Amount,
    pub tax_amount: Amount,
    pub exemption_code: Option<String>,
    pub exemption_reason: Option<String>,
    /// What the shop that has charged the tax calls it; null where it is by the organization's own rates.
    #[serde(default)]
    #[schema(example = "CA State Tax, County")]
    pub tax_name: Option<String>,
}

/// Why a customer is not taxed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Exemption {
    pub code: Option<String>,
    pub reason: Option<String>,
}

impl DocumentTaxGroup {
    /// A group that is not taxed says why by itself. Where it does not (orders of before), the customer's exemption goes with it, if it
    /// is of neither standard nor zero rate.
    pub fn of(group: TaxGroup, exemption: &Exemption) -> Self {
        let untaxed = !matches!(group.tax_scheme_category.as_str(), "S" | "Z");
        let silent = untaxed && group.exemption_code.is_none() && group.exemption_reason.is_none();
        Self {
            tax_category: group.tax_category,
            tax_scheme_category: group.tax_scheme_category,
            rate: group.rate,
            base_fraction: group.base_fraction,
            net_amount: group.net_amount,
            taxable_amount: group.taxable_amount,
            tax_amount: group.tax_amount,
            exemption_code: group.exemption_code.or_else(|| exemption.code.clone().filter(|_| silent)),
            exemption_reason: group.exemption_reason.or_else(|| exemption.reason.clone().filter(|_| silent)),
            tax_name: group.tax_name,
        }
    }

    pub fn group(&self) -> TaxGroup {
        TaxGroup {
            tax_category: self.tax_category.clone(),
            tax_scheme_category: self.tax_scheme_category.clone(),
            rate: self.rate,
            base_fraction: self.base_fraction,
            net_amount: self.net_amount,
            taxable_amount: self.taxable_amount,
            tax_amount: self.tax_amount,
            exemption_code: self.exemption_code.clone(),
            exemption_reason: self.exemption_reason.clone(),
            tax_name: self.tax_name.clone(),
        }
    }
}

/// An invoice in whose place another one was issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReplacedInvoice {
    pub id: InvoiceId,
    #[schema(example = "INV-000001")]
    pub number: String,
    pub issued_on: NaiveDate,
    /// Why.
    pub reason: String,
}

/// What an invoice says of the world, copied at issue and never changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InvoiceDocument {
    pub seller: Value,
    pub bill_to: BillTo,
    pub ship_to: Option<Address>,
    pub orders: Vec<InvoicedOrder>,
    pub buyer_reference: Option<String>,
    pub payment_terms: InvoiceTerms,
    pub payment_means: Vec<PaymentMeans>,
    pub pricing: Pricing,
    pub prices_include_tax: bool,
    pub tax_breakdown: Vec<DocumentTaxGroup>,
    /// Place in `tax_breakdown` of the group that shipping is taxed in, where shipping is on this invoice.
    pub shipping_tax_group: Option<usize>,
    pub base_currency: Currency,
    pub tax_total_base_currency: Option<Amount>,
    /// The invoice that this one corrects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<ReplacedInvoice>,
}

/// What of a line is neither filtered nor summed by SQL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceLineDetail {
    /// Place in the document's `tax_breakdown`.
    pub tax_group: usize,
    pub tax_scheme_category: String,
    pub base_fraction: BaseFraction,
    #[serde(default)]
    pub customer_sku: Option<String>,
    #[serde(default)]
    pub external_line_id: Option<String>,
}

/// Units of one order line, from one shipment where they were shipped. Amounts without tax but the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvoiceLine {
    pub id: InvoiceLineId,
    pub line_number: i16,
    pub order_id: OrderId,
    /// None of a prepayment and its deduction.
    pub order_line_number: Option<i16>,
    pub order_line_id: Option<OrderLineId>,
    /// The invoice whose prepayment this line asks for (itself) or deducts.
    pub prepayment_invoice_id: Option<InvoiceId>,
    pub shipment_id: Option<ShipmentId>,
    pub sku: String,
    pub name: String,
    pub unit: String,
    pub quantity: Decimal,
    pub unit_price: Decimal,
    pub price_quantity: Decimal,
    pub discount_amount: Decimal,
    pub net_amount: Decimal,
    /// Its share of the order's own discounts; not inside `net_amount`.
    pub order_discount_amount: Decimal,
    pub tax_category: String,
    pub tax_rate: Decimal,
    pub tax_amount: Decimal,
    pub credited_quantity: Decimal,
    pub detail: InvoiceLineDetail,
}

impl InvoiceLine {
    /// Whether it is a sum of money: a prepayment, or its deduction.
    pub fn is_sum(&self) -> bool {
        self.prepayment_invoice_id.is_some()
    }
}

/// The name under which `external_ids` hold the number of the Indonesian tax invoice (*faktur pajak*), and its scheme.
pub const FAKTUR_PAJAK: &str = "faktur_pajak";
text_enum! {
    /// What an invoice is for.
    pub enum InvoiceKind {
        /// What is supplied (UNTDID 1001: 380).
        Standard = "standard",
        /// Money in advance (UNTDID 1001: 386).
        Prepayment = "prepayment",
    }
}

/// An issued invoice.
#[derive(Clone, Debug, PartialEq)]
pub struct Invoice {
    pub id: InvoiceId,
    pub kind: InvoiceKind,
    pub number: String,
    pub series: String,
    pub series_number: i64,
    pub order_id: OrderId,
    pub customer_id: CustomerId,
    pub currency: Currency,
    /// Units of the base currency for one of the invoice's, on the day of issue.
    pub exchange_rate: Option<Decimal>,
    pub subtotal: Decimal,
    pub discount_total: Decimal,
    pub shipping_net: Decimal,
    pub shipping_tax: Decimal,
    pub tax_total: Decimal,
    pub rounding_amount: Decimal,
    pub total: Decimal,
    pub amount_credited: Decimal,
    pub amount_paid: Decimal,
    pub supply_on: NaiveDate,
    pub issued_on: NaiveDate,
    pub due_on: NaiveDate,
    /// The day on which it was told to be overdue.
    pub overdue_on: Option<NaiveDate>,
    /// How many reminders fell due so far.
    pub reminder_level: i16,
    /// The day of the last of them.
    pub reminded_on: Option<NaiveDate>,
    pub document: InvoiceDocument,
    /// The invoice that was issued in its place.
    pub replaced_by_invoice_id: Option<InvoiceId>,
    pub external_ids: BTreeMap<String, String>,
    pub metadata: Map<String, Value>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub lines: Vec<InvoiceLine>,
}

impl Invoice {
    pub fn balance(&self) -> InvoiceBalance {
        InvoiceBalance {
            id: self.id,
            number: self.number.clone(),
            order_id: self.order_id,
            customer_id: self.customer_id,
            currency: self.currency,
            total: self.total,
            credited: self.amount_credited,
            paid: self.amount_paid,
            issued_on: self.issued_on,
            due_on: self.due_on,
        }
    }

    pub fn status(&self) -> InvoiceStatus {
        InvoiceStatus::of(self.total, self.amount_credited, self.amount_paid)
    }

    /// Whether money is due that should have come before `today`.
    pub fn is_overdue(&self, today: NaiveDate) -> bool {
        self.status().is_open() && self.due_on < today
    }
}
