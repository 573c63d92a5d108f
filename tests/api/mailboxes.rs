//! Mailboxes whose servers are not what one would wish: mails that are too long or not given, and servers that never come to an end.

use crate::mail::{HEAD, Post, post, table, text};
use crate::shop::clean;
use crate::support::app::TestApp;
use crate::support::load::number;
use chrono::TimeDelta;
use pesanan::auth::permission::Role;
use pesanan::channels::platforms::email::LIMIT;
use pesanan::channels::platforms::email::imap;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What a server says of a message.
#[derive(Clone)]
enum Kept {
    Mail(String),
    /// Of so many bytes; these are its headers.
    Long(usize, String),
    Refused,
}

/// A server of one mailbox, as much of one as is asked of it.
struct Server {
    port: u16,
    closed: Arc<AtomicBool>,
    streams: Arc<Mutex<Vec<TcpStream>>>,
    /// Commands about messages that it has been given.
    told: Arc<Mutex<Vec<String>>>,
}

impl Drop for Server {
    /// Whoever still waits for it need not wait longer.
    fn drop(&mut self) {
        self.closed.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        for stream in self.streams.lock().unwrap().iter() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Server {
    fn start(mails: BTreeMap<u32, Kept>) -> Self {
        Self::serving(move |stream, told| drop(serve(stream, &mails, told)))
    }

    /// One that says one byte after the other and never comes to an end.
    fn dripping() -> Self {
        Self::serving(|mut stream, _| {
            while stream.write_all(b"*").is_ok() {
                std::thread::sleep(Duration::from_millis(50));
            }
        })
    }

    fn serving(serve: impl Fn(TcpStream, &Mutex<Vec<String>>) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (streams, told, closed) = (Arc::new(Mutex::new(vec![])), Arc::new(Mutex::new(vec![])), Arc::new(AtomicBool::new(false)));
        let (known, noted, is_closed, serve) = (streams.clone(), told.clone(), closed.clone(), Arc::new(serve));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let stream: TcpStream = stream.unwrap();
                if is_closed.load(Ordering::Relaxed) {
                    return;
                }
                known.lock().unwrap().push(stream.try_clone().unwrap());
                let (serve, noted) = (serve.clone(), noted.clone());
                std::thread::spawn(move || serve(stream, &noted));
            }
        });
        Self { port, closed, streams, told }
    }

    fn settings(&self) -> Value {
        json!({"imap_host": "127.0.0.1", "imap_port": self.port, "imap_tls": "none", "unproven_senders": "order"})
    }
}

fn serve(mut stream: TcpStream, mails: &BTreeMap<u32, Kept>, told: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let lines = BufReader::new(stream.try_clone()?).lines();
    stream.write_all(b"* OK hello\r\n")?;
    for line in lines {
        let line = line?;
        let (tag, command) = line.split_once(' ').unwrap_or_default();
        let words: Vec<&str> = command.split(' ').collect();
        let literal = |uid: &str, what: &str, text: &str| format!("* 1 FETCH (UID {uid} {what} {{{}}}\r\n{text})\r\n", text.len());
        let mut end = "OK";
        let answer = match words.as_slice() {
            ["CAPABILITY"] => "* CAPABILITY IMAP4rev1\r\n".to_owned(),
            ["SELECT", ..] => format!("* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT {}] x\r\n", mails.keys().last().unwrap_or(&0) + 1),
            ["UID", "SEARCH", ..] => format!("* SEARCH{}\r\n", mails.keys().map(|uid| format!(" {uid}")).collect::<String>()),
            ["UID", "FETCH", uid, what @ ..] => match (mails.get(&uid.parse().unwrap()), what.join(" ").as_str()) {
                (Some(Kept::Mail(mail)), "(UID RFC822.SIZE)") => format!("* 1 FETCH (UID {uid} RFC822.SIZE {})\r\n", mail.len()),
                (Some(Kept::Mail(mail)), "(UID BODY.PEEK[])") => literal(uid, "BODY[]", mail),
                (Some(Kept::Long(bytes, _)), "(UID RFC822.SIZE)") => format!("* 1 FETCH (UID {uid} RFC822.SIZE {bytes})\r\n"),
                (Some(Kept::Long(_, head)), what) if what.starts_with("(UID BODY.PEEK[HEADER]<0.") => literal(uid, "BODY[HEADER]<0>", head),
                _ => {
                    end = "NO [SERVERBUG] not today";
                    String::new()
                }
            },
            ["UID", "STORE", ..] => {
                told.lock().unwrap().push(command.to_owned());
                String::new()
            }
            _ => String::new(),
        };
        stream.write_all(format!("{answer}{tag} {end}\r\n").as_bytes())?;
    }
    Ok(())
}

impl Post<'_> {
    async fn look_once(&self) {
        let (db, clock) = (self.app.app.db.clone(), self.app.clock.clone());
        actix_web::web::block(move || imap::look(&db, || clock.now())).await.unwrap().unwrap();
        self.work().await;
        self.app.clock.advance(TimeDelta::minutes(20));
    }

    async fn connect(&self) {
        let credentials = json!({"credentials": {"username": "orders", "password": "secret"}});
        self.admin.patch(&format!("/v1/channels/{}", text(&self.channel["id"])), credentials).await.expect(200);
    }

    async fn mailbox(&self) -> Value {
        self.admin.get(&format!("/v1/channels/{}/mailbox", text(&self.channel["id"]))).await.expect(200).body
    }

    async fn rejected(&self) -> Vec<Value> {
        self.admin.get("/v1/inbound_messages?status=rejected").await.expect(200).body["data"].as_array().unwrap().clone()
    }
}

