//! The edges of HTTP: encodings, preflights, paths beside the documented ones, and the words in which values are refused.

use crate::shop::{ADDRESS, clean, customer, receive, shop};
use crate::support::app::{Reply, TestApp, send};
use flate2::Compression;
use flate2::write::GzEncoder;
use pesanan::auth::permission::Role;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::Write;

fn zipped(body: &Value) -> Vec<u8> {
    let mut encoder = GzEncoder::new(vec![], Compression::default());
    encoder.write_all(body.to_string().as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[track_caller]
fn problem(reply: Reply, status: u16, code: &str) -> Reply {
    let told = (reply.status, reply.body["code"].as_str().unwrap_or_default(), reply.header("content-type"));
    assert_eq!(told, (status, code, "application/problem+json"), "{:#}", reply.body);
    assert_eq!(reply.body["instance"], format!("urn:uuid:{}", reply.header("x-request-id")));
    reply
}

#[actix_web::test]
async fn a_compressed_body_is_asked_for_as_it_is() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    receive(&admin, "jakarta", "KOPI", "10").await;
    let order = json!({"customer_code": "C-1", "lines": [{"sku": "KOPI", "quantity": "1"}]});
    let place = |encoding: &'static str, body: Vec<u8>| {
        admin.request(Method::POST, "/v1/orders").header("content-type", "application/json").header("content-encoding", encoding).body(body)
    };
    for encoding in ["gzip", "br", "deflate", "gzip, identity"] {
        let told = problem(send(place(encoding, zipped(&order))).await, 415, "unsupported_content_encoding");
        assert_eq!(told.header("accept-encoding"), "identity");
    }
    send(place("identity", order.to_string().into_bytes())).await.expect(201);
    // Who asks comes first.
    let stranger = app.request(Method::POST, "/v1/orders").header("content-encoding", "gzip").body(zipped(&order));
    problem(send(stranger).await, 401, "unauthenticated");
    let rows = admin.request(Method::POST, "/v1/imports?kind=orders").header("content-type", "application/x-ndjson");
    problem(send(rows.header("content-encoding", "gzip").body(zipped(&order))).await, 415, "unsupported_content_encoding");
    let bulk = admin.request(Method::PUT, "/v1/products").header("content-type", "application/json").header("content-encoding", "gzip");
    problem(send(bulk.body(zipped(&json!([])))).await, 415, "unsupported_content_encoding");
    let login = app.request(Method::POST, "/v1/auth/login").header("content-type", "application/json").header("content-encoding", "gzip");
    problem(send(login.body(zipped(&json!({})))).await, 415, "unsupported_content_encoding");
    let token = app.request(Method::POST, "/v1/auth/token").header("content-type", "application/json").header("content-encoding", "gzip");
    let refused = send(token.body(zipped(&json!({})))).await.expect(415);
    assert_eq!(refused.body["error"], "invalid_request");
    clean(&app).await;
}

#[actix_web::test]
async fn what_a_library_refuses_is_a_problem_like_everything_else() {
    const PAGE: &str = "https://shop.example.com";
    let app = TestApp::spawn_with(|config| config.cors_origins = vec![PAGE.to_owned()]).await;
    let preflight = |path: &str, origin: &str, method: &str, headers: &str| {
        let request =
            app.request(Method::OPTIONS, path).header("origin", origin).header("access-control-request-method", method.to_owned());
        send(request.header("access-control-request-headers", headers.to_owned()))
    };
    let allowed = preflight("/v1/checkout/availability", PAGE, "POST", "content-type").await.expect(200);
    assert_eq!(allowed.header("access-control-allow-origin"), PAGE);
    for (path, origin, method, headers, code) in [
        ("/v1/orders", PAGE, "POST", "content-type", "origin_not_allowed"),
        ("/v1/checkout/availability", "https://evil.example.com", "POST", "content-type", "origin_not_allowed"),
        ("/v1/checkout/availability", PAGE, "PUT", "content-type", "preflight_refused"),
        ("/v1/checkout/availability", PAGE, "POST", "x-colour", "preflight_refused"),
    ] {
        let told = problem(preflight(path, origin, method, headers).await, 403, code);
        assert_eq!(told.header("access-control-allow-origin"), "", "{path} {origin} {method}");
    }
    let told = problem(send(app.request(Method::OPTIONS, "/v1/orders")).await, 405, "method_not_allowed");
    assert_eq!(told.header("allow"), "GET, HEAD, POST");
    for path in ["/health/live", "/health/ready", "/openapi.json", "/docs", "/docs/"] {
        for method in [Method::DELETE, Method::POST, Method::PUT] {
            let told = problem(send(app.request(method.clone(), path)).await, 405, "method_not_allowed");
            assert_eq!(told.header("allow"), "GET, HEAD", "{method} {path}");
        }
    }
    for path in ["/docs/nothing.js", "/metrics", "/console/", "/v1", "/"] {
        problem(send(app.request(Method::GET, path)).await, 404, "not_found");
    }
    let told = problem(send(app.request(Method::GET, "/v1/inbound/x")).await, 405, "method_not_allowed");
    assert_eq!(told.header("allow"), "POST");
}

