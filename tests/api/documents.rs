//! Documents over HTTP on a real Postgres: what is issued keeps its bytes, views show what is.

use crate::shop::{ADDRESS, clean, customer, receive, shop};
use crate::support::app::{Caller, Reply, TestApp, send};
use diesel::connection::SimpleConnection;
use futures_util::future::join_all;
use pesanan::auth::permission::Role;
use pesanan::types::id::OrganizationId;
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};

/// An answer with its bytes.
struct File {
    status: u16,
    headers: reqwest::header::HeaderMap,
    bytes: Vec<u8>,
}

impl File {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn text(&self) -> String {
        String::from_utf8(self.bytes.clone()).unwrap()
    }

    fn problem(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }

    #[track_caller]
    fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.bytes).chars().take(2000).collect::<String>());
        self
    }
}

async fn file(request: reqwest::RequestBuilder) -> File {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    File { status, headers, bytes: response.bytes().await.unwrap().to_vec() }
}

async fn get(caller: &Caller<'_>, path: &str) -> File {
    file(caller.request(Method::GET, path)).await
}

fn id(thing: &Value) -> &str {
    thing["id"].as_str().unwrap()
}

/// A seller who says all that documents ask for.
fn seller(name: &str) -> Value {
    json!({
        "legal_name": name, "country": "ID", "tax_id": "01.234.567.8-901.000", "email": "a@nusantara.example",
        "address": {"line1": "Jl. Sudirman 52", "city": "Jakarta", "postal_code": "12190", "country": "ID"},
        "electronic_address": {"scheme": "0088", "value": "8991234567891"},
        "bank_accounts": [{"holder": "PT NN", "account_number": "123", "bank_name": "BCA", "currency": "IDR"}],
        "logo": "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCA5IDkiPjxjaXJjbGUgY3g9IjQiIGN5PSI0IiByPSI0Ii8+PC9zdmc+"
    })
}

fn buyer() -> Value {
    json!({"tax_id": "02.345.678.9-012.000", "email": "b@example.com", "electronic_address": {"scheme": "0088", "value": "8991000000010"},
        "billing_address": serde_json::from_str::<Value>(ADDRESS).unwrap()})
}

/// Two orders of one number would be suspected to be one.
static ORDERS: AtomicU32 = AtomicU32::new(1);

async fn order(admin: &Caller<'_>, more: Value) -> Value {
    let mut body = json!({"customer_code": "C-1", "lines": [{"sku": "KOPI", "quantity": "3"}, {"sku": "TEH", "quantity": "5", "discounts": [{"code": "TEN", "percent": "10", "reason": "ten"}]}],
        "discounts": [{"code": "VIP", "amount": "1000.00", "reason": "vip"}], "shipping": {"amount": "9000.00"}, "purchase_order_number": format!("PO-{}", ORDERS.fetch_add(1, Ordering::Relaxed))});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    admin.post("/v1/orders", body).await.expect(201).body
}

async fn ship(admin: &Caller<'_>, order: &Value) -> (Value, Value) {
    let work = admin.get(&format!("/v1/fulfillment_orders?order_id={}", id(order))).await.expect(200).body["data"][0].clone();
    let body = json!({"carrier": "jne", "tracking_number": "JNE1"});
    let shipment = admin.post(&format!("/v1/fulfillment_orders/{}/ship", id(&work)), body).await.expect(201).body;
    (work, shipment)
}

async fn invoiced(admin: &Caller<'_>) -> (Value, Value) {
    let placed = order(admin, json!({})).await;
    ship(admin, &placed).await;
    let invoice = admin.post(&format!("/v1/orders/{}/invoices", id(&placed)), json!({})).await.expect(201).body;
    (placed, invoice)
}

async fn stocked(app: &TestApp) -> Caller<'_> {
    stocked_shop(app).await.1
}

async fn stocked_shop(app: &TestApp) -> (OrganizationId, Caller<'_>) {
    let (organization_id, admin) = shop(app).await;
    receive(&admin, "jakarta", "KOPI", "500").await;
    receive(&admin, "jakarta", "TEH", "500").await;
    customer(&admin, "C-1", buyer()).await;
    (organization_id, admin)
}

