//! Receivers that fail, in every way.

use super::{attempts, create, deliver, deliver_within, deliveries, open, path, place, spawn, types};
use crate::shop::clean;
use crate::support::receiver::{Receiver, Says};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

#[actix_web::test]
async fn a_receiver_that_is_down_for_days_is_tried_eleven_times_and_gets_it_when_it_is_back() {
    let app = spawn().await;
    let (_, admin) = open(&app).await;
    let receiver = Receiver::start();
    receiver.always(Says::With(503, "x: y", "down for maintenance".into()));
    create(&admin, &receiver.url(), &["order.captured"]).await;
    place(&admin).await;
    let started = app.clock.now();
    let planned = [5, 20, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
    for (number, wait) in planned.iter().enumerate() {
        deliver(&app).await;
        let row = deliveries(&admin, "").await.remove(0);
        assert_eq!((&row["status"], &row["attempt_count"], &row["response_status"]), (&json!("pending"), &json!(number + 1), &json!(503)));
        let next = time(&row["next_attempt_at"]);
        let seconds = (next - app.clock.now()).num_milliseconds();
        assert!(seconds >= wait * 900 && seconds <= wait * 1_100, "{seconds} ms instead of {wait} s");
        app.clock.advance(next - app.clock.now() - TimeDelta::milliseconds(1));
        assert_eq!(deliver(&app).await, 0, "not a moment too early");
        app.clock.advance(TimeDelta::milliseconds(1));
    }
    assert!(app.clock.now() - started > TimeDelta::hours(67), "{}", app.clock.now() - started);
    receiver.always(Says::Status(204));
    assert_eq!(deliver(&app).await, 1);
    let row = deliveries(&admin, "status=delivered").await.remove(0);
    let log = attempts(&admin, &row).await;
    assert_eq!((log.len(), receiver.received().len(), &row["attempt_count"]), (11, 11, &json!(11)));
    assert_eq!((&log[0]["response_status"], &log[0]["response_excerpt"]), (&json!(503), &json!("down for maintenance")));
    assert_eq!((&log[10]["response_status"], &log[10]["number"]), (&json!(204), &json!(11)));
    let ids: Vec<String> = receiver.received().iter().map(|request| request.header("webhook-id").to_owned()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "the same message each time");
    clean(&app).await;
}

#[actix_web::test]
async fn an_endpoint_that_only_fails_is_disabled_after_five_days_and_gets_what_it_missed_when_it_is_enabled() {
    let app = spawn().await;
    let (_, admin) = open(&app).await;
    let (receiver, watcher) = (Receiver::start(), Receiver::start());
    receiver.always(Says::Status(500));
    let endpoint = create(&admin, &receiver.url(), &["order.captured"]).await;
    create(&admin, &watcher.url(), &["webhook_endpoint.disabled"]).await;
    let begun = app.clock.now();
    let mut orders = vec![];
    // An order a day; each is tried for three of them.
    for _ in 0..6 {
        orders.push(place(&admin).await["id"].clone());
        for hours in [0, 1, 2, 3, 6, 12] {
            app.clock.advance(TimeDelta::hours(hours));
            deliver(&app).await;
        }
    }
    let shown = admin.get(&path(&endpoint)).await.expect(200).body;
    assert_eq!((&shown["active"], &shown["disabled_reason"]), (&json!(false), &json!("failing")), "{shown:#}");
    let after = time(&shown["disabled_at"]) - begun;
    assert!(after >= TimeDelta::days(5) && after < TimeDelta::days(6), "{after}");
    assert_eq!(types(&watcher), ["webhook_endpoint.disabled"]);
    deliver(&app).await;
    let log = deliveries(&admin, &format!("endpoint_id={}", endpoint["id"].as_str().unwrap())).await;
    assert!(log.iter().all(|row| row["status"] == "failed" || row["skip_reason"] == "endpoint_disabled"), "{log:#?}");
    let missed = place(&admin).await["id"].clone();
    orders.push(missed);
    deliver(&app).await;

    receiver.always(Says::Status(200));
    receiver.news();
    let enabled = admin.patch(&path(&endpoint), json!({"active": true})).await.expect(200).body;
    assert_eq!((&enabled["disabled_reason"], &enabled["failing_since"]), (&json!(null), &json!(null)));
    assert_eq!(deliver(&app).await, 0, "what was skipped is sent when somebody asks for it");
    let asked = json!({"from": begun});
    let queued = admin.post(&format!("{}/redeliver", path(&endpoint)), asked.clone()).await.expect(200).body;
    assert_eq!(queued, json!({"queued": 7, "next_cursor": null}));
    assert_eq!(deliver(&app).await, 7);
    let came: Vec<Value> = receiver.received().iter().map(|request| request.json()["order_id"].clone()).collect();
    assert!(orders.iter().all(|order| came.contains(order)), "nothing is lost");
    assert_eq!(admin.post(&format!("{}/redeliver", path(&endpoint)), asked).await.expect(200).body["queued"], 0);
    clean(&app).await;
}

#[actix_web::test]
async fn a_receiver_that_is_gone_is_disabled_at_once() {
    let app = spawn().await;
    let (_, admin) = open(&app).await;
    let receiver = Receiver::start();
    receiver.always(Says::Status(410));
    let endpoint = create(&admin, &receiver.url(), &["order.captured"]).await;
    place(&admin).await;
    deliver(&app).await;
    let shown = admin.get(&path(&endpoint)).await.expect(200).body;
    assert_eq!((&shown["active"], &shown["disabled_reason"]), (&json!(false), &json!("gone")));
    assert_eq!(deliveries(&admin, "").await[0]["status"], "failed");
    place(&admin).await;
    app.clock.advance(TimeDelta::minutes(30));
    deliver(&app).await;
    assert_eq!(receiver.received().len(), 1);
    let told = admin.get("/v1/events?type=webhook_endpoint.disabled").await.expect(200).body;
    assert_eq!(told["data"][0]["data"]["disabled_reason"], "gone");
    assert_eq!(told["data"][0]["actor"]["name"], "send_webhooks");
    clean(&app).await;
}

#[actix_web::test]
async fn retry_after_is_waited_for() {
    let app = spawn().await;
    let (_, admin) = open(&app).await;
    let receiver = Receiver::start();
    create(&admin, &receiver.url(), &["order.captured"]).await;
    place(&admin).await;
    let wait = async |says: Says| {
        receiver.always(says);
        deliver(&app).await;
        let next = time(&deliveries(&admin, "").await[0]["next_attempt_at"]) - app.clock.now();
        app.clock.advance(next);
        next
    };
    assert_eq!(wait(Says::With(429, "Retry-After: 600", String::new())).await, TimeDelta::seconds(600));
    let date = (app.clock.now() + TimeDelta::minutes(20)).to_rfc2822();
    let header: &'static str = Box::leak(format!("Retry-After: {date}").into_boxed_str());
    assert_eq!(wait(Says::With(503, header, String::new())).await, TimeDelta::minutes(20));
    assert!(wait(Says::With(503, "Retry-After: tomorrow", String::new())).await < TimeDelta::minutes(6));
    assert_eq!(wait(Says::With(503, "Retry-After: 31536000", String::new())).await, TimeDelta::hours(24), "a year is too long");
}

#[actix_web::test]
async fn redirects_garbage_silence_and_floods_are_failures_that_say_what_they_are() {
    let app = spawn().await;
    let (_, admin) = open(&app).await;
    let (receiver, elsewhere) = (Receiver::start(), Receiver::start());
    create(&admin, &receiver.url(), &["order.captured"]).await;
    let location: &'static str = Box::leak(format!("Location: {}", elsewhere.url()).into_boxed_str());
    let cases = [
        (Says::With(301, location, String::new()), json!(301)),
        (Says::With(307, location, String::new()), json!(307)),
        (Says::Bytes(b"\x16\x03\x01 this is no HTTP\r\n\r\n".to_vec()), json!(null)),
        (Says::Bytes(vec![0xff; 100_000]), json!(null)),
        (Says::Bytes(b"HTTP/1.1 200".to_vec()), json!(null)),
        (Says::Nothing, json!(null)),
        (Says::After(Duration::from_secs(3)), json!(null)),
        (Says::With(500, "Content-Encoding: gzip", "\u{0}not\u{7} gzip".into()), json!(500)),
    ];
    for (says, status) in cases {
        receiver.always(says.clone());
        let order = place(&admin).await;
        assert_eq!(deliver_within(&app, Duration::from_secs(1)).await, 0);
        let row = deliveries(&admin, &format!("order_id={}", order["id"].as_str().unwrap())).await.remove(0);
        assert_eq!((&row["status"], &row["response_status"]), (&json!("pending"), &status), "{says:?} {row:#}");
        let attempt = attempts(&admin, &row).await.remove(0);
        assert!(status.is_number() || attempt["error"].as_str().is_some_and(|why| why.len() > 5), "{attempt:#}");
        app.clock.advance(TimeDelta::milliseconds(1));
    }
    assert_eq!(elsewhere.connections(), 0, "nobody is led elsewhere");
    receiver.always(Says::Endless);
    let order = place(&admin).await;
    deliver_within(&app, Duration::from_secs(5)).await;
    let row = deliveries(&admin, &format!("order_id={}", order["id"].as_str().unwrap())).await.remove(0);
    assert_eq!(row["status"], "delivered", "it said 200; what follows is not read to its end");
    assert_eq!(attempts(&admin, &row).await[0]["response_excerpt"].as_str().unwrap().len(), 1_000);
    clean(&app).await;
}

#[actix_web::test]
async fn a_slow_receiver_holds_nobody_up() {
    let app = spawn().await;
    let (_, admin) = open(&app).await;
    let (slow, quick) = (Receiver::start(), Receiver::start());
    slow.always(Says::After(Duration::from_millis(800)));
    create(&admin, &slow.url(), &["order.captured"]).await;
    create(&admin, &quick.url(), &["order.captured"]).await;
    for _ in 0..40 {
        place(&admin).await;
    }
    let started = Instant::now();
    let finished = std::sync::Arc::new(std::sync::Mutex::new(None));
    let noted = finished.clone();
    let seen = std::sync::atomic::AtomicUsize::new(0);
    quick.says(move |_| {
        if seen.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 39 {
            *noted.lock().unwrap() = Some(started.elapsed());
        }
        Says::Status(200)
    });
    assert_eq!(deliver(&app).await, 80);
    let (quick, all) = (finished.lock().unwrap().unwrap(), started.elapsed());
    // Eight of the slow one at once: five rounds.
    assert!(all >= Duration::from_millis(4_000) && quick < all / 2, "{quick:?} of {all:?}");
    assert!(all < Duration::from_secs(20), "one after the other they would take 32 s: {all:?}");
}

#[actix_web::test]
async fn failures_that_end_with_a_success_are_forgotten() {
    let app = spawn().await;
    let (_, admin) = open(&app).await;
    let receiver = Receiver::start();
    let endpoint = create(&admin, &receiver.url(), &["order.captured"]).await;
    receiver.always(Says::Status(500));
    place(&admin).await;
    deliver(&app).await;
    let failing = admin.get(&path(&endpoint)).await.expect(200);
    assert_eq!(time(&failing.body["failing_since"]), app.clock.now());
    receiver.always(Says::Status(200));
    app.clock.advance(TimeDelta::seconds(6));
    assert_eq!(deliver(&app).await, 1);
    let shown = admin.get(&path(&endpoint)).await.expect(200);
    assert_eq!(shown.body["failing_since"], json!(null));
    assert_ne!(shown.header("etag"), failing.header("etag"));
}
