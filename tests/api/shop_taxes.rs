//! Tax that a shop has charged where no rate of ours would: it stands on order and invoice as the shop's, and what the shop pays back of
//! it is off the invoice.

use crate::money::{id, with};
use crate::shop::{clean, receive};
use crate::shopify::{body, lines, ready, start};
use crate::support::app::{Caller, TestApp};
use crate::support::hooks::{channel, newest, order_of, shopify, woocommerce, work};
use reqwest::Method;
use serde_json::{Value, json};

const ORDER: u64 = 9_007_199_254_740_995;

async fn tell(app: &TestApp, admin: &Caller<'_>, channel: &Value, topic: &str, body: &Value) -> (Value, Value) {
    shopify(app, channel, topic, body).await.expect(200);
    work(app).await;
    let message = newest(admin).await;
    let order = order_of(admin, &message).await;
    (message, order)
}

/// A seller and a buyer who say all that an electronic invoice asks for.
async fn complete(admin: &Caller<'_>, order: &Value) {
    let seller = json!({"legal_name": "PT Nusantara Niaga", "country": "ID", "tax_id": "01.234.567.8-901.000",
        "address": {"line1": "Jl. Sudirman 52", "city": "Jakarta", "postal_code": "12190", "country": "ID"},
        "electronic_address": {"scheme": "0088", "value": "8991234567891"}});
    admin.patch("/v1/organization", seller).await.expect(200);
    let buyer = json!({"electronic_address": {"scheme": "0088", "value": "8991000000010"}});
    admin.patch(&format!("/v1/customers/{}", order["bill_to"]["id"].as_str().unwrap()), buyer).await.expect(200);
}

async fn invoice_of(admin: &Caller<'_>, order: &Value) -> Value {
    let work = admin.get(&format!("/v1/fulfillment_orders?order_id={}", id(order))).await.expect(200).body["data"].clone();
    for one in work.as_array().unwrap().iter().filter(|one| one["status"] != "shipped") {
        admin.post(&format!("/v1/fulfillment_orders/{}/ship", id(one)), json!({"carrier": "jne"})).await.expect(201);
    }
    admin.post(&format!("/v1/orders/{}/invoices", id(order)), json!({})).await.expect(201).body
}

async fn text_of(admin: &Caller<'_>, path: &str) -> String {
    let response = admin.request(Method::GET, path).send().await.unwrap();
    let (status, text) = (response.status().as_u16(), response.text().await.unwrap());
    assert_eq!(status, 200, "{text}");
    text
}

fn groups(document: &Value) -> Vec<[Value; 5]> {
    let rows = document["tax_breakdown"].as_array().unwrap();
    rows.iter().map(|row| ["tax_scheme_category", "rate", "tax_name", "net_amount", "tax_amount"].map(|field| row[field].clone())).collect()
}

fn group(scheme: &str, rate: &str, name: Option<&str>, net: &str, tax: &str) -> [Value; 5] {
    [json!(scheme), json!(rate), json!(name), json!(net), json!(tax)]
}

/// One line of 100.00 to California, with 6 % of the state and 2.25 of the county: 108.25, and paid.
fn californian(more: Value) -> Value {
    let order = json!({"total_price": "108.25", "total_tax": "8.25", "shipping_lines": [],
        "shipping_address": {"name": "Ann", "address1": "969 Market", "city": "San Francisco", "zip": "94103", "province_code": "CA", "country_code": "US"},
        "line_items": [{"id": 11, "sku": "KOPI", "quantity": 1, "price": "100.00", "discount_allocations": [],
            "tax_lines": [{"title": "CA State Tax", "price": "6.00", "rate": 0.06}, {"title": "San Francisco County", "price": "2.25", "rate": 0.0225}]}]});
    body(with(order, more))
}

#[actix_web::test]
async fn the_shop_s_tax_is_charged_as_its_tax() {
    let app = start().await;
    let (_, admin, channel) = ready(&app).await;
    let (message, order) = tell(&app, &admin, &channel, "orders/create", &californian(json!({}))).await;
    assert_eq!((&message["reason"], &order["total"], &order["amount_due"]), (&Value::Null, &json!("108.25"), &json!("0.00")));
    assert_eq!((&order["lines"][0]["tax_rate"], &order["lines"][0]["tax_amount"]), (&json!("0.0825"), &json!("8.25")));
    let whole = group("S", "0.0825", Some("CA State Tax, San Francisco County"), "100.00", "8.25");
    assert_eq!(groups(&order), std::slice::from_ref(&whole));
    complete(&admin, &order).await;
    let invoice = invoice_of(&admin, &order).await;
    assert_eq!((&invoice["total"], groups(&invoice)), (&json!("108.25"), vec![whole]));
    let xml = text_of(&admin, &format!("/v1/invoices/{}/ubl", id(&invoice))).await;
    assert!(xml.contains("<cbc:Percent>8.25</cbc:Percent>") && xml.contains(">8.25</cbc:TaxAmount>"), "{xml}");
    let note =
        json!({"invoice_id": id(&invoice), "reason": "broken", "lines": [{"order_line_id": order["lines"][0]["id"], "quantity": "1"}]});
    let note = admin.post("/v1/credit_notes", note).await.expect(201).body;
    assert_eq!((&note["total"], &groups(&note)[0][2]), (&json!("108.25"), &json!("CA State Tax, San Francisco County")));
    clean(&app).await;
}