#[actix_web::test]
async fn an_invoice_that_was_issued_anew_names_the_old_one_in_every_form() {
    let app = TestApp::spawn().await;
    let admin = stocked(&app).await;
    admin.put("/v1/organization", seller("PT Nusantara Niaga")).await.expect(200);
    let (_, wrong) = invoiced(&admin).await;
    let reason = json!({"reason": "The tax number was another company's"});
    let right = admin.post(&format!("/v1/invoices/{}/rebill", id(&wrong)), reason).await.expect(201).body;
    for (profile, root) in [("en16931", "380"), ("peppol", "380")] {
        let ubl = get(&admin, &format!("/v1/invoices/{}/ubl?profile={profile}", id(&right))).await.expect(200).text();
        let flat: String = ubl.lines().map(str::trim).collect();
        let named = format!("<cac:BillingReference><cac:InvoiceDocumentReference><cbc:ID>{}</cbc:ID>", wrong["number"].as_str().unwrap());
        assert!(flat.contains(&named) && flat.contains(&format!("<cbc:InvoiceTypeCode>{root}</cbc:InvoiceTypeCode>")), "{ubl}");
        assert!(flat.contains("another company"), "{ubl}");
    }
    for invoice in [&right, &wrong] {
        assert!(get(&admin, &format!("/v1/invoices/{}/pdf", id(invoice))).await.expect(200).bytes.starts_with(b"%PDF"));
    }
    let statement =
        admin.get(&format!("/v1/customers/{}/statement?currency=IDR", wrong["customer_id"].as_str().unwrap())).await.expect(200);
    assert_eq!(statement.body["closing_balance"], wrong["total"]);
    clean(&app).await;
}

