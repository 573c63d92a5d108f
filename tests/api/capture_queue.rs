//! The queue before capture: orders that wait together, each with an outcome of its own, and master data that is never out of date.

use crate::support::app::TestApp;
use crate::support::load::{Client, at_once, customer, number, open_shop, order, prove};
use diesel::connection::SimpleConnection;
use pesanan::app::Application;
use pesanan::config::Config;
use serde_json::{Value, json};
use std::time::Duration;

const SKUS: usize = 6;

/// What a SKU-00 costs now.
async fn price(client: &Client) -> usize {
    net(&client.post("/v1/orders", &order(&[(0, 1)], "refuse")).await.expect(201))
}

fn net(order: &Value) -> usize {
    rupiah(&order["lines"][0]["net_amount"])
}

fn rupiah(amount: &Value) -> usize {
    amount.as_str().unwrap().strip_suffix(".00").unwrap().parse().unwrap()
}

#[actix_web::test]
async fn a_change_of_master_data_is_seen_by_the_next_order_in_every_process() {
    let app = TestApp::spawn().await;
    let first = open_shop(&app, "shop", SKUS, |_| [50, 50]).await;
    let second = first.at(&app.spawn_second());
    for (i, client) in [&first, &second, &first, &second].into_iter().enumerate() {
        // Both remember the price of the round before.
        let expected = if i == 0 { 10_000 } else { 20_000 + i };
        assert_eq!((price(&first).await, price(&second).await), (expected, expected));
        let changed = json!([{"price_list": "default", "sku": "SKU-00", "currency": "IDR", "unit_price": (20_001 + i).to_string()}]);
        client.put("/v1/prices", &changed).await.expect(200);
    }

    // A customer's own list, which gets its first price of this product only now.
    customer(&first, "C-2", json!({"price_list": "friends"})).await;
    let of_friend = || json!({"customer_code": "C-2", "lines": [{"sku": "SKU-00", "quantity": "1"}]});
    assert_eq!(net(&second.post("/v1/orders", &of_friend()).await.expect(201)), 20_004);
    let own = json!([{"price_list": "friends", "sku": "SKU-00", "currency": "IDR", "unit_price": "7000"}]);
    first.put("/v1/prices", &own).await.expect(200);
    assert_eq!(net(&second.post("/v1/orders", &of_friend()).await.expect(201)), 7_000);

    // Customer, product, tax, location: each is changed at one server and seen at the other.
    let hold = |answer: &Value| answer["holds"][0]["code"].clone();
    let found = first.get("/v1/customers?code=C-2").await.expect(200);
    let id = found["data"][0]["id"].as_str().unwrap().to_owned();
    let blocked = first.send(reqwest::Method::PATCH, &format!("/v1/customers/{id}"), None, Some(&json!({"blocked": true}))).await.unwrap();
    blocked.expect(200);
    assert_eq!(hold(&second.post("/v1/orders", &of_friend()).await.expect(201)), "customer_blocked");

    let product = json!([{"sku": "SKU-01", "name": "SKU-01", "unit": "C62", "tax_category": "standard", "active": false}]);
    second.post("/v1/orders", &order(&[(1, 1)], "refuse")).await.expect(201);
    first.put("/v1/products", &product).await.expect(200);
    assert_eq!(hold(&second.post("/v1/orders", &order(&[(1, 1)], "refuse")).await.expect(201)), "product_inactive");

    let placed = second.post("/v1/orders", &order(&[(2, 1)], "refuse")).await.expect(201);
    assert_eq!((rupiah(&placed["tax_total"]), allocated_at(&placed)), (1_100, "jakarta-1"));
    let rates = json!([{"country": "ID", "tax_category": "standard", "tax_scheme_category": "S", "name": "PPN", "rate": "0.10"}]);
    first.put("/v1/tax_rates", &rates).await.expect(200);
    let location = json!({"name": "Surabaya", "kind": "warehouse", "priority": 1});
    first.put("/v1/locations/surabaya-1", &location).await.expect(200);
    let placed = second.post("/v1/orders", &order(&[(2, 1)], "refuse")).await.expect(201);
    assert_eq!((rupiah(&placed["tax_total"]), allocated_at(&placed)), (1_000, "surabaya-1"));

    // Also what somebody changes behind the application's back.
    let update = "UPDATE price SET unit_price = 1234 WHERE sku = 'SKU-00' AND price_list = 'default'";
    app.database.connect().batch_execute(update).unwrap();
    assert_eq!((price(&first).await, price(&second).await), (1_234, 1_234));
    prove(&app.database);
}

fn allocated_at(order: &Value) -> &str {
    order["lines"][0]["allocations"][0]["location"].as_str().unwrap()
}

#[actix_web::test]
async fn an_order_that_the_database_refuses_fails_nobody_else() {
    const ORDERS: usize = 60;
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", SKUS, |_| [500, 500]).await;
    let poison = "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'poison'; END $$; \
        CREATE TRIGGER poison BEFORE INSERT ON order_line FOR EACH ROW WHEN (NEW.sku = 'SKU-05') EXECUTE FUNCTION poison()";
    app.database.connect().batch_execute(poison).unwrap();
    let answers = at_once(30, 0..ORDERS, async |i: usize| {
        let sku = if i.is_multiple_of(10) { 5 } else { i % 5 };
        (sku, client.post("/v1/orders", &order(&[(sku, 1)], "refuse")).await)
    });
    for (sku, answer) in answers.await {
        answer.expect(if sku == 5 { 500 } else { 201 });
    }
    assert_eq!(number(&app.database, "SELECT count(*) AS value FROM sales_order"), (ORDERS - ORDERS / 10) as i64);
    prove(&app.database);
}

