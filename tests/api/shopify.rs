//! Shopify's hooks through the door: every sample becomes what its own figures say, in whatever order it comes.

use crate::money::{count, event_types, id, with};
use crate::or_skip;
use crate::shop::{clean, receive};
use crate::support::app::{Caller, TestApp, send};
use crate::support::hooks::{SHOP, channel, inbound, messages, newest, order_of, products, sample_json, shopify, signed, work};
use chrono::{DateTime, TimeDelta, Utc};
use pesanan::auth::permission::Role;
use pesanan::channels;
use pesanan::channels::platform::Workbench;
use pesanan::channels::platforms::reading::Node;
use pesanan::channels::platforms::shopify::order::order as read_order;
use pesanan::order_to_cash::shop_orders::{Step, bring, walk};
use pesanan::types::id::OrganizationId;
use reqwest::Method;
use serde_json::{Value, json};

const SECRET: &str = "shpss_test_secret";

/// A company at the time of a sample, with a channel that listens.
async fn desk<'a>(app: &'a TestApp, now: &str) -> (OrganizationId, Caller<'a>, Value) {
    let now: DateTime<Utc> = now.parse().unwrap();
    app.clock.advance(now - app.clock.now());
    let organization_id = app.organization("shop").await;
    let admin = app.caller(organization_id, Role::Admin).await;
    let channel = channel(&admin, "shopify", SECRET).await;
    (organization_id, admin, channel)
}

pub async fn start() -> TestApp {
    TestApp::spawn_with(|config| config.token_seconds = 4_000 * 86_400).await
}

/// An order of two lines at 100.00 and 50.00 with 10 % tax on top and 15.00 for shipping: 180.00 and paid.
pub fn body(more: Value) -> Value {
    let line = |line_id: u64, sku: &str, quantity: u32, price: &str, tax: &str| {
        json!({"id": line_id, "sku": sku, "quantity": quantity, "price": price, "title": sku, "variant_id": 7, "product_id": 8,
            "tax_lines": [{"price": tax, "rate": 0.1}], "discount_allocations": []})
    };
    let order = json!({
        "id": 9_007_199_254_740_995_u64, "name": "#1001", "email": "siti@example.com", "currency": "USD", "financial_status": "paid",
        "created_at": "2026-03-02T08:30:00+07:00", "processed_at": "2026-03-02T08:30:00+07:00", "updated_at": "2026-03-02T08:31:00+07:00",
        "cancelled_at": null, "taxes_included": false, "total_price": "180.00", "total_tax": "15.00", "total_discounts": "0.00",
        "total_outstanding": "0.00", "payment_gateway_names": ["shopify_payments"],
        "customer": {"first_name": "Siti", "last_name": "Rahma"},
        "shipping_address": {"name": "Siti Rahma", "address1": "Jl. Braga 12", "city": "Bandung", "zip": "40111", "country_code": "ID"},
        "line_items": [line(11, "KOPI", 1, "100.00", "10.00"), line(12, "TEH", 1, "50.00", "5.00")],
        "shipping_lines": [{"title": "Regular", "price": "15.00", "discounted_price": "15.00", "tax_lines": []}],
        "refunds": [], "fulfillments": [],
    });
    with(order, more)
}

pub async fn ready(app: &TestApp) -> (OrganizationId, Caller<'_>, Value) {
    let (organization_id, admin, channel) = desk(app, "2026-03-02T02:00:00Z").await;
    products(&admin, &["KOPI", "TEH"]).await;
    receive(&admin, "jakarta", "KOPI", "100").await;
    receive(&admin, "jakarta", "TEH", "100").await;
    (organization_id, admin, channel)
}

pub fn lines(order: &Value, field: &str) -> Vec<Value> {
    order["lines"].as_array().unwrap().iter().map(|line| line[field].clone()).collect()
}

