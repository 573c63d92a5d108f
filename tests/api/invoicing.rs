//! Invoices, credit notes, payments and refunds over HTTP on a real Postgres. Every test ends with the proof of the invariants.

use crate::support::app::{Caller, Reply, TestApp, send};
use chrono::TimeDelta;
use futures_util::future::join_all;
use pesanan::auth::permission::Role;
use pesanan::types::id::OrganizationId;
use reqwest::Method;
use serde_json::{Value, json};

/// One location with stock, goods, a service, and a customer with a credit limit.
async fn shop(app: &TestApp) -> (OrganizationId, Caller<'_>) {
    let organization_id = app.organization("shop").await;
    let admin = app.caller(organization_id, Role::Admin).await;
    let products = json!([
        {"sku": "KOPI", "name": "Kopi", "unit": "C62", "tax_category": "standard"},
        {"sku": "TEH", "name": "Teh", "unit": "C62", "tax_category": "standard"},
        {"sku": "WRAP", "name": "Gift wrap", "kind": "service", "unit": "C62", "tax_category": "standard"},
    ]);
    admin.put("/v1/products", products).await.expect(200);
    let price =
        |sku: &str, currency: &str, price: &str| json!({"price_list": "default", "sku": sku, "currency": currency, "unit_price": price});
    let prices = [
        price("KOPI", "IDR", "33333.335"),
        price("TEH", "IDR", "20000"),
        price("WRAP", "IDR", "5000"),
        price("KOPI", "KWD", "1.2345"),
        price("KOPI", "JPY", "333"),
    ];
    admin.put("/v1/prices", json!(prices)).await.expect(200);
    let rates = json!([{"country": "ID", "tax_category": "standard", "tax_scheme_category": "S", "name": "PPN", "rate": "0.12", "base_fraction": "11/12"}]);
    admin.put("/v1/tax_rates", rates).await.expect(200);
    admin.put("/v1/locations/jakarta-1", json!({"name": "Jakarta", "kind": "warehouse"})).await.expect(201);
    let lines = json!([{"sku": "KOPI", "quantity": "500", "unit_cost": "20000"}, {"sku": "TEH", "quantity": "500", "unit_cost": "9000"}]);
    admin.post("/v1/inventory/receipts", json!({"location": "jakarta-1", "lines": lines})).await.expect(201);
    customer(&admin, "C-1", json!({"credit_limit": "100000000.00", "tax_id": "01.234.567.8-901.000"})).await;
    (organization_id, admin)
}

