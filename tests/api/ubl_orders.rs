//! Orders as UBL documents: in by hook and API, out as order response and despatch advice.

use crate::mail::{Post, text};
use crate::or_skip;
use crate::shop::{clean, customer, receive, shop};
use crate::support::app::{Caller, Reply, TestApp, send};
use crate::support::samples::place;
use reqwest::Method;
use serde_json::{Value, json};

fn document(id: &str, lines: &[(&str, &str, &str)]) -> String {
    let lines: String = lines
        .iter()
        .enumerate()
        .map(|(i, (sku, quantity, price))| {
            let price = if price.is_empty() { String::new() } else { format!("<cac:Price><cbc:PriceAmount currencyID=\"IDR\">{price}</cbc:PriceAmount></cac:Price>") };
            format!("<cac:OrderLine><cac:LineItem><cbc:ID>L{i}</cbc:ID><cbc:Quantity unitCode=\"EA\">{quantity}</cbc:Quantity>{price}<cac:Item><cbc:Name>x</cbc:Name><cac:SellersItemIdentification><cbc:ID>{sku}</cbc:ID></cac:SellersItemIdentification></cac:Item></cac:LineItem></cac:OrderLine>")
        })
        .collect();
    format!(
        "<Order xmlns=\"urn:oasis:names:specification:ubl:schema:xsd:Order-2\" xmlns:cac=\"urn:c\" xmlns:cbc=\"urn:b\"><cbc:ID>{id}</cbc:ID><cbc:DocumentCurrencyCode>IDR</cbc:DocumentCurrencyCode><cac:BuyerCustomerParty><cac:Party><cbc:EndpointID schemeID=\"0088\">8991000000010</cbc:EndpointID></cac:Party></cac:BuyerCustomerParty>{lines}</Order>"
    )
}

/// A shop whose buyer is reached by Peppol, with a channel of kind `ubl`.
async fn peppol(app: &TestApp) -> Post<'_> {
    let (_, admin) = shop(app).await;
    customer(&admin, "C-1", json!({"electronic_address": {"scheme": "0088", "value": "8991000000010"}})).await;
    receive(&admin, "jakarta", "KOPI", "100").await;
    receive(&admin, "jakarta", "TEH", "5").await;
    let channel = admin
        .post("/v1/channels", json!({"code": "peppol", "kind": "ubl", "name": "Peppol", "secret": "peppol-secret"}))
        .await
        .expect(201)
        .body;
    Post { app, admin, channel }
}

async fn knock(post: &Post<'_>, body: &str, secret: Option<&str>) -> Reply {
    let mut request = post.app.request(Method::POST, text(&post.channel["inbound_url"])).header("content-type", "application/xml");
    if let Some(secret) = secret {
        request = request.header("x-channel-secret", secret);
    }
    let reply = send(request.body(body.to_owned())).await;
    post.work().await;
    reply
}

async fn hand_in(admin: &Caller<'_>, body: &str) -> Reply {
    send(admin.request(Method::POST, "/v1/orders/ubl").header("content-type", "application/xml").body(body.to_owned())).await
}

