//! Many at once: nothing is promised twice, nothing is done twice, nobody sees a deadlock.

use crate::support::app::TestApp;
use crate::support::load::{
    Answer, Client, LOCATIONS, Random, assert_no_deadlock, at_once, customer, id_of, number, open_shop, order, prove, sku, stock, units,
};
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

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
    let answers = at_once(CLIENTS, work, async |body| {
        client.post("/v1/orders", &body).await.one_of(&[(201, ""), (409, "insufficient_stock")])
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
    assert!(wanted_at_any_rate.iter().all(|wanted| *wanted > 30), "whatever the order of events, everything is sold: {wanted_at_any_rate:?}");
    let answers = at_once(CLIENTS, work, async |(i, body)| {
        servers[i % 2].post("/v1/orders", &body).await.one_of(&[(201, ""), (409, "insufficient_stock")])
    })
    .await;
    assert_eq!(numbers(&answers).len(), placed(&answers), "two servers never give the same number");
    assert_eq!(allocated(&answers), (0..SKUS).map(|i| (sku(i), 30)).collect());
    assert_eq!(stock(&client).await, (0..SKUS).map(|i| (sku(i), [30, 30, 0])).collect());
    prove(&app.database);
    assert_no_deadlock(&app.database);
}

/// One order's worth of stock, so that a repetition which is not recognized finds none and says so.
async fn shop_with_one(app: &TestApp) -> [Client; 2] {
    let client = open_shop(app, "shop", 2, |_| [1, 1]).await;
    let second = client.at(&app.spawn_second());
    [client, second]
}

const LAST_ONES: [(usize, usize); 2] = [(1, 2), (0, 2)];

#[actix_web::test]
async fn one_key_sent_fifty_times_at_once_makes_one_order_and_fifty_equal_answers() {
    let app = TestApp::spawn().await;
    let servers = shop_with_one(&app).await;
    for on_shortage in ["refuse", "backorder"] {
        let body = order(&LAST_ONES, on_shortage);
        let answers = at_once(50, 0..50, async |i: usize| servers[i % 2].post_once("/v1/orders", on_shortage, &body).await).await;
        let first = answers[0].expect(201);
        for answer in &answers {
            answer.expect(201);
            assert_eq!(answer.bytes, answers[0].bytes);
        }
        assert_eq!(answers.iter().filter(|answer| answer.replayed).count(), 49);
        assert_eq!(servers[0].get("/v1/orders").await.expect(200)["data"].as_array().unwrap().len(), 1);
        prove(&app.database);
        let cancel = json!({"reason": {"code": "customer_request"}});
        servers[0].post(&format!("/v1/orders/{}/cancel", id_of(&first)), &cancel).await.expect(200);
        let again = servers[1].post_once("/v1/orders", on_shortage, &body).await;
        assert_eq!((again.bytes, again.replayed), (answers[0].bytes.clone(), true), "the answer of that time, whatever came after");
        diesel::RunQueryDsl::execute(diesel::sql_query("SELECT 1"), &mut app.database.connect()).unwrap();
        if on_shortage == "refuse" {
            assert_eq!(number(&app.database, "SELECT count(*) AS value FROM sales_order"), 1);
        }
        forget_orders(&app);
    }
    assert_no_deadlock(&app.database);
}