#[actix_web::test]
async fn a_value_is_refused_in_words_that_help() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    let id = "an id is a UUID such as 01938f5e-7c1a-7000-8000-2f1b3c4d5e6f";
    let instant = "write an instant with its offset, such as 2026-03-02T09:00:00+07:00 (percent-encoded: %2B for the plus)";
    for (path, told) in [
        ("/v1/reports/sales?interval=fortnight", "'fortnight' is no value of interval: use one of day, week, month".to_owned()),
        ("/v1/orders?status=lost", "'lost' is no value of status: use one of draft, on_hold, confirmed, completed, cancelled".to_owned()),
        ("/v1/orders?customer_id=zz", format!("'zz' is no value of customer_id: {id}")),
        ("/v1/inventory/movements?subject_id=zz", format!("'zz' is no value of subject_id: {id}")),
        ("/v1/audit?subject_id=zz", format!("'zz' is no value of subject_id: {id}")),
        ("/v1/orders?ordered_from=2026-03-02", format!("'2026-03-02' is no value of ordered_from: {instant}")),
        (
            "/v1/orders?promised_before=2.3.",
            "'2.3.' is no value of promised_before: write a date of the calendar such as 2026-03-02".to_owned(),
        ),
        ("/v1/orders?limit=ten", "'ten' is no value of limit: write a whole number".to_owned()),
        ("/v1/inventory/availability", "'sku' is required".to_owned()),
    ] {
        let reply = admin.get(path).await.expect(400);
        assert_eq!((&reply.body["code"], &reply.body["detail"]), (&json!("invalid_parameter"), &json!(told)), "{path}");
    }
    let user = json!({"email": "siti@example.com", "name": "Siti", "role": "zz"});
    let refused = admin.post("/v1/users", user).await.expect(422).body;
    let roles = "use one of admin, sales, warehouse, finance, viewer, integration, storefront";
    assert_eq!(refused["errors"], json!([{"pointer": "/role", "code": "unknown_value", "detail": roles}]));
}

#[actix_web::test]
async fn an_inbound_url_is_whole_where_the_address_is_known() {
    let app = TestApp::spawn_with(|config| config.public_url = Some("https://orders.example.com/".to_owned())).await;
    let organization_id = app.organization("shop").await;
    let admin = app.caller(organization_id, Role::Admin).await;
    let new = json!({"code": "own", "kind": "shopify", "name": "Own shop", "secret": "shpss_test_secret"});
    let created = admin.request(Method::POST, "/v1/channels").header("idempotency-key", "once").json(&new);
    let created = send(created).await.expect(201).body;
    let whole = |channel: &Value| {
        let url = channel["inbound_url"].as_str().unwrap().to_owned();
        assert!(url.starts_with("https://orders.example.com/v1/inbound/"), "{url}");
        url
    };
    let (url, path) = (whole(&created), format!("/v1/channels/{}", created["id"].as_str().unwrap()));
    assert_eq!(whole(&admin.get(&path).await.expect(200).body), url);
    assert_eq!(whole(&admin.get("/v1/channels?code=own").await.expect(200).body["data"][0]), url);
    assert_eq!(whole(&admin.patch(&path, json!({"name": "Shop"})).await.expect(200).body), url);
    let rotated = admin.post(&format!("{path}/rotate_secret"), json!({"secret": "shpss_new_secret"})).await.expect(200).body;
    assert_eq!(whole(&rotated["channel"]), url);
    assert_ne!(whole(&admin.act(&format!("{path}/rotate_address")).await.expect(200).body), url);
    assert_eq!(app.caller(organization_id, Role::Viewer).await.get(&path).await.body["inbound_url"], Value::Null);
    // It leads to the door.
    let knock = app.request(Method::POST, url.strip_prefix("https://orders.example.com").unwrap()).body("{}");
    problem(send(knock).await, 401, "unauthenticated");
}

#[actix_web::test]
async fn notes_and_reasons_have_as_many_lines_as_people_write() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    receive(&admin, "jakarta", "KOPI", "10").await;
    let lines = "first\n\tsecond\r\nthird\u{200f}";
    let mut address: Value = serde_json::from_str(ADDRESS).unwrap();
    address["name"] = json!("محمد علي");
    let order = json!({"customer_code": "C-1", "note": lines, "delivery_instructions": lines, "shipping_address": address,
        "lines": [{"sku": "KOPI", "quantity": "1"}]});
    let placed = admin.post("/v1/orders", order).await.expect(201).body;
    let path = format!("/v1/orders/{}", placed["id"].as_str().unwrap());
    assert_eq!((&placed["note"], &placed["delivery_instructions"]), (&json!(lines), &json!(lines)));
    assert_eq!(admin.patch(&path, json!({"note": "a\nb"})).await.expect(200).body["note"], "a\nb");
    let held = admin.post(&format!("{path}/hold"), json!({"reason": "a\nb"})).await.expect(200).body;
    let release = format!("{path}/holds/{}/release", held["holds"][0]["id"].as_str().unwrap());
    admin.post(&release, json!({"reason": "a\nb"})).await.expect(200);
    admin.post(&format!("{path}/cancel"), json!({"reason": {"code": "customer_request", "detail": "a\nb"}})).await.expect(200);
    clean(&app).await;
}
