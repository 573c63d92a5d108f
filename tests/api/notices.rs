//! Mails to customers, against a mail server of a few lines that does what a test wants of it.

use crate::shop::{clean, customer, receive, shop};
use crate::support::app::{Caller, TestApp, send};
use crate::support::stripe::StripeServer;
use chrono::TimeDelta;
use pesanan::notices::{Mailer, SmtpConfig, SmtpTls, collect, send as outbox};
use reqwest::Method;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the mail server does with a message.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Behaviour {
    Accept,
    /// The recipient is refused with this answer.
    Refuse(&'static str),
    /// Says nothing after it has been greeted.
    Hang,
    /// Takes the message, and hangs up before it says so.
    DropAfterData,
}

/// A message as it came over the wire.
#[derive(Clone, Debug)]
pub struct Received {
    pub recipients: Vec<String>,
    pub data: String,
}

impl Received {
    pub fn header(&self, name: &str) -> Vec<String> {
        let head = self.data.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ").replace("\r\n\t", " ");
        let found = head.lines().filter_map(|line| line.split_once(": ")).filter(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.to_owned()).collect()
    }
}

pub struct MailServer {
    port: u16,
    behaviour: Arc<Mutex<Behaviour>>,
    received: Arc<Mutex<Vec<Received>>>,
}

impl MailServer {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            behaviour: Arc::new(Mutex::new(Behaviour::Accept)),
            received: Arc::default(),
        };
        let (behaviour, received) = (server.behaviour.clone(), server.received.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (behaviour, received) = (*behaviour.lock().unwrap(), received.clone());
                std::thread::spawn(move || serve(stream.unwrap(), behaviour, &received));
            }
        });
        server
    }

    pub fn behave(&self, behaviour: Behaviour) {
        *self.behaviour.lock().unwrap() = behaviour;
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    fn config(&self) -> SmtpConfig {
        SmtpConfig { host: "127.0.0.1".into(), port: self.port, tls: SmtpTls::None, credentials: None, timeout: Duration::from_secs(1) }
    }
}

fn serve(mut stream: TcpStream, behaviour: Behaviour, received: &Mutex<Vec<Received>>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let mut say = |text: &str| stream.write_all(format!("{text}\r\n").as_bytes()).is_ok();
    say("220 mail.test ESMTP");
    let mut recipients = vec![];
    while let Some(Ok(line)) = lines.next() {
        let verb = line.to_ascii_uppercase();
        if behaviour == Behaviour::Hang {
            std::thread::sleep(Duration::from_secs(5));
            return;
        }
        let going = if verb.starts_with("EHLO") {
            say("250-mail.test") && say("250 8BITMIME")
        } else if verb.starts_with("RCPT TO:") {
            recipients.push(line[9..].trim_matches(['<', '>', ' ']).to_owned());
            match behaviour {
                Behaviour::Refuse(answer) => say(answer),
                _ => say("250 ok"),
            }
        } else if verb == "DATA" {
            say("354 go on");
            let mut data = String::new();
            for line in lines.by_ref().map_while(Result::ok).take_while(|line| line != ".") {
                data.push_str(&line);
                data.push_str("\r\n");
            }
            received.lock().unwrap().push(Received { recipients: std::mem::take(&mut recipients), data });
            if behaviour == Behaviour::DropAfterData {
                return;
            }
            say("250 queued as 42")
        } else if verb == "QUIT" {
            say("221 bye");
            return;
        } else {
            say("250 ok")
        };
        if !going {
            return;
        }
    }
}

