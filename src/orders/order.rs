//! The order as a whole: header, lines, holds, fulfillment orders. Every use case loads it under its row lock, changes it in
//! memory by the moves of its parts, lets [`Order::settle`] derive what follows, and has it saved as a difference.

use super::delivery;
use super::discount::Discount;
use super::hold::Hold;
use super::milestones::{Milestones, Money};
use super::pricing::Pricing;
use super::quantities::LineQuantities;
use super::status::{self, FulfillmentStatus, InvoiceStatus, OrderStatus, PaymentStatus, ReturnStatus};
use super::tax::TaxGroup;
use super::valuation::{self, InvoicedPart, Portion, ValuedDocument, ValuedLine, ValuedShipping};
use crate::catalog::product_kind::ProductKind;
use crate::fulfillment::fulfillment_order::FulfillmentOrder;
use crate::types::address::{Address, Contact};
use crate::types::currency::Currency;
use crate::types::decimal::{Amount, Quantity};
use crate::types::id::{CustomerId, FulfillmentOrderId, OrderId, OrderLineId, OrganizationId};
use crate::types::text_enum::text_enum;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

text_enum! {
    /// What happens when stock is short at capture.
    pub enum OnShortage {
        /// 409, and nothing is stored.
        Refuse = "refuse",
        /// Stored and held until somebody decides.
        Hold = "hold",
        /// What is short waits for supply.
        Backorder = "backorder",
    }
}

text_enum! {
    /// How much must be ready before anything ships.
    pub enum DeliveryRule {
        Partial = "partial",
        CompleteLine = "complete_line",
        CompleteOrder = "complete_order",
    }
}

/// A customer as the order keeps him, whatever he is called later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CustomerSnapshot {
    pub id: CustomerId,
    #[schema(example = "C-TOKO-SUMBER")]
    pub code: Option<String>,
    #[schema(example = "Toko Sumber Rejeki")]
    pub name: String,
}

/// What of an order is written once and changed only by an edit. `store::shown` copies the parts that an order shows out of the
/// stored text: a member that is added to one of them later is missing in the orders of before, unless a migration adds it there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    pub customer: CustomerSnapshot,
    pub bill_to: CustomerSnapshot,
    pub email: Option<String>,
    pub pricing: Pricing,
    pub prices_include_tax: bool,
    /// Those of coupons included.
    pub discounts: Vec<Discount>,
    /// In upper case.
    #[serde(default)]
    pub coupon_codes: Vec<String>,
    /// The member state whose VAT number the buyer had when the order was taxed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buyer_vat_state: Option<String>,
    pub shipping_method: Option<String>,
    pub shipping_tax: Amount,
    /// Place in `tax_breakdown` of the group that shipping is taxed in; none without shipping.
    pub shipping_tax_group: Option<usize>,
    pub tax_breakdown: Vec<TaxGroup>,
    pub shipping_address: Option<Address>,
    pub billing_address: Option<Address>,
    pub payment_terms: String,
    /// The order may be invoiced before it ships.
    pub prepaid: bool,
    pub requested_on: Option<NaiveDate>,
    pub on_shortage: OnShortage,
    pub delivery_rule: DeliveryRule,
}

/// What people may change at any time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<Contact>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buyer_reference: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery_instructions: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub external_ids: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub metadata: serde_json::Map<String, serde_json::Value>,
    /// Imported with given dates and states.
    #[serde(default)]
    pub historical: bool,
    /// Higher gives way later.
    #[serde(default)]
    pub priority: i32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cancellations: Vec<Cancellation>,
    /// What credit notes have taken back of prepayments, without what they gave back of their deductions: it is to be invoiced again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prepayments_credited: Option<Amount>,
    /// The shipping is on an invoice of its own, since all goods came back before they were invoiced.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shipping_invoiced: bool,
    /// A return has waived the shipping before it was invoiced: it never will be.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shipping_waived: bool,
    /// How many fulfillment orders and shipments have been numbered.
    #[serde(default)]
    pub fulfillment_orders: u32,
    #[serde(default)]
    pub shipments: u32,
}

impl Detail {
    /// Counts what a credit note takes back of a prepayment, or gives back of a deduction where it is negative.
    pub fn credit_prepayment(&mut self, amount: Decimal) {
        let sum = self.prepayments_credited.map_or(Decimal::ZERO, |known| known.0) + amount;
        self.prepayments_credited = (!sum.is_zero()).then_some(Amount(sum));
    }
}

