//! What WooCommerce sends as ours (REST API v3 order resource). Pure. Amounts of lines, shipping and fees are without tax in it, whatever
//! `prices_include_tax` says of the shop's catalog.

use super::super::entities::decoded;
use super::super::parts::email;
use super::super::reading::{AddressFields, Node, Read, address, bounded, full_name};
use crate::channels::body::ChannelSettings;
use crate::order_to_cash::shop_orders::figures::{Extra, Figures, LineFigures, LinePrice, ShippingFigures, ShopTax, discount};
use crate::order_to_cash::shop_orders::{Places, ShopCancellation, ShopFulfillment, ShopOrder, ShopPayment, ShopRefund};
use crate::orders::body::{InlineCustomer, NewOrder};
use crate::orders::order::CancelCode;
use crate::payments::payment::PaymentMethod;
use crate::platform::limits;
use crate::types::address::Contact;
use crate::types::currency::Currency;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde_json::Value;
use std::collections::BTreeMap;

const ADDRESS: AddressFields =
    AddressFields { line1: "address_1", line2: "address_2", city: "city", region: "state", postal_code: "postcode", country: "country" };

/// When the shop last changed it.
pub fn changed_at(body: &Node) -> Read<DateTime<Utc>> {
    let version = body.field("date_modified_gmt");
    version.utc_instant()?.ok_or_else(|| version.fault("required", "an order says when it was last changed"))
}

/// An order as it is in the shop now.
pub fn order(body: &Node, settings: &ChannelSettings) -> Read<ShopOrder> {
    let currency = body.field("currency").currency()?;
    let external_id = body.field("id").id()?;
    let mut places = Places::default();
    let mut order = NewOrder::of_guest(customer(body, &mut places)?);
    let doubts = figures(body, currency, settings)?.write(&mut order, &mut places);
    order.ordered_at = body.field("date_created_gmt").utc_instant()?;
    order.shipping_address = address(&body.field("shipping"), &ADDRESS)?;
    order.billing_address = address(&body.field("billing"), &ADDRESS)?;
    places.note("/shipping_address", "/shipping");
    places.note("/billing_address", "/billing");
    places.note("/ordered_at", "/date_created_gmt");
    order.contact = contact(body);
    order.note = body.field("customer_note").prose(5000);
    order.external_ids = BTreeMap::from([("woocommerce".to_owned(), external_id.clone())]);
    order.metadata = bounded(
        [
            ("shop_number", body.field("number").value.clone()),
            ("transaction_id", body.field("transaction_id").value.clone()),
            ("payment_method", body.field("payment_method").value.clone()),
            ("meta_data", body.field("meta_data").value.clone()),
        ],
        8 * 1024,
    );
    Ok(ShopOrder {
        version_at: changed_at(body)?,
        cancelled: cancelled(body),
        payments: vec![payment(body, currency, &external_id)?],
        refunds: body.field("refunds").items().iter().map(|node| refund(node, currency)).collect::<Read<Vec<_>>>()?,
        fulfillments: fulfillments(body),
        external_id,
        order,
        doubts,
        places,
    })
}

fn customer(body: &Node, places: &mut Places) -> Read<InlineCustomer> {
    let billing = body.field("billing");
    let name_of = |node: &Node| full_name(node.field("first_name").text(100), node.field("last_name").text(100));
    let (email, phone) = (billing.field("email").text(254), billing.field("phone").text(50));
    let name = name_of(&billing).or_else(|| name_of(&body.field("shipping"))).or_else(|| billing.field("company").text(200));
    let name = name.or_else(|| email.clone()).or_else(|| phone.clone());
    places.note("/customer", "/billing");
    places.note("/customer/email", "/billing/email");
    let name = name.ok_or_else(|| billing.fault("customer_missing", "the order names nobody: neither name, e-mail nor phone"))?;
    Ok(InlineCustomer { name, email, phone })
}