async fn customer(admin: &Caller<'_>, code: &str, more: Value) -> Value {
    let mut body = json!({"code": code, "name": "Toko Sumber", "kind": "company", "payment_terms": "net_30",
        "shipping_address": {"name": "Siti", "line1": "Jl. Braga 12", "city": "Bandung", "country": "ID"},
        "billing_address": {"line1": "Jl. Asia Afrika 1", "city": "Bandung", "country": "ID"}});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    admin.post("/v1/customers", body).await.expect(201).body
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

async fn now(admin: &Caller<'_>, kind: &str, thing: &Value) -> Value {
    admin.get(&format!("/v1/{kind}/{}", id(thing))).await.expect(200).body
}

/// Ships a quantity of each line, or all.
async fn ship(admin: &Caller<'_>, order: &Value, lines: Option<Value>) -> Value {
    let work = admin.get(&format!("/v1/fulfillment_orders?order_id={}", id(order))).await.expect(200).body["data"][0].clone();
    let mut body = json!({"carrier": "jne"});
    if let Some(lines) = lines {
        body["lines"] = lines;
    }
    admin.post(&format!("/v1/fulfillment_orders/{}/ship", id(&work)), body).await.expect(201).body
}

async fn invoice(admin: &Caller<'_>, order: &Value, body: Value) -> Reply {
    admin.post(&format!("/v1/orders/{}/invoices", id(order)), body).await
}

/// The order, shipped and invoiced whole.
async fn invoiced(admin: &Caller<'_>, lines: &[(&str, &str)], more: Value) -> (Value, Value) {
    let placed = order(admin, lines, more).await;
    ship(admin, &placed, None).await;
    let invoice = invoice(admin, &placed, json!({})).await.expect(201).body;
    (placed, invoice)
}

async fn pay(admin: &Caller<'_>, amount: &str, more: Value) -> Reply {
    let mut body = json!({"amount": amount, "currency": "IDR", "method": "bank_transfer"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    admin.post("/v1/payments", body).await
}

/// Minor units of a decimal string with two places.
fn cents(amount: &Value) -> i64 {
    amount.as_str().unwrap().replace('.', "").parse().unwrap()
}

fn sum(things: &[Value], field: &str) -> i64 {
    things.iter().map(|thing| cents(&thing[field])).sum()
}

async fn events(admin: &Caller<'_>, order: &Value) -> Vec<String> {
    let list = admin.get(&format!("/v1/orders/{}/events?limit=200", id(order))).await.expect(200);
    list.body["data"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

fn prove(app: &TestApp) {
    let violations = pesanan::check::run(&mut app.database.connect()).unwrap();
    assert!(violations.is_empty(), "{violations:#?}");
}

#[actix_web::test]
async fn partial_invoices_add_up_to_the_order_and_name_their_shipments() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    let more = json!({"shipping": {"method": "regular", "amount": "25000.00"}, "discounts": [{"code": "X", "percent": "7", "reason": "fair"}],
        "purchase_order_number": "PO-1", "buyer_reference": "Dept 7"});
    let placed = order(&admin, &[("KOPI", "7"), ("TEH", "3")], more).await;
    let kopi = placed["lines"][0]["id"].clone();
    assert_eq!(invoice(&admin, &placed, json!({})).await.code(409), "nothing_to_invoice");
    let early = json!({"lines": [{"order_line_id": kopi, "quantity": "1"}]});
    assert_eq!(invoice(&admin, &placed, early).await.code(409), "exceeds_invoiceable");

    let first_shipment = ship(&admin, &placed, Some(json!([{"order_line_id": kopi, "quantity": "2"}]))).await;
    let first = invoice(&admin, &placed, json!({})).await.expect(201);
    assert_eq!(first.header("location"), format!("/v1/invoices/{}", id(&first.body)));
    let first = first.body;
    assert_eq!((&first["number"], &first["series"], &first["status"]), (&json!("INV-000001"), &json!("INV"), &json!("issued")));
    assert_eq!(first["shipping_net"], "25000.00", "shipping is on the first");
    assert_eq!(
        (&first["issued_on"], &first["due_on"], &first["supply_on"]),
        (&json!("2026-03-02"), &json!("2026-04-01"), &json!("2026-03-02"))
    );
    assert_eq!(first["lines"][0]["shipment_id"], first_shipment["id"]);
    assert_eq!(
        (&first["seller"]["legal_name"], &first["bill_to"]["tax_id"]),
        (&json!("PT Nusantara Niaga"), &json!("01.234.567.8-901.000"))
    );
    assert_eq!(first["bill_to"]["address"]["line1"], "Jl. Asia Afrika 1");
    assert_eq!(first["orders"][0]["purchase_order_number"], "PO-1");
    assert_eq!(
        (&first["buyer_reference"], &first["exchange_rate"], &first["fiscal_documents"]),
        (&json!("Dept 7"), &json!("1"), &json!([]))
    );
    assert_eq!(first["tax_total_base_currency"], first["tax_total"]);

    ship(&admin, &placed, Some(json!([{"order_line_id": kopi, "quantity": "3"}]))).await;
    ship(&admin, &placed, None).await;
    let second = invoice(&admin, &placed, json!({"lines": [{"order_line_id": kopi, "quantity": "4"}]})).await.expect(201).body;
    let parts: Vec<&Value> = second["lines"].as_array().unwrap().iter().map(|line| &line["quantity"]).collect();
    assert_eq!(parts, ["3", "1"], "one line for each shipment, the oldest first");
    let third = invoice(&admin, &placed, json!({})).await.expect(201).body;
    assert_eq!((&third["number"], &third["shipping_net"]), (&json!("INV-000003"), &json!("0.00")));
    let all = [first, second, third];
    for field in ["subtotal", "discount_total", "shipping_net", "tax_total", "total"] {
        assert_eq!(sum(&all, field), cents(&placed[field]), "{field}");
    }
    let done = now(&admin, "orders", &placed).await;
    assert_eq!(
        (&done["status"], &done["invoice_status"], &done["uninvoiced_total"]),
        (&json!("completed"), &json!("invoiced"), &json!("0.00"))
    );
    assert_eq!(done["amount_due"], placed["total"]);
    assert_eq!(invoice(&admin, &placed, json!({})).await.code(409), "nothing_to_invoice");
    let told = events(&admin, &placed).await;
    assert_eq!(told.iter().filter(|event| *event == "invoice.issued").count(), 3);
    assert!(told.contains(&"order.completed".to_owned()));

    let list = admin.get(&format!("/v1/invoices?order_id={}&limit=2", id(&placed))).await.expect(200).body;
    let numbers: Vec<&Value> = list["data"].as_array().unwrap().iter().map(|invoice| &invoice["number"]).collect();
    assert_eq!(numbers, ["INV-000003", "INV-000002"]);
    let rest = admin.get(&format!("/v1/invoices?order_id={}&limit=2&cursor={}", id(&placed), list["next_cursor"].as_str().unwrap())).await;
    assert_eq!((rest.body["data"].as_array().unwrap().len(), &rest.body["next_cursor"]), (1, &Value::Null));
    prove(&app);
}

#[actix_web::test]
async fn lists_narrow_and_sort_and_documents_take_metadata() {
    let app = TestApp::spawn().await;
    let (organization_id, admin) = shop(&app).await;
    let (_, first) = invoiced(&admin, &[("TEH", "1")], json!({})).await;
    app.clock.advance(TimeDelta::days(40));
    let admin = app.caller(organization_id, Role::Admin).await;
    let (_, second) = invoiced(&admin, &[("TEH", "2")], json!({"payment_terms": "due_on_receipt"})).await;
    let numbers = async |query: &str| {
        let list = admin.get(&format!("/v1/invoices?{query}")).await.expect(200).body;
        list["data"].as_array().unwrap().iter().map(|invoice| invoice["number"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(now(&admin, "invoices", &first).await["overdue"], true);
    assert_eq!(numbers("overdue=true").await, ["INV-000001"]);
    assert_eq!(numbers("overdue=false").await, ["INV-000002"]);
    assert_eq!(numbers("due_before=2026-04-02").await, ["INV-000001"]);
    assert_eq!(numbers("issued_from=2026-03-03&status=issued,paid").await, ["INV-000002"]);
    assert_eq!(numbers("issued_to=2026-03-02").await, ["INV-000001"]);
    assert_eq!(numbers("sort=due_on").await, ["INV-000001", "INV-000002"]);
    assert_eq!(numbers("number=INV-000002&sort=updated_at").await, ["INV-000002"]);
    assert_eq!(admin.get("/v1/invoices?status=voided").await.code(400), "invalid_parameter");
    assert_eq!(admin.get("/v1/invoices?sort=total").await.code(400), "invalid_parameter");
    for sort in ["due_on", "updated_at", "-updated_at", "created_at", "-created_at"] {
        let page = admin.get(&format!("/v1/invoices?limit=1&sort={sort}")).await.expect(200).body;
        let next = page["next_cursor"].as_str().unwrap();
        let rest = admin.get(&format!("/v1/invoices?limit=1&sort={sort}&cursor={next}")).await.expect(200).body;
        assert_ne!(rest["data"][0]["id"], page["data"][0]["id"], "{sort}");
        assert_eq!(rest["next_cursor"], Value::Null);
    }
    let patched = admin
        .patch(&format!("/v1/invoices/{}", id(&second)), json!({"metadata": {"a": {"b": 1}}, "external_ids": {"datev": "1"}}))
        .await
        .expect(200);
    assert_eq!((&patched.body["metadata"]["a"]["b"], patched.header("etag")), (&json!(1), "\"2\""));
    let again = admin.patch(&format!("/v1/invoices/{}", id(&second)), json!({"metadata": {"a": null}})).await.expect(200).body;
    assert_eq!((&again["metadata"], &again["external_ids"]), (&json!({}), &json!({"datev": "1"})));
    let none = admin.patch(&format!("/v1/invoices/{}", id(&second)), json!({"external_ids": null})).await.expect(200).body;
    assert_eq!(none["external_ids"], json!({}));
    assert_eq!(admin.patch(&format!("/v1/invoices/{}", id(&second)), json!({"total": "1.00"})).await.code(422), "unknown_field");
    prove(&app);
}

#[actix_web::test]
async fn a_series_counts_without_gaps_and_dates_do_not_run_backwards() {
    let app = TestApp::spawn().await;
    let (organization_id, admin) = shop(&app).await;
    let series = admin.get("/v1/invoice_series/INV").await.expect(200).body;
    assert_eq!((&series["next_number"], &series["kind"]), (&json!(1), &json!("invoice")));
    let yearly = json!({"kind": "invoice", "prefix": "JKT-", "year_reset": true, "next_number": 41});
    admin.put("/v1/invoice_series/JKT", yearly.clone()).await.expect(201);
    assert_eq!(admin.put("/v1/invoice_series/JKT2", yearly).await.code(409), "prefix_taken");
    let like = json!({"kind": "invoice", "prefix": "JKT-2026-"});
    assert_eq!(admin.put("/v1/invoice_series/JKT3", like).await.code(409), "prefix_taken", "JKT-2026-000041 would be in both");
    admin.put("/v1/invoice_series/JKT4", json!({"kind": "invoice", "prefix": "JKT-B-"})).await.expect(201);
    let kind = json!({"kind": "credit_note", "prefix": "JKT-"});
    assert_eq!(admin.put("/v1/invoice_series/JKT", kind).await.code(409), "series_kind_fixed");

    let placed = order(&admin, &[("TEH", "9")], json!({})).await;
    ship(&admin, &placed, None).await;
    let line = &placed["lines"][0]["id"];
    let one = |more: Value| {
        let mut body = json!({"lines": [{"order_line_id": line, "quantity": "1"}]});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let issued = invoice(&admin, &placed, one(json!({"series": "JKT"}))).await.expect(201).body;
    assert_eq!(issued["number"], "JKT-2026-000041");
    // The prefix moves on, the number stays with its document.
    admin.put("/v1/invoice_series/JKT", json!({"kind": "invoice", "prefix": "JKX-", "year_reset": true})).await.expect(200);
    let late = json!({"kind": "invoice", "prefix": "JKT-", "year_reset": true});
    let refused = admin.put("/v1/invoice_series/JKT5", late).await;
    assert!(refused.body["detail"].as_str().unwrap().contains("JKT-2026-000041"), "{}", refused.body);
    assert_eq!(refused.code(409), "prefix_taken");
    admin.put("/v1/invoice_series/JKT", json!({"kind": "invoice", "prefix": "JKT-", "year_reset": true})).await.expect(200);
    let mut back = now_series(&admin, "JKT").await;
    assert_eq!((&back["next_number"], &back["last_issued_on"]), (&json!(42), &json!("2026-03-02")));
    back["next_number"] = json!(41);
    assert_eq!(admin.put("/v1/invoice_series/JKT", back).await.code(409), "series_in_use");
    assert_eq!(invoice(&admin, &placed, one(json!({"series": "NONE"}))).await.code(422), "unknown_series");
    assert_eq!(invoice(&admin, &placed, one(json!({"series": "CN"}))).await.code(422), "wrong_series");
    assert_eq!(invoice(&admin, &placed, one(json!({"issued_on": "2026-03-03"}))).await.code(422), "in_the_future");

    app.clock.advance(TimeDelta::days(2));
    // A token lives for an hour.
    let admin = app.caller(organization_id, Role::Admin).await;
    let last = invoice(&admin, &placed, one(json!({}))).await.expect(201).body;
    assert_eq!((&last["number"], &last["issued_on"]), (&json!("INV-000001"), &json!("2026-03-04")));
    let refused = invoice(&admin, &placed, one(json!({"issued_on": "2026-03-03"}))).await;
    assert_eq!(refused.body["last_issued_on"], "2026-03-04");
    assert_eq!(refused.code(409), "date_before_last");
    let backdated = invoice(&admin, &placed, one(json!({"issued_on": "2026-03-03", "series": "JKT"}))).await.expect(201).body;
    assert_eq!((&backdated["number"], &backdated["due_on"]), (&json!("JKT-2026-000042"), &json!("2026-04-02")));

    // Before the order was captured there is only history.
    let finance = app.caller(organization_id, Role::Finance).await;
    let old = one(json!({"issued_on": "2025-12-30", "series": "HIST"}));
    assert_eq!(invoice(&finance, &placed, old.clone()).await.code(403), "insufficient_scope");
    assert_eq!(invoice(&admin, &placed, old).await.expect(201).body["number"], "HIST-000001");
    let mut organization = admin.get("/v1/organization").await.expect(200).body;
    organization["books_closed_through_on"] = json!("2026-03-03");
    admin.put("/v1/organization", organization).await.expect(200);
    assert_eq!(invoice(&admin, &placed, one(json!({"issued_on": "2026-03-03", "series": "JKT"}))).await.code(409), "books_closed");
    invoice(&admin, &placed, one(json!({"series": "JKT"}))).await.expect(201);

    app.clock.advance(TimeDelta::days(365));
    let admin = app.caller(organization_id, Role::Admin).await;
    let next_year = invoice(&admin, &placed, one(json!({"series": "JKT"}))).await.expect(201).body;
    assert_eq!(next_year["number"], "JKT-2027-000001");
    prove(&app);
}

#[actix_web::test]
async fn payments_settle_invoices_and_money_beyond_the_debt_stays_unapplied() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    let (placed, bill) = invoiced(&admin, &[("TEH", "5")], json!({})).await;
    assert_eq!(bill["total"], "111000.00");
    let part = pay(&admin, "11000.00", json!({"invoice_id": id(&bill), "reference": "T-1"})).await.expect(201).body;
    assert_eq!((&part["number"], &part["status"], &part["unapplied_amount"]), (&json!("RCP-000001"), &json!("captured"), &json!("0.00")));
    assert_eq!(
        (&part["customer_id"], &part["order_id"], &part["received_on"]),
        (&bill["customer_id"], &placed["id"], &json!("2026-03-02"))
    );
    assert_eq!(part["allocations"], json!([{"invoice_id": bill["id"], "order_id": placed["id"], "amount": "11000.00", "adjustments": []}]));
    let now_due = now(&admin, "invoices", &bill).await;
    assert_eq!((&now_due["status"], &now_due["amount_due"]), (&json!("partially_paid"), &json!("100000.00")));
    assert_eq!(now(&admin, "orders", &placed).await["payment_status"], "partially_paid");

    let rest = pay(&admin, "130000.00", json!({"order_id": id(&placed)})).await.expect(201).body;
    assert_eq!(rest["unapplied_amount"], "30000.00");
    let paid = now(&admin, "invoices", &bill).await;
    assert_eq!((&paid["status"], &paid["amount_due"], &paid["overdue"]), (&json!("paid"), &json!("0.00"), &json!(false)));
    let done = now(&admin, "orders", &placed).await;
    assert_eq!((&done["payment_status"], &done["amount_due"], &done["amount_paid"]), (&json!("paid"), &json!("0.00"), &json!("111000.00")));
    assert!(done["milestones"]["paid_at"].is_string());
    assert!(events(&admin, &placed).await.contains(&"invoice.paid".to_owned()));
    let late = pay(&admin, "1.00", json!({"invoice_id": id(&bill)})).await.expect(201).body;
    assert_eq!((&late["unapplied_amount"], &late["allocations"]), (&json!("1.00"), &json!([])));

    // What is left pays another invoice.
    let (other, other_bill) = invoiced(&admin, &[("TEH", "1")], json!({})).await;
    assert_eq!(other_bill["total"], "22200.00");
    let apply = |amount: &str| json!({"allocations": [{"invoice_id": other_bill["id"], "amount": amount}]});
    let path = format!("/v1/payments/{}/allocations", id(&rest));
    assert_eq!(admin.post(&path, apply("22200.01")).await.code(422), "exceeds_debt");
    assert_eq!(admin.post(&path, apply("30000.01")).await.code(422), "exceeds_payment");
    assert_eq!(admin.post(&path, apply("1.001")).await.code(422), "too_many_decimals");
    let applied = admin.post(&path, apply("22200.00")).await.expect(200).body;
    assert_eq!((&applied["unapplied_amount"], applied["allocations"].as_array().unwrap().len()), (&json!("7800.00"), 2));
    assert_eq!(now(&admin, "orders", &other).await["payment_status"], "paid");

    let list = async |query: &str| admin.get(&format!("/v1/payments?{query}")).await.expect(200).body["data"].as_array().unwrap().len();
    assert_eq!(list(&format!("order_id={}", id(&placed))).await, 3);
    assert_eq!(list(&format!("order_id={}", id(&other))).await, 1);
    assert_eq!(list(&format!("invoice_id={}", id(&bill))).await, 2);
    assert_eq!(list("reference=T-1").await, 1);
    assert_eq!(list("number=RCP-000002&status=captured&sort=updated_at").await, 1);
    let patched =
        admin.patch(&format!("/v1/payments/{}", id(&part)), json!({"reference": "T-2", "metadata": {"x": 1}})).await.expect(200).body;
    assert_eq!((&patched["reference"], &patched["version"]), (&json!("T-2"), &json!(2)));
    prove(&app);
}

#[actix_web::test]
async fn an_adjustment_settles_without_money_and_is_never_paid_out() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    let (placed, bill) = invoiced(&admin, &[("TEH", "5")], json!({})).await;
    assert_eq!(bill["total"], "111000.00");
    let unpaid = async || admin.get("/v1/customers?code=C-1").await.expect(200).body["data"][0]["balance"]["unpaid"].clone();
    assert_eq!(unpaid().await, "111000.00");
    let withheld = json!({"kind": "withholding_tax", "amount": "2000", "reference": "BP-2026-0012"});
    let exact = |amount: &str, fee: &str| {
        let adjustments = json!([withheld, {"kind": "bank_fee", "amount": fee}]);
        json!({"allocations": [{"invoice_id": id(&bill), "amount": amount, "adjustments": adjustments}]})
    };
    let fault = async |amount: &str, body: Value| {
        let refused = pay(&admin, amount, body).await.expect(422).body;
        (refused["errors"][0]["pointer"].as_str().unwrap().to_owned(), refused["errors"][0]["code"].as_str().unwrap().to_owned())
    };
    let is = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
    assert_eq!(fault("109000.00", exact("108999.00", "1.01")).await, is("/allocations/0/adjustments", "exceeds_debt"));
    assert_eq!(fault("200000.00", exact("111000.01", "1.00")).await, is("/allocations/0/amount", "exceeds_debt"));
    assert_eq!(fault("109000.00", exact("1.00", "0")).await, is("/allocations/0/adjustments/1/amount", "out_of_range"));
    assert_eq!(fault("109000.00", exact("1.00", "1.001")).await, is("/allocations/0/adjustments/1/amount", "too_many_decimals"));
    let mut kind = exact("1.00", "1.00");
    kind["allocations"][0]["adjustments"][0]["kind"] = json!("gift");
    assert_eq!(fault("1.00", kind).await.0, "/allocations/0/adjustments/0/kind");

    let payment = pay(&admin, "109000.00", exact("108000.00", "1000.00")).await.expect(201).body;
    let kept = json!([
        {"kind": "withholding_tax", "amount": "2000.00", "reference": "BP-2026-0012"},
        {"kind": "bank_fee", "amount": "1000.00", "reference": null},
    ]);
    assert_eq!((&payment["unapplied_amount"], &payment["allocations"][0]["adjustments"]), (&json!("1000.00"), &kept));
    assert_eq!(payment["allocations"][0]["amount"], "108000.00");
    assert_eq!(now(&admin, "payments", &payment).await, payment);
    let paid = now(&admin, "invoices", &bill).await;
    assert_eq!((&paid["status"], &paid["amount_due"], &paid["amount_paid"]), (&json!("paid"), &json!("0.00"), &json!("111000.00")));
    assert_eq!((&paid["amount_adjusted"], paid["adjustments"].as_array().unwrap().len()), (&json!("3000.00"), 2));
    assert!(paid["adjustments"].as_array().unwrap().iter().all(|adjustment| adjustment["payment_id"] == payment["id"]));
    let listed = admin.get(&format!("/v1/invoices?order_id={}", id(&placed))).await.expect(200).body;
    assert_eq!(listed["data"][0], paid);
    let order = now(&admin, "orders", &placed).await;
    assert_eq!((&order["payment_status"], &order["amount_due"]), (&json!("paid"), &json!("0.00")));
    assert_eq!(unpaid().await, "0.00");
    let told = admin.get(&format!("/v1/orders/{}/events?limit=200", id(&placed))).await.expect(200).body;
    let captured = told["data"].as_array().unwrap().iter().find(|event| event["type"] == "payment.captured").unwrap();
    assert_eq!(captured["data"]["allocations"][0]["adjustments"], kept);

    // Only money goes back: the unapplied 1,000, then that of the invoice, and the adjustments with its last part.
    let refund = async |amount: &str| {
        admin.post(&format!("/v1/payments/{}/refund", id(&payment)), json!({"amount": amount, "reason": "Returned"})).await
    };
    assert_eq!(refund("109000.01").await.code(409), "exceeds_captured");
    refund("2000.00").await.expect(201);
    let due = now(&admin, "invoices", &bill).await;
    assert_eq!((&due["amount_due"], &due["amount_adjusted"]), (&json!("1000.00"), &json!("3000.00")));
    refund("107000.00").await.expect(201);
    let due = now(&admin, "invoices", &bill).await;
    assert_eq!((&due["amount_due"], &due["amount_adjusted"], &due["adjustments"]), (&bill["total"], &json!("0.00"), &json!([])));
    let order = now(&admin, "orders", &placed).await;
    assert_eq!((&order["payment_status"], &order["amount_due"]), (&json!("refunded"), &bill["total"]));
    assert_eq!(unpaid().await, "111000.00");
    prove(&app);
}

#[actix_web::test]
async fn adjustments_of_a_deposit_move_to_its_invoice_and_a_credit_note_undoes_them_first() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    let placed = order(&admin, &[("TEH", "5")], json!({})).await;
    let money = pay(&admin, "110000.00", json!({})).await.expect(201).body;
    let discount = json!([{"kind": "bank_fee", "amount": "1000.00"}]);
    let apply = json!({"allocations": [{"order_id": id(&placed), "amount": "110000.00", "adjustments": discount}]});
    let path = format!("/v1/payments/{}/allocations", id(&money));
    let applied = admin.post(&path, apply).await.expect(200).body;
    assert_eq!((&applied["unapplied_amount"], &applied["allocations"][0]["invoice_id"]), (&json!("0.00"), &Value::Null));
    assert_eq!(now(&admin, "orders", &placed).await["payment_status"], "paid");
    ship(&admin, &placed, None).await;
    let bill = invoice(&admin, &placed, json!({})).await.expect(201).body;
    assert_eq!((&bill["status"], &bill["amount_adjusted"]), (&json!("paid"), &json!("1000.00")));
    let line = &placed["lines"][0]["id"];
    let credit = json!({"invoice_id": bill["id"], "reason": "Torn", "lines": [{"order_line_id": line, "quantity": "1"}]});
    let uneven = json!({"invoice_id": bill["id"], "reason": "Torn", "lines": [{"order_line_id": line, "quantity": "0.5"}]});
    let refused = admin.post("/v1/credit_notes", uneven).await;
    assert_eq!(refused.body["errors"][0]["pointer"], "/lines/0/quantity");
    assert_eq!(refused.code(422), "too_many_decimals");
    admin.post("/v1/credit_notes", credit).await.expect(201);
    let left = now(&admin, "invoices", &bill).await;
    assert_eq!((&left["amount_due"], &left["amount_adjusted"], &left["amount_paid"]), (&json!("0.00"), &json!("0.00"), &json!("88800.00")));
    assert_eq!(now(&admin, "payments", &money).await["unapplied_amount"], "21200.00");
    prove(&app);
}

#[actix_web::test]
async fn a_dry_run_of_a_cancellation_tells_money_stock_and_documents() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    let placed = order(&admin, &[("TEH", "5")], json!({})).await;
    let payment = pay(&admin, "111000.00", json!({"order_id": id(&placed)})).await.expect(201).body;
    let path = format!("/v1/orders/{}/cancel", id(&placed));
    let lines = json!([{"order_line_id": placed["lines"][0]["id"], "quantity": "2"}]);
    let dry = admin.post(&path, json!({"reason": {"code": "customer_request"}, "lines": lines, "dry_run": true})).await.expect(200).body;
    let money = json!({"currency": "IDR", "total": "0.00", "current_total": "-44400.00", "uninvoiced_total": "-44400.00", "amount_invoiced": "0.00",
        "amount_credited": "0.00", "amount_paid": "-44400.00", "amount_due": "0.00"});
    assert_eq!(dry["difference"]["money"], money);
    assert_eq!(dry["difference"]["stock"], json!([{"sku": "TEH", "location": "jakarta-1", "reserved": "-2", "on_hand": "0"}]));
    let documents = dry["difference"]["documents"].as_array().unwrap();
    assert_eq!((documents.len(), &documents[0]["type"], &documents[0]["status_after"]), (2, &json!("fulfillment_order"), &json!("open")));
    let told = json!({"type": "payment", "id": payment["id"], "number": payment["number"], "status_before": "captured",
        "status_after": "captured", "total": null, "amount_due": null, "unapplied_amount": "44400.00"});
    assert_eq!(documents[1], told);
    assert_eq!(dry["before"], now(&admin, "orders", &placed).await, "nothing has changed");
    assert_eq!(now(&admin, "payments", &payment).await, payment);
    let done = admin.post(&path, json!({"reason": {"code": "customer_request"}, "lines": lines})).await.expect(200).body;
    for field in ["status", "amount_paid", "amount_due", "uninvoiced_total", "payment_status", "lines"] {
        assert_eq!(dry["after"][field], done[field], "{field}");
    }
    assert_eq!(now(&admin, "payments", &payment).await["unapplied_amount"], "44400.00");
    let all = admin.post(&path, json!({"reason": {"code": "customer_request"}, "dry_run": true})).await.expect(200).body;
    assert_eq!(all["difference"]["documents"][0]["status_after"], "cancelled");
    prove(&app);
}

#[actix_web::test]
async fn a_customers_tag_moves_with_the_balance_and_its_version_does_not() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    let known = admin.get("/v1/customers?code=C-1").await.expect(200).body["data"][0].clone();
    let path = format!("/v1/customers/{}", id(&known));
    let get = async |tag: &str| send(admin.request(Method::GET, &path).header("If-None-Match", tag)).await;
    let first = admin.get(&path).await.expect(200).header("etag").to_owned();
    assert_eq!(get(&first).await.status, 304);
    assert_eq!(get(&format!("W/{first}")).await.status, 304);
    let (_, bill) = invoiced(&admin, &[("TEH", "5")], json!({})).await;
    let moved = get(&first).await.expect(200);
    assert_eq!((&moved.body["balance"]["unpaid"], &moved.body["version"]), (&json!("111000.00"), &known["version"]));
    assert_ne!(moved.header("etag"), first, "a stale balance is never answered by 304");
    assert_eq!(get(moved.header("etag")).await.status, 304);
    pay(&admin, "1000.00", json!({"invoice_id": id(&bill)})).await.expect(201);
    let patch = admin.request(Method::PATCH, &path).header("If-Match", moved.header("etag")).json(&json!({"phone": "+62 812"}));
    let patched = send(patch).await.expect(200);
    assert_eq!((&patched.body["version"], &patched.body["balance"]["unpaid"]), (&json!(2), &json!("110000.00")));
    assert_eq!(get(patched.header("etag")).await.status, 304);
    let stale = send(admin.request(Method::PATCH, &path).header("If-Match", &first).json(&json!({"phone": null}))).await;
    assert_eq!(stale.code(412), "stale_version");
    let unlimited = customer(&admin, "C-2", json!({})).await;
    assert_eq!(now_tag(&admin, &unlimited).await, "\"1\"", "without a balance it is the version alone");
}

async fn now_tag(admin: &Caller<'_>, customer: &Value) -> String {
    admin.get(&format!("/v1/customers/{}", id(customer))).await.expect(200).header("etag").to_owned()
}

#[actix_web::test]
async fn a_payment_says_what_is_wrong_with_it() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    let (placed, bill) = invoiced(&admin, &[("TEH", "5")], json!({})).await;
    let other = customer(&admin, "C-2", json!({})).await;
    let both = json!({"invoice_id": id(&bill), "order_id": id(&placed)});
    assert_eq!(pay(&admin, "1.00", both).await.code(422), "exactly_one_of");
    assert_eq!(pay(&admin, "1.00", json!({"invoice_id": id(&bill), "currency": "EUR"})).await.code(422), "currency_mismatch");
    assert_eq!(pay(&admin, "1.00", json!({"invoice_id": id(&bill), "customer_id": id(&other)})).await.code(422), "customer_mismatch");
    assert_eq!(pay(&admin, "1.00", json!({"invoice_id": id(&placed)})).await.code(422), "unknown_invoice");
    assert_eq!(pay(&admin, "1.00", json!({"order_id": id(&bill)})).await.code(422), "unknown_order");
    assert_eq!(pay(&admin, "1.00", json!({"customer_id": id(&bill)})).await.code(422), "unknown_customer");
    assert_eq!(pay(&admin, "1.001", json!({})).await.code(422), "too_many_decimals");
    assert_eq!(pay(&admin, "0", json!({})).await.code(422), "out_of_range");
    assert_eq!(pay(&admin, "1.00", json!({"received_on": "2026-03-03"})).await.code(422), "in_the_future");
    assert_eq!(pay(&admin, "1.00", json!({"adjustments": []})).await.code(422), "unknown_field");
    let exact = |amount: &str| json!({"allocations": [{"invoice_id": id(&bill), "amount": amount}]});
    assert_eq!(pay(&admin, "200000.00", exact("111000.01")).await.code(422), "exceeds_debt");
    assert_eq!(pay(&admin, "100.00", exact("100.01")).await.code(422), "exceeds_payment");
    let mut pending = exact("100.00");
    pending["status"] = json!("pending");
    assert_eq!(pay(&admin, "100.00", pending).await.code(422), "not_captured");
    let neither = json!({"allocations": [{"amount": "1.00"}]});
    assert_eq!(pay(&admin, "100.00", neither).await.code(422), "exactly_one_of");
    let unknown = pay(&admin, "100.00", json!({})).await.expect(201).body;
    assert_eq!((&unknown["customer_id"], &unknown["unapplied_amount"]), (&Value::Null, &json!("100.00")));
    let wrong = json!({"allocations": [{"order_id": id(&placed), "amount": "100.00"}]});
    let applied = admin.post(&format!("/v1/payments/{}/allocations", id(&unknown)), wrong).await.expect(200).body;
    assert_eq!(applied["customer_id"], bill["customer_id"], "whose debt it pays");
    prove(&app);
}

#[actix_web::test]
async fn a_deposit_releases_the_order_and_moves_to_its_invoice() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    let placed = order(&admin, &[("TEH", "5")], json!({"payment_terms": "prepaid"})).await;
    assert_eq!((&placed["status"], &placed["holds"][0]["code"]), (&json!("on_hold"), &json!("payment_required")));
    let first = pay(&admin, "61000.00", json!({"order_id": id(&placed)})).await.expect(201).body;
    assert_eq!(first["allocations"], json!([{"invoice_id": null, "order_id": placed["id"], "amount": "61000.00", "adjustments": []}]));
    assert_eq!(now(&admin, "orders", &placed).await["status"], "on_hold");
    let card = json!({"order_id": id(&placed), "method": "card", "status": "authorized"});
    let card = pay(&admin, "50000.00", card).await.expect(201).body;
    assert_eq!(
        (&card["status"], &card["unapplied_amount"], &card["amount_captured"]),
        (&json!("authorized"), &json!("0.00"), &json!("0.00"))
    );
    let released = now(&admin, "orders", &placed).await;
    assert_eq!((&released["status"], &released["payment_status"]), (&json!("confirmed"), &json!("partially_paid")));
    assert_eq!((&released["holds"][0]["released_by"], released["holds"][0]["release_reason"].is_string()), (&json!("system"), true));
    let told = events(&admin, &placed).await;
    assert_eq!(&told[told.len() - 3..], ["payment.authorized", "order.released", "order.confirmed"]);

    // Invoiced in advance, whole, before anything ships.
    let bill = invoice(&admin, &placed, json!({})).await.expect(201).body;
    assert_eq!(
        (&bill["amount_paid"], &bill["amount_due"], &bill["status"]),
        (&json!("61000.00"), &json!("50000.00"), &json!("partially_paid"))
    );
    assert_eq!((&bill["lines"][0]["shipment_id"], &bill["due_on"]), (&Value::Null, &json!("2026-03-02")));
    assert_eq!(now(&admin, "payments", &first).await["allocations"][0]["invoice_id"], bill["id"]);
    let captured = admin.act(&format!("/v1/payments/{}/capture", id(&card))).await.expect(200).body;
    assert_eq!((&captured["status"], &captured["allocations"][0]["invoice_id"]), (&json!("captured"), &bill["id"]));
    assert_eq!(now(&admin, "invoices", &bill).await["status"], "paid");
    assert_eq!(admin.act(&format!("/v1/payments/{}/void", id(&card))).await.code(409), "invalid_transition");
    ship(&admin, &placed, None).await;
    let done = now(&admin, "orders", &placed).await;
    assert_eq!((&done["status"], &done["payment_status"]), (&json!("completed"), &json!("paid")));
    prove(&app);
}

#[actix_web::test]
async fn authorized_money_is_captured_in_part_or_voided_and_announced_money_may_be_more() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    let (placed, bill) = invoiced(&admin, &[("TEH", "5")], json!({})).await;
    let new =
        async |amount: &str, status: &str| pay(&admin, amount, json!({"invoice_id": id(&bill), "status": status})).await.expect(201).body;
    let act = async |payment: &Value, action: &str, body: Value| admin.post(&format!("/v1/payments/{}/{action}", id(payment)), body).await;
    let card = new("100000.00", "authorized").await;
    assert_eq!(now(&admin, "orders", &placed).await["payment_status"], "authorized");
    assert_eq!(act(&card, "capture", json!({"amount": "100000.01"})).await.code(409), "exceeds_authorized");
    assert_eq!(act(&card, "refund", json!({"amount": "1.00", "reason": "x"})).await.code(409), "invalid_transition");
    let part = act(&card, "capture", json!({"amount": "40000.00"})).await.expect(200).body;
    assert_eq!((&part["amount"], &part["amount_captured"]), (&json!("100000.00"), &json!("40000.00")));
    let again = act(&card, "capture", json!({})).await;
    assert_eq!(again.body["allowed"], json!(["allocations", "allocations/release", "refund", "reverse"]));
    assert_eq!(again.code(409), "invalid_transition");
    let other = new("71000.00", "authorized").await;
    assert_eq!(act(&other, "void", json!({})).await.expect(200).body["status"], "voided");
    let third = new("71000.00", "pending").await;
    assert_eq!(now(&admin, "orders", &placed).await["payment_status"], "partially_paid");
    let arrived = act(&third, "capture", json!({"amount": "80000.00"})).await.expect(200).body;
    assert_eq!((&arrived["amount"], &arrived["unapplied_amount"]), (&json!("80000.00"), &json!("9000.00")));
    let failed = new("5.00", "pending").await;
    assert_eq!(act(&failed, "fail", json!({})).await.expect(200).body["status"], "failed");
    assert_eq!(now(&admin, "orders", &placed).await["payment_status"], "paid");
    prove(&app);
}

