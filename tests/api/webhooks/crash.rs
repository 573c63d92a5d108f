//! A process that ends between any two steps loses nothing and doubles nothing that its receiver could not tell.

use super::{create, deliver, deliveries, fan_out_now, open, place, sender, spawn};
use crate::shop::clean;
use crate::support::app::TestApp;
use crate::support::receiver::{Receiver, Says};
use chrono::TimeDelta;
use pesanan::webhooks::courier::{Leased, finish, lease, send};
use pesanan::webhooks::send::Outcome;
use serde_json::json;
use std::time::Duration;

async fn lease_now(app: &TestApp) -> Vec<Leased> {
    let (db, now) = (app.app.db.clone(), app.clock.now());
    actix_web::web::block(move || lease(&db, now, 64)).await.unwrap().unwrap()
}

async fn finish_now(app: &TestApp, sent: Vec<(Leased, Option<Outcome>)>) -> usize {
    let (db, now) = (app.app.db.clone(), app.clock.now());
    actix_web::web::block(move || finish(&db, sent, now)).await.unwrap().unwrap()
}

#[actix_web::test]
async fn a_process_that_ends_after_the_lease_leaves_it_to_the_next() {
    let app = spawn().await;
    let (_, admin) = open(&app).await;
    let receiver = Receiver::start();
    create(&admin, &receiver.url(), &["order.captured"]).await;
    place(&admin).await;
    fan_out_now(&app).await;
    assert_eq!(lease_now(&app).await.len(), 1);
    assert_eq!(deliveries(&admin, "").await[0]["status"], "sending");
    assert_eq!((deliver(&app).await, receiver.received().len()), (0, 0), "while the lease lasts it is the dead one's");
    app.clock.advance(TimeDelta::seconds(61));
    assert_eq!((deliver(&app).await, receiver.received().len()), (1, 1));
    assert_eq!(deliveries(&admin, "status=delivered").await[0]["attempt_count"], 2);
    clean(&app).await;
}

#[actix_web::test]
async fn a_process_that_ends_after_sending_sends_the_same_message_again() {
    let app = spawn().await;
    let (_, admin) = open(&app).await;
    let receiver = Receiver::start();
    create(&admin, &receiver.url(), &["order.captured"]).await;
    place(&admin).await;
    fan_out_now(&app).await;
    let leased = lease_now(&app).await;
    let outcome = send(&sender(&app, Duration::from_secs(5)), &leased[0], app.clock.now()).await;
    assert_eq!(outcome.as_ref().unwrap().status, Some(200));
    // It ends here. The next one:
    app.clock.advance(TimeDelta::seconds(61));
    let again = lease_now(&app).await;
    assert_eq!(again.len(), 1);
    // And the first was only slow: what it has to say is nobody's any more.
    let lost = Outcome { status: Some(500), ..Outcome::default() };
    assert_eq!(finish_now(&app, vec![(leased[0].clone(), Some(lost))]).await, 0);
    assert_eq!(deliveries(&admin, "").await[0]["status"], "sending");
    let outcome = send(&sender(&app, Duration::from_secs(5)), &again[0], app.clock.now()).await;
    assert_eq!(finish_now(&app, vec![(again[0].clone(), outcome.clone())]).await, 1);
    assert_eq!(finish_now(&app, vec![(again[0].clone(), outcome)]).await, 0, "twice is once");
    let came = receiver.received();
    assert_eq!((came.len(), came[0].header("webhook-id"), &came[0].body), (2, came[1].header("webhook-id"), &came[1].body));
    assert_eq!((deliver(&app).await, deliveries(&admin, "").await.len()), (0, 1));
    clean(&app).await;
}

#[actix_web::test]
async fn one_that_ends_its_process_each_time_is_not_tried_for_ever() {
    let app = spawn().await;
    let (_, admin) = open(&app).await;
    let receiver = Receiver::start();
    create(&admin, &receiver.url(), &["order.captured"]).await;
    place(&admin).await;
    fan_out_now(&app).await;
    for _ in 0..10 {
        assert_eq!(lease_now(&app).await.len(), 1);
        app.clock.advance(TimeDelta::seconds(61));
    }
    receiver.always(Says::Status(500));
    deliver(&app).await;
    let row = deliveries(&admin, "").await.remove(0);
    assert_eq!((&row["status"], &row["attempt_count"]), (&json!("failed"), &json!(11)));
    clean(&app).await;
}

/// Many who look at the feed at once, and one that is cut off in the middle, make each delivery once.
#[actix_web::test]
async fn an_event_becomes_one_delivery_however_many_look_and_wherever_they_are_cut_off() {
    let app = spawn().await;
    let (_, admin) = open(&app).await;
    create(&admin, "https://hooks.example.com/", &[]).await;
    for _ in 0..10 {
        place(&admin).await;
    }
    let mut connection = app.database.connect();
    let cut_off = diesel::Connection::transaction::<(), diesel::result::Error, _>(&mut connection, |connection| {
        use diesel::RunQueryDsl;
        // As the fan-out does: its rows and its place are one transaction, and neither is there without the other.
        diesel::sql_query("UPDATE webhook_cursor SET read_through = read_through + 1000000").execute(connection)?;
        Err(diesel::result::Error::RollbackTransaction)
    });
    assert!(cut_off.is_err());
    let made: usize = futures_util::future::join_all((0..6).map(|_| fan_out_now(&app))).await.into_iter().sum();
    assert_eq!(fan_out_now(&app).await, 0);
    let feed = admin.get("/v1/events?limit=200&type=order.captured").await.expect(200).body;
    let log = deliveries(&admin, "event_type=order.captured").await;
    assert_eq!(log.len(), feed["data"].as_array().unwrap().len());
    assert!(made >= 10);
    clean(&app).await;
}
