//! A local server that answers as Stripe's API does: PaymentIntents with manual capture, refunds, idempotency keys, lost answers.
//! Where the sample payloads are at hand (`PESANAN_DATA`, or beside the repository), a charge looks as the sample's.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on can only stop")]

use super::samples::sample;
use actix_web::web::{self, Data, Path};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

/// What goes wrong with the next call that changes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It is done, but its answer does not come.
    LostAnswer,
    /// It is not done.
    Down,
}

#[derive(Default)]
struct World {
    intents: BTreeMap<String, Value>,
    refunds: BTreeMap<String, Value>,
    /// First answers by key, with the request that they are for.
    answers: HashMap<String, (String, u16, Value)>,
    trouble: Vec<Trouble>,
    /// Every change that was really made, in order.
    moves: Vec<String>,
    calls: usize,
    /// Of authorizations, in seconds.
    capture_before: Option<i64>,
    /// As ordinary accounts are: an authorization is captured once, whatever is left of it is given up.
    captures_once: bool,
    /// The key is not accepted any more.
    refuses_key: bool,
    disputes: BTreeMap<String, Value>,
    /// Of refunds, as they are made.
    refund_status: Option<&'static str>,
}

/// The server's side as the test sees it.
#[derive(Clone)]
pub struct StripeServer {
    pub base: String,
    world: Arc<Mutex<World>>,
}

type Form = HashMap<String, String>;

impl StripeServer {
    pub fn start() -> Self {
        let world = Arc::new(Mutex::new(World::default()));
        let data = Data::from(world.clone());
        let server = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .route("/v1/payment_intents", web::post().to(create))
                .route("/v1/payment_intents/{id}", web::get().to(retrieve))
                .route("/v1/payment_intents/{id}/{action}", web::post().to(act))
                .route("/v1/refunds", web::post().to(refund))
                .route("/v1/refunds", web::get().to(refunds))
                .route("/v1/disputes/{id}", web::get().to(dispute))
        })
        .workers(1)
        .disable_signals()
        .bind("127.0.0.1:0")
        .unwrap();
        let base = format!("http://{}", server.addrs()[0]);
        actix_web::rt::spawn(server.run());
        Self { base, world }
    }

    /// The next changing calls go wrong, one each.
    pub fn trouble(&self, trouble: &[Trouble]) {
        self.world.lock().unwrap().trouble.extend(trouble);
    }

    /// What was really moved.
    pub fn moves(&self) -> Vec<String> {
        self.world.lock().unwrap().moves.clone()
    }

    pub fn calls(&self) -> usize {
        self.world.lock().unwrap().calls
    }

    pub fn capture_before(&self, seconds: i64) {
        self.world.lock().unwrap().capture_before = Some(seconds);
    }

    /// From now on no part of an authorization can be captured without giving up the rest.
    pub fn captures_once(&self) {
        self.world.lock().unwrap().captures_once = true;
    }

    pub fn refuses_key(&self, refuses: bool) {
        self.world.lock().unwrap().refuses_key = refuses;
    }

    pub fn set_dispute(&self, id: &str, dispute: Value) {
        self.world.lock().unwrap().disputes.insert(id.to_owned(), dispute);
    }

    /// What refunds are from now on when they are asked for.
    pub fn refund_status(&self, status: &'static str) {
        self.world.lock().unwrap().refund_status = Some(status);
    }

    /// Somebody does something there without us; the intent as it is then.
    pub fn by_hand(&self, id: &str, change: impl FnOnce(&mut Value)) -> Value {
        let mut world = self.world.lock().unwrap();
        let intent = world.intents.get_mut(id).unwrap();
        change(intent);
        intent.clone()
    }

    /// A payment that a checkout has asked for.
    pub fn checkout(&self, id: &str, amount: i64, currency: &str) {
        let intent = json!({"id": id, "object": "payment_intent", "amount": amount, "currency": currency, "status": "requires_capture",
            "amount_capturable": amount, "amount_received": 0, "metadata": {}});
        self.world.lock().unwrap().intents.insert(id.to_owned(), intent);
    }

    /// A refund that was made there by hand, or one of ours of which more is known.
    pub fn set_refund(&self, id: &str, refund: Value) {
        self.world.lock().unwrap().refunds.insert(id.to_owned(), refund);
    }

    pub fn refund_ids(&self) -> Vec<String> {
        self.world.lock().unwrap().refunds.keys().cloned().collect()
    }

    pub fn refund(&self, id: &str) -> Value {
        self.world.lock().unwrap().refunds[id].clone()
    }

    pub fn intent(&self, id: &str) -> Value {
        self.world.lock().unwrap().intents[id].clone()
    }
}

