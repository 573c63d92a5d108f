//! Fulfillment and shipping over HTTP on a real Postgres. Every test ends with the proof of the invariants.

use crate::support::app::{Caller, Reply, TestApp, send};
use chrono::TimeDelta;
use pesanan::auth::actor::Context;
use pesanan::auth::permission::Role;
use pesanan::order_to_cash::ship::{ShipRequest, ship_all};
use pesanan::platform::http::Precondition;
use reqwest::Method;
use serde_json::{Value, json};

/// Two locations, two goods with stock, a service, a charge, a customer.
async fn shop<'a>(app: &'a TestApp, code: &str) -> Caller<'a> {
    let organization_id = app.organization(code).await;
    let admin = app.caller(organization_id, Role::Admin).await;
    let products = json!([
        {"sku": "KOPI", "name": "Kopi", "unit": "C62", "units": [{"unit": "XBX", "factor": "12"}], "tax_category": "standard"},
        {"sku": "TEH", "name": "Teh", "unit": "C62", "tax_category": "standard"},
        {"sku": "WRAP", "name": "Gift wrap", "kind": "service", "unit": "C62", "tax_category": "standard"},
        {"sku": "INSURANCE", "name": "Insurance", "kind": "charge", "unit": "C62", "tax_category": "standard"},
    ]);
    admin.put("/v1/products", products).await.expect(200);
    let price = |sku: &str, price: &str| json!({"price_list": "default", "sku": sku, "currency": "IDR", "unit_price": price});
    let prices = [price("KOPI", "50000"), price("TEH", "20000"), price("WRAP", "5000"), price("INSURANCE", "3000")];
    admin.put("/v1/prices", json!(prices)).await.expect(200);
    let rates = json!([{"country": "ID", "tax_category": "standard", "tax_scheme_category": "S", "name": "PPN", "rate": "0.12", "base_fraction": "11/12"}]);
    admin.put("/v1/tax_rates", rates).await.expect(200);
    for (location, priority) in [("jakarta-1", 10), ("surabaya-1", 20)] {
        let body = json!({"name": location, "kind": "warehouse", "priority": priority});
        admin.put(&format!("/v1/locations/{location}"), body).await.expect(201);
    }
    receive(&admin, "jakarta-1", &[("KOPI", "30"), ("TEH", "20")]).await;
    let customer = json!({"code": "C-1", "name": "Toko Sumber", "kind": "company", "payment_terms": "net_30",
        "shipping_address": {"name": "Siti", "line1": "Jl. Braga 12", "city": "Bandung", "country": "ID"}});
    admin.post("/v1/customers", customer).await.expect(201);
    admin
}

async fn receive(admin: &Caller<'_>, location: &str, lines: &[(&str, &str)]) {
    let lines: Vec<Value> = lines.iter().map(|(sku, quantity)| json!({"sku": sku, "quantity": quantity, "unit_cost": "30000"})).collect();
    admin.post("/v1/inventory/receipts", json!({"location": location, "lines": lines})).await.expect(201);
}

async fn order(admin: &Caller<'_>, lines: &[(&str, &str)], more: Value) -> Value {
    let lines: Vec<Value> = lines.iter().map(|(sku, quantity)| json!({"sku": sku, "quantity": quantity})).collect();
    let mut body = json!({"customer_code": "C-1", "lines": lines});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    admin.post("/v1/orders", body).await.expect(201).body
}

fn id(thing: &Value) -> &str {
    thing["id"].as_str().unwrap()
}

/// The order's first fulfillment order.
async fn work(admin: &Caller<'_>, order: &Value) -> Value {
    let list = admin.get(&format!("/v1/fulfillment_orders?order_id={}", id(order))).await.expect(200);
    list.body["data"][0].clone()
}

async fn act(admin: &Caller<'_>, work: &Value, action: &str, body: Value) -> Reply {
    admin.post(&format!("/v1/fulfillment_orders/{}/{action}", id(work)), body).await
}

