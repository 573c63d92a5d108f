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
    let note = admin.post("/v1/credit_notes", json!({"invoice_id": id(&invoice), "reason": "One bag arrived torn"})).await.expect(201).body;
    let back = json!({"order_id": id(&order), "lines": [{"order_line_id": order["lines"][0]["id"], "quantity": "1", "reason": {"code": "damaged"}}]});
    let back = admin.post("/v1/returns", back).await.expect(201).body;
    let things = [
        ("orders", order),
        ("shipments", shipment),
        ("invoices", invoice),
        ("credit_notes", note),
        ("payments", payment),
        ("returns", back),
    ];
    for (kind, thing) in things {
        let path = format!("/v1/{kind}/{}", id(&thing));
        let numbered = admin.patch(&path, json!({"external_ids": {"sap": "4711", "old": "1"}})).await.expect(200).body;
        assert_eq!(numbered["external_ids"], json!({"sap": "4711", "old": "1"}), "{kind}");
        admin.patch(&path, json!({"external_ids": {"old": null}})).await.expect(200);
        assert_eq!(admin.get(&path).await.expect(200).body["external_ids"], json!({"sap": "4711"}), "{kind}");
    }
    clean(&app).await;
}

/// Somebody who keeps a copy of what buyers call their orders.
struct Copy<'a> {
    admin: &'a Caller<'a>,
    after: Option<String>,
    orders: BTreeMap<String, String>,
}

/// An order's number, and the buyer's own.
fn numbers(order: &Value) -> (String, String) {
    let text = |name: &str| order[name].as_str().unwrap_or_default().to_owned();
    (text("number"), text("purchase_order_number"))
}

impl Copy<'_> {
    /// Polls until nothing more waits.
    async fn catch_up(&mut self) {
        loop {
            let after = self.after.as_ref().map(|after| format!("&after={after}")).unwrap_or_default();
            let page = self.admin.get(&format!("/v1/changes/orders?limit=7{after}")).await.expect(200).body;
            self.orders.extend(page["data"].as_array().unwrap().iter().map(numbers));
            self.after = page["next_cursor"].as_str().map(str::to_owned);
            if page["has_more"] == false {
                return;
            }
        }
    }
}

/// A poll by `updated_from`, which goes on from the last change that it has seen.
async fn poll_naively(admin: &Caller<'_>, from: &mut String, seen: &mut BTreeSet<String>) {
    let page = admin.get(&format!("/v1/orders?sort=updated_at&limit=200&updated_from={from}")).await.expect(200).body;
    for order in page["data"].as_array().unwrap() {
        seen.insert(numbers(order).1);
        *from = order["updated_at"].as_str().unwrap().to_owned();
    }
}

/// A writer whose change is dated now and committed when told to. `within` a savepoint its rows have the number of a subtransaction.
fn write_slowly(app: &TestApp, name: &str, orders: &[String], within: bool) -> PgConnection {
    let mut connection = app.database.connect();
    connection.batch_execute("BEGIN").unwrap();
    if within {
        connection.batch_execute("SAVEPOINT s").unwrap();
    }
    let (at, orders) = (app.clock.now().to_rfc3339(), orders.iter().map(|number| format!("'{number}'")).collect::<Vec<_>>().join(", "));
    let set = format!("purchase_order_number = '{name}', updated_at = '{at}', version = version + 1");
    connection.batch_execute(&format!("UPDATE sales_order SET {set} WHERE number IN ({orders})")).unwrap();
    connection
}

#[actix_web::test]
async fn a_poll_misses_nothing_however_late_a_writer_commits() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    let (mut ids, mut names) = (vec![], vec![]);
    for _ in 0..20 {
        let order = json!({"customer_code": "C-1", "lines": [{"sku": "WRAP", "quantity": "1"}]});
        let order = admin.post("/v1/orders", order).await.expect(201).body;
        ids.push(order["id"].as_str().unwrap().to_owned());
        names.push(numbers(&order).0);
    }
    let mut copy = Copy { admin: &admin, after: None, orders: BTreeMap::new() };
    copy.catch_up().await;
    assert_eq!(copy.orders.len(), 20, "the first poll brings all");
    let (mut from, mut naive) = (app.clock.now().format("%Y-%m-%dT%H:%M:%SZ").to_string(), BTreeSet::new());
    poll_naively(&admin, &mut from, &mut naive).await;

    // Three writers begin; others change something after them and are committed before.
    let late = [("late", 0..4, false), ("later", 4..8, true), ("latest", 8..12, false)];
    let mut late: Vec<PgConnection> =
        late.into_iter().map(|(name, which, within)| write_slowly(&app, name, &names[which], within)).collect();
    for round in 0..6 {
        app.clock.advance(chrono::TimeDelta::seconds(20));
        for id in &ids[12..15] {
            let patch = json!({"purchase_order_number": format!("round {round}")});
            admin.patch(&format!("/v1/orders/{id}"), patch).await.expect(200);
        }
        poll_naively(&admin, &mut from, &mut naive).await;
        copy.catch_up().await;
        assert_eq!(copy.orders[&names[13]], format!("round {round}"));
        if round % 2 == 1 {
            late.remove(0).batch_execute("COMMIT").unwrap();
        }
    }
    poll_naively(&admin, &mut from, &mut naive).await;
    copy.catch_up().await;
    for (place, name) in [(3, "late"), (7, "later"), (11, "latest")] {
        assert_eq!(copy.orders[&names[place]], name);
        assert!(!naive.contains(name), "the naive poll is to miss it");
    }
    let now = admin.get("/v1/orders?limit=200").await.expect(200).body;
    let now: BTreeMap<String, String> = now["data"].as_array().unwrap().iter().map(numbers).collect();
    assert_eq!(copy.orders, now);
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