#[actix_web::test]
async fn credit_notes_add_up_to_the_invoice_and_free_what_was_paid() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    let more = json!({"shipping": {"amount": "12345.00"}, "discounts": [{"code": "X", "percent": "3", "reason": "fair"}]});
    let (placed, bill) = invoiced(&admin, &[("KOPI", "7"), ("TEH", "2")], more).await;
    let total = cents(&bill["total"]);
    let payment = pay(&admin, bill["total"].as_str().unwrap(), json!({"invoice_id": id(&bill)})).await.expect(201).body;
    let credit = |more: Value| {
        let mut body = json!({"invoice_id": bill["id"], "reason": "Torn bags"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        admin.post("/v1/credit_notes", body)
    };
    let (kopi, teh) = (&placed["lines"][0]["id"], &bill["lines"][1]["id"]);
    assert_eq!(credit(json!({"lines": [{"order_line_id": kopi, "quantity": "8"}]})).await.code(409), "exceeds_invoiced");
    assert_eq!(
        credit(json!({"lines": [{"order_line_id": kopi, "invoice_line_id": teh, "quantity": "1"}]})).await.code(422),
        "exactly_one_of"
    );
    assert_eq!(credit(json!({"lines": [{"order_line_id": teh, "quantity": "1"}]})).await.code(422), "unknown_line");
    assert_eq!(credit(json!({"issued_on": "2026-03-01"})).await.code(422), "before_invoice");
    let first = credit(json!({"lines": [{"order_line_id": kopi, "quantity": "2"}], "buyer_document_number": "DN-7"})).await.expect(201);
    assert_eq!(first.header("location"), format!("/v1/credit_notes/{}", id(&first.body)));
    let first = first.body;
    assert_eq!(
        (&first["number"], &first["invoice_number"], &first["buyer_document_number"]),
        (&json!("CN-000001"), &bill["number"], &json!("DN-7"))
    );
    assert_eq!((&first["shipping_net"], &first["bill_to"]), (&json!("0.00"), &bill["bill_to"]));
    let free = now(&admin, "payments", &payment).await;
    assert_eq!(cents(&free["unapplied_amount"]), cents(&first["total"]));
    let partly = now(&admin, "invoices", &bill).await;
    assert_eq!((&partly["status"], &partly["amount_due"], &partly["amount_credited"]), (&json!("paid"), &json!("0.00"), &first["total"]));
    assert_eq!(partly["lines"][0]["credited_quantity"], "2");

    let second = credit(json!({"shipping": true, "lines": [{"invoice_line_id": teh, "quantity": "1"}]})).await.expect(201).body;
    assert_eq!(second["shipping_net"], "12345.00");
    assert_eq!(credit(json!({"shipping": true})).await.code(409), "nothing_to_credit");
    let third = credit(json!({})).await.expect(201).body;
    assert_eq!(credit(json!({})).await.code(409), "nothing_to_credit");
    let all = [first, second, third];
    for field in ["subtotal", "discount_total", "shipping_net", "tax_total", "total"] {
        assert_eq!(sum(&all, field), cents(&bill[field]), "{field}");
    }
    assert_eq!(now(&admin, "invoices", &bill).await["status"], "credited");
    let done = now(&admin, "orders", &placed).await;
    assert_eq!(
        (&done["amount_due"], &done["amount_paid"], &done["lines"][0]["credited_quantity"]),
        (&json!("0.00"), &json!("0.00"), &json!("7"))
    );
    assert_eq!(now(&admin, "credit_notes", &all[1]).await, all[1]);
    let list = admin.get(&format!("/v1/credit_notes?invoice_id={}&sort=created_at", id(&bill))).await.expect(200).body;
    assert_eq!(list["data"].as_array().unwrap().len(), 3);
    assert_eq!(list["data"][0]["number"], "CN-000001");

    // The money is the customer's until it goes back; then the order says that it did.
    assert_eq!(cents(&now(&admin, "payments", &payment).await["unapplied_amount"]), total);
    let refund = json!({"amount": bill["total"], "reason": "Everything came back"});
    admin.post(&format!("/v1/payments/{}/refund", id(&payment)), refund).await.expect(201);
    assert_eq!(now(&admin, "orders", &placed).await["payment_status"], "refunded");
    prove(&app);
}

#[actix_web::test]
async fn an_unpaid_invoice_that_is_credited_owes_less() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    let (placed, bill) = invoiced(&admin, &[("TEH", "5")], json!({})).await;
    let half = json!({"invoice_id": bill["id"], "reason": "x", "lines": [{"order_line_id": placed["lines"][0]["id"], "quantity": "2"}]});
    admin.post("/v1/credit_notes", half).await.expect(201);
    let open = now(&admin, "invoices", &bill).await;
    assert_eq!((&open["status"], &open["amount_due"]), (&json!("issued"), &json!("66600.00")));
    pay(&admin, "66600.00", json!({"order_id": id(&placed)})).await.expect(201);
    let paid = now(&admin, "orders", &placed).await;
    assert_eq!((&paid["payment_status"], &paid["amount_due"]), (&json!("paid"), &json!("0.00")));
    let (_, bill) = invoiced(&admin, &[("TEH", "1")], json!({})).await;
    let whole = json!({"invoice_id": bill["id"], "reason": "x"});
    admin.post("/v1/credit_notes", whole).await.expect(201);
    assert_eq!(now(&admin, "invoices", &bill).await["status"], "credited");
    prove(&app);
}

