//! Money that is invoiced in advance: the invoices of an order with its prepayments add up to it, taxes and all.

use crate::money::{company, count, event_types, get, id, order, pay, ship, start};
use crate::shop::clean;
use crate::support::app::{Caller, Reply, TestApp};
use futures_util::future::join_all;
use serde_json::{Value, json};

async fn invoice(admin: &Caller<'_>, order: &Value, body: Value) -> Reply {
    admin.post(&format!("/v1/orders/{}/invoices", id(order)), body).await
}

async fn in_advance(admin: &Caller<'_>, order: &Value, percent: &str) -> Value {
    invoice(admin, order, json!({"prepayment": true, "percent": percent})).await.expect(201).body
}

fn amounts(invoice: &Value) -> [&str; 4] {
    ["subtotal", "tax_total", "total", "amount_due"].map(|name| invoice[name].as_str().unwrap())
}

#[actix_web::test]
async fn a_prepayment_is_invoiced_paid_and_deducted_with_its_tax() {
    let app: TestApp = start().await;
    let (_, admin) = company(&app).await;
    let placed = order(&admin, json!({"payment_terms": "net_30"})).await;
    // 30 % of 111,000.00.
    let advance = in_advance(&admin, &placed, "30").await;
    assert_eq!(
        (&advance["kind"], &advance["number"], &advance["due_on"]),
        (&json!("prepayment"), &json!("INV-000001"), &json!("2026-03-02"))
    );
    assert_eq!(amounts(&advance), ["30000.00", "3300.00", "33300.00", "33300.00"]);
    let line = &advance["lines"][0];
    assert_eq!((&line["order_line_id"], &line["prepayment_invoice_id"], &line["quantity"]), (&Value::Null, &advance["id"], &json!("1")));
    let shown = get(&admin, "orders", &placed).await;
    assert_eq!((&shown["amount_invoiced"], &shown["uninvoiced_total"]), (&json!("33300.00"), &json!("77700.00")));
    assert_eq!((&shown["amount_due"], &shown["invoice_status"]), (&json!("111000.00"), &json!("not_invoiced")));
    clean(&app).await;
    pay(&admin, "33300.00", json!({"invoice_id": id(&advance)})).await.expect(201);
    assert_eq!(get(&admin, "invoices", &advance).await["status"], "paid");

    // Two bags: 40,000 + 4,400, less 30,000 + 3,300. Then three: 60,000 + 6,600.
    ship(&admin, &placed, "2").await;
    let first = invoice(&admin, &placed, json!({})).await.expect(201).body;
    assert_eq!(amounts(&first), ["10000.00", "1100.00", "11100.00", "11100.00"]);
    let deducted = &first["lines"][1];
    assert_eq!(
        (&deducted["net_amount"], &deducted["tax_amount"], &deducted["prepayment_invoice_id"]),
        (&json!("-30000.00"), &json!("-3300.00"), &advance["id"])
    );
    assert_eq!(first["tax_breakdown"][0]["net_amount"], "10000.00");
    ship(&admin, &placed, "3").await;
    let second = invoice(&admin, &placed, json!({})).await.expect(201).body;
    assert_eq!(amounts(&second), ["60000.00", "6600.00", "66600.00", "66600.00"]);
    pay(&admin, "77700.00", json!({"order_id": id(&placed)})).await.expect(201);
    let done = get(&admin, "orders", &placed).await;
    assert_eq!((&done["status"], &done["payment_status"], &done["amount_due"]), (&json!("completed"), &json!("paid"), &json!("0.00")));
    clean(&app).await;
}

#[actix_web::test]
async fn a_prepayment_settles_with_money_that_is_there_and_releases_its_order() {
    let app: TestApp = start().await;
    let (_, admin) = company(&app).await;
    let placed = order(&admin, json!({"payment_terms": "prepaid"})).await;
    pay(&admin, "11000.00", json!({"order_id": id(&placed)})).await.expect(201);
    let all = invoice(&admin, &placed, json!({"prepayment": true})).await.expect(201).body;
    assert_eq!(amounts(&all), ["100000.00", "11000.00", "111000.00", "100000.00"]);
    assert_eq!(invoice(&admin, &placed, json!({"prepayment": true})).await.code(409), "nothing_to_invoice");
    pay(&admin, "100000.00", json!({"invoice_id": id(&all)})).await.expect(201);
    assert_eq!(get(&admin, "orders", &placed).await["status"], "confirmed");
    ship(&admin, &placed, "5").await;
    let last = invoice(&admin, &placed, json!({})).await.expect(201).body;
    assert_eq!((amounts(&last), &last["status"]), (["0.00", "0.00", "0.00", "0.00"], &json!("paid")));
    assert_eq!(get(&admin, "orders", &placed).await["status"], "completed");
    clean(&app).await;
}

#[actix_web::test]
async fn a_cancelled_order_gives_its_prepayment_back() {
    let app: TestApp = start().await;
    let (_, admin) = company(&app).await;
    let placed = order(&admin, json!({})).await;
    let advance = in_advance(&admin, &placed, "50").await;
    let money = pay(&admin, "55500.00", json!({"invoice_id": id(&advance)})).await.expect(201).body;
    let cancel = json!({"reason": {"code": "customer_request"}});
    let cancelled = admin.post(&format!("/v1/orders/{}/cancel", id(&placed)), cancel).await.expect(200).body;
    assert_eq!(
        (&cancelled["status"], &cancelled["amount_credited"], &cancelled["amount_due"]),
        (&json!("cancelled"), &json!("55500.00"), &json!("0.00"))
    );
    assert_eq!(get(&admin, "invoices", &advance).await["status"], "credited");
    assert_eq!(get(&admin, "payments", &money).await["unapplied_amount"], "55500.00");
    assert_eq!(count(&event_types(&admin, &placed).await, "credit_note.issued"), 1);
    admin.post(&format!("/v1/orders/{}/refunds", id(&placed)), json!({"amount": "55500.00", "reason": "Cancelled"})).await.expect(201);
    clean(&app).await;
}

