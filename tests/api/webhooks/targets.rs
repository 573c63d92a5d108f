//! Nothing inside is reached: not by an address, not by a name, not by a name that leads elsewhere later.

use super::{attempts, create, deliver, deliveries, open, place};
use crate::shop::clean;
use crate::support::app::TestApp;
use crate::support::receiver::Receiver;
use chrono::TimeDelta;
use pesanan::webhooks::target::{Lookup, Targets};
use serde_json::json;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, RwLock};

type Names = Arc<RwLock<HashMap<String, Vec<IpAddr>>>>;

/// An application that knows these names alone.
async fn spawn_with(names: &Names, loopback: bool) -> TestApp {
    let targets = Targets { loopback, lookup: Lookup::Fixed(names.clone()) };
    TestApp::spawn_with(|config| config.webhook_targets = targets).await
}

fn leads(names: &Names, name: &str, addresses: &[&str]) {
    names.write().unwrap().insert(name.to_owned(), addresses.iter().map(|text| text.parse().unwrap()).collect());
}

#[actix_web::test]
async fn a_private_target_is_refused_when_it_is_set() {
    let names = Names::default();
    let app = spawn_with(&names, false).await;
    let (_, admin) = open(&app).await;
    for (name, addresses) in [
        ("ten.example", &["10.0.0.7"][..]),
        ("mixed.example", &["93.184.216.34", "192.168.0.1"]),
        ("meta.example", &["169.254.169.254"]),
        ("mapped.example", &["::ffff:127.0.0.1"]),
        ("six.example", &["fd12::1"]),
        ("fine.example", &["93.184.216.34", "2606:4700::1111"]),
    ] {
        leads(&names, name, addresses);
    }
    let table = [
        ("https://ten.example/", "private_target"),
        ("https://mixed.example/", "private_target"),
        ("https://meta.example:8443/latest", "private_target"),
        ("https://mapped.example/", "private_target"),
        ("https://six.example/", "private_target"),
        ("https://10.0.0.7/", "private_target"),
        ("https://[::1]/", "private_target"),
        ("https://0x7f000001/", "private_target"),
        ("https://localhost/", "private_target"),
        ("http://fine.example/", "https_required"),
        ("http://127.0.0.1/", "https_required"),
        ("https://user:secret@fine.example/", "invalid_url"),
        ("fine.example", "invalid_url"),
    ];
    let endpoint = create(&admin, "https://fine.example/", &[]).await;
    for (url, code) in table {
        for reply in [
            admin.post("/v1/webhook_endpoints", json!({"url": url})).await,
            admin.patch(&super::path(&endpoint), json!({"url": url})).await,
        ] {
            assert_eq!(reply.body["errors"][0]["pointer"], "/url", "{url}");
            assert_eq!(reply.code(422), code, "{url}");
        }
    }
    create(&admin, "https://not-yet.example/", &[]).await;
    clean(&app).await;
}

#[actix_web::test]
async fn a_name_that_leads_inside_later_is_not_followed() {
    let names = Names::default();
    let app = spawn_with(&names, false).await;
    let (_, admin) = open(&app).await;
    let receiver = Receiver::start();
    leads(&names, "rebind.example", &["93.184.216.34"]);
    create(&admin, &format!("https://rebind.example:{}/", receiver.port), &["order.captured"]).await;
    for inside in [&["127.0.0.1"][..], &["::ffff:127.0.0.1", "10.0.0.1"], &["0.0.0.0"], &["169.254.169.254"]] {
        leads(&names, "rebind.example", inside);
        let order = place(&admin).await;
        deliver(&app).await;
        let row = deliveries(&admin, &format!("order_id={}", order["id"].as_str().unwrap())).await.remove(0);
        assert_eq!((&row["status"], &row["response_status"]), (&json!("pending"), &json!(null)));
        let attempt = attempts(&admin, &row).await.remove(0);
        assert!(attempt["error"].as_str().unwrap().contains("private_target"), "{attempt:#}");
        app.clock.advance(TimeDelta::milliseconds(1));
    }
    names.write().unwrap().clear();
    place(&admin).await;
    deliver(&app).await;
    let latest = deliveries(&admin, "").await.remove(0);
    assert!(latest["error"].as_str().unwrap().contains("no such name"), "{latest:#}");
    assert_eq!(receiver.connections(), 0);
    clean(&app).await;
}

/// An endpoint from when more was allowed.
#[actix_web::test]
async fn an_address_that_was_stored_before_is_not_connected_to() {
    let names = Names::default();
    let app = spawn_with(&names, false).await;
    let (_, admin) = open(&app).await;
    let receiver = Receiver::start();
    create(&admin, "https://93.184.216.34/", &["order.captured"]).await;
    use diesel::RunQueryDsl;
    for url in [format!("https://127.0.0.1:{}/", receiver.port), receiver.url()] {
        diesel::sql_query(format!("UPDATE webhook_endpoint SET url = '{url}'")).execute(&mut app.database.connect()).unwrap();
        place(&admin).await;
        assert_eq!(deliver(&app).await, 0);
        app.clock.advance(TimeDelta::milliseconds(1));
    }
    assert_eq!((receiver.connections(), deliveries(&admin, "status=pending").await.len()), (0, 2));
}

#[actix_web::test]
async fn a_demo_sends_to_its_own_machine_by_name_and_number() {
    let names = Names::default();
    let app = spawn_with(&names, true).await;
    let (_, admin) = open(&app).await;
    let receiver = Receiver::start();
    leads(&names, "localhost", &["127.0.0.1"]);
    leads(&names, "inside.example", &["10.0.0.1"]);
    create(&admin, &format!("http://localhost:{}/", receiver.port), &["order.captured"]).await;
    create(&admin, &receiver.url(), &["order.captured"]).await;
    assert_eq!(admin.post("/v1/webhook_endpoints", json!({"url": "https://inside.example/"})).await.code(422), "private_target");
    place(&admin).await;
    assert_eq!(deliver(&app).await, 2);
}
