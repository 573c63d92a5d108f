//! Endpoints over HTTP: who gets what, and what is shown.

use super::{create, deliver, deliveries, open, path, place, spawn, types};
use crate::shop::clean;
use crate::support::app::{Caller, TestApp, send};
use crate::support::receiver::Receiver;
use pesanan::auth::permission::Role;
use pesanan::types::id::OrganizationId;
use reqwest::Method;
use serde_json::{Value, json};

#[actix_web::test]
async fn an_endpoint_gets_what_it_asked_for_from_then_on_each_once_and_as_the_feed_has_it() {
    let app = spawn().await;
    let (_, admin) = open(&app).await;
    let receiver = Receiver::start();
    place(&admin).await;
    let endpoint = create(&admin, &receiver.url(), &["order.captured", "order.confirmed"]).await;
    assert_eq!(deliver(&app).await, 0, "what was before it is told to nobody");
    let order = place(&admin).await;
    assert_eq!((deliver(&app).await, deliver(&app).await), (2, 0));
    let came = receiver.received();
    let mut told = types(&receiver);
    told.sort();
    assert_eq!(told, ["order.captured", "order.confirmed"]);
    let feed = admin.get("/v1/events?type=order.captured,order.confirmed&limit=200").await.expect(200).body;
    for request in &came {
        let mut body = request.json();
        let timestamp = body.as_object_mut().unwrap().remove("timestamp").unwrap();
        assert_eq!(timestamp, body["occurred_at"]);
        assert!(feed["data"].as_array().unwrap().contains(&body), "{body:#}");
        assert_eq!((request.header("webhook-id"), &body["order_id"]), (body["id"].as_str().unwrap(), &order["id"]));
        assert_eq!(request.header("webhook-timestamp"), app.clock.now().timestamp().to_string());
        assert_eq!((request.line.as_str(), request.header("content-type")), ("POST /hook HTTP/1.1", "application/json"));
        assert!(request.header("user-agent").starts_with("Pesanan/"));
    }
    let log = deliveries(&admin, &format!("order_id={}", order["id"].as_str().unwrap())).await;
    assert_eq!(log.len(), 2);
    assert!(log.iter().all(|row| row["status"] == "delivered" && row["response_status"] == 200 && row["attempt_count"] == 1), "{log:#?}");
    assert!(log.iter().all(|row| row["endpoint_id"] == endpoint["id"] && row["next_attempt_at"].is_null()));
    clean(&app).await;
}

#[actix_web::test]
async fn a_secret_is_shown_once_and_told_nowhere() {
    let app = spawn().await;
    let (_, admin) = open(&app).await;
    let new = json!({"url": "https://hooks.example.com/pesanan"});
    let keyed = || admin.request(Method::POST, "/v1/webhook_endpoints").header("idempotency-key", "one").json(&new);
    let created = send(keyed()).await.expect(201);
    let secret = created.body["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("whsec_") && secret.len() == 6 + 44, "{secret}");
    assert_eq!((created.body["active"].clone(), created.body["event_types"].clone()), (json!(true), json!([])));
    assert_eq!(created.body["owner"]["name"], "admin of the tests");
    assert_eq!(send(keyed()).await.code(409), "secret_already_shown");
    let shown = admin.get(created.header("location")).await.expect(200);
    assert_eq!((shown.body.get("secret"), shown.header("etag")), (None, created.header("etag")));
    let rotated = admin.act(&format!("{}/rotate_secret", path(&created.body))).await.expect(200);
    assert_ne!(rotated.body["secret"].as_str().unwrap(), secret);
    let events = admin.get("/v1/events?type=webhook_endpoint.created,webhook_endpoint.secret_rotated").await.expect(200).body;
    assert_eq!(events["data"].as_array().unwrap().len(), 2);
    assert!(!events.to_string().contains("whsec_"));
    let list = admin.get("/v1/webhook_endpoints").await.expect(200).body;
    assert!(list["data"].as_array().unwrap().len() == 1 && !list.to_string().contains("whsec_"));

    let stale = send(admin.request(Method::DELETE, &path(&created.body)).header("if-match", "\"1\"")).await;
    assert_eq!(stale.code(412), "stale_version");
    send(admin.request(Method::DELETE, &path(&created.body))).await.expect(204);
    assert_eq!(admin.get(&path(&created.body)).await.status, 404);
    assert_eq!(admin.get("/v1/webhook_endpoints").await.expect(200).body["data"], json!([]));
    clean(&app).await;
}

/// A caller of this role with a part of its scopes.
async fn scoped<'a>(app: &'a TestApp, organization_id: OrganizationId, role: Role, scope: &str) -> (Caller<'a>, Value) {
    let client = app.api_client(organization_id, role).await;
    let form =
        json!({"grant_type": "client_credentials", "client_id": client.client_id, "client_secret": client.client_secret, "scope": scope});
    let token = app.token(&form).await.expect(200).body["access_token"].as_str().unwrap().to_owned();
    (app.bearer(token), json!(client.client_id))
}