/// Whom to reach about the delivery.
fn contact(body: &Node) -> Option<Contact> {
    let (billing, shipping) = (body.field("billing"), body.field("shipping"));
    let name_of = |node: &Node| full_name(node.field("first_name").text(100), node.field("last_name").text(100));
    let phone_of = |node: &Node| node.field("phone").text(50);
    let name = name_of(&shipping).or_else(|| name_of(&billing));
    let (email, phone) = (email(billing.field("email").text(254).as_deref()), phone_of(&shipping).or_else(|| phone_of(&billing)));
    (name.is_some() || phone.is_some() || email.is_some()).then_some(Contact { name, email, phone })
}

fn figures(body: &Node, currency: Currency, settings: &ChannelSettings) -> Read<Figures> {
    let items = body.field("line_items").items();
    if items.len() > limits::ORDER_LINES {
        return Err(body.field("line_items").fault("too_many_items", format!("at most {} lines", limits::ORDER_LINES)));
    }
    let code = body.field("coupon_lines").items().iter().find_map(|coupon| coupon.field("code").text(64));
    let mut lines = vec![];
    for item in &items {
        let node = item.field("quantity");
        let quantity = node.quantity()?.ok_or_else(|| node.fault("required", "say how much of it"))?;
        if quantity <= Decimal::ZERO {
            continue;
        }
        let total = item.field("total").positive(currency)?;
        let subtotal = item.field("subtotal");
        // A line may be dearer than its list price: then there is nothing off.
        let before = if subtotal.is_null() { total } else { subtotal.positive(currency)?.max(total) };
        let off = before - total;
        let external_line_id = item.field("id").id()?;
        lines.push(LineFigures {
            external_ids: BTreeMap::from([("woocommerce".to_owned(), external_line_id.clone())]),
            external_line_id,
            sku: sku_of(item),
            quantity,
            price: LinePrice::Line(before),
            discounts: if off.is_zero() { vec![] } else { vec![discount(off, code.clone(), None)] },
            tax: Some(item.field("total_tax").positive(currency)?),
            rates: rates_of(body, &item.field("taxes").items(), currency)?,
            metadata: bounded([("name", name_of(item)), ("meta_data", item.field("meta_data").value.clone())], 4 * 1024),
            pointer: item.pointer.clone(),
            sku_pointer: item.field("sku").pointer,
        });
    }
    let mut extras = vec![];
    for fee in body.field("fee_lines").items() {
        let (amount, tax) = (fee.field("total").money(currency)?, fee.field("total_tax").money(currency)?);
        extras.push(Extra {
            external_line_id: format!("fee-{}", fee.field("id").id()?),
            name: fee.field("name").text(200).unwrap_or_else(|| "Fee".to_owned()),
            amount,
            tax: if amount < Decimal::ZERO { tax } else { tax.max(Decimal::ZERO) },
            pointer: fee.pointer,
        });
    }
    let (amount, tax) = (body.field("shipping_total").positive(currency)?, body.field("shipping_tax").positive(currency)?);
    let method = body.field("shipping_lines").items().iter().find_map(|line| line.field("method_title").text(100));
    let taxes: Vec<Node> = body.field("shipping_lines").items().iter().flat_map(|line| line.field("taxes").items()).collect();
    let rates = rates_of(body, &taxes, currency)?;
    let ships = !amount.is_zero() || !tax.is_zero() || method.is_some();
    let total = body.field("total");
    Ok(Figures {
        currency,
        prices_include_tax: false,
        lines,
        shipping: ships.then(|| ShippingFigures { method, amount, tax, rates, pointer: "/shipping_total".to_owned() }),
        extras,
        discounts: vec![],
        tax_total: None,
        total: Some(total.positive(currency)?),
        total_pointer: total.pointer,
        fee_sku: settings.fee_sku.clone(),
    })
}

/// WordPress writes names of products as HTML.
fn name_of(item: &Node) -> Value {
    item.field("name").value.as_str().map_or(Value::Null, |name| Value::String(decoded(name)))
}