#[actix_web::test]
async fn a_rate_that_the_shop_does_not_say_is_worked_out_and_ours_stays_where_it_is_the_same() {
    let app = start().await;
    let (_, admin, channel) = ready(&app).await;
    let german = |order: u64, price: &str, tax: &str, total: &str| {
        californian(json!({"id": order, "name": format!("#{order}"), "total_price": total, "total_tax": tax,
            "shipping_address": {"name": "Ada", "address1": "Weg 1", "city": "Bonn", "zip": "53111", "country_code": "DE"},
            "line_items": [{"id": 11, "sku": "KOPI", "quantity": 1, "price": price, "tax_lines": [{"price": tax}]}]}))
    };
    let (_, order) = tell(&app, &admin, &channel, "orders/create", &german(1, "50.31", "9.56", "59.87")).await;
    assert_eq!(groups(&order), [group("S", "0.19", Some("Tax"), "50.31", "9.56")]);
    // With a rate of our own for Germany the same tax is ours, another is the shop's.
    let rate = json!([{"country": "DE", "tax_category": "standard", "tax_scheme_category": "S", "name": "USt", "rate": "0.19"}]);
    admin.put("/v1/tax_rates", rate).await.expect(200);
    let (_, order) = tell(&app, &admin, &channel, "orders/create", &german(2, "70.00", "13.30", "83.30")).await;
    assert_eq!(groups(&order), [group("S", "0.19", None, "70.00", "13.30")]);
    let (_, order) = tell(&app, &admin, &channel, "orders/create", &german(3, "80.00", "5.60", "85.60")).await;
    assert_eq!(groups(&order), [group("S", "0.07", Some("Tax"), "80.00", "5.60")]);
    // What the shop has not taxed says why, by our own category.
    let (_, order) = tell(
        &app,
        &admin,
        &channel,
        "orders/create",
        &californian(json!({"id": 4, "name": "#4", "total_price": "100.00",
        "total_tax": "0.00", "line_items": [{"id": 11, "sku": "KOPI", "quantity": 1, "price": "100.00", "tax_lines": []}]})),
    )
    .await;
    assert_eq!(groups(&order), [group("O", "0", None, "100.00", "0.00")]);
    clean(&app).await;
}

#[actix_web::test]
async fn an_edit_of_the_shop_keeps_what_its_taxes_are() {
    let app = start().await;
    let (_, admin, channel) = ready(&app).await;
    tell(&app, &admin, &channel, "orders/create", &californian(json!({}))).await;
    let line = |quantity: u32, state: &str, county: &str| {
        json!([{"id": 11, "sku": "KOPI", "quantity": quantity, "price": "100.00",
        "tax_lines": [{"title": "CA State Tax", "price": state, "rate": 0.06}, {"title": "San Francisco County", "price": county, "rate": 0.0225}]}])
    };
    let two = json!({"updated_at": "2026-03-02T08:40:00+07:00", "total_price": "216.50", "total_tax": "16.50", "line_items": line(2, "12.00", "4.50")});
    let (message, order) = tell(&app, &admin, &channel, "orders/updated", &californian(two)).await;
    assert_eq!((&message["reason"], &order["total"]), (&Value::Null, &json!("216.50")));
    assert_eq!(groups(&order), [group("S", "0.0825", Some("CA State Tax, San Francisco County"), "200.00", "16.50")]);
    // To another state with another tax.
    let nevada = json!({"updated_at": "2026-03-02T08:50:00+07:00", "total_price": "107.75", "total_tax": "7.75",
        "shipping_address": {"name": "Ann", "address1": "1 Main St", "city": "Reno", "zip": "89501", "province_code": "NV", "country_code": "US"},
        "line_items": [{"id": 11, "sku": "KOPI", "quantity": 1, "price": "100.00", "tax_lines": [{"title": "NV State Tax", "price": "7.75", "rate": 0.0775}]}]});
    let (_, order) = tell(&app, &admin, &channel, "orders/updated", &californian(nevada)).await;
    assert_eq!(groups(&order), [group("S", "0.0775", Some("NV State Tax"), "100.00", "7.75")]);
    // By hand to another street: the tax stays the shop's.
    let street = json!({"shipping_address": {"name": "Ann", "line1": "2 Main St", "city": "Carson City", "region": "NV", "country": "US"}});
    let order = admin.post(&format!("/v1/orders/{}/edits", id(&order)), street).await.expect(200).body;
    assert_eq!(groups(&order), [group("S", "0.0775", Some("NV State Tax"), "100.00", "7.75")]);
    clean(&app).await;
}

