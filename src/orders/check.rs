//! What can be said of a new order without looking anything up: all value faults at once.

use super::body::{InlineCustomer, NewOrder, NewOrderLine};
use super::coupons::is_of_coupon;
use super::discount::Discount;
use super::given_tax;
use super::pricing::Pricing;
use crate::catalog::coupons::body::canonical;
use crate::platform::limits;
use crate::types::fault::{Fault, Faults};
use crate::types::text::{
    check_code, check_email, check_external_ids, check_metadata, check_optional_prose, check_optional_text, check_text,
};
use rust_decimal::Decimal;
use serde_json::Map;
use std::collections::BTreeMap;

impl NewOrder {
    /// An order that a shop has priced, of somebody without an account, with nothing else in it yet.
    pub fn of_guest(customer: InlineCustomer) -> Self {
        Self {
            channel: None,
            external_id: None,
            customer_id: None,
            customer_code: None,
            customer: Some(customer),
            bill_to_customer_id: None,
            currency: None,
            ordered_at: None,
            pricing: Some(Pricing::AsGiven),
            prices_include_tax: false,
            lines: vec![],
            discounts: vec![],
            coupon_codes: vec![],
            shipping_address: None,
            ship_to_address_code: None,
            billing_address: None,
            shipping: None,
            payments: vec![],
            payment_terms: None,
            requested_on: None,
            sales_rep: None,
            purchase_order_number: None,
            buyer_reference: None,
            contact: None,
            delivery_instructions: None,
            reservation_id: None,
            on_shortage: None,
            delivery_rule: None,
            priority: None,
            draft: false,
            note: None,
            external_ids: BTreeMap::new(),
            metadata: Map::new(),
            buyers_prices: false,
        }
    }

    /// Faults of form and range.
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        self.check_lines(&mut faults);
        self.check_customer(&mut faults);
        if let Some(channel) = &self.channel {
            check_code(&mut faults, "/channel", channel);
        }
        for (pointer, text, max) in [
            ("/external_id", &self.external_id, 255),
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
            faults.require(shipping.amount.0 >= Decimal::ZERO, "/shipping/amount", "out_of_range", "must not be negative");
            let computed = self.pricing() == Pricing::Computed;
            faults.require(
                !(computed && shipping.tax_amount.is_some()),
                "/shipping/tax_amount",
                "only_as_given",
                "tax is computed here; give it only with pricing as_given",
            );
            let (has_tax, name) = (shipping.tax_amount.is_some(), shipping.tax_name.as_deref());
            given_tax::check(&mut faults, "/shipping", has_tax, shipping.tax_rate, name);
            check_optional_text(&mut faults, "/shipping/method", shipping.method.as_deref(), 100);
        }
        faults.require(self.discounts.len() <= 20, "/discounts", "too_many_items", "at most 20 discounts");
        self.check_coupons(&mut faults);
        check_priority(&mut faults, self.priority);
        faults.require(self.payments.len() <= 20, "/payments", "too_many_items", "at most 20 payments");
        for (i, payment) in self.payments.iter().enumerate() {
            faults.require(payment.amount.0 > Decimal::ZERO, format!("/payments/{i}/amount"), "out_of_range", "must be above 0");
            check_optional_text(&mut faults, &format!("/payments/{i}/reference"), payment.reference.as_deref(), 255);
        }
        faults.require(!(self.draft && self.reservation_id.is_some()), "/reservation_id", "not_for_drafts", "a draft promises no stock");
        check_external_ids(&mut faults, "/external_ids", &self.external_ids);
        check_metadata(&mut faults, "/metadata", &self.metadata);
        faults.into_result()
    }

    fn check_lines(&self, faults: &mut Faults) {
        if self.lines.is_empty() {
            faults.add("/lines", "required", "an order has at least one line");
        }
        if self.lines.len() > limits::ORDER_LINES {
            let detail = format!("at most {} lines; this has {}", limits::ORDER_LINES, self.lines.len());
            faults.add("/lines", "too_many_items", detail);
            return;
        }
        for (i, line) in self.lines.iter().enumerate() {
            line.check(faults, i, self.pricing());
        }
    }

    fn check_coupons(&self, faults: &mut Faults) {
        check_coupon_codes(faults, &self.coupon_codes);
        let given_prices = self.pricing() == Pricing::AsGiven && !self.coupon_codes.is_empty();
        faults.require(!given_prices, "/coupon_codes", "only_computed", COUPONS_TAKEN_OFF);
        if self.coupon_codes.is_empty() {
            return;
        }
        let codes: Vec<String> = self.coupon_codes.iter().map(|code| canonical(code)).collect();
        let mut check = |discounts: &[Discount], pointer: &str| {
            for (i, discount) in discounts.iter().enumerate() {
                faults.require(!is_of_coupon(discount, &codes), format!("{pointer}/discounts/{i}/code"), "code_of_coupon", CODE_OF_COUPON);
            }
        };
        check(&self.discounts, "");
        for (i, line) in self.lines.iter().enumerate() {
            check(&line.discounts, &format!("/lines/{i}"));
        }
    }

    fn check_customer(&self, faults: &mut Faults) {
        let named = [self.customer_id.is_some(), self.customer_code.is_some(), self.customer.is_some()];
        if named.iter().filter(|given| **given).count() != 1 {
            faults.add("/customer_id", "exactly_one_of", "say who buys by exactly one of customer_id, customer_code and customer");
        }
        if let Some(customer) = &self.customer {
            check_text(faults, "/customer/name", &customer.name, 200);
            check_optional_text(faults, "/customer/phone", customer.phone.as_deref(), 50);
            if let Some(email) = &customer.email {
                check_email(faults, "/customer/email", email);
            }
        }
    }

    pub fn pricing(&self) -> Pricing {
        self.pricing.unwrap_or(Pricing::Computed)
    }

    /// Whether it asks for something that wants the scope `orders:price`.
    pub fn sets_own_terms(&self) -> bool {
        self.pricing() == Pricing::AsGiven
            // Our prices would be paid with the tax inside that belongs on top.
            || self.prices_include_tax
            || self.payment_terms.is_some()
            || self.sales_rep.is_some()
            || self.priority.is_some_and(|priority| priority != 0)
            || !self.discounts.is_empty()
            || self.lines.iter().any(|line| line.unit_price.is_some() || !line.discounts.is_empty())
    }
}