fn order(id: &str) -> String {
    table(&HEAD.replace("m1", id).replace("4711", id), &[["KOPI", "1"]])
}

#[actix_web::test]
async fn a_mail_that_is_too_long_is_told_to_a_person_and_left_where_it_is() {
    let app = TestApp::spawn().await;
    let head = HEAD.replace("m1", "long-1") + "\r\n";
    let server = Server::start(
        [(3, Kept::Mail(order("A-3"))), (5, Kept::Long(LIMIT + 1, head.clone())), (9, Kept::Mail(order("A-9")))].into_iter().collect(),
    );
    let post = post(&app, server.settings(), None).await;
    post.connect().await;
    post.look_once().await;
    assert_eq!(post.orders().await.len(), 2, "those before and behind it are taken");
    let rejected = post.rejected().await;
    assert_eq!(rejected.len(), 1, "{rejected:#?}");
    let message = &rejected[0];
    assert_eq!(
        (text(&message["topic"]), text(&message["reason"]["code"]), text(&message["external_id"]), text(&message["proof"])),
        ("mail.too_large", "too_large", "long-1@sumber.example", "mailbox")
    );
    assert!(text(&message["reason"]["detail"]).contains("26214401"), "{message}");
    let content = post.admin.get(&format!("/v1/inbound_messages/{}/content", text(&message["id"]))).await.expect(200).body;
    assert_eq!((text(&content["text"]), &content["headers"][0]["value"]), (head.as_str(), &json!("26214401")));
    let mailbox = post.mailbox().await;
    assert!(text(&mailbox["last_error"]).contains("longer than a mail may be") && mailbox["failures"] == 0, "{mailbox}");
    let events = post.admin.get("/v1/events?type=inbound_message.rejected").await.expect(200).body;
    assert_eq!(events["data"].as_array().unwrap().len(), 1);
    let told = server.told.lock().unwrap().clone();
    assert!(told.len() == 2 && !told.iter().any(|command| command.contains("STORE 5 ")), "it stays unread: {told:?}");

    // It is told once, and a person may write what it says.
    post.look_once().await;
    assert_eq!((post.rejected().await.len(), &post.mailbox().await["last_error"]), (1, &Value::Null));
    let path = format!("/v1/inbound_messages/{}/retry", text(&message["id"]));
    let retry = |body: Value| post.admin.post(&path, body);
    retry(json!({})).await.expect(200);
    post.work().await;
    assert_eq!(text(&post.message(message).await["reason"]["code"]), "too_large");
    retry(json!({"text": order("A-5")})).await.expect(200);
    post.work().await;
    assert_eq!((text(&post.message(message).await["status"]), post.orders().await.len()), ("processed", 3));
    clean(&app).await;
}

#[actix_web::test]
async fn a_mail_that_its_server_does_not_give_holds_up_the_others_for_four_looks() {
    let app = TestApp::spawn_with(|config| config.token_seconds = 86_400).await;
    let server = Server::start([(3, Kept::Refused), (4, Kept::Mail(order("A-4")))].into_iter().collect());
    let post = post(&app, server.settings(), None).await;
    post.connect().await;
    for failures in 1..=3 {
        post.look_once().await;
        let mailbox = post.mailbox().await;
        assert!(text(&mailbox["last_error"]).contains("SERVERBUG") && mailbox["failures"] == failures, "{mailbox}");
        assert_eq!((post.rejected().await.len(), post.orders().await.len()), (0, 0));
    }
    post.look_once().await;
    let rejected = post.rejected().await;
    assert_eq!((rejected.len(), text(&rejected[0]["topic"]), text(&rejected[0]["reason"]["code"])), (1, "mail.not_fetched", "not_fetched"));
    post.look_once().await;
    assert_eq!((post.rejected().await.len(), post.orders().await.len(), &post.mailbox().await["failures"]), (1, 1, &json!(0)));
    clean(&app).await;
}

#[actix_web::test]
async fn slow_servers_of_one_organization_do_not_hold_up_those_of_another() {
    let app = TestApp::spawn().await;
    let slow = Server::dripping();
    let strangers = app.organization("slow").await;
    let stranger = app.caller(strangers, Role::Admin).await;
    for code in ["a", "b", "c"] {
        let new = json!({"code": code, "kind": "email", "name": code, "settings": {"mail": slow.settings()},
            "credentials": {"username": "orders", "password": "secret"}});
        stranger.post("/v1/channels", new).await.expect(201);
    }
    let look = || {
        let (db, clock) = (app.app.db.clone(), app.clock.clone());
        std::thread::spawn(move || imap::look(&db, || clock.now()))
    };
    let leased = || number(&app.database, "SELECT count(*) AS value FROM mailbox WHERE leased_until IS NOT NULL");
    let until = |what: &str, done: &dyn Fn() -> bool| {
        let since = Instant::now();
        while !done() {
            assert!(since.elapsed() < Duration::from_secs(20), "{what}");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    let first = look();
    until("nobody looks", &|| leased() == 1);
    // The second thread finds nothing to do there, and what comes later is not behind it.
    look().join().unwrap().unwrap();
    assert_eq!(leased(), 1, "one at a time");
    let server = Server::start([(1, Kept::Mail(order("A-1")))].into_iter().collect());
    let post = post(&app, server.settings(), None).await;
    post.connect().await;
    look().join().unwrap().unwrap();
    post.work().await;
    assert_eq!((post.orders().await.len(), leased()), (1, 1));
    // The server is gone: each of them is told so, one after the other.
    drop(slow);
    first.join().unwrap().unwrap();
    assert_eq!(leased(), 0);
    clean(&app).await;
}
