//! The Northwind sample as history. Its files are not part of this repository: `PESANAN_DATA` names the folder above them.

use crate::or_skip;
use crate::support::app::{Caller, TestApp};
use crate::support::samples::place;
use pesanan::auth::permission::Role;
use pesanan::check;
use pesanan::northwind::{self, Rejected, Report};
use pesanan::organization;
use serde_json::{Value, json};
use std::path::Path;

async fn import(app: &TestApp, folder: &Path) -> Report {
    let (db, folder, now) = (app.app.db.clone(), folder.to_owned(), app.clock.now());
    actix_web::web::block(move || northwind::import(&db, &folder, now)).await.unwrap().unwrap()
}

async fn admin(app: &TestApp) -> Caller<'_> {
    let id = app.app.db.read(|connection| organization::find_by_code(connection, northwind::CODE)).await.unwrap().unwrap();
    app.caller(id, Role::Admin).await
}

/// Everything that an import writes has one of these behind it.
fn traces(app: &TestApp) -> (i64, i64) {
    use diesel::prelude::*;
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        events: i64,
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        versions: i64,
    }
    let row: Row = diesel::sql_query(
        "SELECT (SELECT count(*) FROM event) AS events, ((SELECT sum(version) FROM sales_order) + (SELECT sum(version) FROM product) \
         + (SELECT sum(version) FROM price) + (SELECT sum(version) FROM customer) + (SELECT sum(version) FROM location) \
         + (SELECT sum(version) FROM stock_level) + (SELECT sum(version) FROM invoice))::bigint AS versions",
    )
    .get_result(&mut app.database.connect())
    .unwrap();
    (row.events, row.versions)
}

#[actix_web::test]
async fn northwind_is_carried_to_its_historical_state_and_reports_say_so() {
    let folder = or_skip!(place("northwind"));
    let app = TestApp::spawn().await;
    let report = import(&app, &folder).await;
    let expected = Report {
        products: 77,
        customers: 91,
        orders: 830,
        lines: 2155,
        orders_shipped: 809,
        orders_invoiced: 809,
        orders_placed: 830,
        rejected: vec![],
    };
    assert_eq!(report, expected, "{report}");
    assert_eq!(check::run(&mut app.database.connect()).unwrap(), []);

    let admin = admin(&app).await;
    let summary = admin.get("/v1/reports/summary").await.expect(200).body;
    for (name, count) in [("orders", 830), ("historical_orders", 830), ("orders_open", 21), ("orders_shipped", 809)] {
        assert_eq!(summary[name], count, "{name}");
    }
    assert_eq!((&summary["orders_shipped_late"], &summary["orders_held"]), (&json!(37), &json!(0)));
    let sales = admin.get("/v1/reports/sales").await.expect(200).body;
    let row = &sales["data"][0];
    assert_eq!((&row["currency"], &row["units"]), (&json!("USD"), &json!("51317")));
    assert_eq!((&row["net"], &row["shipping"], &row["tax"]), (&json!("1265792.76"), &json!("64942.69"), &json!("0.00")));
    assert_eq!(
        (&row["invoices"], &row["invoiced_net"], &row["invoiced_shipping"]),
        (&json!(809), &json!("1239855.35"), &json!("63955.02"))
    );

    let cycle = admin.get("/v1/reports/order_cycle_time?basis=shipped").await.expect(200).body;
    let whole = &cycle["data"][0];
    assert_eq!((&whole["stage"], &whole["count"]), (&json!("order_cycle_time"), &json!(809)));
    assert_eq!((&whole["mean_hours"], &whole["mean_days"]), (&json!("203.8072"), &json!("8.492")));
    assert_eq!(cycle["numerator"], json!("164880"), "6,870 days in hours");
    let fill = admin.get("/v1/reports/fill_rate").await.expect(200).body;
    let rate = |level: &str| -> (Value, Value) {
        let row = fill["data"].as_array().unwrap().iter().find(|row| row["level"] == level).unwrap();
        (row["numerator"].clone(), row["denominator"].clone())
    };
    assert_eq!(rate("order"), (json!("772"), json!("830")));
    assert_eq!(rate("line"), (json!("1990"), json!("2155")));
    assert_eq!(rate("unit"), (json!("47852"), json!("51317")));

    let order = admin.get("/v1/orders?number=10248").await.expect(200).body["data"][0].clone();
    assert_eq!((&order["external_id"], &order["sales_rep"]), (&json!("10248"), &json!("Steven Buchanan")));
    assert_eq!((&order["status"], &order["requested_on"]), (&json!("completed"), &json!("1996-08-01")));
    assert_eq!(order["milestones"]["ordered_at"], "1996-07-04T00:00:00Z");
    assert_eq!(order["milestones"]["shipped_at"], "1996-07-16T00:00:00Z");
    assert_eq!((&order["customer"]["code"], &order["shipping_address"]["country"]), (&json!("VINET"), &json!("FR")));
    let invoices = admin.get("/v1/invoices?limit=1").await.expect(200).body;
    let last = &invoices["data"][0];
    assert_eq!((&last["series"], &last["number"], &last["issued_on"]), (&json!("HIST"), &json!("HIST-000809"), &json!("1998-05-06")));
    let open = admin.get("/v1/orders?status=confirmed&limit=200").await.expect(200).body;
    let lines = open["data"].as_array().unwrap().iter().flat_map(|order| order["lines"].as_array().unwrap());
    let short: std::collections::BTreeSet<&str> =
        lines.filter(|line| line["backordered_quantity"] != "0").map(|line| line["sku"].as_str().unwrap()).collect();
    assert_eq!(short.len(), 17, "more is ordered than there is");

    let before = traces(&app);
    let again = import(&app, &folder).await;
    assert_eq!(again, Report { orders_placed: 0, ..expected });
    assert_eq!(traces(&app), before, "a second run changes nothing");
}

