//! The demo company: loaded whole, consistent, and worth looking at.

use crate::support::app::{Caller, TestApp};
use crate::support::catalogue;
use pesanan::auth::permission::Role;
use pesanan::check;
use serde_json::{Value, json};

async fn load(app: &TestApp) -> Caller<'_> {
    let id = crate::support::demo::load(app).await;
    app.caller(id, Role::Admin).await
}

fn decimal(value: &Value) -> rust_decimal::Decimal {
    value.as_str().unwrap_or_else(|| panic!("{value} is no decimal")).parse().unwrap()
}

async fn count(admin: &Caller<'_>, path: &str) -> usize {
    admin.get(path).await.expect(200).body["data"].as_array().unwrap().len()
}

#[actix_web::test]
async fn the_demo_company_is_consistent_and_has_something_of_everything() {
    let app = TestApp::spawn().await;
    let started = std::time::Instant::now();
    let admin = load(&app).await;
    assert!(started.elapsed().as_secs() < 60, "loaded in {:?}", started.elapsed());
    assert_eq!(check::run(&mut app.database.connect()).unwrap(), []);
    assert_eq!(catalogue::faults(&mut app.database.connect()).unwrap(), [""; 0]);

    let summary = admin.get("/v1/reports/summary").await.expect(200).body;
    for name in ["orders", "orders_open", "orders_shipped", "orders_shipped_late", "orders_held"] {
        assert!(summary[name].as_i64().unwrap() > 0, "{name}: {summary:#}");
    }
    assert_eq!(summary["historical_orders"], 0, "it is ordinary business");
    let orders = summary["orders"].as_i64().unwrap();
    assert!((130..=190).contains(&orders), "{orders}");
    assert!(summary["orders_shipped"].as_i64().unwrap() * 10 > orders * 7, "most have left");
    let currencies: Vec<&str> = summary["data"].as_array().unwrap().iter().map(|row| row["currency"].as_str().unwrap()).collect();
    assert_eq!(currencies, ["IDR", "USD"]);
    for report in ["sales", "order_cycle_time", "fill_rate"] {
        let body = admin.get(&format!("/v1/reports/{report}")).await.expect(200).body;
        assert!(!body["data"].as_array().unwrap().is_empty(), "{report}");
    }
    let cycle = admin.get("/v1/reports/order_cycle_time").await.expect(200).body;
    let whole = &cycle["data"][0];
    assert_eq!(whole["out_of_sequence"], 0, "{whole}");
    let mean = decimal(&whole["mean_hours"]);
    assert!(mean > 24.into() && mean < 200.into(), "{mean}");

    for filter in [
        "status=draft",
        "status=confirmed",
        "status=completed",
        "status=cancelled",
        "hold_code=credit_limit",
        "hold_code=price_mismatch",
        "hold_code=manual",
        "hold_code=customer_blocked",
        "hold_code=payment_required",
        "hold_code=insufficient_stock",
        "fulfillment_status=partially_fulfilled",
        "fulfillment_status=delivered",
        "payment_status=partially_paid",
        "payment_status=paid",
        "payment_status=authorized",
        "channel=web",
        "sku=INSURANCE",
        "sku=GIFT-WRAP",
        "sku=KOPI-BIJI",
        "location=surabaya-1",
    ] {
        assert!(count(&admin, &format!("/v1/orders?{filter}")).await > 0, "no order with {filter}");
    }
    assert!(count(&admin, "/v1/invoices?status=paid&limit=200").await > 40);
    assert!(count(&admin, "/v1/invoices?status=partially_paid").await > 0);
    assert!(count(&admin, "/v1/credit_notes").await >= 2);
    let coupons = admin.get("/v1/coupons?code=KOPI15,HEMAT50").await.expect(200).body;
    assert!(coupons["data"].as_array().unwrap().iter().all(|coupon| coupon["times_used"] == 1), "{coupons:#}");
    let exempt = admin.get("/v1/customers?code=C-KEDUTAAN").await.expect(200).body["data"][0]["id"].clone();
    let orders = admin.get(&format!("/v1/orders?customer_id={}", exempt.as_str().unwrap())).await.expect(200).body;
    assert_eq!(orders["data"][0]["tax_breakdown"][0]["exemption_code"], "PMK-59-2024", "{orders:#}");
    assert_eq!(count(&admin, "/v1/refunds").await, 2);
    for status in ["requested", "authorized", "completed"] {
        assert!(count(&admin, &format!("/v1/returns?status={status}")).await > 0, "no return is {status}");
    }
    let incoming = admin.get("/v1/inventory/incoming?status=open").await.expect(200).body;
    assert_eq!((&incoming["data"][0]["sku"], incoming["data"].as_array().unwrap().len()), (&json!("BATIK-L"), 3));
    assert!(decimal(&incoming["data"][0]["pegged_quantity"]) > 0.into(), "somebody waits for it");
    let moved = admin.get("/v1/events?type=order.promise_changed&limit=200").await.expect(200).body;
    let causes: Vec<&str> = moved["data"].as_array().unwrap().iter().filter_map(|event| event["data"]["cause"]["code"].as_str()).collect();
    for cause in ["supply_added", "supply_delayed", "supply_received"] {
        assert!(causes.contains(&cause), "{cause}: {causes:?}");
    }
    let promised = admin.get("/v1/orders?status=confirmed&limit=200").await.expect(200).body;
    let dated = promised["data"].as_array().unwrap().iter().filter(|order| order["promised_on"].is_string()).count();
    assert!(dated > 5, "{dated} confirmed orders have a day");
    let payments = admin.get("/v1/payments?limit=200").await.expect(200).body;
    let over = payments["data"].as_array().unwrap().iter().filter(|payment| decimal(&payment["unapplied_amount"]) > 0.into());
    assert!(over.count() > 0, "nobody has paid too much");

    // What the welcome text offers.
    let order = json!({"customer_code": "C-TOKO-SUMBER", "lines": [{"sku": "KOPI-250", "quantity": "3"}]});
    let placed = admin.post("/v1/orders", order).await.expect(201).body;
    assert_eq!(placed["status"], "confirmed", "{placed:#}");
    let newest: i64 = placed["number"].as_str().unwrap().trim_start_matches("SO-").parse().unwrap();
    assert!(newest < 200, "numbers have no gap: {newest}");
    assert_eq!(check::run(&mut app.database.connect()).unwrap(), []);
}

