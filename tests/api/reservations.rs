//! Carts in numbers: listing them, and how many one client may hold.

use crate::shop::{clean, level, receive, shop};
use crate::support::app::{Caller, TestApp, send};
use chrono::TimeDelta;
use futures_util::future::join_all;
use pesanan::auth::permission::Role;
use reqwest::Method;
use serde_json::{Value, json};

const PATH: &str = "/v1/checkout/reservations";

fn cart(sku: &str, quantity: &str) -> Value {
    json!({"lines": [{"sku": sku, "quantity": quantity}], "expires_in_seconds": 600})
}

async fn ids(caller: &Caller<'_>, query: &str) -> Vec<Value> {
    let page = caller.get(&format!("{PATH}?{query}")).await.expect(200).body;
    page["data"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect()
}

#[actix_web::test]
async fn carts_are_listed_by_page_and_filter_but_not_to_a_storefront() {
    let app = TestApp::spawn().await;
    let (organization_id, admin) = shop(&app).await;
    receive(&admin, "jakarta", "KOPI", "20").await;
    receive(&admin, "surabaya", "TEH", "20").await;
    let mut made = vec![];
    for sku in ["KOPI", "TEH", "KOPI"] {
        made.push(admin.post(PATH, cart(sku, "2")).await.expect(201).body["id"].clone());
        app.clock.advance(TimeDelta::seconds(1));
    }
    let first = admin.get(&format!("{PATH}?limit=2")).await.expect(200).body;
    assert_eq!((&first["data"][0]["id"], &first["data"][1]["id"]), (&made[2], &made[1]), "the newest first");
    let one = admin.get(&format!("{PATH}/{}", made[1].as_str().unwrap())).await.expect(200).body;
    assert_eq!(first["data"][1], one, "a row of the list is what its own path answers");
    assert!(!first.to_string().contains("secret"), "{first}");
    let cursor = first["next_cursor"].as_str().unwrap();
    assert_eq!(ids(&admin, &format!("limit=2&cursor={cursor}")).await, made[..1]);
    assert_eq!(admin.get(&format!("{PATH}?status=live&limit=2&cursor={cursor}")).await.code(400), "invalid_cursor");

    let before_release = app.clock.now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    app.clock.advance(TimeDelta::seconds(1));
    send(admin.request(Method::DELETE, &format!("{PATH}/{}", made[0].as_str().unwrap()))).await.expect(204);
    assert_eq!(ids(&admin, "status=released").await, made[..1]);
    assert_eq!(ids(&admin, "status=live,expired").await, [made[2].clone(), made[1].clone()]);
    assert_eq!(ids(&admin, "sku=TEH").await, made[1..2]);
    assert_eq!(ids(&admin, "sku=TEH,KOPI&sort=created_at&limit=1").await, made[..1]);
    assert_eq!(ids(&admin, &format!("updated_from={before_release}&sort=updated_at")).await, made[..1]);
    assert_eq!(ids(&admin, "sort=-updated_at").await[0], made[0]);
    assert_eq!(admin.get(&format!("{PATH}?status=lost")).await.code(400), "invalid_parameter");

    let storefront = app.caller(organization_id, Role::Storefront).await;
    assert_eq!(storefront.get(PATH).await.code(403), "not_for_storefronts");
    storefront.get(&format!("{PATH}/{}", made[1].as_str().unwrap())).await.expect(200);
    let stranger = app.caller(app.organization("theirs").await, Role::Admin).await;
    assert_eq!(ids(&stranger, "").await, [] as [Value; 0]);
    clean(&app).await;
}

#[actix_web::test]
async fn a_client_holds_so_many_carts_and_no_more_however_many_come_at_once() {
    let app = TestApp::spawn_with(|config| config.reservations_per_client = 5).await;
    let (organization_id, admin) = shop(&app).await;
    receive(&admin, "jakarta", "KOPI", "100").await;
    receive(&admin, "jakarta", "TEH", "100").await;
    let client = app.caller(organization_id, Role::Integration).await;
    let carts: Vec<Value> = (0..40).map(|i| cart(["KOPI", "TEH"][i % 2], "1")).collect();
    let replies = join_all(carts.into_iter().map(|cart| client.post(PATH, cart))).await;
    let (held, refused): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 201);
    assert_eq!((held.len(), refused.len()), (5, 35));
    for reply in refused {
        let problem = reply.expect(409).body;
        assert_eq!((&problem["code"], &problem["limit"]), (&json!("reservation_limit_reached"), &json!(5)), "{problem:#}");
    }
    let reserved: Vec<String> = [level(&admin, "KOPI", "jakarta").await.1, level(&admin, "TEH", "jakarta").await.1].into();
    assert_eq!(reserved.iter().map(|text| text.parse::<u32>().unwrap()).sum::<u32>(), 5, "a refused cart holds nothing: {reserved:?}");

    admin.post(PATH, cart("KOPI", "1")).await.expect(201);
    let path = format!("{PATH}/{}", held[0].body["id"].as_str().unwrap());
    send(client.request(Method::DELETE, &path)).await.expect(204);
    client.post(PATH, cart("KOPI", "1")).await.expect(201);
    assert_eq!(client.post(PATH, cart("KOPI", "1")).await.code(409), "reservation_limit_reached");
    app.clock.advance(TimeDelta::seconds(601));
    let now = app.clock.now();
    app.app.db.write(move |connection| pesanan::inventory::reservations::expire_due(connection, now, 100)).await.unwrap();
    client.post(PATH, cart("KOPI", "1")).await.expect(201);
    clean(&app).await;
}
