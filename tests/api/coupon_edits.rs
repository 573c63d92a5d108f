//! Coupons of an order that is edited: judged again by its goods, dropped with a reason, added and taken off by their codes; also when
//! many want the last use at once.

use crate::coupons::{coupon, order_with, stocked, times_used};
use crate::shop::clean;
use crate::support::app::{Caller, TestApp};
use crate::support::load::{Random, assert_no_deadlock, at_once, id_of, open_shop, order, prove};
use serde_json::{Value, json};

async fn edit(admin: &Caller<'_>, order: &Value, edit: Value) -> crate::support::app::Reply {
    admin.post(&format!("/v1/orders/{}/edits", order["id"].as_str().unwrap()), edit).await
}

fn figures(order: &Value) -> [&str; 4] {
    ["subtotal", "discount_total", "tax_total", "total"].map(|field| order[field].as_str().unwrap())
}

async fn uses(admin: &Caller<'_>, coupon: &Value) -> Vec<Value> {
    let path = format!("/v1/coupons/{}/redemptions", coupon["id"].as_str().unwrap());
    admin.get(&path).await.expect(200).body["data"].as_array().unwrap().clone()
}

#[actix_web::test]
async fn an_order_cut_below_the_minimum_loses_its_coupon_and_gives_the_use_back() {
    let app = TestApp::spawn().await;
    let admin = stocked(&app).await;
    let large = coupon(&admin, json!({"code": "LARGE", "minimum_subtotal": "200000.00", "currency": "IDR", "usage_limit": 1})).await;
    // 2 × 50,000 + 5 × 20,000 = 200,000; 10 % off: 180,000; PPN 11 % = 19,800.
    let placed = admin.post("/v1/orders", order_with(&["LARGE"], json!({}))).await.expect(201).body;
    assert_eq!(figures(&placed), ["200000.00", "20000.00", "19800.00", "199800.00"]);
    // 6 × 20,000 in place of 5: 220,000, 10 % = 22,000, which the use tells, too.
    let more = json!({"lines": [{"order_line_id": placed["lines"][1]["id"], "quantity": "6"}]});
    let grown = edit(&admin, &placed, more).await.expect(200).body;
    assert_eq!((figures(&grown)[1], &grown["coupon_codes"]), ("22000.00", &json!(["LARGE"])));
    assert_eq!(uses(&admin, &large).await[0]["amount"], "22000.00");

    // 1 × 50,000 + 6 × 20,000 = 170,000: below the minimum. PPN 18,700.
    let mut less = json!({"lines": [{"order_line_id": placed["lines"][0]["id"], "quantity": "1"}], "dry_run": true});
    let asked = edit(&admin, &placed, less.clone()).await.expect(200).body;
    let told = &asked["difference"]["coupons"][0];
    assert_eq!(
        (&told["code"], &told["held"], &told["reason"]["code"]),
        (&json!("LARGE"), &json!(false), &json!("coupon_minimum_not_reached"))
    );
    assert_eq!(figures(&asked["after"]), ["170000.00", "0.00", "18700.00", "188700.00"]);
    assert_eq!(times_used(&admin, &large).await, 1, "a dry run gives nothing back");

    less["dry_run"] = json!(false);
    let cut = edit(&admin, &placed, less).await.expect(200).body;
    assert_eq!((figures(&cut), &cut["coupon_codes"], &cut["discounts"]), (figures(&asked["after"]), &json!([]), &json!([])));
    let afresh = json!({"lines": [{"sku": "KOPI", "quantity": "1"}, {"sku": "TEH", "quantity": "6"}]});
    let afresh = admin.post("/v1/orders", order_with(&[], afresh)).await.expect(201).body;
    assert_eq!(figures(&cut), figures(&afresh));
    let use_of = &uses(&admin, &large).await[0];
    assert_eq!((use_of["released_at"].is_null(), &use_of["release_reason"]["code"]), (false, &json!("coupon_minimum_not_reached")));
    let events = admin.get(&format!("/v1/orders/{}/events", placed["id"].as_str().unwrap())).await.expect(200).body;
    let edited: Vec<&Value> = events["data"].as_array().unwrap().iter().filter(|event| event["type"] == "order.edited").collect();
    assert_eq!(edited[0]["data"]["coupons_dropped"], json!([]));
    let dropped = &edited[1]["data"];
    assert_eq!(
        (&dropped["coupons_dropped"][0]["code"], &dropped["coupons_dropped"][0]["reason"]),
        (&json!("LARGE"), &use_of["release_reason"])
    );
    assert_eq!(dropped["header"]["coupon_codes"], json!({"before": ["LARGE"], "after": []}));
    clean(&app).await;

    // Its use is free for somebody else. The order may ask for it again when it is large enough.
    admin.post("/v1/orders", order_with(&["LARGE"], json!({"customer_code": "C-2"}))).await.expect(201);
    let again = json!({"lines": [{"order_line_id": placed["lines"][0]["id"], "quantity": "2"}], "coupon_codes": ["large"]});
    assert_eq!(edit(&admin, &placed, again.clone()).await.code(409), "coupon_exhausted");
    admin.patch(&format!("/v1/coupons/{}", large["id"].as_str().unwrap()), json!({"usage_limit": 2})).await.expect(200);
    let back = edit(&admin, &placed, again).await.expect(200).body;
    assert_eq!((&back["coupon_codes"], figures(&back)[1]), (&json!(["LARGE"]), "22000.00"));
    assert_eq!((times_used(&admin, &large).await, uses(&admin, &large).await.len()), (2, 2), "one row an order, however often");
    clean(&app).await;
}

