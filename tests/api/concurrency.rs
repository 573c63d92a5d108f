//! Many at once: nothing is promised twice, nothing is done twice, nobody sees a deadlock.

use crate::support::app::TestApp;
use crate::support::load::{
    Answer, Client, Random, are_blocked, assert_no_deadlock, at_once, customer, id_of, number, open_shop, order, prove, sku, stock,
};
use diesel::connection::SimpleConnection;
use pesanan::error::Error;
use pesanan::platform::idempotency::lock_wait;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const CLIENTS: usize = 64;
const SKUS: usize = 50;

/// What was allocated of each SKU, by the answers.
fn allocated(answers: &[Answer]) -> BTreeMap<String, i64> {
    let mut sums = BTreeMap::new();
    for answer in answers.iter().filter(|answer| answer.status == 201) {
        for line in answer.body()["lines"].as_array().unwrap() {
            let quantity: i64 = line["allocated_quantity"].as_str().unwrap().parse().unwrap();
            *sums.entry(line["sku"].as_str().unwrap().to_owned()).or_default() += quantity;
        }
    }
    sums
}

fn numbers(answers: &[Answer]) -> BTreeSet<String> {
    answers.iter().filter(|answer| answer.status == 201).map(|answer| answer.body()["number"].as_str().unwrap().to_owned()).collect()
}

fn placed(answers: &[Answer]) -> usize {
    answers.iter().filter(|answer| answer.status == 201).count()
}

#[actix_web::test]
async fn scarce_stock_is_sold_out_exactly_and_never_oversold() {
    const STOCK: [usize; 2] = [4, 6];
    const DEMAND: usize = 20;
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", SKUS, |_| STOCK).await;
    let mut work: Vec<Value> = (0..SKUS * DEMAND).map(|i| order(&[(i % SKUS, 1)], "refuse")).collect();
    Random::seeded(1).shuffle(&mut work);
    let work = work.into_iter().enumerate();
    let answers = at_once(CLIENTS, work, async |(i, body): (usize, Value)| {
        client.post_patiently("/v1/orders", &format!("scarce-{i}"), &body).await.one_of(&[(201, ""), (409, "insufficient_stock")])
    })
    .await;
    assert_eq!(answers.len(), SKUS * DEMAND);
    assert_eq!(placed(&answers), SKUS * 10);
    assert_eq!(numbers(&answers).len(), placed(&answers));
    let sold: BTreeMap<String, i64> = (0..SKUS).map(|i| (sku(i), 10)).collect();
    assert_eq!(allocated(&answers), sold);
    assert_eq!(stock(&client).await, (0..SKUS).map(|i| (sku(i), [10, 10, 0])).collect());
    prove(&app.database);
    assert_no_deadlock(&app.database);
}

#[actix_web::test]
async fn orders_of_many_lines_refused_held_and_backordered_take_all_the_stock_there_is() {
    const ORDERS: usize = 2_000;
    const STOCK: [usize; 2] = [15, 15];
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", SKUS, |_| STOCK).await;
    let servers = [client.clone(), client.at(&app.spawn_second())];
    let mut random = Random::seeded(2);
    let mut work = vec![];
    let mut wanted_at_any_rate = vec![0; SKUS];
    for i in 0..ORDERS {
        let lines: Vec<(usize, usize)> = (0..1 + random.below(3)).map(|_| (random.below(SKUS), 1 + random.below(3))).collect();
        let on_shortage = *random.one_of(&["refuse", "refuse", "refuse", "backorder", "backorder", "hold"]);
        if on_shortage != "refuse" {
            lines.iter().for_each(|(sku, quantity)| wanted_at_any_rate[*sku] += quantity);
        }
        work.push((i, order(&lines, on_shortage)));
    }
    assert!(
        wanted_at_any_rate.iter().all(|wanted| *wanted > 30),
        "whatever the order of events, everything is sold: {wanted_at_any_rate:?}"
    );
    let answers = at_once(CLIENTS, work, async |(i, body): (usize, Value)| {
        servers[i % 2].post_patiently("/v1/orders", &format!("many-{i}"), &body).await.one_of(&[(201, ""), (409, "insufficient_stock")])
    })
    .await;
    assert_eq!(numbers(&answers).len(), placed(&answers), "two servers never give the same number");
    assert_eq!(allocated(&answers), (0..SKUS).map(|i| (sku(i), 30)).collect());
    assert_eq!(stock(&client).await, (0..SKUS).map(|i| (sku(i), [30, 30, 0])).collect());
    prove(&app.database);
    assert_no_deadlock(&app.database);
}

/// One order's worth of stock, so that a repetition which is not recognized as one finds none.
async fn shop_with_one_left(app: &TestApp) -> [Client; 2] {
    let client = open_shop(app, "shop", 2, |_| [1, 1]).await;
    let second = client.at(&app.spawn_second());
    [client, second]
}

