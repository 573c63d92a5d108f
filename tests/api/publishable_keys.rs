//! Keys in the pages of storefronts: they open the checkout alone, from their origins alone, and hold only so much.

use crate::shop::{clean, receive, shop};
use crate::support::app::{Reply, TestApp, send};
use crate::support::statements::{counted, record};
use reqwest::Method;
use serde_json::{Value, json};

const ORIGIN: &str = "https://shop.example.com";

/// What a page does.
struct Page<'a> {
    app: &'a TestApp,
    key: String,
    origin: Option<&'static str>,
}

impl Page<'_> {
    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        let mut request = self.app.request(method, path).bearer_auth(&self.key);
        if let Some(origin) = self.origin {
            request = request.header("origin", origin);
        }
        send(body.iter().fold(request, |request, body| request.json(body))).await
    }

    async fn reserve(&self, quantity: &str, seconds: u32) -> Reply {
        let body = json!({"lines": [{"sku": "KOPI", "quantity": quantity}], "expires_in_seconds": seconds});
        self.send(Method::POST, "/v1/checkout/reservations", Some(body)).await
    }
}

#[actix_web::test]
async fn a_key_opens_the_checkout_from_its_origins_and_nothing_else() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    receive(&admin, "jakarta", "KOPI", "3").await;
    let refused = admin.post("/v1/publishable_keys", json!({"name": "x", "channel": "nowhere", "origins": [ORIGIN]})).await;
    assert_eq!(refused.code(422), "unknown_channel");
    let created = admin.post("/v1/publishable_keys", json!({"name": "Web shop", "origins": [ORIGIN]})).await.expect(201);
    let key = created.body["key"].as_str().unwrap().to_owned();
    assert!(key.starts_with("pk_") && key.len() > 30, "{key}");
    assert_eq!((&created.body["channel"], &created.body["reservation_limit"]), (&json!("direct"), &json!(1000)));
    let path = created.header("location").to_owned();
    assert_eq!(admin.get(&path).await.expect(200).body, created.body, "it is no secret");

    let page = Page { app: &app, key: key.clone(), origin: Some(ORIGIN) };
    let cart = json!({"lines": [{"sku": "KOPI", "quantity": "2"}, {"sku": "KOPI", "quantity": "2"}, {"sku": "WRAP", "quantity": "1"}]});
    let told = page.send(Method::POST, "/v1/checkout/availability", Some(cart.clone())).await.expect(200);
    let lines: Vec<&Value> = told.body["lines"].as_array().unwrap().iter().map(|line| &line["available"]).collect();
    assert_eq!(lines, [&json!(true), &json!(false), &json!(true)]);
    assert!(!told.body.to_string().contains("\"3\""), "never how much there is");
    assert_eq!(told.header("access-control-allow-origin"), ORIGIN);
    for (method, path) in
        [(Method::GET, "/v1/orders"), (Method::GET, "/v1/me"), (Method::POST, "/v1/orders"), (Method::GET, "/v1/products/KOPI")]
    {
        assert_eq!(page.send(method, path, None).await.code(403), "publishable_key", "{path}");
    }
    assert_eq!(page.send(Method::GET, "/v1/checkout/reservations", None).await.code(403), "not_for_storefronts");
    for origin in [None, Some("https://evil.example.com"), Some("https://shop.example.com.evil.com")] {
        let elsewhere = Page { app: &app, key: key.clone(), origin };
        assert_eq!(elsewhere.send(Method::POST, "/v1/checkout/availability", Some(cart.clone())).await.code(403), "origin_not_allowed");
    }
    let unknown = Page { app: &app, key: "pk_unknown".to_owned(), origin: Some(ORIGIN) };
    assert_eq!(unknown.send(Method::POST, "/v1/checkout/availability", Some(cart.clone())).await.code(401), "unauthenticated");

    // A browser's first question knows no key.
    let preflight = async |path: &str, origin: &str| {
        let request = app.request(Method::OPTIONS, path).header("origin", origin).header("access-control-request-method", "POST");
        request.header("access-control-request-headers", "authorization,content-type").send().await.unwrap()
    };
    let allowed = preflight("/v1/checkout/reservations", ORIGIN).await;
    assert_eq!((allowed.status(), &allowed.headers()["access-control-allow-origin"]), (200.try_into().unwrap(), &ORIGIN.parse().unwrap()));
    for (path, origin) in [("/v1/checkout/reservations", "https://evil.example.com"), ("/v1/orders", ORIGIN)] {
        assert!(preflight(path, origin).await.headers().get("access-control-allow-origin").is_none(), "{path} {origin}");
    }

    let disabled = admin.act(&format!("{path}/disable")).await.expect(200);
    assert_eq!(disabled.body["active"], false);
    assert_eq!(page.send(Method::POST, "/v1/checkout/availability", Some(cart)).await.code(401), "unauthenticated");
    app.refresh_disabled().await;
    assert!(preflight("/v1/checkout/reservations", ORIGIN).await.headers().get("access-control-allow-origin").is_none());
    clean(&app).await;
}