#[actix_web::test]
async fn the_sample_of_a_new_order_becomes_what_it_says() {
    let sample = or_skip!(sample_json("shopify/orders_create.json"));
    let app = start().await;
    let (_, admin, channel) = desk(&app, "2008-01-10T17:00:00Z").await;
    products(&admin, &["IPOD2008GREEN", "IPOD2008RED", "IPOD2008BLACK"]).await;
    shopify(&app, &channel, "orders/create", &sample).await.expect(200);
    assert_eq!(work(&app).await, 1);
    let message = newest(&admin).await;
    assert_eq!(
        (&message["status"], &message["external_id"], &message["topic"]),
        (&json!("processed"), &json!("450789469"), &json!("orders/create"))
    );
    // Three lines of 199.00 and 11.94 tax make 608.94, its own total is 409.94: the charge counts, and a person looks.
    assert_eq!((&message["reason"]["code"], &message["reason"]["pointer"]), (&json!("totals_differ"), &json!("/total_price")));
    let order = order_of(&admin, &message).await;
    let expected = json!({
        "status": "on_hold", "channel": "shopify", "external_id": "450789469", "currency": "USD", "pricing": "as_given",
        "prices_include_tax": false, "subtotal": "597.00", "discount_total": "199.00", "shipping_method": "Free Shipping", "shipping_net": "0.00",
        "shipping_tax": "0.00", "tax_total": "11.94", "total": "409.94", "payment_status": "authorized", "amount_paid": "0.00",
        "ordered_at": "2008-01-10T16:00:00Z", "on_shortage": "backorder", "external_ids": {"shopify": "450789469"},
        "note": null, "purchase_order_number": null,
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&order[field], value, "{field}");
    }
    assert_eq!(lines(&order, "sku"), ["IPOD2008GREEN", "IPOD2008RED", "IPOD2008BLACK"]);
    assert_eq!(lines(&order, "external_line_id"), ["466157049", "518995019", "703073504"]);
    assert_eq!(order["lines"][1]["external_ids"], json!({"shopify": "518995019"}));
    assert_eq!((lines(&order, "quantity"), lines(&order, "unit_price")), (vec![json!("1"); 3], vec![json!("199.00"); 3]));
    assert_eq!(lines(&order, "tax_amount"), ["3.98", "3.98", "3.98"]);
    assert_eq!(order["lines"][0]["metadata"]["properties"], json!([{"name": "Custom Engraving", "value": "Happy Birthday"}]));
    assert_eq!((&order["customer"]["name"], &order["contact"]["phone"]), (&json!("Bob Norman"), &json!("555-625-1199")));
    let address = json!({"name": "Bob Norman", "company": null, "line1": "Chestnut Street 92", "line2": null, "city": "Louisville", "region": "KY",
        "postal_code": "40202", "country": "US", "phone": "555-625-1199"});
    assert_eq!((&order["shipping_address"], &order["billing_address"]), (&address, &address));
    assert_eq!((&order["metadata"]["shop_number"], &order["holds"][0]["code"]), (&json!("#1001"), &json!("manual")));
    let payments = admin.get(&format!("/v1/payments?order_id={}", id(&order))).await.expect(200).body["data"].clone();
    assert_eq!(
        (&payments[0]["amount"], &payments[0]["status"], &payments[0]["method"], &payments[0]["reference"]),
        (&json!("409.94"), &json!("authorized"), &json!("card"), &json!("shopify-450789469"))
    );

    // Its fulfillment and its refund come by themselves: the one waits for the hold, the other for the money.
    let fulfillment = sample_json("shopify/fulfillments_create.json").unwrap();
    let refund = sample_json("shopify/refunds_create.json").unwrap();
    shopify(&app, &channel, "fulfillments/create", &fulfillment).await.expect(200);
    shopify(&app, &channel, "refunds/create", &refund).await.expect(200);
    work(&app).await;
    let waiting: Vec<Value> = messages(&admin).await.into_iter().filter(|message| message["status"] == "received").collect();
    let codes: Vec<&Value> = waiting.iter().map(|message| &message["reason"]["code"]).collect();
    assert_eq!(codes, [&json!("exceeds_captured"), &json!("not_allocated")]);

    let paid = with(sample.clone(), json!({"financial_status": "paid", "updated_at": "2008-01-10T12:30:00-05:00"}));
    shopify(&app, &channel, "orders/paid", &paid).await.expect(200);
    for sku in ["IPOD2008GREEN", "IPOD2008RED"] {
        receive(&admin, "jakarta", sku, "5").await;
    }
    let hold = id(&order["holds"][0]).to_owned();
    admin.post(&format!("/v1/orders/{}/holds/{hold}/release", id(&order)), json!({"reason": "looked at"})).await.expect(200);
    let (db, now) = (app.app.db.clone(), app.clock.now());
    actix_web::web::block(move || pesanan::jobs::fill_backorders(&db, now)).await.unwrap().unwrap();
    for _ in 0..4 {
        app.clock.advance(TimeDelta::minutes(15));
        work(&app).await;
    }
    assert_eq!(messages(&admin).await.iter().filter(|message| message["status"] == "received").count(), 0, "{:#?}", messages(&admin).await);
    let order = order_of(&admin, &newest(&admin).await).await;
    // The refund took the green and the black one off before they left.
    assert_eq!(
        (lines(&order, "shipped_quantity"), lines(&order, "cancelled_quantity")),
        (vec![json!("0"), json!("1"), json!("0")], vec![json!("1"), json!("0"), json!("1")])
    );
    let payments = admin.get(&format!("/v1/payments?order_id={}", id(&order))).await.expect(200).body["data"].clone();
    assert_eq!((&payments[0]["status"], &payments[0]["amount_refunded"]), (&json!("partially_refunded"), &json!("209.00")));
    clean(&app).await;
}

