//! BigCommerce: thin hooks through the door, the order by its API from a local server.

use crate::money::ship;
use crate::or_skip;
use crate::shop::{clean, receive};
use crate::support::app::{Caller, Reply, TestApp, send};
use crate::support::hooks::{inbound, newest, order_of, products, sample_json, vectors, work};
use crate::support::platforms::PlatformServer;
use crate::support::samples::sample;
use chrono::DateTime;
use pesanan::auth::permission::Role;
use pesanan::channels::platforms::standard_webhooks::sign;
use pesanan::channels::shops;
use reqwest::Method;
use serde_json::{Value, json};

const SECRET: &str = "bc_client_secret";
const HASH: &str = "abc123";

struct Desk<'a> {
    app: &'a TestApp,
    admin: Caller<'a>,
    server: PlatformServer,
    channel: Value,
}

async fn start() -> TestApp {
    let app = TestApp::spawn_with(|config| config.token_seconds = 400 * 86_400).await;
    app.clock.advance(DateTime::from_timestamp(1_772_445_600, 0).unwrap() - app.clock.now());
    app
}

async fn desk(app: &TestApp) -> Desk<'_> {
    let organization_id = app.organization("shop").await;
    let admin = app.caller(organization_id, Role::Admin).await;
    let server = PlatformServer::start();
    let new = json!({"code": "bigcommerce", "kind": "bigcommerce", "name": "BigCommerce", "secret": SECRET,
        "settings": {"api_base": server.base, "store_hash": HASH, "write_back": true}, "credentials": {"access_token": "bc_token"}});
    let channel = admin.post("/v1/channels", new).await.expect(201).body;
    products(&admin, &["KOPI-250", "TEH-100"]).await;
    receive(&admin, "jakarta", "KOPI-250", "10").await;
    receive(&admin, "jakarta", "TEH-100", "10").await;
    put_order(&server);
    Desk { app, admin, server, channel }
}

fn v2(rest: &str) -> String {
    format!("/stores/{HASH}/v2/orders/250{rest}")
}

/// 2 × 20.00 and 1 × 10.00 less a coupon of 5.00, shipping of 8.00, tax of 10 %: 58.30, taken by card.
fn put_order(server: &PlatformServer) {
    server.put(
        &v2(""),
        json!({"id": 250, "status_id": 11, "date_created": "Mon, 02 Mar 2026 09:15:35 +0000", "date_modified": "Mon, 02 Mar 2026 09:20:00 +0000",
            "currency_code": "USD", "default_currency_code": "USD", "shipping_cost_ex_tax": "8.0000", "shipping_cost_inc_tax": "8.8000",
            "shipping_cost_tax": "0.8000", "total_inc_tax": "58.3000", "total_tax": "5.3000", "coupon_discount": "5.0000", "discount_amount": "0.0000",
            "payment_method": "Credit Card", "payment_status": "captured", "customer_message": "Ring twice",
            "billing_address": {"first_name": "Jane", "last_name": "Doe", "street_1": "123 Main Street", "city": "Austin", "zip": "78751",
                "country_iso2": "US", "state": "Texas", "email": "jane@example.com", "phone": "1234567890"}}),
    );
    let product = |id: i64, sku: &str, quantity: i64, ex: &str, inc: &str, tax: &str, off: &str| {
        json!({"id": id, "sku": sku, "name": sku, "quantity": quantity, "total_ex_tax": ex, "total_inc_tax": inc, "total_tax": tax,
            "applied_discounts": [{"id": "coupon", "amount": off, "name": "Coupon", "code": "FIVE", "target": "order"}]})
    };
    server.put(
        &v2("/products"),
        json!([product(11, "KOPI-250", 2, "40", "44", "4", "4.0000"), product(12, "TEH-100", 1, "10", "11", "1", "1.0000")]),
    );
    server.put(
        &v2("/shipping_addresses"),
        json!([{"id": 1, "first_name": "Jane", "last_name": "Doe", "street_1": "555 East Street", "city": "Austin", "zip": "78108", "country_iso2": "US",
            "state": "Texas", "shipping_method": "Ship by Weight"}]),
    );
    server.put(&v2("/coupons"), json!([{"id": 1, "code": "FIVE", "discount": 5.0}]));
    let transactions = format!("/stores/{HASH}/v3/orders/250/transactions");
    server.put(
        &transactions,
        json!({"data": [{"id": 1, "event": "purchase", "amount": 58.3, "status": "ok", "gateway_transaction_id": "ch_1"}], "meta": {}}),
    );
}

