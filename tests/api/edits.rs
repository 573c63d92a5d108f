//! Editing orders over HTTP on a real Postgres. The amounts are computed by hand. Every test ends with the proof of the invariants.

use crate::shop::{clean, customer, level, receive, shop};
use crate::support::app::{Caller, Reply, TestApp, send};
use crate::support::load::Random;
use pesanan::auth::permission::Role;
use reqwest::Method;
use serde_json::{Value, json};

fn id(thing: &Value) -> &str {
    thing["id"].as_str().unwrap()
}

async fn place(admin: &Caller<'_>, lines: &[(&str, &str)], more: Value) -> Value {
    let lines: Vec<Value> = lines.iter().map(|(sku, quantity)| json!({"sku": sku, "quantity": quantity})).collect();
    let mut body = json!({"customer_code": "C-1", "lines": lines});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    admin.post("/v1/orders", body).await.expect(201).body
}

async fn edit(admin: &Caller<'_>, order: &Value, body: Value) -> Reply {
    admin.post(&format!("/v1/orders/{}/edits", id(order)), body).await
}

async fn order_now(admin: &Caller<'_>, order: &Value) -> Value {
    admin.get(&format!("/v1/orders/{}", id(order))).await.expect(200).body
}

async fn work(admin: &Caller<'_>, order: &Value) -> Vec<Value> {
    let list = admin.get(&format!("/v1/fulfillment_orders?order_id={}", id(order))).await.expect(200).body;
    list["data"].as_array().unwrap().clone()
}

async fn act(admin: &Caller<'_>, work: &Value, action: &str, body: Value) -> Reply {
    admin.post(&format!("/v1/fulfillment_orders/{}/{action}", id(work)), body).await
}

async fn invoice(admin: &Caller<'_>, order: &Value) -> Value {
    admin.post(&format!("/v1/orders/{}/invoices", id(order)), json!({})).await.expect(201).body
}

fn line(order: &Value, i: usize) -> Value {
    order["lines"][i]["id"].clone()
}

fn open_holds(order: &Value) -> Vec<&str> {
    let open = order["holds"].as_array().unwrap().iter().filter(|hold| hold["released_at"].is_null());
    open.map(|hold| hold["code"].as_str().unwrap()).collect()
}

/// The shop with stock and a customer `C-1` with this limit.
async fn stocked<'a>(app: &'a TestApp, more: Value) -> Caller<'a> {
    let (_, admin) = shop(app).await;
    customer(&admin, "C-1", more).await;
    receive(&admin, "jakarta", "KOPI", "20").await;
    receive(&admin, "jakarta", "TEH", "10").await;
    admin
}

