//! What has happened and is to be booked, as plain values.

use crate::payments::payment::PaymentMethod;
use crate::payments::settlement::Settlement;
use crate::types::currency::Currency;
use crate::types::id::{CustomerId, InvoiceId, OrderId, PaymentAllocationId, PaymentId, RefundId};
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

/// An invoice or a credit note, with the sums that its lines and taxes have by category.
#[derive(Clone, Debug)]
pub struct Billed {
    pub id: Uuid,
    pub number: String,
    /// The invoice itself, or the one that a credit note takes back.
    pub invoice_id: InvoiceId,
    pub order_id: OrderId,
    pub customer_id: CustomerId,
    pub currency: Currency,
    pub exchange_rate: Option<Decimal>,
    pub shipping_net: Decimal,
    pub rounding_amount: Decimal,
    pub total: Decimal,
    pub issued_on: NaiveDate,
    pub created_at: DateTime<Utc>,
    pub sales: Vec<Sales>,
    pub taxes: Vec<Tax>,
}

/// What a document sold in one tax category.
#[derive(Clone, Debug)]
pub struct Sales {
    pub tax_category: String,
    /// After line discounts.
    pub net_amount: Decimal,
    /// Its share of the order's discounts.
    pub discount_amount: Decimal,
    /// Nothing is sold yet: money that is asked for in advance, or its deduction.
    pub is_prepayment: bool,
}

/// A row of a document's tax breakdown.
#[derive(Clone, Debug)]
pub struct Tax {
    pub tax_category: String,
    pub rate: Decimal,
    pub amount: Decimal,
}

/// A payment as far as entries need it.
#[derive(Clone, Debug)]
pub struct Paid {
    pub id: PaymentId,
    pub number: String,
    pub order_id: Option<OrderId>,
    pub customer_id: Option<CustomerId>,
    pub currency: Currency,
    pub method: PaymentMethod,
    /// The rate of its capture.
    pub exchange_rate: Option<Decimal>,
}

/// Money of a payment that arrived and is not booked yet.
#[derive(Clone, Debug)]
pub struct Capture {
    pub amount: Decimal,
    pub received_on: NaiveDate,
    pub at: DateTime<Utc>,
}

/// A row that puts money of a payment on a document or takes it off.
#[derive(Clone, Debug)]
pub struct Applied {
    pub id: PaymentAllocationId,
    pub order_id: OrderId,
    pub invoice_id: Option<InvoiceId>,
    /// Of the invoice.
    pub invoice_rate: Option<Decimal>,
    pub settles: Settlement,
    pub at: DateTime<Utc>,
}

/// Money that went back.
#[derive(Clone, Debug)]
pub struct Refunded {
    pub id: RefundId,
    pub number: String,
    pub order_id: Option<OrderId>,
    /// Below 0 where it has failed and is booked back.
    pub amount: Decimal,
    pub has_failed: bool,
    /// On the day of the refund.
    pub exchange_rate: Option<Decimal>,
    pub posted_on: NaiveDate,
    pub at: DateTime<Utc>,
}

/// Goods that came or went, at cost in base currency.
#[derive(Clone, Debug)]
pub struct Moved {
    pub id: i64,
    pub kind: MovedKind,
    /// The shipment, return or stock change.
    pub subject_id: Uuid,
    pub reference: Option<String>,
    /// Signed change of what is on hand, base unit.
    pub quantity: Decimal,
    pub unit_cost: Option<Decimal>,
    /// When it is booked.
    pub posted_on: NaiveDate,
    pub at: DateTime<Utc>,
}

/// Why goods moved, as far as books care.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MovedKind {
    Shipment,
    Return,
    /// Count, correction, snapshot, scrap.
    Adjustment,
}
