//! What is refused, with the exact status, code and place of each fault. One table, one application, all failing rows at once.

use crate::shop::{clean, customer, receive, shop};
use crate::support::app::{Reply, TestApp, send};
use crate::support::document::Document;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use pesanan::auth::permission::Role;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// No id of anything.
const NOTHING: &str = "01938f5e-7c1a-7000-8000-2f1b3c4d5e6f";

/// A request and what it must get.
struct Row {
    what: String,
    caller: Caller,
    method: Method,
    path: String,
    headers: Vec<(&'static str, Vec<u8>)>,
    body: Option<Vec<u8>>,
    status: u16,
    code: &'static str,
    /// Of the faults, in their order.
    pointers: Vec<&'static str>,
}

enum Caller {
    Admin,
    Sales,
    Viewer,
    /// May read and write orders, but not set prices.
    Clerk,
    Nobody,
    Bearer(String),
}

impl Row {
    fn new(what: impl Into<String>, method: Method, path: impl Into<String>, status: u16, code: &'static str) -> Self {
        let (what, path) = (what.into(), path.into());
        Self { what, caller: Caller::Admin, method, path, headers: vec![], body: None, status, code, pointers: vec![] }
    }

    fn get(path: impl Into<String>, status: u16, code: &'static str) -> Self {
        let path = path.into();
        Self::new(format!("GET {path}"), Method::GET, path, status, code)
    }

    fn by(self, caller: Caller) -> Self {
        Self { caller, ..self }
    }

    fn header(mut self, name: &'static str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// A body of these bytes, said to be JSON.
    fn bytes(self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: Some(body.into()), ..self.header("content-type", "application/json") }
    }

    fn json(self, body: Value) -> Self {
        self.bytes(body.to_string())
    }

    fn at(mut self, pointer: &'static str) -> Self {
        self.pointers.push(pointer);
        self
    }
}

/// What the rows refer to.
struct World {
    app: TestApp,
    order: Value,
    /// Another organization's order and customer.
    foreign_order: String,
    foreign_customer: String,
    tokens: BTreeMap<&'static str, String>,
}

impl World {
    async fn new() -> Self {
        let app = TestApp::spawn().await;
        let mut tokens = BTreeMap::new();
        let (order, foreign_order, foreign_customer) = {
            let (ours, admin) = shop(&app).await;
            customer(&admin, "C-1", json!({})).await;
            receive(&admin, "jakarta", "KOPI", "10").await;
            let order = json!({"customer_code": "C-1", "external_id": "web-1", "lines": [{"sku": "KOPI", "quantity": "1"}]});
            let order = admin.post("/v1/orders", order).await.expect(201).body;
            let elsewhere = app.organization("elsewhere").await;
            let stranger = app.caller(elsewhere, Role::Admin).await;
            let product = json!([{"sku": "WRAP", "name": "Wrap", "kind": "service", "unit": "C62", "tax_category": "standard"}]);
            stranger.put("/v1/products", product).await.expect(200);
            let price = json!([{"sku": "WRAP", "currency": "IDR", "unit_price": "1"}]);
            stranger.put("/v1/prices", price).await.expect(200);
            let foreign_customer = customer(&stranger, "C-9", json!({})).await;
            let foreign = json!({"customer_code": "C-9", "lines": [{"sku": "WRAP", "quantity": "1"}]});
            let foreign = stranger.post("/v1/orders", foreign).await.expect(201).body["id"].as_str().unwrap().to_owned();
            for (name, role) in [("sales", Role::Sales), ("viewer", Role::Viewer)] {
                tokens.insert(name, app.caller(ours, role).await.token);
            }
            let client = app.api_client(ours, Role::Sales).await;
            let clerk = json!({"grant_type": "client_credentials", "client_id": client.client_id, "client_secret": client.client_secret,
                "scope": "orders:read orders:write"});
            tokens.insert("clerk", app.token(&clerk).await.expect(200).body["access_token"].as_str().unwrap().to_owned());
            tokens.insert("admin", admin.token);
            (order, foreign, foreign_customer)
        };
        Self { app, order, foreign_order, foreign_customer, tokens }
    }

    fn order_id(&self) -> &str {
        self.order["id"].as_str().unwrap()
    }

    /// The claims of the admin's token, changed.
    fn claims(&self, change: impl Fn(&mut Value)) -> Value {
        let payload = self.tokens["admin"].split('.').nth(1).unwrap();
        let mut claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
        change(&mut claims);
        claims
    }

    /// A token that the right key has signed.
    fn signed(&self, algorithm: Algorithm, kind: &str, kid: &str, claims: &Value) -> Caller {
        let header = Header { kid: Some(kid.to_owned()), typ: Some(kind.to_owned()), ..Header::new(algorithm) };
        let key = EncodingKey::from_secret(&STANDARD.decode(&self.app.key.secret).unwrap());
        Caller::Bearer(jsonwebtoken::encode(&header, claims, &key).unwrap())
    }

