//! What a payment provider knows is believed and never lost: a wrong key is no refusal, refunds made on its own pages follow their way,
//! lost disputes are booked, and one thing that cannot be worked in does not hold up the others. Every test ends with the proof of the
//! invariants.

use crate::money::{count, event_types, get, id, order, pay};
use crate::shop::clean;
use crate::stripe::{Desk, desk, start, states};
use crate::support::stripe::StripeServer;
use chrono::TimeDelta;
use diesel::connection::SimpleConnection;
use pesanan::jobs;
use serde_json::{Value, json};

fn refund(id: &str, amount: i64, status: &str) -> Value {
    json!({"id": id, "object": "refund", "amount": amount, "currency": "idr", "status": status, "payment_intent": "pi_1", "metadata": {}})
}

/// A card payment of 111,000.00 that is taken.
async fn taken(desk: &Desk<'_>) -> (Value, Value) {
    let placed = order(&desk.admin, json!({})).await;
    let money = desk.card(&placed, json!({"status": "captured"})).await;
    desk.work().await;
    assert_eq!(desk.payment(&money).await["status"], "captured");
    (placed, money)
}

async fn charge_told(desk: &Desk<'_>, event: &str) {
    desk.tell(event, "charge.refund.updated", &json!({"object": "charge", "id": "ch_1", "payment_intent": "pi_1"})).await;
    desk.work().await;
}

#[actix_web::test]
async fn a_key_that_is_not_accepted_refuses_nothing_and_loses_nothing() {
    let stripe = StripeServer::start();
    let app = start(&stripe).await;
    let desk = desk(&app, &stripe).await;
    let (placed, paid) = taken(&desk).await;
    let refunded = desk.act(&paid, "refund", json!({"amount": "11000.00", "reason": "Torn"})).await.expect(201).body;
    let other = order(&desk.admin, json!({})).await;
    let money = desk.card(&other, json!({})).await;
    stripe.refuses_key(true);
    desk.tell("evt_1", "payment_intent.succeeded", &stripe.intent("pi_1")).await;
    desk.work().await;
    let waits = desk.payment(&money).await;
    assert_eq!((&waits["status"], states(&waits)), (&json!("pending"), vec![("authorize", "pending")]));
    assert_eq!(waits["operations"][0]["failure"]["code"], "key_refused");
    assert_eq!(get(&desk.admin, "refunds", &refunded).await["status"], "pending");
    assert_eq!(get(&desk.admin, "orders", &placed).await["amount_paid"], "100000.00");
    assert_eq!(waiting(&app), 1, "the message is kept");
    let told = desk.admin.get("/v1/events?type=payment_provider.key_refused").await.expect(200).body;
    assert_eq!(told["data"].as_array().unwrap().len(), 1);
    // The right key is set, and all that waited goes on at once.
    stripe.refuses_key(false);
    let account = json!({"kind": "stripe", "name": "Stripe", "api_key": "sk_test_new"});
    desk.admin.put("/v1/payment_providers/stripe", account).await.expect(200);
    desk.work().await;
    assert_eq!(desk.payment(&money).await["status"], "authorized");
    assert_eq!(get(&desk.admin, "refunds", &refunded).await["status"], "succeeded");
    assert_eq!(waiting(&app), 0);
    clean(&app).await;
}

fn waiting(app: &crate::support::app::TestApp) -> i64 {
    crate::support::load::number(&app.database, "SELECT count(*) AS value FROM payment_provider_event WHERE status = 'received'")
}

