//! What came is kept word for word for as long as the organization says, without secrets, and shown to those who must see it.

use crate::mail::{HEAD, Post, post, table, text};
use crate::shop::clean;
use crate::support::app::{TestApp, send};
use chrono::TimeDelta;
use pesanan::auth::permission::Role;
use pesanan::inbox::service;
use reqwest::Method;
use serde_json::{Value, json};

async fn empty(app: &TestApp) -> usize {
    let (db, now) = (app.app.db.clone(), app.clock.now());
    actix_web::web::block(move || service::empty(&db, now)).await.unwrap().unwrap()
}

fn mail(id: &str, sku: &str) -> String {
    table(&HEAD.replace("m1", id).replace("4711", id), &[[sku, "1"]])
}

impl Post<'_> {
    async fn content(&self, message: &Value) -> Value {
        self.admin.get(&format!("/v1/inbound_messages/{}/content", text(&message["id"]))).await.expect(200).body
    }

    async fn retry(&self, message: &Value, body: Value) -> crate::support::app::Reply {
        self.admin.post(&format!("/v1/inbound_messages/{}/retry", text(&message["id"])), body).await
    }
}

#[actix_web::test]
async fn what_came_is_emptied_when_its_time_is_over_and_what_became_of_it_stays() {
    let app = TestApp::spawn_with(|config| config.token_seconds = 900 * 86_400).await;
    let post = post(&app, json!({}), None).await;
    let organization = post.admin.get("/v1/organization").await.expect(200).body;
    assert_eq!(organization["inbound_retention_days"], 400);
    let ordered = post.take(&mail("A-1", "KOPI")).await;
    let open = post.take(&mail("A-2", "NO-SUCH")).await;
    let form = app.request(Method::POST, text(&post.channel["inbound_url"])).header("content-type", "multipart/form-data; boundary=b");
    send(form.body("--b\r\n\r\nno mail\r\n--b--\r\n")).await.expect(200);
    post.work().await;
    let rejected = post.admin.get("/v1/inbound_messages?status=rejected").await.expect(200).body["data"][0].clone();
    assert_eq!((text(&ordered["status"]), text(&open["status"])), ("processed", "processed"));

    app.clock.advance(TimeDelta::days(399));
    assert_eq!(empty(&app).await, 0);
    let mut shorter = organization;
    shorter["inbound_retention_days"] = json!(30);
    post.admin.put("/v1/organization", shorter).await.expect(200);
    let young = post.take(&mail("A-3", "KOPI")).await;
    assert_eq!(empty(&app).await, 2, "not of what somebody has still to decide, and not what came just now");
    assert_eq!(empty(&app).await, 0);

    let emptied = post.content(&ordered).await;
    assert_eq!((&emptied["text"], &emptied["base64"], &emptied["headers"]), (&json!(""), &json!(""), &json!([])));
    assert!(emptied["emptied_at"].is_string() && post.content(&young).await["emptied_at"].is_null());
    let shown = post.message(&ordered).await;
    assert_eq!(
        (&shown["status"], &shown["order_ids"], &shown["version"]),
        (&ordered["status"], &ordered["order_ids"], &ordered["version"])
    );
    assert!(shown["content_emptied_at"].is_string());
    assert_eq!(post.content(&open).await["text"], mail("A-2", "NO-SUCH"));
    assert_eq!(post.hand_in(&mail("A-1", "KOPI")).await.status, 200, "it is known for ever");
    assert_eq!(post.orders().await.len(), 2);

    assert_eq!(post.retry(&rejected, json!({})).await.code(409), "content_emptied");
    post.retry(&rejected, json!({"text": mail("A-4", "KOPI")})).await.expect(200);
    post.work().await;
    let corrected = post.message(&rejected).await;
    assert_eq!((text(&corrected["status"]), &corrected["content_emptied_at"]), ("processed", &Value::Null));
    assert_eq!(post.orders().await.len(), 3);

    let verification = post.verifications("status=open").await[0].clone();
    let path = format!("/v1/order_verifications/{}", text(&verification["id"]));
    post.admin.post(&format!("{path}/reject"), json!({"detail": "too late"})).await.expect(200);
    assert_eq!(empty(&app).await, 1);
    assert!(post.admin.get(&format!("{path}/original")).await.expect(200).body["emptied_at"].is_string());
    clean(&app).await;
}

#[actix_web::test]
async fn whoever_decides_of_a_verification_sees_what_it_was_read_of() {
    let app = TestApp::spawn().await;
    let post = post(&app, json!({}), None).await;
    let message = post.take(&mail("A-1", "NO-SUCH")).await;
    let path = format!("/v1/order_verifications/{}/original", text(&post.only_verification().await["id"]));
    let organization = post.admin.get("/v1/organization").await.expect(200).body["id"].as_str().unwrap().parse().unwrap();
    let sales = app.caller(organization, Role::Sales).await;
    let content = format!("/v1/inbound_messages/{}/content", text(&message["id"]));
    assert_eq!(sales.get(&content).await.code(403), "insufficient_scope");
    let original = sales.get(&path).await.expect(200).body;
    assert_eq!((&original, text(&original["text"])), (&post.content(&message).await, mail("A-1", "NO-SUCH").as_str()));
    assert_eq!(app.caller(organization, Role::Warehouse).await.get(&path).await.code(403), "insufficient_scope");
    app.caller(app.organization("theirs").await, Role::Admin).await.get(&path).await.expect(404);
    clean(&app).await;
}

#[actix_web::test]
async fn secrets_in_headers_of_before_are_taken_out() {
    let app = TestApp::spawn().await;
    let post = post(&app, json!({}), None).await;
    let message = post.take(&mail("A-1", "KOPI")).await;
    let other = post.take(&mail("A-2", "KOPI")).await;
    let headers = r#"[["Authorization", "Basic eA=="], ["x-one", "1"], ["X-Channel-Secret", "s"], ["cookie", "c"], ["x-original-uri", "/v1/inbound/5f6c1d0e"],
        ["x-two", "a secret"], ["x-api-key", "k"]]"#;
    post.sql(format!("UPDATE inbound_message SET headers = '{headers}' WHERE id = '{}'", text(&message["id"]))).await;
    post.sql(format!(r#"UPDATE inbound_message SET headers = '[["cookie", "c"]]' WHERE id = '{}'"#, text(&other["id"]))).await;
    post.sql(include_str!("../../migrations/2026-11-30-000067_stored_secrets/up.sql").to_owned()).await;
    let kept = json!([{"name": "x-one", "value": "1"}, {"name": "x-two", "value": "a secret"}]);
    assert_eq!((&post.content(&message).await["headers"], &post.content(&other).await["headers"]), (&kept, &json!([])));
    clean(&app).await;
}
