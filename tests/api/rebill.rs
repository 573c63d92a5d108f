//! Credit and rebill: an invoice with something wrong on it is taken back and issued anew, and nothing but the documents changes.

use crate::money::{close_books, company, count, event_types, get, id, invoiced, order, pay, ship, start, with};
use crate::shop::{clean, customer};
use crate::support::app::{Caller, Reply, send};
use futures_util::future::{join_all, join3};
use reqwest::Method;
use serde_json::{Value, json};

async fn rebill(admin: &Caller<'_>, invoice: &Value, more: Value) -> Reply {
    let body = with(json!({"reason": "The tax number was another company's"}), more);
    admin.post(&format!("/v1/invoices/{}/rebill", id(invoice)), body).await
}

async fn file(admin: &Caller<'_>, path: &str) -> Vec<u8> {
    let response = admin.request(Method::GET, path).send().await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    response.bytes().await.unwrap().to_vec()
}

async fn invoice(admin: &Caller<'_>, order: &Value, body: Value) -> Value {
    admin.post(&format!("/v1/orders/{}/invoices", id(order)), body).await.expect(201).body
}

async fn credit(admin: &Caller<'_>, invoice: &Value, more: Value) -> Reply {
    admin.post("/v1/credit_notes", with(json!({"invoice_id": id(invoice), "reason": "Torn"}), more)).await
}

async fn notes_of(admin: &Caller<'_>, invoice: &Value) -> Vec<Value> {
    let list = admin.get(&format!("/v1/credit_notes?invoice_id={}", id(invoice))).await.expect(200).body;
    list["data"].as_array().unwrap().clone()
}

fn texts<const N: usize>(thing: &Value, fields: [&str; N]) -> [String; N] {
    fields.map(|field| thing[field].as_str().unwrap_or("null").to_owned())
}

const AMOUNTS: [&str; 6] = ["subtotal", "discount_total", "shipping_net", "shipping_tax", "tax_total", "total"];
const MONEY: [&str; 6] = ["amount_invoiced", "amount_credited", "amount_paid", "amount_due", "payment_status", "invoice_status"];

/// What of a line is of goods and money, not of the document that it is on.
fn lines(invoice: &Value) -> Vec<Value> {
    let mut lines = invoice["lines"].as_array().unwrap().clone();
    for line in &mut lines {
        let line = line.as_object_mut().unwrap();
        line.retain(|field, _| !matches!(field.as_str(), "id" | "credited_quantity" | "prepayment_invoice_id"));
    }
    lines
}

