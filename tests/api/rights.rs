//! What a role may read or change is decided by what it is about, not by the path that leads there.

use crate::audit::write_refusals;
use crate::money::{company, get, id, invoiced, order, pay, ship, start};
use crate::notices::{MailServer, deliver, enable, notices, place, shop_with_mail, write};
use crate::shop::{clean, customer, receive, shop};
use crate::support::app::{Reply, TestApp, send};
use chrono::TimeDelta;
use futures_util::future::join_all;
use pesanan::auth::permission::Role;
use reqwest::Method;
use serde_json::{Value, json};

fn scope(reply: Reply) -> String {
    reply.expect(403).body["detail"].as_str().unwrap().split('\'').nth(1).unwrap().to_owned()
}

#[actix_web::test]
async fn who_may_not_lift_a_hold_for_credit_lifts_no_limit() {
    let app = start().await;
    let (organization_id, admin) = company(&app).await;
    customer(&admin, "C-9", json!({"credit_limit": "100000"})).await;
    let [sales, finance, warehouse] = [Role::Sales, Role::Finance, Role::Warehouse].map(|role| app.caller(organization_id, role));
    let (sales, finance, warehouse) = (sales.await, finance.await, warehouse.await);
    let known = admin.get("/v1/customers?code=C-9").await.expect(200).body["data"][0].clone();
    let path = format!("/v1/customers/{}", id(&known));
    assert_eq!(scope(warehouse.patch(&path, json!({"name": "x"})).await), "customers:write");
    for change in [json!({"credit_limit": "999999999"}), json!({"credit_limit": null}), json!({"blocked": true})] {
        assert_eq!(scope(sales.patch(&path, change).await), "payments:write");
    }
    let mut whole = json!({"code": "C-9", "name": "Customer C-9", "kind": "company", "payment_terms": "net_30", "credit_limit": "5000000"});
    assert_eq!(scope(sales.put("/v1/customers/by_code/C-9", whole.clone()).await), "payments:write");
    let rows = sales.put("/v1/customers", json!([whole])).await;
    assert_ne!(get(&admin, "customers", &known).await["credit_limit"], "5000000.00", "{:#}", rows.body);
    // What has to do with no credit is the business of sales, terms and prices are where they may price.
    sales.patch(&path, json!({"name": "Toko Baru", "payment_terms": "prepaid"})).await.expect(200);
    finance.patch(&path, json!({"credit_limit": "200000", "blocked": true})).await.expect(200);
    whole["credit_limit"] = json!("200000");
    assert_eq!(scope(sales.put("/v1/customers/by_code/C-9", whole).await), "payments:write", "the block would be gone");
    clean(&app).await;
}

