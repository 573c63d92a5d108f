//! Events sent to other systems, against a receiver that does what a test wants of it.

mod crash;
mod endpoints;
mod killed;
mod order;
mod redelivery;
mod retries;
mod signatures;
mod targets;

use crate::shop::{customer, receive, shop};
use crate::support::app::{Caller, Reply, TestApp};
use crate::support::receiver::Receiver;
use chrono::DateTime;
use pesanan::platform::clock::Clock;
use pesanan::types::id::OrganizationId;
use pesanan::webhooks::courier::{self, Idle};
use pesanan::webhooks::fan_out::{fan_out, settle_disabled};
use pesanan::webhooks::send::Sender;
use pesanan::webhooks::target::Targets;
use serde_json::{Value, json};
use std::time::Duration;

/// As `demo` does, it sends to this machine.
async fn spawn() -> TestApp {
    spawn_at(Clock::fixed(DateTime::from_timestamp(1_772_416_800, 0).unwrap())).await
}

/// Tokens outlive the days that a test lets pass.
async fn spawn_at(clock: Clock) -> TestApp {
    let mut app = TestApp::spawn_with(|config| {
        config.webhook_targets = Targets { loopback: true, ..Targets::default() };
        config.token_seconds = 60 * 24 * 3600;
        config.clock = clock.clone();
    })
    .await;
    app.clock = app.app.clock.clone();
    app
}

/// A receiver that is waited for this long.
fn sender(app: &TestApp, total: Duration) -> Sender {
    Sender::new(&app.app.config.webhook_targets, total).unwrap()
}

/// Runs the jobs until nothing is due, as a process of its own would; how many arrived.
async fn deliver(app: &TestApp) -> usize {
    deliver_within(app, Duration::from_secs(10)).await
}

async fn deliver_within(app: &TestApp, total: Duration) -> usize {
    let (db, clock, sender) = (app.app.db.clone(), app.app.clock.clone(), sender(app, total));
    let run = move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        fan_out(&db, clock.now(), || false)?;
        settle_disabled(&db, clock.now())?;
        let arrived = courier::run(&db, &sender, runtime.handle(), Idle::End, || clock.now(), || false, || ());
        runtime.shutdown_background();
        arrived
    };
    actix_web::web::block(run).await.unwrap().unwrap()
}

/// Only makes the deliveries.
async fn fan_out_now(app: &TestApp) -> usize {
    let (db, now) = (app.app.db.clone(), app.app.clock.now());
    actix_web::web::block(move || fan_out(&db, now, || false)).await.unwrap().unwrap()
}

async fn create(admin: &Caller<'_>, url: &str, types: &[&str]) -> Value {
    admin.post("/v1/webhook_endpoints", json!({"url": url, "event_types": types})).await.expect(201).body
}

fn path(endpoint: &Value) -> String {
    format!("/v1/webhook_endpoints/{}", endpoint["id"].as_str().unwrap())
}

async fn deliveries(admin: &Caller<'_>, query: &str) -> Vec<Value> {
    admin.get(&format!("/v1/webhook_deliveries?limit=200&{query}")).await.expect(200).body["data"].as_array().unwrap().clone()
}

async fn attempts(admin: &Caller<'_>, delivery: &Value) -> Vec<Value> {
    let path = format!("/v1/webhook_deliveries/{}", delivery["id"].as_str().unwrap());
    admin.get(&path).await.expect(200).body["attempts"].as_array().unwrap().clone()
}

/// A shop with goods, a customer and nothing sent yet.
async fn open(app: &TestApp) -> (OrganizationId, Caller<'_>) {
    let (organization_id, admin) = shop(app).await;
    customer(&admin, "C-1", json!({})).await;
    receive(&admin, "jakarta", "KOPI", "1000").await;
    (organization_id, admin)
}

async fn place(admin: &Caller<'_>) -> Value {
    admin.post("/v1/orders", json!({"customer_code": "C-1", "lines": [{"sku": "KOPI", "quantity": "1"}]})).await.expect(201).body
}

async fn act(admin: &Caller<'_>, order: &Value, action: &str, body: Value) -> Reply {
    admin.post(&format!("/v1/orders/{}/{action}", order["id"].as_str().unwrap()), body).await.expect(200)
}

/// The types of what came, in its order.
fn types(receiver: &Receiver) -> Vec<String> {
    receiver.received().iter().map(|request| request.event_type()).collect()
}
