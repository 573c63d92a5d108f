//! An order that comes to less than its prepayments stand for gives the difference back: at cancellations, edits, returns and credit
//! notes, to the minor unit, in the transaction of the command.

use crate::money::{company, count, event_types, get, id, order, pay, ship, start, with};
use crate::shop::{clean, receive};
use crate::support::app::{Caller, Reply};
use futures_util::future::join_all;
use serde_json::{Value, json};

async fn invoice(admin: &Caller<'_>, order: &Value, body: Value) -> Value {
    admin.post(&format!("/v1/orders/{}/invoices", id(order)), body).await.expect(201).body
}

/// A prepayment invoice of so much, paid in full.
async fn prepaid(admin: &Caller<'_>, order: &Value, percent: &str) -> (Value, Value) {
    let advance = invoice(admin, order, json!({"prepayment": true, "percent": percent})).await;
    let money = pay(admin, advance["total"].as_str().unwrap(), json!({"invoice_id": id(&advance)})).await.expect(201).body;
    (advance, money)
}

async fn cancel(admin: &Caller<'_>, order: &Value, more: Value) -> Reply {
    let body = with(json!({"reason": {"code": "customer_request"}}), more);
    admin.post(&format!("/v1/orders/{}/cancel", id(order)), body).await
}

async fn credit(admin: &Caller<'_>, invoice: &Value, more: Value) -> Reply {
    admin.post("/v1/credit_notes", with(json!({"invoice_id": id(invoice), "reason": "Agreed otherwise"}), more)).await
}

/// A return of so many of the first line that is here.
async fn came_back(admin: &Caller<'_>, order: &Value, quantity: &str) -> Value {
    let line = json!({"order_line_id": order["lines"][0]["id"], "quantity": quantity});
    let asked = with(line.clone(), json!({"reason": {"code": "changed_mind"}}));
    let rma = admin.post("/v1/returns", json!({"order_id": id(order), "lines": [asked]})).await.expect(201).body;
    admin.post(&format!("/v1/returns/{}/authorize", id(&rma)), json!({})).await.expect(200);
    let arrived = json!({"location": "jakarta", "lines": [with(line, json!({"condition": "resellable"}))]});
    admin.post(&format!("/v1/returns/{}/receive", id(&rma)), arrived).await.expect(200).body
}

async fn complete(admin: &Caller<'_>, rma: &Value, more: Value) -> Reply {
    admin.post(&format!("/v1/returns/{}/complete", id(rma)), with(json!({"refund": true}), more)).await
}

fn texts<const N: usize>(thing: &Value, fields: [&str; N]) -> [String; N] {
    fields.map(|field| thing[field].as_str().unwrap_or("null").to_owned())
}

const STANDING: [&str; 5] = ["current_total", "amount_credited", "uninvoiced_total", "amount_due", "payment_status"];

#[actix_web::test]
async fn what_is_not_delivered_any_more_is_given_back_when_the_rest_is_cancelled() {
    let app = start().await;
    let (_, admin) = company(&app).await;
    let placed = order(&admin, json!({})).await;
    let (advance, money) = prepaid(&admin, &placed, "100").await;
    ship(&admin, &placed, "1").await;
    let would = cancel(&admin, &placed, json!({"dry_run": true})).await.expect(200).body;
    assert_eq!(texts(&would["difference"]["money"], ["current_total", "amount_credited", "amount_due"]), ["-88800.00", "88800.00", "0.00"]);
    let kinds: Vec<&str> = would["difference"]["documents"].as_array().unwrap().iter().map(|of| of["type"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"credit_note") && kinds.contains(&"payment"), "{kinds:?}");
    clean(&app).await;

    let cancelled = cancel(&admin, &placed, json!({})).await.expect(200).body;
    assert_eq!(texts(&cancelled, STANDING), ["22200.00", "88800.00", "0.00", "0.00", "paid"]);
    assert_eq!(cancelled, get(&admin, "orders", &placed).await);
    assert_eq!(get(&admin, "payments", &money).await["unapplied_amount"], "88800.00");
    let notes = admin.get(&format!("/v1/credit_notes?invoice_id={}", id(&advance))).await.expect(200).body;
    let note = &notes["data"][0];
    assert_eq!(texts(note, ["total", "tax_total", "reason"]), ["88800.00", "8800.00", "the order was cancelled"]);
    assert_eq!(texts(&note["lines"][0], ["quantity", "unit_price", "net_amount", "tax_amount"]), ["1", "80000.00", "80000.00", "8800.00"]);
    let told = event_types(&admin, &placed).await;
    assert_eq!([count(&told, "credit_note.issued"), count(&told, "payment.unapplied"), count(&told, "order.cancelled")], [1, 1, 1]);
    clean(&app).await;

    let last = invoice(&admin, &placed, json!({})).await;
    assert_eq!(texts(&last, ["total", "status"]), ["0.00", "paid"]);
    assert_eq!(
        texts(&get(&admin, "orders", &placed).await, ["status", "payment_status", "current_total"]),
        ["completed", "paid", "22200.00"]
    );
    // What is free goes back, and nothing is due again by it.
    let back = json!({"amount": "88800.00", "reason": "Not delivered"});
    admin.post(&format!("/v1/orders/{}/refunds", id(&placed)), back).await.expect(201);
    assert_eq!(get(&admin, "invoices", &advance).await["amount_due"], "0.00");
    assert_eq!(texts(&get(&admin, "orders", &placed).await, STANDING), ["22200.00", "88800.00", "0.00", "0.00", "paid"]);
    clean(&app).await;
}