#[actix_web::test]
async fn shipping_that_is_paid_back_takes_its_tax_along() {
    let app = start().await;
    let (_, admin, channel) = ready(&app).await;
    // 25.00 and 4.00 of shipping with 10 % on both: 31.90.
    let taxed = json!({"total_price": "31.90", "total_tax": "2.90",
        "shipping_lines": [{"title": "Regular", "price": "4.00", "discounted_price": "4.00", "tax_lines": [{"title": "GST", "price": "0.40", "rate": 0.1}]}],
        "line_items": [{"id": 11, "sku": "KOPI", "quantity": 1, "price": "25.00", "tax_lines": [{"title": "GST", "price": "2.50", "rate": 0.1}]}]});
    let (_, order) = tell(&app, &admin, &channel, "orders/create", &body(taxed.clone())).await;
    assert_eq!(groups(&order), [group("S", "0.1", Some("GST"), "29.00", "2.90")]);
    let refund = json!({"id": 77, "order_id": ORDER, "transactions": [{"kind": "refund", "status": "success", "amount": "4.40", "currency": "USD"}],
        "refund_line_items": [], "order_adjustments": [{"kind": "shipping_refund", "amount": "-4.00", "tax_amount": "-0.40"}]});
    for _ in 0..2 {
        let (message, order) = tell(&app, &admin, &channel, "refunds/create", &refund).await;
        assert_eq!((&message["reason"], &order["total"], &order["amount_due"]), (&Value::Null, &json!("27.50"), &json!("0.00")));
        assert_eq!((&order["shipping_net"], &order["shipping_tax"], &order["tax_total"]), (&json!("0.00"), &json!("0.00"), &json!("2.50")));
    }
    // The shop's order still has the shipping: it is not put on again, whatever else changes.
    let told = with(
        taxed,
        json!({"updated_at": "2026-03-02T08:50:00+07:00", "note": "Ring twice", "financial_status": "partially_refunded", "refunds": [refund]}),
    );
    let (message, order) = tell(&app, &admin, &channel, "orders/updated", &body(told)).await;
    assert_eq!((&message["reason"], &order["note"], &order["shipping_net"]), (&Value::Null, &json!("Ring twice"), &json!("0.00")));
    complete(&admin, &order).await;
    let invoice = invoice_of(&admin, &order).await;
    assert_eq!((&invoice["total"], groups(&invoice)), (&json!("27.50"), vec![group("S", "0.1", Some("GST"), "25.00", "2.50")]));
    text_of(&admin, &format!("/v1/invoices/{}/ubl", id(&invoice))).await;
    clean(&app).await;
}

#[actix_web::test]
async fn a_store_s_names_of_its_taxes_stand_behind_their_numbers() {
    let app = start().await;
    let (_, admin, _) = ready(&app).await;
    let channel = channel(&admin, "woocommerce", "woo_test_secret").await;
    receive(&admin, "jakarta", "KOPI", "10").await;
    // 20.00 with 1.50 of tax and 10.00 of shipping without: the store's rate is 7.5 %.
    let order = json!({"id": 727, "number": "727", "status": "processing", "currency": "USD", "total": "31.50", "shipping_total": "10.00", "shipping_tax": "0.00",
        "date_created_gmt": "2026-03-02T01:00:00", "date_modified_gmt": "2026-03-02T01:00:08", "date_paid_gmt": "2026-03-02T01:00:08",
        "billing": {"first_name": "John", "last_name": "Doe", "email": "john@example.com", "phone": "555"},
        "shipping": {"first_name": "John", "last_name": "Doe", "address_1": "969 Market", "city": "San Francisco", "state": "CA", "postcode": "94103", "country": "US"},
        "line_items": [{"id": 1, "name": "Ship Your Idea &ndash; Color: Black", "sku": "KOPI", "quantity": 2, "subtotal": "20.00", "total": "20.00", "total_tax": "1.50",
            "taxes": [{"id": 75, "total": "1.5", "subtotal": "1.5"}]}],
        "shipping_lines": [{"id": 3, "method_title": "Flat Rate", "total": "10.00", "taxes": []}],
        "tax_lines": [{"id": 2, "rate_id": 75, "label": "State Tax", "compound": false, "rate_percent": 7.5}], "refunds": []});
    woocommerce(&app, &channel, "order.created", &order).await.expect(200);
    work(&app).await;
    let order = order_of(&admin, &newest(&admin).await).await;
    // Beside what is taxed nothing may be outside the scope of tax (EN 16931 BR-O-11): the shipping is exempt.
    assert_eq!(groups(&order), [group("S", "0.075", Some("State Tax"), "20.00", "1.50"), group("E", "0", None, "10.00", "0.00")]);
    assert_eq!(lines(&order, "metadata")[0]["name"], "Ship Your Idea – Color: Black");
    assert_eq!((&order["contact"]["email"], &order["contact"]["phone"]), (&json!("john@example.com"), &json!("555")));
    complete(&admin, &order).await;
    let invoice = invoice_of(&admin, &order).await;
    text_of(&admin, &format!("/v1/invoices/{}/ubl", id(&invoice))).await;
    clean(&app).await;
}
