//! Who did what, when, from where.

use crate::shop::{clean, customer, receive, shop};
use crate::support::app::{TestApp, send};
use pesanan::auth::permission::Role;
use reqwest::Method;
use serde_json::{Value, json};

pub async fn write_refusals(app: &TestApp) {
    let (db, authenticator) = (app.app.db.clone(), app.authenticator.clone());
    actix_web::web::block(move || pesanan::audit::write_refusals(&db, &authenticator)).await.unwrap().unwrap();
}

/// One row of the table below: an action, by whom, about what.
type Row<'a> = (&'a str, &'a str, &'a str);

#[actix_web::test]
async fn each_action_is_found_with_who_did_it_and_from_where() {
    let app = TestApp::spawn_with(|config| config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()]).await;
    let (_, admin) = shop(&app).await;
    let siti = json!({"email": "siti@example.com", "name": "Rahma Putri", "role": "sales", "password": "kereta api pagi"});
    let siti = admin.post("/v1/users", siti).await.expect(201).body;
    customer(&admin, "C-1", json!({})).await;
    receive(&admin, "jakarta", "KOPI", "10").await;
    let from = |request: reqwest::RequestBuilder, id: &str| {
        request.header("x-forwarded-for", "203.0.113.7").header("user-agent", "console/1").header("x-request-id", id.to_owned())
    };
    let login = |password: &str| json!({"email": "siti@example.com", "password": password});
    send(from(app.request(Method::POST, "/v1/auth/login").json(&login("wrong password")), "r-wrong")).await.expect(401);
    let tokens = send(from(app.request(Method::POST, "/v1/auth/login").json(&login("kereta api pagi")), "r-login")).await.expect(200).body;
    let token = tokens["access_token"].as_str().unwrap();
    let order = json!({"customer_code": "C-1", "lines": [{"sku": "KOPI", "quantity": "1"}]});
    let order = send(from(app.request(Method::POST, "/v1/orders").bearer_auth(token).json(&order), "r-order")).await.expect(201).body;
    let hold = format!("/v1/orders/{}/hold", order["id"].as_str().unwrap());
    let held =
        send(from(app.request(Method::POST, &hold).bearer_auth(token).json(&json!({"reason": "wait"})), "r-hold")).await.expect(200).body;
    assert_eq!(held["holds"][0]["raised_by"], format!("user:{}", siti["id"].as_str().unwrap()));
    for _ in 0..3 {
        let refused = from(app.request(Method::GET, "/v1/api_clients").bearer_auth(token), "r-refused");
        assert_eq!(send(refused).await.code(403), "insufficient_scope");
    }
    send(from(app.request(Method::POST, "/v1/auth/logout").bearer_auth(token), "r-logout")).await.expect(204);
    write_refusals(&app).await;
    let client = admin.post("/v1/api_clients", json!({"name": "Web shop", "role": "integration"})).await.expect(201).body;
    admin.act(&format!("/v1/api_clients/{}/rotate", client["client_id"].as_str().unwrap())).await.expect(200);
    admin.put("/v1/organization", json!({"legal_name": "PT Nusantara Niaga", "country": "ID", "time_zone": "Asia/Jakarta", "base_currency": "IDR", "tax_id": "01.300.066.6-091.000"})).await.expect(200);

    let rows: [Row<'_>; 10] = [
        ("auth.login_failed", "anonymous", "r-wrong"),
        ("auth.logged_in", "user", "r-login"),
        ("order.captured", "user", "r-order"),
        ("order.confirmed", "user", "r-order"),
        ("order.held", "user", "r-hold"),
        ("auth.permission_refused", "user", "r-refused"),
        ("auth.logged_out", "user", "r-logout"),
        ("api_client.secret_rotated", "api_client", ""),
        ("organization.updated", "api_client", ""),
        ("user.created", "api_client", ""),
    ];
    for (action, kind, request) in rows {
        let found = admin.get(&format!("/v1/audit?action={action}")).await.expect(200).body;
        let found: Vec<&Value> = found["data"].as_array().unwrap().iter().collect();
        assert_eq!(found.len(), 1, "{action}: {found:#?}");
        let entry = found[0];
        assert_eq!(entry["actor"]["type"], kind, "{action}");
        if kind == "user" {
            assert_eq!((&entry["actor"]["id"], &entry["actor"]["name"]), (&siti["id"], &json!("Rahma Putri")), "{action}");
        }
        assert!(entry["request_id"].is_string() && entry["at"].is_string(), "{action}");
        if request.is_empty() {
            assert_eq!(entry["address"], "127.0.0.1", "{action}");
        } else {
            let origin = (&entry["request_id"], &entry["address"], &entry["user_agent"]);
            assert_eq!(origin, (&json!(request), &json!("203.0.113.7"), &json!("console/1")), "{action}");
        }
    }

    let id = siti["id"].as_str().unwrap();
    let actions = async |query: &str| -> Vec<String> {
        let page = admin.get(&format!("/v1/audit?{query}")).await.expect(200).body;
        page["data"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap().to_owned()).collect()
    };
    let hers = ["auth.permission_refused", "auth.logged_out", "order.held", "order.confirmed", "order.captured", "auth.logged_in"];
    let mut found = actions(&format!("actor=user:{id}")).await;
    found.sort();
    let mut wanted = hers.map(str::to_owned).to_vec();
    wanted.sort();
    assert_eq!(found, wanted);
    assert_eq!(actions(&format!("actor={id}&limit=200")).await.len(), hers.len());
    let order_id = order["id"].as_str().unwrap();
    assert_eq!(actions(&format!("subject_type=order&subject_id={order_id}")).await, ["order.held", "order.confirmed", "order.captured"]);
    assert_eq!(
        actions(&format!("subject_type=user&subject_id={id}&action=auth.logged_in,auth.login_failed")).await,
        ["auth.logged_in", "auth.login_failed"]
    );
    assert_eq!(actions("to=2026-03-01T00:00:00Z").await, [""; 0]);
    let first = admin.get("/v1/audit?limit=3").await.expect(200).body;
    let next = admin.get(&format!("/v1/audit?limit=3&cursor={}", first["next_cursor"].as_str().unwrap())).await.expect(200).body;
    assert!(next["data"][0]["id"].as_i64().unwrap() < first["data"][2]["id"].as_i64().unwrap());
    assert_eq!(admin.get("/v1/audit?actor=siti").await.code(400), "invalid_parameter");

    let elsewhere = app.organization("elsewhere").await;
    let stranger = app.caller(elsewhere, Role::Admin).await;
    let theirs = stranger.get("/v1/audit?limit=200").await.expect(200).body;
    assert!(!theirs.to_string().contains(id) && !theirs.to_string().contains(order_id));
    assert_eq!(app.caller(elsewhere, Role::Finance).await.get("/v1/audit").await.code(403), "insufficient_scope");
    clean(&app).await;
}

