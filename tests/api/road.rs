//! The whole road: one order from capture to its last money, and what the world sees of it.

use crate::shop::{clean, customer, level, receive, shop};
use crate::support::app::TestApp;
use serde_json::{Value, json};

#[actix_web::test]
async fn one_order_travels_the_whole_road() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    let customer_id = customer(&admin, "C-1", json!({"credit_limit": "10000000"})).await;
    receive(&admin, "jakarta", "KOPI", "10").await;
    receive(&admin, "jakarta", "TEH", "5").await;

    // Captured, verified and promised in one call: 7 × 50,000 + 3 × 20,000 + shipping 30,000, PPN 11 %.
    let body = json!({"customer_code": "C-1", "lines": [{"sku": "KOPI", "quantity": "7"}, {"sku": "TEH", "quantity": "3"}],
        "shipping": {"method": "regular", "amount": "30000"}, "purchase_order_number": "PO-7"});
    let order = admin.post("/v1/orders", body).await.expect(201).body;
    assert_eq!(
        (&order["status"], &order["subtotal"], &order["tax_total"], &order["total"]),
        (&json!("confirmed"), &json!("410000.00"), &json!("48400.00"), &json!("488400.00"))
    );
    let id = order["id"].as_str().unwrap().to_owned();
    let line = |i: usize| order["lines"][i]["id"].clone();
    let read = async || admin.get(&format!("/v1/orders/{id}")).await.expect(200).body;

    // A first, partial shipment.
    app.clock.advance(chrono::TimeDelta::minutes(5));
    let fulfillment = admin.get(&format!("/v1/fulfillment_orders?order_id={id}")).await.expect(200).body["data"][0].clone();
    let fulfillment_id = fulfillment["id"].as_str().unwrap();
    let ship = format!("/v1/fulfillment_orders/{fulfillment_id}/ship");
    let first = json!({"carrier": "JNE", "tracking_number": "JNE123", "lines": [{"order_line_id": line(0), "quantity": "4"}]});
    let first = admin.post(&ship, first).await.expect(201).body;
    assert_eq!(level(&admin, "KOPI", "jakarta").await, ("6".into(), "3".into(), "3".into()), "stock leaves on ship");
    assert_eq!(read().await["fulfillment_status"], "partially_fulfilled");

    // It is invoiced with the shipping; its number is the first.
    let invoices = format!("/v1/orders/{id}/invoices");
    let invoice_1 = admin.post(&invoices, json!({})).await.expect(201).body;
    assert_eq!(
        (&invoice_1["number"], &invoice_1["subtotal"], &invoice_1["shipping_net"], &invoice_1["total"]),
        (&json!("INV-000001"), &json!("200000.00"), &json!("30000.00"), &json!("255300.00"))
    );
    assert_eq!(admin.post(&invoices, json!({})).await.code(409), "nothing_to_invoice");

    // The rest ships and is delivered; a second invoice makes the order's total.
    app.clock.advance(chrono::TimeDelta::minutes(20));
    let second = admin.post(&ship, json!({"carrier": "JNE"})).await.expect(201).body;
    for shipment in [&first, &second] {
        let path = format!("/v1/shipments/{}/tracking_events", shipment["id"].as_str().unwrap());
        let event = json!({"status": "delivered", "occurred_at": app.clock.now().to_rfc3339(), "received_by": "Siti"});
        admin.post(&path, event).await.expect(200);
    }
    let invoice_2 = admin.post(&invoices, json!({})).await.expect(201).body;
    assert_eq!((&invoice_2["number"], &invoice_2["total"]), (&json!("INV-000002"), &json!("233100.00")));
    let done = read().await;
    assert_eq!(
        (&done["status"], &done["fulfillment_status"], &done["invoice_status"], &done["payment_status"]),
        (&json!("completed"), &json!("delivered"), &json!("invoiced"), &json!("unpaid"))
    );
    assert_eq!(
        (&done["amount_invoiced"], &done["uninvoiced_total"], &done["amount_due"]),
        (&json!("488400.00"), &json!("0.00"), &json!("488400.00"))
    );

    // A part payment on the first invoice, then a transfer that is more than is owed.
    let pay = async |body: Value| admin.post("/v1/payments", body).await.expect(201).body;
    let part = pay(json!({"invoice_id": invoice_1["id"], "amount": "100000", "currency": "IDR", "method": "bank_transfer"})).await;
    assert_eq!((&part["number"], &part["unapplied_amount"]), (&json!("RCP-000001"), &json!("0.00")));
    assert_eq!(read().await["payment_status"], "partially_paid");
    let over = pay(json!({"order_id": id, "amount": "400000", "currency": "IDR", "method": "bank_transfer"})).await;
    assert_eq!(over["unapplied_amount"], "11600.00", "money that arrived is never refused");
    let paid = read().await;
    assert_eq!((&paid["payment_status"], &paid["amount_due"]), (&json!("paid"), &json!("0.00")));
    let balance = async || admin.get(&format!("/v1/customers/{customer_id}")).await.expect(200).body["balance"].clone();
    assert_eq!((&balance().await["open_orders"], &balance().await["unpaid"]), (&json!("0.00"), &json!("0.00")));

    // Two units were broken: a credit note, and the money back.
    let credit =
        json!({"invoice_id": invoice_1["id"], "reason": "Two bags were torn", "lines": [{"order_line_id": line(0), "quantity": "2"}]});
    let credit = admin.post("/v1/credit_notes", credit).await.expect(201).body;
    assert_eq!((&credit["number"], &credit["total"]), (&json!("CN-000001"), &json!("111000.00")));
    let credited = read().await;
    assert_eq!(
        (&credited["amount_credited"], &credited["lines"][0]["credited_quantity"], &credited["amount_due"]),
        (&json!("111000.00"), &json!("2"), &json!("0.00"))
    );
    let mut unapplied = rust_decimal::Decimal::ZERO;
    for payment in admin.get(&format!("/v1/payments?customer_id={customer_id}")).await.expect(200).body["data"].as_array().unwrap() {
        unapplied += payment["unapplied_amount"].as_str().unwrap().parse::<rust_decimal::Decimal>().unwrap();
    }
    assert_eq!(unapplied.to_string(), "122600.00", "what was overpaid and what was credited");
    let refund = format!("/v1/payments/{}/refund", over["id"].as_str().unwrap());
    let back = admin.post(&refund, json!({"amount": "11600", "reason": "overpaid"})).await.expect(201).body;
    assert_eq!(back["amount"], "11600.00");
    assert_eq!(admin.post(&refund, json!({"amount": "400000", "reason": "too much"})).await.status, 409);

    // What the world sees.
    let events = admin.get(&format!("/v1/orders/{id}/events?limit=200")).await.expect(200).body;
    let types: Vec<&str> = events["data"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect();
    for expected in [
        "order.captured",
        "order.confirmed",
        "shipment.shipped",
        "shipment.delivered",
        "invoice.issued",
        "order.completed",
        "payment.captured",
        "invoice.paid",
        "credit_note.issued",
        "payment.refunded",
    ] {
        assert!(types.contains(&expected), "{expected} is missing in {types:?}");
    }
    assert_eq!(types.iter().filter(|event_type| **event_type == "invoice.issued").count(), 2);
    let feed = admin.get("/v1/events?limit=200").await.expect(200).body;
    assert!(feed["data"].as_array().unwrap().len() >= types.len());
    let sales = admin.get("/v1/reports/sales?from=2026-03-01&to=2026-03-31").await.expect(200).body;
    assert!(sales.to_string().contains("410000.00"), "{sales:#}");
    let history = admin.get(&format!("/v1/customers/{customer_id}/history")).await.expect(200).body;
    assert!(history["data"].as_array().unwrap().len() >= 6, "{history:#}");
    clean(&app).await;
}

