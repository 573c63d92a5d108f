//! Many clients at once, and a shop whose stock they fight over.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a client that cannot go on can only stop")]

use super::app::TestApp;
use super::database::TestDatabase;
use diesel::{PgConnection, RunQueryDsl};
use futures_util::StreamExt;
use pesanan::auth::permission::Role;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Where the shop's stock lies.
pub const LOCATIONS: [&str; 2] = ["jakarta-1", "surabaya-1"];

/// What a client has been told.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    /// `Idempotency-Replayed: true`.
    pub replayed: bool,
    pub bytes: Vec<u8>,
}

impl Answer {
    /// Null where it is not JSON.
    pub fn body(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }

    /// The problem's code, or the empty text.
    pub fn code(&self) -> String {
        self.body()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The body, if the status is this one.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{:#}", self.body());
        self.body()
    }

    /// Passes on what is one of the expected answers: a status, or a status with a problem's code.
    #[track_caller]
    pub fn one_of(self, expected: &[(u16, &str)]) -> Self {
        let code = if self.status < 400 { String::new() } else { self.code() };
        assert!(expected.iter().any(|(status, of)| (self.status, code.as_str()) == (*status, *of)), "{} {:#}", self.status, self.body());
        self
    }
}

/// Somebody who talks to one server, with a token unless that is empty.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    pub address: String,
    token: String,
}

impl Client {
    pub fn new(address: &str, token: &str) -> Self {
        // Shorter than the server keeps an idle connection, so that none is reused just as the server closes it.
        let http = reqwest::Client::builder().pool_idle_timeout(Duration::from_secs(2)).build().unwrap();
        Self { http, address: address.to_owned(), token: token.to_owned() }
    }

    /// The same caller at another server.
    pub fn at(&self, address: &str) -> Self {
        Self { address: address.to_owned(), ..self.clone() }
    }

    /// Fails where no whole answer came back.
    pub async fn send(&self, method: Method, path: &str, key: Option<&str>, body: Option<&Value>) -> reqwest::Result<Answer> {
        let mut request = self.http.request(method, format!("{}{path}", self.address));
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await?;
        let replayed = response.headers().get("idempotency-replayed").is_some_and(|value| value == "true");
        Ok(Answer { status: response.status().as_u16(), replayed, bytes: response.bytes().await?.to_vec() })
    }

    /// A request of a form of its own.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.address)).bearer_auth(&self.token)
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None, None).await.unwrap()
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::PUT, path, None, Some(body)).await.unwrap()
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, None, Some(body)).await.unwrap()
    }

    pub async fn post_once(&self, path: &str, key: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, Some(key), Some(body)).await.unwrap()
    }

    /// As a client should: what the server had no time for (503) is sent again under the same key, for a minute at most.
    pub async fn post_patiently(&self, path: &str, key: &str, body: &Value) -> Answer {
        for _ in 0..120 {
            let answer = self.post_once(path, key, body).await;
            if answer.status != 503 {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        self.post_once(path, key, body).await
    }

    /// A post that is refused where the thing is not of this version any more.
    pub async fn post_if(&self, path: &str, version: &Value, body: &Value) -> Answer {
        let request = self.http.post(format!("{}{path}", self.address)).bearer_auth(&self.token);
        let response = request.header("If-Match", format!("\"{version}\"")).json(body).send().await.unwrap();
        Answer { status: response.status().as_u16(), replayed: false, bytes: response.bytes().await.unwrap().to_vec() }
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None, None).await.unwrap()
    }
}

/// Sends all of `work` with so many clients at once; the answers come in no order.
pub async fn at_once<T, R>(clients: usize, work: impl IntoIterator<Item = T>, send: impl AsyncFn(T) -> R) -> Vec<R> {
    let send = &send;
    futures_util::stream::iter(work).map(|one| async move { send(one).await }).buffer_unordered(clients).collect().await
}

/// The same numbers in every run (splitmix64).
pub struct Random(u64);

impl Random {
    pub fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    /// 0 to `n` − 1.
    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % n as u64).unwrap()
    }

    pub fn one_of<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

pub fn sku(i: usize) -> String {
    format!("SKU-{i:02}")
}

/// A shop `code` with its catalog, so many SKUs, `stock` of each at each of [`LOCATIONS`], and a customer `C-1`. Answers an
/// administrator.
pub async fn open_shop(app: &TestApp, code: &str, skus: usize, stock: impl Fn(usize) -> [usize; 2]) -> Client {
    let organization_id = app.organization(code).await;
    let client = Client::new(&app.address, &app.caller(organization_id, Role::Admin).await.token);
    fill_shop(&client, skus, stock).await;
    client
}