#[actix_web::test]
async fn a_full_queue_says_when_to_come_again_and_loses_nothing() {
    const ORDERS: usize = 200;
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", SKUS, |_| [500, 500]).await;
    let config = Config { capture_writers: 1, capture_batch: 2, capture_queue_length: 3, ..app.app.config.clone() };
    let Application { address, server, .. } = Application::build(config).unwrap();
    actix_web::rt::spawn(server);
    let narrow = client.at(&format!("http://{address}"));
    let answers = at_once(40, 0..ORDERS, async |i: usize| {
        narrow
            .post_once("/v1/orders", &format!("order-{i}"), &order(&[(i % SKUS, 1)], "refuse"))
            .await
            .one_of(&[(201, ""), (503, "unavailable")])
    });
    let answers = answers.await;
    let refused = answers.iter().filter(|answer| answer.status == 503).count();
    assert!(refused > 0 && refused < ORDERS, "{refused} of {ORDERS} were told to come again");
    // Who comes again is served.
    let again = at_once(2, 0..ORDERS, async |i: usize| {
        narrow.post_once("/v1/orders", &format!("order-{i}"), &order(&[(i % SKUS, 1)], "refuse")).await.expect(201)
    });
    assert_eq!(again.await.len(), ORDERS);
    assert_eq!(number(&app.database, "SELECT count(*) AS value FROM sales_order"), ORDERS as i64);
    prove(&app.database);
}

#[actix_web::test]
async fn two_orders_of_one_purchase_order_are_told_apart_from_one_order_sent_twice_even_when_they_wait_together() {
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", SKUS, |_| [500, 500]).await;
    let mut body = order(&[(0, 1)], "refuse");
    body["purchase_order_number"] = json!("PO-7");
    let answers = at_once(20, 0..20, async |_: usize| client.post("/v1/orders", &body).await.expect(201)).await;
    let held = answers.iter().filter(|answer| answer["holds"][0]["code"] == "suspected_duplicate").count();
    // One batch per writer may not see the other's.
    assert!((18..=19).contains(&held), "{held} of 20 are held");
    prove(&app.database);
}

#[actix_web::test]
async fn stopping_answers_everybody_who_was_taken_in() {
    const ORDERS: usize = 120;
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", SKUS, |_| [500, 500]).await;
    let application = Application::build(app.app.config.clone()).unwrap();
    let other = client.at(&format!("http://{}", application.address));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = actix_web::rt::spawn(application.run(async {
        stopped.await.unwrap();
    }));
    let orders = actix_web::rt::spawn(async move {
        at_once(ORDERS, 0..ORDERS, async |i: usize| {
            other.send(reqwest::Method::POST, "/v1/orders", Some(&format!("order-{i}")), Some(&order(&[(i % SKUS, 1)], "refuse"))).await
        })
        .await
    });
    tokio::time::sleep(Duration::from_millis(30)).await;
    stop.send(()).unwrap();
    running.await.unwrap().unwrap();
    let answers = orders.await.unwrap();
    let acknowledged = answers.iter().filter(|answer| answer.as_ref().is_ok_and(|answer| answer.status == 201)).count();
    let stored = number(&app.database, "SELECT count(*) AS value FROM sales_order");
    assert_eq!(acknowledged as i64, stored, "what was stored was acknowledged");
    prove(&app.database);
}

#[actix_web::test]
async fn capture_tells_once_that_stock_runs_low() {
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", SKUS, |_| [10, 0]).await;
    client.put("/v1/inventory/SKU-00/jakarta-1/policy", &json!({"safety_stock": "0", "reorder_point": "5"})).await.expect(200);
    let low = "SELECT count(*) AS value FROM event WHERE type = 'inventory.low_stock'";
    client.post("/v1/orders", &order(&[(0, 5)], "refuse")).await.expect(201);
    assert_eq!(number(&app.database, low), 0, "5 are left");
    client.post("/v1/orders", &order(&[(0, 2), (1, 1)], "refuse")).await.expect(201);
    assert_eq!(number(&app.database, low), 1, "3 are left");
    client.post("/v1/orders", &order(&[(0, 1)], "refuse")).await.expect(201);
    assert_eq!(number(&app.database, low), 1, "told once");
    let events = client.get("/v1/events?type=inventory.low_stock").await.expect(200);
    let told = &events["data"][0]["data"];
    let expected = json!({"sku": "SKU-00", "location": "jakarta-1", "available": "3", "on_hand": "10", "reorder_point": "5"});
    assert_eq!(told, &expected);
    prove(&app.database);
}

#[actix_web::test]
async fn a_row_that_somebody_keeps_locked_holds_up_only_the_orders_that_need_it() {
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", SKUS, |_| [500, 500]).await;
    let mut holder = app.database.connect();
    holder.batch_execute("BEGIN; SELECT 1 FROM stock_level WHERE sku = 'SKU-05' FOR UPDATE").unwrap();
    let (waiting, others) = (order(&[(5, 1)], "refuse"), client.clone());
    let blocked = actix_web::rt::spawn(async move { at_once(4, 0..4, async |_: usize| others.post("/v1/orders", &waiting).await).await });
    let answers = at_once(20, 0..100, async |i: usize| client.post("/v1/orders", &order(&[(i % 5, 1)], "refuse")).await);
    for answer in answers.await {
        answer.expect(201);
    }
    holder.batch_execute("COMMIT").unwrap();
    for answer in blocked.await.unwrap() {
        answer.expect(201);
    }
    assert_eq!(number(&app.database, "SELECT count(*) AS value FROM sales_order"), 104);
    prove(&app.database);
}