async fn xml(admin: &Caller<'_>, path: &str) -> (u16, String) {
    let response = admin.request(Method::GET, path).header("accept", "application/xml").send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[actix_web::test]
async fn documents_come_by_the_hook_once_and_wait_for_master_data() {
    let app = TestApp::spawn().await;
    let post = peppol(&app).await;
    let good = document("PO-1", &[("KOPI", "3", "50000"), ("TEH", "2", "20000")]);
    assert_eq!(knock(&post, &good, None).await.status, 401);
    assert_eq!(knock(&post, &good, Some("peppol-secreT")).await.status, 401);
    for _ in 0..2 {
        assert_eq!(knock(&post, &good, Some("peppol-secret")).await.status, 200);
    }
    assert_eq!(knock(&post, &format!("{good}\n"), Some("peppol-secret")).await.status, 200, "the same with another end is the same order");
    let orders = post.orders().await;
    assert_eq!(orders.len(), 1);
    let order = &orders[0];
    assert_eq!(
        (&order["external_id"], &order["purchase_order_number"], &order["status"]),
        (&json!("0088:8991000000010/PO-1"), &json!("PO-1"), &json!("confirmed"))
    );
    assert_eq!(
        (&order["pricing"], &order["subtotal"], &order["lines"][0]["external_line_id"]),
        (&json!("as_given"), &json!("190000.00"), &json!("L0"))
    );

    // A price that is not ours holds; another document under the same number is refused.
    knock(&post, &document("PO-2", &[("KOPI", "1", "40000")]), Some("peppol-secret")).await;
    assert_eq!(post.admin.get("/v1/orders?hold_code=price_mismatch").await.expect(200).body["data"].as_array().unwrap().len(), 1);
    knock(&post, &document("PO-1", &[("KOPI", "9", "50000")]), Some("peppol-secret")).await;
    let rejected = post.admin.get("/v1/inbound_messages?status=rejected").await.expect(200).body;
    assert_eq!(rejected["data"][0]["reason"]["code"], "external_id_conflict");
    for (body, code, pointer) in [
        ("<a", "malformed_xml", ""),
        ("<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>", "document_type_refused", ""),
        ("<OrderChange xmlns=\"urn:oasis:names:specification:ubl:schema:xsd:OrderChange-2\"/>", "unsupported_document", "/*"),
        (&document("PO-3", &[("KOPI", "0", "")]), "out_of_range", "/Order/cac:OrderLine[1]/cac:LineItem/cbc:Quantity"),
    ] {
        assert_eq!(knock(&post, body, Some("peppol-secret")).await.status, 200);
        let rejected = post.admin.get("/v1/inbound_messages?status=rejected&limit=1").await.expect(200).body;
        assert_eq!(
            (&rejected["data"][0]["reason"]["code"], &rejected["data"][0]["reason"]["pointer"]),
            (&json!(code), &json!(pointer)),
            "{body}"
        );
    }
    // An unknown product waits until it is there.
    knock(&post, &document("PO-4", &[("SUSU", "1", "10000")]), Some("peppol-secret")).await;
    let waiting = post.admin.get("/v1/inbound_messages?status=received").await.expect(200).body["data"][0].clone();
    let item = "/Order/cac:OrderLine[1]/cac:LineItem/cac:Item/cac:SellersItemIdentification/cbc:ID";
    assert_eq!((&waiting["reason"]["code"], &waiting["reason"]["pointer"]), (&json!("unknown_sku"), &json!(item)));
    post.admin.put("/v1/products", json!([{"sku": "SUSU", "name": "Susu", "unit": "C62", "tax_category": "standard"}])).await.expect(200);
    let price = json!([{"price_list": "default", "sku": "SUSU", "currency": "IDR", "unit_price": "10000"}]);
    post.admin.put("/v1/prices", price).await.expect(200);
    app.clock.advance(chrono::TimeDelta::minutes(16));
    post.work().await;
    assert_eq!(post.message(&waiting).await["status"], "processed");
    clean(&app).await;
}

#[actix_web::test]
async fn a_document_is_placed_and_answered() {
    let app = TestApp::spawn().await;
    let post = peppol(&app).await;
    let admin = &post.admin;
    let body = document("PO-9", &[("KOPI", "3", ""), ("TEH", "8", "")]);
    let placed = hand_in(admin, &body).await.expect(201).body;
    let again = hand_in(admin, &body).await.expect(200);
    assert_eq!((again.header("idempotency-replayed"), &again.body["id"]), ("true", &placed["id"]));
    let path = format!("/v1/orders/{}/ubl", text(&placed["id"]));
    let (status, told) = xml(admin, &path).await;
    assert_eq!((status, told.contains("seller_incomplete")), (409, true), "{told}");
    let organization = json!({"legal_name": "PT Nusantara", "country": "ID", "time_zone": "Asia/Jakarta", "base_currency": "IDR", "electronic_address": {"scheme": "0088", "value": "8991234567891"}});
    admin.put("/v1/organization", organization).await.expect(200);
    let (status, response) = xml(admin, &path).await;
    assert_eq!(status, 200, "{response}");
    assert!(
        response.contains("<cbc:OrderResponseCode>AP</cbc:OrderResponseCode>") && response.contains("<cbc:ID>PO-9</cbc:ID>"),
        "{response}"
    );
    assert!(response.contains("schemeID=\"0088\">8991000000010<") && response.contains("schemeID=\"0088\">8991234567891<"));

    // A line less, and one that is gone.
    let line = |i: usize| placed["lines"][i]["id"].clone();
    let cancel =
        json!({"reason": {"code": "out_of_stock"}, "lines": [{"order_line_id": line(0)}, {"order_line_id": line(1), "quantity": "3"}]});
    admin.post(&format!("/v1/orders/{}/cancel", text(&placed["id"])), cancel).await.expect(200);
    let (_, response) = xml(admin, &path).await;
    assert!(response.contains("<cbc:OrderResponseCode>CA</cbc:OrderResponseCode>"), "{response}");
    let statuses: Vec<&str> = response.split("<cbc:LineStatusCode>").skip(1).map(|rest| &rest[..1]).collect();
    assert_eq!(statuses, ["7", "3"]);
    assert!(response.contains("<cbc:Quantity unitCode=\"C62\">5</cbc:Quantity>") && response.contains("<cbc:LineID>L1</cbc:LineID>"));

    let orders = admin.get(&format!("/v1/fulfillment_orders?order_id={}", text(&placed["id"]))).await.expect(200).body;
    let open = orders["data"].as_array().unwrap().iter().find(|order| order["status"] == "open").unwrap().clone();
    let ship = json!({"carrier": "jne", "tracking_number": "JNE1", "lines": [{"order_line_id": line(1), "quantity": "2"}]});
    let shipment = admin.post(&format!("/v1/fulfillment_orders/{}/ship", text(&open["id"])), ship).await.expect(201).body;
    let (status, advice) = xml(admin, &format!("/v1/shipments/{}/ubl", text(&shipment["id"]))).await;
    assert_eq!(status, 200, "{advice}");
    assert!(advice.contains("<cbc:DeliveredQuantity unitCode=\"C62\">2</cbc:DeliveredQuantity>"), "{advice}");
    assert!(
        advice.contains("<cbc:OutstandingQuantity unitCode=\"C62\">3</cbc:OutstandingQuantity>")
            && advice.contains("<cbc:TrackingID>JNE1</cbc:TrackingID>")
    );

    let faults = hand_in(admin, &document("PO-10", &[("NO-SUCH", "1", "")])).await.expect(422).body;
    assert_eq!(faults["errors"][0]["pointer"], "/Order/cac:OrderLine[1]/cac:LineItem/cac:Item/cac:SellersItemIdentification/cbc:ID");
    let unknown = hand_in(admin, &document("PO-11", &[("KOPI", "1", "")]).replace("8991000000010", "8991000000027")).await;
    assert_eq!((unknown.status, &unknown.body["errors"][0]["pointer"]), (422, &json!("/Order/cac:BuyerCustomerParty/cac:Party")));
    clean(&app).await;
}

#[actix_web::test]
async fn the_published_examples_become_orders_field_by_field() {
    let folder = or_skip!(place("documents/ubl"));
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    let products: Vec<Value> = ["SN-33", "SN-34", "SN-35", "121212", "SItemNo011"]
        .map(|sku| json!({"sku": sku, "name": sku, "unit": "C62", "tax_category": "standard"}))
        .into();
    admin.put("/v1/products", json!(products)).await.expect(200);
    let prices = ["EUR", "NOK"].iter().flat_map(|currency| {
        [("SN-33", "4"), ("SN-34", "6"), ("SN-35", "3"), ("121212", "55"), ("SItemNo011", "15")]
            .map(|(sku, price)| json!({"price_list": "default", "sku": sku, "currency": currency, "unit_price": price}))
    });
    admin.put("/v1/prices", json!(prices.collect::<Vec<Value>>())).await.expect(200);
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    customer(&admin, "HOSPITAL", json!({"electronic_address": {"scheme": "0088", "value": "7300010000001"}})).await;

    // UC1: 10 x 4 + 5 x 6 + 15 x 3 = 115 EUR, as its LineExtensionAmount says; abroad, without a tax rate.
    let order = hand_in(&admin, &read("peppol-order-UC1.xml")).await.expect(201).body;
    assert_eq!((&order["subtotal"], &order["currency"], &order["requested_on"]), (&json!("115.00"), &json!("EUR"), &json!("2013-07-16")));
    assert_eq!((&order["external_id"], &order["purchase_order_number"]), (&json!("0088:7300010000001/1"), &json!("1")));
    let address = &order["shipping_address"];
    assert_eq!(
        (&address["line1"], &address["line2"], &address["city"], &address["postal_code"], &address["country"]),
        (&json!("Lower street 5"), &json!("Reception"), &json!("Stockholm"), &json!("11120"), &json!("SE"))
    );
    assert_eq!(address["company"], "Hospital Tourist Department");
    assert_eq!(order["contact"], json!({"name": "Martin Foggerty", "phone": "+46555785488", "email": "martin.foggerty@cityhospital.se"}));
    let lines: Vec<(&str, &str, &str)> = order["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (text(&line["sku"]), text(&line["quantity"]), text(&line["unit_price"])))
        .collect();
    assert_eq!(lines, [("SN-33", "10", "4.00"), ("SN-34", "5", "6.00"), ("SN-35", "15", "3.00")]);

    // The full example: 120 x (50 + 600/120) - 300 = 6300 and 15 x 15 = 225; 652.50 off, 400 on top.
    let order = hand_in(&admin, &read("peppol-Order_Example.xml")).await;
    assert!(matches!(order.status, 201 | 422), "{}", order.body);
    if order.status == 201 {
        let order = order.body;
        assert_eq!(
            (&order["subtotal"], &order["discount_total"], &order["shipping_net"]),
            (&json!("6525.00"), &json!("652.50"), &json!("400.00"))
        );
        assert_eq!((&order["lines"][0]["net_amount"], &order["lines"][1]["net_amount"]), (&json!("6300.00"), &json!("225.00")));
    }
    for (name, code) in [
        ("peppol-OrderChange_Example.xml", "unsupported_document"),
        ("peppol-OrderCancellation_Example.xml", "unsupported_document"),
        ("peppol-invoice-base-example.xml", "unsupported_document"),
    ] {
        assert_eq!(hand_in(&admin, &read(name)).await.code(422), code, "{name}");
    }
    clean(&app).await;
}

#[actix_web::test]
async fn a_price_of_the_buyer_s_own_sells_nothing_and_an_order_for_another_seller_is_not_ours() {
    let app = TestApp::spawn().await;
    let post = peppol(&app).await;
    // We have prices in rupiah and in no other currency.
    let euros = |id: &str, price: &str| document(id, &[("KOPI", "1", price)]).replace("IDR", "EUR");
    let item = "/Order/cac:OrderLine[1]/cac:LineItem/cac:Item/cac:SellersItemIdentification/cbc:ID";
    for (id, price) in [("PO-1", "0.01"), ("PO-2", "0")] {
        let fault = hand_in(&post.admin, &euros(id, price)).await.expect(422).body["errors"][0].clone();
        assert_eq!((&fault["code"], &fault["pointer"]), (&json!("price_missing"), &json!(item)));
    }
    knock(&post, &euros("PO-1", "0.01"), Some("peppol-secret")).await;
    let waiting = post.admin.get("/v1/inbound_messages?status=received").await.expect(200).body["data"][0].clone();
    assert_eq!((&waiting["reason"]["code"], &waiting["reason"]["pointer"]), (&json!("price_missing"), &json!(item)));
    let price = json!([{"sku": "KOPI", "price_list": "default", "currency": "EUR", "unit_price": "3.00"}]);
    post.admin.put("/v1/prices", price).await.expect(200);
    app.clock.advance(chrono::TimeDelta::minutes(16));
    post.work().await;
    assert_eq!(post.message(&waiting).await["status"], "processed");
    assert_eq!(post.orders().await[0]["status"], "on_hold");

    let ours = json!({"electronic_address": {"scheme": "0088", "value": "8991234567891"}, "tax_id": "01.234.567.8-901.000"});
    post.admin.patch("/v1/organization", ours).await.expect(200);
    let to = |id: &str, seller: &str| {
        document(id, &[("KOPI", "1", "50000")]).replace(
            "<cac:OrderLine>",
            &format!("<cac:SellerSupplierParty><cac:Party>{seller}</cac:Party></cac:SellerSupplierParty><cac:OrderLine>"),
        )
    };
    let address = |scheme: &str, value: &str| format!("<cbc:EndpointID schemeID=\"{scheme}\">{value}</cbc:EndpointID>");
    let number = |value: &str| format!("<cac:PartyTaxScheme><cbc:CompanyID>{value}</cbc:CompanyID></cac:PartyTaxScheme>");
    let party = "/Order/cac:SellerSupplierParty/cac:Party";
    for (seller, pointer) in [
        (address("0088", "8991234567000"), format!("{party}/cbc:EndpointID")),
        (number("99.999.999.9-999.000"), format!("{party}/cac:PartyTaxScheme/cbc:CompanyID")),
    ] {
        let fault = hand_in(&post.admin, &to("PO-8", &seller)).await.expect(422).body["errors"][0].clone();
        assert_eq!((&fault["code"], &fault["pointer"]), (&json!("other_seller"), &json!(pointer)));
    }
    knock(&post, &to("PO-8", &address("0088", "8991234567000")), Some("peppol-secret")).await;
    let rejected = post.admin.get("/v1/inbound_messages?status=rejected&limit=1").await.expect(200).body;
    assert_eq!(rejected["data"][0]["reason"]["code"], "other_seller");
    // Ours, or what cannot be compared.
    for (i, seller) in
        [address("0088", "8991234567891"), address("0192", "123"), number("ID012345678901000"), "<cac:PartyName/>".to_owned()]
            .iter()
            .enumerate()
    {
        hand_in(&post.admin, &to(&format!("PO-2{i}"), seller)).await.expect(201);
    }
    clean(&app).await;
}
