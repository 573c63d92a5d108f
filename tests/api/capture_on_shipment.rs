//! Money that is captured as goods leave: never more than is owed for what has left, whatever is credited, refunded or returned
//! meanwhile, and never too late. Every test ends with the proof of the invariants.

use crate::money::{count, event_types, get, id, order, ship, with};
use crate::shop::{clean, post_journal};
use crate::stripe::{Desk, desk, start, states};
use crate::support::stripe::StripeServer;
use chrono::TimeDelta;
use serde_json::{Value, json};

/// An order of five bags (111,000.00) with its card; 44,400.00 for two bags, 66,600.00 for three.
async fn reserved(desk: &Desk<'_>, more: Value) -> (Value, Value) {
    desk.stripe.capture_before((desk.app.clock.now() + TimeDelta::days(7)).timestamp());
    let placed = order(&desk.admin, json!({})).await;
    let money = desk.card(&placed, with(json!({"capture_on_shipment": true}), more)).await;
    desk.work().await;
    (placed, money)
}

/// Runs the jobs until nothing is left that they could do.
async fn settle(desk: &Desk<'_>) {
    for _ in 0..3 {
        desk.work().await;
    }
}

async fn invoice(desk: &Desk<'_>, placed: &Value) -> Value {
    desk.admin.post(&format!("/v1/orders/{}/invoices", id(placed)), json!({})).await.expect(201).body
}

#[actix_web::test]
async fn what_was_credited_or_refunded_is_not_captured_again() {
    let stripe = StripeServer::start();
    let app = start(&stripe).await;
    let desk = desk(&app, &stripe).await;
    let (placed, money) = reserved(&desk, json!({})).await;
    ship(&desk.admin, &placed, "2").await;
    settle(&desk).await;
    let bill = invoice(&desk, &placed).await;
    settle(&desk).await;
    let mut moves = vec!["authorize 11100000", "capture 4440000"];
    assert_eq!(stripe.moves(), moves);
    // The goods are credited: their money is free and goes back, and nothing is owed for them any more.
    desk.admin.post("/v1/credit_notes", json!({"invoice_id": id(&bill), "reason": "Torn"})).await.expect(201);
    settle(&desk).await;
    assert_eq!(stripe.moves(), moves, "credited");
    desk.act(&money, "refund", json!({"amount": "44400.00", "reason": "Torn"})).await.expect(201);
    settle(&desk).await;
    moves.push("refund 4440000");
    assert_eq!(stripe.moves(), moves, "refunded");
    ship(&desk.admin, &placed, "3").await;
    settle(&desk).await;
    moves.push("capture 6660000");
    assert_eq!(stripe.moves(), moves, "the other three bags");
    // Goodwill: the invoice is due again, and a person may ask for it; the card is left alone.
    desk.act(&money, "refund", json!({"amount": "10000.00", "reason": "Came late"})).await.expect(201);
    settle(&desk).await;
    moves.push("refund 1000000");
    assert_eq!(stripe.moves(), moves, "goodwill");
    post_journal(&app).await;
    clean(&app).await;
}

#[actix_web::test]
async fn a_refund_before_the_rest_ships_leaves_the_rest_to_be_captured_exactly() {
    let stripe = StripeServer::start();
    let app = start(&stripe).await;
    let desk = desk(&app, &stripe).await;
    // Goodwill on a deposit, and money that is refunded before its goods are credited.
    let (placed, money) = reserved(&desk, json!({})).await;
    ship(&desk.admin, &placed, "2").await;
    settle(&desk).await;
    desk.act(&money, "refund", json!({"amount": "10000.00", "reason": "Came late"})).await.expect(201);
    settle(&desk).await;
    ship(&desk.admin, &placed, "3").await;
    settle(&desk).await;
    let (other, paid) = reserved(&desk, json!({})).await;
    ship(&desk.admin, &other, "2").await;
    settle(&desk).await;
    let bill = invoice(&desk, &other).await;
    desk.act(&paid, "refund", json!({"amount": "44400.00", "reason": "Torn"})).await.expect(201);
    desk.admin.post("/v1/credit_notes", json!({"invoice_id": id(&bill), "reason": "Torn"})).await.expect(201);
    settle(&desk).await;
    ship(&desk.admin, &other, "3").await;
    settle(&desk).await;
    let expected = ["authorize 11100000", "capture 4440000", "refund 1000000", "capture 6660000"];
    assert_eq!(stripe.moves()[..4], expected);
    assert_eq!(stripe.moves()[4..], ["authorize 11100000", "capture 4440000", "refund 4440000", "capture 6660000"]);
    clean(&app).await;
}