#[actix_web::test]
async fn lines_are_added_changed_and_removed_as_one_difference() {
    let app = TestApp::spawn().await;
    let admin = stocked(&app, json!({"credit_limit": "10000000"})).await;
    // 4 × 50,000 + 5 × 20,000 = 300,000; 11 % tax.
    let placed = place(&admin, &[("KOPI", "4"), ("TEH", "5")], json!({"shipping": {"amount": "10000"}})).await;
    assert_eq!(placed["total"], "344100.00");
    let body = json!({"lines": [
        {"order_line_id": line(&placed, 0), "quantity": "7"},
        {"order_line_id": line(&placed, 1), "remove": true},
        {"sku": "WRAP", "quantity": "2", "metadata": {"paper": "red"}},
        {"sku": "TEH", "quantity": "1", "unit_price": "15000", "discounts": [{"percent": "10"}]},
    ], "note": "changed by phone"});
    let mut asked = body.clone();
    asked["dry_run"] = json!(true);
    let dry = edit(&admin, &placed, asked).await.expect(200).body;
    assert_eq!(order_now(&admin, &placed).await, placed, "a dry run changes nothing");
    // 7 × 50,000 + 2 × 5,000 + 15,000 − 1,500 = 373,500, and 10,000 shipping: 383,500 × 1.11 = 425,685.
    let money = json!({"currency": "IDR", "total": "81585.00", "current_total": "81585.00", "uninvoiced_total": "81585.00", "amount_invoiced": "0.00",
        "amount_credited": "0.00", "amount_paid": "0.00", "amount_due": "81585.00"});
    assert_eq!(dry["difference"]["money"], money);
    let stock = json!([{"sku": "KOPI", "location": "jakarta", "reserved": "3", "on_hand": "0"},
        {"sku": "TEH", "location": "jakarta", "reserved": "-4", "on_hand": "0"}]);
    assert_eq!(dry["difference"]["stock"], stock);
    assert_eq!(dry["difference"]["documents"][0]["type"], "fulfillment_order");

    let edited = edit(&admin, &placed, body).await.expect(200);
    assert_eq!(edited.header("etag"), "\"2\"");
    let edited = edited.body;
    for field in ["subtotal", "shipping_net", "shipping_tax", "tax_total", "total", "tax_breakdown", "status", "note"] {
        assert_eq!(dry["after"][field], edited[field], "{field}");
    }
    assert_eq!(
        (&edited["subtotal"], &edited["tax_total"], &edited["total"]),
        (&json!("373500.00"), &json!("42185.00"), &json!("425685.00"))
    );
    assert_eq!(edited["status"], "confirmed");
    let lines = edited["lines"].as_array().unwrap();
    let figures: Vec<_> =
        lines.iter().map(|line| (line["quantity"].as_str().unwrap(), line["original_quantity"].as_str().unwrap())).collect();
    assert_eq!(figures, [("7", "4"), ("0", "5"), ("2", "2"), ("1", "1")]);
    assert_eq!((&lines[1]["net_amount"], &lines[1]["tax_amount"]), (&json!("0.00"), &json!("0.00")));
    assert_eq!(level(&admin, "KOPI", "jakarta").await.1, "7");
    assert_eq!(level(&admin, "TEH", "jakarta").await.1, "1");
    let work = work(&admin, &placed).await;
    assert_eq!(work.len(), 1, "the open fulfillment order is changed in place");
    assert_eq!((&work[0]["lines"][0]["quantity"], &work[0]["lines"][1]["line_number"]), (&json!("7"), &json!(4)));
    assert_eq!(order_now(&admin, &placed).await["lines"], edited["lines"]);

    let events = admin.get(&format!("/v1/orders/{}/events", id(&placed))).await.expect(200).body;
    let told = events["data"].as_array().unwrap().iter().find(|event| event["type"] == "order.edited").unwrap()["data"].clone();
    assert_eq!(told["header"]["total"], json!({"before": "344100.00", "after": "425685.00"}));
    assert_eq!(told["header"]["note"], json!({"before": null, "after": "changed by phone"}));
    let change: Vec<_> = told["lines"].as_array().unwrap().iter().map(|line| line["change"].as_str().unwrap()).collect();
    assert_eq!(change, ["changed", "removed", "added", "added"]);
    assert_eq!((&told["lines"][0]["before"]["quantity"], &told["lines"][0]["after"]["quantity"]), (&json!("4"), &json!("7")));
    let balance = admin.get("/v1/customers?code=C-1").await.expect(200).body["data"][0]["balance"]["open_orders"].clone();
    assert_eq!(balance, "425685.00");

    // What it was is what it becomes again.
    let back = json!({"lines": [
        {"order_line_id": line(&placed, 0), "quantity": "4"},
        {"order_line_id": line(&placed, 1), "quantity": "5"},
        {"order_line_id": lines[2]["id"], "remove": true},
        {"order_line_id": lines[3]["id"], "remove": true},
    ]});
    let back = edit(&admin, &placed, back).await.expect(200).body;
    for field in ["subtotal", "tax_total", "total", "tax_breakdown", "shipping_tax"] {
        assert_eq!(back[field], placed[field], "{field}");
    }
    assert_eq!(level(&admin, "TEH", "jakarta").await.1, "5");
    clean(&app).await;
}

#[actix_web::test]
async fn an_order_keeps_its_agreed_prices_unless_it_is_asked_to_reprice() {
    let app = TestApp::spawn().await;
    let admin = stocked(&app, json!({})).await;
    let placed = place(&admin, &[("KOPI", "2")], json!({})).await;
    let prices = json!([{"price_list": "default", "sku": "KOPI", "currency": "IDR", "unit_price": "60000"}]);
    admin.put("/v1/prices", prices).await.expect(200);
    let more = json!({"lines": [{"order_line_id": line(&placed, 0), "quantity": "3"}]});
    let edited = edit(&admin, &placed, more).await.expect(200).body;
    assert_eq!((&edited["lines"][0]["unit_price"], &edited["subtotal"]), (&json!("50000.00"), &json!("150000.00")));
    let added = edit(&admin, &placed, json!({"lines": [{"sku": "KOPI", "quantity": "1"}]})).await.expect(200).body;
    assert_eq!((&added["lines"][1]["unit_price"], &added["subtotal"]), (&json!("60000.00"), &json!("210000.00")));
    let repriced = edit(&admin, &placed, json!({"reprice": true})).await.expect(200).body;
    assert_eq!((&repriced["lines"][0]["unit_price"], &repriced["subtotal"]), (&json!("60000.00"), &json!("240000.00")));
    let same = edit(&admin, &placed, json!({"reprice": true})).await.expect(200).body;
    assert_eq!(same["version"], repriced["version"], "an edit that changes nothing is none");
    clean(&app).await;
}