#[actix_web::test]
async fn a_partial_cancellation_and_an_edit_give_back_what_they_take_off() {
    let app = start().await;
    let (_, admin) = company(&app).await;
    receive(&admin, "jakarta", "KOPI", "100").await;
    // 100,000 of tea and 100,000 of coffee: 222,000 with tax.
    let both = json!({"lines": [{"sku": "TEH", "quantity": "5"}, {"sku": "KOPI", "quantity": "2"}]});
    let coffee = |order: &Value| order["lines"][1]["id"].clone();
    let first = order(&admin, both.clone()).await;
    let (_, money) = prepaid(&admin, &first, "100").await;
    let lines = json!({"lines": [{"order_line_id": coffee(&first), "quantity": "1"}]});
    let would = cancel(&admin, &first, with(lines.clone(), json!({"dry_run": true}))).await.expect(200).body;
    assert_eq!(texts(&would["difference"]["money"], ["current_total", "amount_credited"]), ["-55500.00", "55500.00"]);
    let after = cancel(&admin, &first, lines).await.expect(200).body;
    assert_eq!(texts(&after, STANDING), ["166500.00", "55500.00", "0.00", "0.00", "paid"]);
    assert_eq!(get(&admin, "payments", &money).await["unapplied_amount"], "55500.00");
    clean(&app).await;

    let second = order(&admin, both.clone()).await;
    prepaid(&admin, &second, "100").await;
    let edit = json!({"lines": [{"order_line_id": coffee(&second), "remove": true}]});
    let would =
        admin.post(&format!("/v1/orders/{}/edits", id(&second)), with(edit.clone(), json!({"dry_run": true}))).await.expect(200).body;
    assert_eq!(
        texts(&would["difference"]["money"], ["total", "current_total", "amount_credited"]),
        ["-111000.00", "-111000.00", "111000.00"]
    );
    let edited = admin.post(&format!("/v1/orders/{}/edits", id(&second)), edit).await.expect(200).body;
    assert_eq!(texts(&edited, ["total", "current_total", "amount_due", "payment_status"]), ["111000.00", "111000.00", "0.00", "paid"]);
    assert_eq!(edited, get(&admin, "orders", &second).await);
    clean(&app).await;

    // Half in advance: nothing is too much until less than half of it is wanted; what was deducted stays.
    let third = order(&admin, both).await;
    let (advance, _) = prepaid(&admin, &third, "50").await;
    ship(&admin, &third, "2").await;
    assert_eq!(invoice(&admin, &third, json!({})).await["total"], "0.00");
    cancel(&admin, &third, json!({"lines": [{"order_line_id": coffee(&third)}]})).await.expect(200);
    assert_eq!(get(&admin, "invoices", &advance).await["amount_credited"], "0.00");
    let rest = cancel(&admin, &third, json!({})).await.expect(200).body;
    assert_eq!(texts(&rest, ["status", "current_total", "amount_credited", "amount_due"]), ["completed", "44400.00", "66600.00", "0.00"]);
    assert_eq!(count(&event_types(&admin, &third).await, "order.completed"), 1);
    clean(&app).await;
}