/// Whoever puts orders in at the same moment shares a statement with others; each is still known by its own request.
#[actix_web::test]
async fn orders_of_one_batch_keep_their_own_origins() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    receive(&admin, "jakarta", "KOPI", "100").await;
    let place = |i: usize| {
        let body = json!({"customer_code": "C-1", "lines": [{"sku": "KOPI", "quantity": "1"}]});
        send(admin.request(Method::POST, "/v1/orders").header("x-request-id", format!("batch-{i}")).json(&body))
    };
    let placed = futures_util::future::join_all((0..40).map(place)).await;
    for (i, reply) in placed.into_iter().enumerate() {
        let id = reply.expect(201).body["id"].as_str().unwrap().to_owned();
        let entries = admin.get(&format!("/v1/audit?subject_type=order&subject_id={id}")).await.expect(200).body;
        let requests: Vec<&str> = entries["data"].as_array().unwrap().iter().map(|entry| entry["request_id"].as_str().unwrap()).collect();
        assert_eq!(requests, [format!("batch-{i}"), format!("batch-{i}")]);
    }
    clean(&app).await;
}

/// The whole road, by a user, by an API client and by jobs: no event without somebody who answers for it.
#[actix_web::test]
async fn every_event_names_who_acted() {
    let app = TestApp::spawn().await;
    app.clock.advance(chrono::TimeDelta::days(300));
    let organization = crate::support::demo::load(&app).await;
    let admin = app.caller(organization, Role::Admin).await;
    let mut path = "/v1/events?limit=200".to_owned();
    let (mut types, mut seen) = (std::collections::BTreeSet::new(), 0);
    loop {
        let page = admin.get(&path).await.expect(200).body;
        for event in page["data"].as_array().unwrap() {
            let actor = &event["actor"];
            let named = actor["name"].as_str().is_some_and(|name| !name.is_empty()) && (actor["type"] == "system") == actor["id"].is_null();
            assert!(named, "{event:#}");
            types.insert(event["type"].as_str().unwrap().to_owned());
            seen += 1;
        }
        if page["has_more"] == false {
            break;
        }
        path = format!("/v1/events?limit=200&after={}", page["next_cursor"].as_str().unwrap());
    }
    assert!(types.len() > 25 && seen > 500, "{seen} of {types:?}");
}

