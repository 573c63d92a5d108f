//! Two at once on the same returned goods: whoever comes first, nothing comes back twice and no money goes back twice.

use crate::support::app::TestApp;
use crate::support::load::{Answer, Client, assert_no_deadlock, at_once, id_of, number, open_shop, order, prove};
use serde_json::{Value, json};

/// Orders that each pair is tried on.
const ROUNDS: usize = 12;

struct Scene {
    app: TestApp,
    servers: [Client; 2],
}

impl Scene {
    async fn open() -> Self {
        let app = TestApp::spawn().await;
        let client = open_shop(&app, "shop", 2, |_| [1_000, 1_000]).await;
        let second = client.at(&app.spawn_second());
        Self { app, servers: [client, second] }
    }

    fn client(&self) -> &Client {
        &self.servers[0]
    }

    /// An order of five units, shipped and invoiced.
    async fn sold(&self) -> Value {
        let order = self.shipped().await;
        self.client().post(&format!("/v1/orders/{}/invoices", id_of(&order)), &json!({})).await.expect(201);
        order
    }

    async fn shipped(&self) -> Value {
        let order = self.client().post("/v1/orders", &order(&[(0, 5)], "refuse")).await.expect(201);
        let work = self.client().get(&format!("/v1/fulfillment_orders?order_id={}", id_of(&order))).await.expect(200);
        let path = format!("/v1/fulfillment_orders/{}/ship", id_of(&work["data"][0]));
        self.client().post(&path, &json!({"carrier": "jne"})).await.expect(201);
        order
    }

    async fn paid(&self, order: &Value) -> Value {
        let body = json!({"order_id": order["id"], "amount": order["total"], "currency": "IDR", "method": "card"});
        self.client().post("/v1/payments", &body).await.expect(201)
    }

    /// A return of all five, let in.
    async fn authorized(&self, order: &Value) -> Value {
        let rma = self.client().post("/v1/returns", &ask(order)).await.expect(201);
        self.client().post(&format!("/v1/returns/{}/authorize", id_of(&rma)), &json!({})).await.expect(200)
    }

    /// The same with all of it here.
    async fn received(&self, order: &Value) -> Value {
        let rma = self.authorized(order).await;
        self.client().post(&format!("/v1/returns/{}/receive", id_of(&rma)), &take_in(order)).await.expect(200)
    }

    /// Sends two requests at once, one to each server.
    async fn both(&self, one: (String, Value), other: (String, Value)) -> [Answer; 2] {
        let [first, second] = &self.servers;
        let (one, other) = futures_util::future::join(first.post(&one.0, &one.1), second.post(&other.0, &other.1)).await;
        [one, other]
    }

    fn done(self) {
        prove(&self.app.database);
        assert_no_deadlock(&self.app.database);
    }
}

fn ask(order: &Value) -> Value {
    json!({"order_id": order["id"], "lines": [{"order_line_id": order["lines"][0]["id"], "quantity": "5", "reason": {"code": "late"}}]})
}

fn take_in(order: &Value) -> Value {
    json!({"location": "jakarta-1", "lines": [{"order_line_id": order["lines"][0]["id"], "quantity": "5", "condition": "resellable"}]})
}

fn act(rma: &Value, action: &str, body: Value) -> (String, Value) {
    (format!("/v1/returns/{}/{action}", id_of(rma)), body)
}

/// One of the two won, and the other was told what it expected.
#[track_caller]
fn one_wins(answers: [Answer; 2], won: u16, refusal: &str) {
    let [one, other] = answers.map(|answer| answer.one_of(&[(won, ""), (409, refusal)]).status);
    assert_eq!(one.min(other), won, "one of them is done");
    assert_eq!(one.max(other), 409, "and the other is not");
}