#[actix_web::test]
async fn what_no_message_told_is_found_by_asking() {
    let stripe = StripeServer::start();
    let app = start(&stripe).await;
    let desk = desk(&app, &stripe).await;
    let placed = order(&desk.admin, json!({})).await;
    let money = desk.card(&placed, json!({})).await;
    desk.work().await;
    stripe.by_hand("pi_1", |intent| {
        (intent["status"], intent["amount_capturable"], intent["amount_received"]) = (json!("succeeded"), json!(0), json!(11_100_000));
    });
    stripe.set_refund("re_hand", refund("re_hand", 1_000_000, "pending"));
    let look = async || {
        let (db, now) = (app.app.db.clone(), app.clock.now());
        let found = actix_web::web::block(move || jobs::ask_providers(&db, now)).await.unwrap().unwrap();
        desk.work().await;
        found
    };
    assert_eq!(look().await, 0, "it is not old yet");
    app.clock.advance(TimeDelta::hours(25));
    assert_eq!((look().await, look().await), (1, 0), "once a day");
    let shown = desk.payment(&money).await;
    assert_eq!((&shown["status"], &shown["amount_captured"]), (&json!("partially_refunded"), &json!("111000.00")));
    assert_eq!(shown["refunds"][0]["status"], "pending");
    // A refund that is under way is asked for, too.
    stripe.set_refund("re_hand", refund("re_hand", 1_000_000, "succeeded"));
    app.clock.advance(TimeDelta::hours(25));
    assert_eq!(look().await, 1);
    assert_eq!(desk.payment(&money).await["refunds"][0]["status"], "succeeded");
    app.clock.advance(TimeDelta::hours(25));
    assert_eq!(look().await, 0, "nothing is open");
    clean(&app).await;
}

#[actix_web::test]
async fn refunds_of_the_providers_own_pages_have_their_own_numbers_and_follow_their_way() {
    let stripe = StripeServer::start();
    let app = start(&stripe).await;
    let desk = desk(&app, &stripe).await;
    let (placed, money) = taken(&desk).await;
    stripe.set_refund("re_a", refund("re_a", 1_000_000, "pending"));
    stripe.set_refund("re_b", refund("re_b", 2_000_000, "pending"));
    charge_told(&desk, "evt_1").await;
    let made = desk.payment(&money).await["refunds"].as_array().unwrap().clone();
    assert_eq!(made.len(), 2);
    assert_ne!(made[0]["number"], made[1]["number"]);
    assert!(made.iter().all(|refund| refund["status"] == "pending"));
    stripe.set_refund("re_a", refund("re_a", 1_000_000, "succeeded"));
    stripe.set_refund("re_b", refund("re_b", 2_000_000, "failed"));
    for event in ["evt_2", "evt_3"] {
        charge_told(&desk, event).await;
    }
    let shown = desk.payment(&money).await;
    let status =
        |amount: &str| shown["refunds"].as_array().unwrap().iter().find(|refund| refund["amount"] == amount).unwrap()["status"].clone();
    assert_eq!((status("10000.00"), status("20000.00")), (json!("succeeded"), json!("failed")));
    assert_eq!(shown["amount_refunded"], "10000.00");
    assert_eq!(get(&desk.admin, "orders", &placed).await["amount_paid"], "101000.00");
    let events = event_types(&desk.admin, &placed).await;
    assert_eq!((count(&events, "payment.refund_succeeded"), count(&events, "payment.refund_failed")), (1, 1));
    clean(&app).await;
}