#[actix_web::test]
async fn goods_that_come_back_before_they_are_invoiced_are_not_captured_from_another_card() {
    let stripe = StripeServer::start();
    let app = start(&stripe).await;
    let desk = desk(&app, &stripe).await;
    // Two cards: 50,000.00 and 61,000.00.
    let (placed, _) = reserved(&desk, json!({"amount": "50000.00"})).await;
    desk.card(&placed, json!({"amount": "61000.00", "capture_on_shipment": true})).await;
    settle(&desk).await;
    ship(&desk.admin, &placed, "2").await;
    settle(&desk).await;
    let line = json!({"order_line_id": placed["lines"][0]["id"], "quantity": "2"});
    let asked = json!({"order_id": id(&placed), "lines": [with(line.clone(), json!({"reason": {"code": "damaged"}}))]});
    let rma = desk.admin.post("/v1/returns", asked).await.expect(201).body;
    let act = async |action: &str, body: Value| desk.admin.post(&format!("/v1/returns/{}/{action}", id(&rma)), body).await.expect(200);
    act("authorize", json!({})).await;
    act("receive", json!({"location": "jakarta", "lines": [with(line, json!({"condition": "damaged"}))]})).await;
    settle(&desk).await;
    act("complete", json!({"refund": true})).await;
    settle(&desk).await;
    // Their money is a deposit on the three bags that are still to come, and what is left of the first card is not needed.
    assert_eq!(stripe.moves(), ["authorize 5000000", "authorize 6100000", "capture 4440000", "cancel 560000"]);
    ship(&desk.admin, &placed, "3").await;
    settle(&desk).await;
    let captured: i64 = stripe.moves().iter().filter_map(|moved| moved.strip_prefix("capture ")?.parse::<i64>().ok()).sum();
    assert_eq!(captured, 6_660_000, "{:?}", stripe.moves());
    assert_eq!(get(&desk.admin, "orders", &placed).await["amount_paid"], "66600.00");
    clean(&app).await;
}

#[actix_web::test]
async fn where_no_part_can_be_captured_all_is_captured_with_the_last_shipment() {
    let stripe = StripeServer::start();
    let app = start(&stripe).await;
    let desk = desk(&app, &stripe).await;
    stripe.captures_once();
    let (placed, money) = reserved(&desk, json!({})).await;
    ship(&desk.admin, &placed, "2").await;
    settle(&desk).await;
    let waits = desk.payment(&money).await;
    assert_eq!((&waits["status"], &waits["amount_captured"]), (&json!("authorized"), &json!("0.00")));
    assert_eq!(states(&waits)[1], ("capture", "failed"));
    ship(&desk.admin, &placed, "1").await;
    settle(&desk).await;
    assert_eq!(stripe.moves(), ["authorize 11100000"], "a part is not asked for again and again");
    ship(&desk.admin, &placed, "2").await;
    settle(&desk).await;
    assert_eq!(stripe.moves(), ["authorize 11100000", "capture 11100000"]);
    let events = event_types(&desk.admin, &placed).await;
    assert_eq!(count(&events, "payment.reauthorization_needed"), 0, "nothing was given up");
    clean(&app).await;
}

