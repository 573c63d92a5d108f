use crate::support::app::{Caller, Reply, TestApp, send};
use chrono::TimeDelta;
use diesel::RunQueryDsl;
use pesanan::auth::permission::Role;
use pesanan::inventory::reservations::expire_due;
use pesanan::types::id::OrganizationId;
use reqwest::Method;
use serde_json::{Value, json};

/// Three products, a service, two locations, and a customer who may order them.
async fn stocked(app: &TestApp, code: &str) -> OrganizationId {
    let organization = app.organization(code).await;
    let id = organization.0;
    for (sku, kind, scale) in [("KOPI-250", "stocked", 0), ("TEH-100", "stocked", 0), ("KAIN", "stocked", 2), ("GIFT-WRAP", "service", 0)] {
        execute(
            app,
            &format!(
                "INSERT INTO product (organization_id, sku, id, name, kind, unit, units, quantity_scale, tax_category, standard_cost, \
                 active, created_at, updated_at) VALUES ('{id}', '{sku}', gen_random_uuid(), '{sku}', '{kind}', 'C62', \
                 '[{{\"unit\": \"XBX\", \"factor\": \"12\"}}]', {scale}, 'standard', 30000, true, now(), now())"
            ),
        );
        execute(
            app,
            &format!(
                "INSERT INTO price (organization_id, price_list, sku, currency, unit_price, updated_at) \
                 VALUES ('{id}', 'default', '{sku}', 'IDR', 50000, now())"
            ),
        );
    }
    execute(
        app,
        &format!(
            "INSERT INTO customer (organization_id, id, code, name, kind, created_at, updated_at) \
             VALUES ('{id}', gen_random_uuid(), 'C-SITI', 'Siti', 'person', now(), now())"
        ),
    );
    let warehouse = app.caller(organization, Role::Integration).await;
    for (code, priority) in [("jakarta-1", 10), ("surabaya-1", 20)] {
        let body = json!({"name": code, "kind": "warehouse", "priority": priority});
        warehouse.put(&format!("/v1/locations/{code}"), body).await.expect(201);
    }
    organization
}

fn execute(app: &TestApp, sql: &str) {
    diesel::sql_query(sql).execute(&mut app.database.connect()).unwrap();
}

/// No invariant is violated.
#[track_caller]
fn check(app: &TestApp) {
    let violations = pesanan::check::run(&mut app.database.connect()).unwrap();
    assert!(violations.is_empty(), "{violations:#?}");
}

async fn receive(caller: &Caller<'_>, location: &str, sku: &str, quantity: &str) -> Reply {
    let body = json!({"location": location, "lines": [{"sku": sku, "quantity": quantity}]});
    caller.post("/v1/inventory/receipts", body).await.expect(201)
}

/// `[on_hand, reserved, available]` of a level.
async fn level(caller: &Caller<'_>, sku: &str, location: &str) -> Value {
    let reply = caller.get(&format!("/v1/inventory?sku={sku}&location={location}")).await.expect(200);
    let level = &reply.body["data"][0];
    json!([level["on_hand"], level["reserved"], level["available"]])
}

async fn order(caller: &Caller<'_>, sku: &str, quantity: &str, on_shortage: &str) -> Value {
    let address = json!({"name": "Siti", "line1": "Jl. Braga 12", "city": "Bandung", "country": "ID"});
    let body = json!({"customer_code": "C-SITI", "on_shortage": on_shortage, "shipping_address": address,
        "lines": [{"sku": sku, "quantity": quantity}]});
    caller.post("/v1/orders", body).await.expect(201).body
}

/// The order as it is now.
async fn found(caller: &Caller<'_>, order: &Value) -> Value {
    caller.get(&format!("/v1/orders/{}", order["id"].as_str().unwrap())).await.expect(200).body
}

#[actix_web::test]
async fn a_location_is_created_replaced_patched_and_kept_apart() {
    let app = TestApp::spawn().await;
    let (ours, theirs) = (app.organization("ours").await, app.organization("theirs").await);
    let (admin, stranger) = (app.caller(ours, Role::Admin).await, app.caller(theirs, Role::Admin).await);
    let body = json!({"name": "Jakarta", "kind": "warehouse", "address": {"line1": "Jl. Pluit 8", "city": "Jakarta", "country": "ID"}});
    let created = admin.put("/v1/locations/jakarta-1", body).await.expect(201);
    assert_eq!(
        (created.header("location"), &created.body["priority"], &created.body["active"]),
        ("/v1/locations/jakarta-1", &json!(100), &json!(true))
    );
    let again = admin.put("/v1/locations/jakarta-1", created.body.clone()).await.expect(200);
    assert_eq!((again.header("etag"), &again.body), ("\"1\"", &created.body), "nothing has changed");
    let patched = admin.patch("/v1/locations/jakarta-1", json!({"priority": 5, "address": null})).await.expect(200);
    assert_eq!((&patched.body["priority"], &patched.body["address"], &patched.body["name"]), (&json!(5), &Value::Null, &json!("Jakarta")));
    let stale = admin.request(Method::PATCH, "/v1/locations/jakarta-1").header("if-match", "\"1\"").json(&json!({"priority": 6}));
    assert_eq!(send(stale).await.code(412), "stale_version");
    stranger.get("/v1/locations/jakarta-1").await.expect(404);
    assert_eq!(stranger.get("/v1/locations").await.expect(200).body["data"], json!([]));
    assert_eq!(admin.put("/v1/locations/x", json!({"name": "", "kind": "shed"})).await.code(422), "unknown_value");
}

