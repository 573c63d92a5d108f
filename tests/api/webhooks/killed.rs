//! The real program, killed while it sends.

use crate::support::database::TestDatabase;
use crate::support::load::Random;
use crate::support::receiver::{Receiver, Says};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const ROUNDS: usize = 5;
const PRODUCTS: usize = 30;

/// `pesanan demo`, which alone sends to its own machine.
struct Demo {
    child: Child,
    address: String,
    credentials: (String, String),
    _stdout: BufReader<ChildStdout>,
}

impl Demo {
    fn start(database: &TestDatabase, folder: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut child = Command::new(env!("CARGO_BIN_EXE_pesanan"))
            .args(["demo", "--empty", "--port", &port.to_string(), "--database-url", &database.url, "--data-dir"])
            .arg(folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let (mut line, mut credentials) = (String::new(), (String::new(), String::new()));
        while !line.starts_with("ready ") {
            line.clear();
            assert_ne!(stdout.read_line(&mut line).unwrap(), 0, "the demo ended before it was ready");
            let value = || line.split_whitespace().last().unwrap_or_default().to_owned();
            match line.trim() {
                text if text.starts_with("client id") => credentials.0 = value(),
                text if text.starts_with("client secret") => credentials.1 = value(),
                _ => {}
            }
        }
        Self { child, address: line["ready ".len()..].trim().to_owned(), credentials, _stdout: stdout }
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let http = Client::new();
        let (id, secret) = (self.credentials.0.as_str(), self.credentials.1.as_str());
        let form = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
        let token = http.post(format!("{}/v1/auth/token", self.address)).form(&form).send().await.unwrap();
        let token: Value = token.json().await.unwrap();
        let request = http.request(method, format!("{}{path}", self.address)).bearer_auth(token["access_token"].as_str().unwrap());
        let request = if let Some(body) = body { request.json(&body) } else { request };
        let response = request.send().await.unwrap();
        assert!(response.status().is_success(), "{path} {}", response.status());
        response.json().await.unwrap_or_default()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.kill();
    }
}

fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("killed-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Nothing is lost and nothing becomes two deliveries, whenever it is killed and whatever the receiver does. It takes a lease's time
/// until what a dead process had is sent by the next.
#[actix_web::test]
async fn a_program_that_is_killed_while_it_sends_loses_nothing() {
    let (database, folder, receiver) = (TestDatabase::create(), folder(), Receiver::start());
    let (taken, seen, random) = (Arc::new(Mutex::new(BTreeSet::new())), Mutex::new(BTreeSet::new()), Mutex::new(Random::seeded(7)));
    let noted = taken.clone();
    receiver.says(move |request| {
        std::thread::sleep(Duration::from_millis(20));
        // It is as unsteady as its sender, but takes what comes again.
        let id = request.header("webhook-id").to_owned();
        let first = seen.lock().unwrap().insert(id.clone());
        match random.lock().unwrap().below(10) {
            0 if first => Says::Nothing,
            1 if first => Says::Status(500),
            _ => {
                noted.lock().unwrap().insert(id);
                Says::Status(200)
            }
        }
    });
    let mut demo = Demo::start(&database, &folder);
    let types = json!(["product.created", "product.updated"]);
    demo.call(Method::POST, "/v1/webhook_endpoints", Some(json!({"url": receiver.url(), "event_types": types}))).await;
    for round in 0..ROUNDS {
        let product = |n: usize| json!({"sku": format!("SKU-{n}"), "name": format!("Product {n}.{round}"), "unit": "C62", "tax_category": "standard"});
        demo.call(Method::PUT, "/v1/products", Some((0..PRODUCTS).map(product).collect())).await;
        tokio::time::sleep(Duration::from_millis(350 + 170 * round as u64)).await;
        demo.kill();
        demo = Demo::start(&database, &folder);
    }
    let started = Instant::now();
    loop {
        let open = demo.call(Method::GET, "/v1/webhook_deliveries?status=pending,sending&limit=1", None).await;
        let feed = demo.call(Method::GET, "/v1/events?type=product.created,product.updated&limit=200", None).await;
        let events: BTreeSet<String> =
            feed["data"].as_array().unwrap().iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect();
        assert_eq!(events.len(), ROUNDS * PRODUCTS);
        if open["data"] == json!([]) && *taken.lock().unwrap() == events {
            break;
        }
        assert!(started.elapsed() < Duration::from_secs(150), "{:#} of {:?}", open["data"], taken.lock().unwrap().len());
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let (mut rows, mut cursor) = (vec![], String::new());
    loop {
        let page = demo.call(Method::GET, &format!("/v1/webhook_deliveries?limit=200&cursor={cursor}"), None).await;
        rows.extend(page["data"].as_array().unwrap().iter().map(|row| (row["event_id"].clone(), row["status"].clone())));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = next.to_owned();
    }
    let ids: BTreeSet<String> = rows.iter().map(|(id, _)| id.to_string()).collect();
    assert_eq!((rows.len(), ids.len()), (ROUNDS * PRODUCTS, ROUNDS * PRODUCTS), "one delivery an event");
    assert!(rows.iter().all(|(_, status)| status == "delivered"));
    let violations = pesanan::check::run(&mut database.connect()).unwrap();
    assert!(violations.is_empty(), "{violations:#?}");
    drop(demo);
    let _ = std::fs::remove_dir_all(folder);
}
