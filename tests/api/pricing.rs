//! Prices and taxes as an order is placed: lists, discounts, prices with tax inside, exempt buyers, reverse charge. Amounts by hand.

use crate::shop::{clean, customer, receive, shop};
use crate::support::app::{Caller, TestApp};
use pesanan::auth::permission::Role;
use serde_json::{Value, json};

fn figures(order: &Value) -> Vec<&str> {
    ["subtotal", "discount_total", "shipping_net", "tax_total", "total"].iter().map(|field| order[*field].as_str().unwrap()).collect()
}

/// Category, scheme, net, tax and exemption code of each row of a breakdown.
fn breakdown(document: &Value) -> Vec<String> {
    let row = |row: &Value| {
        let text = |field: &str| row[field].as_str().unwrap_or("-").to_owned();
        ["tax_category", "tax_scheme_category", "rate", "net_amount", "tax_amount", "exemption_code"].map(text).join(" ")
    };
    document["tax_breakdown"].as_array().unwrap().iter().map(row).collect()
}

async fn place(caller: &Caller<'_>, customer: &str, lines: Value, more: Value) -> Value {
    let mut body = json!({"customer_code": customer, "lines": lines, "on_shortage": "backorder"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    caller.post("/v1/orders", body).await.expect(201).body
}

#[actix_web::test]
async fn a_line_gets_the_price_of_its_customer_quantity_and_day() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    let prices = json!([
        {"sku": "KOPI", "currency": "IDR", "unit_price": "48000", "min_quantity": "24"},
        {"sku": "KOPI", "currency": "IDR", "unit_price": "55000", "valid_from_on": "2026-04-01"},
        {"sku": "KOPI", "currency": "IDR", "unit_price": "40000", "valid_from_on": "2026-03-10", "valid_to_on": "2026-03-12"},
        {"price_list": "grosir", "sku": "KOPI", "currency": "IDR", "unit_price": "45000", "min_quantity": "12"},
    ]);
    admin.put("/v1/prices", prices).await.expect(200);
    customer(&admin, "C-1", json!({})).await;
    customer(&admin, "C-GROSIR", json!({"price_list": "grosir"})).await;
    for (day, who, quantity, unit, expected) in [
        ("2026-03-02", "C-1", "1", "C62", "50000.00"),
        ("2026-03-02", "C-1", "23", "C62", "50000.00"),
        ("2026-03-02", "C-1", "24", "C62", "48000.00"),
        // A box is 12 pieces: two of them reach the break.
        ("2026-03-02", "C-1", "2", "XBX", "576000.00"),
        ("2026-03-02", "C-GROSIR", "12", "C62", "45000.00"),
        // Below the list's break: back to the default list.
        ("2026-03-02", "C-GROSIR", "11", "C62", "50000.00"),
        // For three days a later start beats the break.
        ("2026-03-09", "C-1", "24", "C62", "48000.00"),
        ("2026-03-10", "C-1", "24", "C62", "40000.00"),
        ("2026-03-12", "C-1", "1", "C62", "40000.00"),
        ("2026-03-13", "C-1", "24", "C62", "48000.00"),
        ("2026-04-01", "C-1", "24", "C62", "55000.00"),
        ("2026-04-01", "C-GROSIR", "12", "C62", "45000.00"),
    ] {
        // Midnight in Jakarta is 17:00 of the day before in UTC.
        let at = format!("{day}T00:00:00+07:00");
        app.clock.advance(at.parse::<chrono::DateTime<chrono::Utc>>().unwrap() + chrono::TimeDelta::minutes(1) - app.clock.now());
        let admin =
            app.caller(pesanan::organization::find_by_code(&mut app.database.connect(), "shop").unwrap().unwrap(), Role::Admin).await;
        let order = place(&admin, who, json!([{"sku": "KOPI", "quantity": quantity, "unit": unit}]), json!({})).await;
        assert_eq!(order["lines"][0]["unit_price"], expected, "{day} {who} {quantity} {unit}");
    }
    clean(&app).await;
}

#[actix_web::test]
async fn prices_that_include_tax_are_what_the_buyer_pays() {
    let app = TestApp::spawn().await;
    let (organization_id, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    // 3 × 50,000 + 20,000 = 170,000 and 25,000 for shipping: 195,000 paid. At 11 % inside: 195,000 × 11 ÷ 111 = 19,324.32.
    let lines = json!([{"sku": "KOPI", "quantity": "3"}, {"sku": "TEH", "quantity": "1"}]);
    let inclusive = json!({"prices_include_tax": true, "shipping": {"amount": "25000"}});
    let order = place(&admin, "C-1", lines.clone(), inclusive.clone()).await;
    assert_eq!((&order["total"], &order["tax_total"]), (&json!("195000.00"), &json!("19324.32")));
    assert_eq!(breakdown(&order), ["standard S 0.12 175675.68 19324.32 -"]);
    // The same with tax on top: 195,000 + 21,450.
    let exclusive = place(&admin, "C-1", lines.clone(), json!({"shipping": {"amount": "25000"}})).await;
    assert_eq!(figures(&exclusive), ["170000.00", "0.00", "25000.00", "21450.00", "216450.00"]);
    // Who may not set prices may not say that tax is inside them.
    let client = app.api_client(organization_id, Role::Sales).await;
    let form = json!({"grant_type": "client_credentials", "client_id": client.client_id, "client_secret": client.client_secret, "scope": "orders:read orders:write"});
    let token = app.token(&form).await.expect(200).body["access_token"].as_str().unwrap().to_owned();
    let body = json!({"customer_code": "C-1", "lines": lines, "prices_include_tax": true});
    let refused = crate::support::app::send(app.request(reqwest::Method::POST, "/v1/orders").bearer_auth(&token).json(&body)).await;
    assert_eq!(refused.code(403), "insufficient_scope");
    clean(&app).await;
}

#[actix_web::test]
async fn an_exempt_customer_is_exempt_on_order_invoice_and_credit_note() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    receive(&admin, "jakarta", "KOPI", "100").await;
    let exemption = json!({"code": "PMK-59-2023", "reason": "Perwakilan negara asing"});
    customer(&admin, "C-EMBASSY", json!({"tax_exemption": exemption})).await;
    let order = place(
        &admin,
        "C-EMBASSY",
        json!([{"sku": "KOPI", "quantity": "2"}, {"sku": "WRAP", "quantity": "1"}]),
        json!({"shipping": {"amount": "10000"}}),
    )
    .await;
    assert_eq!(figures(&order), ["105000.00", "0.00", "10000.00", "0.00", "115000.00"]);
    assert_eq!(breakdown(&order), ["exempt E 0 115000.00 0.00 PMK-59-2023"]);
    assert_eq!(order["tax_breakdown"][0]["exemption_reason"], "Perwakilan negara asing");
    assert_eq!(order["lines"][0]["tax_category"], "exempt");
    let path = format!("/v1/orders/{}", order["id"].as_str().unwrap());
    assert_eq!(admin.get(&path).await.expect(200).body, order);

    // What the customer is later changes nothing of it.
    let id = order["customer"]["id"].as_str().unwrap();
    admin.patch(&format!("/v1/customers/{id}"), json!({"tax_exemption": null})).await.expect(200);
    let work = admin.get(&format!("/v1/fulfillment_orders?order_id={}", order["id"].as_str().unwrap())).await.body["data"][0]["id"].clone();
    admin.post(&format!("/v1/fulfillment_orders/{}/ship", work.as_str().unwrap()), json!({"carrier": "JNE"})).await.expect(201);
    let invoice = admin.act(&format!("{path}/invoices")).await.expect(201).body;
    assert_eq!(breakdown(&invoice), ["exempt E 0 110000.00 0.00 PMK-59-2023"]);
    let note =
        json!({"invoice_id": invoice["id"], "reason": "Damaged", "lines": [{"order_line_id": order["lines"][0]["id"], "quantity": "1"}]});
    let note = admin.post("/v1/credit_notes", note).await.expect(201).body;
    assert_eq!(breakdown(&note), ["exempt E 0 50000.00 0.00 PMK-59-2023"]);
    assert_eq!(note["tax_breakdown"][0]["exemption_reason"], "Perwakilan negara asing");
    let later = place(&admin, "C-EMBASSY", json!([{"sku": "KOPI", "quantity": "1"}]), json!({})).await;
    assert_eq!(later["tax_total"], "5500.00");
    clean(&app).await;
}

/// A seller in Germany with rates for its own country and for France.
async fn german_shop(app: &TestApp) -> Caller<'_> {
    let (_, admin) = shop(app).await;
    let company = json!({"legal_name": "Kaffeehaus GmbH", "country": "DE", "time_zone": "Europe/Berlin", "base_currency": "EUR", "tax_id": "DE136695976"});
    admin.put("/v1/organization", company).await.expect(200);
    let price = |sku: &str, price: &str| json!({"sku": sku, "currency": "EUR", "unit_price": price});
    admin.put("/v1/prices", json!([price("KOPI", "10.00"), price("TEH", "4.00"), price("WRAP", "2.50")])).await.expect(200);
    admin.patch("/v1/products/TEH", json!({"tax_category": "reduced"})).await.expect(200);
    let rate = |country: &str, category: &str, rate: &str| json!({"country": country, "tax_category": category, "tax_scheme_category": "S", "name": "VAT", "rate": rate});
    let rates = json!([
        rate("DE", "standard", "0.19"),
        rate("DE", "reduced", "0.07"),
        rate("FR", "standard", "0.20"),
        rate("FR", "reduced", "0.055")
    ]);
    admin.put("/v1/tax_rates", rates).await.expect(200);
    admin
}

