//! Salesforce: outbound messages and pushes through the door, its API as a local server.

use crate::hubspot::start;
use crate::money::{id, ship};
use crate::or_skip;
use crate::shop::{clean, receive};
use crate::support::app::{Caller, Reply, TestApp, send};
use crate::support::hooks::{inbound, newest, order_of, products, work};
use crate::support::platforms::PlatformServer;
use crate::support::samples::sample;
use pesanan::auth::permission::Role;
use pesanan::channels::platforms::salesforce::outbound::ACKNOWLEDGEMENT;
use pesanan::channels::platforms::standard_webhooks::{key_of, sign};
use pesanan::channels::standing;
use reqwest::Method;
use serde_json::{Value, json};

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const ORGANIZATION: &str = "00D7F00000107XsUAI";
const OPPORTUNITY: &str = "0067F000003pmdWQAQ";
const ORDER: &str = "8017F000000ABCDQA4";

struct Desk<'a> {
    app: &'a TestApp,
    admin: Caller<'a>,
    server: PlatformServer,
    channel: Value,
}

async fn desk(app: &TestApp) -> Desk<'_> {
    let organization_id = app.organization("shop").await;
    let admin = app.caller(organization_id, Role::Admin).await;
    let server = PlatformServer::start();
    let settings = json!({"api_base": server.base, "organization_id": "00D7F00000107Xs", "write_back": true});
    let new = json!({"code": "salesforce", "kind": "salesforce", "name": "Salesforce", "secret": SECRET, "settings": settings,
        "credentials": {"client_id": "sf_app", "client_secret": "sf_app_secret"}});
    let channel = admin.post("/v1/channels", new).await.expect(201).body;
    products(&admin, &["KOPI-250", "TEH-100"]).await;
    receive(&admin, "jakarta", "KOPI-250", "100").await;
    receive(&admin, "jakarta", "TEH-100", "100").await;
    Desk { app, admin, server, channel }
}

fn outbound(organization: &str, notifications: &[(&str, &str, &str)]) -> String {
    let notifications: String = notifications
        .iter()
        .map(|(id, kind, fields)| {
            format!("<Notification><Id>{id}</Id><sObject xsi:type=\"sf:{kind}\" xmlns:sf=\"urn:sobject.enterprise.soap.sforce.com\">{fields}</sObject></Notification>")
        })
        .collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><soapenv:Body><notifications xmlns=\"http://soap.sforce.com/2005/09/outbound\">\
         <OrganizationId>{organization}</OrganizationId><ActionId>04k7F0000008V3hQAE</ActionId><SessionId xsi:nil=\"true\"/>{notifications}\
         </notifications></soapenv:Body></soapenv:Envelope>"
    )
}

fn put_opportunity(server: &PlatformServer) {
    server.put(
        &format!("/services/data/v62.0/sobjects/Opportunity/{OPPORTUNITY}"),
        json!({"attributes": {"type": "Opportunity"}, "Id": OPPORTUNITY, "Name": "Express Logistics SLA", "StageName": "Closed Won", "IsWon": true,
            "IsDeleted": false, "Amount": 2450.5, "CurrencyIsoCode": "EUR", "CloseDate": "2026-03-01", "AccountId": "0017F000007ydJmQAI",
            "LastModifiedDate": "2026-03-01T09:30:02.000+0000"}),
    );
    server.put(
        "/services/data/v62.0/sobjects/Account/0017F000007ydJmQAI",
        json!({"Id": "0017F000007ydJmQAI", "Name": "Express Logistics", "BillingStreet": "Unter den Linden 1", "BillingCity": "Berlin", "BillingCountry": "Germany"}),
    );
    server.put(
        "query:OpportunityLineItem",
        json!({"totalSize": 2, "done": false, "nextRecordsUrl": "/services/data/v62.0/query/01g-2000", "records": [
            {"Id": "00k7F000000AAAAQA4", "SortOrder": 1, "Quantity": 20.0, "UnitPrice": 100.0, "TotalPrice": 2000.0, "Product2": {"ProductCode": "TEH-100"}}]}),
    );
    server.put(
        "/services/data/v62.0/query/01g-2000",
        json!({"done": true, "records": [
            {"Id": "00k7F000000AAABQA4", "SortOrder": 2, "Quantity": 1.0, "UnitPrice": 500.0, "Discount": 9.9, "TotalPrice": 450.5, "ProductCode": "KOPI-250"}]}),
    );
    server.put("query:OpportunityContactRole", json!({"done": true, "records": [{"Contact": {"Id": "0037F00000AAAAAQA4", "Name": "Sean Silver", "Email": "sean@express.example"}}]}));
}

