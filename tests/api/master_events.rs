//! Every change of what orders rest on tells an event, one for each row, and what stays as it is tells none.

use crate::shop::{ADDRESS, clean, receive, shop};
use crate::support::app::{Caller, TestApp, send};
use futures_util::future::join_all;
use pesanan::auth::permission::Role;
use reqwest::Method;
use serde_json::{Value, json};

/// Reads on in the feed.
struct Feed<'a> {
    caller: &'a Caller<'a>,
    after: String,
}

impl<'a> Feed<'a> {
    /// From here on.
    async fn from_now(caller: &'a Caller<'a>) -> Self {
        let mut feed = Self { caller, after: String::new() };
        feed.news().await;
        feed
    }

    /// All that has happened since it was last asked.
    async fn news(&mut self) -> Vec<Value> {
        let mut news = vec![];
        loop {
            let page = self.caller.get(&format!("/v1/events?limit=200&after={}", self.after)).await.expect(200).body;
            self.after = page["next_cursor"].as_str().unwrap().to_owned();
            news.extend(page["data"].as_array().unwrap().iter().cloned());
            if page["has_more"] == false {
                return news;
            }
        }
    }

    async fn types(&mut self) -> Vec<String> {
        self.news().await.iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
    }

    /// The one thing that has happened since.
    #[track_caller]
    fn only(news: Vec<Value>, event_type: &str) -> Value {
        assert_eq!(news.iter().map(|event| &event["type"]).collect::<Vec<_>>(), [event_type], "{news:#?}");
        news.into_iter().next().unwrap()
    }
}

#[actix_web::test]
async fn a_master_that_is_made_changed_and_sent_again_tells_twice() {
    let app = TestApp::spawn().await;
    let (organization_id, admin) = shop(&app).await;
    let mut feed = Feed::from_now(&admin).await;
    let cases = [
        ("/v1/locations/bandung", "location", json!({"name": "Bandung", "kind": "store"}), json!({"name": "Bandung 1", "kind": "store"})),
        (
            "/v1/payment_terms/net_7",
            "payment_term",
            json!({"name": "7 days", "net_days": 7, "discount_percent": "2.50", "discount_days": 3}),
            json!({"name": "7 days net", "net_days": 7}),
        ),
        (
            "/v1/invoice_series/EXP",
            "invoice_series",
            json!({"kind": "invoice", "prefix": "EXP-"}),
            json!({"kind": "invoice", "prefix": "X-"}),
        ),
        (
            "/v1/products/GULA",
            "product",
            json!({"name": "Gula", "unit": "C62", "tax_category": "standard"}),
            json!({"name": "Gula 1 kg", "unit": "C62", "tax_category": "standard"}),
        ),
    ];
    for (path, noun, first, second) in cases {
        let made = admin.put(path, first.clone()).await.expect(201);
        let created = Feed::only(feed.news().await, &format!("{noun}.created"));
        assert_eq!((&created["data"]["version"], made.header("etag")), (&json!(1), "\"1\""), "{path}");
        assert!(created["actor"]["type"] == "api_client" && created["actor"]["name"] == "admin of the tests");
        assert_eq!(admin.put(path, first).await.expect(200).header("etag"), "\"1\"", "{path} stays as it is");
        assert_eq!(admin.put(path, made.body).await.expect(200).header("etag"), "\"1\"", "{path} takes its own answer");
        assert_eq!(feed.types().await, [""; 0], "{path}");
        admin.put(path, second).await.expect(200);
        let updated = Feed::only(feed.news().await, &format!("{noun}.updated"));
        assert_eq!((&updated["data"]["version"], &updated["subject"]), (&json!(2), &created["subject"]), "{path}");
    }
    admin.patch("/v1/locations/bandung", json!({"priority": 7})).await.expect(200);
    let patched = Feed::only(feed.news().await, "location.updated");
    assert_eq!((&patched["data"]["code"], &patched["data"]["priority"]), (&json!("bandung"), &json!(7)));
    admin.patch("/v1/locations/bandung", json!({"priority": 7})).await.expect(200);

    let profile = json!({"legal_name": "PT NN", "country": "ID", "bank_accounts":
        [{"holder": "PT NN", "account_number": "1234567890", "bank_name": "BCA", "currency": "IDR"}]});
    let put = admin.put("/v1/organization", profile.clone()).await.expect(200);
    let updated = Feed::only(feed.news().await, "organization.updated");
    assert_eq!((&updated["subject"]["id"], &updated["data"]["legal_name"]), (&json!(organization_id), &json!("PT NN")));
    assert!(!updated.to_string().contains("1234567890"), "an account is nobody's news: {updated}");
    for body in [profile, put.body.clone()] {
        assert_eq!(admin.put("/v1/organization", body).await.expect(200).header("etag"), put.header("etag"));
    }
    assert_eq!(feed.types().await, [""; 0]);
    clean(&app).await;
}

