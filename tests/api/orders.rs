//! Orders over HTTP on a real Postgres.

use crate::support::app::{Caller, TestApp};
use pesanan::auth::permission::Role;
use pesanan::types::id::OrganizationId;
use serde_json::{Value, json};

/// An organization with two locations, three products with prices, Indonesian tax and a customer.
async fn shop(app: &TestApp) -> (OrganizationId, Caller<'_>) {
    let organization_id = app.organization("shop").await;
    let admin = app.caller(organization_id, Role::Admin).await;
    let products = json!([
        {"sku": "KOPI", "name": "Kopi", "unit": "C62", "units": [{"unit": "XBX", "factor": "12"}], "tax_category": "standard"},
        {"sku": "TEH", "name": "Teh", "unit": "C62", "tax_category": "standard"},
        {"sku": "WRAP", "name": "Gift wrap", "kind": "service", "unit": "C62", "tax_category": "standard"},
    ]);
    admin.put("/v1/products", products).await.expect(200);
    let prices = json!([
        {"price_list": "default", "sku": "KOPI", "currency": "IDR", "unit_price": "50000"},
        {"price_list": "default", "sku": "TEH", "currency": "IDR", "unit_price": "20000"},
        {"price_list": "default", "sku": "WRAP", "currency": "IDR", "unit_price": "5000"},
    ]);
    admin.put("/v1/prices", prices).await.expect(200);
    let rates = json!([{"country": "ID", "tax_category": "standard", "tax_scheme_category": "S", "name": "PPN", "rate": "0.12", "base_fraction": "11/12"}]);
    admin.put("/v1/tax_rates", rates).await.expect(200);
    (organization_id, admin)
}

const ADDRESS: &str = r#"{"name": "Siti", "line1": "Jl. Braga 12", "city": "Bandung", "country": "ID"}"#;

async fn customer(admin: &Caller<'_>, code: &str, more: Value) -> String {
    let mut body = json!({"code": code, "name": format!("Customer {code}"), "kind": "company", "payment_terms": "net_30",
        "shipping_address": serde_json::from_str::<Value>(ADDRESS).unwrap()});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    admin.post("/v1/customers", body).await.expect(201).body["id"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn a_service_order_is_placed_read_listed_and_replayed() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    let body = json!({"customer_code": "C-1", "lines": [{"sku": "WRAP", "quantity": "3"}]});
    let request = || admin.request(reqwest::Method::POST, "/v1/orders").header("Idempotency-Key", "one").json(&body);
    let placed = crate::support::app::send(request()).await.expect(201);
    assert_eq!(placed.body["status"], "confirmed", "{:#}", placed.body);
    assert_eq!(placed.body["number"], "SO-000001");
    assert_eq!(placed.body["subtotal"], "15000.00");
    assert_eq!(placed.body["tax_total"], "1650.00");
    assert_eq!(placed.body["total"], "16650.00");
    let id = placed.body["id"].as_str().unwrap();
    assert_eq!(placed.header("location"), format!("/v1/orders/{id}"));
    let read = admin.get(&format!("/v1/orders/{id}")).await.expect(200);
    assert_eq!(read.body, placed.body);
    let again = crate::support::app::send(request()).await.expect(201);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.body, placed.body);
    let list = admin.get("/v1/orders?status=confirmed&q=C-1").await.expect(200);
    assert_eq!(list.body["data"].as_array().unwrap().len(), 1);
    assert_eq!(list.body["data"][0], placed.body);
    assert_eq!(admin.get("/v1/orders?status=draft").await.expect(200).body["data"], json!([]));
}

#[actix_web::test]
async fn goods_without_stock_are_refused_and_nothing_is_stored() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    let refused = admin.post("/v1/orders", json!({"customer_code": "C-1", "lines": [{"sku": "KOPI", "quantity": "3"}]})).await;
    assert_eq!(refused.body["lines"], json!([{"pointer": "/lines/0", "sku": "KOPI", "requested": "3", "available": "0"}]));
    assert_eq!(refused.code(409), "insufficient_stock");
    assert_eq!(admin.get("/v1/orders").await.expect(200).body["data"], json!([]));
}
