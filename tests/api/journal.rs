//! The finance export: what documents become in the books, over HTTP.

use crate::shop::{clean, customer, post_journal, receive, shop};
use crate::support::app::{Caller, TestApp, send};
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// An order of coffee for C-1 that is shipped and invoiced; the order and its invoice.
async fn invoiced(app: &TestApp, admin: &Caller<'_>, more: Value) -> (Value, Value) {
    let mut body = json!({"customer_code": "C-1", "lines": [{"sku": "KOPI", "quantity": "2"}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let order = admin.post("/v1/orders", body).await.expect(201).body;
    let id = order["id"].as_str().unwrap();
    let fulfillment = admin.get(&format!("/v1/fulfillment_orders?order_id={id}")).await.expect(200).body["data"][0]["id"].clone();
    admin.post(&format!("/v1/fulfillment_orders/{}/ship", fulfillment.as_str().unwrap()), json!({"carrier": "JNE"})).await.expect(201);
    app.clock.advance(TimeDelta::minutes(1));
    let invoice = admin.post(&format!("/v1/orders/{id}/invoices"), json!({})).await.expect(201).body;
    app.clock.advance(TimeDelta::minutes(1));
    (order, invoice)
}

/// Kind, then role with debit or credit (below 0), of all entries after a position.
async fn read(admin: &Caller<'_>, after: &str) -> (Vec<(String, BTreeMap<String, String>)>, String) {
    let feed = admin.get(&format!("/v1/journal_entries?limit=200&after={after}")).await.expect(200).body;
    let entries = feed["data"].as_array().unwrap().iter().map(|entry| {
        let lines = entry["lines"].as_array().unwrap().iter().map(|line| {
            let debit = line["debit"].as_str().unwrap();
            let amount =
                if debit.trim_matches(['0', '.']).is_empty() { format!("-{}", line["credit"].as_str().unwrap()) } else { debit.into() };
            (line["role"].as_str().unwrap().to_owned(), amount)
        });
        (entry["kind"].as_str().unwrap().to_owned(), lines.collect())
    });
    (entries.collect(), feed["next_cursor"].as_str().unwrap().to_owned())
}

fn entry(kind: &str, lines: &[(&str, &str)]) -> (String, BTreeMap<String, String>) {
    (kind.to_owned(), lines.iter().map(|(role, amount)| ((*role).to_owned(), (*amount).to_owned())).collect())
}

#[actix_web::test]
async fn documents_become_balanced_entries_once() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    receive(&admin, "jakarta", "KOPI", "10").await;
    post_journal(&app).await;
    let (before, start) = read(&admin, "").await;
    assert_eq!(before, [], "goods received are booked with the supplier's invoice");

    // 2 × 50,000, shipping 10,000, 11 % of 110,000; cost 2 × 1,000.
    let (order, invoice) = invoiced(&app, &admin, json!({"shipping": {"amount": "10000"}})).await;
    assert_eq!(invoice["total"], "122100.00");
    // The customer keeps 2,000 for the tax authority and pays 50 too much.
    let payment = json!({"amount": "120150", "currency": "IDR", "method": "bank_transfer", "allocations": [{"invoice_id": invoice["id"],
        "amount": "120100", "adjustments": [{"kind": "withholding_tax", "amount": "2000"}]}]});
    let payment = admin.post("/v1/payments", payment).await.expect(201).body;
    app.clock.advance(TimeDelta::minutes(1));
    let refund = format!("/v1/payments/{}/refund", payment["id"].as_str().unwrap());
    admin.post(&refund, json!({"amount": "50", "reason": "overpaid"})).await.expect(201);
    app.clock.advance(TimeDelta::minutes(1));
    let note =
        json!({"invoice_id": invoice["id"], "reason": "Torn", "lines": [{"order_line_id": order["lines"][0]["id"], "quantity": "1"}]});
    admin.post("/v1/credit_notes", note).await.expect(201);

    assert_eq!(post_journal(&app).await, 6);
    let (entries, end) = read(&admin, &start).await;
    assert_eq!(
        entries,
        [
            entry("shipment", &[("cost_of_goods", "2000.00"), ("inventory", "-2000.00")]),
            entry("invoice", &[("receivable", "122100.00"), ("revenue", "-100000.00"), ("shipping", "-10000.00"), ("tax", "-12100.00")]),
            // Two receivable lines: 122,100 on the invoice and 50 on no document; a map keeps the last.
            entry("payment", &[("bank", "120150.00"), ("withholding", "2000.00"), ("receivable", "-122100.00")]),
            entry("refund", &[("receivable", "50.00"), ("refund", "-50.00")]),
            entry("credit_note", &[("credit_note", "50000.00"), ("tax", "5500.00"), ("receivable", "-55500.00")]),
            // What was paid for it comes free; the tax was paid to the authority, and settles what is left.
            entry("payment_application", &[("receivable", "-55500.00")]),
        ]
        .map(|(kind, lines)| (kind, lines))
    );
    assert_eq!(post_journal(&app).await, 0, "nothing is booked twice");
    assert_eq!(read(&admin, &end).await.0, []);

    // One entry again, by its id and by its order; what it comes from.
    let feed = admin.get(&format!("/v1/journal_entries?order_id={}", order["id"].as_str().unwrap())).await.expect(200).body;
    let one = &feed["data"][1];
    assert_eq!(
        (&one["source"]["number"], &one["source"]["id"], &one["posted_on"]),
        (&invoice["number"], &invoice["id"], &invoice["issued_on"])
    );
    assert_eq!(one["customer_id"], invoice["bill_to"]["id"]);
    assert_eq!(&admin.get(&format!("/v1/journal_entries/{}", one["id"].as_str().unwrap())).await.expect(200).body, one);
    clean(&app).await;
}

#[actix_web::test]
async fn the_journal_is_read_in_pages_and_as_csv() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    receive(&admin, "jakarta", "KOPI", "10").await;
    for _ in 0..2 {
        invoiced(&app, &admin, json!({})).await;
    }
    post_journal(&app).await;
    let (mut after, mut ids) = (String::new(), vec![]);
    loop {
        let page = admin.get(&format!("/v1/journal_entries?limit=1&after={after}")).await.expect(200).body;
        ids.extend(page["data"].as_array().unwrap().iter().map(|entry| entry["id"].clone()));
        after = page["next_cursor"].as_str().unwrap().to_owned();
        if page["has_more"] == false {
            break;
        }
    }
    ids.dedup();
    assert_eq!(ids.len(), 4);
    let csv = admin.request(Method::GET, "/v1/journal_entries?format=csv&limit=3").header("accept", "text/csv").send().await.unwrap();
    assert_eq!((csv.status().as_u16(), csv.headers()["content-type"].to_str().unwrap()), (200, "text/csv; charset=utf-8"));
    let text = csv.text().await.unwrap();
    let rows: Vec<csv::StringRecord> = csv::Reader::from_reader(text.as_bytes()).records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 2 + 3 + 2, "whole entries: shipment, invoice, shipment");
    let rest = admin.get(&format!("/v1/journal_entries?after={}", &rows[6][0])).await.expect(200).body;
    assert_eq!(rest["data"][0]["id"], ids[3], "the last row says where to go on");
    clean(&app).await;
}

