//! Orders over HTTP on a real Postgres.

use crate::shop::{ADDRESS, clean, customer, level, receive, shop};
use crate::support::app::TestApp;
use pesanan::auth::permission::Role;
use serde_json::{Value, json};

fn holds(order: &Value) -> Vec<&str> {
    order["holds"].as_array().unwrap().iter().map(|hold| hold["code"].as_str().unwrap()).collect()
}

async fn serve_backorders(app: &TestApp) -> usize {
    let (db, now) = (app.app.db.clone(), app.clock.now());
    actix_web::web::block(move || pesanan::jobs::fill_backorders(&db, now)).await.unwrap().unwrap()
}

#[actix_web::test]
async fn a_service_order_is_placed_read_listed_and_replayed() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    let body = json!({"customer_code": "C-1", "lines": [{"sku": "WRAP", "quantity": "3"}]});
    let request = || admin.request(reqwest::Method::POST, "/v1/orders").header("Idempotency-Key", "one").json(&body);
    let placed = crate::support::app::send(request()).await.expect(201);
    assert_eq!(placed.body["status"], "confirmed", "{:#}", placed.body);
    assert_eq!(placed.body["number"], "SO-000001");
    assert_eq!(placed.body["subtotal"], "15000.00");
    assert_eq!(placed.body["tax_total"], "1650.00");
    assert_eq!(placed.body["total"], "16650.00");
    let id = placed.body["id"].as_str().unwrap();
    assert_eq!(placed.header("location"), format!("/v1/orders/{id}"));
    let read = admin.get(&format!("/v1/orders/{id}")).await.expect(200);
    assert_eq!(read.body, placed.body);
    let again = crate::support::app::send(request()).await.expect(201);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.body, placed.body);
    let list = admin.get("/v1/orders?status=confirmed&q=C-1").await.expect(200);
    assert_eq!(list.body["data"].as_array().unwrap().len(), 1);
    assert_eq!(list.body["data"][0], placed.body);
    assert_eq!(admin.get("/v1/orders?status=draft").await.expect(200).body["data"], json!([]));
}

#[actix_web::test]
async fn goods_without_stock_are_refused_and_nothing_is_stored() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    let refused = admin.post("/v1/orders", json!({"customer_code": "C-1", "lines": [{"sku": "KOPI", "quantity": "3"}]})).await;
    assert_eq!(refused.body["lines"], json!([{"pointer": "/lines/0", "sku": "KOPI", "requested": "3", "available": "0"}]));
    assert_eq!(refused.code(409), "insufficient_stock");
    assert_eq!(admin.get("/v1/orders").await.expect(200).body["data"], json!([]));
}

#[actix_web::test]
async fn one_location_that_can_ship_all_is_chosen_else_the_order_is_split() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    receive(&admin, "jakarta", "KOPI", "30").await;
    receive(&admin, "surabaya", "KOPI", "50").await;
    receive(&admin, "surabaya", "TEH", "5").await;
    let both = json!({"customer_code": "C-1", "lines": [{"sku": "KOPI", "quantity": "2", "unit": "box"}, {"sku": "TEH", "quantity": "1"}]});
    let order = admin.post("/v1/orders", both).await.expect(201).body;
    assert_eq!(order["lines"][0]["unit_price"], "600000.00", "a box is twelve");
    assert_eq!(order["lines"][0]["base_quantity"], "24");
    assert_eq!(order["lines"][0]["allocations"], json!([{"location": "surabaya", "quantity": "2", "reason": "whole_order"}]));
    assert_eq!(level(&admin, "KOPI", "surabaya").await, ("50".into(), "24".into(), "26".into()));
    let split = json!({"customer_code": "C-1", "lines": [{"sku": "KOPI", "quantity": "40"}]});
    let order = admin.post("/v1/orders", split).await.expect(201).body;
    let at: Vec<&str> = order["lines"][0]["allocations"].as_array().unwrap().iter().map(|a| a["location"].as_str().unwrap()).collect();
    assert_eq!(at, ["jakarta", "surabaya"]);
    let list = admin.get("/v1/orders?location=jakarta&sku=KOPI").await.expect(200);
    assert_eq!(list.body["data"].as_array().unwrap().len(), 1);
    clean(&app).await;
}

