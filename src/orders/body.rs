//! The JSON shapes of orders.

use super::discount::Discount;
use super::hold::{Blocks, Hold, HoldCode};
use super::milestones::Milestones;
use super::order::{CustomerSnapshot, DeliveryRule, OnShortage, Order, OrderLine};
use super::pricing::Pricing;
use super::status::{FulfillmentStatus, InvoiceStatus, OrderStatus, PaymentStatus, ReturnStatus};
use super::tax::TaxGroup;
use crate::auth::permission::Role;
use crate::catalog::product_kind::ProductKind;
use crate::fulfillment::fulfillment_order::FulfillmentOrder;
use crate::payments::payment::{PaymentMethod, PaymentStatus as MoneyStatus};
use crate::types::absent::{null_is_default, present};
use crate::types::address::{Address, Contact, PatchContact};
use crate::types::currency::{Currency, rounded};
use crate::types::decimal::{Amount, Quantity, Rate, UnitPrice};
use crate::types::id::{CustomerId, HoldId, OrderId, OrderLineId, ReservationId};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// An order to place. Exactly one of `customer_id`, `customer_code` and `customer` says who buys.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"customer_code": "C-TOKO-SUMBER", "lines": [{"sku": "KOPI-250", "quantity": "3", "external_ids": {"erp": "10"}}, {"sku": "TEH-100", "quantity": "10"}],
    "shipping": {"method": "regular", "amount": "25000.00"}, "delivery_instructions": "Call before delivery", "on_shortage": "backorder"}))]
pub struct NewOrder {
    /// Code of the channel that it comes through.
    #[serde(default)]
    #[schema(default = "direct")]
    pub channel: Option<String>,
    /// The channel's own id; unique within the channel. Sent again it answers the order that is there where the same is asked for, however
    /// that is written (`"2.0"` for `"2"`, a default written out); else 409 `external_id_conflict`.
    #[serde(default)]
    pub external_id: Option<String>,
    #[serde(default)]
    pub customer_id: Option<CustomerId>,
    #[serde(default)]
    pub customer_code: Option<String>,
    #[serde(default)]
    pub customer: Option<InlineCustomer>,
    /// Who pays, where that is another customer.
    #[serde(default)]
    pub bill_to_customer_id: Option<CustomerId>,
    /// ISO 4217; the customer's, else the organization's.
    #[serde(default)]
    pub currency: Option<Currency>,
    /// Now where absent. Within a year, or at any time in the past with the scope `import`.
    #[serde(default)]
    pub ordered_at: Option<DateTime<Utc>>,
    #[serde(default)]
    pub pricing: Option<Pricing>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub prices_include_tax: bool,
    #[schema(min_items = 1, max_items = 1000)]
    pub lines: Vec<NewOrderLine>,
    /// On the whole order, shared over its lines before tax.
    #[serde(default, deserialize_with = "null_is_default")]
    pub discounts: Vec<Discount>,
    /// Codes of `/v1/coupons`, in any case; what they give stands in `discounts` of order or lines, after all others.
    #[serde(default, deserialize_with = "null_is_default")]
    #[schema(max_items = 10)]
    pub coupon_codes: Vec<String>,
    #[serde(default)]
    pub shipping_address: Option<Address>,
    /// Code of one of the customer's addresses.
    #[serde(default)]
    pub ship_to_address_code: Option<String>,
    #[serde(default)]
    pub billing_address: Option<Address>,
    #[serde(default)]
    pub shipping: Option<NewShipping>,
    /// Money that the shop has already taken or authorized.
    #[serde(default, deserialize_with = "null_is_default")]
    pub payments: Vec<NewOrderPayment>,
    #[serde(default)]
    pub payment_terms: Option<String>,
    /// When the buyer wants it: the day of the order or a later one, at most ten years later.
    #[serde(default)]
    pub requested_on: Option<NaiveDate>,
    #[serde(default)]
    pub sales_rep: Option<String>,
    #[serde(default)]
    pub purchase_order_number: Option<String>,
    #[serde(default)]
    pub buyer_reference: Option<String>,
    #[serde(default)]
    pub contact: Option<Contact>,
    #[serde(default)]
    pub delivery_instructions: Option<String>,
    /// A checkout's reservation; its stock becomes this order's.
    #[serde(default)]
    pub reservation_id: Option<ReservationId>,
    #[serde(default)]
    pub on_shortage: Option<OnShortage>,
    #[serde(default)]
    pub delivery_rule: Option<DeliveryRule>,
    /// Where supply is short, the higher one is served first, of equals the older order; 0 by default (scope `orders:price`).
    #[serde(default)]
    #[schema(minimum = -100, maximum = 100)]
    pub priority: Option<i32>,
    /// Stored without promise; confirm it later.
    #[serde(default, deserialize_with = "null_is_default")]
    pub draft: bool,
    #[serde(default)]
    pub note: Option<String>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub external_ids: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub metadata: Map<String, Value>,
    /// Given prices are what the buyer says, not what the seller has sold at: a product that has no price of ours is not sold.
    #[serde(skip)]
    pub buyers_prices: bool,
}

