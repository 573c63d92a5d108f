use crate::support::app::{TestApp, send};
use chrono::NaiveDate;
use diesel::RunQueryDsl;
use pesanan::auth::permission::Role;
use pesanan::error::Error;
use pesanan::organization::{self, NewOrganization};
use pesanan::types::currency::Currency;
use reqwest::Method;
use serde_json::{Value, json};

/// The column `value` of a query.
fn column(app: &TestApp, query: &str) -> Vec<String> {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Text)]
        value: String,
    }
    let rows: Vec<Row> = diesel::sql_query(query).load(&mut app.database.connect()).unwrap();
    rows.into_iter().map(|row| row.value).collect()
}

#[actix_web::test]
async fn a_new_organization_has_its_terms_series_and_channel() {
    let app = TestApp::spawn().await;
    let id = app.organization("demo").await;
    let admin = app.caller(id, Role::Admin).await;
    let codes = |list: Value| -> Vec<String> {
        list["data"].as_array().unwrap().iter().map(|row| row["code"].as_str().unwrap().to_owned()).collect()
    };
    let terms = admin.get("/v1/payment_terms").await.expect(200).body;
    assert_eq!(codes(terms.clone()), ["cod", "due_on_receipt", "net_15", "net_30", "net_60", "prepaid"]);
    assert_eq!((&terms["data"][0]["cash_on_delivery"], &terms["data"][5]["prepayment"]), (&json!(true), &json!(true)));
    let series = column(&app, "SELECT code || ' ' || kind || ' ' || prefix || next_number AS value FROM invoice_series ORDER BY code");
    assert_eq!(series, ["CN credit_note CN-1", "HIST invoice HIST-1", "INV invoice INV-1"]);
    assert_eq!(codes(admin.get("/v1/channels").await.expect(200).body), ["direct"]);
    let again = NewOrganization {
        code: "demo".into(),
        name: "Another".into(),
        currency: "EUR".into(),
        country: "DE".into(),
        time_zone: "Europe/Berlin".into(),
    };
    let now = app.clock.now();
    let refused = app.app.db.write(move |connection| organization::create(connection, &again, now)).await;
    assert!(matches!(refused, Err(Error::Conflict { code: "organization_code_taken", .. })), "{refused:?}");
    let nonsense = NewOrganization {
        code: "a b".into(),
        name: String::new(),
        currency: "idr".into(),
        country: "XX".into(),
        time_zone: "Jakarta".into(),
    };
    match app.app.db.write(move |connection| organization::create(connection, &nonsense, now)).await {
        Err(Error::Invalid(faults)) => assert_eq!(faults.len(), 5, "{faults:?}"),
        other => panic!("{other:?}"),
    }
    let found =
        app.app.db.read(|connection| Ok((organization::find_by_code(connection, "demo")?, organization::find_by_code(connection, "x")?)));
    assert_eq!(found.await.unwrap(), (Some(id), None));
}