#[actix_web::test]
async fn an_issued_document_keeps_its_bytes_whatever_changes() {
    let app = TestApp::spawn().await;
    let admin = stocked(&app).await;
    admin.put("/v1/organization", seller("PT Nusantara Niaga")).await.expect(200);
    let (_, invoice) = invoiced(&admin).await;
    let path = format!("/v1/invoices/{}", id(&invoice));
    let note =
        json!({"invoice_id": id(&invoice), "reason": "broken", "lines": [{"invoice_line_id": id(&invoice["lines"][0]), "quantity": "1"}]});
    let note = admin.post("/v1/credit_notes", note).await.expect(201).body;
    let notes = format!("/v1/credit_notes/{}", id(&note));
    let paths = [
        format!("{path}/pdf"),
        format!("{path}/pdf?language=en"),
        format!("{path}/pdf?paper=letter"),
        format!("{path}/ubl"),
        format!("{path}/ubl?profile=en16931"),
        format!("{notes}/pdf"),
        format!("{notes}/ubl"),
    ];
    let mut first = vec![];
    for path in &paths {
        first.push(get(&admin, path).await.expect(200));
    }
    let kinds: Vec<(&str, &str)> = first.iter().map(|file| (file.header("content-type"), file.header("content-disposition"))).collect();
    let pdf = |name: &'static str| ("application/pdf", name);
    assert_eq!(kinds[0], pdf("inline; filename=\"INV-000001.pdf\""));
    assert_eq!(kinds[3], ("application/xml", "inline; filename=\"INV-000001.xml\""));
    assert_eq!(kinds[5], pdf("inline; filename=\"CN-000001.pdf\""));
    assert!(first[0].bytes.starts_with(b"%PDF-1.7") && first[0].bytes != first[1].bytes && first[0].bytes != first[2].bytes);
    let xml = first[3].text();
    assert!(xml.contains("urn:fdc:peppol.eu:2017:poacc:billing:3.0") && xml.contains("<cbc:ID>INV-000001</cbc:ID>"), "{xml}");
    assert!(first[6].text().contains("<cbc:ID>CN-000001</cbc:ID>") && first[6].text().contains("<CreditNote"));

    let mut changed = seller("PT Lain Sekali");
    changed["logo"] = Value::Null;
    changed["address"]["city"] = json!("Surabaya");
    admin.put("/v1/organization", changed).await.expect(200);
    let customer = invoice["customer_id"].as_str().unwrap();
    admin.patch(&format!("/v1/customers/{customer}"), json!({"name": "Other", "billing_address": null})).await.expect(200);
    let filed = admin.patch(&path, json!({"external_ids": {"faktur_pajak": "010.002-26.1"}})).await.expect(200).body;
    assert_eq!(filed["fiscal_documents"][0]["number"], "010.002-26.1");
    admin
        .post("/v1/payments", json!({"amount": "1000.00", "currency": "IDR", "method": "cash", "invoice_id": id(&invoice)}))
        .await
        .expect(201);
    for (path, before) in paths.iter().zip(&first) {
        let after = get(&admin, path).await.expect(200);
        assert!(after.bytes == before.bytes && after.header("etag") == before.header("etag"), "{path}");
        let known = file(admin.request(Method::GET, path).header("if-none-match", before.header("etag"))).await;
        assert_eq!((known.status, known.bytes.len()), (304, 0), "{path}");
    }
    // A form that nobody asked for before says the same as the others.
    let late = get(&admin, &format!("{path}/pdf?language=en&paper=letter")).await.expect(200);
    let content = |connection: &mut diesel::PgConnection| {
        use diesel::RunQueryDsl;
        #[derive(diesel::QueryableByName)]
        struct Row {
            #[diesel(sql_type = diesel::sql_types::Text)]
            content: String,
        }
        diesel::sql_query("SELECT content FROM document_content WHERE kind = 'invoice'").get_result::<Row>(connection).unwrap().content
    };
    let content: Value = serde_json::from_str(&content(&mut app.database.connect())).unwrap();
    assert_eq!((&content["seller"]["legal_name"], &content["buyer"]["name"]), (&json!("PT Nusantara Niaga"), &json!("Customer C-1")));
    assert!(content["logo"].is_string() && content["fiscal_number"].is_null() && content["paid"] == "0.00", "{content:#}");
    assert_ne!(late.bytes, first[0].bytes);

    for table in ["document_content SET content = '{}'", "document_file SET bytes = ''"] {
        let refused = app.database.connect().batch_execute(&format!("UPDATE {table}")).unwrap_err();
        assert!(refused.to_string().contains("never changed"), "{refused}");
    }
    clean(&app).await;
}

