//! Promised dates: by calendar from stock, by peg from incoming supply, kept when supply slips, comes, shrinks or is given up.
//!
//! The clock stands at Monday 2 March 2026, 09:00 in Jakarta; the shop hands over one working day after the order, the way takes
//! three, Monday to Friday. By hand: from stock a line leaves on Tuesday the 3rd and arrives on Friday the 6th. Supply of Tuesday the
//! 10th leaves on the 11th and arrives on Monday the 16th; of Friday the 13th it leaves on the 16th and arrives on the 19th; of
//! Friday the 20th it leaves on the 23rd and arrives on the 26th.

use crate::support::app::TestApp;
use crate::support::load::{Client, at_once, customer, id_of, number, open_shop, order, prove};
use chrono::TimeDelta;
use pesanan::auth::permission::Role;
use serde_json::{Value, json};

const FROM_STOCK: &str = "2026-03-06";
const OF_THE_10TH: &str = "2026-03-16";
const OF_THE_13TH: &str = "2026-03-19";
const OF_THE_20TH: &str = "2026-03-26";

async fn jobs(app: &TestApp) {
    let (db, now) = (app.app.db.clone(), app.clock.now());
    let work = move || {
        pesanan::jobs::fill_backorders(&db, now)?;
        pesanan::jobs::keep_promises(&db, now)
    };
    actix_web::web::block(work).await.unwrap().unwrap();
}

/// The time goes on, and somebody logs in anew.
async fn wait(app: &TestApp, by: TimeDelta) -> Client {
    app.clock.advance(by);
    let shop = pesanan::organization::find_by_code(&mut app.database.connect(), "shop").unwrap().unwrap();
    Client::new(&app.address, &app.caller(shop, Role::Admin).await.token)
}

async fn supply(client: &Client, sku: &str, quantity: u32, on: &str) -> String {
    let body = json!({"sku": sku, "location": "jakarta-1", "quantity": quantity.to_string(), "expected_on": on});
    id_of(&client.post("/v1/inventory/incoming", &body).await.expect(201))
}

async fn place(client: &Client, body: &Value) -> Value {
    client.post("/v1/orders", body).await.expect(201)
}

async fn now(client: &Client, order: &Value) -> Value {
    client.get(&format!("/v1/orders/{}", id_of(order))).await.expect(200)
}

async fn patch(client: &Client, incoming: &str, body: Value) -> Value {
    client.send(reqwest::Method::PATCH, &format!("/v1/inventory/incoming/{incoming}"), None, Some(&body)).await.unwrap().expect(200)
}

async fn receive(client: &Client, incoming: &str, quantity: u32) {
    let line = json!({"sku": "SKU-00", "quantity": quantity.to_string(), "incoming_id": incoming});
    client.post("/v1/inventory/receipts", &json!({"location": "jakarta-1", "lines": [line]})).await.expect(201);
}

async fn pegged(client: &Client, incoming: &str) -> Value {
    client.get(&format!("/v1/inventory/incoming/{incoming}")).await.expect(200)["pegged_quantity"].clone()
}

/// (order number, old date, new date, cause) of each line that was told of, in the order of the events.
async fn changes(client: &Client) -> Vec<(String, Value, Value, String)> {
    let events = client.get("/v1/events?type=order.promise_changed&limit=200").await.expect(200);
    let mut told = vec![];
    for event in events["data"].as_array().unwrap() {
        let data = &event["data"];
        for line in data["lines"].as_array().unwrap() {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            told.push((
                text(&data["number"]),
                line["previous_promised_on"].clone(),
                line["promised_on"].clone(),
                text(&data["cause"]["code"]),
            ));
        }
    }
    told
}

fn told(order: &Value, old: impl Into<Value>, new: impl Into<Value>, cause: &str) -> (String, Value, Value, String) {
    (order["number"].as_str().unwrap().to_owned(), old.into(), new.into(), cause.to_owned())
}