#[actix_web::test]
async fn a_shortage_is_refused_held_or_backordered_as_the_order_asks() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    receive(&admin, "jakarta", "KOPI", "5").await;
    let order = |shortage: &str| json!({"customer_code": "C-1", "on_shortage": shortage, "lines": [{"sku": "KOPI", "quantity": "8"}]});
    assert_eq!(admin.post("/v1/orders", order("refuse")).await.code(409), "insufficient_stock");
    let held = admin.post("/v1/orders", order("hold")).await.expect(201).body;
    assert_eq!((held["status"].as_str().unwrap(), holds(&held)), ("on_hold", vec!["insufficient_stock"]));
    assert_eq!((&held["lines"][0]["allocated_quantity"], &held["lines"][0]["unallocated_quantity"]), (&json!("5"), &json!("3")));
    let id = held["id"].as_str().unwrap();
    admin.post(&format!("/v1/orders/{id}/cancel"), json!({"reason": {"code": "customer_request"}})).await.expect(200);
    let backordered = admin.post("/v1/orders", order("backorder")).await.expect(201).body;
    assert_eq!(backordered["status"], "confirmed");
    assert_eq!(backordered["lines"][0]["backordered_quantity"], "3");
    assert_eq!(backordered["milestones"]["allocated_at"], Value::Null);
    receive(&admin, "surabaya", "KOPI", "2").await;
    assert_eq!(serve_backorders(&app).await, 1);
    receive(&admin, "surabaya", "KOPI", "20").await;
    assert_eq!(serve_backorders(&app).await, 1);
    assert_eq!(serve_backorders(&app).await, 0);
    let id = backordered["id"].as_str().unwrap();
    let served = admin.get(&format!("/v1/orders/{id}")).await.expect(200).body;
    assert_eq!((&served["lines"][0]["allocated_quantity"], &served["lines"][0]["backordered_quantity"]), (&json!("8"), &json!("0")));
    assert!(served["milestones"]["allocated_at"].is_string());
    let types: Vec<String> = admin.get(&format!("/v1/orders/{id}/events")).await.expect(200).body["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["type"].as_str().unwrap().to_owned())
        .collect();
    // With the last unit it has its first date.
    assert_eq!(types, ["order.captured", "order.confirmed", "order.allocated", "order.allocated", "order.promise_changed"]);
    clean(&app).await;
}

#[actix_web::test]
async fn holds_of_a_cancelled_order_are_on_no_work_list() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    receive(&admin, "jakarta", "KOPI", "100").await;
    customer(&admin, "C-LIMIT", json!({"credit_limit": "1000"})).await;
    let order = json!({"customer_code": "C-LIMIT", "lines": [{"sku": "KOPI", "quantity": "2"}]});
    let held = admin.post("/v1/orders", order).await.expect(201).body;
    assert_eq!(holds(&held), ["credit_limit"]);
    // 2 × 50,000 and PPN of 11 %.
    let expected = json!({"order_total": "111000.00", "order_currency": "IDR", "available": "1000.00", "currency": "IDR"});
    assert_eq!(held["holds"][0]["data"], expected);
    let path = format!("/v1/orders/{}", held["id"].as_str().unwrap());
    let cancel = |quantity: &str| json!({"reason": {"code": "customer_request"}, "lines": [{"order_line_id": held["lines"][0]["id"], "quantity": quantity}]});
    let part = admin.post(&format!("{path}/cancel"), cancel("1")).await.expect(200).body;
    assert_eq!((&part["status"], &part["holds"][0]["released_at"]), (&json!("on_hold"), &Value::Null), "something is left to decide about");
    let whole = admin.post(&format!("{path}/cancel"), cancel("1")).await.expect(200).body;
    assert_eq!(whole["status"], "cancelled");
    let hold = &whole["holds"][0];
    assert_eq!((&hold["released_by"], &hold["release_reason"]), (&json!("system"), &json!("the order was cancelled")));
    assert_eq!(admin.get(&path).await.expect(200).body["holds"], whole["holds"]);
    assert_eq!(admin.get("/v1/orders?hold_code=credit_limit").await.expect(200).body["data"], json!([]));
    clean(&app).await;
}