/// Rates and names of the taxes of a line that have charged something: the order says what stands behind their numbers. A compound
/// rate is on the other taxes as well: rates are then not to be added up.
fn rates_of(body: &Node, taxes: &[Node], currency: Currency) -> Read<ShopTax> {
    let known = body.field("tax_lines").items();
    let (mut charged, mut ids, mut compound) = (vec![], vec![], false);
    for tax in taxes {
        let id = tax.field("id").text(40);
        if tax.field("total").money(currency)?.is_zero() || ids.contains(&id) {
            continue;
        }
        let line = known.iter().find(|line| line.field("rate_id").text(40) == id);
        let percent = line.and_then(|line| line.field("rate_percent").decimal().ok().flatten());
        compound |= line.is_some_and(|line| line.field("compound").is_true());
        charged.push((percent.map(|percent| percent / Decimal::ONE_HUNDRED), line.and_then(|line| line.field("label").text(60))));
        ids.push(id);
    }
    let rates = ShopTax::of(charged);
    Ok(ShopTax { rate: rates.rate.filter(|_| !compound), ..rates })
}

/// Its SKU; a product or variation without one is looked for by its id.
fn sku_of(item: &Node) -> String {
    let id = |field: &str| item.field(field).id().ok().filter(|id| id != "0");
    let by_id = || id("variation_id").or_else(|| id("product_id")).map(|id| format!("woocommerce-{id}"));
    item.field("sku").text(64).or_else(by_id).unwrap_or_default()
}

/// An order that was paid back as a whole will not be delivered either.
fn cancelled(body: &Node) -> Option<ShopCancellation> {
    let status = body.field("status").text(40)?;
    matches!(status.as_str(), "cancelled" | "refunded" | "trash")
        .then_some(ShopCancellation { code: CancelCode::CustomerRequest, detail: Some(status) })
}

/// The total is paid as soon as there is a date of payment; it stays what it was when something is paid back.
fn payment(body: &Node, currency: Currency, external_id: &str) -> Read<ShopPayment> {
    let is_paid = ["date_paid_gmt", "date_paid"].iter().any(|field| body.field(field).text(40).is_some());
    let total = body.field("total").positive(currency)?;
    let name = body.field("payment_method").text(100).unwrap_or_default().to_ascii_lowercase();
    let method = match name.as_str() {
        "bacs" | "cheque" => PaymentMethod::BankTransfer,
        "cod" => PaymentMethod::Cash,
        "" => PaymentMethod::Other,
        name if name.contains("paypal") || name.contains("ppcp") || name.contains("gopay") || name.contains("ovo") => {
            PaymentMethod::EWallet
        }
        _ => PaymentMethod::Card,
    };
    Ok(ShopPayment {
        reference: format!("woocommerce-{external_id}"),
        method,
        authorized: currency.zero(),
        captured: if is_paid { total } else { currency.zero() },
    })
}

/// Within an order a refund says only how much, below zero.
fn refund(node: &Node, currency: Currency) -> Read<ShopRefund> {
    let amount = node.field("total").money(currency)?.abs();
    Ok(ShopRefund {
        reference: node.field("id").id()?,
        amount,
        lines: vec![],
        beside_lines: amount,
        shipping: None,
        unclear: None,
        reason: node.field("reason").prose(500),
        pointer: node.pointer.clone(),
    })
}

/// The core knows no shipments; the tracking that its shipment plugins note says, on a completed order, that everything has left.
fn fulfillments(body: &Node) -> Vec<ShopFulfillment> {
    if body.field("status").text(40).as_deref() != Some("completed") {
        return vec![];
    }
    let metas = body.field("meta_data").items();
    let tracking = metas.iter().filter(|meta| meta.field("key").value.as_str() == Some("_wc_shipment_tracking_items"));
    let mut found = vec![];
    for item in tracking.flat_map(|meta| meta.field("value").items()) {
        let Some(number) = item.field("tracking_number").text(100) else { continue };
        let carrier = item.field("tracking_provider").text(64).or_else(|| item.field("custom_tracking_provider").text(64));
        let shipped_at = item.field("date_shipped").text(20).and_then(|seconds| seconds.parse().ok());
        found.push(ShopFulfillment {
            reference: item.field("tracking_id").id().unwrap_or_else(|_| number.clone()),
            carrier,
            tracking_number: Some(number),
            shipped_at: shipped_at.and_then(|seconds| DateTime::from_timestamp(seconds, 0)),
            lines: None,
            cancelled: false,
            pointer: item.pointer,
        });
    }
    found
}