#[actix_web::test]
async fn stock_is_promised_by_cut_off_and_working_days_of_its_location() {
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", 2, |i| if i == 0 { [50, 50] } else { [0, 50] }).await;
    let placed = place(&client, &order(&[(0, 1), (1, 1)], "refuse")).await;
    // The two lines ship from Surabaya, which has both.
    assert_eq!((&placed["promised_on"], &placed["first_promised_on"]), (&json!(FROM_STOCK), &json!(FROM_STOCK)));
    assert_eq!(placed["lines"][1]["promised_on"], FROM_STOCK);
    assert_eq!(now(&client, &placed).await, placed);
    let work = client.get(&format!("/v1/fulfillment_orders?order_id={}", id_of(&placed))).await.expect(200);
    assert_eq!(work["data"][0]["ship_by_on"], "2026-03-03");
    // Surabaya hands over on the same day and works on Saturdays; from noon on it is the next one.
    let own = json!({"handling_days": 0, "cutoff_time": "12:00", "working_days": ["mon", "tue", "wed", "thu", "fri", "sat"]});
    let surabaya = client.send(reqwest::Method::PATCH, "/v1/locations/surabaya-1", None, Some(&own)).await.unwrap().expect(200);
    assert_eq!((&surabaya["handling_days"], &surabaya["cutoff_time"]), (&json!(0), &json!("12:00")));
    let mut requested = order(&[(1, 1)], "refuse");
    assert_eq!(place(&client, &requested).await["promised_on"], "2026-03-05");
    // Wanted later than it can be: promised for then, and to leave three working days before.
    requested["requested_on"] = json!("2026-03-18");
    let later = place(&client, &requested).await;
    assert_eq!(later["promised_on"], "2026-03-18");
    let work = client.get(&format!("/v1/fulfillment_orders?order_id={}", id_of(&later))).await.expect(200);
    assert_eq!(work["data"][0]["ship_by_on"], "2026-03-13");
    // Friday at 12:30 counts for Saturday there: Monday, Tuesday, Wednesday on the road.
    let client = wait(&app, TimeDelta::minutes(4 * 24 * 60 + 210)).await;
    assert_eq!(place(&client, &order(&[(1, 1)], "refuse")).await["promised_on"], "2026-03-11");
    // A draft and a shortage on hold are promised nothing.
    let mut draft = order(&[(0, 1)], "refuse");
    draft["draft"] = json!(true);
    let draft = place(&client, &draft).await;
    assert_eq!(draft["promised_on"], Value::Null);
    let held = place(&client, &order(&[(0, 1), (1, 500)], "hold")).await;
    assert_eq!((&held["lines"][0]["promised_on"].is_null(), &held["lines"][1]["promised_on"]), (&false, &Value::Null));
    // Monday the 9th in Jakarta: leaves on the 10th.
    let confirmed = client.post(&format!("/v1/orders/{}/confirm", id_of(&draft)), &json!({})).await.expect(200);
    assert!(!confirmed["promised_on"].is_null());
    let late = client.get("/v1/orders?promised_before=2026-03-06&status=confirmed").await.expect(200);
    assert_eq!(late["data"].as_array().unwrap().len(), 1, "what was promised for the 5th");
    prove(&app.database);
}

#[actix_web::test]
async fn short_lines_are_pegged_to_supply_first_by_date_and_no_unit_twice() {
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", 1, |_| [2, 0]).await;
    let first = supply(&client, "SKU-00", 5, "2026-03-10").await;
    let second = supply(&client, "SKU-00", 10, "2026-03-13").await;
    let a = place(&client, &order(&[(0, 6)], "backorder")).await;
    assert_eq!((&a["lines"][0]["allocated_quantity"], &a["promised_on"]), (&json!("2"), &json!(OF_THE_10TH)));
    let b = place(&client, &order(&[(0, 4)], "backorder")).await;
    assert_eq!(b["promised_on"], OF_THE_13TH, "one of the 10th and three of the 13th");
    assert_eq!((pegged(&client, &first).await, pegged(&client, &second).await), (json!("5"), json!("3")));
    let pegs = client.get(&format!("/v1/inventory/incoming/{first}/pegs?limit=1")).await.expect(200);
    assert_eq!((&pegs["data"][0]["order_number"], &pegs["data"][0]["quantity"]), (&a["number"], &json!("4")));
    let cursor = pegs["next_cursor"].as_str().unwrap();
    let pegs = client.get(&format!("/v1/inventory/incoming/{first}/pegs?limit=1&cursor={cursor}")).await.expect(200);
    assert_eq!((&pegs["data"][0]["order_line_id"], &pegs["data"][0]["promised_on"]), (&b["lines"][0]["id"], &json!(OF_THE_13TH)));
    assert_eq!(pegs["next_cursor"], Value::Null);
    // What is promised is not available to others.
    let availability = client.get("/v1/inventory/availability?sku=SKU-00&quantity=7").await.expect(200);
    assert_eq!(
        (&availability["available_on"], &availability["incoming"], &availability["pegged"]),
        (&json!("2026-03-13"), &json!("15"), &json!("8"))
    );
    let too_much = client.get("/v1/inventory/availability?sku=SKU-00&quantity=8").await.expect(200);
    assert_eq!(too_much["available_on"], Value::Null);
    let c = place(&client, &order(&[(0, 9)], "backorder")).await;
    assert_eq!((&c["promised_on"], pegged(&client, &second).await), (&Value::Null, json!("10")), "two of them have no supply");
    jobs(&app).await;
    assert_eq!(changes(&client).await, []);
    // Supply is ordered: now it has a day, which is its first.
    supply(&client, "SKU-00", 2, "2026-03-20").await;
    jobs(&app).await;
    let c = now(&client, &c).await;
    assert_eq!((&c["promised_on"], &c["first_promised_on"]), (&json!(OF_THE_20TH), &json!(OF_THE_20TH)));
    assert_eq!(changes(&client).await, [told(&c, Value::Null, OF_THE_20TH, "supply_added")]);
    prove(&app.database);
}

