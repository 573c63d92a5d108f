//! The hot reads write orders without the types that all else goes through: byte by byte the same.

use crate::support::app::{Caller, TestApp};
use crate::support::demo;
use crate::support::load::{open_shop, order};
use diesel::sql_types::{Text, Uuid};
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use pesanan::auth::permission::Role;
use pesanan::bench::history;
use pesanan::orders;
use pesanan::orders::body::OrderBody;
use pesanan::organization;
use pesanan::types::id::{OrderId, OrganizationId};
use pesanan::types::page::Page;
use reqwest::Method;
use serde_json::{Value, json};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Uuid)]
    id: OrderId,
    #[diesel(sql_type = Text)]
    state: String,
}

fn all(app: &TestApp, id: OrganizationId) -> Vec<Row> {
    let query = "SELECT o.id, concat_ws(' ', o.status, o.fulfillment_status, o.invoice_status, o.payment_status, o.return_status, o.currency) AS state \
        FROM sales_order o WHERE o.organization_id = $1 ORDER BY o.id DESC";
    sql_query(query).bind::<Uuid, _>(id).load(&mut app.database.connect()).unwrap()
}

fn change(app: &TestApp, statement: &str, id: OrderId) {
    assert_eq!(sql_query(statement).bind::<Uuid, _>(id).execute(&mut app.database.connect()).unwrap(), 1, "{statement}");
}

async fn bytes(caller: &Caller<'_>, path: &str) -> String {
    let answer = caller.request(Method::GET, path).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.text().await.unwrap()
}