#[actix_web::test]
async fn a_coupon_for_products_follows_them_and_goes_with_the_last() {
    let app = TestApp::spawn().await;
    let admin = stocked(&app).await;
    let body = json!({"code": "SHARED", "percent": null, "amount": "30000.00", "currency": "IDR", "skus": ["KOPI", "TEH"]});
    let shared = coupon(&admin, body).await;
    let placed = admin.post("/v1/orders", order_with(&["SHARED"], json!({}))).await.expect(201).body;
    let shares = |order: &Value| -> Vec<String> {
        let lines = order["lines"].as_array().unwrap();
        lines.iter().map(|line| line["discounts"][0]["amount"].as_str().unwrap_or("-").to_owned()).collect()
    };
    assert_eq!(shares(&placed), ["15000.00", "15000.00"]);
    // Without the tea all of it is on the coffee.
    let [kopi, teh] = [0, 1].map(|i| placed["lines"][i]["id"].clone());
    let one = edit(&admin, &placed, json!({"lines": [{"order_line_id": teh, "remove": true}]})).await.expect(200).body;
    assert_eq!((shares(&one), figures(&one)[0]), (vec!["30000.00".to_owned(), "-".to_owned()], "70000.00"));
    // What is left is less than the coupon: it takes that. 2 × 50,000 at 90 % off by hand = 10,000.
    let cheap = json!({"lines": [{"order_line_id": kopi, "discounts": [{"percent": "90", "reason": "last of its kind"}]}]});
    let cheap = edit(&admin, &placed, cheap).await.expect(200).body;
    assert_eq!(
        (figures(&cheap)[0], figures(&cheap)[3], &cheap["lines"][0]["discounts"][1]["amount"]),
        ("0.00", "0.00", &json!("10000.00"))
    );
    assert_eq!(uses(&admin, &shared).await[0]["amount"], "10000.00");
    clean(&app).await;
    // The last of its products goes, and the coupon with it.
    let other = json!({"lines": [{"order_line_id": kopi, "remove": true}, {"sku": "WRAP", "quantity": "3"}]});
    let other = edit(&admin, &placed, other).await.expect(200).body;
    assert_eq!((&other["coupon_codes"], figures(&other)), (&json!([]), ["15000.00", "0.00", "1650.00", "16650.00"]));
    assert_eq!(uses(&admin, &shared).await[0]["release_reason"]["code"], "coupon_not_applicable");
    clean(&app).await;
}