/// Three invoices of a third each, in currencies of 0, 2 and 3 decimals: the documents add up to the order to the minor unit.
#[actix_web::test]
async fn partial_invoices_add_up_in_every_currency() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    receive(&admin, "jakarta", "KOPI", "9").await;
    for (currency, price, total) in [("JPY", "333", "1114"), ("EUR", "3.33", "11.09"), ("KWD", "3.333", "11.099")] {
        let prices = json!([{"price_list": "default", "sku": "KOPI", "currency": currency, "unit_price": price}]);
        admin.put("/v1/prices", prices).await.expect(200);
        let shipping = if currency == "JPY" { "5" } else { "0" };
        let body = json!({"customer_code": "C-1", "currency": currency, "lines": [{"sku": "KOPI", "quantity": "3"}], "shipping": {"amount": shipping}});
        let order = admin.post("/v1/orders", body).await.expect(201).body;
        assert_eq!(order["total"], total, "{order:#}");
        let id = order["id"].as_str().unwrap();
        let fulfillment = admin.get(&format!("/v1/fulfillment_orders?order_id={id}")).await.expect(200).body["data"][0]["id"].clone();
        let mut sum = rust_decimal::Decimal::ZERO;
        for _ in 0..3 {
            let one = json!({"carrier": "DHL", "lines": [{"order_line_id": order["lines"][0]["id"], "quantity": "1"}]});
            admin.post(&format!("/v1/fulfillment_orders/{}/ship", fulfillment.as_str().unwrap()), one).await.expect(201);
            let invoice = admin.post(&format!("/v1/orders/{id}/invoices"), json!({})).await.expect(201).body;
            sum += invoice["total"].as_str().unwrap().parse::<rust_decimal::Decimal>().unwrap();
        }
        assert_eq!(sum.to_string(), total);
        let done = admin.get(&format!("/v1/orders/{id}")).await.expect(200).body;
        assert_eq!((&done["amount_invoiced"], &done["status"]), (&json!(total), &json!("completed")));
    }
    clean(&app).await;
}