#[actix_web::test]
async fn a_slip_is_told_to_whom_it_hits_in_fair_order_and_the_first_promise_stays() {
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", 1, |_| [0, 0]).await;
    let first = supply(&client, "SKU-00", 5, "2026-03-10").await;
    supply(&client, "SKU-00", 5, "2026-03-13").await;
    let a = place(&client, &order(&[(0, 5)], "backorder")).await;
    app.clock.advance(TimeDelta::seconds(1));
    let b = place(&client, &order(&[(0, 5)], "backorder")).await;
    assert_eq!((&a["promised_on"], &b["promised_on"]), (&json!(OF_THE_10TH), &json!(OF_THE_13TH)));
    patch(&client, &first, json!({"expected_on": "2026-03-20"})).await;
    jobs(&app).await;
    // The older order takes the supply of the 13th over.
    let (a, b) = (now(&client, &a).await, now(&client, &b).await);
    assert_eq!((&a["promised_on"], &a["first_promised_on"]), (&json!(OF_THE_13TH), &json!(OF_THE_10TH)));
    assert_eq!((&b["promised_on"], &b["first_promised_on"]), (&json!(OF_THE_20TH), &json!(OF_THE_13TH)));
    assert_eq!(a["version"], 2);
    let mut expected = vec![told(&a, OF_THE_10TH, OF_THE_13TH, "supply_delayed"), told(&b, OF_THE_13TH, OF_THE_20TH, "supply_delayed")];
    assert_eq!(changes(&client).await, expected);
    // It is to come earlier than ever: both are better off or as before.
    patch(&client, &first, json!({"expected_on": "2026-03-10"})).await;
    jobs(&app).await;
    expected.push(told(&a, OF_THE_13TH, OF_THE_10TH, "supply_advanced"));
    expected.push(told(&b, OF_THE_20TH, OF_THE_13TH, "supply_advanced"));
    assert_eq!(changes(&client).await, expected);
    // Nothing changes: nothing is told.
    patch(&client, &first, json!({"reference": "PO-1"})).await;
    jobs(&app).await;
    assert_eq!(changes(&client).await, expected);
    prove(&app.database);
}

#[actix_web::test]
async fn supply_that_shrinks_or_is_cancelled_leaves_the_last_in_fair_order_without() {
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", 1, |_| [0, 0]).await;
    let first = supply(&client, "SKU-00", 10, "2026-03-10").await;
    let a = place(&client, &order(&[(0, 5)], "backorder")).await;
    app.clock.advance(TimeDelta::seconds(1));
    let b = place(&client, &order(&[(0, 5)], "backorder")).await;
    let reduced = patch(&client, &first, json!({"quantity": "7"})).await;
    assert_eq!(reduced["pegged_quantity"], "7");
    prove(&app.database);
    jobs(&app).await;
    assert_eq!((&now(&client, &a).await["promised_on"], &now(&client, &b).await["promised_on"]), (&json!(OF_THE_10TH), &Value::Null));
    let mut expected = vec![told(&b, OF_THE_10TH, Value::Null, "supply_reduced")];
    assert_eq!(changes(&client).await, expected);
    let cancelled = client.post(&format!("/v1/inventory/incoming/{first}/cancel"), &json!({})).await.expect(200);
    assert_eq!(cancelled["pegged_quantity"], "0");
    prove(&app.database);
    jobs(&app).await;
    expected.push(told(&a, OF_THE_10TH, Value::Null, "supply_cancelled"));
    assert_eq!(changes(&client).await, expected);
    assert_eq!(now(&client, &a).await["first_promised_on"], OF_THE_10TH);
    assert_eq!(number(&app.database, "SELECT count(*) AS value FROM peg"), 0);
    prove(&app.database);
}

