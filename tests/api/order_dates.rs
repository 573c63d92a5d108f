//! What orders may say of the past.

use crate::shop::{clean, customer, receive, shop};
use crate::support::app::TestApp;
use pesanan::auth::permission::Role;
use serde_json::{Value, json};

/// Dates of new orders: an ordinary call orders within a year and asks for no day long before; the scope `import` tells of any past.
#[actix_web::test]
async fn an_order_is_of_the_past_only_with_the_scope_for_it_and_wanted_about_then() {
    let app = TestApp::spawn().await;
    let (organization_id, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    receive(&admin, "jakarta", "KOPI", "10").await;
    let order = |more: Value| {
        let mut body = json!({"customer_code": "C-1", "lines": [{"sku": "KOPI", "quantity": "1"}]});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let client = app.api_client(organization_id, Role::Admin).await;
    let caller = async |scope: &str| {
        let form = json!({"grant_type": "client_credentials", "client_id": client.client_id, "client_secret": client.client_secret, "scope": scope});
        app.bearer(app.token(&form).await.expect(200).body["access_token"].as_str().unwrap().to_owned())
    };
    let (plain, importing) = (caller("orders:read orders:write").await, caller("orders:read orders:write import").await);
    let old = order(json!({"ordered_at": "2020-01-01T00:00:00Z", "requested_on": "2020-01-05"}));
    let refused = plain.post("/v1/orders", old.clone()).await.expect(422).body;
    assert_eq!((&refused["errors"][0]["pointer"], &refused["errors"][0]["code"]), (&json!("/ordered_at"), &json!("out_of_range")));
    let placed = importing.post("/v1/orders", old.clone()).await.expect(201).body;
    assert_eq!((&placed["ordered_at"], &placed["requested_on"]), (&json!("2020-01-01T00:00:00Z"), &json!("2020-01-05")));
    assert_eq!((&placed["status"], &placed["historical"]), (&json!("confirmed"), &json!(false)), "it is an order to work on");
    assert_eq!(placed["milestones"]["ordered_at"], "2020-01-01T00:00:00Z");
    importing.post("/v1/orders/quote", old).await.expect(200);

    let faults = |body: &Value| -> Vec<(String, String)> {
        let text = |fault: &Value, name: &str| fault[name].as_str().unwrap().to_owned();
        body["errors"].as_array().unwrap().iter().map(|fault| (text(fault, "pointer"), text(fault, "code"))).collect()
    };
    let past = |pointer: &str| (pointer.to_owned(), "too_long_ago".to_owned());
    let (long_ago, first) = ("2025-02-28", "2025-03-01");
    for caller in [&plain, &importing] {
        let body = order(json!({"requested_on": long_ago, "lines": [{"sku": "KOPI", "quantity": "1", "requested_on": "1926-12-20"}]}));
        assert_eq!(faults(&caller.post("/v1/orders", body).await.expect(422).body), [past("/requested_on"), past("/lines/0/requested_on")]);
    }
    let fine = plain.post("/v1/orders", order(json!({"requested_on": first}))).await.expect(201).body;
    // An edit is seen from its own day; what stands there may be repeated.
    app.clock.advance(chrono::TimeDelta::days(1));
    let edits = format!("/v1/orders/{}/edits", fine["id"].as_str().unwrap());
    let line = &fine["lines"][0]["id"];
    let repeated = json!({"requested_on": first, "lines": [{"order_line_id": line, "requested_on": first}]});
    let plain = caller("orders:read orders:write").await;
    assert_eq!(plain.post(&edits, repeated).await.expect(200).body["version"], fine["version"]);
    let earlier = json!({"requested_on": long_ago, "lines": [{"order_line_id": line, "requested_on": long_ago},
        {"sku": "KOPI", "quantity": "1", "requested_on": first}]});
    assert_eq!(
        faults(&plain.post(&edits, earlier).await.expect(422).body),
        [past("/requested_on"), past("/lines/0/requested_on"), past("/lines/1/requested_on")]
    );
    clean(&app).await;
}

/// Nobody means the year 1 or 9999: such days would stand in promises, invoices and the journal.
#[actix_web::test]
async fn days_that_nobody_means_are_refused() {
    let app = TestApp::spawn().await;
    let (organization_id, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    receive(&admin, "jakarta", "KOPI", "10").await;
    let fault = |body: &Value| (body["errors"][0]["pointer"].clone(), body["errors"][0]["code"].clone());
    let of = |pointer: &str, code: &str| (json!(pointer), json!(code));

    let order = |more: Value| {
        let mut body = json!({"customer_code": "C-1", "lines": [{"sku": "KOPI", "quantity": "1"}]});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let far = admin.post("/v1/orders", order(json!({"requested_on": "9999-12-31"}))).await.expect(422).body;
    assert_eq!(fault(&far), of("/requested_on", "too_far_ahead"));
    admin.post("/v1/orders", order(json!({"requested_on": "2036-03-02"}))).await.expect(201);
    let supply = |day: &str| json!({"sku": "KOPI", "location": "jakarta", "quantity": "5", "expected_on": day});
    let far = admin.post("/v1/inventory/incoming", supply("9999-12-31")).await.expect(422).body;
    assert_eq!(fault(&far), of("/expected_on", "too_far_ahead"));
    let incoming = admin.post("/v1/inventory/incoming", supply("2036-03-02")).await.expect(201).body;
    let path = format!("/v1/inventory/incoming/{}", incoming["id"].as_str().unwrap());
    let far = admin.patch(&path, json!({"expected_on": "2036-03-03"})).await.expect(422).body;
    assert_eq!(fault(&far), of("/expected_on", "too_far_ahead"));

    let placed = admin.post("/v1/orders", order(json!({}))).await.expect(201).body;
    let work = admin.get(&format!("/v1/fulfillment_orders?order_id={}", placed["id"].as_str().unwrap())).await.expect(200).body;
    let ship = format!("/v1/fulfillment_orders/{}/ship", work["data"][0]["id"].as_str().unwrap());
    for day in ["0001-01-01T00:00:00Z", "2020-01-01T00:00:00Z", "2026-03-01T16:59:59Z"] {
        let refused = admin.post(&ship, json!({"carrier": "jne", "shipped_at": day})).await.expect(422).body;
        assert_eq!(fault(&refused), of("/shipped_at", "before_order"), "{day}");
    }
    // Midnight of the order's day in Jakarta: somebody knows the day alone.
    admin.post(&ship, json!({"carrier": "jne", "shipped_at": "2026-03-01T17:00:00Z"})).await.expect(201);

    let paid = |day: &str| json!({"order_id": placed["id"], "amount": "1000", "currency": "IDR", "method": "cash", "received_on": day});
    let finance = app.caller(organization_id, Role::Finance).await;
    for (caller, day, taken) in [
        (&admin, "0001-01-01", false),
        (&admin, "1969-12-31", false),
        (&admin, "1996-07-04", true),
        (&finance, "2016-03-01", false),
        (&finance, "2016-03-02", true),
    ] {
        let answer = caller.post("/v1/payments", paid(day)).await;
        if taken {
            answer.expect(201);
        } else {
            assert_eq!(fault(&answer.expect(422).body), of("/received_on", "too_long_ago"), "{day}");
        }
    }
    let refused = admin.post(&format!("/v1/orders/{}/invoices", placed["id"].as_str().unwrap()), json!({"issued_on": "0001-01-01"})).await;
    assert_eq!(fault(&refused.expect(422).body), of("/issued_on", "too_long_ago"));
    clean(&app).await;
}