#[actix_web::test]
async fn receipts_raise_stock_and_move_the_average_cost() {
    let app = TestApp::spawn().await;
    let organization = stocked(&app, "demo").await;
    let caller = app.caller(organization, Role::Warehouse).await;
    let receipt = |quantity: &str, cost: Value| {
        json!({"location": "jakarta-1", "reference": "DO-1",
        "lines": [{"sku": "KOPI-250", "quantity": quantity, "unit_cost": cost}]})
    };
    let first = caller.post("/v1/inventory/receipts", receipt("30", json!("10"))).await.expect(201);
    assert_eq!((&first.body["lines"][0]["on_hand"], &first.body["lines"][0]["unit_cost"]), (&json!("30"), &json!("10.00")));
    let second = caller.post("/v1/inventory/receipts", receipt("10", json!("14"))).await.expect(201);
    assert_eq!(second.body["lines"][0]["unit_cost"], "11.00");
    receive(&caller, "surabaya-1", "TEH-100", "5").await;
    let levels = caller.get("/v1/inventory").await.expect(200).body["data"].clone();
    assert_eq!((&levels[1]["sku"], &levels[1]["unit_cost"]), (&json!("TEH-100"), &json!("30000.00")), "the standard cost");
    let movements = caller.get(second.header("location")).await.expect(200).body["data"].clone();
    let movement = &movements[0];
    assert_eq!(
        (&movement["kind"], &movement["quantity"], &movement["unit_cost"], &movement["reference"]),
        (&json!("receipt"), &json!("10"), &json!("14.00"), &json!("DO-1"))
    );
    let bad = json!({"location": "nowhere", "lines": [{"sku": "KOPI-250", "quantity": "0.5"}, {"sku": "GIFT-WRAP", "quantity": "1"},
        {"sku": "NOTHING", "quantity": "0"}]});
    let faults = caller.post("/v1/inventory/receipts", bad).await.expect(422).body["errors"].clone();
    let faults: Vec<(&str, &str)> =
        faults.as_array().unwrap().iter().map(|fault| (fault["pointer"].as_str().unwrap(), fault["code"].as_str().unwrap())).collect();
    assert_eq!(
        faults,
        [
            ("/lines/0/quantity", "too_many_decimals"),
            ("/lines/1/sku", "not_stocked"),
            ("/lines/2/sku", "unknown_sku"),
            ("/lines/2/quantity", "out_of_range"),
            ("/location", "unknown_location"),
        ]
    );
    let keyed =
        || send(caller.request(Method::POST, "/v1/inventory/receipts").header("idempotency-key", "r1").json(&receipt("1", json!(null))));
    let once = keyed().await.expect(201);
    assert_eq!(keyed().await.expect(201).body, once.body);
    assert_eq!(level(&caller, "KOPI-250", "jakarta-1").await, json!(["41", "0", "41"]));
    check(&app);
}

#[actix_web::test]
async fn incoming_supply_is_received_in_parts_and_closed() {
    let app = TestApp::spawn().await;
    let organization = stocked(&app, "demo").await;
    let caller = app.caller(organization, Role::Warehouse).await;
    let new = json!({"sku": "KOPI-250", "location": "jakarta-1", "quantity": "100", "expected_on": "2026-03-20", "reference": "PO-1"});
    let created = caller.post("/v1/inventory/incoming", new).await.expect(201);
    let path = created.header("location").to_owned();
    let incoming = |reply: Reply| reply.body["data"][0]["incoming"].clone();
    assert_eq!(incoming(caller.get("/v1/inventory?sku=KOPI-250").await), "100");
    let receipt = |quantity: &str, sku: &str| {
        json!({"location": "jakarta-1",
        "lines": [{"sku": sku, "quantity": quantity, "incoming_id": created.body["id"]}]})
    };
    assert_eq!(caller.post("/v1/inventory/receipts", receipt("1", "TEH-100")).await.code(422), "incoming_mismatch");
    caller.post("/v1/inventory/receipts", receipt("60", "KOPI-250")).await.expect(201);
    assert_eq!(incoming(caller.get("/v1/inventory?sku=KOPI-250").await), "40");
    let late = caller.patch(&path, json!({"expected_on": "2026-04-01"})).await.expect(200);
    assert_eq!((&late.body["expected_on"], &late.body["received_quantity"]), (&json!("2026-04-01"), &json!("60")));
    assert_eq!(caller.patch(&path, json!({"quantity": "50"})).await.code(422), "out_of_range");
    let availability = caller.get("/v1/inventory/availability?sku=KOPI-250&quantity=70").await.expect(200).body;
    assert_eq!((&availability["available_now"], &availability["available_on"]), (&json!(false), &json!("2026-04-01")));
    assert_eq!(availability["locations"], json!([{"location": "jakarta-1", "available": "60"}]));
    caller.post("/v1/inventory/receipts", receipt("45", "KOPI-250")).await.expect(201);
    assert_eq!(caller.get(&path).await.expect(200).body["status"], "received");
    let refused = caller.post("/v1/inventory/receipts", receipt("1", "KOPI-250")).await;
    assert_eq!((refused.body["current_status"].clone(), refused.code(409).as_str()), (json!("received"), "invalid_transition"));
    assert_eq!(caller.act(&format!("{path}/cancel")).await.code(409), "invalid_transition");
    assert_eq!(caller.get("/v1/inventory/incoming?status=open").await.expect(200).body["data"], json!([]));
    assert_eq!(caller.get("/v1/inventory/incoming?status=lost").await.code(400), "invalid_parameter");
    assert_eq!(caller.get("/v1/inventory/availability?sku=GIFT-WRAP").await.code(422), "not_stocked");
    check(&app);
}

