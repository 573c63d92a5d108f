//! Money that shops take and pay back: in the currency of the order or not at all, once however many transactions it takes, and not for
//! orders that were left aside.

use crate::money::{id, with};
use crate::shop::clean;
use crate::shopify::{body, lines, ready, start};
use crate::support::app::{Caller, TestApp};
use crate::support::hooks::{messages, newest, order_of, shopify, work};
use pesanan::auth::permission::Role;
use serde_json::{Value, json};

const ORDER: u64 = 9_007_199_254_740_995;

/// A shop of dollars, a buyer of rupiah.
fn both(usd: &str, idr: &str) -> Value {
    json!({"shop_money": {"amount": usd, "currency_code": "USD"}, "presentment_money": {"amount": idr, "currency_code": "IDR"}})
}

/// 3 × 160,000 rupiah, which are 3 × 10 dollars.
fn in_rupiah(more: Value) -> Value {
    let order = json!({"presentment_currency": "IDR", "total_price": "30.00", "total_price_set": both("30.00", "480000"), "total_tax": "0.00",
        "total_tax_set": both("0.00", "0"), "shipping_lines": [], "line_items": [{"id": 11, "sku": "KOPI", "quantity": 3, "price": "10.00",
            "price_set": both("10.00", "160000"), "tax_lines": []}]});
    body(with(order, more))
}

fn one_back(reference: u64, more: Value) -> Value {
    let refund = json!({"id": reference, "order_id": ORDER,
        "transactions": [{"id": 1, "kind": "refund", "status": "success", "amount": "160000.00", "currency": "IDR"}],
        "refund_line_items": [{"line_item_id": 11, "quantity": 1, "restock_type": "cancel", "subtotal": "10.00", "subtotal_set": both("10.00", "160000"),
            "total_tax": "0.00", "total_tax_set": both("0.00", "0")}]});
    with(refund, more)
}

async fn refunded(admin: &Caller<'_>, order: &Value) -> Vec<(String, String)> {
    let payments = admin.get(&format!("/v1/payments?order_id={}", id(order))).await.expect(200).body["data"].as_array().unwrap().clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    payments.iter().map(|payment| (text(&payment["amount_captured"]), text(&payment["amount_refunded"]))).collect()
}

async fn tell(app: &TestApp, admin: &Caller<'_>, channel: &Value, topic: &str, body: &Value) -> (Value, Value) {
    shopify(app, channel, topic, body).await.expect(200);
    work(app).await;
    let message = newest(admin).await;
    let order = order_of(admin, &message).await;
    (message, order)
}

#[actix_web::test]
async fn a_refund_counts_in_the_currency_that_the_buyer_has_paid_in() {
    let app = start().await;
    let (_, admin, channel) = ready(&app).await;
    let (_, order) = tell(&app, &admin, &channel, "orders/create", &in_rupiah(json!({}))).await;
    assert_eq!(
        (&order["currency"], &order["total"], &order["metadata"]["shop_currency"]),
        (&json!("IDR"), &json!("480000.00"), &json!("USD"))
    );
    // By itself, then inside the order: the goods are cancelled, and nothing is left that was paid back beside them.
    let (message, order) = tell(&app, &admin, &channel, "refunds/create", &one_back(77, json!({}))).await;
    assert_eq!((&message["status"], &message["reason"]), (&json!("processed"), &Value::Null));
    let (cancelled, none) = (vec![json!("1")], json!("0.00"));
    assert_eq!((lines(&order, "cancelled_quantity"), &order["discount_total"], &order["amount_due"]), (cancelled, &none, &none));
    let again = in_rupiah(json!({"updated_at": "2026-03-02T08:40:00+07:00", "financial_status": "partially_refunded",
        "refunds": [one_back(77, json!({})), one_back(78, json!({"transactions": [{"id": 2, "kind": "refund", "status": "success",
            "amount": "170000.00", "currency": "IDR"}]}))]}));
    let (message, order) = tell(&app, &admin, &channel, "orders/updated", &again).await;
    // 10,000 more than its goods: that much comes off the one bag that is left, a third of what the discount is on.
    assert_eq!((&message["reason"], lines(&order, "cancelled_quantity")), (&Value::Null, vec![json!("2")]));
    assert_eq!((&order["discount_total"], &order["amount_due"]), (&json!("30000.00"), &json!("0.00")));
    assert_eq!(refunded(&admin, &order).await, [("480000.00".to_owned(), "330000.00".to_owned())]);
    clean(&app).await;
}