#[actix_web::test]
async fn what_speaks_against_an_order_holds_it_and_the_right_role_releases_it() {
    let app = TestApp::spawn().await;
    let (organization_id, admin) = shop(&app).await;
    let sales = app.caller(organization_id, Role::Sales).await;
    let finance = app.caller(organization_id, Role::Finance).await;
    receive(&admin, "jakarta", "KOPI", "100").await;
    receive(&admin, "jakarta", "TEH", "100").await;
    customer(&admin, "C-1", json!({})).await;
    customer(&admin, "C-PREPAID", json!({"payment_terms": "prepaid"})).await;
    customer(&admin, "C-BLOCKED", json!({"blocked": true})).await;
    customer(&admin, "C-NOWHERE", json!({"shipping_address": null})).await;
    let order = |code: &str| json!({"customer_code": code, "lines": [{"sku": "KOPI", "quantity": "1"}]});
    for (code, hold) in [("C-PREPAID", "payment_required"), ("C-BLOCKED", "customer_blocked"), ("C-NOWHERE", "address_incomplete")] {
        let held = admin.post("/v1/orders", order(code)).await.expect(201).body;
        assert_eq!((held["status"].as_str().unwrap(), holds(&held)), ("on_hold", vec![hold]));
        assert_eq!(held["lines"][0]["allocated_quantity"], "1", "a held order keeps its stock");
        assert_eq!(held["milestones"]["verified_at"], Value::Null);
    }
    admin.patch("/v1/products/TEH", json!({"active": false})).await.expect(200);
    let inactive = json!({"customer_code": "C-1", "lines": [{"sku": "TEH", "quantity": "1"}]});
    let held = admin.post("/v1/orders", inactive).await.expect(201).body;
    assert_eq!(holds(&held), ["product_inactive"]);
    assert_eq!(held["holds"][0]["order_line_id"], held["lines"][0]["id"]);

    let mut twice = order("C-1");
    twice["purchase_order_number"] = json!("PO-1");
    assert_eq!(admin.post("/v1/orders", twice.clone()).await.expect(201).body["status"], "confirmed");
    let duplicate = admin.post("/v1/orders", twice).await.expect(201).body;
    assert_eq!(holds(&duplicate), ["suspected_duplicate"]);

    let given = |price: &str| json!({"customer_code": "C-1", "pricing": "as_given", "lines": [{"sku": "KOPI", "quantity": "2", "unit_price": price, "tax_amount": "11000"}]});
    assert_eq!(
        holds(&admin.post("/v1/orders", given("49999.995")).await.expect(201).body),
        Vec::<&str>::new(),
        "within a minor unit a line"
    );
    let mismatch = admin.post("/v1/orders", given("45000")).await.expect(201).body;
    assert_eq!(holds(&mismatch), ["price_mismatch"]);
    assert_eq!((&mismatch["total"], &mismatch["tax_total"]), (&json!("101000.00"), &json!("11000.00")), "kept as the shop gave it");

    let release =
        |order: &Value| format!("/v1/orders/{}/holds/{}/release", order["id"].as_str().unwrap(), order["holds"][0]["id"].as_str().unwrap());
    let credit = customer(&admin, "C-LIMIT", json!({"credit_limit": "100000"})).await;
    assert_eq!(admin.post("/v1/orders", order("C-LIMIT")).await.expect(201).body["status"], "confirmed");
    let over = admin.post("/v1/orders", order("C-LIMIT")).await.expect(201).body;
    assert_eq!(holds(&over), ["credit_limit"]);
    let refused = sales.post(&release(&over), json!({"reason": "please"})).await;
    assert_eq!(refused.code(403), "hold_not_releasable");
    // An administrator's token that may read only, or that may write something else, lets no hold of finance go.
    let client = app.api_client(organization_id, Role::Admin).await;
    for (scope, lacks) in [("orders:read", "orders:write"), ("orders:read orders:write fulfillment:write", "payments:write")] {
        let form = json!({"grant_type": "client_credentials", "client_id": client.client_id, "client_secret": client.client_secret, "scope": scope});
        let token = app.token(&form).await.expect(200).body["access_token"].as_str().unwrap().to_owned();
        let narrow = app.bearer(token).post(&release(&over), json!({"reason": "narrow"})).await;
        assert!(narrow.body["detail"].as_str().unwrap().contains(lacks), "{}", narrow.body["detail"]);
        assert_eq!(narrow.code(403), "insufficient_scope");
    }
    let released = finance.post(&release(&over), json!({"reason": "called"})).await.expect(200).body;
    assert_eq!(released["status"], "confirmed");
    assert!(released["holds"][0]["released_by"].as_str().unwrap().starts_with("api_client:"));
    assert_eq!(finance.post(&release(&over), json!({"reason": "again"})).await.code(409), "hold_released");
    let balance = admin.get(&format!("/v1/customers/{credit}")).await.expect(200).body["balance"].clone();
    assert_eq!(balance["open_orders"], "111000.00");

    let id = released["id"].as_str().unwrap();
    let manual = sales.post(&format!("/v1/orders/{id}/hold"), json!({"reason": "wait"})).await.expect(200).body;
    assert_eq!(manual["status"], "on_hold");
    let list = admin.get("/v1/orders?hold_code=manual,price_mismatch").await.expect(200);
    assert_eq!(list.body["data"].as_array().unwrap().len(), 2);
    clean(&app).await;
}

#[actix_web::test]
async fn drafts_promise_nothing_until_they_are_confirmed() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({"credit_limit": "1000000"})).await;
    let body = json!({"customer_code": "C-1", "draft": true, "lines": [{"sku": "KOPI", "quantity": "3"}]});
    let draft = admin.post("/v1/orders", body).await.expect(201);
    assert_eq!(draft.body["status"], "draft");
    assert_eq!(draft.body["lines"][0]["unallocated_quantity"], "3");
    let path = format!("/v1/orders/{}/confirm", draft.body["id"].as_str().unwrap());
    assert_eq!(admin.act(&path).await.code(409), "insufficient_stock");
    receive(&admin, "jakarta", "KOPI", "3").await;
    let stale = crate::support::app::send(admin.request(reqwest::Method::POST, &path).header("If-Match", "\"7\"")).await;
    assert_eq!(stale.code(412), "stale_version");
    let confirmed = admin.act(&path).await.expect(200);
    assert_eq!(confirmed.body["status"], "confirmed");
    assert_eq!(confirmed.header("etag"), "\"2\"");
    assert_eq!(level(&admin, "KOPI", "jakarta").await.1, "3");
    let again = admin.act(&path).await;
    assert_eq!(again.body["current_status"], "confirmed");
    assert_eq!(again.code(409), "invalid_transition");
    clean(&app).await;
}

