//! Shops are told what has shipped and what is in stock, and asked for what their hooks have not told.

use crate::money::{id, with};
use crate::shop::{clean, receive};
use crate::support::app::{Caller, TestApp};
use crate::support::hooks::{SHOP, messages, newest, order_of, products, shopify, woocommerce, work};
use crate::support::shop_server::ShopServer;
use chrono::TimeDelta;
use pesanan::auth::permission::Role;
use pesanan::channels::shops::{self, tell};
use serde_json::{Value, json};

pub async fn desk<'a>(app: &'a TestApp, server: &ShopServer, kind: &str) -> (Caller<'a>, Value) {
    let organization_id = app.organization("shop").await;
    let admin = app.caller(organization_id, Role::Admin).await;
    products(&admin, &["KOPI", "TEH"]).await;
    receive(&admin, "jakarta", "KOPI", "10").await;
    let (secret, credentials) = match kind {
        "shopify" => ("shpss_test_secret", json!({"access_token": "shpat_test"})),
        _ => ("woo_test_secret", json!({"username": "ck_test", "password": "cs_test"})),
    };
    let settings = json!({"shop_domain": SHOP, "api_base": server.base, "write_back": true});
    let new = json!({"code": kind, "kind": kind, "name": kind, "secret": secret, "settings": settings, "credentials": credentials});
    let channel = admin.post("/v1/channels", new).await.expect(201).body;
    run(app).await;
    (admin, channel)
}

pub async fn start() -> TestApp {
    TestApp::spawn_with(|config| config.token_seconds = 400 * 86_400).await
}

/// Runs the jobs of shops as they are run.
pub async fn run(app: &TestApp) {
    let (db, clock) = (app.app.db.clone(), app.clock.clone());
    actix_web::web::block(move || shops::work(&db, || clock.now())).await.unwrap().unwrap();
}

pub fn shopify_order(id: u64, more: Value) -> Value {
    let order = json!({"id": id, "email": "siti@example.com", "currency": "USD", "financial_status": "paid", "total_price": "20.00", "total_tax": "0.00",
        "created_at": "2026-03-02T01:00:00Z", "updated_at": "2026-03-02T01:00:00Z", "cancelled_at": null,
        "shipping_address": {"name": "Siti", "address1": "Jl. Braga 12", "city": "Bandung", "country_code": "ID"},
        "line_items": [{"id": 11, "sku": "KOPI", "quantity": 2, "price": "10.00"}]});
    with(order, more)
}

pub async fn ship(admin: &Caller<'_>, order: &Value, quantity: &str, tracking: Option<&str>) {
    let work_of = admin.get(&format!("/v1/fulfillment_orders?order_id={}", id(order))).await.expect(200).body["data"][0].clone();
    let lines = json!([{"order_line_id": order["lines"][0]["id"], "quantity": quantity}]);
    let body = json!({"carrier": "jne", "tracking_number": tracking, "lines": lines});
    admin.post(&format!("/v1/fulfillment_orders/{}/ship", id(&work_of)), body).await.expect(201);
}

