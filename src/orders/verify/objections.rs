//! What speaks against an order.

use crate::auth::actor::Context;
use crate::catalog::product_kind::ProductKind;
use crate::orders::hold::{Hold, HoldCode};
use crate::orders::order::Order;
use crate::orders::pricing::Pricing;
use crate::orders::reference::{Customer, RecentOrder, Reference};
use crate::orders::taxation::{Places, Taxation};
use crate::types::address::Address;
use crate::types::decimal::Amount;
use crate::types::id::OrderLineId;
use rust_decimal::Decimal;
use serde_json::json;

/// What speaks against an order now, as holds that are not raised yet. `price_list` is the one that its buyer is entitled to, `paid`
/// what is captured or authorized for it.
pub fn objections(order: &Order, reference: &Reference, price_list: Option<&str>, paid: Decimal, context: &Context) -> Vec<Hold> {
    let mut holds = vec![];
    let mut raise = |code, line, detail: String, data| holds.push(Hold::raise(code, line, detail, data, &context.actor, context.now));
    let blocked = |id| reference.customer(id).is_some_and(|customer| customer.blocked);
    if blocked(order.customer_id) || blocked(order.bill_to_customer_id) {
        raise(HoldCode::CustomerBlocked, None, "the customer is blocked".into(), json!({}));
    }
    for line in order.lines.iter().filter(|line| !line.is_removed()) {
        if reference.product(&line.sku).is_some_and(|product| !product.active) {
            raise(HoldCode::ProductInactive, Some(line.id), format!("{} is no longer sold", line.sku), json!({ "sku": line.sku }));
        }
    }
    if order.document.pricing == Pricing::AsGiven {
        for mismatch in price_mismatches(order, reference, price_list) {
            raise(HoldCode::PriceMismatch, Some(mismatch.0), mismatch.1, mismatch.2);
        }
    }
    if order.document.prepaid && paid < order.total {
        let data = json!({ "required": Amount(order.total), "paid": order.currency.round(paid).to_string() });
        raise(HoldCode::PaymentRequired, None, "prepayment: the order waits for its money".into(), data);
    }
    let goods = order.lines.iter().any(|line| line.kind == ProductKind::Stocked && !line.is_removed());
    if goods && !order.document.shipping_address.as_ref().is_some_and(Address::is_deliverable) {
        raise(HoldCode::AddressIncomplete, None, "a delivery needs line1, city and country".into(), json!({}));
    } else if let Some(country) = country_without_region(order, reference) {
        let detail = format!("the tax in {country} depends on the region: its ISO 3166-2 code or its name");
        raise(HoldCode::AddressIncomplete, None, detail, json!({ "country": country, "missing": "region" }));
    }
    if let Some(number) = duplicate_of(order, reference) {
        raise(HoldCode::SuspectedDuplicate, None, format!("looks like {number}"), json!({ "number": number }));
    }
    holds
}

/// The country whose tax depends on a region that the order's address does not tell. Nobody asks where taxes are given.
fn country_without_region(order: &Order, reference: &Reference) -> Option<String> {
    if order.document.pricing != Pricing::Computed {
        return None;
    }
    let company = &reference.company;
    let addresses = [&order.document.shipping_address, &order.document.billing_address].into_iter().flatten();
    let mut countries = addresses.map(|address| address.country.code()).chain([company.organization.country.as_str()]);
    if !countries.any(|country| company.taxes_by_region(country)) {
        return None;
    }
    let account = reference.account_of(order.customer_id, order.bill_to_customer_id);
    let payer = account.and_then(|_| reference.customer(order.bill_to_customer_id));
    let buyer = payer.map(Customer::taxed).unwrap_or_default();
    let places = Places::of(company, &buyer, order.document.shipping_address.as_ref(), order.document.billing_address.as_ref());
    let kinds = || order.lines.iter().filter(|line| !line.is_removed()).map(|line| line.kind);
    let has_goods = kinds().any(|kind| kind == ProductKind::Stocked);
    let taxation = Taxation::new(company, places, company.local_date(order.ordered_at), buyer, has_goods);
    taxation.country_without_region(kinds()).map(str::to_owned)
}

/// Given prices that differ from ours by more than the channel tolerates (by default one minor unit a line). A product that has no price
/// of ours cannot be compared: it is sold at the shop's; what a buyer asks for has one (`NewOrder::buyers_prices`).
fn price_mismatches(order: &Order, reference: &Reference, price_list: Option<&str>) -> Vec<(OrderLineId, String, serde_json::Value)> {
    let on = order.ordered_at.with_timezone(&reference.company.organization.time_zone).date_naive();
    let tolerance = reference.company.channel(&order.channel).map(|channel| &channel.settings["price_tolerance"]);
    let number = |field: &str| tolerance.and_then(|t| t[field].as_str()).and_then(|text| text.parse::<Decimal>().ok());
    if tolerance.is_some_and(|tolerance| tolerance["any"] == true) {
        return vec![];
    }
    let amount = number("amount").unwrap_or(Decimal::new(1, order.currency.minor_units()));
    let percent = number("percent").unwrap_or(Decimal::ZERO);
    let mut found = vec![];
    for line in &order.lines {
        let base = line.quantities.quantity * line.unit_factor;
        let Some(ours) = reference.price(&line.sku, price_list, order.currency, base, on) else { continue };
        let given = line.detail.gross_amount.0;
        let exact = base.checked_mul(ours.unit_price.0).and_then(|exact| exact.checked_div(ours.price_quantity.0));
        let Some(expected) = exact.map(|exact| order.currency.round(exact)) else {
            let data = json!({ "sku": line.sku, "given": given.to_string(), "expected": null });
            found.push((line.id, format!("{} is {given} where our price makes more than can be counted", line.sku), data));
            continue;
        };
        let share = expected.checked_mul(percent / Decimal::ONE_HUNDRED);
        if (given - expected).abs() > amount.max(share.unwrap_or(Decimal::MAX)) {
            let data = json!({ "sku": line.sku, "given": given.to_string(), "expected": expected.to_string() });
            found.push((line.id, format!("{} is {given} where our price makes {expected}", line.sku), data));
        }
    }
    found
}

/// The number of an order that this one seems to repeat.
fn duplicate_of(order: &Order, reference: &Reference) -> Option<String> {
    let purchase_order = order.purchase_order_number.as_deref().filter(|number| !number.trim().is_empty());
    let same_purchase_order = purchase_order.and_then(|number| {
        let mut others = reference.same_purchase_orders.iter();
        others
            .find(|other| other.customer_id == order.customer_id && other.purchase_order_number == number && other.number != order.number)
            .map(|other| other.number.clone())
    });
    same_purchase_order.or_else(|| {
        let others: Vec<_> = reference.recent_orders.iter().filter(|other| other.customer_id == order.customer_id).collect();
        if others.is_empty() {
            return None;
        }
        let kept = order.lines.iter().filter(|line| !line.is_removed());
        let mut lines: Vec<(String, String, Decimal)> =
            kept.map(|line| (line.sku.clone(), line.unit.clone(), line.quantities.quantity)).collect();
        lines.sort();
        let same = |other: &&&RecentOrder| {
            other.channel != order.channel && other.currency == order.currency && other.total == order.total && other.lines == lines
        };
        others.iter().find(same).map(|other| other.number.clone())
    })
}