#[actix_web::test]
async fn the_sample_of_a_cancelled_order_is_placed_and_cancelled_or_never_placed() {
    let cancelled = or_skip!(sample_json("shopify/orders_cancelled.json"));
    let app = start().await;
    let (_, admin, channel) = desk(&app, "2022-01-01T00:30:00Z").await;
    products(&admin, &["IPOD2008PINK"]).await;
    let mut created = with(cancelled.clone(), json!({"cancelled_at": null, "cancel_reason": null, "financial_status": "pending"}));
    shopify(&app, &channel, "orders/create", &created).await.expect(200);
    work(&app).await;
    let message = newest(&admin).await;
    let order = order_of(&admin, &message).await;
    // 2 × 199.00 − 20.00 + 10.00 = 388.00; the same SKU on two lines.
    let expected = json!({"external_id": "820982911946154508", "total": "388.00", "subtotal": "398.00", "discount_total": "20.00",
        "shipping_net": "10.00", "tax_total": "0.00", "payment_status": "unpaid", "shipping_method": "Generic Shipping", "status": "confirmed",
        "ordered_at": "2022-01-01T00:00:00Z"});
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&order[field], value, "{field}");
    }
    assert_eq!((&message["reason"], lines(&order, "sku")), (&Value::Null, vec![json!("IPOD2008PINK"), json!("IPOD2008PINK")]));
    assert_eq!(lines(&order, "external_line_id"), ["866550311766439020", "141249953214522974"]);
    assert_eq!(order["shipping_address"]["company"], "Shipping Company");
    shopify(&app, &channel, "orders/cancelled", &cancelled).await.expect(200);
    work(&app).await;
    let order = order_of(&admin, &newest(&admin).await).await;
    assert_eq!((&order["status"], lines(&order, "cancelled_quantity")), (&json!("cancelled"), vec![json!("1"), json!("1")]));

    // Another one is cancelled before it comes.
    let other = with(cancelled.clone(), json!({"id": 820_982_911_946_154_509_u64}));
    created["id"] = json!(820_982_911_946_154_509_u64);
    shopify(&app, &channel, "orders/cancelled", &other).await.expect(200);
    work(&app).await;
    let message = newest(&admin).await;
    assert_eq!((&message["status"], &message["reason"]["code"]), (&json!("processed"), &json!("cancelled_before_it_came")));
    created["updated_at"] = json!("2021-12-31T18:59:00-05:00");
    shopify(&app, &channel, "orders/create", &created).await.expect(200);
    work(&app).await;
    let message = newest(&admin).await;
    assert_eq!((&message["status"], &message["reason"]["code"]), (&json!("processed"), &json!("older_version")));
    assert_eq!(admin.get("/v1/orders").await.expect(200).body["data"].as_array().unwrap().len(), 1);
    clean(&app).await;
}

#[actix_web::test]
async fn a_draft_makes_no_order_and_neither_does_a_topic_of_other_things() {
    let draft = or_skip!(sample_json("shopify/draft_order.json"));
    let app = start().await;
    let (_, admin, channel) = desk(&app, "2017-02-03T00:00:00Z").await;
    for (topic, status, code) in [
        ("draft_orders/create", "processed", "draft_order"),
        ("products/update", "processed", "topic_not_used"),
        ("orders/create", "rejected", "topic_mismatch"),
        ("orders/cancelled", "rejected", "topic_mismatch"),
        ("refunds/create", "rejected", "topic_mismatch"),
        ("fulfillments/create", "rejected", "topic_mismatch"),
    ] {
        shopify(&app, &channel, topic, &draft).await.expect(200);
        work(&app).await;
        let message = newest(&admin).await;
        assert_eq!((&message["status"], &message["reason"]["code"]), (&json!(status), &json!(code)), "{topic}");
    }
    clean(&app).await;
}