async fn order_now(admin: &Caller<'_>, order: &Value) -> Value {
    admin.get(&format!("/v1/orders/{}", id(order))).await.expect(200).body
}

/// (on hand, reserved) of a shelf.
async fn shelf(admin: &Caller<'_>, sku: &str, location: &str) -> (String, String) {
    let list = admin.get(&format!("/v1/inventory?sku={sku}&location={location}")).await.expect(200);
    let level = &list.body["data"][0];
    (level["on_hand"].as_str().unwrap_or("-").to_owned(), level["reserved"].as_str().unwrap_or("-").to_owned())
}

fn stock(on_hand: &str, reserved: &str) -> (String, String) {
    (on_hand.to_owned(), reserved.to_owned())
}

async fn events(admin: &Caller<'_>, order: &Value) -> Vec<String> {
    let list = admin.get(&format!("/v1/orders/{}/events", id(order))).await.expect(200);
    list.body["data"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

fn prove(app: &TestApp) {
    let violations = pesanan::check::run(&mut app.database.connect()).unwrap();
    assert!(violations.is_empty(), "{violations:#?}");
}

#[actix_web::test]
async fn an_order_is_picked_packed_shipped_and_delivered() {
    let app = TestApp::spawn().await;
    let admin = shop(&app, "shop").await;
    let placed = order(&admin, &[("KOPI", "3"), ("TEH", "2"), ("INSURANCE", "1")], json!({})).await;
    let work = work(&admin, &placed).await;
    assert_eq!((work["status"].as_str(), work["location"].as_str()), (Some("open"), Some("jakarta-1")));
    assert_eq!(work["ship_to"]["city"], "Bandung");
    assert_eq!(work["number"], "SO-000001-F1");
    assert_eq!(admin.get(&format!("/v1/fulfillment_orders/{}", id(&work))).await.expect(200).body, work);

    let picked = act(&admin, &work, "pick", json!({})).await.expect(200);
    assert_eq!(picked.body["status"], "picking");
    assert_eq!(picked.header("etag"), "\"2\"");
    let packed = act(&admin, &work, "pack", json!({"packages": [{"weight_grams": "1250", "length_mm": 300}]})).await.expect(200);
    assert_eq!(packed.body["status"], "packed");
    assert_eq!(shelf(&admin, "KOPI", "jakarta-1").await, stock("30", "3"), "nothing leaves before it ships");
    let refused = act(&admin, &work, "pick", json!({})).await;
    assert_eq!(refused.body["allowed"], json!(["ship", "cancel", "move"]));
    assert_eq!(refused.code(409), "invalid_transition");

    let shipped = act(&admin, &work, "ship", json!({"carrier": "jne", "tracking_number": "JNE 1"})).await.expect(201);
    let shipment = shipped.body.clone();
    assert_eq!(shipped.header("location"), format!("/v1/shipments/{}", id(&shipment)));
    assert_eq!(shipment["number"], "SO-000001-S1");
    assert_eq!(shipment["tracking_url"], "https://cekresi.jne.co.id/JNE%201");
    assert_eq!(shipment["packages"][0]["weight_grams"], "1250");
    assert_eq!(shipment["lines"].as_array().unwrap().len(), 2);
    assert_eq!(shelf(&admin, "KOPI", "jakarta-1").await, stock("27", "0"));
    let movements = admin.get(&format!("/v1/inventory/movements?subject_id={}", id(&shipment))).await.expect(200);
    assert_eq!(movements.body["data"].as_array().unwrap().len(), 2);
    assert_eq!(movements.body["data"][0]["unit_cost"], "30000.00");
    let now = order_now(&admin, &placed).await;
    assert_eq!(now["fulfillment_status"], "fulfilled");
    assert_eq!(now["lines"][2]["shipped_quantity"], "1", "the charge fell due");
    assert_eq!(act(&admin, &work, "ship", json!({"carrier": "jne"})).await.code(409), "invalid_transition");

    let track = |status: &'static str, minutes: i64| {
        let at = app.clock.now() + TimeDelta::minutes(minutes);
        let body = json!({"status": status, "occurred_at": at, "city": "Bandung", "received_by": "Siti"});
        send(admin.request(Method::POST, &format!("/v1/shipments/{}/tracking_events", id(&shipment))).json(&body))
    };
    assert_eq!(track("out_for_delivery", 50).await.expect(200).body["status"], "out_for_delivery");
    assert_eq!(track("in_transit", 10).await.expect(200).body["status"], "out_for_delivery");
    let delivered = track("delivered", 60).await.expect(200).body;
    assert_eq!((delivered["status"].as_str(), delivered["delivery_source"].as_str()), (Some("delivered"), Some("carrier")));
    assert_eq!(delivered["received_by"], "Siti");
    assert_eq!(track("in_transit", 90).await.expect(200).body["status"], "delivered");
    let again = track("delivered", 60).await.expect(200).body;
    assert_eq!(again["events"].as_array().unwrap().len(), 4);
    assert_eq!(again["events"][0]["status"], "in_transit");
    assert_eq!(again, admin.get(&format!("/v1/shipments/{}", id(&shipment))).await.expect(200).body);
    let by_hand = admin.act(&format!("/v1/shipments/{}/deliver", id(&shipment))).await;
    assert_eq!(by_hand.code(409), "invalid_transition");
    let now = order_now(&admin, &placed).await;
    assert_eq!(now["fulfillment_status"], "delivered");
    assert_eq!(now["milestones"]["delivered_at"], delivered["delivered_at"]);

    let told = events(&admin, &placed).await;
    for expected in ["fulfillment_order.picked", "fulfillment_order.packed", "shipment.shipped", "shipment.tracking", "shipment.delivered"]
    {
        assert!(told.iter().any(|event| event == expected), "{expected} in {told:?}");
    }
    assert_eq!(told.iter().filter(|event| *event == "shipment.delivered").count(), 1);
    for filter in ["number=SO-000001-S1", "tracking_number=JNE%201", "status=delivered,returned", &format!("order_id={}", id(&placed))] {
        let list = admin.get(&format!("/v1/shipments?{filter}")).await.expect(200);
        assert_eq!(list.body["data"], json!([again]), "{filter}");
    }
    prove(&app);
}

#[actix_web::test]
async fn a_part_ships_and_the_rest_stays() {
    let app = TestApp::spawn().await;
    let admin = shop(&app, "shop").await;
    let placed = order(&admin, &[("KOPI", "5")], json!({})).await;
    let work = work(&admin, &placed).await;
    let line = &work["lines"][0]["order_line_id"];
    let body = |quantity: &str| json!({"carrier": "own van", "lines": [{"order_line_id": line, "quantity": quantity}]});
    let refused = act(&admin, &work, "ship", body("6")).await;
    assert_eq!(refused.body["errors"][0]["pointer"], "/lines/0/quantity");
    assert_eq!(refused.code(422), "exceeds_open_quantity");
    assert_eq!(act(&admin, &work, "ship", body("0.5")).await.code(422), "too_many_decimals");
    let shipment = act(&admin, &work, "ship", body("2")).await.expect(201).body;
    assert_eq!((&shipment["tracking_url"], &shipment["lines"][0]["quantity"]), (&Value::Null, &json!("2")));
    assert_eq!(order_now(&admin, &placed).await["fulfillment_status"], "partially_fulfilled");
    assert_eq!(shelf(&admin, "KOPI", "jakarta-1").await, stock("28", "3"));
    let second = act(&admin, &work, "ship", json!({"carrier": "own van"})).await.expect(201).body;
    assert_eq!((&second["number"], &second["lines"][0]["quantity"]), (&json!("SO-000001-S2"), &json!("3")));
    let delivered = admin.act(&format!("/v1/shipments/{}/deliver", id(&second))).await.expect(200).body;
    assert_eq!(delivered["delivery_source"], "manual");
    let now = order_now(&admin, &placed).await;
    assert_eq!((now["fulfillment_status"].as_str(), now["lines"][0]["delivered_quantity"].as_str()), (Some("fulfilled"), Some("3")));
    prove(&app);
}

#[actix_web::test]
async fn a_repeated_shipment_leaves_once_and_two_at_once_do_not_both() {
    let app = TestApp::spawn().await;
    let admin = shop(&app, "shop").await;
    let placed = order(&admin, &[("KOPI", "5")], json!({})).await;
    let work = work(&admin, &placed).await;
    let path = format!("/v1/fulfillment_orders/{}/ship", id(&work));
    let body = json!({"carrier": "jne"});
    let stale = admin.request(Method::POST, &path).header("If-Match", "\"9\"").json(&body);
    assert_eq!(send(stale).await.code(412), "stale_version");
    let request = |key: &'static str| send(admin.request(Method::POST, &path).header("Idempotency-Key", key).json(&body));
    let replies = tokio::join!(request("a"), request("a"), request("b"));
    let statuses = [replies.0.status, replies.1.status, replies.2.status];
    let shipments = admin.get(&format!("/v1/shipments?order_id={}", id(&placed))).await.expect(200);
    assert_eq!(shipments.body["data"].as_array().unwrap().len(), 1, "{statuses:?}");
    assert_eq!(shelf(&admin, "KOPI", "jakarta-1").await, stock("25", "0"));
    assert!(statuses.iter().all(|status| [201, 409].contains(status)), "{statuses:?}");
    prove(&app);
}

#[actix_web::test]
async fn what_a_picker_does_not_find_is_written_off_and_holds_the_order() {
    let app = TestApp::spawn().await;
    let admin = shop(&app, "shop").await;
    let placed = order(&admin, &[("KOPI", "5"), ("TEH", "1")], json!({})).await;
    let work = work(&admin, &placed).await;
    let line = &work["lines"][0]["order_line_id"];
    let later = act(&admin, &work, "pick", json!({"lines": [{"order_line_id": line, "picked_quantity": "2"}]})).await.expect(200);
    assert_eq!((&later.body["status"], &later.body["lines"][0]["quantity"]), (&json!("picking"), &json!("5")));
    let short = json!({"lines": [{"order_line_id": line, "picked_quantity": "3", "short_reason": "damaged"}]});
    let picked = act(&admin, &work, "pick", short).await.expect(200);
    assert_eq!((&picked.body["status"], &picked.body["lines"][0]["quantity"]), (&json!("on_hold"), &json!("3")));
    assert_eq!(shelf(&admin, "KOPI", "jakarta-1").await, stock("28", "3"));
    let movements = admin.get(&format!("/v1/inventory/movements?subject_id={}", id(&work))).await.expect(200);
    assert_eq!((&movements.body["data"][0]["kind"], &movements.body["data"][0]["reason"]), (&json!("adjustment"), &json!("short_pick")));
    let now = order_now(&admin, &placed).await;
    assert_eq!((&now["status"], &now["lines"][0]["unallocated_quantity"]), (&json!("on_hold"), &json!("2")));
    let refused = act(&admin, &work, "ship", json!({"carrier": "jne"})).await;
    assert_eq!(refused.body["holds"][0]["code"], "insufficient_stock");
    assert_eq!(refused.code(409), "order_on_hold");
    let told = events(&admin, &placed).await;
    assert!(told.contains(&"order.allocation_lost".to_owned()) && told.contains(&"order.held".to_owned()), "{told:?}");
    let release = format!("/v1/orders/{}/holds/{}/release", id(&placed), now["holds"][0]["id"].as_str().unwrap());
    admin.post(&release, json!({"reason": "send what there is"})).await.expect(200);
    act(&admin, &work, "ship", json!({"carrier": "jne"})).await.expect(201);
    prove(&app);
}

#[actix_web::test]
async fn a_short_pick_of_an_order_that_takes_backorders_waits_for_supply() {
    let app = TestApp::spawn().await;
    let admin = shop(&app, "shop").await;
    let placed = order(&admin, &[("KOPI", "5")], json!({"on_shortage": "backorder"})).await;
    let work = work(&admin, &placed).await;
    let line = &work["lines"][0]["order_line_id"];
    let short = json!({"lines": [{"order_line_id": line, "picked_quantity": "0", "short_reason": "shelf is empty"}]});
    let picked = act(&admin, &work, "pick", short).await.expect(200);
    assert_eq!(picked.body["status"], "cancelled");
    let now = order_now(&admin, &placed).await;
    assert_eq!((&now["status"], &now["lines"][0]["backordered_quantity"]), (&json!("confirmed"), &json!("5")));
    prove(&app);
}

#[actix_web::test]
async fn the_delivery_rule_of_the_order_is_kept() {
    let app = TestApp::spawn().await;
    let admin = shop(&app, "shop").await;
    let rule = |rule: &str| json!({"delivery_rule": rule, "on_shortage": "backorder"});
    let whole = order(&admin, &[("KOPI", "5"), ("TEH", "25")], rule("complete_order")).await;
    let refused = act(&admin, &work(&admin, &whole).await, "ship", json!({"carrier": "jne"})).await;
    assert_eq!((&refused.body["lines"][0]["sku"], &refused.body["lines"][0]["missing"]), (&json!("TEH"), &json!("5")));
    assert_eq!(refused.code(409), "delivery_rule");
    let lines = order(&admin, &[("KOPI", "5")], rule("complete_line")).await;
    let work_of_lines = work(&admin, &lines).await;
    let part = json!({"carrier": "jne", "lines": [{"order_line_id": work_of_lines["lines"][0]["order_line_id"], "quantity": "4"}]});
    assert_eq!(act(&admin, &work_of_lines, "ship", part).await.code(409), "delivery_rule");
    act(&admin, &work_of_lines, "ship", json!({"carrier": "jne"})).await.expect(201);
    prove(&app);
}

#[actix_web::test]
async fn a_cancelled_fulfillment_order_gives_its_stock_back() {
    let app = TestApp::spawn().await;
    let admin = shop(&app, "shop").await;
    let placed = order(&admin, &[("KOPI", "5")], json!({})).await;
    let work = work(&admin, &placed).await;
    act(&admin, &work, "pack", json!({})).await.expect(200);
    let cancelled = act(&admin, &work, "cancel", json!({"reason": "closed"})).await.expect(200);
    assert_eq!(cancelled.body["status"], "cancelled");
    assert_eq!(shelf(&admin, "KOPI", "jakarta-1").await, stock("30", "0"));
    let now = order_now(&admin, &placed).await;
    assert_eq!((&now["lines"][0]["unallocated_quantity"], &now["lines"][0]["picked_quantity"]), (&json!("5"), &json!("0")));
    assert_eq!(act(&admin, &work, "cancel", json!({})).await.code(409), "invalid_transition");
    prove(&app);
}

#[actix_web::test]
async fn a_fulfillment_order_moves_only_where_all_of_it_is() {
    let app = TestApp::spawn().await;
    let admin = shop(&app, "shop").await;
    let placed = order(&admin, &[("KOPI", "5")], json!({})).await;
    let work_before = work(&admin, &placed).await;
    let to = |location: &str| json!({"location": location});
    let refused = act(&admin, &work_before, "move", to("surabaya-1")).await;
    assert_eq!(refused.body["lines"][0]["requested"], "5");
    assert_eq!(refused.code(409), "insufficient_stock");
    assert_eq!(act(&admin, &work_before, "move", to("nowhere")).await.code(422), "unknown_location");
    assert_eq!(act(&admin, &work_before, "move", to("jakarta-1")).await.code(409), "same_location");
    receive(&admin, "surabaya-1", &[("KOPI", "5")]).await;
    act(&admin, &work_before, "pick", json!({})).await.expect(200);
    let moved = act(&admin, &work_before, "move", to("surabaya-1")).await.expect(200).body;
    assert_eq!((&moved["location"], &moved["status"], &moved["id"]), (&json!("surabaya-1"), &json!("open"), &work_before["id"]));
    assert_eq!(shelf(&admin, "KOPI", "jakarta-1").await, stock("30", "0"));
    assert_eq!(shelf(&admin, "KOPI", "surabaya-1").await, stock("5", "5"));

    let part = json!({"carrier": "jne", "lines": [{"order_line_id": moved["lines"][0]["order_line_id"], "quantity": "2"}]});
    act(&admin, &moved, "ship", part).await.expect(201);
    let rest = act(&admin, &moved, "move", to("jakarta-1")).await.expect(200).body;
    assert_eq!((&rest["number"], &rest["lines"][0]["quantity"]), (&json!("SO-000001-F2"), &json!("3")));
    let old = admin.get(&format!("/v1/fulfillment_orders/{}", id(&moved))).await.expect(200).body;
    assert_eq!((&old["status"], &old["location"], &old["lines"][0]["quantity"]), (&json!("shipped"), &json!("surabaya-1"), &json!("2")));
    act(&admin, &rest, "ship", json!({"carrier": "jne"})).await.expect(201);
    assert_eq!(order_now(&admin, &placed).await["fulfillment_status"], "fulfilled");
    prove(&app);
}

#[actix_web::test]
async fn a_service_is_completed_in_parts() {
    let app = TestApp::spawn().await;
    let admin = shop(&app, "shop").await;
    let placed = order(&admin, &[("WRAP", "3"), ("KOPI", "1")], json!({})).await;
    let path = |line: usize| format!("/v1/orders/{}/lines/{}/complete", id(&placed), id(&placed["lines"][line]));
    assert_eq!(admin.act(&path(1)).await.code(409), "not_a_service");
    assert_eq!(admin.post(&path(0), json!({"quantity": "4"})).await.code(422), "exceeds_open_quantity");
    let part = admin.post(&path(0), json!({"quantity": "1"})).await.expect(200).body;
    assert_eq!((&part["lines"][0]["delivered_quantity"], &part["fulfillment_status"]), (&json!("1"), &json!("partially_fulfilled")));
    admin.act(&path(0)).await.expect(200);
    assert_eq!(admin.act(&path(0)).await.code(409), "nothing_to_complete");
    assert!(events(&admin, &placed).await.contains(&"order.line_completed".to_owned()));
    prove(&app);
}

#[actix_web::test]
async fn shipments_are_dated_corrected_and_kept_apart() {
    let app = TestApp::spawn().await;
    let admin = shop(&app, "shop").await;
    let at = |days: i64| app.clock.now() - TimeDelta::days(days);
    let placed = order(&admin, &[("KOPI", "2")], json!({"ordered_at": at(400)})).await;
    let work = work(&admin, &placed).await;
    let line = &work["lines"][0]["order_line_id"];
    let ship = |days: i64| json!({"carrier": "jne", "shipped_at": at(days), "lines": [{"order_line_id": line, "quantity": "1"}]});
    let organization_id = app.organization("other").await;
    let stranger = app.caller(organization_id, Role::Admin).await;
    assert_eq!(act(&stranger, &work, "ship", ship(0)).await.code(404), "not_found");
    assert_eq!(act(&admin, &work, "ship", ship(-1)).await.code(422), "in_the_future");
    assert_eq!(act(&admin, &work, "ship", ship(401)).await.code(422), "before_order");
    let shipment = act(&admin, &work, "ship", ship(400)).await.expect(201).body;
    assert_eq!(order_now(&admin, &placed).await["milestones"]["first_shipped_at"], shipment["shipped_at"]);
    let path = format!("/v1/shipments/{}", id(&shipment));
    assert_eq!(stranger.get(&path).await.code(404), "not_found");
    let early = admin.post(&format!("{path}/deliver"), json!({"delivered_at": at(401)})).await;
    assert_eq!(early.code(422), "before_shipment");

    let changed = admin.patch(&path, json!({"carrier": "ups", "tracking_number": "1Z", "external_ids": {"portal": "7"}})).await.expect(200);
    assert_eq!(changed.body["tracking_url"], "https://www.ups.com/track?tracknum=1Z");
    assert_eq!((changed.header("etag"), &changed.body["external_ids"]["portal"]), ("\"2\"", &json!("7")));
    let cleared = admin.patch(&path, json!({"tracking_number": null, "external_ids": {"portal": null}})).await.expect(200).body;
    assert_eq!((&cleared["tracking_url"], &cleared["external_ids"]), (&Value::Null, &json!({})));
    let returned = json!({"status": "returned", "occurred_at": at(3)});
    assert_eq!(admin.post(&format!("{path}/tracking_events"), returned).await.expect(200).body["status"], "returned");
    assert_eq!(order_now(&admin, &placed).await["lines"][0]["delivered_quantity"], "0");
    prove(&app);
}

#[actix_web::test]
async fn lists_are_paged_and_filtered() {
    let app = TestApp::spawn().await;
    let admin = shop(&app, "shop").await;
    for _ in 0..3 {
        order(&admin, &[("KOPI", "1")], json!({})).await;
    }
    let first = admin.get("/v1/fulfillment_orders?status=open,picking&limit=2").await.expect(200).body;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = admin.get(&format!("/v1/fulfillment_orders?status=open,picking&limit=2&cursor={cursor}")).await.expect(200).body;
    assert_eq!((first["data"].as_array().unwrap().len(), second["data"].as_array().unwrap().len()), (2, 1));
    assert_eq!(second["next_cursor"], Value::Null);
    assert_eq!(admin.get(&format!("/v1/fulfillment_orders?cursor={cursor}")).await.code(400), "invalid_cursor");
    assert_eq!(admin.get("/v1/fulfillment_orders?status=lost").await.code(400), "invalid_parameter");
    for (filter, count) in
        [("number=SO-000002-F1", 1), ("location=surabaya-1", 0), ("updated_from=2026-01-01T00:00:00Z", 3), ("status=shipped", 0)]
    {
        let list = admin.get(&format!("/v1/fulfillment_orders?{filter}")).await.expect(200).body;
        assert_eq!(list["data"].as_array().unwrap().len(), count, "{filter}");
    }
}

#[actix_web::test]
async fn many_ship_in_one_transaction_or_none() {
    let app = TestApp::spawn().await;
    let admin = shop(&app, "shop").await;
    receive(&admin, "surabaya-1", &[("TEH", "40")]).await;
    // 25 of 30 are at the first location only; 40 of 60 at the second: an order from two places.
    let ordered_at = app.clock.now() - TimeDelta::days(3);
    let split = order(&admin, &[("KOPI", "25"), ("TEH", "50")], json!({"ordered_at": ordered_at})).await;
    receive(&admin, "jakarta-1", &[("KOPI", "12")]).await;
    let boxed = json!({"customer_code": "C-1", "ordered_at": ordered_at, "lines": [{"sku": "KOPI", "quantity": "1", "unit": "XBX"}]});
    let boxed = admin.post("/v1/orders", boxed).await.expect(201).body;
    let short = json!({"customer_code": "C-1", "on_shortage": "backorder", "lines": [{"sku": "KOPI", "quantity": "1", "unit": "XBX"}]});
    let short = admin.post("/v1/orders", short).await.expect(201).body;
    let of_split = admin.get(&format!("/v1/fulfillment_orders?order_id={}", id(&split))).await.expect(200).body["data"].clone();
    assert_eq!(of_split.as_array().unwrap().len(), 2, "{of_split:#}");
    let works = [of_split[0].clone(), work(&admin, &boxed).await, of_split[1].clone()];

    let request = |work: &Value, days: i64| ShipRequest {
        fulfillment_order_id: id(work).parse().unwrap(),
        body: serde_json::from_value(json!({"carrier": "jne", "shipped_at": app.clock.now() - TimeDelta::days(days)})).unwrap(),
        precondition: Precondition::Any,
    };
    let requests = [request(&works[0], 3), request(&works[1], 1), request(&works[2], 2)];
    let organization_id = id(&admin.get("/v1/me").await.expect(200).body["organization"]).parse().unwrap();
    let context = Context::system(organization_id, app.clock.now());
    let ship = |requests: Vec<ShipRequest>| {
        let context = context.clone();
        app.app.db.write(move |connection| ship_all(connection, &context, &requests))
    };
    let twice = ship([requests.as_slice(), &requests[..1]].concat()).await;
    assert!(twice.is_err(), "the first fulfillment order cannot ship twice");
    assert_eq!(admin.get("/v1/shipments").await.expect(200).body["data"], json!([]));
    prove(&app);

    let shipped = ship(requests.to_vec()).await.unwrap();
    let numbers: Vec<&str> = shipped.iter().map(|shipment| shipment.number.as_str()).collect();
    assert_eq!(numbers, ["SO-000001-S1", "SO-000002-S1", "SO-000001-S2"]);
    let now = order_now(&admin, &split).await;
    assert_eq!(now["fulfillment_status"], "fulfilled");
    let milestones = &now["milestones"];
    let at = |days: i64| json!(app.clock.now() - TimeDelta::days(days));
    assert_eq!((&milestones["first_shipped_at"], &milestones["shipped_at"]), (&at(3), &at(2)));
    assert_eq!(order_now(&admin, &boxed).await["milestones"]["shipped_at"], at(1));
    assert_eq!(order_now(&admin, &short).await["fulfillment_status"], "unfulfilled");
    assert_eq!(shelf(&admin, "KOPI", "jakarta-1").await.0, "5", "a box is twelve");
    prove(&app);
}

#[actix_web::test]
async fn each_role_does_its_part() {
    let app = TestApp::spawn().await;
    let organization_id = id(&shop(&app, "shop").await.get("/v1/me").await.expect(200).body["organization"]).parse().unwrap();
    let admin = app.caller(organization_id, Role::Admin).await;
    let warehouse = app.caller(organization_id, Role::Warehouse).await;
    let sales = app.caller(organization_id, Role::Sales).await;
    let viewer = app.caller(organization_id, Role::Viewer).await;
    let placed = order(&admin, &[("KOPI", "2"), ("WRAP", "2")], json!({})).await;
    let work = work(&viewer, &placed).await;
    assert_eq!(act(&sales, &work, "ship", json!({"carrier": "jne"})).await.code(403), "insufficient_scope");
    let long_ago = json!({"carrier": "jne", "shipped_at": app.clock.now() - TimeDelta::days(31)});
    assert_eq!(act(&warehouse, &work, "ship", long_ago).await.code(422), "too_long_ago");
    act(&warehouse, &work, "ship", json!({"carrier": "jne"})).await.expect(201);
    let path = format!("/v1/orders/{}/lines/{}/complete", id(&placed), id(&placed["lines"][1]));
    assert_eq!(viewer.act(&path).await.code(403), "insufficient_scope");
    warehouse.post(&path, json!({"quantity": "1"})).await.expect(200);
    sales.act(&path).await.expect(200);
    prove(&app);
}
