//! The feed as Server-Sent Events: the same events in the same order, however often the connection ends.

use crate::shop::{clean, customer, receive, shop};
use crate::support::app::{Caller, TestApp, send};
use diesel::{Connection, PgConnection};
use pesanan::auth::actor::Context;
use pesanan::auth::permission::Role;
use pesanan::events::{self, event::NewEvent};
use pesanan::types::id::OrganizationId;
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// One frame: its position, and its event where it has one.
#[derive(Debug)]
struct Frame {
    id: Option<String>,
    data: Option<Value>,
}

/// A reader of a stream, which knows where it stands.
struct Reader {
    response: reqwest::Response,
    text: String,
    last_id: String,
}

impl Reader {
    async fn open(caller: &Caller<'_>, query: &str, last_id: Option<&str>) -> Self {
        let mut request = caller.request(Method::GET, &format!("/v1/events/stream{query}")).header("accept", "text/event-stream");
        if let Some(id) = last_id {
            request = request.header("last-event-id", id);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        Self { response, text: String::new(), last_id: last_id.unwrap_or_default().to_owned() }
    }

    /// The next frame; `None` when the stream has ended.
    async fn frame(&mut self) -> Option<Frame> {
        loop {
            if let Some((frame, rest)) = self.text.split_once("\n\n") {
                let (mut id, mut data) = (None, None);
                for line in frame.lines() {
                    match line.split_once(": ") {
                        Some(("id", value)) => id = Some(value.to_owned()),
                        Some(("data", value)) => data = Some(serde_json::from_str(value).unwrap()),
                        _ => assert!(line.starts_with(": ") || line.starts_with("retry: "), "{line}"),
                    }
                }
                self.text = rest.to_owned();
                self.last_id = id.clone().unwrap_or(std::mem::take(&mut self.last_id));
                return Some(Frame { id, data });
            }
            let chunk = tokio::time::timeout(Duration::from_secs(20), self.response.chunk()).await.unwrap().ok()??;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The next events, so many of them.
    async fn events(&mut self, count: usize) -> Vec<Value> {
        let mut events = vec![];
        while events.len() < count {
            let frame = self.frame().await.unwrap();
            if let Some(event) = frame.data {
                assert_eq!(frame.id.as_deref(), event["position"].as_str());
                events.push(event);
            }
        }
        events
    }

    /// Whether nothing comes for a while.
    async fn is_silent(&mut self) -> bool {
        tokio::time::timeout(Duration::from_millis(700), self.events(1)).await.is_err()
    }

    async fn ends(&mut self) -> bool {
        while let Some(frame) = self.frame().await {
            assert!(frame.data.is_none(), "{frame:?}");
        }
        true
    }
}

async fn open(app: &TestApp) -> (OrganizationId, Caller<'_>) {
    let (organization_id, admin) = shop(app).await;
    customer(&admin, "C-1", json!({})).await;
    receive(&admin, "jakarta", "KOPI", "1000").await;
    (organization_id, admin)
}

async fn place(admin: &Caller<'_>) -> Value {
    admin.post("/v1/orders", json!({"customer_code": "C-1", "lines": [{"sku": "KOPI", "quantity": "1"}]})).await.expect(201).body
}

/// All events of the feed, or those of these types.
async fn feed(admin: &Caller<'_>, types: &str) -> Vec<Value> {
    let (mut all, mut after) = (vec![], String::new());
    loop {
        let page = admin.get(&format!("/v1/events?limit=200&type={types}&after={after}")).await.expect(200).body;
        all.extend(page["data"].as_array().unwrap().iter().cloned());
        after = page["next_cursor"].as_str().unwrap().to_owned();
        if page["has_more"] == false {
            return all;
        }
    }
}

#[actix_web::test]
async fn it_begins_now_or_where_it_is_told_and_shows_what_the_feed_shows() {
    let app = TestApp::spawn().await;
    let (_, admin) = open(&app).await;
    let mut now = Reader::open(&admin, "", None).await;
    let opening = now.frame().await.unwrap();
    assert!(opening.id.is_some() && opening.data.is_none(), "a reader knows its place before anything happens");
    assert!(now.is_silent().await, "what was before it began is in the feed");
    place(&admin).await;
    let whole = feed(&admin, "").await;
    let seen = now.events(2).await;
    assert_eq!(seen, whole[whole.len() - 2..]);
    assert_eq!(now.response.headers()["content-type"], "text/event-stream");

    let start = pesanan::events::position::Position(0).encode();
    let mut all = Reader::open(&admin, &format!("?after={start}"), None).await;
    assert_eq!(all.events(whole.len()).await, whole);
    let half = whole[whole.len() / 2]["position"].as_str().unwrap();
    let mut rest = Reader::open(&admin, &format!("?after={start}"), Some(half)).await;
    assert_eq!(rest.events(whole.len() - whole.len() / 2 - 1).await, whole[whole.len() / 2 + 1..], "Last-Event-ID goes before after");

    let mut some = Reader::open(&admin, &format!("?type=order.confirmed,product.created&after={start}"), None).await;
    let wanted = feed(&admin, "order.confirmed,product.created").await;
    assert_eq!(some.events(wanted.len()).await, wanted);
    assert!(some.is_silent().await);
    clean(&app).await;
}

#[actix_web::test]
async fn a_reader_that_is_cut_off_again_and_again_misses_nothing_and_sees_nothing_twice() {
    let app = TestApp::spawn().await;
    let (_, admin) = open(&app).await;
    let start = pesanan::events::position::Position(0).encode();
    let reading = async {
        let (mut seen, mut last): (Vec<Value>, Option<String>) = (vec![], None);
        for round in 0..12 {
            let mut reader = Reader::open(&admin, &format!("?after={start}"), last.as_deref()).await;
            seen.extend(reader.events(1 + round % 7).await);
            last = Some(reader.last_id.clone());
        }
        (seen, last)
    };
    let writing = async {
        for _ in 0..40 {
            futures_util::future::join_all([place(&admin), place(&admin)]).await;
        }
    };
    let ((mut seen, last), ()) = futures_util::future::join(reading, writing).await;
    let whole = feed(&admin, "").await;
    let mut reader = Reader::open(&admin, "", last.as_deref()).await;
    seen.extend(reader.events(whole.len() - seen.len()).await);
    assert_eq!(seen, whole);
    assert!(reader.is_silent().await);
    clean(&app).await;
}

/// A writer that commits late is waited for.
#[actix_web::test]
async fn nothing_overtakes_a_writer_that_commits_late() {
    let app = TestApp::spawn().await;
    let (organization_id, admin) = open(&app).await;
    let mut reader = Reader::open(&admin, "?type=order.held", None).await;
    reader.frame().await.unwrap();
    let context = Context::system(organization_id, app.clock.now());
    let append = |connection: &mut PgConnection, note: &str| {
        let event = NewEvent::of("order.held", "order", uuid::Uuid::new_v4(), json!({"note": note}));
        events::append(connection, &context, &[event])
    };
    let (mut slow, mut quick) = (app.database.connect(), app.database.connect());
    use diesel::connection::{AnsiTransactionManager, TransactionManager};
    AnsiTransactionManager::begin_transaction(&mut slow).unwrap();
    append(&mut slow, "first").unwrap();
    quick.transaction(|connection| append(connection, "second")).unwrap();
    assert!(reader.is_silent().await, "the second is there, and the first may come");
    AnsiTransactionManager::commit_transaction(&mut slow).unwrap();
    let notes: Vec<Value> = reader.events(2).await.iter().map(|event| event["data"]["note"].clone()).collect();
    assert_eq!(notes, ["first", "second"]);
}

#[actix_web::test]
async fn only_what_the_reader_may_see_is_streamed_and_only_his_own() {
    let app = TestApp::spawn().await;
    let (organization_id, admin) = open(&app).await;
    let warehouse = app.caller(organization_id, Role::Warehouse).await;
    let stranger = app.caller(app.organization("elsewhere").await, Role::Admin).await;
    let (mut mine, mut theirs) = (Reader::open(&warehouse, "", None).await, Reader::open(&stranger, "", None).await);
    let order = place(&admin).await;
    admin.post("/v1/channels", json!({"code": "web", "kind": "generic", "name": "Web"})).await.expect(201);
    admin.post(&format!("/v1/orders/{}/hold", order["id"].as_str().unwrap()), json!({"reason": "Ask"})).await.expect(200);
    let mut types: Vec<String> = mine.events(3).await.iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect();
    types.sort();
    assert_eq!(types, ["order.captured", "order.confirmed", "order.held"], "no channel.created");
    assert!(theirs.is_silent().await);
    let storefront = app.caller(organization_id, Role::Storefront).await;
    assert_eq!(storefront.get("/v1/events/stream").await.code(403), "insufficient_scope");
}

#[actix_web::test]
async fn compression_holds_nothing_back() {
    let app = TestApp::spawn().await;
    let (_, admin) = open(&app).await;
    let request = admin.request(Method::GET, "/v1/events/stream").header("accept-encoding", "gzip, br, zstd");
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["content-encoding"], "identity");
    let mut reader = Reader { response, text: String::new(), last_id: String::new() };
    place(&admin).await;
    assert_eq!(tokio::time::timeout(Duration::from_secs(3), reader.events(2)).await.unwrap().len(), 2);
}

#[actix_web::test]
async fn an_organization_has_so_many_streams_and_a_closed_one_makes_room() {
    let app = TestApp::spawn_with(|config| config.streams_per_organization = 2).await;
    let (_, admin) = open(&app).await;
    let first = Reader::open(&admin, "", None).await;
    let _second = Reader::open(&admin, "", None).await;
    let refused = admin.get("/v1/events/stream").await;
    assert_eq!(refused.header("retry-after"), "10");
    assert_eq!(refused.code(429), "too_many_streams");
    let elsewhere = app.caller(app.organization("elsewhere").await, Role::Admin).await;
    assert_eq!(elsewhere.get("/v1/events/stream").await.status, 200, "each has its own");
    drop(first);
    // The server knows that a reader has gone when it next has something to say.
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let reply = send(admin.request(Method::GET, "/v1/events/stream")).await;
        if reply.status == 200 {
            return;
        }
    }
    panic!("the place of a reader that has gone is not given back");
}

#[actix_web::test]
async fn it_ends_with_the_token_with_the_caller_and_with_the_server() {
    let app = TestApp::spawn().await;
    let (organization_id, admin) = open(&app).await;
    let client = app.api_client(organization_id, Role::Sales).await;
    let form = json!({"grant_type": "client_credentials", "client_id": client.client_id, "client_secret": client.client_secret});
    let sales = app.bearer(app.token(&form).await.expect(200).body["access_token"].as_str().unwrap().to_owned());
    let mut disabled = Reader::open(&sales, "", None).await;
    let mut stays = Reader::open(&admin, "", None).await;
    admin.act(&format!("/v1/api_clients/{}/disable", client.client_id)).await.expect(200);
    assert!(disabled.ends().await);
    place(&admin).await;
    assert_eq!(stays.events(3).await[0]["type"], "api_client.disabled", "the others go on");
    app.clock.advance(chrono::TimeDelta::hours(2));
    assert!(stays.ends().await, "the token has expired");
    assert!(!stays.last_id.is_empty(), "it can go on with another");
    let again = app.caller(organization_id, Role::Admin).await;
    let mut last = Reader::open(&again, "", Some(&stays.last_id)).await;
    assert_eq!(last.events(1).await[0]["type"], "api_client.created", "what has happened since");
    app.app.stopping.store(true, Ordering::Relaxed);
    assert!(last.ends().await);
}

#[actix_web::test]
async fn a_reader_that_takes_its_time_gets_everything() {
    let app = TestApp::spawn().await;
    let (organization_id, admin) = open(&app).await;
    let mut reader = Reader::open(&admin, "?type=order.held", None).await;
    reader.frame().await.unwrap();
    let context = Context::system(organization_id, app.clock.now());
    let mut connection = app.database.connect();
    let filler = "x".repeat(4_000);
    for batch in 0..30 {
        let events: Vec<NewEvent> = (0..100)
            .map(|i| NewEvent::of("order.held", "order", uuid::Uuid::new_v4(), json!({"n": batch * 100 + i, "note": filler})))
            .collect();
        connection.transaction(|connection| events::append(connection, &context, &events)).unwrap();
    }
    // Twelve megabytes wait where nobody reads them: at the database, not in memory.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let numbers: Vec<i64> = reader.events(3_000).await.iter().map(|event| event["data"]["n"].as_i64().unwrap()).collect();
    assert_eq!(numbers, (0..3_000).collect::<Vec<i64>>());
}
