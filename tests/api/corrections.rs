//! Money that was put on the wrong document, or that the payer's bank takes back: it comes off again, and the books follow. Every test
//! ends with the proof of the invariants.

use crate::money::{close_books, company, count, event_types, get, id, invoiced, order, pay, start, with};
use crate::shop::{clean, post_journal};
use crate::support::app::{Caller, send};
use chrono::TimeDelta;
use pesanan::auth::permission::Role;
use reqwest::Method;
use serde_json::{Value, json};

async fn import(admin: &Caller<'_>, rows: &str) -> Vec<Value> {
    let body = format!("booked_on,amount,remittance_text,counterparty_account,bank_reference\n{rows}");
    let path = "/v1/bank_statements?account=1234567890&currency=IDR";
    let statement = send(admin.request(Method::POST, path).header("content-type", "text/csv").body(body)).await.expect(201).body;
    admin.get(&format!("/v1/bank_statements/{}/entries", id(&statement))).await.expect(200).body["data"].as_array().unwrap().clone()
}

/// Debit less credit of a role in the journal, by invoice where `of` names one.
async fn balance(admin: &Caller<'_>, role: &str, of: Option<&Value>) -> f64 {
    let feed = admin.get("/v1/journal_entries?limit=200").await.expect(200).body;
    let lines = feed["data"].as_array().unwrap().iter().flat_map(|entry| entry["lines"].as_array().unwrap());
    let mine = lines.filter(|line| line["role"] == role && of.is_none_or(|invoice| line["invoice_id"] == invoice["id"]));
    let number = |value: &Value| value.as_str().unwrap().parse::<f64>().unwrap();
    mine.map(|line| number(&line["debit"]) - number(&line["credit"])).sum()
}

#[actix_web::test]
async fn money_on_the_wrong_invoice_is_taken_off_it_and_put_on_the_right_one() {
    let app = start().await;
    let (organization_id, admin) = company(&app).await;
    let ((wrong_order, wrong), (_, right)) = (invoiced(&admin, json!({})).await, invoiced(&admin, json!({})).await);
    // The payer named the wrong invoice, and the bank's entry was booked by itself.
    let entry = import(&admin, "2026-03-02,111000.00,INV-000001,111,R1\n").await.remove(0);
    assert_eq!(entry["status"], "matched");
    let money = get(&admin, "payments", &json!({"id": entry["payment_id"]})).await;
    let refused = admin.act(&format!("/v1/bank_entries/{}/unmatch", id(&entry))).await;
    assert!(refused.body["detail"].as_str().unwrap().contains("release"), "{:#}", refused.body);
    assert_eq!(refused.code(409), "payment_booked");

    let path = format!("/v1/payments/{}/allocations/release", id(&money));
    let release = |more: Value| with(json!({"reason": "The payer meant the other invoice"}), more);
    let on_wrong = || release(json!({"invoice_id": wrong["id"]}));
    let viewer = app.caller(organization_id, Role::Viewer).await;
    assert_eq!(viewer.post(&path, on_wrong()).await.code(403), "insufficient_scope");
    assert_eq!(admin.post(&path, release(json!({}))).await.code(422), "exactly_one_of");
    assert_eq!(admin.post(&path, release(json!({"invoice_id": right["id"]}))).await.code(409), "nothing_applied");
    assert_eq!(admin.post(&path, with(on_wrong(), json!({"amount": "111000.01"}))).await.code(409), "exceeds_applied");
    assert_eq!(admin.post(&path, with(on_wrong(), json!({"amount": "0.001"}))).await.code(422), "too_many_decimals");
    close_books(&admin, "2026-03-02").await;
    assert_eq!(admin.post(&path, on_wrong()).await.code(409), "books_closed");
    app.clock.advance(TimeDelta::days(1));

    // A part, then the rest.
    let part = admin.post(&path, with(on_wrong(), json!({"amount": "11000.00"}))).await.expect(200).body;
    assert_eq!((&part["unapplied_amount"], &part["status"]), (&json!("11000.00"), &json!("captured")));
    assert_eq!(get(&admin, "invoices", &wrong).await["amount_due"], "11000.00");
    let free = admin.post(&path, on_wrong()).await.expect(200).body;
    assert_eq!((&free["unapplied_amount"], &free["allocations"]), (&json!("111000.00"), &json!([])));
    let due = get(&admin, "invoices", &wrong).await;
    assert_eq!((&due["status"], &due["amount_due"]), (&json!("issued"), &json!("111000.00")));
    let order = get(&admin, "orders", &wrong_order).await;
    assert_eq!((&order["amount_paid"], &order["payment_status"]), (&json!("0.00"), &json!("unpaid")));
    let apply = json!({"allocations": [{"invoice_id": right["id"], "amount": "111000.00"}]});
    admin.post(&format!("/v1/payments/{}/allocations", id(&money)), apply).await.expect(200);
    assert_eq!(get(&admin, "invoices", &right).await["status"], "paid");
    let events = event_types(&admin, &wrong_order).await;
    assert_eq!((count(&events, "payment.unapplied"), count(&events, "payment.refunded")), (2, 0));

    post_journal(&app).await;
    assert_eq!(balance(&admin, "bank", None).await, 111_000.0);
    assert_eq!(balance(&admin, "refund", None).await, 0.0, "no money has left");
    assert_eq!((balance(&admin, "receivable", Some(&wrong)).await, balance(&admin, "receivable", Some(&right)).await), (111_000.0, 0.0));
    clean(&app).await;
}