/// A buyer without an account.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InlineCustomer {
    #[schema(example = "Siti Rahma")]
    pub name: String,
    #[serde(default)]
    #[schema(example = "siti@example.com")]
    pub email: Option<String>,
    #[serde(default)]
    pub phone: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrderLine {
    #[schema(example = "KOPI-250")]
    pub sku: String,
    #[schema(example = "3")]
    pub quantity: Quantity,
    /// UN/ECE Rec 20 code or an alias; the product's base unit where absent.
    #[serde(default)]
    pub unit: Option<String>,
    /// An own price (scope `orders:price`), or the shop's with `as_given`.
    #[serde(default)]
    pub unit_price: Option<UnitPrice>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub discounts: Vec<Discount>,
    /// The shop's tax, kept exactly with `as_given`. Where our rules would charge none, or at another rate, the line is taxed as the shop
    /// has taxed it.
    #[serde(default)]
    pub tax_amount: Option<Amount>,
    /// What the rates of the shop's tax add up to; without it the rate is worked out from the amounts (`as_given`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "0.0825")]
    pub tax_rate: Option<Rate>,
    /// What the shop calls its tax; it stands on the documents where the tax is not by our own rates (`as_given`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "CA State Tax, County")]
    pub tax_name: Option<String>,
    /// The order's where absent; the day of the order or a later one.
    #[serde(default)]
    pub requested_on: Option<NaiveDate>,
    #[serde(default)]
    pub external_line_id: Option<String>,
    #[serde(default)]
    pub customer_sku: Option<String>,
    /// What other systems call the line; `external_line_id` is what its channel calls it.
    #[serde(default, deserialize_with = "null_is_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub external_ids: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub metadata: Map<String, Value>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewShipping {
    #[serde(default)]
    #[schema(example = "regular")]
    pub method: Option<String>,
    /// Before tax, unless prices include tax.
    pub amount: Amount,
    #[serde(default)]
    pub tax_amount: Option<Amount>,
    /// As of lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "0.0825")]
    pub tax_rate: Option<Rate>,
    /// As of lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "CA State Tax, County")]
    pub tax_name: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrderPayment {
    pub method: PaymentMethod,
    /// What has become of the money so far; `captured` by default.
    #[serde(default)]
    #[schema(value_type = Option<crate::payments::body::NewPaymentStatus>, default = "captured")]
    pub status: Option<MoneyStatus>,
    pub amount: Amount,
    #[serde(default)]
    pub reference: Option<String>,
}

/// An order.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OrderBody {
    pub id: OrderId,
    #[schema(example = "SO-000123")]
    pub number: String,
    pub status: OrderStatus,
    pub fulfillment_status: FulfillmentStatus,
    pub invoice_status: InvoiceStatus,
    pub payment_status: PaymentStatus,
    pub return_status: ReturnStatus,
    #[schema(example = "direct")]
    pub channel: String,
    pub external_id: Option<String>,
    pub customer: CustomerSnapshot,
    pub bill_to: CustomerSnapshot,
    pub currency: Currency,
    pub pricing: Pricing,
    pub prices_include_tax: bool,
    pub lines: Vec<OrderLineBody>,
    pub holds: Vec<HoldBody>,
    pub discounts: Vec<Discount>,
    /// The coupons that the order holds.
    pub coupon_codes: Vec<String>,
    pub subtotal: Amount,
    pub discount_total: Amount,
    pub shipping_method: Option<String>,
    pub shipping_net: Amount,
    pub shipping_tax: Amount,
    pub tax_total: Amount,
    pub tax_breakdown: Vec<TaxGroup>,
    /// What was ordered, at the agreed prices and with tax: an edit changes it, a cancellation does not.
    pub total: Amount,
    /// What the order is worth now: `amount_invoiced − amount_credited + uninvoiced_total`. Without what was cancelled, credited or came
    /// back; `total` while there is none of that.
    pub current_total: Amount,
    pub amount_invoiced: Amount,
    pub amount_credited: Amount,
    /// Applied to the order and its invoices, without what was refunded.
    pub amount_paid: Amount,
    /// `current_total − amount_paid`; below zero where more is paid than the order is worth.
    pub amount_due: Amount,
    /// What is still to be invoiced: without cancelled units, nothing when all is invoiced.
    pub uninvoiced_total: Amount,
    pub shipping_address: Option<Address>,
    pub billing_address: Option<Address>,
    #[schema(example = "net_30")]
    pub payment_terms: String,
    pub on_shortage: OnShortage,
    pub delivery_rule: DeliveryRule,
    pub requested_on: Option<NaiveDate>,
    pub promised_on: Option<NaiveDate>,
    pub first_promised_on: Option<NaiveDate>,
    pub sales_rep: Option<String>,
    pub purchase_order_number: Option<String>,
    /// Where supply is short, the higher one is served first.
    pub priority: i32,
    pub buyer_reference: Option<String>,
    pub contact: Option<Contact>,
    pub delivery_instructions: Option<String>,
    pub note: Option<String>,
    pub milestones: Milestones,
    pub historical: bool,
    pub version: i64,
    pub ordered_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub external_ids: BTreeMap<String, String>,
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OrderLineBody {
    pub id: OrderLineId,
    pub line_number: i16,
    #[schema(example = "KOPI-250")]
    pub sku: String,
    pub name: String,
    pub kind: ProductKind,
    #[schema(example = "C62")]
    pub unit: String,
    pub quantity: Quantity,
    /// `quantity` in the product's base unit.
    pub base_quantity: Quantity,
    pub original_quantity: Quantity,
    pub unit_price: UnitPrice,
    pub price_quantity: Quantity,
    pub gross_amount: Amount,
    pub discount_amount: Amount,
    pub discounts: Vec<Discount>,
    pub net_amount: Amount,
    pub tax_category: String,
    pub tax_rate: Rate,
    pub tax_amount: Amount,
    pub unallocated_quantity: Quantity,
    pub allocated_quantity: Quantity,
    pub backordered_quantity: Quantity,
    pub picked_quantity: Quantity,
    pub packed_quantity: Quantity,
    pub shipped_quantity: Quantity,
    pub delivered_quantity: Quantity,
    pub cancelled_quantity: Quantity,
    pub invoiced_quantity: Quantity,
    pub credited_quantity: Quantity,
    pub returned_quantity: Quantity,
    /// Where the open part is promised from, and why there.
    pub allocations: Vec<AllocationBody>,
    pub requested_on: Option<NaiveDate>,
    pub first_promised_on: Option<NaiveDate>,
    pub promised_on: Option<NaiveDate>,
    pub external_line_id: Option<String>,
    pub customer_sku: Option<String>,
    pub external_ids: BTreeMap<String, String>,
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AllocationBody {
    #[schema(example = "jakarta-1")]
    pub location: String,
    pub quantity: Quantity,
    #[schema(example = "whole_order")]
    pub reason: Option<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HoldBody {
    pub id: HoldId,
    pub code: HoldCode,
    #[schema(example = "order")]
    pub scope: &'static str,
    pub order_line_id: Option<OrderLineId>,
    pub blocks: Vec<Blocks>,
    #[schema(value_type = Object)]
    pub data: Value,
    pub detail: Option<String>,
    pub releasable_by: Vec<Role>,
    pub raised_at: DateTime<Utc>,
    pub raised_by: String,
    pub released_at: Option<DateTime<Utc>>,
    pub released_by: Option<String>,
    pub release_reason: Option<String>,
}

impl From<Hold> for HoldBody {
    fn from(hold: Hold) -> Self {
        Self {
            id: hold.id,
            code: hold.code,
            scope: if hold.order_line_id.is_some() { "line" } else { "order" },
            order_line_id: hold.order_line_id,
            blocks: hold.code.blocks().to_vec(),
            data: hold.data,
            detail: hold.detail,
            releasable_by: hold.code.releasable_by().to_vec(),
            raised_at: hold.raised_at,
            raised_by: hold.raised_by,
            released_at: hold.released_at,
            released_by: hold.released_by,
            release_reason: hold.release_reason,
        }
    }
}

impl OrderLineBody {
    fn of(line: OrderLine, fulfillment_orders: &[FulfillmentOrder], currency: Currency) -> Self {
        let q = &line.quantities;
        let allocations = fulfillment_orders.iter().flat_map(|f| {
            let mine = f.lines.iter().filter(|a| a.line_number == line.line_number && !a.open().is_zero());
            mine.map(|a| AllocationBody { location: f.location.clone(), quantity: Quantity(a.open()), reason: a.reason.clone() })
        });
        Self {
            id: line.id,
            line_number: line.line_number,
            sku: line.sku,
            name: line.name,
            kind: line.kind,
            unit: line.unit,
            quantity: Quantity(q.quantity),
            base_quantity: Quantity(q.quantity * line.unit_factor),
            original_quantity: Quantity(line.original_quantity),
            unit_price: UnitPrice(line.unit_price),
            price_quantity: Quantity(line.price_quantity),
            gross_amount: Amount(rounded(line.detail.gross_amount.0, currency.minor_units())),
            discount_amount: Amount(line.discount_amount),
            discounts: line.detail.discounts,
            net_amount: Amount(line.net_amount),
            tax_category: line.tax_category,
            tax_rate: Rate(line.tax_rate),
            tax_amount: Amount(line.tax_amount),
            unallocated_quantity: Quantity(q.unallocated),
            allocated_quantity: Quantity(q.allocated),
            backordered_quantity: Quantity(q.backordered),
            picked_quantity: Quantity(q.picked),
            packed_quantity: Quantity(q.packed),
            shipped_quantity: Quantity(q.shipped),
            delivered_quantity: Quantity(q.delivered),
            cancelled_quantity: Quantity(q.cancelled),
            invoiced_quantity: Quantity(q.invoiced),
            credited_quantity: Quantity(q.credited),
            returned_quantity: Quantity(q.returned),
            allocations: allocations.collect(),
            requested_on: line.requested_on,
            first_promised_on: line.first_promised_on,
            promised_on: line.promised_on,
            external_line_id: line.detail.external_line_id,
            customer_sku: line.detail.customer_sku,
            external_ids: line.detail.external_ids,
            metadata: line.detail.metadata,
        }
    }
}

impl From<&Order> for OrderBody {
    fn from(order: &Order) -> Self {
        Self::from(order.clone())
    }
}

impl From<Order> for OrderBody {
    fn from(order: Order) -> Self {
        let (promised_on, first_promised_on) = (order.promised_on(), order.first_promised_on());
        let (current_total, amount_due) = (order.current_total(), order.amount_due());
        let created_at = order.milestones.captured_at.unwrap_or(order.ordered_at);
        let (document, detail) = (order.document, order.detail);
        let line = |line| OrderLineBody::of(line, &order.fulfillment_orders, order.currency);
        Self {
            id: order.id,
            number: order.number,
            status: order.status,
            fulfillment_status: order.fulfillment_status,
            invoice_status: order.invoice_status,
            payment_status: order.payment_status,
            return_status: order.return_status,
            channel: order.channel,
            external_id: order.external_id,
            customer: document.customer,
            bill_to: document.bill_to,
            currency: order.currency,
            pricing: document.pricing,
            prices_include_tax: document.prices_include_tax,
            lines: order.lines.into_iter().map(line).collect(),
            holds: order.holds.into_iter().map(HoldBody::from).collect(),
            discounts: document.discounts,
            coupon_codes: document.coupon_codes,
            subtotal: Amount(order.subtotal),
            discount_total: Amount(order.discount_total),
            shipping_method: document.shipping_method,
            shipping_net: Amount(order.shipping_net),
            shipping_tax: document.shipping_tax,
            tax_total: Amount(order.tax_total),
            tax_breakdown: document.tax_breakdown,
            total: Amount(order.total),
            current_total: Amount(current_total),
            amount_invoiced: Amount(order.amount_invoiced),
            amount_credited: Amount(order.amount_credited),
            amount_paid: Amount(order.amount_paid),
            amount_due: Amount(amount_due),
            uninvoiced_total: Amount(order.uninvoiced_total),
            shipping_address: document.shipping_address,
            billing_address: document.billing_address,
            payment_terms: document.payment_terms,
            on_shortage: document.on_shortage,
            delivery_rule: document.delivery_rule,
            requested_on: document.requested_on,
            promised_on,
            first_promised_on,
            sales_rep: order.sales_rep,
            purchase_order_number: order.purchase_order_number,
            priority: detail.priority,
            buyer_reference: detail.buyer_reference,
            contact: detail.contact,
            delivery_instructions: detail.delivery_instructions,
            note: detail.note,
            milestones: order.milestones,
            historical: detail.historical,
            version: order.version,
            ordered_at: order.ordered_at,
            created_at,
            updated_at: order.updated_at,
            external_ids: detail.external_ids,
            metadata: detail.metadata,
        }
    }
}

/// Header fields to change; absent ones stay, null removes.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"note": "Call before delivery", "metadata": {"campaign": "ramadan"}}))]
pub struct PatchOrder {
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Contact>)]
    pub contact: Option<Option<PatchContact>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub note: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub purchase_order_number: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub buyer_reference: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub delivery_instructions: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub sales_rep: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<BTreeMap<String, Option<String>>>)]
    pub external_ids: Option<Option<BTreeMap<String, Option<String>>>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Map<String, Value>>)]
    pub metadata: Option<Option<Map<String, Value>>>,
}