#[actix_web::test]
async fn the_newest_prepayment_gives_first_and_one_that_nobody_paid_is_due_by_less() {
    let app = start().await;
    let (_, admin) = company(&app).await;
    let placed = order(&admin, json!({})).await;
    let (old, _) = prepaid(&admin, &placed, "40").await;
    let new = invoice(&admin, &placed, json!({"prepayment": true})).await;
    assert_eq!(new["total"], "66600.00");
    cancel(&admin, &placed, json!({"lines": [{"order_line_id": placed["lines"][0]["id"], "quantity": "4"}]})).await.expect(200);
    assert_eq!(texts(&get(&admin, "invoices", &new).await, ["status", "amount_due"]), ["credited", "0.00"]);
    assert_eq!(texts(&get(&admin, "invoices", &old).await, ["amount_credited", "amount_due"]), ["22200.00", "0.00"]);
    clean(&app).await;

    let unpaid = order(&admin, json!({})).await;
    let advance = invoice(&admin, &unpaid, json!({"prepayment": true})).await;
    ship(&admin, &unpaid, "1").await;
    let cancelled = cancel(&admin, &unpaid, json!({})).await.expect(200).body;
    assert_eq!(texts(&cancelled, STANDING), ["22200.00", "88800.00", "0.00", "22200.00", "unpaid"]);
    pay(&admin, "22000.00", json!({"order_id": id(&unpaid)})).await.expect(201);
    assert_eq!(texts(&get(&admin, "orders", &unpaid).await, ["amount_due", "payment_status"]), ["200.00", "partially_paid"]);
    pay(&admin, "200.00", json!({"order_id": id(&unpaid)})).await.expect(201);
    assert_eq!(texts(&get(&admin, "orders", &unpaid).await, ["amount_due", "payment_status"]), ["0.00", "paid"]);
    assert_eq!(get(&admin, "invoices", &advance).await["status"], "paid");
    clean(&app).await;
}

#[actix_web::test]
async fn an_order_is_not_paid_while_money_is_due() {
    let app = start().await;
    let (_, admin) = company(&app).await;
    let placed = order(&admin, json!({})).await;
    let (advance, _) = prepaid(&admin, &placed, "20").await;
    // What is taken back of a prepayment is to be invoiced again: the order costs as much as before.
    credit(&admin, &advance, json!({})).await.expect(201);
    pay(&admin, "88800.00", json!({"order_id": id(&placed)})).await.expect(201);
    assert_eq!(
        texts(&get(&admin, "orders", &placed).await, STANDING),
        ["111000.00", "22200.00", "111000.00", "22200.00", "partially_paid"]
    );
    clean(&app).await;
}

#[actix_web::test]
async fn a_prepayment_is_credited_by_an_amount_as_far_as_it_is_not_deducted() {
    let app = start().await;
    let (_, admin) = company(&app).await;
    let placed = order(&admin, json!({})).await;
    let (advance, money) = prepaid(&admin, &placed, "50").await;
    let least = credit(&admin, &advance, json!({"amount": "0.04", "dry_run": true})).await.expect(200).body;
    assert_eq!(least["difference"]["money"]["amount_credited"], "0.04");
    let note = credit(&admin, &advance, json!({"amount": "10000.01"})).await.expect(201).body;
    assert_eq!(texts(&note, ["subtotal", "tax_total", "total"]), ["9009.02", "990.99", "10000.01"]);
    assert_eq!(texts(&get(&admin, "orders", &placed).await, ["uninvoiced_total", "current_total"]), ["65500.01", "111000.00"]);
    assert_eq!(get(&admin, "payments", &money).await["unapplied_amount"], "10000.01");
    clean(&app).await;
    ship(&admin, &placed, "2").await;
    let bill = invoice(&admin, &placed, json!({})).await;
    assert_eq!(bill["total"], "0.00");
    for body in [json!({}), json!({"amount": "1100.00"})] {
        let refused = credit(&admin, &advance, body).await.expect(409);
        assert_eq!(texts(&refused.body, ["code", "creditable_amount"]), ["prepayment_deducted", "1099.99"]);
    }
    for (of, body, pointer, code) in [
        (&bill, json!({"amount": "1.00"}), "/amount", "only_of_prepayment"),
        (&advance, json!({"amount": "0"}), "/amount", "out_of_range"),
        (&advance, json!({"amount": "0.001"}), "/amount", "too_many_decimals"),
        (&advance, json!({"amount": "1.00", "shipping": true}), "/amount", "exactly_one_of"),
    ] {
        let refused = credit(&admin, of, body).await.expect(422).body;
        assert_eq!((&refused["errors"][0]["pointer"], &refused["errors"][0]["code"]), (&json!(pointer), &json!(code)));
    }
    let ask = || credit(&admin, &advance, json!({"amount": "600.00"}));
    let mut statuses: Vec<u16> = join_all([ask(), ask(), ask()]).await.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409]);
    credit(&admin, &advance, json!({"amount": "499.99"})).await.expect(201);
    assert_eq!(credit(&admin, &advance, json!({"amount": "0.01"})).await.code(409), "prepayment_deducted");
    clean(&app).await;
}

