//! Orders that seem to be one that came in twice.

use crate::shop::{clean, customer, receive, shop};
use crate::support::app::{Caller, TestApp};
use serde_json::{Value, json};

async fn place(admin: &Caller<'_>, channel: &str, more: Value) -> (Value, Vec<String>) {
    let mut body = json!({"channel": channel, "lines": [{"sku": "KOPI", "quantity": "1"}, {"sku": "TEH", "quantity": "2"}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let order = admin.post("/v1/orders", body).await.expect(201).body;
    let holds = order["holds"].as_array().unwrap().iter().map(|hold| hold["code"].as_str().unwrap().to_owned()).collect();
    (order, holds)
}

#[actix_web::test]
async fn equal_orders_of_one_address_by_two_channels_are_suspected_whoever_has_the_account() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    for code in ["web", "phone"] {
        admin
            .post("/v1/channels", json!({"code": code, "kind": "generic", "name": code, "secret": "a-secret-of-the-shop"}))
            .await
            .expect(201);
    }
    receive(&admin, "jakarta", "KOPI", "100").await;
    receive(&admin, "jakarta", "TEH", "100").await;
    customer(&admin, "C-1", json!({"email": "siti@example.com"})).await;
    customer(&admin, "C-2", json!({"email": "Siti@Example.com"})).await;
    customer(&admin, "C-3", json!({"email": "budi@example.com"})).await;
    customer(&admin, "C-4", json!({"email": null})).await;
    customer(&admin, "C-5", json!({"email": null})).await;
    let none: Vec<String> = vec![];
    let suspected = ["suspected_duplicate"];
    let (first, holds) = place(&admin, "direct", json!({"customer_code": "C-1"})).await;
    assert_eq!(holds, none);
    let other = json!({"customer_code": "C-2", "lines": [{"sku": "KOPI", "quantity": "2"}]});
    assert_eq!(place(&admin, "web", other).await.1, none, "another order of the same address");
    assert_eq!(place(&admin, "direct", json!({"customer_code": "C-2"})).await.1, none, "of one channel nothing is suspected");
    let (second, holds) = place(&admin, "web", json!({"customer_code": "C-2"})).await;
    assert_eq!(holds, suspected);
    assert!(second["holds"][0]["data"]["number"].is_string(), "{second}");
    assert_eq!(place(&admin, "web", json!({"customer_code": "C-3"})).await.1, none, "another address");
    assert_eq!(place(&admin, "web", json!({"customer_code": "C-4"})).await.1, none);
    assert_eq!(place(&admin, "phone", json!({"customer_code": "C-5"})).await.1, none, "nobody without an address");
    // A guest is whoever had the address first; a draft is compared when it is confirmed.
    let guest = json!({"customer": {"name": "Siti", "email": "SITI@example.com"}, "shipping_address": {"line1": "Jl. Braga 12", "city": "Bandung", "country": "ID"}});
    assert_eq!(place(&admin, "phone", guest).await.1, suspected);
    app.clock.advance(chrono::TimeDelta::hours(25));
    assert_ne!(first["number"], second["number"]);
    clean(&app).await;
}
