//! The real application on a port of its own, over a database of its own, with a clock that stands still until it is moved.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that has no application can only stop")]

use super::database::TestDatabase;
use actix_web::web::Data;
use chrono::DateTime;
use pesanan::app::{App, Application};
use pesanan::auth::actor::Context;
use pesanan::auth::api_clients::body::{IssuedApiClient, NewApiClient};
use pesanan::auth::authenticator::Authenticator;
use pesanan::auth::keys::{KeyConfig, Keys};
use pesanan::auth::permission::Role;
use pesanan::auth::{api_clients, refresh_disabled};
use pesanan::channels::platforms::api_client;
use pesanan::config::Config;
use pesanan::organization::{self, NewOrganization};
use pesanan::platform::clock::Clock;
use pesanan::types::id::OrganizationId;
use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

/// A running application.
pub struct TestApp {
    pub app: Data<App>,
    pub authenticator: Data<Authenticator>,
    pub clock: Clock,
    /// Signs its tokens.
    pub key: KeyConfig,
    pub http: reqwest::Client,
    pub address: String,
    /// Last, so that it is dropped after what uses it.
    pub database: TestDatabase,
}

/// An answer with its body read.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    /// Null where the body is empty or not JSON.
    pub body: Value,
}

impl Reply {
    /// The reply, if its status is this one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{:#}", self.body);
        self
    }

    /// The problem's code, if the status is this one.
    #[track_caller]
    pub fn code(self, status: u16) -> String {
        self.expect(status).body["code"].as_str().unwrap_or_default().to_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl TestApp {
    /// Starts at 2026-03-02 02:00 UTC, a Monday morning in Jakarta. Background jobs are run by the test.
    pub async fn spawn() -> Self {
        Self::spawn_with(|_| {}).await
    }

    /// As `spawn`, configured otherwise.
    pub async fn spawn_with(configure: impl FnOnce(&mut Config)) -> Self {
        // Tests have servers of their own in the platforms' place.
        api_client::allow_loopback();
        let database = TestDatabase::create();
        let clock = Clock::fixed(DateTime::from_timestamp(1_772_416_800, 0).unwrap());
        let key = Keys::generate("test").unwrap();
        let mut config = Config {
            listen: "127.0.0.1:0".to_owned(),
            keys: vec![key.clone()],
            clock: clock.clone(),
            connections: 6,
            report_connections: 2,
            workers: 1,
            jobs: false,
            ..Config::new(database.url.clone())
        };
        configure(&mut config);
        let Application { address, app, authenticator, server, .. } = Application::build(config).unwrap();
        actix_web::rt::spawn(server);
        Self { app, authenticator, clock, key, http: reqwest::Client::new(), address: format!("http://{address}"), database }
    }

    /// Starts a second server on the same database and answers its address. It shares nothing with the first but keys and clock:
    /// to Postgres it is another process.
    pub fn spawn_second(&self) -> String {
        let Application { address, server, .. } = Application::build(self.app.config.clone()).unwrap();
        actix_web::rt::spawn(server);
        format!("http://{address}")
    }

    /// A new organization `code` in Jakarta that keeps its books in rupiah.
    pub async fn organization(&self, code: &str) -> OrganizationId {
        let new = NewOrganization {
            code: code.to_owned(),
            name: "PT Nusantara Niaga".to_owned(),
            currency: "IDR".to_owned(),
            country: "ID".to_owned(),
            time_zone: "Asia/Jakarta".to_owned(),
        };
        let now = self.clock.now();
        self.app.db.write(move |connection| organization::create(connection, &new, now)).await.unwrap()
    }

    pub async fn api_client(&self, organization_id: OrganizationId, role: Role) -> IssuedApiClient {
        let context = Context::system(organization_id, self.clock.now());
        let new = NewApiClient { name: format!("{} of the tests", role.as_str()), role };
        self.app.db.write(move |connection| api_clients::service::create(connection, &context, &new)).await.unwrap()
    }

    /// A caller with all that its role may do.
    pub async fn caller(&self, organization_id: OrganizationId, role: Role) -> Caller<'_> {
        let client = self.api_client(organization_id, role).await;
        let form = json!({"grant_type": "client_credentials", "client_id": client.client_id, "client_secret": client.client_secret});
        let reply = self.token(&form).await.expect(200);
        Caller { app: self, token: reply.body["access_token"].as_str().unwrap().to_owned() }
    }

    /// Whoever has this token.
    pub fn bearer(&self, token: String) -> Caller<'_> {
        Caller { app: self, token }
    }

    /// Asks for a token with a JSON body.
    pub async fn token(&self, body: &Value) -> Reply {
        send(self.request(Method::POST, "/v1/auth/token").json(body)).await
    }

    /// A request without a token.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.address))
    }

    pub async fn refresh_disabled(&self) {
        let (db, authenticator) = (self.app.db.clone(), self.authenticator.clone());
        actix_web::web::block(move || refresh_disabled(&db, &authenticator)).await.unwrap().unwrap();
    }
}

/// Somebody with a token.
pub struct Caller<'a> {
    app: &'a TestApp,
    pub token: String,
}

impl Caller<'_> {
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.app.request(method, path).bearer_auth(&self.token)
    }

    /// The same application without the token.
    pub fn anonymous(&self, method: Method, path: &str) -> RequestBuilder {
        self.app.request(method, path)
    }

    pub async fn get(&self, path: &str) -> Reply {
        send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        send(self.request(Method::POST, path).json(&body)).await
    }

    /// A post without a body.
    pub async fn act(&self, path: &str) -> Reply {
        send(self.request(Method::POST, path)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Reply {
        send(self.request(Method::PUT, path).json(&body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        send(self.request(Method::PATCH, path).json(&body)).await
    }
}

/// Amounts of an answer, in quotes, or in cells where it is CSV, that are zero with a minus before it; with some of what stands before
/// them. A number of JSON is none: those are free data, which comes back as it came.
fn signed_nothing(bytes: &[u8], is_csv: bool) -> Vec<String> {
    let is_end = |byte: &u8| *byte == b'"' || (is_csv && matches!(byte, b',' | b'\r'));
    let found = |at: &usize| {
        let (before, rest) = (&bytes[..*at], &bytes[at + 1..]);
        let zeros = rest.iter().take_while(|byte| matches!(byte, b'0' | b'.')).count();
        bytes[*at] == b'-' && zeros > 0 && before.last().is_some_and(is_end) && rest.get(zeros).is_some_and(is_end)
    };
    let shown = |at: usize| String::from_utf8_lossy(&bytes[at.saturating_sub(60)..bytes.len().min(at + 10)]).into_owned();
    (0..bytes.len()).filter(found).map(shown).collect()
}

/// Sends and reads the whole answer.
pub async fn send(request: RequestBuilder) -> Reply {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    if headers.get("content-type").is_some_and(|kind| kind == "text/event-stream") {
        // It has no end.
        return Reply { status, headers, body: Value::Null };
    }
    let bytes = response.bytes().await.unwrap();
    let text = headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if ["json", "csv"].iter().any(|kind| text.contains(kind)) && status < 400 {
        let amounts = signed_nothing(&bytes, text.contains("csv"));
        assert!(amounts.is_empty(), "nothing has no sign: {amounts:?}");
    }
    Reply { status, headers, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) }
}