#[actix_web::test]
async fn a_lost_dispute_is_booked_once() {
    let stripe = StripeServer::start();
    let app = start(&stripe).await;
    let desk = desk(&app, &stripe).await;
    let (placed, money) = taken(&desk).await;
    let dispute = |status: &str| json!({"object": "dispute", "id": "dp_1", "payment_intent": "pi_1", "status": status, "reason": "fraudulent", "amount": 11_100_000, "currency": "idr"});
    stripe.set_dispute("dp_1", dispute("needs_response"));
    desk.tell("evt_1", "charge.dispute.created", &dispute("needs_response")).await;
    desk.work().await;
    assert_eq!(desk.payment(&money).await["status"], "captured");
    stripe.set_dispute("dp_1", dispute("lost"));
    for event in ["evt_2", "evt_3"] {
        desk.tell(event, "charge.dispute.closed", &dispute("lost")).await;
        desk.work().await;
    }
    let shown = desk.payment(&money).await;
    assert_eq!(
        (&shown["status"], &shown["refunds"][0]["kind"], &shown["refunds"][0]["provider_reference"]),
        (&json!("reversed"), &json!("reversal"), &json!("dp_1"))
    );
    assert_eq!(shown["refunds"].as_array().unwrap().len(), 1);
    assert_eq!(get(&desk.admin, "orders", &placed).await["amount_paid"], "0.00");
    let events = event_types(&desk.admin, &placed).await;
    assert_eq!((count(&events, "payment.disputed"), count(&events, "payment.reversed")), (3, 1));
    assert_eq!(stripe.moves(), ["charge 11100000"], "the bank has moved it; nobody is asked for a refund");
    clean(&app).await;
}

#[actix_web::test]
async fn one_thing_that_cannot_be_worked_in_does_not_hold_up_the_others() {
    let stripe = StripeServer::start();
    let app = start(&stripe).await;
    let desk = desk(&app, &stripe).await;
    let mut monies = vec![];
    for _ in 0..3 {
        let placed = order(&desk.admin, json!({})).await;
        monies.push(desk.card(&placed, json!({})).await);
        app.clock.advance(TimeDelta::seconds(1));
    }
    let poison = format!(
        "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'poison'; END $$; \
         CREATE TRIGGER poison BEFORE UPDATE ON payment FOR EACH ROW WHEN (NEW.id = '{}') EXECUTE FUNCTION poison()",
        id(&monies[0])
    );
    app.database.connect().batch_execute(&poison).unwrap();
    desk.work().await;
    let status = async |i: usize| desk.payment(&monies[i]).await["status"].clone();
    assert_eq!((status(0).await, status(1).await, status(2).await), (json!("pending"), json!("authorized"), json!("authorized")));
    let mut references = vec![String::new()];
    for money in &monies[1..] {
        references.push(desk.payment(money).await["provider_reference"].as_str().unwrap().to_owned());
    }
    references[0] = (1..=3).map(|n| format!("pi_{n}")).find(|name| !references.contains(name)).unwrap();
    for (i, reference) in references.iter().enumerate() {
        let captured = stripe.by_hand(reference, |intent| {
            (intent["status"], intent["amount_capturable"], intent["amount_received"]) = (json!("succeeded"), json!(0), json!(11_100_000));
        });
        desk.tell(&format!("evt_{i}"), "payment_intent.succeeded", &captured).await;
    }
    desk.work().await;
    assert_eq!((status(0).await, status(1).await, status(2).await), (json!("pending"), json!("captured"), json!("captured")));
    let calls = stripe.calls();
    desk.work().await;
    assert_eq!(stripe.calls(), calls, "it waits longer after each try");
    app.database.connect().batch_execute("DROP TRIGGER poison ON payment").unwrap();
    app.clock.advance(TimeDelta::minutes(30));
    desk.work().await;
    assert_eq!(status(0).await, "captured");
    clean(&app).await;
}

#[actix_web::test]
async fn a_refund_number_is_used_once() {
    let stripe = StripeServer::start();
    let app = start(&stripe).await;
    let desk = desk(&app, &stripe).await;
    let money = pay(&desk.admin, "1000.00", json!({})).await.expect(201).body;
    desk.act(&money, "refund", json!({"amount": "1.00", "reason": "x"})).await.expect(201);
    let again = "INSERT INTO refund (organization_id, id, number, payment_id, amount, currency, reason, status, actor, created_at, updated_at) \
        SELECT organization_id, gen_random_uuid(), number, payment_id, amount, currency, reason, 'failed', actor, created_at, updated_at FROM refund";
    let refused = app.database.connect().batch_execute(again).unwrap_err().to_string();
    assert!(refused.contains("refund_number"), "{refused}");
    clean(&app).await;
}