#[actix_web::test]
async fn our_order_costs_what_the_card_was_charged_and_is_invoiced_so() {
    let app = start().await;
    let (_, admin, channel) = ready(&app).await;
    shopify(&app, &channel, "orders/create", &body(json!({}))).await.expect(200);
    work(&app).await;
    let message = newest(&admin).await;
    assert_eq!((&message["status"], &message["reason"]), (&json!("processed"), &Value::Null));
    let order = order_of(&admin, &message).await;
    assert_eq!(
        (&order["external_id"], &order["total"], &order["amount_paid"]),
        (&json!("9007199254740995"), &json!("180.00"), &json!("180.00"))
    );
    assert_eq!((&order["status"], &order["payment_status"]), (&json!("confirmed"), &json!("paid")));
    let work_of = admin.get(&format!("/v1/fulfillment_orders?order_id={}", id(&order))).await.expect(200).body["data"][0].clone();
    admin.post(&format!("/v1/fulfillment_orders/{}/ship", id(&work_of)), json!({"carrier": "jne"})).await.expect(201);
    let invoice = admin.post(&format!("/v1/orders/{}/invoices", id(&order)), json!({})).await.expect(201).body;
    assert_eq!((&invoice["total"], &invoice["amount_due"], &invoice["status"]), (&json!("180.00"), &json!("0.00"), &json!("paid")));
    clean(&app).await;
}

#[actix_web::test]
async fn inclusive_prices_discounts_tips_duties_and_other_currencies_add_up() {
    let app = start().await;
    let (_, admin, channel) = ready(&app).await;
    let line =
        |more: Value| with(json!({"id": 1, "sku": "KOPI", "quantity": 2, "price": "110.00", "tax_lines": [{"price": "18.00"}]}), more);
    let none = json!([]);
    let table = [
        // 2 × 110.00 with 18.00 inside, 22.00 off: 198.00.
        (
            json!({"taxes_included": true, "total_price": "198.00", "total_tax": "18.00", "total_discounts": "22.00", "shipping_lines": none,
            "line_items": [line(json!({"discount_allocations": [{"amount": "22.00"}]}))]}),
            "198.00",
            "18.00",
        ),
        // A tip of 5.00 and duties of 12.00 on top: 220.00 + 18.00 + 17.00.
        (
            json!({"total_price": "255.00", "total_tax": "18.00", "total_tip_received": "5.00", "shipping_lines": none,
            "line_items": [line(json!({"duties": [{"shop_money": {"amount": "12.00", "currency_code": "USD"}, "tax_lines": []}]}))]}),
            "255.00",
            "18.00",
        ),
        // Yen have no minor unit.
        (
            json!({"currency": "JPY", "total_price": "22000", "total_tax": "2000", "taxes_included": true, "shipping_lines": none,
            "line_items": [line(json!({"price": "11000", "tax_lines": [{"price": "2000"}]}))]}),
            "22000",
            "2000",
        ),
        // Dinars have three places.
        (
            json!({"currency": "KWD", "total_price": "3.705", "total_tax": "0.000", "shipping_lines": none,
            "line_items": [line(json!({"price": "1.8525", "tax_lines": [{"price": "0.000"}]}))]}),
            "3.705",
            "0.000",
        ),
        // The buyer pays in euros what the shop keeps in dollars.
        (
            json!({"presentment_currency": "EUR", "total_price": "110.00", "total_tax": "0.00", "shipping_lines": none,
            "total_price_set": {"shop_money": {"amount": "110.00", "currency_code": "USD"}, "presentment_money": {"amount": "99.90", "currency_code": "EUR"}},
            "line_items": [line(json!({"quantity": 1, "tax_lines": [], "price_set": {"presentment_money": {"amount": "99.90", "currency_code": "EUR"}}}))]}),
            "99.90",
            "0.00",
        ),
    ];
    for (i, (more, total, tax)) in table.into_iter().enumerate() {
        shopify(&app, &channel, "orders/create", &body(with(more, json!({"id": 500 + i})))).await.expect(200);
        work(&app).await;
        let message = newest(&admin).await;
        assert_eq!(message["reason"], Value::Null, "{i}");
        let order = order_of(&admin, &message).await;
        assert_eq!((&order["total"], &order["amount_paid"], &order["tax_total"]), (&json!(total), &json!(total), &json!(tax)), "{i}");
    }
    clean(&app).await;
}