#[actix_web::test]
async fn a_seller_in_the_union_taxes_by_where_it_goes_and_who_buys() {
    let app = TestApp::spawn().await;
    let admin = german_shop(&app).await;
    let address = |country: &str| json!({"line1": "1", "city": "x", "country": country});
    let buyer =
        |country: &str, tax_id: Value| json!({"shipping_address": address(country), "billing_address": address(country), "tax_id": tax_id});
    customer(&admin, "DE-B2B", buyer("DE", json!("DE136695976"))).await;
    customer(&admin, "FR-B2B", buyer("FR", json!("FR 40 303 265 045"))).await;
    customer(&admin, "FR-B2C", buyer("FR", Value::Null)).await;
    customer(&admin, "FR-WRONG", buyer("FR", json!("FR41303265045"))).await;
    customer(&admin, "CH", buyer("CH", json!("CHE-123.456.788"))).await;
    // 2 × 10.00 + 5 × 4.00 + 1 × 2.50 and 5.00 shipping: 47.50 net.
    let lines = json!([{"sku": "KOPI", "quantity": "2"}, {"sku": "TEH", "quantity": "5"}, {"sku": "WRAP", "quantity": "1"}]);
    let more = json!({"currency": "EUR", "shipping": {"amount": "5.00"}});
    for (who, expected, total) in [
        // 19 % of 27.50 = 5.225; 7 % of 20.00 = 1.40.
        ("DE-B2B", vec!["standard S 0.19 27.50 5.23 -", "reduced S 0.07 20.00 1.40 -"], "54.13"),
        // 20 % of 27.50 = 5.50; 5.5 % of 20.00 = 1.10.
        ("FR-B2C", vec!["standard S 0.2 27.50 5.50 -", "reduced S 0.055 20.00 1.10 -"], "54.10"),
        ("FR-WRONG", vec!["standard S 0.2 27.50 5.50 -", "reduced S 0.055 20.00 1.10 -"], "54.10"),
        ("FR-B2B", vec!["intra_community K 0 45.00 0.00 VATEX-EU-IC", "reverse_charge AE 0 2.50 0.00 VATEX-EU-AE"], "47.50"),
        ("CH", vec!["export G 0 45.00 0.00 VATEX-EU-G", "standard O 0 2.50 0.00 VATEX-EU-O"], "47.50"),
    ] {
        let order = place(&admin, who, lines.clone(), more.clone()).await;
        assert_eq!(
            (breakdown(&order), order["total"].as_str().unwrap()),
            (expected.iter().map(|row| (*row).to_owned()).collect(), total),
            "{who}"
        );
    }
    let check = |code: &'static str| {
        let admin = &admin;
        async move { admin.get(&format!("/v1/customers?code={code}")).await.expect(200).body["data"][0]["tax_id_check"].clone() }
    };
    assert_eq!(check("FR-B2B").await, "valid");
    assert_eq!(check("FR-WRONG").await, "check_digit_wrong");
    assert_eq!(check("FR-B2C").await, Value::Null);
    assert_eq!(check("CH").await, "not_checked");

    // Sent elsewhere by an edit, it is taxed by where it goes now.
    let order = place(&admin, "FR-B2B", lines.clone(), more.clone()).await;
    let path = format!("/v1/orders/{}/edits", order["id"].as_str().unwrap());
    let edited = admin.post(&path, json!({"shipping_address": address("DE")})).await.expect(200).body;
    // The goods are at home: 19 % of 25.00 with the shipping; the service stays where the business is.
    let expected = ["standard S 0.19 25.00 4.75 -", "reduced S 0.07 20.00 1.40 -", "reverse_charge AE 0 2.50 0.00 VATEX-EU-AE"];
    assert_eq!(breakdown(&edited), expected);
    let edited = admin.post(&path, json!({"shipping_address": address("FR")})).await.expect(200).body;
    assert_eq!(breakdown(&edited), ["intra_community K 0 45.00 0.00 VATEX-EU-IC", "reverse_charge AE 0 2.50 0.00 VATEX-EU-AE"]);

    // The buyer's number alone, sent to Germany: taxed at home.
    let here = json!({"currency": "EUR", "shipping_address": address("DE")});
    let order = place(&admin, "FR-B2B", json!([{"sku": "KOPI", "quantity": "1"}]), here).await;
    assert_eq!(breakdown(&order), ["standard S 0.19 10.00 1.90 -"]);
    // An address alone earns no exemption.
    let guest = json!({"customer_code": null, "customer": {"name": "x", "email": "fr@example.com"}, "currency": "EUR", "shipping_address": address("FR")});
    let order = place(&admin, "", json!([{"sku": "KOPI", "quantity": "1"}]), guest).await;
    assert_eq!(breakdown(&order), ["standard S 0.2 10.00 2.00 -"]);

    // By the rates alone.
    let company = admin.get("/v1/organization").await.expect(200).body;
    assert_eq!(company["tax_treatment"], "automatic");
    let mut company = company;
    company["tax_treatment"] = json!("rates_only");
    admin.put("/v1/organization", company).await.expect(200);
    let order = place(&admin, "FR-B2B", json!([{"sku": "KOPI", "quantity": "1"}]), json!({"currency": "EUR"})).await;
    assert_eq!(breakdown(&order), ["standard S 0.2 10.00 2.00 -"]);
    clean(&app).await;
}