#[actix_web::test]
async fn a_wrong_invoice_is_issued_anew_and_its_money_moves_along() {
    let app = start().await;
    let (_, admin) = company(&app).await;
    let placed =
        order(&admin, json!({"shipping": {"amount": "9000"}, "discounts": [{"percent": "7"}], "purchase_order_number": "PO-1"})).await;
    ship(&admin, &placed, "3").await;
    let wrong = invoice(&admin, &placed, json!({})).await;
    let settled = json!({"allocations": [{"invoice_id": id(&wrong), "amount": "20000.00",
        "adjustments": [{"kind": "withholding_tax", "amount": "1000.00", "reference": "BP-7"}]}]});
    let money = pay(&admin, "20000.00", settled).await.expect(201).body;
    let before = get(&admin, "orders", &placed).await;
    admin
        .patch(&format!("/v1/customers/{}", wrong["customer_id"].as_str().unwrap()), json!({"tax_id": "0013250158091000"}))
        .await
        .expect(200);

    let would = rebill(&admin, &wrong, json!({"dry_run": true})).await.expect(200).body;
    let kinds: Vec<&str> = would["difference"]["documents"].as_array().unwrap().iter().map(|of| of["type"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"credit_note") && kinds.contains(&"invoice"), "{would:#}");
    assert_eq!(get(&admin, "invoices", &wrong).await["replaced_by_invoice_id"], Value::Null, "a dry run writes nothing");

    let address = json!({"name": "Accounts", "line1": "Jl. Sudirman 1", "city": "Jakarta", "country": "ID"});
    let more = json!({"billing_address": address, "buyer_reference": "KST-4711", "purchase_order_number": "PO-1b"});
    let right = rebill(&admin, &wrong, more).await.expect(201).body;
    assert_eq!((texts(&right, AMOUNTS), lines(&right)), (texts(&wrong, AMOUNTS), lines(&wrong)));
    assert_eq!(right["tax_breakdown"], wrong["tax_breakdown"]);
    assert_eq!(
        texts(&right, ["series", "kind", "supply_on", "buyer_reference"]),
        ["INV", "standard", wrong["supply_on"].as_str().unwrap(), "KST-4711"]
    );
    assert_eq!(
        (&right["bill_to"]["tax_id"], &right["bill_to"]["address"]["line1"]),
        (&json!("0013250158091000"), &json!("Jl. Sudirman 1"))
    );
    assert_eq!(right["orders"][0]["purchase_order_number"], "PO-1b");
    let replaces = json!({"id": id(&wrong), "number": wrong["number"], "issued_on": wrong["issued_on"], "reason": "The tax number was another company's"});
    assert_eq!(right["replaces"], replaces);
    assert_eq!(texts(&right, ["status", "amount_paid", "amount_adjusted"]), ["partially_paid", "21000.00", "1000.00"]);
    assert_eq!(right, get(&admin, "invoices", &right).await);

    let old = get(&admin, "invoices", &wrong).await;
    assert_eq!(texts(&old, ["status", "amount_paid", "amount_due"]), ["credited", "0.00", "0.00"]);
    assert_eq!((&old["replaced_by_invoice_id"], &old["amount_credited"]), (&right["id"], &old["total"]));
    let notes = notes_of(&admin, &wrong).await;
    assert_eq!((notes.len(), texts(&notes[0], AMOUNTS)), (1, texts(&wrong, AMOUNTS)));
    assert_eq!((&notes[0]["replaced_by_invoice_id"], &notes[0]["reason"]), (&right["id"], &replaces["reason"]));

    let after = get(&admin, "orders", &placed).await;
    assert_eq!((texts(&after, MONEY), &after["lines"]), (texts(&before, MONEY), &before["lines"]), "the order owes what it owed");
    let placements = get(&admin, "payments", &money).await["allocations"].clone();
    assert_eq!((placements.as_array().unwrap().len(), &placements[0]["invoice_id"]), (1, &right["id"]));
    let told = event_types(&admin, &placed).await;
    assert_eq!([count(&told, "invoice.issued"), count(&told, "credit_note.issued"), count(&told, "payment.unapplied")], [2, 1, 0]);
    clean(&app).await;

    // The rest is invoiced and paid as if nothing had been; what comes back is credited on the new invoice.
    ship(&admin, &placed, "2").await;
    let last = invoice(&admin, &placed, json!({})).await;
    let due = |of: &Value| of["amount_due"].as_str().unwrap().to_owned();
    pay(&admin, &due(&last), json!({"invoice_id": id(&last)})).await.expect(201);
    pay(&admin, &due(&right), json!({"invoice_id": id(&right)})).await.expect(201);
    assert_eq!(texts(&get(&admin, "orders", &placed).await, ["status", "payment_status", "amount_due"]), ["completed", "paid", "0.00"]);
    clean(&app).await;
    let line = json!({"order_line_id": placed["lines"][0]["id"], "quantity": "1"});
    let asked = with(line.clone(), json!({"reason": {"code": "changed_mind"}}));
    let rma = admin.post("/v1/returns", json!({"order_id": id(&placed), "lines": [asked]})).await.expect(201).body;
    admin.post(&format!("/v1/returns/{}/authorize", id(&rma)), json!({})).await.expect(200);
    let arrived = json!({"location": "jakarta", "lines": [with(line, json!({"condition": "resellable"}))]});
    admin.post(&format!("/v1/returns/{}/receive", id(&rma)), arrived).await.expect(200);
    admin.post(&format!("/v1/returns/{}/complete", id(&rma)), json!({"refund": true})).await.expect(200);
    assert!(notes_of(&admin, &wrong).await.len() == 1 && notes_of(&admin, &last).await.len() + notes_of(&admin, &right).await.len() == 1);
    clean(&app).await;
}