pub async fn enable(admin: &Caller<'_>, more: Value) {
    let mut body =
        json!({"enabled": true, "sender_name": "PT Nusantara Niaga", "sender_email": "pesanan@nusantara.example", "language": "en"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    admin.put("/v1/notice_settings", body).await.expect(200);
}

/// Writes what there is to tell, and sends none of it.
pub async fn write(app: &TestApp) {
    let (db, clock) = (app.app.db.clone(), app.clock.clone());
    actix_web::web::block(move || collect::collect(&db, clock.now(), || false)).await.unwrap().unwrap();
}

/// Runs both jobs once, as a process of its own would.
pub async fn deliver(app: &TestApp, server: &MailServer) -> usize {
    let (db, clock, config) = (app.app.db.clone(), app.clock.clone(), server.config());
    let run = move || {
        collect::collect(&db, clock.now(), || false)?;
        outbox::send_due(&db, &Mailer::new(&config)?, &|_| Ok(None), || clock.now(), || false)
    };
    actix_web::web::block(run).await.unwrap().unwrap()
}

pub async fn notices(admin: &Caller<'_>, query: &str) -> Vec<Value> {
    admin.get(&format!("/v1/notices?{query}")).await.expect(200).body["data"].as_array().unwrap().clone()
}

pub async fn place(admin: &Caller<'_>, more: Value) -> Value {
    let mut body = json!({"customer_code": "C-1", "lines": [{"sku": "KOPI", "quantity": "2"}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    admin.post("/v1/orders", body).await.expect(201).body
}

pub async fn shop_with_mail(app: &TestApp) -> Caller<'_> {
    let (_, admin) = shop(app).await;
    customer(&admin, "C-1", json!({"email": "pembelian@sumber.example"})).await;
    receive(&admin, "jakarta", "KOPI", "100").await;
    admin
}

#[actix_web::test]
async fn nothing_is_written_before_it_is_enabled_and_each_thing_once_after() {
    let app = TestApp::spawn().await;
    let admin = shop_with_mail(&app).await;
    let server = MailServer::start();
    place(&admin, json!({})).await;
    let settings = admin.get("/v1/notice_settings").await.expect(200);
    assert_eq!(
        (&settings.body["enabled"], &settings.body["version"], &settings.body["smtp_configured"]),
        (&json!(false), &json!(0), &json!(false))
    );
    assert_eq!(deliver(&app, &server).await, 0);
    enable(&admin, json!({"bcc": "archive@nusantara.example", "reply_to": "sales@nusantara.example"})).await;
    assert_eq!(deliver(&app, &server).await, 0, "what was before it is told to nobody");

    let two_lines = json!({"customer_code": "C-1", "lines": [{"sku": "KOPI", "quantity": "2"}],
        "contact": {"name": "Siti\u{2028}Bcc: x@example.com", "email": "siti@example.com"}});
    assert_eq!(admin.post("/v1/orders", two_lines).await.code(422), "invalid_characters");
    let order = place(&admin, json!({"contact": {"name": "Siti Bcc: x@example.com", "email": "siti@example.com"}})).await;
    assert_eq!(deliver(&app, &server).await, 1);
    assert_eq!(deliver(&app, &server).await, 0);
    let mails = server.received();
    assert_eq!(mails.len(), 1);
    let mail = &mails[0];
    assert_eq!(mail.recipients, ["siti@example.com", "archive@nusantara.example"]);
    let number = order["number"].as_str().unwrap();
    assert_eq!(mail.header("Subject"), [format!("We have your order {number}")]);
    assert_eq!(mail.header("Auto-Submitted"), ["auto-generated"]);
    assert_eq!(mail.header("Reply-To"), ["sales@nusantara.example"]);
    assert!(mail.header("From")[0].contains("pesanan@nusantara.example") && mail.header("Bcc").is_empty());
    assert!(mail.data.contains("text/plain") && mail.data.contains("text/html"));

    let told = notices(&admin, &format!("order_id={}", order["id"].as_str().unwrap())).await;
    assert_eq!((told.len(), &told[0]["status"], &told[0]["kind"]), (1, &json!("sent"), &json!("acknowledgement")));
    let path = format!("/v1/notices/{}", told[0]["id"].as_str().unwrap());
    let shown = admin.get(&path).await.expect(200);
    assert!(shown.body["text"].as_str().unwrap().contains("Dear Siti Bcc: x@example.com,"));
    assert!(shown.body["html"].as_str().unwrap().starts_with("<!DOCTYPE html>"));
    assert_eq!(mail.header("Message-ID"), [format!("<{}.0@nusantara.example>", told[0]["id"].as_str().unwrap())]);
    let events = admin.get("/v1/events?type=notice.sent").await.expect(200).body;
    assert_eq!(events["data"][0]["actor"], json!({"type": "system", "id": null, "name": "send_notices"}));
    clean(&app).await;
}

#[actix_web::test]
async fn the_road_is_told_in_the_readers_language() {
    let app = TestApp::spawn().await;
    let admin = shop_with_mail(&app).await;
    let server = MailServer::start();
    enable(&admin, json!({"language": "auto"})).await;
    let order = place(&admin, json!({})).await;
    let id = order["id"].as_str().unwrap();
    let open =
        admin.get(&format!("/v1/fulfillment_orders?order_id={id}")).await.expect(200).body["data"][0]["id"].as_str().unwrap().to_owned();
    let ship = json!({"carrier": "jne", "tracking_number": "JNE0123456789"});
    let shipment = admin.post(&format!("/v1/fulfillment_orders/{open}/ship"), ship).await.expect(201).body;
    let invoice = admin.post(&format!("/v1/orders/{id}/invoices"), json!({})).await.expect(201).body;
    let paid = json!({"customer_id": order["customer"]["id"], "amount": invoice["total"], "currency": "IDR", "method": "bank_transfer", "invoice_id": invoice["id"]});
    let payment = admin.post("/v1/payments", paid).await.expect(201).body;
    let refund = json!({"amount": "10000.00", "reason": "goodwill"});
    admin.post(&format!("/v1/payments/{}/refund", payment["id"].as_str().unwrap()), refund).await.expect(201);
    assert_eq!(deliver(&app, &server).await, 5);
    let mut told: Vec<(String, String, String)> = vec![];
    for row in notices(&admin, "status=sent").await {
        let shown = admin.get(&format!("/v1/notices/{}", row["id"].as_str().unwrap())).await.expect(200).body;
        assert_eq!((&shown["language"], &shown["recipient"]), (&json!("id"), &json!("pembelian@sumber.example")));
        told.push((
            row["kind"].as_str().unwrap().to_owned(),
            row["subject"].as_str().unwrap().to_owned(),
            shown["text"].as_str().unwrap().to_owned(),
        ));
    }
    let kinds: Vec<&str> = told.iter().rev().map(|(kind, _, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["acknowledgement", "dispatch", "invoice", "receipt", "refund"]);
    let text = |kind: &str| &told.iter().find(|(known, _, _)| known == kind).unwrap().2;
    assert!(text("dispatch").contains("Nomor resi: JNE0123456789"), "{}", text("dispatch"));
    assert!(text("dispatch").contains(&format!("Lacak kiriman: {}", shipment["tracking_url"].as_str().unwrap())));
    assert!(
        text("invoice").contains(invoice["number"].as_str().unwrap()) && text("invoice").contains("Rp\u{a0}111.000"),
        "{}",
        text("invoice")
    );
    assert!(text("receipt").contains("transfer bank") && text("refund").contains("Rp\u{a0}10.000"));
    assert!(text("acknowledgement").contains("2 Maret 2026"));
    clean(&app).await;
}

#[actix_web::test]
async fn a_server_that_refuses_hangs_or_drops_is_tried_again_and_for_good_refusals_are_failures() {
    let app = TestApp::spawn().await;
    let admin = shop_with_mail(&app).await;
    let server = MailServer::start();
    enable(&admin, json!({})).await;
    let mut expected = vec![];
    for (behaviour, status) in [
        (Behaviour::Refuse("451 greylisted"), "pending"),
        (Behaviour::Refuse("550 no such mailbox"), "failed"),
        (Behaviour::Hang, "pending"),
        (Behaviour::DropAfterData, "pending"),
    ] {
        server.behave(behaviour);
        let order = place(&admin, json!({})).await;
        assert_eq!(deliver(&app, &server).await, 0, "{behaviour:?}");
        let row = notices(&admin, &format!("order_id={}", order["id"].as_str().unwrap())).await[0].clone();
        assert_eq!((row["status"].as_str().unwrap(), &row["attempts"]), (status, &json!(1)), "{behaviour:?} {row:#}");
        assert!(row["last_error"].is_string());
        expected.push((row["id"].as_str().unwrap().to_owned(), status));
    }
    server.behave(Behaviour::Accept);
    assert_eq!(deliver(&app, &server).await, 0, "not before its time");
    app.clock.advance(TimeDelta::minutes(1));
    assert_eq!(deliver(&app, &server).await, 3);
    for (id, status) in &expected {
        let row = admin.get(&format!("/v1/notices/{id}")).await.expect(200).body;
        let wanted = if *status == "failed" { "failed" } else { "sent" };
        assert_eq!(row["status"], wanted);
    }
    // Whoever took it and hung up without a word got it twice: by its id it is known to be one.
    let ids: Vec<String> = server.received().iter().flat_map(|mail| mail.header("Message-ID")).collect();
    let dropped = format!("<{}.0@nusantara.example>", expected[3].0);
    assert_eq!((ids.len(), ids.iter().filter(|id| **id == dropped).count()), (4, 2), "{ids:?}");

    let failed = &expected[1].0;
    let resend = |key: &'static str| admin.request(Method::POST, &format!("/v1/notices/{failed}/resend")).header("idempotency-key", key);
    assert_eq!(send(resend("a")).await.expect(200).body["status"], "pending");
    assert_eq!(send(resend("a")).await.expect(200).header("idempotency-replayed"), "true");
    assert_eq!(send(resend("b")).await.code(409), "invalid_transition");
    assert_eq!(deliver(&app, &server).await, 1);
    assert_eq!(server.received().last().unwrap().header("Message-ID"), [format!("<{failed}.1@nusantara.example>")]);
    clean(&app).await;
}

/// A process that dies between any two steps: nothing is lost, and nothing is sent twice but at the one edge that is documented.
#[actix_web::test]
async fn a_process_that_dies_loses_nothing() {
    let app = TestApp::spawn().await;
    let admin = shop_with_mail(&app).await;
    let server = MailServer::start();
    enable(&admin, json!({})).await;
    place(&admin, json!({})).await;
    // It had read the feed and died before its transaction ended: nothing was kept, so it is read again.
    let (db, now) = (app.app.db.clone(), app.clock.now());
    let died = actix_web::web::block(move || collect::collect(&db, now, || true)).await.unwrap().unwrap();
    assert_eq!(died, 0);
    // Two at once: each event becomes one notice.
    let collect_once = || {
        let (db, now) = (app.app.db.clone(), app.clock.now());
        actix_web::web::block(move || collect::collect(&db, now, || false))
    };
    let (one, two) = futures_util::future::join(collect_once(), collect_once()).await;
    one.unwrap().unwrap();
    two.unwrap().unwrap();
    assert_eq!(notices(&admin, "").await.len(), 1);
    // It had taken the notice and died before it reached the server: as the row stands after the claim.
    let taken = "UPDATE notice SET status = 'sending', attempts = 1, leased_until = now() + interval '1000 years'";
    execute(&app, taken).await;
    assert_eq!(deliver(&app, &server).await, 0, "somebody has it");
    execute(&app, "UPDATE notice SET leased_until = '2000-01-01'").await;
    assert_eq!(deliver(&app, &server).await, 1);
    // It had sent it and died before it could say so: sent again, with the same id.
    execute(&app, "UPDATE notice SET status = 'sending', leased_until = '2000-01-01'").await;
    assert_eq!(deliver(&app, &server).await, 1);
    let ids: Vec<String> = server.received().iter().flat_map(|mail| mail.header("Message-ID")).collect();
    assert_eq!((ids.len(), &ids[0]), (2, &ids[1]));
    // Four senders at once, ten notices: each once.
    for _ in 0..10 {
        place(&admin, json!({})).await;
    }
    collect_once().await.unwrap().unwrap();
    let senders = (0..4).map(|_| {
        let (db, clock, config) = (app.app.db.clone(), app.clock.clone(), server.config());
        actix_web::web::block(move || outbox::send_due(&db, &Mailer::new(&config)?, &|_| Ok(None), || clock.now(), || false))
    });
    let sent: usize = futures_util::future::join_all(senders).await.into_iter().map(|sent| sent.unwrap().unwrap()).sum();
    assert_eq!((sent, server.received().len()), (10, 12));
    clean(&app).await;
}

/// Money that a provider was only asked to send back may not arrive: it is told when it has gone, or that it has not.
#[actix_web::test]
async fn a_refund_is_told_when_it_has_gone_out_and_when_it_did_not_arrive() {
    let (server, stripe) = (MailServer::start(), StripeServer::start());
    let app = crate::stripe::start(&stripe).await;
    let desk = crate::stripe::desk(&app, &stripe).await;
    enable(&desk.admin, json!({"kinds": {"refund": true, "acknowledgement": false, "receipt": false}})).await;
    let placed = crate::money::order(&desk.admin, json!({})).await;
    let customer_id = placed["customer"]["id"].as_str().unwrap().to_owned();
    let change = json!({"email": "pembelian@sumber.example"});
    send(desk.admin.request(Method::PATCH, &format!("/v1/customers/{customer_id}")).json(&change)).await.expect(200);
    let money = desk.card(&placed, json!({"status": "captured"})).await;
    desk.work().await;
    stripe.refund_status("pending");
    let subjects = || server.received().iter().map(|mail| mail.header("Subject").remove(0)).collect::<Vec<_>>();
    desk.act(&money, "refund", json!({"amount": "1000.00", "reason": "Torn"})).await.expect(201);
    desk.work().await;
    deliver(&app, &server).await;
    assert_eq!(subjects(), Vec::<String>::new(), "it is on its way");
    let mut refund = stripe.refund("re_1");
    for (event, status, mails, says) in [("evt_1", "succeeded", 1, "We have refunded"), ("evt_2", "failed", 2, "did not take our refund")] {
        refund["status"] = json!(status);
        stripe.set_refund("re_1", refund.clone());
        desk.tell(event, "charge.refund.updated", &refund).await;
        desk.work().await;
        deliver(&app, &server).await;
        assert_eq!(subjects(), vec!["Refund RFD-000001"; mails]);
        let told = notices(&desk.admin, "kind=refund").await;
        let bodies: Vec<String> = told.iter().map(|notice| notice.to_string()).collect();
        assert!(server.received().last().unwrap().data.replace("=\r\n", "").contains(says), "{bodies:?}");
    }
    // What is sent back by hand has gone at once.
    let cash = crate::money::pay(&desk.admin, "500.00", json!({"customer_id": customer_id})).await.expect(201).body;
    desk.act(&cash, "refund", json!({"amount": "500.00", "reason": "x"})).await.expect(201);
    deliver(&app, &server).await;
    assert_eq!(subjects().len(), 3);
    clean(&app).await;
}

async fn execute(app: &TestApp, text: &'static str) {
    let run = move |connection: &mut diesel::pg::PgConnection| {
        use diesel::RunQueryDsl;
        diesel::sql_query(text).execute(connection).map_err(pesanan::error::Error::from)
    };
    app.app.db.write(run).await.unwrap();
}

#[actix_web::test]
async fn kinds_that_are_off_and_customers_without_an_address_get_nothing() {
    let app = TestApp::spawn().await;
    let (_, admin) = shop(&app).await;
    customer(&admin, "C-1", json!({})).await;
    receive(&admin, "jakarta", "KOPI", "100").await;
    let server = MailServer::start();
    enable(&admin, json!({"kinds": {"dispatch": false}})).await;
    let order = place(&admin, json!({})).await;
    let path = format!("/v1/fulfillment_orders?order_id={}", order["id"].as_str().unwrap());
    let open = admin.get(&path).await.expect(200).body["data"][0]["id"].as_str().unwrap().to_owned();
    admin.post(&format!("/v1/fulfillment_orders/{open}/ship"), json!({"carrier": "jne"})).await.expect(201);
    assert_eq!(deliver(&app, &server).await, 0);
    let told = notices(&admin, "").await;
    assert_eq!((told.len(), &told[0]["status"], &told[0]["skip_reason"]), (1, &json!("skipped"), &json!("no_recipient")));
    let path = format!("/v1/notices/{}/resend", told[0]["id"].as_str().unwrap());
    assert_eq!(admin.act(&path).await.code(409), "invalid_transition");
    admin.put("/v1/notice_settings", json!({"enabled": false})).await.expect(200);
    place(&admin, json!({"contact": {"name": "Siti", "email": "siti@example.com"}})).await;
    assert_eq!(deliver(&app, &server).await, 0, "off again");
    let stale = admin.request(Method::PUT, "/v1/notice_settings").header("if-match", "\"1\"").json(&json!({"enabled": false}));
    assert_eq!(send(stale).await.code(412), "stale_version");
}