/// Directive 2006/112/EC art. 44: a business has its services where it is established, wherever the order ships to.
#[actix_web::test]
async fn services_to_businesses_are_taxed_where_the_customer_is_established() {
    let app = TestApp::spawn().await;
    let admin = german_shop(&app).await;
    admin.put("/v1/tax_rates", json!([{"country": "CH", "region": "ZH", "tax_category": "standard", "tax_scheme_category": "S", "name": "MWST", "rate": "0.081"}])).await.expect(200);
    let address = |country: &str| json!({"line1": "1", "city": "x", "country": country});
    for (code, billing, tax_id, kind) in [
        ("FR-B2B", "FR", json!("FR40303265045"), "company"),
        ("DE-B2B", "DE", json!("DE136695976"), "company"),
        ("US-B2B", "US", Value::Null, "company"),
        ("US-B2C", "US", Value::Null, "person"),
        ("FR-B2C", "FR", Value::Null, "person"),
    ] {
        customer(
            &admin,
            code,
            json!({"billing_address": address(billing), "shipping_address": address(billing), "tax_id": tax_id, "kind": kind}),
        )
        .await;
    }
    let service = || json!([{"sku": "WRAP", "quantity": "4"}]);
    for (who, ship_to, expected) in [
        // A French company whose event is in Germany: reverse charge, not German tax (art. 44, 196).
        ("FR-B2B", "DE", "reverse_charge AE 0 10.00 0.00 VATEX-EU-AE"),
        ("FR-B2B", "PL", "reverse_charge AE 0 10.00 0.00 VATEX-EU-AE"),
        ("FR-B2B", "US", "reverse_charge AE 0 10.00 0.00 VATEX-EU-AE"),
        // A German company whose event is in France: German tax.
        ("DE-B2B", "FR", "standard S 0.19 10.00 1.90 -"),
        // A company outside the union: outside the scope of its tax.
        ("US-B2B", "DE", "standard O 0 10.00 0.00 VATEX-EU-O"),
        // Nobody's business: where it is used.
        ("US-B2C", "DE", "standard S 0.19 10.00 1.90 -"),
        ("FR-B2C", "DE", "standard S 0.19 10.00 1.90 -"),
        ("FR-B2C", "FR", "standard S 0.2 10.00 2.00 -"),
    ] {
        let order = place(&admin, who, service(), json!({"currency": "EUR", "shipping_address": address(ship_to)})).await;
        assert_eq!(breakdown(&order), [expected], "{who} to {ship_to}");
    }
    // With goods in one order each goes its way: 2 × 10.00 to Germany at 19 %, and shipping 5.00 with them.
    let lines = json!([{"sku": "KOPI", "quantity": "2"}, {"sku": "WRAP", "quantity": "4"}]);
    let more = json!({"currency": "EUR", "shipping_address": address("DE"), "shipping": {"amount": "5.00"}});
    let order = place(&admin, "FR-B2B", lines, more).await;
    assert_eq!(breakdown(&order), ["standard S 0.19 25.00 4.75 -", "reverse_charge AE 0 10.00 0.00 VATEX-EU-AE"]);
    // A company that moves its seat by an edit of the billing address: from outside the union to Germany, where it has no number.
    let order = place(&admin, "US-B2B", service(), json!({"currency": "EUR", "shipping_address": address("DE")})).await;
    let path = format!("/v1/orders/{}/edits", order["id"].as_str().unwrap());
    let edited = admin.post(&path, json!({"billing_address": address("DE")})).await.expect(200).body;
    assert_eq!(breakdown(&edited), ["standard S 0.19 10.00 1.90 -"]);
    clean(&app).await;
}

