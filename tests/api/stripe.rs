//! Payments that Stripe moves, against a local server in its place: each amount is moved once whatever goes wrong between asking and
//! booking, and what Stripe tells may come in any order and number. Every test ends with the proof of the invariants.

use crate::money::{company, count, event_types, get, id, order, pay, ship, with};
use crate::or_skip;
use crate::shop::clean;
use crate::support::app::{Caller, Reply, TestApp, send};
use crate::support::samples::sample;
use crate::support::stripe::{StripeServer, Trouble};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join;
use pesanan::jobs;
use pesanan::order_to_cash::provider_outbox;
use pesanan::payments::provider::stripe::{StripeApi, signature};
use reqwest::Method;
use serde_json::{Value, json};

const SECRET: &str = "whsec_test_secret";

pub struct Desk<'a> {
    pub app: &'a TestApp,
    pub stripe: StripeServer,
    pub admin: Caller<'a>,
    inbound: String,
}

/// A company with an account at the local Stripe.
pub async fn desk<'a>(app: &'a TestApp, stripe: &StripeServer) -> Desk<'a> {
    let (_, admin) = company(app).await;
    let account = json!({"kind": "stripe", "name": "Stripe", "api_key": "sk_test_4eC3", "webhook_secrets": [SECRET]});
    let provider = admin.put("/v1/payment_providers/stripe", account).await.expect(201).body;
    assert!(!provider.to_string().contains("sk_test") && !provider.to_string().contains("whsec"), "{provider}");
    Desk { app, stripe: stripe.clone(), admin, inbound: provider["inbound_path"].as_str().unwrap().to_owned() }
}

pub async fn start(stripe: &StripeServer) -> TestApp {
    let base = stripe.base.clone();
    TestApp::spawn_with(move |config| (config.token_seconds, config.stripe_api) = (400 * 86_400, base)).await
}

fn event(id: &str, event_type: &str, object: &Value) -> Vec<u8> {
    json!({"id": id, "object": "event", "type": event_type, "data": {"object": object}}).to_string().into_bytes()
}

impl Desk<'_> {
    /// Runs the outbox as the job does.
    pub async fn work(&self) -> usize {
        let (db, clock, numbers) = (self.app.app.db.clone(), self.app.clock.clone(), self.app.app.numbers.clone());
        let base = self.stripe.base.clone();
        let work = move || {
            let api = StripeApi::new(&base).unwrap();
            jobs::capture_shipped(&db, clock.now()).unwrap();
            provider_outbox::work(&db, &api, &numbers, || clock.now()).unwrap()
        };
        actix_web::web::block(work).await.unwrap()
    }

    /// Gives up what can no longer be captured, as the job does.
    pub async fn expire(&self) -> usize {
        let (db, now) = (self.app.app.db.clone(), self.app.clock.now());
        actix_web::web::block(move || jobs::expire_authorizations(&db, now)).await.unwrap().unwrap()
    }

    /// Leases and calls, then dies before anything is recorded.
    async fn die_before_recording(&self) -> usize {
        let (db, now, base) = (self.app.app.db.clone(), self.app.clock.now(), self.stripe.base.clone());
        let work = move || {
            let api = StripeApi::new(&base).unwrap();
            let due = provider_outbox::lease(&db, now).unwrap();
            due.iter().for_each(|due| drop(provider_outbox::call(&api, due, now)));
            due.len()
        };
        actix_web::web::block(work).await.unwrap()
    }

    pub async fn hook(&self, body: &[u8], secret: &str, at: DateTime<Utc>) -> Reply {
        let request = self.app.request(Method::POST, &self.inbound).header("Stripe-Signature", signature::sign(body, secret, at));
        send(request.body(body.to_vec())).await
    }

    /// Tells as Stripe does.
    pub async fn tell(&self, id: &str, event_type: &str, object: &Value) {
        self.hook(&event(id, event_type, object), SECRET, self.app.clock.now()).await.expect(200);
    }

    pub async fn card(&self, placed: &Value, more: Value) -> Value {
        let card = json!({"provider": "stripe", "provider_payment_method": "pm_card_visa", "status": "authorized", "order_id": id(placed)});
        pay(&self.admin, "111000.00", with(card, more)).await.expect(201).body
    }

    pub async fn payment(&self, payment: &Value) -> Value {
        get(&self.admin, "payments", payment).await
    }

    pub async fn act(&self, payment: &Value, action: &str, body: Value) -> Reply {
        self.admin.post(&format!("/v1/payments/{}/{action}", id(payment)), body).await
    }
}

