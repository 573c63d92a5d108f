//! Goods come back: announced, let in, received, inspected, and settled by credit, refund or replacement. Every test ends with the
//! proof of the invariants.

use crate::shop::{clean, customer, level, receive, shop};
use crate::support::app::{Caller, Reply, TestApp, send};
use crate::support::load::Random;
use chrono::TimeDelta;
use pesanan::auth::permission::Role;
use pesanan::types::id::OrganizationId;
use reqwest::Method;
use serde_json::{Value, json};

/// A shop with stock, a customer and an order of these lines that has shipped whole.
pub async fn shipped(admin: &Caller<'_>, lines: &[(&str, &str)], more: Value) -> Value {
    let lines: Vec<Value> = lines.iter().map(|(sku, quantity)| json!({"sku": sku, "quantity": quantity})).collect();
    let mut body = json!({"customer_code": "C-1", "lines": lines});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let order = admin.post("/v1/orders", body).await.expect(201).body;
    ship(admin, &order).await;
    order
}

pub async fn ship(admin: &Caller<'_>, order: &Value) -> Value {
    let work = admin.get(&format!("/v1/fulfillment_orders?order_id={}", id(order))).await.expect(200).body["data"][0].clone();
    admin.post(&format!("/v1/fulfillment_orders/{}/ship", id(&work)), json!({"carrier": "jne"})).await.expect(201).body
}

async fn stocked(app: &TestApp) -> Caller<'_> {
    stocked_shop(app).await.1
}

async fn stocked_shop(app: &TestApp) -> (OrganizationId, Caller<'_>) {
    let (organization_id, admin) = shop(app).await;
    customer(&admin, "C-1", json!({"credit_limit": "100000000"})).await;
    for (sku, quantity) in [("KOPI", "500"), ("TEH", "500")] {
        receive(&admin, "jakarta", sku, quantity).await;
    }
    (organization_id, admin)
}

fn id(thing: &Value) -> &str {
    thing["id"].as_str().unwrap()
}

async fn read(admin: &Caller<'_>, kind: &str, thing: &Value) -> Value {
    admin.get(&format!("/v1/{kind}/{}", id(thing))).await.expect(200).body
}

async fn invoice(admin: &Caller<'_>, order: &Value) -> Value {
    admin.post(&format!("/v1/orders/{}/invoices", id(order)), json!({})).await.expect(201).body
}

async fn pay(admin: &Caller<'_>, order: &Value, amount: &str) -> Value {
    let body = json!({"order_id": order["id"], "amount": amount, "currency": "IDR", "method": "card"});
    admin.post("/v1/payments", body).await.expect(201).body
}

/// Asks for a return of so much of each line.
async fn ask(admin: &Caller<'_>, order: &Value, quantities: &[(usize, &str)]) -> Reply {
    let line = |(i, quantity): &(usize, &str)| json!({"order_line_id": order["lines"][*i]["id"], "quantity": quantity, "reason": {"code": "changed_mind"}});
    let lines: Vec<Value> = quantities.iter().map(line).collect();
    admin.post("/v1/returns", json!({"order_id": order["id"], "lines": lines})).await
}

async fn act(admin: &Caller<'_>, rma: &Value, action: &str, body: Value) -> Reply {
    admin.post(&format!("/v1/returns/{}/{action}", id(rma)), body).await
}

/// Takes so much of each line in.
async fn take_in(admin: &Caller<'_>, rma: &Value, order: &Value, arrived: &[(usize, &str, &str)]) -> Reply {
    let line = |(i, quantity, condition): &(usize, &str, &str)| json!({"order_line_id": order["lines"][*i]["id"], "quantity": quantity, "condition": condition});
    let lines: Vec<Value> = arrived.iter().map(line).collect();
    act(admin, rma, "receive", json!({"location": "jakarta", "lines": lines})).await
}

/// A return that is asked for, let in and received as resellable.
pub async fn returned(admin: &Caller<'_>, order: &Value, quantities: &[(usize, &str)]) -> Value {
    let rma = ask(admin, order, quantities).await.expect(201).body;
    act(admin, &rma, "authorize", json!({})).await.expect(200);
    let arrived: Vec<(usize, &str, &str)> = quantities.iter().map(|(i, quantity)| (*i, *quantity, "resellable")).collect();
    take_in(admin, &rma, order, &arrived).await.expect(200).body
}

fn texts<const N: usize>(thing: &Value, fields: [&str; N]) -> [String; N] {
    fields.map(|field| thing[field].as_str().unwrap_or("null").to_owned())
}

