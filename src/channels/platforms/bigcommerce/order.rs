//! A BigCommerce order with all that belongs to it (V2 orders, V3 transactions and refunds), as ours. Pure.

use crate::channels::body::ChannelSettings;
use crate::channels::platforms::parts::{Postal, country, email, full_name, line};
use crate::channels::platforms::reading::{Node, Read, bounded};
use crate::inbox::Reason;
use crate::order_to_cash::shop_orders::figures::{Extra, Figures, LineFigures, LinePrice, ShippingFigures, ShopTax, discount};
use crate::order_to_cash::shop_orders::{
    Places, RefundedGoods, ShopCancellation, ShopFulfillment, ShopFulfillmentLine, ShopOrder, ShopPayment, ShopRefund, ShopRefundLine,
};
use crate::orders::body::{InlineCustomer, NewOrder};
use crate::orders::order::CancelCode;
use crate::payments::payment::PaymentMethod;
use crate::platform::limits;
use crate::types::address::{Address, Contact};
use crate::types::currency::Currency;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde_json::Value;
use std::collections::BTreeMap;

/// What a shipment that we have announced says in its comments, before our id of it.
pub const OURS: &str = "pesanan shipment ";

/// A checkout that nobody has finished.
const INCOMPLETE: i64 = 0;
const CANCELLED: i64 = 5;
const DECLINED: i64 = 6;
const VERIFICATION: i64 = 12;
const DISPUTED: i64 = 13;

/// What a fetched order asks for.
#[derive(Debug)]
pub enum Told {
    /// Nobody has finished its checkout.
    Incomplete,
    Order(Box<ShopOrder>),
}

fn instant(node: &Node) -> Read<Option<DateTime<Utc>>> {
    let Some(text) = node.text(60) else { return Ok(None) };
    let read = DateTime::parse_from_rfc2822(&text).or_else(|_| DateTime::parse_from_rfc3339(&text));
    let at = read.map_err(|_| node.fault("invalid_instant", "an instant is expected, such as Tue, 20 Nov 2018 00:00:00 +0000"))?;
    Ok(Some(at.with_timezone(&Utc)))
}

/// Reads the document of an order.
pub fn read(document: &Value, settings: &ChannelSettings) -> Read<Told> {
    let root = Node::root(document);
    let order = root.field("order");
    let status = order.field("status_id").decimal()?.and_then(|id| i64::try_from(id).ok()).unwrap_or(INCOMPLETE);
    if status == INCOMPLETE {
        return Ok(Told::Incomplete);
    }
    let external_id = order.field("id").id()?;
    // What the shopper pays in; `currency_code` is what the store has shown it in.
    let transactional = order.field("default_currency_code");
    let currency = if transactional.is_null() { order.field("currency_code").currency()? } else { transactional.currency()? };
    let mut places = Places::default();
    let billing = order.field("billing_address");
    let mut new = NewOrder::of_guest(customer(&billing)?);
    places.note("/customer", "/order/billing_address");
    let mut doubts = figures(&root, currency, settings)?.write(&mut new, &mut places);
    let addresses = root.field("shipping_addresses").items();
    new.shipping_address = addresses.first().and_then(address);
    new.billing_address = address(&billing);
    places.note("/shipping_address", "/shipping_addresses/0");
    places.note("/billing_address", "/order/billing_address");
    places.note("/ordered_at", "/order/date_created");
    new.ordered_at = instant(&order.field("date_created"))?;
    new.note = order.field("customer_message").prose(5000);
    new.contact = contact(addresses.first().unwrap_or(&billing));
    new.external_ids = BTreeMap::from([("bigcommerce".to_owned(), external_id.clone())]);
    new.metadata = bounded(
        [
            ("payment_method", order.field("payment_method").value.clone()),
            ("order_source", order.field("order_source").value.clone()),
            ("bigcommerce_customer_id", order.field("customer_id").value.clone()),
            ("staff_notes", order.field("staff_notes").value.clone()),
        ],
        8 * 1024,
    );
    if addresses.len() > 1 {
        doubts.push(Reason::new("several_addresses", "the order goes to several addresses; split it by hand", "/shipping_addresses/1"));
    }
    match status {
        VERIFICATION => doubts.push(Reason::new("manual_verification", "BigCommerce wants the order looked at", "/order/status_id")),
        DISPUTED => doubts.push(Reason::new("disputed", "the buyer disputes the payment", "/order/status_id")),
        _ => {}
    }
    let cancelled = match status {
        CANCELLED => Some(ShopCancellation { code: CancelCode::CustomerRequest, detail: Some("cancelled in the shop".to_owned()) }),
        DECLINED => Some(ShopCancellation { code: CancelCode::PaymentFailed, detail: Some("declined in the shop".to_owned()) }),
        _ => None,
    };
    let version = order.field("date_modified");
    let version_at = instant(&version)?.ok_or_else(|| version.fault("required", "an order says when it was last changed"))?;
    Ok(Told::Order(Box::new(ShopOrder {
        payments: payments(&root, currency, &external_id)?,
        refunds: root.field("refunds").items().iter().filter_map(|node| refund(node, currency).transpose()).collect::<Read<Vec<_>>>()?,
        fulfillments: root.field("shipments").items().iter().filter_map(|node| shipment(node).transpose()).collect::<Read<Vec<_>>>()?,
        external_id,
        version_at,
        order: new,
        cancelled,
        doubts,
        places,
    })))
}

