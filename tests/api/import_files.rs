//! Files of master data, stock and orders: through the same services as the ordinary calls, tried beforehand, told row by row, gone
//! on with after a crash.

use crate::imports::work;
use crate::shop::{clean, customer, level, receive, shop};
use crate::support::app::{Caller, Reply, TestApp, send};
use crate::support::load::number;
use diesel::connection::SimpleConnection;
use pesanan::auth::permission::Role;
use pesanan::imports::job;
use reqwest::Method;
use serde_json::{Value, json};

async fn upload(caller: &Caller<'_>, query: &str, kind: &str, body: impl Into<Vec<u8>>) -> Reply {
    let request = caller.request(Method::POST, "/v1/imports").query(&pairs(query)).header("content-type", kind.to_owned());
    send(request.body(body.into())).await
}

fn pairs(query: &str) -> Vec<(String, String)> {
    query.split('&').map(|pair| pair.split_once('=').unwrap()).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Sends, works, and answers the finished import with its rows.
async fn import(app: &TestApp, caller: &Caller<'_>, query: &str, kind: &str, body: impl Into<Vec<u8>>) -> (Value, Vec<Value>) {
    let path = upload(caller, query, kind, body).await.expect(202).header("location").to_owned();
    work(app).await;
    let rows = caller.get(&format!("{path}/rows?limit=200")).await.expect(200).body["data"].as_array().unwrap().clone();
    (caller.get(&path).await.expect(200).body, rows)
}

/// Number, status, action and key or code of each row.
fn told(rows: &[Value]) -> Vec<(i64, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    rows.iter()
        .map(|row| {
            let what = if row["problem"].is_null() { text(&row["action"]) } else { text(&row["problem"]["code"]) };
            (row["row_number"].as_i64().unwrap(), text(&row["status"]), what)
        })
        .collect()
}

fn row(number: i64, status: &str, what: &str) -> (i64, String, String) {
    (number, status.to_owned(), what.to_owned())
}

#[actix_web::test]
async fn a_dry_run_tells_what_the_import_then_does() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    receive(&admin, "jakarta", "KOPI", "1").await;
    let mapping = json!({"Artikel": "sku", "Name": "name", "Einheit": "unit", "Steuer": "tax_category", "Lager": null}).to_string();
    let file = "\u{feff}Artikel;Name;Einheit;Steuer;units;external_ids.erp;Lager\r\n\
        A-1;'=Bold;each;standard;\"[{\"\"unit\"\":\"\"XBX\"\",\"\"factor\"\":\"\"6\"\"}]\";4711;7\r\n\
        WRAP;Gift wrap;C62;standard;;;\r\n\
        \r\n\
        KOPI;Kopi;KGM;standard;;;\r\n\
        A-2;;furlong;standard;;;\r\n\
        A-1;Bolder;each;standard;;;\r\n\
        A-3;Bad;furlong;stan dard;;;\r\n";
    let query = |dry: bool| format!("kind=products&dry_run={dry}&mapping={mapping}");
    let expected = [
        row(2, "imported", "created"),
        row(3, "unchanged", ""),
        row(5, "rejected", "product_in_use"),
        row(6, "rejected", "required"),
        row(7, "imported", "updated"),
        row(8, "rejected", "validation_failed"),
    ];
    let events = || number(&app.database, "SELECT count(*) AS value FROM event WHERE type LIKE 'product.%'");
    let before = events();
    // WRAP is a service, and stays one, since the file has no column for it.
    admin
        .post(
            "/v1/orders",
            json!({"customer": {"name": "Siti", "email": "siti@example.com"}, "currency": "IDR",
        "shipping_address": {"line1": "Jl. Braga 12", "city": "Bandung", "country": "ID"}, "lines": [{"sku": "WRAP", "quantity": "1"}]}),
        )
        .await
        .expect(201);
    let (tried, rows) = import(&app, &admin, &query(true), "text/csv", file).await;
    assert_eq!(told(&rows), expected, "{rows:#?}");
    assert_eq!((&tried["dry_run"], &tried["format"], &tried["done_count"]), (&json!(true), &json!("csv"), &json!(6)));
    assert_eq!((events(), admin.get("/v1/products/A-1").await.status), (before, 404), "a dry run writes nothing");
    assert_eq!((&rows[0]["id"], &rows[0]["key"]), (&Value::Null, &json!("A-1")), "what would be made is not there");

    let (done, rows) = import(&app, &admin, &query(false), "text/csv", file).await;
    assert_eq!(told(&rows), expected, "{rows:#?}");
    let counts = ["imported_count", "unchanged_count", "rejected_count"].map(|name| done[name].as_i64().unwrap());
    assert_eq!(counts, [2, 1, 3]);
    assert_eq!(rows[3]["problem"]["errors"][0]["column"], "Name");
    let faults = rows[5]["problem"]["errors"].as_array().unwrap();
    let fault = |i: usize| ["pointer", "code", "column"].map(|name| faults[i][name].as_str().unwrap_or_default());
    assert_eq!((fault(0), fault(1)), (["/tax_category", "invalid_code", "Steuer"], ["/unit", "unknown_unit", "Einheit"]));
    let product = admin.get("/v1/products/A-1").await.expect(200).body;
    assert_eq!((&product["name"], &product["id"], &product["version"]), (&json!("Bolder"), &rows[0]["id"], &json!(2)));
    clean(&app).await;
}