#[actix_web::test]
async fn a_refund_takes_unapplied_money_first_and_then_the_newest_document() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    let (first_order, first) = invoiced(&admin, &[("TEH", "1")], json!({})).await;
    let (second_order, second) = invoiced(&admin, &[("TEH", "2")], json!({})).await;
    let allocations =
        json!({"allocations": [{"invoice_id": first["id"], "amount": "22200.00"}, {"order_id": second_order["id"], "amount": "44400.00"}]});
    let payment = pay(&admin, "70000.00", allocations).await.expect(201).body;
    assert_eq!((&payment["unapplied_amount"], &payment["order_id"]), (&json!("3400.00"), &Value::Null));
    let refund = async |amount: &str| {
        admin.post(&format!("/v1/payments/{}/refund", id(&payment)), json!({"amount": amount, "reason": "Too much"})).await
    };
    let small = refund("3400.00").await.expect(201);
    assert_eq!(small.header("location"), format!("/v1/refunds/{}", id(&small.body)));
    assert_eq!(
        (&small.body["number"], &small.body["status"], &small.body["order_id"]),
        (&json!("RFD-000001"), &json!("succeeded"), &Value::Null)
    );
    assert_eq!(now(&admin, "payments", &payment).await["status"], "partially_refunded");
    let next = refund("44401.00").await.expect(201).body;
    assert_eq!(next["order_id"], Value::Null, "it came from two orders");
    assert_eq!(now(&admin, "invoices", &second).await["amount_due"], "44400.00");
    assert_eq!(now(&admin, "invoices", &first).await["amount_due"], "1.00");
    assert_eq!(now(&admin, "orders", &first_order).await["payment_status"], "partially_refunded");
    assert_eq!(now(&admin, "orders", &second_order).await["payment_status"], "refunded");
    let refused = refund("22199.01").await;
    assert_eq!(refused.body["refundable_amount"], "22199.00");
    assert_eq!(refused.code(409), "exceeds_captured");
    refund("22199.00").await.expect(201);
    assert_eq!(refund("0.01").await.code(409), "exceeds_captured");
    let done = now(&admin, "payments", &payment).await;
    assert_eq!((&done["status"], done["refunds"].as_array().unwrap().len(), &done["allocations"]), (&json!("refunded"), 3, &json!([])));
    let list = admin.get(&format!("/v1/refunds?payment_id={}&limit=2", id(&payment))).await.expect(200).body;
    assert_eq!(list["data"].as_array().unwrap().len(), 2);
    assert_eq!(now(&admin, "refunds", &next).await, next);
    prove(&app);
}

