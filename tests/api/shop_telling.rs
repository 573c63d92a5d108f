//! What leaves here and what leaves from the shop's side are told apart: by lines and quantities, not by a tracking number alone.

use crate::back_to_shops::{desk, run, ship, shopify_order, start};
use crate::money::{id, with};
use crate::shop::clean;
use crate::support::app::{Caller, TestApp};
use crate::support::hooks::{newest, order_of, shopify, work};
use crate::support::shop_server::ShopServer;
use chrono::TimeDelta;
use serde_json::{Value, json};

/// An order of five.
async fn five(app: &TestApp, admin: &Caller<'_>, server: &ShopServer, channel: &Value) -> Value {
    server.add_order("5", &[("11", 5)]);
    let lines = json!([{"id": 11, "sku": "KOPI", "quantity": 5, "price": "10.00"}]);
    shopify(app, channel, "orders/create", &shopify_order(5, json!({"total_price": "50.00", "line_items": lines}))).await.expect(200);
    work(app).await;
    order_of(admin, &newest(admin).await).await
}

fn fulfillment(reference: u64, number: Option<&str>, quantity: u32) -> Value {
    json!({"id": reference, "order_id": 5, "status": "success", "created_at": "2026-03-02T02:00:00Z", "tracking_number": number,
        "line_items": [{"id": 11, "quantity": quantity}]})
}

async fn shipped(app: &TestApp, admin: &Caller<'_>, channel: &Value, told: &Value) -> String {
    shopify(app, channel, "fulfillments/create", told).await.expect(200);
    work(app).await;
    let message = newest(admin).await;
    assert_eq!((&message["status"], &message["reason"]), (&json!("processed"), &Value::Null));
    order_of(admin, &message).await["lines"][0]["shipped_quantity"].as_str().unwrap().to_owned()
}

/// The shop's names of what it was told, and how much of the line each has.
fn told(server: &ShopServer) -> Vec<i64> {
    let quantity = |told: &String| {
        let told: Value = serde_json::from_str(told).unwrap();
        told["lineItemsByFulfillmentOrder"][0]["fulfillmentOrderLineItems"][0]["quantity"].as_i64().unwrap()
    };
    server.told().iter().map(quantity).collect()
}

#[actix_web::test]
async fn a_part_without_a_tracking_number_is_told_once_though_its_answer_is_lost() {
    let server = ShopServer::start();
    let app = start().await;
    let (admin, channel) = desk(&app, &server, "shopify").await;
    let order = five(&app, &admin, &server, &channel).await;
    // Somebody has written another one of the same size into the shop before.
    server.fulfill_by_hand("5", 800, None, &[(11, 2)]);
    assert_eq!(shipped(&app, &admin, &channel, &fulfillment(800, None, 2)).await, "2");
    ship(&admin, &order, "2", None).await;
    server.lose_answer();
    run(&app).await;
    assert_eq!(told(&server), [2]);
    app.clock.advance(TimeDelta::minutes(1));
    run(&app).await;
    assert_eq!(told(&server), [2], "it is known by its lines, and by not having been there before");
    assert_eq!(shipped(&app, &admin, &channel, &fulfillment(900, None, 2)).await, "4");
    // The last one, whose call does not arrive at all.
    ship(&admin, &order, "1", None).await;
    server.trouble(&[(503, None)]);
    run(&app).await;
    app.clock.advance(TimeDelta::minutes(1));
    run(&app).await;
    assert_eq!(told(&server), [2, 1]);
    assert_eq!(shipped(&app, &admin, &channel, &fulfillment(901, None, 1)).await, "5");
    clean(&app).await;
}

#[actix_web::test]
async fn two_parcels_under_one_tracking_number_are_two() {
    let server = ShopServer::start();
    let app = start().await;
    let (admin, channel) = desk(&app, &server, "shopify").await;
    let order = five(&app, &admin, &server, &channel).await;
    ship(&admin, &order, "1", Some("JNE-1")).await;
    ship(&admin, &order, "1", Some("JNE-1")).await;
    server.lose_answer();
    run(&app).await;
    app.clock.advance(TimeDelta::minutes(1));
    run(&app).await;
    assert_eq!(told(&server), [1, 1]);
    for reference in [900, 901] {
        assert_eq!(shipped(&app, &admin, &channel, &fulfillment(reference, Some("JNE-1"), 1)).await, "2");
    }
    // A third one leaves from the shop's side, under the same number.
    assert_eq!(shipped(&app, &admin, &channel, &fulfillment(950, Some("JNE-1"), 1)).await, "3");
    clean(&app).await;
}

#[actix_web::test]
async fn what_somebody_writes_into_the_shop_stands_for_what_has_left_here_and_no_more() {
    let server = ShopServer::start();
    let app = start().await;
    let (admin, channel) = desk(&app, &server, "shopify").await;
    admin.patch(&format!("/v1/channels/{}", id(&channel)), json!({"settings": {"write_back": false}})).await.expect(200);
    let order = five(&app, &admin, &server, &channel).await;
    ship(&admin, &order, "2", Some("JNE-1")).await;
    // One of our two units, the other one with one more, and one that is none of ours.
    for (reference, quantity, expected) in [(1, 1, "2"), (2, 2, "3"), (3, 1, "4")] {
        assert_eq!(shipped(&app, &admin, &channel, &fulfillment(reference, Some("JNE-1"), quantity)).await, expected, "{reference}");
    }
    let again = with(fulfillment(2, Some("JNE-1"), 2), json!({"updated_at": "2026-03-02T02:01:00Z"}));
    assert_eq!(shipped(&app, &admin, &channel, &again).await, "4");
    assert!(server.told().is_empty());
    clean(&app).await;
}