fn order_record() -> Value {
    json!({"attributes": {"type": "Order"}, "Id": ORDER, "OrderNumber": "00000123", "Status": "Activated", "StatusCode": "A", "TotalAmount": 200.0,
        "CurrencyIsoCode": "USD", "PoNumber": "PO-77", "LastModifiedDate": "2026-03-01T09:30:02.000+0000",
        "Account": {"Id": "0017F000007ydJmQAI", "Name": "Express Logistics", "BillingStreet": "Unter den Linden 1", "BillingCity": "Berlin", "BillingCountryCode": "DE"},
        "OrderItems": {"records": [{"Id": "8027F000000AAAAQA4", "Quantity": 2.0, "UnitPrice": 100.0, "TotalPrice": 200.0, "Product2": {"StockKeepingUnit": "KOPI-250"}}]}})
}

impl Desk<'_> {
    async fn soap(&self, body: impl Into<String>) -> (u16, String, String) {
        self.soap_with(body, &[]).await
    }

    async fn soap_with(&self, body: impl Into<String>, headers: &[(&str, &str)]) -> (u16, String, String) {
        let request = self
            .app
            .request(Method::POST, &inbound(&self.channel))
            .header("content-type", "text/xml; charset=utf-8")
            .header("SOAPAction", "\"\"");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let response = request.body(body.into()).send().await.unwrap();
        let (status, kind) = (response.status().as_u16(), response.headers()["content-type"].to_str().unwrap().to_owned());
        (status, kind, response.text().await.unwrap())
    }

    async fn push(&self, body: &Value, headers: &[(&str, &str)]) -> Reply {
        self.push_text(&body.to_string(), headers).await
    }

    async fn push_text(&self, body: &str, headers: &[(&str, &str)]) -> Reply {
        let request = self.app.request(Method::POST, &inbound(&self.channel)).header("content-type", "application/json");
        send(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)).body(body.to_owned())).await
    }

    async fn signed(&self, body: &Value) -> Reply {
        let (now, text) = (self.app.clock.now(), body.to_string());
        let signature = sign(&key_of(SECRET), "msg_1", now, text.as_bytes());
        self.push(body, &[("webhook-id", "msg_1"), ("webhook-timestamp", &now.timestamp().to_string()), ("webhook-signature", &signature)])
            .await
    }

    async fn worked_in(&self) -> Value {
        work(self.app).await;
        newest(&self.admin).await
    }
}

#[actix_web::test]
async fn the_sample_is_acknowledged_and_makes_no_order_since_it_is_not_won() {
    let body = or_skip!(sample("salesforce/outbound_message_opportunity.xml"));
    let app = start().await;
    let desk = desk(&app).await;
    let text = String::from_utf8(body).unwrap();
    for _ in 0..2 {
        let (status, kind, answer) = desk.soap(text.clone()).await;
        assert_eq!((status, kind.as_str(), answer.as_str()), (200, "text/xml; charset=utf-8", ACKNOWLEDGEMENT));
    }
    let message = desk.worked_in().await;
    assert_eq!(
        (&message["topic"], &message["external_id"], &message["proof"]),
        (&json!("Opportunity.outbound"), &json!(OPPORTUNITY), &json!("address"))
    );
    assert_eq!((&message["status"], &message["reason"]["code"]), (&json!("processed"), &json!("not_won")));
    assert_eq!(desk.admin.get("/v1/inbound_messages").await.expect(200).body["data"].as_array().unwrap().len(), 1);
    // A proxy that adds the channel's secret changes nothing of that; a wrong one is refused.
    let (status, kind, answer) = desk.soap_with(text.clone(), &[("X-Pesanan-Secret", SECRET)]).await;
    assert_eq!((status, kind.as_str(), answer.as_str()), (200, "text/xml; charset=utf-8", ACKNOWLEDGEMENT));
    assert_eq!(desk.worked_in().await["topic"], "Opportunity.outbound");
    assert_eq!(desk.soap_with(text.clone(), &[("X-Pesanan-Secret", "whsec_other")]).await.0, 401);
    assert_eq!(desk.soap(text.replace(ORGANIZATION, "00D7F00000107XtUAI")).await.0, 401);
    assert_eq!(desk.soap("<a/>").await.0, 401);
    assert_eq!(desk.soap("{}").await.0, 401);
    let path = format!("/v1/channels/{}", desk.channel["id"].as_str().unwrap());
    desk.admin.patch(&path, json!({"settings": {"organization_id": null}})).await.expect(200);
    assert_eq!(desk.soap(text).await.0, 401);
    clean(&app).await;
}

