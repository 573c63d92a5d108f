//! Everything at once: what people, shops and jobs do to the same orders and the same shelves, through two servers.

use crate::support::app::TestApp;
use crate::support::load::{
    Answer, Client, LOCATIONS, Random, assert_no_deadlock, at_once, customer, id_of, number, open_shop, order, prove, sku,
};
use chrono::TimeDelta;
use pesanan::error::Error;
use pesanan::jobs::{expire_reservations, fill_backorders};
use pesanan::platform::clock::Clock;
use pesanan::platform::db::{Db, DbOptions};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

const SKUS: usize = 30;
const CART_SECONDS: i64 = 60;

/// The jobs of one process, run without a pause until they are told to stop.
struct Worker {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<[usize; 2], Error>>,
}

impl Worker {
    fn start(url: &str, clock: &Clock) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, url, clock) = (stop.clone(), url.to_owned(), clock.clone());
        let work = move || {
            let db = jobs_db(&url);
            let mut done = [0, 0];
            while !stopped.load(Ordering::Relaxed) {
                done[0] += expire_reservations(&db, clock.now())?;
                done[1] += fill_backorders(&db, clock.now())?;
                std::thread::sleep(Duration::from_millis(5));
            }
            Ok(done)
        };
        Self { stop, thread: std::thread::spawn(work) }
    }

    /// Expired reservations and served backorders.
    fn stop(self) -> [usize; 2] {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap().unwrap()
    }
}

fn jobs_db(url: &str) -> Db {
    let url = url.to_owned();
    let (wait, statement_timeout) = (Duration::from_secs(10), Duration::from_secs(30));
    Db::open(&DbOptions {
        url,
        connections: 2,
        wait,
        statement_timeout,
        lock_timeout: wait,
        generic_plans: true,
        stopping: Default::default(),
    })
    .unwrap()
}

/// The clients, with a count of what came of what they did.
struct Market {
    servers: Vec<Client>,
    tally: RefCell<BTreeMap<(String, u16), usize>>,
    /// Orders of `C-1`.
    orders: RefCell<Vec<String>>,
}

impl Market {
    async fn post(&self, server: usize, action: &str, path: &str, body: &Value) -> Answer {
        let answer = self.servers[server % self.servers.len()].post(path, body).await;
        let fine = [200, 201, 409, 422].contains(&answer.status);
        assert!(fine, "{action}: {} {:#}", answer.status, answer.body());
        *self.tally.borrow_mut().entry((action.to_owned(), answer.status)).or_default() += 1;
        answer
    }

    fn count(&self, action: &str, status: u16) -> usize {
        self.tally.borrow().get(&(action.to_owned(), status)).copied().unwrap_or_default()
    }

    async fn order(&self, server: usize, id: &str) -> Value {
        self.servers[server % self.servers.len()].get(&format!("/v1/orders/{id}")).await.expect(200)
    }

    /// What an order goes through.
    async fn live(&self, seed: usize) {
        let mut random = Random::seeded(seed as u64);
        let lines: Vec<(usize, usize)> = (0..1 + random.below(3)).map(|_| (random.below(SKUS), 1 + random.below(3))).collect();
        let mut body = order(&lines, random.one_of::<&str>(&["refuse", "backorder", "backorder", "hold"]));
        body["customer_code"] = json!(random.one_of(&["C-1", "C-LIMIT"]));
        match random.below(6) {
            0 => {
                let cart = json!({"lines": body["lines"], "expires_in_seconds": CART_SECONDS});
                let cart = self.post(seed, "cart", "/v1/checkout/reservations", &cart).await;
                if cart.status != 201 {
                    return;
                }
                match random.below(3) {
                    // Left behind: it expires.
                    0 => return,
                    1 => {
                        let path = format!("/v1/checkout/reservations/{}", id_of(&cart.body()));
                        let answer = self.servers[seed % 2].delete(&path).await;
                        assert!([204, 404, 409].contains(&answer.status), "{:#}", answer.body());
                        return;
                    }
                    _ => body["reservation_id"] = cart.body()["id"].clone(),
                }
            }
            1 => body["draft"] = json!(true),
            _ => {}
        }
        let placed = self.post(seed, "order", "/v1/orders", &body).await;
        if placed.status != 201 {
            return;
        }
        let id = id_of(&placed.body());
        if body["customer_code"] == "C-1" {
            self.orders.borrow_mut().push(id.clone());
        }
        if body["draft"] == true {
            let path = format!("/v1/orders/{id}/confirm");
            let nothing = json!({});
            let (one, other) = tokio::join!(self.post(0, "confirm", &path, &nothing), self.post(1, "confirm", &path, &nothing));
            assert!(one.status != 200 || other.status != 200, "confirmed twice");
        }
        for _ in 0..1 + random.below(3) {
            // Two people at once, each at a server of his own.
            let (one, other) = (random.below(10), random.below(10));
            let (seeds, id) = ([random.below(usize::MAX), random.below(usize::MAX)], id.as_str());
            tokio::join!(self.act(0, one, seeds[0], id), self.act(1, other, seeds[1], id));
        }
    }

