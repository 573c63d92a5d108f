//! Coupons: what they give, whom, and how often; also when fifty want the last one.

use crate::shop::{clean, customer, receive, shop};
use crate::support::app::{Caller, TestApp};
use crate::support::load::{Random, assert_no_deadlock, at_once, id_of, open_shop, order, prove};
use reqwest::Method;
use serde_json::{Value, json};

pub async fn coupon(admin: &Caller<'_>, more: Value) -> Value {
    let mut body = json!({"code": "TEN", "name": "Ten off", "percent": "10"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    admin.post("/v1/coupons", body).await.expect(201).body
}

pub fn order_with(codes: &[&str], more: Value) -> Value {
    let mut body = json!({"customer_code": "C-1", "lines": [{"sku": "KOPI", "quantity": "2"}, {"sku": "TEH", "quantity": "5"}], "coupon_codes": codes});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

pub async fn times_used(admin: &Caller<'_>, coupon: &Value) -> i64 {
    admin.get(&format!("/v1/coupons/{}", coupon["id"].as_str().unwrap())).await.expect(200).body["times_used"].as_i64().unwrap()
}

pub async fn stocked(app: &TestApp) -> Caller<'_> {
    let (_, admin) = shop(app).await;
    customer(&admin, "C-1", json!({"email": "one@example.com"})).await;
    customer(&admin, "C-2", json!({})).await;
    for sku in ["KOPI", "TEH"] {
        receive(&admin, "jakarta", sku, "1000").await;
    }
    admin
}

#[actix_web::test]
async fn a_coupon_stands_on_the_order_with_code_and_reason() {
    let app = TestApp::spawn().await;
    let admin = stocked(&app).await;
    let ten = coupon(&admin, json!({"combinable": true})).await;
    coupon(&admin, json!({"code": "teh-off", "name": "Tea time", "percent": null, "amount": "15000", "currency": "IDR", "skus": ["TEH"], "combinable": true})).await;
    // 2 × 50,000 + 5 × 20,000 = 200,000; 15,000 off the tea: 185,000; 10 %: 18,500; PPN 11 % of 166,500 = 18,315.
    let placed = admin.post("/v1/orders", order_with(&["ten", "Teh-Off"], json!({}))).await.expect(201).body;
    assert_eq!(placed["coupon_codes"], json!(["TEN", "TEH-OFF"]));
    assert_eq!(placed["discounts"], json!([{"code": "TEN", "amount": null, "percent": "10", "reason": "Ten off"}]));
    assert_eq!(placed["lines"][0]["discounts"], json!([]));
    assert_eq!(placed["lines"][1]["discounts"], json!([{"code": "TEH-OFF", "amount": "15000.00", "percent": null, "reason": "Tea time"}]));
    let figures = ["subtotal", "discount_total", "tax_total", "total"].map(|field| placed[field].as_str().unwrap());
    assert_eq!(figures, ["185000.00", "18500.00", "18315.00", "184815.00"]);
    let shown = admin.get(&format!("/v1/orders/{}", placed["id"].as_str().unwrap())).await.expect(200).body;
    assert_eq!(shown, placed);
    let uses = admin.get(&format!("/v1/coupons/{}/redemptions", ten["id"].as_str().unwrap())).await.expect(200).body;
    assert_eq!((&uses["data"][0]["order_id"], &uses["data"][0]["amount"]), (&placed["id"], &json!("18500.00")));
    let plain = admin.post("/v1/orders", order_with(&[], json!({}))).await.expect(201).body;
    assert_eq!((&plain["coupon_codes"], &plain["discounts"]), (&json!([]), &json!([])));
    clean(&app).await;
}

#[actix_web::test]
async fn a_coupon_that_does_not_fit_is_refused_with_its_place_and_nothing_is_stored() {
    let app = TestApp::spawn().await;
    let admin = stocked(&app).await;
    let second = admin.get("/v1/customers?code=C-2").await.body["data"][0]["id"].clone();
    for (code, more) in [
        ("GONE", json!({"valid_to_on": "2026-03-01"})),
        ("SOON", json!({"valid_from_on": "2026-03-03"})),
        ("TODAY", json!({"valid_from_on": "2026-03-02", "valid_to_on": "2026-03-02"})),
        ("OTHERS", json!({"customer_ids": [second]})),
        ("WRAPPED", json!({"skus": ["WRAP"]})),
        ("EURO", json!({"percent": null, "amount": "5.00", "currency": "EUR"})),
        ("LARGE", json!({"minimum_subtotal": "200000.01", "currency": "IDR"})),
        ("ENOUGH", json!({"minimum_subtotal": "200000.00", "currency": "IDR"})),
    ] {
        let mut body = more;
        body["code"] = json!(code);
        coupon(&admin, body).await;
    }
    let off = coupon(&admin, json!({"code": "OFF"})).await;
    admin.act(&format!("/v1/coupons/{}/deactivate", off["id"].as_str().unwrap())).await.expect(200);
    for (codes, expected) in [
        (vec!["NOBODY"], vec![("/coupon_codes/0", "unknown_coupon")]),
        (vec!["GONE"], vec![("/coupon_codes/0", "coupon_expired")]),
        (vec!["SOON"], vec![("/coupon_codes/0", "coupon_not_yet_valid")]),
        (vec!["OFF"], vec![("/coupon_codes/0", "coupon_inactive")]),
        (vec!["OTHERS"], vec![("/coupon_codes/0", "coupon_not_applicable")]),
        (vec!["WRAPPED"], vec![("/coupon_codes/0", "coupon_not_applicable")]),
        (vec!["EURO"], vec![("/coupon_codes/0", "coupon_not_applicable")]),
        (vec!["LARGE"], vec![("/coupon_codes/0", "coupon_minimum_not_reached")]),
        (vec!["TODAY", "ENOUGH"], vec![("/coupon_codes/0", "coupon_not_combinable"), ("/coupon_codes/1", "coupon_not_combinable")]),
        (vec!["TODAY", "today"], vec![("/coupon_codes/1", "duplicate_code")]),
        (vec!["TO DAY"], vec![("/coupon_codes/0", "invalid_code")]),
    ] {
        let refused = admin.post("/v1/orders", order_with(&codes, json!({}))).await.expect(422).body;
        let faults: Vec<(&str, &str)> =
            refused["errors"].as_array().unwrap().iter().map(|f| (f["pointer"].as_str().unwrap(), f["code"].as_str().unwrap())).collect();
        assert_eq!(faults, expected, "{codes:?}");
    }
    for code in ["TODAY", "ENOUGH"] {
        admin.post("/v1/orders", order_with(&[code], json!({}))).await.expect(201);
    }
    let given = json!({"pricing": "as_given", "lines": [{"sku": "KOPI", "quantity": "1", "unit_price": "50000"}]});
    assert_eq!(admin.post("/v1/orders", order_with(&["TODAY"], given)).await.code(422), "only_computed");
    assert_eq!(admin.get("/v1/orders").await.body["data"].as_array().unwrap().len(), 2);
    clean(&app).await;
}

#[actix_web::test]
async fn limits_count_orders_and_a_cancelled_or_refused_one_gives_its_use_back() {
    let app = TestApp::spawn().await;
    let admin = stocked(&app).await;
    let once = coupon(&admin, json!({"usage_limit": 2, "usage_limit_per_customer": 1})).await;
    let first = admin.post("/v1/orders", order_with(&["TEN"], json!({}))).await.expect(201).body;
    let refused = admin.post("/v1/orders", order_with(&["TEN"], json!({}))).await.expect(409).body;
    assert_eq!(
        (&refused["code"], &refused["coupon_code"], &refused["pointer"]),
        (&json!("coupon_exhausted"), &json!("TEN"), &json!("/coupon_codes/0"))
    );
    // A guest is the customer with his address.
    let guest = json!({"customer_code": null, "customer": {"name": "Siti", "email": "ONE@example.com"}, "shipping_address": {"line1": "x", "city": "y", "country": "ID"}});
    assert_eq!(admin.post("/v1/orders", order_with(&["TEN"], guest)).await.code(409), "coupon_exhausted");
    let nobody = json!({"customer_code": null, "customer": {"name": "Siti"}});
    assert_eq!(admin.post("/v1/orders", order_with(&["TEN"], nobody)).await.code(422), "coupon_not_applicable");
    // Short of stock, after its coupon was found right.
    let short = json!({"customer_code": "C-2", "lines": [{"sku": "KOPI", "quantity": "2000"}]});
    assert_eq!(admin.post("/v1/orders", order_with(&["TEN"], short)).await.code(409), "insufficient_stock");
    assert_eq!(times_used(&admin, &once).await, 1);
    admin.post("/v1/orders", order_with(&["TEN"], json!({"customer_code": "C-2"}))).await.expect(201);
    customer(&admin, "C-3", json!({})).await;
    assert_eq!(admin.post("/v1/orders", order_with(&["TEN"], json!({"customer_code": "C-3"}))).await.code(409), "coupon_exhausted");
    clean(&app).await;

    // A part of it cancelled keeps the use; the whole gives it back, to another customer and to the same.
    let cancel = format!("/v1/orders/{}/cancel", first["id"].as_str().unwrap());
    let part = json!({"reason": {"code": "customer_request"}, "lines": [{"order_line_id": first["lines"][0]["id"]}]});
    admin.post(&cancel, part).await.expect(200);
    assert_eq!(times_used(&admin, &once).await, 2);
    let whole = json!({"reason": {"code": "customer_request"}, "dry_run": true});
    admin.post(&cancel, whole).await.expect(200);
    assert_eq!(times_used(&admin, &once).await, 2);
    admin.post(&cancel, json!({"reason": {"code": "customer_request"}})).await.expect(200);
    assert_eq!(times_used(&admin, &once).await, 1);
    clean(&app).await;
    admin.post("/v1/orders", order_with(&["TEN"], json!({}))).await.expect(201);
    let uses = admin.get(&format!("/v1/coupons/{}/redemptions", once["id"].as_str().unwrap())).await.expect(200).body;
    let released = uses["data"].as_array().unwrap().iter().filter(|of| !of["released_at"].is_null()).count();
    assert_eq!((uses["data"].as_array().unwrap().len(), released), (3, 1));
    clean(&app).await;
}

#[actix_web::test]
async fn a_coupon_for_the_first_order_is_for_the_first() {
    let app = TestApp::spawn().await;
    let admin = stocked(&app).await;
    coupon(&admin, json!({"first_order_only": true})).await;
    let guest = |email: &str| json!({"customer_code": null, "customer": {"name": "Siti", "email": email}, "shipping_address": {"line1": "x", "city": "y", "country": "ID"}});
    admin.post("/v1/orders", order_with(&["TEN"], guest("new@example.com"))).await.expect(201);
    assert_eq!(admin.post("/v1/orders", order_with(&["TEN"], guest("New@example.com"))).await.code(422), "coupon_not_applicable");
    let plain = admin.post("/v1/orders", order_with(&[], json!({}))).await.expect(201).body;
    assert_eq!(admin.post("/v1/orders", order_with(&["TEN"], json!({}))).await.code(422), "coupon_not_applicable");
    let cancel = format!("/v1/orders/{}/cancel", plain["id"].as_str().unwrap());
    admin.post(&cancel, json!({"reason": {"code": "duplicate"}})).await.expect(200);
    admin.post("/v1/orders", order_with(&["TEN"], json!({}))).await.expect(201);
    clean(&app).await;
}

#[actix_web::test]
async fn a_coupon_is_changed_within_its_uses_and_orders_keep_what_it_gave() {
    let app = TestApp::spawn().await;
    let admin = stocked(&app).await;
    let made = coupon(&admin, json!({"usage_limit": 5})).await;
    let path = format!("/v1/coupons/{}", made["id"].as_str().unwrap());
    assert_eq!(admin.post("/v1/coupons", json!({"code": "ten", "name": "again", "percent": "5"})).await.code(409), "coupon_code_taken");
    let before = admin.get(&path).await;
    let placed = admin.post("/v1/orders", order_with(&["TEN"], json!({}))).await.expect(201).body;
    let after = admin.get(&path).await;
    assert_eq!(before.body["version"], after.body["version"]);
    assert_ne!(before.header("etag"), after.header("etag"), "the uses are part of the tag");
    // Its version is what If-Match compares, whatever the uses.
    let changed = crate::support::app::send(
        admin.request(Method::PATCH, &path).header("If-Match", before.header("etag")).json(&json!({"percent": "20", "name": "Twenty off"})),
    );
    assert_eq!(changed.await.expect(200).body["percent"], "20");
    assert_eq!(admin.get(&format!("/v1/orders/{}", placed["id"].as_str().unwrap())).await.body["discounts"][0]["percent"], "10");
    for (patch, status, code) in [
        (json!({"usage_limit": 0}), 422, "out_of_range"),
        (json!({"code": "OTHER"}), 422, "immutable"),
        (json!({"percent": null}), 422, "exactly_one_of"),
        (json!({"skus": ["NOSUCH"]}), 422, "unknown_sku"),
        (json!({"channels": ["fax"]}), 422, "unknown_channel"),
        (json!({"customer_ids": ["01938f5e-7c1a-7000-8000-2f1b3c4d5e6f"]}), 422, "unknown_customer"),
        (json!({"colour": "red"}), 422, "unknown_field"),
    ] {
        assert_eq!(admin.patch(&path, patch.clone()).await.code(status), code, "{patch}");
    }
    admin.post("/v1/orders", order_with(&["TEN"], json!({}))).await.expect(201);
    assert_eq!(admin.patch(&path, json!({"usage_limit": 1})).await.code(409), "below_times_used");
    assert_eq!(admin.patch(&path, json!({"usage_limit_per_customer": 1})).await.code(409), "below_times_used");
    let full = admin.patch(&path, json!({"usage_limit": 2})).await.expect(200).body;
    assert_eq!((&full["usage_limit"], &full["times_used"]), (&json!(2), &json!(2)));
    let none = admin.patch(&path, json!({"usage_limit": 2})).await.expect(200).body;
    assert_eq!(none["version"], full["version"], "a patch that changes nothing leaves the version");
    assert_eq!(admin.get("/v1/coupons?code=ten&active=true").await.expect(200).body["data"][0]["id"], made["id"]);
    assert_eq!(admin.get("/v1/coupons?active=false").await.expect(200).body["data"], json!([]));
    clean(&app).await;
}

#[actix_web::test]
async fn an_edit_keeps_the_coupons_and_their_percent_follows_the_quantities() {
    let app = TestApp::spawn().await;
    let admin = stocked(&app).await;
    let ten = coupon(&admin, json!({"usage_limit": 1})).await;
    let placed =
        admin.post("/v1/orders", order_with(&["TEN"], json!({"discounts": [{"amount": "1000", "reason": "x"}]}))).await.expect(201).body;
    assert_eq!(placed["discount_total"], "21000.00");
    // 4 × 50,000 + 5 × 20,000 = 300,000; 10 % = 30,000 and 2,000 in place of 1,000. What is sent back of the coupon is not given twice.
    let edit = json!({"lines": [{"order_line_id": placed["lines"][0]["id"], "quantity": "4"}],
        "discounts": [{"amount": "2000", "reason": "y"}, {"code": "TEN", "percent": "10", "reason": "Ten off"}]});
    let path = format!("/v1/orders/{}", placed["id"].as_str().unwrap());
    let edited = admin.post(&format!("{path}/edits"), edit).await.expect(200).body;
    assert_eq!(
        (&edited["subtotal"], &edited["discount_total"], &edited["coupon_codes"]),
        (&json!("300000.00"), &json!("32000.00"), &json!(["TEN"]))
    );
    assert_eq!(times_used(&admin, &ten).await, 1);
    clean(&app).await;
    admin.post(&format!("{path}/cancel"), json!({"reason": {"code": "customer_request"}})).await.expect(200);
    assert_eq!(times_used(&admin, &ten).await, 0);
    clean(&app).await;
}

/// Fifty orders at two servers want the last uses; some come twice with one key.
#[actix_web::test]
async fn the_last_use_of_a_coupon_goes_to_exactly_one_of_fifty_orders() {
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", 4, |_| [500, 500]).await;
    let servers = [client.clone(), client.at(&app.spawn_second())];
    for (code, limit) in [("LAST", 1), ("SEVEN", 7)] {
        let body = json!({"code": code, "name": code, "percent": "10", "usage_limit": limit});
        let made = client.post("/v1/coupons", &body).await.expect(201);
        let work: Vec<(usize, usize)> = (0..50).flat_map(|i| (0..if i % 5 == 0 { 2 } else { 1 }).map(move |twin| (i, twin))).collect();
        let answers = at_once(50, work, async |(i, twin)| {
            let mut body = order(&[(i % 4, 1)], "refuse");
            body["coupon_codes"] = json!([code]);
            let answer = servers[(i + twin) % 2].post_once("/v1/orders", &format!("{code}-{i}"), &body).await;
            (i, answer.one_of(&[(201, ""), (409, "coupon_exhausted")]))
        })
        .await;
        let winners: std::collections::BTreeSet<usize> =
            answers.iter().filter(|(_, answer)| answer.status == 201).map(|(i, _)| *i).collect();
        assert_eq!(winners.len(), limit, "{code}");
        let id = id_of(&made);
        assert_eq!(client.get(&format!("/v1/coupons/{id}")).await.expect(200)["times_used"], limit);
        // Whoever won is told so again; whoever lost may win once a winner is cancelled.
        let winner = *winners.first().unwrap();
        let mut body = order(&[(winner % 4, 1)], "refuse");
        body["coupon_codes"] = json!([code]);
        let again = client.post_once("/v1/orders", &format!("{code}-{winner}"), &body).await;
        assert!(again.status == 201 && again.replayed);
        let cancel = format!("/v1/orders/{}/cancel", id_of(&again.body()));
        client.post(&cancel, &json!({"reason": {"code": "customer_request"}})).await.expect(200);
        assert_eq!(client.get(&format!("/v1/coupons/{id}")).await.expect(200)["times_used"], limit - 1);
        client.post("/v1/orders", &body).await.expect(201);
    }
    prove(&app.database);
    assert_no_deadlock(&app.database);
}

/// Orders with crossed coupons, cancels and changes of the coupons: every use is somebody's, and nobody waits in a circle.
#[actix_web::test]
async fn uses_add_up_while_orders_with_several_coupons_come_and_go() {
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", 4, |_| [5_000, 5_000]).await;
    let servers = [client.clone(), client.at(&app.spawn_second())];
    let codes = ["A", "B", "C"];
    let mut ids = vec![];
    for code in codes {
        let body = json!({"code": code, "name": code, "percent": "10", "usage_limit": 25, "combinable": true});
        ids.push(id_of(&client.post("/v1/coupons", &body).await.expect(201)));
    }
    let mut random = Random::seeded(7);
    let work: Vec<(usize, Vec<&str>, usize)> = (0..300)
        .map(|i| {
            let mut wanted: Vec<&str> = codes.into_iter().filter(|_| random.below(2) == 0).collect();
            random.shuffle(&mut wanted);
            (i, wanted, random.below(10))
        })
        .collect();
    at_once(32, work, async |(i, wanted, fate)| {
        let server = &servers[i % 2];
        if fate == 9 {
            let limit = json!({"name": format!("changed {i}")});
            server.send(Method::PATCH, &format!("/v1/coupons/{}", ids[i % 3]), None, Some(&limit)).await.unwrap().expect(200);
        }
        let mut body = order(&[(i % 4, 1)], "refuse");
        body["coupon_codes"] = json!(wanted);
        let placed = server.post("/v1/orders", &body).await.one_of(&[(201, ""), (409, "coupon_exhausted")]);
        if placed.status == 201 && fate < 6 {
            let cancel = format!("/v1/orders/{}/cancel", id_of(&placed.body()));
            server.post(&cancel, &json!({"reason": {"code": "customer_request"}})).await.expect(200);
        }
    })
    .await;
    prove(&app.database);
    assert_no_deadlock(&app.database);
}
