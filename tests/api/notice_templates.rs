//! Notices in an organization's own words, and in the customer's own language.

use crate::notices::{MailServer, deliver, enable, notices, place, shop_with_mail};
use crate::shop::{clean, customer};
use crate::support::app::{TestApp, send};
use reqwest::Method;
use serde_json::json;

const OURS: &str = "/v1/notice_templates/acknowledgement/en";

#[actix_web::test]
async fn own_words_are_previewed_sent_and_given_up() {
    let app = TestApp::spawn().await;
    let admin = shop_with_mail(&app).await;
    let server = MailServer::start();
    enable(&admin, json!({})).await;
    let builtin = admin.post(&format!("{OURS}/preview"), json!({})).await.expect(200).body;
    assert_eq!((&builtin["own"], &builtin["subject"]), (&json!(false), &json!("We have your order SO-000123")));

    let words = json!({"subject": "Order {order_number} at {seller_name}", "heading": "Hello {customer_name}",
        "text": "Your order of {ordered_on} comes to {order_total}.\n\nYours,\nthe {{team}}"});
    let tried = admin.post(&format!("{OURS}/preview"), words.clone()).await.expect(200).body;
    assert_eq!((&tried["own"], tried["subject"].as_str().unwrap().starts_with("Order SO-000123 at ")), (&json!(true), true));
    assert_eq!(admin.get(OURS).await.expect(404).body["code"], "not_found", "a look saves nothing");
    let made = admin.put(OURS, words.clone()).await.expect(201);
    assert_eq!((&made.body["version"], made.header("location")), (&json!(1), OURS));
    let same = admin.put(OURS, made.body.clone()).await.expect(200).body;
    assert_eq!(same["version"], 1, "what it answers is what it takes");
    assert!(same["placeholders"].as_array().unwrap().contains(&json!("promised_on")));
    let stale = send(admin.request(Method::PUT, OURS).header("If-Match", "\"7\"").json(&words)).await;
    assert_eq!(stale.status, 412);

    let order = place(&admin, json!({})).await;
    assert_eq!(deliver(&app, &server).await, 1);
    let number = order["number"].as_str().unwrap();
    assert_eq!(server.received()[0].header("Subject"), [format!("Order {number} at PT Nusantara Niaga")]);
    let told = notices(&admin, &format!("order_id={}", order["id"].as_str().unwrap())).await;
    let shown = admin.get(&format!("/v1/notices/{}", told[0]["id"].as_str().unwrap())).await.expect(200).body;
    let text = shown["text"].as_str().unwrap();
    assert!(
        text.contains("Your order of 2 March 2026 comes to IDR\u{a0}111,000.\n\nYours,\nthe {team}\n") && text.contains("Total: IDR"),
        "{text}"
    );
    assert!(shown["html"].as_str().unwrap().contains("Hello Customer C-1"));

    // Another kind and another language are ours as before.
    let listed = admin.get("/v1/notice_templates").await.expect(200).body;
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
    send(admin.request(Method::DELETE, OURS)).await.expect(204);
    assert_eq!(send(admin.request(Method::DELETE, OURS)).await.status, 404);
    place(&admin, json!({})).await;
    assert_eq!(deliver(&app, &server).await, 1);
    assert!(server.received()[1].header("Subject")[0].starts_with("We have your order"));
    let events = admin.get("/v1/events?type=notice_template.updated,notice_template.deleted").await.expect(200).body;
    let types: Vec<&str> = events["data"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["notice_template.updated", "notice_template.deleted"]);
    clean(&app).await;
}

#[actix_web::test]
async fn the_customers_own_language_comes_before_the_country() {
    let app = TestApp::spawn().await;
    let admin = shop_with_mail(&app).await;
    let server = MailServer::start();
    enable(&admin, json!({"language": "auto"})).await;
    let id = customer(&admin, "C-EN", json!({"email": "ada@example.com", "language": "en"})).await;
    assert_eq!(admin.get(&format!("/v1/customers/{id}")).await.expect(200).body["language"], "en");
    let order = place(&admin, json!({"customer_code": "C-EN"})).await;
    let other = place(&admin, json!({})).await;
    let work =
        admin.get(&format!("/v1/fulfillment_orders?order_id={}", order["id"].as_str().unwrap())).await.expect(200).body["data"][0].clone();
    admin.post(&format!("/v1/fulfillment_orders/{}/ship", work["id"].as_str().unwrap()), json!({"carrier": "jne"})).await.expect(201);
    let invoice = admin.post(&format!("/v1/orders/{}/invoices", order["id"].as_str().unwrap()), json!({})).await.expect(201).body;
    assert_eq!(invoice["bill_to"]["language"], "en");
    deliver(&app, &server).await;
    for (order, language) in [(&order, "en"), (&other, "id")] {
        for notice in notices(&admin, &format!("order_id={}", order["id"].as_str().unwrap())).await {
            assert_eq!(notice["language"], language, "{notice:#}");
        }
    }
    // The PDF is his, too, unless the request says otherwise: the copy in English has the very bytes.
    let path = format!("/v1/invoices/{}/pdf", invoice["id"].as_str().unwrap());
    let etag = async |path: String| send(admin.request(Method::HEAD, &path)).await.header("etag").to_owned();
    let (own, english, indonesian) =
        (etag(path.clone()).await, etag(format!("{path}?language=en")).await, etag(format!("{path}?language=id")).await);
    assert!(own == english && own != indonesian && !own.is_empty());
    // What is issued keeps its language; what comes later follows the customer.
    admin.patch(&format!("/v1/customers/{id}"), json!({"language": null})).await.expect(200);
    assert_eq!(etag(path.clone()).await, own);
    let refused = admin.patch(&format!("/v1/customers/{id}"), json!({"language": "tlh"})).await.expect(422).body;
    assert_eq!((&refused["errors"][0]["pointer"], &refused["code"]), (&json!("/language"), &json!("unknown_value")));
    clean(&app).await;
}
