//! Whole kinds as files: everything in them once, harmless to spreadsheets, and good to be imported again.

use crate::imports::work;
use crate::shop::{clean, customer, receive, shop};
use crate::support::app::{Caller, TestApp, send};
use pesanan::auth::permission::Role;
use reqwest::Method;
use serde_json::{Value, json};

/// What a spreadsheet would take for formulas, and what trips readers of CSV.
const NAMES: [&str; 5] = ["=SUM(A1)", "'=x", "a \"b\", c; d", "Kopi é", "+62"];
/// What people write may have several lines.
const DESCRIPTIONS: [&str; 2] = ["-1", "a \"b\", c;\n d"];
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

async fn file(caller: &Caller<'_>, path: &str) -> Vec<u8> {
    let answer = caller.request(Method::GET, path).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}: {:?}", answer.text().await);
    answer.bytes().await.unwrap().to_vec()
}

async fn text(caller: &Caller<'_>, path: &str) -> String {
    String::from_utf8(file(caller, path).await).unwrap()
}

fn rows(ndjson: &str) -> Vec<Value> {
    ndjson.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What the other organization is given of a row: its own ids, versions and times.
fn without_own(mut row: Value) -> Value {
    for name in ["id", "version", "created_at", "updated_at", "balance"] {
        row.as_object_mut().unwrap().remove(name);
    }
    row
}

#[actix_web::test]
async fn what_is_exported_can_be_imported_again() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    let many: Vec<Value> = (0..1_203)
        .map(|i| {
            json!({"sku": format!("P-{i:05}"), "name": NAMES[i % 5], "unit": "C62", "quantity_scale": i % 4,
                "units": if i % 3 == 0 { json!([{"unit": "XBX", "factor": "12.5", "gtin": null}]) } else { json!([]) }, "tax_category": "standard",
                "weight_grams": if i % 2 == 0 { json!("12.5") } else { Value::Null }, "active": i % 7 != 0, "description": DESCRIPTIONS[i % 2],
                "external_ids": {"erp": format!("=E{i}")}, "metadata": if i % 5 == 0 { json!({"a": {"b": [1, true, "x"]}}) } else { json!({}) }})
        })
        .collect();
    admin.put("/v1/products", json!(many)).await.expect(200);
    let prices: Vec<Value> = (0..1_203)
        .map(|i| json!({"sku": format!("P-{i:05}"), "price_list": if i % 2 == 0 { "vip" } else { "default" }, "currency": "IDR", "unit_price": format!("{i}.125"),
            "min_quantity": (i % 3).to_string(), "valid_from_on": if i % 4 == 0 { json!("2026-01-01") } else { Value::Null }}))
        .collect();
    admin.put("/v1/prices", json!(prices)).await.expect(200);
    customer(&admin, "C-1", json!({"name": "=cmd|' /C calc'!A0", "phone": "+62 812", "credit_limit": "1500", "tax_id": "01.234.567.8-421.000",
        "addresses": [{"code": "gudang", "use": "shipping", "line1": "Jl. X", "city": "Bandung", "country": "ID"}], "contacts": [{"name": "@Siti"}]})).await;
    customer(&admin, "C-2", json!({"currency": "EUR", "blocked": true, "external_ids": {"hubspot": "-5"}, "electronic_address": {"scheme": "0088", "value": "8991000000010"}})).await;

    let elsewhere = app.organization("elsewhere").await;
    let other = app.caller(elsewhere, Role::Admin).await;
    for format in ["csv", "ndjson"] {
        let media = if format == "csv" { "text/csv" } else { "application/x-ndjson" };
        for kind in ["products", "prices", "customers"] {
            let exported = text(&admin, &format!("/v1/exports/{kind}?format={format}")).await;
            let request = other.request(Method::POST, &format!("/v1/imports?kind={kind}")).header("content-type", media).body(exported);
            let path = send(request).await.expect(202).header("location").to_owned();
            work(&app).await;
            let done = other.get(&path).await.expect(200).body;
            let refused = other.get(&format!("{path}/rows?status=rejected&limit=3")).await.body;
            assert_eq!(done["rejected_count"], 0, "{kind} {format}: {refused:#}");
            // What the first file has made, the second one finds.
            let new = if format == "csv" { "imported_count" } else { "unchanged_count" };
            assert_eq!(done[new], done["row_count"], "{kind} {format}");
            let ours = rows(&text(&admin, &format!("/v1/exports/{kind}")).await);
            let theirs = rows(&text(&other, &format!("/v1/exports/{kind}")).await);
            assert!(ours.len() > 1 && ours.len() == theirs.len());
            for (ours, theirs) in ours.into_iter().zip(theirs) {
                assert_eq!(without_own(ours), without_own(theirs), "{kind} {format}");
            }
        }
    }
    clean(&app).await;
}