#[actix_web::test]
async fn a_draft_is_verified_again_when_it_is_confirmed() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    let buyer = customer(&admin, "C-1", json!({})).await;
    receive(&admin, "jakarta", "KOPI", "100").await;
    let draft = async |more: Value| {
        let mut body = json!({"customer_code": "C-1", "draft": true, "lines": [{"sku": "KOPI", "quantity": "1"}]});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        admin.post("/v1/orders", body).await.expect(201).body
    };
    let confirm = async |order: &Value| admin.act(&format!("/v1/orders/{}/confirm", order["id"].as_str().unwrap())).await;
    let [plain, released, twin, boxed] = [
        draft(json!({})).await,
        draft(json!({})).await,
        draft(json!({"purchase_order_number": "PO-9"})).await,
        draft(json!({"lines": [{"sku": "KOPI", "quantity": "1", "unit": "XBX"}]})).await,
    ];
    let again = admin
        .post(
            "/v1/orders",
            json!({"customer_code": "C-1", "purchase_order_number": "PO-9",
        "lines": [{"sku": "KOPI", "quantity": "2"}]}),
        )
        .await
        .expect(201)
        .body;
    assert_eq!(holds(&again), ["suspected_duplicate"], "of the draft");
    let incomplete = draft(json!({"shipping_address": {"line1": "Jl. Braga 12", "country": "ID"}})).await;
    assert_eq!(holds(&incomplete), ["address_incomplete"], "known from the start");

    // What has changed meanwhile.
    admin.patch(&format!("/v1/customers/{buyer}"), json!({"blocked": true})).await.expect(200);
    admin.patch("/v1/products/KOPI", json!({"active": false})).await.expect(200);
    let held = confirm(&plain).await.expect(200).body;
    assert_eq!((held["status"].as_str().unwrap(), holds(&held)), ("on_hold", vec!["customer_blocked", "product_inactive"]));
    assert_eq!(held["holds"][1]["order_line_id"], held["lines"][0]["id"]);
    assert_eq!(held["lines"][0]["allocated_quantity"], "1", "a held order keeps its stock");
    admin.patch(&format!("/v1/customers/{buyer}"), json!({"blocked": false})).await.expect(200);
    admin.patch("/v1/products/KOPI", json!({"active": true})).await.expect(200);
    assert_eq!(holds(&confirm(&twin).await.expect(200).body), ["suspected_duplicate"], "of the order that came after it");
    let decided = admin.get(&format!("/v1/orders/{}", incomplete["id"].as_str().unwrap())).await.expect(200).body;
    let hold = format!("/v1/orders/{}/holds/{}/release", decided["id"].as_str().unwrap(), decided["holds"][0]["id"].as_str().unwrap());
    admin.post(&hold, json!({"reason": "He fetches it"})).await.expect(200);
    let fetched = confirm(&incomplete).await.expect(200).body;
    assert_eq!((fetched["status"].as_str().unwrap(), fetched["holds"].as_array().unwrap().len()), ("confirmed", 1), "a person has decided");
    assert_eq!(confirm(&released).await.expect(200).body["status"], "confirmed");

    // What a new order would be refused for.
    let kopi = json!({"units": [{"unit": "XBX", "factor": "10"}]});
    admin.patch("/v1/products/KOPI", kopi).await.expect(200);
    let refused = confirm(&boxed).await;
    assert_eq!(refused.body["lines"][0]["order_line_id"], boxed["lines"][0]["id"]);
    assert_eq!(refused.code(409), "unit_changed");

    // A hold that is no longer justified goes.
    admin.patch(&format!("/v1/customers/{buyer}"), json!({"blocked": true})).await.expect(200);
    let early = draft(json!({})).await;
    assert_eq!(holds(&early), ["customer_blocked"]);
    admin.patch(&format!("/v1/customers/{buyer}"), json!({"blocked": false})).await.expect(200);
    let free = confirm(&early).await.expect(200).body;
    assert_eq!((free["status"].as_str().unwrap(), &free["holds"][0]["released_by"]), ("confirmed", &json!("system")));
    let prepaid = draft(json!({"payment_terms": "prepaid"})).await;
    let money = json!({"amount": prepaid["total"], "currency": "IDR", "method": "cash", "order_id": prepaid["id"]});
    let payment = admin.post("/v1/payments", money).await.expect(201).body;
    let back = json!({"amount": "1000.00", "reason": "Too much"});
    admin.post(&format!("/v1/payments/{}/refund", payment["id"].as_str().unwrap()), back).await.expect(201);
    let waits = confirm(&prepaid).await.expect(200).body;
    assert_eq!(waits["status"], "on_hold");
    let open = waits["holds"].as_array().unwrap().iter().filter(|hold| hold["released_at"].is_null()).collect::<Vec<_>>();
    assert_eq!((open.len(), &open[0]["code"]), (1, &json!("payment_required")));
    clean(&app).await;
}

