//! WooCommerce's hooks through the door: every sample becomes what its own figures say.

use crate::money::{id, with};
use crate::or_skip;
use crate::shop::{clean, receive};
use crate::support::app::{Caller, TestApp, send};
use crate::support::hooks::{channel, inbound, messages, newest, order_of, products, sample_json, woocommerce, work};
use chrono::{DateTime, Utc};
use pesanan::auth::permission::Role;
use reqwest::Method;
use serde_json::{Value, json};

async fn desk<'a>(app: &'a TestApp, now: &str, skus: &[&str]) -> (Caller<'a>, Value) {
    let now: DateTime<Utc> = now.parse().unwrap();
    app.clock.advance(now - app.clock.now());
    let organization_id = app.organization("shop").await;
    let admin = app.caller(organization_id, Role::Admin).await;
    let channel = channel(&admin, "woocommerce", "woo_test_secret").await;
    products(&admin, skus).await;
    (admin, channel)
}

async fn start() -> TestApp {
    TestApp::spawn_with(|config| config.token_seconds = 4_000 * 86_400).await
}

fn lines(order: &Value, field: &str) -> Vec<Value> {
    order["lines"].as_array().unwrap().iter().map(|line| line[field].clone()).collect()
}

fn assert_fields(order: &Value, expected: &Value) {
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&order[field], value, "{field}");
    }
}

#[actix_web::test]
async fn the_sample_of_a_new_order_becomes_what_it_says_and_its_update_changes_nothing_of_it() {
    let created = or_skip!(sample_json("woocommerce/order.created.json"));
    let app = start().await;
    let (admin, channel) = desk(&app, "2017-03-22T19:40:00Z", &["woocommerce-93", "Bar3"]).await;
    let updated = sample_json("woocommerce/order.updated.json").unwrap();
    woocommerce(&app, &channel, "order.updated", &updated).await.expect(200);
    woocommerce(&app, &channel, "order.created", &created).await.expect(200);
    work(&app).await;
    let all = messages(&admin).await;
    assert_eq!((&all[0]["reason"]["code"], &all[1]["reason"]), (&json!("older_version"), &Value::Null));
    let order = order_of(&admin, &all[1]).await;
    // 6.00 + 12.00 + 10.00 shipping + 1.35 tax; the first line has no SKU and is found by its product.
    let expected = json!({"external_id": "727", "currency": "USD", "subtotal": "18.00", "discount_total": "0.00", "shipping_net": "10.00",
        "shipping_tax": "0.00", "shipping_method": "Flat Rate", "tax_total": "1.35", "total": "29.35", "amount_paid": "29.35", "payment_status": "paid",
        "prices_include_tax": false, "ordered_at": "2017-03-22T19:28:02Z", "note": null, "external_ids": {"woocommerce": "727"}, "status": "confirmed"});
    assert_fields(&order, &expected);
    assert_eq!(
        (lines(&order, "sku"), lines(&order, "quantity")),
        (vec![json!("woocommerce-93"), json!("Bar3")], vec![json!("2"), json!("1")])
    );
    assert_eq!(
        (lines(&order, "unit_price"), lines(&order, "tax_amount")),
        (vec![json!("3.00"), json!("12.00")], vec![json!("0.45"), json!("0.90")])
    );
    assert_eq!(lines(&order, "external_line_id"), ["315", "316"]);
    assert_eq!(order["lines"][0]["external_ids"], json!({"woocommerce": "315"}));
    let address = json!({"name": "John Doe", "company": null, "line1": "969 Market", "line2": null, "city": "San Francisco", "region": "CA",
        "postal_code": "94103", "country": "US", "phone": null});
    assert_eq!((&order["shipping_address"], &order["customer"]["name"]), (&address, &json!("John Doe")));
    let payments = admin.get(&format!("/v1/payments?order_id={}", id(&order))).await.expect(200).body["data"].clone();
    assert_eq!((&payments[0]["method"], &payments[0]["reference"]), (&json!("bank_transfer"), &json!("woocommerce-727")));
    clean(&app).await;
}

