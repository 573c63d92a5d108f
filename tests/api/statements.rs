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

/// At most so many statements a call, BEGIN and COMMIT apart; each call comes with an idempotency key where it can.
const BOUNDS: &[(&str, usize)] = &[
    ("reserve", 7),
    ("release", 3),
    ("cancel", 7),
    ("cancel a line", 7),
    ("pick", 7),
    ("ship", 8),
    ("track", 7),
    ("track a delivery", 11),
    ("pay an order", 10),
    ("pay an invoice", 12),
    ("receive", 8),
    ("adjust", 8),
    ("transfer", 8),
    ("snapshot", 7),
];

/// What the hot calls send for an order, cart or delivery of so many lines.
async fn sent(app: &TestApp, admin: &Caller<'_>, count: usize) -> Vec<(&'static str, Vec<String>)> {
    let mut sent = vec![];
    let mut note = |name: &'static str, counted: Counted| {
        assert!(counted.reply.status < 300, "{name}: {} {:#}", counted.reply.status, counted.reply.body);
        sent.push((name, counted.statements));
        counted.reply.body
    };
    let post = |path: String, body: Value| async move { call(admin, Method::POST, &path, body).await };
    // The first order takes a number for itself; from then on there are some in stock.
    order(admin, count).await;
    order(admin, count).await;
    let whole = order(admin, count).await;
    let cart = post("/v1/checkout/reservations".into(), json!({"lines": lines(count), "expires_in_seconds": 600})).await;
    let cart = id_of(&note("reserve", cart));
    note("release", counted(admin.request(Method::DELETE, &format!("/v1/checkout/reservations/{cart}"))).await);
    let reason = json!({"code": "customer_request"});
    note("cancel", post(format!("/v1/orders/{}/cancel", id_of(&whole)), json!({"reason": reason})).await);
    let part = order(admin, count).await;
    let some: Value = part["lines"].as_array().unwrap().iter().map(|line| json!({"order_line_id": line["id"], "quantity": "1"})).collect();
    note("cancel a line", post(format!("/v1/orders/{}/cancel", id_of(&part)), json!({"reason": reason, "lines": some})).await);

    let order = order(admin, count).await;
    let work = id_of(&fulfillment_order(admin, &order).await);
    note("pick", post(format!("/v1/fulfillment_orders/{work}/pick"), json!({})).await);
    let shipment = post(format!("/v1/fulfillment_orders/{work}/ship"), json!({"carrier": "jne", "tracking_number": "J1"})).await;
    let shipment = id_of(&note("ship", shipment));
    for (name, status) in [("track", "in_transit"), ("track a delivery", "delivered")] {
        let body = json!({"status": status, "occurred_at": app.clock.now()});
        note(name, post(format!("/v1/shipments/{shipment}/tracking_events"), body).await);
    }
    let money = |to: &str, id: String| json!({"amount": "1000.00", "currency": "IDR", "method": "cash", to: id});
    admin.post("/v1/payments", money("order_id", id_of(&order))).await.expect(201);
    admin.post("/v1/payments", money("order_id", id_of(&order))).await.expect(201);
    note("pay an order", post("/v1/payments".into(), money("order_id", id_of(&order))).await);
    let invoice = admin.post(&format!("/v1/orders/{}/invoices", id_of(&order)), json!({})).await.expect(201).body;
    note("pay an invoice", post("/v1/payments".into(), money("invoice_id", id_of(&invoice))).await);

    note("receive", post("/v1/inventory/receipts".into(), json!({"location": "jakarta-1", "lines": lines(count)})).await);
    let deltas: Value = (0..count).map(|i| json!({"sku": sku(i), "delta": "1"})).collect();
    note("adjust", post("/v1/inventory/adjustments".into(), json!({"location": "jakarta-1", "reason": "found", "lines": deltas})).await);
    let moved = json!({"from": "jakarta-1", "to": "surabaya-1", "lines": lines(count)});
    note("transfer", post("/v1/inventory/transfers".into(), moved).await);
    let counts: Value = (0..count).map(|i| json!({"sku": sku(i), "quantity": "900"})).collect();
    let snapshot = json!({"location": "surabaya-1", "as_of": app.clock.now(), "version": count, "lines": counts});
    note("snapshot", counted(admin.request(Method::PUT, "/v1/inventory/snapshots").json(&snapshot)).await);
    sent
}

#[actix_web::test]
async fn hot_writes_send_few_statements_however_many_lines_they_have() {
    let app = start().await;
    let admin = shop(&app).await;
    let (one, many) = (sent(&app, &admin, 1).await, sent(&app, &admin, SKUS).await);
    let mut faults = vec![];
    for (((name, one), (_, many)), (bounded, bound)) in one.iter().zip(&many).zip(BOUNDS) {
        assert_eq!(name, bounded);
        println!("{name}: {} and {}", one.len(), many.len());
        if one.len() != many.len() || one.len() > *bound {
            faults.push(format!("{name}: {} statements for one line, {} for {SKUS}, at most {bound}:\n{many:#?}", one.len(), many.len()));
        }
    }
    assert_eq!((one.len(), faults.join("\n").as_str()), (BOUNDS.len(), ""));
    prove(&app.database);
}