/// Nobody asked for the documents before name, logo and money were others.
#[actix_web::test]
async fn a_first_request_shows_what_was_so_at_the_issue() {
    let app = TestApp::spawn().await;
    let (organization_id, admin) = stocked_shop(&app).await;
    admin.put("/v1/organization", seller("PT Nusantara Niaga")).await.expect(200);
    let (_, invoice) = invoiced(&admin).await;
    let note =
        json!({"invoice_id": id(&invoice), "reason": "broken", "lines": [{"invoice_line_id": id(&invoice["lines"][0]), "quantity": "1"}]});
    let note = admin.post("/v1/credit_notes", note).await.expect(201).body;
    let other = order(&admin, json!({})).await;
    let payment =
        json!({"amount": "60000.00", "currency": "IDR", "method": "cash", "allocations": [{"order_id": id(&other), "amount": "50000.00"}]});
    let payment = admin.post("/v1/payments", payment).await.expect(201).body;
    let logo_then = hex_sha256(seller("x")["logo"].as_str().unwrap());

    app.clock.advance(chrono::TimeDelta::hours(3));
    let admin = app.caller(organization_id, Role::Admin).await;
    let mut changed = seller("PT Lain Sekali");
    changed["logo"] = json!("data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCA5IDkiLz4=");
    admin.put("/v1/organization", changed).await.expect(200);
    admin
        .post("/v1/payments", json!({"amount": "1000.00", "currency": "IDR", "method": "cash", "invoice_id": id(&invoice)}))
        .await
        .expect(201);
    let payments = format!("/v1/payments/{}", id(&payment));
    admin
        .post(&format!("{payments}/allocations"), json!({"allocations": [{"order_id": id(&other), "amount": "4000.00"}]}))
        .await
        .expect(200);
    admin.post(&format!("{payments}/refund"), json!({"amount": "2000.00", "reason": "too much"})).await.expect(201);

    for path in [format!("/v1/invoices/{}/pdf", id(&invoice)), format!("/v1/credit_notes/{}/pdf", id(&note)), format!("{payments}/receipt")]
    {
        assert!(get(&admin, &path).await.expect(200).bytes.starts_with(b"%PDF"));
    }
    for (kind, of) in [("invoice", &invoice), ("credit_note", &note), ("receipt", &payment)] {
        let content = content_of(&app, kind, id(of));
        assert_eq!(
            (&content["seller"]["legal_name"], content["logo"].as_str()),
            (&json!("PT Nusantara Niaga"), Some(logo_then.as_str())),
            "{kind}"
        );
    }
    assert_eq!(content_of(&app, "invoice", id(&invoice))["paid"], "0.00");
    let receipt = content_of(&app, "receipt", id(&payment));
    assert_eq!(
        (&receipt["lines"][0]["amount"], &receipt["unapplied"], &receipt["refunded"]),
        (&json!("50000.00"), &json!("10000.00"), &json!("0.00"))
    );
    // What is issued from now on shows what is so now.
    let (_, later) = invoiced(&admin).await;
    get(&admin, &format!("/v1/invoices/{}/pdf", id(&later))).await.expect(200);
    let content = content_of(&app, "invoice", id(&later));
    assert_eq!(content["seller"]["legal_name"], "PT Lain Sekali");
    assert_ne!(content["logo"].as_str(), Some(logo_then.as_str()));
    clean(&app).await;
}

fn hex_sha256(text: &str) -> String {
    pesanan::documents::kind::Stored::of(text.as_bytes().to_vec()).sha256
}

/// What is written down of a document.
fn content_of(app: &TestApp, kind: &str, id: &str) -> Value {
    use diesel::RunQueryDsl;
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Text)]
        content: String,
    }
    let row = diesel::sql_query("SELECT content FROM document_content WHERE kind = $1 AND subject_id = $2::uuid")
        .bind::<diesel::sql_types::Text, _>(kind)
        .bind::<diesel::sql_types::Text, _>(id)
        .get_result::<Row>(&mut app.database.connect())
        .unwrap();
    serde_json::from_str(&row.content).unwrap()
}

#[actix_web::test]
async fn first_requests_at_the_same_time_get_the_same_bytes() {
    let app = TestApp::spawn().await;
    let admin = stocked(&app).await;
    admin.put("/v1/organization", seller("PT Nusantara Niaga")).await.expect(200);
    let (_, invoice) = invoiced(&admin).await;
    for form in ["pdf", "ubl"] {
        let path = format!("/v1/invoices/{}/{form}", id(&invoice));
        let second = app.spawn_second();
        let asked = (0..6).map(|i| {
            let request = if i % 2 == 0 {
                admin.request(Method::GET, &path)
            } else {
                app.http.get(format!("{second}{path}")).bearer_auth(&admin.token)
            };
            file(request)
        });
        let answers = join_all(asked).await;
        for answer in &answers {
            assert_eq!((answer.status, answer.bytes == answers[0].bytes), (200, true));
        }
    }
    clean(&app).await;
}

