//! A local server in the place of a CRM's or shop's API: it answers with the documents that the test has put there, and remembers what
//! was written.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on can only stop")]

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use chrono::TimeDelta;
use pesanan::platform::clock::Clock;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[derive(Default)]
struct World {
    documents: BTreeMap<String, Value>,
    /// What the next calls meet instead of an answer: status and `Retry-After`.
    trouble: Vec<(u16, Option<&'static str>)>,
    /// Method, path and body of each change.
    writes: Vec<(String, Value)>,
    calls: Vec<String>,
    /// Each call takes so long, by this clock.
    takes: Option<(Clock, TimeDelta)>,
    /// From this call on no answer comes until the test says so.
    held_from: Option<usize>,
}

/// The server's side as the test sees it.
#[derive(Clone)]
pub struct PlatformServer {
    pub base: String,
    world: Arc<Mutex<World>>,
}

impl PlatformServer {
    pub fn start() -> Self {
        let world = Arc::new(Mutex::new(World::default()));
        let data = Data::from(world.clone());
        let server = HttpServer::new(move || App::new().app_data(data.clone()).default_service(web::to(answer)))
            .workers(1)
            .disable_signals()
            .bind("127.0.0.1:0")
            .unwrap();
        let base = format!("http://{}", server.addrs()[0]);
        actix_web::rt::spawn(server.run());
        Self { base, world }
    }

    /// Puts a document there. Queries of Salesforce are put under `query:` and the object's name.
    pub fn put(&self, path: &str, document: Value) {
        self.world.lock().unwrap().documents.insert(path.to_owned(), document);
    }

    pub fn change(&self, path: &str, change: impl FnOnce(&mut Value)) {
        change(self.world.lock().unwrap().documents.get_mut(path).unwrap());
    }

    pub fn remove(&self, path: &str) {
        self.world.lock().unwrap().documents.remove(path);
    }

    pub fn trouble(&self, trouble: &[(u16, Option<&'static str>)]) {
        self.world.lock().unwrap().trouble.extend(trouble);
    }

    /// From now on each call takes so long, by this clock.
    pub fn takes(&self, clock: &Clock, by: TimeDelta) {
        self.world.lock().unwrap().takes = Some((clock.clone(), by));
    }

    /// From the call of this number on, beginning with 1, no answer comes until `release`.
    pub fn hold_from(&self, call: usize) {
        self.world.lock().unwrap().held_from = Some(call);
    }

    pub fn release(&self) {
        self.world.lock().unwrap().held_from = None;
    }

    /// Waits until so many calls have come.
    pub async fn called(&self, calls: usize) {
        while self.calls() < calls {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub fn writes(&self) -> Vec<(String, Value)> {
        self.world.lock().unwrap().writes.clone()
    }

    pub fn calls(&self) -> usize {
        self.world.lock().unwrap().calls.len()
    }
}

async fn answer(world: Data<Mutex<World>>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let (method, path) = (request.method().to_string(), request.path().to_owned());
    let number = {
        let mut world = world.lock().unwrap();
        world.calls.push(format!("{method} {path}"));
        if let Some((clock, by)) = &world.takes {
            clock.advance(*by);
        }
        world.calls.len()
    };
    while world.lock().unwrap().held_from.is_some_and(|held| number >= held) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mut world = world.lock().unwrap();
    if !world.trouble.is_empty() {
        let (status, wait) = world.trouble.remove(0);
        let mut answer = HttpResponse::build(StatusCode::from_u16(status).unwrap());
        if let Some(wait) = wait {
            answer.insert_header(("Retry-After", wait));
        }
        return answer.json(json!({"message": "not now"}));
    }
    let body: Value = serde_json::from_slice(&body).unwrap_or_else(|_| json!(String::from_utf8_lossy(&body)));
    if path == "/services/oauth2/token" {
        let form = body.as_str().unwrap_or_default();
        let right = form.contains("grant_type=client_credentials") && form.contains("client_secret=sf_app_secret");
        return if right {
            HttpResponse::Ok().json(json!({"access_token": "sf_token"}))
        } else {
            HttpResponse::BadRequest().json(json!({"error": "invalid_client"}))
        };
    }
    let header = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
    if !matches!(header("authorization").as_str(), "Bearer pat-na1-test" | "Bearer sf_token") && header("x-auth-token") != "bc_token" {
        return HttpResponse::Unauthorized().json(json!({"message": "who are you?"}));
    }
    if method == "POST" && path.ends_with("/batch/read") {
        let kind = path.trim_end_matches("/batch/read");
        let ids = body["inputs"].as_array().unwrap().iter().map(|input| format!("{kind}/{}", input["id"].as_str().unwrap()));
        let found: Vec<Value> = ids.filter_map(|path| world.documents.get(&path).cloned()).collect();
        return HttpResponse::Ok().json(json!({"status": "COMPLETE", "results": found}));
    }
    if method != "GET" {
        world.writes.push((format!("{method} {path}"), body));
        return HttpResponse::NoContent().finish();
    }
    let query: HashMap<String, String> = web::Query::<HashMap<String, String>>::from_query(request.query_string()).unwrap().into_inner();
    if path.ends_with("/query") {
        let soql = query["q"].as_str();
        let object = soql.split(" FROM ").nth(1).unwrap().split(' ').next().unwrap();
        let found = world.documents.get(&format!("query:{object}")).cloned();
        return HttpResponse::Ok().json(found.unwrap_or(json!({"totalSize": 0, "done": true, "records": []})));
    }
    let beyond = query.get("page").is_some_and(|page| page != "1");
    match world.documents.get(&path) {
        Some(Value::Array(_)) if beyond => HttpResponse::NoContent().finish(),
        Some(document) => HttpResponse::Ok().json(document),
        None => HttpResponse::NotFound().json(json!({"message": "resource not found"})),
    }
}
