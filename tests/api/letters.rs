//! Names in scripts that no font shows: documents are made all the same, and what was written is kept.

use crate::shop::{ADDRESS, clean, customer, receive, shop};
use crate::support::app::{Caller, TestApp};
use reqwest::Method;
use serde_json::{Value, json};

const NAMES: [&str; 8] = ["Budi 😀", "株式会社テスト", "北京咖啡", "커피", "عربى", "ไทย", "עברית", "① ₹ ﷼"];

async fn text(caller: &Caller<'_>, path: &str, magic: &[u8]) -> Vec<u8> {
    let response = caller.request(Method::GET, path).send().await.unwrap();
    let status = response.status().as_u16();
    let bytes = response.bytes().await.unwrap().to_vec();
    assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&bytes).chars().take(500).collect::<String>());
    assert!(bytes.starts_with(magic), "{path}");
    bytes
}

#[actix_web::test]
async fn each_document_is_made_for_names_in_every_script() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    receive(&admin, "jakarta", "KOPI", "500").await;
    let seller = json!({
        "legal_name": "PT 株式会社 😀", "country": "ID", "tax_id": "01.234.567.8-901.000", "base_currency": "IDR",
        "address": {"line1": "Jl. Sudirman 52", "city": "Jakarta", "postal_code": "12190", "country": "ID"},
        "electronic_address": {"scheme": "0088", "value": "8991234567891"},
        "bank_accounts": [{"holder": "PT", "account_number": "123", "bank_name": "BCA", "currency": "IDR"}],
    });
    admin.put("/v1/organization", seller).await.expect(200);
    for (i, name) in NAMES.iter().enumerate() {
        let mut address: Value = serde_json::from_str(ADDRESS).unwrap();
        (address["name"], address["line1"]) = (json!(name), json!(format!("Jl. {name} 5")));
        let more = json!({"name": name, "electronic_address": {"scheme": "0088", "value": "8991000000010"}, "billing_address": address, "shipping_address": address});
        let code = format!("C-{i}");
        let customer_id = customer(&admin, &code, more).await;
        admin.patch("/v1/products/KOPI", json!({"name": format!("Kopi {name}")})).await.expect(200);
        let order = json!({"customer_code": code, "purchase_order_number": name, "lines": [{"sku": "KOPI", "quantity": "1"}]});
        let order = admin.post("/v1/orders", order).await.expect(201).body;
        let order_id = order["id"].as_str().unwrap();
        let work = admin.get(&format!("/v1/fulfillment_orders?order_id={order_id}")).await.expect(200).body["data"][0].clone();
        let work = format!("/v1/fulfillment_orders/{}", work["id"].as_str().unwrap());
        text(&admin, &format!("{work}/packing_list"), b"%PDF").await;
        let shipment = admin.post(&format!("{work}/ship"), json!({"carrier": "jne"})).await.expect(201).body;
        text(&admin, &format!("/v1/shipments/{}/packing_list", shipment["id"].as_str().unwrap()), b"%PDF").await;
        let invoice = admin.post(&format!("/v1/orders/{order_id}/invoices"), json!({})).await.expect(201).body;
        let invoice_path = format!("/v1/invoices/{}", invoice["id"].as_str().unwrap());
        text(&admin, &format!("{invoice_path}/pdf"), b"%PDF").await;
        let xml = text(&admin, &format!("{invoice_path}/ubl?profile=en16931"), b"<?xml").await;
        assert!(String::from_utf8(xml).unwrap().contains(name), "the electronic invoice says what was written");
        assert_eq!(invoice["bill_to"]["name"], *name);
        let payment = json!({"amount": "1000.00", "currency": "IDR", "method": "cash", "reference": name, "invoice_id": invoice["id"]});
        let payment = admin.post("/v1/payments", payment).await.expect(201).body;
        text(&admin, &format!("/v1/payments/{}/receipt", payment["id"].as_str().unwrap()), b"%PDF").await;
        text(&admin, &format!("/v1/customers/{customer_id}/statement.pdf"), b"%PDF").await;
    }
    clean(&app).await;
}