#[actix_web::test]
async fn an_order_is_cancelled_by_quantity_by_line_and_whole() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({"credit_limit": "100000000"})).await;
    receive(&admin, "jakarta", "KOPI", "10").await;
    receive(&admin, "jakarta", "TEH", "10").await;
    let body = json!({"customer_code": "C-1", "lines": [{"sku": "KOPI", "quantity": "10"}, {"sku": "TEH", "quantity": "4"}], "shipping": {"amount": "15000"}});
    let order = admin.post("/v1/orders", body).await.expect(201).body;
    let path = format!("/v1/orders/{}/cancel", order["id"].as_str().unwrap());
    let line = |i: usize| order["lines"][i]["id"].clone();
    let some = json!({"reason": {"code": "out_of_stock"}, "lines": [{"order_line_id": line(0), "quantity": "3"}]});
    let mut dry = some.clone();
    dry["dry_run"] = json!(true);
    let difference = admin.post(&path, dry).await.expect(200).body["difference"].clone();
    assert_eq!(difference["stock"], json!([{"sku": "KOPI", "location": "jakarta", "reserved": "-3", "on_hand": "0"}]));
    assert_eq!(difference["money"]["uninvoiced_total"], "-166500.00");
    // What was ordered stays: 10 × 50,000 + 4 × 20,000 + 15,000, PPN 11 %: 660,450. It is worth 3 × 50,000 and their tax less.
    assert_eq!((&difference["money"]["total"], &difference["money"]["current_total"]), (&json!("0.00"), &json!("-166500.00")));
    assert_eq!((&order["total"], &order["current_total"]), (&json!("660450.00"), &json!("660450.00")));
    assert_eq!(level(&admin, "KOPI", "jakarta").await.1, "10", "a dry run changes nothing");
    let after = admin.post(&path, some).await.expect(200).body;
    assert_eq!((&after["lines"][0]["cancelled_quantity"], &after["status"]), (&json!("3"), &json!("confirmed")));
    assert_eq!((&after["total"], &after["current_total"]), (&json!("660450.00"), &json!("493950.00")));
    let shown = admin.get(&path.replace("/cancel", "")).await.expect(200).body;
    assert_eq!(
        (&shown["total"], &shown["current_total"], &shown["amount_due"]),
        (&after["total"], &after["current_total"], &json!("493950.00"))
    );
    assert_eq!(level(&admin, "KOPI", "jakarta").await, ("10".into(), "7".into(), "3".into()));
    let too_much = json!({"reason": {"code": "customer_request"}, "lines": [{"order_line_id": line(1), "quantity": "5"}]});
    let refused = admin.post(&path, too_much).await;
    assert_eq!(refused.body["errors"][0]["pointer"], "/lines/0/quantity");
    assert_eq!(refused.code(422), "exceeds_open_quantity");
    let all = admin.post(&path, json!({"reason": {"code": "customer_request"}})).await.expect(200).body;
    assert_eq!((all["status"].as_str().unwrap(), all["uninvoiced_total"].as_str().unwrap()), ("cancelled", "0.00"));
    assert_eq!((&all["total"], &all["current_total"]), (&json!("660450.00"), &json!("0.00")));
    assert_eq!(level(&admin, "KOPI", "jakarta").await.1, "0");
    assert_eq!(level(&admin, "TEH", "jakarta").await.1, "0");
    assert_eq!(admin.post(&path, json!({"reason": {"code": "customer_request"}})).await.code(409), "invalid_transition");
    clean(&app).await;
}

#[actix_web::test]
async fn a_guest_is_one_customer_and_gets_nobodys_terms() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    receive(&admin, "jakarta", "KOPI", "10").await;
    let address: Value = serde_json::from_str(ADDRESS).unwrap();
    let guest = json!({"customer": {"name": "Siti", "email": "siti@example.com"}, "shipping_address": address.clone(), "lines": [{"sku": "KOPI", "quantity": "1"}]});
    let first = admin.post("/v1/orders", guest.clone()).await.expect(201).body;
    let second = admin.post("/v1/orders", guest.clone()).await.expect(201).body;
    assert_eq!((first["status"].as_str().unwrap(), &first["customer"]["id"]), ("confirmed", &second["customer"]["id"]));
    let known = customer(&admin, "C-1", json!({"email": "budi@example.com"})).await;
    let mut by_email = guest;
    by_email["customer"] = json!({"name": "Budi", "email": "BUDI@example.com"});
    by_email["shipping_address"] = Value::Null;
    let order = admin.post("/v1/orders", by_email).await.expect(201).body;
    assert_eq!(order["customer"]["id"], known, "the history is his");
    assert_eq!(order["payment_terms"], "due_on_receipt", "the terms are not");
    assert_eq!(holds(&order), ["address_incomplete"], "nor the addresses");

    // What a guest orders is not the account's to pay: it neither needs nor uses the account's credit.
    let limit = json!({"email": "wati@example.com", "credit_limit": "1000.00", "tax_id": "01.300.066.6-091.000"});
    let account = customer(&admin, "C-2", limit).await;
    let by_email = json!({"customer": {"name": "Wati", "email": "wati@example.com"}, "shipping_address": address, "lines": [{"sku": "KOPI", "quantity": "1"}]});
    let [first, second] = [
        admin.post("/v1/orders", by_email.clone()).await.expect(201).body,
        admin.post("/v1/orders", by_email.clone()).await.expect(201).body,
    ];
    assert_eq!((first["status"].as_str().unwrap(), &first["customer"]["id"]), ("confirmed", &json!(account)));
    assert_ne!(first["bill_to"]["id"], account);
    assert_eq!(first["bill_to"]["id"], second["bill_to"]["id"], "one address is one guest");
    let balance = admin.get(&format!("/v1/customers/{account}")).await.expect(200).body["balance"].clone();
    assert_eq!(balance["open_orders"], "0.00");
    let payer = admin.get(&format!("/v1/customers/{}", first["bill_to"]["id"].as_str().unwrap())).await.expect(200).body;
    assert_eq!((&payer["guest"], &payer["tax_id"], &payer["email"]), (&json!(true), &Value::Null, &json!("wati@example.com")));
    let mut draft = by_email;
    draft["draft"] = json!(true);
    let draft = admin.post("/v1/orders", draft).await.expect(201).body;
    let confirmed = admin.act(&format!("/v1/orders/{}/confirm", draft["id"].as_str().unwrap())).await.expect(200).body;
    assert_eq!((confirmed["status"].as_str().unwrap(), &confirmed["bill_to"]["id"]), ("confirmed", &first["bill_to"]["id"]));
    clean(&app).await;
}

