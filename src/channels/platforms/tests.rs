//! No message, however broken, makes a parser panic; what it makes of one can be asked of the rest of the house.

use super::reading::Node;
use super::shopify::{money::Money, news::Terms};
use super::{generic, shopify, woocommerce};
use crate::channels::body::{Channel, ChannelKind, ChannelSettings};
use crate::inbox::{Message, Proof};
use crate::order_to_cash::shop_orders::{ShopOrder, ShopRefund};
use crate::types::currency::Currency;
use crate::types::id::{ChannelId, InboundMessageId, OrganizationId};
use chrono::DateTime;
use proptest::prelude::*;
use proptest::test_runner::Config;
use rust_decimal::Decimal;
use serde_json::{Value, json};

fn message(kind: ChannelKind, topic: &str, body: Vec<u8>) -> Message {
    let settings = ChannelSettings { test_orders: Some(true), fee_sku: Some("FEE".into()), ..ChannelSettings::default() };
    let channel = Channel {
        id: ChannelId::generate(),
        code: "shop".into(),
        kind,
        name: "Shop".into(),
        active: true,
        settings,
        inbound_url: None,
        secret_count: 1,
        credentials: vec![],
        external_ids: Default::default(),
        metadata: Default::default(),
        version: 1,
        created_at: DateTime::UNIX_EPOCH,
        updated_at: DateTime::UNIX_EPOCH,
    };
    Message {
        organization_id: OrganizationId::generate(),
        id: InboundMessageId::generate(),
        channel,
        topic: topic.to_owned(),
        external_id: None,
        headers: vec![],
        content_type: "application/json".to_owned(),
        body,
        edited: false,
        proof: Proof::Signature,
        attempts: 1,
        received_at: DateTime::UNIX_EPOCH,
    }
}

fn both(shop: &str, buyer: &str) -> Value {
    json!({"shop_money": {"amount": shop, "currency_code": "USD"}, "presentment_money": {"amount": buyer, "currency_code": "EUR"}})
}

fn shopify_refund() -> Value {
    let line = json!({"quantity": 2, "price": "1", "price_set": both("1", "0.95"), "total_discount": "0.1", "total_discount_set": both("0.1", "0.1"),
        "tax_lines": [{"price": "0.1", "price_set": both("0.1", "0.1")}]});
    let item = json!({"line_item_id": 1, "quantity": 1, "restock_type": "cancel", "subtotal": "1", "subtotal_set": both("1", "0.95"), "total_tax": "0.1",
        "total_tax_set": both("0.1", "0.1")});
    json!({"id": 1, "note": "n", "transactions": [{"kind": "refund", "status": "success", "amount": "1", "currency": "EUR"}],
        "refund_line_items": [item, {"line_item_id": 1, "quantity": 1, "line_item": line}]})
}

fn shopify_line() -> Value {
    let duty = json!({"shop_money": {"amount": "1", "currency_code": "USD"}, "presentment_money": {"amount": "0.95", "currency_code": "EUR"}, "tax_lines": []});
    json!({"id": 1, "sku": "A", "quantity": 3, "current_quantity": 2, "price": "10.333333", "price_set": both("10.333333", "9.80"),
        "tax_lines": [{"price": "1", "price_set": both("1", "0.95")}], "discount_allocations": [{"amount": "1", "amount_set": both("1", "0.95")}],
        "duties": [duty], "properties": [{"name": "a", "value": "b"}]})
}

fn shopify_order() -> Value {
    let shipping = json!({"title": "S", "price": "3", "price_set": both("3", "2.80"), "discounted_price": "2", "discounted_price_set": both("2", "1.90"),
        "tax_lines": [{"price": "1", "price_set": both("1", "0.95")}]});
    let fulfillment = json!({"id": 1, "status": "success", "created_at": "2026-03-02T08:31:00+07:00", "tracking_numbers": ["1"], "line_items": [{"id": 1, "quantity": 1}]});
    let mut order = json!({
        "id": 9_007_199_254_740_995_u64, "email": "a@example.com", "currency": "USD", "presentment_currency": "EUR", "financial_status": "partially_paid",
        "updated_at": "2026-03-02T08:31:00+07:00", "processed_at": "2026-03-02T08:31:00+07:00", "taxes_included": true, "total_price": "180.00",
        "total_tax": "15.00", "total_discounts": "3.00", "total_outstanding": "1.00", "total_tip_received": "2.00",
        "payment_gateway_names": ["gift_card", "visa"], "cancelled_at": null, "customer": {"first_name": "A", "last_name": "B"},
        "shipping_address": {"name": "A", "address1": "B", "city": "C", "country_code": "ID"},
        "line_items": [shopify_line()], "shipping_lines": [shipping], "refunds": [shopify_refund()], "fulfillments": [fulfillment],
    });
    for (field, shop, buyer) in [("total_price", "180.00", "170.00"), ("total_tax", "15.00", "14.00"), ("total_discounts", "3.00", "2.90")]
    {
        order[format!("{field}_set")] = both(shop, buyer);
    }
    order
}

