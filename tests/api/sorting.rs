//! The order of lists, page by page, and what a version of a policy says.

use crate::shop::{clean, customer, receive, shop};
use crate::support::app::{Caller, TestApp, send};
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};

/// All rows of a list, in pages of two, by one of their fields.
async fn walk(admin: &Caller<'_>, list: &str, field: &str) -> Vec<String> {
    let (mut rows, mut cursor) = (vec![], String::new());
    loop {
        let page = admin.get(&format!("{list}&limit=2{cursor}")).await.expect(200).body;
        rows.extend(page["data"].as_array().unwrap().iter().map(|row| row[field].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return rows,
        }
    }
}

#[actix_web::test]
async fn what_was_changed_last_can_come_first() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    receive(&admin, "jakarta", "KOPI", "9").await;
    let mut ids = vec![];
    for code in ["C-1", "C-2", "C-3"] {
        app.clock.advance(TimeDelta::seconds(1));
        ids.push(customer(&admin, code, json!({})).await);
        let order = json!({"customer_code": code, "lines": [{"sku": "KOPI", "quantity": "1"}]});
        let order = admin.post("/v1/orders", order).await.expect(201).body;
        let money = json!({"amount": "55000.00", "currency": "IDR", "method": "bank_transfer", "order_id": order["id"]});
        let payment = admin.post("/v1/payments", money).await.expect(201).body;
        let path = format!("/v1/payments/{}/refund", payment["id"].as_str().unwrap());
        admin.post(&path, json!({"amount": "10.00", "reason": "Goodwill"})).await.expect(201);
    }
    for (path, list, field, expected) in [
        (format!("/v1/customers/{}", ids[0]), "/v1/customers?", "code", ["C-2", "C-3", "C-1"]),
        ("/v1/products/KOPI".to_owned(), "/v1/products?", "sku", ["TEH", "WRAP", "KOPI"]),
    ] {
        app.clock.advance(TimeDelta::seconds(1));
        admin.patch(&path, json!({"metadata": {"seen": true}})).await.expect(200);
        let mut expected = expected.map(str::to_owned).to_vec();
        let first = walk(&admin, &format!("{list}sort=updated_at"), field).await;
        let mut last = walk(&admin, &format!("{list}sort=-updated_at"), field).await;
        assert_eq!(last[0], expected[2]);
        last.reverse();
        assert_eq!(first, last, "{list}");
        // The products were written in one moment: their ids tell them apart.
        expected.sort();
        last.sort();
        assert_eq!(last, expected, "{list}");
        assert_eq!(admin.get(&format!("{list}sort=newest")).await.code(400), "invalid_parameter");
    }
    let created = walk(&admin, "/v1/refunds?sort=created_at", "number").await;
    assert_eq!(created.len(), 3);
    assert_eq!(walk(&admin, "/v1/refunds?sort=updated_at", "number").await, created);
    let reversed: Vec<String> = created.into_iter().rev().collect();
    assert_eq!(walk(&admin, "/v1/refunds?sort=-updated_at", "number").await, reversed);
    clean(&app).await;
}

#[actix_web::test]
async fn orders_can_be_listed_in_the_order_in_which_they_were_given() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    let now = app.clock.now();
    // Captured in this order; given, a to e.
    for (name, days) in [("c", 3), ("a", 5), ("e", 1), ("b", 4), ("d", 2)] {
        let order = json!({"customer_code": "C-1", "external_id": name, "ordered_at": now - TimeDelta::days(days),
            "lines": [{"sku": "WRAP", "quantity": "1"}], "draft": name == "b"});
        admin.post("/v1/orders", order).await.expect(201);
    }
    let listed = async |query: &str| walk(&admin, &format!("/v1/orders?{query}"), "external_id").await;
    assert_eq!(listed("sort=ordered_at").await, ["a", "b", "c", "d", "e"]);
    assert_eq!(listed("sort=-ordered_at").await, ["e", "d", "c", "b", "a"]);
    assert_eq!(listed("sort=ordered_at&status=confirmed,draft,completed").await, ["a", "b", "c", "d", "e"]);
    assert_eq!(listed("sort=-ordered_at&status=draft").await, ["b"]);
    assert_eq!(listed("sort=ordered_at&sku=WRAP&q=C-1").await, ["a", "b", "c", "d", "e"]);
    let from = serde_json::to_value(now - TimeDelta::days(4)).unwrap();
    assert_eq!(listed(&format!("sort=-ordered_at&ordered_from={}", from.as_str().unwrap())).await, ["e", "d", "c", "b"]);
    let first = admin.get("/v1/orders?sort=ordered_at&limit=1").await.expect(200).body;
    let cursor = first["next_cursor"].as_str().unwrap();
    assert_eq!(admin.get(&format!("/v1/orders?sort=-ordered_at&limit=1&cursor={cursor}")).await.code(400), "invalid_cursor");
    assert_eq!(admin.get("/v1/orders?sort=number").await.code(400), "invalid_parameter");
    clean(&app).await;
}

#[actix_web::test]
async fn a_policy_has_a_version_of_its_own() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    receive(&admin, "jakarta", "KOPI", "5").await;
    let path = "/v1/inventory/KOPI/jakarta/policy";
    let untouched = admin.get(path).await.expect(200);
    assert_eq!((untouched.header("etag"), &untouched.body["safety_stock"]), ("\"1\"", &json!("0")));
    let set = admin.put(path, json!({"safety_stock": "2"})).await.expect(200);
    assert_eq!((set.header("etag"), &set.body["version"]), ("\"2\"", &json!(2)));
    app.clock.advance(TimeDelta::seconds(5));
    receive(&admin, "jakarta", "KOPI", "5").await;
    customer(&admin, "C-1", json!({})).await;
    admin.post("/v1/orders", json!({"customer_code": "C-1", "lines": [{"sku": "KOPI", "quantity": "3"}]})).await.expect(201);
    let read = admin.get(path).await.expect(200);
    assert_eq!((read.header("etag"), &read.body), ("\"2\"", &set.body), "stock that comes and goes leaves it");
    let if_match = |tag: &str, body: Value| admin.request(Method::PUT, path).header("if-match", tag).json(&body);
    let next = send(if_match("\"2\"", json!({"safety_stock": "3", "reorder_point": "4"}))).await.expect(200);
    assert_eq!(next.header("etag"), "\"3\"");
    assert_ne!(next.body["updated_at"], set.body["updated_at"]);
    assert_eq!(send(if_match("\"2\"", json!({"safety_stock": "1"}))).await.code(412), "stale_version");
    assert_eq!(admin.put(path, next.body.clone()).await.expect(200).body, next.body, "nothing has changed");
    let create = admin.request(Method::PUT, path).header("if-none-match", "*").json(&json!({"safety_stock": "1"}));
    assert_eq!(send(create).await.code(412), "stale_version");
    clean(&app).await;
}