#[actix_web::test]
async fn the_new_invoice_names_the_old_one_in_every_form() {
    let app = start().await;
    let (_, admin) = company(&app).await;
    let (_, wrong) = invoiced(&admin, json!({})).await;
    let right = rebill(&admin, &wrong, json!({})).await.expect(201).body;
    let text = String::from_utf8(file(&admin, &format!("/v1/invoices/{}/ubl?profile=en16931", id(&right))).await).unwrap();
    let named = format!("<cac:BillingReference><cac:InvoiceDocumentReference><cbc:ID>{}</cbc:ID>", wrong["number"].as_str().unwrap());
    let flat: String = text.lines().map(str::trim).collect();
    assert!(flat.contains(&named), "{text}");
    assert!(flat.contains("<cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>") && flat.contains("another company's"), "{text}");
    for path in [format!("/v1/invoices/{}/pdf", id(&right)), format!("/v1/invoices/{}/pdf", id(&wrong))] {
        assert!(file(&admin, &path).await.starts_with(b"%PDF"));
    }
    let statement =
        admin.get(&format!("/v1/customers/{}/statement?currency=IDR", wrong["customer_id"].as_str().unwrap())).await.expect(200).body;
    assert_eq!(statement["closing_balance"], "111000.00", "{statement:#}");
    clean(&app).await;
}

#[actix_web::test]
async fn what_earlier_credit_notes_have_left_is_issued_anew() {
    let app = start().await;
    let (_, admin) = company(&app).await;
    let placed = order(&admin, json!({"shipping": {"amount": "7777"}, "discounts": [{"percent": "3"}]})).await;
    let advance = invoice(&admin, &placed, json!({"prepayment": true, "percent": "30"})).await;
    let advance = rebill(&admin, &advance, json!({})).await.expect(201).body;
    assert_eq!((&advance["kind"], &advance["lines"][0]["prepayment_invoice_id"]), (&json!("prepayment"), &advance["id"]));
    pay(&admin, advance["total"].as_str().unwrap(), json!({"invoice_id": id(&advance)})).await.expect(201);
    clean(&app).await;
    ship(&admin, &placed, "5").await;
    let wrong = invoice(&admin, &placed, json!({})).await;
    assert_eq!(wrong["lines"].as_array().unwrap().last().unwrap()["prepayment_invoice_id"], advance["id"]);
    assert_eq!(rebill(&admin, &advance, json!({})).await.code(409), "prepayment_deducted");
    credit(&admin, &wrong, json!({"lines": [{"order_line_id": placed["lines"][0]["id"], "quantity": "2"}]})).await.expect(201);
    let old = get(&admin, "invoices", &wrong).await;
    let before = get(&admin, "orders", &placed).await;
    let right = rebill(&admin, &wrong, json!({})).await.expect(201).body;
    assert_eq!((&right["total"], &right["lines"][0]["quantity"]), (&old["amount_due"], &json!("3")));
    assert_eq!(right["lines"].as_array().unwrap().last().unwrap()["prepayment_invoice_id"], advance["id"]);
    assert_eq!(texts(&get(&admin, "orders", &placed).await, MONEY), texts(&before, MONEY));
    clean(&app).await;

    // Once more, and then all of it comes back: every document in between adds up to nothing.
    let right = rebill(&admin, &right, json!({"reason": "And the name was misspelt"})).await.expect(201).body;
    credit(&admin, &right, json!({})).await.expect(201);
    assert_eq!(texts(&get(&admin, "orders", &placed).await, ["amount_due", "invoice_status"]), ["0.00", "invoiced"]);
    assert_eq!(rebill(&admin, &right, json!({})).await.code(409), "nothing_to_replace");
    clean(&app).await;
}