fn name(node: &Node) -> Option<String> {
    full_name(node.field("first_name").text(100).as_deref(), node.field("last_name").text(100).as_deref())
}

fn customer(billing: &Node) -> Read<InlineCustomer> {
    let mail = email(billing.field("email").text(254).as_deref());
    let name = name(billing).or_else(|| billing.field("company").text(200)).or_else(|| mail.clone());
    let name = name.ok_or_else(|| billing.fault("customer_missing", "the order names nobody: neither name nor e-mail"))?;
    Ok(InlineCustomer { name, email: mail, phone: line(billing.field("phone").text(50).as_deref(), 50) })
}

fn address(node: &Node) -> Option<Address> {
    let text = |field: &str| node.field(field).text(200);
    let (name, company, street, street2, city) = (name(node), text("company"), text("street_1"), text("street_2"), text("city"));
    let (region, zip, code, named, phone) = (text("state"), text("zip"), text("country_iso2"), text("country"), text("phone"));
    // Digital goods go nowhere.
    country(code.as_deref()).or_else(|| country(named.as_deref()))?;
    Postal {
        name: name.as_deref(),
        company: company.as_deref(),
        street: street.as_deref(),
        street2: street2.as_deref(),
        city: city.as_deref(),
        region: region.as_deref(),
        postal_code: zip.as_deref(),
        country: [code.as_deref(), named.as_deref()],
        phone: phone.as_deref(),
    }
    .address()
}

fn contact(node: &Node) -> Option<Contact> {
    let (name, phone) = (name(node), line(node.field("phone").text(50).as_deref(), 50));
    (name.is_some() || phone.is_some()).then_some(Contact { name, email: email(node.field("email").text(254).as_deref()), phone })
}

/// One of two terms: prices without or with tax. A store writes its discounts in the terms that it writes its prices in, and does not
/// say in which: those that add up to the order's total are taken.
struct Terms {
    with_tax: bool,
    /// How a field is called in these terms.
    suffix: &'static str,
}

const TERMS: [Terms; 2] = [Terms { with_tax: false, suffix: "ex_tax" }, Terms { with_tax: true, suffix: "inc_tax" }];

fn figures(root: &Node, currency: Currency, settings: &ChannelSettings) -> Read<Figures> {
    let mut best = None;
    for terms in &TERMS {
        let (figures, sum) = in_terms(root, currency, settings, terms)?;
        if figures.total == Some(sum) {
            return Ok(figures);
        }
        best = best.or(Some(figures));
    }
    best.ok_or_else(|| root.fault("unsupported_format", "the order has no figures"))
}

