//! Any other shop: signed by the Standard Webhooks specification and read by the channel's mapping.

use crate::money::{id, with};
use crate::shop::{clean, receive};
use crate::support::app::{Caller, Reply, TestApp, send};
use crate::support::hooks::{inbound, messages, newest, order_of, products, work};
use chrono::{DateTime, TimeDelta, Utc};
use pesanan::auth::permission::Role;
use pesanan::channels::platforms::standard_webhooks::{key_of, sign};
use reqwest::Method;
use serde_json::{Value, json};

pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

pub fn mapping() -> Value {
    json!({
        "external_id": "/order/id", "topic": "/event", "topics": ["order.saved"], "version_at": "/order/changed", "ordered_at": "/order/created",
        "currency": "=EUR", "total": "/order/total", "discount": "/order/off", "paid": "/order/paid", "payment_method": "=card",
        "cancelled": "/order/state", "cancelled_values": ["void"],
        "customer": {"name": "/order/buyer/name", "email": "/order/buyer/mail"},
        "lines": {"items": "/order/items", "external_line_id": "/no", "sku": "/sku", "quantity": "/qty", "unit_price": "/price", "tax": "/vat"},
        "shipping": {"method": "=Post", "amount": "/order/post"},
        "shipping_address": {"name": "/order/buyer/name", "line1": "/order/to/street", "city": "/order/to/city", "country": "=DE"},
    })
}

pub fn message(more: Value) -> Value {
    let order = json!({"id": "A-7", "changed": "2026-03-02T01:10:00Z", "created": "2026-03-02T01:00:00Z", "total": "28.80", "off": 1, "paid": true,
        "state": "open", "buyer": {"name": "Ada", "mail": "ada@example.com"}, "post": "5.00", "to": {"street": "Weg 1", "city": "Bonn"},
        "items": [{"no": 1, "sku": "KOPI", "qty": 2, "price": 10.5, "vat": "3.80"}]});
    json!({"event": "order.saved", "order": with(order, more)})
}

async fn desk(app: &TestApp) -> (Caller<'_>, Value) {
    let organization_id = app.organization("shop").await;
    let admin = app.caller(organization_id, Role::Admin).await;
    let new = json!({"code": "own", "kind": "generic", "name": "Own shop", "secret": SECRET, "settings": {"mapping": mapping()}});
    let channel = admin.post("/v1/channels", new).await.expect(201).body;
    products(&admin, &["KOPI"]).await;
    receive(&admin, "jakarta", "KOPI", "10").await;
    (admin, channel)
}

async fn tell_at(app: &TestApp, channel: &Value, body: &Value, at: DateTime<Utc>) -> Reply {
    deliver(app, channel, body, "msg_1", at).await
}

async fn deliver(app: &TestApp, channel: &Value, body: &Value, delivery: &str, at: DateTime<Utc>) -> Reply {
    let raw = body.to_string().into_bytes();
    let signature = sign(&key_of(SECRET), delivery, at, &raw);
    let request =
        app.request(Method::POST, &inbound(channel)).header("webhook-id", delivery).header("webhook-timestamp", at.timestamp().to_string());
    send(request.header("webhook-signature", signature).body(raw)).await
}

#[actix_web::test]
async fn a_message_is_read_where_the_mapping_says() {
    let app = TestApp::spawn().await;
    let (admin, channel) = desk(&app).await;
    tell_at(&app, &channel, &message(json!({})), app.clock.now()).await.expect(200);
    work(&app).await;
    let told = newest(&admin).await;
    assert_eq!((&told["topic"], &told["external_id"], &told["reason"]), (&json!("order.saved"), &json!("A-7"), &Value::Null));
    let order = order_of(&admin, &told).await;
    // 2 × 10.50 − 1.00 + 3.80 + 5.00 = 28.80.
    let expected = json!({"external_id": "A-7", "currency": "EUR", "subtotal": "21.00", "discount_total": "1.00", "tax_total": "3.80", "shipping_net": "5.00",
        "shipping_method": "Post", "total": "28.80", "amount_paid": "28.80", "ordered_at": "2026-03-02T01:00:00Z", "status": "confirmed"});
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&order[field], value, "{field}");
    }
    assert_eq!((&order["lines"][0]["external_line_id"], &order["shipping_address"]["country"]), (&json!("1"), &json!("DE")));
    let void = message(json!({"state": "void", "changed": "2026-03-02T01:20:00Z"}));
    tell_at(&app, &channel, &void, app.clock.now()).await.expect(200);
    work(&app).await;
    assert_eq!(order_of(&admin, &newest(&admin).await).await["status"], "cancelled");
    let other = json!({"event": "stock.changed", "order": {"id": 1}});
    tell_at(&app, &channel, &other, app.clock.now()).await.expect(200);
    work(&app).await;
    assert_eq!(newest(&admin).await["reason"]["code"], "topic_not_used");
    let faulty = message(json!({"id": "A-8", "items": [{"no": 1, "sku": "KOPI", "qty": 0, "price": "1"}]}));
    tell_at(&app, &channel, &faulty, app.clock.now()).await.expect(200);
    work(&app).await;
    let reason = newest(&admin).await["reason"].clone();
    assert_eq!((&reason["code"], &reason["pointer"]), (&json!("quantity_missing"), &json!("/order/items/0")));
    clean(&app).await;
}

#[actix_web::test]
async fn a_signature_is_good_for_five_minutes() {
    let app = TestApp::spawn().await;
    let (admin, channel) = desk(&app).await;
    let now = app.clock.now();
    for (minutes, status) in [(-6, 401), (6, 401), (-4, 200), (4, 200)] {
        tell_at(&app, &channel, &message(json!({})), now + TimeDelta::minutes(minutes)).await.expect(status);
    }
    assert_eq!(messages(&admin).await.len(), 1);
}

