//! The loops of work: who is slow or away holds up nobody else, and what takes long is dated and kept as it goes on.

use crate::hubspot::{HOST, SECRET, event, put_deal, start};
use crate::money::{id, with};
use crate::shop::{clean, receive};
use crate::support::app::{Caller, TestApp, send};
use crate::support::hooks::{channel, inbound, products, shopify, work};
use crate::support::load::number;
use crate::support::platforms::PlatformServer;
use chrono::TimeDelta;
use pesanan::auth::permission::Role;
use pesanan::channels::platforms::hubspot::signature;
use pesanan::channels::standing;
use pesanan::inbox;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::task::JoinHandle;

/// A company with a CRM of its own.
struct Crm<'a> {
    app: &'a TestApp,
    admin: Caller<'a>,
    server: PlatformServer,
    channel: Value,
}

async fn crm<'a>(app: &'a TestApp, code: &str) -> Crm<'a> {
    let organization_id = app.organization(code).await;
    let admin = app.caller(organization_id, Role::Admin).await;
    let server = PlatformServer::start();
    let settings = json!({"api_base": server.base, "tax_id_field": "npwp", "write_back": true});
    let new = json!({"code": "hubspot", "kind": "hubspot", "name": "HubSpot", "secret": SECRET, "settings": settings,
        "credentials": {"access_token": "pat-na1-test"}});
    let channel = admin.post("/v1/channels", new).await.expect(201).body;
    products(&admin, &["KOPI-250", "TEH-100"]).await;
    for sku in ["KOPI-250", "TEH-100"] {
        receive(&admin, "jakarta", sku, "1000").await;
    }
    Crm { app, admin, server, channel }
}

impl Crm<'_> {
    /// A message that these deals are won, each of a company of its own.
    async fn tell(&self, deals: &[i64]) {
        deals.iter().for_each(|deal| put_deal(&self.server, &deal.to_string(), &format!("9{deal}")));
        let events: Value = deals.iter().enumerate().map(|(i, deal)| event(*deal, i)).collect();
        let (body, now, uri) = (events.to_string(), self.app.clock.now(), format!("{HOST}{}", inbound(&self.channel)));
        let request = self.app.request(Method::POST, &inbound(&self.channel)).header("content-type", "application/json");
        let request = request.header("X-HubSpot-Signature-v3", signature::sign(SECRET, "POST", &uri, body.as_bytes(), now));
        send(request.header("X-HubSpot-Request-Timestamp", now.timestamp_millis().to_string()).body(body)).await.expect(200);
    }

    async fn orders(&self) -> usize {
        self.admin.get("/v1/orders?limit=200").await.expect(200).body["data"].as_array().unwrap().len()
    }

    /// Its messages by their state, the newest first: status, code of the reason, attempts.
    async fn messages(&self) -> Vec<(String, String, i64)> {
        let all = self.admin.get("/v1/inbound_messages?limit=200").await.expect(200).body;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let of = |one: &Value| (text(&one["status"]), text(&one["reason"]["code"]), one["attempts"].as_i64().unwrap());
        all["data"].as_array().unwrap().iter().map(of).collect()
    }
}

/// One worker more, as one of the pool.
fn worker(app: &TestApp) -> JoinHandle<usize> {
    let (db, desk, clock) = (app.app.db.clone(), app.app.desk.clone(), app.clock.clone());
    tokio::task::spawn_blocking(move || inbox::work::work(&db, &desk, || clock.now()).unwrap())
}

fn teller(app: &TestApp) -> JoinHandle<usize> {
    let (db, clock) = (app.app.db.clone(), app.clock.clone());
    tokio::task::spawn_blocking(move || standing::tell::work(&db, &|| clock.now()).unwrap())
}

/// Answers of the CRM that one deal takes: itself, its lines, company, contact and owner.
const CALLS: usize = 5;