#[actix_web::test]
async fn an_incomplete_party_is_told_what_it_lacks_and_may_complete_it() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    receive(&admin, "jakarta", "KOPI", "500").await;
    receive(&admin, "jakarta", "TEH", "500").await;
    let customer_id = customer(&admin, "C-1", json!({})).await;
    let (_, invoice) = invoiced(&admin).await;
    let path = format!("/v1/invoices/{}", id(&invoice));
    let refused = get(&admin, &format!("{path}/ubl")).await.expect(409).problem();
    let pointers =
        |problem: &Value| problem["missing"].as_array().unwrap().iter().map(|missing| missing["pointer"].clone()).collect::<Vec<_>>();
    assert_eq!(refused["code"], "seller_incomplete");
    assert_eq!(pointers(&refused), [json!("/address"), json!("/tax_id"), json!("/electronic_address")]);
    admin.put("/v1/organization", seller("PT Berganti Nama")).await.expect(200);
    let refused = get(&admin, &format!("{path}/ubl")).await.expect(409).problem();
    assert_eq!((&refused["code"], pointers(&refused)), (&json!("buyer_incomplete"), vec![json!("/electronic_address")]));
    admin.patch(&format!("/v1/customers/{customer_id}"), buyer()).await.expect(200);
    let xml = get(&admin, &format!("{path}/ubl")).await.expect(200).text();
    assert!(
        xml.contains("Jl. Sudirman 52") && xml.contains("PT Nusantara Niaga") && !xml.contains("PT Berganti Nama"),
        "what it said stays: {xml}"
    );
    get(&admin, &format!("{path}/pdf")).await.expect(200);
    clean(&app).await;
}

#[actix_web::test]
async fn a_document_says_what_was_paid_when_it_was_issued() {
    let app = TestApp::spawn().await;
    let admin = stocked(&app).await;
    admin.put("/v1/organization", seller("PT Nusantara Niaga")).await.expect(200);
    let placed = order(&admin, json!({})).await;
    let deposit = json!({"amount": "50000.00", "currency": "IDR", "method": "bank_transfer", "order_id": id(&placed)});
    let deposit = admin.post("/v1/payments", deposit).await.expect(201).body;
    let receipt = get(&admin, &format!("/v1/payments/{}/receipt?language=en", id(&deposit))).await.expect(200);
    assert_eq!(receipt.header("content-disposition"), format!("inline; filename=\"{}.pdf\"", deposit["number"].as_str().unwrap()));
    ship(&admin, &placed).await;
    app.clock.advance(chrono::TimeDelta::minutes(1));
    let invoice = admin.post(&format!("/v1/orders/{}/invoices", id(&placed)), json!({})).await.expect(201).body;
    app.clock.advance(chrono::TimeDelta::minutes(1));
    let rest = json!({"amount": "20000.00", "currency": "IDR", "method": "cash", "invoice_id": id(&invoice)});
    admin.post("/v1/payments", rest).await.expect(201);
    let xml = get(&admin, &format!("/v1/invoices/{}/ubl", id(&invoice))).await.expect(200).text();
    assert!(xml.contains(">50000.00</cbc:PrepaidAmount>"), "{xml}");
    // The receipt of the deposit is that of the day on which it came, though the money is on the invoice now.
    let again = get(&admin, &format!("/v1/payments/{}/receipt?language=en", id(&deposit))).await.expect(200);
    assert!(again.bytes == receipt.bytes);
    let promised = json!({"amount": "1000.00", "currency": "IDR", "method": "card", "status": "authorized"});
    let promised = admin.post("/v1/payments", promised).await.expect(201).body;
    let refused = get(&admin, &format!("/v1/payments/{}/receipt", id(&promised))).await.expect(409).problem();
    assert_eq!(refused["code"], "not_received");
    clean(&app).await;
}

#[actix_web::test]
async fn a_packing_list_shows_what_goes_and_what_is_gone() {
    let app = TestApp::spawn().await;
    let admin = stocked(&app).await;
    let placed = order(&admin, json!({"delivery_instructions": "Ring twice"})).await;
    let (work, shipment) = {
        let work = admin.get(&format!("/v1/fulfillment_orders?order_id={}", id(&placed))).await.expect(200).body["data"][0].clone();
        let before = get(&admin, &format!("/v1/fulfillment_orders/{}/packing_list", id(&work))).await.expect(200);
        assert_eq!(before.header("content-type"), "application/pdf");
        let (work, shipment) = ship(&admin, &placed).await;
        (work, shipment)
    };
    let path = format!("/v1/shipments/{}/packing_list", id(&shipment));
    let list = get(&admin, &path).await.expect(200);
    assert_eq!(list.header("content-disposition"), format!("inline; filename=\"{}.pdf\"", shipment["number"].as_str().unwrap()));
    assert_eq!(get(&admin, &path).await.bytes, list.bytes);
    assert_eq!(file(admin.request(Method::GET, &path).header("if-none-match", list.header("etag"))).await.status, 304);
    get(&admin, &format!("/v1/fulfillment_orders/{}/packing_list?language=id&paper=letter", id(&work))).await.expect(200);
    clean(&app).await;
}

