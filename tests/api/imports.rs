//! Many orders sent at once: what is acknowledged is stored, each row has an outcome of its own, and nothing is made twice.

use crate::shop::{clean, customer, level, receive, shop};
use crate::support::app::{Caller, Reply, TestApp, send};
use crate::support::load::number;
use chrono::TimeDelta;
use diesel::connection::SimpleConnection;
use pesanan::auth::permission::Role;
use pesanan::imports::job;
use reqwest::Method;
use serde_json::{Value, json};

async fn upload(caller: &Caller<'_>, key: Option<&str>, body: String) -> Reply {
    let mut request = caller.request(Method::POST, "/v1/imports?kind=orders").header("content-type", "application/x-ndjson").body(body);
    if let Some(key) = key {
        request = request.header("Idempotency-Key", key);
    }
    send(request).await
}

/// Lets the job work until nothing is left.
pub async fn work(app: &TestApp) -> usize {
    let (app, clock) = (app.app.clone(), app.clock.clone());
    actix_web::web::block(move || job::work(&app.db, &app.desk, || clock.now(), || false)).await.unwrap().unwrap()
}

fn row(external_id: &str, sku: &str, quantity: &str) -> String {
    json!({"customer_code": "C-1", "external_id": external_id, "lines": [{"sku": sku, "quantity": quantity}]}).to_string()
}

#[actix_web::test]
async fn each_row_has_an_outcome_of_its_own() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    receive(&admin, "jakarta", "KOPI", "10").await;
    let before: Value = serde_json::from_str(&row("before", "KOPI", "1")).unwrap();
    let before = admin.post("/v1/orders", before).await.expect(201).body;
    let rows = [
        row("a", "KOPI", "4"),
        "{\"customer_code\": ".to_owned(),
        String::new(),
        row("b", "NOTHING", "1"),
        row("before", "KOPI", "1"),
        row("a", "KOPI", "5"),
        row("c", "KOPI", "99"),
        json!({"customer_code": "C-1", "lines": [{"sku": "KOPI", "quantity": 1}]}).to_string(),
        json!({"customer_code": "C-1", "lines": [{"sku": "WRAP", "quantity": "1"}], "draft": true}).to_string(),
        row("a", "KOPI", "4"),
    ];
    let accepted = upload(&admin, None, rows.join("\r\n")).await.expect(202);
    let path = accepted.header("location").to_owned();
    assert_eq!(path, format!("/v1/imports/{}", accepted.body["id"].as_str().unwrap()));
    assert_eq!((&accepted.body["status"], &accepted.body["row_count"], accepted.header("etag")), (&json!("queued"), &json!(9), "\"1\""));
    clean(&app).await;

    assert_eq!(work(&app).await, 9);
    let done = admin.get(&path).await.expect(200).body;
    let counts = ["imported_count", "unchanged_count", "rejected_count"].map(|name| done[name].as_i64().unwrap());
    assert_eq!((&done["status"], counts), (&json!("completed"), [2, 2, 5]), "{done:#}");
    assert!(done["completed_at"].is_string() && done["version"].as_i64() > Some(1));
    let page = admin.get(&format!("{path}/rows")).await.expect(200).body;
    let told: Vec<(i64, &str, &str)> = page["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["row_number"].as_i64().unwrap(), row["status"].as_str().unwrap(), row["problem"]["code"].as_str().unwrap_or("")))
        .collect();
    let expected = [
        (1, "imported", ""),
        (2, "rejected", "malformed_json"),
        (4, "rejected", "unknown_sku"),
        (5, "unchanged", ""),
        (6, "rejected", "external_id_conflict"),
        (7, "rejected", "insufficient_stock"),
        (8, "rejected", "decimal_string_required"),
        (9, "imported", ""),
        (10, "unchanged", ""),
    ];
    assert_eq!(told, expected);
    let rows = &page["data"];
    assert_eq!((&rows[3]["order_id"], &rows[3]["order_number"]), (&before["id"], &before["number"]));
    assert_eq!((&rows[8]["order_id"], &rows[1]["order_id"]), (&rows[0]["order_id"], &Value::Null));
    assert_eq!(rows[6]["problem"]["errors"][0]["pointer"], "/lines/0/quantity");
    assert_eq!(level(&admin, "KOPI", "jakarta").await.1, "5");
    let order = admin.get(&format!("/v1/orders/{}", rows[0]["order_id"].as_str().unwrap())).await.expect(200).body;
    assert_eq!((&order["external_id"], &order["number"]), (&json!("a"), &rows[0]["order_number"]));

    let first = admin.get(&format!("{path}/rows?status=rejected&limit=2")).await.expect(200).body;
    assert_eq!(first["data"][1]["row_number"], 4);
    let next = format!("{path}/rows?status=rejected&limit=2&cursor={}", first["next_cursor"].as_str().unwrap());
    assert_eq!(admin.get(&next).await.expect(200).body["data"][0]["row_number"], 6);
    assert_eq!(admin.get("/v1/imports?status=completed").await.expect(200).body["data"][0]["id"], done["id"]);
    assert_eq!(admin.get("/v1/imports?status=queued,running").await.expect(200).body["data"], json!([]));
    let events = admin.get("/v1/events?type=import.accepted,import.completed").await.expect(200).body;
    assert_eq!(events["data"].as_array().unwrap().len(), 2, "{events:#}");
    assert_eq!(events["data"][1]["data"]["rejected_count"], 5);
    assert_eq!(work(&app).await, 0, "nothing is left");
    clean(&app).await;
}

