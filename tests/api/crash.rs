//! The server dies, or the database cuts its connections, in the middle of the work: what was answered is there, what was not is
//! settled by repeating it, and nothing stays half done.

use crate::support::app::TestApp;
use crate::support::database::TestDatabase;
use crate::support::load::{Answer, Client, Random, at_once, fill_shop, id_of, number, open_shop, order, prove};
use diesel::RunQueryDsl;
use pesanan::auth::actor::Context;
use pesanan::auth::api_clients;
use pesanan::auth::api_clients::body::NewApiClient;
use pesanan::auth::keys::Keys;
use pesanan::auth::permission::Role;
use pesanan::organization::{self, NewOrganization};
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

const SKUS: usize = 10;
/// More would mean that the server does not come back.
const TRIES: usize = 300;

/// `pesanan serve`, the real program.
struct Server {
    child: Child,
    address: String,
    _stdout: BufReader<ChildStdout>,
}

impl Server {
    fn start(database: &TestDatabase, keys: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_pesanan"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .env("PESANAN_DATABASE_URL", &database.url)
            .env("PESANAN_JWT_KEYS", keys)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.starts_with("ready ") {
            line.clear();
            assert_ne!(stdout.read_line(&mut line).unwrap(), 0, "the server ended before it was ready");
        }
        Self { child, address: line["ready ".len()..].trim().to_owned(), _stdout: stdout }
    }

    /// SIGKILL: nothing is tidied up.
    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A server that is killed from time to time, and what it has acknowledged.
struct Site<'a> {
    database: &'a TestDatabase,
    keys: PathBuf,
    server: RefCell<Server>,
    client: Client,
    /// Answers by idempotency key.
    acknowledged: RefCell<BTreeMap<String, Answer>>,
    unanswered: Cell<usize>,
}

