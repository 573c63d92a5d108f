//! Sending again: one, and many by time and filter; the log; what is forgotten.

use super::{create, deliver, deliveries, fan_out_now, open, path, place, spawn};
use crate::shop::clean;
use crate::support::receiver::{Receiver, Says};
use chrono::TimeDelta;
use pesanan::webhooks::purge::purge;
use reqwest::Method;
use serde_json::{Value, json};

async fn redeliver(admin: &crate::support::app::Caller<'_>, delivery: &Value) -> crate::support::app::Reply {
    admin.act(&format!("/v1/webhook_deliveries/{}/redeliver", delivery["id"].as_str().unwrap())).await
}

#[actix_web::test]
async fn one_is_sent_again_whatever_became_of_it() {
    let app = spawn().await;
    let (_, admin) = open(&app).await;
    let receiver = Receiver::start();
    create(&admin, &receiver.url(), &["order.captured"]).await;
    place(&admin).await;
    deliver(&app).await;
    let arrived = deliveries(&admin, "").await.remove(0);
    let queued = redeliver(&admin, &arrived).await.expect(200).body;
    assert_eq!((&queued["status"], &queued["id"]), (&json!("pending"), &arrived["id"]));
    assert_eq!(deliver(&app).await, 1);
    let came = receiver.news();
    assert_eq!((came.len(), came[0].header("webhook-id")), (2, came[1].header("webhook-id")));

    receiver.always(Says::Status(500));
    place(&admin).await;
    deliver(&app).await;
    let waiting = deliveries(&admin, "status=pending").await.remove(0);
    redeliver(&admin, &waiting).await.expect(200);
    receiver.always(Says::Status(200));
    assert_eq!(deliver(&app).await, 1, "one that waits is tried at once");

    place(&admin).await;
    fan_out_now(&app).await;
    let (db, now) = (app.app.db.clone(), app.clock.now());
    actix_web::web::block(move || pesanan::webhooks::courier::lease(&db, now, 1)).await.unwrap().unwrap();
    let sending = deliveries(&admin, "status=sending").await.remove(0);
    assert_eq!(redeliver(&admin, &sending).await.code(409), "invalid_transition");
    let told = admin.get("/v1/events?type=webhook_endpoint.redelivery_requested").await.expect(200).body;
    assert_eq!((told["data"].as_array().unwrap().len(), &told["data"][0]["data"]["event_id"]), (2, &arrived["event_id"]));
    clean(&app).await;
}

#[actix_web::test]
async fn many_are_sent_again_by_time_type_and_what_became_of_them() {
    let app = spawn().await;
    let (_, admin) = open(&app).await;
    let receiver = Receiver::start();
    let endpoint = create(&admin, &receiver.url(), &["order.captured", "order.confirmed"]).await;
    let begun = app.clock.now();
    place(&admin).await;
    deliver(&app).await;
    app.clock.advance(TimeDelta::hours(1));
    admin.patch(&path(&endpoint), json!({"active": false})).await.expect(200);
    let off = app.clock.now();
    let missed = place(&admin).await;
    app.clock.advance(TimeDelta::hours(1));
    admin.patch(&path(&endpoint), json!({"active": true})).await.expect(200);
    place(&admin).await;
    deliver(&app).await;
    assert!(!receiver.news().iter().any(|request| request.json()["order_id"] == missed["id"]));

    let ask = async |body: Value| admin.post(&format!("{}/redeliver", path(&endpoint)), body).await;
    let queued = async |body: Value| ask(body).await.expect(200).body["queued"].clone();
    assert_eq!(queued(json!({"from": begun, "to": off})).await, 0, "what arrived is left alone");
    assert_eq!(queued(json!({"from": begun, "status": ["failed", "skipped"]})).await, 0, "what is missing has no status");
    assert_eq!(queued(json!({"from": begun, "event_types": ["order.captured"]})).await, 1);
    assert_eq!(deliver(&app).await, 1);
    assert_eq!(receiver.news()[0].json()["order_id"], missed["id"]);
    assert_eq!(queued(json!({"from": begun})).await, 1, "its confirmation");
    assert_eq!(queued(json!({"from": begun, "to": off, "status": ["delivered"]})).await, 2);
    assert_eq!(queued(json!({"from": off, "status": ["delivered"], "event_types": ["order.confirmed"]})).await, 1);
    assert_eq!(deliver(&app).await, 4);

    let fault = async |body: Value| ask(body).await.expect(422).body["errors"][0]["pointer"].clone();
    assert_eq!(fault(json!({"from": off, "to": begun})).await, "/to");
    assert_eq!(fault(json!({"from": begun, "event_types": ["order.lost"]})).await, "/event_types/0");
    assert_eq!(fault(json!({"from": begun - TimeDelta::days(31)})).await, "/from");
    assert_eq!(fault(json!({"from": begun, "cursor": "x"})).await, "/cursor");
    assert_eq!(fault(json!({"from": begun, "status": []})).await, "/status");
    assert_eq!(fault(json!({"from": begun, "status": ["lost"]})).await, "/status/0");
    clean(&app).await;
}