#[actix_web::test]
async fn prices_customers_and_stock_come_in_by_file() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-LIMIT", json!({"credit_limit": "1000"})).await;
    let prices = [
        json!({"sku": "KOPI", "currency": "IDR", "unit_price": "60000", "source_version": 5}),
        json!({"sku": "KOPI", "currency": "IDR", "unit_price": "59000", "source_version": 4}),
        json!({"sku": "NOTHING", "currency": "IDR", "unit_price": "1"}),
        json!({"sku": "TEH", "currency": "IDR", "unit_price": "20000"}),
        json!({"sku": "TEH", "currency": "IDR", "unit_price": 1}),
        json!({"sku": "TEH", "currency": "IDR", "unit_price": "1", "colour": "red"}),
    ];
    let body = prices.map(|price| price.to_string()).join("\n");
    let (_, rows) = import(&app, &admin, "kind=prices", "application/octet-stream", body).await;
    let expected = [
        row(1, "imported", "updated"),
        row(2, "unchanged", ""),
        row(3, "rejected", "unknown_sku"),
        row(4, "unchanged", ""),
        row(5, "rejected", "decimal_string_required"),
        row(6, "rejected", "unknown_field"),
    ];
    assert_eq!(told(&rows), expected, "{rows:#?}");
    assert_eq!(rows[2]["problem"]["errors"][0]["pointer"], "/sku");
    assert_eq!(admin.get("/v1/prices?sku=KOPI").await.body["data"][0]["unit_price"], "60000.00");

    let customers = "code,name,kind,payment_terms,credit_limit,billing_address.line1,billing_address.country\n\
        C-1,Toko Satu,company,net_30,,Jl. A,ID\n\
        C-2,Toko Dua,company,net_99,,,\n\
        C-LIMIT,Toko Batas,company,net_30,2000,,\n\
        ,Nobody,person,,,,\n\
        C-1,Toko Satu,company,net_30,,Jl. A,ID\n\
        C-3,Toko Tiga,firm,,,Jl. C,ID\n";
    let (_, rows) = import(&app, &admin, "kind=customers", "text/csv", customers).await;
    let expected = [
        row(2, "imported", "created"),
        row(3, "rejected", "unknown_payment_terms"),
        row(4, "imported", "updated"),
        row(5, "rejected", "required"),
        row(6, "unchanged", ""),
        row(7, "rejected", "unknown_value"),
    ];
    assert_eq!(told(&rows), expected, "{rows:#?}");
    let limited = admin.get("/v1/customers?code=C-LIMIT").await.expect(200).body["data"][0].clone();
    assert_eq!((&limited["credit_limit"], &limited["balance"]["currency"]), (&json!("2000.00"), &json!("IDR")));
    let first = admin.get("/v1/customers?code=C-1").await.expect(200).body["data"][0].clone();
    assert_eq!((&first["id"], &first["version"], &first["guest"]), (&rows[0]["id"], &json!(1), &json!(false)));

    let stock = "location,sku,quantity,as_of,source_version\n\
        jakarta,KOPI,12,,\n\
        jakarta,TEH,7,2026-03-02T01:00:00Z,9\n\
        jakarta,TEH,6,2026-03-02T01:00:00Z,8\n\
        surabaya,KOPI,-1,,\n\
        nowhere,KOPI,1,,\n\
        jakarta,WRAP,1,,\n\
        jakarta,KOPI,12,,\n\
        surabaya,TEH,3,,4\n";
    let (_, rows) = import(&app, &admin, "kind=stock", "text/csv", stock).await;
    let expected = [
        row(2, "imported", "updated"),
        row(3, "imported", "updated"),
        row(4, "unchanged", ""),
        row(5, "rejected", "out_of_range"),
        row(6, "rejected", "unknown_location"),
        row(7, "rejected", "not_stocked"),
        row(8, "unchanged", ""),
        row(9, "rejected", "required"),
    ];
    assert_eq!(told(&rows), expected, "{rows:#?}");
    assert_eq!((level(&admin, "KOPI", "jakarta").await.0, level(&admin, "TEH", "jakarta").await.0), ("12".to_owned(), "7".to_owned()));
    clean(&app).await;
}