#[actix_web::test]
async fn a_won_opportunity_is_fetched_with_its_lines_and_told_where_its_order_stands() {
    let app = start().await;
    let desk = desk(&app).await;
    put_opportunity(&desk.server);
    let fields = format!("<sf:Id>{OPPORTUNITY}</sf:Id><sf:StageName>Closed Won</sf:StageName>");
    let older = format!("<sf:Id>{OPPORTUNITY}</sf:Id><sf:StageName>Negotiation</sf:StageName>");
    let many = [
        ("04l7F000008aeAyQAI", "Opportunity", fields.as_str()),
        ("04l7F000008aeAyQAI", "Opportunity", &fields),
        ("04l7F000008aeAzQAI", "Contact", "<sf:Id>x</sf:Id>"),
    ];
    assert_eq!(desk.soap(outbound(ORGANIZATION, &many)).await.0, 200);
    let message = desk.worked_in().await;
    assert_eq!(message["status"], "processed", "{message:#}");
    let order = order_of(&desk.admin, &message).await;
    for (field, value) in
        json!({"external_id": OPPORTUNITY, "currency": "EUR", "total": "2450.50", "status": "confirmed"}).as_object().unwrap()
    {
        assert_eq!(&order[field], value, "{field}");
    }
    let lines: Vec<Value> = order["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| json!([line["sku"], line["quantity"], line["unit_price"], line["net_amount"], line["external_line_id"]]))
        .collect();
    assert_eq!(
        lines,
        [
            json!(["TEH-100", "20", "100.00", "2000.00", "00k7F000000AAAAQA4"]),
            json!(["KOPI-250", "1", "500.00", "450.50", "00k7F000000AAABQA4"])
        ]
    );
    assert_eq!((&order["contact"]["email"], &order["shipping_address"]["country"]), (&json!("sean@express.example"), &json!("DE")));
    // An older state that comes late: what Salesforce has now counts.
    desk.soap(outbound(ORGANIZATION, &[("04l7F000008aeBAQAY", "Opportunity", &older)])).await;
    let late = desk.worked_in().await;
    assert_eq!((&late["status"], &late["reason"]), (&json!("processed"), &Value::Null), "{late:#}");
    let (db, clock) = (app.app.db.clone(), app.clock.clone());
    let tell = move || standing::work(&db, || clock.now()).unwrap();
    actix_web::web::block(tell.clone()).await.unwrap();
    ship(&desk.admin, &order, "2").await;
    assert_eq!(actix_web::web::block(tell).await.unwrap(), 1);
    let told = desk.server.writes();
    assert_eq!(told.last().unwrap().0, format!("PATCH /services/data/v62.0/sobjects/Opportunity/{OPPORTUNITY}"));
    assert_eq!(told.last().unwrap().1["Pesanan_Fulfillment_Status__c"], "partially_fulfilled");
    assert_eq!(told.last().unwrap().1["Pesanan_Order_Number__c"], order["number"]);
    clean(&app).await;
}

#[actix_web::test]
async fn an_activated_order_is_pushed_with_its_lines() {
    let app = start().await;
    let desk = desk(&app).await;
    let mut draft = order_record();
    (draft["Status"], draft["StatusCode"]) = (json!("Draft"), json!("D"));
    desk.signed(&draft).await.expect(200);
    assert_eq!(desk.worked_in().await["reason"]["code"], "not_won");
    desk.signed(&order_record()).await.expect(200);
    let message = desk.worked_in().await;
    assert_eq!((&message["topic"], &message["proof"]), (&json!("Order.push"), &json!("signature")));
    let order = order_of(&desk.admin, &message).await;
    let expected =
        json!({"external_id": ORDER, "currency": "USD", "total": "200.00", "purchase_order_number": "PO-77", "status": "confirmed"});
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&order[field], value, "{field}");
    }
    assert_eq!(order["lines"][0]["sku"], "KOPI-250");
    assert_eq!(desk.server.calls(), 0, "what was pushed whole is not asked for");
    // The secret itself in a header, as a flow sends it; the same record again changes nothing.
    desk.push(&order_record(), &[("X-Pesanan-Secret", SECRET)]).await.expect(200);
    assert_eq!(desk.worked_in().await["order_ids"][0], order["id"]);
    desk.push(&order_record(), &[("X-Pesanan-Secret", "whsec_other")]).await.expect(401);
    desk.push(&order_record(), &[("webhook-id", "msg_1"), ("webhook-timestamp", "1772416800"), ("webhook-signature", "v1,AAAA")])
        .await
        .expect(401);
    desk.push(&order_record(), &[]).await.expect(401);
    // SOAP under the name of JSON is no push.
    desk.push_text("<a/>", &[("X-Pesanan-Secret", SECRET)]).await.expect(200);
    assert_eq!(desk.worked_in().await["reason"]["code"], "topic_mismatch");
    // A push of something else is stored, and told what is wrong with it.
    desk.signed(&json!([order_record(), {"attributes": {"type": "Case"}}])).await.expect(200);
    let message = desk.worked_in().await;
    assert_eq!((&message["status"], &message["reason"]["pointer"]), (&json!("rejected"), &json!("/1/attributes/type")));
    // An older state that comes after the newer one takes nothing back.
    let mut stale = draft.clone();
    stale["LastModifiedDate"] = json!("2026-03-01T09:00:00.000+0000");
    desk.signed(&stale).await.expect(200);
    assert_eq!(desk.worked_in().await["reason"]["code"], "older_version");
    assert_eq!(desk.admin.get(&format!("/v1/orders/{}", id(&order))).await.expect(200).body["status"], "confirmed");
    // Deactivated again: taken back.
    draft["LastModifiedDate"] = json!("2026-03-01T10:00:00.000+0000");
    desk.signed(&draft).await.expect(200);
    desk.worked_in().await;
    assert_eq!(desk.admin.get(&format!("/v1/orders/{}", id(&order))).await.expect(200).body["status"], "cancelled");
    clean(&app).await;
}

