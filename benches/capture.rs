//! How fast orders are captured over HTTP: `cargo bench --bench capture -- --clients 1,16,64 --seconds 5 --windows 3`.
//!
//! One process holds the server and the clients, so the figures include the generator. Postgres is a private, durable cluster in
//! `target/bench-postgres` (fsync and synchronous_commit on), or the server at PESANAN_BENCH_DATABASE_URL.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark that cannot go on can only stop")]

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use diesel::{Connection, PgConnection, RunQueryDsl};
use pesanan::app::Application;
use pesanan::auth::actor::Context;
use pesanan::auth::api_clients;
use pesanan::auth::api_clients::body::NewApiClient;
use pesanan::auth::keys::Keys;
use pesanan::auth::permission::Role;
use pesanan::config::Config;
use pesanan::organization::{self, NewOrganization};
use pesanan::platform::migrate::migrate;
use pesanan::platform::private_postgres::{Options, PrivatePostgres};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

const SKUS: usize = 10_000;
const CUSTOMERS: usize = 2_000;
const LINES: usize = 3;
static STATEMENTS: AtomicU64 = AtomicU64::new(0);

struct Counter;

impl Instrumentation for Counter {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if matches!(event, InstrumentationEvent::StartQuery { .. }) {
            STATEMENTS.fetch_add(1, Relaxed);
        }
    }
}

struct Arguments {
    clients: Vec<usize>,
    seconds: u64,
    windows: usize,
}

fn arguments() -> Arguments {
    let given: Vec<String> = std::env::args().collect();
    let value = |name: &str| given.iter().position(|a| a == name).and_then(|i| given.get(i + 1)).cloned();
    let clients = value("--clients").unwrap_or_else(|| "1,16,64".to_owned());
    Arguments {
        clients: clients.split(',').map(|n| n.parse().unwrap()).collect(),
        seconds: value("--seconds").map_or(5, |n| n.parse().unwrap()),
        windows: value("--windows").map_or(3, |n| n.parse().unwrap()),
    }
}

#[actix_web::main]
async fn main() {
    let arguments = arguments();
    let (postgres, url) = database();
    migrate(&url).unwrap();
    set_default_instrumentation(|| Some(Box::new(Counter))).unwrap();
    let config = Config { listen: "127.0.0.1:0".to_owned(), keys: vec![Keys::generate("bench").unwrap()], ..Config::new(url.clone()) };
    let Application { address, app, server, .. } = Application::build(config).unwrap();
    actix_web::rt::spawn(server);
    let base = format!("http://{address}");
    let http = reqwest::Client::builder().pool_max_idle_per_host(2_000).build().unwrap();
    let (token, customers) = load(&app, &http, &base).await;
    diesel::sql_query("VACUUM ANALYZE").execute(&mut PgConnection::establish(&url).unwrap()).unwrap();

    println!("{SKUS} SKUs at 3 locations, {CUSTOMERS} customers, {LINES} lines an order; window {} s", arguments.seconds);
    println!("| clients | orders/s (median of {}; min–max) | p50 ms | p99 ms | statements/order | errors |", arguments.windows);
    println!("| --- | --- | --- | --- | --- | --- |");
    let load = Load { http, base, token, customers };
    run(&load, 16, 2).await;
    diesel::sql_query("ANALYZE").execute(&mut PgConnection::establish(&url).unwrap()).unwrap();
    for &clients in &arguments.clients {
        run(&load, clients, 1).await;
        let mut windows = vec![];
        for _ in 0..arguments.windows {
            windows.push(run(&load, clients, arguments.seconds).await);
        }
        windows.sort_by_key(|window| window.per_second);
        let middle = &windows[windows.len() / 2];
        println!(
            "| {clients} | {} ({}–{}) | {:.1} | {:.1} | {:.2} | {} |",
            middle.per_second,
            windows[0].per_second,
            windows[windows.len() - 1].per_second,
            middle.p50.as_secs_f64() * 1e3,
            middle.p99.as_secs_f64() * 1e3,
            middle.statements as f64 / middle.orders as f64,
            windows.iter().map(|window| window.errors).sum::<u64>()
        );
    }
    let violations = pesanan::check::run(&mut PgConnection::establish(&url).unwrap()).unwrap();
    println!("check: {} violations", violations.len());
    drop(app);
    if let Some(postgres) = postgres {
        postgres.stop();
    }
}

fn database() -> (Option<PrivatePostgres>, String) {
    let name = format!("bench_{}", std::process::id());
    if let Ok(url) = std::env::var("PESANAN_BENCH_DATABASE_URL") {
        let mut connection = PgConnection::establish(&url).unwrap();
        diesel::sql_query(format!("CREATE DATABASE {name}")).execute(&mut connection).unwrap();
        let (server, _) = url.rsplit_once('/').unwrap();
        return (None, format!("{server}/{name}"));
    }
    let target = std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| "target".to_owned());
    let postgres = PrivatePostgres::start(&std::path::Path::new(&target).join("bench-postgres"), Options::default()).unwrap();
    let url = postgres.create_database(&name).unwrap();
    (Some(postgres), url)
}

