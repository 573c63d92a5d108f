//! The hot reads: what they find, and with how many statements.

use crate::support::app::TestApp;
use crate::support::load::{Client, id_of, open_shop, order};
use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use diesel::sql_types::Text;
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use pesanan::bench::history;
use pesanan::organization;
use reqwest::header::{ETAG, IF_NONE_MATCH};
use serde_json::{Value, json};
use std::sync::Mutex;

/// The statements of this process but the settings of new connections.
static STATEMENTS: Mutex<Vec<String>> = Mutex::new(vec![]);

struct Recorder;

impl Instrumentation for Recorder {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            let text = query.to_string();
            if !text.starts_with("SET ") {
                STATEMENTS.lock().unwrap().push(text);
            }
        }
    }
}

fn statements_since_last() -> Vec<String> {
    std::mem::take(&mut *STATEMENTS.lock().unwrap())
}

/// A shop with some orders of its own and a history of `orders`.
async fn shop_with_history(app: &TestApp, orders: u64) -> Client {
    let shop = open_shop(app, "shop", 9, |_| [500, 300]).await;
    shop.post("/v1/channels", &json!({"code": "shop-id", "kind": "shopify", "name": "Shop"})).await;
    shop.post("/v1/orders", &order(&[(0, 1), (1, 2), (2, 3)], "refuse")).await.expect(201);
    let id = organization::find_by_code(&mut app.database.connect(), "shop").unwrap().unwrap();
    history::load(&mut app.database.connect(), id, orders).unwrap();
    shop
}

fn ids(app: &TestApp, condition: &str, order_by: &str) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        id: String,
    }
    let query = format!("SELECT o.id::text AS id FROM sales_order o WHERE {condition} ORDER BY {order_by}");
    let rows: Vec<Row> = sql_query(query).load(&mut app.database.connect()).unwrap();
    rows.into_iter().map(|row| row.id).collect()
}

/// The ids of all pages of a list, each page by one statement.
async fn walked(shop: &Client, path: &str, limit: usize) -> Vec<String> {
    let (mut found, mut cursor) = (vec![], String::new());
    loop {
        statements_since_last();
        let page = shop.get(&format!("{path}&limit={limit}{cursor}")).await.expect(200);
        let statements = statements_since_last();
        assert_eq!(statements.len(), 1, "{path}: {statements:#?}");
        found.extend(page["data"].as_array().unwrap().iter().map(id_of));
        match &page["next_cursor"] {
            Value::String(next) => cursor = format!("&cursor={next}"),
            _ => return found,
        }
    }
}