fn woocommerce_order() -> Value {
    json!({
        "id": 7, "status": "completed", "currency": "JPY", "date_created_gmt": "2026-03-02T01:00:00", "date_modified_gmt": "2026-03-02T01:00:00", "total": "11",
        "shipping_total": "1", "shipping_tax": "0.4", "billing": {"first_name": "A", "email": "a@example.com", "country": "ID"}, "date_paid_gmt": "2026-03-02T01:00:00",
        "shipping": {"first_name": "A", "address_1": "B", "city": "C", "country": "ID"}, "payment_method": "paypal",
        "line_items": [{"id": 1, "sku": "", "product_id": 3, "variation_id": 4, "quantity": 1.5, "subtotal": "10.55", "total": "9.25", "total_tax": "0.75", "meta_data": [{"value": [1]}]}],
        "fee_lines": [{"id": 2, "name": "F", "total": "-1", "total_tax": "-0.10"}], "coupon_lines": [{"code": "C"}], "refunds": [{"id": 3, "total": "-1.20", "reason": "r"}],
        "meta_data": [{"key": "_wc_shipment_tracking_items", "value": [{"tracking_number": "1", "tracking_provider": "p", "date_shipped": "1566259200", "tracking_id": "t"}]}],
    })
}

fn generic_message() -> Value {
    json!({"id": "A", "at": "2026-03-02T01:00:00Z", "currency": "KWD", "total": "9.125", "off": 1, "paid": true, "state": "open", "who": {"name": "A", "mail": "a@example.com"},
        "items": [{"no": 1, "sku": "A", "qty": 2, "price": 4.5625, "vat": "0.001", "off": "0.5"}], "post": "1", "to": {"street": "S", "city": "C", "country": "KW"}})
}

fn mapping() -> Value {
    json!({"external_id": "/id", "version_at": "/at", "ordered_at": "/at", "currency": "/currency", "total": "/total", "discount": "/off", "paid": "/paid", "cancelled": "/state",
        "cancelled_values": ["void"], "tax_total": "/vat", "prices_include_tax": "/incl", "note": "/note", "customer": {"name": "/who/name", "email": "/who/mail"},
        "lines": {"items": "/items", "external_line_id": "/no", "sku": "/sku", "quantity": "/qty", "amount": "/price", "discount": "/off", "tax": "/vat", "name": "/sku"},
        "shipping": {"amount": "/post", "tax": "/post", "method": "/post"}, "shipping_address": {"line1": "/to/street", "city": "/to/city", "country": "/to/country"}})
}

/// Odd values of every type.
fn odd() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-1000i64..1000).prop_map(Value::from),
        "-?[0-9]{1,32}(\\.[0-9]{0,12})?".prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        "[\\x00-\\x1f\u{80}-\u{a0}a]{0,6}".prop_map(Value::from),
        prop::sample::select(vec![
            "JPY",
            "KWD",
            "XAU",
            "ID",
            "99999999999999.9999",
            "-1",
            "0.00000001",
            "+262142-12-31T23:59:59Z",
            "9999-12-31T23:59:59Z",
            "paid",
            "cancelled"
        ])
        .prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!([{"id": 1}, {"id": "x", "quantity": "1", "price": "99999999999999", "total": "99999999999999"}, 7, null])),
    ]
}