/// An ERP sends purchase orders that are late: they are overdue, and promise nothing until they have a new day.
#[actix_web::test]
async fn overdue_supply_is_taken_and_promises_nothing_and_a_slip_of_the_year_is_refused() {
    let app = TestApp::spawn().await;
    let organization = stocked(&app, "demo").await;
    let caller = app.caller(organization, Role::Warehouse).await;
    let new = |on: &str| json!({"sku": "TEH-100", "location": "jakarta-1", "quantity": "100", "expected_on": on});
    for (on, expected) in [("2020-12-20", 422), ("2025-02-28", 422), ("2025-03-01", 201), ("2026-03-01", 201)] {
        let reply = caller.post("/v1/inventory/incoming", new(on)).await.expect(expected);
        if expected == 422 {
            assert_eq!(reply.body["errors"][0]["pointer"], "/expected_on");
            assert_eq!(reply.code(422), "too_long_ago");
        }
    }
    let supplies = caller.get("/v1/inventory/incoming").await.expect(200).body["data"].as_array().unwrap().clone();
    let availability = async |quantity: &str| {
        let path = format!("/v1/inventory/availability?sku=TEH-100&quantity={quantity}");
        let body = caller.get(&path).await.expect(200).body;
        (body["incoming"].clone(), body["available_on"].clone())
    };
    assert_eq!(availability("10").await, (json!("200"), Value::Null));
    let path = format!("/v1/inventory/incoming/{}", supplies[0]["id"].as_str().unwrap());
    assert_eq!(caller.patch(&path, json!({"expected_on": "2006-03-20"})).await.code(422), "too_long_ago");
    let dated = caller.patch(&path, json!({"expected_on": supplies[0]["expected_on"], "quantity": "90"})).await.expect(200).body;
    assert_eq!(
        (&dated["quantity"], &dated["expected_on"]),
        (&json!("90"), &supplies[0]["expected_on"]),
        "what stands there may be repeated"
    );
    caller.patch(&path, json!({"expected_on": "2026-03-20"})).await.expect(200);
    assert_eq!(availability("10").await, (json!("190"), json!("2026-03-20")));
    check(&app);
}

/// Goods at a supplier's are seen, and promised to nobody; the document says so.
#[actix_web::test]
async fn what_lies_with_a_supplier_is_promised_to_nobody_until_it_is_transferred() {
    let app = TestApp::spawn().await;
    let organization = stocked(&app, "demo").await;
    let admin = app.caller(organization, Role::Admin).await;
    admin.put("/v1/locations/roaster", json!({"name": "Roaster", "kind": "supplier"})).await.expect(201);
    receive(&admin, "roaster", "TEH-100", "10").await.expect(201);
    assert_eq!(level(&admin, "TEH-100", "roaster").await, json!(["10", "0", "10"]));
    let promised = admin.get("/v1/inventory/availability?sku=TEH-100&quantity=1").await.expect(200).body;
    assert_eq!((&promised["available"], &promised["available_on"], &promised["locations"]), (&json!("0"), &Value::Null, &json!([])));
    let transfer = json!({"from": "roaster", "to": "jakarta-1", "lines": [{"sku": "TEH-100", "quantity": "4"}]});
    admin.post("/v1/inventory/transfers", transfer).await.expect(201);
    let promised = admin.get("/v1/inventory/availability?sku=TEH-100&quantity=1").await.expect(200).body;
    assert_eq!((&promised["available"], &promised["available_now"]), (&json!("4"), &json!(true)));
    let document = admin.get("/openapi.json").await.expect(200).body;
    let schemas = &document["components"]["schemas"];
    for text in [&schemas["LocationKind"]["description"], &schemas["InventoryLevel"]["properties"]["available"]["description"]] {
        assert!(text.as_str().unwrap_or_default().contains("supplier"), "{text}");
    }
    check(&app);
}

