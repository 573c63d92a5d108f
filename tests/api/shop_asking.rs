//! Shops are asked for what their hooks have not brought, however much it is, and whether they are told anything or not.

use crate::back_to_shops::{desk, run, shopify_order, start};
use crate::money::id;
use crate::shop::clean;
use crate::support::app::TestApp;
use crate::support::hooks::{messages, work};
use crate::support::shop_server::ShopServer;
use chrono::TimeDelta;
use diesel::prelude::*;
use serde_json::json;

/// How many messages there are, and of how many orders.
fn asked_for(app: &TestApp) -> (i64, i64) {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        messages: i64,
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        orders: i64,
    }
    let row: Row = diesel::sql_query("SELECT count(*) AS messages, count(DISTINCT external_id) AS orders FROM inbound_message")
        .get_result(&mut app.database.connect())
        .unwrap();
    (row.messages, row.orders)
}

#[actix_web::test]
async fn a_shop_that_is_told_nothing_is_asked_unless_somebody_says_no() {
    let server = ShopServer::start();
    let app = start().await;
    let (admin, channel) = desk(&app, &server, "shopify").await;
    let path = format!("/v1/channels/{}", id(&channel));
    admin.patch(&path, json!({"settings": {"write_back": false}})).await.expect(200);
    server.list(shopify_order(2, json!({"updated_at": "2026-03-02T02:06:00Z"})));
    app.clock.advance(TimeDelta::minutes(20));
    run(&app).await;
    assert_eq!(work(&app).await, 1);
    assert_eq!(messages(&admin).await[0]["status"], "processed");
    let changed = admin.patch(&path, json!({"settings": {"reconcile": false}})).await.expect(200).body;
    assert_eq!(changed["settings"]["reconcile"], false);
    server.list(shopify_order(3, json!({"updated_at": "2026-03-02T02:30:00Z"})));
    app.clock.advance(TimeDelta::hours(1));
    run(&app).await;
    assert_eq!(work(&app).await, 0);
    admin.patch(&path, json!({"settings": {"reconcile": null}})).await.expect(200);
    run(&app).await;
    assert_eq!(work(&app).await, 1);
    clean(&app).await;
}

#[actix_web::test]
async fn a_change_of_many_orders_in_one_second_loses_none_of_shopify() {
    let server = ShopServer::start();
    let app = start().await;
    let (_, _) = desk(&app, &server, "shopify").await;
    for order in 1..=620 {
        server.list(shopify_order(order, json!({"updated_at": "2026-03-02T02:06:00Z"})));
    }
    server.list(shopify_order(1_000, json!({"updated_at": "2026-03-02T02:06:01Z"})));
    // It leaves the second while that is read.
    server.touch_after(3, 300, "2026-03-02T02:07:00Z");
    app.clock.advance(TimeDelta::minutes(20));
    run(&app).await;
    // Order 300 was told before it was changed once more, or after it: both are the shop's word.
    let (all, orders) = asked_for(&app);
    assert_eq!(orders, 621);
    assert!((621..=622).contains(&all), "{all}");
    app.clock.advance(TimeDelta::minutes(11));
    run(&app).await;
    assert_eq!(asked_for(&app), (all, orders), "none is asked for again");
    clean(&app).await;
}

#[actix_web::test]
async fn a_change_of_many_orders_in_one_second_loses_none_of_woocommerce() {
    let server = ShopServer::start();
    let app = start().await;
    let (_, _) = desk(&app, &server, "woocommerce").await;
    for order in 1..=250 {
        server.list(json!({"id": order, "status": "processing", "date_modified_gmt": "2026-03-02T02:06:00"}));
    }
    app.clock.advance(TimeDelta::minutes(20));
    // It leaves the second while that is read, and moves all behind it.
    server.touch_after(3, 5, "2026-03-02T02:08:00");
    run(&app).await;
    assert_eq!(asked_for(&app).1, 250);
    clean(&app).await;
}