#[actix_web::test]
async fn what_is_under_way_cannot_be_edited_away() {
    let app = TestApp::spawn().await;
    let admin = stocked(&app, json!({})).await;
    let placed = place(&admin, &[("KOPI", "10")], json!({})).await;
    let job = work(&admin, &placed).await.remove(0);
    act(&admin, &job, "ship", json!({"carrier": "jne", "lines": [{"order_line_id": line(&placed, 0), "quantity": "2"}]})).await.expect(201);
    let some = json!({"lines": [{"order_line_id": line(&placed, 0), "picked_quantity": "5"}]});
    act(&admin, &job, "pick", some).await.expect(200);
    let cancel = json!({"reason": {"code": "customer_request"}, "lines": [{"order_line_id": line(&placed, 0), "quantity": "1"}]});
    admin.post(&format!("/v1/orders/{}/cancel", id(&placed)), cancel).await.expect(200);
    // 2 shipped, 3 picked, 1 cancelled.
    let to = |quantity: &str| json!({"lines": [{"order_line_id": line(&placed, 0), "quantity": quantity}]});
    let refused = edit(&admin, &placed, to("5")).await.expect(409).body;
    assert_eq!(refused["code"], "line_in_progress");
    let told = json!([{"pointer": "/lines/0", "order_line_id": line(&placed, 0), "sku": "KOPI", "quantity": "10", "least_quantity": "6",
        "picked_quantity": "3", "packed_quantity": "0", "shipped_quantity": "2", "cancelled_quantity": "1", "invoiced_quantity": "0"}]);
    assert_eq!(refused["lines"], told);
    let remove = json!({"lines": [{"order_line_id": line(&placed, 0), "remove": true}]});
    assert_eq!(edit(&admin, &placed, remove).await.code(409), "line_in_progress");
    let edited = edit(&admin, &placed, to("6")).await.expect(200).body;
    assert_eq!((&edited["lines"][0]["allocated_quantity"], &edited["lines"][0]["picked_quantity"]), (&json!("3"), &json!("3")));
    // More of a line whose fulfillment order is being picked is work of its own.
    edit(&admin, &placed, to("9")).await.expect(200);
    let jobs = work(&admin, &placed).await;
    let quantities: Vec<_> = jobs.iter().map(|job| job["lines"][0]["quantity"].as_str().unwrap()).collect();
    assert_eq!(quantities, ["5", "3"]);
    assert_eq!(level(&admin, "KOPI", "jakarta").await, ("18".into(), "6".into(), "12".into()));
    clean(&app).await;
}