const LAST_ONES: [(usize, usize); 2] = [(1, 2), (0, 2)];

fn orders_stored(app: &TestApp) -> i64 {
    number(&app.database, "SELECT count(*) AS value FROM sales_order")
}

async fn cancel(client: &Client, order: &Value) {
    let body = json!({"reason": {"code": "customer_request"}});
    client.post(&format!("/v1/orders/{}/cancel", id_of(order)), &body).await.expect(200);
}

#[actix_web::test]
async fn one_key_sent_fifty_times_at_once_makes_one_order_and_fifty_equal_answers() {
    let app = TestApp::spawn().await;
    let servers = shop_with_one_left(&app).await;
    for round in 0..6 {
        let (key, body) = (format!("key-{round}"), order(&LAST_ONES, ["refuse", "backorder"][round % 2]));
        let answers = at_once(50, 0..50, async |i: usize| servers[i % 2].post_once("/v1/orders", &key, &body).await).await;
        let placed = answers[0].expect(201);
        for answer in &answers {
            answer.expect(201);
            assert_eq!(answer.bytes, answers[0].bytes);
        }
        assert_eq!(answers.iter().filter(|answer| answer.replayed).count(), 49);
        assert_eq!(orders_stored(&app), round as i64 + 1);
        cancel(&servers[0], &placed).await;
        let later = servers[1].post_once("/v1/orders", &key, &body).await;
        assert_eq!((later.bytes, later.replayed), (answers[0].bytes.clone(), true), "the answer of that time, whatever came after");
    }
    prove(&app.database);
    assert_no_deadlock(&app.database);
}

#[actix_web::test]
async fn one_external_id_sent_fifty_times_at_once_makes_one_order() {
    let app = TestApp::spawn().await;
    let servers = shop_with_one_left(&app).await;
    for round in 0..6 {
        let mut body = order(&LAST_ONES, ["refuse", "backorder"][round % 2]);
        body["external_id"] = json!(format!("web-{round}"));
        let answers = at_once(50, 0..50, async |i: usize| servers[i % 2].post("/v1/orders", &body).await).await;
        let first = answers.iter().find(|answer| answer.status == 201).unwrap().expect(201);
        for answer in &answers {
            assert!(answer.status == 201 || (answer.status == 200 && answer.replayed), "{} {:#}", answer.status, answer.body());
            assert_eq!(answer.body()["id"], first["id"]);
        }
        assert_eq!(placed(&answers), 1);
        assert_eq!(orders_stored(&app), round as i64 + 1);
        cancel(&servers[0], &first).await;
    }
    prove(&app.database);
    assert_no_deadlock(&app.database);
}

#[actix_web::test]
async fn different_orders_under_one_external_id_or_one_key_are_refused_but_the_first() {
    let app = TestApp::spawn().await;
    let servers = shop_with_one_left(&app).await;
    let body = |i: usize| {
        let mut body = order(&LAST_ONES, "refuse");
        body["note"] = json!(format!("one of its own, {i}"));
        body
    };
    for round in 0..4 {
        let answers = at_once(50, 0..50, async |i: usize| {
            let mut body = body(i);
            body["external_id"] = json!(format!("web-{round}"));
            servers[i % 2].post("/v1/orders", &body).await.one_of(&[(201, ""), (409, "external_id_conflict")])
        })
        .await;
        assert_eq!(placed(&answers), 1);
        let first = answers.iter().find(|answer| answer.status == 201).unwrap().body();
        assert!(answers.iter().all(|answer| answer.status == 201 || answer.body()["order_id"] == first["id"]));
        cancel(&servers[0], &first).await;

        let key = format!("key-{round}");
        let answers = at_once(50, 0..50, async |i: usize| {
            servers[i % 2].post_once("/v1/orders", &key, &body(i)).await.one_of(&[(201, ""), (422, "idempotency_key_reused")])
        })
        .await;
        assert_eq!(placed(&answers), 1);
        cancel(&servers[0], &answers.iter().find(|answer| answer.status == 201).unwrap().body()).await;
    }
    prove(&app.database);
    assert_no_deadlock(&app.database);
}