#[actix_web::test]
async fn visitors_hold_only_so_much_for_only_so_long() {
    let app = TestApp::spawn_with(|config| {
        config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        config.checkout_rate_limit_per_minute = Some(40);
    })
    .await;
    let (_, admin) = shop(&app).await;
    receive(&admin, "jakarta", "KOPI", "100").await;
    let limits = json!({"name": "Web shop", "origins": [ORIGIN], "reservation_limit": 3, "reservation_limit_per_address": 2});
    let created = admin.post("/v1/publishable_keys", limits).await.expect(201);
    let key = created.body["key"].as_str().unwrap().to_owned();
    let from = async |address: &str, quantity: &str, seconds: u32| {
        let body = json!({"lines": [{"sku": "KOPI", "quantity": quantity}], "expires_in_seconds": seconds});
        let request = app.request(Method::POST, "/v1/checkout/reservations").bearer_auth(&key).header("origin", ORIGIN);
        send(request.header("x-forwarded-for", address).json(&body)).await
    };
    assert_eq!(from("203.0.113.1", "1", 901).await.code(422), "out_of_range");
    let first = from("203.0.113.1", "1", 900).await.expect(201).body;
    // Where it lies would tell how much lies there: neither the answer nor a later look shows it to a page.
    assert_eq!(first["lines"], json!([{"sku": "KOPI", "quantity": "1", "allocations": []}]));
    let own = format!("/v1/checkout/reservations/{}", first["id"].as_str().unwrap());
    let seen = send(app.request(Method::GET, &own).bearer_auth(&key).header("origin", ORIGIN)).await.expect(200).body;
    assert_eq!(seen["lines"], first["lines"]);
    let inside = admin.get(&own).await.expect(200).body;
    assert_eq!(inside["lines"][0]["allocations"], json!([{"location": "jakarta", "quantity": "1"}]));
    from("203.0.113.1", "1", 900).await.expect(201);
    let full = from("203.0.113.1", "1", 900).await;
    assert_eq!((full.body["limit"].clone(), full.code(409)), (json!(2), "reservation_limit_reached".to_owned()));
    from("203.0.113.2", "1", 900).await.expect(201);
    let full = from("203.0.113.3", "1", 900).await;
    assert_eq!((full.body["limit"].clone(), full.code(409)), (json!(3), "reservation_limit_reached".to_owned()));

    // Whoever gives a cart back makes room; only its secret does.
    let path = format!("/v1/checkout/reservations/{}", first["id"].as_str().unwrap());
    let release = |secret: &str| {
        let request = app.request(Method::DELETE, &path).bearer_auth(&key).header("origin", ORIGIN);
        send(request.header("x-forwarded-for", "203.0.113.1").header("x-release-secret", secret.to_owned()))
    };
    assert_eq!(release("wrong").await.status, 404);
    assert_eq!(release(first["release_secret"].as_str().unwrap()).await.status, 204);
    let short = from("203.0.113.1", "99", 900).await;
    assert_eq!((short.body["lines"][0]["available"].clone(), short.code(409)), (Value::Null, "insufficient_stock".to_owned()));
    from("203.0.113.1", "1", 900).await.expect(201);

    // The same page from elsewhere is not slowed down by one who asks too often.
    let mut statuses = vec![];
    for _ in 0..45 {
        statuses.push(from("203.0.113.9", "1", 0).await.status);
    }
    assert!(statuses.ends_with(&[429]) && statuses[0] == 422, "{statuses:?}");
    assert_eq!(from("203.0.113.10", "1", 0).await.status, 422);
    clean(&app).await;
}

#[actix_web::test]
async fn who_guesses_keys_is_stopped_before_the_database_is_asked() {
    let app = TestApp::spawn_with(|config| config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()]).await;
    let (_, admin) = shop(&app).await;
    let created = admin.post("/v1/publishable_keys", json!({"name": "Web shop", "origins": [ORIGIN]})).await.expect(201);
    let ask = async |key: &str, address: &str| {
        let request = app.request(Method::POST, "/v1/checkout/availability").bearer_auth(key).header("origin", ORIGIN);
        let body = json!({"lines": [{"sku": "KOPI", "quantity": "1"}]});
        send(request.header("x-forwarded-for", address).json(&body)).await.status
    };
    let mut statuses = vec![];
    for i in 0..70 {
        statuses.push(ask(&format!("pk_guessed_{i}"), "203.0.113.1").await);
    }
    assert!(statuses[0] == 401 && statuses.contains(&429), "{statuses:?}");
    // A key that is known needs no look, and another address has not guessed.
    let key = created.body["key"].as_str().unwrap();
    assert_eq!((ask(key, "203.0.113.1").await, ask("pk_guessed", "203.0.113.2").await), (200, 401));
    clean(&app).await;
}

#[actix_web::test]
async fn a_question_about_a_cart_is_one_statement() {
    record();
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    receive(&admin, "jakarta", "KOPI", "3").await;
    let key = admin.post("/v1/publishable_keys", json!({"name": "Web shop", "origins": [ORIGIN]})).await.expect(201).body["key"].clone();
    let page = Page { app: &app, key: key.as_str().unwrap().to_owned(), origin: Some(ORIGIN) };
    let cart = json!({"lines": [{"sku": "KOPI", "quantity": "2"}, {"sku": "TEH", "quantity": "1"}]});
    page.send(Method::POST, "/v1/checkout/availability", Some(cart.clone())).await.expect(200);
    let asked = app.request(Method::POST, "/v1/checkout/availability").bearer_auth(&page.key).header("origin", ORIGIN).json(&cart);
    counted(asked).await.at_most(1, 200);
    assert_eq!(page.reserve("1", 60).await.status, 201);
}