#[actix_web::test]
async fn a_reservation_becomes_the_orders_stock() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    receive(&admin, "jakarta", "KOPI", "4").await;
    let cart = json!({"lines": [{"sku": "KOPI", "quantity": "4"}], "expires_in_seconds": 600});
    let reservation = admin.post("/v1/checkout/reservations", cart.clone()).await.expect(201).body;
    let mut order = json!({"customer_code": "C-1", "lines": [{"sku": "KOPI", "quantity": "4"}]});
    assert_eq!(admin.post("/v1/orders", order.clone()).await.code(409), "insufficient_stock");
    order["reservation_id"] = reservation["id"].clone();
    let mut greedy = order.clone();
    greedy["lines"][0]["quantity"] = json!("5");
    assert_eq!(admin.post("/v1/orders", greedy).await.code(409), "insufficient_stock");
    let placed = admin.post("/v1/orders", order.clone()).await.expect(201).body;
    assert_eq!(placed["lines"][0]["allocated_quantity"], "4");
    assert_eq!(level(&admin, "KOPI", "jakarta").await, ("4".into(), "4".into(), "0".into()));
    assert_eq!(admin.post("/v1/orders", order.clone()).await.code(409), "reservation_not_live");
    order["reservation_id"] = json!("01938f5e-7c1a-7000-8000-2f1b3c4d5e6f");
    assert_eq!(admin.post("/v1/orders", order).await.code(422), "unknown_reservation");
    clean(&app).await;
}

#[actix_web::test]
async fn one_external_id_is_one_order() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    receive(&admin, "jakarta", "KOPI", "10").await;
    let order = json!({"customer_code": "C-1", "external_id": "W-1", "lines": [{"sku": "KOPI", "quantity": "1"}]});
    let first = admin.post("/v1/orders", order.clone()).await.expect(201);
    let again = admin.post("/v1/orders", order.clone()).await.expect(200);
    assert_eq!((again.header("idempotency-replayed"), &again.body), ("true", &first.body));
    let mut other = order;
    other["lines"][0]["quantity"] = json!("2");
    let conflict = admin.post("/v1/orders", other).await;
    assert_eq!(conflict.body["order_id"], first.body["id"]);
    assert_eq!(conflict.code(409), "external_id_conflict");
    assert_eq!(level(&admin, "KOPI", "jakarta").await.1, "1");
    // What is asked for counts, not how it is written.
    for same in [
        json!({"external_id": "W-1", "customer_code": "C-1", "lines": [{"sku": "KOPI", "quantity": "1.0", "discounts": []}]}),
        json!({"channel": "direct", "customer_code": "C-1", "external_id": "W-1", "on_shortage": "refuse", "delivery_rule": "partial",
            "pricing": "computed", "draft": false, "note": null, "lines": [{"sku": "KOPI", "quantity": "1"}]}),
    ] {
        let again = admin.post("/v1/orders", same).await.expect(200);
        assert_eq!((again.header("idempotency-replayed"), &again.body), ("true", &first.body));
    }
    // A claim of before was kept by its bytes.
    let bytes = br#"{"customer_code": "C-1", "external_id": "W-1", "lines": [{"sku": "KOPI", "quantity": "1.00"}]}"#;
    let hash: String = pesanan::platform::idempotency::fingerprint("", bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let older = format!("UPDATE claim SET hash = decode('{hash}', 'hex') WHERE kind = 'x'");
    diesel::connection::SimpleConnection::batch_execute(&mut app.database.connect(), &older).unwrap();
    let older: Value = serde_json::from_slice(bytes).unwrap();
    assert_eq!(admin.post("/v1/orders", older).await.expect(200).body["id"], first.body["id"]);
    assert_eq!(level(&admin, "KOPI", "jakarta").await.1, "1");
    clean(&app).await;
}

#[actix_web::test]
async fn pages_follow_each_other_without_gap_or_repetition() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    for _ in 0..7 {
        admin.post("/v1/orders", json!({"customer_code": "C-1", "lines": [{"sku": "WRAP", "quantity": "1"}]})).await.expect(201);
        app.clock.advance(chrono::TimeDelta::seconds(1));
    }
    for sort in ["-created_at", "created_at", "updated_at", "-updated_at"] {
        let (mut numbers, mut cursor) = (vec![], String::new());
        loop {
            let page = admin.get(&format!("/v1/orders?limit=3&sort={sort}{cursor}")).await.expect(200).body;
            numbers.extend(page["data"].as_array().unwrap().iter().map(|order| order["number"].as_str().unwrap().to_owned()));
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        let mut expected: Vec<String> = (1..=7).map(|i| format!("SO-{i:06}")).collect();
        if sort.starts_with('-') {
            expected.reverse();
        }
        assert_eq!(numbers, expected, "{sort}");
    }
    let cursor = admin.get("/v1/orders?limit=3").await.body["next_cursor"].as_str().unwrap().to_owned();
    assert_eq!(admin.get(&format!("/v1/orders?limit=3&status=draft&cursor={cursor}")).await.code(400), "invalid_cursor");
}

