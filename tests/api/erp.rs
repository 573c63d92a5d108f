//! Beside another system of record: bulk calls in the order of that system, its numbers on our documents, and a poll that misses
//! nothing.

use crate::shop::{clean, customer, receive, shop};
use crate::support::app::{Caller, TestApp};
use diesel::PgConnection;
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

fn product(sku: &str, name: &str, version: Option<i64>) -> Value {
    json!({"sku": sku, "name": name, "unit": "C62", "tax_category": "standard", "source_version": version})
}

#[actix_web::test]
async fn what_comes_late_changes_nothing() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    let put = async |path: &str, rows: Value| {
        let told = admin.put(&format!("{path}?answer=outcomes"), rows).await.expect(200).body;
        let counts = ["created_count", "updated_count", "unchanged_count", "late_count"].map(|name| told[name].as_u64().unwrap());
        (told["outcomes"].clone(), counts)
    };
    let first =
        put("/v1/products", json!([product("A", "one", Some(5)), product("B", "one", None), product("KOPI", "Kopi", Some(1))])).await;
    assert_eq!(first, (json!(["created", "created", "updated"]), [2, 1, 0, 0]));
    let again = json!([
        product("A", "older", Some(4)),
        product("A2", "new", Some(4)),
        product("B", "two", Some(1)),
        product("KOPI", "Kopi", Some(2))
    ]);
    assert_eq!(put("/v1/products", again).await, (json!(["late", "created", "updated", "unchanged"]), [1, 1, 1, 1]));
    // A newer version that says the same is remembered, and makes no version of ours.
    let late = json!([product("KOPI", "Teh", Some(2)), product("A", "newest", Some(6)), product("B", "without", None)]);
    assert_eq!(put("/v1/products", late).await, (json!(["late", "updated", "updated"]), [0, 2, 0, 1]));
    assert_eq!(admin.get("/v1/products/A").await.expect(200).body["name"], "newest");
    assert_eq!(admin.get("/v1/products/KOPI").await.expect(200).body["name"], "Kopi");
    let late = admin.put("/v1/products/A", product("A", "late", Some(6))).await.expect(200).body;
    assert_eq!((&late["name"], &late["version"]), (&json!("newest"), &json!(2)));

    let price = |amount: &str, version: i64| json!({"sku": "A", "currency": "IDR", "unit_price": amount, "source_version": version});
    assert_eq!(put("/v1/prices", json!([price("10", 7)])).await.0, json!(["created"]));
    assert_eq!(put("/v1/prices", json!([price("9", 6)])).await.0, json!(["late"]));
    assert_eq!(put("/v1/prices", json!([price("10", 8)])).await.0, json!(["unchanged"]));
    assert_eq!(put("/v1/prices", json!([price("11", 8)])).await.0, json!(["late"]));
    assert_eq!(put("/v1/prices", json!([price("11", 9)])).await.0, json!(["updated"]));
    let refused = admin.put("/v1/products?answer=outcomes", json!([product("A", "x", Some(-1))])).await;
    assert_eq!((refused.body["errors"][0]["pointer"].clone(), refused.code(422)), (json!("/0/source_version"), "out_of_range".to_owned()));
    clean(&app).await;
}