/// Reads every order by itself and in pages.
async fn compare(app: &TestApp, id: OrganizationId, caller: &Caller<'_>) {
    let body = |order: OrderId| OrderBody::from(orders::find(&mut app.database.connect(), id, order).unwrap().unwrap());
    let rows = all(app, id);
    for row in &rows {
        let expected = serde_json::to_string(&body(row.id)).unwrap();
        assert_eq!(bytes(caller, &format!("/v1/orders/{}", row.id)).await, expected, "{}", row.state);
    }
    let (mut left, mut cursor) = (rows.as_slice(), String::new());
    while !left.is_empty() {
        let (page, rest) = left.split_at(left.len().min(17));
        let answer = bytes(caller, &format!("/v1/orders?limit=17{cursor}")).await;
        let next_cursor = serde_json::from_str::<Value>(&answer).unwrap()["next_cursor"].as_str().map(str::to_owned);
        assert_eq!(next_cursor.is_none(), rest.is_empty());
        cursor = format!("&cursor={}", next_cursor.as_deref().unwrap_or_default());
        let expected = Page { data: page.iter().map(|row| body(row.id)).collect(), next_cursor };
        assert_eq!(answer, serde_json::to_string(&expected).unwrap());
        left = rest;
    }
    assert_eq!(bytes(caller, "/v1/orders?number=NOSUCH").await, r#"{"data":[],"next_cursor":null}"#);
}

#[actix_web::test]
async fn orders_of_every_state_are_read_as_their_body_says() {
    let app = TestApp::spawn().await;
    let id = demo::load(&app).await;
    let admin = app.caller(id, Role::Admin).await;
    let odd = json!({
        "customer_code": "C-TOKO-SUMBER", "external_id": "x/1", "on_shortage": "backorder",
        "lines": [
            {"sku": "KOPI-250", "quantity": "2", "unit": "XBX", "discounts": [{"percent": "12.5", "code": "A\"B", "reason": "Zeile é\\"}],
                "external_line_id": "l-1", "customer_sku": "ihre \"Nr\"", "external_ids": {"zeta": "1", "a": "\"2\""},
                "metadata": {"bb": 1.0, "a": [1e3, -0.0, null, {"z": "\u{2028}", "aa": 12345678901234567890_u64}]}},
            {"sku": "TEH-100", "quantity": "3.000", "requested_on": "2027-01-31", "discounts": [{"amount": "1.50"}]},
            {"sku": "GIFT-WRAP", "quantity": "1"},
        ],
        "discounts": [{"percent": "3", "reason": "Treue"}, {"amount": "7"}], "shipping": {"method": "express", "amount": "25000"},
        "shipping_address": {"line1": "Jl. \"Braga\" \\ 12", "city": "Bandung", "country": "ID", "name": "Ümit 🙂"},
        "contact": {"phone": "+62 22 420 1234", "name": "Siti"}, "note": "a\\b\"c\"🙂", "buyer_reference": "r", "delivery_instructions": "ring",
        "external_ids": {"zeta": "1", "a": "2", "a-long-one": "\"3\""}, "metadata": {"long": {"b": 0.1, "aa": 2.50}, "x": "ü"},
        "purchase_order_number": "PO \"7\"", "requested_on": "2027-02-01"
    });
    let odd = admin.post("/v1/orders", odd).await.expect(201).body;
    admin.post(&format!("/v1/orders/{}/hold", odd["id"].as_str().unwrap()), json!({"reason": "wait \"a bit\""})).await.expect(200);
    // What the road of today does not make, but an import or an earlier day may have.
    let rows = all(&app, id);
    let completed: Vec<&Row> = rows.iter().filter(|row| row.state.starts_with("completed")).collect();
    for (row, statement) in completed.iter().zip([
        "UPDATE sales_order SET document = replace(document, ',\"tax_name\":null', '') WHERE id = $1 AND document LIKE '%\"tax_name\":null%'",
        "UPDATE sales_order SET detail = detail || '{\"historical\": true}', milestones = milestones - 'captured_at' WHERE id = $1",
        "UPDATE sales_order SET milestones = milestones || '{\"captured_at\": \"2026-03-02T09:00:00+07:00\", \"paid_at\": \"2026-03-02T09:00:00.120000Z\", \
            \"picked_at\": \"2026-03-02T09:00:00.000Z\", \"shipped_at\": \"2026-03-02T09:00:00.123456Z\", \"packed_at\": \"2026-03-02T09:00:00.1Z\"}' WHERE id = $1",
        "UPDATE sales_order SET currency = 'JPY', subtotal = 2.5, total = 3.4999, amount_paid = 99999999999999.9999, tax_total = 1.5 WHERE id = $1",
        "UPDATE sales_order SET currency = 'KWD', subtotal = 2.5, total = 3.4999, amount_paid = amount_paid + 0.001 WHERE id = $1",
        "UPDATE sales_order SET external_id = '', detail = '{}' WHERE id = $1",
        r#"UPDATE sales_order SET detail = detail || '{"note": "\u0001\u001f\b\f\n\r\t\u007f\u2028\"\\/"}', sales_rep = E'a\x01\n"\\' WHERE id = $1"#,
        "UPDATE order_line SET detail = jsonb_set(detail, '{gross_amount}', '\"0012.3\"') - 'metadata' - 'discounts' WHERE order_id = $1 AND line_number = 1",
        "UPDATE order_line SET detail = jsonb_set(detail, '{gross_amount}', '\"12\"'), unit_factor = 0.125, unit_price = 0.5, original_quantity = 7 \
            WHERE order_id = $1 AND line_number = 1",
        "UPDATE order_line SET detail = jsonb_set(detail, '{gross_amount}', '\"1.005\"'), price_quantity = 100, tax_rate = 0.123456, unit_price = 12345678.123456 \
            WHERE order_id = $1 AND line_number = 1",
    ]) {
        change(&app, statement, row.id);
    }
    compare(&app, id, &admin).await;
    for part in [
        "draft",
        "on_hold",
        "confirmed",
        "completed",
        "cancelled",
        "partially_fulfilled",
        "partially_invoiced",
        "partially_paid",
        "USD",
        "JPY",
        "KWD",
    ] {
        assert!(all(&app, id).iter().any(|row| row.state.split(' ').any(|state| state == part)), "none is {part}");
    }
}

#[actix_web::test]
async fn the_history_of_the_load_programme_is_read_as_its_body_says() {
    let app = TestApp::spawn().await;
    let shop = open_shop(&app, "shop", 9, |_| [500, 300]).await;
    shop.post("/v1/channels", &json!({"code": "shop-id", "kind": "shopify", "name": "Shop"})).await;
    shop.post("/v1/orders", &order(&[(0, 1), (1, 2), (2, 3)], "refuse")).await.expect(201);
    let id = organization::find_by_code(&mut app.database.connect(), "shop").unwrap().unwrap();
    history::load(&mut app.database.connect(), id, 120).unwrap();
    compare(&app, id, &app.caller(id, Role::Admin).await).await;
}