#[actix_web::test]
async fn deposits_of_cancelled_units_become_unapplied() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    let placed = order(&admin, &[("TEH", "5")], json!({})).await;
    let payment = pay(&admin, "111000.00", json!({"order_id": id(&placed)})).await.expect(201).body;
    let lines = json!([{"order_line_id": placed["lines"][0]["id"], "quantity": "2"}]);
    let path = format!("/v1/orders/{}/cancel", id(&placed));
    admin.post(&path, json!({"reason": {"code": "customer_request"}, "lines": lines})).await.expect(200);
    assert_eq!(now(&admin, "payments", &payment).await["unapplied_amount"], "44400.00");
    let less = now(&admin, "orders", &placed).await;
    assert_eq!((&less["amount_due"], &less["payment_status"]), (&json!("0.00"), &json!("paid")));
    admin.post(&path, json!({"reason": {"code": "customer_request"}})).await.expect(200);
    let refund = json!({"amount": "111000.00", "reason": "Cancelled"});
    let refund = admin.post(&format!("/v1/payments/{}/refund", id(&payment)), refund).await.expect(201).body;
    assert_eq!(refund["order_id"], placed["id"]);
    let gone = now(&admin, "orders", &placed).await;
    assert_eq!((&gone["status"], &gone["payment_status"]), (&json!("cancelled"), &json!("refunded")));
    prove(&app);
}