#[actix_web::test]
async fn goods_that_come_back_before_their_invoice_give_their_prepayment_back() {
    let app = start().await;
    let (_, admin) = company(&app).await;
    let placed = order(&admin, json!({})).await;
    let (advance, money) = prepaid(&admin, &placed, "100").await;
    ship(&admin, &placed, "5").await;
    let rma = came_back(&admin, &placed, "2").await;
    let would = complete(&admin, &rma, json!({"dry_run": true})).await.expect(200).body;
    assert_eq!(
        texts(&would["difference"]["money"], ["current_total", "amount_credited", "amount_paid"]),
        ["-44400.00", "44400.00", "-44400.00"]
    );
    let done = complete(&admin, &rma, json!({})).await.expect(200).body;
    assert_eq!(texts(&done, ["amount_credited", "amount_refunded"]), ["44400.00", "44400.00"]);
    assert_eq!(texts(&get(&admin, "orders", &placed).await, STANDING), ["66600.00", "44400.00", "0.00", "0.00", "paid"]);
    assert_eq!(texts(&get(&admin, "payments", &money).await, ["amount_refunded", "unapplied_amount"]), ["44400.00", "0.00"]);
    assert_eq!(get(&admin, "invoices", &advance).await["amount_due"], "0.00");
    clean(&app).await;
    assert_eq!(invoice(&admin, &placed, json!({})).await["total"], "0.00");
    assert_eq!(texts(&get(&admin, "orders", &placed).await, ["status", "current_total"]), ["completed", "66600.00"]);
    clean(&app).await;
}

#[actix_web::test]
async fn goods_whose_invoice_deducted_a_prepayment_come_back_and_take_as_much_of_it_along() {
    let app = start().await;
    let (_, admin) = company(&app).await;
    // All in advance: the invoice comes to nothing. Two of five bags come back, less a fee of 4,000 and its tax.
    let whole = order(&admin, json!({})).await;
    prepaid(&admin, &whole, "100").await;
    ship(&admin, &whole, "5").await;
    let bill = invoice(&admin, &whole, json!({})).await;
    let rma = came_back(&admin, &whole, "2").await;
    let done = complete(&admin, &rma, json!({"restocking_fee": "4000"})).await.expect(200).body;
    assert_eq!(texts(&done, ["amount_credited", "amount_refunded", "restocking_fee"]), ["39960.00", "39960.00", "4000.00"]);
    assert_eq!(done["credit_note_ids"].as_array().unwrap().len(), 2);
    assert_eq!(texts(&get(&admin, "orders", &whole).await, STANDING), ["71040.00", "39960.00", "0.00", "0.00", "paid"]);
    clean(&app).await;
    // The rest by hand: 62,160 + 4,440 that were kept back stay.
    let goods = json!({"lines": [{"order_line_id": whole["lines"][0]["id"], "quantity": "3"}]});
    assert_eq!(credit(&admin, &bill, goods).await.expect(201).body["total"], "0.00");
    assert_eq!(texts(&get(&admin, "orders", &whole).await, STANDING), ["4440.00", "106560.00", "0.00", "0.00", "paid"]);
    clean(&app).await;

    // Half in advance: 55,500 on either invoice. Four bags, 88,800, come back.
    let half = order(&admin, json!({})).await;
    let (advance, _) = prepaid(&admin, &half, "50").await;
    ship(&admin, &half, "5").await;
    let bill = invoice(&admin, &half, json!({})).await;
    pay(&admin, "55500.00", json!({"invoice_id": id(&bill)})).await.expect(201);
    let rma = came_back(&admin, &half, "4").await;
    let done = complete(&admin, &rma, json!({})).await.expect(200).body;
    assert_eq!(texts(&done, ["amount_credited", "amount_refunded"]), ["88800.00", "88800.00"]);
    assert_eq!(get(&admin, "invoices", &bill).await["amount_credited"], "55500.00");
    assert_eq!(get(&admin, "invoices", &advance).await["amount_credited"], "33300.00");
    assert_eq!(texts(&get(&admin, "orders", &half).await, STANDING), ["22200.00", "88800.00", "0.00", "0.00", "paid"]);
    clean(&app).await;

    // Part of the order is still to come: it deducts what came back first.
    let parts = order(&admin, json!({})).await;
    let (advance, _) = prepaid(&admin, &parts, "60").await;
    ship(&admin, &parts, "3").await;
    invoice(&admin, &parts, json!({})).await;
    let rma = came_back(&admin, &parts, "1").await;
    let done = complete(&admin, &rma, json!({})).await.expect(200).body;
    assert_eq!(texts(&done, ["amount_credited", "amount_refunded"]), ["0.00", "0.00"], "the next invoice deducts it");
    ship(&admin, &parts, "2").await;
    assert_eq!(invoice(&admin, &parts, json!({})).await["total"], "22200.00");
    assert_eq!(get(&admin, "invoices", &advance).await["amount_credited"], "0.00");
    assert_eq!(texts(&get(&admin, "orders", &parts).await, STANDING), ["88800.00", "0.00", "0.00", "22200.00", "partially_paid"]);
    clean(&app).await;
}

