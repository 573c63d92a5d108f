//! A small company with goods, prices and tax, which most tests of the road begin with.

use crate::support::app::{Caller, TestApp};
use crate::support::catalogue;
use pesanan::auth::permission::Role;
use pesanan::types::id::OrganizationId;
use serde_json::{Value, json};

pub async fn receive(admin: &Caller<'_>, location: &str, sku: &str, quantity: &str) {
    let body = json!({"location": location, "lines": [{"sku": sku, "quantity": quantity, "unit_cost": "1000"}]});
    admin.post("/v1/inventory/receipts", body).await.expect(201);
}

pub async fn level(admin: &Caller<'_>, sku: &str, location: &str) -> (String, String, String) {
    let row = admin.get(&format!("/v1/inventory?sku={sku}&location={location}")).await.expect(200).body["data"][0].clone();
    let text = |field: &str| row[field].as_str().unwrap_or_default().to_owned();
    (text("on_hand"), text("reserved"), text("available"))
}

/// Books what has happened, as the job does.
pub async fn post_journal(app: &TestApp) -> usize {
    let (db, now) = (app.app.db.clone(), app.clock.now());
    actix_web::web::block(move || pesanan::journal::job::post(&db, now)).await.unwrap().unwrap()
}

pub async fn clean(app: &TestApp) {
    post_journal(app).await;
    let violations = app.app.db.read(pesanan::check::run).await.unwrap();
    assert!(violations.is_empty(), "{violations:#?}");
    let strange = app.app.db.read(catalogue::faults).await.unwrap();
    assert!(strange.is_empty(), "events that are not as src/events/catalogue says:\n{}", strange.join("\n"));
}

/// An organization with two locations, three products with prices, Indonesian tax and a customer.
pub async fn shop(app: &TestApp) -> (OrganizationId, Caller<'_>) {
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
    for (code, priority) in [("jakarta", 10), ("surabaya", 20)] {
        admin.put(&format!("/v1/locations/{code}"), json!({"name": code, "kind": "warehouse", "priority": priority})).await.expect(201);
    }
    (organization_id, admin)
}

pub const ADDRESS: &str = r#"{"name": "Siti", "line1": "Jl. Braga 12", "city": "Bandung", "country": "ID"}"#;

pub async fn customer(admin: &Caller<'_>, code: &str, more: Value) -> String {
    let mut body = json!({"code": code, "name": format!("Customer {code}"), "kind": "company", "payment_terms": "net_30",
        "shipping_address": serde_json::from_str::<Value>(ADDRESS).unwrap()});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    admin.post("/v1/customers", body).await.expect(201).body["id"].as_str().unwrap().to_owned()
}