text_enum! {
    /// Why something is cancelled. `out_of_stock` stays in the demand of fill rates; the others are the customer's.
    pub enum CancelCode {
        CustomerRequest = "customer_request",
        OutOfStock = "out_of_stock",
        Duplicate = "duplicate",
        Fraud = "fraud",
        PricingError = "pricing_error",
        PaymentFailed = "payment_failed",
    }
}

/// What was cancelled when, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Cancellation {
    pub at: DateTime<Utc>,
    pub by: String,
    pub code: CancelCode,
    pub detail: Option<String>,
    pub lines: Vec<CancelledLine>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CancelledLine {
    pub order_line_id: OrderLineId,
    pub quantity: Quantity,
}

/// What of a line is neither filtered nor summed by SQL.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineDetail {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub discounts: Vec<Discount>,
    pub gross_amount: Amount,
    pub order_discount_amount: Amount,
    pub tax_group: usize,
    pub quantity_scale: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_line_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_sku: Option<String>,
    /// Units cancelled because there was no stock: they stay in the demand of fill rates.
    #[serde(default, skip_serializing_if = "Decimal::is_zero")]
    pub cancelled_out_of_stock: Decimal,
    /// [`LineQuantities::withheld`], as it is stored.
    #[serde(default, skip_serializing_if = "Decimal::is_zero")]
    pub withheld: Decimal,
    /// [`LineQuantities::waived`], as it is stored.
    #[serde(default, skip_serializing_if = "Decimal::is_zero")]
    pub waived: Decimal,
    /// What was on invoices when the order was last edited: it keeps its amounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoiced: Option<InvoicedPart>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub external_ids: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub metadata: serde_json::Map<String, serde_json::Value>,
}

/// One line. Quantities in `unit`, of which one holds `unit_factor` base units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderLine {
    pub id: OrderLineId,
    pub line_number: i16,
    pub sku: String,
    pub name: String,
    pub kind: ProductKind,
    pub unit: String,
    pub unit_factor: Decimal,
    pub quantities: LineQuantities,
    pub original_quantity: Decimal,
    pub initially_allocated: Decimal,
    pub unit_price: Decimal,
    pub price_quantity: Decimal,
    pub discount_amount: Decimal,
    pub net_amount: Decimal,
    pub tax_category: String,
    pub tax_rate: Decimal,
    pub tax_amount: Decimal,
    pub requested_on: Option<NaiveDate>,
    pub first_promised_on: Option<NaiveDate>,
    pub promised_on: Option<NaiveDate>,
    pub detail: LineDetail,
}

impl OrderLine {
    pub fn is_stocked(&self) -> bool {
        self.kind == ProductKind::Stocked
    }

    /// An edit has taken it off the order; it only keeps its number.
    pub fn is_removed(&self) -> bool {
        self.quantities.quantity.is_zero()
    }

    /// The smallest quantity that can be promised of it, in base units.
    pub fn step(&self) -> Decimal {
        self.unit_factor * Decimal::new(1, self.detail.quantity_scale)
    }

    /// The detail as it is to be stored, with the quantities that have no column of their own.
    pub fn stored_detail(&self) -> LineDetail {
        LineDetail { withheld: self.quantities.withheld, waived: self.quantities.waived, ..self.detail.clone() }
    }
}

/// An order with everything that is decided together with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub organization_id: OrganizationId,
    pub id: OrderId,
    pub number: String,
    pub version: i64,
    pub status: OrderStatus,
    pub fulfillment_status: FulfillmentStatus,
    pub invoice_status: InvoiceStatus,
    pub payment_status: PaymentStatus,
    pub return_status: ReturnStatus,
    pub channel: String,
    pub external_id: Option<String>,
    pub customer_id: CustomerId,
    pub bill_to_customer_id: CustomerId,
    pub currency: Currency,
    pub subtotal: Decimal,
    pub discount_total: Decimal,
    pub shipping_net: Decimal,
    pub tax_total: Decimal,
    pub total: Decimal,
    pub amount_invoiced: Decimal,
    pub amount_credited: Decimal,
    /// Captured money applied to this order and its invoices, less what went back.
    pub amount_paid: Decimal,
    pub amount_refunded: Decimal,
    pub amount_authorized: Decimal,
    /// Value of what is neither cancelled nor invoiced.
    pub uninvoiced_total: Decimal,
    pub document: Document,
    pub detail: Detail,
    pub milestones: Milestones,
    pub sales_rep: Option<String>,
    pub purchase_order_number: Option<String>,
    pub ordered_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub lines: Vec<OrderLine>,
    pub holds: Vec<Hold>,
    pub fulfillment_orders: Vec<FulfillmentOrder>,
}