#[actix_web::test]
async fn goods_that_leave_from_a_country_that_taxes_them_otherwise_are_held() {
    let app = TestApp::spawn().await;
    let admin = german_shop(&app).await;
    let address = |country: &str| json!({"line1": "1", "city": "x", "country": country});
    let location = |name: &str, country: &str, priority: i32| json!({"name": name, "kind": "warehouse", "priority": priority, "address": address(country)});
    admin.put("/v1/locations/jakarta", location("Berlin", "DE", 20)).await.expect(200);
    admin.put("/v1/locations/surabaya", location("Paris", "FR", 10)).await.expect(200);
    for place in ["jakarta", "surabaya"] {
        receive(&admin, place, "KOPI", "100").await;
    }
    for (code, country, tax_id, kind) in [
        ("FR-B2B", "FR", json!("FR40303265045"), "company"),
        ("FR-B2C", "FR", Value::Null, "person"),
        ("IT-B2B", "IT", json!("IT00743110157"), "company"),
    ] {
        customer(
            &admin,
            code,
            json!({"billing_address": address(country), "shipping_address": address(country), "tax_id": tax_id, "kind": kind}),
        )
        .await;
    }
    let order = |who: &'static str| {
        let body = json!({"customer_code": who, "currency": "EUR", "lines": [{"sku": "KOPI", "quantity": "2"}]});
        async { admin.post("/v1/orders", body).await.expect(201).body }
    };
    let holds = |order: &Value| -> Vec<String> {
        let open = order["holds"].as_array().unwrap().iter().filter(|hold| hold["released_at"].is_null());
        open.map(|hold| format!("{} {}", hold["code"].as_str().unwrap(), hold["data"]["locations"][0].as_str().unwrap_or_default()))
            .collect()
    };
    // From Paris to a consumer in France: the French rate either way. To an Italian company: an intra-community supply either way.
    assert_eq!(holds(&order("FR-B2C").await), Vec::<String>::new());
    assert_eq!(holds(&order("IT-B2B").await), Vec::<String>::new());
    // From Paris to a French company is a French sale, and no intra-community supply from Germany.
    let held = order("FR-B2B").await;
    assert_eq!(
        (breakdown(&held), held["status"].as_str()),
        (vec!["intra_community K 0 20.00 0.00 VATEX-EU-IC".to_owned()], Some("on_hold"))
    );
    assert_eq!(holds(&held), ["place_of_supply surabaya"]);
    assert_eq!(held["holds"][0]["releasable_by"], json!(["finance", "admin"]));
    let path = format!("/v1/orders/{}", held["id"].as_str().unwrap());
    let work = admin.get(&format!("/v1/fulfillment_orders?order_id={}", held["id"].as_str().unwrap())).await.body["data"][0]["id"].clone();
    let work = format!("/v1/fulfillment_orders/{}", work.as_str().unwrap());
    assert_eq!(admin.post(&format!("{work}/ship"), json!({"carrier": "dhl"})).await.status, 409);
    // Moved to Berlin it goes on, and back in Paris it waits again.
    admin.post(&format!("{work}/move"), json!({"location": "jakarta"})).await.expect(200);
    assert_eq!(admin.get(&path).await.expect(200).body["status"], "confirmed");
    admin.post(&format!("{work}/move"), json!({"location": "surabaya"})).await.expect(200);
    let again = admin.get(&path).await.expect(200).body;
    assert_eq!(holds(&again), ["place_of_supply surabaya"]);
    clean(&app).await;
    // Somebody lets it pass, and is not asked again.
    let hold = again["holds"].as_array().unwrap().iter().find(|hold| hold["released_at"].is_null()).unwrap()["id"].clone();
    admin.post(&format!("{path}/holds/{}/release", hold.as_str().unwrap()), json!({"reason": "taxed by hand"})).await.expect(200);
    admin.post(&format!("{path}/edits"), json!({"lines": [{"order_line_id": held["lines"][0]["id"], "quantity": "3"}]})).await.expect(200);
    let passed = admin.get(&path).await.expect(200).body;
    assert_eq!((holds(&passed), &passed["status"]), (vec![], &json!("confirmed")));
    admin.post(&format!("{work}/ship"), json!({"carrier": "dhl"})).await.expect(201);
    clean(&app).await;
}

