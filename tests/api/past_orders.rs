//! Orders of the past: in any order of their days, and either whole or not at all.

use crate::imports::work;
use crate::shop::{clean, customer, level, receive, shop};
use crate::support::app::{Caller, TestApp, send};
use crate::support::load::number;
use diesel::connection::SimpleConnection;
use pesanan::platform::idempotency::fingerprint;
use reqwest::Method;
use serde_json::{Value, json};

/// Number, status and code of each row.
async fn import(app: &TestApp, admin: &Caller<'_>, query: &str, rows: &[Value]) -> Vec<(i64, String, String)> {
    let path = format!("/v1/imports?kind=orders&mode=historical{query}");
    let body: Vec<String> = rows.iter().map(Value::to_string).collect();
    let request = admin.request(Method::POST, &path).header("content-type", "application/x-ndjson").body(body.join("\n"));
    let location = send(request).await.expect(202).header("location").to_owned();
    work(app).await;
    let told = admin.get(&format!("{location}/rows?limit=200")).await.expect(200).body["data"].as_array().unwrap().clone();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    told.iter().map(|row| (row["row_number"].as_i64().unwrap(), text(&row["status"]), text(&row["problem"]["code"]))).collect()
}

fn told(number: i64, status: &str, code: &str) -> (i64, String, String) {
    (number, status.to_owned(), code.to_owned())
}

fn past(number: &str, day: &str, quantity: &str) -> Value {
    json!({"number": number, "external_id": number, "customer_code": "C-1", "ordered_at": "2018-01-01T03:00:00Z",
        "lines": [{"sku": "KOPI", "quantity": quantity, "unit_price": "40000"}],
        "shipped_at": format!("{day}T03:00:00Z"), "delivered_at": format!("{day}T09:00:00Z"), "invoice": {"number": format!("R-{number}"), "issued_on": day}})
}

async fn ends(admin: &Caller<'_>, number: &str) -> Vec<String> {
    let found = admin.get(&format!("/v1/orders?number={number}")).await.expect(200).body["data"][0].clone();
    ["status", "fulfillment_status", "invoice_status"].iter().map(|name| found[*name].as_str().unwrap_or("none").to_owned()).collect()
}

#[actix_web::test]
async fn history_comes_in_whatever_the_order_of_its_invoices() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    receive(&admin, "jakarta", "KOPI", "10").await;
    let rows = [past("H-1", "2021-06-10", "1"), past("H-2", "2021-06-09", "1"), past("H-3", "2021-06-11", "1")];
    let all = [told(1, "imported", ""), told(2, "imported", ""), told(3, "imported", "")];
    assert_eq!(import(&app, &admin, "&dry_run=true", &rows).await, all);
    assert_eq!(number(&app.database, "SELECT count(*) AS value FROM sales_order"), 0, "a dry run leaves nothing");
    assert_eq!(number(&app.database, "SELECT count(*) AS value FROM invoice"), 0);
    assert_eq!(import(&app, &admin, "", &rows).await, all);
    // Another file, of the year before.
    let older = [past("H-4", "2020-03-01", "1"), past("H-5", "2020-02-01", "1")];
    assert_eq!(import(&app, &admin, "&dry_run=true", &older).await, all[..2]);
    assert_eq!(import(&app, &admin, "", &older).await, all[..2]);
    for number in ["H-1", "H-2", "H-3", "H-4", "H-5"] {
        assert_eq!(ends(&admin, number).await, ["completed", "delivered", "invoiced"], "{number}");
    }
    let invoices = admin.get("/v1/invoices?sort=created_at").await.expect(200).body["data"].as_array().unwrap().clone();
    let mut dated: Vec<(String, String)> = invoices
        .iter()
        .map(|invoice| (invoice["number"].as_str().unwrap().to_owned(), invoice["issued_on"].as_str().unwrap().to_owned()))
        .collect();
    dated.sort();
    let days = ["2021-06-10", "2021-06-09", "2021-06-11", "2020-03-01", "2020-02-01"];
    let expected: Vec<(String, String)> =
        days.iter().enumerate().map(|(i, day)| (format!("HIST-{:06}", i + 1), (*day).to_owned())).collect();
    assert_eq!(dated, expected);
    assert_eq!(admin.get("/v1/invoice_series/HIST/gaps").await.expect(200).body["complete"], true);
    let open = admin.get("/v1/fulfillment_orders?status=open").await.expect(200).body["data"].as_array().unwrap().len();
    assert_eq!(open, 0, "nothing of the past is to be shipped again");
    clean(&app).await;
}

