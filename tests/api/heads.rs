//! The head of a request and of its answer: `HEAD`, and how large a head may be.

use crate::support::app::{Reply, TestApp, send};
use pesanan::auth::permission::Role;
use reqwest::Method;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[actix_web::test]
async fn head_answers_as_get_does_without_the_body() {
    let app = TestApp::spawn().await;
    let admin = app.caller(app.organization("demo").await, Role::Admin).await;
    for path in ["/v1/payment_terms", "/v1/organization", "/v1/me", "/v1/orders/01938f5e-7c1a-7000-8000-2f1b3c4d5e6f", "/v1/nothing"] {
        let got = admin.get(path).await;
        let head = send(admin.request(Method::HEAD, path)).await;
        assert_eq!((head.status, &head.body), (got.status, &Value::Null), "{path}");
        for name in ["content-type", "content-length", "etag", "vary"] {
            assert_eq!(head.header(name), got.header(name), "{path} {name}");
        }
        assert_ne!(head.header("x-request-id"), "", "{path}");
    }
    for path in ["/health/live", "/health/ready", "/openapi.json", "/docs/"] {
        assert_eq!(send(app.request(Method::HEAD, path)).await.status, 200, "{path}");
    }
    let etag = admin.get("/v1/organization").await.header("etag").to_owned();
    assert_eq!(send(admin.request(Method::HEAD, "/v1/organization").header("if-none-match", etag)).await.status, 304);
    assert_eq!(send(app.request(Method::HEAD, "/v1/orders")).await.status, 401);
    let viewer = app.caller(app.organization("other").await, Role::Storefront).await;
    assert_eq!(send(viewer.request(Method::HEAD, "/v1/orders")).await.status, 403);

    let only_post = send(admin.request(Method::HEAD, "/v1/auth/token")).await;
    assert_eq!((only_post.status, only_post.header("allow")), (405, "POST"));
    let wrong = send(admin.request(Method::DELETE, "/v1/orders")).await;
    assert_eq!((wrong.status, wrong.header("allow")), (405, "GET, HEAD, POST"));

    // The next request on the same connection is read where the last one ended.
    let mut connection = tokio::net::TcpStream::connect(app.address.trim_start_matches("http://")).await.unwrap();
    connection
        .write_all(b"HEAD /health/live HTTP/1.1\r\nHost: a\r\n\r\nGET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut text = String::new();
    connection.read_to_string(&mut text).await.unwrap();
    let (head, rest) = text.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200") && rest.starts_with("HTTP/1.1 200") && rest.ends_with(r#"{"status":"live"}"#), "{text}");
}

/// What the server says to these bytes before it closes the connection.
async fn raw(app: &TestApp, request: &[u8]) -> String {
    let mut connection = tokio::net::TcpStream::connect(app.address.trim_start_matches("http://")).await.unwrap();
    // It may close before it has read everything.
    let _ = connection.write_all(request).await;
    let mut answer = vec![];
    let _ = connection.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[actix_web::test]
async fn a_head_above_the_limit_is_refused() {
    let app = TestApp::spawn_with(|config| config.head_bytes = 8 * 1024).await;
    let admin = app.caller(app.organization("demo").await, Role::Admin).await;
    let with = async |bytes: usize| -> Reply { send(admin.request(Method::GET, "/v1/me").header("x-filler", "x".repeat(bytes))).await };
    with(6 * 1024).await.expect(200);
    let refused = with(8 * 1024).await;
    assert_ne!(refused.header("x-request-id"), "");
    assert_eq!(refused.code(431), "request_head_too_large");
    let many = "01938f5e-7c1a-7000-8000-2f1b3c4d5e6f,".repeat(250);
    let long = format!("/v1/shipments?order_id={}", many.trim_end_matches(','));
    assert_eq!(admin.get(&long).await.code(431), "request_head_too_large", "the query counts as well");
    assert_eq!(send(app.request(Method::POST, "/v1/auth/token").header("x-filler", "x".repeat(9000))).await.status, 431);
}

#[actix_web::test]
async fn the_http_library_bounds_a_head_before_all_else() {
    let app = TestApp::spawn_with(|config| config.head_bytes = usize::MAX).await;
    let large = format!("GET /health/live HTTP/1.1\r\nHost: a\r\nX-Filler: {}\r\n\r\n", "x".repeat(140_000));
    let told = raw(&app, large.as_bytes()).await;
    // Where the refused bytes are still under way, the system may reset the connection before the answer is read.
    assert!(told.is_empty() || told.starts_with("HTTP/1.1 431 "), "{told}");
    let many: String = (0..97).map(|i| format!("X-{i}: 1\r\n")).collect();
    let told = raw(&app, format!("GET /health/live HTTP/1.1\r\n{many}\r\n").as_bytes()).await;
    assert!(told.starts_with("HTTP/1.1 431 "), "{told}");
    let fine: String = (0..90).map(|i| format!("X-{i}: 1\r\n")).collect();
    let told = raw(&app, format!("GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{fine}\r\n").as_bytes()).await;
    assert!(told.starts_with("HTTP/1.1 200 "), "{told}");
}
