//! Orders by mail: what is certain becomes an order, what is not is a person's to look at, and nothing happens twice whoever dies in
//! between. Every test ends with the proof of the invariants.

use crate::notices::{MailServer, deliver, enable, notices};
use crate::shop::{clean, customer, receive, shop};
use crate::support::app::{Caller, Reply, TestApp, send};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use diesel::connection::SimpleConnection;
use pesanan::channels::platform::Workbench;
use pesanan::inbox::work;
use reqwest::Method;
use serde_json::{Value, json};

pub struct Post<'a> {
    pub app: &'a TestApp,
    pub admin: Caller<'a>,
    pub channel: Value,
}

/// A shop with a channel for mails and a customer who writes from `siti@sumber.example`.
pub async fn post<'a>(app: &'a TestApp, mail: Value, secret: Option<&str>) -> Post<'a> {
    let (_, admin) = shop(app).await;
    customer(&admin, "C-1", json!({"email": "siti@sumber.example", "contacts": [{"name": "Budi", "email": "Budi@Sumber.example"}]})).await;
    receive(&admin, "jakarta", "KOPI", "100").await;
    receive(&admin, "jakarta", "TEH", "100").await;
    let new = json!({"code": "mail", "kind": "email", "name": "Orders by mail", "secret": secret, "settings": {"mail": mail}});
    let channel = admin.post("/v1/channels", new).await.expect(201).body;
    Post { app, admin, channel }
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

impl Post<'_> {
    pub async fn hand_in(&self, mail: &str) -> Reply {
        let path = format!("/v1/channels/{}/messages", text(&self.channel["id"]));
        let reply = send(self.admin.request(Method::POST, &path).header("content-type", "message/rfc822").body(mail.to_owned())).await;
        self.work().await;
        reply
    }

    /// Hands the mail in, and what has become of the message.
    pub async fn take(&self, mail: &str) -> Value {
        let stored = self.hand_in(mail).await;
        assert!(matches!(stored.status, 200 | 201), "{}", stored.body);
        self.message(&stored.body).await
    }

    pub async fn message(&self, message: &Value) -> Value {
        self.admin.get(&format!("/v1/inbound_messages/{}", text(&message["id"]))).await.expect(200).body
    }

    async fn knock(&self, content_type: &str, body: Vec<u8>, authorization: Option<&str>) -> Reply {
        let mut request = self.app.request(Method::POST, text(&self.channel["inbound_url"])).header("content-type", content_type);
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        let reply = send(request.body(body)).await;
        self.work().await;
        reply
    }

    /// Works messages in as the job does.
    pub async fn work(&self) -> usize {
        let (db, desk, clock) = (self.app.app.db.clone(), self.app.app.desk.clone(), self.app.clock.clone());
        actix_web::web::block(move || work::work(&db, &desk, || clock.now())).await.unwrap().unwrap()
    }

    pub async fn verifications(&self, query: &str) -> Vec<Value> {
        self.admin.get(&format!("/v1/order_verifications?{query}")).await.expect(200).body["data"].as_array().unwrap().clone()
    }

    pub async fn only_verification(&self) -> Value {
        let all = self.verifications("").await;
        assert_eq!(all.len(), 1, "{all:#?}");
        all[0].clone()
    }

    pub async fn orders(&self) -> Vec<Value> {
        self.admin.get("/v1/orders").await.expect(200).body["data"].as_array().unwrap().clone()
    }

    async fn decide(&self, verification: &Value, action: &str, body: Value) -> Reply {
        self.admin.post(&format!("/v1/order_verifications/{}/{action}", text(&verification["id"])), body).await
    }

    pub fn sql(&self, statement: String) -> impl Future<Output = ()> {
        let db = self.app.app.db.clone();
        async move {
            db.write(move |connection| Ok(connection.batch_execute(&statement)?)).await.unwrap();
        }
    }
}

pub const HEAD: &str = "From: Siti <siti@sumber.example>\r\nTo: orders@shop.example\r\nSubject: Purchase order 4711\r\nMessage-ID: <m1@sumber.example>\r\nMIME-Version: 1.0\r\n";