#[actix_web::test]
async fn of_many_who_create_one_master_at_once_one_does() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    let mut feed = Feed::from_now(&admin).await;
    let cases = [
        ("/v1/locations/bandung", "location.created", json!({"name": "Bandung", "kind": "store"})),
        ("/v1/payment_terms/net_7", "payment_term.created", json!({"name": "7 days net", "net_days": 7})),
        ("/v1/invoice_series/EXP", "invoice_series.created", json!({"kind": "invoice", "prefix": "EXP-"})),
    ];
    for (path, created, body) in cases {
        let put = |_| send(admin.request(Method::PUT, path).header("if-none-match", "*").json(&body));
        let mut statuses: Vec<u16> = join_all((0..12).map(put)).await.iter().map(|reply| reply.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [vec![201u16], vec![412; 11]].concat(), "{path}");
        assert_eq!(feed.types().await, [created], "{path}");
    }
}

#[actix_web::test]
async fn a_bulk_call_tells_of_each_row_that_it_changed() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    let mut feed = Feed::from_now(&admin).await;
    let products = |name: &str| {
        json!([{"sku": "KOPI", "name": name, "unit": "C62", "units": [{"unit": "XBX", "factor": "12"}], "tax_category": "standard"},
            {"sku": "GULA", "name": "Gula", "unit": "C62", "tax_category": "standard"}])
    };
    let price = |sku: &str, price: &str| json!({"sku": sku, "currency": "IDR", "unit_price": price});
    let tax = |category: &str, rate: &str| json!({"country": "ID", "tax_category": category, "tax_scheme_category": "S", "name": "PPN", "rate": rate});
    let rate = |to: &str, rate: &str| json!({"from_currency": "USD", "to_currency": to, "rate": rate, "valid_from_on": "2026-03-01"});
    let steps = [
        ("/v1/products", products("Kopi"), vec!["product.created"]),
        ("/v1/products", products("Kopi Gayo"), vec!["product.updated"]),
        (
            "/v1/prices",
            json!([price("KOPI", "50000.00"), price("TEH", "21000"), price("GULA", "17000")]),
            vec!["price.created", "price.updated"],
        ),
        ("/v1/tax_rates", json!([tax("reduced", "0.05"), tax("luxury", "0.2")]), vec!["tax_rate.created", "tax_rate.created"]),
        ("/v1/tax_rates", json!([tax("reduced", "0.06"), tax("luxury", "0.20")]), vec!["tax_rate.updated"]),
        ("/v1/exchange_rates", json!([rate("IDR", "16400"), rate("SGD", "1.3")]), vec!["exchange_rate.created", "exchange_rate.created"]),
        ("/v1/exchange_rates", json!([rate("IDR", "16400.0"), rate("SGD", "1.31")]), vec!["exchange_rate.updated"]),
    ];
    for (path, body, expected) in steps {
        let answer = admin.put(path, body.clone()).await.expect(200).body;
        assert_eq!(answer.as_array().unwrap().len(), body.as_array().unwrap().len(), "{path} answers every row");
        let news = feed.news().await;
        let mut types: Vec<&str> = news.iter().map(|event| event["type"].as_str().unwrap()).collect();
        types.sort_unstable();
        assert_eq!(types, expected, "{path}");
        if path == "/v1/prices" {
            let gula = news.iter().find(|event| event["data"]["sku"] == "GULA").unwrap();
            let product = admin.get("/v1/products/GULA").await.expect(200).body;
            assert_eq!(gula["subject"], json!({"type": "product", "id": product["id"]}));
            assert_eq!((&gula["data"]["unit_price"], &gula["data"]["price_list"]), (&json!("17000.00"), &json!("default")));
        }
        assert_eq!(admin.put(path, body).await.expect(200).body, answer, "sent again, {path} answers the same rows");
        assert_eq!(feed.types().await, [""; 0], "{path} sent again");
    }
}