#[actix_web::test]
async fn what_a_file_has_no_column_for_stays_and_an_empty_cell_clears() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    let there = json!({"code": "C-9", "name": "Toko Sembilan", "kind": "company", "payment_terms": "net_30", "credit_limit": "5000.00",
        "currency": "IDR", "email": "sembilan@toko.example", "shipping_address": {"line1": "Jl. A", "city": "Bandung", "country": "ID"}});
    let before = admin.post("/v1/customers", there).await.expect(201).body;
    let customer = async || admin.get("/v1/customers?code=C-9").await.expect(200).body["data"][0].clone();
    let (_, rows) = import(&app, &admin, "kind=customers", "text/csv", "code,name,kind\nC-9,Toko Sembilan,company\n").await;
    assert_eq!(told(&rows), [row(2, "unchanged", "")], "{rows:#?}");
    assert_eq!(customer().await, before);
    let file = "code,shipping_address.city,email\nC-9,Bogor,\nC-9,Depok,\n";
    let (_, rows) = import(&app, &admin, "kind=customers", "text/csv", file).await;
    assert_eq!(told(&rows), [row(2, "imported", "updated"), row(3, "imported", "updated")], "{rows:#?}");
    let after = customer().await;
    assert_eq!((&after["email"], &after["credit_limit"], &after["payment_terms"]), (&Value::Null, &json!("5000.00"), &json!("net_30")));
    assert_eq!((&after["shipping_address"]["line1"], &after["shipping_address"]["city"]), (&json!("Jl. A"), &json!("Depok")));

    // One customer by its code and by its id: the later row lies over what the earlier one has made.
    let file = format!("code,id,name,phone\nC-9,,Toko Sembilan Baru,\n,{},Toko Sembilan Lama,021\n", after["id"].as_str().unwrap());
    let (_, rows) = import(&app, &admin, "kind=customers", "text/csv", file).await;
    assert_eq!(rows.iter().filter(|row| row["status"] == "imported").count(), 2, "{rows:#?}");
    let twice = customer().await;
    assert_eq!((&twice["name"], &twice["phone"], &twice["credit_limit"]), (&json!("Toko Sembilan Lama"), &json!("021"), &json!("5000.00")));

    let product = json!({"name": "Kopi", "unit": "C62", "tax_category": "standard", "gtin": "4006381333931", "weight_grams": "270",
        "external_ids": {"erp": "4711", "pim": "1"}});
    admin.put("/v1/products/K-9", product).await.expect(201);
    let file = "sku,name,external_ids.erp,weight_grams\nK-9,Kopi baru,4712,\nK-NEW,,,\n";
    let (_, rows) = import(&app, &admin, "kind=products", "text/csv", file).await;
    assert_eq!(told(&rows), [row(2, "imported", "updated"), row(3, "rejected", "required")], "{rows:#?}");
    let product = admin.get("/v1/products/K-9").await.expect(200).body;
    assert_eq!(
        (&product["name"], &product["gtin"], &product["weight_grams"]),
        (&json!("Kopi baru"), &json!("4006381333931"), &Value::Null)
    );
    assert_eq!(product["external_ids"], json!({"erp": "4712", "pim": "1"}));
    clean(&app).await;
}