#[actix_web::test]
async fn transfers_move_only_what_is_free_and_its_value() {
    let app = TestApp::spawn().await;
    let organization = stocked(&app, "demo").await;
    let caller = app.caller(organization, Role::Integration).await;
    receive(&caller, "jakarta-1", "KOPI-250", "10").await;
    caller.put("/v1/inventory/KOPI-250/jakarta-1/policy", json!({"safety_stock": "2", "reorder_point": "5"})).await.expect(200);
    order(&caller, "KOPI-250", "3", "refuse").await;
    let transfer = |quantity: &str| json!({"from": "jakarta-1", "to": "surabaya-1", "lines": [{"sku": "KOPI-250", "quantity": quantity}]});
    let refused = caller.post("/v1/inventory/transfers", transfer("6")).await.expect(409).body;
    assert_eq!(refused["code"], "insufficient_stock");
    assert_eq!(refused["lines"], json!([{"sku": "KOPI-250", "location": "jakarta-1", "requested": "6", "available": "5"}]));
    caller.post("/v1/inventory/transfers", transfer("5")).await.expect(201);
    assert_eq!(level(&caller, "KOPI-250", "jakarta-1").await, json!(["5", "3", "0"]));
    assert_eq!(level(&caller, "KOPI-250", "surabaya-1").await, json!(["5", "0", "5"]));
    let low = caller.get("/v1/inventory?below_reorder_point=true").await.expect(200).body;
    assert_eq!((low["data"].as_array().unwrap().len(), &low["data"][0]["location"]), (1, &json!("jakarta-1")));
    let events = caller.get("/v1/events?type=inventory.low_stock").await.expect(200).body;
    assert_eq!(events["data"][0]["data"]["available"], "0", "{events:#}");
    let out = caller.get("/v1/inventory/movements?kind=transfer_out,transfer_in&limit=1").await.expect(200).body;
    assert_eq!((&out["data"][0]["kind"], &out["data"][0]["unit_cost"]), (&json!("transfer_in"), &json!("30000.00")));
    let cursor = out["next_cursor"].as_str().unwrap();
    let rest = caller.get(&format!("/v1/inventory/movements?kind=transfer_out,transfer_in&limit=1&cursor={cursor}")).await.expect(200).body;
    assert_eq!((&rest["data"][0]["quantity"], &rest["next_cursor"]), (&json!("-5"), &Value::Null));
    assert_eq!(caller.get(&format!("/v1/inventory/movements?limit=1&cursor={cursor}")).await.code(400), "invalid_cursor");
    check(&app);
}