/// Hundredths of a decimal string.
fn cents(amount: &Value) -> i64 {
    amount.as_str().unwrap().replace('.', "").parse().unwrap()
}

#[actix_web::test]
async fn a_statement_adds_up_to_what_is_due() {
    let app = TestApp::spawn().await;
    let (organization_id, admin) = stocked_shop(&app).await;
    let (_, old) = invoiced(&admin).await;
    let customer_id = old["customer_id"].as_str().unwrap().to_owned();
    app.clock.advance(chrono::TimeDelta::days(40));
    let admin = app.caller(organization_id, Role::Admin).await;
    let (_, invoice) = invoiced(&admin).await;
    let pay = json!({"customer_id": customer_id, "amount": "40000.00", "currency": "IDR", "method": "bank_transfer", "reference": "TRF-1",
        "allocations": [{"invoice_id": id(&invoice), "amount": "30000.00", "adjustments": [{"kind": "withholding_tax", "amount": "2000.00", "reference": "BP-1"}]}]});
    let paid = admin.post("/v1/payments", pay).await.expect(201).body;
    admin.post(&format!("/v1/payments/{}/refund", id(&paid)), json!({"amount": "4000.00", "reason": "too much"})).await.expect(201);
    let note = json!({"invoice_id": id(&old), "reason": "broken", "lines": [{"invoice_line_id": id(&old["lines"][0]), "quantity": "1"}]});
    admin.post("/v1/credit_notes", note).await.expect(201);

    let path = format!("/v1/customers/{customer_id}/statement");
    let statement = admin.get(&path).await.expect(200).body;
    let kinds: Vec<&str> = statement["entries"].as_array().unwrap().iter().map(|entry| entry["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["invoice", "credit_note", "payment", "adjustment", "refund"], "{statement:#}");
    assert_eq!(statement["opening_balance"], old["total"], "the invoice of the month before");
    assert_eq!((&statement["from"], &statement["to"]), (&json!("2026-04-01"), &json!("2026-04-11")));
    let due: i64 = admin.get(&format!("/v1/invoices?customer_id={customer_id}")).await.expect(200).body["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|invoice| cents(&invoice["amount_due"]))
        .sum();
    let unapplied = cents(&admin.get(&format!("/v1/payments/{}", id(&paid))).await.expect(200).body["unapplied_amount"]);
    assert_eq!(cents(&statement["closing_balance"]), due - unapplied);
    assert_eq!(
        cents(&statement["opening_balance"]) + cents(&statement["total_debit"]) - cents(&statement["total_credit"]),
        due - unapplied
    );
    assert!(cents(&statement["overdue"]) > 0, "the old invoice was due after 30 days");
    let whole = admin.get(&format!("{path}?from=2026-01-01")).await.expect(200).body;
    assert_eq!((&whole["opening_balance"], &whole["closing_balance"]), (&json!("0.00"), &statement["closing_balance"]));
    let empty = admin.get(&format!("{path}?currency=EUR")).await.expect(200).body;
    assert_eq!((empty["entries"].as_array().unwrap().len(), &empty["closing_balance"]), (0, &json!("0.00")));
    assert_eq!(admin.get(&format!("{path}?from=2026-04-02&to=2026-04-01")).await.code(400), "invalid_parameter");

    let pdf = file(admin.request(Method::GET, &path).header("accept", "application/pdf")).await.expect(200);
    assert_eq!(pdf.header("content-disposition"), "inline; filename=\"statement-C-1-2026-04-01-2026-04-11.pdf\"");
    assert_eq!(get(&admin, &format!("{path}.pdf")).await.expect(200).bytes, pdf.bytes);
    clean(&app).await;
}

#[actix_web::test]
async fn a_series_proves_that_it_has_no_gap() {
    let app = TestApp::spawn().await;
    let admin = stocked(&app).await;
    let gaps = admin.get("/v1/invoice_series/INV/gaps").await.expect(200).body;
    assert_eq!((&gaps["documents"], &gaps["first_number"], &gaps["complete"]), (&json!(0), &Value::Null, &json!(true)));
    let (_, first) = invoiced(&admin).await;
    invoiced(&admin).await;
    invoiced(&admin).await;
    let gaps = admin.get("/v1/invoice_series/INV/gaps").await.expect(200).body;
    assert_eq!((&gaps["documents"], &gaps["last_number"], &gaps["next_number"]), (&json!(3), &json!(3), &json!(4)));
    assert_eq!((&gaps["complete"], &gaps["gaps"], &gaps["kind"]), (&json!(true), &json!([]), &json!("invoice")));
    clean(&app).await;
    // Nothing of ours can do this; somebody with the database's password can.
    let forged = format!(
        "UPDATE invoice SET series_number = 3, issued_on = issued_on - 1 WHERE id = '{}'; UPDATE invoice_series SET next_number = 7 WHERE code = 'INV'",
        id(&first)
    );
    app.database.connect().batch_execute(&forged).unwrap();
    let gaps = admin.get("/v1/invoice_series/INV/gaps").await.expect(200).body;
    assert_eq!(gaps["complete"], false);
    assert_eq!(gaps["gaps"], json!([{"year": null, "first_missing": 4, "last_missing": 6}]));
    assert_eq!(gaps["duplicates"], json!([{"year": null, "number": 3, "documents": 2}]));
}

#[actix_web::test]
async fn when_too_many_documents_are_being_made_callers_come_again() {
    let app = TestApp::spawn_with(|config| {
        config.document_threads = 1;
        config.documents_waiting = 0;
        config.workers = 2;
    })
    .await;
    let admin = stocked(&app).await;
    let (_, invoice) = invoiced(&admin).await;
    let path = format!("/v1/invoices/{}/pdf", id(&invoice));
    let forms = ["language=en", "language=id", "language=en&paper=letter", "language=id&paper=letter"];
    let answers = join_all(forms.iter().map(|form| file(admin.request(Method::GET, &format!("{path}?{form}"))))).await;
    let busy: Vec<&File> = answers.iter().filter(|answer| answer.status == 503).collect();
    assert!(answers.iter().any(|answer| answer.status == 200) && !busy.is_empty());
    for answer in busy {
        assert_eq!((answer.header("retry-after"), answer.problem()["code"].as_str().unwrap()), ("1", "unavailable"));
    }
    // Whoever comes again is served, once the one before has left the renderer.
    for form in forms {
        let mut answer = get(&admin, &format!("{path}?{form}")).await;
        for _ in 0..100 {
            if answer.status == 503 {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                answer = get(&admin, &format!("{path}?{form}")).await;
            }
        }
        answer.expect(200);
    }
    clean(&app).await;
}

#[actix_web::test]
async fn documents_are_for_those_who_may_read_what_they_show() {
    let app = TestApp::spawn().await;
    let admin = stocked(&app).await;
    let (_, invoice) = invoiced(&admin).await;
    let elsewhere = app.organization("elsewhere").await;
    let stranger = app.caller(elsewhere, Role::Admin).await;
    let path = format!("/v1/invoices/{}/pdf", id(&invoice));
    get(&admin, &path).await.expect(200);
    assert_eq!(get(&stranger, &path).await.expect(404).problem()["code"], "not_found");
    let problem: Reply = send(app.request(Method::GET, &path)).await;
    assert_eq!(problem.code(401), "unauthenticated");
    clean(&app).await;
}