#[actix_web::test]
async fn a_part_that_comes_early_serves_the_oldest_and_the_rest_keeps_its_promise() {
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", 1, |_| [0, 0]).await;
    let first = supply(&client, "SKU-00", 10, "2026-03-10").await;
    let a = place(&client, &order(&[(0, 4)], "backorder")).await;
    app.clock.advance(TimeDelta::seconds(1));
    let b = place(&client, &order(&[(0, 6)], "backorder")).await;
    receive(&client, &first, 4).await;
    assert_eq!(pegged(&client, &first).await, "6");
    prove(&app.database);
    jobs(&app).await;
    let a = now(&client, &a).await;
    assert_eq!(
        (&a["lines"][0]["allocated_quantity"], &a["promised_on"], &a["first_promised_on"]),
        (&json!("4"), &json!(FROM_STOCK), &json!(OF_THE_10TH))
    );
    assert_eq!(now(&client, &b).await["promised_on"], OF_THE_10TH);
    let mut expected = vec![told(&a, OF_THE_10TH, FROM_STOCK, "supply_received")];
    assert_eq!(changes(&client).await, expected);
    // The rest comes on Thursday the 12th, two days late, and two too few are promised to nobody: it leaves on the 13th.
    let client = wait(&app, TimeDelta::days(10)).await;
    receive(&client, &first, 8).await;
    jobs(&app).await;
    let b = now(&client, &b).await;
    assert_eq!((&b["lines"][0]["backordered_quantity"], &b["promised_on"]), (&json!("0"), &json!("2026-03-18")));
    expected.push(told(&b, OF_THE_10TH, "2026-03-18", "supply_received"));
    assert_eq!(changes(&client).await, expected);
    assert_eq!(number(&app.database, "SELECT count(*) AS value FROM peg"), 0);
    prove(&app.database);
}

#[actix_web::test]
async fn supply_whose_day_has_passed_promises_nothing_until_it_has_a_new_one() {
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", 1, |_| [0, 0]).await;
    let late = supply(&client, "SKU-00", 5, "2026-03-10").await;
    let a = place(&client, &order(&[(0, 5)], "backorder")).await;
    let client = wait(&app, TimeDelta::days(8)).await;
    jobs(&app).await;
    assert_eq!(changes(&client).await, [], "it may still come on the 10th");
    let client = wait(&app, TimeDelta::days(1)).await;
    jobs(&app).await;
    jobs(&app).await;
    let mut expected = vec![told(&a, OF_THE_10TH, Value::Null, "supply_overdue")];
    assert_eq!(changes(&client).await, expected);
    assert_eq!(pegged(&client, &late).await, "0");
    patch(&client, &late, json!({"expected_on": "2026-03-13"})).await;
    jobs(&app).await;
    expected.push(told(&a, Value::Null, OF_THE_13TH, "supply_delayed"));
    assert_eq!(changes(&client).await, expected);
    prove(&app.database);
}