#[actix_web::test]
async fn a_held_order_keeps_its_stock_for_a_week() {
    let app = TestApp::spawn().await;
    let (organization_id, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({"payment_terms": "prepaid"})).await;
    receive(&admin, "jakarta", "KOPI", "5").await;
    let held =
        admin.post("/v1/orders", json!({"customer_code": "C-1", "lines": [{"sku": "KOPI", "quantity": "5"}]})).await.expect(201).body;
    assert_eq!(holds(&held), ["payment_required"]);
    let expire = async || {
        let (db, now) = (app.app.db.clone(), app.clock.now());
        actix_web::web::block(move || pesanan::jobs::expire_holds(&db, now)).await.unwrap().unwrap()
    };
    app.clock.advance(chrono::TimeDelta::days(6));
    assert_eq!(expire().await, 0);
    app.clock.advance(chrono::TimeDelta::days(2));
    assert_eq!(expire().await, 1);
    assert_eq!(expire().await, 0);
    let admin = app.caller(organization_id, Role::Admin).await;
    assert_eq!(level(&admin, "KOPI", "jakarta").await.1, "0");
    clean(&app).await;
}

#[actix_web::test]
async fn the_shops_money_comes_with_the_order() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({"payment_terms": "prepaid"})).await;
    receive(&admin, "jakarta", "KOPI", "5").await;
    let order = |payments: Value| json!({"customer_code": "C-1", "lines": [{"sku": "KOPI", "quantity": "1"}], "payments": payments});
    let paid = order(json!([{"method": "card", "status": "captured", "amount": "55500", "reference": "ch_1"}]));
    let paid = admin.post("/v1/orders", paid).await.expect(201).body;
    assert_eq!((&paid["status"], &paid["payment_status"], &paid["amount_due"]), (&json!("confirmed"), &json!("paid"), &json!("0.00")));
    assert!(paid["milestones"]["paid_at"].is_string());
    let id = paid["id"].as_str().unwrap();
    assert_eq!(admin.get(&format!("/v1/orders/{id}")).await.expect(200).body, paid);
    let payments = admin.get(&format!("/v1/payments?order_id={id}")).await.expect(200).body;
    assert_eq!((&payments["data"][0]["reference"], &payments["data"][0]["unapplied_amount"]), (&json!("ch_1"), &json!("0.00")));
    let authorized =
        admin.post("/v1/orders", order(json!([{"method": "card", "status": "authorized", "amount": "55500"}]))).await.expect(201).body;
    assert_eq!((&authorized["status"], &authorized["payment_status"]), (&json!("confirmed"), &json!("authorized")));
    let part = admin.post("/v1/orders", order(json!([{"method": "card", "amount": "500"}]))).await.expect(201).body;
    assert_eq!((holds(&part), &part["payment_status"]), (vec!["payment_required"], &json!("partially_paid")));
    clean(&app).await;
}

#[actix_web::test]
async fn a_fee_without_goods_falls_due_at_once_unless_the_order_is_held() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    let fee = json!([{"sku": "FEE", "name": "Insurance", "kind": "charge", "unit": "C62", "tax_category": "standard"}]);
    admin.put("/v1/products", fee).await.expect(200);
    admin.put("/v1/prices", json!([{"price_list": "default", "sku": "FEE", "currency": "IDR", "unit_price": "1000"}])).await.expect(200);
    customer(&admin, "C-1", json!({})).await;
    customer(&admin, "C-LIMIT", json!({"credit_limit": "10"})).await;
    let order = |code: &str| json!({"customer_code": code, "lines": [{"sku": "FEE", "quantity": "2"}]});
    let due = admin.post("/v1/orders", order("C-1")).await.expect(201).body;
    assert_eq!((&due["fulfillment_status"], &due["lines"][0]["delivered_quantity"]), (&json!("delivered"), &json!("2")));
    let id = due["id"].as_str().unwrap();
    assert_eq!(admin.get(&format!("/v1/orders/{id}")).await.expect(200).body, due);
    let invoice = admin.post(&format!("/v1/orders/{id}/invoices"), json!({})).await.expect(201).body;
    assert_eq!(invoice["total"], "2220.00");
    assert_eq!(admin.get(&format!("/v1/orders/{id}")).await.expect(200).body["status"], "completed");
    let held = admin.post("/v1/orders", order("C-LIMIT")).await.expect(201).body;
    assert_eq!((holds(&held), &held["lines"][0]["unallocated_quantity"]), (vec!["credit_limit"], &json!("2")));
    clean(&app).await;
}

#[actix_web::test]
async fn money_for_a_draft_promises_it_nothing() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({"payment_terms": "prepaid"})).await;
    receive(&admin, "jakarta", "KOPI", "1").await;
    let draft = json!({"customer_code": "C-1", "draft": true, "lines": [{"sku": "KOPI", "quantity": "3"}]});
    let draft = admin.post("/v1/orders", draft).await.expect(201).body;
    let id = draft["id"].as_str().unwrap();
    assert_eq!(admin.post(&format!("/v1/orders/{id}/hold"), json!({"reason": "wait"})).await.code(409), "invalid_transition");
    let money = json!({"order_id": id, "amount": "166500", "currency": "IDR", "method": "cash"});
    admin.post("/v1/payments", money).await.expect(201);
    let paid = admin.get(&format!("/v1/orders/{id}")).await.expect(200).body;
    assert_eq!((&paid["status"], &paid["payment_status"]), (&json!("draft"), &json!("paid")));
    assert_eq!((&paid["lines"][0]["unallocated_quantity"], level(&admin, "KOPI", "jakarta").await.1), (&json!("3"), "0".to_owned()));
    assert_eq!(admin.act(&format!("/v1/orders/{id}/confirm")).await.code(409), "insufficient_stock");
    clean(&app).await;
}