#[actix_web::test]
async fn invoices_from_before_and_after_an_edit_add_up_to_the_order() {
    let app = TestApp::spawn().await;
    let admin = stocked(&app, json!({"credit_limit": "10000000"})).await;
    // 3 × 33,333.335 = 100,000.005 → 100,000.01; 5 % of the order off: 5,000.00; shipping 9,999.
    let body = json!({"customer_code": "C-1", "lines": [{"sku": "KOPI", "quantity": "3", "unit_price": "33333.335"}],
        "discounts": [{"percent": "5"}], "shipping": {"amount": "9999"}});
    let placed = admin.post("/v1/orders", body).await.expect(201).body;
    let job = work(&admin, &placed).await.remove(0);
    act(&admin, &job, "ship", json!({"carrier": "jne", "lines": [{"order_line_id": line(&placed, 0), "quantity": "1"}]})).await.expect(201);
    let first = invoice(&admin, &placed).await;
    // 33,333.34 − 1,666.67 + 9,999 = 41,665.67; 11 % of it is 4,583.22.
    assert_eq!((&first["subtotal"], &first["tax_total"], &first["total"]), (&json!("33333.34"), &json!("4583.22"), &json!("46248.89")));

    let dearer = json!({"lines": [{"order_line_id": line(&placed, 0), "unit_price": "40000"}]});
    let refused = edit(&admin, &placed, dearer).await.expect(409).body;
    assert_eq!((&refused["code"], &refused["lines"][0]["invoiced_quantity"]), (&json!("line_invoiced"), &json!("1")));
    assert_eq!(edit(&admin, &placed, json!({"shipping": {"amount": "1"}})).await.code(409), "shipping_invoiced");
    assert_eq!(edit(&admin, &placed, json!({"discounts": []})).await.code(409), "invoiced_amounts");
    let less = json!({"lines": [{"order_line_id": line(&placed, 0), "remove": true}]});
    assert_eq!(edit(&admin, &placed, less).await.code(409), "line_in_progress");

    let body = json!({"lines": [{"order_line_id": line(&placed, 0), "quantity": "2"}, {"sku": "TEH", "quantity": "3"}]});
    let edited = edit(&admin, &placed, body).await.expect(200).body;
    // 66,666.67 + 60,000 = 126,666.67; less 5 %, 6,333.33: 120,333.34; with shipping 130,332.34 × 11 % = 14,336.56.
    let amounts =
        |order: &Value| ["subtotal", "discount_total", "tax_total", "total"].map(|field| order[field].as_str().unwrap().to_owned());
    assert_eq!(amounts(&edited), ["126666.67", "6333.33", "14336.56", "144668.90"]);
    assert_eq!(edited["uninvoiced_total"], "98420.01");
    for job in work(&admin, &placed).await.iter().filter(|job| job["status"] != "shipped") {
        act(&admin, job, "ship", json!({"carrier": "jne"})).await.expect(201);
    }
    let second = invoice(&admin, &placed).await;
    assert_eq!((&second["total"], &second["shipping_net"]), (&json!("98420.01"), &json!("0.00")));
    let done = order_now(&admin, &placed).await;
    assert_eq!(
        (&done["status"], &done["amount_invoiced"], &done["uninvoiced_total"]),
        (&json!("completed"), &json!("144668.90"), &json!("0.00"))
    );
    assert_eq!(edit(&admin, &placed, json!({"note": "late"})).await.code(409), "invalid_transition");
    clean(&app).await;
}

#[actix_web::test]
async fn what_an_edit_adds_and_is_short_is_refused_held_or_backordered() {
    let app = TestApp::spawn().await;
    let admin = stocked(&app, json!({})).await;
    let placed = place(&admin, &[("TEH", "6")], json!({})).await;
    let to = |quantity: &str, on_shortage: &str| json!({"lines": [{"order_line_id": line(&placed, 0), "quantity": quantity}], "on_shortage": on_shortage});
    let refused = edit(&admin, &placed, to("12", "refuse")).await.expect(409).body;
    let told = json!([{"pointer": "/lines/0/quantity", "sku": "TEH", "requested": "12", "available": "10"}]);
    assert_eq!((&refused["code"], &refused["lines"]), (&json!("insufficient_stock"), &told));
    let held = edit(&admin, &placed, to("12", "hold")).await.expect(200).body;
    assert_eq!((held["status"].as_str(), open_holds(&held)), (Some("on_hold"), vec!["insufficient_stock"]));
    assert_eq!(held["lines"][0]["unallocated_quantity"], "2");
    let fits = edit(&admin, &placed, to("10", "hold")).await.expect(200).body;
    assert_eq!((fits["status"].as_str(), open_holds(&fits).len()), (Some("confirmed"), 0), "the hold is satisfied");
    let waits = edit(&admin, &placed, to("13", "backorder")).await.expect(200).body;
    assert_eq!((&waits["status"], &waits["lines"][0]["backordered_quantity"]), (&json!("confirmed"), &json!("3")));
    let other = place(&admin, &[("KOPI", "1")], json!({"on_shortage": "backorder"})).await;
    let swap = json!({"lines": [{"sku": "TEH", "quantity": "2"}]});
    assert_eq!(edit(&admin, &other, swap).await.expect(200).body["lines"][1]["backordered_quantity"], "2");
    clean(&app).await;
}

