//! Bank statements: taken in once, booked where it is certain, left to a person where it is not.

use crate::shop::{clean, customer, receive, shop};
use crate::support::app::{Caller, Reply, TestApp, send};
use chrono::TimeDelta;
use pesanan::auth::permission::Role;
use pesanan::order_to_cash::bank_entries;
use reqwest::Method;
use serde_json::{Value, json};

/// Invoices of 55,500 a unit of coffee for a customer, shipped.
pub async fn invoice(app: &TestApp, admin: &Caller<'_>, customer: &str, quantity: u32) -> Value {
    let body = json!({"customer_code": customer, "lines": [{"sku": "KOPI", "quantity": quantity.to_string()}]});
    let order = admin.post("/v1/orders", body).await.expect(201).body;
    let id = order["id"].as_str().unwrap();
    let fulfillment = admin.get(&format!("/v1/fulfillment_orders?order_id={id}")).await.expect(200).body["data"][0]["id"].clone();
    admin.post(&format!("/v1/fulfillment_orders/{}/ship", fulfillment.as_str().unwrap()), json!({"carrier": "JNE"})).await.expect(201);
    app.clock.advance(TimeDelta::minutes(1));
    admin.post(&format!("/v1/orders/{id}/invoices"), json!({})).await.expect(201).body
}

pub async fn bank(app: &TestApp) -> Caller<'_> {
    let (_, admin) = shop(app).await;
    customer(&admin, "C-1", json!({"name": "Toko Sumber Rejeki", "email": "sumber@example.com"})).await;
    customer(&admin, "C-2", json!({"name": "Warung Budi"})).await;
    receive(&admin, "jakarta", "KOPI", "1000").await;
    admin
}

const CSV: &str = "/v1/bank_statements?account=1234567890&currency=IDR";

async fn import(admin: &Caller<'_>, rows: &str) -> Reply {
    let body = format!("booked_on,amount,remittance_text,counterparty_name,counterparty_account,bank_reference\n{rows}");
    send(admin.request(Method::POST, CSV).header("content-type", "text/csv").body(body)).await
}

pub fn counts(statement: &Value) -> [i64; 5] {
    ["entry_count", "duplicate_count", "matched_count", "suggested_count", "unmatched_count"].map(|name| statement[name].as_i64().unwrap())
}

pub async fn entries(admin: &Caller<'_>, statement: &Value) -> Vec<Value> {
    let path = format!("/v1/bank_statements/{}/entries?limit=200", statement["id"].as_str().unwrap());
    let mut rows = admin.get(&path).await.expect(200).body["data"].as_array().unwrap().clone();
    rows.sort_by_key(|row| row["pointer"].as_str().unwrap().trim_start_matches("/rows/").parse::<usize>().unwrap_or_default());
    rows
}

pub async fn due(admin: &Caller<'_>, invoice: &Value) -> Value {
    admin.get(&format!("/v1/invoices/{}", invoice["id"].as_str().unwrap())).await.expect(200).body["amount_due"].clone()
}

pub async fn payments(admin: &Caller<'_>) -> Vec<Value> {
    admin.get("/v1/payments?limit=200").await.expect(200).body["data"].as_array().unwrap().clone()
}

