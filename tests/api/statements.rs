//! How many statements the hot calls send: a fixed number, however many lines they have.

use crate::support::app::{Caller, TestApp};
use crate::support::load::{id_of, prove, sku};
use crate::support::statements::{Counted, counted, record};
use pesanan::auth::permission::Role;
use reqwest::Method;
use serde_json::{Value, json};

const SKUS: usize = 50;

async fn start() -> TestApp {
    record();
    TestApp::spawn().await
}

async fn shop(app: &TestApp) -> Caller<'_> {
    let organization_id = app.organization("count").await;
    let admin = app.caller(organization_id, Role::Admin).await;
    let client = crate::support::load::Client::new(&app.address, &admin.token);
    crate::support::load::fill_shop(&client, SKUS, |_| [1_000, 1_000]).await;
    admin
}

async fn call(admin: &Caller<'_>, method: Method, path: &str, body: Value) -> Counted {
    counted(admin.request(method, path).header("Idempotency-Key", uuid::Uuid::new_v4().to_string()).json(&body)).await
}

fn lines(count: usize) -> Value {
    (0..count).map(|i| json!({"sku": sku(i), "quantity": "2"})).collect()
}

async fn order(admin: &Caller<'_>, count: usize) -> Value {
    admin.post("/v1/orders", json!({"customer_code": "C-1", "lines": lines(count)})).await.expect(201).body
}

async fn fulfillment_order(admin: &Caller<'_>, order: &Value) -> Value {
    admin.get(&format!("/v1/fulfillment_orders?order_id={}", id_of(order))).await.expect(200).body["data"][0].clone()
}

#[actix_web::test]
async fn measure() {
    let app = start().await;
    let admin = shop(&app).await;
    for count in [1, SKUS] {
        let show = |name: &str, counted: &Counted| {
            println!("== {name} {count} lines: {} ({})", counted.statements.len(), counted.reply.status);
            for text in &counted.statements {
                println!("     {}", text.chars().take(150).collect::<String>());
            }
        };
        let o = order(&admin, count).await;
        let c = call(&admin, Method::POST, "/v1/orders", json!({"customer_code": "C-1", "lines": lines(count)})).await;
        show("place", &c);
        let c = call(&admin, Method::POST, "/v1/checkout/reservations", json!({"lines": lines(count), "expires_in_seconds": 600})).await;
        show("reserve", &c);
        let id = id_of(&c.reply.body);
        let c = counted(admin.request(Method::DELETE, &format!("/v1/checkout/reservations/{id}"))).await;
        show("release", &c);
        let c = call(&admin, Method::POST, &format!("/v1/orders/{}/cancel", id_of(&o)), json!({"reason": {"code": "customer_request"}})).await;
        show("cancel", &c);
        let o = order(&admin, count).await;
        let f = fulfillment_order(&admin, &o).await;
        let c = call(&admin, Method::POST, &format!("/v1/fulfillment_orders/{}/pick", id_of(&f)), json!({})).await;
        show("pick", &c);
        let c = call(&admin, Method::POST, &format!("/v1/fulfillment_orders/{}/ship", id_of(&f)), json!({"carrier": "jne", "tracking_number": "J1"})).await;
        show("ship", &c);
        let shipment = id_of(&c.reply.body);
        for status in ["in_transit", "delivered"] {
            let body = json!({"status": status, "occurred_at": app.clock.now()});
            let c = call(&admin, Method::POST, &format!("/v1/shipments/{shipment}/tracking_events"), body).await;
            show(status, &c);
        }
        let c = call(&admin, Method::POST, "/v1/payments", json!({"amount": "1000.00", "currency": "IDR", "method": "cash", "order_id": id_of(&o)})).await;
        show("payment on order", &c);
        let c = call(&admin, Method::POST, &format!("/v1/orders/{}/invoices", id_of(&o)), json!({})).await;
        show("invoice", &c);
        let c = call(&admin, Method::POST, "/v1/payments", json!({"amount": "1000.00", "currency": "IDR", "method": "cash", "invoice_id": id_of(&c.reply.body)})).await;
        show("payment on invoice", &c);
        let c = call(&admin, Method::POST, "/v1/inventory/receipts", json!({"location": "jakarta-1", "lines": lines(count)})).await;
        show("receipt", &c);
        let body = json!({"location": "jakarta-1", "as_of": app.clock.now(), "version": count, "lines": lines(count)});
        let c = counted(admin.request(Method::PUT, "/v1/inventory/snapshots").json(&body)).await;
        show("snapshot", &c);
        let c = call(&admin, Method::POST, "/v1/inventory/receipts", json!({"location": "surabaya-1", "lines": lines(count)})).await;
        show("receipt", &c);
    }
    prove(&app.database);
}