#[actix_web::test]
async fn shopify_is_told_of_a_shipment_once_whatever_goes_wrong() {
    let server = ShopServer::start();
    let app = start().await;
    let (admin, channel) = desk(&app, &server, "shopify").await;
    server.add_order("5", &[("11", 2)]);
    shopify(&app, &channel, "orders/create", &shopify_order(5, json!({}))).await.expect(200);
    work(&app).await;
    let order = order_of(&admin, &newest(&admin).await).await;
    ship(&admin, &order, "1", Some("JNE-1")).await;
    // The shop is busy, then away; then it does what it is asked for, and the answer is lost.
    server.trouble(&[(429, Some("40")), (503, None)]);
    let collect_and_die = || {
        let (db, now) = (app.app.db.clone(), app.clock.now());
        actix_web::web::block(move || {
            shops::follow::collect(&db, now).unwrap();
            let due = tell::lease(&db, now).unwrap();
            due.iter().for_each(|task| drop(tell::call(&db, task, now)));
            due.len()
        })
    };
    assert_eq!(collect_and_die().await.unwrap(), 1);
    assert_eq!(collect_and_die().await.unwrap(), 0, "somebody else leaves it alone");
    app.clock.advance(TimeDelta::seconds(181));
    let tell_shop = async || {
        let (db, clock) = (app.app.db.clone(), app.clock.clone());
        actix_web::web::block(move || tell::work(&db, &|| clock.now())).await.unwrap().unwrap()
    };
    assert_eq!(tell_shop().await, 1);
    assert!(server.told().is_empty());
    app.clock.advance(TimeDelta::seconds(60));
    let (db, now) = (app.app.db.clone(), app.clock.now());
    // Its answer is lost: the process that asked has died.
    let die = move || tell::lease(&db, now).unwrap().iter().for_each(|task| drop(tell::call(&db, task, now)));
    actix_web::web::block(die).await.unwrap();
    assert_eq!(server.told().len(), 1);
    // Meanwhile its own hook comes, and once more after we know.
    let fulfillment = json!({"id": 900, "order_id": 5, "status": "success", "created_at": "2026-03-02T02:00:00Z", "tracking_number": "JNE-1",
        "line_items": [{"id": 11, "quantity": 1}]});
    shopify(&app, &channel, "fulfillments/create", &fulfillment).await.expect(200);
    work(&app).await;
    app.clock.advance(TimeDelta::seconds(181));
    assert_eq!(tell_shop().await, 1);
    assert_eq!(server.told().len(), 1);
    shopify(&app, &channel, "fulfillments/update", &fulfillment).await.expect(200);
    work(&app).await;
    let order = order_of(&admin, &newest(&admin).await).await;
    assert_eq!(order["lines"][0]["shipped_quantity"], "1");
    let told: Value = serde_json::from_str(&server.told()[0]).unwrap();
    assert_eq!(told["trackingInfo"]["number"], "JNE-1");
    assert_eq!(told["lineItemsByFulfillmentOrder"][0]["fulfillmentOrderLineItems"], json!([{"id": "item-11", "quantity": 1}]));
    clean(&app).await;
}

#[actix_web::test]
async fn a_shop_that_refuses_is_asked_again_and_given_up_with_an_event() {
    let server = ShopServer::start();
    let app = start().await;
    let (admin, channel) = desk(&app, &server, "shopify").await;
    shopify(&app, &channel, "orders/create", &shopify_order(6, json!({}))).await.expect(200);
    work(&app).await;
    let order = order_of(&admin, &newest(&admin).await).await;
    ship(&admin, &order, "2", None).await;
    run(&app).await;
    let events = admin.get("/v1/events?type=channel.not_told").await.expect(200).body["data"].clone();
    assert_eq!((events.as_array().unwrap().len(), &events[0]["data"]["code"]), (1, &json!("not_at_platform")));
    app.clock.advance(TimeDelta::days(1));
    let (db, clock) = (app.app.db.clone(), app.clock.clone());
    assert_eq!(actix_web::web::block(move || tell::work(&db, &|| clock.now())).await.unwrap().unwrap(), 0);
    clean(&app).await;
}

#[actix_web::test]
async fn stock_is_told_where_it_differs_and_only_then() {
    let server = ShopServer::start();
    let app = start().await;
    let (admin, channel) = desk(&app, &server, "shopify").await;
    run(&app).await;
    assert_eq!(server.stock(), [("gid://shopify/InventoryItem/KOPI".to_owned(), 10)].into());
    let calls = server.calls();
    run(&app).await;
    assert_eq!(server.calls(), calls, "nothing has changed");
    shopify(&app, &channel, "orders/create", &shopify_order(7, json!({}))).await.expect(200);
    work(&app).await;
    receive(&admin, "jakarta", "TEH", "5").await;
    run(&app).await;
    assert_eq!(server.stock()["gid://shopify/InventoryItem/KOPI"], 8);
    let calls = server.calls();
    run(&app).await;
    assert_eq!(server.calls(), calls, "an item that the shop does not have is not asked for all the time");
    clean(&app).await;
}