#[actix_web::test]
async fn a_sample_whose_parts_do_not_add_up_costs_what_was_charged_and_is_held() {
    let sample = or_skip!(sample_json("woocommerce/order_ios_processing.json"));
    let app = start().await;
    let (admin, channel) = desk(&app, "2018-04-04T00:00:00Z", &["woocommerce-52", "5555-A"]).await;
    woocommerce(&app, &channel, "order.created", &sample).await.expect(200);
    work(&app).await;
    let message = newest(&admin).await;
    // 30.00 + 0.00 + 1.20 tax + 125.50 fee = 156.70; its own total is 31.20.
    assert_eq!((&message["status"], &message["reason"]["code"]), (&json!("processed"), &json!("totals_differ")));
    let order = order_of(&admin, &message).await;
    let expected = json!({"external_id": "963", "total": "31.20", "tax_total": "1.20", "shipping_net": "0.00", "amount_paid": "31.20", "status": "on_hold",
        "ordered_at": "2018-04-03T23:05:12Z"});
    assert_fields(&order, &expected);
    assert_eq!(
        (lines(&order, "quantity"), lines(&order, "net_amount")),
        (vec![json!("2"), json!("1.5")], vec![json!("30.00"), json!("0.00")])
    );
    assert_eq!(lines(&order, "discount_amount"), ["20.00", "10.00"]);
    assert_eq!(order["lines"][0]["discounts"][0]["code"], "30$off");
    clean(&app).await;
}

#[actix_web::test]
async fn a_sample_that_was_shipped_and_partly_paid_back_is_followed() {
    let sample = or_skip!(sample_json("woocommerce/order_partially_refunded.json"));
    let app = start().await;
    let skus = [
        "POSTER-SHIP-YOUR-IDEA",
        "POSTER-WOO-LOGO",
        "POSTER-PREMIUM-QUALITY",
        "POSTER-WOO-NINJA",
        "WOO-ALBUM-1",
        "WOO-ALBUM-3",
        "WOO-SINGLE-2",
        "WOO-SINGLE-1",
    ];
    let (admin, channel) = desk(&app, "2019-06-07T00:00:00Z", &skus).await;
    for sku in skus {
        receive(&admin, "jakarta", sku, "100").await;
    }
    woocommerce(&app, &channel, "order.updated", &sample).await.expect(200);
    work(&app).await;
    let message = newest(&admin).await;
    let order = order_of(&admin, &message).await;
    assert_eq!((&message["status"], &message["reason"]), (&json!("processed"), &Value::Null));
    // 250.20 for the goods less 16.20 and 8.10 paid back, and 54.25 shipping: 280.15 of the 304.45 that were charged.
    let expected = json!({"external_id": "324", "subtotal": "250.20", "shipping_net": "54.25", "tax_total": "0.00", "amount_due": "0.00",
        "fulfillment_status": "fulfilled", "shipping_method": "Flat Rate: Priority Mail"});
    assert_fields(&order, &expected);
    assert_eq!(lines(&order, "quantity"), ["1", "2", "3", "4", "5", "6", "7", "8"]);
    assert_eq!(order["lines"][2]["unit_price"], "10.80");
    let shipments = admin.get(&format!("/v1/shipments?order_id={}", id(&order))).await.expect(200).body["data"].clone();
    assert_eq!(
        (shipments.as_array().unwrap().len(), &shipments[0]["carrier"], &shipments[0]["tracking_number"]),
        (1, &json!("fedex"), &json!("117579686762"))
    );
    let payments = admin.get(&format!("/v1/payments?order_id={}", id(&order))).await.expect(200).body["data"].clone();
    assert_eq!((&payments[0]["amount_captured"], &payments[0]["amount_refunded"]), (&json!("304.45"), &json!("24.30")));
    clean(&app).await;
}

#[actix_web::test]
async fn a_ping_is_answered_and_not_kept() {
    let app = start().await;
    let (admin, channel) = desk(&app, "2017-03-22T19:40:00Z", &[]).await;
    let ping = app.request(Method::POST, &inbound(&channel)).header("content-type", "application/x-www-form-urlencoded");
    send(ping.body("webhook_id=17")).await.expect(200);
    assert!(messages(&admin).await.is_empty());
}

#[actix_web::test]
async fn a_refund_under_an_order_s_topic_is_rejected() {
    let refund = or_skip!(sample_json("woocommerce/order_refund.json"));
    let app = start().await;
    let (admin, channel) = desk(&app, "2017-03-22T19:40:00Z", &[]).await;
    for topic in ["order.created", "order.deleted"] {
        woocommerce(&app, &channel, topic, &refund).await.expect(200);
        work(&app).await;
        assert_eq!(newest(&admin).await["reason"]["code"], "topic_mismatch");
    }
    woocommerce(&app, &channel, "coupon.created", &refund).await.expect(200);
    work(&app).await;
    assert_eq!(newest(&admin).await["reason"]["code"], "topic_not_used");
    clean(&app).await;
}