/// The figures in these terms, and what they come to.
fn in_terms(root: &Node, currency: Currency, settings: &ChannelSettings, terms: &Terms) -> Read<(Figures, Decimal)> {
    let order = root.field("order");
    let items = root.field("products").items();
    if items.len() > limits::ORDER_LINES {
        return Err(root.field("products").fault("too_many_items", format!("at most {} lines", limits::ORDER_LINES)));
    }
    let money = |node: &Node, name: &str| node.field(&format!("{name}_{}", terms.suffix)).positive(currency);
    let (mut lines, mut extras, mut sum, mut off, mut own_tax) = (vec![], vec![], currency.zero(), currency.zero(), currency.zero());
    for item in &items {
        let quantity = item.field("quantity").decimal()?.unwrap_or_default();
        if quantity <= Decimal::ZERO {
            continue;
        }
        let gross = money(item, "total")?;
        let mut discounts = vec![];
        let mut open = gross;
        for applied in item.field("applied_discounts").items() {
            let amount = applied.field("amount").money(currency)?.min(open);
            if amount > Decimal::ZERO {
                open -= amount;
                off += amount;
                discounts.push(discount(amount, applied.field("code").text(64), applied.field("name").text(500)));
            }
        }
        sum += open;
        let tax = item.field("total_tax").positive(currency)?;
        own_tax += tax;
        let external_line_id = item.field("id").id()?;
        lines.push(LineFigures {
            external_ids: BTreeMap::from([("bigcommerce".to_owned(), external_line_id.clone())]),
            external_line_id,
            sku: item.field("sku").text(64).unwrap_or_default(),
            quantity,
            price: LinePrice::Line(gross),
            discounts,
            tax: Some(tax),
            rates: ShopTax::default(),
            metadata: bounded(
                [("name", item.field("name").value.clone()), ("product_options", item.field("product_options").value.clone())],
                4 * 1024,
            ),
            sku_pointer: item.field("sku").pointer,
            pointer: item.pointer.clone(),
        });
    }
    let shipping = ShippingFigures {
        method: root.field("shipping_addresses").items().first().and_then(|to| to.field("shipping_method").text(100)),
        amount: money(&order, "shipping_cost")?,
        tax: order.field("shipping_cost_tax").positive(currency)?,
        rates: ShopTax::default(),
        pointer: order.field("shipping_cost_ex_tax").pointer,
    };
    sum += shipping.amount;
    own_tax += shipping.tax;
    for (field, label) in [("handling_cost", "Handling"), ("wrapping_cost", "Gift wrapping")] {
        let (amount, tax) = (money(&order, field)?, order.field(&format!("{field}_tax")).positive(currency)?);
        sum += amount;
        own_tax += tax;
        let pointer = order.field(&format!("{field}_{}", terms.suffix)).pointer;
        extras.push(Extra { external_line_id: field.to_owned(), name: label.to_owned(), amount, tax, pointer });
    }
    let rest = order.field("discount_amount").positive(currency)? + order.field("coupon_discount").positive(currency)? - off;
    let code = root.field("coupons").items().first().and_then(|coupon| coupon.field("code").text(64));
    let discounts = if rest > Decimal::ZERO { vec![discount(rest, code, None)] } else { vec![] };
    sum -= rest.max(Decimal::ZERO);
    let tax_total = order.field("total_tax").positive(currency)?;
    if !terms.with_tax {
        sum += tax_total;
    }
    if own_tax != tax_total {
        // The lines' taxes are those before the discounts: the order's tax counts.
        lines.iter_mut().for_each(|line| line.tax = None);
    }
    let total = order.field("total_inc_tax");
    let figures = Figures {
        currency,
        prices_include_tax: terms.with_tax,
        lines,
        shipping: Some(shipping),
        extras,
        discounts,
        tax_total: Some(tax_total),
        total: Some(total.positive(currency)?),
        total_pointer: total.pointer,
        fee_sku: settings.fee_sku.clone(),
    };
    Ok((figures, sum))
}