impl Desk<'_> {
    async fn knock(&self, body: &[u8], headers: &[(&str, &str)]) -> Reply {
        let request = self.app.request(Method::POST, &inbound(&self.channel)).header("content-type", "application/json");
        send(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)).body(body.to_vec())).await
    }

    async fn tell(&self, scope: &str, data: Value, id: &str) -> Value {
        let body =
            json!({"scope": scope, "store_id": "1", "data": data, "hash": id, "created_at": 1, "producer": format!("stores/{HASH}")})
                .to_string();
        let now = self.app.clock.now();
        let signature = sign(SECRET.as_bytes(), id, now, body.as_bytes());
        let headers = [("webhook-id", id), ("webhook-timestamp", &now.timestamp().to_string()), ("webhook-signature", &signature)];
        self.knock(body.as_bytes(), &headers).await.expect(200);
        work(self.app).await;
        newest(&self.admin).await
    }
}

#[actix_web::test]
async fn every_sample_is_let_in_by_its_vector_and_known_for_what_it_is() {
    let vectors = or_skip!(vectors());
    let app = start().await;
    let desk = desk(&app).await;
    let mut seen = 0;
    for (file, secret, headers) in vectors.into_iter().filter(|(file, ..)| file.starts_with("bigcommerce/")) {
        let body = sample(&file).unwrap();
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(secret, SECRET);
        desk.knock(&body, &headers).await.expect(200);
        desk.knock(b"{}", &headers).await.expect(401);
        let message = newest(&desk.admin).await;
        let sample = sample_json(&file).unwrap();
        let order = if file.contains("shipment") {
            json!("251")
        } else if file.contains("product") {
            Value::Null
        } else {
            json!("250")
        };
        assert_eq!((&message["topic"], &message["external_id"]), (&sample["scope"], &order), "{file}");
        seen += 1;
    }
    work(&app).await;
    let all = desk.admin.get("/v1/inbound_messages").await.expect(200).body["data"].clone();
    // The samples name a store with a placeholder, which is not the channel's.
    assert!(all.as_array().unwrap().iter().all(|message| message["reason"]["code"] == "shop_mismatch"), "{all:#}");
    assert_eq!(seen, 5);
    clean(&app).await;
}

#[actix_web::test]
async fn a_hook_brings_the_order_as_the_shop_has_it() {
    let app = start().await;
    let desk = desk(&app).await;
    let message = desk.tell("store/order/created", json!({"type": "order", "id": 250}), "h1").await;
    assert_eq!(message["status"], "processed", "{message:#}");
    let order = order_of(&desk.admin, &message).await;
    let expected = json!({"external_id": "250", "currency": "USD", "subtotal": "45.00", "shipping_net": "8.00", "shipping_tax": "0.80", "tax_total": "5.30",
        "total": "58.30", "amount_paid": "58.30", "payment_status": "paid", "status": "confirmed", "note": "Ring twice", "shipping_method": "Ship by Weight",
        "ordered_at": "2026-03-02T09:15:35Z", "external_ids": {"bigcommerce": "250"}});
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&order[field], value, "{field}");
    }
    let lines: Vec<Value> = order["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| json!([line["sku"], line["quantity"], line["unit_price"], line["net_amount"], line["external_line_id"]]))
        .collect();
    assert_eq!(lines, [json!(["KOPI-250", "2", "20.00", "36.00", "11"]), json!(["TEH-100", "1", "10.00", "9.00", "12"])]);
    assert_eq!((&order["customer"]["name"], &order["shipping_address"]["line1"]), (&json!("Jane Doe"), &json!("555 East Street")));
    // Archived, or some other hook: nothing of the order changes.
    let version = order["version"].clone();
    for (scope, data, code) in [
        ("store/order/archived", json!({"type": "order", "id": 250}), Value::Null),
        ("store/product/inventory/order/updated", json!({"type": "product", "id": 167}), json!("asks_for_nothing")),
        ("store/order/updated", json!({"type": "order", "id": 999}), json!("order_gone")),
    ] {
        let message = desk.tell(scope, data, "h2").await;
        assert_eq!((&message["status"], &message["reason"]["code"]), (&json!("processed"), &code), "{scope}");
    }
    let same = desk.admin.get(&format!("/v1/orders/{}", order["id"].as_str().unwrap())).await.expect(200).body;
    assert_eq!(same["version"], version);
    clean(&app).await;
}

