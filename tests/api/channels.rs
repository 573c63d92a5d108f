use crate::support::app::{TestApp, send};
use pesanan::auth::permission::Role;
use pesanan::channels;
use reqwest::Method;
use serde_json::json;

#[actix_web::test]
async fn a_channel_is_created_found_changed_and_kept_apart() {
    let app = TestApp::spawn().await;
    let (ours, theirs) = (app.organization("ours").await, app.organization("theirs").await);
    let (admin, stranger) = (app.caller(ours, Role::Admin).await, app.caller(theirs, Role::Admin).await);
    let new = json!({"code": "web", "kind": "shopify", "name": "Web shop",
        "settings": {"shop_domain": "Nusantara.MyShopify.com", "price_tolerance": {"percent": "1.5"}}});
    let create = || send(admin.request(Method::POST, "/v1/channels").header("idempotency-key", "web").json(&new));
    let created = create().await.expect(201);
    let settings = |body: &serde_json::Value| json!([body["settings"]["shop_domain"], body["settings"]["price_tolerance"]]);
    assert_eq!(settings(&created.body), json!(["nusantara.myshopify.com", {"amount": null, "percent": "1.5", "any": false}]));
    assert_eq!(created.body["active"], true);
    let replayed = create().await.expect(201);
    assert_eq!((replayed.header("idempotency-replayed"), &replayed.body), ("true", &created.body));
    assert_eq!(admin.post("/v1/channels", new).await.code(409), "channel_code_taken");
    let path = created.header("location").to_owned();
    stranger.get(&path).await.expect(404);
    stranger.patch(&path, json!({"active": false})).await.expect(404);
    let found = admin.get("/v1/channels?code=web").await.expect(200).body;
    assert_eq!((found["data"].as_array().unwrap().len(), &found["data"][0]), (1, &created.body));

    let changed = admin
        .patch(&path, json!({"active": false, "settings": {"shop_domain": null, "price_tolerance": {"amount": "500"}}}))
        .await
        .expect(200);
    assert_eq!((&changed.body["active"], changed.header("etag")), (&json!(false), "\"2\""));
    assert_eq!(settings(&changed.body), json!([null, {"amount": "500", "percent": "1.5", "any": false}]));
    assert_eq!(admin.patch(&path, json!({"active": false})).await.header("etag"), "\"2\"", "no change, no version");
    assert_eq!(admin.patch(&path, json!({"settings": {"colour": "red"}})).await.code(422), "unknown_field");
    assert_eq!(admin.patch(&path, json!({"code": "other"})).await.code(422), "unknown_field");
    let merge = admin.request(Method::PATCH, &path).header("content-type", "application/merge-patch+json").body(r#"{"name":"Shop"}"#);
    assert_eq!(send(merge).await.expect(200).body["name"], "Shop");

    let channel = app.app.db.read(move |connection| channels::find(connection, ours, "web")).await.unwrap().unwrap();
    assert!(!channel.active && channel.price_tolerance().is_some());
    assert!(app.app.db.read(move |connection| channels::find(connection, theirs, "web")).await.unwrap().is_none());
    let viewer = app.caller(ours, Role::Viewer).await;
    assert!(created.body["inbound_url"].is_string());
    for seen in [viewer.get(&path).await.expect(200).body, viewer.get("/v1/channels?code=web").await.expect(200).body["data"][0].clone()] {
        assert_eq!((&seen["code"], &seen["inbound_url"]), (&json!("web"), &json!(null)), "whoever knows the address may knock");
    }
    assert_eq!(viewer.patch(&path, json!({})).await.code(403), "insufficient_scope");
}

#[actix_web::test]
async fn credentials_do_not_follow_another_address() {
    let app = TestApp::spawn().await;
    let ours = app.organization("ours").await;
    let admin = app.caller(ours, Role::Admin).await;
    let new = json!({"code": "crm", "kind": "salesforce", "name": "CRM", "credentials": {"client_id": "id", "client_secret": "secret"},
        "settings": {"api_base": "https://ours.my.salesforce.com"}});
    let path = admin.post("/v1/channels", new).await.expect(201).header("location").to_owned();
    let moved = json!({"settings": {"api_base": "https://theirs.my.salesforce.com"}});
    assert_eq!(admin.patch(&path, moved.clone()).await.code(422), "credentials_required");
    admin.patch(&path, json!({"name": "Our CRM"})).await.expect(200);
    let mut known = moved;
    known["credentials"] = json!({"client_id": "id", "client_secret": "secret"});
    assert_eq!(admin.patch(&path, known).await.expect(200).body["settings"]["api_base"], "https://theirs.my.salesforce.com");
}

#[actix_web::test]
async fn a_header_that_holds_the_secret_is_not_stored() {
    let app = TestApp::spawn().await;
    let ours = app.organization("ours").await;
    let admin = app.caller(ours, Role::Admin).await;
    let new = json!({"code": "edi", "kind": "ubl", "name": "EDI", "secret": "channel-secret-1"});
    let url = admin.post("/v1/channels", new).await.expect(201).body["inbound_url"].as_str().unwrap().to_owned();
    let knock = app.request(Method::POST, &url).header("content-type", "application/xml");
    let knock = knock.header("x-channel-secret", "channel-secret-1").header("x-other", "kept").header("x-original-uri", &url);
    send(knock.body("<Order/>")).await.expect(200);
    let message = admin.get("/v1/inbound_messages").await.expect(200).body["data"][0]["id"].as_str().unwrap().to_owned();
    let content = admin.get(&format!("/v1/inbound_messages/{message}/content")).await.expect(200).body;
    let names: Vec<&str> = content["headers"].as_array().unwrap().iter().map(|header| header["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"x-other") && !names.contains(&"x-channel-secret"), "{names:?}");
    assert!(!content.to_string().contains("channel-secret-1") && !content.to_string().contains(&url));
}

#[actix_web::test]
async fn fees_are_sold_as_a_product_that_is_there_and_a_shop_s_own_prices_may_count() {
    let app = TestApp::spawn().await;
    let (_, admin) = crate::shop::shop(&app).await;
    let wanted =
        |sku: &str| json!({"code": format!("c-{}", sku.to_lowercase()), "kind": "shopify", "name": "Shop", "settings": {"fee_sku": sku}});
    let fault = admin.post("/v1/channels", wanted("NOSUCH")).await.expect(422).body["errors"][0].clone();
    assert_eq!((&fault["code"], &fault["pointer"]), (&json!("unknown_sku"), &json!("/settings/fee_sku")));
    let channel = admin.post("/v1/channels", wanted("KOPI")).await.expect(201).body;
    let path = format!("/v1/channels/{}", channel["id"].as_str().unwrap());
    let fault = admin.patch(&path, json!({"settings": {"fee_sku": "NOSUCH"}})).await.expect(422).body["errors"][0].clone();
    assert_eq!((&fault["code"], &fault["pointer"]), (&json!("unknown_sku"), &json!("/settings/fee_sku")));
    let order = |number: &str| {
        json!({"channel": "c-kopi", "external_id": number, "customer": {"name": "Siti"}, "currency": "IDR", "pricing": "as_given", "on_shortage": "backorder",
            "shipping_address": {"line1": "Jl. Braga 12", "city": "Bandung", "country": "ID"}, "lines": [{"sku": "KOPI", "quantity": "1", "unit_price": "1"}]})
    };
    let held = admin.post("/v1/orders", order("1")).await.expect(201).body;
    assert_eq!((&held["status"], &held["holds"][0]["code"]), (&json!("on_hold"), &json!("price_mismatch")));
    let channel = admin.patch(&path, json!({"settings": {"price_tolerance": {"any": true}}})).await.expect(200).body;
    assert_eq!(channel["settings"]["price_tolerance"]["any"], true);
    assert_eq!(admin.post("/v1/orders", order("2")).await.expect(201).body["status"], "confirmed");
    crate::shop::clean(&app).await;
}