#[actix_web::test]
async fn currencies_of_no_and_three_decimals_add_up_too() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    admin
        .put(
            "/v1/exchange_rates",
            json!([{"from_currency": "KWD", "to_currency": "IDR", "rate": "52000.5", "valid_from_on": "2026-01-01"}]),
        )
        .await
        .expect(200);
    for (currency, zero) in [("KWD", "0.000"), ("JPY", "0")] {
        let code = format!("C-{currency}");
        customer(&admin, &code, json!({"currency": currency})).await;
        let more = json!({"customer_code": code, "discounts": [{"code": "X", "percent": "1.5", "reason": "x"}]});
        let placed = order(&admin, &[("KOPI", "7")], more).await;
        assert_eq!((&placed["currency"], &placed["amount_paid"]), (&json!(currency), &json!(zero)));
        ship(&admin, &placed, None).await;
        let mut bills = vec![];
        for quantity in ["1", "2", "1", "3"] {
            let body = json!({"lines": [{"order_line_id": placed["lines"][0]["id"], "quantity": quantity}]});
            bills.push(invoice(&admin, &placed, body).await.expect(201).body);
        }
        assert_eq!(sum(&bills, "total"), cents(&placed["total"]));
        assert_eq!(sum(&bills, "tax_total"), cents(&placed["tax_total"]));
        let base = &bills[0]["tax_total_base_currency"];
        assert_eq!(base.is_null(), currency == "JPY", "{base}");
        let paid =
            pay(&admin, placed["total"].as_str().unwrap(), json!({"order_id": id(&placed), "currency": currency})).await.expect(201).body;
        assert_eq!((paid["allocations"].as_array().unwrap().len(), &paid["unapplied_amount"]), (4, &json!(zero)));
        for bill in &bills {
            let part =
                json!({"invoice_id": bill["id"], "reason": "x", "lines": [{"order_line_id": placed["lines"][0]["id"], "quantity": "1"}]});
            admin.post("/v1/credit_notes", part).await.expect(201);
            let left = admin.post("/v1/credit_notes", json!({"invoice_id": bill["id"], "reason": "x"})).await;
            assert!(left.status == 201 || left.status == 409, "{:#}", left.body);
        }
        assert_eq!(now(&admin, "orders", &placed).await["amount_credited"], placed["total"]);
        assert_eq!(now(&admin, "payments", &paid).await["unapplied_amount"], placed["total"]);
    }
    prove(&app);
}