#[actix_web::test]
async fn the_profile_is_replaced_whole_and_takes_its_own_answer() {
    let app = TestApp::spawn().await;
    let id = app.organization("demo").await;
    let admin = app.caller(id, Role::Admin).await;
    let fresh = admin.get("/v1/organization").await.expect(200);
    assert_eq!((&fresh.body["legal_name"], &fresh.body["cutoff_time"]), (&json!("PT Nusantara Niaga"), &json!("15:00")));
    assert_eq!(fresh.body["working_days"], json!(["mon", "tue", "wed", "thu", "fri"]));
    let full = json!({
        "legal_name": "PT Nusantara Niaga Tbk", "country": "ID", "tax_id": "01.234.567.8-901.000", "email": "a@example.com",
        "address": {"line1": "Jl. Sudirman 52", "city": "Jakarta", "country": "ID"},
        "electronic_address": {"scheme": "0088", "value": "8991234567895"},
        "bank_accounts": [{"holder": "PT NN", "account_number": "123", "bank_name": "BCA", "currency": "IDR"}],
        "books_closed_through_on": "2026-03-02", "working_days": ["sat", "mon"], "cutoff_time": "13:30", "return_window_days": 14
    });
    let put = admin.put("/v1/organization", full).await.expect(200);
    assert_eq!((put.header("etag"), &put.body["time_zone"], &put.body["base_currency"]), ("\"2\"", &json!("Asia/Jakarta"), &json!("IDR")));
    let again = admin.put("/v1/organization", put.body.clone()).await.expect(200);
    assert_eq!(again.header("etag"), "\"2\"", "nothing has changed");
    for field in ["address", "bank_accounts", "books_closed_through_on", "working_days", "cutoff_time", "tax_id", "email"] {
        assert_eq!(again.body[field], put.body[field], "{field}");
    }
    let settings = app.app.db.read(move |connection| organization::settings(connection, id)).await.unwrap();
    assert_eq!((settings.legal_name.as_str(), settings.return_window_days), ("PT Nusantara Niaga Tbk", 14));
    assert_eq!(settings.seller["bank_accounts"][0]["account_number"], "123");
    assert_eq!(settings.books_closed_through_on, NaiveDate::from_ymd_opt(2026, 3, 2));
    let least = admin.put("/v1/organization", json!({"legal_name": "PT NN", "country": "ID"})).await.expect(200);
    assert!(least.body["tax_id"].is_null() && least.body["bank_accounts"].as_array().unwrap().is_empty());

    let tomorrow = json!({"legal_name": "PT NN", "country": "ID", "books_closed_through_on": "2026-03-03"});
    assert_eq!(admin.put("/v1/organization", tomorrow).await.code(422), "out_of_range");
    let least = json!({"legal_name": "PT NN", "country": "ID"});
    let stale = admin.request(Method::PUT, "/v1/organization").header("if-match", "\"1\"").json(&least);
    assert_eq!(send(stale).await.code(412), "stale_version");
    let create = admin.request(Method::PUT, "/v1/organization").header("if-none-match", "*").json(&least);
    assert_eq!(send(create).await.code(412), "stale_version");
    let viewer = app.caller(id, Role::Viewer).await;
    assert_eq!(viewer.put("/v1/organization", json!({})).await.code(403), "insufficient_scope");
    viewer.get("/v1/organization").await.expect(200);
}

#[actix_web::test]
async fn the_base_currency_stays_once_there_are_orders() {
    let app = TestApp::spawn().await;
    let id = app.organization("demo").await;
    let admin = app.caller(id, Role::Admin).await;
    let with = |currency: &str| json!({"legal_name": "PT NN", "country": "ID", "base_currency": currency});
    admin.put("/v1/organization", with("USD")).await.expect(200);
    column(
        &app,
        "WITH buyer AS (INSERT INTO customer (organization_id, id, name, kind, created_at, updated_at) \
         SELECT id, id, 'Siti', 'person', now(), now() FROM organization RETURNING organization_id, id) \
         INSERT INTO sales_order (organization_id, id, number, status, channel, customer_id, bill_to_customer_id, currency, subtotal, \
         discount_total, shipping_net, tax_total, total, uninvoiced_total, document, milestones, ordered_at, updated_at) \
         SELECT organization_id, id, 'SO-1', 'draft', 'direct', id, id, 'USD', 0, 0, 0, 0, 0, 0, '{}', '{}', now(), now() FROM buyer \
         RETURNING number AS value",
    );
    assert_eq!(admin.put("/v1/organization", with("IDR")).await.code(409), "base_currency_in_use");
    let same = admin.put("/v1/organization", with("USD")).await.expect(200);
    assert_eq!((&same.body["base_currency"], same.header("etag")), (&json!("USD"), "\"2\""));
}