#[actix_web::test]
async fn an_import_is_sent_once_and_what_is_refused_leaves_nothing() {
    let app = TestApp::spawn().await;
    let (organization_id, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    let body = (0..2_500).map(|i| row(&format!("w-{i}"), "WRAP", "1")).collect::<Vec<_>>().join("\n");
    let first = upload(&admin, Some("once"), body.clone()).await.expect(202);
    let again = upload(&admin, Some("once"), body).await.expect(202);
    assert_eq!((again.header("idempotency-replayed"), &again.body), ("true", &first.body));
    assert_eq!(upload(&admin, Some("once"), row("x", "WRAP", "1")).await.code(422), "idempotency_key_reused");
    assert_eq!(upload(&admin, None, " \n\n".into()).await.code(422), "required");
    assert_eq!(upload(&admin, None, "x".repeat(2 << 20)).await.code(422), "row_too_long");
    let viewer = app.caller(organization_id, Role::Viewer).await;
    assert_eq!(upload(&viewer, None, row("x", "WRAP", "1")).await.code(403), "insufficient_scope");
    assert_eq!(number(&app.database, "SELECT count(*) AS value FROM import"), 1);
    assert_eq!(number(&app.database, "SELECT count(*) AS value FROM import_row"), 2_500);

    assert_eq!(work(&app).await, 2_500);
    assert_eq!(number(&app.database, "SELECT count(*) AS value FROM sales_order"), 2_500);
    assert_eq!(number(&app.database, "SELECT count(*) AS value FROM import_row WHERE raw IS NOT NULL"), 0);
    clean(&app).await;
}

#[actix_web::test]
async fn rows_may_do_what_their_sender_may() {
    let app = TestApp::spawn().await;
    let (organization_id, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    let client = app.api_client(organization_id, Role::Sales).await;
    let clerk = json!({"grant_type": "client_credentials", "client_id": client.client_id, "client_secret": client.client_secret,
        "scope": "orders:read orders:write"});
    let token = app.token(&clerk).await.expect(200).body["access_token"].as_str().unwrap().to_owned();
    let priced = json!({"customer_code": "C-1", "lines": [{"sku": "WRAP", "quantity": "1", "unit_price": "1"}]});
    let mut paid = json!({"customer_code": "C-1", "lines": [{"sku": "WRAP", "quantity": "1"}]});
    paid["payments"] = json!([{"method": "cash", "status": "captured", "amount": "100", "reference": "r"}]);
    let body = format!("{priced}\n{paid}\n{}", row("plain", "WRAP", "1"));
    for (token, expected) in
        [(token.as_str(), ["rejected", "rejected", "imported"]), (admin.token.as_str(), ["imported", "imported", "unchanged"])]
    {
        let request = app.request(Method::POST, "/v1/imports?kind=orders&mode=live").bearer_auth(token);
        let import = send(request.header("content-type", "application/x-ndjson").body(body.clone())).await.expect(202).body;
        work(&app).await;
        let rows = admin.get(&format!("/v1/imports/{}/rows", import["id"].as_str().unwrap())).await.expect(200).body;
        let told: Vec<&str> = rows["data"].as_array().unwrap().iter().map(|row| row["status"].as_str().unwrap()).collect();
        assert_eq!(told, expected, "{rows:#}");
    }
    clean(&app).await;
}

#[actix_web::test]
async fn an_import_stops_when_its_sender_is_disabled_or_may_no_longer() {
    let app = TestApp::spawn().await;
    let (organization_id, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    let client = app.api_client(organization_id, Role::Sales).await;
    let form = json!({"grant_type": "client_credentials", "client_id": client.client_id, "client_secret": client.client_secret});
    let sales = app.bearer(app.token(&form).await.expect(200).body["access_token"].as_str().unwrap().to_owned());
    let rows = |name: &str| (0..150).map(|i| row(&format!("{name}{i}"), "WRAP", "1")).collect::<Vec<_>>().join("\n");
    let first = upload(&sales, None, rows("a")).await.expect(202).body;
    app.clock.advance(TimeDelta::seconds(1));
    let second = upload(&sales, None, rows("b")).await.expect(202).body;
    let path = |import: &Value| format!("/v1/imports/{}", import["id"].as_str().unwrap());
    // A worker takes one batch and dies after it has placed a second one, before it tells.
    let one_batch = || {
        let (app, clock, asked) = (app.app.clone(), app.clock.clone(), std::sync::atomic::AtomicUsize::new(0));
        let stop = move || asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) >= 2;
        actix_web::web::block(move || job::work(&app.db, &app.desk, || clock.now(), stop))
    };
    assert_eq!(one_batch().await.unwrap().unwrap(), 64);
    assert_eq!(one_batch().await.unwrap().unwrap(), 64);
    let untold = "UPDATE import_row SET status = 'pending', action = NULL, raw = '{}' WHERE row_number BETWEEN 65 AND 128 AND status = 'imported'; \
        UPDATE import SET imported_count = 64 WHERE imported_count = 128";
    app.database.connect().batch_execute(untold).unwrap();
    let disabled = admin.act(&format!("/v1/api_clients/{}/disable", client.client_id)).await;
    disabled.expect(200);
    work(&app).await;
    let told = admin.get(&path(&first)).await.expect(200).body;
    assert_eq!(
        (&told["status"], &told["failure"], &told["done_count"], &told["imported_count"]),
        (&json!("failed"), &json!("sender_disabled"), &json!(128), &json!(128)),
        "{told:#}"
    );
    assert!(told["completed_at"].is_string());
    assert_eq!(admin.get(&path(&second)).await.expect(200).body["done_count"], 0);
    let pending = admin.get(&format!("{}/rows?status=pending&limit=200", path(&first))).await.expect(200).body;
    assert_eq!(pending["data"].as_array().unwrap().len(), 22);
    assert_eq!(number(&app.database, "SELECT count(*) AS value FROM sales_order"), 128);
    let events = admin.get("/v1/events?type=import.failed").await.expect(200).body;
    assert_eq!((events["data"].as_array().unwrap().len(), &events["data"][0]["data"]["failure"]), (2, &json!("sender_disabled")));
    assert_eq!(admin.get("/v1/imports?status=failed").await.expect(200).body["data"].as_array().unwrap().len(), 2);
    assert_eq!(work(&app).await, 0, "it is over");
    clean(&app).await;
}

#[actix_web::test]
async fn a_row_whose_order_was_placed_before_its_worker_ended_is_told_as_imported() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    receive(&admin, "jakarta", "KOPI", "2").await;
    let keyless = json!({"customer_code": "C-1", "on_shortage": "refuse", "lines": [{"sku": "KOPI", "quantity": "1"}]}).to_string();
    let path = upload(&admin, None, format!("{keyless}\n{keyless}")).await.expect(202).header("location").to_owned();
    // A worker that ends after it has placed its batch: the rows cannot be settled.
    let poison = "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'poison'; END $$; \
        CREATE TRIGGER poison BEFORE UPDATE ON import_row FOR EACH ROW EXECUTE FUNCTION poison()";
    app.database.connect().batch_execute(poison).unwrap();
    let (own, clock) = (app.app.clone(), app.clock.clone());
    let failed = actix_web::web::block(move || job::work(&own.db, &own.desk, || clock.now(), || false)).await.unwrap();
    assert!(failed.is_err());
    assert_eq!(level(&admin, "KOPI", "jakarta").await.1, "2");

    // Much later: the last unit is gone, the claims have been forgotten, the product is not sold any more.
    let later = "DROP TRIGGER poison ON import_row; UPDATE import SET leased_until = NULL; DELETE FROM claim WHERE kind = 'o'; \
        UPDATE product SET active = false";
    app.database.connect().batch_execute(later).unwrap();
    assert_eq!(work(&app).await, 2);
    let rows = admin.get(&format!("{path}/rows")).await.expect(200).body;
    for row in rows["data"].as_array().unwrap() {
        assert_eq!(row["status"], "imported", "{rows:#}");
        let order = admin.get(&format!("/v1/orders/{}", row["order_id"].as_str().unwrap())).await.expect(200).body;
        assert_eq!(order["number"], row["order_number"]);
    }
    assert_eq!(number(&app.database, "SELECT count(*) AS value FROM sales_order"), 2);
    let done = admin.get(&path).await.expect(200).body;
    assert_eq!((&done["status"], &done["imported_count"]), (&json!("completed"), &json!(2)));
}
