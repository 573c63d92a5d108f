//! What a `PATCH` takes away, keeps and lays over what is there (RFC 7396), and where null stands for what is left out.

use crate::shop::{clean, customer, receive, shop};
use crate::support::app::TestApp;
use serde_json::{Value, json};

#[actix_web::test]
async fn a_patch_of_an_order_loses_nothing_that_it_does_not_name() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    receive(&admin, "jakarta", "KOPI", "10").await;
    let order = json!({"customer_code": "C-1", "contact": {"name": "A", "phone": "1"}, "metadata": {"a": {"b": 1, "c": 2}},
        "external_ids": {"erp": "1", "crm": "2"}, "lines": [{"sku": "KOPI", "quantity": "1"}]});
    let order = admin.post("/v1/orders", order).await.expect(201).body;
    let path = format!("/v1/orders/{}", order["id"].as_str().unwrap());
    let patched = async |patch: Value| admin.patch(&path, patch).await.expect(200).body;
    let contact = |name: Value, phone: Value| json!({"name": name, "email": null, "phone": phone});
    assert_eq!(patched(json!({"contact": {"name": "B"}})).await["contact"], contact(json!("B"), json!("1")));
    assert_eq!(patched(json!({"contact": {"phone": null}})).await["contact"], contact(json!("B"), Value::Null));
    assert_eq!(patched(json!({"contact": null})).await["contact"], Value::Null);
    assert_eq!(patched(json!({"contact": {"phone": "2"}})).await["contact"], contact(Value::Null, json!("2")));
    assert_eq!(patched(json!({"metadata": {"a": {"b": null}}})).await["metadata"], json!({"a": {"c": 2}}));
    assert_eq!(patched(json!({"external_ids": {"crm": null}})).await["external_ids"], json!({"erp": "1"}));
    let emptied = patched(json!({"metadata": null, "external_ids": null})).await;
    assert_eq!((&emptied["metadata"], &emptied["external_ids"]), (&json!({}), &json!({})));
    let refused = admin.patch(&path, json!({"contact": {"e_mail": "x"}})).await;
    assert_eq!((refused.body["errors"][0]["pointer"].clone(), refused.code(422)), (json!("/contact/e_mail"), "unknown_field".to_owned()));
    clean(&app).await;
}

#[actix_web::test]
async fn a_patch_merges_addresses_and_null_takes_away() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    let address = json!({"line1": "Jl. Pluit 8", "city": "Jakarta", "country": "ID"});
    let path = "/v1/locations/jakarta";
    admin.patch(path, json!({"address": address, "handling_days": 3})).await.expect(200);
    let moved = admin.patch(path, json!({"address": {"line2": "Gate 3"}, "priority": 7})).await.expect(200).body;
    assert_eq!((&moved["address"]["line1"], &moved["address"]["line2"]), (&json!("Jl. Pluit 8"), &json!("Gate 3")));
    let back = admin.patch(path, json!({"address": {"line2": null}, "handling_days": null, "priority": null})).await.expect(200).body;
    assert_eq!((&back["address"]["line2"], &back["handling_days"], &back["priority"]), (&Value::Null, &Value::Null, &json!(100)));
    let same = admin.patch(path, json!({"address": {"city": "Jakarta"}})).await.expect(200).body;
    assert_eq!(same["version"], back["version"], "nothing has changed");
    assert_eq!(admin.patch(path, json!({"name": null})).await.code(422), "required");
    assert_eq!(admin.patch(path, json!({"colour": null})).await.code(422), "unknown_field");
    assert_eq!(admin.patch("/v1/locations/surabaya", json!({"address": {"line2": "x"}})).await.code(422), "required");

    let supply = json!({"sku": "KOPI", "location": "jakarta", "quantity": "5", "expected_on": "2027-01-15", "reference": "R"});
    let supply = admin.post("/v1/inventory/incoming", supply).await.expect(201).body;
    let path = format!("/v1/inventory/incoming/{}", supply["id"].as_str().unwrap());
    assert_eq!(admin.patch(&path, json!({"quantity": "6"})).await.expect(200).body["reference"], "R");
    assert_eq!(admin.patch(&path, json!({"reference": null})).await.expect(200).body["reference"], Value::Null);
    clean(&app).await;
}

