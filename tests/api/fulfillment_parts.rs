//! Fulfillment orders split, merge and move in parts over HTTP. Every test ends with the proof of the invariants.

use crate::shop::{clean, customer, level, receive, shop};
use crate::support::app::{Caller, Reply, TestApp};
use serde_json::{Value, json};

fn id(thing: &Value) -> &str {
    thing["id"].as_str().unwrap()
}

async fn work(admin: &Caller<'_>, order: &Value) -> Vec<Value> {
    let list = admin.get(&format!("/v1/fulfillment_orders?order_id={}", id(order))).await.expect(200).body;
    list["data"].as_array().unwrap().clone()
}

async fn act(admin: &Caller<'_>, work: &Value, action: &str, body: Value) -> Reply {
    admin.post(&format!("/v1/fulfillment_orders/{}/{action}", id(work)), body).await
}

/// Ten of KOPI and four of TEH from Jakarta; three of KOPI lie in Surabaya.
async fn placed<'a>(app: &'a TestApp) -> (Caller<'a>, Value) {
    let (_, admin) = shop(app).await;
    customer(&admin, "C-1", json!({})).await;
    receive(&admin, "jakarta", "KOPI", "10").await;
    receive(&admin, "jakarta", "TEH", "4").await;
    receive(&admin, "surabaya", "KOPI", "3").await;
    let lines = json!([{"sku": "KOPI", "quantity": "10"}, {"sku": "TEH", "quantity": "4"}]);
    let order = admin.post("/v1/orders", json!({"customer_code": "C-1", "lines": lines})).await.expect(201).body;
    (admin, order)
}

fn part(order: &Value, line: usize, quantity: &str) -> Value {
    json!({"order_line_id": order["lines"][line]["id"], "quantity": quantity})
}

