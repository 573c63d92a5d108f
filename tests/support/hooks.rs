//! Speaking at a channel's door as its platform does.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot speak can only stop")]

use super::app::{Caller, Reply, TestApp, send};
use super::samples::sample;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pesanan::channels::platforms::signature::hmac_sha256;
use reqwest::Method;
use serde_json::{Value, json};

pub const SHOP: &str = "nusantara.myshopify.com";

/// A channel with the secret and shop of the samples.
pub async fn channel(admin: &Caller<'_>, kind: &str, secret: &str) -> Value {
    let settings = json!({"shop_domain": SHOP, "test_orders": true});
    let new = json!({"code": kind, "kind": kind, "name": kind, "secret": secret, "settings": settings});
    admin.post("/v1/channels", new).await.expect(201).body
}

/// The path of a channel's door, whether or not the whole address is known.
pub fn inbound(channel: &Value) -> String {
    let url = channel["inbound_url"].as_str().unwrap();
    url[url.find("/v1/inbound/").unwrap()..].to_owned()
}

pub fn signed(secret: &str, body: &[u8]) -> String {
    STANDARD.encode(hmac_sha256(secret.as_bytes(), body))
}

/// A hook of Shopify, rightly signed.
pub async fn shopify(app: &TestApp, channel: &Value, topic: &str, body: &Value) -> Reply {
    let body = body.to_string().into_bytes();
    let request = app.request(Method::POST, &inbound(channel)).header("X-Shopify-Topic", topic).header("X-Shopify-Shop-Domain", SHOP);
    send(request.header("X-Shopify-Hmac-Sha256", signed("shpss_test_secret", &body)).header("content-type", "application/json").body(body))
        .await
}

/// A hook of WooCommerce, rightly signed.
pub async fn woocommerce(app: &TestApp, channel: &Value, topic: &str, body: &Value) -> Reply {
    let body = body.to_string().into_bytes();
    let source = format!("https://{SHOP}/");
    let request = app.request(Method::POST, &inbound(channel)).header("X-WC-Webhook-Topic", topic).header("X-WC-Webhook-Source", source);
    send(request.header("X-WC-Webhook-Signature", signed("woo_test_secret", &body)).header("content-type", "application/json").body(body))
        .await
}

/// Works in what is due, as the job does.
pub async fn work(app: &TestApp) -> usize {
    let (db, desk, clock) = (app.app.db.clone(), app.app.desk.clone(), app.clock.clone());
    actix_web::web::block(move || pesanan::inbox::work::work(&db, &desk, || clock.now())).await.unwrap().unwrap()
}

/// The messages that came last, newest first.
pub async fn messages(admin: &Caller<'_>) -> Vec<Value> {
    admin.get("/v1/inbound_messages?limit=200").await.expect(200).body["data"].as_array().unwrap().clone()
}

/// The newest message.
pub async fn newest(admin: &Caller<'_>) -> Value {
    messages(admin).await.into_iter().next().unwrap_or_else(|| panic!("no message"))
}

/// The order of a message, as it is shown.
pub async fn order_of(admin: &Caller<'_>, message: &Value) -> Value {
    let id = message["order_ids"][0].as_str().unwrap_or_else(|| panic!("no order: {message:#}"));
    admin.get(&format!("/v1/orders/{id}")).await.expect(200).body
}

/// A sample as JSON, where the samples are at hand.
pub fn sample_json(name: &str) -> Option<Value> {
    sample(name).map(|bytes| serde_json::from_slice(&bytes).unwrap())
}

/// File, secret and headers of a signature that comes with the samples.
pub type Vector = (String, String, Vec<(String, String)>);

/// The signatures that come with the samples, where they are at hand.
pub fn vectors() -> Option<Vec<Vector>> {
    let all = sample_json("VECTORS.json")?;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let of = |vector: &Value| {
        let secret = vector.get("secret").or(vector.get("client_secret")).map(text).unwrap();
        let headers = vector["headers"].as_object().unwrap().iter().map(|(name, value)| (name.clone(), text(value))).collect();
        (text(&vector["file"]), secret, headers)
    };
    Some(all["vectors"].as_array().unwrap().iter().map(of).collect())
}

/// Makes the products of a message's lines, so that they are known.
pub async fn products(admin: &Caller<'_>, skus: &[&str]) {
    let products: Vec<Value> = skus
        .iter()
        .map(|sku| json!({"sku": sku, "name": format!("Product {sku}"), "unit": "C62", "quantity_scale": 1, "tax_category": "standard"}))
        .collect();
    if !products.is_empty() {
        admin.put("/v1/products", json!(products)).await.expect(200);
    }
    let _ = admin.put("/v1/locations/jakarta", json!({"name": "jakarta", "kind": "warehouse", "priority": 10})).await;
}
