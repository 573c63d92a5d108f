//! Edits beside everything else that happens to an order: whoever comes first wins, nothing is lost, nobody sees a deadlock.

use crate::support::app::TestApp;
use crate::support::load::{Answer, Client, assert_no_deadlock, at_once, customer, id_of, number, open_shop, order, prove, stock};
use serde_json::{Value, json};

const ROUNDS: usize = 12;

async fn place(client: &Client, lines: &[(usize, usize)]) -> Value {
    client.post("/v1/orders", &order(lines, "refuse")).await.expect(201)
}

async fn work(client: &Client, order: &Value) -> Value {
    client.get(&format!("/v1/fulfillment_orders?order_id={}", id_of(order))).await.expect(200)["data"][0].clone()
}

fn to(order: &Value, quantity: usize) -> Value {
    json!({"lines": [{"order_line_id": order["lines"][0]["id"], "quantity": quantity.to_string()}]})
}

async fn edit(client: &Client, order: &Value, body: &Value) -> Answer {
    client.post(&format!("/v1/orders/{}/edits", id_of(order)), body).await
}

async fn now(client: &Client, order: &Value) -> Value {
    client.get(&format!("/v1/orders/{}", id_of(order))).await.expect(200)
}

/// Two servers on one shop with much stock.
async fn servers(app: &TestApp) -> [Client; 2] {
    let client = open_shop(app, "shop", 2, |_| [500, 500]).await;
    let second = client.at(&app.spawn_second());
    [client, second]
}

#[actix_web::test]
async fn an_edit_beside_a_shipment_leaves_what_has_left() {
    let app = TestApp::spawn().await;
    let [client, second] = servers(&app).await;
    for _ in 0..ROUNDS {
        let placed = place(&client, &[(0, 6)]).await;
        let job = work(&client, &placed).await;
        let path = format!("/v1/fulfillment_orders/{}/ship", id_of(&job));
        let body = json!({"carrier": "jne"});
        let less = to(&placed, 4);
        let (edited, shipped) = tokio::join!(edit(&client, &placed, &less), second.post(&path, &body));
        shipped.expect(201);
        edited.one_of(&[(200, ""), (409, "line_in_progress")]);
        let line = now(&client, &placed).await["lines"][0].clone();
        assert_eq!(line["quantity"], line["shipped_quantity"], "{line:#}");
    }
    prove(&app.database);
    assert_no_deadlock(&app.database);
}

#[actix_web::test]
async fn an_edit_beside_a_pick_leaves_what_is_picked() {
    let app = TestApp::spawn().await;
    let [client, second] = servers(&app).await;
    for _ in 0..ROUNDS {
        let placed = place(&client, &[(0, 6)]).await;
        let job = work(&client, &placed).await;
        let path = format!("/v1/fulfillment_orders/{}/pick", id_of(&job));
        let body = json!({"lines": [{"order_line_id": placed["lines"][0]["id"], "picked_quantity": "5"}]});
        let less = to(&placed, 4);
        let (edited, picked) = tokio::join!(edit(&client, &placed, &less), second.post(&path, &body));
        let edited = edited.one_of(&[(200, ""), (409, "line_in_progress")]).status;
        let picked = picked.one_of(&[(200, ""), (422, "exceeds_open_quantity")]).status;
        assert_eq!(edited == 200, picked != 200, "exactly one of them");
    }
    prove(&app.database);
    assert_no_deadlock(&app.database);
}

#[actix_web::test]
async fn an_edit_beside_a_cancellation_is_one_after_the_other() {
    let app = TestApp::spawn().await;
    let [client, second] = servers(&app).await;
    for _ in 0..ROUNDS {
        let placed = place(&client, &[(0, 6)]).await;
        let path = format!("/v1/orders/{}/cancel", id_of(&placed));
        let (body, more) = (json!({"reason": {"code": "customer_request"}}), to(&placed, 9));
        let (edited, cancelled) = tokio::join!(edit(&client, &placed, &more), second.post(&path, &body));
        cancelled.expect(200);
        let edited = edited.one_of(&[(200, ""), (409, "invalid_transition")]).status;
        let after = now(&client, &placed).await;
        assert_eq!(after["status"], "cancelled");
        assert_eq!(after["lines"][0]["cancelled_quantity"], if edited == 200 { "9" } else { "6" });
    }
    assert_eq!(stock(&client).await.values().map(|[_, reserved, _]| reserved).sum::<i64>(), 0);
    prove(&app.database);
    assert_no_deadlock(&app.database);
}