#[actix_web::test]
async fn numbers_of_the_other_system_stand_on_every_document() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    let profile = json!({"legal_name": "PT Nusantara Niaga", "country": "ID", "time_zone": "Asia/Jakarta", "base_currency": "IDR"});
    admin.put("/v1/organization", profile).await.expect(200);
    customer(&admin, "C-1", json!({})).await;
    receive(&admin, "jakarta", "KOPI", "10").await;
    let order =
        admin.post("/v1/orders", json!({"customer_code": "C-1", "lines": [{"sku": "KOPI", "quantity": "2"}]})).await.expect(201).body;
    let id = |thing: &Value| thing["id"].as_str().unwrap().to_owned();
    let work = admin.get(&format!("/v1/fulfillment_orders?order_id={}", id(&order))).await.expect(200).body["data"][0].clone();
    let shipment = admin.post(&format!("/v1/fulfillment_orders/{}/ship", id(&work)), json!({"carrier": "JNE"})).await.expect(201).body;
    let invoice = admin.act(&format!("/v1/orders/{}/invoices", id(&order))).await.expect(201).body;
    let payment = json!({"amount": "1000", "currency": "IDR", "method": "cash", "invoice_id": id(&invoice)});
    let payment = admin.post("/v1/payments", payment).await.expect(201).body;
    let lines = json!([{"order_line_id": order["lines"][0]["id"], "quantity": "1"}]);
    let note = json!({"invoice_id": id(&invoice), "reason": {"code": "pricing_error"}, "lines": lines});
    let note = admin.post("/v1/credit_notes", note).await;
    let back = json!({"order_id": id(&order), "lines": [{"order_line_id": order["lines"][0]["id"], "quantity": "1", "reason": {"code": "damaged"}}]});
    let back = admin.post("/v1/returns", back).await.expect(201).body;
    let mut things = vec![("orders", order), ("shipments", shipment), ("invoices", invoice), ("payments", payment), ("returns", back)];
    if note.status == 201 {
        things.push(("credit_notes", note.body));
    }
    assert_eq!(things.len(), 6, "a credit note could not be made");
    for (kind, thing) in things {
        let path = format!("/v1/{kind}/{}", id(&thing));
        let numbered = admin.patch(&path, json!({"external_ids": {"sap": "4711", "old": "1"}})).await.expect(200).body;
        assert_eq!(numbered["external_ids"], json!({"sap": "4711", "old": "1"}), "{kind}");
        admin.patch(&path, json!({"external_ids": {"old": null}})).await.expect(200);
        assert_eq!(admin.get(&path).await.expect(200).body["external_ids"], json!({"sap": "4711"}), "{kind}");
    }
    clean(&app).await;
}

/// Somebody who keeps a copy of the products' names.
struct Copy<'a> {
    admin: &'a Caller<'a>,
    after: Option<String>,
    names: BTreeMap<String, String>,
}

impl Copy<'_> {
    /// Polls until nothing more waits.
    async fn catch_up(&mut self) {
        loop {
            let after = self.after.as_ref().map(|after| format!("&after={after}")).unwrap_or_default();
            let page = self.admin.get(&format!("/v1/changes/products?limit=7{after}")).await.expect(200).body;
            for row in page["data"].as_array().unwrap() {
                self.names.insert(row["sku"].as_str().unwrap().to_owned(), row["name"].as_str().unwrap().to_owned());
            }
            self.after = page["next_cursor"].as_str().map(str::to_owned);
            if page["has_more"] == false {
                return;
            }
        }
    }
}

/// A poll by `updated_from`, which goes on from the last change that it has seen.
async fn poll_naively(admin: &Caller<'_>, from: &mut String, seen: &mut BTreeSet<String>) {
    let page = admin.get(&format!("/v1/products?sort=updated_at&limit=200&updated_from={from}")).await.expect(200).body;
    for row in page["data"].as_array().unwrap() {
        seen.insert(format!("{}={}", row["sku"].as_str().unwrap(), row["name"].as_str().unwrap()));
        *from = row["updated_at"].as_str().unwrap().to_owned();
    }
}

/// A writer whose change is dated now and committed when told to. `within` a savepoint its rows have the number of a subtransaction.
fn write_slowly(app: &TestApp, name: &str, skus: std::ops::Range<usize>, within: bool) -> PgConnection {
    let mut connection = app.database.connect();
    connection.batch_execute("BEGIN").unwrap();
    if within {
        connection.batch_execute("SAVEPOINT s").unwrap();
    }
    let at = app.clock.now().to_rfc3339();
    let names: Vec<String> = skus.map(|i| format!("'P-{i:03}'")).collect();
    let update =
        format!("UPDATE product SET name = '{name}', updated_at = '{at}', version = version + 1 WHERE sku IN ({})", names.join(", "));
    connection.batch_execute(&update).unwrap();
    connection
}