#[actix_web::test]
async fn holding_and_releasing_is_no_way_around_the_credit_limit() {
    let app = TestApp::spawn().await;
    let (organization_id, admin) = shop(&app).await;
    let sales = app.caller(organization_id, Role::Sales).await;
    customer(&admin, "C-1", json!({"credit_limit": "60000"})).await;
    receive(&admin, "jakarta", "KOPI", "10").await;
    let order = json!({"customer_code": "C-1", "lines": [{"sku": "KOPI", "quantity": "1"}]});
    let first = admin.post("/v1/orders", order.clone()).await.expect(201).body;
    let id = first["id"].as_str().unwrap();
    let held = sales.post(&format!("/v1/orders/{id}/hold"), json!({"reason": "wait"})).await.expect(200).body;
    assert_eq!(admin.post("/v1/orders", order).await.expect(201).body["status"], "confirmed");
    let release = format!("/v1/orders/{id}/holds/{}/release", held["holds"][0]["id"].as_str().unwrap());
    let released = sales.post(&release, json!({"reason": "go on"})).await.expect(200).body;
    assert_eq!(released["status"], "on_hold");
    assert!(holds(&released).contains(&"credit_limit"));
    clean(&app).await;
}

#[actix_web::test]
async fn safety_stock_that_was_raised_later_refuses_a_reservation_cleanly() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    receive(&admin, "jakarta", "KOPI", "5").await;
    let cart = json!({"lines": [{"sku": "KOPI", "quantity": "5"}], "expires_in_seconds": 600});
    let reservation = admin.post("/v1/checkout/reservations", cart).await.expect(201).body;
    admin.put("/v1/inventory/KOPI/jakarta/policy", json!({"safety_stock": "2"})).await.expect(200);
    let order = |quantity: &str| json!({"customer_code": "C-1", "reservation_id": reservation["id"], "lines": [{"sku": "KOPI", "quantity": quantity}]});
    assert_eq!(admin.post("/v1/orders", order("5")).await.code(409), "insufficient_stock");
    assert_eq!(admin.post("/v1/orders", order("3")).await.expect(201).body["lines"][0]["allocated_quantity"], "3");
    clean(&app).await;
}

#[actix_web::test]
async fn a_box_that_cannot_be_filled_keeps_nobody_behind_it_waiting() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    let order = |quantity: &str, unit: &str| json!({"customer_code": "C-1", "on_shortage": "backorder", "lines": [{"sku": "KOPI", "quantity": quantity, "unit": unit}]});
    let boxes = admin.post("/v1/orders", order("1", "box")).await.expect(201).body;
    app.clock.advance(chrono::TimeDelta::seconds(1));
    let pieces = admin.post("/v1/orders", order("2", "each")).await.expect(201).body;
    receive(&admin, "jakarta", "KOPI", "5").await;
    assert_eq!(serve_backorders(&app).await, 1);
    assert_eq!(serve_backorders(&app).await, 0);
    let allocated = async |order: &Value| {
        let path = format!("/v1/orders/{}", order["id"].as_str().unwrap());
        admin.get(&path).await.expect(200).body["lines"][0]["allocated_quantity"].as_str().unwrap().to_owned()
    };
    assert_eq!((allocated(&boxes).await, allocated(&pieces).await), ("0".into(), "2".into()));
    clean(&app).await;
}

#[actix_web::test]
async fn a_cancelled_order_that_nobody_paid_is_not_paid() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    let order =
        json!({"customer_code": "C-1", "discounts": null, "draft": null, "lines": [{"sku": "WRAP", "quantity": "1", "metadata": null}]});
    let order = admin.post("/v1/orders", order).await.expect(201).body;
    let path = format!("/v1/orders/{}/cancel", order["id"].as_str().unwrap());
    let cancelled = admin.post(&path, json!({"reason": {"code": "customer_request"}, "dry_run": null})).await.expect(200).body;
    assert_eq!((&cancelled["payment_status"], &cancelled["milestones"]["paid_at"]), (&json!("unpaid"), &Value::Null));
    clean(&app).await;
}

#[actix_web::test]
async fn a_price_that_cannot_be_counted_is_a_mismatch_and_no_panic() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    let ton =
        json!({"sku": "ORE", "name": "Ore", "unit": "GRM", "units": [{"unit": "E27", "factor": "1000000000"}], "tax_category": "standard"});
    admin.put("/v1/products", json!([ton])).await.expect(200);
    admin.put("/v1/prices", json!([{"sku": "ORE", "currency": "IDR", "unit_price": "100000000000"}])).await.expect(200);
    let line = json!({"sku": "ORE", "quantity": "1000000000", "unit": "E27", "unit_price": "0.01", "tax_amount": "0"});
    let body = json!({"customer_code": "C-1", "pricing": "as_given", "on_shortage": "backorder", "lines": [line]});
    let quoted = admin.post("/v1/orders/quote", body.clone()).await.expect(200).body;
    let placed = admin.post("/v1/orders", body).await.expect(201).body;
    for order in [&quoted, &placed] {
        let holds = order["holds"].as_array().unwrap();
        let mismatch = holds.iter().find(|hold| hold["code"] == "price_mismatch").unwrap_or_else(|| panic!("{order:#}"));
        assert_eq!((&mismatch["data"]["given"], &mismatch["data"]["expected"]), (&json!("10000000.00"), &Value::Null));
    }
    clean(&app).await;
}