/// `pesanan demo` as a person starts it, but on a database of the tests.
struct Started {
    child: std::process::Child,
    /// What it printed up to its last start-up line.
    welcome: Vec<String>,
}

impl Started {
    fn on(url: &str, folder: &std::path::Path, port: u16) -> Self {
        use std::io::BufRead;
        let mut child = command(url, folder, port).stdout(std::process::Stdio::piped()).spawn().unwrap();
        let mut welcome = vec![];
        for line in std::io::BufReader::new(child.stdout.take().unwrap()).lines() {
            welcome.push(line.unwrap());
            if welcome.last().unwrap().starts_with("ready ") {
                break;
            }
        }
        Self { child, welcome }
    }

    fn stop(mut self) {
        let signal = std::process::Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap();
        assert!(signal.success());
        assert!(self.child.wait().unwrap().success(), "Ctrl-C is no failure");
    }
}

fn command(url: &str, folder: &std::path::Path, port: u16) -> std::process::Command {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_pesanan"));
    command.args(["demo", "--port", &port.to_string(), "--database-url", url, "--data-dir"]).arg(folder);
    command
}

#[test]
fn a_second_start_keeps_the_demo_as_it_was() {
    use diesel::prelude::*;
    #[derive(QueryableByName, PartialEq, Debug)]
    struct Events {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        count: i64,
    }
    let database = crate::support::database::TestDatabase::create();
    let folder = std::env::temp_dir().join(format!("pesanan-demo-{}", std::process::id()));
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    let in_use = command(&database.url, &folder, port).output().unwrap();
    assert!(!in_use.status.success());
    let told = String::from_utf8(in_use.stderr).unwrap();
    assert!(told.contains(&format!("port {port} cannot be used")) && told.contains("--port"), "{told}");
    drop(free);

    std::fs::create_dir_all(&folder).unwrap();
    // Whoever has the variable set is told that it counts, and a folder that is named goes before it.
    let told_of = |named: Option<&str>| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_pesanan"));
        command.args(["demo", "--port", &port.to_string()]).current_dir(&folder);
        command.env("PESANAN_DATABASE_URL", "postgres://nobody:secret@127.0.0.1:1/nowhere");
        named.map(|named| command.args(["--data-dir", named]));
        let done = command.output().unwrap();
        assert!(!done.status.success());
        String::from_utf8(done.stderr).unwrap()
    };
    let told = told_of(None);
    assert!(told.contains("database: that of PESANAN_DATABASE_URL") && !told.contains("secret"), "{told}");
    let told = told_of(Some("/dev/null/demo"));
    assert!(told.contains("/dev/null") || told.contains("Not a directory"), "{told}");
    for command in [["migrate", "--data-dir", "/dev/null/data"], ["check", "--data-dir", "/dev/null/data"]] {
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_pesanan"));
        program.args(command).env("PESANAN_DATABASE_URL", "postgres://nobody:secret@127.0.0.1:1/nowhere");
        let done = program.output().unwrap();
        let told = String::from_utf8(done.stderr).unwrap();
        assert!(done.status.code() == Some(1) && !told.contains("127.0.0.1"), "{told}");
    }

    let events = || -> Events { diesel::sql_query("SELECT count(*) FROM event").get_result(&mut database.connect()).unwrap() };
    let first = Started::on(&database.url, &folder, port);
    let ready = format!("ready http://127.0.0.1:{port}");
    assert_eq!(first.welcome.last(), Some(&ready));
    let welcome = first.welcome.clone();
    first.stop();
    let before = events();
    assert!(before.count > 500, "{before:?}");
    let second = Started::on(&database.url, &folder, port);
    assert_eq!(second.welcome, welcome, "the same client with the same secret");
    second.stop();
    assert_eq!(events(), before);
    std::fs::remove_dir_all(&folder).unwrap();
}