    async fn ask(&self, row: &Row) -> Reply {
        let token = match &row.caller {
            Caller::Admin => Some(self.tokens["admin"].as_str()),
            Caller::Sales => Some(self.tokens["sales"].as_str()),
            Caller::Viewer => Some(self.tokens["viewer"].as_str()),
            Caller::Clerk => Some(self.tokens["clerk"].as_str()),
            Caller::Bearer(token) => Some(token.as_str()),
            Caller::Nobody => None,
        };
        let mut request = self.app.request(row.method.clone(), &row.path);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        for (name, value) in &row.headers {
            request = request.header(*name, reqwest::header::HeaderValue::from_bytes(value).unwrap());
        }
        if let Some(body) = &row.body {
            request = request.body(body.clone());
        }
        send(request).await
    }
}

/// An order that would be placed.
fn good_order() -> Value {
    json!({"customer_code": "C-1", "lines": [{"sku": "KOPI", "quantity": "1"}]})
}

/// The same with one member set.
fn order(pointer: &str, value: Value, code: &'static str) -> Row {
    let mut body = good_order();
    put(&mut body, pointer, value);
    let shown = body.pointer(pointer).map(Value::to_string).unwrap_or_default().chars().take(60).collect::<String>();
    Row::new(format!("order {pointer} = {shown}"), Method::POST, "/v1/orders", 422, code).json(body)
}

/// Sets the value at a pointer whose parent is there.
fn put(body: &mut Value, pointer: &str, value: Value) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match body.pointer_mut(parent).unwrap() {
        Value::Array(items) => items[name.parse::<usize>().unwrap()] = value,
        parent => parent[name] = value,
    }
}