/// What somebody gives by hand is never taken for what a coupon gives: it is kept, or refused with a word.
#[actix_web::test]
async fn a_discount_by_hand_with_the_code_of_a_coupon_is_kept_or_refused() {
    let app = TestApp::spawn().await;
    let admin = stocked(&app).await;
    coupon(&admin, json!({"combinable": true})).await;
    let by_hand = json!({"code": "TEN", "amount": "7000.00", "reason": "as agreed"});
    let refused = |reply: Value, pointer: &str, code: &str| {
        let told = (reply["errors"][0]["pointer"].as_str(), reply["errors"][0]["code"].as_str());
        assert_eq!(told, (Some(pointer), Some(code)), "{reply}");
    };
    let both = order_with(&["ten"], json!({"discounts": [by_hand]}));
    refused(admin.post("/v1/orders", both).await.expect(422).body, "/discounts/0/code", "code_of_coupon");

    // 200,000 − 10 % = 180,000; an edit that repeats what stands there changes nothing.
    let placed = admin.post("/v1/orders", order_with(&["TEN"], json!({}))).await.expect(201).body;
    let repeated = edit(&admin, &placed, json!({"discounts": placed["discounts"]})).await.expect(200).body;
    assert_eq!((&repeated["discounts"], &repeated["version"]), (&placed["discounts"], &placed["version"]));
    // Another discount of this code beside the coupon cannot be told from it; lines and new lines alike.
    refused(edit(&admin, &placed, json!({"discounts": [by_hand]})).await.expect(422).body, "/discounts/0/code", "code_of_coupon");
    let line = json!({"lines": [{"order_line_id": placed["lines"][1]["id"], "discounts": [by_hand]}]});
    refused(edit(&admin, &placed, line).await.expect(422).body, "/lines/0/discounts/0/code", "code_of_coupon");
    let line = json!({"lines": [{"sku": "WRAP", "quantity": "1", "discounts": [by_hand]}]});
    refused(edit(&admin, &placed, line).await.expect(422).body, "/lines/0/discounts/0/code", "code_of_coupon");

    // In place of the coupon it is kept, by this edit and by those that come after it: 200,000 − 7,000.
    let instead = edit(&admin, &placed, json!({"coupon_codes": [], "discounts": [by_hand]})).await.expect(200).body;
    assert_eq!(
        (figures(&instead)[1], &instead["coupon_codes"], &instead["discounts"][0]["amount"]),
        ("7000.00", &json!([]), &json!("7000.00"))
    );
    let more = json!({"lines": [{"order_line_id": placed["lines"][1]["id"], "quantity": "6"}]});
    let more = edit(&admin, &placed, more).await.expect(200).body;
    assert_eq!((figures(&more)[1], more["discounts"].as_array().unwrap().len()), ("7000.00", 1));
    // The coupon comes back only in its place.
    refused(edit(&admin, &placed, json!({"coupon_codes": ["ten"]})).await.expect(422).body, "/coupon_codes/0", "code_of_discount");
    let back = edit(&admin, &placed, json!({"coupon_codes": ["ten"], "discounts": []})).await.expect(200).body;
    assert_eq!((figures(&back)[1], &back["coupon_codes"]), ("22000.00", &json!(["TEN"])));
    clean(&app).await;
}