#[actix_web::test]
async fn an_order_whose_lines_are_apart_is_not_placed_in_part() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    receive(&admin, "jakarta", "KOPI", "10").await;
    let file = "external_id,customer_code,lines.sku,lines.quantity\nweb-6,C-1,KOPI,2\nweb-7,C-1,KOPI,1\nweb-6,C-1,KOPI,4\n";
    for dry in ["true", "false"] {
        let (_, rows) = import(&app, &admin, &format!("kind=orders&dry_run={dry}"), "text/csv", file).await;
        let expected = [row(2, "rejected", "lines_apart"), row(3, "imported", "created"), row(4, "rejected", "lines_apart")];
        assert_eq!(told(&rows), expected, "{rows:#?}");
    }
    assert_eq!(admin.get("/v1/orders").await.expect(200).body["data"].as_array().unwrap().len(), 1);
    clean(&app).await;
}

#[actix_web::test]
async fn orders_come_in_by_file_with_a_row_for_each_line() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    receive(&admin, "jakarta", "KOPI", "10").await;
    let file = "external_id\tcustomer_code\tpurchase_order_number\tlines.sku\tlines.quantity\n\
        w-1\tC-1\tPO-1\tKOPI\t2\n\
        w-1\tC-1\tPO-1\tWRAP\t1\n\
        w-2\tC-1\t\tKOPI\t99\n\
        w-3\tC-1\t\tNOTHING\t1\n\
        w-4\tC-1\t\tWRAP\t1\n";
    let expected = |how: &str| {
        [row(2, "imported", how), row(4, "rejected", "insufficient_stock"), row(5, "rejected", "unknown_sku"), row(6, "imported", how)]
    };
    let (_, rows) = import(&app, &admin, "kind=orders&dry_run=true", "text/csv", file).await;
    assert_eq!(told(&rows), expected("created"), "{rows:#?}");
    assert_eq!(number(&app.database, "SELECT count(*) AS value FROM sales_order"), 0);
    let (done, rows) = import(&app, &admin, "kind=orders&delimiter=tab", "text/csv", file).await;
    assert_eq!(told(&rows), expected("created"), "{rows:#?}");
    assert_eq!(rows[2]["problem"]["errors"][0]["column"], "lines.sku");
    let order = admin.get(&format!("/v1/orders/{}", rows[0]["id"].as_str().unwrap())).await.expect(200).body;
    assert_eq!((order["lines"].as_array().unwrap().len(), &order["purchase_order_number"]), (2, &json!("PO-1")));
    assert_eq!((&rows[0]["key"], &rows[0]["order_number"]), (&order["number"], &order["number"]));
    let (_, rows) = import(&app, &admin, "kind=orders&dry_run=true", "text/csv", file).await;
    assert_eq!((rows[0]["status"].as_str(), &rows[0]["id"]), (Some("unchanged"), &order["id"]));

    let path = format!("/v1/imports/{}/result", done["id"].as_str().unwrap());
    let csv = admin.request(Method::GET, &format!("{path}?format=csv")).send().await.unwrap();
    let disposition = csv.headers()["content-disposition"].to_str().unwrap().to_owned();
    assert!(disposition.starts_with("attachment; filename=\"import-") && disposition.ends_with(".csv\""), "{disposition}");
    let csv = csv.text().await.unwrap();
    let lines: Vec<&str> = csv.split("\r\n").collect();
    assert_eq!(lines[0], "row_number,status,action,id,key,code,detail,errors");
    assert!(lines[1].starts_with("2,imported,created,") && lines[2].starts_with("4,rejected,,,,insufficient_stock,"), "{csv}");
    let ndjson = admin.request(Method::GET, &path).send().await.unwrap().text().await.unwrap();
    let third: Value = serde_json::from_str(ndjson.lines().nth(2).unwrap()).unwrap();
    assert_eq!((&third["row_number"], &third["errors"][0]["column"]), (&json!(5), &json!("lines.sku")));
    clean(&app).await;
}