#[actix_web::test]
async fn a_state_has_its_own_rate_and_the_rest_of_the_country_none() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    let company = json!({"legal_name": "Coffee Inc.", "country": "US", "time_zone": "America/Los_Angeles", "base_currency": "USD"});
    admin.put("/v1/organization", company).await.expect(200);
    admin.put("/v1/prices", json!([{"sku": "KOPI", "currency": "USD", "unit_price": "19.99"}])).await.expect(200);
    let rate = |region: Value, scheme: &str, name: &str, rate: &str| json!({"country": "US", "region": region, "tax_category": "standard", "tax_scheme_category": scheme, "name": name, "rate": rate});
    let rates = json!([
        rate(Value::Null, "O", "No nexus", "0"),
        rate(json!("CA"), "S", "California sales tax", "0.0725"),
        rate(json!("NY"), "S", "New York sales tax", "0.08875"),
    ]);
    admin.put("/v1/tax_rates", rates).await.expect(200);
    customer(&admin, "C-US", json!({"currency": "USD"})).await;
    let placed = async |region: Value, more: Value| {
        let mut body = json!({"shipping_address": {"line1": "1 Main St", "city": "x", "region": region, "country": "US"}});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        place(&admin, "C-US", json!([{"sku": "KOPI", "quantity": "3"}]), body).await
    };
    let backorder = json!({"on_shortage": "backorder"});
    for (region, tax, total, reason) in [
        ("CA", "4.35", "64.32", Value::Null),
        ("California", "4.35", "64.32", Value::Null),
        (" us-ca ", "4.35", "64.32", Value::Null),
        ("ny", "5.32", "65.29", Value::Null),
        ("NEW YORK", "5.32", "65.29", Value::Null),
        ("OR", "0.00", "59.97", json!("No nexus")),
        ("Oregon", "0.00", "59.97", json!("No nexus")),
    ] {
        let order = placed(json!(region), backorder.clone()).await;
        assert_eq!(order["status"], "confirmed", "{region}");
        let shown =
            (order["tax_total"].as_str().unwrap(), order["total"].as_str().unwrap(), &order["tax_breakdown"][0]["exemption_reason"]);
        assert_eq!(shown, (tax, total, &reason), "{region}");
    }
    // A state that nobody can know is not taxed by the row of the country unasked.
    for region in [Value::Null, json!("Kalifornien")] {
        let held = placed(region.clone(), backorder.clone()).await;
        assert_eq!((&held["status"], &held["holds"][0]["code"]), (&json!("on_hold"), &json!("address_incomplete")), "{region}");
        assert_eq!(held["holds"][0]["data"], json!({"country": "US", "missing": "region"}));
        let address = json!({"line1": "1 Main St", "city": "x", "region": "California", "country": "US"});
        let path = format!("/v1/orders/{}/edits", held["id"].as_str().unwrap());
        let edited = admin.post(&path, json!({"shipping_address": address})).await.expect(200).body;
        assert_eq!((&edited["status"], &edited["tax_total"]), (&json!("confirmed"), &json!("4.35")));
    }
    // Who gives taxes has known the place.
    let given = json!({"pricing": "as_given", "on_shortage": "backorder",
        "lines": [{"sku": "KOPI", "quantity": "3", "unit_price": "19.99", "tax_amount": "4.35"}]});
    let given = placed(Value::Null, given).await;
    assert_eq!((&given["status"], &given["tax_total"]), (&json!("confirmed"), &json!("4.35")));
    clean(&app).await;
}