#[actix_web::test]
async fn a_deposit_and_adjustments_are_released_with_their_money() {
    let app = start().await;
    let (_, admin) = company(&app).await;
    let (_, bill) = invoiced(&admin, json!({})).await;
    let withheld = json!({"allocations": [{"invoice_id": id(&bill), "amount": "109000.00", "adjustments": [{"kind": "withholding_tax", "amount": "2000.00"}]}]});
    let money = pay(&admin, "109000.00", withheld).await.expect(201).body;
    let path = format!("/v1/payments/{}/allocations/release", id(&money));
    let body = |more: Value| with(json!({"invoice_id": id(&bill), "reason": "Booked twice"}), more);
    admin.post(&path, body(json!({"amount": "9000.00"}))).await.expect(200);
    assert_eq!(get(&admin, "invoices", &bill).await["amount_adjusted"], "2000.00");
    admin.post(&path, body(json!({}))).await.expect(200);
    let open = get(&admin, "invoices", &bill).await;
    assert_eq!((&open["amount_due"], &open["amount_adjusted"]), (&json!("111000.00"), &json!("0.00")));
    clean(&app).await;

    // A prepaid order goes back to waiting for its money, and only the money of that order is taken off.
    let prepaid = order(&admin, json!({"payment_terms": "prepaid"})).await;
    let other = order(&admin, json!({})).await;
    let both = [(&prepaid, "111000.00"), (&other, "50000.00")].map(|(on, amount)| json!({"order_id": id(on), "amount": amount}));
    let deposit = pay(&admin, "161000.00", json!({"allocations": both})).await.expect(201).body;
    assert_eq!(get(&admin, "orders", &prepaid).await["status"], "confirmed");
    let path = format!("/v1/payments/{}/allocations/release", id(&deposit));
    let freed = admin.post(&path, json!({"order_id": id(&prepaid), "reason": "For the other order"})).await.expect(200).body;
    assert_eq!(freed["unapplied_amount"], "111000.00");
    assert_eq!(get(&admin, "orders", &prepaid).await["status"], "on_hold");
    assert_eq!(get(&admin, "orders", &other).await["amount_paid"], "50000.00");
    post_journal(&app).await;
    clean(&app).await;
}

#[actix_web::test]
async fn what_the_payers_bank_takes_back_is_reversed() {
    let app = start().await;
    let (organization_id, admin) = company(&app).await;
    let (placed, bill) = invoiced(&admin, json!({})).await;
    let money = pay(&admin, "111000.00", json!({"invoice_id": id(&bill), "received_on": "2026-03-01"})).await.expect(201).body;
    let path = format!("/v1/payments/{}/reverse", id(&money));
    let reason = |more: Value| with(json!({"reason": "Direct debit returned: AC04"}), more);
    let warehouse = app.caller(organization_id, Role::Warehouse).await;
    assert_eq!(warehouse.post(&path, reason(json!({}))).await.code(403), "insufficient_scope");
    assert_eq!(admin.post(&path, reason(json!({"amount": "111000.01"}))).await.code(409), "exceeds_captured");
    assert_eq!(admin.post(&path, reason(json!({"received_on": "2026-03-03"}))).await.code(422), "in_the_future");
    assert_eq!(admin.post(&path, json!({"reason": ""})).await.code(422), "required");
    let before = admin.post(&path, reason(json!({"received_on": "2026-02-28"}))).await;
    assert_eq!(before.body["errors"][0]["pointer"], "/received_on");
    assert_eq!(before.code(422), "before_payment", "money cannot go before it has come");
    close_books(&admin, "2026-02-28").await;
    assert_eq!(admin.post(&path, reason(json!({"received_on": "2026-02-28"}))).await.code(409), "books_closed");
    let part = admin.post(&path, reason(json!({"amount": "11000.00", "received_on": "2026-03-01"}))).await.expect(201).body;
    assert_eq!((&part["kind"], &part["status"], &part["booked_on"]), (&json!("reversal"), &json!("succeeded"), &json!("2026-03-01")));
    assert_eq!(part["number"], "RFD-000001", "what was refused has taken no number");
    assert_eq!(get(&admin, "payments", &money).await["status"], "partially_refunded");
    let whole = admin.post(&path, reason(json!({}))).await.expect(201).body;
    assert_eq!(whole["amount"], "100000.00");
    let reversed = get(&admin, "payments", &money).await;
    assert_eq!((&reversed["status"], &reversed["amount_refunded"]), (&json!("reversed"), &json!("111000.00")));
    assert_eq!(admin.post(&path, reason(json!({}))).await.code(409), "invalid_transition");
    let refund = json!({"amount": "1.00", "reason": "x"});
    assert_eq!(admin.post(&format!("/v1/payments/{}/refund", id(&money)), refund).await.code(409), "exceeds_captured");
    let due = get(&admin, "invoices", &bill).await;
    assert_eq!((&due["status"], &due["amount_due"]), (&json!("issued"), &json!("111000.00")));
    assert_eq!(count(&event_types(&admin, &placed).await, "payment.reversed"), 2);
    post_journal(&app).await;
    assert_eq!(balance(&admin, "bank", None).await + balance(&admin, "refund", None).await, 0.0);
    assert_eq!(balance(&admin, "receivable", Some(&bill)).await, 111_000.0);
    let journal = admin.get("/v1/journal_entries?limit=200").await.expect(200).body;
    let days: Vec<&Value> =
        journal["data"].as_array().unwrap().iter().filter(|entry| entry["kind"] == "refund").map(|entry| &entry["posted_on"]).collect();
    assert_eq!(days, ["2026-03-01", "2026-03-02"]);
    clean(&app).await;
}