fn refusal(status: u16, code: &str) -> (u16, Value) {
    (status, json!({"error": {"type": "card_error", "code": code, "message": format!("refused: {code}")}}))
}

/// Does `change` once for each key, and remembers what it answered.
fn once(world: &Mutex<World>, request: &HttpRequest, form: &Form, change: impl FnOnce(&mut World) -> (u16, Value)) -> HttpResponse {
    let header = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    assert!(header("authorization").unwrap().starts_with("Bearer sk_test"), "each call says who calls");
    let key = header("idempotency-key").unwrap_or_else(|| panic!("each change has its key"));
    let mut world = world.lock().unwrap();
    world.calls += 1;
    let mut fields: Vec<_> = form.iter().collect();
    fields.sort();
    let asked = format!("{} {fields:?}", request.path());
    let trouble = if world.trouble.is_empty() { None } else { Some(world.trouble.remove(0)) };
    if world.refuses_key {
        return HttpResponse::Unauthorized()
            .json(json!({"error": {"type": "invalid_request_error", "message": "Invalid API Key provided"}}));
    }
    if trouble == Some(Trouble::Down) {
        return HttpResponse::ServiceUnavailable().finish();
    }
    let (status, body) = match world.answers.get(&key) {
        Some((before, ..)) if *before != asked => refusal(400, "idempotency_key_reused"),
        Some((_, status, body)) => (*status, body.clone()),
        None => {
            let (status, body) = change(&mut world);
            world.answers.insert(key, (asked, status, body.clone()));
            (status, body)
        }
    };
    if trouble == Some(Trouble::LostAnswer) {
        return HttpResponse::BadGateway().finish();
    }
    HttpResponse::build(actix_web::http::StatusCode::from_u16(status).unwrap()).json(body)
}

fn charge(world: &World) -> Value {
    let mut charge =
        sample("stripe/charge.json").map_or(json!({"id": "ch_1", "object": "charge"}), |bytes| serde_json::from_slice(&bytes).unwrap());
    charge["payment_method_details"]["card"]["capture_before"] = json!(world.capture_before);
    charge
}

async fn create(world: Data<Mutex<World>>, request: HttpRequest, form: web::Form<Form>) -> HttpResponse {
    once(&world, &request, &form, |world| {
        assert_eq!(form["confirm"], "true");
        if form["payment_method"] == "pm_declined" {
            return refusal(402, "card_declined");
        }
        let amount: i64 = form["amount"].parse().unwrap();
        let id = format!("pi_{}", world.intents.len() + 1);
        let manual = form["capture_method"] == "manual";
        if form["payment_method"] == "pm_3ds" {
            let intent = json!({"id": id, "object": "payment_intent", "amount": amount, "currency": form["currency"], "status": "requires_action",
                "amount_capturable": 0, "amount_received": 0, "metadata": {"payment_id": form["metadata[payment_id]"]}});
            world.intents.insert(id, intent.clone());
            return (200, intent);
        }
        let (status, capturable, received) = if manual { ("requires_capture", amount, 0) } else { ("succeeded", 0, amount) };
        let intent = json!({"id": id, "object": "payment_intent", "amount": amount, "currency": form["currency"], "status": status,
            "amount_capturable": capturable, "amount_received": received, "metadata": {"payment_id": form["metadata[payment_id]"]},
            "captures_once": form["payment_method"] == "pm_once",
            "latest_charge": charge(world)});
        world.moves.push(format!("{} {amount}", if manual { "authorize" } else { "charge" }));
        world.intents.insert(id, intent.clone());
        (200, intent)
    })
}