#[actix_web::test]
async fn an_invoice_keeps_the_rate_of_its_day_and_a_credit_note_that_of_its_invoice() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    receive(&admin, "jakarta", "KOPI", "100").await;
    let rate = |rate: &str, from: &str| json!({"from_currency": "USD", "to_currency": "IDR", "rate": rate, "valid_from_on": from});
    admin
        .put("/v1/exchange_rates", json!([rate("16000", "2026-01-01"), rate("16250.5", "2026-03-02"), rate("17000", "2026-03-03")]))
        .await
        .expect(200);
    admin.put("/v1/prices", json!([{"sku": "KOPI", "currency": "USD", "unit_price": "3.50"}])).await.expect(200);
    customer(&admin, "C-USD", json!({"currency": "USD"})).await;
    let order = place(&admin, "C-USD", json!([{"sku": "KOPI", "quantity": "10"}]), json!({})).await;
    let work = admin.get(&format!("/v1/fulfillment_orders?order_id={}", order["id"].as_str().unwrap())).await.body["data"][0]["id"].clone();
    admin.post(&format!("/v1/fulfillment_orders/{}/ship", work.as_str().unwrap()), json!({"carrier": "JNE"})).await.expect(201);
    let invoice = admin.act(&format!("/v1/orders/{}/invoices", order["id"].as_str().unwrap())).await.expect(201).body;
    // 35.00 + 11 % = 38.85; × 16,250.5 = 631,331.925; 3.85 × 16,250.5 = 62,564.425.
    let kept = |document: &Value| {
        ["exchange_rate", "total", "total_base_currency", "tax_total_base_currency"]
            .map(|field| document[field].as_str().unwrap().to_owned())
    };
    assert_eq!(kept(&invoice), ["16250.5", "38.85", "631331.93", "62564.43"]);
    app.clock.advance(chrono::TimeDelta::hours(20));
    let admin = app.caller(pesanan::organization::find_by_code(&mut app.database.connect(), "shop").unwrap().unwrap(), Role::Admin).await;
    let note =
        json!({"invoice_id": invoice["id"], "reason": "Damaged", "lines": [{"order_line_id": order["lines"][0]["id"], "quantity": "2"}]});
    let note = admin.post("/v1/credit_notes", note).await.expect(201).body;
    // 7.00 + 0.77 = 7.77; × 16,250.5 = 126,266.385.
    assert_eq!(
        (note["issued_on"].as_str().unwrap(), kept(&note)),
        ("2026-03-03", ["16250.5", "7.77", "126266.39", "12512.89"].map(str::to_owned))
    );
    clean(&app).await;
}

