//! A cancellation beside a pick and beside a shipment: every unit ends in one state.

use crate::support::app::TestApp;
use crate::support::load::{Client, assert_no_deadlock, id_of, open_shop, order, prove, stock};
use serde_json::{Value, json};

const ROUNDS: usize = 16;

async fn servers(app: &TestApp) -> [Client; 2] {
    let client = open_shop(app, "shop", 1, |_| [500, 500]).await;
    let second = client.at(&app.spawn_second());
    [client, second]
}

/// An order of six pieces, and its fulfillment order's path.
async fn placed(client: &Client) -> (Value, String) {
    let placed = client.post("/v1/orders", &order(&[(0, 6)], "refuse")).await.expect(201);
    let found = client.get(&format!("/v1/fulfillment_orders?order_id={}", id_of(&placed))).await.expect(200);
    (placed, format!("/v1/fulfillment_orders/{}", id_of(&found["data"][0])))
}

fn whole() -> Value {
    json!({"reason": {"code": "customer_request"}})
}

async fn line(client: &Client, order: &Value) -> Value {
    client.get(&format!("/v1/orders/{}", id_of(order))).await.expect(200)["lines"][0].clone()
}

#[actix_web::test]
async fn what_is_cancelled_beside_a_pick_lies_on_its_shelf_again() {
    let app = TestApp::spawn().await;
    let [client, second] = servers(&app).await;
    for round in 0..ROUNDS {
        let (placed, path) = placed(&client).await;
        let (cancel, pick) = (format!("/v1/orders/{}/cancel", id_of(&placed)), format!("{path}/pick"));
        let (reason, all) = (whole(), json!({}));
        // Each is sent first every other time.
        let (cancelled, picked) = if round % 2 == 0 {
            tokio::join!(client.post(&cancel, &reason), second.post(&pick, &all))
        } else {
            let (picked, cancelled) = tokio::join!(second.post(&pick, &all), client.post(&cancel, &reason));
            (cancelled, picked)
        };
        // Picked goods that are cancelled go back to their shelf; cancelled ones cannot be picked.
        cancelled.expect(200);
        picked.one_of(&[(200, ""), (409, "invalid_transition")]);
        let after = line(&client, &placed).await;
        let figures =
            ["cancelled_quantity", "picked_quantity", "allocated_quantity"].map(|field| after[field].as_str().unwrap().to_owned());
        assert_eq!(figures, ["6", "0", "0"]);
    }
    assert_eq!(stock(&client).await.values().map(|[on_hand, reserved, _]| [*on_hand, *reserved]).collect::<Vec<_>>(), [[1_000, 0]]);
    prove(&app.database);
    assert_no_deadlock(&app.database);
}

#[actix_web::test]
async fn what_has_left_is_not_cancelled() {
    let app = TestApp::spawn().await;
    let [client, second] = servers(&app).await;
    let mut left = 0;
    for _ in 0..ROUNDS {
        let (placed, path) = placed(&client).await;
        let (cancel, ship) = (format!("/v1/orders/{}/cancel", id_of(&placed)), format!("{path}/ship"));
        let (reason, by) = (whole(), json!({"carrier": "jne"}));
        let (cancelled, shipped) = tokio::join!(client.post(&cancel, &reason), second.post(&ship, &by));
        let shipped = shipped.one_of(&[(201, ""), (409, "invalid_transition")]).status == 201;
        let cancelled = cancelled.one_of(&[(200, ""), (409, "invalid_transition"), (409, "nothing_to_cancel")]).status == 200;
        assert!(shipped != cancelled, "exactly one of them");
        let after = line(&client, &placed).await;
        assert_eq!(after["shipped_quantity"], if shipped { "6" } else { "0" });
        assert_eq!(after["cancelled_quantity"], if cancelled { "6" } else { "0" });
        left += i64::from(shipped) * 6;
    }
    let [on_hand, reserved] =
        stock(&client).await.values().fold([0, 0], |sum, [on_hand, reserved, _]| [sum[0] + on_hand, sum[1] + reserved]);
    assert_eq!((on_hand, reserved), (1_000 - left, 0));
    prove(&app.database);
    assert_no_deadlock(&app.database);
}