#[actix_web::test]
async fn what_a_line_gives_back_serves_the_same_edit() {
    let app = TestApp::spawn().await;
    let admin = stocked(&app, json!({})).await;
    let placed = place(&admin, &[("TEH", "10"), ("KOPI", "1")], json!({})).await;
    let swap = json!({"lines": [{"order_line_id": line(&placed, 0), "remove": true}, {"sku": "TEH", "quantity": "10", "unit_price": "1"}]});
    let edited = edit(&admin, &placed, swap).await.expect(200).body;
    assert_eq!((&edited["lines"][2]["allocated_quantity"], &edited["status"]), (&json!("10"), &json!("confirmed")));
    assert_eq!(level(&admin, "TEH", "jakarta").await, ("10".into(), "10".into(), "0".into()));
    clean(&app).await;
}

#[actix_web::test]
async fn credit_is_taken_and_given_back_and_holds_what_exceeds_it() {
    let app = TestApp::spawn().await;
    // Two units of 50,000 with 11 %.
    let admin = stocked(&app, json!({"credit_limit": "111000"})).await;
    let placed = place(&admin, &[("KOPI", "1")], json!({})).await;
    let to = |quantity: &str| json!({"lines": [{"order_line_id": line(&placed, 0), "quantity": quantity}]});
    assert_eq!(edit(&admin, &placed, to("2")).await.expect(200).body["status"], "confirmed");
    let over = edit(&admin, &placed, to("3")).await.expect(200).body;
    assert_eq!((over["status"].as_str(), open_holds(&over)), (Some("on_hold"), vec!["credit_limit"]));
    assert_eq!(over["lines"][0]["allocated_quantity"], "3", "a held order keeps its stock");
    let balance = async || admin.get("/v1/customers?code=C-1").await.expect(200).body["data"][0]["balance"]["open_orders"].clone();
    assert_eq!(balance().await, "0.00");
    let back = edit(&admin, &placed, to("2")).await.expect(200).body;
    assert_eq!((back["status"].as_str(), open_holds(&back).len()), (Some("confirmed"), 0));
    assert_eq!(balance().await, "111000.00");
    clean(&app).await;
}

#[actix_web::test]
async fn a_prepaid_order_that_grows_waits_for_its_money_and_goes_on_when_it_shrinks() {
    let app = TestApp::spawn().await;
    let admin = stocked(&app, json!({"payment_terms": "prepaid"})).await;
    let payments = json!([{"method": "card", "amount": "111000.00"}]);
    let placed = place(&admin, &[("KOPI", "2")], json!({"payments": payments})).await;
    assert_eq!((&placed["status"], &placed["amount_paid"]), (&json!("confirmed"), &json!("111000.00")));
    let to = |quantity: &str| json!({"lines": [{"order_line_id": line(&placed, 0), "quantity": quantity}]});
    let waits = edit(&admin, &placed, to("3")).await.expect(200).body;
    assert_eq!((open_holds(&waits), &waits["payment_status"]), (vec!["payment_required"], &json!("partially_paid")));
    let paid = edit(&admin, &placed, to("1")).await.expect(200).body;
    assert_eq!((open_holds(&paid).len(), &paid["amount_paid"], &paid["amount_due"]), (0, &json!("55500.00"), &json!("0.00")));
    let payment = admin.get(&format!("/v1/payments?order_id={}", id(&placed))).await.expect(200).body["data"][0].clone();
    assert_eq!(payment["unapplied_amount"], "55500.00", "the deposit that is too much is free again");
    clean(&app).await;
}

#[actix_web::test]
async fn drafts_are_edited_freely_and_bind_nothing() {
    let app = TestApp::spawn().await;
    let admin = stocked(&app, json!({})).await;
    let draft = place(&admin, &[("KOPI", "2"), ("TEH", "1")], json!({"draft": true})).await;
    let body = json!({"lines": [{"order_line_id": line(&draft, 0), "quantity": "5"}, {"order_line_id": line(&draft, 1), "remove": true},
        {"sku": "WRAP", "quantity": "1"}], "requested_on": "2026-03-20"});
    let edited = edit(&admin, &draft, body).await.expect(200).body;
    assert_eq!((&edited["status"], &edited["subtotal"]), (&json!("draft"), &json!("255000.00")));
    assert_eq!((&edited["lines"][0]["original_quantity"], &edited["lines"][0]["requested_on"]), (&json!("5"), &json!("2026-03-20")));
    assert_eq!(level(&admin, "KOPI", "jakarta").await.1, "0");
    // What is not on the order any more does not speak against it.
    let gone = admin.request(Method::PATCH, "/v1/products/TEH").json(&json!({"active": false}));
    send(gone).await.expect(200);
    let confirmed = admin.post(&format!("/v1/orders/{}/confirm", id(&draft)), json!({})).await.expect(200).body;
    assert_eq!((&confirmed["status"], &confirmed["lines"][0]["allocated_quantity"]), (&json!("confirmed"), &json!("5")));
    clean(&app).await;
}

