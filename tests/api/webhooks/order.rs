//! Of one order an endpoint gets one event after the other, of different orders side by side.

use super::{act, create, deliver, deliveries, open, path, place, spawn};
use crate::shop::clean;
use crate::support::receiver::{Receiver, Says};
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What came of an order, in its order.
fn of_order(receiver: &Receiver, order: &Value) -> Vec<String> {
    receiver.received().iter().filter(|request| request.json()["order_id"] == order["id"]).map(|request| request.event_type()).collect()
}

const TYPES: [&str; 4] = ["order.captured", "order.held", "order.released", "order.cancelled"];

#[actix_web::test]
async fn a_later_event_of_an_order_waits_for_the_earlier_one_and_other_orders_do_not() {
    let app = spawn().await;
    let (_, admin) = open(&app).await;
    let receiver = Receiver::start();
    let endpoint = create(&admin, &receiver.url(), &TYPES).await;
    let (first, second) = (place(&admin).await, place(&admin).await);
    let stuck = first["id"].clone();
    let broken = Arc::new(AtomicBool::new(true));
    let is_broken = broken.clone();
    receiver.says(move |request| {
        let fails = is_broken.load(Ordering::SeqCst) && request.json()["order_id"] == stuck && request.event_type() == "order.captured";
        Says::Status(if fails { 500 } else { 200 })
    });
    for order in [&first, &second] {
        let held = act(&admin, order, "hold", json!({"reason": "Ask"})).await.body;
        let hold = held["holds"][0]["id"].as_str().unwrap();
        act(&admin, order, &format!("holds/{hold}/release"), json!({"reason": "Fine"})).await;
    }
    deliver(&app).await;
    assert_eq!(of_order(&receiver, &first), ["order.captured"], "nothing overtakes it");
    assert_eq!(of_order(&receiver, &second), ["order.captured", "order.held", "order.released"]);
    app.clock.advance(TimeDelta::seconds(6));
    deliver(&app).await;
    act(&admin, &first, "cancel", json!({"reason": {"code": "customer_request"}})).await;
    deliver(&app).await;
    assert_eq!(of_order(&receiver, &first), ["order.captured"; 2], "an event that comes later waits as well");

    broken.store(false, Ordering::SeqCst);
    app.clock.advance(TimeDelta::seconds(30));
    assert_eq!(deliver(&app).await, 4);
    assert_eq!(of_order(&receiver, &first)[2..], TYPES);

    // What fails for good is waited for no longer.
    let third = place(&admin).await;
    act(&admin, &third, "hold", json!({"reason": "Ask"})).await;
    let dead = third["id"].clone();
    receiver.says(move |request| {
        let fails = request.json()["order_id"] == dead && request.event_type() == "order.captured";
        Says::Status(if fails { 500 } else { 200 })
    });
    for wait in [5, 20, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400, 0] {
        assert_eq!(of_order(&receiver, &third).iter().filter(|name| *name == "order.held").count(), 0);
        deliver(&app).await;
        app.clock.advance(TimeDelta::seconds(wait * 11 / 10 + 1));
    }
    deliver(&app).await;
    assert_eq!(of_order(&receiver, &third), [vec!["order.captured"; 11], vec!["order.held"]].concat());
    let failed = deliveries(&admin, "status=failed").await;
    assert_eq!((failed.len(), &failed[0]["attempt_count"]), (1, &json!(11)));
    assert_eq!(admin.get(&path(&endpoint)).await.body["active"], true, "it has not failed for five days");
    clean(&app).await;
}

/// Whatever is on its way at once, never two of one order, and each order's events in the order of the feed.
#[actix_web::test]
async fn many_orders_at_once_keep_each_its_order_over_two_processes() {
    let app = spawn().await;
    let (_, admin) = open(&app).await;
    let receiver = Receiver::start();
    create(&admin, &receiver.url(), &TYPES).await;
    let on_their_way: Arc<Mutex<Vec<Value>>> = Arc::default();
    let overlaps = Arc::new(Mutex::new(0));
    let (way, clashes) = (on_their_way.clone(), overlaps.clone());
    receiver.says(move |request| {
        let order = request.json()["order_id"].clone();
        {
            let mut way = way.lock().unwrap();
            if way.contains(&order) {
                *clashes.lock().unwrap() += 1;
            }
            way.push(order.clone());
        }
        std::thread::sleep(Duration::from_millis(15));
        let mut way = way.lock().unwrap();
        let place = way.iter().position(|known| *known == order).unwrap();
        way.remove(place);
        Says::Status(200)
    });
    let mut orders = vec![];
    for _ in 0..15 {
        let order = place(&admin).await;
        let held = act(&admin, &order, "hold", json!({"reason": "Ask"})).await.body;
        act(&admin, &order, &format!("holds/{}/release", held["holds"][0]["id"].as_str().unwrap()), json!({"reason": "Fine"})).await;
        act(&admin, &order, "cancel", json!({"reason": {"code": "customer_request"}})).await;
        orders.push(order);
    }
    let (one, other) = futures_util::future::join(deliver(&app), deliver(&app)).await;
    assert_eq!((one + other, receiver.received().len()), (60, 60), "each once");
    assert_eq!(*overlaps.lock().unwrap(), 0);
    // What is received is noted before it is answered, so the list is in the order of arrival.
    for order in &orders {
        assert_eq!(of_order(&receiver, order), TYPES);
    }
    clean(&app).await;
}