pub fn states(payment: &Value) -> Vec<(&str, &str)> {
    let operations = payment["operations"].as_array().unwrap();
    operations.iter().map(|operation| (operation["kind"].as_str().unwrap(), operation["status"].as_str().unwrap())).collect()
}

#[actix_web::test]
async fn money_is_authorized_captured_and_refunded_through_the_provider() {
    let stripe = StripeServer::start();
    let app = start(&stripe).await;
    let desk = desk(&app, &stripe).await;
    let placed = order(&desk.admin, json!({"payment_terms": "prepaid"})).await;
    stripe.capture_before((app.clock.now() + TimeDelta::days(7)).timestamp());
    let asked = desk.card(&placed, json!({})).await;
    assert_eq!((&asked["status"], states(&asked)), (&json!("pending"), vec![("authorize", "pending")]));
    assert_eq!(get(&desk.admin, "orders", &placed).await["status"], "on_hold");
    assert_eq!(desk.act(&asked, "void", json!({})).await.code(409), "operation_pending");
    assert_eq!(desk.act(&asked, "fail", json!({})).await.code(409), "provider_decides");
    assert_eq!(desk.work().await, 1);
    let authorized = desk.payment(&asked).await;
    assert_eq!((&authorized["status"], &authorized["provider_reference"]), (&json!("authorized"), &json!("pi_1")));
    assert_eq!(authorized["expires_at"], json!(app.clock.now() + TimeDelta::days(7)));
    assert_eq!(get(&desk.admin, "orders", &placed).await["status"], "confirmed");

    let capturing = desk.act(&asked, "capture", json!({"amount": "60000.00"})).await.expect(200).body;
    assert_eq!((&capturing["status"], &capturing["amount_captured"]), (&json!("authorized"), &json!("0.00")));
    assert_eq!(desk.act(&asked, "capture", json!({})).await.code(409), "operation_pending");
    desk.work().await;
    let captured = desk.payment(&asked).await;
    assert_eq!((&captured["status"], &captured["amount_captured"]), (&json!("captured"), &json!("60000.00")));

    let refund = desk.act(&asked, "refund", json!({"amount": "20000.00", "reason": "Torn"})).await.expect(201).body;
    assert_eq!(refund["status"], "pending");
    clean(&app).await;
    desk.work().await;
    let done = get(&desk.admin, "refunds", &refund).await;
    assert_eq!((&done["status"], &done["provider_reference"]), (&json!("succeeded"), &json!("re_1")));
    assert_eq!(stripe.moves(), ["authorize 11100000", "capture 6000000", "refund 2000000"], "rupiah have two decimals at Stripe");
    let events = event_types(&desk.admin, &placed).await;
    let counted = ["payment.authorized", "payment.captured", "payment.refunded"].map(|event_type| count(&events, event_type));
    assert_eq!(counted, [1, 1, 1]);
    clean(&app).await;
}

#[actix_web::test]
async fn a_declined_card_fails_the_payment_and_an_unsupported_amount_is_refused() {
    let stripe = StripeServer::start();
    let app = start(&stripe).await;
    let desk = desk(&app, &stripe).await;
    let placed = order(&desk.admin, json!({})).await;
    let declined = desk.card(&placed, json!({"provider_payment_method": "pm_declined"})).await;
    desk.work().await;
    let failed = desk.payment(&declined).await;
    assert_eq!((&failed["status"], &failed["operations"][0]["failure"]["code"]), (&json!("failed"), &json!("card_declined")));
    let card = |more: Value| with(json!({"provider": "stripe", "provider_payment_method": "pm_card_visa"}), more);
    let kuwait = json!({"amount": "1.234", "currency": "KWD", "method": "card"});
    assert_eq!(desk.admin.post("/v1/payments", with(kuwait, card(json!({})))).await.code(422), "amount_not_supported");
    assert_eq!(pay(&desk.admin, "1.00", card(json!({"provider": "other"}))).await.code(422), "unknown_provider");
    assert_eq!(pay(&desk.admin, "1.00", card(json!({"provider_reference": "pi_9"}))).await.code(422), "exactly_one_of");
    assert_eq!(pay(&desk.admin, "1.00", card(json!({"status": "pending"}))).await.code(422), "not_with_provider");
    assert_eq!(pay(&desk.admin, "1.00", json!({"provider_reference": "pi_9"})).await.code(422), "required");
    assert_eq!(stripe.moves(), Vec::<String>::new());
    clean(&app).await;
}