#[actix_web::test]
async fn of_several_tax_rates_the_one_of_the_goods_comes_back() {
    let app = start().await;
    let (_, admin) = company(&app).await;
    admin.put("/v1/products", json!([{"sku": "BUKU", "name": "Buku", "unit": "C62", "tax_category": "zero"}])).await.expect(200);
    admin.put("/v1/prices", json!([{"price_list": "default", "sku": "BUKU", "currency": "IDR", "unit_price": "50000"}])).await.expect(200);
    let rate = json!([{"country": "ID", "tax_category": "zero", "tax_scheme_category": "Z", "name": "PPN 0 %", "rate": "0"}]);
    admin.put("/v1/tax_rates", rate).await.expect(200);
    receive(&admin, "jakarta", "BUKU", "10").await;
    // 100,000 + 11,000 of tea, 100,000 of books.
    let placed = order(&admin, json!({"lines": [{"sku": "TEH", "quantity": "5"}, {"sku": "BUKU", "quantity": "2"}]})).await;
    let (advance, _) = prepaid(&admin, &placed, "100").await;
    assert_eq!(advance["total"], "211000.00");
    // By amount both rates in their proportion: 21,100 is a tenth.
    let tenth = credit(&admin, &advance, json!({"amount": "21100.00", "dry_run": true})).await.expect(200).body;
    assert_eq!(texts(&tenth["difference"]["money"], ["amount_credited", "uninvoiced_total"]), ["21100.00", "21100.00"]);
    let work = admin.get(&format!("/v1/fulfillment_orders?order_id={}", id(&placed))).await.expect(200).body["data"][0].clone();
    admin.post(&format!("/v1/fulfillment_orders/{}/ship", id(&work)), json!({"carrier": "jne"})).await.expect(201);
    let bill = invoice(&admin, &placed, json!({})).await;
    assert_eq!((bill["total"].as_str(), bill["lines"].as_array().unwrap().len()), (Some("0.00"), 4));
    let one = json!({"lines": [{"order_line_id": placed["lines"][0]["id"], "quantity": "1"}]});
    let note = credit(&admin, &bill, one).await.expect(201).body;
    let lines: Vec<[String; 3]> =
        note["lines"].as_array().unwrap().iter().map(|line| texts(line, ["sku", "net_amount", "tax_amount"])).collect();
    assert_eq!(lines, [["TEH", "20000.00", "2200.00"], ["PREPAYMENT", "-20000.00", "-2200.00"]]);
    let back = admin.get(&format!("/v1/credit_notes?invoice_id={}", id(&advance))).await.expect(200).body["data"][0].clone();
    assert_eq!(texts(&back, ["subtotal", "tax_total", "total"]), ["20000.00", "2200.00", "22200.00"]);
    clean(&app).await;
    credit(&admin, &bill, json!({})).await.expect(201);
    assert_eq!(texts(&get(&admin, "orders", &placed).await, ["current_total", "amount_due"]), ["0.00", "0.00"]);
    clean(&app).await;
}