#[actix_web::test]
async fn goods_travel_back_and_the_money_after_them() {
    let app = TestApp::spawn().await;
    let admin = stocked(&app).await;
    // 4 × 50,000 + 2 × 20,000 less 10 %, shipping 30,000; PPN 11 % of 246,000 = 27,060.
    let more =
        json!({"discounts": [{"code": "X", "percent": "10", "reason": "fair"}], "shipping": {"method": "regular", "amount": "30000"}});
    let order = shipped(&admin, &[("KOPI", "4"), ("TEH", "2")], more).await;
    let bill = invoice(&admin, &order).await;
    assert_eq!(bill["total"], "273060.00");
    let first = pay(&admin, &order, "200000").await;
    let second = pay(&admin, &order, "73060").await;

    let asked = ask(&admin, &order, &[(0, "2"), (1, "1")]).await.expect(201);
    let rma = asked.body.clone();
    assert_eq!(asked.header("location"), format!("/v1/returns/{}", id(&rma)));
    assert_eq!(asked.header("etag"), "\"1\"");
    assert_eq!(texts(&rma, ["number", "status", "order_number"]), ["RMA-000001", "requested", order["number"].as_str().unwrap()]);
    assert_eq!((&rma["within_window"], &rma["window_ends_on"]), (&json!(true), &json!("2026-04-01")));
    assert_eq!(ask(&admin, &order, &[(0, "3")]).await.code(409), "exceeds_returnable", "two of the four are announced");
    assert_eq!(take_in(&admin, &rma, &order, &[(0, "1", "resellable")]).await.code(409), "invalid_transition");
    act(&admin, &rma, "authorize", json!({})).await.expect(200);
    assert_eq!(act(&admin, &rma, "complete", json!({"refund": true})).await.code(409), "invalid_transition", "nothing is here");

    let part = take_in(&admin, &rma, &order, &[(0, "1", "resellable")]).await.expect(200).body;
    assert_eq!(part["status"], "partially_received");
    let all = take_in(&admin, &rma, &order, &[(0, "1", "damaged"), (1, "1", "scrap")]).await.expect(200).body;
    assert_eq!(all["status"], "received");
    let line = &all["lines"][0];
    assert_eq!(texts(line, ["received_quantity", "resellable_quantity", "damaged_quantity", "scrap_quantity"]), ["2", "1", "1", "0"]);
    assert_eq!(level(&admin, "KOPI", "jakarta").await, ("498".into(), "0".into(), "497".into()), "one of them in quarantine");
    assert_eq!(level(&admin, "TEH", "jakarta").await, ("498".into(), "0".into(), "498".into()), "in, and written off");
    let movements = admin.get("/v1/inventory/movements?sku=TEH").await.expect(200).body;
    let kinds: Vec<&str> = movements["data"].as_array().unwrap().iter().map(|row| row["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"return") && kinds.contains(&"scrap"), "{kinds:?}");
    let standing = read(&admin, "orders", &order).await;
    assert_eq!(texts(&standing, ["status", "return_status", "amount_credited"]), ["completed", "partially_returned", "0.00"]);
    assert_eq!(standing["lines"][0]["returned_quantity"], "2");

    // 100,000 + 20,000 less 12,000 and the fee of 10,000; 11 % of 98,000.
    let done = act(&admin, &rma, "complete", json!({"refund": true, "restocking_fee": "10000"})).await.expect(200).body;
    assert_eq!(
        texts(&done, ["status", "amount_credited", "amount_refunded", "restocking_fee"]),
        ["completed", "108780.00", "108780.00", "10000.00"]
    );
    let note = admin.get(&format!("/v1/credit_notes/{}", done["credit_note_id"].as_str().unwrap())).await.expect(200).body;
    assert_eq!(texts(&note, ["subtotal", "discount_total", "tax_total", "total"]), ["110000.00", "12000.00", "10780.00", "108780.00"]);
    let fee = note["lines"].as_array().unwrap().last().unwrap();
    assert_eq!(
        texts(fee, ["kind", "quantity", "unit_price", "net_amount", "tax_amount"]),
        ["restocking_fee", "-1", "10000.00", "-10000.00", "-1100.00"]
    );
    let refunds = admin.get(&format!("/v1/refunds?order_id={}", id(&order))).await.expect(200).body;
    let mut amounts: Vec<(&str, &str)> = refunds["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["payment_id"].as_str().unwrap(), row["amount"].as_str().unwrap()))
        .collect();
    amounts.sort_by_key(|(payment, _)| *payment != id(&second));
    assert_eq!(amounts, [(id(&second), "73060.00"), (id(&first), "35720.00")], "the newest money goes back first");
    let after = read(&admin, "orders", &order).await;
    assert_eq!(texts(&after, ["status", "payment_status", "amount_paid", "amount_due"]), ["completed", "paid", "164280.00", "0.00"]);
    assert_eq!(after["lines"][0]["credited_quantity"], "2");

    // What is settled stays so.
    for (action, body) in [("authorize", json!({})), ("refuse", json!({"reason": "x"})), ("cancel", json!({})), ("complete", json!({}))] {
        assert_eq!(act(&admin, &rma, action, body).await.code(409), "invalid_transition", "{action}");
    }
    assert_eq!(take_in(&admin, &rma, &order, &[(0, "1", "resellable")]).await.code(409), "invalid_transition");

    let events = admin.get(&format!("/v1/orders/{}/events?limit=200", id(&order))).await.expect(200).body;
    let types: Vec<&str> = events["data"].as_array().unwrap().iter().filter_map(|event| event["type"].as_str()).collect();
    let told = [
        "return.requested",
        "return.authorized",
        "return.received",
        "return.received",
        "credit_note.issued",
        "payment.refunded",
        "return.completed",
    ];
    let mut rest = types.iter();
    assert!(told.iter().all(|expected| rest.any(|found| found == expected)), "{types:?}");
    let history = admin.get(&format!("/v1/customers/{}/history", order["customer"]["id"].as_str().unwrap())).await.expect(200).body;
    let entry = history["data"].as_array().unwrap().iter().find(|entry| entry["type"] == "return").unwrap();
    assert_eq!(texts(entry, ["number", "status", "amount"]), ["RMA-000001", "completed", "108780.00"]);
    clean(&app).await;
}

#[actix_web::test]
async fn what_comes_back_before_it_is_invoiced_is_not_invoiced() {
    let app = TestApp::spawn().await;
    let admin = stocked(&app).await;
    let order = shipped(&admin, &[("KOPI", "5")], json!({})).await;
    pay(&admin, &order, "277500").await;
    let rma = returned(&admin, &order, &[(0, "2")]).await;
    assert_eq!(rma["lines"][0]["uninvoiced_quantity"], "2");
    let too_much = json!({"lines": [{"order_line_id": order["lines"][0]["id"], "quantity": "4"}]});
    assert_eq!(admin.post(&format!("/v1/orders/{}/invoices", id(&order)), too_much).await.code(409), "exceeds_invoiceable");
    clean(&app).await;

    let done = act(&admin, &rma, "complete", json!({"refund": true})).await.expect(200).body;
    assert_eq!(texts(&done, ["amount_credited", "amount_refunded", "credit_note_id"]), ["0.00", "111000.00", "null"]);
    let open = read(&admin, "orders", &order).await;
    assert_eq!(texts(&open, ["status", "uninvoiced_total", "amount_paid", "amount_due"]), ["confirmed", "166500.00", "166500.00", "0.00"]);
    clean(&app).await;
    let bill = invoice(&admin, &order).await;
    assert_eq!((&bill["total"], &bill["status"], &bill["lines"][0]["quantity"]), (&json!("166500.00"), &json!("paid"), &json!("3")));
    let over = read(&admin, "orders", &order).await;
    assert_eq!(texts(&over, ["status", "invoice_status", "uninvoiced_total"]), ["completed", "invoiced", "0.00"]);

    // Of three units two are invoiced: two that come back are one of each.
    let order = shipped(&admin, &[("TEH", "3")], json!({})).await;
    let two = json!({"lines": [{"order_line_id": order["lines"][0]["id"], "quantity": "2"}]});
    admin.post(&format!("/v1/orders/{}/invoices", id(&order)), two).await.expect(201);
    let rma = returned(&admin, &order, &[(0, "2")]).await;
    let done = act(&admin, &rma, "complete", json!({})).await.expect(200).body;
    assert_eq!(texts(&done["lines"][0], ["uninvoiced_quantity", "credited_quantity"]), ["1", "1"]);
    assert_eq!(done["amount_credited"], "22200.00");
    let over = read(&admin, "orders", &order).await;
    assert_eq!(texts(&over, ["status", "amount_due", "return_status"]), ["completed", "22200.00", "partially_returned"]);

    // All of it refused at the door: there is nothing to bill.
    let order = shipped(&admin, &[("TEH", "3")], json!({"shipping": {"amount": "9000"}})).await;
    let rma = returned(&admin, &order, &[(0, "3")]).await;
    act(&admin, &rma, "complete", json!({"refund_shipping": true})).await.expect(200);
    let over = read(&admin, "orders", &order).await;
    assert_eq!(
        texts(&over, ["status", "invoice_status", "return_status", "amount_due"]),
        ["completed", "not_invoiced", "returned", "0.00"]
    );
    clean(&app).await;
}

#[actix_web::test]
async fn a_carriers_wrong_clock_does_not_close_the_window() {
    let app = TestApp::spawn().await;
    let admin = stocked(&app).await;
    let order = shipped(&admin, &[("KOPI", "2")], json!({})).await;
    let shipment = admin.get(&format!("/v1/shipments?order_id={}", id(&order))).await.expect(200).body["data"][0].clone();
    let delivered = json!({"status": "delivered", "occurred_at": "2020-01-01T00:00:00Z"});
    let arrived = admin.post(&format!("/v1/shipments/{}/tracking_events", id(&shipment)), delivered).await.expect(200).body;
    assert_eq!(arrived["delivered_at"], shipment["shipped_at"], "nothing arrives before it has left");
    let asked = ask(&admin, &order, &[(0, "1")]).await.expect(201).body;
    assert_eq!((&asked["within_window"], &asked["window_ends_on"]), (&json!(true), &json!("2026-04-01")), "30 days after it left");
    clean(&app).await;
}

#[actix_web::test]
async fn after_the_window_somebody_has_to_say_so() {
    let app = TestApp::spawn().await;
    let (organization_id, admin) = stocked_shop(&app).await;
    let order = shipped(&admin, &[("KOPI", "2")], json!({})).await;
    app.clock.advance(TimeDelta::days(30));
    let admin = app.caller(organization_id, Role::Sales).await;
    let inside = ask(&admin, &order, &[(0, "1")]).await.expect(201).body;
    assert_eq!((&inside["within_window"], &inside["window_ends_on"]), (&json!(true), &json!("2026-04-01")));
    app.clock.advance(TimeDelta::days(1));
    let admin = app.caller(organization_id, Role::Sales).await;
    let outside = ask(&admin, &order, &[(0, "1")]).await.expect(201).body;
    assert_eq!(outside["within_window"], false);
    assert_eq!(act(&admin, &outside, "authorize", json!({})).await.code(409), "outside_return_window");
    let body = json!({"override": true, "reason": "A loyal customer"});
    let let_in = act(&admin, &outside, "authorize", body).await.expect(200).body;
    assert_eq!(
        (&let_in["window_overridden"], &let_in["decision"], &let_in["status"]),
        (&json!(true), &json!("A loyal customer"), &json!("authorized"))
    );
    assert!(let_in["decided_by"].as_str().unwrap().starts_with("api_client:"));
    let refused = act(&admin, &inside, "refuse", json!({"reason": "Worn"})).await.expect(200).body;
    assert_eq!(texts(&refused, ["status", "decision"]), ["refused", "Worn"]);
    let cancelled = act(&admin, &let_in, "cancel", json!({})).await.expect(200).body;
    assert_eq!(cancelled["status"], "cancelled");
    ask(&admin, &order, &[(0, "2")]).await.expect(201);
    clean(&app).await;
}

#[actix_web::test]
async fn more_less_and_other_goods_arrive_than_were_announced() {
    let app = TestApp::spawn().await;
    let admin = stocked(&app).await;
    let order = shipped(&admin, &[("KOPI", "3"), ("TEH", "3"), ("WRAP", "1")], json!({})).await;
    invoice(&admin, &order).await;
    let rma = ask(&admin, &order, &[(0, "1")]).await.expect(201).body;
    act(&admin, &rma, "authorize", json!({})).await.expect(200);
    let line = |i: usize| order["lines"][i]["id"].clone();
    let body = json!({"location": "surabaya", "lines": [
        {"order_line_id": line(0), "quantity": "2", "condition": "resellable"},
        {"order_line_id": line(1), "quantity": "1", "condition": "damaged", "reason": {"code": "wrong_item", "detail": "Green tea"}}]});
    let here = act(&admin, &rma, "receive", body).await.expect(200).body;
    assert_eq!(here["status"], "received");
    assert_eq!(texts(&here["lines"][1], ["quantity", "received_quantity"]), ["0", "1"]);
    assert_eq!(here["lines"][1]["reason"], json!({"code": "wrong_item", "detail": "Green tea"}));
    assert_eq!(level(&admin, "KOPI", "surabaya").await, ("2".into(), "0".into(), "2".into()), "a shelf that was not there before");
    let more = take_in(&admin, &rma, &order, &[(0, "2", "resellable")]).await;
    assert_eq!(more.status, 409);
    assert_eq!(more.body["lines"][0]["returnable_quantity"], "1");
    assert_eq!(take_in(&admin, &rma, &order, &[(2, "1", "resellable")]).await.expect(422).body["errors"][0]["code"], "not_returnable");
    take_in(&admin, &rma, &order, &[(0, "1", "scrap")]).await.expect(200);
    let done = act(&admin, &rma, "complete", json!({})).await.expect(200).body;
    // 3 × 50,000 + 20,000, PPN 11 %.
    assert_eq!(done["amount_credited"], "188700.00");
    let after = read(&admin, "orders", &order).await;
    assert_eq!(texts(&after, ["amount_credited", "return_status"]), ["188700.00", "partially_returned"]);
    clean(&app).await;
}

#[actix_web::test]
async fn credit_notes_by_hand_and_several_invoices_are_reckoned_with() {
    let app = TestApp::spawn().await;
    let admin = stocked(&app).await;
    let order = shipped(&admin, &[("KOPI", "5")], json!({"shipping": {"amount": "10000"}})).await;
    let kopi = order["lines"][0]["id"].clone();
    let bill = async |quantity: &str| {
        let body = json!({"lines": [{"order_line_id": kopi, "quantity": quantity}]});
        admin.post(&format!("/v1/orders/{}/invoices", id(&order)), body).await.expect(201).body
    };
    let (first, second) = (bill("2").await, bill("3").await);
    // One unit was too dear, the customer keeps it.
    let by_hand = json!({"invoice_id": first["id"], "reason": "A dent", "lines": [{"order_line_id": kopi, "quantity": "1"}]});
    admin.post("/v1/credit_notes", by_hand).await.expect(201);
    let rma = returned(&admin, &order, &[(0, "5")]).await;
    let body = json!({"refund": true, "refund_shipping": true, "restocking_fee": "170000", "reason": "Came back whole"});
    let done = act(&admin, &rma, "complete", body).await.expect(200).body;
    // 4 × 50,000 less 170,000, shipping 10,000; PPN 11 %; nothing was paid, so nothing goes back.
    assert_eq!(texts(&done, ["amount_credited", "amount_refunded", "restocking_fee"]), ["44400.00", "0.00", "170000.00"]);
    assert_eq!(done["lines"][0]["credited_quantity"], "4");
    assert_eq!(done["credit_note_ids"].as_array().unwrap().len(), 2);
    for (i, (bill, fee)) in [(&first, "-50000.00"), (&second, "-120000.00")].into_iter().enumerate() {
        let note = admin.get(&format!("/v1/credit_notes/{}", done["credit_note_ids"][i].as_str().unwrap())).await.expect(200).body;
        assert_eq!((&note["invoice_id"], &note["reason"]), (&bill["id"], &json!("Came back whole")));
        assert_eq!(note["lines"].as_array().unwrap().last().unwrap()["net_amount"], fee);
    }
    let order = read(&admin, "orders", &order).await;
    assert_eq!(order["return_status"], "returned");

    let order = shipped(&admin, &[("KOPI", "1")], json!({})).await;
    let rma = returned(&admin, &order, &[(0, "1")]).await;
    let fee = act(&admin, &rma, "complete", json!({"restocking_fee": "1"})).await.expect(422).body;
    assert_eq!(fee["errors"][0]["code"], "exceeds_credit", "what was never invoiced is not credited");
    assert_eq!(act(&admin, &rma, "complete", json!({"refund_shipping": true})).await.code(409), "nothing_to_credit");
    clean(&app).await;
}

#[actix_web::test]
async fn other_goods_take_the_place_of_returned_ones() {
    let app = TestApp::spawn().await;
    let admin = stocked(&app).await;
    let more = json!({"discounts": [{"code": "X", "percent": "10", "reason": "fair"}]});
    let order = shipped(&admin, &[("KOPI", "3")], more.clone()).await;
    invoice(&admin, &order).await;
    pay(&admin, &order, "149850").await;
    let rma = returned(&admin, &order, &[(0, "1")]).await;
    let done = act(&admin, &rma, "complete", json!({"replacement": true})).await.expect(200).body;
    assert_eq!(texts(&done, ["amount_credited", "amount_refunded", "credit_note_id"]), ["0.00", "0.00", "null"]);
    let new = admin.get(&format!("/v1/orders/{}", done["replacement_order_id"].as_str().unwrap())).await.expect(200).body;
    assert_eq!(texts(&new, ["status", "total", "channel"]), ["confirmed", "0.00", "direct"]);
    assert_eq!((&new["metadata"]["replaces_return_id"], &new["metadata"]["replaces_order_id"]), (&rma["id"], &order["id"]));
    assert_eq!((&new["lines"][0]["quantity"], &new["shipping_address"]), (&json!("1"), &order["shipping_address"]));
    let same = read(&admin, "orders", &order).await;
    assert_eq!(texts(&same, ["amount_credited", "amount_due", "payment_status"]), ["0.00", "0.00", "paid"]);

    // At the original price: 50,000 less a tenth; the money goes back, and the new order is owed.
    let rma = returned(&admin, &order, &[(0, "1")]).await;
    let done = act(&admin, &rma, "complete", json!({"refund": true, "replacement": true})).await.expect(200).body;
    assert_eq!(texts(&done, ["amount_credited", "amount_refunded"]), ["49950.00", "49950.00"]);
    let new = admin.get(&format!("/v1/orders/{}", done["replacement_order_id"].as_str().unwrap())).await.expect(200).body;
    assert_eq!(texts(&new, ["total", "amount_due"]), ["49950.00", "49950.00"]);

    // Not invoiced yet, and replaced at no charge: the sale stands and is invoiced whole.
    let order = shipped(&admin, &[("KOPI", "3")], more).await;
    let rma = returned(&admin, &order, &[(0, "2")]).await;
    act(&admin, &rma, "complete", json!({"replacement": true})).await.expect(200);
    assert_eq!(invoice(&admin, &order).await["total"], "149850.00");
    let over = read(&admin, "orders", &order).await;
    assert_eq!(texts(&over, ["status", "return_status"]), ["completed", "partially_returned"]);
    clean(&app).await;
}

#[actix_web::test]
async fn whoever_takes_goods_in_does_not_pay_out_or_give_away_by_that() {
    let app = TestApp::spawn().await;
    let (organization_id, admin) = stocked_shop(&app).await;
    let order = shipped(&admin, &[("KOPI", "2")], json!({})).await;
    invoice(&admin, &order).await;
    let paid = pay(&admin, &order, "111000").await;
    let (first, second) = (returned(&admin, &order, &[(0, "1")]).await, returned(&admin, &order, &[(0, "1")]).await);
    let [warehouse, sales, finance] = [
        app.caller(organization_id, Role::Warehouse).await,
        app.caller(organization_id, Role::Sales).await,
        app.caller(organization_id, Role::Finance).await,
    ];
    let scope = |reply: Reply| reply.expect(403).body["detail"].as_str().unwrap().split('\'').nth(1).unwrap().to_owned();
    assert_eq!(scope(act(&warehouse, &first, "complete", json!({"refund": true})).await), "payments:write");
    assert_eq!(scope(act(&sales, &first, "complete", json!({"refund": true, "dry_run": true})).await), "payments:write");
    assert_eq!(scope(act(&warehouse, &first, "complete", json!({"replacement": true})).await), "orders:write");
    assert_eq!(scope(act(&finance, &first, "complete", json!({"replacement": true})).await), "orders:write");
    act(&sales, &first, "complete", json!({"replacement": true, "dry_run": true})).await.expect(200);
    // What is here may be credited by whoever took it in; its money waits for finance.
    act(&warehouse, &first, "complete", json!({})).await.expect(200);
    assert_eq!(read(&admin, "payments", &paid).await["unapplied_amount"], "55500.00");
    let done = act(&finance, &second, "complete", json!({"refund": true})).await.expect(200).body;
    assert_eq!(done["amount_refunded"], "55500.00");
    clean(&app).await;
}

#[actix_web::test]
async fn a_carrier_that_brings_a_shipment_back_opens_one_return() {
    let app = TestApp::spawn().await;
    let admin = stocked(&app).await;
    let body = json!({"customer_code": "C-1", "lines": [{"sku": "KOPI", "quantity": "4"}]});
    let order = admin.post("/v1/orders", body).await.expect(201).body;
    let shipment = ship(&admin, &order).await;
    let announced = ask(&admin, &order, &[(0, "1")]).await.expect(201).body;
    let track = async |status: &str, minute: i64| {
        let at = app.clock.now() + TimeDelta::minutes(minute);
        let event = json!({"status": status, "occurred_at": at.to_rfc3339()});
        admin.post(&format!("/v1/shipments/{}/tracking_events", id(&shipment)), event).await.expect(200).body
    };
    track("returned", -60).await;
    track("returned", -60).await;
    track("returned", -50).await;
    track("exception", -40).await;
    let list = admin.get(&format!("/v1/returns?order_id={}&status=authorized", id(&order))).await.expect(200).body;
    assert_eq!(list["data"].as_array().unwrap().len(), 1, "{list:#}");
    let rma = &list["data"][0];
    assert_eq!((&rma["shipment_id"], &rma["status"], &rma["lines"][0]["quantity"]), (&shipment["id"], &json!("authorized"), &json!("3")));
    assert_eq!(rma["lines"][0]["reason"]["code"], "refused");
    take_in(&admin, rma, &order, &[(0, "4", "resellable")]).await.expect(200);
    let done = act(&admin, rma, "complete", json!({})).await.expect(200).body;
    assert_eq!(done["lines"][0]["uninvoiced_quantity"], "4");
    act(&admin, &announced, "cancel", json!({"reason": "It was in the other parcel"})).await.expect(200);

    // Nothing of the shipment is left to come back.
    let order = shipped(&admin, &[("TEH", "1")], json!({})).await;
    let shipment = admin.get(&format!("/v1/shipments?order_id={}", id(&order))).await.expect(200).body["data"][0].clone();
    ask(&admin, &order, &[(0, "1")]).await.expect(201);
    let event = json!({"status": "returned", "occurred_at": app.clock.now().to_rfc3339()});
    admin.post(&format!("/v1/shipments/{}/tracking_events", id(&shipment)), event).await.expect(200);
    let list = admin.get(&format!("/v1/returns?order_id={}", id(&order))).await.expect(200).body;
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
    clean(&app).await;
}

#[actix_web::test]
async fn returns_are_listed_patched_and_kept_apart() {
    let app = TestApp::spawn().await;
    let admin = stocked(&app).await;
    let order = shipped(&admin, &[("KOPI", "9")], json!({})).await;
    let mut numbers = vec![];
    for _ in 0..5 {
        let rma = ask(&admin, &order, &[(0, "1")]).await.expect(201).body;
        numbers.push(rma["number"].as_str().unwrap().to_owned());
    }
    let mut seen = vec![];
    let mut path = "/v1/returns?limit=2&sort=created_at".to_owned();
    loop {
        let page = admin.get(&path).await.expect(200).body;
        seen.extend(page["data"].as_array().unwrap().iter().map(|rma| rma["number"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/v1/returns?limit=2&sort=created_at&cursor={cursor}");
    }
    assert_eq!(seen, numbers);
    let of = async |query: &str| admin.get(&format!("/v1/returns?{query}")).await.expect(200).body["data"].as_array().unwrap().len();
    assert_eq!(of("number=RMA-000002,RMA-000003").await, 2);
    assert_eq!(of(&format!("customer_id={}", order["customer"]["id"].as_str().unwrap())).await, 5);
    assert_eq!(of("status=completed").await, 0);
    assert_eq!(of("updated_from=2099-01-01T00:00:00Z").await, 0);

    let rma = admin.get("/v1/returns?number=RMA-000001").await.expect(200).body["data"][0].clone();
    let path = format!("/v1/returns/{}", id(&rma));
    let patch = json!({"note": "Comes by parcel", "external_ids": {"zendesk": "4712"}, "metadata": {"a": {"b": 1}}});
    let patched = admin.patch(&path, patch).await.expect(200);
    assert_eq!(patched.header("etag"), "\"2\"");
    assert_eq!((&patched.body["note"], &patched.body["external_ids"]["zendesk"]), (&json!("Comes by parcel"), &json!("4712")));
    let same = admin.patch(&path, json!({"note": "Comes by parcel"})).await.expect(200);
    assert_eq!(same.header("etag"), "\"2\"", "nothing has changed");
    let stale = send(admin.request(Method::POST, &format!("{path}/authorize")).header("If-Match", "\"1\"")).await;
    assert_eq!(stale.status, 412);
    let once = || admin.request(Method::POST, &format!("{path}/authorize")).header("Idempotency-Key", "once").header("If-Match", "\"2\"");
    let (first, again) = (send(once()).await.expect(200), send(once()).await.expect(200));
    assert_eq!((first.body, again.header("idempotency-replayed")), (again.body.clone(), "true"));

    let elsewhere = app.organization("elsewhere").await;
    let stranger = app.caller(elsewhere, Role::Admin).await;
    assert_eq!(stranger.get(&path).await.status, 404);
    assert_eq!(stranger.post(&format!("{path}/authorize"), json!({})).await.status, 404);
    assert_eq!(ask(&stranger, &order, &[(0, "1")]).await.expect(422).body["errors"][0]["code"], "unknown_order");
    clean(&app).await;
}

/// Random commands on a few orders, whatever they come to: none answers 5xx, and every invariant holds after them.
#[actix_web::test]
async fn any_sequence_of_commands_leaves_the_books_right() {
    const STEPS: usize = 400;
    let seed: u64 = std::env::var("RETURNS_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(11);
    println!("RETURNS_SEED={seed}");
    let app = TestApp::spawn().await;
    let admin = stocked(&app).await;
    let mut random = Random::seeded(seed);
    let mut orders = vec![];
    for i in 0..4 {
        let more = match i % 2 {
            0 => json!({"discounts": [{"code": "X", "percent": "7", "reason": "fair"}], "shipping": {"amount": "12345.67"}}),
            _ => json!({}),
        };
        orders.push(shipped(&admin, &[("KOPI", "7"), ("TEH", "5")], more).await);
    }
    let mut done = std::collections::BTreeMap::<(&str, u16), usize>::new();
    for step in 0..STEPS {
        let order = &orders[random.below(orders.len())];
        let (line, quantity) = (random.below(2), (1 + random.below(3)).to_string());
        let of_line = json!([{"order_line_id": order["lines"][line]["id"], "quantity": quantity}]);
        let returns = admin.get(&format!("/v1/returns?order_id={}&limit=200", id(order))).await.expect(200).body["data"].clone();
        let returns = returns.as_array().unwrap();
        let rma = (!returns.is_empty()).then(|| &returns[random.below(returns.len())]);
        let condition = *random.one_of(&["resellable", "damaged", "scrap"]);
        let what = *random.one_of(&["invoice", "pay", "ask", "authorize", "receive", "receive", "complete", "credit", "refund", "cancel"]);
        let reply = match (what, rma) {
            ("invoice", _) => admin.post(&format!("/v1/orders/{}/invoices", id(order)), json!({"lines": of_line})).await,
            ("pay", _) => {
                let amount = format!("{}", 1_000 * (1 + random.below(150)));
                admin.post("/v1/payments", json!({"order_id": order["id"], "amount": amount, "currency": "IDR", "method": "cash"})).await
            }
            ("ask", _) => ask(&admin, order, &[(line, quantity.as_str())]).await,
            ("credit", _) => {
                let invoices = admin.get(&format!("/v1/invoices?order_id={}", id(order))).await.expect(200).body["data"].clone();
                let invoices = invoices.as_array().unwrap();
                if invoices.is_empty() {
                    continue;
                }
                let body = json!({"invoice_id": invoices[random.below(invoices.len())]["id"], "reason": "by hand", "lines": of_line});
                admin.post("/v1/credit_notes", body).await
            }
            ("refund", _) => {
                let payments = admin.get(&format!("/v1/payments?order_id={}&limit=200", id(order))).await.expect(200).body["data"].clone();
                let payments = payments.as_array().unwrap();
                if payments.is_empty() {
                    continue;
                }
                let body = json!({"amount": "5000", "reason": "by hand"});
                admin.post(&format!("/v1/payments/{}/refund", id(&payments[random.below(payments.len())])), body).await
            }
            ("receive", Some(rma)) => take_in(&admin, rma, order, &[(line, quantity.as_str(), condition)]).await,
            ("complete", Some(rma)) => {
                let ways = [
                    json!({"refund": true}),
                    json!({"refund": true, "restocking_fee": "777.77"}),
                    json!({}),
                    json!({"replacement": true}),
                    json!({"replacement": true, "refund": true}),
                ];
                act(&admin, rma, "complete", random.one_of(&ways).clone()).await
            }
            (action, Some(rma)) => act(&admin, rma, action, json!({})).await,
            (_, None) => continue,
        };
        assert!(reply.status < 500, "seed {seed}, step {step}: {what} {:#}", reply.body);
        *done.entry((what, reply.status)).or_default() += 1;
    }
    for expected in [("ask", 201), ("receive", 200), ("complete", 200), ("invoice", 201), ("credit", 201), ("refund", 201)] {
        assert!(done.contains_key(&expected), "{expected:?} never happened: {done:?}");
    }
    clean(&app).await;
}

#[actix_web::test]
async fn a_dry_run_says_what_would_change_and_changes_nothing() {
    let app = TestApp::spawn().await;
    let admin = stocked(&app).await;
    let order = shipped(&admin, &[("KOPI", "4")], json!({})).await;
    invoice(&admin, &order).await;
    pay(&admin, &order, "222000").await;
    let rma = ask(&admin, &order, &[(0, "2")]).await.expect(201).body;
    act(&admin, &rma, "authorize", json!({})).await.expect(200);
    let before = (read(&admin, "orders", &order).await, read(&admin, "returns", &rma).await);

    let mut body = json!({"location": "jakarta", "dry_run": true,
        "lines": [{"order_line_id": order["lines"][0]["id"], "quantity": "2", "condition": "resellable"}]});
    let dry = act(&admin, &rma, "receive", body.clone()).await.expect(200).body;
    assert_eq!(texts(&dry["after"], ["return_status"]), ["partially_returned"]);
    assert_eq!(dry["difference"]["stock"], json!([{"sku": "KOPI", "location": "jakarta", "reserved": "0", "on_hand": "2"}]));
    assert_eq!((read(&admin, "orders", &order).await, read(&admin, "returns", &rma).await), before);
    body["dry_run"] = json!(false);
    act(&admin, &rma, "receive", body).await.expect(200);

    let before = (read(&admin, "orders", &order).await, read(&admin, "returns", &rma).await);
    let settle = |dry_run: bool| json!({"refund": true, "restocking_fee": "10000", "dry_run": dry_run});
    let dry = act(&admin, &rma, "complete", settle(true)).await.expect(200).body;
    assert_eq!(texts(&dry["difference"]["money"], ["amount_credited", "amount_paid", "amount_due"]), ["99900.00", "-99900.00", "0.00"]);
    let documents = dry["difference"]["documents"].as_array().unwrap();
    let kinds: Vec<&str> = documents.iter().map(|document| document["type"].as_str().unwrap()).collect();
    for kind in ["credit_note", "payment", "refund", "return"] {
        assert!(kinds.contains(&kind), "{kind} is not among {kinds:?}");
    }
    assert_eq!((read(&admin, "orders", &order).await, read(&admin, "returns", &rma).await), before);
    assert_eq!(admin.get("/v1/credit_notes").await.expect(200).body["data"], json!([]));
    clean(&app).await;
    let done = act(&admin, &rma, "complete", settle(false)).await.expect(200).body;
    assert_eq!(texts(&done, ["amount_credited", "amount_refunded"]), ["99900.00", "99900.00"]);
    let note = admin.get(&format!("/v1/credit_notes/{}", done["credit_note_id"].as_str().unwrap())).await.expect(200).body;
    assert_eq!(note["number"], "CN-000001", "a dry run takes no number");
    clean(&app).await;
}