#[actix_web::test]
async fn an_edit_in_the_shop_is_followed_and_an_older_version_changes_nothing() {
    let app = start().await;
    let (_, admin, channel) = ready(&app).await;
    let at = |minute: u32| format!("2026-03-02T08:{minute}:00+07:00");
    // The update comes before its create.
    let mut edited = body(json!({"updated_at": at(40), "total_price": "290.00", "total_tax": "25.00"}));
    edited["line_items"][0]["quantity"] = json!(2);
    edited["line_items"][0]["tax_lines"] = json!([{"price": "20.00"}]);
    shopify(&app, &channel, "orders/updated", &edited).await.expect(200);
    shopify(&app, &channel, "orders/create", &body(json!({}))).await.expect(200);
    work(&app).await;
    let order = admin.get("/v1/orders").await.expect(200).body["data"][0].clone();
    assert_eq!((&order["total"], &order["lines"][0]["quantity"], &order["amount_paid"]), (&json!("290.00"), &json!("2"), &json!("290.00")));
    assert_eq!(newest(&admin).await["reason"]["code"], "older_version");

    // Then one line goes, another comes.
    let mut again = edited.clone();
    again["updated_at"] = json!(at(50));
    again["line_items"][1]["current_quantity"] = json!(0);
    let added = json!({"id": 13, "sku": "TEH", "quantity": 3, "price": "10.00", "tax_lines": [{"price": "3.00"}]});
    again["line_items"].as_array_mut().unwrap().push(added);
    (again["total_price"], again["total_tax"]) = (json!("268.00"), json!("23.00"));
    shopify(&app, &channel, "orders/updated", &again).await.expect(200);
    work(&app).await;
    let message = newest(&admin).await;
    // 290.00 are taken, and nothing has gone back.
    assert_eq!((&message["status"], &message["reason"]["code"]), (&json!("processed"), &json!("overpaid")));
    let order = order_of(&admin, &message).await;
    assert_eq!((&order["total"], lines(&order, "quantity")), (&json!("268.00"), vec![json!("2"), json!("0"), json!("3")]));
    // Twice the same, and once more under another topic: nothing happens.
    let version = order["version"].clone();
    for topic in ["orders/updated", "orders/create", "orders/paid"] {
        shopify(&app, &channel, topic, &again).await.expect(200);
    }
    work(&app).await;
    assert_eq!(order_of(&admin, &newest(&admin).await).await["version"], version);
    assert_eq!(count(&event_types(&admin, &order).await, "order.edited"), 1);

    // What has shipped is not taken off: the order is held, and the message says why.
    let work_of = admin.get(&format!("/v1/fulfillment_orders?order_id={}", id(&order))).await.expect(200).body["data"][0].clone();
    let part = json!({"carrier": "jne", "lines": [{"order_line_id": order["lines"][0]["id"], "quantity": "2"}]});
    admin.post(&format!("/v1/fulfillment_orders/{}/ship", id(&work_of)), part).await.expect(201);
    let mut less = again.clone();
    less["updated_at"] = json!(at(55));
    less["line_items"][0]["current_quantity"] = json!(1);
    less["total_price"] = json!("168.00");
    shopify(&app, &channel, "orders/updated", &less).await.expect(200);
    work(&app).await;
    let message = newest(&admin).await;
    assert_eq!((&message["status"], &message["reason"]["code"]), (&json!("processed"), &json!("not_changed")));
    let order = order_of(&admin, &message).await;
    assert_eq!((&order["status"], &order["holds"][0]["code"]), (&json!("on_hold"), &json!("manual")));
    clean(&app).await;
}