#[actix_web::test]
async fn a_message_that_takes_long_keeps_its_lease_and_its_orders_are_told_by_a_poll_that_began_meanwhile() {
    let app = start().await;
    let crm = crm(&app, "shop").await;
    let deals: Vec<i64> = (100..112).collect();
    crm.tell(&deals).await;
    // A quarter of an hour in all: the lease and the margin of a poll are five minutes.
    crm.server.takes(&app.clock, TimeDelta::seconds(15));
    crm.server.hold_from(8 * CALLS + 1);
    let first = worker(&app);
    crm.server.called(8 * CALLS + 1).await;
    assert_eq!(worker(&app).await.unwrap(), 0, "the message is still the first worker's");
    let mut seen = BTreeSet::new();
    let mut after = String::new();
    for round in 0..2 {
        loop {
            let page = crm.admin.get(&format!("/v1/changes/orders?limit=200{after}")).await.expect(200).body;
            seen.extend(page["data"].as_array().unwrap().iter().map(|order| order["external_id"].as_str().unwrap().to_owned()));
            after = format!("&after={}", page["next_cursor"].as_str().unwrap());
            if page["has_more"] == false {
                break;
            }
        }
        if round == 0 {
            assert_eq!(seen.len(), 8);
            crm.server.release();
            // What goes on meanwhile must not be what the poll waits for.
            while crm.orders().await < deals.len() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
    assert_eq!(seen.len(), deals.len(), "orders that were made late in the message are missed");
    first.await.unwrap();
    assert_eq!(crm.messages().await, [("processed".to_owned(), String::new(), 1)]);
    clean(&app).await;
}

#[actix_web::test]
async fn a_worker_that_has_lost_its_message_gives_it_up() {
    let app = start().await;
    let crm = crm(&app, "shop").await;
    crm.tell(&[1, 2, 3]).await;
    crm.server.hold_from(CALLS + 1);
    let first = worker(&app);
    crm.server.called(CALLS + 1).await;
    // So long without a sign that it must be dead: another one does it all.
    app.clock.advance(TimeDelta::seconds(301));
    let second = worker(&app);
    crm.server.called(CALLS + 2).await;
    crm.server.release();
    assert_eq!(second.await.unwrap(), 1);
    let calls = crm.server.calls();
    first.await.unwrap();
    assert!(crm.server.calls() <= calls + CALLS, "no deal is begun any more by the first");
    assert_eq!((crm.orders().await, crm.messages().await), (3, vec![("processed".to_owned(), String::new(), 2)]));
    clean(&app).await;
}

#[actix_web::test]
async fn a_platform_that_hangs_holds_up_only_its_own_channel() {
    let app = start().await;
    let (slow, quick) = (crm(&app, "slow").await, crm(&app, "quick").await);
    let shop = channel(&quick.admin, "shopify", "shpss_test_secret").await;
    slow.server.hold_from(1);
    slow.tell(&[1]).await;
    slow.tell(&[2]).await;
    let hanging = worker(&app);
    slow.server.called(1).await;
    quick.tell(&[1]).await;
    shopify(&app, &shop, "orders/create", &shopify_order(5)).await.expect(200);
    assert_eq!(worker(&app).await.unwrap(), 2, "both of the other company, and nothing of the one that hangs");
    assert_eq!((quick.orders().await, slow.orders().await), (2, 0));
    // Messages whose platform is not asked back have a worker of their own, whatever hangs.
    let (own, asking) = inbox::work::kinds();
    let names = |kinds: &[pesanan::channels::ChannelKind]| kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>();
    assert_eq!(names(&asking), ["bigcommerce", "hubspot", "salesforce"], "{:?}", names(&own));
    slow.server.release();
    assert_eq!(hanging.await.unwrap(), 2);
    assert_eq!(slow.orders().await, 2);
    clean(&app).await;
}

fn shopify_order(id: u64) -> Value {
    let order = json!({"id": id, "email": "siti@example.com", "currency": "USD", "financial_status": "pending", "total_price": "10.00", "total_tax": "0.00",
        "created_at": "2026-03-02T01:00:00Z", "updated_at": "2026-03-02T01:00:00Z", "cancelled_at": null,
        "shipping_address": {"name": "Siti", "address1": "Jl. Braga 12", "city": "Bandung", "country_code": "ID"}});
    with(order, json!({"line_items": [{"id": 1, "sku": "KOPI-250", "quantity": 1, "price": "10.00"}]}))
}

#[actix_web::test]
async fn a_platform_that_is_away_is_left_alone_for_a_while() {
    let app = start().await;
    let crm = crm(&app, "shop").await;
    for deal in 1..=3 {
        crm.tell(&[deal]).await;
    }
    let away = || ("received".to_owned(), "platform_unavailable".to_owned(), 1);
    let untouched = || ("received".to_owned(), String::new(), 0);
    crm.server.trouble(&[(503, None)]);
    assert_eq!(work(&app).await, 1);
    assert_eq!(crm.messages().await, [untouched(), untouched(), away()], "the others wait without being tried");
    assert_eq!((crm.server.calls(), work(&app).await), (1, 0));
    app.clock.advance(TimeDelta::seconds(16));
    crm.server.trouble(&[(503, None)]);
    assert_eq!(work(&app).await, 1);
    // Twice in a row: twice as long.
    app.clock.advance(TimeDelta::seconds(16));
    assert_eq!((work(&app).await, crm.server.calls()), (0, 2));
    app.clock.advance(TimeDelta::seconds(15));
    assert_eq!(work(&app).await, 3);
    assert_eq!(crm.orders().await, 3);
    // A person who asks for it does not wait, and the platform says until when it is away.
    crm.server.trouble(&[(429, Some("3600"))]);
    crm.tell(&[4]).await;
    crm.tell(&[5]).await;
    assert_eq!(work(&app).await, 1);
    app.clock.advance(TimeDelta::seconds(3000));
    assert_eq!(work(&app).await, 0);
    let waiting = crm.admin.get("/v1/inbound_messages?status=received").await.expect(200).body["data"][0].clone();
    crm.admin.act(&format!("/v1/inbound_messages/{}/retry", id(&waiting))).await.expect(200);
    assert_eq!(work(&app).await, 1);
    app.clock.advance(TimeDelta::seconds(601));
    assert_eq!((work(&app).await, crm.orders().await), (1, 5));
    clean(&app).await;
}

#[actix_web::test]
async fn one_record_that_never_answers_does_not_keep_the_others_of_its_message() {
    let app = start().await;
    let crm = crm(&app, "shop").await;
    crm.tell(&[1, 2, 3, 4]).await;
    // The first is answered by an error every time.
    crm.server.trouble(&[(500, None)]);
    assert_eq!(work(&app).await, 1);
    assert_eq!((crm.orders().await, crm.messages().await[0].0.as_str()), (3, "received"));
    // Now nobody is answered: two tries are enough to know.
    let calls = crm.server.calls();
    crm.server.trouble(&[(500, None), (500, None), (500, None)]);
    app.clock.advance(TimeDelta::seconds(31));
    assert_eq!((work(&app).await, crm.server.calls() - calls), (1, 2));
    // It begins elsewhere each time, so the last one is not behind the others for ever.
    app.clock.advance(TimeDelta::seconds(3600));
    work(&app).await;
    assert_eq!((crm.orders().await, crm.messages().await[0].0.as_str()), (4, "received"), "one trouble was left for another");
    app.clock.advance(TimeDelta::seconds(3600));
    work(&app).await;
    assert_eq!((crm.orders().await, crm.messages().await[0].0.as_str()), (4, "processed"));
    clean(&app).await;
}

#[actix_web::test]
async fn channels_take_turns() {
    let app = start().await;
    let (busy, other) = (crm(&app, "busy").await, crm(&app, "other").await);
    let shops = [channel(&busy.admin, "shopify", "shpss_test_secret").await, channel(&other.admin, "shopify", "shpss_test_secret").await];
    for order in 1..=50 {
        shopify(&app, &shops[0], "orders/create", &shopify_order(order)).await.expect(200);
    }
    app.clock.advance(TimeDelta::seconds(1));
    shopify(&app, &shops[1], "orders/create", &shopify_order(1)).await.expect(200);
    assert_eq!(work(&app).await, 51);
    // Events have the order in which they happened.
    let before = number(
        &app.database,
        "SELECT count(*) AS value FROM event e WHERE e.type = 'inbound_message.processed' AND e.id < (SELECT p.id FROM event p \
         JOIN organization o ON o.id = p.organization_id AND o.code = 'other' WHERE p.type = 'inbound_message.processed')",
    );
    assert!(before <= 20, "{before} messages of the busy shop came first");
    clean(&app).await;
}

#[actix_web::test]
async fn a_crm_that_hangs_does_not_keep_others_from_being_told() {
    let app = start().await;
    let (slow, quick) = (crm(&app, "slow").await, crm(&app, "quick").await);
    let collect = async || {
        let (db, now) = (app.app.db.clone(), app.clock.now());
        actix_web::web::block(move || standing::follow::collect(&db, now)).await.unwrap().unwrap();
    };
    // They are told of what happens from now on.
    collect().await;
    for company in [&slow, &quick] {
        for deal in 1..=3 {
            company.tell(&[deal]).await;
        }
    }
    assert_eq!(work(&app).await, 6);
    collect().await;
    slow.server.hold_from(slow.server.calls() + 1);
    // The one that hangs is first in line.
    let calls = slow.server.calls();
    let hanging = [teller(&app), teller(&app)];
    slow.server.called(calls + 1).await;
    while quick.server.writes().len() < 3 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(slow.server.writes().len(), 0);
    slow.server.trouble(&[(503, None)]);
    slow.server.release();
    let mut told = 0;
    for teller in hanging {
        told += teller.await.unwrap();
    }
    assert_eq!((told, slow.server.writes().len()), (4, 0), "the others of the one that is away wait");
    app.clock.advance(TimeDelta::seconds(16));
    assert_eq!((teller(&app).await.unwrap(), slow.server.writes().len()), (3, 3));
    clean(&app).await;
}
