use crate::orders::check::{check_coupon_codes, check_priority};
use crate::orders::discount::Discount;
use crate::orders::given_tax;
use crate::orders::order::{DeliveryRule, OnShortage};
use crate::platform::limits;
use crate::types::absent::null_is_default;
use crate::types::address::{Address, Contact};
use crate::types::decimal::{Amount, Quantity, Rate, UnitPrice};
use crate::types::fault::{Fault, Faults};
use crate::types::id::OrderLineId;
use crate::types::text::{check_code, check_external_ids, check_metadata, check_optional_prose, check_optional_text};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashSet};
use utoipa::ToSchema;

/// What of an order shall become another. What is absent stays; PATCH removes header fields.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"lines": [{"sku": "TEH-100", "quantity": "2"}], "delivery_instructions": "Ring twice"}))]
pub struct EditOrder {
    /// Lines to add, to change and to remove.
    #[serde(default, deserialize_with = "null_is_default")]
    #[schema(max_items = 1000)]
    pub lines: Vec<EditLine>,
    /// All discounts on the whole order, in place of those that it has (scope `orders:price`).
    #[serde(default)]
    pub discounts: Option<Vec<Discount>>,
    /// All coupons of the order, in place of those that it holds; without them those are judged again where amounts change, and dropped
    /// where they no longer hold.
    #[serde(default)]
    #[schema(max_items = 10, example = json!(["KOPI15"]))]
    pub coupon_codes: Option<Vec<String>>,
    #[serde(default)]
    pub shipping: Option<EditShipping>,
    #[serde(default)]
    pub shipping_address: Option<Address>,
    /// Code of one of the customer's addresses.
    #[serde(default)]
    pub ship_to_address_code: Option<String>,
    #[serde(default)]
    pub billing_address: Option<Address>,
    /// At most a year ago. Also of the lines that were asked for on the order's day.
    #[serde(default)]
    pub requested_on: Option<NaiveDate>,
    /// Scope `orders:price`.
    #[serde(default)]
    pub payment_terms: Option<String>,
    /// Scope `orders:price`.
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
    #[serde(default)]
    pub note: Option<String>,
    /// What becomes of what this edit wants and is short, and of later shortages.
    #[serde(default)]
    pub on_shortage: Option<OnShortage>,
    #[serde(default)]
    pub delivery_rule: Option<DeliveryRule>,
    /// Where supply is short, the higher one is served first, of equals the older order (scope `orders:price`).
    #[serde(default)]
    #[schema(minimum = -100, maximum = 100)]
    pub priority: Option<i32>,
    /// Lines of which nothing is invoiced get the list price and tax of the order's day. Else lines keep the price that was agreed.
    #[serde(default, deserialize_with = "null_is_default")]
    pub reprice: bool,
    /// Answers what would change, and changes nothing.
    #[serde(default, deserialize_with = "null_is_default")]
    pub dry_run: bool,
}

/// A line to add (`sku`), to change, or to remove (`order_line_id`).
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditLine {
    #[serde(default)]
    pub order_line_id: Option<OrderLineId>,
    #[serde(default)]
    #[schema(example = "TEH-100")]
    pub sku: Option<String>,
    /// The line's quantity from now on, with what is shipped and cancelled of it.
    #[serde(default)]
    #[schema(example = "3")]
    pub quantity: Option<Quantity>,
    /// Of a new line: UN/ECE Rec 20 code or an alias; the product's base unit where absent.
    #[serde(default)]
    pub unit: Option<String>,
    /// Scope `orders:price`.
    #[serde(default)]
    pub unit_price: Option<UnitPrice>,
    /// All discounts of the line, in place of those that it has (scope `orders:price`).
    #[serde(default)]
    pub discounts: Option<Vec<Discount>>,
    /// The shop's tax, kept exactly where pricing is `as_given` (scope `orders:price`).
    #[serde(default)]
    pub tax_amount: Option<Amount>,
    /// What the rates of the shop's tax add up to, with `tax_amount`.
    #[serde(default)]
    pub tax_rate: Option<Rate>,
    /// What the shop calls its tax, with `tax_amount`.
    #[serde(default)]
    pub tax_name: Option<String>,
    /// The line keeps its number and stands with quantity 0.
    #[serde(default, deserialize_with = "null_is_default")]
    pub remove: bool,
    #[serde(default)]
    pub requested_on: Option<NaiveDate>,
    #[serde(default)]
    pub external_line_id: Option<String>,
    #[serde(default)]
    pub customer_sku: Option<String>,
    /// All of them, in place of those that the line has.
    #[serde(default)]
    pub external_ids: Option<BTreeMap<String, String>>,
    /// All of it, in place of what the line has.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<Map<String, Value>>,
}

/// The shipping; what is absent of it stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditShipping {
    #[serde(default)]
    #[schema(example = "express")]
    pub method: Option<String>,
    /// Before tax, unless prices include tax.
    #[serde(default)]
    pub amount: Option<Amount>,
    /// The shop's tax, where pricing is `as_given`.
    #[serde(default)]
    pub tax_amount: Option<Amount>,
    /// As of lines.
    #[serde(default)]
    pub tax_rate: Option<Rate>,
    /// As of lines.
    #[serde(default)]
    pub tax_name: Option<String>,
}

impl EditOrder {
    /// Whether it asks for something that wants the scope `orders:price`.
    pub fn sets_own_terms(&self) -> bool {
        self.payment_terms.is_some()
            || self.sales_rep.is_some()
            || self.priority.is_some()
            || self.discounts.is_some()
            || self.lines.iter().any(|line| line.unit_price.is_some() || line.discounts.is_some() || line.tax_amount.is_some())
    }