#[actix_web::test]
async fn a_credit_limit_for_ten_confirms_ten_of_fifty_at_once() {
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", 3, |_| [500, 500]).await;
    let servers = [client.clone(), client.at(&app.spawn_second())];
    // 2 × 10,000 and 11 % tax.
    let limit = json!({"credit_limit": "222000.00", "currency": "IDR"});
    let customer_id = customer(&client, "C-2", limit).await;
    customer(&client, "C-3", json!({"bill_to_customer_id": customer_id})).await;
    let place = async |i: usize| {
        let mut body = order(&[(i % 3, 2)], "refuse");
        body["customer_code"] = json!(["C-2", "C-3"][i / 2 % 2]);
        servers[i % 2].post("/v1/orders", &body).await.expect(201)
    };
    let balance = || number(&app.database, "SELECT sum(open_orders)::bigint AS value FROM customer_balance");
    let orders = at_once(50, 0..50, place).await;
    let held: Vec<&Value> = orders.iter().filter(|order| order["status"] == "on_hold").collect();
    assert!(held.iter().all(|order| order["holds"][0]["code"] == "credit_limit"));
    let confirmed: Vec<&Value> = orders.iter().filter(|order| order["status"] == "confirmed").collect();
    assert_eq!((confirmed.len(), held.len()), (10, 40));
    assert_eq!(balance(), 222_000);
    prove(&app.database);

    // Four cancelled while twenty more come in: four of the twenty get the room, or fewer where they come too early.
    let mixed = at_once(24, 0..24, async |i: usize| {
        if i.is_multiple_of(6) {
            cancel(&servers[i % 2], confirmed[i / 6]).await;
            None
        } else {
            Some(place(i).await)
        }
    })
    .await;
    let more = mixed.iter().flatten().filter(|order| order["status"] == "confirmed").count() as i64;
    assert!(more <= 4);
    assert_eq!(balance(), 22_200 * (6 + more));
    prove(&app.database);

    // A person decides: what is released counts, whatever the limit. Two who release the same hold at once do it once.
    let answers = at_once(80, (0..40).chain(0..40).enumerate(), async |(i, order): (usize, usize)| {
        let order = held[order];
        let path = format!("/v1/orders/{}/holds/{}/release", id_of(order), id_of(&order["holds"][0]));
        servers[i % 2].post(&path, &json!({"reason": "paid by phone"})).await.one_of(&[(200, ""), (409, "hold_released")])
    })
    .await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 40);
    assert_eq!(balance(), 22_200 * (46 + more));
    prove(&app.database);
    assert_no_deadlock(&app.database);
}

#[actix_web::test]
async fn one_email_address_in_thirty_orders_at_once_makes_one_customer() {
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", 2, |_| [10, 10]).await;
    let servers = [client.clone(), client.at(&app.spawn_second())];
    let address = json!({"name": "Siti", "line1": "Jl. Braga 12", "city": "Bandung", "country": "ID"});
    let guest = |email: &str, quantity: usize| {
        let mut body = order(&[(0, quantity)], "refuse");
        body.as_object_mut().unwrap().remove("customer_code");
        body["customer"] = json!({"name": "Siti", "email": email});
        body["shipping_address"] = address.clone();
        body
    };
    let answers = at_once(30, 0..30, async |i: usize| {
        let body = guest(["siti@example.com", "Siti@Example.com"][i / 2 % 2], 1);
        servers[i % 2].post("/v1/orders", &body).await.one_of(&[(201, ""), (409, "insufficient_stock")])
    })
    .await;
    assert_eq!(placed(&answers), 20);
    let customers: BTreeSet<String> =
        answers.iter().filter(|answer| answer.status == 201).map(|answer| id_of(&answer.body()["customer"])).collect();
    assert_eq!(customers.len(), 1);
    let guests = || number(&app.database, "SELECT count(*) AS value FROM customer WHERE guest");
    assert_eq!(guests(), 1);
    prove(&app.database);

    // A refused order stores nothing, no customer either.
    let refused = at_once(10, 0..10, async |i: usize| {
        servers[i % 2].post("/v1/orders", &guest(["budi@example.com", "tuti@example.com"][i / 2 % 2], 1)).await.code()
    });
    assert_eq!(refused.await, ["insufficient_stock"; 10]);
    assert_eq!(guests(), 1);
    prove(&app.database);
    assert_no_deadlock(&app.database);
}

/// While a guest's order waits for its claim, the guest becomes a customer with a credit limit that the order exceeds.
#[actix_web::test]
async fn what_changes_under_an_order_is_decided_anew() {
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", 2, |_| [10, 10]).await;
    let mut body = order(&[(0, 2)], "refuse");
    body.as_object_mut().unwrap().remove("customer_code");
    body["customer"] = json!({"name": "Siti", "email": "siti@example.com"});
    body["shipping_address"] = json!({"name": "Siti", "line1": "Jl. Braga 12", "city": "Bandung", "country": "ID"});
    let mut holder = app.database.connect();
    holder.batch_execute("BEGIN; LOCK TABLE claim IN SHARE MODE").unwrap();
    let change = async {
        let mut blocked = false;
        while !blocked {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            blocked = are_blocked(&mut holder, 1);
        }
        let more = json!({"email": "siti@example.com", "credit_limit": "10000", "currency": "IDR"});
        let id = customer(&client, "C-SITI", more).await;
        holder.batch_execute("ROLLBACK").unwrap();
        id
    };
    let (answer, customer_id) = tokio::join!(client.post("/v1/orders", &body), change);
    let placed = answer.expect(201);
    assert_eq!((&placed["customer"]["id"], &placed["status"]), (&json!(customer_id), &json!("confirmed")), "{placed:#}");
    assert_ne!(placed["bill_to"]["id"], customer_id, "by the address alone the account does not pay");
    prove(&app.database);
}

