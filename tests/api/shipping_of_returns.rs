//! What becomes of the shipping where all goods come back before they are invoiced: it stays due, or is waived with them.

use crate::returns::{returned, shipped};
use crate::shop::{clean, customer, receive, shop};
use crate::support::app::{Caller, Reply, TestApp};
use serde_json::{Value, json};

async fn stocked(app: &TestApp) -> Caller<'_> {
    let (_, admin) = shop(app).await;
    customer(&admin, "C-1", json!({"credit_limit": "100000000"})).await;
    receive(&admin, "jakarta", "KOPI", "500").await;
    admin
}

/// Two of 50,000 and shipping of 15,000, with 11 %: 127,650.
async fn sent(admin: &Caller<'_>) -> Value {
    shipped(admin, &[("KOPI", "2")], json!({"shipping": {"method": "regular", "amount": "15000"}})).await
}

fn path(kind: &str, thing: &Value, more: &str) -> String {
    format!("/v1/{kind}/{}{more}", thing["id"].as_str().unwrap())
}

async fn invoice(admin: &Caller<'_>, order: &Value) -> Reply {
    admin.post(&path("orders", order, "/invoices"), json!({})).await
}

async fn complete(admin: &Caller<'_>, rma: &Value, body: Value) -> Reply {
    admin.post(&path("returns", rma, "/complete"), body).await
}

/// Status of the order and of its invoices, what is left to invoice, and what is owed.
async fn standing(admin: &Caller<'_>, order: &Value) -> [String; 4] {
    let now = admin.get(&path("orders", order, "")).await.expect(200).body;
    ["status", "invoice_status", "uninvoiced_total", "amount_due"].map(|field| now[field].as_str().unwrap().to_owned())
}

#[actix_web::test]
async fn shipping_stays_due_where_all_goods_came_back_before_the_invoice() {
    let app = TestApp::spawn().await;
    let admin = stocked(&app).await;
    let order = sent(&admin).await;
    let rma = returned(&admin, &order, &[(0, "2")]).await;
    complete(&admin, &rma, json!({})).await.expect(200);
    assert_eq!(standing(&admin, &order).await, ["confirmed", "not_invoiced", "16650.00", "16650.00"]);
    let bill = invoice(&admin, &order).await.expect(201).body;
    assert_eq!((&bill["lines"], &bill["shipping_net"], &bill["total"]), (&json!([]), &json!("15000.00"), &json!("16650.00")));
    assert_eq!(standing(&admin, &order).await, ["completed", "invoiced", "0.00", "16650.00"]);
    assert_eq!(invoice(&admin, &order).await.code(409), "nothing_to_invoice");
    let body = json!({"invoice_id": bill["id"], "reason": "as a favour", "shipping": true});
    let note = admin.post("/v1/credit_notes", body).await.expect(201).body;
    assert_eq!((&note["shipping_net"], &note["total"]), (&json!("15000.00"), &json!("16650.00")));
    assert_eq!(standing(&admin, &order).await, ["completed", "invoiced", "0.00", "0.00"]);
    clean(&app).await;
}

#[actix_web::test]
async fn shipping_that_is_given_back_before_the_invoice_is_never_billed() {
    let app = TestApp::spawn().await;
    let admin = stocked(&app).await;
    let order = sent(&admin).await;
    let rma = returned(&admin, &order, &[(0, "2")]).await;
    complete(&admin, &rma, json!({"refund_shipping": true})).await.expect(200);
    assert_eq!(standing(&admin, &order).await, ["completed", "not_invoiced", "0.00", "0.00"]);
    // Of a part, the rest is billed without it: 50,000 and 11 %.
    let order = sent(&admin).await;
    let rma = returned(&admin, &order, &[(0, "1")]).await;
    complete(&admin, &rma, json!({"refund_shipping": true})).await.expect(200);
    let bill = invoice(&admin, &order).await.expect(201).body;
    assert_eq!((&bill["shipping_net"], &bill["total"]), (&json!("0.00"), &json!("55500.00")));
    assert_eq!(standing(&admin, &order).await, ["completed", "invoiced", "0.00", "55500.00"]);
    let rma = returned(&admin, &order, &[(0, "1")]).await;
    assert_eq!(complete(&admin, &rma, json!({"refund_shipping": true})).await.code(409), "nothing_to_credit");
    complete(&admin, &rma, json!({})).await.expect(200);
    clean(&app).await;
}

#[actix_web::test]
async fn money_that_was_paid_before_goes_back_but_for_the_shipping() {
    let app = TestApp::spawn().await;
    let admin = stocked(&app).await;
    let order = sent(&admin).await;
    let paid = json!({"order_id": order["id"], "amount": "127650", "currency": "IDR", "method": "card"});
    admin.post("/v1/payments", paid).await.expect(201);
    let rma = returned(&admin, &order, &[(0, "2")]).await;
    let done = complete(&admin, &rma, json!({"refund": true})).await.expect(200).body;
    assert_eq!(done["amount_refunded"], "111000.00");
    assert_eq!(standing(&admin, &order).await, ["confirmed", "not_invoiced", "16650.00", "0.00"]);
    let bill = invoice(&admin, &order).await.expect(201).body;
    assert_eq!((&bill["status"], &bill["amount_paid"], &bill["amount_due"]), (&json!("paid"), &json!("16650.00"), &json!("0.00")));
    assert_eq!(standing(&admin, &order).await, ["completed", "invoiced", "0.00", "0.00"]);
    clean(&app).await;
}