#[actix_web::test]
async fn exchange_rates_are_upserted_listed_and_inverted() {
    let app = TestApp::spawn().await;
    let id = app.organization("demo").await;
    let finance = app.caller(id, Role::Finance).await;
    let rate =
        |from: &str, to: &str, rate: &str, on: &str| json!({"from_currency": from, "to_currency": to, "rate": rate, "valid_from_on": on});
    let rows = finance
        .put(
            "/v1/exchange_rates",
            json!([
                rate("USD", "IDR", "16250.50", "2026-02-01"),
                rate("EUR", "IDR", "18900", "2026-02-01"),
                rate("USD", "IDR", "16400", "2026-03-01"),
            ]),
        )
        .await
        .expect(200)
        .body;
    assert_eq!(rows.as_array().unwrap().len(), 3);
    assert_eq!((&rows[0]["from_currency"], &rows[1]["rate"], &rows[2]["version"]), (&json!("EUR"), &json!("16250.5"), &json!(1)));
    let again = finance.put("/v1/exchange_rates", json!([rate("USD", "IDR", "16300", "2026-02-01")])).await.expect(200).body;
    assert_eq!((&again[0]["rate"], &again[0]["version"]), (&json!("16300"), &json!(2)));
    finance.put("/v1/exchange_rates", json!([])).await.expect(200);
    let own = finance.get("/v1/exchange_rates").await.expect(200).body["data"].clone();
    finance.put("/v1/exchange_rates", own).await.expect(200);

    let first = finance.get("/v1/exchange_rates?limit=2").await.expect(200).body;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = finance.get(&format!("/v1/exchange_rates?limit=2&cursor={cursor}")).await.expect(200).body;
    assert_eq!((first["data"].as_array().unwrap().len(), &second["data"][0]["valid_from_on"]), (2, &json!("2026-03-01")));
    assert!(second["next_cursor"].is_null());
    let other = format!("/v1/exchange_rates?from_currency=USD&cursor={cursor}");
    assert_eq!(finance.get(&other).await.code(400), "invalid_cursor");
    assert_eq!(finance.get("/v1/exchange_rates?from_currency=usd").await.code(400), "invalid_parameter");
    let dollars = finance.get("/v1/exchange_rates?from_currency=USD&to_currency=IDR").await.expect(200).body;
    assert_eq!(dollars["data"].as_array().unwrap().len(), 2);

    let of = |from: &'static str, to: &'static str, on: &'static str| {
        app.app.db.read(move |connection| {
            let currency = |code| Currency::from_code(code).unwrap();
            organization::exchange_rate(connection, id, currency(from), currency(to), on.parse().unwrap())
        })
    };
    let text = |rate: Option<rust_decimal::Decimal>| rate.map(|rate| rate.to_string());
    assert_eq!(text(of("USD", "IDR", "2026-02-28").await.unwrap()).as_deref(), Some("16300"));
    assert_eq!(text(of("USD", "IDR", "2026-03-01").await.unwrap()).as_deref(), Some("16400"));
    assert_eq!(text(of("USD", "IDR", "2026-01-31").await.unwrap()), None);
    assert_eq!(text(of("IDR", "EUR", "2026-03-01").await.unwrap()).as_deref(), Some("0.0000529101"));
    assert_eq!(text(of("JPY", "JPY", "2026-03-01").await.unwrap()).as_deref(), Some("1"));
    assert_eq!(text(of("USD", "EUR", "2026-03-01").await.unwrap()), None);
    let sales = app.caller(id, Role::Sales).await;
    assert_eq!(sales.put("/v1/exchange_rates", json!([])).await.code(403), "insufficient_scope");
}

#[actix_web::test]
async fn terms_and_series_can_be_asked_for_what_has_changed() {
    let app = TestApp::spawn().await;
    let id = app.organization("shop").await;
    let admin = app.caller(id, Role::Admin).await;
    app.clock.advance(chrono::TimeDelta::minutes(5));
    let since = app.clock.now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    admin.put("/v1/payment_terms/net_45", json!({"name": "45 days", "net_days": 45})).await.expect(201);
    admin.put("/v1/invoice_series/EXPORT", json!({"kind": "invoice", "prefix": "EX-"})).await.expect(201);
    for (list, code) in [("payment_terms", "net_45"), ("invoice_series", "EXPORT")] {
        let changed = admin.get(&format!("/v1/{list}?updated_from={since}")).await.expect(200).body;
        let codes: Vec<&str> = changed["data"].as_array().unwrap().iter().map(|row| row["code"].as_str().unwrap()).collect();
        assert_eq!(codes, [code]);
        let page = admin.get(&format!("/v1/{list}?limit=1")).await.expect(200).body;
        let cursor = page["next_cursor"].as_str().unwrap();
        assert_eq!(admin.get(&format!("/v1/{list}?cursor={cursor}&updated_from={since}")).await.code(400), "invalid_cursor");
        admin.get(&format!("/v1/{list}?cursor={cursor}")).await.expect(200);
    }
}