#[actix_web::test]
async fn notices_of_money_are_read_by_who_may_read_the_money() {
    let app = TestApp::spawn().await;
    let (organization_id, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({"email": "pembelian@sumber.example"})).await;
    receive(&admin, "jakarta", "KOPI", "100").await;
    let server = MailServer::start();
    enable(&admin, json!({})).await;
    let order = place(&admin, json!({})).await;
    let job = admin.get(&format!("/v1/fulfillment_orders?order_id={}", id(&order))).await.expect(200).body["data"][0].clone();
    admin.post(&format!("/v1/fulfillment_orders/{}/ship", id(&job)), json!({"carrier": "jne"})).await.expect(201);
    let invoice = admin.post(&format!("/v1/orders/{}/invoices", id(&order)), json!({})).await.expect(201).body;
    pay(&admin, "1000.00", json!({"invoice_id": id(&invoice)})).await.expect(201);
    assert_eq!(deliver(&app, &server).await, 4);
    let warehouse = app.caller(organization_id, Role::Warehouse).await;
    let seen = notices(&warehouse, "").await;
    let kinds: Vec<&str> = seen.iter().map(|notice| notice["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["dispatch", "acknowledgement"]);
    assert_eq!(notices(&warehouse, "kind=invoice,receipt").await.len(), 0);
    for notice in notices(&admin, "kind=invoice,receipt").await {
        assert_eq!(warehouse.get(&format!("/v1/notices/{}", id(&notice))).await.code(404), "not_found");
        admin.get(&format!("/v1/notices/{}", id(&notice))).await.expect(200);
    }
}

#[actix_web::test]
async fn what_is_no_news_any_more_is_not_sent() {
    let app = start().await;
    let admin = shop_with_mail(&app).await;
    let server = MailServer::start();
    enable(&admin, json!({})).await;
    let cancel = json!({"reason": {"code": "customer_request"}});
    // Cancelled before it is told, and after it was written but before it went out.
    let first = place(&admin, json!({})).await;
    admin.post(&format!("/v1/orders/{}/cancel", id(&first)), cancel.clone()).await.expect(200);
    let second = place(&admin, json!({"lines": [{"sku": "KOPI", "quantity": "3"}]})).await;
    write(&app).await;
    admin.post(&format!("/v1/orders/{}/cancel", id(&second)), cancel).await.expect(200);
    assert_eq!(deliver(&app, &server).await, 0);
    // Switched off meanwhile, and too old.
    let third = place(&admin, json!({"lines": [{"sku": "KOPI", "quantity": "4"}]})).await;
    write(&app).await;
    enable(&admin, json!({"kinds": {"acknowledgement": false}})).await;
    assert_eq!(deliver(&app, &server).await, 0);
    enable(&admin, json!({})).await;
    let fourth = place(&admin, json!({"lines": [{"sku": "KOPI", "quantity": "5"}]})).await;
    write(&app).await;
    app.clock.advance(TimeDelta::days(4));
    assert_eq!(deliver(&app, &server).await, 0);
    assert!(server.received().is_empty(), "{:?}", server.received());
    let mut reasons = vec![];
    for order in [&first, &second, &third, &fourth] {
        let told = notices(&admin, &format!("order_id={}", id(order))).await;
        reasons.push(told.first().map_or("none".to_owned(), |notice| notice["skip_reason"].as_str().unwrap_or("null").to_owned()));
    }
    assert_eq!(reasons, ["none", "order_cancelled", "switched_off", "outdated"]);
}

#[actix_web::test]
async fn refusals_of_files_and_of_what_a_body_asks_for_are_audited() {
    let app = start().await;
    let (organization_id, admin) = company(&app).await;
    let (_, invoice) = invoiced(&admin, json!({})).await;
    let storefront = app.caller(organization_id, Role::Storefront).await;
    assert_eq!(scope(storefront.get(&format!("/v1/invoices/{}/pdf", id(&invoice))).await), "invoices:read");
    let sales = app.caller(organization_id, Role::Sales).await;
    let paid =
        json!({"customer_code": "C-1", "lines": [{"sku": "TEH", "quantity": "1"}], "payments": [{"amount": "1.00", "method": "cash"}]});
    assert_eq!(scope(sales.post("/v1/orders", paid).await), "payments:write");
    write_refusals(&app).await;
    let told = admin.get("/v1/audit?action=auth.permission_refused").await.expect(200).body;
    assert_eq!(told["data"].as_array().unwrap().len(), 2, "{told:#}");
}

#[actix_web::test]
async fn two_administrators_do_not_shut_each_other_out_at_one_moment() {
    let app = start().await;
    let (_, admin) = company(&app).await;
    let mut logins: Vec<Value> = vec![];
    for email in ["a@example.com", "b@example.com"] {
        let made = admin
            .post("/v1/users", json!({"email": email, "name": email, "role": "admin", "password": "kereta api pagi"}))
            .await
            .expect(201)
            .body;
        let login = app.http.post(format!("{}/v1/auth/login", app.address)).json(&json!({"email": email, "password": "kereta api pagi"}));
        logins.push(json!({"id": made["id"], "token": send(login).await.expect(200).body["access_token"]}));
    }
    let disable = |by: usize, whom: usize| {
        let path = format!("/v1/users/{}/disable", logins[whom]["id"].as_str().unwrap());
        app.request(Method::POST, &path).bearer_auth(logins[by]["token"].as_str().unwrap())
    };
    let replies = join_all([send(disable(0, 1)), send(disable(1, 0))]).await;
    let done = replies.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(done, 1, "{:?}", replies.iter().map(|reply| (reply.status, &reply.body["code"])).collect::<Vec<_>>());
}

#[actix_web::test]
async fn days_that_no_calendar_of_the_database_knows_are_told() {
    let app = start().await;
    let (_, admin) = company(&app).await;
    for path in [
        "/v1/customers?updated_from=-4713-01-01T00:00:00Z",
        "/v1/invoices?issued_from=-9999-01-01",
        "/v1/orders?updated_from=%2B20000-01-01T00:00:00Z",
    ] {
        assert_eq!(admin.get(path).await.code(400), "invalid_parameter", "{path}");
    }
    let early = json!({"customer_code": "C-1", "ordered_at": "-262143-01-01T00:00:00Z", "lines": [{"sku": "TEH", "quantity": "1"}]});
    for path in ["/v1/orders", "/v1/orders/quote"] {
        assert_eq!(admin.post(path, early.clone()).await.expect(422).body["errors"][0]["code"], "out_of_range", "{path}");
    }
    let rate = json!([{"from_currency": "USD", "to_currency": "IDR", "rate": "1", "valid_from_on": "-5000-01-01"}]);
    assert!(matches!(admin.put("/v1/exchange_rates", rate).await.status, 400 | 422));
    let stock = json!({"location": "jakarta", "as_of": "-5000-01-01T00:00:00Z", "lines": [{"sku": "TEH", "on_hand": "1"}]});
    assert!(matches!(admin.put("/v1/inventory/snapshots", stock).await.status, 400 | 422));
}

/// A document that is stored can be read.
#[actix_web::test]
async fn an_invoice_that_no_document_could_say_is_not_issued() {
    let app = start().await;
    let (_, admin) = company(&app).await;
    admin.put("/v1/prices", json!([{"sku": "TEH", "currency": "USD", "unit_price": "9000000"}])).await.expect(200);
    admin
        .put(
            "/v1/exchange_rates",
            json!([{"from_currency": "USD", "to_currency": "IDR", "rate": "999999999", "valid_from_on": "2020-01-01"}]),
        )
        .await
        .expect(200);
    let placed = order(&admin, json!({"currency": "USD"})).await;
    ship(&admin, &placed, "5").await;
    let path = format!("/v1/orders/{}/invoices", id(&placed));
    assert_eq!(admin.post(&path, json!({})).await.code(409), "exceeds_base_currency");
    admin
        .put("/v1/exchange_rates", json!([{"from_currency": "USD", "to_currency": "IDR", "rate": "16000", "valid_from_on": "2020-01-01"}]))
        .await
        .expect(200);
    admin.post(&path, json!({})).await.expect(201);
    admin.get("/v1/invoices").await.expect(200);
    clean(&app).await;
}