/// Whichever comes first, and however long the other has waited: one deal is one order.
#[actix_web::test]
async fn an_order_and_its_opportunity_make_one_order() {
    let app = start().await;
    let desk = desk(&app).await;
    put_opportunity(&desk.server);
    let mut pushed = order_record();
    pushed["OpportunityId"] = json!(OPPORTUNITY);
    desk.signed(&pushed).await.expect(200);
    let order = order_of(&desk.admin, &desk.worked_in().await).await;
    assert_eq!(order["external_id"], ORDER);
    let fields = format!("<sf:Id>{OPPORTUNITY}</sf:Id><sf:StageName>Closed Won</sf:StageName>");
    desk.soap(outbound(ORGANIZATION, &[("04l7F000008aeAyQAI", "Opportunity", &fields)])).await;
    let message = desk.worked_in().await;
    assert_eq!((&message["status"], &message["reason"]["code"]), (&json!("processed"), &json!("made_by_order")), "{message:#}");
    assert_eq!(desk.admin.get("/v1/orders").await.expect(200).body["data"].as_array().unwrap().len(), 1);
    clean(&app).await;
}

#[actix_web::test]
async fn a_login_that_is_refused_waits_for_new_credentials() {
    let app = start().await;
    let desk = desk(&app).await;
    put_opportunity(&desk.server);
    let path = format!("/v1/channels/{}", desk.channel["id"].as_str().unwrap());
    desk.admin.patch(&path, json!({"credentials": {"client_id": "sf_app", "client_secret": "wrong_secret"}})).await.expect(200);
    let fields = format!("<sf:Id>{OPPORTUNITY}</sf:Id>");
    desk.soap(outbound(ORGANIZATION, &[("04l7F000008aeAyQAI", "Opportunity", &fields)])).await;
    let message = desk.worked_in().await;
    assert_eq!((&message["status"], &message["reason"]["code"]), (&json!("received"), &json!("platform_refused")), "{message:#}");
    desk.admin.patch(&path, json!({"credentials": {"client_id": "sf_app", "client_secret": "sf_app_secret"}})).await.expect(200);
    desk.admin.act(&format!("/v1/inbound_messages/{}/retry", id(&message))).await.expect(200);
    assert_eq!(desk.worked_in().await["status"], "processed");
    clean(&app).await;
}