#[actix_web::test]
async fn who_leaves_frees_supply_for_those_behind() {
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", 1, |_| [0, 0]).await;
    supply(&client, "SKU-00", 5, "2026-03-10").await;
    supply(&client, "SKU-00", 5, "2026-03-13").await;
    let a = place(&client, &order(&[(0, 5)], "backorder")).await;
    app.clock.advance(TimeDelta::seconds(1));
    let b = place(&client, &order(&[(0, 3)], "backorder")).await;
    assert_eq!(b["promised_on"], OF_THE_13TH);
    let reason = json!({"code": "customer_request"});
    let part = json!({"reason": reason, "lines": [{"order_line_id": a["lines"][0]["id"], "quantity": "2"}]});
    client.post(&format!("/v1/orders/{}/cancel", id_of(&a)), &part).await.expect(200);
    prove(&app.database);
    jobs(&app).await;
    assert_eq!(changes(&client).await, [], "two of the three are there on the 10th, the third is not");
    client.post(&format!("/v1/orders/{}/cancel", id_of(&a)), &json!({"reason": reason})).await.expect(200);
    prove(&app.database);
    jobs(&app).await;
    assert_eq!(now(&client, &b).await["promised_on"], OF_THE_10TH);
    assert_eq!(changes(&client).await, [told(&b, OF_THE_13TH, OF_THE_10TH, "demand_freed")]);
    // Stock that nobody announced serves it, and its pegs are free again.
    client
        .post("/v1/inventory/receipts", &json!({"location": "surabaya-1", "lines": [{"sku": "SKU-00", "quantity": "3"}]}))
        .await
        .expect(201);
    jobs(&app).await;
    let b = now(&client, &b).await;
    assert_eq!((&b["lines"][0]["allocations"][0]["location"], &b["promised_on"]), (&json!("surabaya-1"), &json!(FROM_STOCK)));
    assert_eq!(changes(&client).await[1], told(&b, OF_THE_10TH, FROM_STOCK, "stock_received"));
    assert_eq!(number(&app.database, "SELECT count(*) AS value FROM peg"), 0);
    prove(&app.database);
}

#[actix_web::test]
async fn an_allocation_that_is_lost_waits_for_supply_like_any_other() {
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", 1, |_| [5, 0]).await;
    supply(&client, "SKU-00", 5, "2026-03-10").await;
    let a = place(&client, &order(&[(0, 5)], "backorder")).await;
    assert_eq!(a["promised_on"], FROM_STOCK);
    jobs(&app).await;
    let count = json!({"location": "jakarta-1", "reason": "count", "lines": [{"sku": "SKU-00", "counted": "2"}]});
    client.post("/v1/inventory/adjustments", &count).await.expect(201);
    prove(&app.database);
    jobs(&app).await;
    let a = now(&client, &a).await;
    assert_eq!((&a["promised_on"], &a["first_promised_on"]), (&json!(OF_THE_10TH), &json!(FROM_STOCK)));
    assert_eq!(changes(&client).await, [told(&a, FROM_STOCK, OF_THE_10TH, "backordered")]);
    prove(&app.database);
}

#[actix_web::test]
async fn a_hold_moves_the_promise_by_as_long_as_it_lasted() {
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", 1, |_| [5, 0]).await;
    let a = place(&client, &order(&[(0, 5)], "refuse")).await;
    let held = client.post(&format!("/v1/orders/{}/hold", id_of(&a)), &json!({"reason": "check"})).await.expect(200);
    let client = wait(&app, TimeDelta::days(2)).await;
    let hold = held["holds"][0]["id"].as_str().unwrap();
    let a = client.post(&format!("/v1/orders/{}/holds/{hold}/release", id_of(&a)), &json!({"reason": "fine"})).await.expect(200);
    assert_eq!((&a["promised_on"], &a["first_promised_on"]), (&json!("2026-03-10"), &json!(FROM_STOCK)));
    assert_eq!(changes(&client).await, [told(&a, FROM_STOCK, "2026-03-10", "hold_released")]);
    prove(&app.database);
}

