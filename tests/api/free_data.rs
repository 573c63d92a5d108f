//! What other systems call a thing and what its owner keeps with it: set, merged, taken away, refused and found, on whatever has it.

use crate::imports::work as work_imports;
use crate::shop::{clean, customer, receive, shop};
use crate::support::app::{Caller, TestApp, send};
use reqwest::Method;
use serde_json::{Value, json};

/// A thing that is there without free data, and where to ask for it.
struct Thing {
    path: String,
    /// Its list, if it has one; an organization is asked for alone.
    list: Option<&'static str>,
    /// What a `PUT` must say of it; others are only made and changed.
    whole: Option<Value>,
}

async fn made(admin: &Caller<'_>, list: &'static str, body: Value) -> Thing {
    let made = admin.post(list, body).await.expect(201).body;
    assert_eq!((&made["external_ids"], &made["metadata"]), (&json!({}), &json!({})), "{list}");
    Thing { path: format!("{list}/{}", made["id"].as_str().unwrap()), list: Some(list), whole: None }
}

async fn put(admin: &Caller<'_>, path: &str, list: &'static str, body: Value) -> Thing {
    admin.put(path, body.clone()).await;
    Thing { path: path.to_owned(), list: Some(list), whole: Some(body) }
}

async fn things(admin: &Caller<'_>) -> Vec<Thing> {
    let organization = json!({"legal_name": "PT Nusantara Niaga", "country": "ID"});
    vec![
        put(admin, "/v1/locations/jakarta", "/v1/locations", json!({"name": "Jakarta", "kind": "warehouse"})).await,
        put(admin, "/v1/payment_terms/net_7", "/v1/payment_terms", json!({"name": "7 days", "net_days": 7})).await,
        put(
            admin,
            "/v1/products/BERAS",
            "/v1/products",
            json!({"name": "Beras", "unit": "KGM", "quantity_scale": 3, "tax_category": "standard"}),
        )
        .await,
        made(admin, "/v1/channels", json!({"code": "web", "kind": "shopify", "name": "Web shop"})).await,
        made(admin, "/v1/coupons", json!({"code": "TEN", "name": "Ten off", "percent": "10"})).await,
        made(admin, "/v1/users", json!({"email": "siti@example.com", "name": "Siti", "role": "sales"})).await,
        made(admin, "/v1/customers", json!({"name": "Toko", "kind": "company"})).await,
        Thing { path: "/v1/organization".to_owned(), list: None, whole: Some(organization) },
    ]
}