#[actix_web::test]
async fn clients_and_channels_tell_and_keep_their_secrets() {
    let app = TestApp::spawn().await;
    let (organization_id, admin) = shop(&app).await;
    let mut feed = Feed::from_now(&admin).await;
    let client = admin.post("/v1/api_clients", json!({"name": "Web shop", "role": "integration"})).await.expect(201).body;
    let path = format!("/v1/api_clients/{}", client["client_id"].as_str().unwrap());
    let mut news = feed.news().await;
    admin.patch(&path, json!({"name": "Shop"})).await.expect(200);
    admin.patch(&path, json!({"name": "Shop"})).await.expect(200);
    let rotated = admin.post(&format!("{path}/rotate"), json!({})).await.expect(200).body;
    admin.act(&format!("{path}/disable")).await.expect(200);
    admin.act(&format!("{path}/disable")).await.expect(200);
    news.extend(feed.news().await);
    let types: Vec<&str> = news.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["api_client.created", "api_client.updated", "api_client.secret_rotated", "api_client.disabled"]);
    let told = json!(news).to_string();
    for secret in [&client["client_secret"], &rotated["client_secret"]] {
        assert!(!told.contains(secret.as_str().unwrap()) && !told.contains("psk_"), "{told}");
    }

    let channel = admin.post("/v1/channels", json!({"code": "web", "kind": "generic", "name": "Web"})).await.expect(201).body;
    let path = format!("/v1/channels/{}", channel["id"].as_str().unwrap());
    let created = Feed::only(feed.news().await, "channel.created");
    assert_eq!((&created["subject"]["id"], &created["data"]["code"]), (&channel["id"], &json!("web")));
    admin.patch(&path, json!({"name": "Web shop"})).await.expect(200);
    assert_eq!(Feed::only(feed.news().await, "channel.updated")["data"]["name"], "Web shop");
    admin.patch(&path, json!({"name": "Web shop"})).await.expect(200);
    assert_eq!(feed.types().await, [""; 0]);

    let warehouse = app.caller(organization_id, Role::Warehouse).await;
    let seen = Feed { caller: &warehouse, after: String::new() }.types().await;
    assert!(!seen.iter().any(|name| name.starts_with("api_client.") || name.starts_with("channel.")), "{seen:?}");
    assert!(seen.contains(&"location.created".to_owned()) && seen.contains(&"price.created".to_owned()), "{seen:?}");
}

#[actix_web::test]
async fn a_guest_is_told_of_once() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    receive(&admin, "jakarta", "KOPI", "20").await;
    let mut feed = Feed::from_now(&admin).await;
    let address: Value = serde_json::from_str(ADDRESS).unwrap();
    let order = json!({"customer": {"name": "Siti", "email": "siti@example.com"}, "shipping_address": address, "lines": [{"sku": "KOPI", "quantity": "1"}]});
    let placed = admin.post("/v1/orders", order.clone()).await.expect(201).body;
    let news = feed.news().await;
    let guests: Vec<&Value> = news.iter().filter(|event| event["type"] == "customer.created").collect();
    assert_eq!(guests.len(), 1, "{news:#?}");
    assert_eq!((&guests[0]["subject"]["id"], &guests[0]["data"]["guest"]), (&placed["customer"]["id"], &json!(true)));
    admin.post("/v1/orders", order).await.expect(201);
    assert!(!feed.types().await.contains(&"customer.created".to_owned()));
    clean(&app).await;
}