#[actix_web::test]
async fn orders_and_invoices_come_with_their_lines_in_every_format() {
    let app = TestApp::spawn().await;
    let (organization_id, admin) = shop(&app).await;
    admin
        .put(
            "/v1/organization",
            json!({"legal_name": "PT Nusantara Niaga", "country": "ID", "time_zone": "Asia/Jakarta", "base_currency": "IDR"}),
        )
        .await
        .expect(200);
    customer(&admin, "C-1", json!({"name": "=HYPERLINK(\"x\")"})).await;
    receive(&admin, "jakarta", "KOPI", "1000").await;
    let mut numbers = vec![];
    for i in 0..3 {
        let body = json!({"customer_code": "C-1", "note": "=1", "lines": [{"sku": "KOPI", "quantity": "2"}, {"sku": "WRAP", "quantity": (i + 1).to_string()}]});
        let order = admin.post("/v1/orders", body).await.expect(201).body;
        numbers.push(order["number"].as_str().unwrap().to_owned());
    }
    let orders = rows(&text(&admin, "/v1/exports/orders").await);
    let exported: Vec<&str> = orders.iter().map(|order| order["number"].as_str().unwrap()).collect();
    assert_eq!(exported, numbers, "the oldest first");
    let listed = admin.get(&format!("/v1/orders/{}", orders[0]["id"].as_str().unwrap())).await.expect(200).body;
    assert_eq!(orders[0], listed, "as the API shows it");
    let one = rows(&text(&admin, &format!("/v1/exports/orders?number={}", numbers[1])).await);
    assert_eq!((one.len(), &one[0]["number"]), (1, &json!(numbers[1])));

    let lines = text(&admin, "/v1/exports/order_lines?format=csv").await;
    let mut reader = csv::Reader::from_reader(lines.as_bytes());
    let header = reader.headers().unwrap().clone();
    let at = |name: &str| header.iter().position(|column| column == name).unwrap();
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(records.len(), 6);
    assert_eq!((&records[1][at("order_number")], &records[1][at("sku")], &records[1][at("quantity")]), (numbers[0].as_str(), "WRAP", "1"));
    let orders = text(&admin, "/v1/exports/orders?format=csv").await;
    let mut reader = csv::Reader::from_reader(orders.as_bytes());
    let header = reader.headers().unwrap().clone();
    let at = |name: &str| header.iter().position(|column| column == name).unwrap();
    let first = reader.records().next().unwrap().unwrap();
    assert_eq!(&first[at("customer.name")], "'=HYPERLINK(\"x\")");
    assert!(first[at("total")].parse::<f64>().is_ok());

    let answer = admin.request(Method::GET, "/v1/exports/orders?format=xlsx").send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], XLSX);
    assert!(answer.headers()["content-disposition"].to_str().unwrap().contains("filename=\"orders-"));
    assert!(answer.bytes().await.unwrap().starts_with(b"PK"));
    for kind in ["orders", "order_lines", "invoices", "invoice_lines", "customers", "products", "prices", "stock"] {
        for format in ["ndjson", "csv", "xlsx"] {
            let whole = file(&admin, &format!("/v1/exports/{kind}?format={format}")).await;
            assert!(format == "ndjson" || !whole.is_empty(), "{kind} {format}");
        }
        let refused = send(admin.request(Method::GET, &format!("/v1/exports/{kind}?format=pdf"))).await;
        assert_eq!(refused.code(400), "invalid_parameter");
        let wrong = admin.request(Method::GET, &format!("/v1/exports/{kind}?format=csv")).header("accept", "application/json");
        assert_eq!(send(wrong).await.code(406), "not_acceptable");
    }
    let warehouse = app.caller(organization_id, Role::Warehouse).await;
    assert_eq!(warehouse.get("/v1/exports/invoices").await.code(403), "insufficient_scope");
    assert_eq!(warehouse.request(Method::GET, "/v1/exports/stock").send().await.unwrap().status(), 200);
    clean(&app).await;
}