/// An organization with goods, prices, stock and customers, through the API.
async fn load(app: &pesanan::app::App, http: &reqwest::Client, base: &str) -> (String, Vec<String>) {
    let now = chrono::Utc::now();
    let client = app
        .db
        .write(move |connection| {
            let new = NewOrganization {
                code: "bench".to_owned(),
                name: "Bench GmbH".to_owned(),
                currency: "EUR".to_owned(),
                country: "DE".to_owned(),
                time_zone: "Europe/Berlin".to_owned(),
            };
            let id = organization::create(connection, &new, now)?;
            api_clients::service::create(
                connection,
                &Context::system(id, now),
                &NewApiClient { name: "bench".to_owned(), role: Role::Admin },
            )
        })
        .await
        .unwrap();
    let body = json!({"grant_type": "client_credentials", "client_id": client.client_id, "client_secret": client.client_secret});
    let answer: Value = http.post(format!("{base}/v1/auth/token")).json(&body).send().await.unwrap().json().await.unwrap();
    let token = answer["access_token"].as_str().unwrap().to_owned();
    let put = async |path: &str, body: Value| {
        let answer = http.put(format!("{base}{path}")).bearer_auth(&token).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
    };
    let sku = |i: usize| format!("SKU-{i:06}");
    put("/v1/tax_rates", json!([{"country": "DE", "tax_category": "standard", "tax_scheme_category": "S", "name": "USt", "rate": "0.19"}]))
        .await;
    put(
        "/v1/products",
        (0..SKUS)
            .map(|i| json!({"sku": sku(i), "name": format!("Product {i} in blue, large, box of ten"), "unit": "C62", "tax_category": "standard"}))
            .collect(),
    )
    .await;
    put(
        "/v1/prices",
        (0..SKUS)
            .map(|i| json!({"price_list": "default", "sku": sku(i), "currency": "EUR", "unit_price": format!("{}.90", i % 90 + 1)}))
            .collect(),
    )
    .await;
    for (priority, location) in ["berlin-1", "hamburg-1", "munich-1"].into_iter().enumerate() {
        put(&format!("/v1/locations/{location}"), json!({"name": location, "kind": "warehouse", "priority": priority})).await;
        let lines: Vec<Value> = (0..SKUS).map(|i| json!({"sku": sku(i), "quantity": "1000000"})).collect();
        let receipt = json!({"location": location, "lines": lines});
        let answer = http.post(format!("{base}/v1/inventory/receipts")).bearer_auth(&token).json(&receipt).send().await.unwrap();
        assert!(answer.status().is_success(), "receipt: {}", answer.text().await.unwrap());
    }
    let mut customers = vec![];
    for i in 0..CUSTOMERS {
        let limit = if i % 5 == 0 { json!("1000000000") } else { Value::Null };
        let body = json!({"code": format!("C{i}"), "name": format!("Customer Number {i} GmbH"), "kind": "company", "payment_terms": "net_30", "credit_limit": limit,
            "email": format!("orders{i}@example.com"),
            "shipping_address": {"name": "Ada Example", "line1": "Hauptstr. 1", "city": "Berlin", "postal_code": "10115", "country": "DE"}});
        let path = format!("{base}/v1/customers/by_code/C{i}");
        let answer: Value = http.put(path).bearer_auth(&token).json(&body).send().await.unwrap().json().await.unwrap();
        customers.push(answer["id"].as_str().unwrap().to_owned());
    }
    (token, customers)
}

#[derive(Clone)]
struct Load {
    http: reqwest::Client,
    base: String,
    token: String,
    customers: Vec<String>,
}

struct Window {
    orders: u64,
    per_second: u64,
    p50: Duration,
    p99: Duration,
    statements: u64,
    errors: u64,
}

/// `clients` clients, each with one order under way, for so long.
async fn run(load: &Load, clients: usize, seconds: u64) -> Window {
    let stop = Arc::new(AtomicBool::new(false));
    let before = STATEMENTS.load(Relaxed);
    let started = Instant::now();
    let tasks: Vec<_> = (0..clients).map(|_| tokio::spawn(client(load.clone(), stop.clone()))).collect();
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    stop.store(true, Relaxed);
    let (mut times, mut errors) = (vec![], 0);
    for task in tasks {
        let (mine, failed) = task.await.unwrap();
        times.extend(mine);
        errors += failed;
    }
    let took = started.elapsed();
    let statements = STATEMENTS.load(Relaxed) - before;
    times.sort_unstable();
    let at = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or_default();
    let orders = times.len() as u64;
    Window { orders: orders.max(1), per_second: (orders as f64 / took.as_secs_f64()) as u64, p50: at(50), p99: at(99), statements, errors }
}

async fn client(load: Load, stop: Arc<AtomicBool>) -> (Vec<Duration>, u64) {
    let (mut times, mut errors) = (vec![], 0);
    let mut seed = uuid::Uuid::new_v4().as_u128() as u64 | 1;
    let mut random = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed % below as u64) as usize
    };
    while !stop.load(Relaxed) {
        let lines: Vec<Value> =
            (0..LINES).map(|i| json!({"sku": format!("SKU-{:06}", random(SKUS)), "quantity": (i + 1).to_string()})).collect();
        let body = json!({"customer_id": load.customers[random(CUSTOMERS)], "lines": lines, "shipping": {"method": "parcel", "amount": "4.90"},
            "purchase_order_number": format!("PO-{}", random(1_000_000_000))});
        let key = uuid::Uuid::new_v4().to_string();
        let request =
            load.http.post(format!("{}/v1/orders", load.base)).bearer_auth(&load.token).header("Idempotency-Key", key).json(&body);
        let started = Instant::now();
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let _ = answer.bytes().await.unwrap();
        if status == 201 { times.push(started.elapsed()) } else { errors += 1 }
    }
    (times, errors)
}
