//! What the examples of the document stand on.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on can only stop")]

use super::app::Caller;
use serde_json::json;

/// Loads the part of the demo company that examples name.
pub async fn demo_fixture(admin: &Caller<'_>) {
    let rates = json!([{"country": "ID", "tax_category": "standard", "tax_scheme_category": "S", "name": "PPN", "rate": "0.12", "base_fraction": "11/12"}]);
    admin.put("/v1/tax_rates", rates).await.expect(200);
    for (code, kind, priority) in [("jakarta-1", "warehouse", 10), ("surabaya-1", "warehouse", 20), ("bandung-store", "store", 50)] {
        admin.put(&format!("/v1/locations/{code}"), json!({"name": code, "kind": kind, "priority": priority})).await.expect(201);
    }
    let products = json!([
        {"sku": "KOPI-250", "name": "Kopi Arabika Gayo 250 g", "unit": "C62", "units": [{"unit": "XBX", "factor": "12"}], "tax_category": "standard"},
        {"sku": "TEH-100", "name": "Teh Melati 100 g", "unit": "C62", "tax_category": "standard"},
        {"sku": "KERAMIK-01", "name": "Cangkir keramik", "unit": "C62", "tax_category": "standard"},
        {"sku": "BATIK-M", "name": "Kemeja batik M", "unit": "C62", "tax_category": "standard"},
        {"sku": "GIFT-WRAP", "name": "Gift wrapping", "kind": "service", "unit": "C62", "tax_category": "standard"},
        {"sku": "INSURANCE", "name": "Insurance", "kind": "charge", "unit": "C62", "tax_category": "standard"},
    ]);
    admin.put("/v1/products", products).await.expect(200);
    let prices: Vec<_> = [
        ("KOPI-250", "85000"),
        ("TEH-100", "32000"),
        ("KERAMIK-01", "60000"),
        ("BATIK-M", "250000"),
        ("GIFT-WRAP", "10000"),
        ("INSURANCE", "15000"),
    ]
    .map(|(sku, price)| json!({"price_list": "default", "sku": sku, "currency": "IDR", "unit_price": price}))
    .into();
    admin.put("/v1/prices", json!(prices)).await.expect(200);
    for (location, quantity) in [("jakarta-1", "900"), ("surabaya-1", "400"), ("bandung-store", "60")] {
        let lines: Vec<_> = ["KOPI-250", "TEH-100"].map(|sku| json!({"sku": sku, "quantity": quantity, "unit_cost": "20000"})).into();
        admin.post("/v1/inventory/receipts", json!({"location": location, "lines": lines})).await.expect(201);
    }
    let address = json!({"line1": "Jl. Braga No. 12", "city": "Bandung", "country": "ID", "postal_code": "40111"});
    for (code, kind, more) in [
        ("C-TOKO-SUMBER", "company", json!({"payment_terms": "net_30", "credit_limit": "50000000"})),
        ("C-KAFE-SENJA", "company", json!({"payment_terms": "net_15"})),
        ("C-SITI", "person", json!({"payment_terms": "due_on_receipt"})),
    ] {
        let mut body = json!({"code": code, "name": code, "kind": kind, "shipping_address": address, "billing_address": address});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        admin.post("/v1/customers", body).await.expect(201);
    }
}