#[actix_web::test]
async fn a_shop_that_dates_nothing_may_say_the_same_again_and_mean_it() {
    let app = TestApp::spawn().await;
    let (admin, channel) = desk(&app).await;
    let undated = json!({"settings": {"mapping": {"version_at": null}}});
    admin.patch(&format!("/v1/channels/{}", id(&channel)), undated).await.expect(200);
    let street = |street: &str| message(json!({"to": {"street": street, "city": "Bonn"}}));
    // There and back again; then the first delivery once more, and the third.
    let told =
        [("m1", "Weg 1", "Weg 1"), ("m2", "Weg 2", "Weg 2"), ("m3", "Weg 1", "Weg 1"), ("m1", "Weg 1", "Weg 1"), ("m2", "Weg 2", "Weg 1")];
    for (delivery, told, expected) in told {
        app.clock.advance(TimeDelta::seconds(1));
        deliver(&app, &channel, &street(told), delivery, app.clock.now()).await.expect(200);
        work(&app).await;
        let order = order_of(&admin, &newest(&admin).await).await;
        assert_eq!(order["shipping_address"]["line1"], expected, "{delivery}");
    }
    assert_eq!(messages(&admin).await.len(), 3);
    clean(&app).await;
}

#[actix_web::test]
async fn a_mapping_is_checked_and_tried_out_before_anything_comes() {
    let app = TestApp::spawn().await;
    let (admin, channel) = desk(&app).await;
    let path = format!("/v1/channels/{}", id(&channel));
    let fault = admin.patch(&path, json!({"settings": {"mapping": {"external_id": "id"}}})).await.expect(422).body;
    assert_eq!(fault["errors"][0]["pointer"], "/settings/mapping/external_id");
    let unknown = admin.patch(&path, json!({"settings": {"mapping": {"colour": "/c"}}})).await.expect(422).body;
    assert_eq!(
        (&unknown["errors"][0]["code"], &unknown["errors"][0]["pointer"]),
        (&json!("unknown_field"), &json!("/settings/mapping/colour"))
    );
    let tried = admin.post(&format!("{path}/try_mapping"), json!({"message": message(json!({}))})).await.expect(200).body;
    assert_eq!((&tried["external_id"], &tried["paid"], &tried["reason"]), (&json!("A-7"), &json!("28.80"), &Value::Null));
    assert_eq!((&tried["order"]["lines"][0]["sku"], &tried["order"]["lines"][0]["unit_price"]), (&json!("KOPI"), &json!("10.50")));
    assert_eq!(tried["order"]["customer"]["email"], "ada@example.com");
    let wrong = admin.post(&format!("{path}/try_mapping"), json!({"message": message(json!({"id": null}))})).await.expect(200).body;
    assert_eq!((&wrong["order"], &wrong["reason"]["pointer"]), (&Value::Null, &json!("/order/id")));
    let doubt = admin.post(&format!("{path}/try_mapping"), json!({"message": message(json!({"total": "99.00"}))})).await.expect(200).body;
    assert_eq!(doubt["reason"]["code"], "totals_differ");
    let bad = admin.post(&format!("{path}/try_mapping"), json!({"message": {}, "mapping": {}})).await.expect(422).body;
    assert_eq!((&bad["errors"][0]["code"], &bad["errors"][0]["pointer"]), (&json!("required"), &json!("/mapping/external_id")));
    let shop = admin.post("/v1/channels", json!({"code": "s", "kind": "shopify", "name": "S"})).await.expect(201).body;
    let refused = admin.post(&format!("/v1/channels/{}/try_mapping", id(&shop)), json!({"message": {}})).await;
    assert_eq!(refused.code(409), "not_generic");
    assert!(messages(&admin).await.is_empty());
}

#[actix_web::test]
async fn ids_keep_their_digits_a_mark_before_the_body_is_skipped_and_too_much_money_is_told() {
    let app = TestApp::spawn().await;
    let (admin, channel) = desk(&app).await;
    let say = async |raw: Vec<u8>| {
        let (now, delivery) = (app.clock.now(), format!("msg_{}", raw.len()));
        let signature = sign(&key_of(SECRET), &delivery, now, &raw);
        let request = app.request(Method::POST, &inbound(&channel)).header("webhook-id", delivery);
        let request = request.header("webhook-timestamp", now.timestamp().to_string()).header("webhook-signature", signature);
        send(request.body(raw)).await.expect(200);
        work(&app).await;
        newest(&admin).await
    };
    let digits = "123456789012345678901234567890";
    let marked = format!("\u{feff}{}", message(json!({}))).replace("\"A-7\"", digits);
    let told = say(marked.into_bytes()).await;
    assert_eq!((&told["status"], &told["external_id"], &told["reason"]), (&json!("processed"), &json!(digits), &Value::Null));
    assert_eq!(order_of(&admin, &told).await["external_id"], digits);
    let told = say(message(json!({"id": "A\u{0}7"})).to_string().into_bytes()).await;
    assert_eq!(
        (&told["status"], &told["reason"]["code"], &told["reason"]["pointer"]),
        (&json!("rejected"), &json!("invalid_id"), &json!("/order/id"))
    );
    let twice = json!({"id": "A-9", "paid": "57.60", "buyer": {"name": "Bea", "mail": "bea@example.com"}});
    let told = say(message(twice).to_string().into_bytes()).await;
    assert_eq!((&told["status"], &told["reason"]["code"]), (&json!("processed"), &json!("overpaid")));
    assert!(told["reason"]["detail"].as_str().unwrap().contains("28.80 EUR"), "{told:#}");
    assert_eq!(order_of(&admin, &told).await["total"], "28.80");
    clean(&app).await;
}