fn quantities(work: &Value) -> Vec<(i64, &str)> {
    work["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (line["line_number"].as_i64().unwrap(), line["quantity"].as_str().unwrap()))
        .collect()
}

#[actix_web::test]
async fn a_fulfillment_order_is_split_and_merged_again() {
    let app = TestApp::spawn().await;
    let (admin, order) = placed(&app).await;
    let job = work(&admin, &order).await.remove(0);
    let new =
        act(&admin, &job, "split", json!({"lines": [part(&order, 0, "4"), {"order_line_id": order["lines"][1]["id"]}]})).await.expect(201);
    assert_eq!(new.header("location"), format!("/v1/fulfillment_orders/{}", id(&new.body)));
    assert_eq!(
        (quantities(&new.body), &new.body["status"], &new.body["location"]),
        (vec![(1, "4"), (2, "4")], &json!("open"), &json!("jakarta"))
    );
    let jobs = work(&admin, &order).await;
    assert_eq!(jobs.iter().map(quantities).collect::<Vec<_>>(), [vec![(1, "6")], vec![(1, "4"), (2, "4")]]);
    assert_eq!(level(&admin, "KOPI", "jakarta").await.1, "10", "the shelf keeps what it has promised");
    let whole = json!({"lines": [{"order_line_id": order["lines"][0]["id"]}]});
    assert_eq!(act(&admin, &job, "split", whole).await.code(409), "nothing_left");
    assert_eq!(act(&admin, &job, "split", json!({"lines": [part(&order, 0, "7")]})).await.code(422), "exceeds_open_quantity");
    assert_eq!(act(&admin, &job, "split", json!({"lines": [part(&order, 1, "1")]})).await.code(422), "unknown_line");
    let merged = act(&admin, &job, "merge", json!({"fulfillment_order_ids": [new.body["id"]]})).await.expect(200).body;
    assert_eq!(quantities(&merged), [(1, "10"), (2, "4")]);
    let jobs = work(&admin, &order).await;
    assert_eq!((&jobs[1]["status"], &jobs[1]["lines"]), (&json!("cancelled"), &json!([])));
    assert_eq!(act(&admin, &job, "merge", json!({"fulfillment_order_ids": [new.body["id"]]})).await.code(409), "invalid_transition");
    let events = admin.get(&format!("/v1/orders/{}/events", id(&order))).await.expect(200).body;
    let types: Vec<&str> = events["data"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert!(types.contains(&"fulfillment_order.split") && types.contains(&"fulfillment_order.merged"), "{types:?}");
    clean(&app).await;
}

#[actix_web::test]
async fn what_is_picked_is_neither_split_off_nor_merged() {
    let app = TestApp::spawn().await;
    let (admin, order) = placed(&app).await;
    let job = work(&admin, &order).await.remove(0);
    let picked = json!({"lines": [{"order_line_id": order["lines"][0]["id"], "picked_quantity": "7"}]});
    act(&admin, &job, "pick", picked).await.expect(200);
    assert_eq!(act(&admin, &job, "split", json!({"lines": [part(&order, 0, "4")]})).await.code(422), "exceeds_open_quantity");
    let new = act(&admin, &job, "split", json!({"lines": [part(&order, 0, "3")]})).await.expect(201).body;
    let old = work(&admin, &order).await.remove(0);
    assert_eq!((&old["status"], &old["lines"][0]["picked_quantity"]), (&json!("picking"), &json!("7")));
    assert_eq!(act(&admin, &new, "merge", json!({"fulfillment_order_ids": [job["id"]]})).await.code(409), "invalid_transition");
    act(&admin, &new, "ship", json!({"carrier": "jne"})).await.expect(201);
    act(&admin, &job, "ship", json!({"carrier": "jne"})).await.expect(201);
    clean(&app).await;
}

#[actix_web::test]
async fn a_part_moves_to_a_location_that_has_it() {
    let app = TestApp::spawn().await;
    let (admin, order) = placed(&app).await;
    let job = work(&admin, &order).await.remove(0);
    let to = |quantity: &str| json!({"location": "surabaya", "lines": [part(&order, 0, quantity)]});
    let refused = act(&admin, &job, "move", to("4")).await.expect(409).body;
    assert_eq!((&refused["code"], &refused["lines"][0]["available"]), (&json!("insufficient_stock"), &json!("3")));
    let moved = act(&admin, &job, "move", to("3")).await.expect(200).body;
    assert_eq!((quantities(&moved), &moved["location"]), (vec![(1, "3")], &json!("surabaya")));
    assert_eq!(level(&admin, "KOPI", "jakarta").await, ("10".into(), "7".into(), "3".into()));
    assert_eq!(level(&admin, "KOPI", "surabaya").await, ("3".into(), "3".into(), "0".into()));
    let elsewhere = act(&admin, &job, "merge", json!({"fulfillment_order_ids": [moved["id"]]})).await.expect(409).body;
    assert_eq!(elsewhere["code"], "not_mergeable");
    let back = act(&admin, &moved, "move", json!({"location": "jakarta"})).await.expect(200).body;
    assert_eq!(back["id"], moved["id"]);
    let merged = act(&admin, &job, "merge", json!({"fulfillment_order_ids": [moved["id"]]})).await.expect(200).body;
    assert_eq!(quantities(&merged), [(1, "10"), (2, "4")]);
    let other = admin
        .post("/v1/orders", json!({"customer_code": "C-1", "lines": [{"sku": "WRAP", "quantity": "1"}, {"sku": "KOPI", "quantity": "3"}]}));
    let foreign = work(&admin, &other.await.expect(201).body).await.remove(0);
    let refused = act(&admin, &job, "merge", json!({"fulfillment_order_ids": [foreign["id"]]})).await;
    assert_eq!(refused.body["errors"][0]["pointer"], "/fulfillment_order_ids/0");
    assert_eq!(refused.code(422), "unknown_fulfillment_order");
    assert_eq!(act(&admin, &job, "merge", json!({"fulfillment_order_ids": [job["id"]]})).await.code(422), "duplicate");
    clean(&app).await;
}
