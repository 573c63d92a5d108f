//! Lists that are asked for what has changed since a moment, and for what is a customer's.

use crate::shop::{clean, customer, receive, shop};
use crate::support::app::{TestApp, send};
use reqwest::Method;
use serde_json::{Value, json};

#[actix_web::test]
async fn every_list_of_what_changes_can_be_asked_for_what_has_changed() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    admin.post("/v1/webhook_endpoints", json!({"url": "https://hooks.example.com/pesanan"})).await.expect(201);
    admin.put("/v1/bank_matching_tolerances", json!([{"currency": "IDR", "amount": "25.00"}])).await.expect(200);
    let rows = "booked_on,amount,remittance_text,counterparty_name,counterparty_account,bank_reference\n2026-03-01,100.00,x,A,1,r1\n";
    let statement = admin.request(Method::POST, "/v1/bank_statements?account=1234567890&currency=IDR");
    send(statement.header("content-type", "text/csv").body(rows)).await.expect(201);
    let words = json!({"subject": "Thanks", "heading": "Hello", "text": "We have it."});
    admin.put("/v1/notice_templates/acknowledgement/en", words).await.expect(201);
    for list in ["webhook_endpoints", "bank_entries", "bank_statements", "bank_matching_tolerances", "ledger_accounts", "notice_templates"]
    {
        let read = async |query: &str| admin.get(&format!("/v1/{list}?{query}")).await.expect(200).body["data"].clone();
        let all = read("limit=200").await;
        assert_ne!(all, json!([]), "{list}");
        assert_eq!(read("limit=200&updated_from=2020-01-01T00:00:00Z").await, all, "{list}");
        assert_eq!(read("updated_from=2100-01-01T00:00:00Z").await, json!([]), "{list}");
    }
    assert_eq!(admin.get("/v1/webhook_deliveries?updated_from=2020-01-01T00:00:00Z").await.expect(200).body["data"], json!([]));
    // A cursor belongs to the question that it came from.
    let first = admin.get("/v1/ledger_accounts?limit=1&updated_from=2020-01-01T00:00:00Z").await.expect(200).body;
    let cursor = first["next_cursor"].as_str().unwrap();
    let next = admin.get(&format!("/v1/ledger_accounts?limit=1&updated_from=2020-01-01T00:00:00Z&cursor={cursor}")).await.expect(200).body;
    assert_ne!(next["data"], first["data"]);
    assert_eq!(admin.get(&format!("/v1/ledger_accounts?limit=1&cursor={cursor}")).await.code(400), "invalid_cursor");
    clean(&app).await;
}

#[actix_web::test]
async fn what_is_a_customers_is_found_on_every_list_of_the_road() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    receive(&admin, "jakarta", "KOPI", "10").await;
    let mut ids = vec![];
    for code in ["C-1", "C-2"] {
        ids.push(customer(&admin, code, json!({})).await);
        let order = json!({"customer_code": code, "lines": [{"sku": "KOPI", "quantity": "1"}]});
        let order = admin.post("/v1/orders", order).await.expect(201).body;
        let work = admin.get(&format!("/v1/fulfillment_orders?order_id={}", order["id"].as_str().unwrap())).await.expect(200).body;
        let work = work["data"][0]["id"].as_str().unwrap().to_owned();
        admin.post(&format!("/v1/fulfillment_orders/{work}/ship"), json!({"carrier": "jne"})).await.expect(201);
        let money = json!({"amount": "55000.00", "currency": "IDR", "method": "bank_transfer", "order_id": order["id"]});
        let payment = admin.post("/v1/payments", money).await.expect(201).body;
        let path = format!("/v1/payments/{}/refund", payment["id"].as_str().unwrap());
        admin.post(&path, json!({"amount": "10.00", "reason": "Goodwill"})).await.expect(201);
    }
    for list in ["fulfillment_orders", "shipments", "refunds"] {
        let of = async |customers: &str| {
            let page = admin.get(&format!("/v1/{list}?customer_id={customers}")).await.expect(200).body;
            page["data"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect::<Vec<Value>>()
        };
        let (first, second) = (of(&ids[0]).await, of(&ids[1]).await);
        assert_eq!((first.len(), second.len()), (1, 1), "{list}");
        assert_ne!(first, second, "{list}");
        assert_eq!(of(&ids.join(",")).await.len(), 2, "{list}");
        assert_eq!(of("01938f5e-7c1a-7000-8000-000000000000").await, Vec::<Value>::new(), "{list}");
        assert_eq!(admin.get(&format!("/v1/{list}?customer_id=x")).await.code(400), "invalid_parameter");
    }
    clean(&app).await;
}
