//! What finance people live by: permissions, discounts, closed books, authorizations, refunds over several captures, reminders.
//! Every test ends with the proof of the invariants.

use crate::shop::{clean, customer, receive, shop};
use crate::support::app::{Caller, Reply, TestApp};
use chrono::TimeDelta;
use futures_util::future::join_all;
use pesanan::auth::permission::Role;
use pesanan::jobs;
use serde_json::{Value, json};

pub fn id(thing: &Value) -> &str {
    thing["id"].as_str().unwrap()
}

/// The members of a body, and some more.
pub fn with(mut body: Value, more: Value) -> Value {
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

pub async fn get(admin: &Caller<'_>, kind: &str, thing: &Value) -> Value {
    admin.get(&format!("/v1/{kind}/{}", id(thing))).await.expect(200).body
}

/// Five bags of tea: 100,000 net, 111,000 with tax.
pub async fn order(admin: &Caller<'_>, more: Value) -> Value {
    let body = json!({"customer_code": "C-1", "lines": [{"sku": "TEH", "quantity": "5"}]});
    admin.post("/v1/orders", with(body, more)).await.expect(201).body
}

pub async fn ship(admin: &Caller<'_>, order: &Value, quantity: &str) {
    let path = format!("/v1/fulfillment_orders?order_id={}&status=open,in_progress,partially_shipped", id(order));
    let listed = admin.get(&format!("/v1/fulfillment_orders?order_id={}", id(order))).await.expect(200).body;
    let work = listed["data"].as_array().unwrap().first().unwrap_or_else(|| panic!("{path}")).clone();
    let lines = json!([{"order_line_id": order["lines"][0]["id"], "quantity": quantity}]);
    admin.post(&format!("/v1/fulfillment_orders/{}/ship", id(&work)), json!({"carrier": "jne", "lines": lines})).await.expect(201);
}

pub async fn invoiced(admin: &Caller<'_>, more: Value) -> (Value, Value) {
    let placed = order(admin, more).await;
    ship(admin, &placed, "5").await;
    let invoice = admin.post(&format!("/v1/orders/{}/invoices", id(&placed)), json!({})).await.expect(201).body;
    (placed, invoice)
}

pub async fn pay(admin: &Caller<'_>, amount: &str, more: Value) -> Reply {
    admin.post("/v1/payments", with(json!({"amount": amount, "currency": "IDR", "method": "card"}), more)).await
}

/// Tokens that live through all the days that a test passes.
pub async fn start() -> TestApp {
    TestApp::spawn_with(|config| config.token_seconds = 400 * 86_400).await
}

pub async fn company(app: &TestApp) -> (pesanan::types::id::OrganizationId, Caller<'_>) {
    let (organization_id, admin) = shop(app).await;
    receive(&admin, "jakarta", "TEH", "500").await;
    customer(&admin, "C-1", json!({})).await;
    (organization_id, admin)
}

pub async fn event_types(admin: &Caller<'_>, order: &Value) -> Vec<String> {
    let list = admin.get(&format!("/v1/orders/{}/events?limit=200", id(order))).await.expect(200);
    list.body["data"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

pub fn count(events: &[String], event_type: &str) -> usize {
    events.iter().filter(|found| *found == event_type).count()
}

async fn expire(app: &TestApp) -> usize {
    let (db, now) = (app.app.db.clone(), app.clock.now());
    actix_web::web::block(move || jobs::expire_authorizations(&db, now)).await.unwrap().unwrap()
}

async fn remind(app: &TestApp) -> usize {
    let (db, now) = (app.app.db.clone(), app.clock.now());
    actix_web::web::block(move || jobs::remind(&db, now)).await.unwrap().unwrap()
}

pub async fn close_books(admin: &Caller<'_>, day: &str) {
    let mut organization = admin.get("/v1/organization").await.expect(200).body;
    organization["books_closed_through_on"] = json!(day);
    admin.put("/v1/organization", organization).await.expect(200);
}

#[actix_web::test]
async fn writing_off_takes_a_permission_of_its_own() {
    let app = start().await;
    let (organization_id, admin) = company(&app).await;
    let (_, invoice) = invoiced(&admin, json!({})).await;
    let off = |kind: &str| json!({"allocations": [{"invoice_id": id(&invoice), "amount": "110000.00", "adjustments": [{"kind": kind, "amount": "1000.00"}]}]});
    let program = app.caller(organization_id, Role::Integration).await;
    let refused = pay(&program, "110000.00", off("write_off")).await.expect(403);
    assert_eq!((&refused.body["code"], &refused.body["scope"]), (&json!("insufficient_scope"), &refused.body["scope"]));
    let money = pay(&program, "110000.00", json!({})).await.expect(201).body;
    let path = format!("/v1/payments/{}/allocations", id(&money));
    assert_eq!(program.post(&path, off("write_off")).await.code(403), "insufficient_scope");
    let finance = app.caller(organization_id, Role::Finance).await;
    finance.post(&path, off("write_off")).await.expect(200);
    assert_eq!(get(&admin, "invoices", &invoice).await["status"], "paid");
    let (_, other) = invoiced(&admin, json!({})).await;
    let fee = json!({"allocations": [{"invoice_id": id(&other), "amount": "110000.00", "adjustments": [{"kind": "bank_fee", "amount": "1000.00"}]}]});
    pay(&program, "110000.00", fee).await.expect(201);
    let (_, third) = invoiced(&admin, json!({})).await;
    let kept = |amount: &str, kind: &str, kept: &str| json!({"allocations": [{"invoice_id": id(&third), "amount": amount, "adjustments": [{"kind": kind, "amount": kept}]}]});
    let refused = pay(&program, "0.01", kept("0.01", "bank_fee", "110999.99")).await;
    assert_eq!(refused.code(403), "insufficient_scope", "a fee above the money that comes is a write-off by another name");
    pay(&program, "55500.00", kept("55500.00", "withholding_tax", "55500.00")).await.expect(201);
    clean(&app).await;
}

#[actix_web::test]
async fn money_on_no_document_goes_back_and_no_document_loses_anything() {
    let app = start().await;
    let (_, admin) = company(&app).await;
    let placed = order(&admin, json!({})).await;
    let mut invoices = vec![];
    for quantity in ["4", "1"] {
        ship(&admin, &placed, quantity).await;
        invoices.push(admin.post(&format!("/v1/orders/{}/invoices", id(&placed)), json!({})).await.expect(201).body);
    }
    let [large, small] = &invoices[..] else { panic!("{invoices:#?}") };
    // The money settles the large invoice, and only the write-off the small one.
    let both = json!([{"order_id": id(&placed), "amount": "88800.00", "adjustments": [{"kind": "write_off", "amount": "22200.00"}]}]);
    let money = pay(&admin, "100000.00", json!({"allocations": both})).await.expect(201).body;
    admin.post("/v1/credit_notes", json!({"invoice_id": id(large), "reason": "torn"})).await.expect(201);
    assert_eq!(get(&admin, "payments", &money).await["unapplied_amount"], "100000.00");
    let refund = format!("/v1/payments/{}/refund", id(&money));
    admin.post(&refund, json!({"amount": "20000.00", "reason": "torn"})).await.expect(201);
    let standing = get(&admin, "invoices", small).await;
    assert_eq!((&standing["amount_due"], &standing["amount_adjusted"]), (&json!("0.00"), &json!("22200.00")));
    assert_eq!(get(&admin, "payments", &money).await["unapplied_amount"], "80000.00");
    // With the last of the money its adjustments go.
    admin.post(&refund, json!({"amount": "80000.00", "reason": "torn"})).await.expect(201);
    assert_eq!(get(&admin, "invoices", small).await["amount_due"], "22200.00");
    clean(&app).await;
}

#[actix_web::test]
async fn no_line_is_not_every_line() {
    let app = start().await;
    let (_, admin) = company(&app).await;
    let (placed, invoice) = invoiced(&admin, json!({})).await;
    let open = order(&admin, json!({})).await;
    let work = admin.get(&format!("/v1/fulfillment_orders?order_id={}", id(&open))).await.expect(200).body["data"][0].clone();
    let of_work = |action: &str| format!("/v1/fulfillment_orders/{}/{action}", id(&work));
    for (path, body) in [
        ("/v1/credit_notes".to_owned(), json!({"invoice_id": id(&invoice), "reason": "torn"})),
        (format!("/v1/orders/{}/invoices", id(&placed)), json!({})),
        (of_work("pick"), json!({})),
        (of_work("ship"), json!({"carrier": "jne"})),
        (of_work("move"), json!({"location": "surabaya"})),
    ] {
        let refused = admin.post(&path, with(body, json!({"lines": []}))).await;
        assert_eq!(refused.body["errors"][0]["pointer"], "/lines", "{path}");
        assert_eq!(refused.code(422), "required", "{path}");
    }
    assert_eq!(get(&admin, "invoices", &invoice).await["amount_credited"], "0.00");
    clean(&app).await;
}

#[actix_web::test]
async fn an_early_payment_earns_what_its_invoice_grants_and_no_more() {
    let app = start().await;
    let (_, admin) = company(&app).await;
    let terms = json!({"name": "30 net, 2 % in 10", "net_days": 30, "discount_percent": "2", "discount_days": 10});
    admin.put("/v1/payment_terms/net_30_2", terms).await.expect(201);
    let (placed, invoice) = invoiced(&admin, json!({"payment_terms": "net_30_2"})).await;
    // 2 % of 111,000.00, until ten days after 2 March.
    let offer = json!({"percent": "2", "until_on": "2026-03-12", "amount": "2220.00"});
    assert_eq!((&invoice["early_payment_discount"], &invoice["total"]), (&offer, &json!("111000.00")));
    let paid = |amount: &str, discount: &str, target: Value| {
        let adjustments = json!([{"kind": "early_payment_discount", "amount": discount}]);
        json!({"allocations": [with(json!({"amount": amount, "adjustments": adjustments}), target)]})
    };
    let to_invoice = || json!({"invoice_id": id(&invoice)});
    // Half of it earns half: 2 % of 55,500.00.
    let refused = pay(&admin, "54389.99", paid("54389.99", "1110.01", to_invoice())).await;
    assert_eq!(refused.body["errors"][0]["pointer"], "/allocations/0/adjustments");
    assert_eq!(refused.code(422), "discount_not_granted");
    pay(&admin, "54390.00", paid("54390.00", "1110.00", to_invoice())).await.expect(201);
    // What is shown is what the rest earns.
    assert_eq!(get(&admin, "invoices", &invoice).await["early_payment_discount"]["amount"], "1110.00");
    let unapplied = pay(&admin, "100000.00", json!({})).await.expect(201).body;
    app.clock.advance(TimeDelta::days(11));
    let late = pay(&admin, "54390.00", paid("54390.00", "1110.00", to_invoice())).await;
    assert_eq!(late.code(422), "discount_not_granted");
    // The money came in time, though it is put on the invoice only now.
    let path = format!("/v1/payments/{}/allocations", id(&unapplied));
    assert_eq!(admin.post(&path, paid("54390.00", "1110.00", json!({"order_id": id(&placed)}))).await.code(422), "discount_not_granted");
    admin.post(&path, paid("54390.00", "1110.00", to_invoice())).await.expect(200);
    let settled = get(&admin, "invoices", &invoice).await;
    assert_eq!((&settled["status"], &settled["amount_adjusted"]), (&json!("paid"), &json!("2220.00")));
    assert_eq!(settled["early_payment_discount"], Value::Null, "nothing is due");
    let (_, plain) = invoiced(&admin, json!({})).await;
    assert_eq!(plain["early_payment_discount"], Value::Null);
    let ungranted = pay(&admin, "100000.00", paid("100000.00", "1.00", json!({"invoice_id": id(&plain)}))).await;
    assert_eq!(ungranted.code(422), "discount_not_granted");
    clean(&app).await;
}

#[actix_web::test]
async fn nothing_is_booked_in_closed_books() {
    let app = start().await;
    let (_, admin) = company(&app).await;
    let (_, invoice) = invoiced(&admin, json!({})).await;
    let paid = pay(&admin, "50000.00", json!({})).await.expect(201).body;
    let promised = pay(&admin, "50000.00", json!({"status": "authorized"})).await.expect(201).body;
    close_books(&admin, "2026-03-01").await;
    let at = |day: &str| json!({"received_on": day});
    assert_eq!(pay(&admin, "1.00", at("2026-03-01")).await.code(409), "books_closed");
    let capture = format!("/v1/payments/{}/capture", id(&promised));
    assert_eq!(admin.post(&capture, at("2026-03-01")).await.code(409), "books_closed");
    pay(&admin, "1.00", with(at("2026-03-01"), json!({"status": "pending"}))).await.expect(201);
    pay(&admin, "1.00", at("2026-03-02")).await.expect(201);
    close_books(&admin, "2026-03-02").await;
    let apply = json!({"allocations": [{"invoice_id": id(&invoice), "amount": "50000.00"}]});
    assert_eq!(admin.post(&format!("/v1/payments/{}/allocations", id(&paid)), apply.clone()).await.code(409), "books_closed");
    assert_eq!(admin.act(&capture).await.code(409), "books_closed");
    let refund = json!({"amount": "1.00", "reason": "Too much"});
    assert_eq!(admin.post(&format!("/v1/payments/{}/refund", id(&paid)), refund.clone()).await.code(409), "books_closed");
    assert_eq!(admin.post(&format!("/v1/orders/{}/refunds", id(&invoice["orders"][0])), refund.clone()).await.code(409), "books_closed");
    let credit = json!({"invoice_id": id(&invoice), "reason": "Torn"});
    assert_eq!(admin.post("/v1/credit_notes", credit).await.code(409), "books_closed");
    app.clock.advance(TimeDelta::days(1));
    admin.post(&format!("/v1/payments/{}/allocations", id(&paid)), apply).await.expect(200);
    admin.act(&capture).await.expect(200);
    admin.post(&format!("/v1/payments/{}/refund", id(&paid)), refund).await.expect(201);
    clean(&app).await;
}

#[actix_web::test]
async fn an_authorization_that_expires_leaves_its_order_waiting_for_money_again() {
    let app = start().await;
    let (_, admin) = company(&app).await;
    let placed = order(&admin, json!({"payment_terms": "prepaid"})).await;
    assert_eq!(placed["status"], "on_hold");
    let until = app.clock.now() + TimeDelta::days(7);
    let card = json!({"status": "authorized", "order_id": id(&placed), "expires_at": until});
    let promised = pay(&admin, "111000.00", card.clone()).await.expect(201).body;
    assert_eq!(get(&admin, "orders", &placed).await["status"], "confirmed");
    app.clock.advance(TimeDelta::days(7) - TimeDelta::seconds(1));
    assert_eq!(expire(&app).await, 0);
    app.clock.advance(TimeDelta::seconds(1));
    assert_eq!(expire(&app).await, 1);
    assert_eq!(expire(&app).await, 0);
    let order = get(&admin, "orders", &placed).await;
    assert_eq!((&order["status"], &order["payment_status"]), (&json!("on_hold"), &json!("unpaid")));
    assert_eq!(order["holds"].as_array().unwrap().iter().filter(|hold| hold["released_at"].is_null()).count(), 1);
    assert_eq!(get(&admin, "payments", &promised).await["status"], "expired");
    assert_eq!(admin.act(&format!("/v1/payments/{}/capture", id(&promised))).await.code(409), "invalid_transition");
    let events = event_types(&admin, &placed).await;
    assert_eq!((count(&events, "payment.expired"), count(&events, "order.held")), (1, 2), "at capture and again");
    let again = with(card, json!({"expires_at": app.clock.now() + TimeDelta::days(7)}));
    pay(&admin, "111000.00", again).await.expect(201);
    assert_eq!(get(&admin, "orders", &placed).await["status"], "confirmed");
    ship(&admin, &placed, "5").await;
    app.clock.advance(TimeDelta::days(8));
    assert_eq!(expire(&app).await, 1);
    assert_eq!(get(&admin, "orders", &placed).await["status"], "confirmed", "what has shipped is owed, not held");
    clean(&app).await;
}

#[actix_web::test]
async fn an_authorization_is_captured_in_parts_and_the_rest_given_up() {
    let app = start().await;
    let (_, admin) = company(&app).await;
    let placed = order(&admin, json!({})).await;
    let promised = pay(&admin, "111000.00", json!({"status": "authorized", "order_id": id(&placed)})).await.expect(201).body;
    let act = |action: &str| format!("/v1/payments/{}/{action}", id(&promised));
    let part = admin.post(&act("capture"), json!({"amount": "44400.00", "final": false})).await.expect(200).body;
    assert_eq!((&part["status"], &part["amount_captured"]), (&json!("authorized"), &json!("44400.00")));
    let shown = get(&admin, "orders", &placed).await;
    assert_eq!((&shown["amount_paid"], &shown["payment_status"]), (&json!("44400.00"), &json!("partially_paid")));
    assert_eq!(admin.post(&act("capture"), json!({"amount": "66600.01"})).await.code(409), "exceeds_authorized");
    admin.post(&act("refund"), json!({"amount": "4400.00", "reason": "One bag less"})).await.expect(201);
    clean(&app).await;
    let voided = admin.act(&act("void")).await.expect(200).body;
    assert_eq!((&voided["status"], &voided["amount_captured"]), (&json!("partially_refunded"), &json!("44400.00")));
    assert_eq!(get(&admin, "orders", &placed).await["amount_paid"], "40000.00");
    clean(&app).await;
}

#[actix_web::test]
async fn an_order_refund_is_taken_from_its_newest_captures_and_touches_no_other_order() {
    let app = start().await;
    let (_, admin) = company(&app).await;
    let (placed, other) = (order(&admin, json!({})).await, order(&admin, json!({})).await);
    let first = pay(&admin, "40000.00", json!({"order_id": id(&placed)})).await.expect(201).body;
    let shared = [(&placed, "30000.00"), (&other, "50000.00")].map(|(on, amount)| json!({"order_id": id(on), "amount": amount}));
    let second = pay(&admin, "80000.00", json!({"allocations": shared})).await.expect(201).body;
    let third = pay(&admin, "20000.00", json!({"order_id": id(&placed)})).await.expect(201).body;
    let path = format!("/v1/orders/{}/refunds", id(&placed));
    let back = |amount: &str| json!({"amount": amount, "reason": "Torn"});
    let refused = admin.post(&path, back("90000.01")).await;
    assert_eq!(refused.body["refundable_amount"], "90000.00");
    assert_eq!(refused.code(409), "exceeds_captured");
    let made = admin.post(&path, back("60000.00")).await.expect(201).body;
    let parts: Vec<(&Value, &Value)> =
        made["refunds"].as_array().unwrap().iter().map(|part| (&part["payment_id"], &part["amount"])).collect();
    let (twenty, thirty, ten) = (json!("20000.00"), json!("30000.00"), json!("10000.00"));
    assert_eq!(parts, [(&third["id"], &twenty), (&second["id"], &thirty), (&first["id"], &ten)]);
    let shown = get(&admin, "orders", &placed).await;
    assert_eq!((&shown["amount_paid"], &shown["payment_status"]), (&json!("30000.00"), &json!("partially_refunded")));
    assert_eq!(get(&admin, "orders", &other).await["amount_paid"], "50000.00");
    admin.post(&path, back("30000.00")).await.expect(201);
    assert_eq!(admin.post(&path, back("0.01")).await.code(409), "exceeds_captured");
    assert_eq!(get(&admin, "payments", &second).await["status"], "partially_refunded");
    clean(&app).await;
}

#[actix_web::test]
async fn overdue_invoices_are_told_once_and_reminded_of_by_the_schedule_also_after_a_standstill() {
    let app = start().await;
    let (_, admin) = company(&app).await;
    let (placed, invoice) = invoiced(&admin, json!({})).await;
    let (paid_order, paid) = invoiced(&admin, json!({})).await;
    pay(&admin, "111000.00", json!({"invoice_id": id(&paid)})).await.expect(201);
    assert_eq!(invoice["due_on"], "2026-04-01");
    app.clock.advance(TimeDelta::days(30));
    assert_eq!(remind(&app).await, 0, "due today is not overdue");
    // Nothing runs for three weeks: told to be overdue, and the first of 7, 21, 35.
    app.clock.advance(TimeDelta::days(22));
    assert_eq!(join_all([remind(&app), remind(&app)]).await.iter().sum::<usize>(), 1);
    let shown = get(&admin, "invoices", &invoice).await;
    assert_eq!((&shown["overdue"], &shown["reminder_level"], &shown["reminded_on"]), (&json!(true), &json!(1), &json!("2026-04-23")));
    app.clock.advance(TimeDelta::days(13));
    assert_eq!(remind(&app).await, 0, "the second comes fourteen days after the first");
    for _ in 0..40 {
        app.clock.advance(TimeDelta::days(1));
        remind(&app).await;
        remind(&app).await;
    }
    let events = event_types(&admin, &placed).await;
    assert_eq!((count(&events, "invoice.overdue"), count(&events, "invoice.reminder_due")), (1, 3));
    let silent = event_types(&admin, &paid_order).await;
    assert_eq!((count(&silent, "invoice.overdue"), count(&silent, "invoice.reminder_due")), (0, 0));
    let list = admin.get(&format!("/v1/orders/{}/events?limit=200", id(&placed))).await.expect(200).body;
    let levels: Vec<Value> = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["type"] == "invoice.reminder_due")
        .map(|event| event["data"]["level"].clone())
        .collect();
    assert!([json!([1, 2, 3]), json!([3, 2, 1])].contains(&json!(levels)), "{levels:?}");
    clean(&app).await;
}

/// Runs both at once, many times on fresh money, and hands the two statuses to `judge`.
async fn race(admin: &Caller<'_>, status: &str, actions: [(&str, Value); 2], judge: impl Fn(Value, [u16; 2])) {
    for _ in 0..6 {
        let placed = order(admin, json!({})).await;
        let money = pay(admin, "111000.00", json!({"status": status, "order_id": id(&placed)})).await.expect(201).body;
        let [(first, one), (second, other)] = actions.clone();
        let path = |action: &str| format!("/v1/payments/{}/{action}", id(&money));
        let (first, second) = (path(first), path(second));
        let (first, second) = futures_util::future::join(admin.post(&first, one), admin.post(&second, other)).await;
        judge(get(admin, "payments", &money).await, [first.status, second.status]);
    }
}

#[actix_web::test]
async fn money_is_never_moved_twice_by_two_at_once() {
    let app = start().await;
    let (_, admin) = company(&app).await;
    let back = |amount: &str| ("refund", json!({"amount": amount, "reason": "Torn"}));
    race(&admin, "captured", [back("60000.00"), back("60000.00")], |money, statuses| {
        assert!(statuses == [201, 409] || statuses == [409, 201], "{statuses:?}");
        assert_eq!(money["amount_refunded"], "60000.00");
    })
    .await;
    race(&admin, "authorized", [("capture", json!({})), ("void", json!({}))], |money, statuses| {
        assert!(statuses == [200, 409] || statuses == [409, 200], "{statuses:?}");
        let expected = if statuses[0] == 200 { ("captured", "111000.00") } else { ("voided", "0.00") };
        assert_eq!((money["status"].as_str().unwrap(), money["amount_captured"].as_str().unwrap()), expected);
    })
    .await;
    race(&admin, "authorized", [("capture", json!({"amount": "60000.00", "final": false})), back("50000.00")], |money, statuses| {
        assert_eq!(statuses[0], 200);
        let refunded = if statuses[1] == 201 { "50000.00" } else { "0.00" };
        assert_eq!(money["amount_refunded"], refunded, "{statuses:?}");
    })
    .await;
    race(
        &admin,
        "authorized",
        [("capture", json!({"amount": "60000.00", "final": false})), ("capture", json!({"amount": "60000.00"}))],
        |money, statuses| {
            assert!(statuses == [200, 409] || statuses == [409, 200], "{statuses:?}");
            assert_eq!(money["amount_captured"], "60000.00");
        },
    )
    .await;
    clean(&app).await;
}

#[actix_web::test]
async fn an_authorization_is_either_captured_or_expired() {
    let app = start().await;
    let (_, admin) = company(&app).await;
    for _ in 0..5 {
        let placed = order(&admin, json!({"payment_terms": "prepaid"})).await;
        let until = app.clock.now() + TimeDelta::hours(1);
        let card = json!({"status": "authorized", "order_id": id(&placed), "expires_at": until});
        let money = pay(&admin, "111000.00", card).await.expect(201).body;
        app.clock.advance(TimeDelta::hours(2));
        let path = format!("/v1/payments/{}/capture", id(&money));
        let (captured, _) = futures_util::future::join(admin.act(&path), expire(&app)).await;
        let (money, order) = (get(&admin, "payments", &money).await, get(&admin, "orders", &placed).await);
        match captured.status {
            200 => assert_eq!((&money["status"], &order["payment_status"]), (&json!("captured"), &json!("paid"))),
            _ => assert_eq!((captured.status, &money["status"], &order["status"]), (409, &json!("expired"), &json!("on_hold"))),
        }
    }
    clean(&app).await;
}

#[actix_web::test]
async fn unapplied_money_is_put_on_only_as_much_as_there_is() {
    let app = start().await;
    let (_, admin) = company(&app).await;
    let (placed, other) = (order(&admin, json!({})).await, invoiced(&admin, json!({})).await.1);
    let money = pay(&admin, "100000.00", json!({})).await.expect(201).body;
    let path = format!("/v1/payments/{}/allocations", id(&money));
    let on = |target: Value| json!({"allocations": [with(json!({"amount": "70000.00"}), target)]});
    let (to_order, to_invoice) = (on(json!({"order_id": id(&placed)})), on(json!({"invoice_id": id(&other)})));
    let replies = join_all([admin.post(&path, to_order), admin.post(&path, to_invoice)]).await;
    let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 422]);
    assert_eq!(get(&admin, "payments", &money).await["unapplied_amount"], "30000.00");
    let applied: Vec<Value> =
        [get(&admin, "orders", &placed).await, get(&admin, "invoices", &other).await].iter().map(|on| on["amount_paid"].clone()).collect();
    assert!(applied == ["70000.00", "0.00"] || applied == ["0.00", "70000.00"], "{applied:?}");
    let order_refunds = format!("/v1/orders/{}/refunds", id(&placed));
    pay(&admin, "41000.00", json!({"order_id": id(&placed)})).await.expect(201);
    let back = || admin.post(&order_refunds, json!({"amount": "41000.00", "reason": "Torn"}));
    let refunded = join_all([back(), back(), back()]).await.iter().filter(|reply| reply.status == 201).count();
    // What the first payment has unapplied goes back too where it is on no other order.
    assert_eq!(refunded, if applied[0] == "70000.00" { 3 } else { 1 });
    clean(&app).await;
}
