//! The inbox: what is let in is stored before it is acknowledged, worked in once, and never lost.

use crate::money::{id, with};
use crate::or_skip;
use crate::shop::clean;
use crate::support::app::{Caller, TestApp, send};
use crate::support::hooks::{SHOP, channel, inbound, messages, newest, order_of, products, shopify, signed, vectors, work};
use crate::support::samples::sample;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use pesanan::auth::permission::Role;
use pesanan::channels::platform::Workbench;
use pesanan::inbox::work as inbox;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

const SECRET: &str = "shpss_test_secret";

async fn desk(app: &TestApp) -> (Caller<'_>, Value) {
    let organization_id = app.organization("shop").await;
    let admin = app.caller(organization_id, Role::Admin).await;
    let channel = channel(&admin, "shopify", SECRET).await;
    products(&admin, &["KOPI"]).await;
    (admin, channel)
}

fn body(id: u64, more: Value) -> Value {
    let order = json!({"id": id, "email": "siti@example.com", "currency": "USD", "financial_status": "pending", "total_price": "10.00", "total_tax": "0.00",
        "created_at": "2026-03-02T01:00:00Z", "updated_at": "2026-03-02T01:00:00Z", "cancelled_at": null,
        "shipping_address": {"name": "Siti", "address1": "Jl. Braga 12", "city": "Bandung", "country_code": "ID"},
        "line_items": [{"id": 1, "sku": "KOPI", "quantity": 1, "price": "10.00"}]});
    with(order, more)
}

fn knock(app: &TestApp, path: &str, secret: &str, body: &[u8]) -> RequestBuilder {
    let request = app.request(Method::POST, path).header("X-Shopify-Topic", "orders/create").header("X-Shopify-Shop-Domain", SHOP);
    request.header("X-Shopify-Hmac-Sha256", signed(secret, body)).body(body.to_vec())
}

#[actix_web::test]
async fn every_vector_of_the_platforms_is_let_in_and_nothing_that_is_changed() {
    let vectors = or_skip!(vectors());
    let app = TestApp::spawn().await;
    let organization_id = app.organization("shop").await;
    let admin = app.caller(organization_id, Role::Admin).await;
    let mut tried = 0;
    for kind in ["shopify", "woocommerce"] {
        let mut at_door: Option<Value> = None;
        for (file, secret, headers) in vectors.iter().filter(|(file, ..)| file.starts_with(kind)) {
            if at_door.is_none() {
                at_door = Some(channel(&admin, kind, secret).await);
            }
            let path = inbound(at_door.as_ref().unwrap());
            let raw = sample(file).unwrap();
            let send_with = |raw: Vec<u8>, path: String| {
                let mut request = app.request(Method::POST, &path);
                for (name, value) in headers {
                    request = request.header(name, value);
                }
                send(request.body(raw))
            };
            let mut changed = raw.clone();
            changed.push(b' ');
            send_with(changed, path.clone()).await.expect(401);
            send_with(raw.clone(), "/v1/inbound/5f6c1d0e-3f43-4c0d-9a53-0d0a4a3b5c11".to_owned()).await.expect(401);
            send(app.request(Method::POST, &path).body(raw.clone())).await.expect(401);
            let before = messages(&admin).await.len();
            send_with(raw, path).await.expect(200);
            assert_eq!(messages(&admin).await.len(), before + 1, "{file}");
            tried += 1;
        }
    }
    assert_eq!(tried, 10);
}

#[actix_web::test]
async fn a_bad_signature_and_an_unknown_address_are_told_alike_and_not_kept() {
    let app = TestApp::spawn().await;
    let (admin, channel) = desk(&app).await;
    let raw = body(1, json!({})).to_string().into_bytes();
    let path = inbound(&channel);
    let bad = send(knock(&app, &path, "shpss_other_secret", &raw)).await.expect(401).body;
    for unknown in ["/v1/inbound/5f6c1d0e-3f43-4c0d-9a53-0d0a4a3b5c11", "/v1/inbound/x"] {
        let told = send(knock(&app, unknown, SECRET, &raw)).await.expect(401).body;
        assert_eq!((&told["code"], &told["detail"]), (&bad["code"], &bad["detail"]));
    }
    let silent = admin.post("/v1/channels", json!({"code": "api", "kind": "direct", "name": "API"})).await.expect(201).body;
    assert_eq!(silent["inbound_url"], Value::Null);
    assert!(messages(&admin).await.is_empty());
    clean(&app).await;
}