#[actix_web::test]
async fn shipments_and_cancellations_of_the_shop_are_followed() {
    let app = start().await;
    let desk = desk(&app).await;
    desk.server.change(&v2(""), |order| order["status_id"] = json!(0));
    let message = desk.tell("store/order/created", json!({"type": "order", "id": 250}), "h1").await;
    assert_eq!(message["reason"]["code"], "incomplete");
    desk.server.change(&v2(""), |order| order["status_id"] = json!(11));
    desk.server.put(
        &v2("/shipments"),
        json!([{"id": 12, "date_created": "Mon, 02 Mar 2026 09:30:00 +0000", "tracking_number": "JNE1", "tracking_carrier": "jne", "comments": "",
            "items": [{"order_product_id": 11, "product_id": 77, "quantity": 2}]}]),
    );
    let message = desk.tell("store/shipment/created", json!({"type": "shipment", "id": 12, "orderId": 250}), "h2").await;
    let order = order_of(&desk.admin, &message).await;
    assert_eq!(
        (&order["fulfillment_status"], &order["lines"][0]["shipped_quantity"]),
        (&json!("partially_fulfilled"), &json!("2")),
        "{message:#}"
    );
    desk.server
        .change(&v2(""), |order| (order["status_id"], order["date_modified"]) = (json!(5), json!("Mon, 02 Mar 2026 09:40:00 +0000")));
    let message = desk.tell("store/order/statusUpdated", json!({"type": "order", "id": 250}), "h3").await;
    assert_eq!(message["reason"]["code"], "partly_shipped", "{message:#}");
    let order = order_of(&desk.admin, &message).await;
    assert_eq!((&order["lines"][1]["cancelled_quantity"], &order["lines"][0]["shipped_quantity"]), (&json!("1"), &json!("2")));
    clean(&app).await;
}

#[actix_web::test]
async fn a_shipment_of_ours_is_told_once_and_its_hook_changes_nothing() {
    let app = start().await;
    let desk = desk(&app).await;
    let tell = async || {
        let (db, clock) = (app.app.db.clone(), app.clock.clone());
        let work = move || {
            shops::follow::collect(&db, clock.now()).unwrap();
            shops::tell::work(&db, &|| clock.now()).unwrap()
        };
        actix_web::web::block(work).await.unwrap()
    };
    tell().await;
    let message = desk.tell("store/order/created", json!({"type": "order", "id": 250}), "h1").await;
    let order = order_of(&desk.admin, &message).await;
    ship(&desk.admin, &order, "2").await;
    // Dies after the store has been told and before that is written down.
    let (db, clock) = (app.app.db.clone(), app.clock.clone());
    let die = move || {
        shops::follow::collect(&db, clock.now()).unwrap();
        let due = shops::tell::lease(&db, clock.now()).unwrap();
        due.iter().for_each(|task| drop(shops::tell::call(&db, task, clock.now()).unwrap()));
        due.len()
    };
    assert_eq!(actix_web::web::block(die).await.unwrap(), 1);
    let told = desk.server.writes();
    let number = format!("{}-S1", order["number"].as_str().unwrap());
    let expected = json!({"order_address_id": 1, "tracking_number": "", "shipping_method": "jne", "shipping_provider": "",
        "comments": format!("pesanan shipment {number}"), "items": [{"order_product_id": 11, "quantity": 2}]});
    assert_eq!(told, [(format!("POST {}", v2("/shipments")), expected)]);
    let known = json!([{"id": 77, "comments": format!("pesanan shipment {number}"), "items": [{"order_product_id": 11, "quantity": 2}]}]);
    desk.server.put(&v2("/shipments"), known);
    app.clock.advance(chrono::TimeDelta::seconds(200));
    assert_eq!(tell().await, 1);
    assert_eq!(desk.server.writes().len(), 1);
    desk.tell("store/shipment/created", json!({"type": "shipment", "id": 77, "orderId": 250}), "h2").await;
    let after = desk.admin.get(&format!("/v1/orders/{}", order["id"].as_str().unwrap())).await.expect(200).body;
    assert_eq!((&after["lines"][0]["shipped_quantity"], &after["lines"][1]["shipped_quantity"]), (&json!("2"), &json!("0")));
    assert_eq!(tell().await, 0);
    clean(&app).await;
}

#[actix_web::test]
async fn an_order_that_the_store_has_paid_back_before_we_knew_it_is_over_there_too() {
    let app = start().await;
    let desk = desk(&app).await;
    desk.server.change(&v2(""), |order| {
        (order["status_id"], order["payment_status"]) = (json!(4), json!("refunded"));
    });
    let item = |id: i64, quantity: i64, amount: &str| json!({"item_type": "PRODUCT", "item_id": id, "quantity": quantity, "requested_amount": amount});
    desk.server.put(
        &format!("/stores/{HASH}/v3/orders/250/payment_actions/refunds"),
        json!({"data": [{"id": 3, "total_amount": "58.30", "reason": "", "items": [item(11, 2, "39.60"), item(12, 1, "9.90")],
            "payments": [{"id": 1, "amount": 58.3, "is_declined": false}]}], "meta": {}}),
    );
    let message = desk.tell("store/order/created", json!({"type": "order", "id": 250}), "h1").await;
    assert_eq!((&message["status"], &message["reason"]), (&json!("processed"), &Value::Null), "{message:#}");
    let order = order_of(&desk.admin, &message).await;
    assert_eq!(
        (&order["status"], &order["payment_status"], &order["amount_due"]),
        (&json!("cancelled"), &json!("refunded"), &json!("0.00"))
    );
    clean(&app).await;
}
