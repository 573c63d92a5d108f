//! What a shop or CRM changes of an order that is here already: only what it has changed is written, and where that cannot be, or is
//! nothing that anybody has let pass, a person looks.

use crate::money::{id, with};
use crate::shop::clean;
use crate::shopify::{body, lines, ready, start};
use crate::support::app::{Caller, TestApp};
use crate::support::hooks::{newest, order_of, shopify, work};
use serde_json::{Value, json};

struct Shop<'a> {
    app: &'a TestApp,
    admin: Caller<'a>,
    channel: Value,
    minute: std::cell::Cell<u32>,
}

impl Shop<'_> {
    /// The message and the order, after the shop has told its order so, a minute later than before.
    async fn told(&self, topic: &str, order: Value) -> (Value, Value) {
        self.minute.set(self.minute.get() + 1);
        let at = json!({"updated_at": format!("2026-03-02T08:{}:00+07:00", self.minute.get())});
        shopify(self.app, &self.channel, topic, &with(order, at)).await.expect(200);
        work(self.app).await;
        let message = newest(&self.admin).await;
        let order = order_of(&self.admin, &message).await;
        (message, order)
    }

    async fn edited_here(&self, order: &Value, edit: Value) -> Value {
        self.admin.post(&format!("/v1/orders/{}/edits", id(order)), edit).await.expect(200).body
    }

    async fn released(&self, order: &Value) -> Value {
        for hold in order["holds"].as_array().unwrap().iter().filter(|hold| hold["released_at"].is_null()) {
            let path = format!("/v1/orders/{}/holds/{}/release", id(order), id(hold));
            self.admin.post(&path, json!({"reason": "looked at"})).await.expect(200);
        }
        self.admin.get(&format!("/v1/orders/{}", id(order))).await.expect(200).body
    }
}

async fn shop(app: &TestApp) -> Shop<'_> {
    let (_, admin, channel) = ready(app).await;
    Shop { app, admin, channel, minute: std::cell::Cell::new(30) }
}