#[actix_web::test]
async fn an_edit_beside_an_invoice_keeps_the_invoice_right() {
    let app = TestApp::spawn().await;
    let [client, second] = servers(&app).await;
    for _ in 0..ROUNDS {
        let placed = place(&client, &[(0, 6)]).await;
        let job = work(&client, &placed).await;
        let part = json!({"carrier": "jne", "lines": [{"order_line_id": placed["lines"][0]["id"], "quantity": "2"}]});
        client.post(&format!("/v1/fulfillment_orders/{}/ship", id_of(&job)), &part).await.expect(201);
        let path = format!("/v1/orders/{}/invoices", id_of(&placed));
        let body = json!({"lines": [{"order_line_id": placed["lines"][0]["id"], "quantity": "5", "unit_price": "3333.335"}]});
        let nothing = json!({});
        let (edited, invoiced) = tokio::join!(edit(&client, &placed, &body), second.post(&path, &nothing));
        let invoice = invoiced.expect(201);
        let edited = edited.one_of(&[(200, ""), (409, "line_invoiced")]).status;
        // 2 × 10,000 or two fifths of 16,666.68, each with 11 %.
        assert_eq!(invoice["total"], if edited == 200 { "7400.00" } else { "22200.00" });
        client.post(&format!("/v1/fulfillment_orders/{}/ship", id_of(&job)), &json!({"carrier": "jne"})).await.expect(201);
        client.post(&path, &nothing).await.expect(201);
        let done = now(&client, &placed).await;
        assert_eq!((&done["status"], &done["amount_invoiced"]), (&json!("completed"), &done["total"]));
    }
    prove(&app.database);
    assert_no_deadlock(&app.database);
}

#[actix_web::test]
async fn of_two_edits_at_once_each_is_whole() {
    let app = TestApp::spawn().await;
    let servers = servers(&app).await;
    let placed = place(&servers[0], &[(0, 6)]).await;
    let answers = at_once(20, 0..20, async |i: usize| {
        let body = json!({"lines": [{"order_line_id": placed["lines"][0]["id"], "quantity": (5 + i % 4).to_string()}, {"sku": "SKU-01", "quantity": "1"}]});
        edit(&servers[i % 2], &placed, &body).await.expect(200)
    });
    assert_eq!(answers.await.len(), 20);
    let after = now(&servers[0], &placed).await;
    assert_eq!((after["lines"].as_array().unwrap().len(), &after["version"]), (21, &json!(21)));
    let numbers: Vec<i64> = after["lines"].as_array().unwrap().iter().map(|line| line["line_number"].as_i64().unwrap()).collect();
    assert_eq!(numbers, (1..=21).collect::<Vec<_>>());
    prove(&app.database);
    assert_no_deadlock(&app.database);
}

#[actix_web::test]
async fn edits_of_many_orders_never_take_more_than_the_last_stock() {
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", 2, |_| [15, 15]).await;
    let servers = [client.clone(), client.at(&app.spawn_second())];
    let mut placed = vec![];
    for i in 0..10 {
        placed.push(place(&client, &[(i % 2, 1), ((i + 1) % 2, 1)]).await);
    }
    // Twenty of each SKU are left. Each order wants up to six more of either, in either order of SKUs.
    let answers = at_once(10, 0..10, async |i: usize| {
        let lines = json!([{"order_line_id": placed[i]["lines"][0]["id"], "quantity": "7"}, {"order_line_id": placed[i]["lines"][1]["id"], "quantity": "7"}]);
        let answer = edit(&servers[i % 2], &placed[i], &json!({"lines": lines})).await;
        answer.one_of(&[(200, ""), (409, "insufficient_stock")]).status
    });
    let taken = answers.await.iter().filter(|status| **status == 200).count();
    assert_eq!(taken, 3, "three times six of twenty");
    assert_eq!(stock(&client).await.values().copied().collect::<Vec<_>>(), [[30, 28, 2], [30, 28, 2]]);
    prove(&app.database);
    assert_no_deadlock(&app.database);
}

#[actix_web::test]
async fn edits_of_many_orders_never_take_more_than_the_last_credit() {
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", 2, |_| [500, 500]).await;
    let servers = [client.clone(), client.at(&app.spawn_second())];
    // Twenty units of 10,000 with 11 %; ten orders of one each, of which each wants three more.
    customer(&client, "C-2", json!({"credit_limit": "222000.00", "currency": "IDR"})).await;
    let mut placed = vec![];
    for i in 0..10 {
        let mut body = order(&[(i % 2, 1)], "refuse");
        body["customer_code"] = json!("C-2");
        placed.push(client.post("/v1/orders", &body).await.expect(201));
    }
    let answers = at_once(10, 0..10, async |i: usize| {
        let edited = edit(&servers[i % 2], &placed[i], &to(&placed[i], 4)).await.expect(200);
        edited["status"].as_str().unwrap().to_owned()
    })
    .await;
    let balance = || number(&app.database, "SELECT sum(open_orders)::bigint AS value FROM customer_balance");
    let confirmed = answers.iter().filter(|status| *status == "confirmed").count() as i64;
    assert!(balance() <= 222_000, "{answers:?}");
    // A held order gives up what it had, so that more than three of the ten may fit.
    assert_eq!(balance(), 44_400 * confirmed);
    assert!(confirmed >= 3);
    prove(&app.database);
    assert_no_deadlock(&app.database);
}