#[actix_web::test]
async fn what_is_certain_is_booked_and_the_rest_is_left() {
    let app = TestApp::spawn().await;
    let admin = bank(&app).await;
    let mut invoices = vec![];
    for (customer, quantity) in [("C-1", 1), ("C-1", 2), ("C-2", 3), ("C-1", 4), ("C-2", 3)] {
        invoices.push(invoice(&app, &admin, customer, quantity).await);
    }
    let rows = "2026-03-02,55500.00,Pembayaran INV-000001,Toko Sumber Rejeki,111,R1\n\
        2026-03-02,277500.00,INV 000002 dan INV000004 kurang,Toko Sumber Rejeki,111,R2\n\
        2026-03-02,333000.00,INV 000002 dan INV000004,TOKO SUMBER REJEKI,111,R3\n\
        2026-03-02,166500.00,terima kasih,Warung Budi,222,R4\n\
        2026-03-02,12345.00,apa ini,Entah,333,R5\n\
        2026-03-02,-6500.00,Biaya administrasi,,,R6\n";
    let statement = import(&admin, rows).await.expect(201).body;
    assert_eq!(counts(&statement), [6, 0, 2, 2, 2], "{statement:#}");
    let rows_of = entries(&admin, &statement).await;
    let statuses: Vec<&str> = rows_of.iter().map(|row| row["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["matched", "suggested", "matched", "suggested", "unmatched", "unmatched"]);

    // Booked as if by hand: method, day, reference, documents.
    let paid = admin.get(&format!("/v1/payments/{}", rows_of[2]["payment_id"].as_str().unwrap())).await.expect(200).body;
    assert_eq!(
        (&paid["method"], &paid["received_on"], &paid["reference"], &paid["amount"], &paid["unapplied_amount"]),
        (&json!("bank_transfer"), &json!("2026-03-02"), &json!("R3"), &json!("333000.00"), &json!("0.00"))
    );
    assert_eq!(paid["allocations"].as_array().unwrap().len(), 2);
    for (i, expected) in ["0.00", "0.00", "166500.00", "0.00", "166500.00"].into_iter().enumerate() {
        assert_eq!(due(&admin, &invoices[i]).await, expected, "{i}");
    }
    // Named, and less than was due when it came; two invoices of the payer have that amount.
    assert_eq!(rows_of[1]["suggestions"][0]["reasons"], json!(["number_in_text", "part_of_amount_due", "payer_name"]));
    let two: Vec<&Value> = rows_of[3]["suggestions"].as_array().unwrap().iter().map(|row| &row["allocations"][0]["number"]).collect();
    assert_eq!(two, ["INV-000003", "INV-000005"]);
    // The account is known now.
    let again = import(&admin, "2026-03-02,1000.00,untuk nanti,x,111,R7\n").await.expect(201).body;
    let known = &entries(&admin, &again).await[0]["suggestions"][0];
    assert_eq!(
        (&known["reasons"], &known["customer_id"], &known["allocations"]),
        (&json!(["known_account"]), &invoices[0]["bill_to"]["id"], &json!([]))
    );

    // The same file, and the same entries in another one.
    let same = import(&admin, rows).await;
    assert_eq!((same.status, &same.body["id"]), (200, &statement["id"]));
    let other = import(&admin, &format!("{rows}2026-03-02,7.00,,,,R8\n")).await.expect(201).body;
    assert_eq!(counts(&other), [1, 6, 0, 0, 1]);
    assert_eq!(payments(&admin).await.len(), 2, "money is booked once");
    let told = admin.get("/v1/events?limit=200&type=bank_entry.matched,bank_statement.imported").await.expect(200).body;
    assert_eq!(told["data"].as_array().unwrap().len(), 2 + 3);
    clean(&app).await;
}

#[actix_web::test]
async fn a_person_decides_what_is_doubtful() {
    let app = TestApp::spawn().await;
    let admin = bank(&app).await;
    let (one, two) = (invoice(&app, &admin, "C-1", 1).await, invoice(&app, &admin, "C-1", 2).await);
    let rows = "2026-03-02,60000.00,a,,111,R1\n2026-03-02,40000.00,b,,,R2\n2026-03-02,20000.00,c,,,R3\n2026-03-02,-500.00,d,,,R4\n2026-03-02,-9.00,e,,,R5\n";
    let statement = import(&admin, rows).await.expect(201).body;
    let rows = entries(&admin, &statement).await;
    let act = async |i: usize, action: &str, body: Value| {
        admin.post(&format!("/v1/bank_entries/{}/{action}", rows[i]["id"].as_str().unwrap()), body).await
    };
    let on = |invoice: &Value, amount: &str| json!({"invoice_id": invoice["id"], "amount": amount});

    assert_eq!(act(0, "match", json!({"allocations": [on(&one, "55500"), on(&two, "5000")]})).await.code(422), "exceeds_payment");
    let matched = act(0, "match", json!({"allocations": [on(&one, "55500")]})).await.expect(200).body;
    assert_eq!((&matched["status"], &matched["version"]), (&json!("matched"), &json!(2)));
    let payment = admin.get(&format!("/v1/payments/{}", matched["payment_id"].as_str().unwrap())).await.expect(200).body;
    assert_eq!((&payment["unapplied_amount"], &payment["received_on"]), (&json!("4500.00"), &json!("2026-03-02")));
    assert_eq!(act(0, "match", json!({"allocations": [on(&two, "1")]})).await.code(409), "invalid_transition");
    assert_eq!(act(0, "unmatch", json!({})).await.code(409), "payment_booked");

    // For no document yet.
    let customer_id = &two["bill_to"]["id"];
    assert_eq!(act(1, "match", json!({"customer_id": customer_id, "received_on": "2036-01-01"})).await.code(422), "in_the_future");
    let unapplied = act(1, "match", json!({"customer_id": customer_id})).await.expect(200).body;
    assert_eq!(payments(&admin).await[0]["id"], unapplied["payment_id"]);

    // Booked by hand before the statement came.
    let by_hand = json!({"amount": "20000", "currency": "IDR", "method": "bank_transfer", "invoice_id": two["id"]});
    let by_hand = admin.post("/v1/payments", by_hand).await.expect(201).body;
    let other = json!({"amount": "20001", "currency": "IDR", "method": "bank_transfer", "customer_id": customer_id});
    let other = admin.post("/v1/payments", other).await.expect(201).body;
    assert_eq!(act(2, "match", json!({"payment_id": other["id"]})).await.code(409), "amount_differs");
    assert_eq!(act(2, "match", json!({"refund_id": other["id"]})).await.code(422), "wrong_direction");
    let linked = act(2, "match", json!({"payment_id": by_hand["id"]})).await.expect(200).body;
    assert_eq!((&linked["payment_id"], payments(&admin).await.len()), (&by_hand["id"], 4));
    let again = act(2, "unmatch", json!({})).await.expect(200).body;
    assert_eq!((&again["status"], &again["payment_id"], &again["decision"]), (&json!("unmatched"), &Value::Null, &Value::Null));
    act(2, "match", json!({"payment_id": by_hand["id"]})).await.expect(200);

    // Money that left.
    let refund = format!("/v1/payments/{}/refund", payment["id"].as_str().unwrap());
    let refund = admin.post(&refund, json!({"amount": "500", "reason": "overpaid"})).await.expect(201).body;
    assert_eq!(act(3, "match", json!({"customer_id": customer_id})).await.code(422), "wrong_direction");
    act(3, "match", json!({"refund_id": refund["id"]})).await.expect(200);
    let ignored = act(4, "ignore", json!({"reason": "Fee"})).await.expect(200).body;
    assert_eq!((&ignored["status"], &ignored["decision"]["reason"]), (&json!("ignored"), &json!("Fee")));
    assert_eq!(act(4, "match", json!({"refund_id": refund["id"]})).await.code(409), "invalid_transition");
    act(4, "unmatch", json!({})).await.expect(200);
    assert_eq!(act(4, "match", json!({"refund_id": refund["id"]})).await.code(409), "amount_differs");
    let open = admin.get("/v1/bank_entries?status=suggested,unmatched").await.expect(200).body;
    assert_eq!(open["data"].as_array().unwrap().len(), 1);
    clean(&app).await;
}

#[actix_web::test]
async fn refunds_by_number_and_fees_within_tolerance_are_certain() {
    let app = TestApp::spawn().await;
    let admin = bank(&app).await;
    let (one, two) = (invoice(&app, &admin, "C-1", 1).await, invoice(&app, &admin, "C-1", 1).await);
    let short = "2026-03-02,55000.00,INV-000001,,,R1\n";
    let before = import(&admin, short).await.expect(201).body;
    assert_eq!(counts(&before), [1, 0, 0, 1, 0], "no difference is a fee by itself");
    admin.put("/v1/bank_matching_tolerances", json!([{"currency": "IDR", "amount": "500.00"}])).await.expect(200);
    let after = import(&admin, "2026-03-02,55000.00,INV-000002,,,R2\n2026-03-02,54999.00,INV-000001,,,R3\n").await.expect(201).body;
    assert_eq!(counts(&after), [2, 0, 1, 1, 0], "501 is too much");
    assert_eq!((due(&admin, &one).await, due(&admin, &two).await), (json!("55500.00"), json!("0.00")));
    let paid = &payments(&admin).await[0];
    assert_eq!(paid["allocations"][0]["adjustments"], json!([{"kind": "bank_fee", "amount": "500.00", "reference": null}]));
    let refund = format!("/v1/payments/{}/refund", paid["id"].as_str().unwrap());
    let refund = admin.post(&refund, json!({"amount": "1000", "reason": "overpaid"})).await.expect(201).body;
    let left =
        import(&admin, "2026-03-02,-1000.00,Refund RFD-000001,,,R4\n2026-03-02,-1000.00,Refund RFD-000001,,,R5\n").await.expect(201).body;
    let rows = entries(&admin, &left).await;
    assert_eq!((&rows[0]["refund_id"], &rows[0]["status"], &rows[1]["status"]), (&refund["id"], &json!("matched"), &json!("suggested")));
    clean(&app).await;
}

/// Who pays in time less exactly what the terms grant has paid all of it; of another amount, or a day later, something is left open.
#[actix_web::test]
async fn what_is_due_less_its_early_payment_discount_is_certain_while_that_is_granted() {
    let app = TestApp::spawn().await;
    let admin = bank(&app).await;
    let terms = json!({"name": "30 net, 2 % in 10", "net_days": 30, "discount_percent": "2", "discount_days": 10});
    admin.put("/v1/payment_terms/net_30_2", terms).await.expect(201);
    customer(&admin, "C-3", json!({"name": "Kedai Early", "payment_terms": "net_30_2"})).await;
    // 2 % of 111,000.00 is 2,220.00, until 12 March.
    let mut bills = vec![];
    for _ in 0..4 {
        bills.push(invoice(&app, &admin, "C-3", 2).await);
    }
    assert_eq!(bills[0]["early_payment_discount"], json!({"percent": "2", "until_on": "2026-03-12", "amount": "2220.00"}));
    let me = admin.get("/v1/me").await.expect(200).body;
    app.clock.advance(TimeDelta::days(15));
    let admin = app.caller(me["organization"]["id"].as_str().unwrap().parse().unwrap(), Role::Admin).await;
    let rows = "2026-03-12,108780.00,INV-000001,,,R1\n2026-03-13,108780.00,INV-000002,,,R2\n2026-03-12,108781.00,INV-000003,,,R3\n\
        2026-03-12,0.00,closing,,,R4\n";
    let statement = import(&admin, rows).await.expect(201).body;
    assert_eq!((counts(&statement), &statement["skipped_count"]), ([3, 0, 1, 2, 0], &json!(1)));
    assert_eq!((due(&admin, &bills[0]).await, due(&admin, &bills[1]).await), (json!("0.00"), json!("111000.00")));
    let found = entries(&admin, &statement).await;
    let best = |row: usize| &found[row]["suggestions"][0];
    assert_eq!(best(0)["reasons"], json!(["number_in_text", "amount_less_discount"]));
    assert_eq!(best(0)["allocations"][0]["early_payment_discount"], "2220.00");
    assert_eq!((&best(1)["reasons"][1], &best(2)["reasons"][1]), (&json!("part_of_amount_due"), &json!("part_of_amount_due")));
    let paid = &payments(&admin).await[0];
    let discount = json!([{"kind": "early_payment_discount", "amount": "2220.00", "reference": null}]);
    assert_eq!((&paid["allocations"][0]["adjustments"], &paid["received_on"]), (&discount, &json!("2026-03-12")));
    // A name alone is not certain; the suggestion says what to do, and a person does it.
    let rows = "2026-03-11,108780.00,thanks,Kedai Early,,R5\n";
    let statement = import(&admin, rows).await.expect(201).body;
    let entry = entries(&admin, &statement).await[0].clone();
    let suggested = &entry["suggestions"][0]["allocations"][0];
    assert_eq!((&entry["status"], &suggested["early_payment_discount"]), (&json!("suggested"), &json!("2220.00")));
    let adjustments = json!([{"kind": "early_payment_discount", "amount": suggested["early_payment_discount"]}]);
    let body = json!({"allocations": [{"invoice_id": suggested["invoice_id"], "amount": suggested["amount"], "adjustments": adjustments}]});
    admin.post(&format!("/v1/bank_entries/{}/match", entry["id"].as_str().unwrap()), body).await.expect(200);
    clean(&app).await;
}

/// Whoever may book money may not give up what is owed, whatever the way in.
#[actix_web::test]
async fn a_bank_entry_writes_nothing_off_without_the_permission() {
    let app = TestApp::spawn().await;
    let (organization_id, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    receive(&admin, "jakarta", "KOPI", "10").await;
    let bill = invoice(&app, &admin, "C-1", 2).await;
    let statement = import(&admin, "2026-03-02,0.01,a,,,R1\n").await.expect(201).body;
    let path = format!("/v1/bank_entries/{}/match", entries(&admin, &statement).await[0]["id"].as_str().unwrap());
    let off = json!({"allocations": [{"invoice_id": bill["id"], "amount": "0.01", "adjustments": [{"kind": "write_off", "amount": "110999.99"}]}]});
    let program = app.caller(organization_id, Role::Integration).await;
    let refused = program.post(&path, off.clone()).await.expect(403).body;
    assert_eq!((&refused["code"], &refused["detail"]), (&json!("insufficient_scope"), &json!("this needs the scope 'payments:write_off'")));
    assert_eq!(due(&admin, &bill).await, "111000.00");
    app.caller(organization_id, Role::Finance).await.post(&path, off).await.expect(200);
    assert_eq!(due(&admin, &bill).await, "0.00");
    clean(&app).await;
}

/// The same file twice at once, two files with the same entry at once, and a payment by hand at the same time.
#[actix_web::test]
async fn money_is_booked_once_whatever_comes_at_once() {
    let app = TestApp::spawn().await;
    let admin = bank(&app).await;
    let mut invoices = vec![];
    for _ in 0..12 {
        invoices.push(invoice(&app, &admin, "C-1", 1).await);
    }
    let row = |i: usize| format!("2026-03-02,55500.00,INV-{:06},,111,R{i}\n", i + 1);
    let same: String = (0..4).map(row).collect();
    let replies = futures_util::future::join_all((0..4).map(|_| import(&admin, &same))).await;
    let made = replies.iter().filter(|reply| reply.status == 201).count();
    assert!(made == 1 && replies.iter().all(|reply| matches!(reply.status, 200 | 201)), "{replies:#?}");
    assert_eq!(payments(&admin).await.len(), 4);

    // Overlapping files in opposite order.
    let files: Vec<String> = (0..4)
        .map(|n| {
            let rows: Vec<String> = (4..8).map(row).collect();
            let rows = if n % 2 == 0 { rows.concat() } else { rows.into_iter().rev().collect() };
            format!("{rows}2026-03-02,{}.00,x,,,X{n}\n", n + 1)
        })
        .collect();
    let replies = futures_util::future::join_all(files.iter().map(|file| import(&admin, file))).await;
    assert!(replies.iter().all(|reply| reply.status == 201), "{replies:#?}");
    assert_eq!(replies.iter().map(|reply| reply.body["entry_count"].as_i64().unwrap()).sum::<i64>(), 8);
    assert_eq!(payments(&admin).await.len(), 8);

    // Paid by hand while the statement comes: never more than is due.
    let statement: String = (8..12).map(row).collect();
    let by_hand = invoices[8..].iter().map(|invoice| {
        let body = json!({"amount": "55500", "currency": "IDR", "method": "bank_transfer",
            "allocations": [{"invoice_id": invoice["id"], "amount": "55500"}]});
        admin.post("/v1/payments", body)
    });
    let (imported, replies) = futures_util::future::join(import(&admin, &statement), futures_util::future::join_all(by_hand)).await;
    imported.expect(201);
    assert!(replies.iter().all(|reply| matches!(reply.status, 201 | 422)), "{replies:#?}");
    for invoice in &invoices {
        assert_eq!(due(&admin, invoice).await, "0.00");
    }
    assert_eq!(payments(&admin).await.len(), 12, "each invoice is paid once");

    // One entry, decided by many at once.
    let one = import(&admin, "2026-03-02,77.00,y,,,Y\n").await.expect(201).body;
    let path = format!("/v1/bank_entries/{}/match", entries(&admin, &one).await[0]["id"].as_str().unwrap());
    let customer_id = &invoices[0]["bill_to"]["id"];
    let replies = futures_util::future::join_all((0..4).map(|_| admin.post(&path, json!({"customer_id": customer_id})))).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1);
    assert_eq!(payments(&admin).await.len(), 13);
    clean(&app).await;
}

/// A process died after the entries were stored: the job goes on, two of them at once, and books each once.
#[actix_web::test]
async fn certain_entries_are_booked_by_the_job_too() {
    let app = TestApp::spawn().await;
    let admin = bank(&app).await;
    let organization_id = pesanan::organization::find_by_code(&mut app.database.connect(), "shop").unwrap().unwrap();
    for _ in 0..6 {
        invoice(&app, &admin, "C-1", 1).await;
    }
    let context = pesanan::auth::actor::Context::system(organization_id, app.clock.now());
    let id = pesanan::types::id::BankStatementId::generate();
    let rows: String = (1..=6).map(|i| format!("2026-03-02,55500.00,INV-{i:06},R{i}\n")).collect();
    let raw = format!("booked_on,amount,remittance_text,bank_reference\n{rows}").into_bytes();
    let (db, clock, numbers) = (app.app.db.clone(), app.clock.clone(), app.app.numbers.clone());
    let booked = actix_web::web::block(move || {
        use pesanan::banking::statements::{body::StatementFormat, body::StatementQuery, service};
        let mapping = StatementQuery { account: Some("1".into()), currency: Some("IDR".into()), ..Default::default() }.mapping().unwrap();
        let reading = service::Reading::Csv(Box::new(mapping));
        db.write_blocking(|connection| Ok(service::receive(connection, &context, id, StatementFormat::Csv, b"hash", &raw)?)).unwrap();
        db.write_blocking(|connection| service::import(connection, &context, id, &reading, &raw)).unwrap();
        let jobs: Vec<_> = (0..2)
            .map(|_| {
                let (db, clock, numbers) = (db.clone(), clock.clone(), numbers.clone());
                std::thread::spawn(move || bank_entries::book_certain(&db, &numbers, || clock.now()).unwrap())
            })
            .collect();
        jobs.into_iter().map(|job| job.join().unwrap()).sum::<usize>()
    });
    assert_eq!(booked.await.unwrap(), 6);
    assert_eq!(payments(&admin).await.len(), 6);
    clean(&app).await;
}

#[actix_web::test]
async fn closed_books_and_days_to_come_wait_for_a_person() {
    let app = TestApp::spawn().await;
    let admin = bank(&app).await;
    invoice(&app, &admin, "C-1", 1).await;
    let two = invoice(&app, &admin, "C-1", 1).await;
    let mut profile = admin.get("/v1/organization").await.expect(200).body;
    profile["books_closed_through_on"] = json!("2026-02-28");
    admin.put("/v1/organization", profile).await.expect(200);
    let rows = "2026-02-28,55500.00,INV-000001,,,R1\n2026-03-09,55500.00,INV-000002,,,R2\n";
    let statement = import(&admin, rows).await.expect(201).body;
    assert_eq!(counts(&statement), [2, 0, 0, 2, 0]);
    let rows = entries(&admin, &statement).await;
    assert!(rows[0]["suggestions"][0]["reasons"].as_array().unwrap().contains(&json!("date_not_open")));
    let path = format!("/v1/bank_entries/{}/match", rows[0]["id"].as_str().unwrap());
    let body = |on: Value| json!({"allocations": [{"invoice_id": two["id"], "amount": "55500"}], "received_on": on});
    assert_eq!(admin.post(&path, body(Value::Null)).await.code(409), "books_closed");
    admin.post(&path, body(json!("2026-03-01"))).await.expect(200);
    clean(&app).await;
}

/// A bank without references: two equal transfers of a day, one in each half of it, are two.
#[actix_web::test]
async fn an_equal_row_in_the_other_half_of_a_day_is_for_a_person() {
    let app = TestApp::spawn().await;
    let admin = bank(&app).await;
    let one = invoice(&app, &admin, "C-1", 1).await;
    let row = |day: &str, amount: &str, text: &str| format!("2026-03-{day},{amount},{text},Toko Sumber Rejeki,ACC1,\n");
    let morning = format!("{}{}{}", row("01", "1.00", "a"), row("02", "55500.00", "INV-000001"), row("02", "2.00", "b"));
    let morning = import(&admin, &morning).await.expect(201).body;
    assert_eq!(counts(&morning)[..3], [3, 0, 1]);
    let first = entries(&admin, &morning).await[1].clone();
    // Another invoice of the same amount, so that the second transfer would be certain again.
    let two = invoice(&app, &admin, "C-1", 1).await;
    assert_eq!((due(&admin, &one).await, due(&admin, &two).await), (json!("0.00"), json!("55500.00")));
    let evening = format!("{}{}", row("02", "55500.00", "INV-000001"), row("02", "3.00", "c"));
    let evening = import(&admin, &evening).await.expect(201).body;
    assert_eq!(counts(&evening)[..3], [2, 0, 0], "the row of both is taken in, and booked by nobody");
    let doubtful = entries(&admin, &evening).await[0].clone();
    assert_eq!((&doubtful["possible_duplicate_of"], &doubtful["amount"]), (&first["id"], &json!("55500.00")));
    assert_eq!(entries(&admin, &evening).await[1]["possible_duplicate_of"], Value::Null);
    assert_eq!(payments(&admin).await.len(), 1);
    let path = format!("/v1/bank_entries/{}/match", doubtful["id"].as_str().unwrap());
    admin.post(&path, json!({"allocations": [{"invoice_id": two["id"], "amount": "55500.00"}]})).await.expect(200);
    assert_eq!(due(&admin, &two).await, "0.00");
    // The whole day once more, with both; then a window that moves on: all is known but what is new.
    let day = format!(
        "{}{}{}{}",
        row("02", "55500.00", "INV-000001"),
        row("02", "2.00", "b"),
        row("02", "55500.00", "INV-000001"),
        row("02", "3.00", "c")
    );
    assert_eq!(counts(&import(&admin, &day).await.expect(201).body)[..2], [0, 4]);
    let window = format!("{}{}{}", row("01", "1.00", "a"), day, row("03", "4.00", "d"));
    assert_eq!(counts(&import(&admin, &window).await.expect(201).body)[..2], [1, 5]);
    let window = format!("{}{}{}", day, row("03", "4.00", "d"), row("04", "5.00", "e"));
    assert_eq!(counts(&import(&admin, &window).await.expect(201).body)[..2], [1, 5]);
    assert_eq!(payments(&admin).await.len(), 2);
    clean(&app).await;
}

/// What a person has ignored as the same row once more stands for no booking: it is neither counted with its day nor in the way of a
/// second transfer that a later file has.
#[actix_web::test]
async fn a_row_that_was_ignored_as_a_duplicate_is_not_known() {
    let app = TestApp::spawn().await;
    let admin = bank(&app).await;
    let row = |day: &str, amount: &str, text: &str| format!("2026-03-{day},{amount},{text},Toko Sumber Rejeki,ACC1,\n");
    let [twice, b, c] = [row("02", "100.00", "rent"), row("02", "2.00", "b"), row("02", "3.00", "c")];
    let morning = format!("{}{twice}{b}", row("01", "1.00", "a"));
    assert_eq!(counts(&import(&admin, &morning).await.expect(201).body)[..2], [3, 0]);
    let evening = import(&admin, &format!("{twice}{c}")).await.expect(201).body;
    assert_eq!(counts(&evening)[..2], [2, 0]);
    let doubtful = entries(&admin, &evening).await[0].clone();
    assert_ne!(doubtful["possible_duplicate_of"], Value::Null);
    let path = format!("/v1/bank_entries/{}/ignore", doubtful["id"].as_str().unwrap());
    admin.post(&path, json!({"reason": "The same transfer"})).await.expect(200);
    // All of the day as it is known: nothing of it is doubted again.
    let day = format!("{twice}{b}{c}");
    let whole = import(&admin, &format!("{day}{}", row("03", "4.00", "d"))).await.expect(201).body;
    assert_eq!(counts(&whole)[..2], [1, 3]);
    // A file with both: there were two transfers after all, and the second is taken in, once.
    let both = import(&admin, &format!("{day}{twice}{}", row("03", "4.00", "d"))).await.expect(201).body;
    assert_eq!(counts(&both)[..2], [1, 4]);
    let second = entries(&admin, &both).await[0].clone();
    assert_eq!(
        (&second["amount"], &second["status"], &second["possible_duplicate_of"]),
        (&json!("100.00"), &json!("suggested"), &Value::Null)
    );
    let window = format!("{day}{twice}{}{}", row("03", "4.00", "d"), row("04", "5.00", "e"));
    assert_eq!(counts(&import(&admin, &window).await.expect(201).body)[..2], [1, 5]);
    assert_eq!(admin.get(&path.replace("/ignore", "")).await.expect(200).body["status"], "ignored", "what was decided stays");
    clean(&app).await;
}

#[actix_web::test]
async fn a_file_that_cannot_be_read_is_kept_and_told() {
    let app = TestApp::spawn().await;
    let admin = bank(&app).await;
    let reply = import(&admin, "2026-03-02,1.00,,,,R1\nyesterday,1.00,,,,R2\n").await.expect(422);
    assert_eq!(reply.body["errors"][0]["pointer"], "/rows/1/booked_on");
    let kept = admin.get("/v1/bank_statements?status=rejected").await.expect(200).body["data"][0].clone();
    assert_eq!((&kept["faults"][0]["code"], &kept["entry_count"]), (&json!("invalid_date"), &json!(0)));
    assert_eq!(admin.get("/v1/bank_entries").await.expect(200).body["data"], json!([]), "nothing of it is taken in");
    // The same bytes, read rightly this time.
    let bytes = "booked_on,amount\n02/03/2026,5.00\n";
    let post = async |query: &str| {
        send(admin.request(Method::POST, &format!("{CSV}{query}")).header("content-type", "text/csv").body(bytes)).await
    };
    assert_eq!(post("").await.code(422), "invalid_date");
    let taken = post("&date_format=DD/MM/YYYY").await.expect(201).body;
    assert_eq!((&taken["status"], &taken["faults"], &taken["entry_count"]), (&json!("imported"), &json!([]), &json!(1)));
    let xml = async |body: &str| {
        send(admin.request(Method::POST, "/v1/bank_statements").header("content-type", "text/xml").body(body.to_owned())).await
    };
    let bomb = r#"<!DOCTYPE x [<!ENTITY a "aaaa">]><Document>&a;</Document>"#;
    assert_eq!(xml(bomb).await.code(422), "document_type_refused");
    clean(&app).await;
}

/// Orders and invoices of 55,500 like the first one, `INV-000002` to `INV-010000`: copies in the database, as fast as that goes.
const COPIES: &str = "
CREATE TEMP TABLE copy AS SELECT n, gen_random_uuid() AS order_id, gen_random_uuid() AS invoice_id FROM generate_series(2, 10000) n;
CREATE FUNCTION pg_temp.copies(kind text, changes jsonb) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
  EXECUTE format('INSERT INTO %1$I SELECT (jsonb_populate_record(NULL::%1$I, to_jsonb(o) || t.changes)).* FROM (SELECT * FROM %1$I LIMIT 1) o, (%2$s) t',
    kind, changes ->> 'query'); END $$;
SELECT pg_temp.copies('sales_order', jsonb_build_object('query', $$SELECT jsonb_build_object('id', order_id, 'number', 'SO-' || lpad(n::text, 6, '0')) AS changes FROM copy$$));
SELECT pg_temp.copies('order_line', jsonb_build_object('query', $$SELECT jsonb_build_object('order_id', order_id, 'id', gen_random_uuid()) AS changes FROM copy$$));
SELECT pg_temp.copies('invoice', jsonb_build_object('query', $$SELECT jsonb_build_object('id', invoice_id, 'order_id', order_id, 'series_number', n, 'number', 'INV-' || lpad(n::text, 6, '0')) AS changes FROM copy$$));
SELECT pg_temp.copies('invoice_line', jsonb_build_object('query', $$SELECT jsonb_build_object('invoice_id', invoice_id, 'order_id', order_id, 'id', gen_random_uuid()) AS changes FROM copy$$));
ANALYZE;";

/// How long a statement of 10,000 entries takes, for docs/performance.md. Run it by name with `--run-ignored only`.
#[actix_web::test]
#[ignore = "a measurement"]
async fn ten_thousand_entries_are_timed() {
    use diesel::connection::SimpleConnection;
    let app = TestApp::spawn().await;
    let admin = bank(&app).await;
    invoice(&app, &admin, "C-1", 1).await;
    // On a thread of its own: this one must see that the server hangs up on its idle connections meanwhile.
    let mut connection = app.database.connect();
    actix_web::web::block(move || connection.batch_execute(COPIES)).await.unwrap().unwrap();
    let rows = |wanted: &str| -> String {
        (1..=10_000).map(|i| format!("2026-03-02,55500.00,{wanted}{i:06} terima kasih,Pembeli {i},ACC{i},{wanted}{i}\n")).collect()
    };
    for (what, wanted) in [("nothing fits", "XYZ-"), ("all are certain", "INV-")] {
        let began = std::time::Instant::now();
        let statement = import(&admin, &rows(wanted)).await.expect(201).body;
        println!("10,000 entries, {what}: {:?} {:?}", began.elapsed(), counts(&statement));
    }
    let began = std::time::Instant::now();
    let again = import(&admin, &format!("{}2026-03-02,1.00,,,,Z\n", rows("INV-"))).await.expect(201).body;
    println!("10,000 entries, all known: {:?} {:?}", began.elapsed(), counts(&again));
    let began = std::time::Instant::now();
    let posted = crate::shop::post_journal(&app).await;
    println!("{posted} journal entries: {:?}", began.elapsed());
    let began = std::time::Instant::now();
    let (mut after, mut read) = (String::new(), 0);
    loop {
        let page = admin.get(&format!("/v1/journal_entries?limit=200&after={after}")).await.expect(200).body;
        read += page["data"].as_array().unwrap().len();
        after = page["next_cursor"].as_str().unwrap().to_owned();
        if page["has_more"] == false {
            break;
        }
    }
    println!("{read} read in pages of 200: {:?}", began.elapsed());
}