#[actix_web::test]
async fn money_is_booked_once_whatever_order_it_comes_in() {
    let app = start().await;
    let (_, admin, channel) = ready(&app).await;
    let at = |minute: u32| json!({"updated_at": format!("2026-03-02T08:{minute}:00+07:00")});
    let told = |minute: u32, more: Value| body(with(at(minute), more));
    let tell = async |order: Value| {
        shopify(&app, &channel, "orders/updated", &order).await.expect(200);
        work(&app).await;
        order_of(&admin, &newest(&admin).await).await
    };
    let order = tell(told(31, json!({"financial_status": "pending"}))).await;
    assert_eq!((&order["payment_status"], &order["amount_paid"]), (&json!("unpaid"), &json!("0.00")));
    let order = tell(told(32, json!({"financial_status": "authorized"}))).await;
    assert_eq!((&order["payment_status"], &order["amount_paid"]), (&json!("authorized"), &json!("0.00")));
    let order = tell(told(33, json!({"financial_status": "partially_paid", "total_outstanding": "80.00"}))).await;
    assert_eq!((&order["payment_status"], &order["amount_paid"]), (&json!("partially_paid"), &json!("100.00")));
    let order = tell(told(34, json!({"financial_status": "paid"}))).await;
    assert_eq!((&order["payment_status"], &order["amount_paid"]), (&json!("paid"), &json!("180.00")));
    let refund = json!({"id": 77, "note": "late", "transactions": [{"id": 1, "kind": "refund", "status": "success", "amount": "110.00"}],
        "refund_line_items": [{"line_item_id": 11, "quantity": 1, "restock_type": "cancel", "subtotal": "100.00", "total_tax": "10.00"}]});
    let order = tell(told(35, json!({"financial_status": "partially_refunded", "refunds": [refund]}))).await;
    assert_eq!((&order["total"], lines(&order, "cancelled_quantity")), (&json!("180.00"), vec![json!("1"), json!("0")]));
    // What is left of it is paid.
    assert_eq!((&order["amount_due"], &order["payment_status"]), (&json!("0.00"), &json!("paid")));
    // The same refund by its own hook is known already.
    let alone = with(refund.clone(), json!({"order_id": 9_007_199_254_740_995_u64}));
    shopify(&app, &channel, "refunds/create", &alone).await.expect(200);
    work(&app).await;
    let payments = admin.get(&format!("/v1/payments?order_id={}", id(&order))).await.expect(200).body["data"].clone();
    let mut refunded: Vec<&str> = payments.as_array().unwrap().iter().map(|payment| payment["amount_refunded"].as_str().unwrap()).collect();
    refunded.sort_unstable();
    // 110.00 in all, from the newest payment first.
    assert_eq!(refunded, ["30.00", "80.00"]);
    clean(&app).await;
}

#[actix_web::test]
async fn goods_that_come_back_are_announced_and_goods_that_left_from_the_shop_leave_here() {
    let app = start().await;
    let (_, admin, channel) = ready(&app).await;
    let fulfillment = json!({"id": 900, "status": "success", "created_at": "2026-03-02T08:45:00+07:00", "tracking_company": "JNE", "tracking_number": "JNE1",
        "line_items": [{"id": 11, "quantity": 1}]});
    let shipped = body(json!({"updated_at": "2026-03-02T08:45:00+07:00", "fulfillments": [fulfillment]}));
    shopify(&app, &channel, "orders/updated", &shipped).await.expect(200);
    let alone = with(fulfillment.clone(), json!({"order_id": 9_007_199_254_740_995_u64}));
    shopify(&app, &channel, "fulfillments/create", &alone).await.expect(200);
    work(&app).await;
    let order = order_of(&admin, &newest(&admin).await).await;
    assert_eq!(
        (lines(&order, "shipped_quantity"), &order["fulfillment_status"]),
        (vec![json!("1"), json!("0")], &json!("partially_fulfilled"))
    );
    let shipments = admin.get(&format!("/v1/shipments?order_id={}", id(&order))).await.expect(200).body["data"].clone();
    assert_eq!((shipments.as_array().unwrap().len(), &shipments[0]["tracking_number"]), (1, &json!("JNE1")));
    let refund = json!({"id": 78, "transactions": [{"id": 2, "kind": "refund", "status": "success", "amount": "110.00", "currency": "USD"}],
        "order_id": 9_007_199_254_740_995_u64,
        "refund_line_items": [{"line_item_id": 11, "quantity": 1, "restock_type": "return", "subtotal": "100.00", "total_tax": "10.00"}]});
    shopify(&app, &channel, "refunds/create", &refund).await.expect(200);
    work(&app).await;
    let returns = admin.get(&format!("/v1/returns?order_id={}", id(&order))).await.expect(200).body["data"].clone();
    assert_eq!((returns.as_array().unwrap().len(), &returns[0]["status"]), (1, &json!("authorized")));
    assert_eq!(returns[0]["external_ids"], json!({"shopify": "78"}));
    clean(&app).await;
}