/// Three orders of which one names a customer and one a product that is not there, and a customer from nowhere.
fn broken_sample(folder: &Path) {
    let files = [
        ("categories.csv", "category_id,category_name\n1,Beverages\n"),
        ("suppliers.csv", "supplier_id,company_name\n1,Exotic Liquids\n"),
        ("employees.csv", "employee_id,first_name,last_name\n1,Nancy,Davolio\n"),
        ("shippers.csv", "shipper_id,company_name\n1,Speedy Express\n"),
        (
            "products.csv",
            "product_id,product_name,supplier_id,category_id,quantity_per_unit,unit_price,units_in_stock,units_on_order,reorder_level,discontinued\n\
             1,Chai,1,1,10 boxes,18.00,39,0,10,0\n2,Chang,1,1,24 bottles,cheap,17,40,25,0\n",
        ),
        (
            "customers.csv",
            "customer_id,company_name,contact_name,contact_title,address,city,region,postal_code,country,phone,fax\n\
             ALFKI,Alfreds,Maria Anders,,Obere Str. 57,Berlin,,12209,Germany,030,\nNOONE,Nobody,,,Street 1,City,,1,Atlantis,,\n",
        ),
        (
            "orders.csv",
            "order_id,customer_id,employee_id,order_date,required_date,shipped_date,ship_via,freight,ship_name,ship_address,ship_city,\
             ship_region,ship_postal_code,ship_country\n\
             1,ALFKI,1,1997-01-02,1997-01-30,1997-01-09,1,5.00,Alfreds,Obere Str. 57,Berlin,,12209,Germany\n\
             2,NOONE,1,1997-01-03,1997-01-30,1997-01-08,1,5.00,Nobody,Street 1,City,,1,Germany\n\
             3,ALFKI,1,1997-01-04,1997-01-30,,1,5.00,Alfreds,Obere Str. 57,Berlin,,12209,Germany\n\
             4,ALFKI,1,soon,1997-01-30,,1,5.00,Alfreds,Obere Str. 57,Berlin,,12209,Germany\n",
        ),
        (
            "order_details.csv",
            "order_id,product_id,unit_price,quantity,discount\n1,1,14.40,10,0.05\n2,1,14.40,1,0.00\n3,2,18.00,1,0.00\n9,1,18.00,1,0.00\n",
        ),
    ];
    std::fs::create_dir_all(folder).unwrap();
    for (name, text) in files {
        std::fs::write(folder.join(name), text).unwrap();
    }
}

#[actix_web::test]
async fn northwind_rows_that_break_a_rule_are_reported_and_the_rest_is_in() {
    let folder = std::env::temp_dir().join(format!("northwind-broken-{}", std::process::id()));
    broken_sample(&folder);
    let app = TestApp::spawn().await;
    let report = import(&app, &folder).await;
    std::fs::remove_dir_all(&folder).unwrap();
    let rejected: Vec<(&str, bool)> = report
        .rejected
        .iter()
        .map(|Rejected { row, reason }| {
            let told = [
                "soon",
                "invalid_decimal",
                "unknown_country",
                "unknown_customer",
                "unknown_sku",
                "not in orders.csv",
                "invalid characters",
            ];
            (row.as_str(), told.iter().any(|told| reason.contains(told)))
        })
        .collect();
    let expected = ["orders.csv line 5", "order_details.csv 9 1", "products.csv 2", "customers.csv NOONE", "orders.csv 2", "orders.csv 3"];
    assert_eq!(rejected, expected.map(|row| (row, true)), "{report}");
    assert_eq!((report.products, report.customers, report.orders, report.orders_invoiced), (1, 1, 1, 1));
    let order = admin(&app).await.get("/v1/orders?number=1").await.expect(200).body["data"][0].clone();
    assert_eq!((&order["subtotal"], &order["status"]), (&json!("136.80"), &json!("completed")));
    assert_eq!(check::run(&mut app.database.connect()).unwrap(), []);
}