#[actix_web::test]
async fn the_same_request_twice_takes_effect_once() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    let placed = order(&admin, &[("TEH", "5")], json!({})).await;
    ship(&admin, &placed, None).await;
    let twice = async |path: String, body: Value| {
        let once = || send(admin.request(Method::POST, &path).header("Idempotency-Key", "k").json(&body));
        let first = once().await;
        assert!(first.status < 300, "{:#}", first.body);
        let again = once().await;
        assert_eq!((again.header("idempotency-replayed"), again.status, &again.body), ("true", first.status, &first.body));
        first.body
    };
    let bill = twice(format!("/v1/orders/{}/invoices", id(&placed)), json!({})).await;
    let body = json!({"amount": "111000.00", "currency": "IDR", "method": "cash", "invoice_id": bill["id"]});
    let payment = twice("/v1/payments".into(), body).await;
    twice("/v1/credit_notes".into(), json!({"invoice_id": bill["id"], "reason": "x"})).await;
    twice(format!("/v1/payments/{}/refund", id(&payment)), json!({"amount": "10.00", "reason": "x"})).await;
    assert_eq!(now(&admin, "payments", &payment).await["amount_refunded"], "10.00");
    let stale = admin.request(Method::POST, &format!("/v1/payments/{}/refund", id(&payment))).header("If-Match", "\"1\"");
    assert_eq!(send(stale.json(&json!({"amount": "10.00", "reason": "x"}))).await.code(412), "stale_version");
    prove(&app);
}