#[actix_web::test]
async fn an_address_elsewhere_is_taxed_as_there() {
    let app = TestApp::spawn().await;
    let admin = stocked(&app, json!({})).await;
    let rates = json!([{"country": "DE", "tax_category": "standard", "tax_scheme_category": "S", "name": "USt", "rate": "0.19"},
        {"country": "FR", "tax_category": "reduced", "tax_scheme_category": "S", "name": "TVA", "rate": "0.055"}]);
    admin.put("/v1/tax_rates", rates).await.expect(200);
    let placed = place(&admin, &[("KOPI", "2")], json!({})).await;
    let to = |country: &str| json!({"shipping_address": {"line1": "Hauptstr. 1", "city": "Bonn", "country": country}});
    let moved = edit(&admin, &placed, to("DE")).await.expect(200).body;
    assert_eq!(
        (&moved["tax_total"], &moved["total"], &moved["lines"][0]["tax_rate"]),
        (&json!("19000.00"), &json!("119000.00"), &json!("0.19"))
    );
    let refused = edit(&admin, &placed, to("FR")).await;
    assert_eq!(refused.body["errors"][0]["pointer"], "/shipping_address");
    assert_eq!(refused.code(422), "tax_rate_missing");
    let job = work(&admin, &placed).await.remove(0);
    act(&admin, &job, "ship", json!({"carrier": "dhl", "lines": [{"order_line_id": line(&placed, 0), "quantity": "1"}]})).await.expect(201);
    invoice(&admin, &placed).await;
    assert_eq!(edit(&admin, &placed, to("ID")).await.code(409), "line_invoiced");
    let incomplete = place(&admin, &[("TEH", "1")], json!({})).await;
    let held = edit(&admin, &incomplete, json!({"shipping_address": {"country": "ID"}})).await.expect(200).body;
    assert_eq!(open_holds(&held), ["address_incomplete"]);
    let again =
        edit(&admin, &incomplete, json!({"shipping_address": {"line1": "Jl. 1", "city": "Solo", "country": "ID"}})).await.expect(200).body;
    assert_eq!((open_holds(&again).len(), &again["status"]), (0, &json!("confirmed")));
    clean(&app).await;
}