/// Ten thousand events, of which one actor has three, far apart.
#[actix_web::test]
async fn a_search_finds_the_few_among_the_many_at_once() {
    use diesel::connection::SimpleConnection;
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    let user = "01938f5e-7c1a-7000-8000-2f1b3c4d5e6f";
    let fill = format!(
        "INSERT INTO event (organization_id, type, subject_type, subject_id, actor, data, occurred_at) \
         SELECT o.id, CASE WHEN n % 2 = 0 THEN 'inventory.received' ELSE 'inventory.adjusted' END, 'inventory', gen_random_uuid(), \
           CASE WHEN n IN (100, 5000, 9000) THEN 'user:{user}' ELSE 'system:robot' END, '{{}}', timestamptz '2026-03-03 00:00Z' + n * interval '1 minute' \
         FROM organization o, generate_series(1, 10000) n WHERE o.code = 'shop'"
    );
    app.database.connect().batch_execute(&fill).unwrap();
    let ask = async |query: &str| -> (Vec<String>, usize) {
        let (mut found, mut pages, mut cursor) = (vec![], 0, String::new());
        loop {
            let page = admin.get(&format!("/v1/audit?limit=50&{query}{cursor}")).await.expect(200).body;
            pages += 1;
            found.extend(page["data"].as_array().unwrap().iter().map(|row| row["at"].as_str().unwrap().to_owned()));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return (found, pages),
            }
        }
    };
    let three = ["2026-03-09T06:00:00Z", "2026-03-06T11:20:00Z", "2026-03-03T01:40:00Z"].map(str::to_owned).to_vec();
    assert_eq!(ask(&format!("actor=user:{user}")).await.0, three, "before there are chunks");
    let db = app.app.db.clone();
    let make = move || {
        let mut made = 0;
        loop {
            match pesanan::audit::chunks::make(&db)? {
                0 => return Ok::<usize, pesanan::error::Error>(made),
                more => made += more,
            }
        }
    };
    assert_eq!(actix_web::web::block(make).await.unwrap().unwrap(), 10);
    assert_eq!(ask(&format!("actor=user:{user}")).await, (three.clone(), 1));
    // Dates bound it from both sides, whatever else is asked.
    let day = "from=2026-03-06T00:00:00Z&to=2026-03-07T00:00:00Z";
    assert_eq!(ask(&format!("actor={user}&{day}")).await, (three[1..2].to_vec(), 1));
    assert_eq!(ask(&format!("action=inventory.adjusted&{day}")).await.0.len(), 720);
    assert_eq!(ask(&format!("actor=system&subject_type=inventory&{day}")).await.0.len(), 1439);
    assert_eq!(
        ask("action=inventory.received,inventory.adjusted").await.0.len(),
        10_000,
        "every one once, over chunks and what is in none"
    );
    assert_eq!(ask("from=2026-03-20T00:00:00Z").await, (vec![], 1));
    let violations = app.app.db.read(pesanan::check::run).await.unwrap();
    assert!(violations.is_empty(), "{violations:#?}");
}
