//! What a sales person wants on one screen.

use crate::money::{company, id, order, pay, ship, start};
use crate::shop::{clean, customer, receive};
use crate::support::app::TestApp;
use crate::support::statements::{counted, record};
use chrono::TimeDelta;
use pesanan::auth::permission::Role;
use reqwest::Method;
use serde_json::{Value, json};

fn kinds(page: &Value) -> Vec<&str> {
    page["data"].as_array().unwrap().iter().map(|entry| entry["type"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn totals_stand_up_front_and_the_time_line_is_read_page_by_page() {
    let app = start().await;
    let (_, admin) = company(&app).await;
    let account = customer(&admin, "C-9", json!({"credit_limit": "1000000.00", "payment_terms": "net_15"})).await;
    let path = format!("/v1/customers/{account}/history");
    let empty = admin.get(&path).await.expect(200).body;
    assert_eq!((&empty["summary"]["last_order"], &empty["summary"]["totals"], &empty["data"]), (&Value::Null, &json!([]), &json!([])));
    // Two orders of 111,000 with tax: one invoiced and overdue, of which 11,000 are paid, one open.
    let billed = order(&admin, json!({"customer_code": "C-9"})).await;
    ship(&admin, &billed, "5").await;
    let invoice = admin.post(&format!("/v1/orders/{}/invoices", id(&billed)), json!({})).await.expect(201).body;
    app.clock.advance(TimeDelta::minutes(1));
    let payment = pay(&admin, "11000.00", json!({"customer_id": account, "invoice_id": id(&invoice)})).await.expect(201).body;
    app.clock.advance(TimeDelta::days(20));
    let open = order(&admin, json!({"customer_code": "C-9"})).await;
    let page = admin.get(&path).await.expect(200).body;
    let summary = &page["summary"];
    assert_eq!((&summary["last_order"]["id"], &summary["last_order"]["number"]), (&open["id"], &open["number"]));
    assert_eq!((&summary["credit"]["credit_limit"], &summary["credit"]["unpaid"]), (&json!("1000000.00"), &json!("100000.00")));
    assert_eq!((&summary["credit"]["open_orders"], &summary["credit"]["available"]), (&json!("111000.00"), &json!("789000.00")));
    let totals = json!([{"currency": "IDR", "orders": 2, "open_orders": 1, "open_orders_amount": "111000.00", "lifetime_value": "111000.00",
        "unpaid": "100000.00", "overdue": "100000.00", "overdue_invoices": 1}]);
    assert_eq!(summary["totals"], totals);
    assert_eq!(kinds(&page), ["order", "payment", "invoice", "order"]);
    assert_eq!((&page["data"][1]["number"], &page["data"][1]["amount"]), (&payment["number"], &json!("11000.00")));
    // Page by page the same, with the summary on the first alone.
    let (mut all, mut next, mut pages) = (vec![], path.clone() + "?limit=1", 0);
    loop {
        let page = admin.get(&next).await.expect(200).body;
        assert_eq!(page["summary"].is_null(), pages > 0);
        all.extend(page["data"].as_array().unwrap().clone());
        pages += 1;
        match page["next_cursor"].as_str() {
            Some(cursor) => next = format!("{path}?limit=1&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!((pages, json!(all)), (4, page["data"].clone()));
    clean(&app).await;
}

#[actix_web::test]
async fn everybody_sees_what_he_may_read() {
    let app = start().await;
    let (organization_id, admin) = company(&app).await;
    let placed = order(&admin, json!({})).await;
    ship(&admin, &placed, "5").await;
    admin.post(&format!("/v1/orders/{}/invoices", id(&placed)), json!({})).await.expect(201);
    let payment = pay(&admin, "111000.00", json!({"order_id": id(&placed)})).await.expect(201).body;
    admin.post(&format!("/v1/payments/{}/refund", id(&payment)), json!({"amount": "1000.00", "reason": "goodwill"})).await.expect(201);
    let path = format!("/v1/customers/{}/history", placed["customer"]["id"].as_str().unwrap());
    let all = admin.get(&path).await.expect(200).body;
    for kind in ["order", "invoice", "payment", "refund"] {
        assert!(kinds(&all).contains(&kind), "{kind}: {all:#}");
    }
    let client = app.api_client(organization_id, Role::Admin).await;
    let scoped = json!({"grant_type": "client_credentials", "client_id": client.client_id, "client_secret": client.client_secret,
        "scope": "customers:read invoices:read"});
    let token = app.token(&scoped).await.expect(200).body["access_token"].as_str().unwrap().to_owned();
    let reply = crate::support::app::send(app.request(Method::GET, &path).bearer_auth(&token)).await.expect(200).body;
    assert_eq!(kinds(&reply), ["invoice"]);
    let totals = &reply["summary"]["totals"][0];
    assert_eq!((&reply["summary"]["last_order"], &totals["orders"], &totals["lifetime_value"]), (&Value::Null, &Value::Null, &Value::Null));
    assert!(totals["unpaid"].is_string(), "{totals}");
    admin.get("/v1/customers/01938f5e-7c1a-7000-8000-2f1b3c4d5e6f/history").await.expect(404);
    let stranger = app.organization("other").await;
    app.caller(stranger, Role::Admin).await.get(&path).await.expect(404);
    clean(&app).await;
}

#[actix_web::test]
async fn a_page_takes_one_statement_and_the_first_two() {
    record();
    let app: TestApp = start().await;
    let (_, admin) = company(&app).await;
    receive(&admin, "jakarta", "KOPI", "9").await;
    let (first, second) = (order(&admin, json!({})).await, order(&admin, json!({})).await);
    assert_ne!(id(&first), id(&second));
    let path = format!("/v1/customers/{}/history", first["customer"]["id"].as_str().unwrap());
    let page = counted(admin.request(Method::GET, &format!("{path}?limit=1"))).await;
    let cursor = page.at_most(2, 200).body["next_cursor"].as_str().unwrap().to_owned();
    counted(admin.request(Method::GET, &format!("{path}?limit=1&cursor={cursor}"))).await.at_most(1, 200);
}