#[actix_web::test]
async fn a_quote_is_the_order_that_placing_makes_and_writes_nothing() {
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", 2, |_| [5, 3]).await;
    let first = supply(&client, "SKU-00", 5, "2026-03-10").await;
    customer(&client, "C-2", json!({"credit_limit": "100000"})).await;
    let rows = "SELECT (SELECT count(*) FROM sales_order) + (SELECT count(*) FROM event) + (SELECT count(*) FROM claim) + (SELECT count(*) FROM peg) AS value";
    let before = number(&app.database, rows);
    let mut body = order(&[(0, 10), (1, 2)], "backorder");
    body["shipping"] = json!({"method": "regular", "amount": "25000.00"});
    let quote = client.post("/v1/orders/quote", &body).await.expect(200);
    // Two of SKU-00 wait for the 10th; the rest ships from both places.
    assert_eq!((&quote["outcome"], &quote["promised_on"], &quote["refusals"]), (&json!("confirmed"), &json!(OF_THE_10TH), &json!([])));
    let short = json!([{"line_number": 1, "sku": "SKU-00", "quantity": "2",
        "supply": [{"incoming_id": first, "location": "jakarta-1", "expected_on": "2026-03-10", "quantity": "2"}]}]);
    assert_eq!(quote["shortages"], short);
    assert_eq!(quote["departures"][0], json!({"location": "jakarta-1", "ship_by_on": "2026-03-03", "line_numbers": [1, 2]}));
    assert_eq!((&quote["id"], &quote["number"], &quote["credit"]), (&Value::Null, &Value::Null, &Value::Null));
    // Refused: what could be had, and what the problem would say.
    let refused = client.post("/v1/orders/quote", &order(&[(0, 10), (1, 2)], "refuse")).await.expect(200);
    assert_eq!((&refused["outcome"], &refused["refusals"][0]["code"]), (&json!("refused"), &json!("insufficient_stock")));
    assert_eq!(refused["refusals"][0]["lines"], json!([{"pointer": "/lines/0", "sku": "SKU-00", "requested": "10", "available": "8"}]));
    assert_eq!((&refused["lines"][0]["allocated_quantity"], &refused["lines"][1]["promised_on"]), (&json!("8"), &json!(FROM_STOCK)));
    // 10 pieces of 10000 and 11 % of PPN exceed a limit of 100000.
    let mut dear = order(&[(1, 5), (0, 5)], "refuse");
    dear["customer_code"] = json!("C-2");
    let held = client.post("/v1/orders/quote", &dear).await.expect(200);
    assert_eq!(
        (&held["outcome"], &held["holds"][0]["code"], &held["status"]),
        (&json!("on_hold"), &json!("credit_limit"), &json!("on_hold"))
    );
    assert_eq!(held["credit"], json!({"currency": "IDR", "available": "100000.00", "sufficient": false}));
    assert_eq!(
        client.post("/v1/orders/quote", &json!({"customer_code": "C-1", "lines": [{"sku": "NONE", "quantity": "1"}]})).await.code(),
        "unknown_sku"
    );
    assert_eq!(number(&app.database, rows), before);
    // Placed, all of it is the same but for what only a stored order has.
    let placed = place(&client, &body).await;
    for (name, value) in quote.as_object().unwrap() {
        let of_quotes = ["outcome", "refusals", "credit", "shortages", "departures", "lines"];
        if !of_quotes.contains(&name.as_str()) {
            assert_eq!(&placed[name], value, "{name}");
        }
    }
    for (quoted, line) in quote["lines"].as_array().unwrap().iter().zip(placed["lines"].as_array().unwrap()) {
        for (name, value) in quoted.as_object().unwrap() {
            assert_eq!(&line[name], value, "{name}");
        }
    }
    body["external_id"] = json!("E-1");
    place(&client, &body).await;
    assert_eq!(client.post("/v1/orders/quote", &body).await.expect(200)["refusals"][0]["code"], "external_id_conflict");
    prove(&app.database);
}