#[actix_web::test]
async fn malformed_tax_numbers_of_known_countries_are_refused() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    let with = |tax_id: &str, country: &str| json!({"name": "x", "kind": "company", "tax_id": tax_id, "billing_address": {"line1": "1", "city": "x", "country": country}});
    for (tax_id, country) in [("01.234", "ID"), ("DE12", "DE"), ("FR1234567890X", "ID")] {
        let refused = admin.post("/v1/customers", with(tax_id, country)).await.expect(422).body;
        assert_eq!((&refused["errors"][0]["pointer"], &refused["code"]), (&json!("/tax_id"), &json!("invalid_tax_id")), "{tax_id}");
    }
    for (tax_id, country, expected) in [
        ("01.300.066.6-091.000", "ID", "valid"),
        ("01.234.567.8-901.000", "ID", "check_digit_wrong"),
        ("DE 136 695 976", "DE", "valid"),
        ("S1234567A", "SG", "not_checked"),
    ] {
        let made = admin.post("/v1/customers", with(tax_id, country)).await.expect(201).body;
        assert_eq!((&made["tax_id"], &made["tax_id_check"]), (&json!(tax_id), &json!(expected)));
        // A patch is laid over the answer, which it takes back.
        let path = format!("/v1/customers/{}", made["id"].as_str().unwrap());
        admin.patch(&path, json!({"phone": "1"})).await.expect(200);
    }
    let company = json!({"legal_name": "x", "country": "ID", "tax_id": "123"});
    assert_eq!(admin.put("/v1/organization", company).await.code(422), "invalid_tax_id");
    clean(&app).await;
}