#[actix_web::test]
async fn nothing_moves_twice_and_nothing_is_lost_when_the_process_dies_or_answers_do() {
    let stripe = StripeServer::start();
    let app = start(&stripe).await;
    let desk = desk(&app, &stripe).await;
    let placed = order(&desk.admin, json!({})).await;
    let money = desk.card(&placed, json!({})).await;
    // Killed between the call and its record, twice; each lease runs out.
    for _ in 0..2 {
        assert_eq!(desk.die_before_recording().await, 1);
        assert_eq!(desk.work().await, 0, "the lease still holds");
        app.clock.advance(TimeDelta::seconds(121));
    }
    desk.work().await;
    assert_eq!(desk.payment(&money).await["status"], "authorized");
    // The answer of the capture is lost, then the service is away, then it comes.
    desk.act(&money, "capture", json!({})).await.expect(200);
    stripe.trouble(&[Trouble::LostAnswer, Trouble::Down]);
    for _ in 0..3 {
        desk.work().await;
        app.clock.advance(TimeDelta::seconds(61));
    }
    assert_eq!(desk.payment(&money).await["amount_captured"], "111000.00");
    // Killed between the lease and the call, and after a refund.
    desk.act(&money, "refund", json!({"amount": "11000.00", "reason": "Torn"})).await.expect(201);
    let (db, now) = (app.app.db.clone(), app.clock.now());
    assert_eq!(actix_web::web::block(move || provider_outbox::lease(&db, now)).await.unwrap().unwrap().len(), 1);
    app.clock.advance(TimeDelta::seconds(121));
    assert_eq!(desk.die_before_recording().await, 1);
    app.clock.advance(TimeDelta::seconds(121));
    desk.work().await;
    desk.work().await;
    let shown = desk.payment(&money).await;
    assert_eq!((&shown["amount_refunded"], &shown["refunds"][0]["status"]), (&json!("11000.00"), &json!("succeeded")));
    assert_eq!(stripe.moves(), ["authorize 11100000", "capture 11100000", "refund 1100000"], "each once");
    assert!(stripe.calls() > 3);
    clean(&app).await;
}

#[actix_web::test]
async fn a_call_without_an_answer_for_a_day_is_left_to_a_person() {
    let stripe = StripeServer::start();
    let app = start(&stripe).await;
    let desk = desk(&app, &stripe).await;
    let placed = order(&desk.admin, json!({})).await;
    let money = desk.card(&placed, json!({})).await;
    desk.work().await;
    desk.act(&money, "capture", json!({})).await.expect(200);
    desk.die_before_recording().await;
    let calls = stripe.calls();
    app.clock.advance(TimeDelta::hours(25));
    desk.work().await;
    assert_eq!(stripe.calls(), calls, "a forgotten key could take the money again");
    assert_eq!(states(&desk.payment(&money).await).last(), Some(&("capture", "unresolved")));
    assert_eq!(count(&event_types(&desk.admin, &placed).await, "payment.operation_unresolved"), 1);
    // The provider's own word settles it.
    desk.tell("evt_1", "payment_intent.succeeded", &stripe.intent("pi_1")).await;
    desk.work().await;
    let shown = desk.payment(&money).await;
    assert_eq!((&shown["status"], &shown["amount_captured"]), (&json!("captured"), &json!("111000.00")));
    assert_eq!(stripe.moves(), ["authorize 11100000", "capture 11100000"]);
    clean(&app).await;
}