/// The numbers of history go on whatever the years of its documents, also where they show the year.
#[actix_web::test]
async fn the_series_of_history_has_no_gap_where_its_numbers_show_the_year() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    receive(&admin, "jakarta", "KOPI", "10").await;
    admin.put("/v1/invoice_series/HIST", json!({"kind": "invoice", "prefix": "HIST-", "year_reset": true})).await.expect(200);
    let rows =
        [past("H-1", "2021-06-10", "1"), past("H-2", "2019-06-09", "1"), past("H-3", "2021-06-11", "1"), past("H-4", "2019-01-02", "1")];
    let all: Vec<_> = (1..=4).map(|row| told(row, "imported", "")).collect();
    assert_eq!(import(&app, &admin, "", &rows).await, all);
    let mut numbers: Vec<String> = admin.get("/v1/invoices").await.expect(200).body["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|invoice| invoice["number"].as_str().unwrap().to_owned())
        .collect();
    numbers.sort();
    assert_eq!(numbers, ["HIST-2019-000002", "HIST-2019-000004", "HIST-2021-000001", "HIST-2021-000003"]);
    let gaps = admin.get("/v1/invoice_series/HIST/gaps").await.expect(200).body;
    assert_eq!((&gaps["complete"], &gaps["gaps"], &gaps["duplicates"]), (&json!(true), &json!([]), &json!([])));
    assert_eq!(
        (&gaps["documents"], &gaps["first_number"], &gaps["last_number"], &gaps["next_number"]),
        (&json!(4), &json!(1), &json!(4), &json!(5))
    );
    clean(&app).await;
}

#[actix_web::test]
async fn a_row_that_is_rejected_leaves_no_order_and_can_come_again() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    let profile = json!({"legal_name": "PT Nusantara Niaga", "country": "ID", "time_zone": "Asia/Jakarta", "base_currency": "IDR", "books_closed_through_on": "2019-12-31"});
    admin.put("/v1/organization", profile.clone()).await.expect(200);
    customer(&admin, "C-1", json!({})).await;
    receive(&admin, "jakarta", "KOPI", "10").await;
    let rows = [past("H-1", "2019-04-03", "2"), past("H-2", "2020-04-03", "2")];
    let refused = import(&app, &admin, "&dry_run=true", &rows).await;
    assert_eq!((refused[0].1.as_str(), refused[1].1.as_str()), ("rejected", "imported"), "{refused:?}");
    assert_eq!(import(&app, &admin, "", &rows).await, refused, "the dry run said so");
    assert_eq!(number(&app.database, "SELECT count(*) AS value FROM sales_order"), 1);
    assert_eq!(number(&app.database, "SELECT count(*) AS value FROM claim WHERE kind = 'x'"), 1);
    assert_eq!(level(&admin, "KOPI", "jakarta").await, ("8".to_owned(), "0".to_owned(), "8".to_owned()));
    clean(&app).await;

    // Once the books are open the same rows go in; what is there stays as it is.
    let mut open = profile;
    open.as_object_mut().unwrap().remove("books_closed_through_on");
    admin.put("/v1/organization", open).await.expect(200);
    assert_eq!(import(&app, &admin, "", &rows).await, [told(1, "imported", ""), told(2, "unchanged", "")]);
    assert_eq!(ends(&admin, "H-1").await, ["completed", "delivered", "invoiced"]);
    assert_eq!(level(&admin, "KOPI", "jakarta").await, ("6".to_owned(), "0".to_owned(), "6".to_owned()));
    clean(&app).await;
}

#[actix_web::test]
async fn an_order_of_the_past_that_was_left_half_way_goes_on_at_the_next_import() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    receive(&admin, "jakarta", "KOPI", "10").await;
    let whole = past("H-1", "2019-04-03", "2");
    let mut bare = whole.clone();
    for field in ["shipped_at", "delivered_at", "invoice"] {
        bare.as_object_mut().unwrap().remove(field);
    }
    assert_eq!(import(&app, &admin, "", &[bare]).await, [told(1, "imported", "")]);
    assert_eq!(ends(&admin, "H-1").await, ["confirmed", "unfulfilled", "not_invoiced"]);
    // As if it had been placed from the whole row and its worker had ended there, as it could before.
    let hash: String = fingerprint("", whole.to_string().as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    app.database.connect().batch_execute(&format!("UPDATE claim SET hash = '\\x{hash}' WHERE kind = 'x'")).unwrap();
    assert_eq!(import(&app, &admin, "&dry_run=true", std::slice::from_ref(&whole)).await, [told(1, "unchanged", "")]);
    assert_eq!(ends(&admin, "H-1").await, ["confirmed", "unfulfilled", "not_invoiced"], "a dry run carries nothing");
    for _ in 0..2 {
        assert_eq!(import(&app, &admin, "", std::slice::from_ref(&whole)).await, [told(1, "unchanged", "")]);
        assert_eq!(ends(&admin, "H-1").await, ["completed", "delivered", "invoiced"]);
    }
    assert_eq!(number(&app.database, "SELECT count(*) AS value FROM invoice"), 1);
    clean(&app).await;
}
