use super::balance::InvoiceStatus;
use super::invoice::{
    BillTo, DocumentTaxGroup, FAKTUR_PAJAK, Invoice, InvoiceKind, InvoiceLine, InvoiceTerms, InvoicedOrder, PaymentMeans, ReplacedInvoice,
};
use crate::payments::early_payment::Offer;
use crate::payments::settlement::AdjustmentKind;
use crate::payments::standing::Standing;
use crate::types::address::Address;
use crate::types::base_fraction::BaseFraction;
use crate::types::currency::Currency;
use crate::types::decimal::{Amount, ExchangeRate, Percent, Quantity, Rate, UnitPrice};
use crate::types::fault::{Fault, Faults};
use crate::types::id::{CustomerId, InvoiceId, InvoiceLineId, OrderId, OrderLineId, PaymentId, ShipmentId};
use crate::types::text::{check_code, check_external_ids, check_metadata};
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashSet};
use utoipa::ToSchema;

/// An invoice to issue. Without lines it takes all that is shipped, performed or to be paid in advance, and on no invoice yet.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
pub struct NewInvoice {
    #[serde(default)]
    #[schema(max_items = 1000)]
    pub lines: Option<Vec<NewInvoiceLine>>,
    /// Asks for money in advance instead: all that is left to invoice, or `amount` or `percent` of it. Later invoices deduct it.
    #[serde(default)]
    #[schema(default = false)]
    pub prepayment: Option<bool>,
    /// With tax; only of a prepayment.
    #[serde(default)]
    pub amount: Option<Amount>,
    /// Of what is left to invoice, with tax; only of a prepayment.
    #[serde(default)]
    pub percent: Option<Percent>,
    /// Today where absent; never in the future, in closed books or before the last invoice of the series. A date before the
    /// order was captured needs the scope `import`.
    #[serde(default)]
    pub issued_on: Option<NaiveDate>,
    /// Code of the number series.
    #[serde(default)]
    #[schema(default = "INV")]
    pub series: Option<String>,
    #[serde(default)]
    pub external_ids: Option<BTreeMap<String, String>>,
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<Map<String, Value>>,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInvoiceLine {
    pub order_line_id: OrderLineId,
    #[schema(example = "3")]
    pub quantity: Quantity,
}

impl NewInvoice {
    pub fn is_prepayment(&self) -> bool {
        self.prepayment == Some(true)
    }

    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        let some = self.is_prepayment() || self.lines.as_ref().is_none_or(|lines| !lines.is_empty());
        faults.require(some, "/lines", "required", "name at least one line, or leave lines out to invoice all that can be invoiced");
        let lines = self.lines.as_deref().unwrap_or_default();
        faults.require(lines.len() <= crate::platform::limits::ORDER_LINES, "/lines", "too_many_items", "an order has at most 1000 lines");
        let mut seen = HashSet::new();
        for (i, line) in lines.iter().enumerate() {
            faults.require(line.quantity.0 > Decimal::ZERO, format!("/lines/{i}/quantity"), "out_of_range", "must be above 0");
            faults.require(seen.insert(line.order_line_id), format!("/lines/{i}/order_line_id"), "duplicate_key", "each line once");
        }
        if self.is_prepayment() {
            faults.require(self.lines.is_none(), "/lines", "not_of_prepayment", "money in advance is asked for by amount or percent");
            let both = self.amount.is_some() && self.percent.is_some();
            faults.require(!both, "", "exactly_one_of", "give amount or percent, or neither for all that is left");
            let amount = self.amount.is_none_or(|amount| amount.0 > Decimal::ZERO);
            faults.require(amount, "/amount", "out_of_range", "must be above 0");
            let percent = self.percent.is_none_or(|percent| percent.0 > Decimal::ZERO && percent.0 <= Decimal::ONE_HUNDRED);
            faults.require(percent, "/percent", "out_of_range", "above 0, at most 100");
        } else {
            faults.require(self.amount.is_none(), "/amount", "only_of_prepayment", "send prepayment: true with it");
            faults.require(self.percent.is_none(), "/percent", "only_of_prepayment", "send prepayment: true with it");
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

/// An invoice.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InvoiceBody {
    pub id: InvoiceId,
    pub kind: InvoiceKind,
    #[schema(example = "INV-000001")]
    pub number: String,
    #[schema(example = "INV")]
    pub series: String,
    pub status: InvoiceStatus,
    pub customer_id: CustomerId,
    /// The organization as it was on the day of issue.
    #[schema(value_type = Object)]
    pub seller: Value,
    pub bill_to: BillTo,
    pub ship_to: Option<Address>,
    pub orders: Vec<InvoicedOrder>,
    pub buyer_reference: Option<String>,
    pub payment_terms: InvoiceTerms,
    pub payment_means: Vec<PaymentMeans>,
    pub currency: Currency,
    /// Units of `base_currency` for one of `currency` on `issued_on`; null where no rate is known.
    pub exchange_rate: Option<ExchangeRate>,
    pub base_currency: Currency,
    /// Whether `unit_price` includes tax; amounts never do.
    pub prices_include_tax: bool,
    pub lines: Vec<InvoiceLineBody>,
    pub subtotal: Amount,
    pub discount_total: Amount,
    pub shipping_net: Amount,
    pub shipping_tax: Amount,
    pub tax_breakdown: Vec<DocumentTaxGroup>,
    pub tax_total: Amount,
    pub tax_total_base_currency: Option<Amount>,
    pub rounding_amount: Amount,
    pub total: Amount,
    /// `total` at `exchange_rate`, rounded once.
    pub total_base_currency: Option<Amount>,
    pub amount_credited: Amount,
    /// Settled by payments, their adjustments included.
    pub amount_paid: Amount,
    /// The part of `amount_paid` that was settled without money.
    pub amount_adjusted: Amount,
    /// What that part is made of.
    pub adjustments: Vec<InvoiceAdjustment>,
    pub amount_due: Amount,
    /// The last day on which anything on it was shipped; the day of issue where nothing was.
    pub supply_on: NaiveDate,
    pub issued_on: NaiveDate,
    pub due_on: NaiveDate,
    pub overdue: bool,
    /// The invoice that this one corrects.
    pub replaces: Option<ReplacedInvoice>,
    /// The invoice that was issued in its place; then this one is credited.
    pub replaced_by_invoice_id: Option<InvoiceId>,
    /// How many reminders have fallen due by the organization's `reminder_days`.
    pub reminder_level: i16,
    /// The day of the last of them.
    pub reminded_on: Option<NaiveDate>,
    /// What paying early earns by the invoice's terms.
    pub early_payment_discount: Option<EarlyPaymentDiscount>,
    /// From `external_ids.faktur_pajak`.
    pub fiscal_documents: Vec<FiscalDocument>,
    pub external_ids: BTreeMap<String, String>,
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What is known of them is the number that somebody has filed under their scheme.
fn fiscal_documents(external_ids: &BTreeMap<String, String>) -> Vec<FiscalDocument> {
    let document = |number: &String| FiscalDocument {
        scheme: FAKTUR_PAJAK.to_owned(),
        number: Some(number.clone()),
        status: "issued".to_owned(),
        issued_on: None,
    };
    external_ids.get(FAKTUR_PAJAK).map(document).into_iter().collect()
}

/// What settles an invoice beside money.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InvoiceAdjustment {
    pub payment_id: PaymentId,
    pub kind: AdjustmentKind,
    pub amount: Amount,
    pub reference: Option<String>,
}

/// What may be deducted for paying early.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EarlyPaymentDiscount {
    pub percent: Percent,
    /// The last day on which the money earns it.
    pub until_on: NaiveDate,
    /// What is granted where all that is still owed is settled by one payment in time, beside what was deducted before.
    pub amount: Amount,
}

impl EarlyPaymentDiscount {
    /// None where the terms have none, or on what is owed it comes to nothing.
    fn of(invoice: &Invoice, standing: &[Standing]) -> Option<Self> {
        let own = standing.iter().filter(|standing| standing.invoice_id == Some(invoice.id));
        let offer = Offer::of(&invoice.document.payment_terms, invoice.issued_on)?.beside(own);
        let amount = offer.on(invoice.balance().due(), invoice.currency);
        (amount > Decimal::ZERO).then_some(Self { percent: Percent(offer.percent), until_on: offer.until_on, amount: Amount(amount) })
    }
}

/// The invoice as a tax authority knows it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FiscalDocument {
    #[schema(example = "faktur_pajak")]
    pub scheme: String,
    pub number: Option<String>,
    pub status: String,
    pub issued_on: Option<NaiveDate>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InvoiceLineBody {
    pub id: InvoiceLineId,
    pub line_number: i16,
    pub order_id: OrderId,
    /// Null of a prepayment and its deduction.
    pub order_line_id: Option<OrderLineId>,
    /// The invoice whose prepayment this line asks for (this one) or deducts, with a negative amount.
    pub prepayment_invoice_id: Option<InvoiceId>,
    /// Where the units came from; null for services and for what is invoiced before it ships.
    pub shipment_id: Option<ShipmentId>,
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
    /// Its share of `discount_total`; not inside `net_amount`.
    pub order_discount_amount: Amount,
    pub tax_category: String,
    pub tax_scheme_category: String,
    pub tax_rate: Rate,
    pub base_fraction: BaseFraction,
    pub tax_amount: Amount,
    /// Units on credit notes. A prepayment and its deduction are credited by amount: 1 once all of it is.
    pub credited_quantity: Quantity,
    pub customer_sku: Option<String>,
    pub external_line_id: Option<String>,
}

impl From<&InvoiceLine> for InvoiceLineBody {
    fn from(line: &InvoiceLine) -> Self {
        Self {
            id: line.id,
            line_number: line.line_number,
            order_id: line.order_id,
            order_line_id: line.order_line_id,
            prepayment_invoice_id: line.prepayment_invoice_id,
            shipment_id: line.shipment_id,
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
            credited_quantity: Quantity(line.credited_quantity),
            customer_sku: line.detail.customer_sku.clone(),
            external_line_id: line.detail.external_line_id.clone(),
        }
    }
}

impl InvoiceBody {
    /// `today` is the organization's date; `adjustments` are all that stand on the invoice, and `standing` has what does where its
    /// terms grant a discount.
    pub fn of(invoice: &Invoice, today: NaiveDate, adjustments: Vec<InvoiceAdjustment>, standing: &[Standing]) -> Self {
        let document = &invoice.document;
        Self {
            id: invoice.id,
            kind: invoice.kind,
            number: invoice.number.clone(),
            series: invoice.series.clone(),
            status: invoice.status(),
            customer_id: invoice.customer_id,
            seller: document.seller.clone(),
            bill_to: document.bill_to.clone(),
            ship_to: document.ship_to.clone(),
            orders: document.orders.clone(),
            buyer_reference: document.buyer_reference.clone(),
            payment_terms: document.payment_terms.clone(),
            payment_means: document.payment_means.clone(),
            currency: invoice.currency,
            exchange_rate: invoice.exchange_rate.map(ExchangeRate),
            base_currency: document.base_currency,
            prices_include_tax: document.prices_include_tax,
            lines: invoice.lines.iter().map(InvoiceLineBody::from).collect(),
            subtotal: Amount(invoice.subtotal),
            discount_total: Amount(invoice.discount_total),
            shipping_net: Amount(invoice.shipping_net),
            shipping_tax: Amount(invoice.shipping_tax),
            tax_breakdown: document.tax_breakdown.clone(),
            tax_total: Amount(invoice.tax_total),
            tax_total_base_currency: document.tax_total_base_currency,
            rounding_amount: Amount(invoice.rounding_amount),
            total: Amount(invoice.total),
            total_base_currency: invoice.exchange_rate.map(|rate| Amount(document.base_currency.round(invoice.total * rate))),
            amount_credited: Amount(invoice.amount_credited),
            amount_paid: Amount(invoice.amount_paid),
            amount_adjusted: Amount(invoice.currency.round(adjustments.iter().map(|adjustment| adjustment.amount.0).sum())),
            adjustments,
            amount_due: Amount(invoice.balance().due()),
            supply_on: invoice.supply_on,
            issued_on: invoice.issued_on,
            due_on: invoice.due_on,
            overdue: invoice.is_overdue(today),
            replaces: document.replaces.clone(),
            replaced_by_invoice_id: invoice.replaced_by_invoice_id,
            reminder_level: invoice.reminder_level,
            reminded_on: invoice.reminded_on,
            early_payment_discount: EarlyPaymentDiscount::of(invoice, standing),
            fiscal_documents: fiscal_documents(&invoice.external_ids),
            external_ids: invoice.external_ids.clone(),
            metadata: invoice.metadata.clone(),
            version: invoice.version,
            created_at: invoice.created_at,
            updated_at: invoice.updated_at,
        }
    }
}