#[actix_web::test]
async fn woocommerce_gets_a_note_and_its_order_is_completed_with_the_last_shipment() {
    let server = ShopServer::start();
    let app = start().await;
    let (admin, channel) = desk(&app, &server, "woocommerce").await;
    let order = json!({"id": 9, "status": "processing", "currency": "USD", "date_created_gmt": "2026-03-02T01:00:00", "date_modified_gmt": "2026-03-02T01:00:00",
        "total": "20.00", "total_tax": "0.00", "shipping_total": "0.00", "shipping_tax": "0.00", "billing": {"first_name": "Siti", "country": "ID"},
        "shipping": {"first_name": "Siti", "address_1": "Jl. Braga 12", "city": "Bandung", "country": "ID"}, "date_paid_gmt": "2026-03-02T01:00:00",
        "line_items": [{"id": 1, "sku": "KOPI", "quantity": 2, "subtotal": "20.00", "total": "20.00", "total_tax": "0.00"}]});
    woocommerce(&app, &channel, "order.created", &order).await.expect(200);
    work(&app).await;
    let order = order_of(&admin, &newest(&admin).await).await;
    ship(&admin, &order, "1", Some("JNE-1")).await;
    server.lose_answer();
    run(&app).await;
    app.clock.advance(TimeDelta::minutes(1));
    run(&app).await;
    ship(&admin, &order, "1", None).await;
    run(&app).await;
    let number = order["number"].as_str().unwrap();
    let expected = [
        format!("/wp-json/wc/v3/orders/9/notes: Shipment {number}-S1 has left with jne. Tracking number: JNE-1."),
        format!("/wp-json/wc/v3/orders/9/notes: Shipment {number}-S2 has left with jne."),
        "/wp-json/wc/v3/orders/9: completed".to_owned(),
    ];
    let told = server.told();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[0].starts_with(&expected[0]) && told[1].starts_with(&expected[1]) && told[2] == expected[2], "{told:?}");
    assert_eq!(server.stock().get("/wp-json/wc/v3/products/3/variations/7"), Some(&8));
    clean(&app).await;
}

#[actix_web::test]
async fn what_hooks_have_not_brought_is_asked_for() {
    let server = ShopServer::start();
    let app = start().await;
    let (admin, channel) = desk(&app, &server, "shopify").await;
    let known = shopify_order(1, json!({"updated_at": "2026-03-02T02:05:00Z"}));
    shopify(&app, &channel, "orders/create", &known).await.expect(200);
    work(&app).await;
    server.list(known);
    server.list(shopify_order(2, json!({"updated_at": "2026-03-02T02:06:00Z", "test": false})));
    // A moment ago: its hook may be under way.
    server.list(shopify_order(3, json!({"updated_at": "2026-03-02T02:19:30Z"})));
    app.clock.advance(TimeDelta::minutes(20));
    run(&app).await;
    run(&app).await;
    assert_eq!(work(&app).await, 1);
    let message = newest(&admin).await;
    assert_eq!(
        (&message["topic"], &message["proof"], &message["external_id"], &message["status"]),
        (&json!("reconciliation"), &json!("fetched"), &json!("2"), &json!("processed"))
    );
    assert_eq!(order_of(&admin, &message).await["total"], "20.00");
    app.clock.advance(TimeDelta::minutes(11));
    run(&app).await;
    work(&app).await;
    let all: Vec<Value> = messages(&admin).await.iter().map(|message| message["external_id"].clone()).collect();
    assert_eq!(all, [json!("3"), json!("2"), json!("1")]);
    clean(&app).await;
}