#[actix_web::test]
async fn the_chart_says_where_entries_go() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    receive(&admin, "jakarta", "KOPI", "10").await;
    let rows = json!([{"role": "revenue", "tax_category": "standard", "code": "4-1000", "name": "Penjualan"},
        {"role": "bank", "payment_method": "cash", "code": "1-1100", "name": "Kas"}]);
    let chart = admin.put("/v1/ledger_accounts", rows).await.expect(200).body;
    assert_eq!(chart.as_array().unwrap().len(), 20);
    assert_eq!(admin.put("/v1/ledger_accounts", chart.clone()).await.expect(200).body, chart, "its own answer changes nothing");
    let (_, invoice) = invoiced(&app, &admin, json!({})).await;
    for method in ["cash", "card"] {
        let body = json!({"amount": "50000", "currency": "IDR", "method": method, "invoice_id": invoice["id"]});
        admin.post("/v1/payments", body).await.expect(201);
    }
    post_journal(&app).await;
    let feed = admin.get("/v1/journal_entries").await.expect(200).body;
    let accounts: Vec<(&str, &str)> = feed["data"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|entry| entry["lines"].as_array().unwrap())
        .filter(|line| matches!(line["role"].as_str(), Some("revenue" | "bank")))
        .map(|line| (line["role"].as_str().unwrap(), line["account"].as_str().unwrap()))
        .collect();
    assert_eq!(accounts, [("revenue", "4-1000"), ("bank", "1-1100"), ("bank", "1000")]);
    clean(&app).await;
}

/// Writers commit late and at once, and two processes post: a reader by cursor gets each entry, once, in one order.
#[actix_web::test]
async fn a_reader_by_cursor_misses_none_and_doubles_none() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    let payments = 60;
    let posting = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let posters: Vec<_> = (0..2)
        .map(|_| {
            let (db, now, posting) = (app.app.db.clone(), app.clock.now(), posting.clone());
            std::thread::spawn(move || {
                while posting.load(std::sync::atomic::Ordering::Relaxed) {
                    pesanan::journal::job::post(&db, now).unwrap();
                }
            })
        })
        .collect();
    let write = async {
        let body = || json!({"amount": "1000", "currency": "IDR", "method": "cash"});
        let sent = (0..payments).map(|_| admin.request(Method::POST, "/v1/payments").json(&body()));
        let replies = futures_util::future::join_all(sent.map(send)).await;
        assert!(replies.iter().all(|reply| reply.status == 201));
    };
    let read = async {
        let (mut after, mut numbers) = (String::new(), Vec::new());
        let began = std::time::Instant::now();
        while numbers.len() < payments && began.elapsed() < std::time::Duration::from_secs(30) {
            let page = admin.get(&format!("/v1/journal_entries?limit=7&after={after}")).await.expect(200).body;
            numbers.extend(page["data"].as_array().unwrap().iter().map(|entry| entry["source"]["number"].as_str().unwrap().to_owned()));
            after = page["next_cursor"].as_str().unwrap().to_owned();
        }
        numbers
    };
    let ((), mut numbers) = futures_util::future::join(write, read).await;
    posting.store(false, std::sync::atomic::Ordering::Relaxed);
    posters.into_iter().for_each(|poster| poster.join().unwrap());
    assert_eq!(numbers.len(), payments);
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), payments, "none twice");
    clean(&app).await;
}

