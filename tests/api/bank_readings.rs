//! How the bytes of a bank's file are read, and whose money it is: amounts by the right separator only, wrong readings mended, numbers
//! that stand in a text by chance.

use crate::banking::{bank, counts, due, entries, invoice, payments};
use crate::money::id;
use crate::shop::{clean, customer};
use crate::support::app::{Caller, Reply, TestApp, send};
use futures_util::future::join;
use reqwest::Method;
use serde_json::{Value, json};

async fn import(admin: &Caller<'_>, query: &str, file: &str) -> Reply {
    let path = format!("/v1/bank_statements?account=DE1&currency=IDR&{query}");
    send(admin.request(Method::POST, &path).header("content-type", "text/csv").body(file.to_owned())).await
}

async fn days(admin: &Caller<'_>, statement: &Value) -> Vec<(String, String)> {
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    entries(admin, statement).await.iter().map(|row| (text(row, "booked_on"), text(row, "amount"))).collect()
}

#[actix_web::test]
async fn an_amount_by_the_wrong_separator_is_refused_and_the_file_is_read_by_the_right_one() {
    let app = TestApp::spawn().await;
    let admin = bank(&app).await;
    let file = "booked_on;amount;remittance_text\n2026-03-02;55.500,00;INV-000001\n2026-03-02;13,38;a\n";
    let bill = invoice(&app, &admin, "C-1", 1).await;
    let refused = import(&admin, "delimiter=;", file).await.expect(422).body;
    let faults: Vec<(&str, &str)> = refused["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| (fault["pointer"].as_str().unwrap(), fault["code"].as_str().unwrap()))
        .collect();
    assert_eq!(faults, [("/rows/0/amount", "invalid_decimal"), ("/rows/1/amount", "invalid_decimal")], "{refused:#}");
    let detail = refused["errors"][1]["detail"].as_str().unwrap();
    assert!(detail.contains("13,38") && detail.contains("decimal_separator=,"), "{detail}");
    assert_eq!(due(&admin, &bill).await, "55500.00");
    let statement = import(&admin, "delimiter=;&decimal_separator=,", file).await.expect(201).body;
    let read = days(&admin, &statement).await;
    assert_eq!(read, [("2026-03-02".into(), "55500.00".into()), ("2026-03-02".into(), "13.38".into())]);
    assert_eq!((counts(&statement)[2], due(&admin, &bill).await), (1, json!("0.00")));
    for wrong in ["1.33", "1.33.333,00", "1234.567,00"] {
        let file = format!("booked_on;amount\n2026-03-02;{wrong}\n");
        let refused = import(&admin, "delimiter=;&decimal_separator=,", &file).await.expect(422).body;
        assert_eq!(refused["errors"][0]["pointer"], "/rows/0/amount", "{refused:#}");
    }
    clean(&app).await;
}

/// Day before month instead of month before day: read anew, as long as nobody has decided anything.
#[actix_web::test]
async fn a_file_that_was_read_wrongly_is_read_anew() {
    let app = TestApp::spawn().await;
    let admin = bank(&app).await;
    let file = "booked_on,amount,remittance_text\n01/02/2026,7.00,a\n02/02/2026,8.00,b\n02/03/2026,9.00,c\n";
    let first = import(&admin, "date_format=MM/DD/YYYY", file).await.expect(201).body;
    assert_eq!(days(&admin, &first).await[0].0, "2026-01-02");
    let before = entries(&admin, &first).await;
    assert_eq!(import(&admin, "date_format=MM/DD/YYYY&statement=March", file).await.expect(200).body["version"], first["version"]);
    // What cannot be read takes nothing back.
    import(&admin, "date_format=DD.MM.YYYY", file).await.expect(422);
    assert_eq!(days(&admin, &first).await.len(), 3);

    let second = import(&admin, "date_format=DD/MM/YYYY", file).await.expect(201).body;
    assert_eq!((&second["id"], counts(&second)), (&first["id"], [3, 0, 0, 0, 3]));
    let after = entries(&admin, &second).await;
    let dates: Vec<&str> = after.iter().map(|row| row["booked_on"].as_str().unwrap()).collect();
    assert_eq!(dates, ["2026-02-01", "2026-02-02", "2026-03-02"]);
    assert_eq!(after[1]["id"], before[1]["id"], "the 2nd of February by both");
    admin.get(&format!("/v1/bank_entries/{}", id(&before[0]))).await.expect(404);
    let told = admin.get("/v1/events?limit=200&type=bank_statement.imported").await.expect(200).body;
    let replaced: Vec<&Value> = told["data"].as_array().unwrap().iter().map(|event| &event["data"]["replaced_count"]).collect();
    assert_eq!(replaced, [&json!(0), &json!(3)]);
    assert_eq!(import(&admin, "date_format=DD/MM/YYYY", file).await.expect(200).body["version"], second["version"]);

    // What a person has said, or what is booked, is not overruled.
    let act = async |action: &str, body: Value| admin.post(&format!("/v1/bank_entries/{}/{action}", id(&after[2])), body).await;
    act("ignore", json!({"reason": "Fee"})).await.expect(200);
    let refused = import(&admin, "date_format=MM/DD/YYYY", file).await.expect(409).body;
    assert_eq!(
        (&refused["code"], &refused["bank_statement_id"], &refused["decided_count"]),
        (&json!("already_booked"), &first["id"], &json!(1))
    );
    act("unmatch", json!({})).await.expect(200);
    let bill = invoice(&app, &admin, "C-1", 1).await;
    act("match", json!({"allocations": [{"invoice_id": bill["id"], "amount": "9.00"}]})).await.expect(200);
    assert_eq!(import(&admin, "date_format=MM/DD/YYYY", file).await.code(409), "already_booked");
    assert_eq!((days(&admin, &second).await.len(), payments(&admin).await.len()), (3, 1));
    clean(&app).await;
}

/// Rows of another file that may be the same once more keep pointing at the entry, or at nothing where it is no more.
#[actix_web::test]
async fn doubts_about_a_file_that_is_read_anew_stay_right() {
    let app = TestApp::spawn().await;
    let admin = bank(&app).await;
    let morning = "booked_on,amount,remittance_text\n2026-02-01,1.00,a\n2026-02-03,5.00,b\n";
    let first = import(&admin, "", morning).await.expect(201).body;
    let evening = "booked_on,amount,remittance_text\n2026-02-03,5.00,b\n2026-02-04,6.00,c\n";
    let second = import(&admin, "", evening).await.expect(201).body;
    let doubtful = entries(&admin, &second).await[0].clone();
    assert_eq!(doubtful["possible_duplicate_of"], entries(&admin, &first).await[1]["id"]);
    let doubt = async || admin.get(&format!("/v1/bank_entries/{}", id(&doubtful))).await.expect(200).body["possible_duplicate_of"].clone();
    // Another mapping by which the rows are the same.
    import(&admin, "value_on=booked_on", morning).await.expect(201);
    assert_eq!(doubt().await, doubtful["possible_duplicate_of"]);
    import(&admin, "structured_reference=booked_on", morning).await.expect(201);
    assert_eq!(doubt().await, Value::Null, "with a reference of its own it is another row");
    import(&admin, "", morning).await.expect(201);
    assert_eq!(counts(&import(&admin, "", evening).await.expect(200).body)[0], 2);
    clean(&app).await;
}

/// A person matches while somebody reads the file anew: one of them has it.
#[actix_web::test]
async fn an_entry_is_matched_or_read_anew() {
    let app = TestApp::spawn().await;
    let admin = bank(&app).await;
    let customer_id = invoice(&app, &admin, "C-1", 1).await["bill_to"]["id"].clone();
    let mut booked = 0;
    for round in 1..=8 {
        let file = format!("booked_on,amount,remittance_text\n01/02/2026,{round}.00,a\n");
        let statement = import(&admin, "date_format=MM/DD/YYYY", &file).await.expect(201).body;
        let path = format!("/v1/bank_entries/{}/match", id(&entries(&admin, &statement).await[0]));
        let (matched, read) =
            join(admin.post(&path, json!({"customer_id": customer_id})), import(&admin, "date_format=DD/MM/YYYY", &file)).await;
        assert!(matches!((matched.status, read.status), (200, 409) | (404, 201)), "{} {}", matched.status, read.status);
        booked += usize::from(matched.status == 200);
    }
    assert_eq!(payments(&admin).await.len(), booked);
    clean(&app).await;
}

/// The year of a rent is no purchase order.
#[actix_web::test]
async fn a_short_number_of_a_buyer_books_nothing_by_itself() {
    let app = TestApp::spawn().await;
    let admin = bank(&app).await;
    customer(&admin, "C-3", json!({"name": "Berlin GmbH"})).await;
    customer(&admin, "C-4", json!({"name": "Jean P"})).await;
    let mut orders = vec![];
    for (number, quantity) in [("2025", "1"), ("0815", "2"), ("4500012345", "3"), ("4500012346", "4")] {
        let body = json!({"customer_code": "C-3", "purchase_order_number": number, "lines": [{"sku": "KOPI", "quantity": quantity}]});
        orders.push(admin.post("/v1/orders", body).await.expect(201).body);
    }
    let file = "booked_on,amount,remittance_text,counterparty_name\n2026-03-02,55500.00,Miete Nachtrag 2025,Erika Muster\n\
        2026-03-02,111000.00,0815,Jean P\n2026-03-02,166500.00,4500012345,Erika Muster\n2026-03-02,222000.00,4500012346,Jean P\n\
        2026-03-02,111000.00,0815,BERLIN GmbH\n";
    let statement = import(&admin, "", file).await.expect(201).body;
    let rows = entries(&admin, &statement).await;
    let told: Vec<(&str, i64, &Value)> = rows
        .iter()
        .map(|row| (row["status"].as_str().unwrap(), row["suggestions"][0]["score"].as_i64().unwrap(), &row["suggestions"][0]["reasons"]))
        .collect();
    assert_eq!(
        told,
        [
            ("suggested", 75, &json!(["short_number", "amount_due"])),
            ("suggested", 45, &json!(["short_number", "amount_due", "name_of_another"])),
            ("matched", 90, &json!(["number_in_text", "amount_due"])),
            ("suggested", 60, &json!(["number_in_text", "amount_due", "name_of_another"])),
            ("matched", 90, &json!(["short_number", "amount_due", "payer_name"])),
        ]
    );
    assert_eq!(rows[0]["suggestions"][0]["allocations"][0]["bank_fee"], "0.00");
    assert_eq!(rows[0]["suggestions"][0]["allocations"][0]["order_id"], orders[0]["id"]);
    assert_eq!(payments(&admin).await.len(), 2);
    clean(&app).await;
}