#[actix_web::test]
async fn a_bank_entry_that_takes_money_back_reverses_its_payment() {
    let app = start().await;
    let (_, admin) = company(&app).await;
    let (_, bill) = invoiced(&admin, json!({})).await;
    let mut entries = import(&admin, "2026-03-02,111000.00,INV-000001,111,R1\n").await;
    entries.extend(import(&admin, "2026-03-02,-111000.00,Retur INV-000001,111,R2\n2026-03-02,-500.00,x,,R3\n").await);
    let by = |reference: &str| entries.iter().find(|entry| entry["bank_reference"] == reference).unwrap().clone();
    let (came, left, other) = (by("R1"), by("R2"), by("R3"));
    assert_eq!((&came["status"], &left["status"]), (&json!("matched"), &json!("suggested")));
    assert_eq!(left["suggestions"][0]["reversed_payment_id"], came["payment_id"], "{left:#}");
    let take = async |entry: &Value, body: Value| admin.post(&format!("/v1/bank_entries/{}/match", id(entry)), body).await;
    let back = json!({"reversed_payment_id": came["payment_id"]});
    assert_eq!(take(&left, with(back.clone(), json!({"customer_id": bill["bill_to"]["id"]}))).await.code(422), "exactly_one_of");
    let unknown = json!({"reversed_payment_id": "01938f5e-7c1a-7000-8000-2f1b3c4d5e6f"});
    assert_eq!(take(&left, unknown).await.code(422), "unknown_payment");
    let matched = take(&left, back.clone()).await.expect(200).body;
    assert!(matched["refund_id"].is_string(), "{matched:#}");
    assert_eq!(get(&admin, "payments", &json!({"id": came["payment_id"]})).await["status"], "reversed");
    assert_eq!(get(&admin, "invoices", &bill).await["amount_due"], "111000.00");
    assert_eq!(take(&other, back).await.code(409), "invalid_transition");
    // The reversal stands for the entry: it is not taken back by opening the entry again.
    assert_eq!(admin.act(&format!("/v1/bank_entries/{}/unmatch", id(&left))).await.code(409), "payment_booked");
    post_journal(&app).await;
    assert_eq!(balance(&admin, "bank", None).await + balance(&admin, "refund", None).await, 0.0);
    clean(&app).await;
}