#[actix_web::test]
async fn two_returns_of_the_same_units() {
    let scene = Scene::open().await;
    for _ in 0..ROUNDS {
        let order = scene.sold().await;
        let answers = scene.both(("/v1/returns".into(), ask(&order)), ("/v1/returns".into(), ask(&order))).await;
        one_wins(answers, 201, "exceeds_returnable");
    }
    scene.done();
}

#[actix_web::test]
async fn two_receipts_of_the_same_units() {
    let scene = Scene::open().await;
    for _ in 0..ROUNDS {
        let order = scene.sold().await;
        let rma = scene.authorized(&order).await;
        let answers = scene.both(act(&rma, "receive", take_in(&order)), act(&rma, "receive", take_in(&order))).await;
        one_wins(answers, 200, "exceeds_returnable");
    }
    let back = "SELECT sum(quantity)::int8 AS value FROM stock_movement WHERE kind = 'return'";
    assert_eq!(number(&scene.app.database, back), 5 * ROUNDS as i64);
    scene.done();
}

#[actix_web::test]
async fn a_return_is_called_off_while_it_arrives() {
    let scene = Scene::open().await;
    for _ in 0..ROUNDS {
        let order = scene.sold().await;
        let rma = scene.authorized(&order).await;
        let answers = scene.both(act(&rma, "receive", take_in(&order)), act(&rma, "cancel", json!({}))).await;
        one_wins(answers, 200, "invalid_transition");
    }
    scene.done();
}

#[actix_web::test]
async fn an_order_is_cancelled_while_a_part_of_it_comes_back() {
    let scene = Scene::open().await;
    for _ in 0..ROUNDS {
        let order = scene.client().post("/v1/orders", &order(&[(0, 5)], "refuse")).await.expect(201);
        let work = scene.client().get(&format!("/v1/fulfillment_orders?order_id={}", id_of(&order))).await.expect(200);
        let part = json!({"carrier": "jne", "lines": [{"order_line_id": order["lines"][0]["id"], "quantity": "3"}]});
        scene.client().post(&format!("/v1/fulfillment_orders/{}/ship", id_of(&work["data"][0])), &part).await.expect(201);
        let mut asked = ask(&order);
        asked["lines"][0]["quantity"] = json!("3");
        let rma = scene.client().post("/v1/returns", &asked).await.expect(201);
        scene.client().post(&format!("/v1/returns/{}/authorize", id_of(&rma)), &json!({})).await.expect(200);
        let mut arrived = take_in(&order);
        arrived["lines"][0]["quantity"] = json!("3");
        let cancel = (format!("/v1/orders/{}/cancel", id_of(&order)), json!({"reason": {"code": "customer_request"}}));
        for answer in scene.both(act(&rma, "receive", arrived), cancel).await {
            answer.expect(200);
        }
        scene.client().post(&format!("/v1/returns/{}/complete", id_of(&rma)), &json!({})).await.expect(200);
        let over = scene.client().get(&format!("/v1/orders/{}", id_of(&order))).await.expect(200);
        assert_eq!(
            (&over["status"], &over["return_status"], &over["uninvoiced_total"]),
            (&json!("completed"), &json!("returned"), &json!("0.00"))
        );
    }
    scene.done();
}

#[actix_web::test]
async fn a_return_is_settled_twice() {
    let scene = Scene::open().await;
    for _ in 0..ROUNDS {
        let order = scene.sold().await;
        scene.paid(&order).await;
        let rma = scene.received(&order).await;
        let complete = || act(&rma, "complete", json!({"refund": true}));
        one_wins(scene.both(complete(), complete()).await, 200, "invalid_transition");
    }
    let count = |table: &str| number(&scene.app.database, &format!("SELECT count(*) AS value FROM {table}"));
    assert_eq!((count("credit_note"), count("refund")), (ROUNDS as i64, ROUNDS as i64));
    scene.done();
}