    /// Somebody does something with an order.
    async fn act(&self, server: usize, action: usize, seed: usize, id: &str) {
        let mut random = Random::seeded(seed as u64);
        let reason = json!({"reason": {"code": "customer_request"}});
        match action {
            0 => {
                self.post(server, "cancel", &format!("/v1/orders/{id}/cancel"), &reason).await;
            }
            1 => {
                let order = self.order(server, id).await;
                let line = random.one_of(order["lines"].as_array().unwrap()).clone();
                let mut body = reason;
                body["lines"] = json!([{"order_line_id": line["id"], "quantity": "1"}]);
                self.post(server, "cancel_line", &format!("/v1/orders/{id}/cancel"), &body).await;
            }
            2 => {
                self.post(server, "hold", &format!("/v1/orders/{id}/hold"), &json!({"reason": "wait"})).await;
                self.release(server, id).await;
            }
            3 => self.release(server, id).await,
            4 => {
                self.invoice_and_pay(server, id).await;
            }
            5 => {
                let body = json!({"order_id": id, "amount": "10000", "currency": "IDR", "method": "cash"});
                self.post(server, "deposit", "/v1/payments", &body).await;
                self.pay_several(server, &mut random).await;
            }
            _ => {
                let list = self.servers[server].get(&format!("/v1/fulfillment_orders?order_id={id}")).await.expect(200);
                for work in list["data"].as_array().unwrap() {
                    self.work(server, random.below(7), work).await;
                }
                if random.below(2) == 0 {
                    self.invoice_and_pay(server, id).await;
                }
            }
        }
    }

    async fn release(&self, server: usize, id: &str) {
        for hold in self.order(server, id).await["holds"].as_array().unwrap() {
            let path = format!("/v1/orders/{id}/holds/{}/release", id_of(hold));
            self.post(server, "release", &path, &json!({"reason": "go on"})).await;
        }
    }

    async fn invoice_and_pay(&self, server: usize, id: &str) {
        let invoice = self.post(server, "invoice", &format!("/v1/orders/{id}/invoices"), &json!({})).await;
        if invoice.status == 201 {
            let invoice = invoice.body();
            let body = json!({"invoice_id": invoice["id"], "amount": invoice["total"], "currency": "IDR", "method": "bank_transfer"});
            self.post(server, "pay", "/v1/payments", &body).await;
        }
    }

    /// One payment for several orders, named in any order.
    async fn pay_several(&self, server: usize, random: &mut Random) {
        let mut ids: Vec<String> = {
            let orders = self.orders.borrow();
            (0..4).filter(|_| !orders.is_empty()).map(|_| random.one_of(&orders).clone()).collect()
        };
        ids.dedup();
        let allocations: Value = ids.iter().map(|id| json!({"order_id": id, "amount": "1000"})).collect();
        let body = json!({"amount": "4000", "currency": "IDR", "method": "bank_transfer", "allocations": allocations});
        self.post(server, "pay_several", "/v1/payments", &body).await;
    }

    /// A warehouse does something with a fulfillment order.
    async fn work(&self, server: usize, action: usize, work: &Value) {
        let path = |action: &str| format!("/v1/fulfillment_orders/{}/{action}", id_of(work));
        let line = &work["lines"][0];
        match action {
            0 => {
                let short =
                    json!({"lines": [{"order_line_id": line["order_line_id"], "picked_quantity": "0", "short_reason": "not found"}]});
                self.post(server, "pick_short", &path("pick"), &short).await;
            }
            1 => {
                self.post(server, "pick", &path("pick"), &json!({})).await;
                self.post(server, "pack", &path("pack"), &json!({})).await;
            }
            2 => {
                self.post(server, "give_up", &path("cancel"), &json!({"reason": "no hands"})).await;
            }
            3 => {
                let other = if work["location"] == LOCATIONS[0] { LOCATIONS[1] } else { LOCATIONS[0] };
                self.post(server, "move", &path("move"), &json!({"location": other})).await;
            }
            4 => {
                let part = json!({"carrier": "jne", "lines": [{"order_line_id": line["order_line_id"], "quantity": "1"}]});
                self.post(server, "ship_part", &path("ship"), &part).await;
            }
            _ => {
                self.post(server, "ship", &path("ship"), &json!({"carrier": "jne"})).await;
            }
        }
    }

