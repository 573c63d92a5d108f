//! What settles a document without money is judged with what stands there already, whatever goes back in between. Every test ends
//! with the proof of the invariants.

use crate::money::{company, get, id, invoiced, pay, start, with};
use crate::shop::{clean, post_journal};
use crate::support::app::{Caller, send};
use pesanan::auth::permission::Role;
use reqwest::Method;
use serde_json::{Value, json};

/// Money on an invoice or order, with one adjustment beside it.
fn put(target: Value, amount: &str, kind: &str, adjusted: &str) -> Value {
    let row = json!({"amount": amount, "adjustments": [{"kind": kind, "amount": adjusted}]});
    json!({"allocations": [with(row, target)]})
}

async fn import(admin: &Caller<'_>, rows: &str) -> Vec<Value> {
    let body = format!("booked_on,amount,remittance_text,bank_reference\n{rows}");
    let path = "/v1/bank_statements?account=1234567890&currency=IDR";
    let statement = send(admin.request(Method::POST, path).header("content-type", "text/csv").body(body)).await.expect(201).body;
    admin.get(&format!("/v1/bank_statements/{}/entries", id(&statement))).await.expect(200).body["data"].as_array().unwrap().clone()
}

#[actix_web::test]
async fn fees_and_taxes_that_stand_on_a_document_count_with_those_that_come() {
    let app = start().await;
    let (organization_id, admin) = company(&app).await;
    let (placed, invoice) = invoiced(&admin, json!({})).await;
    let program = app.caller(organization_id, Role::Integration).await;
    let (to_invoice, to_order) = (json!({"invoice_id": id(&invoice)}), json!({"order_id": id(&placed)}));
    let money = pay(&program, "111000.00", json!({})).await.expect(201).body;
    let allocations = format!("/v1/payments/{}/allocations", id(&money));
    program.post(&allocations, put(to_invoice.clone(), "55500.00", "bank_fee", "55500.00")).await.expect(200);
    assert_eq!(get(&admin, "invoices", &invoice).await["status"], "paid");
    // The money comes off, the fee stays: half and half again would leave a quarter of the money.
    let release = json!({"invoice_id": id(&invoice), "amount": "55499.99", "reason": "Again"});
    program.post(&format!("{allocations}/release"), release).await.expect(200);
    for kind in ["bank_fee", "withholding_tax"] {
        for target in [&to_invoice, &to_order] {
            let again = program.post(&allocations, put(target.clone(), "27750.00", kind, "27749.99")).await;
            assert_eq!(again.code(403), "insufficient_scope", "{kind} {target}");
            let other = pay(&program, "27750.00", put(target.clone(), "27750.00", kind, "27749.99")).await;
            assert_eq!(other.code(403), "insufficient_scope", "{kind} {target}");
        }
    }
    let entry = import(&admin, "2026-03-02,27750.00,x,R1\n").await.remove(0);
    let matched = put(to_invoice.clone(), "27750.00", "bank_fee", "27749.99");
    assert_eq!(program.post(&format!("/v1/bank_entries/{}/match", id(&entry)), matched).await.code(403), "insufficient_scope");
    let due = get(&admin, "invoices", &invoice).await;
    assert_eq!((&due["amount_due"], &due["amount_adjusted"]), (&json!("55499.99"), &json!("55500.00")));
    // What is within the limits comes, and who may write off may pass them.
    assert_eq!(program.post(&allocations, put(to_invoice.clone(), "10000.00", "bank_fee", "0.01")).await.code(403), "insufficient_scope");
    program.post(&allocations, json!({"allocations": [{"invoice_id": id(&invoice), "amount": "55000.00"}]})).await.expect(200);
    assert_eq!(program.post(&allocations, put(to_invoice.clone(), "10.00", "bank_fee", "9.99")).await.code(403), "insufficient_scope");
    let finance = app.caller(organization_id, Role::Finance).await;
    finance.post(&allocations, put(to_invoice, "400.00", "bank_fee", "99.99")).await.expect(200);
    assert_eq!(get(&admin, "invoices", &invoice).await["status"], "paid");
    post_journal(&app).await;
    clean(&app).await;
}

#[actix_web::test]
async fn a_refund_leaves_no_fee_that_another_document_of_the_order_is_settled_by() {
    let app = start().await;
    let (organization_id, admin) = company(&app).await;
    let program = app.caller(organization_id, Role::Integration).await;
    let placed = crate::money::order(&admin, json!({})).await;
    crate::money::ship(&admin, &placed, "2").await;
    let bill = async || admin.post(&format!("/v1/orders/{}/invoices", id(&placed)), json!({})).await.expect(201).body;
    let first = bill().await;
    crate::money::ship(&admin, &placed, "3").await;
    let second = bill().await;
    let half = put(json!({"invoice_id": id(&first)}), "22200.00", "withholding_tax", "22200.00");
    let money = pay(&program, "22200.00", half).await.expect(201).body;
    let refund = json!({"amount": "22199.99", "reason": "Again"});
    program.post(&format!("/v1/payments/{}/refund", id(&money)), refund).await.expect(201);
    let next = || put(json!({"invoice_id": id(&second)}), "33300.00", "bank_fee", "33300.00");
    assert_eq!(pay(&program, "33300.00", next()).await.code(403), "insufficient_scope");
    let fee = put(json!({"invoice_id": id(&second)}), "66500.00", "bank_fee", "100.00");
    pay(&program, "66500.00", fee).await.expect(201);
    assert_eq!(get(&admin, "invoices", &second).await["status"], "paid");
    post_journal(&app).await;
    clean(&app).await;
}