#[actix_web::test]
async fn whatever_has_free_data_takes_it_in_the_same_way() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    for thing in things(&admin).await {
        let path = &thing.path;
        let patched = async |patch: Value| admin.patch(path, patch).await.expect(200).body;
        let before = admin.get(path).await.expect(200).body;
        let first = patched(json!({"external_ids": {"erp": "W-01", "crm": "9"}, "metadata": {"a": {"b": 1, "c": [true, null]}}})).await;
        assert_eq!(first["external_ids"], json!({"erp": "W-01", "crm": "9"}), "{path}");
        assert_eq!(first["version"].as_i64().unwrap(), before["version"].as_i64().unwrap() + 1, "{path}");
        let read = admin.get(path).await.expect(200);
        assert_eq!(read.header("etag").trim_matches('"').split(['.', '-']).next().unwrap(), first["version"].to_string(), "{path}");
        assert_eq!((&read.body["external_ids"], &read.body["metadata"]), (&first["external_ids"], &first["metadata"]), "{path}");
        let same = patched(json!({"external_ids": {"erp": "W-01"}, "metadata": {"a": {"b": 1}}})).await;
        assert_eq!(same["version"], first["version"], "{path}: nothing has changed");
        let merged = patched(json!({"external_ids": {"erp": null, "mes": "5"}, "metadata": {"a": {"b": null}, "d": "ü"}})).await;
        assert_eq!(merged["external_ids"], json!({"crm": "9", "mes": "5"}), "{path}");
        assert_eq!(merged["metadata"], json!({"a": {"c": [true, null]}, "d": "ü"}), "{path}");

        let refused = async |patch: Value| {
            let reply = admin.patch(path, patch).await;
            (reply.body["errors"][0]["pointer"].as_str().unwrap_or_default().to_owned(), reply.code(422))
        };
        let expect = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
        assert_eq!(refused(json!({"external_ids": {"a b": "1"}})).await, expect("/external_ids/a b", "invalid_code"), "{path}");
        assert_eq!(refused(json!({"external_ids": {"erp": ""}})).await, expect("/external_ids/erp", "required"), "{path}");
        assert_eq!(refused(json!({"external_ids": {"erp": "x".repeat(256)}})).await, expect("/external_ids/erp", "too_long"), "{path}");
        assert_eq!(refused(json!({"metadata": {"a": "x".repeat(16 * 1024)}})).await, expect("/metadata", "too_long"), "{path}");
        assert_eq!(refused(json!({"external_ids": {"erp": 1}})).await.1, "invalid_type", "{path}");
        assert_eq!(refused(json!({"metadata": []})).await.1, "invalid_type", "{path}");
        let many: Value = (0..19).map(|i| (format!("s{i}"), json!("1"))).collect::<serde_json::Map<_, _>>().into();
        assert_eq!(
            refused(json!({"external_ids": many})).await,
            expect("/external_ids", "too_many_items"),
            "{path}: with the two that are there"
        );

        if let Some(list) = thing.list {
            let found = async |query: &str| {
                let page = admin.get(&format!("{list}?{query}")).await.expect(200).body;
                page["data"].as_array().unwrap().iter().map(|row| row["external_ids"].clone()).collect::<Vec<_>>()
            };
            assert_eq!(found("external_ids.crm=9").await, [merged["external_ids"].clone()], "{list}");
            assert_eq!(found("external_ids.crm=9&external_ids.mes=5&limit=1").await.len(), 1, "{list}");
            for none in ["external_ids.erp=W-01", "external_ids.crm=5", "external_ids.crm=9&external_ids.mes=6"] {
                assert_eq!(found(none).await, [Value::Null; 0], "{list}?{none}");
            }
            assert_eq!(admin.get(&format!("{list}?external_ids.crm=1&external_ids.crm=2")).await.code(400), "unknown_parameter", "{list}");
        }
        if let Some(mut whole) = thing.whole {
            whole["external_ids"] = json!({"erp": "W-02"});
            whole["metadata"] = json!({"x": 1});
            let replaced = admin.put(path, whole.clone()).await.expect(200).body;
            assert_eq!((&replaced["external_ids"], &replaced["metadata"]), (&json!({"erp": "W-02"}), &json!({"x": 1})), "{path}");
            let again = admin.put(path, replaced.clone()).await.expect(200).body;
            assert_eq!(again["version"], replaced["version"], "{path} takes its own answer back");
            whole["external_ids"] = json!({"": "1"});
            assert_eq!(admin.put(path, whole.clone()).await.code(422), "invalid_code", "{path}");
            (whole["external_ids"], whole["metadata"]) = (Value::Null, Value::Null);
            let without = admin.put(path, whole).await.expect(200).body;
            assert_eq!((&without["external_ids"], &without["metadata"]), (&json!({}), &json!({})), "{path}: null is absent");
        }
        patched(json!({"external_ids": {"erp": "1"}, "metadata": {"a": 1}})).await;
        let emptied = patched(json!({"external_ids": null, "metadata": null})).await;
        assert_eq!((&emptied["external_ids"], &emptied["metadata"]), (&json!({}), &json!({})), "{path}");
        let stale = admin.request(Method::PATCH, path).header("if-match", "\"999\"").json(&json!({"metadata": {"a": 2}}));
        assert_eq!(send(stale).await.code(412), "stale_version", "{path}");
    }
    let with = json!({"external_ids": {"erp": "1"}, "metadata": {"a": 1}});
    for (list, mut body) in [
        ("/v1/channels", json!({"code": "app", "kind": "generic", "name": "App"})),
        ("/v1/coupons", json!({"code": "FIVE", "name": "Five off", "percent": "5"})),
        ("/v1/users", json!({"email": "budi@example.com", "name": "Budi", "role": "viewer"})),
    ] {
        body.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
        let made = admin.post(list, body).await.expect(201).body;
        assert_eq!((&made["external_ids"], &made["metadata"]), (&with["external_ids"], &with["metadata"]), "{list}");
    }
    clean(&app).await;
}

#[actix_web::test]
async fn the_organization_and_terms_are_patched_by_the_rules_of_their_put() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    let before = admin.get("/v1/organization").await.expect(200).body;
    let after = admin
        .patch("/v1/organization", json!({"return_window_days": 14, "address": {"country": "ID", "city": "Solo"}}))
        .await
        .expect(200)
        .body;
    assert_eq!((&after["return_window_days"], &after["legal_name"]), (&json!(14), &before["legal_name"]));
    let after = admin.patch("/v1/organization", json!({"address": {"line1": "Jl. Slamet Riyadi 1"}})).await.expect(200).body;
    assert_eq!((&after["address"]["city"], &after["address"]["line1"]), (&json!("Solo"), &json!("Jl. Slamet Riyadi 1")));
    let code = async |path: &str, patch: Value| admin.patch(path, patch).await.code(422);
    assert_eq!(code("/v1/organization", json!({"books_closed_through_on": "2999-01-01"})).await, "out_of_range");
    assert_eq!(code("/v1/organization", json!({"legal_name": null})).await, "required");
    assert_eq!(code("/v1/organization", json!({"colour": "red"})).await, "unknown_field");
    customer(&admin, "C-1", json!({})).await;
    admin.post("/v1/orders", json!({"customer_code": "C-1", "lines": [{"sku": "WRAP", "quantity": "1"}]})).await.expect(201);
    assert_eq!(admin.patch("/v1/organization", json!({"base_currency": "USD"})).await.code(409), "base_currency_in_use");

    let terms = admin.patch("/v1/payment_terms/net_30", json!({"discount_percent": "2", "discount_days": 10})).await.expect(200).body;
    assert_eq!((&terms["net_days"], &terms["discount_days"]), (&json!(30), &json!(10)));
    assert_eq!(code("/v1/payment_terms/net_30", json!({"discount_days": null})).await, "required");
    assert_eq!(admin.patch("/v1/payment_terms/never", json!({"net_days": 1})).await.code(404), "not_found");
    clean(&app).await;
}