/// A client that writes its empty fields as null gets what one gets that leaves them out.
#[actix_web::test]
async fn null_is_taken_for_what_is_left_out() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    receive(&admin, "jakarta", "KOPI", "10").await;
    let nowhere = json!({"name": null, "company": null, "line1": null, "line2": null, "city": null, "region": null, "postal_code": null,
        "country": "ID", "phone": null});
    let order = json!({"customer_code": "C-1", "shipping_address": nowhere, "lines": [{"sku": "KOPI", "quantity": "1"}]});
    let held = admin.post("/v1/orders", order).await.expect(201).body;
    assert_eq!((&held["status"], &held["holds"][0]["code"]), (&json!("on_hold"), &json!("address_incomplete")));
    let mut books = nowhere.clone();
    (books["code"], books["use"]) = (json!("gudang"), json!("shipping"));
    let known = json!({"code": "C-2", "name": "Toko", "kind": "company", "billing_address": nowhere, "addresses": [books]});
    admin.post("/v1/customers", known).await.expect(201);
    let location = json!({"name": "Bandung", "kind": "store", "address": nowhere, "priority": null, "active": null, "handling_days": null,
        "cutoff_time": null, "working_days": null});
    let location = admin.put("/v1/locations/bandung", location).await.expect(201).body;
    assert_eq!((&location["priority"], &location["active"]), (&json!(100), &json!(true)));
    let terms = json!({"name": "At once", "net_days": null, "end_of_month": null, "prepayment": null, "cash_on_delivery": null,
        "discount_percent": null, "discount_days": null});
    let terms = admin.put("/v1/payment_terms/at_once", terms).await.expect(201).body;
    assert_eq!((&terms["net_days"], &terms["prepayment"]), (&json!(0), &json!(false)));
    let settings = admin.put("/v1/notice_settings", json!({"enabled": false, "kinds": null})).await.expect(200).body;
    assert_eq!(settings["kinds"]["invoice"], true);
    let settings = admin.put("/v1/notice_settings", json!({"enabled": false, "kinds": {"invoice": null, "delay": false}})).await;
    assert_eq!(settings.expect(200).body["kinds"]["invoice"], true);
    let policy = json!({"safety_stock": null, "reorder_point": null});
    assert_eq!(admin.put("/v1/inventory/KOPI/jakarta/policy", policy).await.expect(200).body["safety_stock"], "0");
    let cart = json!({"lines": [{"sku": "KOPI", "quantity": "1", "unit": null}], "expires_in_seconds": null});
    admin.post("/v1/checkout/reservations", cart).await.expect(201);
    clean(&app).await;
}

/// A value with a comma is put into quotes; without them it is two.
#[actix_web::test]
async fn what_holds_a_comma_can_be_looked_for() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    receive(&admin, "jakarta", "KOPI", "10").await;
    for (id, rep) in [(r#"A,1"#, "Doe, Jane"), (r#"5" pipe, long"#, "Roe"), ("plain", "Poe")] {
        let order = json!({"customer_code": "C-1", "external_id": id, "purchase_order_number": id, "sales_rep": rep,
            "lines": [{"sku": "KOPI", "quantity": "1"}]});
        admin.post("/v1/orders", order).await.expect(201);
    }
    let found = async |name: &str, text: &str| {
        let query = serde_urlencoded::to_string([(name, text)]).unwrap();
        let page = admin.get(&format!("/v1/orders?{query}&sort=created_at")).await.expect(200).body;
        page["data"].as_array().unwrap().iter().map(|order| order["external_id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for name in ["external_id", "purchase_order_number"] {
        assert_eq!(found(name, "A,1").await, [""; 0]);
        assert_eq!(found(name, r#""A,1""#).await, ["A,1"]);
        assert_eq!(found(name, r#"plain,"5"" pipe, long""#).await, [r#"5" pipe, long"#, "plain"]);
    }
    assert_eq!(found("sales_rep", r#""Doe, Jane",Poe"#).await, ["A,1", "plain"]);
    clean(&app).await;
}