#[actix_web::test]
async fn nothing_of_a_complete_order_is_released_before_all_of_it_is_there() {
    let app = TestApp::spawn().await;
    // The first product lies in both places, the second comes on the 10th.
    let client = open_shop(&app, "shop", 2, |i| if i == 0 { [3, 3] } else { [0, 0] }).await;
    let second = supply(&client, "SKU-01", 4, "2026-03-10").await;
    let mut body = order(&[(0, 5), (1, 4)], "backorder");
    body["delivery_rule"] = json!("complete_order");
    let a = place(&client, &body).await;
    assert_eq!(a["lines"][0]["promised_on"], OF_THE_10TH, "it leaves with the rest");
    let work = || async {
        client.get(&format!("/v1/fulfillment_orders?order_id={}", id_of(&a))).await.expect(200)["data"].as_array().unwrap().clone()
    };
    let act = |work: &Value, action: &str, body: Value| {
        let (client, path) = (client.clone(), format!("/v1/fulfillment_orders/{}/{action}", id_of(work)));
        async move { client.post(&path, &body).await }
    };
    let waiting = work().await;
    assert_eq!(waiting.len(), 2);
    for one in &waiting {
        assert_eq!((&one["status"], &one["ship_by_on"]), (&json!("on_hold"), &json!("2026-03-11")));
        for (action, body) in [("pick", json!({})), ("pack", json!({})), ("ship", json!({"carrier": "jne"}))] {
            let refused = act(one, action, body).await;
            assert_eq!((refused.status, refused.code().as_str()), (409, "delivery_rule"), "{action}");
            assert_eq!(refused.body()["lines"][0]["missing"], "4");
        }
    }
    let receipt = json!({"location": "jakarta-1", "lines": [{"sku": "SKU-01", "quantity": "3", "incoming_id": second}]});
    client.post("/v1/inventory/receipts", &receipt).await.expect(201);
    jobs(&app).await;
    assert!(work().await.iter().all(|one| one["status"] == "on_hold"), "one is still missing");
    // The customer does without it: the rest is released, each place ships all that it has.
    let cancel = json!({"reason": {"code": "out_of_stock"}, "lines": [{"order_line_id": a["lines"][1]["id"], "quantity": "1"}]});
    client.post(&format!("/v1/orders/{}/cancel", id_of(&a)), &cancel).await.expect(200);
    jobs(&app).await;
    let released = work().await;
    assert!(released.iter().all(|one| one["status"] == "open"), "{released:#?}");
    let part = json!({"carrier": "jne", "lines": [{"order_line_id": a["lines"][0]["id"], "quantity": "1"}]});
    assert_eq!(act(&released[0], "ship", part).await.code(), "delivery_rule");
    for one in &released {
        act(one, "ship", json!({"carrier": "jne"})).await.expect(201);
    }
    assert_eq!(now(&client, &a).await["fulfillment_status"], "fulfilled");
    prove(&app.database);
}

#[actix_web::test]
async fn a_line_that_ships_only_whole_waits_alone() {
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", 2, |i| if i == 0 { [3, 0] } else { [2, 0] }).await;
    let mut body = order(&[(0, 3), (1, 4)], "backorder");
    body["delivery_rule"] = json!("complete_line");
    let a = place(&client, &body).await;
    let path = format!("/v1/fulfillment_orders?order_id={}", id_of(&a));
    let work = client.get(&path).await.expect(200)["data"][0].clone();
    assert_eq!((&work["status"], &work["ship_by_on"]), (&json!("open"), &json!("2026-03-03")), "the first line can go");
    let act = |action: &str, body: Value| {
        let (client, path) = (client.clone(), format!("/v1/fulfillment_orders/{}/{action}", id_of(&work)));
        async move { client.post(&path, &body).await }
    };
    let (whole, part) = (a["lines"][0]["id"].clone(), a["lines"][1]["id"].clone());
    let picked = act("pick", json!({})).await.expect(200);
    assert_eq!((&picked["lines"][0]["picked_quantity"], &picked["lines"][1]["picked_quantity"]), (&json!("3"), &json!("0")));
    let named = |id: &Value, field: &str, quantity: &str| json!({"lines": [{"order_line_id": id, field: quantity}]});
    act("pick", named(&whole, "picked_quantity", "0")).await.expect(200);
    let packed = act("pack", json!({})).await.expect(200);
    let of = |line: usize| (packed["lines"][line]["picked_quantity"].clone(), packed["lines"][line]["packed_quantity"].clone());
    assert_eq!((of(0), of(1)), ((json!("3"), json!("3")), (json!("0"), json!("0"))), "packing what is untouched picks only what may leave");
    assert_eq!(act("pick", named(&part, "picked_quantity", "2")).await.code(), "delivery_rule");
    let ship = |id: &Value, quantity: &str| json!({"carrier": "jne", "lines": [{"order_line_id": id, "quantity": quantity}]});
    assert_eq!(act("ship", ship(&part, "2")).await.code(), "delivery_rule");
    assert_eq!(act("ship", ship(&whole, "2")).await.code(), "delivery_rule");
    act("ship", ship(&whole, "3")).await.expect(201);
    let rest = client.get(&path).await.expect(200)["data"][0].clone();
    assert_eq!(rest["status"], "on_hold", "what is left waits for the rest of its line");
    let cancel = json!({"reason": {"code": "out_of_stock"}, "lines": [{"order_line_id": part, "quantity": "2"}]});
    client.post(&format!("/v1/orders/{}/cancel", id_of(&a)), &cancel).await.expect(200);
    assert_eq!(client.get(&path).await.expect(200)["data"][0]["status"], "open");
    act("ship", json!({"carrier": "jne"})).await.expect(201);
    prove(&app.database);
}