impl PatchOrder {
    pub fn check(&self) -> Result<(), Vec<crate::types::fault::Fault>> {
        use crate::types::text::{check_external_ids, check_metadata, check_optional_prose, check_optional_text};
        let mut faults = crate::types::fault::Faults::new();
        for (pointer, text, max) in [
            ("/purchase_order_number", &self.purchase_order_number, 100),
            ("/buyer_reference", &self.buyer_reference, 100),
            ("/sales_rep", &self.sales_rep, 100),
        ] {
            check_optional_text(&mut faults, pointer, text.as_ref().and_then(Option::as_deref), max);
        }
        for (pointer, text, max) in [("/note", &self.note, 5000), ("/delivery_instructions", &self.delivery_instructions, 1000)] {
            check_optional_prose(&mut faults, pointer, text.as_ref().and_then(Option::as_deref), max);
        }
        if let Some(Some(contact)) = &self.contact {
            contact.over(Contact::default()).check(&mut faults, "/contact");
        }
        if let Some(Some(ids)) = &self.external_ids {
            let set: BTreeMap<String, String> = ids.iter().filter_map(|(system, id)| id.clone().map(|id| (system.clone(), id))).collect();
            check_external_ids(&mut faults, "/external_ids", &set);
        }
        if let Some(Some(metadata)) = &self.metadata {
            check_metadata(&mut faults, "/metadata", metadata);
        }
        faults.into_result()
    }
}

/// Why an order is held.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Customer asked to wait"}))]
pub struct HoldRequest {
    pub reason: String,
}

/// Why something is cancelled, and what: without lines, all that is still open.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": {"code": "customer_request", "detail": "Ordered twice"}}))]
pub struct CancelRequest {
    pub reason: CancelReason,
    #[serde(default)]
    pub lines: Option<Vec<CancelLine>>,
    /// Answers what would change, and changes nothing.
    #[serde(default, deserialize_with = "null_is_default")]
    pub dry_run: bool,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelReason {
    pub code: super::order::CancelCode,
    #[serde(default)]
    pub detail: Option<String>,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelLine {
    pub order_line_id: OrderLineId,
    /// All that is open of the line where absent.
    #[serde(default)]
    pub quantity: Option<Quantity>,
}