#[actix_web::test]
async fn while_a_secret_or_an_address_is_replaced_both_are_good() {
    let app = TestApp::spawn_with(|config| config.token_seconds = 400 * 86_400).await;
    let (admin, channel) = desk(&app).await;
    let (old_path, path) = (inbound(&channel), format!("/v1/channels/{}", id(&channel)));
    let new_secret = json!({"secret": "shpss_new_secret", "previous_valid_for_seconds": 3600});
    let issued = admin.post(&format!("{path}/rotate_secret"), new_secret).await.expect(200).body;
    assert_eq!(issued["secret"], Value::Null);
    let address = admin.post(&format!("{path}/rotate_address"), json!({"previous_valid_for_seconds": 7200})).await.expect(200).body;
    let new_path = inbound(&address);
    assert_ne!(old_path, new_path);
    let mut order = 0;
    let mut at = async |path: &str, secret: &str, status: u16| {
        order += 1;
        let raw = body(order, json!({})).to_string().into_bytes();
        send(knock(&app, path, secret, &raw)).await.expect(status);
    };
    at(&old_path, SECRET, 200).await;
    at(&new_path, "shpss_new_secret", 200).await;
    app.clock.advance(TimeDelta::seconds(3601));
    at(&new_path, SECRET, 401).await;
    at(&old_path, "shpss_new_secret", 200).await;
    app.clock.advance(TimeDelta::seconds(3600));
    at(&old_path, "shpss_new_secret", 401).await;
    at(&new_path, "shpss_new_secret", 200).await;
    assert_eq!(messages(&admin).await.len(), 4);
    clean(&app).await;
}

#[actix_web::test]
async fn the_same_message_is_one_and_a_replay_under_other_names_changes_nothing() {
    let app = TestApp::spawn().await;
    let (admin, channel) = desk(&app).await;
    let raw = body(1, json!({})).to_string().into_bytes();
    for delivery in ["a", "a", "b"] {
        send(knock(&app, &inbound(&channel), SECRET, &raw).header("X-Shopify-Webhook-Id", delivery)).await.expect(200);
    }
    assert_eq!((messages(&admin).await.len(), work(&app).await), (1, 1));
    let order = order_of(&admin, &newest(&admin).await).await;
    for topic in ["orders/updated", "orders/paid", "orders/cancelled", "refunds/create", "products/update"] {
        shopify(&app, &channel, topic, &body(1, json!({}))).await.expect(200);
    }
    assert_eq!(work(&app).await, 5);
    let again = admin.get(&format!("/v1/orders/{}", id(&order))).await.expect(200).body;
    assert_eq!(again, order);
    assert_eq!(admin.get("/v1/orders").await.expect(200).body["data"].as_array().unwrap().len(), 1);
    // Somebody who knows the topic of what is fetched is not taken for our own asking.
    let request = app
        .request(Method::POST, &inbound(&channel))
        .header("X-Shopify-Topic", "reconciliation")
        .header("X-Shopify-Shop-Domain", "evil.example");
    send(request.header("X-Shopify-Hmac-Sha256", signed(SECRET, &raw)).body(raw)).await.expect(200);
    work(&app).await;
    assert_eq!(newest(&admin).await["reason"]["code"], "shop_mismatch");
    clean(&app).await;
}