#[actix_web::test]
async fn an_unknown_sku_waits_for_the_catalog_and_holds_nobody_up() {
    let app = start().await;
    let (_, admin, channel) = ready(&app).await;
    let mut unknown = body(json!({}));
    unknown["line_items"][1]["sku"] = json!("GULA");
    shopify(&app, &channel, "orders/create", &unknown).await.expect(200);
    let poison = json!({"line_items": 7, "financial_status": "paid"});
    shopify(&app, &channel, "orders/create", &poison).await.expect(200);
    shopify(&app, &channel, "orders/create", &body(json!({"id": 2}))).await.expect(200);
    assert_eq!(work(&app).await, 3);
    let all = messages(&admin).await;
    assert_eq!((&all[0]["status"], &all[1]["status"], &all[2]["status"]), (&json!("processed"), &json!("rejected"), &json!("received")));
    assert_eq!(all[2]["reason"], json!({"code": "unknown_sku", "detail": "no product with this SKU", "pointer": "/line_items/1/sku"}));
    assert_eq!(work(&app).await, 0, "it is not due");
    products(&admin, &["GULA"]).await;
    app.clock.advance(TimeDelta::seconds(15));
    assert_eq!(work(&app).await, 1);
    let message = admin.get(&format!("/v1/inbound_messages/{}", id(&all[2]))).await.expect(200).body;
    assert_eq!((&message["status"], &message["reason"], &message["attempts"]), (&json!("processed"), &Value::Null, &json!(2)));
    assert_eq!(order_of(&admin, &message).await["lines"][1]["sku"], "GULA");
    clean(&app).await;
}

#[actix_web::test]
async fn a_right_signature_for_another_shop_or_without_anybody_is_stored_and_rejected() {
    let app = start().await;
    let (_, admin, channel) = ready(&app).await;
    let raw = body(json!({})).to_string().into_bytes();
    let request = app
        .request(Method::POST, &inbound(&channel))
        .header("X-Shopify-Topic", "orders/create")
        .header("X-Shopify-Shop-Domain", "other.myshopify.com");
    send(request.header("X-Shopify-Hmac-Sha256", signed(SECRET, &raw)).body(raw)).await.expect(200);
    work(&app).await;
    let message = newest(&admin).await;
    assert_eq!((&message["status"], &message["reason"]["code"]), (&json!("rejected"), &json!("shop_mismatch")));
    let nobody = body(json!({"id": 3, "email": null, "customer": null, "shipping_address": null}));
    shopify(&app, &channel, "orders/create", &nobody).await.expect(200);
    work(&app).await;
    let message = newest(&admin).await;
    assert_eq!((&message["reason"]["code"], &message["reason"]["pointer"]), (&json!("customer_missing"), &json!("/customer")));
    let faulty = body(json!({"id": 4, "email": "no address"}));
    shopify(&app, &channel, "orders/create", &faulty).await.expect(200);
    work(&app).await;
    let message = newest(&admin).await;
    assert_eq!((&message["reason"]["code"], &message["reason"]["pointer"]), (&json!("invalid_email"), &json!("/email")));
    assert_eq!(admin.get("/v1/orders").await.expect(200).body["data"], json!([]));
    assert_eq!(admin.get(&format!("/v1/inbound_messages?channel={SHOP}")).await.expect(200).body["data"], json!([]));
    clean(&app).await;
}