impl Order {
    pub fn line(&self, id: OrderLineId) -> Option<&OrderLine> {
        self.lines.iter().find(|line| line.id == id)
    }

    pub fn line_mut(&mut self, id: OrderLineId) -> Option<&mut OrderLine> {
        self.lines.iter_mut().find(|line| line.id == id)
    }

    pub fn fulfillment_order(&self, id: FulfillmentOrderId) -> Option<&FulfillmentOrder> {
        self.fulfillment_orders.iter().find(|fulfillment_order| fulfillment_order.id == id)
    }

    pub fn fulfillment_order_mut(&mut self, id: FulfillmentOrderId) -> Option<&mut FulfillmentOrder> {
        self.fulfillment_orders.iter_mut().find(|fulfillment_order| fulfillment_order.id == id)
    }

    /// Holds that are not released.
    pub fn open_holds(&self) -> impl Iterator<Item = &Hold> {
        self.holds.iter().filter(|hold| hold.released_at.is_none())
    }

    /// Counts anew what is picked and packed of each line: that of its allocations, less what has left.
    pub fn count_progress(&mut self) {
        for line in &mut self.lines {
            let mine = self.fulfillment_orders.iter().flat_map(|f| &f.lines).filter(|a| a.line_number == line.line_number);
            (line.quantities.picked, line.quantities.packed) = mine.fold((Decimal::ZERO, Decimal::ZERO), |(picked, packed), allocation| {
                (picked + allocation.picked - allocation.shipped, packed + allocation.packed - allocation.shipped)
            });
        }
    }

    /// The number of the next fulfillment order: the order's, with a suffix that is never used twice.
    pub fn next_fulfillment_order_number(&mut self) -> String {
        self.detail.fulfillment_orders += 1;
        format!("{}-F{}", self.number, self.detail.fulfillment_orders)
    }

    /// The number of the next shipment.
    pub fn next_shipment_number(&mut self) -> String {
        self.detail.shipments += 1;
        format!("{}-S{}", self.number, self.detail.shipments)
    }

    /// The order's amounts for [`valuation::value`].
    pub fn valued(&self) -> ValuedDocument {
        let shipping = |tax_group| ValuedShipping { net: self.shipping_net, tax: self.document.shipping_tax.0, tax_group };
        ValuedDocument {
            currency: self.currency,
            pricing: self.document.pricing,
            lines: self
                .lines
                .iter()
                .map(|line| ValuedLine {
                    quantity: line.quantities.quantity,
                    discount_amount: line.discount_amount,
                    net_amount: line.net_amount,
                    order_discount_amount: line.detail.order_discount_amount.0,
                    tax_amount: line.tax_amount,
                    tax_group: line.detail.tax_group,
                    invoiced: line.detail.invoiced,
                })
                .collect(),
            shipping: self.document.shipping_tax_group.map(shipping),
            tax_breakdown: self.document.tax_breakdown.clone(),
        }
    }

    /// The value of given quantities of each line, from nothing up to there; with the shipping where there is any, or it is invoiced.
    pub fn value_of(&self, quantities: impl Fn(&OrderLine) -> Decimal) -> Portion {
        self.value_with(quantities, self.detail.shipping_invoiced)
    }

    /// As [`Self::value_of`], of what is charged once goods have left: the shipping is, though all of them came back.
    pub fn charged(&self, quantities: impl Fn(&OrderLine) -> Decimal) -> Portion {
        let left = self.lines.iter().any(|line| line.quantities.shipped > Decimal::ZERO);
        self.value_with(quantities, left || self.detail.shipping_invoiced)
    }

    fn value_with(&self, quantities: impl Fn(&OrderLine) -> Decimal, ships: bool) -> Portion {
        let quantities: Vec<Decimal> = self.lines.iter().map(quantities).collect();
        valuation::value_with(&self.valued(), &quantities, |any| (any || ships) && !self.detail.shipping_waived)
    }

    /// Whether there is shipping that is on no invoice, and was not waived.
    pub fn shipping_is_open(&self) -> bool {
        let is_invoiced = self.detail.shipping_invoiced || self.lines.iter().any(|line| line.quantities.invoiced > Decimal::ZERO);
        let nothing = self.shipping_net.is_zero() && self.document.shipping_tax.0.is_zero();
        !(is_invoiced || nothing || self.detail.shipping_waived)
    }

    /// Whether the shipping is all that is left to invoice: goods have left, and all came back before they were invoiced.
    pub fn only_shipping_is_open(&self) -> bool {
        let came_back = self.lines.iter().all(|line| line.quantities.billable().is_zero());
        came_back && self.shipping_is_open() && self.lines.iter().any(|line| line.quantities.shipped > Decimal::ZERO)
    }