impl Site<'_> {
    fn client(&self) -> Client {
        self.client.at(&self.server.borrow().address)
    }

    /// Repeats the request with its key until there is an answer.
    async fn post(&self, path: &str, key: &str, body: &Value) -> Answer {
        for _ in 0..TRIES {
            match self.client().send(reqwest::Method::POST, path, Some(key), Some(body)).await {
                Ok(answer) if answer.status == 503 => {}
                Ok(answer) => {
                    assert!(answer.status < 300, "{path}: {} {:#}", answer.status, answer.body());
                    self.acknowledged.borrow_mut().insert(key.to_owned(), answer.clone());
                    return answer;
                }
                Err(_) => self.unanswered.set(self.unanswered.get() + 1),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{path} with key {key} got no answer in {TRIES} tries");
    }

    /// Reads until there is an answer.
    async fn get(&self, path: &str) -> Value {
        for _ in 0..TRIES {
            match self.client().send(reqwest::Method::GET, path, None, None).await {
                Ok(answer) if answer.status != 503 => return answer.expect(200),
                Ok(_) | Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
        panic!("{path} got no answer in {TRIES} tries");
    }

    /// Kills the server under whatever it is doing, starts it again and looks whether all that it acknowledged is there.
    async fn crash(&self) {
        self.server.borrow_mut().kill();
        let started = Server::start(self.database, &self.keys);
        *self.server.borrow_mut() = started;
        let orders: Vec<Value> = self.acknowledged.borrow().values().map(Answer::body).filter(|body| body["holds"].is_array()).collect();
        let mut found = BTreeMap::new();
        let mut path = "/v1/orders?limit=200".to_owned();
        loop {
            let page = self.get(&path).await;
            found.extend(page["data"].as_array().unwrap().iter().map(|order| (id_of(order), order["number"].clone())));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            path = format!("/v1/orders?limit=200&cursor={cursor}");
        }
        for order in orders {
            assert_eq!(found.get(&id_of(&order)), Some(&order["number"]));
        }
    }
}

/// An organization with an administrator, made without a server. Answers the client's credentials.
fn found(database: &TestDatabase) -> Value {
    let mut connection = database.connect();
    let new = NewOrganization {
        code: "shop".to_owned(),
        name: "PT Nusantara Niaga".to_owned(),
        currency: "IDR".to_owned(),
        country: "ID".to_owned(),
        time_zone: "Asia/Jakarta".to_owned(),
    };
    let now = chrono::Utc::now();
    let id = organization::create(&mut connection, &new, now).unwrap();
    let new = NewApiClient { name: "tests".to_owned(), role: Role::Admin };
    let issued = api_clients::service::create(&mut connection, &Context::system(id, now), &new).unwrap();
    json!({"grant_type": "client_credentials", "client_id": issued.client_id, "client_secret": issued.client_secret})
}

#[actix_web::test]
async fn a_killed_server_loses_no_acknowledged_order_and_repeats_none() {
    const ORDERS: usize = 200;
    const CRASHES: usize = 4;
    let database = TestDatabase::create();
    let credentials = found(&database);
    let keys = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}.keys.json", database.name));
    std::fs::write(&keys, serde_json::to_string(&[Keys::generate_ed25519("crash").unwrap()]).unwrap()).unwrap();
    let server = Server::start(&database, &keys);
    let token = Client::new(&server.address, "").post("/v1/auth/token", &credentials).await.expect(200);
    let client = Client::new(&server.address, token["access_token"].as_str().unwrap());
    fill_shop(&client, SKUS, |_| [400, 400]).await;
    let (server, acknowledged, unanswered) = (RefCell::new(server), RefCell::default(), Cell::new(0));
    let site = Site { database: &database, keys: keys.clone(), server, client, acknowledged, unanswered };
    let placed = Cell::new(0usize);

    at_once(24, 0..ORDERS, async |i| {
        let mut random = Random::seeded(i as u64);
        let mut body = order(&[(random.below(SKUS), 1 + random.below(3)), (random.below(SKUS), 1)], "refuse");
        match random.below(4) {
            0 => {
                let cart = json!({"lines": body["lines"]});
                // Without a key: if no answer comes, whatever it holds expires.
                if let Ok(cart) = site.client().send(reqwest::Method::POST, "/v1/checkout/reservations", None, Some(&cart)).await {
                    body["reservation_id"] = cart.body()["id"].clone();
                }
            }
            1 => body["external_id"] = json!(format!("web-{i}")),
            2 => body["payments"] = json!([{"method": "card", "status": "captured", "amount": "10000", "reference": format!("pay-{i}")}]),
            _ => {}
        }
        let order = site.post("/v1/orders", &format!("order-{i}"), &body).await.body();
        placed.set(placed.get() + 1);
        if placed.get().is_multiple_of(ORDERS / (CRASHES + 1)) && placed.get() < ORDERS {
            site.crash().await;
        }
        match i % 3 {
            0 => {
                let cancel = json!({"reason": {"code": "customer_request"}});
                site.post(&format!("/v1/orders/{}/cancel", id_of(&order)), &format!("cancel-{i}"), &cancel).await;
            }
            1 => {
                let path = format!("/v1/fulfillment_orders?order_id={}", id_of(&order));
                let work = site.get(&path).await["data"][0].clone();
                let path = format!("/v1/fulfillment_orders/{}/ship", id_of(&work));
                site.post(&path, &format!("ship-{i}"), &json!({"carrier": "jne"})).await;
                site.post(&format!("/v1/orders/{}/invoices", id_of(&order)), &format!("invoice-{i}"), &json!({})).await;
            }
            _ => {}
        }
    })
    .await;
    site.crash().await;
    assert!(site.unanswered.get() > 0, "no crash came in the middle of anything");

    let count = |query| number(&database, query);
    assert_eq!(count("SELECT count(*) AS value FROM sales_order"), ORDERS as i64);
    assert_eq!(count("SELECT count(DISTINCT number) AS value FROM sales_order"), ORDERS as i64);
    let acknowledged = site.acknowledged.borrow().clone();
    let of = |kind: &str| acknowledged.keys().filter(|key| key.starts_with(kind)).count() as i64;
    assert_eq!(count("SELECT count(*) AS value FROM shipment"), of("ship-"));
    assert_eq!(count("SELECT count(*) AS value FROM invoice"), of("invoice-"));
    assert_eq!(count("SELECT count(*) AS value FROM event WHERE type = 'order.cancelled'"), of("cancel-"));
    assert_eq!(of("order-"), ORDERS as i64);
    prove(&database);
    std::fs::remove_file(keys).unwrap();
}

#[actix_web::test]
async fn an_import_goes_on_after_its_worker_was_killed_and_makes_no_order_twice() {
    const ROWS: usize = 1_500;
    let database = TestDatabase::create();
    let credentials = found(&database);
    let keys = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}.keys.json", database.name));
    std::fs::write(&keys, serde_json::to_string(&[Keys::generate_ed25519("crash").unwrap()]).unwrap()).unwrap();
    let mut server = Server::start(&database, &keys);
    let token = Client::new(&server.address, "").post("/v1/auth/token", &credentials).await.expect(200);
    let token = token["access_token"].as_str().unwrap().to_owned();
    let client = Client::new(&server.address, &token);
    fill_shop(&client, SKUS, |_| [400, 400]).await;
    // Every third row has an external id, so that both kinds of claims are repeated.
    let row = |i: usize| {
        let mut body = order(&[(i % SKUS, 1), ((i + 1) % SKUS, 1)], "backorder");
        if i.is_multiple_of(3) {
            body["external_id"] = json!(format!("web-{i}"));
        }
        body.to_string()
    };
    let body = (0..ROWS).map(row).collect::<Vec<_>>().join("\n");
    let send = reqwest::Client::new().post(format!("{}/v1/imports?kind=orders", server.address)).bearer_auth(&token);
    let answer = send.header("content-type", "application/x-ndjson").body(body).send().await.unwrap();
    assert_eq!(answer.status(), 202);
    let path = answer.headers()["location"].to_str().unwrap().to_owned();
    let orders = || number(&database, "SELECT count(*) AS value FROM sales_order");
    for crash in 1..=3 {
        // In the middle of a batch: orders are there that the import does not count yet, or a transaction is open.
        while orders() < (crash * ROWS / 5) as i64 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        server.kill();
        assert!(orders() < ROWS as i64, "nothing was left to do when the server was killed");
        prove(&database);
        server = Server::start(&database, &keys);
    }
    let client = client.at(&server.address);
    let mut import = client.get(&path).await.expect(200);
    for _ in 0..TRIES {
        if import["status"] == "completed" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        import = client.get(&path).await.expect(200);
    }
    let counts = ["row_count", "imported_count", "unchanged_count", "rejected_count"].map(|name| import[name].as_u64().unwrap());
    assert_eq!((&import["status"], counts), (&json!("completed"), [ROWS as u64, ROWS as u64, 0, 0]), "{import:#}");
    assert_eq!(orders(), ROWS as i64);
    assert_eq!(number(&database, "SELECT count(*) AS value FROM event WHERE type = 'import.completed'"), 1);
    prove(&database);
    std::fs::remove_file(keys).unwrap();
}

#[actix_web::test]
async fn an_import_of_products_goes_on_after_its_worker_was_killed_and_writes_no_row_twice() {
    const ROWS: usize = 12_000;
    let database = TestDatabase::create();
    let credentials = found(&database);
    let keys = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}.keys.json", database.name));
    std::fs::write(&keys, serde_json::to_string(&[Keys::generate_ed25519("crash").unwrap()]).unwrap()).unwrap();
    let mut server = Server::start(&database, &keys);
    let token = Client::new(&server.address, "").post("/v1/auth/token", &credentials).await.expect(200);
    let token = token["access_token"].as_str().unwrap().to_owned();
    let client = Client::new(&server.address, &token);
    let body: String = (0..ROWS).map(|i| format!("P-{i:05},Product {i},C62,standard\r\n")).collect();
    let send = reqwest::Client::new().post(format!("{}/v1/imports?kind=products", server.address)).bearer_auth(&token);
    let send = send.header("content-type", "text/csv").body(format!("sku,name,unit,tax_category\r\n{body}"));
    let answer = send.send().await.unwrap();
    assert_eq!(answer.status(), 202);
    let path = answer.headers()["location"].to_str().unwrap().to_owned();
    let products = || number(&database, "SELECT count(*) AS value FROM product");
    for crash in 1..=2 {
        while products() < (crash * ROWS / 4) as i64 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        server.kill();
        assert!(products() < ROWS as i64, "nothing was left to do when the server was killed");
        // Each row is there with its outcome, or neither is.
        assert_eq!(products(), number(&database, "SELECT count(*) AS value FROM import_row WHERE status = 'imported'"));
        server = Server::start(&database, &keys);
    }
    let client = client.at(&server.address);
    let mut import = client.get(&path).await.expect(200);
    for _ in 0..TRIES {
        if import["status"] == "completed" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        import = client.get(&path).await.expect(200);
    }
    let counts = ["row_count", "imported_count", "unchanged_count", "rejected_count"].map(|name| import[name].as_u64().unwrap());
    assert_eq!((&import["status"], counts), (&json!("completed"), [ROWS as u64, ROWS as u64, 0, 0]), "{import:#}");
    assert_eq!(number(&database, "SELECT count(*) AS value FROM event WHERE type = 'product.created'"), ROWS as i64);
    assert_eq!(number(&database, "SELECT count(*) AS value FROM event WHERE type = 'import.completed'"), 1);
    prove(&database);
    std::fs::remove_file(keys).unwrap();
}