#[actix_web::test]
async fn what_cannot_be_issued_anew_says_why_and_changes_nothing() {
    let app = start().await;
    let (_, admin) = company(&app).await;
    let (placed, wrong) = invoiced(&admin, json!({})).await;
    let path = format!("/v1/invoices/{}/rebill", id(&wrong));
    let stale = send(admin.request(Method::POST, &path).header("If-Match", "\"7\"").json(&json!({"reason": "x"}))).await;
    assert_eq!(stale.status, 412);
    let faults = [
        (json!({"reason": ""}), 422, "required", "/reason"),
        (json!({"series": "CN"}), 422, "wrong_series", "/series"),
        (json!({"credit_note_series": "INV"}), 422, "wrong_series", "/credit_note_series"),
        (json!({"issued_on": "2020-01-01"}), 422, "before_invoice", "/issued_on"),
        (
            json!({"billing_address": {"line1": "x", "city": "y", "country": "ID", "phone": "1".repeat(300)}}),
            422,
            "too_long",
            "/billing_address/phone",
        ),
    ];
    for (body, status, code, pointer) in faults {
        let refused = rebill(&admin, &wrong, body).await.expect(status).body;
        assert_eq!((&refused["errors"][0]["code"], &refused["errors"][0]["pointer"]), (&json!(code), &json!(pointer)), "{refused:#}");
    }
    close_books(&admin, wrong["issued_on"].as_str().unwrap()).await;
    assert_eq!(rebill(&admin, &wrong, json!({})).await.code(409), "books_closed");
    close_books(&admin, "2020-01-01").await;
    assert_eq!(admin.post("/v1/invoices/01938f5e-7c1a-7000-8000-2f1b3c4d5e6f/rebill", json!({"reason": "x"})).await.code(404), "not_found");

    let line = json!({"order_line_id": placed["lines"][0]["id"], "quantity": "1"});
    let asked = with(line.clone(), json!({"reason": {"code": "changed_mind"}}));
    let rma = admin.post("/v1/returns", json!({"order_id": id(&placed), "lines": [asked]})).await.expect(201).body;
    admin.post(&format!("/v1/returns/{}/authorize", id(&rma)), json!({})).await.expect(200);
    let arrived = json!({"location": "jakarta", "lines": [with(line, json!({"condition": "resellable"}))]});
    admin.post(&format!("/v1/returns/{}/receive", id(&rma)), arrived).await.expect(200);
    admin.post(&format!("/v1/returns/{}/complete", id(&rma)), json!({"restocking_fee": "5000"})).await.expect(200);
    assert_eq!(rebill(&admin, &wrong, json!({})).await.code(409), "fee_kept_back");
    assert_eq!(get(&admin, "invoices", &wrong).await["replaced_by_invoice_id"], Value::Null);
    assert_eq!(count(&event_types(&admin, &placed).await, "invoice.issued"), 1);
    clean(&app).await;
}

#[actix_web::test]
async fn of_many_at_once_one_issues_it_anew() {
    let app = start().await;
    let (_, admin) = company(&app).await;
    customer(&admin, "C-2", json!({})).await;
    let (placed, wrong) = invoiced(&admin, json!({})).await;
    pay(&admin, "60000.00", json!({"invoice_id": id(&wrong)})).await.expect(201);
    let (paid, credited, anew) = (
        async { join_all((0..4).map(|_| pay(&admin, "30000.00", json!({"invoice_id": id(&wrong)})))).await },
        async {
            join_all(
                (0..4).map(|_| credit(&admin, &wrong, json!({"lines": [{"order_line_id": placed["lines"][0]["id"], "quantity": "1"}]}))),
            )
            .await
        },
        async { join_all((0..6).map(|_| rebill(&admin, &wrong, json!({})))).await },
    );
    let (paid, credited, anew) = join3(paid, credited, anew).await;
    let done = anew.iter().filter(|reply| reply.status == 201).count();
    assert_eq!(done, 1, "{:?}", anew.iter().map(|reply| reply.status).collect::<Vec<_>>());
    assert!(paid.iter().chain(&credited).all(|reply| matches!(reply.status, 201 | 409 | 422)));
    clean(&app).await;

    let key =
        |body: &Value| admin.request(Method::POST, &format!("/v1/invoices/{}/rebill", id(body))).header("Idempotency-Key", "\"once\"");
    let (_, other) = invoiced(&admin, json!({"customer_code": "C-2"})).await;
    let first = send(key(&other).json(&json!({"reason": "x"}))).await.expect(201);
    let again = send(key(&other).json(&json!({"reason": "x"}))).await.expect(201);
    assert_eq!((first.body, again.header("idempotent-replayed")), (again.body.clone(), "true"));
    clean(&app).await;
}