#[actix_web::test]
async fn an_edit_adds_and_takes_off_coupons_by_their_codes() {
    let app = TestApp::spawn().await;
    let admin = stocked(&app).await;
    let ten = coupon(&admin, json!({"combinable": true, "usage_limit": 1})).await;
    let first = coupon(&admin, json!({"code": "FIRST", "first_order_only": true, "combinable": true, "percent": "5"})).await;
    coupon(&admin, json!({"code": "ALONE"})).await;
    coupon(&admin, json!({"code": "OVER", "valid_to_on": "2026-03-01"})).await;
    let placed = admin.post("/v1/orders", order_with(&[], json!({}))).await.expect(201).body;
    // The order itself is no order before its own first.
    let both = edit(&admin, &placed, json!({"coupon_codes": ["ten", "FIRST"]})).await.expect(200).body;
    assert_eq!((&both["coupon_codes"], figures(&both)), (&json!(["TEN", "FIRST"]), ["200000.00", "30000.00", "18700.00", "188700.00"]));
    assert_eq!((times_used(&admin, &ten).await, times_used(&admin, &first).await), (1, 1));
    let same = edit(&admin, &placed, json!({"coupon_codes": ["TEN", "first"]})).await.expect(200).body;
    assert_eq!(same["version"], both["version"], "the same codes are no change");
    for (codes, place, code) in [
        (json!(["TEN", "NOBODY"]), "/coupon_codes/1", "unknown_coupon"),
        (json!(["OVER"]), "/coupon_codes/0", "coupon_expired"),
        (json!(["TEN", "ALONE"]), "/coupon_codes/1", "coupon_not_combinable"),
        (json!(["TEN", "ten"]), "/coupon_codes/1", "duplicate_code"),
    ] {
        let refused = edit(&admin, &placed, json!({"coupon_codes": codes})).await.expect(422).body;
        assert_eq!((&refused["errors"][0]["pointer"], &refused["errors"][0]["code"]), (&json!(place), &json!(code)));
    }
    let asked = edit(&admin, &placed, json!({"coupon_codes": [], "dry_run": true})).await.expect(200).body;
    let told: Vec<(&Value, &Value)> =
        asked["difference"]["coupons"].as_array().unwrap().iter().map(|of| (&of["code"], &of["reason"]["code"])).collect();
    assert_eq!(told, [(&json!("FIRST"), &json!("removed")), (&json!("TEN"), &json!("removed"))]);
    let one = edit(&admin, &placed, json!({"coupon_codes": ["FIRST"]})).await.expect(200).body;
    assert_eq!((&one["coupon_codes"], figures(&one)[1]), (&json!(["FIRST"]), "10000.00"));
    assert_eq!((times_used(&admin, &ten).await, times_used(&admin, &first).await), (0, 1));
    let twin = admin.post("/v1/orders", order_with(&["TEN"], json!({}))).await.expect(201).body;
    assert_eq!(edit(&admin, &placed, json!({"coupon_codes": ["FIRST", "TEN"]})).await.code(409), "coupon_exhausted");
    edit(&admin, &twin, json!({"coupon_codes": []})).await.expect(200);
    edit(&admin, &placed, json!({"coupon_codes": ["TEN", "FIRST"]})).await.expect(200);
    clean(&app).await;

    let given = json!({"pricing": "as_given", "lines": [{"sku": "KOPI", "quantity": "1", "unit_price": "50000"}]});
    let given = admin.post("/v1/orders", order_with(&[], given)).await.expect(201).body;
    assert_eq!(edit(&admin, &given, json!({"coupon_codes": ["ALONE"]})).await.code(422), "only_computed");
    clean(&app).await;
}

#[actix_web::test]
async fn an_order_keeps_the_terms_on_which_it_took_a_coupon() {
    let app = TestApp::spawn().await;
    let admin = stocked(&app).await;
    let ten = coupon(&admin, json!({"usage_limit_per_customer": 1})).await;
    let path = format!("/v1/coupons/{}", ten["id"].as_str().unwrap());
    let placed = admin.post("/v1/orders", order_with(&["TEN"], json!({}))).await.expect(201).body;
    let dearer =
        json!({"percent": "50", "minimum_subtotal": "9000000.00", "currency": "IDR", "skus": ["TEH"], "valid_to_on": "2026-03-01"});
    admin.patch(&path, dearer).await.expect(200);
    admin.act(&format!("{path}/deactivate")).await.expect(200);
    let three = json!({"lines": [{"order_line_id": placed["lines"][0]["id"], "quantity": "3"}]});
    let edited = edit(&admin, &placed, three).await.expect(200).body;
    assert_eq!((figures(&edited)[1], &edited["coupon_codes"]), ("25000.00", &json!(["TEN"])));
    clean(&app).await;

    // What an invoice has used of it stays used.
    let of_order = format!("/v1/fulfillment_orders?order_id={}", placed["id"].as_str().unwrap());
    let work = admin.get(&of_order).await.expect(200).body["data"][0].clone();
    let part = json!({"carrier": "jne", "lines": [{"order_line_id": placed["lines"][0]["id"], "quantity": "1"}]});
    admin.post(&format!("/v1/fulfillment_orders/{}/ship", work["id"].as_str().unwrap()), part).await.expect(201);
    let invoices = format!("/v1/orders/{}/invoices", placed["id"].as_str().unwrap());
    admin.post(&invoices, json!({})).await.expect(201);
    let two = json!({"lines": [{"order_line_id": placed["lines"][0]["id"], "quantity": "2"}]});
    let invoiced = edit(&admin, &placed, two).await.expect(200).body;
    assert_eq!((figures(&invoiced)[1], &invoiced["coupon_codes"]), ("20000.00", &json!(["TEN"])));
    assert_eq!(edit(&admin, &placed, json!({"coupon_codes": []})).await.code(409), "invoiced_amounts");
    edit(&admin, &placed, json!({"coupon_codes": ["TEN"], "note": "as it is"})).await.expect(200);
    clean(&app).await;
}