#[actix_web::test]
async fn a_kill_after_the_lease_or_after_the_work_loses_and_doubles_nothing() {
    let app = TestApp::spawn().await;
    let (admin, channel) = desk(&app).await;
    shopify(&app, &channel, "orders/create", &body(1, json!({}))).await.expect(200);
    let (db, desk, now) = (app.app.db.clone(), app.app.desk.clone(), app.clock.now());
    let lease_alone = move || inbox::lease(&db, now).unwrap().len();
    assert_eq!(actix_web::web::block(lease_alone).await.unwrap(), 1);
    assert_eq!(work(&app).await, 0, "another worker leaves it alone");
    app.clock.advance(TimeDelta::seconds(301));
    let (db, now) = (app.app.db.clone(), app.clock.now());
    let die_before_settling = move || {
        let leased = inbox::lease(&db, now).unwrap();
        leased.iter().for_each(|message| drop(inbox::attempt(&Workbench { db: &db, desk: &desk, now }, message)));
        leased.len()
    };
    assert_eq!(actix_web::web::block(die_before_settling).await.unwrap(), 1);
    assert_eq!(newest(&admin).await["status"], "received");
    app.clock.advance(TimeDelta::seconds(301));
    assert_eq!(work(&app).await, 1);
    let message = newest(&admin).await;
    assert_eq!((&message["status"], &message["attempts"]), (&json!("processed"), &json!(3)));
    assert_eq!(admin.get("/v1/orders").await.expect(200).body["data"].as_array().unwrap().len(), 1);
    // A settlement that comes too late says nothing.
    clean(&app).await;
}