#[actix_web::test]
async fn the_log_is_narrowed_by_what_it_shows() {
    let app = spawn().await;
    let (_, admin) = open(&app).await;
    let (good, bad) = (Receiver::start(), Receiver::start());
    bad.always(Says::Status(500));
    let good = create(&admin, &good.url(), &["order.captured", "order.confirmed"]).await;
    let bad = create(&admin, &bad.url(), &["order.captured"]).await;
    let first = place(&admin).await;
    app.clock.advance(TimeDelta::minutes(1));
    let between = app.clock.now();
    place(&admin).await;
    deliver(&app).await;
    let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
    let between = between.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let cases = [
        (String::new(), 6),
        ("status=pending".to_owned(), 2),
        ("status=pending,delivered".to_owned(), 6),
        (format!("endpoint_id={}", id(&good)), 4),
        (format!("endpoint_id={}&status=failed", id(&bad)), 0),
        ("event_type=order.confirmed".to_owned(), 2),
        (format!("order_id={}", id(&first)), 3),
        (format!("from={between}"), 3),
        (format!("to={between}&event_type=order.captured"), 2),
    ];
    for (query, count) in cases {
        let rows = deliveries(&admin, &query).await;
        assert_eq!(rows.len(), count, "{query}");
        let ids: Vec<String> = rows.iter().map(id).collect();
        assert!(ids.is_sorted_by(|one, other| one > other), "newest first");
        if count > 1 {
            let page = admin.get(&format!("/v1/webhook_deliveries?limit=1&{query}")).await.expect(200).body;
            let cursor = page["next_cursor"].as_str().unwrap();
            let next = admin.get(&format!("/v1/webhook_deliveries?limit=200&cursor={cursor}&{query}")).await.expect(200).body;
            assert_eq!((page["data"].as_array().unwrap().len(), next["data"].as_array().unwrap().len()), (1, count - 1), "{query}");
        }
    }
}

#[actix_web::test]
async fn what_is_over_is_kept_for_a_month_and_what_was_deleted_goes() {
    let app = spawn().await;
    let (_, admin) = open(&app).await;
    let receiver = Receiver::start();
    let keep = create(&admin, &receiver.url(), &["order.captured"]).await;
    let drop = create(&admin, &receiver.url(), &["order.captured"]).await;
    place(&admin).await;
    deliver(&app).await;
    let forget = async || {
        let (db, now) = (app.app.db.clone(), app.clock.now());
        actix_web::web::block(move || purge(&db, now)).await.unwrap().unwrap()
    };
    app.clock.advance(TimeDelta::days(29));
    assert_eq!((forget().await, deliveries(&admin, "").await.len()), (0, 2));
    crate::support::app::send(admin.request(Method::DELETE, &path(&drop))).await.expect(204);
    assert_eq!((forget().await, deliveries(&admin, "").await.len()), (1, 1));
    place(&admin).await;
    app.clock.advance(TimeDelta::days(2));
    assert_eq!(forget().await, 1);
    deliver(&app).await;
    let left = deliveries(&admin, "").await;
    assert_eq!((left.len(), &left[0]["endpoint_id"], &left[0]["status"]), (1, &keep["id"], &json!("delivered")));
    clean(&app).await;
}
