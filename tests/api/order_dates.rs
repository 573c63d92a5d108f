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