#[actix_web::test]
async fn a_prepayment_can_be_taken_back_until_it_is_deducted() {
    let app: TestApp = start().await;
    let (_, admin) = company(&app).await;
    let placed = order(&admin, json!({})).await;
    let dropped = in_advance(&admin, &placed, "20").await;
    let credit = |invoice: &Value| json!({"invoice_id": id(invoice), "reason": "Agreed otherwise"});
    admin.post("/v1/credit_notes", credit(&dropped)).await.expect(201);
    assert_eq!(get(&admin, "orders", &placed).await["uninvoiced_total"], "111000.00");
    clean(&app).await;
    let advance = invoice(&admin, &placed, json!({"prepayment": true, "amount": "22200.00"})).await.expect(201).body;
    ship(&admin, &placed, "5").await;
    let last = invoice(&admin, &placed, json!({})).await.expect(201).body;
    assert_eq!(amounts(&last), ["80000.00", "8800.00", "88800.00", "88800.00"]);
    assert_eq!(admin.post("/v1/credit_notes", credit(&advance)).await.code(409), "prepayment_deducted");
    // All of the goods are worth more than the invoice came to: the deduction comes back with them, and the prepayment is given back.
    let goods = json!([{"order_line_id": placed["lines"][0]["id"], "quantity": "5"}]);
    let only_goods = json!({"invoice_id": id(&last), "reason": "Lost", "lines": goods});
    let whole = admin.post("/v1/credit_notes", only_goods).await.expect(201).body;
    assert_eq!((&whole["total"], whole["lines"].as_array().unwrap().len()), (&json!("88800.00"), 2));
    assert_eq!(admin.post("/v1/credit_notes", credit(&last)).await.code(409), "nothing_to_credit");
    clean(&app).await;
    assert_eq!(admin.post("/v1/credit_notes", credit(&advance)).await.code(409), "nothing_to_credit");
    let order = get(&admin, "orders", &placed).await;
    assert_eq!((&order["amount_due"], &order["uninvoiced_total"]), (&json!("0.00"), &json!("0.00")));
    clean(&app).await;
}

#[actix_web::test]
async fn bad_prepayments_are_refused_and_two_at_once_ask_for_no_more_than_there_is() {
    let app: TestApp = start().await;
    let (_, admin) = company(&app).await;
    let placed = order(&admin, json!({})).await;
    for (body, pointer, code) in [
        (json!({"amount": "1.00"}), "/amount", "only_of_prepayment"),
        (json!({"percent": "10"}), "/percent", "only_of_prepayment"),
        (json!({"prepayment": true, "amount": "1.00", "percent": "10"}), "", "exactly_one_of"),
        (json!({"prepayment": true, "percent": "100.1"}), "/percent", "out_of_range"),
        (json!({"prepayment": true, "amount": "0"}), "/amount", "out_of_range"),
        (json!({"prepayment": true, "amount": "0.001"}), "/amount", "too_many_decimals"),
        (json!({"prepayment": true, "lines": []}), "/lines", "not_of_prepayment"),
    ] {
        let reply = invoice(&admin, &placed, body).await.expect(422);
        assert_eq!((&reply.body["errors"][0]["pointer"], &reply.body["errors"][0]["code"]), (&json!(pointer), &json!(code)));
    }
    assert_eq!(invoice(&admin, &placed, json!({"prepayment": true, "amount": "111000.01"})).await.code(409), "exceeds_invoiceable");
    let ask = || invoice(&admin, &placed, json!({"prepayment": true, "amount": "60000.00"}));
    let mut statuses: Vec<u16> = join_all([ask(), ask(), ask()]).await.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409]);
    clean(&app).await;
}

#[actix_web::test]
async fn a_deduction_is_taken_back_with_the_tax_that_it_had() {
    let app = start().await;
    let (_, admin) = company(&app).await;
    let order = order(&admin, json!({"shipping": {"amount": "10000"}, "discounts": [{"percent": "7.5"}]})).await;
    in_advance(&admin, &order, "33").await;
    ship(&admin, &order, "5").await;
    let bill = invoice(&admin, &order, json!({})).await.expect(201).body;
    let deducted = bill["lines"].as_array().unwrap().iter().find(|line| line["sku"] == "PREPAYMENT").unwrap().clone();
    let lines = json!([{"order_line_id": order["lines"][0]["id"], "quantity": "1"}]);
    admin.post("/v1/credit_notes", json!({"invoice_id": bill["id"], "reason": "Torn", "lines": lines})).await.expect(201);
    clean(&app).await;
    let rest = admin.post("/v1/credit_notes", json!({"invoice_id": bill["id"], "reason": "All of it"})).await.expect(201).body;
    let back = rest["lines"].as_array().unwrap().iter().find(|line| line["sku"] == "PREPAYMENT").unwrap();
    assert_eq!((&back["net_amount"], &back["tax_amount"]), (&deducted["net_amount"], &deducted["tax_amount"]));
    clean(&app).await;
}