#[actix_web::test]
async fn two_who_cancel_at_once_give_back_what_both_take_off() {
    let app = start().await;
    let (_, admin) = company(&app).await;
    let placed = order(&admin, json!({})).await;
    let (_, money) = prepaid(&admin, &placed, "100").await;
    let one = || cancel(&admin, &placed, json!({"lines": [{"order_line_id": placed["lines"][0]["id"], "quantity": "1"}]}));
    for reply in join_all([one(), one(), one()]).await {
        reply.expect(200);
    }
    assert_eq!(get(&admin, "payments", &money).await["unapplied_amount"], "66600.00");
    assert_eq!(texts(&get(&admin, "orders", &placed).await, STANDING), ["44400.00", "66600.00", "0.00", "0.00", "paid"]);
    clean(&app).await;
}

/// Goods of one tax rate become goods of another: the prepayment is too much of the one and missing of the other, and what was paid stays
/// with the order.
#[actix_web::test]
async fn who_has_paid_more_than_a_cheaper_order_costs_does_not_wait_for_a_payment() {
    let app = start().await;
    let (_, admin) = company(&app).await;
    let rates = json!([{"country": "ID", "tax_category": "reduced", "tax_scheme_category": "S", "name": "PPN", "rate": "0.05"}]);
    admin.put("/v1/tax_rates", rates).await.expect(200);
    let book = json!([{"sku": "BUKU", "name": "Buku", "unit": "C62", "tax_category": "reduced"}]);
    admin.put("/v1/products", book).await.expect(200);
    admin.put("/v1/prices", json!([{"sku": "BUKU", "currency": "IDR", "unit_price": "10000"}])).await.expect(200);
    receive(&admin, "jakarta", "BUKU", "100").await;
    let lines = json!([{"sku": "BUKU", "quantity": "9"}, {"sku": "TEH", "quantity": "1"}]);
    let placed = order(&admin, json!({"payment_terms": "prepaid", "lines": lines})).await;
    let (_, money) = prepaid(&admin, &placed, "100").await;
    let paid = get(&admin, "orders", &placed).await;
    assert_eq!(texts(&paid, ["status", "current_total", "payment_status"]), ["confirmed", "116700.00", "paid"]);

    let fewer = json!({"lines": [{"order_line_id": paid["lines"][0]["id"], "quantity": "1"}, {"order_line_id": paid["lines"][1]["id"], "quantity": "2"}]});
    let cheaper = admin.post(&format!("/v1/orders/{}/edits", id(&placed)), fewer).await.expect(200).body;
    assert_eq!(
        texts(&cheaper, ["status", "current_total", "amount_paid", "amount_due", "payment_status"]),
        ["confirmed", "54900.00", "54900.00", "0.00", "paid"]
    );
    assert_eq!(get(&admin, "payments", &money).await["unapplied_amount"], "61800.00");
    clean(&app).await;

    let work = admin.get(&format!("/v1/fulfillment_orders?order_id={}", id(&placed))).await.expect(200).body["data"].clone();
    for job in work.as_array().unwrap() {
        admin.post(&format!("/v1/fulfillment_orders/{}/ship", id(job)), json!({"carrier": "jne"})).await.expect(201);
    }
    let last = invoice(&admin, &placed, json!({})).await;
    assert_eq!(texts(&last, ["status", "amount_due"]), ["paid", "0.00"]);
    assert_eq!(texts(&get(&admin, "orders", &placed).await, ["status", "payment_status"]), ["completed", "paid"]);
    clean(&app).await;
}

/// A part was paid and came back, the rest is still to come: what the one sets free pays for the other.
#[actix_web::test]
async fn what_a_return_sets_free_stays_with_an_order_that_is_not_paid_yet() {
    let app = start().await;
    let (_, admin) = company(&app).await;
    let placed = order(&admin, json!({})).await;
    ship(&admin, &placed, "3").await;
    let first = invoice(&admin, &placed, json!({})).await;
    let money = pay(&admin, "66600.00", json!({"invoice_id": id(&first)})).await.expect(201).body;
    let rma = came_back(&admin, &placed, "1").await;
    let done = complete(&admin, &rma, json!({"refund": false})).await.expect(200).body;
    assert_eq!(done["amount_credited"], "22200.00");
    assert_eq!(get(&admin, "payments", &money).await["unapplied_amount"], "0.00");
    assert_eq!(texts(&get(&admin, "orders", &placed).await, ["amount_paid", "amount_due"]), ["66600.00", "22200.00"]);
    clean(&app).await;
    ship(&admin, &placed, "2").await;
    let last = invoice(&admin, &placed, json!({})).await;
    assert_eq!(texts(&last, ["total", "amount_paid", "amount_due"]), ["44400.00", "22200.00", "22200.00"]);
    clean(&app).await;
}