    /// Faults of form and range.
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        if self.lines.len() > limits::ORDER_LINES {
            faults.add("/lines", "too_many_items", format!("at most {} lines; this has {}", limits::ORDER_LINES, self.lines.len()));
            return faults.into_result();
        }
        let mut seen = HashSet::new();
        for (i, line) in self.lines.iter().enumerate() {
            line.check(&mut faults, i);
            let again = line.order_line_id.is_some_and(|id| !seen.insert(id));
            faults.require(!again, format!("/lines/{i}/order_line_id"), "duplicate_line", "name each line once");
        }
        check_priority(&mut faults, self.priority);
        check_coupon_codes(&mut faults, self.coupon_codes.as_deref().unwrap_or_default());
        for (pointer, text, max) in [
            ("/payment_terms", &self.payment_terms, 64),
            ("/sales_rep", &self.sales_rep, 100),
            ("/purchase_order_number", &self.purchase_order_number, 100),
            ("/buyer_reference", &self.buyer_reference, 100),
        ] {
            check_optional_text(&mut faults, pointer, text.as_deref(), max);
        }
        check_optional_prose(&mut faults, "/delivery_instructions", self.delivery_instructions.as_deref(), 1000);
        check_optional_prose(&mut faults, "/note", self.note.as_deref(), 5000);
        if let Some(address) = &self.shipping_address {
            address.check(&mut faults, "/shipping_address");
        }
        if let Some(address) = &self.billing_address {
            address.check(&mut faults, "/billing_address");
        }
        if self.shipping_address.is_some() && self.ship_to_address_code.is_some() {
            faults.add("/ship_to_address_code", "exactly_one_of", "give shipping_address or ship_to_address_code, not both");
        }
        if let Some(contact) = &self.contact {
            contact.check(&mut faults, "/contact");
        }
        if let Some(shipping) = &self.shipping {
            not_negative(&mut faults, "/shipping/amount", shipping.amount.map(|amount| amount.0));
            not_negative(&mut faults, "/shipping/tax_amount", shipping.tax_amount.map(|amount| amount.0));
            let (has_tax, name) = (shipping.tax_amount.is_some(), shipping.tax_name.as_deref());
            given_tax::check(&mut faults, "/shipping", has_tax, shipping.tax_rate, name);
            check_optional_text(&mut faults, "/shipping/method", shipping.method.as_deref(), 100);
        }
        let discounts = self.discounts.as_deref().unwrap_or_default();
        faults.require(discounts.len() <= 20, "/discounts", "too_many_items", "at most 20 discounts");
        faults.into_result()
    }
}

impl EditLine {
    fn check(&self, faults: &mut Faults, i: usize) {
        let at = |field: &str| format!("/lines/{i}/{field}");
        if self.order_line_id.is_some() == self.sku.is_some() {
            faults.add(at("order_line_id"), "exactly_one_of", "name a line by order_line_id, or give the sku of a new one");
            return;
        }
        if let Some(sku) = &self.sku {
            check_code(faults, &at("sku"), sku);
            faults.require(self.quantity.is_some(), at("quantity"), "required", "say how much of it");
            faults.require(!self.remove, at("remove"), "only_known_lines", "a new line cannot be removed");
        } else {
            faults.require(self.unit.is_none(), at("unit"), "only_new_lines", "a line keeps its unit; remove it and add another");
            let others = self.quantity.is_some() || self.unit_price.is_some() || self.discounts.is_some() || self.tax_amount.is_some();
            faults.require(!(self.remove && others), at("remove"), "exactly_one_of", "remove the line or change it, not both");
        }
        if let Some(Quantity(quantity)) = self.quantity {
            faults.require(quantity > Decimal::ZERO, at("quantity"), "out_of_range", "must be above 0; remove takes a line away");
            faults.require(quantity <= Decimal::from(limits::MAX_QUANTITY), at("quantity"), "out_of_range", "at most 1,000,000,000");
        }
        if let Some(UnitPrice(price)) = self.unit_price {
            faults.require(price >= Decimal::ZERO, at("unit_price"), "out_of_range", "must not be negative");
            let fits = price < Decimal::from(1_000_000_000_000i64);
            faults.require(fits, at("unit_price"), "out_of_range", "at most 12 digits before the point");
        }
        not_negative(faults, &at("tax_amount"), self.tax_amount.map(|amount| amount.0));
        given_tax::check(faults, &format!("/lines/{i}"), self.tax_amount.is_some(), self.tax_rate, self.tax_name.as_deref());
        let discounts = self.discounts.as_deref().unwrap_or_default();
        faults.require(discounts.len() <= 20, at("discounts"), "too_many_items", "at most 20 discounts");
        check_optional_text(faults, &at("external_line_id"), self.external_line_id.as_deref(), 255);
        check_optional_text(faults, &at("customer_sku"), self.customer_sku.as_deref(), 100);
        if let Some(ids) = &self.external_ids {
            check_external_ids(faults, &at("external_ids"), ids);
        }
        if let Some(metadata) = &self.metadata {
            check_metadata(faults, &at("metadata"), metadata);
        }
    }
}

fn not_negative(faults: &mut Faults, pointer: &str, amount: Option<Decimal>) {
    faults.require(amount.is_none_or(|amount| amount >= Decimal::ZERO), pointer, "out_of_range", "must not be negative");
}