#[actix_web::test]
async fn each_kind_wants_its_own_scope_and_shows_itself_to_those_who_read_it() {
    let app = TestApp::spawn().await;
    let (organization_id, admin) = shop(&app).await;
    let client = app.api_client(organization_id, Role::Integration).await;
    let of_scope = async |scope: &str| {
        let form = json!({"grant_type": "client_credentials", "client_id": client.client_id, "client_secret": client.client_secret, "scope": scope});
        app.token(&form).await.expect(200).body["access_token"].as_str().unwrap().to_owned()
    };
    let token = of_scope("catalog:read catalog:write").await;
    let as_clerk = |method: Method, path: &str| app.request(method, path).bearer_auth(&token);
    let put = |kind: &str| {
        as_clerk(Method::POST, &format!("/v1/imports?kind={kind}")).header("content-type", "application/x-ndjson").body("{}\n")
    };
    let import = send(put("products")).await.expect(202);
    let path = import.header("location").to_owned();
    for kind in ["orders", "customers", "stock", "prices&mode=historical"] {
        assert_eq!(send(put(kind)).await.code(403), "insufficient_scope", "{kind}");
    }
    let of_orders = upload(&admin, "kind=orders", "application/x-ndjson", "{}\n").await.expect(202).header("location").to_owned();
    for rest in ["", "/rows", "/result"] {
        assert_eq!(send(as_clerk(Method::GET, &format!("{of_orders}{rest}"))).await.code(403), "insufficient_scope");
        let own = send(as_clerk(Method::GET, &format!("{path}{rest}"))).await;
        assert_eq!(own.status, 200, "{rest}");
    }
    let list = send(as_clerk(Method::GET, "/v1/imports")).await.expect(200).body;
    assert_eq!(list["data"].as_array().unwrap().len(), 1, "{list:#}");
    assert_eq!(upload(&admin, "kind=products", "text/csv", "sku,colour\n").await.code(422), "unknown_column");
    assert_eq!(upload(&admin, "kind=products&mapping=[1]", "text/csv", "sku\n").await.code(400), "invalid_parameter");
    assert_eq!(upload(&admin, "kind=products&delimiter=|", "text/csv", "sku\n").await.code(400), "invalid_parameter");
    assert_eq!(upload(&admin, "kind=products", "text/csv", "sku\n").await.code(422), "required");
}

#[actix_web::test]
async fn rows_and_their_outcomes_are_one_transaction() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    let product = |i: usize| json!({"sku": format!("P-{i:05}"), "name": "P", "unit": "C62", "tax_category": "standard"}).to_string();
    let body = (0..2_500).map(product).collect::<Vec<_>>().join("\n");
    let path = upload(&admin, "kind=products", "application/x-ndjson", body).await.expect(202).header("location").to_owned();
    // A worker that ends in the middle of its second batch.
    let poison = "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'poison'; END $$; \
        CREATE TRIGGER poison BEFORE UPDATE ON import_row FOR EACH ROW WHEN (new.row_number > 1500) EXECUTE FUNCTION poison()";
    app.database.connect().batch_execute(poison).unwrap();
    let (own, clock) = (app.app.clone(), app.clock.clone());
    let failed = actix_web::web::block(move || job::work(&own.db, &own.desk, || clock.now(), || false)).await.unwrap();
    assert!(failed.is_err());
    let products = || number(&app.database, "SELECT count(*) AS value FROM product WHERE sku LIKE 'P-%'");
    assert_eq!(products(), 1_000, "the first batch is done, of the second nothing is there");
    assert_eq!(admin.get(&path).await.expect(200).body["done_count"], 1_000);

    app.database.connect().batch_execute("DROP TRIGGER poison ON import_row").unwrap();
    assert_eq!(work(&app).await, 0, "its lease has not run out");
    app.database.connect().batch_execute("UPDATE import SET leased_until = now() - interval '1 second'").unwrap();
    assert_eq!(work(&app).await, 1_500);
    let done = admin.get(&path).await.expect(200).body;
    assert_eq!((&done["status"], &done["imported_count"], products()), (&json!("completed"), &json!(2_500), 2_500));
    assert_eq!(number(&app.database, "SELECT count(*) AS value FROM event WHERE type = 'product.created'"), 2_503);
    assert_eq!(number(&app.database, "SELECT count(*) AS value FROM event WHERE type = 'import.completed'"), 1);
    clean(&app).await;
}

