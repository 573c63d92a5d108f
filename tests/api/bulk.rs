//! Calls of many thousand lines: what becomes of each, and of those who were promised what is not there.

use crate::support::app::TestApp;
use crate::support::load::{Client, customer, number, open_shop, prove};
use serde_json::{Value, json};

const SKUS: usize = 20_000;

fn sku(i: usize) -> String {
    format!("BULK-{i:05}")
}

/// What the outside system counted of each.
fn counted(i: usize) -> usize {
    i % 9
}

async fn shop(app: &TestApp) -> Client {
    let client = open_shop(app, "bulk", 1, |_| [0, 0]).await;
    for part in (0..SKUS).collect::<Vec<_>>().chunks(10_000) {
        let product = |i: &usize| json!({"sku": sku(*i), "name": sku(*i), "unit": "C62", "tax_category": "standard"});
        client.put("/v1/products", &part.iter().map(product).collect()).await.expect(200);
    }
    let price = |i: usize| json!({"price_list": "default", "sku": sku(i), "currency": "IDR", "unit_price": "10000"});
    client.put("/v1/prices", &(0..100).map(price).collect()).await.expect(200);
    client
}

#[actix_web::test]
async fn thousands_of_lines_are_received_and_counted_in_one_call() {
    let app = TestApp::spawn().await;
    let client = shop(&app).await;
    let lines: Value = (0..SKUS).map(|i| json!({"sku": sku(i), "quantity": "5", "unit_cost": "100"})).collect();
    let receipt = client.post("/v1/inventory/receipts", &json!({"location": "jakarta-1", "lines": lines})).await.expect(201);
    assert_eq!(receipt["lines"].as_array().unwrap().len(), SKUS);
    customer(&client, "C-2", json!({})).await;
    // Ten orders take all five of ten SKUs each; one of each ten will not be covered, and of one there is a newer count already.
    let mut orders = vec![];
    for n in 0..10 {
        let lines: Value = (0..10).map(|i| json!({"sku": sku(n * 10 + i), "quantity": "5"})).collect();
        let shortage = if n % 2 == 0 { "backorder" } else { "hold" };
        orders.push(client.post("/v1/orders", &json!({"customer_code": "C-2", "lines": lines, "on_shortage": shortage})).await.expect(201));
    }
    let newer = json!({"location": "jakarta-1", "as_of": app.clock.now(), "version": 8, "lines": [{"sku": sku(0), "quantity": "5"}]});
    client.put("/v1/inventory/snapshots", &newer).await.expect(200);

    let lines: Value = (0..SKUS).map(|i| json!({"sku": sku(i), "quantity": counted(i).to_string()})).collect();
    let snapshot = json!({"location": "jakarta-1", "as_of": app.clock.now(), "version": 7, "lines": lines});
    let taken = client.put("/v1/inventory/snapshots", &snapshot).await.expect(200);
    assert_eq!((taken["applied_count"].as_u64(), taken["late_count"].as_u64()), (Some(SKUS as u64 - 1), Some(1)));
    assert_eq!((&taken["lines"][0]["outcome"], &taken["lines"][1]["outcome"]), (&json!("late"), &json!("applied")));

    let expected: usize = 5 + (1..SKUS).map(counted).sum::<usize>();
    assert_eq!(number(&app.database, "SELECT sum(on_hand)::int8 AS value FROM stock_level WHERE location = 'jakarta-1'"), expected as i64);
    // All five of each of a hundred SKUs were promised; what was counted stays promised, the rest is taken back.
    let lost: usize = (1..100).map(|i| 5 - counted(i).min(5)).sum();
    let freed: usize =
        taken["freed"].as_array().unwrap().iter().map(|freed| freed["quantity"].as_str().unwrap().parse::<usize>().unwrap()).sum();
    assert_eq!(freed, lost);
    let (waiting, held) = (
        client.get(&format!("/v1/orders/{}", orders[0]["id"].as_str().unwrap())).await.expect(200),
        client.get(&format!("/v1/orders/{}", orders[1]["id"].as_str().unwrap())).await.expect(200),
    );
    assert_eq!((&waiting["status"], &waiting["lines"][9]["backordered_quantity"]), (&json!("confirmed"), &json!("5")));
    assert_eq!((&held["status"], &held["holds"][0]["code"]), (&json!("on_hold"), &json!("insufficient_stock")));
    assert_eq!(number(&app.database, "SELECT count(*) AS value FROM event WHERE type = 'order.allocation_lost'"), 10);

    let again = client.put("/v1/inventory/snapshots", &snapshot).await.expect(200);
    assert_eq!((again["applied_count"].as_u64(), again["late_count"].as_u64()), (Some(0), Some(SKUS as u64)), "the same version again");
    prove(&app.database);
}