#[actix_web::test]
async fn what_is_told_only_in_another_currency_is_a_person_s() {
    let app = start().await;
    let (_, admin, channel) = ready(&app).await;
    // What is still open of it stands only in dollars.
    let part = in_rupiah(json!({"financial_status": "partially_paid", "total_outstanding": "10.00"}));
    let (message, order) = tell(&app, &admin, &channel, "orders/create", &part).await;
    assert_eq!((&message["reason"]["code"], &message["reason"]["pointer"]), (&json!("payment_currency"), &json!("/total_outstanding")));
    assert_eq!((&order["status"], &order["amount_paid"]), (&json!("on_hold"), &json!("0.00")));
    let hold = id(&order["holds"][0]).to_owned();
    admin.post(&format!("/v1/orders/{}/holds/{hold}/release", id(&order)), json!({"reason": "looked at"})).await.expect(200);
    let paid = in_rupiah(json!({"updated_at": "2026-03-02T08:35:00+07:00"}));
    let (message, order) = tell(&app, &admin, &channel, "orders/paid", &paid).await;
    assert_eq!((&message["reason"], &order["amount_paid"], &order["status"]), (&Value::Null, &json!("480000.00"), &json!("confirmed")));
    // A refund of dollars: the goods are known, the money is not. It is not booked later either, since somebody has by then.
    let dollars = json!({"transactions": [{"id": 1, "kind": "refund", "status": "success", "amount": "10.00", "currency": "USD"}]});
    let (message, order) = tell(&app, &admin, &channel, "refunds/create", &one_back(77, dollars)).await;
    assert_eq!((&message["status"], &message["reason"]["code"]), (&json!("processed"), &json!("other_currency")));
    assert_eq!((&order["status"], lines(&order, "cancelled_quantity")), (&json!("on_hold"), vec![json!("1")]));
    let (message, order) = tell(&app, &admin, &channel, "refunds/create", &one_back(77, json!({}))).await;
    assert_eq!((&message["reason"]["code"], &order["discount_total"]), (&json!("overpaid"), &json!("0.00")));
    assert_eq!(refunded(&admin, &order).await, [("480000.00".to_owned(), "0.00".to_owned())]);

    // An order whose own amounts are told so is none.
    let mut foreign = in_rupiah(json!({"id": 2}));
    foreign["line_items"][0]["price_set"] = Value::Null;
    shopify(&app, &channel, "orders/create", &foreign).await.expect(200);
    work(&app).await;
    let message = newest(&admin).await;
    assert_eq!(
        (&message["status"], &message["reason"]["code"], &message["reason"]["pointer"]),
        (&json!("rejected"), &json!("other_currency"), &json!("/line_items/0/price"))
    );
    clean(&app).await;
}

#[actix_web::test]
async fn a_refund_at_prices_with_tax_has_its_tax_once() {
    let app = start().await;
    let (_, admin, channel) = ready(&app).await;
    // 2 × 110.00 with 10.00 of tax each and 15.00 shipping: 235.00. One goes back, with 5.00 of the shipping: half of a
    // discount of 10.00 falls on the one that stays; without the shop's tax of 10 % inside it is 9.09.
    let taxed = json!({"taxes_included": true, "total_price": "235.00", "total_tax": "20.00",
        "line_items": [{"id": 11, "sku": "KOPI", "quantity": 2, "price": "110.00", "tax_lines": [{"price": "20.00"}]}]});
    tell(&app, &admin, &channel, "orders/create", &body(taxed)).await;
    let refund = json!({"id": 77, "order_id": ORDER, "transactions": [{"kind": "refund", "status": "success", "amount": "115.00", "currency": "USD"}],
        "refund_line_items": [{"line_item_id": 11, "quantity": 1, "restock_type": "cancel", "subtotal": "110.00", "total_tax": "10.00"}]});
    let (message, order) = tell(&app, &admin, &channel, "refunds/create", &refund).await;
    assert_eq!((&message["reason"], &order["discount_total"], &order["amount_due"]), (&Value::Null, &json!("9.09"), &json!("0.00")));
    assert_eq!(refunded(&admin, &order).await, [("235.00".to_owned(), "115.00".to_owned())]);
    clean(&app).await;
}

#[actix_web::test]
async fn a_refund_whose_transactions_succeed_one_after_the_other_is_booked_as_they_do() {
    let app = start().await;
    let (_, admin, channel) = ready(&app).await;
    tell(&app, &admin, &channel, "orders/create", &body(json!({}))).await;
    // The second line (55.00 with its tax) and the shipping of 15.00 go back: of a discount of 22.50, 15.00 fall on the first line.
    let refund = |first: &str, second: &str| {
        let transaction = |status: &str, amount: &str| json!({"kind": "refund", "status": status, "amount": amount, "currency": "USD"});
        json!({"id": 77, "order_id": ORDER, "transactions": [transaction(first, "40.00"), transaction(second, "30.00")],
            "refund_line_items": [{"line_item_id": 12, "quantity": 1, "restock_type": "cancel", "subtotal": "50.00", "total_tax": "5.00"}]})
    };
    for (first, second, off, back) in
        [("pending", "pending", "0.00", "0.00"), ("success", "pending", "0.00", "40.00"), ("success", "success", "22.50", "70.00")]
    {
        let (message, order) = tell(&app, &admin, &channel, "refunds/create", &refund(first, second)).await;
        // What is not paid back yet is more than the order comes to.
        let told = if second == "success" { Value::Null } else { json!("overpaid") };
        assert_eq!((&message["reason"]["code"], &order["discount_total"]), (&told, &json!(off)), "{first} {second}");
        assert_eq!(lines(&order, "cancelled_quantity"), ["0", "1"]);
        assert_eq!(refunded(&admin, &order).await, [("180.00".to_owned(), back.to_owned())], "{first} {second}");
    }
    let told = body(json!({"updated_at": "2026-03-02T08:50:00+07:00", "refunds": [refund("success", "success")]}));
    let (_, order) = tell(&app, &admin, &channel, "orders/updated", &told).await;
    assert_eq!((&order["discount_total"], &order["amount_due"]), (&json!("22.50"), &json!("0.00")));
    assert_eq!(refunded(&admin, &order).await, [("180.00".to_owned(), "70.00".to_owned())]);
    clean(&app).await;
}