    /// Somebody counts, receives or moves goods.
    async fn handle_goods(&self, seed: usize) {
        let mut random = Random::seeded(seed as u64);
        let skus: Vec<usize> = (0..1 + random.below(4)).map(|_| random.below(SKUS)).collect();
        let mut skus: Vec<String> = skus.into_iter().map(sku).collect();
        skus.sort_by_key(|sku| std::cmp::Reverse(sku.clone()));
        skus.dedup();
        let location = *random.one_of(&LOCATIONS);
        match random.below(4) {
            0 => {
                let lines: Value = skus.iter().map(|sku| json!({"sku": sku, "quantity": "5"})).collect();
                self.post(seed, "receive", "/v1/inventory/receipts", &json!({"location": location, "lines": lines})).await;
            }
            1 => {
                let other = LOCATIONS[usize::from(location == LOCATIONS[0])];
                let lines: Value = skus.iter().map(|sku| json!({"sku": sku, "quantity": "1"})).collect();
                self.post(seed, "transfer", "/v1/inventory/transfers", &json!({"from": location, "to": other, "lines": lines})).await;
            }
            _ => {
                let counted = random.below(12).to_string();
                let lines: Value = skus.iter().map(|sku| json!({"sku": sku, "counted": counted})).collect();
                let body = json!({"location": location, "reason": "count", "lines": lines});
                self.post(seed, "count", "/v1/inventory/adjustments", &body).await;
            }
        }
    }
}

#[actix_web::test]
async fn whatever_happens_at_once_every_unit_is_somewhere_and_every_amount_adds_up() {
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", SKUS, |_| [6, 6]).await;
    customer(&client, "C-LIMIT", json!({"credit_limit": "2000000", "currency": "IDR"})).await;
    let servers = vec![client.clone(), client.at(&app.spawn_second())];
    let market = Market { servers, tally: RefCell::default(), orders: RefCell::default() };
    let workers = [(); 2].map(|()| Worker::start(&app.database.url, &app.clock));
    at_once(48, 0..400, async |i: usize| match i % 4 {
        3 => market.handle_goods(i).await,
        _ => {
            market.live(i).await;
            app.clock.advance(TimeDelta::seconds(2));
        }
    })
    .await;
    let done = workers.map(Worker::stop);
    prove(&app.database);

    let tally = market.tally.borrow().clone();
    for (action, status) in [
        ("order", 201),
        ("order", 409),
        ("confirm", 200),
        ("cart", 201),
        ("cancel", 200),
        ("cancel_line", 200),
        ("hold", 200),
        ("release", 200),
        ("invoice", 201),
        ("pay", 201),
        ("deposit", 201),
        ("pay_several", 201),
        ("pick", 200),
        ("pick_short", 200),
        ("pack", 200),
        ("give_up", 200),
        ("move", 200),
        ("ship", 201),
        ("ship_part", 201),
        ("receive", 201),
        ("transfer", 201),
        ("count", 201),
    ] {
        assert!(market.count(action, status) > 0, "no {action} was answered {status}: {tally:#?}");
    }
    assert!(done.iter().all(|[_, served]| *served > 0), "each worker served some backorders: {done:?}");

    // When all is still, the carts expire, and nobody waits for what lies there.
    app.clock.advance(TimeDelta::seconds(CART_SECONDS));
    let (db, now) = (jobs_db(&app.database.url), app.clock.now());
    let still = actix_web::web::block(move || {
        expire_reservations(&db, now).and_then(|_| fill_backorders(&db, now)).and_then(|_| fill_backorders(&db, now))
    });
    assert_eq!(still.await.unwrap().unwrap(), 0);
    prove(&app.database);
    assert_eq!(number(&app.database, "SELECT count(*) AS value FROM reservation WHERE status = 'live'"), 0);
    let waiting = "SELECT count(*) AS value FROM order_line l JOIN stock_level s USING (organization_id, sku) JOIN sales_order o \
        ON o.organization_id = l.organization_id AND o.id = l.order_id \
        WHERE l.backordered > 0 AND s.on_hand - s.reserved > 0 AND o.status IN ('confirmed', 'on_hold')";
    assert_eq!(number(&app.database, waiting), 0);
    let receive =
        json!({"location": LOCATIONS[0], "lines": (0..SKUS).map(|i| json!({"sku": sku(i), "quantity": "1000"})).collect::<Value>()});
    client.post("/v1/inventory/receipts", &receive).await.expect(201);
    let db = jobs_db(&app.database.url);
    assert!(actix_web::web::block(move || fill_backorders(&db, now)).await.unwrap().unwrap() > 0);
    assert_eq!(number(&app.database, "SELECT count(*) AS value FROM order_line WHERE backordered > 0"), 0);
    prove(&app.database);
    assert_no_deadlock(&app.database);
}