/// Gives an organization all that [`open_shop`] says.
pub async fn fill_shop(client: &Client, skus: usize, stock: impl Fn(usize) -> [usize; 2]) {
    let product = |i| json!({"sku": sku(i), "name": sku(i), "unit": "C62", "tax_category": "standard"});
    client.put("/v1/products", &(0..skus).map(product).collect()).await.expect(200);
    let price = |i| json!({"price_list": "default", "sku": sku(i), "currency": "IDR", "unit_price": "10000"});
    client.put("/v1/prices", &(0..skus).map(price).collect()).await.expect(200);
    let rates = json!([{"country": "ID", "tax_category": "standard", "tax_scheme_category": "S", "name": "PPN", "rate": "0.12",
        "base_fraction": "11/12"}]);
    client.put("/v1/tax_rates", &rates).await.expect(200);
    for (place, location) in LOCATIONS.into_iter().enumerate() {
        let body = json!({"name": location, "kind": "warehouse", "priority": 10 * (place + 1)});
        client.put(&format!("/v1/locations/{location}"), &body).await.expect(201);
        let line = |i: usize| json!({"sku": sku(i), "quantity": stock(i)[place].to_string()});
        let lines: Value = (0..skus).filter(|i| stock(*i)[place] > 0).map(line).collect();
        if lines.as_array().is_some_and(|lines| !lines.is_empty()) {
            client.post("/v1/inventory/receipts", &json!({"location": location, "lines": lines})).await.expect(201);
        }
    }
    customer(client, "C-1", json!({})).await;
}

/// A company with an address; `more` is added to its fields. Answers its id.
pub async fn customer(client: &Client, code: &str, more: Value) -> String {
    let mut body = json!({"code": code, "name": format!("Toko {code}"), "kind": "company", "payment_terms": "net_30",
        "shipping_address": {"name": "Siti", "line1": "Jl. Braga 12", "city": "Bandung", "country": "ID"}});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    id_of(&client.post("/v1/customers", &body).await.expect(201))
}

/// An order of customer `C-1`.
pub fn order(lines: &[(usize, usize)], on_shortage: &str) -> Value {
    let lines: Value = lines.iter().map(|(i, quantity)| json!({"sku": sku(*i), "quantity": quantity.to_string()})).collect();
    json!({"customer_code": "C-1", "lines": lines, "on_shortage": on_shortage})
}

pub fn id_of(thing: &Value) -> String {
    thing["id"].as_str().unwrap().to_owned()
}

/// A quantity without decimal places.
pub fn units(value: &Value) -> usize {
    value.as_str().unwrap().parse().unwrap()
}

/// On hand, reserved and available of each SKU, over all locations.
pub async fn stock(client: &Client) -> BTreeMap<String, [i64; 3]> {
    let mut sums: BTreeMap<String, [i64; 3]> = BTreeMap::new();
    let mut path = "/v1/inventory?limit=200".to_owned();
    loop {
        let page = client.get(&path).await.expect(200);
        for level in page["data"].as_array().unwrap() {
            let sum = sums.entry(level["sku"].as_str().unwrap().to_owned()).or_default();
            for (sum, name) in sum.iter_mut().zip(["on_hand", "reserved", "available"]) {
                *sum += level[name].as_str().unwrap().parse::<i64>().unwrap();
            }
        }
        let Some(cursor) = page["next_cursor"].as_str() else { return sums };
        path = format!("/v1/inventory?limit=200&cursor={cursor}");
    }
}

/// No invariant is violated.
#[track_caller]
pub fn prove(database: &TestDatabase) {
    let strange = super::catalogue::faults(&mut database.connect()).unwrap();
    assert!(strange.is_empty(), "events that are not as the catalogue says:\n{}", strange.join("\n"));
    let violations = pesanan::check::run(&mut database.connect()).unwrap();
    assert!(violations.is_empty(), "{violations:#?}");
}

/// A number that a query finds in its column `value`.
#[track_caller]
pub fn number(database: &TestDatabase, query: &str) -> i64 {
    number_on(&mut database.connect(), query)
}

fn number_on(connection: &mut PgConnection, query: &str) -> i64 {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        value: i64,
    }
    let row: Row = diesel::sql_query(query).get_result(connection).unwrap();
    row.value
}

/// Waits until so many connections of the test wait for a lock of another. False where they do not, however long one waits.
pub fn are_blocked(connection: &mut PgConnection, connections: i64) -> bool {
    let query = "SELECT count(DISTINCT l.pid) AS value FROM pg_locks l JOIN pg_stat_activity a USING (pid) \
        WHERE NOT l.granted AND a.datname = current_database()";
    let started = Instant::now();
    while number_on(connection, query) < connections {
        if started.elapsed() > Duration::from_secs(20) {
            return false;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    true
}

/// Deadlocks that Postgres has had to break. Rows are locked in one order everywhere, so there is none to be retried.
#[track_caller]
pub fn assert_no_deadlock(database: &TestDatabase) {
    let query = "SELECT deadlocks AS value FROM pg_stat_database WHERE datname = current_database()";
    assert_eq!(number(database, query), 0, "deadlocks");
}