#[actix_web::test]
async fn an_edit_is_refused_by_scope_version_and_form() {
    let app = TestApp::spawn().await;
    let (organization_id, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    receive(&admin, "jakarta", "KOPI", "20").await;
    let placed = place(&admin, &[("KOPI", "2")], json!({})).await;
    let path = format!("/v1/orders/{}/edits", id(&placed));
    let integration = app.caller(organization_id, Role::Integration).await;
    let may_price = integration.post(&path, json!({"payment_terms": "net_60"})).await;
    let sales = app.caller(organization_id, Role::Sales).await;
    let warehouse = app.caller(organization_id, Role::Warehouse).await;
    assert_eq!(warehouse.post(&path, json!({"note": "x"})).await.code(403), "insufficient_scope");
    assert!(matches!(may_price.status, 200 | 403));
    sales.post(&path, json!({"lines": [{"order_line_id": line(&placed, 0), "unit_price": "45000"}]})).await.expect(200);
    let stale = admin.request(Method::POST, &path).header("If-Match", "\"1\"").json(&json!({"note": "x"}));
    assert_eq!(send(stale).await.code(412), "stale_version");
    let all = json!({"lines": [{"order_line_id": line(&placed, 0), "remove": true}]});
    assert_eq!(admin.post(&path, all).await.code(409), "nothing_left");
    let swap = json!({"lines": [{"order_line_id": line(&placed, 0), "remove": true}, {"sku": "KOPI", "quantity": "1"}]});
    assert_eq!(admin.post(&path, swap).await.expect(200).body["status"], "confirmed");
    clean(&app).await;
}

#[actix_web::test]
async fn a_dry_run_of_a_shipment_and_of_a_credit_note_tells_what_would_change() {
    let app = TestApp::spawn().await;
    let admin = stocked(&app, json!({"credit_limit": "10000000"})).await;
    let placed = place(&admin, &[("KOPI", "4")], json!({})).await;
    let job = work(&admin, &placed).await.remove(0);
    let dry = act(&admin, &job, "ship", json!({"carrier": "jne", "dry_run": true})).await.expect(200).body;
    assert_eq!(dry["difference"]["stock"], json!([{"sku": "KOPI", "location": "jakarta", "reserved": "-4", "on_hand": "-4"}]));
    let documents = dry["difference"]["documents"].as_array().unwrap();
    let told: Vec<_> =
        documents.iter().map(|d| (d["type"].as_str().unwrap(), d["status_before"].as_str(), d["status_after"].as_str().unwrap())).collect();
    assert_eq!(told, [("fulfillment_order", Some("open"), "shipped"), ("shipment", None, "in_transit")]);
    assert_eq!(dry["after"]["fulfillment_status"], "fulfilled");
    assert_eq!(order_now(&admin, &placed).await, placed);
    assert_eq!(level(&admin, "KOPI", "jakarta").await.0, "20");
    act(&admin, &job, "ship", json!({"carrier": "jne"})).await.expect(201);
    let bill = invoice(&admin, &placed).await;
    let payment = json!({"invoice_id": bill["id"], "amount": "222000.00", "currency": "IDR", "method": "cash"});
    admin.post("/v1/payments", payment).await.expect(201);
    let credit = json!({"invoice_id": bill["id"], "reason": "Torn", "lines": [{"order_line_id": line(&placed, 0), "quantity": "1"}], "dry_run": true});
    let dry = admin.post("/v1/credit_notes", credit.clone()).await.expect(200).body;
    // One of 50,000 with 11 %, which is paid: the money is free again.
    let money = json!({"currency": "IDR", "total": "0.00", "current_total": "-55500.00", "uninvoiced_total": "0.00", "amount_invoiced": "0.00", "amount_credited": "55500.00",
        "amount_paid": "-55500.00", "amount_due": "0.00"});
    assert_eq!(dry["difference"]["money"], money);
    let documents = dry["difference"]["documents"].as_array().unwrap();
    let of = |kind: &str| documents.iter().find(|document| document["type"] == kind).unwrap();
    assert_eq!((&of("credit_note")["total"], &of("credit_note")["status_before"]), (&json!("55500.00"), &Value::Null));
    assert_eq!(of("payment")["unapplied_amount"], "55500.00");
    assert_eq!(admin.get("/v1/credit_notes").await.expect(200).body["data"], json!([]));
    let mut done = credit;
    done["dry_run"] = json!(false);
    assert_eq!(admin.post("/v1/credit_notes", done).await.expect(201).body["number"], of("credit_note")["number"]);
    clean(&app).await;
}

/// A list price is that of its quantity: an edit that changes the quantity changes it, and one that changes something else does not.
#[actix_web::test]
async fn a_quantity_that_is_edited_has_the_price_of_that_quantity() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    receive(&admin, "jakarta", "KOPI", "5000").await;
    let price = |from: &str, price: &str| json!({"price_list": "default", "sku": "KOPI", "currency": "IDR", "min_quantity": from, "unit_price": price});
    admin.put("/v1/prices", json!([price("1", "30000"), price("100", "25000"), price("1000", "20000")])).await.expect(200);
    let mut placed = place(&admin, &[("KOPI", "1000")], json!({})).await;
    assert_eq!(placed["lines"][0]["unit_price"], "20000.00");
    for (quantity, price) in [("1", "30000.00"), ("99", "30000.00"), ("100", "25000.00"), ("1200", "20000.00")] {
        let body = json!({"lines": [{"order_line_id": placed["lines"][0]["id"], "quantity": quantity}]});
        placed = edit(&admin, &placed, body).await.expect(200).body;
        assert_eq!(placed["lines"][0]["unit_price"], price, "of {quantity}");
        let fresh = place(&admin, &[("KOPI", quantity)], json!({"draft": true})).await;
        assert_eq!(placed["total"], fresh["total"], "of {quantity}");
    }
    // Prices that were agreed one by one stay, and so does the list's of another day.
    let own = json!({"lines": [{"order_line_id": placed["lines"][0]["id"], "unit_price": "12345"}]});
    placed = edit(&admin, &placed, own).await.expect(200).body;
    let less = json!({"lines": [{"order_line_id": placed["lines"][0]["id"], "quantity": "2"}]});
    placed = edit(&admin, &placed, less).await.expect(200).body;
    assert_eq!(placed["lines"][0]["unit_price"], "12345.00");
    clean(&app).await;
}

