//! Stock that was promised and is lost comes back to who lost it, in fair order with the backorders and before newer orders; the hold is
//! released by itself once nothing is short.

use crate::support::app::TestApp;
use crate::support::load::{Client, customer, id_of, open_shop, order, prove};
use chrono::TimeDelta;
use pesanan::auth::permission::Role;
use serde_json::{Value, json};

async fn serve(app: &TestApp) -> usize {
    let (db, now) = (app.app.db.clone(), app.clock.now());
    actix_web::web::block(move || pesanan::jobs::fill_backorders(&db, now)).await.unwrap().unwrap()
}

async fn expire(app: &TestApp) -> usize {
    let (db, now) = (app.app.db.clone(), app.clock.now());
    actix_web::web::block(move || pesanan::jobs::expire_holds(&db, now)).await.unwrap().unwrap()
}

async fn place(app: &TestApp, client: &Client, body: &Value) -> Value {
    app.clock.advance(TimeDelta::seconds(1));
    client.post("/v1/orders", body).await.expect(201)
}

async fn now(client: &Client, order: &Value) -> Value {
    client.get(&format!("/v1/orders/{}", id_of(order))).await.expect(200)
}

/// An administrator so many days later: tokens do not last that long.
async fn days_later(app: &TestApp, client: &Client, days: i64) -> Client {
    let me = client.get("/v1/me").await.expect(200);
    app.clock.advance(TimeDelta::days(days));
    let organization_id = me["organization"]["id"].as_str().unwrap().parse().unwrap();
    Client::new(&app.address, &app.caller(organization_id, Role::Admin).await.token)
}

async fn receive(client: &Client, quantity: u32) {
    let body = json!({"location": "jakarta-1", "lines": [{"sku": "SKU-00", "quantity": quantity.to_string()}]});
    client.post("/v1/inventory/receipts", &body).await.expect(201);
}

async fn count(client: &Client, counted: u32) {
    let lines = json!([{"sku": "SKU-00", "counted": counted.to_string()}]);
    let body = json!({"location": "jakarta-1", "reason": "cycle count", "lines": lines});
    client.post("/v1/inventory/adjustments", &body).await.expect(201);
}

/// Status, codes of open holds, and what of the line is allocated, backordered and unallocated.
fn standing(order: &Value) -> (String, Vec<String>, [String; 3]) {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let holds = order["holds"].as_array().unwrap().iter().filter(|hold| hold["released_at"].is_null());
    let line = &order["lines"][0];
    let quantities = ["allocated_quantity", "backordered_quantity", "unallocated_quantity"].map(|name| text(&line[name]));
    (text(&order["status"]), holds.map(|hold| text(&hold["code"])).collect(), quantities)
}

fn stands(status: &str, holds: &[&str], quantities: [&str; 3]) -> (String, Vec<String>, [String; 3]) {
    (status.to_owned(), holds.iter().map(|&hold| hold.to_owned()).collect(), quantities.map(str::to_owned))
}

async fn events_of(client: &Client, order: &Value) -> Vec<Value> {
    let all = client.get(&format!("/v1/orders/{}/events?limit=200", id_of(order))).await.expect(200);
    all["data"].as_array().unwrap().clone()
}

#[actix_web::test]
async fn what_a_count_took_is_given_back_before_a_newer_order_gets_any() {
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", 1, |_| [50, 0]).await;
    let first = place(&app, &client, &order(&[(0, 50)], "refuse")).await;
    count(&client, 20).await;
    assert_eq!(standing(&now(&client, &first).await), stands("on_hold", &["insufficient_stock"], ["20", "0", "30"]));
    assert_eq!(serve(&app).await, 0, "nothing has come");
    receive(&client, 30).await;
    // The job has not run: thirty lie there, and all of them are spoken for.
    assert_eq!(client.post("/v1/orders", &order(&[(0, 1)], "refuse")).await.code(), "insufficient_stock");
    let cart = json!({"lines": [{"sku": "SKU-00", "quantity": "1"}]});
    assert_eq!(client.post("/v1/checkout/availability", &cart).await.expect(200)["available"], false);
    let reserve = json!({"lines": [{"sku": "SKU-00", "quantity": "1"}], "expires_in_seconds": 60});
    assert_eq!(client.post("/v1/checkout/reservations", &reserve).await.code(), "insufficient_stock");
    let late = place(&app, &client, &order(&[(0, 30)], "backorder")).await;
    assert_eq!(standing(&late), stands("confirmed", &[], ["0", "30", "0"]));
    assert_eq!(serve(&app).await, 1);
    let served = now(&client, &first).await;
    assert_eq!(standing(&served), stands("confirmed", &[], ["50", "0", "0"]));
    assert!(served["promised_on"].is_string(), "{served}");
    let told = events_of(&client, &first).await;
    let types: Vec<&str> = told.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert!(types.ends_with(&["order.allocated", "order.promise_changed", "order.released"]), "{types:?}");
    assert_eq!(told.last().unwrap()["data"]["hold"]["release_reason"], "nothing is short any more");
    let work = client.get(&format!("/v1/fulfillment_orders?order_id={}", id_of(&first))).await.expect(200);
    assert_eq!(work["data"][0]["status"], "open", "{work}");
    assert_eq!(standing(&now(&client, &late).await), stands("confirmed", &[], ["0", "30", "0"]));
    prove(&app.database);
}

