//! What settles a return in the end: goods in other units than they were sold in, and goods that were credited before they came.

use crate::money::{company, get, id, order, pay, start};
use crate::returns::returned;
use crate::shop::{clean, receive};
use crate::support::app::{Caller, TestApp};
use serde_json::{Value, json};

const KOPI: &str = r#"{"sku": "KOPI", "name": "Kopi", "unit": "C62", "tax_category": "standard"}"#;

async fn shop_with_boxes(app: &TestApp) -> Caller<'_> {
    let (_, admin) = company(app).await;
    receive(&admin, "jakarta", "KOPI", "500").await;
    admin
}

/// So many boxes of twelve that left, were invoiced and paid.
async fn boxes(admin: &Caller<'_>, quantity: &str) -> Value {
    let line = json!({"sku": "KOPI", "quantity": quantity, "unit": "XBX", "discounts": [{"percent": "1"}]});
    let placed = order(admin, json!({"lines": [line]})).await;
    let work = admin.get(&format!("/v1/fulfillment_orders?order_id={}", id(&placed))).await.expect(200).body["data"][0].clone();
    admin.post(&format!("/v1/fulfillment_orders/{}/ship", id(&work)), json!({"carrier": "jne"})).await.expect(201);
    let invoice = admin.post(&format!("/v1/orders/{}/invoices", id(&placed)), json!({})).await.expect(201).body;
    pay(admin, invoice["total"].as_str().unwrap(), json!({"invoice_id": id(&invoice)})).await.expect(201);
    placed
}

async fn complete(admin: &Caller<'_>, rma: &Value, body: Value) -> Value {
    admin.post(&format!("/v1/returns/{}/complete", id(rma)), body).await.expect(200).body
}

async fn replacement(admin: &Caller<'_>, done: &Value) -> Value {
    admin.get(&format!("/v1/orders/{}", done["replacement_order_id"].as_str().unwrap())).await.expect(200).body
}

#[actix_web::test]
async fn a_box_is_replaced_by_what_was_in_it_when_it_was_sold() {
    let app = start().await;
    let admin = shop_with_boxes(&app).await;
    let placed = boxes(&admin, "4").await;
    let rma = returned(&admin, &placed, &[(0, "1")]).await;
    let same = replacement(&admin, &complete(&admin, &rma, json!({"replacement": true})).await).await;
    assert_eq!((&same["lines"][0]["unit"], &same["lines"][0]["quantity"]), (&json!("XBX"), &json!("1")));

    // Boxes hold six from today on; then there are none.
    for units in [json!([{"unit": "XBX", "factor": "6"}]), json!([])] {
        let mut product: Value = serde_json::from_str(KOPI).unwrap();
        product["units"] = units;
        admin.put("/v1/products", json!([product])).await.expect(200);
        let rma = returned(&admin, &placed, &[(0, "1")]).await;
        let done = complete(&admin, &rma, json!({"replacement": true, "refund": true})).await;
        let new = replacement(&admin, &done).await;
        let line = &new["lines"][0];
        assert_eq!((&line["unit"], &line["quantity"], &line["base_quantity"]), (&json!("C62"), &json!("12"), &json!("12")));
        assert_eq!(new["total"], done["amount_credited"], "it costs what the box has cost");
        clean(&app).await;
    }
}

#[actix_web::test]
async fn goods_that_were_credited_before_they_came_are_not_credited_again() {
    let app = start().await;
    let admin = shop_with_boxes(&app).await;
    let placed = boxes(&admin, "4").await;
    let invoice = admin.get(&format!("/v1/invoices?order_id={}", id(&placed))).await.expect(200).body["data"][0].clone();
    let line = json!([{"order_line_id": placed["lines"][0]["id"], "quantity": "3"}]);
    let note = json!({"invoice_id": id(&invoice), "reason": "Three boxes will come back", "lines": line});
    let note = admin.post("/v1/credit_notes", note).await.expect(201).body;
    let rma = returned(&admin, &placed, &[(0, "3")]).await;
    let refused =
        admin.post(&format!("/v1/returns/{}/complete", id(&rma)), json!({"credit": false, "refund": true})).await.expect(422).body;
    assert_eq!((&refused["errors"][0]["code"], &refused["errors"][0]["pointer"]), (&json!("nothing_credited"), &json!("/refund")));
    let done = complete(&admin, &rma, json!({"credit": false})).await;
    assert_eq!((&done["status"], &done["amount_credited"], &done["credit_note_ids"]), (&json!("completed"), &json!("0.00"), &json!([])));
    let standing = get(&admin, "orders", &placed).await;
    assert_eq!((&standing["amount_credited"], &standing["lines"][0]["returned_quantity"]), (&note["total"], &json!("3")));
    clean(&app).await;
}
