//! What is refused, with the exact status, code and place of each fault. One table, one application, all failing rows at once.

mod bodies;
mod channels;
mod people;
mod pricing;
mod requests;
mod returns;
mod texts;
mod webhooks;

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

    /// A body whose type is not said, or has been said already.
    fn bytes_only(self, body: Value) -> Self {
        Self { body: Some(body.to_string().into_bytes()), ..self }
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

    let mut rows = requests::tokens(&world);
    rows.extend(requests::syntax());
    rows.extend(requests::queries(&world));
    rows.extend(requests::paths(&world));
    rows.extend(requests::headers(&world));
    rows.extend(bodies::order_lines());
    rows.extend(bodies::order_fields(&world));
    // A quote refuses what is wrong with the request; what stands against it now it tells.
    let orders = bodies::order_lines().into_iter().chain(bodies::order_fields(&world));
    rows.extend(
        orders.filter(|row| row.path == "/v1/orders" && row.status == 422).map(|row| Row { path: "/v1/orders/quote".to_owned(), ..row }),
    );
    rows.extend(texts::rows(&world));
    rows.extend(bodies::calendars());
    rows.extend(bodies::others(&world));
    rows.extend(channels::rows());
    rows.extend(pricing::rows());
    rows.extend(people::rows());
    rows.extend(webhooks::rows());
    rows.extend(returns::returns(&world));
    rows.extend(bodies::edits(&world));
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