fn body(more: Value) -> Value {
    let order = json!({"id": 9, "number": "9", "status": "processing", "currency": "USD", "date_created_gmt": "2026-03-02T01:00:00",
        "date_modified_gmt": "2026-03-02T01:00:00", "total": "11.00", "total_tax": "1.00", "shipping_total": "0.00", "shipping_tax": "0.00",
        "prices_include_tax": true, "billing": {"first_name": "Siti", "email": "siti@example.com", "country": "ID"},
        "shipping": {"first_name": "Siti", "address_1": "Jl. Braga 12", "city": "Bandung", "country": "ID"},
        "payment_method": "cod", "date_paid_gmt": null, "meta_data": [{"key": "x", "value": {"any": [1, null, true]}}],
        "line_items": [{"id": 1, "sku": "KOPI", "quantity": 1, "subtotal": "10.00", "total": "10.00", "total_tax": "1.00"}]});
    with(order, more)
}

#[actix_web::test]
async fn a_fee_below_zero_takes_its_tax_along() {
    let app = start().await;
    let (admin, channel) = desk(&app, "2026-03-02T02:00:00Z", &["KOPI"]).await;
    // 10.00 + 1.00 − (1.00 + 0.10) = 9.90.
    let fee = json!([{"id": 2, "name": "Loyal", "total": "-1.00", "total_tax": "-0.10"}]);
    woocommerce(&app, &channel, "order.created", &body(json!({"total": "9.90", "total_tax": "0.90", "fee_lines": fee}))).await.expect(200);
    work(&app).await;
    let message = newest(&admin).await;
    let order = order_of(&admin, &message).await;
    assert_eq!((&message["reason"], &order["status"]), (&Value::Null, &json!("confirmed")));
    assert_fields(&order, &json!({"total": "9.90", "tax_total": "0.90", "discount_total": "1.00"}));
    clean(&app).await;
}

#[actix_web::test]
async fn unpaid_orders_wait_cancelled_ones_are_cancelled_and_deleted_ones_do_not_come_back_by_themselves() {
    let app = start().await;
    let (admin, channel) = desk(&app, "2026-03-02T02:00:00Z", &["KOPI"]).await;
    receive(&admin, "jakarta", "KOPI", "10").await;
    let tell = |topic: &'static str, body: Value| {
        let (app, channel, admin) = (&app, &channel, &admin);
        async move {
            woocommerce(app, channel, topic, &body).await.expect(200);
            work(app).await;
            newest(admin).await
        }
    };
    let at = |minute: u32| json!({"date_modified_gmt": format!("2026-03-02T01:{minute:02}:00")});
    assert_eq!(tell("order.created", body(json!({"status": "pending"}))).await["reason"]["code"], "awaits_payment");
    let message = tell("order.updated", body(at(1))).await;
    let order = order_of(&admin, &message).await;
    assert_eq!((&order["total"], &order["payment_status"]), (&json!("11.00"), &json!("unpaid")));
    let order = order_of(&admin, &tell("order.updated", body(with(at(2), json!({"date_paid_gmt": "2026-03-02T01:02:00"})))).await).await;
    assert_eq!((&order["amount_paid"], &order["payment_status"]), (&json!("11.00"), &json!("paid")));
    // The payment is gone after all: a person has to look before anything ships, once.
    let failed = body(with(at(2), json!({"status": "failed"})));
    let message = tell("order.updated", failed).await;
    assert_eq!(message["reason"]["code"], "payment_lost");
    let held = order_of(&admin, &message).await;
    assert_eq!((&held["status"], held["holds"].as_array().unwrap().len()), (&json!("on_hold"), 1));
    let order = order_of(&admin, &tell("order.updated", body(with(at(3), json!({"status": "cancelled"})))).await).await;
    assert_eq!(order["status"], "cancelled");
    let again = tell("order.updated", body(with(at(4), json!({"status": "processing"})))).await;
    assert_eq!(again["reason"]["code"], "order_cancelled", "the shop has taken it up again: somebody must look");

    // Deleted first: neither an older nor a newer update makes an order of it, until the shop restores it.
    assert_eq!(tell("order.deleted", json!({"id": 10})).await["reason"]["code"], "deleted_before_it_came");
    assert_eq!(tell("order.updated", body(with(at(4), json!({"id": 10})))).await["reason"]["code"], "order_gone");
    let restored = tell("order.restored", body(with(at(5), json!({"id": 10})))).await;
    assert_eq!(order_of(&admin, &restored).await["status"], "confirmed");
    // Deleted afterwards: cancelled.
    let deleted = tell("order.deleted", json!({"id": 10})).await;
    assert_eq!(order_of(&admin, &deleted).await["status"], "cancelled");
    clean(&app).await;
}