/// Why an order with given prices has no coupons.
pub(super) const COUPONS_TAKEN_OFF: &str = "with pricing as_given the shop has taken its coupons off: send them as discounts";

/// Why no other discount bears the code of one of the order's coupons.
pub(super) const CODE_OF_COUPON: &str = "the coupon of this code gives its discount by itself; leave this one out, or give it another code";

/// Few enough codes, each once.
pub(super) fn check_coupon_codes(faults: &mut Faults, codes: &[String]) {
    faults.require(codes.len() <= limits::ORDER_COUPONS, "/coupon_codes", "too_many_items", "at most 10 coupons");
    for (i, code) in codes.iter().enumerate().take(limits::ORDER_COUPONS) {
        check_code(faults, &format!("/coupon_codes/{i}"), code);
        let again = codes[..i].iter().any(|earlier| earlier.eq_ignore_ascii_case(code));
        faults.require(!again, format!("/coupon_codes/{i}"), "duplicate_code", "name each coupon once");
    }
}

/// As people rank orders: a hundred steps either way are more than they can tell apart.
pub(super) fn check_priority(faults: &mut Faults, priority: Option<i32>) {
    let fits = priority.is_none_or(|priority| (-100..=100).contains(&priority));
    faults.require(fits, "/priority", "out_of_range", "-100 to 100");
}

impl NewOrderLine {
    fn check(&self, faults: &mut Faults, i: usize, pricing: Pricing) {
        let at = |field: &str| format!("/lines/{i}/{field}");
        check_code(faults, &at("sku"), &self.sku);
        let quantity = self.quantity.0;
        faults.require(quantity > Decimal::ZERO, at("quantity"), "out_of_range", "must be above 0");
        faults.require(quantity <= Decimal::from(limits::MAX_QUANTITY), at("quantity"), "out_of_range", "at most 1,000,000,000");
        if let Some(price) = self.unit_price {
            faults.require(price.0 >= Decimal::ZERO, at("unit_price"), "out_of_range", "must not be negative");
            faults.require(
                price.0 < Decimal::from(1_000_000_000_000i64),
                at("unit_price"),
                "out_of_range",
                "at most 12 digits before the point",
            );
        }
        if pricing == Pricing::AsGiven {
            faults.require(self.unit_price.is_some(), at("unit_price"), "required", "pricing as_given keeps the shop's price: give it");
        } else {
            faults.require(
                self.tax_amount.is_none(),
                at("tax_amount"),
                "only_as_given",
                "tax is computed here; give it only with pricing as_given",
            );
        }
        if let Some(tax) = self.tax_amount {
            faults.require(tax.0 >= Decimal::ZERO, at("tax_amount"), "out_of_range", "must not be negative");
        }
        given_tax::check(faults, &format!("/lines/{i}"), self.tax_amount.is_some(), self.tax_rate, self.tax_name.as_deref());
        faults.require(self.discounts.len() <= 20, at("discounts"), "too_many_items", "at most 20 discounts");
        check_optional_text(faults, &at("external_line_id"), self.external_line_id.as_deref(), 255);
        check_optional_text(faults, &at("customer_sku"), self.customer_sku.as_deref(), 100);
        check_external_ids(faults, &at("external_ids"), &self.external_ids);
        check_metadata(faults, &at("metadata"), &self.metadata);
    }
}
