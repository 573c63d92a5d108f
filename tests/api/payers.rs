//! Who pays for somebody else: the invoice bears his name, his own address and his terms.

use crate::shop::{ADDRESS, clean, customer, receive, shop};
use crate::support::app::{Caller, TestApp};
use serde_json::{Value, json};

fn address(city: &str) -> Value {
    json!({"line1": format!("{city} Str 1"), "city": city, "country": "ID"})
}

async fn placed(admin: &Caller<'_>, more: Value) -> Value {
    let mut body = json!({"lines": [{"sku": "KOPI", "quantity": "1"}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    admin.post("/v1/orders", body).await.expect(201).body
}

async fn invoiced(admin: &Caller<'_>, order: &Value) -> Value {
    let order_id = order["id"].as_str().unwrap();
    let work = admin.get(&format!("/v1/fulfillment_orders?order_id={order_id}")).await.expect(200).body["data"][0].clone();
    admin.post(&format!("/v1/fulfillment_orders/{}/ship", work["id"].as_str().unwrap()), json!({"carrier": "jne"})).await.expect(201);
    admin.post(&format!("/v1/orders/{order_id}/invoices"), json!({})).await.expect(201).body
}

#[actix_web::test]
async fn an_invoice_to_somebody_else_stands_under_his_address_and_his_terms() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    receive(&admin, "jakarta", "KOPI", "100").await;
    let parent = json!({"payment_terms": "net_60", "billing_address": address("Berlin"), "shipping_address": address("Potsdam")});
    let parent = customer(&admin, "PARENT", parent).await;
    let child = json!({"bill_to_customer_id": parent, "billing_address": address("Bandung"), "shipping_address": address("Cimahi")});
    customer(&admin, "CHILD", child).await;

    let order = placed(&admin, json!({"customer_code": "CHILD"})).await;
    assert_eq!((&order["billing_address"]["city"], &order["shipping_address"]["city"]), (&json!("Berlin"), &json!("Cimahi")));
    assert_eq!(order["payment_terms"], "net_60");
    let bill = invoiced(&admin, &order).await;
    assert_eq!((&bill["bill_to"]["name"], &bill["bill_to"]["address"]["city"]), (&json!("Customer PARENT"), &json!("Berlin")));
    let day = |field: &str| bill[field].as_str().unwrap().parse::<chrono::NaiveDate>().unwrap();
    assert_eq!((day("due_on") - day("issued_on")).num_days(), 60);

    // What the order says itself goes before.
    let own = json!({"customer_code": "CHILD", "billing_address": address("Medan"), "payment_terms": "net_30"});
    let order = placed(&admin, own).await;
    assert_eq!((&order["billing_address"]["city"], &order["payment_terms"]), (&json!("Medan"), &json!("net_30")));

    // A payer who is named on the order alone, and one who has no address for bills.
    let other = customer(&admin, "OTHER", json!({"shipping_address": address("Solo")})).await;
    let order = placed(&admin, json!({"customer_code": "CHILD", "bill_to_customer_id": other})).await;
    assert_eq!((&order["billing_address"]["city"], &order["payment_terms"]), (&json!("Solo"), &json!("net_30")));
    let coded = json!({"shipping_address": null, "addresses": [{"code": "hq", "use": "billing", "line1": "HQ 1", "city": "Malang", "country": "ID"}]});
    let coded = customer(&admin, "CODED", coded).await;
    let order = placed(&admin, json!({"customer_code": "CHILD", "bill_to_customer_id": coded})).await;
    assert_eq!(order["billing_address"]["city"], "Malang");

    // One who has none at all is not given somebody else's.
    let nowhere = customer(&admin, "NOWHERE", json!({"shipping_address": null})).await;
    let order = placed(&admin, json!({"customer_code": "CHILD", "bill_to_customer_id": nowhere})).await;
    assert_eq!((&order["billing_address"], &order["shipping_address"]["city"]), (&Value::Null, &json!("Cimahi")));
    let bill = invoiced(&admin, &order).await;
    assert_eq!((&bill["bill_to"]["name"], &bill["bill_to"]["address"]), (&json!("Customer NOWHERE"), &Value::Null));

    // Who pays for himself is billed as before.
    customer(&admin, "SELF", json!({"shipping_address": serde_json::from_str::<Value>(ADDRESS).unwrap()})).await;
    let order = placed(&admin, json!({"customer_code": "SELF"})).await;
    assert_eq!((&order["billing_address"]["city"], &order["payment_terms"]), (&json!("Bandung"), &json!("net_30")));
    clean(&app).await;
}

#[actix_web::test]
async fn a_payer_who_pays_in_advance_pays_for_others_in_advance() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    receive(&admin, "jakarta", "KOPI", "100").await;
    let parent = customer(&admin, "PARENT", json!({"payment_terms": "prepaid", "billing_address": address("Berlin")})).await;
    customer(&admin, "CHILD", json!({"bill_to_customer_id": parent})).await;
    let order = placed(&admin, json!({"customer_code": "CHILD"})).await;
    assert_eq!((&order["status"], &order["holds"][0]["code"]), (&json!("on_hold"), &json!("payment_required")));
    clean(&app).await;
}