#[actix_web::test]
async fn parts_of_orders_that_were_left_aside_ask_for_nothing() {
    let app = start().await;
    let (_, admin, channel) = ready(&app).await;
    admin.patch(&format!("/v1/channels/{}", id(&channel)), json!({"settings": {"test_orders": null}})).await.expect(200);
    let part = |order: u64, reference: u64| {
        json!({"id": reference, "order_id": order, "status": "success", "created_at": "2026-03-02T08:45:00+07:00",
            "line_items": [{"id": 11, "quantity": 1}], "transactions": [], "refund_line_items": []})
    };
    // One comes before its order, the other after it.
    shopify(&app, &channel, "refunds/create", &part(2, 70)).await.expect(200);
    work(&app).await;
    assert_eq!(newest(&admin).await["reason"]["code"], "unknown_order");
    let test = body(json!({"id": 2, "test": true}));
    let old = body(json!({"id": 3, "created_at": "2024-12-02T08:30:00+07:00", "processed_at": null}));
    for order in [&test, &old] {
        shopify(&app, &channel, "orders/create", order).await.expect(200);
    }
    work(&app).await;
    for order in [2, 3] {
        shopify(&app, &channel, "fulfillments/create", &part(order, 80 + order)).await.expect(200);
    }
    app.clock.advance(chrono::TimeDelta::minutes(1));
    work(&app).await;
    let all = messages(&admin).await;
    let codes: Vec<(&Value, &Value)> = all.iter().map(|message| (&message["status"], &message["reason"]["code"])).collect();
    let processed = json!("processed");
    let aside = json!("order_set_aside");
    assert_eq!(
        codes,
        [
            (&processed, &aside),
            (&processed, &aside),
            (&processed, &json!("too_old")),
            (&processed, &json!("test_order")),
            (&processed, &aside)
        ]
    );
    // It is wanted after all.
    admin.patch(&format!("/v1/channels/{}", id(&channel)), json!({"settings": {"test_orders": true}})).await.expect(200);
    let told = with(test, json!({"updated_at": "2026-03-02T08:50:00+07:00"}));
    let (_, order) = tell(&app, &admin, &channel, "orders/updated", &told).await;
    assert_eq!(order["status"], "confirmed");
    let (_, order) = tell(&app, &admin, &channel, "fulfillments/create", &part(2, 90)).await;
    assert_eq!(lines(&order, "shipped_quantity"), ["1", "0"]);
    clean(&app).await;
}

#[actix_web::test]
async fn who_may_not_book_payments_may_not_speak_of_them_in_a_shop_s_place() {
    let app = start().await;
    let (organization_id, admin, channel) = ready(&app).await;
    let nobody = body(json!({"email": null, "customer": null, "shipping_address": null}));
    shopify(&app, &channel, "orders/create", &nobody).await.expect(200);
    work(&app).await;
    let client = app.api_client(organization_id, Role::Admin).await;
    let form = |scope: &str| json!({"grant_type": "client_credentials", "client_id": client.client_id, "client_secret": client.client_secret, "scope": scope});
    let path = format!("/v1/inbound_messages/{}/retry", id(&newest(&admin).await));
    let token = |reply: &Value| reply["access_token"].as_str().unwrap().to_owned();
    let narrow = app.bearer(token(&app.token(&form("channels:write")).await.expect(200).body));
    let corrected = json!({"text": body(json!({})).to_string()});
    assert_eq!(narrow.post(&path, corrected.clone()).await.code(403), "insufficient_scope");
    narrow.act(&path).await.expect(200);
    work(&app).await;
    let wide = app.bearer(token(&app.token(&form("channels:write payments:write")).await.expect(200).body));
    wide.post(&path, corrected).await.expect(200);
    work(&app).await;
    assert_eq!(order_of(&admin, &newest(&admin).await).await["amount_paid"], "180.00");
    clean(&app).await;
}