#[actix_web::test]
async fn a_return_is_settled_while_money_goes_back_by_hand() {
    let scene = Scene::open().await;
    for round in 0..ROUNDS {
        let order = scene.sold().await;
        let payment = scene.paid(&order).await;
        let rma = scene.received(&order).await;
        let amount = if round % 2 == 0 { order["total"].clone() } else { json!("10000.00") };
        let by_hand = (format!("/v1/payments/{}/refund", id_of(&payment)), json!({"amount": amount, "reason": "by hand"}));
        let [settled, refunded] = scene.both(act(&rma, "complete", json!({"refund": true})), by_hand).await;
        settled.expect(200);
        refunded.one_of(&[(201, ""), (409, "exceeds_captured"), (409, "invalid_transition")]);
    }
    let over = "SELECT count(*) AS value FROM payment WHERE amount_refunded > amount_captured";
    assert_eq!(number(&scene.app.database, over), 0);
    scene.done();
}

#[actix_web::test]
async fn a_return_is_settled_while_its_units_are_credited_by_hand() {
    let scene = Scene::open().await;
    for _ in 0..ROUNDS {
        let order = scene.sold().await;
        scene.paid(&order).await;
        let rma = scene.received(&order).await;
        let invoices = scene.client().get(&format!("/v1/invoices?order_id={}", id_of(&order))).await.expect(200);
        let lines = json!([{"order_line_id": order["lines"][0]["id"], "quantity": "4"}]);
        let by_hand =
            ("/v1/credit_notes".to_owned(), json!({"invoice_id": invoices["data"][0]["id"], "reason": "by hand", "lines": lines}));
        let [settled, credited] = scene.both(act(&rma, "complete", json!({"refund": true})), by_hand).await;
        let settled = settled.expect(200);
        let credited = credited.one_of(&[(201, ""), (409, "exceeds_invoiced")]);
        let here = settled["lines"][0]["credited_quantity"].as_str().unwrap();
        assert_eq!(here, if credited.status == 201 { "1" } else { "5" });
    }
    scene.done();
}

#[actix_web::test]
async fn goods_are_invoiced_while_they_come_back() {
    let scene = Scene::open().await;
    for _ in 0..ROUNDS {
        let order = scene.shipped().await;
        let rma = scene.authorized(&order).await;
        let bill = (format!("/v1/orders/{}/invoices", id_of(&order)), json!({}));
        let [arrived, billed] = scene.both(act(&rma, "receive", take_in(&order)), bill).await;
        let arrived = arrived.expect(200);
        let billed = billed.one_of(&[(201, ""), (409, "nothing_to_invoice")]);
        let uninvoiced = arrived["lines"][0]["uninvoiced_quantity"].as_str().unwrap();
        assert_eq!(uninvoiced, if billed.status == 201 { "0" } else { "5" });
        scene.client().post(&format!("/v1/returns/{}/complete", id_of(&rma)), &json!({})).await.expect(200);
        let over = scene.client().get(&format!("/v1/orders/{}", id_of(&order))).await.expect(200);
        assert_eq!((&over["status"], &over["amount_due"]), (&json!("completed"), &json!("0.00")));
    }
    scene.done();
}

#[actix_web::test]
async fn a_carrier_says_it_many_times_at_once() {
    let scene = Scene::open().await;
    for _ in 0..ROUNDS {
        let order = scene.shipped().await;
        let shipments = scene.client().get(&format!("/v1/shipments?order_id={}", id_of(&order))).await.expect(200);
        let path = format!("/v1/shipments/{}/tracking_events", id_of(&shipments["data"][0]));
        let events = (0..6).map(|i| json!({"status": "returned", "occurred_at": format!("2026-03-02T01:0{}:00Z", i / 2)}));
        at_once(6, events, async |event| scene.servers[0].post(&path, &event).await.expect(200)).await;
        let returns = scene.client().get(&format!("/v1/returns?order_id={}", id_of(&order))).await.expect(200);
        assert_eq!(returns["data"].as_array().unwrap().len(), 1);
    }
    scene.done();
}