#[actix_web::test]
async fn a_count_below_what_is_promised_takes_the_newest_promises_back() {
    let app = TestApp::spawn().await;
    let organization = stocked(&app, "demo").await;
    let caller = app.caller(organization, Role::Integration).await;
    receive(&caller, "jakarta-1", "KOPI-250", "10").await;
    let mut orders = vec![];
    for (quantity, on_shortage) in [("4", "refuse"), ("3", "backorder"), ("2", "refuse")] {
        orders.push(order(&caller, "KOPI-250", quantity, on_shortage).await);
        app.clock.advance(TimeDelta::seconds(1));
    }
    let cart = json!({"lines": [{"sku": "KOPI-250", "quantity": "1"}]});
    let reservation = caller.post("/v1/checkout/reservations", cart).await.expect(201).body;
    assert_eq!(level(&caller, "KOPI-250", "jakarta-1").await, json!(["10", "10", "0"]));
    let count =
        |counted: &str| json!({"location": "jakarta-1", "reason": "cycle count", "lines": [{"sku": "KOPI-250", "counted": counted}]});
    let counted = caller.post("/v1/inventory/adjustments", count("7")).await.expect(201).body;
    let freed: Vec<(&Value, &str, &str)> = counted["freed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|freed| (&freed["order_id"], freed["quantity"].as_str().unwrap(), freed["became"].as_str().unwrap()))
        .collect();
    assert_eq!(freed, [(&orders[2]["id"], "2", "unallocated"), (&orders[1]["id"], "1", "backordered")]);
    assert_eq!(level(&caller, "KOPI-250", "jakarta-1").await, json!(["7", "7", "0"]));
    let held = found(&caller, &orders[2]).await;
    assert_eq!((&held["status"], &held["holds"][0]["code"]), (&json!("on_hold"), &json!("insufficient_stock")));
    assert_eq!((&held["lines"][0]["unallocated_quantity"], &held["lines"][0]["allocated_quantity"]), (&json!("2"), &json!("0")));
    let waiting = found(&caller, &orders[1]).await;
    assert_eq!((&waiting["status"], &waiting["lines"][0]["backordered_quantity"]), (&json!("confirmed"), &json!("1")));
    check(&app);

    let snapshot =
        json!({"location": "jakarta-1", "as_of": app.clock.now(), "version": 1, "lines": [{"sku": "KOPI-250", "quantity": "0"}]});
    let taken = caller.put("/v1/inventory/snapshots", snapshot.clone()).await.expect(200).body;
    assert_eq!((&taken["applied_count"], &taken["lines"][0]["change"]), (&json!(1), &json!("-7")));
    assert_eq!(taken["freed"].as_array().unwrap().last().unwrap()["became"], "released", "reservations give way last");
    assert_eq!(level(&caller, "KOPI-250", "jakarta-1").await, json!(["0", "0", "0"]));
    let path = format!("/v1/checkout/reservations/{}", reservation["id"].as_str().unwrap());
    assert_eq!(caller.get(&path).await.expect(200).body["status"], "released");
    let again = caller.put("/v1/inventory/snapshots", snapshot).await.expect(200).body;
    assert_eq!((&again["late_count"], &again["lines"][0]["outcome"]), (&json!(1), &json!("late")));
    let events = caller.get("/v1/events?type=order.allocation_lost").await.expect(200).body;
    assert_eq!(events["data"].as_array().unwrap().len(), 4, "{events:#}");
    let first = &events["data"][0]["data"];
    assert_eq!((&first["number"], &first["status"]["after"]), (&orders[1]["number"], &json!("confirmed")), "{first:#}");
    assert_eq!(
        (&first["lines"][0]["before"]["allocated_quantity"], &first["lines"][0]["after"]["allocated_quantity"]),
        (&json!("3"), &json!("2"))
    );
    check(&app);
}

#[actix_web::test]
async fn a_count_leaves_no_promise_on_goods_in_quarantine() {
    let app = TestApp::spawn().await;
    let organization = stocked(&app, "demo").await;
    let caller = app.caller(organization, Role::Integration).await;
    receive(&caller, "jakarta-1", "TEH-100", "10").await;
    let wet = json!({"location": "jakarta-1", "reason": "wet", "lines": [{"sku": "TEH-100", "quantity": "4", "action": "quarantine"}]});
    caller.post("/v1/inventory/quarantine", wet).await.expect(201);
    let placed = order(&caller, "TEH-100", "6", "backorder").await;
    assert_eq!(level(&caller, "TEH-100", "jakarta-1").await, json!(["10", "6", "0"]));
    let count = |counted: &str| json!({"location": "jakarta-1", "reason": "count", "lines": [{"sku": "TEH-100", "counted": counted}]});
    let counted = caller.post("/v1/inventory/adjustments", count("8")).await.expect(201).body;
    assert_eq!((&counted["freed"][0]["order_id"], &counted["freed"][0]["quantity"]), (&placed["id"], &json!("2")), "{counted:#}");
    assert_eq!(level(&caller, "TEH-100", "jakarta-1").await, json!(["8", "4", "0"]), "four of the eight are wet");
    check(&app);

    let snapshot = json!({"location": "jakarta-1", "as_of": app.clock.now(), "version": 1, "lines": [{"sku": "TEH-100", "quantity": "7"}]});
    let taken = caller.put("/v1/inventory/snapshots", snapshot).await.expect(200).body;
    assert_eq!(taken["freed"][0]["quantity"], "1");
    assert_eq!(found(&caller, &placed).await["lines"][0]["backordered_quantity"], "3");
    // Fewer than were wet: all that is left is taken for wet until somebody says otherwise.
    caller.post("/v1/inventory/adjustments", count("3")).await.expect(201);
    assert_eq!(level(&caller, "TEH-100", "jakarta-1").await, json!(["3", "0", "-1"]));
    check(&app);
    execute(&app, "UPDATE stock_level SET reserved = 2 WHERE sku = 'TEH-100'");
    let violations = pesanan::check::run(&mut app.database.connect()).unwrap();
    assert!(violations.iter().any(|violation| violation.invariant == "stock_bounds"), "{violations:?}");
}

#[actix_web::test]
async fn a_snapshot_counts_what_has_moved_since_it_was_taken() {
    let app = TestApp::spawn().await;
    let organization = stocked(&app, "demo").await;
    let caller = app.caller(organization, Role::Warehouse).await;
    receive(&caller, "jakarta-1", "KOPI-250", "10").await;
    app.clock.advance(TimeDelta::minutes(10));
    let as_of = app.clock.now();
    app.clock.advance(TimeDelta::minutes(10));
    receive(&caller, "jakarta-1", "KOPI-250", "5").await;
    let snapshot = |version: i64, quantity: &str, as_of| {
        json!({"location": "jakarta-1", "as_of": as_of, "version": version,
        "lines": [{"sku": "KOPI-250", "quantity": quantity}, {"sku": "TEH-100", "quantity": "3"}]})
    };
    let taken = caller.put("/v1/inventory/snapshots", snapshot(1, "8", as_of)).await.expect(200).body;
    assert_eq!((&taken["lines"][0]["on_hand"], &taken["lines"][0]["change"]), (&json!("13"), &json!("-2")));
    let corrected = caller.put("/v1/inventory/snapshots", snapshot(2, "9", as_of)).await.expect(200).body;
    assert_eq!(corrected["lines"][0]["on_hand"], "14", "a correction of the same moment replaces the first");
    let older = caller.put("/v1/inventory/snapshots", snapshot(3, "1", as_of - TimeDelta::minutes(1))).await.expect(200).body;
    assert_eq!(older["late_count"], 2);
    let future = app.clock.now() + TimeDelta::hours(1);
    assert_eq!(caller.put("/v1/inventory/snapshots", snapshot(4, "1", future)).await.code(422), "out_of_range");
    check(&app);
}

#[actix_web::test]
async fn quarantine_keeps_goods_from_promises_and_scrap_ends_them() {
    let app = TestApp::spawn().await;
    let organization = stocked(&app, "demo").await;
    let caller = app.caller(organization, Role::Integration).await;
    receive(&caller, "jakarta-1", "TEH-100", "10").await;
    let run = |quantity: &str, action: &str| {
        let body = json!({"location": "jakarta-1", "reason": "wet", "lines": [{"sku": "TEH-100", "quantity": quantity, "action": action}]});
        send(caller.request(Method::POST, "/v1/inventory/quarantine").json(&body))
    };
    run("4", "quarantine").await.expect(201);
    assert_eq!(level(&caller, "TEH-100", "jakarta-1").await, json!(["10", "0", "6"]));
    run("1", "release").await.expect(201);
    run("2", "scrap").await.expect(201);
    assert_eq!(level(&caller, "TEH-100", "jakarta-1").await, json!(["8", "0", "7"]));
    assert_eq!(run("2", "release").await.code(409), "insufficient_stock");
    let placed = order(&caller, "TEH-100", "7", "backorder").await;
    let found = run("3", "quarantine").await.expect(201).body;
    assert_eq!((&found["freed"][0]["order_id"], &found["freed"][0]["quantity"]), (&placed["id"], &json!("3")));
    assert_eq!(level(&caller, "TEH-100", "jakarta-1").await, json!(["8", "4", "0"]));
    let scrapped = caller.get("/v1/inventory/movements?kind=scrap").await.expect(200).body;
    assert_eq!((&scrapped["data"][0]["quantity"], &scrapped["data"][0]["reason"]), (&json!("-2"), &json!("wet")));
    check(&app);
}

#[actix_web::test]
async fn a_cart_is_held_all_of_it_or_nothing_and_given_back_by_its_secret() {
    let app = TestApp::spawn().await;
    let organization = stocked(&app, "demo").await;
    let warehouse = app.caller(organization, Role::Warehouse).await;
    let shop = app.caller(organization, Role::Storefront).await;
    receive(&warehouse, "jakarta-1", "KOPI-250", "5").await;
    receive(&warehouse, "surabaya-1", "KOPI-250", "20").await;
    let ask = json!({"lines": [{"sku": "KOPI-250", "quantity": "20"}, {"sku": "KOPI-250", "quantity": "6"}, {"sku": "GIFT-WRAP", "quantity": "1"}]});
    let asked = shop.post("/v1/checkout/availability", ask).await.expect(200).body;
    let answers: Vec<&Value> = asked["lines"].as_array().unwrap().iter().map(|line| &line["available"]).collect();
    assert_eq!((&asked["available"], answers), (&json!(false), vec![&json!(true), &json!(false), &json!(true)]));

    let cart = |lines: Value| json!({"lines": lines, "expires_in_seconds": 600});
    let boxed = json!([{"sku": "KOPI-250", "quantity": "1", "unit": "box"}]);
    let create =
        || send(shop.request(Method::POST, "/v1/checkout/reservations").header("idempotency-key", "cart-1").json(&cart(boxed.clone())));
    let created = create().await.expect(201);
    let told = json!([{"sku": "KOPI-250", "quantity": "12", "allocations": []}]);
    assert_eq!(created.body["lines"], told, "where it lies would tell a shop page how much lies there");
    assert_eq!(create().await.code(409), "secret_already_shown");
    let path = created.header("location").to_owned();
    let short = shop.post("/v1/checkout/reservations", cart(json!([{"sku": "KOPI-250", "quantity": "14"}]))).await.expect(409).body;
    assert_eq!(short["lines"], json!([{"sku": "KOPI-250", "requested": "14", "available": null}]), "a shop page never sees exact stock");
    let sales = app.caller(organization, Role::Sales).await;
    let short = sales.post("/v1/checkout/reservations", cart(json!([{"sku": "KOPI-250", "quantity": "14"}]))).await.expect(409).body;
    assert_eq!(short["lines"][0]["available"], "13");
    assert_eq!(
        shop.post("/v1/checkout/reservations", json!({"lines": [{"sku": "KOPI-250", "quantity": "1"}], "expires_in_seconds": 901}))
            .await
            .code(422),
        "out_of_range"
    );
    assert_eq!(
        sales.post("/v1/checkout/reservations", cart(json!([{"sku": "GIFT-WRAP", "quantity": "1"}]))).await.code(422),
        "not_stocked"
    );

    let release = |secret: Option<&str>| {
        let request = shop.request(Method::DELETE, &path);
        send(match secret {
            Some(secret) => request.header("x-release-secret", secret),
            None => request,
        })
    };
    assert_eq!(release(None).await.code(400), "invalid_header");
    release(Some("wrong")).await.expect(404);
    release(created.body["release_secret"].as_str()).await.expect(204);
    release(created.body["release_secret"].as_str()).await.expect(404);
    assert_eq!(level(&warehouse, "KOPI-250", "surabaya-1").await, json!(["20", "0", "20"]));
    check(&app);
}

#[actix_web::test]
async fn expired_carts_give_their_stock_back_once_even_if_two_sweep() {
    let app = TestApp::spawn().await;
    let (ours, theirs) = (stocked(&app, "ours").await, stocked(&app, "theirs").await);
    for organization in [ours, theirs] {
        let caller = app.caller(organization, Role::Integration).await;
        receive(&caller, "jakarta-1", "KOPI-250", "40").await;
        for _ in 0..20 {
            let cart = json!({"lines": [{"sku": "KOPI-250", "quantity": "2"}], "expires_in_seconds": 60});
            caller.post("/v1/checkout/reservations", cart).await.expect(201);
        }
    }
    let now = app.clock.now() + TimeDelta::seconds(60);
    let sweep = || {
        let db = app.app.db.clone();
        actix_web::rt::spawn(async move {
            let mut all = 0;
            loop {
                match db.write(move |connection| expire_due(connection, now, 7)).await.unwrap() {
                    0 => return all,
                    some => all += some,
                }
            }
        })
    };
    let (one, two) = (sweep(), sweep());
    let swept = one.await.unwrap() + two.await.unwrap();
    // One that finds all rows held by the other may end early; a last sweep finds what is left.
    let left = sweep().await.unwrap();
    assert_eq!(swept + left, 40);
    for organization in [ours, theirs] {
        let caller = app.caller(organization, Role::Integration).await;
        assert_eq!(level(&caller, "KOPI-250", "jakarta-1").await, json!(["40", "0", "40"]));
    }
    check(&app);
}

/// Counts, orders, carts and sweeps at once on few levels: no promise is lost, none made twice.
#[actix_web::test]
async fn counting_while_orders_and_carts_come_in_keeps_every_promise_countable() {
    let app = TestApp::spawn().await;
    let organization = stocked(&app, "demo").await;
    let caller = app.caller(organization, Role::Integration).await;
    for sku in ["KOPI-250", "TEH-100"] {
        for location in ["jakarta-1", "surabaya-1"] {
            receive(&caller, location, sku, "60").await;
        }
    }
    let address = json!({"name": "Siti", "line1": "Jl. Braga 12", "city": "Bandung", "country": "ID"});
    let place = |i: usize| {
        let body = json!({"customer_code": "C-SITI", "on_shortage": (["backorder", "hold"][i % 2]), "shipping_address": address,
            "lines": [{"sku": "KOPI-250", "quantity": "3"}, {"sku": "TEH-100", "quantity": "2"}]});
        caller.request(Method::POST, "/v1/orders").json(&body)
    };
    let reserve = |i: usize| {
        let cart = json!({"lines": [{"sku": (["KOPI-250", "TEH-100"][i % 2]), "quantity": "2"}]});
        caller.request(Method::POST, "/v1/checkout/reservations").json(&cart)
    };
    let count = |i: usize| {
        let counted = (7 * i % 50).to_string();
        let body = json!({"location": (["jakarta-1", "surabaya-1"][i % 2]), "reason": "count",
            "lines": [{"sku": "TEH-100", "counted": counted}, {"sku": "KOPI-250", "counted": counted}]});
        caller.request(Method::POST, "/v1/inventory/adjustments").json(&body)
    };
    let mut statuses = std::collections::BTreeMap::new();
    for round in 0..6 {
        let requests = (0..8).flat_map(|i| [place(8 * round + i), reserve(i), count(8 * round + i)]);
        let replies = futures_util::future::join_all(requests.map(send)).await;
        for reply in replies {
            assert!([201, 409].contains(&reply.status), "{:#}", reply.body);
            *statuses.entry(reply.status).or_insert(0) += 1;
        }
        check(&app);
    }
    assert!(statuses[&201] > 60, "{statuses:?}");
}

#[actix_web::test]
async fn an_order_takes_a_cart_over_and_an_expired_one_competes_like_any_other() {
    let app = TestApp::spawn().await;
    let organization = stocked(&app, "demo").await;
    let caller = app.caller(organization, Role::Integration).await;
    receive(&caller, "jakarta-1", "KOPI-250", "5").await;
    let cart = || json!({"lines": [{"sku": "KOPI-250", "quantity": "5"}], "expires_in_seconds": 60});
    let address = json!({"name": "Siti", "line1": "Jl. Braga 12", "city": "Bandung", "country": "ID"});
    let from_cart = |id: &Value| {
        json!({"customer_code": "C-SITI", "shipping_address": address, "reservation_id": id,
        "lines": [{"sku": "KOPI-250", "quantity": "3"}]})
    };
    let held = caller.post("/v1/checkout/reservations", cart()).await.expect(201);
    let path = held.header("location").to_owned();
    let placed = caller.post("/v1/orders", from_cart(&held.body["id"])).await.expect(201).body;
    assert_eq!(placed["lines"][0]["allocated_quantity"], "3");
    assert_eq!(level(&caller, "KOPI-250", "jakarta-1").await, json!(["5", "3", "2"]), "what the order does not want is free again");
    let consumed = caller.get(&path).await.expect(200).body;
    assert_eq!((&consumed["status"], &consumed["order_id"]), (&json!("consumed"), &placed["id"]));
    assert_eq!(send(caller.request(Method::DELETE, &path)).await.code(409), "reservation_not_live");
    assert_eq!(caller.post("/v1/orders", from_cart(&held.body["id"])).await.code(409), "reservation_not_live");

    receive(&caller, "jakarta-1", "KOPI-250", "3").await;
    let late = caller.post("/v1/checkout/reservations", cart()).await.expect(201);
    app.clock.advance(TimeDelta::seconds(61));
    caller.post("/v1/orders", from_cart(&late.body["id"])).await.expect(201);
    assert_eq!(caller.get(late.header("location")).await.expect(200).body["status"], "expired");
    assert_eq!(level(&caller, "KOPI-250", "jakarta-1").await, json!(["8", "6", "2"]));
    check(&app);
}

#[actix_web::test]
async fn a_policy_keeps_stock_back_and_is_created_once() {
    let app = TestApp::spawn().await;
    let organization = stocked(&app, "demo").await;
    let caller = app.caller(organization, Role::Integration).await;
    let path = "/v1/inventory/KOPI-250/jakarta-1/policy";
    caller.get(path).await.expect(404);
    let created = caller.put(path, json!({"safety_stock": "4", "reorder_point": "6"})).await.expect(201);
    assert_eq!(caller.put(path, created.body.clone()).await.expect(200).header("etag"), created.header("etag"), "nothing changed");
    receive(&caller, "jakarta-1", "KOPI-250", "10").await;
    let address = json!({"name": "Siti", "line1": "Jl. Braga 12", "city": "Bandung", "country": "ID"});
    let body = json!({"customer_code": "C-SITI", "shipping_address": address, "lines": [{"sku": "KOPI-250", "quantity": "7"}]});
    assert_eq!(caller.post("/v1/orders", body).await.code(409), "insufficient_stock");
    let stale = caller.request(Method::PUT, path).header("if-match", "\"99\"").json(&json!({"safety_stock": "0"}));
    assert_eq!(send(stale).await.code(412), "stale_version");
    assert_eq!(caller.put(path, json!({"safety_stock": "-1"})).await.code(422), "out_of_range");
    assert_eq!(caller.put("/v1/inventory/NOTHING/jakarta-1/policy", json!({})).await.code(404), "not_found");
    assert_eq!(caller.put("/v1/inventory/KOPI-250/nowhere/policy", json!({})).await.code(404), "not_found");
    check(&app);
}

/// A whole catalog in one call: the number of statements does not grow with its lines.
#[actix_web::test]
async fn a_snapshot_of_many_lines_is_taken_in_at_once() {
    let app = TestApp::spawn().await;
    let organization = stocked(&app, "demo").await;
    let caller = app.caller(organization, Role::Warehouse).await;
    let lines = std::env::var("PESANAN_TEST_SNAPSHOT_LINES").map_or(5_000, |lines| lines.parse().unwrap());
    execute(
        &app,
        &format!(
            "INSERT INTO product (organization_id, sku, id, name, kind, unit, quantity_scale, tax_category, active, created_at, \
             updated_at) SELECT '{}', 'S-' || n, gen_random_uuid(), 'S', 'stocked', 'C62', 0, 'standard', true, now(), now() \
             FROM generate_series(1, {lines}) n",
            organization.0
        ),
    );
    let snapshot = |version: i64, quantity: &str| {
        let lines: Vec<Value> = (1..=lines).map(|n| json!({"sku": format!("S-{n}"), "quantity": quantity})).collect();
        json!({"location": "jakarta-1", "as_of": app.clock.now(), "version": version, "lines": lines})
    };
    let taken = caller.put("/v1/inventory/snapshots", snapshot(1, "7")).await.expect(200).body;
    assert_eq!(taken["applied_count"], lines);
    let again = caller.put("/v1/inventory/snapshots", snapshot(2, "9")).await.expect(200).body;
    assert_eq!((&again["lines"][0]["change"], &again["lines"][0]["on_hand"]), (&json!("2"), &json!("9")));
    assert_eq!(caller.put("/v1/inventory/snapshots", snapshot(2, "1")).await.expect(200).body["late_count"], lines);
    check(&app);
}
