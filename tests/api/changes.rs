//! The polls of what has changed: each kind tells what commits late, page by page, and a cursor of another database is refused.

use crate::money::id;
use crate::shop::{clean, customer, receive, shop};
use crate::support::app::{Caller, TestApp};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Each kind with its table.
const KINDS: [(&str, &str); 10] = [
    ("orders", "sales_order"),
    ("customers", "customer"),
    ("products", "product"),
    ("prices", "price"),
    ("invoices", "invoice"),
    ("payments", "payment"),
    ("credit_notes", "credit_note"),
    ("shipments", "shipment"),
    ("returns", "sales_return"),
    ("stock", "stock_level"),
];

/// A company in which there are a few of each kind.
async fn company(app: &TestApp) -> Caller<'_> {
    let (_, admin) = shop(app).await;
    let profile = json!({"legal_name": "PT Nusantara Niaga", "country": "ID", "time_zone": "Asia/Jakarta", "base_currency": "IDR"});
    admin.put("/v1/organization", profile).await.expect(200);
    customer(&admin, "C-1", json!({})).await;
    customer(&admin, "C-2", json!({})).await;
    for (location, sku) in [("jakarta", "KOPI"), ("jakarta", "TEH"), ("surabaya", "KOPI")] {
        receive(&admin, location, sku, "20").await;
    }
    for buyer in ["C-1", "C-2", "C-1"] {
        let lines = json!([{"sku": "KOPI", "quantity": "2"}, {"sku": "TEH", "quantity": "1"}]);
        let order = admin.post("/v1/orders", json!({"customer_code": buyer, "lines": lines})).await.expect(201).body;
        let work = admin.get(&format!("/v1/fulfillment_orders?order_id={}", id(&order))).await.expect(200).body["data"][0].clone();
        admin.post(&format!("/v1/fulfillment_orders/{}/ship", id(&work)), json!({"carrier": "JNE"})).await.expect(201);
        let invoice = admin.act(&format!("/v1/orders/{}/invoices", id(&order))).await.expect(201).body;
        let payment = json!({"amount": "1000", "currency": "IDR", "method": "cash", "invoice_id": id(&invoice)});
        admin.post("/v1/payments", payment).await.expect(201);
        admin.post("/v1/credit_notes", json!({"invoice_id": id(&invoice), "reason": "One bag arrived torn"})).await.expect(201);
        let line = json!({"order_line_id": order["lines"][0]["id"], "quantity": "1", "reason": {"code": "damaged"}});
        admin.post("/v1/returns", json!({"order_id": id(&order), "lines": [line]})).await.expect(201);
    }
    admin
}

/// Polls until nothing more waits; the rows, and where to go on.
async fn poll(admin: &Caller<'_>, kind: &str, limit: usize, after: Option<&str>) -> (Vec<Value>, String) {
    let (mut rows, mut after) = (vec![], after.map(str::to_owned));
    loop {
        let asked = after.as_ref().map(|after| format!("&after={after}")).unwrap_or_default();
        let page = admin.get(&format!("/v1/changes/{kind}?limit={limit}{asked}")).await.expect(200).body;
        rows.extend(page["data"].as_array().unwrap().iter().cloned());
        let next = page["next_cursor"].as_str().unwrap().to_owned();
        if page["has_more"] == false {
            return (rows, next);
        }
        after = Some(next);
    }
}

fn updated_at(row: &Value) -> DateTime<Utc> {
    row["updated_at"].as_str().unwrap_or_else(|| panic!("{row:#}")).parse().unwrap()
}