#[actix_web::test]
async fn goods_do_not_wait_for_the_books_and_are_posted_on_the_first_open_day() {
    let app = start().await;
    let (_, admin) = company(&app).await;
    let placed = order(&admin, json!({})).await;
    pay(&admin, "111000.00", json!({"order_id": id(&placed)})).await.expect(201);
    let (sold, _) = invoiced(&admin, json!({})).await;
    let line = json!({"order_line_id": sold["lines"][0]["id"], "quantity": "1"});
    let asked = json!({"order_id": id(&sold), "lines": [with(line.clone(), json!({"reason": {"code": "damaged"}}))]});
    let rma = admin.post("/v1/returns", asked).await.expect(201).body;
    admin.post(&format!("/v1/returns/{}/authorize", id(&rma)), json!({})).await.expect(200);
    post_journal(&app).await;
    let before = admin.get("/v1/journal_entries?limit=200").await.expect(200).body["next_cursor"].as_str().unwrap().to_owned();
    close_books(&admin, "2026-03-02").await;

    let work = admin.get(&format!("/v1/fulfillment_orders?order_id={}", id(&placed))).await.expect(200).body["data"][0].clone();
    let path = format!("/v1/fulfillment_orders/{}/ship", id(&work));
    let lines = json!([{"order_line_id": placed["lines"][0]["id"], "quantity": "2"}]);
    let given = json!({"carrier": "jne", "lines": lines, "shipped_at": app.clock.now()});
    assert_eq!(admin.post(&path, given).await.code(409), "books_closed", "a date that is given is refused");
    admin.post(&path, json!({"carrier": "jne", "lines": lines})).await.expect(201);
    let receipt = json!({"location": "jakarta", "lines": [with(line, json!({"condition": "scrap"}))]});
    admin.post(&format!("/v1/returns/{}/receive", id(&rma)), receipt).await.expect(200);
    let count = json!({"location": "jakarta", "reason": "count", "lines": [{"sku": "TEH", "counted": "300"}]});
    admin.post("/v1/inventory/adjustments", count).await.expect(201);
    admin.post(&format!("/v1/orders/{}/cancel", id(&placed)), json!({"reason": {"code": "customer_request"}})).await.expect(200);
    order(&admin, json!({"payments": [{"amount": "111000.00", "method": "card"}]})).await;
    post_journal(&app).await;
    let feed = admin.get(&format!("/v1/journal_entries?limit=200&after={before}")).await.expect(200).body;
    let mut posted: Vec<(&str, &str)> = feed["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (entry["kind"].as_str().unwrap(), entry["posted_on"].as_str().unwrap()))
        .collect();
    posted.sort_unstable();
    posted.dedup();
    let expected = ["inventory_adjustment", "payment", "payment_application", "return", "shipment"].map(|kind| (kind, "2026-03-03"));
    assert_eq!(posted, expected);
    clean(&app).await;
}

/// The bank says that it takes something back: the payment that it was comes before a refund of the same amount.
#[actix_web::test]
async fn a_returned_debit_of_a_camt_file_is_taken_for_what_it_takes_back() {
    let app = start().await;
    let (_, admin) = company(&app).await;
    invoiced(&admin, json!({})).await;
    let send_camt = async |name: &str, entry: &str| {
        let parties = "<NtryDtls><TxDtls><RltdPties><DbtrAcct><Id><IBAN>FR1420041010050500013M02606</IBAN></Id></DbtrAcct></RltdPties>\
            <RmtInf><Ustrd>INV-000001</Ustrd></RmtInf></TxDtls></NtryDtls>";
        let file = format!(
            "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt><Stmt><Id>{name}</Id><Acct><Id>\
             <IBAN>DE89370400440532013000</IBAN></Id><Ccy>IDR</Ccy></Acct><Ntry><NtryRef>{name}</NtryRef><Amt Ccy=\"IDR\">111000.00</Amt>\
             {entry}<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-03-02</Dt></BookgDt>{parties}</Ntry></Stmt></BkToCstmrStmt></Document>"
        );
        let request = admin.request(Method::POST, "/v1/bank_statements").header("content-type", "application/xml").body(file);
        let statement = send(request).await.expect(201).body;
        let list = admin.get(&format!("/v1/bank_statements/{}/entries", id(&statement))).await.expect(200).body;
        list["data"][0].clone()
    };
    let came = send_camt("S1", "<CdtDbtInd>CRDT</CdtDbtInd>").await;
    assert_eq!(came["status"], "matched", "{came:#}");
    let other = pay(&admin, "111000.00", json!({})).await.expect(201).body;
    let refund = json!({"amount": "111000.00", "reason": "Overpaid"});
    admin.post(&format!("/v1/payments/{}/refund", id(&other)), refund).await.expect(201);
    let back = send_camt("S2", "<CdtDbtInd>DBIT</CdtDbtInd><RvslInd>true</RvslInd>").await;
    assert_eq!((&back["reversal"], &back["status"]), (&json!(true), &json!("suggested")));
    let suggestions = back["suggestions"].as_array().unwrap();
    assert_eq!(suggestions.len(), 2);
    assert_eq!(suggestions[0]["reversed_payment_id"], came["payment_id"], "{back:#}");
    assert!(suggestions[1]["refund_id"].is_string());
    let body = json!({"reversed_payment_id": came["payment_id"]});
    admin.post(&format!("/v1/bank_entries/{}/match", id(&back)), body).await.expect(200);
    post_journal(&app).await;
    clean(&app).await;
}