/// Every place within a value.
fn places(value: &Value, here: &str, found: &mut Vec<String>) {
    found.push(here.to_owned());
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| places(value, &format!("{here}/{name}"), found)),
        Value::Array(items) => items.iter().enumerate().for_each(|(i, value)| places(value, &format!("{here}/{i}"), found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A message of which some places have become something odd.
fn broken(whole: Value) -> impl Strategy<Value = Value> {
    let mut all = vec![];
    places(&whole, "", &mut all);
    prop::collection::vec((prop::sample::select(all), odd()), 0..5).prop_map(move |changes| {
        let mut message = whole.clone();
        for (place, value) in changes {
            if let Some(there) = message.pointer_mut(&place) {
                *there = value;
            }
        }
        message
    })
}

/// What was read is fit to be judged by the house: no check of ours panics on it.
fn judged(order: &ShopOrder) {
    let _ = order.order.check();
    assert!(order.payments.iter().all(|payment| payment.captured >= Decimal::ZERO && payment.authorized >= Decimal::ZERO));
    order.refunds.iter().for_each(sound);
    assert!(order.order.lines.iter().all(|line| line.external_line_id.is_some()));
}

fn read_shopify(body: Vec<u8>, topic: &str) {
    match shopify::read(&message(ChannelKind::Shopify, topic, body)) {
        Ok(shopify::About::Order(order)) => judged(&order),
        Ok(shopify::About::Refund { refund, .. }) => read_refund(&refund),
        _ => {}
    }
}

/// Whatever the order is that it is of.
fn read_refund(refund: &Value) {
    let currencies = ["EUR", "USD", "KWD"].into_iter().filter_map(Currency::from_code);
    for (currency, presentment) in currencies.flat_map(|currency| [(currency, true), (currency, false)]) {
        let terms = Terms { money: Money { currency, presentment }, prices_include_tax: presentment };
        if let Ok(refund) = shopify::news::refund(&Node::root(refund), terms) {
            sound(&refund);
        }
    }
}

fn sound(refund: &ShopRefund) {
    assert!(refund.amount >= Decimal::ZERO && refund.beside_lines >= Decimal::ZERO && refund.beside_lines <= refund.amount);
    assert!(refund.unclear.is_none() || refund.amount.is_zero());
}

fn read_woocommerce(body: Vec<u8>, topic: &str) {
    if let Ok(woocommerce::About::Order(order)) = woocommerce::read(&message(ChannelKind::Woocommerce, topic, body)) {
        judged(&order);
    }
}

fn read_generic(body: &[u8]) {
    let settings = ChannelSettings { mapping: serde_json::from_value(mapping()).ok(), ..ChannelSettings::default() };
    if let Ok(Some(order)) = generic::read(body, &settings, DateTime::UNIX_EPOCH) {
        judged(&order);
    }
}

fn shopify_survives(cases: u32) {
    let topics = ["orders/create", "orders/cancelled", "refunds/create", "fulfillments/create"];
    let refund = || {
        shopify_order()
            .pointer("/refunds/0")
            .cloned()
            .map(|mut part| {
                part["order_id"] = json!(1);
                part
            })
            .unwrap_or_default()
    };
    let fulfillment = || {
        shopify_order()
            .pointer("/fulfillments/0")
            .cloned()
            .map(|mut part| {
                part["order_id"] = json!(1);
                part
            })
            .unwrap_or_default()
    };
    let any_of = prop_oneof![6 => broken(shopify_order()), 1 => broken(refund()), 1 => broken(fulfillment())];
    proptest!(Config { cases, ..Config::default() }, |(body in any_of, topic in prop::sample::select(topics.to_vec()))| {
        read_shopify(body.to_string().into_bytes(), topic);
    });
}

fn woocommerce_survives(cases: u32) {
    proptest!(Config { cases, ..Config::default() }, |(body in broken(woocommerce_order()), topic in prop::sample::select(vec!["order.created", "order.deleted"]))| {
        read_woocommerce(body.to_string().into_bytes(), topic);
    });
}

fn generic_survives(cases: u32) {
    proptest!(Config { cases, ..Config::default() }, |(body in broken(generic_message()))| {
        read_generic(body.to_string().as_bytes());
    });
}

#[test]
fn the_messages_that_are_broken_below_are_whole_before() {
    let shopify = shopify::read(&message(ChannelKind::Shopify, "orders/create", shopify_order().to_string().into_bytes()));
    assert!(matches!(shopify, Ok(shopify::About::Order(_))), "{shopify:?}");
    let woocommerce = woocommerce::read(&message(ChannelKind::Woocommerce, "order.created", woocommerce_order().to_string().into_bytes()));
    assert!(matches!(woocommerce, Ok(woocommerce::About::Order(_))), "{woocommerce:?}");
    let settings = ChannelSettings { mapping: serde_json::from_value(mapping()).ok(), ..ChannelSettings::default() };
    let generic = generic::read(generic_message().to_string().as_bytes(), &settings, DateTime::UNIX_EPOCH);
    assert!(matches!(generic, Ok(Some(_))), "{generic:?}");
}

#[test]
fn no_broken_message_makes_a_parser_panic() {
    shopify_survives(2_000);
    woocommerce_survives(2_000);
    generic_survives(2_000);
}

proptest! {
    #[test]
    fn no_bytes_make_a_parser_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        read_shopify(body.clone(), "orders/create");
        read_woocommerce(body.clone(), "order.created");
        read_generic(&body);
    }
}

#[test]
#[ignore = "a million messages"]
fn a_million_broken_messages_of_shopify() {
    shopify_survives(1_000_000);
}

#[test]
#[ignore = "a million messages"]
fn a_million_broken_messages_of_woocommerce() {
    woocommerce_survives(1_000_000);
}

#[test]
#[ignore = "a million messages"]
fn a_million_broken_messages_of_a_generic_shop() {
    generic_survives(1_000_000);
}