#[actix_web::test]
async fn what_has_shipped_is_captured_before_the_authorization_ends() {
    let stripe = StripeServer::start();
    let app = start(&stripe).await;
    let desk = desk(&app, &stripe).await;
    stripe.captures_once();
    let (placed, money) = reserved(&desk, json!({})).await;
    ship(&desk.admin, &placed, "2").await;
    settle(&desk).await;
    app.clock.advance(TimeDelta::days(6));
    settle(&desk).await;
    assert_eq!(stripe.moves(), ["authorize 11100000"], "there is time");
    app.clock.advance(TimeDelta::hours(13));
    settle(&desk).await;
    assert_eq!(stripe.moves(), ["authorize 11100000", "capture 4440000"]);
    let taken = desk.payment(&money).await;
    assert_eq!((&taken["status"], &taken["amount_captured"]), (&json!("captured"), &json!("44400.00")));
    let events = event_types(&desk.admin, &placed).await;
    assert_eq!(count(&events, "payment.reauthorization_needed"), 1, "three bags wait for other money");

    // All jobs stood still until the time was over.
    let (other, late) = reserved(&desk, json!({})).await;
    ship(&desk.admin, &other, "2").await;
    settle(&desk).await;
    app.clock.advance(TimeDelta::days(8));
    for _ in 0..3 {
        desk.expire().await;
        desk.work().await;
    }
    assert_eq!(stripe.moves()[2..], ["authorize 11100000", "capture 4440000"], "asked for before it is given up");
    assert_eq!(desk.payment(&late).await["amount_captured"], "44400.00");
    clean(&app).await;
}

#[actix_web::test]
async fn without_a_known_end_a_part_is_captured_at_once_and_the_rest_given_up() {
    let stripe = StripeServer::start();
    let app = start(&stripe).await;
    let desk = desk(&app, &stripe).await;
    stripe.captures_once();
    let placed = order(&desk.admin, json!({})).await;
    let money = desk.card(&placed, json!({"capture_on_shipment": true})).await;
    settle(&desk).await;
    ship(&desk.admin, &placed, "2").await;
    settle(&desk).await;
    assert_eq!(stripe.moves(), ["authorize 11100000", "capture 4440000"]);
    assert_eq!(desk.payment(&money).await["amount_captured"], "44400.00");
    assert_eq!(count(&event_types(&desk.admin, &placed).await, "payment.reauthorization_needed"), 1);
    clean(&app).await;
}

#[actix_web::test]
async fn an_order_that_needs_less_gives_up_what_it_does_not_need() {
    let stripe = StripeServer::start();
    let app = start(&stripe).await;
    let desk = desk(&app, &stripe).await;
    let (placed, money) = reserved(&desk, json!({"capture_on_shipment": false})).await;
    settle(&desk).await;
    assert_eq!(stripe.moves(), ["authorize 11100000"]);
    let cancel = |lines: Value| with(json!({"reason": {"code": "customer_request"}}), lines);
    desk.admin.post(&format!("/v1/orders/{}/cancel", id(&placed)), cancel(json!({}))).await.expect(200);
    settle(&desk).await;
    assert_eq!(stripe.moves(), ["authorize 11100000", "cancel 11100000"]);
    assert_eq!(desk.payment(&money).await["status"], "voided");
    assert_eq!(get(&desk.admin, "orders", &placed).await["payment_status"], "unpaid");

    // 50,000.00 and 61,000.00; three of five bags are edited away: 44,400.00 is left, which the second covers.
    let (other, first) = reserved(&desk, json!({"amount": "50000.00"})).await;
    let second = desk.card(&other, json!({"amount": "61000.00", "capture_on_shipment": true})).await;
    settle(&desk).await;
    let edit = json!({"lines": [{"order_line_id": other["lines"][0]["id"], "quantity": "2"}]});
    desk.admin.post(&format!("/v1/orders/{}/edits", id(&other)), edit).await.expect(200);
    settle(&desk).await;
    let statuses = [desk.payment(&first).await["status"].clone(), desk.payment(&second).await["status"].clone()];
    assert_eq!(statuses, ["voided", "authorized"], "the older one would end first");

    // What somebody has reserved elsewhere and told us of is theirs to give up: they are told.
    let third = order(&desk.admin, json!({})).await;
    let by_hand =
        crate::money::pay(&desk.admin, "111000.00", json!({"status": "authorized", "order_id": id(&third)})).await.expect(201).body;
    desk.admin.post(&format!("/v1/orders/{}/cancel", id(&third)), cancel(json!({}))).await.expect(200);
    settle(&desk).await;
    settle(&desk).await;
    assert_eq!(desk.payment(&by_hand).await["status"], "authorized");
    assert_eq!(desk.payment(&by_hand).await["version"], by_hand["version"], "looking changes nothing");
    assert_eq!(count(&event_types(&desk.admin, &third).await, "payment.authorization_excess"), 1);
    clean(&app).await;
}