#[actix_web::test]
async fn dying_between_any_two_steps_loses_and_doubles_nothing() {
    let app = start().await;
    let (organization_id, admin, channel) = ready(&app).await;
    let channel_id = id(&channel).parse().unwrap();
    let refund = json!({"id": 77, "transactions": [{"kind": "refund", "status": "success", "amount": "55.00"}],
        "refund_line_items": [{"line_item_id": 12, "quantity": 1, "restock_type": "cancel", "subtotal": "50.00", "total_tax": "5.00"}]});
    let fulfillment = json!({"id": 900, "status": "success", "created_at": "2026-03-02T08:45:00+07:00", "tracking_company": "JNE", "tracking_number": "JNE1",
        "line_items": [{"id": 11, "quantity": 1}]});
    let all = json!({"financial_status": "partially_refunded", "refunds": [refund], "fulfillments": [fulfillment]});
    for cut in 0..=Step::ALL.len() {
        let told = body(with(all.clone(), json!({"id": 1000 + cut})));
        let (db, desk, now) = (app.app.db.clone(), app.app.desk.clone(), app.clock.now());
        let bring_twice = move || {
            let channel = db.read_blocking(|connection| Ok(channels::of_id(connection, organization_id, channel_id)?)).unwrap().unwrap();
            let order = read_order(&Node::root(&told), &channel.settings).unwrap();
            let bench = Workbench { db: &db, desk: &desk, now };
            walk(&bench, organization_id, &channel, &order, &Step::ALL[..cut]).unwrap();
            bring(&bench, organization_id, &channel, &order).unwrap();
            bring(&bench, organization_id, &channel, &order).unwrap()
        };
        actix_web::web::block(bring_twice).await.unwrap();
        let found = admin.get(&format!("/v1/orders?external_id={}", 1000 + cut)).await.expect(200).body["data"].clone();
        assert_eq!(found.as_array().unwrap().len(), 1, "after {cut} steps");
        let order = admin.get(&format!("/v1/orders/{}", id(&found[0]))).await.expect(200).body;
        assert_eq!(
            (lines(&order, "shipped_quantity"), lines(&order, "cancelled_quantity")),
            (vec![json!("1"), json!("0")], vec![json!("0"), json!("1")])
        );
        let payments = admin.get(&format!("/v1/payments?order_id={}", id(&order))).await.expect(200).body["data"].clone();
        assert_eq!(
            (payments.as_array().unwrap().len(), &payments[0]["amount_captured"], &payments[0]["amount_refunded"]),
            (1, &json!("180.00"), &json!("55.00"))
        );
        let shipments = admin.get(&format!("/v1/shipments?order_id={}", id(&order))).await.expect(200).body["data"].clone();
        assert_eq!(shipments.as_array().unwrap().len(), 1);
    }
    clean(&app).await;
}

#[actix_web::test]
async fn a_refund_that_comes_before_its_order_waits_for_it() {
    let app = start().await;
    let (_, admin, channel) = ready(&app).await;
    let refund = json!({"id": 5, "order_id": 9_007_199_254_740_995_u64, "note": "late", "refund_line_items": [],
        "transactions": [{"kind": "refund", "status": "success", "amount": "30.00", "currency": "USD"}]});
    shopify(&app, &channel, "refunds/create", &refund).await.expect(200);
    work(&app).await;
    let message = newest(&admin).await;
    assert_eq!((&message["status"], &message["reason"]["code"]), (&json!("received"), &json!("unknown_order")));
    shopify(&app, &channel, "orders/paid", &body(json!({}))).await.expect(200);
    work(&app).await;
    app.clock.advance(TimeDelta::seconds(15));
    assert_eq!(work(&app).await, 1);
    let message = admin.get(&format!("/v1/inbound_messages/{}", id(&message))).await.expect(200).body;
    assert_eq!((&message["status"], &message["reason"]), (&json!("processed"), &Value::Null));
    // 30.00 were paid back for no goods: the order is that much less, and nobody owes it again.
    let order = order_of(&admin, &message).await;
    assert_eq!((&order["total"], &order["amount_due"], &order["discount_total"]), (&json!("150.00"), &json!("0.00"), &json!("30.00")));
    clean(&app).await;
}

#[actix_web::test]
async fn the_same_order_worked_in_by_several_at_once_is_one_order_with_one_payment() {
    let app = start().await;
    let (organization_id, admin, channel) = ready(&app).await;
    let channel_id = id(&channel).parse().unwrap();
    let told = body(json!({}));
    let bring_once = || {
        let (db, desk, now, told) = (app.app.db.clone(), app.app.desk.clone(), app.clock.now(), told.clone());
        actix_web::web::block(move || {
            let channel = db.read_blocking(|connection| Ok(channels::of_id(connection, organization_id, channel_id)?)).unwrap().unwrap();
            let order = read_order(&Node::root(&told), &channel.settings).unwrap();
            bring(&Workbench { db: &db, desk: &desk, now }, organization_id, &channel, &order).map(drop)
        })
    };
    // Who loses a race may have to come again, as the inbox does.
    futures_util::future::join_all((0..4).map(|_| bring_once())).await;
    bring_once().await.unwrap().unwrap();
    let orders = admin.get("/v1/orders").await.expect(200).body["data"].clone();
    assert_eq!(orders.as_array().unwrap().len(), 1);
    let payments = admin.get("/v1/payments").await.expect(200).body["data"].clone();
    assert_eq!((payments.as_array().unwrap().len(), &payments[0]["amount_captured"]), (1, &json!("180.00")));
    clean(&app).await;
}
