//! HubSpot: its messages through the door, its API as a local server.

use crate::money::{id, ship};
use crate::or_skip;
use crate::shop::{clean, receive};
use crate::support::app::{Caller, Reply, TestApp, send};
use crate::support::hooks::{inbound, newest, order_of, products, work};
use crate::support::platforms::PlatformServer;
use crate::support::samples::sample;
use chrono::{DateTime, TimeDelta, Utc};
use pesanan::auth::permission::Role;
use pesanan::channels::platform::{Knock, Workbench};
use pesanan::channels::platforms::hubspot::signature;
use pesanan::channels::standing;
use pesanan::inbox;
use reqwest::Method;
use serde_json::{Value, json};

pub const SECRET: &str = "hs_test_secret";
pub const HOST: &str = "https://oms.example.com";
const DEAL: &str = "/crm/v3/objects/deals/697680835";

pub async fn start() -> TestApp {
    TestApp::spawn_with(|config| (config.token_seconds, config.public_url) = (400 * 86_400, Some(HOST.to_owned()))).await
}

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
    let settings = json!({"api_base": server.base, "tax_id_field": "npwp", "write_back": true});
    let new = json!({"code": "hubspot", "kind": "hubspot", "name": "HubSpot", "secret": SECRET, "settings": settings,
        "credentials": {"access_token": "pat-na1-test"}});
    let channel = admin.post("/v1/channels", new).await.expect(201).body;
    products(&admin, &["KOPI-250", "TEH-100"]).await;
    receive(&admin, "jakarta", "KOPI-250", "100").await;
    receive(&admin, "jakarta", "TEH-100", "100").await;
    Desk { app, admin, server, channel }
}

/// A deal of 10 × 12.50 less 10 % and 5 × 25.00 = 237.50.
pub fn put_deal(server: &PlatformServer, id: &str, company: &str) {
    let line = |n: u32| format!("{id}{n}");
    server.put(
        &format!("/crm/v3/objects/deals/{id}"),
        json!({"id": id, "archived": false, "updatedAt": "2026-03-01T08:00:00.000Z",
            "properties": {"dealname": "Kopi for March", "dealstage": "closedwon", "pipeline": "default", "amount": "237.50", "deal_currency_code": "USD",
                "closedate": "2026-03-01T07:59:00Z", "description": "Deliver in the morning", "hubspot_owner_id": "77"},
            "associations": {"line items": {"results": [{"id": line(1), "type": "deal_to_line_item"}, {"id": line(2), "type": "deal_to_line_item"}]},
                "companies": {"results": [{"id": company, "type": "deal_to_company"}]}, "contacts": {"results": [{"id": "5", "type": "deal_to_contact"}]}}}),
    );
    let properties = [
        json!({"hs_sku": "KOPI-250", "quantity": "10", "price": "12.50", "hs_discount_percentage": "10", "amount": "112.50", "hs_position_on_quote": "0"}),
        json!({"hs_sku": "TEH-100", "quantity": "5", "price": "25", "amount": "125.00", "hs_position_on_quote": "1"}),
    ];
    for (n, properties) in (1..).zip(properties) {
        let document = json!({"id": line(n), "updatedAt": "2026-03-01T08:00:00.000Z", "properties": properties});
        server.put(&format!("/crm/v3/objects/line_items/{}", line(n)), document);
    }
    server.put(
        &format!("/crm/v3/objects/companies/{company}"),
        json!({"id": company, "properties": {"name": "Toko Sumber Rejeki", "address": "Jl. Braga No. 12", "city": "Bandung", "zip": "40111",
            "country": "Indonesia", "npwp": "01.234.567.8-421.000"}}),
    );
    let contact = json!({"id": "5", "properties": {"firstname": "Siti", "lastname": "Rahma", "email": "siti@toko.example"}});
    server.put("/crm/v3/objects/contacts/5", contact);
    server.put("/crm/v3/owners/77", json!({"id": "77", "firstName": "Ayu", "lastName": "Lestari", "email": "ayu@example.com"}));
}

pub fn event(id: i64, number: usize) -> Value {
    json!({"objectId": id, "propertyName": "dealstage", "propertyValue": "closedwon", "eventId": number, "subscriptionId": 1, "portalId": 1, "appId": 1,
        "occurredAt": 1_556_105_815_815_i64 - number as i64, "subscriptionType": "deal.propertyChange", "attemptNumber": 0})
}