#[actix_web::test]
async fn a_person_retries_corrects_and_discards() {
    let app = TestApp::spawn().await;
    let (admin, channel) = desk(&app).await;
    let nobody = body(1, json!({"email": null, "shipping_address": null}));
    shopify(&app, &channel, "orders/create", &nobody).await.expect(200);
    work(&app).await;
    let message = newest(&admin).await;
    assert_eq!((&message["status"], &message["reason"]["code"]), (&json!("rejected"), &json!("customer_missing")));
    let path = format!("/v1/inbound_messages/{}", id(&message));
    let content = admin.get(&format!("{path}/content")).await.expect(200).body;
    assert_eq!(content["text"], nobody.to_string());
    let names: Vec<&str> = content["headers"].as_array().unwrap().iter().map(|header| header["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"x-shopify-topic") && !names.contains(&"authorization"), "{names:?}");

    let stale = send(admin.request(Method::POST, &format!("{path}/retry")).header("if-match", "\"99\"").json(&json!({}))).await;
    stale.expect(412);
    admin.act(&format!("{path}/retry")).await.expect(200);
    work(&app).await;
    assert_eq!(admin.get(&path).await.expect(200).body["status"], "rejected");
    assert_eq!(admin.post(&format!("{path}/retry"), json!({"text": "a", "base64": "YQ=="})).await.code(422), "exactly_one_of");
    assert_eq!(admin.post(&format!("{path}/retry"), json!({"base64": "*"})).await.code(422), "invalid_base64");
    let corrected = body(1, json!({})).to_string();
    let retried = admin.post(&format!("{path}/retry"), json!({"base64": STANDARD.encode(&corrected)})).await.expect(200).body;
    assert_eq!((&retried["status"], &retried["edited"], &retried["reason"]), (&json!("received"), &json!(true), &Value::Null));
    work(&app).await;
    let message = admin.get(&path).await.expect(200).body;
    assert_eq!((&message["status"], &message["edited"]), (&json!("processed"), &json!(true)));
    assert_eq!(order_of(&admin, &message).await["external_id"], "1");
    let content = admin.get(&format!("{path}/content")).await.expect(200).body;
    assert_eq!((&content["text"], &content["edited_base64"]), (&json!(nobody.to_string()), &json!(STANDARD.encode(corrected))));
    assert_eq!(admin.act(&format!("{path}/retry")).await.code(409), "invalid_transition");
    assert_eq!(admin.post(&format!("{path}/discard"), json!({"detail": "x"})).await.code(409), "invalid_transition");

    shopify(&app, &channel, "orders/create", &body(2, json!({"email": null, "shipping_address": null}))).await.expect(200);
    work(&app).await;
    let path = format!("/v1/inbound_messages/{}", id(&newest(&admin).await));
    assert_eq!(admin.post(&format!("{path}/discard"), json!({"detail": " "})).await.code(422), "required");
    let discarded = admin.post(&format!("{path}/discard"), json!({"detail": "a test of the shop"})).await.expect(200).body;
    assert_eq!((&discarded["status"], &discarded["reason"]["detail"]), (&json!("discarded"), &json!("a test of the shop")));
    assert_eq!(admin.act(&format!("{path}/retry")).await.code(409), "invalid_transition");

    let of_order = message["order_ids"][0].as_str().unwrap();
    let found = admin
        .get(&format!("/v1/inbound_messages?order_id={of_order}&status=processed&topic=orders/create&channel=shopify&external_id=1"))
        .await;
    assert_eq!(found.expect(200).body["data"].as_array().unwrap().len(), 1);
    assert_eq!(admin.get("/v1/inbound_messages?status=discarded").await.expect(200).body["data"].as_array().unwrap().len(), 1);
    assert_eq!(admin.get("/v1/inbound_messages?status=lost").await.expect(400).body["code"], "invalid_parameter");
    let first = admin.get("/v1/inbound_messages?limit=1").await.expect(200).body;
    let next = format!("/v1/inbound_messages?limit=1&cursor={}", first["next_cursor"].as_str().unwrap());
    let second = admin.get(&next).await.expect(200).body;
    assert_ne!(first["data"][0]["id"], second["data"][0]["id"]);
    let stranger = app.caller(app.organization("theirs").await, Role::Admin).await;
    stranger.get(&path).await.expect(404);
    stranger.get(&format!("{path}/content")).await.expect(404);
    clean(&app).await;
}

#[actix_web::test]
async fn an_inactive_channel_keeps_its_messages_for_as_long_as_it_is_one() {
    let app = TestApp::spawn_with(|config| config.token_seconds = 400 * 86_400).await;
    let (admin, channel) = desk(&app).await;
    let path = format!("/v1/channels/{}", id(&channel));
    admin.patch(&path, json!({"active": false})).await.expect(200);
    shopify(&app, &channel, "orders/create", &body(1, json!({}))).await.expect(200);
    work(&app).await;
    assert_eq!(newest(&admin).await["reason"]["code"], "channel_inactive");
    app.clock.advance(TimeDelta::days(9));
    work(&app).await;
    assert_eq!(newest(&admin).await["status"], "received");
    admin.patch(&path, json!({"active": true})).await.expect(200);
    app.clock.advance(TimeDelta::minutes(15));
    work(&app).await;
    assert_eq!(newest(&admin).await["status"], "processed");
    clean(&app).await;
}

#[actix_web::test]
async fn what_nobody_makes_possible_within_a_week_is_a_person_s() {
    let app = TestApp::spawn_with(|config| config.token_seconds = 400 * 86_400).await;
    let (admin, channel) = desk(&app).await;
    let mut unknown = body(1, json!({}));
    unknown["line_items"][0]["sku"] = json!("GULA");
    shopify(&app, &channel, "orders/create", &unknown).await.expect(200);
    let mut waits = vec![];
    for _ in 0..8 {
        work(&app).await;
        let message = newest(&admin).await;
        let next: chrono::DateTime<chrono::Utc> = message["next_attempt_at"].as_str().unwrap().parse().unwrap();
        waits.push((next - app.clock.now()).num_seconds());
        app.clock.advance(next - app.clock.now());
    }
    assert_eq!(waits, [15, 30, 60, 120, 240, 480, 900, 900]);
    app.clock.advance(TimeDelta::days(8));
    work(&app).await;
    let message = newest(&admin).await;
    assert_eq!((&message["status"], &message["reason"]["code"]), (&json!("rejected"), &json!("unknown_sku")));
    let types = admin.get("/v1/events?type=inbound_message.rejected").await.expect(200).body["data"].as_array().unwrap().len();
    assert_eq!(types, 1);
    clean(&app).await;
}