#[actix_web::test]
async fn who_lost_stock_stands_in_line_with_backorders_by_priority_and_age() {
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", 1, |_| [10, 0]).await;
    let lost = place(&app, &client, &order(&[(0, 10)], "refuse")).await;
    let waits = place(&app, &client, &order(&[(0, 5)], "backorder")).await;
    let mut urgent = order(&[(0, 3)], "backorder");
    urgent["priority"] = json!(10);
    let urgent = place(&app, &client, &urgent).await;
    count(&client, 4).await;
    // Held orders of the same kind wait as well: who asked for `hold` at capture, and a part is a part.
    let held = place(&app, &client, &order(&[(0, 2)], "hold")).await;
    assert_eq!(standing(&held), stands("on_hold", &["insufficient_stock"], ["0", "0", "2"]));
    receive(&client, 6).await;
    assert_eq!(serve(&app).await, 2);
    assert_eq!(standing(&now(&client, &urgent).await), stands("confirmed", &[], ["3", "0", "0"]));
    assert_eq!(standing(&now(&client, &lost).await), stands("on_hold", &["insufficient_stock"], ["7", "0", "3"]));
    // Long after, too: want of stock alone does not cost it what it has.
    let client = days_later(&app, &client, 30).await;
    assert_eq!((expire(&app).await, serve(&app).await), (0, 0));
    receive(&client, 10).await;
    assert_eq!(serve(&app).await, 3);
    assert_eq!(standing(&now(&client, &lost).await), stands("confirmed", &[], ["10", "0", "0"]));
    assert_eq!(standing(&now(&client, &waits).await), stands("confirmed", &[], ["5", "0", "0"]));
    assert_eq!(standing(&now(&client, &held).await), stands("confirmed", &[], ["2", "0", "0"]));
    prove(&app.database);
}

#[actix_web::test]
async fn what_an_order_no_longer_wants_satisfies_its_hold() {
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", 1, |_| [10, 0]).await;
    let lost = place(&app, &client, &order(&[(0, 10)], "refuse")).await;
    count(&client, 4).await;
    let lines = json!([{"order_line_id": lost["lines"][0]["id"], "quantity": "6"}]);
    let cancel = json!({"reason": {"code": "customer_request"}, "lines": lines});
    client.post(&format!("/v1/orders/{}/cancel", id_of(&lost)), &cancel).await.expect(200);
    assert_eq!(serve(&app).await, 1);
    assert_eq!(standing(&now(&client, &lost).await), stands("confirmed", &[], ["4", "0", "0"]));
    prove(&app.database);
}

#[actix_web::test]
async fn another_hold_keeps_the_order_and_its_time_runs_out() {
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", 1, |_| [10, 0]).await;
    let lost = place(&app, &client, &order(&[(0, 10)], "refuse")).await;
    client.post(&format!("/v1/orders/{}/hold", id_of(&lost)), &json!({"reason": "call first"})).await.expect(200);
    count(&client, 4).await;
    receive(&client, 3).await;
    assert_eq!(serve(&app).await, 1);
    let now_held = now(&client, &lost).await;
    assert_eq!(standing(&now_held), stands("on_hold", &["manual", "insufficient_stock"], ["7", "0", "3"]));
    let client = days_later(&app, &client, 8).await;
    assert_eq!(expire(&app).await, 1);
    assert_eq!(standing(&now(&client, &lost).await), stands("on_hold", &["manual"], ["0", "0", "10"]));
    assert_eq!((serve(&app).await, expire(&app).await), (0, 0), "nobody gives it back until it goes on");
    place(&app, &client, &order(&[(0, 7)], "refuse")).await;
    prove(&app.database);
}

#[actix_web::test]
async fn an_order_that_goes_on_must_still_fit_its_customers_limit() {
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", 1, |_| [10, 0]).await;
    customer(&client, "C-LIMIT", json!({"credit_limit": "1000.00", "currency": "IDR"})).await;
    let of = |quantity: usize| {
        let mut body = order(&[(0, quantity)], "refuse");
        body["customer_code"] = json!("C-LIMIT");
        body["lines"][0]["unit_price"] = json!("70.00");
        body
    };
    let lost = place(&app, &client, &of(10)).await;
    count(&client, 4).await;
    let other = place(
        &app,
        &client,
        &json!({"customer_code": "C-LIMIT", "on_shortage": "backorder",
        "lines": [{"sku": "SKU-00", "quantity": "9", "unit_price": "70.00"}]}),
    )
    .await;
    assert_eq!(other["status"], "confirmed", "{other}");
    receive(&client, 6).await;
    assert_eq!(serve(&app).await, 1);
    assert_eq!(standing(&now(&client, &lost).await), stands("on_hold", &["credit_limit"], ["10", "0", "0"]));
    prove(&app.database);
}

#[actix_web::test]
async fn what_a_location_gave_up_waits_for_a_decision() {
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", 1, |_| [10, 0]).await;
    let placed = place(&app, &client, &order(&[(0, 10)], "refuse")).await;
    let work = client.get(&format!("/v1/fulfillment_orders?order_id={}", id_of(&placed))).await.expect(200);
    let cancel = json!({"reason": "flooded"});
    client.post(&format!("/v1/fulfillment_orders/{}/cancel", id_of(&work["data"][0])), &cancel).await.expect(200);
    let held = now(&client, &placed).await;
    assert_eq!(standing(&held), stands("on_hold", &["insufficient_stock"], ["0", "0", "10"]));
    assert_eq!(held["holds"][0]["data"]["gave_up_by"], "jakarta-1");
    assert_eq!(serve(&app).await, 0);
    let release = format!("/v1/orders/{}/holds/{}/release", id_of(&placed), id_of(&held["holds"][0]));
    client.post(&release, &json!({"reason": "it is dry again"})).await.expect(200);
    assert_eq!(standing(&now(&client, &placed).await), stands("confirmed", &[], ["10", "0", "0"]));
    prove(&app.database);
}