impl Desk<'_> {
    async fn knock(&self, body: &[u8], signature: &str, at: DateTime<Utc>) -> Reply {
        let request = self.app.request(Method::POST, &inbound(&self.channel)).header("X-HubSpot-Signature-v3", signature);
        let time = at.timestamp_millis().to_string();
        send(request.header("X-HubSpot-Request-Timestamp", time).header("content-type", "application/json").body(body.to_vec())).await
    }

    async fn tell(&self, body: &[u8]) {
        let (now, uri) = (self.app.clock.now(), format!("{HOST}{}", inbound(&self.channel)));
        self.knock(body, &signature::sign(SECRET, "POST", &uri, body, now), now).await.expect(200);
    }

    async fn told(&self, events: Value) -> Value {
        self.tell(events.to_string().as_bytes()).await;
        work(self.app).await;
        newest(&self.admin).await
    }

    async fn write_back(&self) -> usize {
        let (db, clock) = (self.app.app.db.clone(), self.app.clock.clone());
        actix_web::web::block(move || standing::work(&db, || clock.now())).await.unwrap().unwrap()
    }

    async fn orders(&self) -> usize {
        self.admin.get("/v1/orders").await.expect(200).body["data"].as_array().unwrap().len()
    }

    async fn customers(&self) -> Vec<Value> {
        self.admin.get("/v1/customers").await.expect(200).body["data"].as_array().unwrap().clone()
    }
}

fn lines(order: &Value, field: &str) -> Vec<Value> {
    order["lines"].as_array().unwrap().iter().map(|line| line[field].clone()).collect()
}

#[test]
fn the_vector_of_the_sample_is_let_in() {
    let body = or_skip!(sample("hubspot/deal.propertyChange.closedwon.json"));
    let headers = [
        ("x-hubspot-request-timestamp".to_owned(), "1772445600000".to_owned()),
        ("x-hubspot-signature-v3".to_owned(), "hy+2tnIrJGS9at+5gcoEH4Qr2LqnLyQIWYD6dkIDegM=".to_owned()),
    ];
    let knock = Knock { method: "POST", uris: vec!["https://oms.example.com/hooks/hubspot".into()], headers: &headers, body: &body };
    assert_eq!(signature::verify(&knock, &[SECRET.to_owned()], DateTime::from_timestamp(1_772_445_600, 0).unwrap()), Ok(()));
}

#[actix_web::test]
async fn a_deal_that_is_won_becomes_the_order_that_it_says() {
    let app = start().await;
    let desk = desk(&app).await;
    put_deal(&desk.server, "697680835", "901");
    let body =
        sample("hubspot/deal.propertyChange.closedwon.json").unwrap_or_else(|| json!([event(697_680_835, 1)]).to_string().into_bytes());
    desk.tell(&body).await;
    desk.tell(&body).await;
    assert_eq!(work(&app).await, 1);
    let message = newest(&desk.admin).await;
    assert_eq!(
        (&message["status"], &message["topic"], &message["external_id"]),
        (&json!("processed"), &json!("deal.propertyChange"), &json!("697680835"))
    );
    let order = order_of(&desk.admin, &message).await;
    let expected = json!({"external_id": "697680835", "channel": "hubspot", "currency": "USD", "subtotal": "237.50", "tax_total": "0.00", "total": "237.50",
        "status": "confirmed", "sales_rep": "Ayu Lestari", "note": "Deliver in the morning", "ordered_at": "2026-03-01T07:59:00Z", "pricing": "as_given"});
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&order[field], value, "{field}");
    }
    assert_eq!(
        (lines(&order, "sku"), lines(&order, "quantity")),
        (vec![json!("KOPI-250"), json!("TEH-100")], vec![json!("10"), json!("5")])
    );
    assert_eq!(
        (lines(&order, "net_amount"), lines(&order, "discount_amount")),
        (vec![json!("112.50"), json!("125.00")], vec![json!("12.50"), json!("0.00")])
    );
    assert_eq!(lines(&order, "external_line_id"), ["6976808351", "6976808352"]);
    assert_eq!((&order["contact"]["name"], &order["contact"]["email"]), (&json!("Siti Rahma"), &json!("siti@toko.example")));
    assert_eq!((&order["shipping_address"]["line1"], &order["shipping_address"]["country"]), (&json!("Jl. Braga No. 12"), &json!("ID")));
    let customer = desk.admin.get(&format!("/v1/customers/{}", order["customer"]["id"].as_str().unwrap())).await.expect(200).body;
    assert_eq!((&customer["name"], &customer["external_ids"]["hubspot"]), (&json!("Toko Sumber Rejeki"), &json!("901")));
    assert_eq!((&customer["payment_terms"], &customer["guest"]), (&json!("due_on_receipt"), &json!(false)));
    // Another change of the same deal changes nothing of the order.
    let version = order["version"].clone();
    let again = desk.told(json!([event(697_680_835, 2)])).await;
    assert_eq!(order_of(&desk.admin, &again).await["version"], version);
    assert_eq!((desk.orders().await, desk.customers().await.len()), (1, 1));
    clean(&app).await;
}