#[actix_web::test]
async fn messages_are_proved_stored_once_and_worked_in_whatever_their_order() {
    let stripe = StripeServer::start();
    let app = start(&stripe).await;
    let desk = desk(&app, &stripe).await;
    let placed = order(&desk.admin, json!({})).await;
    let money = desk.card(&placed, json!({})).await;
    // The message comes before the answer of the call that it is about is recorded.
    desk.die_before_recording().await;
    let authorized = stripe.intent("pi_1");
    desk.tell("evt_1", "payment_intent.amount_capturable_updated", &authorized).await;
    desk.work().await;
    assert_eq!(
        (desk.payment(&money).await["status"].clone(), states(&desk.payment(&money).await)),
        (json!("authorized"), vec![("authorize", "succeeded")])
    );
    app.clock.advance(TimeDelta::seconds(121));
    assert_eq!(desk.work().await, 0, "what the message has settled is not asked again");
    // Captured at the provider's own pages; the old message comes again and later than the new one.
    let captured = stripe.by_hand("pi_1", |intent| {
        (intent["status"], intent["amount_capturable"], intent["amount_received"]) = (json!("succeeded"), json!(0), json!(11_100_000));
    });
    for (id, event_type, object) in [
        ("evt_3", "payment_intent.succeeded", &captured),
        ("evt_2", "payment_intent.amount_capturable_updated", &authorized),
        ("evt_3", "payment_intent.succeeded", &captured),
        ("evt_1", "payment_intent.amount_capturable_updated", &authorized),
    ] {
        desk.tell(id, event_type, object).await;
        desk.work().await;
    }
    let shown = desk.payment(&money).await;
    assert_eq!((&shown["status"], &shown["amount_captured"]), (&json!("captured"), &json!("111000.00")));
    assert_eq!(count(&event_types(&desk.admin, &placed).await, "payment.captured"), 1);
    assert_eq!(stripe.moves(), ["authorize 11100000"]);

    let (now, body) = (app.clock.now(), event("evt_9", "payment_intent.succeeded", &captured));
    for (secret, at) in [("whsec_other_secret", now), (SECRET, now - TimeDelta::seconds(301)), (SECRET, now + TimeDelta::seconds(301))] {
        assert_eq!(desk.hook(&body, secret, at).await.code(401), "unauthenticated");
    }
    let nowhere = app
        .request(Method::POST, "/v1/inbound/payments/5f6c1d0e-3f43-4c0d-9a53-0d0a4a3b5c11")
        .header("Stripe-Signature", signature::sign(&body, SECRET, now));
    assert_eq!(send(nowhere.body(body.clone())).await.code(401), "unauthenticated");
    assert_eq!(send(app.request(Method::POST, &desk.inbound).body(body.clone())).await.code(401), "unauthenticated");
    // While the secret is replaced, both are good.
    let both = json!({"kind": "stripe", "name": "Stripe", "webhook_secrets": ["whsec_new_secret", SECRET]});
    desk.admin.put("/v1/payment_providers/stripe", both).await.expect(200);
    desk.hook(&body, SECRET, now).await.expect(200);
    desk.hook(&body, "whsec_new_secret", now).await.expect(200);
    clean(&app).await;
}

#[actix_web::test]
async fn a_message_and_an_answer_at_once_book_the_money_once() {
    let stripe = StripeServer::start();
    let app = start(&stripe).await;
    let desk = desk(&app, &stripe).await;
    for round in 1..=4 {
        let placed = order(&desk.admin, json!({})).await;
        let money = desk.card(&placed, json!({})).await;
        desk.work().await;
        desk.act(&money, "capture", json!({"amount": "100000.00"})).await.expect(200);
        let reference = desk.payment(&money).await["provider_reference"].as_str().unwrap().to_owned();
        desk.tell(&format!("evt_{round}"), "payment_intent.succeeded", &stripe.intent(&reference)).await;
        join(desk.work(), desk.work()).await;
        desk.tell(&format!("evt_again_{round}"), "payment_intent.succeeded", &stripe.intent(&reference)).await;
        join(desk.work(), desk.work()).await;
        let shown = desk.payment(&money).await;
        assert_eq!((&shown["status"], &shown["amount_captured"]), (&json!("captured"), &json!("100000.00")));
        assert_eq!(count(&event_types(&desk.admin, &placed).await, "payment.captured"), 1);
    }
    assert_eq!(stripe.moves().iter().filter(|moved| moved.starts_with("capture")).count(), 4);
    clean(&app).await;
}