#[actix_web::test]
async fn every_order_filter_finds_what_a_plain_query_finds_with_one_statement_a_page() {
    set_default_instrumentation(|| Some(Box::new(Recorder))).unwrap();
    let app = TestApp::spawn().await;
    let shop = shop_with_history(&app, 240).await;
    let line = |condition: &str| {
        format!("EXISTS (SELECT 1 FROM order_line l WHERE l.organization_id = o.organization_id AND l.order_id = o.id AND {condition})")
    };
    let at = |location: &str| format!("EXISTS (SELECT 1 FROM fulfillment_order f WHERE f.order_id = o.id AND f.location = '{location}')");
    let held = "EXISTS (SELECT 1 FROM order_hold h WHERE h.order_id = o.id AND h.released_at IS NULL AND h.code = 'manual')";
    let some = ids(&app, "purchase_order_number IS NOT NULL", "id");
    sql_query(format!("UPDATE sales_order SET external_id = 'EXT-' || number WHERE id = '{}'", some[3]))
        .execute(&mut app.database.connect())
        .unwrap();
    sql_query("UPDATE order_line SET promised_on = '2026-12-01', first_promised_on = '2026-12-01' WHERE allocated > 0")
        .execute(&mut app.database.connect())
        .unwrap();
    #[derive(QueryableByName)]
    struct Known {
        #[diesel(sql_type = Text)]
        number: String,
        #[diesel(sql_type = Text)]
        external_id: String,
        #[diesel(sql_type = Text)]
        purchase_order_number: String,
        #[diesel(sql_type = Text)]
        customer_id: String,
        #[diesel(sql_type = Text)]
        half: String,
        #[diesel(sql_type = Text)]
        until: String,
    }
    let known: Known = sql_query(format!(
        "SELECT number, external_id, purchase_order_number, customer_id::text AS customer_id, \
         to_char(ordered_at, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS half, \
         to_char(ordered_at + interval '60 days', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS until FROM sales_order WHERE id = '{}'",
        some[3]
    ))
    .get_result(&mut app.database.connect())
    .unwrap();
    let Known { number, external_id, purchase_order_number, customer_id, half, until } = &known;
    let without_last = |text: &str, n: usize| text[..text.len() - n].to_owned();
    let cases: Vec<(String, String)> = vec![
        (String::new(), "true".into()),
        (format!("number={number}"), format!("number = '{number}'")),
        (format!("number={number},SO-000001"), format!("number IN ('{number}', 'SO-000001')")),
        (format!("external_id={external_id}"), format!("external_id = '{external_id}'")),
        (format!("purchase_order_number={purchase_order_number}"), format!("purchase_order_number = '{purchase_order_number}'")),
        ("status=confirmed".into(), "status = 'confirmed'".into()),
        ("status=cancelled".into(), "status = 'cancelled'".into()),
        ("status=draft".into(), "false".into()),
        ("status=confirmed,on_hold".into(), "status IN ('confirmed', 'on_hold')".into()),
        ("fulfillment_status=unfulfilled".into(), "fulfillment_status = 'unfulfilled'".into()),
        ("invoice_status=not_invoiced".into(), "invoice_status = 'not_invoiced'".into()),
        ("payment_status=unpaid".into(), "payment_status = 'unpaid'".into()),
        ("payment_status=refunded".into(), "false".into()),
        ("hold_code=manual".into(), held.into()),
        ("hold_code=manual,credit_limit".into(), held.into()),
        ("channel=direct".into(), "channel = 'direct'".into()),
        ("channel=shop-id".into(), "channel = 'shop-id'".into()),
        (format!("customer_id={customer_id}"), format!("customer_id = '{customer_id}'")),
        ("sku=SKU-03".into(), line("l.sku = 'SKU-03'")),
        ("sku=SKU-03,SKU-05".into(), line("l.sku IN ('SKU-03', 'SKU-05')")),
        ("location=surabaya-1".into(), at("surabaya-1")),
        ("location=surabaya-1,nowhere".into(), at("surabaya-1")),
        ("sales_rep=Dewi%20Lestari".into(), "sales_rep = 'Dewi Lestari'".into()),
        (format!("ordered_from={half}&ordered_to={until}"), format!("ordered_at >= '{half}' AND ordered_at < '{until}'")),
        (format!("ordered_from={half}"), format!("ordered_at >= '{half}'")),
        (format!("ordered_to={half}"), format!("ordered_at < '{half}'")),
        (format!("updated_from={half}"), format!("updated_at >= '{half}'")),
        ("promised_before=2026-12-02".into(), line("l.promised_on < '2026-12-02' AND l.unallocated + l.backordered + l.allocated > 0")),
        ("promised_before=2026-12-01".into(), "false".into()),
        (format!("q={number}"), format!("number = '{number}'")),
        (format!("q={purchase_order_number}"), format!("starts_with(purchase_order_number, '{purchase_order_number}')")),
        (format!("q={}", without_last(number, 1)), format!("starts_with(number, '{}')", without_last(number, 1))),
        (format!("q={}", without_last(number, 2)), format!("starts_with(number, '{}')", without_last(number, 2))),
        (
            format!("q={}", without_last(purchase_order_number, 2)),
            format!("starts_with(purchase_order_number, '{}')", without_last(purchase_order_number, 2)),
        ),
        (
            format!("q={}&status=confirmed", without_last(number, 2)),
            format!("starts_with(number, '{}') AND status = 'confirmed'", without_last(number, 2)),
        ),
        ("q=SO-".into(), "starts_with(number, 'SO-')".into()),
        ("q=so-".into(), "false".into()),
        ("q=toko".into(), "true".into()),
        (
            "status=completed&sku=SKU-03&channel=direct".into(),
            format!("status = 'completed' AND channel = 'direct' AND {}", line("l.sku = 'SKU-03'")),
        ),
        (
            "hold_code=manual&sku=SKU-03&location=jakarta-1".into(),
            format!("{held} AND {} AND {}", line("l.sku = 'SKU-03'"), at("jakarta-1")),
        ),
    ];
    let mut met = 0;
    for (query, condition) in cases {
        for (sort, order_by) in [
            ("", "id DESC"),
            ("&sort=created_at", "id"),
            ("&sort=updated_at", "updated_at, id"),
            ("&sort=-updated_at", "updated_at DESC, id DESC"),
        ] {
            let expected = ids(&app, &condition, order_by);
            met += expected.len();
            // A few pages, which end in the middle of equal times, too.
            let limit = (expected.len() / 3).clamp(3, 97);
            assert_eq!(walked(&shop, &format!("/v1/orders?{query}{sort}"), limit).await, expected, "{query}{sort}");
        }
    }
    for far in [
        "ordered_from=%2B12000-01-01T00:00:00Z",
        "updated_from=-0044-03-15T12:00:00Z",
        "ordered_to=%2B200000-01-01T00:00:00Z&ordered_from=-9000-01-01T00:00:00Z",
    ] {
        let status = shop.get(&format!("/v1/orders?{far}")).await.status;
        assert!(matches!(status, 200 | 400), "{far}: {status}");
    }
    assert!(met > 4_000, "the history meets too few of the filters: {met}");
}