    /// What the order is worth without its cancelled units and what came back before it was invoiced.
    pub fn wanted_total(&self) -> Decimal {
        if self.lines.iter().all(|line| line.quantities.cancelled.is_zero() && line.quantities.waived.is_zero()) {
            return self.total;
        }
        self.charged(|line| line.quantities.billable()).total
    }

    /// What is still to be invoiced of the order's goods, whatever of it was asked for in advance. What is on an invoice counts as
    /// invoiced, also where it was cancelled or credited since.
    pub fn to_invoice(&self) -> Portion {
        let all = self.value_of(|line| line.quantities.billable().max(line.quantities.invoiced));
        valuation::difference(&all, &self.value_of(|line| line.quantities.invoiced))
    }

    /// The value of what is neither cancelled nor invoiced, nor asked for in advance.
    pub fn uninvoiced(&self) -> Decimal {
        let again = self.detail.prepayments_credited.map_or(self.currency.zero(), |amount| amount.0);
        (self.wanted_total() - self.amount_invoiced + again).max(self.currency.zero())
    }

    /// What the order is worth now: what is invoiced and not credited, and what is still to be invoiced. Cancelled units are in neither.
    pub fn current_total(&self) -> Decimal {
        self.amount_invoiced - self.amount_credited + self.uninvoiced_total
    }

    /// What the customer still owes for the order, invoiced or not.
    pub fn amount_due(&self) -> Decimal {
        self.current_total() - self.amount_paid
    }

    /// What it counts in its bill-to customer's open orders.
    pub fn open_amount(&self) -> Decimal {
        match self.status {
            OrderStatus::Confirmed | OrderStatus::Completed => self.uninvoiced_total,
            OrderStatus::Draft | OrderStatus::OnHold | OrderStatus::Cancelled => Decimal::ZERO,
        }
    }

    /// Derives everything that follows from quantities, money and holds: values, statuses, milestones. `at` is when the change
    /// took place, which in history is not now.
    pub fn settle(&mut self, at: DateTime<Utc>) {
        self.uninvoiced_total = self.uninvoiced();
        let quantities: Vec<LineQuantities> = self.lines.iter().map(|line| line.quantities).collect();
        self.fulfillment_status = status::fulfillment_status(&quantities);
        self.invoice_status = status::invoice_status(&quantities, self.detail.shipping_invoiced);
        self.return_status = status::return_status(&quantities);
        // Nothing owed is "paid" only where somebody paid, or where nothing was owed from the start.
        let nobody_paid = self.amount_paid.is_zero() && self.amount_refunded.is_zero();
        let due = if nobody_paid { self.total } else { self.current_total() };
        self.payment_status = status::payment_status(self.amount_paid, self.amount_refunded, self.amount_authorized, due);
        let held = self.open_holds().next().is_some();
        let status = match self.status {
            OrderStatus::OnHold if !held => OrderStatus::Confirmed,
            OrderStatus::Confirmed if held => OrderStatus::OnHold,
            status => status,
        };
        self.status = status::order_status(status, &quantities, self.only_shipping_is_open());
        // Nobody decides any more about an order of which nothing is left: its holds are on no work list.
        if self.status == OrderStatus::Cancelled {
            let open = self.holds.iter_mut().filter(|hold| hold.released_at.is_none());
            open.for_each(|hold| hold.release("system", "the order was cancelled", at));
        }
        // A day is promised for all that is open of a line, or for none of it.
        for line in self.lines.iter_mut().filter(|line| line.is_stocked() && !line.quantities.unallocated.is_zero()) {
            line.promised_on = None;
        }
        for i in 0..self.fulfillment_orders.len() {
            if self.fulfillment_orders[i].is_live() {
                let waits = held || delivery::holds_back(self, &self.fulfillment_orders[i]);
                self.fulfillment_orders[i].settle(waits);
            }
        }
        let paid = self.payment_status == PaymentStatus::Paid && self.amount_paid > Decimal::ZERO;
        self.milestones.advance(self.status, &self.lines, if paid { Money::Received } else { Money::Outstanding }, at);
    }

    /// The last date promised for any line.
    pub fn promised_on(&self) -> Option<NaiveDate> {
        self.lines.iter().filter_map(|line| line.promised_on).max()
    }

    pub fn first_promised_on(&self) -> Option<NaiveDate> {
        self.lines.iter().filter_map(|line| line.first_promised_on).max()
    }
}
