//! Money of nothing, and of little: no zero has a sign, small differences have their account, and what undid something comes after it.

use crate::money::{company, get, id, invoiced, pay, start};
use crate::shop::{clean, customer, post_journal, shop};
use crate::support::app::send;
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};

/// 100 yen come at 0.0061 and go back at 0.0063: 0.02 that no rounding explains. Yen have no places; what is not moved is 0.
#[actix_web::test]
async fn a_small_difference_of_rates_is_no_rounding_and_zero_has_no_sign() {
    let app = start().await;
    let (_, admin) = shop(&app).await;
    let customer_id = customer(&admin, "C-1", json!({})).await;
    let rate = |rate: &str, from: &str| json!({"from_currency": "JPY", "to_currency": "IDR", "rate": rate, "valid_from_on": from});
    admin.put("/v1/exchange_rates", json!([rate("0.0061", "2026-01-01"), rate("0.0063", "2026-03-03")])).await.expect(200);
    let came = json!({"customer_id": customer_id, "amount": "100", "currency": "JPY", "method": "bank_transfer"});
    let payment = admin.post("/v1/payments", came).await.expect(201).body;
    app.clock.advance(TimeDelta::days(2));
    let back = json!({"amount": "100", "reason": "Not ours"});
    admin.post(&format!("/v1/payments/{}/refund", id(&payment)), back).await.expect(201);
    post_journal(&app).await;

    let feed = admin.get("/v1/journal_entries?limit=200").await.expect(200).body;
    let lines = feed["data"][1]["lines"].as_array().unwrap();
    let sides = ["role", "debit", "credit", "base_debit", "base_credit"];
    let shown: Vec<[&str; 5]> = lines.iter().map(|line| sides.map(|name| line[name].as_str().unwrap())).collect();
    assert_eq!(
        shown,
        [
            ["receivable", "100", "0", "0.61", "0.00"],
            ["refund", "0", "100", "0.00", "0.63"],
            ["exchange_difference", "0", "0", "0.02", "0.00"]
        ]
    );
    let csv = admin.request(Method::GET, "/v1/journal_entries?format=csv").send().await.unwrap().text().await.unwrap();
    assert!(csv.contains(",exchange_difference,JPY,0,0,IDR,") && !csv.contains(",-0"), "{csv}");
    send(admin.request(Method::GET, "/v1/journal_entries?format=csv")).await;
    clean(&app).await;
}

#[actix_web::test]
async fn an_adjustment_stands_before_what_undid_it_and_nothing_paid_is_nothing() {
    let app = start().await;
    let (_, admin) = company(&app).await;
    let (_, invoice) = invoiced(&admin, json!({})).await;
    let bill =
        json!([{"invoice_id": invoice["id"], "amount": "100000.00", "adjustments": [{"kind": "withholding_tax", "amount": "2000.00"}]}]);
    let mut paid = vec![];
    for _ in 0..3 {
        let payment = pay(&admin, "100000", json!({"allocations": bill})).await.expect(201).body;
        app.clock.advance(TimeDelta::minutes(1));
        let release = json!({"invoice_id": invoice["id"], "reason": "Wrong invoice"});
        let released = admin.post(&format!("/v1/payments/{}/allocations/release", id(&payment)), release).await.expect(200).body;
        assert_eq!(released["unapplied_amount"], "100000.00");
        app.clock.advance(TimeDelta::minutes(1));
        let now = get(&admin, "invoices", &invoice).await;
        assert_eq!([&now["amount_paid"], &now["amount_adjusted"]], ["0.00", "0.00"]);
        paid.push(payment);
    }
    let path = format!("/v1/customers/{}/statement", invoice["bill_to"]["id"].as_str().unwrap());
    let statement = admin.get(&path).await.expect(200).body;
    let rows: Vec<&Value> = statement["entries"].as_array().unwrap().iter().filter(|row| row["kind"] == "adjustment").collect();
    let told: Vec<[&Value; 3]> = rows.iter().map(|row| [&row["number"], &row["credit"], &row["debit"]]).collect();
    let (some, none) = (json!("2000.00"), json!("0.00"));
    let expected: Vec<[&Value; 3]> =
        paid.iter().flat_map(|payment| [[&payment["number"], &some, &none], [&payment["number"], &none, &some]]).collect();
    assert_eq!(told, expected);
    admin.get("/v1/events?limit=200").await.expect(200);
    clean(&app).await;
}
