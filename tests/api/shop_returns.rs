//! What shops take back: goods in whatever order their messages come, and orders that they have ended themselves.

use crate::money::{id, with};
use crate::shop::{clean, level, receive};
use crate::shopify::{body, lines, ready, start};
use crate::support::app::{Caller, TestApp};
use crate::support::hooks::{channel, messages, newest, order_of, shopify, woocommerce, work};
use chrono::TimeDelta;
use serde_json::{Value, json};

const ORDER: u64 = 9_007_199_254_740_995;

/// 2 × 50.00 and 1 × 5.00 with 10 % on top: 115.50, and paid.
fn order(more: Value) -> Value {
    let lines = json!([{"id": 11, "sku": "KOPI", "quantity": 2, "price": "50.00", "tax_lines": [{"price": "10.00", "rate": 0.1}]},
        {"id": 12, "sku": "TEH", "quantity": 1, "price": "5.00", "tax_lines": [{"price": "0.50", "rate": 0.1}]}]);
    body(with(json!({"total_price": "115.50", "total_tax": "10.50", "shipping_lines": [], "line_items": lines}), more))
}

fn taken_back() -> Value {
    json!({"id": 77, "order_id": ORDER, "transactions": [{"kind": "refund", "status": "success", "amount": "5.50", "currency": "USD"}],
        "refund_line_items": [{"line_item_id": 12, "quantity": 1, "restock_type": "return", "subtotal": "5.00", "total_tax": "0.50"}]})
}

fn all_sent() -> Value {
    json!({"id": 88, "order_id": ORDER, "status": "success", "created_at": "2026-03-02T08:45:00+07:00", "tracking_number": "JNE1",
        "line_items": [{"id": 11, "quantity": 2}, {"id": 12, "quantity": 1}]})
}

async fn tell(app: &TestApp, admin: &Caller<'_>, channel: &Value, topic: &str, body: &Value) -> Value {
    shopify(app, channel, topic, body).await.expect(200);
    work(app).await;
    newest(admin).await
}

/// Stock has fallen by what has left, and the return is announced for the warehouse.
async fn assert_came_back(app: &TestApp, admin: &Caller<'_>, order: &Value) {
    assert_eq!((lines(order, "shipped_quantity"), lines(order, "cancelled_quantity")), (vec![json!("2"), json!("1")], vec![json!("0"); 2]));
    assert_eq!((level(admin, "KOPI", "jakarta").await.0, level(admin, "TEH", "jakarta").await.0), ("98".to_owned(), "99".to_owned()));
    let returns = admin.get(&format!("/v1/returns?order_id={}", id(order))).await.expect(200).body["data"].clone();
    assert_eq!((returns.as_array().unwrap().len(), &returns[0]["status"]), (1, &json!("authorized")));
    assert!(messages(admin).await.iter().all(|message| message["status"] == "processed"), "{:#?}", messages(admin).await);
    clean(app).await;
}

#[actix_web::test]
async fn goods_that_come_back_before_they_have_left_wait_for_their_fulfillment() {
    let app = start().await;
    let (_, admin, channel) = ready(&app).await;
    tell(&app, &admin, &channel, "orders/create", &order(json!({}))).await;
    let message = tell(&app, &admin, &channel, "refunds/create", &taken_back()).await;
    assert_eq!((&message["status"], &message["reason"]["code"]), (&json!("received"), &json!("awaits_fulfillment")));
    let message = tell(&app, &admin, &channel, "fulfillments/create", &all_sent()).await;
    assert_eq!((&message["status"], &message["reason"]), (&json!("processed"), &Value::Null));
    app.clock.advance(TimeDelta::minutes(1));
    work(&app).await;
    let order = order_of(&admin, &message).await;
    let payments = admin.get(&format!("/v1/payments?order_id={}", id(&order))).await.expect(200).body["data"].clone();
    assert_eq!(payments[0]["amount_refunded"], "5.50");
    assert_came_back(&app, &admin, &order).await;
}

#[actix_web::test]
async fn a_hold_keeps_the_fulfillment_and_the_return_of_it_waits_too() {
    let app = start().await;
    let (_, admin, channel) = ready(&app).await;
    let message = tell(&app, &admin, &channel, "orders/create", &order(json!({}))).await;
    let placed = order_of(&admin, &message).await;
    admin.post(&format!("/v1/orders/{}/hold", id(&placed)), json!({"reason": "look"})).await.expect(200);
    tell(&app, &admin, &channel, "fulfillments/create", &all_sent()).await;
    tell(&app, &admin, &channel, "refunds/create", &taken_back()).await;
    let codes: Vec<Value> = messages(&admin).await.iter().take(2).map(|message| message["reason"]["code"].clone()).collect();
    assert_eq!(codes[0], json!("awaits_fulfillment"), "{codes:?}");
    let held = admin.get(&format!("/v1/orders/{}", id(&placed))).await.expect(200).body;
    assert_eq!(lines(&held, "cancelled_quantity"), ["0", "0"]);
    let hold = id(&held["holds"][0]).to_owned();
    admin.post(&format!("/v1/orders/{}/holds/{hold}/release", id(&placed)), json!({"reason": "looked"})).await.expect(200);
    for _ in 0..3 {
        app.clock.advance(TimeDelta::minutes(2));
        work(&app).await;
    }
    let order = admin.get(&format!("/v1/orders/{}", id(&placed))).await.expect(200).body;
    assert_came_back(&app, &admin, &order).await;
}

#[actix_web::test]
async fn an_order_that_the_store_has_paid_back_as_a_whole_is_nobody_s_to_credit() {
    let app = start().await;
    let (_, admin, _) = ready(&app).await;
    let channel = channel(&admin, "woocommerce", "woo_test_secret").await;
    receive(&admin, "jakarta", "KOPI", "10").await;
    let told = |more: Value| {
        with(
            json!({"id": 9, "number": "9", "status": "processing", "currency": "USD", "total": "20.00", "shipping_total": "0.00", "shipping_tax": "0.00",
            "date_created_gmt": "2026-03-02T01:00:00", "date_modified_gmt": "2026-03-02T01:00:08", "date_paid_gmt": "2026-03-02T01:00:08",
            "billing": {"first_name": "John", "last_name": "Doe"},
            "shipping": {"first_name": "John", "address_1": "969 Market", "city": "San Francisco", "country": "US"},
            "line_items": [{"id": 1, "name": "Kopi", "sku": "KOPI", "quantity": 2, "subtotal": "20.00", "total": "20.00", "total_tax": "0.00"}]}),
            more,
        )
    };
    woocommerce(&app, &channel, "order.created", &told(json!({}))).await.expect(200);
    work(&app).await;
    let back =
        json!({"status": "refunded", "date_modified_gmt": "2026-03-02T01:10:00", "refunds": [{"id": 10, "reason": "", "total": "-20.00"}]});
    woocommerce(&app, &channel, "order.updated", &told(back)).await.expect(200);
    work(&app).await;
    let message = newest(&admin).await;
    assert_eq!((&message["status"], &message["reason"]), (&json!("processed"), &Value::Null));
    let order = order_of(&admin, &message).await;
    assert_eq!(
        (&order["status"], &order["payment_status"], &order["amount_due"]),
        (&json!("cancelled"), &json!("refunded"), &json!("0.00"))
    );
    clean(&app).await;
}
