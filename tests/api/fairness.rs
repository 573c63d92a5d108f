//! Who waits is not overtaken: between the moment in which goods come in and the job that gives them to waiting orders, nobody else gets
//! them.

use crate::support::app::TestApp;
use crate::support::load::{Client, id_of, open_shop, order, prove};
use serde_json::{Value, json};

async fn serve(app: &TestApp) -> usize {
    let (db, now) = (app.app.db.clone(), app.clock.now());
    actix_web::web::block(move || pesanan::jobs::fill_backorders(&db, now)).await.unwrap().unwrap()
}

async fn place(client: &Client, body: &Value) -> Value {
    client.post("/v1/orders", body).await.expect(201)
}

async fn now(client: &Client, order: &Value) -> Value {
    client.get(&format!("/v1/orders/{}", id_of(order))).await.expect(200)
}

async fn receive(client: &Client, quantity: u32) {
    let body = json!({"location": "jakarta-1", "lines": [{"sku": "SKU-00", "quantity": quantity.to_string()}]});
    client.post("/v1/inventory/receipts", &body).await.expect(201);
}

#[actix_web::test]
async fn goods_that_come_in_are_for_those_who_wait_already() {
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", 1, |_| [0, 0]).await;
    let waiting = place(&client, &order(&[(0, 10)], "backorder")).await;
    receive(&client, 12).await;
    // The job has not run: twelve lie there, ten of them are spoken for.
    assert_eq!(client.post("/v1/orders", &order(&[(0, 3)], "refuse")).await.code(), "insufficient_stock");
    let cart = json!({"lines": [{"sku": "SKU-00", "quantity": "3"}]});
    assert_eq!(client.post("/v1/checkout/availability", &cart).await.expect(200)["available"], false);
    let reserve = json!({"lines": [{"sku": "SKU-00", "quantity": "3"}], "expires_in_seconds": 60});
    assert_eq!(client.post("/v1/checkout/reservations", &reserve).await.code(), "insufficient_stock");
    assert_eq!(client.get("/v1/inventory/availability?sku=SKU-00&quantity=3").await.expect(200)["available_now"], false);
    // The two that are left over are everybody's.
    let quick = place(&client, &order(&[(0, 2)], "refuse")).await;
    assert_eq!(quick["lines"][0]["allocated_quantity"], "2");
    let late = place(&client, &order(&[(0, 4)], "backorder")).await;
    assert_eq!(late["lines"][0]["backordered_quantity"], "4");
    assert_eq!(serve(&app).await, 1);
    assert_eq!(now(&client, &waiting).await["lines"][0]["allocated_quantity"], "10");
    // What a cancelled order gives back goes the same way, past a draft that is confirmed first.
    let mut draft = order(&[(0, 4)], "refuse");
    draft["draft"] = json!(true);
    let draft = place(&client, &draft).await;
    let cancel = json!({"reason": {"code": "customer_request"}});
    client.post(&format!("/v1/orders/{}/cancel", id_of(&waiting)), &cancel).await.expect(200);
    let confirm = client.post(&format!("/v1/orders/{}/confirm", id_of(&draft)), &json!({})).await.expect(200);
    assert_eq!(confirm["lines"][0]["allocated_quantity"], "4", "ten are back, four of them are for who waits");
    assert_eq!(client.post("/v1/orders", &order(&[(0, 3)], "refuse")).await.code(), "insufficient_stock");
    assert_eq!(serve(&app).await, 1);
    assert_eq!(now(&client, &late).await["lines"][0]["allocated_quantity"], "4");
    place(&client, &order(&[(0, 2)], "refuse")).await;
    prove(&app.database);
}

#[actix_web::test]
async fn what_none_of_the_waiting_could_be_given_is_everybodys() {
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", 1, |_| [0, 0]).await;
    let product = client.get("/v1/products/SKU-00").await.expect(200);
    let mut boxed = product.clone();
    boxed["units"] = json!([{"unit": "BX", "factor": "12"}]);
    client.put("/v1/products/SKU-00", &boxed).await.expect(200);
    let mut boxes = order(&[(0, 1)], "backorder");
    boxes["lines"][0]["unit"] = json!("BX");
    boxes["lines"][0]["unit_price"] = json!("1200.00");
    place(&client, &boxes).await;
    receive(&client, 7).await;
    assert_eq!(place(&client, &order(&[(0, 3)], "refuse")).await["lines"][0]["allocated_quantity"], "3");
    receive(&client, 8).await;
    // Twelve again: they are the box.
    assert_eq!(client.post("/v1/orders", &order(&[(0, 1)], "refuse")).await.code(), "insufficient_stock");
    assert_eq!(serve(&app).await, 1);
    prove(&app.database);
}

#[actix_web::test]
async fn a_higher_priority_is_served_first_and_an_edit_can_give_it() {
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", 1, |_| [0, 0]).await;
    let first = place(&client, &order(&[(0, 5)], "backorder")).await;
    let second = place(&client, &order(&[(0, 5)], "backorder")).await;
    let mut urgent = order(&[(0, 5)], "backorder");
    urgent["priority"] = json!(10);
    let third = place(&client, &urgent).await;
    assert_eq!((&first["priority"], &third["priority"]), (&json!(0), &json!(10)));
    assert_eq!(now(&client, &third).await, third);
    receive(&client, 5).await;
    assert_eq!(serve(&app).await, 1);
    assert_eq!(now(&client, &third).await["lines"][0]["allocated_quantity"], "5");
    let edited = client.post(&format!("/v1/orders/{}/edits", id_of(&second)), &json!({"priority": 1})).await.expect(200);
    assert_eq!(edited["priority"], 1);
    receive(&client, 5).await;
    assert_eq!(serve(&app).await, 1);
    assert_eq!(now(&client, &second).await["lines"][0]["allocated_quantity"], "5");
    assert_eq!(now(&client, &first).await["lines"][0]["backordered_quantity"], "5");
    urgent["priority"] = json!(101);
    let refused = client.post("/v1/orders", &urgent).await.expect(422);
    assert_eq!(refused["errors"][0]["pointer"], "/priority");
    prove(&app.database);
}