#[actix_web::test]
async fn every_write_to_stock_tells() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    receive(&admin, "jakarta", "KOPI", "20").await;
    let mut feed = Feed::from_now(&admin).await;
    let policy = json!({"safety_stock": "2", "reorder_point": "5"});
    admin.put("/v1/inventory/KOPI/jakarta/policy", policy.clone()).await.expect(200);
    let told = Feed::only(feed.news().await, "inventory.policy_changed");
    assert_eq!((&told["data"]["safety_stock"], &told["data"]["location"]), (&json!("2"), &json!("jakarta")));
    admin.put("/v1/inventory/KOPI/jakarta/policy", policy).await.expect(200);
    assert_eq!(feed.types().await, [""; 0]);

    receive(&admin, "jakarta", "KOPI", "5").await;
    assert_eq!(feed.types().await, ["inventory.received"]);
    let line = json!([{"sku": "KOPI", "counted": "24"}]);
    admin.post("/v1/inventory/adjustments", json!({"location": "jakarta", "reason": "count", "lines": line})).await.expect(201);
    assert_eq!(feed.types().await, ["inventory.adjusted"]);
    let line = json!([{"sku": "KOPI", "quantity": "1"}]);
    admin.post("/v1/inventory/transfers", json!({"from": "jakarta", "to": "surabaya", "lines": line})).await.expect(201);
    assert_eq!(feed.types().await, ["inventory.transferred"]);
    let line = json!([{"sku": "KOPI", "quantity": "1", "action": "quarantine"}]);
    admin.post("/v1/inventory/quarantine", json!({"location": "jakarta", "reason": "wet", "lines": line})).await.expect(201);
    assert_eq!(feed.types().await, ["inventory.quarantined"]);
    let snapshot = json!({"location": "jakarta", "as_of": app.clock.now(), "version": 1, "lines": [{"sku": "KOPI", "quantity": "22"}]});
    admin.put("/v1/inventory/snapshots", snapshot.clone()).await.expect(200);
    assert_eq!(feed.types().await, ["inventory.snapshot_taken"]);
    admin.put("/v1/inventory/snapshots", snapshot).await.expect(200);
    assert_eq!(feed.types().await, [""; 0], "figures that came too late change nothing");

    let incoming = json!({"sku": "KOPI", "location": "jakarta", "quantity": "10", "expected_on": "2026-04-01", "reference": "PO-1"});
    let supply = admin.post("/v1/inventory/incoming", incoming).await.expect(201);
    assert_eq!(feed.types().await, ["inventory.incoming_created"]);
    let path = format!("/v1/inventory/incoming/{}", supply.body["id"].as_str().unwrap());
    let same = admin.patch(&path, json!({"expected_on": "2026-04-01", "quantity": "10.0"})).await.expect(200);
    assert_eq!((feed.types().await, same.header("etag")), (vec![], supply.header("etag")));
    admin.patch(&path, json!({"expected_on": "2026-04-02"})).await.expect(200);
    assert_eq!(feed.types().await, ["inventory.incoming_changed"]);
    let receipt = json!({"location": "jakarta", "lines": [{"sku": "KOPI", "quantity": "4", "incoming_id": supply.body["id"]}]});
    admin.post("/v1/inventory/receipts", receipt).await.expect(201);
    let mut types = feed.types().await;
    types.sort_unstable();
    assert_eq!(types, ["inventory.incoming_changed", "inventory.received"]);
    admin.act(&format!("{path}/cancel")).await.expect(200);
    assert_eq!(feed.types().await, ["inventory.incoming_cancelled"]);

    let cart = json!({"lines": [{"sku": "KOPI", "quantity": "1"}]});
    let reservation = admin.post("/v1/checkout/reservations", cart).await.expect(201).body;
    assert_eq!(feed.types().await, ["reservation.created"]);
    let path = format!("/v1/checkout/reservations/{}", reservation["id"].as_str().unwrap());
    send(admin.request(Method::DELETE, &path)).await.expect(204);
    assert_eq!(feed.types().await, ["reservation.released"]);
    clean(&app).await;
}