#[actix_web::test]
async fn orders_that_are_short_of_the_same_supply_at_once_share_it_without_promising_a_unit_twice() {
    const ORDERS: usize = 24;
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", 1, |_| [4, 0]).await;
    let first = supply(&client, "SKU-00", 20, "2026-03-10").await;
    let bodies = (0..ORDERS).map(|_| order(&[(0, 2)], "backorder"));
    let placed = at_once(8, bodies, async |body| client.post("/v1/orders", &body).await.expect(201)).await;
    let of = |on: Value| placed.iter().filter(|order| order["promised_on"] == on).count();
    assert_eq!(of(json!(FROM_STOCK)), 2);
    assert!(of(json!(OF_THE_10TH)) <= 10);
    prove(&app.database);
    jobs(&app).await;
    let mut promised = 0;
    for order in &placed {
        promised += usize::from(now(&client, order).await["promised_on"] == OF_THE_10TH);
    }
    assert_eq!((promised, pegged(&client, &first).await), (10, json!("20")));
    prove(&app.database);
}

#[actix_web::test]
async fn receipts_cancellations_and_slips_at_once_leave_every_peg_right() {
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", 1, |_| [0, 0]).await;
    let mut supplies = vec![];
    for day in 10..16 {
        supplies.push(supply(&client, "SKU-00", 10, &format!("2026-03-{day}")).await);
    }
    let bodies = (0..30).map(|_| order(&[(0, 3)], "backorder"));
    let placed = at_once(6, bodies, async |body| client.post("/v1/orders", &body).await.expect(201)).await;
    enum Act<'a> {
        Receive(&'a str),
        Slip(&'a str, usize),
        Give(&'a str),
        Cancel(&'a Value),
        Place,
        Work,
    }
    let mut acts = vec![];
    for i in 0..30 {
        acts.push(match i % 6 {
            0 => Act::Receive(&supplies[i % 3]),
            1 => Act::Slip(&supplies[3 + i % 2], i),
            2 if i < 9 => Act::Give(&supplies[5]),
            3 => Act::Place,
            4 => Act::Work,
            _ => Act::Cancel(&placed[i]),
        });
    }
    at_once(6, acts, async |act| match act {
        Act::Receive(id) => {
            let line = json!({"sku": "SKU-00", "quantity": "2", "incoming_id": id});
            let receipt = json!({"location": "jakarta-1", "lines": [line]});
            client.post("/v1/inventory/receipts", &receipt).await.one_of(&[(201, ""), (409, "invalid_transition")]);
        }
        Act::Slip(id, i) => {
            let body = json!({"expected_on": format!("2026-03-{}", 17 + i % 9), "quantity": (5 + i % 7).to_string()});
            client.send(reqwest::Method::PATCH, &format!("/v1/inventory/incoming/{id}"), None, Some(&body)).await.unwrap().expect(200);
        }
        Act::Give(id) => {
            client.post(&format!("/v1/inventory/incoming/{id}/cancel"), &json!({})).await.one_of(&[(200, ""), (409, "invalid_transition")]);
        }
        Act::Cancel(order) => {
            let reason = json!({"reason": {"code": "customer_request"}});
            client.post(&format!("/v1/orders/{}/cancel", id_of(order)), &reason).await.expect(200);
        }
        Act::Place => {
            client.post("/v1/orders", &order(&[(0, 2)], "backorder")).await.expect(201);
        }
        Act::Work => jobs(&app).await,
    })
    .await;
    prove(&app.database);
    jobs(&app).await;
    prove(&app.database);
    assert_eq!(number(&app.database, "SELECT count(*) AS value FROM promise_review"), 0);
    // Nobody who is behind is promised an earlier day than somebody before him.
    let unfair = "SELECT count(*) AS value FROM order_line a JOIN sales_order oa ON oa.id = a.order_id JOIN order_line b ON b.sku = a.sku \
        JOIN sales_order ob ON ob.id = b.order_id WHERE a.backordered > 0 AND b.backordered > 0 AND (oa.ordered_at, oa.id) < (ob.ordered_at, ob.id) \
        AND b.promised_on < coalesce(a.promised_on, 'infinity') AND b.backordered >= a.backordered";
    assert_eq!(number(&app.database, unfair), 0);
}