#[actix_web::test]
async fn only_what_the_owner_may_read_is_sent() {
    let app = spawn().await;
    let (organization_id, admin) = open(&app).await;
    let (whole, narrow) = (Receiver::start(), Receiver::start());
    create(&admin, &whole.url(), &[]).await;
    let (clerk, client_id) = scoped(&app, organization_id, Role::Integration, "webhooks:read webhooks:write orders:read").await;
    let refused =
        clerk.post("/v1/webhook_endpoints", json!({"url": narrow.url(), "event_types": ["order.captured", "invoice.issued"]})).await;
    assert_eq!((refused.status, &refused.body["errors"][0]["pointer"]), (422, &json!("/event_types/1")));
    let endpoint = create(&clerk, &narrow.url(), &[]).await;
    place(&admin).await;
    admin.post("/v1/api_clients", json!({"name": "Other", "role": "sales"})).await.expect(201);
    deliver(&app).await;
    assert!(types(&whole).contains(&"api_client.created".to_owned()));
    let got = types(&narrow);
    assert!(!got.is_empty() && got.iter().all(|name| name.starts_with("order.") || name.starts_with("webhook_endpoint.")), "{got:?}");

    // Whoever changes it sends what he may read, no more.
    let all = admin.patch(&path(&endpoint), json!({"event_types": null})).await.expect(200).body;
    assert_eq!(all["event_types"], json!([]), "null takes the choice away");
    admin.patch(&path(&endpoint), json!({"event_types": ["api_client.created", "order.captured"]})).await.expect(200);
    assert_eq!(admin.get(&path(&endpoint)).await.body["owner"]["name"], "admin of the tests");
    narrow.news();
    admin.post("/v1/api_clients", json!({"name": "Another", "role": "sales"})).await.expect(201);
    deliver(&app).await;
    assert_eq!(types(&narrow), ["api_client.created"]);
    let taken = clerk.patch(&path(&endpoint), json!({"url": format!("{}?mine", narrow.url())})).await.expect(200);
    assert_eq!(taken.body["owner"]["id"], client_id);
    narrow.news();
    admin.post("/v1/api_clients", json!({"name": "Third", "role": "sales"})).await.expect(201);
    place(&admin).await;
    deliver(&app).await;
    assert_eq!(types(&narrow), ["order.captured"]);

    admin.act(&format!("/v1/api_clients/{}/disable", client_id.as_str().unwrap())).await.expect(200);
    place(&admin).await;
    narrow.news();
    deliver(&app).await;
    assert_eq!(types(&narrow), [""; 0]);
    let shown = admin.get(&path(&endpoint)).await.expect(200).body;
    assert_eq!((&shown["active"], &shown["disabled_reason"]), (&json!(false), &json!("owner_disabled")));
    deliver(&app).await;
    assert!(types(&whole).contains(&"webhook_endpoint.disabled".to_owned()), "the others are told");
    clean(&app).await;
}