#[actix_web::test]
async fn an_order_is_read_by_one_statement_and_not_at_all_where_the_caller_has_its_version() {
    set_default_instrumentation(|| Some(Box::new(Recorder))).unwrap();
    let app = TestApp::spawn().await;
    let shop = shop_with_history(&app, 20).await;
    let placed = shop.post("/v1/orders", &order(&[(0, 1), (1, 2)], "refuse")).await.expect(201);
    let path = format!("/v1/orders/{}", id_of(&placed));
    statements_since_last();
    assert_eq!(shop.get(&path).await.expect(200), placed, "what is read is what was answered at capture");
    let statements = statements_since_last();
    assert_eq!(statements.len(), 1, "{statements:#?}");

    let organization_id = organization::find_by_code(&mut app.database.connect(), "shop").unwrap().unwrap();
    let caller = app.caller(organization_id, pesanan::auth::permission::Role::Admin).await;
    let conditional = async |tag: &str| caller.request(reqwest::Method::GET, &path).header(IF_NONE_MATCH, tag).send().await.unwrap();
    for tag in ["\"1\"", "W/\"1-gzip\"", "\"7\", \"1\"", "*"] {
        statements_since_last();
        let answer = conditional(tag).await;
        let statements = statements_since_last();
        assert_eq!(answer.status(), 304, "{tag}");
        assert_eq!(answer.headers()[ETAG], "\"1\"");
        assert_eq!(answer.bytes().await.unwrap().len(), 0);
        assert_eq!(statements.len(), 1, "{statements:#?}");
        assert!(statements[0].contains("SELECT version FROM sales_order"), "{statements:#?}");
    }
    assert_eq!(conditional("\"2\"").await.status(), 200);
    let gone = caller.request(reqwest::Method::GET, "/v1/orders/01938f5e-7c1a-7000-8000-2f1b3c4d5e6f").header(IF_NONE_MATCH, "*");
    assert_eq!(gone.send().await.unwrap().status(), 404);
}

#[actix_web::test]
async fn stock_and_availability_are_read_with_few_statements() {
    set_default_instrumentation(|| Some(Box::new(Recorder))).unwrap();
    let app = TestApp::spawn().await;
    let shop = shop_with_history(&app, 20).await;
    let customer = shop.get("/v1/customers?limit=1").await.expect(200)["data"][0]["id"].as_str().unwrap().to_owned();
    for (path, most) in [
        ("/v1/inventory?sku=SKU-01", 1),
        ("/v1/inventory/availability?sku=SKU-01&quantity=2", 3),
        (&format!("/v1/customers/{customer}/history"), 2),
    ] {
        statements_since_last();
        shop.get(path).await.expect(200);
        let statements = statements_since_last();
        assert!(statements.len() <= most, "{path}: {statements:#?}");
    }
    statements_since_last();
    let basket =
        json!({"lines": [{"sku": "SKU-01", "quantity": "2"}, {"sku": "SKU-02", "quantity": "1"}, {"sku": "SKU-03", "quantity": "9"}]});
    shop.post("/v1/checkout/availability", &basket).await.expect(200);
    let statements = statements_since_last();
    assert!(statements.len() <= 3, "{statements:#?}");
}