#[actix_web::test]
async fn no_kind_misses_what_commits_late() {
    let app = TestApp::spawn().await;
    let admin = company(&app).await;
    let mut cursors = vec![];
    for (kind, _) in KINDS {
        let (rows, next) = poll(&admin, kind, 1, None).await;
        let different: BTreeSet<String> = rows.iter().map(Value::to_string).collect();
        assert!(rows.len() >= 2 && different.len() == rows.len(), "{kind}: the first poll brings all, each once");
        cursors.push(next);
    }
    // Somebody writes a row of each kind and is slow to commit; twice, the second time within a savepoint.
    for savepoint in ["", "SAVEPOINT s;"] {
        app.clock.advance(TimeDelta::seconds(1));
        let at = app.clock.now();
        let mut writer = app.database.connect();
        writer.batch_execute(&format!("BEGIN; {savepoint}")).unwrap();
        for (_, table) in KINDS {
            let first = format!("SELECT ctid FROM {table} ORDER BY ctid LIMIT 1");
            writer.batch_execute(&format!("UPDATE {table} SET updated_at = '{at}' WHERE ctid = ({first})")).unwrap();
        }
        for _ in 0..2 {
            app.clock.advance(TimeDelta::seconds(20));
            for (cursor, (kind, _)) in cursors.iter_mut().zip(KINDS) {
                let (rows, next) = poll(&admin, kind, 2, Some(cursor)).await;
                assert!(rows.iter().all(|row| updated_at(row) != at), "{kind}: nobody can see it yet");
                *cursor = next;
            }
        }
        writer.batch_execute("COMMIT").unwrap();
        app.clock.advance(TimeDelta::seconds(20));
        for (cursor, (kind, _)) in cursors.iter_mut().zip(KINDS) {
            let (rows, next) = poll(&admin, kind, 2, Some(cursor)).await;
            assert!(rows.iter().any(|row| updated_at(row) == at), "{kind} misses what was committed late: {rows:#?}");
            *cursor = next;
        }
    }
    clean(&app).await;
}

#[actix_web::test]
async fn stock_is_told_where_it_has_changed() {
    let app = TestApp::spawn().await;
    let admin = company(&app).await;
    let (all, next) = poll(&admin, "stock", 200, None).await;
    let keys = |rows: &[Value]| -> Vec<String> {
        rows.iter().map(|row| format!("{} {}", row["sku"].as_str().unwrap(), row["location"].as_str().unwrap())).collect()
    };
    assert_eq!(keys(&all), ["KOPI jakarta", "KOPI surabaya", "TEH jakarta"]);
    assert_eq!(all, admin.get("/v1/inventory").await.expect(200).body["data"].as_array().unwrap().clone());
    // What an order reserves.
    let lines = json!([{"sku": "TEH", "quantity": "3"}]);
    admin.post("/v1/orders", json!({"customer_code": "C-1", "lines": lines})).await.expect(201);
    let (rows, next) = poll(&admin, "stock", 1, Some(&next)).await;
    let told = rows.iter().find(|row| row["sku"] == "TEH").unwrap();
    assert_eq!((&told["on_hand"], &told["reserved"], &told["available"]), (&json!("17"), &json!("3"), &json!("14")));
    // What is on its way, which is not written on the level itself.
    let supply = json!({"sku": "KOPI", "location": "surabaya", "quantity": "12", "expected_on": "2026-03-20"});
    admin.post("/v1/inventory/incoming", supply).await.expect(201);
    let (rows, next) = poll(&admin, "stock", 200, Some(&next)).await;
    let told = rows.iter().find(|row| row["location"] == "surabaya").unwrap();
    assert_eq!((&told["sku"], &told["incoming"]), (&json!("KOPI"), &json!("12")));
    // Goods that come to where none ever lay.
    receive(&admin, "surabaya", "TEH", "5").await;
    let (rows, _) = poll(&admin, "stock", 1, Some(&next)).await;
    assert!(keys(&rows).contains(&"TEH surabaya".to_owned()), "{rows:#?}");
    clean(&app).await;
}

#[actix_web::test]
async fn a_cursor_of_another_database_begins_anew() {
    let app = TestApp::spawn().await;
    let admin = company(&app).await;
    for (kind, _) in KINDS {
        // One between two polls, and one in the middle of a poll.
        let page = admin.get(&format!("/v1/changes/{kind}?limit=1")).await.expect(200).body;
        for cursor in [page["next_cursor"].as_str().unwrap().to_owned(), poll(&admin, kind, 200, None).await.1] {
            let mut read: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(&cursor).unwrap()).unwrap();
            let database = read["k"][0].as_str().unwrap().to_owned();
            assert_eq!(database.split('.').count(), 3, "cluster, timeline, database: {database}");
            // As after a restoration to an earlier moment of the same cluster.
            let parts: Vec<&str> = database.split('.').collect();
            read["k"][0] = json!(format!("{}.{}.{}", parts[0], parts[1].parse::<u64>().unwrap() + 1, parts[2]));
            let other = URL_SAFE_NO_PAD.encode(read.to_string());
            assert_eq!(admin.get(&format!("/v1/changes/{kind}?after={other}")).await.code(410), "cursor_gone", "{kind}");
            admin.get(&format!("/v1/changes/{kind}?after={cursor}")).await.expect(200);
        }
    }
    clean(&app).await;
}