#[actix_web::test]
async fn whatever_is_sent_twenty_times_at_once_with_one_key_happens_once() {
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", 1, |_| [5, 0]).await;
    let servers = [client.clone(), client.at(&app.spawn_second())];
    let once = async |path: &str, body: &Value, status: u16| {
        let answers = at_once(20, 0..20, async |i: usize| servers[i % 2].post_once(path, "the key", body).await).await;
        for answer in &answers {
            answer.expect(status);
            assert_eq!(answer.bytes, answers[0].bytes);
        }
        assert_eq!(answers.iter().filter(|answer| answer.replayed).count(), 19, "{path}");
        answers[0].body()
    };
    once("/v1/inventory/receipts", &json!({"location": "jakarta-1", "lines": [{"sku": "SKU-00", "quantity": "5"}]}), 201).await;
    let order = once("/v1/orders", &order(&[(0, 4)], "refuse"), 201).await;
    let work = client.get(&format!("/v1/fulfillment_orders?order_id={}", id_of(&order))).await.expect(200)["data"][0].clone();
    let part = json!({"carrier": "jne", "lines": [{"order_line_id": work["lines"][0]["order_line_id"], "quantity": "3"}]});
    once(&format!("/v1/fulfillment_orders/{}/ship", id_of(&work)), &part, 201).await;
    once(&format!("/v1/orders/{}/cancel", id_of(&order)), &json!({"reason": {"code": "customer_request"}}), 200).await;
    let invoice = once(&format!("/v1/orders/{}/invoices", id_of(&order)), &json!({}), 201).await;
    let payment = json!({"invoice_id": invoice["id"], "amount": invoice["total"], "currency": "IDR", "method": "cash"});
    let payment = once("/v1/payments", &payment, 201).await;
    once(&format!("/v1/payments/{}/refund", id_of(&payment)), &json!({"amount": "10000", "reason": "a torn bag"}), 201).await;
    assert_eq!(stock(&client).await, [(sku(0), [7, 0, 7])].into());
    prove(&app.database);
    assert_no_deadlock(&app.database);
}

#[actix_web::test]
async fn only_a_wait_for_a_claim_is_told_as_a_request_in_flight() {
    let app = TestApp::spawn().await;
    let organization_id = app.organization("shop").await;
    let (mut holder, mut asking) = (app.database.connect(), app.database.connect());
    let claim = "INSERT INTO claim (organization_id, kind, key, subject_id, hash, status, created_at)";
    holder.batch_execute(&format!("BEGIN; {claim} VALUES ('{organization_id}', 'k', 'mine', '{organization_id}', '', 0, now())")).unwrap();
    let mut told = |claims: &[(&str, &str)], cause: &str| {
        let cause = diesel::result::Error::DatabaseError(diesel::result::DatabaseErrorKind::Unknown, Box::new(cause.to_owned()));
        let error = lock_wait(&mut asking, organization_id.0, claims, Error::Database(cause));
        (actix_web::ResponseError::status_code(&error).as_u16(), error.problem("")["code"].as_str().unwrap().to_owned())
    };
    let timeout = "canceling statement due to lock timeout";
    assert_eq!(told(&[("x", "direct/7"), ("k", "mine")], timeout), (409, "idempotency_in_flight".to_owned()));
    assert_eq!(told(&[("x", "direct/7"), ("k", "another")], timeout), (503, "unavailable".to_owned()));
    assert_eq!(told(&[("k", "mine")], "division by zero"), (500, "internal_error".to_owned()));
    holder.batch_execute("ROLLBACK").unwrap();
    assert_eq!(told(&[("k", "mine")], timeout), (503, "unavailable".to_owned()), "asking leaves no claim behind");

    // A row that somebody else works on is no twin, whatever the request's key.
    let client = open_shop(&app, "busy", 1, |_| [5, 0]).await;
    let placed = client.post("/v1/orders", &order(&[(0, 1)], "refuse")).await.expect(201);
    let id = placed["id"].as_str().unwrap();
    holder.batch_execute(&format!("BEGIN; SELECT 1 FROM sales_order WHERE id = '{id}' FOR UPDATE")).unwrap();
    let cancel = client.post_once(&format!("/v1/orders/{id}/cancel"), "busy", &json!({"reason": {"code": "customer_request"}})).await;
    holder.batch_execute("ROLLBACK").unwrap();
    assert_eq!((cancel.status, cancel.code()), (503, "unavailable".to_owned()));
}