#[actix_web::test]
async fn what_ships_is_captured_and_an_authorization_that_expires_is_given_up() {
    let stripe = StripeServer::start();
    let app = start(&stripe).await;
    let desk = desk(&app, &stripe).await;
    let placed = order(&desk.admin, json!({})).await;
    stripe.capture_before((app.clock.now() + TimeDelta::days(7)).timestamp());
    let money = desk.card(&placed, json!({"capture_on_shipment": true})).await;
    desk.work().await;
    assert_eq!(desk.work().await, 0, "nothing has shipped");
    ship(&desk.admin, &placed, "2").await;
    desk.work().await;
    // Two bags: 40,000 and 11 %.
    let part = desk.payment(&money).await;
    assert_eq!((&part["status"], &part["amount_captured"]), (&json!("authorized"), &json!("44400.00")));
    desk.work().await;
    ship(&desk.admin, &placed, "3").await;
    desk.work().await;
    desk.work().await;
    assert_eq!(desk.payment(&money).await["status"], "captured");
    assert_eq!(get(&desk.admin, "orders", &placed).await["payment_status"], "paid");
    assert_eq!(stripe.moves(), ["authorize 11100000", "capture 4440000", "capture 6660000"]);

    let other = order(&desk.admin, json!({"payment_terms": "prepaid"})).await;
    let held = desk.card(&other, json!({})).await;
    desk.work().await;
    app.clock.advance(TimeDelta::days(8));
    for _ in 0..2 {
        desk.expire().await;
        desk.work().await;
    }
    assert_eq!(desk.payment(&held).await["status"], "expired");
    assert_eq!(get(&desk.admin, "orders", &other).await["status"], "on_hold");
    assert_eq!(stripe.moves().last().unwrap(), "cancel 11100000");
    clean(&app).await;
}

#[actix_web::test]
async fn what_is_done_at_the_providers_own_pages_is_booked_here() {
    let stripe = StripeServer::start();
    let app = start(&stripe).await;
    let desk = desk(&app, &stripe).await;
    let placed = order(&desk.admin, json!({})).await;
    stripe.checkout("pi_web", 11_100_000, "idr");
    let linked = json!({"provider": "stripe", "provider_reference": "pi_web", "status": "captured", "order_id": id(&placed)});
    let money = pay(&desk.admin, "111000.00", linked.clone()).await.expect(201).body;
    desk.work().await;
    assert_eq!(desk.payment(&money).await["status"], "authorized");
    let captured = stripe.by_hand("pi_web", |intent| {
        (intent["status"], intent["amount_capturable"], intent["amount_received"]) = (json!("succeeded"), json!(0), json!(11_100_000));
    });
    stripe.set_refund("re_hand", json!({"id": "re_hand", "object": "refund", "amount": 1_100_000, "currency": "idr", "status": "succeeded", "payment_intent": "pi_web", "metadata": {}}));
    for round in 0..2 {
        desk.tell(&format!("evt_{round}"), "charge.refunded", &json!({"object": "charge", "id": "ch_1", "payment_intent": "pi_web"})).await;
        desk.work().await;
    }
    let shown = desk.payment(&money).await;
    assert_eq!((&shown["amount_captured"], &shown["amount_refunded"]), (&json!("111000.00"), &json!("11000.00")));
    assert_eq!(shown["refunds"].as_array().unwrap().len(), 1);
    // One of ours is accepted and fails days later: the order is paid again.
    let refund = desk.act(&money, "refund", json!({"amount": "50000.00", "reason": "Torn"})).await.expect(201).body;
    desk.work().await;
    let ours = stripe.refund_ids().into_iter().find(|id| id != "re_hand").unwrap();
    let mut failed = stripe.refund(&ours);
    (failed["status"], failed["failure_reason"]) = (json!("failed"), json!("lost_or_stolen_card"));
    stripe.set_refund(&ours, failed.clone());
    for round in 0..2 {
        desk.tell(&format!("evt_f{round}"), "charge.refund.updated", &failed).await;
        desk.work().await;
    }
    assert_eq!(get(&desk.admin, "refunds", &refund).await["status"], "failed");
    let order = get(&desk.admin, "orders", &placed).await;
    assert_eq!((&order["amount_paid"], &desk.payment(&money).await["amount_refunded"]), (&json!("100000.00"), &json!("11000.00")));
    assert_eq!(count(&event_types(&desk.admin, &placed).await, "payment.refund_failed"), 1);
    let dispute =
        json!({"object": "dispute", "id": "dp_1", "payment_intent": "pi_web", "status": "needs_response", "reason": "fraudulent"});
    desk.tell("evt_d", "charge.dispute.created", &dispute).await;
    desk.work().await;
    assert_eq!(count(&event_types(&desk.admin, &placed).await, "payment.disputed"), 1);
    drop(captured);
    clean(&app).await;
}