/// Ends every connection to the test's database but this one.
fn cut_connections(database: &TestDatabase) {
    diesel::sql_query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    .execute(&mut database.connect())
    .unwrap();
}

#[actix_web::test]
async fn cut_connections_cost_a_repetition_and_no_order() {
    const ORDERS: usize = 240;
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", SKUS, |_| [400, 400]).await;
    let servers = [client.clone(), client.at(&app.spawn_second())];
    let placed = Cell::new(0usize);
    at_once(32, 0..ORDERS, async |i: usize| {
        let body = order(&[(i % SKUS, 1), ((i + 3) % SKUS, 1)], "refuse");
        for _ in 0..TRIES {
            let answer = servers[i % 2].post_once("/v1/orders", &format!("order-{i}"), &body).await;
            if answer.status == 201 {
                placed.set(placed.get() + 1);
                if placed.get().is_multiple_of(40) {
                    cut_connections(&app.database);
                }
                return;
            }
            assert_eq!(answer.status, 503, "{:#}", answer.body());
        }
        panic!("order {i} was not placed in {TRIES} tries");
    })
    .await;
    assert_eq!(number(&app.database, "SELECT count(*) AS value FROM sales_order"), ORDERS as i64);
    prove(&app.database);

    // Connections that died while nobody used them are noticed before anything was done on them: no request fails for it.
    for server in &servers {
        cut_connections(&app.database);
        server.post("/v1/orders", &order(&[(0, 1)], "refuse")).await.expect(201);
        cut_connections(&app.database);
        server.get("/v1/orders").await.expect(200);
        cut_connections(&app.database);
        server
            .post("/v1/inventory/receipts", &json!({"location": "jakarta-1", "lines": [{"sku": "SKU-00", "quantity": "1"}]}))
            .await
            .expect(201);
        server.get("/v1/reports/summary?from=2026-03-01&to=2026-03-31").await.expect(200);
    }
    prove(&app.database);
}