#[actix_web::test]
async fn lines_carry_what_other_systems_call_them() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    receive(&admin, "jakarta", "KOPI", "10").await;
    let ids = json!({"sap": "10", "shop": "l-1"});
    let body = json!({"customer_code": "C-1", "external_id": "x-1", "lines": [
        {"sku": "KOPI", "quantity": "2", "external_ids": ids}, {"sku": "WRAP", "quantity": "1", "external_ids": null}]});
    let order = admin.post("/v1/orders", body.clone()).await.expect(201).body;
    let of_lines = |order: &Value| order["lines"].as_array().unwrap().iter().map(|line| line["external_ids"].clone()).collect::<Vec<_>>();
    assert_eq!(of_lines(&order), [ids.clone(), json!({})]);
    let path = format!("/v1/orders/{}", order["id"].as_str().unwrap());
    assert_eq!(of_lines(&admin.get(&path).await.expect(200).body), [ids.clone(), json!({})]);
    assert_eq!(of_lines(&admin.get("/v1/orders").await.expect(200).body["data"][0]), [ids.clone(), json!({})]);
    admin.post("/v1/orders", body).await.expect(200);

    let line = order["lines"][0]["id"].clone();
    let edit = json!({"lines": [{"order_line_id": line, "external_ids": {"sap": "20"}}, {"sku": "WRAP", "quantity": "1", "external_ids": {"sap": "30"}}]});
    let edited = admin.post(&format!("{path}/edits"), edit).await.expect(200).body;
    assert_eq!(of_lines(&edited), [json!({"sap": "20"}), json!({}), json!({"sap": "30"})]);
    let kept = admin.post(&format!("{path}/edits"), json!({"lines": [{"order_line_id": line, "quantity": "1"}]})).await.expect(200).body;
    assert_eq!(of_lines(&kept)[0], json!({"sap": "20"}), "what an edit does not name stays");
    let events = admin.get("/v1/events?type=order.edited").await.expect(200).body;
    let told = &events["data"][0]["data"]["lines"][0];
    assert_eq!((&told["before"]["external_ids"], &told["after"]["external_ids"]), (&ids, &json!({"sap": "20"})));

    let csv = "external_id,customer_code,lines.sku,lines.quantity,lines.external_ids.sap,lines.metadata.bin,lines.external_ids\n\
        c-1,C-1,KOPI,1,=100,A7,\nc-1,,WRAP,1,,,\"{\"\"erp\"\": \"\"7\"\"}\"\n";
    let import = admin.request(Method::POST, "/v1/imports?kind=orders").header("content-type", "text/csv").body(csv);
    let import = send(import).await.expect(202).body;
    work_imports(&app).await;
    let done = admin.get(&format!("/v1/imports/{}", import["id"].as_str().unwrap())).await.expect(200).body;
    assert_eq!(done["imported_count"], 1, "{done:#}");
    let imported = admin.get("/v1/orders?external_id=c-1").await.expect(200).body["data"][0].clone();
    assert_eq!(of_lines(&imported), [json!({"sap": "=100"}), json!({"erp": "7"})]);
    assert_eq!(imported["lines"][0]["metadata"], json!({"bin": "A7"}));

    let exported = admin.request(Method::GET, "/v1/exports/order_lines?format=csv").send().await.unwrap().text().await.unwrap();
    let mut reader = csv::Reader::from_reader(exported.as_bytes());
    let header = reader.headers().unwrap().clone();
    let at = |name: &str| header.iter().position(|column| column == name).unwrap();
    let told: Vec<String> = reader.records().map(|record| record.unwrap()[at("external_ids")].to_owned()).collect();
    assert_eq!(told, [r#"{"sap":"20"}"#, "", r#"{"sap":"30"}"#, r#"{"sap":"=100"}"#, r#"{"erp":"7"}"#]);
    let changes = admin.get("/v1/changes/orders?limit=200").await.expect(200).body;
    assert!(changes.to_string().contains(r#""external_ids":{"sap":"20"}"#), "{changes}");
    clean(&app).await;
}