/// Money at the payment provider, and what was paid by store credit and gift certificates.
fn payments(root: &Node, currency: Currency, id: &str) -> Read<Vec<ShopPayment>> {
    let order = root.field("order");
    let (mut authorized, mut captured, mut settled, mut reference) = (currency.zero(), currency.zero(), currency.zero(), None);
    let mut seen = false;
    for one in root.field("transactions").items() {
        if one.field("status").text(20).as_deref() != Some("ok") || one.field("test").is_true() {
            continue;
        }
        let (event, method) = (one.field("event").text(30).unwrap_or_default(), one.field("method").text(40).unwrap_or_default());
        if matches!(method.as_str(), "store_credit" | "gift_certificate") {
            continue;
        }
        seen = true;
        let amount = one.field("amount").money(currency)?.abs();
        match event.as_str() {
            "authorization" => authorized += amount,
            "capture" => {
                captured += amount;
                authorized -= amount;
            }
            "purchase" => captured += amount,
            "settled" => settled += amount,
            "void" => authorized = currency.zero(),
            // What went back is told by the order's refunds.
            _ => continue,
        }
        reference = reference.or_else(|| one.field("gateway_transaction_id").text(200));
    }
    let mut payments = vec![];
    let credits = [("store_credit_amount", "store-credit"), ("gift_certificate_amount", "gift-certificate")];
    let mut by_credit = currency.zero();
    for (field, kind) in credits {
        let amount = order.field(field).positive(currency)?;
        by_credit += amount;
        if amount > Decimal::ZERO {
            let reference = format!("bigcommerce-{id}-{kind}");
            payments.push(ShopPayment { reference, method: PaymentMethod::Other, authorized: currency.zero(), captured: amount });
        }
    }
    let paid = matches!(
        order.field("payment_status").text(40).unwrap_or_default().to_ascii_lowercase().as_str(),
        "captured" | "paid" | "settled" | "partially refunded" | "refunded"
    );
    let captured = match (captured.is_zero(), seen) {
        (false, _) => captured,
        (true, true) => settled,
        (true, false) if paid => (order.field("total_inc_tax").positive(currency)? - by_credit).max(currency.zero()),
        (true, false) => currency.zero(),
    };
    let authorized = authorized.max(currency.zero());
    if captured > Decimal::ZERO || authorized > Decimal::ZERO {
        let named = order.field("payment_method").text(100).unwrap_or_default().to_lowercase();
        let method = match named {
            named if named.contains("bank") => PaymentMethod::BankTransfer,
            named if named.contains("cash") || named.contains("store") => PaymentMethod::Cash,
            named if named.contains("paypal") || named.contains("pay later") || named.contains("wallet") => PaymentMethod::EWallet,
            named if seen || named.contains("card") => PaymentMethod::Card,
            _ => PaymentMethod::Other,
        };
        payments
            .insert(0, ShopPayment { reference: reference.unwrap_or_else(|| format!("bigcommerce-{id}")), method, authorized, captured });
    }
    Ok(payments)
}

fn refund(node: &Node, currency: Currency) -> Read<Option<ShopRefund>> {
    let paid = node.field("payments").items();
    if !paid.is_empty() && paid.iter().all(|payment| payment.field("is_declined").is_true()) {
        return Ok(None);
    }
    let amount = node.field("total_amount").money(currency)?.abs();
    let (mut lines, mut of_lines) = (vec![], currency.zero());
    for item in node.field("items").items() {
        if item.field("item_type").text(40).as_deref() != Some("PRODUCT") {
            continue;
        }
        let quantity = item.field("quantity").decimal()?.unwrap_or_default();
        of_lines += item.field("requested_amount").money(currency)?.abs();
        if quantity > Decimal::ZERO {
            lines.push(ShopRefundLine { external_line_id: item.field("item_id").id()?, quantity, goods: RefundedGoods::Unsaid });
        }
    }
    let beside_lines = if lines.is_empty() { amount } else { (amount - of_lines).max(currency.zero()) };
    Ok(Some(ShopRefund {
        reference: node.field("id").id()?,
        amount,
        lines,
        beside_lines,
        shipping: None,
        unclear: None,
        reason: node.field("reason").prose(500),
        pointer: node.pointer.clone(),
    }))
}

fn shipment(node: &Node) -> Read<Option<ShopFulfillment>> {
    if node.field("comments").text(500).is_some_and(|comments| comments.starts_with(OURS)) {
        return Ok(None);
    }
    let items = node.field("items").items();
    let line = |item: &Node| {
        let quantity = item.field("quantity").decimal()?.unwrap_or_default();
        Ok(ShopFulfillmentLine { external_line_id: item.field("order_product_id").id()?, quantity })
    };
    Ok(Some(ShopFulfillment {
        reference: node.field("id").id()?,
        carrier: node.field("tracking_carrier").text(100).or_else(|| node.field("shipping_provider").text(100)),
        tracking_number: node.field("tracking_number").text(100),
        shipped_at: instant(&node.field("date_created"))?,
        lines: if items.is_empty() { None } else { Some(items.iter().map(line).collect::<Read<Vec<_>>>()?) },
        cancelled: false,
        pointer: node.pointer.clone(),
    }))
}

#[cfg(test)]
mod tests;
