//! The real program is killed, again and again, while shops, a CRM and mails tell it of orders and while it tells a shop what has
//! shipped: what was acknowledged is worked in once, money is booked once, and the shop is told once.

use crate::generic_shop;
use crate::hubspot::{self, event, put_deal};
use crate::mail::table;
use crate::money::with;
use crate::support::database::TestDatabase;
use crate::support::hooks::{SHOP, sample_json, signed};
use crate::support::load::{Client, Random, at_once, id_of, number, prove};
use crate::support::platforms::PlatformServer;
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::connection::SimpleConnection;
use pesanan::channels::platforms::hubspot::signature;
use pesanan::channels::platforms::standard_webhooks::{key_of, sign};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// `pesanan demo`, the real program, which may call servers on this machine.
struct Program<'a> {
    database: &'a TestDatabase,
    folder: PathBuf,
    port: u16,
    child: Child,
    http: reqwest::Client,
}

impl<'a> Program<'a> {
    async fn start(database: &'a TestDatabase) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{}.demo", database.name));
        std::fs::create_dir_all(&folder).unwrap();
        let port = free_port();
        let child = spawn(database, &folder, port);
        let http = reqwest::Client::builder().timeout(Duration::from_secs(20)).pool_max_idle_per_host(0).build().unwrap();
        let program = Self { database, folder, port, child, http };
        program.ready().await;
        program
    }

    fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    async fn ready(&self) {
        let started = Instant::now();
        loop {
            let answer = self.http.get(format!("{}/health/ready", self.address())).send().await;
            if answer.is_ok_and(|answer| answer.status() == 200) {
                return;
            }
            assert!(started.elapsed() < Duration::from_secs(120), "the program does not come back");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// SIGKILL: nothing is tidied up. Then so much time passes that no lease holds any more, and it is started again.
    async fn kill_and_start(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let passed = "UPDATE channel_turn SET leased_until = NULL, waits_until = NULL; \
            UPDATE inbound_message SET leased_until = NULL, next_attempt_at = least(next_attempt_at, now()) WHERE status = 'received'; \
            UPDATE shop_task SET leased_until = NULL, next_attempt_at = least(next_attempt_at, now()) WHERE status = 'waiting'; \
            UPDATE crm_standing SET leased_until = NULL, next_attempt_at = least(next_attempt_at, now()) WHERE status = 'waiting'";
        self.database.connect().batch_execute(passed).unwrap();
        self.child = spawn(self.database, &self.folder, self.port);
        self.ready().await;
    }
}

impl Drop for Program<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A free port that no outgoing connection has: one that looks for the program while that is dead would take its port from it.
fn free_port() -> u16 {
    let start = 20_000 + u16::try_from(std::process::id() % 12_000).unwrap();
    (start..32_000).chain(20_000..start).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).unwrap()
}

fn spawn(database: &TestDatabase, folder: &std::path::Path, port: u16) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pesanan"));
    command.args(["demo", "--empty", "--port", &port.to_string()]).arg("--data-dir").arg(folder);
    command.args(["--database-url", &database.url]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// The shop of the stub: the notes of each order, and how often each was completed.
#[derive(Default)]
struct Told {
    notes: BTreeMap<String, Vec<String>>,
    completed: BTreeMap<String, usize>,
}

async fn shop_answers(request: HttpRequest, body: Bytes, told: Data<Mutex<Told>>) -> HttpResponse {
    let path: Vec<&str> = request.path().trim_start_matches("/wp-json/wc/v3/").split('/').collect();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let mut told = told.lock().unwrap();
    match (request.method().as_str(), path.as_slice()) {
        ("GET", ["orders", order, "notes"]) => {
            let notes = told.notes.get(*order).cloned().unwrap_or_default();
            HttpResponse::Ok().json(notes.into_iter().map(|note| json!({ "note": note })).collect::<Vec<_>>())
        }
        ("POST", ["orders", order, "notes"]) => {
            let note = body["note"].as_str().unwrap().to_owned();
            told.notes.entry((*order).to_owned()).or_default().push(note);
            HttpResponse::Created().json(body)
        }
        ("PUT", ["orders", order]) => {
            *told.completed.entry((*order).to_owned()).or_default() += 1;
            HttpResponse::Ok().json(json!({}))
        }
        _ => HttpResponse::Ok().json(json!([])),
    }
}

fn shop_server() -> (String, Arc<Mutex<Told>>) {
    let told = Arc::new(Mutex::new(Told::default()));
    let data = Data::from(told.clone());
    let server = HttpServer::new(move || App::new().app_data(data.clone()).default_service(web::to(shop_answers)));
    let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", server.addrs()[0]);
    actix_web::rt::spawn(server.run());
    (base, told)
}

/// One message of the flood.
#[derive(Clone, Debug)]
enum Telling {
    /// Order and version.
    Generic(usize, i64),
    Shopify(Value),
    Woocommerce(usize),
    /// Deals.
    Hubspot(Vec<i64>, usize),
    Mail(usize),
}

/// How often it is killed while it is told, while it works in, and while it tells; how many orders of each kind there are.
#[derive(Clone, Copy)]
struct Size {
    kills: [usize; 3],
    orders: usize,
}

struct Flood {
    address: String,
    admin: Client,
    channels: BTreeMap<&'static str, Value>,
    http: reqwest::Client,
    /// When all of it was ordered: what is told again is the same.
    ordered_at: DateTime<Utc>,
    acknowledged: Cell<usize>,
    unanswered: Cell<usize>,
}

impl Flood {
    /// Waits until so many messages were acknowledged.
    async fn has_told(&self, messages: usize) {
        while self.acknowledged.get() < messages {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    fn request(&self, telling: &Telling) -> RequestBuilder {
        let now = Utc::now();
        let post = |kind: &str| {
            let path = self.channels[kind]["inbound_url"].as_str().unwrap();
            self.http.request(Method::POST, format!("{}{path}", self.address)).header("content-type", "application/json")
        };
        match telling {
            Telling::Generic(order, version) => {
                let changed = self.ordered_at + TimeDelta::minutes(*version);
                let street = json!({"street": format!("Weg {version}"), "city": "Bonn"});
                let more = json!({"id": format!("A-{order}"), "changed": changed, "created": self.ordered_at, "to": street});
                let body = generic_shop::message(more).to_string();
                let signature = sign(&key_of(generic_shop::SECRET), "msg_1", now, body.as_bytes());
                let request = post("generic").header("webhook-id", "msg_1").header("webhook-timestamp", now.timestamp().to_string());
                request.header("webhook-signature", signature).body(body)
            }
            Telling::Shopify(order) => {
                let body = order.to_string();
                let request = post("shopify").header("X-Shopify-Topic", "orders/create").header("X-Shopify-Shop-Domain", SHOP);
                request.header("X-Shopify-Hmac-Sha256", signed("shpss_test_secret", body.as_bytes())).body(body)
            }
            Telling::Woocommerce(order) => {
                let body = woocommerce_order(*order, self.ordered_at).to_string();
                let request = post("woocommerce").header("X-WC-Webhook-Topic", "order.created");
                let request = request.header("X-WC-Webhook-Source", format!("https://{SHOP}/"));
                request.header("X-WC-Webhook-Signature", signed("woo_test_secret", body.as_bytes())).body(body)
            }
            Telling::Hubspot(deals, first) => {
                let body: Value = deals.iter().enumerate().map(|(i, deal)| event(*deal, first + i)).collect();
                let (body, path) = (body.to_string(), self.channels["hubspot"]["inbound_url"].as_str().unwrap());
                let signature = signature::sign(hubspot::SECRET, "POST", &format!("{}{path}", self.address), body.as_bytes(), now);
                let request = post("hubspot").header("X-HubSpot-Request-Timestamp", now.timestamp_millis().to_string());
                request.header("X-HubSpot-Signature-v3", signature).body(body)
            }
            Telling::Mail(order) => {
                let head = format!(
                    "From: Siti <siti@sumber.example>\r\nTo: orders@shop.example\r\nSubject: Purchase order {order}\r\n\
                     Message-ID: <m{order}@sumber.example>\r\nMIME-Version: 1.0\r\n"
                );
                let path = format!("/v1/channels/{}/messages", id_of(&self.channels["email"]));
                let request = self.admin.request(Method::POST, &path).header("content-type", "message/rfc822");
                request.body(table(&head, &[["KOPI", &(order + 1).to_string()]]))
            }
        }
    }

    /// As a platform does: again until it is acknowledged.
    async fn tell(&self, telling: &Telling) {
        let started = Instant::now();
        loop {
            match self.request(telling).send().await {
                Ok(answer) if answer.status().is_success() => {
                    self.acknowledged.set(self.acknowledged.get() + 1);
                    return;
                }
                Ok(answer) if answer.status() == 503 => {}
                Ok(answer) => panic!("{telling:?}: {} {}", answer.status(), answer.text().await.unwrap_or_default()),
                Err(_) => self.unanswered.set(self.unanswered.get() + 1),
            }
            assert!(started.elapsed() < Duration::from_secs(240), "{telling:?} is not acknowledged");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Reads or writes until there is an answer.
    async fn ask(&self, method: Method, path: &str, key: Option<&str>, body: Option<&Value>) -> Value {
        let started = Instant::now();
        loop {
            match self.admin.send(method.clone(), path, key, body).await {
                Ok(answer) if answer.status == 503 || answer.code() == "idempotency_in_flight" => {}
                Ok(answer) => {
                    assert!(answer.status < 300, "{path}: {} {:#}", answer.status, answer.body());
                    return answer.body();
                }
                Err(_) => self.unanswered.set(self.unanswered.get() + 1),
            }
            assert!(started.elapsed() < Duration::from_secs(240), "{path} gets no answer");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn shopify_order(order: usize) -> Value {
    let at = (Utc::now() - TimeDelta::hours(1)).format("%Y-%m-%dT%H:%M:%SZ").to_string();
    json!({"id": 1000 + order, "email": "siti@example.com", "currency": "USD", "financial_status": "paid", "total_price": "10.00", "total_tax": "0.00",
        "created_at": at, "updated_at": at, "cancelled_at": null,
        "shipping_address": {"name": "Siti", "address1": "Jl. Braga 12", "city": "Bandung", "country_code": "ID"},
        "line_items": [{"id": 1, "sku": "KOPI", "quantity": 1, "price": "10.00"}]})
}

fn woocommerce_order(order: usize, at: DateTime<Utc>) -> Value {
    let at = at.format("%Y-%m-%dT%H:%M:%S").to_string();
    json!({"id": 5000 + order, "status": "processing", "currency": "USD", "date_created_gmt": at, "date_modified_gmt": at, "date_paid_gmt": at,
        "total": "20.00", "total_tax": "0.00", "shipping_total": "0.00", "shipping_tax": "0.00", "billing": {"first_name": "Siti", "country": "ID"},
        "shipping": {"first_name": "Siti", "address_1": "Jl. Braga 12", "city": "Bandung", "country": "ID"},
        "line_items": [{"id": 1, "sku": "KOPI", "quantity": 2, "subtotal": "20.00", "total": "20.00", "total_tax": "0.00"}]})
}

/// Company, goods and channels.
async fn set_up(program: &Program<'_>, crm: &PlatformServer, shop: &str) -> Flood {
    let secrets: Value = serde_json::from_str(&std::fs::read_to_string(program.folder.join("demo-client.json")).unwrap()).unwrap();
    let login = json!({"grant_type": "client_credentials", "client_id": secrets["client_id"], "client_secret": secrets["client_secret"]});
    let token = Client::new(&program.address(), "").post("/v1/auth/token", &login).await.expect(200);
    let admin = Client::new(&program.address(), token["access_token"].as_str().unwrap());
    let skus = ["KOPI", "KOPI-250", "TEH-100", "IPOD2008GREEN", "IPOD2008RED", "IPOD2008BLACK"];
    let product = |sku: &&str| json!({"sku": sku, "name": sku, "unit": "C62", "tax_category": "standard"});
    admin.put("/v1/products", &skus.iter().map(product).collect()).await.expect(200);
    admin.put("/v1/prices", &json!([{"sku": "KOPI", "currency": "IDR", "unit_price": "50000"}])).await.expect(200);
    let rate = json!({"country": "ID", "tax_category": "standard", "tax_scheme_category": "S", "name": "PPN", "rate": "0.12"});
    admin.put("/v1/tax_rates", &json!([rate])).await.expect(200);
    admin.put("/v1/locations/jakarta", &json!({"name": "Jakarta", "kind": "warehouse", "priority": 10})).await.expect(201);
    let lines: Value = skus.iter().map(|sku| json!({"sku": sku, "quantity": "100000", "unit_cost": "1"})).collect();
    admin.post("/v1/inventory/receipts", &json!({"location": "jakarta", "lines": lines})).await.expect(201);
    let address = json!({"name": "Siti", "line1": "Jl. Braga 12", "city": "Bandung", "country": "ID"});
    let customer = json!({"code": "C-1", "name": "Toko Sumber", "kind": "company", "payment_terms": "net_30", "email": "siti@sumber.example",
        "shipping_address": address});
    admin.post("/v1/customers", &customer).await.expect(201);
    let new = |kind: &str, secret: Value, settings: Value, credentials: Value| json!({"code": kind, "kind": kind, "name": kind, "secret": secret, "settings": settings, "credentials": credentials});
    let woo = json!({"shop_domain": SHOP, "api_base": shop, "write_back": true});
    let all = [
        ("generic", new("generic", json!(generic_shop::SECRET), json!({"mapping": generic_shop::mapping()}), json!({}))),
        ("shopify", new("shopify", json!("shpss_test_secret"), json!({"shop_domain": SHOP, "test_orders": true}), json!({}))),
        ("woocommerce", new("woocommerce", json!("woo_test_secret"), woo, json!({"username": "ck_test", "password": "cs_test"}))),
        ("hubspot", new("hubspot", json!(hubspot::SECRET), json!({"api_base": crm.base}), json!({"access_token": "pat-na1-test"}))),
        ("email", new("email", Value::Null, json!({"mail": {}}), json!({}))),
    ];
    let mut channels = BTreeMap::new();
    for (kind, body) in all {
        channels.insert(kind, admin.post("/v1/channels", &body).await.expect(201));
    }
    Flood {
        address: program.address(),
        admin,
        channels,
        http: program.http.clone(),
        ordered_at: Utc::now() - TimeDelta::hours(1),
        acknowledged: Cell::new(0),
        unanswered: Cell::new(0),
    }
}

fn tellings(crm: &PlatformServer, orders: usize, random: &mut Random) -> Vec<Telling> {
    let mut all: Vec<Telling> = (0..orders).flat_map(|order| [Telling::Generic(order, 1), Telling::Generic(order, 2)]).collect();
    all.extend((0..orders).map(|order| Telling::Shopify(shopify_order(order))));
    if let Some(sample) = sample_json("shopify/orders_create.json") {
        let at = (Utc::now() - TimeDelta::hours(1)).format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let dated = |id: u64| with(sample.clone(), json!({"id": id, "created_at": at, "updated_at": at, "processed_at": at}));
        all.extend((1..=5).map(|id| Telling::Shopify(dated(id))));
    }
    all.extend((0..orders).map(Telling::Woocommerce));
    all.extend((0..orders / 2).map(Telling::Mail));
    // Each deal is in two messages.
    let deals: Vec<i64> = (1..=i64::try_from(orders).unwrap()).collect();
    deals.iter().for_each(|deal| put_deal(crm, &deal.to_string(), &format!("9{deal}")));
    for (round, size) in [(0, 3), (1, 4)] {
        all.extend(deals.chunks(size).enumerate().map(|(i, deals)| Telling::Hubspot(deals.to_vec(), 1000 * (round + 1) + 10 * i)));
    }
    random.shuffle(&mut all);
    all
}

async fn be_killed(size: Size, seed: u64) {
    println!("seed {seed}");
    let random = Mutex::new(Random::seeded(seed));
    let below = |n: usize| random.lock().unwrap().below(n);
    let database = TestDatabase::create();
    let mut program = Program::start(&database).await;
    let crm = PlatformServer::start();
    let (shop, told) = shop_server();
    let flood = set_up(&program, &crm, &shop).await;
    // The shop is followed before anything ships.
    while number(&database, "SELECT count(*) AS value FROM shop_follow") == 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let all = tellings(&crm, size.orders, &mut random.lock().unwrap());

    let telling = at_once(6, &all, async |telling: &Telling| {
        flood.tell(telling).await;
        // Some platforms tell again what was acknowledged.
        if below(5) == 0 {
            flood.tell(telling).await;
        }
        tokio::time::sleep(Duration::from_millis(below(20) as u64)).await;
    });
    // By how far it is, not by time: a fast machine would be done before the first kill.
    let somewhere = |of: usize, kill: usize, kills: usize| (kill * of + below(of)) / kills;
    let killing = async {
        for kill in 0..size.kills[0] {
            flood.has_told(somewhere(all.len(), kill, size.kills[0])).await;
            program.kill_and_start().await;
        }
    };
    tokio::join!(telling, killing);
    let messages = |more: &str| number(&database, &format!("SELECT count(*) AS value FROM inbound_message WHERE true {more}"));
    for kill in 0..size.kills[1] {
        let worked_in = somewhere(all.len(), kill, size.kills[1]) as i64;
        until("messages are worked in", || messages("AND status <> 'received'") >= worked_in).await;
        program.kill_and_start().await;
    }
    assert_eq!(messages(""), all.len() as i64, "each that was acknowledged is there once");
    until("all messages are worked in", || messages("AND status = 'received'") == 0).await;

    // All of one shop ships, and the shop hears of it.
    let page = flood.ask(Method::GET, "/v1/orders?channel=woocommerce&limit=200", None, None).await;
    let to_ship: Vec<String> = page["data"].as_array().unwrap().iter().map(id_of).collect();
    assert_eq!(to_ship.len(), size.orders);
    let shipping = at_once(3, &to_ship, async |order: &String| {
        let work = flood.ask(Method::GET, &format!("/v1/fulfillment_orders?order_id={order}"), None, None).await["data"][0].clone();
        for part in ["one", "two"] {
            let path = format!("/v1/fulfillment_orders/{}/ship", id_of(&work));
            let lines = json!([{"order_line_id": work["lines"][0]["order_line_id"], "quantity": "1"}]);
            flood.ask(Method::POST, &path, Some(&format!("{order} {part}")), Some(&json!({"carrier": "jne", "lines": lines}))).await;
        }
        tokio::time::sleep(Duration::from_millis(below(100) as u64)).await;
    });
    let notes = 2 * size.orders;
    let killing = async {
        for kill in 0..size.kills[2] {
            let heard = somewhere(notes, kill, size.kills[2]);
            while told.lock().unwrap().notes.values().map(Vec::len).sum::<usize>() <= heard {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            program.kill_and_start().await;
        }
    };
    tokio::join!(shipping, killing);
    let tasks = |status: &str| number(&database, &format!("SELECT count(*) AS value FROM shop_task WHERE status = '{status}'"));
    until("the shop has been told", || tasks("done") == 2 * size.orders as i64).await;
    assert!(flood.unanswered.get() > 0, "no kill came in the middle of anything");
    println!(
        "{} messages, {} of them begun more than once; {} requests without an answer; {} tellings begun more than once",
        messages(""),
        messages("AND attempts > 1"),
        flood.unanswered.get(),
        number(&database, "SELECT count(*) AS value FROM shop_task WHERE attempts > 1")
    );

    let count = |query: &str| number(&database, query);
    let not_plain = "AND (status <> 'processed' OR order_ids = '{}') AND reason->>'code' IS DISTINCT FROM 'older_version'";
    assert_eq!(messages(not_plain), 0, "a message has not become what it asks for");
    let settled = "SELECT count(*) AS value FROM (SELECT subject_id FROM event WHERE type = 'inbound_message.processed' GROUP BY 1 \
        HAVING count(*) > 1) twice";
    assert_eq!(count(settled), 0, "a message was settled twice");
    let samples = all.iter().filter(|telling| matches!(telling, Telling::Shopify(order) if order["id"].as_u64().unwrap() < 1000)).count();
    for (channel, orders) in [
        ("generic", size.orders),
        ("shopify", size.orders + samples),
        ("woocommerce", size.orders),
        ("hubspot", size.orders),
        ("email", size.orders / 2),
    ] {
        let of = |what: &str| count(&format!("SELECT count({what}) AS value FROM sales_order WHERE channel = '{channel}'"));
        assert_eq!((of("*"), of("DISTINCT external_id")), (orders as i64, orders as i64), "{channel}");
    }
    assert_eq!(
        count("SELECT count(*) AS value FROM event WHERE type = 'order.captured'"),
        count("SELECT count(*) AS value FROM sales_order")
    );
    // The last version counts, and each order that was paid has its money once.
    assert_eq!(
        count("SELECT count(*) AS value FROM sales_order WHERE channel = 'generic' AND document LIKE '%Weg 2%'"),
        size.orders as i64
    );
    let paid = "SELECT count(*) AS value FROM sales_order o WHERE o.channel IN ('generic', 'shopify', 'woocommerce') AND o.external_id <> '' \
        AND (SELECT count(*) FROM payment p WHERE p.organization_id = o.organization_id AND p.order_id = o.id) = 1";
    assert_eq!(count(paid), (3 * size.orders + samples) as i64, "an order has other than one payment");
    let right = "SELECT count(*) AS value FROM sales_order WHERE channel IN ('generic', 'shopify', 'woocommerce') AND amount_paid = total";
    assert_eq!(count(right), 3 * size.orders as i64, "an order has not been paid what it comes to");
    let told = told.lock().unwrap();
    assert_eq!(told.notes.len(), size.orders);
    for (order, notes) in &told.notes {
        let (one, two) =
            (notes.iter().filter(|note| note.contains("-S1 ")).count(), notes.iter().filter(|note| note.contains("-S2 ")).count());
        assert_eq!((one, two, notes.len()), (1, 1, 2), "order {order}: {notes:?}");
        assert!(told.completed.contains_key(order), "order {order} was not completed");
    }
    drop(program);
    prove(&database);
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < Duration::from_secs(120), "not in two minutes: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[actix_web::test]
async fn a_killed_program_loses_and_doubles_no_message_and_tells_each_shop_once() {
    let seed = u64::try_from(Utc::now().timestamp_millis()).unwrap();
    be_killed(Size { kills: [4, 4, 3], orders: 16 }, seed).await;
}

/// `cargo nextest run --run-ignored only -E 'test(killed_a_hundred)'`
#[actix_web::test]
#[ignore = "takes minutes"]
async fn a_program_that_is_killed_a_hundred_times_does_not_either() {
    let seed = u64::try_from(Utc::now().timestamp_millis()).unwrap();
    be_killed(Size { kills: [40, 30, 30], orders: 150 }, seed).await;
}
