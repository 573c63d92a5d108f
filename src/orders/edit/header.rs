//! What an edit makes of the order's header. Amounts come after.

use super::body::EditOrder;
use crate::customers::address_book::CustomerAddress;
use crate::orders::coupons::with_coupons;
use crate::orders::order::Order;
use crate::orders::reference::Reference;
use crate::types::fault::Faults;

/// Writes the header fields that the edit gives.
pub fn change_header(order: &mut Order, edit: &EditOrder, reference: &Reference, faults: &mut Faults) {
    let (document, detail) = (&mut order.document, &mut order.detail);
    if edit.shipping_address.is_some() {
        document.shipping_address.clone_from(&edit.shipping_address);
    }
    if let Some(code) = &edit.ship_to_address_code {
        let customer = reference.account_of(order.customer_id, order.bill_to_customer_id);
        let known = customer.and_then(|customer| customer.addresses.iter().find(|address| &address.code == code));
        faults.require(known.is_some(), "/ship_to_address_code", "unknown_address", "the customer has no address with this code");
        document.shipping_address = known.map(CustomerAddress::to_address);
    }
    if edit.billing_address.is_some() {
        document.billing_address.clone_from(&edit.billing_address);
    }
    if let Some(requested_on) = edit.requested_on {
        for line in order.lines.iter_mut().filter(|line| line.requested_on == document.requested_on) {
            line.requested_on = Some(requested_on);
        }
        document.requested_on = Some(requested_on);
    }
    if let Some(code) = &edit.payment_terms {
        match reference.company.payment_term(code) {
            Some(terms) => (document.payment_terms, document.prepaid) = (code.clone(), terms.prepayment),
            None => faults.add("/payment_terms", "unknown_payment_terms", "no payment terms with this code"),
        }
    }
    document.on_shortage = edit.on_shortage.unwrap_or(document.on_shortage);
    document.delivery_rule = edit.delivery_rule.unwrap_or(document.delivery_rule);
    detail.priority = edit.priority.unwrap_or(detail.priority);
    if let Some(discounts) = &edit.discounts {
        document.discounts = with_coupons(discounts, &document.discounts, &document.coupon_codes);
    }
    if let Some(method) = edit.shipping.as_ref().and_then(|shipping| shipping.method.as_ref()) {
        document.shipping_method = Some(method.clone());
    }
    let set = |slot: &mut Option<String>, value: &Option<String>| {
        if value.is_some() {
            slot.clone_from(value);
        }
    };
    set(&mut order.sales_rep, &edit.sales_rep);
    set(&mut order.purchase_order_number, &edit.purchase_order_number);
    set(&mut detail.buyer_reference, &edit.buyer_reference);
    set(&mut detail.delivery_instructions, &edit.delivery_instructions);
    set(&mut detail.note, &edit.note);
    if edit.contact.is_some() {
        detail.contact.clone_from(&edit.contact);
    }
}