async fn retrieve(world: Data<Mutex<World>>, id: Path<String>) -> HttpResponse {
    let world = world.lock().unwrap();
    if world.refuses_key {
        return HttpResponse::Unauthorized().finish();
    }
    match world.intents.get(id.as_str()) {
        Some(intent) => HttpResponse::Ok().json(intent),
        None => HttpResponse::NotFound().json(refusal(404, "resource_missing").1),
    }
}

async fn act(world: Data<Mutex<World>>, request: HttpRequest, path: Path<(String, String)>, form: web::Form<Form>) -> HttpResponse {
    once(&world, &request, &form, |world| {
        let (id, action) = path.into_inner();
        let all_once = world.captures_once;
        let Some(intent) = world.intents.get_mut(&id) else { return refusal(404, "resource_missing") };
        let waits = action == "cancel" && intent["status"] == "requires_action";
        if intent["status"] != "requires_capture" && !waits {
            return refusal(400, "payment_intent_unexpected_state");
        }
        let (capturable, received) = (intent["amount_capturable"].as_i64().unwrap(), intent["amount_received"].as_i64().unwrap());
        let moved = if action == "capture" {
            let amount: i64 = form["amount_to_capture"].parse().unwrap();
            if amount > capturable {
                return refusal(400, "amount_too_large");
            }
            let keeps_the_rest = form.get("final_capture").is_some_and(|last| last == "false");
            if keeps_the_rest && (all_once || intent["captures_once"] == true) {
                return refusal(400, "multicapture_not_available");
            }
            let open = keeps_the_rest && amount < capturable;
            intent["status"] = json!(if open { "requires_capture" } else { "succeeded" });
            intent["amount_capturable"] = json!(if open { capturable - amount } else { 0 });
            intent["amount_received"] = json!(received + amount);
            format!("capture {amount}")
        } else {
            intent["status"] = json!(if received > 0 { "succeeded" } else { "canceled" });
            intent["amount_capturable"] = json!(0);
            format!("cancel {capturable}")
        };
        let intent = intent.clone();
        world.moves.push(moved);
        (200, intent)
    })
}

async fn refund(world: Data<Mutex<World>>, request: HttpRequest, form: web::Form<Form>) -> HttpResponse {
    once(&world, &request, &form, |world| {
        let Some(intent) = world.intents.get(&form["payment_intent"]) else { return refusal(404, "resource_missing") };
        let amount: i64 = form["amount"].parse().unwrap();
        let id = format!("re_{}", world.refunds.len() + 1);
        let refund = json!({"id": id, "object": "refund", "amount": amount, "currency": intent["currency"],
            "status": world.refund_status.unwrap_or("succeeded"), "payment_intent": form["payment_intent"], "metadata": {"operation_id": form["metadata[operation_id]"]}});
        world.moves.push(format!("refund {amount}"));
        world.refunds.insert(id, refund.clone());
        (200, refund)
    })
}

async fn dispute(world: Data<Mutex<World>>, id: Path<String>) -> HttpResponse {
    match world.lock().unwrap().disputes.get(id.as_str()) {
        Some(dispute) => HttpResponse::Ok().json(dispute),
        None => HttpResponse::NotFound().json(refusal(404, "resource_missing").1),
    }
}

async fn refunds(world: Data<Mutex<World>>, query: web::Query<Form>) -> HttpResponse {
    let world = world.lock().unwrap();
    let of: Vec<&Value> = world.refunds.values().filter(|refund| refund["payment_intent"] == query["payment_intent"]).collect();
    HttpResponse::Ok().json(json!({"object": "list", "data": of, "has_more": false}))
}