/// What was allowed when it happened may be no more when it is sent.
#[actix_web::test]
async fn a_right_that_is_lost_while_an_event_waits_keeps_it() {
    let app = spawn().await;
    let (_, admin) = open(&app).await;
    let receiver = Receiver::start();
    let user = json!({"email": "siti@example.com", "name": "Siti", "role": "admin", "password": "kereta api pagi"});
    let user = admin.post("/v1/users", user).await.expect(201).body;
    let login = json!({"organization": "shop", "email": "siti@example.com", "password": "kereta api pagi"});
    let login = admin.post("/v1/auth/login", login).await.expect(200).body;
    let siti = app.bearer(login["access_token"].as_str().unwrap().to_owned());
    create(&siti, &receiver.url(), &["invoice.issued", "order.captured", "channel.created"]).await;
    place(&admin).await;
    admin.post("/v1/channels", json!({"code": "web", "kind": "generic", "name": "Web"})).await.expect(201);
    super::fan_out_now(&app).await;
    admin.patch(&format!("/v1/users/{}", user["id"].as_str().unwrap()), json!({"role": "sales"})).await.expect(200);
    deliver(&app).await;
    assert_eq!(types(&receiver), ["order.captured"]);
    let skipped = deliveries(&admin, "status=skipped").await;
    assert_eq!((skipped.len(), &skipped[0]["skip_reason"]), (1, &json!("not_permitted")));
    assert_eq!(skipped[0]["event_type"], "channel.created");
    clean(&app).await;
}

#[actix_web::test]
async fn a_test_goes_to_its_endpoint_alone_whatever_it_wants() {
    let app = spawn().await;
    let (_, admin) = open(&app).await;
    let (one, other) = (Receiver::start(), Receiver::start());
    let endpoint = create(&admin, &one.url(), &["invoice.issued"]).await;
    create(&admin, &other.url(), &[]).await;
    let delivery = admin.act(&format!("{}/test", path(&endpoint))).await.expect(200).body;
    assert_eq!((&delivery["status"], &delivery["event_type"]), (&json!("pending"), &json!("webhook_endpoint.test")));
    deliver(&app).await;
    let came = one.received();
    assert_eq!((came.len(), came[0].event_type().as_str()), (1, "webhook_endpoint.test"));
    assert_eq!(came[0].json()["id"], delivery["event_id"]);
    assert!(!types(&other).contains(&"webhook_endpoint.test".to_owned()));
    assert_eq!(deliveries(&admin, "event_type=webhook_endpoint.test").await[0]["status"], "delivered");
    admin.patch(&path(&endpoint), json!({"active": false})).await.expect(200);
    let refused = admin.act(&format!("{}/test", path(&endpoint))).await;
    assert_eq!(refused.body["disabled_reason"], "by_request");
    assert_eq!(refused.code(409), "endpoint_inactive");
    clean(&app).await;
}

#[actix_web::test]
async fn an_organization_has_fifty_endpoints_and_sees_only_its_own() {
    let app = spawn().await;
    let (_, admin) = open(&app).await;
    for number in 0..50 {
        create(&admin, &format!("https://hooks.example.com/{number}"), &[]).await;
    }
    assert_eq!(admin.post("/v1/webhook_endpoints", json!({"url": "https://example.com/"})).await.code(409), "too_many_endpoints");
    let stranger = app.caller(app.organization("elsewhere").await, Role::Admin).await;
    assert_eq!(stranger.get("/v1/webhook_endpoints").await.expect(200).body["data"], json!([]));
    let first = admin.get("/v1/webhook_endpoints?limit=30").await.expect(200).body;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = admin.get(&format!("/v1/webhook_endpoints?limit=30&cursor={cursor}")).await.expect(200).body;
    assert_eq!((first["data"].as_array().unwrap().len(), second["data"].as_array().unwrap().len()), (30, 20));
    let theirs = path(&first["data"][0]);
    for reply in [stranger.get(&theirs).await, stranger.act(&format!("{theirs}/test")).await, stranger.patch(&theirs, json!({})).await] {
        assert_eq!(reply.code(404), "not_found");
    }
}