fn open(order: &Value) -> Vec<&str> {
    let holds = order["holds"].as_array().unwrap().iter().filter(|hold| hold["released_at"].is_null());
    holds.map(|hold| hold["code"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn an_order_that_is_in_another_currency_now_is_held_and_stays_as_it_is() {
    let app = start().await;
    let shop = shop(&app).await;
    shop.told("orders/create", body(json!({}))).await;
    // The same figures, a tenth more, of which 18.00 would be missing if they were dollars.
    let euros = body(
        json!({"currency": "EUR", "total_price": "198.00", "shipping_lines": [{"title": "Regular", "price": "33.00", "tax_lines": []}]}),
    );
    let (message, order) = shop.told("orders/updated", euros.clone()).await;
    assert_eq!((&message["status"], &message["reason"]["code"]), (&json!("processed"), &json!("other_currency")));
    assert_eq!((open(&order), &order["currency"], &order["total"]), (vec!["manual"], &json!("USD"), &json!("180.00")));
    assert_eq!((&order["amount_paid"], &order["shipping_net"]), (&json!("180.00"), &json!("15.00")));
    // A person has looked; the same again holds it no more. In its own currency it is followed again.
    shop.released(&order).await;
    let (message, order) = shop.told("orders/updated", euros).await;
    assert_eq!((&message["reason"]["code"], &order["status"]), (&json!("other_currency"), &json!("confirmed")));
    let (message, order) = shop.told("orders/updated", body(json!({"note": "At the back door"}))).await;
    assert_eq!((&message["reason"], &order["note"], &order["total"]), (&Value::Null, &json!("At the back door"), &json!("180.00")));
    clean(&app).await;
}

#[actix_web::test]
async fn whether_prices_include_tax_does_not_change_in_an_order() {
    let app = start().await;
    let shop = shop(&app).await;
    shop.told("orders/create", body(json!({}))).await;
    let (message, order) = shop.told("orders/updated", body(json!({"taxes_included": true, "total_price": "165.00"}))).await;
    assert_eq!((&message["reason"]["code"], &order["total"], open(&order)), (&json!("not_changed"), &json!("180.00"), vec!["manual"]));
    clean(&app).await;
}

#[actix_web::test]
async fn a_price_that_the_shop_changes_is_judged_like_that_of_a_new_order() {
    let app = start().await;
    let shop = shop(&app).await;
    let price = |sku: &str, price: &str| json!({"price_list": "default", "sku": sku, "currency": "USD", "unit_price": price});
    shop.admin.put("/v1/prices", json!([price("KOPI", "100"), price("TEH", "50")])).await.expect(200);
    let (_, order) = shop.told("orders/create", body(json!({}))).await;
    assert_eq!((&order["status"], open(&order).len()), (&json!("confirmed"), 0));
    // 1.00 + 10.00 tax + 55.00 + 15.00.
    let at = |price: &str, total: &str| {
        let mut order = body(json!({"total_price": total}));
        order["line_items"][0]["price"] = json!(price);
        order
    };
    let (_, order) = shop.told("orders/updated", at("1.00", "81.00")).await;
    assert_eq!((&order["total"], open(&order)), (&json!("81.00"), vec!["price_mismatch"]));
    assert_eq!(order["holds"][0]["order_line_id"], order["lines"][0]["id"]);
    // What somebody has let pass is that price, and no other.
    let order = shop.released(&order).await;
    assert_eq!(order["status"], "confirmed");
    let (_, order) = shop.told("orders/updated", with(at("1.00", "81.00"), json!({"note": "Ring twice"}))).await;
    assert_eq!((&order["note"], open(&order).len()), (&json!("Ring twice"), 0));
    let (_, order) = shop.told("orders/updated", at("2.00", "82.00")).await;
    assert_eq!((&order["total"], open(&order)), (&json!("82.00"), vec!["price_mismatch"]));
    // At our price nothing speaks against it. A person's own edit is not judged.
    let (_, order) = shop.told("orders/updated", at("100.00", "180.00")).await;
    assert_eq!((&order["total"], open(&order).len()), (&json!("180.00"), 0));
    let order = shop.edited_here(&order, json!({"lines": [{"order_line_id": order["lines"][0]["id"], "unit_price": "90"}]})).await;
    assert_eq!(open(&order).len(), 0);
    clean(&app).await;
}

#[actix_web::test]
async fn what_people_have_corrected_here_stays_until_the_shop_changes_it() {
    let app = start().await;
    let shop = shop(&app).await;
    let mut sold = body(json!({"total_price": "290.00", "total_tax": "25.00"}));
    (sold["line_items"][0]["quantity"], sold["line_items"][0]["tax_lines"]) = (json!(2), json!([{"price": "20.00", "rate": 0.1}]));
    let (_, order) = shop.told("orders/create", sold.clone()).await;
    assert_eq!(order["total"], "290.00");
    let address = json!({"name": "Siti Rahma", "line1": "Jl. Dago 5", "city": "Bandung", "country": "ID"});
    let corrected = json!({"shipping_address": address, "discounts": [{"amount": "20", "reason": "agreed"}], "shipping": {"amount": "5", "tax_amount": "0"},
        "lines": [{"order_line_id": order["lines"][0]["id"], "quantity": "1", "tax_amount": "10"}, {"sku": "TEH", "quantity": "1", "unit_price": "8", "tax_amount": "0"}]});
    let corrected = shop.edited_here(&order, corrected).await;
    // 100.00 + 50.00 + 8.00 − 20.00 + 5.00 + 10.00 + 5.00 tax.
    assert_eq!(corrected["total"], "158.00");
    let stays = |order: &Value| {
        for field in ["total", "discounts", "shipping_net", "shipping_address", "lines", "status"] {
            assert_eq!(order[field], corrected[field], "{field}");
        }
    };
    // A label, a remark to another field: nothing of it is written.
    let (message, order) = shop.told("orders/updated", with(sold.clone(), json!({"tags": "vip"}))).await;
    stays(&order);
    assert_eq!((&message["reason"]["code"], &order["version"]), (&json!("overpaid"), &corrected["version"]));
    let (_, order) = shop.told("orders/updated", with(sold.clone(), json!({"note": "Ring twice"}))).await;
    stays(&order);
    assert_eq!(order["note"], "Ring twice");
    // The other line becomes 3 bags: that much is written, and a person compares what has been corrected with what is charged there.
    let mut more = with(sold, json!({"note": "Ring twice", "total_price": "400.00", "total_tax": "35.00"}));
    (more["line_items"][1]["quantity"], more["line_items"][1]["tax_lines"]) = (json!(3), json!([{"price": "15.00", "rate": 0.1}]));
    let (message, order) = shop.told("orders/updated", more.clone()).await;
    assert_eq!(lines(&order, "quantity"), ["1", "3", "1"]);
    assert_eq!((&order["discount_total"], &order["shipping_address"]["line1"]), (&json!("20.00"), &json!("Jl. Dago 5")));
    assert_eq!((&order["total"], &message["reason"]["code"], open(&order)), (&json!("268.00"), &json!("totals_differ"), vec!["manual"]));
    // Let pass, it stays so, until the shop changes what was corrected.
    shop.released(&order).await;
    let (_, order) = shop.told("orders/updated", with(more.clone(), json!({"tags": "vip"}))).await;
    assert_eq!((&order["total"], open(&order).len()), (&json!("268.00"), 0));
    let moved = json!({"name": "Siti Rahma", "address1": "Jl. Asia Afrika 8", "city": "Bandung", "zip": "40111", "country_code": "ID"});
    let (_, order) = shop.told("orders/updated", with(more, json!({"shipping_address": moved}))).await;
    assert_eq!((&order["shipping_address"]["line1"], &order["total"]), (&json!("Jl. Asia Afrika 8"), &json!("268.00")));
    clean(&app).await;
}

#[actix_web::test]
async fn every_other_difference_of_the_totals_is_looked_at_once() {
    let app = start().await;
    let shop = shop(&app).await;
    // Parts of 180.00: half a dollar too little, then 300 too little.
    for (total, shipping) in [("180.50", "15.50"), ("480.50", "315.50")] {
        let (message, order) = shop.told("orders/updated", body(json!({"total_price": total}))).await;
        assert_eq!((&message["reason"]["code"], &order["total"]), (&json!("totals_differ"), &json!(total)));
        assert_eq!((open(&order), &order["shipping_net"]), (vec!["manual"], &json!(shipping)));
        shop.released(&order).await;
        let (message, order) = shop.told("orders/updated", body(json!({"total_price": total, "note": "Ring twice"}))).await;
        assert_eq!((&message["reason"]["code"], open(&order).len()), (&json!("totals_differ"), 0));
    }
    clean(&app).await;
}

#[actix_web::test]
async fn a_buyer_s_coupon_may_be_called_like_a_refund() {
    let app = start().await;
    let shop = shop(&app).await;
    let with_coupon = |more: Value| {
        let coupon =
            json!({"total_price": "160.00", "total_discounts": "20.00", "discount_codes": [{"code": "refund-anna", "amount": "20.00"}]});
        body(with(coupon, more))
    };
    let (_, order) = shop.told("orders/create", with_coupon(json!({}))).await;
    assert_eq!(order["total"], "160.00");
    for note in ["Ring", "Ring twice"] {
        let (message, order) = shop.told("orders/updated", with_coupon(json!({"note": note}))).await;
        assert_eq!((&message["reason"], &order["total"], &order["note"]), (&Value::Null, &json!("160.00"), &json!(note)));
    }
    // A refund of ours stays beside it, and beside what comes after it: 10.00 are paid back for nothing of the goods.
    let back = json!({"id": 77, "order_id": 9_007_199_254_740_995_u64, "refund_line_items": [],
        "transactions": [{"id": 1, "kind": "refund", "status": "success", "amount": "10.00", "currency": "USD"}]});
    let more = json!({"total_price": "155.00", "total_discounts": "25.00", "refunds": [back], "financial_status": "partially_refunded"});
    let (_, order) = shop.told("orders/updated", with_coupon(more.clone())).await;
    assert_eq!((&order["discount_total"], &order["total"]), (&json!("35.00"), &json!("145.00")));
    let (message, order) = shop.told("orders/updated", with_coupon(with(more, json!({"note": "Ring"})))).await;
    assert_eq!((&message["reason"]["code"], &order["total"], open(&order).len()), (&json!("overpaid"), &json!("145.00"), 0));
    clean(&app).await;
}

#[actix_web::test]
async fn what_the_shop_keeps_of_a_refund_is_told() {
    let app = start().await;
    let shop = shop(&app).await;
    shop.told("orders/create", body(json!({}))).await;
    let refund = |reference: u64, line: u64, subtotal: &str, tax: &str, amount: &str| {
        json!({"id": reference, "order_id": 9_007_199_254_740_995_u64,
            "transactions": [{"id": reference, "kind": "refund", "status": "success", "amount": amount, "currency": "USD"}],
            "refund_line_items": [{"line_item_id": line, "quantity": 1, "restock_type": "cancel", "subtotal": subtotal, "total_tax": tax}]})
    };
    // 55.00 of goods, 45.00 paid back: a restocking fee of 10.00.
    let first = refund(77, 12, "50.00", "5.00", "45.00");
    let (message, order) = shop.told("refunds/create", first.clone()).await;
    let detail = message["reason"]["detail"].as_str().unwrap_or_default().to_owned();
    assert_eq!((&message["reason"]["code"], &order["current_total"]), (&json!("overpaid"), &json!("125.00")));
    assert!(detail.contains("10.00 USD"), "{detail}");
    // All goods are paid back, the shipping of 15.00 is kept.
    let both = json!([first, refund(78, 11, "100.00", "10.00", "110.00")]);
    let (message, order) = shop.told("orders/updated", body(json!({"refunds": both, "financial_status": "partially_refunded"}))).await;
    assert_eq!((&message["reason"]["code"], &order["status"]), (&json!("overpaid"), &json!("cancelled")));
    let detail = message["reason"]["detail"].as_str().unwrap_or_default().to_owned();
    assert!(detail.contains("25.00 USD"), "{detail}");
    clean(&app).await;
}

#[actix_web::test]
async fn an_order_that_somebody_else_has_placed_becomes_the_shop_s() {
    let app = start().await;
    let shop = shop(&app).await;
    let address = json!({"name": "Siti Rahma", "line1": "Jl. Braga 12", "city": "Bandung", "postal_code": "40111", "country": "ID"});
    let line = |line: &str, sku: &str, price: &str, tax: &str| json!({"external_line_id": line, "sku": sku, "quantity": "1", "unit_price": price, "tax_amount": tax});
    let placed = json!({"channel": "shopify", "external_id": "9007199254740995", "customer": {"name": "Siti Rahma", "email": "siti@example.com"}, "currency": "USD",
        "pricing": "as_given", "on_shortage": "backorder", "shipping_address": address, "discounts": [{"amount": "5", "reason": "agreed"}],
        "lines": [line("11", "KOPI", "90", "9"), line("13", "TEH", "20", "2")]});
    let placed = shop.admin.post("/v1/orders", placed).await.expect(201).body;
    let (message, order) = shop.told("orders/create", body(json!({}))).await;
    assert_eq!((&message["reason"], &order["id"]), (&Value::Null, &placed["id"]));
    assert_eq!((&order["total"], &order["discount_total"], &order["amount_paid"]), (&json!("180.00"), &json!("0.00"), &json!("180.00")));
    assert_eq!(
        (lines(&order, "quantity"), lines(&order, "tax_amount")),
        (vec![json!("1"), json!("0"), json!("1")], vec![json!("10.00"), json!("0.00"), json!("5.00")])
    );
    clean(&app).await;
}