/// Thirty orders ask for the last uses by edits, while others that hold them shrink below the minimum.
#[actix_web::test]
async fn the_last_use_goes_to_one_of_the_edits_that_want_it() {
    let app = TestApp::spawn().await;
    let client = open_shop(&app, "shop", 4, |_| [5_000, 5_000]).await;
    let servers = [client.clone(), client.at(&app.spawn_second())];
    let body = json!({"code": "LAST", "name": "last", "percent": "10", "usage_limit": 3});
    let last = id_of(&client.post("/v1/coupons", &body).await.expect(201));
    let mut orders = vec![];
    for i in 0..30 {
        orders.push(id_of(&client.post("/v1/orders", &order(&[(i % 4, 2)], "refuse")).await.expect(201)));
    }
    let taken = at_once(30, orders.clone().into_iter().enumerate(), async |(i, id)| {
        let answer = servers[i % 2].post(&format!("/v1/orders/{id}/edits"), &json!({"coupon_codes": ["LAST"]})).await;
        answer.one_of(&[(200, ""), (409, "coupon_exhausted")]).status == 200
    })
    .await;
    assert_eq!(taken.iter().filter(|taken| **taken).count(), 3);
    assert_eq!(client.get(&format!("/v1/coupons/{last}")).await.expect(200)["times_used"], 3);
    prove(&app.database);

    // Two coupons, taken and given back in any order, with cancellations and new orders beside.
    for code in ["A", "B"] {
        let body = json!({"code": code, "name": code, "percent": "10", "usage_limit": 5, "combinable": true});
        client.post("/v1/coupons", &body).await.expect(201);
    }
    let mut random = Random::seeded(11);
    let work: Vec<(usize, String, usize)> = (0..200).map(|i| (i, orders[random.below(orders.len())].clone(), random.below(5))).collect();
    at_once(32, work, async |(i, id, fate)| {
        let server = &servers[i % 2];
        let codes = [json!([]), json!(["A"]), json!(["B", "A"]), json!(["A", "B"])];
        if fate == 4 {
            let mut body = order(&[(i % 4, 1)], "refuse");
            body["coupon_codes"] = json!(["B", "A"]);
            server.post("/v1/orders", &body).await.one_of(&[(201, ""), (409, "coupon_exhausted")]);
            return;
        }
        let answer = server.post(&format!("/v1/orders/{id}/edits"), &json!({"coupon_codes": codes[fate]})).await;
        answer.one_of(&[(200, ""), (409, "coupon_exhausted"), (409, "invalid_transition")]);
        if i % 20 == 0 {
            let cancel = json!({"reason": {"code": "customer_request"}});
            server.post(&format!("/v1/orders/{id}/cancel"), &cancel).await.one_of(&[(200, ""), (409, "invalid_transition")]);
        }
    })
    .await;
    prove(&app.database);
    assert_no_deadlock(&app.database);
}