#[actix_web::test]
async fn scopes_are_asked_for() {
    let app = TestApp::spawn().await;
    let (organization_id, admin) = shop(&app).await;
    let (placed, bill) = invoiced(&admin, &[("TEH", "1")], json!({})).await;
    let sales = app.caller(organization_id, Role::Sales).await;
    assert_eq!(invoice(&sales, &placed, json!({})).await.code(403), "insufficient_scope");
    assert_eq!(pay(&sales, "1.00", json!({})).await.code(403), "insufficient_scope");
    assert_eq!(sales.post("/v1/credit_notes", json!({"invoice_id": bill["id"], "reason": "x"})).await.code(403), "insufficient_scope");
    assert_eq!(sales.put("/v1/invoice_series/X", json!({"kind": "invoice", "prefix": "X"})).await.code(403), "insufficient_scope");
    now(&sales, "invoices", &bill).await;
    let warehouse = app.caller(organization_id, Role::Warehouse).await;
    assert_eq!(warehouse.get("/v1/invoices").await.code(403), "insufficient_scope");
    let elsewhere = app.organization("other").await;
    let stranger = app.caller(elsewhere, Role::Admin).await;
    assert_eq!(stranger.get(&format!("/v1/invoices/{}", id(&bill))).await.code(404), "not_found");
    assert_eq!(stranger.post("/v1/credit_notes", json!({"invoice_id": bill["id"], "reason": "x"})).await.code(422), "unknown_invoice");
    assert_eq!(pay(&stranger, "1.00", json!({"invoice_id": bill["id"]})).await.code(422), "unknown_invoice");
    assert_eq!(invoice(&stranger, &placed, json!({})).await.code(404), "not_found");
}

#[actix_web::test]
async fn fifty_payments_at_once_pay_an_invoice_exactly_once() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    let (placed, bill) = invoiced(&admin, &[("TEH", "5")], json!({})).await;
    let at_once = (0..50).map(|_| pay(&admin, "5000.00", json!({"invoice_id": id(&bill)})));
    let payments: Vec<Value> = join_all(at_once).await.into_iter().map(|reply| reply.expect(201).body).collect();
    assert_eq!(sum(&payments, "unapplied_amount"), 50 * 500_000 - 11_100_000);
    assert_eq!(now(&admin, "invoices", &bill).await["status"], "paid");
    assert_eq!(now(&admin, "orders", &placed).await["amount_paid"], "111000.00");
    let numbers: std::collections::HashSet<&str> = payments.iter().map(|payment| payment["number"].as_str().unwrap()).collect();
    assert_eq!(numbers.len(), 50);
    prove(&app);
}

#[actix_web::test]
async fn invoices_credit_notes_and_refunds_at_once_stay_within_their_bounds() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    let mut orders = vec![];
    for _ in 0..6 {
        let placed = order(&admin, &[("TEH", "5")], json!({})).await;
        ship(&admin, &placed, None).await;
        orders.push(placed);
    }
    // Each order is asked for twice.
    let replies = join_all(orders.iter().chain(&orders).map(|placed| invoice(&admin, placed, json!({})))).await;
    let issued: Vec<Value> = replies.iter().filter(|reply| reply.status == 201).map(|reply| reply.body.clone()).collect();
    assert_eq!(issued.len(), 6);
    assert!(replies.iter().all(|reply| reply.status == 201 || reply.body["code"] == "nothing_to_invoice"));
    let mut numbers: Vec<&str> = issued.iter().map(|bill| bill["number"].as_str().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, ["INV-000001", "INV-000002", "INV-000003", "INV-000004", "INV-000005", "INV-000006"]);

    let bill = &issued[0];
    let payment = pay(&admin, "111000.00", json!({"invoice_id": bill["id"]})).await.expect(201).body;
    let path = format!("/v1/payments/{}/refund", id(&payment));
    let refunds = join_all((0..12).map(|_| admin.post(&path, json!({"amount": "20000.00", "reason": "x"})))).await;
    assert_eq!(refunds.iter().filter(|reply| reply.status == 201).count(), 5);
    assert!(refunds.iter().all(|reply| reply.status == 201 || reply.body["code"] == "exceeds_captured"));

    let note = json!({"invoice_id": bill["id"], "reason": "x", "lines": [{"invoice_line_id": bill["lines"][0]["id"], "quantity": "2"}]});
    let (notes, payments) = tokio::join!(
        join_all((0..6).map(|_| admin.post("/v1/credit_notes", note.clone()))),
        join_all((0..6).map(|_| pay(&admin, "30000.00", json!({"invoice_id": bill["id"]}))))
    );
    assert_eq!(notes.iter().filter(|reply| reply.status == 201).count(), 2);
    assert!(payments.iter().all(|reply| reply.status == 201));
    prove(&app);
}

async fn now_series(admin: &Caller<'_>, code: &str) -> Value {
    admin.get(&format!("/v1/invoice_series/{code}")).await.expect(200).body
}