#[actix_web::test]
async fn the_sample_messages_are_taken_and_what_is_not_ours_is_left_alone() {
    let vectors = or_skip!(sample("VECTORS.json"));
    let stripe = StripeServer::start();
    let app = start(&stripe).await;
    let desk = desk(&app, &stripe).await;
    let vectors: Value = serde_json::from_slice(&vectors).unwrap();
    let mut seen = 0;
    for vector in vectors["vectors"].as_array().unwrap() {
        let file = vector["file"].as_str().unwrap();
        if !file.starts_with("stripe/") {
            continue;
        }
        let header = vector["headers"]["Stripe-Signature"].as_str().unwrap();
        let at: i64 = header.split(',').next().unwrap().trim_start_matches("t=").parse().unwrap();
        app.clock.advance(DateTime::from_timestamp(at, 0).unwrap() - app.clock.now());
        let secrets = json!({"kind": "stripe", "name": "Stripe", "webhook_secrets": [vector["secret"]]});
        desk.admin.put("/v1/payment_providers/stripe", secrets).await.expect(200);
        let request = app.request(Method::POST, &desk.inbound).header("Stripe-Signature", header).body(sample(file).unwrap());
        let reply = send(request).await;
        // Only the envelope is an event; the others are what one carries.
        assert_eq!(reply.status, if file.ends_with("event.json") { 200 } else { 400 }, "{file} {}", reply.body);
        seen += 1;
    }
    assert!(seen >= 3, "{seen}");
    desk.work().await;
    clean(&app).await;
}

/// 3-D Secure that nobody finishes: a payment that we have asked for waits a day, then it is given up and the order told so.
#[actix_web::test]
async fn a_payment_that_the_payer_does_not_approve_is_given_up_after_a_day() {
    let stripe = StripeServer::start();
    let app = start(&stripe).await;
    let desk = desk(&app, &stripe).await;
    let placed = order(&desk.admin, json!({})).await;
    let payment = desk.card(&placed, json!({"provider_payment_method": "pm_3ds"})).await;
    desk.work().await;
    let path = format!("/v1/payments/{}", id(&payment));
    let shown = desk.admin.get(&path).await.expect(200).body;
    assert_eq!(shown["status"], "pending", "{shown:#}");
    let reference = shown["provider_reference"].as_str().unwrap().to_owned();
    let sweep = async || {
        let (db, now) = (app.app.db.clone(), app.clock.now());
        actix_web::web::block(move || jobs::ask_providers(&db, now)).await.unwrap().unwrap();
        desk.work().await
    };
    app.clock.advance(TimeDelta::hours(23));
    sweep().await;
    assert_eq!(desk.admin.get(&path).await.body["status"], "pending", "he may still be at it");
    app.clock.advance(TimeDelta::hours(2));
    sweep().await;
    desk.work().await;
    assert_eq!(stripe.intent(&reference)["status"], "canceled");
    assert_eq!(desk.admin.get(&path).await.body["status"], "voided");
    let events = desk.admin.get("/v1/events?type=payment.approval_timed_out,payment.voided").await.expect(200).body;
    let types: Vec<&str> = events["data"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["payment.approval_timed_out", "payment.voided"]);
    clean(&app).await;
}