/// A mail with a table of these rows, under this head.
pub fn table(head: &str, rows: &[[&str; 2]]) -> String {
    let rows: String = rows.iter().map(|[sku, quantity]| format!("<tr><td>{sku}</td><td>{quantity}</td></tr>")).collect();
    format!(
        "{head}Content-Type: text/html; charset=utf-8\r\n\r\n<p>Halo,</p><table><tr><th>Kode Barang</th><th>Jumlah</th></tr>{rows}</table>\r\n"
    )
}

pub fn codes(verification: &Value) -> Vec<String> {
    verification["reasons"].as_array().unwrap().iter().map(|reason| text(&reason["code"]).to_owned()).collect()
}

#[actix_web::test]
async fn a_certain_mail_becomes_one_order_however_often_it_comes() {
    let app = TestApp::spawn().await;
    let post = post(&app, json!({}), None).await;
    let mail = table(HEAD, &[["KOPI", "3"], ["TEH", "2"]]);
    let message = post.take(&mail).await;
    assert_eq!(
        (&message["status"], &message["proof"], &message["reason"]),
        (&json!("processed"), &json!("token"), &Value::Null),
        "{message}"
    );
    let orders = post.orders().await;
    assert_eq!(orders.len(), 1);
    let order = &orders[0];
    assert_eq!(message["order_ids"], json!([order["id"]]));
    assert_eq!(
        (&order["status"], &order["channel"], &order["external_id"]),
        (&json!("confirmed"), &json!("mail"), &json!("m1@sumber.example"))
    );
    assert_eq!((&order["purchase_order_number"], &order["customer"]["code"]), (&json!("4711"), &json!("C-1")));
    let lines: Vec<(&str, &str, &str)> = order["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (text(&line["sku"]), text(&line["quantity"]), text(&line["unit_price"])))
        .collect();
    assert_eq!(lines, [("KOPI", "3", "50000.00"), ("TEH", "2", "20000.00")]);
    let verification = post.only_verification().await;
    assert_eq!((&verification["status"], &verification["order_id"]), (&json!("automatic"), &order["id"]));
    let read = &verification["reading"]["lines"][0]["sku"];
    assert_eq!(*read, json!({"value": "KOPI", "confidence": 0.98, "place": "part=1;table=1;row=2;column=1"}));
    assert_eq!(text(&verification["inbound_message_id"]), text(&message["id"]));

    assert_eq!(post.hand_in(&mail).await.status, 200, "the same mail is the same message");
    // By another way: the same mail with another trace.
    let again = post.take(&format!("Received: from a by b\r\n{mail}")).await;
    assert_eq!((&again["reason"]["code"], &again["order_ids"]), (&json!("already_received"), &json!([order["id"]])));
    assert_eq!((post.orders().await.len(), post.verifications("").await.len()), (1, 1));
    // The same id over something else is another order, and a person's to see.
    let other = post.take(&table(HEAD, &[["KOPI", "5"]])).await;
    assert_eq!(other["reason"]["code"], "verification_open");
    let open = post.verifications("status=open").await;
    assert_eq!(codes(&open[0])[0], "message_id_reused");
    assert!(codes(&open[0]).contains(&"purchase_order_number_known".to_owned()), "{open:#?}");
    clean(&app).await;
}

#[actix_web::test]
async fn an_unknown_product_waits_for_a_person_who_corrects_it() {
    let app = TestApp::spawn().await;
    let post = post(&app, json!({}), None).await;
    post.take(&table(HEAD, &[["KOPI", "3"], ["KOPPI-2", "2"]])).await;
    let open = post.only_verification().await;
    assert_eq!((&open["status"], &open["order_id"], codes(&open)), (&json!("open"), &Value::Null, vec!["unknown_product".to_owned()]));
    assert_eq!(open["reasons"][0]["pointer"], "part=1;table=1;row=3;column=1");
    assert!(post.orders().await.is_empty());
    let refused = post.decide(&open, "accept", json!({})).await.expect(422);
    assert_eq!(
        (&refused.body["errors"][0]["code"], &refused.body["errors"][0]["pointer"]),
        (&json!("unknown_sku"), &json!("/order/lines/1/sku"))
    );
    assert_eq!(post.only_verification().await["status"], "open");

    let mut order = open["proposal"].clone();
    order["lines"][1]["sku"] = json!("TEH");
    let path = format!("/v1/order_verifications/{}/accept", text(&open["id"]));
    let stale = send(post.admin.request(Method::POST, &path).header("if-match", "\"99\"").json(&json!({"order": order}))).await;
    assert_eq!(stale.status, 412);
    let accept = || send(post.admin.request(Method::POST, &path).header("idempotency-key", "a").json(&json!({"order": order})));
    let accepted = accept().await.expect(200);
    assert_eq!((&accepted.body["status"], accept().await.header("idempotency-replayed")), (&json!("accepted"), "true"));
    let orders = post.orders().await;
    assert_eq!((orders.len(), &orders[0]["id"], &orders[0]["status"]), (1, &accepted.body["order_id"], &json!("confirmed")));
    assert_eq!(post.decide(&open, "accept", json!({})).await.code(409), "invalid_transition");
    assert_eq!(post.decide(&open, "reject", json!({"detail": "no"})).await.code(409), "invalid_transition");
    let events = post.admin.get("/v1/events?type=order_verification.opened,order_verification.accepted").await.expect(200).body;
    assert_eq!(events["data"].as_array().unwrap().len(), 2);
    clean(&app).await;
}

#[actix_web::test]
async fn a_guess_is_a_draft_that_is_confirmed_or_cancelled() {
    let app = TestApp::spawn().await;
    let post = post(&app, json!({}), None).await;
    let prose = |id: &str| {
        format!("{}Content-Type: text/plain\r\n\r\nMohon kirim:\r\nSKU  Jumlah\r\nKOPI  3\r\n", HEAD.replace("m1", id).replace("4711", id))
    };
    post.take(&prose("P1")).await;
    let open = post.only_verification().await;
    let draft = post.orders().await[0].clone();
    assert_eq!((&draft["status"], &draft["id"]), (&json!("draft"), &open["order_id"]));
    assert!(codes(&open).iter().all(|code| code == "unsure"), "{open}");
    let accepted = post.decide(&open, "accept", json!({})).await.expect(200).body;
    let order = post.admin.get(&format!("/v1/orders/{}", text(&accepted["order_id"]))).await.expect(200).body;
    assert_eq!((&order["id"], &order["status"]), (&draft["id"], &json!("confirmed")));

    post.take(&prose("P2")).await;
    let open = post.verifications("status=open").await[0].clone();
    let rejected = post.decide(&open, "reject", json!({"detail": "ordered by telephone"})).await.expect(200).body;
    assert_eq!((&rejected["status"], &rejected["detail"]), (&json!("rejected"), &json!("ordered by telephone")));
    let draft = post.admin.get(&format!("/v1/orders/{}", text(&open["order_id"]))).await.expect(200).body;
    assert_eq!(draft["status"], "cancelled");

    // A corrected draft is replaced.
    post.take(&prose("P3")).await;
    let open = post.verifications("status=open").await[0].clone();
    let mut order = open["proposal"].clone();
    order["lines"][0]["quantity"] = json!("7");
    let accepted = post.decide(&open, "accept", json!({"order": order})).await.expect(200).body;
    assert_ne!(accepted["order_id"], open["order_id"]);
    let placed = post.admin.get(&format!("/v1/orders/{}", text(&accepted["order_id"]))).await.expect(200).body;
    assert_eq!(
        (&placed["status"], &placed["lines"][0]["quantity"], placed["holds"].as_array().unwrap().len()),
        (&json!("confirmed"), &json!("7"), 0)
    );
    clean(&app).await;
}

#[actix_web::test]
async fn prices_numbers_and_senders_that_do_not_fit_are_doubts() {
    let app = TestApp::spawn().await;
    let post = post(&app, json!({}), None).await;
    let csv = |head: &str, rows: &str| {
        format!("{head}Content-Type: text/csv; name=\"po.csv\"\r\nContent-Disposition: attachment; filename=\"po.csv\"\r\n\r\n{rows}")
    };
    let told = async |mail: String| {
        let message = post.take(&mail).await;
        let of_message = post.verifications(&format!("inbound_message_id={}", text(&message["id"]))).await;
        (text(&of_message[0]["status"]).to_owned(), codes(&of_message[0]), !of_message[0]["order_id"].is_null())
    };
    let head = |id: &str| HEAD.replace("m1", id).replace("4711", id);
    let automatic = |codes: &[&str]| ("automatic".to_owned(), codes.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>(), true);
    let open = |codes: &[&str], draft: bool| ("open".to_owned(), codes.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>(), draft);
    assert_eq!(told(csv(&head("A1"), "sku,qty,price\r\nKOPI,3,\"50,000.00\"\r\n")).await, automatic(&[]));
    assert_eq!(told(csv(&head("A2"), "sku,qty,price\r\nKOPI,3,49999\r\n")).await, open(&["price_differs"], true));
    assert_eq!(told(csv(&head("A3"), "sku,qty,discount\r\nKOPI,3,10\r\n")).await, open(&["discount_expected"], true));
    assert_eq!(told(csv(&head("A4"), "sku,qty\r\nKOPI,1.000\r\n")).await, open(&["unsure"], true));
    assert_eq!(told(csv(&head("A5"), "sku,qty\r\nKOPI,\r\n")).await.1[0], "quantity_missing");
    assert_eq!(
        told(csv(&head("A6").replace("Subject: Purchase order A6", "Subject: Purchase order A1"), "sku,qty\r\nTEH,1\r\n")).await,
        open(&["purchase_order_number_known"], true)
    );
    // By a contact in another case, in boxes, and by GTIN-less name only.
    assert_eq!(told(csv(&head("A7").replace("siti@sumber", "BUDI@sumber"), "sku,qty,unit\r\nKOPI,1,box\r\n")).await, automatic(&[]));
    assert_eq!(told(csv(&head("A8"), "sku,qty,unit\r\nKOPI,1,pallet\r\n")).await.1, ["unknown_unit"]);
    assert_eq!(told(csv(&head("A9").replace("siti@sumber", "eve@evil"), "sku,qty\r\nKOPI,1\r\n")).await, open(&["unknown_sender"], false));
    assert_eq!(
        told(csv(&format!("{}Auto-Submitted: auto-generated\r\n", head("B1")), "sku,qty\r\nKOPI,1\r\n")).await,
        open(&["automatic_mail"], true)
    );
    customer(&post.admin, "C-2", json!({"email": "budi@sumber.example"})).await;
    assert_eq!(
        told(csv(&head("B2").replace("siti@sumber", "budi@sumber"), "sku,qty\r\nKOPI,1\r\n")).await,
        open(&["ambiguous_customer"], false)
    );
    clean(&app).await;
}

#[actix_web::test]
async fn what_is_no_order_makes_none_and_gets_no_answer() {
    let app = TestApp::spawn().await;
    let post = post(&app, json!({}), None).await;
    let server = MailServer::start();
    enable(&post.admin, json!({})).await;
    for (name, change, expected) in [
        ("auto", "Auto-Submitted: auto-replied\r\n", "auto_reply"),
        ("list", "List-Id: <news.sumber.example>\r\n", "newsletter"),
        ("bulk", "Precedence: bulk\r\n", "newsletter"),
        ("away", "X-Autoreply: yes\r\n", "auto_reply"),
        ("failed", "X-Failed-Recipients: a@b.example\r\n", "bounce"),
    ] {
        let message = post.take(&table(&format!("{change}{}", HEAD.replace("m1", name)), &[["KOPI", "3"]])).await;
        assert_eq!((&message["status"], &message["reason"]["code"]), (&json!("processed"), &json!(expected)), "{name}");
    }
    for (subject, expected) in [("Fwd: Purchase order 1", "forward"), ("Request for quotation", "quote")] {
        let message = post.take(&table(&HEAD.replace("Purchase order 4711", subject), &[["KOPI", "3"]])).await;
        assert_eq!(message["reason"]["code"], expected);
    }
    // Our own answer, come back.
    let own = post.take(&table(&HEAD.replace("siti@sumber.example", "pesanan@nusantara.example"), &[["KOPI", "3"]])).await;
    assert_eq!(own["reason"]["code"], "own_mail");
    assert!(post.orders().await.is_empty() && post.verifications("").await.is_empty());
    assert_eq!(deliver(&app, &server).await, 0);
    clean(&app).await;
}

#[actix_web::test]
async fn the_sender_is_answered_once_in_the_thread_and_not_for_ever() {
    let app = TestApp::spawn_with(|config| config.token_seconds = 86_400).await;
    let post = post(&app, json!({}), None).await;
    let server = MailServer::start();
    enable(&post.admin, json!({})).await;
    let head = format!("{HEAD}References: <old@sumber.example>\r\n");
    post.take(&table(&head, &[["KOPI", "3"]])).await;
    let order = post.orders().await[0].clone();
    assert_eq!(deliver(&app, &server).await, 1, "the answer, and no acknowledgement beside it");
    let mails = server.received();
    let mail = &mails[0];
    assert_eq!(
        (mail.recipients.as_slice(), mail.header("Subject")),
        (&["siti@sumber.example".to_owned()][..], vec!["Re: Purchase order 4711".to_owned()])
    );
    assert_eq!(
        (mail.header("Auto-Submitted"), mail.header("In-Reply-To")),
        (vec!["auto-replied".to_owned()], vec!["<m1@sumber.example>".to_owned()])
    );
    assert_eq!(mail.header("References"), ["<old@sumber.example> <m1@sumber.example>"]);
    let told = notices(&post.admin, "kind=order_reply").await;
    let shown = post.admin.get(&format!("/v1/notices/{}", text(&told[0]["id"]))).await.expect(200).body;
    assert!(text(&shown["text"]).contains(text(&order["number"])));
    assert_eq!(deliver(&app, &server).await, 0);

    // A question, and then the last word.
    post.take(&table(&HEAD.replace("m1", "m2").replace("4711", "4712"), &[["NO-SUCH", "3"]])).await;
    assert_eq!(deliver(&app, &server).await, 1);
    let open = post.verifications("status=open").await[0].clone();
    assert_eq!(post.decide(&open, "reject", json!({"detail": "We do not sell that", "reply": true})).await.status, 200);
    assert_eq!(deliver(&app, &server).await, 1);
    // Whoever writes all the time is no longer answered.
    for i in 0..15 {
        post.take(&table(&HEAD.replace("m1", &format!("loop{i}")).replace("4711", &format!("L{i}")), &[["NO-SUCH", "1"]])).await;
    }
    let sent = deliver(&app, &server).await;
    assert_eq!(sent + 3, 10, "ten answers an hour");
    app.clock.advance(TimeDelta::minutes(61));
    post.take(&table(&HEAD.replace("m1", "later").replace("4711", "4713"), &[["NO-SUCH", "1"]])).await;
    assert_eq!(deliver(&app, &server).await, 1);
    // Nobody who proves nothing is asked anything.
    post.take(&table(&HEAD.replace("m1", "eve").replace("siti@sumber.example", "eve@evil.example"), &[["KOPI", "1"]])).await;
    assert_eq!(post.verifications("status=open").await.iter().filter(|one| one["sender"] == "eve@evil.example").count(), 1);
    clean(&app).await;
}

fn form(mail: &str) -> (String, Vec<u8>) {
    let body = format!(
        "--XX\r\nContent-Disposition: form-data; name=\"subject\"\r\n\r\nPO\r\n--XX\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\n{mail}\r\n--XX--\r\n"
    );
    ("multipart/form-data; boundary=XX".to_owned(), body.into_bytes())
}

#[actix_web::test]
async fn the_hook_takes_mails_of_proven_senders() {
    let app = TestApp::spawn().await;
    let mail = json!({"trusted_authserv_id": "mx.shop.example", "allowed_domains": ["Sumber.example"]});
    let post = post(&app, mail, Some("hook-secret")).await;
    let basic = format!("Basic {}", STANDARD.encode("sendgrid:hook-secret"));
    let results =
        |verdict: &str, domain: &str| format!("Authentication-Results: mx.shop.example; dmarc={verdict} header.from={domain}\r\n");
    let proven = format!("{}{}", results("pass", "sumber.example"), table(HEAD, &[["KOPI", "3"]]));
    let (kind, body) = form(&proven);
    assert_eq!(post.knock(&kind, body.clone(), None).await.status, 401);
    assert_eq!(post.knock(&kind, body.clone(), Some(&format!("Basic {}", STANDARD.encode("a:wrong-secret")))).await.status, 401);
    let unknown = send(app.request(Method::POST, "/v1/inbound/01938f5e-7c1a-7000-8000-2f1b3c4d5e6f").body(body.clone())).await;
    assert_eq!(unknown.status, 401);
    assert_eq!(post.knock(&kind, body.clone(), Some(&basic)).await.status, 200);
    assert_eq!((post.orders().await.len(), &post.only_verification().await["status"]), (1, &json!("automatic")));
    assert_eq!(post.knock(&kind, body, Some(&basic)).await.status, 200);
    assert_eq!(post.orders().await.len(), 1);

    // A colleague whom nobody knows, from a domain that is allowed and proven.
    let colleague = table(&HEAD.replace("siti@", "new@").replace("m1", "m2").replace("4711", "4712"), &[["TEH", "1"]]);
    assert_eq!(
        post.knock("message/rfc822", format!("{}{colleague}", results("pass", "sumber.example")).into_bytes(), Some(&basic)).await.status,
        200
    );
    assert_eq!(post.orders().await.len(), 2);
    // The same, forged: by the server's word, by no word, by the forger's own word, by another server's.
    let mut count = 0;
    for (id, trace) in [
        ("f1", results("fail", "sumber.example")),
        ("f2", String::new()),
        ("f3", format!("{}{}", results("fail", "sumber.example"), results("pass", "sumber.example"))),
        ("f4", "Authentication-Results: mx.evil.example; dmarc=pass header.from=sumber.example\r\n".to_owned()),
        ("f5", results("pass", "evil.example")),
    ] {
        for sender in ["siti@", "new@"] {
            let forged = table(&HEAD.replace("siti@", sender).replace("m1", &format!("{id}{sender}")).replace("4711", id), &[["TEH", "1"]]);
            assert_eq!(post.knock("message/rfc822", format!("{trace}{forged}").into_bytes(), Some(&basic)).await.status, 200);
            count += 1;
        }
    }
    let open = post.verifications("status=open&limit=200").await;
    assert_eq!((open.len(), post.orders().await.len()), (count, 2), "never an order, not even a draft");
    assert!(open.iter().all(|one| codes(one).contains(&"sender_not_proven".to_owned()) && one["order_id"].is_null()), "{open:#?}");
    // A form without the mail.
    let bare = b"--XX\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nhi\r\n--XX--\r\n".to_vec();
    assert_eq!(post.knock(&kind, bare, Some(&basic)).await.status, 200);
    let rejected = post.admin.get("/v1/inbound_messages?status=rejected").await.expect(200).body;
    assert_eq!(rejected["data"][0]["reason"]["code"], "no_mail");
    clean(&app).await;
}

#[actix_web::test]
async fn a_hook_without_a_secret_believes_no_word_of_a_server() {
    let app = TestApp::spawn().await;
    let settings = json!({"trusted_authserv_id": "mx.shop.example", "allowed_domains": ["sumber.example"], "unproven_senders": "order"});
    let post = post(&app, settings, None).await;
    let word = "Authentication-Results: mx.shop.example; dmarc=pass header.from=sumber.example\r\n";
    let mail = format!("{word}{}", table(HEAD, &[["KOPI", "3"]]));
    assert_eq!(post.knock("message/rfc822", mail.clone().into_bytes(), None).await.status, 200);
    let verification = post.only_verification().await;
    assert!(codes(&verification).contains(&"sender_not_proven".to_owned()), "{verification:#}");
    assert_eq!((&verification["status"], post.orders().await.len()), (&json!("open"), 0));
    // The same word, and one that the sender has had a hand in, of the server that the mailbox is at.
    let forged = r#"Authentication-Results: mx.shop.example; spf=pass smtp.mailfrom="x;dmarc=pass header.from=sumber.example "@evil.example; dmarc=fail header.from=sumber.example"#;
    let path = format!("/v1/channels/{}/rotate_secret", text(&post.channel["id"]));
    post.admin.post(&path, json!({"secret": "hook-secret"})).await.expect(200);
    let basic = format!("Basic {}", STANDARD.encode("a:hook-secret"));
    let forged = format!("{forged}\r\n{}", table(&HEAD.replace("m1", "m2").replace("4711", "4712"), &[["KOPI", "3"]]));
    assert_eq!(post.knock("message/rfc822", forged.into_bytes(), Some(&basic)).await.status, 200);
    assert_eq!((post.verifications("status=open").await.len(), post.orders().await.len()), (2, 0));
    let good = mail.replace("m1", "m3").replace("4711", "4713");
    assert_eq!(post.knock("message/rfc822", good.into_bytes(), Some(&basic)).await.status, 200);
    assert_eq!(post.orders().await.len(), 1);
    clean(&app).await;
}

#[actix_web::test]
async fn whoever_dies_in_between_leaves_one_order_and_one_answer() {
    let app = TestApp::spawn().await;
    let post = post(&app, json!({}), None).await;
    let server = MailServer::start();
    enable(&post.admin, json!({})).await;
    let path = format!("/v1/channels/{}/messages", text(&post.channel["id"]));
    let store = |mail: String| send(post.admin.request(Method::POST, &path).header("content-type", "message/rfc822").body(mail));
    store(table(HEAD, &[["KOPI", "3"]])).await.expect(201);
    // Leased, and dead.
    let lease = || {
        let (db, now) = (app.app.db.clone(), app.clock.now());
        async move { actix_web::web::block(move || work::lease(&db, now)).await.unwrap().unwrap() }
    };
    assert_eq!(lease().await.len(), 1);
    assert_eq!(post.work().await, 0, "the lease still holds");
    app.clock.advance(TimeDelta::minutes(6));
    // Worked in, and dead before it is settled.
    let leased = lease().await;
    let (db, desk, now) = (app.app.db.clone(), app.app.desk.clone(), app.clock.now());
    let attempt = move || leased.iter().for_each(|message| drop(work::attempt(&Workbench { db: &db, desk: &desk, now }, message)));
    actix_web::web::block(attempt).await.unwrap();
    let order = post.orders().await[0].clone();
    // As if it had died before the reading knew of its order.
    post.sql("UPDATE order_verification SET order_id = NULL, intent = 'order', version = 1; DELETE FROM notice".to_owned()).await;
    app.clock.advance(TimeDelta::minutes(6));
    assert_eq!(post.work().await, 1);
    let verification = post.only_verification().await;
    assert_eq!((post.orders().await.len(), &verification["order_id"], &verification["status"]), (1, &order["id"], &json!("automatic")));
    // Asked for, and dead before it is sent; then sent once.
    assert_eq!(notices(&post.admin, "kind=order_reply&status=pending").await.len(), 1);
    assert_eq!(deliver(&app, &server).await, 1);
    assert_eq!(deliver(&app, &server).await, 0);

    // A draft likewise.
    let prose = format!("{}Content-Type: text/plain\r\n\r\nSKU  Jumlah\r\nKOPI  3\r\n", HEAD.replace("m1", "m2").replace("4711", "4712"));
    post.take(&prose).await;
    let draft = post.verifications("status=open").await[0].clone();
    post.sql("UPDATE order_verification SET order_id = NULL, intent = 'draft', version = 1 WHERE status = 'open'; \
              UPDATE inbound_message SET status = 'received', processed_at = NULL, next_attempt_at = received_at WHERE external_id LIKE 'm2%'".to_owned()).await;
    assert_eq!(post.decide(&draft, "accept", json!({})).await.code(409), "invalid_transition", "its draft is being made");
    assert_eq!(post.work().await, 1);
    let after = post.verifications("status=open").await[0].clone();
    assert_eq!((&after["order_id"], post.orders().await.len()), (&draft["order_id"], 2));
    clean(&app).await;
}