#[actix_web::test]
async fn nothing_is_booked_in_closed_books() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    receive(&admin, "jakarta", "KOPI", "10").await;
    let (order, invoice) = invoiced(&app, &admin, json!({})).await;
    let mut profile = admin.get("/v1/organization").await.expect(200).body;
    profile["books_closed_through_on"] = json!("2026-02-28");
    admin.put("/v1/organization", profile).await.expect(200);

    let payment = |status: &str, on: &str| json!({"amount": "1000", "currency": "IDR", "method": "cash", "status": status, "received_on": on, "invoice_id": invoice["id"]});
    assert_eq!(admin.post("/v1/payments", payment("captured", "2026-02-28")).await.code(409), "books_closed");
    admin.post("/v1/payments", payment("captured", "2026-03-01")).await.expect(201);
    let promised = admin.post("/v1/payments", payment("pending", "2026-03-01")).await.expect(201).body;
    let capture = format!("/v1/payments/{}/capture", promised["id"].as_str().unwrap());
    assert_eq!(admin.post(&capture, json!({"received_on": "2026-02-27"})).await.code(409), "books_closed");
    let invoices = format!("/v1/orders/{}/invoices", order["id"].as_str().unwrap());
    let of_february = json!({"customer_code": "C-1", "ordered_at": "2026-02-27T03:00:00Z", "lines": [{"sku": "KOPI", "quantity": "1"}]});
    let next = admin.post("/v1/orders", of_february).await.expect(201).body;
    let path = format!("/v1/fulfillment_orders?order_id={}", next["id"].as_str().unwrap());
    let fulfillment = admin.get(&path).await.expect(200).body["data"][0]["id"].clone();
    let ship = format!("/v1/fulfillment_orders/{}/ship", fulfillment.as_str().unwrap());
    let late = json!({"carrier": "JNE", "shipped_at": "2026-02-28T09:00:00Z"});
    assert_eq!(admin.post(&ship, late).await.code(409), "books_closed");
    admin.post(&ship, json!({"carrier": "JNE", "shipped_at": "2026-03-01T09:00:00Z"})).await.expect(201);
    let invoices_of_next = format!("/v1/orders/{}/invoices", next["id"].as_str().unwrap());
    assert_eq!(admin.post(&invoices_of_next, json!({"issued_on": "2026-02-28"})).await.code(409), "books_closed");
    assert_eq!(admin.post(&invoices, json!({})).await.code(409), "nothing_to_invoice");
    let note = json!({"invoice_id": invoice["id"], "reason": "Torn", "issued_on": "2026-02-28"});
    assert_eq!(admin.post("/v1/credit_notes", note).await.code(409), "books_closed");
    clean(&app).await;
}

#[actix_web::test]
async fn goods_of_any_value_stop_no_books() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    let lines = json!([{"sku": "KOPI", "quantity": "1000000000", "unit_cost": "999999999999"}]);
    admin.post("/v1/inventory/receipts", json!({"location": "jakarta", "lines": lines})).await.expect(201);
    let lines = json!([{"sku": "KOPI", "delta": "-1000000000"}]);
    admin.post("/v1/inventory/adjustments", json!({"location": "jakarta", "reason": "count", "lines": lines})).await.expect(201);
    post_journal(&app).await;
    let (entries, start) = read(&admin, "").await;
    let value = "999999999999000000000.00";
    assert_eq!(entries, [entry("inventory_adjustment", &[("inventory", &format!("-{value}")), ("inventory_adjustment", value)])]);
    let rate = |rate: &str| json!([{"from_currency": "USD", "to_currency": "IDR", "rate": rate, "valid_from_on": "2026-01-01"}]);
    assert_eq!(admin.put("/v1/exchange_rates", rate("1000000000.1")).await.code(422), "out_of_range");
    admin.put("/v1/exchange_rates", rate("1000000000")).await.expect(200);
    receive(&admin, "jakarta", "KOPI", "10").await;
    invoiced(&app, &admin, json!({})).await;
    post_journal(&app).await;
    assert_eq!(read(&admin, &start).await.0.len(), 2, "what comes after is posted");
    clean(&app).await;
}