#[actix_web::test]
async fn orders_of_the_past_keep_their_numbers_dates_and_ends() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    let profile = json!({"legal_name": "PT Nusantara Niaga", "country": "ID", "time_zone": "Asia/Jakarta", "base_currency": "IDR"});
    admin.put("/v1/organization", profile).await.expect(200);
    customer(&admin, "C-1", json!({"blocked": true})).await;
    receive(&admin, "jakarta", "KOPI", "10").await;
    let past = |number: &str, more: Value| {
        let mut row = json!({"number": number, "external_id": number, "customer_code": "C-1", "ordered_at": "2019-04-01T03:00:00Z",
            "lines": [{"sku": "KOPI", "quantity": "2", "unit_price": "40000"}]});
        row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        row.to_string()
    };
    let rows = [
        past(
            "H-1",
            json!({"shipped_at": "2019-04-03T03:00:00Z", "delivered_at": "2019-04-05T03:00:00Z", "invoice": {"number": "R-7", "issued_on": "2019-04-03"}}),
        ),
        past("H-2", json!({"cancelled": true})),
        past("H-3", json!({"delivered_at": "2019-04-05T03:00:00Z"})),
        past("H-4", json!({})),
        past("H-1", json!({"external_id": "other"})),
    ];
    let (_, told_rows) = import(&app, &admin, "kind=orders&mode=historical", "application/x-ndjson", rows.join("\n")).await;
    let expected = [
        row(1, "imported", "created"),
        row(2, "imported", "created"),
        row(3, "rejected", "not_shipped"),
        row(4, "imported", "created"),
        row(5, "rejected", "order_number_taken"),
    ];
    assert_eq!(told(&told_rows), expected, "{told_rows:#?}");
    let order = async |number: &str| admin.get(&format!("/v1/orders?number={number}")).await.expect(200).body["data"][0].clone();
    let first = order("H-1").await;
    let ends = ["status", "fulfillment_status", "invoice_status"].map(|name| first[name].as_str().unwrap().to_owned());
    assert_eq!(ends, ["completed", "delivered", "invoiced"]);
    assert_eq!((&first["historical"], &first["holds"]), (&json!(true), &json!([])), "no holds, although the customer is blocked");
    assert_eq!(first["milestones"]["shipped_at"].as_str().unwrap()[..10], *"2019-04-03");
    let invoice = admin.get(&format!("/v1/invoices?order_id={}", first["id"].as_str().unwrap())).await.expect(200).body["data"][0].clone();
    assert_eq!(
        (&invoice["series"], &invoice["issued_on"], &invoice["external_ids"]["history"]),
        (&json!("HIST"), &json!("2019-04-03"), &json!("R-7"))
    );
    assert_eq!((&order("H-2").await["status"], &order("H-4").await["status"]), (&json!("cancelled"), &json!("confirmed")));
    let (_, told_rows) = import(&app, &admin, "kind=orders&mode=historical", "application/x-ndjson", rows[..2].join("\n")).await;
    assert_eq!(told(&told_rows), [row(1, "unchanged", ""), row(2, "unchanged", "")]);
    clean(&app).await;
}