fn tokens(world: &World) -> Vec<Row> {
    let orders = |what: &str, caller| Row::new(what, Method::GET, "/v1/orders", 401, "unauthenticated").by(caller);
    let admin = &world.tokens["admin"];
    let parts: Vec<&str> = admin.split('.').collect();
    let kid = world.app.key.kid.as_str();
    let ours = world.claims(|_| {});
    let none = URL_SAFE_NO_PAD.encode(format!(r#"{{"typ":"at+jwt","alg":"none","kid":"{kid}"}}"#));
    let other = URL_SAFE_NO_PAD.encode(world.claims(|claims| claims["scope"] = json!("admin")).to_string());
    let signed = |change: &dyn Fn(&mut Value)| world.signed(Algorithm::HS256, "at+jwt", kid, &world.claims(change));
    vec![
        orders("no token", Caller::Nobody),
        orders("another scheme", Caller::Nobody).header("authorization", "Basic YTpi"),
        orders("an empty token", Caller::Nobody).header("authorization", "Bearer "),
        orders("bytes that are no text", Caller::Nobody).header("authorization", b"Bearer \xff\xfe".to_vec()),
        orders("something else than a token", Caller::Bearer("psk_secret".into())),
        orders("an expired token", signed(&|claims| claims["exp"] = json!(world.app.clock.now().timestamp() - 1))),
        orders("an unsigned token", Caller::Bearer(format!("{}.{}.", parts[0], parts[1]))),
        orders("alg=none with our signature", Caller::Bearer(format!("{none}.{}.{}", parts[1], parts[2]))),
        orders("alg=none without a signature", Caller::Bearer(format!("{none}.{}.", parts[1]))),
        orders("our key by another algorithm", world.signed(Algorithm::HS512, "at+jwt", kid, &ours)),
        orders("another audience", signed(&|claims| claims["aud"] = json!("somebody else"))),
        orders("another issuer", signed(&|claims| claims["iss"] = json!("somebody else"))),
        orders("no expiry", signed(&|claims| _ = claims.as_object_mut().unwrap().remove("exp"))),
        orders("a role that there is not", signed(&|claims| claims["role"] = json!("emperor"))),
        orders("a scope that there is not", signed(&|claims| claims["scope"] = json!("everything"))),
        orders("changed claims under the old signature", Caller::Bearer(format!("{}.{other}.{}", parts[0], parts[2]))),
        orders("a key that there is not", world.signed(Algorithm::HS256, "at+jwt", "retired", &ours)),
        orders("an ID token", world.signed(Algorithm::HS256, "JWT", kid, &ours)),
        Row::new("no token, and the rest is wrong too", Method::POST, "/v1/orders?colour=red", 401, "unauthenticated")
            .by(Caller::Nobody)
            .header("accept", "text/html")
            .header("content-type", "text/plain"),
        Row::new("a viewer places an order", Method::POST, "/v1/orders", 403, "insufficient_scope").by(Caller::Viewer).json(good_order()),
        Row::new("the scope is asked for before the body", Method::POST, "/v1/orders", 403, "insufficient_scope")
            .by(Caller::Viewer)
            .bytes("{"),
        Row::new("a viewer confirms", Method::POST, format!("/v1/orders/{}/confirm", world.order_id()), 403, "insufficient_scope")
            .by(Caller::Viewer),
        Row::new("sales changes the company", Method::PUT, "/v1/organization", 403, "insufficient_scope").by(Caller::Sales).json(json!({})),
        Row::new("sales books money", Method::POST, "/v1/payments", 403, "insufficient_scope").by(Caller::Sales).json(json!({})),
        Row::new("a clerk sets a price", Method::POST, "/v1/orders", 403, "insufficient_scope")
            .by(Caller::Clerk)
            .json(json!({"customer_code": "C-1", "lines": [{"sku": "KOPI", "quantity": "1", "unit_price": "1"}]})),
        Row::new("a clerk reads the catalog", Method::GET, "/v1/products", 403, "insufficient_scope").by(Caller::Clerk),
    ]
}

fn syntax() -> Vec<Row> {
    let raw = |what: &str, body: &[u8]| Row::new(what, Method::POST, "/v1/orders", 400, "malformed_json").bytes(body);
    let deep =
        |depth: usize| format!(r#"{{"customer_code":"C-1","lines":[],"metadata":{{"a":{}{}}}}}"#, "[".repeat(depth), "]".repeat(depth));
    vec![
        raw("JSON that ends early", br#"{"customer_code": "C-1", "lines": [{"sku": "KO"#),
        raw("JSON that goes on", br#"{"customer_code": "C-1", "lines": []} {}"#),
        raw("no body at all", b""),
        raw("only white space", b" \n "),
        raw("a byte order mark", b"\xef\xbb\xbf{}"),
        raw("single quotes", b"{'customer_code': 'C-1'}"),
        raw("a trailing comma", br#"{"customer_code": "C-1",}"#),
        raw("NaN", br#"{"customer_code": "C-1", "lines": [{"sku": "KOPI", "quantity": NaN}]}"#),
        raw("a number that is too large for any", br#"{"metadata": {"a": 1e999}, "lines": []}"#),
        raw("invalid UTF-8", b"{\"customer_code\": \"\xff\xfe\", \"lines\": []}"),
        raw("half a surrogate", br#"{"customer_code": "\ud800", "lines": []}"#),
        raw("a raw NUL byte", b"{\"note\": \"a\0b\", \"lines\": []}"),
        raw("an escaped NUL", br#"{"note": "a\u0000b", "lines": []}"#),
        raw("an escaped NUL in a member's name", br#"{"metadata": {"a\u0000": 1}, "lines": []}"#),
        raw("a wall of brackets", "[".repeat(100_000).as_bytes()),
        raw("deep nesting where it would be read", deep(200).as_bytes()),
        Row::new("deep nesting where nothing reads it", Method::POST, "/v1/orders", 422, "unknown_field")
            .bytes(format!(r#"{{"colour": {}{}}}"#, "[".repeat(200), "]".repeat(200)))
            .at("/colour"),
        raw("said to be compressed", b"not gzip").header("content-encoding", "gzip"),
        Row::new("an array for an object", Method::POST, "/v1/orders", 422, "invalid_type").bytes("[]").at(""),
        Row::new("a text for an object", Method::POST, "/v1/orders", 422, "invalid_type").bytes("\"order\"").at(""),
        Row::new("null for an object", Method::POST, "/v1/orders", 422, "invalid_type").bytes("null").at(""),
        Row::new("an object for an array", Method::PUT, "/v1/prices", 422, "invalid_type").bytes("{}").at(""),
        Row::new("a member twice", Method::POST, "/v1/orders", 422, "duplicate_field")
            .bytes(r#"{"note": "a", "note": "b", "lines": []}"#)
            .at("/note"),
        Row::new("a body as text", Method::POST, "/v1/orders", 415, "unsupported_media_type")
            .header("content-type", "text/plain")
            .bytes_only(good_order()),
        Row::new("a body as a form", Method::POST, "/v1/orders", 415, "unsupported_media_type")
            .header("content-type", "application/x-www-form-urlencoded")
            .bytes_only(good_order()),
        Row::new("a body of no type", Method::POST, "/v1/orders", 415, "unsupported_media_type").bytes_only(good_order()),
        Row::new("a merge patch to POST", Method::POST, "/v1/orders", 415, "unsupported_media_type")
            .header("content-type", "application/merge-patch+json")
            .bytes_only(good_order()),
        Row::new("a body of more than 1 MiB", Method::POST, "/v1/orders", 413, "payload_too_large").bytes(vec![b' '; 1024 * 1024 + 1]),
        Row::new("nothing but HTML will do", Method::GET, "/v1/orders", 406, "not_acceptable").header("accept", "text/html"),
        Row::new("anything but JSON", Method::GET, "/v1/orders", 406, "not_acceptable").header("accept", "application/json;q=0, text/html"),
        Row::new("JSON of a CSV", Method::GET, "/v1/reports/sales.csv", 406, "not_acceptable").header("accept", "application/json"),
    ]
}

impl Row {
    /// A body whose type is not said, or has been said already.
    fn bytes_only(self, body: Value) -> Self {
        Self { body: Some(body.to_string().into_bytes()), ..self }
    }
}

fn queries(world: &World) -> Vec<Row> {
    let id = world.order_id();
    let refused = |query: &str, code| Row::get(format!("/v1/orders?{query}"), 400, code);
    vec![
        refused("colour=red", "unknown_parameter"),
        refused("colour=", "unknown_parameter"),
        refused("Status=draft", "unknown_parameter"),
        refused("status=draft&status=confirmed", "unknown_parameter"),
        refused("status=lost", "invalid_parameter"),
        refused("status=draft,lost", "invalid_parameter"),
        refused("hold_code=whim", "invalid_parameter"),
        refused("limit=0", "invalid_parameter"),
        refused("limit=201", "invalid_parameter"),
        refused("limit=-1", "invalid_parameter"),
        refused("limit=99999999999999999999", "invalid_parameter"),
        refused("limit=ten", "invalid_parameter"),
        refused("limit=1.5", "invalid_parameter"),
        refused("cursor=garbage", "invalid_cursor"),
        refused("cursor=eyJmIjoxLCJrIjpbImEiLCJiIl19", "invalid_cursor"),
        refused("customer_id=C-1", "invalid_parameter"),
        refused("ordered_from=yesterday", "invalid_parameter"),
        refused("ordered_from=2026-03-02", "invalid_parameter"),
        refused("promised_before=2026-02-30", "invalid_parameter"),
        refused("sort=colour", "invalid_parameter"),
        refused("q=%ff%fe", "invalid_parameter"),
        refused("q=%zz", "invalid_parameter"),
        refused("q=a%00b", "invalid_parameter"),
        refused("number=SO-000001%00", "invalid_parameter"),
        Row::get(format!("/v1/orders/{id}?expand=lines"), 400, "unknown_parameter"),
        Row::new("a query on a POST", Method::POST, "/v1/orders?dry_run=true", 400, "unknown_parameter").json(good_order()),
        Row::get("/v1/events?after=garbage", 400, "invalid_cursor"),
        Row::get("/v1/events?type=Order.Held", 400, "invalid_parameter"),
        Row::get("/v1/inventory?below_reorder_point=maybe", 400, "invalid_parameter"),
        Row::get("/v1/inventory/availability", 400, "invalid_parameter"),
        Row::get("/v1/inventory/availability?sku=KOPI&quantity=many", 400, "invalid_parameter"),
        Row::get("/v1/inventory/availability?sku=KOPI&quantity=-1", 422, "out_of_range").at(""),
        Row::get("/v1/reports/sales?from=2026-03-02&to=2026-03-01", 400, "invalid_parameter"),
        Row::get("/v1/reports/sales?interval=fortnight", 400, "invalid_parameter"),
        Row::get("/v1/reports/sales?group_by=colour", 400, "invalid_parameter"),
        Row::get("/v1/reports/sales?currency=ABC", 400, "invalid_parameter"),
        Row::get("/v1/reports/sales?from=02.03.2026", 400, "invalid_parameter"),
    ]
}

fn paths(world: &World) -> Vec<Row> {
    let (foreign, ours) = (&world.foreign_order, world.order_id());
    let act = |path: String, body: Value, status, code| Row::new(format!("POST {path}"), Method::POST, path, status, code).json(body);
    let mut rows = vec![
        Row::get("/v1/orders/SO-000001", 400, "invalid_path"),
        Row::get("/v1/orders/01938f5e-7c1a-7000-8000-2f1b3c4d5e6", 400, "invalid_path"),
        Row::get("/v1/orders/%00", 400, "invalid_path"),
        Row::get("/v1/products/KOPI%00", 400, "invalid_path"),
        Row::get("/v1/products/KO%20PI", 400, "invalid_path"),
        Row::get("/v1/products/KO%2FPI", 400, "invalid_path"),
        Row::get("/v1/products/%ff", 400, "invalid_path"),
        Row::get(format!("/v1/products/{}", "K".repeat(65)), 400, "invalid_path"),
        Row::new("a code that none can have", Method::PUT, "/v1/locations/a%20b", 400, "invalid_path")
            .json(json!({"name": "x", "kind": "store"})),
        Row::get(format!("/v1/orders/{NOTHING}"), 404, "not_found"),
        Row::get("/v1/products/NO-SUCH", 404, "not_found"),
        Row::get("/v1/locations/no-such", 404, "not_found"),
        Row::get("/v1/inventory/NO-SUCH/jakarta/policy", 404, "not_found"),
        Row::get("/v1/orders/", 404, "not_found"),
        Row::get("/v1/colours", 404, "not_found"),
        Row::get("/v2/orders", 404, "not_found"),
        Row::get(format!("/v1/orders/{foreign}"), 404, "not_found"),
        Row::get(format!("/v1/orders/{foreign}/events"), 404, "not_found"),
        Row::get(format!("/v1/customers/{}", world.foreign_customer), 404, "not_found"),
        Row::get(format!("/v1/customers/{}/history", world.foreign_customer), 404, "not_found"),
        Row::new("PATCH another organization's order", Method::PATCH, format!("/v1/orders/{foreign}"), 404, "not_found")
            .json(json!({"note": "x"})),
        act(format!("/v1/orders/{foreign}/hold"), json!({"reason": "x"}), 404, "not_found"),
        act(format!("/v1/orders/{foreign}/cancel"), json!({"reason": {"code": "fraud"}}), 404, "not_found"),
        act(format!("/v1/orders/{foreign}/invoices"), json!({}), 404, "not_found"),
        act(format!("/v1/orders/{ours}/holds/{NOTHING}/release"), json!({"reason": "x"}), 404, "not_found"),
        act(format!("/v1/orders/{ours}/lines/{NOTHING}/complete"), json!({}), 404, "not_found"),
        act(format!("/v1/fulfillment_orders/{NOTHING}/ship"), json!({"carrier": "jne"}), 404, "not_found"),
        act(format!("/v1/payments/{NOTHING}/refund"), json!({"amount": "1", "reason": "x"}), 404, "not_found"),
        act(format!("/v1/shipments/{NOTHING}/deliver"), json!({}), 404, "not_found"),
    ];
    let wrong = [
        (Method::DELETE, "/v1/orders"),
        (Method::PUT, "/v1/orders"),
        (Method::POST, "/v1/me"),
        (Method::PATCH, "/v1/prices"),
        (Method::GET, "/v1/auth/token"),
        (Method::DELETE, "/v1/products/KOPI"),
        (Method::PUT, "/v1/inventory"),
    ];
    rows.extend(wrong.map(|(method, path)| Row::new(format!("{method} {path}"), method, path, 405, "method_not_allowed")));
    rows
}

fn headers(world: &World) -> Vec<Row> {
    let place = |what: &str, status, code| Row::new(what, Method::POST, "/v1/orders", status, code).json(good_order());
    let patch = |what: &str, status, code| {
        let path = format!("/v1/orders/{}", world.order_id());
        Row::new(what, Method::PATCH, path, status, code).json(json!({"note": "x"}))
    };
    vec![
        place("an empty key", 400, "invalid_idempotency_key").header("idempotency-key", ""),
        place("an empty key in quotes", 400, "invalid_idempotency_key").header("idempotency-key", "\"\""),
        place("a key of 256 characters", 400, "invalid_idempotency_key").header("idempotency-key", "k".repeat(256)),
        place("a key beyond ASCII", 400, "invalid_idempotency_key").header("idempotency-key", "schlüssel".as_bytes()),
        place("a key with a quote inside", 400, "invalid_idempotency_key").header("idempotency-key", "a\"b"),
        place("a key of another request", 422, "idempotency_key_reused").header("idempotency-key", "used").at(""),
        patch("another version", 412, "stale_version").header("if-match", "\"77\""),
        patch("a tag that is none of ours", 412, "stale_version").header("if-match", "\"abc\""),
        patch("a tag that is no text", 400, "invalid_header").header("if-match", b"\"\xff\"".to_vec()),
        Row::new("a patch as text", Method::PATCH, format!("/v1/orders/{}", world.order_id()), 415, "unsupported_media_type")
            .header("content-type", "text/plain")
            .bytes_only(json!({"note": "x"})),
        Row::new("only new, but there", Method::PUT, "/v1/products/KOPI", 412, "stale_version")
            .header("if-none-match", "*")
            .json(json!({"name": "Kopi", "unit": "C62", "tax_category": "standard"})),
        Row::new("only this version, but not there", Method::PUT, "/v1/products/NEW", 404, "not_found")
            .header("if-match", "\"1\"")
            .json(json!({"name": "New", "unit": "C62", "tax_category": "standard"})),
    ]
}

fn order_lines() -> Vec<Row> {
    let quantity = |value: Value, code| order("/lines/0/quantity", value, code).at("/lines/0/quantity");
    let lines = |n: usize| json!(vec![json!({"sku": "KOPI", "quantity": "1"}); n]);
    vec![
        quantity(json!(1), "decimal_string_required"),
        quantity(json!(1.5), "decimal_string_required"),
        quantity(json!(-1), "decimal_string_required"),
        quantity(json!(true), "invalid_type"),
        quantity(json!(["1"]), "invalid_type"),
        quantity(json!({"value": "1"}), "invalid_type"),
        quantity(json!(null), "required"),
        quantity(json!(""), "invalid_decimal"),
        quantity(json!("one"), "invalid_decimal"),
        quantity(json!("1e3"), "invalid_decimal"),
        quantity(json!("+1"), "invalid_decimal"),
        quantity(json!("1,5"), "invalid_decimal"),
        quantity(json!(" 1"), "invalid_decimal"),
        quantity(json!("0x10"), "invalid_decimal"),
        quantity(json!("1.2.3"), "invalid_decimal"),
        quantity(json!("٣"), "invalid_decimal"),
        quantity(json!("Infinity"), "invalid_decimal"),
        quantity(json!("-1"), "out_of_range"),
        quantity(json!("0"), "out_of_range"),
        quantity(json!("-0"), "out_of_range"),
        quantity(json!("1000000001"), "out_of_range"),
        quantity(json!("999999999999999999999999"), "out_of_range"),
        quantity(json!("9".repeat(41)), "out_of_range"),
        quantity(json!("1.5"), "too_many_decimals"),
        quantity(json!("0.0001"), "too_many_decimals"),
        order("/lines/0/sku", json!("NO-SUCH"), "unknown_sku").at("/lines/0/sku"),
        order("/lines/0/sku", json!(""), "invalid_code").at("/lines/0/sku"),
        order("/lines/0/sku", json!("KO PI"), "invalid_code").at("/lines/0/sku"),
        order("/lines/0/sku", json!(42), "invalid_type").at("/lines/0/sku"),
        order("/lines/0/unit", json!("PALLET"), "unknown_unit").at("/lines/0/unit"),
        order("/lines/0/unit_price", json!(5), "decimal_string_required").at("/lines/0/unit_price"),
        order("/lines/0/unit_price", json!("-5"), "out_of_range").at("/lines/0/unit_price"),
        order("/lines/0/unit_price", json!("1.1234567"), "too_many_decimals").at("/lines/0/unit_price"),
        order("/lines/0/unit_price", json!("1000000000000"), "out_of_range").at("/lines/0/unit_price"),
        order("/lines/0/tax_amount", json!("1"), "only_as_given").at("/lines/0/tax_amount"),
        order("/lines/0/discounts", json!([{"code": "x", "percent": "101", "reason": "x"}]), "out_of_range")
            .at("/lines/0/discounts/0/percent"),
        order("/lines/0/discounts", json!([{"code": "x", "reason": "x"}]), "exactly_one_of").at("/lines/0/discounts/0"),
        order("/lines/0/discounts", json!([{"code": "x", "percent": "1", "amount": "1", "reason": "x"}]), "exactly_one_of")
            .at("/lines/0/discounts/0"),
        order("/lines/0/colour", json!("red"), "unknown_field").at("/lines/0/colour"),
        order("/lines/0/requested_on", json!("2026-02-30"), "invalid_date").at("/lines/0/requested_on"),
        order("/lines", json!([]), "required").at("/lines"),
        order("/lines", json!(null), "required").at("/lines"),
        order("/lines", json!({}), "invalid_type").at("/lines"),
        order("/lines", json!([null]), "invalid_type").at("/lines/0"),
        order("/lines", json!([{}]), "required").at("/lines/0/sku"),
        order("/lines", lines(1_001), "too_many_items").at("/lines"),
        Row::new("an order of 100,001 lines", Method::POST, "/v1/orders", 413, "payload_too_large")
            .json(json!({"customer_code": "C-1", "lines": lines(100_001)})),
        Row::new("two lines with two faults", Method::POST, "/v1/orders", 422, "validation_failed")
            .json(json!({"customer_code": "C-1", "note": "", "lines": [{"sku": "KOPI", "quantity": "0"}, {"sku": "", "quantity": "1"}]}))
            .at("/lines/0/quantity")
            .at("/lines/1/sku")
            .at("/note"),
    ]
}

fn order_fields(world: &World) -> Vec<Row> {
    let place = |what: &str, status, code, body: Value| Row::new(what, Method::POST, "/v1/orders", status, code).json(body);
    let line = json!([{"sku": "KOPI", "quantity": "1"}]);
    vec![
        place("nobody buys", 422, "exactly_one_of", json!({ "lines": line })).at("/customer_id"),
        order("/customer", json!({"name": "Siti"}), "exactly_one_of").at("/customer_id"),
        order("/customer_code", json!("C-404"), "unknown_customer").at("/customer_code"),
        order("/customer_code", json!(7), "invalid_type").at("/customer_code"),
        place("another organization's customer", 422, "unknown_customer", json!({"customer_id": world.foreign_customer, "lines": line}))
            .at("/customer_id"),
        place("a customer id that is none", 422, "invalid_id", json!({"customer_id": "C-1", "lines": line})).at("/customer_id"),
        place("a guest without a name", 422, "required", json!({"customer": {"email": "siti@example.com"}, "lines": line}))
            .at("/customer/name"),
        place("a guest with half an address", 422, "invalid_email", json!({"customer": {"name": "Siti", "email": "siti@"}, "lines": line}))
            .at("/customer/email"),
        order("/bill_to_customer_id", json!(world.foreign_customer), "unknown_customer").at("/bill_to_customer_id"),
        order("/currency", json!("ABC"), "unknown_currency").at("/currency"),
        order("/currency", json!("XXX"), "unknown_currency").at("/currency"),
        order("/currency", json!("XAU"), "unknown_currency").at("/currency"),
        order("/currency", json!("idr"), "unknown_currency").at("/currency"),
        order("/currency", json!(360), "invalid_type").at("/currency"),
        order("/currency", json!("USD"), "price_missing").at("/lines/0/sku"),
        order("/colour", json!("red"), "unknown_field").at("/colour"),
        order("/Note", json!("x"), "unknown_field").at("/Note"),
        place("a name with a slash", 422, "unknown_field", json!({"a/b~": 1, "lines": line})).at("/a~1b~0"),
        order("/status", json!("completed"), "unknown_field").at("/status"),
        order("/on_shortage", json!("maybe"), "unknown_value").at("/on_shortage"),
        order("/on_shortage", json!(1), "invalid_type").at("/on_shortage"),
        order("/delivery_rule", json!("Partial"), "unknown_value").at("/delivery_rule"),
        order("/pricing", json!("free"), "unknown_value").at("/pricing"),
        order("/draft", json!("yes"), "invalid_type").at("/draft"),
        order("/draft", json!(1), "invalid_type").at("/draft"),
        order("/channel", json!("fax"), "unknown_channel").at("/channel"),
        order("/channel", json!("../direct"), "invalid_code").at("/channel"),
        order("/payment_terms", json!("net_9000"), "unknown_payment_terms").at("/payment_terms"),
        order("/reservation_id", json!(NOTHING), "unknown_reservation").at("/reservation_id"),
        order("/ship_to_address_code", json!("moon"), "unknown_address").at("/ship_to_address_code"),
        order("/ordered_at", json!("yesterday"), "invalid_timestamp").at("/ordered_at"),
        order("/ordered_at", json!("2026-03-02 10:00"), "invalid_timestamp").at("/ordered_at"),
        order("/ordered_at", json!(1772416800), "invalid_type").at("/ordered_at"),
        order("/ordered_at", json!("2036-01-01T00:00:00Z"), "out_of_range").at("/ordered_at"),
        order("/ordered_at", json!("1066-10-14T09:00:00Z"), "out_of_range").at("/ordered_at"),
        order("/requested_on", json!("02.03.2026"), "invalid_date").at("/requested_on"),
        order("/note", json!(""), "required").at("/note"),
        order("/note", json!("x".repeat(5001)), "too_long").at("/note"),
        order("/note", json!("bell\u{7}"), "invalid_characters").at("/note"),
        order("/purchase_order_number", json!("p".repeat(101)), "too_long").at("/purchase_order_number"),
        order("/shipping", json!({"amount": "-1"}), "out_of_range").at("/shipping/amount"),
        order("/shipping", json!({"amount": 25000}), "decimal_string_required").at("/shipping/amount"),
        order("/shipping", json!({"amount": "0.001"}), "too_many_decimals").at("/shipping/amount"),
        order("/shipping_address", json!({"line1": "x", "city": "x", "country": "XX"}), "unknown_country").at("/shipping_address/country"),
        order("/shipping_address", json!({"line1": "x", "city": "x", "country": "id"}), "unknown_country").at("/shipping_address/country"),
        order("/shipping_address", json!({"line1": "x", "city": "x"}), "required").at("/shipping_address/country"),
        order("/shipping_address", json!({"line1": "x", "city": "x", "country": "ID", "planet": "Mars"}), "unknown_field")
            .at("/shipping_address/planet"),
        order("/metadata", json!([]), "invalid_type").at("/metadata"),
        order("/metadata", json!({"a": "x".repeat(16 * 1024)}), "too_long").at("/metadata"),
        order("/external_ids", json!({"hubspot": 1}), "invalid_type").at("/external_ids/hubspot"),
        order("/external_ids", json!({"hub spot": "1"}), "invalid_code").at("/external_ids/hub spot"),
        order("/payments", json!([{"method": "gold", "amount": "1"}]), "unknown_value").at("/payments/0/method"),
        order("/payments", json!([{"method": "card", "amount": "0"}]), "out_of_range").at("/payments/0/amount"),
        place(
            "more than there is",
            409,
            "insufficient_stock",
            json!({"customer_code": "C-1", "lines": [{"sku": "KOPI", "quantity": "100"}]}),
        ),
        place(
            "the shop's id with another content",
            409,
            "external_id_conflict",
            json!({"customer_code": "C-1", "external_id": "web-1", "lines": [{"sku": "KOPI", "quantity": "2"}]}),
        ),
    ]
}

fn others(world: &World) -> Vec<Row> {
    let id = world.order_id();
    let put =
        |path: &str, body: Value, status, code| Row::new(format!("PUT {path} {body:.90}"), Method::PUT, path, status, code).json(body);
    let post =
        |path: &str, body: Value, status, code| Row::new(format!("POST {path} {body:.90}"), Method::POST, path, status, code).json(body);
    let product = |change: Value| {
        let mut body = json!({"name": "Teh", "unit": "C62", "tax_category": "standard"});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        put("/v1/products/TEH", body, 422, "")
    };
    let with = |row: Row, code: &'static str| Row { code, ..row };
    let price = |change: Value| {
        let mut body = json!({"sku": "KOPI", "currency": "IDR", "unit_price": "1"});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        put("/v1/prices", json!([body]), 422, "")
    };
    let receipt = |location: &str, line: Value| post("/v1/inventory/receipts", json!({"location": location, "lines": [line]}), 422, "");
    let buyer = |change: Value| {
        let mut body = json!({"name": "Budi", "kind": "person", "payment_terms": "net_30"});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        post("/v1/customers", body, 422, "")
    };
    let row = json!({"sku": "KOPI", "currency": "IDR", "unit_price": "1"});
    vec![
        with(product(json!({"quantity_scale": 4})), "out_of_range").at("/quantity_scale"),
        with(product(json!({"quantity_scale": -1})), "out_of_range").at("/quantity_scale"),
        with(product(json!({"kind": "dream"})), "unknown_value").at("/kind"),
        with(product(json!({"unit": "furlong-ish"})), "unknown_unit").at("/unit"),
        with(product(json!({"units": [{"unit": "XBX", "factor": "0"}]})), "out_of_range").at("/units/0/factor"),
        with(product(json!({"gtin": "9520000000010"})), "invalid_gtin").at("/gtin"),
        with(product(json!({"name": " "})), "required").at("/name"),
        with(price(json!({"sku": "NO-SUCH"})), "unknown_sku").at("/0/sku"),
        with(price(json!({"unit_price": "-1"})), "out_of_range").at("/0/unit_price"),
        with(price(json!({"currency": "ABC"})), "unknown_currency").at("/0/currency"),
        with(price(json!({"valid_from_on": "2026-03-02", "valid_to_on": "2026-03-01"})), "out_of_range").at("/0/valid_to_on"),
        put("/v1/prices", json!([row, row]), 422, "duplicate_key").at("/1"),
        Row::new("100,001 prices", Method::PUT, "/v1/prices", 422, "too_many_items").json(json!(vec![row.clone(); 100_001])).at(""),
        Row::new("a bulk body of more than 32 MiB", Method::PUT, "/v1/prices", 413, "payload_too_large")
            .bytes(vec![b' '; 32 * 1024 * 1024 + 1]),
        put(
            "/v1/tax_rates",
            json!([{"country": "XX", "tax_category": "standard", "tax_scheme_category": "S", "name": "x", "rate": "0.1"}]),
            422,
            "unknown_country",
        )
        .at("/0/country"),
        put(
            "/v1/tax_rates",
            json!([{"country": "DE", "tax_category": "standard", "tax_scheme_category": "S", "name": "x", "rate": "19"}]),
            422,
            "out_of_range",
        )
        .at("/0/rate"),
        put(
            "/v1/exchange_rates",
            json!([{"from_currency": "USD", "to_currency": "IDR", "rate": "0", "valid_from_on": "2026-01-01"}]),
            422,
            "out_of_range",
        )
        .at("/0/rate"),
        with(receipt("moon", json!({"sku": "KOPI", "quantity": "1"})), "unknown_location").at("/location"),
        with(receipt("jakarta", json!({"sku": "NO-SUCH", "quantity": "1"})), "unknown_sku").at("/lines/0/sku"),
        with(receipt("jakarta", json!({"sku": "WRAP", "quantity": "1"})), "not_stocked").at("/lines/0/sku"),
        with(receipt("jakarta", json!({"sku": "KOPI", "quantity": "-1"})), "out_of_range").at("/lines/0/quantity"),
        with(receipt("jakarta", json!({"sku": "KOPI", "quantity": "0.5"})), "too_many_decimals").at("/lines/0/quantity"),
        post("/v1/inventory/adjustments", json!({"location": "jakarta", "reason": "x", "lines": [{"sku": "KOPI"}]}), 422, "exactly_one_of")
            .at("/lines/0"),
        post(
            "/v1/inventory/adjustments",
            json!({"location": "jakarta", "reason": "x", "lines": [{"sku": "KOPI", "delta": "-1000"}]}),
            409,
            "insufficient_stock",
        ),
        post(
            "/v1/inventory/transfers",
            json!({"from": "jakarta", "to": "surabaya", "lines": [{"sku": "KOPI", "quantity": "1000"}]}),
            409,
            "insufficient_stock",
        ),
        post(
            "/v1/checkout/reservations",
            json!({"lines": [{"sku": "KOPI", "quantity": "1"}], "expires_in_seconds": 3601}),
            422,
            "out_of_range",
        )
        .at("/expires_in_seconds"),
        with(buyer(json!({"email": "budi at home"})), "invalid_email").at("/email"),
        with(buyer(json!({"kind": "ghost"})), "unknown_value").at("/kind"),
        with(buyer(json!({"payment_terms": "never"})), "unknown_payment_terms").at("/payment_terms"),
        with(buyer(json!({"credit_limit": 5})), "decimal_string_required").at("/credit_limit"),
        with(buyer(json!({"code": "C 1"})), "invalid_code").at("/code"),
        post(
            "/v1/customers",
            json!({"name": "Budi", "kind": "person", "code": "C-1", "payment_terms": "net_30"}),
            409,
            "customer_code_taken",
        ),
        post(&format!("/v1/orders/{id}/confirm"), json!({}), 409, "invalid_transition"),
        post(&format!("/v1/orders/{id}/confirm"), json!({"now": true}), 422, "unknown_field").at("/now"),
        post(&format!("/v1/orders/{id}/hold"), json!({"reason": ""}), 422, "required").at("/reason"),
        post(&format!("/v1/orders/{id}/cancel"), json!({"reason": {"code": "whim"}}), 422, "unknown_value").at("/reason/code"),
        post(&format!("/v1/orders/{id}/invoices"), json!({}), 409, "nothing_to_invoice"),
        post("/v1/payments", json!({"amount": "0", "currency": "IDR", "method": "cash"}), 422, "out_of_range").at("/amount"),
        post("/v1/payments", json!({"amount": "1", "currency": "XTS", "method": "cash"}), 422, "unknown_currency").at("/currency"),
        post(
            "/v1/payments",
            json!({"amount": "1", "currency": "IDR", "method": "cash", "order_id": id, "invoice_id": NOTHING}),
            422,
            "exactly_one_of",
        )
        .at(""),
        post(
            "/v1/payments",
            json!({"amount": "1", "currency": "IDR", "method": "cash", "order_id": world.foreign_order}),
            422,
            "unknown_order",
        )
        .at("/order_id"),
        post("/v1/credit_notes", json!({"invoice_id": NOTHING, "reason": "x"}), 422, "unknown_invoice").at("/invoice_id"),
        post("/v1/auth/token", json!({"grant_type": "password"}), 400, "unsupported_grant_type").by(Caller::Nobody),
        post(
            "/v1/auth/token",
            json!({"grant_type": "client_credentials", "client_id": NOTHING, "client_secret": "x"}),
            401,
            "invalid_client",
        )
        .by(Caller::Nobody),
    ]
}

/// What of the answer is not as the row and the document want it.
fn judge(document: &Document, row: &Row, reply: &Reply) -> Vec<String> {
    let mut faults = Vec::new();
    let mut require = |holds: bool, what: String| {
        if !holds {
            faults.push(what);
        }
    };
    let code = reply.body["code"].as_str().or(reply.body["error"].as_str()).unwrap_or_default();
    let pointers: Vec<&str> = reply.body["errors"].as_array().into_iter().flatten().filter_map(|fault| fault["pointer"].as_str()).collect();
    let got = (reply.status, code, pointers);
    let wanted = (row.status, row.code, row.pointers.clone());
    require(got == wanted, format!("{got:?} instead of {wanted:?}; {}", reply.body["detail"]));
    if let Some(operation) = document.find(&row.method, &row.path) {
        require(operation.response(document, reply.status).is_some(), format!("{} does not document {}", operation.id, reply.status));
    }
    if row.path != "/v1/auth/token" {
        require(reply.header("content-type") == "application/problem+json", format!("the type is {}", reply.header("content-type")));
        require(reply.body["instance"] == format!("urn:uuid:{}", reply.header("x-request-id")), "instance is not the request".to_owned());
        let schema = json!({"$ref": "#/components/schemas/Problem"});
        // Members of their own are allowed beside the standard ones (RFC 9457 §3.2).
        let strange = document.faults(&schema, &reply.body).into_iter().filter(|fault| !fault.ends_with("not documented"));
        strange.for_each(|fault| require(false, fault));
    }
    for (status, header) in [(401, "www-authenticate"), (405, "allow")] {
        require(reply.status != status || !reply.header(header).is_empty(), format!("{status} without {header}"));
    }
    faults
}

#[actix_web::test]
async fn bad_input_is_refused_at_its_place() {
    let (world, document) = (World::new().await, Document::new());
    let key = world.app.request(Method::POST, "/v1/customers").bearer_auth(&world.tokens["admin"]).header("idempotency-key", "used");
    send(key.json(&json!({"name": "Budi", "kind": "person", "payment_terms": "net_30"}))).await.expect(201);
    let orders = world.app.request(Method::POST, "/v1/orders").bearer_auth(&world.tokens["admin"]).header("idempotency-key", "used");
    send(orders.json(&json!({"customer_code": "C-1", "lines": [{"sku": "WRAP", "quantity": "1"}]}))).await.expect(201);

    let mut rows = tokens(&world);
    rows.extend(syntax());
    rows.extend(queries(&world));
    rows.extend(paths(&world));
    rows.extend(headers(&world));
    rows.extend(order_lines());
    rows.extend(order_fields(&world));
    rows.extend(others(&world));
    let mut faults = Vec::new();
    for row in &rows {
        let reply = world.ask(row).await;
        faults.extend(judge(&document, row, &reply).into_iter().map(|fault| format!("{}: {fault}", row.what)));
    }
    assert!(faults.is_empty(), "{} of {} rows:\n{}", faults.len(), rows.len(), faults.join("\n"));

    let list = send(world.app.request(Method::GET, "/v1/orders").bearer_auth(&world.tokens["admin"])).await.expect(200);
    assert_eq!(list.body["data"].as_array().unwrap().len(), 2, "what is refused leaves nothing behind");
    clean(&world.app).await;
}