#[actix_web::test]
async fn a_poll_misses_nothing_however_late_a_writer_commits() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    let rows: Vec<Value> = (0..40).map(|i| product(&format!("P-{i:03}"), "first", None)).collect();
    admin.put("/v1/products", json!(rows)).await.expect(200);
    let mut copy = Copy { admin: &admin, after: None, names: BTreeMap::new() };
    copy.catch_up().await;
    assert_eq!(copy.names.len(), 43, "the first poll brings all");
    let (mut from, mut naive) = (app.clock.now().format("%Y-%m-%dT%H:%M:%SZ").to_string(), BTreeSet::new());
    poll_naively(&admin, &mut from, &mut naive).await;

    // Three writers begin; others change something after them and are committed before.
    let mut late = vec![
        write_slowly(&app, "late", 0..5, false),
        write_slowly(&app, "later", 5..10, true),
        write_slowly(&app, "latest", 10..15, false),
    ];
    for round in 0..6 {
        app.clock.advance(chrono::TimeDelta::seconds(20));
        let rows: Vec<Value> = (20..30).map(|i| product(&format!("P-{i:03}"), &format!("round {round}"), None)).collect();
        admin.put("/v1/products", json!(rows)).await.expect(200);
        poll_naively(&admin, &mut from, &mut naive).await;
        copy.catch_up().await;
        assert_eq!(copy.names["P-025"], format!("round {round}"));
        if round % 2 == 1 {
            late.remove(0).batch_execute("COMMIT").unwrap();
        }
    }
    poll_naively(&admin, &mut from, &mut naive).await;
    copy.catch_up().await;
    for (sku, name) in [("P-003", "late"), ("P-007", "later"), ("P-012", "latest")] {
        assert_eq!(copy.names[sku], name);
        assert!(!naive.contains(&format!("{sku}={name}")), "the naive poll is to miss it");
    }
    let mut now = BTreeMap::new();
    let mut cursor = String::new();
    loop {
        let page = admin.get(&format!("/v1/products?limit=200{cursor}")).await.expect(200).body;
        for row in page["data"].as_array().unwrap() {
            now.insert(row["sku"].as_str().unwrap().to_owned(), row["name"].as_str().unwrap().to_owned());
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(copy.names, now);
    clean(&app).await;
}

#[actix_web::test]
async fn each_kind_can_be_polled() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    receive(&admin, "jakarta", "KOPI", "10").await;
    let order =
        admin.post("/v1/orders", json!({"customer_code": "C-1", "lines": [{"sku": "KOPI", "quantity": "2"}]})).await.expect(201).body;
    let path = format!("/v1/orders/{}", order["id"].as_str().unwrap());
    for (kind, rows) in [("orders", 1), ("customers", 1), ("products", 3), ("prices", 3), ("invoices", 0), ("payments", 0)] {
        let all = admin.get(&format!("/v1/changes/{kind}")).await.expect(200).body;
        assert_eq!((all["data"].as_array().unwrap().len(), &all["has_more"]), (rows, &json!(false)), "{kind}");
        let next = format!("/v1/changes/{kind}?after={}", all["next_cursor"].as_str().unwrap());
        if kind == "orders" {
            assert_eq!(all["data"][0], order);
            admin.patch(&path, json!({"external_ids": {"sap": "1"}})).await.expect(200);
            let changed = admin.get(&next).await.expect(200).body;
            assert_eq!(changed["data"][0]["external_ids"], json!({"sap": "1"}));
        }
        if kind == "prices" {
            admin.put("/v1/prices", json!([{"sku": "TEH", "currency": "IDR", "unit_price": "1"}])).await.expect(200);
            let changed = admin.get(&next).await.expect(200).body["data"].clone();
            let told =
                changed.as_array().unwrap().iter().any(|price| (&price["sku"], &price["unit_price"]) == (&json!("TEH"), &json!("1.00")));
            assert!(told, "{changed:#}");
        }
    }
    clean(&app).await;
}