#[actix_web::test]
async fn only_what_is_signed_now_and_here_is_let_in() {
    let app = start().await;
    let desk = desk(&app).await;
    let (body, now) = (json!([event(1, 1)]).to_string().into_bytes(), app.clock.now());
    let uri = format!("{HOST}{}", inbound(&desk.channel));
    let good = signature::sign(SECRET, "POST", &uri, &body, now);
    let old = now - TimeDelta::seconds(301);
    desk.knock(&body, &signature::sign(SECRET, "POST", &uri, &body, old), old).await.expect(401);
    desk.knock(&body, &signature::sign("other_secret", "POST", &uri, &body, now), now).await.expect(401);
    desk.knock(&body, &signature::sign(SECRET, "POST", "https://elsewhere.example/x", &body, now), now).await.expect(401);
    desk.knock(b"[]", &good, now).await.expect(401);
    let first_version =
        app.request(Method::POST, &inbound(&desk.channel)).header("X-HubSpot-Signature", "00".repeat(32)).body(body.clone());
    send(first_version).await.expect(401);
    // HubSpot never sends again what was answered with 4xx: what is rightly signed is stored, whatever it says.
    for odd in [&b"{}"[..], b"no json", b"[{\"subscriptionType\": \"deal.creation\"}]", b"[]"] {
        desk.tell(odd).await;
    }
    work(&app).await;
    let all = desk.admin.get("/v1/inbound_messages").await.expect(200).body["data"].clone();
    let codes: Vec<&str> = all.as_array().unwrap().iter().map(|message| message["reason"]["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["not_about_a_deal", "no_object_id", "malformed_json", "malformed_json"]);
    assert_eq!(desk.server.calls(), 0);
    clean(&app).await;
}

#[actix_web::test]
async fn a_batch_of_many_events_out_of_order_is_worked_in_deal_by_deal() {
    let app = start().await;
    let desk = desk(&app).await;
    for (deal, company) in [("11", "901"), ("12", "902"), ("13", "901")] {
        put_deal(&desk.server, deal, company);
    }
    desk.server.change("/crm/v3/objects/companies/902", |company| company["properties"]["npwp"] = json!(null));
    desk.server.change("/crm/v3/objects/line_items/122", |line| line["properties"]["hs_sku"] = json!("NEW-1"));
    desk.server.change("/crm/v3/objects/deals/13", |deal| deal["properties"]["dealstage"] = json!("contractsent"));
    let events: Vec<Value> = (0..100).map(|i| event([13, 11, 12, 11][i % 4], i)).collect();
    let message = desk.told(json!(events)).await;
    // One waits for its product, so the message does; the other is there.
    assert_eq!((&message["status"], &message["reason"]["code"]), (&json!("received"), &json!("unknown_sku")), "{message:#}");
    assert_eq!(desk.orders().await, 1);
    products(&desk.admin, &["NEW-1"]).await;
    app.clock.advance(TimeDelta::minutes(20));
    work(&app).await;
    let message = newest(&desk.admin).await;
    assert_eq!((&message["status"], message["order_ids"].as_array().unwrap().len()), (&json!("processed"), 2), "{message:#}");
    assert_eq!((desk.orders().await, desk.customers().await.len()), (2, 2));
    clean(&app).await;
}

#[actix_web::test]
async fn a_deal_that_is_lost_again_takes_its_order_back_until_it_ships() {
    let app = start().await;
    let desk = desk(&app).await;
    for deal in ["21", "22", "23"] {
        put_deal(&desk.server, deal, "901");
    }
    let order = order_of(&desk.admin, &desk.told(json!([event(21, 1)])).await).await;
    let shipped = order_of(&desk.admin, &desk.told(json!([event(22, 1)])).await).await;
    let deleted = order_of(&desk.admin, &desk.told(json!([event(23, 1)])).await).await;
    ship(&desk.admin, &shipped, "1").await;
    for deal in ["21", "22"] {
        desk.server.change(&format!("/crm/v3/objects/deals/{deal}"), |deal| deal["properties"]["dealstage"] = json!("closedlost"));
    }
    desk.server.remove("/crm/v3/objects/deals/23");
    desk.told(json!([event(21, 2), event(23, 2)])).await;
    let message = desk.told(json!([event(22, 3)])).await;
    assert_eq!(message["reason"]["code"], "already_shipped", "{message:#}");
    let status = async |order: &Value| desk.admin.get(&format!("/v1/orders/{}", id(order))).await.expect(200).body["status"].clone();
    assert_eq!(
        (status(&order).await, status(&shipped).await, status(&deleted).await),
        (json!("cancelled"), json!("confirmed"), json!("cancelled"))
    );
    // Won once more, it is a person's to place again.
    desk.server.change("/crm/v3/objects/deals/21", |deal| deal["properties"]["dealstage"] = json!("closedwon"));
    let message = desk.told(json!([event(21, 4)])).await;
    assert_eq!(message["reason"]["code"], "order_cancelled", "{message:#}");
    desk.server.change("/crm/v3/objects/deals/22", |deal| deal["id"] = json!("24"));
    let unknown = desk.told(json!([event(404, 1)])).await;
    assert_eq!((&unknown["status"], &unknown["reason"]["code"]), (&json!("processed"), &json!("deal_gone")));
    clean(&app).await;
}

#[actix_web::test]
async fn a_deal_changes_what_it_speaks_of_and_no_price_unseen() {
    let app = start().await;
    let desk = desk(&app).await;
    let price = |sku: &str, price: &str| json!({"price_list": "default", "sku": sku, "currency": "USD", "unit_price": price});
    desk.admin.put("/v1/prices", json!([price("KOPI-250", "12.50"), price("TEH-100", "25")])).await.expect(200);
    put_deal(&desk.server, "51", "901");
    let order = order_of(&desk.admin, &desk.told(json!([event(51, 1)])).await).await;
    // Of shipping and discounts on the whole no deal speaks: what is agreed here stays, whatever changes there.
    let agreed = json!({"shipping": {"amount": "10", "tax_amount": "0"}, "discounts": [{"amount": "7.50", "reason": "agreed"}]});
    desk.admin.post(&format!("/v1/orders/{}/edits", id(&order)), agreed).await.expect(200);
    desk.server.change("/crm/v3/objects/deals/51", |deal| deal["properties"]["description"] = json!("Deliver at noon"));
    let message = desk.told(json!([event(51, 2)])).await;
    let order = order_of(&desk.admin, &message).await;
    assert_eq!((&message["reason"], &order["note"], &order["status"]), (&Value::Null, &json!("Deliver at noon"), &json!("confirmed")));
    assert_eq!((&order["total"], &order["shipping_net"], &order["discount_total"]), (&json!("240.00"), &json!("10.00"), &json!("7.50")));
    // 5 × 5.00 in place of 5 × 25.00.
    desk.server.change("/crm/v3/objects/line_items/512", |line| {
        (line["properties"]["price"], line["properties"]["amount"]) = (json!("5"), json!("25.00"));
    });
    desk.server.change("/crm/v3/objects/deals/51", |deal| deal["properties"]["amount"] = json!("137.50"));
    let order = order_of(&desk.admin, &desk.told(json!([event(51, 3)])).await).await;
    assert_eq!(
        (&order["total"], &order["status"], &order["holds"][0]["code"]),
        (&json!("140.00"), &json!("on_hold"), &json!("price_mismatch"))
    );
    clean(&app).await;
}

#[actix_web::test]
async fn another_currency_and_another_buyer_of_a_deal_are_for_a_person() {
    let app = start().await;
    let desk = desk(&app).await;
    put_deal(&desk.server, "52", "901");
    let order = order_of(&desk.admin, &desk.told(json!([event(52, 1)])).await).await;
    desk.server.change("/crm/v3/objects/deals/52", |deal| deal["properties"]["deal_currency_code"] = json!("IDR"));
    let message = desk.told(json!([event(52, 2)])).await;
    let held = order_of(&desk.admin, &message).await;
    assert_eq!((&message["status"], &message["reason"]["code"]), (&json!("processed"), &json!("other_currency")));
    assert_eq!((&held["status"], &held["currency"], &held["total"]), (&json!("on_hold"), &json!("USD"), &json!("237.50")));

    put_deal(&desk.server, "53", "901");
    let first = order_of(&desk.admin, &desk.told(json!([event(53, 1)])).await).await;
    assert_eq!(first["customer"]["id"], order["customer"]["id"]);
    let other = json!({"id": "902", "properties": {"name": "Toko Lain", "address": "Jl. Riau 3", "city": "Bandung", "country": "Indonesia", "npwp": "02.345.678.9-421.000"}});
    desk.server.put("/crm/v3/objects/companies/902", other);
    desk.server.change("/crm/v3/objects/deals/53", |deal| deal["associations"]["companies"]["results"][0]["id"] = json!("902"));
    let message = desk.told(json!([event(53, 2)])).await;
    let held = order_of(&desk.admin, &message).await;
    assert_eq!((&message["reason"]["code"], &held["status"]), (&json!("other_customer"), &json!("on_hold")));
    assert_eq!((&held["customer"]["id"], held["holds"].as_array().unwrap().len()), (&first["customer"]["id"], 1));
    // Told once: released, it goes on.
    let release = format!("/v1/orders/{}/holds/{}/release", id(&held), id(&held["holds"][0]));
    desk.admin.post(&release, json!({"reason": "invoiced to the first one"})).await.expect(200);
    let again = desk.told(json!([event(53, 3)])).await;
    assert_eq!((&again["reason"], &order_of(&desk.admin, &again).await["status"]), (&Value::Null, &json!("confirmed")));
    clean(&app).await;
}

#[actix_web::test]
async fn a_platform_that_is_away_or_refuses_is_asked_again() {
    let app = start().await;
    let desk = desk(&app).await;
    put_deal(&desk.server, "31", "901");
    desk.server.trouble(&[(503, Some("120"))]);
    let message = desk.told(json!([event(31, 1)])).await;
    assert_eq!((&message["status"], &message["reason"]["code"]), (&json!("received"), &json!("platform_unavailable")));
    let at: DateTime<Utc> = message["next_attempt_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(at - app.clock.now(), TimeDelta::seconds(120));
    app.clock.advance(TimeDelta::seconds(121));
    desk.server.trouble(&[(401, None)]);
    work(&app).await;
    assert_eq!(newest(&desk.admin).await["reason"]["code"], "platform_refused");
    app.clock.advance(TimeDelta::minutes(16));
    work(&app).await;
    assert_eq!(newest(&desk.admin).await["status"], "processed");
    desk.admin.patch(&format!("/v1/channels/{}", desk.channel["id"].as_str().unwrap()), json!({"credentials": {}})).await.expect(200);
    let message = desk.told(json!([event(31, 2)])).await;
    assert_eq!((&message["status"], &message["reason"]["code"]), (&json!("received"), &json!("channel_incomplete")));
    clean(&app).await;
}

#[actix_web::test]
async fn companies_are_found_by_id_then_tax_number_and_by_address_alone_get_nothing() {
    let app = start().await;
    let desk = desk(&app).await;
    let known = json!({"code": "C-1", "name": "Toko Sumber Rejeki", "kind": "company", "payment_terms": "net_30", "tax_id": "0012345678421000",
        "billing_address": {"line1": "Jl. Asia Afrika 8", "city": "Bandung", "country": "ID"}});
    let known = desk.admin.post("/v1/customers", known).await.expect(201).body;
    put_deal(&desk.server, "41", "901");
    let order = order_of(&desk.admin, &desk.told(json!([event(41, 1)])).await).await;
    assert_eq!(
        (&order["customer"]["id"], &order["payment_terms"], &order["shipping_address"]["line1"]),
        (&known["id"], &json!("net_30"), &json!("Jl. Asia Afrika 8"))
    );
    let linked = desk.admin.get(&format!("/v1/customers/{}", known["id"].as_str().unwrap())).await.expect(200).body;
    assert_eq!((&linked["external_ids"]["hubspot"], &linked["contacts"][0]["email"]), (&json!("901"), &json!("siti@toko.example")));
    // Now by its id, whatever its tax number says.
    put_deal(&desk.server, "42", "901");
    desk.server.change("/crm/v3/objects/companies/901", |company| company["properties"]["npwp"] = json!(null));
    let order = order_of(&desk.admin, &desk.told(json!([event(42, 1)])).await).await;
    assert_eq!(order["customer"]["id"], known["id"]);
    // An e-mail address alone: the history of whoever has it, but a guest pays, on nobody's terms.
    let account = json!({"code": "C-2", "name": "Other", "kind": "company", "payment_terms": "net_60", "email": "siti@toko.example"});
    let account = desk.admin.post("/v1/customers", account).await.expect(201).body;
    put_deal(&desk.server, "43", "903");
    desk.server.change("/crm/v3/objects/companies/903", |company| company["properties"]["npwp"] = json!(null));
    let order = order_of(&desk.admin, &desk.told(json!([event(43, 1)])).await).await;
    assert_eq!((&order["customer"]["id"], &order["payment_terms"]), (&account["id"], &json!("due_on_receipt")));
    assert_ne!(order["bill_to"]["id"], account["id"]);
    // Several with one tax number: a person says which.
    let twin = json!({"code": "C-3", "name": "Twin", "kind": "company", "tax_id": "DE136695976"});
    desk.admin.post("/v1/customers", twin.clone()).await.expect(201);
    let mut other = twin;
    other["code"] = json!("C-4");
    desk.admin.post("/v1/customers", other).await.expect(201);
    put_deal(&desk.server, "44", "904");
    desk.server.change("/crm/v3/objects/companies/904", |company| company["properties"]["npwp"] = json!("DE 136 695 976"));
    let message = desk.told(json!([event(44, 1)])).await;
    assert_eq!((&message["status"], &message["reason"]["code"]), (&json!("received"), &json!("ambiguous_customer")));
    clean(&app).await;
}

#[actix_web::test]
async fn two_messages_with_the_same_new_company_make_one_customer() {
    use pesanan::auth::actor::Context;
    use pesanan::customers::body::CustomerKind;
    use pesanan::customers::matching::{Party, settle};
    use pesanan::types::id::CustomerId;
    let app = start().await;
    let organization_id = app.organization("shop").await;
    let context = Context::job(organization_id, "inbox", app.clock.now());
    let party = |external: &str, tax_id: &str| Party {
        system: "hubspot",
        external_id: Some(external.to_owned()),
        kind: CustomerKind::Company,
        name: "Toko Baru".to_owned(),
        tax_id: Some(tax_id.to_owned()),
        email: None,
        phone: None,
        currency: None,
        billing_address: None,
        shipping_address: None,
        contact: None,
    };
    // The same company by its id, and by its tax number in two spellings.
    let parties = [party("7", "01.234.567.8-421.000"), party("7", "012345678421000"), party("8", "0012345678421000")];
    let all = (0..18).map(|i| {
        let (db, context, party) = (app.app.db.clone(), context.clone(), parties[i % 3].clone());
        async move {
            let id = CustomerId::generate();
            db.write(move |connection| settle(connection, &context, id, &party)).await.unwrap()
        }
    });
    let settled = futures_util::future::join_all(all).await;
    assert!(settled.iter().all(|one| *one == settled[0]), "{settled:?}");
    let admin = app.caller(organization_id, Role::Admin).await;
    assert_eq!(admin.get("/v1/customers").await.expect(200).body["data"].as_array().unwrap().len(), 1);
    clean(&app).await;
}

#[actix_web::test]
async fn a_worker_that_dies_between_two_steps_loses_and_doubles_nothing() {
    let app = start().await;
    let desk = desk(&app).await;
    put_deal(&desk.server, "51", "901");
    desk.tell(json!([event(51, 1)]).to_string().as_bytes()).await;
    let die = async |attempt: bool| {
        let (db, desk, clock) = (app.app.db.clone(), app.app.desk.clone(), app.clock.clone());
        let work = move || {
            let due = inbox::work::lease(&db, clock.now()).unwrap();
            if attempt {
                due.iter().for_each(|message| drop(inbox::work::attempt(&Workbench { db: &db, desk: &desk, now: clock.now() }, message)));
            }
            due.len()
        };
        actix_web::web::block(work).await.unwrap()
    };
    // After the lease; after the order is placed and before the message is settled.
    for attempt in [false, true, true] {
        assert_eq!(die(attempt).await, 1);
        assert_eq!(work(&app).await, 0);
        app.clock.advance(TimeDelta::seconds(301));
    }
    assert_eq!(work(&app).await, 1);
    assert_eq!(newest(&desk.admin).await["status"], "processed");
    assert_eq!((desk.orders().await, desk.customers().await.len()), (1, 1));
    clean(&app).await;
}

#[actix_web::test]
async fn a_deal_is_told_where_its_order_stands_and_the_last_state_wins() {
    let app = start().await;
    let desk = desk(&app).await;
    put_deal(&desk.server, "697680835", "901");
    desk.write_back().await;
    let order = order_of(&desk.admin, &desk.told(json!([event(697_680_835, 1)])).await).await;
    assert_eq!(desk.write_back().await, 1);
    let told = desk.server.writes();
    assert_eq!((told.len(), told[0].0.as_str()), (1, format!("PATCH {DEAL}").as_str()));
    let properties = &told[0].1["properties"];
    assert_eq!((&properties["pesanan_order_number"], &properties["pesanan_order_status"]), (&order["number"], &json!("confirmed")));
    assert_eq!((&properties["pesanan_order_total"], &properties["pesanan_shipments"]), (&json!("237.50"), &json!("")));
    // The CRM is away; meanwhile more happens. It hears of the end.
    desk.server.trouble(&[(503, Some("30"))]);
    ship(&desk.admin, &order, "2").await;
    assert_eq!(desk.write_back().await, 1);
    desk.admin.post(&format!("/v1/orders/{}/invoices", id(&order)), json!({})).await.expect(201);
    assert_eq!(desk.write_back().await, 0);
    app.clock.advance(TimeDelta::seconds(31));
    assert_eq!(desk.write_back().await, 1);
    let told = desk.server.writes();
    assert_eq!(told.len(), 2);
    let properties = &told[1].1["properties"];
    assert_eq!(
        (&properties["pesanan_fulfillment_status"], &properties["pesanan_invoice_status"]),
        (&json!("partially_fulfilled"), &json!("partially_invoiced"))
    );
    assert!(properties["pesanan_shipments"].as_str().unwrap().ends_with(": in transit"), "{properties}");
    assert!(properties["pesanan_invoices"].as_str().unwrap().starts_with("INV-000001: "), "{properties}");
    // What it knows already is not told again; whoever dies after the call tells the same once more.
    desk.admin.patch(&format!("/v1/orders/{}", id(&order)), json!({"note": "Ring twice"})).await.expect(200);
    desk.write_back().await;
    assert_eq!(desk.server.writes().len(), 2);
    // What has shipped is not all invoiced, so the order stays open.
    ship(&desk.admin, &order, "1").await;
    desk.admin.post(&format!("/v1/orders/{}/cancel", id(&order)), json!({"reason": {"code": "customer_request"}})).await.expect(200);
    let (db, clock) = (app.app.db.clone(), app.clock.clone());
    let die = move || {
        standing::follow::collect(&db, clock.now()).unwrap();
        let due = standing::tell::lease(&db, clock.now()).unwrap();
        due.iter().for_each(|task| drop(standing::tell::call(&db, task, clock.now()).unwrap()));
        due.len()
    };
    assert_eq!(actix_web::web::block(die).await.unwrap(), 1);
    assert_eq!(desk.write_back().await, 0);
    app.clock.advance(TimeDelta::seconds(181));
    assert_eq!(desk.write_back().await, 1);
    let told = desk.server.writes();
    assert_eq!((told.len(), &told[2]), (4, &told[3]));
    // A property that is not there is for a person; the next event tries again.
    desk.server.trouble(&[(400, None)]);
    desk.admin.post(&format!("/v1/orders/{}/hold", id(&order)), json!({"reason": "x"})).await;
    desk.admin
        .post("/v1/payments", json!({"amount": "10.00", "currency": "USD", "method": "cash", "order_id": id(&order)}))
        .await
        .expect(201);
    desk.write_back().await;
    let feed = desk.admin.get("/v1/events?type=channel.not_told").await.expect(200).body;
    assert_eq!(feed["data"].as_array().unwrap().len(), 1, "{feed:#}");
    clean(&app).await;
}