/// Whatever is edited, the order costs what the same order costs that is placed afresh.
#[actix_web::test]
async fn an_edited_order_costs_what_the_same_order_costs_placed_afresh() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    for sku in ["KOPI", "TEH"] {
        receive(&admin, "jakarta", sku, "100000").await;
    }
    let rates = json!([{"country": "DE", "tax_category": "standard", "tax_scheme_category": "S", "name": "USt", "rate": "0.19"}]);
    admin.put("/v1/tax_rates", rates).await.expect(200);
    let mut random = Random::seeded(17);
    for round in 0..12 {
        let inclusive = round % 3 == 2;
        let mut order = place(&admin, &[("KOPI", "4"), ("TEH", "5")], json!({"prices_include_tax": inclusive})).await;
        for _ in 0..5 {
            let mut lines = vec![];
            for known in order["lines"].as_array().unwrap() {
                match random.below(5) {
                    0 => lines.push(json!({"order_line_id": known["id"], "quantity": (1 + random.below(30)).to_string()})),
                    1 => lines.push(
                        json!({"order_line_id": known["id"], "unit_price": format!("{}.{:03}", random.below(90_000), random.below(1_000))}),
                    ),
                    2 => lines.push(json!({"order_line_id": known["id"], "discounts": [{"percent": random.below(40).to_string()}]})),
                    3 if lines.len() > 1 => lines.push(json!({"order_line_id": known["id"], "remove": true})),
                    _ => {}
                }
            }
            lines.push(json!({"sku": *random.one_of(&["KOPI", "TEH", "WRAP"]), "quantity": (1 + random.below(9)).to_string()}));
            let mut body = json!({"lines": lines});
            match random.below(4) {
                0 => body["discounts"] = json!([{"percent": random.below(30).to_string()}, {"amount": "100.00"}]),
                1 => body["shipping"] = json!({"amount": format!("{}.{:02}", random.below(50_000), random.below(100))}),
                2 => body["shipping_address"] = json!({"line1": "x", "city": "y", "country": *random.one_of(&["ID", "DE"])}),
                _ => {}
            }
            order = edit(&admin, &order, body).await.expect(200).body;
        }
        let lines: Vec<Value> = order["lines"].as_array().unwrap().iter().filter(|line| line["quantity"] != "0").cloned().collect();
        let fresh = lines.iter().map(|line| json!({"sku": line["sku"], "quantity": line["quantity"], "unit_price": line["unit_price"], "discounts": discounts(line)}));
        let mut body = json!({"customer_code": "C-1", "lines": fresh.collect::<Vec<_>>(), "discounts": discounts(&order), "prices_include_tax": inclusive,
            "shipping_address": order["shipping_address"]});
        if order["shipping_net"] != "0.00" {
            let amount = |field: &str| order[field].as_str().unwrap().parse::<rust_decimal::Decimal>().unwrap();
            let shipping = if inclusive { amount("shipping_net") + amount("shipping_tax") } else { amount("shipping_net") };
            body["shipping"] = json!({"amount": shipping.to_string()});
        }
        let fresh = admin.post("/v1/orders", body).await.expect(201).body;
        for field in ["subtotal", "discount_total", "shipping_net", "shipping_tax", "tax_total", "total", "tax_breakdown"] {
            assert_eq!(order[field], fresh[field], "{field} in round {round}");
        }
        for (line, fresh) in lines.iter().zip(fresh["lines"].as_array().unwrap()) {
            for field in ["gross_amount", "discount_amount", "net_amount", "tax_rate", "tax_amount"] {
                assert_eq!(line[field], fresh[field], "{field} in round {round}");
            }
        }
    }
    clean(&app).await;
}

/// Discounts as a request gives them.
fn discounts(of: &Value) -> Value {
    let given = |discount: &Value| {
        discount.as_object().unwrap().iter().filter(|(_, value)| !value.is_null()).map(|(k, v)| (k.clone(), v.clone())).collect()
    };
    Value::Array(of["discounts"].as_array().unwrap().iter().map(|discount| Value::Object(given(discount))).collect())
}