#[actix_web::test]
async fn a_discount_that_was_deducted_is_not_earned_again_by_money_that_comes_in_its_place() {
    let app = start().await;
    let (_, admin) = company(&app).await;
    let terms = json!({"name": "30 net, 2 % in 10", "net_days": 30, "discount_percent": "2", "discount_days": 10});
    admin.put("/v1/payment_terms/net_30_2", terms).await.expect(201);
    let discounted = json!({"payment_terms": "net_30_2"});
    let ((_, first), (_, second)) = (invoiced(&admin, discounted.clone()).await, invoiced(&admin, discounted).await);
    let early =
        |invoice: &Value, amount: &str, deducted: &str| put(json!({"invoice_id": id(invoice)}), amount, "early_payment_discount", deducted);
    let refund = async |payment: &Value, amount: &str| {
        let body = json!({"amount": amount, "reason": "Half of it was meant for another"});
        admin.post(&format!("/v1/payments/{}/refund", id(payment)), body).await.expect(201);
    };
    // 2 % of 111,000.00 is deducted, then half of the money goes back: nothing is left to earn.
    let paid = pay(&admin, "108780.00", early(&first, "108780.00", "2220.00")).await.expect(201).body;
    refund(&paid, "54390.00").await;
    let due = get(&admin, "invoices", &first).await;
    assert_eq!((&due["amount_due"], &due["early_payment_discount"]), (&json!("54390.00"), &Value::Null));
    let again = pay(&admin, "53302.20", early(&first, "53302.20", "1087.80")).await;
    let detail = again.body["errors"][0]["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("2220.00 IDR") && detail.contains("at most 0.00 IDR"), "{detail}");
    assert_eq!(again.code(422), "discount_not_granted");
    // The bank's matcher sees no more than that.
    let number = first["number"].as_str().unwrap();
    let entries = import(&admin, &format!("2026-03-02,53302.20,{number},R1\n")).await;
    assert_eq!((&entries[0]["status"], &entries[0]["suggestions"][0]["reasons"][1]), (&json!("suggested"), &json!("part_of_amount_due")));
    assert_eq!(entries[0]["suggestions"][0]["allocations"][0]["early_payment_discount"], "0.00");
    let entries = import(&admin, &format!("2026-03-02,54390.00,{number},R2\n")).await;
    assert_eq!(entries[0]["status"], "matched");
    assert_eq!(get(&admin, "invoices", &first).await["amount_adjusted"], "2220.00");

    // Half earns half; of its money all but 1.00 goes back. 2 % of the 1,111.00 that stand and of 55,500.00 are 1,132.22.
    let paid = pay(&admin, "54390.00", early(&second, "54390.00", "1110.00")).await.expect(201).body;
    refund(&paid, "54389.00").await;
    assert_eq!(get(&admin, "invoices", &second).await["early_payment_discount"]["amount"], "1110.00");
    assert_eq!(pay(&admin, "54390.00", early(&second, "54390.00", "1110.00")).await.code(422), "discount_not_granted");
    pay(&admin, "55477.78", early(&second, "55477.78", "22.22")).await.expect(201);
    let rest = get(&admin, "invoices", &second).await;
    // 2 % of all of it less 1,132.22; of the 54,389.00 that are due it is 1,087.78.
    assert_eq!((&rest["amount_due"], &rest["early_payment_discount"]["amount"]), (&json!("54389.00"), &json!("1087.78")));
    let entries = import(&admin, &format!("2026-03-02,53301.22,{},R3\n", second["number"].as_str().unwrap())).await;
    assert_eq!(entries[0]["status"], "matched");
    let settled = get(&admin, "invoices", &second).await;
    assert_eq!((&settled["status"], &settled["amount_adjusted"]), (&json!("paid"), &json!("2220.00")));
    post_journal(&app).await;
    clean(&app).await;
}

#[actix_web::test]
async fn what_a_buyer_keeps_keeps_its_discount() {
    let app = start().await;
    let (_, admin) = company(&app).await;
    let terms = json!({"name": "30 net, 2 % in 10", "net_days": 30, "discount_percent": "2", "discount_days": 10});
    admin.put("/v1/payment_terms/net_30_2", terms).await.expect(201);
    let (placed, invoice) = invoiced(&admin, json!({"payment_terms": "net_30_2"})).await;
    let early = put(json!({"invoice_id": id(&invoice)}), "108780.00", "early_payment_discount", "2220.00");
    let money = pay(&admin, "108780.00", early).await.expect(201).body;
    // One of five: 22,200.00, for which 21,756.00 were paid.
    let credit =
        json!({"invoice_id": id(&invoice), "reason": "Torn", "lines": [{"invoice_line_id": invoice["lines"][0]["id"], "quantity": "1"}]});
    admin.post("/v1/credit_notes", credit).await.expect(201);
    assert_eq!(get(&admin, "payments", &money).await["unapplied_amount"], "21756.00");
    let kept = get(&admin, "invoices", &invoice).await;
    assert_eq!((&kept["amount_adjusted"], &kept["amount_due"]), (&json!("1776.00"), &json!("0.00")));
    // Two come back: twice as much goes back.
    let rma = crate::returns::returned(&admin, &placed, &[(0, "2")]).await;
    let done = admin.post(&format!("/v1/returns/{}/complete", id(&rma)), json!({"refund": true})).await.expect(200).body;
    assert_eq!(done["amount_refunded"], "43512.00", "{done:#}");
    let kept = get(&admin, "invoices", &invoice).await;
    assert_eq!((&kept["amount_adjusted"], &kept["amount_due"], &kept["status"]), (&json!("888.00"), &json!("0.00"), &json!("paid")));
    // All of it leaves nothing.
    admin.post("/v1/credit_notes", json!({"invoice_id": id(&invoice), "reason": "Torn"})).await.expect(201);
    assert_eq!(get(&admin, "payments", &money).await["unapplied_amount"], "65268.00");
    assert_eq!(get(&admin, "invoices", &invoice).await["amount_adjusted"], "0.00");
    post_journal(&app).await;
    clean(&app).await;
}

#[actix_web::test]
async fn tax_that_was_withheld_was_paid_and_comes_off_last() {
    let app = start().await;
    let (_, admin) = company(&app).await;
    // Paid in advance, a fifth of it kept for the tax authority; two of five are cancelled.
    let placed = crate::money::order(&admin, json!({})).await;
    let kept = put(json!({"order_id": id(&placed)}), "88800.00", "withholding_tax", "22200.00");
    let money = pay(&admin, "88800.00", kept).await.expect(201).body;
    let line = json!([{"order_line_id": placed["lines"][0]["id"], "quantity": "2"}]);
    let cancel = json!({"reason": {"code": "customer_request"}, "lines": line});
    admin.post(&format!("/v1/orders/{}/cancel", id(&placed)), cancel).await.expect(200);
    let free = get(&admin, "payments", &money).await;
    assert_eq!((&free["unapplied_amount"], &free["allocations"][0]["amount"]), (&json!("44400.00"), &json!("44400.00")));
    assert_eq!(free["allocations"][0]["adjustments"][0]["amount"], "22200.00");
    crate::money::ship(&admin, &placed, "3").await;
    let invoice = admin.post(&format!("/v1/orders/{}/invoices", id(&placed)), json!({})).await.expect(201).body;
    assert_eq!((&invoice["status"], &invoice["amount_adjusted"]), (&json!("paid"), &json!("22200.00")));
    // Two more are credited: all the money may go, and what was kept settles what is left.
    let credit =
        json!({"invoice_id": id(&invoice), "reason": "Torn", "lines": [{"invoice_line_id": invoice["lines"][0]["id"], "quantity": "2"}]});
    admin.post("/v1/credit_notes", credit).await.expect(201);
    let refund = json!({"amount": "88800.00", "reason": "Torn"});
    admin.post(&format!("/v1/payments/{}/refund", id(&money)), refund).await.expect(201);
    let settled = get(&admin, "invoices", &invoice).await;
    assert_eq!((&settled["amount_due"], &settled["amount_adjusted"]), (&json!("0.00"), &json!("22200.00")));
    assert_eq!(get(&admin, "payments", &money).await["status"], "refunded");
    post_journal(&app).await;
    clean(&app).await;

    // The same by a return that pays back by itself.
    let (placed, invoice) = invoiced(&admin, json!({})).await;
    let kept = put(json!({"invoice_id": id(&invoice)}), "88800.00", "withholding_tax", "22200.00");
    pay(&admin, "88800.00", kept).await.expect(201);
    let rma = crate::returns::returned(&admin, &placed, &[(0, "4")]).await;
    let done = admin.post(&format!("/v1/returns/{}/complete", id(&rma)), json!({"refund": true})).await.expect(200).body;
    assert_eq!(done["amount_refunded"], "88800.00", "{done:#}");
    let settled = get(&admin, "invoices", &invoice).await;
    assert_eq!((&settled["amount_due"], &settled["amount_adjusted"]), (&json!("0.00"), &json!("22200.00")));
    post_journal(&app).await;
    clean(&app).await;
}
